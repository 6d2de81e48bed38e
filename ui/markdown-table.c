#include "config.h"

#include "ui/markdown-internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define CELLS_MAX 4096

static struct rich
cell_rich(const struct table *t, size_t i)
{
	struct rich r = { { 0 }, { 0 } };

	buf_add(&r.text, buf_str(&t->rich.text) + t->cells[i].off,
	    t->cells[i].len);
	buf_add(&r.styles, buf_str(&t->rich.styles) + t->cells[i].off,
	    t->cells[i].len);
	return r;
}

/* Every column as wide as its widest cell; when that is too much, the widest
 * columns give way. */
static void
fit_columns(struct markdown *m)
{
	struct table *t = &m->table;
	int total = (t->cols - 1) * 3, widest;

	memset(t->widths, 0, sizeof t->widths);
	for (size_t i = 0; i < t->n; i++) {
		const struct cell_text *c = &t->cells[i];
		size_t w = utf8_columns(buf_str(&t->rich.text) + c->off,
		    c->len);
		int *have = &t->widths[i % (size_t)t->cols];

		/* Wider than the canvas is wide enough to be cut. */
		if (w > (size_t)m->cols)
			w = (size_t)m->cols;
		if ((int)w > *have)
			*have = (int)w;
	}
	for (int i = 0; i < t->cols; i++) {
		t->widths[i] = t->widths[i] > 0 ? t->widths[i] : 1;
		total += t->widths[i];
	}
	for (; total > lines_room(m); total--) {
		widest = 0;
		for (int i = 1; i < t->cols; i++)
			if (t->widths[i] > t->widths[widest])
				widest = i;
		if (t->widths[widest] <= 1)
			return;
		t->widths[widest]--;
	}
}

/* The next line of a cell, at its place in its column. */
static size_t
put_cell(struct markdown *m, const struct rich *r, size_t from, int width,
    enum cell_align align, bool last)
{
	size_t next = from, end = from;
	int blank, left = 0;

	if (from < r->text.len)
		end = rich_break(r, from, width, &next);
	blank = width - (end > from ? (int)utf8_columns(r->text.data + from,
	    end - from) : 0);
	if (align == CELL_RIGHT)
		left = blank;
	else if (align == CELL_CENTER)
		left = blank / 2;
	lines_blanks(m, left);
	lines_rich(m, r, from, end);
	if (!last)
		lines_blanks(m, blank - left);
	return next;
}

static void
table_row(struct markdown *m, size_t first)
{
	struct table *t = &m->table;
	struct rich r[TABLE_COLS_MAX];
	size_t at[TABLE_COLS_MAX] = { 0 };
	bool more = true;

	for (int i = 0; i < t->cols; i++)
		r[i] = cell_rich(t, first + (size_t)i);
	while (more && !lines_full(m)) {
		more = false;
		lines_new(m);
		for (int i = 0; i < t->cols; i++) {
			if (i > 0)
				lines_str(m, lines_glyph(m,
				    " \xe2\x94\x82 ", " | "), STYLE_TABLE);
			at[i] = put_cell(m, &r[i], at[i], t->widths[i],
			    t->cells[first + (size_t)i].align,
			    i == t->cols - 1);
			more |= at[i] < r[i].text.len;
		}
	}
	for (int i = 0; i < t->cols; i++)
		rich_free(&r[i]);
}

static void
table_rule(struct markdown *m)
{
	const struct table *t = &m->table;

	lines_new(m);
	for (int i = 0; i < t->cols; i++) {
		if (i > 0)
			lines_str(m, lines_glyph(m, "\xe2\x94\x80\xe2\x94\xbc"
			    "\xe2\x94\x80", "-+-"), STYLE_TABLE);
		for (int k = 0; k < t->widths[i]; k++)
			lines_str(m, lines_glyph(m, "\xe2\x94\x80", "-"),
			    STYLE_TABLE);
	}
}

void
table_free(struct table *t)
{
	rich_free(&t->rich);
	free(t->cells);
	memset(t, 0, sizeof *t);
}

void
table_flush(struct markdown *m)
{
	struct table *t = &m->table;

	if (t->cols > 0 && t->n >= (size_t)t->cols) {
		fit_columns(m);
		for (size_t i = 0; i + (size_t)t->cols <= t->n &&
		    !lines_full(m); i += (size_t)t->cols) {
			table_row(m, i);
			if (i == 0)
				table_rule(m);
		}
	}
	table_free(t);
}

void
table_end_cell(struct markdown *m, enum cell_align align)
{
	struct table *t = &m->table;

	rich_trim(&m->rich);
	if (t->col++ < t->cols && (t->n < CELLS_MAX ||
	    t->n % (size_t)t->cols != 0)) {
		GROW(t->cells, t->n, t->cap);
		t->cells[t->n++] = (struct cell_text){ t->rich.text.len,
			m->rich.text.len, align };
		buf_add(&t->rich.text, buf_str(&m->rich.text),
		    m->rich.text.len);
		buf_add(&t->rich.styles, buf_str(&m->rich.styles),
		    m->rich.text.len);
	}
	rich_clear(&m->rich);
}
