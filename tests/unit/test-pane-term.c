#include "config.h"

#include <locale.h>
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
	struct state state;
	struct theme theme;
	struct pane *pane;
	struct buf log, clip;
};

static void
on_send(void *user, const struct command *c)
{
	struct fix *f = user;

	switch (c->type) {
	case CMD_TERM_INPUT:
		buf_adds(&f->log, "input ");
		buf_add(&f->log, c->data, c->len);
		break;
	case CMD_TERM_RESIZE:
		buf_addf(&f->log, "resize %dx%d", c->rows, c->cols);
		break;
	case CMD_TERM_RESTART:
		buf_adds(&f->log, "restart");
		break;
	case CMD_PASTE:
		buf_addf(&f->log, "paste %s %d", c->text, (int)c->offset);
		break;
	default:
		buf_adds(&f->log, "other");
	}
	buf_addc(&f->log, '|');
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
	(void)user;
	(void)text;
}

static struct fix *
setup(bool read_only)
{
	struct fix *f = xcalloc(1, sizeof *f);
	struct pane_ctx ctx = { .state = &f->state, .theme = &f->theme,
		.send = on_send, .copy = on_copy, .clipboard = on_clipboard,
		.say = on_say, .user = f, .read_only = read_only };

	f->state.vt = vt_create(5, 20, 100);
	f->state.conn = CONN_ONLINE;
	f->theme.styles[STYLE_TEXT] = (struct style){ -1, -1, 0 };
	f->theme.styles[STYLE_SELECTION] = (struct style){ -1, 4, 0 };
	f->theme.styles[STYLE_MATCH] = (struct style){ -1, 3, 0 };
	f->pane = pane_term.create(&ctx);
	pane_term.resize(f->pane, 5, 20);
	buf_clear(&f->log);
	return f;
}

static void
teardown(struct fix *f)
{
	pane_term.destroy(f->pane);
	vt_destroy(f->state.vt);
	buf_free(&f->log);
	buf_free(&f->clip);
	free(f);
}

static void
feed(struct fix *f, const char *s)
{
	vt_write(f->state.vt, s, strlen(s));
}

static enum pane_result
press(struct fix *f, uint32_t code, unsigned mods)
{
	struct key k = { code, mods };

	return pane_term.key(f->pane, &k);
}

static void
type(struct fix *f, const char *s)
{
	for (; *s != '\0'; s++)
		press(f, (unsigned char)*s, 0);
}

static void
expect_log(struct fix *f, const char *want)
{
	assert_string_equal(buf_str(&f->log), want);
	buf_clear(&f->log);
}

static void
expect_top(struct fix *f, const char *want)
{
	struct canvas *c = canvas_create(5, 20);
	struct buf b = { 0 };

	pane_term.draw(f->pane, c, true);
	canvas_dump(c, false, &b);
	b.data[strcspn(b.data, "\n")] = '\0';
	assert_string_equal(b.data, want);
	buf_free(&b);
	canvas_destroy(c);
}

