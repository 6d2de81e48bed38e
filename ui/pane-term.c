#include "config.h"

#include "ui/pane-term.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define WHEEL_LINES 3

static struct term_pane *
term(struct pane *p)
{
	return CONTAINER_OF(p, struct term_pane, base);
}

const struct vt *
term_vt(const struct term_pane *t)
{
	return t->base.ctx.state->vt;
}

/* --- the view ----------------------------------------------------------- */

static int
scrollback(const struct vt *vt)
{
	return vt_altscreen(vt) ? 0 : vt_scrollback(vt);
}

/* The live screen may be larger than the pane (a watcher's): then the part
 * with the cursor shows. */
static int
live_first(const struct term_pane *t)
{
	const struct vt *vt = term_vt(t);
	int row, col, over = vt_rows(vt) - t->base.rows;
	bool visible;

	if (over <= 0)
		return 0;
	vt_cursor(vt, &row, &col, &visible);
	row -= t->base.rows - 1;
	return row < 0 ? 0 : row > over ? over : row;
}

int64_t
term_line_of(const struct term_pane *t, int row)
{
	return (int64_t)vt_scrolled(term_vt(t)) + row;
}

int
term_row_of(const struct term_pane *t, int64_t line)
{
	int64_t row = line - (int64_t)vt_scrolled(term_vt(t));
	int first = -scrollback(term_vt(t)), last = vt_rows(term_vt(t)) - 1;

	return row < first ? first : row > last ? last : (int)row;
}

int
term_first(const struct term_pane *t)
{
	int row, live = live_first(t);

	if (t->follow)
		return live;
	row = term_row_of(t, t->top);
	return row > live ? live : row;
}

void
term_show(struct term_pane *t, int first)
{
	int min = -scrollback(term_vt(t));

	t->follow = first >= live_first(t) && !t->copy;
	t->top = term_line_of(t, first < min ? min : first);
}

void
term_scroll(struct term_pane *t, int lines)
{
	term_show(t, term_first(t) + lines);
}

/* --- drawing ------------------------------------------------------------ */

static void
draw_row(const struct vt *vt, struct canvas *c, int y, int row)
{
	struct cell *out = c->cells + (size_t)y * (size_t)c->stride;
	uint32_t last = UINT32_MAX;
	struct style style = { 0, 0, 0 };
	int n;
	const struct vt_cell *cells = vt_row(vt, row, &n);

	n = n < c->cols ? n : c->cols;
	for (int i = 0; i < n; i++) {
		/* Styles come in runs. */
		if (cells[i].style != last) {
			struct vt_style s = vt_style(vt, cells[i].style);

			style = (struct style){ s.fg, s.bg, s.attr };
			last = cells[i].style;
		}
		out[i].glyph = cells[i].glyph != 0 ? cells[i].glyph : ' ';
		out[i].style = style;
		out[i].width = (uint8_t)cells[i].width;
	}
	/* A wide glyph cut by the pane's edge. */
	if (n > 0 && n == c->cols && out[n - 1].width == 2) {
		out[n - 1].glyph = ' ';
		out[n - 1].width = 1;
	}
}

/* Colours of a mark laid over what is there. */
static void
tint(struct canvas *c, int y, int from, int to, struct style over)
{
	if (y < 0 || y >= c->rows)
		return;
	for (int x = from < 0 ? 0 : from; x < to && x < c->cols; x++) {
		struct style *s = &c->cells[(size_t)y * (size_t)c->stride +
		    (size_t)x].style;

		if (over.fg != COLOR_DEFAULT)
			s->fg = over.fg;
		if (over.bg != COLOR_DEFAULT)
			s->bg = over.bg;
		s->attr |= over.attr;
	}
}

