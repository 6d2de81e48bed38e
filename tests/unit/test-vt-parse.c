#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vt-fixture.h"

static void
expect_output(struct vt *vt, const char *want)
{
	struct buf b = { 0 };

	vt_take_output(vt, &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
expect_cursor(const struct vt *vt, int row, int col)
{
	int r, c;
	bool visible;

	vt_cursor(vt, &r, &c, &visible);
	assert_int_equal(r, row);
	assert_int_equal(c, col);
}

static struct vt_style
style_at(const struct vt *vt, int row, int col)
{
	int n;
	const struct vt_cell *c = vt_row(vt, row, &n);

	assert_true(col < n);
	return vt_style(vt, c[col].style);
}

/* Each of these crashes or hangs libvterm 0.1.4 when fed to it as it is. */
static void
hostile_sequences(void **st)
{
	struct vt *vt = vt_create(24, 80, 100);

	(void)st;
	put(vt, "\033[");
	for (int i = 0; i < 5000; i++)
		put(vt, "7;");
	put(vt, "m");
	put(vt, "\xcc\x81\033[9999b");
	put(vt, "\033[15;24r");
	vt_resize(vt, 10, 80);
	put(vt, "\033[10;1H\n\n\n\033[5S\033[5T\033[3L");
	put(vt, "\033[?69h\033[80;80s\033[1;70s");
	vt_resize(vt, 10, 20);
	put(vt, "\033[?69h\n\n\033[99@\033[99P\033[5M\033[9L");
	put(vt, "\033#6\033#3");
	vt_resize(vt, 1, 1);
	put(vt, "\xe4\xb8\xad\xe4\xb8\xad wide in one column\r\n");
	put(vt, "\033[99999999999999999999A\033[-1B\033[4294967295C");
	put(vt, "\xe4\xb8" "a\xf0\x9f" "b");
	put(vt, "a");
	for (int i = 0; i < 10000; i++)
		put(vt, "\xcc\x81");
	vt_destroy(vt);
}

static void
several_modes_in_one(void **st)
{
	struct vt *vt = vt_create(5, 20, 0);
	struct buf b = { 0 };

	(void)st;
	put(vt, "\033[?1002;1006;2004;1h");
	assert_int_equal(vt_mouse(vt), VT_MOUSE_DRAG);
	vt_encode_mouse(vt, 1, 2, 1, true, 0, &b);
	assert_string_equal(buf_str(&b), "\033[<0;3;2M");
	buf_clear(&b);
	vt_encode_mouse(vt, 1, 2, 4, true, 4, &b);
	assert_string_equal(buf_str(&b), "\033[<80;3;2M");
	buf_clear(&b);
	vt_encode_motion(vt, 1, 2, 1, 0, &b);
	assert_string_equal(buf_str(&b), "\033[<32;3;2M");
	buf_clear(&b);
	vt_encode_motion(vt, 1, 2, 3, 0, &b);
	assert_string_equal(buf_str(&b), "\033[<34;3;2M");
	buf_clear(&b);
	vt_encode_motion(vt, 1, 2, 0, 0, &b); /* not asked for */
	vt_encode_focus(vt, true, &b);
	assert_int_equal(b.len, 0);
	put(vt, "\033[?1003;1004h");
	vt_encode_motion(vt, 1, 2, 0, 0, &b);
	vt_encode_focus(vt, false, &b);
	assert_string_equal(buf_str(&b), "\033[<35;3;2M\033[O");
	buf_clear(&b);
	vt_encode_key(vt, 0x110001, 0, &b);
	assert_string_equal(buf_str(&b), "\033OA");
	put(vt, "\033[?1002;1003;1006;2004;1l");
	buf_clear(&b);
	vt_encode_paste(vt, "a\nb", 3, &b);
	assert_string_equal(buf_str(&b), "a\rb");
	buf_clear(&b);
	vt_encode_mouse(vt, 1, 2, 1, true, 0, &b);
	assert_int_equal(b.len, 0);
	buf_free(&b);
	vt_destroy(vt);
}

/* The three are one setting with four values, as in xterm. */
static void
mouse_modes_replace_each_other(void **st)
{
	struct vt *vt = vt_create(5, 20, 0);

	(void)st;
	put(vt, "\033[?1003h\033[?1000h");
	assert_int_equal(vt_mouse(vt), VT_MOUSE_CLICK);
	put(vt, "\033[?1002h");
	assert_int_equal(vt_mouse(vt), VT_MOUSE_DRAG);
	put(vt, "\033[?1002l");
	assert_int_equal(vt_mouse(vt), VT_MOUSE_NONE);
	put(vt, "\033[?1003h\033[?1000l");
	assert_int_equal(vt_mouse(vt), VT_MOUSE_NONE);
	vt_destroy(vt);
}

static void
keys(void **st)
{
	static const struct { uint32_t code; unsigned mods; const char *s; }
	want[] = {
		{ 'a', 0, "a" }, { 'a', 4, "\001" }, { 'a', 2, "\033a" },
		{ 'A', 1, "A" }, { 0x4e2d, 0, "\xe4\xb8\xad" },
		{ 0x110001, 4, "\033[1;5A" }, { 0x110003, 0, "\033[D" },
		{ 0x110007, 0, "\033[5~" }, { 0x11000a, 1, "\033[3;2~" },
		{ 0x11000b, 0, "\177" }, { 0x11000c, 0, "\r" },
		{ 0x11000d, 1, "\033[Z" }, { 0x11000e, 0, "\033" },
		{ 0x11000f, 0, "\033OP" }, { 0x110013, 0, "\033[15~" },
		{ 0x11001b, 0, "\033[1;2P" },
	};
	struct vt *vt = vt_create(5, 20, 0);
	struct buf b = { 0 };

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		buf_clear(&b);
		vt_encode_key(vt, want[i].code, want[i].mods, &b);
		assert_string_equal(buf_str(&b), want[i].s);
	}
	buf_free(&b);
	vt_destroy(vt);
}

static void
colours(void **st)
{
	struct vt *vt = vt_create(5, 40, 0);
	struct vt_style s;

	(void)st;
	put(vt, "\033[38;2;1;2;3;48;5;9;2;8ma\033[0;38:2::4:5:6mb"
	    "\033[38:5:77;1mc\033[4:0;58;5;3;3md\033[38;5me");
	s = style_at(vt, 0, 0);
	assert_int_equal(s.fg, 0x1010203);
	assert_int_equal(s.bg, 9);
	assert_int_equal(s.attr, 2 | 128);
	assert_int_equal(style_at(vt, 0, 1).fg, 0x1040506);
	assert_int_equal(style_at(vt, 0, 2).fg, 77);
	assert_int_equal(style_at(vt, 0, 2).attr, 1);
	assert_int_equal(style_at(vt, 0, 3).attr, 1 | 4);
	expect_row(vt, 0, "abcde");
	vt_destroy(vt);
}

/* More colours than there are styles: the old ones that nobody shows go. */
static void
styles_are_collected(void **st)
{
	struct vt *vt = vt_create(5, 10, 20);
	char s[64];

	(void)st;
	put(vt, "\033[38;2;255;1;2mK\r\n\n\n\n\n\n");
	for (int i = 0; i < 200000; i++) {
		snprintf(s, sizeof s, "\033[H\033[38;2;%d;%d;%dmx", i & 255,
		    i >> 8 & 255, i >> 16);
		put(vt, s);
	}
	assert_int_equal(style_at(vt, 0, 0).fg, 0x1000000 | 63 << 16 |
	    13 << 8 | 3);
	assert_int_equal(style_at(vt, -vt_scrollback(vt), 0).fg, 0x1ff0102);
	vt_destroy(vt);
}

static void
wide_cells_are_never_halved(void **st)
{
	struct vt *vt = vt_create(4, 6, 0);
	const struct vt_cell *c;
	int n;

	(void)st;
	put(vt, "\xe4\xb8\xad\xe4\xb8\xad\033[1;2Hx");
	expect_row(vt, 0, " x\xe4\xb8\xad");
	put(vt, "\033[1;4H\033[K");
	c = vt_row(vt, 0, &n);
	for (int i = 0; i < n; i++)
		assert_int_equal(c[i].width, 1);
	put(vt, "\033[2;6H\xe4\xb8\xad");
	expect_row(vt, 2, "\xe4\xb8\xad");
	put(vt, "\033[4;1H\xe4\xb8\xad" "b\033[4;1H\033[P");
	expect_row(vt, 3, " b");
	vt_destroy(vt);
}

static void
resizing_keeps_the_bottom(void **st)
{
	struct vt *vt = vt_create(4, 10, 100);

	(void)st;
	put(vt, "1\r\n2\r\n3\r\n4\r\n5\r\n6");
	assert_int_equal(vt_scrollback(vt), 2);
	vt_resize(vt, 2, 10);
	expect_row(vt, 1, "6");
	expect_row(vt, -1, "4");
	expect_cursor(vt, 1, 1);
	vt_resize(vt, 5, 3);
	expect_row(vt, 0, "2");
	expect_row(vt, 4, "6");
	expect_cursor(vt, 4, 1);
	put(vt, "\033[?1049h" "alt");
	vt_resize(vt, 2, 8);
	put(vt, "\033[?1049l");
	expect_row(vt, 1, "6");
	expect_cursor(vt, 1, 1);
	vt_destroy(vt);
}

static void
answers(void **st)
{
	struct vt *vt = vt_create(10, 20, 0);

	(void)st;
	put(vt, "abc\r\nde\033[6n");
	expect_output(vt, "\033[2;3R");
	put(vt, "\033[c\033[5n\033[?2004h\033[?2004$p");
	expect_output(vt, "\033[?1;2c\033[0n\033[?2004;1$y");
	put(vt, "\033[1;31m\033P$qm\033\\");
	expect_output(vt, "\033P1$r0;1;38;5;1m\033\\");
	for (int i = 0; i < 100000; i++)
		put(vt, "\033[6n");
	struct buf b = { 0 };
	vt_take_output(vt, &b);
	assert_true(b.len <= 65536);
	buf_free(&b);
	vt_destroy(vt);
}

static void
clipboard_and_titles(void **st)
{
	struct vt *vt = vt_create(10, 20, 0);
	struct buf b = { 0 };

	(void)st;
	put(vt, "\033]52;c;?\007");
	assert_false(vt_take_clipboard(vt, &b));
	put(vt, "\033]52;c;aGVs");
	put(vt, "bG8=\033\\x");
	assert_true(vt_take_clipboard(vt, &b));
	assert_string_equal(buf_str(&b), "hello");
	assert_false(vt_take_clipboard(vt, &b));
	put(vt, "\033]2;\xe2\x80\xae" "a\xc2\x9b\xff" "b\033\\");
	assert_string_equal(vt_title(vt), "a\xef\xbf\xbd" "b");
	put(vt, "\033P\033[31my\033Xhidden\007\033_and\033\\z");
	expect_row(vt, 0, "xyz");
	buf_free(&b);
	vt_destroy(vt);
}

/* As vim does around its own title. */
static void
titles_are_put_aside(void **st)
{
	struct vt *vt = vt_create(10, 20, 0);

	(void)st;
	put(vt, "\033[23;2t\033]2;one\007\033[22;2t\033[22;1t\033]2;two\007");
	assert_string_equal(vt_title(vt), "two");
	put(vt, "\033[23;1t\033[23;0;0t");
	assert_string_equal(vt_title(vt), "one");
	put(vt, "\033]2;three\007\033[23t");
	assert_string_equal(vt_title(vt), "three");
	for (char c = 'a'; c <= 'z'; c++) {
		char s[] = "\033]2;_\007\033[22t";

		s[4] = c;
		put(vt, s);
	}
	put(vt, "\033[23t\033[23t");
	assert_string_equal(vt_title(vt), "y");
	put(vt, "\033kscreen's\033\\x\033[18t");
	expect_row(vt, 0, "x");
	expect_output(vt, "\033[8;10;20t");
	vt_destroy(vt);
}

static void
text_and_search(void **st)
{
	struct vt *vt = vt_create(3, 10, 10);
	struct buf b = { 0 };
	int row = 2, col = 9;

	(void)st;
	put(vt, "Hello one\r\nabcdefghijklm\r\nhello \xe4\xb8\xad two");
	vt_text(vt, -1, 0, 2, 9, &b);
	assert_string_equal(buf_str(&b), "abcdefghij" "klm\nhello "
	    "\xe4\xb8\xad t" "wo" + 0);
	buf_free(&b);
	assert_true(vt_find(vt, "hello", -1, &row, &col));
	assert_int_equal(col, 0);
	assert_true(vt_find(vt, "hello", -1, &row, &col));
	assert_int_equal(row, -vt_scrollback(vt));
	row = -vt_scrollback(vt);
	col = 0;
	assert_false(vt_find(vt, "Two", 1, &row, &col));
	assert_true(vt_find(vt, "\xe4\xb8\xad", 1, &row, &col));
	assert_int_equal(col, 6);
	vt_destroy(vt);
}

/* --- random input ------------------------------------------------------- */

static unsigned seed = 7;

static unsigned
rnd(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 9) % n;
}

