#include "config.h"

/* The shell of a session: one pty in the sandbox. */

#include <string.h>

#include "session/core-internal.h"

/* Above HOLD bytes not yet written to the journal the shell's output waits
 * (the program is stopped by its full pty, keys are not), until it is under
 * half of that again. */
#define HOLD_BYTES (4u << 20)
#define HOLD_POLL_US 5000

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
	core_emit(c, &ev);
}

void
core_term_input(struct core *c, const char *p, size_t n,
    enum event_origin origin)
{
	struct event ev = core_event(EV_TERM_INPUT, origin);

	if (c->exec == 0 || n == 0)
		return;
	ev.u.io.term = c->term;
	ev.u.io.offset = c->in_offset;
	/* What is typed at a password prompt is recorded as its length. */
	if (origin == ORIGIN_CANDIDATE &&
	    c->sandbox->ops->secret_input(c->sandbox, c->exec))
		ev.u.io.hidden = n;
	else
		ev.u.io.data = (struct bytes){ p, n };
	/* The program may answer while the event is still being made. */
	c->sandbox->ops->input(c->sandbox, c->exec, c->in_offset, p, n);
	core_emit(c, &ev);
	c->in_offset += n;
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
	if (record_backlog(c->record) > HOLD_BYTES / 2 &&
	    !record_failed(c->record, NULL)) {
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
	if (c->held || c->record == NULL ||
	    record_backlog(c->record) < HOLD_BYTES)
		return;
	c->held = true;
	c->sandbox->ops->pause(c->sandbox, c->exec, true);
	c->hold_timer = loop_timer_add(c->loop, HOLD_POLL_US, hold_check, c);
}

/* The terminal's answers to the program's questions (DA, DSR). */
static void
answer(struct core *c)
{
	struct buf out = { 0 };

	vt_take_output(c->state->vt, &out);
	core_term_input(c, buf_str(&out), out.len, ORIGIN_SYSTEM);
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

void
core_term_output(struct core *c, uint64_t offset, const char *p, size_t n)
{
	struct event ev = core_event(EV_TERM_OUTPUT, ORIGIN_SYSTEM);

	ev.u.io.term = c->term;
	ev.u.io.offset = offset;
	ev.u.io.data = (struct bytes){ p, n };
	core_emit(c, &ev);
	answer(c);
	clipboard(c);
	hold(c);
}

void
core_term_exited(struct core *c, const struct sandbox_exit *x)
{
	struct event ev = core_event(EV_TERM_EXIT, ORIGIN_SYSTEM);

	c->exec = 0;
	ev.u.term.term = c->term;
	ev.u.term.status = x->status < 0 ? 128 - x->status : x->status;
	ev.u.term.why = x->infra ? x->why : NULL;
	core_emit(c, &ev);
}

void
core_term_gone(struct core *c)
{
	loop_timer_cancel(c->hold_timer);
	c->hold_timer = NULL;
	c->held = false;
	c->exec = 0;
}
