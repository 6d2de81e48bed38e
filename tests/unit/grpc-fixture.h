#ifndef TESTS_UNIT_GRPC_FIXTURE_H
#define TESTS_UNIT_GRPC_FIXTURE_H

/* A gRPC host on a wire that does what a test says, at a time of its own. */

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
#include "net/wire.h"

#define EXCHANGES_MAX 512
#define MS INT64_C(1000)
#define SEC INT64_C(1000000)

struct wire_exchange {
	bool alive, sent, stopped, suspect;
	char *path, *headers; /* one a line */
	char body[64];
	size_t nbody;
	const struct wire_sink *sink;
	void *user;
};

struct fixture {
	struct wire wire;
	struct clock_fake clock;
	struct loop *loop;
	struct grpc *grpc;
	struct wire_exchange x[EXCHANGES_MAX];
	unsigned nx; /* exchanges that were begun */
	bool wire_gone, no_starts;
	unsigned watched;
};

/* What became of a call. */
struct seen {
	struct fixture *f;
	struct grpc_call *call;
	unsigned done, messages;
	struct grpc_status st;
	char text[256]; /* reply or messages, one after the other */
	size_t bytes;
	bool sync; /* the call that asks is not over yet */
	void (*inside)(struct seen *); /* runs in message */
	void (*at_end)(struct seen *); /* runs in done */
};

static struct wire_exchange *
fake_start(struct wire *w, const struct wire_request *q,
    const struct wire_sink *sink, void *user)
{
	struct fixture *f = CONTAINER_OF(w, struct fixture, wire);
	struct wire_exchange *x = &f->x[f->nx++];
	struct buf b = { 0 };

	assert_true(f->nx <= EXCHANGES_MAX);
	assert_false(f->no_starts);
	for (size_t i = 0; i < q->nheaders; i++)
		buf_addf(&b, "%s\n", q->headers[i]);
	*x = (struct wire_exchange){ .alive = true, .sent = true,
		.path = xstrdup(q->path), .headers = buf_take(&b),
		.nbody = q->n, .sink = sink, .user = user };
	memcpy(x->body, q->body, q->n < sizeof x->body ? q->n :
	    sizeof x->body);
	return x;
}

static bool
fake_stop(struct wire_exchange *x, bool suspect)
{
	assert_true(x->alive);
	x->alive = false;
	x->stopped = true;
	x->suspect = suspect;
	return x->sent;
}

static void
fake_destroy(struct wire *w)
{
	struct fixture *f = CONTAINER_OF(w, struct fixture, wire);

	f->wire_gone = true;
	for (unsigned i = 0; i < f->nx; i++)
		assert_false(f->x[i].alive);
}

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	clock_fake_init(&f->clock, 1000 * SEC, 0);
	f->loop = loop_create(&f->clock.base, waiter_poll());
	f->wire = (struct wire){ fake_start, fake_stop, fake_destroy };
	f->grpc = grpc_create_on(f->loop, &f->wire, "host:1");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	grpc_destroy(f->grpc);
	assert_true(f->wire_gone);
	for (unsigned i = 0; i < f->nx; i++) {
		free(f->x[i].path);
		free(f->x[i].headers);
	}
	loop_destroy(f->loop);
	free(f);
	return 0;
}

static inline void
advance(struct fixture *f, int64_t us)
{
	clock_fake_advance(&f->clock, us);
	loop_turn(f->loop, 0);
}

/* ---- what the server does ---- */

static inline struct wire_exchange *
last(struct fixture *f)
{
	assert_true(f->nx > 0);
	return &f->x[f->nx - 1];
}

static inline void
say(struct wire_exchange *x, const char *line)
{
	assert_true(x->alive);
	x->sink->line(x->user, line, strlen(line));
}

static inline void
head(struct wire_exchange *x)
{
	say(x, "HTTP/2 200\r\n");
	say(x, "content-type: application/grpc\r\n");
	say(x, "\r\n");
}

static inline bool
send_bytes(struct wire_exchange *x, const char *p, size_t n)
{
	assert_true(x->alive);
	return x->sink->data(x->user, p, n);
}

