#include "config.h"

#include "vt/vt-priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/*
 * A new size.  Text that wrapped at the old width is laid out again for the
 * new one, the scrollback too, so that nothing is lost by making the pane
 * narrow for a while.  The alternate screen is only cut: whoever draws there
 * draws it again.
 */

static void
clamp(int *v, int max)
{
	*v = *v < 0 ? 0 : *v >= max ? max - 1 : *v;
}

/* --- another width ------------------------------------------------------ */

struct flow {
	struct vt *vt;
	int cols;
	struct vt_line **out; /* as those of the scrollback */
	size_t n, cap;
	struct vt_line *line; /* being filled: cols cells, col of them */
	int col;
	/* Where these lines and columns went to. */
	size_t cursor, top;
	int cursor_col;
};

static void
flow_add(struct flow *f, struct vt_line *l)
{
	GROW(f->out, f->n, f->cap);
	f->out[f->n++] = l;
}

static void
flow_end(struct flow *f, bool wrapped)
{
	struct vt_line *l = vt_line_create(f->col);

	memcpy(l->cells, f->line->cells, (size_t)f->col * sizeof *l->cells);
	l->used = (uint16_t)f->col;
	l->used = (uint16_t)(wrapped ? f->col : vt_line_trimmed(l));
	l->wrapped = wrapped;
	l->wide = f->line->wide;
	flow_add(f, l);
	f->col = 0;
	f->line->wide = false;
}

static void
flow_cell(struct flow *f, struct vt_cell c)
{
	struct vt_cell *to;

	if (c.width == 2 && f->cols < 2)
		c = vt_blank;
	if (f->col + c.width > f->cols)
		flow_end(f, true);
	to = f->line->cells + f->col;
	to[0] = c;
	if (c.width == 2) {
		f->line->wide = true;
		c.glyph = 0;
		c.width = 0;
		to[1] = c;
		f->col++;
	}
	f->col++;
}

/* One line's cells; col: where in it the cursor is, -1 nowhere. */
static void
flow_line(struct flow *f, const struct vt_line *l, int n, int col)
{
	for (int x = 0; x < n; x++) {
		int width = l->cells[x].width;

		if (width != 0)
			flow_cell(f, l->cells[x]);
		if (x != col)
			continue;
		f->cursor = f->n;
		f->cursor_col = f->col - (width == 2 ? 2 : 1);
	}
	if (col < n)
		return;
	/* Right of the text, blanks. */
	if (f->col == f->cols)
		flow_end(f, true);
	f->cursor = f->n;
	f->cursor_col = f->col + col - n;
}

static const struct vt_line *
old_line(const struct vt *vt, size_t i)
{
	const struct vt_ring *r = &vt->ring;

	return i < r->n ? vt_ring_line(vt, (int)(r->n - i)) :
	    vt->screens[0].lines[i - r->n];
}

/* The scrollback and n rows of the screen, with the cursor at row, col. */
static void
flow_all(struct flow *f, int n, int row, int col)
{
	struct vt *vt = f->vt;
	size_t ring = vt->ring.n, count = ring + (size_t)n;

	for (size_t i = 0; i < count; i++) {
		const struct vt_line *l = old_line(vt, i);
		bool last = i + 1 == count, here = i == ring + (size_t)row;

		if (i == ring)
			f->top = f->n;
		flow_line(f, l, vt_line_content(l, last ? NULL :
		    old_line(vt, i + 1), vt->c.cols), here ? col : -1);
		if (last || !l->wrapped)
			flow_end(f, false);
	}
}

/* The first n of the new lines become the scrollback. */
static void
put_ring(struct flow *f, size_t n)
{
	struct vt_ring *r = &f->vt->ring;
	size_t skip = n > r->max ? n - r->max : 0;

	f->vt->c.scrolled += (uint64_t)n - r->n;
	vt_ring_clear(f->vt);
	if (r->cap < n - skip) {
		r->cap = n - skip;
		free(r->lines);
		r->lines = xcalloc(r->cap, sizeof(struct vt_line *));
	}
	for (size_t i = 0; i < skip; i++)
		free(f->out[i]);
	for (size_t i = skip; i < n; i++)
		r->lines[r->n++] = f->out[i];
}

/* A copy of src as wide as cols. */
static struct vt_line *
refit(const struct vt_line *src, int cols)
{
	struct vt_line *l = vt_line_create(cols);
	int n = src->used < cols ? src->used : cols;

	memcpy(l->cells, src->cells, (size_t)n * sizeof l->cells[0]);
	l->used = (uint16_t)n;
	l->wide = src->wide;
	l->wrapped = src->wrapped;
	if (n > 0 && l->cells[n - 1].width == 2) {
		l->cells[n - 1].glyph = 0;
		l->cells[n - 1].width = 1;
	}
	return l;
}

