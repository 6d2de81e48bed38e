#include "config.h"

#include "session/core.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/mem.h"
#include "session/core-internal.h"

#define IDLE_US 60000000LL
#define MINUTE_US 60000000LL
#define SECOND_US 1000000LL
/* How long the end waits for a save that does not come back. */
#define END_WAIT_US 5000000

struct event
core_event(enum event_type type, enum event_origin origin)
{
	struct event ev;

	memset(&ev, 0, sizeof ev);
	ev.type = type;
	ev.origin = origin;
	return ev;
}

static void
apply(struct core *c, struct event *ev, bool record)
{
	ev->seq = c->seq;
	ev->t = clock_mono(loop_clock(c->loop)) - c->start_mono;
	ev->question = c->question + 1;
	if (record)
		record_append(c->record, ev);
	state_apply(c->state, ev);
	c->spec.event(c->spec.user, ev);
}

/* The one way an event comes to be: journal, state, listeners.  None comes
 * after session.end. */
void
core_emit(struct core *c, struct event *ev)
{
	if (c->state->ended)
		return;
	c->seq++;
	apply(c, ev, c->record != NULL);
}

void
core_show(struct core *c, struct event *ev)
{
	if (!c->state->ended)
		apply(c, ev, false);
}

void
core_notice(struct core *c, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	c->spec.notice(c->spec.user, text);
}

const struct problem *
core_problem(const struct core *c)
{
	return c->spec.problems[c->question];
}

const struct state *
core_state(const struct core *c)
{
	return c->state;
}

/* ---- questions ---- */

void
core_question_start(struct core *c)
{
	const struct problem *p = core_problem(c);
	struct event ev = core_event(EV_QUESTION_START, ORIGIN_SYSTEM);

	ev.u.question.name = p->name;
	ev.u.question.title = p->title;
	ev.u.question.statement = p->statement;
	ev.u.question.language = c->spec.language;
	ev.u.question.time_limit_ms = p->time_limit_ms;
	ev.u.question.memory_limit_mb = p->memory_limit_mb;
	core_emit(c, &ev);
	core_sandbox_open(c);
	core_files_seed(c);
}

static void
next_question(void *user)
{
	struct core *c = user;

	c->leaving = false;
	if (c->ending)
		return;
	if (core_files_unsaved(c) != NULL) { /* typed since */
		core_next_question(c);
		return;
	}
	if (c->question + 1 == c->spec.nproblems) {
		core_notice(c, "that was the last question: the command "
		    "quit ends the session, or keep improving");
		return;
	}
	core_tests_cancel(c); /* a run is of its question */
	core_sandbox_close(c);
	c->question++;
	core_question_start(c);
}

static void
leave(struct core *c)
{
	const struct state_file *f = core_files_unsaved(c);

	if (f != NULL)
		core_notice(c, "%s is not saved, so this question stays: "
		    "the command skip goes on when it is", f->path);
	if (f != NULL || c->ending || c->leaving)
		return;
	c->leaving = true;
	/* Deferred: the caller may be inside the sandbox that goes away. */
	loop_defer(c->loop, next_question, c);
}

void
core_next_question(struct core *c)
{
	core_save_all(c, leave);
}

static void
skip_saved(struct core *c)
{
	struct event ev = core_event(EV_QUESTION_SKIP, ORIGIN_CANDIDATE);
	const struct state_file *f = core_files_unsaved(c);

	if (c->ending || c->leaving)
		return;
	if (f != NULL) {
		core_notice(c, "not skipped: %s is not saved: %s", f->path,
		    f->why != NULL ? f->why : "");
		return;
	}
	core_tests_cancel(c);
	ev.u.question.name = core_problem(c)->name;
	core_emit(c, &ev);
	core_next_question(c);
}

int64_t
core_meter(struct core *c, int64_t *at, size_t n, size_t burst)
{
	int64_t now = clock_mono(loop_clock(c->loop));

	if (*at < now)
		*at = now;
	*at += (int64_t)n * 1000000 / METER_RATE;
	return *at - now - (int64_t)burst * 1000000 / METER_RATE;
}

/* ---- activity ---- */

