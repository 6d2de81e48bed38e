#include "config.h"

/* The file of images' ids that is kept from one run to the next: what is
 * found again, and that nothing of a file that is damaged, old or not ours
 * is. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sandbox/modal-kept.h"
#include "tests/support/fakemodal.h"

#define NOW 1800000000
#define DAY 86400
#define ID "im-0123456789012345678901"

static char top[40], dir[80], path[120];

static int
setup(void **state)
{
	(void)state;
	snprintf(top, sizeof top, "/tmp/viva-kept-XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(dir, sizeof dir, "%s/cache/viva", top);
	snprintf(path, sizeof path, "%s/images", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	assert_int_equal(rmdir(dir), 0); /* nothing else is in it */
	*strrchr(dir, '/') = '\0';
	assert_int_equal(rmdir(dir), 0);
	return rmdir(top);
}

/* A key of that name. */
static const char *
key(const char *text)
{
	static char key[KEPT_KEY_LEN + 1];
	struct kept_name *n = kept_name_create();

	kept_name_add(n, text);
	kept_name_finish(n, key);
	return key;
}

static void
put(const char *name, const char *id, int64_t now)
{
	struct kept *k = kept_open(dir, now);

	kept_put(k, key(name), id, now);
	kept_close(k);
}

/* In a run of its own. */
static void
assert_kept(const char *name, const char *id, int64_t now)
{
	struct kept *k = kept_open(dir, now);
	const char *found = kept_find(k, key(name), now);

	if (id == NULL)
		assert_null(found);
	else if (found == NULL)
		fail_msg("%s is not kept", name);
	else
		assert_string_equal(found, id);
	kept_close(k);
}

static void
damage(const char *text, size_t n)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

/* ---- tests ---- */

static void
test_kept(void **state)
{
	struct stat st;
	struct kept *k;

	(void)state;
	assert_kept("a", NULL, NOW);
	put("a", ID, NOW);
	assert_kept("a", ID, NOW);
	assert_kept("b", NULL, NOW);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	put("a", "im-2", NOW + 1);
	assert_kept("a", "im-2", NOW + 1);
	k = kept_open(dir, NOW);
	kept_drop(k, key("a"), NOW);
	assert_null(kept_find(k, key("a"), NOW));
	kept_close(k);
	assert_kept("a", NULL, NOW);
}

/* A text is not what two others make together. */
static void
test_names(void **state)
{
	static const char *const texts[][3] = { { "ab", "c", "" },
		{ "a", "bc", "" }, { "abc", "", "" }, { "", "abc", "" },
		{ "a", "b", "c" } };
	char keys[ARRAY_LEN(texts)][KEPT_KEY_LEN + 1];
	struct kept_name *n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		n = kept_name_create();
		for (size_t k = 0; k < 3; k++)
			kept_name_add(n, texts[i][k]);
		kept_name_finish(n, keys[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(keys[k], keys[i]);
	}
	put("a", ID, NOW); /* for teardown */
}

static void
test_old(void **state)
{
	(void)state;
	put("a", ID, NOW);
	assert_kept("a", ID, NOW + KEPT_S - 1);
	assert_kept("a", NULL, NOW + KEPT_S);
	/* Of a clock that went wrong. */
	assert_kept("a", ID, NOW - 60);
	assert_kept("a", NULL, NOW - DAY);
	/* One that is used for long is asked for again too. */
	put("b", ID, NOW + KEPT_S);
	assert_kept("b", ID, NOW + KEPT_S);
	assert_kept("a", NULL, NOW);
}

static void
test_bounded(void **state)
{
	char name[20];
	struct stat st;

	(void)state;
	for (int i = 0; i < KEPT_MAX + 3; i++) {
		snprintf(name, sizeof name, "n%d", i);
		put(name, ID, NOW + i);
	}
	assert_kept("n2", NULL, NOW + 99);
	assert_kept("n3", ID, NOW + 99);
	assert_kept(name, ID, NOW + 99);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 16384);
}

/* Each run writes what it found, and leaves what others found. */
static void
test_several(void **state)
{
	struct kept *a, *b;

	(void)state;
	a = kept_open(dir, NOW);
	b = kept_open(dir, NOW);
	kept_put(a, key("a"), "im-a", NOW);
	kept_close(a);
	kept_put(b, key("b"), "im-b", NOW);
	kept_put(b, key("c"), "im-c", NOW);
	kept_drop(b, key("b"), NOW);
	kept_close(b);
	assert_kept("a", "im-a", NOW);
	assert_kept("b", NULL, NOW);
	assert_kept("c", "im-c", NOW);
}

/* Nothing of it is used, and the next id that is kept mends it. */
static void
test_damaged(void **state)
{
	struct buf good = { 0 };
	char *bad;

	(void)state;
	put("a", ID, NOW);
	assert_true(hunt_slurp(path, &good));
	for (size_t n = 0; n < good.len; n++) {
		damage(good.data, n);
		assert_kept("a", NULL, NOW);
	}
	for (size_t i = 0; i < good.len; i++) {
		bad = xmemdup(good.data, good.len);
		bad[i] = '\0';
		damage(bad, good.len);
		assert_kept("a", NULL, NOW);
		bad[i] = '\n';
		damage(bad, good.len);
		assert_kept("a", good.data[i] == '\n' ? ID : NULL, NOW);
		free(bad);
	}
	bad = xcalloc(1, 1 << 20);
	memset(bad, 'x', 1 << 20);
	damage(bad, 1 << 20);
	assert_kept("a", NULL, NOW);
	free(bad);
	put("b", "im-b", NOW);
	assert_kept("b", "im-b", NOW);
	buf_free(&good);
}

/* What others can write to is not read, and not written. */
static void
test_not_ours(void **state)
{
	char other[120];

	(void)state;
	put("a", ID, NOW);
	assert_int_equal(chmod(path, 0620), 0);
	assert_kept("a", NULL, NOW);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_kept("a", NULL, NOW);
	put("b", ID, NOW);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_kept("a", ID, NOW);
	assert_kept("b", NULL, NOW);
	snprintf(other, sizeof other, "%s/elsewhere", top);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_kept("a", NULL, NOW);
	put("b", ID, NOW); /* in the link's place */
	assert_kept("b", ID, NOW);
	assert_int_equal(unlink(other), 0);
}

/* An id that is none is not kept; a place that cannot be is none. */
static void
test_refused(void **state)
{
	struct kept *k;
	char none[60];

	(void)state;
	put("a", ID, NOW);
	put("a", "im-1\nx", NOW);
	assert_kept("a", ID, NOW);
	put("a", "sb-1", NOW);
	assert_kept("a", ID, NOW);
	snprintf(none, sizeof none, "%s/a/b/c/d", top);
	k = kept_open(none, NOW);
	kept_put(k, key("a"), ID, NOW);
	assert_string_equal(kept_find(k, key("a"), NOW), ID);
	kept_close(k);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_kept), T(test_names),
		T(test_old), T(test_bounded), T(test_several),
		T(test_damaged), T(test_not_ours), T(test_refused) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
