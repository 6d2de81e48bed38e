#ifndef UI_SCREEN_H
#define UI_SCREEN_H

/*
 * The user's terminal.  The only user of curses, and only for painting:
 * input is read raw from fd 0 and decoded by ui/keys.h.  One at a time.
 */

#include "base/err.h"
#include "ui/canvas.h"

struct screen;

struct screen_spec {
	bool mono;  /* attributes only */
	bool mouse; /* ask for mouse reports */
};

/* Saves the terminal's modes and takes it over. */
struct screen *screen_create(const struct screen_spec *, struct err *)
    WARN_UNUSED;
/* Gives it back as it was. */
void screen_destroy(struct screen *);
/* 0 in a terminal without colour. */
int screen_colours(const struct screen *);
/* Size of the terminal now. */
void screen_size(int *rows, int *cols);
/* Paints what changed since the last frame in the rows from..to (no other
 * may have changed), and the cursor.  shape as DECSCUSR. */
void screen_show(struct screen *, const struct canvas *, int from, int to,
    int row, int col, bool visible, int shape);
/* From the next frame on reports of the mouse come without a button too, if
 * they come at all; off at first and after screen_resume. */
void screen_hover(struct screen *, bool on);
void screen_redraw(struct screen *); /* the next frame is painted whole */
/* Gives the terminal back for a while, and takes it again; nothing is painted
 * in between. */
void screen_suspend(struct screen *);
bool screen_suspended(const struct screen *);
void screen_resume(struct screen *);
/* OSC 52: puts bytes on the user's clipboard. */
void screen_clipboard(struct screen *, const char *s, size_t n);
/* Safe from a signal handler, at any time, more than once. */
void screen_restore(void);

#endif
