#include "config.h"

/* The editor: what is typed, moved to, copied and looked for, and what comes
 * from elsewhere. */

#include "pane-edit-fixture.h"

#include <locale.h>

#define ACUTE "\xcc\x81"
#define FAMILY "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"
#define WIDE "\xe6\xbc\xa2"

/* --- typing and undo --- */

static void
typing_and_its_groups(void **st)
{
	struct fix *f = setup("notes", "");

	(void)st;
	type(f, "one");
	assert_string_equal(f->kind, "type");
	clock_fake_advance(&f->clock, 5000000);
	type(f, " two\nx");
	expect(f, "one two\nx");
	press(f, KEY_SYM_BACKSPACE, 0);
	assert_string_equal(f->kind, "delete");
	run(f, "undo");
	assert_string_equal(f->kind, "undo");
	expect(f, "one two\nx");
	expect_at(f, 9, 9);
	run(f, "undo");
	expect(f, "one two");
	run(f, "undo");
	expect(f, "one");
	run(f, "redo");
	expect(f, "one two");
	assert_string_equal(f->kind, "redo");
	run(f, "undo");
	run(f, "undo");
	expect(f, "");
	expect_said(f, "");
	run(f, "undo");
	expect_said(f, "nothing to undo");
	for (int i = 0; i < 4; i++)
		run(f, "redo");
	expect(f, "one two\n");
	run(f, "redo");
	expect_said(f, "nothing to redo");
	teardown(f);
}

static void
keys_that_are_not_text(void **st)
{
	struct fix *f = setup("notes", "ab");

	(void)st;
	assert_int_equal(press(f, 'x', MOD_CTRL), PANE_IGNORED);
	assert_int_equal(press(f, 'x', MOD_ALT), PANE_IGNORED);
	assert_int_equal(press(f, 'X', MOD_CTRL | MOD_SHIFT), PANE_IGNORED);
	assert_int_equal(press(f, KEY_SYM_F1 + 3, 0), PANE_IGNORED);
	assert_int_equal(press(f, KEY_SYM_FOCUS_IN, 0), PANE_IGNORED);
	assert_int_equal(press(f, 1, 0), PANE_IGNORED);
	assert_int_equal(f->sent, 0);
	assert_int_equal(press(f, 'X', MOD_SHIFT), PANE_HANDLED);
	press(f, 0xe9, 0);
	expect(f, "X\xc3\xa9" "ab");
	teardown(f);
}

static void
selecting_and_replacing(void **st)
{
	struct fix *f = setup("notes", "one two three");

	(void)st;
	times(f, 3, KEY_SYM_RIGHT, MOD_SHIFT);
	expect_at(f, 3, 0);
	press(f, KEY_SYM_ESCAPE, 0);
	expect_at(f, 3, 3);
	press(f, KEY_SYM_HOME, MOD_SHIFT);
	press(f, KEY_SYM_RIGHT, 0); /* to the selection's end */
	expect_at(f, 3, 3);
	press(f, KEY_SYM_RIGHT, MOD_CTRL);
	expect_at(f, 4, 4);
	press(f, KEY_SYM_RIGHT, MOD_CTRL | MOD_SHIFT);
	type(f, "2");
	expect(f, "one 2three");
	run(f, "undo");
	expect(f, "one two three");
	run(f, "select-all");
	expect_at(f, 13, 0);
	press(f, KEY_SYM_DELETE, 0);
	expect(f, "");
	teardown(f);
}

static void
graphemes_go_as_a_whole(void **st)
{
	struct fix *f = setup("notes", "e" ACUTE FAMILY WIDE "x");

	(void)st;
	press(f, KEY_SYM_RIGHT, 0);
	expect_at(f, 3, 3);
	press(f, KEY_SYM_RIGHT, 0);
	expect_cursor(f, 0, 3);
	press(f, KEY_SYM_BACKSPACE, 0);
	expect(f, "e" ACUTE WIDE "x");
	press(f, KEY_SYM_BACKSPACE, 0);
	expect(f, WIDE "x");
	press(f, KEY_SYM_DELETE, 0);
	expect(f, "x");
	run(f, "undo");
	run(f, "undo");
	expect(f, "e" ACUTE FAMILY WIDE "x");
	teardown(f);
}

