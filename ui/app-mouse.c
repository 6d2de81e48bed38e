#include "config.h"

#include <stdlib.h>

#include "ui/app-internal.h"

#define UPRIGHT_REACH 1 /* the blank columns beside it count as well */

static bool
inside(const struct rect *r, int row, int col)
{
	return row >= r->row && row < r->row + r->rows && col >= r->col &&
	    col < r->col + r->cols;
}

static int
pane_at(const struct app *a, int row, int col)
{
	for (int i = 0; i < PANES; i++)
		if (a->layout.shown[i] && inside(&a->layout.pane[i], row, col))
			return i;
	return -1;
}

/* The pane whose rule is there; -1: none. */
static int
rule_at(const struct app *a, int row, int col)
{
	struct rect r;

	for (int i = 0; i < PANES; i++) {
		if (!a->layout.shown[i])
			continue;
		r = layout_rule(&a->layout, (enum pane_id)i);
		if (inside(&r, row, col))
			return i;
	}
	return -1;
}

static void
to_pane(struct app *a, int i, const struct mouse *m)
{
	const struct rect *r = &a->layout.pane[i];
	struct pane *p = a->panes[i];
	struct mouse here = *m;

	if (!a->layout.shown[i] || p->ops->mouse == NULL)
		return;
	here.row -= r->row;
	here.col -= r->col;
	p->ops->mouse(p, &here);
}

static void
press_key_line(struct app *a, int col)
{
	for (int i = 0; i < a->nhits; i++)
		if (col >= a->hits[i].col &&
		    col < a->hits[i].col + a->hits[i].cols) {
			app_run(a, a->hits[i].cmd);
			return;
		}
}

static void
press(struct app *a, const struct mouse *m)
{
	int i = pane_at(a, m->row, m->col);

	if (i >= 0) {
		app_focus(a, (enum pane_id)i);
		a->grabbed = i;
		to_pane(a, i, m);
	} else if (m->row == a->frame->rows - 1) {
		press_key_line(a, m->col);
	} else if (inside(&a->layout.timeline, m->row, m->col)) {
		a->seeking = true;
		timeline_click(a, m->col);
	} else if ((i = rule_at(a, m->row, m->col)) >= 0) {
		app_focus(a, (enum pane_id)i);
		a->dragging = true;
		a->drag_rule = (enum pane_id)i;
	} else if (a->layout.upright >= 0 &&
	    inside(&a->layout.body, m->row, m->col) &&
	    abs(m->col - a->layout.upright) <= UPRIGHT_REACH) {
		a->dragging = true;
		a->drag_rule = PANES;
	}
}

static void
drag(struct app *a, const struct mouse *m)
{
	if (a->dragging) {
		layout_drag(&a->wish, &a->layout, a->drag_rule, m->row,
		    m->col);
		app_layout(a);
	} else if (a->grabbed >= 0) {
		to_pane(a, a->grabbed, m);
	} else if (a->seeking && app_replaying(a)) {
		timeline_click(a, m->col);
	}
}

/* Nothing may be over it. */
bool
app_hovers(const struct app *a)
{
	struct pane *p = a->panes[a->focus];

	return !a->layout.too_small && a->layout.shown[a->focus] &&
	    !prompts_active(a->prompts) && p->ops->hover != NULL &&
	    p->ops->hover(p);
}

/* Of no meaning here, so nothing is drawn for it. */
static void
hover(struct app *a, const struct mouse *m)
{
	if (app_hovers(a) && pane_at(a, m->row, m->col) == (int)a->focus)
		to_pane(a, (int)a->focus, m);
}

void
app_mouse(struct app *a, const struct mouse *m)
{
	bool wheel = m->kind == MOUSE_WHEEL_UP || m->kind == MOUSE_WHEEL_DOWN;
	int i;

	if (m->kind == MOUSE_HOVER) {
		hover(a, m);
		return;
	}
	app_dirty(a);
	a->key_time = clock_mono(a->clock);
	if (prompts_active(a->prompts)) {
		if (wheel)
			prompts_wheel(a->prompts,
			    m->kind == MOUSE_WHEEL_UP ? -1 : 1);
		return;
	}
	if (a->layout.too_small)
		return;
	if (wheel) {
		i = pane_at(a, m->row, m->col);
		if (i >= 0)
			to_pane(a, i, m);
	} else if (m->kind == MOUSE_PRESS) {
		press(a, m);
	} else if (m->kind == MOUSE_DRAG) {
		drag(a, m);
	} else {
		if (a->grabbed >= 0)
			to_pane(a, a->grabbed, m);
		a->grabbed = -1;
		a->dragging = a->seeking = false;
	}
}
