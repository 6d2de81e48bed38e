#include "config.h"

#include "vt/vt-priv.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* Argument i, or def when it was not given or is 0. */
static int
arg(const struct vt *vt, int i, int def)
{
	if (i >= vt->c.nargs || vt->c.args[i] <= 0)
		return def;
	return vt->c.args[i];
}

void
vt_cursor_to(struct vt *vt, int row, int col)
{
	struct vt_core *c = &vt->c;

	c->row = row < 0 ? 0 : row >= c->rows ? c->rows - 1 : row;
	c->col = col < 0 ? 0 : col >= c->cols ? c->cols - 1 : col;
	c->phantom = c->full = false;
	c->synced = false;
}

static void
home(struct vt *vt)
{
	vt_cursor_to(vt, vt->c.modes & MODE_ORIGIN ? vt->c.top : 0, 0);
}

/* To a row as the program counts it: from the region's top in origin mode. */
static void
absolute(struct vt *vt, int row, int col)
{
	struct vt_core *c = &vt->c;

	if (c->modes & MODE_ORIGIN) {
		row += c->top;
		if (row >= c->bottom)
			row = c->bottom - 1;
	}
	vt_cursor_to(vt, row, col);
}

/* Up and down stop at the region's edge when they start inside it. */
static void
vertical(struct vt *vt, int n, bool to_start)
{
	struct vt_core *c = &vt->c;
	int row = c->row + n;

	if (n < 0 && c->row >= c->top && row < c->top)
		row = c->top;
	if (n > 0 && c->row < c->bottom && row >= c->bottom)
		row = c->bottom - 1;
	vt_cursor_to(vt, row, to_start ? 0 : c->col);
}

/* --- sequences for libvterm --------------------------------------------- */

/* The sequence again, clean: at most its first two arguments. */
static void
pass(struct vt *vt, unsigned char final)
{
	char s[48];
	int n;

	n = snprintf(s, sizeof s, "\033[%.1s", &vt->c.leader);
	for (int i = 0; i < vt->c.nargs && i < 2; i++)
		if (vt->c.args[i] >= 0)
			n += snprintf(s + n, sizeof s - (size_t)n, "%s%d",
			    i ? ";" : "", vt->c.args[i]);
	n += snprintf(s + n, sizeof s - (size_t)n, "%.*s%c", vt->c.ninter,
	    vt->c.inter, final);
	vt->c.keep = final == 'S';
	vt_lib_feed(vt, s, (size_t)n);
}

static void
pass_mode(struct vt *vt, bool private, int mode, bool on)
{
	char s[24];
	int n = snprintf(s, sizeof s, "\033[%s%d%c", private ? "?" : "", mode,
	    on ? 'h' : 'l');

	vt_lib_feed(vt, s, (size_t)n);
}

/* --- saved cursor, screens ---------------------------------------------- */

static struct vt_saved *
saved(struct vt *vt)
{
	return &vt->c.saved[(vt->c.modes & MODE_ALT) != 0];
}

static void
save_cursor(struct vt *vt)
{
	struct vt_saved *s = saved(vt);

	*s = (struct vt_saved){ vt->c.row, vt->c.col, vt->c.phantom,
		vt->c.full, (vt->c.modes & MODE_ORIGIN) != 0, vt->c.pen, { 0 },
		vt->c.gl };
	memcpy(s->sets, vt->c.sets, sizeof s->sets);
}

static void
set_mode(struct vt *vt, uint32_t bit, bool on)
{
	vt->c.modes = on ? vt->c.modes | bit : vt->c.modes & ~bit;
}

static void
restore_cursor(struct vt *vt)
{
	static const struct vt_saved start = { .pen = { -1, -1, 0 },
		.sets = { 'B', 'B', 'B', 'B' } };
	const struct vt_saved *s = saved(vt);

	if (s->sets[0] == 0) /* never saved */
		s = &start;
	if (s->origin != ((vt->c.modes & MODE_ORIGIN) != 0)) {
		set_mode(vt, MODE_ORIGIN, s->origin);
		pass_mode(vt, true, 6, s->origin);
	}
	vt_cursor_to(vt, s->row, s->col);
	vt->c.phantom = s->phantom && s->col == vt->c.cols - 1;
	vt->c.full = s->full;
	vt_pen_set(vt, s->pen);
	memcpy(vt->c.sets, s->sets, sizeof s->sets);
	vt->c.gl = s->gl;
}

