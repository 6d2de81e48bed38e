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
	struct state *state;
	struct theme theme;
	const struct pane_ops *ops;
	struct pane *pane;
	struct buf log, said;
	uint64_t seq;
};

static void
on_send(void *user, const struct command *c)
{
	struct fix *f = user;
	const char *name = c->type == CMD_FILE_OPEN ? "open" :
	    c->type == CMD_FILE_CREATE ? "create" :
	    c->type == CMD_FILE_RENAME ? "rename" :
	    c->type == CMD_FILE_DELETE ? "delete" : "other";

	buf_addf(&f->log, "%s %s", name, c->path != NULL ? c->path : "-");
	if (c->text != NULL)
		buf_addf(&f->log, " %s", c->text);
	buf_addc(&f->log, '|');
}

static void
on_say(void *user, const char *text)
{
	struct fix *f = user;

	buf_clear(&f->said);
	buf_adds(&f->said, text);
}

static void
on_run(void *user, const char *cmd)
{
	struct fix *f = user;

	buf_addf(&f->log, "run %s|", cmd);
}

static void
on_key_label(void *user, const char *cmd, char out[40])
{
	(void)user;
	snprintf(out, 40, "%s", strcmp(cmd, "run-tests") == 0 ? "F5" : "");
}

static struct fix *
setup(const struct pane_ops *ops, int rows, int cols, bool read_only)
{
	struct fix *f = xcalloc(1, sizeof *f);
	struct pane_ctx ctx = { .theme = &f->theme, .send = on_send,
		.say = on_say, .run = on_run, .key = on_key_label,
		.user = f,
		.read_only = read_only };

	for (int i = 0; i < STYLE_NAMES; i++)
		f->theme.styles[i] = (struct style){ i, -1, 0 };
	f->theme.styles[STYLE_SELECTION] = (struct style){ -1, 99, 0 };
	f->theme.styles[STYLE_CURSOR_LINE] = (struct style){ -1, -1, 0 };
	f->state = state_create(10);
	f->state->question = 1;
	ctx.state = f->state;
	f->ops = ops;
	f->pane = ops->create(&ctx);
	ops->resize(f->pane, rows, cols);
	return f;
}

static void
teardown(struct fix *f)
{
	f->ops->destroy(f->pane);
	state_destroy(f->state);
	buf_free(&f->log);
	buf_free(&f->said);
	free(f);
}

/* --- what happens ------------------------------------------------------- */

static struct event
event(enum event_type type)
{
	struct event ev;

	memset(&ev, 0, sizeof ev);
	ev.type = type;
	ev.question = 1;
	return ev;
}

static void
apply(struct fix *f, struct event *ev)
{
	ev->seq = ++f->seq;
	state_apply(f->state, ev);
	if (f->ops->event != NULL)
		f->ops->event(f->pane, ev);
}

static void
question(struct fix *f, const char *title, const char *statement)
{
	struct event ev = event(EV_QUESTION_START);

	ev.u.question.title = title;
	ev.u.question.statement = statement;
	ev.u.question.language = "python3";
	ev.u.question.time_limit_ms = 2000;
	ev.u.question.memory_limit_mb = 512;
	apply(f, &ev);
}

static void
list(struct fix *f, const char *text)
{
	struct event ev = event(EV_FILE_LIST);

	ev.u.file.list = text;
	apply(f, &ev);
}

static void
run(struct fix *f, uint64_t number, unsigned total)
{
	struct event ev = event(EV_TEST_RUN);

	ev.u.test.run = number;
	ev.u.test.total = total;
	apply(f, &ev);
}

static struct event
test_case(uint64_t number, unsigned k, enum verdict v)
{
	struct event ev = event(EV_TEST_CASE);

	ev.u.test.run = number;
	ev.u.test.number = k;
	ev.u.test.verdict = v;
	ev.u.test.time_us = 12000;
	ev.u.test.memory_kb = 9216;
	return ev;
}

static void
sample(struct fix *f, uint64_t number, unsigned k, enum verdict v,
    const char *expected, const char *output)
{
	struct event ev = test_case(number, k, v);
	char name[32];

	snprintf(name, sizeof name, "sample %u", k);
	ev.u.test.name = name;
	ev.u.test.input = (struct bytes){ "4 9\n", 4 };
	ev.u.test.expected = (struct bytes){ expected, strlen(expected) };
	ev.u.test.output = (struct bytes){ output, strlen(output) };
	apply(f, &ev);
}

