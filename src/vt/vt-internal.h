#ifndef VT_VT_INTERNAL_H
#define VT_VT_INTERNAL_H

/* Shared by src/vt/vt.c and grid.c only. */

#include <vterm.h>

#include "vt/arena.h"
#include "vt/vt.h"

/* Cells from len on are blank. */
struct vt_line {
	struct vt_cell *cells;
	int len, cap;
};

struct style_table {
	struct vt_style *v;
	uint32_t n, cap;
	uint32_t *slots; /* index + 1 */
	uint32_t nslots;
};

/* Where libvterm's answers go. */
struct sink {
	struct buf *to;
	size_t max;
};

/* Plain data: copied whole by a snapshot. */
struct vt_view {
	int rows, cols;
	int row, col;
	bool visible, alt, blink, wide_blank;
	int shape, mouse;
	uint64_t bells, scrolled;
	struct vt_style pen;
	bool pen_known;
	uint32_t pen_id;
	int sb_n;
	int damage_first, damage_last;
	int esc; /* see vt_write */
	int rep; /* its parameter */
	char tail[4]; /* a character that is not complete yet */
	int tail_len;
	uint32_t last; /* glyph printed last that takes a column; 0: none */
};

struct vt {
	VTerm *vterm;
	VTermState *state;
	struct arena *arena;
	struct vt_view v;
	struct vt_line *lines[2]; /* main, alternate */
	struct vt_line *sb;
	int sb_cap, sb_head;
	struct style_table styles;
	struct buf answers;
	struct sink *sink;
	char *title;
	struct buf osc; /* an OSC string that is not complete yet */
	struct buf clipboard;
	bool clipboard_set;
};

extern const VTermStateCallbacks vt_callbacks;
extern const VTermParserCallbacks vt_fallbacks;

uint32_t style_intern(struct style_table *, struct vt_style);
struct vt_line *vt_line(const struct vt *, int row);
void line_blank(struct vt *, struct vt_line *);

#endif
