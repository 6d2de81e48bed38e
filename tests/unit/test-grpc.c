#include "config.h"

/* Calls: what is sent, what an answer means, callbacks that do odd things,
 * streams that are paused. */

#include "tests/unit/grpc-fixture.h"

/* ---- what is sent ---- */

static void
test_a_call(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	struct grpc_health h;
	struct wire_exchange *x;

	assert_true(grpc_metadata(f->grpc, "x-name", "me"));
	unary(f, &s, &(struct grpc_policy){ .deadline_us = 3 * SEC });
	x = last(f);
	assert_string_equal(x->path, "/p.S/M");
	assert_int_equal(x->nbody, 8);
	assert_memory_equal(x->body, "\0\0\0\0\3ask", 8);
	expect_header(x, "content-type", "application/grpc");
	expect_header(x, "te", "trailers");
	expect_header(x, "grpc-timeout", "3000000u");
	expect_header(x, "x-name", "me");
	expect_header(x, "x-retry-attempt", "0");
	expect_header(x, "x-throttle-retry-attempt", "0");
	expect_header(x, "x-retry-delay", "none");
	expect_header(x, "x-throttle-retry-delay", "none");
	answer(x, "reply");
	expect_end(f, &s, GRPC_OK, false, "");
	assert_string_equal(s.text, "reply");
	grpc_health(f->grpc, &h);
	assert_int_equal(h.rtt_us, 20 * MS);
	assert_int_equal(h.breaker, GRPC_CLOSED);
}

static void
test_the_key_is_a_uuid(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 }, t = { 0 };
	char key[128];

	unary(f, &s, NULL);
	snprintf(key, sizeof key, "%s", sent_header(last(f),
	    "x-idempotency-key"));
	assert_int_equal(strlen(key), 36);
	assert_int_equal(key[14], '4');
	assert_non_null(strchr("89ab", key[19]));
	assert_true(key[8] == '-' && key[13] == '-' && key[18] == '-' &&
	    key[23] == '-');
	unary(f, &t, NULL);
	assert_string_not_equal(sent_header(last(f), "x-idempotency-key"),
	    key);
	expect_header(last(f), "grpc-timeout", "none");
}

static void
test_plain_calls_and_streams_tell_no_attempts(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 }, t = { 0 };

	unary(f, &s, &(struct grpc_policy){ .plain = true });
	assert_null(strstr(last(f)->headers, "x-"));
	stream(f, &t, 0);
	assert_null(strstr(last(f)->headers, "x-"));
}

static void
test_metadata(void **state)
{
	struct fixture *f = *state;
	struct seen s[4] = { { 0 } };

	assert_true(grpc_metadata(f->grpc, "x-a", "1"));
	assert_true(grpc_metadata(f->grpc, "x-b", "2"));
	assert_false(grpc_metadata(f->grpc, "x-a", "1\r\nx-c: 3"));
	assert_false(grpc_metadata(f->grpc, "x-a", "\xc3\xa9"));
	assert_false(grpc_metadata(f->grpc, "x a", "1"));
	assert_false(grpc_metadata(f->grpc, "X-A", "1"));
	assert_false(grpc_metadata(f->grpc, "x:a", "1"));
	assert_false(grpc_metadata(f->grpc, "", "1"));
	unary(f, &s[0], NULL);
	expect_header(last(f), "x-a", "1");
	expect_header(last(f), "x-c", "none");
	assert_true(grpc_metadata(f->grpc, "x-a", "3"));
	unary(f, &s[1], NULL);
	expect_header(last(f), "x-a", "3");
	assert_true(grpc_metadata(f->grpc, "x-a", NULL));
	assert_true(grpc_metadata(f->grpc, "x-none", NULL));
	unary(f, &s[2], NULL);
	expect_header(last(f), "x-a", "none");
	expect_header(last(f), "x-b", "2");
	assert_true(grpc_metadata(f->grpc, "x-a", "4"));
	unary(f, &s[3], NULL);
	expect_header(last(f), "x-a", "4");
}

