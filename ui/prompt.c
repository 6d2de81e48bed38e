#include "config.h"

#include "ui/prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "ui/prompt-internal.h"

#define LINE_MAX_BYTES 4096

struct prompts *
prompts_create(const struct keymap *keys, bool replay)
{
	struct prompts *p = xcalloc(1, sizeof *p);

	p->keys = keys;
	p->replay = replay;
	return p;
}

static void
mode_free(struct mode *m)
{
	free(m->label);
	buf_free(&m->text);
	memset(m, 0, sizeof *m);
}

void
prompts_destroy(struct prompts *p)
{
	if (p == NULL)
		return;
	while (p->n > 0)
		mode_free(&p->modes[--p->n]);
	free(p);
}

static struct mode *
push(struct prompts *p, enum mode_kind kind, const char *label)
{
	struct mode *m;

	/* The same mode twice would only hide itself. */
	if (p->n > 0 && (p->n == MODES_MAX || p->modes[p->n - 1].kind == kind))
		mode_free(&p->modes[--p->n]);
	m = &p->modes[p->n++];
	memset(m, 0, sizeof *m);
	m->kind = kind;
	m->label = xstrdup(label);
	return m;
}

void
prompts_ask(struct prompts *p, const char *question, prompt_yes_fn fn,
    void *user)
{
	struct mode *m = push(p, MODE_ASK, question);

	m->yes = fn;
	m->user = user;
}

void
prompts_line(struct prompts *p, const char *label, prompt_text_fn fn,
    void *user)
{
	struct mode *m = push(p, MODE_LINE, label);

	m->done = fn;
	m->user = user;
}

void
prompts_palette(struct prompts *p, prompt_text_fn fn, void *user)
{
	struct mode *m = push(p, MODE_PALETTE, "");

	m->done = fn;
	m->user = user;
}

void
prompts_help(struct prompts *p)
{
	push(p, MODE_HELP, "");
}

bool
prompts_active(const struct prompts *p)
{
	return p->n > 0;
}

bool
prompts_on_line(const struct prompts *p)
{
	return p->n > 0 && (p->modes[p->n - 1].kind == MODE_ASK ||
	    p->modes[p->n - 1].kind == MODE_LINE);
}

/* The mode is gone before its answer is given, which may open another. */
static void
finish(struct prompts *p, bool yes, const char *text)
{
	struct mode m = p->modes[--p->n];
	char *copy = text != NULL ? xstrdup(text) : NULL;

	if (m.yes != NULL)
		m.yes(m.user, yes);
	if (m.done != NULL)
		m.done(m.user, copy);
	free(copy);
	mode_free(&m);
}

static void
insert(struct mode *m, const char *s, size_t n)
{
	struct buf b = { 0 };

	if (m->text.len + n > LINE_MAX_BYTES)
		return;
	buf_add(&b, buf_str(&m->text), m->cursor);
	buf_add(&b, s, n);
	buf_adds(&b, buf_str(&m->text) + m->cursor);
	buf_free(&m->text);
	m->text = b;
	m->cursor += n;
	m->here = m->top = 0;
}

