#include "config.h"

/* A whole session of the core over a sandbox in memory, with its record; the
 * record played back gives the same state, byte for byte. */

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
test_start(void **state)
{
	struct fixture *f = *state;
	const struct state *s = core_state(f->core);

	assert_int_equal(s->conn, CONN_ONLINE);
	assert_string_equal(s->title, "A sum");
	assert_int_equal(s->questions, 2);
	assert_non_null(solution(f));
	assert_int_equal(solution(f)->save, FILE_SAVED);
	assert_int_equal(s->nentries, 2); /* and the sample */
	assert_string_equal(fake_read(f->shell, "sample1.in"), "1 2\n");
	assert_null(fake_read(f->shell, "sample2.in"));
}

static void
test_autosave(void **state)
{
	struct fixture *f = *state;

	type(f, "abc");
	turns(f);
	assert_int_equal(solution(f)->save, FILE_EDITED);
	pass(f, 1500000);
	type(f, "d"); /* typing puts it off */
	pass(f, 1500000);
	assert_int_equal(solution(f)->save, FILE_EDITED);
	pass(f, 700000);
	assert_int_equal(solution(f)->save, FILE_SAVED);
	assert_memory_equal(fake_read(f->shell, "solution.py"), "dabc", 4);
}

static void
test_save_fails(void **state)
{
	struct fixture *f = *state;

	f->plan.fail_put = "disk full";
	type(f, "abc");
	pass(f, 2500000);
	assert_int_equal(solution(f)->save, FILE_FAILED);
	assert_string_equal(solution(f)->why, "disk full");
	simple(f, CMD_TEST_RUN);
	assert_non_null(strstr(f->notice, "not run"));
	f->plan.fail_put = NULL;
	pass(f, 6000000); /* tried again by itself */
	assert_int_equal(solution(f)->save, FILE_SAVED);
	assert_string_equal(f->notice, "solution.py is saved");
	f->notice[0] = '\0';
	type(f, "d");
	pass(f, 2500000);
	assert_string_equal(f->notice, "");
}

static void
test_conflict(void **state)
{
	struct fixture *f = *state;
	char text[8] = "";

	/* Not edited here: theirs is taken. */
	fake_write(f->shell, "solution.py", "theirs");
	turns(f);
	text_read(solution(f)->text, 0, text, 6);
	assert_string_equal(text, "theirs");
	assert_false(solution(f)->conflict);
	/* Edited on both sides: nobody's is lost. */
	type(f, "my ");
	fake_write(f->shell, "solution.py", "other");
	pass(f, 3000000);
	assert_true(solution(f)->conflict);
	assert_string_equal(fake_read(f->shell, "solution.py"), "other");
	assert_non_null(strstr(f->notice, "save-force"));
	simple(f, CMD_SAVE_FORCE);
	assert_string_equal(fake_read(f->shell, "solution.py"), "my theirs");
	assert_false(solution(f)->conflict);
	type(f, "x");
	fake_write(f->shell, "solution.py", "third");
	pass(f, 3000000);
	assert_true(solution(f)->conflict);
	simple(f, CMD_RELOAD);
	text_read(solution(f)->text, 0, text, 5);
	text[5] = '\0';
	assert_string_equal(text, "third");
	assert_int_equal(solution(f)->save, FILE_SAVED);
}

static void
test_run(void **state)
{
	struct fixture *f = *state;
	const struct state_run *r;

	type(f, "wrong ");
	simple(f, CMD_TEST_RUN);
	turns(f);
	r = state_last_run(core_state(f->core));
	assert_non_null(r);
	assert_true(r->done);
	assert_int_equal(r->verdict, VERDICT_WA);
	assert_int_equal(r->passed, 1);
	assert_int_equal(r->ncases, 2);
	assert_string_equal(r->cases[1].name, "hidden 1");
	assert_int_equal(r->cases[1].expected.len, 0);
	/* It saved first: the judge had what was typed. */
	assert_memory_equal(fake_read(f->shell, "solution.py"), "wrong", 5);
	type(f, "right ");
	simple(f, CMD_TEST_RUN);
	turns(f);
	r = state_last_run(core_state(f->core));
	assert_int_equal(r->verdict, VERDICT_AC);
	assert_int_equal(r->number, 2);
}

