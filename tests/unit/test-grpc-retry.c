#include "config.h"

/* Attempts of a call in time: retries, the server's hints, deadlines, and the
 * circuit breaker. */

#include "tests/unit/grpc-fixture.h"

/* RPCRetryPolicy of 1.5 s and of 0 s. */
#define HINT "grpc-status-details-bin: CAgSBHNsb3caOAovdHlwZS5nb29nbGVhcGlzLm" \
	"NvbS9tb2RhbC5jbGllbnQuUlBDUmV0cnlQb2xpY3kSBQ0AA"
#define HINT_1_5 HINT "MA/\r\n"
#define HINT_0 HINT "AAA\r\n"

static void
refuse(struct wire_exchange *x, int code)
{
	head(x);
	finish(x, code, "no");
}

static void
hint(struct wire_exchange *x, const char *line)
{
	head(x);
	say(x, line);
	finish(x, 8, "slow down");
}

/* The next attempt comes after so long, and not before. */
static void
expect_attempt(struct fixture *f, unsigned n, int64_t us)
{
	assert_int_equal(f->nx, n - 1);
	advance(f, us - 1);
	assert_int_equal(f->nx, n - 1);
	advance(f, 1);
	assert_int_equal(f->nx, n);
}

/* ---- retries ---- */

static void
test_retries(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	char key[128];

	unary(f, &s, &(struct grpc_policy){ .retries = 5 });
	snprintf(key, sizeof key, "%s", sent_header(last(f),
	    "x-idempotency-key"));
	refuse(last(f), 14);
	expect_attempt(f, 2, 100 * MS);
	expect_header(last(f), "x-retry-attempt", "1");
	expect_header(last(f), "x-retry-delay", "0.100");
	expect_header(last(f), "x-throttle-retry-attempt", "0");
	expect_header(last(f), "x-idempotency-key", key);
	break_off(last(f), "reset");
	expect_attempt(f, 3, 200 * MS);
	expect_header(last(f), "x-retry-attempt", "2");
	expect_header(last(f), "x-retry-delay", "0.300");
	refuse(last(f), 13);
	expect_attempt(f, 4, 400 * MS);
	refuse(last(f), 2);
	expect_attempt(f, 5, 800 * MS);
	refuse(last(f), 1);
	expect_attempt(f, 6, SEC); /* no longer than that */
	expect_header(last(f), "x-retry-attempt", "5");
	expect_header(last(f), "x-idempotency-key", key);
	assert_memory_equal(last(f)->body, "\0\0\0\0\3ask", 8);
	refuse(last(f), 4);
	expect_end(f, &s, GRPC_DEADLINE_EXCEEDED, false, "no");
	advance(f, 100 * SEC);
	assert_int_equal(f->nx, 6);
}

/* What the broken attempt brought is not part of the next one's answer. */
static void
test_a_retry_begins_anew(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	unary(f, &s, &(struct grpc_policy){ .retries = 1 });
	head(last(f));
	send_message(last(f), "old");
	break_off(last(f), "reset");
	expect_attempt(f, 2, 100 * MS);
	answer(last(f), "new");
	expect_end(f, &s, GRPC_OK, false, "");
	assert_string_equal(s.text, "new");
}

static void
test_what_is_not_retried(void **state)
{
	static const int codes[] = { 3, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16 };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		struct seen s = { 0 };

		unary(f, &s, &(struct grpc_policy){ .retries = 3,
		    .throttle_us = -1 });
		refuse(last(f), codes[i]);
		expect_end(f, &s, (enum grpc_code)codes[i], false, "no");
	}
	advance(f, 100 * SEC);
	assert_int_equal(f->nx, ARRAY_LEN(codes));
}

static void
test_hopeless_is_not_retried(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	unary(f, &s, &(struct grpc_policy){ .retries = 3 });
	end(last(f), &(struct wire_end){ .failed = true, .hopeless = true,
	    .why = "certificate" });
	expect_end(f, &s, GRPC_FAILED_PRECONDITION, true,
	    "host:1: certificate");
	advance(f, 100 * SEC);
	assert_int_equal(f->nx, 1);
}

