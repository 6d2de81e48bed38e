#include "config.h"

/* Back to the shell of a viva that was killed, over a wire that breaks; and a
 * sandbox whose name another one has still. */

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
setup_named(void **state)
{
	(void)state;
	setup_as(false);
	return 0;
}

static struct {
	uint64_t id, in;
	unsigned times;
} attached;

static void
on_attached(void *user, uint64_t id, uint64_t in)
{
	assert_ptr_equal(user, &r);
	attached.id = id;
	attached.in = in;
	attached.times++;
}

static uint64_t
attach_as(const char *handle, uint64_t out_offset, bool begun)
{
	struct attach_spec spec = { .handle = handle, .rows = 30, .cols = 90,
		.out_offset = out_offset, .begun = begun,
		.attached = on_attached };

	memset(&attached, 0, sizeof attached);
	return r.s->ops->attach(r.s, &spec);
}

static uint64_t
attach(const char *handle, uint64_t out_offset)
{
	return attach_as(handle, out_offset, true);
}

/* Nothing is told to anybody. */
static void
killed(void)
{
	modal_destroy(account);
	r.s = NULL;
	rig_close(&r);
}

static void
type_some(uint64_t id, struct buf *typed, int times)
{
	for (int i = 0; i < times; i++) {
		char text[8];
		size_t n = 1 + dice(7);

		for (size_t k = 0; k < n; k++)
			text[k] = (char)('a' + dice(26));
		assert_true(r.s->ops->input(r.s, id, typed->len, text, n));
		buf_add(typed, text, n);
		turn((int64_t)dice(8000));
	}
}

/* The record is somewhat behind what came, and what was typed before what
 * arrived; then the shell is gone back to. */
static void
go_back(const char *handle, struct buf *typed)
{
	struct buf seen = { 0 };
	struct rig_exec *x = &r.execs[0];
	size_t recorded = x->out[0].len;
	uint64_t id;

	if (recorded > 0)
		recorded -= dice((unsigned)recorded + 1);
	buf_add(&seen, x->out[0].data, recorded);
	killed();
	far.exists = 1;
	far.named = "01SANDBOX";
	open_account(false);
	id = attach(handle, recorded);
	x = rig_exec(&r, id);
	buf_add(&x->out[0], seen.data, seen.len);
	buf_free(&seen);
	assert_string_equal(r.s->ops->handle(r.s, id), handle);
	UNTIL(attached.times == 1);
	assert_int_equal(attached.id, id);
	assert_true(attached.in <= typed->len);
	assert_true(r.s->ops->input(r.s, id, attached.in, typed->data +
	    attached.in, typed->len - (size_t)attached.in));
}

static void
attach_session(unsigned odds)
{
	uint64_t id = shell();
	struct buf typed = { 0 };
	struct rig_exec *x;
	char handle[40];

	snprintf(handle, sizeof handle, "%s", r.s->ops->handle(r.s, id));
	rig_exec(&r, id);
	UNTIL(place(handle) != NULL && r.state == SANDBOX_READY);
	far.odds = odds;
	for (int life = 0; life < 3; life++) {
		type_some(r.execs[0].id, &typed, 1 + (int)dice(12));
		go_back(handle, &typed);
	}
	assert_true(odds > 0 || far.gaps == 0);
	x = &r.execs[0];
	type_some(x->id, &typed, 5);
	assert_true(r.s->ops->input(r.s, x->id, typed.len, "\004", 1));
	UNTIL(x->exited);
	assert_false(x->gap);
	assert_int_equal(x->x.status, 5);
	assert_false(x->x.infra);
	assert_int_equal(x->out[0].len, typed.len);
	for (size_t i = 0; i < typed.len; i++)
		assert_int_equal(x->out[0].data[i], typed.data[i] - 32);
	buf_free(&typed);
}

/* Each seed another moment to die. */
static void
test_attach(void **state)
{
	const char *more = getenv("VIVA_SEEDS");
	unsigned seeds = more != NULL ? (unsigned)atoi(more) : 80;

	for (unsigned i = 1; i <= seeds; i++) {
		seed = i;
		attach_session(i % 4 == 0 ? 0 : 4 + i % 12);
		if (i < seeds) {
			teardown(state);
			setup_named(state);
		}
	}
}

static const char unknown[] = "01234567-89ab-4def-8123-456789abcdef";

static void
assert_not_attached(uint64_t id, const char *why)
{
	struct rig_exec *x = rig_exec(&r, id);

	UNTIL(x->exited);
	assert_true(x->x.infra);
	if (strstr(x->x.why, why) == NULL)
		fail_msg("%s", x->x.why);
	assert_true(strcmp(why, "gone") == 0 ||
	    strstr(x->x.why, "gone") == NULL);
	assert_int_equal(attached.times, 0);
	UNTIL(r.state == SANDBOX_READY);
}

static void
assert_gone(uint64_t id)
{
	assert_not_attached(id, "gone");
}

/* Killed before it ran: nothing is gone. */
static void
test_attach_not_begun(void **state)
{
	(void)state;
	/* No sandbox had been made. */
	assert_not_attached(attach_as(unknown, 0, false),
	    "there was no sandbox for it yet");
	killed();
	/* One had, and nothing was started in it. */
	far.exists = 1;
	far.named = "01SANDBOX";
	open_account(false);
	assert_not_attached(attach_as(unknown, 0, false),
	    "had not started it");
}

/* It ran, and the record was cut off before that. */
static void
test_attach_unrecorded(void **state)
{
	uint64_t id = shell();
	char handle[40];

	(void)state;
	snprintf(handle, sizeof handle, "%s", r.s->ops->handle(r.s, id));
	UNTIL(place(handle) != NULL);
	killed();
	far.exists = 1;
	far.named = "01SANDBOX";
	open_account(false);
	id = attach_as(handle, 0, false);
	UNTIL(attached.times == 1);
	assert_int_equal(attached.id, id);
}