/* Who waits for a file's effect is to know which one is not there. */
static void
test_run_without(void **state)
{
	struct fixture *f = *state;

	f->plan.skips = 1;
	simple(f, CMD_TEST_RUN);
	turns(f);
	assert_non_null(strstr(buf_str(&f->notices), "d/big is not part "
	    "of the run: it is too long"));
	f->plan.skips = 3;
	simple(f, CMD_TEST_RUN);
	turns(f);
	assert_non_null(strstr(buf_str(&f->notices), "d/big and 2 more are "
	    "not part of the run: they are too long"));
}

/* The whole way, then the record of it. */
static void
test_replay(void **state)
{
	struct fixture *f = *state;
	char *path = xasprintf("%s/journal.jsonl", f->dir), *text;
	struct buf live = { 0 }, again = { 0 };
	const char *paths[] = { path };
	struct err e = { 0 };
	struct replay *r;
	FILE *j;
	long n;

	input(f, "echo\r");
	fake_say(f->shell, "\033[1mbold\033[0m \xff\xfe caf\xc3\xa9\r\n");
	fake_say(f->shell, "\033[6n"); /* asks where the cursor is */
	turns(f);
	assert_true(f->plan.inputs >= 2);
	type(f, "right \xf0\x9f\x98\x80");
	simple(f, CMD_MARKER);
	pass(f, 61000000);
	simple(f, CMD_SUBMIT);
	turns(f);
	assert_int_equal(core_state(f->core)->question, 2);
	assert_string_equal(core_state(f->core)->title, "Another");
	type(f, "again");
	input(f, "exit\r");
	assert_true(core_state(f->core)->term_exited);
	simple(f, CMD_TERM_RESTART);
	assert_false(core_state(f->core)->term_exited);
	simple(f, CMD_END);
	turns(f);
	until_ended(f);
	assert_string_equal(f->why, "");
	assert_memory_equal(fake_read(f->shell, "solution.py"), "again", 5);
	state_save(core_state(f->core), &live);

	/* Nothing secret is in the record. */
	core_destroy(f->core);
	f->core = NULL;
	j = fopen(path, "re");
	assert_non_null(j);
	fseek(j, 0, SEEK_END);
	n = ftell(j);
	rewind(j);
	text = xcalloc(1, (size_t)n + 1);
	assert_int_equal(fread(text, 1, (size_t)n, j), n);
	fclose(j);
	assert_null(strstr(text, "secret-name"));
	assert_null(strstr(text, "50 61"));
	assert_null(strstr(text, "111\\n"));
	free(text);

	r = replay_open(paths, 1, &f->clock.base, &e);
	assert_non_null(r);
	assert_string_equal(replay_warning(r), "");
	replay_seek(r, replay_length(r));
	state_save(replay_state(r), &again);
	assert_int_equal(live.len, again.len);
	assert_memory_equal(live.data, again.data, live.len);
	replay_seek(r, 0);
	replay_seek(r, replay_length(r));
	buf_clear(&again);
	state_save(replay_state(r), &again);
	assert_memory_equal(live.data, again.data, live.len);
	replay_close(r);
	buf_free(&live);
	buf_free(&again);
	free(path);
}

static const struct state_run *
last_run(struct fixture *f)
{
	return state_last_run(core_state(f->core));
}

static void
assert_ended(struct fixture *f)
{
	turns(f);
	until_ended(f);
	/* Nothing comes after it. */
	assert_int_equal(f->last, EV_SESSION_END);
	fake_say(f->shell, "late\r\n");
	type(f, "late");
	turns(f);
	assert_int_equal(f->last, EV_SESSION_END);
}

static void
test_skip(void **state)
{
	struct fixture *f = *state;

	/* Nothing is left behind that is in no file. */
	f->plan.fail_put = "disk full";
	type(f, "abc");
	simple(f, CMD_SKIP);
	assert_int_equal(core_state(f->core)->question, 1);
	assert_non_null(strstr(f->notice, "not skipped: solution.py"));
	f->plan.fail_put = NULL;
	/* A run that is under way, or about to be, ends with its question. */
	f->hang = true;
	simple(f, CMD_SUBMIT);
	assert_false(last_run(f)->done);
	simple(f, CMD_SKIP);
	assert_int_equal(core_state(f->core)->question, 2);
	assert_true(last_run(f)->done);
	assert_int_equal(last_run(f)->verdict, VERDICT_CANCELED);
	assert_int_equal(core_state(f->core)->submitted, 0);
	f->hang = false;
	type(f, "right ");
	simple(f, CMD_TEST_RUN);
	assert_int_equal(last_run(f)->verdict, VERDICT_AC);
}

