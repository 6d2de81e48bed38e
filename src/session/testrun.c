#include "config.h"

/*
 * The cases run one after the other, the samples first where that is their
 * order.  Each place gets its files and, where that is due, its compiled
 * program while others are at work; a case whose place is not ready waits.
 */

#include "session/testrun-verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "sandbox/fs.h"

#define ERRORS_MAX TESTRUN_SHOWN_MAX

struct place { /* a sandbox that cases run in */
	struct testrun *t;
	const char *name;  /* in the record */
	struct sandbox *s; /* NULL: none, or not any more */
	uint64_t dir;	   /* of the session's: ours; 0: the workspace */
	size_t puts;	   /* files still being written */
	bool compiling, ready, failed;
	char why[512]; /* of failed */
	uint64_t exec;
	struct buf out, errors;
};

struct testrun {
	struct loop *loop;
	struct testrun_spec spec;
	struct fs_result files; /* for a judge that is made later */
	const struct testrun_watch *watch;
	void *user;
	struct testrun_web *web; /* NULL: the places do it */
	struct place session, judge;
	struct loop_timer *begin;
	bool finished, waited;
	size_t at; /* index of the case that runs, or waits */
	struct place *running; /* where; NULL: it waits for its place */
	char name[32];
	unsigned passed;
	enum verdict verdict; /* of the whole: the first that is not AC */
};

static void next_case(struct testrun *);

/* What the session's sandbox has of us goes. */
static void
leave_session(struct testrun *t)
{
	struct place *p = &t->session;

	if (p->s == NULL)
		return;
	if (p->exec != 0)
		p->s->ops->kill(p->s, p->exec);
	p->s->ops->dir_drop(p->s, p->dir);
	p->s = NULL;
	p->exec = 0;
}

static void
finish(struct testrun *t, enum verdict v, const char *why)
{
	if (t->finished)
		return;
	t->finished = true;
	loop_timer_cancel(t->begin);
	t->begin = NULL;
	leave_session(t);
	t->watch->done(t->user, v, t->passed, (unsigned)t->spec.problem->ncases,
	    why);
}

static const struct problem_case *
current(const struct testrun *t)
{
	return &t->spec.problem->cases[t->at];
}

/* ---- programs ---- */

static void
run_program(struct place *p, struct exec_spec *spec)
{
	buf_clear(&p->out);
	buf_clear(&p->errors);
	spec->dir = p->dir;
	p->exec = p->s->ops->exec(p->s, spec);
}

static void
compile(struct place *p)
{
	struct exec_spec spec = { .argv = p->t->spec.language->compile,
		.cpu_ms = 20000, .asleep_ms = 40000, .memory_mb = 2048,
		.file_mb = 64, .processes = 64, .output_max = ERRORS_MAX };

	p->compiling = true;
	run_program(p, &spec);
	p->s->ops->input_end(p->s, p->exec);
}

struct bytes
testrun_shown(const char *p, size_t n)
{
	return (struct bytes){ p != NULL ? p : "",
		n < TESTRUN_SHOWN_MAX + 1 ? n : TESTRUN_SHOWN_MAX + 1 };
}

struct testrun_case
testrun_case_at(const struct problem *p, size_t at, char *name, size_t n)
{
	const struct problem_case *k = &p->cases[at];
	struct testrun_case c = { .number = (unsigned)at + 1,
		.hidden = k->hidden, .name = name };
	unsigned hidden = 0;
	size_t len = strnlen(k->name, 20);

	/* The name of a hidden case may tell what it is about. */
	for (size_t i = 0; i <= at; i++)
		hidden += p->cases[i].hidden;
	if (k->hidden) {
		snprintf(name, n, "hidden %u", hidden);
		return c;
	}
	while (!utf8_valid(k->name, len)) /* not in the midst of a letter */
		len--;
	snprintf(name, n, "sample %.*s", (int)len, k->name);
	c.input = testrun_shown(k->in, k->in_len);
	c.expected = testrun_shown(k->ans, k->ans_len);
	return c;
}

