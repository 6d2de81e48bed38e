#ifndef PROBLEM_PROBLEM_H
#define PROBLEM_PROBLEM_H

/* A problem package in the ICPC/Kattis format, read from a directory: the
 * versions legacy, 2023-07 and 2025-09 of
 * https://www.kattis.com/problem-package-format/, pass-fail problems with the
 * default validator.  What would judge a solution in another way is refused,
 * never ignored. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "problem/compare.h"
#include "problem/language.h"

struct problem_case {
	char *name;  /* below data/sample or data/secret: "1", "group/1" */
	bool hidden; /* from data/secret */
	char *in, *ans;
	size_t in_len, ans_len;
	struct compare_rules rules;
};

struct problem_file {
	const struct language *language; /* NULL: for all */
	char *name; /* in the workspace; UTF-8, without a slash */
	char *data;
	size_t len;
};

struct problem {
	char *name;	 /* the directory's */
	char *dir, *secret; /* where it and its data/secret really are */
	char **elsewhere; /* files of hidden cases that are in neither */
	size_t nelsewhere;
	char *title;	 /* of problem.yaml, in the statement's language */
	char *statement; /* Markdown, UTF-8 */
	int64_t time_limit_ms, memory_limit_mb, output_limit_kb;
	struct problem_case *cases; /* samples (maybe none) first */
	size_t ncases;
	struct problem_file *files; /* attachments and templates: public */
	size_t nfiles;
};

/* Errors name the file, the line and the remedy. */
struct problem *problem_load(const char *dir, struct err *) WARN_UNUSED;
void problem_free(struct problem *);

/* What the package has for a name in the workspace: a template of the
 * language, else an attachment; NULL: nothing. */
const struct problem_file *problem_file(const struct problem *,
    const struct language *, const char *name);

/* The packages of a session, in order: each of dirs is a package, or a
 * directory of packages (taken by name).  *out is owned by the caller. */
bool problem_list(const char *const *dirs, size_t n, struct problem ***out,
    size_t *nout, struct err *) WARN_UNUSED;
void problem_list_free(struct problem **, size_t n);

#endif