static void
test_skip_at_once(void **state)
{
	struct fixture *f = *state;
	struct command run = { .type = CMD_TEST_RUN };

	type(f, "right ");
	core_command(f->core, &run); /* it saves first */
	simple(f, CMD_SKIP);
	assert_int_equal(core_state(f->core)->question, 2);
	type(f, "right ");
	simple(f, CMD_TEST_RUN);
	assert_non_null(last_run(f));
	assert_int_equal(last_run(f)->verdict, VERDICT_AC);
}

static void
test_submit_typing(void **state)
{
	struct fixture *f = *state;
	struct command submit = { .type = CMD_SUBMIT };

	type(f, "right ");
	core_command(f->core, &submit);
	for (int i = 0; i < 60 && f->counts[EV_TEST_DONE] == 0; i++) {
		type(f, "x"); /* on_event checks that it gets into the file */
		loop_turn(f->loop, 0);
	}
	type(f, "y");
	turns(f);
	assert_int_equal(core_state(f->core)->question, 2);
	assert_int_equal(core_state(f->core)->submitted, 1);
	/* The last one may be submitted again, and is one question still. */
	simple(f, CMD_SUBMIT);
	type(f, "right ");
	simple(f, CMD_SUBMIT);
	assert_int_equal(f->counts[EV_QUESTION_SUBMIT], 3);
	assert_int_equal(core_state(f->core)->submitted, 2);
}

static void
test_rename(void **state)
{
	struct fixture *f = *state;
	struct command save = { .type = CMD_SAVE }, mv = {
		.type = CMD_FILE_RENAME, .path = "solution.py",
		.text = "other.py" };
	struct command edit = { .type = CMD_EDIT, .path = "solution.py",
		.text = "type", .data = "def", .len = 3 };
	const struct state_file *o;

	type(f, "abc");
	core_command(f->core, &save);
	core_command(f->core, &mv); /* not while it is being saved */
	turns(f);
	assert_non_null(strstr(f->notice, "try it again"));
	assert_int_equal(solution(f)->save, FILE_SAVED);
	core_command(f->core, &mv);
	core_command(f->core, &edit);
	core_command(f->core, &save);
	turns(f);
	pass(f, 2500000);
	o = state_file(core_state(f->core), "other.py");
	assert_non_null(o);
	assert_int_equal(o->save, FILE_SAVED);
	assert_memory_equal(fake_read(f->shell, "other.py"), "defabc", 6);
	assert_null(fake_read(f->shell, "solution.py"));
	/* There is nothing that could be run now. */
	simple(f, CMD_TEST_RUN);
	assert_null(last_run(f));
	assert_non_null(strstr(f->notice, "there is no solution.py"));
}

static void
test_deleted(void **state)
{
	struct fixture *f = *state;
	struct command create = { .type = CMD_FILE_CREATE, .path = "notes" };

	fake_remove(f->shell, "solution.py");
	turns(f);
	assert_int_equal(solution(f)->save, FILE_FAILED); /* not "saved" */
	assert_non_null(strstr(solution(f)->why, "deleted"));
	simple(f, CMD_TEST_RUN);
	assert_null(fake_read(f->shell, "solution.py"));
	simple(f, CMD_SAVE);
	assert_non_null(fake_read(f->shell, "solution.py"));
	assert_int_equal(solution(f)->save, FILE_SAVED);
	/* Written anew by a program: theirs, when there is nothing of ours. */
	fake_remove(f->shell, "solution.py");
	turns(f);
	fake_write(f->shell, "solution.py", "new");
	turns(f);
	assert_int_equal(solution(f)->save, FILE_SAVED);
	assert_int_equal(text_size(solution(f)->text), 3);
	/* A file that has just come is not emptied by creating it. */
	fake_write(f->shell, "notes", "keep");
	core_command(f->core, &create);
	turns(f);
	assert_string_equal(fake_read(f->shell, "notes"), "keep");
}

