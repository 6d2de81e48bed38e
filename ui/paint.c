#include "config.h"

#include "ui/paint.h"

#include <string.h>

#define GAP 8	    /* cells that stay, from where a move is shorter */
#define ERASE_SOME 12 /* blanks, the same */
#define ERASE_END 5

static const struct style plain = { COLOR_DEFAULT, COLOR_DEFAULT, 0 };

void
paint_forget(struct paint *p)
{
	p->row = p->col = -1;
	p->styled = false;
}

static bool
same_style(const struct style *a, const struct style *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attr == b->attr;
}

static bool
same_cell(const struct cell *a, const struct cell *b)
{
	return a->glyph == b->glyph && a->width == b->width &&
	    same_style(&a->style, &b->style);
}

static void
set_style(struct paint *p, const struct style *s)
{
	if (p->styled && same_style(&p->style, s))
		return;
	p->ops->style(p->out, p->user, s);
	p->style = *s;
	p->styled = true;
}

void
paint_move(struct paint *p, int row, int col)
{
	if (p->row == row && p->col == col)
		return;
	if (!p->move_styled)
		set_style(p, &plain);
	p->ops->move(p->out, p->user, row, col);
	p->row = row;
	p->col = col;
}

/* Shows nothing but its background. */
static bool
is_blank(const struct paint *p, const struct cell *c)
{
	return c->glyph == ' ' && c->width == 1 &&
	    (c->style.bg == COLOR_DEFAULT || p->erase_colour) &&
	    (c->style.attr & (ATTR_UNDERLINE | ATTR_REVERSE | ATTR_STRIKE |
	    ATTR_BLINK)) == 0;
}

/* How many cells from there on are the same blank. */
static int
blanks(const struct paint *p, const struct cell *cells, int from, int end)
{
	int k = from;

	while (k < end && is_blank(p, &cells[k]) &&
	    same_style(&cells[k].style, &cells[from].style))
		k++;
	return k - from;
}

static void
put(struct paint *p, const struct cell *c, int cols)
{
	static const struct cell blank = { ' ', { -1, -1, 0 }, 1 };
	const struct cell *shown = c->width != 0 ? c : &blank;
	int width = shown->width;

	set_style(p, &shown->style);
	for (int n = p->ops->glyph(p->out, p->user, shown); n < width; n++)
		buf_addc(p->out, ' ');
	p->col += width;
	if (p->col >= cols) /* where it is now is the terminal's affair */
		p->row = p->col = -1;
}

static void
put_corner(struct paint *p, const struct cell *c, int cols)
{
	if (p->corner) {
		put(p, c, cols);
	} else if (p->margin) {
		p->ops->margin(p->out, p->user, false);
		put(p, c, cols);
		p->ops->margin(p->out, p->user, true);
	}
}

/* The cell k of a row, or more of them where that is shorter.  Returns the
 * first that is not yet painted. */
static int
put_cells(struct paint *p, const struct canvas *c, const struct cell *cells,
    int row, int k)
{
	int some = p->erase_some || p->erase_end ?
	    blanks(p, cells, k, c->cols) : 0;
	bool end = k + some == c->cols;
	int width = cells[k].width == 2 ? 2 : 1;

	paint_move(p, row, k);
	if (end ? p->erase_end && some >= ERASE_END :
	    p->erase_some && some >= ERASE_SOME) {
		set_style(p, &cells[k].style);
		p->ops->erase(p->out, p->user, end ? 0 : some);
		return k + some;
	}
	if (row == c->rows - 1 && k + width == c->cols)
		put_corner(p, &cells[k], c->cols);
	else
		put(p, &cells[k], c->cols);
	return k + width;
}

/* From k, what need not be painted again: 0 where a move would be longer. */
static int
gap(const struct cell *cells, const struct cell *old, int k, int last)
{
	int n = 0;

	while (k + n <= last && cells[k + n].width == 1 &&
	    same_cell(&cells[k + n], &old[k + n]))
		n++;
	return n >= GAP ? n : 0;
}

/* The first and the last cell that differ, by whole glyphs, old and new. */
static bool
differing(const struct cell *cells, const struct cell *old, int cols,
    int *from, int *to)
{
	int first = 0, last = cols - 1;

	while (first <= last && same_cell(&cells[first], &old[first]))
		first++;
	if (first > last)
		return false;
	while (same_cell(&cells[last], &old[last]))
		last--;
	if (first > 0 && (cells[first].width == 0 || old[first].width == 0))
		first--;
	if (last + 1 < cols &&
	    (cells[last].width == 2 || old[last].width == 2))
		last++;
	*from = first;
	*to = last;
	return true;
}

void
paint_row(struct paint *p, const struct canvas *c, struct cell *old, int row)
{
	const struct cell *cells = c->cells + (ptrdiff_t)row * c->stride;
	int first, last, k;

	if (!differing(cells, old, c->cols, &first, &last))
		return;
	for (k = first; k <= last;) {
		k += gap(cells, old, k, last);
		if (k > last)
			break;
		k = put_cells(p, c, cells, row, k);
	}
	memcpy(old + first, cells + first,
	    (size_t)((k < c->cols ? k : c->cols) - first) * sizeof *old);
}
