#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ini.h"
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
		"high-contrast" };
	struct theme t;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		if (!load_file(names[i], &t, &e))
			fail_msg("%s", e.msg);
	}
}

/* A theme still works where the installed files are missing. */
static void
test_built_in_equals_file(void **state)
{
	struct theme file, built;
	struct err e;
	char none[] = "[theme]\nbase = light\n";

	(void)state;
	assert_true(load_file("light", &file, &e));
	assert_true(theme_parse("x", none, strlen(none), &built, &e));
	same_styles(&file, &built);
	assert_true(load_file("dark", &file, &e));
	assert_true(theme_parse("x", "", 0, &built, &e));
	same_styles(&file, &built);
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
	    "dark, light or mono");
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
		cmocka_unit_test(test_styles),
		cmocka_unit_test(test_errors_name_the_place),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_ini_edges),
	};

	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
