#include "config.h"

/* One program in a sandbox: its calls to the worker, each made again until it
 * succeeds, and its end.  What it says and reads: modal-exec-io.c and
 * modal-input.c. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "sandbox/modal-internal.h"

#define START_US 20000000
#define POLL_US 10000000
#define WAIT_US 60000000 /* the worker's answer, if it does not end earlier */
#define HOLD_US 5000000 /* at most, while the breaker is open */
/* What may still come of a program that has ended: somebody it left behind
 * may hold the other end. */
#define GRACE_US 10000000
#define GIVE_UP_US 15000000 /* after a kill */
#define RESIZE_US 200000 /* after a resize, until it is done again */
#define WALL_SLACK_US 15000000 /* the wrapper ends it first */

/* ---- calls ---- */

void
op_drop(struct op *o)
{
	grpc_cancel(o->call);
	o->call = NULL;
	loop_timer_cancel(o->timer);
	o->timer = NULL;
}

bool
op_idle(const struct op *o)
{
	return o->call == NULL && o->timer == NULL && !o->parked;
}

static void
op_end(struct op *o)
{
	op_drop(o);
	o->parked = o->troubled = false;
	o->lost = 0;
}

void
op_good(struct op *o)
{
	struct box *b = o->x->b;
	bool was = o->troubled;

	o->lost = 0;
	o->troubled = false;
	access_good(b);
	b->good_at = loop_now(b->m->loop);
	if (was)
		box_hurry(b);
	if (was || !b->answered)
		box_settle(b);
}

static void
on_retry(void *user)
{
	struct op *o = user;

	o->timer = NULL;
	op_issue(o);
}

static int64_t
retry_delay(const struct op *o, const struct grpc_status *st)
{
	int64_t us = break_delay(o->x->b);
	struct grpc_health h;

	if (st->retry_after_us > us)
		us = st->retry_after_us;
	/* While the breaker is open a try is none. */
	grpc_health(o->x->b->router, &h);
	return h.breaker == GRPC_OPEN && h.probe_us > us ? h.probe_us : us;
}

bool
op_again(struct op *o, const struct grpc_status *st)
{
	struct box *b = o->x->b;
	char said[200], why[400];
	int64_t delay;

	if (st->code == GRPC_UNAUTHENTICATED) {
		o->parked = o->troubled = true;
		if (access_refused(b, o->begun))
			op_issue(o);
		return true;
	}
	if (!account_retryable(st))
		return false;
	o->troubled = true;
	delay = retry_delay(o, st);
	box_words_of_status(b, st, said, sizeof said);
	if (!break_failed(b, o->begun, delay, true, said)) {
		snprintf(why, sizeof why, "the sandbox does not answer: %s; "
		    "look at the network", said);
		box_fail(b, why);
		return true;
	}
	o->timer = loop_timer_add(b->m->loop, delay, on_retry, o);
	return true;
}

struct grpc_call *
op_unary(struct op *o, const char *path, const void *message, int64_t us,
    bool waits, grpc_done done)
{
	struct grpc_policy policy = { .attempt_us = us, .plain = true,
		.waits = waits };
	struct buf out = { 0 };
	struct grpc_call *c;

	wire_pack(message, &out);
	c = grpc_unary(o->x->b->router, path, buf_str(&out), out.len, &policy,
	    done, o);
	buf_free(&out);
	return c;
}

/* ---- its end ---- */

static void
unlink_program(struct program *x)
{
	struct box *b = x->b;

	for (size_t i = 0; i < b->nprograms; i++)
		if (b->programs[i] == x) {
			b->programs[i] = b->programs[--b->nprograms];
			return;
		}
}

static void
free_program(struct program *x)
{
	if (x->holder != NULL && *x->holder == x)
		*x->holder = NULL;
	for (int i = 0; i < OP_N; i++)
		op_end(&x->ops[i]);
	loop_timer_cancel(x->wall);
	loop_timer_cancel(x->grace);
	loop_timer_cancel(x->give_up);
	loop_timer_cancel(x->size_timer);
	program_input_drop(x);
	buf_free(&x->got[0]);
	buf_free(&x->got[1]);
	explicit_bzero(x->nonce, sizeof x->nonce);
	run_argv_free(x->argv);
	free(x);
}

