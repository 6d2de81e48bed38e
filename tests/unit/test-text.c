#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/history.h"
#include "text/text.h"

static unsigned seed = 7;

static unsigned
rnd(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % n;
}

static void
check_same(const struct text *t, const struct buf *model)
{
	struct buf got = { 0 };
	size_t lines = 1;

	text_append(t, 0, text_size(t), &got);
	assert_int_equal(got.len, model->len);
	assert_memory_equal(buf_str(&got), buf_str(model), model->len);
	for (size_t i = 0; i < model->len; i++) {
		assert_int_equal(text_line_of(t, i), lines - 1);
		if (model->data[i] != '\n')
			continue;
		assert_int_equal(text_line_end(t, lines - 1), i);
		assert_int_equal(text_line_start(t, lines), i + 1);
		lines++;
	}
	assert_int_equal(text_lines(t), lines);
	buf_free(&got);
}

static void
random_edits_match_a_plain_array(void **st)
{
	static const char pool[] = "ab\ncd\n\nxyz 12\xc3\xa9\n";
	struct text *t = text_create("one\ntwo\n", 8);
	struct buf m = { 0 };

	(void)st;
	buf_adds(&m, "one\ntwo\n");
	for (int i = 0; i < 6000; i++) {
		size_t off = rnd((unsigned)m.len + 1);
		size_t del = rnd(8) == 0 ? rnd(60) : rnd(4), n = rnd(9);
		const char *ins = pool + rnd(8);
		struct buf next = { 0 };

		del = del > m.len - off ? m.len - off : del;
		text_replace(t, off, del, ins, n);
		buf_add(&next, buf_str(&m), off);
		buf_add(&next, ins, n);
		buf_add(&next, buf_str(&m) + off + del, m.len - off - del);
		buf_free(&m);
		m = next;
		if (i % 20 == 0)
			check_same(t, &m);
	}
	check_same(t, &m);
	text_destroy(t);
	buf_free(&m);
}

static void
motions_go_by_grapheme(void **st)
{
	/* e + combining acute, a flag of two code points, a CJK character */
	static const char s[] = "e\xcc\x81x\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa"
	    "\xe4\xb8\xad";
	struct text *t = text_create(s, sizeof s - 1);
	static const size_t stops[] = { 0, 3, 4, 12, 15 };

	(void)st;
	for (size_t i = 0; i + 1 < 5; i++) {
		assert_int_equal(text_next(t, stops[i]), stops[i + 1]);
		assert_int_equal(text_prev(t, stops[i + 1]), stops[i]);
	}
	text_destroy(t);
}

static void
search_both_ways(void **st)
{
	struct text *t = text_create("Foo bar foo", 11);

	(void)st;
	assert_int_equal(text_find(t, 0, "foo", 3, false), 8);
	assert_int_equal(text_find(t, 0, "foo", 3, true), 0);
	assert_int_equal(text_find_back(t, 8, "foo", 3, true), 0);
	assert_int_equal(text_find(t, 9, "foo", 3, true), SIZE_MAX);
	text_destroy(t);
}

static void
apply(void *user, size_t off, size_t del, const char *ins, size_t n)
{
	text_replace(user, off, del, ins, n);
}

static void
type(struct history *h, struct text *t, size_t off, const char *s,
    const char *kind, int64_t now)
{
	history_record(h, off, "", 0, s, strlen(s), kind, now);
	text_replace(t, off, 0, s, strlen(s));
}

static void
undo_takes_back_a_run_of_typing(void **st)
{
	struct text *t = text_create("", 0);
	struct history *h = history_create();

	(void)st;
	type(h, t, 0, "a", "type", 0);
	type(h, t, 1, "b", "type", 100);
	type(h, t, 2, "pasted", "paste", 200);
	assert_true(history_undo(h, apply, t));
	assert_int_equal(text_size(t), 2);
	assert_true(history_undo(h, apply, t));
	assert_int_equal(text_size(t), 0);
	assert_false(history_undo(h, apply, t));
	assert_true(history_redo(h, apply, t));
	assert_true(history_redo(h, apply, t));
	assert_int_equal(text_size(t), 8);
	assert_false(history_redo(h, apply, t));
	history_destroy(h);
	text_destroy(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_edits_match_a_plain_array),
		cmocka_unit_test(motions_go_by_grapheme),
		cmocka_unit_test(search_both_ways),
		cmocka_unit_test(undo_takes_back_a_run_of_typing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
