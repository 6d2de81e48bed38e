#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
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
