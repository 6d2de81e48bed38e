#include "config.h"

/* Where the cases of a run are run: the samples beside the shell, where the
 * sandbox is over a network, the hidden ones never. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/corefix.h"

#define SAMPLE_IN "1 2\n"
#define HIDDEN_IN "50 61\n"

static int
far(void **state)
{
	fixture_plan.link = true;
	return fixture_setup(state);
}

static const struct state_run *
last(const struct fixture *f)
{
	const struct state_run *r = state_last_run(core_state(f->core));

	assert_non_null(r);
	return r;
}

/* All that was asked for is done, and all that was made for it is gone. */
static void
assert_over(const struct fixture *f, enum verdict v)
{
	assert_true(last(f)->done);
	assert_int_equal(last(f)->verdict, v);
	assert_int_equal(f->plan.dirs, 0);
	/* What is hidden was never where the shell is. */
	assert_null(strstr(buf_str((struct buf *)&f->shell_in), "50"));
}

static void
test_places(void **state)
{
	struct fixture *f = *state;

	type(f, "right ");
	simple(f, CMD_TEST_RUN);
	turns(f);
	assert_over(f, VERDICT_AC);
	assert_string_equal(buf_str(&f->cases), "sample 1@session=0 "
	    "sample 1@session=1 hidden 1@judge=0 hidden 1@judge=1 ");
	assert_string_equal(buf_str(&f->shell_in), SAMPLE_IN);
	assert_string_equal(buf_str(&f->judge_in), HIDDEN_IN);
	assert_string_equal(last(f)->cases[0].where, "session");
	assert_int_equal(f->plan.created, 2);
	assert_int_equal(f->plan.destroyed, 1);
}

/* The sample's verdict does not wait for the judge's sandbox. */
static void
test_sample_first(void **state)
{
	struct fixture *f = *state;

	type(f, "right ");
	f->plan.held = true;
	simple(f, CMD_TEST_RUN);
	turns(f);
	assert_string_equal(buf_str(&f->cases), "sample 1@session=0 "
	    "sample 1@session=1 ");
	assert_false(last(f)->done);
	assert_int_equal(f->plan.dirs, 0); /* nothing more to do there */
	simple(f, CMD_TEST_CANCEL);
	assert_over(f, VERDICT_CANCELED);
}

static void
test_submit(void **state)
{
	struct fixture *f = *state;

	type(f, "wrong ");
	simple(f, CMD_SUBMIT);
	turns(f);
	assert_string_equal(buf_str(&f->cases), "sample 1@session=0 "
	    "sample 1@session=1 hidden 1@judge=0 hidden 1@judge=2 ");
	assert_over(f, VERDICT_WA);
	assert_int_equal(core_state(f->core)->question, 2);
}

/* On one machine every program has a sandbox of its own. */
static void
test_near(void **state)
{
	struct fixture *f = *state;

	type(f, "right ");
	simple(f, CMD_TEST_RUN);
	turns(f);
	assert_over(f, VERDICT_AC);
	assert_string_equal(buf_str(&f->cases), "sample 1@=0 sample 1@=1 "
	    "hidden 1@=0 hidden 1@=1 ");
	assert_string_equal(buf_str(&f->shell_in), "");
	assert_null(last(f)->cases[0].where);
}

/* A run whose sample hangs in the session's sandbox. */
static void
hang(struct fixture *f)
{
	type(f, "right ");
	f->hang = true;
	simple(f, CMD_TEST_RUN);
	turns(f);
	assert_string_equal(buf_str(&f->cases), "sample 1@session=0 ");
	assert_int_equal(f->plan.dirs, 1);
	assert_int_equal(f->plan.created, 2); /* the judge's meanwhile */
}

static void
test_cancel(void **state)
{
	struct fixture *f = *state;

	hang(f);
	simple(f, CMD_TEST_CANCEL);
	assert_over(f, VERDICT_CANCELED);
	assert_int_equal(f->plan.destroyed, 1);
	f->hang = false;
	simple(f, CMD_TEST_RUN);
	turns(f);
	assert_over(f, VERDICT_AC);
}