static void
test_a_request_that_is_too_large(void **state)
{
	struct fixture *f = *state;
	struct seen s = { .f = f };
	size_t n = (size_t)GRPC_MESSAGE_MAX + 1;
	char *request = xcalloc(1, n);

	grpc_unary(f->grpc, "/p.S/M", request, n, &(struct grpc_policy){
	    .retries = 3 }, on_done, &s);
	free(request);
	assert_int_equal(f->nx, 0);
	expect_end(f, &s, GRPC_RESOURCE_EXHAUSTED, true, "a request of "
	    "104857601 bytes is over the limit of 104857600");
}

/* ---- what an answer means ---- */

static void
test_trailers_only(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	unary(f, &s, &(struct grpc_policy){ .retries = 3 });
	say(last(f), "HTTP/2 200\r\n");
	say(last(f), "content-type: application/grpc\r\n");
	finish(last(f), 5, "no%20such app");
	expect_end(f, &s, GRPC_NOT_FOUND, false, "no such app");
	assert_string_equal(s.text, "");
}

/* The server's words count even when the stream was then reset. */
static void
test_a_status_before_a_reset(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	unary(f, &s, NULL);
	head(last(f));
	say(last(f), "grpc-status: 7\r\n");
	break_off(last(f), "stream 1 was reset");
	expect_end(f, &s, GRPC_PERMISSION_DENIED, false, "");
}

static void
test_answers_that_are_not_whole(void **state)
{
	struct fixture *f = *state;
	struct seen s[5] = { { 0 } };

	unary(f, &s[0], NULL);
	head(last(f));
	assert_true(send_bytes(last(f), "\0\0\0\0\5abc", 8));
	finish(last(f), 0, NULL);
	expect_end(f, &s[0], GRPC_INTERNAL, true,
	    "host:1: the answer ends inside a message");
	unary(f, &s[1], NULL);
	head(last(f));
	finish(last(f), 0, NULL);
	expect_end(f, &s[1], GRPC_INTERNAL, true,
	    "host:1: the answer has no message");
	unary(f, &s[2], NULL);
	head(last(f));
	assert_true(send_message(last(f), "one"));
	assert_false(send_message(last(f), "two"));
	break_off(last(f), "broken off");
	expect_end(f, &s[2], GRPC_INTERNAL, true,
	    "host:1: more than one message came");
	unary(f, &s[3], NULL);
	head(last(f));
	assert_true(send_message(last(f), "one"));
	end(last(f), &(struct wire_end){ .took_us = 1 });
	expect_end(f, &s[3], GRPC_UNKNOWN, true,
	    "host:1: the answer ends without a status");
	assert_string_equal(s[3].text, "");
	unary(f, &s[4], NULL);
	head(last(f));
	assert_false(send_bytes(last(f), "\1\0\0\0\0", 5));
	break_off(last(f), "broken off");
	expect_end(f, &s[4], GRPC_INTERNAL, true, "host:1: the answer is "
	    "compressed, which was not asked for");
}

/* An empty message is a message. */
static void
test_an_empty_reply(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	unary(f, &s, NULL);
	answer(last(f), "");
	expect_end(f, &s, GRPC_OK, false, "");
}

static void
test_a_message_over_the_cap(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	unary(f, &s, NULL);
	head(last(f));
	assert_false(send_bytes(last(f), "\0\x06\x40\0\1", 5));
	break_off(last(f), "broken off");
	expect_end(f, &s, GRPC_RESOURCE_EXHAUSTED, true, "host:1: a message "
	    "of 104857601 bytes is over the limit of 104857600");
}

#define PROXY \
	": a proxy is in between (see https_proxy, no_proxy), or it is the " \
	"wrong server"