static void
put_screen(struct flow *f, size_t from)
{
	struct vt *vt = f->vt;
	struct vt_screen *s = &vt->screens[0];

	for (int y = 0; y < vt->c.rows; y++) {
		size_t i = from + (size_t)y;

		free(s->lines[y]);
		s->lines[y] = i < f->n ? refit(f->out[i], f->cols) :
		    vt_line_create(f->cols);
	}
	for (size_t i = from; i < f->n; i++)
		free(f->out[i]);
}

/* Rows of the main screen down to its last text, or the cursor. */
static int
rows_used(const struct vt *vt, int row)
{
	int n = vt->c.rows;

	while (n > row + 1 &&
	    vt_line_trimmed(vt->screens[0].lines[n - 1]) == 0)
		n--;
	return n;
}

/* The main screen as wide as cols; its cursor moves along. */
static void
rewrap(struct vt *vt, int cols, int *row, int *col)
{
	struct flow f = { .vt = vt, .cols = cols };
	int n = rows_used(vt, *row);
	size_t rows = (size_t)vt->c.rows, first;

	f.line = vt_line_create(cols);
	flow_all(&f, n, *row, *col);
	/* A full screen keeps its last line at the bottom, any other its
	 * first at the top; the cursor must stay on it. */
	first = n == vt->c.rows ? 0 : f.top;
	if (f.n - first > rows)
		first = f.n - rows;
	if (first > f.cursor)
		first = f.cursor;
	put_ring(&f, first);
	put_screen(&f, first);
	*row = (int)(f.cursor - first);
	*col = f.cursor_col;
	clamp(col, cols);
	free(f.line);
	free(f.out);
}

/* --- another height ----------------------------------------------------- */

static struct vt_line *
ring_pop(struct vt *vt, int cols)
{
	struct vt_line *old, *l;

	old = vt->ring.lines[(vt->ring.head + --vt->ring.n) % vt->ring.cap];
	l = refit(old, cols);
	vt->c.scrolled--;
	free(old);
	return l;
}

/* The rows of s for a new size.  shift: how many go off the top (> 0) or
 * come back from the scrollback (< 0). */
static void
screen_resize(struct vt *vt, struct vt_screen *s, int rows, int cols,
    int shift, bool ring)
{
	struct vt_line **lines = xcalloc((size_t)rows, sizeof *lines);
	int old = vt->c.rows;

	for (int i = 0; i < shift && ring; i++)
		vt_ring_push(vt, s->lines[i]);
	for (int i = -shift - 1; i >= 0; i--)
		lines[i] = ring_pop(vt, cols);
	for (int i = shift > 0 ? shift : 0; i < old && i - shift < rows; i++)
		lines[i - shift] = refit(s->lines[i], cols);
	for (int i = 0; i < rows; i++)
		if (lines[i] == NULL)
			lines[i] = vt_line_create(cols);
	vt_screen_free(s, old);
	s->lines = lines;
}

static int
shift_for(const struct vt *vt, int row, int rows, bool ring)
{
	int grow = rows - vt->c.rows;

	if (grow < 0)
		return row >= rows ? row - rows + 1 : 0;
	if (!ring)
		return 0;
	return (size_t)grow < vt->ring.n ? -grow : -(int)vt->ring.n;
}

/* The cursor of the main screen, also behind the alternate one: there it is
 * the saved one, 1049 put it there. */
static void
main_resize(struct vt *vt, int rows, int cols)
{
	struct vt_core *c = &vt->c;
	bool alt = vt->screen == &vt->screens[1];
	struct vt_saved *s = &c->saved[0];
	int *row = alt ? &s->row : &c->row, *col = alt ? &s->col : &c->col;
	bool *phantom = alt ? &s->phantom : &c->phantom;
	int was = *row, shift;

	if (cols != c->cols) {
		rewrap(vt, cols, row, col);
		if (*phantom && *col < cols - 1) {
			*phantom = false;
			++*col;
		}
	}
	shift = shift_for(vt, *row, rows, true);
	screen_resize(vt, &vt->screens[0], rows, cols, shift, true);
	*row -= shift;
	if (!alt)
		s->row += *row - was;
}

void
vt_grid_resize(struct vt *vt, int rows, int cols)
{
	struct vt_core *c = &vt->c;
	bool alt = vt->screen == &vt->screens[1];
	int shift = alt ? shift_for(vt, c->row, rows, false) : 0;

	main_resize(vt, rows, cols);
	screen_resize(vt, &vt->screens[1], rows, cols, shift, false);
	if (alt) {
		c->row -= shift;
		if (c->phantom && c->col < cols - 1) {
			c->phantom = false;
			c->col++;
		}
	}
	c->rows = rows;
	c->cols = cols;
	clamp(&c->row, rows);
	clamp(&c->col, cols);
	for (int i = 0; i < 2; i++) {
		clamp(&c->saved[i].row, rows);
		clamp(&c->saved[i].col, cols);
	}
	c->top = 0;
	c->bottom = rows;
	c->dirty_first = 0;
	c->dirty_last = rows - 1;
}
