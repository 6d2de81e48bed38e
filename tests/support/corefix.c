#include "config.h"

#include "tests/support/corefix.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/patience.h"

static struct problem_case cases[] = {
	{ (char *)"1", false, (char *)"1 2\n", (char *)"3\n", 4, 2, { 0 } },
	{ (char *)"secret-name", true, (char *)"50 61\n", (char *)"111\n", 6,
	    4, { 0 } },
};
static const struct problem problem_a = { .name = (char *)"sum",
	.title = (char *)"A sum", .statement = (char *)"# Add\n",
	.time_limit_ms = 1000, .memory_limit_mb = 64, .output_limit_kb = 64,
	.cases = cases,
	.ncases = 2 };
static const struct problem problem_b = { .name = (char *)"sum2",
	.title = (char *)"Another", .statement = (char *)"Again\n",
	.time_limit_ms = 1000, .memory_limit_mb = 64, .output_limit_kb = 64,
	.cases = cases,
	.ncases = 2 };

uint64_t fixture_record_max;
struct fake_plan fixture_plan;

static struct fixture *the; /* a program is not told whose it is */

/* Answers rightly when the solution says so. */
static void
program(void *user, struct fake_run *r)
{
	const char *text = r->file(r, "solution.py");
	int a = 0, b = 0;

	r->hang = the->hang;
	buf_add(r->sandbox == the->shell ? &the->shell_in : &the->judge_in,
	    buf_str(r->input), r->input->len);
	(void)user;
	sscanf(buf_str(r->input), "%d %d", &a, &b);
	if (text != NULL && strstr(text, "right") != NULL)
		buf_addf(&r->out, "%d\n", a + b);
	else
		buf_adds(&r->out, "3\n");
}

static struct sandbox *
make_sandbox(void *user, struct loop *l, const struct sandbox_spec *spec,
    const struct sandbox_watch *w, void *watch_user)
{
	struct fixture *f = user;
	struct sandbox *s = fake_sandbox(l, &f->plan, w, watch_user);

	if (!spec->judge) {
		f->shell = s;
		if (f->kept != NULL)
			fake_write(s, "solution.py", f->kept);
	}
	return s;
}

static void
keep(struct fixture *f, struct sandbox *s)
{
	const char *text = fake_read(s, "solution.py");

	free(f->kept);
	f->kept = text != NULL ? xstrdup(text) : NULL;
}

static void
on_gone(void *user, struct sandbox *s)
{
	struct fixture *f = user;

	if (f->disk && s == f->shell)
		keep(f, s);
}

static void
on_event(void *user, const struct event *ev)
{
	struct fixture *f = user;

	f->last = ev->type;
	f->counts[ev->type]++;
	if (ev->type == EV_TEST_CASE)
		buf_addf(&f->cases, "%s@%s=%d ", ev->u.test.name,
		    ev->u.test.where != NULL ? ev->u.test.where : "",
		    (int)ev->u.test.verdict);
	if (ev->type == EV_EDIT_CHANGE)
		f->dirty = true;
	if (ev->type == EV_FILE_SAVED)
		f->dirty = false;
	if (ev->type == EV_QUESTION_START)
		assert_false(f->dirty);
	if (f->seen != NULL)
		f->seen(f, ev);
}

static void
on_notice(void *user, const char *text)
{
	struct fixture *f = user;

	snprintf(f->notice, sizeof f->notice, "%s", text);
	buf_addf(&f->notices, "%s\n", text);
}

static void
on_clipboard(void *user, const char *p, size_t n)
{
	struct fixture *f = user;

	buf_addf(&f->copied, "%.*s\n", (int)n, p);
}

static void
on_ended(void *user, const char *why)
{
	struct fixture *f = user;

	f->ended++;
	snprintf(f->why, sizeof f->why, "%s", why);
}

void
turns(struct fixture *f)
{
	for (int i = 0; i < 60; i++)
		loop_turn(f->loop, 0);
}

void
pass(struct fixture *f, int64_t us)
{
	for (int64_t t = 0; t < us; t += 100000) {
		clock_fake_advance(&f->clock, 100000);
		loop_turn(f->loop, 0);
	}
	turns(f);
}