static void
test_end_conflict(void **state)
{
	struct fixture *f = *state;

	type(f, "mine ");
	fake_write(f->shell, "solution.py", "theirs");
	simple(f, CMD_END);
	assert_ended(f);
	assert_non_null(strstr(f->why, "solution.py.unsaved"));
	assert_string_equal(fake_read(f->shell, "solution.py"), "theirs");
	assert_memory_equal(fake_read(f->shell, "solution.py.unsaved"),
	    "mine ", 5);
}

static void
test_end_full(void **state)
{
	struct fixture *f = *state;

	f->hang = true;
	simple(f, CMD_TEST_RUN);
	f->plan.fail_put = "disk full";
	type(f, "mine ");
	simple(f, CMD_END);
	assert_ended(f);
	assert_non_null(strstr(f->why, "solution.py is not saved (disk full)"));
	assert_non_null(strstr(f->why, "in the record"));
	assert_true(last_run(f)->done);
	assert_int_equal(last_run(f)->verdict, VERDICT_CANCELED);
}

/* The sandbox does not answer any more: its files are not in the last
 * checkpoint, and nothing is said to be lost that is not. */
static void
test_end_late(void **state)
{
	struct fixture *f = *state;

	turns(f);
	f->plan.mute = true;
	simple(f, CMD_END);
	clock_fake_advance(&f->clock, 6 * 1000000);
	assert_ended(f);
	assert_string_equal(f->why, "the last checkpoint was not in git in "
	    "time; what you typed is in the record");
}

/* One edit, but no line of the record may be too long to be read again. */
static void
test_long_edit(void **state)
{
	struct fixture *f = *state;
	size_t n = 5u << 19, before = text_size(solution(f)->text);
	char *text = xmalloc(n);
	struct command cmd = { .type = CMD_EDIT, .path = "solution.py",
		.text = "paste", .data = text, .len = n };
	struct command back = { .type = CMD_EDIT, .path = "solution.py",
		.text = "cut", .deleted = n };

	memset(text, 1, n); /* six bytes each in the record */
	core_command(f->core, &cmd);
	assert_int_equal(f->counts[EV_EDIT_CHANGE], 3);
	assert_int_equal(text_size(solution(f)->text), before + n);
	core_command(f->core, &back);
	assert_int_equal(text_size(solution(f)->text), before);
	assert_int_equal(f->counts[EV_EDIT_CHANGE], 4);
	free(text);
}

static void
test_no_room(void **state)
{
	struct fixture *f = *state;
	unsigned before = f->counts[EV_TERM_INPUT];

	f->plan.full = true;
	input(f, "lost");
	assert_int_equal(f->counts[EV_TERM_INPUT], before);
	assert_non_null(strstr(f->notice, "4 bytes were not sent"));
	f->plan.full = false;
	input(f, "kept");
	assert_int_equal(f->counts[EV_TERM_INPUT], before + 1);
}

static void
test_pause(void **state)
{
	struct fixture *f = *state;

	type(f, "abc");
	simple(f, CMD_PAUSE);
	assert_int_equal(f->counts[EV_SESSION_PAUSE], 1);
	assert_int_equal(solution(f)->save, FILE_SAVED);
	simple(f, CMD_RESUME);
	assert_int_equal(f->counts[EV_SESSION_RESUME], 1);
}

static int
setup_small(void **state)
{
	int rc;

	fixture_record_max = 20;
	rc = fixture_setup(state);
	fixture_record_max = 0;
	return rc;
}

static void
test_record_max(void **state)
{
	struct fixture *f = *state;
	bool failed;
	struct buf screen = { 0 };

	fake_say(f->shell, "twelve chars");
	turns(f);
	assert_string_equal(core_record_state(f->core, &failed), "rec");
	fake_say(f->shell, "another ten");
	turns(f);
	assert_int_equal(f->counts[EV_DROPPED], 1);
	assert_int_equal(core_state(f->core)->dropped, 11);
	core_record_state(f->core, &failed);
	assert_true(failed);
	assert_non_null(strstr(f->notice, "not recorded any more"));
	vt_text(core_state(f->core)->vt, 0, 0, 0, 79, &screen);
	assert_non_null(strstr(buf_str(&screen), "twelve charsanother ten"));
	buf_free(&screen);
	fake_say(f->shell, "and five");
	turns(f);
	assert_int_equal(f->counts[EV_DROPPED], 1);
	pass(f, 61000000); /* told once a minute */
	assert_int_equal(f->counts[EV_DROPPED], 2);
	assert_int_equal(core_state(f->core)->dropped, 19);
}

