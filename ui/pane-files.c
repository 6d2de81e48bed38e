#include "config.h"

#include "ui/pane-files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define WHEEL_LINES 3
#define HINT_ROWS 6

static struct files_pane *
files(struct pane *p)
{
	return CONTAINER_OF(p, struct files_pane, base);
}

/* --- where the view is -------------------------------------------------- */

static int
list_rows(const struct files_pane *f, int rows)
{
	if (f->ask != ASK_NONE || (rows >= HINT_ROWS &&
	    !f->base.ctx.read_only))
		rows--;
	return rows > 0 ? rows : 0;
}

static void
clamp_top(struct files_pane *f, int rows)
{
	size_t n = (size_t)list_rows(f, rows);

	if (f->nshown <= n)
		f->top = 0;
	else if (f->top > f->nshown - n)
		f->top = f->nshown - n;
}

static void
show_selected(struct files_pane *f)
{
	size_t n = (size_t)list_rows(f, f->base.rows);

	if (f->sel < f->top || n == 0)
		f->top = f->sel;
	else if (f->sel >= f->top + n)
		f->top = f->sel - n + 1;
}

static void
move(struct files_pane *f, long by)
{
	long to = (long)f->sel + by, last = (long)f->nshown - 1;

	to = to > last ? last : to;
	f->sel = to > 0 ? (size_t)to : 0;
	show_selected(f);
}

/* --- drawing ------------------------------------------------------------ */

static void
size_text(uint64_t n, char out[24])
{
	static const char units[] = "kMGTPE";
	double v = (double)n;
	int i = -1;

	if (n < 1000) {
		snprintf(out, 24, "%u", (unsigned)n);
		return;
	}
	while (v >= 999.5 && units[i + 1] != '\0') {
		v /= 1000;
		i++;
	}
	snprintf(out, 24, v < 9.95 ? "%.1f %c" : "%.0f %c", v, units[i]);
}

static bool
unsaved(const struct state *s, const char *path)
{
	const struct state_file *file = state_file(s, path);

	return file != NULL && (file->save != FILE_SAVED || file->conflict);
}

static bool
current(const struct state *s, const char *path)
{
	return s->current >= 0 && (size_t)s->current < s->nfiles &&
	    strcmp(s->files[s->current].path, path) == 0;
}

static const char *
fold_mark(const struct files_pane *f, const struct files_node *n)
{
	if (!n->dir)
		return "  ";
	if (f->base.ctx.ascii)
		return n->open ? "- " : "+ ";
	return n->open ? "\xe2\x96\xbe " : "\xe2\x96\xb8 ";
}

static void
draw_node(struct files_pane *f, struct canvas *c, int y,
    const struct files_node *n)
{
	const struct state *s = f->base.ctx.state;
	const char *name = n->path + n->name;
	struct style st = files_style(f, !n->dir && current(s, n->path) ?
	    STYLE_HERE : STYLE_TEXT);
	int x = n->depth * 2 < c->cols / 2 ? n->depth * 2 : c->cols / 2, w;
	char size[24];

	x += canvas_str(c, y, x, fold_mark(f, n), files_style(f, STYLE_DIM));
	canvas_clipped(c, y, x, -1, name, strlen(name), st,
	    f->base.ctx.ascii ? '>' : 0x2026, files_style(f, STYLE_DIM));
	x += (int)utf8_columns(name, strlen(name));
	if (n->dir) {
		canvas_str(c, y, x, "/", files_style(f, STYLE_DIM));
		return;
	}
	if (unsaved(s, n->path)) {
		/* Of a long name its end goes, not the warning. */
		if (x + 2 > c->cols)
			x = c->cols - 2;
		canvas_str(c, y, x, " ", st);
		x += 1 + canvas_str(c, y, x + 1, f->base.ctx.ascii ? "*" :
		    "\xe2\x97\x8f", files_style(f, STYLE_WAIT));
	}
	size_text(n->size, size);
	w = (int)strlen(size);
	if (x + 2 + w <= c->cols)
		canvas_str(c, y, c->cols - w, size, files_style(f, STYLE_DIM));
}

