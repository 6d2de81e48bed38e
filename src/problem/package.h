#ifndef PROBLEM_PACKAGE_H
#define PROBLEM_PACKAGE_H

/* The parts of problem_load: what is known of a package while it is read, its
 * YAML files, its cases, its statement.  Any thread. */

#include <yaml.h>

#include "problem/problem.h"

#define PACKAGE_FILE_MAX (8u << 20) /* of one that goes into the workspace */

struct constant { /* "n" or "n.tex", as {{n}} and {{n.tex}} name it */
	char *name, *value;
};

struct package {
	const char *dir;
	struct problem *p;
	bool legacy; /* the version of the format, or none named */
	char *statement, *language; /* its path; "en"; NULL: none found */
	struct constant *constants;
	size_t nconstants, constants_cap;
	struct compare_rules rules; /* of validator_flags */
	size_t bytes;		    /* in all cases */
};

/* A whole regular file, with a NUL behind it; *out is the caller's. */
bool package_file(const char *path, size_t max, char **out, size_t *len,
    struct err *) WARN_UNUSED;

/* That a file which is shown is no link out of the package (to a key of the
 * interviewer's, say), nor to the hidden tests, unless they may be. */
bool package_may_show(const struct package *, const char *path, bool hidden,
    struct err *) WARN_UNUSED;
bool package_is_below(const char *path, const char *dir); /* NULL: none */

/* {{name}} of the package's constants replaced; the caller's.  Others stay. */
char *package_replaced(const struct package *, const char *text);

/* ---- YAML (yaml.c) ---- */

struct yaml {
	const char *path; /* lives as long as this */
	yaml_document_t doc;
};

/* k: its constants are replaced, before it is YAML; NULL: none. */
bool yaml_open(struct yaml *, const struct package *k, const char *path,
    struct err *) WARN_UNUSED;
void yaml_close(struct yaml *);
/* NULL: none, null, and of a node that is no map. */
yaml_node_t *yaml_child(struct yaml *, yaml_node_t *map, const char *key);
/* That no key is nearly one of those (up to NULL) that are read: a limit must
 * not go for a slip of the pen.  Others are no matter. */
bool yaml_no_slips(struct yaml *, yaml_node_t *map, const char *const *keys,
    struct err *) WARN_UNUSED;
yaml_node_t *yaml_item(struct yaml *, yaml_node_t *sequence, size_t at);
const char *yaml_text(const yaml_node_t *); /* NULL: not a scalar */
size_t yaml_line(const yaml_node_t *);	    /* from 1 */
/* A line of words, with a blank between them: a scalar, or a sequence of
 * them; the caller's.  NULL: it is neither. */
char *yaml_words(struct yaml *, yaml_node_t *);

/* problem.yaml, the statement's language known. */
bool package_yaml(struct package *, struct err *) WARN_UNUSED;

/* data/sample and data/secret. */
bool package_cases(struct package *, struct err *) WARN_UNUSED;

/* attachments/, and its templates for the languages that there are. */
bool package_attachments(struct package *, struct err *) WARN_UNUSED;

/* Which file it is; then, all else known, its text, or why there is none. */
void package_find_statement(struct package *);
bool package_statement(struct package *, struct err *) WARN_UNUSED;

#endif