/* Its helpers have nothing to do any more. */
static void
drop_helpers(struct program *x)
{
	program_free(x->resizer);
	program_free(x->killer);
	x->resizer = x->killer = NULL;
}

void
program_free(struct program *x)
{
	if (x == NULL)
		return;
	unlink_program(x);
	drop_helpers(x);
	free_program(x);
}

/* The wrapper ends what sleeps for too long: this one was not let. */
static void
starved(struct program *x)
{
	x->x = (struct sandbox_exit){ .infra = true, .status = -1 };
	snprintf(x->x.why, sizeof x->x.why, "the sandbox is too busy: the "
	    "program did not get its time");
}

static void
finish(struct program *x)
{
	struct box *b = x->b;

	if (x->finished)
		return;
	x->finished = true;
	if (x->starved)
		starved(x);
	for (int i = 0; i < OP_N; i++)
		op_end(&x->ops[i]);
	unlink_program(x);
	drop_helpers(x);
	/* What was tried again may have been its last call. */
	if (b->answered)
		box_settle(b);
	if (x->sink != NULL)
		x->sink->done(x->user, &x->x, &x->got[0], &x->got[1]);
	else
		b->base.watch->exited(b->base.user, x->id, &x->x);
	free_program(x);
}

void
program_fail(struct program *x, const char *why)
{
	x->x.infra = !x->x.killed;
	x->x.status = x->x.killed ? -SIGKILL : -1;
	if (x->x.infra && why != x->x.why)
		snprintf(x->x.why, sizeof x->x.why, "%.399s", why);
	finish(x);
}

/* A program of the core's, when there is no number from the wrapper. */
static void
no_trailer(struct program *x)
{
	if (x->x.killed || x->x.output_limit) {
		x->x.status = -SIGKILL; /* by us */
	} else {
		x->x.infra = true;
		snprintf(x->x.why, sizeof x->x.why, x->x.status == 127 ?
		    "there is no python3 in the image, which runs the tests" :
		    x->x.status == RUN_NO_DIR ? "the sandbox has no place for "
		    "the files: its disk may be full" :
		    x->x.status == -SIGKILL ? "the sandbox ended it: it may "
		    "have run out of memory" : "the sandbox ended it without "
		    "saying how it did (status %d)", x->x.status);
		x->x.status = -1;
	}
}

static void
conclude(struct program *x)
{
	struct sandbox_exit told = x->x;
	size_t keep = 0;

	if (x->wrapped && run_trailer(&x->got[1], x->nonce, &keep, &told,
	    &x->spec)) {
		x->got[1].len = keep;
		x->x = told;
	} else if (x->wrapped) {
		no_trailer(x);
	}
	if (x->wrapped)
		program_rest(x);
	finish(x);
}

static void
on_grace(void *user)
{
	struct program *x = user;

	x->grace = NULL;
	/* Only where the way is open nothing means nothing. */
	if (program_troubled(x) || x->paused)
		x->grace = loop_timer_add(x->b->m->loop, GRACE_US, on_grace,
		    x);
	else
		conclude(x);
}

void
program_maybe_done(struct program *x)
{
	if (!x->have_status)
		return;
	if (x->eof[0] && x->eof[1]) {
		conclude(x);
		return;
	}
	loop_timer_cancel(x->grace);
	x->grace = loop_timer_add(x->b->m->loop, GRACE_US, on_grace, x);
}

void
program_broken(struct program *x, const struct grpc_status *st)
{
	struct err e = { 0 };
	char why[440];

	if (st->transport && st->code == GRPC_FAILED_PRECONDITION) {
		account_error(x->b->m, "the sandbox's worker", st, &e);
		box_fail(x->b, e.msg);
		return;
	}
	account_error(x->b->m, x->attached == NULL ? "the sandbox cannot run "
	    "the program" : x->begun ? "the shell that ran is gone" :
	    "the sandbox had not started it", st, &e);
	snprintf(why, sizeof why, "%s", e.msg);
	program_fail(x, why);
}

