#ifndef UI_PANE_TERM_H
#define UI_PANE_TERM_H

/* The shell's pane: the parts that pane-term.c (view, input),
 * pane-term-mouse.c and pane-term-copy.c (copy mode, search) share.  A line
 * is counted from the first that the terminal ever showed, so that it stays
 * the same while more scroll off; a row is one of vt_row. */

#include "base/mem.h"
#include "ui/pane.h"

enum term_select { SELECT_NONE, SELECT_CHARS, SELECT_LINES };

struct term_pane {
	struct pane base;
	bool follow;	/* the view is the live screen */
	int64_t top;	/* else its first line */
	int64_t cleared; /* the first line after a clear */
	int sent_rows, sent_cols;
	bool focused;

	bool copy; /* copy mode */
	int64_t line, mark_line;
	int col, mark_col;
	enum term_select select;
	bool dragging;
	bool held; /* a button, pressed for the program */
	int clicks, click_row, click_col;
	int64_t click_time;

	struct predict *predict;
	struct term_drawn {
		const struct vt *vt; /* NULL: there was more than its rows */
		int first, vt_rows, rows, cols;
	} drawn;

	bool typing; /* the search text */
	int dir;     /* of the search */
	char needle[128];
};

static inline struct term_pane *
term_of(struct pane *p)
{
	return CONTAINER_OF(p, struct term_pane, base);
}

const struct vt *term_vt(const struct term_pane *);
/* Row of the terminal that the view starts with (negative: scrollback). */
int term_first(const struct term_pane *);
int64_t term_line_of(const struct term_pane *, int row);
int term_row_of(const struct term_pane *, int64_t line);
/* Moves the view so that it starts at a row; the end follows again. */
void term_show(struct term_pane *, int first);
void term_scroll(struct term_pane *, int lines); /* > 0: towards the end */
int term_back(const struct term_pane *); /* lines above the screen */

/* Bytes for the program, unless this is a replay. */
void term_send(struct term_pane *, enum command_type, const struct buf *);
void term_send_key(struct term_pane *, uint32_t code, unsigned mods);

enum pane_result term_mouse(struct pane *, const struct mouse *);
/* The program asked for the mouse without a button, and gets it. */
bool term_hover(struct pane *);

/* ---- pane-term-predict.c ---- */
void term_predict_typed(struct term_pane *, const struct buf *);
void term_predict_output(struct term_pane *);
void term_predict_draw(struct term_pane *, struct canvas *);
/* Whether there may be something to predict. */
bool term_predicts(const struct term_pane *);
bool term_predict_cursor(const struct term_pane *, int *row, int *col);

void term_copy_enter(struct term_pane *);
void term_copy_leave(struct term_pane *);
enum pane_result term_copy_key(struct term_pane *, const struct key *);
/* A search from the command line or the prompt. */
void term_find_start(struct term_pane *, int dir);
void term_find(struct term_pane *, int dir);
/* The selection to the user's clipboard. */
void term_copy_out(struct term_pane *);
/* In order; false: nothing is selected. */
bool term_selection(const struct term_pane *, int64_t *from, int *from_col,
    int64_t *to, int *to_col);

#endif
