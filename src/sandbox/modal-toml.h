#ifndef SANDBOX_MODAL_TOML_H
#define SANDBOX_MODAL_TOML_H

/*
 * As much of TOML 1.0 as Modal's settings file needs: [tables], keys, strings
 * on one line, booleans, integers, comments.  Anything else is an error, said
 * as "name:line: what; remedy".  The text may hold secrets: no value is ever
 * in an error, and the reader's own copies are wiped.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum toml_type { TOML_TABLE, TOML_STRING, TOML_INTEGER, TOML_BOOLEAN };

struct toml_entry { /* borrowed for the call */
	enum toml_type type; /* TABLE: a table begins, without key and value */
	const char *table;   /* "" before the first */
	const char *key;
	const char *string;
	int64_t integer;
	bool boolean;
	unsigned line;
};

/* false with a reason: it cannot be used, and reading ends. */
typedef bool (*toml_fn)(void *user, const struct toml_entry *, struct err *);

bool toml_parse(const char *name, const char *s, size_t n, toml_fn,
    void *user, struct err *);

#endif
