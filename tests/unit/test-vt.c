#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vt-fixture.h"

static void
text_colours_and_wide_cells(void **st)
{
	struct vt *v = vt_create(4, 20, 10);
	const struct vt_cell *c;
	int n;

	(void)st;
	put(v, "a\033[1;38;5;200mb\033[48;2;1;2;3mc\033[0m\xe4\xb8\xad"
	    "e\xcc\x81");
	c = vt_row(v, 0, &n);
	assert_int_equal(n, 6);
	assert_int_equal(vt_style(v, c[1].style).fg, 200);
	assert_int_equal(vt_style(v, c[1].style).attr, 1);
	assert_int_equal(vt_style(v, c[2].style).bg, 0x1010203);
	assert_int_equal(c[3].width, 2);
	assert_int_equal(c[4].width, 0);
	expect_row(v, 0, "abc\xe4\xb8\xad" "e\xcc\x81");
	vt_destroy(v);
}

static void
scrolled_lines_are_kept_in_order(void **st)
{
	struct vt *v = vt_create(3, 20, 4);

	(void)st;
	put(v, "1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8\r\n9");
	assert_int_equal(vt_scrollback(v), 4);
	expect_row(v, -1, "6");
	expect_row(v, -4, "3");
	expect_row(v, 2, "9");
	vt_resize(v, 5, 20);
	expect_row(v, 0, "5");
	expect_row(v, 4, "9");
	vt_resize(v, 2, 20);
	expect_row(v, 1, "9");
	expect_row(v, -1, "7");
	vt_destroy(v);
}

static void
regions_and_the_other_screen(void **st)
{
	struct vt *v = vt_create(5, 10, 10);

	(void)st;
	put(v, "a\r\nb\r\nc\r\nd\r\ne\033[2;4r\033[4;1H\n");
	expect_row(v, 0, "a");
	expect_row(v, 1, "c");
	expect_row(v, 3, "");
	expect_row(v, 4, "e");
	assert_int_equal(vt_scrollback(v), 0);
	put(v, "\033[?1049hfull");
	assert_true(vt_altscreen(v));
	put(v, "\033[?1049l");
	expect_row(v, 0, "a");
	vt_destroy(v);
}

static void
questions_are_answered_and_keys_follow_modes(void **st)
{
	struct vt *v = vt_create(5, 10, 10);
	struct buf b = { 0 };

	(void)st;
	put(v, "\033[6n");
	vt_take_output(v, &b);
	assert_string_equal(buf_str(&b), "\033[1;1R");
	buf_clear(&b);
	vt_encode_key(v, 0x110001, 0, &b);
	assert_string_equal(buf_str(&b), "\033[A");
	buf_clear(&b);
	put(v, "\033[?1h\033[?2004h\033[?1000h\033[?1006h");
	vt_encode_key(v, 0x110001, 0, &b);
	assert_string_equal(buf_str(&b), "\033OA");
	buf_clear(&b);
	vt_encode_paste(v, "x\033[201~\n", 8, &b);
	assert_string_equal(buf_str(&b), "\033[200~x[201~\r\033[201~");
	buf_clear(&b);
	vt_encode_mouse(v, 2, 3, 1, true, 0, &b);
	assert_string_equal(buf_str(&b), "\033[<0;4;3M");
	buf_free(&b);
	vt_destroy(v);
}

static void
titles_are_text(void **st)
{
	struct vt *v = vt_create(5, 10, 10);

	(void)st;
	put(v, "\033]2;hi\xc2\x9b""31m there\007");
	assert_string_equal(vt_title(v), "hi31m there");
	vt_destroy(v);
}

/* libvterm 0.1.4 hangs on the first two. */
static void
rep_repeats_and_ends(void **st)
{
	struct vt *v = vt_create(3, 10, 0);

	(void)st;
	put(v, "\033[5b");
	put(v, "\xcc\x81\033[5b\r");
	put(v, "x\033[");
	put(v, "3b!");
	expect_row(v, 0, "xxxx!");
	put(v, "\r\ny\033[99999999999b");
	expect_row(v, 1, "yyyyyyyyyy");
	vt_destroy(v);
}

