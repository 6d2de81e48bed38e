#include "config.h"

/* Test runs, submits and checkpoints: save, read the files, judge, record. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "problem/language.h"
#include "session/core-internal.h"

#define SLOW_US 500000 /* until a run begins; then it is told */

static void
on_checkpoint(void *user, unsigned number, const char *commit,
    const struct err *e)
{
	struct core *c = user;
	struct event ev = core_event(EV_SNAPSHOT, ORIGIN_SYSTEM);

	if (commit[0] == '\0') {
		core_notice(c, "checkpoint %u is not in git: %s", number,
		    e->msg);
		return;
	}
	if (c->ended)
		return;
	ev.u.snap.number = number;
	ev.u.snap.commit = commit;
	core_emit(c, &ev);
}

void
core_checkpoint(struct core *c, const char *subject,
    const struct fs_result *files)
{
	if (c->record == NULL)
		return;
	record_sync(c->record);
	record_checkpoint(c->record, c->state, subject, files,
	    clock_wall(loop_clock(c->loop)), on_checkpoint, c);
}

static void
case_event(struct core *c, const struct testrun_case *k)
{
	struct event ev = core_event(EV_TEST_CASE, ORIGIN_SYSTEM);

	ev.u.test.run = c->run;
	ev.u.test.number = k->number;
	ev.u.test.name = k->name;
	ev.u.test.hidden = k->hidden;
	ev.u.test.verdict = k->verdict;
	ev.u.test.time_us = k->time_us;
	ev.u.test.memory_kb = k->memory_kb;
	ev.u.test.where = k->where;
	if (!k->hidden) {
		ev.u.test.why = k->why;
		ev.u.test.input = k->input;
		ev.u.test.expected = k->expected;
		ev.u.test.output = k->output;
		ev.u.test.errors = k->errors;
	}
	core_emit(c, &ev);
}

static void
on_case(void *user, const struct testrun_case *k)
{
	case_event(user, k);
}

static void
run_checkpoint(struct core *c, const struct fs_result *files)
{
	const struct state_run *r = state_last_run(c->state);
	char subject[160];

	if (r == NULL)
		return;
	snprintf(subject, sizeof subject, "%s %llu: %s, %u of %u passed",
	    r->submit ? "submit, test run" : "test run",
	    (unsigned long long)r->number, verdict_name(r->verdict), r->passed,
	    r->total);
	core_checkpoint(c, subject, files);
	if (r->submit && r->verdict != VERDICT_JE &&
	    r->verdict != VERDICT_CANCELED)
		core_next_question(c);
}

static void
testrun_drop(void *user)
{
	struct core *c = user;

	testrun_free(c->over);
	c->over = NULL;
}

static void
on_done(void *user, enum verdict verdict, unsigned passed, unsigned total,
    const char *why)
{
	struct core *c = user;
	struct event ev = core_event(EV_TEST_DONE, ORIGIN_SYSTEM);
	struct event sub = core_event(EV_QUESTION_SUBMIT, ORIGIN_CANDIDATE);

	ev.u.test.run = c->run;
	ev.u.test.verdict = verdict;
	ev.u.test.passed = passed;
	ev.u.test.total = total;
	ev.u.test.why = why;
	ev.u.test.submit = c->run_submit;
	core_emit(c, &ev);
	/* This is called from inside the run, which is freed afterwards. */
	testrun_free(c->over);
	c->over = c->testrun;
	c->testrun = NULL;
	loop_defer(c->loop, testrun_drop, c);
	if (c->run_submit && verdict != VERDICT_JE &&
	    verdict != VERDICT_CANCELED) {
		sub.u.question.name = core_problem(c)->name;
		core_emit(c, &sub);
	} else if (c->run_submit) {
		core_notice(c, "not submitted: %s", why != NULL ? why :
		    verdict_name(verdict));
	}
	if (c->record != NULL)
		record_sync(c->record);
	if (c->sandbox != NULL)
		core_files_tree(c, run_checkpoint);
}

static void
on_moved(void *user, const char *why)
{
	core_notice(user, "the samples run in the judge's sandbox: %s", why);
}

/* Else nothing would tell why a run that is under way does not go on. */
static void
on_waits(void *user, const char *why)
{
	core_notice(user, "the judge's sandbox was not reached and is tried "
	    "again: %s", why);
}

static struct sandbox *
judge(void *user, struct loop *loop, const struct sandbox_watch *watch,
    void *watch_user)
{
	struct core *c = user;
	char *dir = xasprintf("%s/judge-%u-%llu", c->spec.dir, c->question + 1,
	    (unsigned long long)c->run);
	struct sandbox_spec spec = { .workspace = dir, .user = "candidate",
		.judge = true, .mask = c->spec.mask };
	struct sandbox *s = c->spec.sandbox(c->spec.user, loop, &spec,
	    watch, watch_user);

	free(dir);
	return s;
}

