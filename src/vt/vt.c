#include "config.h"

#include "vt/vt-internal.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/glyph.h"
#include "base/mem.h"
#include "base/utf8.h"

#define ANSWERS_MAX 65536

static void
on_output(const char *s, size_t n, void *user)
{
	struct sink *k = user;

	if (k->to != NULL && k->to->len + n <= k->max)
		buf_add(k->to, s, n);
}

static int
clamp(int v, int max)
{
	return v < 1 ? 1 : v > max ? max : v;
}

struct vt *
vt_create(int rows, int cols, size_t scrollback)
{
	static VTermAllocatorFunctions funcs = { arena_alloc, arena_free };
	struct vt *v = xcalloc(1, sizeof *v);

	v->v.rows = clamp(rows, VT_ROWS_MAX);
	v->v.cols = clamp(cols, VT_COLS_MAX);
	v->v.visible = true;
	v->v.pen = (struct vt_style){ -1, -1, 0 };
	style_intern(&v->styles, v->v.pen); /* style 0 */
	v->sb_cap = scrollback > 1000000 ? 1000000 : (int)scrollback;
	v->sb = xcalloc((size_t)v->sb_cap, sizeof *v->sb);
	for (int s = 0; s < 2; s++) {
		v->lines[s] = xcalloc((size_t)v->v.rows, sizeof **v->lines);
		for (int i = 0; i < v->v.rows; i++)
			line_blank(v, &v->lines[s][i]);
	}
	v->title = xstrdup("");
	v->sink = xcalloc(1, sizeof *v->sink);
	v->sink->to = &v->answers;
	v->sink->max = ANSWERS_MAX;
	v->arena = arena_create();
	v->vterm = vterm_new_with_allocator(v->v.rows, v->v.cols, &funcs,
	    v->arena);
	vterm_set_utf8(v->vterm, 1);
	vterm_output_set_callback(v->vterm, on_output, v->sink);
	v->state = vterm_obtain_state(v->vterm);
	vterm_state_set_callbacks(v->state, &vt_callbacks, v);
	vterm_state_set_unrecognised_fallbacks(v->state, &vt_fallbacks, v);
	/* High colours stay palette entries: the reader's theme decides. */
	vterm_state_set_bold_highbright(v->state, 0);
	vterm_state_reset(v->state, 1);
	vt_clean(v);
	return v;
}

void
vt_destroy(struct vt *v)
{
	if (v == NULL)
		return;
	vterm_free(v->vterm);
	arena_destroy(v->arena);
	for (int s = 0; s < 2; s++) {
		for (int i = 0; i < v->v.rows; i++)
			free(v->lines[s][i].cells);
		free(v->lines[s]);
	}
	for (int i = 0; i < v->sb_cap; i++)
		free(v->sb[i].cells);
	free(v->sb);
	free(v->styles.v);
	free(v->styles.slots);
	free(v->title);
	free(v->sink);
	buf_free(&v->answers);
	buf_free(&v->clipboard);
	buf_free(&v->osc);
	free(v);
}

/*
 * Two faults of libvterm 0.1.4 are met here, before it sees the bytes.  It
 * never returns from REP (CSI n b) when nothing that takes a column was
 * printed before: REP is ours, its final byte is replaced by CAN, which ends
 * the sequence without effect.  And it loses an OSC string that comes in more
 * than one piece: such strings are collected and handed over whole.  The
 * scanner knows just enough to find both.
 */
enum { GROUND, ESC, CSI_DIGITS, CSI_OTHER, OSC };
#define OSC_MAX (1u << 20)

static void
repeat(struct vt *v)
{
	uint32_t cps[GLYPH_MAX];
	size_t k = glyph_cps(v->v.last, cps);
	int n = v->v.rep > 0 ? v->v.rep : 1, room = v->v.cols - v->v.col;
	int width = utf8_width(cps[0]);
	char u[4];

	vterm_input_write(v->vterm, "\030", 1);
	if (v->v.last == 0 || width < 1)
		return;
	n = n > room / width ? room / width : n;
	while (n-- > 0)
		for (size_t i = 0; i < k; i++)
			vterm_input_write(v->vterm, u,
			    utf8_encode(cps[i], u));
}

