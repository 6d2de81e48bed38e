#include "config.h"

#include "ui/pane-edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define INPUT_MAX 200

const char *
edit_ask_label(const struct edit_pane *e)
{
	return e->ask == ASK_LINE ? "Line: " : "Find: ";
}

const struct buf *
edit_needle(const struct edit_pane *e)
{
	return e->ask == ASK_FIND && e->input.len > 0 ? &e->input : NULL;
}

bool
edit_needle_icase(const struct buf *needle)
{
	for (size_t i = 0; i < needle->len; i++)
		if (needle->data[i] >= 'A' && needle->data[i] <= 'Z')
			return false;
	return true;
}

void
edit_ask_leave(struct edit_pane *e)
{
	e->ask = ASK_NONE;
	buf_clear(&e->input);
}

/* Shows the next match from a place on; the needle is what was asked for
 * last. */
static bool
find_from(struct edit_pane *e, size_t from, bool back)
{
	const struct buf *n = &e->needle;
	bool icase = edit_needle_icase(n);
	struct edit_view v;
	size_t at;

	if (n->len == 0 || !edit_look(e, &v))
		return false;
	at = back ? text_find_back(v.text, from, n->data, n->len, icase) :
	    text_find(v.text, from, n->data, n->len, icase);
	if (at == EDIT_NONE) {
		at = back ? text_find_back(v.text, text_size(v.text) + 1,
		    n->data, n->len, icase) :
		    text_find(v.text, 0, n->data, n->len, icase);
		if (at != EDIT_NONE)
			edit_say(e, "the search went on from the %s",
			    back ? "end" : "start");
	}
	if (at == EDIT_NONE) {
		edit_say(e, "not found: %s", n->data);
		return false;
	}
	edit_reveal(e, at + n->len, at);
	return true;
}

static void
find_again(struct edit_pane *e, bool back)
{
	struct edit_view v;
	size_t from, to;

	if (edit_look(e, &v)) {
		edit_selection(&v, &from, &to);
		find_from(e, back ? from : to, back);
	}
}

static void
go_home(struct edit_pane *e)
{
	e->follow = true;
	e->goal = EDIT_NONE;
	edit_set_top(e, e->home.cursor, e->home.anchor, e->home.top);
}

/* As the needle is typed, from where the search began. */
static void
find_typed(struct edit_pane *e)
{
	size_t from = e->home.cursor < e->home.anchor ? e->home.cursor :
	    e->home.anchor;

	if (e->input.len > 0) {
		buf_clear(&e->needle);
		buf_add(&e->needle, e->input.data, e->input.len);
	}
	if (e->input.len == 0 || !find_from(e, from, false))
		go_home(e);
}

static void
ask(struct edit_pane *e, enum edit_ask what)
{
	struct edit_view v;

	if (!edit_look(e, &v))
		return;
	e->home = v.at;
	e->ask = what;
	buf_clear(&e->input);
}

void
edit_find(struct edit_pane *e, const char *text)
{
	if (text != NULL && text[0] != '\0') {
		edit_ask_leave(e);
		buf_clear(&e->needle);
		buf_add(&e->needle, text, strnlen(text, INPUT_MAX));
		find_again(e, false);
	} else if (e->ask == ASK_FIND) {
		edit_find_next(e);
	} else {
		ask(e, ASK_FIND);
	}
}

void
edit_find_next(struct edit_pane *e)
{
	if (e->needle.len == 0 && e->ask != ASK_FIND)
		ask(e, ASK_FIND);
	else
		find_again(e, false);
}

void
edit_goto(struct edit_pane *e, const char *text)
{
	struct edit_view v;
	unsigned long line;
	size_t off;
	char *end;

	if (text == NULL || text[0] == '\0') {
		ask(e, ASK_LINE);
		return;
	}
	line = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0') {
		edit_say(e, "not the number of a line: %s", text);
		return;
	}
	if (!edit_look(e, &v))
		return;
	if (line > text_lines(v.text))
		line = text_lines(v.text);
	off = text_line_start(v.text, line > 0 ? line - 1 : 0);
	edit_reveal(e, off, off);
}

static void
answer(struct edit_pane *e)
{
	enum edit_ask what = e->ask;
	char *text = buf_take(&e->input);

	edit_ask_leave(e);
	if (what == ASK_LINE && text != NULL && text[0] != '\0')
		edit_goto(e, text);
	else if (what == ASK_FIND && (text == NULL || text[0] == '\0') &&
	    e->needle.len > 0)
		find_again(e, false);
	free(text);
}

static void
input_changed(struct edit_pane *e)
{
	if (e->ask == ASK_FIND)
		find_typed(e);
}

static void
input_add(struct edit_pane *e, const char *s, size_t n)
{
	if (e->input.len + n > INPUT_MAX || n == 0)
		return;
	buf_add(&e->input, s, n);
	input_changed(e);
}

static void
input_cut(struct edit_pane *e, bool all)
{
	struct buf *b = &e->input;

	if (b->len == 0)
		return;
	do
		b->len--;
	while (b->len > 0 && (all || (b->data[b->len] & 0xc0) == 0x80));
	b->data[b->len] = '\0';
	input_changed(e);
}

void
edit_ask_paste(struct edit_pane *e, const char *s, size_t n)
{
	size_t k = 0;

	while (k < n && (unsigned char)s[k] >= 0x20 && s[k] != 0x7f)
		k++;
	if (utf8_valid(s, k))
		input_add(e, s, k);
}

void
edit_ask_key(struct edit_pane *e, const struct key *k)
{
	bool find = e->ask == ASK_FIND;
	char utf8[4];

	if (k->code == KEY_SYM_ENTER) {
		answer(e);
	} else if (k->code == KEY_SYM_ESCAPE) {
		go_home(e);
		edit_ask_leave(e);
	} else if (k->code == KEY_SYM_BACKSPACE) {
		input_cut(e, (k->mods & MOD_CTRL) != 0);
	} else if (k->code == 'u' && k->mods == MOD_CTRL) {
		input_cut(e, true);
	} else if (find && (k->code == KEY_SYM_UP ||
	    k->code == KEY_SYM_DOWN)) {
		find_again(e, k->code == KEY_SYM_UP);
	} else if (edit_printable(k) && (find || (k->code >= '0' &&
	    k->code <= '9'))) {
		input_add(e, utf8, utf8_encode(k->code, utf8));
	}
}
