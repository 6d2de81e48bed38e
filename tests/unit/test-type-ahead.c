#include "config.h"

/* What is typed for a file that is on its way into the editor: the editor's
 * pane over a core over a sandbox in memory, which answers when it is told
 * to. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "session/replay.h"
#include "tests/support/corefix.h"
#include "ui/pane.h"

static struct theme theme;
static struct pane *pane;
static struct buf said, clip;

static void
on_send(void *user, const struct command *cmd)
{
	struct fixture *f = user;

	core_command(f->core, cmd);
}

static void
on_copy(void *user, const char *s, size_t n)
{
	(void)user;
	buf_clear(&clip);
	buf_add(&clip, s, n);
}

static const char *
on_clipboard(void *user, size_t *n)
{
	(void)user;
	*n = clip.len;
	return buf_str(&clip);
}

static void
on_say(void *user, const char *text)
{
	(void)user;
	buf_clear(&said);
	buf_adds(&said, text);
}

static void
on_seen(struct fixture *f, const struct event *ev)
{
	(void)f;
	pane_editor.event(pane, ev);
}

static void
make_pane(struct fixture *f)
{
	struct pane_ctx ctx = { .theme = &theme, .send = on_send,
		.copy = on_copy, .clipboard = on_clipboard, .say = on_say,
		.state = core_state(f->core), .clock = &f->clock.base,
		.user = f };

	pane = pane_editor.create(&ctx);
	pane_editor.resize(pane, 6, 60);
	f->seen = on_seen;
}

/* Files whose name begins with "far" are far away. */
static int
begin(void **state)
{
	struct command cut = { .type = CMD_EDIT, .path = "solution.py",
		.text = "delete", .data = "" };
	struct fixture *f;
	int bad = fixture_setup(state);

	f = *state;
	/* The solution is empty. */
	cut.deleted = text_size(solution(f)->text);
	core_command(f->core, &cut);
	pass(f, 2500000);
	memset(f->counts, 0, sizeof f->counts);
	make_pane(f);
	fake_write(f->shell, "far1", "one\n");
	fake_write(f->shell, "far2", "two\n");
	fake_write(f->shell, "near", "near\n");
	turns(f);
	f->plan.keep = "far";
	return bad;
}

static int
end(void **state)
{
	struct fixture *f = *state;

	f->seen = NULL;
	pane_editor.destroy(pane);
	buf_free(&said);
	buf_free(&clip);
	return fixture_teardown(state);
}

static void
ask(struct fixture *f, const char *path)
{
	struct command cmd = { .type = CMD_FILE_OPEN, .path = path };

	core_command(f->core, &cmd);
}

static void
answer(struct fixture *f, const char *path)
{
	assert_true(fake_answer(f->shell, path));
	turns(f);
}

static enum pane_result
press(struct fixture *f, uint32_t code, unsigned mods)
{
	struct key k = { code, mods };

	clock_fake_advance(&f->clock, 1000);
	return pane_editor.key(pane, &k);
}

static void
keys(struct fixture *f, const char *s)
{
	for (; *s != '\0'; s++)
		assert_int_equal(press(f, *s == '\n' ?
		    (uint32_t)KEY_SYM_ENTER : (unsigned char)*s, 0),
		    PANE_HANDLED);
}

static void
run(const char *cmd)
{
	assert_int_equal(pane_editor.command(pane, cmd, NULL), PANE_HANDLED);
}

static void
paste(const char *s)
{
	assert_int_equal(pane_editor.paste(pane, s, strlen(s)), PANE_HANDLED);
}

