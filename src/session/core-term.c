#include "config.h"

/* The shell of a session: one pty in the sandbox. */

#include <string.h>

#include "session/core-internal.h"

/* While the journal is full the shell's output waits (the program is stopped
 * by its full pty, keys are not): not for long, as an echo waits with it. */
#define HOLD_POLL_US 5000
/* What a session may hold of its shell's output, and what may wait in memory
 * while the disk does not take it.  Beyond that it is shown and not recorded,
 * and the record says so. */
#define RECORD_MAX (2ull << 30)
#define BACKLOG_MAX (64u << 20)
#define ANSWER_BURST (256u << 10) /* of one who does not read them */
#define INPUT_CHUNK (1u << 20) /* an event's line is bounded */

void
core_term_start(struct core *c)
{
	static const char *const argv[] = { "/bin/bash", "-i", NULL };
	struct exec_spec spec = { .argv = argv, .pty = true, .rows = c->rows,
		.cols = c->cols, .memory_mb = 2048, .file_mb = 256,
		.processes = 256 };
	struct event ev = core_event(EV_TERM_OPEN, ORIGIN_SYSTEM);

	if (c->sandbox == NULL || c->exec != 0 || c->ending)
		return;
	c->exec = c->sandbox->ops->exec(c->sandbox, &spec);
	c->in_offset = 0;
	ev.u.term.term = ++c->term;
	ev.u.term.rows = c->rows;
	ev.u.term.cols = c->cols;
	if (c->sandbox->ops->handle != NULL)
		ev.u.term.handle = c->sandbox->ops->handle(c->sandbox,
		    c->exec);
	core_emit(c, &ev);
	/* A shell that outlives this viva is found by it. */
	if (ev.u.term.handle != NULL && c->record != NULL)
		record_sync(c->record);
}

void
core_term_input(struct core *c, const char *p, size_t n,
    enum event_origin origin)
{
	struct event ev = core_event(EV_TERM_INPUT, origin);
	bool secret;

	if (c->exec == 0 || n == 0)
		return;
	if (c->attaching) {
		if (origin == ORIGIN_CANDIDATE)
			core_term_keep(c, p, n);
		return;
	}
	/* What is typed at a password prompt is recorded as its length. */
	secret = origin == ORIGIN_CANDIDATE &&
	    c->sandbox->ops->secret_input(c->sandbox, c->exec);
	for (size_t k; n > 0; p += k, n -= k) {
		k = n < INPUT_CHUNK ? n : INPUT_CHUNK;
		/* First: the program may answer while the event is made. */
		if (!c->sandbox->ops->input(c->sandbox, c->exec, c->in_offset,
		    p, k)) {
			core_notice(c, "the program in the shell does not "
			    "read: %zu bytes were not sent to it", n);
			return;
		}
		ev.u.io.term = c->term;
		ev.u.io.offset = c->in_offset;
		ev.u.io.hidden = secret ? k : 0;
		if (!secret)
			ev.u.io.data = (struct bytes){ p, k };
		c->in_offset += k;
		core_emit(c, &ev);
	}
}

void
core_term_resize(struct core *c, unsigned rows, unsigned cols)
{
	struct event ev = core_event(EV_TERM_RESIZE, ORIGIN_CANDIDATE);

	if (rows < 1 || cols < 1 || (rows == c->rows && cols == c->cols))
		return;
	c->rows = rows;
	c->cols = cols;
	ev.u.term.term = c->term;
	ev.u.term.rows = rows;
	ev.u.term.cols = cols;
	core_emit(c, &ev);
	if (c->exec != 0)
		c->sandbox->ops->resize(c->sandbox, c->exec, rows, cols);
}

static void
hold_check(void *user)
{
	struct core *c = user;

	c->hold_timer = NULL;
	if (record_is_full(c->record) && !record_failed(c->record, NULL)) {
		c->hold_timer = loop_timer_add(c->loop, HOLD_POLL_US,
		    hold_check, c);
		return;
	}
	c->held = false;
	if (c->exec != 0)
		c->sandbox->ops->pause(c->sandbox, c->exec, false);
}

static void
hold(struct core *c)
{
	if (c->held || c->record == NULL || !record_is_full(c->record))
		return;
	c->held = true;
	c->sandbox->ops->pause(c->sandbox, c->exec, true);
	c->hold_timer = loop_timer_add(c->loop, HOLD_POLL_US, hold_check, c);
}

/* The terminal's answers to the program's questions (DA, DSR).  Keys wait
 * behind them, so a flood of questions stays without. */
static void
answer(struct core *c)
{
	struct buf out = { 0 };

	vt_take_output(c->state->vt, &out);
	if (out.len > 0 && core_meter(c, &c->answered, 0, ANSWER_BURST) <= 0) {
		core_meter(c, &c->answered, out.len, ANSWER_BURST);
		core_term_input(c, buf_str(&out), out.len, ORIGIN_SYSTEM);
	}
	buf_free(&out);
}

