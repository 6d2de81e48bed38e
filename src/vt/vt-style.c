#include "config.h"

#include "vt/vt-priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SLOTS (2 * VT_STYLES_MAX)

static const struct vt_style plain = { -1, -1, 0 };

static uint32_t
hash(struct vt_style s)
{
	uint64_t h = (uint32_t)s.fg * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 29 ^ (uint32_t)s.bg) * 0xbf58476d1ce4e5b9u;
	h = (h ^ h >> 32 ^ s.attr) * 0x94d049bb133111ebu;
	return (uint32_t)(h >> 40) & (SLOTS - 1);
}

static bool
same(struct vt_style a, struct vt_style b)
{
	return a.fg == b.fg && a.bg == b.bg && a.attr == b.attr;
}

/* The slot of s, or the empty one where it belongs. */
static uint32_t *
slot(const struct vt *vt, struct vt_style s)
{
	uint32_t i = hash(s);

	while (vt->slots[i] != 0 && !same(vt->styles[vt->slots[i] - 1], s))
		i = (i + 1) & (SLOTS - 1);
	return &vt->slots[i];
}

static uint32_t
add(struct vt *vt, uint32_t *at, struct vt_style s)
{
	GROW(vt->styles, vt->nstyles, vt->styles_cap);
	vt->styles[vt->nstyles++] = s;
	*at = vt->nstyles;
	return vt->nstyles - 1;
}

void
vt_styles_init(struct vt *vt)
{
	vt->slots = xcalloc(SLOTS, sizeof *vt->slots);
	add(vt, slot(vt, plain), plain);
	vt->c.pen = plain;
}

void
vt_styles_rehash(struct vt *vt)
{
	memset(vt->slots, 0, SLOTS * sizeof *vt->slots);
	for (uint32_t i = 0; i < vt->nstyles; i++)
		*slot(vt, vt->styles[i]) = i + 1;
}

static void
renumber(struct vt *vt, struct vt_line *l, const struct vt_style *old,
    uint32_t *map)
{
	for (int i = 0; i < l->used; i++) {
		uint32_t id = l->cells[i].style;

		if (id == 0)
			continue;
		if (map[id] == 0)
			map[id] = add(vt, slot(vt, old[id]), old[id]);
		l->cells[i].style = map[id] & 0xffffff;
	}
}

/* Drops the styles that no cell has. */
static void
collect(struct vt *vt)
{
	struct vt_style *old = vt->styles;
	uint32_t *map = xcalloc(vt->nstyles, sizeof *map);

	vt->styles = NULL;
	vt->nstyles = vt->styles_cap = 0;
	memset(vt->slots, 0, SLOTS * sizeof *vt->slots);
	add(vt, slot(vt, plain), plain);
	for (int s = 0; s < 2; s++)
		for (int y = 0; y < vt->c.rows; y++)
			renumber(vt, vt->screens[s].lines[y], old, map);
	for (size_t i = 0; i < vt->ring.n; i++)
		renumber(vt, vt->ring.lines[(vt->ring.head + i) %
		    vt->ring.cap], old, map);
	free(map);
	free(old);
	vt->c.pen_dirty = vt->c.blank_dirty = true;
	vt->c.crowded = vt->nstyles > VT_STYLES_MAX / 2;
}

/* The nearest colour of the palette's 6x6x6 cube. */
static int32_t
quantise(int32_t c)
{
	int32_t r, g, b;

	if (c < 0x1000000)
		return c;
	r = (c >> 16 & 255) * 5 + 127;
	g = (c >> 8 & 255) * 5 + 127;
	b = (c & 255) * 5 + 127;
	return 16 + r / 255 * 36 + g / 255 * 6 + b / 255;
}

uint32_t
vt_style_intern(struct vt *vt, struct vt_style s)
{
	uint32_t *at;

	if (same(s, plain))
		return 0;
	at = slot(vt, s);
	if (*at != 0)
		return *at - 1;
	if (vt->nstyles >= VT_STYLES_MAX - 1 && !vt->c.crowded) {
		collect(vt);
		at = slot(vt, s);
		if (*at != 0)
			return *at - 1;
	}
	/* Still crowded after that: only what the palette can say, so that
	 * collecting stays rare. */
	if (vt->c.crowded) {
		s.fg = quantise(s.fg);
		s.bg = quantise(s.bg);
		at = slot(vt, s);
		if (*at != 0)
			return *at - 1;
	}
	if (vt->nstyles == VT_STYLES_MAX - 1 && vt->c.crowded)
		return 0;
	return add(vt, at, s);
}

