#include "config.h"

#include "ui/pane-term.h"

#include <string.h>

#define WHEEL_LINES 3
#define CLICKS_US 400000 /* between the presses of a double click */

static int
clamp(int v, int max)
{
	return v < 0 ? 0 : v >= max ? max - 1 : v;
}

static bool
is_there(const struct term_pane *t)
{
	return !t->base.ctx.read_only && !t->base.ctx.state->term_exited;
}

/* Most of what the program can be told of it. */
static enum vt_mouse
asked(const struct term_pane *t)
{
	return is_there(t) && !t->copy && t->follow ? vt_mouse(term_vt(t)) :
	    VT_MOUSE_NONE;
}

bool
term_hover(struct pane *p)
{
	return asked(term_of(p)) == VT_MOUSE_MOVE;
}

/* For the program, when it asked; Shift keeps the mouse here.  Who got the
 * press gets all up to the release, wherever that is. */
static bool
is_programs(struct term_pane *t, const struct mouse *m)
{
	if (m->kind == MOUSE_DRAG || m->kind == MOUSE_RELEASE)
		return t->held && is_there(t);
	return asked(t) != VT_MOUSE_NONE && !(m->mods & MOD_SHIFT);
}

static bool
mouse_to_program(struct term_pane *t, const struct mouse *m)
{
	const struct vt *vt = term_vt(t);
	struct buf b = { 0 };
	int row, col;

	if (!is_programs(t, m))
		return false;
	row = clamp(m->row + term_first(t), vt_rows(vt));
	col = clamp(m->col, vt_cols(vt));
	switch (m->kind) {
	case MOUSE_DRAG: case MOUSE_HOVER:
		vt_encode_motion(vt, row, col, m->button, m->mods, &b);
		break;
	case MOUSE_WHEEL_UP: case MOUSE_WHEEL_DOWN:
		vt_encode_mouse(vt, row, col, m->kind == MOUSE_WHEEL_UP ? 4 :
		    5, true, m->mods, &b);
		break;
	case MOUSE_PRESS: case MOUSE_RELEASE:
		t->held = m->kind == MOUSE_PRESS;
		vt_encode_mouse(vt, row, col, m->button, t->held, m->mods,
		    &b);
		break;
	}
	term_send(t, CMD_TERM_INPUT, &b);
	buf_free(&b);
	return true;
}

static void
wheel(struct term_pane *t, int dir)
{
	if (t->copy || !vt_altscreen(term_vt(t))) {
		term_scroll(t, dir * WHEEL_LINES);
		return;
	}
	/* A pager without mouse support: as its arrow keys. */
	for (int i = 0; i < WHEEL_LINES && !t->base.ctx.read_only; i++)
		term_send_key(t, dir < 0 ? KEY_SYM_UP : KEY_SYM_DOWN, 0);
}

/* --- selection ---------------------------------------------------------- */

/* What ends a word of a double click: a path or an address is one. */
static bool
ends_word(const struct vt_cell *c)
{
	return c->width != 0 && (c->glyph == 0 || (c->glyph < 0x7f &&
	    strchr(" \"'`()[]{}<>|,;", (int)c->glyph) != NULL));
}

static void
select_word(struct term_pane *t)
{
	int n, from = t->col, to = t->col;
	const struct vt_cell *c = vt_row(term_vt(t),
	    term_row_of(t, t->line), &n);

	if (t->col >= n || ends_word(&c[t->col]))
		return;
	while (from > 0 && !ends_word(&c[from - 1]))
		from--;
	while (to + 1 < n && !ends_word(&c[to + 1]))
		to++;
	t->mark_col = from;
	t->col = to;
	t->select = SELECT_CHARS;
}

/* 1, 2 for a double click, 3 for one more. */
static int
count_clicks(struct term_pane *t, const struct mouse *m)
{
	struct clock *c = t->base.ctx.clock;
	int64_t now = c != NULL ? clock_mono(c) : 0;

	if (t->clicks == 3 || now - t->click_time > CLICKS_US ||
	    m->row != t->click_row || m->col != t->click_col)
		t->clicks = 0;
	t->click_time = now;
	t->click_row = m->row;
	t->click_col = m->col;
	return ++t->clicks;
}

static void
press(struct term_pane *t, const struct mouse *m, int64_t line)
{
	int clicks = count_clicks(t, m);

	t->select = SELECT_NONE;
	t->dragging = true;
	t->mark_line = t->line = line;
	t->mark_col = t->col = m->col < 0 ? 0 : m->col;
	if (clicks == 2)
		select_word(t);
	else if (clicks == 3)
		t->select = SELECT_LINES;
}

static enum pane_result
select_mouse(struct term_pane *t, const struct mouse *m)
{
	int64_t line = term_line_of(t, term_row_of(t, term_line_of(t,
	    term_first(t) + m->row)));

	if (m->kind == MOUSE_PRESS) {
		press(t, m, line);
	} else if (m->kind == MOUSE_DRAG && t->dragging) {
		if (m->row < 0 || m->row >= t->base.rows)
			term_scroll(t, m->row < 0 ? -1 : 1);
		if (t->select == SELECT_NONE)
			t->select = SELECT_CHARS;
		t->line = line;
		t->col = m->col < 0 ? 0 : m->col;
	} else if (m->kind == MOUSE_RELEASE && t->dragging) {
		t->dragging = false;
		if (t->select != SELECT_NONE)
			term_copy_out(t);
	}
	return PANE_HANDLED;
}

enum pane_result
term_mouse(struct pane *p, const struct mouse *m)
{
	struct term_pane *t = term_of(p);

	if (mouse_to_program(t, m))
		return PANE_HANDLED;
	if (m->kind == MOUSE_WHEEL_UP || m->kind == MOUSE_WHEEL_DOWN) {
		wheel(t, m->kind == MOUSE_WHEEL_UP ? -1 : 1);
		return PANE_HANDLED;
	}
	/* Terminals paste with the middle button. */
	if (m->button == 2 && m->kind == MOUSE_PRESS)
		return p->ops->command(p, "paste", NULL);
	return m->button == 1 ? select_mouse(t, m) : PANE_IGNORED;
}
