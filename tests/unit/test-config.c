#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/patience.h"
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
	    "palette (F12) has their names");
	expect_error("[colour]\nx = y\n", "f:2: no section [colour]; there "
	    "are [ui], [keys] and [modal]");
	expect_error("[ui]\nclipboard = yes\n", "f:2: clipboard is \"yes\"; "
	    "write none or osc52");
	expect_error("[ui]\ntheme = a/b\n", "f:2: \"a/b\" is no name of a "
	    "theme; use letters, digits, - and _");
	expect_error("[ui]\nsize = 2\n", "f:2: no setting \"size\" in [ui]; "
	    "there are theme, ascii, mouse, predict and clipboard");
}

static bool
ours(const struct keymap *m, const char *name)
{
	struct key k;

	assert_true(key_parse(name, &k));
	return keymap_not_shells(m, &k);
}

/* Without settings only function keys are viva's there. */
static void
test_keys_of_the_shell(void **state)
{
	struct keymap *m = keymap_create(false);
	char name[32];

	(void)state;
	keymap_key(m, cmd_find("palette"), name);
	assert_string_equal(name, "C-p");
	keymap_shell_key(m, cmd_find("palette"), name);
	assert_string_equal(name, "F12");
	keymap_shell_key(m, cmd_find("undo"), name);
	assert_string_equal(name, "");
	assert_true(ours(m, "S-F6"));
	assert_false(ours(m, "C-p"));
	assert_false(ours(m, "M-h")); /* of the table only */
	assert_false(ours(m, "M-Left"));
	keymap_destroy(m);
}

/* What people bind themselves works there too, unless the shell could not be
 * used without it. */
static void
test_own_keys_in_the_shell(void **state)
{
	static const char *const spared[] = { "M-h", "M-j", "C-M-x",
		"M-Left", "C-Right", "S-Home", "C-PgUp", "C-S-Up",
		"M-Enter", "F9", "C-F9" };
	static const char *const needed[] = { "a", "C-b", "C-p", "Space",
		"Enter", "Tab", "S-Tab", "Backspace", "Escape", "Up", "Home",
		"PgDn", "Delete" };
	struct keymap *m = keymap_create(false);
	char name[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spared); i++) {
		assert_true(keymap_bind(m, spared[i], "run-tests", NULL));
		assert_true(ours(m, spared[i]));
		assert_true(keymap_bind(m, spared[i], "none", NULL));
		assert_int_equal(ours(m, spared[i]), spared[i][0] == 'F' ||
		    strcmp(spared[i], "C-F9") == 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		assert_true(keymap_bind(m, needed[i], "undo", NULL));
		assert_false(ours(m, needed[i]));
	}
	keymap_shell_key(m, cmd_find("undo"), name);
	assert_string_equal(name, "");
	assert_true(keymap_bind(m, "M-u", "undo", NULL));
	keymap_shell_key(m, cmd_find("undo"), name);
	assert_string_equal(name, "M-u");
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

static void
test_a_pipe_is_not_waited_for(void **state)
{
	char dir[] = "/tmp/viva-config-XXXXXX", *viva, *path;
	struct settings c;
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	viva = xasprintf("%s/viva", dir);
	path = xasprintf("%s/config", viva);
	assert_int_equal(mkdir(viva, 0700), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	setenv("XDG_CONFIG_HOME", dir, 1);
	settings_init(&c);
	alarm(PATIENCE_US / 1000000); /* for a test that would wait for ever */
	assert_false(settings_load(&c, NULL, &e));
	alarm(0);
	assert_non_null(strstr(e.msg, "config is a pipe"));
	unlink(path);
	rmdir(viva);
	rmdir(dir);
	free(path);
	free(viva);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_a_mistake_costs_one_line),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_keys_of_the_shell),
		cmocka_unit_test(test_own_keys_in_the_shell),
		cmocka_unit_test(test_no_file_is_fine),
		cmocka_unit_test(test_a_pipe_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
