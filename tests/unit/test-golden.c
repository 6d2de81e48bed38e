#include "config.h"

/*
 * Golden screens: the whole console over a session with a sandbox in memory,
 * at a time that stands still, driven by the bytes that a terminal sends.
 * Only the terminal itself, ui/screen.h, is played here.
 *
 * tests/golden/NAME.txt has a screen's rows, then its styles by row, as runs
 * of columns.  VIVA_GOLDEN=write renews the files; read what git diff says.
 */

#include "tests/unit/golden-fixture.h"

/* --- the screens -------------------------------------------------------- */

/* Something of everything. */
static void
work(struct fixture *f)
{
	fake_write(f->shell, "lib/parse.py", "def parse(s):\n    pass\n");
	fake_say(f->shell, "ls\r\n\033[1;34mlib\033[0m  solution.py  "
	    "\033[38;2;255;128;0mcaf\303\251 \346\274\242\033[0m\r\n$ ");
	settle(f);
	press(f, F3 TO_START "\033[200~# wrong\r\033[201~");
	pass(f, 3000000);
	press(f, F5);
	pass(f, 3000000);
}

static void
test_panes(void **state)
{
	struct fixture *f = start(&plain_80, NULL);

	(void)state;
	golden("start");
	press(f, F7);
	golden("problem");
	work(f);
	press(f, F2 DOWN "r");
	golden("files-rename");
	press(f, "\033");
	press(f, F3 SHIFT_DOWN SHIFT_DOWN);
	press(f, F9);
	golden("editor-zoomed");
	stop(f);
}

static void
test_overlays(void **state)
{
	struct fixture *f = start(&plain_80, NULL);

	(void)state;
	press(f, F1);
	golden("help");
	press(f, "\033");
	press(f, F12 "sub");
	golden("palette");
	press(f, "\033");
	press(f, "\006d");
	golden("editor-find");
	press(f, "\033");
	press(f, F8);
	resize(f, 12, 40);
	golden("small-submit");
	press(f, "n");
	resize(f, 5, 20);
	/* Nothing is done that cannot be seen. */
	press(f, F8 "y" F5 "x");
	assert_int_equal(core_state(f->core)->question, 1);
	assert_int_equal(core_state(f->core)->nruns, 0);
	assert_int_equal(core_state(f->core)->files[0].save, FILE_SAVED);
	press(f, F10);
	golden("too-small-quit");
	press(f, "n");
	stop(f);
}

/* Writes the solution anew and runs it. */
static void
run(struct fixture *f, const char *text)
{
	press(f, F3 "\001"); /* all of it goes */
	press(f, "\033[200~");
	press(f, text);
	press(f, "\033[201~" F5);
	pass(f, 1000000);
}

static void
test_runs(void **state)
{
	struct fixture *f = start(&plain_80, NULL);

	(void)state;
	run(f, "wrong");
	press(f, F6 F6 DOWN);
	golden("tests-wrong");
	run(f, "crash");
	golden("tests-crash");
	run(f, "slow");
	run(f, "hang");
	golden("tests-running");
	press(f, F5);
	pass(f, 1000000);
	golden("tests-cancelled");
	f->plan.fail = "no sandbox: bwrap is not there: apt-get install "
	    "bubblewrap";
	run(f, "right");
	golden("tests-judge-error");
	press(f, F6 F6 "[[");
	golden("tests-older");
	stop(f);
}

static void
test_compile_error(void **state)
{
	const struct spec s = { 24, 80, DIRECT, "dark", "c", NULL, false,
		NULL };
	struct fixture *f = start(&s, NULL);

	(void)state;
	run(f, "int x");
	golden("tests-compile-error");
	stop(f);
}

