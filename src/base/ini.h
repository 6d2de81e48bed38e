#ifndef BASE_INI_H
#define BASE_INI_H

/*
 * Settings in the syntax of git-config: [section], [section "part"],
 * key = value, quotes around keys and values, # and ; comments.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define INI_SIZE_MAX (1u << 20)
#define INI_LINE_MAX 4096

struct ini_entry { /* borrowed for the call; section and key as written */
	const char *section;
	const char *part; /* of [section "part"]; "" none */
	const char *key;
	const char *value; /* "true" for a key without a value */
	unsigned line;
};

/* Takes one entry; false with a reason when it cannot be used. */
typedef bool (*ini_fn)(void *user, const struct ini_entry *, struct err *);

/* Calls fn for every entry.  A mistake costs its own line only: the first
 * one is told as "name:line: what; remedy", the rest of the text is used, and
 * the answer is false. */
bool ini_parse(const char *name, const char *s, size_t n, ini_fn, void *user,
    struct err *);
/* As ini_parse, of a file. */
bool ini_read(const char *path, ini_fn, void *user, struct err *);

/* true yes on 1 / false no off 0, as git has it. */
bool ini_bool(const char *value, bool *out, struct err *) WARN_UNUSED;

#endif
