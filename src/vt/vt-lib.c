#include "config.h"

#include "vt/vt-priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

/*
 * libvterm's memory is one arena at a fixed address, so that a copy of the
 * used part is a copy of libvterm.  Blocks come in powers of two and go back
 * to a list of their size; libvterm holds about ten at a time.
 */
#define CLASS_MIN 6 /* 64 bytes */
#define CLASSES 9   /* up to 16 KiB */

struct arena {
	size_t used;
	struct block *idle[CLASSES];
};

struct block {
	size_t class;
	struct block *next;
};

static void *
arena_alloc(size_t n, void *user)
{
	struct arena *a = user;
	struct block *b;
	size_t class = 0;

	while (((size_t)1 << (CLASS_MIN + class)) < n)
		class++;
	n = sizeof *b + ((size_t)1 << (CLASS_MIN + class));
	if (class >= CLASSES || (a->idle[class] == NULL &&
	    a->used + n > VT_ARENA))
		abort(); /* sizes are bounded by VT_ROWS_MAX, VT_COLS_MAX */
	b = a->idle[class];
	if (b != NULL) {
		a->idle[class] = b->next;
	} else {
		b = (struct block *)(void *)((char *)a + a->used);
		a->used += n;
	}
	b->class = class;
	b->next = NULL;
	return memset(b + 1, 0, n - sizeof *b);
}

static void
arena_release(void *p, void *user)
{
	struct arena *a = user;
	struct block *b = p;

	if (b == NULL)
		return;
	b--;
	b->next = a->idle[b->class];
	a->idle[b->class] = b;
}

static int
on_putglyph(VTermGlyphInfo *info, VTermPos pos, void *user)
{
	struct vt *vt = user;
	struct vt_line *l = vt->screen->lines[pos.row];

	/* Text never goes through libvterm: this is DECALN's pattern. */
	vt_line_split(l, pos.col, pos.col + 1);
	l->cells[pos.col] = (struct vt_cell){ info->chars[0], 0, 1 };
	if (l->used < pos.col + 1)
		l->used = (uint16_t)(pos.col + 1);
	vt_dirty(vt, pos.row, pos.row);
	return 1;
}

static bool
clip(const struct vt *vt, VTermRect *r)
{
	if (r->start_row < 0)
		r->start_row = 0;
	if (r->start_col < 0)
		r->start_col = 0;
	if (r->end_row > vt->c.rows)
		r->end_row = vt->c.rows;
	if (r->end_col > vt->c.cols)
		r->end_col = vt->c.cols;
	return r->start_row < r->end_row && r->start_col < r->end_col;
}

static int
on_erase(VTermRect r, int selective, void *user)
{
	struct vt *vt = user;

	(void)selective;
	if (!clip(vt, &r))
		return 1;
	for (int y = r.start_row; y < r.end_row; y++)
		vt_line_erase(vt, vt->screen->lines[y], r.start_col,
		    r.end_col);
	vt_dirty(vt, r.start_row, r.end_row - 1);
	return 1;
}

/* Moves the cells of a part of some rows; vacated ones are erased by the
 * caller. */
static void
move_cells(struct vt *vt, int to, int from, int left, int right)
{
	struct vt_line *d = vt->screen->lines[to];
	const struct vt_line *s = vt->screen->lines[from];

	vt_line_split(d, left, right);
	memcpy(d->cells + left, s->cells + left,
	    (size_t)(right - left) * sizeof *d->cells);
	if (d->used < right)
		d->used = (uint16_t)right;
	d->wide |= s->wide;
	/* The edges may have cut wide cells of the source. */
	if (d->wide && d->cells[left].width == 0)
		d->cells[left] = vt_blank;
	if (d->wide && d->cells[right - 1].width == 2)
		d->cells[right - 1] = vt_blank;
}

static void
scroll_part(struct vt *vt, VTermRect r, int down)
{
	int h = r.end_row - r.start_row;

	down = down > h ? h : down < -h ? -h : down;
	if (down > 0) {
		for (int y = r.start_row; y < r.end_row - down; y++)
			move_cells(vt, y, y + down, r.start_col, r.end_col);
		r.start_row = r.end_row - down;
	} else {
		for (int y = r.end_row - 1; y >= r.start_row - down; y--)
			move_cells(vt, y, y + down, r.start_col, r.end_col);
		r.end_row = r.start_row - down;
	}
	on_erase(r, 0, vt);
}

