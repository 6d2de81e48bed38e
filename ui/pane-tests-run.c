#include "config.h"

#include "ui/pane-tests.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool
ours(const struct state *s, size_t i)
{
	return s->runs[i].question == s->question;
}

const struct state_run *
tests_find_run(const struct tests_pane *t, bool pinned, size_t *at,
    size_t *count)
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

const struct state_case *
tests_case(const struct tests_pane *t, size_t item)
{
	return t->order[t->items[item].first];
}

enum verdict
tests_verdict(const struct tests_pane *t, const struct state_case *c)
{
	return c->verdict == VERDICT_NONE && t->done ? VERDICT_CANCELED :
	    c->verdict;
}

bool
tests_failed(const struct tests_pane *t, const struct state_case *c)
{
	enum verdict v = tests_verdict(t, c);

	return v != VERDICT_AC && v != VERDICT_NONE && v != VERDICT_CANCELED;
}

static int
case_cmp(const void *a, const void *b)
{
	const struct state_case *const *x = a, *const *y = b;

	return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

/* Does the case continue the item before it? */
static bool
together(const struct tests_pane *t, size_t i)
{
	const struct state_case *a = t->order[i - 1], *b = t->order[i];

	return a->hidden && b->hidden && b->number == a->number + 1 &&
	    a->verdict == b->verdict;
}

static void
sort_cases(struct tests_pane *t, const struct state_run *r)
{
	t->norder = t->nitems = 0;
	for (size_t i = 0; i < r->ncases; i++) {
		GROW(t->order, t->norder, t->order_cap);
		t->order[t->norder++] = &r->cases[i];
	}
	if (t->norder > 1)
		qsort(t->order, t->norder, sizeof *t->order, case_cmp);
	for (size_t i = 0; i < t->norder; i++) {
		if (i > 0 && together(t, i)) {
			t->items[t->nitems - 1].n++;
			continue;
		}
		GROW(t->items, t->nitems, t->items_cap);
		t->items[t->nitems++] = (struct tests_item){ i, 1 };
	}
}

bool
tests_is_open(const struct tests_pane *t, unsigned number)
{
	for (size_t i = 0; i < t->nopen; i++)
		if (t->open[i] == number)
			return true;
	return false;
}

void
tests_toggle(struct tests_pane *t, unsigned number)
{
	for (size_t i = 0; i < t->nopen; i++)
		if (t->open[i] == number) {
			t->open[i] = t->open[--t->nopen];
			return;
		}
	GROW(t->open, t->nopen, t->open_cap);
	t->open[t->nopen++] = number;
}

static void
open_first_failure(struct tests_pane *t)
{
	const struct state_case *c;

	for (size_t i = 0; i < t->nitems; i++) {
		c = tests_case(t, i);
		if (!tests_failed(t, c) || c->hidden)
			continue;
		if (!tests_is_open(t, c->number))
			tests_toggle(t, c->number);
		if (!t->touched)
			t->sel = i;
		return;
	}
}

const struct state_run *
tests_sync(struct tests_pane *t)
{
	const struct state_run *newest, *r;
	size_t at, count;

	newest = tests_find_run(t, false, &at, &count);
	t->norder = t->nitems = 0;
	if (newest == NULL) {
		t->any = t->pinned = false;
		t->nopen = t->sel = t->top = 0;
		return NULL;
	}
	if (!t->any || newest->number != t->newest)
		t->pinned = false;
	t->newest = newest->number;
	r = tests_find_run(t, t->pinned, &at, &count);
	if (!t->any || r->number != t->shown || (t->told && !r->done)) {
		t->any = true;
		t->shown = r->number;
		t->told = t->touched = false;
		t->nopen = t->sel = t->top = 0;
	}
	t->done = r->done;
	sort_cases(t, r);
	if (r->done && !t->told) {
		t->told = true;
		if (r == newest)
			open_first_failure(t);
	}
	if (t->sel >= t->nitems)
		t->sel = t->nitems > 0 ? t->nitems - 1 : 0;
	return r;
}

void
tests_go_run(struct tests_pane *t, long by)
{
	const struct state *s = t->base.ctx.state;
	const struct state_run *r = tests_sync(t);
	size_t i;

	if (r == NULL)
		return;
	i = (size_t)(r - s->runs);
	do {
		if ((by < 0 && i == 0) || (by > 0 && i + 1 == s->nruns)) {
			t->base.ctx.say(t->base.ctx.user, by < 0 ?
			    "this is the first run" : "this is the last run");
			return;
		}
		i = by < 0 ? i - 1 : i + 1;
	} while (!ours(s, i));
	t->shown = s->runs[i].number;
	t->pinned = t->shown != t->newest;
	t->told = t->touched = false;
	t->nopen = t->sel = t->top = 0;
	tests_sync(t);
}