static struct testrun_case
report(struct testrun *t, enum verdict v)
{
	struct testrun_case c = testrun_case_at(t->spec.problem, t->at,
	    t->name, sizeof t->name);

	c.verdict = v;
	if (t->spec.session != NULL)
		c.where = t->running->name;
	return c;
}

static void
start_case(struct testrun *t, struct place *p)
{
	const struct problem *q = t->spec.problem;
	const struct problem_case *k = current(t);
	struct exec_spec spec = { .argv = t->spec.language->run,
		.read_only = true, .cpu_ms = q->time_limit_ms,
		.asleep_ms = q->time_limit_ms * 2 + 2000,
		.memory_mb = q->memory_limit_mb, .file_mb = 16,
		.processes = 64,
		.output_max = (size_t)q->output_limit_kb * 1024 };
	struct testrun_case c;

	t->running = p;
	c = report(t, VERDICT_NONE);
	t->watch->case_started(t->user, &c);
	run_program(p, &spec);
	if (!p->s->ops->input(p->s, p->exec, 0, k->in, k->in_len)) {
		p->s->ops->kill(p->s, p->exec);
		finish(t, VERDICT_JE, "the input is too long");
		return;
	}
	p->s->ops->input_end(p->s, p->exec);
}

static bool
runs(const struct testrun *t, size_t at)
{
	return t->spec.include_hidden || !t->spec.problem->cases[at].hidden;
}

/* ---- places ---- */

static void
place_ready(struct place *p)
{
	p->ready = true;
	if (p->t->running == NULL && p->t->begin == NULL)
		next_case(p->t);
}

static void
place_has_files(struct place *p)
{
	if (p->t->spec.language->compile != NULL)
		compile(p);
	else
		place_ready(p);
}

/* The judge's.  What runs elsewhere comes to its end first. */
static void
place_failed(struct place *p, const char *why)
{
	struct testrun *t = p->t;

	if (t->finished || p->failed)
		return;
	p->failed = true;
	snprintf(p->why, sizeof p->why, "%s", why != NULL ? why : "");
	if (t->running == p)
		finish(t, VERDICT_JE, p->why);
	else if (t->running == NULL && t->begin == NULL)
		next_case(t);
}

static const struct sandbox_watch judge_watch;

static void
open_judge(struct testrun *t, const struct sandbox_file *files, size_t n)
{
	struct place *p = &t->judge;
	const struct sandbox_ops *ops;

	p->s = t->spec.judge(t->spec.judge_user, t->loop, &judge_watch, p);
	ops = p->s->ops;
	ops->start(p->s);
	for (size_t i = 0; i < n; i++)
		ops->fs(p->s, FS_PUT, files[i].path, NULL, files[i].data,
		    (size_t)files[i].size);
	p->puts = n;
	if (n == 0) { /* it still has to fail properly */
		ops->fs(p->s, FS_LIST, NULL, NULL, NULL, 0);
		p->puts = 1;
	}
}

static void
next_case(struct testrun *t)
{
	const struct problem *q = t->spec.problem;
	struct place *p = &t->judge;

	t->running = NULL;
	while (t->at < q->ncases && !runs(t, t->at))
		t->at++;
	if (t->at == q->ncases) {
		finish(t, t->verdict == VERDICT_NONE ? VERDICT_AC : t->verdict,
		    NULL);
		return;
	}
	if (current(t)->hidden)
		leave_session(t);
	if (t->session.s != NULL)
		p = &t->session;
	else if (p->s == NULL)
		open_judge(t, t->files.files, t->files.nfiles);
	if (p->failed)
		finish(t, VERDICT_JE, p->why);
	else if (p->ready)
		start_case(t, p);
}

/* It has ended, or somebody in it has ended what ran for us: nobody's answer
 * was wrong.  The judge's does the rest. */
