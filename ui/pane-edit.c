#include "config.h"

#include "ui/pane-edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define RULE_SPARE 3 /* columns of the rule that are no title's */

/* --- title -------------------------------------------------------------- */

static void
title_file(const struct edit_pane *e, const struct state_file *f, bool here,
    struct buf *out)
{
	buf_addf(out, here ? "[%s]" : "%s", f->path);
	if (f->save == FILE_FAILED || f->conflict)
		buf_adds(out, " !");
	else if (f->save != FILE_SAVED)
		buf_adds(out, e->base.ctx.ascii ? " *" : " \xe2\x97\x8f");
}

/* The files from first on, and what stands for those before.  shown: NULL
 * while one is on its way.  *here: where that one, or shown, ends. */
static void
title_from(const struct edit_pane *e, const struct state_file *shown,
    size_t first, struct buf *out, size_t *here)
{
	const struct state *s = e->base.ctx.state;
	bool ascii = e->base.ctx.ascii;
	const char *between = ascii ? " - " : " \xc2\xb7 ";

	buf_clear(out);
	if (first > 0)
		buf_adds(out, ascii ? "..." : "\xe2\x80\xa6");
	for (size_t i = first; i < s->nfiles; i++) {
		if (i > 0)
			buf_adds(out, between);
		title_file(e, &s->files[i], s->nfiles > 1 &&
		    &s->files[i] == shown, out);
		if (&s->files[i] == shown)
			*here = out->len;
	}
	if (shown != NULL)
		return;
	buf_addf(out, "%s[%s] ...", s->nfiles > 0 ? between : "", s->opening);
	*here = out->len;
}

/* What does not fit is cut off at the end: not the file that is shown, while
 * there is another one. */
static void
edit_title(struct pane *p, struct buf *out)
{
	const struct edit_pane *e = edit_pane(p);
	const struct state *s = p->ctx.state;
	bool waits = edit_waits_shown(e);
	const struct state_file *shown;
	size_t first = 0, here = 0;
	struct edit_view v;

	if (!edit_look(e, &v) && !waits) {
		buf_adds(out, "editor");
		return;
	}
	shown = waits ? NULL : v.file;
	title_from(e, shown, first, out, &here);
	while (first < s->nfiles && &s->files[first] != shown &&
	    utf8_columns(out->data, here) + RULE_SPARE > (size_t)p->cols)
		title_from(e, shown, ++first, out, &here);
}

/* --- commands ----------------------------------------------------------- */

static void
select_all(struct edit_pane *e)
{
	struct edit_view v;

	if (!edit_look(e, &v))
		return;
	/* The view has no reason to go anywhere. */
	e->follow = false;
	edit_set_top(e, text_size(v.text), 0, v.at.top);
}

static void
other_file(struct edit_pane *e, bool forward)
{
	const struct state *s = e->base.ctx.state;
	struct command cmd = { .type = CMD_FILE_OPEN };
	bool waits = edit_waits(e);
	struct edit_view v;
	size_t n = s->nfiles + waits, i;

	if (!edit_look(e, &v) || n < 2) {
		edit_say(e, "no other file is open");
		return;
	}
	/* One on its way stands behind the others. */
	i = waits ? s->nfiles : (size_t)(v.file - s->files);
	i = (i + (forward ? 1 : n - 1)) % n;
	cmd.path = s->files[i].path;
	if (!e->base.ctx.read_only) {
		e->base.ctx.send(e->base.ctx.user, &cmd);
		return;
	}
	free(e->look);
	e->look = xstrdup(cmd.path);
	e->own = false;
	e->goal = EDIT_NONE;
}

static void
clipboard_paste(struct edit_pane *e)
{
	size_t n = 0;
	const char *s = e->base.ctx.clipboard(e->base.ctx.user, &n);

	if (s != NULL && n > 0)
		edit_paste(e, s, n);
}

static void
cmd_undo(struct edit_pane *e, const char *arg)
{
	(void)arg;
	edit_undo(e, false);
}

static void
cmd_redo(struct edit_pane *e, const char *arg)
{
	(void)arg;
	edit_undo(e, true);
}