static void
test_delays_as_asked(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	int64_t us = 10 * MS;

	unary(f, &s, &(struct grpc_policy){ .retries = 10, .delay_us = us,
	    .delay_max_us = -1, .plain = true });
	for (unsigned i = 0; i < 10; i++, us *= 2) {
		refuse(last(f), 14);
		expect_attempt(f, i + 2, us);
	}
	refuse(last(f), 14);
	expect_end(f, &s, GRPC_UNAVAILABLE, false, "no");
}

/* For ever, a second apart. */
static void
test_retries_without_end(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	unary(f, &s, &(struct grpc_policy){ .retries = UINT32_MAX,
	    .delay_us = SEC, .delay_max_us = SEC, .plain = true });
	for (unsigned i = 0; i < 200; i++) {
		refuse(last(f), 14);
		expect_attempt(f, i + 2, SEC);
	}
	assert_int_equal(s.done, 0);
}

static void
test_cancel_between_attempts(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	unary(f, &s, &(struct grpc_policy){ .retries = 3 });
	refuse(last(f), 14);
	grpc_cancel(s.call);
	advance(f, 100 * SEC);
	assert_int_equal(f->nx, 1);
	assert_int_equal(s.done, 0);
}

/* ---- the server's hints ---- */

static void
test_hints_are_followed_and_not_counted(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	unary(f, &s, &(struct grpc_policy){ .retries = 1, .throttle_us = -1 });
	for (unsigned i = 0; i < 40; i++) {
		hint(last(f), HINT_1_5);
		expect_attempt(f, i + 2, 1500 * MS);
	}
	expect_header(last(f), "x-throttle-retry-attempt", "40");
	expect_header(last(f), "x-throttle-retry-delay", "60.000");
	expect_header(last(f), "x-retry-attempt", "0");
	expect_header(last(f), "x-retry-delay", "none");
	hint(last(f), HINT_0); /* never at once */
	expect_attempt(f, 42, 100 * MS);
	refuse(last(f), 14);
	expect_attempt(f, 43, 100 * MS);
	expect_header(last(f), "x-retry-attempt", "1");
	answer(last(f), "at last");
	expect_end(f, &s, GRPC_OK, false, "");
}

static void
test_patience_has_a_bound(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 }, t = { 0 };

	unary(f, &s, &(struct grpc_policy){ .retries = 9,
	    .throttle_us = 3 * SEC });
	hint(last(f), HINT_1_5);
	expect_attempt(f, 2, 1500 * MS);
	hint(last(f), HINT_1_5); /* would end at 3 s, which is not under it */
	expect_end(f, &s, GRPC_RESOURCE_EXHAUSTED, false, "slow down");
	assert_int_equal(s.st.retry_after_us, 1500 * MS);
	/* A hint that is not followed is no hint. */
	unary(f, &t, &(struct grpc_policy){ .retries = 9 });
	hint(last(f), HINT_1_5);
	expect_end(f, &t, GRPC_RESOURCE_EXHAUSTED, false, "slow down");
	assert_int_equal(f->nx, 3);
}

static void
test_streams_tell_the_hint(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	stream(f, &s, 0);
	hint(last(f), HINT_1_5);
	expect_end(f, &s, GRPC_RESOURCE_EXHAUSTED, false, "slow down");
	assert_int_equal(s.st.retry_after_us, 1500 * MS);
}

/* ---- deadlines ---- */

static void
test_a_deadline(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	unary(f, &s, &(struct grpc_policy){ .deadline_us = 3 * SEC,
	    .retries = 3 });
	advance(f, 3 * SEC - 1);
	assert_int_equal(s.done, 0);
	assert_true(last(f)->alive);
	advance(f, 1);
	assert_true(last(f)->stopped);
	assert_true(last(f)->suspect);
	expect_end(f, &s, GRPC_DEADLINE_EXCEEDED, true,
	    "host:1: no answer in 3.0 s");
	assert_int_equal(f->nx, 1);
}

/* An answer that began, or that may take long, says nothing bad of the
 * connection. */
static void
test_who_is_suspect(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 }, t = { 0 };

	unary(f, &s, &(struct grpc_policy){ .deadline_us = SEC });
	head(last(f));
	advance(f, SEC);
	expect_end(f, &s, GRPC_DEADLINE_EXCEEDED, true, NULL);
	assert_false(last(f)->suspect);
	unary(f, &t, &(struct grpc_policy){ .deadline_us = SEC,
	    .waits = true });
	advance(f, SEC);
	expect_end(f, &t, GRPC_DEADLINE_EXCEEDED, true, NULL);
	assert_false(last(f)->suspect);
}

