#include "config.h"

#include "vt/vt-priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/glyph.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Text of some cells; where (not NULL) gets the column of each byte. */
static void
cells_text(const struct vt_cell *cells, int from, int to, struct buf *out,
    uint16_t *where)
{
	for (int i = from; i < to; i++) {
		uint32_t cps[GLYPH_MAX];
		size_t n;

		if (cells[i].width == 0)
			continue;
		n = glyph_cps(cells[i].glyph, cps);
		for (size_t k = 0; k < n; k++) {
			char u[4];
			size_t len = utf8_encode(cps[k], u);

			for (size_t b = 0; where != NULL && b < len; b++)
				where[out->len + b] = (uint16_t)i;
			buf_add(out, u, len);
		}
	}
}

static const struct vt_line *
line_at(const struct vt *vt, int row)
{
	if (row >= 0)
		return row < vt->c.rows ? vt->screen->lines[row] : NULL;
	return row >= -vt_scrollback(vt) ? vt_ring_line(vt, -row) : NULL;
}

/* Text of the cells from..to-1; trim: without the blanks at its end, those
 * in a colour as well. */
static void
line_text(const struct vt_line *l, int from, int to, bool trim,
    struct buf *out)
{
	size_t start = out->len;

	if (from > 0 && from < l->used && l->cells[from].width == 0)
		from--; /* a wide glyph is taken whole */
	cells_text(l->cells, from < 0 ? 0 : from, to, out, NULL);
	while (trim && out->len > start && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
}

void
vt_text(const struct vt *vt, int row, int col, int row2, int col2,
    struct buf *out)
{
	for (int y = row; y <= row2; y++) {
		const struct vt_line *l = line_at(vt, y);
		int from = y == row ? col : 0, to;
		bool last = y == row2;

		if (l == NULL)
			continue;
		to = l->wrapped ? l->used : vt_line_trimmed(l);
		if (last && col2 + 1 < to)
			to = col2 + 1;
		line_text(l, from, to, !l->wrapped &&
		    (!last || col2 + 1 >= l->used), out);
		if (!last && !l->wrapped)
			buf_addc(out, '\n');
	}
}

static char
fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool
has_capital(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			return true;
	return false;
}

static bool
matches(const char *s, const char *needle, size_t n, bool exact)
{
	if (exact)
		return memcmp(s, needle, n) == 0;
	for (size_t i = 0; i < n; i++)
		if (fold(s[i]) != needle[i])
			return false;
	return true;
}

/* A match in one row with its column beyond after (dir > 0) or before it. */
static int
find_in_row(const struct vt_line *l, const char *needle, size_t n, int dir,
    int limit)
{
	bool exact = has_capital(needle);
	uint16_t where[VT_COLS_MAX * GLYPH_MAX * 4];
	struct buf b = { 0 };
	int found = -1;

	cells_text(l->cells, 0, vt_line_trimmed(l), &b, where);
	for (size_t i = 0; i + n <= b.len; i++) {
		int col = where[i];

		if (i > 0 && where[i - 1] == col)
			continue; /* inside a cell */
		if (!matches(b.data + i, needle, n, exact))
			continue;
		if (dir > 0 && col > limit) {
			found = col;
			break;
		}
		if (dir < 0 && col < limit)
			found = col;
	}
	buf_free(&b);
	return found;
}

bool
vt_find(const struct vt *vt, const char *needle, int dir, int *row, int *col)
{
	size_t n = strlen(needle);
	int limit = *col;

	if (n == 0)
		return false;
	dir = dir < 0 ? -1 : 1;
	for (int y = *row; y < vt->c.rows && y >= -vt_scrollback(vt);
	    y += dir) {
		int at = find_in_row(line_at(vt, y), needle, n, dir, limit);

		if (at >= 0) {
			*row = y;
			*col = at;
			return true;
		}
		limit = dir > 0 ? -1 : VT_COLS_MAX;
	}
	return false;
}
