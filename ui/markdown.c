#include "config.h"

#include "ui/markdown.h"

#include <md4c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define DEPTH_MAX 16	  /* containers that indent; deeper ones do not */
#define LINES_MAX 65536
#define TABLE_COLS_MAX 24 /* the columns beyond are left out */
#define CELLS_MAX 4096
#define TAB 8
#define CODE_INDENT 2

/* A style is a byte: its name, and this for struck text. */
#define STRIKE 0x80

/* Bytes of text, each with its style. */
struct rich {
	struct buf text, styles;
};

struct part { /* of a line, in one style */
	size_t off, len;
	uint8_t style;
};

struct container { /* a list, an item of it, or a quotation */
	MD_BLOCKTYPE type;
	bool tight;
	unsigned next;	/* of a numbered list */
	char mark[16];	/* of an item, until its first line */
	bool marked;
	int width;
};

struct cell_text {
	size_t off, len; /* in the table's text */
	MD_ALIGN align;
};

struct table {
	struct rich rich;
	struct cell_text *cells;
	size_t n, cap;
	int cols, col; /* col: of the row being read */
	int widths[TABLE_COLS_MAX];
};

struct markdown {
	struct buf text;
	struct part *parts;
	size_t nparts, parts_cap;
	size_t *lines; /* index of the first part */
	size_t nlines, lines_cap;

	/* While it is made. */
	int cols;
	bool ascii;
	struct rich rich; /* of the block being read */
	struct container in[DEPTH_MAX];
	int depth; /* may be more than DEPTH_MAX */
	bool gap;  /* a blank line before the next line */
	bool heading, code, head_row;
	int strong, emph, link, strike, span_code;
	size_t link_start, math_start;
	struct table table;
};

static const char *
glyph(const struct markdown *m, const char *nice, const char *plain)
{
	return m->ascii ? plain : nice;
}

/* --- lines out ---------------------------------------------------------- */

static void
put(struct markdown *m, const char *s, size_t n, uint8_t style)
{
	struct part *last = m->nparts > 0 ? &m->parts[m->nparts - 1] : NULL;

	if (n == 0 || m->nlines == 0)
		return;
	if (last != NULL && m->nparts > m->lines[m->nlines - 1] &&
	    last->style == style) {
		last->len += n;
	} else {
		GROW(m->parts, m->nparts, m->parts_cap);
		m->parts[m->nparts++] = (struct part){ m->text.len, n,
			style };
	}
	buf_add(&m->text, s, n);
}

static void
put_str(struct markdown *m, const char *s, uint8_t style)
{
	put(m, s, strlen(s), style);
}

static void
put_blanks(struct markdown *m, int n)
{
	while (n-- > 0)
		put(m, " ", 1, STYLE_TEXT);
}

static void
put_rich(struct markdown *m, const struct rich *r, size_t from, size_t to)
{
	const uint8_t *styles = (const uint8_t *)r->styles.data;
	size_t i;

	for (; from < to; from = i) {
		for (i = from + 1; i < to && styles[i] == styles[from]; i++)
			;
		put(m, r->text.data + from, i - from, styles[from]);
	}
}

static bool
full(const struct markdown *m)
{
	return m->nlines >= LINES_MAX;
}

static void
bare_line(struct markdown *m)
{
	GROW(m->lines, m->nlines, m->lines_cap);
	m->lines[m->nlines++] = m->nparts;
}

static int
stored_depth(const struct markdown *m)
{
	return m->depth < DEPTH_MAX ? m->depth : DEPTH_MAX;
}

/* Columns taken by the containers around; indentation never takes more than
 * half, but the mark of an item always shows. */
static bool
indents(const struct markdown *m, const struct container *c, int used,
    bool blank)
{
	return used + c->width <= m->cols / 2 ||
	    (c->type == MD_BLOCK_LI && !c->marked && !blank);
}

static int
room(const struct markdown *m)
{
	int n = 0;

	for (int i = 0; i < stored_depth(m); i++)
		if (indents(m, &m->in[i], n, false))
			n += m->in[i].width;
	return n < m->cols ? m->cols - n : 1;
}

