#include "config.h"

/* libcurl as the wire, against a small HTTP/2 server of this test's own that
 * says what a test wants, byte by byte, on the same loop. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <semaphore.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/grpc-curl.h"
#include "net/grpc-frame.h"
#include "tcp-fixture.h"
#include "tests/support/patience.h"

#define PREFACE 24

enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING = 6, GOAWAY };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };

struct server;
struct peer {
	struct server *s;
	struct loop_fd *source;
	int fd;
	struct buf in, out;
	bool greeted;
};

struct server {
	struct skewed_clock clock;
	struct loop *loop;
	struct loop_fd *source;
	int fd;
	char url[64], tls_url[64], host[32];
	struct peer peers[32];
	unsigned npeers, closed, requests, pings;
	bool old; /* speaks HTTP/1.1, whatever it is spoken to in */
	void (*script)(struct peer *, uint32_t stream);
	/* the client's side */
	struct grpc *grpc;
	unsigned done, messages;
	struct grpc_status st;
	char text[256];
};

/* ---- the server ---- */

static void
frame(struct peer *p, int type, int flags, uint32_t stream, const void *body,
    size_t n)
{
	unsigned char h[9] = { (unsigned char)(n >> 16),
		(unsigned char)(n >> 8), (unsigned char)n,
		(unsigned char)type, (unsigned char)flags,
		(unsigned char)(stream >> 24), (unsigned char)(stream >> 16),
		(unsigned char)(stream >> 8), (unsigned char)stream };

	buf_add(&p->out, h, sizeof h);
	buf_add(&p->out, body, n);
}

/* A field that is in no table (RFC 7541, 6.2.2). */
static void
field(struct buf *b, const char *name, const char *value)
{
	buf_addc(b, 0);
	buf_addc(b, (char)strlen(name));
	buf_adds(b, name);
	buf_addc(b, (char)strlen(value));
	buf_adds(b, value);
}

static void
send_head(struct peer *p, uint32_t stream, const char *status,
    const char *type)
{
	struct buf b = { 0 };

	field(&b, ":status", status);
	field(&b, "content-type", type);
	frame(p, HEADERS, END_HEADERS, stream, b.data, b.len);
	buf_free(&b);
}

static void
send_message(struct peer *p, uint32_t stream, const char *text)
{
	struct buf b = { 0 };
	char prefix[GRPC_PREFIX];

	grpc_prefix(prefix, strlen(text));
	buf_add(&b, prefix, sizeof prefix);
	buf_adds(&b, text);
	frame(p, DATA, 0, stream, b.data, b.len);
	buf_free(&b);
}

static void
send_status(struct peer *p, uint32_t stream, const char *code,
    const char *message)
{
	struct buf b = { 0 };

	field(&b, "grpc-status", code);
	if (message != NULL)
		field(&b, "grpc-message", message);
	frame(p, HEADERS, END_HEADERS | END_STREAM, stream, b.data, b.len);
	buf_free(&b);
}

static void
flush(struct peer *p)
{
	if (p->out.len > 0 && send(p->fd, p->out.data, p->out.len,
	    MSG_NOSIGNAL) != (ssize_t)p->out.len)
		assert_true(errno == EPIPE || errno == ECONNRESET);
	buf_clear(&p->out);
}

static void
hang_up(struct peer *p)
{
	if (p->fd < 0)
		return;
	loop_fd_remove(p->source);
	close(p->fd);
	p->fd = -1;
	p->s->closed++;
	buf_free(&p->in);
	buf_free(&p->out);
}

static void
on_frame(struct peer *p, int type, int flags, uint32_t stream)
{
	if (type == SETTINGS && (flags & ACK) == 0)
		frame(p, SETTINGS, ACK, 0, "", 0);
	if (type == PRIORITY || (type == PING && (flags & ACK) == 0))
		p->s->pings++; /* which it is depends on libcurl */
	if ((type == HEADERS || type == DATA) && (flags & END_STREAM) != 0) {
		p->s->requests++;
		p->s->script(p, stream);
	}
}

