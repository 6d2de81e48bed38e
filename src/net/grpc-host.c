#include "config.h"

/* What is known of a server: metadata for it, whether it answers (the circuit
 * breaker), how fast. */

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/grpc-priv.h"

#define FAILURES_MAX 5
#define OPEN_MIN_US 1000000
#define OPEN_MAX_US 30000000
/* A probe that says nothing for so long makes room for another: a stream may
 * be silent and well. */
#define PROBE_US 5000000
#define STALL_US 2000000
#define STALLS_MAX 32 /* then it is no break, but how the way is */
#define SECRET_MIN 4 /* what is shorter is no secret */

/* ---- metadata ---- */

static void
wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

static void
meta_drop(struct metadata *m)
{
	wipe(m->value);
	wipe(m->before);
	free(m->name);
}

static bool
name_valid(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if ((*p < 'a' || *p > 'z') && (*p < '0' || *p > '9') &&
		    *p != '-' && *p != '_' && *p != '.')
			return false;
	return *s != '\0';
}

/* Anything else could end the header and begin another. */
static bool
value_valid(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < 0x20 || *s > 0x7e)
			return false;
	return true;
}

static bool
names_secret(const char *name)
{
	static const char *const words[] = { "token", "secret", "auth",
		"assertion" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(name, words[i]) != NULL)
			return true;
	return false;
}

static struct metadata *
meta_of(struct grpc *g, const char *name)
{
	size_t i = 0;

	while (i < g->nmeta && strcmp(g->meta[i].name, name) != 0)
		i++;
	if (i == g->nmeta) {
		GROW(g->meta, g->nmeta, g->meta_cap);
		g->meta[g->nmeta++] = (struct metadata){
			.name = xstrdup(name), .secret = names_secret(name) };
	}
	return &g->meta[i];
}

bool
grpc_metadata(struct grpc *g, const char *name, const char *value)
{
	struct metadata *m;
	char *old;

	if (!name_valid(name) || (value != NULL && !value_valid(value)))
		return false;
	m = meta_of(g, name);
	old = m->value;
	m->value = value != NULL ? xstrdup(value) : NULL;
	if (m->secret && old != NULL) {
		wipe(m->before);
		m->before = old;
	} else {
		wipe(old);
	}
	return true;
}

static void
redact(char *text, const char *secret)
{
	size_t n = secret != NULL ? strlen(secret) : 0, len;
	char *at;

	if (n < SECRET_MIN)
		return;
	while ((at = strstr(text, secret)) != NULL) {
		memset(at, '*', 3);
		memmove(at + 3, at + n, strlen(at + n) + 1);
	}
	/* Where the text was cut, a part of it may be left. */
	len = strlen(text);
	for (size_t k = n - 1 < len ? n - 1 : len; k >= SECRET_MIN; k--)
		if (memcmp(text + len - k, secret, k) == 0) {
			memset(text + len - k, '*', k);
			break;
		}
}

/* Servers like to say which token they did not like. */
void
host_redact(const struct grpc *g, char *text)
{
	for (size_t i = 0; i < g->nmeta; i++)
		if (g->meta[i].secret) {
			redact(text, g->meta[i].value);
			redact(text, g->meta[i].before);
		}
}

void
host_finish(struct grpc *g)
{
	for (size_t i = 0; i < g->nmeta; i++)
		meta_drop(&g->meta[i]);
	free(g->meta);
	loop_timer_cancel(g->probe_timer);
}

/* ---- the circuit breaker ---- */

static void
changed(struct grpc *g)
{
	g->changed = true;
	grpc_pump_soon(g);
}

static void
half_open(void *user)
{
	struct grpc *g = user;

	g->probe_timer = NULL;
	g->breaker = GRPC_HALF_OPEN;
	changed(g);
}

bool
host_admits(struct grpc *g, struct grpc_call *c)
{
	int64_t now = clock_mono(loop_clock(g->loop));

	if (g->breaker == GRPC_CLOSED)
		return true;
	if (g->breaker == GRPC_OPEN || (g->probe != NULL &&
	    now - g->probe_began < PROBE_US))
		return false;
	g->probe = c;
	g->probe_began = now;
	return true;
}

void
host_left(struct grpc *g, struct grpc_call *c)
{
	if (g->probe == c)
		g->probe = NULL;
}

void
host_heard(struct grpc *g, struct grpc_call *c)
{
	host_left(g, c);
	if (g->breaker == GRPC_CLOSED && g->failures == 0)
		return;
	loop_timer_cancel(g->probe_timer);
	g->probe_timer = NULL;
	g->breaker = GRPC_CLOSED;
	g->failures = 0;
	g->open_us = 0;
	changed(g);
}

void
host_failed(struct grpc *g, struct grpc_call *c)
{
	bool probe = g->probe == c;

	host_left(g, c);
	/* All that ran on one connection fails with it: that is one failure,
	 * and none of what began before it is another. */
	if (c->troubles != g->troubles)
		return;
	g->troubles++;
	g->failures++;
	changed(g);
	if (g->breaker == GRPC_OPEN || (g->breaker == GRPC_HALF_OPEN ?
	    !probe : g->failures < FAILURES_MAX))
		return;
	g->breaker = GRPC_OPEN;
	g->open_us = g->open_us == 0 ? OPEN_MIN_US : g->open_us * 2;
	if (g->open_us > OPEN_MAX_US)
		g->open_us = OPEN_MAX_US;
	g->probe_at = clock_mono(loop_clock(g->loop)) + g->open_us;
	g->probe_timer = loop_timer_add(g->loop, g->open_us, half_open, g);
}

/* As TCP smooths it (RFC 6298).  Some seconds amidst are a connection that
 * stood still: they would be shown for many answers after it. */
void
host_round_trip(struct grpc *g, int64_t us)
{
	if (g->rtt_us >= 0 && us >= STALL_US && g->stalls++ < STALLS_MAX)
		return;
	if (us < STALL_US)
		g->stalls = 0;
	if (g->rtt_us < 0)
		changed(g);
	g->rtt_us = g->rtt_us < 0 ? us : g->rtt_us + (us - g->rtt_us) / 8;
}

void
host_date(struct grpc *g, int64_t date)
{
	if (date <= 0)
		return;
	g->dated = true;
	g->ahead = date - clock_wall(loop_clock(g->loop)) / 1000;
}

bool
grpc_clock(const struct grpc *g, int64_t *ahead)
{
	*ahead = g->ahead;
	return g->dated;
}

void
grpc_health(const struct grpc *g, struct grpc_health *h)
{
	int64_t left = g->probe_at - clock_mono(loop_clock(g->loop));

	h->breaker = g->breaker;
	h->rtt_us = g->rtt_us;
	h->failures = g->failures;
	h->probe_us = g->breaker != GRPC_OPEN ? -1 : left > 0 ? left : 0;
}

void
grpc_watch(struct grpc *g, void (*fn)(void *user), void *user)
{
	g->watch = fn;
	g->watch_user = user;
}
