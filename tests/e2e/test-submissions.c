#include "config.h"

/* The labelled submissions of the problems that come with viva get the
 * verdicts of their directories, in the real sandbox. */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "session/testrun.h"
#include "tests/support/machine.h"
#include "tests/support/patience.h"

static const struct {
	const char *dir;
	enum verdict verdict;
} labels[] = {
	{ "accepted", VERDICT_AC },
	{ "wrong_answer", VERDICT_WA },
	{ "time_limit_exceeded", VERDICT_TLE },
	{ "memory_limit_exceeded", VERDICT_MLE },
	{ "run_time_error", VERDICT_RTE },
	{ "compile_error", VERDICT_CE },
};

struct run {
	char dir[64];
	bool done;
	enum verdict verdict;
	char why[400];
};

static void
on_case(void *user, const struct testrun_case *k)
{
	(void)user;
	(void)k;
}

static void
on_done(void *user, enum verdict v, unsigned passed, unsigned total,
    const char *why)
{
	struct run *r = user;

	(void)passed;
	(void)total;
	r->done = true;
	r->verdict = v;
	snprintf(r->why, sizeof r->why, "%s", why != NULL ? why : "");
}

static struct sandbox *
judge(void *user, struct loop *l, const struct sandbox_watch *w, void *to)
{
	struct run *r = user;
	struct sandbox_spec spec = { .workspace = r->dir, .user = "candidate",
		.judge = true };

	return sandbox_local_create(l, &spec, w, to);
}

static const struct language *
language_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return language_find(strcmp(dot, ".py") == 0 ? "python3" : "c");
}

static char *
slurp(const char *path, uint64_t *n)
{
	char *text = xcalloc(1, 1 << 20);
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	*n = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	return text;
}

static struct run
run_once(const struct problem *p, const char *path, const char *name)
{
	static const struct testrun_watch watch = { on_case, on_case, on_done,
		NULL, NULL };
	struct loop *l = loop_create(clock_system(), waiter_poll());
	int64_t end = clock_mono(clock_system()) + 5 * PATIENCE_US;
	struct run r = { .dir = "/tmp/viva-judge-XXXXXX" };
	struct sandbox_file file = { .mode = 0644 };
	struct testrun_spec spec = { .problem = p, .files = &file,
		.nfiles = 1, .include_hidden = true, .judge = judge,
		.judge_user = &r };
	struct testrun *t;

	spec.language = language_of(name);
	file.path = (char *)spec.language->main_file;
	file.data = slurp(path, &file.size);
	assert_non_null(mkdtemp(r.dir));
	t = testrun_start(l, &spec, &watch, &r);
	while (!r.done && clock_mono(clock_system()) < end)
		loop_turn(l, 100000);
	testrun_free(t);
	loop_destroy(l);
	free(file.data);
	return r;
}

static void
run_one(const struct problem *p, const char *path, const char *name,
    enum verdict want)
{
	struct run r = run_once(p, path, name);
	struct problem patient = *p;

	/* Processor time grows too where neighbours have the caches. */
	if (r.done && r.verdict == VERDICT_TLE && want != VERDICT_TLE) {
		print_message("%s: slow here, once more with ten times its "
		    "time limit\n", path);
		patient.time_limit_ms *= 10;
		r = run_once(&patient, path, name);
	}
	if (!r.done || r.verdict != want)
		fail_msg("%s: %s instead of %s (%s)", path, r.done ?
		    verdict_name(r.verdict) : "no end", verdict_name(want),
		    r.why);
	assert_int_not_equal(access(r.dir, F_OK), 0); /* cleaned up */
}

static unsigned
run_label(const struct problem *p, const char *base, size_t label)
{
	char *dir = xasprintf("%s/submissions/%s", base, labels[label].dir);
	DIR *d = opendir(dir);
	struct dirent *e;
	unsigned n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		char *path = xasprintf("%s/%s", dir, e->d_name);

		if (e->d_name[0] != '.') {
			run_one(p, path, e->d_name, labels[label].verdict);
			n++;
		}
		free(path);
	}
	if (d != NULL)
		closedir(d);
	free(dir);
	return n;
}

static void
run_problem(const char *name, unsigned at_least)
{
	const char *src = getenv("srcdir");
	char *base = xasprintf("%s/problems/%s", src != NULL ? src : ".",
	    name);
	struct err e = { 0 };
	struct problem *p = problem_load(base, &e);
	unsigned n = 0;

	if (p == NULL)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		n += run_label(p, base, i);
	assert_true(n >= at_least);
	problem_free(p);
	free(base);
}

static void
test_easy(void **state)
{
	(void)state;
	run_problem("1-two-numbers", 8);
}

static void
test_medium(void **state)
{
	(void)state;
	run_problem("2-heater-bill", 8);
}

static void
test_hard(void **state)
{
	(void)state;
	run_problem("3-lighter-cart", 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_easy),
		cmocka_unit_test(test_medium),
		cmocka_unit_test(test_hard),
	};

	if (!machine_has_namespaces())
		return TEST_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
