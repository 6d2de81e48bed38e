#ifndef BASE_MEM_H
#define BASE_MEM_H

/*
 * Allocation that cannot fail: on exhaustion the hook set with
 * mem_set_exhausted runs (it restores the user's terminal) and the process
 * aborts.  What was journalled before stays; see docs/decisions/0002.  Sizes
 * that come from a file, a network or a terminal are capped by the caller.
 */

#include <stddef.h>

#include "base/err.h"

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
/* Overflow-checked n * size. */
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
void *xmemdup(const void *p, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Zeroed memory of MEM_LARGE bytes, in one page where the system has such
 * (transparent huge pages, madvise(2)): cheaper to touch first by far than
 * pages of 4 KiB. */
#define MEM_LARGE ((size_t)2 << 20) /* a large page of x86-64 and arm64 */
void *mem_large_new(void);
void mem_large_free(void *p);

void mem_set_exhausted(void (*fn)(void));

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(p, type, member) \
	((type *)(void *)((char *)(p) - offsetof(type, member)))
/* Makes room for one more element in a doubling array. */
#define GROW(ptr, len, cap)                                              \
	do {                                                             \
		if ((len) == (cap)) {                                    \
			(cap) = (cap) ? (cap) * 2 : 8;                   \
			(ptr) = xreallocarray((ptr), (cap), sizeof *(ptr)); \
		}                                                        \
	} while (0)

#endif
