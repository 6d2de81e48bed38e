#include "config.h"

/*
 * The grid behind libvterm's state layer.  Rows are pointers, so a scroll
 * moves pointers and the line that leaves the top swaps its memory with the
 * oldest one of the scrollback: nothing is copied.
 */

#include <stdlib.h>
#include <string.h>

#include "base/glyph.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "vt/vt-internal.h"

#define STYLES_MAX 65536u

static uint32_t
style_hash(struct vt_style s)
{
	uint32_t h = (uint32_t)s.fg * 2654435761u;

	h ^= (uint32_t)s.bg * 2246822519u;
	h ^= s.attr * 3266489917u;
	return h ^ h >> 15;
}

static bool
style_same(struct vt_style a, struct vt_style b)
{
	return a.fg == b.fg && a.bg == b.bg && a.attr == b.attr;
}

static void
style_rehash(struct style_table *t)
{
	free(t->slots);
	t->nslots = t->nslots ? t->nslots * 4 : 256;
	t->slots = xcalloc(t->nslots, sizeof *t->slots);
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t h = style_hash(t->v[i]) & (t->nslots - 1);

		while (t->slots[h] != 0)
			h = (h + 1) & (t->nslots - 1);
		t->slots[h] = i + 1;
	}
}

static int32_t
to_palette(int32_t c)
{
	if (c < 0x1000000)
		return c;
	return 16 + (c >> 16 & 255) / 43 * 36 + (c >> 8 & 255) / 43 * 6 +
	    (c & 255) / 43;
}

uint32_t
style_intern(struct style_table *t, struct vt_style s)
{
	uint32_t h;

	if (t->n * 2 >= t->nslots)
		style_rehash(t);
	if (t->n >= STYLES_MAX - 16384) {
		/* Nearly full: only what the palette can say. */
		s.fg = to_palette(s.fg);
		s.bg = to_palette(s.bg);
	}
	for (h = style_hash(s) & (t->nslots - 1); t->slots[h] != 0;
	    h = (h + 1) & (t->nslots - 1))
		if (style_same(t->v[t->slots[h] - 1], s))
			return t->slots[h] - 1;
	if (t->n >= STYLES_MAX)
		return 0;
	GROW(t->v, t->n, t->cap);
	t->v[t->n++] = s;
	t->slots[h] = t->n;
	return t->n - 1;
}

/* ---- lines ---- */

struct vt_line *
vt_line(const struct vt *v, int row)
{
	return &v->lines[v->v.alt][row];
}

static void
line_room(struct vt_line *l, int cols)
{
	if (l->cap >= cols)
		return;
	l->cells = xreallocarray(l->cells, (size_t)cols, sizeof *l->cells);
	l->cap = cols;
}

void
line_blank(struct vt *v, struct vt_line *l)
{
	line_room(l, v->v.cols);
	l->len = 0;
}

static void
line_extend(struct vt_line *l, int to, uint32_t style)
{
	static const struct vt_cell blank = { ' ', 0, 1 };

	for (; l->len < to; l->len++) {
		l->cells[l->len] = blank;
		l->cells[l->len].style = style & 0xffffff;
	}
}

static void
damage(struct vt *v, int first, int last)
{
	if (first < v->v.damage_first)
		v->v.damage_first = first;
	if (last > v->v.damage_last)
		v->v.damage_last = last;
}

static uint32_t
pen(struct vt *v)
{
	if (!v->v.pen_known) {
		v->v.pen_id = style_intern(&v->styles, v->v.pen);
		v->v.pen_known = true;
	}
	return v->v.pen_id;
}

static void
sb_push(struct vt *v, struct vt_line *l)
{
	struct vt_line *slot, old;

	v->v.scrolled++;
	if (v->sb_cap == 0)
		return;
	slot = &v->sb[v->sb_head];
	v->sb_head = (v->sb_head + 1) % v->sb_cap;
	if (v->v.sb_n < v->sb_cap)
		v->v.sb_n++;
	old = *slot;
	*slot = *l;
	*l = old;
}

/* ---- callbacks ---- */

