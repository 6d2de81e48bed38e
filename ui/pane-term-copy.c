#include "config.h"

#include "ui/pane-term.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

void
term_copy_enter(struct term_pane *t)
{
	int row, col;
	bool visible;

	vt_cursor(term_vt(t), &row, &col, &visible);
	if (row < term_first(t) || row >= term_first(t) + t->base.rows)
		row = term_first(t) + t->base.rows - 1;
	t->top = term_line_of(t, term_first(t));
	t->copy = true;
	t->follow = false;
	t->select = SELECT_NONE;
	t->line = term_line_of(t, row);
	t->col = col;
}

void
term_copy_leave(struct term_pane *t)
{
	t->copy = t->typing = false;
	t->select = SELECT_NONE;
	t->follow = true;
}

/* The line of the cursor comes into view. */
static void
show_cursor(struct term_pane *t)
{
	int row = term_row_of(t, t->line), first = term_first(t);

	t->line = term_line_of(t, row);
	if (row < first)
		term_show(t, row);
	else if (row >= first + t->base.rows)
		term_show(t, row - t->base.rows + 1);
}

bool
term_selection(const struct term_pane *t, int64_t *from, int *from_col,
    int64_t *to, int *to_col)
{
	bool back = t->line < t->mark_line ||
	    (t->line == t->mark_line && t->col < t->mark_col);

	if (t->select == SELECT_NONE)
		return false;
	*from = back ? t->line : t->mark_line;
	*from_col = back ? t->col : t->mark_col;
	*to = back ? t->mark_line : t->line;
	*to_col = back ? t->mark_col : t->col;
	if (t->select == SELECT_LINES) {
		*from_col = 0;
		*to_col = VT_COLS_MAX;
	}
	return true;
}

void
term_copy_out(struct term_pane *t)
{
	int64_t from, to;
	int from_col, to_col;
	struct buf b = { 0 };

	if (!term_selection(t, &from, &from_col, &to, &to_col))
		return;
	vt_text(term_vt(t), term_row_of(t, from), from_col,
	    term_row_of(t, to), to_col, &b);
	if (t->select == SELECT_LINES)
		buf_addc(&b, '\n');
	if (b.len > 0) {
		t->base.ctx.copy(t->base.ctx.user, b.data, b.len);
		t->base.ctx.say(t->base.ctx.user, "copied");
	}
	buf_free(&b);
}

/* --- search ------------------------------------------------------------- */

void
term_find_start(struct term_pane *t, int dir)
{
	if (!t->copy)
		term_copy_enter(t);
	t->typing = true;
	t->dir = dir;
	t->needle[0] = '\0';
}

/* What was cleared away is not found. */
static bool
find(const struct term_pane *t, int dir, int *row, int *col)
{
	return vt_find(term_vt(t), t->needle, dir, row, col) &&
	    *row >= -term_back(t);
}

void
term_find(struct term_pane *t, int dir)
{
	int row = term_row_of(t, t->line), col = t->col;
	int was_row = row, was_col = col;
	bool found;

	if (t->needle[0] == '\0')
		return;
	found = find(t, dir, &row, &col);
	/* A match that does not lead on is the one we stand on. */
	if (found && row == was_row && (dir < 0 ? col >= was_col :
	    col <= was_col)) {
		row = was_row + dir;
		col = dir < 0 ? VT_COLS_MAX : -1;
		found = find(t, dir, &row, &col);
	}
	if (!found) {
		t->base.ctx.say(t->base.ctx.user, dir < 0 ?
		    "no match above" : "no match below: ? searches upwards");
		return;
	}
	t->line = term_line_of(t, row);
	t->col = col;
	show_cursor(t);
}