static void
expect_cursor(const struct vt *v, int row, int col)
{
	int r, c;
	bool visible;

	vt_cursor(v, &r, &c, &visible);
	assert_int_equal(r, row);
	assert_int_equal(c, col);
}

/* Narrow for a while: no text is lost, and the cursor stays on its letter. */
static void
another_width_wraps_anew(void **st)
{
	struct vt *v = vt_create(6, 20, 50);

	(void)st;
	put(v, "one two three four five six seven\r\nshort\r\n$ abc");
	expect_row(v, 0, "one two three four f");
	expect_row(v, 1, "ive six seven");
	vt_resize(v, 6, 10);
	expect_row(v, 0, "one two th");
	expect_row(v, 3, "ven");
	expect_row(v, 4, "short");
	expect_row(v, 5, "$ abc");
	expect_cursor(v, 5, 5);
	vt_resize(v, 6, 40);
	expect_row(v, 0, "one two three four five six seven");
	expect_row(v, 1, "short");
	expect_row(v, 2, "$ abc");
	expect_cursor(v, 2, 5);
	vt_resize(v, 2, 7);
	expect_row(v, -5, "one two");
	expect_row(v, 1, "$ abc");
	assert_int_equal((int)vt_scrolled(v), 5);
	vt_resize(v, 6, 20);
	expect_row(v, 0, "one two three four f");
	expect_row(v, 3, "$ abc");
	expect_cursor(v, 3, 5);
	vt_destroy(v);
}

static void
wide_glyphs_wrap_whole(void **st)
{
	struct vt *v = vt_create(4, 5, 10);

	(void)st;
	put(v, "a\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad!");
	expect_row(v, 1, "\xe4\xb8\xad!");
	vt_resize(v, 4, 4);
	expect_row(v, 0, "a\xe4\xb8\xad");
	expect_row(v, 1, "\xe4\xb8\xad\xe4\xb8\xad");
	expect_row(v, 2, "!");
	expect_cursor(v, 2, 1);
	vt_resize(v, 4, 1);
	vt_resize(v, 4, 8);
	expect_row(v, 0, "a   !");
	vt_destroy(v);
}

/* The main screen is laid out anew behind the alternate one too, and what
 * was cleared away does not come back. */
static void
another_width_behind_the_other_screen(void **st)
{
	struct vt *v = vt_create(4, 10, 10);

	(void)st;
	put(v, "1\r\n2\r\n3\r\n4\r\n5\033[H\033[2J0123456789ab");
	put(v, "\033[?1049h\033[Hfull screen");
	vt_resize(v, 4, 6);
	put(v, "\033[?1049l");
	expect_row(v, 0, "012345");
	expect_row(v, 1, "6789ab");
	expect_cursor(v, 2, 0);
	put(v, "c");
	expect_row(v, 2, "c");
	expect_row(v, -1, "1");
	vt_destroy(v);
}

/* Programs end a line with an erase even when it is full; top does. */
static void
erasing_after_a_full_line(void **st)
{
	struct vt *v = vt_create(4, 5, 10);

	(void)st;
	put(v, "\r\n\r\nold\033[H12345\033[K");
	expect_row(v, 0, "12345");
	put(v, "67\033[2;1H12345\033[J");
	expect_row(v, 0, "12345");
	expect_row(v, 1, "12345");
	expect_row(v, 2, "");
	put(v, "\033[1K");
	expect_row(v, 1, "");
	vt_destroy(v);
}

