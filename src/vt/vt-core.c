#include "config.h"

#include "vt/vt-priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int
clamp(int v, int max)
{
	return v < 1 ? 1 : v > max ? max : v;
}

struct vt *
vt_create(int rows, int cols, size_t scrollback)
{
	struct vt *vt = xcalloc(1, sizeof *vt);

	vt->c.rows = clamp(rows, VT_ROWS_MAX);
	vt->c.cols = clamp(cols, VT_COLS_MAX);
	vt->ring.max = scrollback < 1000000 ? scrollback : 1000000;
	vt_styles_init(vt);
	for (int i = 0; i < 2; i++)
		vt_screen_create(&vt->screens[i], vt->c.rows, vt->c.cols);
	vt->screen = &vt->screens[0];
	vt_lib_create(vt);
	vt_reset(vt);
	return vt;
}

void
vt_destroy(struct vt *vt)
{
	if (vt == NULL)
		return;
	vt_lib_free(vt);
	vt_ring_clear(vt);
	free(vt->ring.lines);
	for (int i = 0; i < 2; i++)
		vt_screen_free(&vt->screens[i], vt->c.rows);
	free(vt->styles);
	free(vt->slots);
	buf_free(&vt->osc);
	buf_free(&vt->out);
	buf_free(&vt->clip);
	free(vt);
}

void
vt_resize(struct vt *vt, int rows, int cols)
{
	rows = clamp(rows, VT_ROWS_MAX);
	cols = clamp(cols, VT_COLS_MAX);
	if (rows == vt->c.rows && cols == vt->c.cols)
		return;
	vt_lib_resize(vt, rows, cols);
	vt_grid_resize(vt, rows, cols);
}

int
vt_rows(const struct vt *vt)
{
	return vt->c.rows;
}

int
vt_cols(const struct vt *vt)
{
	return vt->c.cols;
}

const struct vt_cell *
vt_row(const struct vt *vt, int row, int *n)
{
	const struct vt_line *l;

	*n = 0;
	if (row >= vt->c.rows || row < -vt_scrollback(vt))
		return NULL;
	l = row >= 0 ? vt->screen->lines[row] : vt_ring_line(vt, -row);
	*n = l->used;
	return l->cells;
}

struct vt_style
vt_style(const struct vt *vt, uint32_t style)
{
	return vt->styles[style < vt->nstyles ? style : 0];
}

int
vt_scrollback(const struct vt *vt)
{
	return vt->c.modes & MODE_ALT ? 0 : (int)vt->ring.n;
}

uint64_t
vt_scrolled(const struct vt *vt)
{
	return vt->c.scrolled;
}

void
vt_damage(const struct vt *vt, int *first, int *last)
{
	*first = vt->c.dirty_first;
	*last = vt->c.dirty_last;
}

void
vt_clean(struct vt *vt)
{
	vt->c.dirty_first = VT_ROWS_MAX;
	vt->c.dirty_last = -1;
}

void
vt_cursor(const struct vt *vt, int *row, int *col, bool *visible)
{
	*row = vt->c.row;
	*col = vt->c.col;
	*visible = (vt->c.modes & MODE_VISIBLE) != 0;
}

int
vt_cursor_shape(const struct vt *vt)
{
	return vt->c.shape;
}

const char *
vt_title(const struct vt *vt)
{
	return vt->c.title;
}

bool
vt_altscreen(const struct vt *vt)
{
	return (vt->c.modes & MODE_ALT) != 0;
}

enum vt_mouse
vt_mouse(const struct vt *vt)
{
	if (vt->c.modes & MODE_MOUSE_MOVE)
		return VT_MOUSE_MOVE;
	if (vt->c.modes & MODE_MOUSE_DRAG)
		return VT_MOUSE_DRAG;
	return vt->c.modes & MODE_MOUSE_CLICK ? VT_MOUSE_CLICK :
	    VT_MOUSE_NONE;
}

uint64_t
vt_bells(const struct vt *vt)
{
	return vt->c.bells;
}

void
vt_take_output(struct vt *vt, struct buf *out)
{
	buf_add(out, buf_str(&vt->out), vt->out.len);
	buf_clear(&vt->out);
}

bool
vt_take_clipboard(struct vt *vt, struct buf *out)
{
	if (!vt->c.clip_set)
		return false;
	buf_add(out, buf_str(&vt->clip), vt->clip.len);
	vt->c.clip_set = false;
	buf_free(&vt->clip);
	return true;
}