static void
clipboard(struct core *c)
{
	struct buf text = { 0 };

	if (vt_take_clipboard(c->state->vt, &text) &&
	    c->spec.clipboard != NULL)
		c->spec.clipboard(c->spec.user, buf_str(&text), text.len);
	buf_free(&text);
}

static uint64_t
record_max(const struct core *c)
{
	return c->spec.record_max > 0 ? c->spec.record_max : RECORD_MAX;
}

static bool
recordable(struct core *c, size_t n)
{
	if (c->record == NULL)
		return true;
	if (c->recorded + n > record_max(c) ||
	    record_backlog(c->record) > BACKLOG_MAX)
		return false;
	c->recorded += n;
	if (c->dropping) { /* the disk takes it again */
		core_term_dropped(c);
		c->dropping = false;
	}
	return true;
}

void
core_term_dropped(struct core *c)
{
	struct event ev = core_event(EV_DROPPED, ORIGIN_SYSTEM);

	if (c->dropped == 0)
		return;
	ev.u.dropped.bytes = c->dropped;
	ev.u.dropped.why = "output of the shell, beyond what is recorded";
	c->dropped = 0;
	core_emit(c, &ev);
}

/* How much is told at the first, every minute and at the end. */
static void
not_recorded(struct core *c, struct event *ev)
{
	c->dropped += ev->u.io.data.n;
	if (!c->dropping) {
		c->dropping = true;
		core_notice(c, "the shell's output is not recorded any more: "
		    "%s", c->recorded + ev->u.io.data.n > record_max(c) ?
		    "it is too much" : "the disk does not take it");
		core_term_dropped(c);
	}
	core_show(c, ev);
}

void
core_term_output(struct core *c, uint64_t offset, const char *p, size_t n)
{
	struct event ev = core_event(EV_TERM_OUTPUT, ORIGIN_SYSTEM);

	ev.u.io.term = c->term;
	ev.u.io.offset = offset;
	ev.u.io.data = (struct bytes){ p, n };
	if (recordable(c, n))
		core_emit(c, &ev);
	else
		not_recorded(c, &ev);
	answer(c);
	clipboard(c);
	hold(c);
}

static void
new_shell(void *user)
{
	struct core *c = user;

	c->shell_timer = NULL;
	if (c->state->conn != CONN_GONE)
		core_term_start(c);
}

static void
new_shell_instead(void *user)
{
	struct core *c = user;

	new_shell(c);
	if (c->exec != 0)
		core_notice(c, "this is a new shell: the one that ran is gone");
}

/* The shell of the viva before is not there any more, or never was: as if it
 * had ended with that, a new one comes.  Later, as this one may go with its
 * sandbox. */
static void
not_attached(struct core *c)
{
	bool begun = c->past.begun;
	unsigned long long lost = c->waiting_input.len +
	    (begun ? 0 : c->past.in);

	c->attaching = false;
	if (lost > 0)
		core_notice(c, "%s: the %llu bytes typed meanwhile were not "
		    "sent", begun ? "the shell that ran is gone" :
		    "the shell had not begun", lost);
	buf_free(&c->waiting_input);
	core_past_finish(c);
	c->shell_timer = loop_timer_add(c->loop, 0, begun && lost == 0 ?
	    new_shell_instead : new_shell, c);
}

void
core_term_exited(struct core *c, const struct sandbox_exit *x)
{
	struct event ev = core_event(EV_TERM_EXIT, ORIGIN_SYSTEM);

	c->exec = 0;
	ev.u.term.term = c->term;
	/* Where nobody knows how it ended there is no number. */
	ev.u.term.status = x->infra ? -1 :
	    x->status < 0 ? 128 - x->status : x->status;
	ev.u.term.why = x->why[0] != '\0' ? x->why : NULL;
	core_term_dropped(c);
	core_emit(c, &ev);
	if (x->why[0] != '\0')
		core_notice(c, "the shell %s: %s", c->attaching &&
		    !c->past.begun ? "had not begun" : "has ended", x->why);
	if (c->attaching)
		not_attached(c);
}

void
core_term_closed(struct core *c, const char *why)
{
	struct event ev = core_event(EV_TERM_EXIT, ORIGIN_SYSTEM);

	if (c->state->term == 0 || c->state->term_exited)
		return;
	ev.u.term.term = c->state->term;
	ev.u.term.status = -1;
	ev.u.term.why = why;
	core_emit(c, &ev);
}

void
core_term_gone(struct core *c)
{
	loop_timer_cancel(c->hold_timer);
	loop_timer_cancel(c->shell_timer);
	c->hold_timer = c->shell_timer = NULL;
	c->held = c->attaching = false;
	buf_free(&c->waiting_input);
	c->exec = 0;
}
