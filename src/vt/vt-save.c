#include "config.h"

#include "vt/vt-priv.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/glyph.h"
#include "base/mem.h"

static void
save_line(const struct vt *vt, const struct vt_line *l, struct buf *out)
{
	int n = vt_line_trimmed(l);
	uint32_t style = 0;

	buf_put_u32(out, (uint32_t)n | (l->wrapped ? 0x80000000u : 0));
	for (int i = 0; i < n; i++) {
		const struct vt_cell *c = &l->cells[i];
		uint32_t cps[GLYPH_MAX];
		size_t k = glyph_cps(c->glyph, cps);

		if (c->style != style) {
			struct vt_style s = vt_style(vt, c->style);

			style = c->style;
			buf_addc(out, (char)0xff);
			buf_put_u32(out, (uint32_t)s.fg);
			buf_put_u32(out, (uint32_t)s.bg);
			buf_put_u32(out, s.attr);
		}
		buf_addc(out, (char)(c->width << 4 | k));
		for (size_t j = 0; j < k; j++)
			buf_put_u32(out, cps[j]);
	}
}

static void
save_style(struct buf *out, struct vt_style s)
{
	buf_put_u32(out, (uint32_t)s.fg);
	buf_put_u32(out, (uint32_t)s.bg);
	buf_put_u32(out, s.attr);
}

void
vt_save(const struct vt *vt, struct buf *out)
{
	const struct vt_core *c = &vt->c;

	buf_put_u32(out, (uint32_t)c->rows);
	buf_put_u32(out, (uint32_t)c->cols);
	buf_put_u32(out, (uint32_t)c->row);
	buf_put_u32(out, (uint32_t)c->col);
	buf_put_u32(out, (uint32_t)c->phantom | (uint32_t)c->full << 1);
	buf_put_u32(out, (uint32_t)c->top);
	buf_put_u32(out, (uint32_t)c->bottom);
	buf_put_u32(out, c->modes);
	buf_put_u32(out, (uint32_t)c->shape);
	buf_put_u64(out, c->scrolled);
	buf_put_u64(out, c->bells);
	buf_put_str(out, c->title);
	save_style(out, c->pen);
	for (int s = 0; s < 2; s++)
		for (int y = 0; y < c->rows; y++)
			save_line(vt, vt->screens[s].lines[y], out);
	buf_put_u64(out, vt->ring.n);
	for (size_t i = vt->ring.n; i > 0; i--)
		save_line(vt, vt_ring_line(vt, (int)i), out);
}

/* --- snapshots ---------------------------------------------------------- */

/* Everything is copied raw: a snapshot never leaves the process, and glyphs
 * are never forgotten.  Small ones are not worth compressing. */
struct vt_snapshot {
	size_t raw, n; /* raw == n: not compressed */
	char *data;
};

#define COMPRESS_FROM 4096

static void
dump_line(const struct vt_line *l, struct buf *b)
{
	buf_add(b, l, sizeof *l);
	buf_add(b, l->cells, l->used * sizeof l->cells[0]);
}

static void
compress(struct vt_snapshot *s)
{
	size_t n = ZSTD_compressBound(s->raw);
	char *z;

	if (s->raw < COMPRESS_FROM)
		return;
	z = xmalloc(n);
	n = ZSTD_compress(z, n, s->data, s->raw, 1);
	if (ZSTD_isError(n) || n >= s->raw) {
		free(z);
		return;
	}
	free(s->data);
	s->data = xrealloc(z, n);
	s->n = n;
}

