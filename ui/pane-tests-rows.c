#include "config.h"

#include "ui/pane-tests.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "session/testrun.h"

#define TEXT_BYTES (16 * 1024) /* of one text shown, at most */
#define TEXT_LINES 40
#define WHY_LINES 200
#define SIDE_COLS 60 /* from here on, expected and output side by side */

static const char nothing[] = "(nothing)";

static struct tests_row *
row_add(struct tests_pane *t, enum tests_row_kind kind, size_t k,
    enum style_name st)
{
	struct tests_row *r;

	GROW(t->rows, t->nrows, t->rows_cap);
	r = &t->rows[t->nrows++];
	memset(r, 0, sizeof *r);
	r->kind = kind;
	r->k = k;
	r->style = st;
	return r;
}

static void
row_text(struct tests_pane *t, size_t k, enum style_name st, const char *s,
    size_t n)
{
	struct tests_row *r = row_add(t, ROW_LINE, k, st);

	r->a = s;
	r->na = n;
}

static void
row_str(struct tests_pane *t, size_t k, enum style_name st, const char *s)
{
	row_text(t, k, st, s, strlen(s));
}

/* A text that is taken line by line, up to a bound. */
struct lines {
	const char *p;
	size_t left; /* that may be shown */
	size_t rest; /* that may not */
	bool cut;    /* there was more, which is not in the record */
};

/* What is left of them; b: of the right one, or NULL. */
static void
row_more(struct tests_pane *t, size_t k, const struct lines *a,
    const struct lines *b)
{
	size_t na = a->left + a->rest, nb = b != NULL ? b->left + b->rest : 0;
	struct tests_row *r;

	if (na == 0 && nb == 0)
		return;
	r = row_add(t, ROW_MORE, k, STYLE_DIM);
	r->na = na;
	r->nb = nb;
	r->cut_a = a->cut;
	r->cut_b = b != NULL && b->cut;
}

static struct lines
lines_of(const char *p, size_t n)
{
	size_t max = n < TEXT_BYTES ? n : TEXT_BYTES;

	/* Not in the middle of a character. */
	while (max < n && max > TEXT_BYTES - 4 &&
	    ((unsigned char)p[max] & 0xc0) == 0x80)
		max--;
	return (struct lines){ p, max, n - max, n == TESTRUN_SHOWN_MAX + 1 };
}

static bool
next_line(struct lines *l, const char **s, size_t *n)
{
	const char *end;

	*s = l->p;
	*n = 0;
	if (l->left == 0)
		return false;
	end = memchr(l->p, '\n', l->left);
	*n = end != NULL ? (size_t)(end - l->p) : l->left;
	l->left -= *n + (end != NULL);
	l->p += *n + (end != NULL);
	return true;
}

/* How much of a line fits into cols when it is broken at a blank. */
static size_t
wrap_at(const char *s, size_t n, int cols, size_t *next)
{
	size_t off = 0, blank = 0, len;
	int used = 0, w;

	while (off < n) {
		len = utf8_grapheme(s + off, n - off, &w);
		if (s[off] == '\t')
			w = TESTS_TAB - used % TESTS_TAB;
		if (used + w > cols && off > 0)
			break;
		if (s[off] == ' ')
			blank = off;
		used += w;
		off += len;
	}
	if (off < n && s[off] != ' ' && blank > 0)
		off = blank;
	*next = off;
	if (off < n && s[off] == ' ')
		++*next;
	return off;
}

static void
add_wrapped(struct tests_pane *t, size_t k, const char *s, size_t n,
    enum style_name st, size_t max)
{
	struct lines l = lines_of(s, n);
	int cols = t->base.cols - (k != SIZE_MAX ? 2 : 0);
	size_t len = 0, fit, next, used = 0;
	const char *line;

	while (used < max && next_line(&l, &line, &len))
		do {
			fit = wrap_at(line, len, cols, &next);
			row_text(t, k, st, line, fit);
			line += next;
			len -= next;
		} while (++used < max && len > 0);
	l.rest += len;
	row_more(t, k, &l, NULL);
}

/* Blanks at the end of a line do not make a difference. */
static bool
same_line(const char *a, size_t na, const char *b, size_t nb)
{
	while (na > 0 && (a[na - 1] == ' ' || a[na - 1] == '\r'))
		na--;
	while (nb > 0 && (b[nb - 1] == ' ' || b[nb - 1] == '\r'))
		nb--;
	return na == nb && (na == 0 || memcmp(a, b, na) == 0);
}