/* What a program does to a file comes into the editor, but the record is not
 * filled with it. */
static void
test_follow_flood(void **state)
{
	struct fixture *f = *state;
	size_t n = 1000000;
	char *big = xcalloc(1, n + 1), last;
	unsigned edits = f->counts[EV_EDIT_CHANGE];

	for (int i = 0; i < 20; i++) {
		memset(big, 'a' + i, n);
		fake_write(f->shell, "solution.py", big);
		pass(f, 250000);
	}
	edits = f->counts[EV_EDIT_CHANGE] - edits;
	assert_in_range(edits, 4, 8);
	pass(f, 30000000); /* and the last of it in the end */
	text_read(solution(f)->text, 0, &last, 1);
	assert_int_equal(last, 'a' + 19);
	assert_int_equal(solution(f)->save, FILE_SAVED);
	free(big);
}

/* Nor with answers to questions that come faster than anybody reads. */
static void
test_answer_flood(void **state)
{
	struct fixture *f = *state;
	struct buf ask = { 0 };
	unsigned inputs = f->counts[EV_TERM_INPUT];

	for (int i = 0; i < 2000; i++)
		buf_adds(&ask, "\033[c");
	for (int i = 0; i < 60; i++) {
		fake_say(f->shell, buf_str(&ask));
		turns(f);
	}
	inputs = f->counts[EV_TERM_INPUT] - inputs;
	assert_in_range(inputs, 1, 40);
	pass(f, 10000000);
	inputs = f->counts[EV_TERM_INPUT];
	fake_say(f->shell, "\033[c");
	turns(f);
	assert_int_equal(f->counts[EV_TERM_INPUT], inputs + 1);
	buf_free(&ask);
}

static void
test_limit(void **state)
{
	struct fixture *f = *state;

	type(f, "late");
	clock_fake_advance(&f->clock, 3600LL * 1000000);
	turns(f);
	until_ended(f);
	assert_memory_equal(fake_read(f->shell, "solution.py"), "late", 4);
}

static unsigned
told(struct fixture *f, const char *text)
{
	unsigned n = 0;

	for (const char *p = buf_str(&f->notices);
	    (p = strstr(p, text)) != NULL; p++)
		n++;
	return n;
}

static void
at_second(struct fixture *f, int64_t s)
{
	clock_fake_advance(&f->clock, 5000000 + s * 1000000 -
	    clock_mono(&f->clock.base));
	turns(f);
}

/* Nobody is to be surprised by the end. */
static void
test_limit_told(void **state)
{
	struct fixture *f = *state;

	at_second(f, 3299);
	assert_int_equal(told(f, "session ends"), 0);
	at_second(f, 3300);
	assert_int_equal(told(f, "5 minutes left"), 1);
	at_second(f, 3539);
	assert_int_equal(told(f, "session ends"), 1);
	at_second(f, 3540);
	assert_int_equal(told(f, "1 minute left"), 1);
	at_second(f, 3594); /* viva was stopped meanwhile */
	assert_int_equal(told(f, "6 seconds left"), 1);
	assert_int_equal(told(f, "session ends"), 3);
	at_second(f, 3600);
	assert_int_equal(told(f, "time is up"), 1);
}

/* ---- another sandbox ---- */

static void
test_new_sandbox(void **state)
{
	struct fixture *f = *state;

	f->disk = true;
	type(f, "mine ");
	input(f, "echo\r");
	simple(f, CMD_SANDBOX_NEW);
	assert_int_equal(f->plan.created, 2);
	assert_int_equal(f->plan.destroyed, 1);
	/* Saved in the old one first. */
	assert_memory_equal(fake_read(f->shell, "solution.py"), "mine ", 5);
	assert_int_equal(solution(f)->save, FILE_SAVED);
	assert_int_equal(f->counts[EV_TERM_EXIT], 1);
	assert_int_equal(core_state(f->core)->term, 2);
	assert_false(core_state(f->core)->term_exited);
	assert_int_equal(core_state(f->core)->question, 1);
	assert_int_equal(core_state(f->core)->conn, CONN_ONLINE);
	input(f, "echo\r");
	type(f, "right ");
	simple(f, CMD_TEST_RUN);
	assert_int_equal(last_run(f)->verdict, VERDICT_AC);
}