static void
draw_matches(const struct term_pane *t, struct canvas *c, int first)
{
	struct style style = theme_style(t->base.ctx.theme, STYLE_MATCH);
	int w = (int)utf8_columns(t->needle, strlen(t->needle));
	int row = first, col = -1;

	if (t->needle[0] == '\0' || !t->copy)
		return;
	while (row < first + c->rows) {
		int r = row, x = col;

		if (!vt_find(term_vt(t), t->needle, 1, &r, &x) ||
		    r >= first + c->rows)
			return;
		if (r > row || x > col)
			tint(c, r - first, x, x + w, style);
		/* On to the next one, or at least to the next row. */
		if (r == row && x <= col) {
			row++;
			col = -1;
		} else {
			row = r;
			col = x;
		}
	}
}

static void
draw_selection(const struct term_pane *t, struct canvas *c, int first)
{
	struct style style = theme_style(t->base.ctx.theme, STYLE_SELECTION);
	int64_t from, to;
	int from_col, to_col;

	if (!term_selection(t, &from, &from_col, &to, &to_col))
		return;
	for (int y = 0; y < c->rows; y++) {
		int64_t line = term_line_of(t, first + y);

		if (line >= from && line <= to)
			tint(c, y, line == from ? from_col : 0,
			    line == to ? to_col + 1 : c->cols, style);
	}
}

static void
draw_prompt(const struct term_pane *t, struct canvas *c)
{
	struct style style = theme_style(t->base.ctx.theme, STYLE_STATUS);

	if (!t->typing || c->rows < 1)
		return;
	canvas_fill_rect(c, c->rows - 1, 0, 1, c->cols, style);
	canvas_printf(c, c->rows - 1, 0, style, "%c%s", t->dir < 0 ? '?' :
	    '/', t->needle);
}

/* Why there is no shell, whole: it says how to mend it. */
static void
draw_gone(const struct term_pane *t, struct canvas *c)
{
	const struct state *s = t->base.ctx.state;
	const char *p = s->conn_why;
	int row = 0;

	if (s->conn != CONN_GONE || p == NULL || s->ended)
		return;
	canvas_fill(c, theme_style(t->base.ctx.theme, STYLE_TEXT));
	for (; *p != '\0' && row < c->rows; row++) {
		size_t n = strlen(p), fit = n;

		while (fit > 0 && utf8_columns(p, fit) > (size_t)c->cols)
			fit--;
		if (fit < n) /* back to a space, if there is one */
			while (fit > 0 && p[fit] != ' ')
				fit--;
		if (fit == 0)
			fit = n < (size_t)c->cols ? n : (size_t)c->cols;
		canvas_text(c, row, 0, -1, p, fit,
		    theme_style(t->base.ctx.theme, STYLE_ERROR));
		p += fit;
		p += strspn(p, " ");
	}
}

static void
term_draw(struct pane *p, struct canvas *c, bool focused)
{
	struct term_pane *t = term(p);
	struct style text = theme_style(p->ctx.theme, STYLE_TEXT);
	int first = term_first(t), rows = vt_rows(term_vt(t));

	(void)focused;
	canvas_fill(c, text);
	for (int y = 0; y < c->rows && first + y < rows; y++)
		draw_row(term_vt(t), c, y, first + y);
	draw_matches(t, c, first);
	draw_selection(t, c, first);
	draw_gone(t, c);
	draw_prompt(t, c);
}

static bool
term_cursor(struct pane *p, int *row, int *col, int *shape)
{
	struct term_pane *t = term(p);
	bool visible = true;

	*shape = 0;
	if (t->typing) {
		*row = p->rows - 1;
		*col = 1 + (int)utf8_columns(t->needle, strlen(t->needle));
		return *col < p->cols;
	}
	if (t->copy) {
		*row = term_row_of(t, t->line) - term_first(t);
		*col = t->col;
	} else {
		vt_cursor(term_vt(t), row, col, &visible);
		*row -= term_first(t);
		*shape = vt_cursor_shape(term_vt(t));
		if (p->ctx.state->term_exited)
			return false;
	}
	return visible && *row >= 0 && *row < p->rows && *col < p->cols;
}