static void
read_frames(struct peer *p)
{
	if (!p->greeted && p->in.len >= PREFACE) {
		p->greeted = true;
		if (memcmp(p->in.data, "PRI * HTTP/2.0", 14) == 0 &&
		    !p->s->old)
			frame(p, SETTINGS, 0, 0, "", 0);
		else
			p->s->script(p, 0); /* not HTTP/2 */
		if (p->fd >= 0)
			buf_drop_front(&p->in, PREFACE);
	}
	while (p->fd >= 0 && p->greeted && p->in.len >= 9) {
		const unsigned char *h = (const unsigned char *)p->in.data;
		size_t n = (size_t)h[0] << 16 | (size_t)h[1] << 8 | h[2];
		int type = h[3], flags = h[4];
		uint32_t stream = (uint32_t)h[5] << 24 |
		    (uint32_t)h[6] << 16 | (uint32_t)h[7] << 8 | h[8];

		if (p->in.len < 9 + n)
			return;
		buf_drop_front(&p->in, 9 + n);
		if (!p->s->old)
			on_frame(p, type, flags, stream);
	}
}

static void
on_bytes(void *user, short revents)
{
	struct peer *p = user;
	char bytes[4096];
	ssize_t n = recv(p->fd, bytes, sizeof bytes, 0);

	(void)revents;
	if (n <= 0) {
		hang_up(p);
		return;
	}
	buf_add(&p->in, bytes, (size_t)n);
	read_frames(p);
	if (p->fd >= 0)
		flush(p);
}

static void
on_connection(void *user, short revents)
{
	struct server *s = user;
	struct peer *p = &s->peers[s->npeers++];

	(void)revents;
	assert_true(s->npeers <= ARRAY_LEN(s->peers));
	p->s = s;
	p->fd = accept(s->fd, NULL, NULL);
	assert_true(p->fd >= 0);
	p->source = loop_fd_add(s->loop, p->fd, POLLIN, on_bytes, p);
}

static int
setup(void **state)
{
	struct server *s = xcalloc(1, sizeof *s);

	s->loop = skewed_loop(&s->clock);
	s->fd = tcp_listen(s->host, sizeof s->host);
	s->source = loop_fd_add(s->loop, s->fd, POLLIN, on_connection, s);
	snprintf(s->url, sizeof s->url, "http://%s/", s->host);
	snprintf(s->tls_url, sizeof s->tls_url, "https://%s", s->host);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct server *s = *state;

	grpc_destroy(s->grpc);
	for (unsigned i = 0; i < s->npeers; i++)
		hang_up(&s->peers[i]);
	if (s->fd >= 0)
		close(s->fd);
	loop_destroy(s->loop);
	free(s);
	return 0;
}

/* ---- the client ---- */

static void
connect_to(struct server *s, const char *url)
{
	struct grpc_spec spec = { .url = url,
		.ca_file = strncmp(url, "https", 5) == 0 ? "/dev/null" : NULL };
	struct err e;

	s->grpc = grpc_create(s->loop, &spec, &e);
	assert_non_null(s->grpc);
}

static void
on_message(void *user, const char *p, size_t n)
{
	struct server *s = user;
	size_t len = strlen(s->text);

	s->messages++;
	snprintf(s->text + len, sizeof s->text - len, "%.*s|", (int)n, p);
}

static void
on_done(void *user, const struct grpc_status *st, const char *reply, size_t n)
{
	struct server *s = user;

	s->done++;
	s->st = *st;
	if (n > 0)
		snprintf(s->text, sizeof s->text, "%.*s", (int)n, reply);
}

static struct grpc_call *
unary(struct server *s, unsigned retries)
{
	struct grpc_policy p = { .retries = retries, .delay_us = 1000 };

	return grpc_unary(s->grpc, "/p.S/M", "ask", 3, &p, on_done, s);
}

/* Turns until it is so; the bound is for a test that fails. */
#define UNTIL(s, what)                                                  \
	do {                                                            \
		int64_t limit = clock_mono(clock_system()) + PATIENCE_US; \
		while (!(what)) {                                       \
			assert_true(clock_mono(clock_system()) < limit); \
			loop_turn((s)->loop, SEC / 10);                 \
		}                                                       \
	} while (0)

static void
expect(struct server *s, enum grpc_code code, bool transport,
    const char *message)
{
	unsigned before = s->done;

	UNTIL(s, s->done > before);
	assert_string_equal(grpc_code_name(s->st.code), grpc_code_name(code));
	assert_int_equal(s->st.transport, transport);
	if (message != NULL)
		assert_non_null(strstr(s->st.message, message));
}

/* ---- answers ---- */

static void
say_hello(struct peer *p, uint32_t stream)
{
	send_head(p, stream, "200", "application/grpc");
	send_message(p, stream, "hello");
	send_status(p, stream, "0", NULL);
}