static void
put_container(struct markdown *m, struct container *c, bool blank)
{
	if (c->type == MD_BLOCK_QUOTE) {
		put_str(m, glyph(m, "\xe2\x94\x82 ", "| "), STYLE_TABLE);
	} else if (c->type == MD_BLOCK_LI && !blank && !c->marked) {
		c->marked = true;
		put_str(m, c->mark, STYLE_TEXT);
		put_blanks(m, c->width - (int)utf8_columns(c->mark,
		    strlen(c->mark)));
	} else {
		put_blanks(m, c->width);
	}
}

static void
begin_line(struct markdown *m, bool blank)
{
	int n = 0;

	bare_line(m);
	for (int i = 0; i < stored_depth(m); i++)
		if (indents(m, &m->in[i], n, blank)) {
			n += m->in[i].width;
			put_container(m, &m->in[i], blank);
		}
}

static void
new_line(struct markdown *m)
{
	if (m->gap && m->nlines > 0)
		begin_line(m, true);
	m->gap = false;
	begin_line(m, false);
}

/* --- breaking ----------------------------------------------------------- */

/* Where the line that starts at from ends, and where the next one starts.
 * Breaks at blanks, after wide characters, or else anywhere. */
static size_t
line_end(const struct rich *r, size_t from, int cols, size_t *next)
{
	const char *s = r->text.data;
	size_t n = r->text.len, i = from, end = from, resume = from, len;
	int used = 0, w;

	for (; i < n && s[i] != '\n'; i += len) {
		len = utf8_grapheme(s + i, n - i, &w);
		if (s[i] == ' ') {
			end = i;
			resume = i + 1;
		}
		if (used + w > cols && i > from) {
			*next = resume > from ? resume : i;
			return resume > from ? end : i;
		}
		used += w;
		if (w == 2)
			end = resume = i + len;
	}
	*next = i < n ? i + 1 : n;
	return i;
}

static void
clear(struct rich *r)
{
	buf_clear(&r->text);
	buf_clear(&r->styles);
}

static void
trim(struct rich *r)
{
	while (r->text.len > 0 && (r->text.data[r->text.len - 1] == ' ' ||
	    r->text.data[r->text.len - 1] == '\n'))
		r->text.data[--r->text.len] = '\0';
	r->styles.len = r->text.len;
}

static void
flush_text(struct markdown *m)
{
	struct rich *r = &m->rich;
	size_t from = 0, end, next;

	trim(r);
	for (; from < r->text.len && !full(m); from = next) {
		end = line_end(r, from, room(m), &next);
		new_line(m);
		put_rich(m, r, from, end);
	}
	clear(r);
}

/* A line of code: as it is, cut at the edge. */
static void
code_line(struct markdown *m, const char *s, size_t n)
{
	int max = room(m) - CODE_INDENT, used = 0, w;
	size_t off = 0, len, cut = 0, start;

	new_line(m);
	put_blanks(m, CODE_INDENT);
	start = m->text.len;
	for (; off < n && used <= max; off += len) {
		len = utf8_grapheme(s + off, n - off, &w);
		w = s[off] == '\t' ? TAB - used % TAB : w > 0 ? w : 1;
		if (used + w <= max - 1)
			cut = m->text.len - start + (s[off] == '\t' ?
			    (size_t)w : len);
		used += w;
		if (s[off] == '\t')
			for (int i = 0; i < w; i++)
				put(m, " ", 1, STYLE_CODE);
		else
			put(m, s + off, len, STYLE_CODE);
	}
	if (used <= max && off >= n)
		return;
	/* Too long: what fits before the mark. */
	m->parts[m->nparts - 1].len = cut;
	m->text.len = start + cut;
	put_str(m, glyph(m, "\xe2\x80\xa6", ">"), STYLE_DIM);
}

static void
flush_code(struct markdown *m)
{
	const char *s = buf_str(&m->rich.text);
	size_t n = m->rich.text.len, len;

	while (n > 0 && !full(m)) {
		const char *end = memchr(s, '\n', n);

		len = end != NULL ? (size_t)(end - s) : n;
		code_line(m, s, len);
		len += end != NULL;
		s += len;
		n -= len;
	}
	clear(&m->rich);
}

/* --- tables ------------------------------------------------------------- */

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

