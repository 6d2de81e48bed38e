#include "config.h"

#include "ui/markdown-internal.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define LINES_MAX 65536
#define TAB 8
#define CODE_INDENT 2

const char *
lines_glyph(const struct markdown *m, const char *nice, const char *plain)
{
	return m->ascii ? plain : nice;
}

/* --- lines out ---------------------------------------------------------- */

void
lines_put(struct markdown *m, const char *s, size_t n, uint8_t style)
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

void
lines_str(struct markdown *m, const char *s, uint8_t style)
{
	lines_put(m, s, strlen(s), style);
}

void
lines_blanks(struct markdown *m, int n)
{
	while (n-- > 0)
		lines_put(m, " ", 1, STYLE_TEXT);
}

void
lines_rich(struct markdown *m, const struct rich *r, size_t from, size_t to)
{
	const uint8_t *styles = (const uint8_t *)r->styles.data;
	size_t i;

	for (; from < to; from = i) {
		for (i = from + 1; i < to && styles[i] == styles[from]; i++)
			;
		lines_put(m, r->text.data + from, i - from, styles[from]);
	}
}

bool
lines_full(const struct markdown *m)
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
	    (c->type == BOX_ITEM && !c->marked && !blank);
}

int
lines_room(const struct markdown *m)
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
	if (c->type == BOX_QUOTE) {
		lines_str(m, lines_glyph(m, "\xe2\x94\x82 ", "| "),
		    STYLE_TABLE);
	} else if (c->type == BOX_ITEM && !blank && !c->marked) {
		c->marked = true;
		lines_str(m, c->mark, STYLE_TEXT);
		lines_blanks(m, c->width - (int)utf8_columns(c->mark,
		    strlen(c->mark)));
	} else {
		lines_blanks(m, c->width);
	}
}

void
lines_begin(struct markdown *m, bool blank)
{
	int n = 0;

	bare_line(m);
	for (int i = 0; i < stored_depth(m); i++)
		if (indents(m, &m->in[i], n, blank)) {
			n += m->in[i].width;
			put_container(m, &m->in[i], blank);
		}
}

void
lines_new(struct markdown *m)
{
	if (m->gap && m->nlines > 0)
		lines_begin(m, true);
	m->gap = false;
	lines_begin(m, false);
}

/* --- containers --------------------------------------------------------- */

static struct container *
innermost_list(struct markdown *m)
{
	for (int i = stored_depth(m); i-- > 0;)
		if (m->in[i].type != BOX_ITEM)
			return m->in[i].type == BOX_QUOTE ? NULL :
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
		level += m->in[i].type == BOX_BULLETS;
	if (list != NULL && list->type == BOX_NUMBERED)
		snprintf(c->mark, sizeof c->mark, "%u.", list->next++);
	else
		snprintf(c->mark, sizeof c->mark, "%s", m->ascii ? "*" :
		    bullets[level > 0 ? (level - 1) % 3 : 0]);
	c->width = (int)utf8_columns(c->mark, strlen(c->mark)) + 1;
}

void
lines_push(struct markdown *m, struct container c)
{
	if (m->depth < DEPTH_MAX) {
		if (c.type == BOX_ITEM)
			enter_item(m, &c);
		m->in[m->depth] = c;
	}
	m->depth++;
}

/* After a block: a blank line, but not in a tight list. */
void
lines_gap(struct markdown *m)
{
	const struct container *list = innermost_list(m);

	m->gap = list == NULL || !list->tight;
}

void
lines_pop(struct markdown *m)
{
	/* An item with nothing in it shows all the same. */
	if (m->depth <= DEPTH_MAX && !lines_full(m) &&
	    m->in[m->depth - 1].type == BOX_ITEM &&
	    !m->in[m->depth - 1].marked)
		lines_new(m);
	m->depth--;
	lines_gap(m);
}

/* --- text with styles --------------------------------------------------- */

/* Where the line that starts at from ends, and where the next one starts.
 * Breaks at blanks, after wide characters, or else anywhere. */
size_t
rich_break(const struct rich *r, size_t from, int cols, size_t *next)
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

void
rich_clear(struct rich *r)
{
	buf_clear(&r->text);
	buf_clear(&r->styles);
}

void
rich_trim(struct rich *r)
{
	while (r->text.len > 0 && (r->text.data[r->text.len - 1] == ' ' ||
	    r->text.data[r->text.len - 1] == '\n'))
		r->text.data[--r->text.len] = '\0';
	r->styles.len = r->text.len;
}

void
rich_free(struct rich *r)
{
	buf_free(&r->text);
	buf_free(&r->styles);
}

/* --- blocks ------------------------------------------------------------- */

void
lines_flush_text(struct markdown *m)
{
	struct rich *r = &m->rich;
	size_t from = 0, end, next;

	rich_trim(r);
	for (; from < r->text.len && !lines_full(m); from = next) {
		end = rich_break(r, from, lines_room(m), &next);
		lines_new(m);
		lines_rich(m, r, from, end);
	}
	rich_clear(r);
}

/* A line of code: as it is, cut at the edge. */
static void
code_line(struct markdown *m, const char *s, size_t n)
{
	int max = lines_room(m) - CODE_INDENT, used = 0, w;
	size_t off = 0, len, cut = 0, start;

	lines_new(m);
	lines_blanks(m, CODE_INDENT);
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
				lines_put(m, " ", 1, STYLE_CODE);
		else
			lines_put(m, s + off, len, STYLE_CODE);
	}
	if (used <= max && off >= n)
		return;
	/* Too long: what fits before the mark. */
	m->parts[m->nparts - 1].len = cut;
	m->text.len = start + cut;
	lines_str(m, lines_glyph(m, "\xe2\x80\xa6", ">"), STYLE_DIM);
}

void
lines_flush_code(struct markdown *m)
{
	const char *s = buf_str(&m->rich.text);
	size_t n = m->rich.text.len, len;

	while (n > 0 && !lines_full(m)) {
		const char *end = memchr(s, '\n', n);

		len = end != NULL ? (size_t)(end - s) : n;
		code_line(m, s, len);
		len += end != NULL;
		s += len;
		n -= len;
	}
	rich_clear(&m->rich);
}

void
lines_rule(struct markdown *m)
{
	int n = lines_room(m);

	lines_new(m);
	for (int i = 0; i < n; i++)
		lines_str(m, lines_glyph(m, "\xe2\x94\x80", "-"), STYLE_RULE);
	lines_gap(m);
}
