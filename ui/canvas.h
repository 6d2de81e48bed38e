#ifndef UI_CANVAS_H
#define UI_CANVAS_H

/*
 * A grid of cells that panes draw on.  Knows no curses.  A canvas given to a
 * pane is a window on the frame: origin 0,0, clipped to its size.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Colours: -1 the terminal's own; 0..255 the palette; COLOR_RGB(r,g,b). */
#define COLOR_DEFAULT (-1)
#define COLOR_RGB(r, g, b) \
	(0x1000000 | (int32_t)(r) << 16 | (int32_t)(g) << 8 | (int32_t)(b))
#define COLOR_IS_RGB(c) ((c) >= 0x1000000)

enum {
	ATTR_BOLD = 1,
	ATTR_DIM = 2,
	ATTR_ITALIC = 4,
	ATTR_UNDERLINE = 8,
	ATTR_REVERSE = 16,
	ATTR_STRIKE = 32,
	ATTR_BLINK = 64,
	ATTR_INVISIBLE = 128,
};

struct style {
	int32_t fg, bg;
	uint16_t attr;
};

/* A cell holds a glyph (base/glyph.h: a code point or an interned cluster).
 * The second column of a wide glyph has width 0. */
struct cell {
	uint32_t glyph;
	struct style style;
	uint8_t width; /* 1, 2, or 0 for a wide glyph's tail */
};

struct canvas {
	struct cell *cells; /* row-major in the frame it is a window on */
	int stride;
	int rows, cols;
};

/* A frame that owns its cells. */
struct canvas *canvas_create(int rows, int cols);
void canvas_destroy(struct canvas *);
/* The part of c at row, col; clipped. */
struct canvas canvas_sub(const struct canvas *c, int row, int col, int rows,
    int cols);

void canvas_fill(struct canvas *, struct style);
void canvas_fill_rect(struct canvas *, int row, int col, int rows, int cols,
    struct style);
void canvas_put(struct canvas *, int row, int col, uint32_t glyph, int width,
    struct style);
/* Lays a style over what is there: its colours where it has them, its
 * attributes added. */
void canvas_tint(struct canvas *, int row, int col, int cols, struct style);
/* UTF-8 text on one row, at most max columns (-1: to the edge).  Control and
 * invalid bytes show as U+FFFD.  Returns the columns used. */
int canvas_text(struct canvas *, int row, int col, int max, const char *s,
    size_t n, struct style);
/* The same, with tabs as blanks, and a last column that shows "more" in its
 * own style where the rest did not fit. */
void canvas_clipped(struct canvas *, int row, int col, int max, const char *s,
    size_t n, struct style style, uint32_t more, struct style more_style);
/* Broken at blanks into as many rows as there are; returns the row after. */
int canvas_wrapped(struct canvas *, int row, int col, const char *s,
    struct style);
int canvas_str(struct canvas *, int row, int col, const char *s, struct style);
int canvas_printf(struct canvas *, int row, int col, struct style,
    const char *fmt, ...) PRINTF_LIKE(5, 6);

/* Rows of text without trailing blanks, for golden screens; with_style adds
 * a second layer that names each distinct style by a letter. */
void canvas_dump(const struct canvas *, bool with_style, struct buf *out);

#endif
