#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/layout.h"

static struct layout_in
wish(int rows, int cols)
{
	struct layout_in in = { .rows = rows, .cols = cols,
		.focus = PANE_EDITOR, .lower = PANE_SHELL };

	layout_defaults(&in);
	return in;
}

/* Inside the body, with a row for the rule, and nothing on anything else. */
static void
check(const struct layout_in *in, const struct layout *l)
{
	static char owner[200][400];

	memset(owner, 0, sizeof owner);
	for (int i = 0; i < PANES; i++) {
		const struct rect *r = &l->pane[i];

		if (!l->shown[i])
			continue;
		assert_true(r->rows >= 1 && r->cols >= 10);
		assert_true(r->row - 1 >= l->body.row && r->col >= 0);
		assert_true(r->row + r->rows <= l->body.row + l->body.rows);
		assert_true(r->col + r->cols <= in->cols);
		for (int y = r->row - 1; y < r->row + r->rows; y++)
			for (int x = r->col; x < r->col + r->cols; x++) {
				assert_int_equal(owner[y][x], 0);
				owner[y][x] = 1;
			}
	}
	assert_true(l->shown[in->focus]);
}

static void
test_every_size_and_wish(void **state)
{
	struct layout l;

	(void)state;
	for (int rows = 1; rows < 70; rows += rows < 30 ? 1 : 13)
		for (int cols = 20; cols < 300; cols += 19)
			for (unsigned bits = 0; bits < 5 * 32 * 4; bits++) {
				struct layout_in in = wish(rows, cols);

				in.focus = bits % 5;
				in.hidden = bits / 5 % 32;
				in.zoom = bits / 160 % 2;
				in.timeline = bits / 320 % 2;
				in.left = bits % 7 * 150;
				in.editor = bits % 11 * 100;
				layout_make(&in, &l);
				assert_int_equal(l.too_small,
				    rows < 10 || cols < 40);
				if (!l.too_small)
					check(&in, &l);
			}
}

static void
test_80x24(void **state)
{
	struct layout_in in = wish(24, 80);
	struct layout l;

	(void)state;
	layout_make(&in, &l);
	assert_true(l.shown[PANE_EDITOR] && l.shown[PANE_SHELL]);
	assert_false(l.shown[PANE_PROBLEM] || l.shown[PANE_TESTS]);
	assert_int_equal(l.pane[PANE_EDITOR].cols, 80);
	assert_int_equal(l.upright, -1);
	in.focus = PANE_TESTS;
	layout_make(&in, &l);
	assert_true(l.shown[PANE_TESTS] && !l.shown[PANE_SHELL]);
	in.focus = PANE_PROBLEM;
	layout_make(&in, &l);
	assert_true(l.shown[PANE_PROBLEM] && !l.shown[PANE_EDITOR]);
	assert_int_equal(l.pane[PANE_PROBLEM].rows, 21);
	assert_int_equal(l.pane[PANE_PROBLEM].cols, 79);
}

static void
test_wide(void **state)
{
	struct layout_in in = wish(36, 120);
	struct layout l;

	(void)state;
	layout_make(&in, &l);
	for (int i = 0; i < PANES; i++)
		assert_true(l.shown[i]);
	/* Text keeps off the upright rule and the edge. */
	assert_int_equal(l.pane[PANE_EDITOR].col, l.upright + 2);
	assert_int_equal(l.pane[PANE_EDITOR].cols, 120 - l.upright - 2);
	assert_int_equal(l.pane[PANE_FILES].col, 1);
	assert_int_equal(l.pane[PANE_FILES].cols, l.upright - 2);
	in.hidden = 1u << PANE_PROBLEM | 1u << PANE_FILES;
	layout_make(&in, &l);
	assert_int_equal(l.upright, -1);
	assert_int_equal(l.pane[PANE_SHELL].cols, 120);
}

static void
test_rules(void **state)
{
	struct layout_in in = wish(36, 120);
	struct layout l;
	struct rect r;

	(void)state;
	layout_make(&in, &l);
	r = layout_rule(&l, PANE_FILES);
	assert_int_equal(r.row, l.pane[PANE_FILES].row - 1);
	assert_int_equal(r.col, 0);
	assert_int_equal(r.cols, l.upright);
	r = layout_rule(&l, PANE_TESTS);
	assert_int_equal(r.col, l.upright + 1);
	assert_int_equal(r.col + r.cols, 120);
	in.zoom = true;
	in.focus = PANE_TESTS;
	layout_make(&in, &l);
	r = layout_rule(&l, PANE_TESTS);
	assert_int_equal(r.col, 0);
	assert_int_equal(r.cols, 120);
	assert_int_equal(l.pane[PANE_TESTS].col, 1);
	in.focus = PANE_SHELL;
	layout_make(&in, &l);
	assert_int_equal(l.pane[PANE_SHELL].cols, 120);
}

static void
test_drag(void **state)
{
	struct layout_in in = wish(36, 120);
	struct layout l;

	(void)state;
	for (int i = 0; i < 3; i++) {
		layout_make(&in, &l);
		layout_drag(&in, &l, PANES, 5, 50);
		layout_drag(&in, &l, PANE_SHELL, 20, 80);
		layout_drag(&in, &l, PANE_FILES, 12, 80);
	}
	layout_make(&in, &l);
	layout_drag(&in, &l, PANE_TESTS, 28, 80);
	layout_make(&in, &l);
	assert_int_equal(l.upright, 50);
	assert_int_equal(l.pane[PANE_SHELL].row - 1, 20);
	assert_int_equal(l.pane[PANE_FILES].row - 1, 12);
	assert_int_equal(l.pane[PANE_TESTS].row - 1, 28);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size_and_wish),
		cmocka_unit_test(test_80x24),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_drag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