static void
cmd_copy(struct edit_pane *e, const char *arg)
{
	(void)arg;
	edit_copy(e, false);
}

static void
cmd_cut(struct edit_pane *e, const char *arg)
{
	(void)arg;
	edit_copy(e, true);
}

static void
cmd_paste(struct edit_pane *e, const char *arg)
{
	(void)arg;
	clipboard_paste(e);
}

static void
cmd_select_all(struct edit_pane *e, const char *arg)
{
	(void)arg;
	select_all(e);
}

static void
cmd_next_file(struct edit_pane *e, const char *arg)
{
	(void)arg;
	other_file(e, true);
}

static void
cmd_previous_file(struct edit_pane *e, const char *arg)
{
	(void)arg;
	other_file(e, false);
}

static void
cmd_find_next(struct edit_pane *e, const char *arg)
{
	(void)arg;
	edit_find_next(e);
}

#define NEXT "next-file"
#define PREVIOUS "previous-file"

static const struct {
	const char *name;
	void (*run)(struct edit_pane *, const char *arg);
	bool ask; /* leaves the input line open */
	bool edits;
} commands[] = {
	{ "find", edit_find, true, false },
	{ "find-next", cmd_find_next, true, false },
	{ "goto-line", edit_goto, false, false },
	{ "undo", cmd_undo, false, true },
	{ "redo", cmd_redo, false, true },
	{ "copy", cmd_copy, false, false },
	{ "cut", cmd_cut, false, true },
	{ "paste", cmd_paste, false, true },
	{ "select-all", cmd_select_all, false, false },
	{ NEXT, cmd_next_file, false, false },
	{ PREVIOUS, cmd_previous_file, false, false },
};

static enum pane_result
edit_paste_in(struct pane *p, const char *s, size_t n)
{
	struct edit_pane *e = edit_pane(p);
	struct edit_view v;

	if (edit_waits(e)) {
		edit_wait_paste(e, s, n);
		return PANE_HANDLED;
	}
	if (!edit_look(e, &v))
		return PANE_IGNORED;
	if (e->ask != ASK_NONE) {
		edit_ask_paste(e, s, n);
		return PANE_HANDLED;
	}
	if (p->ctx.read_only)
		return PANE_IGNORED;
	if (edit_wait_late_paste(e, s, n))
		return PANE_HANDLED;
	edit_begin(e);
	edit_paste(e, s, n);
	return PANE_HANDLED;
}

/* A command for a file that is on its way, or does not come. */
static bool
kept_back(struct edit_pane *e, const char *name, bool edits)
{
	bool leaves = strcmp(name, NEXT) == 0 || strcmp(name, PREVIOUS) == 0;

	if (edit_waits(e) && !leaves) {
		edit_wait_command(e, name);
		return true;
	}
	if (edits && edit_wait_late_paste(e, "", 0))
		return true;
	edit_wait_seen(e);
	return false;
}

static enum pane_result
edit_command(struct pane *p, const char *cmd, const char *arg)
{
	struct edit_pane *e = edit_pane(p);
	size_t i = 0, n = 0;
	const char *s;

	while (i < ARRAY_LEN(commands) && strcmp(commands[i].name, cmd) != 0)
		i++;
	if (i == ARRAY_LEN(commands) ||
	    (commands[i].edits && p->ctx.read_only))
		return PANE_IGNORED;
	if (kept_back(e, commands[i].name, commands[i].edits))
		return PANE_HANDLED;
	/* What was copied may be what is looked for. */
	if (e->ask != ASK_NONE && strcmp(cmd, "paste") == 0) {
		s = p->ctx.clipboard(p->ctx.user, &n);
		if (s != NULL)
			edit_ask_paste(e, s, n);
		return PANE_HANDLED;
	}
	if (!commands[i].ask)
		edit_ask_leave(e);
	edit_begin(e);
	e->clicks = 0;
	commands[i].run(e, arg);
	return PANE_HANDLED;
}

/* --- events ------------------------------------------------------------- */