static void
has(struct fixture *f, const char *path, const char *want)
{
	const struct state_file *file = state_file(core_state(f->core), path);
	struct buf b = { 0 };

	assert_non_null(file);
	text_append(file->text, 0, text_size(file->text), &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
expect_said(const char *want)
{
	assert_string_equal(buf_str(&said), want);
	buf_clear(&said);
}

static const char *
screen(void)
{
	static char text[2000];
	struct canvas *c = canvas_create(6, 60);
	struct buf b = { 0 };

	pane_editor.title(pane, &b);
	buf_addc(&b, '\n');
	pane_editor.draw(pane, c, true);
	canvas_dump(c, false, &b);
	while (b.len > 1 && b.data[b.len - 2] == '\n')
		b.data[--b.len] = '\0';
	snprintf(text, sizeof text, "%s", buf_str(&b));
	canvas_destroy(c);
	buf_free(&b);
	return text;
}

static bool
has_cursor(void)
{
	int row, col, shape;

	return pane_editor.cursor(pane, &row, &col, &shape);
}

/* --- where it goes --- */

static void
test_typed(void **state)
{
	struct fixture *f = *state;
	const struct state *s = core_state(f->core);

	ask(f, "far1");
	keys(f, "abc");
	turns(f);
	has(f, "solution.py", "");
	assert_int_equal(f->counts[EV_EDIT_CHANGE], 0);
	assert_true(fake_answer(f->shell, "far1"));
	while (state_file(s, "far1") == NULL)
		loop_turn(f->loop, 0);
	/* In that turn: what comes next comes after it. */
	has(f, "far1", "abcone\n");
	keys(f, "d");
	has(f, "far1", "abcdone\n");
	has(f, "solution.py", "");
	/* Typed together, undone together. */
	run("undo");
	has(f, "far1", "one\n");
	pass(f, 3000000);
	assert_string_equal(buf_str(&said), "");
}

/* All that keys do, in the order in which they came. */
static void
test_order(void **state)
{
	struct fixture *f = *state;

	ask(f, "far1");
	press(f, KEY_SYM_DOWN, 0);
	keys(f, "x\n");
	paste("p\303\251 q\r");
	keys(f, "yz");
	press(f, KEY_SYM_BACKSPACE, 0);
	press(f, KEY_SYM_HOME, MOD_CTRL);
	run("select-all");
	run("copy");
	press(f, KEY_SYM_END, MOD_CTRL);
	run("paste");
	run("undo");
	run("find");
	keys(f, "ne\n");
	press(f, KEY_SYM_ESCAPE, 0);
	keys(f, "!");
	answer(f, "far1");
	has(f, "far1", "one!\nx\np\303\251 q\ny");
	has(f, "solution.py", "");
	assert_string_equal(buf_str(&clip), "one\nx\np\303\251 q\ny");
	assert_int_equal(f->counts[EV_PASTE], 2);
}

/* Whichever comes first, each gets what was typed for it; the one that was
 * asked for last is in view. */
static void
two(struct fixture *f, const char *first, const char *second)
{
	ask(f, "far1");
	keys(f, "abc");
	ask(f, "far2");
	keys(f, "def");
	answer(f, first);
	keys(f, "g");
	answer(f, second);
	keys(f, "h");
	has(f, "far1", "abcone\n");
	has(f, "far2", "defghtwo\n");
	has(f, "solution.py", "");
	assert_string_equal(buf_str(&said), "");
}

static void
test_two(void **state)
{
	two(*state, "far1", "far2");
}

static void
test_two_crossed(void **state)
{
	two(*state, "far2", "far1");
}

/* Nor does it disturb what is done in the other. */
static void
test_aside(void **state)
{
	struct fixture *f = *state;

	ask(f, "far1");
	keys(f, "abc");
	run("find");
	keys(f, "one\n");
	ask(f, "near");
	turns(f);
	run("find");
	keys(f, "ea");
	answer(f, "far1");
	has(f, "far1", "abcone\n");
	assert_int_equal(state_file(core_state(f->core), "far1")->cursor, 6);
	assert_non_null(strstr(screen(), "Find: ea"));
	keys(f, "r\n");
	press(f, KEY_SYM_ESCAPE, 0);
	keys(f, "!");
	has(f, "near", "near!\n");
}

/* Back in one that is open, or on to the next, there is no waiting. */
static void
test_back(void **state)
{
	struct fixture *f = *state;

	ask(f, "near");
	turns(f);
	ask(f, "far1");
	keys(f, "abc");
	run("previous-file");
	keys(f, "b");
	has(f, "near", "bnear\n");
	ask(f, "far1");
	run("next-file");
	keys(f, "s");
	has(f, "solution.py", "s");
	answer(f, "far1");
	keys(f, "t");
	has(f, "solution.py", "st");
	has(f, "far1", "abcone\n");
}

static void
test_new_file(void **state)
{
	struct fixture *f = *state;
	struct command cmd = { .type = CMD_FILE_CREATE, .path = "far3" };

	core_command(f->core, &cmd);
	keys(f, "a");
	for (int i = 0; i < 3; i++) {
		answer(f, "far3");
		keys(f, "b");
	}
	has(f, "far3", "abbb");
	has(f, "solution.py", "");
}

/* Saved when it is there, and by whatever waits for that. */
static void
test_save(void **state)
{
	struct fixture *f = *state;
	struct command save = { .type = CMD_SAVE };

	ask(f, "far1");
	keys(f, "abc");
	core_command(f->core, &save);
	f->plan.keep = NULL;
	answer(f, "far1");
	assert_string_equal(fake_read(f->shell, "far1"), "one\n");
	pass(f, 2100000);
	assert_string_equal(fake_read(f->shell, "far1"), "abcone\n");
}

static void
test_run(void **state)
{
	struct fixture *f = *state;

	fake_remove(f->shell, "near");
	f->plan.keep = "near";
	fake_write(f->shell, "near", "");
	ask(f, "near");
	keys(f, "abc");
	simple(f, CMD_TEST_RUN);
	f->plan.keep = NULL;
	assert_null(state_last_run(core_state(f->core)));
	answer(f, "near");
	assert_true(state_last_run(core_state(f->core))->done);
	assert_string_equal(fake_read(f->shell, "near"), "abc");
}

static void
test_end(void **state)
{
	struct fixture *f = *state;

	ask(f, "far1");
	keys(f, "abc");
	simple(f, CMD_END);
	f->plan.keep = NULL;
	answer(f, "far1");
	until_ended(f);
	assert_string_equal(f->why, "");
	assert_string_equal(fake_read(f->shell, "far1"), "abcone\n");
}

/* --- what does not come --- */

static void
test_refused(void **state)
{
	struct fixture *f = *state;

	ask(f, "far0");
	keys(f, "ab\n");
	paste("\303\251t");
	press(f, KEY_SYM_LEFT, 0);
	run("find");
	answer(f, "far0");
	expect_said("cannot open far0: far0: no such file (5 typed characters "
	    "dropped)");
	has(f, "solution.py", "");
	assert_int_equal(f->counts[EV_EDIT_CHANGE], 0);
	/* Nor what the same fingers type on, until they stop. */
	keys(f, "cd");
	expect_said("cannot open far0: far0: no such file (7 typed characters "
	    "dropped)");
	press(f, KEY_SYM_BACKSPACE, 0);
	run("paste");
	paste("e");
	expect_said("cannot open far0: far0: no such file (8 typed characters "
	    "dropped)");
	has(f, "solution.py", "");
	clock_fake_advance(&f->clock, 1000000);
	keys(f, "x");
	has(f, "solution.py", "x");
	assert_string_equal(buf_str(&said), "");
}

/* Whoever moves in the text sees it. */
static void
test_refused_and_seen(void **state)
{
	struct fixture *f = *state;

	ask(f, "far0");
	answer(f, "far0");
	assert_string_equal(buf_str(&said), "");
	keys(f, "a");
	expect_said("cannot open far0: far0: no such file (1 typed character "
	    "dropped)");
	press(f, KEY_SYM_END, 0);
	keys(f, "x");
	has(f, "solution.py", "x");
	ask(f, "far0");
	answer(f, "far0");
	ask(f, "solution.py");
	keys(f, "y");
	has(f, "solution.py", "xy");
}

static void
test_gone(void **state)
{
	struct fixture *f = *state;

	fake_fail(f->shell, "it fell over");
	turns(f);
	ask(f, "far1");
	keys(f, "abc");
	answer(f, "far1");
	expect_said("cannot open far1: it fell over (3 typed characters "
	    "dropped)");
	has(f, "solution.py", "");
}

/* Of two each has its own end. */
static void
test_first_refused(void **state)
{
	struct fixture *f = *state;

	ask(f, "far0");
	keys(f, "abc");
	ask(f, "far1");
	keys(f, "def");
	answer(f, "far0");
	expect_said("cannot open far0: far0: no such file (3 typed characters "
	    "dropped)");
	keys(f, "g");
	answer(f, "far1");
	has(f, "far1", "defgone\n");
	has(f, "solution.py", "");
}

/* A bound; what is kept is never what came after something that is not. */
static void
test_bounded(void **state)
{
	struct fixture *f = *state;
	char *big = xcalloc(1, 60001);

	memset(big, 'x', 60000);
	ask(f, "far1");
	keys(f, "a");
	paste(big);
	keys(f, "b");
	assert_string_equal(buf_str(&said), "");
	paste(big);
	expect_said("not kept: far1 is not open yet, and no more of what you "
	    "type can wait for it");
	keys(f, "c");
	expect_said("not kept: far1 is not open yet, and no more of what you "
	    "type can wait for it");
	pass(f, 200000);
	assert_non_null(strstr(screen(), "no room"));
	answer(f, "far1");
	assert_int_equal(text_size(state_file(core_state(f->core),
	    "far1")->text), 60002 + 4);
	keys(f, "d");
	assert_int_equal(text_size(state_file(core_state(f->core),
	    "far1")->text), 60003 + 4);
	free(big);
}

static void
test_question(void **state)
{
	struct fixture *f = *state;

	ask(f, "far1");
	keys(f, "abc");
	simple(f, CMD_SKIP);
	assert_int_equal(core_state(f->core)->question, 1);
	f->plan.keep = NULL;
	answer(f, "far1");
	turns(f);
	/* What was typed was saved first. */
	assert_int_equal(core_state(f->core)->question, 2);
	assert_string_equal(buf_str(&said), "");
}

/* --- what is seen --- */

static void
test_screen(void **state)
{
	struct fixture *f = *state;
	struct canvas *c = canvas_create(6, 60);
	int from, to;

	ask(f, "far1");
	keys(f, "a");
	pass(f, 0);
	/* Where it is there at once nobody sees a wait. */
	assert_string_equal(screen(), "solution.py\n  1\n");
	assert_true(has_cursor());
	clock_fake_advance(&f->clock, 100000);
	assert_string_equal(screen(), "solution.py \302\267 [far1] ...\n"
	    " opening far1 ...\n 1 typed character for it waits here\n");
	assert_false(has_cursor());
	keys(f, "b");
	assert_int_equal(press(f, 'j', MOD_CTRL), PANE_HANDLED);
	assert_false(pane_editor.update(pane, c, &from, &to));
	assert_string_equal(screen(), "solution.py \302\267 [far1] ...\n"
	    " opening far1 ...\n 3 typed characters for it wait here\n");
	/* The next is shown at once, the wait goes on. */
	ask(f, "far2");
	assert_string_equal(screen(), "solution.py \302\267 [far2] ...\n"
	    " opening far2 ...\n");
	answer(f, "far2");
	assert_string_equal(screen(), "solution.py \302\267 [far2]\n"
	    "  1 two\n  2\n");
	assert_true(has_cursor());
	answer(f, "far1");
	assert_string_equal(screen(), "solution.py \302\267 [far2] \302\267 "
	    "far1 \342\227\217\n  1 two\n  2\n");
	has(f, "far1", "ab\none\n");
	/* A click is not for the text that was there. */
	ask(f, "far0");
	assert_int_equal(pane_editor.mouse(pane, &(struct mouse){
	    MOUSE_PRESS, 1, 1, 20, 0 }), PANE_HANDLED);
	assert_int_equal(state_file(core_state(f->core), "far2")->cursor, 0);
	answer(f, "far0");
	assert_string_equal(screen(), "solution.py \302\267 [far2] \302\267 "
	    "far1 \342\227\217\n  1 two\n  2\n");
	canvas_destroy(c);
}

/* The record played back gives the same state, and has the wait too. */
static void
test_replay(void **state)
{
	struct fixture *f = *state;
	char *path = xasprintf("%s/journal.jsonl", f->dir);
	const char *paths[] = { path };
	struct buf live = { 0 }, again = { 0 };
	int64_t asked;
	struct err e = { 0 };
	struct replay *r;

	clock_fake_advance(&f->clock, 1000);
	ask(f, "far1");
	asked = core_state(f->core)->t;
	keys(f, "abc");
	ask(f, "far2");
	keys(f, "d");
	ask(f, "far0");
	answer(f, "far2");
	answer(f, "far1");
	answer(f, "far0");
	f->plan.keep = NULL;
	simple(f, CMD_END);
	until_ended(f);
	state_save(core_state(f->core), &live);
	f->seen = NULL;
	core_destroy(f->core);
	f->core = NULL;
	r = replay_open(paths, 1, &f->clock.base, &e);
	if (r == NULL)
		fail_msg("%s", e.msg);
	replay_seek(r, replay_length(r));
	state_save(replay_state(r), &again);
	assert_int_equal(again.len, live.len);
	assert_memory_equal(again.data, live.data, live.len);
	replay_seek(r, asked);
	assert_string_equal(replay_state(r)->opening, "far1");
	assert_null(state_file(replay_state(r), "far1"));
	replay_close(r);
	buf_free(&live);
	buf_free(&again);
	free(path);
}

/* The next viva's core goes on, then its editor is there. */
static void
another_life(struct fixture *f)
{
	struct err e;

	f->seen = NULL;
	f->made = make_pane;
	pane_editor.destroy(pane);
	fixture_kill(f);
	assert_non_null(fixture_resume(f, &e));
}

/* Twice, with more typed in each life.  In the workspace of the next the files
 * are not: they are made, as one that was about to be. */
static void
test_killed(void **state)
{
	struct fixture *f = *state;
	struct command create = { .type = CMD_FILE_CREATE, .path = "far3" };

	core_command(f->core, &create);
	keys(f, "new");
	ask(f, "far1");
	keys(f, "1 -\n");
	another_life(f);
	paste("2\xc3\xa9\n");
	assert_int_equal(press(f, KEY_SYM_BACKSPACE, 0), PANE_HANDLED);
	another_life(f);
	keys(f, "3");
	for (int i = 0; i < 3; i++) {
		answer(f, "far3");
		answer(f, "far1");
	}
	has(f, "far3", "new");
	has(f, "far1", "1 -\n2\xc3\xa9" "3");
	has(f, "solution.py", "");
	assert_int_equal(f->counts[EV_FILE_AHEAD], 2 + 1);
}

/* In the record it may be anything. */
static void
test_given_back_nonsense(void **state)
{
	static const struct bytes cases[] = { { "k", 1 }, { "", 0 },
		{ "p99\0x", 5 }, { "pz\0", 3 }, { "kfoo\0kx\0", 8 },
		{ "q\0", 2 }, { "c\0", 2 } };
	struct fixture *f = *state;
	struct event ev = { .type = EV_FILE_AHEAD, .origin = ORIGIN_SYSTEM };

	ask(f, "far1");
	ev.u.file.path = "far1";
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ev.u.file.content = cases[i];
		pane_editor.event(pane, &ev);
	}
	answer(f, "far1");
	has(f, "far1", "xone\n");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_typed), T(test_order), T(test_two),
		T(test_two_crossed), T(test_aside), T(test_back),
		T(test_new_file), T(test_save), T(test_run), T(test_end),
		T(test_refused), T(test_refused_and_seen), T(test_gone),
		T(test_first_refused), T(test_bounded), T(test_question),
		T(test_screen), T(test_replay), T(test_killed),
		T(test_given_back_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