/* What the keys do, in as many words as there is room for. */
static void
draw_hint(const struct files_pane *f, struct canvas *c)
{
	static const char *const hints[] = {
		"Enter open  n new  r rename  d delete",
		"n new  r rename  d delete", "n new  r ren  d del",
	};
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(hints) && (int)strlen(hints[i]) > c->cols)
		i++;
	canvas_str(c, c->rows - 1, 0, hints[i], files_style(f, STYLE_DIM));
}

static void
files_draw(struct pane *p, struct canvas *c, bool focused)
{
	struct files_pane *f = files(p);
	struct style here = files_style(f, STYLE_CURSOR_LINE);
	int n;

	here.attr |= ATTR_BOLD;
	canvas_fill(c, files_style(f, STYLE_TEXT));
	files_sync(f);
	clamp_top(f, c->rows);
	n = list_rows(f, c->rows);
	for (int y = 0; y < n && f->top + (size_t)y < f->nshown; y++) {
		size_t i = f->top + (size_t)y;

		draw_node(f, c, y, &f->nodes[f->shown[i]]);
		if (i == f->sel)
			canvas_tint(c, y, 0, c->cols, focused ?
			    files_style(f, STYLE_SELECTION) : here);
	}
	if (f->nshown == 0 && n > 0)
		canvas_str(c, 0, 0, "no files", files_style(f, STYLE_DIM));
	if (f->ask != ASK_NONE && c->rows > 0)
		files_ask_draw(f, c);
	else if (n < c->rows && focused)
		draw_hint(f, c);
}

static bool
files_cursor(struct pane *p, int *row, int *col, int *shape)
{
	*shape = 0;
	return files_ask_cursor(files(p), row, col);
}

static void
files_title(struct pane *p, struct buf *out)
{
	(void)p;
	buf_adds(out, "Files");
}

/* --- keys and mouse ----------------------------------------------------- */

static void
open_selected(struct files_pane *f)
{
	struct command cmd = { .type = CMD_FILE_OPEN };
	struct files_node *n = files_selected(f);

	if (n == NULL)
		return;
	if (n->dir) {
		n->open = !n->open;
		files_show_nodes(f);
		return;
	}
	if (f->base.ctx.read_only) {
		f->base.ctx.say(f->base.ctx.user,
		    "a replay shows the files that were opened");
		return;
	}
	cmd.path = n->path;
	f->base.ctx.send(f->base.ctx.user, &cmd);
	f->base.ctx.run(f->base.ctx.user, "focus-editor");
}

/* Left closes the directory, or goes to the one around it. */
static void
go_left(struct files_pane *f)
{
	struct files_node *n = files_selected(f);
	int depth;

	if (n == NULL)
		return;
	if (n->dir && n->open) {
		n->open = false;
		files_show_nodes(f);
		return;
	}
	depth = n->depth;
	while (depth > 0 && f->sel > 0 &&
	    f->nodes[f->shown[f->sel]].depth >= depth)
		f->sel--;
	show_selected(f);
}

static void
go_right(struct files_pane *f)
{
	struct files_node *n = files_selected(f);

	if (n == NULL || !n->dir)
		return;
	if (n->open) {
		if (f->shown[f->sel] + 1 < f->nnodes && n[1].depth > n->depth)
			move(f, 1);
		return;
	}
	n->open = true;
	files_show_nodes(f);
}

