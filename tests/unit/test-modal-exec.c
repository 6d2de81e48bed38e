#include "config.h"

/* A program at Modal over a wire that breaks. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modal-far.h"

static int
setup(void **state)
{
	(void)state;
	setup_as(true);
	return 0;
}

static void
session(unsigned odds)
{
	uint64_t id = shell(), at = 0;
	struct rig_exec *x = rig_exec(&r, id);
	struct buf typed = { 0 }, want = { 0 };
	char text[16];

	far.odds = odds;
	for (int i = 0; i < 60; i++) {
		size_t n = 1 + dice(9);

		for (size_t k = 0; k < n; k++)
			text[k] = (char)('a' + dice(26));
		assert_true(r.s->ops->input(r.s, id, at, text, n));
		buf_add(&typed, text, n);
		at += n;
		turn((int64_t)dice(20000));
	}
	for (size_t i = 0; i < typed.len; i++)
		buf_addc(&want, (char)(typed.data[i] - 32));
	assert_true(r.s->ops->input(r.s, id, at, "\004", 1));
	UNTIL(x->exited);
	assert_int_equal(r.state, SANDBOX_READY); /* nothing is tried again */
	assert_false(x->gap);
	assert_int_equal(x->x.status, 5);
	assert_false(x->x.infra);
	assert_int_equal(x->out[0].len, want.len);
	assert_memory_equal(x->out[0].data, want.data, want.len);
	assert_int_equal(far.starts, 1);
	buf_free(&typed);
	buf_free(&want);
}

static void
test_no_breaks(void **state)
{
	(void)state;
	session(0);
	assert_int_equal(far.breaks, 0);
	assert_int_equal(far.keys, 0);
	assert_int_equal(far.gaps, 0);
	assert_string_equal(r.states.data + r.states.len - 8, "ready: \n");
}

/* Each seed is another place for every break. */
static void
test_breaks(void **state)
{
	const char *more = getenv("VIVA_SEEDS");
	unsigned seeds = more != NULL ? (unsigned)atoi(more) : 150;
	unsigned breaks = 0;

	for (unsigned i = 1; i <= seeds; i++) {
		seed = i;
		far.repeat_answer = i % 2 == 0;
		session(2 + i % 12);
		breaks += far.breaks;
		if (i < seeds) {
			teardown(state);
			setup(state);
		}
	}
	assert_true(breaks > seeds * 3);
}

static void
test_status_not_guessed(void **state)
{
	uint64_t id = shell();
	struct rig_exec *x = rig_exec(&r, id);

	(void)state;
	far.withhold = true;
	assert_true(r.s->ops->input(r.s, id, 0, "a\004", 2));
	turn(120 * 1000000LL);
	assert_string_equal(buf_str(&x->out[0]), "A");
	assert_false(x->exited);
	far.withhold = false;
	UNTIL(x->exited);
	assert_int_equal(x->x.status, 5);
}

static bool
asked(const char *rpc)
{
	for (const struct wire_exchange *x = wire_open; x != NULL; x = x->next)
		if (strcmp(x->rpc, rpc) == 0)
			return true;
	return false;
}

/* The output is asked for with the start; if it comes first there is nothing
 * wrong with that. */
static void
test_read_ahead(void **state)
{
	unsigned early = 0, late = 0;

	for (unsigned i = 1; i < 40; i++) {
		struct rig_exec *x;
		uint64_t id;

		seed = i * 7919;
		id = shell();
		UNTIL(asked("TaskExecStart"));
		assert_true(asked("TaskExecStdioRead"));
		x = rig_exec(&r, id);
		assert_true(r.s->ops->input(r.s, id, 0, "ab\004", 3));
		UNTIL(x->exited);
		assert_string_equal(buf_str(&x->out[0]), "AB");
		assert_false(x->x.infra);
		assert_int_equal(r.retries, 0);
		early += far.early;
		late += far.early == 0;
		teardown(state);
		setup(state);
	}
	assert_true(early > 0 && late > 0);
}

/* Nor the input of a program that has it all at the start: once, whatever
 * comes first and wherever it breaks. */
