#include "config.h"

/* A sandbox at Modal: the steps until it is there, its state, and the
 * interface of all providers. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/modal-internal.h"

#define ATTEMPT_US 15000000
#define CREATE_ATTEMPT_US 120000000
#define TASK_POLL_US 500000
#define TASK_POLLS 2600 /* V1 may wait 21 minutes for a machine */
#define STEP_DELAY_US 500000
#define EXPIRY_SLACK_US 3000000

static void step(struct box *);

/* ---- state ---- */

void
box_tell(struct box *b, enum sandbox_state st, const char *why)
{
	char text[sizeof b->why];

	snprintf(text, sizeof text, "%s", why != NULL ? why : "");
	if (b->closing || (b->state == st && strcmp(b->why, text) == 0 &&
	    st != SANDBOX_RETRYING)) /* that is another try */
		return;
	b->state = st;
	memcpy(b->why, text, sizeof b->why);
	b->base.watch->state(b->base.user, st,
	    b->why[0] != '\0' ? b->why : NULL);
}

void
box_progress(struct box *b, const char *text)
{
	if (!box_up(b) || !b->answered)
		box_tell(b, SANDBOX_STARTING, text);
}

static void
give_up(struct box *b, enum phase p, const char *why)
{
	char text[sizeof b->why];

	if (box_dead(b))
		return;
	snprintf(text, sizeof text, "%s", why); /* may be of what goes */
	if (b->image_kept && !b->answered)
		account_forget_image(b->m); /* it may be why */
	volume_down(b);
	box_to(b, p);
	while (b->nprograms > 0)
		program_fail(b->programs[b->nprograms - 1], text);
	grpc_destroy(b->router);
	b->router = NULL;
	files_fail(b, text);
	box_tell(b, SANDBOX_FAILED, text);
	if (!b->closing)
		return;
	if (b->sync_error[0] == '\0')
		snprintf(b->sync_error, sizeof b->sync_error,
		    "the sandbox %s", p == PHASE_OVER ? "has ended" :
		    "does not answer");
	box_terminate(b);
}

void
box_fail(struct box *b, const char *why)
{
	give_up(b, PHASE_LOST, why);
}

void
box_over(struct box *b, const char *why)
{
	give_up(b, PHASE_OVER, why);
}

/* ---- steps ---- */

static void
step_again(void *user)
{
	struct box *b = user;

	b->timer = NULL;
	step(b);
}

void
box_step_later(struct box *b, int64_t us)
{
	loop_timer_cancel(b->timer);
	b->timer = loop_timer_add(b->m->loop, us, step_again, b);
}

void
box_enter(struct box *b, enum phase p)
{
	box_to(b, p);
	b->polls = 0;
	break_over(b);
	step(b);
}

void
box_step_failed(struct box *b, const char *what,
    const struct grpc_status *st)
{
	/* The worker's address is there a little after the task. */
	bool early = b->phase == PHASE_ACCESS &&
	    st->code == GRPC_FAILED_PRECONDITION && !st->transport;
	unsigned n = b->brk.tries;
	int64_t delay = STEP_DELAY_US << (n < 5 ? n : 5);
	struct err e = { 0 };

	account_error(b->m, what, st, &e);
	if (st->retry_after_us > delay)
		delay = st->retry_after_us;
	if ((!account_retryable(st) && !early) || !break_failed(b,
	    loop_now(b->m->loop), delay, false, e.msg))
		box_fail(b, e.msg);
	else if (b->timer == NULL) /* else another of its calls failed, too */
		box_step_later(b, delay);
}

void
box_no_sense(struct box *b, const char *what)
{
	struct grpc_status st = { .code = GRPC_DATA_LOSS, .retry_after_us = -1,
		.message = "the answer makes no sense" };

	box_step_failed(b, what, &st);
}

bool
box_take_id(char **to, const char *id)
{
	if (id == NULL || id[0] == '\0')
		return false;
	free(*to);
	*to = xstrdup(id);
	return true;
}

