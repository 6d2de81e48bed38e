#ifndef UI_PANE_TESTS_H
#define UI_PANE_TESTS_H

/* Shared by the pane-tests*.c files only. */

#include "ui/pane.h"

#define TESTS_TAB 8

enum tests_row_kind { ROW_CASE, ROW_LABELS, ROW_LINE, ROW_PAIR, ROW_MORE };

/* A row of the pane.  The text is the state's: rows live no longer than the
 * call that made them. */
struct tests_row {
	enum tests_row_kind kind;
	size_t k; /* item; SIZE_MAX: what is told of the whole run */
	const char *a, *b; /* b: the right one of a pair */
	size_t na, nb;	   /* of ROW_MORE: the bytes left out */
	bool cut_a, cut_b; /* of it: and others, which nobody counted */
	enum style_name style;
};

/* What has a row of its own: a sample, or hidden cases that stand together
 * and have the same verdict. */
struct tests_item {
	size_t first, n; /* of order */
};

struct tests_pane {
	struct pane base;
	bool pinned;	/* an older run is shown, not the newest */
	uint64_t shown; /* number of the run shown; sel and open are of it */
	uint64_t newest;
	bool any;
	bool told;    /* its first failed sample was opened */
	bool touched; /* the user chose a case */
	unsigned *open; /* numbers of the first cases of items */
	size_t nopen, open_cap;
	size_t sel, top; /* sel: an item */

	/* Made anew for each use. */
	const struct state_case **order;
	size_t norder, order_cap;
	struct tests_item *items;
	size_t nitems, items_cap;
	struct tests_row *rows;
	size_t nrows, rows_cap;
	struct buf why;
	bool done; /* the run shown is */
};

static inline struct style
tests_style(const struct tests_pane *t, enum style_name n)
{
	return theme_style(t->base.ctx.theme, n);
}

/* pane-tests-run.c */

/* The run shown, its place among those of the question (from 1), and how
 * many there are. */
const struct state_run *tests_find_run(const struct tests_pane *, bool pinned,
    size_t *at, size_t *count);
/* Brings the view in line with the state, which a seek in a replay changes
 * without an event.  NULL: there is no run. */
const struct state_run *tests_sync(struct tests_pane *);
/* To an older run or a newer one. */
void tests_go_run(struct tests_pane *, long by);
/* The case of an item, its first of several. */
const struct state_case *tests_case(const struct tests_pane *, size_t item);
bool tests_is_open(const struct tests_pane *, unsigned number);
void tests_toggle(struct tests_pane *, unsigned number);
/* A case that was running when its run ended was cancelled. */
enum verdict tests_verdict(const struct tests_pane *,
    const struct state_case *);
bool tests_failed(const struct tests_pane *, const struct state_case *);

/* pane-tests-rows.c */
const struct state_run *tests_make_rows(struct tests_pane *);

/* pane-tests-draw.c */
void tests_draw_row(const struct tests_pane *, struct canvas *, int y,
    const struct tests_row *);

#endif