static void
random_bytes(struct buf *b, int pieces)
{
	static const char finals[] = "@ABCDEFGHIJKLMPSTXZ`abcdefghjklmnrsu";
	static const char *const parts[] = { "hello", "\r\n", "\n", "\t",
		"\xe4\xb8\xad", "e\xcc\x81", "\xf0\x9f\x98\x80", "\033M",
		"\033[?1049h", "\033[?1049l", "\033[4h", "\033[4l", "\0337",
		"\0338", "\033[?6h", "\033[?6l", "\033[?69h", "\033[?69l",
		"\033(0", "\033(B", "\016", "\017", "\033]2;t\007", "\033c",
		"\033[?7l", "\033[?7h", "\033#8", "\033[!p", "\033N", "\b",
		"\033]52;c;YQ==\033\\", "\033P$qm\033\\", "\xe4\xb8", "\033",
		"\033[38;2;3;4;5m", "\033[48;5;3m", "\033[0m", "\177" };

	while (pieces-- > 0) {
		unsigned k = rnd(10);

		if (k < 5)
			buf_adds(b, parts[rnd(ARRAY_LEN(parts))]);
		else if (k < 9)
			buf_addf(b, "\033[%s%u;%u%c", rnd(8) ? "" : "?",
			    rnd(50), rnd(130), finals[rnd(sizeof finals - 1)]);
		else
			buf_addc(b, (char)rnd(256));
	}
}

