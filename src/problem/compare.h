#ifndef PROBLEM_COMPARE_H
#define PROBLEM_COMPARE_H

/* The default output validator's rules of the problem package format: tokens
 * split at white space; case and space as the flags say; two numbers are
 * equal within either tolerance. */

#include "problem/problem.h"

/* true: accepted.  Else e says where they first differ. */
bool compare(const struct problem *, const char *want, size_t want_len,
    const char *got, size_t got_len, struct err *e);

#endif