static void
test_attempts_have_their_own(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	unary(f, &s, &(struct grpc_policy){ .deadline_us = 12 * SEC,
	    .attempt_us = 5 * SEC, .retries = 9 });
	expect_header(last(f), "grpc-timeout", "5000000u");
	advance(f, 5 * SEC - 1);
	assert_true(last(f)->alive);
	advance(f, 1);
	assert_true(last(f)->stopped);
	assert_int_equal(s.done, 0);
	expect_attempt(f, 2, 100 * MS);
	expect_header(last(f), "grpc-timeout", "5000000u");
	refuse(last(f), 14);
	expect_attempt(f, 3, 200 * MS);
	advance(f, 5 * SEC);
	expect_attempt(f, 4, 400 * MS);
	expect_header(last(f), "grpc-timeout", "1300000u");
	advance(f, 1300 * MS);
	expect_end(f, &s, GRPC_DEADLINE_EXCEEDED, true,
	    "host:1: no answer in 12.0 s");
	advance(f, 100 * SEC);
	assert_int_equal(f->nx, 4);
}

/* Nobody waits for an attempt that would come too late. */
static void
test_no_attempt_after_the_deadline(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 }, t = { 0 };

	unary(f, &s, &(struct grpc_policy){ .deadline_us = 100 * MS,
	    .retries = 3 });
	refuse(last(f), 14);
	expect_end(f, &s, GRPC_UNAVAILABLE, false, "no");
	/* What the last answer said is worth more than the time that passed. */
	unary(f, &t, &(struct grpc_policy){ .deadline_us = 2 * SEC,
	    .retries = 3 });
	refuse(last(f), 14);
	advance(f, 100 * MS);
	advance(f, 1900 * MS);
	expect_end(f, &t, GRPC_DEADLINE_EXCEEDED, true,
	    "host:1: no answer in 2.0 s; the one before: no");
}

static void
test_the_deadline_of_a_stream(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	stream(f, &s, SEC);
	expect_header(last(f), "grpc-timeout", "1000000u");
	head(last(f));
	send_message(last(f), "one");
	advance(f, SEC);
	expect_end(f, &s, GRPC_DEADLINE_EXCEEDED, true, NULL);
	assert_string_equal(s.text, "one|");
	assert_true(last(f)->stopped);
}

/* A deadline while the end waits to be read does not replace it. */
static void
test_a_deadline_after_the_end(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	stream(f, &s, SEC);
	grpc_pause(s.call, true);
	answer(last(f), "one");
	advance(f, 10 * SEC);
	assert_int_equal(s.done, 0);
	grpc_pause(s.call, false);
	expect_end(f, &s, GRPC_OK, false, NULL);
	assert_string_equal(s.text, "one|");
}

/* ---- the circuit breaker ---- */

static void
watched(void *user)
{
	struct fixture *f = user;

	f->watched++;
}

static void
expect_health(struct fixture *f, enum grpc_breaker b, unsigned failures,
    int64_t probe_us)
{
	struct grpc_health h;

	grpc_health(f->grpc, &h);
	assert_int_equal(h.breaker, b);
	assert_int_equal(h.failures, failures);
	assert_int_equal(h.probe_us, probe_us);
}

static void
fail_calls(struct fixture *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct seen s = { 0 };

		unary(f, &s, NULL);
		break_off(last(f), "refused");
		expect_end(f, &s, GRPC_UNAVAILABLE, true, "host:1: refused");
	}
}

/* A call that is not let through. */
static void
expect_refused(struct fixture *f, const char *message)
{
	struct seen s = { 0 };
	unsigned n = f->nx;

	unary(f, &s, NULL);
	expect_end(f, &s, GRPC_UNAVAILABLE, true, message);
	assert_int_equal(f->nx, n);
}