static void
minute_files(struct core *c, const struct fs_result *files)
{
	char subject[80];

	snprintf(subject, sizeof subject, "minute %lld",
	    (long long)(c->state->t / MINUTE_US));
	core_checkpoint(c, subject, files);
}

static void
on_minute(void *user)
{
	struct core *c = user;
	int64_t now = clock_mono(loop_clock(c->loop));
	struct event ev = core_event(EV_IDLE_START, ORIGIN_SYSTEM);
	/* So that the record tells how long there was a viva. */
	struct event alive = core_event(EV_SESSION_ALIVE, ORIGIN_SYSTEM);

	c->minute = loop_timer_add(c->loop, MINUTE_US, on_minute, c);
	core_term_dropped(c);
	core_sandbox_expiry(c);
	if (now - c->start_mono - c->state->t >= MINUTE_US)
		core_emit(c, &alive);
	if (!c->idle && now - c->last_input >= IDLE_US) {
		c->idle = true;
		core_emit(c, &ev);
	}
	if (c->active && c->sandbox != NULL && c->record != NULL) {
		c->active = false;
		core_files_tree(c, minute_files);
	}
}

static void
note_activity(struct core *c)
{
	struct event ev = core_event(EV_IDLE_END, ORIGIN_SYSTEM);

	c->last_input = clock_mono(loop_clock(c->loop));
	c->active = true;
	if (c->idle) {
		c->idle = false;
		core_emit(c, &ev);
	}
}

/* ---- the end ---- */

static void
finish(struct core *c, const char *why)
{
	if (c->ended)
		return;
	c->ended = true;
	loop_timer_cancel(c->end_timer);
	c->end_timer = NULL;
	c->spec.ended(c->spec.user, why);
}

/* What of the texts is not in its file. */
static bool
unsaved_text(const struct core *c, char *out, size_t n)
{
	const struct state_file *f = core_files_unsaved(c);
	bool beside = c->rescued != NULL && c->rescuing == 0 &&
	    !c->rescue_failed;

	if (f == NULL)
		return false;
	snprintf(out, n, "%.100s is not saved (%.100s); %s%.100s%s", f->path,
	    f->conflict ? "changed outside the editor too" :
	    f->why != NULL ? f->why : "there was no time",
	    beside ? "what you typed is in " : "what you typed is in the "
	    "record", beside ? f->path : "", beside ? ".unsaved" : "");
	return true;
}

static void
finish_with(struct core *c, const char *why)
{
	char text[500];
	struct err e = { 0 };

	if (c->record != NULL && record_failed(c->record, &e)) {
		snprintf(text, sizeof text, "not all of the session is in "
		    "the record: %.400s", e.msg);
		finish(c, text);
	} else {
		finish(c, unsaved_text(c, text, sizeof text) ? text : why);
	}
}

static void
on_last_checkpoint(void *user, unsigned number, const char *commit,
    const struct err *e)
{
	struct core *c = user;
	char why[500] = "";

	if (commit[0] == '\0' && c->spec.records != NULL)
		snprintf(why, sizeof why, "checkpoint %u is not in git (%s); "
		    "what you typed is in the record", number, e->msg);
	finish_with(c, why);
}

static void
session_end(struct core *c)
{
	struct event ev = core_event(EV_SESSION_END, c->end_why != NULL ?
	    ORIGIN_SYSTEM : ORIGIN_CANDIDATE);

	core_term_dropped(c);
	ev.u.session.session = c->spec.id;
	ev.u.session.why = c->end_why;
	core_emit(c, &ev);
	if (c->record != NULL)
		record_sync(c->record);
}

static void
end_files(struct core *c, const struct fs_result *files)
{
	session_end(c);
	if (c->record == NULL) {
		finish_with(c, "");
		return;
	}
	record_checkpoint(c->record, c->state, "end of the session", files,
	    clock_wall(loop_clock(c->loop)), on_last_checkpoint, c);
}

static void
end_tree(struct core *c)
{
	static const struct fs_result none;

	if (c->sandbox != NULL)
		core_files_tree(c, end_files);
	else
		end_files(c, &none);
}

