#ifndef TESTS_UNIT_GOLDEN_FIXTURE_H
#define TESTS_UNIT_GOLDEN_FIXTURE_H

/* The whole console over a sandbox in memory, on a terminal that is played,
 * and its screens as text.  For the test that includes it. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "session/core.h"
#include "tests/support/fakesandbox.h"
#include "ui/app.h"
#include "ui/colour.h"
#include "ui/screen.h"

#define DIRECT 0x1000000
#define STYLES_MAX 52

/* --- a terminal --------------------------------------------------------- */

static struct {
	int rows, cols, colours;
	struct canvas *shown;
	int row, col, shape;
	bool visible, hover;
	unsigned frames;
} term;

struct screen {
	int unused;
};

static struct screen the_screen;

struct screen *
screen_create(const struct screen_spec *spec, struct err *e)
{
	(void)e;
	if (spec->mono)
		term.colours = 0;
	return &the_screen;
}

void
screen_destroy(struct screen *s)
{
	(void)s;
	canvas_destroy(term.shown);
	term.shown = NULL;
}

int
screen_colours(const struct screen *s)
{
	(void)s;
	return term.colours;
}

void
screen_size(int *rows, int *cols)
{
	*rows = term.rows;
	*cols = term.cols;
}

/* Takes over only what it is told has changed, as a terminal does. */
void
screen_show(struct screen *s, const struct canvas *c, int from, int to,
    int row, int col, bool visible, int shape)
{
	bool fits = term.shown != NULL && term.shown->rows == c->rows &&
	    term.shown->cols == c->cols;

	(void)s;
	term.frames++;
	if (!fits) {
		canvas_destroy(term.shown);
		term.shown = canvas_create(c->rows, c->cols);
		from = 0;
		to = c->rows - 1;
	}
	for (int r = from; r <= to && r < c->rows; r++)
		memcpy(term.shown->cells + (ptrdiff_t)r * term.shown->stride,
		    c->cells + (ptrdiff_t)r * c->stride,
		    (size_t)c->cols * sizeof *c->cells);
	term.row = row;
	term.col = col;
	term.visible = visible;
	term.shape = shape;
}

void
screen_hover(struct screen *s, bool on)
{
	(void)s;
	term.hover = on;
}

void
screen_redraw(struct screen *s)
{
	(void)s;
}

void
screen_suspend(struct screen *s)
{
	(void)s;
}

bool
screen_suspended(const struct screen *s)
{
	(void)s;
	return false;
}

void
screen_resume(struct screen *s)
{
	(void)s;
}

void
screen_clipboard(struct screen *s, const char *p, size_t n)
{
	(void)s;
	(void)p;
	(void)n;
}

void
screen_restore(void)
{
}

/* --- a session ---------------------------------------------------------- */

static struct problem_case cases[] = {
	{ (char *)"1", false, (char *)"4 9\n2 7 11 15\n", (char *)"0 1\n", 14,
	    4, { 0 } },
	{ (char *)"2", false, (char *)"3 6\n3 2 4\n", (char *)"1 2\n", 10,
	    4, { 0 } },
	{ (char *)"a", true, (char *)"h1\n", (char *)"1\n", 3, 2, { 0 } },
	{ (char *)"b", true, (char *)"h2\n", (char *)"2\n", 3, 2, { 0 } },
	{ (char *)"c", true, (char *)"h3\n", (char *)"3\n", 3, 2, { 0 } },
	{ (char *)"d", true, (char *)"h4\n", (char *)"4\n", 3, 2, { 0 } },
};

static const char statement[] = "# Two numbers\n\n"
    "A till ends the day with *one* sum that the **bank** could not match.\n"
    "Find the two payments, with `n` up to 200 000.\n\n"
    "## Input\n\n"
    "- one line with `n` and `t`;\n"
    "- one line with the numbers a[0] to a[n-1], separated by single "
    "spaces, which may be more than fit on a line of this screen.\n\n"
    "| value | at least | at most |\n|---|--:|--:|\n"
    "| n | 2 | 200 000 |\n| a[i] | -1 000 | 1 000 |\n\n"
    "## Output\n\n1. the first index\n2. the second one\n\n"
    "```\nprint(i, j)\n```\n\n> Read the [manual](https://x.example).\n";

