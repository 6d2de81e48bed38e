#include "config.h"

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

static char *
numbered(int n)
{
	struct buf b = { 0 };

	for (int i = 1; i <= n; i++)
		buf_addf(&b, "line %d%s", i, i < n ? "\n" : "");
	return buf_take(&b);
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

/* --- drawing --- */

static void
what_is_drawn(void **st)
{
	struct fix *f = setup_as("a.c", "a\tb\n\001\xff" WIDE "\r\nx", 3, 30,
	    false);

	(void)st;
	expect_screen(f, "  1 a   b\n  2 \xe2\x90\x81\xef\xbf\xbd" WIDE
	    "\n  3 x\n");
	expect_cursor(f, 0, 4);
	press(f, KEY_SYM_DOWN, 0);
	press(f, KEY_SYM_END, 0);
	expect_cursor(f, 1, 8);
	press(f, KEY_SYM_RIGHT, 0);
	expect_cursor(f, 2, 4);
	/* no numbers in a narrow pane */
	pane_editor.resize(f->pane, 3, 29);
	expect_cursor(f, 2, 0);
	teardown(f);
	f = setup(NULL, NULL);
	conn(f, CONN_ONLINE, NULL);
	pane_editor.resize(f->pane, 2, 40);
	expect_screen(f, " no file is open\n\n");
	assert_int_equal(press(f, 'x', 0), PANE_IGNORED);
	run(f, "undo");
	run(f, "find");
	run(f, "cut");
	mouse(f, MOUSE_PRESS, 0, 0);
	pane_editor.paste(f->pane, "x", 1);
	assert_int_equal(f->sent, 0);
	expect_title(f, "editor");
	teardown(f);
}

/* No file, and why. */
static void
no_sandbox_is_drawn(void **st)
{
	struct fix *f = setup_as(NULL, NULL, 4, 30, false);

	(void)st;
	expect_screen(f, " the sandbox is starting, with\n the files\n\n\n");
	conn(f, CONN_STARTING, "building the image");
	expect_screen(f, " the sandbox is starting, with\n the files\n"
	    " building the image\n\n");
	conn(f, CONN_RETRYING, "no route");
	expect_screen(f, " the sandbox does not answer;\n it is tried again\n"
	    " no route\n\n");
	pane_editor.resize(f->pane, 4, 50);
	conn(f, CONN_GONE, "the token is refused; the command new-sandbox "
	    "opens another one");
	expect_screen(f, " there is no sandbox, and so there are no files\n"
	    " the token is refused; F9 opens another one\n\n\n");
	conn(f, CONN_ONLINE, NULL);
	expect_screen(f, " no file is open\n\n\n\n");
	teardown(f);
}

static void
long_lines_move_sideways(void **st)
{
	struct fix *f = setup_as("notes", "0123456789abcdefghij\n"
	    "other line, rather long", 2, 10, false);

	(void)st;
	expect_screen(f, "012345678\xe2\x80\xba\nother lin\xe2\x80\xba\n");
	times(f, 8, KEY_SYM_RIGHT, 0);
	expect_screen(f, "\xe2\x80\xb9" "456789ab\xe2\x80\xba\n"
	    "other lin\xe2\x80\xba\n");
	expect_cursor(f, 0, 5);
	press(f, KEY_SYM_END, 0);
	expect_screen(f, "\xe2\x80\xb9" "cdefghij\nother lin\xe2\x80\xba\n");
	expect_cursor(f, 0, 9);
	/* back, but no further than needed */
	times(f, 5, KEY_SYM_LEFT, 0);
	expect_cursor(f, 0, 4);
	press(f, KEY_SYM_LEFT, 0);
	expect_cursor(f, 0, 4);
	press(f, KEY_SYM_HOME, 0);
	f->pane->ctx.ascii = true;
	expect_screen(f, "012345678>\nother lin>\n");
	teardown(f);
	/* wide ones are not cut in two */
	f = setup_as("notes", WIDE WIDE WIDE "x", 1, 6, false);
	expect_screen(f, WIDE WIDE " \xe2\x80\xba\n");
	teardown(f);
}

static void
a_selection_is_seen(void **st)
{
	struct fix *f = setup("notes", "abc\ndef");

	(void)st;
	press(f, KEY_SYM_RIGHT, 0);
	press(f, KEY_SYM_DOWN, MOD_SHIFT);
	expect_styles(f, 0, "abbbaaaaaaaaaaaaaaaa");
	expect_styles(f, 1, "baaaaaaaaaaaaaaaaaaa");
	teardown(f);
}

static void
titles(void **st)
{
	struct fix *f = setup("a.py", "x");
	struct event ev = { .type = EV_FILE_STATE };

	(void)st;
	expect_title(f, "a.py");
	open_file(f, "b.txt", "y");
	expect_title(f, "a.py \xc2\xb7 [b.txt]");
	ev.u.file.path = "b.txt";
	ev.u.file.state = FILE_EDITED;
	apply(f, &ev);
	ev.u.file.path = "a.py";
	ev.u.file.state = FILE_FAILED;
	apply(f, &ev);
	run(f, "next-file");
	expect_title(f, "[a.py] ! \xc2\xb7 b.txt \xe2\x97\x8f");
	run(f, "previous-file");
	f->pane->ctx.ascii = true;
	expect_title(f, "a.py ! - [b.txt] *");
	/* a file that failed to be saved is edited all the same */
	run(f, "next-file");
	type(f, "z");
	expect(f, "zx");
	teardown(f);
}

/* --- mouse --- */

static void
clicks(void **st)
{
	struct fix *f = setup("notes", "one two_3(x)\nmore text\nend");
	struct mouse shifted = { MOUSE_PRESS, 1, 1, 1, MOD_SHIFT };

	(void)st;
	mouse(f, MOUSE_PRESS, 0, 5);
	mouse(f, MOUSE_RELEASE, 0, 5);
	expect_at(f, 5, 5);
	mouse(f, MOUSE_PRESS, 0, 5);
	expect_at(f, 9, 4);
	mouse(f, MOUSE_DRAG, 0, 5);
	expect_at(f, 9, 4);
	mouse(f, MOUSE_RELEASE, 0, 5);
	mouse(f, MOUSE_PRESS, 0, 5);
	expect_at(f, 13, 0);
	mouse(f, MOUSE_PRESS, 0, 5);
	expect_at(f, 5, 5);
	clock_fake_advance(&f->clock, 400001);
	mouse(f, MOUSE_PRESS, 0, 5);
	expect_at(f, 5, 5);
	/* beyond the text */
	mouse(f, MOUSE_PRESS, 1, 19);
	expect_at(f, 22, 22);
	mouse(f, MOUSE_PRESS, 1, 19);
	expect_at(f, 22, 18);
	mouse(f, MOUSE_PRESS, 5, 1);
	expect_at(f, 24, 24);
	pane_editor.mouse(f->pane, &shifted);
	expect_at(f, 14, 24);
	assert_int_equal(f->edits, 0);
	teardown(f);
}

static void
dragging(void **st)
{
	char *text = numbered(50);
	struct fix *f = setup_as("notes", text, 8, 20, false);

	(void)st;
	/* a click near the edge moves nothing */
	mouse(f, MOUSE_PRESS, 7, 2);
	assert_int_equal(file(f)->top, 0);
	mouse(f, MOUSE_DRAG, 5, 4);
	expect_at(f, 39, 51);
	mouse(f, MOUSE_DRAG, 8, 4);
	assert_int_equal(file(f)->top, 1);
	mouse(f, MOUSE_DRAG, 9, 4);
	assert_int_equal(file(f)->top, 2);
	assert_int_equal(file(f)->anchor, 51);
	mouse(f, MOUSE_RELEASE, 9, 4);
	mouse(f, MOUSE_DRAG, 0, 0);
	assert_int_equal(file(f)->anchor, 51);
	assert_int_equal(text_line_of(file(f)->text, file(f)->cursor), 10);
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

/* --- big ones, and all keys --- */

static void
a_very_long_line(void **st)
{
	size_t n = 1 << 20;
	char *text = xmalloc(n + 1);
	struct fix *f;

	(void)st;
	memset(text, 'x', n);
	text[n] = '\0';
	f = setup_as("notes", text, 4, 20, false);
	press(f, KEY_SYM_END, 0);
	expect_cursor(f, 0, 19);
	for (int i = 0; i < 200; i++) {
		type(f, "y");
		expect_cursor(f, 0, 19);
	}
	expect_screen(f, "\xe2\x80\xb9yyyyyyyyyyyyyyyyyy\n\n\n\n");
	times(f, 300, KEY_SYM_LEFT, 0);
	assert_int_equal(file(f)->cursor, n - 100);
	expect_cursor(f, 0, 4);
	/* an edit before what is known of the line moves the tab stops */
	press(f, KEY_SYM_HOME, 0);
	press(f, 0x6f22, 0);
	press(f, KEY_SYM_END, 0);
	type(f, "\tz");
	expect_screen(f, "\xe2\x80\xb9yyyyyyyyyyyyyyy  z\n\n\n\n");
	press(f, KEY_SYM_HOME, 0);
	expect_screen(f, WIDE "xxxxxxxxxxxxxxxxx\xe2\x80\xba\n\n\n\n");
	teardown(f);
	/* two of them: what is known of one is not of the other */
	n = 20000;
	memset(text, 'x', 2 * n + 1);
	text[n] = '\n';
	text[2 * n + 1] = '\0';
	f = setup_as("notes", text, 4, 20, false);
	press(f, KEY_SYM_END, 0);
	press(f, KEY_SYM_DOWN, 0);
	assert_int_equal(file(f)->cursor, 2 * n + 1);
	press(f, KEY_SYM_UP, 0);
	assert_int_equal(file(f)->cursor, n);
	teardown(f);
	free(text);
}

static uint32_t
random_of(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

static void
random_step(struct fix *f, uint32_t *seed)
{
	static const uint32_t syms[] = { KEY_SYM_UP, KEY_SYM_DOWN,
		KEY_SYM_LEFT, KEY_SYM_RIGHT, KEY_SYM_HOME, KEY_SYM_END,
		KEY_SYM_PGUP, KEY_SYM_PGDN, KEY_SYM_DELETE,
		KEY_SYM_BACKSPACE, KEY_SYM_ENTER, KEY_SYM_TAB,
		KEY_SYM_ESCAPE };
	static const uint32_t chars[] = { 'a', 'b', ' ', ':', '{', '\t', 'e',
		0x301, 0x6f22, 0x1f469, 0x200d, 0x1f467, 0xe9, '(' };
	static const char *const cmds[] = { "find", "find-next", "goto-line",
		"undo", "redo", "copy", "cut", "paste", "undo", "redo" };
	uint32_t what = random_of(seed, 100);

	clock_fake_advance(&f->clock, random_of(seed, 700000));
	if (what < 50)
		press(f, chars[random_of(seed, ARRAY_LEN(chars))], 0);
	else if (what < 85)
		press(f, syms[random_of(seed, ARRAY_LEN(syms))],
		    random_of(seed, 3) == 0 ? random_of(seed, 8) : 0);
	else if (what < 94)
		run(f, cmds[random_of(seed, ARRAY_LEN(cmds))]);
	else if (what < 96)
		pane_editor.paste(f->pane, "p\r\n\xff" "q", 5);
	else
		mouse(f, (enum mouse_kind)random_of(seed, 5),
		    (int)random_of(seed, 12) - 2,
		    (int)random_of(seed, 44) - 2);
}

/* Draws, and checks that the places make sense. */
static void
check(struct fix *f)
{
	const struct state_file *s = file(f);
	struct buf b = { 0 };
	int row, col, shape;

	dump(f, false, &b);
	buf_free(&b);
	assert_true(s->cursor <= text_size(s->text));
	assert_true(s->anchor <= text_size(s->text));
	assert_true(s->top < text_lines(s->text));
	if (pane_editor.cursor(f->pane, &row, &col, &shape)) {
		assert_in_range(row, 0, f->pane->rows - 1);
		assert_in_range(col, 0, f->pane->cols - 1);
	}
}

/* Drawn on what was drawn before, the screen is as if drawn anew. */
static int
expect_updated(struct fix *f, struct canvas *kept)
{
	struct canvas *anew = canvas_create(kept->rows, kept->cols);
	struct buf a = { 0 }, b = { 0 };
	int from = 0, to = -1;
	bool updated = pane_editor.update(f->pane, kept, &from, &to);

	if (!updated)
		pane_editor.draw(f->pane, kept, true);
	canvas_dump(kept, true, &a);
	pane_editor.draw(f->pane, anew, true);
	canvas_dump(anew, true, &b);
	assert_string_equal(buf_str(&a), buf_str(&b));
	assert_true(!updated || to < kept->rows);
	buf_free(&a);
	buf_free(&b);
	canvas_destroy(anew);
	return updated && to - from + 1 < kept->rows;
}

static void
lines_alone_are_drawn_anew(void **st)
{
	struct fix *f = setup_as("a.py", "def f():\n    x\n\ty " WIDE
	    "\r\nlast\n\n\n1\n2\n3", 7, 30, false);
	struct canvas *kept = canvas_create(7, 30);
	uint32_t seed = 9;
	int few = 0;

	(void)st;
	f->theme.styles[STYLE_CURSOR_LINE].bg = 5;
	pane_editor.draw(f->pane, kept, true);
	press(f, 'x', 0);
	assert_int_equal(expect_updated(f, kept), 1);
	press(f, KEY_SYM_DOWN, 0);
	assert_int_equal(expect_updated(f, kept), 1);
	for (int i = 0; i < 6000; i++) {
		random_step(f, &seed);
		if (random_of(&seed, 3) == 0)
			few += expect_updated(f, kept);
	}
	assert_true(few > 100);
	canvas_destroy(kept);
	teardown(f);
}

static void
all_keys(const char *path, uint32_t seed)
{
	static const char first[] = "def f():\n    x\n\ty " WIDE "\r\nlast";
	struct fix *f = setup_as(path, first, 8, 40, false);
	struct buf end = { 0 };

	for (int i = 0; i < 4000; i++) {
		random_step(f, &seed);
		check(f);
		if (i % 500 == 0)
			pane_editor.resize(f->pane, 1 + (int)random_of(&seed,
			    10), 1 + (int)random_of(&seed, 40));
	}
	press(f, KEY_SYM_ESCAPE, 0);
	/* to the very end, to the start, and to the end again */
	while (buf_clear(&f->said), run(f, "redo"), f->said.len == 0)
		;
	text_append(file(f)->text, 0, text_size(file(f)->text), &end);
	while (buf_clear(&f->said), run(f, "undo"), f->said.len == 0)
		;
	expect(f, first);
	while (buf_clear(&f->said), run(f, "redo"), f->said.len == 0)
		;
	expect(f, end.data);
	assert_true(f->edits > 1000);
	buf_free(&end);
	teardown(f);
}

static void
random_keys(void **st)
{
	(void)st;
	for (uint32_t seed = 1; seed <= 3; seed++) {
		all_keys("a.py", seed);
		all_keys("a.c", seed + 10);
	}
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
		cmocka_unit_test(what_is_drawn),
		cmocka_unit_test(no_sandbox_is_drawn),
		cmocka_unit_test(long_lines_move_sideways),
		cmocka_unit_test(a_selection_is_seen),
		cmocka_unit_test(titles),
		cmocka_unit_test(clicks),
		cmocka_unit_test(dragging),
		cmocka_unit_test(undo_and_changes_from_elsewhere),
		cmocka_unit_test(watching_sends_nothing),
		cmocka_unit_test(a_very_long_line),
		cmocka_unit_test(lines_alone_are_drawn_anew),
		cmocka_unit_test(random_keys),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