static void
end_saved(struct core *c)
{
	/* What was typed while the others were saved. */
	for (size_t i = 0; i < c->state->nfiles; i++)
		if (c->state->files[i].save == FILE_EDITED) {
			core_save_all(c, end_saved);
			return;
		}
	c->sealed = true;
	if (c->sandbox == NULL || !core_files_rescue(c, end_tree))
		end_tree(c);
}

/* Something did not come back in time: a disk, git. */
static void
end_late(void *user)
{
	struct core *c = user;
	const char *path = c->state->opening;
	char why[400] = "the last checkpoint was not in git in time; what you "
	    "typed is in the record";

	c->end_timer = NULL;
	if (path != NULL)
		snprintf(why, sizeof why, "%.200s was not open in time: what "
		    "you typed for it is not kept; all else is in the record",
		    path);
	session_end(c);
	finish_with(c, why);
}

static void
end(struct core *c, const char *why)
{
	if (c->ending)
		return;
	c->ending = true;
	c->end_why = why;
	if (why != NULL)
		core_notice(c, "%s: everything is saved and the session ends",
		    why);
	core_tests_cancel(c);
	c->end_timer = loop_timer_add(c->loop, END_WAIT_US, end_late, c);
	core_save_all(c, end_saved);
}

static void limit_arm(struct core *);

static int64_t
time_left(const struct core *c)
{
	return c->state->duration * SECOND_US + c->start_mono -
	    clock_mono(loop_clock(c->loop));
}

/* Armed for a warning it may come late: viva was stopped, or suspended. */
static void
on_limit(void *user)
{
	struct core *c = user;
	int64_t s = (time_left(c) + SECOND_US / 2) / SECOND_US;
	int64_t n = s >= 60 ? (s + 30) / 60 : s;

	c->limit = NULL;
	if (c->ending)
		return;
	if (s <= 0) {
		end(c, "time is up");
		return;
	}
	core_notice(c, "%lld %s%s left: then everything is saved and the "
	    "session ends", (long long)n, s >= 60 ? "minute" : "second",
	    n == 1 ? "" : "s");
	limit_arm(c);
}

/* For the end of the time, or for what is told before it. */
static void
limit_arm(struct core *c)
{
	static const int64_t told[] = { 300 * SECOND_US, 60 * SECOND_US,
		10 * SECOND_US, 0 };
	int64_t left = time_left(c);
	size_t i = 0;

	while (told[i] > 0 && told[i] >= left)
		i++;
	c->limit = loop_timer_add(c->loop, left > 0 ? left - told[i] : 0,
	    on_limit, c);
}

/* ---- commands ---- */

static void
text_event(struct core *c, enum event_type type, const char *text)
{
	struct event ev = core_event(type, ORIGIN_CANDIDATE);

	ev.u.note.text = text;
	core_emit(c, &ev);
}

static void
paste(struct core *c, const struct command *cmd)
{
	struct event ev = core_event(EV_PASTE, ORIGIN_CANDIDATE);
	char hash[65];

	event_hash(cmd->data, cmd->len, hash);
	ev.u.paste.size = cmd->len;
	ev.u.paste.hash = hash;
	ev.u.paste.where = cmd->text;
	core_emit(c, &ev);
}

static void
focus(struct core *c, bool in)
{
	struct event ev = core_event(in ? EV_FOCUS_IN : EV_FOCUS_OUT,
	    ORIGIN_CANDIDATE);

	core_emit(c, &ev);
}

/* The program is about to be stopped, or goes on. */
static void
pause(struct core *c, bool on)
{
	struct event ev = core_event(on ? EV_SESSION_PAUSE :
	    EV_SESSION_RESUME, ORIGIN_CANDIDATE);

	if (on)
		core_save_all(c, NULL);
	ev.wall = clock_wall(loop_clock(c->loop));
	ev.u.session.session = c->spec.id;
	core_emit(c, &ev);
	if (c->record != NULL)
		record_sync(c->record);
}

