#ifndef SANDBOX_MODAL_KEPT_H
#define SANDBOX_MODAL_KEPT_H

/*
 * Ids of images, kept from one run to the next in a file of the user's own.
 * It is a hint: a server that does not know an id says so, and what cannot be
 * read or written is as if it were not there.  Several vivas may share it; who
 * writes last may undo what another wrote in the same moment, which costs a
 * question.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEPT_KEY_LEN 64	/* hexadecimal digits */
#define KEPT_MAX 32	/* of them; the oldest go */
#define KEPT_S (30 * 86400) /* so long: what a tag names moves on */

/* A digest of all that says which image is meant: texts, of which none is
 * taken for a part of the one before. */
struct kept_name;
struct kept_name *kept_name_create(void);
void kept_name_add(struct kept_name *, const char *text);
void kept_name_finish(struct kept_name *, char key[KEPT_KEY_LEN + 1]);

struct kept;
/* dir: its last two parts are made when something is written.  now: in s
 * since 1970, as of all below. */
struct kept *kept_open(const char *dir, int64_t now);
void kept_close(struct kept *); /* waits until all is written; NULL is fine */
/* NULL: there is none, or it is too old.  Valid until the next change. */
const char *kept_find(const struct kept *, const char *key, int64_t now);
/* Both write in a thread of their own. */
void kept_put(struct kept *, const char *key, const char *id, int64_t now);
void kept_drop(struct kept *, const char *key, int64_t now);

#endif