static void
words_are_erased(void **st)
{
	struct fix *f = setup("notes", "one two three");

	(void)st;
	press(f, KEY_SYM_END, 0);
	press(f, KEY_SYM_BACKSPACE, MOD_CTRL);
	expect(f, "one two ");
	press(f, KEY_SYM_HOME, MOD_CTRL);
	press(f, KEY_SYM_DELETE, MOD_CTRL);
	expect(f, "two ");
	teardown(f);
}

static void
enter_indents(void **st)
{
	struct fix *f = setup("a.py", "");

	(void)st;
	type(f, "def f():\nif x:\nreturn");
	expect(f, "def f():\n    if x:\n        return");
	type(f, "\n");
	press(f, KEY_SYM_BACKSPACE, 0);
	press(f, KEY_SYM_BACKSPACE, 0);
	expect(f, "def f():\n    if x:\n        return\n");
	teardown(f);
	f = setup("a.c", "");
	type(f, "f()\n{\nx:\ny;");
	expect(f, "f()\n{\n\tx:\n\ty;");
	teardown(f);
	f = setup("notes", "");
	type(f, "  a {\nb:\nc");
	expect(f, "  a {\n  b:\n  c");
	press(f, 'j', MOD_CTRL); /* a line feed, as such a paste has it */
	type(f, "d");
	expect(f, "  a {\n  b:\n  c\n  d");
	teardown(f);
}

static void
tabs(void **st)
{
	struct fix *f = setup("a.py", "a\n\nb\nc");

	(void)st;
	type(f, "\t");
	expect(f, "    a\n\nb\nc");
	press(f, KEY_SYM_TAB, MOD_SHIFT);
	expect(f, "a\n\nb\nc");
	expect_at(f, 0, 0);
	/* c is only touched; the empty line stays empty */
	times(f, 3, KEY_SYM_DOWN, MOD_SHIFT);
	type(f, "\t");
	expect(f, "    a\n\n    b\nc");
	assert_string_equal(f->kind, "indent");
	expect_at(f, 13, 0);
	type(f, "\t");
	expect(f, "        a\n\n        b\nc");
	press(f, KEY_SYM_TAB, MOD_SHIFT);
	press(f, KEY_SYM_TAB, MOD_SHIFT);
	expect(f, "a\n\nb\nc");
	expect_at(f, 5, 0);
	f->edits = 0;
	press(f, KEY_SYM_TAB, MOD_SHIFT);
	assert_int_equal(f->edits, 0);
	for (int i = 0; i < 5; i++)
		run(f, "undo");
	expect(f, "    a\n\nb\nc");
	teardown(f);
	f = setup("a.c", "xy");
	press(f, KEY_SYM_RIGHT, 0);
	type(f, "\t");
	expect(f, "x\ty");
	expect_cursor(f, 0, 4);
	press(f, KEY_SYM_LEFT, MOD_SHIFT);
	type(f, "\t");
	expect(f, "\tx\ty");
	expect_at(f, 2, 3);
	teardown(f);
}

/* --- moving --- */

static void
moving(void **st)
{
	struct fix *f = setup("notes", "  abcdef\nx\n\tlong line\n");

	(void)st;
	press(f, KEY_SYM_HOME, 0);
	expect_at(f, 2, 2);
	press(f, KEY_SYM_HOME, 0);
	expect_at(f, 0, 0);
	press(f, KEY_SYM_END, 0);
	expect_at(f, 8, 8);
	/* the column is kept over a short line */
	press(f, KEY_SYM_DOWN, 0);
	expect_at(f, 10, 10);
	press(f, KEY_SYM_DOWN, 0);
	expect_at(f, 16, 16);
	expect_cursor(f, 2, 8);
	press(f, KEY_SYM_UP, 0);
	press(f, KEY_SYM_UP, 0);
	expect_at(f, 8, 8);
	press(f, KEY_SYM_UP, 0);
	expect_at(f, 0, 0);
	press(f, KEY_SYM_END, MOD_CTRL | MOD_SHIFT);
	expect_at(f, 22, 0);
	press(f, KEY_SYM_DOWN, 0);
	press(f, KEY_SYM_HOME, MOD_CTRL);
	expect_at(f, 0, 0);
	press(f, KEY_SYM_PGDN, 0);
	expect_at(f, 22, 22);
	teardown(f);
}

