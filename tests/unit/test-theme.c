#include "config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ini.h"
#include "ui/colour.h"
#include "ui/theme.h"

static const char *
source_dir(void)
{
	const char *dir = getenv("srcdir");

	return dir != NULL ? dir : ".";
}

static bool
nothing(void *user, const struct ini_entry *i, struct err *e)
{
	(void)user;
	(void)i;
	(void)e;
	return true;
}

static void
same_styles(const struct theme *a, const struct theme *b)
{
	for (size_t i = 0; i < STYLE_NAMES; i++) {
		assert_int_equal(a->styles[i].fg, b->styles[i].fg);
		assert_int_equal(a->styles[i].bg, b->styles[i].bg);
		assert_int_equal(a->styles[i].attr, b->styles[i].attr);
	}
}

static bool
load_file(const char *name, struct theme *t, struct err *e)
{
	char path[4096], text[16384];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/themes/%s", source_dir(), name);
	f = fopen(path, "re");
	assert_non_null(f);
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	return theme_parse(name, text, n, t, e);
}

static void
test_files_have_no_mistakes(void **state)
{
	static const char *const names[] = { "dark", "light", "ansi16",
		"high-contrast", "neutral" };
	struct theme t;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		if (!load_file(names[i], &t, &e))
			fail_msg("%s", e.msg);
	}
}

/* A theme still works where the installed files are missing. */
static void
test_built_in_equals_file(void **state)
{
	static const char *const names[] = { "dark", "light", "neutral",
		"ansi16" };
	struct theme file, built;
	struct err e;
	char text[64];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof text, "[theme]\nbase = %s\n", names[i]);
		assert_true(load_file(names[i], &file, &e));
		assert_true(theme_parse("x", text, strlen(text), &built,
		    &e));
		same_styles(&file, &built);
	}
	assert_true(load_file("dark", &file, &e));
	assert_true(theme_parse("x", "", 0, &built, &e));
	same_styles(&file, &built);
}

/* --- what can be read --------------------------------------------------- */

static double
linear(int v)
{
	double x = v / 255.0;

	return x <= 0.03928 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4);
}

/* The relative luminance of WCAG 2. */
static double
luminance(int32_t c)
{
	return 0.2126 * linear(c >> 16 & 255) + 0.7152 * linear(c >> 8 & 255) +
	    0.0722 * linear(c & 255);
}

static double
contrast(int32_t a, int32_t b)
{
	double x = luminance(a) + 0.05, y = luminance(b) + 0.05;

	return x > y ? x / y : y / x;
}

static void
check_contrast(const char *name, int32_t background, double least)
{
	struct theme t;
	struct err e;

	assert_true(load_file(name, &t, &e));
	for (size_t i = 0; i < STYLE_NAMES; i++) {
		const struct style *s = &t.styles[i];
		int32_t bg = s->bg != COLOR_DEFAULT ? s->bg : background;

		/* The terminal's own colours are the user's to choose; a rule
		 * is no text. */
		if (s->fg == COLOR_DEFAULT || i == STYLE_RULE)
			continue;
		if (contrast(s->fg, bg) < least)
			fail_msg("%s: style %zu on #%06x: contrast %.2f", name,
			    i, (unsigned)bg & 0xffffff, contrast(s->fg, bg));
	}
}

static void
test_themes_can_be_read(void **state)
{
	const int32_t black = COLOR_RGB(0, 0, 0);
	const int32_t grey = COLOR_RGB(0x1e, 0x1e, 0x1e);
	const int32_t white = COLOR_RGB(255, 255, 255);
	const int32_t paper = COLOR_RGB(0xfd, 0xf6, 0xe3);

	(void)state;
	check_contrast("dark", black, 4.5);
	check_contrast("dark", grey, 4.5);
	check_contrast("light", white, 4.5);
	check_contrast("light", paper, 4.2);
	check_contrast("neutral", black, 3.7);
	check_contrast("neutral", white, 3.7);
	check_contrast("high-contrast", black, 4.5);
}

static void
test_styles(void **state)
{
	const char s[] = "[styles]\n"
	    "pass = \"#010203 on 17 bold underline\" # so\n"
	    "fail = bright-red\n"
	    "wait = on blue reverse\n";
	struct theme t;
	struct err e;

	(void)state;
	assert_true(theme_parse("t", s, strlen(s), &t, &e));
	assert_int_equal(t.styles[STYLE_PASS].fg, COLOR_RGB(1, 2, 3));
	assert_int_equal(t.styles[STYLE_PASS].bg, 17);
	assert_int_equal(t.styles[STYLE_PASS].attr,
	    ATTR_BOLD | ATTR_UNDERLINE);
	assert_int_equal(t.styles[STYLE_FAIL].fg, 9);
	assert_int_equal(t.styles[STYLE_WAIT].fg, COLOR_DEFAULT);
	assert_int_equal(t.styles[STYLE_WAIT].bg, 4);
}

