#include "config.h"

#include "session/testrun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "problem/compare.h"

#define SHOWN_MAX (64u << 10) /* bytes of a text that go into the record */
#define ERRORS_MAX (64u << 10)
#define STATUS_NOT_FOUND 127 /* POSIX: the command was not found */

struct testrun {
	struct loop *loop;
	struct testrun_spec spec;
	const struct testrun_watch *watch;
	void *user;
	struct testrun_web *web; /* NULL: judge does it */
	struct sandbox *judge;
	size_t puts; /* files still being written */
	bool compiling, finished;
	uint64_t exec;
	size_t at; /* index of the case that runs */
	char name[32];
	struct buf out, errors;
	unsigned passed, ran;
	enum verdict verdict; /* of the whole: the first that is not AC */
};

static void
finish(struct testrun *t, enum verdict v, const char *why)
{
	if (t->finished)
		return;
	t->finished = true;
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
run_program(struct testrun *t, const struct exec_spec *spec)
{
	buf_clear(&t->out);
	buf_clear(&t->errors);
	t->exec = t->judge->ops->exec(t->judge, spec);
}

static void
compile(struct testrun *t)
{
	struct exec_spec spec = { .argv = t->spec.language->compile,
		.cpu_ms = 20000, .wall_ms = 40000, .memory_mb = 2048,
		.file_mb = 64, .processes = 64, .output_max = ERRORS_MAX };

	t->compiling = true;
	run_program(t, &spec);
	t->judge->ops->input_end(t->judge, t->exec);
}

struct bytes
testrun_shown(const char *p, size_t n)
{
	return (struct bytes){ p != NULL ? p : "",
		n < SHOWN_MAX ? n : SHOWN_MAX };
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
	return c;
}

static void
start_case(struct testrun *t)
{
	const struct problem *p = t->spec.problem;
	const struct problem_case *k = current(t);
	struct exec_spec spec = { .argv = t->spec.language->run,
		.read_only = true, .cpu_ms = p->time_limit_ms,
		.wall_ms = p->time_limit_ms * 2 + 2000,
		.memory_mb = p->memory_limit_mb, .file_mb = 16,
		.processes = 64,
		.output_max = (size_t)p->output_limit_kb * 1024 };
	struct testrun_case c;

	c = report(t, VERDICT_NONE);
	t->watch->case_started(t->user, &c);
	run_program(t, &spec);
	if (!t->judge->ops->input(t->judge, t->exec, 0, k->in, k->in_len)) {
		t->judge->ops->kill(t->judge, t->exec);
		finish(t, VERDICT_JE, "the input is too long");
		return;
	}
	t->judge->ops->input_end(t->judge, t->exec);
}

static void
next_case(struct testrun *t)
{
	const struct problem *p = t->spec.problem;

	while (t->at < p->ncases && p->cases[t->at].hidden &&
	    !t->spec.include_hidden)
		t->at++;
	if (t->at < p->ncases)
		start_case(t);
	else
		finish(t, t->verdict == VERDICT_NONE ? VERDICT_AC : t->verdict,
		    NULL);
}

/* ---- verdicts ---- */

/* The command itself could not be run: the machine lacks it. */
static bool
missing(const struct testrun *t, const char *const *argv,
    const struct sandbox_exit *x, char *why, size_t n)
{
	if (x->status != STATUS_NOT_FOUND || argv[0][0] != '/' ||
	    strncmp(buf_str(&t->errors), argv[0], strlen(argv[0])) != 0)
		return false;
	snprintf(why, n, "%s is not there: apt-get install %s", argv[0],
	    t->spec.language->package);
	return true;
}

static bool
says_out_of_memory(const struct testrun *t)
{
	const char *word = t->spec.language->out_of_memory;

	return word != NULL && strstr(buf_str(&t->errors), word) != NULL;
}

static enum verdict
failed_verdict(const struct testrun *t, const struct sandbox_exit *x,
    char *why, size_t n)
{
	if (says_out_of_memory(t))
		return VERDICT_MLE;
	if (x->why[0] != '\0')
		snprintf(why, n, "%s", x->why);
	else if (x->status < 0)
		snprintf(why, n, "killed by signal %d (%s)", -x->status,
		    strsignal(-x->status));
	else
		snprintf(why, n, "exit status %d", x->status);
	return VERDICT_RTE;
}

static enum verdict
judge_case(struct testrun *t, const struct sandbox_exit *x, char *why,
    size_t n)
{
	const struct problem_case *k = current(t);
	struct err e = { 0 };

	why[0] = '\0';
	if (x->infra) {
		snprintf(why, n, "%s", x->why);
		return VERDICT_JE;
	}
	if (x->output_limit)
		return VERDICT_OLE;
	if (x->memory_limit) {
		snprintf(why, n, "%s", x->why);
		return VERDICT_MLE;
	}
	if (x->timed_out)
		return VERDICT_TLE;
	if (missing(t, t->spec.language->run, x, why, n))
		return VERDICT_JE;
	if (x->status != 0)
		return failed_verdict(t, x, why, n);
	if (compare(t->spec.problem, k->ans, k->ans_len, buf_str(&t->out),
	    t->out.len, &e))
		return VERDICT_AC;
	snprintf(why, n, "%s", e.msg);
	return VERDICT_WA;
}

static void
case_exited(struct testrun *t, const struct sandbox_exit *x)
{
	char why[400];
	enum verdict v = judge_case(t, x, why, sizeof why);
	struct testrun_case c = report(t, v);

	if (!c.hidden) {
		c.why = why[0] != '\0' ? why : NULL;
		c.output = testrun_shown(buf_str(&t->out), t->out.len);
		c.errors = testrun_shown(buf_str(&t->errors), t->errors.len);
		/* Killed by the wall clock it has no CPU time to tell. */
		c.time_us = x->cpu_us > 0 ? x->cpu_us :
		    x->timed_out ? t->spec.problem->time_limit_ms * 2000 : 0;
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
compiled(struct testrun *t, const struct sandbox_exit *x)
{
	char why[400];

	t->compiling = false;
	if (x->infra)
		finish(t, VERDICT_JE, x->why);
	else if (missing(t, t->spec.language->compile, x, why, sizeof why))
		finish(t, VERDICT_JE, why);
	else if (x->status != 0 || x->timed_out || x->output_limit)
		finish(t, VERDICT_CE, t->errors.len > 0 ? buf_str(&t->errors) :
		    "the compiler did not finish");
	else
		next_case(t);
}

/* ---- what the sandbox tells ---- */

static void
on_state(void *user, enum sandbox_state st, const char *why)
{
	struct testrun *t = user;

	if (st == SANDBOX_FAILED)
		finish(t, VERDICT_JE, why);
}

static void
on_output(void *user, uint64_t exec, enum sandbox_stream st, uint64_t offset,
    const char *p, size_t n)
{
	struct testrun *t = user;
	struct buf *b = st == SANDBOX_STDOUT && !t->compiling ? &t->out :
	    &t->errors;

	(void)offset;
	if (exec != t->exec || (b == &t->errors && b->len >= ERRORS_MAX))
		return;
	buf_add(b, p, n);
}

static void
on_exited(void *user, uint64_t exec, const struct sandbox_exit *x)
{
	struct testrun *t = user;

	if (exec != t->exec || t->finished)
		return;
	t->exec = 0;
	if (t->compiling)
		compiled(t, x);
	else
		case_exited(t, x);
}

static void
on_fs(void *user, uint64_t request, const struct fs_result *r)
{
	struct testrun *t = user;

	(void)request;
	if (t->finished)
		return;
	if (!r->ok)
		finish(t, VERDICT_JE, r->err.msg);
	else if (--t->puts == 0 && t->spec.language->compile != NULL)
		compile(t);
	else if (t->puts == 0)
		next_case(t);
}

static void
on_changed(void *user)
{
	(void)user;
}

static const struct sandbox_watch watch = { on_state, on_output, on_exited,
	on_fs, on_changed };

struct testrun *
testrun_start(struct loop *loop, const struct testrun_spec *spec,
    const struct testrun_watch *tell, void *user)
{
	struct testrun *t = xcalloc(1, sizeof *t);
	const struct sandbox_ops *ops;

	t->loop = loop;
	t->spec = *spec;
	t->watch = tell;
	t->user = user;
	if (spec->web != NULL) {
		t->web = spec->web->ops->start(spec->web, spec, tell, user);
		return t;
	}
	t->judge = spec->judge(spec->judge_user, loop, &watch, t);
	ops = t->judge->ops;
	ops->start(t->judge);
	for (size_t i = 0; i < spec->nfiles; i++)
		ops->fs(t->judge, FS_PUT, spec->files[i].path, NULL,
		    spec->files[i].data, (size_t)spec->files[i].size);
	t->puts = spec->nfiles;
	if (t->puts == 0) { /* it still has to fail properly */
		ops->fs(t->judge, FS_LIST, NULL, NULL, NULL, 0);
		t->puts = 1;
	}
	t->spec.files = NULL; /* the sandbox has them now */
	return t;
}

void
testrun_cancel(struct testrun *t)
{
	if (t->web != NULL) {
		t->spec.web->ops->cancel(t->web);
		return;
	}
	if (t->exec != 0)
		t->judge->ops->kill(t->judge, t->exec);
	finish(t, VERDICT_CANCELED, NULL);
}

void
testrun_free(struct testrun *t)
{
	if (t == NULL)
		return;
	if (t->web != NULL)
		t->spec.web->ops->free(t->web);
	if (t->judge != NULL)
		t->judge->ops->destroy(t->judge);
	buf_free(&t->out);
	buf_free(&t->errors);
	free(t);
}
