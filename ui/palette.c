#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "ui/prompt-internal.h"

#define LISTED_MAX 192
#define COMMANDS_MAX 144 /* of the lines of the help */
#define PALETTE_ROWS 12
#define POPUP_COLS 76

struct hit {
	const struct cmd *cmd;
	int score;
};

static int
by_score(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return (x->cmd > y->cmd) - (x->cmd < y->cmd);
}

/* What matches the typed text in this mode, the best first. */
static int
list(const struct prompts *p, const struct mode *m, struct hit *hits)
{
	int when = p->replay ? CMD_REPLAY : CMD_LIVE, n = 0, score;
	const struct cmd *t;
	size_t count;

	t = cmd_table(&count);
	for (size_t i = 0; i < count && n < LISTED_MAX; i++) {
		if (!(t[i].when & when) || strcmp(t[i].name, "palette") == 0)
			continue;
		score = cmd_match(&t[i], buf_str(&m->text));
		if (score > 0)
			hits[n++] = (struct hit){ &t[i], score };
	}
	if (m->text.len > 0)
		qsort(hits, (size_t)n, sizeof *hits, by_score);
	return n;
}

const struct cmd *
palette_chosen(struct prompts *p, struct mode *m)
{
	struct hit hits[LISTED_MAX];
	int n = list(p, m, hits);

	return m->here < n ? hits[m->here].cmd : NULL;
}

void
palette_move(struct prompts *p, struct mode *m, int by)
{
	struct hit hits[LISTED_MAX];
	int n = list(p, m, hits);

	m->here += by;
	if (m->here >= n)
		m->here = n - 1;
	if (m->here < 0)
		m->here = 0;
}

static void
frame(struct canvas *box, const char *title, struct style st, bool ascii)
{
	static const uint32_t nice[] = { 0x2500, 0x2502, 0x250c, 0x2510,
		0x2514, 0x2518 };
	static const uint32_t plain[] = { '-', '|', '+', '+', '+', '+' };
	const uint32_t *g = ascii ? plain : nice;
	int bottom = box->rows - 1, right = box->cols - 1;

	for (int k = 1; k < right; k++) {
		canvas_put(box, 0, k, g[0], 1, st);
		canvas_put(box, bottom, k, g[0], 1, st);
	}
	for (int k = 1; k < bottom; k++) {
		canvas_put(box, k, 0, g[1], 1, st);
		canvas_put(box, k, right, g[1], 1, st);
	}
	canvas_put(box, 0, 0, g[2], 1, st);
	canvas_put(box, 0, right, g[3], 1, st);
	canvas_put(box, bottom, 0, g[4], 1, st);
	canvas_put(box, bottom, right, g[5], 1, st);
	st.attr |= ATTR_BOLD;
	canvas_printf(box, 0, 2, st, " %s ", title);
}

/* A framed box in the middle; *in is its inside. */
static struct canvas
popup(struct canvas *c, const struct theme *t, int row, int rows,
    const char *title, bool ascii, struct canvas *in)
{
	int cols = c->cols - 4 < POPUP_COLS ? c->cols - 4 : POPUP_COLS;
	struct canvas box = canvas_sub(c, row, (c->cols - cols) / 2, rows,
	    cols);

	canvas_fill_rect(c, row, (c->cols - cols) / 2, rows, cols,
	    theme_style(t, STYLE_POPUP));
	frame(&box, title, theme_style(t, STYLE_POPUP), ascii);
	*in = canvas_sub(&box, 1, 1, rows - 2, cols - 2);
	return box;
}

static int
larger(int a, int b)
{
	return a > b ? a : b;
}

static void
draw_cmd(const struct prompts *p, struct canvas *box, int row,
    const struct cmd *cmd, struct style st, bool ascii)
{
	char key[32], label[40];
	int width;

	keymap_key(p->keys, cmd, key);
	prompt_key_label(key, label);
	width = (int)strlen(label);
	canvas_fill_rect(box, row, 0, 1, box->cols, st);
	canvas_text(box, row, 1, 17, cmd->name, strlen(cmd->name), st);
	canvas_clipped(box, row, 19, larger(box->cols - 21 - width, 0),
	    cmd->help, strlen(cmd->help), st, ascii ? '>' : 0x2026, st);
	canvas_str(box, row, box->cols - 1 - width, label, st);
}

