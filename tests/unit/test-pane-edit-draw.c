#include "config.h"

/* The editor as it is drawn and clicked on, and with large files and all
 * keys. */

#include "pane-edit-fixture.h"

#include <locale.h>

#define WIDE "\xe6\xbc\xa2"

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
	pane_editor.resize(f->pane, 5, 40);
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

/* The one that is edited is to be seen, whatever else is open. */
static void
title_too_long(void **st)
{
	struct fix *f = setup("first.py", "1");

	(void)st;
	pane_editor.resize(f->pane, 5, 36); /* the rule has 3 of these */
	open_file(f, "second.py", "2");
	open_file(f, "third.py", "3");
	expect_title(f, "first.py \xc2\xb7 second.py \xc2\xb7 [third.py]");
	pane_editor.resize(f->pane, 5, 35);
	expect_title(f, "\xe2\x80\xa6 \xc2\xb7 second.py \xc2\xb7 [third.py]");
	f->pane->ctx.ascii = true;
	pane_editor.resize(f->pane, 5, 30);
	expect_title(f, "... - [third.py]");
	pane_editor.resize(f->pane, 5, 6);
	expect_title(f, "... - [third.py]");
	/* Those behind it are cut off, as ever. */
	run(f, "next-file");
	expect_title(f, "[first.py] - second.py - third.py");
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
		cmocka_unit_test(what_is_drawn),
		cmocka_unit_test(no_sandbox_is_drawn),
		cmocka_unit_test(long_lines_move_sideways),
		cmocka_unit_test(a_selection_is_seen),
		cmocka_unit_test(titles),
		cmocka_unit_test(title_too_long),
		cmocka_unit_test(clicks),
		cmocka_unit_test(dragging),
		cmocka_unit_test(a_very_long_line),
		cmocka_unit_test(lines_alone_are_drawn_anew),
		cmocka_unit_test(random_keys),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
