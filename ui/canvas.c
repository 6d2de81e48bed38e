#include "config.h"

#include "ui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/glyph.h"
#include "base/mem.h"
#include "base/utf8.h"

static const struct style plain = { COLOR_DEFAULT, COLOR_DEFAULT, 0 };

struct canvas *
canvas_create(int rows, int cols)
{
	struct canvas *c = xcalloc(1, sizeof *c);

	c->rows = rows > 0 ? rows : 0;
	c->cols = cols > 0 ? cols : 0;
	c->stride = c->cols;
	c->cells = xcalloc((size_t)c->rows * (size_t)c->cols + 1,
	    sizeof *c->cells);
	canvas_fill(c, plain);
	return c;
}

void
canvas_destroy(struct canvas *c)
{
	if (c == NULL)
		return;
	free(c->cells);
	free(c);
}

static int
clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

struct canvas
canvas_sub(const struct canvas *c, int row, int col, int rows, int cols)
{
	struct canvas s = { .stride = c->stride };
	int r0 = clamp(row, 0, c->rows), c0 = clamp(col, 0, c->cols);

	rows = clamp(rows, 0, c->rows);
	cols = clamp(cols, 0, c->cols);
	s.rows = clamp(row + rows, r0, c->rows) - r0;
	s.cols = clamp(col + cols, c0, c->cols) - c0;
	if (s.rows > 0 && s.cols > 0)
		s.cells = c->cells + (ptrdiff_t)r0 * c->stride + c0;
	else
		s.rows = s.cols = 0;
	return s;
}

static struct cell *
cell_at(const struct canvas *c, int row, int col)
{
	return c->cells + (ptrdiff_t)row * c->stride + col;
}

/* A write onto one half of a wide glyph leaves a blank in the other half. */
static void
split_wide(struct canvas *c, int row, int col)
{
	struct cell *p = cell_at(c, row, col);

	if (p->width == 0 && col > 0 && p[-1].width == 2) {
		p[-1].glyph = ' ';
		p[-1].width = 1;
	} else if (p->width == 2 && col + 1 < c->cols) {
		p[1].glyph = ' ';
		p[1].width = 1;
	}
}

void
canvas_put(struct canvas *c, int row, int col, uint32_t glyph, int width,
    struct style style)
{
	struct cell *p;

	if (row < 0 || row >= c->rows || col < 0 || col >= c->cols)
		return;
	if (width == 2 && col + 1 >= c->cols) {
		glyph = ' ';
		width = 1;
	}
	if (glyph == 0)
		glyph = ' ';
	split_wide(c, row, col);
	if (width == 2)
		split_wide(c, row, col + 1);
	p = cell_at(c, row, col);
	*p = (struct cell){ glyph, style, width == 2 ? 2 : 1 };
	if (width == 2)
		p[1] = (struct cell){ ' ', style, 0 };
}

void
canvas_fill_rect(struct canvas *c, int row, int col, int rows, int cols,
    struct style style)
{
	struct canvas s = canvas_sub(c, row, col, rows, cols);
	struct cell blank = { ' ', style, 1 };

	col = clamp(col, 0, c->cols);
	row = clamp(row, 0, c->rows);
	for (int r = 0; r < s.rows; r++) {
		split_wide(c, row + r, col);
		split_wide(c, row + r, col + s.cols - 1);
		for (int k = 0; k < s.cols; k++)
			*cell_at(&s, r, k) = blank;
	}
}

void
canvas_fill(struct canvas *c, struct style style)
{
	struct cell blank = { ' ', style, 1 };

	for (int r = 0; r < c->rows; r++)
		for (int k = 0; k < c->cols; k++)
			*cell_at(c, r, k) = blank;
}

void
canvas_tint(struct canvas *c, int row, int col, int cols, struct style over)
{
	struct canvas s = canvas_sub(c, row, col, 1, cols);

	for (int k = 0; s.rows > 0 && k < s.cols; k++) {
		struct style *st = &cell_at(&s, 0, k)->style;

		if (over.bg != COLOR_DEFAULT)
			st->bg = over.bg;
		if (over.fg != COLOR_DEFAULT)
			st->fg = over.fg;
		st->attr |= over.attr;
	}
}

/* The glyph of the grapheme at s, n bytes long. */
static uint32_t
grapheme_glyph(const char *s, size_t n, int *width)
{
	uint32_t cps[GLYPH_MAX];
	size_t k = 0, off = 0;

	while (off < n && k < GLYPH_MAX)
		off += utf8_decode(s + off, n - off, &cps[k++]);
	if (cps[0] < 0x20 || (cps[0] >= 0x7f && cps[0] < 0xa0)) {
		*width = 1;
		return 0xfffd;
	}
	if (*width == 0) /* a mark with no base */
		*width = 1;
	return k == 1 ? cps[0] : glyph_intern(cps, k);
}

