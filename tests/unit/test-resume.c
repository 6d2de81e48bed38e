#include "config.h"

/* A session whose viva was killed goes on with another one. */

#include <fcntl.h>
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
#include "session/replay.h"
#include "store/journal.h"
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

/* What the old shell had shown is above the new one, not in it. */
static void
test_clean_terminal(void **state)
{
	struct fixture *f = *state;
	struct command size = { .type = CMD_TERM_RESIZE, .rows = 7,
		.cols = 60 };
	struct vt *vt;
	struct buf text = { 0 };

	core_command(f->core, &size);
	for (int i = 0; i < 40; i++)
		fake_say(f->shell, "said\r\n");
	turns(f);
	fixture_kill(f);
	resume(f);
	assert_int_equal(f->plan.rows, 7);
	core_command(f->core, &size);
	vt = core_state(f->core)->vt;
	assert_int_equal(vt_rows(vt), 7);
	assert_true(vt_scrollback(vt) > 0);
	vt_text(vt, 1, 0, 6, 59, &text);
	assert_int_equal(strspn(buf_str(&text), "\n"), text.len);
	vt_text(vt, 0, 0, 0, 59, &text);
	assert_null(strstr(buf_str(&text), "said"));
	buf_free(&text);
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
type_ahead(void *user)
{
	const struct fixture *f = user;
	struct command open = { .type = CMD_FILE_OPEN, .path = "far" },
	    ahead = { .type = CMD_FILE_AHEAD, .path = "far", .data = "kx",
		.len = 3 };

	core_command(f->core, &open);
	core_command(f->core, &ahead);
	assert_int_equal(f->counts[EV_FILE_AHEAD], 1);
	assert_int_equal(f->counts[EV_QUESTION_SUBMIT], 0);
}

static void
on_submit(struct fixture *f, const struct event *ev)
{
	if (ev->type == EV_QUESTION_SUBMIT)
		f->mark = ev->seq;
	if (ev->type == EV_TEST_RUN && f->plan.keep != NULL)
		loop_timer_add(f->loop, 0, type_ahead, f);
}

/* The next question begins in the same turn. */
static void
kill_between_questions(struct fixture *f)
{
	type(f, "right");
	f->seen = on_submit;
	simple(f, CMD_SUBMIT);
	assert_int_equal(f->counts[EV_QUESTION_SUBMIT], 1);
	f->seen = NULL;
	fixture_kill_at(f, f->mark);
	resume(f);
	assert_int_equal(f->counts[EV_QUESTION_START], 1);
	assert_int_equal(core_state(f->core)->submitted, 1);
	assert_int_equal(core_state(f->core)->question, 2);
	assert_string_equal(core_state(f->core)->title, "Another");
}

static void
test_between_questions(void **state)
{
	kill_between_questions(*state);
	assert_replays(*state);
}

/* What was typed for a file of the question before is not the next one's. */
static void
test_ahead_between_questions(void **state)
{
	struct fixture *f = *state;

	f->plan.keep = "far";
	kill_between_questions(f);
	assert_int_equal(f->counts[EV_FILE_AHEAD], 0);
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
	until_ended(f);
}

static void
test_refused(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	simple(f, CMD_END);
	until_ended(f);
	fixture_kill(f);
	assert_null(fixture_resume(f, &e));
	assert_non_null(strstr(e.msg, "has ended"));
}

/* ---- a shell that outlives viva ---- */

static int
setup_keeps(void **state)
{
	fixture_plan.keeps = true;
	return fixture_setup(state);
}

struct heard { /* what the record has of the shell, by its places */
	struct buf out;
	bool gap;
};

static void
hear(void *user, const struct event *ev)
{
	struct heard *h = user;

	if (ev->type == EV_TERM_OPEN)
		buf_clear(&h->out);
	if (ev->type != EV_TERM_OUTPUT)
		return;
	h->gap |= ev->u.io.offset != h->out.len;
	buf_add(&h->out, ev->u.io.data.p, ev->u.io.data.n);
}

/* All that the shell ever said is recorded, once; and the record replays. */
static void
assert_all_heard(struct fixture *f)
{
	char *path = xasprintf("%s/journal.jsonl", f->dir);
	struct heard h = { .gap = false };
	struct journal_end end;

	assert_replays(f);
	assert_true(journal_read(path, hear, &h, &end, NULL));
	assert_false(h.gap);
	assert_string_equal(buf_str(&h.out), buf_str(&f->plan.out));
	buf_free(&h.out);
	free(path);
}

/* The worker has got only so much of what was typed. */
static void
arrived(struct fixture *f, size_t n)
{
	assert_true(n <= f->plan.in.len);
	f->plan.in.len = n;
	f->plan.in.data[n] = '\0';
}

static void
test_shell_goes_on(void **state)
{
	struct command size = { .type = CMD_TERM_RESIZE, .rows = 30,
		.cols = 90 };
	struct fixture *f = *state;
	struct buf screen = { 0 };

	core_command(f->core, &size);
	input(f, "one\r");
	fake_say(f->shell, "said\r\n");
	turns(f);
	fixture_kill(f);
	buf_adds(&f->plan.out, "said meanwhile\r\n");
	f->plan.rows = 1;
	resume(f);
	assert_int_equal(f->counts[EV_TERM_EXIT], 0);
	assert_int_equal(f->counts[EV_TERM_OPEN], 0);
	assert_int_equal(f->counts[EV_TERM_INPUT], 0);
	assert_int_equal(core_state(f->core)->term, 1);
	assert_int_equal(f->plan.shells, 1);
	/* Its size is set again, and then follows. */
	assert_int_equal(f->plan.rows, 30);
	assert_int_equal(f->plan.cols, 90);
	size.rows = 20;
	core_command(f->core, &size);
	assert_int_equal(f->plan.rows, 20);
	input(f, "two\r");
	assert_string_equal(buf_str(&f->plan.in), "one\rtwo\r");
	vt_text(core_state(f->core)->vt, 0, 0, 19, 89, &screen);
	assert_non_null(strstr(buf_str(&screen), "said meanwhile"));
	buf_free(&screen);
	/* And once more. */
	fixture_kill(f);
	buf_adds(&f->plan.out, "again");
	resume(f);
	input(f, "three");
	assert_string_equal(buf_str(&f->plan.in), "one\rtwo\rthree");
	assert_int_equal(f->counts[EV_DISCONTINUITY], 0);
	assert_all_heard(f);
}

/* What was typed and had not arrived is sent; what is typed before the shell
 * is found follows it. */
static void
test_typed_rest(void **state)
{
	struct fixture *f = *state;
	unsigned before;

	input(f, "one\r");
	input(f, "two\r");
	for (size_t n = 0; n <= 8; n++) {
		fixture_kill(f);
		arrived(f, n);
		resume(f);
		assert_string_equal(buf_str(&f->plan.in), "one\rtwo\r");
		assert_int_equal(f->counts[EV_TERM_INPUT], 0);
	}
	fixture_kill(f);
	arrived(f, 2);
	f->plan.slow = true;
	resume(f);
	before = f->plan.inputs;
	input(f, "early");
	assert_int_equal(f->plan.inputs, before);
	assert_int_equal(f->counts[EV_TERM_INPUT], 0);
	fake_found(f->shell);
	turns(f);
	assert_string_equal(buf_str(&f->plan.in), "one\rtwo\rearly");
	assert_int_equal(f->counts[EV_TERM_INPUT], 1);
	assert_int_equal(f->counts[EV_DISCONTINUITY], 0);
	assert_replays(f);
}

/* More has arrived than is recorded. */
static void
test_typed_more(void **state)
{
	struct fixture *f = *state;

	input(f, "one");
	fixture_kill(f);
	buf_adds(&f->plan.in, "XY");
	resume(f);
	assert_int_equal(f->counts[EV_DISCONTINUITY], 1);
	input(f, "two");
	assert_string_equal(buf_str(&f->plan.in), "oneXYtwo");
	fixture_kill(f);
	arrived(f, 6);
	resume(f);
	assert_string_equal(buf_str(&f->plan.in), "oneXYtwo");
	assert_int_equal(f->counts[EV_DISCONTINUITY], 0);
}

/* A password is not recorded, so nothing is sent from there on. */
static void
test_typed_secret(void **state)
{
	struct fixture *f = *state;

	input(f, "abc");
	f->plan.secret = true;
	input(f, "pw\r");
	f->plan.secret = false;
	input(f, "ls\r");
	fixture_kill(f); /* all has arrived: nothing is missing */
	resume(f);
	assert_int_equal(f->counts[EV_DISCONTINUITY], 0);
	fixture_kill(f);
	arrived(f, 2);
	resume(f);
	assert_string_equal(buf_str(&f->plan.in), "abc");
	assert_int_equal(f->counts[EV_DISCONTINUITY], 1);
	assert_non_null(strstr(f->notice, "6 bytes"));
	assert_non_null(strstr(f->notice, "type them again"));
	input(f, "x");
	input(f, "y");
	assert_string_equal(buf_str(&f->plan.in), "abcxy");
	/* Those places in the stream belong to what came since. */
	fixture_kill(f);
	arrived(f, 4);
	resume(f);
	assert_string_equal(buf_str(&f->plan.in), "abcxy");
	assert_int_equal(f->counts[EV_DISCONTINUITY], 0);
	/* The same in the midst of one. */
	f->plan.secret = true;
	input(f, "secret");
	fixture_kill(f);
	arrived(f, 7);
	f->plan.secret = false;
	resume(f);
	assert_int_equal(f->counts[EV_DISCONTINUITY], 1);
	input(f, "z");
	fixture_kill(f);
	arrived(f, 7);
	resume(f);
	assert_string_equal(buf_str(&f->plan.in), "abcxysez");
	assert_int_equal(f->counts[EV_DISCONTINUITY], 0);
	assert_replays(f);
}

static void
test_shell_lost(void **state)
{
	struct fixture *f = *state;

	input(f, "one\r");
	fixture_kill(f);
	f->plan.lost = f->plan.slow = true;
	resume(f);
	assert_int_equal(f->counts[EV_TERM_EXIT], 1);
	assert_int_equal(f->counts[EV_TERM_OPEN], 1);
	assert_int_equal(core_state(f->core)->term, 2);
	assert_int_equal(f->plan.shells, 2);
	assert_false(core_state(f->core)->term_exited);
	/* What was said of the one before does not stand beside it. */
	assert_string_equal(f->notice, "this is a new shell: the one that ran "
	    "is gone");
	input(f, "new");
	assert_string_equal(buf_str(&f->plan.in), "new");
	assert_all_heard(f);
}

static int
setup_held(void **state)
{
	fixture_plan.held = true;
	return setup_keeps(state);
}

/* Killed before there was a sandbox: nothing ran that could be gone, and what
 * was typed went nowhere.  Once it has run that is another thing. */
static void
test_shell_not_begun(void **state)
{
	struct fixture *f = *state;

	input(f, "early");
	fixture_kill(f);
	f->plan.lost = true;
	resume(f); /* nor does this one get that far */
	assert_false(f->plan.begun);
	fixture_kill(f);
	f->plan.held = false;
	resume(f);
	assert_false(f->plan.begun);
	assert_int_equal(core_state(f->core)->term, 2);
	assert_non_null(strstr(buf_str(&f->notices),
	    "the shell had not begun: it is gone\n"));
	assert_non_null(strstr(buf_str(&f->notices),
	    "the shell had not begun: the 5 bytes typed"));
	assert_null(strstr(buf_str(&f->notices), "has ended"));
	fixture_kill(f);
	f->plan.held = true;
	resume(f);
	assert_true(f->plan.begun);
	fixture_kill(f);
	f->plan.held = false;
	buf_clear(&f->notices);
	resume(f);
	assert_true(f->plan.begun);
	assert_non_null(strstr(buf_str(&f->notices),
	    "the shell has ended: it is gone\n"));
	assert_null(strstr(buf_str(&f->notices), "had not begun"));
	assert_replays(f);
}

/* One that had ended is not gone back to. */
static void
test_shell_ended(void **state)
{
	struct fixture *f = *state;

	input(f, "exit\r");
	fixture_kill(f);
	resume(f);
	assert_int_equal(f->counts[EV_TERM_EXIT], 0);
	assert_int_equal(f->counts[EV_TERM_OPEN], 1);
	assert_int_equal(f->plan.shells, 2);
}

/* The last event of the journal did not get there. */
static void
cut_event(struct fixture *f)
{
	char *path = xasprintf("%s/journal.jsonl", f->dir);
	struct event_reader r = { .fd = open(path, O_RDONLY | O_CLOEXEC) };
	const char *p;
	size_t n, last = 0;

	assert_true(r.fd >= 0);
	while (event_next(&r, &p, &n, NULL) == EVENT_WHOLE)
		last = n;
	assert_int_equal(truncate(path, (off_t)(r.bytes - last)), 0);
	close(r.fd);
	event_reader_free(&r);
	free(path);
}

/* A second shell of a sandbox that is there, before its first word. */
static void
test_second_begun(void **state)
{
	struct fixture *f = *state;

	input(f, "exit\r");
	simple(f, CMD_TERM_RESTART);
	assert_int_equal(core_state(f->core)->term, 2);
	fixture_kill(f);
	cut_event(f); /* its prompt */
	f->plan.lost = true;
	resume(f);
	assert_true(f->plan.begun);
}

/* The terminal's answers are given once. */
static void
test_answers(void **state)
{
	struct fixture *f = *state;

	fake_say(f->shell, "\r\n\033[6n");
	turns(f);
	assert_string_equal(buf_str(&f->plan.in), "\033[2;1R");
	fixture_kill(f);
	resume(f);
	fake_say(f->shell, "x");
	turns(f);
	assert_string_equal(buf_str(&f->plan.in), "\033[2;1R");
	fake_say(f->shell, "\r\n\033[6n");
	turns(f);
	assert_string_equal(buf_str(&f->plan.in), "\033[2;1R\033[3;1R");
	/* The second was neither recorded nor sent. */
	fixture_kill(f);
	cut_event(f); /* its echo */
	cut_event(f);
	arrived(f, 6);
	f->plan.out.len -= 6;
	f->plan.out.data[f->plan.out.len] = '\0';
	resume(f);
	assert_string_equal(buf_str(&f->plan.in), "\033[2;1R\033[3;1R");
	assert_all_heard(f);
}

static void
test_old_answers(void **state)
{
	struct fixture *f = *state;
	unsigned before;

	fake_say(f->shell, "\033[6n");
	turns(f);
	fixture_kill(f);
	resume(f);
	before = f->plan.inputs;
	fake_say(f->shell, "x");
	turns(f);
	assert_int_equal(f->plan.inputs, before);
}

/* ---- a volume that is behind ---- */

static void
test_behind(void **state)
{
	struct fixture *f = *state;
	char *older;

	f->plan.link = true;
	type(f, "first ");
	simple(f, CMD_SAVE);
	older = xstrdup(fake_read(f->shell, "solution.py"));
	type(f, "second ");
	simple(f, CMD_SAVE);
	fixture_kill(f);
	free(f->kept);
	f->kept = older;
	f->plan.anew = true;
	resume(f);
	assert_text(f, "second first ");
	assert_int_equal(f->counts[EV_FILE_CONFLICT], 0);
	pass(f, 2500000);
	assert_int_equal(solution(f)->save, FILE_SAVED);
	assert_memory_equal(fake_read(f->shell, "solution.py"),
	    "second first ", 13);
	/* It never got there at all. */
	fixture_kill(f);
	free(f->kept);
	f->kept = NULL;
	resume(f);
	pass(f, 2500000);
	assert_memory_equal(fake_read(f->shell, "solution.py"),
	    "second first ", 13);
	/* Where the sandbox is the same it is somebody's doing. */
	fixture_kill(f);
	free(f->kept);
	f->kept = xstrdup("first import sys\n");
	f->plan.anew = false;
	resume(f);
	assert_text(f, "first import sys\n");
	assert_replays(f);
}

#define COPY(b64) "\033]52;c;" b64 "\007"

/* What a program copied long ago does not come to the clipboard again, which
 * may hold something else by now. */
static void
test_old_copy(void **state)
{
	struct fixture *f = *state;

	fake_say(f->shell, COPY("b25l"));
	turns(f);
	assert_string_equal(buf_str(&f->copied), "one\n");
	fixture_kill(f);
	resume(f);
	fake_say(f->shell, "more");
	turns(f);
	assert_string_equal(buf_str(&f->copied), "one\n");
	fake_say(f->shell, COPY("dHdv"));
	turns(f);
	assert_string_equal(buf_str(&f->copied), "one\ntwo\n");
	assert_replays(f); /* its core is gone: nobody to tell */
	assert_string_equal(buf_str(&f->copied), "one\ntwo\n");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, \
    fixture_teardown)
#define K(fn) cmocka_unit_test_setup_teardown(fn, setup_keeps, \
    fixture_teardown)
#define H(fn) cmocka_unit_test_setup_teardown(fn, setup_held, \
    fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_unsaved),
		T(test_clean_terminal), T(test_saved_untold), T(test_changed_meanwhile),
		T(test_both_changed), T(test_deleted_meanwhile),
		T(test_run_cut), T(test_between_questions),
		T(test_ahead_between_questions),
		T(test_time_left), T(test_refused), K(test_shell_goes_on),
		K(test_typed_rest), K(test_typed_more), K(test_typed_secret),
		K(test_shell_lost), H(test_shell_not_begun),
		K(test_second_begun), K(test_shell_ended), K(test_answers),
		T(test_old_answers), T(test_behind), T(test_old_copy) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
