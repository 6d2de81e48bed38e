#include "config.h"

/* The bytes of gRPC over HTTP/2: messages, the head of an answer, values. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/grpc-frame.h"

/* ---- messages ---- */

static void
put(struct buf *b, const char *text)
{
	char prefix[GRPC_PREFIX];

	grpc_prefix(prefix, strlen(text));
	buf_add(b, prefix, sizeof prefix);
	buf_adds(b, text);
}

static void
expect(struct grpc_frames *f, const char *text)
{
	const char *p;
	size_t n;

	assert_true(grpc_frames_next(f, &p, &n));
	assert_int_equal(n, strlen(text));
	assert_memory_equal(p, text, n);
}

static void
expect_none(struct grpc_frames *f)
{
	const char *p;
	size_t n;

	assert_false(grpc_frames_next(f, &p, &n));
}

static void
test_every_way_to_cut(void **state)
{
	struct buf b = { 0 };

	(void)state;
	put(&b, "one");
	put(&b, "");
	put(&b, "three of them");
	for (size_t step = 1; step <= b.len; step++) {
		struct grpc_frames f = { .secret = step % 2 == 0 };

		for (size_t at = 0; at < b.len; at += step)
			assert_true(grpc_frames_add(&f, b.data + at,
			    b.len - at < step ? b.len - at : step, NULL));
		assert_false(grpc_frames_cut(&f));
		assert_int_equal(grpc_frames_held(&f), b.len);
		expect(&f, "one");
		expect(&f, "");
		expect(&f, "three of them");
		expect_none(&f);
		assert_int_equal(grpc_frames_held(&f), 0);
		grpc_frames_free(&f);
		assert_int_equal(f.secret, step % 2 == 0);
	}
	buf_free(&b);
}

/* Reading and adding in turn, as a stream does, for a long time. */
static void
test_read_while_it_comes(void **state)
{
	struct grpc_frames f = { 0 };
	struct buf b = { 0 };
	char text[32];
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof text, "message %d", i);
		put(&b, text);
	}
	for (int i = 0; i < 20000; i++) {
		while (f.ready == 0) {
			size_t n = b.len - at < 777 ? b.len - at : 777;

			assert_true(grpc_frames_add(&f, b.data + at, n, NULL));
			at += n;
		}
		snprintf(text, sizeof text, "message %d", i);
		expect(&f, text);
	}
	assert_int_equal(at, b.len);
	assert_true(f.in.cap < 64 << 10);
	grpc_frames_free(&f);
	buf_free(&b);
}

static void
test_a_cut_message(void **state)
{
	struct grpc_frames f = { 0 };
	struct buf b = { 0 };

	(void)state;
	put(&b, "whole");
	assert_true(grpc_frames_add(&f, b.data, b.len - 1, NULL));
	assert_true(grpc_frames_cut(&f));
	expect_none(&f);
	assert_true(grpc_frames_add(&f, b.data + b.len - 1, 1, NULL));
	assert_false(grpc_frames_cut(&f));
	assert_true(grpc_frames_add(&f, "\0\0", 2, NULL));
	assert_true(grpc_frames_cut(&f));
	expect(&f, "whole");
	expect_none(&f);
	assert_int_equal(grpc_frames_held(&f), 2);
	grpc_frames_free(&f);
	buf_free(&b);
}

