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

static void
key_of(void *user, const char *cmd, char out[40])
{
	struct keymap *m = user;

	keymap_key(m, cmd_find(cmd), out);
}

static void
assert_words(struct keymap *m, const char *text, const char *words)
{
	struct buf b = { 0 };

	cmd_words(text, m != NULL ? key_of : NULL, m, &b);
	assert_string_equal(buf_str(&b), words);
	buf_free(&b);
}

/* What the core says to do has the key that does it, whichever it is. */
static void
test_words(void **state)
{
	static const char text[] = "gone; the command new-sandbox opens "
	    "another one";
	struct keymap *m = keymap_create(false), *r = keymap_create(true);

	(void)state;
	assert_words(m, text, "gone; S-F4 opens another one");
	assert_words(m, "", "");
	assert_words(m, "the command ", "the command ");
	assert_words(m, "the command rm ends", "the command rm ends");
	assert_words(m, "the command save-force or the command save",
	    "the command save-force or C-s");
	assert_words(m, "the command "
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
	    "the command "
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
	assert_words(r, text, text); /* a replay has no such key */
	assert_words(NULL, text, text);
	assert_true(keymap_bind(m, "F9", "new-sandbox", NULL));
	assert_true(keymap_bind(m, "S-F4", "none", NULL));
	assert_words(m, text, "gone; F9 opens another one");
	assert_true(keymap_bind(m, "F9", "none", NULL));
	assert_words(m, text, text);
	keymap_destroy(m);
	keymap_destroy(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_fuzzy),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