static void
volume_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct box *b = user;
	CLIENT(VolumeGetOrCreateResponse) *r;

	b->volume_call = NULL;
	if (st->code != GRPC_OK) {
		box_step_failed(b, "the volume cannot be had", st);
		return;
	}
	r = wire_unpack(CLIENT_DESC(volume_get_or_create_response), reply, n);
	if (r == NULL || !box_take_id(&b->volume_id, r->volume_id))
		box_no_sense(b, "the volume cannot be had");
	else if (account_prepared(b->m))
		box_prepared(b);
	wire_free(r);
}

static void
prepare(struct box *b)
{
	box_progress(b, "starting: asking Modal for the image");
	if (!b->judge && b->volume_id == NULL && b->volume_call == NULL)
		b->volume_call = volume_ask(b, volume_done);
	if (!account_prepared(b->m))
		account_prepare(b->m);
	if (account_prepared(b->m))
		box_prepared(b);
}

void
box_prepared(struct box *b)
{
	if (box_prepares(b) && (b->judge || b->volume_id != NULL))
		box_enter(b, PHASE_CREATE);
}

static void
created_v2(struct box *b, const CLIENT(SandboxCreateV2Response) *r)
{
	if (!box_take_id(&b->task_id, r->task_id))
		box_enter(b, PHASE_TASK);
	else if (r->command_router_access != NULL &&
	    access_take(b, r->command_router_access))
		box_enter(b, PHASE_UP);
	else
		box_enter(b, PHASE_ACCESS);
}

/* All that is left to do with it is to end it. */
static bool
unwanted(const struct box *b)
{
	return b->closing || box_dead(b);
}

static void
created(struct box *b, const char *reply, size_t n)
{
	CLIENT(SandboxCreateV2Response) *v2 = NULL;
	CLIENT(SandboxCreateResponse) *v1 = NULL;
	const char *id = NULL;

	if (b->v2 && (v2 = wire_unpack(CLIENT_DESC(sandbox_create_v2_response),
	    reply, n)) != NULL)
		id = v2->sandbox_id;
	else if (!b->v2 && (v1 = wire_unpack(CLIENT_DESC(
	    sandbox_create_response), reply, n)) != NULL)
		id = v1->sandbox_id;
	box_take_id(&b->sandbox_id, id);
	if (unwanted(b))
		box_terminate(b);
	else if (b->sandbox_id == NULL)
		box_no_sense(b, "the sandbox cannot be made");
	else if (v2 != NULL)
		created_v2(b, v2);
	else
		box_enter(b, PHASE_TASK);
	if (v2 != NULL && v2->command_router_access != NULL)
		wire_wipe(v2->command_router_access->jwt);
	if (v2 != NULL)
		wire_wipe(v2->sandbox_token);
	wire_free(v2);
	wire_free(v1);
}

/* It may be the image that is meant, which has to be known by now. */
static bool
doubts_image(const struct box *b, const struct grpc_status *st)
{
	return b->image_kept && !st->transport &&
	    (st->code == GRPC_NOT_FOUND || st->code == GRPC_INVALID_ARGUMENT ||
	    st->code == GRPC_FAILED_PRECONDITION);
}

static void
create_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct box *b = user;
	int64_t life = b->m->opt.timeout * 1000000LL;

	b->create_call = NULL;
	if (st->code == GRPC_OK || st->code == GRPC_ALREADY_EXISTS)
		b->taken = st->code != GRPC_OK && !b->judge;
	if (st->code == GRPC_OK) {
		/* From its making on, which was a little earlier. */
		b->attached = false;
		box_lives_until(b, loop_now(b->m->loop) + life);
		created(b, reply, n);
	} else if (unwanted(b)) {
		box_terminate(b);
	} else if (st->code == GRPC_ALREADY_EXISTS && !b->judge) {
		box_to(b, PHASE_FIND);
		step(b);
	} else if (doubts_image(b, st)) {
		b->image_kept = false;
		account_forget_image(b->m);
		box_enter(b, PHASE_PREPARE);
	} else {
		box_step_failed(b, "the sandbox cannot be made", st);
	}
}

