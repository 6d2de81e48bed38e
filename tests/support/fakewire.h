#ifndef TESTS_SUPPORT_FAKEWIRE_H
#define TESTS_SUPPORT_FAKEWIRE_H

/* Connections to a Modal that is in the test itself: each call is in a list
 * until the test ends it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/wire.h"
#include "sandbox/modal-wire.h"

struct place;
struct wire_exchange {
	struct wire_exchange *next;
	const struct wire_sink *sink;
	void *user;
	char rpc[40];
	struct buf headers, body; /* one a line; the request */
	bool answered; /* the head was sent */
	/* the test's own */
	struct loop_timer *timer; /* cancelled at its end */
	struct place *place;
	int fd;
	size_t offset;
};

static struct wire_exchange *wire_open; /* all that have not ended */

/* The test's: a call has come. */
static void wire_asked(struct wire_exchange *);

static void
wire_forget(struct wire_exchange *x)
{
	for (struct wire_exchange **p = &wire_open; *p != NULL;
	    p = &(*p)->next)
		if (*p == x) {
			*p = x->next;
			break;
		}
	loop_timer_cancel(x->timer);
	buf_free(&x->headers);
	buf_free(&x->body);
	free(x);
}

/* The newest of that name; NULL: there is none. */
static inline struct wire_exchange *
wire_find(const char *rpc)
{
	struct wire_exchange *x = wire_open;

	while (x != NULL && strcmp(x->rpc, rpc) != 0)
		x = x->next;
	return x;
}

static void
wire_line(struct wire_exchange *x, const char *text)
{
	x->sink->line(x->user, text, strlen(text));
}

static void
wire_head(struct wire_exchange *x)
{
	if (!x->answered) {
		wire_line(x, "HTTP/2 200\r\n");
		wire_line(x, "content-type: application/grpc\r\n");
	}
	x->answered = true;
}

/* A message of n bytes, of which so many arrive. */
static inline void
wire_bytes(struct wire_exchange *x, const char *p, size_t n, size_t most)
{
	struct buf b = { 0 };

	buf_addc(&b, 0);
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addc(&b, (char)(n >> shift));
	buf_add(&b, p, n);
	wire_head(x);
	x->sink->data(x->user, b.data, b.len < most ? b.len : most);
	buf_free(&b);
}

static inline void
wire_message(struct wire_exchange *x, const void *message, size_t most)
{
	struct buf b = { 0 };

	wire_pack(message, &b);
	wire_bytes(x, buf_str(&b), b.len, most);
	buf_free(&b);
}

static void
wire_close(struct wire_exchange *x, int code)
{
	struct wire_end end = { .took_us = 1000 };
	const struct wire_sink *sink = x->sink;
	void *user = x->user;
	char text[40];

	wire_head(x);
	snprintf(text, sizeof text, "grpc-status: %d\r\n", code);
	wire_line(x, text);
	wire_forget(x);
	sink->end(user, &end);
}

static inline void
wire_cut(struct wire_exchange *x)
{
	struct wire_end end = { .failed = true, .why = "cut",
		.took_us = 1000 };
	const struct wire_sink *sink = x->sink;
	void *user = x->user;

	wire_forget(x);
	sink->end(user, &end);
}

/* ---- what the provider has of it ---- */

static struct wire_exchange *
fakewire_start(struct wire *w, const struct wire_request *q,
    const struct wire_sink *sink, void *user)
{
	struct wire_exchange *x = xcalloc(1, sizeof *x);

	(void)w;
	snprintf(x->rpc, sizeof x->rpc, "%s", strrchr(q->path, '/') + 1);
	for (size_t i = 0; i < q->nheaders; i++)
		buf_addf(&x->headers, "%s\n", q->headers[i]);
	buf_add(&x->body, q->body, q->n);
	x->sink = sink;
	x->user = user;
	x->next = wire_open;
	wire_open = x;
	wire_asked(x);
	return x;
}

static bool
fakewire_stop(struct wire_exchange *x, bool suspect)
{
	(void)suspect;
	wire_forget(x);
	return true;
}

static void
fakewire_destroy(struct wire *w)
{
	free(w);
}

/* For modal_create_on. */
static struct grpc *
fakewire_dial(void *user, struct loop *loop, const struct grpc_spec *spec,
    struct err *e)
{
	struct wire *w = xcalloc(1, sizeof *w);

	(void)user;
	(void)e;
	w->start = fakewire_start;
	w->stop = fakewire_stop;
	w->destroy = fakewire_destroy;
	return grpc_create_on(loop, w, spec->url);
}

#endif