static void
check_cells(const struct vt *vt)
{
	for (int y = -vt_scrollback(vt); y < vt_rows(vt); y++) {
		int n;
		const struct vt_cell *c = vt_row(vt, y, &n);

		for (int i = 0; i < n; i++) {
			assert_true(c[i].width <= 2);
			if (c[i].width == 2)
				assert_true(i + 1 < n && c[i + 1].width == 0);
			if (c[i].width == 0)
				assert_true(i > 0 && c[i - 1].width == 2);
		}
	}
}

static void
cuts_change_nothing(void **st)
{
	(void)st;
	for (int round = 0; round < 60; round++) {
		struct vt *a = vt_create(12, 40, 50);
		struct vt *b = vt_create(12, 40, 50);
		struct vt_snapshot *s = NULL;
		struct buf in = { 0 };
		size_t cut;

		random_bytes(&in, 400);
		vt_write(a, in.data, in.len);
		cut = rnd((unsigned)in.len);
		for (size_t i = 0; i < in.len;) {
			size_t n = 1 + rnd(9);

			n = n < in.len - i ? n : in.len - i;
			if (s == NULL && i + n > cut) {
				n = cut > i ? cut - i : 0;
				vt_write(b, in.data + i, n);
				s = vt_snapshot(b);
				i += n;
				cut = i;
				continue;
			}
			vt_write(b, in.data + i, n);
			i += n;
		}
		expect_same(a, b);
		check_cells(a);
		vt_write(b, "junk\033[5;9H\033]0;", 13);
		vt_resize(b, 3 + (int)rnd(30), 1 + (int)rnd(90));
		vt_restore(b, s);
		vt_write(b, in.data + cut, in.len - cut);
		expect_same(a, b);
		vt_snapshot_free(s);
		buf_free(&in);
		vt_destroy(a);
		vt_destroy(b);
	}
}