static void
add_pairs(struct tests_pane *t, size_t k, const struct state_case *c)
{
	struct lines a = lines_of(c->expected.data, c->expected.len);
	struct lines b = lines_of(c->output.data, c->output.len);
	struct tests_row *r, row = { .kind = ROW_PAIR, .k = k };
	bool more_a = true, more_b = true, fail;

	row_add(t, ROW_LABELS, k, STYLE_DIM);
	for (int i = 0; i < TEXT_LINES; i++) {
		more_a = next_line(&a, &row.a, &row.na);
		more_b = next_line(&b, &row.b, &row.nb);
		if (!more_a && !more_b)
			break;
		fail = tests_failed(t, c) && (more_a != more_b ||
		    !same_line(row.a, row.na, row.b, row.nb));
		if (i == 0 && c->output.len == 0) {
			row.b = nothing;
			row.nb = strlen(nothing);
		}
		r = row_add(t, ROW_PAIR, k, STYLE_TEXT);
		*r = row;
		r->style = fail ? STYLE_FAIL : STYLE_TEXT;
	}
	row_more(t, k, &a, &b);
}

/* One text of a case; of the other, where there is one, the lines that
 * differ are marked. */
static void
add_text(struct tests_pane *t, size_t k, const char *label,
    const struct buf *text, const struct buf *other)
{
	struct lines l = lines_of(text->data, text->len);
	struct lines o = lines_of(other != NULL ? other->data : NULL,
	    other != NULL ? other->len : 0);
	const char *s, *os;
	size_t n, on;
	bool fail;

	row_str(t, k, STYLE_DIM, label);
	if (text->len == 0)
		row_str(t, k, STYLE_DIM, nothing);
	for (int i = 0; i < TEXT_LINES && next_line(&l, &s, &n); i++) {
		fail = other != NULL && (!next_line(&o, &os, &on) ||
		    !same_line(s, n, os, on));
		row_text(t, k, fail ? STYLE_FAIL : STYLE_TEXT, s, n);
	}
	row_more(t, k, &l, NULL);
}

static void
add_output(struct tests_pane *t, size_t k, const struct state_case *c)
{
	bool fail = tests_failed(t, c);

	if (t->base.cols >= SIDE_COLS) {
		add_pairs(t, k, c);
		return;
	}
	add_text(t, k, "expected", &c->expected, fail ? &c->output : NULL);
	add_text(t, k, "output", &c->output, fail ? &c->expected : NULL);
}

/* What helps most comes first: of a crash its message, of anything else the
 * lines that differ. */
static void
add_details(struct tests_pane *t, size_t k, const struct state_case *c)
{
	enum verdict v = tests_verdict(t, c);
	bool judge = v == VERDICT_JE, crash = v == VERDICT_RTE;

	if (c->hidden || v == VERDICT_NONE) {
		row_str(t, k, STYLE_DIM, c->hidden ?
		    "hidden case: only the verdict is shown" :
		    "still running");
		return;
	}
	if (judge)
		row_str(t, k, STYLE_WAIT, "not your fault:");
	if (c->why != NULL && c->why[0] != '\0')
		add_wrapped(t, k, c->why, strlen(c->why),
		    judge ? STYLE_WAIT : STYLE_TEXT, TEXT_LINES);
	if (crash && c->errors.len > 0)
		add_text(t, k, "stderr", &c->errors, NULL);
	add_output(t, k, c);
	if (c->input.len > 0)
		add_text(t, k, "input", &c->input, NULL);
	if (!crash && c->errors.len > 0)
		add_text(t, k, "stderr", &c->errors, NULL);
	if (c->where != NULL && strcmp(c->where, "session") == 0)
		row_str(t, k, STYLE_DIM, "run in the shell's sandbox, beside "
		    "what else runs there");
}

static void
add_run_why(struct tests_pane *t, const struct state_run *r)
{
	bool judge = r->verdict == VERDICT_JE;

	buf_clear(&t->why);
	if (!r->done)
		return;
	if (judge)
		buf_adds(&t->why, "not your fault: ");
	if (r->why != NULL && r->why[0] != '\0')
		buf_adds(&t->why, r->why);
	else if (judge)
		buf_adds(&t->why, verdict_name(r->verdict));
	if (t->why.len > 0)
		add_wrapped(t, SIZE_MAX, t->why.data, t->why.len,
		    judge ? STYLE_WAIT : r->verdict == VERDICT_CE ?
		    STYLE_FAIL : STYLE_DIM, WHY_LINES);
}

const struct state_run *
tests_make_rows(struct tests_pane *t)
{
	const struct state_run *r = tests_sync(t);

	t->nrows = 0;
	if (r == NULL)
		return NULL;
	add_run_why(t, r);
	for (size_t k = 0; k < t->nitems; k++) {
		const struct state_case *c = tests_case(t, k);

		row_add(t, ROW_CASE, k, STYLE_TEXT);
		if (tests_is_open(t, c->number))
			add_details(t, k, c);
	}
	return r;
}
