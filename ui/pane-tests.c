#include "config.h"

#include "ui/pane-tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define WHEEL_LINES 3

static struct tests_pane *
tests(struct pane *p)
{
	return CONTAINER_OF(p, struct tests_pane, base);
}

/* --- where the view is -------------------------------------------------- */

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
	const struct state_run *r = tests_make_rows(t);
	size_t first = t->nrows, last = 0, n;

	if (r == NULL)
		return;
	n = (size_t)t->base.rows;
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

	if (tests_sync(t) == NULL || t->nitems == 0)
		return;
	last = (long)t->nitems - 1;
	to = (long)t->sel + by;
	to = to < 0 ? 0 : to > last ? last : to;
	t->sel = (size_t)to;
	t->touched = true;
	show_selected(t);
}

static void
scroll(struct tests_pane *t, long by)
{
	const struct state_run *r = tests_make_rows(t);
	long to = (long)t->top + by;

	if (r == NULL)
		return;
	t->top = to > 0 ? (size_t)to : 0;
	clamp_top(t, (size_t)t->base.rows);
}

static void
page(struct tests_pane *t, long by)
{
	scroll(t, by * (t->base.rows > 2 ? t->base.rows - 1 : 1));
}
/* --- drawing ------------------------------------------------------------ */

static void
run_key(const struct tests_pane *t, char out[40])
{
	out[0] = '\0';
	if (t->base.ctx.key != NULL)
		t->base.ctx.key(t->base.ctx.user, "run-tests", out);
}

static void
draw_nothing(const struct tests_pane *t, struct canvas *c)
{
	struct style st = tests_style(t, STYLE_DIM);
	char key[40] = "";

	run_key(t, key);
	if (t->base.ctx.read_only || key[0] == '\0')
		canvas_str(c, 0, 0, "no tests were run yet", st);
	else
		canvas_printf(c, 0, 0, st, "%s saves and runs the tests", key);
}

static void
tests_draw(struct pane *p, struct canvas *c, bool focused)
{
	struct tests_pane *t = tests(p);
	const struct state_run *r = tests_make_rows(t);
	struct style here = tests_style(t, STYLE_CURSOR_LINE);
	size_t n;

	canvas_fill(c, tests_style(t, STYLE_TEXT));
	if (r == NULL) {
		draw_nothing(t, c);
		return;
	}
	here.attr |= ATTR_BOLD;
	n = (size_t)c->rows;
	clamp_top(t, n);
	for (size_t y = 0; y < n && t->top + y < t->nrows; y++) {
		const struct tests_row *row = &t->rows[t->top + y];

		tests_draw_row(t, c, (int)y, row);
		if (row->kind == ROW_CASE && row->k == t->sel)
			canvas_tint(c, (int)y, 0, c->cols, focused ?
			    tests_style(t, STYLE_SELECTION) : here);
	}
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
	const struct state_run *r = tests_sync(t);
	size_t at, count;

	buf_adds(out, "tests");
	if (r == NULL)
		return;
	tests_find_run(t, t->pinned, &at, &count);
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
	/* Of a run that was not judged a count would tell of a failure. */
	if (r->verdict != VERDICT_CE && r->total > 0 &&
	    (r->verdict != VERDICT_JE || r->passed > 0))
		buf_addf(out, " %s %u of %u passed", dot, r->passed,
		    r->total);
	buf_addf(out, " %s %.2f s", dot, (double)r->time_us / 1e6);
}

static void
tests_hint(struct pane *p, bool focused, struct buf *out)
{
	struct tests_pane *t = tests(p);
	const struct state_run *r = tests_sync(t);
	size_t at, count;
	char key[40];

	if (r == NULL)
		return;
	if (!r->done && !p->ctx.read_only && !t->pinned) {
		run_key(t, key);
		if (key[0] != '\0')
			buf_addf(out, "%s cancels", key);
		return;
	}
	if (!focused)
		return;
	if (t->nitems > 0)
		buf_adds(out, "Enter details");
	tests_find_run(t, false, &at, &count);
	if (count > 1)
		buf_adds(out, out->len > 0 ? "  [ ] other runs" :
		    "[ ] other runs");
}

/* --- keys and mouse ----------------------------------------------------- */

static void
toggle_selected(struct tests_pane *t, long unused)
{
	(void)unused;
	if (tests_sync(t) == NULL || t->nitems == 0)
		return;
	t->touched = true;
	tests_toggle(t, tests_case(t, t->sel)->number);
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
		{ KEY_SYM_LEFT, '[', tests_go_run, -1 },
		{ KEY_SYM_RIGHT, ']', tests_go_run, 1 },
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
	const struct tests_row *row;

	if (m->kind == MOUSE_WHEEL_UP || m->kind == MOUSE_WHEEL_DOWN) {
		scroll(t, m->kind == MOUSE_WHEEL_UP ? -WHEEL_LINES :
		    WHEEL_LINES);
		return PANE_HANDLED;
	}
	if (m->kind != MOUSE_PRESS || m->button != 1)
		return PANE_IGNORED;
	r = tests_make_rows(t);
	if (r == NULL || m->row < 0 || m->row >= p->rows ||
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
	free(t->items);
	free(t->rows);
	buf_free(&t->why);
	free(t);
}

const struct pane_ops pane_tests = {
	.name = "tests",
	.create = tests_create,
	.destroy = tests_destroy,
	.title = tests_title,
	.hint = tests_hint,
	.draw = tests_draw,
	.key = tests_key,
	.mouse = tests_mouse,
	.resize = tests_resize,
	.event = tests_event,
};