static void
test_unary(void **state)
{
	struct server *s = *state;

	s->script = say_hello;
	connect_to(s, s->url);
	for (unsigned i = 1; i <= 3; i++) {
		unary(s, 0);
		expect(s, GRPC_OK, false, NULL);
		assert_string_equal(s->text, "hello");
		assert_int_equal(s->requests, i);
	}
}

static void
say_not_found(struct peer *p, uint32_t stream)
{
	struct buf b = { 0 };

	field(&b, ":status", "200");
	field(&b, "content-type", "application/grpc");
	field(&b, "grpc-status", "5");
	field(&b, "grpc-message", "no%20app as-topsecret");
	frame(p, HEADERS, END_HEADERS | END_STREAM, stream, b.data, b.len);
	buf_free(&b);
}

static void
test_trailers_only(void **state)
{
	struct server *s = *state;

	s->script = say_not_found;
	connect_to(s, s->url);
	grpc_metadata(s->grpc, "x-token-secret", "as-topsecret");
	unary(s, 3);
	expect(s, GRPC_NOT_FOUND, false, "no app ***");
	assert_int_equal(s->requests, 1);
}

static void
say_three(struct peer *p, uint32_t stream)
{
	send_head(p, stream, "200", "application/grpc+proto");
	send_message(p, stream, "one");
	frame(p, DATA, 0, stream, "\0\0\0\0\3t", 6);
	flush(p);
	frame(p, DATA, 0, stream, "wo\0\0\0\0\5th", 9);
	flush(p);
	frame(p, DATA, 0, stream, "ree", 3);
	send_status(p, stream, "0", NULL);
}

static void
test_stream(void **state)
{
	struct server *s = *state;

	s->script = say_three;
	connect_to(s, s->url);
	grpc_stream(s->grpc, "/p.S/R", "", 0, 0, on_message, on_done, s);
	expect(s, GRPC_OK, false, NULL);
	assert_string_equal(s->text, "one|two|three|");
}

static void
reset_first(struct peer *p, uint32_t stream)
{
	send_head(p, stream, "200", "application/grpc");
	frame(p, DATA, 0, stream, "\0\0\0\0\5hel", 8);
	if (p->s->requests == 1)
		frame(p, RST_STREAM, 0, stream, "\0\0\0\2", 4);
	if (p->s->requests == 2) {
		flush(p);
		hang_up(p);
	}
	if (p->s->requests == 3) {
		frame(p, DATA, 0, stream, "lo", 2);
		send_status(p, stream, "0", NULL);
	}
}

static void
test_reset_and_hang_up_amid_a_message(void **state)
{
	struct server *s = *state;

	s->script = reset_first;
	connect_to(s, s->url);
	unary(s, 0);
	expect(s, GRPC_UNAVAILABLE, true, s->host);
	s->requests = 0;
	unary(s, 2);
	expect(s, GRPC_OK, false, NULL);
	assert_int_equal(s->requests, 3);
	assert_string_equal(s->text, "hello");
}

/* libcurl 7.88 loses the trailers of the last stream of a connection that
 * said GOAWAY: the call is made again. */
static void
goodbye_first(struct peer *p, uint32_t stream)
{
	if (p->s->requests == 1)
		frame(p, GOAWAY, 0, 0, "\0\0\0\1\0\0\0\0", 8);
	say_hello(p, stream);
}

static void
test_goaway(void **state)
{
	struct server *s = *state;

	s->script = goodbye_first;
	connect_to(s, s->url);
	unary(s, 1);
	expect(s, GRPC_OK, false, NULL);
	assert_true(s->requests <= 2);
	unary(s, 0);
	expect(s, GRPC_OK, false, NULL);
}

static void
refuse_the_stream(struct peer *p, uint32_t stream)
{
	(void)stream;
	if (p->s->requests == 1)
		frame(p, GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8);
	else
		say_hello(p, stream);
}

/* Above the last stream that will be served: nothing was done with it. */
static void
test_goaway_before_the_stream(void **state)
{
	struct server *s = *state;

	s->script = refuse_the_stream;
	connect_to(s, s->url);
	unary(s, 1);
	expect(s, GRPC_OK, false, NULL);
	assert_int_equal(s->requests, 2);
}

