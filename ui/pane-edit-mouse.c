#include "config.h"

#include "ui/pane-edit.h"

#define WHEEL_LINES 3
#define CLICKS_US 400000 /* between the presses of a double click */

static bool
blank_at(const struct text *t, size_t off)
{
	char c;

	return text_read(t, off, &c, 1) != 1 || c == ' ' || c == '\t' ||
	    c == '\n' || c == '\r';
}

static size_t
hit(struct edit_pane *e, const struct edit_view *v, int row, int col)
{
	size_t last = text_lines(v->text) - 1, line = v->at.top;
	int x = col - edit_gutter(e, v->text);

	if (row < 0)
		line = line > (size_t)-row ? line - (size_t)-row : 0;
	else
		line += (size_t)row;
	line = line > last ? last : line;
	return edit_at_col(e, v->text, line, edit_left(e, v, line) +
	    (size_t)(x > 0 ? x : 0));
}

static void
select_word(struct edit_pane *e, const struct edit_view *v)
{
	size_t from = v->at.cursor, to;

	/* Behind a word counts as on it. */
	if (blank_at(v->text, from)) {
		if (from == 0 || blank_at(v->text, from - 1))
			return;
	} else {
		from = text_next(v->text, from);
	}
	from = text_word_prev(v->text, from);
	to = text_word_next(v->text, from);
	while (to > from && blank_at(v->text, to - 1))
		to--;
	edit_set_top(e, to, from, v->at.top);
}

static void
select_line(struct edit_pane *e, const struct edit_view *v)
{
	size_t line = text_line_of(v->text, v->at.cursor < v->at.anchor ?
	    v->at.cursor : v->at.anchor);

	edit_set_top(e, text_line_start(v->text, line + 1),
	    text_line_start(v->text, line), v->at.top);
}

static void
press(struct edit_pane *e, const struct edit_view *v, const struct mouse *m)
{
	bool shift = (m->mods & MOD_SHIFT) != 0;
	int64_t now = e->now, since = now - e->click_time;
	size_t to;

	if (shift || e->clicks == 0 || e->clicks == 3 || since > CLICKS_US ||
	    m->row != e->click_row || m->col != e->click_col)
		e->clicks = 0;
	e->clicks++;
	e->click_time = now;
	e->click_row = m->row;
	e->click_col = m->col;
	e->dragging = true;
	if (e->clicks == 2) {
		select_word(e, v);
	} else if (e->clicks == 3) {
		select_line(e, v);
	} else {
		to = hit(e, v, m->row, m->col);
		edit_set_top(e, to, shift ? v->at.anchor : to, v->at.top);
	}
}

static void
drag(struct edit_pane *e, const struct edit_view *v, const struct mouse *m)
{
	int rows = edit_rows(e);
	size_t top = v->at.top, last = text_lines(v->text) - 1;

	/* A hand that shakes is not a drag. */
	if (m->row == e->click_row && m->col == e->click_col)
		return;
	e->clicks = 0;
	e->click_row = -1;
	if (m->row < 0 && top > 0)
		top--;
	else if (m->row >= rows && top + (size_t)rows <= last)
		top++;
	edit_set_top(e, hit(e, v, m->row, m->col), v->at.anchor, top);
}

static void
wheel(struct edit_pane *e, const struct edit_view *v, bool up)
{
	size_t lines = text_lines(v->text), rows = (size_t)edit_rows(e);
	size_t last = lines > rows ? lines - rows : 0, top = v->at.top;

	if (up)
		top = top > WHEEL_LINES ? top - WHEEL_LINES : 0;
	else if (top < last)
		top = top + WHEEL_LINES < last ? top + WHEEL_LINES : last;
	edit_set_top(e, v->at.cursor, v->at.anchor, top);
}

enum pane_result
edit_mouse(struct pane *p, const struct mouse *m)
{
	struct edit_pane *e = edit_pane(p);
	bool is_wheel = m->kind == MOUSE_WHEEL_UP ||
	    m->kind == MOUSE_WHEEL_DOWN;
	struct edit_view v;

	edit_wait_seen(e);
	if (edit_waits(e)) /* for a text that is not there */
		return PANE_HANDLED;
	if (!edit_look(e, &v) || p->rows < 1)
		return PANE_IGNORED;
	if (!is_wheel && m->button != 1)
		return PANE_IGNORED;
	edit_begin(e);
	if (m->kind == MOUSE_PRESS && e->ask != ASK_NONE)
		edit_ask_leave(e);
	if (m->kind == MOUSE_RELEASE) {
		e->dragging = false;
		return PANE_HANDLED;
	}
	if (m->kind == MOUSE_DRAG && !e->dragging)
		return PANE_IGNORED;
	/* The text stays where it is under the mouse. */
	e->follow = false;
	e->goal = EDIT_NONE;
	if (is_wheel)
		wheel(e, &v, m->kind == MOUSE_WHEEL_UP);
	else if (m->kind == MOUSE_PRESS)
		press(e, &v, m);
	else
		drag(e, &v, m);
	return PANE_HANDLED;
}
