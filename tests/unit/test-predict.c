#include "config.h"

/* Predictive echo against a terminal that answers late, not, or otherwise. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <locale.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/predict.h"

#define RTT 100000

struct fixture {
	struct vt *vt;
	struct predict *p;
	int64_t now;
};

static struct fixture f;

static int
setup(void **state)
{
	(void)state;
	f.vt = vt_create(5, 20, 10);
	f.p = predict_create();
	f.now = 1000000;
	vt_write(f.vt, "$ ", 2);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	vt_destroy(f.vt);
	predict_destroy(f.p);
	return 0;
}

static void
type(const char *s)
{
	predict_type(f.p, f.vt, s, strlen(s), RTT, f.now);
}

static bool
comes(const char *s)
{
	f.now += RTT;
	vt_write(f.vt, s, strlen(s));
	return predict_check(f.p, f.vt, f.now);
}

/* What is painted, as text; the cursor's column after it. */
static void
assert_shown(const char *text, int cursor)
{
	const struct predict_cell *c;
	char got[PREDICT_MAX + 1];
	int row, col;
	size_t n = predict_shown(f.p, &c, &row, &col);

	for (size_t i = 0; i < n; i++)
		got[i] = c[i].glyph < 128 ? (char)c[i].glyph : '?';
	got[n] = '\0';
	assert_string_equal(got, text);
	if (n > 0)
		assert_int_equal(col, cursor);
}

/* The first of a line waits for its echo; then all that follows is there. */
static void
test_line(void **state)
{
	(void)state;
	type("l");
	assert_shown("", 0);
	type("s");
	assert_shown("", 0);
	assert_true(comes("l"));
	assert_shown("s", 4);
	type(" -l");
	assert_shown("s -l", 7);
	assert_true(comes("s -"));
	assert_shown("l", 7);
	assert_true(comes("l"));
	assert_shown("", 0);
}

static void
test_fast_link(void **state)
{
	(void)state;
	predict_type(f.p, f.vt, "a", 1, 59000, f.now);
	comes("a");
	predict_type(f.p, f.vt, "b", 1, 59000, f.now);
	assert_shown("", 0);
	predict_type(f.p, f.vt, "c", 1, -1, f.now);
	assert_shown("", 0);
}

/* The program asks for a password: not one character of it is shown. */
static void
test_password(void **state)
{
	int64_t next;

	(void)state;
	type("s");
	comes("s");
	type("u\r");
	assert_shown("u", 4);
	comes("u\r\nPassword: ");
	type("secret");
	assert_shown("", 0);
	assert_false(predict_tick(f.p, true, f.now, &next));
	assert_int_equal(next, 2 * RTT + 250000);
	f.now += next;
	assert_false(predict_tick(f.p, true, f.now, &next));
	type("more");
	assert_shown("", 0);
	comes("\r\n");
	assert_shown("", 0);
}

static void
test_other_echo(void **state)
{
	(void)state;
	type("a");
	comes("a");
	type("bc");
	assert_shown("bc", 5);
	assert_true(comes("*")); /* shows stars from now on */
	assert_shown("", 0);
	type("d");
	assert_shown("", 0);
}

static void
test_erase(void **state)
{
	(void)state;
	type("a");
	comes("a");
	type("bc\177d");
	assert_shown("bc d", 5);
	assert_true(comes("bc\b \bd"));
	assert_shown("", 0);
	type("\177");
	assert_shown(" ", 4);
	assert_true(comes("\b \b"));
	assert_shown("", 0);
	/* What looks like the end is taken for it. */
	type("xy\177");
	comes("x");
	assert_shown("", 0);
}

/* In the middle of a line what is right of the cursor moves: not guessed. */
static void
test_middle(void **state)
{
	(void)state;
	type("a");
	comes("abc\b\b");
	type("x");
	assert_shown("", 0);
}

static void
test_enter(void **state)
{
	(void)state;
	type("a");
	comes("a");
	type("\r");
	type("b"); /* ahead of the prompt: not known where it will be */
	assert_shown("", 0);
	comes("\r\n$ b");
	comes("");
	type("c");
	assert_shown("", 0);
	comes("c");
	type("d");
	assert_shown("d", 5);
}

static void
test_alternate(void **state)
{
	(void)state;
	type("a");
	comes("a");
	type("b");
	assert_true(comes("\033[?1049h"));
	assert_shown("", 0);
	type("j");
	comes("j");
	type("k");
	assert_shown("", 0);
}

static void
test_edge(void **state)
{
	(void)state;
	type("a");
	comes("a");
	type("0123456789012345");
	assert_shown("0123456789012345", 19);
	type("x"); /* would wrap */
	assert_shown("0123456789012345", 19);
}