static void
say_html(struct peer *p, uint32_t stream)
{
	send_head(p, stream, "200", "text/html");
	frame(p, DATA, END_STREAM, stream, "<html>", 6);
}

static void
say_redirect(struct peer *p, uint32_t stream)
{
	struct buf b = { 0 };

	field(&b, ":status", "302");
	field(&b, "location", p->s->url);
	frame(p, HEADERS, END_HEADERS | END_STREAM, stream, b.data, b.len);
	buf_free(&b);
}

static void
say_http1(struct peer *p, uint32_t stream)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\n"
	    "Content-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>";

	(void)stream;
	buf_clear(&p->out);
	buf_add(&p->out, text, sizeof text - 1);
	flush(p);
}

static void
say_http1_and_go(struct peer *p, uint32_t stream)
{
	say_http1(p, stream);
	hang_up(p);
}

static void
test_no_grpc(void **state)
{
	struct server *s = *state;

	s->script = say_html;
	connect_to(s, s->url);
	unary(s, 0);
	expect(s, GRPC_UNKNOWN, true, "answered with a web page");
	s->script = say_redirect;
	unary(s, 0);
	expect(s, GRPC_UNKNOWN, true, "redirect to 127.0.0.1:");
	assert_int_equal(s->requests, 2);
}

/* TLS is due and HTTP comes: once, since it would be the same again. */
static void
test_no_tls(void **state)
{
	struct server *s = *state;

	s->script = say_http1_and_go;
	connect_to(s, s->tls_url);
	unary(s, 5);
#ifdef HAVE_LIBSSL
	expect(s, GRPC_FAILED_PRECONDITION, true, "does not speak TLS");
#else /* libcurl does not even begin without a certificate */
	expect(s, GRPC_FAILED_PRECONDITION, true, NULL);
#endif
	assert_true(s->npeers <= 1);
}

/* A server that was to speak HTTP/2 and has only HTTP/1.1, as a proxy may. */
static void
test_http1(void **state)
{
	static void (*const says[])(struct peer *, uint32_t) = { say_http1,
		say_http1_and_go };
	struct server *s = *state;
	const struct curl_server none = { .ca = NULL };
	char to[256];

	s->old = true;
	connect_to(s, s->url);
	for (size_t i = 0; i < ARRAY_LEN(says); i++) {
		s->script = says[i];
		unary(s, 0);
		expect(s, GRPC_UNAVAILABLE, true, "no answer in HTTP/2");
		assert_non_null(strstr(s->st.message, "a proxy that does not"));
	}
	/* What comes where the server is gone before our first word. */
	curl_words_unheard(&none, CURLE_SEND_ERROR,
	    "Send failure: Broken pipe", to, sizeof to);
	assert_non_null(strstr(to, "no answer in HTTP/2 came (Send failure: "
	    "Broken pipe)"));
	assert_true(strlen(to) < 230);
}

/* What libcurl says of a certificate has a cause and a remedy. */
static void
test_certificate_words(void **state)
{
	static const struct {
		const char *why, *has, *remedy;
	} cases[] = {
		{ "certificate is not yet valid", "not valid yet",
		    "set the clock if it is wrong" },
		{ "certificate has expired", "has expired",
		    "set the clock if it is wrong" },
		{ "self-signed certificate", "(self-signed certificate)",
		    "SSL_CERT_FILE or as ca-file" },
		{ "self signed certificate in certificate chain",
		    "nobody known here vouches", "ca-file" },
		{ "unable to get local issuer certificate",
		    "nobody known here vouches", "ca-file" },
		{ "unable to verify the first certificate",
		    "nobody known here vouches", "ca-file" },
	};
	const struct curl_server none = { .ca = NULL };
	char why[CURL_ERROR_SIZE], to[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(why, sizeof why, "SSL certificate problem: %s",
		    cases[i].why);
		curl_words(&none, CURLE_PEER_FAILED_VERIFICATION, why, to,
		    sizeof to);
		assert_non_null(strstr(to, cases[i].has));
		assert_non_null(strstr(to, cases[i].remedy));
		assert_true(strlen(to) < 230); /* a host stands before it */
	}
	curl_words(&none, CURLE_PEER_FAILED_VERIFICATION, "SSL: no "
	    "alternative certificate subject name matches target host name "
	    "'a'", to, sizeof to);
	assert_non_null(strstr(to, "for another name"));
	curl_words(&none, CURLE_PEER_FAILED_VERIFICATION, "something new", to,
	    sizeof to);
	assert_string_equal(to, "something new");
}