static void
say_lines(struct wire_exchange *x, const char *lines)
{
	char text[100], *rest = NULL;

	snprintf(text, sizeof text, "%s", lines);
	for (char *p = strtok_r(text, "\n", &rest); p != NULL;
	    p = strtok_r(NULL, "\n", &rest))
		say(x, p);
}

static void
test_answers_that_are_no_grpc(void **state)
{
	static const struct {
		const char *first, *type;
		enum grpc_code code;
		const char *message;
	} all[] = {
		{ "HTTP/1.1 200 OK", "text/html", GRPC_FAILED_PRECONDITION,
		    "host:1 answered with a web page (HTTP 200), not gRPC"
		    PROXY },
		{ "HTTP/1.1 407 No", "text/html", GRPC_FAILED_PRECONDITION,
		    "host:1 answered with a web page (HTTP 407), not gRPC"
		    PROXY },
		/* A gateway may find its server again. */
		{ "HTTP/1.1 502 No", "text/html; charset=utf-8",
		    GRPC_UNAVAILABLE, "host:1 answered with a web page "
		    "(HTTP 502), not gRPC" PROXY },
		{ "HTTP/1.1 200 OK", "application/grpc",
		    GRPC_FAILED_PRECONDITION, "host:1 answered in HTTP/1.1 "
		    "(status 200), not HTTP/2" PROXY },
		{ "HTTP/2 200", "text/html", GRPC_UNKNOWN,
		    "host:1 answered with a web page (HTTP 200), not gRPC"
		    PROXY },
		{ "HTTP/2 200", "text/plain", GRPC_UNKNOWN,
		    "host:1 answered with text/plain (HTTP 200), not gRPC"
		    PROXY },
		{ "HTTP/2 303", "text/plain", GRPC_UNKNOWN,
		    "host:1 answered with a redirect (HTTP 303), not gRPC"
		    PROXY },
		{ "HTTP/2 302\nlocation: https://u:p@login.example.com:8/?s=1",
		    "text/html", GRPC_UNKNOWN, "host:1 answered with a "
		    "redirect to login.example.com:8 (HTTP 302), not gRPC"
		    PROXY },
		{ "HTTP/1.1 302 Found\nLocation: http://portal", "text/html",
		    GRPC_FAILED_PRECONDITION, "host:1 answered with a "
		    "redirect to portal (HTTP 302), not gRPC" PROXY },
		{ "HTTP/2 401", "text/plain", GRPC_UNAUTHENTICATED,
		    "host:1 answered with text/plain (HTTP 401), not gRPC"
		    PROXY },
		{ "HTTP/2 403", "application/json", GRPC_PERMISSION_DENIED,
		    "host:1 answered with application/json (HTTP 403), not "
		    "gRPC" PROXY },
		{ "HTTP/2 404", "text/html", GRPC_UNIMPLEMENTED,
		    "host:1 answered with a web page (HTTP 404), not gRPC"
		    PROXY },
		/* Such has the server itself. */
		{ "HTTP/2 503", "application/grpc", GRPC_UNAVAILABLE,
		    "host:1 answered with HTTP 503" },
		{ "HTTP/2 500", "", GRPC_UNKNOWN,
		    "host:1 answered with nothing (HTTP 500), not gRPC"
		    PROXY },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct seen s = { 0 };
		char type[64];

		unary(f, &s, NULL);
		say_lines(last(f), all[i].first);
		snprintf(type, sizeof type, "content-type: %s", all[i].type);
		say(last(f), type);
		assert_false(send_bytes(last(f), "<html>", 6));
		break_off(last(f), "Failed writing body");
		expect_end(f, &s, all[i].code, true, all[i].message);
	}
}

static void
test_the_head_of_a_proxy_is_not_the_answer(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	unary(f, &s, NULL);
	say(last(f), "HTTP/2 103\r\n");
	say(last(f), "grpc-status: 16\r\n");
	answer(last(f), "fine");
	expect_end(f, &s, GRPC_OK, false, "");
}

/* ---- secrets ---- */

