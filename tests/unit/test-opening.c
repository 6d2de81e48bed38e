#include "config.h"

/* A file that is asked for, until it is in the editor, over a sandbox in
 * memory. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/corefix.h"

#define OPEN_MAX (2u << 20)

static const struct state_file *
opened(struct fixture *f, const char *path)
{
	return state_file(core_state(f->core), path);
}

static void
ask(struct fixture *f, enum command_type type, const char *path)
{
	struct command cmd = { .type = type, .path = path };

	core_command(f->core, &cmd);
}

/* Of what the editor does not take nothing is read. */
static void
test_large(void **state)
{
	struct fixture *f = *state;
	char *text = xcalloc(1, OPEN_MAX + 2);
	uint64_t given;

	memset(text, 'x', OPEN_MAX + 1);
	fake_write(f->shell, "large", text);
	turns(f);
	given = f->plan.given;
	ask(f, CMD_FILE_OPEN, "large");
	turns(f);
	assert_string_equal(f->notice, "large is too long for the editor: "
	    "look at it in the shell");
	f->notice[0] = '\0';
	ask(f, CMD_FILE_CREATE, "large");
	turns(f);
	assert_non_null(strstr(f->notice, "large is too long"));
	assert_null(opened(f, "large"));
	assert_int_equal(f->plan.given, given);
	/* What it takes is read. */
	text[OPEN_MAX] = '\0';
	fake_write(f->shell, "large", text);
	ask(f, CMD_FILE_OPEN, "large");
	turns(f);
	assert_int_equal(text_size(opened(f, "large")->text), OPEN_MAX);
	free(text);
}

static void
shows(struct fixture *f, const char *path)
{
	const struct state *s = core_state(f->core);

	assert_true(s->current >= 0);
	assert_string_equal(s->files[s->current].path, path);
}

static void
waits_for(struct fixture *f, const char *path)
{
	const char *opening = core_state(f->core)->opening;

	if (path == NULL)
		assert_null(opening);
	else
		assert_string_equal(opening, path);
}

static void
answer(struct fixture *f, const char *path)
{
	assert_true(fake_answer(f->shell, path));
	turns(f);
}

/* Files whose name begins with "far" are. */
static void
far_away(struct fixture *f)
{
	fake_write(f->shell, "far1", "1\n");
	fake_write(f->shell, "far2", "2\n");
	turns(f);
	f->plan.keep = "far";
}

static void
test_state(void **state)
{
	struct fixture *f = *state;

	far_away(f);
	waits_for(f, NULL);
	ask(f, CMD_FILE_OPEN, "far1");
	waits_for(f, "far1"); /* at once */
	shows(f, "solution.py");
	ask(f, CMD_FILE_OPEN, "far1"); /* an impatient Enter */
	answer(f, "far1");
	waits_for(f, NULL);
	shows(f, "far1");
	assert_false(fake_answer(f->shell, "far1"));
	/* One that is open is there at once. */
	ask(f, CMD_FILE_OPEN, "solution.py");
	waits_for(f, NULL);
	shows(f, "solution.py");
}

/* Whatever comes when: the one that was asked for last is shown. */
static void
test_order(void **state)
{
	struct fixture *f = *state;

	far_away(f);
	ask(f, CMD_FILE_OPEN, "far1");
	ask(f, CMD_FILE_OPEN, "far2");
	waits_for(f, "far2");
	answer(f, "far2");
	shows(f, "far2");
	waits_for(f, NULL);
	answer(f, "far1");
	assert_non_null(opened(f, "far1"));
	shows(f, "far2");
}

static void
test_first_comes_first(void **state)
{
	struct fixture *f = *state;

	far_away(f);
	ask(f, CMD_FILE_OPEN, "far1");
	ask(f, CMD_FILE_OPEN, "far2");
	answer(f, "far1");
	assert_non_null(opened(f, "far1"));
	shows(f, "solution.py");
	waits_for(f, "far2");
	answer(f, "far2");
	shows(f, "far2");
}

static void
test_back(void **state)
{
	struct fixture *f = *state;

	far_away(f);
	ask(f, CMD_FILE_OPEN, "far1");
	pass(f, 600000);
	assert_string_equal(f->notice, "opening far1 ...");
	ask(f, CMD_FILE_OPEN, "solution.py");
	waits_for(f, NULL);
	pass(f, 9000000);
	assert_string_equal(f->notice, "opening far1 ..."); /* once */
	answer(f, "far1");
	shows(f, "solution.py");
}

