#include "config.h"

#include "vt/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

/* libvterm asks for about 30 KB at the largest size we allow. */
#define ARENA_SIZE (1u << 20)
#define ALIGN(n) (((n) + 15) & ~(size_t)15)

/* Blocks lie one after another; a free one is merged with what follows when
 * the list is walked.  All of it is inside the arena, so it is copied too. */
struct block {
	size_t size; /* with the header */
	size_t used;
};

struct head {
	size_t top; /* end of the last block */
};

struct arena {
	char *base;
};

struct arena *
arena_create(void)
{
	struct arena *a = xcalloc(1, sizeof *a);

	a->base = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (a->base == MAP_FAILED)
		abort();
	((struct head *)(void *)a->base)->top = ALIGN(sizeof(struct head));
	return a;
}

void
arena_destroy(struct arena *a)
{
	if (a == NULL)
		return;
	munmap(a->base, ARENA_SIZE);
	free(a);
}

static struct block *
block_at(struct arena *a, size_t off)
{
	return (struct block *)(void *)(a->base + off);
}

void *
arena_alloc(size_t n, void *user)
{
	struct arena *a = user;
	struct head *h = (struct head *)(void *)a->base;
	size_t need = ALIGN(n) + ALIGN(sizeof(struct block));
	size_t off = ALIGN(sizeof *h);
	struct block *b;

	while (off < h->top) {
		b = block_at(a, off);
		while (!b->used && off + b->size < h->top &&
		    !block_at(a, off + b->size)->used)
			b->size += block_at(a, off + b->size)->size;
		if (!b->used && b->size >= need)
			break;
		off += b->size;
	}
	b = block_at(a, off);
	if (off >= h->top) {
		if (off + need > ARENA_SIZE)
			abort();
		b->size = need;
		h->top = off + need;
	}
	b->used = 1;
	memset((char *)b + ALIGN(sizeof *b), 0, b->size - ALIGN(sizeof *b));
	return (char *)b + ALIGN(sizeof *b);
}

void
arena_free(void *p, void *user)
{
	(void)user;
	if (p != NULL)
		((struct block *)(void *)((char *)p -
		    ALIGN(sizeof(struct block))))->used = 0;
}

char *
arena_bytes(struct arena *a, size_t *n)
{
	*n = ((struct head *)(void *)a->base)->top;
	return a->base;
}

void
arena_load(struct arena *a, const char *p, size_t n)
{
	memcpy(a->base, p, n);
}