/* What could not be run there is nobody's fault and is run in the judge's. */
static void
assert_moved(struct fixture *f, const char *why)
{
	assert_string_equal(buf_str(&f->cases), "sample 1@session=0 "
	    "sample 1@session=8 sample 1@judge=0 sample 1@judge=1 "
	    "hidden 1@judge=0 hidden 1@judge=1 ");
	assert_over(f, VERDICT_AC);
	assert_int_equal(last(f)->passed, 2);
	assert_string_equal(last(f)->cases[0].where, "judge");
	assert_string_equal(buf_str(&f->judge_in), SAMPLE_IN HIDDEN_IN);
	assert_non_null(strstr(buf_str(&f->notices),
	    "the samples run in the judge's sandbox: "));
	assert_non_null(strstr(buf_str(&f->notices), why));
}

static void
test_gone(void **state)
{
	struct fixture *f = *state;

	hang(f);
	f->hang = false;
	fake_fail(f->shell, "it was too old");
	turns(f);
	assert_moved(f, "it was too old");
}

static void
test_wrapper_killed(void **state)
{
	struct fixture *f = *state;

	hang(f);
	f->hang = false;
	fake_lose(f->shell);
	turns(f);
	assert_moved(f, "somebody ended it");
	assert_int_not_equal(core_state(f->core)->conn, CONN_GONE);
}

static void
test_new_sandbox(void **state)
{
	struct fixture *f = *state;

	hang(f);
	f->hang = false;
	simple(f, CMD_SANDBOX_NEW);
	turns(f);
	assert_moved(f, "there is a new one");
}

/* And between two cases: the sample has its verdict. */
static void
test_gone_between(void **state)
{
	struct fixture *f = *state;

	type(f, "right ");
	f->plan.held = true;
	simple(f, CMD_TEST_RUN);
	turns(f);
	f->plan.held = false;
	fake_fail(f->shell, "it was too old");
	fake_release(f->plan.newest);
	turns(f);
	assert_over(f, VERDICT_AC);
	assert_string_equal(buf_str(&f->cases), "sample 1@session=0 "
	    "sample 1@session=1 hidden 1@judge=0 hidden 1@judge=1 ");
	assert_null(strstr(buf_str(&f->notices), "the samples run"));
}

/* The directories go with the session; the fake aborts when one is left. */
static void
test_left_midway(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	hang(f);
	fixture_kill(f);
	assert_int_equal(f->plan.dirs, 0);
	assert_non_null(fixture_resume(f, &e));
	turns(f);
	assert_int_equal(last(f)->verdict, VERDICT_JE);
	f->hang = true;
	simple(f, CMD_TEST_RUN);
	turns(f);
	assert_int_equal(f->plan.dirs, 1);
	simple(f, CMD_SKIP);
	turns(f);
	assert_int_equal(f->plan.dirs, 0);
	assert_int_equal(core_state(f->core)->question, 2);
}

/* The run of before is still shown, and its end. */
static void
test_slow_to_begin(void **state)
{
	struct fixture *f = *state;

	type(f, "right ");
	simple(f, CMD_TEST_RUN);
	pass(f, 600000);
	assert_over(f, VERDICT_AC);
	assert_null(strstr(buf_str(&f->notices), "sandbox answers"));
	f->plan.mute = true;
	simple(f, CMD_TEST_RUN);
	turns(f);
	assert_null(strstr(buf_str(&f->notices), "sandbox answers"));
	pass(f, 600000);
	assert_string_equal(f->notice, "the tests run as soon as the sandbox "
	    "answers ...");
	simple(f, CMD_TEST_RUN);
	assert_string_equal(f->notice, "a test run is under way");
	assert_true(last(f)->done);
}

#define FAR(fn) cmocka_unit_test_setup_teardown(fn, far, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { FAR(test_places),
		FAR(test_sample_first), FAR(test_submit), FAR(test_cancel),
		FAR(test_gone), FAR(test_wrapper_killed),
		FAR(test_new_sandbox), FAR(test_gone_between),
		FAR(test_left_midway), FAR(test_slow_to_begin),
		cmocka_unit_test_setup_teardown(test_near, fixture_setup,
		    fixture_teardown) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
