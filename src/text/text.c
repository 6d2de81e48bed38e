#include "config.h"

/*
 * A gap buffer, with the starts of lines in a second one.  Line starts before
 * the gap are offsets from the front; those behind it are distances from the
 * end, so that typing moves neither.  An edit costs the distance to the last
 * edit, which for a person at a keyboard is next to nothing.
 */

#include "text/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"

struct text {
	char *data;
	size_t cap, gap, gap_len; /* bytes */
	size_t *starts;		  /* of lines 1..; line 0 starts at 0 */
	size_t scap, sgap, sgap_len;
};

size_t
text_size(const struct text *t)
{
	return t->cap - t->gap_len;
}

static void
gap_move(struct text *t, size_t off)
{
	if (off < t->gap)
		memmove(t->data + off + t->gap_len, t->data + off,
		    t->gap - off);
	else
		memmove(t->data + t->gap, t->data + t->gap + t->gap_len,
		    off - t->gap);
	t->gap = off;
}

static void
gap_grow(struct text *t, size_t need)
{
	size_t more, tail = t->cap - t->gap - t->gap_len;

	if (t->gap_len >= need)
		return;
	more = need - t->gap_len + t->cap / 2 + 256;
	t->data = xrealloc(t->data, t->cap + more);
	memmove(t->data + t->gap + t->gap_len + more,
	    t->data + t->gap + t->gap_len, tail);
	t->cap += more;
	t->gap_len += more;
}

/* ---- lines ---- */

static size_t
nstarts(const struct text *t)
{
	return t->scap - t->sgap_len;
}

static size_t
start_get(const struct text *t, size_t i)
{
	if (i < t->sgap)
		return t->starts[i];
	return text_size(t) - t->starts[i + t->sgap_len];
}

/* First of lines 1.. that starts beyond off.  Mostly it is where the last
 * edit was: a search through all would read memory that is not in a cache. */