static void
test_away(void **state)
{
	int64_t next;

	(void)state;
	type("a");
	comes("a");
	type("bcd");
	f.now += 60000000;
	assert_false(predict_tick(f.p, false, f.now, &next));
	assert_shown("bcd", 6); /* waits, and is seen to */
	assert_true(predict_tick(f.p, true, f.now, &next));
	assert_shown("", 0);
}

static void
test_scrolled(void **state)
{
	(void)state;
	comes("\r\n\r\n\r\n\r\n$ ");
	type("a");
	comes("a");
	type("bc");
	assert_true(comes("\r\n[job done]\r\n"));
	assert_shown("", 0);
}

static void
test_wide(void **state)
{
	(void)state;
	type("a");
	comes("a");
	type("\346\274\242x");
	assert_shown("?x", 6);
	assert_true(comes("\346\274\242x"));
	assert_shown("", 0);
}

/* A person types on without a pause, each key before the echo of the one before
 * it has come; an echo takes one round trip.  How many letters were not seen at
 * once? */
static unsigned
typed_on(const char *text, int64_t gap, int64_t rtt, const char *first)
{
	size_t n = strlen(text), echoed = 0;
	int64_t began = f.now;
	unsigned late = 0;

	for (size_t i = 0; i < n; i++) {
		const struct predict_cell *c;
		int row, col;

		while (echoed < i && began + (int64_t)echoed * gap + rtt <=
		    began + (int64_t)i * gap) {
			f.now = began + (int64_t)echoed * gap + rtt;
			if (echoed == 0)
				vt_write(f.vt, first, strlen(first));
			else
				vt_write(f.vt, text + echoed, 1);
			echoed++;
			predict_check(f.p, f.vt, f.now);
		}
		f.now = began + (int64_t)i * gap;
		predict_type(f.p, f.vt, text + i, 1, rtt, f.now);
		if (text[i] == '\r' || predict_shown(f.p, &c, &row, &col) == 0)
			late++;
	}
	return late;
}

static void
test_types_on(void **state)
{
	(void)state;
	vt_resize(f.vt, 5, 80);
	/* The prompt's echo, then letters: some are needed to know where. */
	assert_in_range(typed_on("\rls -l --all --color", RTT * 2 / 3, RTT,
	    "\r\n$ "), 1, 5);
}

/* So it is when the round trip is thought to be longer than it is. */
static void
test_types_on_slower(void **state)
{
	(void)state;
	vt_resize(f.vt, 5, 80);
	f.now += 10 * RTT;
	type("\025"); /* kills a line that is empty: nothing comes */
	f.now += 10 * RTT;
	for (const char *s = "abcdefghij"; *s != '\0'; s++) {
		predict_type(f.p, f.vt, s, 1, 2 * RTT, f.now);
		f.now += RTT / 2;
		vt_write(f.vt, s, 1);
		predict_check(f.p, f.vt, f.now);
		f.now += RTT / 2;
	}
	predict_type(f.p, f.vt, "k", 1, 2 * RTT, f.now);
	assert_shown("k", 13);
}

/* Typed ahead of the prompt that asks for it: still not one character. */
static void
test_password_ahead(void **state)
{
	static const char text[] = "\rsecret and more of it";

	(void)state;
	vt_resize(f.vt, 5, 80);
	type("s");
	comes("s");
	for (size_t i = 0; i < sizeof text - 1; i++) {
		predict_type(f.p, f.vt, text + i, 1, RTT, f.now);
		if (i > 0)
			assert_shown("", 0);
		f.now += RTT / 2;
		if (i == 1)
			vt_write(f.vt, "\r\nPassword for s", 16);
		if (i == 2)
			vt_write(f.vt, "ecr: ", 5);
		if (i > 0)
			predict_check(f.p, f.vt, f.now);
		assert_shown("", 0);
	}
}

/* Where the echo comes elsewhere it is soon known again where. */
static void
test_found_again(void **state)
{
	(void)state;
	type("a");
	comes("a");
	type("bcd");
	assert_shown("bcd", 6);
	assert_true(comes("\r\n[1] done\r\n$ ab"));
	assert_shown("", 0);
	comes("c");
	assert_shown("d", 6);
	type("e");
	assert_shown("de", 7);
}

/* More than can be in flight: the rest comes as it comes. */
static void
test_bound(void **state)
{
	(void)state;
	vt_resize(f.vt, 5, 200);
	type("a");
	comes("a");
	for (int i = 0; i < 100; i++)
		type("b");
	const struct predict_cell *c;
	int row, col;

	assert_int_equal(predict_shown(f.p, &c, &row, &col), PREDICT_MAX);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_line), T(test_fast_link),
		T(test_password), T(test_other_echo), T(test_erase),
		T(test_middle), T(test_enter), T(test_alternate), T(test_edge),
		T(test_away), T(test_scrolled), T(test_wide), T(test_bound),
		T(test_types_on), T(test_types_on_slower),
		T(test_password_ahead), T(test_found_again) };

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