static void
test_what_is_no_message(void **state)
{
	static const struct {
		char bytes[6];
		enum err_code code;
	} bad[] = {
		{ "\1\0\0\0\1", ERR_UNSUPPORTED },
		{ "<html", ERR_CORRUPT },
		{ "\0\x06\x40\0\1", ERR_LIMIT },
		{ "\0\xff\xff\xff\xff", ERR_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct grpc_frames f = { 0 };
		struct err e = { 0 };

		assert_false(grpc_frames_add(&f, bad[i].bytes, 5, &e));
		assert_int_equal(e.code, bad[i].code);
		expect_none(&f);
		grpc_frames_free(&f);
	}
}

static void
test_the_largest_message_is_taken(void **state)
{
	struct grpc_frames f = { 0 };
	char prefix[GRPC_PREFIX];

	(void)state;
	grpc_prefix(prefix, GRPC_MESSAGE_MAX);
	assert_true(grpc_frames_add(&f, prefix, sizeof prefix, NULL));
	assert_true(grpc_frames_cut(&f));
	grpc_frames_free(&f);
}

/* ---- the head ---- */

static void
line(struct grpc_head *h, const char *text)
{
	char *exact = xmemdup(text, strlen(text)); /* no NUL to lean on */

	grpc_head_line(h, exact, strlen(text));
	free(exact);
}

static void
test_head(void **state)
{
	struct grpc_head h;

	(void)state;
	grpc_head_init(&h);
	assert_int_equal(h.code, -1);
	line(&h, "HTTP/2 200 \r\n");
	line(&h, "Content-Type: application/grpc+proto\r\n");
	line(&h, "\r\n");
	assert_int_equal(h.version, 2);
	assert_int_equal(h.http, 200);
	assert_true(h.grpc);
	assert_int_equal(h.code, -1);
	line(&h, "grpc-status: 14\r\n");
	line(&h, "GRPC-Message: a%20b\r\n");
	line(&h, "grpc-encoding:identity\r\n");
	assert_int_equal(h.code, GRPC_UNAVAILABLE);
	assert_string_equal(h.text, "a%20b");
	assert_false(h.compressed);
	line(&h, "grpc-encoding: gzip");
	assert_true(h.compressed);
	assert_int_equal(h.date, 0);
	line(&h, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
	assert_int_equal(h.date, 784111777);
	line(&h, "date: Sun, 06 Foo 1994 08:49:37 GMT\r\n");
	assert_int_equal(h.date, 0);
	line(&h, "date: yesterday\r\n");
	assert_int_equal(h.date, 0);
	/* A new answer: that one was not it. */
	line(&h, "HTTP/1.1 503 Service Unavailable\r\n");
	assert_int_equal(h.version, 1);
	assert_int_equal(h.http, 503);
	assert_int_equal(h.code, -1);
	assert_false(h.grpc || h.compressed);
}

static void
test_odd_heads(void **state)
{
	static const struct {
		const char *line;
		int version, http;
	} lines[] = {
		{ "HTTP/", 1, 0 },
		{ "HTTP/2", 2, 0 },
		{ "HTTP/3 204", 3, 204 },
		{ "HTTP/0.9 200", 1, 200 },
		{ "HTTP/99999999999999999999 99999999999999999", 999, 999 },
		{ "HTTP/2 -1", 2, 0 },
	};
	struct grpc_head h;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		grpc_head_init(&h);
		line(&h, lines[i].line);
		assert_int_equal(h.version, lines[i].version);
		assert_int_equal(h.http, lines[i].http);
	}
	line(&h, "");
	line(&h, "\r\n");
	line(&h, "no colon");
	line(&h, ": nothing");
	line(&h, "content-type: application/grpcx");
	assert_false(h.grpc);
	line(&h, "content-type: application/grpc;charset=utf-8");
	assert_true(h.grpc);
}

static void
test_odd_statuses(void **state)
{
	static const struct {
		const char *line;
		int code;
	} lines[] = {
		{ "grpc-status: 0", GRPC_OK },
		{ "grpc-status: 16", GRPC_UNAUTHENTICATED },
		{ "grpc-status: 17", GRPC_UNKNOWN },
		{ "grpc-status: 99", GRPC_UNKNOWN },
		{ "grpc-status: 4294967296", GRPC_UNKNOWN },
		{ "grpc-status: -1", GRPC_UNKNOWN },
		{ "grpc-status: OK", GRPC_UNKNOWN },
		{ "grpc-status:", GRPC_UNKNOWN },
	};
	struct grpc_head h;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		grpc_head_init(&h);
		line(&h, lines[i].line);
		assert_int_equal(h.code, lines[i].code);
	}
}

/* ---- values ---- */

static void
expect_text(const char *from, bool percent, const char *want)
{
	char out[24];

	grpc_text(out, sizeof out, from, strlen(from), percent);
	assert_string_equal(out, want);
}

static void
test_text(void **state)
{
	(void)state;
	expect_text("no%20money%21", true, "no money!");
	expect_text("no%20money", false, "no%20money");
	expect_text("100% %zz %", true, "100% %zz %");
	expect_text("%C3%A9%E2%82%AC", true, "é€");
	expect_text("%C3%28", true, "?(");
	expect_text("a%0Ab%09c%1B[2Jd%00e%7F", true, "a b c?[2Jd?e?");
	expect_text("a\xe2\x80\xae" "b\xc2\x9b" "c", false, "a?b?c");
	/* Cut to size, never inside a character. */
	expect_text("0123456789012345678901234567", true,
	    "01234567890123456789012");
	expect_text("0123456789012345678901é", true,
	    "0123456789012345678901");
	expect_text("", true, "");
}

