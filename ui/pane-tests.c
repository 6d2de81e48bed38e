#include "config.h"

#include "ui/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define WHEEL_LINES 3
#define TEXT_BYTES (16 * 1024) /* of one text shown, at most */
#define TEXT_LINES 40
#define WHY_LINES 200
#define SIDE_COLS 60 /* from here on, expected and output side by side */
#define TAB 8

enum row_kind { ROW_CASE, ROW_LABELS, ROW_LINE, ROW_PAIR, ROW_MORE };

/* A row of the pane.  The text is the state's: rows live no longer than the
 * call that made them. */
struct row {
	enum row_kind kind;
	size_t k; /* case in order; SIZE_MAX: what is told of the whole run */
	const char *a, *b; /* b: the right one of a pair */
	size_t na, nb;	   /* of ROW_MORE: the bytes left out */
	enum style_name style;
};

struct tests_pane {
	struct pane base;
	bool pinned;	/* an older run is shown, not the newest */
	uint64_t shown; /* number of the run shown; sel and open are of it */
	uint64_t newest;
	bool any;
	bool told;    /* its first failed sample was opened */
	bool touched; /* the user chose a case */
	unsigned *open; /* numbers of cases */
	size_t nopen, open_cap;
	size_t sel, top;

	/* Made anew for each use. */
	const struct state_case **order;
	size_t norder, order_cap;
	struct row *rows;
	size_t nrows, rows_cap;
	struct buf why;
};

static struct tests_pane *
tests(struct pane *p)
{
	return CONTAINER_OF(p, struct tests_pane, base);
}

static struct style
style(const struct tests_pane *t, enum style_name n)
{
	return theme_style(t->base.ctx.theme, n);
}

/* --- which run ---------------------------------------------------------- */

static bool
ours(const struct state *s, size_t i)
{
	return s->runs[i].question == s->question;
}

/* The run shown, its place among those of the question (from 1), and how
 * many there are. */
static const struct state_run *
find_run(const struct tests_pane *t, bool pinned, size_t *at, size_t *count)
{
	const struct state *s = t->base.ctx.state;
	const struct state_run *r = NULL;

	*at = *count = 0;
	for (size_t i = 0; i < s->nruns; i++) {
		if (!ours(s, i))
			continue;
		++*count;
		if (*at == 0 || !pinned || s->runs[i].number <= t->shown) {
			r = &s->runs[i];
			*at = *count;
		}
	}
	return r;
}

