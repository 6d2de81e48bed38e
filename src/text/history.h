#ifndef TEXT_HISTORY_H
#define TEXT_HISTORY_H

/* Undo and redo of one document, kept by the view that edits it.  A group is
 * what one undo takes back: a run of typing, a paste, a cut. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history;
struct history *history_create(void);
void history_destroy(struct history *);
/* [off, off + dlen) held del and now holds ins.  now_us groups typing. */
void history_record(struct history *, size_t off, const char *del, size_t dlen,
    const char *ins, size_t ilen, const char *kind, int64_t now_us);
/* Calls fn for each operation to apply, in order; false: nothing left. */
typedef void (*history_fn)(void *user, size_t off, size_t del, const char *ins,
    size_t n);
bool history_undo(struct history *, history_fn, void *user);
bool history_redo(struct history *, history_fn, void *user);

#endif
