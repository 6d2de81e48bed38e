#include "config.h"

#include "ui/pane-term.h"
#include "ui/predict.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define HINT_MARGIN 24 /* of rule, and for the key back from a zoom */

const struct vt *
term_vt(const struct term_pane *t)
{
	return t->base.ctx.state->vt;
}

/* --- the view ----------------------------------------------------------- */

/* Lines above the screen that can be seen: none of those that were cleared
 * away. */
int
term_back(const struct term_pane *t)
{
	const struct vt *vt = term_vt(t);
	int64_t since = (int64_t)vt_scrolled(vt) - t->cleared;
	int n = vt_scrollback(vt);

	return since >= n ? n : since > 0 ? (int)since : 0;
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
	int first = -term_back(t), last = vt_rows(term_vt(t)) - 1;

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
	int min = -term_back(t);

	t->follow = first >= live_first(t) && !t->copy;
	t->top = term_line_of(t, first < min ? min : first);
}

void
term_scroll(struct term_pane *t, int lines)
{
	int first, row;

	term_show(t, term_first(t) + lines);
	if (!t->copy)
		return;
	/* The cursor stays in view. */
	first = term_first(t);
	row = term_row_of(t, t->line);
	if (row < first)
		row = first;
	if (row >= first + t->base.rows)
		row = first + t->base.rows - 1;
	t->line = term_line_of(t, row);
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

/* As far as it goes, and on in the row below where the text does. */
static void
draw_match(const struct term_pane *t, struct canvas *c, int y, int x, int w)
{
	struct style style = theme_style(t->base.ctx.theme, STYLE_MATCH);
	int cols = vt_cols(term_vt(t));

	for (; w > 0; y++, x = 0) {
		tint(c, y, x, x + w, style);
		w -= cols - x;
	}
}

static void
draw_matches(const struct term_pane *t, struct canvas *c, int first)
{
	int w = (int)utf8_columns(t->needle, strlen(t->needle)), x;

	if (t->needle[0] == '\0' || !t->copy)
		return;
	/* One may start above and reach into view. */
	for (int y = -1; y < c->rows; y++)
		for (x = -1; (x = vt_find_in(term_vt(t), t->needle, first + y,
		    x)) >= 0;)
			draw_match(t, c, y, x, w);
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
	struct buf words = { 0 };

	if (s->conn != CONN_GONE || s->conn_why == NULL || s->ended)
		return;
	canvas_fill(c, theme_style(t->base.ctx.theme, STYLE_TEXT));
	pane_words(&t->base, s->conn_why, &words);
	canvas_wrapped(c, 0, 0, buf_str(&words),
	    theme_style(t->base.ctx.theme, STYLE_ERROR));
	buf_free(&words);
}

/* What a draw is about to show. */
static struct term_drawn
drawing(const struct term_pane *t, const struct canvas *c)
{
	struct term_drawn d = { term_vt(t), term_first(t),
		vt_rows(term_vt(t)), c->rows, c->cols };

	if (t->copy || t->typing || t->select != SELECT_NONE || d.first < 0 ||
	    term_predicts(t) || t->base.ctx.state->conn == CONN_GONE)
		d.vt = NULL;
	return d;
}

static void
term_draw(struct pane *p, struct canvas *c, bool focused)
{
	struct term_pane *t = term_of(p);
	struct style text = theme_style(p->ctx.theme, STYLE_TEXT);
	int first = term_first(t), rows = vt_rows(term_vt(t));

	(void)focused;
	canvas_fill(c, text);
	for (int y = 0; y < c->rows && first + y < rows; y++)
		draw_row(term_vt(t), c, y, first + y);
	if (first >= 0 && !t->copy)
		term_predict_draw(t, c);
	draw_matches(t, c, first);
	draw_selection(t, c, first);
	draw_gone(t, c);
	draw_prompt(t, c);
	t->drawn = drawing(t, c);
	vt_clean(p->ctx.state->vt);
}

static bool
term_update(struct pane *p, struct canvas *c, int *from, int *to)
{
	struct term_pane *t = term_of(p);
	struct term_drawn d = drawing(t, c), *was = &t->drawn;
	int last = (d.rows < d.vt_rows - d.first ? d.rows :
	    d.vt_rows - d.first) - 1;

	if (d.vt == NULL || d.vt != was->vt || d.first != was->first ||
	    d.vt_rows != was->vt_rows || d.rows != was->rows ||
	    d.cols != was->cols)
		return false;
	vt_damage(d.vt, from, to);
	vt_clean(p->ctx.state->vt);
	*from = *from > d.first ? *from - d.first : 0;
	*to = *to - d.first < last ? *to - d.first : last;
	if (*from > *to)
		*from = *to + 1;
	canvas_fill_rect(c, *from, 0, *to - *from + 1, c->cols,
	    theme_style(p->ctx.theme, STYLE_TEXT));
	for (int y = *from; y <= *to; y++)
		draw_row(d.vt, c, y, d.first + y);
	return true;
}

static bool
term_cursor(struct pane *p, int *row, int *col, int *shape)
{
	struct term_pane *t = term_of(p);
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
		term_predict_cursor(t, row, col);
		*row -= term_first(t);
		*shape = vt_cursor_shape(term_vt(t));
		if (p->ctx.state->term_exited)
			return false;
	}
	return visible && *row >= 0 && *row < p->rows && *col < p->cols;
}