static void
test_input_early(void **state)
{
	static const char *const argv[] = { "/bin/cat", NULL };
	struct exec_spec spec = { .argv = argv };
	unsigned early = 0, late = 0;

	for (unsigned i = 1; i < 80; i++) {
		struct rig_exec *x;
		uint64_t id;

		seed = i * 7919;
		far.odds = i < 40 ? 0 : 3 + i % 9;
		id = r.s->ops->exec(r.s, &spec);
		assert_true(r.s->ops->input(r.s, id, 0, "abcd", 4));
		r.s->ops->input_end(r.s, id);
		UNTIL(asked("TaskExecStart"));
		assert_true(far.odds > 0 || asked("TaskExecStdinWrite"));
		x = rig_exec(&r, id);
		UNTIL(x->exited);
		assert_int_equal(far.starts, 1);
		assert_int_equal(far.places[0].in.len, 32 + 4);
		assert_memory_equal(far.places[0].in.data + 32, "abcd", 4);
		assert_int_equal(x->out[0].len, 32 + 4);
		assert_true(far.odds > 0 || r.retries == 0);
		early += far.early_input > 0;
		late += far.early_input == 0;
		teardown(state);
		setup(state);
	}
	assert_true(early > 0 && late > 0);
}

/* The wrapper says nothing of it, so it did not sleep: the machine did. */
static void
test_starved(void **state)
{
	static const char *const argv[] = { "/bin/cat", NULL };
	struct exec_spec spec = { .argv = argv, .asleep_ms = 1000 };
	uint64_t id = r.s->ops->exec(r.s, &spec);
	struct rig_exec *x = rig_exec(&r, id);

	(void)state;
	turn(20000000);
	assert_false(x->exited);
	UNTIL(x->exited);
	assert_true(x->x.infra && !x->x.timed_out && !x->x.killed);
	assert_non_null(strstr(x->x.why, "too busy"));
}

/* A key that comes twice, or overlaps, from the core's side. */
static void
test_input_offsets(void **state)
{
	uint64_t id = shell();

	(void)state;
	assert_true(r.s->ops->input(r.s, id, 0, "abc", 3));
	assert_true(r.s->ops->input(r.s, id, 0, "abc", 3));
	assert_true(r.s->ops->input(r.s, id, 1, "bcd", 3));
	assert_true(r.s->ops->input(r.s, id, 4, "\004", 1));
	UNTIL(rig_exec(&r, id)->exited);
	assert_string_equal(buf_str(&rig_exec(&r, id)->out[0]), "ABCD");
}

static void
type_each(uint64_t id, unsigned keys, int64_t us)
{
	for (unsigned i = 0; i < keys; i++) {
		assert_true(r.s->ops->input(r.s, id, i, "k", 1));
		turn(us);
	}
}

/* A key does not wait for the answer to the one before. */
static void
test_input_ahead(void **state)
{
	uint64_t id = shell();

	(void)state;
	UNTIL(r.state == SANDBOX_READY);
	far.delay_us = 150000;
	type_each(id, 20, 30000);
	turn(125000);
	assert_int_equal(far.places[0].in.len, 20);
	assert_true(far.most_writes > 3 && far.most_writes <= 8);
	/* More than may be on their way wait, and go together. */
	far.most_writes = 0;
	far.delay_us = 1500000;
	for (unsigned i = 0; i < 40; i++) {
		assert_true(r.s->ops->input(r.s, id, 20 + i, "k", 1));
		turn(30000);
	}
	assert_int_equal(far.most_writes, 8);
	turn(3100000 - 40 * 30000);
	assert_int_equal(far.places[0].in.len, 60);
	/* What is typed in one go is one. */
	UNTIL(writes() == 0);
	far.most_writes = 0;
	for (unsigned i = 0; i < 40; i++)
		assert_true(r.s->ops->input(r.s, id, 60 + i, "k", 1));
	UNTIL(far.places[0].in.len == 100);
	assert_int_equal(far.most_writes, 2);
}

static void
test_input_alone(void **state)
{
	uint64_t id;

	teardown(state);
	options.input_in_flight = 1;
	setup_with(true);
	id = shell();
	UNTIL(r.state == SANDBOX_READY);
	far.delay_us = 50000;
	type_each(id, 20, 15000);
	UNTIL(far.places[0].in.len == 20);
	assert_int_equal(far.most_writes, 1);
}

/* Some overtake others, and the worker refuses them, in any words. */
static void
test_input_overtakes(void **state)
{
	static const int codes[] = { GRPC_OUT_OF_RANGE,
		GRPC_FAILED_PRECONDITION, GRPC_INVALID_ARGUMENT,
		GRPC_ABORTED, GRPC_NOT_FOUND, GRPC_UNAVAILABLE };
	unsigned gaps = 0;

	for (unsigned i = 0; i < 60; i++) {
		seed = i + 1;
		far.gap_code = codes[i % ARRAY_LEN(codes)];
		far.delay_us = 1000;
		far.jitter_us = 60000;
		session(i < 30 ? 0 : 3 + i % 12);
		gaps += far.gaps;
		teardown(state);
		setup(state);
	}
	assert_true(gaps > 60);
}

