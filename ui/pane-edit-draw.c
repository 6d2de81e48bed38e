#include "config.h"

#include "ui/pane-edit.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define NEEDLE_MAX 512

/* What the rows of one frame have in common. */
struct drawing {
	struct edit_pane *e;
	struct canvas *c;
	struct edit_view v;
	int x0, width; /* of the text */
	size_t here;   /* the cursor's line */
	size_t from, to; /* selected */
	const struct buf *needle;
	bool icase;
};

static struct style
style(const struct edit_pane *e, enum style_name n)
{
	return theme_style(e->base.ctx.theme, n);
}

static struct style
over(struct style s, struct style o)
{
	if (o.fg != COLOR_DEFAULT)
		s.fg = o.fg;
	if (o.bg != COLOR_DEFAULT)
		s.bg = o.bg;
	s.attr |= o.attr;
	return s;
}

static char
fold(char c, bool icase)
{
	return icase && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool
match_at(const struct drawing *d, size_t off)
{
	char s[NEEDLE_MAX];
	size_t n = d->needle->len;

	if (n > sizeof s || text_read(d->v.text, off, s, n) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (fold(s[i], d->icase) != fold(d->needle->data[i], d->icase))
			return false;
	return true;
}

/* End of the last match that starts in [from, to); 0: none. */
static size_t
match_end(const struct drawing *d, size_t from, size_t to)
{
	size_t end = 0;

	if (d->needle == NULL)
		return 0;
	for (size_t off = from; off < to; off++)
		if (match_at(d, off))
			end = off + d->needle->len;
	return end;
}

/* Shown in place of a character that has no form of its own; 0: it has. */
static uint32_t
stand_in(const struct drawing *d, const struct edit_glyph *g)
{
	bool ascii = d->e->base.ctx.ascii;
	uint32_t cp;
	int w;

	if (g->n == 1 && g->s[0] >= ' ' && g->s[0] < 0x7f)
		return 0;
	utf8_decode(g->s, g->n, &cp);
	if (cp < 0x20)
		return ascii ? '?' : 0x2400 + cp;
	if (cp == 0x7f)
		return ascii ? '?' : 0x2421;
	utf8_grapheme(g->s, g->n, &w);
	if ((cp >= 0x80 && cp < 0xa0) || w == 0 || (cp == 0xfffd && ascii))
		return ascii ? '?' : 0xfffd;
	return 0;
}

static void
draw_glyph(const struct drawing *d, int y, int x, const struct edit_glyph *g,
    struct style s)
{
	struct canvas *c = d->c;
	uint32_t odd;
	bool whole = x >= 0 && x + g->width <= d->width;

	if (g->s[0] == '\t' || !whole) {
		for (int i = x < 0 ? 0 : x; i < x + g->width && i < d->width;
		    i++)
			canvas_put(c, y, d->x0 + i, ' ', 1, s);
		return;
	}
	odd = stand_in(d, g);
	if (odd != 0)
		canvas_put(c, y, d->x0 + x, odd, 1, over(s, style(d->e,
		    STYLE_DIM)));
	else
		canvas_text(c, y, d->x0 + x, g->width, g->s, g->n, s);
}

static void
draw_cut(const struct drawing *d, int y, bool right, struct style s)
{
	uint32_t glyph = right ? 0x203a : 0x2039;

	if (d->e->base.ctx.ascii)
		glyph = right ? '>' : '<';
	canvas_put(d->c, y, d->x0 + (right ? d->width - 1 : 0), glyph, 1,
	    over(s, style(d->e, STYLE_DIM)));
}

/* A match may begin before what is in view. */
static size_t
match_before(const struct drawing *d, size_t line, size_t off)
{
	size_t start = text_line_start(d->v.text, line), n;

	if (d->needle == NULL || off == start)
		return 0;
	n = d->needle->len - 1;
	return match_end(d, off - start > n ? off - n : start, off);
}

static void
draw_text(const struct drawing *d, int y, size_t line, struct style base)
{
	size_t left = edit_left(d->e, &d->v, line), marked, end;
	size_t edge = left + (size_t)d->width;
	struct edit_scan s;
	struct edit_glyph g;

	edit_scan_to(d->e, &s, d->v.text, line, EDIT_NONE, left);
	marked = match_before(d, line, s.off);
	while (s.col < edge && edit_scan_peek(&s, &g)) {
		struct style st = base;

		end = match_end(d, s.off, s.off + g.n);
		marked = end > marked ? end : marked;
		if (s.off < marked)
			st = over(st, style(d->e, STYLE_MATCH));
		if (s.off >= d->from && s.off < d->to)
			st = over(st, style(d->e, STYLE_SELECTION));
		draw_glyph(d, y, (int)((long)s.col - (long)left), &g, st);
		edit_scan_next(&s, &g);
	}
	/* A selected newline shows as a cell. */
	if (s.off == s.end && s.col < edge && s.off >= d->from &&
	    s.off < d->to)
		canvas_put(d->c, y, d->x0 + (int)(s.col - left), ' ', 1,
		    over(base, style(d->e, STYLE_SELECTION)));
	if (left > 0)
		draw_cut(d, y, false, base);
	if (s.off < s.end || s.col > edge)
		draw_cut(d, y, true, base);
}

/* By hand: with cold caches printf takes longer than all of the text. */
static void
draw_number(const struct drawing *d, int y, size_t n, struct style s)
{
	for (int x = d->x0 - 2; x >= 0; x--, n /= 10)
		canvas_put(d->c, y, x, n > 0 ? '0' + (uint32_t)(n % 10) : ' ',
		    1, s);
}

static void
draw_line(const struct drawing *d, int y, size_t line)
{
	struct style base = style(d->e, STYLE_TEXT);
	bool here = line == d->here;

	if (here) {
		base = over(base, style(d->e, STYLE_CURSOR_LINE));
		canvas_fill_rect(d->c, y, 0, 1, d->c->cols, base);
	}
	if (d->x0 > 0)
		draw_number(d, y, line + 1, over(base, style(d->e, here ?
		    STYLE_LINENO_HERE : STYLE_LINENO)));
	if (d->width > 0)
		draw_text(d, y, line, base);
}

/* Bytes of the input line that do not fit, from its start. */
static size_t
input_skip(const struct edit_pane *e, int room)
{
	const char *s = buf_str(&e->input);
	size_t skip = 0, len = e->input.len;
	int w;

	while (skip < len && (int)utf8_columns(s + skip, len - skip) > room)
		skip += utf8_grapheme(s + skip, len - skip, &w);
	return skip;
}

static void
draw_ask(const struct edit_pane *e, struct canvas *c)
{
	struct style st = style(e, STYLE_STATUS);
	int row = c->rows - 1, x;
	size_t skip;

	if (e->ask == ASK_NONE || row < 0)
		return;
	canvas_fill_rect(c, row, 0, 1, c->cols, st);
	x = canvas_str(c, row, 0, edit_ask_label(e), st);
	skip = input_skip(e, c->cols - x - 1);
	canvas_text(c, row, x, -1, buf_str(&e->input) + skip,
	    e->input.len - skip, st);
}

/* Without a sandbox there are no files: whoever looks here is told so. */
static bool
draw_no_sandbox(const struct edit_pane *e, struct canvas *c, int row)
{
	static const char *const words[] = {
		[CONN_STARTING] = "the sandbox is starting, with the files",
		[CONN_RETRYING] = "the sandbox does not answer; it is tried "
		    "again",
		[CONN_OFFLINE] = "the sandbox does not answer",
		[CONN_GONE] = "there is no sandbox, and so there are no files",
	};
	const struct state *s = e->base.ctx.state;
	struct buf why = { 0 };

	if (s->ended || (unsigned)s->conn >= ARRAY_LEN(words) ||
	    words[s->conn] == NULL)
		return false;
	row = canvas_wrapped(c, row, 1, words[s->conn], style(e, STYLE_DIM));
	if (s->conn_why != NULL)
		pane_words(&e->base, s->conn_why, &why);
	canvas_wrapped(c, row, 1, buf_str(&why), style(e, s->conn ==
	    CONN_GONE ? STYLE_ERROR : STYLE_DIM));
	buf_free(&why);
	return true;
}

static void
draw_nothing(const struct edit_pane *e, struct canvas *c)
{
	const struct pane_ctx *ctx = &e->base.ctx;
	char key[40] = "";
	int x;

	if (draw_no_sandbox(e, c, 0))
		return;
	x = 1 + canvas_str(c, 0, 1, "no file is open", style(e, STYLE_DIM));
	if (ctx->key != NULL)
		ctx->key(ctx->user, "focus-files", key);
	if (key[0] != '\0')
		canvas_printf(c, 0, x, style(e, STYLE_DIM),
		    ": %s lists the files", key);
}

/* In place of a text that does not get what is typed. */
static void
draw_waits(const struct edit_pane *e, struct canvas *c)
{
	bool full;
	size_t n = edit_wait_chars(e, &full);
	struct buf b = { 0 };
	int row;

	buf_addf(&b, "opening %s ...", e->base.ctx.state->opening);
	row = canvas_wrapped(c, 0, 1, buf_str(&b), style(e, STYLE_TEXT));
	buf_clear(&b);
	buf_addf(&b, "%zu typed character%s for it wait%s here%s", n,
	    n == 1 ? "" : "s", n == 1 ? "s" : "", full ?
	    "; there is no room for more" : "");
	if (n > 0)
		row = canvas_wrapped(c, row, 1, buf_str(&b), style(e,
		    full ? STYLE_ERROR : STYLE_DIM));
	buf_free(&b);
	draw_no_sandbox(e, c, row);
}

static bool
begin(struct drawing *d)
{
	if (!edit_look(d->e, &d->v))
		return false;
	d->x0 = edit_gutter(d->e, d->v.text);
	d->width = d->c->cols - d->x0;
	d->here = text_line_of(d->v.text, d->v.at.cursor);
	d->needle = edit_needle(d->e);
	d->icase = d->needle != NULL && edit_needle_icase(d->needle);
	edit_selection(&d->v, &d->from, &d->to);
	return true;
}

/* What a draw shows, where lines are all that it shows. */
static struct edit_drawn
showing(const struct drawing *d)
{
	struct edit_drawn s = { .text = d->v.text, .top = d->v.at.top,
		.lines = text_lines(d->v.text), .here = d->here,
		.first = SIZE_MAX, .rows = d->c->rows, .cols = d->c->cols };

	if (d->needle != NULL || d->from < d->to || d->e->ask != ASK_NONE ||
	    d->e->base.ctx.read_only)
		s.text = NULL;
	return s;
}

void
edit_draw(struct pane *p, struct canvas *c, bool focused)
{
	struct edit_pane *e = edit_pane(p);
	struct drawing d = { .e = e, .c = c };

	(void)focused;
	p->rows = c->rows;
	p->cols = c->cols;
	e->drawn.text = NULL;
	canvas_fill(c, style(e, STYLE_TEXT));
	if (edit_waits_shown(e)) {
		draw_waits(e, c);
		return;
	}
	if (!begin(&d)) {
		draw_nothing(e, c);
		return;
	}
	for (int y = 0; y < edit_rows(e); y++)
		if (d.v.at.top + (size_t)y < text_lines(d.v.text))
			draw_line(&d, y, d.v.at.top + (size_t)y);
	draw_ask(e, c);
	e->drawn = showing(&d);
}

/* --- only what has changed --- */

static void
changed(struct edit_drawn *s, size_t line)
{
	if (s->first > s->last)
		s->first = s->last = line;
	s->first = line < s->first ? line : s->first;
	s->last = line > s->last ? line : s->last;
}

void
edit_drawn_event(struct edit_pane *e, const struct event *ev)
{
	struct edit_drawn *s = &e->drawn;
	const struct bytes *in = &ev->u.edit.inserted;
	struct edit_view v;

	if (ev->type == EV_EDIT_CURSOR || ev->type == EV_TERM_OUTPUT ||
	    s->text == NULL)
		return;
	if (ev->type != EV_EDIT_CHANGE || !edit_look(e, &v) ||
	    v.text != s->text || text_lines(v.text) != s->lines ||
	    (in->n > 0 && memchr(in->p, '\n', in->n) != NULL))
		s->text = NULL;
	else
		changed(s, text_line_of(v.text, ev->u.edit.offset));
}

bool
edit_update(struct pane *p, struct canvas *c, int *from, int *to)
{
	struct edit_pane *e = edit_pane(p);
	struct drawing d = { .e = e, .c = c };
	struct edit_drawn *was = &e->drawn, now;
	size_t end;

	if (was->text == NULL || edit_waits_shown(e) || !begin(&d))
		return false;
	now = showing(&d);
	if (now.text != was->text || now.top != was->top ||
	    now.lines != was->lines || now.rows != was->rows ||
	    now.cols != was->cols)
		return false;
	changed(was, was->here); /* it is marked */
	changed(was, now.here);
	end = now.top + (size_t)now.rows;
	end = end < now.lines ? end : now.lines;
	*from = was->first > now.top ? (int)(was->first - now.top) : 0;
	*to = (int)((was->last < end ? was->last + 1 : end) - now.top) - 1;
	canvas_fill_rect(c, *from, 0, *to - *from + 1, c->cols,
	    style(e, STYLE_TEXT));
	for (int y = *from; y <= *to; y++)
		draw_line(&d, y, now.top + (size_t)y);
	e->drawn = now;
	return true;
}

bool
edit_cursor(struct pane *p, int *row, int *col, int *shape)
{
	struct edit_pane *e = edit_pane(p);
	struct edit_view v;
	size_t line, skip;
	int x;

	*shape = p->ctx.read_only ? 0 : 6;
	if (edit_waits_shown(e) || !edit_look(e, &v) || p->rows < 1)
		return false;
	if (e->ask != ASK_NONE) {
		x = (int)strlen(edit_ask_label(e));
		skip = input_skip(e, p->cols - x - 1);
		*row = p->rows - 1;
		*col = x + (int)utf8_columns(buf_str(&e->input) + skip,
		    e->input.len - skip);
		return *col < p->cols;
	}
	line = text_line_of(v.text, v.at.cursor);
	if (line < v.at.top || line >= v.at.top + (size_t)edit_rows(e))
		return false;
	*row = (int)(line - v.at.top);
	*col = edit_gutter(e, v.text) + (int)(edit_col(e, v.text,
	    v.at.cursor) - edit_left(e, &v, line));
	return *col < p->cols;
}
