#include "config.h"

/* Plain requests through libcurl, against a server of this test's own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>

#include "http-fixture.h"
#include "net/https.h"

struct seen {
	unsigned done;
	struct https_answer a;
	char text[300], type[60];
	struct https *h; /* destroyed inside done */
};

static struct server server;
static struct https *https;
static struct seen seen;

static void
on_done(void *user, const struct https_answer *a)
{
	struct seen *s = user;

	s->done++;
	s->a = *a;
	snprintf(s->text, sizeof s->text, "%.*s", (int)a->n, a->body);
	snprintf(s->type, sizeof s->type, "%s", a->type);
	https_destroy(s->h);
	s->h = NULL;
}

static int
setup(void **state)
{
	struct err e = { 0 };

	(void)state;
	server_open(&server);
	memset(&seen, 0, sizeof seen);
	https = https_create(server.loop, NULL, &e);
	assert_non_null(https);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	https_destroy(https);
	server_close(&server);
	return 0;
}

static struct https_call *
start(enum https_method method, const char *path, const char *body, size_t n,
    struct https_request more)
{
	char *url = xasprintf("%s%s", server.url, path);
	struct https_call *c;

	more.method = method;
	more.url = url;
	more.body = body;
	more.n = n;
	if (more.max == 0)
		more.max = 1000;
	c = https_start(https, &more, on_done, &seen);
	assert_int_equal(seen.done, 0); /* never from inside */
	explicit_bzero(url, strlen(url)); /* it has its own */
	free(url);
	return c;
}

#define NONE ((struct https_request){ 0 })

static void
hello(struct peer *p)
{
	answer(p, 200, "text/plain", "hello");
}

static void
test_methods(void **state)
{
	static const char *const headers[] = { "Content-Type: a/b",
		"X-Key: k" };
	struct https_request q = { .headers = headers, .nheaders = 2 };

	(void)state;
	server.script = hello;
	start(HTTPS_GET, "/a?b=c%20d", NULL, 0, NONE);
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_false(seen.a.failed);
	assert_int_equal(seen.a.status, 200);
	assert_string_equal(seen.text, "hello");
	assert_string_equal(seen.type, "text/plain");
	assert_memory_equal(server.head.data, "GET /a?b=c%20d HTTP/1.1\r\n",
	    25);
	assert_null(strcasestr(server.head.data, "Expect:"));
	memset(&seen, 0, sizeof seen);
	start(HTTPS_PUT, "/p", "a\0b", 3, q);
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_memory_equal(server.head.data, "PUT /p HTTP/1.1\r\n", 17);
	assert_int_equal(server.body.len, 3);
	assert_memory_equal(server.body.data, "a\0b", 3);
	assert_true(has_header(&server, "X-Key: k"));
	assert_true(has_header(&server, "Content-Type: a/b"));
	assert_true(has_header(&server, "Content-Length: 3"));
	memset(&seen, 0, sizeof seen);
	start(HTTPS_PUT, "/empty", NULL, 0, NONE);
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_true(has_header(&server, "Content-Length: 0"));
	memset(&seen, 0, sizeof seen);
	start(HTTPS_POST, "/q", "{}", 2, NONE);
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_memory_equal(server.head.data, "POST /q HTTP/1.1\r\n", 18);
	assert_int_equal(server.npeers, 1); /* one connection did it all */
}

static void
teapot(struct peer *p)
{
	answer(p, 418, "text/html", "<html>");
}

static void
test_status(void **state)
{
	(void)state;
	server.script = teapot;
	start(HTTPS_GET, "/", NULL, 0, NONE);
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_false(seen.a.failed);
	assert_int_equal(seen.a.status, 418);
	assert_string_equal(seen.text, "<html>");
}

/* A large body goes out while others come and go. */
static void
test_large(void **state)
{
	size_t n = 9u << 20;
	char *data = xmalloc(n);
	char *into = xcalloc(1, 11);
	struct https_request q = { .into = into, .max = 10 };

	(void)state;
	for (size_t i = 0; i < n; i++)
		data[i] = (char)(i * 7 >> 3);
	server.script = hello;
	start(HTTPS_PUT, "/large", data, n, q);
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_int_equal(server.body.len, n);
	assert_memory_equal(server.body.data, data, n);
	assert_int_equal(seen.a.n, 5);
	assert_string_equal(into, "hello");
	free(into);
	free(data);
}

