#include "config.h"

#include "ui/pane-edit.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define NEAR 256 /* bytes of a line looked at to tell how it is indented */

static bool
has_suffix(const char *path, const char *suffix)
{
	size_t n = strlen(path), k = strlen(suffix);

	return n > k && strcmp(path + n - k, suffix) == 0;
}

static bool
is_python(const struct edit_view *v)
{
	return has_suffix(v->path, ".py");
}

/* Languages in which a brace opens a block. */
static bool
has_braces(const struct edit_view *v)
{
	static const char *const suffixes[] = { ".c", ".h", ".cc", ".cpp",
		".hpp", ".java", ".js", ".ts", ".go", ".rs" };

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		if (has_suffix(v->path, suffixes[i]))
			return true;
	return false;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* --- motions --- */

static size_t
after_indent(const struct text *t, size_t line)
{
	size_t off = text_line_start(t, line), end = edit_line_end(t, line);
	char c;

	while (off < end && text_read(t, off, &c, 1) == 1 && blank(c))
		off++;
	return off;
}

static size_t
home(const struct edit_view *v)
{
	size_t line = text_line_of(v->text, v->at.cursor);
	size_t first = after_indent(v->text, line);

	return v->at.cursor == first ? text_line_start(v->text, line) : first;
}

/* Left, Right, Home, End; false: k is none of them. */
static bool
sideways(const struct edit_view *v, const struct key *k, size_t *to)
{
	bool ctrl = (k->mods & MOD_CTRL) != 0;
	bool word = (k->mods & (MOD_CTRL | MOD_ALT)) != 0;
	bool keep = (k->mods & MOD_SHIFT) != 0;
	size_t from, end, at = v->at.cursor;
	bool selected = edit_selection(v, &from, &end) && !keep && !word;

	switch (k->code) {
	case KEY_SYM_LEFT:
		*to = selected ? from : word ? text_word_prev(v->text, at) :
		    text_prev(v->text, at);
		return true;
	case KEY_SYM_RIGHT:
		*to = selected ? end : word ? text_word_next(v->text, at) :
		    text_next(v->text, at);
		return true;
	case KEY_SYM_HOME:
		*to = ctrl ? 0 : home(v);
		return true;
	case KEY_SYM_END:
		*to = ctrl ? text_size(v->text) : edit_line_end(v->text,
		    text_line_of(v->text, at));
		return true;
	default:
		return false;
	}
}

/* Lines that a key moves by; 0: it does not. */
static long
lines_of(const struct edit_pane *e, const struct key *k)
{
	long page = edit_rows(e) > 2 ? edit_rows(e) - 1 : 1;

	if (k->mods & (MOD_CTRL | MOD_ALT))
		return 0;
	switch (k->code) {
	case KEY_SYM_UP:
		return -1;
	case KEY_SYM_DOWN:
		return 1;
	case KEY_SYM_PGUP:
		return -page;
	case KEY_SYM_PGDN:
		return page;
	default:
		return 0;
	}
}

static size_t
moved(size_t at, long by, size_t last)
{
	if (by < 0)
		return at > (size_t)-by ? at - (size_t)-by : 0;
	return at + (size_t)by < last ? at + (size_t)by : last;
}

static void
move_lines(struct edit_pane *e, const struct edit_view *v, long by, bool keep)
{
	size_t last = text_lines(v->text) - 1, to, top = v->at.top;
	size_t here = text_line_of(v->text, v->at.cursor);
	size_t line = moved(here, by, last);
	size_t goal = e->goal != EDIT_NONE ? e->goal : edit_col(e, v->text,
	    v->at.cursor);

	if (by > 1 || by < -1)
		top = moved(top, by, last);
	to = edit_at_col(e, v->text, line, goal);
	/* Beyond the ends: to the very end. */
	if (line == here)
		to = by < 0 ? 0 : text_size(v->text);
	e->follow = true;
	e->goal = goal;
	edit_set_top(e, to, keep ? v->at.anchor : to, top);
}

static bool
motion(struct edit_pane *e, const struct edit_view *v, const struct key *k)
{
	bool keep = (k->mods & MOD_SHIFT) != 0;
	long by = lines_of(e, k);
	size_t to;

	if (by != 0) {
		move_lines(e, v, by, keep);
		return true;
	}
	if (!sideways(v, k, &to))
		return false;
	e->follow = true;
	e->goal = EDIT_NONE;
	edit_set(e, to, keep ? v->at.anchor : to);
	return true;
}

/* --- typing --- */

static void
insert(struct edit_pane *e, const struct edit_view *v, const char *s, size_t n)
{
	size_t from, to;

	edit_selection(v, &from, &to);
	edit_change(e, from, to - from, s, n, "type");
}

/* A block begins on the line before off. */
static bool
opens_block(const struct edit_view *v, size_t start, size_t off)
{
	size_t from = off > start + NEAR ? off - NEAR : start;
	char s[NEAR];
	size_t n = text_read(v->text, from, s, off - from);

	while (n > 0 && blank(s[n - 1]))
		n--;
	if (n == 0)
		return false;
	return (s[n - 1] == ':' && is_python(v)) ||
	    (s[n - 1] == '{' && has_braces(v));
}

static void
enter(struct edit_pane *e, const struct edit_view *v)
{
	struct buf b = { 0 };
	size_t from, to, start, n = 0, got;
	char s[NEAR];

	edit_selection(v, &from, &to);
	start = text_line_start(v->text, text_line_of(v->text, from));
	got = text_read(v->text, start, s, from - start < sizeof s ?
	    from - start : sizeof s);
	while (n < got && blank(s[n]))
		n++;
	buf_adds(&b, edit_newline(v->text, from));
	buf_add(&b, s, n);
	if (opens_block(v, start, from))
		buf_adds(&b, is_python(v) || (n > 0 && s[0] == ' ') ?
		    "    " : "\t");
	insert(e, v, b.data, b.len);
	buf_free(&b);
}

/* --- erasing --- */

/* In the indentation of Python a step of it goes at once. */
static size_t
backspace_to(const struct edit_view *v)
{
	size_t at = v->at.cursor;
	size_t start = text_line_start(v->text, text_line_of(v->text, at));
	size_t n = at - start;
	char s[NEAR];

	if (!is_python(v) || n == 0 || n > sizeof s)
		return text_prev(v->text, at);
	text_read(v->text, start, s, n);
	for (size_t i = 0; i < n; i++)
		if (s[i] != ' ')
			return text_prev(v->text, at);
	return at - ((n - 1) % EDIT_TAB + 1);
}

static void
erase(struct edit_pane *e, const struct edit_view *v, const struct key *k)
{
	bool word = (k->mods & (MOD_CTRL | MOD_ALT)) != 0;
	size_t from, to;

	if (!edit_selection(v, &from, &to)) {
		if (k->code == KEY_SYM_DELETE)
			to = word ? text_word_next(v->text, to) :
			    text_next(v->text, to);
		else
			from = word ? text_word_prev(v->text, from) :
			    backspace_to(v);
	}
	edit_change(e, from, to - from, NULL, 0, "delete");
}

/* --- indenting --- */

/* Lines while they are indented: what comes of them, and of the places. */
struct indenting {
	const struct edit_view *v;
	bool out, changed;
	size_t start; /* of the first line */
	struct buf new;
	struct edit_place at;
};

/* Blanks that one step outwards takes from a line. */
static size_t
step_out(const char *s, size_t n)
{
	size_t k = 0;

	if (n > 0 && s[0] == '\t')
		return 1;
	while (k < n && k < EDIT_TAB && s[k] == ' ')
		k++;
	return k;
}

/* Where a place on the line that starts at old goes; from is its new start,
 * and the line lost or got that many bytes. */
static void
move_place(size_t *to, size_t place, size_t old, size_t len, size_t from,
    size_t lost, size_t got)
{
	size_t in;

	if (place < old || place > old + len)
		return;
	in = place - old;
	in = in > lost ? in - lost : 0;
	/* A selection of whole lines stays one. */
	*to = from + (place == old ? 0 : in + got);
}

static void
indent_line(struct indenting *i, size_t old, const char *s, size_t n)
{
	const char *step = is_python(i->v) ? "    " : "\t";
	size_t lost = i->out ? step_out(s, n) : 0;
	size_t got = i->out || n == 0 ? 0 : strlen(step);
	size_t from = i->start + i->new.len;

	buf_add(&i->new, step, got);
	buf_add(&i->new, s + lost, n - lost);
	i->changed |= lost + got > 0;
	move_place(&i->at.cursor, i->v->at.cursor, old, n, from, lost, got);
	move_place(&i->at.anchor, i->v->at.anchor, old, n, from, lost, got);
}

static void
indent(struct edit_pane *e, const struct edit_view *v, bool out)
{
	struct indenting i = { .v = v, .out = out };
	struct buf old = { 0 };
	size_t from, to, first, last, end, off = 0;

	edit_selection(v, &from, &to);
	first = text_line_of(v->text, from);
	last = text_line_of(v->text, to);
	/* The line that a selection only touches is not part of it. */
	if (last > first && text_line_start(v->text, last) == to)
		last--;
	i.start = text_line_start(v->text, first);
	end = text_line_end(v->text, last);
	text_append(v->text, i.start, end - i.start, &old);
	i.at = v->at;
	for (size_t line = first; line <= last; line++) {
		size_t n = text_line_end(v->text, line) - i.start - off;

		indent_line(&i, i.start + off, buf_str(&old) + off, n);
		off += n + 1;
		if (line < last)
			buf_addc(&i.new, '\n');
	}
	/* A place behind the lines moves with the text there. */
	if (v->at.cursor > end)
		i.at.cursor = v->at.cursor - old.len + i.new.len;
	if (v->at.anchor > end)
		i.at.anchor = v->at.anchor - old.len + i.new.len;
	if (i.changed && edit_change(e, i.start, old.len, buf_str(&i.new),
	    i.new.len, "indent"))
		edit_set(e, i.at.cursor, i.at.anchor);
	buf_free(&old);
	buf_free(&i.new);
}

static void
tab(struct edit_pane *e, const struct edit_view *v, bool back)
{
	size_t from, to, n;

	if (back || edit_selection(v, &from, &to)) {
		indent(e, v, back);
	} else if (is_python(v)) {
		n = EDIT_TAB - edit_col(e, v->text, v->at.cursor) % EDIT_TAB;
		insert(e, v, "    ", n);
	} else {
		insert(e, v, "\t", 1);
	}
}

/* --- keys --- */

bool
edit_printable(const struct key *k)
{
	return k->code >= 0x20 && k->code < KEY_SYM_BASE && k->code != 0x7f &&
	    !(k->mods & (MOD_CTRL | MOD_ALT));
}

/* A line feed too: so a paste comes from a terminal that does not bracket
 * it, and is what vi and readline take for Enter. */
bool
edit_enters(const struct key *k)
{
	return (k->code == KEY_SYM_ENTER && !(k->mods & ~MOD_SHIFT)) ||
	    (k->code == 'j' && k->mods == MOD_CTRL);
}

static enum pane_result
edit_with(struct edit_pane *e, const struct edit_view *v, const struct key *k)
{
	char utf8[4];

	if (k->code == KEY_SYM_BACKSPACE || k->code == KEY_SYM_DELETE)
		erase(e, v, k);
	else if (edit_enters(k))
		enter(e, v);
	else if (k->code == KEY_SYM_TAB && !(k->mods & ~MOD_SHIFT))
		tab(e, v, (k->mods & MOD_SHIFT) != 0);
	else if (edit_printable(k))
		insert(e, v, utf8, utf8_encode(k->code, utf8));
	else
		return PANE_IGNORED;
	return PANE_HANDLED;
}

enum pane_result
edit_key(struct pane *p, const struct key *k)
{
	struct edit_pane *e = edit_pane(p);
	struct edit_view v;

	if (k->code == KEY_SYM_FOCUS_IN || k->code == KEY_SYM_FOCUS_OUT)
		return PANE_IGNORED;
	if (edit_waits(e)) {
		edit_wait_key(e, k);
		return PANE_HANDLED;
	}
	if (!edit_look(e, &v))
		return PANE_IGNORED;
	if (e->breath != NULL && edit_wait_late_key(e, k))
		return PANE_HANDLED;
	edit_begin(e);
	e->clicks = 0;
	if (e->ask != ASK_NONE) {
		edit_ask_key(e, k);
		return PANE_HANDLED;
	}
	if (motion(e, &v, k))
		return PANE_HANDLED;
	if (k->code == KEY_SYM_ESCAPE && v.at.cursor != v.at.anchor) {
		edit_set(e, v.at.cursor, v.at.cursor);
		return PANE_HANDLED;
	}
	return p->ctx.read_only ? PANE_IGNORED : edit_with(e, &v, k);
}