static void
test_certificates_of_the_environment(void **state)
{
	struct grpc_spec spec = { .url = "https://localhost" };
	char *before = getenv("SSL_CERT_FILE");
	struct err e = { 0 };

	(void)state;
	before = before != NULL ? xstrdup(before) : NULL;
	setenv("SSL_CERT_FILE", "/nonexistent/certs", 1);
	assert_null(grpc_create(NULL, &spec, &e));
	assert_non_null(strstr(e.msg, "/nonexistent/certs"));
	if (before != NULL)
		setenv("SSL_CERT_FILE", before, 1);
	else
		unsetenv("SSL_CERT_FILE");
	free(before);
}

static void
say_no_frames(struct peer *p, uint32_t stream)
{
	(void)stream;
	buf_clear(&p->out);
	for (int i = 0; i < 2000; i++)
		buf_addc(&p->out, (char)(i * 7));
	flush(p);
	hang_up(p);
}

static void
test_nonsense(void **state)
{
	struct server *s = *state;

	s->script = say_no_frames;
	connect_to(s, s->url);
	unary(s, 0);
	expect(s, GRPC_UNAVAILABLE, true, s->host);
}

static void
test_nobody_there(void **state)
{
	struct server *s = *state;
	struct grpc_health h;

	loop_fd_remove(s->source);
	close(s->fd);
	s->fd = -1;
	connect_to(s, s->url);
	unary(s, 3);
	expect(s, GRPC_UNAVAILABLE, true, s->host);
	grpc_health(s->grpc, &h);
	assert_int_equal(h.failures, 4);
	assert_int_equal(h.breaker, GRPC_CLOSED);
	unary(s, 9);
	expect(s, GRPC_UNAVAILABLE, true, "failed 5 times in a row");
}

/* ---- silence ---- */

static void
say_nothing(struct peer *p, uint32_t stream)
{
	(void)p;
	(void)stream;
}

static void
say_one(struct peer *p, uint32_t stream)
{
	send_head(p, stream, "200", "application/grpc");
	send_message(p, stream, "one");
}

static void
test_deadline(void **state)
{
	struct server *s = *state;
	struct grpc_policy p = { .deadline_us = SEC };

	s->script = say_nothing;
	connect_to(s, s->url);
	grpc_unary(s->grpc, "/p.S/M", "", 0, &p, on_done, s);
	UNTIL(s, s->requests == 1);
	s->clock.skew += SEC;
	expect(s, GRPC_DEADLINE_EXCEEDED, true, "no answer in 1.0 s");
	UNTIL(s, s->closed == 1);
}

static void
test_cancel_and_destroy(void **state)
{
	struct server *s = *state;
	struct grpc_call *c;

	s->script = say_one;
	connect_to(s, s->url);
	c = grpc_stream(s->grpc, "/p.S/R", "", 0, 0, on_message, on_done, s);
	grpc_stream(s->grpc, "/p.S/R", "", 0, 0, on_message, on_done, s);
	UNTIL(s, s->messages == 2);
	grpc_cancel(c);
	UNTIL(s, s->closed == 1);
	grpc_destroy(s->grpc);
	s->grpc = NULL;
	UNTIL(s, s->closed == 2);
	assert_int_equal(s->done, 0);
}

static void
test_keepalive(void **state)
{
	struct server *s = *state;

	s->script = say_one;
	connect_to(s, s->url);
	grpc_stream(s->grpc, "/p.S/R", "", 0, 0, on_message, on_done, s);
	grpc_stream(s->grpc, "/p.S/R", "", 0, 0, on_message, on_done, s);
	UNTIL(s, s->messages == 2);
	assert_int_equal(s->pings, 0);
	for (unsigned i = 1; i <= 3; i++) {
		s->clock.skew += 30 * SEC;
		UNTIL(s, s->pings == 2 * i);
	}
	assert_int_equal(s->done + s->closed, 0);
}

/* ---- names ---- */

static sem_t looked_up, let_go;

/* In place of the C library's: a name server that does not answer. */
int
getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **) = (int (*)(const char *, const char *,
	    const struct addrinfo *, struct addrinfo **))dlsym(RTLD_NEXT,
	    "getaddrinfo");

	if (node == NULL || strcmp(node, "slow.test") != 0)
		return real(node, service, hints, out);
	sem_post(&looked_up);
	sem_wait(&let_go);
	return EAI_AGAIN;
}

