#include "config.h"

#include "vt/vt-priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/glyph.h"
#include "base/mem.h"
#include "base/utf8.h"

static void
cells_text(const struct vt_cell *cells, int from, int to, struct buf *out)
{
	for (int i = from; i < to; i++) {
		uint32_t cps[GLYPH_MAX];
		size_t n;

		if (cells[i].width == 0)
			continue;
		n = glyph_cps(cells[i].glyph, cps);
		for (size_t k = 0; k < n; k++) {
			char u[4];

			buf_add(out, u, utf8_encode(cps[k], u));
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
	cells_text(l->cells, from < 0 ? 0 : from, to, out);
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
		to = vt_line_content(l, line_at(vt, y + 1), vt->c.cols);
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

/* The text of a row, and where in it each cell starts; then what follows in
 * the rows that it goes on in, as far as a match may reach.  Returns the
 * row's cells. */
static int
row_text(const struct vt *vt, int row, size_t needle, struct buf *out,
    uint32_t *start)
{
	const struct vt_line *l = line_at(vt, row), *next;
	int n = vt_line_content(l, line_at(vt, row + 1), vt->c.cols);
	size_t enough;

	for (int i = 0; i < n; i++) {
		start[i] = (uint32_t)out->len;
		cells_text(l->cells, i, i + 1, out);
	}
	enough = out->len + needle;
	while (l->wrapped && out->len < enough &&
	    (next = line_at(vt, ++row)) != NULL) {
		l = next;
		cells_text(l->cells, 0, vt_line_content(l, line_at(vt,
		    row + 1), vt->c.cols), out);
	}
	return n;
}

/* A match that starts in one row right of limit (dir > 0) or left of it. */
static int
find_in_row(const struct vt *vt, int row, const char *needle, int dir,
    int limit)
{
	const struct vt_line *l = line_at(vt, row);
	bool exact = has_capital(needle);
	uint32_t start[VT_COLS_MAX];
	size_t n = strlen(needle);
	struct buf b = { 0 };
	int found = -1, cells;

	if (l == NULL || n == 0)
		return -1;
	cells = row_text(vt, row, n, &b, start);
	for (int col = dir > 0 ? limit + 1 : 0; col < cells; col++) {
		if (dir < 0 && col >= limit)
			break;
		if (l->cells[col].width == 0 || start[col] + n > b.len ||
		    !matches(b.data + start[col], needle, n, exact))
			continue;
		found = col;
		if (dir > 0)
			break;
	}
	buf_free(&b);
	return found;
}

int
vt_find_in(const struct vt *vt, const char *needle, int row, int after)
{
	return find_in_row(vt, row, needle, 1, after < -1 ? -1 : after);
}

bool
vt_find(const struct vt *vt, const char *needle, int dir, int *row, int *col)
{
	int limit = *col < -1 ? -1 : *col;

	if (needle[0] == '\0')
		return false;
	dir = dir < 0 ? -1 : 1;
	for (int y = *row; y < vt->c.rows && y >= -vt_scrollback(vt);
	    y += dir) {
		int at = find_in_row(vt, y, needle, dir, limit);

		if (at >= 0) {
			*row = y;
			*col = at;
			return true;
		}
		limit = dir > 0 ? -1 : VT_COLS_MAX;
	}
	return false;
}