static void
test_secrets_are_redacted(void **state)
{
	struct fixture *f = *state;
	struct seen s[5] = { { 0 } };
	char long_message[700];

	grpc_metadata(f->grpc, "x-token-secret", "as-abcdefghij");
	grpc_metadata(f->grpc, "x-auth", "as-abc"); /* a part of the other */
	grpc_metadata(f->grpc, "x-public", "visible");
	unary(f, &s[0], NULL);
	head(last(f));
	finish(last(f), 16, "bad as-abcdefghij, as-abcdefghij%21 visible");
	expect_end(f, &s[0], GRPC_UNAUTHENTICATED, false,
	    "bad ***, ***! visible");
	unary(f, &s[1], NULL);
	break_off(last(f), "cannot send as-%61 as-abcdefghij");
	expect_end(f, &s[1], GRPC_UNAVAILABLE, true,
	    "host:1: cannot send as-%61 ***");
	/* One that is no longer the newest. */
	grpc_metadata(f->grpc, "x-auth", NULL);
	unary(f, &s[2], NULL);
	grpc_metadata(f->grpc, "x-token-secret", "as-1234567890");
	head(last(f));
	finish(last(f), 16, "as-abcdefghij as-1234567890");
	expect_end(f, &s[2], GRPC_UNAUTHENTICATED, false, "*** ***");
	/* One that is cut off, by the buffers here or by the server. */
	for (size_t pad = 280; pad < sizeof long_message; pad++) {
		struct seen t = { 0 };

		memset(long_message, 'x', pad);
		snprintf(long_message + pad, sizeof long_message - pad,
		    "as-1234567890");
		unary(f, &t, NULL);
		head(last(f));
		finish(last(f), 16, long_message);
		expect_end(f, &t, GRPC_UNAUTHENTICATED, false, NULL);
		assert_null(strstr(t.st.message, "as-1"));
	}
	unary(f, &s[3], NULL);
	head(last(f));
	finish(last(f), 16, "the token as-123456 is not");
	expect_end(f, &s[3], GRPC_UNAUTHENTICATED, false,
	    "the token as-123456 is not");
	unary(f, &s[4], NULL);
	head(last(f));
	finish(last(f), 16, "unknown: as-123456");
	expect_end(f, &s[4], GRPC_UNAUTHENTICATED, false,
	    "unknown: *********");
}

/* ---- callbacks that do odd things ---- */

static void
test_cancel(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 }, t = { 0 };

	unary(f, &s, &(struct grpc_policy){ .deadline_us = SEC,
	    .attempt_us = SEC });
	grpc_cancel(s.call);
	assert_true(last(f)->stopped);
	assert_false(last(f)->suspect);
	grpc_cancel(NULL);
	/* An answer that waits to be told. */
	unary(f, &t, NULL);
	answer(last(f), "late");
	grpc_cancel(t.call);
	advance(f, 10 * SEC);
	assert_int_equal(s.done + t.done, 0);
}

static void
cancel_it(struct seen *s)
{
	grpc_cancel(s->call);
	s->call = NULL;
}

static void
test_cancel_inside_a_message(void **state)
{
	struct fixture *f = *state;
	struct seen s = { .inside = cancel_it };

	stream(f, &s, SEC);
	head(last(f));
	send_message(last(f), "one");
	send_message(last(f), "two");
	advance(f, 0);
	assert_int_equal(s.messages, 1);
	assert_true(last(f)->stopped);
	advance(f, 10 * SEC);
	assert_int_equal(s.messages, 1);
	assert_int_equal(s.done, 0);
}

static struct seen others[3];

static void
cancel_others(struct seen *s)
{
	(void)s;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		cancel_it(&others[i]);
}

