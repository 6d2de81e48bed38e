#include "config.h"

#include "text/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PAUSE_US 1000000

struct change {
	size_t off, dlen, ilen;
	char *del, *ins;
	char kind[12];
	int64_t t;
	unsigned group;
};

struct history {
	struct change *v;
	size_t n, cap;
	size_t at; /* changes before it are applied, those from it are undone */
	unsigned group;
};

struct history *
history_create(void)
{
	return xcalloc(1, sizeof(struct history));
}

static void
cut(struct history *h, size_t n)
{
	while (h->n > n) {
		h->n--;
		free(h->v[h->n].del);
		free(h->v[h->n].ins);
	}
}

void
history_destroy(struct history *h)
{
	if (h == NULL)
		return;
	cut(h, 0);
	free(h->v);
	free(h);
}

/* Typing goes on where it was, soon after, within a line. */
static bool
continues(const struct change *c, size_t off, size_t dlen, const char *ins,
    size_t ilen, const char *kind, int64_t now)
{
	if (strcmp(c->kind, kind) != 0 || now - c->t > PAUSE_US)
		return false;
	if (strcmp(kind, "type") == 0)
		return off == c->off + c->ilen &&
		    memchr(ins, '\n', ilen) == NULL;
	if (strcmp(kind, "delete") == 0)
		return off + dlen == c->off || off == c->off;
	/* Operations that one command sends together. */
	return now == c->t;
}

void
history_record(struct history *h, size_t off, const char *del, size_t dlen,
    const char *ins, size_t ilen, const char *kind, int64_t now)
{
	struct change *c;

	cut(h, h->at);
	if (h->n == 0 || !continues(&h->v[h->n - 1], off, dlen, ins, ilen,
	    kind, now))
		h->group++;
	GROW(h->v, h->n, h->cap);
	c = &h->v[h->n++];
	c->off = off;
	c->dlen = dlen;
	c->ilen = ilen;
	c->del = xmemdup(del, dlen);
	c->ins = xmemdup(ins, ilen);
	memset(c->kind, 0, sizeof c->kind);
	memcpy(c->kind, kind, strnlen(kind, sizeof c->kind - 1));
	c->t = now;
	c->group = h->group;
	h->at = h->n;
}

bool
history_undo(struct history *h, history_fn fn, void *user)
{
	unsigned g;

	if (h->at == 0)
		return false;
	g = h->v[h->at - 1].group;
	while (h->at > 0 && h->v[h->at - 1].group == g) {
		const struct change *c = &h->v[--h->at];

		fn(user, c->off, c->ilen, c->del, c->dlen);
	}
	return true;
}

bool
history_redo(struct history *h, history_fn fn, void *user)
{
	unsigned g;

	if (h->at == h->n)
		return false;
	g = h->v[h->at].group;
	while (h->at < h->n && h->v[h->at].group == g) {
		const struct change *c = &h->v[h->at++];

		fn(user, c->off, c->dlen, c->ins, c->ilen);
	}
	return true;
}
