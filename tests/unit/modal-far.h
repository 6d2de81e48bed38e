#ifndef TESTS_UNIT_MODAL_FAR_H
#define TESTS_UNIT_MODAL_FAR_H

/*
 * A Modal of one sandbox over a wire that breaks wherever it can: before the
 * request arrives, after it was done, inside a message, with and without a
 * word.  The worker here is strict: it starts a program once, and input has
 * to come at the offset where it stands.  For one program of tests, on a clock
 * that never waits.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modal-rig.h"
#include "sandbox/modal-internal.h"
#include "tests/support/fakecontrol.h"
#include "tests/support/fakewire.h"

#define EXECS 64

/* ---- dice, and a clock that never waits ---- */

static unsigned seed;

static unsigned
dice(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static struct clock_fake now;

static int
jump(struct waiter *w, struct pollfd *fds, int n, int64_t us)
{
	(void)w;
	(void)fds;
	(void)n;
	clock_fake_advance(&now, us < 0 ? 1000000 : us);
	return 0;
}

static struct waiter waiter = { jump };

/* ---- the other side ---- */

struct place { /* a program over there */
	char id[40];
	struct buf in, out;
	bool eof, exited;
	bool pty;
};

static struct {
	struct loop *loop;
	struct place places[EXECS];
	unsigned nplaces, starts, breaks, keys, ended;
	unsigned odds;	    /* one in so many breaks; 0: none */
	bool dead;	    /* nothing arrives any more */
	bool mute;	    /* nor does anybody say so */
	bool stale;	    /* the worker's key is refused */
	int no_key;	    /* a new one is refused with this; 0: it is not */
	bool withhold;	    /* how a program ended is not told */
	bool well;	    /* it ends with 0, else with 5 */
	bool over;	    /* the control plane says so */
	bool repeat_answer; /* starts twice, says so */
	unsigned exists;    /* so often the name is taken */
	const char *named;  /* who has it */
	const char *made;   /* the next one's id */
	unsigned creates, creates_while_ending;
	double born;	    /* of the named one; 0: not in the list */
	/* of input */
	int64_t delay_us, jitter_us; /* until it arrives; 0: a few ms */
	int gap_code;	    /* what comes too early is refused with */
	unsigned gaps, most_writes; /* refused; at once */
	unsigned early; /* asked for output of what was not begun */
	unsigned early_input; /* for what was not begun */
} far;

static void
cut(struct wire_exchange *x)
{
	far.breaks++;
	wire_cut(x);
}

static void
answer(struct wire_exchange *x, const void *message)
{
	wire_message(x, message, SIZE_MAX);
	wire_close(x, 0);
}

static bool
unlucky(void)
{
	return far.odds > 0 && dice(far.odds) == 0;
}

/* ---- the worker ---- */

static struct place *
place(const char *id)
{
	for (unsigned i = 0; i < far.nplaces; i++)
		if (strcmp(far.places[i].id, id) == 0)
			return &far.places[i];
	return NULL;
}

static void feed(void *);

static void
feed_soon(struct place *p)
{
	for (struct wire_exchange *x = wire_open; x != NULL; x = x->next)
		if (x->place == p && x->timer == NULL &&
		    (strcmp(x->rpc, "TaskExecStdioRead") == 0 ||
		    strcmp(x->rpc, "TaskExecWait") == 0))
			x->timer = loop_timer_add(far.loop,
			    (int64_t)dice(3000), feed, x);
}

static void
status(struct wire_exchange *x)
{
	ROUTER(TaskExecWaitResponse) r = ROUTER_INIT(TASK_EXEC_WAIT_RESPONSE);

	if (x->place->exited && !far.withhold) {
		r.exit_status_case = EXIT_STATUS(CODE);
		r.code = far.well ? 0 : 5;
	}
	answer(x, &r.base);
}

/* A stream gives a piece; a wait its answer. */
static void
feed(void *user)
{
	struct wire_exchange *x = user;
	struct place *p = x->place;
	ROUTER(TaskExecStdioReadResponse) r = ROUTER_INIT(
	    TASK_EXEC_STDIO_READ_RESPONSE);
	size_t n = x->fd == 0 ? p->out.len - x->offset : 0;

	x->timer = NULL;
	if (strcmp(x->rpc, "TaskExecWait") == 0) {
		if (p->exited && !far.withhold)
			status(x);
	} else if (n > 0) {
		n = n > 7 ? 1 + dice((unsigned)n) : n;
		r.data.data = (uint8_t *)p->out.data + x->offset;
		r.data.len = n;
		if (unlucky()) {
			wire_message(x, &r.base, dice(12));
			cut(x);
			return;
		}
		wire_message(x, &r.base, SIZE_MAX);
		x->offset += n;
		if (unlucky())
			cut(x);
		else
			x->timer = loop_timer_add(far.loop,
			    (int64_t)dice(2000), feed, x);
	} else if (p->exited) {
		wire_close(x, 0);
	}
}

/* Says every byte in capitals; ^D ends it. */
static void
program(struct place *p, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_addc(&p->in, text[i]);
		if (text[i] == 4)
			p->exited = true;
		else
			buf_addc(&p->out, text[i] >= 'a' && text[i] <= 'z' ?
			    (char)(text[i] - 32) : text[i]);
	}
	feed_soon(p);
}

