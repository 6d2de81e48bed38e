#include "config.h"

/* From one phase of a sandbox to the next, and to its end from each: what is
 * asked for then, what is told, and what is left.  Each call is answered when
 * the test says so, on a clock that never waits. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modal-rig.h"
#include "sandbox/modal-internal.h"
#include "tests/support/fakecontrol.h"
#include "tests/support/fakewire.h"

#define S 1000000LL
#define TERMINATE "SandboxTerminateV2"
#define CREATE "SandboxCreateV2"
#define NAMED "SandboxGetFromNameV2"
#define TASK "SandboxGetTaskIdV2"
#define ACCESS "SandboxGetCommandRouterAccess"
#define TOKEN "AuthTokenGet"
#define APP "AppGetOrCreate"
#define VOLUME "VolumeGetOrCreate"
#define ATTEMPTS 4 /* of a call before its failure is told */

static struct clock_fake now;
static struct loop *loop;
static struct modal_config config;
static struct modal_options options;
static struct modal *account;
static struct rig r;
static struct buf asked; /* every call there was, by name */

static int
jump(struct waiter *w, struct pollfd *fds, int n, int64_t us)
{
	(void)w;
	(void)fds;
	(void)n;
	clock_fake_advance(&now, us < 0 ? S : us);
	return 0;
}

static struct waiter waiter = { jump };

static void
wire_asked(struct wire_exchange *x)
{
	buf_addf(&asked, "%s\n", x->rpc);
}

/* ---- what the test says ---- */

static unsigned
count(const char *rpc)
{
	unsigned n = 0;

	for (const char *p = buf_str(&asked); (p = strstr(p, rpc)) != NULL;
	    p++)
		n++;
	return n;
}

/* Without any time. */
static void
settle(void)
{
	for (int i = 0; i < 20; i++)
		loop_turn(loop, 0);
}

static void
turn(int64_t us)
{
	int64_t end = now.mono + us;

	while (now.mono < end)
		loop_turn(loop, end - now.mono);
	settle();
}

static void
answer(const char *rpc, enum grpc_code code, const void *message)
{
	struct wire_exchange *x = NULL;

	settle();
	for (int64_t end = now.mono + 60 * S;
	    (x = wire_find(rpc)) == NULL && now.mono < end;)
		loop_turn(loop, S / 100);
	if (x == NULL)
		fail_msg("nobody asks %s, but\n%s", rpc, buf_str(&asked));
	if (message != NULL)
		wire_message(x, message, SIZE_MAX);
	wire_close(x, code);
	settle();
}

static void
refuse(const char *rpc)
{
	for (int i = 0; i < ATTEMPTS; i++)
		answer(rpc, GRPC_UNAVAILABLE, NULL);
}

/* All is well. */
static void
give(const char *rpc)
{
	answer(rpc, GRPC_OK, control_says(rpc));
}

static void
give_made(const char *id, const char *task)
{
	CLIENT(SandboxCreateV2Response) made = CLIENT_INIT(
	    SANDBOX_CREATE_V2_RESPONSE);

	made.sandbox_id = (char *)id;
	if (task != NULL)
		made.task_id = (char *)task;
	answer(CREATE, GRPC_OK, &made);
}

/* What it was to run on has ended. */
static void
give_task_over(void)
{
	CLIENT(SandboxGetTaskIdResponse) task = CLIENT_INIT(
	    SANDBOX_GET_TASK_ID_RESPONSE);
	CLIENT(GenericResult) result = CLIENT_INIT(GENERIC_RESULT);

	result.status = RESULT(FAILURE);
	task.task_result = &result;
	answer(TASK, GRPC_OK, &task);
}

static void
give_rest(void)
{
	give(TOKEN);
	give(APP);
	give(VOLUME);
}

/* As far as p, whose own question is not answered. */
static void
go_to(enum phase p)
{
	if (p >= PHASE_PREPARE)
		settle();
	if (p >= PHASE_CREATE)
		give_rest();
	if (p == PHASE_FIND)
		answer(CREATE, GRPC_ALREADY_EXISTS, NULL);
	if (p >= PHASE_TASK)
		give_made("sb-1", NULL);
	if (p >= PHASE_ACCESS)
		give(TASK);
	if (p >= PHASE_UP)
		give(ACCESS);
	assert_int_equal(CONTAINER_OF(r.s, struct box, base)->phase, p);
}

