#include "config.h"

#include "ui/predict.h"

#include <stdlib.h>
#include <string.h>

#include "base/glyph.h"
#include "base/mem.h"
#include "base/utf8.h"

#define PATIENCE_US 250000 /* over twice the round trip */

struct guess {
	struct predict_cell cell;
	int after; /* the cursor's column then */
	int64_t t;
};

struct typed {
	uint32_t glyph;
	int width;
	int64_t t;
};

struct predict {
	struct guess guesses[PREDICT_MAX];
	struct predict_cell cells[PREDICT_MAX];
	size_t n;
	int row, col; /* the cursor, when all have come true */
	bool trusted; /* the program echoes on this line */
	/* Where the next character goes is not known, until what was sent at
	 * held_t has come back.  Meanwhile what is typed is in ahead. */
	bool held;
	struct typed ahead[PREDICT_MAX];
	size_t nahead;
	int64_t held_t, rtt;
};

struct predict *
predict_create(void)
{
	return xcalloc(1, sizeof(struct predict));
}

void
predict_destroy(struct predict *p)
{
	free(p);
}

static bool
drop(struct predict *p)
{
	bool shown = p->n > 0 && p->trusted;

	p->n = p->nahead = 0;
	p->trusted = p->held = false;
	return shown;
}

/* ---- typing ---- */

static bool
blank(const struct vt_cell *c)
{
	return (c->glyph == 0 || c->glyph == ' ') && c->width == 1;
}

static bool
blank_from(const struct vt *vt, int row, int col)
{
	int n;
	const struct vt_cell *cells = vt_row(vt, row, &n);

	for (int i = col; i < n; i++)
		if (!blank(&cells[i]))
			return false;
	return true;
}

/* What follows cannot be known before it is there: a new line, a motion, a
 * completion. */
static void
hold(struct predict *p, int64_t now)
{
	p->held = true;
	p->held_t = now;
	p->nahead = 0;
}

/* It is typed before it is known where it will be. */
static void
type_ahead(struct predict *p, const char *s, size_t n, int64_t now)
{
	uint32_t cp;
	int width = utf8_decode(s, n, &cp) == n && cp >= 0x20 &&
	    cp != 0x7f && cp != 0xfffd ? utf8_width(cp) : 0;

	if (width < 1 || p->nahead == PREDICT_MAX)
		hold(p, now);
	else
		p->ahead[p->nahead++] = (struct typed){
			glyph_intern(&cp, 1), width, now };
}

static void
add(struct predict *p, int col, int width, uint32_t glyph, int after,
    int64_t now)
{
	struct guess *g = &p->guesses[p->n];

	g->cell = (struct predict_cell){ p->row, col, width, glyph };
	g->after = after;
	g->t = now;
	p->cells[p->n++] = g->cell;
	p->col = after;
}

/* The cell left of the cursor goes, which must be there to go. */
static bool
erase(struct predict *p, const struct vt *vt, int64_t now)
{
	int n, col = p->col - 1;
	const struct vt_cell *cells = vt_row(vt, p->row, &n);

	if (p->n == 0 && (col < 0 || col >= n || cells[col].width != 1))
		return false;
	/* Of what was only predicted: not further back than the first. */
	if (p->n > 0 && (col < p->guesses[0].cell.col ||
	    p->guesses[p->n - 1].cell.width != 1))
		return false;
	add(p, col, 1, ' ', col, now);
	return true;
}

/* One grapheme or control character; false: cannot be predicted. */
static bool
guess(struct predict *p, const struct vt *vt, const char *s, size_t n,
    int64_t now)
{
	uint32_t cp;
	int width;

	if (p->n == PREDICT_MAX)
		return false;
	if (n == 1 && s[0] == 0x7f)
		return erase(p, vt, now);
	if (utf8_decode(s, n, &cp) != n || cp < 0x20 || cp == 0xfffd)
		return false;
	width = utf8_width(cp);
	if (width < 1 || p->col + width >= vt_cols(vt))
		return false;
	add(p, p->col, width, glyph_intern(&cp, 1), p->col + width, now);
	return true;
}

void
predict_type(struct predict *p, const struct vt *vt, const char *s, size_t n,
    int64_t rtt_us, int64_t now)
{
	bool visible;
	int width;

	p->rtt = rtt_us;
	if (rtt_us < PREDICT_RTT_US || vt_altscreen(vt)) {
		hold(p, now);
		return;
	}
	if (p->n == 0 && !p->held)
		vt_cursor(vt, &p->row, &p->col, &visible);
	for (size_t k; n > 0; s += k, n -= k) {
		k = utf8_grapheme(s, n, &width);
		if (p->held)
			type_ahead(p, s, k, now);
		else if (!blank_from(vt, p->row, p->n == 0 ? p->col :
		    p->guesses[0].cell.col + 1) ||
		    !guess(p, vt, s, k, now))
			hold(p, now);
	}
}

/* ---- what came ---- */