/* One that refuses all that comes ahead is not asked again and again. */
static void
test_input_refused(void **state)
{
	uint64_t id = shell();

	(void)state;
	UNTIL(r.state == SANDBOX_READY);
	far.gap_code = GRPC_INVALID_ARGUMENT;
	far.delay_us = 1000;
	far.jitter_us = 100000;
	type_each(id, 4000, 15000); /* a minute */
	UNTIL(far.places[0].in.len == 4000);
	assert_true(far.gaps > 3 && far.gaps < 60);
}

/* Nobody answers, for good: said in the end, with a number on the way. */
static void
test_given_up(void **state)
{
	struct sandbox_link info;
	uint64_t id = shell();

	(void)state;
	UNTIL(r.state == SANDBOX_READY);
	far.dead = true;
	for (struct wire_exchange *x = wire_open, *next; x != NULL; x = next) {
		next = x->next;
		cut(x);
	}
	assert_true(r.s->ops->input(r.s, id, 0, "abc", 3));
	UNTIL(r.state == SANDBOX_RETRYING);
	(r.s)->ops->link(r.s, &info);
	assert_int_equal(info.pending, 3);
	assert_int_equal(info.attempt, 1);
	assert_true(info.retry_us >= 0);
	assert_null(strstr(r.why, "retrying")); /* the state and link say it */
	far.breaks = 0;
	r.retries = 0;
	UNTIL(r.state == SANDBOX_FAILED);
	assert_true(far.breaks > 20 && far.breaks < 400);
	assert_true(r.retries > 50); /* each try is told */
	assert_true(rig_exec(&r, id)->exited);
	assert_true(rig_exec(&r, id)->x.infra);
	assert_non_null(strstr(r.why, "network"));
}

/* The worker takes no key, and there is no new one.  That is not asked for
 * without end: what was said of it is told, sooner where the server said no
 * and its way is open. */
