#include "config.h"

/*
 * What a program reads.  Every byte has its place: what was not acknowledged
 * is written again at the same one, in the same pieces.
 *
 * The first piece that is not acknowledged is OP_WRITE's, which tries until it
 * succeeds.  Of a terminal some more are on their way behind it, as a key
 * would else wait for the answer to the one before.  The worker takes a piece
 * only where the one before ends; so one that overtakes another is refused,
 * and is written again when it is the first.
 *
 * Where all there is is known at the start, it goes right behind that, and
 * again when it came first: a round trip less.
 */

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/modal-internal.h"

#define WRITE_US 20000000
#define PIECE (2u << 20)      /* of input, in a call */
#define INPUT_MAX (128u << 20) /* a file of 100 MiB, and some keys */
#define KEEP_HEAD (1u << 20)  /* acknowledged bytes kept in the queue */
/* Between two pieces: over there each has a handler of its own, and the later
 * one shall not win. */
#define APART_US 10000
/* After one that was refused it is one at a time for so long, and twice as
 * long after each more; some servers may want nothing else. */
#define ALONE_US 1000000
#define ALONE_DOUBLES 7

static struct typing *
piece_at(struct program *x, unsigned i)
{
	return &x->pieces[(x->first + i) % MODAL_INPUT_MAX];
}

static size_t
under_way(struct program *x)
{
	size_t n = 0;

	for (unsigned i = 0; i < x->npieces; i++)
		n += piece_at(x, i)->n;
	return n;
}

size_t
program_pending(const struct program *x)
{
	return x->queue.len - x->head;
}

int64_t
program_silent(struct program *x, int64_t now)
{
	return x->npieces > 0 ? now - piece_at(x, 0)->begun : 0;
}

/* There may be a password in it. */
static void
drop_queue(struct program *x)
{
	if (x->queue.data != NULL)
		explicit_bzero(x->queue.data, x->queue.len);
	buf_free(&x->queue);
	x->head = 0;
}

void
program_input_drop(struct program *x)
{
	for (unsigned i = 0; i < x->npieces; i++)
		grpc_cancel(piece_at(x, i)->call);
	x->npieces = 0;
	loop_timer_cancel(x->apart);
	x->apart = NULL;
	drop_queue(x);
}

void
program_input_closed(struct program *x)
{
	x->in_closed = true;
	program_input_drop(x);
}

/* ---- the answers ---- */

/* Takes what is acknowledged out of the queue; true: the end was. */
static bool
take_acknowledged(struct program *x)
{
	while (x->npieces > 0 && piece_at(x, 0)->acknowledged) {
		const struct typing *f = piece_at(x, 0);

		x->in_sent += f->n;
		x->head += f->n;
		if (f->end)
			return true;
		x->first = (x->first + 1) % MODAL_INPUT_MAX;
		x->npieces--;
	}
	return false;
}

static void
advance(struct program *x)
{
	if (take_acknowledged(x)) {
		program_input_closed(x);
		return;
	}
	if (x->head == x->queue.len) {
		drop_queue(x);
	} else if (x->head > KEEP_HEAD && x->head > x->queue.len / 2) {
		buf_drop_front(&x->queue, x->head);
		x->head = 0;
	}
	/* The one that is the first now may have been refused before. */
	if (x->npieces > 0 && piece_at(x, 0)->call == NULL &&
	    op_idle(&x->ops[OP_WRITE]))
		op_issue(&x->ops[OP_WRITE]);
	program_flush(x);
}

static void
write_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct op *o = user;
	struct program *x = o->x;
	bool early = x->early;

	(void)reply;
	(void)n;
	o->call = NULL;
	x->early = false;
	if (early && st->code != GRPC_OK) {
		if (x->started)
			op_issue(o);
	} else if (st->code == GRPC_OK) {
		op_good(o);
		piece_at(x, 0)->acknowledged = true;
		advance(x);
	} else if (!st->transport && (st->code == GRPC_FAILED_PRECONDITION ||
	    st->code == GRPC_ABORTED || st->code == GRPC_NOT_FOUND)) {
		/* It has ended or closed its end; how, OP_WAIT will say. */
		op_good(o);
		program_input_closed(x);
	} else if (!op_again(o, st)) {
		program_broken(x, st);
	}
}

static void
refused(struct program *x)
{
	unsigned n = x->refusals < ALONE_DOUBLES ? x->refusals : ALONE_DOUBLES;

	x->refusals++;
	x->alone_until = loop_now(x->b->m->loop) + (ALONE_US << n);
}

/* What is wrong is OP_WRITE's to find out. */
static void
ahead_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct typing *f = user;
	struct program *x = f->x;
	struct op *o = &x->ops[OP_WRITE];

	(void)reply;
	(void)n;
	f->call = NULL;
	if (st->code == GRPC_OK) {
		f->acknowledged = true;
		if (!o->troubled)
			op_good(o);
		advance(x);
		return;
	}
	if (!st->transport && !account_retryable(st) &&
	    st->code != GRPC_UNAUTHENTICATED)
		refused(x);
	if (f == piece_at(x, 0))
		op_issue(o);
}