static void
go_to_sync(void)
{
	go_to(PHASE_UP);
	volume_changed(CONTAINER_OF(r.s, struct box, base), false);
	rig_close(&r);
	settle();
	assert_int_equal(count(TERMINATE), 0);
}

/* Of a sandbox nothing is under way, and nothing more is asked. */
static void
assert_at_rest(void)
{
	unsigned n = count("\n") - count(TOKEN);

	turn(600 * S);
	assert_int_equal(count("\n") - count(TOKEN), n);
	for (struct wire_exchange *x = wire_open; x != NULL; x = x->next)
		assert_string_equal(x->rpc, TOKEN);
}

static void
assert_left(unsigned sandboxes, const char *unsynced)
{
	struct modal_left left;

	modal_left(account, &left);
	assert_int_equal(left.sandboxes, sandboxes);
	assert_string_equal(left.unsynced, unsynced);
}

/* ---- life ---- */

static int
setup(void **state)
{
	struct err e = { 0 };

	(void)state;
	clock_fake_init(&now, S, 1700000000000);
	loop = loop_create(&now.base, &waiter);
	rig_config(&config, "https://control", true, TOKEN_ID);
	modal_options_init(&options);
	options.image_id = "im-1";
	account = modal_create_on(loop, &config, &options, fakewire_dial,
	    NULL, &e);
	assert_non_null(account);
	rig_open(&r, loop, account, "/x/s/q", false);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	modal_destroy(account);
	r.s = NULL;
	rig_close(&r);
	assert_null(wire_open);
	modal_config_finish(&config);
	loop_destroy(loop);
	buf_free(&asked);
	return 0;
}

/* ---- the end, from each phase ---- */

static const struct {
	enum phase phase;
	const char *asks;
	bool there; /* one that has to be ended */
} ways_out[] = {
	{ PHASE_IDLE, "nothing", false },
	{ PHASE_PREPARE, VOLUME, false },
	{ PHASE_TASK, TASK, true },
	{ PHASE_ACCESS, ACCESS, true },
	{ PHASE_UP, "TaskExecStart", true },
};

static void
test_close(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(ways_out); i++) {
		if (i > 0) {
			teardown(state);
			setup(state);
		}
		go_to(ways_out[i].phase);
		rig_close(&r);
		assert_null(wire_find(ways_out[i].asks));
		settle();
		assert_int_equal(count(TERMINATE), ways_out[i].there);
		assert_int_equal(modal_busy(account), ways_out[i].there);
		assert_left(ways_out[i].there, "");
		if (ways_out[i].there)
			give(TERMINATE);
		assert_false(modal_busy(account));
		assert_left(0, "");
		assert_null(wire_find(CREATE));
	}
}

/* It is told afterwards, and once; what is closed then has ended already. */
static void
test_stop(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(ways_out); i++) {
		if (i > 0) {
			teardown(state);
			setup(state);
		}
		go_to(ways_out[i].phase);
		r.s->ops->stop(r.s);
		r.s->ops->stop(r.s);
		r.s->ops->start(r.s);
		assert_int_not_equal(r.state, SANDBOX_STOPPED);
		assert_null(wire_find(ways_out[i].asks));
		assert_int_equal(count(TERMINATE), 0);
		settle();
		assert_int_equal(r.state, SANDBOX_STOPPED);
		assert_int_equal(count(TERMINATE), ways_out[i].there);
		if (ways_out[i].there)
			give(TERMINATE);
		buf_clear(&r.states);
		r.s->ops->stop(r.s);
		settle();
		assert_int_equal(r.states.len, 0);
		rig_close(&r);
		assert_false(modal_busy(account));
		assert_left(0, "");
		assert_int_equal(count(TERMINATE), ways_out[i].there);
	}
}

/* Before it was told. */
static void
test_stop_close(void **state)
{
	(void)state;
	go_to(PHASE_UP);
	buf_clear(&r.states);
	r.s->ops->stop(r.s);
	r.s->ops->destroy(r.s);
	r.s = NULL;
	settle();
	assert_int_equal(r.states.len, 0);
	assert_int_equal(count(TERMINATE), 1);
	give(TERMINATE);
	assert_false(modal_busy(account));
	assert_int_equal(count(TERMINATE), 1);
}

