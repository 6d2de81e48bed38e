#include "config.h"

/*
 * While a file is on its way into the editor: what is typed is for that one.
 * It is kept, as keys, for what they do depends on the text, and done when the
 * file is there.  When it does not come, it is dropped and that is said.
 */

#include "ui/pane-edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define HELD_MAX 65536 /* bytes */
#define BREATH_US 1000000 /* between keys of one who looks elsewhere */

/* As it is recorded (docs/EVENT-LOG.md): what it is, the name of the key or of
 * the command, or a paste's length, a NUL, the paste. */
enum { HELD_KEY = 'k', HELD_PASTE = 'p', HELD_COMMAND = 'c' };

bool
edit_waits(const struct edit_pane *e)
{
	return e->base.ctx.state->opening != NULL && !e->doing &&
	    !e->base.ctx.read_only;
}

bool
edit_waits_shown(const struct edit_pane *e)
{
	const struct pane_ctx *ctx = &e->base.ctx;

	if (ctx->state->opening == NULL || e->look != NULL)
		return false;
	return ctx->read_only || e->waits == NULL || ctx->clock == NULL ||
	    clock_mono(ctx->clock) - e->asked >= OPENING_SHOWN_US;
}

/* --- keeping --- */

static struct edit_held *
held_find(const struct edit_pane *e, const char *path)
{
	for (size_t i = 0; i < e->nheld; i++)
		if (strcmp(e->held[i].path, path) == 0)
			return &e->held[i];
	return NULL;
}

static struct edit_held *
held_get(struct edit_pane *e, const char *path)
{
	struct edit_held *h = held_find(e, path);

	if (h == NULL) {
		GROW(e->held, e->nheld, e->held_cap);
		h = &e->held[e->nheld++];
		memset(h, 0, sizeof *h);
		h->path = xstrdup(path);
	}
	return h;
}

static void
held_free(struct edit_held *h)
{
	free(h->path);
	buf_free(&h->bytes);
}

/* Out of the list, to be freed. */
static struct edit_held
held_take(struct edit_pane *e, struct edit_held *h)
{
	struct edit_held out = *h;

	*h = e->held[--e->nheld];
	return out;
}

/* Whether so much more can be kept; never what comes after what cannot. */
static bool
has_room(struct edit_pane *e, struct edit_held *h, size_t n)
{
	size_t all = n;

	for (size_t i = 0; i < e->nheld; i++)
		all += e->held[i].bytes.len;
	h->full |= all > HELD_MAX;
	if (h->full)
		edit_say(e, "not kept: %s is not open yet, and no more of "
		    "what you type can wait for it", h->path);
	return !h->full;
}

/* Characters, as they are counted for whoever typed them. */
static size_t
typed(const struct key *k)
{
	return edit_printable(k) || edit_enters(k) ||
	    (k->code == KEY_SYM_TAB && k->mods == 0);
}

static size_t
pasted(const char *s, size_t n)
{
	size_t chars = 0;

	for (size_t i = 0; i < n; i++)
		chars += ((unsigned char)s[i] & 0xc0) != 0x80;
	return chars;
}

/* A text and its NUL, and what follows.  Also in the record, as a kill would
 * take it else. */
static void
hold(struct edit_pane *e, char what, const char *text, const char *more,
    size_t n, size_t chars)
{
	struct edit_held *h = held_get(e, e->base.ctx.state->opening);
	struct command cmd = { .type = CMD_FILE_AHEAD, .path = h->path };
	size_t from = h->bytes.len;

	if (!has_room(e, h, 1 + strlen(text) + 1 + n))
		return;
	buf_addc(&h->bytes, what);
	buf_add(&h->bytes, text, strlen(text) + 1);
	buf_add(&h->bytes, more, n);
	h->chars += chars;
	cmd.data = h->bytes.data + from;
	cmd.len = h->bytes.len - from;
	e->base.ctx.send(e->base.ctx.user, &cmd);
}