static void
create(struct box *b)
{
	struct buf out = { 0 };

	/* Another one may have found that its image is unknown. */
	if (!account_prepared(b->m)) {
		box_enter(b, PHASE_PREPARE);
		return;
	}
	b->image_kept = b->m->image_kept;
	box_progress(b, "starting: making the sandbox");
	create_request(b, &out);
	b->create_call = account_send(b->m, b->v2 ?
	    CLIENT_PATH("SandboxCreateV2") : CLIENT_PATH("SandboxCreate"),
	    &out, CREATE_ATTEMPT_US, create_done, b);
}

/* ---- its task ---- */

static void
task_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct box *b = user;
	CLIENT(SandboxGetTaskIdResponse) *r;
	char why[300];

	b->call = NULL;
	if (st->code != GRPC_OK) {
		box_step_failed(b, "the sandbox does not start", st);
		return;
	}
	r = wire_unpack(CLIENT_DESC(sandbox_get_task_id_response), reply, n);
	if (r != NULL && box_take_id(&b->task_id, r->task_id)) {
		wire_free(r);
		box_enter(b, PHASE_ACCESS);
	} else if (r != NULL && r->task_result != NULL) {
		box_words_of_result(b, r->task_result, why, sizeof why);
		wire_free(r);
		if (!find_again(b))
			box_over(b, why);
	} else {
		wire_free(r);
		if (++b->polls > TASK_POLLS) {
			box_no_sense(b, "the sandbox does not start");
			return;
		}
		break_over(b);
		box_step_later(b, TASK_POLL_US);
	}
}

static void
ask_task(struct box *b)
{
	CLIENT(SandboxGetTaskIdRequest) q = CLIENT_INIT(
	    SANDBOX_GET_TASK_ID_REQUEST);

	box_progress(b, "starting: waiting for a machine");
	q.sandbox_id = b->sandbox_id;
	b->call = account_call(b->m, b->v2 ? CLIENT_PATH("SandboxGetTaskIdV2")
	    : CLIENT_PATH("SandboxGetTaskId"), &q.base, ATTEMPT_US, task_done,
	    b);
}

/* ---- is it over ---- */

static void
check_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct box *b = user;
	CLIENT(SandboxWaitResponse) *r = NULL;
	char why[300];

	b->check = NULL;
	if (st->code == GRPC_OK)
		r = wire_unpack(CLIENT_DESC(sandbox_wait_response), reply, n);
	if (r != NULL && r->result != NULL &&
	    r->result->status != RESULT(UNSPECIFIED)) {
		box_words_of_result(b, r->result, why, sizeof why);
		wire_free(r);
		box_over(b, why);
		return;
	}
	wire_free(r);
	if (st->code == GRPC_NOT_FOUND) {
		box_over(b, "the sandbox is not there any more; what was "
		    "saved is on the volume");
		return;
	}
	/* It runs: what the worker does not know is asked once more. */
	for (size_t i = 0; i < b->nprograms; i++)
		program_unpark(b->programs[i]);
}

void
box_check(struct box *b)
{
	CLIENT(SandboxWaitRequest) q = CLIENT_INIT(SANDBOX_WAIT_REQUEST);

	if (b->check != NULL || !box_up(b))
		return;
	q.sandbox_id = b->sandbox_id;
	b->check = account_call(b->m, b->v2 ? CLIENT_PATH("SandboxWaitV2") :
	    CLIENT_PATH("SandboxWait"), &q.base, ATTEMPT_US, check_done, b);
}

static void
expired(void *user)
{
	struct box *b = user;

	b->expiry = loop_timer_add(b->m->loop, 10 * EXPIRY_SLACK_US, expired,
	    b);
	box_check(b);
}

void
box_lives_until(struct box *b, int64_t us)
{
	int64_t left = us - loop_now(b->m->loop);

	b->ends = us;
	loop_timer_cancel(b->expiry);
	b->expiry = loop_timer_add(b->m->loop, left + EXPIRY_SLACK_US,
	    expired, b);
}

/* ---- it is there ---- */