static const struct problem two_numbers = { .name = (char *)"two-numbers",
	.title = (char *)"Two numbers", .statement = (char *)statement,
	.time_limit_ms = 1000, .memory_limit_mb = 256, .output_limit_kb = 64,
	.cases = cases,
	.ncases = ARRAY_LEN(cases) };
static const struct problem *const problems[] = { &two_numbers,
	&two_numbers };

struct fixture {
	const struct spec *spec;
	struct clock_fake clock;
	struct loop *loop;
	struct fake_plan plan;
	struct sandbox *shell;
	struct core *core;
	struct app *app;
	struct replay *replay;
	struct buf journal;
	char hash[65];
};

struct spec { /* of a console */
	int rows, cols, colours;
	const char *theme, *language, *config;
	bool plain; /* LANG=C */
	const struct sandbox_link *link; /* NULL: on this machine */
};

static const struct spec plain_80 = { 24, 80, DIRECT, "dark", NULL, NULL,
	false, NULL };
static char config_dir[] = "/tmp/viva-golden-XXXXXX";
static int keys[2], old_stdin;

/* The solution says what it does. */
static void
program(void *user, struct fake_run *r)
{
	const char *text = r->file(r, "solution.py");
	const char *in = buf_str(r->input);

	(void)user;
	r->exit.cpu_us = 12400;
	r->exit.memory_kb = 8300;
	text = text != NULL ? text : "";
	r->hang = strstr(text, "hang") != NULL && in[0] != '4';
	if (strstr(r->argv[0], "gcc") != NULL) {
		buf_adds(&r->err, "solution.c:3:1: error: expected ';' before "
		    "'}' token\n");
		r->exit.status = 1;
	} else if (strstr(text, "crash") != NULL) {
		buf_adds(&r->err, "Traceback (most recent call last):\n"
		    "NameError: name 'crash' is not defined\n");
		r->exit.status = 1;
	} else if (strstr(text, "slow") != NULL && strcmp(in, "h3\n") == 0) {
		r->exit.timed_out = true;
	} else if (in[0] == 'h') {
		buf_add(&r->out, in + 1, 2);
	} else if (strstr(text, "wrong") != NULL) {
		buf_adds(&r->out, "1 0\n");
	} else {
		buf_adds(&r->out, in[0] == '4' ? "0 1\n" : "1 2\n");
	}
}

static struct sandbox *
make_sandbox(void *user, struct loop *l, const struct sandbox_spec *spec,
    const struct sandbox_watch *w, void *watch_user)
{
	struct fixture *f = user;
	struct sandbox *s = fake_sandbox(l, &f->plan, w, watch_user);

	if (!spec->judge)
		f->shell = s;
	return s;
}

static void
on_event(void *user, const struct event *ev)
{
	struct fixture *f = user;
	size_t from = f->journal.len;

	event_encode(ev, f->hash, &f->journal);
	event_hash(f->journal.data + from, f->journal.len - from - 1,
	    f->hash);
	if (f->app != NULL)
		app_event(f->app, ev);
}

static void
on_notice(void *user, const char *text)
{
	struct fixture *f = user;

	if (f->app != NULL)
		app_say(f->app, text);
}

static void
on_ended(void *user, const char *why)
{
	(void)user;
	(void)why;
}

static void
send(void *user, const struct command *c)
{
	struct fixture *f = user;

	core_command(f->core, c);
}

static bool
give_link(void *user, struct sandbox_link *link)
{
	*link = *((struct fixture *)user)->spec->link;
	return true;
}

static const char *
record_state(void *user, bool *failed)
{
	struct fixture *f = user;

	*failed = f->plan.fail_put != NULL;
	return *failed ? "cannot write the journal: No space left on device" :
	    "rec";
}

/* --- driving it --------------------------------------------------------- */

static void
pass(struct fixture *f, int64_t us)
{
	for (int64_t t = 0; t < us; t += 50000) {
		clock_fake_advance(&f->clock, 50000);
		loop_turn(f->loop, 0);
	}
}