void
until_ended(struct fixture *f)
{
	int64_t end = clock_mono(clock_system()) + PATIENCE_US;

	while (f->ended == 0 && clock_mono(clock_system()) < end)
		loop_turn(f->loop, 10000);
	assert_int_equal(f->ended, 1);
}

static struct core *
make_core(struct fixture *f, bool resume, struct err *e)
{
	static const struct problem *const problems[] = { &problem_a,
		&problem_b };
	struct core_spec spec = { .id = "s1", .problems = problems,
		.nproblems = 2, .language = resume ? NULL : "python3",
		.scrollback = 100, .resume = resume, .loop = f->loop,
		.dir = f->dir, .record = true, .provider = "fake",
		.sandbox = make_sandbox,
		.event = on_event, .notice = on_notice, .ended = on_ended,
		.clipboard = on_clipboard,
		.user = f, .duration = resume ? 0 : 3600,
		.record_max = fixture_record_max };

	f->core = core_create(&spec, e);
	if (f->core != NULL && f->made != NULL)
		f->made(f);
	if (f->core != NULL)
		turns(f);
	return f->core;
}

int
fixture_setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	struct err e = { 0 };

	the = f;
	snprintf(f->dir, sizeof f->dir, "/tmp/viva-core-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->plan = fixture_plan;
	memset(&fixture_plan, 0, sizeof fixture_plan);
	f->plan.program = program;
	f->plan.gone = on_gone;
	f->plan.user = f;
	clock_fake_init(&f->clock, 5000000, 1000);
	f->loop = loop_create(&f->clock.base, waiter_poll());
	assert_non_null(make_core(f, false, &e));
	*state = f;
	return 0;
}

/* What a core writes when it goes is not there after a kill. */
static void
cut_after(const char *path, uint64_t seq)
{
	struct event_reader r = { .fd = open(path, O_RDONLY | O_CLOEXEC) };
	const char *p;
	size_t n = 0;

	assert_true(r.fd >= 0);
	for (uint64_t i = 0; i < seq; i++)
		assert_int_equal(event_next(&r, &p, &n, NULL), EVENT_WHOLE);
	assert_int_equal(truncate(path, (off_t)(r.bytes + n)), 0);
	close(r.fd);
	event_reader_free(&r);
}

void
fixture_kill_at(struct fixture *f, uint64_t seq)
{
	char *path = xasprintf("%s/journal.jsonl", f->dir);

	keep(f, f->shell);
	core_destroy(f->core);
	f->core = NULL;
	cut_after(path, seq);
	memset(f->counts, 0, sizeof f->counts);
	f->dirty = false;
	free(path);
}

void
fixture_kill(struct fixture *f)
{
	fixture_kill_at(f, core_state(f->core)->seq);
}

struct core *
fixture_resume(struct fixture *f, struct err *e)
{
	return make_core(f, true, e);
}

int
fixture_teardown(void **state)
{
	struct fixture *f = *state;
	char cmd[100];

	core_destroy(f->core);
	loop_destroy(f->loop);
	snprintf(cmd, sizeof cmd, "rm -rf %s", f->dir);
	assert_int_equal(system(cmd), 0);
	free(f->kept);
	buf_free(&f->notices);
	buf_free(&f->copied);
	buf_free(&f->cases);
	buf_free(&f->shell_in);
	buf_free(&f->judge_in);
	fake_plan_free(&f->plan);
	free(f);
	return 0;
}

const struct state_file *
solution(struct fixture *f)
{
	return state_file(core_state(f->core), "solution.py");
}

void
type(struct fixture *f, const char *text)
{
	struct command cmd = { .type = CMD_EDIT, .path = "solution.py",
		.text = "type", .data = text, .len = strlen(text) };

	core_command(f->core, &cmd);
}

void
simple(struct fixture *f, enum command_type type)
{
	struct command cmd = { .type = type, .path = "solution.py" };

	core_command(f->core, &cmd);
	turns(f);
}

void
input(struct fixture *f, const char *text)
{
	struct command cmd = { .type = CMD_TERM_INPUT, .data = text,
		.len = strlen(text) };

	core_command(f->core, &cmd);
	turns(f);
}