static void
up(struct box *b)
{
	box_progress(b, "starting: waiting for the sandbox's worker");
	for (size_t i = 0; i < b->nprograms; i++)
		program_go(b->programs[i]);
	files_go(b);
	volume_up(b);
	if (b->nprograms == 0) /* nothing to find out by */
		box_tell(b, SANDBOX_READY, NULL);
}

static void
step(struct box *b)
{
	switch (b->phase) {
	case PHASE_PREPARE:
		prepare(b);
		break;
	case PHASE_CREATE:
		if (!find_waits(b))
			create(b);
		break;
	case PHASE_FIND:
		find_ask(b);
		break;
	case PHASE_TASK:
		ask_task(b);
		break;
	case PHASE_ACCESS:
		access_first(b);
		break;
	case PHASE_UP:
		up(b);
		break;
	case PHASE_SYNC: /* it takes too long */
		box_terminate(b);
		break;
	case PHASE_ENDING:
		end_ask(b);
		break;
	case PHASE_IDLE:
	case PHASE_LOST:
	case PHASE_OVER:
		break;
	}
}

void
box_begin(struct box *b)
{
	if (b->phase == PHASE_IDLE)
		box_enter(b, PHASE_PREPARE);
}

/* ---- trouble on the way ---- */

void
box_words_of_status(const struct box *b, const struct grpc_status *st,
    char *to, size_t n)
{
	account_words(b->m, st->message, to, n);
	if (to[0] == '\0')
		snprintf(to, n, "%s", st->code == GRPC_OK ?
		    "the answer makes no sense" : grpc_code_name(st->code));
}

void
box_settle(struct box *b)
{
	b->answered = true;
	for (size_t i = 0; i < b->nprograms; i++)
		if (program_troubled(b->programs[i]))
			return;
	break_over(b);
	if (box_up(b))
		box_tell(b, SANDBOX_READY, NULL);
}

void
box_hurry(struct box *b)
{
	for (size_t i = 0; i < b->nprograms; i++)
		program_hurry(b->programs[i]);
}

/* ---- the interface ---- */

static struct box *
box(struct sandbox *s)
{
	return CONTAINER_OF(s, struct box, base);
}

static struct program *
find_program(struct sandbox *s, uint64_t id)
{
	struct box *b = box(s);

	for (size_t i = 0; i < b->nprograms; i++)
		if (b->programs[i]->sink == NULL && b->programs[i]->id == id)
			return b->programs[i];
	return NULL;
}

static void
begin_later(void *user)
{
	struct box *b = user;

	b->begin_timer = NULL;
	box_begin(b);
}

static void
op_start_box(struct sandbox *s)
{
	struct box *b = box(s);

	if (b->phase == PHASE_IDLE && b->begin_timer == NULL)
		b->begin_timer = loop_timer_add(b->m->loop, 0, begin_later, b);
}

static uint64_t
op_exec(struct sandbox *s, const struct exec_spec *spec)
{
	struct box *b = box(s);

	program_start(b, spec, ++b->next_id);
	return b->next_id;
}

static uint64_t
op_attach(struct sandbox *s, const struct attach_spec *spec)
{
	struct box *b = box(s);

	program_attach(b, spec, ++b->next_id);
	return b->next_id;
}

static const char *
op_handle(struct sandbox *s, uint64_t id)
{
	struct program *x = find_program(s, id);

	return x != NULL ? x->uuid : NULL;
}

static bool
op_input(struct sandbox *s, uint64_t id, uint64_t offset, const char *p,
    size_t n)
{
	struct program *x = find_program(s, id);

	return x == NULL || program_input(x, offset, p, n);
}

static void
op_input_end(struct sandbox *s, uint64_t id)
{
	struct program *x = find_program(s, id);

	if (x != NULL)
		program_input_end(x);
}

static void
op_resize(struct sandbox *s, uint64_t id, unsigned rows, unsigned cols)
{
	struct program *x = find_program(s, id);

	if (x != NULL && x->spec.pty)
		program_resize(x, rows, cols);
}

static void
op_kill(struct sandbox *s, uint64_t id)
{
	struct program *x = find_program(s, id);

	if (x != NULL)
		program_kill(x);
}