static void
test_no_key(void **state)
{
	static const struct {
		int code;
		unsigned most;
		const char *why;
	} cases[] = { { GRPC_FAILED_PRECONDITION, 12, "FAILED_PRECONDITION" },
		{ GRPC_NOT_FOUND, 12, "NOT_FOUND" },
		{ GRPC_UNAVAILABLE, 120 * 4, "status.modal.com" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t id = shell();

		UNTIL(r.state == SANDBOX_READY);
		far.keys = 0;
		far.no_key = cases[i].code;
		far.stale = true;
		for (struct wire_exchange *x = wire_open, *next; x != NULL;
		    x = next) {
			next = x->next;
			cut(x);
		}
		UNTIL(r.state == SANDBOX_FAILED);
		assert_non_null(strstr(r.why, "no new key to the sandbox"));
		assert_non_null(strstr(r.why, cases[i].why));
		assert_in_range(far.keys, 8, cases[i].most);
		assert_true(rig_exec(&r, id)->x.infra);
		teardown(NULL);
		setup(NULL);
	}
}

/* Nothing is heard any more, not even that the way is broken: told all the
 * same, each try, and it ends when the way is open again. */
static void
test_silence(void **state)
{
	uint64_t id = shell();

	(void)state;
	UNTIL(r.state == SANDBOX_READY);
	far.mute = true;
	assert_true(r.s->ops->input(r.s, id, 0, "abc", 3));
	turn(22 * 1000000LL); /* a call's time, and a little */
	assert_int_equal(r.state, SANDBOX_RETRYING);
	assert_int_equal(r.tried, 1);
	UNTIL(r.tried == 3);
	assert_int_equal(r.retries, 3);
	far.mute = false;
	UNTIL(r.state == SANDBOX_READY);
	UNTIL(far.places[0].in.len == 3);
}

/* Nobody answers because it is over: the control plane knows. */
static void
test_over(void **state)
{
	uint64_t id = shell();

	(void)state;
	UNTIL(r.state == SANDBOX_READY);
	far.over = true;
	far.dead = true;
	assert_true(r.s->ops->input(r.s, id, 0, "abc", 3));
	UNTIL(r.state == SANDBOX_FAILED);
	assert_non_null(strstr(r.why, "lived as long"));
	rig_close(&r);
	UNTIL(!modal_busy(account));
	assert_int_equal(far.ended, 0); /* it need not be ended */
}

static void
test_back_pressure(void **state)
{
	uint64_t id = shell();
	struct rig_exec *x = rig_exec(&r, id);
	size_t had;

	(void)state;
	UNTIL(r.state == SANDBOX_READY);
	r.s->ops->pause(r.s, id, true);
	had = x->out[0].len;
	assert_true(r.s->ops->input(r.s, id, 0, "abcdef", 6));
	turn(1000000);
	assert_int_equal(x->out[0].len, had);
	r.s->ops->pause(r.s, id, false);
	UNTIL(x->out[0].len == had + 6);
	assert_false(x->gap);
}

/* Destroyed while it is being made: what comes of it is ended. */
static void
test_destroyed_early(void **state)
{
	(void)state;
	for (int us = 0; us < 20000; us += 700) {
		rig_close(&r);
		UNTIL(!modal_busy(account));
		far.ended = 0;
		rig_open(&r, far.loop, account, "/x/s/q", true);
		shell();
		turn(us);
	}
	rig_close(&r);
	UNTIL(!modal_busy(account));
	assert_int_equal(far.ended, 1);
}

/* The newest size of many, and that once more: readline may have set back the
 * one before. */
static void
test_resize(void **state)
{
	(void)state;
	shell();
	UNTIL(r.state == SANDBOX_READY);
	assert_int_equal(far.starts, 1);
	for (unsigned i = 1; i <= 20; i++)
		r.s->ops->resize(r.s, 1, 20 + i, 80);
	UNTIL(far.starts == 3); /* the first and the last */
	turn(150000);
	assert_int_equal(far.starts, 3);
	turn(10000000);
	assert_int_equal(far.starts, 4);
}

/* Destroyed while a size is being set, by a program that stands before its
 * shell since another one has ended. */
static void
test_closed_resizing(void **state)
{
	uint64_t first = shell(), second = shell();

	(void)state;
	UNTIL(far.starts == 2 && r.state == SANDBOX_READY);
	assert_true(r.s->ops->input(r.s, first, 0, "\004", 1));
	turn(1000);
	r.s->ops->resize(r.s, second, 30, 90);
	UNTIL(rig_exec(&r, first)->exited);
	r.s->ops->resize(r.s, second, 31, 90);
	rig_close(&r);
	UNTIL(!modal_busy(account));
}

/* Changes are watched for once the shell has shown something, or has not for
 * a while; what nobody saw until then is looked for. */
static int
setup_watched(void **state)
{
	(void)state;
	setup_as(false);
	return 0;
}

static void
test_watch_later(void **state)
{
	uint64_t id = shell();

	(void)state;
	UNTIL(far.starts == 1);
	turn(200000);
	assert_int_equal(far.starts, 1);
	assert_true(r.s->ops->input(r.s, id, 0, "a", 1));
	UNTIL(rig_exec(&r, id)->out[0].len == 1);
	turn(50000);
	assert_int_equal(far.starts, 2);
	assert_int_equal(r.changes, 0);
	turn(2000000);
	assert_int_equal(r.changes, 1);
	assert_int_equal(far.starts, 2);
}

static void
test_watch_silent(void **state)
{
	(void)state;
	shell();
	UNTIL(far.starts == 1);
	turn(700000);
	assert_int_equal(far.starts, 2);
}

static void
watcher_ends(struct box *b, const char *input)
{
	UNTIL(b->watcher != NULL && b->watcher->started);
	assert_true(program_input(b->watcher, 0, input, strlen(input)));
	UNTIL(b->watcher == NULL);
}

/* What changed while nobody looked: it is looked for, and synced. */
static void
test_watch_gap(void **state)
{
	struct box *b = CONTAINER_OF(r.s, struct box, base);

	(void)state;
	shell();
	turn(2000000);
	assert_int_equal(r.changes, 1);
	assert_false(b->dirty);
	far.well = true;
	watcher_ends(b, "\004");
	UNTIL(b->watcher != NULL);
	turn(1100000);
	assert_int_equal(r.changes, 2);
	assert_true(b->dirty);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_no_breaks), T(test_breaks), T(test_status_not_guessed),
		T(test_input_offsets), T(test_read_ahead), T(test_input_early),
		T(test_starved), T(test_input_ahead),
		T(test_input_alone), T(test_input_overtakes),
		T(test_input_refused), T(test_given_up), T(test_no_key),
		T(test_silence), T(test_over), T(test_back_pressure), T(test_destroyed_early),
		T(test_resize), T(test_closed_resizing),
		cmocka_unit_test_setup_teardown(test_watch_later,
		    setup_watched, teardown),
		cmocka_unit_test_setup_teardown(test_watch_silent,
		    setup_watched, teardown),
		cmocka_unit_test_setup_teardown(test_watch_gap,
		    setup_watched, teardown),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&rig_words);
	return failed;
}
