#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <locale.h>

#include <cmocka.h>

#include "ui/canvas.h"

static const struct style plain = { COLOR_DEFAULT, COLOR_DEFAULT, 0 };
static const struct style red = { 1, COLOR_DEFAULT, ATTR_BOLD };

static void
expect(const struct canvas *c, const char *want)
{
	struct buf out = { 0 };

	canvas_dump(c, false, &out);
	assert_string_equal(buf_str(&out), want);
	buf_free(&out);
}

static void
test_text(void **state)
{
	struct canvas *c = canvas_create(2, 6);

	(void)state;
	assert_int_equal(canvas_str(c, 0, 1, "hello world", plain), 5);
	assert_int_equal(canvas_text(c, 1, 0, 3, "abcdef", 6, plain), 3);
	expect(c, " hello\nabc\n");
	canvas_str(c, 5, 0, "out of sight", plain);
	canvas_str(c, 0, -2, "xyz", plain);
	expect(c, "zhello\nabc\n");
	canvas_destroy(c);
}

static void
test_control_bytes_are_never_painted(void **state)
{
	struct canvas *c = canvas_create(1, 8);

	(void)state;
	canvas_text(c, 0, 0, -1, "a\033[\xff\x7f\n", 6, plain);
	expect(c, "a\xef\xbf\xbd[\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n");
	canvas_destroy(c);
}

static void
test_wide(void **state)
{
	struct canvas *c = canvas_create(1, 5);

	(void)state;
	assert_int_equal(canvas_str(c, 0, 0, "日本語", plain), 4);
	expect(c, "日本\n");
	assert_int_equal(c->cells[1].width, 0);
	/* Half of a wide glyph never stays behind. */
	canvas_put(c, 0, 1, 'x', 1, plain);
	expect(c, " x本\n");
	canvas_put(c, 0, 2, 'y', 1, plain);
	expect(c, " xy\n");
	canvas_put(c, 0, 4, 0x65e5, 2, plain);
	expect(c, " xy\n");
	canvas_destroy(c);
}

static void
test_combining(void **state)
{
	struct canvas *c = canvas_create(1, 4);

	(void)state;
	assert_int_equal(canvas_str(c, 0, 0, "e\xcc\x81x", plain), 2);
	expect(c, "e\xcc\x81x\n");
	canvas_destroy(c);
}

static void
test_sub_is_clipped(void **state)
{
	struct canvas *c = canvas_create(3, 6);
	struct canvas s = canvas_sub(c, 1, 4, 10, 10);

	(void)state;
	assert_int_equal(s.rows, 2);
	assert_int_equal(s.cols, 2);
	canvas_str(&s, 0, 0, "abc", plain);
	canvas_fill_rect(&s, 1, 0, 1, 1, red);
	expect(c, "\n    ab\n\n");
	s = canvas_sub(c, -1, -1, 2, 2);
	assert_int_equal(s.rows, 1);
	assert_int_equal(s.cols, 1);
	s = canvas_sub(c, 9, 9, 2, 2);
	assert_int_equal(s.rows, 0);
	canvas_fill(&s, red);
	canvas_put(&s, 0, 0, 'x', 1, red);
	canvas_destroy(c);
}

static void
test_dump_with_styles(void **state)
{
	struct canvas *c = canvas_create(1, 3);
	struct buf out = { 0 };

	(void)state;
	canvas_str(c, 0, 0, "a", plain);
	canvas_printf(c, 0, 1, red, "%d", 7);
	canvas_dump(c, true, &out);
	assert_string_equal(buf_str(&out),
	    "a7\naba\na: -1 on -1 attr 0\nb: 1 on -1 attr 1\n");
	buf_free(&out);
	canvas_destroy(c);
}

static void
test_tint(void **state)
{
	const struct style word = { 1, 2, ATTR_BOLD };
	const struct style over = { COLOR_DEFAULT, 9, ATTR_REVERSE };
	struct canvas *c = canvas_create(2, 4);

	(void)state;
	canvas_str(c, 1, 0, "abcd", word);
	canvas_tint(c, 1, 1, 2, over);
	canvas_tint(c, 5, 1, 2, over);
	canvas_tint(c, 1, 3, 900, over);
	assert_int_equal(c->cells[4].style.bg, 2);
	assert_int_equal(c->cells[5].style.fg, 1);
	assert_int_equal(c->cells[5].style.bg, 9);
	assert_int_equal(c->cells[5].style.attr, ATTR_BOLD | ATTR_REVERSE);
	assert_int_equal(c->cells[5].glyph, 'b');
	assert_int_equal(c->cells[0].style.bg, COLOR_DEFAULT);
	canvas_destroy(c);
}

static void
test_clipped(void **state)
{
	static const struct {
		const char *text;
		int col, max;
		const char *want;
	} cases[] = {
		{ "abcdefgh", 0, -1, "abcdefgh\n" },
		{ "abcdefghi", 0, -1, "abcdefg>\n" },
		{ "abcd", 2, 3, "  ab>\n" },
		{ "a\tb", 0, -1, "a      >\n" },
		{ "日本語日", 0, 8, "日本語日\n" },
		{ "日本語日本", 0, 8, "日本語 >\n" },
		{ "abc", 0, 0, "\n" },
		{ "abc", 9, 3, "\n" },
	};
	const struct style st = { 1, 2, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct canvas *c = canvas_create(1, 8);
		struct buf b = { 0 };

		canvas_clipped(c, 0, cases[i].col, cases[i].max,
		    cases[i].text, strlen(cases[i].text), st, '>', st);
		canvas_dump(c, false, &b);
		assert_string_equal(b.data, cases[i].want);
		buf_free(&b);
		canvas_destroy(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tint),
		cmocka_unit_test(test_clipped),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_control_bytes_are_never_painted),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_combining),
		cmocka_unit_test(test_sub_is_clipped),
		cmocka_unit_test(test_dump_with_styles),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
