#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/keymap.h"

/* Names are unique, keys parse, and no two commands share a default key in
 * the same mode. */
static void
test_table(void **state)
{
	const struct cmd *t;
	struct keymap *m[2] = { keymap_create(false), keymap_create(true) };
	struct key k;
	char name[32];
	size_t n;

	(void)state;
	t = cmd_table(&n);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(cmd_find(t[i].name), &t[i]);
		assert_true(t[i].help != NULL && t[i].help[0] != '\0');
		assert_int_equal(t[i].scope == CMD_PANE, t[i].pane != NULL);
		if (t[i].key == NULL)
			continue;
		assert_true(key_parse(t[i].key, &k));
		for (int r = 0; r < 2; r++)
			if (t[i].when & (r ? CMD_REPLAY : CMD_LIVE)) {
				assert_ptr_equal(keymap_find(m[r], &k), &t[i]);
				keymap_key(m[r], &t[i], name);
				assert_string_equal(name, t[i].key);
			}
		if (t[i].key2 != NULL)
			assert_true(key_parse(t[i].key2, &k));
	}
	keymap_destroy(m[0]);
	keymap_destroy(m[1]);
}

static const char *
best(const char *typed)
{
	const struct cmd *t, *found = NULL;
	int score = 0, s;
	size_t n;

	t = cmd_table(&n);
	for (size_t i = 0; i < n; i++) {
		s = cmd_match(&t[i], typed);
		if (s > score) {
			score = s;
			found = &t[i];
		}
	}
	return found ? found->name : "";
}

static void
test_fuzzy(void **state)
{
	(void)state;
	assert_string_equal(best("rt"), "run-tests");
	assert_string_equal(best("sub"), "submit");
	assert_string_equal(best("zo"), "zoom");
	assert_string_equal(best("QUIT"), "quit");
	assert_string_equal(best("goto"), "goto-line");
	assert_string_equal(best("xyzzy"), "");
	assert_true(cmd_match(cmd_find("quit"), "") > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_fuzzy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