/* The one that was asked to end. */
static void
assert_ends(const char *id)
{
	struct wire_exchange *x = wire_find(TERMINATE);

	assert_non_null(x);
	assert_non_null(memmem(x->body.data, x->body.len, id, strlen(id)));
}

static const struct made {
	enum grpc_code code;
	const char *id;
	bool taken;
} made[] = { { GRPC_OK, "sb-1", false }, { GRPC_OK, "", false },
	{ GRPC_PERMISSION_DENIED, NULL, false },
	{ GRPC_ALREADY_EXISTS, NULL, true } };

/* Its making is answered; what there is then is ended. */
static void
give_answer(const struct made *m)
{
	bool there = m->taken || (m->id != NULL && m->id[0] != '\0');

	if (m->id != NULL)
		give_made(m->id, NULL);
	else
		answer(CREATE, m->code, NULL);
	if (m->taken)
		give(NAMED);
	assert_int_equal(count(TERMINATE), there);
	if (there) {
		assert_ends(m->taken ? "sb-0" : "sb-1");
		give(TERMINATE);
	}
	assert_int_equal(count("SandboxGet"), m->taken);
}

/* Its answer says whether there is one to be ended. */
static void
test_close_create(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		if (i > 0) {
			teardown(state);
			setup(state);
		}
		go_to(PHASE_CREATE);
		rig_close(&r);
		turn(S);
		assert_true(modal_busy(account));
		assert_left(1, "");
		give_answer(&made[i]);
		assert_false(modal_busy(account));
		assert_left(0, "");
	}
}

/* So it does of one that is stopped meanwhile, and of one that is closed after
 * that; at once, what it was told is told. */
static void
test_stop_create(void **state)
{
	for (size_t i = 0; i < 3 * ARRAY_LEN(made); i++) {
		unsigned closed = (unsigned)(i / ARRAY_LEN(made));

		if (i > 0) {
			teardown(state);
			setup(state);
		}
		go_to(PHASE_CREATE);
		r.s->ops->stop(r.s);
		if (closed == 1)
			rig_close(&r);
		settle();
		assert_true(closed == 1 || r.state == SANDBOX_STOPPED);
		if (closed == 2)
			rig_close(&r);
		turn(S);
		assert_int_equal(modal_busy(account), closed > 0);
		assert_left(closed > 0, "");
		give_answer(&made[i % ARRAY_LEN(made)]);
		assert_true(closed > 0 || r.state == SANDBOX_STOPPED);
		rig_close(&r);
		assert_false(modal_busy(account));
		assert_left(0, "");
		assert_at_rest();
	}
}

/* One of an earlier viva has the name: its id is asked for as it has to be
 * ended, too. */
static void
find_and_end(void)
{
	assert_true(modal_busy(account));
	assert_left(1, "");
	assert_int_equal(count(TERMINATE), 0);
	give(NAMED);
	assert_ends("sb-0");
	assert_left(1, "");
	give(TERMINATE);
	assert_false(modal_busy(account));
	assert_left(0, "");
	turn(60 * S);
	assert_null(wire_find(NAMED));
	assert_null(wire_find(TERMINATE));
}

static void
test_close_find(void **state)
{
	(void)state;
	go_to(PHASE_FIND);
	rig_close(&r);
	find_and_end();
	teardown(state);
	setup(state);
	go_to(PHASE_FIND); /* between two tries */
	refuse(NAMED);
	assert_null(wire_find(NAMED));
	rig_close(&r);
	find_and_end();
	teardown(state);
	setup(state);
	go_to(PHASE_FIND); /* it was given up */
	answer(NAMED, GRPC_PERMISSION_DENIED, NULL);
	assert_int_equal(r.state, SANDBOX_FAILED);
	turn(60 * S);
	assert_null(wire_find(NAMED));
	rig_close(&r);
	find_and_end();
}

static void
test_stop_find(void **state)
{
	(void)state;
	go_to(PHASE_FIND);
	r.s->ops->stop(r.s);
	settle();
	assert_int_equal(r.state, SANDBOX_STOPPED);
	give(NAMED);
	assert_ends("sb-0");
	give(TERMINATE);
	rig_close(&r);
	assert_false(modal_busy(account));
	assert_left(0, "");
}

/* It has ended meanwhile; or who has the name does not get out, and that is
 * told. */