/* The sandbox is gone, what is in the editor is not. */
static void
test_new_after_gone(void **state)
{
	struct fixture *f = *state;

	f->disk = true;
	fake_fail(f->shell, "it fell over");
	turns(f);
	assert_int_equal(core_state(f->core)->conn, CONN_GONE);
	assert_non_null(strstr(core_state(f->core)->conn_why, "it fell over"));
	assert_non_null(strstr(core_state(f->core)->conn_why, "new-sandbox"));
	assert_non_null(strstr(f->notice, "new-sandbox"));
	type(f, "mine ");
	pass(f, 3000000);
	assert_int_equal(solution(f)->save, FILE_FAILED);
	simple(f, CMD_SANDBOX_NEW);
	assert_int_equal(core_state(f->core)->conn, CONN_ONLINE);
	pass(f, 6000000);
	assert_int_equal(solution(f)->save, FILE_SAVED);
	assert_memory_equal(fake_read(f->shell, "solution.py"), "mine ", 5);
	assert_int_equal(f->counts[EV_FILE_CONFLICT], 0);
	/* One that does not come up is no reason not to try again. */
	f->plan.fail = "no machine";
	simple(f, CMD_SANDBOX_NEW);
	assert_int_equal(core_state(f->core)->conn, CONN_GONE);
	f->plan.fail = NULL;
	simple(f, CMD_SANDBOX_NEW);
	assert_int_equal(core_state(f->core)->conn, CONN_ONLINE);
	assert_int_equal(solution(f)->save, FILE_SAVED);
}

/* Until then the editor shows another one. */
static void
test_open_slow(void **state)
{
	struct fixture *f = *state;
	struct command open = { .type = CMD_FILE_OPEN, .path = "far.py" };

	turns(f);
	fake_write(f->shell, "far.py", "x\n");
	core_command(f->core, &open);
	pass(f, 600000);
	assert_non_null(state_file(core_state(f->core), "far.py"));
	assert_int_equal(told(f, "far.py"), 0); /* it was there at once */
	open.path = "farther.py";
	fake_write(f->shell, "farther.py", "x\n");
	f->plan.mute = true;
	core_command(f->core, &open);
	turns(f);
	assert_int_equal(told(f, "farther.py"), 0);
	pass(f, 600000);
	assert_string_equal(f->notice, "opening farther.py ...");
	pass(f, 8100000);
	assert_int_equal(told(f, "opening farther.py ..."), 2);
}

/* The old one does not answer: not waited for for ever, nor is a submit that
 * waits for it forgotten. */
static void
test_new_mute(void **state)
{
	struct fixture *f = *state;

	f->disk = true;
	f->plan.mute = true;
	type(f, "right ");
	simple(f, CMD_TEST_RUN);
	assert_null(last_run(f));
	simple(f, CMD_SANDBOX_NEW);
	pass(f, 4000000);
	assert_int_equal(f->plan.created, 1);
	f->plan.mute = false;
	pass(f, 1200000);
	assert_int_equal(f->plan.created, 2);
	assert_int_equal(told(f, "the tests do not run"), 1);
	pass(f, 2500000);
	assert_int_equal(solution(f)->save, FILE_SAVED);
	simple(f, CMD_TEST_RUN);
	assert_int_equal(last_run(f)->verdict, VERDICT_AC);
	assert_int_equal(last_run(f)->number, 1);
}

static void
test_new_and_end(void **state)
{
	struct fixture *f = *state;
	struct command new = { .type = CMD_SANDBOX_NEW };
	struct command end = { .type = CMD_END };

	f->disk = true;
	type(f, "mine ");
	core_command(f->core, &new);
	core_command(f->core, &end);
	assert_ended(f);
	assert_string_equal(f->why, "");
	assert_int_equal(f->plan.created, 1);
	assert_memory_equal(fake_read(f->shell, "solution.py"), "mine ", 5);
}

