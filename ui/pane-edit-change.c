#include "config.h"

#include "ui/pane-edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* --- the histories --- */

static struct edit_undo *
undo_find(const struct edit_pane *e, const char *path)
{
	for (size_t i = 0; i < e->nundos; i++)
		if (strcmp(e->undos[i].path, path) == 0)
			return &e->undos[i];
	return NULL;
}

static struct history *
history_of(struct edit_pane *e, const char *path)
{
	struct edit_undo *u = undo_find(e, path);

	if (u == NULL) {
		GROW(e->undos, e->nundos, e->undos_cap);
		u = &e->undos[e->nundos++];
		u->path = xstrdup(path);
		u->history = history_create();
	}
	return u->history;
}

static void
drop(struct edit_pane *e, struct edit_undo *u)
{
	free(u->path);
	history_destroy(u->history);
	*u = e->undos[--e->nundos];
}

void
edit_undo_drop(struct edit_pane *e, const char *path)
{
	struct edit_undo *u = path != NULL ? undo_find(e, path) : NULL;

	if (u != NULL)
		drop(e, u);
	while (path == NULL && e->nundos > 0)
		drop(e, &e->undos[e->nundos - 1]);
}

void
edit_undo_rename(struct edit_pane *e, const char *path, const char *to)
{
	struct edit_undo *u;

	if (path == NULL || to == NULL || strcmp(path, to) == 0)
		return;
	edit_undo_drop(e, to);
	u = undo_find(e, path);
	if (u != NULL) {
		free(u->path);
		u->path = xstrdup(to);
	}
}

/* --- edits --- */

void
edit_begin(struct edit_pane *e)
{
	struct clock *c = e->base.ctx.clock;
	int64_t now = c != NULL ? clock_mono(c) : 0;

	e->now = now > e->now ? now : e->now + 1;
}

/* False when the core did not take it (the session is over). */
static bool
send(struct edit_pane *e, const struct edit_view *v, size_t off, size_t del,
    const char *ins, size_t n, const char *kind)
{
	struct command cmd = { .type = CMD_EDIT, .path = v->path,
		.text = kind, .offset = off, .deleted = del,
		.data = n > 0 ? ins : "", .len = n };
	size_t size = text_size(v->text);

	if (off > size || del > size - off)
		return false;
	e->sending = true;
	e->base.ctx.send(e->base.ctx.user, &cmd);
	e->sending = false;
	return text_size(v->text) == size - del + n;
}

bool
edit_change(struct edit_pane *e, size_t off, size_t del, const char *ins,
    size_t n, const char *kind)
{
	struct edit_view v;
	struct buf old = { 0 };
	bool ok;

	if (e->base.ctx.read_only || (del == 0 && n == 0) ||
	    !edit_look(e, &v))
		return false;
	text_append(v.text, off, del, &old);
	ok = send(e, &v, off, old.len, ins, n, kind);
	if (ok) {
		history_record(history_of(e, v.path), off, buf_str(&old),
		    old.len, n > 0 ? ins : "", n, kind, e->now);
		e->follow = true;
		e->goal = EDIT_NONE;
		edit_set(e, off + n, off + n);
	}
	buf_free(&old);
	return ok;
}

struct undoing {
	struct edit_pane *e;
	struct edit_view v;
	const char *kind;
	size_t end; /* of the last change */
	bool failed;
};

static void
undo_one(void *user, size_t off, size_t del, const char *ins, size_t n)
{
	struct undoing *u = user;

	if (u->failed)
		return;
	u->failed = !send(u->e, &u->v, off, del, ins, n, u->kind);
	u->end = off + n;
}

void
edit_undo(struct edit_pane *e, bool redo)
{
	struct undoing u = { .e = e, .kind = redo ? "redo" : "undo" };
	struct edit_undo *known;

	if (e->base.ctx.read_only || !edit_look(e, &u.v))
		return;
	known = undo_find(e, u.v.path);
	if (known == NULL || !(redo ? history_redo : history_undo)(
	    known->history, undo_one, &u)) {
		edit_say(e, "nothing to %s", u.kind);
		return;
	}
	if (u.failed) {
		edit_undo_drop(e, u.v.path);
		edit_say(e, "cannot %s: the text is not what it was", u.kind);
		return;
	}
	edit_reveal(e, u.end, u.end);
}

/* --- clipboard --- */

/* Terminals send a pasted newline as a carriage return; a NUL has no place in
 * a text. */
static void
clean(const char *s, size_t n, const char *newline, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\r' || s[i] == '\n') {
			buf_adds(out, newline);
			if (s[i] == '\r' && i + 1 < n && s[i + 1] == '\n')
				i++;
		} else if (s[i] != '\0') {
			buf_addc(out, s[i]);
		}
	}
}

void
edit_paste(struct edit_pane *e, const char *s, size_t n)
{
	struct command cmd = { .type = CMD_PASTE, .text = "editor",
		.offset = n, .data = s, .len = n };
	struct edit_view v;
	struct buf b = { 0 };
	size_t from, to;

	if (e->base.ctx.read_only || n == 0 || !edit_look(e, &v))
		return;
	edit_selection(&v, &from, &to);
	clean(s, n, edit_newline(v.text, from), &b);
	/* The record says what the edit that follows is. */
	e->base.ctx.send(e->base.ctx.user, &cmd);
	if (b.len > 0)
		edit_change(e, from, to - from, b.data, b.len, "paste");
	buf_free(&b);
}

/* The selection, or the whole line. */
void
edit_copy(struct edit_pane *e, bool cut)
{
	struct edit_view v;
	struct buf b = { 0 };
	size_t from, to, line;

	if (!edit_look(e, &v))
		return;
	if (!edit_selection(&v, &from, &to)) {
		line = text_line_of(v.text, v.at.cursor);
		from = text_line_start(v.text, line);
		to = text_line_start(v.text, line + 1);
	}
	if (from == to)
		return;
	text_append(v.text, from, to - from, &b);
	e->base.ctx.copy(e->base.ctx.user, b.data, b.len);
	if (cut)
		edit_change(e, from, to - from, NULL, 0, "cut");
	buf_free(&b);
}
