#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "store/journal-queue.h"

#define BIG 50000u

static size_t
add(struct journal_queue *q, uint64_t seq, size_t n)
{
	static char data[3 * MEM_LARGE];
	struct event ev;

	memset(&ev, 0, sizeof ev);
	ev.seq = seq;
	ev.type = EV_TERM_OUTPUT;
	ev.u.io.data = (struct bytes){ data, n };
	journal_queue_add(q, &ev);
	return event_packed_size(&ev);
}

/* The events of a list of blocks follow from *seq on. */
static size_t
give_back(struct journal_queue *q, struct journal_block *b, uint64_t *seq)
{
	struct journal_block *next;
	size_t len = 0;

	for (; b != NULL; b = next) {
		const char *p = b->events;

		next = b->next;
		assert_true(sizeof *b + b->len <= b->size);
		while (p < b->events + b->len) {
			struct event ev;

			p = event_unpack(p, &ev);
			assert_int_equal(ev.seq, ++*seq);
		}
		assert_int_equal(b->seq, *seq);
		len += b->len;
		journal_queue_give(q, b);
	}
	return len;
}

static size_t
idle_bytes(const struct journal_queue *q)
{
	size_t n = 0;

	for (const struct journal_block *b = q->idle; b != NULL; b = b->next)
		n += b->size;
	return n;
}

static void
what_is_added_is_taken_in_order(void **st)
{
	struct journal_queue q = { 0 };
	uint64_t seq = 0;
	size_t len = 0;

	(void)st;
	assert_null(journal_queue_take(&q, true));
	assert_null(journal_queue_take(&q, false));
	for (uint64_t i = 1; i <= 200; i++)
		len += add(&q, i, i == 150 ? 3 * MEM_LARGE : i * 300);
	assert_int_equal(q.len, len);
	while (seq < 60) /* a block at a time, and then the rest */
		len -= give_back(&q, journal_queue_take(&q, false), &seq);
	assert_int_equal(q.len, len);
	len -= give_back(&q, journal_queue_take(&q, true), &seq);
	assert_int_equal(seq, 200);
	assert_int_equal(len, 0);
	assert_int_equal(q.len, 0);
	journal_queue_free(&q);
}

/* A flood's memory is there for the next one, and is given back when there is
 * none; an event of its own size is nobody else's. */
static void
memory_is_used_again_and_given_back(void **st)
{
	struct journal_queue q = { 0 };
	uint64_t n = 0, seq = 0;
	size_t kept;

	(void)st;
	assert_true(journal_queue_is_trim(&q));
	for (int i = 0; i < 100; i++)
		add(&q, ++n, BIG);
	add(&q, ++n, 3 * MEM_LARGE);
	give_back(&q, journal_queue_take(&q, true), &seq);
	kept = idle_bytes(&q);
	assert_in_range(kept, 100 * BIG, 100 * BIG + 2 * MEM_LARGE);
	assert_false(journal_queue_is_trim(&q));
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 100; i++)
			add(&q, ++n, BIG);
		give_back(&q, journal_queue_take(&q, true), &seq);
		assert_int_equal(idle_bytes(&q), kept);
	}
	journal_queue_trim(&q);
	assert_true(journal_queue_is_trim(&q));
	assert_in_range(idle_bytes(&q), 0, 512 << 10);
	add(&q, ++n, 10);
	give_back(&q, journal_queue_take(&q, true), &seq);
	assert_true(journal_queue_is_trim(&q));
	journal_queue_free(&q);
}

static void
what_may_wait_is_found_by_steps(void **st)
{
	size_t limit = JOURNAL_QUEUE_BEGIN, before;

	(void)st;
	do {
		before = limit;
		limit = journal_queue_limit(before, BIG, false);
	} while (limit > before);
	assert_int_equal(limit, 32 << 20);
	assert_int_equal(journal_queue_limit(limit, BIG, true), 16 << 20);
	do {
		before = limit;
		limit = journal_queue_limit(before, BIG, true);
	} while (limit < before);
	assert_int_equal(limit, 4 << 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_is_taken_in_order),
		cmocka_unit_test(memory_is_used_again_and_given_back),
		cmocka_unit_test(what_may_wait_is_found_by_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
