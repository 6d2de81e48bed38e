#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "session/replay.h"

#define EVENTS 3000
#define STEP_US 100000

static char path[64];
static struct clock_fake fake;

/* Writes a record and folds it at the same time: live. */
static void
record(struct state *live, int upto, FILE *f)
{
	char hash[65] = "", text[64];
	struct buf line = { 0 };

	memset(hash, '0', 64);
	for (int i = 0; i < upto; i++) {
		struct event ev;

		memset(&ev, 0, sizeof ev);
		ev.seq = (uint64_t)i + 1;
		ev.t = (int64_t)i * STEP_US;
		ev.question = 1;
		if (i == 0) {
			ev.type = EV_FILE_OPEN;
			ev.u.file.path = "a.py";
			ev.u.file.content = (struct bytes){ "x\n", 2 };
		} else if (i % 500 == 0) {
			ev.type = EV_MARKER_ADD;
			ev.u.note.text = "here";
		} else if (i % 3 == 0) {
			ev.type = EV_EDIT_CHANGE;
			ev.u.edit.path = "a.py";
			ev.u.edit.offset = (uint64_t)i % 7 > 1 ? 1 : 0;
			ev.u.edit.inserted = (struct bytes){ "ab\n", 3 };
		} else {
			ev.type = EV_TERM_OUTPUT;
			snprintf(text, sizeof text, "line %d \033[3%dm\r\n\033",
			    i, i % 8);
			ev.u.io.data = (struct bytes){ text, strlen(text) };
		}
		buf_clear(&line);
		event_encode(&ev, hash, &line);
		event_hash(line.data, line.len - 1, hash);
		if (f != NULL)
			fwrite(line.data, 1, line.len, f);
		state_apply(live, &ev);
	}
	buf_free(&line);
}

static int
setup(void **st)
{
	struct state *s = state_create(10000);
	FILE *f;

	(void)st;
	snprintf(path, sizeof path, "/tmp/viva-replay-%d", (int)getpid());
	f = fopen(path, "we");
	record(s, EVENTS, f);
	fclose(f);
	state_destroy(s);
	clock_fake_init(&fake, 1000, 0);
	return 0;
}

static int
teardown(void **st)
{
	(void)st;
	unlink(path);
	return 0;
}

static struct replay *
open_it(void)
{
	const char *const paths[] = { path };
	struct err e;
	struct replay *r = replay_open(paths, 1, &fake.base, &e);

	if (r == NULL)
		fail_msg("%s", e.msg);
	return r;
}

static void
expect_state(const struct replay *r, int events)
{
	struct state *live = state_create(10000);
	struct buf want = { 0 }, got = { 0 };

	record(live, events, NULL);
	state_save(live, &want);
	state_save(replay_state(r), &got);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.data, want.data, want.len);
	buf_free(&want);
	buf_free(&got);
	state_destroy(live);
}

static void
the_end_is_what_was_live(void **st)
{
	struct replay *r = open_it();

	(void)st;
	replay_seek(r, replay_length(r));
	expect_state(r, EVENTS);
	replay_close(r);
}

static void
seeks_equal_playing_to_there(void **st)
{
	static const int at[] = { 2500, 10, 1700, 0, 2999, 1701, 640, 639 };
	struct replay *r = open_it();

	(void)st;
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		replay_seek(r, (int64_t)at[i] * STEP_US);
		expect_state(r, at[i] + 1);
	}
	replay_close(r);
}

static void
playing_follows_its_clock(void **st)
{
	struct replay *r = open_it();
	int64_t next;

	(void)st;
	replay_set_speed(r, 2);
	replay_play(r, true);
	clock_fake_advance(&fake, 5 * STEP_US);
	assert_true(replay_tick(r, &next));
	assert_int_equal(replay_position(r), 10 * STEP_US);
	expect_state(r, 11);
	assert_int_equal(next, STEP_US / 2 + 1);
	replay_play(r, false);
	clock_fake_advance(&fake, STEP_US);
	assert_false(replay_tick(r, &next));
	assert_int_equal(next, -1);
	replay_set_speed(r, 1000);
	assert_true(replay_speed(r) == 32);
	replay_close(r);
}

static void
jumps_and_steps_go_both_ways(void **st)
{
	struct replay *r = open_it();
	size_t n;

	(void)st;
	replay_marks(r, &n);
	assert_int_equal(n, 6); /* the opened file and five markers */
	assert_true(replay_jump(r, 1));
	assert_int_equal(replay_position(r), 500 * STEP_US);
	assert_true(replay_jump(r, 1));
	assert_int_equal(replay_position(r), 1000 * STEP_US);
	assert_true(replay_jump(r, -1));
	expect_state(r, 501);
	replay_step(r, 1);
	expect_state(r, 502);
	replay_step(r, -1);
	expect_state(r, 501);
	replay_close(r);
}

static void
damage_names_its_line_and_a_torn_end_is_told(void **st)
{
	const char *const paths[] = { path };
	struct replay *r;
	struct err e;
	FILE *f = fopen(path, "ae");

	(void)st;
	fputs("{\"seq\":", f);
	fclose(f);
	r = open_it();
	assert_non_null(strstr(replay_warning(r), "torn"));
	replay_close(r);
	f = fopen(path, "r+e");
	fputs("{\"seq\":9", f);
	fclose(f);
	assert_null(replay_open(paths, 1, &fake.base, &e));
	assert_non_null(strstr(e.msg, ":1:"));
}