static void
test_close_find_fails(void **state)
{
	CLIENT(SandboxGetFromNameResponse) none = CLIENT_INIT(
	    SANDBOX_GET_FROM_NAME_RESPONSE);

	(void)state;
	go_to(PHASE_FIND);
	rig_close(&r);
	refuse(NAMED);
	assert_true(modal_busy(account));
	answer(NAMED, GRPC_NOT_FOUND, NULL);
	assert_false(modal_busy(account));
	assert_left(0, "");
	teardown(state);
	setup(state);
	go_to(PHASE_FIND);
	rig_close(&r);
	answer(NAMED, GRPC_PERMISSION_DENIED, NULL);
	assert_false(modal_busy(account));
	assert_left(1, "");
	teardown(state);
	setup(state);
	go_to(PHASE_FIND);
	rig_close(&r);
	answer(NAMED, GRPC_OK, &none);
	assert_false(modal_busy(account));
	assert_left(1, "");
	teardown(state);
	setup(state);
	go_to(PHASE_FIND);
	rig_close(&r);
	for (int i = 0; i < 16; i++)
		refuse(NAMED);
	assert_false(modal_busy(account));
	assert_left(1, "");
	assert_at_rest();
	assert_int_equal(count(TERMINATE), 0);
}

/* Who has the name is one that this viva has ended. */
static void
test_close_find_ended(void **state)
{
	(void)state;
	go_to(PHASE_FIND);
	give(NAMED);
	rig_close(&r);
	give(TERMINATE);
	rig_open(&r, loop, account, "/x/s/q", false);
	give(VOLUME);
	answer(CREATE, GRPC_ALREADY_EXISTS, NULL);
	rig_close(&r);
	give(NAMED);
	assert_false(modal_busy(account));
	assert_left(0, "");
	assert_int_equal(count(TERMINATE), 1);
}

/* Its name is asked for on the way, because of a file. */
static void
ask_for_name(void)
{
	settle();
	give(TOKEN);
	give(VOLUME);
	r.s->ops->fs(r.s, FS_GET, "a", NULL, NULL, 0);
}

static void
test_close_prepare_free(void **state)
{
	(void)state;
	ask_for_name();
	answer(NAMED, GRPC_NOT_FOUND, NULL);
	rig_close(&r);
	assert_false(modal_busy(account));
	assert_left(0, "");
}

static void
test_close_prepare_taken(void **state)
{
	(void)state;
	ask_for_name();
	give(NAMED);
	assert_int_equal(CONTAINER_OF(r.s, struct box, base)->phase,
	    PHASE_PREPARE);
	rig_close(&r);
	find_and_end();
}

/* What had the name is gone since: ours has it. */
static void
test_taken_no_more(void **state)
{
	(void)state;
	ask_for_name();
	give(NAMED);
	give(APP);
	give_made("sb-1", NULL);
	give_task_over();
	assert_int_equal(r.state, SANDBOX_FAILED);
	rig_close(&r);
	assert_false(modal_busy(account));
	assert_left(0, "");
	assert_int_equal(count(TERMINATE), 0);
}

/* It is not on its way, but would be made once more. */
static void
test_close_create_later(void **state)
{
	(void)state;
	go_to(PHASE_CREATE);
	refuse(CREATE);
	assert_int_equal(r.state, SANDBOX_RETRYING);
	assert_null(wire_find(CREATE));
	rig_close(&r);
	assert_false(modal_busy(account));
	assert_at_rest();
}

/* ---- on the way ---- */

/* One that waits for its next try waits, also when another one has got what
 * it asked for. */
static void
test_prepare_waits(void **state)
{
	struct rig judge;

	(void)state;
	go_to(PHASE_PREPARE);
	give(TOKEN);
	give(VOLUME);
	refuse(APP);
	assert_int_equal(r.state, SANDBOX_RETRYING);
	rig_open(&judge, loop, account, "/x/s/q", true);
	give(APP);
	assert_int_equal(count(CREATE), 1);
	turn(S * 4 / 10);
	assert_int_equal(count(CREATE), 1);
	turn(S / 5);
	assert_int_equal(count(CREATE), 2);
	assert_int_equal(count(VOLUME), 1);
	rig_close(&judge);
}

/* What the name was found for has ended: another one is made. */
static void
test_found_over(void **state)
{
	(void)state;
	go_to(PHASE_FIND);
	give(NAMED);
	give_task_over();
	assert_null(wire_find(CREATE));
	give_made("sb-2", NULL);
	give(TASK);
	give(ACCESS);
	assert_non_null(wire_find("TaskExecStart"));
	assert_int_equal(count(CREATE), 2);
	assert_int_equal(count(TERMINATE), 0);
	rig_close(&r);
	give(TERMINATE);
	assert_false(modal_busy(account));
	assert_int_equal(count(TERMINATE), 1);
}