static void
alternate(struct vt *vt, int mode, bool on)
{
	bool is = (vt->c.modes & MODE_ALT) != 0;

	if (mode == 1049 && on && !is)
		save_cursor(vt);
	if (on != is)
		pass_mode(vt, true, 1047, on);
	if (mode == 1049 && !on && is)
		restore_cursor(vt);
}

/* --- modes -------------------------------------------------------------- */

static const struct {
	uint16_t mode;
	bool private;
	uint32_t bit;
} modes[] = {
	{ 4, false, MODE_INSERT }, { 20, false, MODE_NEWLINE },
	{ 1, true, MODE_CURSOR_KEYS }, { 6, true, MODE_ORIGIN },
	{ 7, true, MODE_AUTOWRAP }, { 25, true, MODE_VISIBLE },
	{ 66, true, MODE_KEYPAD }, { 69, true, MODE_MARGINS },
	{ 1000, true, MODE_MOUSE_CLICK }, { 1002, true, MODE_MOUSE_DRAG },
	{ 1003, true, MODE_MOUSE_MOVE }, { 1004, true, MODE_FOCUS },
	{ 1005, true, MODE_MOUSE_UTF8 }, { 1006, true, MODE_MOUSE_SGR },
	{ 1015, true, MODE_MOUSE_RXVT }, { 2004, true, MODE_PASTE },
};

/* After a mode changed that moves or binds the cursor. */
static void
mode_changed(struct vt *vt, uint32_t bit, bool on)
{
	if (bit == MODE_ORIGIN) {
		home(vt);
	} else if (bit == MODE_AUTOWRAP && !on) {
		vt->c.full |= vt->c.phantom;
		vt->c.phantom = false;
	} else if (bit == MODE_MARGINS && !on) {
		vt_lib_feed(vt, "\033[s", 3); /* whole lines again */
	}
}

static void
one_mode(struct vt *vt, bool private, int mode, bool on)
{
	if (private && (mode == 47 || mode == 1047 || mode == 1049)) {
		alternate(vt, mode, on);
		return;
	}
	if (private && mode == 1048) {
		if (on)
			save_cursor(vt);
		else
			restore_cursor(vt);
		return;
	}
	pass_mode(vt, private, mode, on);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (modes[i].mode == mode && modes[i].private == private) {
			/* One setting: the last word counts. */
			if (modes[i].bit & MODE_MOUSE_ANY)
				set_mode(vt, MODE_MOUSE_ANY, false);
			set_mode(vt, modes[i].bit, on);
			vt->c.synced = false;
			mode_changed(vt, modes[i].bit, on);
			return;
		}
}

static void
csi_mode(struct vt *vt, unsigned char final)
{
	/* libvterm reads only the first of several. */
	for (int i = 0; i < vt->c.nargs; i++)
		if (vt->c.args[i] >= 0)
			one_mode(vt, vt->c.leader == '?', vt->c.args[i],
			    final == 'h');
}

/* --- margins, resets ---------------------------------------------------- */

static void
margins(struct vt *vt, int top, int bottom)
{
	char s[32];
	int n;

	if (bottom > vt->c.rows)
		bottom = vt->c.rows;
	if (top >= bottom)
		return;
	n = snprintf(s, sizeof s, "\033[%d;%dr", top, bottom);
	vt_lib_feed(vt, s, (size_t)n);
	vt->c.top = top - 1;
	vt->c.bottom = bottom;
	home(vt);
}

static void
side_margins(struct vt *vt)
{
	int left = arg(vt, 0, 1), right = arg(vt, 1, vt->c.cols);
	char s[32];
	int n;

	if (right > vt->c.cols)
		right = vt->c.cols;
	if (left >= right)
		return;
	n = snprintf(s, sizeof s, "\033[%d;%ds", left, right);
	vt_lib_feed(vt, s, (size_t)n);
	home(vt);
}

