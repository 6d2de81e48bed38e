#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/testrun.h"
#include "tests/support/fakesandbox.h"

static struct problem_case cases[] = {
	{ (char *)"1", false, (char *)"1 2\n", (char *)"3\n", 4, 2, { 0 } },
	{ (char *)"overflow", true, (char *)"5 6\n", (char *)"11\n", 4, 3, { 0 } },
	{ (char *)"late", true, (char *)"7 8\n", (char *)"15\n", 4, 3, { 0 } },
};
static const struct problem problem = { .name = (char *)"sum",
	.time_limit_ms = 1000, .memory_limit_mb = 64, .output_limit_kb = 64,
	.cases = cases,
	.ncases = 3 };

struct fixture {
	struct clock_fake clock;
	struct loop *loop;
	struct fake_plan plan;
	struct fake_plan far; /* of the session's sandbox */
	struct sandbox *session;
	struct testrun *run;
	unsigned dones, started, done_cases, compiled[2];
	const struct problem *problem;
	char wheres[3][10];
	enum verdict verdict, verdicts[3];
	unsigned passed, total;
	char why[400], whys[3][100];
	struct buf all; /* every byte that the watcher was given */
	enum { SUM, WRONG, CRASH, SLOW, GREEDY, CHATTY, HANG, NO_MEMORY,
		INFRA, NO_PYTHON, BAD_C, GOOD_C, SLOW_GCC, LOST_GCC } mode;
};

static void
program(void *user, struct fake_run *r)
{
	struct fixture *f = user;
	int a = 0, b = 0;

	assert_string_equal(r->file(r, f->mode >= BAD_C ? "solution.c" :
	    "solution.py"), "the program");
	assert_int_equal(r->dir != 0, r->sandbox == f->session);
	if (strcmp(r->argv[0], "/usr/bin/gcc") == 0)
		f->compiled[r->sandbox == f->session]++;
	sscanf(buf_str(r->input), "%d %d", &a, &b);
	switch (f->mode) {
	case SUM:
		buf_addf(&r->out, "%d\n", a + b);
		break;
	case WRONG:
		buf_adds(&r->out, "3\n");
		break;
	case CRASH:
		buf_adds(&r->err, "Traceback: secret 5 6");
		r->exit.status = 1;
		break;
	case SLOW:
		r->exit.timed_out = true;
		break;
	case GREEDY:
		r->exit.memory_limit = true;
		break;
	case CHATTY:
		r->exit.output_limit = true;
		break;
	case HANG:
		r->hang = true;
		break;
	case NO_MEMORY:
		buf_adds(&r->err, "MemoryError\n");
		r->exit.status = 1;
		break;
	case INFRA:
		r->exit.infra = true;
		memcpy(r->exit.why, "it burnt", 9);
		break;
	case NO_PYTHON:
		buf_adds(&r->err, "/usr/bin/python3: No such file\n");
		r->exit.status = 127;
		break;
	case BAD_C:
		assert_string_equal(r->argv[0], "/usr/bin/gcc");
		buf_adds(&r->err, "solution.c:1: error: what?\n");
		r->exit.status = 1;
		break;
	case SLOW_GCC:
		r->exit.timed_out = r->sandbox == f->session;
		break;
	case LOST_GCC:
		r->exit.infra = r->sandbox == f->session;
		break;
	case GOOD_C:
		break;
	}
	if (f->mode > BAD_C && strcmp(r->argv[0], "/usr/bin/gcc") != 0)
		buf_addf(&r->out, "%d\n", a + b);
}

static void
note_case(struct fixture *f, const struct testrun_case *k)
{
	const struct bytes *b[] = { &k->input, &k->expected, &k->output,
		&k->errors };

	buf_adds(&f->all, k->name);
	buf_adds(&f->all, k->why != NULL ? k->why : "");
	if (k->hidden)
		for (size_t i = 0; i < 4; i++)
			assert_int_equal(b[i]->n, 0);
	if (k->hidden)
		assert_true(k->why == NULL && k->time_us == 0);
}

static void
case_started(void *user, const struct testrun_case *k)
{
	struct fixture *f = user;

	f->started++;
	assert_int_equal(k->verdict, VERDICT_NONE);
	note_case(f, k);
}

static void
case_done(void *user, const struct testrun_case *k)
{
	struct fixture *f = user;

	f->verdicts[k->number - 1] = k->verdict;
	snprintf(f->wheres[k->number - 1], 10, "%s",
	    k->where != NULL ? k->where : "");
	snprintf(f->whys[k->number - 1], 100, "%s",
	    k->why != NULL ? k->why : "");
	f->done_cases++;
	note_case(f, k);
}