static void
typing_key(struct term_pane *t, const struct key *k)
{
	size_t n = strlen(t->needle);
	char u[4];

	if (k->code == KEY_SYM_ESCAPE) {
		t->typing = false;
		t->needle[0] = '\0';
	} else if (k->code == KEY_SYM_ENTER) {
		t->typing = false;
		term_find(t, t->dir);
	} else if (k->code == 'u' && k->mods == MOD_CTRL) {
		t->needle[0] = '\0';
	} else if (k->code == KEY_SYM_BACKSPACE) {
		while (n > 0 && (t->needle[--n] & 0xc0) == 0x80)
			continue;
		t->needle[n] = '\0';
	} else if (k->code >= 0x20 && k->code < KEY_SYM_BASE &&
	    (k->mods & (MOD_CTRL | MOD_ALT)) == 0) {
		size_t len = utf8_encode(k->code, u);

		if (n + len < sizeof t->needle) {
			memcpy(t->needle + n, u, len);
			t->needle[n + len] = '\0';
		}
	}
}

/* --- motion ------------------------------------------------------------- */

static const struct vt_cell *
here(const struct term_pane *t, int *n)
{
	return vt_row(term_vt(t), term_row_of(t, t->line), n);
}

static bool
blank_at(const struct vt_cell *cells, int n, int col)
{
	return col < 0 || col >= n || (cells[col].width != 0 &&
	    (cells[col].glyph == 0 || cells[col].glyph == ' '));
}

/* True when the line changed, so false at the last and the first. */
static bool
to_line(struct term_pane *t, int by)
{
	int64_t was = t->line;

	t->line = term_line_of(t, term_row_of(t, t->line + by));
	return t->line != was;
}

static void
word_forward(struct term_pane *t)
{
	int n;
	const struct vt_cell *c = here(t, &n);

	while (!blank_at(c, n, t->col))
		t->col++;
	for (;;) {
		while (t->col < n && blank_at(c, n, t->col))
			t->col++;
		if (t->col < n)
			return;
		if (!to_line(t, 1)) {
			t->col = n > 0 ? n - 1 : 0;
			return;
		}
		t->col = 0;
		c = here(t, &n);
	}
}

static void
word_back(struct term_pane *t)
{
	int n;
	const struct vt_cell *c = here(t, &n);

	for (;;) {
		t->col = t->col > n ? n : t->col;
		while (t->col > 0 && blank_at(c, n, t->col - 1))
			t->col--;
		if (t->col > 0)
			break;
		if (!to_line(t, -1))
			return;
		c = here(t, &n);
		t->col = n;
	}
	while (t->col > 0 && !blank_at(c, n, t->col - 1))
		t->col--;
}

static void
line_end(struct term_pane *t)
{
	int n;
	const struct vt_cell *c = here(t, &n);

	while (n > 0 && blank_at(c, n, n - 1))
		n--;
	t->col = n > 0 ? n - 1 : 0;
}

static void
word_end(struct term_pane *t)
{
	int n;
	const struct vt_cell *c = here(t, &n);

	t->col++;
	for (;;) {
		while (t->col < n && blank_at(c, n, t->col))
			t->col++;
		if (t->col < n)
			break;
		if (!to_line(t, 1)) {
			t->col = n > 0 ? n - 1 : 0;
			return;
		}
		t->col = 0;
		c = here(t, &n);
	}
	while (!blank_at(c, n, t->col + 1))
		t->col++;
}

static void
line_start(struct term_pane *t)
{
	int n;
	const struct vt_cell *c = here(t, &n);

	for (t->col = 0; t->col < n && blank_at(c, n, t->col);)
		t->col++;
	if (t->col == n)
		t->col = 0;
}

/* A line of the view: 0 its top, 1 its middle, 2 its bottom. */
static void
view_line(struct term_pane *t, int third)
{
	t->line = term_line_of(t, term_row_of(t, term_line_of(t,
	    term_first(t) + (t->base.rows - 1) * third / 2)));
	t->col = 0;
}

/* False: none of these. */
static bool
motion_in_line(struct term_pane *t, char m)
{
	switch (m) {
	case 'h':
		t->col -= t->col > 0;
		break;
	case 'l':
		t->col += t->col < vt_cols(term_vt(t)) - 1;
		break;
	case '0':
		t->col = 0;
		break;
	case '^':
		line_start(t);
		break;
	case '$':
		line_end(t);
		break;
	case 'w':
		word_forward(t);
		break;
	case 'b':
		word_back(t);
		break;
	case 'e':
		word_end(t);
		break;
	default:
		return false;
	}
	return true;
}