/* The mark holds as long as what is before it does. */
static void
keep_mark(struct edit_pane *e, const struct event *ev)
{
	struct edit_mark *m = &e->mark;

	if (m->seq + 1 != ev->seq)
		return;
	if (ev->type == EV_EDIT_CHANGE && ev->u.edit.offset < m->off + 64)
		return;
	if (ev->type == EV_FILE_DELETE || ev->type == EV_QUESTION_START)
		return;
	m->seq = ev->seq;
}

/* One that has come after another was asked for is not. */
static bool
is_current(const struct edit_pane *e, const char *path)
{
	const struct state *s = e->base.ctx.state;

	return s->current >= 0 && path != NULL &&
	    strcmp(s->files[s->current].path, path) == 0;
}

static void
on_other_file(struct edit_pane *e)
{
	edit_ask_leave(e);
	e->follow = true;
	e->dragging = false;
	e->goal = EDIT_NONE;
	free(e->look);
	e->look = NULL;
}

static void
on_edit(struct edit_pane *e, const struct event *ev)
{
	if (e->sending)
		return;
	/* Offsets of before this change mean other places after it. */
	if (ev->u.edit.path != NULL)
		edit_undo_drop(e, ev->u.edit.path);
	e->goal = EDIT_NONE;
}

static void
edit_event(struct pane *p, const struct event *ev)
{
	struct edit_pane *e = edit_pane(p);
	bool ours = true;

	keep_mark(e, ev);
	edit_drawn_event(e, ev);
	switch (ev->type) {
	case EV_EDIT_CHANGE:
		on_edit(e, ev);
		break;
	case EV_EDIT_CURSOR:
		break;
	case EV_FILE_OPEN:
		if (is_current(e, ev->u.file.path))
			on_other_file(e);
		break;
	case EV_FILE_DELETE:
		if (ev->u.file.path != NULL)
			edit_undo_drop(e, ev->u.file.path);
		on_other_file(e);
		break;
	case EV_FILE_RENAME:
		edit_undo_rename(e, ev->u.file.path, ev->u.file.to);
		break;
	case EV_QUESTION_START:
		edit_undo_drop(e, NULL);
		on_other_file(e);
		break;
	default:
		ours = false;
	}
	if (ours)
		e->own = false;
	else if (e->own && e->own_seq + 1 == ev->seq)
		e->own_seq = ev->seq;
	edit_wait_event(e, ev);
}

/* --- life --------------------------------------------------------------- */

static void
edit_resize(struct pane *p, int rows, int cols)
{
	struct edit_pane *e = edit_pane(p);
	int row, col, shape;

	/* A cursor that was in view stays there. */
	if ((rows != p->rows || cols != p->cols) && p->rows > 0 &&
	    edit_cursor(p, &row, &col, &shape))
		e->follow = true;
	p->rows = rows;
	p->cols = cols;
}

static void
edit_focus(struct pane *p, bool in)
{
	struct edit_pane *e = edit_pane(p);

	if (!in)
		e->dragging = false;
}

static struct pane *
edit_create(const struct pane_ctx *ctx)
{
	struct edit_pane *e = xcalloc(1, sizeof *e);

	e->base.ops = &pane_editor;
	e->base.ctx = *ctx;
	e->follow = true;
	e->goal = EDIT_NONE;
	return &e->base;
}

static void
edit_destroy(struct pane *p)
{
	struct edit_pane *e = edit_pane(p);

	if (p == NULL)
		return;
	edit_undo_drop(e, NULL);
	edit_wait_free(e);
	free(e->undos);
	free(e->look);
	buf_free(&e->input);
	buf_free(&e->needle);
	free(e);
}

const struct pane_ops pane_editor = {
	.name = "editor",
	.create = edit_create,
	.destroy = edit_destroy,
	.title = edit_title,
	.draw = edit_draw,
	.update = edit_update,
	.cursor = edit_cursor,
	.key = edit_key,
	.paste = edit_paste_in,
	.mouse = edit_mouse,
	.command = edit_command,
	.resize = edit_resize,
	.focus = edit_focus,
	.event = edit_event,
};