#define MODES_AT_START (MODE_AUTOWRAP | MODE_VISIBLE)

static void
soft_reset(struct vt *vt, unsigned char final)
{
	static const int off[] = { 1, 6, 69 };
	int row = vt->c.row, col = vt->c.col;

	(void)final;
	one_mode(vt, false, 4, false);
	for (size_t i = 0; i < ARRAY_LEN(off); i++)
		one_mode(vt, true, off[i], false);
	one_mode(vt, true, 7, true);
	one_mode(vt, true, 25, true);
	margins(vt, 1, vt->c.rows);
	vt_cursor_to(vt, row, col);
	set_mode(vt, MODE_KEYPAD, false);
	vt_pen_set(vt, (struct vt_style){ -1, -1, 0 });
	memset(vt->c.sets, 'B', sizeof vt->c.sets);
	vt->c.gl = vt->c.single = 0;
	saved(vt)->sets[0] = 0;
}

void
vt_reset(struct vt *vt)
{
	struct vt_core *c = &vt->c;

	alternate(vt, 1047, false);
	vt_pen_set(vt, (struct vt_style){ -1, -1, 0 });
	vt_lib_feed(vt, "\033[?1000l\033[?1006l\033c", 18);
	c->modes = MODES_AT_START;
	c->row = c->col = 0;
	c->phantom = c->full = c->synced = false;
	c->top = 0;
	c->bottom = c->rows;
	c->shape = 0;
	memset(c->sets, 'B', sizeof c->sets);
	c->gl = c->single = 0;
	c->last = 0;
	memset(c->saved, 0, sizeof c->saved);
	c->title[0] = '\0';
	c->ntitles = 0;
}

/* --- dispatch ----------------------------------------------------------- */

static void
repeat(struct vt *vt)
{
	int n = arg(vt, 0, 1);

	/* No program means more than a screen of them. */
	if (n > vt->c.rows * vt->c.cols)
		n = vt->c.rows * vt->c.cols;
	while (n-- > 0 && vt->c.last != 0)
		vt_put_glyph(vt, vt->c.last, vt->c.last_width);
}

static void
csi_cursor(struct vt *vt, unsigned char final)
{
	int n = arg(vt, 0, 1);

	switch (final) {
	case 'A': case 'k':
		vertical(vt, -n, false);
		break;
	case 'B': case 'e':
		vertical(vt, n, false);
		break;
	case 'C': case 'a':
		vt_cursor_to(vt, vt->c.row, vt->c.col + n);
		break;
	case 'D': case 'j':
		vt_cursor_to(vt, vt->c.row, vt->c.col - n);
		break;
	case 'E':
		vertical(vt, n, true);
		break;
	case 'F':
		vertical(vt, -n, true);
		break;
	case 'G': case '`':
		vt_cursor_to(vt, vt->c.row, n - 1);
		break;
	case 'H': case 'f':
		absolute(vt, n - 1, arg(vt, 1, 1) - 1);
		break;
	case 'd':
		absolute(vt, n - 1, vt->c.col);
		break;
	}
}

static void
erase_rows(struct vt *vt, int from, int to)
{
	for (int y = from; y < to; y++)
		vt_line_erase(vt, vt->screen->lines[y], 0, vt->c.cols);
	if (from < to)
		vt_dirty(vt, from, to - 1);
}

static void
erase_in_row(struct vt *vt, int from, int to)
{
	struct vt_core *c = &vt->c;

	vt_line_erase(vt, vt->screen->lines[c->row], from,
	    to < c->cols ? to : c->cols);
	vt_dirty(vt, c->row, c->row);
}

/* To the end (0), from the start (1), or all (2) of the line and, for J, of
 * the lines on that side.  A line that is full to its last column has nothing
 * right of the cursor: programs end their lines with an erase, whatever their
 * length. */