static void
op_pause(struct sandbox *s, uint64_t id, bool on)
{
	struct program *x = find_program(s, id);

	if (x != NULL)
		program_pause(x, on);
}

/* The terminal's flags are over there: asking for them takes a round trip,
 * and by then the key would have been sent. */
static bool
op_secret_input(struct sandbox *s, uint64_t id)
{
	(void)s;
	(void)id;
	return false;
}

static uint64_t
op_fs(struct sandbox *s, enum fs_op op, const char *path, const char *to,
    const char *data, size_t n)
{
	return files_ask(box(s), op, path, to, data, n);
}

uint64_t
modal_put_file(struct sandbox *s, const char *path, int fd)
{
	return files_put(box(s), path, fd);
}

static void
stopped(void *user)
{
	struct box *b = user;

	b->stop_timer = NULL;
	while (b->nprograms > 0) {
		struct program *x = b->programs[b->nprograms - 1];

		x->x.killed = true;
		program_fail(x, "the sandbox was stopped");
	}
	files_fail(b, "the sandbox was stopped");
	box_tell(b, SANDBOX_STOPPED, NULL);
	box_terminate(b);
}

static void
op_stop(struct sandbox *s)
{
	struct box *b = box(s);

	if (box_dead(b))
		return;
	volume_down(b);
	box_to(b, PHASE_LOST);
	b->stop_timer = loop_timer_add(b->m->loop, 0, stopped, b);
}

static void
op_destroy(struct sandbox *s)
{
	box_close(box(s));
}

static void
op_link(struct sandbox *s, struct sandbox_link *i)
{
	struct box *b = box(s);
	int64_t now = loop_now(b->m->loop);
	struct grpc_health h = { .rtt_us = -1 };

	memset(i, 0, sizeof *i);
	if (b->router != NULL)
		grpc_health(b->router, &h);
	i->rtt_us = h.rtt_us;
	i->retry_us = b->brk.failures == 0 ? -1 :
	    b->brk.next_try > now ? b->brk.next_try - now : 0;
	i->attempt = b->brk.tries;
	i->attempts = break_tries(b);
	for (size_t k = 0; k < b->nprograms; k++)
		if (b->programs[k]->spec.pty) {
			i->pending += program_pending(b->programs[k]);
			i->silent_us = program_silent(b->programs[k], now);
		}
	i->unsynced = b->dirty || b->syncer != NULL;
	snprintf(i->sync_error, sizeof i->sync_error, "%s", b->sync_error);
	i->no_other = b->no_other;
	i->anew = b->phase == PHASE_UP && !b->attached;
	i->expires_us = b->ends == 0 ? -1 : b->ends > now ? b->ends - now : 0;
}

static uint64_t
op_dir(struct sandbox *s, const struct sandbox_file *files, size_t n)
{
	return dir_make(box(s), files, n);
}

static void
op_dir_drop(struct sandbox *s, uint64_t id)
{
	dir_drop(box(s), id);
}

static const struct sandbox_ops ops = {
	.name = "modal",
	.start = op_start_box,
	.exec = op_exec,
	.input = op_input,
	.input_end = op_input_end,
	.resize = op_resize,
	.kill = op_kill,
	.pause = op_pause,
	.secret_input = op_secret_input,
	.fs = op_fs,
	.stop = op_stop,
	.destroy = op_destroy,
	.dir = op_dir,
	.dir_drop = op_dir_drop,
	.link = op_link,
	.handle = op_handle,
	.attach = op_attach,
};

struct sandbox *
modal_sandbox(struct modal *m, const struct sandbox_spec *spec,
    const struct sandbox_watch *watch, void *user)
{
	struct box *b = xcalloc(1, sizeof *b);

	b->base.ops = &ops;
	b->base.loop = m->loop;
	b->base.watch = watch;
	b->base.user = user;
	b->m = m;
	b->judge = spec->judge;
	b->v2 = m->config->v2;
	b->name = create_name(m->config->volume_namespace, spec->workspace);
	b->next = m->boxes;
	m->boxes = b;
	return &b->base;
}