static void
test_themes(void **state)
{
	static const struct {
		const char *name, *theme;
		int colours;
		bool no_colour, plain;
	} all[] = {
		{ "wide-dark", "dark", DIRECT, false, false },
		{ "wide-light", "light", DIRECT, false, false },
		{ "wide-16", NULL, 16, false, false },
		{ "wide-no-color", NULL, 256, true, false },
		{ "wide-ascii", NULL, 8, false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const struct spec s = { 40, 120, all[i].colours, all[i].theme,
			NULL, NULL, all[i].plain, NULL };
		struct fixture *f;

		if (all[i].no_colour)
			setenv("NO_COLOR", "1", 1);
		f = start(&s, NULL);
		work(f);
		press(f, F6 F6);
		golden(all[i].name);
		stop(f);
		unsetenv("NO_COLOR");
	}
}

static void
test_failures(void **state)
{
	struct spec s = plain_80;
	struct fixture *f = start(&s, NULL);

	(void)state;
	f->plan.fail_put = "cannot write solution.py: No space left on device";
	press(f, F3 "abc");
	pass(f, 12000000);
	press(f, DOWN F10);
	golden("not-saved-quit");
	stop(f);
	f = start(&s, "bwrap: setting up uid map: Permission denied; write "
	    "/etc/apparmor.d/bwrap");
	golden("no-sandbox");
	stop(f);
	s.config = "[ui]\n\ttheme = dark\n[keys]\n\tF5 = run-test\n"
	    "\tF1 = none\n";
	f = start(&s, NULL);
	golden("config-mistake");
	stop(f);
}

static void
test_replay(void **state)
{
	const struct spec wide = { 40, 120, DIRECT, "light", NULL, NULL,
		false, NULL };
	struct fixture *f = start(&plain_80, NULL);

	(void)state;
	work(f);
	run(f, "slow");
	pass(f, 30000000);
	press(f, "\030x");
	pass(f, 3000000);
	f = replay(f, &plain_80);
	press(f, " nn");
	press(f, F1);
	golden("replay-help");
	press(f, "\033");
	press(f, "g0:1");
	golden("replay-seek");
	press(f, "\033");
	/* The time line keeps the mouse that was pressed on it. */
	press(f, "\033[<0;2;23M\033[<32;41;3M\033[<0;41;3m");
	assert_in_range(replay_position(f->replay), 19000000, 22000000);
	press(f, "\033[<32;2;23M");
	assert_in_range(replay_position(f->replay), 19000000, 22000000);
	press(f, "\033[F");
	resize(f, wide.rows, wide.cols);
	golden("replay-wide");
	stop(f);
}

static void
expect_in_row(int at, const char *want)
{
	struct canvas row = canvas_sub(term.shown, at, 0, 1, term.cols);
	struct buf b = { 0 };

	canvas_dump(&row, false, &b);
	if (strstr(buf_str(&b), want) == NULL)
		fail_msg("no '%s' in '%s'", want, buf_str(&b));
	buf_free(&b);
}

static void
expect_in_status(const char *want)
{
	expect_in_row(0, want);
}

/* Both have the same time. */
static void
test_replay_marks(void **state)
{
	struct fixture *f = start(&plain_80, NULL);

	(void)state;
	press(f, "\033x");
	press(f, "look\r");
	press(f, "\033m");
	pass(f, 3000000);
	f = replay(f, &plain_80);
	press(f, " ");
	press(f, "\033[F");
	expect_in_row(21, "00:00 mark ");
	press(f, "p");
	expect_in_row(21, "00:00 note look ");
	press(f, "n");
	expect_in_row(21, "00:00 mark ");
	stop(f);
}

/* A program that always writes does not stop the clock. */
static void
test_clock(void **state)
{
	struct fixture *f = start(&plain_80, NULL);

	(void)state;
	expect_in_status("45:00 left");
	for (int i = 0; i < 30; i++) {
		fake_say(f->shell, "x\r\n");
		pass(f, 100000);
	}
	expect_in_status("44:57 left");
	stop(f);
}

/* A try that is under way is not one in 0 s. */
static void
test_retry_now(void **state)
{
	struct sandbox_link link = { .rtt_us = -1, .retry_us = 2500000,
		.expires_us = -1 };
	struct spec s = plain_80;
	struct event ev = { .type = EV_CONN_STATE };
	struct fixture *f;

	(void)state;
	s.link = &link;
	f = start(&s, NULL);
	ev.u.conn.state = CONN_RETRYING;
	ev.u.conn.attempt = 2;
	ev.u.conn.attempts = 100;
	state_apply((struct state *)core_state(f->core), &ev);
	app_event(f->app, &ev);
	pass(f, 1000000);
	expect_in_status("retrying 2 of 100 in 3 s ");
	link.retry_us = 0;
	pass(f, 1000000);
	expect_in_status("local · retrying 2 of 100 now ");
	/* Whether the work is saved is said beside it. */
	link.pending = 16;
	press(f, "x");
	expect_in_status(" retrying 2 of 100 · 16 wait   edited ");
	stop(f);
}

static int32_t
clock_colour(struct fixture *f, int64_t s, const char *text)
{
	clock_fake_advance(&f->clock, s * 1000000);
	pass(f, 50000);
	expect_in_status(text);
	return term.shown->cells[term.cols - 3].style.fg;
}

/* It is seen at the edge of an eye that the end comes. */
static void
test_clock_colours(void **state)
{
	struct fixture *f = start(&plain_80, NULL);
	int32_t fg[3];

	(void)state;
	fg[0] = clock_colour(f, 2700 - 301, "05:01 left");
	fg[1] = clock_colour(f, 2, "04:59 left");
	assert_int_equal(clock_colour(f, 238, "01:01 left"), fg[1]);
	fg[2] = clock_colour(f, 2, "00:59 left");
	assert_int_not_equal(fg[0], fg[1]);
	assert_int_not_equal(fg[1], fg[2]);
	assert_int_not_equal(fg[0], fg[2]);
	stop(f);
}

/* Asked of the terminal only while a program wants it, and seen by nobody
 * else. */
static void
test_hover(void **state)
{
	const char over[] = "\033[<35;60;20M\033[<35;10;5M\033[<35;1;24M"
	    "\033[<35;60;3M";
	struct fixture *f = start(&plain_80, NULL);
	unsigned inputs, frames;

	(void)state;
	press(f, F4);
	assert_false(term.hover);
	inputs = f->plan.inputs;
	frames = term.frames;
	press(f, over);
	assert_int_equal(term.frames, frames);
	assert_int_equal(f->plan.inputs, inputs);
	fake_say(f->shell, "\033[?1003;1006h");
	settle(f);
	assert_true(term.hover);
	press(f, over); /* one of them is over the shell */
	assert_int_equal(f->plan.inputs, inputs + 1);
	assert_non_null(strstr(buf_str(&f->journal), "[<35;"));
	press(f, F1); /* the help is over it */
	assert_false(term.hover);
	press(f, over);
	press(f, "\033");
	assert_true(term.hover);
	press(f, F3);
	assert_false(term.hover);
	press(f, over);
	assert_int_equal(f->plan.inputs, inputs + 1);
	press(f, F4);
	assert_true(term.hover);
	fake_say(f->shell, "\033[?1003l");
	settle(f);
	assert_false(term.hover);
	stop(f);
}

/* A file that is there at once is never seen to be on its way, and costs one
 * frame.  One that is not there is seen, and gets what is typed. */
static void
test_opening(void **state)
{
	struct fixture *f = start(&plain_80, NULL);
	unsigned frames;

	(void)state;
	fake_write(f->shell, "a-near", "near\n");
	fake_write(f->shell, "b-far", "far away\n");
	settle(f);
	press(f, F2 "\033[H");
	frames = term.frames;
	press(f, "\r");
	assert_int_equal(term.frames, frames + 1);
	f->plan.keep = "b-far";
	press(f, F2 DOWN);
	press(f, "\rabc");
	golden("opening");
	/* What is not the editor's works meanwhile. */
	press(f, F4 "ls");
	press(f, F12 "find-n");
	golden("opening-palette");
	press(f, "\033");
	press(f, F12 "reload\r"); /* of what nobody sees */
	golden("opening-reload");
	press(f, F3 "\177d");
	assert_true(fake_answer(f->shell, "b-far"));
	settle(f);
	golden("opened");
	stop(f);
}

static int
group_setup(void **state)
{
	const char *dir = getenv("srcdir");
	char *from = realpath(dir != NULL ? dir : ".", NULL);
	char *themes = xasprintf("%s/themes", from);
	char *to;

	(void)state;
	assert_non_null(mkdtemp(config_dir));
	to = xasprintf("%s/viva", config_dir);
	assert_int_equal(mkdir(to, 0700), 0);
	free(to);
	/* Not those of an older viva that is installed here. */
	to = xasprintf("%s/viva/themes", config_dir);
	assert_int_equal(symlink(themes, to), 0);
	setenv("XDG_CONFIG_HOME", config_dir, 1);
	setenv("TERM", "xterm-256color", 1);
	unsetenv("NO_COLOR");
	unsetenv("COLORFGBG");
	free(to);
	free(themes);
	free(from);
	old_stdin = dup(STDIN_FILENO);
	return old_stdin < 0;
}

static int
group_teardown(void **state)
{
	char *cmd = xasprintf("rm -rf %s", config_dir);
	int status = system(cmd);

	(void)state;
	free(cmd);
	dup2(old_stdin, STDIN_FILENO);
	close(old_stdin);
	return status;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_panes),
		cmocka_unit_test(test_overlays),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_compile_error),
		cmocka_unit_test(test_themes),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_replay_marks),
		cmocka_unit_test(test_hover), cmocka_unit_test(test_opening),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_retry_now),
		cmocka_unit_test(test_clock_colours),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