struct vt_snapshot *
vt_snapshot(const struct vt *vt)
{
	struct vt_snapshot *s = xcalloc(1, sizeof *s);
	struct buf b = { 0 };
	uint64_t n = vt->ring.n;

	buf_add(&b, &vt->c, sizeof vt->c);
	buf_put_bytes(&b, vt->arena, vt_lib_used(vt));
	buf_put_bytes(&b, vt->styles, vt->nstyles * sizeof *vt->styles);
	buf_put_bytes(&b, buf_str(&vt->osc), vt->osc.len);
	buf_put_bytes(&b, buf_str(&vt->clip), vt->clip.len);
	for (int i = 0; i < 2; i++)
		for (int y = 0; y < vt->c.rows; y++)
			dump_line(vt->screens[i].lines[y], &b);
	buf_put_u64(&b, n);
	for (; n > 0; n--)
		dump_line(vt_ring_line(vt, (int)n), &b);
	s->n = s->raw = b.len;
	s->data = buf_take(&b);
	compress(s);
	return s;
}

static void
take(struct rd *r, void *to, size_t n)
{
	if (r->bad || r->left < n)
		abort(); /* our own bytes: cannot be short */
	memcpy(to, r->p, n);
	r->p += n;
	r->left -= n;
}

static struct vt_line *
load_line(struct rd *r, int cols)
{
	struct vt_line head, *l;

	take(r, &head, sizeof head);
	l = vt_line_create(head.used > cols ? head.used : cols);
	head.cap = l->cap;
	memcpy(l, &head, sizeof head);
	take(r, l->cells, head.used * sizeof l->cells[0]);
	return l;
}

static void
load_buf(struct rd *r, struct buf *b)
{
	size_t n;
	const char *p = rd_bytes(r, &n);

	buf_clear(b);
	buf_add(b, p, n);
}

static void
load_ring(struct vt *vt, struct rd *r)
{
	uint64_t n = rd_u64(r);
	struct vt_ring *ring = &vt->ring;

	vt_ring_clear(vt);
	free(ring->lines);
	ring->cap = n < 256 ? ring->max < 256 ? ring->max : 256 : n;
	ring->lines = xcalloc(ring->cap, sizeof(struct vt_line *));
	while (ring->n < n)
		ring->lines[ring->n++] = load_line(r, 0);
}

static void
load(struct vt *vt, struct rd *r)
{
	const char *p;
	size_t n;

	for (int i = 0; i < 2; i++)
		vt_screen_free(&vt->screens[i], vt->c.rows);
	take(r, &vt->c, sizeof vt->c);
	p = rd_bytes(r, &n);
	memcpy(vt->arena, p, n);
	p = rd_bytes(r, &n);
	vt->nstyles = vt->styles_cap = (uint32_t)(n / sizeof *vt->styles);
	vt->styles = xrealloc(vt->styles, n);
	memcpy(vt->styles, p, n);
	vt_styles_rehash(vt);
	load_buf(r, &vt->osc);
	load_buf(r, &vt->clip);
	for (int i = 0; i < 2; i++) {
		vt->screens[i].lines = xcalloc((size_t)vt->c.rows,
		    sizeof(struct vt_line *));
		for (int y = 0; y < vt->c.rows; y++)
			vt->screens[i].lines[y] = load_line(r, vt->c.cols);
	}
	load_ring(vt, r);
}

void
vt_restore(struct vt *vt, const struct vt_snapshot *s)
{
	struct rd r = { s->data, s->n, false };
	char *raw = NULL;

	if (s->n != s->raw) {
		raw = xmalloc(s->raw);
		if (ZSTD_decompress(raw, s->raw, s->data, s->n) != s->raw)
			abort();
		r = (struct rd){ raw, s->raw, false };
	}
	load(vt, &r);
	free(raw);
	vt->screen = &vt->screens[(vt->c.modes & MODE_ALT) != 0];
	buf_clear(&vt->out); /* questions of the past need no answer */
	vt_dirty(vt, 0, vt->c.rows - 1);
}

void
vt_snapshot_free(struct vt_snapshot *s)
{
	if (s == NULL)
		return;
	free(s->data);
	free(s);
}

size_t
vt_snapshot_size(const struct vt_snapshot *s)
{
	return sizeof *s + s->n;
}