/* Those that are next in turn, and those that run. */
static void
test_cancel_of_others_inside(void **state)
{
	struct fixture *f = *state;
	struct seen s = { .at_end = cancel_others };

	memset(others, 0, sizeof others);
	unary(f, &s, NULL);
	unary(f, &others[0], NULL);
	unary(f, &others[1], NULL);
	stream(f, &others[2], 0);
	answer(&f->x[0], "a");
	answer(&f->x[1], "b");
	head(&f->x[3]);
	send_message(&f->x[3], "c");
	advance(f, 0);
	advance(f, SEC);
	assert_int_equal(s.done, 1);
	assert_int_equal(others[0].done + others[1].done + others[2].done +
	    others[2].messages, 0);
	assert_true(f->x[2].stopped && f->x[3].stopped);
}

static void
destroy_it(struct seen *s)
{
	grpc_destroy(s->f->grpc);
	grpc_destroy(s->f->grpc); /* once is enough */
	assert_false(s->f->wire_gone);
	s->f->grpc = NULL;
}

static void
test_destroy_inside(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 }, t = { 0 };

	unary(f, &s, NULL);
	stream(f, &t, 0);
	s.at_end = t.inside = destroy_it;
	head(&f->x[1]);
	send_message(&f->x[1], "one");
	send_message(&f->x[1], "two");
	answer(&f->x[0], "a");
	advance(f, 0);
	advance(f, 0);
	assert_true(f->wire_gone);
	assert_int_equal(t.messages, 1);
	assert_int_equal(s.done, 0);
}

static void
test_destroy_inside_done(void **state)
{
	struct fixture *f = *state;
	struct seen s = { .at_end = destroy_it }, t = { 0 };

	unary(f, &s, NULL);
	unary(f, &t, NULL);
	answer(&f->x[0], "a");
	answer(&f->x[1], "b");
	advance(f, 0);
	assert_true(f->wire_gone);
	assert_int_equal(s.done, 1);
	assert_int_equal(t.done, 0);
}

static void
watch_destroys(void *user)
{
	struct fixture *f = user;

	grpc_destroy(f->grpc);
	f->grpc = NULL;
}

static void
test_destroy_inside_watch(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	grpc_watch(f->grpc, watch_destroys, f);
	unary(f, &s, NULL);
	answer(last(f), "a"); /* the first round trip */
	advance(f, 0);
	assert_true(f->wire_gone);
	assert_int_equal(s.done, 0);
}

static struct seen chain[2];

static void
call_again(struct seen *s)
{
	if (s == &chain[0])
		unary(s->f, &chain[1], NULL);
}

static void
test_call_inside_done(void **state)
{
	struct fixture *f = *state;

	memset(chain, 0, sizeof chain);
	chain[0].at_end = call_again;
	unary(f, &chain[0], NULL);
	answer(last(f), "a");
	expect_end(f, &chain[0], GRPC_OK, false, NULL);
	assert_int_equal(f->nx, 2);
	answer(last(f), "b");
	expect_end(f, &chain[1], GRPC_OK, false, NULL);
}

/* ---- streams ---- */

static void
test_a_stream(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	stream(f, &s, 0);
	head(last(f));
	send_message(last(f), "one");
	advance(f, 0);
	assert_string_equal(s.text, "one|");
	send_message(last(f), "two");
	assert_true(send_bytes(last(f), "\0\0\0\0\3th", 7));
	advance(f, 0);
	assert_string_equal(s.text, "one|two|");
	assert_true(send_bytes(last(f), "r", 1));
	finish(last(f), 0, NULL);
	expect_end(f, &s, GRPC_OK, false, "");
	assert_string_equal(s.text, "one|two|thr|");
}

/* It ends when all that came was told; it is not begun again. */
static void
test_a_stream_that_breaks(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	stream(f, &s, 0);
	head(last(f));
	send_message(last(f), "one");
	assert_true(send_bytes(last(f), "\0\0\0\0\3th", 7));
	break_off(last(f), "reset");
	expect_end(f, &s, GRPC_UNAVAILABLE, true, "host:1: reset");
	assert_string_equal(s.text, "one|");
	advance(f, 100 * SEC);
	assert_int_equal(f->nx, 1);
}