/* --- title -------------------------------------------------------------- */

static void
title_conn(const struct pane *p, const char *dot, struct buf *out)
{
	const struct state *s = p->ctx.state;

	switch (s->conn) {
	case CONN_STARTING:
		/* How far it is, and of a build the last line. */
		buf_addf(out, " %s %s", dot, s->conn_why != NULL &&
		    s->conn_why[0] != '\0' ? "" : "starting");
		if (s->conn_why != NULL)
			pane_words(p, s->conn_why, out);
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
	    s->conn_why[0] != '\0') {
		buf_adds(out, ": ");
		pane_words(p, s->conn_why, out);
	}
}

static void
title_exit(const struct term_pane *t, const char *dot, struct buf *out)
{
	const struct state *s = t->base.ctx.state;

	if (s->term_status < 0) /* nobody could tell */
		buf_addf(out, " %s ended", dot);
	else
		buf_addf(out, " %s exited with status %d", dot,
		    s->term_status);
	if (!t->base.ctx.read_only)
		buf_addf(out, " %s press Enter to start a new shell", dot);
}

static void
term_title(struct pane *p, struct buf *out)
{
	struct term_pane *t = term_of(p);
	const struct state *s = p->ctx.state;
	const char *dot = p->ctx.ascii ? "-" : "\xc2\xb7";
	int first = term_first(t);

	buf_adds(out, "shell");
	if (s->conn == CONN_GONE) {
		; /* says all */
	} else if (s->term_exited) {
		title_exit(t, dot, out);
	} else if (vt_title(s->vt)[0] != '\0' && !t->copy && first >= 0) {
		/* What is not the live screen says so, and no more. */
		buf_addf(out, " %s %s", dot, vt_title(s->vt));
	}
	title_conn(p, dot, out);
	if (t->copy)
		buf_addf(out, " %s copy", dot);
	if (first < 0)
		buf_addf(out, " %s %d of %d lines back", dot, -first,
		    term_back(t));
}

/* From the fullest to the shortest. */
static const char *const copy_hints[] = {
	"v select  V lines  y copy  / ? search  n next  q back",
	"v select  y copy  ? search  q back",
	"v select  y copy  q back", "q back", NULL,
};
static const char *const copy_view_hints[] = { "q leaves the copy mode",
	"q leaves", NULL };
static const char *const typing_hints[] = { "Enter searches  Esc gives up",
	NULL };
static const char *const back_hints[] = {
	"Shift-PgDn on  any key back", "any key back", NULL };
static const char *const replay_hints[] = { "PgUp back  PgDn on", NULL };
static const char *const live_hints[] = { "Shift-PgUp scrolls back", NULL };
static const char *const mouse_hints[] = { "Shift-drag selects", NULL };

static const char *const *
hints_of(const struct term_pane *t)
{
	const struct vt *vt = term_vt(t);

	if (t->typing)
		return typing_hints;
	if (t->copy)
		return t->base.ctx.read_only ? copy_view_hints : copy_hints;
	if (t->base.ctx.read_only)
		return term_back(t) > 0 ? replay_hints : NULL;
	if (term_first(t) < 0)
		return back_hints;
	if (vt_mouse(vt) != VT_MOUSE_NONE)
		return mouse_hints;
	return term_back(t) > 0 ? live_hints : NULL;
}

/* The fullest that has room beside the title. */
static void
term_hint(struct pane *p, bool focused, struct buf *out)
{
	struct term_pane *t = term_of(p);
	const char *const *hints = focused ? hints_of(t) : NULL;
	struct buf title = { 0 };
	int room;

	if (hints == NULL)
		return;
	term_title(p, &title);
	room = p->cols - (int)utf8_columns(buf_str(&title), title.len) -
	    HINT_MARGIN;
	while (hints[1] != NULL && (int)strlen(hints[0]) > room)
		hints++;
	buf_adds(out, hints[0]);
	buf_free(&title);
}

/* --- input -------------------------------------------------------------- */

void
term_send(struct term_pane *t, enum command_type type, const struct buf *b)
{
	struct command cmd = { .type = type };

	if (t->base.ctx.read_only || b->len == 0)
		return;
	cmd.data = b->data;
	cmd.len = b->len;
	if (type == CMD_TERM_INPUT)
		term_predict_typed(t, b);
	t->base.ctx.send(t->base.ctx.user, &cmd);
}

void
term_send_key(struct term_pane *t, uint32_t code, unsigned mods)
{
	struct buf b = { 0 };

	vt_encode_key(term_vt(t), code, mods, &b);
	term_send(t, CMD_TERM_INPUT, &b);
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
	struct term_pane *t = term_of(p);
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
	term_send_key(t, k->code, k->mods);
	return PANE_HANDLED;
}

static enum pane_result
term_paste(struct pane *p, const char *s, size_t n)
{
	struct term_pane *t = term_of(p);
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
	term_send(t, CMD_TERM_INPUT, &b);
	buf_free(&b);
	return PANE_HANDLED;
}

