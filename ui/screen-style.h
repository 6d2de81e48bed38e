#ifndef UI_SCREEN_STYLE_H
#define UI_SCREEN_STYLE_H

/*
 * How the terminal is told a style: terminfo's sequences, each asked for once.
 * curses has the same (vid_puts) by way of numbered pairs of colours, which
 * cost more than the rest of a frame when a program uses thousands of them.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "ui/canvas.h"

struct screen_style;

/* For terminfo's current terminal; mono: attributes only. */
struct screen_style *screen_style_create(bool mono);
void screen_style_free(struct screen_style *);
/* How many the terminal has; 0: none, or it cannot be told them. */
int screen_style_colours(const struct screen_style *);
/* What the terminal shows is not known, and the next style is told whole. */
void screen_style_forget(struct screen_style *);
/* What makes the terminal write in that style, from the one before.  Colours
 * that it does not have become the nearest that it has. */
void screen_style_put(struct screen_style *, struct buf *,
    const struct style *);
/* A sequence of terminfo, without its padding; NULL is none. */
void screen_sequence_put(struct buf *, const char *sequence);

#endif