static int
do_start(struct wire_exchange *x)
{
	ROUTER(TaskExecStartRequest) *q = wire_unpack(
	    ROUTER_DESC(task_exec_start_request), x->body.data + 5,
	    x->body.len - 5);
	struct place *p;
	int code = 0;

	assert_non_null(q);
	assert_string_equal(q->task_id, "ta-1");
	if (place(q->exec_id) == NULL) {
		assert_true(far.nplaces < EXECS);
		p = &far.places[far.nplaces++];
		snprintf(p->id, sizeof p->id, "%s", q->exec_id);
		p->pty = q->pty_info != NULL;
		assert_true(!p->pty ||
		    q->pty_info->no_terminate_on_idle_stdin);
		far.starts++;
	} else if (far.repeat_answer) {
		code = GRPC_ALREADY_EXISTS;
	}
	wire_free(q);
	return code;
}

static int
do_write(struct wire_exchange *x)
{
	ROUTER(TaskExecStdinWriteRequest) *q = wire_unpack(
	    ROUTER_DESC(task_exec_stdin_write_request), x->body.data + 5,
	    x->body.len - 5);
	struct place *p;
	size_t skip;
	int code = 0;

	assert_non_null(q);
	p = place(q->exec_id);
	if (p == NULL) { /* it came before the start */
		assert_int_equal(q->offset, 0);
		far.early_input++;
		wire_free(q);
		return GRPC_NOT_FOUND;
	}
	if (q->offset > p->in.len) {
		far.gaps++;
		wire_free(q);
		return far.gap_code;
	}
	skip = p->in.len - (size_t)q->offset;
	/* What comes again is what came. */
	assert_memory_equal(p->in.data + q->offset, q->data.data,
	    skip < q->data.len ? skip : q->data.len);
	if (p->exited)
		code = GRPC_FAILED_PRECONDITION;
	else if (skip < q->data.len)
		program(p, (char *)q->data.data + skip, q->data.len - skip);
	if (q->eof && !p->pty && !p->exited) { /* as ours do */
		p->exited = true;
		feed_soon(p);
	}
	wire_free(q);
	return code;
}

/* Streams and waits stay open. */
static void
do_open(struct wire_exchange *x)
{
	bool wait = strcmp(x->rpc, "TaskExecStdioRead") != 0;
	ROUTER(TaskExecStdioReadRequest) *r = wait ? NULL : wire_unpack(
	    ROUTER_DESC(task_exec_stdio_read_request), x->body.data + 5,
	    x->body.len - 5);
	ROUTER(TaskExecWaitRequest) *w = !wait ? NULL : wire_unpack(
	    ROUTER_DESC(task_exec_wait_request), x->body.data + 5,
	    x->body.len - 5);

	x->place = place(wait ? w->exec_id : r->exec_id);
	if (x->place == NULL) { /* it came before the start */
		assert_false(wait);
		wire_free(r);
		far.early++;
		wire_close(x, GRPC_NOT_FOUND);
		return;
	}
	if (r != NULL) {
		x->fd = (int)r->file_descriptor;
		x->offset = (size_t)r->offset;
		assert_false(x->fd == 1 && x->place->pty);
		assert_true(x->fd == 1 || x->offset <= x->place->out.len);
	}
	wire_free(r);
	wire_free(w);
	if (strcmp(x->rpc, "TaskExecPoll") == 0)
		status(x);
	else
		feed(x);
}

