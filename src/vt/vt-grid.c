#include "config.h"

#include "vt/vt-priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void
fill(struct vt_cell *cells, int from, int to, struct vt_cell c)
{
	const struct vt_cell some[8] = { c, c, c, c, c, c, c, c };

	for (; from + 8 <= to; from += 8) /* -O2 does not do it by itself */
		memcpy(cells + from, some, sizeof some);
	for (; from < to; from++)
		cells[from] = c;
}

struct vt_line *
vt_line_create(int cols)
{
	struct vt_line *l;

	l = xmalloc(sizeof *l + (size_t)cols * sizeof l->cells[0]);
	l->used = 0;
	l->cap = (uint16_t)cols;
	l->wrapped = l->wide = false;
	fill(l->cells, 0, cols, vt_blank);
	return l;
}

void
vt_line_clear(struct vt *vt, struct vt_line *l, uint32_t style)
{
	struct vt_cell c = vt_blank;

	c.style = style & 0xffffff;
	l->wrapped = l->wide = false;
	if (style == 0) {
		fill(l->cells, 0, l->used, c);
		l->used = 0;
		return;
	}
	fill(l->cells, 0, vt->c.cols, c);
	l->used = (uint16_t)vt->c.cols;
}

void
vt_line_split(struct vt_line *l, int from, int to)
{
	if (!l->wide)
		return;
	if (from > 0 && from < l->used && l->cells[from].width == 0) {
		l->cells[from - 1].glyph = 0;
		l->cells[from - 1].width = 1;
		l->cells[from].glyph = 0;
		l->cells[from].width = 1;
	}
	if (to > 0 && to < l->used && l->cells[to].width == 0) {
		l->cells[to - 1].glyph = 0;
		l->cells[to - 1].width = 1;
		l->cells[to].glyph = 0;
		l->cells[to].width = 1;
	}
}

void
vt_line_erase(struct vt *vt, struct vt_line *l, int from, int to)
{
	struct vt_cell c = vt_blank;
	uint32_t style = vt_blank_style(vt);

	c.style = style & 0xffffff;
	if (from == 0 && to == vt->c.cols) {
		vt_line_clear(vt, l, style);
		return;
	}
	vt_line_split(l, from, to);
	if (to == vt->c.cols)
		l->wrapped = false;
	if (style == 0 && to > l->used)
		to = l->used;
	if (from >= to)
		return;
	fill(l->cells, from, to, c);
	if (style != 0 && to > l->used)
		l->used = (uint16_t)to;
	else if (style == 0 && to == l->used)
		l->used = (uint16_t)from;
}

int
vt_line_trimmed(const struct vt_line *l)
{
	int n = l->used;

	while (n > 0 && l->cells[n - 1].style == 0 &&
	    l->cells[n - 1].width == 1 &&
	    (l->cells[n - 1].glyph == 0 || l->cells[n - 1].glyph == ' '))
		n--;
	return n;
}

int
vt_line_content(const struct vt_line *l, const struct vt_line *next, int cols)
{
	int n = l->wrapped ? l->used : vt_line_trimmed(l);

	/* A wide glyph that had no room left the last column blank. */
	if (l->wrapped && n == cols && next != NULL && next->used > 0 &&
	    next->cells[0].width == 2 && l->cells[n - 1].glyph == 0 &&
	    l->cells[n - 1].width == 1)
		n--;
	return n;
}

/* --- scrollback --------------------------------------------------------- */

static struct vt_line **
ring_slot(const struct vt_ring *r, size_t i)
{
	i += r->head;
	return &r->lines[i < r->cap ? i : i - r->cap];
}

static void
ring_grow(struct vt_ring *r)
{
	size_t cap = r->cap ? r->cap * 2 : 256;
	struct vt_line **lines;

	if (cap > r->max)
		cap = r->max;
	lines = xcalloc(cap, sizeof *lines);
	for (size_t i = 0; i < r->n; i++)
		lines[i] = *ring_slot(r, i);
	free(r->lines);
	r->lines = lines;
	r->cap = cap;
	r->head = 0;
}

/* The next spare line stands where this one's cells were. */
static struct vt_line *
next_spare(const struct vt_line *l)
{
	struct vt_line *next;

	memcpy(&next, l->cells, sizeof next);
	return next;
}

static void
drop_line(struct vt_ring *r, struct vt_line *l)
{
	struct vt_line **list = &r->spare[l->cap / VT_SPARE_STEP];

	if (l->cap < VT_SPARE_STEP || r->nspare == VT_SPARE_MAX) {
		free(l);
		return;
	}
	memcpy(l->cells, list, sizeof *list);
	*list = l;
	r->nspare++;
}