/* --- title -------------------------------------------------------------- */

static void
title_conn(const struct state *s, const char *dot, struct buf *out)
{
	switch (s->conn) {
	case CONN_STARTING:
		buf_addf(out, " %s starting", dot);
		break;
	case CONN_ONLINE:
		break;
	case CONN_RETRYING:
		buf_addf(out, " %s connection lost, retrying %u of %u", dot,
		    s->conn_attempt, s->conn_attempts);
		break;
	case CONN_OFFLINE:
		buf_addf(out, " %s offline", dot);
		break;
	case CONN_GONE:
		buf_addf(out, " %s sandbox gone", dot);
		break;
	}
	if (s->conn >= CONN_RETRYING && s->conn_why != NULL &&
	    s->conn_why[0] != '\0')
		buf_addf(out, ": %s", s->conn_why);
}

static void
term_title(struct pane *p, struct buf *out)
{
	struct term_pane *t = term(p);
	const struct state *s = p->ctx.state;
	const char *dot = p->ctx.ascii ? "-" : "\xc2\xb7";
	int first = term_first(t);

	buf_adds(out, "shell");
	if (s->term_exited) {
		buf_addf(out, " %s exited with status %d", dot,
		    s->term_status);
		if (!p->ctx.read_only)
			buf_addf(out, " %s press Enter to start a new shell",
			    dot);
	} else if (vt_title(s->vt)[0] != '\0') {
		buf_addf(out, " %s %s", dot, vt_title(s->vt));
	}
	title_conn(s, dot, out);
	if (t->copy)
		buf_addf(out, " %s copy", dot);
	if (first < 0)
		buf_addf(out, " %s %d of %d lines back", dot, -first,
		    scrollback(s->vt));
}

/* --- input -------------------------------------------------------------- */

static void
send_input(struct term_pane *t, const struct buf *b)
{
	struct command cmd = { .type = CMD_TERM_INPUT };

	if (t->base.ctx.read_only || b->len == 0)
		return;
	cmd.data = b->data;
	cmd.len = b->len;
	t->base.ctx.send(t->base.ctx.user, &cmd);
}

static void
send_key(struct term_pane *t, uint32_t code, unsigned mods)
{
	struct buf b = { 0 };

	vt_encode_key(term_vt(t), code, mods, &b);
	send_input(t, &b);
	buf_free(&b);
}

static bool
scroll_key(struct term_pane *t, const struct key *k)
{
	int page = t->base.rows > 2 ? t->base.rows - 1 : 1;

	if (k->code != KEY_SYM_PGUP && k->code != KEY_SYM_PGDN)
		return false;
	if (k->mods != MOD_SHIFT && !t->base.ctx.read_only)
		return false;
	if (vt_altscreen(term_vt(t)))
		return t->base.ctx.read_only;
	term_scroll(t, k->code == KEY_SYM_PGUP ? -page : page);
	return true;
}

static enum pane_result
term_key(struct pane *p, const struct key *k)
{
	struct term_pane *t = term(p);
	struct command restart = { .type = CMD_TERM_RESTART };

	if (k->code == KEY_SYM_FOCUS_IN || k->code == KEY_SYM_FOCUS_OUT)
		return PANE_IGNORED;
	if (t->copy || t->typing)
		return term_copy_key(t, k);
	if (scroll_key(t, k))
		return PANE_HANDLED;
	if (p->ctx.read_only)
		return PANE_IGNORED;
	if (p->ctx.state->term_exited) {
		if (k->code != KEY_SYM_ENTER)
			return PANE_IGNORED;
		p->ctx.send(p->ctx.user, &restart);
		return PANE_HANDLED;
	}
	t->select = SELECT_NONE;
	t->follow = true;
	send_key(t, k->code, k->mods);
	return PANE_HANDLED;
}