static void
test_breaker(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 }, t = { 0 };

	grpc_watch(f->grpc, watched, f);
	fail_calls(f, 4);
	assert_int_equal(f->watched, 4);
	expect_health(f, GRPC_CLOSED, 4, -1);
	fail_calls(f, 1);
	expect_health(f, GRPC_OPEN, 5, SEC);
	expect_refused(f, "host:1 failed 5 times in a row; tried again in "
	    "1.0 s");
	advance(f, SEC - 1);
	expect_health(f, GRPC_OPEN, 5, 1);
	f->watched = 0;
	advance(f, 1);
	expect_health(f, GRPC_HALF_OPEN, 5, -1);
	assert_int_equal(f->watched, 1);
	/* One is let through, the others wait for how it fares. */
	unary(f, &s, NULL);
	assert_int_equal(f->nx, 6);
	expect_refused(f, "host:1 failed 5 times in a row; being tried again");
	break_off(last(f), "refused");
	expect_end(f, &s, GRPC_UNAVAILABLE, true, NULL);
	expect_health(f, GRPC_OPEN, 6, 2 * SEC);
	advance(f, 2 * SEC);
	expect_health(f, GRPC_HALF_OPEN, 6, -1);
	unary(f, &t, NULL);
	head(last(f)); /* it answers: that is enough */
	expect_health(f, GRPC_CLOSED, 0, -1);
	unary(f, &s, NULL);
	assert_int_equal(f->nx, 8);
}

static void
test_breaker_waits_longer_each_time(void **state)
{
	static const int secs[] = { 1, 2, 4, 8, 16, 30, 30 };
	struct fixture *f = *state;

	fail_calls(f, 4);
	for (size_t i = 0; i < ARRAY_LEN(secs); i++) {
		fail_calls(f, 1);
		expect_health(f, GRPC_OPEN, 5 + (unsigned)i, secs[i] * SEC);
		advance(f, secs[i] * SEC);
	}
	/* Once it was well, it begins with one second again. */
	{
		struct seen s = { 0 };

		unary(f, &s, NULL);
		answer(last(f), "");
		expect_end(f, &s, GRPC_OK, false, NULL);
	}
	fail_calls(f, 5);
	expect_health(f, GRPC_OPEN, 5, SEC);
}

static void
test_an_answer_ends_the_row(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	fail_calls(f, 4);
	unary(f, &s, NULL);
	refuse(last(f), 14); /* the server's own word: it is there */
	expect_end(f, &s, GRPC_UNAVAILABLE, false, NULL);
	expect_health(f, GRPC_CLOSED, 0, -1);
	fail_calls(f, 4);
	expect_health(f, GRPC_CLOSED, 4, -1);
}

/* A connection that breaks takes all its streams with it. */
static void
test_what_fails_together_is_one_failure(void **state)
{
	struct fixture *f = *state;
	struct seen s[8] = { { 0 } };

	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		stream(f, &s[i], 0);
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		break_off(&f->x[i], "reset");
	advance(f, 0);
	expect_health(f, GRPC_CLOSED, 1, -1);
	fail_calls(f, 3);
	expect_health(f, GRPC_CLOSED, 4, -1);
	fail_calls(f, 1);
	expect_health(f, GRPC_OPEN, 5, SEC);
}

/* Retries go on behind an open breaker, without the wire. */
static void
test_retries_behind_the_breaker(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	fail_calls(f, 5);
	unary(f, &s, &(struct grpc_policy){ .retries = 5 });
	assert_int_equal(f->nx, 5);
	advance(f, 100 * MS);
	advance(f, 200 * MS);
	advance(f, 400 * MS);
	assert_int_equal(f->nx, 5);
	advance(f, 300 * MS); /* half open */
	advance(f, 500 * MS);
	assert_int_equal(f->nx, 6);
	answer(last(f), "back");
	expect_end(f, &s, GRPC_OK, false, NULL);
	expect_health(f, GRPC_CLOSED, 0, -1);
}

static void
test_a_probe_that_goes_away(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 }, t = { 0 }, u = { 0 };

	fail_calls(f, 5);
	advance(f, SEC);
	unary(f, &s, NULL);
	grpc_cancel(s.call);
	unary(f, &t, NULL);
	assert_int_equal(f->nx, 7);
	/* One that stays silent makes room after a while. */
	advance(f, 5 * SEC - 1);
	expect_refused(f, NULL);
	advance(f, 1);
	unary(f, &u, NULL);
	assert_int_equal(f->nx, 8);
	break_off(&f->x[6], "reset"); /* no longer the one that counts */
	advance(f, 0);
	expect_health(f, GRPC_HALF_OPEN, 6, -1);
	answer(&f->x[7], "fine");
	advance(f, 0);
	expect_health(f, GRPC_CLOSED, 0, -1);
	assert_int_equal(u.done, 1);
}