/* --- commands, life ----------------------------------------------------- */

static void
find_text(struct term_pane *t, const char *text)
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

static void
cmd_find_again(struct term_pane *t, int way)
{
	if (t->needle[0] == '\0') {
		term_find_start(t, -1);
		return;
	}
	if (!t->copy)
		term_copy_enter(t);
	term_find(t, way * t->dir);
}

static enum pane_result
cmd_paste(struct term_pane *t)
{
	size_t n = 0;
	const char *s = t->base.ctx.clipboard(t->base.ctx.user, &n);

	return s != NULL ? term_paste(&t->base, s, n) : PANE_IGNORED;
}

/* To the live screen. */
static void
to_the_end(struct term_pane *t)
{
	if (t->copy)
		term_copy_leave(t);
	t->follow = true;
}

/* The record keeps every line; this view forgets those above the screen.  The
 * screen itself is the program's: ^L is what it is cleared with. */
static void
cmd_clear(struct term_pane *t)
{
	to_the_end(t);
	if (!vt_altscreen(term_vt(t)))
		t->cleared = (int64_t)vt_scrolled(term_vt(t));
	if (!t->base.ctx.state->term_exited)
		term_send_key(t, 'l', MOD_CTRL);
}

/* A full-screen program has no lines to scroll to. */
static enum pane_result
cmd_scroll(struct term_pane *t, const char *where)
{
	int page = t->base.rows > 2 ? t->base.rows - 1 : 1;

	if (vt_altscreen(term_vt(t)) && !t->copy)
		return PANE_IGNORED;
	if (strcmp(where, "up") == 0)
		term_scroll(t, -page);
	else if (strcmp(where, "down") == 0)
		term_scroll(t, page);
	else if (strcmp(where, "top") == 0)
		term_scroll(t, -term_back(t) - term_first(t));
	else
		to_the_end(t);
	return PANE_HANDLED;
}

static enum pane_result
term_command(struct pane *p, const char *cmd, const char *text)
{
	struct term_pane *t = term_of(p);

	if (strncmp(cmd, "scroll-", 7) == 0)
		return cmd_scroll(t, cmd + 7);
	if (strncmp(cmd, "shell-", 6) == 0)
		cmd += 6; /* the others, by their own names */
	if (strcmp(cmd, "copy-mode") == 0 && t->copy)
		term_copy_leave(t);
	else if (strcmp(cmd, "copy-mode") == 0)
		term_copy_enter(t);
	else if (strcmp(cmd, "find") == 0)
		find_text(t, text);
	else if (strcmp(cmd, "find-next") == 0)
		cmd_find_again(t, 1);
	else if (strcmp(cmd, "find-back") == 0)
		cmd_find_again(t, -1);
	else if (strcmp(cmd, "copy") == 0 && t->select != SELECT_NONE)
		term_copy_out(t);
	else if (strcmp(cmd, "paste") == 0)
		return cmd_paste(t);
	else if (strcmp(cmd, "clear") == 0)
		cmd_clear(t);
	else
		return PANE_IGNORED;
	return PANE_HANDLED;
}

static void
term_resize(struct pane *p, int rows, int cols)
{
	struct term_pane *t = term_of(p);
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
	t->predict = predict_create();
	return &t->base;
}

static void
term_destroy(struct pane *p)
{
	if (p == NULL)
		return;
	predict_destroy(term_of(p)->predict);
	free(term_of(p));
}

/* For a program that asked to be told.  Nobody typed it. */
static void
tell_focus(struct term_pane *t, bool in)
{
	struct buf b = { 0 };

	vt_encode_focus(term_vt(t), in, &b);
	if (!t->base.ctx.state->term_exited)
		term_send(t, CMD_TERM_REPLY, &b);
	buf_free(&b);
}

static void
term_focus(struct pane *p, bool in)
{
	struct term_pane *t = term_of(p);

	t->focused = in;
	tell_focus(t, in);
}

static void
term_event(struct pane *p, const struct event *ev)
{
	struct term_pane *t = term_of(p);

	switch (ev->type) {
	case EV_TERM_OPEN:
		/* A new shell starts with its own screen in view. */
		if (t->copy)
			term_copy_leave(t);
		t->select = SELECT_NONE;
		t->follow = true;
		t->held = false;
		break;
	case EV_TERM_OUTPUT:
		term_predict_output(t);
		break;
	case EV_FOCUS_IN: case EV_FOCUS_OUT:
		if (t->focused)
			tell_focus(t, ev->type == EV_FOCUS_IN);
		break;
	default:
		break;
	}
}

const struct pane_ops pane_term = {
	.name = "shell",
	.create = term_create,
	.destroy = term_destroy,
	.title = term_title,
	.hint = term_hint,
	.draw = term_draw,
	.update = term_update,
	.cursor = term_cursor,
	.key = term_key,
	.paste = term_paste,
	.mouse = term_mouse,
	.hover = term_hover,
	.command = term_command,
	.resize = term_resize,
	.focus = term_focus,
	.event = term_event,
};
