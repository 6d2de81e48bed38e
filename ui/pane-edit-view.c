#include "config.h"

#include "ui/pane-edit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define CLUSTER_MAX 64 /* bytes looked at for a grapheme, as text_next does */
#define MARK_BACK 4096 /* a mark is that far before what is looked for */
#define SIDE 4	       /* columns kept in view beside the cursor */
#define GUTTER_COLS 30 /* narrower panes have no line numbers */

void
edit_say(struct edit_pane *e, const char *fmt, ...)
{
	char s[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s, sizeof s, fmt, ap);
	va_end(ap);
	e->base.ctx.say(e->base.ctx.user, s);
}

/* --- the file in view --- */

int
edit_rows(const struct edit_pane *e)
{
	int rows = e->base.rows;

	return e->ask != ASK_NONE && rows > 1 ? rows - 1 : rows;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The top that has the cursor in view. */
static size_t
top_for(const struct edit_pane *e, const struct text *t, size_t cursor,
    size_t top)
{
	size_t rows = edit_rows(e) > 0 ? (size_t)edit_rows(e) : 1;
	size_t margin = rows >= 8 ? 2 : 0, line = text_line_of(t, cursor);
	size_t below = least(margin, text_lines(t) - 1 - line);

	if (line < top + margin)
		top = line > margin ? line - margin : 0;
	if (line + below >= top + rows)
		top = line + below + 1 - rows;
	return top;
}

/* A place of our own is of no use once the state has moved on. */
static bool
own_place(const struct edit_pane *e)
{
	return e->own && e->base.ctx.read_only &&
	    e->own_seq == e->base.ctx.state->seq;
}

bool
edit_look(const struct edit_pane *e, struct edit_view *v)
{
	const struct state *s = e->base.ctx.state;
	const struct state_file *f = state_file(s, e->look);
	bool own = own_place(e);
	size_t size;

	if (f == NULL && s->current >= 0 && (size_t)s->current < s->nfiles)
		f = &s->files[s->current];
	if (f == NULL)
		return false;
	v->file = f;
	v->path = f->path;
	v->text = f->text;
	v->at = own ? e->own_at : (struct edit_place){ f->cursor, f->anchor,
		f->top };
	size = text_size(f->text);
	v->at.cursor = least(v->at.cursor, size);
	v->at.anchor = least(v->at.anchor, size);
	v->at.top = least(v->at.top, text_lines(f->text) - 1);
	/* Who watches may have a smaller pane than who typed. */
	if (e->follow || (e->base.ctx.read_only && !own))
		v->at.top = top_for(e, f->text, v->at.cursor, v->at.top);
	return true;
}

bool
edit_selection(const struct edit_view *v, size_t *from, size_t *to)
{
	*from = least(v->at.cursor, v->at.anchor);
	*to = v->at.cursor > v->at.anchor ? v->at.cursor : v->at.anchor;
	return *from < *to;
}

static void
place(struct edit_pane *e, const struct edit_view *v,
    const struct edit_place *to)
{
	const struct state_file *f = v->file;
	struct command cmd = { .type = CMD_CURSOR, .path = v->path,
		.offset = to->cursor, .anchor = to->anchor, .top = to->top };

	if (e->base.ctx.read_only) {
		e->own = true;
		e->own_seq = e->base.ctx.state->seq;
		e->own_at = *to;
	} else if (f->cursor != to->cursor || f->anchor != to->anchor ||
	    f->top != to->top) {
		e->base.ctx.send(e->base.ctx.user, &cmd);
	}
}

void
edit_set_top(struct edit_pane *e, size_t cursor, size_t anchor, size_t top)
{
	struct edit_view v;
	struct edit_place to;
	size_t size;

	if (!edit_look(e, &v))
		return;
	size = text_size(v.text);
	to.cursor = least(cursor, size);
	to.anchor = least(anchor, size);
	to.top = least(top, text_lines(v.text) - 1);
	if (e->follow)
		to.top = top_for(e, v.text, to.cursor, to.top);
	place(e, &v, &to);
}

void
edit_set(struct edit_pane *e, size_t cursor, size_t anchor)
{
	struct edit_view v;

	if (edit_look(e, &v))
		edit_set_top(e, cursor, anchor, v.at.top);
}

void
edit_reveal(struct edit_pane *e, size_t cursor, size_t anchor)
{
	struct edit_view v;
	size_t line, rows = edit_rows(e) > 0 ? (size_t)edit_rows(e) : 1;

	if (!edit_look(e, &v))
		return;
	line = text_line_of(v.text, cursor);
	if (line < v.at.top || line >= v.at.top + rows)
		v.at.top = line > rows / 2 ? line - rows / 2 : 0;
	e->follow = true;
	e->goal = EDIT_NONE;
	edit_set_top(e, cursor, anchor, v.at.top);
}

/* --- columns --- */

size_t
edit_line_end(const struct text *t, size_t line)
{
	size_t start = text_line_start(t, line), end = text_line_end(t, line);
	char last;

	if (end > start && end < text_size(t) &&
	    text_read(t, end - 1, &last, 1) == 1 && last == '\r')
		end--;
	return end;
}

const char *
edit_newline(const struct text *t, size_t off)
{
	size_t line = text_line_of(t, off);

	if (line > 0 && line + 1 == text_lines(t))
		line--;
	return edit_line_end(t, line) < text_line_end(t, line) ? "\r\n" :
	    "\n";
}

static void
refill(struct edit_scan *s)
{
	s->have = text_read(s->text, s->off, s->bytes,
	    least(sizeof s->bytes, s->end - s->off));
	s->pos = 0;
}

bool
edit_scan_peek(struct edit_scan *s, struct edit_glyph *g)
{
	size_t left = s->have - s->pos;
	unsigned char c;

	if (s->off >= s->end)
		return false;
	if (left < CLUSTER_MAX && left < s->end - s->off) {
		refill(s);
		left = s->have;
	}
	g->s = s->bytes + s->pos;
	g->n = 1;
	g->width = 1;
	c = (unsigned char)g->s[0];
	if (c == '\t') {
		g->width = EDIT_TAB - (int)(s->col % EDIT_TAB);
	} else if (c < 0x20 || c >= 0x7f ||
	    (left > 1 && (unsigned char)g->s[1] >= 0x80)) {
		g->n = utf8_grapheme(g->s, least(left, CLUSTER_MAX),
		    &g->width);
		/* What has no width has a stand-in. */
		if (g->width == 0)
			g->width = 1;
	}
	return true;
}

void
edit_scan_next(struct edit_scan *s, const struct edit_glyph *g)
{
	s->off += g->n;
	s->pos += g->n;
	s->col += (size_t)g->width;
}

void
edit_scan_to(struct edit_pane *e, struct edit_scan *s, const struct text *t,
    size_t line, size_t off, size_t col)
{
	size_t start = text_line_start(t, line), seen;
	uint64_t seq = e->base.ctx.state->seq;
	struct edit_mark *m = &e->mark;
	struct edit_glyph g;

	s->text = t;
	s->end = edit_line_end(t, line);
	s->off = start;
	s->col = s->pos = s->have = 0;
	if (m->text == t && m->seq == seq && m->start == start &&
	    m->off <= off && m->col <= col && m->off <= s->end) {
		s->off = m->off;
		s->col = m->col;
	}
	seen = s->off;
	while (edit_scan_peek(s, &g) && s->off + g.n <= off &&
	    s->col + (size_t)g.width <= col) {
		edit_scan_next(s, &g);
		if (s->off < seen + 2 * MARK_BACK)
			continue;
		/* One step of two behind, so that what is looked for next,
		 * a little before, has it too. */
		if (off != EDIT_NONE && s->off + MARK_BACK <= off) {
			*m = (struct edit_mark){ t, seq, start, s->off,
				s->col };
			seen = s->off - MARK_BACK;
		}
	}
}

size_t
edit_col(struct edit_pane *e, const struct text *t, size_t off)
{
	struct edit_scan s;

	edit_scan_to(e, &s, t, text_line_of(t, off), off, EDIT_NONE);
	return s.col;
}

size_t
edit_at_col(struct edit_pane *e, const struct text *t, size_t line, size_t col)
{
	struct edit_scan s;

	edit_scan_to(e, &s, t, line, EDIT_NONE, col);
	return s.off;
}

int
edit_gutter(const struct edit_pane *e, const struct text *t)
{
	int digits = 2;

	if (e->base.cols < GUTTER_COLS)
		return 0;
	for (size_t n = text_lines(t); n >= 100; n /= 10)
		digits++;
	return digits + 2;
}

/* Only the cursor's line moves sideways: the others keep their indentation in
 * view, and cost no more than what is seen of them. */
size_t
edit_left(struct edit_pane *e, const struct edit_view *v, size_t line)
{
	size_t here = text_line_of(v->text, v->at.cursor), side, col, rest = 0;
	int cols = e->base.cols - edit_gutter(e, v->text);
	size_t width = cols > 0 ? (size_t)cols : 1;
	struct edit_scan s;
	struct edit_glyph g;

	if (line != here)
		return 0;
	if (e->left_line != here) {
		e->left_line = here;
		e->left = 0;
	}
	side = least(SIDE, (width - 1) / 2);
	edit_scan_to(e, &s, v->text, here, v->at.cursor, EDIT_NONE);
	col = s.col;
	while (rest < side && edit_scan_peek(&s, &g)) {
		edit_scan_next(&s, &g);
		rest = s.col - col;
	}
	rest = least(rest, side);
	if (col < e->left + side)
		e->left = col > side ? col - side : 0;
	if (col + rest >= e->left + width)
		e->left = col + rest + 1 - width;
	return e->left;
}
