#include "config.h"

#include "store/journal-queue.h"

#include <stdlib.h>

#include "base/mem.h"

#define SMALL_BYTES ((size_t)256 << 10) /* enough where nothing floods */

#define LIMIT_MIN ((size_t)4 << 20) /* two blocks: one filled, one written */
#define LIMIT_MAX ((size_t)32 << 20)
#define LIMIT_STEP 8 /* part of what was in time */

static void
block_free(struct journal_block *b)
{
	if (b->size == MEM_LARGE)
		mem_large_free(b);
	else
		free(b);
}

static struct journal_block *
block_new(size_t size)
{
	struct journal_block *b = size == MEM_LARGE ? mem_large_new() :
	    xmalloc(size);

	b->size = size;
	return b;
}

/* A block with room for so many bytes of events. */
static struct journal_block *
block_for(struct journal_queue *q, size_t n)
{
	size_t size = sizeof(struct journal_block) + n;
	struct journal_block *b;

	for (struct journal_block **at = &q->idle; *at != NULL;
	    at = &(*at)->next)
		if ((*at)->size >= size) {
			b = *at;
			*at = b->next;
			return b;
		}
	if (size > MEM_LARGE)
		return block_new(size);
	return block_new(q->first == NULL && size <= SMALL_BYTES ?
	    SMALL_BYTES : MEM_LARGE);
}

void
journal_queue_add(struct journal_queue *q, const struct event *ev)
{
	size_t n = event_packed_size(ev);
	struct journal_block *b = q->last;

	if (b == NULL || b->size - sizeof *b - b->len < n) {
		b = block_for(q, n);
		b->next = NULL;
		b->len = 0;
		clock_gettime(CLOCK_MONOTONIC, &b->since);
		if (q->last != NULL)
			q->last->next = b;
		else
			q->first = b;
		q->last = b;
	}
	event_pack(ev, b->events + b->len);
	b->len += n;
	b->seq = ev->seq;
	q->len += n;
}

struct journal_block *
journal_queue_take(struct journal_queue *q, bool all)
{
	struct journal_block *taken = q->first;

	if (all || taken == q->last) {
		q->first = q->last = NULL;
		q->len = 0;
	} else {
		q->first = taken->next;
		q->len -= taken->len;
		taken->next = NULL;
	}
	return taken;
}

void
journal_queue_give(struct journal_queue *q, struct journal_block *b)
{
	if (b->size > MEM_LARGE) {
		block_free(b);
		return;
	}
	b->next = q->idle;
	q->idle = b;
}

size_t
journal_queue_limit(size_t limit, size_t written, bool late)
{
	if (late)
		return limit / 2 > LIMIT_MIN ? limit / 2 : LIMIT_MIN;
	limit += written / LIMIT_STEP;
	return limit < LIMIT_MAX ? limit : LIMIT_MAX;
}

bool
journal_queue_is_trim(const struct journal_queue *q)
{
	for (const struct journal_block *b = q->idle; b != NULL; b = b->next)
		if (b->size > SMALL_BYTES)
			return false;
	return true;
}

static void
free_idle(struct journal_queue *q, size_t above)
{
	struct journal_block **at = &q->idle, *b;

	while ((b = *at) != NULL)
		if (b->size > above) {
			*at = b->next;
			block_free(b);
		} else {
			at = &b->next;
		}
}

void
journal_queue_trim(struct journal_queue *q)
{
	free_idle(q, SMALL_BYTES);
}

void
journal_queue_free(struct journal_queue *q)
{
	struct journal_block *b = journal_queue_take(q, true), *next;

	for (; b != NULL; b = next) {
		next = b->next;
		block_free(b);
	}
	free_idle(q, 0);
}
