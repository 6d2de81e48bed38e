#ifndef STORE_JOURNAL_QUEUE_H
#define STORE_JOURNAL_QUEUE_H

/*
 * Packed events (event_pack) on their way from the loop's thread to the
 * journal's, in blocks of memory.  A block has whole events.  The caller locks.
 */

#include <stddef.h>
#include <time.h>

#include "event/event.h"

struct journal_block {
	struct journal_block *next;
	size_t size; /* of its memory, with this */
	size_t len;  /* of the events */
	uint64_t seq; /* of the last of them */
	struct timespec since; /* CLOCK_MONOTONIC, when the first came */
	char events[];
};

/* Zero-initialise. */
struct journal_queue {
	struct journal_block *first, *last;
	size_t len; /* bytes of events */
	struct journal_block *idle; /* memory to be used again */
};

void journal_queue_add(struct journal_queue *, const struct event *);
/* The first block, or a list of all; NULL: none.  Each is to be given back. */
struct journal_block *journal_queue_take(struct journal_queue *, bool all);
void journal_queue_give(struct journal_queue *, struct journal_block *);
/* How much should be queued at most, as so many bytes were on disk in time or
 * were late: half at once, and more by steps, as TCP finds what a path takes
 * (additive increase, multiplicative decrease, RFC 5681). */
#define JOURNAL_QUEUE_BEGIN ((size_t)16 << 20)
size_t journal_queue_limit(size_t limit, size_t written, bool late);
/* Leaves as much idle memory as a quiet session wants. */
void journal_queue_trim(struct journal_queue *);
bool journal_queue_is_trim(const struct journal_queue *);
void journal_queue_free(struct journal_queue *);

#endif