void
edit_wait_key(struct edit_pane *e, const struct key *k)
{
	char name[32];

	key_name(k, name);
	hold(e, HELD_KEY, name, "", 0, typed(k));
}

void
edit_wait_paste(struct edit_pane *e, const char *s, size_t n)
{
	char size[24];

	snprintf(size, sizeof size, "%zu", n);
	hold(e, HELD_PASTE, size, s, n, pasted(s, n));
}

void
edit_wait_command(struct edit_pane *e, const char *cmd)
{
	hold(e, HELD_COMMAND, cmd, "", 0, 0);
}

struct held_item {
	char what;
	struct key key;
	const char *text; /* the command, the paste */
	size_t n;
};

/* The first of what is held, and what follows it; NULL: there is none. */
static const char *
next_item(const char *p, const char *end, struct held_item *out)
{
	const char *nul = p < end ? memchr(p, '\0', (size_t)(end - p)) : NULL;

	if (nul == NULL)
		return NULL;
	out->what = *p++;
	out->text = p;
	p = nul + 1;
	if (out->what == HELD_KEY && !key_parse(out->text, &out->key))
		out->what = '\0'; /* of a later viva */
	if (out->what != HELD_PASTE)
		return p;
	out->n = strtoul(out->text, NULL, 10);
	out->text = p;
	return out->n <= (size_t)(end - p) ? p + out->n : NULL;
}

/* What a viva before this one had, before what was typed since. */
static void
given_back(struct edit_pane *e, const struct event *ev)
{
	struct edit_held *h = held_get(e, ev->u.file.path);
	struct bytes given = ev->u.file.content;
	const char *p = given.p, *end = p + given.n;
	struct held_item item;
	struct buf all = { 0 };

	while ((p = next_item(p, end, &item)) != NULL)
		h->chars += item.what == HELD_KEY ? typed(&item.key) :
		    item.what == HELD_PASTE ? pasted(item.text, item.n) : 0;
	buf_add(&all, given.p, given.n);
	buf_add(&all, h->bytes.data, h->bytes.len);
	buf_free(&h->bytes);
	h->bytes = all;
}

/* --- doing it --- */

static void
do_held(struct edit_pane *e, const struct edit_held *h)
{
	const char *p = buf_str(&h->bytes), *end = p + h->bytes.len;
	struct pane *pane = &e->base;
	struct held_item item;

	while ((p = next_item(p, end, &item)) != NULL)
		if (item.what == HELD_KEY)
			pane->ops->key(pane, &item.key);
		else if (item.what == HELD_PASTE)
			pane->ops->paste(pane, item.text, item.n);
		else if (item.what == HELD_COMMAND)
			pane->ops->command(pane, item.text, NULL);
}

/* In a file that is not the one in view, which is left as it is. */
static void
do_aside(struct edit_pane *e, const struct edit_held *h)
{
	struct edit_place home = e->home;
	struct buf input = e->input;
	enum edit_ask ask = e->ask;
	size_t goal = e->goal;
	bool follow = e->follow;

	e->ask = ASK_NONE;
	memset(&e->input, 0, sizeof e->input);
	e->goal = EDIT_NONE;
	e->follow = true;
	e->look = xstrdup(h->path);
	do_held(e, h);
	free(e->look);
	e->look = NULL;
	buf_free(&e->input);
	e->input = input;
	e->ask = ask;
	e->home = home;
	e->goal = goal;
	e->follow = follow;
}

static void
has_come(struct edit_pane *e, const char *path)
{
	struct edit_held *found = held_find(e, path), h;
	struct edit_view v;

	if (found == NULL)
		return;
	h = held_take(e, found);
	e->doing = true;
	if (edit_look(e, &v) && strcmp(v.path, path) == 0)
		do_held(e, &h);
	else
		do_aside(e, &h);
	e->doing = false;
	held_free(&h);
}

/* --- dropping it --- */

static void
say_dropped(struct edit_pane *e, const char *why, size_t n)
{
	char *text = xasprintf("%s (%zu typed character%s dropped)", why, n,
	    n == 1 ? "" : "s");

	e->base.ctx.say(e->base.ctx.user, text);
	free(text);
}