/* How much input it has got. */
static void
do_status(struct wire_exchange *x)
{
	ROUTER(TaskExecStdinStatusRequest) *q = wire_unpack(
	    ROUTER_DESC(task_exec_stdin_status_request), x->body.data + 5,
	    x->body.len - 5);
	ROUTER(TaskExecStdinStatusResponse) r = ROUTER_INIT(
	    TASK_EXEC_STDIN_STATUS_RESPONSE);
	struct place *p;

	assert_non_null(q);
	p = place(q->exec_id);
	wire_free(q);
	if (p == NULL) {
		wire_close(x, GRPC_NOT_FOUND);
		return;
	}
	r.num_bytes_written = p->in.len;
	r.closed = p->exited;
	answer(x, &r.base);
}

static void
worker(struct wire_exchange *x)
{
	ROUTER(Empty) empty = ROUTER_INIT(EMPTY);
	bool opens = strcmp(x->rpc, "TaskExecStart") != 0 &&
	    strcmp(x->rpc, "TaskExecStdinWrite") != 0;
	bool lost = unlucky();
	int code;

	if (strcmp(x->rpc, "TaskExecStdinStatus") == 0) {
		do_status(x);
		return;
	}
	if (opens) {
		do_open(x);
		return;
	}
	code = x->rpc[8] == 'S' && x->rpc[11] == 'r' ? do_start(x) :
	    do_write(x);
	if (lost) /* done, and nobody hears of it */
		cut(x);
	else if (code != 0)
		wire_close(x, code);
	else
		answer(x, &empty.base);
}

/* ---- the control plane ---- */

static void
answer_list(struct wire_exchange *x)
{
	CLIENT(SandboxListResponse) list = CLIENT_INIT(SANDBOX_LIST_RESPONSE);
	CLIENT(SandboxInfo) info[2] = { CLIENT_INIT(SANDBOX_INFO),
		CLIENT_INIT(SANDBOX_INFO) };
	CLIENT(SandboxInfo) *infos[2] = { &info[0], &info[1] };
	CLIENT(SandboxListRequest) *q = wire_unpack(
	    CLIENT_DESC(sandbox_list_request), x->body.data + 5,
	    x->body.len - 5);

	assert_non_null(q);
	assert_string_equal(q->app_id, "ap-1");
	info[0].id = (char *)"01OTHER"; /* the first page has only these */
	info[0].created_at = info[1].created_at = far.born + 10;
	info[0].timeout_secs = info[1].timeout_secs = 7;
	info[1].id = (char *)"01ANOTHER";
	if (q->before_timestamp > 0 && far.born > 0) {
		info[1].id = (char *)far.named;
		info[1].created_at = far.born;
		info[1].timeout_secs = 3600;
	}
	list.sandboxes = infos;
	list.n_sandboxes = 2;
	wire_free(q);
	answer(x, &list.base);
}

/* Taken so often, and while the one before is being ended it is noticed. */
static void
answer_create(struct wire_exchange *x)
{
	far.creates++;
	for (struct wire_exchange *o = wire_open; o != NULL; o = o->next)
		far.creates_while_ending +=
		    strcmp(o->rpc, "SandboxTerminateV2") == 0;
	if (far.exists > 0) {
		far.exists--;
		wire_close(x, GRPC_ALREADY_EXISTS);
		return;
	}
	control_words.sandbox = far.made != NULL ? far.made : "01SANDBOX";
	answer(x, control_says(x->rpc));
}

static void
answer_wait(struct wire_exchange *x)
{
	CLIENT(SandboxWaitResponse) wait = CLIENT_INIT(SANDBOX_WAIT_RESPONSE);
	CLIENT(GenericResult) result = CLIENT_INIT(GENERIC_RESULT);

	result.status = RESULT(TIMEOUT);
	if (far.over)
		wait.result = &result;
	answer(x, &wait.base);
}

static void
control(struct wire_exchange *x)
{
	const void *good;

	far.keys += strcmp(x->rpc, "SandboxGetCommandRouterAccess") == 0;
	far.ended += strcmp(x->rpc, "SandboxTerminateV2") == 0;
	control_words.named = far.named;
	good = control_says(x->rpc);
	if (strcmp(x->rpc, "SandboxListV2") == 0)
		answer_list(x);
	else if (strcmp(x->rpc, "SandboxCreateV2") == 0)
		answer_create(x);
	else if (strcmp(x->rpc, "SandboxWaitV2") == 0)
		answer_wait(x);
	else if (far.no_key != 0 &&
	    strcmp(x->rpc, "SandboxGetCommandRouterAccess") == 0)
		wire_close(x, far.no_key);
	else if (good != NULL)
		answer(x, good);
	else
		fail_msg("nobody should ask for %s", x->rpc);
}