static void
done(struct fix *f, uint64_t number, enum verdict v, unsigned passed,
    unsigned total, const char *why)
{
	struct event ev = event(EV_TEST_DONE);

	ev.u.test.run = number;
	ev.u.test.verdict = v;
	ev.u.test.passed = passed;
	ev.u.test.total = total;
	ev.u.test.why = why;
	ev.t = 310000;
	apply(f, &ev);
}

/* --- what is asked ------------------------------------------------------ */

static enum pane_result
press(struct fix *f, uint32_t code)
{
	struct key k = { code, 0 };

	return f->ops->key(f->pane, &k);
}

static void
type(struct fix *f, const char *s)
{
	for (; *s != '\0'; s++)
		press(f, (unsigned char)*s);
}

static void
mouse(struct fix *f, enum mouse_kind kind, int row)
{
	struct mouse m = { kind, 1, row, 3, 0 };

	f->ops->mouse(f->pane, &m);
}

static struct canvas *
draw(struct fix *f)
{
	struct canvas *c = canvas_create(f->pane->rows, f->pane->cols);

	f->ops->draw(f->pane, c, true);
	return c;
}

static void
expect(struct fix *f, const char *want)
{
	struct canvas *c = draw(f);
	struct buf b = { 0 };

	canvas_dump(c, false, &b);
	while (b.len > 1 && b.data[b.len - 2] == '\n')
		b.data[--b.len] = '\0';
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
	canvas_destroy(c);
}

static void
expect_cell(struct fix *f, int row, int col, enum style_name fg, int bg)
{
	struct canvas *c = draw(f);
	struct style s = c->cells[row * c->cols + col].style;

	assert_int_equal(s.fg, fg);
	assert_int_equal(s.bg, bg);
	canvas_destroy(c);
}