static void
settle(struct fixture *f)
{
	for (int i = 0; i < 100; i++)
		loop_turn(f->loop, 0);
	pass(f, 200000);
}

/* As the terminal sends it; a last escape is the key. */
static void
press(struct fixture *f, const char *bytes)
{
	size_t n = strlen(bytes);

	assert_int_equal(write(keys[1], bytes, n), (ssize_t)n);
	settle(f);
}

#define F1 "\033OP"
#define F2 "\033OQ"
#define F3 "\033OR"
#define F4 "\033OS"
#define F5 "\033[15~"
#define F6 "\033[17~"
#define F7 "\033[18~"
#define F8 "\033[19~"
#define F9 "\033[20~"
#define F10 "\033[21~"
#define F12 "\033[24~"
#define DOWN "\033[B"
#define SHIFT_DOWN "\033[1;2B"
#define TO_START "\033[1;5H"

static void
resize(struct fixture *f, int rows, int cols)
{
	term.rows = rows;
	term.cols = cols;
	raise(SIGWINCH);
	settle(f);
}

static void
configure(const char *text)
{
	char *path = xasprintf("%s/viva/config", config_dir);
	FILE *f;

	unlink(path);
	if (text != NULL) {
		f = fopen(path, "we");
		assert_non_null(f);
		fputs(text, f);
		fclose(f);
	}
	free(path);
}

static void
open_terminal(const struct spec *s)
{
	term.rows = s->rows;
	term.cols = s->cols;
	term.colours = s->colours;
	configure(s->config);
	setenv("LC_ALL", s->plain ? "C" : "C.UTF-8", 1);
	assert_int_equal(pipe(keys), 0);
	assert_int_equal(dup2(keys[0], STDIN_FILENO), STDIN_FILENO);
}

static struct fixture *
start(const struct spec *s, const char *fail)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	struct core_spec core = { .id = "s1", .dir = config_dir,
		.problems = problems, .nproblems = 2,
		.language = s->language != NULL ? s->language : "python3",
		.scrollback = 100, .provider = "local",
		.sandbox = make_sandbox, .event = on_event,
		.notice = on_notice, .ended = on_ended, .user = f,
		.duration = 2700 };
	struct app_spec app = { .send = send, .record = record_state,
		.link = s->link != NULL ? give_link : NULL,
		.user = f, .theme = s->theme };
	struct err e = { 0 };

	memset(f->hash, '0', 64);
	f->spec = s;
	open_terminal(s);
	f->plan.program = program;
	f->plan.fail = fail;
	clock_fake_init(&f->clock, 5000000, 1000);
	f->loop = app.loop = core.loop = loop_create(&f->clock.base,
	    waiter_poll());
	f->core = core_create(&core, &e);
	assert_non_null(f->core);
	app.state = core_state(f->core);
	f->app = app_create(&app, &e);
	assert_non_null(f->app);
	settle(f);
	return f;
}

static void
stop(struct fixture *f)
{
	app_destroy(f->app);
	core_destroy(f->core);
	replay_close(f->replay);
	loop_destroy(f->loop);
	buf_free(&f->journal);
	close(keys[0]);
	close(keys[1]);
	free(f);
}

/* What was recorded, played; nothing is live any more. */
static struct fixture *
replay(struct fixture *live, const struct spec *s)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	struct app_spec app = { .theme = s->theme, .user = f };
	char *path = xasprintf("%s/journal", config_dir);
	const char *paths[] = { path };
	struct err e = { 0 };
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fwrite(live->journal.data, 1, live->journal.len, file);
	fclose(file);
	stop(live);
	open_terminal(s);
	clock_fake_init(&f->clock, 5000000, 1000);
	f->loop = app.loop = loop_create(&f->clock.base, waiter_poll());
	f->replay = app.replay = replay_open(paths, 1, &f->clock.base, &e);
	assert_non_null(f->replay);
	app.state = replay_state(f->replay);
	f->app = app_create(&app, &e);
	assert_non_null(f->app);
	settle(f);
	unlink(path);
	free(path);
	return f;
}

/* --- a screen as text --------------------------------------------------- */