/* What was made and has ended is not ended again. */
static void
test_made_over(void **state)
{
	(void)state;
	go_to(PHASE_TASK);
	give_task_over();
	assert_int_equal(r.state, SANDBOX_FAILED);
	assert_int_equal(count(CREATE), 1);
	rig_close(&r);
	assert_false(modal_busy(account));
	assert_at_rest();
	assert_int_equal(count(TERMINATE), 0);
	assert_left(0, "");
}

/* It is there, and there is no way to it: once it is closed it is ended. */
static void
test_lost(void **state)
{
	static const struct {
		enum phase phase;
		const char *rpc;
	} cases[] = { { PHASE_TASK, TASK },
		{ PHASE_ACCESS, ACCESS } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (i > 0) {
			teardown(state);
			setup(state);
		}
		go_to(cases[i].phase);
		answer(cases[i].rpc, GRPC_PERMISSION_DENIED, NULL);
		assert_int_equal(r.state, SANDBOX_FAILED);
		r.s->ops->stop(r.s);
		turn(60 * S);
		assert_int_equal(r.state, SANDBOX_FAILED);
		assert_int_equal(count(TERMINATE), 0);
		assert_null(wire_find(cases[i].rpc));
		rig_close(&r);
		assert_true(modal_busy(account));
		give(TERMINATE);
		assert_false(modal_busy(account));
		assert_left(0, "");
	}
}

/* The answer to its making has the task and not yet the way there. */
static void
test_made_with_task(void **state)
{
	(void)state;
	go_to(PHASE_CREATE);
	give_made("sb-1", "ta-1");
	give(ACCESS);
	assert_non_null(wire_find("TaskExecStart"));
	assert_int_equal(count(TASK), 0);
}

/* ---- the last sync ---- */

static void
test_sync_too_long(void **state)
{
	(void)state;
	go_to_sync();
	turn(29 * S);
	assert_int_equal(count(TERMINATE), 0);
	assert_left(1, "there was no time");
	turn(S + S / 10);
	assert_int_equal(count(TERMINATE), 1);
	assert_null(wire_find("TaskExecStart"));
	give(TERMINATE);
	assert_false(modal_busy(account));
	assert_left(0, "there was no time");
}

/* A worker that does not answer is asked as often as before. */
static void
test_sync_breaks(void **state)
{
	CLIENT(SandboxWaitResponse) runs = CLIENT_INIT(SANDBOX_WAIT_RESPONSE);

	(void)state;
	go_to_sync();
	for (int64_t end = now.mono + 29 * S; now.mono < end;) {
		if (wire_find("TaskExecStart") != NULL)
			answer("TaskExecStart", GRPC_UNAVAILABLE, NULL);
		if (wire_find("SandboxWaitV2") != NULL)
			answer("SandboxWaitV2", GRPC_OK, &runs);
		loop_turn(loop, S / 100);
	}
	assert_true(count("TaskExecStart") > 9);
	assert_true(count("SandboxWaitV2") > 0);
	assert_int_equal(count(TERMINATE), 0);
	turn(2 * S);
	assert_int_equal(count(TERMINATE), 1);
}

/* Its worker takes no key: it is given up before its time, and ended. */
static void
test_sync_lost(void **state)
{
	(void)state;
	go_to_sync();
	while (wire_find("TaskExecStart") != NULL)
		answer("TaskExecStart", GRPC_UNAUTHENTICATED, NULL);
	answer(ACCESS, GRPC_PERMISSION_DENIED, NULL);
	assert_int_equal(count(TERMINATE), 1);
	assert_left(1, "the sandbox does not answer");
	turn(5 * S); /* what belongs to the sync is gone */
	give(TERMINATE);
	assert_false(modal_busy(account));
	assert_int_equal(count(TERMINATE), 1);
	assert_left(0, "the sandbox does not answer");
}

/* ---- the end ---- */