static int
scan(struct vt *v, unsigned char c)
{
	if (c == 0x1b)
		return ESC;
	if (c == 0x18 || c == 0x1a)
		return GROUND;
	if (v->v.esc == ESC) {
		v->v.rep = 0;
		return c == '[' ? CSI_DIGITS : c == ']' ? OSC : GROUND;
	}
	if (c < 0x20)
		return v->v.esc; /* controls act inside a sequence */
	if (c >= 0x40)
		return GROUND;
	if (c < '0' || c > '9')
		return CSI_OTHER;
	if (v->v.rep < 10000)
		v->v.rep = v->v.rep * 10 + (c - '0');
	return v->v.esc;
}

/* Collects an OSC string; returns how many of the n bytes were taken. */
static size_t
collect(struct vt *v, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && (unsigned char)p[i] >= 0x20)
		i++;
	if (v->osc.len + i <= OSC_MAX)
		buf_add(&v->osc, p, i);
	if (i == n)
		return i;
	v->v.esc = p[i] == 0x1b ? ESC : GROUND;
	buf_addc(&v->osc, p[i] == 0x18 || p[i] == 0x1a ? p[i] : '\a');
	vterm_input_write(v->vterm, v->osc.data, v->osc.len);
	buf_free(&v->osc);
	/* The Esc of a string terminator is the start of ESC \. */
	if (v->v.esc == ESC)
		vterm_input_write(v->vterm, p + i, 1);
	return i + 1;
}

/* Bytes at the end of n that begin a character and do not end it. */
static size_t
incomplete(const char *p, size_t n)
{
	for (size_t k = 1; k <= 3 && k <= n; k++) {
		unsigned char c = (unsigned char)p[n - k];

		if (c < 0x80)
			return 0;
		if (c >= 0xc0)
			return k < (c < 0xe0 ? 2u : c < 0xf0 ? 3u : 4u) ? k : 0;
	}
	return 0;
}

static void
feed(struct vt *v, const char *p, size_t n)
{
	size_t from = 0, i = 0;

	while (i < n) {
		if (v->v.esc == GROUND) {
			const char *e = memchr(p + i, 0x1b, n - i);

			if (e == NULL)
				break;
			i = (size_t)(e - p);
		} else if (v->v.esc == OSC) {
			vterm_input_write(v->vterm, p + from, i - from);
			i += collect(v, p + i, n - i);
			from = i;
			continue;
		} else if (v->v.esc == CSI_DIGITS && p[i] == 'b') {
			vterm_input_write(v->vterm, p + from, i - from);
			repeat(v);
			from = i + 1;
		}
		v->v.esc = scan(v, (unsigned char)p[i++]);
	}
	vterm_input_write(v->vterm, p + from, n - from);
}

/* libvterm also loses a combining mark whose bytes come in two pieces, so
 * characters are handed over whole. */
void
vt_write(struct vt *v, const char *p, size_t n)
{
	struct buf whole = { 0 };
	size_t k;

	if (n == 0)
		return;
	if (v->v.tail_len > 0) {
		buf_add(&whole, v->v.tail, (size_t)v->v.tail_len);
		buf_add(&whole, p, n);
		p = whole.data;
		n = whole.len;
	}
	k = incomplete(p, n);
	memcpy(v->v.tail, p + n - k, k);
	v->v.tail_len = (int)k;
	feed(v, p, n - k);
	buf_free(&whole);
}

void
vt_resize(struct vt *v, int rows, int cols)
{
	rows = clamp(rows, VT_ROWS_MAX);
	cols = clamp(cols, VT_COLS_MAX);
	if (rows != v->v.rows || cols != v->v.cols)
		vterm_set_size(v->vterm, rows, cols);
}

int
vt_rows(const struct vt *v)
{
	return v->v.rows;
}

int
vt_cols(const struct vt *v)
{
	return v->v.cols;
}

const struct vt_cell *
vt_row(const struct vt *v, int row, int *n)
{
	const struct vt_line *l;

	*n = 0;
	if (row >= v->v.rows || row < -v->v.sb_n)
		return NULL;
	if (row >= 0)
		l = vt_line(v, row);
	else
		l = &v->sb[(v->sb_head + row + v->sb_cap) % v->sb_cap];
	*n = l->len;
	return l->cells;
}