/* The worker does not know it (any more): its task may be over. */
static bool
lost(struct op *o, const struct grpc_status *st)
{
	if (st->code != GRPC_NOT_FOUND || st->transport || o->lost > 3)
		return false;
	o->lost++;
	o->parked = o->troubled = true;
	box_check(o->x->b);
	return true;
}

/* What op_again does not. */
void
op_failed(struct op *o, const struct grpc_status *st)
{
	if (!op_again(o, st) && !lost(o, st))
		program_broken(o->x, st);
}

/* ---- start ---- */

void
program_begun(struct program *x)
{
	x->started = true;
	x->eof[1] |= x->spec.pty; /* all of it is on stdout */
	for (int i = OP_OUT; i <= OP_ERR; i++)
		if (x->ops[i].call == NULL && !x->eof[i == OP_ERR])
			op_issue(&x->ops[i]);
	op_issue(&x->ops[OP_WAIT]);
	program_flush_begun(x);
	if (x->resized)
		program_resize(x, x->rows, x->cols);
}

static void
start_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct op *o = user;

	(void)reply;
	(void)n;
	o->call = NULL;
	/* It was started by a call whose answer was lost. */
	if (st->code == GRPC_OK || st->code == GRPC_ALREADY_EXISTS) {
		program_begun(o->x);
		op_good(o);
	} else {
		op_failed(o, st);
	}
}

static struct grpc_call *
start(struct op *o)
{
	struct program *x = o->x;
	ROUTER(TaskExecStartRequest) q = ROUTER_INIT(TASK_EXEC_START_REQUEST);
	CLIENT(PTYInfo) pty = CLIENT_INIT(PTYINFO);

	q.task_id = x->b->task_id;
	q.exec_id = x->uuid;
	q.command_args = x->argv;
	while (x->argv[q.n_command_args] != NULL)
		q.n_command_args++;
	q.stdout_config =
	    MODAL__TASK_COMMAND_ROUTER__STDOUT_CONFIG__STDOUT_PIPE;
	q.stderr_config =
	    MODAL__TASK_COMMAND_ROUTER__STDERR_CONFIG__STDERR_PIPE;
	q.workdir = (char *)"/";
	if (x->spec.pty) {
		pty.enabled = true;
		pty.winsz_rows = x->rows;
		pty.winsz_cols = x->cols;
		pty.env_term = (char *)"xterm-256color";
		pty.env_colorterm = (char *)"truecolor";
		pty.pty_type = MODAL__CLIENT__PTYTYPE__PTY_TYPE_SHELL;
		pty.no_terminate_on_idle_stdin = true;
		q.pty_info = &pty;
		x->resized = false;
	}
	return op_unary(o, ROUTER_PATH("TaskExecStart"), &q.base, START_US,
	    false, start_done);
}

static struct grpc_call *
start_or_find(struct op *o)
{
	return o->x->attached != NULL ? program_find(o) : start(o);
}

/* ---- exit status ---- */

static void
take_status(struct program *x, const ROUTER(TaskExecWaitResponse) *r)
{
	x->have_status = true;
	x->x.status = r->exit_status_case == EXIT_STATUS(SIGNAL) ?
	    -r->signal : r->code;
	op_end(&x->ops[OP_WAIT]);
	op_end(&x->ops[OP_POLL]);
	op_end(&x->ops[OP_WRITE]);
	program_input_closed(x);
	loop_timer_cancel(x->wall);
	x->wall = NULL;
	program_maybe_done(x);
}

/* The way is open, so what is under way is well. */
static void
poll_good(struct op *poll)
{
	struct program *x = poll->x;

	for (int i = 0; i < OP_N; i++)
		if (x->ops[i].call != NULL)
			x->ops[i].troubled = false;
	op_good(poll);
	box_settle(x->b);
}

