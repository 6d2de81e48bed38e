#include "config.h"

/* A session whose viva was killed goes on with another one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "session/replay.h"
#include "tests/support/corefix.h"

static void
resume(struct fixture *f)
{
	struct err e = { 0 };

	if (fixture_resume(f, &e) == NULL)
		fail_msg("%s", e.msg);
}

static void
assert_text(struct fixture *f, const char *text)
{
	struct buf b = { 0 };

	assert_non_null(solution(f));
	text_append(solution(f)->text, 0, text_size(solution(f)->text), &b);
	assert_memory_equal(buf_str(&b), text, strlen(text));
	buf_free(&b);
}

/* The record of both together gives the state of the second. */
static void
assert_replays(struct fixture *f)
{
	char *path = xasprintf("%s/journal.jsonl", f->dir);
	const char *paths[] = { path };
	struct buf live = { 0 }, again = { 0 };
	struct err e = { 0 };
	struct replay *r;

	state_save(core_state(f->core), &live);
	core_destroy(f->core);
	f->core = NULL;
	r = replay_open(paths, 1, &f->clock.base, &e);
	assert_non_null(r);
	replay_seek(r, replay_length(r));
	state_save(replay_state(r), &again);
	assert_int_equal(live.len, again.len);
	assert_memory_equal(live.data, again.data, live.len);
	replay_close(r);
	buf_free(&live);
	buf_free(&again);
	free(path);
}

static void
test_unsaved(void **state)
{
	struct fixture *f = *state;
	int64_t t;

	input(f, "echo\r");
	type(f, "never saved");
	turns(f);
	t = core_state(f->core)->t;
	fixture_kill(f);
	assert_null(strstr(f->kept, "never saved"));
	clock_fake_advance(&f->clock, 7200LL * 1000000);
	resume(f);
	/* The time in between is nobody's. */
	assert_true(core_state(f->core)->t - t < 1000000);
	assert_int_equal(f->counts[EV_SESSION_RESUME], 1);
	assert_int_equal(f->counts[EV_TERM_EXIT], 1);
	assert_int_equal(f->counts[EV_TERM_OPEN], 1);
	assert_int_equal(core_state(f->core)->term, 2);
	assert_int_equal(core_state(f->core)->question, 1);
	assert_text(f, "never saved");
	assert_int_equal(solution(f)->save, FILE_EDITED);
	pass(f, 2500000);
	assert_int_equal(solution(f)->save, FILE_SAVED);
	assert_memory_equal(fake_read(f->shell, "solution.py"), "never saved",
	    11);
	input(f, "echo\r");
	assert_replays(f);
}

static void
test_saved_untold(void **state)
{
	struct fixture *f = *state;
	struct buf b = { 0 };

	type(f, "abc");
	turns(f);
	text_append(solution(f)->text, 0, text_size(solution(f)->text), &b);
	fixture_kill(f);
	/* The save had come to the disk, and nobody was left to say so. */
	free(f->kept);
	f->kept = buf_take(&b);
	resume(f);
	assert_int_equal(solution(f)->save, FILE_SAVED);
	assert_int_equal(f->counts[EV_FILE_CONFLICT], 0);
	assert_int_equal(f->counts[EV_EDIT_CHANGE], 0);
	assert_replays(f);
}

static void
test_changed_meanwhile(void **state)
{
	struct fixture *f = *state;

	fixture_kill(f);
	free(f->kept);
	f->kept = xstrdup("theirs\n");
	resume(f);
	assert_text(f, "theirs\n"); /* nothing of ours was lost by that */
	assert_int_equal(solution(f)->save, FILE_SAVED);
	assert_replays(f);
}

static void
test_both_changed(void **state)
{
	struct fixture *f = *state;

	type(f, "ours");
	turns(f);
	fixture_kill(f);
	free(f->kept);
	f->kept = xstrdup("theirs\n");
	resume(f);
	pass(f, 3000000);
	assert_int_equal(f->counts[EV_FILE_CONFLICT], 1);
	assert_text(f, "ours");
	assert_string_equal(fake_read(f->shell, "solution.py"), "theirs\n");
	simple(f, CMD_SAVE_FORCE);
	assert_memory_equal(fake_read(f->shell, "solution.py"), "ours", 4);
}

static void
test_deleted_meanwhile(void **state)
{
	struct fixture *f = *state;

	fixture_kill(f);
	free(f->kept);
	f->kept = NULL;
	resume(f);
	assert_int_equal(solution(f)->save, FILE_FAILED);
	assert_non_null(strstr(solution(f)->why, "deleted"));
}

static void
test_run_cut(void **state)
{
	struct fixture *f = *state;
	const struct state_run *r;

	f->hang = true;
	simple(f, CMD_TEST_RUN);
	assert_false(state_last_run(core_state(f->core))->done);
	fixture_kill(f);
	f->hang = false;
	resume(f);
	r = state_last_run(core_state(f->core));
	assert_true(r->done);
	assert_int_equal(r->verdict, VERDICT_JE); /* not the candidate's */
	simple(f, CMD_TEST_RUN);
	turns(f);
	r = state_last_run(core_state(f->core));
	assert_int_equal(r->number, 2);
	assert_true(r->done);
	assert_replays(f);
}

static void
test_between_questions(void **state)
{
	struct fixture *f = *state;

	type(f, "right");
	simple(f, CMD_SUBMIT);
	for (int i = 0; f->counts[EV_QUESTION_SUBMIT] == 0 && i < 1000; i++)
		loop_turn(f->loop, 0);
	fixture_kill(f);
	resume(f);
	assert_int_equal(core_state(f->core)->submitted, 1);
	assert_int_equal(core_state(f->core)->question, 2);
	assert_string_equal(core_state(f->core)->title, "Another");
	assert_replays(f);
}

static void
test_time_left(void **state)
{
	struct fixture *f = *state;

	pass(f, 3000LL * 1000000);
	fixture_kill(f);
	clock_fake_advance(&f->clock, 3600LL * 1000000);
	resume(f);
	pass(f, 590LL * 1000000);
	assert_int_equal(f->ended, 0);
	pass(f, 71LL * 1000000); /* the last minute is not in the record */
	for (int i = 0; i < 200 && f->ended == 0; i++)
		loop_turn(f->loop, 10000);
	assert_int_equal(f->ended, 1);
}

static void
test_refused(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	simple(f, CMD_END);
	for (int i = 0; i < 200 && f->ended == 0; i++)
		loop_turn(f->loop, 10000);
	fixture_kill(f);
	assert_null(fixture_resume(f, &e));
	assert_non_null(strstr(e.msg, "has ended"));
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, \
    fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_unsaved),
		T(test_saved_untold), T(test_changed_meanwhile),
		T(test_both_changed), T(test_deleted_meanwhile),
		T(test_run_cut), T(test_between_questions),
		T(test_time_left), T(test_refused) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