static int
on_scrollrect(VTermRect r, int down, int right, void *user)
{
	struct vt *vt = user;

	if (!clip(vt, &r))
		return 1;
	if (right != 0) {
		for (int y = r.start_row; y < r.end_row; y++)
			vt_shift(vt, y, r.start_col, r.end_col, right);
	} else if (r.start_col == 0 && r.end_col == vt->c.cols) {
		vt_scroll(vt, r.start_row, r.end_row, down);
	} else {
		scroll_part(vt, r, down);
	}
	vt_dirty(vt, r.start_row, r.end_row - 1);
	return 1;
}

static int
on_settermprop(VTermProp prop, VTermValue *val, void *user)
{
	struct vt *vt = user;
	bool alt;

	if (prop != VTERM_PROP_ALTSCREEN)
		return 1;
	alt = val->boolean != 0;
	vt->screen = &vt->screens[alt];
	vt->c.modes = alt ? vt->c.modes | MODE_ALT : vt->c.modes & ~MODE_ALT;
	vt_dirty(vt, 0, vt->c.rows - 1);
	return 1;
}

/* Double-width lines are refused: a half-width grid has corner cases that
 * libvterm gets wrong, and no program needs them. */
static int
on_setlineinfo(int row, const VTermLineInfo *new, const VTermLineInfo *old,
    void *user)
{
	(void)row;
	(void)new;
	(void)old;
	(void)user;
	return 0;
}

static void
on_output(const char *p, size_t n, void *user)
{
	vt_reply(user, p, n);
}

static VTermAllocatorFunctions allocator = { arena_alloc, arena_release };
static const VTermStateCallbacks callbacks = {
	.putglyph = on_putglyph,
	.scrollrect = on_scrollrect,
	.erase = on_erase,
	.settermprop = on_settermprop,
	.setlineinfo = on_setlineinfo,
};

void
vt_lib_create(struct vt *vt)
{
	struct arena *a;

	vt->arena = mmap(NULL, VT_ARENA, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vt->arena == MAP_FAILED)
		abort();
	a = (struct arena *)(void *)vt->arena;
	a->used = (sizeof *a + 15) & ~(size_t)15;
	vt->lib = vterm_new_with_allocator(vt->c.rows, vt->c.cols, &allocator,
	    a);
	vterm_set_utf8(vt->lib, 1);
	vterm_output_set_callback(vt->lib, on_output, vt);
	vt->state = vterm_obtain_state(vt->lib);
	vterm_state_set_callbacks(vt->state, &callbacks, vt);
	vterm_state_reset(vt->state, 1);
}

void
vt_lib_free(struct vt *vt)
{
	munmap(vt->arena, VT_ARENA); /* all that libvterm has */
}

size_t
vt_lib_used(const struct vt *vt)
{
	return ((const struct arena *)(const void *)vt->arena)->used;
}

static void
cursor_to_lib(struct vt *vt)
{
	char s[32];
	int row = vt->c.row;
	int n;

	if (vt->c.synced)
		return;
	if (vt->c.modes & MODE_ORIGIN)
		row -= vt->c.top;
	n = snprintf(s, sizeof s, "\033[%d;%dH", row < 0 ? 1 : row + 1,
	    vt->c.col + 1);
	vterm_input_write(vt->lib, s, (size_t)n);
	vt->c.synced = true;
}

static void
cursor_from_lib(struct vt *vt)
{
	VTermPos pos;

	vterm_state_get_cursorpos(vt->state, &pos);
	pos.row = pos.row < 0 ? 0 : pos.row;
	pos.col = pos.col < 0 ? 0 : pos.col;
	pos.row = pos.row < vt->c.rows ? pos.row : vt->c.rows - 1;
	pos.col = pos.col < vt->c.cols ? pos.col : vt->c.cols - 1;
	if (pos.row == vt->c.row && pos.col == vt->c.col)
		return;
	vt->c.row = pos.row;
	vt->c.col = pos.col;
	vt->c.phantom = vt->c.full = false;
}

void
vt_lib_feed(struct vt *vt, const char *p, size_t n)
{
	cursor_to_lib(vt);
	vterm_input_write(vt->lib, p, n);
	cursor_from_lib(vt);
}

void
vt_lib_resize(struct vt *vt, int rows, int cols)
{
	static const char margins[] = "\033[r\033[s\033[?69l";

	vterm_input_write(vt->lib, margins, sizeof margins - 1);
	vterm_set_size(vt->lib, rows, cols);
	vt->c.modes &= ~(uint32_t)MODE_MARGINS;
	vt->c.synced = false;
}
