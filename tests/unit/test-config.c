#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/settings.h"

static const struct cmd *
bound(const struct keymap *m, const char *name)
{
	struct key k;

	assert_true(key_parse(name, &k));
	return keymap_find(m, &k);
}

static void
test_settings(void **state)
{
	const char s[] = "[ui]\n\ttheme = light\n\tascii\n\tmouse = off\n"
	    "\tclipboard = osc52\n[keys]\n\"C-F5\" = run-tests\n"
	    "F5 = none\nM-q = quit\n";
	struct keymap *m = keymap_create(false);
	struct settings c;
	struct err e = { 0 };

	(void)state;
	settings_init(&c);
	assert_true(c.mouse);
	assert_true(settings_parse("f", s, strlen(s), &c, m, &e));
	assert_string_equal(c.theme, "light");
	assert_int_equal(c.theme_line, 2);
	assert_true(c.ascii);
	assert_false(c.mouse);
	assert_true(c.osc52);
	assert_ptr_equal(bound(m, "C-F5"), cmd_find("run-tests"));
	assert_null(bound(m, "F5"));
	assert_ptr_equal(bound(m, "M-q"), cmd_find("quit"));
	assert_ptr_equal(bound(m, "F10"), cmd_find("quit"));
	keymap_destroy(m);
}

static void
test_a_mistake_costs_one_line(void **state)
{
	const char s[] = "[ui]\nascii = perhaps\nmouse = no\ntheem = x\n";
	struct settings c;
	struct err e = { 0 };

	(void)state;
	settings_init(&c);
	assert_false(settings_parse("/x/config", s, strlen(s), &c, NULL, &e));
	assert_string_equal(e.msg, "/x/config:2: \"perhaps\" is neither true "
	    "nor false; write one of them");
	assert_false(c.mouse);
}

static void
expect_error(const char *s, const char *want)
{
	struct settings c;
	struct err e = { 0 };

	settings_init(&c);
	assert_false(settings_parse("f", s, strlen(s), &c, NULL, &e));
	assert_string_equal(e.msg, want);
}

static void
test_errors(void **state)
{
	(void)state;
	expect_error("[keys]\nF99 = quit\n", "f:2: no key \"F99\"; write one "
	    "like F5, C-x, M-Left or S-Tab");
	expect_error("[keys]\n\nF5 = qiut\n", "f:3: no command \"qiut\"; the "
	    "palette (C-p) has their names");
	expect_error("[colour]\nx = y\n", "f:2: no section [colour]; there "
	    "are [ui], [keys] and [modal]");
	expect_error("[ui]\nclipboard = yes\n", "f:2: clipboard is \"yes\"; "
	    "write none or osc52");
	expect_error("[ui]\ntheme = a/b\n", "f:2: \"a/b\" is no name of a "
	    "theme; use letters, digits, - and _");
	expect_error("[ui]\nsize = 2\n", "f:2: no setting \"size\" in [ui]; "
	    "there are theme, ascii, mouse, predict and clipboard");
}

/* In the shell only function keys are viva's. */
static void
test_keys_of_the_shell(void **state)
{
	struct keymap *m = keymap_create(false);
	struct key k;
	char name[32];

	(void)state;
	keymap_key(m, cmd_find("palette"), name);
	assert_string_equal(name, "C-p");
	keymap_shell_key(m, cmd_find("palette"), name);
	assert_string_equal(name, "F12");
	keymap_shell_key(m, cmd_find("undo"), name);
	assert_string_equal(name, "");
	assert_true(key_parse("S-F6", &k) && keymap_not_shells(&k));
	assert_true(key_parse("C-p", &k) && !keymap_not_shells(&k));
	keymap_destroy(m);
}

static void
test_no_file_is_fine(void **state)
{
	struct settings c;
	struct err e = { 0 };

	(void)state;
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	settings_init(&c);
	assert_true(settings_load(&c, NULL, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_a_mistake_costs_one_line),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_keys_of_the_shell),
		cmocka_unit_test(test_no_file_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