/* As often as it is worth; then Modal's timeout does it. */
static void
test_end_given_up(void **state)
{
	(void)state;
	go_to(PHASE_UP);
	rig_close(&r);
	for (int i = 0; i < 16; i++) {
		assert_true(modal_busy(account));
		refuse(TERMINATE);
		assert_null(wire_find(TERMINATE));
	}
	assert_false(modal_busy(account));
	assert_left(1, "");
	assert_at_rest();
	assert_int_equal(count(TERMINATE), 16 * ATTEMPTS);
}

static void
test_end_refused(void **state)
{
	(void)state;
	go_to(PHASE_UP);
	r.s->ops->stop(r.s);
	answer(TERMINATE, GRPC_PERMISSION_DENIED, NULL);
	assert_left(1, "");
	rig_close(&r);
	assert_false(modal_busy(account));
	assert_at_rest();
	assert_int_equal(count(TERMINATE), 1);
	assert_left(1, "");
}

/* Closed while the next try waits: that one ends it, in its time. */
static void
test_end_later(void **state)
{
	(void)state;
	go_to(PHASE_UP);
	r.s->ops->stop(r.s);
	refuse(TERMINATE);
	rig_close(&r);
	assert_true(modal_busy(account));
	turn(S * 9 / 10);
	assert_int_equal(count(TERMINATE), ATTEMPTS);
	turn(S / 5);
	assert_int_equal(count(TERMINATE), ATTEMPTS + 1);
	answer(TERMINATE, GRPC_NOT_FOUND, NULL);
	assert_false(modal_busy(account));
	assert_left(0, "");
	assert_at_rest();
}

/* Closed while it is asked for. */
static void
test_end_closed(void **state)
{
	(void)state;
	go_to(PHASE_UP);
	r.s->ops->stop(r.s);
	settle();
	rig_close(&r);
	turn(S);
	assert_true(modal_busy(account));
	assert_int_equal(count(TERMINATE), 1);
	give(TERMINATE);
	assert_false(modal_busy(account));
	assert_left(0, "");
}

/* ---- the table, from its other side ---- */

#define OF(p) (1u << PHASE_##p)
#define STEPS (OF(IDLE) | OF(PREPARE) | OF(CREATE) | OF(FIND) | OF(TASK) | \
	OF(ACCESS))

static void
test_table(void **state)
{
	static const unsigned before[] = {
		[PHASE_IDLE] = 0,
		[PHASE_PREPARE] = OF(IDLE) | OF(CREATE),
		[PHASE_CREATE] = OF(PREPARE) | OF(FIND) | OF(TASK),
		[PHASE_FIND] = OF(CREATE),
		[PHASE_TASK] = OF(CREATE) | OF(FIND),
		[PHASE_ACCESS] = OF(CREATE) | OF(TASK),
		[PHASE_UP] = OF(CREATE) | OF(ACCESS),
		[PHASE_SYNC] = OF(UP),
		[PHASE_LOST] = STEPS | OF(UP) | OF(SYNC),
		/* Before the first, none is known of that could be ended. */
		[PHASE_ENDING] = OF(PREPARE) | OF(CREATE) | OF(FIND) |
		    OF(TASK) | OF(ACCESS) | OF(UP) | OF(SYNC) | OF(LOST),
		/* While its way is asked for nobody says that it is over, and
		 * one that is to be found is there. */
		[PHASE_OVER] = (STEPS & ~OF(ACCESS) & ~OF(FIND)) | OF(UP) |
		    OF(SYNC) | OF(LOST) | OF(ENDING),
	};

	(void)state;
	for (enum phase to = PHASE_IDLE; to <= PHASE_OVER; to++)
		for (enum phase from = PHASE_IDLE; from <= PHASE_OVER; from++)
			if (phase_may(from, to) !=
			    ((before[to] & 1u << from) != 0))
				fail_msg("from %d to %d", from, to);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_close), T(test_stop), T(test_stop_close),
		T(test_close_create), T(test_stop_create),
		T(test_close_find), T(test_stop_find),
		T(test_close_find_fails), T(test_close_find_ended),
		T(test_close_prepare_free),
		T(test_close_prepare_taken), T(test_taken_no_more),
		T(test_close_create_later),
		T(test_prepare_waits), T(test_found_over), T(test_made_over),
		T(test_lost), T(test_made_with_task), T(test_sync_too_long),
		T(test_sync_breaks), T(test_sync_lost), T(test_end_given_up),
		T(test_end_refused), T(test_end_later), T(test_end_closed),
		cmocka_unit_test(test_table),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&rig_words);
	return failed;
}