static void
the_view_follows(void **st)
{
	char *text = numbered(100);
	struct fix *f = setup_as("notes", text, 10, 20, false);

	(void)st;
	times(f, 7, KEY_SYM_DOWN, 0);
	assert_int_equal(file(f)->top, 0);
	times(f, 3, KEY_SYM_DOWN, 0);
	assert_int_equal(file(f)->top, 3);
	expect_cursor(f, 7, 0);
	press(f, KEY_SYM_END, MOD_CTRL);
	assert_int_equal(file(f)->top, 90);
	expect_cursor(f, 9, 8);
	press(f, KEY_SYM_PGUP, 0);
	assert_int_equal(file(f)->top, 83);
	press(f, KEY_SYM_HOME, MOD_CTRL);
	assert_int_equal(file(f)->top, 0);
	/* a smaller pane */
	times(f, 5, KEY_SYM_DOWN, 0);
	pane_editor.resize(f->pane, 3, 20);
	expect_screen(f, "line 4\nline 5\nline 6\n");
	expect_cursor(f, 2, 0);
	teardown(f);
	free(text);
}

static void
wheel_leaves_the_cursor(void **st)
{
	char *text = numbered(100);
	struct fix *f = setup_as("notes", text, 3, 20, false);
	int row, col, shape;

	(void)st;
	mouse(f, MOUSE_WHEEL_DOWN, 0, 0);
	assert_int_equal(file(f)->top, 3);
	expect_at(f, 0, 0);
	expect_screen(f, "line 4\nline 5\nline 6\n");
	assert_false(pane_editor.cursor(f->pane, &row, &col, &shape));
	mouse(f, MOUSE_WHEEL_UP, 0, 0);
	mouse(f, MOUSE_WHEEL_UP, 0, 0);
	assert_int_equal(file(f)->top, 0);
	for (int i = 0; i < 50; i++)
		mouse(f, MOUSE_WHEEL_DOWN, 0, 0);
	assert_int_equal(file(f)->top, 97);
	type(f, "x");
	assert_int_equal(file(f)->top, 0);
	expect_screen(f, "xline 1\nline 2\nline 3\n");
	teardown(f);
	free(text);
}

/* --- clipboard --- */

static void
a_paste_is_one_step(void **st)
{
	struct fix *f = setup("a.py", "if x:\n    y\n");

	(void)st;
	press(f, KEY_SYM_END, MOD_CTRL);
	pane_editor.paste(f->pane, "    a:\r\nb\rc\n", 12);
	expect(f, "if x:\n    y\n    a:\nb\nc\n");
	assert_string_equal(buf_str(&f->pastes), "editor     a:\r\nb\rc\n|");
	assert_string_equal(f->kind, "paste");
	assert_int_equal(f->edits, 1);
	type(f, "z");
	run(f, "undo");
	run(f, "undo");
	expect(f, "if x:\n    y\n");
	teardown(f);
}

/* As they are in the lines around. */
static void
line_ends_are_kept(void **st)
{
	struct fix *f = setup("a.py", "if x:\r\n\r\nz");

	(void)st;
	press(f, KEY_SYM_END, 0);
	type(f, "\ny");
	press(f, KEY_SYM_DOWN, 0);
	type(f, "\n");
	expect(f, "if x:\r\n    y\r\n\r\n\r\nz");
	press(f, KEY_SYM_END, MOD_CTRL);
	type(f, "\n"); /* of a last line, as of the one before */
	press(f, KEY_SYM_BACKSPACE, 0);
	pane_editor.paste(f->pane, "\r1\r2\r\n3\n4", 9);
	expect(f, "if x:\r\n    y\r\n\r\n\r\nz\r\n1\r\n2\r\n3\r\n4");
	teardown(f);
	f = setup("mixed", "a\r\nb\nc");
	press(f, KEY_SYM_DOWN, 0);
	type(f, "\n");
	press(f, KEY_SYM_HOME, MOD_CTRL);
	type(f, "\n");
	press(f, KEY_SYM_END, MOD_CTRL);
	type(f, "\n");
	expect(f, "\r\na\r\n\nb\nc\n");
	teardown(f);
}

static void
cut_copy_paste(void **st)
{
	struct fix *f = setup("notes", "one\ntwo\nthree");

	(void)st;
	run(f, "copy");
	assert_string_equal(buf_str(&f->clip), "one\n");
	expect(f, "one\ntwo\nthree");
	press(f, KEY_SYM_DOWN, 0);
	run(f, "cut");
	assert_string_equal(buf_str(&f->clip), "two\n");
	assert_string_equal(f->kind, "cut");
	expect(f, "one\nthree");
	expect_at(f, 4, 4);
	press(f, KEY_SYM_END, MOD_SHIFT);
	run(f, "cut");
	expect(f, "one\n");
	run(f, "paste");
	run(f, "paste");
	expect(f, "one\nthreethree");
	assert_string_equal(buf_str(&f->pastes),
	    "editor three|editor three|");
	run(f, "undo");
	run(f, "undo");
	run(f, "undo");
	run(f, "undo");
	expect(f, "one\ntwo\nthree");
	/* two at one time are two steps */
	run_arg(f, "paste", NULL);
	run_arg(f, "paste", NULL);
	run(f, "undo");
	expect(f, "one\ntwo\nthreethree");
	teardown(f);
}