/* For n cells. */
static struct vt_line *
new_line(struct vt_ring *r, int n)
{
	size_t step = ((size_t)n + VT_SPARE_STEP - 1) / VT_SPARE_STEP;
	struct vt_line *l = r->spare[step];

	if (l != NULL) {
		r->spare[step] = next_spare(l);
		r->nspare--;
		return l;
	}
	l = xmalloc(sizeof *l + step * VT_SPARE_STEP * sizeof l->cells[0]);
	l->cap = (uint16_t)(step * VT_SPARE_STEP);
	return l;
}

void
vt_ring_push(struct vt *vt, const struct vt_line *l)
{
	struct vt_ring *r = &vt->ring;
	int n = l->wrapped ? l->used : vt_line_trimmed(l);
	struct vt_line *new;

	vt->c.scrolled++;
	if (r->max == 0)
		return;
	if (r->n == r->cap && r->cap < r->max)
		ring_grow(r);
	if (r->n == r->cap) {
		drop_line(r, *ring_slot(r, 0));
		r->head = r->head + 1 < r->cap ? r->head + 1 : 0;
		r->n--;
	}
	new = new_line(r, n);
	new->used = (uint16_t)n;
	new->wrapped = l->wrapped;
	new->wide = l->wide;
	memcpy(new->cells, l->cells, (size_t)n * sizeof new->cells[0]);
	*ring_slot(r, r->n++) = new;
}

void
vt_ring_clear(struct vt *vt)
{
	struct vt_ring *r = &vt->ring;

	for (size_t i = 0; i < r->n; i++)
		free(*ring_slot(r, i));
	r->n = r->head = 0;
	for (size_t i = 0; i < ARRAY_LEN(r->spare); i++)
		while (r->spare[i] != NULL) {
			struct vt_line *l = r->spare[i];

			r->spare[i] = next_spare(l);
			free(l);
		}
	r->nspare = 0;
}

const struct vt_line *
vt_ring_line(const struct vt *vt, int back)
{
	return *ring_slot(&vt->ring, vt->ring.n - (size_t)back);
}

/* --- scrolling ---------------------------------------------------------- */

static void
scroll_up(struct vt *vt, int top, int bottom, int n)
{
	struct vt_line **lines = vt->screen->lines;
	uint32_t style = vt_blank_style(vt);
	bool keep = vt->c.keep && top == 0 && vt->screen == &vt->screens[0];

	for (int i = 0; i < n; i++) {
		struct vt_line *l = lines[top];

		if (keep)
			vt_ring_push(vt, l);
		memmove(lines + top, lines + top + 1,
		    (size_t)(bottom - top - 1) * sizeof(struct vt_line *));
		vt_line_clear(vt, l, style);
		lines[bottom - 1] = l;
	}
}

static void
scroll_down(struct vt *vt, int top, int bottom, int n)
{
	struct vt_line **lines = vt->screen->lines;
	uint32_t style = vt_blank_style(vt);

	for (int i = 0; i < n; i++) {
		struct vt_line *l = lines[bottom - 1];

		memmove(lines + top + 1, lines + top,
		    (size_t)(bottom - top - 1) * sizeof(struct vt_line *));
		vt_line_clear(vt, l, style);
		lines[top] = l;
	}
}

void
vt_scroll(struct vt *vt, int top, int bottom, int n)
{
	int h = bottom - top;

	if (h <= 0)
		return;
	if (top > 0) /* its text does not go on there any more */
		vt->screen->lines[top - 1]->wrapped = false;
	if (n > 0) {
		scroll_up(vt, top, bottom, n > h ? h : n);
	} else {
		scroll_down(vt, top, bottom, -n > h ? h : -n);
		vt->screen->lines[bottom - 1]->wrapped = false;
	}
	vt_dirty(vt, top, bottom - 1);
}

void
vt_shift(struct vt *vt, int row, int from, int to, int n)
{
	struct vt_line *l = vt->screen->lines[row];
	int w = to - from;
	size_t move;

	n = n > w ? w : n < -w ? -w : n;
	move = (size_t)(w - abs(n)) * sizeof l->cells[0];
	vt_line_split(l, from, to);
	/* Cells cut in two by the shift go. */
	vt_line_split(l, n > 0 ? from + n : to + n, to);
	if (l->used < to)
		l->used = (uint16_t)to;
	if (n > 0) {
		memmove(l->cells + from, l->cells + from + n, move);
		vt_line_erase(vt, l, to - n, to);
	} else {
		memmove(l->cells + from - n, l->cells + from, move);
		vt_line_erase(vt, l, from, from - n);
	}
	vt_dirty(vt, row, row);
}

/* --- size --------------------------------------------------------------- */

void
vt_screen_create(struct vt_screen *s, int rows, int cols)
{
	s->lines = xcalloc((size_t)rows, sizeof(struct vt_line *));
	for (int i = 0; i < rows; i++)
		s->lines[i] = vt_line_create(cols);
}

void
vt_screen_free(struct vt_screen *s, int rows)
{
	for (int i = 0; i < rows; i++)
		free(s->lines[i]);
	free(s->lines);
	s->lines = NULL;
}
