#ifndef TESTS_UNIT_PANE_EDIT_FIXTURE_H
#define TESTS_UNIT_PANE_EDIT_FIXTURE_H

/* An editor's pane on a state of its own, with commands applied as the core
 * does.  For the tests that include it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ui/pane.h"

struct fix {
	struct state *state;
	struct theme theme;
	struct clock_fake clock;
	struct pane *pane;
	struct buf clip, said, pastes;
	uint64_t seq;
	int sent, edits;
	char kind[16]; /* of the last edit */
};

static void
apply(struct fix *f, struct event *ev)
{
	ev->seq = ++f->seq;
	ev->t = f->clock.mono;
	state_apply(f->state, ev);
	pane_editor.event(f->pane, ev);
}

/* As the core does. */
static void
on_send(void *user, const struct command *c)
{
	struct fix *f = user;
	struct event ev = { .type = EV_EDIT_CHANGE };

	f->sent++;
	if (c->type == CMD_EDIT) {
		f->edits++;
		snprintf(f->kind, sizeof f->kind, "%s", c->text);
		ev.u.edit.path = c->path;
		ev.u.edit.offset = c->offset;
		ev.u.edit.deleted = c->deleted;
		ev.u.edit.inserted = (struct bytes){ c->data, c->len };
		ev.u.edit.kind = c->text;
	} else if (c->type == CMD_CURSOR) {
		ev.type = EV_EDIT_CURSOR;
		ev.u.cursor.path = c->path;
		ev.u.cursor.offset = c->offset;
		ev.u.cursor.anchor = c->anchor;
		ev.u.cursor.top = c->top;
	} else if (c->type == CMD_FILE_OPEN) {
		ev.type = EV_FILE_OPEN;
		ev.u.file.path = c->path;
	} else {
		assert_int_equal(c->type, CMD_PASTE);
		assert_int_equal(c->offset, c->len);
		buf_addf(&f->pastes, "%s %.*s|", c->text, (int)c->len,
		    c->data);
		return;
	}
	apply(f, &ev);
}

static void
on_copy(void *user, const char *s, size_t n)
{
	struct fix *f = user;

	buf_clear(&f->clip);
	buf_add(&f->clip, s, n);
}

static const char *
on_clipboard(void *user, size_t *n)
{
	struct fix *f = user;

	*n = f->clip.len;
	return buf_str(&f->clip);
}

static void
on_say(void *user, const char *text)
{
	struct fix *f = user;

	buf_clear(&f->said);
	buf_adds(&f->said, text);
}

static inline void
open_file(struct fix *f, const char *path, const char *text)
{
	struct event ev = { .type = EV_FILE_OPEN };

	ev.u.file.path = path;
	if (text != NULL)
		ev.u.file.content = (struct bytes){ text, strlen(text) };
	apply(f, &ev);
}

static inline void
conn(struct fix *f, enum conn st, const char *why)
{
	struct event ev = { .type = EV_CONN_STATE };

	ev.u.conn.state = st;
	ev.u.conn.why = why;
	ev.u.conn.provider = "modal";
	apply(f, &ev);
}

static void
on_key_label(void *user, const char *cmd, char out[40])
{
	(void)user;
	snprintf(out, 40, "%s", strcmp(cmd, "new-sandbox") == 0 ? "F9" : "");
}

static struct fix *
setup_as(const char *path, const char *text, int rows, int cols,
    bool read_only)
{
	struct fix *f = xcalloc(1, sizeof *f);
	struct pane_ctx ctx = { .theme = &f->theme, .clock = &f->clock.base,
		.send = on_send, .copy = on_copy, .clipboard = on_clipboard,
		.say = on_say, .key = on_key_label, .user = f, .read_only = read_only };

	for (int i = 0; i < STYLE_NAMES; i++)
		f->theme.styles[i] = (struct style){ -1, -1, 0 };
	f->theme.styles[STYLE_SELECTION].bg = 4;
	f->theme.styles[STYLE_MATCH].bg = 3;
	clock_fake_init(&f->clock, 1000000, 0);
	f->state = state_create(100);
	ctx.state = f->state;
	f->pane = pane_editor.create(&ctx);
	pane_editor.resize(f->pane, rows, cols);
	if (path != NULL)
		open_file(f, path, text);
	return f;
}

