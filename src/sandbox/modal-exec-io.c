#include "config.h"

/* What a program says.  A byte has its place in the stream: after a break
 * reading goes on behind the last one that came.  (What it reads:
 * modal-input.c.) */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/modal-internal.h"

#define FIND_US 20000000
#define ERRORS_MAX (64u << 10) /* kept of a program of our own */

/* ---- output ---- */

static void
tell(struct program *x, int i, const char *p, size_t n)
{
	struct box *b = x->b;
	uint64_t at = x->told[i];

	if (n == 0)
		return;
	x->told[i] += n;
	b->base.watch->output(b->base.user, x->id,
	    i == 0 ? SANDBOX_STDOUT : SANDBOX_STDERR, at, p, n);
}

/* What of it is within the bound; over it the program is killed. */
static size_t
within(struct program *x, int i, size_t n)
{
	size_t max = x->spec.output_max, left;

	if (max == 0)
		return n;
	left = x->told[i] < max ? max - (size_t)x->told[i] : 0;
	if (n <= left)
		return n;
	if (!x->x.output_limit) {
		x->x.output_limit = true;
		program_kill(x);
	}
	return left;
}

/* Of the wrapper's stderr the end may be its own words. */
static void
hold_back(struct program *x, const char *p, size_t n)
{
	struct buf *b = &x->got[1];
	size_t out;

	buf_add(b, p, n);
	if (b->len <= RUN_TRAILER_MAX)
		return;
	out = b->len - RUN_TRAILER_MAX;
	/* The bound is on what is the program's: all before the trailer. */
	tell(x, 1, b->data, within(x, 1, out));
	buf_drop_front(b, out);
}

void
program_rest(struct program *x)
{
	size_t n = x->got[1].len, max = x->spec.output_max;

	if (max > 0 && x->told[1] + n > max)
		n = x->told[1] < max ? max - (size_t)x->told[1] : 0;
	tell(x, 1, x->got[1].data, n);
}

static void
sink_take(struct program *x, int i, const char *p, size_t n)
{
	struct buf *b = &x->got[i];
	size_t max = i == 0 ? x->sink->max : ERRORS_MAX;

	if (i == 0 && x->sink->data != NULL) {
		x->sink->data(x->user, p, n);
		return;
	}
	if (b->len + n > max) {
		if (i == 0 && !x->x.output_limit) {
			x->x.output_limit = true;
			program_kill(x);
		}
		n = max - b->len;
	}
	buf_add(b, p, n);
}

static void
take(struct program *x, int i, const char *p, size_t n)
{
	x->offset[i] += n;
	if (x->sink != NULL)
		sink_take(x, i, p, n);
	else if (i == 1 && x->wrapped)
		hold_back(x, p, n);
	else
		tell(x, i, p, within(x, i, n));
	if (x->grace != NULL)
		program_maybe_done(x);
}

static void
read_message(void *user, const char *p, size_t n)
{
	struct op *o = user;
	struct program *x = o->x;
	ROUTER(TaskExecStdioReadResponse) *r = wire_unpack(
	    ROUTER_DESC(task_exec_stdio_read_response), p, n);

	if (r == NULL) { /* as if it had not come */
		struct grpc_status st = { .code = GRPC_INTERNAL,
			.retry_after_us = -1,
			.message = "the answer makes no sense" };

		op_drop(o);
		op_again(o, &st);
		return;
	}
	op_good(o);
	if (r->data.len > 0) {
		volume_heard(x->b);
		take(x, o->kind == OP_ERR, (const char *)r->data.data,
		    r->data.len);
	}
	wire_free(r);
}

static void
read_done(void *user, const struct grpc_status *st, const char *p, size_t n)
{
	struct op *o = user;
	struct program *x = o->x;

	(void)p;
	(void)n;
	o->call = NULL;
	if (!x->started && st->code != GRPC_OK) {
		; /* not begun: the start is tried again, and then this */
	} else if (st->code == GRPC_OK) {
		op_good(o);
		x->eof[o->kind == OP_ERR] = true;
		program_maybe_done(x);
	} else if (x->paused && st->code == GRPC_RESOURCE_EXHAUSTED) {
		; /* taken up again with the pause's end */
	} else if (st->code == GRPC_NOT_FOUND && x->have_status) {
		/* It has ended and the worker has forgotten it. */
		x->eof[o->kind == OP_ERR] = true;
		program_maybe_done(x);
	} else if (st->code == GRPC_NOT_FOUND && !st->transport &&
	    o->lost < 3) {
		o->lost++;
		o->parked = o->troubled = true;
		box_check(x->b);
	} else if (!op_again(o, st)) {
		program_broken(x, st);
	}
}

struct grpc_call *
program_read(struct op *o)
{
	struct program *x = o->x;
	ROUTER(TaskExecStdioReadRequest) q = ROUTER_INIT(
	    TASK_EXEC_STDIO_READ_REQUEST);
	struct buf out = { 0 };
	struct grpc_call *c;

	q.task_id = x->b->task_id;
	q.exec_id = x->uuid;
	q.offset = x->offset[o->kind == OP_ERR];
	q.file_descriptor = o->kind == OP_ERR ?
	    MODAL__TASK_COMMAND_ROUTER__STDIO_FD__STDIO_STDERR :
	    MODAL__TASK_COMMAND_ROUTER__STDIO_FD__STDIO_STDOUT;
	wire_pack(&q.base, &out);
	c = grpc_stream(x->b->router, ROUTER_PATH("TaskExecStdioRead"),
	    out.data, out.len, 0, read_message, read_done, o);
	buf_free(&out);
	if (x->paused)
		grpc_pause(c, true);
	return c;
}

void
program_pause(struct program *x, bool on)
{
	x->paused = on;
	for (int i = OP_OUT; i <= OP_ERR; i++) {
		struct op *o = &x->ops[i];
		bool wanted = x->started && !x->eof[i == OP_ERR];

		if (o->call != NULL)
			grpc_pause(o->call, on);
		else if (!on && wanted && o->timer == NULL && !o->parked)
			op_issue(o);
	}
}

/* ---- what an earlier process of ours began ---- */

static void
found(struct op *o, uint64_t in_offset)
{
	struct program *x = o->x;

	x->in_sent = x->in_offset = in_offset;
	program_begun(x);
	x->attached(x->b->base.user, x->id, in_offset);
	op_good(o);
}

static void
find_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct op *o = user;
	ROUTER(TaskExecStdinStatusResponse) *r;
	struct grpc_status bad = { .code = GRPC_INTERNAL,
		.retry_after_us = -1, .message = "the answer makes no sense" };

	o->call = NULL;
	if (st->code != GRPC_OK) {
		op_failed(o, st);
		return;
	}
	r = wire_unpack(ROUTER_DESC(task_exec_stdin_status_response), reply,
	    n);
	if (r == NULL) {
		op_failed(o, &bad);
		return;
	}
	o->x->in_closed = r->closed;
	found(o, r->num_bytes_written);
	wire_free(r);
}

struct grpc_call *
program_find(struct op *o)
{
	ROUTER(TaskExecStdinStatusRequest) q = ROUTER_INIT(
	    TASK_EXEC_STDIN_STATUS_REQUEST);

	q.task_id = o->x->b->task_id;
	q.exec_id = o->x->uuid;
	return op_unary(o, ROUTER_PATH("TaskExecStdinStatus"), &q.base,
	    FIND_US, false, find_done);
}