static bool
move_key(struct files_pane *f, uint32_t code)
{
	long rows = list_rows(f, f->base.rows), all = (long)f->nshown;
	long page = rows > 2 ? rows - 1 : 1;
	const struct {
		uint32_t code, letter;
		long by;
	} keys[] = {
		{ KEY_SYM_UP, 'k', -1 }, { KEY_SYM_DOWN, 'j', 1 },
		{ KEY_SYM_PGUP, 0, -page }, { KEY_SYM_PGDN, 0, page },
		{ KEY_SYM_HOME, 0, -all }, { KEY_SYM_END, 0, all },
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (code == keys[i].code ||
		    (code == keys[i].letter && code != 0)) {
			move(f, keys[i].by);
			return true;
		}
	return false;
}

static bool
change_key(struct files_pane *f, uint32_t code)
{
	if (f->base.ctx.read_only)
		return false;
	if (code == 'n')
		files_ask_new(f);
	else if (code == 'r')
		files_ask_about(f, ASK_RENAME);
	else if (code == 'd' || code == KEY_SYM_DELETE)
		files_ask_about(f, ASK_DELETE);
	else
		return false;
	return true;
}

static enum pane_result
files_key(struct pane *p, const struct key *k)
{
	struct files_pane *f = files(p);

	if (k->code == KEY_SYM_FOCUS_IN || k->code == KEY_SYM_FOCUS_OUT)
		return PANE_IGNORED;
	files_sync(f);
	if (f->ask != ASK_NONE)
		return files_ask_key(f, k);
	if (k->mods != 0)
		return PANE_IGNORED;
	if (move_key(f, k->code) || change_key(f, k->code))
		return PANE_HANDLED;
	if (k->code == KEY_SYM_ENTER)
		open_selected(f);
	else if (k->code == KEY_SYM_LEFT)
		go_left(f);
	else if (k->code == KEY_SYM_RIGHT)
		go_right(f);
	else
		return PANE_IGNORED;
	return PANE_HANDLED;
}

static enum pane_result
files_mouse(struct pane *p, const struct mouse *m)
{
	struct files_pane *f = files(p);

	files_sync(f);
	if (m->kind == MOUSE_WHEEL_UP) {
		f->top -= f->top < WHEEL_LINES ? f->top : WHEEL_LINES;
		return PANE_HANDLED;
	}
	if (m->kind == MOUSE_WHEEL_DOWN) {
		f->top += WHEEL_LINES;
		clamp_top(f, p->rows);
		return PANE_HANDLED;
	}
	if (m->kind != MOUSE_PRESS || m->button != 1)
		return PANE_IGNORED;
	if (m->row < 0 || m->row >= list_rows(f, p->rows) ||
	    f->top + (size_t)m->row >= f->nshown || f->ask != ASK_NONE)
		return PANE_HANDLED;
	f->sel = f->top + (size_t)m->row;
	open_selected(f);
	return PANE_HANDLED;
}

/* --- life --------------------------------------------------------------- */

static void
files_resize(struct pane *p, int rows, int cols)
{
	struct files_pane *f = files(p);

	p->rows = rows;
	p->cols = cols;
	show_selected(f);
}

static void
files_event(struct pane *p, const struct event *ev)
{
	struct files_pane *f = files(p);

	/* The files that were asked about are gone. */
	if (ev->type == EV_QUESTION_START) {
		files_ask_end(f);
		free(f->wanted);
		f->wanted = NULL;
	}
	if (ev->type == EV_QUESTION_START || ev->type == EV_FILE_LIST)
		files_sync(f);
}

static struct pane *
files_create(const struct pane_ctx *ctx)
{
	struct files_pane *f = xcalloc(1, sizeof *f);

	f->base.ops = &pane_files;
	f->base.ctx = *ctx;
	return &f->base;
}

static void
files_destroy(struct pane *p)
{
	struct files_pane *f;

	if (p == NULL)
		return;
	f = files(p);
	files_ask_end(f);
	buf_free(&f->line);
	files_free(f);
	free(f);
}

static enum pane_result
files_paste(struct pane *p, const char *s, size_t n)
{
	return files_ask_paste(files(p), s, n);
}

const struct pane_ops pane_files = {
	.name = "files",
	.create = files_create,
	.destroy = files_destroy,
	.title = files_title,
	.draw = files_draw,
	.cursor = files_cursor,
	.key = files_key,
	.paste = files_paste,
	.mouse = files_mouse,
	.resize = files_resize,
	.event = files_event,
};