int
canvas_text(struct canvas *c, int row, int col, int max, const char *s,
    size_t n, struct style style)
{
	size_t off = 0, len;
	int used = 0, width;
	uint32_t glyph;

	if (max < 0 || max > c->cols - col)
		max = c->cols - col;
	while (off < n && used < max) {
		if ((unsigned char)s[off] >= 0x20 &&
		    (unsigned char)s[off] < 0x7f &&
		    (off + 1 == n || !(s[off + 1] & 0x80))) {
			canvas_put(c, row, col + used++,
			    (unsigned char)s[off++], 1, style);
			continue;
		}
		len = utf8_grapheme(s + off, n - off, &width);
		glyph = grapheme_glyph(s + off, len, &width);
		if (used + width > max)
			break;
		canvas_put(c, row, col + used, glyph, width, style);
		used += width;
		off += len;
	}
	return used;
}

/* The bytes that fit into so many columns, and at least something. */
static size_t
fitting(const char *s, size_t n, int cols)
{
	size_t off = 0, blank = 0, len;
	int used = 0, width;

	for (; off < n; off += len, used += width) {
		len = utf8_grapheme(s + off, n - off, &width);
		if (used + width > cols)
			break;
		if (s[off] == ' ')
			blank = off;
	}
	if (off == n || s[off] == ' ')
		return off;
	if (blank > 0)
		return blank;
	return off > 0 ? off : utf8_grapheme(s, n, &width);
}

int
canvas_wrapped(struct canvas *c, int row, int col, const char *s,
    struct style style)
{
	for (; *s != '\0' && row < c->rows; row++) {
		size_t n = fitting(s, strlen(s), c->cols - col);

		canvas_text(c, row, col, -1, s, n, style);
		s += n;
		s += strspn(s, " ");
	}
	return row;
}

#define TAB 8

void
canvas_clipped(struct canvas *c, int row, int col, int max, const char *s,
    size_t n, struct style style, uint32_t more, struct style more_style)
{
	size_t off = 0, len;
	int used = 0, w;

	if (max < 0 || max > c->cols - col)
		max = c->cols - col;
	while (off < n && max > 0) {
		len = utf8_grapheme(s + off, n - off, &w);
		if (s[off] == '\t') {
			w = TAB - used % TAB;
			used += w < max - used ? w : max - used;
			off++;
			continue;
		}
		w = w > 0 ? w : 1;
		if (used + w > max)
			break;
		canvas_text(c, row, col + used, w, s + off, len, style);
		used += w;
		off += len;
	}
	if (off < n && max > 0)
		canvas_put(c, row, col + max - 1, more, 1, more_style);
}

int
canvas_str(struct canvas *c, int row, int col, const char *s,
    struct style style)
{
	return canvas_text(c, row, col, -1, s, strlen(s), style);
}

int
canvas_printf(struct canvas *c, int row, int col, struct style style,
    const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	return canvas_str(c, row, col, line, style);
}

static void
dump_glyph(uint32_t glyph, struct buf *out)
{
	uint32_t cps[GLYPH_MAX];
	size_t n = glyph_cps(glyph, cps);
	char utf8[4];

	for (size_t i = 0; i < n; i++)
		buf_add(out, utf8, utf8_encode(cps[i], utf8));
}

static void
dump_text(const struct canvas *c, struct buf *out)
{
	for (int r = 0; r < c->rows; r++) {
		int last = c->cols;

		while (last > 0 && cell_at(c, r, last - 1)->glyph == ' ' &&
		    cell_at(c, r, last - 1)->width == 1)
			last--;
		for (int k = 0; k < last; k++)
			if (cell_at(c, r, k)->width != 0)
				dump_glyph(cell_at(c, r, k)->glyph, out);
		buf_addc(out, '\n');
	}
}

#define DUMP_STYLES 62

static char
style_letter(size_t i)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	return i < DUMP_STYLES ? letters[i] : '?';
}

static size_t
style_index(struct style *known, size_t *n, const struct style *s)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (known[i].fg == s->fg && known[i].bg == s->bg &&
		    known[i].attr == s->attr)
			return i;
	if (*n < DUMP_STYLES)
		known[(*n)++] = *s;
	return i;
}

static void
dump_colour(int32_t colour, struct buf *out)
{
	if (COLOR_IS_RGB(colour))
		buf_addf(out, "#%06x", (unsigned)colour & 0xffffff);
	else
		buf_addf(out, "%d", (int)colour);
}

static void
dump_styles(const struct canvas *c, struct buf *out)
{
	struct style known[DUMP_STYLES];
	size_t n = 0;

	for (int r = 0; r < c->rows; r++) {
		for (int k = 0; k < c->cols; k++)
			buf_addc(out, style_letter(style_index(known, &n,
			    &cell_at(c, r, k)->style)));
		buf_addc(out, '\n');
	}
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "%c: ", style_letter(i));
		dump_colour(known[i].fg, out);
		buf_adds(out, " on ");
		dump_colour(known[i].bg, out);
		buf_addf(out, " attr %u\n", known[i].attr);
	}
}

void
canvas_dump(const struct canvas *c, bool with_style, struct buf *out)
{
	dump_text(c, out);
	if (with_style)
		dump_styles(c, out);
}
