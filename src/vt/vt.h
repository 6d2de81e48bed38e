#ifndef VT_VT_H
#define VT_VT_H

/*
 * A terminal: bytes in, a grid of cells, scrollback and modes out.  libvterm
 * parses and keeps the state machine; the grid is ours (docs/decisions).
 * Nothing that is fed in can reach another terminal except as cells.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define VT_ROWS_MAX 500
#define VT_COLS_MAX 1000

/* 8 bytes.  glyph as in base/glyph.h (0 or ' ': blank).  style indexes the
 * terminal's style table (vt_style).  width 1, 2, or 0 for a wide tail. */
struct vt_cell {
	uint32_t glyph;
	uint32_t style : 24;
	uint32_t width : 8;
};

/* fg, bg: -1 default, 0..255 palette, 0x1000000|rgb.  attr bits are those of
 * ui/canvas.h (bold 1, dim 2, italic 4, underline 8, reverse 16, strike 32,
 * blink 64, invisible 128). */
struct vt_style {
	int32_t fg, bg;
	uint16_t attr;
};

enum vt_mouse { VT_MOUSE_NONE, VT_MOUSE_CLICK, VT_MOUSE_DRAG, VT_MOUSE_MOVE };

struct vt;
struct vt *vt_create(int rows, int cols, size_t scrollback);
void vt_destroy(struct vt *);
/* Feeds output of the program. */
void vt_write(struct vt *, const char *p, size_t n);
/* Clamped to the bounds.  Wrapped lines are wrapped anew. */
void vt_resize(struct vt *, int rows, int cols);
int vt_rows(const struct vt *);
int vt_cols(const struct vt *);

/* A row of the screen (0..rows-1) or of the scrollback (-1 the newest line,
 * down to -vt_scrollback).  *n cells; cells beyond are blank.  Borrowed until
 * the next vt_ call that changes something. */
const struct vt_cell *vt_row(const struct vt *, int row, int *n);
struct vt_style vt_style(const struct vt *, uint32_t style);
int vt_scrollback(const struct vt *);
/* Grows with each line that ever scrolled off, so views keep their place. */
uint64_t vt_scrolled(const struct vt *);

/* Rows damaged since vt_clean; first > last when none. */
void vt_damage(const struct vt *, int *first, int *last);
void vt_clean(struct vt *);

void vt_cursor(const struct vt *, int *row, int *col, bool *visible);
int vt_cursor_shape(const struct vt *); /* as DECSCUSR, 0..6 */
const char *vt_title(const struct vt *); /* sanitised UTF-8; "" none */
bool vt_altscreen(const struct vt *);
enum vt_mouse vt_mouse(const struct vt *);
uint64_t vt_bells(const struct vt *); /* how many so far */

/* Answers to the program (DA, DSR …) that vt_write produced, at most 64 KiB
 * kept: take them and send them as input. */
void vt_take_output(struct vt *, struct buf *out);
/* Selections that the program set with OSC 52, decoded and capped at 1 MiB;
 * false: none since the last call. */
bool vt_take_clipboard(struct vt *, struct buf *out);

/* Input as the terminal's modes demand, appended to out; changes nothing that
 * can be seen.  code and mods as in ui/keys.h. */
void vt_encode_key(const struct vt *, uint32_t code, unsigned mods,
    struct buf *out);
void vt_encode_paste(const struct vt *, const char *p, size_t n,
    struct buf *out);
/* button 1..3, 4 wheel up, 5 wheel down. */
void vt_encode_mouse(const struct vt *, int row, int col, int button,
    bool press, unsigned mods, struct buf *out);
/* button: the one held, 0 none. */
void vt_encode_motion(const struct vt *, int row, int col, int button,
    unsigned mods, struct buf *out);
/* The keyboard came or went. */
void vt_encode_focus(const struct vt *, bool in, struct buf *out);

/* Text of the cells from (row, col) to (row2, col2) inclusive; wrapped lines
 * are joined, trailing blanks dropped. */
void vt_text(const struct vt *, int row, int col, int row2, int col2,
    struct buf *out);
/* Searches rows upwards (dir < 0) or downwards for UTF-8 text, ASCII case
 * folded when the needle has no capital.  A match may go on in the next row
 * when the text does. */
bool vt_find(const struct vt *, const char *needle, int dir, int *row,
    int *col);
/* Column of the first match that starts in a row, right of after; -1: none. */
int vt_find_in(const struct vt *, const char *needle, int row, int after);

/* Canonical bytes of all that can be seen (grid, both screens, scrollback,
 * cursor, modes, title); independent of the order of interning. */
void vt_save(const struct vt *, struct buf *out);

/* Exact copy for keyframes: valid for this vt in this process only. */
struct vt_snapshot;
struct vt_snapshot *vt_snapshot(const struct vt *);
void vt_restore(struct vt *, const struct vt_snapshot *);
void vt_snapshot_free(struct vt_snapshot *);
size_t vt_snapshot_size(const struct vt_snapshot *);

#endif