static int
cb_putglyph(VTermGlyphInfo *g, VTermPos pos, void *user)
{
	struct vt *v = user;
	struct vt_line *l;
	struct vt_cell *c;
	int width = g->width;
	uint32_t style = pen(v);
	size_t n = 1;

	if (pos.row >= v->v.rows || pos.col >= v->v.cols)
		return 1;
	l = vt_line(v, pos.row);
	if (l->len < pos.col)
		line_extend(l, pos.col, 0);
	if (pos.col + width > v->v.cols)
		width = v->v.cols - pos.col;
	c = &l->cells[pos.col];
	if (g->chars[0] < 0x80 && (g->chars[0] == 0 || g->chars[1] == 0)) {
		c->glyph = g->chars[0] ? g->chars[0] : ' ';
	} else {
		while (n < GLYPH_MAX && g->chars[n] != 0)
			n++;
		c->glyph = glyph_intern(g->chars, n);
	}
	c->style = style & 0xffffff;
	c->width = (uint32_t)width & 0xff;
	if (width > 0)
		v->v.last = c->glyph;
	if (width == 2) {
		c[1].glyph = 0;
		c[1].style = style & 0xffffff;
		c[1].width = 0;
	}
	if (l->len < pos.col + width)
		l->len = pos.col + width;
	damage(v, pos.row, pos.row);
	return 1;
}

static int
cb_movecursor(VTermPos pos, VTermPos old, int visible, void *user)
{
	struct vt *v = user;

	damage(v, old.row, old.row);
	damage(v, pos.row, pos.row);
	v->v.row = pos.row;
	v->v.col = pos.col;
	v->v.visible = visible;
	return 1;
}

static void
erase_row(struct vt *v, struct vt_line *l, int from, int to, uint32_t style)
{
	if (style == 0 && to >= l->len) {
		if (l->len > from)
			l->len = from;
		return;
	}
	if (l->len < from)
		line_extend(l, from, 0);
	for (int c = from; c < to; c++)
		l->cells[c] = (struct vt_cell){ ' ', style & 0xffffff, 1 };
	if (l->len < to)
		l->len = to;
	(void)v;
}

static int
cb_erase(VTermRect r, int selective, void *user)
{
	struct vt *v = user;
	struct vt_style s = { -1, v->v.pen.bg, 0 };
	uint32_t style = s.bg == -1 ? 0 : style_intern(&v->styles, s);

	(void)selective;
	for (int row = r.start_row; row < r.end_row && row < v->v.rows; row++)
		erase_row(v, vt_line(v, row), r.start_col,
		    r.end_col > v->v.cols ? v->v.cols : r.end_col, style);
	damage(v, r.start_row, r.end_row - 1);
	return 1;
}

static void
reverse(struct vt_line *l, int a, int b)
{
	for (b--; a < b; a++, b--) {
		struct vt_line t = l[a];

		l[a] = l[b];
		l[b] = t;
	}
}

/* Rotates rows [a, b) so that row a + by becomes row a. */
static void
rotate(struct vt_line *l, int a, int b, int by)
{
	if (by == 1) {
		struct vt_line t = l[a];

		memmove(&l[a], &l[a + 1], (size_t)(b - a - 1) * sizeof *l);
		l[b - 1] = t;
		return;
	}
	reverse(l, a, a + by);
	reverse(l, a + by, b);
	reverse(l, a, b);
}

static void
scroll_rows(struct vt *v, VTermRect r, int down)
{
	struct vt_line *l = v->lines[v->v.alt];
	int n = r.end_row - r.start_row;

	if (down > 0) {
		int by = down > n ? n : down;

		if (r.start_row == 0 && !v->v.alt)
			for (int i = 0; i < by; i++)
				sb_push(v, &l[i]);
		rotate(l, r.start_row, r.end_row, by);
		for (int i = r.end_row - by; i < r.end_row; i++)
			line_blank(v, &l[i]);
	} else {
		int by = -down > n ? n : -down;

		rotate(l, r.start_row, r.end_row, n - by);
		for (int i = r.start_row; i < r.start_row + by; i++)
			line_blank(v, &l[i]);
	}
	/* Erased lines take the pen's background (BCE). */
	if (v->v.pen.bg != -1) {
		VTermRect e = r;

		if (down > 0)
			e.start_row = down > n ? r.start_row : r.end_row - down;
		else
			e.end_row = -down > n ? r.end_row : r.start_row - down;
		cb_erase(e, 0, v);
	}
}