static enum pane_result
term_paste(struct pane *p, const char *s, size_t n)
{
	struct term_pane *t = term(p);
	struct command cmd = { .type = CMD_PASTE, .text = "shell",
		.offset = n, .data = s, .len = n };
	struct buf b = { 0 };

	if (t->typing) { /* into the search, its first line */
		size_t len = strlen(t->needle), k = 0;

		while (k < n && (unsigned char)s[k] >= 0x20)
			k++;
		if (len + k < sizeof t->needle && utf8_valid(s, k)) {
			memcpy(t->needle + len, s, k);
			t->needle[len + k] = '\0';
		}
		return PANE_HANDLED;
	}
	if (p->ctx.read_only || p->ctx.state->term_exited || n == 0)
		return PANE_IGNORED;
	if (t->copy)
		term_copy_leave(t);
	t->follow = true;
	/* The core is told first, so that the record says what the input
	 * that follows is. */
	p->ctx.send(p->ctx.user, &cmd);
	vt_encode_paste(term_vt(t), s, n, &b);
	send_input(t, &b);
	buf_free(&b);
	return PANE_HANDLED;
}

/* --- mouse -------------------------------------------------------------- */

/* For the program, when it asked; Shift keeps the mouse here. */
static bool
mouse_to_program(struct term_pane *t, const struct mouse *m)
{
	struct buf b = { 0 };
	int row = m->row + term_first(t);

	if (vt_mouse(term_vt(t)) == VT_MOUSE_NONE || t->copy || !t->follow ||
	    t->base.ctx.read_only || t->base.ctx.state->term_exited ||
	    (m->mods & MOD_SHIFT))
		return false;
	if (m->row < 0 || m->col < 0 || m->col >= vt_cols(term_vt(t)) ||
	    row >= vt_rows(term_vt(t)))
		return true;
	if (m->kind == MOUSE_DRAG)
		vt_encode_motion(term_vt(t), row, m->col, m->button,
		    m->mods, &b);
	else if (m->kind == MOUSE_WHEEL_UP || m->kind == MOUSE_WHEEL_DOWN)
		vt_encode_mouse(term_vt(t), row, m->col,
		    m->kind == MOUSE_WHEEL_UP ? 4 : 5, true, m->mods, &b);
	else
		vt_encode_mouse(term_vt(t), row, m->col, m->button,
		    m->kind == MOUSE_PRESS, m->mods, &b);
	send_input(t, &b);
	buf_free(&b);
	return true;
}

static void
wheel(struct term_pane *t, int dir)
{
	if (!vt_altscreen(term_vt(t))) {
		term_scroll(t, dir * WHEEL_LINES);
		return;
	}
	/* A pager without mouse support: as its arrow keys. */
	for (int i = 0; i < WHEEL_LINES && !t->base.ctx.read_only; i++)
		send_key(t, dir < 0 ? KEY_SYM_UP : KEY_SYM_DOWN, 0);
}

static enum pane_result
select_mouse(struct term_pane *t, const struct mouse *m)
{
	int64_t line = term_line_of(t, term_row_of(t, term_line_of(t,
	    term_first(t) + m->row)));
	int col = m->col < 0 ? 0 : m->col;

	if (m->kind == MOUSE_PRESS) {
		t->select = SELECT_NONE;
		t->dragging = true;
		t->mark_line = t->line = line;
		t->mark_col = t->col = col;
	} else if (m->kind == MOUSE_DRAG && t->dragging) {
		if (m->row < 0 || m->row >= t->base.rows)
			term_scroll(t, m->row < 0 ? -1 : 1);
		t->select = SELECT_CHARS;
		t->line = line;
		t->col = col;
	} else if (m->kind == MOUSE_RELEASE && t->dragging) {
		t->dragging = false;
		if (t->select != SELECT_NONE)
			term_copy_out(t);
	}
	return PANE_HANDLED;
}