static struct fix *
setup(const char *path, const char *text)
{
	return setup_as(path, text, 6, 20, false);
}

static void
teardown(struct fix *f)
{
	pane_editor.destroy(f->pane);
	state_destroy(f->state);
	buf_free(&f->clip);
	buf_free(&f->said);
	buf_free(&f->pastes);
	free(f);
}

static const struct state_file *
file(const struct fix *f)
{
	return &f->state->files[f->state->current];
}

static enum pane_result
press(struct fix *f, uint32_t code, unsigned mods)
{
	struct key k = { code, mods };

	clock_fake_advance(&f->clock, 1000);
	return pane_editor.key(f->pane, &k);
}

static inline void
times(struct fix *f, int n, uint32_t code, unsigned mods)
{
	while (n-- > 0)
		press(f, code, mods);
}

static void
type(struct fix *f, const char *s)
{
	for (; *s != '\0'; s++)
		press(f, *s == '\n' ? (uint32_t)KEY_SYM_ENTER :
		    *s == '\t' ? (uint32_t)KEY_SYM_TAB : (unsigned char)*s, 0);
}

static void
run(struct fix *f, const char *cmd)
{
	clock_fake_advance(&f->clock, 1000);
	pane_editor.command(f->pane, cmd, NULL);
}

static inline void
run_arg(struct fix *f, const char *cmd, const char *arg)
{
	pane_editor.command(f->pane, cmd, arg);
}

static void
mouse(struct fix *f, enum mouse_kind kind, int row, int col)
{
	struct mouse m = { kind, 1, row, col, 0 };

	clock_fake_advance(&f->clock, 1000);
	pane_editor.mouse(f->pane, &m);
}

static inline void
expect(struct fix *f, const char *want)
{
	struct buf b = { 0 };

	text_append(file(f)->text, 0, text_size(file(f)->text), &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
expect_at(struct fix *f, size_t cursor, size_t anchor)
{
	assert_int_equal(file(f)->cursor, cursor);
	assert_int_equal(file(f)->anchor, anchor);
}

static inline void
expect_said(struct fix *f, const char *want)
{
	assert_string_equal(buf_str(&f->said), want);
	buf_clear(&f->said);
}

static void
dump(struct fix *f, bool style, struct buf *b)
{
	struct canvas *c = canvas_create(f->pane->rows, f->pane->cols);

	pane_editor.draw(f->pane, c, true);
	canvas_dump(c, style, b);
	canvas_destroy(c);
}

static void
expect_screen(struct fix *f, const char *want)
{
	struct buf b = { 0 };

	dump(f, false, &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

/* The styles of a row, by the letters of a dump. */
static inline void
expect_styles(struct fix *f, int row, const char *want)
{
	struct buf b = { 0 };
	const char *s;

	dump(f, true, &b);
	s = buf_str(&b);
	for (int i = 0; i < f->pane->rows + row; i++)
		s = strchr(s, '\n') + 1;
	assert_int_equal(strcspn(s, "\n"), strlen(want));
	assert_memory_equal(s, want, strlen(want));
	buf_free(&b);
}

static void
expect_cursor(struct fix *f, int row, int col)
{
	int r = -1, c = -1, shape = -1;

	assert_true(pane_editor.cursor(f->pane, &r, &c, &shape));
	assert_int_equal(r, row);
	assert_int_equal(c, col);
	assert_int_equal(shape, f->pane->ctx.read_only ? 0 : 6);
}

static inline void
expect_title(struct fix *f, const char *want)
{
	struct buf b = { 0 };

	pane_editor.title(f->pane, &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static inline char *
numbered(int n)
{
	struct buf b = { 0 };

	for (int i = 1; i <= n; i++)
		buf_addf(&b, "line %d%s", i, i < n ? "\n" : "");
	return buf_take(&b);
}

#endif