static void
expect_title(struct fix *f, const char *want)
{
	struct buf b = { 0 };

	pane_term.title(f->pane, &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
lines(struct fix *f, int n)
{
	char s[32];

	for (int i = 1; i <= n; i++) {
		snprintf(s, sizeof s, "%sline %d", i > 1 ? "\r\n" : "", i);
		feed(f, s);
	}
}

static void
input_goes_to_the_shell(void **st)
{
	struct fix *f = setup(false);

	(void)st;
	press(f, 'a', 0);
	press(f, KEY_SYM_UP, 0);
	expect_log(f, "input a|input \033[A|");
	feed(f, "\033[?1h\033[?2004h");
	press(f, KEY_SYM_UP, 0);
	pane_term.paste(f->pane, "hi\n", 3);
	expect_log(f, "input \033OA|paste shell 3|"
	    "input \033[200~hi\r\033[201~|");
	pane_term.resize(f->pane, 5, 20);
	pane_term.resize(f->pane, 6, 20);
	expect_log(f, "resize 6x20|");
	teardown(f);
}

static void
scrolled_view_keeps_its_place(void **st)
{
	struct fix *f = setup(false);
	struct mouse up = { MOUSE_WHEEL_UP, 0, 0, 0, 0 };

	(void)st;
	lines(f, 20);
	expect_top(f, "line 16");
	press(f, KEY_SYM_PGUP, MOD_SHIFT);
	expect_top(f, "line 12");
	expect_title(f, "shell \xc2\xb7 4 of 15 lines back");
	feed(f, "\r\nmore\r\nand more");
	expect_top(f, "line 12");
	pane_term.mouse(f->pane, &up);
	expect_top(f, "line 9");
	expect_log(f, "");
	press(f, 'x', 0);
	expect_top(f, "line 18");
	expect_log(f, "input x|");
	teardown(f);
}

static void
mouse_of_programs(void **st)
{
	struct fix *f = setup(false);
	struct mouse click = { MOUSE_PRESS, 1, 2, 3, 0 };
	struct mouse up = { MOUSE_WHEEL_UP, 0, 0, 0, 0 };

	(void)st;
	feed(f, "\033[?1049h");
	pane_term.mouse(f->pane, &up);
	expect_log(f, "input \033[A|input \033[A|input \033[A|");
	feed(f, "\033[?1000h\033[?1006h");
	pane_term.mouse(f->pane, &click);
	expect_log(f, "input \033[<0;4;3M|");
	teardown(f);
}

static void
copying(void **st)
{
	struct fix *f = setup(true);
	struct mouse m = { MOUSE_PRESS, 1, 0, 1, 0 };

	(void)st;
	lines(f, 20);
	pane_term.command(f->pane, "copy-mode", NULL);
	type(f, "g0wvj$y");
	assert_string_equal(buf_str(&f->clip), "1\nline 2");
	pane_term.command(f->pane, "copy-mode", NULL);
	type(f, "?line 7");
	press(f, KEY_SYM_ENTER, 0);
	type(f, "Vy");
	assert_string_equal(buf_str(&f->clip), "line 7\n");
	pane_term.command(f->pane, "find", "LINE");
	type(f, "q");
	pane_term.mouse(f->pane, &m);
	m = (struct mouse){ MOUSE_DRAG, 1, 1, 3, 0 };
	pane_term.mouse(f->pane, &m);
	m.kind = MOUSE_RELEASE;
	pane_term.mouse(f->pane, &m);
	assert_string_equal(buf_str(&f->clip), "ine 16\nline");
	expect_log(f, "");
	teardown(f);
}

/* n and N visit each match once and stop at the ends. */
static void
search_moves_on(void **st)
{
	struct fix *f = setup(false);
	int row, col, shape;

	(void)st;
	feed(f, "ab ab\r\nxx\r\nab");
	pane_term.command(f->pane, "find", "ab");
	pane_term.cursor(f->pane, &row, &col, &shape);
	assert_int_equal(row, 2);
	type(f, "nn");
	pane_term.cursor(f->pane, &row, &col, &shape);
	assert_int_equal(row, 0);
	type(f, "nNNNN");
	pane_term.cursor(f->pane, &row, &col, &shape);
	assert_int_equal(row, 2);
	expect_log(f, "");
	teardown(f);
}

static void
what_the_title_says(void **st)
{
	struct fix *f = setup(false);

	(void)st;
	feed(f, "\033]2;vim a.c\007");
	expect_title(f, "shell \xc2\xb7 vim a.c");
	f->state.conn = CONN_RETRYING;
	f->state.conn_attempt = 2;
	f->state.conn_attempts = 5;
	expect_title(f, "shell \xc2\xb7 vim a.c \xc2\xb7 connection lost, "
	    "retrying 2 of 5");
	f->state.conn = CONN_ONLINE;
	f->state.term_exited = true;
	f->state.term_status = 3;
	expect_title(f, "shell \xc2\xb7 exited with status 3 \xc2\xb7 press "
	    "Enter to start a new shell");
	press(f, 'x', 0);
	press(f, KEY_SYM_ENTER, 0);
	expect_log(f, "restart|");
	teardown(f);
}

static void
watching_never_sends(void **st)
{
	struct fix *f = setup(true);
	struct mouse m = { MOUSE_PRESS, 1, 1, 1, 0 };

	(void)st;
	feed(f, "\033[?1000h");
	press(f, 'a', 0);
	press(f, KEY_SYM_ENTER, 0);
	pane_term.paste(f->pane, "x", 1);
	pane_term.mouse(f->pane, &m);
	pane_term.resize(f->pane, 3, 10);
	f->state.term_exited = true;
	press(f, KEY_SYM_ENTER, 0);
	expect_log(f, "");
	teardown(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(input_goes_to_the_shell),
		cmocka_unit_test(scrolled_view_keeps_its_place),
		cmocka_unit_test(mouse_of_programs),
		cmocka_unit_test(copying),
		cmocka_unit_test(search_moves_on),
		cmocka_unit_test(what_the_title_says),
		cmocka_unit_test(watching_never_sends),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