static void
rich_free(struct rich *r)
{
	buf_free(&r->text);
	buf_free(&r->styles);
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
	for (; total > room(m); total--) {
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
    MD_ALIGN align, bool last)
{
	size_t next = from, end = from;
	int blank, left = 0;

	if (from < r->text.len)
		end = line_end(r, from, width, &next);
	blank = width - (end > from ? (int)utf8_columns(r->text.data + from,
	    end - from) : 0);
	if (align == MD_ALIGN_RIGHT)
		left = blank;
	else if (align == MD_ALIGN_CENTER)
		left = blank / 2;
	put_blanks(m, left);
	put_rich(m, r, from, end);
	if (!last)
		put_blanks(m, blank - left);
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
	while (more && !full(m)) {
		more = false;
		new_line(m);
		for (int i = 0; i < t->cols; i++) {
			if (i > 0)
				put_str(m, glyph(m, " \xe2\x94\x82 ", " | "),
				    STYLE_TABLE);
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

	new_line(m);
	for (int i = 0; i < t->cols; i++) {
		if (i > 0)
			put_str(m, glyph(m, "\xe2\x94\x80\xe2\x94\xbc"
			    "\xe2\x94\x80", "-+-"), STYLE_TABLE);
		for (int k = 0; k < t->widths[i]; k++)
			put_str(m, glyph(m, "\xe2\x94\x80", "-"),
			    STYLE_TABLE);
	}
}

static void
flush_table(struct markdown *m)
{
	struct table *t = &m->table;

	if (t->cols > 0 && t->n >= (size_t)t->cols) {
		fit_columns(m);
		for (size_t i = 0; i + (size_t)t->cols <= t->n && !full(m);
		    i += (size_t)t->cols) {
			table_row(m, i);
			if (i == 0)
				table_rule(m);
		}
	}
	rich_free(&t->rich);
	free(t->cells);
	memset(t, 0, sizeof *t);
}

static void
end_cell(struct markdown *m, const MD_BLOCK_TD_DETAIL *d)
{
	struct table *t = &m->table;

	trim(&m->rich);
	if (t->col++ < t->cols && (t->n < CELLS_MAX ||
	    t->n % (size_t)t->cols != 0)) {
		GROW(t->cells, t->n, t->cap);
		t->cells[t->n++] = (struct cell_text){ t->rich.text.len,
			m->rich.text.len, d->align };
		buf_add(&t->rich.text, buf_str(&m->rich.text),
		    m->rich.text.len);
		buf_add(&t->rich.styles, buf_str(&m->rich.styles),
		    m->rich.text.len);
	}
	clear(&m->rich);
}

/* --- text in ------------------------------------------------------------ */

static uint8_t
style_now(const struct markdown *m)
{
	enum style_name n = STYLE_TEXT;

	if (m->span_code > 0)
		n = STYLE_CODE;
	else if (m->link > 0)
		n = STYLE_LINK;
	else if (m->heading)
		n = STYLE_HEADING;
	else if (m->strong > 0 || m->head_row)
		n = STYLE_STRONG;
	else if (m->emph > 0)
		n = STYLE_EMPH;
	return (uint8_t)(n | (m->strike > 0 ? STRIKE : 0));
}

static void
add_styled(struct markdown *m, const char *s, size_t n, uint8_t style)
{
	buf_add(&m->rich.text, s, n);
	buf_reserve(&m->rich.styles, n + 1);
	memset(m->rich.styles.data + m->rich.styles.len, style, n);
	m->rich.styles.len += n;
}

static void
add(struct markdown *m, const char *s, size_t n)
{
	add_styled(m, s, n, style_now(m));
}

static const struct {
	const char *name;
	uint32_t cp;
} entities[] = {
	{ "lt", '<' }, { "gt", '>' }, { "amp", '&' }, { "quot", '"' },
	{ "apos", '\'' }, { "nbsp", 0xa0 }, { "copy", 0xa9 },
	{ "deg", 0xb0 }, { "plusmn", 0xb1 }, { "sup2", 0xb2 },
	{ "sup3", 0xb3 }, { "middot", 0xb7 }, { "times", 0xd7 },
	{ "divide", 0xf7 }, { "ndash", 0x2013 }, { "mdash", 0x2014 },
	{ "lsquo", 0x2018 }, { "rsquo", 0x2019 }, { "ldquo", 0x201c },
	{ "rdquo", 0x201d }, { "bull", 0x2022 }, { "hellip", 0x2026 },
	{ "larr", 0x2190 }, { "uarr", 0x2191 }, { "rarr", 0x2192 },
	{ "darr", 0x2193 }, { "isin", 0x2208 }, { "sum", 0x2211 },
	{ "minus", 0x2212 }, { "infin", 0x221e }, { "ne", 0x2260 },
	{ "le", 0x2264 }, { "ge", 0x2265 },
};

/* "&name;", "&#12;" or "&#x1f;"; 0: unknown. */
static uint32_t
entity(const char *s, size_t n)
{
	char name[16];
	unsigned long v;
	bool hex;

	if (n < 3 || n - 2 >= sizeof name)
		return 0;
	memcpy(name, s + 1, n - 2);
	name[n - 2] = '\0';
	if (name[0] == '#') {
		hex = name[1] == 'x' || name[1] == 'X';
		v = strtoul(name + (hex ? 2 : 1), NULL, hex ? 16 : 10);
		return v == 0 || v > 0x10ffff ? 0xfffd : (uint32_t)v;
	}
	for (size_t i = 0; i < ARRAY_LEN(entities); i++)
		if (strcmp(name, entities[i].name) == 0)
			return entities[i].cp;
	return 0;
}

static void
add_entity(struct markdown *m, const char *s, size_t n)
{
	uint32_t cp = entity(s, n);
	char utf8[4];

	if (cp == 0) {
		add(m, s, n);
		return;
	}
	/* Line feeds are breaks in here. */
	if (cp < 0x20)
		cp = cp == '\n' || cp == '\t' ? ' ' : 0xfffd;
	add(m, utf8, utf8_encode(cp, utf8));
}

static int
on_text(MD_TEXTTYPE type, const MD_CHAR *s, MD_SIZE n, void *user)
{
	struct markdown *m = user;

	switch (type) {
	case MD_TEXT_NULLCHAR:
		add(m, "\xef\xbf\xbd", 3);
		break;
	case MD_TEXT_BR:
		add(m, "\n", 1);
		break;
	case MD_TEXT_SOFTBR:
		add(m, " ", 1);
		break;
	case MD_TEXT_ENTITY:
		add_entity(m, s, n);
		break;
	default:
		add(m, s, n);
	}
	return full(m);
}

/* A URL and the like. */
static void
add_attribute(struct markdown *m, const MD_ATTRIBUTE *a)
{
	if (a->text == NULL || a->size == 0)
		return;
	for (size_t i = 0; a->substr_offsets[i] < a->size; i++) {
		size_t off = a->substr_offsets[i];
		size_t n = a->substr_offsets[i + 1] - off;

		if (a->substr_types[i] == MD_TEXT_ENTITY)
			add_entity(m, a->text + off, n);
		else
			add(m, a->text + off, n);
	}
}

/* " (url)", unless that is what the text says already. */
static void
add_url(struct markdown *m, const MD_ATTRIBUTE *a)
{
	size_t n = m->rich.text.len - m->link_start, from;
	const char *text = buf_str(&m->rich.text) + m->link_start;

	if (a->size == 0 || (n <= a->size &&
	    memcmp(a->text + a->size - n, text, n) == 0 &&
	    (n == a->size || (a->size - n == 7 &&
	    memcmp(a->text, "mailto:", 7) == 0))))
		return;
	from = m->rich.text.len;
	add(m, " (", 2);
	add_attribute(m, a);
	add(m, ")", 1);
	memset(m->rich.styles.data + from, STYLE_DIM,
	    m->rich.text.len - from);
}

/* "$5 and $10" is no formula: there a dollar sign has a blank inside. */
static void
end_math(struct markdown *m)
{
	struct rich *r = &m->rich;
	size_t from = m->math_start, n = r->text.len - from;
	char *s;

	if (n == 0 || (r->text.data[from] != ' ' &&
	    r->text.data[r->text.len - 1] != ' '))
		return;
	s = xmemdup(r->text.data + from, n);
	r->text.len = r->styles.len = from;
	add(m, "$", 1);
	add(m, s, n);
	add(m, "$", 1);
	free(s);
}

static int
on_span(MD_SPANTYPE type, void *detail, struct markdown *m, int by)
{
	switch (type) {
	case MD_SPAN_LATEXMATH:
	case MD_SPAN_LATEXMATH_DISPLAY:
		m->emph += by;
		if (by > 0)
			m->math_start = m->rich.text.len;
		else if (type == MD_SPAN_LATEXMATH)
			end_math(m);
		break;
	case MD_SPAN_EM:
		m->emph += by;
		break;
	case MD_SPAN_STRONG:
		m->strong += by;
		break;
	case MD_SPAN_CODE:
		m->span_code += by;
		break;
	case MD_SPAN_DEL:
		m->strike += by;
		break;
	case MD_SPAN_A:
	case MD_SPAN_IMG:
		m->link += by;
		if (by > 0)
			m->link_start = m->rich.text.len;
		else
			add_url(m, type == MD_SPAN_A ?
			    &((MD_SPAN_A_DETAIL *)detail)->href :
			    &((MD_SPAN_IMG_DETAIL *)detail)->src);
		break;
	default:
		break;
	}
	return 0;
}

static int
enter_span(MD_SPANTYPE type, void *detail, void *user)
{
	return on_span(type, detail, user, 1);
}

static int
leave_span(MD_SPANTYPE type, void *detail, void *user)
{
	return on_span(type, detail, user, -1);
}

/* --- blocks ------------------------------------------------------------- */

static struct container *
innermost_list(struct markdown *m)
{
	for (int i = stored_depth(m); i-- > 0;)
		if (m->in[i].type != MD_BLOCK_LI)
			return m->in[i].type == MD_BLOCK_QUOTE ? NULL :
			    &m->in[i];
	return NULL;
}

static void
enter_item(struct markdown *m, struct container *c)
{
	static const char *const bullets[] = { "\xe2\x80\xa2",
		"\xe2\x97\xa6", "\xe2\x96\xaa" };
	struct container *list = innermost_list(m);
	int level = 0;

	for (int i = 0; i < stored_depth(m); i++)
		level += m->in[i].type == MD_BLOCK_UL;
	if (list != NULL && list->type == MD_BLOCK_OL)
		snprintf(c->mark, sizeof c->mark, "%u.", list->next++);
	else
		snprintf(c->mark, sizeof c->mark, "%s", m->ascii ? "*" :
		    bullets[level > 0 ? (level - 1) % 3 : 0]);
	c->width = (int)utf8_columns(c->mark, strlen(c->mark)) + 1;
}

static void
push(struct markdown *m, MD_BLOCKTYPE type, void *detail)
{
	struct container c = { .type = type };

	if (m->depth < DEPTH_MAX) {
		if (type == MD_BLOCK_UL)
			c.tight = ((MD_BLOCK_UL_DETAIL *)detail)->is_tight;
		if (type == MD_BLOCK_OL) {
			c.tight = ((MD_BLOCK_OL_DETAIL *)detail)->is_tight;
			c.next = ((MD_BLOCK_OL_DETAIL *)detail)->start;
		}
		if (type == MD_BLOCK_QUOTE)
			c.width = 2;
		if (type == MD_BLOCK_LI)
			enter_item(m, &c);
		m->in[m->depth] = c;
	}
	m->depth++;
}

/* After a block: a blank line, but not in a tight list. */
static void
set_gap(struct markdown *m)
{
	const struct container *list = innermost_list(m);

	m->gap = list == NULL || !list->tight;
}

static void
pop(struct markdown *m, MD_BLOCKTYPE type)
{
	/* An item with nothing in it shows all the same. */
	if (type == MD_BLOCK_LI && m->depth <= DEPTH_MAX && !full(m) &&
	    !m->in[m->depth - 1].marked)
		new_line(m);
	m->depth--;
	set_gap(m);
}

static void
rule(struct markdown *m)
{
	int n = room(m);

	new_line(m);
	for (int i = 0; i < n; i++)
		put_str(m, glyph(m, "\xe2\x94\x80", "-"), STYLE_RULE);
	set_gap(m);
}

static int
enter_block(MD_BLOCKTYPE type, void *detail, void *user)
{
	struct markdown *m = user;

	/* The text of a tight item comes without a paragraph. */
	if (type != MD_BLOCK_TH && type != MD_BLOCK_TD)
		flush_text(m);
	switch (type) {
	case MD_BLOCK_QUOTE:
	case MD_BLOCK_UL:
	case MD_BLOCK_OL:
	case MD_BLOCK_LI:
		/* The blank line before a quotation is not of it. */
		if (type == MD_BLOCK_QUOTE && m->gap && m->nlines > 0) {
			begin_line(m, true);
			m->gap = false;
		}
		push(m, type, detail);
		break;
	case MD_BLOCK_H:
		m->gap = true;
		m->heading = true;
		break;
	case MD_BLOCK_HR:
		rule(m);
		break;
	case MD_BLOCK_TABLE:
		m->table.cols = (int)((MD_BLOCK_TABLE_DETAIL *)detail)->
		    col_count;
		if (m->table.cols > TABLE_COLS_MAX)
			m->table.cols = TABLE_COLS_MAX;
		break;
	case MD_BLOCK_THEAD:
		m->head_row = true;
		break;
	case MD_BLOCK_TR:
		m->table.col = 0;
		break;
	default:
		break;
	}
	return full(m);
}

static int
leave_block(MD_BLOCKTYPE type, void *detail, void *user)
{
	struct markdown *m = user;

	switch (type) {
	case MD_BLOCK_QUOTE:
	case MD_BLOCK_UL:
	case MD_BLOCK_OL:
	case MD_BLOCK_LI:
		flush_text(m);
		pop(m, type);
		break;
	case MD_BLOCK_H:
	case MD_BLOCK_P:
		flush_text(m);
		m->heading = false;
		set_gap(m);
		break;
	case MD_BLOCK_CODE:
		flush_code(m);
		set_gap(m);
		break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		end_cell(m, detail);
		break;
	case MD_BLOCK_THEAD:
		m->head_row = false;
		break;
	case MD_BLOCK_TABLE:
		flush_table(m);
		set_gap(m);
		break;
	default:
		break;
	}
	return full(m);
}

/* --- the interface ------------------------------------------------------ */

static void
parse(struct markdown *m, const char *s, size_t n)
{
	const MD_PARSER parser = { .flags = MD_FLAG_NOHTML | MD_FLAG_TABLES |
		MD_FLAG_STRIKETHROUGH | MD_FLAG_LATEXMATHSPANS,
		.enter_block = enter_block, .leave_block = leave_block,
		.enter_span = enter_span, .leave_span = leave_span,
		.text = on_text };

	if (md_parse(s, (MD_SIZE)n, &parser, m) != 0)
		flush_text(m);
	m->depth = 0;
}

struct markdown *
markdown_create(const char *s, size_t n, int cols, bool ascii)
{
	struct markdown *m = xcalloc(1, sizeof *m);
	bool cut = n > MARKDOWN_MAX;

	m->cols = cols > 0 ? cols : 1;
	m->ascii = ascii;
	parse(m, s, cut ? MARKDOWN_MAX : n);
	if (cut || full(m)) {
		m->gap = true;
		new_line(m);
		put_str(m, "(the rest is too long to be shown)", STYLE_DIM);
	}
	/* Of a table that was not finished. */
	rich_free(&m->table.rich);
	free(m->table.cells);
	memset(&m->table, 0, sizeof m->table);
	rich_free(&m->rich);
	return m;
}

void
markdown_destroy(struct markdown *m)
{
	if (m == NULL)
		return;
	buf_free(&m->text);
	free(m->parts);
	free(m->lines);
	free(m);
}

int
markdown_lines(const struct markdown *m)
{
	return (int)m->nlines;
}

void
markdown_draw(const struct markdown *m, struct canvas *c, int top,
    const struct theme *theme)
{
	for (int y = top < 0 ? -top : 0; y < c->rows; y++) {
		size_t line = (size_t)(top + y), end;
		int x = 0;

		if (line >= m->nlines)
			return;
		end = line + 1 < m->nlines ? m->lines[line + 1] : m->nparts;
		for (size_t i = m->lines[line]; i < end; i++) {
			const struct part *p = &m->parts[i];
			struct style st = theme_style(theme,
			    p->style & ~STRIKE);

			if (p->style & STRIKE)
				st.attr |= ATTR_STRIKE;
			x += canvas_text(c, y, x, -1, m->text.data + p->off,
			    p->len, st);
		}
	}
}
