#ifndef PROBLEM_PROBLEM_H
#define PROBLEM_PROBLEM_H

/* A problem package in the ICPC/Kattis format, read from a directory. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct problem_case {
	char *name;
	bool hidden; /* from data/secret */
	char *in, *ans;
	size_t in_len, ans_len;
};

struct problem {
	char *name;	 /* the directory's */
	char *dir, *secret; /* where it and its data/secret really are */
	char **elsewhere; /* files of hidden cases that are in neither */
	size_t nelsewhere;
	char *title;	 /* of problem.yaml */
	char *statement; /* Markdown */
	int64_t time_limit_ms, memory_limit_mb, output_limit_kb;
	bool case_sensitive, space_sensitive;
	double float_absolute, float_relative; /* < 0: compare as text */
	struct problem_case *cases; /* samples first */
	size_t ncases;
};

/* Errors name the file, the line and the remedy. */
struct problem *problem_load(const char *dir, struct err *) WARN_UNUSED;
void problem_free(struct problem *);

/* The packages of a session, in order: each of dirs is a package, or a
 * directory of packages (taken by name).  *out is owned by the caller. */
bool problem_list(const char *const *dirs, size_t n, struct problem ***out,
    size_t *nout, struct err *) WARN_UNUSED;
void problem_list_free(struct problem **, size_t n);

#endif