static size_t
start_after(const struct text *t, size_t off)
{
	size_t lo = 0, hi = nstarts(t);

	if (t->sgap > 0 && t->starts[t->sgap - 1] > off)
		hi = t->sgap - 1;
	else if (t->sgap < hi && start_get(t, t->sgap) > off)
		return t->sgap;
	else
		lo = t->sgap;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (start_get(t, mid) <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
sgap_move(struct text *t, size_t to)
{
	size_t size = text_size(t);

	while (t->sgap > to) {
		t->sgap--;
		t->starts[t->sgap + t->sgap_len] = size - t->starts[t->sgap];
	}
	while (t->sgap < to) {
		t->starts[t->sgap] = size - t->starts[t->sgap + t->sgap_len];
		t->sgap++;
	}
}

static void
start_add(struct text *t, size_t start)
{
	if (t->sgap_len == 0) {
		size_t more = t->scap / 2 + 64, tail = t->scap - t->sgap;

		t->starts = xreallocarray(t->starts, t->scap + more,
		    sizeof *t->starts);
		memmove(t->starts + t->sgap + more, t->starts + t->sgap,
		    tail * sizeof *t->starts);
		t->scap += more;
		t->sgap_len = more;
	}
	t->starts[t->sgap++] = start;
	t->sgap_len--;
}

size_t
text_lines(const struct text *t)
{
	return nstarts(t) + 1;
}

size_t
text_line_start(const struct text *t, size_t line)
{
	if (line == 0)
		return 0;
	return line > nstarts(t) ? text_size(t) : start_get(t, line - 1);
}

size_t
text_line_end(const struct text *t, size_t line)
{
	return line >= nstarts(t) ? text_size(t) : start_get(t, line) - 1;
}

size_t
text_line_of(const struct text *t, size_t off)
{
	return start_after(t, off);
}

/* ---- edits ---- */

struct text *
text_create(const char *s, size_t n)
{
	struct text *t = xcalloc(1, sizeof *t);

	gap_grow(t, n + 1); /* data is never NULL */
	text_replace(t, 0, 0, s, n);
	return t;
}

void
text_destroy(struct text *t)
{
	if (t == NULL)
		return;
	free(t->data);
	free(t->starts);
	free(t);
}

void
text_replace(struct text *t, size_t off, size_t del, const char *ins, size_t n)
{
	size_t size = text_size(t), first, last;

	off = off > size ? size : off;
	del = del > size - off ? size - off : del;
	first = start_after(t, off);
	last = start_after(t, off + del);
	sgap_move(t, first);
	t->sgap_len += last - first;
	gap_move(t, off);
	t->gap_len += del;
	gap_grow(t, n);
	if (n != 0)
		memcpy(t->data + t->gap, ins, n);
	t->gap += n;
	t->gap_len -= n;
	for (size_t i = 0; i < n; i++) {
		const char *nl = memchr(ins + i, '\n', n - i);

		if (nl == NULL)
			break;
		i = (size_t)(nl - ins);
		start_add(t, off + i + 1);
	}
}

size_t
text_read(const struct text *t, size_t off, char *out, size_t n)
{
	size_t size = text_size(t), head = 0;

	if (off >= size)
		return 0;
	n = n > size - off ? size - off : n;
	if (off < t->gap) {
		head = n < t->gap - off ? n : t->gap - off;
		memcpy(out, t->data + off, head);
	}
	if (n > head)
		memcpy(out + head, t->data + off + head + t->gap_len, n - head);
	return n;
}

void
text_append(const struct text *t, size_t off, size_t n, struct buf *out)
{
	buf_reserve(out, n);
	out->len += text_read(t, off, out->data + out->len, n);
	out->data[out->len] = '\0';
}

static char
at(const struct text *t, size_t off)
{
	return t->data[off < t->gap ? off : off + t->gap_len];
}

/* ---- motions ---- */

#define CLUSTER_MAX 64 /* bytes looked at for one grapheme */

size_t
text_next(const struct text *t, size_t off)
{
	char s[CLUSTER_MAX];
	size_t n = text_read(t, off, s, sizeof s);
	int w;

	return n == 0 ? text_size(t) : off + utf8_grapheme(s, n, &w);
}

size_t
text_prev(const struct text *t, size_t off)
{
	size_t line, from, next;

	if (off == 0)
		return 0;
	/* Boundaries are only known from a start that is one: the line's, or
	 * on a long line some way back at a byte that starts a character. */
	line = text_line_start(t, text_line_of(t, off - 1));
	from = off > line + 256 ? off - 256 : line;
	while (from > line && (at(t, from) & 0xc0) == 0x80)
		from--;
	while ((next = text_next(t, from)) < off)
		from = next;
	return from;
}

static int
class_of(char c)
{
	unsigned char u = (unsigned char)c;

	if (u == ' ' || u == '\t' || u == '\n' || u == '\r')
		return 0;
	if ((u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') ||
	    (u >= 'A' && u <= 'Z') || u == '_' || u >= 0x80)
		return 1;
	return 2;
}

size_t
text_word_next(const struct text *t, size_t off)
{
	size_t size = text_size(t);
	int c;

	if (off >= size)
		return size;
	c = class_of(at(t, off));
	while (off < size && c != 0 && class_of(at(t, off)) == c)
		off++;
	while (off < size && class_of(at(t, off)) == 0)
		off++;
	return off;
}

size_t
text_word_prev(const struct text *t, size_t off)
{
	int c;

	while (off > 0 && class_of(at(t, off - 1)) == 0)
		off--;
	if (off == 0)
		return 0;
	c = class_of(at(t, off - 1));
	while (off > 0 && class_of(at(t, off - 1)) == c)
		off--;
	return off;
}

static char
fold(char c, bool icase)
{
	return icase && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool
match(const struct text *t, size_t off, const char *s, size_t n, bool icase)
{
	for (size_t i = 0; i < n; i++)
		if (fold(at(t, off + i), icase) != fold(s[i], icase))
			return false;
	return true;
}

size_t
text_find(const struct text *t, size_t from, const char *s, size_t n,
    bool icase)
{
	size_t size = text_size(t);

	if (n == 0 || n > size)
		return SIZE_MAX;
	for (size_t i = from; i <= size - n; i++)
		if (match(t, i, s, n, icase))
			return i;
	return SIZE_MAX;
}

size_t
text_find_back(const struct text *t, size_t before, const char *s, size_t n,
    bool icase)
{
	size_t size = text_size(t);

	if (n == 0 || n > size)
		return SIZE_MAX;
	if (before > size - n + 1)
		before = size - n + 1;
	while (before-- > 0)
		if (match(t, before, s, n, icase))
			return before;
	return SIZE_MAX;
}