static void
test_timeouts(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} all[] = {
		{ -5, "1u" }, { 0, "1u" }, { 1, "1u" },
		{ 99999999, "99999999u" },
		{ 100000000, "100000m" },
		{ 100000001, "100001m" },
		{ 99999999000, "99999999m" },
		{ 99999999001, "100000S" },
		{ INT64_MAX, "99999999H" },
	};
	char out[12];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		grpc_timeout_text(out, all[i].us);
		assert_string_equal(out, all[i].text);
	}
}

static void
test_codes(void **state)
{
	(void)state;
	assert_int_equal(grpc_code_of_http(401), GRPC_UNAUTHENTICATED);
	assert_int_equal(grpc_code_of_http(403), GRPC_PERMISSION_DENIED);
	assert_int_equal(grpc_code_of_http(404), GRPC_UNIMPLEMENTED);
	assert_int_equal(grpc_code_of_http(429), GRPC_UNAVAILABLE);
	assert_int_equal(grpc_code_of_http(502), GRPC_UNAVAILABLE);
	assert_int_equal(grpc_code_of_http(503), GRPC_UNAVAILABLE);
	assert_int_equal(grpc_code_of_http(504), GRPC_UNAVAILABLE);
	assert_int_equal(grpc_code_of_http(500), GRPC_UNKNOWN);
	assert_string_equal(grpc_code_name(GRPC_UNAUTHENTICATED),
	    "UNAUTHENTICATED");
	assert_string_equal(grpc_code_name((enum grpc_code)17), "UNKNOWN");
	assert_string_equal(grpc_code_name((enum grpc_code)-1), "UNKNOWN");
}

/* ---- error details ---- */

/* google.rpc.Status { 8, "slow", [Any of RPCRetryPolicy { 1.5 }] } */
#define POLICY "CAgSBHNsb3caOAovdHlwZS5nb29nbGVhcGlzLmNvbS9tb2RhbC5jbGllbnQu" \
	"UlBDUmV0cnlQb2xpY3kSBQ0AAMA/"

#define PADDED "CAgSA3Nsbxo4Ci90eXBlLmdvb2dsZWFwaXMuY29tL21vZGFsLmNsaWVudC5S" \
	"UENSZXRyeVBvbGljeRIFDQAAwD8"

static int64_t
wait_of(const char *text)
{
	char *exact = xmemdup(text, strlen(text));
	int64_t us = grpc_retry_after(exact, strlen(text));

	free(exact);
	return us;
}

static void
test_retry_policy(void **state)
{
	char other[] = POLICY;
	struct grpc_head h;

	(void)state;
	assert_int_equal(wait_of(POLICY), 1500000);
	assert_int_equal(wait_of(PADDED "="), 1500000);
	assert_int_equal(wait_of(PADDED), 1500000);
	assert_int_equal(wait_of("CAg=, " POLICY), 1500000);
	assert_int_equal(wait_of("," POLICY ",CAg="), 1500000);
	assert_int_equal(wait_of(""), -1);
	assert_int_equal(wait_of("CAg"), -1);
	assert_int_equal(wait_of("?" POLICY), -1);
	other[60] = 'x'; /* another type */
	assert_int_equal(wait_of(other), -1);
	grpc_head_init(&h);
	assert_int_equal(h.retry_after_us, -1);
	line(&h, "grpc-status-details-bin: " POLICY "\r\n");
	assert_int_equal(h.retry_after_us, 1500000);
}

/* Every prefix of it says the same, or nothing, or that it is no wait. */
static void
test_cut_policies(void **state)
{
	char text[] = POLICY;

	(void)state;
	for (size_t n = 0; n < strlen(POLICY); n++) {
		text[n] = '\0';
		assert_true(wait_of(text) <= 0);
		text[n] = POLICY[n];
	}
}

static void
test_odd_waits(void **state)
{
	/* The four last bytes are the number. */
	static const struct {
		const char *tail;
		int64_t us;
	} all[] = {
		{ "0AAAAA", 0 },		/* 0 */
		{ "0AAMC/", -1 },	/* -1.5 */
		{ "0AAMB/", -1 },	/* not a number */
		{ "0AAIB/", 86400000000 },	/* infinite: a day */
		{ "3K8klx", 86400000000 },
	};
	char text[] = POLICY;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		memcpy(text + strlen(POLICY) - 6, all[i].tail, 6);
		assert_int_equal(wait_of(text), all[i].us);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_way_to_cut),
		cmocka_unit_test(test_read_while_it_comes),
		cmocka_unit_test(test_a_cut_message),
		cmocka_unit_test(test_what_is_no_message),
		cmocka_unit_test(test_the_largest_message_is_taken),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_odd_heads),
		cmocka_unit_test(test_odd_statuses),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_retry_policy),
		cmocka_unit_test(test_cut_policies),
		cmocka_unit_test(test_odd_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
