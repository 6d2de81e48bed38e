#include "config.h"

/* The runs of tests. */

#include "pane-fixture.h"
#include "session/testrun.h"

static void
tests_come_in(void **st)
{
	struct fix *f = setup(&pane_tests, 6, 50, false);
	struct event ev;

	(void)st;
	expect(f, "F5 saves and runs the tests\n");
	expect_title(f, "tests");
	run(f, 1, 3);
	sample(f, 1, 1, VERDICT_AC, "0 1\n", "0 1\n");
	sample(f, 1, 2, VERDICT_NONE, "", "");
	expect_title(f, "tests \xc2\xb7 run 1 running \xc2\xb7 1 of 3");
	expect(f, "✓ sample 1              12 ms    9.0 MB\n"
	    "… sample 2   running\n");
	expect_hint(f, false, "F5 cancels");
	sample(f, 1, 2, VERDICT_AC, "", "");
	ev = test_case(1, 3, VERDICT_TLE);
	ev.u.test.hidden = true;
	ev.u.test.name = "secret/07-huge";
	apply(f, &ev);
	done(f, 1, VERDICT_TLE, 2, 3, NULL);
	expect_title(f, "tests \xc2\xb7 run 1 \xc2\xb7 2 of 3 passed \xc2\xb7 "
	    "0.31 s");
	expect(f, "✓ sample 1                          12 ms\n"
	    "✓ sample 2                          12 ms\n"
	    "✗ hidden 1   time limit exceeded\n");
	expect_hint(f, false, "");
	expect_hint(f, true, "Enter details");
	expect_cell(f, 1, 0, STYLE_PASS, -1);
	expect_cell(f, 2, 0, STYLE_FAIL, -1);
	teardown(f);
}

static void
failed_sample_opens(void **st)
{
	struct fix *f = setup(&pane_tests, 12, 62, false);

	(void)st;
	run(f, 1, 2);
	sample(f, 1, 1, VERDICT_AC, "1\n", "1\n");
	sample(f, 1, 2, VERDICT_WA, "0 3\nsame\nx\n", "3 0\nsame \n");
	done(f, 1, VERDICT_WA, 1, 2, NULL);
	expect(f,
	    "✓ sample 1                   12 ms    9.0 MB\n"
	    "✗ sample 2   wrong answer    12 ms    9.0 MB\n"
	    "  expected                      output\n"
	    "  0 3                           3 0\n"
	    "  same                          same\n"
	    "  x\n"
	    "  input\n  4 9\n");
	expect_cell(f, 1, 5, STYLE_TEXT, 99);
	expect_cell(f, 3, 2, STYLE_FAIL, -1);
	expect_cell(f, 3, 32, STYLE_FAIL, -1);
	expect_cell(f, 4, 32, STYLE_TEXT, -1);
	expect_cell(f, 5, 2, STYLE_FAIL, -1);
	f->ops->resize(f->pane, 12, 20);
	expect(f, "✓ sample 1\n✗ sample 2   WA\n"
	    "  expected\n  0 3\n  same\n  x\n  output\n  3 0\n"
	    "  same\n  input\n  4 9\n");
	expect_cell(f, 7, 2, STYLE_FAIL, -1);
	expect_cell(f, 8, 2, STYLE_TEXT, -1);
	press(f, KEY_SYM_ENTER);
	expect(f, "✓ sample 1\n✗ sample 2   WA\n");
	mouse(f, MOUSE_PRESS, 0);
	expect_cell(f, 0, 5, STYLE_TEXT, 99);
	expect_cell(f, 2, 2, STYLE_TEXT, -1);
	expect_log(f, "");
	teardown(f);
}