static void
status_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct op *o = user;
	struct program *x = o->x;
	ROUTER(TaskExecWaitResponse) *r;

	o->call = NULL;
	if (o->kind == OP_WAIT && st->code == GRPC_DEADLINE_EXCEEDED) {
		op_issue(o); /* it runs on */
		return;
	}
	if (st->code != GRPC_OK) {
		op_failed(o, st);
		return;
	}
	r = wire_unpack(ROUTER_DESC(task_exec_wait_response), reply, n);
	if (o->kind == OP_POLL)
		poll_good(o);
	else
		op_good(o);
	if (r != NULL && r->exit_status_case != EXIT_STATUS(_NOT_SET)) {
		if (!x->have_status)
			take_status(x, r);
	} else if (o->kind == OP_WAIT) { /* a worker that does not wait */
		o->timer = loop_timer_add(x->b->m->loop, 1000000, on_retry, o);
	}
	wire_free(r);
}

static struct grpc_call *
ask_status(struct op *o)
{
	ROUTER(TaskExecWaitRequest) q = ROUTER_INIT(TASK_EXEC_WAIT_REQUEST);
	bool wait = o->kind == OP_WAIT;

	q.task_id = o->x->b->task_id;
	q.exec_id = o->x->uuid;
	return op_unary(o, wait ? ROUTER_PATH("TaskExecWait") :
	    ROUTER_PATH("TaskExecPoll"), &q.base, wait ? WAIT_US : POLL_US,
	    wait, status_done);
}

static bool
lasts(const struct op *o)
{
	return o->kind == OP_OUT || o->kind == OP_ERR || o->kind == OP_WAIT;
}

/* Whether it has to wait for the breaker.  That lets one call through to find
 * out; one that lasts would be silent either way. */
static bool
held(struct op *o)
{
	struct box *b = o->x->b;
	struct grpc_health h;

	grpc_health(b->router, &h);
	if (h.breaker == GRPC_CLOSED ||
	    (h.breaker == GRPC_HALF_OPEN && !lasts(o)))
		return false;
	o->troubled = true;
	o->timer = loop_timer_add(b->m->loop, HOLD_US, on_retry, o);
	return true;
}

void
op_issue(struct op *o)
{
	static struct grpc_call *(*const make[])(struct op *) = {
		[OP_START] = start_or_find, [OP_OUT] = program_read,
		[OP_ERR] = program_read, [OP_WRITE] = program_write,
		[OP_WAIT] = ask_status, [OP_POLL] = ask_status };
	struct op *poll = &o->x->ops[OP_POLL];

	op_drop(o);
	o->parked = false;
	if (held(o))
		return;
	o->begun = loop_now(o->x->b->m->loop);
	o->call = make[o->kind](o);
	if (o->troubled && lasts(o) && op_idle(poll))
		op_issue(poll);
}

bool
program_probe(struct program *x)
{
	struct op *o = &x->ops[x->started ? OP_POLL : OP_START];

	if (!x->started && o->timer == NULL)
		return false;
	op_issue(o);
	return true;
}

/* ---- limits ---- */

static void
on_wall(void *user)
{
	struct program *x = user;

	x->wall = NULL;
	/* It may have ended in time and only its status is late. */
	if (program_troubled(x)) {
		x->wall = loop_timer_add(x->b->m->loop, WALL_SLACK_US,
		    on_wall, x);
		return;
	}
	x->starved = true;
	program_kill(x);
}

static void
on_give_up(void *user)
{
	struct program *x = user;

	x->give_up = NULL;
	/* Never started, or our kill was as good as none. */
	if (!x->started || !program_troubled(x)) {
		if (x->x.output_limit) {
			x->x.status = -SIGKILL;
			finish(x);
		} else {
			program_fail(x, x->x.why[0] != '\0' ? x->x.why :
			    "the sandbox is gone");
		}
		return;
	}
	x->give_up = loop_timer_add(x->b->m->loop, GIVE_UP_US, on_give_up, x);
}

static void
kill_done(void *user, const struct sandbox_exit *e, const struct buf *out,
    const struct buf *err)
{
	struct program *x = user;

	(void)e;
	(void)out;
	(void)err;
	x->killer = NULL;
}

