#include "config.h"

#include "ui/layout.h"

#include <string.h>

#define LEFT_MIN 20
#define RIGHT_MIN 40
#define AIR 1 /* columns beside a rule or the edge */
#define SHORT 24 /* a wide screen with fewer rows shows one lower pane */

void
layout_defaults(struct layout_in *in)
{
	in->left = 330;
	in->problem = 680;
	in->editor = 480;
	in->shell = 550;
}

static int
clamp(int v, int lo, int hi)
{
	if (hi < lo)
		hi = lo;
	return v < lo ? lo : v > hi ? hi : v;
}

static void
show(struct layout *l, enum pane_id id, int row, int col, int rows, int cols)
{
	l->shown[id] = true;
	l->pane[id] = (struct rect){ row + 1, col, rows - 1, cols };
	/* The whole width: programs get all of it, and line numbers are air
	 * enough. */
	if (cols == l->body.cols && id != PANE_SHELL && id != PANE_EDITOR) {
		l->pane[id].col += AIR;
		l->pane[id].cols -= AIR;
	}
}

struct column {
	enum pane_id id[3];
	int n;
};

static void
add(struct column *c, const struct layout_in *in, enum pane_id id)
{
	if (!(in->hidden & 1u << id))
		c->id[c->n++] = id;
}

static int
share_of(const struct layout_in *in, enum pane_id id)
{
	return id == PANE_PROBLEM ? in->problem :
	    id == PANE_EDITOR ? in->editor : in->shell;
}

/* Panes one above the other; each takes its share of what is left. */
static void
stack(const struct layout_in *in, struct layout *l, const struct column *c,
    int col, int cols)
{
	int row = l->body.row, left = l->body.rows, rows;

	for (int i = 0; i < c->n; i++) {
		rows = left;
		if (i + 1 < c->n)
			rows = clamp(left * share_of(in, c->id[i]) / 1000, 3,
			    left - 3 * (c->n - 1 - i));
		show(l, c->id[i], row, col, rows, cols);
		row += rows;
		left -= rows;
	}
}

static void
wide(const struct layout_in *in, struct layout *l)
{
	struct column left = { 0 }, right = { 0 };
	int cols;

	add(&left, in, PANE_PROBLEM);
	add(&left, in, PANE_FILES);
	add(&right, in, PANE_EDITOR);
	if (l->body.rows >= SHORT || in->lower == PANE_SHELL)
		add(&right, in, PANE_SHELL);
	if (l->body.rows >= SHORT || in->lower == PANE_TESTS)
		add(&right, in, PANE_TESTS);
	if (left.n == 0 || right.n == 0) {
		stack(in, l, left.n > 0 ? &left : &right, 0, in->cols);
		return;
	}
	cols = clamp(in->cols * in->left / 1000, LEFT_MIN,
	    in->cols - RIGHT_MIN - 1);
	l->upright = cols;
	stack(in, l, &left, AIR, cols - 2 * AIR);
	stack(in, l, &right, cols + 1 + AIR, in->cols - cols - 1 - AIR);
}

static void
narrow(const struct layout_in *in, struct layout *l)
{
	struct column c = { 0 };

	if (in->focus == PANE_PROBLEM || in->focus == PANE_FILES) {
		c.id[c.n++] = in->focus;
	} else {
		add(&c, in, PANE_EDITOR);
		add(&c, in, in->lower);
	}
	stack(in, l, &c, 0, in->cols);
}

void
layout_make(const struct layout_in *given, struct layout *l)
{
	struct layout_in in = *given;

	memset(l, 0, sizeof *l);
	l->upright = -1;
	l->too_small = in.rows < LAYOUT_ROWS_MIN || in.cols < LAYOUT_COLS_MIN;
	if (l->too_small)
		return;
	in.hidden &= ~(1u << in.focus);
	if (in.focus == PANE_SHELL || in.focus == PANE_TESTS)
		in.lower = in.focus;
	l->body = (struct rect){ 1, 0, in.rows - 2, in.cols };
	if (in.timeline) {
		l->body.rows -= TIMELINE_ROWS;
		l->timeline = (struct rect){ l->body.row + l->body.rows, 0,
			TIMELINE_ROWS, in.cols };
	}
	if (in.zoom)
		show(l, in.focus, l->body.row, 0, l->body.rows, in.cols);
	else if (in.cols >= LAYOUT_COLS_WIDE)
		wide(&in, l);
	else
		narrow(&in, l);
}

struct rect
layout_rule(const struct layout *l, enum pane_id id)
{
	const struct rect *p = &l->pane[id];
	struct rect r = { p->row - 1, 0, 1, l->body.cols };

	if (l->upright < 0)
		return r;
	if (p->col > l->upright) {
		r.col = l->upright + 1;
		r.cols -= r.col;
	} else {
		r.cols = l->upright;
	}
	return r;
}

static int
permille(int part, int whole)
{
	return whole > 0 ? clamp((part * 1000 + whole - 1) / whole, 20, 980) :
	    500;
}

void
layout_drag(struct layout_in *in, const struct layout *l, enum pane_id id,
    int row, int col)
{
	const struct rect *r;
	int top, bottom = l->body.row + l->body.rows;

	if (id == PANES) {
		in->left = permille(col, in->cols);
		return;
	}
	if (id == PANE_FILES) {
		in->problem = permille(row - l->body.row, l->body.rows);
	} else if (id == PANE_SHELL ||
	    (id == PANE_TESTS && !l->shown[PANE_SHELL])) {
		in->editor = permille(row - l->body.row, l->body.rows);
	} else if (id == PANE_TESTS) {
		r = &l->pane[PANE_SHELL];
		top = r->row - 1;
		in->shell = permille(row - top, bottom - top);
	}
}