static void
does_not_come(struct edit_pane *e, const char *path, const char *why)
{
	bool last = e->waits != NULL && strcmp(e->waits, path) == 0;
	struct edit_held *found = held_find(e, path), h = { 0 };

	if (found != NULL)
		h = held_take(e, found);
	if (h.chars > 0)
		say_dropped(e, why, h.chars);
	if (last) {
		edit_begin(e);
		free(e->breath);
		e->breath = xstrdup(why);
		e->breath_time = e->now;
		e->breath_chars = h.chars;
	}
	held_free(&h);
}

/* Whoever types on has not yet seen that the file does not come: the one that
 * is in view again is not what this is for. */
static bool
one_breath(struct edit_pane *e, size_t chars)
{
	edit_begin(e);
	if (e->breath == NULL)
		return false;
	if (e->now - e->breath_time >= BREATH_US) {
		edit_wait_seen(e);
		return false;
	}
	e->breath_time = e->now;
	e->breath_chars += chars;
	if (e->breath_chars > 0)
		say_dropped(e, e->breath, e->breath_chars);
	return true;
}

bool
edit_wait_late_key(struct edit_pane *e, const struct key *k)
{
	if (typed(k) > 0 || k->code == KEY_SYM_BACKSPACE ||
	    k->code == KEY_SYM_DELETE)
		return one_breath(e, typed(k));
	edit_wait_seen(e);
	return false;
}

bool
edit_wait_late_paste(struct edit_pane *e, const char *s, size_t n)
{
	return one_breath(e, pasted(s, n));
}

void
edit_wait_seen(struct edit_pane *e)
{
	free(e->breath);
	e->breath = NULL;
}

static void
drop_all(struct edit_pane *e)
{
	while (e->nheld > 0) {
		struct edit_held h = held_take(e, &e->held[0]);
		char *why = xasprintf("%s was not open in time", h.path);

		if (h.chars > 0)
			say_dropped(e, why, h.chars);
		free(why);
		held_free(&h);
	}
}

/* --- events --- */

static void
asked_for(struct edit_pane *e)
{
	edit_wait_seen(e);
	edit_ask_leave(e);
	e->dragging = false;
	/* One after the other they are one wait. */
	if (e->waits == NULL && e->base.ctx.clock != NULL)
		e->asked = clock_mono(e->base.ctx.clock);
}

void
edit_wait_event(struct edit_pane *e, const struct event *ev)
{
	const char *path = ev->u.file.path, *now = e->base.ctx.state->opening;

	if (ev->type == EV_QUESTION_START || ev->type == EV_SESSION_END) {
		edit_wait_seen(e);
		drop_all(e);
	} else if (ev->type == EV_FILE_AHEAD) {
		if (ev->origin == ORIGIN_SYSTEM && path != NULL &&
		    !e->base.ctx.read_only)
			given_back(e, ev);
		return;
	} else if ((ev->type != EV_FILE_OPENING &&
	    ev->type != EV_FILE_OPEN) || path == NULL) {
		return;
	} else if (ev->type == EV_FILE_OPEN) {
		edit_wait_seen(e);
		has_come(e, path);
	} else if (ev->u.file.why != NULL) {
		does_not_come(e, path, ev->u.file.why);
	} else {
		asked_for(e);
	}
	free(e->waits);
	e->waits = now != NULL ? xstrdup(now) : NULL;
}

void
edit_wait_free(struct edit_pane *e)
{
	while (e->nheld > 0)
		held_free(&e->held[--e->nheld]);
	free(e->held);
	free(e->waits);
	free(e->breath);
}

/* --- what is seen of it --- */

size_t
edit_wait_chars(const struct edit_pane *e, bool *full)
{
	const struct edit_held *h = held_find(e, e->base.ctx.state->opening);

	*full = h != NULL && h->full;
	return h != NULL ? h->chars : 0;
}