static void
long_answer(struct peer *p)
{
	/* A length that lies cannot make us take more. */
	say(p, "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 400; i++)
		say(p, "5\r\nhello\r\n");
	say(p, "0\r\n\r\n");
}

static void
test_too_long(void **state)
{
	struct https_request q = { .max = 1999 };

	(void)state;
	server.script = long_answer;
	start(HTTPS_GET, "/secret", NULL, 0, q);
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_true(seen.a.failed && seen.a.hopeless);
	assert_string_equal(seen.a.why, "the answer is too long");
	memset(&seen, 0, sizeof seen);
	q.max = 2000;
	start(HTTPS_GET, "/secret", NULL, 0, q);
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_false(seen.a.failed);
	assert_int_equal(seen.a.n, 2000);
}

static void
cut(struct peer *p)
{
	say(p, "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nhalf");
	p->closing = true;
}

static void
garbage(struct peer *p)
{
	say(p, "SSH-2.0-OpenSSH\r\n\r\n");
	p->closing = true;
}

static void
test_broken(void **state)
{
	static void (*const scripts[])(struct peer *) = { cut, garbage };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		memset(&seen, 0, sizeof seen);
		server.script = scripts[i];
		start(HTTPS_GET, "/x?sig=sEcReT", NULL, 0, NONE);
		TURN_UNTIL(&server, (void)0, seen.done == 1);
		assert_true(seen.a.failed);
		assert_true(seen.a.why[0] != '\0');
		assert_null(strstr(seen.a.why, "sEcReT"));
	}
}

static void
silence(struct peer *p)
{
	(void)p;
}

static void
test_deadline(void **state)
{
	struct https_request all = { .deadline_us = 30 * SEC },
	    hop = { .attempt_us = 20 * SEC };

	(void)state;
	server.script = silence;
	start(HTTPS_POST, "/", "x", 1, all);
	TURN_UNTIL(&server, (void)0, server.requests == 1);
	server.clock.skew += 31 * SEC;
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_true(seen.a.failed && !seen.a.hopeless);
	assert_string_equal(seen.a.why, "no answer in time");
	memset(&seen, 0, sizeof seen);
	start(HTTPS_POST, "/", "x", 1, hop);
	TURN_UNTIL(&server, (void)0, server.requests == 2);
	server.clock.skew += 21 * SEC;
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_string_equal(seen.a.why, "no answer in time");
}

static void
test_cancel(void **state)
{
	struct https_call *c;

	(void)state;
	server.script = silence;
	c = start(HTTPS_POST, "/", "x", 1, NONE);
	https_cancel(c); /* before anything is sent */
	c = start(HTTPS_POST, "/", "x", 1, NONE);
	TURN_UNTIL(&server, (void)0, server.requests == 1);
	https_cancel(c);
	TURN_UNTIL(&server, (void)0, server.closed == 1);
	assert_int_equal(seen.done, 0);
	/* Those that are left at the end are cancelled too. */
	start(HTTPS_POST, "/", "x", 1, NONE);
	TURN_UNTIL(&server, (void)0, server.requests == 2);
}

static void
test_destroyed_inside(void **state)
{
	(void)state;
	server.script = hello;
	seen.h = https;
	start(HTTPS_GET, "/", NULL, 0, NONE);
	https = NULL;
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_string_equal(seen.text, "hello");
	for (int i = 0; i < 5; i++)
		loop_turn(server.loop, 1000);
}

/* ---- redirects ---- */

static void
see_other(struct peer *p)
{
	struct server *s = p->s;

	if (s->requests < 3)
		buf_addf(&p->out, "HTTP/1.1 303 X\r\nLocation: /wait?n=%u\r\n"
		    "Content-Length: 4\r\n\r\nwait", s->requests);
	else
		hello(p);
}

static void
test_see_other(void **state)
{
	static const char *const headers[] = { "Modal-Key: wk-1" };
	struct https_request q = { .headers = headers, .nheaders = 1,
		.redirects = 5, .attempt_us = 20 * SEC };

	(void)state;
	server.script = see_other;
	start(HTTPS_POST, "/run", "body", 4, q);
	TURN_UNTIL(&server, (void)0, server.requests == 2);
	server.clock.skew += 10 * SEC; /* each hop has its own time */
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_false(seen.a.failed);
	assert_string_equal(seen.text, "hello");
	assert_int_equal(server.requests, 3);
	assert_memory_equal(server.head.data, "GET /wait?n=2 HTTP/1.1\r\n",
	    24);
	assert_true(has_header(&server, "Modal-Key: wk-1"));
	assert_int_equal(server.body.len, 0);
}

