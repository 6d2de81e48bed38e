#include "config.h"

/* One attempt of a call: its headers, its answer, what became of it, and
 * whether there is another. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "net/grpc-priv.h"

#define HEADERS_MAX 64 /* our own are at most 9 of them */

void
status_set(struct grpc_call *c, struct grpc_status *st, enum grpc_code code,
    bool transport, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	st->code = code;
	st->transport = transport;
	st->retry_after_us = -1;
	host_redact(c->grpc, text);
	grpc_text(st->message, sizeof st->message, text, strlen(text), false);
}

static int64_t
elapsed(const struct grpc_call *c)
{
	return clock_mono(loop_clock(c->grpc->loop)) - c->began;
}

/* ---- what is sent ---- */

struct headers {
	char *v[HEADERS_MAX];
	size_t n;
};

static void
add(struct headers *h, const char *name, const char *value)
{
	size_t n = strlen(name) + strlen(value) + 3;

	if (h->n == HEADERS_MAX)
		return;
	/* Of the right size at once: what grows leaves copies behind. */
	h->v[h->n] = xmalloc(n);
	snprintf(h->v[h->n++], n, "%s: %s", name, value);
}

static void
add_seconds(struct headers *h, const char *name, int64_t us)
{
	char text[32];

	snprintf(text, sizeof text, "%.3f", (double)us / 1e6);
	add(h, name, text);
}

static void
add_number(struct headers *h, const char *name, unsigned n)
{
	char text[16];

	snprintf(text, sizeof text, "%u", n);
	add(h, name, text);
}

static void
attempt_headers(struct grpc_call *c, struct headers *h, int64_t limit_us)
{
	const struct grpc *g = c->grpc;
	char timeout[12];

	add(h, "content-type", "application/grpc");
	add(h, "te", "trailers");
	if (limit_us > 0) {
		grpc_timeout_text(timeout, limit_us);
		add(h, "grpc-timeout", timeout);
	}
	if (!c->policy.plain) {
		add(h, "x-idempotency-key", c->key);
		add_number(h, "x-retry-attempt", c->attempt);
		add_number(h, "x-throttle-retry-attempt", c->throttled);
		if (c->attempt > 0)
			add_seconds(h, "x-retry-delay", elapsed(c));
		if (c->throttled > 0)
			add_seconds(h, "x-throttle-retry-delay", elapsed(c));
	}
	for (size_t i = 0; i < g->nmeta; i++)
		if (g->meta[i].value != NULL)
			add(h, g->meta[i].name, g->meta[i].value);
}

/* ---- what became of it ---- */

static void attempt_over(struct grpc_call *, const struct grpc_status *);

static bool
retryable(const struct grpc_status *st)
{
	return st->code == GRPC_CANCELLED || st->code == GRPC_UNKNOWN ||
	    st->code == GRPC_DEADLINE_EXCEEDED || st->code == GRPC_INTERNAL ||
	    st->code == GRPC_UNAVAILABLE;
}

static void
again(void *user)
{
	struct grpc_call *c = user;

	c->timer = NULL;
	attempt_begin(c);
}

static bool
throttled(struct grpc_call *c, const struct grpc_status *st, int64_t *wait)
{
	int64_t limit = c->policy.throttle_us;

	if (st->retry_after_us < 0 || limit == 0 || c->stream)
		return false;
	*wait = st->retry_after_us;
	if (*wait < c->policy.delay_us)
		*wait = c->policy.delay_us;
	return limit < 0 || elapsed(c) + *wait < limit;
}

/* Whether there is another attempt, and when.  Hints that are not followed
 * end the call: the server asked for more patience than there is. */
static bool
next_attempt(struct grpc_call *c, const struct grpc_status *st, int64_t *wait)
{
	if (st->code == GRPC_OK || c->stream)
		return false;
	if (throttled(c, st, wait)) {
		c->throttled++;
	} else if (st->retry_after_us >= 0 && c->policy.throttle_us != 0) {
		return false;
	} else if (retryable(st) && c->attempt < c->policy.retries) {
		*wait = c->delay_us;
		if (c->delay_us <= INT64_MAX / 2)
			c->delay_us *= 2;
		if (c->policy.delay_max_us > 0 &&
		    c->delay_us > c->policy.delay_max_us)
			c->delay_us = c->policy.delay_max_us;
		c->attempt++;
	} else {
		return false;
	}
	return c->policy.deadline_us <= 0 ||
	    elapsed(c) + *wait < c->policy.deadline_us;
}

static void
attempt_over(struct grpc_call *c, const struct grpc_status *st)
{
	int64_t wait = 0;

	c->status = *st;
	loop_timer_cancel(c->timer);
	c->timer = NULL;
	if (next_attempt(c, st, &wait)) {
		c->timer = loop_timer_add(c->grpc->loop, wait, again, c);
		return;
	}
	loop_timer_cancel(c->deadline);
	c->deadline = NULL;
	c->ended = true;
	grpc_ready(c);
}

