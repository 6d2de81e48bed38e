#include "config.h"

#include "net/grpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "net/grpc-priv.h"

/* ---- a server ---- */

struct grpc *
grpc_create_on(struct loop *loop, struct wire *w, const char *host)
{
	struct grpc *g = xcalloc(1, sizeof *g);

	g->loop = loop;
	g->wire = w;
	g->host = xstrdup(host);
	g->ready_end = &g->ready;
	g->rtt_us = -1;
	return g;
}

struct grpc *
grpc_create(struct loop *loop, const struct grpc_spec *spec, struct err *e)
{
	struct wire *w = wire_curl(loop, spec, e);
	const char *url;
	struct grpc *g;
	char *host;

	if (w == NULL)
		return NULL;
	url = strstr(spec->url, "://") + 3;
	host = xstrndup(url, strcspn(url, "/"));
	g = grpc_create_on(loop, w, host);
	free(host);
	return g;
}

static void
unlink_call(struct grpc_call *c)
{
	struct grpc *g = c->grpc;

	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		g->calls = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	for (struct grpc_call **p = &g->ready; c->in_ready && *p != NULL;
	    p = &(*p)->next_ready)
		if (*p == c) {
			*p = c->next_ready;
			if (*p == NULL)
				g->ready_end = p;
			break;
		}
	attempt_drop(c, false);
	host_left(g, c);
	loop_timer_cancel(c->deadline);
	c->deadline = NULL;
}

/* Requests and replies hold tokens and environments. */
static void
free_call(struct grpc_call *c)
{
	explicit_bzero(c->body, c->nbody);
	free(c->body);
	grpc_frames_free(&c->in);
	free(c->path);
	free(c);
}

void
grpc_cancel(struct grpc_call *c)
{
	if (c == NULL || c->gone)
		return;
	c->gone = true;
	unlink_call(c);
	if (c->grpc->current != c)
		free_call(c);
}

static void
free_grpc(struct grpc *g)
{
	loop_timer_cancel(g->pump);
	host_finish(g);
	g->wire->destroy(g->wire);
	free(g->host);
	free(g);
}

void
grpc_destroy(struct grpc *g)
{
	if (g == NULL || g->dead)
		return;
	while (g->calls != NULL)
		grpc_cancel(g->calls);
	g->watch = NULL;
	/* Inside a callback its turn is not over yet. */
	if (g->current != NULL)
		g->dead = true;
	else
		free_grpc(g);
}

/* ---- delivery ---- */

static void
deliver_end(struct grpc_call *c)
{
	const char *p = "";
	size_t n = 0;

	c->gone = true;
	unlink_call(c);
	if (!c->stream && c->status.code == GRPC_OK)
		grpc_frames_next(&c->in, &p, &n);
	c->done(c->user, &c->status, p, n);
}

static void
deliver(struct grpc_call *c)
{
	struct grpc *g = c->grpc;
	const char *p;
	size_t n;

	g->current = c;
	while (c->stream && !c->gone && !c->paused &&
	    grpc_frames_next(&c->in, &p, &n))
		c->message(c->user, p, n);
	if (!c->gone && !c->paused && c->ended)
		deliver_end(c);
	g->current = NULL;
	if (c->gone)
		free_call(c);
}

static void
tell_watch(struct grpc *g)
{
	struct grpc_call marker; /* so that a destroy waits */

	g->changed = false;
	if (g->watch == NULL)
		return;
	g->current = &marker;
	g->watch(g->watch_user);
	g->current = NULL;
}

static void
pump(void *user)
{
	struct grpc *g = user;
	struct grpc_call *c;
	size_t n = 0;

	g->pump = NULL;
	if (g->changed)
		tell_watch(g);
	/* What becomes ready meanwhile waits for its turn. */
	for (c = g->ready; c != NULL; c = c->next_ready)
		n++;
	while (!g->dead && n-- > 0 && (c = g->ready) != NULL) {
		g->ready = c->next_ready;
		if (g->ready == NULL)
			g->ready_end = &g->ready;
		c->in_ready = false;
		deliver(c);
	}
	if (g->dead)
		free_grpc(g);
	else if (g->ready != NULL || g->changed)
		grpc_pump_soon(g);
}

void
grpc_pump_soon(struct grpc *g)
{
	if (g->pump == NULL)
		g->pump = loop_timer_add(g->loop, 0, pump, g);
}

void
grpc_ready(struct grpc_call *c)
{
	struct grpc *g = c->grpc;

	if (c->in_ready || c->gone)
		return;
	c->in_ready = true;
	c->next_ready = NULL;
	*g->ready_end = c;
	g->ready_end = &c->next_ready;
	grpc_pump_soon(g);
}

/* ---- calls ---- */

/* A random UUID (RFC 9562, version 4). */
static void
make_key(char out[37])
{
	unsigned char b[16];
	size_t len = 0;

	if (getrandom(b, sizeof b, 0) != sizeof b)
		abort(); /* 16 bytes never come short */
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof b; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[len++] = '-';
		snprintf(out + len, 3, "%02x", b[i]);
		len += 2;
	}
}

static void
on_deadline(void *user)
{
	struct grpc_call *c = user;

	c->deadline = NULL;
	attempt_expire(c);
}

static struct grpc_call *
call_create(struct grpc *g, const char *path, const char *request, size_t n,
    const struct grpc_policy *policy, grpc_done done, void *user)
{
	struct grpc_call *c = xcalloc(1, sizeof *c);

	c->grpc = g;
	c->next = g->calls;
	if (c->next != NULL)
		c->next->prev = c;
	g->calls = c;
	c->path = xstrdup(path);
	c->nbody = GRPC_PREFIX + n;
	c->body = xmalloc(c->nbody);
	grpc_prefix(c->body, n);
	if (n > 0)
		memcpy(c->body + GRPC_PREFIX, request, n);
	c->policy = *policy;
	if (c->policy.delay_us <= 0)
		c->policy.delay_us = 100000;
	if (c->policy.delay_max_us == 0)
		c->policy.delay_max_us = 1000000;
	c->delay_us = c->policy.delay_us;
	c->done = done;
	c->user = user;
	c->began = clock_mono(loop_clock(g->loop));
	if (policy->deadline_us > 0)
		c->deadline = loop_timer_add(g->loop, policy->deadline_us,
		    on_deadline, c);
	return c;
}

struct grpc_call *
grpc_unary(struct grpc *g, const char *path, const char *request, size_t n,
    const struct grpc_policy *policy, grpc_done done, void *user)
{
	struct grpc_call *c = call_create(g, path, request, n, policy, done,
	    user);

	c->in.secret = true;
	make_key(c->key);
	attempt_begin(c);
	return c;
}

struct grpc_call *
grpc_stream(struct grpc *g, const char *path, const char *request, size_t n,
    int64_t deadline_us, grpc_message message, grpc_done done, void *user)
{
	struct grpc_policy once = { .deadline_us = deadline_us,
		.plain = true };
	struct grpc_call *c = call_create(g, path, request, n, &once, done,
	    user);

	c->stream = true;
	c->message = message;
	attempt_begin(c);
	return c;
}

void
grpc_pause(struct grpc_call *c, bool paused)
{
	if (c->gone || c->paused == paused)
		return;
	c->paused = paused;
	if (!paused)
		grpc_ready(c);
}
