#include "config.h"

#include "ui/markdown.h"

#include <md4c.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ui/markdown-internal.h"

/* --- text in ------------------------------------------------------------ */

static int
on_text(MD_TEXTTYPE type, const MD_CHAR *s, MD_SIZE n, void *user)
{
	struct markdown *m = user;

	switch (type) {
	case MD_TEXT_NULLCHAR:
		span_add(m, "\xef\xbf\xbd", 3);
		break;
	case MD_TEXT_BR:
		span_add(m, "\n", 1);
		break;
	case MD_TEXT_SOFTBR:
		span_add(m, " ", 1);
		break;
	case MD_TEXT_ENTITY:
		span_add_entity(m, s, n);
		break;
	case MD_TEXT_CODE:
		if (m->span_code == 0) { /* a block of it */
			span_add(m, s, n);
			break;
		}
		/* fall through */
	default:
		if (type == MD_TEXT_LATEXMATH)
			m->math_end = s + n;
		span_add_text(m, s, n);
	}
	return lines_full(m);
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
			span_add_entity(m, a->text + off, n);
		else
			span_add(m, a->text + off, n);
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
	span_add(m, " (", 2);
	add_attribute(m, a);
	span_add(m, ")", 1);
	memset(m->rich.styles.data + from, STYLE_DIM,
	    m->rich.text.len - from);
}

static int
on_span(MD_SPANTYPE type, void *detail, struct markdown *m, int by)
{
	switch (type) {
	case MD_SPAN_LATEXMATH:
	case MD_SPAN_LATEXMATH_DISPLAY:
		m->emph += by;
		m->math_end = by > 0 ? NULL : m->math_end;
		if (by > 0)
			m->math_start = m->rich.text.len;
		else
			span_end_math(m, type != MD_SPAN_LATEXMATH);
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

static void
enter_container(struct markdown *m, MD_BLOCKTYPE type, void *detail)
{
	struct container c = { .type = BOX_ITEM };

	if (type == MD_BLOCK_UL) {
		c.type = BOX_BULLETS;
		c.tight = ((MD_BLOCK_UL_DETAIL *)detail)->is_tight;
	} else if (type == MD_BLOCK_OL) {
		c.type = BOX_NUMBERED;
		c.tight = ((MD_BLOCK_OL_DETAIL *)detail)->is_tight;
		c.next = ((MD_BLOCK_OL_DETAIL *)detail)->start;
	} else if (type == MD_BLOCK_QUOTE) {
		c.type = BOX_QUOTE;
		c.width = 2;
	}
	lines_push(m, c);
}

static enum cell_align
cell_align(const MD_BLOCK_TD_DETAIL *d)
{
	return d->align == MD_ALIGN_RIGHT ? CELL_RIGHT :
	    d->align == MD_ALIGN_CENTER ? CELL_CENTER : CELL_LEFT;
}

static int
enter_block(MD_BLOCKTYPE type, void *detail, void *user)
{
	struct markdown *m = user;

	/* The text of a tight item comes without a paragraph. */
	if (type != MD_BLOCK_TH && type != MD_BLOCK_TD)
		lines_flush_text(m);
	switch (type) {
	case MD_BLOCK_QUOTE:
	case MD_BLOCK_UL:
	case MD_BLOCK_OL:
	case MD_BLOCK_LI:
		/* The blank line before a quotation is not of it. */
		if (type == MD_BLOCK_QUOTE && m->gap && m->nlines > 0) {
			lines_begin(m, true);
			m->gap = false;
		}
		enter_container(m, type, detail);
		break;
	case MD_BLOCK_H:
		m->gap = true;
		m->heading = true;
		break;
	case MD_BLOCK_HR:
		lines_rule(m);
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
	return lines_full(m);
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
		lines_flush_text(m);
		lines_pop(m);
		break;
	case MD_BLOCK_H:
	case MD_BLOCK_P:
		lines_flush_text(m);
		m->heading = false;
		lines_gap(m);
		break;
	case MD_BLOCK_CODE:
		lines_flush_code(m);
		lines_gap(m);
		break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		table_end_cell(m, cell_align(detail));
		break;
	case MD_BLOCK_THEAD:
		m->head_row = false;
		break;
	case MD_BLOCK_TABLE:
		table_flush(m);
		lines_gap(m);
		break;
	default:
		break;
	}
	return lines_full(m);
}

/* --- the interface ------------------------------------------------------ */

/* md4c 0.4.8 looks at the byte behind the end, and where that goes on with
 * what it is reading ("[a](b" and ")") at much more. */
static void
parse(struct markdown *m, const char *s, size_t n)
{
	char *text = xmalloc(n + 1);
	const MD_PARSER parser = { .flags = MD_FLAG_NOHTML | MD_FLAG_TABLES |
		MD_FLAG_STRIKETHROUGH | MD_FLAG_LATEXMATHSPANS,
		.enter_block = enter_block, .leave_block = leave_block,
		.enter_span = enter_span, .leave_span = leave_span,
		.text = on_text };

	memcpy(text, s, n);
	text[n] = '\0';
	if (md_parse(text, (MD_SIZE)n, &parser, m) != 0)
		lines_flush_text(m);
	m->depth = 0;
	free(text);
}

struct markdown *
markdown_create(const char *s, size_t n, int cols, bool ascii)
{
	struct markdown *m = xcalloc(1, sizeof *m);
	bool cut = n > MARKDOWN_MAX;

	m->cols = cols > 0 ? cols : 1;
	m->ascii = ascii;
	parse(m, s, cut ? MARKDOWN_MAX : n);
	if (cut || lines_full(m)) {
		m->gap = true;
		lines_new(m);
		lines_str(m, "(the rest is too long to be shown)", STYLE_DIM);
	}
	/* Of a table that was not finished. */
	table_free(&m->table);
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