static void
test_attach_gone(void **state)
{
	uint64_t id;

	(void)state;
	/* There was no sandbox any more, so this is a new one. */
	id = attach(unknown, 0);
	assert_gone(id);
	assert_int_equal(far.nplaces, 1); /* the watcher's */
	killed();
	/* There is, but not the program. */
	far.exists = 1;
	far.named = "01SANDBOX";
	open_account(false);
	id = attach(unknown, 7);
	assert_gone(id);
	/* It goes on with another. */
	id = shell();
	assert_true(r.s->ops->input(r.s, id, 0, "a\004", 2));
	UNTIL(rig_exec(&r, id)->exited);
	assert_string_equal(buf_str(&rig_exec(&r, id)->out[0]), "A");
	/* No path over there is made of just anything. */
	id = attach("../../../etc/passwd", 0);
	UNTIL(rig_exec(&r, id)->exited);
	assert_true(rig_exec(&r, id)->x.infra);
	assert_non_null(strstr(rig_exec(&r, id)->x.why, "no sense"));
}

/* It ended while nobody was there: its last words and its status come. */
static void
test_attach_ended(void **state)
{
	uint64_t id = shell();
	char handle[40];

	(void)state;
	snprintf(handle, sizeof handle, "%s", r.s->ops->handle(r.s, id));
	assert_true(r.s->ops->input(r.s, id, 0, "abc", 3));
	UNTIL(rig_exec(&r, id)->out[0].len == 3);
	program(place(handle), "last\004", 5);
	killed();
	far.exists = 1;
	far.named = "01SANDBOX";
	open_account(false);
	id = attach(handle, 3);
	buf_adds(&rig_exec(&r, id)->out[0], "ABC");
	UNTIL(rig_exec(&r, id)->exited);
	assert_false(rig_exec(&r, id)->x.infra);
	assert_int_equal(rig_exec(&r, id)->x.status, 5);
	assert_string_equal(buf_str(&rig_exec(&r, id)->out[0]), "ABCLAST");
}

/* When the one that is found will end is in the list, on its second page. */
static void
test_attach_expiry(void **state)
{
	struct sandbox_link link;

	(void)state;
	UNTIL(r.state == SANDBOX_READY);
	r.s->ops->link(r.s, &link);
	assert_true(link.anew);
	killed();
	far.exists = 1;
	far.named = "01SANDBOX";
	/* viva counts in whole seconds there. */
	far.born = (double)(clock_wall(&now.base) / 1000 - 3000);
	open_account(false);
	UNTIL(r.state == SANDBOX_READY);
	UNTIL((r.s->ops->link(r.s, &link), link.expires_us >= 0));
	assert_false(link.anew);
	assert_true(link.expires_us > 595 * 1000000LL);
	assert_true(link.expires_us <= 600 * 1000000LL);
	/* And then it is asked about. */
	far.over = true;
	UNTIL(r.state == SANDBOX_FAILED);
	assert_non_null(strstr(r.why, "lived as long"));
	r.s->ops->link(r.s, &link);
	assert_int_equal(link.expires_us, 0);
}

/* It is to be synced and ended, and is over already: that is its end, and what
 * was not on the volume is told. */
static void
test_over_at_end(void **state)
{
	struct modal_left left;

	(void)state;
	shell();
	UNTIL(r.state == SANDBOX_READY);
	volume_changed(CONTAINER_OF(r.s, struct box, base), false);
	far.over = true;
	far.dead = true;
	rig_close(&r);
	UNTIL(!modal_busy(account));
	assert_int_equal(far.ended, 0);
	modal_left(account, &left);
	assert_int_equal(left.sandboxes, 0);
	assert_string_not_equal(left.unsynced, "");
}

/* Another one of the same name: not before the first has ended, and never the
 * first one, though it is found under the name for a while. */
static void
test_another(void **state)
{
	(void)state;
	UNTIL(r.state == SANDBOX_READY);
	rig_close(&r);
	far.exists = 3;
	far.named = "01SANDBOX";
	far.made = "02SANDBOX";
	far.creates = 0;
	rig_open(&r, far.loop, account, "/x/s/q", false);
	UNTIL(r.state == SANDBOX_READY);
	assert_int_equal(far.creates, 4);
	assert_int_equal(far.creates_while_ending, 0);
	assert_int_equal(far.ended, 1);
	assert_non_null(strstr(r.states.data, "is being ended"));
	assert_null(strstr(r.states.data, "waiting for a machine"));
	/* It has the name for ever: that is said. */
	rig_close(&r);
	UNTIL(!modal_busy(account));
	far.exists = 100000;
	far.named = "02SANDBOX";
	rig_open(&r, far.loop, account, "/x/s/q", false);
	UNTIL(r.state == SANDBOX_FAILED);
	assert_non_null(strstr(r.why, "does not end"));
	assert_true(far.creates < 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_attach, setup_named,
		    teardown),
		cmocka_unit_test_setup_teardown(test_attach_gone, setup_named,
		    teardown),
		cmocka_unit_test_setup_teardown(test_attach_not_begun,
		    setup_named, teardown),
		cmocka_unit_test_setup_teardown(test_attach_unrecorded,
		    setup_named, teardown),
		cmocka_unit_test_setup_teardown(test_attach_ended, setup_named,
		    teardown),
		cmocka_unit_test_setup_teardown(test_attach_expiry, setup_named,
		    teardown),
		cmocka_unit_test_setup_teardown(test_over_at_end, setup_named,
		    teardown),
		cmocka_unit_test_setup_teardown(test_another, setup_named,
		    teardown),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&rig_words);
	return failed;
}