static void
shift_cells(struct vt *v, VTermRect r, int right)
{
	int n = r.end_col - r.start_col, by = right < 0 ? -right : right;
	VTermRect e = r;

	by = by > n ? n : by;
	for (int row = r.start_row; row < r.end_row; row++) {
		struct vt_line *l = vt_line(v, row);
		struct vt_cell *c;

		line_extend(l, r.end_col, 0);
		c = l->cells + r.start_col;
		if (right > 0)
			memmove(c, c + by, (size_t)(n - by) * sizeof *c);
		else
			memmove(c + by, c, (size_t)(n - by) * sizeof *c);
	}
	if (right > 0)
		e.start_col = r.end_col - by;
	else
		e.end_col = r.start_col + by;
	cb_erase(e, 0, v);
}

static int
cb_scrollrect(VTermRect r, int down, int right, void *user)
{
	struct vt *v = user;

	r.end_row = r.end_row > v->v.rows ? v->v.rows : r.end_row;
	r.end_col = r.end_col > v->v.cols ? v->v.cols : r.end_col;
	if (r.start_row >= r.end_row || r.start_col >= r.end_col)
		return 1;
	if (down != 0 && right == 0 && r.start_col == 0 &&
	    r.end_col == v->v.cols)
		scroll_rows(v, r, down);
	else if (down == 0 && right != 0)
		shift_cells(v, r, right);
	else
		return 0; /* libvterm moves and erases in steps */
	damage(v, r.start_row, r.end_row - 1);
	return 1;
}

static int
cb_moverect(VTermRect dest, VTermRect src, void *user)
{
	struct vt *v = user;
	int n = src.end_row - src.start_row, w = src.end_col - src.start_col;
	int dir = dest.start_row > src.start_row ? -1 : 1;

	for (int i = dir > 0 ? 0 : n - 1; i >= 0 && i < n; i += dir) {
		struct vt_line *d = vt_line(v, dest.start_row + i);
		struct vt_line *s = vt_line(v, src.start_row + i);

		line_extend(d, dest.start_col + w, 0);
		line_extend(s, src.start_col + w, 0);
		memmove(d->cells + dest.start_col, s->cells + src.start_col,
		    (size_t)w * sizeof *d->cells);
	}
	damage(v, dest.start_row, dest.end_row - 1);
	return 1;
}

static int
cb_initpen(void *user)
{
	struct vt *v = user;

	v->v.pen = (struct vt_style){ -1, -1, 0 };
	v->v.pen_known = false;
	return 1;
}

static int32_t
color(const VTermColor *c)
{
	if (VTERM_COLOR_IS_DEFAULT_FG(c) || VTERM_COLOR_IS_DEFAULT_BG(c))
		return -1;
	if (VTERM_COLOR_IS_INDEXED(c))
		return c->indexed.idx;
	return 0x1000000 | c->rgb.red << 16 | c->rgb.green << 8 | c->rgb.blue;
}

static int
cb_setpenattr(VTermAttr attr, VTermValue *val, void *user)
{
	/* Bits of ui/canvas.h. */
	static const uint16_t bits[VTERM_N_ATTRS] = { [VTERM_ATTR_BOLD] = 1,
		[VTERM_ATTR_UNDERLINE] = 8, [VTERM_ATTR_ITALIC] = 4,
		[VTERM_ATTR_BLINK] = 64, [VTERM_ATTR_REVERSE] = 16,
		[VTERM_ATTR_STRIKE] = 32 };
	struct vt *v = user;

	v->v.pen_known = false;
	if (attr == VTERM_ATTR_FOREGROUND)
		v->v.pen.fg = color(&val->color);
	else if (attr == VTERM_ATTR_BACKGROUND)
		v->v.pen.bg = color(&val->color);
	else if (attr == VTERM_ATTR_UNDERLINE ? val->number : val->boolean)
		v->v.pen.attr |= bits[attr];
	else
		v->v.pen.attr &= (uint16_t)~bits[attr];
	return 1;
}

/* What a program calls its window is text for a title bar, never control. */
static char *
clean_title(const char *s)
{
	struct buf b = { 0 };
	size_t n = strnlen(s, 1024), i = 0;
	uint32_t cp;
	char u[4];

	while (i < n && b.len < 200) {
		i += utf8_decode(s + i, n - i, &cp);
		if (cp >= 0x20 && cp != 0x7f && (cp < 0x80 || cp >= 0xa0))
			buf_add(&b, u, utf8_encode(cp, u));
	}
	return buf_take(&b);
}