static void
add_colour(struct buf *out, int32_t c, int *bold)
{
	c = term.colours > 0 ? colour_degrade(c, term.colours, bold) :
	    COLOR_DEFAULT;
	if (c == COLOR_DEFAULT)
		buf_adds(out, "default");
	else if (term.colours == DIRECT && c > 255)
		buf_addf(out, "#%06x", (unsigned)c & 0xffffff);
	else
		buf_addf(out, "%d", (int)c);
}

static void
add_legend(struct buf *out, char letter, const struct style *s)
{
	static const char *const names[] = { "bold", "dim", "italic",
		"underline", "reverse", "strike", "blink", "invisible" };
	int bold = 0, unused;

	buf_addf(out, "%c ", letter);
	add_colour(out, s->fg, &bold);
	buf_adds(out, " on ");
	add_colour(out, s->bg, &unused);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (s->attr & 1u << i || (i == 0 && bold))
			buf_addf(out, " %s", names[i]);
	buf_addc(out, '\n');
}

static bool
same_style(const struct style *a, const struct style *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attr == b->attr;
}

struct known {
	struct style styles[STYLES_MAX];
	size_t n;
};

static char
letter_of(struct known *k, const struct style *s)
{
	size_t i = 0;

	while (i < k->n && !same_style(&k->styles[i], s))
		i++;
	assert_true(i < STYLES_MAX);
	if (i == k->n)
		k->styles[k->n++] = *s;
	return (char)(i < 26 ? 'a' + i : 'A' + i - 26);
}

static void
add_runs(struct buf *out, struct known *k, int row)
{
	const struct canvas *c = term.shown;
	const struct cell *cells = c->cells + (ptrdiff_t)row * c->stride;
	char last = letter_of(k, &cells[0].style), here;
	int n = 0;

	buf_addf(out, "%2d:", row + 1);
	for (int i = 0; i < c->cols; i++, n++) {
		here = letter_of(k, &cells[i].style);
		if (here == last)
			continue;
		buf_addf(out, " %d%c", n, last);
		last = here;
		n = 0;
	}
	buf_addf(out, " %d%c\n", n, last);
}

/* The temporary directory has another name each time. */
static void
mask(struct buf *b)
{
	char *at = b->data;

	while ((at = strstr(at, config_dir)) != NULL) {
		at += strlen(config_dir);
		memset(at - 6, 'X', 6);
	}
}

static void
dump(struct buf *out)
{
	struct known k = { .n = 0 };

	assert_non_null(term.shown);
	buf_addf(out, "%dx%d", term.shown->cols, term.shown->rows);
	if (term.visible)
		buf_addf(out, ", cursor in row %d column %d, shape %d",
		    term.row + 1, term.col + 1, term.shape);
	buf_addc(out, '\n');
	canvas_dump(term.shown, false, out);
	buf_adds(out, "--\n");
	for (int row = 0; row < term.shown->rows; row++)
		add_runs(out, &k, row);
	for (size_t i = 0; i < k.n; i++)
		add_legend(out, letter_of(&k, &k.styles[i]), &k.styles[i]);
	mask(out);
}

static void
read_all(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	char text[4096];
	size_t n;

	buf_adds(out, "");
	if (f == NULL)
		return;
	while ((n = fread(text, 1, sizeof text, f)) > 0)
		buf_add(out, text, n);
	fclose(f);
}

static void
write_all(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(b->data, 1, b->len, f), b->len);
	assert_int_equal(fclose(f), 0);
}

static void
golden(const char *name)
{
	const char *dir = getenv("srcdir"), *how = getenv("VIVA_GOLDEN");
	char *path = xasprintf("%s/tests/golden/%s.txt", dir != NULL ? dir :
	    ".", name);
	struct buf is = { 0 }, was = { 0 };

	dump(&is);
	if (how != NULL && strcmp(how, "write") == 0)
		write_all(path, &is);
	read_all(path, &was);
	if (strcmp(buf_str(&is), buf_str(&was)) != 0) {
		print_error("%s should be:\n%s\nand is:\n%s\n"
		    "VIVA_GOLDEN=write renews it, once it is right\n", path,
		    buf_str(&was), buf_str(&is));
		fail();
	}
	buf_free(&is);
	buf_free(&was);
	free(path);
}

#endif