static inline bool
send_message(struct wire_exchange *x, const char *text)
{
	struct buf b = { 0 };
	char prefix[GRPC_PREFIX];
	bool on;

	grpc_prefix(prefix, strlen(text));
	buf_add(&b, prefix, sizeof prefix);
	buf_adds(&b, text);
	on = send_bytes(x, b.data, b.len);
	buf_free(&b);
	return on;
}

static inline void
end(struct wire_exchange *x, const struct wire_end *how)
{
	assert_true(x->alive);
	x->alive = false;
	x->sink->end(x->user, how);
}

static inline void
finish(struct wire_exchange *x, int code, const char *message)
{
	char line[1024];

	snprintf(line, sizeof line, "grpc-status: %d\r\n", code);
	say(x, line);
	if (message != NULL) {
		snprintf(line, sizeof line, "grpc-message: %s\r\n", message);
		say(x, line);
	}
	end(x, &(struct wire_end){ .took_us = 20 * MS });
}

static inline void
answer(struct wire_exchange *x, const char *text)
{
	head(x);
	assert_true(send_message(x, text));
	finish(x, 0, NULL);
}

static inline void
break_off(struct wire_exchange *x, const char *why)
{
	struct wire_end how = { .failed = true };

	snprintf(how.why, sizeof how.why, "%s", why);
	end(x, &how);
}

/* ---- what the caller sees ---- */

static void
on_done(void *user, const struct grpc_status *st, const char *reply, size_t n)
{
	struct seen *s = user;

	assert_false(s->sync);
	s->call = NULL;
	s->done++;
	s->st = *st;
	assert_non_null(reply);
	if (n > 0)
		snprintf(s->text, sizeof s->text, "%.*s", (int)n, reply);
	if (s->at_end != NULL)
		s->at_end(s);
}

static void
on_message(void *user, const char *p, size_t n)
{
	struct seen *s = user;
	size_t len = strlen(s->text);

	assert_false(s->sync);
	assert_int_equal(s->done, 0);
	s->messages++;
	s->bytes += n;
	if (n < 64)
		snprintf(s->text + len, sizeof s->text - len, "%.*s|", (int)n,
		    p);
	if (s->inside != NULL)
		s->inside(s);
}

static inline void
unary(struct fixture *f, struct seen *s, const struct grpc_policy *p)
{
	static const struct grpc_policy none;

	s->f = f;
	s->sync = true;
	s->call = grpc_unary(f->grpc, "/p.S/M", "ask", 3, p != NULL ? p :
	    &none, on_done, s);
	s->sync = false;
}

static inline void
stream(struct fixture *f, struct seen *s, int64_t deadline_us)
{
	s->f = f;
	s->sync = true;
	s->call = grpc_stream(f->grpc, "/p.S/Read", "all", 3, deadline_us,
	    on_message, on_done, s);
	s->sync = false;
}

static inline void
expect_end(struct fixture *f, struct seen *s, enum grpc_code code,
    bool transport, const char *message)
{
	if (s->done == 0)
		advance(f, 0);
	assert_int_equal(s->done, 1);
	assert_string_equal(grpc_code_name(s->st.code), grpc_code_name(code));
	assert_int_equal(s->st.transport, transport);
	if (message != NULL)
		assert_string_equal(s->st.message, message);
}

/* The value of a header of a request, or "none". */
static inline const char *
sent_header(struct wire_exchange *x, const char *name)
{
	static char value[128];
	char start[64];
	const char *at;

	snprintf(start, sizeof start, "%s: ", name);
	at = x->headers;
	while (*at != '\0' && strncmp(at, start, strlen(start)) != 0)
		at += strcspn(at, "\n") + 1;
	if (*at == '\0')
		return "none";
	at += strlen(start);
	snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\n"), at);
	return value;
}

static inline void
expect_header(struct wire_exchange *x, const char *name, const char *want)
{
	assert_string_equal(sent_header(x, name), want);
}

#endif