bool
attempt_drop(struct grpc_call *c, bool suspect)
{
	bool sent = true;

	loop_timer_cancel(c->timer);
	c->timer = NULL;
	if (c->exchange != NULL)
		sent = c->grpc->wire->stop(c->exchange, suspect);
	c->exchange = NULL;
	return sent;
}

/* A server that does not even take the request is as good as none; one that
 * is slow to answer is not. */
static void
expire(struct grpc_call *c, struct grpc_status *st, int64_t limit_us)
{
	bool running = c->exchange != NULL;
	bool sent = attempt_drop(c, !c->heard && !c->policy.waits);

	if (running && !sent)
		host_failed(c->grpc, c);
	else
		host_left(c->grpc, c);
	status_set(c, st, GRPC_DEADLINE_EXCEEDED, true,
	    "%s: no answer in %.1f s", c->grpc->host, (double)limit_us / 1e6);
}

void
attempt_expire(struct grpc_call *c)
{
	struct grpc_status st;

	if (c->ended)
		return;
	expire(c, &st, c->policy.deadline_us);
	/* What the last attempt died of says more, if there was one. */
	if (c->attempt + c->throttled > 0 && c->status.code != GRPC_OK &&
	    !c->status.transport) {
		char why[sizeof c->status.message];

		memcpy(why, c->status.message, sizeof why);
		status_set(c, &st, GRPC_DEADLINE_EXCEEDED, true,
		    "%s: no answer in %.1f s; the one before: %s",
		    c->grpc->host, (double)c->policy.deadline_us / 1e6, why);
	}
	c->status = st;
	c->ended = true;
	grpc_ready(c);
}

static void
on_attempt_timer(void *user)
{
	struct grpc_call *c = user;
	struct grpc_status st;

	c->timer = NULL;
	expire(c, &st, c->policy.attempt_us);
	attempt_over(c, &st);
}

/* ---- what comes back ---- */

static void
on_line(void *user, const char *p, size_t n)
{
	struct grpc_call *c = user;

	grpc_head_line(&c->head, p, n);
	if (!c->heard && c->head.version >= 2 && c->head.http == 200) {
		c->heard = true;
		host_heard(c->grpc, c);
	}
}

/* What is no gRPC answer is not read on. */
static bool
answer_fits(struct grpc_call *c)
{
	const struct grpc_head *h = &c->head;

	if (h->compressed)
		status_set(c, &c->refused, GRPC_INTERNAL, true,
		    "%s: the answer is compressed, which was not asked for",
		    c->grpc->host);
	return h->version >= 2 && h->http == 200 && h->grpc && !h->compressed;
}

static bool
on_data(void *user, const char *p, size_t n)
{
	struct grpc_call *c = user;
	struct err e;

	if (!answer_fits(c))
		return false;
	if (!grpc_frames_add(&c->in, p, n, &e)) {
		status_set(c, &c->refused, e.code == ERR_LIMIT ?
		    GRPC_RESOURCE_EXHAUSTED : GRPC_INTERNAL, true, "%s: %s",
		    c->grpc->host, e.msg);
		return false;
	}
	if (c->stream && c->paused &&
	    grpc_frames_held(&c->in) > GRPC_PAUSED_MAX) {
		status_set(c, &c->refused, GRPC_RESOURCE_EXHAUSTED, true,
		    "%s: more than %u MiB came while the stream was paused",
		    c->grpc->host, GRPC_PAUSED_MAX >> 20);
		return false;
	}
	if (!c->stream && (c->in.ready > 1 ||
	    (c->in.ready == 1 && grpc_frames_cut(&c->in)))) {
		status_set(c, &c->refused, GRPC_INTERNAL, true,
		    "%s: more than one message came", c->grpc->host);
		return false;
	}
	if (c->stream && c->in.ready > 0)
		grpc_ready(c);
	return true;
}

/* The server's own words; of those that say OK the messages must be whole. */
static void
server_status(struct grpc_call *c, struct grpc_status *st)
{
	const struct grpc_head *h = &c->head;
	char text[sizeof h->text];

	st->code = (enum grpc_code)h->code;
	st->transport = false;
	st->retry_after_us = h->code != GRPC_OK ? h->retry_after_us : -1;
	grpc_text(text, sizeof text, h->text, strlen(h->text), true);
	host_redact(c->grpc, text);
	grpc_text(st->message, sizeof st->message, text, strlen(text), false);
	if (st->code != GRPC_OK)
		return;
	if (grpc_frames_cut(&c->in))
		status_set(c, st, GRPC_INTERNAL, true,
		    "%s: the answer ends inside a message", c->grpc->host);
	else if (!c->stream && c->in.ready != 1)
		status_set(c, st, GRPC_INTERNAL, true,
		    "%s: the answer has no message", c->grpc->host);
}