static void
session_lost(struct testrun *t, const char *why)
{
	struct testrun_case c;

	leave_session(t);
	if (t->watch->moved != NULL)
		t->watch->moved(t->user, why);
	if (t->running == &t->session) {
		c = report(t, VERDICT_JE);
		c.why = why;
		t->watch->case_done(t->user, &c);
		t->running = NULL;
	}
	if (t->running == NULL && t->begin == NULL)
		next_case(t);
}

/* ---- verdicts ---- */

static void
case_exited(struct place *p, const struct sandbox_exit *x)
{
	struct testrun *t = p->t;
	char why[400];
	enum verdict v = verdict_of(&t->spec, current(t), x, &p->out,
	    &p->errors, why, sizeof why);
	struct testrun_case c = report(t, v);

	if (!c.hidden) {
		c.why = why[0] != '\0' ? why : NULL;
		c.output = testrun_shown(buf_str(&p->out), p->out.len);
		c.errors = testrun_shown(buf_str(&p->errors), p->errors.len);
		c.time_us = x->cpu_us;
		c.memory_kb = x->memory_kb;
	}
	if (v == VERDICT_AC)
		t->passed++;
	else if (t->verdict == VERDICT_NONE)
		t->verdict = v;
	t->watch->case_done(t->user, &c);
	if (v == VERDICT_JE) {
		finish(t, v, why);
		return;
	}
	t->at++;
	next_case(t);
}

static void
compiled(struct place *p, const struct sandbox_exit *x)
{
	const struct testrun_spec *spec = &p->t->spec;
	char why[400];

	p->compiling = false;
	if (x->infra)
		place_failed(p, x->why);
	else if (p == &p->t->session && x->timed_out) /* by the neighbours? */
		session_lost(p->t, "the compiler did not finish there");
	else if (verdict_missing(spec, spec->language->compile, x, &p->errors,
	    why, sizeof why))
		finish(p->t, VERDICT_JE, why);
	else if (x->status != 0 || x->timed_out || x->output_limit)
		finish(p->t, VERDICT_CE, p->errors.len > 0 ?
		    buf_str(&p->errors) : "the compiler did not finish");
	else
		place_ready(p);
}

/* ---- what the sandboxes tell ---- */

static void
place_output(struct place *p, uint64_t exec, enum sandbox_stream st,
    const char *text, size_t n)
{
	struct buf *b = st == SANDBOX_STDOUT && !p->compiling ? &p->out :
	    &p->errors;

	if (exec != p->exec || (b == &p->errors && b->len > ERRORS_MAX))
		return;
	buf_add(b, text, n);
}

static void
place_exited(struct place *p, uint64_t exec, const struct sandbox_exit *x)
{
	struct testrun *t = p->t;

	if (exec != p->exec || exec == 0 || t->finished)
		return;
	p->exec = 0;
	if (p == &t->session && x->infra)
		session_lost(t, x->why);
	else if (p->compiling)
		compiled(p, x);
	else
		case_exited(p, x);
}

static void
on_state(void *user, enum sandbox_state st, const char *why)
{
	struct place *p = user;
	struct testrun *t = p->t;

	if (st == SANDBOX_FAILED) {
		place_failed(p, why);
	} else if (st == SANDBOX_RETRYING && !t->waited && !t->finished) {
		t->waited = true;
		if (t->watch->waits != NULL)
			t->watch->waits(t->user, why != NULL ? why : "");
	}
}

static void
on_output(void *user, uint64_t exec, enum sandbox_stream st, uint64_t offset,
    const char *p, size_t n)
{
	(void)offset;
	place_output(user, exec, st, p, n);
}

static void
on_exited(void *user, uint64_t exec, const struct sandbox_exit *x)
{
	place_exited(user, exec, x);
}

static void
on_fs(void *user, uint64_t request, const struct fs_result *r)
{
	struct place *p = user;

	(void)request;
	if (p->t->finished || p->failed)
		return;
	if (!r->ok)
		place_failed(p, r->err.msg);
	else if (--p->puts == 0)
		place_has_files(p);
}

