#include "config.h"

#include "ui/pane-tests.h"

#include <string.h>

#include "base/utf8.h"

#define TIME_COLS 9
#define MEMORY_COLS 10
#define WHY_COLS 16 /* a shorter piece of it tells nothing */

/* A line of text, with a mark where the rest did not fit. */
static void
clipped(const struct tests_pane *t, struct canvas *c, int y, int x, int max,
    const char *s, size_t n, struct style st)
{
	canvas_clipped(c, y, x, max, s, n, st, t->base.ctx.ascii ? '>' :
	    0x2026, tests_style(t, STYLE_DIM));
}

/* Where a pair of lines that differ should start, so that the difference is
 * in view. */
static size_t
pair_skip(const struct tests_row *r, int cols)
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
		    tests_style(t, STYLE_DIM));
		x++;
		max--;
	}
	if (s != NULL && skip < n)
		clipped(t, c, y, x, max, s + skip, n - skip, st);
}

static void
draw_pair(const struct tests_pane *t, struct canvas *c, int y,
    const struct tests_row *r)
{
	int half = (c->cols - 2) / 2;
	struct style st = tests_style(t, r->style);
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
    size_t n, bool cut, struct style st)
{
	const char *dots = t->base.ctx.ascii ? "..." : "\xe2\x80\xa6";

	if (n > 0 && cut)
		canvas_printf(c, y, x, st, "%s more than %zu kB more", dots,
		    n / 1000);
	else if (n > 0 && n < 10000)
		canvas_printf(c, y, x, st, "%s %zu more bytes", dots, n);
	else if (n > 0)
		canvas_printf(c, y, x, st, "%s %zu more kB", dots, n / 1000);
}

/* Hidden cases have no name but their number among the hidden ones. */
static void
item_name(const struct tests_pane *t, size_t k, struct buf *out)
{
	const struct tests_item *item = &t->items[k];
	const struct state_case *c = tests_case(t, k);
	unsigned samples = 0, first;

	if (!c->hidden) {
		if (c->name != NULL && c->name[0] != '\0')
			buf_adds(out, c->name);
		else
			buf_addf(out, "case %u", c->number);
		return;
	}
	for (size_t i = 0; i < item->first; i++)
		samples += !t->order[i]->hidden;
	first = c->number > samples ? c->number - samples : c->number;
	buf_addf(out, "hidden %u", first);
	if (item->n > 1)
		buf_addf(out, "%s%u", t->base.ctx.ascii ? "-" :
		    "\xe2\x80\x93", first + (unsigned)item->n - 1);
}

struct columns {
	int name, verdict;
};

static int
larger(int a, int b)
{
	return a > b ? a : b;
}

static struct columns
measure(const struct tests_pane *t, int cols)
{
	struct columns w = { 0, 0 };
	struct buf name = { 0 };

	for (size_t k = 0; k < t->nitems; k++) {
		enum verdict v = tests_verdict(t, tests_case(t, k));

		buf_clear(&name);
		item_name(t, k, &name);
		w.name = larger(w.name, (int)utf8_columns(buf_str(&name),
		    name.len));
		if (v != VERDICT_AC)
			w.verdict = larger(w.verdict,
			    (int)strlen(verdict_name(v)));
	}
	buf_free(&name);
	/* The short name of a verdict has room beside it. */
	if (w.name > cols - 7)
		w.name = larger(cols - 7, 0);
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

/* Time and memory as far as they are known and there is room. */
static void
draw_cost(const struct tests_pane *t, struct canvas *c, int y, int x,
    const struct state_case *k)
{
	struct style st = tests_style(t, STYLE_DIM);
	int room = c->cols - x;

	if (room >= TIME_COLS && k->time_us > 0)
		canvas_printf(c, y, x, st, "%6lld ms",
		    (long long)(k->time_us + 500) / 1000);
	if (room >= TIME_COLS + MEMORY_COLS && k->memory_kb > 0)
		canvas_printf(c, y, x + TIME_COLS, st, "%7.*f MB",
		    k->memory_kb < 9950 ? 1 : 0, (double)k->memory_kb / 1024);
}

/* What is known of a sample beside its verdict. */
static void
draw_facts(const struct tests_pane *t, struct canvas *c, int y, int x,
    const struct state_case *k)
{
	enum verdict v = tests_verdict(t, k);

	if (k->hidden || v == VERDICT_NONE || v == VERDICT_CANCELED)
		return;
	if (v != VERDICT_JE)
		draw_cost(t, c, y, x, k);
	x += TIME_COLS + MEMORY_COLS + 3;
	if (tests_failed(t, k) && k->why != NULL && c->cols - x >= WHY_COLS &&
	    !tests_is_open(t, k->number))
		clipped(t, c, y, x, -1, k->why, strcspn(k->why, "\n"),
		    tests_style(t, STYLE_DIM));
}

static void
draw_case(const struct tests_pane *t, struct canvas *c, int y, size_t k)
{
	const struct state_case *p = tests_case(t, k);
	enum verdict v = tests_verdict(t, p);
	const struct look *look = verdict_look(v);
	struct style st = tests_style(t, look->style);
	struct columns w = measure(t, c->cols);
	struct buf name = { 0 };
	int x = 2 + w.name + 3;
	bool little = c->cols - x < w.verdict;

	canvas_str(c, y, 0, t->base.ctx.ascii ? look->ascii : look->mark, st);
	item_name(t, k, &name);
	clipped(t, c, y, 2, w.name, name.data, name.len,
	    tests_style(t, STYLE_TEXT));
	buf_free(&name);
	/* In little room, the short name is better than half. */
	if (v != VERDICT_AC)
		canvas_str(c, y, x, little ? verdict_short(v) :
		    verdict_name(v), st);
	draw_facts(t, c, y, x + (little ? 3 : w.verdict), p);
}

void
tests_draw_row(const struct tests_pane *t, struct canvas *c, int y,
    const struct tests_row *r)
{
	int x = r->k == SIZE_MAX ? 0 : 2;

	switch (r->kind) {
	case ROW_CASE:
		draw_case(t, c, y, r->k);
		break;
	case ROW_LABELS:
	case ROW_PAIR:
		draw_pair(t, c, y, r);
		break;
	case ROW_MORE:
		draw_more(t, c, y, x, r->na, r->cut_a,
		    tests_style(t, r->style));
		draw_more(t, c, y, 2 + (c->cols - 2) / 2, r->nb,
		    r->cut_b, tests_style(t, r->style));
		break;
	case ROW_LINE:
		clipped(t, c, y, x, -1, r->a, r->na,
		    tests_style(t, r->style));
		break;
	}
}