static int
count_matches(const struct vt *vt, const char *needle, int dir)
{
	int row = dir > 0 ? -vt_scrollback(vt) : vt_rows(vt) - 1;
	int col = dir > 0 ? -1 : VT_COLS_MAX, n = 0;

	while (vt_find(vt, needle, dir, &row, &col))
		n++;
	return n;
}

/* All ways find the same. */
static void
check_search(const struct vt *vt, const char *needle)
{
	int n = 0;

	for (int y = -vt_scrollback(vt); y < vt_rows(vt); y++)
		for (int x = -1; (x = vt_find_in(vt, needle, y, x)) >= 0;)
			n++;
	assert_int_equal(count_matches(vt, needle, 1), n);
	assert_int_equal(count_matches(vt, needle, -1), n);
}

static void
random_resizes(void **st)
{
	struct vt *vt = vt_create(12, 40, 50);
	struct buf in = { 0 };

	(void)st;
	for (int round = 0; round < 1500; round++) {
		buf_clear(&in);
		random_bytes(&in, 20);
		vt_write(vt, in.data, in.len);
		if (rnd(3) == 0)
			vt_resize(vt, (int)rnd(40), (int)rnd(130));
		if (round % 50 == 0) {
			check_cells(vt);
			check_search(vt, "l");
			check_search(vt, "hello\xe4\xb8\xad");
		}
	}
	buf_free(&in);
	vt_destroy(vt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_sequences),
		cmocka_unit_test(several_modes_in_one),
		cmocka_unit_test(mouse_modes_replace_each_other),
		cmocka_unit_test(keys),
		cmocka_unit_test(colours),
		cmocka_unit_test(styles_are_collected),
		cmocka_unit_test(wide_cells_are_never_halved),
		cmocka_unit_test(resizing_keeps_the_bottom),
		cmocka_unit_test(answers),
		cmocka_unit_test(clipboard_and_titles),
		cmocka_unit_test(titles_are_put_aside),
		cmocka_unit_test(text_and_search),
		cmocka_unit_test(cuts_change_nothing),
		cmocka_unit_test(random_resizes),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