static void
erasing_parts_of_the_screen(void **st)
{
	static const struct {
		const char *what, *rows[4];
	} cases[] = {
		{ "\033[K", { "aaaaa", "bb", "ccccc", "ddddd" } },
		{ "\033[1K", { "aaaaa", "   bb", "ccccc", "ddddd" } },
		{ "\033[2K", { "aaaaa", "", "ccccc", "ddddd" } },
		{ "\033[3K", { "aaaaa", "bbbbb", "ccccc", "ddddd" } },
		{ "\033[J", { "aaaaa", "bb", "", "" } },
		{ "\033[1J", { "", "   bb", "ccccc", "ddddd" } },
		{ "\033[2J", { "", "", "", "" } },
		{ "\033[X", { "aaaaa", "bb bb", "ccccc", "ddddd" } },
		{ "\033[99X", { "aaaaa", "bb", "ccccc", "ddddd" } },
		{ "\033[L", { "aaaaa", "", "bbbbb", "ddddd" } },
		{ "\033[9L", { "aaaaa", "", "", "ddddd" } },
		{ "\033[M", { "aaaaa", "ccccc", "", "ddddd" } },
		{ "\033[9M", { "aaaaa", "", "", "ddddd" } },
		/* The cursor is outside the region. */
		{ "\033[4;3H\033[L\033[M\033[2;3H", { "aaaaa", "bbbbb",
			"ccccc", "ddddd" } },
	};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct vt *v = vt_create(4, 5, 10);

		put(v, "aaaaa\r\nbbbbb\r\nccccc\r\nddddd\033[1;3r\033[2;3H");
		put(v, cases[i].what);
		for (int y = 0; y < 4; y++)
			expect_row(v, y, cases[i].rows[y]);
		expect_cursor(v, 1, 2);
		assert_int_equal(vt_scrollback(v), 0);
		vt_destroy(v);
	}
}

/* A cursor that was put back above the region stays there. */
static void
erasing_leaves_the_cursor(void **st)
{
	struct vt *v = vt_create(4, 5, 10);

	(void)st;
	put(v, "aa\r\nbb\033[?6h\033[1;1H\0337\033[2;3r\0338");
	expect_cursor(v, 0, 0);
	put(v, "\033[L\033[K");
	expect_cursor(v, 0, 0);
	expect_row(v, 0, "");
	expect_row(v, 1, "bb");
	vt_destroy(v);
}

static void
shifting_below_the_region(void **st)
{
	struct vt *v = vt_create(4, 8, 10);

	(void)st;
	put(v, "\033[4;1Habcdef\033[1;2r\033[4;2H\033[2P");
	expect_row(v, 3, "adef");
	put(v, "\033[2@");
	expect_row(v, 3, "a  def");
	vt_destroy(v);
}

static void
restoring_what_was_never_saved(void **st)
{
	struct vt *v = vt_create(4, 8, 10);
	const struct vt_cell *c;
	int n;

	(void)st;
	put(v, "\033[3;3H\033[1;7m\033(0\0338q");
	expect_row(v, 0, "q");
	c = vt_row(v, 0, &n);
	assert_int_equal(vt_style(v, c[0].style).attr, 0);
	vt_destroy(v);
}

#define MAN "\xf0\x9f\x91\xa8"
#define GIRL "\xf0\x9f\x91\xa7"
#define ZWJ "\xe2\x80\x8d"

static void
joined_emoji_are_one_glyph(void **st)
{
	struct vt *v = vt_create(2, 20, 10);

	(void)st;
	put(v, MAN ZWJ GIRL "|");
	expect_cursor(v, 0, 3);
	expect_row(v, 0, MAN ZWJ GIRL "|");
	put(v, "\r\n" MAN ZWJ MAN ZWJ GIRL ZWJ GIRL ZWJ GIRL GIRL);
	expect_cursor(v, 1, 4);
	put(v, "\ra" ZWJ GIRL);
	expect_cursor(v, 1, 3);
	vt_destroy(v);
}

/* Without a wrap the cursor stays on the last column: a mark is of what was
 * just written there, and of the cell before it when the cursor was put. */
static void
marks_at_the_last_column(void **st)
{
	struct vt *v = vt_create(2, 5, 0);

	(void)st;
	put(v, "\033[?7l\033[1;5He\xcc\x81");
	expect_row(v, 0, "    e\xcc\x81");
	put(v, "\rabcdefg\0337\r\0338\xcc\x81");
	expect_row(v, 0, "abcdg\xcc\x81");
	put(v, "\033[1;5H\xcc\x81");
	expect_row(v, 0, "abcd\xcc\x81g\xcc\x81");
	put(v, "\rabcd\xe4\xb8\xad\xcc\x82");
	expect_row(v, 0, "abc\xe4\xb8\xad\xcc\x82");
	put(v, "\033[?7h\033[2;1Habcde\033[?7l\xcc\x81");
	expect_row(v, 1, "abcde\xcc\x81");
	vt_resize(v, 2, 7);
	put(v, "\xcc\x82");
	expect_row(v, 1, "abcde\xcc\x81\xcc\x82");
	vt_destroy(v);
}

