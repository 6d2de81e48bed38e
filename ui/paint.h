#ifndef UI_PAINT_H
#define UI_PAINT_H

/*
 * What to write to a terminal that shows one canvas, so that it shows another.
 * Knows no terminal: how it is written to is given.
 */

#include "base/buf.h"
#include "ui/canvas.h"

struct paint_ops {
	/* From anywhere. */
	void (*move)(struct buf *, void *user, int row, int col);
	void (*style)(struct buf *, void *user, const struct style *);
	/* Returns the columns that it takes there. */
	int (*glyph)(struct buf *, void *user, const struct cell *);
	/* Blanks in the style's background: so many columns from the cursor,
	 * which stays; 0: to the end of the row. */
	void (*erase)(struct buf *, void *user, int cols);
	/* Whether the row is left when its last column is written. */
	void (*margin)(struct buf *, void *user, bool on);
};

struct paint {
	const struct paint_ops *ops;
	void *user;
	struct buf *out;
	/* What the terminal can do. */
	bool erase_end, erase_some;
	bool erase_colour; /* and not only in its own */
	bool corner;	   /* the last cell of all may be written */
	bool margin;	   /* it may after the margin was turned off */
	bool move_styled;  /* it may be moved in any style */
	/* Where it stands; row -1: unknown. */
	int row, col;
	struct style style;
	bool styled; /* the style is known */
};

/* Nothing is known of the cursor and the style any more. */
void paint_forget(struct paint *);
void paint_move(struct paint *, int row, int col);
/* One row of the canvas; old is what the terminal shows there, and is made to
 * be the same. */
void paint_row(struct paint *, const struct canvas *, struct cell *old,
    int row);

#endif