/* Something answered that is not the server, or not in gRPC. */
static void
status_of_stranger(struct grpc_call *c, struct grpc_status *st)
{
	static const char who[] = "a proxy is in between (see https_proxy, "
	    "no_proxy), or it is the wrong server";
	const struct grpc_head *h = &c->head;
	enum grpc_code code = grpc_code_of_http(h->http);
	bool moved = h->http >= 300 && h->http < 400;
	char what[80];

	/* The same would happen again, but for what passes. */
	if (h->version == 1 && code != GRPC_UNAVAILABLE)
		code = GRPC_FAILED_PRECONDITION;
	if (moved)
		snprintf(what, sizeof what, "a redirect%s%s", h->to[0] !=
		    '\0' ? " to " : "", h->to);
	else if (strncasecmp(h->type, "text/html", 9) == 0)
		snprintf(what, sizeof what, "a web page");
	else
		snprintf(what, sizeof what, "%s", h->type[0] != '\0' ?
		    h->type : "nothing");
	if (moved || !h->grpc)
		status_set(c, st, code, true, "%s answered with %s (HTTP %d), "
		    "not gRPC: %s", c->grpc->host, what, h->http, who);
	else if (h->version == 1)
		status_set(c, st, code, true, "%s answered in HTTP/1.1 "
		    "(status %d), not HTTP/2: %s", c->grpc->host, h->http,
		    who);
	else
		status_set(c, st, code, true, "%s answered with HTTP %d",
		    c->grpc->host, h->http);
}

static void
status_of_end(struct grpc_call *c, const struct wire_end *end,
    struct grpc_status *st)
{
	const struct grpc_head *h = &c->head;
	const char *host = c->grpc->host;

	if (h->code >= 0 && h->version >= 2 && (h->grpc || h->http == 200))
		server_status(c, st);
	else if (h->version != 0 && (h->version == 1 || h->http != 200 ||
	    !h->grpc))
		status_of_stranger(c, st);
	else if (end->failed)
		status_set(c, st, end->hopeless ? GRPC_FAILED_PRECONDITION :
		    GRPC_UNAVAILABLE, true, "%s: %s", host, end->why);
	else
		status_set(c, st, GRPC_UNKNOWN, true,
		    "%s: the answer ends without a status", host);
}

static void
on_end(void *user, const struct wire_end *end)
{
	struct grpc_call *c = user;
	struct grpc *g = c->grpc;
	struct grpc_status st;

	c->exchange = NULL;
	if (c->refused.code != GRPC_OK)
		st = c->refused;
	else
		status_of_end(c, end, &st);
	if (st.transport && (st.code == GRPC_UNAVAILABLE ||
	    st.code == GRPC_FAILED_PRECONDITION))
		host_failed(g, c);
	else if (!st.transport) {
		host_heard(g, c);
		host_date(g, c->head.date);
	} else
		host_left(g, c);
	if (!st.transport && !c->stream && !end->fresh && !c->policy.waits)
		host_round_trip(g, end->took_us);
	attempt_over(c, &st);
}

/* ---- the beginning ---- */

static int64_t
attempt_limit(const struct grpc_call *c)
{
	int64_t us = c->policy.attempt_us, left;

	if (c->policy.deadline_us <= 0)
		return us;
	left = c->policy.deadline_us - elapsed(c);
	if (left < 1)
		left = 1;
	return us > 0 && us < left ? us : left;
}

static void
refuse(struct grpc_call *c)
{
	struct grpc_health h;
	struct grpc_status st;

	grpc_health(c->grpc, &h);
	if (h.breaker == GRPC_OPEN)
		status_set(c, &st, GRPC_UNAVAILABLE, true,
		    "%s failed %u times in a row; tried again in %.1f s",
		    c->grpc->host, h.failures, (double)h.probe_us / 1e6);
	else
		status_set(c, &st, GRPC_UNAVAILABLE, true,
		    "%s failed %u times in a row; being tried again",
		    c->grpc->host, h.failures);
	attempt_over(c, &st);
}

static void
too_large(struct grpc_call *c)
{
	struct grpc_status st;

	status_set(c, &st, GRPC_RESOURCE_EXHAUSTED, true,
	    "a request of %zu bytes is over the limit of %u",
	    c->nbody - GRPC_PREFIX, GRPC_MESSAGE_MAX);
	attempt_over(c, &st);
}

void
attempt_begin(struct grpc_call *c)
{
	static const struct wire_sink sink = { on_line, on_data, on_end };
	struct wire_request q = { .path = c->path, .body = c->body,
		.n = c->nbody };
	struct headers h = { .n = 0 };
	int64_t limit = attempt_limit(c);

	grpc_head_init(&c->head);
	grpc_frames_free(&c->in);
	c->heard = false;
	c->refused.code = GRPC_OK;
	c->troubles = c->grpc->troubles;
	if (c->nbody - GRPC_PREFIX > GRPC_MESSAGE_MAX) {
		too_large(c);
		return;
	}
	if (!host_admits(c->grpc, c)) {
		refuse(c);
		return;
	}
	attempt_headers(c, &h, limit);
	q.headers = (const char *const *)h.v;
	q.nheaders = h.n;
	if (c->policy.attempt_us > 0)
		c->timer = loop_timer_add(c->grpc->loop, c->policy.attempt_us,
		    on_attempt_timer, c);
	c->exchange = c->grpc->wire->start(c->grpc->wire, &q, &sink, c);
	for (size_t i = 0; i < h.n; i++) {
		explicit_bzero(h.v[i], strlen(h.v[i]));
		free(h.v[i]);
	}
}