struct vt_style
vt_style(const struct vt *v, uint32_t style)
{
	return v->styles.v[style < v->styles.n ? style : 0];
}

int
vt_scrollback(const struct vt *v)
{
	return v->v.sb_n;
}

uint64_t
vt_scrolled(const struct vt *v)
{
	return v->v.scrolled;
}

void
vt_damage(const struct vt *v, int *first, int *last)
{
	*first = v->v.damage_first;
	*last = v->v.damage_last;
}

void
vt_clean(struct vt *v)
{
	v->v.damage_first = VT_ROWS_MAX;
	v->v.damage_last = -1;
}

void
vt_cursor(const struct vt *v, int *row, int *col, bool *visible)
{
	*row = v->v.row;
	*col = v->v.col < v->v.cols ? v->v.col : v->v.cols - 1;
	*visible = v->v.visible;
}

int
vt_cursor_shape(const struct vt *v)
{
	return v->v.shape == 0 ? 0 : v->v.shape - (v->v.blink ? 1 : 0);
}

const char *
vt_title(const struct vt *v)
{
	return v->title;
}

bool
vt_altscreen(const struct vt *v)
{
	return v->v.alt;
}

enum vt_mouse
vt_mouse(const struct vt *v)
{
	return (enum vt_mouse)v->v.mouse;
}

uint64_t
vt_bells(const struct vt *v)
{
	return v->v.bells;
}

void
vt_take_output(struct vt *v, struct buf *out)
{
	buf_add(out, buf_str(&v->answers), v->answers.len);
	buf_clear(&v->answers);
}

bool
vt_take_clipboard(struct vt *v, struct buf *out)
{
	if (!v->clipboard_set)
		return false;
	v->clipboard_set = false;
	buf_add(out, buf_str(&v->clipboard), v->clipboard.len);
	return true;
}

/* ---- input ---- */

static void
capture(const struct vt *v, struct buf *out)
{
	v->sink->to = out != NULL ? out : (struct buf *)&v->answers;
	v->sink->max = out != NULL ? out->len + 4096 : ANSWERS_MAX;
}

static VTermKey
vterm_key(uint32_t code)
{
	/* In the order of enum key_sym (ui/keys.h), from KEY_SYM_UP. */
	static const VTermKey keys[] = { VTERM_KEY_UP, VTERM_KEY_DOWN,
		VTERM_KEY_LEFT, VTERM_KEY_RIGHT, VTERM_KEY_HOME,
		VTERM_KEY_END, VTERM_KEY_PAGEUP, VTERM_KEY_PAGEDOWN,
		VTERM_KEY_INS, VTERM_KEY_DEL, VTERM_KEY_BACKSPACE,
		VTERM_KEY_ENTER, VTERM_KEY_TAB, VTERM_KEY_ESCAPE };
	uint32_t i = code - 0x110001;

	if (i < ARRAY_LEN(keys))
		return keys[i];
	if (i < ARRAY_LEN(keys) + 24)
		return (VTermKey)(VTERM_KEY_FUNCTION(1) + i - ARRAY_LEN(keys));
	return VTERM_KEY_NONE;
}

void
vt_encode_key(const struct vt *v, uint32_t code, unsigned mods,
    struct buf *out)
{
	VTermModifier m = (VTermModifier)mods; /* the same bits */

	capture(v, out);
	if (code < 0x110000)
		vterm_keyboard_unichar(v->vterm, code, m);
	else if (vterm_key(code) != VTERM_KEY_NONE)
		vterm_keyboard_key(v->vterm, vterm_key(code), m);
	capture(v, NULL);
}

void
vt_encode_paste(const struct vt *v, const char *p, size_t n, struct buf *out)
{
	size_t from = out->len;
	bool bracketed;

	capture(v, out);
	vterm_keyboard_start_paste(v->vterm);
	bracketed = out->len > from;
	for (size_t i = 0; i < n; i++) {
		/* An Esc would end the bracket and act as keys. */
		if (p[i] == '\033' && bracketed)
			continue;
		buf_addc(out, p[i] == '\n' ? '\r' : p[i]);
	}
	capture(v, out);
	vterm_keyboard_end_paste(v->vterm);
	capture(v, NULL);
}