static enum pane_result
term_mouse(struct pane *p, const struct mouse *m)
{
	struct term_pane *t = term(p);

	if (mouse_to_program(t, m))
		return PANE_HANDLED;
	if (m->kind == MOUSE_WHEEL_UP || m->kind == MOUSE_WHEEL_DOWN) {
		wheel(t, m->kind == MOUSE_WHEEL_UP ? -1 : 1);
		return PANE_HANDLED;
	}
	return m->button == 1 ? select_mouse(t, m) : PANE_IGNORED;
}

/* --- commands, life ----------------------------------------------------- */

static void
cmd_page(struct term_pane *t, int dir)
{
	term_scroll(t, dir * (t->base.rows > 2 ? t->base.rows - 1 : 1));
}

static void
cmd_find(struct term_pane *t, const char *text)
{
	size_t n;

	if (text == NULL || text[0] == '\0') {
		term_find_start(t, -1);
		return;
	}
	n = strnlen(text, sizeof t->needle - 1);
	memcpy(t->needle, text, n);
	t->needle[n] = '\0';
	t->dir = -1;
	if (!t->copy)
		term_copy_enter(t);
	term_find(t, t->dir);
}

static enum pane_result
cmd_paste(struct term_pane *t)
{
	size_t n = 0;
	const char *s = t->base.ctx.clipboard(t->base.ctx.user, &n);

	return s != NULL ? term_paste(&t->base, s, n) : PANE_IGNORED;
}

static enum pane_result
term_command(struct pane *p, const char *cmd, const char *text)
{
	struct term_pane *t = term(p);

	if (strcmp(cmd, "copy-mode") == 0 && t->copy) {
		term_copy_leave(t);
	} else if (strcmp(cmd, "copy-mode") == 0) {
		term_copy_enter(t);
	} else if (strcmp(cmd, "scroll-up") == 0) {
		cmd_page(t, -1);
	} else if (strcmp(cmd, "scroll-down") == 0) {
		cmd_page(t, 1);
	} else if (strcmp(cmd, "scroll-bottom") == 0) {
		if (t->copy)
			term_copy_leave(t);
		t->follow = true;
	} else if (strcmp(cmd, "find") == 0) {
		cmd_find(t, text);
	} else if (strcmp(cmd, "paste") == 0) {
		return cmd_paste(t);
	} else {
		return PANE_IGNORED;
	}
	return PANE_HANDLED;
}

static void
term_resize(struct pane *p, int rows, int cols)
{
	struct term_pane *t = term(p);
	struct command cmd = { .type = CMD_TERM_RESIZE, .rows = rows,
		.cols = cols };

	p->rows = rows;
	p->cols = cols;
	if (p->ctx.read_only || rows < 1 || cols < 1 ||
	    (rows == t->sent_rows && cols == t->sent_cols))
		return;
	t->sent_rows = rows;
	t->sent_cols = cols;
	p->ctx.send(p->ctx.user, &cmd);
}

static struct pane *
term_create(const struct pane_ctx *ctx)
{
	struct term_pane *t = xcalloc(1, sizeof *t);

	t->base.ops = &pane_term;
	t->base.ctx = *ctx;
	t->follow = true;
	t->dir = -1;
	return &t->base;
}

static void
term_destroy(struct pane *p)
{
	if (p != NULL)
		free(term(p));
}

static void
term_focus(struct pane *p, bool in)
{
	(void)p;
	(void)in;
}

static void
term_event(struct pane *p, const struct event *ev)
{
	struct term_pane *t = term(p);

	/* A new shell starts with its own screen in view. */
	if (ev->type == EV_TERM_OPEN) {
		if (t->copy)
			term_copy_leave(t);
		t->select = SELECT_NONE;
		t->follow = true;
	}
}

const struct pane_ops pane_term = {
	.name = "shell",
	.create = term_create,
	.destroy = term_destroy,
	.title = term_title,
	.draw = term_draw,
	.cursor = term_cursor,
	.key = term_key,
	.paste = term_paste,
	.mouse = term_mouse,
	.command = term_command,
	.resize = term_resize,
	.focus = term_focus,
	.event = term_event,
};