void
program_kill(struct program *x)
{
	static const struct program_sink sink = { .done = kill_done,
		.max = 4096 };
	const char *argv[] = { "sh", "-c", run_kill, "kill", x->uuid, NULL };
	bool asked = x->ops[OP_START].call != NULL ||
	    x->ops[OP_START].timer != NULL || x->ops[OP_START].parked;

	if (x->give_up != NULL || x->have_status)
		return;
	if (!x->x.output_limit)
		x->x.killed = true;
	/* Nobody waits for the end of one of our own. */
	if ((!x->started && !asked) || x->sink != NULL) {
		x->give_up = loop_timer_add(x->b->m->loop, 0, on_give_up, x);
		return;
	}
	x->killer = program_inner(x->b, argv, NULL, false, &sink, x);
	x->killer->holder = &x->killer;
	x->give_up = loop_timer_add(x->b->m->loop, GIVE_UP_US, on_give_up, x);
}

static void set_size(struct program *);

/* readline sets the size that it has read, so one that came in between is
 * lost: it is set once more. */
static void
set_size_again(void *user)
{
	struct program *x = user;

	x->size_timer = NULL;
	x->size_twice = true;
	set_size(x);
}

static void
resize_done(void *user, const struct sandbox_exit *e, const struct buf *out,
    const struct buf *err)
{
	struct program *x = user;

	(void)e;
	(void)out;
	(void)err;
	x->resizer = NULL;
	if (x->resized)
		set_size(x);
	else if (!x->size_twice)
		x->size_timer = loop_timer_add(x->b->m->loop, RESIZE_US,
		    set_size_again, x);
}

/* There is no call for it: a second program sets the size of the first one's
 * terminal.  While it runs only the newest size is remembered. */
void
program_resize(struct program *x, unsigned rows, unsigned cols)
{
	x->rows = rows;
	x->cols = cols;
	x->size_twice = false;
	loop_timer_cancel(x->size_timer);
	x->size_timer = NULL;
	set_size(x);
}

static void
set_size(struct program *x)
{
	static const struct program_sink sink = { .done = resize_done,
		.max = 4096 };
	char r[16], c[16];
	const char *argv[] = { "sh", "-c", run_resize, "resize", x->uuid, r,
		c, NULL };

	x->resized = true;
	if (!x->started || x->have_status || x->resizer != NULL)
		return;
	x->resized = false;
	snprintf(r, sizeof r, "%u", x->rows);
	snprintf(c, sizeof c, "%u", x->cols);
	x->resizer = program_inner(x->b, argv, NULL, false, &sink, x);
	x->resizer->holder = &x->resizer;
}

/* ---- the life ---- */

/* Made anew, and another has got through since: the way is open, though this
 * one may not be answered for a long time (a wait, a silent stream). */
static bool
is_under_way(const struct op *o)
{
	return o->call != NULL && o->begun <= o->x->b->good_at;
}

bool
program_troubled(const struct program *x)
{
	for (int i = 0; i < OP_N; i++)
		if (x->ops[i].troubled && !is_under_way(&x->ops[i]))
			return true;
	return false;
}

void
program_unpark(struct program *x)
{
	for (int i = 0; i < OP_N; i++)
		if (x->ops[i].parked)
			op_issue(&x->ops[i]);
}

void
program_hurry(struct program *x)
{
	for (int i = 0; i < OP_N; i++)
		if (x->ops[i].timer != NULL && x->ops[i].troubled)
			op_issue(&x->ops[i]);
}

/* Not from inside the call that wants it. */
static void
program_never(struct program *x, const char *why)
{
	snprintf(x->x.why, sizeof x->x.why, "%.399s", why);
	x->give_up = loop_timer_add(x->b->m->loop, 0, on_give_up, x);
}

/* Its output is asked for right behind its start and not after the answer to
 * that: a round trip less.  Where the question overtakes the start it is asked
 * again (read_done). */