static void
on_changed(void *user)
{
	(void)user;
}

static const struct sandbox_watch judge_watch = { on_state, on_output,
	on_exited, on_fs, on_changed };

void
testrun_output(struct testrun *t, uint64_t exec, enum sandbox_stream st,
    const char *p, size_t n)
{
	if (t->session.s != NULL)
		place_output(&t->session, exec, st, p, n);
}

void
testrun_exited(struct testrun *t, uint64_t exec, const struct sandbox_exit *x)
{
	if (t->session.s != NULL)
		place_exited(&t->session, exec, x);
}

void
testrun_session_gone(struct testrun *t, const char *why)
{
	if (t->session.s != NULL && !t->finished)
		session_lost(t, why);
}

/* ---- life ---- */

static void
keep_files(struct testrun *t, const struct testrun_spec *spec)
{
	struct fs_result *k = &t->files;

	k->files = xcalloc(spec->nfiles + 1, sizeof *k->files);
	for (; k->nfiles < spec->nfiles; k->nfiles++) {
		const struct sandbox_file *from = &spec->files[k->nfiles];
		struct sandbox_file *to = &k->files[k->nfiles];

		*to = *from;
		to->path = xstrdup(from->path);
		to->data = from->data != NULL ? xmemdup(from->data,
		    (size_t)from->size) : NULL;
	}
}

static void
open_session(struct testrun *t)
{
	struct place *p = &t->session;

	p->s = t->spec.session;
	p->dir = p->s->ops->dir(p->s, t->spec.files, t->spec.nfiles);
	place_has_files(p);
}

static void
begin(void *user)
{
	struct testrun *t = user;

	t->begin = NULL;
	next_case(t);
}

static void
open_places(struct testrun *t)
{
	bool hidden = false, samples = false;

	for (size_t i = 0; i < t->spec.problem->ncases; i++) {
		hidden |= t->spec.problem->cases[i].hidden && runs(t, i);
		samples |= !t->spec.problem->cases[i].hidden;
	}
	if (t->spec.session != NULL && samples)
		open_session(t);
	if (hidden || t->session.s == NULL)
		open_judge(t, t->spec.files, t->spec.nfiles);
	else
		keep_files(t, &t->spec);
	t->spec.files = NULL; /* the sandboxes have them now */
}

struct testrun *
testrun_start(struct loop *loop, const struct testrun_spec *spec,
    const struct testrun_watch *tell, void *user)
{
	struct testrun *t = xcalloc(1, sizeof *t);

	t->loop = loop;
	t->spec = *spec;
	t->watch = tell;
	t->user = user;
	t->session = (struct place){ .t = t, .name = "session" };
	t->judge = (struct place){ .t = t, .name = "judge" };
	if (spec->web != NULL) {
		t->web = spec->web->ops->start(spec->web, spec, tell, user);
		return t;
	}
	/* Nothing is told from inside this call. */
	t->begin = loop_timer_add(loop, 0, begin, t);
	open_places(t);
	return t;
}

void
testrun_cancel(struct testrun *t)
{
	struct place *p = &t->judge;

	if (t->web != NULL) {
		t->spec.web->ops->cancel(t->web);
		return;
	}
	if (p->exec != 0)
		p->s->ops->kill(p->s, p->exec);
	finish(t, VERDICT_CANCELED, NULL);
}

void
testrun_free(struct testrun *t)
{
	if (t == NULL)
		return;
	loop_timer_cancel(t->begin);
	if (t->web != NULL)
		t->spec.web->ops->free(t->web);
	leave_session(t);
	if (t->judge.s != NULL)
		t->judge.s->ops->destroy(t->judge.s);
	fs_result_finish(&t->files);
	buf_free(&t->session.out);
	buf_free(&t->session.errors);
	buf_free(&t->judge.out);
	buf_free(&t->judge.errors);
	free(t);
}