static void
command_session(struct core *c, const struct command *cmd)
{
	switch (cmd->type) {
	case CMD_TEST_RUN:
		core_tests_run(c, false);
		break;
	case CMD_SUBMIT:
		core_tests_run(c, true);
		break;
	case CMD_TEST_CANCEL:
		core_tests_cancel(c);
		break;
	case CMD_SKIP:
		core_save_all(c, skip_saved);
		break;
	case CMD_NOTE:
		text_event(c, EV_NOTE_ADD, cmd->text);
		break;
	case CMD_MARKER:
		text_event(c, EV_MARKER_ADD, cmd->text);
		break;
	case CMD_PASTE:
		paste(c, cmd);
		break;
	case CMD_FOCUS:
		focus(c, cmd->flag);
		break;
	case CMD_END:
		end(c, NULL);
		break;
	case CMD_PAUSE:
	case CMD_RESUME:
		pause(c, cmd->type == CMD_PAUSE);
		break;
	default:
		core_files_command(c, cmd);
	}
}

void
core_command(struct core *c, const struct command *cmd)
{
	if (c->ended)
		return;
	switch (cmd->type) {
	case CMD_TERM_INPUT:
		note_activity(c);
		core_term_input(c, cmd->data, cmd->len, ORIGIN_CANDIDATE);
		break;
	case CMD_TERM_REPLY:
		core_term_input(c, cmd->data, cmd->len, ORIGIN_SYSTEM);
		break;
	case CMD_TERM_RESIZE:
		core_term_resize(c, (unsigned)cmd->rows, (unsigned)cmd->cols);
		break;
	case CMD_TERM_RESTART:
		core_term_start(c);
		break;
	case CMD_SANDBOX_NEW:
		note_activity(c);
		core_sandbox_new(c);
		break;
	default:
		if (cmd->type != CMD_FOCUS && cmd->type != CMD_CURSOR)
			note_activity(c);
		command_session(c, cmd);
	}
}

const char *
core_record_state(struct core *c, bool *failed)
{
	static char text[120];
	struct err e = { 0 };

	*failed = false;
	if (c->record == NULL)
		return "not recorded";
	if (record_failed(c->record, &e)) {
		*failed = true;
		snprintf(text, sizeof text, "not recorded: %.100s", e.msg);
		return text;
	}
	if (c->dropping) {
		*failed = true;
		return "the shell is not recorded";
	}
	return "rec";
}

static void
session_start(struct core *c)
{
	struct event ev = core_event(EV_SESSION_START, ORIGIN_SYSTEM);
	struct utsname u;

	memset(&u, 0, sizeof u);
	uname(&u);
	ev.wall = clock_wall(loop_clock(c->loop));
	ev.u.session.session = c->spec.id;
	ev.u.session.host = u.sysname;
	ev.u.session.version = PACKAGE_VERSION;
	ev.u.session.sandbox = c->spec.provider;
	ev.u.session.questions = (unsigned)c->spec.nproblems;
	ev.u.session.duration = c->spec.duration;
	core_emit(c, &ev);
}

struct core *
core_create(const struct core_spec *spec, struct err *e)
{
	struct core *c = xcalloc(1, sizeof *c);

	c->spec = *spec;
	c->loop = spec->loop;
	c->rows = 24;
	c->cols = 80;
	c->state = state_create(spec->scrollback);
	c->start_mono = clock_mono(loop_clock(c->loop));
	c->last_input = c->start_mono;
	if (spec->record) {
		c->record = record_open(c->loop, spec->dir, spec->records,
		    spec->id, e);
		if (c->record == NULL) {
			core_destroy(c);
			return NULL;
		}
	}
	c->minute = loop_timer_add(c->loop, MINUTE_US, on_minute, c);
	if (!spec->resume) {
		session_start(c);
		core_question_start(c);
	} else if (!core_resume(c, e)) {
		core_destroy(c);
		return NULL;
	}
	/* What passed while no viva ran is not the candidate's time. */
	if (c->state->duration > 0)
		limit_arm(c);
	return c;
}

void
core_destroy(struct core *c)
{
	if (c == NULL)
		return;
	c->ended = true;
	loop_timer_cancel(c->minute);
	loop_timer_cancel(c->limit);
	loop_timer_cancel(c->end_timer);
	testrun_free(c->testrun);
	testrun_free(c->over);
	c->testrun = c->over = NULL;
	core_sandbox_close(c);
	core_past_finish(c);
	core_ahead_finish(c);
	record_close(c->record);
	state_destroy(c->state);
	free(c->known);
	free(c->requests);
	free(c);
}