static void
test_a_stream_that_is_cut(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	stream(f, &s, 0);
	head(last(f));
	assert_true(send_bytes(last(f), "\0\0\0\0\3th", 7));
	finish(last(f), 0, NULL);
	expect_end(f, &s, GRPC_INTERNAL, true,
	    "host:1: the answer ends inside a message");
}

static void
pause_it(struct seen *s)
{
	grpc_pause(s->call, true);
}

static void
test_pause(void **state)
{
	struct fixture *f = *state;
	struct seen s = { .inside = pause_it };

	stream(f, &s, 0);
	head(last(f));
	send_message(last(f), "1");
	send_message(last(f), "2");
	send_message(last(f), "3");
	advance(f, 0);
	assert_string_equal(s.text, "1|");
	finish(last(f), 0, NULL);
	advance(f, 0);
	assert_string_equal(s.text, "1|");
	grpc_pause(s.call, false);
	advance(f, 0);
	assert_string_equal(s.text, "1|2|");
	assert_int_equal(s.done, 0);
	s.inside = NULL;
	grpc_pause(s.call, false);
	grpc_pause(s.call, false);
	expect_end(f, &s, GRPC_OK, false, NULL);
	assert_string_equal(s.text, "1|2|3|");
}

/* What was kept is read, then the end is told. */
static void
test_pause_has_a_cap(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	size_t n = 1 << 20;
	char *mib = xcalloc(1, n + GRPC_PREFIX);

	grpc_prefix(mib, n);
	stream(f, &s, 0);
	head(last(f));
	grpc_pause(s.call, true);
	for (unsigned i = 0; i < GRPC_PAUSED_MAX >> 20; i++) {
		if (i < 7)
			assert_true(send_bytes(last(f), mib, n + GRPC_PREFIX));
		else
			assert_false(send_bytes(last(f), mib,
			    n + GRPC_PREFIX));
	}
	break_off(last(f), "broken off");
	advance(f, 0);
	assert_int_equal(s.messages + s.done, 0);
	grpc_pause(s.call, false);
	expect_end(f, &s, GRPC_RESOURCE_EXHAUSTED, true,
	    "host:1: more than 8 MiB came while the stream was paused");
	assert_int_equal(s.messages, 8);
	assert_int_equal(s.bytes, 8 * n);
	free(mib);
}

/* A stream that is read has no such cap. */
static void
test_no_cap_without_pause(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	size_t n = 1 << 20;
	char *mib = xcalloc(1, n + GRPC_PREFIX);

	grpc_prefix(mib, n);
	stream(f, &s, 0);
	head(last(f));
	for (unsigned i = 0; i < 20; i++)
		assert_true(send_bytes(last(f), mib, n + GRPC_PREFIX));
	advance(f, 0);
	assert_int_equal(s.messages, 20);
	free(mib);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_call),
		TEST(test_the_key_is_a_uuid),
		TEST(test_plain_calls_and_streams_tell_no_attempts),
		TEST(test_metadata),
		TEST(test_a_request_that_is_too_large),
		TEST(test_trailers_only),
		TEST(test_a_status_before_a_reset),
		TEST(test_answers_that_are_not_whole),
		TEST(test_an_empty_reply),
		TEST(test_a_message_over_the_cap),
		TEST(test_answers_that_are_no_grpc),
		TEST(test_the_head_of_a_proxy_is_not_the_answer),
		TEST(test_secrets_are_redacted),
		TEST(test_cancel),
		TEST(test_cancel_inside_a_message),
		TEST(test_cancel_of_others_inside),
		TEST(test_destroy_inside),
		TEST(test_destroy_inside_done),
		TEST(test_destroy_inside_watch),
		TEST(test_call_inside_done),
		TEST(test_a_stream),
		TEST(test_a_stream_that_breaks),
		TEST(test_a_stream_that_is_cut),
		TEST(test_pause),
		TEST(test_pause_has_a_cap),
		TEST(test_no_cap_without_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