static void
done(void *user, enum verdict v, unsigned passed, unsigned total,
    const char *why)
{
	struct fixture *f = user;

	f->dones++;
	f->verdict = v;
	f->passed = passed;
	f->total = total;
	snprintf(f->why, sizeof f->why, "%s", why != NULL ? why : "");
}

static const struct testrun_watch watch = { case_started, case_done, done,
	NULL, NULL };

static struct sandbox *
judge(void *user, struct loop *l, const struct sandbox_watch *w,
    void *watch_user)
{
	struct fixture *f = user;

	return fake_sandbox(l, &f->plan, w, watch_user);
}

/* What the session's sandbox tells. */

static void
session_state(void *user, enum sandbox_state st, const char *why)
{
	(void)user;
	(void)st;
	(void)why;
}

static void
session_output(void *user, uint64_t exec, enum sandbox_stream st,
    uint64_t offset, const char *p, size_t n)
{
	struct fixture *f = user;

	(void)offset;
	testrun_output(f->run, exec, st, p, n);
}

static void
session_exited(void *user, uint64_t exec, const struct sandbox_exit *x)
{
	struct fixture *f = user;

	testrun_exited(f->run, exec, x);
}

static const struct sandbox_watch session_watch = {
	.state = session_state, .output = session_output,
	.exited = session_exited };

static const char *fail, *fail_put; /* of the next run's sandbox */
static const struct problem *next_problem = &problem;
static bool beside; /* it has a session's sandbox */

static void
begin(struct fixture *f, int mode, const char *language)
{
	struct sandbox_file file = { (char *)(strcmp(language, "c") == 0 ?
	    "solution.c" : "solution.py"), (char *)"the program", 11, 0644 };
	struct testrun_spec spec = { .problem = next_problem, .files = &file,
		.nfiles = 1, .include_hidden = true, .judge = judge,
		.judge_user = f };

	memset(f, 0, sizeof *f);
	f->mode = mode;
	f->plan.fail_put = fail_put;
	f->plan.fail = fail;
	f->plan.program = program;
	f->plan.user = f;
	clock_fake_init(&f->clock, 0, 0);
	f->loop = loop_create(&f->clock.base, waiter_poll());
	f->problem = next_problem;
	f->far = f->plan;
	f->far.fail = f->far.fail_put = NULL;
	f->far.link = true;
	if (beside)
		f->session = fake_sandbox(f->loop, &f->far, &session_watch,
		    f);
	spec.session = f->session;
	spec.language = language_find(language);
	f->run = testrun_start(f->loop, &spec, &watch, f);
	assert_int_equal(f->dones, 0); /* never from inside the call */
}

static void
finish(struct fixture *f)
{
	for (int i = 0; i < 200 && f->dones == 0; i++)
		loop_turn(f->loop, 0);
	assert_int_equal(f->dones, 1);
	testrun_free(f->run);
	assert_int_equal(f->far.dirs, 0);
	if (f->session != NULL)
		f->session->ops->destroy(f->session);
	loop_destroy(f->loop);
	assert_int_equal(f->plan.created, f->problem == &problem);
	assert_int_equal(f->plan.destroyed, f->plan.created);
	/* Nothing of a hidden case came out, not its name either. */
	assert_null(strstr(buf_str(&f->all), "overflow"));
	assert_null(strstr(buf_str(&f->all), "11"));
	assert_null(strstr(buf_str(&f->all), "secret 5 6Traceback"));
	buf_free(&f->all);
}

static void
test_accepted(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, SUM, "python3");
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_AC);
	assert_int_equal(f.passed, 3);
	assert_int_equal(f.total, 3);
	assert_int_equal(f.started, 3);
	assert_int_equal(f.done_cases, 3);
}

static void
test_wrong(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, WRONG, "python3");
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_WA);
	assert_int_equal(f.verdicts[0], VERDICT_AC);
	assert_int_equal(f.verdicts[1], VERDICT_WA);
	assert_int_equal(f.verdicts[2], VERDICT_WA);
	assert_int_equal(f.passed, 1);
}