static void
csi_erase(struct vt *vt, unsigned char final)
{
	struct vt_core *c = &vt->c;
	int part = arg(vt, 0, 0);

	if (part == 3 && final == 'J')
		vt_ring_clear(vt);
	if (part > 2)
		return;
	if (part != 0 || !c->phantom)
		erase_in_row(vt, part == 0 ? c->col : 0, part == 1 ?
		    c->col + 1 : c->cols);
	if (final == 'J' && part != 0)
		erase_rows(vt, 0, c->row);
	if (final == 'J' && part != 1)
		erase_rows(vt, c->row + 1, c->rows);
}

/* Insert and delete lines, between the cursor and the region's end. */
static void
csi_lines(struct vt *vt, unsigned char final)
{
	struct vt_core *c = &vt->c;
	int n = arg(vt, 0, 1);

	if (c->modes & MODE_MARGINS) {
		pass(vt, final);
	} else if (c->row >= c->top && c->row < c->bottom) {
		c->keep = false;
		vt_scroll(vt, c->row, c->bottom, final == 'L' ? -n : n);
	}
}

/* Insert and delete characters.  The scroll region does not bind them; for
 * libvterm it would. */
static void
csi_shift(struct vt *vt, unsigned char final)
{
	int n = arg(vt, 0, 1);

	if (vt->c.modes & MODE_MARGINS)
		pass(vt, final);
	else
		vt_shift(vt, vt->c.row, vt->c.col, vt->c.cols,
		    final == '@' ? -n : n);
}

static void
csi_save(struct vt *vt, unsigned char final)
{
	if (final == 'u')
		restore_cursor(vt);
	else if (vt->c.modes & MODE_MARGINS)
		side_margins(vt);
	else
		save_cursor(vt);
}

/* Of xterm's window operations: the size in cells, and titles put aside and
 * taken back. */
static void
window(struct vt *vt)
{
	struct vt_core *c = &vt->c;
	int op = arg(vt, 0, 0);
	char s[32];

	if (op == 18) {
		vt_reply(vt, s, (size_t)snprintf(s, sizeof s,
		    "\033[8;%d;%dt", c->rows, c->cols));
		return;
	}
	if (arg(vt, 1, 0) == 1) /* the icon's */
		return;
	if (op == 22) {
		if (c->ntitles == VT_TITLES) /* the oldest goes */
			memmove(c->titles[0], c->titles[1],
			    sizeof c->titles[0] * (size_t)--c->ntitles);
		memcpy(c->titles[c->ntitles++], c->title, sizeof c->title);
	} else if (op == 23 && c->ntitles > 0) {
		memcpy(c->title, c->titles[--c->ntitles], sizeof c->title);
	}
}

static void
csi_style(struct vt *vt)
{
	if (vt->c.nargs == 0)
		vt->c.args[vt->c.nargs++] = 0;
	vt_sgr(vt);
}

static void
csi_other(struct vt *vt, unsigned char final)
{
	switch (final) {
	case 'r':
		margins(vt, arg(vt, 0, 1), arg(vt, 1, vt->c.rows));
		break;
	case 'b':
		repeat(vt);
		break;
	case 'K': case 'J':
		csi_erase(vt, final);
		break;
	case 'X':
		erase_in_row(vt, vt->c.col, vt->c.col + arg(vt, 0, 1));
		break;
	case 'L': case 'M':
		csi_lines(vt, final);
		break;
	case '@': case 'P':
		csi_shift(vt, final);
		break;
	case 's': case 'u':
		csi_save(vt, final);
		break;
	case 'h': case 'l':
		csi_mode(vt, final);
		break;
	case 't':
		window(vt);
		break;
	default:
		if (strchr("ISTZcgn", final) != NULL)
			pass(vt, final);
	}
}

static void
cursor_shape(struct vt *vt, unsigned char final)
{
	vt->c.shape = arg(vt, 0, 0) > 6 ? 0 : arg(vt, 0, 0);
	pass(vt, final);
}

static void
mode_query(struct vt *vt, unsigned char final)
{
	if (vt->c.nargs > 0 && vt->c.args[0] >= 0)
		pass(vt, final);
}