static void
round_and_round(struct peer *p)
{
	say(p, "HTTP/1.1 303 X\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n");
}

static void
elsewhere(struct peer *p)
{
	say(p, "HTTP/1.1 303 X\r\nLocation: http://127.0.0.1:1/a\r\n"
	    "Content-Length: 0\r\n\r\n");
}

static void
nowhere(struct peer *p)
{
	say(p, "HTTP/1.1 303 X\r\nContent-Length: 0\r\n\r\n");
}

static void
downgrade(struct peer *p)
{
	buf_addf(&p->out, "HTTP/1.1 303 X\r\nLocation: file:///etc/passwd\r\n"
	    "Content-Length: 0\r\n\r\n");
}

static void
moved(struct peer *p)
{
	say(p, "HTTP/1.1 302 X\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n");
}

static void
test_bad_redirects(void **state)
{
	static void (*const scripts[])(struct peer *) = { elsewhere, nowhere,
		downgrade };
	struct https_request q = { .redirects = 5 };

	(void)state;
	server.script = round_and_round;
	start(HTTPS_POST, "/run", "body", 4, q);
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_true(seen.a.failed);
	assert_int_equal(server.requests, 5);
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		memset(&seen, 0, sizeof seen);
		server.script = scripts[i];
		server.requests = 0;
		start(HTTPS_POST, "/run", "body", 4, q);
		TURN_UNTIL(&server, (void)0, seen.done == 1);
		assert_true(seen.a.failed && seen.a.hopeless);
		assert_int_equal(server.requests, 1);
		if (scripts[i] == elsewhere)
			assert_string_equal(seen.a.why, "the server sends us "
			    "to another one, 127.0.0.1");
	}
	/* Unless asked, and any other than 303: an answer as any. */
	memset(&seen, 0, sizeof seen);
	server.script = round_and_round;
	start(HTTPS_GET, "/run", NULL, 0, NONE);
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_int_equal(seen.a.status, 303);
	memset(&seen, 0, sizeof seen);
	server.script = moved;
	start(HTTPS_GET, "/run", NULL, 0, q);
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_int_equal(seen.a.status, 302);
}

/* ---- where it may go ---- */

static void
test_urls(void **state)
{
	static const char *const bad[] = { "", "ftp://127.0.0.1/", "x",
		"http://example.com/sEcReT", "https://", "file:///etc/passwd",
		"http://127.0.0.1.example.com/sEcReT", "https:///sEcReT" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct https_request q = { .url = bad[i], .max = 100 };
		struct err e = { 0 };

		memset(&seen, 0, sizeof seen);
		https_start(https, &q, on_done, &seen);
		assert_int_equal(seen.done, 0);
		TURN_UNTIL(&server, (void)0, seen.done == 1);
		assert_true(seen.a.failed && seen.a.hopeless);
		assert_null(strstr(seen.a.why, "sEcReT"));
		assert_false(https_url_ok(bad[i], &e));
	}
	assert_true(https_url_ok("https://a.modal.run/x?y=z", NULL));
	assert_true(https_url_ok("http://localhost:1/", NULL));
}

/* https:// where there is no TLS. */
static void
test_no_tls(void **state)
{
	char *url = xasprintf("https%s/x?sig=sEcReT", server.url + 4);
	struct https_request q = { .url = url, .max = 100 };

	(void)state;
	server.script = hello;
	https_start(https, &q, on_done, &seen);
	TURN_UNTIL(&server, (void)0, server.npeers > 0 || seen.done == 1);
	if (server.npeers > 0) {
		say(&server.peers[0], "HTTP/1.1 400 No\r\n\r\n");
		peer_flush(&server.peers[0]);
	}
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_true(seen.a.failed && seen.a.hopeless);
	assert_non_null(strstr(seen.a.why, "does not speak TLS"));
	free(url);
}

static void
test_refused(void **state)
{
	struct https_request q = { .url = "http://127.0.0.1:1/sEcReT",
		.max = 100 };

	(void)state;
	https_start(https, &q, on_done, &seen);
	TURN_UNTIL(&server, (void)0, seen.done == 1);
	assert_true(seen.a.failed && !seen.a.hopeless);
	assert_null(strstr(seen.a.why, "sEcReT"));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_methods, setup, teardown),
		cmocka_unit_test_setup_teardown(test_status, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_long, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deadline, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_destroyed_inside, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_see_other, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_bad_redirects, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_urls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_tls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup,
		    teardown),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