static void
test_verdicts(void **state)
{
	static const struct {
		int mode;
		enum verdict v;
	} table[] = { { CRASH, VERDICT_RTE }, { SLOW, VERDICT_TLE },
		{ GREEDY, VERDICT_MLE }, { CHATTY, VERDICT_OLE },
		{ NO_MEMORY, VERDICT_MLE } };
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		begin(&f, table[i].mode, "python3");
		finish(&f);
		assert_int_equal(f.verdict, table[i].v);
		assert_int_equal(f.done_cases, 3);
		assert_int_equal(f.passed, 0);
	}
}

static void
test_judge_errors(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, INFRA, "python3");
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_JE);
	assert_string_equal(f.why, "it burnt");
	assert_int_equal(f.done_cases, 1); /* no more are tried */
	begin(&f, NO_PYTHON, "python3");
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_JE);
	assert_non_null(strstr(f.why, "apt-get install python3"));
	fail_put = "disk full";
	begin(&f, SUM, "python3");
	fail_put = NULL;
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_JE);
	assert_string_equal(f.why, "disk full");
}

static void
test_no_sandbox(void **state)
{
	struct fixture f;

	(void)state;
	fail = "no namespaces";
	begin(&f, SUM, "python3");
	fail = NULL;
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_JE);
	assert_string_equal(f.why, "no namespaces");
	assert_int_equal(f.started, 0);
}

static void
test_compile_error(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, BAD_C, "c");
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_CE);
	assert_non_null(strstr(f.why, "error: what?"));
	assert_int_equal(f.started, 0);
}

static void
test_cancel(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, HANG, "python3");
	for (int i = 0; i < 20; i++)
		loop_turn(f.loop, 0);
	assert_int_equal(f.started, 1);
	testrun_cancel(f.run);
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_CANCELED);
	begin(&f, SUM, "python3");
	testrun_cancel(f.run);
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_CANCELED);
	assert_int_equal(f.started, 0);
}

/* ---- the samples beside the shell ---- */

static void
test_beside(void **state)
{
	struct fixture f;

	(void)state;
	beside = true;
	begin(&f, SUM, "python3");
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_AC);
	assert_string_equal(f.wheres[0], "session");
	assert_string_equal(f.wheres[1], "judge");
	begin(&f, GOOD_C, "c"); /* each place has its own */
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_AC);
	assert_int_equal(f.compiled[0], 1);
	assert_int_equal(f.compiled[1], 1);
	begin(&f, CRASH, "python3");
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_RTE);
	assert_int_equal(f.done_cases, 3);
	begin(&f, BAD_C, "c");
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_CE); /* told once */
	assert_int_equal(f.started, 0);
	beside = false;
}

/* A compiler that is too slow there, or is ended, is no compile error. */
static void
test_beside_lost(void **state)
{
	static const int modes[] = { SLOW_GCC, LOST_GCC };
	struct fixture f;

	(void)state;
	beside = true;
	for (size_t i = 0; i < 2; i++) {
		begin(&f, modes[i], "c");
		finish(&f);
		assert_int_equal(f.verdict, VERDICT_AC);
		assert_string_equal(f.wheres[0], "judge");
		assert_int_equal(f.done_cases, 3);
	}
	begin(&f, INFRA, "python3"); /* there and in the judge's */
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_JE);
	assert_string_equal(f.wheres[0], "judge");
	assert_int_equal(f.done_cases, 2);
	beside = false;
}

/* No judge, but for what the session's sandbox could not do; and that it
 * cannot be made is told when its turn comes. */
static void
test_beside_judge(void **state)
{
	static const struct problem samples = { .name = (char *)"sum",
		.time_limit_ms = 1000, .memory_limit_mb = 64,
		.output_limit_kb = 64, .cases = cases, .ncases = 1 };
	struct fixture f;

	(void)state;
	beside = true;
	next_problem = &samples;
	begin(&f, SUM, "python3");
	finish(&f); /* asserts it */
	assert_int_equal(f.verdict, VERDICT_AC);
	assert_int_equal(f.passed, 1);
	begin(&f, LOST_GCC, "c");
	f.problem = &problem;
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_AC);
	assert_string_equal(f.wheres[0], "judge");
	next_problem = &problem;
	fail = "no machines";
	begin(&f, SUM, "python3");
	fail = NULL;
	finish(&f);
	assert_int_equal(f.verdict, VERDICT_JE);
	assert_string_equal(f.why, "no machines");
	assert_int_equal(f.verdicts[0], VERDICT_AC);
	assert_int_equal(f.passed, 1);
	beside = false;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_judge_errors),
		cmocka_unit_test(test_no_sandbox),
		cmocka_unit_test(test_compile_error),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_beside_lost),
		cmocka_unit_test(test_beside_judge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