/* As after a crash, and as recovery takes it. */
static void
garbage_as_the_last_line_is_a_torn_end(void **st)
{
	FILE *f = fopen(path, "ae");
	struct replay *r;

	(void)st;
	fputs("x y z\n", f);
	fclose(f);
	r = open_it();
	assert_non_null(strstr(replay_warning(r), "the last 6 bytes"));
	assert_null(replay_damage(r));
	replay_seek(r, replay_length(r));
	expect_state(r, EVENTS);
	replay_close(r);
}

/* Where a line begins. */
static long
line_at(FILE *f, int line)
{
	char *text = NULL;
	size_t cap = 0;

	rewind(f);
	while (--line > 0)
		assert_true(getline(&text, &cap, f) > 0);
	free(text);
	return ftell(f);
}

static void
what_is_before_damage_is_shown(void **st)
{
	FILE *f = fopen(path, "r+e");
	struct replay *r;
	char where[96];

	(void)st;
	assert_int_equal(fseek(f, line_at(f, 1001) + 1, SEEK_SET), 0);
	fputs("XX", f);
	fclose(f);
	r = open_it();
	assert_non_null(strstr(replay_warning(r), "damaged at line 1001"));
	snprintf(where, sizeof where, "%s:1001: ", path);
	assert_non_null(replay_damage(r));
	assert_non_null(strstr(replay_damage(r)->msg, where));
	replay_seek(r, replay_length(r));
	expect_state(r, 1000);
	replay_close(r);
}

static void
jumps_back_go_on_while_it_plays(void **st)
{
	struct replay *r = open_it();
	int64_t next;

	(void)st;
	replay_seek(r, 2200 * STEP_US);
	replay_play(r, true);
	for (int mark = 2000; mark >= 1000; mark -= 500) {
		assert_true(replay_jump(r, -1));
		assert_int_equal(replay_position(r), mark * STEP_US);
		clock_fake_advance(&fake, 3 * STEP_US);
		assert_true(replay_tick(r, &next));
	}
	/* Later it is the mark that it has played on from. */
	clock_fake_advance(&fake, 20 * STEP_US);
	assert_true(replay_tick(r, &next));
	assert_true(replay_jump(r, -1));
	assert_int_equal(replay_position(r), 1000 * STEP_US);
	replay_close(r);
}

/* A journal of them, numbered and chained. */
static void
write_events(struct event *evs, size_t n)
{
	struct buf line = { 0 };
	char hash[65];
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	memset(hash, '0', 64);
	hash[64] = '\0';
	for (size_t i = 0; i < n; i++) {
		evs[i].seq = i + 1;
		buf_clear(&line);
		event_encode(&evs[i], hash, &line);
		event_hash(line.data, line.len - 1, hash);
		assert_int_equal(fwrite(line.data, 1, line.len, f), line.len);
	}
	assert_int_equal(fclose(f), 0);
	buf_free(&line);
}

/* Three marks, the last two when the clock was behind. */
static void
marks_are_in_order_whatever_the_clock_did(void **st)
{
	static const int64_t t[] = { 0, 5000000, 1000000, 2000000 };
	const struct state_mark *m;
	struct event evs[4] = { 0 };
	struct replay *r;
	size_t n;

	(void)st;
	for (size_t i = 0; i < 4; i++) {
		evs[i].t = t[i];
		evs[i].type = EV_MARKER_ADD;
		evs[i].u.note.text = "here";
	}
	write_events(evs, 4);
	r = open_it();
	m = replay_marks(r, &n);
	assert_int_equal(n, 4);
	assert_int_equal(m[1].t, 5000000);
	assert_int_equal(m[2].t, 5000000);
	assert_int_equal(m[3].t, 5000000);
	replay_close(r);
}

/* Of a shell that answers, a key, a run, an answer of the terminal, a key. */
static void
it_is_known_when_the_shell_was_used(void **st)
{
	static const struct {
		enum event_type type;
		enum event_origin origin;
		bool shell;
	} is[] = { { EV_TERM_OUTPUT, ORIGIN_SYSTEM, false },
		{ EV_TERM_INPUT, ORIGIN_CANDIDATE, true },
		{ EV_TEST_RUN, ORIGIN_CANDIDATE, false },
		{ EV_TERM_INPUT, ORIGIN_SYSTEM, false },
		{ EV_TERM_INPUT, ORIGIN_CANDIDATE, true } };
	struct event evs[5] = { 0 };
	struct replay *r;

	(void)st;
	for (size_t i = 0; i < 5; i++)
		evs[i] = (struct event){ .t = (int64_t)i * STEP_US,
			.type = is[i].type, .origin = is[i].origin };
	write_events(evs, 5);
	r = open_it();
	for (size_t i = 5; i-- > 0;) {
		replay_seek(r, (int64_t)i * STEP_US);
		assert_int_equal(replay_in_shell(r), is[i].shell);
	}
	replay_close(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_end_is_what_was_live, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(seeks_equal_playing_to_there, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(playing_follows_its_clock, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(jumps_and_steps_go_both_ways, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    damage_names_its_line_and_a_torn_end_is_told, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    garbage_as_the_last_line_is_a_torn_end, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_before_damage_is_shown,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    marks_are_in_order_whatever_the_clock_did, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    it_is_known_when_the_shell_was_used, setup, teardown),
		cmocka_unit_test_setup_teardown(jumps_back_go_on_while_it_plays,
		    setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