static void
test_fails(void **state)
{
	struct fixture *f = *state;
	unsigned opened_before = f->counts[EV_FILE_OPEN];

	f->plan.keep = "far";
	ask(f, CMD_FILE_OPEN, "far0");
	answer(f, "far0");
	waits_for(f, NULL);
	shows(f, "solution.py");
	assert_string_equal(f->notice, "cannot open far0: far0: no such file");
	assert_int_equal(f->counts[EV_FILE_OPENING], 2 + 1); /* solution.py */
	assert_int_equal(f->counts[EV_FILE_OPEN], opened_before);
	/* That it was not there does not concern the next. */
	fake_write(f->shell, "far1", "1");
	ask(f, CMD_FILE_OPEN, "far0");
	ask(f, CMD_FILE_OPEN, "far1");
	answer(f, "far0");
	waits_for(f, "far1");
	answer(f, "far1");
	shows(f, "far1");
}

/* A new one is asked about, written and read. */
static void
test_create(void **state)
{
	struct fixture *f = *state;

	f->plan.keep = "far";
	ask(f, CMD_FILE_CREATE, "far");
	for (int i = 0; i < 3; i++) {
		waits_for(f, "far");
		shows(f, "solution.py");
		answer(f, "far");
	}
	waits_for(f, NULL);
	shows(f, "far");
	f->plan.fail_put = "disk full";
	ask(f, CMD_FILE_CREATE, "far2");
	answer(f, "far2");
	waits_for(f, "far2");
	answer(f, "far2");
	waits_for(f, NULL);
	assert_string_equal(f->notice, "far2: disk full");
}

/* What is typed ahead is to be in it. */
static void
test_run_waits(void **state)
{
	struct fixture *f = *state;

	far_away(f);
	ask(f, CMD_FILE_OPEN, "far1");
	simple(f, CMD_TEST_RUN);
	assert_null(state_last_run(core_state(f->core)));
	f->plan.keep = NULL; /* the judge's sandbox gets it too */
	answer(f, "far1");
	assert_true(state_last_run(core_state(f->core))->done);
	/* Not for ever. */
	f->plan.keep = "far";
	ask(f, CMD_FILE_OPEN, "far3");
	simple(f, CMD_TEST_RUN);
	f->plan.keep = NULL;
	answer(f, "far3");
	assert_int_equal(core_state(f->core)->nruns, 2);
}

static void
test_end_waits(void **state)
{
	struct fixture *f = *state;

	far_away(f);
	ask(f, CMD_FILE_OPEN, "far1");
	simple(f, CMD_END);
	assert_false(core_state(f->core)->ended);
	answer(f, "far1");
	until_ended(f);
	assert_string_equal(f->why, "");
}

static void
test_end_late(void **state)
{
	struct fixture *f = *state;

	far_away(f);
	ask(f, CMD_FILE_OPEN, "far1");
	simple(f, CMD_END);
	pass(f, 5100000);
	until_ended(f);
	assert_non_null(strstr(f->why, "far1 was not open in time"));
}

/* The one before has not answered. */
static void
test_new_sandbox(void **state)
{
	struct fixture *f = *state;

	far_away(f);
	f->disk = true;
	ask(f, CMD_FILE_OPEN, "far1");
	ask(f, CMD_FILE_CREATE, "far3");
	answer(f, "far3"); /* it is written now */
	simple(f, CMD_SANDBOX_NEW);
	pass(f, 5200000);
	assert_int_equal(f->plan.created, 2);
	waits_for(f, "far3");
	answer(f, "far1");
	assert_non_null(strstr(f->notice, "cannot open far1"));
	for (int i = 0; i < 3; i++)
		answer(f, "far3");
	shows(f, "far3");
}

static void
test_next_question(void **state)
{
	struct fixture *f = *state;

	far_away(f);
	ask(f, CMD_FILE_OPEN, "far1");
	simple(f, CMD_SKIP);
	assert_int_equal(core_state(f->core)->question, 1);
	answer(f, "far1");
	assert_int_equal(core_state(f->core)->question, 2);
	waits_for(f, NULL);
	shows(f, "solution.py");
}

static void
test_resume(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	far_away(f);
	ask(f, CMD_FILE_OPEN, "far1");
	fixture_kill(f);
	assert_non_null(fixture_resume(f, &e));
	waits_for(f, "far1");
	answer(f, "far1");
	waits_for(f, NULL);
	assert_string_equal(f->notice, "cannot open far1: far1: no such file");
	shows(f, "solution.py");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, \
    fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_large), T(test_state), T(test_order),
		T(test_first_comes_first), T(test_back), T(test_fails),
		T(test_create), T(test_run_waits), T(test_end_waits),
		T(test_end_late), T(test_new_sandbox), T(test_next_question),
		T(test_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