/* --- find, go to --- */

static void
finding(void **st)
{
	struct fix *f = setup("notes", "Foo bar\nfoo baz\nbar");

	(void)st;
	press(f, KEY_SYM_DOWN, 0);
	run(f, "find");
	type(f, "f");
	expect_at(f, 9, 8);
	type(f, "oo");
	expect_at(f, 11, 8);
	expect_screen(f, "Foo bar\nfoo baz\nbar\n\n\nFind: foo\n");
	/* all of them are marked, the one found is selected */
	expect_styles(f, 0, "aaabbbbbbbbbbbbbbbbb");
	expect_styles(f, 1, "cccbbbbbbbbbbbbbbbbb");
	expect_cursor(f, 5, 9);
	run(f, "find-next");
	expect_at(f, 3, 0);
	expect_said(f, "the search went on from the start");
	press(f, KEY_SYM_UP, 0);
	expect_at(f, 11, 8);
	expect_said(f, "the search went on from the end");
	press(f, KEY_SYM_BACKSPACE, 0);
	expect_at(f, 10, 8);
	type(f, "x");
	expect_said(f, "not found: fox");
	expect_at(f, 8, 8);
	press(f, KEY_SYM_ESCAPE, 0);
	expect_at(f, 8, 8);
	expect_screen(f, "Foo bar\nfoo baz\nbar\n\n\n\n");
	assert_int_equal(f->edits, 0);
	/* a capital is meant */
	run_arg(f, "find", "Foo");
	expect_at(f, 3, 0);
	run(f, "find-next");
	expect_at(f, 3, 0);
	run(f, "find");
	type(f, "bar\n");
	expect_at(f, 7, 4);
	type(f, "x");
	expect(f, "Foo x\nfoo baz\nbar");
	run(f, "find-next");
	expect_at(f, 17, 14);
	teardown(f);
}

static void
a_match_cut_by_the_edge(void **st)
{
	struct fix *f = setup_as("notes", "xxxxxxxxneedleneedle", 2, 10,
	    false);

	(void)st;
	run(f, "find");
	type(f, "needle");
	run(f, "find-next");
	expect_at(f, 20, 14);
	expect_styles(f, 0, "abbcccccca");
	teardown(f);
}

static void
going_to_a_line(void **st)
{
	char *text = numbered(100);
	struct fix *f = setup_as("notes", text, 10, 20, false);

	(void)st;
	run(f, "goto-line");
	type(f, "5x0");
	expect_screen(f, "line 1\nline 2\nline 3\nline 4\nline 5\nline 6\n"
	    "line 7\nline 8\nline 9\nLine: 50\n");
	type(f, "\n");
	expect_at(f, text_line_start(file(f)->text, 49),
	    text_line_start(file(f)->text, 49));
	expect_cursor(f, 5, 0);
	run_arg(f, "goto-line", "1000");
	assert_int_equal(text_line_of(file(f)->text, file(f)->cursor), 99);
	run_arg(f, "goto-line", "x");
	expect_said(f, "not the number of a line: x");
	run_arg(f, "goto-line", "0");
	expect_at(f, 0, 0);
	run(f, "goto-line");
	type(f, "7");
	press(f, KEY_SYM_ESCAPE, 0);
	expect_at(f, 0, 0);
	assert_int_equal(f->edits, 0);
	teardown(f);
	free(text);
}

/* --- what comes from elsewhere --- */