/* Calls are cancelled and the host is left while the look-up hangs. */
static void
test_a_look_up_blocks_nobody(void **state)
{
	struct server *s = *state;
	struct grpc_policy p = { .deadline_us = SEC };
	struct grpc_call *c;

	sem_init(&looked_up, 0, 0);
	sem_init(&let_go, 0, 0);
	connect_to(s, "https://slow.test");
	c = unary(s, 0);
	UNTIL(s, sem_trywait(&looked_up) == 0);
	grpc_unary(s->grpc, "/p.S/M", "", 0, &p, on_done, s);
	grpc_cancel(c);
	s->clock.skew += SEC;
	expect(s, GRPC_DEADLINE_EXCEEDED, true, "slow.test: no answer");
	unary(s, 0);
	loop_turn(s->loop, 0);
	grpc_destroy(s->grpc);
	s->grpc = NULL;
	for (int i = 0; i < 8; i++)
		sem_post(&let_go);
}

static void
test_urls(void **state)
{
	static const struct {
		const char *url, *why;
	} bad[] = {
		{ "", "is not https://HOST[:PORT]" },
		{ "example.com", "is not https://" },
		{ "https:/example.com", "is not https://" },
		{ "https://", "is not https://" },
		{ "https:///x", "is not https://" },
		{ "https://h:99999", "is not https://" },
		{ "ftp://example.com", "is not https://" },
		{ "https://u:hidden@h", "has more in it" },
		{ "https://h/path", "has more in it" },
		{ "https://h?q", "has more in it" },
		{ "https://h#f", "has more in it" },
		{ "http://example.com", "in the clear" },
		{ "http://127.example.com", "in the clear" },
		{ "http://128.0.0.1", "in the clear" },
	};
	static const char *const good[] = { "https://api.modal.com:443",
		"https://h/", "HTTPS://H", "https://[::1]:1", "http://[::1]:1",
		"http://127.0.0.1:80", "http://LocalHost" };
	struct server *s = *state;
	struct grpc_spec spec = { 0 };
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		spec.url = bad[i].url;
		assert_null(grpc_create(s->loop, &spec, &e));
		assert_non_null(strstr(e.msg, bad[i].why));
		assert_null(strstr(e.msg, "hidden"));
	}
	spec.ca_file = "/dev/null";
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct grpc *g;

		spec.url = good[i];
		g = grpc_create(s->loop, &spec, &e);
		assert_non_null(g);
		grpc_destroy(g);
	}
	spec = (struct grpc_spec){ .url = "https://h",
		.ca_file = "/nonexistent/ca.pem" };
	assert_null(grpc_create(s->loop, &spec, &e));
	assert_string_equal(e.msg, "cannot read the certificates in "
	    "/nonexistent/ca.pem: No such file or directory");
}

/* What is started later must not have the connection. */
static void
test_sockets_close_on_exec(void **state)
{
	struct server *s = *state;
	unsigned found = 0;

	s->script = say_one;
	connect_to(s, s->url);
	grpc_stream(s->grpc, "/p.S/R", "", 0, 0, on_message, on_done, s);
	UNTIL(s, s->messages == 1);
	for (int fd = 3; fd < 256; fd++) {
		struct sockaddr_in a;
		socklen_t n = sizeof a;

		if (getpeername(fd, (struct sockaddr *)&a, &n) == 0 &&
		    a.sin_family == AF_INET && fd != s->peers[0].fd) {
			assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
			found++;
		}
	}
	assert_int_equal(found, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_unary),
		TEST(test_trailers_only),
		TEST(test_stream),
		TEST(test_reset_and_hang_up_amid_a_message),
		TEST(test_goaway),
		TEST(test_goaway_before_the_stream),
		TEST(test_no_grpc),
		TEST(test_no_tls),
		TEST(test_http1),
		TEST(test_certificate_words),
		TEST(test_certificates_of_the_environment),
		TEST(test_nonsense),
		TEST(test_nobody_there),
		TEST(test_deadline),
		TEST(test_cancel_and_destroy),
		TEST(test_keepalive),
		TEST(test_a_look_up_blocks_nobody),
		TEST(test_urls),
		TEST(test_sockets_close_on_exec),
	};

	/* What blocks the loop is to fail, not to hang. */
	alarm(5 * PATIENCE_US / 1000000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
