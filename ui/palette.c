#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "ui/prompt-internal.h"

#define LISTED_MAX 128
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

static struct canvas
popup(struct canvas *c, const struct theme *t, int row, int rows)
{
	int cols = c->cols - 4 < POPUP_COLS ? c->cols - 4 : POPUP_COLS;
	struct canvas box = canvas_sub(c, row, (c->cols - cols) / 2, rows,
	    cols);

	canvas_fill(&box, theme_style(t, STYLE_POPUP));
	return box;
}

static void
draw_cmd(const struct prompts *p, struct canvas *box, int row,
    const struct cmd *cmd, struct style st)
{
	char key[32], label[40];
	int width;

	keymap_key(p->keys, cmd, key);
	prompt_key_label(key, label);
	width = (int)strlen(label);
	canvas_fill_rect(box, row, 0, 1, box->cols, st);
	canvas_text(box, row, 1, 17, cmd->name, strlen(cmd->name), st);
	canvas_text(box, row, 19, box->cols - 21 - width, cmd->help,
	    strlen(cmd->help), st);
	canvas_str(box, row, box->cols - 1 - width, label, st);
}

bool
palette_draw(struct prompts *p, struct mode *m, struct canvas *c,
    const struct theme *t, int *row, int *col)
{
	struct style st = theme_style(t, STYLE_POPUP);
	struct hit hits[LISTED_MAX];
	int n = list(p, m, hits), rows, top;
	struct canvas box;
	int at;

	rows = n < PALETTE_ROWS ? n : PALETTE_ROWS;
	if (rows > c->rows - 5)
		rows = c->rows - 5;
	box = popup(c, t, 2, rows + 1 + (n == 0));
	at = 1 + canvas_str(&box, 0, 1, "> ", st);
	canvas_str(&box, 0, at, buf_str(&m->text), st);
	if (n == 0)
		canvas_str(&box, 1, 1, "no such command", st);
	top = m->here >= rows ? m->here - rows + 1 : 0;
	for (int i = 0; i < rows && top + i < n; i++)
		draw_cmd(p, &box, 1 + i, hits[top + i].cmd, theme_style(t,
		    top + i == m->here ? STYLE_POPUP_HERE : STYLE_POPUP));
	*row = 2;
	*col = (c->cols - box.cols) / 2 + at +
	    (int)utf8_columns(buf_str(&m->text), m->cursor);
	return *col < c->cols;
}

struct help_line {
	const char *heading;
	const struct cmd *cmd;
	const char *text;
};

static int
help_lines(const struct prompts *p, struct help_line *lines)
{
	static const char *const tips[] = {
		"Your work is saved by itself; ^S saves at once.",
		"In the shell only function keys are viva's.",
		"Keys and colours: ~/.config/viva/config",
	};
	int when = p->replay ? CMD_REPLAY : CMD_LIVE, n = 0;
	const char *group = "";
	const struct cmd *t;
	char key[32];
	size_t count;

	if (!p->replay)
		for (size_t i = 0; i < ARRAY_LEN(tips); i++)
			lines[n++].text = tips[i];
	t = cmd_table(&count);
	for (size_t i = 0; i < count && n + 3 < LISTED_MAX; i++) {
		keymap_key(p->keys, &t[i], key);
		if (!(t[i].when & when) || key[0] == '\0')
			continue;
		if (strcmp(t[i].group, group) != 0) {
			n++; /* a blank line */
			lines[n++].heading = group = t[i].group;
		}
		lines[n++].cmd = &t[i];
	}
	n++;
	lines[n++].text = "All other commands are in the palette.";
	return n;
}

static void
draw_help_line(const struct prompts *p, struct canvas *box, int row,
    const struct help_line *l, const struct theme *t)
{
	struct style st = theme_style(t, STYLE_POPUP), strong = st;
	char key[32], label[40];

	strong.attr |= ATTR_BOLD;
	if (l->heading != NULL)
		canvas_str(box, row, 2, l->heading, strong);
	if (l->text != NULL)
		canvas_text(box, row, 2, box->cols - 3, l->text,
		    strlen(l->text), st);
	if (l->cmd == NULL)
		return;
	keymap_key(p->keys, l->cmd, key);
	prompt_key_label(key, label);
	canvas_text(box, row, 4, 14, label, strlen(label), strong);
	canvas_text(box, row, 18, box->cols - 19, l->cmd->help,
	    strlen(l->cmd->help), st);
}

void
help_draw(struct prompts *p, struct mode *m, struct canvas *c,
    const struct theme *t, bool ascii)
{
	struct style st = theme_style(t, STYLE_POPUP), strong = st;
	struct help_line lines[LISTED_MAX] = { 0 };
	int n = help_lines(p, lines), rows = c->rows - 2, view = rows - 4;
	struct canvas box = popup(c, t, 1, rows);

	strong.attr |= ATTR_BOLD;
	if (m->top > n - view)
		m->top = n > view ? n - view : 0;
	canvas_str(&box, 1, 2, "Help", strong);
	for (int i = 0; i < view && m->top + i < n; i++)
		draw_help_line(p, &box, 2 + i, &lines[m->top + i], t);
	canvas_printf(&box, rows - 1, 2, st, "%sEsc closes",
	    m->top + view >= n ? "" : ascii ? "Up/Down for more   " :
	    "↑ ↓ for more   ");
}