bool
palette_draw(struct prompts *p, struct mode *m, struct canvas *c,
    const struct theme *t, bool ascii, int *row, int *col)
{
	struct style st = theme_style(t, STYLE_POPUP);
	struct hit hits[LISTED_MAX];
	int n = list(p, m, hits), rows, top, at;
	struct canvas in;

	rows = n < PALETTE_ROWS ? n : PALETTE_ROWS;
	if (rows > c->rows - 7)
		rows = c->rows - 7;
	popup(c, t, 2, rows + 3 + (n == 0), "Commands", ascii, &in);
	at = 1 + canvas_str(&in, 0, 1, "> ", st);
	canvas_str(&in, 0, at, buf_str(&m->text), st);
	if (n == 0)
		canvas_str(&in, 1, 1, "no such command", st);
	top = m->here >= rows ? m->here - rows + 1 : 0;
	for (int i = 0; i < rows && top + i < n; i++)
		draw_cmd(p, &in, 1 + i, hits[top + i].cmd, theme_style(t,
		    top + i == m->here ? STYLE_POPUP_HERE : STYLE_POPUP),
		    ascii);
	*row = 3;
	*col = (c->cols - in.cols) / 2 + at +
	    (int)utf8_columns(buf_str(&m->text), m->cursor);
	return *col < c->cols;
}

/* A heading, a key and what it does, or just a text. */
struct help_line {
	const char *heading, *key, *text;
	const struct cmd *cmd; /* has the key and the text */
};

/* Keys that panes have for themselves. */
static const struct {
	const char *group, *key, *text;
	int when;
} pane_keys[] = {
	{ "problem", "Space", "a page on; arrows and page keys as well",
	    CMD_LIVE },
	{ "problem", "PgDn", "a page on; arrows up and down as well",
	    CMD_REPLAY },
	{ "files", "Enter", "open the file, or the directory", CMD_LIVE },
	{ "files", "Enter", "open the directory, or close it", CMD_REPLAY },
	{ "files", "n  r  d", "new file, rename, delete", CMD_LIVE },
	{ "tests", "Enter", "show what a case got and what was expected",
	    CMD_BOTH },
	{ "tests", "[  ]", "an older run, a newer one", CMD_BOTH },
	{ "copy mode", "h j k l", "move; w b e 0 ^ $ g G H M L as in vi",
	    CMD_BOTH },
	{ "copy mode", "v  V", "select text, whole lines; o the other end",
	    CMD_BOTH },
	{ "copy mode", "y", "copy what is selected and leave", CMD_BOTH },
	{ "copy mode", "/  ?", "search down, search up; n  N go on", CMD_BOTH },
	{ "copy mode", "q", "leave; Esc too", CMD_BOTH },
	{ "mouse", "click", "go to a pane, a file, a key of the last line",
	    CMD_LIVE },
	{ "mouse", "click", "go to a pane, a time, a key of the last line",
	    CMD_REPLAY },
	{ "mouse", "drag", "move a border; select text", CMD_BOTH },
	{ "mouse", "Shift-drag", "select where a program has the mouse",
	    CMD_LIVE },
};

static void
group(struct help_line *lines, int *n, const char **last, const char *name)
{
	if (strcmp(*last, name) == 0)
		return;
	++*n; /* a blank line */
	lines[(*n)++].heading = *last = name;
}

/* Commands that have a key: all of a live session, or of a replay either its
 * own or those that it shares. */
