#include "config.h"

/* The problem's pane, and what all three of these have to do. */

#include "pane-fixture.h"

/* --- problem ------------------------------------------------------------ */

static void
problem_shows_and_scrolls(void **st)
{
	struct fix *f = setup(&pane_problem, 5, 20, false);

	(void)st;
	expect(f, "no question yet\n");
	expect_title(f, "Problem");
	question(f, "Two", "# Two\n\nGiven *n* integers, find two.\n\n"
	    "a\n\nb\n\nc\n");
	expect(f, "Two\n2 s, 512 MB, python3\n\nGiven n integers,\n"
	    "find two.\n");
	expect_title(f, "Problem \xc2\xb7 5 of 11 lines");
	press(f, 'j');
	expect(f, "2 s, 512 MB, python3\n\nGiven n integers,\nfind two.\n");
	press(f, KEY_SYM_END);
	expect(f, "a\n\nb\n\nc\n");
	expect_title(f, "Problem \xc2\xb7 11 of 11 lines");
	press(f, KEY_SYM_DOWN);
	expect_title(f, "Problem \xc2\xb7 11 of 11 lines");
	press(f, 'k');
	mouse(f, MOUSE_WHEEL_UP, 0);
	expect_title(f, "Problem \xc2\xb7 7 of 11 lines");
	press(f, ' ');
	expect_title(f, "Problem \xc2\xb7 11 of 11 lines");
	press(f, KEY_SYM_HOME);
	expect_cell(f, 0, 0, STYLE_HEADING, -1);
	expect_cell(f, 1, 0, STYLE_DIM, -1);
	assert_int_equal(press(f, 'x'), PANE_IGNORED);
	teardown(f);
}

static void
problem_follows_the_question(void **st)
{
	struct fix *f = setup(&pane_problem, 10, 30, false);

	(void)st;
	question(f, "One", "alpha beta gamma");
	expect(f, "One\n2 s, 512 MB, python3\n\nalpha beta gamma\n");
	f->ops->resize(f->pane, 10, 12);
	expect(f, "One\n2 s, 512 MB\xe2\x80\xa6\n\nalpha beta\ngamma\n");
	expect_title(f, "Problem");
	question(f, "Two", "## Input\nx");
	expect(f, "Two\n2 s, 512 MB\xe2\x80\xa6\n\nInput\n\nx\n");
	question(f, "Two", "other");
	expect(f, "Two\n2 s, 512 MB\xe2\x80\xa6\n\nother\n");
	teardown(f);
}

/* --- all of them -------------------------------------------------------- */

/* A seek in a replay gives panes another state and no event. */
static void
seeks_are_seen(void **st)
{
	static const struct pane_ops *const all[] = { &pane_problem,
		&pane_files, &pane_tests };
	static const char *const before[] = {
		"One\n2 s, 512 MB, python3\n\na\n",
		"  old              1.0 k\n", "x sample 1   WA\n" };

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct fix *f = setup(all[i], 5, 24, true);
		struct pane_ops quiet = *f->ops;
		struct keyframe *k;

		quiet.event = NULL;
		f->ops = &quiet;
		f->pane->ctx.ascii = true;
		question(f, "One", "a");
		list(f, "1000\told\n");
		run(f, 1, 1);
		sample(f, 1, 1, VERDICT_WA, "1", "2");
		k = state_keyframe(f->state);
		canvas_destroy(draw(f));
		list(f, "1\tnew\n2\tnewer\n");
		done(f, 1, VERDICT_WA, 0, 1, NULL);
		if (i != 2)
			question(f, "One", "b");
		canvas_destroy(draw(f));
		state_restore(f->state, k);
		expect(f, before[i]);
		keyframe_free(k);
		teardown(f);
	}
}

static void
shake(struct fix *f)
{
	static const uint32_t keys[] = { 'j', KEY_SYM_ENTER, KEY_SYM_PGDN,
		KEY_SYM_END, 'k', '[', ']', ' ', KEY_SYM_PGUP, KEY_SYM_LEFT,
		KEY_SYM_RIGHT, KEY_SYM_HOME, 'n', 'x', KEY_SYM_BACKSPACE,
		KEY_SYM_BACKSPACE, KEY_SYM_ESCAPE, 'd', 'n', 'r',
		KEY_SYM_LEFT, KEY_SYM_ESCAPE };
	int row, col, shape;
	struct buf b = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		press(f, keys[i]);
		canvas_destroy(draw(f));
		f->ops->title(f->pane, &b);
		if (f->ops->cursor != NULL &&
		    f->ops->cursor(f->pane, &row, &col, &shape))
			assert_true(row < f->pane->rows &&
			    col < f->pane->cols);
		mouse(f, (enum mouse_kind)(i % 5), (int)(i % 7) - 1);
	}
	buf_free(&b);
}

static void
any_size_will_do(void **st)
{
	static const struct pane_ops *const all[] = { &pane_problem,
		&pane_files, &pane_tests };

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct fix *f = setup(all[i], 0, 0, false);

		shake(f);
		question(f, "日本語", "# x\n\n|a|b|\n|---|---|\n|c|d|\n\n- z");
		list(f, LISTING);
		run(f, 1, 2);
		sample(f, 1, 1, VERDICT_WA, "日本\t語\n", "\t\tx\n\n\xff");
		sample(f, 1, 2, VERDICT_JE, "", "");
		done(f, 1, VERDICT_WA, 0, 2, "why");
		for (int rows = 0; rows < 8; rows++)
			for (int cols = 0; cols < 70; cols += 1 + cols / 4) {
				f->ops->resize(f->pane, rows, cols);
				shake(f);
			}
		teardown(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(problem_shows_and_scrolls),
		cmocka_unit_test(problem_follows_the_question),
		cmocka_unit_test(seeks_are_seen),
		cmocka_unit_test(any_size_will_do),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