/* A blank at the end of a wrapped line is part of its text, in the
 * scrollback as well; selections take wide glyphs whole. */
static void
wrapped_text_is_one_line(void **st)
{
	struct vt *v = vt_create(2, 6, 10);
	struct buf b = { 0 };

	(void)st;
	put(v, "some  words\r\nand\r\n\xe4\xb8\xad.");
	vt_text(v, -2, 0, 0, VT_COLS_MAX, &b);
	assert_string_equal(buf_str(&b), "some  words\nand");
	buf_clear(&b);
	vt_text(v, 1, 1, 1, 2, &b);
	assert_string_equal(buf_str(&b), "\xe4\xb8\xad.");
	buf_free(&b);
	vt_destroy(v);
}

/* A blank that a wide glyph left behind is no text. */
static void
wide_glyphs_leave_no_blank(void **st)
{
	struct vt *v = vt_create(3, 4, 10);
	struct buf b = { 0 };

	(void)st;
	put(v, "abc\xe4\xb8\xad" "d");
	vt_text(v, 0, 0, 2, VT_COLS_MAX, &b);
	assert_string_equal(buf_str(&b), "abc\xe4\xb8\xad" "d\n");
	buf_free(&b);
	vt_destroy(v);
}

static void
expect_found(const struct vt *v, const char *needle, int dir, int row,
    int col)
{
	int y = dir > 0 ? -vt_scrollback(v) : vt_rows(v) - 1;
	int x = dir > 0 ? -1 : VT_COLS_MAX;

	assert_true(vt_find(v, needle, dir, &y, &x));
	assert_int_equal(y, row);
	assert_int_equal(x, col);
}

/* Where a line was cut says nothing about the text. */
static void
search_sees_wrapped_text(void **st)
{
	struct vt *v = vt_create(3, 6, 10);
	int row = 2, col = VT_COLS_MAX;

	(void)st;
	put(v, "one needle\r\nneed\r\nle ab\xe4\xb8\xad" "cdefghijkl");
	assert_int_equal(vt_scrollback(v), 3);
	expect_found(v, "needle", 1, -3, 4);
	expect_found(v, "needle", -1, -3, 4);
	assert_false(vt_find(v, "needle", -1, &row, &col) && row != -3);
	expect_found(v, "b\xe4\xb8\xad" "cdefghij", -1, 0, 4);
	assert_int_equal(vt_find_in(v, "need", -1, -1), 0);
	assert_int_equal(vt_find_in(v, "need", -1, 0), -1);
	assert_int_equal(vt_find_in(v, "eed", -3, -1), 5);
	assert_int_equal(vt_find_in(v, "no", 2, -1), -1);
	assert_int_equal(vt_find_in(v, "no", 99, -1), -1);
	vt_destroy(v);
}

static unsigned seed = 3;

static unsigned
rnd(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % n;
}

static void
random_piece(struct buf *b)
{
	static const char *const parts[] = { "hello", "\r\n", "\033[31m",
		"\033[2J", "\033[3;2H", "\033[L", "\033[2M", "\033[@",
		"\033[3P", "\033[?1049h", "\033[?1049l", "\033[2;5r",
		"\033[r", "\xe4\xb8\xad", "e\xcc\x81", "\033[K", "\033[1J",
		"\033[44m", "\t", "\b", "\033M", "\033[4h", "\033[4l",
		"\033[38;2;9;8;7m", "\033[0m", "\033[S", "\033[2T", "\033[5X",
		"\033(0q\033(B", "\033]2;t\007", "\033[?6h", "\033[?6l",
		"\xff\xfe", "\033[", "\033[?25l", "\033c", "\033[5b" };

	buf_adds(b, parts[rnd(ARRAY_LEN(parts))]);
}

/* However the stream is cut, and whatever snapshot is taken on the way, the
 * terminal ends up the same. */
