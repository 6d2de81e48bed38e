#include "config.h"

/* The problem packages that viva brings along. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "problem/compare.h"
#include "problem/problem.h"

static const struct expected {
	const char *name, *title;
	unsigned samples, secrets;
	int64_t memory_mb;
	bool floats;
} expected[] = {
	{ "1-two-numbers", "Two numbers", 2, 8, 256, false },
	{ "2-heater-bill", "Heater bill", 2, 8, 128, true },
	{ "3-lighter-cart", "Lighter at every village", 2, 8, 256, false },
};

static struct problem *
load(const struct expected *x)
{
	const char *base = getenv("srcdir");
	char *dir = xasprintf("%s/problems/%s", base != NULL ? base : ".",
	    x->name);
	struct err e = { 0 };
	struct problem *p = problem_load(dir, &e);

	free(dir);
	if (p == NULL)
		fail_msg("%s: %s", x->name, e.msg);
	return p;
}

static void
packages_are_whole(void **st)
{
	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		const struct expected *x = &expected[i];
		struct problem *p = load(x);
		unsigned samples = 0, secrets = 0;

		assert_string_equal(p->name, x->name);
		assert_string_equal(p->title, x->title);
		assert_non_null(strstr(p->statement, x->title));
		assert_non_null(strstr(p->statement, "\n## Input\n"));
		assert_non_null(strstr(p->statement, "\n## Output\n"));
		assert_int_equal(p->time_limit_ms, 1000);
		assert_int_equal(p->memory_limit_mb, x->memory_mb);
		for (size_t k = 0; k < p->ncases; k++) {
			const struct problem_case *c = &p->cases[k];

			*(c->hidden ? &secrets : &samples) += 1;
			assert_int_equal(c->rules.absolute, x->floats);
			assert_int_equal(c->rules.relative, x->floats);
		}
		assert_int_equal(samples, x->samples);
		assert_int_equal(secrets, x->secrets);
		problem_free(p);
	}
}

static bool
accepts(const struct problem_case *k, const char *got, size_t n)
{
	return compare(&k->rules, k->ans, k->ans_len, got, n, NULL);
}

/* Each answer is right for its own case, and an output without its last
 * number, or with one more, is not. */
static void
answers_are_comparable(void **st)
{
	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		struct problem *p = load(&expected[i]);

		for (size_t j = 0; j < p->ncases; j++) {
			const struct problem_case *k = &p->cases[j];
			char *more = xasprintf("%s 1\n", k->ans);
			size_t n = k->ans_len;

			assert_true(k->in_len > 0 && n > 1);
			assert_int_equal(k->in[k->in_len - 1], '\n');
			assert_int_equal(k->ans[n - 1], '\n');
			assert_true(accepts(k, k->ans, n));
			assert_true(accepts(k, k->ans, n - 1));
			assert_false(accepts(k, more, strlen(more)));
			while (--n > 0 && strchr(" \n", k->ans[n - 1]) == NULL)
				;
			assert_false(accepts(k, k->ans, n));
			free(more);
		}
		problem_free(p);
	}
}

static void
bills_have_a_tolerance(void **st)
{
	struct problem *p = load(&expected[1]);
	const struct problem_case *k = &p->cases[0];
	const char near[] = "126.0001\n90\n0.0000005\n";
	const char far[] = "126.0002\n90\n0\n";
	const char zero[] = "126\n90\n0.000002\n";

	(void)st;
	assert_string_equal(k->name, "1");
	assert_true(accepts(k, near, sizeof near - 1));
	assert_false(accepts(k, far, sizeof far - 1));
	assert_false(accepts(k, zero, sizeof zero - 1));
	problem_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_are_whole),
		cmocka_unit_test(answers_are_comparable),
		cmocka_unit_test(bills_have_a_tolerance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