void
vt_encode_mouse(const struct vt *v, int row, int col, int button, bool press,
    unsigned mods, struct buf *out)
{
	capture(v, out);
	vterm_mouse_move(v->vterm, row, col, (VTermModifier)mods);
	vterm_mouse_button(v->vterm, button, press, (VTermModifier)mods);
	capture(v, NULL);
}

void
vt_encode_motion(const struct vt *v, int row, int col, unsigned mods,
    struct buf *out)
{
	capture(v, out);
	vterm_mouse_move(v->vterm, row, col, (VTermModifier)mods);
	capture(v, NULL);
}

/* ---- text ---- */

static void
add_cells(const struct vt *v, int row, int from, int to, struct buf *out)
{
	uint32_t cps[GLYPH_MAX];
	size_t keep = out->len, n;
	const struct vt_cell *c;
	char u[4];
	int len;

	c = vt_row(v, row, &len);
	for (int i = from; i < len && i <= to; i++) {
		if (c[i].width == 0)
			continue;
		n = glyph_cps(c[i].glyph, cps);
		for (size_t k = 0; k < n; k++)
			buf_add(out, u, utf8_encode(cps[k], u));
		if (cps[0] != ' ')
			keep = out->len;
	}
	if (out->len > keep) {
		out->len = keep;
		out->data[keep] = '\0';
	}
}

void
vt_text(const struct vt *v, int row, int col, int row2, int col2,
    struct buf *out)
{
	for (int r = row; r <= row2; r++) {
		add_cells(v, r, r == row ? col : 0,
		    r == row2 ? col2 : VT_COLS_MAX, out);
		if (r < row2)
			buf_addc(out, '\n');
	}
}

static bool
has_capital(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			return true;
	return false;
}

bool
vt_find(const struct vt *v, const char *needle, int dir, int *row, int *col)
{
	struct buf line = { 0 };
	bool found = false;
	int r = *row;

	for (; !found && r >= -v->v.sb_n && r < v->v.rows; r += dir) {
		const char *hit;

		buf_clear(&line);
		add_cells(v, r, 0, VT_COLS_MAX, &line);
		hit = has_capital(needle) ? strstr(buf_str(&line), needle) :
		    strcasestr(buf_str(&line), needle);
		if (hit == NULL)
			continue;
		*row = r;
		*col = (int)utf8_columns(line.data,
		    (size_t)(hit - line.data));
		found = true;
	}
	buf_free(&line);
	return found;
}

/* ---- saving ---- */

static void
save_line(const struct vt *v, const struct vt_line *l, struct buf *out)
{
	uint32_t cps[GLYPH_MAX], last = UINT32_MAX;
	int len = l->len;

	while (len > 0 && l->cells[len - 1].style == 0 &&
	    (l->cells[len - 1].glyph == ' '))
		len--;
	buf_put_u32(out, (uint32_t)len);
	for (int i = 0; i < len; i++) {
		size_t n = glyph_cps(l->cells[i].glyph, cps);

		buf_addc(out, (char)n);
		for (size_t k = 0; k < n; k++)
			buf_put_u32(out, cps[k]);
		buf_addc(out, (char)l->cells[i].width);
		if (l->cells[i].style != last) {
			struct vt_style s = vt_style(v, l->cells[i].style);

			buf_addc(out, 1);
			buf_put_u32(out, (uint32_t)s.fg);
			buf_put_u32(out, (uint32_t)s.bg);
			buf_put_u32(out, s.attr);
			last = l->cells[i].style;
		} else {
			buf_addc(out, 0);
		}
	}
}

void
vt_save(const struct vt *v, struct buf *out)
{
	buf_put_u32(out, (uint32_t)v->v.rows);
	buf_put_u32(out, (uint32_t)v->v.cols);
	buf_put_u32(out, (uint32_t)v->v.row);
	buf_put_u32(out, (uint32_t)v->v.col);
	buf_put_u32(out, v->v.visible | (uint32_t)v->v.alt << 1 |
	    (uint32_t)v->v.blink << 2 | (uint32_t)v->v.shape << 4 |
	    (uint32_t)v->v.mouse << 8);
	buf_put_u64(out, v->v.bells);
	buf_put_u64(out, v->v.scrolled);
	buf_put_str(out, v->title);
	for (int s = 0; s < 2; s++)
		for (int i = 0; i < v->v.rows; i++)
			save_line(v, &v->lines[s][i], out);
	buf_put_u32(out, (uint32_t)v->v.sb_n);
	for (int i = -v->v.sb_n; i < 0; i++)
		save_line(v, &v->sb[(v->sb_head + i + v->sb_cap) % v->sb_cap],
		    out);
}