static size_t
previous(const struct mode *m)
{
	size_t at = m->cursor;

	while (at > 0 && (m->text.data[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t
next(const struct mode *m)
{
	size_t at = m->cursor;

	if (at < m->text.len)
		at++;
	while (at < m->text.len && (m->text.data[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static void
erase(struct mode *m, size_t from, size_t to)
{
	if (from >= to)
		return;
	memmove(m->text.data + from, m->text.data + to, m->text.len - to);
	m->text.len -= to - from;
	m->text.data[m->text.len] = '\0';
	m->cursor = from;
	m->here = m->top = 0;
}

static void
edit_control(struct mode *m, uint32_t code)
{
	if (code == 'u')
		erase(m, 0, m->cursor);
	else if (code == 'k')
		erase(m, m->cursor, m->text.len);
	else if (code == 'a')
		m->cursor = 0;
	else if (code == 'e')
		m->cursor = m->text.len;
	else if (code == 'h')
		erase(m, previous(m), m->cursor);
}

static void
edit_key(struct mode *m, const struct key *k)
{
	char utf8[4];

	if (k->code == KEY_SYM_BACKSPACE)
		erase(m, previous(m), m->cursor);
	else if (k->code == KEY_SYM_DELETE)
		erase(m, m->cursor, next(m));
	else if (k->code == KEY_SYM_LEFT)
		m->cursor = previous(m);
	else if (k->code == KEY_SYM_RIGHT)
		m->cursor = next(m);
	else if (k->code == KEY_SYM_HOME)
		m->cursor = 0;
	else if (k->code == KEY_SYM_END)
		m->cursor = m->text.len;
	else if (k->mods & MOD_CTRL)
		edit_control(m, k->code);
	else if (k->code < KEY_SYM_BASE && !(k->mods & MOD_ALT))
		insert(m, utf8, utf8_encode(k->code, utf8));
}

static bool
is_escape(const struct key *k)
{
	return k->code == KEY_SYM_ESCAPE ||
	    (k->mods == MOD_CTRL && (k->code == 'c' || k->code == 'g'));
}

/* How far a key moves in a list; 0: it does not. */
static int
list_step(const struct key *k)
{
	static const struct { uint32_t code; int by; } steps[] = {
		{ KEY_SYM_UP, -1 }, { KEY_SYM_DOWN, 1 },
		{ KEY_SYM_PGUP, -10 }, { KEY_SYM_PGDN, 10 },
	};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (steps[i].code == k->code)
			return steps[i].by;
	if (k->mods == MOD_CTRL && (k->code == 'n' || k->code == 'p'))
		return k->code == 'n' ? 1 : -1;
	return 0;
}

static void
key_ask(struct prompts *p, const struct key *k)
{
	if (k->code == 'y' || k->code == 'Y')
		finish(p, true, NULL);
	else if (k->code == 'n' || k->code == 'N' || is_escape(k))
		finish(p, false, NULL);
}

static void
key_help(struct prompts *p, struct mode *m, const struct key *k)
{
	int by = list_step(k);

	if (by == 0 && k->code == ' ')
		by = 10;
	if (by != 0)
		m->top = m->top + by > 0 ? m->top + by : 0;
	else if (k->code == KEY_SYM_HOME)
		m->top = 0;
	else if (is_escape(k) || k->code == 'q' ||
	    k->code == KEY_SYM_ENTER ||
	    (k->code >= KEY_SYM_F1 && k->code <= KEY_SYM_F24))
		finish(p, false, NULL);
}

static void
key_palette(struct prompts *p, struct mode *m, const struct key *k)
{
	const struct cmd *c;
	int by = list_step(k);

	if (is_escape(k) || k->code == KEY_SYM_F1 + 11) {
		finish(p, false, NULL);
	} else if (k->code == KEY_SYM_ENTER) {
		c = palette_chosen(p, m);
		finish(p, false, c != NULL ? c->name : NULL);
	} else if (by != 0) {
		palette_move(p, m, by);
	} else {
		edit_key(m, k);
	}
}

void
prompts_key(struct prompts *p, const struct key *k)
{
	struct mode *m = &p->modes[p->n - 1];

	switch (m->kind) {
	case MODE_ASK:
		key_ask(p, k);
		break;
	case MODE_LINE:
		if (is_escape(k))
			finish(p, false, NULL);
		else if (k->code == KEY_SYM_ENTER)
			finish(p, true, buf_str(&m->text));
		else
			edit_key(m, k);
		break;
	case MODE_PALETTE:
		key_palette(p, m, k);
		break;
	case MODE_HELP:
		key_help(p, m, k);
		break;
	}
}

void
prompts_paste(struct prompts *p, const char *s, size_t n)
{
	struct mode *m = &p->modes[p->n - 1];
	size_t len = strcspn(s, "\r\n");

	if (len > n)
		len = n;
	if ((m->kind == MODE_LINE || m->kind == MODE_PALETTE) &&
	    utf8_valid(s, len))
		insert(m, s, len);
}

void
prompts_wheel(struct prompts *p, int dir)
{
	struct mode *m = &p->modes[p->n - 1];

	if (m->kind == MODE_HELP)
		m->top = m->top + 3 * dir > 0 ? m->top + 3 * dir : 0;
	else if (m->kind == MODE_PALETTE)
		palette_move(p, m, dir);
}

/* The question goes before its end does: y/n must be seen. */
static void
draw_ask(struct mode *m, struct canvas *c, int row, struct style st,
    bool ascii, int *col)
{
	static const char answers[] = "  y/n ";
	int room = c->cols - 1 - (int)strlen(answers);
	int at = (int)utf8_columns(m->label, strlen(m->label));

	if (room < 0)
		room = 0;
	if (at > room)
		at = room;
	canvas_clipped(c, row, 1, room, m->label, strlen(m->label), st,
	    ascii ? '>' : 0x2026, st);
	at += 1 + canvas_str(c, row, 1 + at, answers, st);
	*col = at < c->cols ? at : c->cols - 1;
}

static void
draw_line(struct mode *m, struct canvas *c, int row, struct style st,
    int *col)
{
	static const char keys[] = "Enter accept  Esc cancel ";
	int at = 1 + canvas_str(c, row, 1, m->label, st), room, used;
	size_t skip = 0;

	at += canvas_str(c, row, at, ": ", st);
	room = c->cols - at - 1;
	while (skip < m->cursor && (int)utf8_columns(buf_str(&m->text) + skip,
	    m->cursor - skip) > room)
		skip++;
	while (skip < m->text.len && (m->text.data[skip] & 0xc0) == 0x80)
		skip++;
	used = canvas_str(c, row, at, buf_str(&m->text) + skip, st);
	*col = at + (m->cursor > skip ? (int)utf8_columns(buf_str(&m->text) +
	    skip, m->cursor - skip) : 0);
	if (room - used > (int)strlen(keys))
		canvas_str(c, row, c->cols - (int)strlen(keys), keys, st);
}

static void
draw_bar(struct mode *m, struct canvas *c, const struct theme *t, bool ascii,
    int *row, int *col)
{
	struct style st = theme_style(t, STYLE_POPUP_HERE);

	*row = c->rows - 1;
	canvas_fill_rect(c, *row, 0, 1, c->cols, st);
	if (m->kind == MODE_ASK)
		draw_ask(m, c, *row, st, ascii, col);
	else
		draw_line(m, c, *row, st, col);
}

bool
prompts_draw_line(struct prompts *p, struct canvas *c, const struct theme *t,
    bool ascii, int *row, int *col)
{
	draw_bar(&p->modes[p->n - 1], c, t, ascii, row, col);
	return true;
}

bool
prompts_draw(struct prompts *p, struct canvas *c, const struct theme *t,
    bool ascii, int *row, int *col)
{
	bool cursor = false;
	struct mode *m;

	for (int i = 0; i < p->n; i++) {
		m = &p->modes[i];
		cursor = true;
		if (m->kind == MODE_PALETTE) {
			cursor = palette_draw(p, m, c, t, ascii, row,
			    col);
		} else if (m->kind == MODE_HELP) {
			help_draw(p, m, c, t, ascii);
			cursor = false;
		} else {
			draw_bar(m, c, t, ascii, row, col);
		}
	}
	return cursor;
}

void
prompt_key_label(const char *name, char out[40])
{
	if (strncmp(name, "C-", 2) == 0 && name[2] >= 'a' && name[2] <= 'z' &&
	    name[3] == '\0')
		snprintf(out, 40, "^%c", name[2] - 'a' + 'A');
	else if (strncmp(name, "M-", 2) == 0)
		snprintf(out, 40, "Alt-%.30s", name + 2);
	else if (strncmp(name, "S-", 2) == 0)
		snprintf(out, 40, "Shift-%.30s", name + 2);
	else
		snprintf(out, 40, "%.30s", name);
}