static int
cb_settermprop(VTermProp prop, VTermValue *val, void *user)
{
	static const int shapes[] = { 0, 2, 4, 6 };
	struct vt *v = user;

	switch (prop) {
	case VTERM_PROP_CURSORVISIBLE:
		v->v.visible = val->boolean;
		break;
	case VTERM_PROP_CURSORBLINK:
		v->v.blink = val->boolean;
		break;
	case VTERM_PROP_CURSORSHAPE:
		v->v.shape = shapes[val->number & 3];
		break;
	case VTERM_PROP_ALTSCREEN:
		v->v.alt = val->boolean;
		damage(v, 0, v->v.rows - 1);
		break;
	case VTERM_PROP_MOUSE:
		v->v.mouse = val->number;
		break;
	case VTERM_PROP_TITLE:
		free(v->title);
		v->title = clean_title(val->string);
		break;
	default:
		return 0;
	}
	return 1;
}

static int
cb_bell(void *user)
{
	((struct vt *)user)->v.bells++;
	return 1;
}

static void
lines_resize(struct vt *v, int screen, int rows)
{
	int old = v->v.rows;

	for (int i = rows; i < old; i++)
		free(v->lines[screen][i].cells);
	v->lines[screen] = xreallocarray(v->lines[screen], (size_t)rows,
	    sizeof *v->lines[screen]);
	for (int i = old; i < rows; i++)
		v->lines[screen][i] = (struct vt_line){ NULL, 0, 0 };
	for (int i = 0; i < rows; i++) {
		struct vt_line *l = &v->lines[screen][i];

		line_room(l, v->v.cols);
		l->len = l->len > v->v.cols ? v->v.cols : l->len;
	}
}

/* Lines above the cursor leave into the scrollback when there is no room,
 * and come back when there is. */
static int
cb_resize(int rows, int cols, VTermPos *delta, void *user)
{
	struct vt *v = user;
	struct vt_line *l = v->lines[0];
	int out = !v->v.alt && v->v.row >= rows ? v->v.row - rows + 1 : 0;
	int in = !v->v.alt && rows > v->v.rows ? rows - v->v.rows : 0;

	if (out > 0) {
		for (int i = 0; i < out; i++)
			sb_push(v, &l[i]);
		rotate(l, 0, v->v.rows, out);
	}
	v->v.cols = cols;
	lines_resize(v, 0, rows);
	lines_resize(v, 1, rows);
	v->v.rows = rows;
	in = in > v->v.sb_n ? v->v.sb_n : in;
	l = v->lines[0];
	if (in > 0)
		rotate(l, 0, rows, rows - in);
	for (int i = in - 1; i >= 0; i--) {
		struct vt_line t = l[i];

		v->sb_head = (v->sb_head + v->sb_cap - 1) % v->sb_cap;
		l[i] = v->sb[v->sb_head];
		v->sb[v->sb_head] = t;
		v->v.sb_n--;
		v->v.scrolled--;
		line_room(&l[i], cols);
		l[i].len = l[i].len > cols ? cols : l[i].len;
	}
	delta->row += in - out;
	damage(v, 0, rows - 1);
	return 1;
}

static int
cb_setlineinfo(int row, const VTermLineInfo *now, const VTermLineInfo *old,
    void *user)
{
	(void)row;
	(void)now;
	(void)old;
	(void)user;
	return 0; /* no double-width lines: the cells would not fit panes */
}

const VTermStateCallbacks vt_callbacks = { .putglyph = cb_putglyph,
	.movecursor = cb_movecursor, .scrollrect = cb_scrollrect,
	.moverect = cb_moverect, .erase = cb_erase, .initpen = cb_initpen,
	.setpenattr = cb_setpenattr, .settermprop = cb_settermprop,
	.bell = cb_bell, .resize = cb_resize, .setlineinfo = cb_setlineinfo };

/* OSC 52: the program sets the clipboard. */
static int
fb_osc(const char *s, size_t n, void *user)
{
	struct vt *v = user;
	const char *data;
	char *b64;

	if (n < 3 || memcmp(s, "52;", 3) != 0)
		return 0;
	data = memchr(s + 3, ';', n - 3);
	if (data == NULL)
		return 1;
	data++;
	b64 = xstrndup(data, n - (size_t)(data - s));
	buf_clear(&v->clipboard);
	v->clipboard_set = json_base64(b64, &v->clipboard);
	free(b64);
	return 1;
}

const VTermParserCallbacks vt_fallbacks = { .osc = fb_osc };