/* Before it had its first files. */
static void
test_new_early(void **state)
{
	struct fixture *f = *state;
	struct command new = { .type = CMD_SANDBOX_NEW };

	f->plan.mute = true;
	simple(f, CMD_SKIP);
	assert_int_equal(core_state(f->core)->question, 2);
	assert_null(solution(f));
	f->plan.mute = false;
	core_command(f->core, &new);
	pass(f, 5200000);
	assert_non_null(solution(f));
	assert_string_equal(fake_read(f->shell, "sample1.in"), "1 2\n");
}

static void
test_new_half(void **state)
{
	struct fixture *f = *state;

	f->plan.mute_puts = true;
	simple(f, CMD_SKIP);
	fake_write(f->shell, "other", "x");
	turns(f);
	assert_int_equal(core_state(f->core)->nentries, 1);
	assert_null(solution(f));
	f->plan.mute_puts = false;
	simple(f, CMD_SANDBOX_NEW);
	assert_non_null(solution(f));
}

static int
setup_far(void **state)
{
	fixture_plan.link = true;
	fixture_plan.ends = 5000000 + 20 * 60000000LL;
	return fixture_setup(state);
}

static void
test_expiry(void **state)
{
	struct fixture *f = *state;

	f->disk = true;
	pass(f, 14 * 60000000LL + 50000000);
	assert_int_equal(told(f, "the sandbox ends"), 0);
	pass(f, 20000000);
	assert_int_equal(told(f, "the sandbox ends in 5 min"), 1);
	assert_int_equal(told(f, "new-sandbox"), 1);
	pass(f, 180000000);
	assert_int_equal(told(f, "the sandbox ends"), 1);
	/* The next one has an end of its own, told later, as when it was
	 * found. */
	f->plan.ends = 0;
	simple(f, CMD_SANDBOX_NEW);
	pass(f, 60000000);
	assert_int_equal(told(f, "the sandbox ends"), 1);
	f->plan.ends = f->clock.mono + 180000000;
	pass(f, 60000000);
	assert_int_equal(told(f, "the sandbox ends in 2 min"), 1);
}

/* The sandbox falls over and the volume is behind it; what is there then. */
static void
crash(struct fixture *f, bool unsynced, const char *there)
{
	type(f, "one ");
	pass(f, 3000000);
	assert_int_equal(solution(f)->save, FILE_SAVED);
	f->plan.unsynced = unsynced;
	fake_fail(f->shell, "it fell over");
	turns(f);
	free(f->kept);
	f->kept = xstrdup(there);
	assert_int_equal(core_state(f->core)->conn, CONN_GONE);
}

/* What was saved in it and never said to be on the volume is saved again,
 * what the question began with too. */
static void
test_crash_unsynced(void **state)
{
	struct fixture *f = *state;
	char *before = xstrdup(fake_read(f->shell, "solution.py"));

	crash(f, true, before);
	assert_int_equal(solution(f)->save, FILE_EDITED);
	f->plan.unsynced = false;
	simple(f, CMD_SANDBOX_NEW);
	pass(f, 6000000);
	assert_int_equal(solution(f)->save, FILE_SAVED);
	assert_memory_equal(fake_read(f->shell, "solution.py"), "one ", 4);
	assert_string_equal(fake_read(f->shell, "sample1.in"), "1 2\n");
	assert_int_equal(f->counts[EV_FILE_CONFLICT], 0);
	assert_int_equal(f->counts[EV_FILE_OPEN], 1);
	free(before);
}

/* It has what nobody here has seen: neither goes without being asked. */
static void
test_crash_unknown(void **state)
{
	struct fixture *f = *state;
	struct buf text = { 0 };

	crash(f, true, "theirs");
	simple(f, CMD_SANDBOX_NEW);
	pass(f, 6000000);
	assert_int_equal(f->counts[EV_FILE_CONFLICT], 1);
	assert_string_equal(fake_read(f->shell, "solution.py"), "theirs");
	text_append(solution(f)->text, 0, 4, &text);
	assert_string_equal(buf_str(&text), "one ");
	buf_free(&text);
}

static void
test_crash_synced(void **state)
{
	struct fixture *f = *state;

	crash(f, false, "theirs");
	assert_int_equal(solution(f)->save, FILE_SAVED);
	simple(f, CMD_SANDBOX_NEW);
	pass(f, 6000000);
	assert_int_equal(f->counts[EV_FILE_CONFLICT], 0);
	assert_string_equal(fake_read(f->shell, "solution.py"), "theirs");
	assert_int_equal(text_size(solution(f)->text), 6);
	/* Of these it was told that they are there. */
	assert_null(fake_read(f->shell, "sample1.in"));
}

