#ifndef UI_LAYOUT_H
#define UI_LAYOUT_H

/* Where things stand: a pure function of sizes and wishes. */

#include <stdbool.h>

enum pane_id { PANE_PROBLEM, PANE_FILES, PANE_EDITOR, PANE_SHELL, PANE_TESTS,
	PANES };

#define LAYOUT_ROWS_MIN 10
#define LAYOUT_COLS_MIN 40
#define LAYOUT_COLS_WIDE 100
#define TIMELINE_ROWS 2

struct rect {
	int row, col, rows, cols;
};

struct layout_in {
	int rows, cols;
	enum pane_id focus;
	enum pane_id lower; /* shell or tests: the one last used */
	bool zoom;
	unsigned hidden; /* bit 1 << pane_id */
	bool timeline;	 /* replay: rows for it above the key line */
	/* Shares in thousandths: the left column's, the problem's of it, the
	 * editor's of the right one, the shell's of what is below it. */
	int left, problem, editor, shell;
};

struct layout {
	bool too_small;
	bool shown[PANES];
	/* Without the rule, which is the row above, and without the blank
	 * column that keeps text off the upright rule and the edge. */
	struct rect pane[PANES];
	int upright;		 /* column of the upright rule; -1: none */
	struct rect body;	 /* all between status line and key line */
	struct rect timeline;	 /* no rows: none */
};

/* The shares a session starts with. */
void layout_defaults(struct layout_in *);
void layout_make(const struct layout_in *, struct layout *);
/* The rule above a pane that is shown. */
struct rect layout_rule(const struct layout *, enum pane_id);
/* Moves the rule above pane (or the upright rule, with PANES) to row, col by
 * changing the shares. */
void layout_drag(struct layout_in *, const struct layout *, enum pane_id,
    int row, int col);

#endif
