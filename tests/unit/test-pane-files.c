#include "config.h"

/* The file tree. */

#include "pane-fixture.h"

static void
files_are_a_tree(void **st)
{
	struct fix *f = setup(&pane_files, 12, 24, false);

	(void)st;
	expect(f, "no files\n\n\n\n\n\n\n\n\n\n\n"
	    "n new  r ren  d del\n");
	list(f, LISTING);
	f->ops->resize(f->pane, 12, 40);
	expect(f, "▸ .git/\n▾ b/\n  ▾ c/\n"
	    "      deep                             3\n"
	    "    1                                  7\n"
	    "    two.txt                        1.2 M\n"
	    "  a.py                                 9\n"
	    "  z.md                                 5\n\n\n\n"
	    "Enter open  n new  r rename  d delete\n");
	press(f, KEY_SYM_ENTER); /* opens .git */
	press(f, 'j');
	press(f, 'j');
	press(f, KEY_SYM_LEFT); /* closes b */
	f->ops->resize(f->pane, 5, 10);
	expect(f, "▾ .git/\n    HEAD\n▸ b/\n  a.py   9\n  z.md   5\n");
	expect_cell(f, 2, 5, STYLE_TEXT, 99);
	list(f, LISTING "2\tb/new\n"); /* which stays closed */
	expect(f, "▾ .git/\n    HEAD\n▸ b/\n  a.py   9\n  z.md   5\n");
	press(f, KEY_SYM_UP);
	press(f, KEY_SYM_LEFT); /* from a file to its directory */
	expect_cell(f, 0, 3, STYLE_TEXT, 99);
	expect_log(f, "");
	teardown(f);
}

static void
selection_stays_on_its_path(void **st)
{
	struct fix *f = setup(&pane_files, 5, 10, false);

	(void)st;
	list(f, "1\ta\n1\tb\n1\tc\n");
	press(f, KEY_SYM_END);
	press(f, KEY_SYM_UP);
	expect_cell(f, 1, 2, STYLE_TEXT, 99);
	list(f, "1\ta\n1\tb\n1\taa\n1\tc\n");
	expect_cell(f, 2, 2, STYLE_TEXT, 99);
	list(f, "1\ta\n1\tc\n");
	expect_cell(f, 1, 2, STYLE_TEXT, 99);
	list(f, "");
	expect(f, "no files\n");
	press(f, KEY_SYM_ENTER);
	press(f, 'd');
	expect_log(f, "");
	teardown(f);
}

static void
files_tell_what_is_edited(void **st)
{
	struct fix *f = setup(&pane_files, 4, 14, false);
	struct event ev = event(EV_FILE_OPEN);

	(void)st;
	list(f, "1\ta\n1\tbb\n1\tlong-name-here\n");
	ev.u.file.path = "bb";
	ev.u.file.content = (struct bytes){ "x", 1 };
	apply(f, &ev);
	expect_cell(f, 1, 2, STYLE_HERE, -1);
	expect_cell(f, 0, 2, STYLE_TEXT, 99);
	ev = event(EV_FILE_STATE);
	ev.u.file.path = "bb";
	ev.u.file.state = FILE_EDITED;
	apply(f, &ev);
	expect(f, "  a          1\n  bb ●       1\n  long-name-h…\n");
	expect_cell(f, 1, 5, STYLE_WAIT, -1);
	f->ops->resize(f->pane, 4, 4);
	expect(f, "  a\n   ●\n  l…\n");
	teardown(f);
}

static void
files_open(void **st)
{
	struct fix *f = setup(&pane_files, 4, 20, false);

	(void)st;
	list(f, LISTING);
	mouse(f, MOUSE_PRESS, 3);
	expect_log(f, "open b/c/deep|run focus-editor|");
	mouse(f, MOUSE_PRESS, 0); /* a directory */
	expect_log(f, "");
	press(f, KEY_SYM_END);
	press(f, KEY_SYM_ENTER);
	expect_log(f, "open z.md|run focus-editor|");
	expect(f, "    1              7\n    two.txt    1.2 M\n"
	    "  a.py             9\n  z.md             5\n");
	teardown(f);
}

static void
files_are_made(void **st)
{
	struct fix *f = setup(&pane_files, 4, 24, false);
	int row, col, shape;

	(void)st;
	list(f, "1\ta\n1\tb/c\n");
	assert_false(f->ops->cursor(f->pane, &row, &col, &shape));
	press(f, 'j');
	press(f, 'n');
	expect(f, "▾ b/\n    c                  1\n"
	    "  a                    1\nNew file: b/\n");
	assert_true(f->ops->cursor(f->pane, &row, &col, &shape));
	assert_int_equal(row, 3);
	assert_int_equal(col, 12);
	type(f, "nx");
	press(f, KEY_SYM_LEFT);
	press(f, KEY_SYM_LEFT);
	press(f, KEY_SYM_DELETE);
	press(f, KEY_SYM_END);
	f->ops->paste(f->pane, ".py\nrest", 8);
	press(f, KEY_SYM_ENTER);
	expect_log(f, "create b/x.py|run focus-editor|");
	/* It is selected when it is there. */
	list(f, "1\ta\n1\tb/c\n0\tb/x.py\n");
	expect_cell(f, 2, 4, STYLE_TEXT, 99);
	press(f, 'n');
	press(f, KEY_SYM_ESCAPE);
	press(f, KEY_SYM_ENTER);
	expect_log(f, "open b/x.py|run focus-editor|");
	teardown(f);
}

