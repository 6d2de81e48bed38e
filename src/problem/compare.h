#ifndef PROBLEM_COMPARE_H
#define PROBLEM_COMPARE_H

/* The default output validator of the problem package format ("Default output
 * validator specification" of 2025-09; legacy has the same): tokens split at
 * white space; case and space as the arguments say; two numbers are equal
 * within either tolerance. */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* As without any argument when all is zero. */
struct compare_rules {
	bool case_sensitive, space_sensitive;
	bool absolute, relative; /* numbers are compared as such, within: */
	double absolute_tolerance, relative_tolerance;
};

/* Adds the validator's arguments, words with space between them.  false: one
 * of them is not known, or a tolerance is no number. */
bool compare_rules_add(struct compare_rules *, const char *words) WARN_UNUSED;

/* true: accepted.  Else e says where they first differ. */
bool compare(const struct compare_rules *, const char *want, size_t want_len,
    const char *got, size_t got_len, struct err *e);

#endif
