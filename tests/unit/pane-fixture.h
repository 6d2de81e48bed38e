#ifndef TESTS_UNIT_PANE_FIXTURE_H
#define TESTS_UNIT_PANE_FIXTURE_H

/* What the tests of the problem's, the files' and the tests' panes share: one
 * of them on a state of its own, what happens to it and what it shows. */

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

#define LISTING "9\ta.py\n1234567\tb/two.txt\n3\tb/c/deep\n5\tz.md\n7\tb/1\n" \
	"1\t.git/HEAD\n"

struct fix {
	struct state *state;
	struct theme theme;
	const struct pane_ops *ops;
	struct pane *pane;
	struct buf log, said;
	uint64_t seq;
};

static inline void
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

static inline void
on_say(void *user, const char *text)
{
	struct fix *f = user;

	buf_clear(&f->said);
	buf_adds(&f->said, text);
}

static inline void
on_run(void *user, const char *cmd)
{
	struct fix *f = user;

	buf_addf(&f->log, "run %s|", cmd);
}

static inline void
on_key_label(void *user, const char *cmd, char out[40])
{
	(void)user;
	snprintf(out, 40, "%s", strcmp(cmd, "run-tests") == 0 ? "F5" : "");
}

static inline struct fix *
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

static inline void
teardown(struct fix *f)
{
	f->ops->destroy(f->pane);
	state_destroy(f->state);
	buf_free(&f->log);
	buf_free(&f->said);
	free(f);
}

/* --- what happens ------------------------------------------------------- */

static inline struct event
event(enum event_type type)
{
	struct event ev;

	memset(&ev, 0, sizeof ev);
	ev.type = type;
	ev.question = 1;
	return ev;
}

static inline void
apply(struct fix *f, struct event *ev)
{
	ev->seq = ++f->seq;
	state_apply(f->state, ev);
	if (f->ops->event != NULL)
		f->ops->event(f->pane, ev);
}

static inline void
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

static inline void
list(struct fix *f, const char *text)
{
	struct event ev = event(EV_FILE_LIST);

	ev.u.file.list = text;
	apply(f, &ev);
}

static inline void
run(struct fix *f, uint64_t number, unsigned total)
{
	struct event ev = event(EV_TEST_RUN);

	ev.u.test.run = number;
	ev.u.test.total = total;
	apply(f, &ev);
}

static inline struct event
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

static inline void
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

static inline void
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

static inline enum pane_result
press(struct fix *f, uint32_t code)
{
	struct key k = { code, 0 };

	return f->ops->key(f->pane, &k);
}

static inline void
type(struct fix *f, const char *s)
{
	for (; *s != '\0'; s++)
		press(f, (unsigned char)*s);
}

static inline void
mouse(struct fix *f, enum mouse_kind kind, int row)
{
	struct mouse m = { kind, 1, row, 3, 0 };

	f->ops->mouse(f->pane, &m);
}

static inline struct canvas *
draw(struct fix *f)
{
	struct canvas *c = canvas_create(f->pane->rows, f->pane->cols);

	f->ops->draw(f->pane, c, true);
	return c;
}

static inline void
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

static inline void
expect_cell(struct fix *f, int row, int col, enum style_name fg, int bg)
{
	struct canvas *c = draw(f);
	struct style s = c->cells[row * c->cols + col].style;

	assert_int_equal(s.fg, fg);
	assert_int_equal(s.bg, bg);
	canvas_destroy(c);
}

static inline void
expect_title(struct fix *f, const char *want)
{
	struct buf b = { 0 };

	f->ops->title(f->pane, &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static inline void
expect_hint(struct fix *f, bool focused, const char *want)
{
	struct buf b = { 0 };

	f->ops->hint(f->pane, focused, &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static inline void
expect_log(struct fix *f, const char *want)
{
	assert_string_equal(buf_str(&f->log), want);
	buf_clear(&f->log);
}

static inline void
expect_said(struct fix *f, const char *part)
{
	assert_non_null(strstr(buf_str(&f->said), part));
	buf_clear(&f->said);
}

#endif