uint32_t
vt_pen_style(struct vt *vt)
{
	if (vt->c.pen_dirty) {
		vt->c.style = vt_style_intern(vt, vt->c.pen);
		vt->c.pen_dirty = false;
	}
	return vt->c.style;
}

uint32_t
vt_blank_style(struct vt *vt)
{
	struct vt_style s = { -1, vt->c.pen.bg, 0 };

	if (vt->c.blank_dirty) {
		vt->c.blank = s.bg == -1 ? 0 : vt_style_intern(vt, s);
		vt->c.blank_dirty = false;
	}
	return vt->c.blank;
}

void
vt_pen_set(struct vt *vt, struct vt_style s)
{
	vt->c.pen = s;
	vt->c.pen_dirty = vt->c.blank_dirty = true;
}

/* --- SGR ---------------------------------------------------------------- */

static bool
is_sub(const struct vt *vt, int i)
{
	return i < vt->c.nargs && (vt->c.subs >> i & 1);
}

static int
byte(int v)
{
	return v < 0 ? 0 : v > 255 ? 255 : v;
}

/* 38;5;n 38;2;r;g;b 38:5:n 38:2:r:g:b 38:2:space:r:g:b, at argument i.
 * Returns the last argument that belongs to it. */
static int
extended(const struct vt *vt, int i, int32_t *color)
{
	const int32_t *a = vt->c.args;
	int last = i, n = vt->c.nargs, at;

	if (is_sub(vt, i + 1)) {
		while (is_sub(vt, last + 1))
			last++;
		n = last + 1;
	}
	if (i + 1 >= n)
		return last;
	at = i + 2;
	if (a[i + 1] == 5 && at < n) {
		*color = byte(a[at]);
	} else if (a[i + 1] == 2 && at + 2 < n) {
		if (last - i >= 5)
			at++; /* a colour space */
		*color = 0x1000000 | byte(a[at]) << 16 |
		    byte(a[at + 1]) << 8 | byte(a[at + 2]);
	} else {
		return last > i ? last : n - 1;
	}
	return last > i ? last : at + (a[i + 1] == 2 ? 2 : 0);
}

static const struct {
	uint8_t code;
	uint16_t off, on;
} attrs[] = {
	{ 1, 0, VT_BOLD }, { 2, 0, VT_DIM }, { 3, 0, VT_ITALIC },
	{ 4, 0, VT_UNDERLINE }, { 5, 0, VT_BLINK }, { 6, 0, VT_BLINK },
	{ 7, 0, VT_REVERSE }, { 8, 0, VT_INVISIBLE }, { 9, 0, VT_STRIKE },
	{ 21, 0, VT_UNDERLINE }, { 22, VT_BOLD | VT_DIM, 0 },
	{ 23, VT_ITALIC, 0 }, { 24, VT_UNDERLINE, 0 }, { 25, VT_BLINK, 0 },
	{ 27, VT_REVERSE, 0 }, { 28, VT_INVISIBLE, 0 }, { 29, VT_STRIKE, 0 },
};

static void
attribute(struct vt_style *s, int code)
{
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++)
		if (attrs[i].code == code) {
			s->attr &= (uint16_t)~attrs[i].off;
			s->attr |= attrs[i].on;
			return;
		}
}

static void
color(struct vt_style *s, int code)
{
	if (code >= 30 && code <= 37)
		s->fg = code - 30;
	else if (code == 39)
		s->fg = -1;
	else if (code >= 40 && code <= 47)
		s->bg = code - 40;
	else if (code == 49)
		s->bg = -1;
	else if (code >= 90 && code <= 97)
		s->fg = code - 90 + 8;
	else if (code >= 100 && code <= 107)
		s->bg = code - 100 + 8;
}

void
vt_sgr(struct vt *vt)
{
	struct vt_style s = vt->c.pen;
	int32_t skip;

	for (int i = 0; i < vt->c.nargs; i++) {
		int code = vt->c.args[i];

		if (code <= 0)
			s = plain;
		else if (code == 38)
			i = extended(vt, i, &s.fg);
		else if (code == 48)
			i = extended(vt, i, &s.bg);
		else if (code == 58)
			i = extended(vt, i, &skip);
		else if (code == 4 && is_sub(vt, i + 1))
			attribute(&s, vt->c.args[i + 1] == 0 ? 24 : 4);
		else if (code < 30)
			attribute(&s, code);
		else
			color(&s, code);
		while (is_sub(vt, i + 1))
			i++;
	}
	if (!same(s, vt->c.pen))
		vt_pen_set(vt, s);
}