/* With an intermediate byte. */
static void
csi_inter(struct vt *vt, unsigned char final)
{
	static const struct {
		char leader, inter, final;
		void (*act)(struct vt *, unsigned char final);
	} known[] = {
		{ 0, ' ', 'q', cursor_shape }, { 0, '!', 'p', soft_reset },
		{ '?', '$', 'p', mode_query },
		{ 0, '\'', '}', pass }, { 0, '\'', '~', pass },
	};

	for (size_t i = 0; i < ARRAY_LEN(known) && vt->c.ninter == 1; i++)
		if (known[i].leader == vt->c.leader &&
		    known[i].inter == vt->c.inter[0] &&
		    known[i].final == (char)final)
			known[i].act(vt, final);
}

void
vt_csi(struct vt *vt, unsigned char final)
{
	char leader = vt->c.leader;

	if (vt->c.ninter > 0)
		csi_inter(vt, final);
	else if (leader == 0 && final == 'm') /* the most frequent */
		csi_style(vt);
	else if (leader == 0 && strchr("ABCDEFGH`adefjk", final) != NULL)
		csi_cursor(vt, final);
	else if (leader == 0)
		csi_other(vt, final);
	else if (leader == '?' && (final == 'h' || final == 'l'))
		csi_mode(vt, final);
	else if (leader == '?' && strchr("JKn", final) != NULL)
		pass(vt, final);
	else if (leader == '>' && final == 'c' && arg(vt, 0, 0) == 0)
		pass(vt, final);
}

static void
index_up(struct vt *vt)
{
	struct vt_core *c = &vt->c;

	if (c->modes & MODE_MARGINS) {
		vt_lib_feed(vt, "\033M", 2);
	} else if (c->row == c->top) {
		vt_scroll(vt, c->top, c->bottom, -1);
	} else {
		vt_cursor_to(vt, c->row - 1, c->col);
	}
}

static void
charset(struct vt *vt, char which, unsigned char final)
{
	if (final == '0' || final == 'A' || final == 'B')
		vt->c.sets[which - '('] = (char)final;
}

void
vt_escape(struct vt *vt, unsigned char final)
{
	struct vt_core *c = &vt->c;

	if (c->ninter == 1 && c->inter[0] >= '(' && c->inter[0] <= '+') {
		charset(vt, c->inter[0], final);
		return;
	}
	if (c->ninter == 1 && c->inter[0] == '#' && final == '8')
		vt_lib_feed(vt, "\033#8", 3);
	if (c->ninter > 0)
		return;
	switch (final) {
	case '7':
		save_cursor(vt);
		break;
	case '8':
		restore_cursor(vt);
		break;
	case 'E':
		vt_cursor_to(vt, c->row, 0);
		/* fallthrough */
	case 'D':
		vt_linefeed(vt);
		break;
	case 'H':
		vt_lib_feed(vt, "\033H", 2);
		break;
	case 'M':
		index_up(vt);
		break;
	case 'N': case 'O':
		c->single = final - 'N' + 2;
		break;
	case 'n': case 'o':
		c->gl = final - 'n' + 2;
		break;
	case '=': case '>':
		set_mode(vt, MODE_KEYPAD, final == '=');
		break;
	case 'c':
		vt_reset(vt);
		break;
	}
}

void
vt_control(struct vt *vt, unsigned char b)
{
	struct vt_core *c = &vt->c;

	switch (b) {
	case 0x07:
		c->bells++;
		break;
	case 0x08:
		if (c->col > 0)
			vt_cursor_to(vt, c->row, c->col - 1);
		break;
	case 0x09:
		vt_lib_feed(vt, "\t", 1);
		break;
	case 0x0a: case 0x0b: case 0x0c:
		vt_linefeed(vt);
		if (c->modes & MODE_NEWLINE)
			vt_cursor_to(vt, c->row, 0);
		break;
	case 0x0d:
		if (c->col != 0)
			vt_cursor_to(vt, c->row, 0);
		break;
	case 0x0e: case 0x0f:
		c->gl = b == 0x0e;
		break;
	}
}