/* Its time may be that of the neighbours. */
static void
place_of_a_sample_is_told(void **st)
{
	struct fix *f = setup(&pane_tests, 12, 62, false);
	struct event ev = test_case(1, 1, VERDICT_TLE);

	(void)st;
	run(f, 1, 2);
	ev.u.test.where = "session";
	apply(f, &ev);
	ev = test_case(1, 2, VERDICT_AC);
	ev.u.test.where = "judge";
	apply(f, &ev);
	done(f, 1, VERDICT_TLE, 1, 2, NULL);
	assert_string_equal(f->state->runs[0].cases[0].where, "session");
	expect(f, "✗ case 1   time limit exceeded    12 ms    9.0 MB\n"
	    "  expected                      output\n"
	    "  run in the shell's sandbox, beside what else runs there\n"
	    "✓ case 2                          12 ms    9.0 MB\n");
	press(f, KEY_SYM_DOWN);
	press(f, KEY_SYM_ENTER);
	expect(f, "✗ case 1   time limit exceeded    12 ms    9.0 MB\n"
	    "  expected                      output\n"
	    "  run in the shell's sandbox, beside what else runs there\n"
	    "✓ case 2                          12 ms    9.0 MB\n"
	    "  expected                      output\n");
	teardown(f);
}

/* Even when the record carries what it should not. */
static void
hidden_cases_tell_nothing(void **st)
{
	struct fix *f = setup(&pane_tests, 20, 80, false);
	struct event ev = test_case(1, 1, VERDICT_WA);
	struct bytes leak = { "LEAK\n", 5 };
	struct buf b = { 0 };
	struct canvas *c;

	(void)st;
	run(f, 1, 1);
	ev.u.test.hidden = true;
	ev.u.test.name = ev.u.test.why = "LEAK";
	ev.u.test.input = ev.u.test.expected = ev.u.test.output = leak;
	ev.u.test.errors = leak;
	apply(f, &ev);
	done(f, 1, VERDICT_WA, 0, 1, NULL);
	press(f, KEY_SYM_ENTER);
	for (int cols = 20; cols <= 80; cols += 60) {
		f->ops->resize(f->pane, 20, cols);
		c = draw(f);
		buf_clear(&b);
		canvas_dump(c, false, &b);
		assert_null(strstr(b.data, "LEAK"));
		canvas_destroy(c);
	}
	assert_non_null(strstr(b.data,
	    "hidden case: only the verdict is shown"));
	assert_non_null(strstr(b.data, "hidden 1"));
	buf_free(&b);
	teardown(f);
}

/* Hidden cases that have the same verdict share a row. */
static void
hidden_cases_stand_together(void **st)
{
	static const enum verdict verdicts[] = { VERDICT_AC, VERDICT_AC,
		VERDICT_AC, VERDICT_TLE, VERDICT_AC, VERDICT_NONE };
	struct fix *f = setup(&pane_tests, 6, 50, false);
	struct event ev;

	(void)st;
	run(f, 1, 7);
	sample(f, 1, 1, VERDICT_AC, "", "");
	for (unsigned i = 0; i < ARRAY_LEN(verdicts); i++) {
		ev = test_case(1, i + 2, verdicts[i]);
		ev.u.test.hidden = true;
		apply(f, &ev);
	}
	expect(f, "✓ sample 1                            12 ms\n"
	    "✓ hidden 1–3\n✗ hidden 4     time limit exceeded\n"
	    "✓ hidden 5\n… hidden 6     running\n");
	f->pane->ctx.ascii = true;
	press(f, KEY_SYM_END);
	press(f, KEY_SYM_UP);
	expect_cell(f, 3, 0, STYLE_PASS, 99);
	/* What was running when the run ended has no verdict. */
	done(f, 1, VERDICT_CANCELED, 5, 7, NULL);
	expect(f, "+ sample 1                            12 ms\n"
	    "+ hidden 1-3\nx hidden 4     time limit exceeded\n"
	    "+ hidden 5\n- hidden 6     cancelled\n");
	teardown(f);
}

/* Of a crash, the message comes first; of no output, that there is none. */
static void
crashes_tell_why(void **st)
{
	struct fix *f = setup(&pane_tests, 9, 70, false);
	struct event ev = test_case(1, 1, VERDICT_RTE);

	(void)st;
	run(f, 1, 1);
	ev.u.test.name = "sample 1";
	ev.u.test.why = "exit status 1";
	ev.u.test.expected = (struct bytes){ "7\n", 2 };
	ev.u.test.errors = (struct bytes){ "IndexError\n", 11 };
	apply(f, &ev);
	expect(f, "✗ sample 1   run-time error    12 ms    9.0 MB   "
	    "exit status 1\n");
	done(f, 1, VERDICT_RTE, 0, 1, NULL);
	expect(f, "✗ sample 1   run-time error    12 ms    9.0 MB\n"
	    "  exit status 1\n  stderr\n  IndexError\n"
	    "  expected                          output\n"
	    "  7                                 (nothing)\n");
	teardown(f);
}