static void
read_ahead(struct program *x)
{
	struct grpc_health h;

	grpc_health(x->b->router, &h);
	if (x->attached != NULL || h.breaker != GRPC_CLOSED || x->paused)
		return;
	op_issue(&x->ops[OP_OUT]);
	if (!x->spec.pty)
		op_issue(&x->ops[OP_ERR]);
}

void
program_go(struct program *x)
{
	if (x->attached != NULL && x->give_up == NULL && !x->b->attached) {
		program_never(x, x->begun ? "the sandbox that it ran in is "
		    "gone" : "there was no sandbox for it yet; this one is "
		    "new");
		return;
	}
	if (x->give_up == NULL && !x->started &&
	    x->ops[OP_START].call == NULL) {
		op_issue(&x->ops[OP_START]);
		read_ahead(x);
		program_flush(x);
	}
	if (x->spec.asleep_ms > 0 && x->wall == NULL)
		x->wall = loop_timer_add(x->b->m->loop, WALL_SLACK_US +
		    SANDBOX_PATIENCE_US(x->spec.asleep_ms), on_wall, x);
}

static void
make_names(struct program *x)
{
	unsigned char r[32];
	size_t len = 0;

	if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
		abort(); /* 32 bytes never come short */
	for (int i = 0; i < 16; i++)
		snprintf(x->nonce + 2 * i, 3, "%02x", r[16 + i]);
	/* A random UUID (RFC 9562, version 4). */
	r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
	r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			x->uuid[len++] = '-';
		snprintf(x->uuid + len, 3, "%02x", r[i]);
		len += 2;
	}
	explicit_bzero(r, sizeof r);
}

static struct program *
create(struct box *b, uint64_t id)
{
	struct program *x = xcalloc(1, sizeof *x);

	x->b = b;
	x->id = id;
	for (int i = 0; i < OP_N; i++) {
		x->ops[i].x = x;
		x->ops[i].kind = (enum op_kind)i;
	}
	make_names(x);
	GROW(b->programs, b->nprograms, b->programs_cap);
	b->programs[b->nprograms++] = x;
	return x;
}

static void
set_off(struct program *x)
{
	struct box *b = x->b;

	if (box_up(b))
		program_go(x);
	else if (box_dead(b))
		program_never(x, b->why[0] != '\0' ? b->why :
		    "the sandbox was stopped");
}

struct program *
program_start(struct box *b, const struct exec_spec *spec, uint64_t id)
{
	struct program *x = create(b, id);

	x->spec = *spec;
	x->rows = spec->rows;
	x->cols = spec->cols;
	x->wrapped = !spec->pty;
	x->argv = spec->pty ? run_shell_argv(spec, x->uuid) :
	    run_program_argv(spec, x->uuid, dir_path(b, spec->dir));
	x->spec.argv = NULL;
	if (x->wrapped)
		buf_add(&x->queue, x->nonce, sizeof x->nonce - 1);
	set_off(x);
	return x;
}

/* As make_names makes them: it gets into paths over there. */
static bool
is_uuid(const char *s)
{
	return strlen(s) == 36 && strspn(s, "0123456789abcdef-") == 36;
}

struct program *
program_attach(struct box *b, const struct attach_spec *spec, uint64_t id)
{
	struct program *x = create(b, id);

	x->attached = spec->attached;
	x->begun = spec->begun;
	x->spec.pty = true;
	x->rows = spec->rows;
	x->cols = spec->cols;
	/* The size on record may be one that it never got. */
	x->resized = true;
	x->offset[0] = x->told[0] = spec->out_offset;
	if (is_uuid(spec->handle)) {
		snprintf(x->uuid, sizeof x->uuid, "%s", spec->handle);
		set_off(x);
	} else {
		program_never(x, "the record's name for it makes no sense");
	}
	return x;
}

struct program *
program_inner(struct box *b, const char *const *argv, struct buf *input,
    bool open, const struct program_sink *sink, void *user)
{
	struct program *x = create(b, 0);

	x->sink = sink;
	x->user = user;
	x->argv = run_argv_copy(argv);
	if (input != NULL) {
		x->queue = *input;
		memset(input, 0, sizeof *input);
	}
	x->in_end = !open;
	set_off(x);
	return x;
}