static bool
has_file(const struct fs_result *files, const char *path)
{
	for (size_t i = 0; i < files->nfiles; i++)
		if (strcmp(files->files[i].path, path) == 0)
			return true;
	return false;
}

static void
say_skipped(struct core *c, const struct fs_result *files)
{
	unsigned more = files->skipped - 1;
	char others[32] = "";

	if (files->skipped == 0)
		return;
	if (more > 0)
		snprintf(others, sizeof others, " and %u more", more);
	core_notice(c, "%.200s%s %s not part of the run: %s too long or not "
	    "regular, or there are too many", files->left_out, others,
	    more > 0 ? "are" : "is", more > 0 ? "they are" : "it is");
}

static void
run_start(struct core *c, const struct fs_result *files)
{
	static const struct testrun_watch watch = { .case_started = on_case,
		.case_done = on_case, .done = on_done, .moved = on_moved,
		.waits = on_waits };
	struct event ev = core_event(EV_TEST_RUN, ORIGIN_CANDIDATE);
	struct testrun_spec spec = { .problem = core_problem(c),
		.language = language_find(c->spec.language),
		.files = files->files, .nfiles = files->nfiles,
		.include_hidden = true, .judge = judge, .judge_user = c,
		.web = c->spec.web };
	bool told;

	if (c->ready && c->sandbox->ops->dir != NULL)
		spec.session = c->sandbox;
	if (!c->run_pending) /* given up */
		return;
	told = c->run_told;
	core_tests_forget(c);
	if (c->ending || c->leaving)
		return;
	if (!files->ok) {
		core_notice(c, "cannot run the tests: %s", files->err.msg);
		return;
	}
	if (!has_file(files, spec.language->main_file)) {
		core_notice(c, "cannot run the tests: there is no %s%s",
		    spec.language->main_file, files->skipped > 0 ?
		    " (or it is too long, or there are too many files)" : "");
		return;
	}
	if (told)
		core_notice(c, "the tests run");
	say_skipped(c, files);
	ev.u.test.run = ++c->run;
	ev.u.test.total = (unsigned)core_problem(c)->ncases;
	ev.u.test.submit = c->run_submit;
	core_emit(c, &ev);
	c->testrun = testrun_start(c->loop, &spec, &watch, c);
}

static void
run_saved(struct core *c)
{
	const struct state_file *f = core_files_unsaved(c);

	if (!c->run_pending)
		return;
	if (f != NULL)
		core_notice(c, "not run: %s could not be saved", f->path);
	if (f != NULL || c->ending || c->leaving) {
		core_tests_forget(c);
		return;
	}
	core_files_tree(c, run_start);
}

/* Until then the results of before are shown, as if nothing had been asked
 * for. */
static void
run_is_slow(void *user)
{
	struct core *c = user;

	c->run_slow = NULL;
	if (c->ending || c->leaving)
		return;
	core_notice(c, "%s as soon as the sandbox answers ...",
	    c->run_submit ? "this is submitted" : "the tests run");
	c->run_told = true;
}

void
core_tests_forget(struct core *c)
{
	loop_timer_cancel(c->run_slow);
	c->run_slow = NULL;
	c->run_pending = c->run_told = false;
}

void
core_tests_run(struct core *c, bool submit)
{
	static const char *const no_sandbox[] = {
		[CONN_STARTING] = "the sandbox is still starting",
		[CONN_ONLINE] = "the sandbox is still starting",
		[CONN_RETRYING] = "the connection to the sandbox is lost",
		[CONN_OFFLINE] = "the connection to the sandbox is lost",
		[CONN_GONE] = "there is no sandbox",
	};

	if (c->ending || c->leaving)
		return;
	if (c->testrun != NULL || c->run_pending) {
		core_notice(c, "a test run is under way");
		return;
	}
	if (c->sandbox == NULL || !c->ready) {
		core_notice(c, "%s: %s", submit ? "not submitted" :
		    "the tests did not run", no_sandbox[c->state->conn]);
		return;
	}
	if (core_files_comparing(c)) {
		core_notice(c, "the files of the new sandbox are being "
		    "compared: try it again");
		return;
	}
	c->run_submit = submit;
	c->run_pending = true;
	c->run_slow = loop_timer_add(c->loop, SLOW_US, run_is_slow, c);
	core_save_all(c, run_saved);
}

void
core_tests_sandbox_gone(struct core *c, const char *why)
{
	if (c->testrun != NULL)
		testrun_session_gone(c->testrun, why);
}

void
core_tests_cancel(struct core *c)
{
	if (c->testrun != NULL)
		testrun_cancel(c->testrun);
}