static void
expect_title(struct fix *f, const char *want)
{
	struct buf b = { 0 };

	f->ops->title(f->pane, &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
expect_hint(struct fix *f, bool focused, const char *want)
{
	struct buf b = { 0 };

	f->ops->hint(f->pane, focused, &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
expect_log(struct fix *f, const char *want)
{
	assert_string_equal(buf_str(&f->log), want);
	buf_clear(&f->log);
}

static void
expect_said(struct fix *f, const char *part)
{
	assert_non_null(strstr(buf_str(&f->said), part));
	buf_clear(&f->said);
}

/* --- problem ------------------------------------------------------------ */

static void
problem_shows_and_scrolls(void **st)
{
	struct fix *f = setup(&pane_problem, 5, 20, false);

	(void)st;
	expect(f, "no question yet\n");
	expect_title(f, "Problem");
	question(f, "Two", "# Two\n\nGiven *n* integers, find two.\n\n"
	    "a\n\nb\n\nc\n");
	expect(f, "Two\n2 s, 512 MB, python3\n\nGiven n integers,\n"
	    "find two.\n");
	expect_title(f, "Problem \xc2\xb7 5 of 11 lines");
	press(f, 'j');
	expect(f, "2 s, 512 MB, python3\n\nGiven n integers,\nfind two.\n");
	press(f, KEY_SYM_END);
	expect(f, "a\n\nb\n\nc\n");
	expect_title(f, "Problem \xc2\xb7 11 of 11 lines");
	press(f, KEY_SYM_DOWN);
	expect_title(f, "Problem \xc2\xb7 11 of 11 lines");
	press(f, 'k');
	mouse(f, MOUSE_WHEEL_UP, 0);
	expect_title(f, "Problem \xc2\xb7 7 of 11 lines");
	press(f, ' ');
	expect_title(f, "Problem \xc2\xb7 11 of 11 lines");
	press(f, KEY_SYM_HOME);
	expect_cell(f, 0, 0, STYLE_HEADING, -1);
	expect_cell(f, 1, 0, STYLE_DIM, -1);
	assert_int_equal(press(f, 'x'), PANE_IGNORED);
	teardown(f);
}

static void
problem_follows_the_question(void **st)
{
	struct fix *f = setup(&pane_problem, 10, 30, false);

	(void)st;
	question(f, "One", "alpha beta gamma");
	expect(f, "One\n2 s, 512 MB, python3\n\nalpha beta gamma\n");
	f->ops->resize(f->pane, 10, 12);
	expect(f, "One\n2 s, 512 MB\xe2\x80\xa6\n\nalpha beta\ngamma\n");
	expect_title(f, "Problem");
	question(f, "Two", "## Input\nx");
	expect(f, "Two\n2 s, 512 MB\xe2\x80\xa6\n\nInput\n\nx\n");
	question(f, "Two", "other");
	expect(f, "Two\n2 s, 512 MB\xe2\x80\xa6\n\nother\n");
	teardown(f);
}

/* --- files -------------------------------------------------------------- */

#define LISTING "9\ta.py\n1234567\tb/two.txt\n3\tb/c/deep\n5\tz.md\n7\tb/1\n" \
	"1\t.git/HEAD\n"

static void
files_are_a_tree(void **st)
{
	struct fix *f = setup(&pane_files, 12, 24, false);

	(void)st;
	expect(f, "no files\n\n\n\n\n\n\n\n\n\n\n"
	    "n new  r ren  d del\n");
	list(f, LISTING);
	f->ops->resize(f->pane, 12, 40);
	expect(f, "▸ .git/\n▾ b/\n  ▾ c/\n"
	    "      deep                             3\n"
	    "    1                                  7\n"
	    "    two.txt                        1.2 M\n"
	    "  a.py                                 9\n"
	    "  z.md                                 5\n\n\n\n"
	    "Enter open  n new  r rename  d delete\n");
	press(f, KEY_SYM_ENTER); /* opens .git */
	press(f, 'j');
	press(f, 'j');
	press(f, KEY_SYM_LEFT); /* closes b */
	f->ops->resize(f->pane, 5, 10);
	expect(f, "▾ .git/\n    HEAD\n▸ b/\n  a.py   9\n  z.md   5\n");
	expect_cell(f, 2, 5, STYLE_TEXT, 99);
	list(f, LISTING "2\tb/new\n"); /* which stays closed */
	expect(f, "▾ .git/\n    HEAD\n▸ b/\n  a.py   9\n  z.md   5\n");
	press(f, KEY_SYM_UP);
	press(f, KEY_SYM_LEFT); /* from a file to its directory */
	expect_cell(f, 0, 3, STYLE_TEXT, 99);
	expect_log(f, "");
	teardown(f);
}

static void
selection_stays_on_its_path(void **st)
{
	struct fix *f = setup(&pane_files, 5, 10, false);

	(void)st;
	list(f, "1\ta\n1\tb\n1\tc\n");
	press(f, KEY_SYM_END);
	press(f, KEY_SYM_UP);
	expect_cell(f, 1, 2, STYLE_TEXT, 99);
	list(f, "1\ta\n1\tb\n1\taa\n1\tc\n");
	expect_cell(f, 2, 2, STYLE_TEXT, 99);
	list(f, "1\ta\n1\tc\n");
	expect_cell(f, 1, 2, STYLE_TEXT, 99);
	list(f, "");
	expect(f, "no files\n");
	press(f, KEY_SYM_ENTER);
	press(f, 'd');
	expect_log(f, "");
	teardown(f);
}

static void
files_tell_what_is_edited(void **st)
{
	struct fix *f = setup(&pane_files, 4, 14, false);
	struct event ev = event(EV_FILE_OPEN);

	(void)st;
	list(f, "1\ta\n1\tbb\n1\tlong-name-here\n");
	ev.u.file.path = "bb";
	ev.u.file.content = (struct bytes){ "x", 1 };
	apply(f, &ev);
	expect_cell(f, 1, 2, STYLE_HERE, -1);
	expect_cell(f, 0, 2, STYLE_TEXT, 99);
	ev = event(EV_FILE_STATE);
	ev.u.file.path = "bb";
	ev.u.file.state = FILE_EDITED;
	apply(f, &ev);
	expect(f, "  a          1\n  bb ●       1\n  long-name-h…\n");
	expect_cell(f, 1, 5, STYLE_WAIT, -1);
	f->ops->resize(f->pane, 4, 4);
	expect(f, "  a\n   ●\n  l…\n");
	teardown(f);
}

static void
files_open(void **st)
{
	struct fix *f = setup(&pane_files, 4, 20, false);

	(void)st;
	list(f, LISTING);
	mouse(f, MOUSE_PRESS, 3);
	expect_log(f, "open b/c/deep|run focus-editor|");
	mouse(f, MOUSE_PRESS, 0); /* a directory */
	expect_log(f, "");
	press(f, KEY_SYM_END);
	press(f, KEY_SYM_ENTER);
	expect_log(f, "open z.md|run focus-editor|");
	expect(f, "    1              7\n    two.txt    1.2 M\n"
	    "  a.py             9\n  z.md             5\n");
	teardown(f);
}

static void
files_are_made(void **st)
{
	struct fix *f = setup(&pane_files, 4, 24, false);
	int row, col, shape;

	(void)st;
	list(f, "1\ta\n1\tb/c\n");
	assert_false(f->ops->cursor(f->pane, &row, &col, &shape));
	press(f, 'j');
	press(f, 'n');
	expect(f, "▾ b/\n    c                  1\n"
	    "  a                    1\nNew file: b/\n");
	assert_true(f->ops->cursor(f->pane, &row, &col, &shape));
	assert_int_equal(row, 3);
	assert_int_equal(col, 12);
	type(f, "nx");
	press(f, KEY_SYM_LEFT);
	press(f, KEY_SYM_LEFT);
	press(f, KEY_SYM_DELETE);
	press(f, KEY_SYM_END);
	f->ops->paste(f->pane, ".py\nrest", 8);
	press(f, KEY_SYM_ENTER);
	expect_log(f, "create b/x.py|run focus-editor|");
	/* It is selected when it is there. */
	list(f, "1\ta\n1\tb/c\n0\tb/x.py\n");
	expect_cell(f, 2, 4, STYLE_TEXT, 99);
	press(f, 'n');
	press(f, KEY_SYM_ESCAPE);
	press(f, KEY_SYM_ENTER);
	expect_log(f, "open b/x.py|run focus-editor|");
	teardown(f);
}

static void
long_names_keep_the_question(void **state)
{
	struct fix *f = setup(&pane_files, 3, 20, false);
	int row, col, shape;

	(void)state;
	press(f, 'n');
	type(f, "abcdefghijklmnop");
	expect(f, "no files\n\nNew file: hijklmnop\n");
	assert_true(f->ops->cursor(f->pane, &row, &col, &shape));
	assert_int_equal(row, 2);
	assert_int_equal(col, 19);
	press(f, KEY_SYM_HOME);
	expect(f, "no files\n\nNew file: abcdefghij\n");
	assert_true(f->ops->cursor(f->pane, &row, &col, &shape));
	assert_int_equal(col, 10);
	teardown(f);
}

static void
names_are_refused(void **st)
{
	static const char *const bad[][2] = {
		{ "", "needs a name" }, { "/etc/x", "relative" },
		{ "../x", "stays in" }, { "a/../../x", "stays in" },
		{ "a/..", "stays in" }, { "a//b", "empty" },
		{ "a/", "empty" }, { "./a", "empty" },
		{ "a", "is there already" }, { "x\xc2\x85", "control" },
	};
	struct fix *f = setup(&pane_files, 4, 24, false);

	(void)st;
	list(f, "1\ta\n");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		press(f, 'n');
		f->ops->paste(f->pane, bad[i][0], strlen(bad[i][0]));
		press(f, KEY_SYM_ENTER);
		expect_said(f, bad[i][1]);
		expect_log(f, "");
		press(f, KEY_SYM_ESCAPE);
	}
	press(f, 'n');
	type(f, "..x");
	press(f, KEY_SYM_ENTER);
	expect_log(f, "create ..x|run focus-editor|");
	teardown(f);
}

static void
files_are_renamed_and_deleted(void **st)
{
	struct fix *f = setup(&pane_files, 4, 24, false);

	(void)st;
	list(f, "1\ta\n1\tsolution.py\n");
	press(f, KEY_SYM_END);
	press(f, 'r');
	expect(f, "  a                    1\n  solution.py          1\n\n"
	    "Rename to: solution.py\n");
	press(f, KEY_SYM_ENTER); /* as it was */
	expect_log(f, "");
	press(f, 'r');
	for (int i = 0; i < 20; i++)
		press(f, KEY_SYM_BACKSPACE);
	type(f, "m.py");
	press(f, KEY_SYM_ENTER);
	expect_log(f, "rename solution.py m.py|");
	press(f, 'd');
	expect(f, "  a                    1\n  solution.py          1\n\n"
	    "Delete solution.py? y/n\n");
	press(f, 'n');
	press(f, 'd');
	press(f, KEY_SYM_ENTER);
	expect_log(f, "");
	press(f, 'd');
	/* Another file may be selected by now. */
	list(f, "1\ta\n");
	press(f, 'y');
	expect_log(f, "delete solution.py|");
	list(f, "1\tb/c\n");
	press(f, KEY_SYM_HOME);
	press(f, 'd');
	expect_said(f, "b is a directory");
	teardown(f);
}

static void
watching_changes_no_files(void **st)
{
	struct fix *f = setup(&pane_files, 8, 24, true);

	(void)st;
	list(f, "1\ta\n");
	type(f, "nrdy");
	press(f, KEY_SYM_ENTER);
	mouse(f, MOUSE_PRESS, 0);
	expect_log(f, "");
	expect(f, "  a                    1\n");
	teardown(f);
}

static void
names_cannot_write_on_the_screen(void **st)
{
	struct fix *f = setup(&pane_files, 3, 20, false);

	(void)st;
	list(f, "1\ta\033[2Jb\n");
	expect(f, "  a\xef\xbf\xbd[2Jb           1\n");
	press(f, 'd');
	expect(f, "  a\xef\xbf\xbd[2Jb           1\n\n"
	    "Delete a\xef\xbf\xbd[2Jb? y/n\n");
	teardown(f);
}

/* --- tests -------------------------------------------------------------- */

static void
tests_come_in(void **st)
{
	struct fix *f = setup(&pane_tests, 6, 50, false);
	struct event ev;

	(void)st;
	expect(f, "F5 saves and runs the tests\n");
	expect_title(f, "tests");
	run(f, 1, 3);
	sample(f, 1, 1, VERDICT_AC, "0 1\n", "0 1\n");
	sample(f, 1, 2, VERDICT_NONE, "", "");
	expect_title(f, "tests \xc2\xb7 run 1 running \xc2\xb7 1 of 3");
	expect(f, "✓ sample 1              12 ms    9.0 MB\n"
	    "… sample 2   running\n");
	expect_hint(f, false, "F5 cancels");
	sample(f, 1, 2, VERDICT_AC, "", "");
	ev = test_case(1, 3, VERDICT_TLE);
	ev.u.test.hidden = true;
	ev.u.test.name = "secret/07-huge";
	apply(f, &ev);
	done(f, 1, VERDICT_TLE, 2, 3, NULL);
	expect_title(f, "tests \xc2\xb7 run 1 \xc2\xb7 2 of 3 passed \xc2\xb7 "
	    "0.31 s");
	expect(f, "✓ sample 1                          12 ms\n"
	    "✓ sample 2                          12 ms\n"
	    "✗ hidden 1   time limit exceeded\n");
	expect_hint(f, false, "");
	expect_hint(f, true, "Enter details");
	expect_cell(f, 1, 0, STYLE_PASS, -1);
	expect_cell(f, 2, 0, STYLE_FAIL, -1);
	teardown(f);
}

static void
failed_sample_opens(void **st)
{
	struct fix *f = setup(&pane_tests, 12, 62, false);

	(void)st;
	run(f, 1, 2);
	sample(f, 1, 1, VERDICT_AC, "1\n", "1\n");
	sample(f, 1, 2, VERDICT_WA, "0 3\nsame\nx\n", "3 0\nsame \n");
	done(f, 1, VERDICT_WA, 1, 2, NULL);
	expect(f,
	    "✓ sample 1                   12 ms    9.0 MB\n"
	    "✗ sample 2   wrong answer    12 ms    9.0 MB\n"
	    "  expected                      output\n"
	    "  0 3                           3 0\n"
	    "  same                          same\n"
	    "  x\n"
	    "  input\n  4 9\n");
	expect_cell(f, 1, 5, STYLE_TEXT, 99);
	expect_cell(f, 3, 2, STYLE_FAIL, -1);
	expect_cell(f, 3, 32, STYLE_FAIL, -1);
	expect_cell(f, 4, 32, STYLE_TEXT, -1);
	expect_cell(f, 5, 2, STYLE_FAIL, -1);
	f->ops->resize(f->pane, 12, 20);
	expect(f, "✓ sample 1\n✗ sample 2   WA\n"
	    "  expected\n  0 3\n  same\n  x\n  output\n  3 0\n"
	    "  same\n  input\n  4 9\n");
	expect_cell(f, 7, 2, STYLE_FAIL, -1);
	expect_cell(f, 8, 2, STYLE_TEXT, -1);
	press(f, KEY_SYM_ENTER);
	expect(f, "✓ sample 1\n✗ sample 2   WA\n");
	mouse(f, MOUSE_PRESS, 0);
	expect_cell(f, 0, 5, STYLE_TEXT, 99);
	expect_cell(f, 2, 2, STYLE_TEXT, -1);
	expect_log(f, "");
	teardown(f);
}

/* Even when the record carries what it should not. */
static void
hidden_cases_tell_nothing(void **st)
{
	struct fix *f = setup(&pane_tests, 20, 80, false);
	struct event ev = test_case(1, 1, VERDICT_WA);
	struct bytes leak = { "LEAK\n", 5 };
	struct buf b = { 0 };
	struct canvas *c;

	(void)st;
	run(f, 1, 1);
	ev.u.test.hidden = true;
	ev.u.test.name = ev.u.test.why = "LEAK";
	ev.u.test.input = ev.u.test.expected = ev.u.test.output = leak;
	ev.u.test.errors = leak;
	apply(f, &ev);
	done(f, 1, VERDICT_WA, 0, 1, NULL);
	press(f, KEY_SYM_ENTER);
	for (int cols = 20; cols <= 80; cols += 60) {
		f->ops->resize(f->pane, 20, cols);
		c = draw(f);
		buf_clear(&b);
		canvas_dump(c, false, &b);
		assert_null(strstr(b.data, "LEAK"));
		canvas_destroy(c);
	}
	assert_non_null(strstr(b.data,
	    "hidden case: only the verdict is shown"));
	assert_non_null(strstr(b.data, "hidden 1"));
	buf_free(&b);
	teardown(f);
}

/* Hidden cases that have the same verdict share a row. */
static void
hidden_cases_stand_together(void **st)
{
	static const enum verdict verdicts[] = { VERDICT_AC, VERDICT_AC,
		VERDICT_AC, VERDICT_TLE, VERDICT_AC, VERDICT_NONE };
	struct fix *f = setup(&pane_tests, 6, 50, false);
	struct event ev;

	(void)st;
	run(f, 1, 7);
	sample(f, 1, 1, VERDICT_AC, "", "");
	for (unsigned i = 0; i < ARRAY_LEN(verdicts); i++) {
		ev = test_case(1, i + 2, verdicts[i]);
		ev.u.test.hidden = true;
		apply(f, &ev);
	}
	expect(f, "✓ sample 1                            12 ms\n"
	    "✓ hidden 1–3\n✗ hidden 4     time limit exceeded\n"
	    "✓ hidden 5\n… hidden 6     running\n");
	f->pane->ctx.ascii = true;
	press(f, KEY_SYM_END);
	press(f, KEY_SYM_UP);
	expect_cell(f, 3, 0, STYLE_PASS, 99);
	/* What was running when the run ended has no verdict. */
	done(f, 1, VERDICT_CANCELED, 5, 7, NULL);
	expect(f, "+ sample 1                            12 ms\n"
	    "+ hidden 1-3\nx hidden 4     time limit exceeded\n"
	    "+ hidden 5\n- hidden 6     cancelled\n");
	teardown(f);
}

/* Of a crash, the message comes first; of no output, that there is none. */
static void
crashes_tell_why(void **st)
{
	struct fix *f = setup(&pane_tests, 9, 70, false);
	struct event ev = test_case(1, 1, VERDICT_RTE);

	(void)st;
	run(f, 1, 1);
	ev.u.test.name = "sample 1";
	ev.u.test.why = "exit status 1";
	ev.u.test.expected = (struct bytes){ "7\n", 2 };
	ev.u.test.errors = (struct bytes){ "IndexError\n", 11 };
	apply(f, &ev);
	expect(f, "✗ sample 1   run-time error    12 ms    9.0 MB   "
	    "exit status 1\n");
	done(f, 1, VERDICT_RTE, 0, 1, NULL);
	expect(f, "✗ sample 1   run-time error    12 ms    9.0 MB\n"
	    "  exit status 1\n  stderr\n  IndexError\n"
	    "  expected                          output\n"
	    "  7                                 (nothing)\n");
	teardown(f);
}

static void
older_runs(void **st)
{
	struct fix *f = setup(&pane_tests, 6, 40, false);

	(void)st;
	for (unsigned i = 1; i <= 3; i++) {
		run(f, i, 1);
		sample(f, i, 1, i == 2 ? VERDICT_RTE : VERDICT_AC, "", "");
		done(f, i, i == 2 ? VERDICT_RTE : VERDICT_AC, i != 2, 1,
		    NULL);
	}
	expect_title(f, "tests \xc2\xb7 run 3 \xc2\xb7 1 of 1 passed \xc2\xb7 "
	    "0.31 s");
	expect_hint(f, true, "Enter details  [ ] other runs");
	press(f, '[');
	expect_title(f, "tests \xc2\xb7 run 2 of 3 \xc2\xb7 0 of 1 passed "
	    "\xc2\xb7 0.31 s");
	expect(f, "✗ sample 1   run-time error    12 ms\n");
	press(f, KEY_SYM_LEFT);
	press(f, KEY_SYM_LEFT);
	expect_said(f, "first run");
	expect_title(f, "tests \xc2\xb7 run 1 of 3 \xc2\xb7 1 of 1 passed "
	    "\xc2\xb7 0.31 s");
	run(f, 4, 2);
	expect_title(f, "tests \xc2\xb7 run 4 running \xc2\xb7 0 of 2");
	press(f, '[');
	press(f, ']');
	expect_title(f, "tests \xc2\xb7 run 4 running \xc2\xb7 0 of 2");
	/* Another question has runs of its own. */
	f->state->question = 2;
	expect_title(f, "tests");
	expect(f, "F5 saves and runs the tests\n");
	press(f, '[');
	press(f, KEY_SYM_ENTER);
	teardown(f);
}

static void
errors_of_a_run(void **st)
{
	struct fix *f = setup(&pane_tests, 6, 24, false);

	(void)st;
	run(f, 1, 2);
	done(f, 1, VERDICT_CE, 0, 2, "a.c:1: error: no such thing\nx\ty\n");
	expect_title(f, "tests \xc2\xb7 run 1 \xc2\xb7 compile error \xc2\xb7 "
	    "0.31 s");
	expect(f, "a.c:1: error: no such\nthing\nx       y\n");
	expect_cell(f, 0, 0, STYLE_FAIL, -1);
	run(f, 2, 2);
	done(f, 2, VERDICT_JE, 0, 2, "the sandbox is gone");
	expect(f, "not your fault: the\nsandbox is gone\n");
	expect_cell(f, 0, 0, STYLE_WAIT, -1);
	teardown(f);
}

static void
long_output_is_cut(void **st)
{
	struct fix *f = setup(&pane_tests, 200, 70, false);
	char *wrong = xcalloc(1, 100001), *right = xcalloc(1, 100001);
	struct canvas *c;
	struct buf b = { 0 };

	(void)st;
	/* One long line that goes wrong late; then very many. */
	memset(right, 'a', 1000);
	memset(wrong, 'a', 1000);
	wrong[900] = 'B';
	right[900] = 'A';
	for (int i = 1000; i < 100000; i++)
		wrong[i] = i % 2 ? 'y' : '\n';
	run(f, 1, 1);
	sample(f, 1, 1, VERDICT_WA, right, wrong);
	done(f, 1, VERDICT_WA, 0, 1, NULL);
	c = draw(f);
	canvas_dump(c, false, &b);
	assert_non_null(strstr(b.data, "aaB"));
	assert_non_null(strstr(b.data, "aaA"));
	assert_non_null(strstr(b.data, "… 98 more kB"));
	canvas_destroy(c);
	buf_free(&b);
	free(wrong);
	free(right);
	teardown(f);
}

static void
tests_scroll(void **st)
{
	struct fix *f = setup(&pane_tests, 4, 14, false);

	(void)st;
	run(f, 1, 9);
	for (unsigned i = 9; i > 0; i--)
		sample(f, 1, i, VERDICT_AC, "", "");
	done(f, 1, VERDICT_AC, 9, 9, NULL);
	expect(f, "✓ sample…\n✓ sample…\n✓ sample…\n✓ sample…\n");
	f->ops->resize(f->pane, 4, 21);
	mouse(f, MOUSE_WHEEL_DOWN, 0);
	expect(f, "✓ sample 4\n✓ sample 5\n✓ sample 6\n✓ sample 7\n");
	press(f, KEY_SYM_PGDN);
	press(f, KEY_SYM_PGUP);
	expect_cell(f, 0, 0, STYLE_PASS, -1);
	press(f, KEY_SYM_END);
	expect_cell(f, 3, 0, STYLE_PASS, 99);
	press(f, KEY_SYM_HOME);
	expect_cell(f, 0, 0, STYLE_PASS, 99);
	press(f, KEY_SYM_DOWN);
	press(f, 'j');
	press(f, 'k');
	expect_cell(f, 1, 0, STYLE_PASS, 99);
	teardown(f);
}

/* A seek in a replay gives panes another state and no event. */
static void
seeks_are_seen(void **st)
{
	static const struct pane_ops *const all[] = { &pane_problem,
		&pane_files, &pane_tests };
	static const char *const before[] = {
		"One\n2 s, 512 MB, python3\n\na\n",
		"  old              1.0 k\n", "x sample 1   WA\n" };

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct fix *f = setup(all[i], 5, 24, true);
		struct pane_ops quiet = *f->ops;
		struct keyframe *k;

		quiet.event = NULL;
		f->ops = &quiet;
		f->pane->ctx.ascii = true;
		question(f, "One", "a");
		list(f, "1000\told\n");
		run(f, 1, 1);
		sample(f, 1, 1, VERDICT_WA, "1", "2");
		k = state_keyframe(f->state);
		canvas_destroy(draw(f));
		list(f, "1\tnew\n2\tnewer\n");
		done(f, 1, VERDICT_WA, 0, 1, NULL);
		if (i != 2)
			question(f, "One", "b");
		canvas_destroy(draw(f));
		state_restore(f->state, k);
		expect(f, before[i]);
		keyframe_free(k);
		teardown(f);
	}
}

/* --- all of them -------------------------------------------------------- */

static void
shake(struct fix *f)
{
	static const uint32_t keys[] = { 'j', KEY_SYM_ENTER, KEY_SYM_PGDN,
		KEY_SYM_END, 'k', '[', ']', ' ', KEY_SYM_PGUP, KEY_SYM_LEFT,
		KEY_SYM_RIGHT, KEY_SYM_HOME, 'n', 'x', KEY_SYM_BACKSPACE,
		KEY_SYM_BACKSPACE, KEY_SYM_ESCAPE, 'd', 'n', 'r',
		KEY_SYM_LEFT, KEY_SYM_ESCAPE };
	int row, col, shape;
	struct buf b = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		press(f, keys[i]);
		canvas_destroy(draw(f));
		f->ops->title(f->pane, &b);
		if (f->ops->cursor != NULL &&
		    f->ops->cursor(f->pane, &row, &col, &shape))
			assert_true(row < f->pane->rows &&
			    col < f->pane->cols);
		mouse(f, (enum mouse_kind)(i % 5), (int)(i % 7) - 1);
	}
	buf_free(&b);
}

static void
any_size_will_do(void **st)
{
	static const struct pane_ops *const all[] = { &pane_problem,
		&pane_files, &pane_tests };

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct fix *f = setup(all[i], 0, 0, false);

		shake(f);
		question(f, "日本語", "# x\n\n|a|b|\n|---|---|\n|c|d|\n\n- z");
		list(f, LISTING);
		run(f, 1, 2);
		sample(f, 1, 1, VERDICT_WA, "日本\t語\n", "\t\tx\n\n\xff");
		sample(f, 1, 2, VERDICT_JE, "", "");
		done(f, 1, VERDICT_WA, 0, 2, "why");
		for (int rows = 0; rows < 8; rows++)
			for (int cols = 0; cols < 70; cols += 1 + cols / 4) {
				f->ops->resize(f->pane, rows, cols);
				shake(f);
			}
		teardown(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(problem_shows_and_scrolls),
		cmocka_unit_test(problem_follows_the_question),
		cmocka_unit_test(files_are_a_tree),
		cmocka_unit_test(selection_stays_on_its_path),
		cmocka_unit_test(files_tell_what_is_edited),
		cmocka_unit_test(files_open),
		cmocka_unit_test(files_are_made),
		cmocka_unit_test(long_names_keep_the_question),
		cmocka_unit_test(names_are_refused),
		cmocka_unit_test(files_are_renamed_and_deleted),
		cmocka_unit_test(watching_changes_no_files),
		cmocka_unit_test(names_cannot_write_on_the_screen),
		cmocka_unit_test(tests_come_in),
		cmocka_unit_test(failed_sample_opens),
		cmocka_unit_test(hidden_cases_tell_nothing),
		cmocka_unit_test(hidden_cases_stand_together),
		cmocka_unit_test(crashes_tell_why),
		cmocka_unit_test(older_runs),
		cmocka_unit_test(errors_of_a_run),
		cmocka_unit_test(long_output_is_cut),
		cmocka_unit_test(tests_scroll),
		cmocka_unit_test(seeks_are_seen),
		cmocka_unit_test(any_size_will_do),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