static void
help_commands(const struct prompts *p, int when, struct help_line *lines,
    int *n, const char **last)
{
	const struct cmd *t;
	char key[32];
	size_t count;
	bool fits;

	t = cmd_table(&count);
	for (size_t i = 0; i < count && *n + 3 < COMMANDS_MAX; i++) {
		keymap_key(p->keys, &t[i], key);
		fits = when == CMD_LIVE ? t[i].when & CMD_LIVE :
		    (int)t[i].when == when;
		if (!fits || key[0] == '\0')
			continue;
		group(lines, n, last, t[i].group);
		lines[(*n)++].cmd = &t[i];
	}
}

static int
help_lines(const struct prompts *p, struct help_line *lines)
{
	static const char *const tips[] = {
		"Your work is saved by itself.",
		KEYMAP_SHELL_TIPS,
		"Keys and colours: ~/.config/viva/config",
		"F12 finds every other command by name.",
	};
	int when = p->replay ? CMD_REPLAY : CMD_LIVE, n = 0;
	const char *last = "";

	for (size_t i = p->replay ? ARRAY_LEN(tips) - 1 : 0;
	    i < ARRAY_LEN(tips); i++)
		lines[n++].text = tips[i];
	/* What only a replay has is looked for first. */
	if (p->replay)
		help_commands(p, CMD_REPLAY, lines, &n, &last);
	help_commands(p, p->replay ? CMD_BOTH : CMD_LIVE, lines, &n, &last);
	for (size_t i = 0; i < ARRAY_LEN(pane_keys); i++) {
		if (!(pane_keys[i].when & when))
			continue;
		group(lines, &n, &last, pane_keys[i].group);
		lines[n].key = pane_keys[i].key;
		lines[n++].text = pane_keys[i].text;
	}
	return n;
}

/* A command's key, and the one that it has in the shell when that is
 * another. */
static void
help_keys(const struct prompts *p, const struct cmd *cmd, char out[88])
{
	char key[32], other[32], label[2][40];

	keymap_key(p->keys, cmd, key);
	keymap_shell_key(p->keys, cmd, other);
	prompt_key_label(key, label[0]);
	prompt_key_label(other, label[1]);
	if (other[0] == '\0' || p->replay || strcmp(key, other) == 0)
		snprintf(out, 88, "%s", label[0]);
	else
		snprintf(out, 88, "%s  %s", label[0], label[1]);
}

static void
draw_help_line(const struct prompts *p, struct canvas *box, int row,
    const struct help_line *l, const struct theme *t, bool ascii)
{
	struct style st = theme_style(t, STYLE_POPUP), strong = st;
	const char *text = l->cmd != NULL ? l->cmd->help : l->text;
	char keys[88];
	int at = 1;

	strong.attr |= ATTR_BOLD;
	if (l->heading != NULL)
		canvas_str(box, row, 1, l->heading, strong);
	if (l->cmd != NULL)
		help_keys(p, l->cmd, keys);
	else
		snprintf(keys, sizeof keys, "%s", l->key != NULL ? l->key :
		    "");
	if (keys[0] != '\0') {
		canvas_text(box, row, 3, 13, keys, strlen(keys), strong);
		at = 17;
	}
	if (text != NULL)
		canvas_clipped(box, row, at, larger(box->cols - at - 1, 0),
		    text, strlen(text), st, ascii ? '>' : 0x2026, st);
}

void
help_draw(struct prompts *p, struct mode *m, struct canvas *c,
    const struct theme *t, bool ascii)
{
	struct style st = theme_style(t, STYLE_POPUP);
	struct help_line lines[LISTED_MAX] = { 0 };
	int n = help_lines(p, lines), rows = c->rows - 2;
	struct canvas in, box;

	if (rows > n + 2)
		rows = n + 2;
	box = popup(c, t, 1, rows, "Help", ascii, &in);
	if (m->top > n - in.rows)
		m->top = n > in.rows ? n - in.rows : 0;
	for (int i = 0; i < in.rows && m->top + i < n; i++)
		draw_help_line(p, &in, i, &lines[m->top + i], t,
		    ascii);
	canvas_printf(&box, box.rows - 1, 2, st, " %sEsc closes ",
	    in.rows >= n ? "" : ascii ? "Up/Down for more   " :
	    "↑ ↓ for more   ");
}
