#ifndef VT_ARENA_H
#define VT_ARENA_H

/* Memory of one VTerm at one address, so that its whole state (the middle of
 * an escape sequence included) can be copied away and back.  Zeroed memory,
 * as libvterm relies on. */

#include <stddef.h>

struct arena;
struct arena *arena_create(void);
void arena_destroy(struct arena *);
void *arena_alloc(size_t n, void *arena);
void arena_free(void *p, void *arena);
/* The part in use, from the start. */
char *arena_bytes(struct arena *, size_t *n);
void arena_load(struct arena *, const char *p, size_t n);

#endif