static void
older_runs(void **st)
{
	struct fix *f = setup(&pane_tests, 6, 40, false);

	(void)st;
	for (unsigned i = 1; i <= 3; i++) {
		run(f, i, 1);
		sample(f, i, 1, i == 2 ? VERDICT_RTE : VERDICT_AC, "", "");
		done(f, i, i == 2 ? VERDICT_RTE : VERDICT_AC, i != 2, 1,
		    NULL);
	}
	expect_title(f, "tests \xc2\xb7 run 3 \xc2\xb7 1 of 1 passed \xc2\xb7 "
	    "0.31 s");
	expect_hint(f, true, "Enter details  [ ] other runs");
	press(f, '[');
	expect_title(f, "tests \xc2\xb7 run 2 of 3 \xc2\xb7 0 of 1 passed "
	    "\xc2\xb7 0.31 s");
	expect(f, "✗ sample 1   run-time error    12 ms\n");
	press(f, KEY_SYM_LEFT);
	press(f, KEY_SYM_LEFT);
	expect_said(f, "first run");
	expect_title(f, "tests \xc2\xb7 run 1 of 3 \xc2\xb7 1 of 1 passed "
	    "\xc2\xb7 0.31 s");
	run(f, 4, 2);
	expect_title(f, "tests \xc2\xb7 run 4 running \xc2\xb7 0 of 2");
	press(f, '[');
	press(f, ']');
	expect_title(f, "tests \xc2\xb7 run 4 running \xc2\xb7 0 of 2");
	/* Another question has runs of its own. */
	f->state->question = 2;
	expect_title(f, "tests");
	expect(f, "F5 saves and runs the tests\n");
	press(f, '[');
	press(f, KEY_SYM_ENTER);
	teardown(f);
}

static void
errors_of_a_run(void **st)
{
	struct fix *f = setup(&pane_tests, 6, 24, false);

	(void)st;
	run(f, 1, 2);
	done(f, 1, VERDICT_CE, 0, 2, "a.c:1: error: no such thing\nx\ty\n");
	expect_title(f, "tests \xc2\xb7 run 1 \xc2\xb7 compile error \xc2\xb7 "
	    "0.31 s");
	expect(f, "a.c:1: error: no such\nthing\nx       y\n");
	expect_cell(f, 0, 0, STYLE_FAIL, -1);
	run(f, 2, 2);
	done(f, 2, VERDICT_JE, 0, 2, "the sandbox is gone");
	expect(f, "not your fault: the\nsandbox is gone\n");
	expect_cell(f, 0, 0, STYLE_WAIT, -1);
	teardown(f);
}

static void
long_output_is_cut(void **st)
{
	struct fix *f = setup(&pane_tests, 200, 70, false);
	char *wrong = xcalloc(1, 100001), *right = xcalloc(1, 100001);
	struct canvas *c;
	struct buf b = { 0 };

	(void)st;
	/* One long line that goes wrong late; then very many. */
	memset(right, 'a', 1000);
	memset(wrong, 'a', 1000);
	wrong[900] = 'B';
	right[900] = 'A';
	for (int i = 1000; i < 100000; i++)
		wrong[i] = i % 2 ? 'y' : '\n';
	run(f, 1, 1);
	sample(f, 1, 1, VERDICT_WA, right, wrong);
	done(f, 1, VERDICT_WA, 0, 1, NULL);
	c = draw(f);
	canvas_dump(c, false, &b);
	assert_non_null(strstr(b.data, "aaB"));
	assert_non_null(strstr(b.data, "aaA"));
	assert_non_null(strstr(b.data, "… 98 more kB"));
	canvas_destroy(c);
	buf_free(&b);
	free(wrong);
	free(right);
	teardown(f);
}