static int
case_cmp(const void *a, const void *b)
{
	const struct state_case *const *x = a, *const *y = b;

	return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

static void
sort_cases(struct tests_pane *t, const struct state_run *r)
{
	t->norder = 0;
	for (size_t i = 0; i < r->ncases; i++) {
		GROW(t->order, t->norder, t->order_cap);
		t->order[t->norder++] = &r->cases[i];
	}
	if (t->norder > 1)
		qsort(t->order, t->norder, sizeof *t->order, case_cmp);
}

static bool
is_open(const struct tests_pane *t, unsigned number)
{
	for (size_t i = 0; i < t->nopen; i++)
		if (t->open[i] == number)
			return true;
	return false;
}

static void
toggle(struct tests_pane *t, unsigned number)
{
	for (size_t i = 0; i < t->nopen; i++)
		if (t->open[i] == number) {
			t->open[i] = t->open[--t->nopen];
			return;
		}
	GROW(t->open, t->nopen, t->open_cap);
	t->open[t->nopen++] = number;
}

static bool
failed(const struct state_case *k)
{
	return k->verdict != VERDICT_AC && k->verdict != VERDICT_NONE &&
	    k->verdict != VERDICT_CANCELED;
}

static void
open_first_failure(struct tests_pane *t)
{
	for (size_t i = 0; i < t->norder; i++) {
		if (!failed(t->order[i]) || t->order[i]->hidden)
			continue;
		if (!is_open(t, t->order[i]->number))
			toggle(t, t->order[i]->number);
		if (!t->touched)
			t->sel = i;
		return;
	}
}

/* Brings the view in line with the state, which a seek in a replay changes
 * without an event.  NULL: there is no run. */
static const struct state_run *
sync(struct tests_pane *t)
{
	size_t at, count;
	const struct state_run *newest = find_run(t, false, &at, &count), *r;

	t->norder = 0;
	if (newest == NULL) {
		t->any = t->pinned = false;
		t->nopen = t->sel = t->top = 0;
		return NULL;
	}
	if (!t->any || newest->number != t->newest)
		t->pinned = false;
	t->newest = newest->number;
	r = find_run(t, t->pinned, &at, &count);
	if (!t->any || r->number != t->shown || (t->told && !r->done)) {
		t->any = true;
		t->shown = r->number;
		t->told = t->touched = false;
		t->nopen = t->sel = t->top = 0;
	}
	sort_cases(t, r);
	if (r->done && !t->told) {
		t->told = true;
		if (r == newest)
			open_first_failure(t);
	}
	if (t->sel >= t->norder)
		t->sel = t->norder > 0 ? t->norder - 1 : 0;
	return r;
}

/* To an older run or a newer one. */
static void
go_run(struct tests_pane *t, long by)
{
	const struct state *s = t->base.ctx.state;
	const struct state_run *r = sync(t);
	size_t i;

	if (r == NULL)
		return;
	i = (size_t)(r - s->runs);
	do {
		if ((by < 0 && i == 0) || (by > 0 && i + 1 == s->nruns))
			return;
		i = by < 0 ? i - 1 : i + 1;
	} while (!ours(s, i));
	t->shown = s->runs[i].number;
	t->pinned = t->shown != t->newest;
	t->told = t->touched = false;
	t->nopen = t->sel = t->top = 0;
	sync(t);
}

/* --- rows --------------------------------------------------------------- */

static struct row *
row_add(struct tests_pane *t, enum row_kind kind, size_t k,
    enum style_name st)
{
	struct row *r;

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
	struct row *r = row_add(t, ROW_LINE, k, st);

	r->a = s;
	r->na = n;
}

static void
row_str(struct tests_pane *t, size_t k, enum style_name st, const char *s)
{
	row_text(t, k, st, s, strlen(s));
}

static void
row_more(struct tests_pane *t, size_t k, size_t left, size_t left_b)
{
	struct row *r;

	if (left == 0 && left_b == 0)
		return;
	r = row_add(t, ROW_MORE, k, STYLE_DIM);
	r->na = left;
	r->nb = left_b;
}

/* A text that is taken line by line, up to a bound. */
struct lines {
	const char *p;
	size_t left; /* that may be shown */
	size_t rest; /* that may not */
};

static struct lines
lines_of(const char *p, size_t n)
{
	size_t max = n < TEXT_BYTES ? n : TEXT_BYTES;

	/* Not in the middle of a character. */
	while (max < n && max > TEXT_BYTES - 4 &&
	    ((unsigned char)p[max] & 0xc0) == 0x80)
		max--;
	return (struct lines){ p, max, n - max };
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
			w = TAB - used % TAB;
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
	row_more(t, k, len + l.left + l.rest, 0);
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
	struct row *r, row = { .kind = ROW_PAIR, .k = k };
	bool more_a = true, more_b = true, fail;

	row_add(t, ROW_LABELS, k, STYLE_DIM);
	for (int i = 0; i < TEXT_LINES; i++) {
		more_a = next_line(&a, &row.a, &row.na);
		more_b = next_line(&b, &row.b, &row.nb);
		if (!more_a && !more_b)
			break;
		fail = failed(c) && (more_a != more_b ||
		    !same_line(row.a, row.na, row.b, row.nb));
		r = row_add(t, ROW_PAIR, k, STYLE_TEXT);
		*r = row;
		r->style = fail ? STYLE_FAIL : STYLE_TEXT;
	}
	row_more(t, k, a.left + a.rest, b.left + b.rest);
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
		row_str(t, k, STYLE_DIM, "(nothing)");
	for (int i = 0; i < TEXT_LINES && next_line(&l, &s, &n); i++) {
		fail = other != NULL && (!next_line(&o, &os, &on) ||
		    !same_line(s, n, os, on));
		row_text(t, k, fail ? STYLE_FAIL : STYLE_TEXT, s, n);
	}
	row_more(t, k, l.left + l.rest, 0);
}

static void
add_details(struct tests_pane *t, size_t k, const struct state_case *c)
{
	bool judge = c->verdict == VERDICT_JE;

	if (c->hidden || c->verdict == VERDICT_NONE) {
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
	if (c->input.len > 0)
		add_text(t, k, "input", &c->input, NULL);
	if (t->base.cols >= SIDE_COLS) {
		add_pairs(t, k, c);
	} else {
		add_text(t, k, "expected", &c->expected,
		    failed(c) ? &c->output : NULL);
		add_text(t, k, "output", &c->output,
		    failed(c) ? &c->expected : NULL);
	}
	if (c->errors.len > 0)
		add_text(t, k, "stderr", &c->errors, NULL);
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

static const struct state_run *
make_rows(struct tests_pane *t)
{
	const struct state_run *r = sync(t);

	t->nrows = 0;
	if (r == NULL)
		return NULL;
	add_run_why(t, r);
	for (size_t k = 0; k < t->norder; k++) {
		row_add(t, ROW_CASE, k, STYLE_TEXT);
		if (is_open(t, t->order[k]->number))
			add_details(t, k, t->order[k]);
	}
	return r;
}

/* --- where the view is -------------------------------------------------- */

static bool
can_cancel(const struct tests_pane *t, const struct state_run *r)
{
	return !r->done && !t->base.ctx.read_only && !t->pinned;
}

static size_t
list_rows(const struct tests_pane *t, const struct state_run *r, int rows)
{
	if (rows > 1 && can_cancel(t, r))
		rows--;
	return rows > 0 ? (size_t)rows : 0;
}

static void
clamp_top(struct tests_pane *t, size_t n)
{
	if (t->nrows <= n)
		t->top = 0;
	else if (t->top > t->nrows - n)
		t->top = t->nrows - n;
}

/* The selected case, with as much of its details as fits. */
static void
show_selected(struct tests_pane *t)
{
	const struct state_run *r = make_rows(t);
	size_t first = t->nrows, last = 0, n;

	if (r == NULL)
		return;
	n = list_rows(t, r, t->base.rows);
	for (size_t i = 0; i < t->nrows; i++)
		if (t->rows[i].k == t->sel) {
			first = i < first ? i : first;
			last = i;
		}
	if (first == t->nrows || n == 0)
		return;
	if (last >= t->top + n)
		t->top = last - n + 1;
	if (first < t->top)
		t->top = first;
	/* What is told of the run stays in view with the first case. */
	if (t->sel == 0 && last < n)
		t->top = 0;
}

static void
move(struct tests_pane *t, long by)
{
	long to, last;

	if (sync(t) == NULL || t->norder == 0)
		return;
	last = (long)t->norder - 1;
	to = (long)t->sel + by;
	to = to < 0 ? 0 : to > last ? last : to;
	t->sel = (size_t)to;
	t->touched = true;
	show_selected(t);
}

static void
scroll(struct tests_pane *t, long by)
{
	const struct state_run *r = make_rows(t);
	long to = (long)t->top + by;

	if (r == NULL)
		return;
	t->top = to > 0 ? (size_t)to : 0;
	clamp_top(t, list_rows(t, r, t->base.rows));
}

static void
page(struct tests_pane *t, long by)
{
	scroll(t, by * (t->base.rows > 2 ? t->base.rows - 1 : 1));
}

/* --- drawing ------------------------------------------------------------ */

static void
tint(struct canvas *c, int y, struct style over)
{
	for (int x = 0; x < c->cols; x++) {
		struct style *s = &c->cells[(size_t)y * (size_t)c->stride +
		    (size_t)x].style;

		if (over.bg != COLOR_DEFAULT)
			s->bg = over.bg;
		if (over.fg != COLOR_DEFAULT)
			s->fg = over.fg;
		s->attr |= over.attr;
	}
}

/* A line of a program's text: tabs as blanks, and a mark where the rest did
 * not fit. */
static void
draw_line(const struct tests_pane *t, struct canvas *c, int y, int x, int max,
    const char *s, size_t n, struct style st)
{
	uint32_t more = t->base.ctx.ascii ? '>' : 0x2026;
	size_t off = 0, len;
	int used = 0, w;

	if (max > c->cols - x)
		max = c->cols - x;
	while (off < n) {
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
		canvas_text(c, y, x + used, w, s + off, len, st);
		used += w;
		off += len;
	}
	if (off < n && max > 0)
		canvas_put(c, y, x + max - 1, more, 1,
		    style(t, STYLE_DIM));
}

/* Where a pair of lines that differ should start, so that the difference is
 * in view. */
static size_t
pair_skip(const struct row *r, int cols)
{
	size_t same = 0, skip;

	while (same < r->na && same < r->nb && r->a[same] == r->b[same])
		same++;
	if (r->style != STYLE_FAIL || (int)same < cols - 4 || cols < 8)
		return 0;
	skip = same - (size_t)cols / 2;
	while (skip > 0 && ((unsigned char)r->a[skip] & 0xc0) == 0x80)
		skip--;
	return skip;
}

static void
draw_part(const struct tests_pane *t, struct canvas *c, int y, int x, int max,
    const char *s, size_t n, size_t skip, struct style st)
{
	if (skip > 0 && max > 0) {
		canvas_put(c, y, x, t->base.ctx.ascii ? '<' : 0x2026, 1,
		    style(t, STYLE_DIM));
		x++;
		max--;
	}
	if (s != NULL && skip < n)
		draw_line(t, c, y, x, max, s + skip, n - skip, st);
}

static void
draw_pair(const struct tests_pane *t, struct canvas *c, int y,
    const struct row *r)
{
	int half = (c->cols - 2) / 2;
	struct style st = style(t, r->style);
	size_t skip;

	if (r->kind == ROW_LABELS) {
		canvas_str(c, y, 2, "expected", st);
		canvas_str(c, y, 2 + half, "output", st);
		return;
	}
	skip = pair_skip(r, half - 2);
	draw_part(t, c, y, 2, half - 2, r->a, r->na, skip, st);
	draw_part(t, c, y, 2 + half, c->cols - 2 - half, r->b, r->nb, skip,
	    st);
}

static void
draw_more(const struct tests_pane *t, struct canvas *c, int y, int x,
    size_t n, struct style st)
{
	const char *dots = t->base.ctx.ascii ? "..." : "\xe2\x80\xa6";

	if (n > 0 && n < 10000)
		canvas_printf(c, y, x, st, "%s %zu more bytes", dots, n);
	else if (n > 0)
		canvas_printf(c, y, x, st, "%s %zu more kB", dots, n / 1000);
}

/* Hidden cases have no name but their number among the hidden ones. */
static void
case_name(const struct tests_pane *t, size_t k, struct buf *out)
{
	const struct state_case *c = t->order[k];
	unsigned samples = 0;

	if (!c->hidden) {
		if (c->name != NULL && c->name[0] != '\0')
			buf_adds(out, c->name);
		else
			buf_addf(out, "case %u", c->number);
		return;
	}
	for (size_t i = 0; i < k; i++)
		samples += !t->order[i]->hidden;
	buf_addf(out, "hidden %u", c->number > samples ? c->number - samples :
	    c->number);
}

struct columns {
	int name, verdict;
};

static struct columns
case_columns(const struct tests_pane *t, int cols)
{
	struct columns w = { 0, 0 };
	int n;

	for (size_t k = 0; k < t->norder; k++) {
		const struct state_case *c = t->order[k];

		/* "hidden" and a number, or "case" and one */
		n = c->hidden || c->name == NULL ? 10 :
		    (int)utf8_columns(c->name, strnlen(c->name, 256));
		w.name = n > w.name ? n : w.name;
		n = c->verdict == VERDICT_AC ? 0 :
		    (int)strlen(verdict_name(c->verdict));
		w.verdict = n > w.verdict ? n : w.verdict;
	}
	if (w.name > cols / 2)
		w.name = cols / 2;
	return w;
}

/* How a verdict shows; one that is not here has failed. */
static const struct look {
	const char *mark, *ascii;
	enum style_name style;
} looks[VERDICTS] = {
	[VERDICT_NONE] = { "\xe2\x80\xa6", ".", STYLE_WAIT },
	[VERDICT_AC] = { "\xe2\x9c\x93", "+", STYLE_PASS },
	[VERDICT_JE] = { "!", "!", STYLE_WAIT },
	[VERDICT_CANCELED] = { "-", "-", STYLE_DIM },
}, look_failed = { "\xe2\x9c\x97", "x", STYLE_FAIL };

static const struct look *
verdict_look(enum verdict v)
{
	return v < VERDICTS && looks[v].mark != NULL ? &looks[v] :
	    &look_failed;
}

/* Time and memory, at the right edge as far as there is room. */
static void
draw_cost(const struct tests_pane *t, struct canvas *c, int y, int from,
    const struct state_case *k)
{
	char time[32], memory[32] = "";
	int room = c->cols - from;

	if (k->verdict == VERDICT_NONE || k->verdict == VERDICT_CANCELED ||
	    k->verdict == VERDICT_JE || room < 9)
		return;
	snprintf(time, sizeof time, "%6lld ms", (long long)(k->time_us +
	    500) / 1000);
	if (k->memory_kb > 0 && room >= 18)
		snprintf(memory, sizeof memory, "%6.*f MB",
		    k->memory_kb < 9950 ? 1 : 0,
		    (double)k->memory_kb / 1024);
	canvas_str(c, y, c->cols - (int)strlen(time) - (room >= 18 ? 9 : 0),
	    time, style(t, STYLE_DIM));
	canvas_str(c, y, c->cols - 9, memory, style(t, STYLE_DIM));
}

static void
draw_case(const struct tests_pane *t, struct canvas *c, int y, size_t k,
    const struct columns *w)
{
	const struct state_case *p = t->order[k];
	const struct look *look = verdict_look(p->verdict);
	struct style st = style(t, look->style);
	struct buf name = { 0 };
	int x = 2 + w->name + 2;

	canvas_str(c, y, 0, t->base.ctx.ascii ? look->ascii : look->mark, st);
	case_name(t, k, &name);
	canvas_text(c, y, 2, w->name, name.data, name.len,
	    style(t, STYLE_TEXT));
	buf_free(&name);
	/* In little room, the short name is better than half. */
	if (p->verdict != VERDICT_AC)
		canvas_str(c, y, x, c->cols - x < w->verdict ?
		    verdict_short(p->verdict) : verdict_name(p->verdict), st);
	if (c->cols - x < w->verdict)
		x += w->verdict > 0 ? 3 : 0;
	else
		x += w->verdict;
	draw_cost(t, c, y, x, p);
}

static void
draw_row(const struct tests_pane *t, struct canvas *c, int y,
    const struct row *r, const struct columns *w)
{
	int x = r->k == SIZE_MAX ? 0 : 2;

	switch (r->kind) {
	case ROW_CASE:
		draw_case(t, c, y, r->k, w);
		break;
	case ROW_LABELS:
	case ROW_PAIR:
		draw_pair(t, c, y, r);
		break;
	case ROW_MORE:
		draw_more(t, c, y, x, r->na, style(t, r->style));
		draw_more(t, c, y, 2 + (c->cols - 2) / 2, r->nb,
		    style(t, r->style));
		break;
	case ROW_LINE:
		draw_line(t, c, y, x, c->cols - x, r->a, r->na,
		    style(t, r->style));
		break;
	}
}

static void
draw_nothing(const struct tests_pane *t, struct canvas *c)
{
	canvas_str(c, 0, 0, t->base.ctx.read_only ? "no tests were run yet" :
	    "F5 saves and runs the tests", style(t, STYLE_DIM));
}

static void
tests_draw(struct pane *p, struct canvas *c, bool focused)
{
	struct tests_pane *t = tests(p);
	const struct state_run *r = make_rows(t);
	struct style here = style(t, STYLE_CURSOR_LINE);
	struct columns w;
	size_t n;

	canvas_fill(c, style(t, STYLE_TEXT));
	if (r == NULL) {
		draw_nothing(t, c);
		return;
	}
	here.attr |= ATTR_BOLD;
	n = list_rows(t, r, c->rows);
	clamp_top(t, n);
	w = case_columns(t, c->cols);
	for (size_t y = 0; y < n && t->top + y < t->nrows; y++) {
		const struct row *row = &t->rows[t->top + y];

		draw_row(t, c, (int)y, row, &w);
		if (row->kind == ROW_CASE && row->k == t->sel)
			tint(c, (int)y, focused ? style(t, STYLE_SELECTION) :
			    here);
	}
	if ((int)n < c->rows)
		canvas_str(c, c->rows - 1, 0, "F5 cancels",
		    style(t, STYLE_DIM));
}

/* --- title -------------------------------------------------------------- */

static unsigned
finished(const struct state_run *r)
{
	unsigned n = 0;

	for (size_t i = 0; i < r->ncases; i++)
		n += r->cases[i].verdict != VERDICT_NONE;
	return n;
}

static void
tests_title(struct pane *p, struct buf *out)
{
	struct tests_pane *t = tests(p);
	const char *dot = p->ctx.ascii ? "-" : "\xc2\xb7";
	const struct state_run *r = sync(t);
	size_t at, count;

	buf_adds(out, "tests");
	if (r == NULL)
		return;
	find_run(t, t->pinned, &at, &count);
	buf_addf(out, " %s run %zu", dot, at);
	if (at != count)
		buf_addf(out, " of %zu", count);
	if (!r->done) {
		buf_addf(out, " running %s %u of %u", dot, finished(r),
		    r->total);
		return;
	}
	if (r->verdict == VERDICT_CE || r->verdict == VERDICT_JE ||
	    r->verdict == VERDICT_CANCELED)
		buf_addf(out, " %s %s", dot, verdict_name(r->verdict));
	if (r->verdict != VERDICT_CE && r->total > 0)
		buf_addf(out, " %s %u of %u passed", dot, r->passed,
		    r->total);
	buf_addf(out, " %s %.2f s", dot, (double)r->time_us / 1e6);
}

/* --- keys and mouse ----------------------------------------------------- */

static void
toggle_selected(struct tests_pane *t, long unused)
{
	(void)unused;
	if (sync(t) == NULL || t->norder == 0)
		return;
	t->touched = true;
	toggle(t, t->order[t->sel]->number);
	show_selected(t);
}

static enum pane_result
tests_key(struct pane *p, const struct key *k)
{
	static const struct {
		uint32_t code, letter;
		void (*act)(struct tests_pane *, long);
		long by;
	} keys[] = {
		{ KEY_SYM_UP, 'k', move, -1 },
		{ KEY_SYM_DOWN, 'j', move, 1 },
		{ KEY_SYM_HOME, 0, move, -UINT16_MAX },
		{ KEY_SYM_END, 0, move, UINT16_MAX },
		{ KEY_SYM_PGUP, 0, page, -1 },
		{ KEY_SYM_PGDN, 0, page, 1 },
		{ KEY_SYM_LEFT, '[', go_run, -1 },
		{ KEY_SYM_RIGHT, ']', go_run, 1 },
		{ KEY_SYM_ENTER, 0, toggle_selected, 0 },
	};

	if (k->mods != 0)
		return PANE_IGNORED;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (k->code == keys[i].code ||
		    (k->code == keys[i].letter && k->code != 0)) {
			keys[i].act(tests(p), keys[i].by);
			return PANE_HANDLED;
		}
	return PANE_IGNORED;
}

static enum pane_result
tests_mouse(struct pane *p, const struct mouse *m)
{
	struct tests_pane *t = tests(p);
	const struct state_run *r;
	const struct row *row;

	if (m->kind == MOUSE_WHEEL_UP || m->kind == MOUSE_WHEEL_DOWN) {
		scroll(t, m->kind == MOUSE_WHEEL_UP ? -WHEEL_LINES :
		    WHEEL_LINES);
		return PANE_HANDLED;
	}
	if (m->kind != MOUSE_PRESS || m->button != 1)
		return PANE_IGNORED;
	r = make_rows(t);
	if (r == NULL || m->row < 0 ||
	    (size_t)m->row >= list_rows(t, r, p->rows) ||
	    t->top + (size_t)m->row >= t->nrows)
		return PANE_HANDLED;
	row = &t->rows[t->top + (size_t)m->row];
	if (row->k == SIZE_MAX)
		return PANE_HANDLED;
	t->sel = row->k;
	t->touched = true;
	if (row->kind == ROW_CASE)
		toggle_selected(t, 0);
	return PANE_HANDLED;
}

/* --- life --------------------------------------------------------------- */

static void
tests_resize(struct pane *p, int rows, int cols)
{
	p->rows = rows;
	p->cols = cols;
	show_selected(tests(p));
}

static void
tests_event(struct pane *p, const struct event *ev)
{
	/* The failure that opened by itself comes into view. */
	if (ev->type == EV_TEST_RUN || ev->type == EV_TEST_DONE)
		show_selected(tests(p));
}

static struct pane *
tests_create(const struct pane_ctx *ctx)
{
	struct tests_pane *t = xcalloc(1, sizeof *t);

	t->base.ops = &pane_tests;
	t->base.ctx = *ctx;
	return &t->base;
}

static void
tests_destroy(struct pane *p)
{
	struct tests_pane *t;

	if (p == NULL)
		return;
	t = tests(p);
	free(t->open);
	free(t->order);
	free(t->rows);
	buf_free(&t->why);
	free(t);
}

const struct pane_ops pane_tests = {
	.name = "tests",
	.create = tests_create,
	.destroy = tests_destroy,
	.title = tests_title,
	.draw = tests_draw,
	.key = tests_key,
	.mouse = tests_mouse,
	.resize = tests_resize,
	.event = tests_event,
};
