#include "config.h"

#include "vt/vt-priv.h"

#include "base/glyph.h"
#include "base/utf8.h"

#define JOINER 0x200d

void
vt_linefeed(struct vt *vt)
{
	struct vt_core *c = &vt->c;

	if (c->modes & MODE_MARGINS) {
		c->keep = true;
		vt_lib_feed(vt, "\n", 1);
		return;
	}
	if (c->row == c->bottom - 1) {
		c->keep = true;
		vt_scroll(vt, c->top, c->bottom, 1);
	} else if (c->row < c->rows - 1) {
		c->row++;
		c->phantom = c->full = false;
		c->synced = false;
	}
}

static void
wrap(struct vt *vt)
{
	vt->screen->lines[vt->c.row]->wrapped = true;
	vt_linefeed(vt);
	vt->c.col = 0;
	vt->c.phantom = vt->c.full = false;
	vt->c.synced = false;
}

static void
advance(struct vt *vt, int n)
{
	struct vt_core *c = &vt->c;

	c->col += n;
	c->full = false;
	if (c->col >= c->cols) {
		c->col = c->cols - 1;
		c->phantom = (c->modes & MODE_AUTOWRAP) != 0;
		c->full = !c->phantom;
	}
	c->synced = false;
}

/* Makes columns col..col+n-1 of the cursor's row ready to be written. */
static struct vt_cell *
make_room(struct vt *vt, int n)
{
	struct vt_line *l = vt->screen->lines[vt->c.row];
	int end = vt->c.col + n;

	if (vt->c.modes & MODE_INSERT)
		vt_shift(vt, vt->c.row, vt->c.col, vt->c.cols, -n);
	vt_line_split(l, vt->c.col, end);
	if (l->used < end)
		l->used = (uint16_t)end;
	vt_dirty(vt, vt->c.row, vt->c.row);
	return l->cells + vt->c.col;
}

void
vt_put_ascii(struct vt *vt, const char *p, size_t n)
{
	struct vt_core *c = &vt->c;
	struct vt_cell cell = { 0, 0, 1 }, *to;

	if (n == 0)
		return;
	c->last = (unsigned char)p[n - 1];
	c->last_width = 1;
	while (n > 0) {
		size_t k;

		if (c->phantom)
			wrap(vt);
		k = (size_t)(c->cols - c->col);
		k = k < n ? k : n;
		/* After the wrap, which may renumber styles. */
		cell.style = vt_pen_style(vt) & 0xffffff;
		to = make_room(vt, (int)k);
		for (size_t i = 0; i < k; i++) {
			cell.glyph = (unsigned char)p[i];
			to[i] = cell;
		}
		advance(vt, (int)k);
		p += k;
		n -= k;
	}
}

void
vt_put_glyph(struct vt *vt, uint32_t glyph, int width)
{
	struct vt_core *c = &vt->c;
	struct vt_cell *to;
	uint32_t style;

	if (width > c->cols)
		width = c->cols;
	if (c->phantom)
		wrap(vt);
	if (c->col + width > c->cols) {
		if (c->modes & MODE_AUTOWRAP)
			wrap(vt);
		else
			c->col = c->cols - width;
	}
	style = vt_pen_style(vt) & 0xffffff;
	to = make_room(vt, width);
	to[0] = (struct vt_cell){ glyph, style & 0xffffff, 1 };
	if (width == 2) {
		to[0].width = 2;
		to[1] = (struct vt_cell){ 0, style & 0xffffff, 0 };
		vt->screen->lines[c->row]->wide = true;
	}
	c->last = glyph;
	c->last_width = width;
	advance(vt, width);
}

/* The cell that the cursor has just left; NULL: none. */
static struct vt_cell *
cell_before(const struct vt *vt)
{
	const struct vt_core *c = &vt->c;
	struct vt_line *l = vt->screen->lines[c->row];
	int col = c->phantom || c->full ? c->col : c->col - 1;

	if (col > 0 && col < l->used && l->cells[col].width == 0)
		col--;
	return col >= 0 && col < l->used ? &l->cells[col] : NULL;
}

static void
combine(struct vt *vt, uint32_t cp)
{
	struct vt_cell *cell = cell_before(vt);
	uint32_t cps[GLYPH_MAX];
	size_t n;

	if (cell == NULL)
		return;
	n = glyph_cps(cell->glyph, cps);
	if (n < GLYPH_MAX)
		cps[n++] = cp;
	else if (cp == JOINER || cps[n - 1] == JOINER)
		cps[n - 1] = cp; /* what joins must not be forgotten */
	cell->glyph = glyph_intern(cps, n);
	vt_dirty(vt, vt->c.row, vt->c.row);
}

static bool
emoji(uint32_t cp)
{
	return (cp >= 0x2190 && cp < 0x2c00) || cp >= 0x1f000;
}

/* An emoji after a joiner belongs to the one before it, in the same columns,
 * as tmux and newer terminals have it. */
static bool
joins(const struct vt *vt, uint32_t cp)
{
	const struct vt_cell *cell;
	uint32_t cps[GLYPH_MAX];
	size_t n;

	if (!emoji(cp) || (cell = cell_before(vt)) == NULL)
		return false;
	n = glyph_cps(cell->glyph, cps);
	return n > 1 && cps[n - 1] == JOINER && emoji(cps[0]);
}

/* VT100 line drawing, 0x60 to 0x7e. */
static const uint16_t drawing[] = {
	0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0, 0x00b1,
	0x2424, 0x240b, 0x2518, 0x2510, 0x250c, 0x2514, 0x253c, 0x23ba,
	0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524, 0x2534, 0x252c,
	0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7,
};

void
vt_put_cp(struct vt *vt, uint32_t cp)
{
	struct vt_core *c = &vt->c;
	int w;

	if (cp < 0x7f) {
		char set = c->sets[c->single ? c->single : c->gl];

		c->single = 0;
		if (set == '0' && cp >= 0x60)
			cp = drawing[cp - 0x60];
		else if (set == 'A' && cp == '#')
			cp = 0xa3;
		vt_put_glyph(vt, cp, 1);
		return;
	}
	if (cp < 0xa0)
		return; /* C1 controls as UTF-8: nothing uses them */
	w = utf8_width(cp);
	if (w == 0 || joins(vt, cp))
		combine(vt, cp);
	else
		vt_put_glyph(vt, cp, w);
}

static void
finish_cp(struct vt *vt)
{
	uint32_t cp = vt->c.u8;

	if (cp < vt->c.u8_least || cp > 0x10ffff ||
	    (cp >= 0xd800 && cp < 0xe000))
		cp = 0xfffd;
	vt_put_cp(vt, cp);
}

const char *
vt_put_utf8(struct vt *vt, const char *p, const char *end)
{
	struct vt_core *c = &vt->c;

	for (; p < end; p++) {
		unsigned char b = (unsigned char)*p;

		if (b < 0x80)
			break;
		if (b < 0xc0 && c->u8_need > 0) {
			c->u8 = c->u8 << 6 | (b & 0x3f);
			if (--c->u8_need == 0)
				finish_cp(vt);
			continue;
		}
		if (c->u8_need > 0) /* cut short */
			vt_put_cp(vt, 0xfffd);
		c->u8_need = 0;
		if (b < 0xc2 || b > 0xf4) {
			vt_put_cp(vt, 0xfffd);
			continue;
		}
		c->u8_need = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
		c->u8_least = b < 0xe0 ? 0x80 : b < 0xf0 ? 0x800 : 0x10000;
		c->u8 = b & (0x3fu >> c->u8_need);
	}
	return p;
}
