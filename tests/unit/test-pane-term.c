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
	struct clock_fake clock;
	struct pane *pane;
	struct buf log, clip;
	int64_t rtt; /* of the link to the sandbox; 0: there is none */
	unsigned hurries;
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
	case CMD_TERM_REPLY:
		buf_adds(&f->log, "reply ");
		buf_add(&f->log, c->data, c->len);
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

static bool
on_link(void *user, struct sandbox_link *link)
{
	struct fix *f = user;

	memset(link, 0, sizeof *link);
	link->rtt_us = f->rtt;
	return f->rtt > 0;
}

static void
on_hurry(void *user)
{
	((struct fix *)user)->hurries++;
}

static struct fix *
setup(bool read_only)
{
	struct fix *f = xcalloc(1, sizeof *f);
	struct pane_ctx ctx = { .state = &f->state, .theme = &f->theme,
		.send = on_send, .copy = on_copy, .clipboard = on_clipboard,
		.say = on_say, .link = on_link, .hurry = on_hurry, .user = f,
		.read_only = read_only,
		.clock = &f->clock.base };

	clock_fake_init(&f->clock, 1000000, 0);
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
expect_hint(struct fix *f, bool focused, const char *want)
{
	struct buf b = { 0 };

	pane_term.hint(f->pane, focused, &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
expect_cursor(struct fix *f, int row, int col)
{
	int r, c, shape;

	assert_true(pane_term.cursor(f->pane, &r, &c, &shape));
	assert_int_equal(r, row);
	assert_int_equal(c, col);
}

/* The columns that a row has in another background than the text. */
static void
expect_marked(struct fix *f, int row, const char *want)
{
	struct canvas *c = canvas_create(5, 20);
	char got[21] = "";

	pane_term.draw(f->pane, c, true);
	for (int i = 0; i < 20; i++)
		got[i] = c->cells[row * c->stride + i].style.bg != -1 ? '#' :
		    '.';
	assert_string_equal(got, want);
	canvas_destroy(c);
}

static void
run(struct fix *f, const char *cmd)
{
	assert_int_equal(pane_term.command(f->pane, cmd, NULL), PANE_HANDLED);
}

static void
mouse(struct fix *f, enum mouse_kind kind, int button, int row, int col,
    unsigned mods)
{
	struct mouse m = { kind, button, row, col, mods };

	pane_term.mouse(f->pane, &m);
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

/* Only what asked for it is told of a mouse without a button. */
static void
hover_of_programs(void **st)
{
	struct fix *f = setup(false);

	(void)st;
	feed(f, "\033[?1002h\033[?1006h");
	assert_false(pane_term.hover(f->pane));
	mouse(f, MOUSE_HOVER, 0, 2, 3, 0);
	expect_log(f, "");
	feed(f, "\033[?1003h");
	assert_true(pane_term.hover(f->pane));
	mouse(f, MOUSE_HOVER, 0, 2, 3, 0);
	mouse(f, MOUSE_HOVER, 0, 0, 0, MOD_ALT | MOD_CTRL);
	expect_log(f, "input \033[<35;4;3M|input \033[<59;1;1M|");
	/* With Shift the mouse is ours, and then hovers over nothing. */
	mouse(f, MOUSE_HOVER, 0, 2, 3, MOD_SHIFT);
	expect_log(f, "");
	feed(f, "\033[?1006l");
	mouse(f, MOUSE_HOVER, 0, 2, 3, MOD_CTRL);
	expect_log(f, "input \033[MS$#|");
	feed(f, "\033[?1015h");
	mouse(f, MOUSE_HOVER, 0, 2, 3, MOD_CTRL);
	expect_log(f, "input \033[83;4;3M|");
	run(f, "copy-mode");
	assert_false(pane_term.hover(f->pane));
	mouse(f, MOUSE_HOVER, 0, 2, 3, 0);
	expect_log(f, "");
	run(f, "copy-mode");
	assert_true(pane_term.hover(f->pane));
	f->state.term_exited = true;
	assert_false(pane_term.hover(f->pane));
	f->state.term_exited = false;
	feed(f, "\033[?1003l");
	assert_false(pane_term.hover(f->pane));
	teardown(f);
	f = setup(true);
	feed(f, "\033[?1003h");
	assert_false(pane_term.hover(f->pane)); /* a replay */
	teardown(f);
}

/* Who got the press gets the release, wherever the mouse and Shift are. */
static void
drags_end_where_they_began(void **st)
{
	struct fix *f = setup(false);

	(void)st;
	feed(f, "one two\033[?1002h\033[?1006h");
	mouse(f, MOUSE_PRESS, 1, 0, 0, 0);
	mouse(f, MOUSE_DRAG, 1, -3, 30, MOD_SHIFT);
	mouse(f, MOUSE_RELEASE, 1, 9, -2, 0);
	expect_log(f, "input \033[<0;1;1M|input \033[<36;20;1M|"
	    "input \033[<0;1;5m|");
	mouse(f, MOUSE_PRESS, 1, 0, 4, MOD_SHIFT);
	mouse(f, MOUSE_DRAG, 1, 0, 6, 0);
	mouse(f, MOUSE_RELEASE, 1, 0, 6, 0);
	expect_log(f, "");
	assert_string_equal(buf_str(&f->clip), "two");
	expect_marked(f, 0, "....###.............");
	expect_hint(f, true, "Shift-drag selects");
	teardown(f);
}

static void
click(struct fix *f, int row, int col)
{
	mouse(f, MOUSE_PRESS, 1, row, col, 0);
	mouse(f, MOUSE_RELEASE, 1, row, col, 0);
}

static void
clicks_select_words_and_lines(void **st)
{
	struct fix *f = setup(false);

	(void)st;
	feed(f, "see (a/b.c:3) \xe4\xb8\xad\xe4\xb8\xad\r\nnext");
	click(f, 0, 6);
	assert_int_equal(f->clip.len, 0);
	click(f, 0, 6);
	assert_string_equal(buf_str(&f->clip), "a/b.c:3");
	click(f, 0, 6);
	assert_string_equal(buf_str(&f->clip), "see (a/b.c:3) "
	    "\xe4\xb8\xad\xe4\xb8\xad\n");
	clock_fake_advance(&f->clock, 500000);
	click(f, 0, 17);
	click(f, 0, 17);
	assert_string_equal(buf_str(&f->clip),
	    "\xe4\xb8\xad\xe4\xb8\xad");
	click(f, 1, 1);
	clock_fake_advance(&f->clock, 500000);
	click(f, 1, 1);
	assert_string_equal(buf_str(&f->clip),
	    "\xe4\xb8\xad\xe4\xb8\xad");
	click(f, 1, 1);
	assert_string_equal(buf_str(&f->clip), "next");
	mouse(f, MOUSE_PRESS, 2, 1, 1, 0);
	expect_log(f, "paste shell 4|input next|");
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
matches_go_on_in_the_next_row(void **st)
{
	struct fix *f = setup(false);

	(void)st;
	feed(f, "0123456789abcdef need le");
	pane_term.command(f->pane, "find", "need");
	expect_marked(f, 0, ".................###");
	expect_marked(f, 1, "#...................");
	teardown(f);
}

static void
moving_in_copy_mode(void **st)
{
	struct fix *f = setup(false);

	(void)st;
	lines(f, 20);
	feed(f, "\r\n  ab cd");
	run(f, "copy-mode");
	type(f, "0e");
	expect_cursor(f, 4, 3);
	type(f, "e");
	expect_cursor(f, 4, 6);
	type(f, "^");
	expect_cursor(f, 4, 2);
	type(f, "vko");
	expect_cursor(f, 4, 2);
	type(f, "ovH");
	expect_cursor(f, 0, 0);
	expect_top(f, "line 17");
	type(f, "M");
	expect_cursor(f, 2, 0);
	type(f, "L");
	expect_cursor(f, 4, 0);
	/* The view moves, and the cursor with it. */
	press(f, 'y', MOD_CTRL);
	expect_top(f, "line 16");
	expect_cursor(f, 4, 0);
	mouse(f, MOUSE_WHEEL_UP, 0, 0, 0, 0);
	expect_top(f, "line 13");
	expect_cursor(f, 4, 0);
	mouse(f, MOUSE_WHEEL_DOWN, 0, 0, 0, 0);
	expect_cursor(f, 1, 0);
	press(f, 'e', MOD_CTRL);
	expect_cursor(f, 0, 0);
	expect_log(f, "");
	teardown(f);
}

/* A frozen view of a full-screen program takes the wheel for itself. */
static void
copy_mode_on_the_other_screen(void **st)
{
	struct fix *f = setup(false);

	(void)st;
	lines(f, 9);
	feed(f, "\033[?1049h\033[Hfull");
	assert_int_equal(pane_term.command(f->pane, "scroll-up", NULL),
	    PANE_IGNORED);
	press(f, KEY_SYM_PGUP, MOD_SHIFT);
	expect_log(f, "input \033[5;2~|");
	run(f, "copy-mode");
	mouse(f, MOUSE_WHEEL_UP, 0, 0, 0, 0);
	type(f, "ggV");
	press(f, KEY_SYM_ENTER, 0);
	assert_string_equal(buf_str(&f->clip), "full\n");
	expect_log(f, "");
	teardown(f);
}

static void
commands_scroll_and_clear(void **st)
{
	struct fix *f = setup(false);

	(void)st;
	lines(f, 20);
	run(f, "scroll-up");
	expect_top(f, "line 12");
	run(f, "scroll-down");
	expect_top(f, "line 16");
	run(f, "scroll-top");
	expect_top(f, "line 1");
	run(f, "scroll-bottom");
	expect_top(f, "line 16");
	buf_adds(&f->clip, "echo");
	run(f, "shell-paste");
	expect_log(f, "paste shell 4|input echo|");
	pane_term.command(f->pane, "shell-find", "line 1");
	expect_cursor(f, 3, 0);
	run(f, "shell-find-next");
	expect_cursor(f, 2, 0);
	run(f, "shell-find-back");
	expect_cursor(f, 3, 0);
	run(f, "scroll-bottom");
	expect_log(f, "");
	/* What was cleared is not there to scroll to, nor to be found. */
	run(f, "shell-clear");
	expect_log(f, "input \014|");
	feed(f, "\033[H\033[2Jnew");
	run(f, "scroll-top");
	expect_top(f, "new");
	expect_title(f, "shell");
	pane_term.command(f->pane, "find", "line");
	expect_cursor(f, 0, 3);
	type(f, "q");
	lines(f, 8);
	run(f, "scroll-top");
	expect_title(f, "shell \xc2\xb7 3 of 3 lines back");
	teardown(f);
}

/* Whoever does not see the live screen sees that, and how to get back. */
static void
the_way_back_is_shown(void **st)
{
	struct fix *f = setup(false);

	(void)st;
	expect_hint(f, true, "");
	lines(f, 20);
	feed(f, "\033]2;the program's own\007");
	expect_hint(f, true, "Shift-PgUp scrolls back");
	expect_hint(f, false, "");
	press(f, KEY_SYM_PGUP, MOD_SHIFT);
	expect_title(f, "shell \xc2\xb7 4 of 15 lines back");
	expect_hint(f, true, "any key back");
	f->pane->cols = 96;
	expect_hint(f, true, "Shift-PgDn on  any key back");
	run(f, "copy-mode");
	expect_title(f, "shell \xc2\xb7 copy \xc2\xb7 4 of 15 lines back");
	expect_hint(f, true, "v select  y copy  ? search  q back");
	f->pane->cols = 20;
	expect_hint(f, true, "q back");
	type(f, "?");
	expect_hint(f, true, "Enter searches  Esc gives up");
	press(f, KEY_SYM_ESCAPE, 0);
	type(f, "q");
	expect_title(f, "shell \xc2\xb7 the program's own");
	teardown(f);
}

static void
programs_are_told_of_the_focus(void **st)
{
	struct fix *f = setup(false);
	struct event out = { .type = EV_FOCUS_OUT };
	struct event in = { .type = EV_FOCUS_IN };

	(void)st;
	pane_term.focus(f->pane, true);
	expect_log(f, "");
	feed(f, "\033[?1004h");
	pane_term.event(f->pane, &out);
	pane_term.event(f->pane, &in);
	pane_term.focus(f->pane, false);
	expect_log(f, "reply \033[O|reply \033[I|reply \033[O|");
	/* The terminal's focus is none of a pane's without the keyboard. */
	pane_term.event(f->pane, &out);
	pane_term.event(f->pane, &in);
	expect_log(f, "");
	pane_term.focus(f->pane, true);
	expect_log(f, "reply \033[I|");
	teardown(f);
}

static void
what_the_title_says(void **st)
{
	struct fix *f = setup(false);

	(void)st;
	f->state.conn = CONN_STARTING;
	expect_title(f, "shell \xc2\xb7 starting");
	f->state.conn_why = (char *)"building the image: Step 2/3";
	expect_title(f, "shell \xc2\xb7 building the image: Step 2/3");
	f->state.conn = CONN_ONLINE;
	f->state.conn_why = NULL;
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

/* Output as the core tells of it, a round trip later. */
static void
comes(struct fix *f, const char *text)
{
	struct event ev = { .type = EV_TERM_OUTPUT };

	clock_fake_advance(&f->clock, f->rtt);
	feed(f, text);
	pane_term.event(f->pane, &ev);
}

static void
expect_first_row(struct fix *f, const char *text, int cursor, bool underlined)
{
	struct canvas *c = canvas_create(5, 20);
	struct buf got = { 0 };
	int row, col, shape, last = (int)strlen(text) - 1;

	pane_term.draw(f->pane, c, true);
	canvas_dump(c, false, &got);
	assert_memory_equal(buf_str(&got), text, strlen(text));
	assert_int_equal(buf_str(&got)[strlen(text)], '\n');
	assert_int_equal((c->cells[last].style.attr & ATTR_UNDERLINE) != 0,
	    underlined);
	assert_true(pane_term.cursor(f->pane, &row, &col, &shape));
	assert_int_equal(col, cursor);
	canvas_destroy(c);
	buf_free(&got);
}

static void
echo_is_predicted_on_a_slow_link(void **state)
{
	struct fix *f = setup(false);

	(void)state;
	f->rtt = 150000;
	comes(f, "$ ");
	type(f, "l");
	assert_int_equal(f->hurries, 0);
	expect_first_row(f, "$", 2, false);
	comes(f, "l");
	type(f, "s");
	assert_int_equal(f->hurries, 1); /* at once, and not with the echo */
	expect_first_row(f, "$ ls", 4, true);
	comes(f, "s");
	expect_first_row(f, "$ ls", 4, false);
	teardown(f);
}

static void
echo_is_not_predicted_on_a_fast_link(void **state)
{
	struct fix *f = setup(false);

	(void)state;
	f->rtt = 20000; /* the echo is soon enough */
	comes(f, "$ ");
	type(f, "l");
	comes(f, "l");
	type(f, "s");
	assert_int_equal(f->hurries, 0);
	expect_first_row(f, "$ l", 3, false);
	teardown(f);
}

/* Drawn on what was drawn before, the screen is as if drawn anew. */
static int
expect_updated(struct fix *f, struct canvas *kept)
{
	struct canvas *anew = canvas_create(kept->rows, kept->cols);
	struct buf a = { 0 }, b = { 0 };
	int from = 0, to = -1;
	bool updated = pane_term.update(f->pane, kept, &from, &to);

	if (!updated)
		pane_term.draw(f->pane, kept, true);
	canvas_dump(kept, true, &a);
	pane_term.draw(f->pane, anew, true);
	canvas_dump(anew, true, &b);
	assert_string_equal(buf_str(&a), buf_str(&b));
	buf_free(&a);
	buf_free(&b);
	canvas_destroy(anew);
	return updated ? to - from + 1 : -1;
}

static void
rows_alone_are_drawn_anew(void **state)
{
	static const char *const parts[] = { "a", "bcd", "\r\n", "\033[H",
		"\033[3;2H", "\033[44m", "\033[m", "\033[J", "\033M",
		"\xe4\xb8\xad", "\033[2;4r", "\033[r", "\033[?1049h",
		"\033[?1049l" };
	struct fix *f = setup(false);
	struct canvas *kept = canvas_create(5, 20);
	unsigned seed = 1;

	(void)state;
	pane_term.draw(f->pane, kept, true);
	feed(f, "\033[3;1Hx");
	assert_int_equal(expect_updated(f, kept), 1);
	for (int i = 0; i < 3000; i++) {
		seed = seed * 1103515245u + 12345u;
		feed(f, parts[(seed >> 16) % ARRAY_LEN(parts)]);
		if (seed >> 28 == 0)
			press(f, KEY_SYM_PGUP, MOD_SHIFT);
		if (seed >> 28 == 1)
			press(f, KEY_SYM_PGDN, MOD_SHIFT);
		if (seed >> 28 < 7)
			expect_updated(f, kept);
	}
	feed(f, "\033c\033[?1049l1\r\n2\r\n3\r\n4\r\n5\r\n6");
	press(f, 'x', 0);
	expect_updated(f, kept);
	pane_term.command(f->pane, "copy-mode", NULL);
	assert_int_equal(expect_updated(f, kept), -1);
	press(f, 'v', 0);
	press(f, 'k', 0);
	assert_int_equal(expect_updated(f, kept), -1);
	pane_term.command(f->pane, "copy-mode", NULL);
	assert_int_equal(expect_updated(f, kept), -1);
	assert_int_equal(expect_updated(f, kept), 0);
	vt_resize(f->state.vt, 3, 20);
	assert_int_equal(expect_updated(f, kept), -1);
	canvas_destroy(kept);
	teardown(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(input_goes_to_the_shell),
		cmocka_unit_test(scrolled_view_keeps_its_place),
		cmocka_unit_test(mouse_of_programs),
		cmocka_unit_test(hover_of_programs),
		cmocka_unit_test(drags_end_where_they_began),
		cmocka_unit_test(clicks_select_words_and_lines),
		cmocka_unit_test(copying),
		cmocka_unit_test(search_moves_on),
		cmocka_unit_test(matches_go_on_in_the_next_row),
		cmocka_unit_test(moving_in_copy_mode),
		cmocka_unit_test(copy_mode_on_the_other_screen),
		cmocka_unit_test(commands_scroll_and_clear),
		cmocka_unit_test(the_way_back_is_shown),
		cmocka_unit_test(programs_are_told_of_the_focus),
		cmocka_unit_test(what_the_title_says),
		cmocka_unit_test(watching_never_sends),
		cmocka_unit_test(echo_is_predicted_on_a_slow_link),
		cmocka_unit_test(echo_is_not_predicted_on_a_fast_link),
		cmocka_unit_test(rows_alone_are_drawn_anew),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