/* ---- snapshots ---- */

struct vt_snapshot {
	char *z; /* zstd */
	size_t zn, n;
	/* Interned styles only grow, so ids stay good. */
};

static void
dump_line(const struct vt_line *l, struct buf *b)
{
	buf_put_bytes(b, l->cells, (size_t)l->len * sizeof *l->cells);
}

struct vt_snapshot *
vt_snapshot(const struct vt *v)
{
	struct vt_snapshot *s = xcalloc(1, sizeof *s);
	struct buf b = { 0 };
	size_t n, bound;
	char *arena = arena_bytes(v->arena, &n);

	buf_add(&b, &v->v, sizeof v->v);
	buf_put_bytes(&b, arena, n);
	buf_put_str(&b, v->title);
	buf_put_bytes(&b, buf_str(&v->osc), v->osc.len);
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < v->v.rows; i++)
			dump_line(&v->lines[k][i], &b);
	for (int i = -v->v.sb_n; i < 0; i++)
		dump_line(&v->sb[(v->sb_head + i + v->sb_cap) % v->sb_cap],
		    &b);
	bound = ZSTD_compressBound(b.len);
	s->z = xmalloc(bound);
	s->zn = ZSTD_compress(s->z, bound, b.data, b.len, 1);
	if (ZSTD_isError(s->zn))
		abort();
	s->z = xrealloc(s->z, s->zn);
	s->n = b.len;
	buf_free(&b);
	return s;
}

static void
load_line(struct vt *v, struct vt_line *l, struct rd *r)
{
	size_t n;
	const char *p = rd_bytes(r, &n);

	l->len = (int)(n / sizeof *l->cells);
	if (l->cap < l->len || l->cap < v->v.cols) {
		l->cap = l->len > v->v.cols ? l->len : v->v.cols;
		l->cells = xreallocarray(l->cells, (size_t)l->cap,
		    sizeof *l->cells);
	}
	memcpy(l->cells, p, n);
}

static void
set_rows(struct vt *v, int rows)
{
	for (int k = 0; k < 2; k++) {
		for (int i = rows; i < v->v.rows; i++)
			free(v->lines[k][i].cells);
		v->lines[k] = xreallocarray(v->lines[k], (size_t)rows,
		    sizeof **v->lines);
		for (int i = v->v.rows; i < rows; i++)
			v->lines[k][i] = (struct vt_line){ NULL, 0, 0 };
	}
}

void
vt_restore(struct vt *v, const struct vt_snapshot *s)
{
	struct buf b = { 0 };
	struct vt_view view;
	struct rd r;
	const char *arena;
	size_t n;

	buf_reserve(&b, s->n);
	b.len = ZSTD_decompress(b.data, s->n, s->z, s->zn);
	if (b.len != s->n)
		abort();
	r = (struct rd){ b.data + sizeof view, b.len - sizeof view, false };
	memcpy(&view, b.data, sizeof view);
	set_rows(v, view.rows);
	v->v = view;
	arena = rd_bytes(&r, &n);
	arena_load(v->arena, arena, n);
	free(v->title);
	v->title = rd_str(&r);
	arena = rd_bytes(&r, &n);
	buf_clear(&v->osc);
	buf_add(&v->osc, arena, n);
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < v->v.rows; i++)
			load_line(v, &v->lines[k][i], &r);
	v->sb_head = v->sb_cap > 0 ? v->v.sb_n % v->sb_cap : 0;
	for (int i = -v->v.sb_n; i < 0; i++)
		load_line(v, &v->sb[(v->sb_head + i + v->sb_cap) % v->sb_cap],
		    &r);
	v->v.damage_first = 0;
	v->v.damage_last = v->v.rows - 1;
	buf_clear(&v->answers);
	buf_free(&b);
}

void
vt_snapshot_free(struct vt_snapshot *s)
{
	if (s == NULL)
		return;
	free(s->z);
	free(s);
}

size_t
vt_snapshot_size(const struct vt_snapshot *s)
{
	return s->zn + sizeof *s;
}