static bool
has_come(const struct vt *vt, const struct predict_cell *c)
{
	int n;
	const struct vt_cell *cells = vt_row(vt, c->row, &n);

	if (c->col >= n)
		return c->glyph == ' ';
	if (c->glyph == ' ')
		return blank(&cells[c->col]);
	return cells[c->col].glyph == c->glyph;
}

/* Is the screen as it is when the first n have come?  Of a cell that was
 * guessed twice the last counts. */
static bool
came_true(const struct predict *p, const struct vt *vt, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool last = true;

		for (size_t k = i + 1; k < n && last; k++)
			last = p->guesses[k].cell.col !=
			    p->guesses[i].cell.col;
		if (last && !has_come(vt, &p->guesses[i].cell))
			return false;
	}
	return true;
}

static void
forget(struct predict *p, size_t n)
{
	p->n -= n;
	memmove(p->guesses, p->guesses + n, p->n * sizeof *p->guesses);
	memmove(p->cells, p->cells + n, p->n * sizeof *p->cells);
}

static bool
starts_at(const struct predict *p, int row, int col)
{
	const struct guess *g = &p->guesses[0];

	/* One that erases begins right of what it erases. */
	return row == p->row && col == g->cell.col +
	    (g->after == g->cell.col ? g->cell.width : 0);
}

/* Guesses that went wrong were typed all the same; unless something was typed
 * after them that goes elsewhere. */
static bool
lose(struct predict *p, int64_t now)
{
	bool shown = p->n > 0 && p->trusted, typed = !p->held;
	size_t n = p->n;

	p->n = 0;
	p->trusted = false;
	if (p->held)
		return shown;
	for (size_t i = 0; i < n; i++) {
		const struct guess *g = &p->guesses[i];

		typed = typed && g->after > g->cell.col;
		p->ahead[i] = (struct typed){ g->cell.glyph, g->cell.width,
			g->t };
	}
	hold(p, typed ? now - p->rtt : now);
	p->nahead = typed ? n : 0;
	return shown;
}

static bool
settle(struct predict *p, const struct vt *vt, int64_t now)
{
	bool visible, was = p->trusted;
	int row, col;

	vt_cursor(vt, &row, &col, &visible);
	for (size_t n = p->n; n > 0; n--)
		if (row == p->row && col == p->guesses[n - 1].after &&
		    came_true(p, vt, n)) {
			forget(p, n);
			p->trusted = true;
			return was || p->n > 0;
		}
	/* Output may come from elsewhere while the echo is on its way. */
	return starts_at(p, row, col) ? false : lose(p, now);
}

/* ---- where what was typed ahead goes ---- */

/* The cursor is right behind the first n that were typed ahead. */
static bool
is_behind(const struct predict *p, const struct vt *vt, size_t n)
{
	int ncells, col = p->col;
	const struct vt_cell *cells = vt_row(vt, p->row, &ncells);

	while (n-- > 0) {
		col -= p->ahead[n].width;
		if (col < 0 || col >= ncells || (p->ahead[n].glyph == ' ' ?
		    !blank(&cells[col]) :
		    cells[col].glyph != p->ahead[n].glyph))
			return false;
	}
	return true;
}

/* From number i on they are guessed to come at the cursor.  None is shown
 * before one of them has. */
static void
place(struct predict *p, const struct vt *vt, size_t i)
{
	p->held = false;
	for (; i < p->nahead; i++) {
		const struct typed *t = &p->ahead[i];

		if (p->col + t->width >= vt_cols(vt))
			break;
		add(p, p->col, t->width, t->glyph, p->col + t->width, t->t);
	}
	p->nahead = 0;
}

static void
find_place(struct predict *p, const struct vt *vt, int64_t now)
{
	bool visible;
	size_t n = p->nahead;

	p->trusted = false; /* another line */
	vt_cursor(vt, &p->row, &p->col, &visible);
	if (!blank_from(vt, p->row, p->col))
		return;
	while (n > 0 && !is_behind(p, vt, n))
		n--;
	if (n > 0 || p->nahead == 0 ||
	    now - p->ahead[0].t < p->rtt * 3 / 4)
		place(p, vt, n);
	else if (now - p->ahead[0].t > 2 * p->rtt + PATIENCE_US)
		drop(p); /* it does not echo */
}

bool
predict_check(struct predict *p, const struct vt *vt, int64_t now)
{
	bool changed = false;

	if (p->n > 0)
		changed = vt_altscreen(vt) ? drop(p) : settle(p, vt, now);
	if (p->held && p->n == 0 && now - p->held_t >= p->rtt * 3 / 4)
		find_place(p, vt, now);
	return changed;
}

bool
predict_tick(struct predict *p, bool online, int64_t now, int64_t *next_us)
{
	int64_t due;

	*next_us = -1;
	if (p->n == 0 || !online)
		return false;
	due = p->guesses[0].t + 2 * p->rtt + PATIENCE_US;
	if (now >= due)
		return drop(p);
	*next_us = due - now;
	return false;
}

size_t
predict_shown(const struct predict *p, const struct predict_cell **cells,
    int *row, int *col)
{
	if (!p->trusted || p->n == 0)
		return 0;
	*cells = p->cells;
	*row = p->row;
	*col = p->col;
	return p->n;
}