static void
undo_and_changes_from_elsewhere(void **st)
{
	struct fix *f = setup("a.py", "abc\n");
	struct event ev = { .type = EV_EDIT_CHANGE };

	(void)st;
	press(f, KEY_SYM_END, 0);
	type(f, "defgh");
	ev.u.edit.path = "a.py";
	ev.u.edit.deleted = 9;
	ev.u.edit.inserted = (struct bytes){ "x", 1 };
	ev.u.edit.kind = "reload";
	apply(f, &ev);
	expect(f, "x");
	run(f, "undo");
	expect_said(f, "nothing to undo");
	expect(f, "x");
	/* by its new name, and not that of another file */
	type(f, "1");
	ev = (struct event){ .type = EV_FILE_RENAME };
	ev.u.file.path = "a.py";
	ev.u.file.to = "b.py";
	apply(f, &ev);
	open_file(f, "a.py", "new");
	run(f, "undo");
	expect_said(f, "nothing to undo");
	run(f, "next-file");
	run(f, "undo");
	expect(f, "x");
	type(f, "2");
	ev = (struct event){ .type = EV_FILE_DELETE };
	ev.u.file.path = "b.py";
	apply(f, &ev);
	open_file(f, "b.py", "again");
	run(f, "undo");
	expect_said(f, "nothing to undo");
	type(f, "3");
	ev = (struct event){ .type = EV_QUESTION_START };
	apply(f, &ev);
	open_file(f, "b.py", "next");
	run(f, "undo");
	expect_said(f, "nothing to undo");
	expect(f, "next");
	teardown(f);
}

static void
watching_sends_nothing(void **st)
{
	char *text = numbered(100);
	struct fix *f = setup_as("notes", text, 5, 20, true);
	struct event ev = { .type = EV_EDIT_CURSOR };

	(void)st;
	ev.u.cursor.path = "notes";
	ev.u.cursor.offset = ev.u.cursor.anchor = 200;
	ev.u.cursor.top = 5;
	apply(f, &ev);
	/* the pane of who typed was higher */
	expect_screen(f, "line 23\nline 24\nline 25\nline 26\nline 27\n");
	assert_int_equal(press(f, 'x', 0), PANE_IGNORED);
	press(f, KEY_SYM_ENTER, 0);
	press(f, KEY_SYM_BACKSPACE, 0);
	press(f, KEY_SYM_TAB, 0);
	pane_editor.paste(f->pane, "x", 1);
	run(f, "cut");
	run(f, "paste");
	run(f, "undo");
	mouse(f, MOUSE_WHEEL_UP, 0, 0);
	expect_screen(f, "line 20\nline 21\nline 22\nline 23\nline 24\n");
	mouse(f, MOUSE_PRESS, 0, 0);
	mouse(f, MOUSE_DRAG, 0, 4);
	run(f, "copy");
	assert_string_equal(buf_str(&f->clip), "line");
	run(f, "find");
	type(f, "line 77\n");
	expect_cursor(f, 2, 7);
	/* what is not of the editor changes nothing here */
	ev.type = EV_FOCUS_IN;
	apply(f, &ev);
	expect_cursor(f, 2, 7);
	ev.type = EV_EDIT_CURSOR;
	ev.u.cursor.offset = ev.u.cursor.anchor = 0;
	ev.u.cursor.top = 0;
	apply(f, &ev);
	expect_screen(f, "line 1\nline 2\nline 3\nline 4\nline 5\n");
	mouse(f, MOUSE_WHEEL_DOWN, 0, 0);
	expect_screen(f, "line 4\nline 5\nline 6\nline 7\nline 8\n");
	ev.u.cursor.offset = ev.u.cursor.anchor = 70;
	apply(f, &ev);
	expect_screen(f, "line 6\nline 7\nline 8\nline 9\nline 10\n");
	open_file(f, "b", "other");
	run(f, "next-file");
	expect_screen(f, "line 6\nline 7\nline 8\nline 9\nline 10\n");
	assert_int_equal(f->sent, 0);
	teardown(f);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typing_and_its_groups),
		cmocka_unit_test(keys_that_are_not_text),
		cmocka_unit_test(selecting_and_replacing),
		cmocka_unit_test(graphemes_go_as_a_whole),
		cmocka_unit_test(words_are_erased),
		cmocka_unit_test(enter_indents),
		cmocka_unit_test(tabs),
		cmocka_unit_test(moving),
		cmocka_unit_test(the_view_follows),
		cmocka_unit_test(wheel_leaves_the_cursor),
		cmocka_unit_test(a_paste_is_one_step),
		cmocka_unit_test(line_ends_are_kept),
		cmocka_unit_test(cut_copy_paste),
		cmocka_unit_test(finding),
		cmocka_unit_test(a_match_cut_by_the_edge),
		cmocka_unit_test(going_to_a_line),
		cmocka_unit_test(undo_and_changes_from_elsewhere),
		cmocka_unit_test(watching_sends_nothing),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