static void
cuts_and_snapshots_change_nothing(void **st)
{
	(void)st;
	for (int round = 0; round < 60; round++) {
		struct vt *a = vt_create(6, 12, 20), *b = vt_create(6, 12, 20);
		struct vt_snapshot *s = NULL;
		struct buf in = { 0 };
		size_t at = 0, mark = 0;

		for (int i = 0; i < 200; i++)
			random_piece(&in);
		vt_write(a, in.data, in.len);
		while (at < in.len) {
			size_t n = 1 + rnd(7);

			if (s == NULL && at > in.len / 2) {
				s = vt_snapshot(b);
				mark = at;
			}
			n = n > in.len - at ? in.len - at : n;
			vt_write(b, in.data + at, n);
			at += n;
		}
		expect_same(a, b);
		vt_resize(b, 3 + (int)rnd(8), 5 + (int)rnd(20));
		vt_restore(b, s);
		vt_write(b, in.data + mark, in.len - mark);
		expect_same(a, b);
		vt_snapshot_free(s);
		vt_destroy(a);
		vt_destroy(b);
		buf_free(&in);
	}
}

static void
append_row(const struct vt *v, int row, struct buf *out)
{
	const struct vt_cell *c;
	struct vt_style s;
	int n;

	c = vt_row(v, row, &n);
	for (int i = 0; i < vt_cols(v); i++) {
		if (i >= n || (c[i].style == 0 && c[i].glyph <= ' ')) {
			buf_adds(out, "blank ");
			continue;
		}
		s = vt_style(v, c[i].style);
		buf_addf(out, "%x %d %d %d %x ", c[i].glyph,
		    (int)c[i].width, s.fg, s.bg, s.attr);
	}
}

/* A row that is not said to be damaged shows what it showed before. */
static void
damage_covers_what_changes(void **st)
{
	struct vt *v = vt_create(6, 12, 20);
	struct buf rows[6] = { 0 }, now = { 0 }, in = { 0 };
	int first, last, spared = 0;

	(void)st;
	for (int i = 0; i < 20000; i++) {
		vt_clean(v);
		buf_clear(&in);
		random_piece(&in);
		vt_write(v, in.data, in.len);
		vt_damage(v, &first, &last);
		for (int r = 0; r < 6; r++) {
			buf_clear(&now);
			append_row(v, r, &now);
			if (r < first || r > last) {
				assert_string_equal(buf_str(&now),
				    i > 0 ? buf_str(&rows[r]) : now.data);
				spared++;
			}
			buf_clear(&rows[r]);
			buf_add(&rows[r], now.data, now.len);
		}
	}
	assert_true(spared > 20000);
	for (int r = 0; r < 6; r++)
		buf_free(&rows[r]);
	buf_free(&now);
	buf_free(&in);
	vt_destroy(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_colours_and_wide_cells),
		cmocka_unit_test(scrolled_lines_are_kept_in_order),
		cmocka_unit_test(regions_and_the_other_screen),
		cmocka_unit_test(questions_are_answered_and_keys_follow_modes),
		cmocka_unit_test(titles_are_text),
		cmocka_unit_test(rep_repeats_and_ends),
		cmocka_unit_test(another_width_wraps_anew),
		cmocka_unit_test(wide_glyphs_wrap_whole),
		cmocka_unit_test(another_width_behind_the_other_screen),
		cmocka_unit_test(erasing_after_a_full_line),
		cmocka_unit_test(erasing_parts_of_the_screen),
		cmocka_unit_test(erasing_leaves_the_cursor),
		cmocka_unit_test(shifting_below_the_region),
		cmocka_unit_test(restoring_what_was_never_saved),
		cmocka_unit_test(joined_emoji_are_one_glyph),
		cmocka_unit_test(marks_at_the_last_column),
		cmocka_unit_test(wrapped_text_is_one_line),
		cmocka_unit_test(wide_glyphs_leave_no_blank),
		cmocka_unit_test(search_sees_wrapped_text),
		cmocka_unit_test(cuts_and_snapshots_change_nothing),
		cmocka_unit_test(damage_covers_what_changes),
	};

	setlocale(LC_CTYPE, "C.UTF-8"); /* widths are wcwidth's */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