/* ---- the calls ---- */

static struct grpc_call *
write_piece(struct program *x, const struct typing *f, size_t from,
    grpc_done done, void *user)
{
	struct grpc_policy policy = { .attempt_us = WRITE_US, .plain = true };
	ROUTER(TaskExecStdinWriteRequest) q = ROUTER_INIT(
	    TASK_EXEC_STDIN_WRITE_REQUEST);
	struct buf out = { 0 };
	struct grpc_call *c;

	q.task_id = x->b->task_id;
	q.exec_id = x->uuid;
	q.offset = x->in_sent + from;
	q.data.data = (uint8_t *)x->queue.data + x->head + from;
	q.data.len = f->n;
	q.eof = f->end;
	wire_pack(&q.base, &out);
	c = grpc_unary(x->b->router, ROUTER_PATH("TaskExecStdinWrite"),
	    out.data, out.len, &policy, done, user);
	buf_free(&out);
	return c;
}

/* The same bytes at the same place as often as it takes. */
struct grpc_call *
program_write(struct op *o)
{
	struct program *x = o->x;

	return write_piece(x, piece_at(x, 0), 0, write_done, o);
}

static bool
all_on_their_way(struct program *x)
{
	const struct op *o = &x->ops[OP_WRITE];

	for (unsigned i = 0; i < x->npieces; i++) {
		const struct typing *f = piece_at(x, i);

		if (f->call == NULL && !f->acknowledged &&
		    (i > 0 || o->call == NULL))
			return false;
	}
	return true;
}

/* Behind others: only while nothing is wrong with those. */
static bool
may_go_ahead(struct program *x, int64_t now)
{
	struct grpc_health h;

	grpc_health(x->b->router, &h);
	return x->spec.pty && now >= x->alone_until &&
	    x->npieces < x->b->m->opt.input_in_flight &&
	    !x->ops[OP_WRITE].troubled && h.breaker == GRPC_CLOSED &&
	    all_on_their_way(x);
}

static void
on_apart(void *user)
{
	struct program *x = user;

	x->apart = NULL;
	program_flush(x);
}

static struct typing *
new_piece(struct program *x, size_t left)
{
	struct typing *f = piece_at(x, x->npieces++);

	memset(f, 0, sizeof *f);
	f->x = x;
	f->n = left < PIECE ? left : PIECE;
	f->end = x->in_end && f->n == left;
	f->begun = x->written_at = loop_now(x->b->m->loop);
	return f;
}

static void
flush_behind(struct program *x, size_t from, size_t n)
{
	struct loop *loop = x->b->m->loop;
	int64_t now = loop_now(loop), next = x->written_at + APART_US;
	struct typing *f;

	if (x->apart != NULL || piece_at(x, x->npieces - 1)->end ||
	    !may_go_ahead(x, now))
		return;
	if (now < next) {
		x->apart = loop_timer_add(loop, next - now, on_apart, x);
		return;
	}
	f = new_piece(x, n);
	f->call = write_piece(x, f, from, ahead_done, f);
}

/* Not of a terminal, which nobody has typed into yet. */
static bool
may_go_early(struct program *x, size_t n)
{
	struct grpc_health h;

	if (x->spec.pty || x->attached != NULL || x->npieces > 0 ||
	    x->ops[OP_START].call == NULL || n > PIECE ||
	    (!x->in_end && x->sink == NULL))
		return false;
	grpc_health(x->b->router, &h);
	return h.breaker == GRPC_CLOSED;
}

void
program_flush_begun(struct program *x)
{
	struct op *o = &x->ops[OP_WRITE];

	if (x->npieces > 0 && op_idle(o) && !piece_at(x, 0)->acknowledged)
		op_issue(o);
	else
		program_flush(x);
}

void
program_flush(struct program *x)
{
	size_t from = under_way(x), n = program_pending(x) - from;

	if (x->in_closed || (n == 0 && !x->in_end))
		return;
	if (!x->started) {
		if (!may_go_early(x, n))
			return;
		x->early = true;
	}
	if (x->npieces > 0) {
		flush_behind(x, from, n);
		return;
	}
	new_piece(x, n);
	op_issue(&x->ops[OP_WRITE]);
}

bool
program_input(struct program *x, uint64_t offset, const char *p, size_t n)
{
	uint64_t skip = x->in_offset > offset ? x->in_offset - offset : 0;

	if (x->in_closed || x->in_end || skip >= n)
		return true; /* no one reads it, or had it */
	if (program_pending(x) + n > INPUT_MAX)
		return false;
	buf_add(&x->queue, p + skip, n - (size_t)skip);
	x->in_offset = offset + n;
	program_flush(x);
	return true;
}

void
program_input_end(struct program *x)
{
	x->in_end = true;
	program_flush(x);
}