static void
expect_error(const char *s, const char *want)
{
	struct theme t, dark;
	struct err e = { 0 };

	assert_false(theme_parse("t", s, strlen(s), &t, &e));
	assert_string_equal(e.msg, want);
	assert_true(theme_parse("d", "", 0, &dark, &e));
	same_styles(&t, &dark);
}

static void
test_errors_name_the_place(void **state)
{
	(void)state;
	expect_error("[styles]\npass = \"mauve\"\n", "t:2: \"mauve\" is no "
	    "colour or attribute; write \"#rrggbb on blue bold\", say");
	expect_error("[styles]\n\n\npas = red", "t:4: no style \"pas\"; "
	    "themes/dark has them all");
	expect_error("[styles]\npass = #00ff00\n", "t:2: no style; put "
	    "colours in quotes: \"#rrggbb\"");
	expect_error("[theme]\nbase = blue\n", "t:2: base is \"blue\"; write "
	    "dark, light, neutral, ansi16 or mono");
	expect_error("[theme\n", "t:1: bad section; write [name] or "
	    "[name \"part\"]");
}

static void
test_load(void **state)
{
	struct theme t;
	struct err e = { 0 };

	(void)state;
	assert_false(theme_load("../../etc/passwd", &t, &e));
	assert_false(theme_load("nosuchtheme", &t, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "nosuchtheme"));
	assert_true(theme_load("mono", &t, &e));
	for (size_t i = 0; i < STYLE_NAMES; i++) {
		assert_int_equal(t.styles[i].fg, COLOR_DEFAULT);
		assert_int_equal(t.styles[i].bg, COLOR_DEFAULT);
	}
}

/* On a terminal of eight colours nothing turns invisible. */
static void
test_few_colours(void **state)
{
	int bold;

	(void)state;
	assert_int_equal(colour_degrade(8, 8, &bold), -1);
	assert_int_equal(bold, 0);
	assert_int_equal(colour_degrade(COLOR_RGB(0x80, 0x80, 0x80), 8, &bold),
	    -1);
	assert_int_equal(colour_degrade(9, 8, &bold), 1);
	assert_int_equal(bold, 1);
	assert_int_equal(colour_degrade(8, 16, &bold), 8);
}

/* xterm's palette without its first 16, and the one that the eye finds
 * nearest, by trying them all. */
static int32_t
nearest_by_hand(int r, int g, int b)
{
	static const int levels[6] = { 0, 95, 135, 175, 215, 255 };
	int best = 0, least = 1 << 30;

	for (int i = 16; i < 256; i++) {
		int n = i - 16, grey = 8 + 10 * (i - 232);
		int dr = r - (i < 232 ? levels[n / 36] : grey);
		int dg = g - (i < 232 ? levels[n / 6 % 6] : grey);
		int db = b - (i < 232 ? levels[n % 6] : grey);
		int d = 3 * dr * dr + 4 * dg * dg + 2 * db * db;

		if (d < least) {
			least = d;
			best = i;
		}
	}
	return best;
}

static void
test_nearest_colour(void **state)
{
	int bold;

	(void)state;
	for (int n = 0; n < 3; n++) /* other ends of the steps */
		for (int r = n; r < 256; r += 7)
			for (int g = n; g < 256; g += 7)
				for (int b = n; b < 256; b += 7)
					assert_int_equal(colour_degrade(
					    COLOR_RGB(r, g, b), 256, &bold),
					    nearest_by_hand(r, g, b));
	for (int v = 0; v < 256; v++)
		assert_int_equal(colour_degrade(COLOR_RGB(v, v, v), 256, &bold),
		    nearest_by_hand(v, v, v));
}

static void
test_ini_edges(void **state)
{
	const char s[] = "\xef\xbb\xbf[a \"b\\\"c\"] k = v ; c\r\n"
	    "flag\n\"quoted key\" = \"x # \\\"y\\\"\" z\n";
	struct err e = { 0 };
	bool b;

	(void)state;
	assert_true(ini_parse("f", s, strlen(s), nothing, NULL, &e));
	assert_false(ini_parse("f", "x = \"open", 9, nothing, NULL, &e));
	assert_string_equal(e.msg,
	    "f:1: a quote is not closed; end the text with \"");
	assert_false(ini_parse("f", "k = v", 5, nothing, NULL, &e));
	assert_true(ini_bool("Yes", &b, &e) && b);
	assert_false(ini_bool("maybe", &b, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_have_no_mistakes),
		cmocka_unit_test(test_built_in_equals_file),
		cmocka_unit_test(test_themes_can_be_read),
		cmocka_unit_test(test_few_colours),
		cmocka_unit_test(test_nearest_colour),
		cmocka_unit_test(test_styles),
		cmocka_unit_test(test_errors_name_the_place),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_ini_edges),
	};

	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