static void
long_names_keep_the_question(void **state)
{
	struct fix *f = setup(&pane_files, 3, 20, false);
	int row, col, shape;

	(void)state;
	press(f, 'n');
	type(f, "abcdefghijklmnop");
	expect(f, "no files\n\nNew file: hijklmnop\n");
	assert_true(f->ops->cursor(f->pane, &row, &col, &shape));
	assert_int_equal(row, 2);
	assert_int_equal(col, 19);
	press(f, KEY_SYM_HOME);
	expect(f, "no files\n\nNew file: abcdefghij\n");
	assert_true(f->ops->cursor(f->pane, &row, &col, &shape));
	assert_int_equal(col, 10);
	teardown(f);
}

static void
names_are_refused(void **st)
{
	static const char *const bad[][2] = {
		{ "", "needs a name" }, { "/etc/x", "relative" },
		{ "../x", "stays in" }, { "a/../../x", "stays in" },
		{ "a/..", "stays in" }, { "a//b", "empty" },
		{ "a/", "empty" }, { "./a", "empty" },
		{ "a", "is there already" }, { "x\xc2\x85", "control" },
	};
	struct fix *f = setup(&pane_files, 4, 24, false);

	(void)st;
	list(f, "1\ta\n");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		press(f, 'n');
		f->ops->paste(f->pane, bad[i][0], strlen(bad[i][0]));
		press(f, KEY_SYM_ENTER);
		expect_said(f, bad[i][1]);
		expect_log(f, "");
		press(f, KEY_SYM_ESCAPE);
	}
	press(f, 'n');
	type(f, "..x");
	press(f, KEY_SYM_ENTER);
	expect_log(f, "create ..x|run focus-editor|");
	teardown(f);
}

static void
files_are_renamed_and_deleted(void **st)
{
	struct fix *f = setup(&pane_files, 4, 24, false);

	(void)st;
	list(f, "1\ta\n1\tsolution.py\n");
	press(f, KEY_SYM_END);
	press(f, 'r');
	expect(f, "  a                    1\n  solution.py          1\n\n"
	    "Rename to: solution.py\n");
	press(f, KEY_SYM_ENTER); /* as it was */
	expect_log(f, "");
	press(f, 'r');
	for (int i = 0; i < 20; i++)
		press(f, KEY_SYM_BACKSPACE);
	type(f, "m.py");
	press(f, KEY_SYM_ENTER);
	expect_log(f, "rename solution.py m.py|");
	press(f, 'd');
	expect(f, "  a                    1\n  solution.py          1\n\n"
	    "Delete solution.py? y/n\n");
	press(f, 'n');
	press(f, 'd');
	press(f, KEY_SYM_ENTER);
	expect_log(f, "");
	press(f, 'd');
	/* Another file may be selected by now. */
	list(f, "1\ta\n");
	press(f, 'y');
	expect_log(f, "delete solution.py|");
	list(f, "1\tb/c\n");
	press(f, KEY_SYM_HOME);
	press(f, 'd');
	expect_said(f, "b is a directory");
	teardown(f);
}

static void
watching_changes_no_files(void **st)
{
	struct fix *f = setup(&pane_files, 8, 24, true);

	(void)st;
	list(f, "1\ta\n");
	type(f, "nrdy");
	press(f, KEY_SYM_ENTER);
	mouse(f, MOUSE_PRESS, 0);
	expect_log(f, "");
	expect(f, "  a                    1\n");
	teardown(f);
}

static void
names_cannot_write_on_the_screen(void **st)
{
	struct fix *f = setup(&pane_files, 3, 20, false);

	(void)st;
	list(f, "1\ta\033[2Jb\n");
	expect(f, "  a\xef\xbf\xbd[2Jb           1\n");
	press(f, 'd');
	expect(f, "  a\xef\xbf\xbd[2Jb           1\n\n"
	    "Delete a\xef\xbf\xbd[2Jb? y/n\n");
	teardown(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_a_tree),
		cmocka_unit_test(selection_stays_on_its_path),
		cmocka_unit_test(files_tell_what_is_edited),
		cmocka_unit_test(files_open),
		cmocka_unit_test(files_are_made),
		cmocka_unit_test(long_names_keep_the_question),
		cmocka_unit_test(names_are_refused),
		cmocka_unit_test(files_are_renamed_and_deleted),
		cmocka_unit_test(watching_changes_no_files),
		cmocka_unit_test(names_cannot_write_on_the_screen),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