/* A server that does not take requests fails; one that is slow does not. */
static void
test_slow_is_not_dead(void **state)
{
	struct fixture *f = *state;
	struct grpc_policy p = { .deadline_us = SEC };

	for (unsigned i = 0; i < 10; i++) {
		struct seen s = { 0 };

		unary(f, &s, &p);
		advance(f, SEC);
		expect_end(f, &s, GRPC_DEADLINE_EXCEEDED, true, NULL);
	}
	expect_health(f, GRPC_CLOSED, 0, -1);
	for (unsigned i = 0; i < 5; i++) {
		struct seen s = { 0 };

		unary(f, &s, &p);
		last(f)->sent = false;
		advance(f, SEC);
		expect_end(f, &s, GRPC_DEADLINE_EXCEEDED, true, NULL);
	}
	expect_health(f, GRPC_OPEN, 5, SEC);
}

/* A call, its answer, and what the connection says that it took. */
static void
answered_in(struct fixture *f, struct seen *s, bool fresh, int64_t us)
{
	unary(f, s, NULL);
	head(last(f));
	send_message(last(f), "");
	say(last(f), "grpc-status: 0");
	end(last(f), &(struct wire_end){ .fresh = fresh, .took_us = us });
	advance(f, 0);
}

static void
test_round_trips(void **state)
{
	struct fixture *f = *state;
	struct seen s[6] = { { 0 } };
	struct grpc_policy waits = { .waits = true };
	struct grpc_health h;

	grpc_watch(f->grpc, watched, f);
	grpc_health(f->grpc, &h);
	assert_int_equal(h.rtt_us, -1);
	/* None of these says what a round trip takes. */
	unary(f, &s[0], &waits);
	answer(last(f), "");
	stream(f, &s[1], 0);
	answer(last(f), "");
	answered_in(f, &s[2], true, 90 * MS);
	grpc_health(f->grpc, &h);
	assert_int_equal(h.rtt_us, -1);
	assert_int_equal(f->watched, 0);
	unary(f, &s[3], NULL);
	answer(last(f), "");
	advance(f, 0);
	assert_int_equal(f->watched, 1);
	answered_in(f, &s[4], false, 100 * MS);
	grpc_health(f->grpc, &h);
	assert_int_equal(h.rtt_us, 30 * MS);
	assert_int_equal(f->watched, 1);
	/* Nor does one that stood still amidst: it was no longer way. */
	answered_in(f, &s[5], false, 2000 * MS);
	grpc_health(f->grpc, &h);
	assert_int_equal(h.rtt_us, 30 * MS);
	/* But where all are so, that is what one takes. */
	for (int i = 0; i < 100; i++) {
		struct seen so = { 0 };

		answered_in(f, &so, false, 2000 * MS);
	}
	grpc_health(f->grpc, &h);
	assert_true(h.rtt_us > 1900 * MS);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_retries),
		TEST(test_a_retry_begins_anew),
		TEST(test_what_is_not_retried),
		TEST(test_hopeless_is_not_retried),
		TEST(test_delays_as_asked),
		TEST(test_retries_without_end),
		TEST(test_cancel_between_attempts),
		TEST(test_hints_are_followed_and_not_counted),
		TEST(test_patience_has_a_bound),
		TEST(test_streams_tell_the_hint),
		TEST(test_a_deadline),
		TEST(test_who_is_suspect),
		TEST(test_attempts_have_their_own),
		TEST(test_no_attempt_after_the_deadline),
		TEST(test_the_deadline_of_a_stream),
		TEST(test_a_deadline_after_the_end),
		TEST(test_breaker),
		TEST(test_breaker_waits_longer_each_time),
		TEST(test_an_answer_ends_the_row),
		TEST(test_what_fails_together_is_one_failure),
		TEST(test_retries_behind_the_breaker),
		TEST(test_a_probe_that_goes_away),
		TEST(test_slow_is_not_dead),
		TEST(test_round_trips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