/* ---- the wire ---- */

static void
arrive(void *user)
{
	struct wire_exchange *x = user;
	bool router = strncmp(x->rpc, "TaskExec", 8) == 0;

	x->timer = NULL;
	if (!router) {
		control(x);
	} else if (far.mute) {
		;
	} else if (far.dead) {
		cut(x);
	} else if (far.stale) {
		wire_close(x, GRPC_UNAUTHENTICATED);
	} else if (unlucky()) {
		far.breaks++;
		switch (dice(4)) {
		case 0:
			cut(x);
			break;
		case 1:
			wire_close(x, GRPC_UNAVAILABLE);
			break;
		case 2:
			wire_close(x, GRPC_UNAUTHENTICATED);
			break;
		default: /* no answer at all, where that is noticed */
			if (strcmp(x->rpc, "TaskExecStdioRead") == 0)
				cut(x);
			break;
		}
	} else {
		worker(x);
	}
}

static unsigned
writes(void)
{
	unsigned n = 0;

	for (const struct wire_exchange *x = wire_open; x != NULL; x = x->next)
		n += strcmp(x->rpc, "TaskExecStdinWrite") == 0;
	return n;
}

static int64_t
delay(const struct wire_exchange *x)
{
	bool input = strcmp(x->rpc, "TaskExecStdinWrite") == 0;

	if (input && writes() > far.most_writes)
		far.most_writes = writes();
	if (input && far.delay_us > 0)
		return far.delay_us + (far.jitter_us == 0 ? 0 :
		    (int64_t)dice((unsigned)far.jitter_us));
	/* What is ended takes its time. */
	return (strcmp(x->rpc, "SandboxTerminateV2") == 0 ? 300000 : 500) +
	    (int64_t)dice(3000);
}

static void
wire_asked(struct wire_exchange *x)
{
	x->timer = loop_timer_add(far.loop, delay(x), arrive, x);
}

/* ---- life ---- */

static struct modal_config config;
static struct modal_options options;
static struct modal *account;
static struct rig r;

static void
open_account(bool judge)
{
	struct err e = { 0 };

	account = modal_create_on(far.loop, &config, &options, fakewire_dial,
	    NULL, &e);
	assert_non_null(account);
	rig_open(&r, far.loop, account, "/x/s/q", judge);
}

static void
setup_with(bool judge) /* options */
{
	memset(&far, 0, sizeof far);
	far.gap_code = GRPC_OUT_OF_RANGE;
	control_words.at_once = true;
	clock_fake_init(&now, 1000000, 1700000000000);
	far.loop = loop_create(&now.base, &waiter);
	rig_config(&config, "https://control", true, TOKEN_ID);
	open_account(judge);
}

static void
setup_as(bool judge)
{
	modal_options_init(&options);
	options.image_id = "im-1";
	setup_with(judge);
}

static void
turn(int64_t us)
{
	int64_t end = now.mono + us;

	while (now.mono < end)
		loop_turn(far.loop, end - now.mono);
}

#define UNTIL(cond)                                                       \
	do {                                                              \
		int64_t end_ = now.mono + 3600 * 1000000LL;               \
		while (!(cond)) {                                         \
			if (now.mono > end_)                              \
				fail_msg("line %d, seed %u: never: %s",   \
				    __LINE__, seed, #cond);               \
			loop_turn(far.loop, 100000);                      \
		}                                                         \
	} while (0)

static int
teardown(void **state)
{
	(void)state;
	rig_close(&r);
	UNTIL(!modal_busy(account));
	modal_destroy(account);
	modal_config_finish(&config);
	while (wire_open != NULL)
		wire_forget(wire_open);
	for (unsigned i = 0; i < far.nplaces; i++) {
		buf_free(&far.places[i].in);
		buf_free(&far.places[i].out);
	}
	loop_destroy(far.loop);
	return 0;
}

static uint64_t
shell(void)
{
	static const char *const argv[] = { "/bin/bash", "-i", NULL };
	struct exec_spec spec = { .argv = argv, .pty = true, .rows = 24,
		.cols = 80 };

	return r.s->ops->exec(r.s, &spec);
}

#endif