/* As the provider tells it; how that is recorded. */
static void
tell(struct fixture *f, enum sandbox_state st, unsigned attempt,
    const char *why, enum conn conn)
{
	const struct state *s = core_state(f->core);
	unsigned before = f->counts[EV_CONN_STATE];

	f->plan.attempt = attempt;
	f->plan.attempts = 5;
	f->shell->watch->state(f->shell->user, st, why);
	assert_int_equal(f->counts[EV_CONN_STATE], before + 1);
	assert_int_equal(s->conn, conn);
	assert_int_equal(s->conn_attempt, attempt);
	assert_int_equal(s->conn_attempts, attempt > 0 ? 5 : 0);
	if (why == NULL)
		assert_null(s->conn_why);
	else
		assert_non_null(strstr(s->conn_why, why));
}

/* Each is one event, however alike they are. */
static void
test_states_recorded(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->counts[EV_CONN_STATE], 2); /* starting, online */
	tell(f, SANDBOX_RETRYING, 2, "reset", CONN_RETRYING);
	tell(f, SANDBOX_RETRYING, 3, "reset", CONN_RETRYING);
	tell(f, SANDBOX_RETRYING, 3, "reset", CONN_RETRYING);
	tell(f, SANDBOX_RETRYING, 3, "refused", CONN_RETRYING);
	tell(f, SANDBOX_RETRYING, 4, NULL, CONN_RETRYING);
	tell(f, SANDBOX_RETRYING, 5, "refused", CONN_OFFLINE);
	tell(f, SANDBOX_READY, 0, NULL, CONN_ONLINE);
	tell(f, SANDBOX_RETRYING, 2, "reset", CONN_RETRYING);
	tell(f, SANDBOX_READY, 0, NULL, CONN_ONLINE);
	tell(f, SANDBOX_STARTING, 0, "once more", CONN_STARTING);
	tell(f, SANDBOX_READY, 0, NULL, CONN_ONLINE);
	tell(f, SANDBOX_FAILED, 0, "it fell over", CONN_GONE);
	turns(f);
	assert_int_equal(f->counts[EV_CONN_STATE], 14);
}

/* Why the tests do not run is not the candidate's to guess. */
static void
test_run_says_why_not(void **state)
{
	static const struct {
		enum sandbox_state state;
		const char *why;
	} cases[] = {
		{ SANDBOX_STARTING, "is still starting" },
		{ SANDBOX_RETRYING, "the connection to the sandbox is lost" },
		{ SANDBOX_FAILED, "there is no sandbox" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->shell->watch->state(f->shell->user, cases[i].state, "so");
		simple(f, CMD_TEST_RUN);
		assert_non_null(strstr(f->notice, "the tests did not run: "));
		assert_non_null(strstr(f->notice, cases[i].why));
		simple(f, CMD_SUBMIT);
		assert_non_null(strstr(f->notice, "not submitted: "));
	}
	turns(f);
	assert_int_equal(f->counts[EV_TEST_RUN], 0);
}

#define FAR(fn) cmocka_unit_test_setup_teardown(fn, setup_far, \
    fixture_teardown)
#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, \
    fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_start), T(test_autosave),
		T(test_save_fails), T(test_conflict), T(test_run),
		T(test_run_without),
		T(test_replay), T(test_skip), T(test_skip_at_once),
		T(test_submit_typing), T(test_rename), T(test_deleted),
		T(test_end_conflict), T(test_end_full), T(test_end_late),
		T(test_long_edit), T(test_no_room), T(test_pause),
		cmocka_unit_test_setup_teardown(test_record_max, setup_small,
		    fixture_teardown), T(test_follow_flood),
		T(test_answer_flood), T(test_limit), T(test_limit_told),
		T(test_new_sandbox),
		T(test_new_after_gone), T(test_new_mute), T(test_open_slow),
		T(test_new_and_end), T(test_new_early),
		T(test_new_half),
		FAR(test_states_recorded), FAR(test_run_says_why_not),
		FAR(test_expiry),
		FAR(test_crash_unsynced), FAR(test_crash_unknown),
		FAR(test_crash_synced) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