/* Nobody knows how much more it was. */
static void
what_is_not_recorded_is_not_counted(void **st)
{
	struct fix *f = setup(&pane_tests, 60, 70, false);
	char *much = xcalloc(1, 100001);
	struct bytes whole, part;
	struct event ev = test_case(1, 1, VERDICT_WA);
	struct canvas *c;
	struct buf b = { 0 };

	(void)st;
	memset(much, 'a', 100000);
	whole = testrun_shown(much, 65536);
	part = testrun_shown(much, 65537);
	run(f, 1, 1);
	ev.u.test.expected = whole;
	ev.u.test.output = testrun_shown(much, 100000);
	assert_int_equal(ev.u.test.output.n, part.n);
	apply(f, &ev);
	done(f, 1, VERDICT_WA, 0, 1, NULL);
	c = draw(f);
	canvas_dump(c, false, &b);
	assert_non_null(strstr(b.data, "  … 49 more kB  "));
	assert_non_null(strstr(b.data, "  … more than 49 kB more\n"));
	canvas_destroy(c);
	f->ops->resize(f->pane, 60, 40);
	c = draw(f);
	buf_clear(&b);
	canvas_dump(c, false, &b);
	assert_non_null(strstr(b.data, "  … 49 more kB\n"));
	assert_non_null(strstr(b.data, "  … more than 49 kB more\n"));
	canvas_destroy(c);
	buf_free(&b);
	free(much);
	teardown(f);
}

/* The judge that ended a program early does not always know how long it ran:
 * 0 ms would be wrong. */
static void
a_time_that_is_not_known_is_not_shown(void **st)
{
	struct fix *f = setup(&pane_tests, 6, 62, false);
	struct event ev = test_case(1, 1, VERDICT_OLE);

	(void)st;
	run(f, 1, 2);
	ev.u.test.time_us = ev.u.test.memory_kb = 0;
	apply(f, &ev);
	ev = test_case(1, 2, VERDICT_RTE);
	ev.u.test.time_us = 0;
	apply(f, &ev);
	expect(f, "✗ case 1   output limit exceeded\n"
	    "✗ case 2   run-time error                    9.0 MB\n");
	teardown(f);
}

static void
tests_scroll(void **st)
{
	struct fix *f = setup(&pane_tests, 4, 14, false);

	(void)st;
	run(f, 1, 9);
	for (unsigned i = 9; i > 0; i--)
		sample(f, 1, i, VERDICT_AC, "", "");
	done(f, 1, VERDICT_AC, 9, 9, NULL);
	expect(f, "✓ sample…\n✓ sample…\n✓ sample…\n✓ sample…\n");
	f->ops->resize(f->pane, 4, 21);
	mouse(f, MOUSE_WHEEL_DOWN, 0);
	expect(f, "✓ sample 4\n✓ sample 5\n✓ sample 6\n✓ sample 7\n");
	press(f, KEY_SYM_PGDN);
	press(f, KEY_SYM_PGUP);
	expect_cell(f, 0, 0, STYLE_PASS, -1);
	press(f, KEY_SYM_END);
	expect_cell(f, 3, 0, STYLE_PASS, 99);
	press(f, KEY_SYM_HOME);
	expect_cell(f, 0, 0, STYLE_PASS, 99);
	press(f, KEY_SYM_DOWN);
	press(f, 'j');
	press(f, 'k');
	expect_cell(f, 1, 0, STYLE_PASS, 99);
	teardown(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tests_come_in),
		cmocka_unit_test(failed_sample_opens),
		cmocka_unit_test(place_of_a_sample_is_told),
		cmocka_unit_test(hidden_cases_tell_nothing),
		cmocka_unit_test(hidden_cases_stand_together),
		cmocka_unit_test(crashes_tell_why),
		cmocka_unit_test(older_runs),
		cmocka_unit_test(errors_of_a_run),
		cmocka_unit_test(long_output_is_cut),
		cmocka_unit_test(what_is_not_recorded_is_not_counted),
		cmocka_unit_test(a_time_that_is_not_known_is_not_shown),
		cmocka_unit_test(tests_scroll),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