static void
motion(struct term_pane *t, char m)
{
	int page = t->base.rows > 2 ? t->base.rows - 1 : 1;

	switch (m) {
	case 'j':
		to_line(t, 1);
		break;
	case 'k':
		to_line(t, -1);
		break;
	case 'd':
		to_line(t, page);
		break;
	case 'u':
		to_line(t, -page);
		break;
	case 'g':
		t->line = term_line_of(t, -term_back(t));
		t->col = 0;
		break;
	case 'G':
		t->line = term_line_of(t, vt_rows(term_vt(t)) - 1);
		t->col = 0;
		break;
	case 'H': case 'M': case 'L':
		view_line(t, m == 'H' ? 0 : m == 'M' ? 1 : 2);
		break;
	case '+': case '-': /* the view, and not the cursor */
		term_scroll(t, m == '+' ? 1 : -1);
		return;
	default:
		if (!motion_in_line(t, m))
			return;
	}
	show_cursor(t);
}

/* --- keys --------------------------------------------------------------- */

static void
mark(struct term_pane *t, enum term_select how)
{
	if (t->select == how) {
		t->select = SELECT_NONE;
		return;
	}
	if (t->select == SELECT_NONE) {
		t->mark_line = t->line;
		t->mark_col = t->col;
	}
	t->select = how;
}

static void
other_end(struct term_pane *t)
{
	int64_t line = t->line;
	int col = t->col;

	if (t->select == SELECT_NONE)
		return;
	t->line = t->mark_line;
	t->col = t->mark_col;
	t->mark_line = line;
	t->mark_col = col;
	show_cursor(t);
}

static void
act(struct term_pane *t, char a)
{
	switch (a) {
	case 'v':
		mark(t, SELECT_CHARS);
		break;
	case 'V':
		mark(t, SELECT_LINES);
		break;
	case 'y':
		term_copy_out(t);
		term_copy_leave(t);
		break;
	case 'q':
		term_copy_leave(t);
		break;
	case 'o':
		other_end(t);
		break;
	case '/':
		term_find_start(t, 1);
		break;
	case '?':
		term_find_start(t, -1);
		break;
	case 'n':
		term_find(t, t->dir);
		break;
	case 'N':
		term_find(t, -t->dir);
		break;
	}
}

/* What other keys stand for. */
static const struct {
	uint32_t code;
	unsigned mods;
	char is;
} aliases[] = {
	{ KEY_SYM_LEFT, 0, 'h' }, { KEY_SYM_RIGHT, 0, 'l' },
	{ KEY_SYM_UP, 0, 'k' }, { KEY_SYM_DOWN, 0, 'j' },
	{ KEY_SYM_HOME, 0, '0' }, { KEY_SYM_END, 0, '$' },
	{ KEY_SYM_PGUP, 0, 'u' }, { KEY_SYM_PGDN, 0, 'd' },
	{ KEY_SYM_PGUP, MOD_SHIFT, 'u' }, { KEY_SYM_PGDN, MOD_SHIFT, 'd' },
	{ 'b', MOD_CTRL, 'u' }, { 'f', MOD_CTRL, 'd' },
	{ 'u', MOD_CTRL, 'u' }, { 'd', MOD_CTRL, 'd' },
	{ 'e', MOD_CTRL, '+' }, { 'y', MOD_CTRL, '-' },
	{ KEY_SYM_ENTER, 0, 'y' }, { KEY_SYM_ESCAPE, 0, 'q' },
	{ 'c', MOD_CTRL, 'q' }, { ' ', 0, 'v' },
};

enum pane_result
term_copy_key(struct term_pane *t, const struct key *k)
{
	char is = 0;

	if (t->typing) {
		typing_key(t, k);
		return PANE_HANDLED;
	}
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (aliases[i].code == k->code && aliases[i].mods == k->mods)
			is = aliases[i].is;
	if (is == 0 && k->code > ' ' && k->code < 0x7f &&
	    (k->mods & ~(unsigned)MOD_SHIFT) == 0)
		is = (char)k->code;
	if (is == 0)
		return PANE_IGNORED;
	if (strchr("vVyqo/?nN", is) != NULL)
		act(t, is);
	else
		motion(t, is);
	return PANE_HANDLED;
}
