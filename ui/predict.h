#ifndef UI_PREDICT_H
#define UI_PREDICT_H

/*
 * Predictive echo over a slow link, after the idea of mosh (Winstein and
 * Balakrishnan, "Mosh: An Interactive Remote Shell for Mobile Clients", 2012):
 * what is typed at the end of a line is shown at once, and is what the program
 * echoed or is taken back.  Nothing is shown before the first character of a
 * line has really come back, so a prompt that does not echo never shows what
 * is typed at it; nothing is predicted on the alternate screen.
 *
 * Pure: time and the round trip are given, the terminal is only read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vt/vt.h"

#define PREDICT_RTT_US 60000 /* below it the echo is fast enough */
#define PREDICT_MAX 80	     /* characters in flight */

struct predict_cell {
	int row, col, width;
	uint32_t glyph;
};

struct predict;
struct predict *predict_create(void);
void predict_destroy(struct predict *);

/* Bytes that are about to go to the program.  rtt_us -1: unknown, nothing is
 * predicted. */
void predict_type(struct predict *, const struct vt *, const char *p, size_t n,
    int64_t rtt_us, int64_t now);
/* After output.  true: what is to be shown has changed. */
bool predict_check(struct predict *, const struct vt *, int64_t now);
/* Takes back what has not been echoed in time; not while the connection is
 * away, when what is typed waits.  True as above; *next_us: when to call
 * again, -1 never. */
bool predict_tick(struct predict *, bool online, int64_t now,
    int64_t *next_us);

/* What is to be painted over the screen, and where the cursor then is.
 * Borrowed until the next call; 0: nothing. */
size_t predict_shown(const struct predict *, const struct predict_cell **,
    int *row, int *col);

#endif
