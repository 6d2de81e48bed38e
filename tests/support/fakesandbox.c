#include "config.h"

#include "tests/support/fakesandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/fs.h"

struct fake_file {
	char *path;
	struct buf data;
};

struct fake_exec {
	uint64_t id;
	bool pty;
	uint64_t dir;
	char **argv;
	uint64_t offset[2], in_offset;
	struct buf input;
	void (*attached)(void *, uint64_t, uint64_t);
};

enum action_kind { ACT_STATE, ACT_OUTPUT, ACT_EXIT, ACT_FS, ACT_CHANGED,
	ACT_FOUND };

struct action { /* to be told on a later turn */
	struct action *next;
	enum action_kind kind;
	uint64_t id;
	enum sandbox_state state;
	struct buf data;
	enum sandbox_stream stream;
	struct sandbox_exit exit;
	struct fs_result fs;
};

struct fake_dir {
	struct fake_dir *next;
	uint64_t id;
	struct fake_file *files;
	size_t nfiles;
};

struct fake {
	struct sandbox base;
	struct fake_dir *dirs;
	struct fake_plan *plan;
	struct fake_file *files;
	size_t nfiles, files_cap;
	struct fake_exec *execs;
	size_t nexecs, execs_cap;
	uint64_t next_id, shell;
	bool held;
	const char *failed;
	char handle[24];
	struct action *actions, **actions_end;
	struct action *kept; /* their data is the path */
	struct loop_timer *timer;
};

static struct fake *
fake(struct sandbox *s)
{
	return CONTAINER_OF(s, struct fake, base);
}

static void
action_free(struct action *a)
{
	buf_free(&a->data);
	for (size_t i = 0; i < a->fs.nfiles; i++) {
		free(a->fs.files[i].path);
		free(a->fs.files[i].data);
	}
	free(a->fs.files);
	free(a->fs.left_out);
	free(a);
}

static struct fake_exec *
find(struct fake *f, uint64_t id)
{
	for (size_t i = 0; i < f->nexecs; i++)
		if (f->execs[i].id == id)
			return &f->execs[i];
	return NULL;
}

static void
perform(struct fake *f, struct action *a)
{
	const struct sandbox_watch *w = f->base.watch;
	struct fake_exec *x = find(f, a->id);
	uint64_t at;

	switch (a->kind) {
	case ACT_STATE:
		w->state(f->base.user, a->state, f->failed != NULL ?
		    f->failed : f->plan->fail);
		break;
	case ACT_OUTPUT:
		at = x->offset[a->stream];
		x->offset[a->stream] += a->data.len;
		w->output(f->base.user, a->id, a->stream, at, a->data.data,
		    a->data.len);
		break;
	case ACT_EXIT:
		w->exited(f->base.user, a->id, &a->exit);
		break;
	case ACT_FS:
		w->fs(f->base.user, a->id, &a->fs);
		break;
	case ACT_CHANGED:
		w->changed(f->base.user);
		break;
	case ACT_FOUND:
		x->attached(f->base.user, a->id, f->plan->in.len);
		break;
	}
}

static void
on_timer(void *user)
{
	struct fake *f = user;
	struct action *a = f->actions;

	f->timer = NULL;
	f->actions = a->next;
	if (f->actions == NULL)
		f->actions_end = &f->actions;
	else
		f->timer = loop_timer_add(f->base.loop, 0, on_timer, f);
	perform(f, a);
	action_free(a);
}

static void
queue(struct fake *f, struct action *a)
{
	*f->actions_end = a;
	f->actions_end = &a->next;
	if (f->timer == NULL && !f->held)
		f->timer = loop_timer_add(f->base.loop, 0, on_timer, f);
}

static struct action *
later(struct fake *f, enum action_kind kind, uint64_t id)
{
	struct action *a = xcalloc(1, sizeof *a);

	a->kind = kind;
	a->id = id;
	queue(f, a);
	return a;
}

static void
output(struct fake *f, uint64_t id, enum sandbox_stream st, const char *p,
    size_t n)
{
	struct action *a;

	if (n == 0)
		return;
	if (id == f->shell && f->plan->keeps)
		buf_add(&f->plan->out, p, n);
	a = later(f, ACT_OUTPUT, id);
	a->stream = st;
	buf_add(&a->data, p, n);
}

static void
op_start(struct sandbox *s)
{
	struct fake *f = fake(s);

	later(f, ACT_STATE, 0)->state = f->plan->fail != NULL ?
	    SANDBOX_FAILED : SANDBOX_READY;
}

static uint64_t
op_exec(struct sandbox *s, const struct exec_spec *spec)
{
	struct fake *f = fake(s);
	struct fake_exec *x;
	size_t n = 0;

	GROW(f->execs, f->nexecs, f->execs_cap);
	x = &f->execs[f->nexecs++];
	memset(x, 0, sizeof *x);
	x->id = ++f->next_id;
	x->pty = spec->pty;
	x->dir = spec->dir;
	while (spec->argv[n] != NULL)
		n++;
	x->argv = xcalloc(n + 1, sizeof *x->argv);
	for (size_t i = 0; i < n; i++)
		x->argv[i] = xstrdup(spec->argv[i]);
	if (spec->pty) {
		f->shell = x->id;
		f->plan->shells++;
		f->plan->rows = spec->rows;
		f->plan->cols = spec->cols;
		buf_clear(&f->plan->in);
		buf_clear(&f->plan->out);
		output(f, x->id, SANDBOX_STDOUT, "$ ", 2);
	}
	return x->id;
}

static bool
op_input(struct sandbox *s, uint64_t id, uint64_t offset, const char *p,
    size_t n)
{
	struct fake *f = fake(s);
	struct fake_exec *x = find(f, id);

	if (f->plan->full)
		return false;
	if (offset != x->in_offset)
		abort(); /* a gap or a repetition */
	x->in_offset += n;
	f->plan->inputs++;
	buf_add(&x->input, p, n);
	if (!x->pty)
		return true;
	if (f->plan->keeps)
		buf_add(&f->plan->in, p, n);
	output(f, id, SANDBOX_STDOUT, p, n);
	if (strstr(buf_str(&x->input), "exit\r") != NULL)
		later(f, ACT_EXIT, id);
	return true;
}

static const char *
run_file(struct fake_run *r, const char *path)
{
	const struct fake_dir *d = fake(r->sandbox)->dirs;

	if (r->dir == 0)
		return fake_read(r->sandbox, path);
	while (d != NULL && d->id != r->dir)
		d = d->next;
	for (size_t i = 0; d != NULL && i < d->nfiles; i++)
		if (strcmp(d->files[i].path, path) == 0)
			return buf_str(&d->files[i].data);
	return NULL;
}

static void
op_input_end(struct sandbox *s, uint64_t id)
{
	struct fake *f = fake(s);
	struct fake_exec *x = find(f, id);
	struct fake_run r = { .argv = (const char *const *)x->argv,
		.input = &x->input, .file = run_file, .sandbox = s, .dir = x->dir };

	if (x->pty)
		return;
	f->plan->program(f->plan->user, &r);
	output(f, id, SANDBOX_STDOUT, buf_str(&r.out), r.out.len);
	output(f, id, SANDBOX_STDERR, buf_str(&r.err), r.err.len);
	if (!r.hang)
		later(f, ACT_EXIT, id)->exit = r.exit;
	buf_free(&r.out);
	buf_free(&r.err);
}

static void
op_resize(struct sandbox *s, uint64_t id, unsigned rows, unsigned cols)
{
	(void)id;
	fake(s)->plan->rows = rows;
	fake(s)->plan->cols = cols;
}

static void
op_kill(struct sandbox *s, uint64_t id)
{
	struct action *a = later(fake(s), ACT_EXIT, id);

	a->exit.killed = true;
	a->exit.status = -9;
}

static void
op_pause(struct sandbox *s, uint64_t id, bool on)
{
	(void)s;
	(void)id;
	(void)on;
}

static bool
op_secret_input(struct sandbox *s, uint64_t id)
{
	(void)id;
	return fake(s)->plan->secret;
}

/* ---- over a network ---- */

static void
op_link(struct sandbox *s, struct sandbox_link *i)
{
	struct fake *f = fake(s);

	memset(i, 0, sizeof *i);
	i->rtt_us = i->retry_us = -1;
	i->anew = f->plan->anew;
	i->unsynced = f->plan->unsynced;
	i->attempt = f->plan->attempt;
	i->attempts = f->plan->attempts;
	i->expires_us = f->plan->ends == 0 ? -1 : f->plan->ends -
	    loop_now(f->base.loop);
}

static uint64_t
op_dir(struct sandbox *s, const struct sandbox_file *files, size_t n)
{
	struct fake *f = fake(s);
	struct fake_dir *d = xcalloc(1, sizeof *d);

	d->id = ++f->next_id;
	d->files = xcalloc(n + 1, sizeof *d->files);
	for (; d->nfiles < n; d->nfiles++) {
		struct fake_file *to = &d->files[d->nfiles];

		to->path = xstrdup(files[d->nfiles].path);
		buf_add(&to->data, files[d->nfiles].data,
		    (size_t)files[d->nfiles].size);
	}
	d->next = f->dirs;
	f->dirs = d;
	f->plan->dirs++;
	return d->id;
}

static void
op_dir_drop(struct sandbox *s, uint64_t id)
{
	struct fake *f = fake(s);
	struct fake_dir **p = &f->dirs, *d;

	while (*p != NULL && (*p)->id != id)
		p = &(*p)->next;
	d = *p;
	if (d == NULL)
		abort(); /* dropped twice, or made elsewhere */
	*p = d->next;
	f->plan->dirs--;
	for (size_t i = 0; i < d->nfiles; i++) {
		free(d->files[i].path);
		buf_free(&d->files[i].data);
	}
	free(d->files);
	free(d);
}

static const char *
op_handle(struct sandbox *s, uint64_t id)
{
	struct fake *f = fake(s);

	(void)id;
	snprintf(f->handle, sizeof f->handle, "shell-%u", f->plan->shells);
	return f->handle;
}

static uint64_t
op_attach(struct sandbox *s, const struct attach_spec *spec)
{
	struct fake *f = fake(s);
	struct fake_plan *p = f->plan;
	struct fake_exec *x;
	struct action *a;

	GROW(f->execs, f->nexecs, f->execs_cap);
	x = &f->execs[f->nexecs++];
	memset(x, 0, sizeof *x);
	x->id = ++f->next_id;
	x->pty = true;
	x->argv = xcalloc(1, sizeof *x->argv);
	x->attached = spec->attached;
	p->begun = spec->begun;
	x->offset[0] = spec->out_offset;
	if (p->lost || strcmp(op_handle(s, 0), spec->handle) != 0) {
		a = later(f, ACT_EXIT, x->id);
		a->exit.infra = true;
		snprintf(a->exit.why, sizeof a->exit.why, "it is gone");
		return x->id;
	}
	if (spec->out_offset > p->out.len)
		abort(); /* more than it ever said */
	f->shell = x->id;
	x->in_offset = p->in.len;
	p->rows = spec->rows;
	p->cols = spec->cols;
	if (!p->slow)
		fake_found(s);
	return x->id;
}

void
fake_found(struct sandbox *s)
{
	struct fake *f = fake(s);
	struct fake_exec *x = find(f, f->shell);
	struct action *a;

	later(f, ACT_FOUND, x->id);
	if (x->offset[0] == f->plan->out.len)
		return;
	a = later(f, ACT_OUTPUT, x->id);
	buf_add(&a->data, f->plan->out.data + x->offset[0],
	    f->plan->out.len - x->offset[0]);
}

void
fake_fail(struct sandbox *s, const char *why)
{
	struct fake *f = fake(s);

	f->failed = why;
	later(f, ACT_STATE, 0)->state = SANDBOX_FAILED;
}

void
fake_release(struct sandbox *s)
{
	struct fake *f = fake(s);

	f->held = false;
	if (f->actions != NULL)
		f->timer = loop_timer_add(f->base.loop, 0, on_timer, f);
}

void
fake_lose(struct sandbox *s)
{
	struct fake *f = fake(s);
	struct action *a = later(f, ACT_EXIT, f->execs[f->nexecs - 1].id);

	a->exit.infra = true;
	snprintf(a->exit.why, sizeof a->exit.why, "somebody ended it");
}

/* ---- files ---- */

static struct fake_file *
file(struct fake *f, const char *path)
{
	for (size_t i = 0; i < f->nfiles; i++)
		if (strcmp(f->files[i].path, path) == 0)
			return &f->files[i];
	return NULL;
}

static struct fake_file *
file_make(struct fake *f, const char *path)
{
	struct fake_file *k = file(f, path);

	if (k != NULL)
		return k;
	GROW(f->files, f->nfiles, f->files_cap);
	k = &f->files[f->nfiles++];
	memset(k, 0, sizeof *k);
	k->path = xstrdup(path);
	return k;
}

static void
give(struct fs_result *r, const struct fake_file *k, bool content)
{
	struct sandbox_file *out;

	r->files = xreallocarray(r->files, r->nfiles + 1, sizeof *r->files);
	out = &r->files[r->nfiles++];
	memset(out, 0, sizeof *out);
	out->path = xstrdup(k->path);
	out->size = k->data.len;
	if (content)
		out->data = xmemdup(buf_str(&k->data), k->data.len + 1);
}

static void
give_all(struct fake *f, struct fs_result *r)
{
	for (size_t i = 0; i < f->nfiles; i++)
		give(r, &f->files[i], r->op == FS_TREE);
	for (unsigned i = 0; i < f->plan->skips; i++)
		fs_skip(r, "d/big");
}

static void
fs_do(struct fake *f, struct fs_result *r, const char *path, const char *to,
    const char *data, size_t n)
{
	struct fake_file *k = path != NULL ? file(f, path) : NULL;

	r->ok = true;
	if (f->failed != NULL) {
		r->ok = err_set(&r->err, ERR_UNAVAILABLE, "%s", f->failed);
	} else if (r->op == FS_LIST || r->op == FS_TREE) {
		give_all(f, r);
	} else if (r->op == FS_PUT && f->plan->fail_put != NULL) {
		r->ok = err_set(&r->err, ERR_IO, "%s", f->plan->fail_put);
	} else if (r->op == FS_PUT) {
		k = file_make(f, path);
		buf_clear(&k->data);
		buf_add(&k->data, data, n);
	} else if (k == NULL) {
		r->ok = err_set(&r->err, ERR_NOT_FOUND, "%s: no such file",
		    path);
	} else if (r->op == FS_GET && n > 0 && k->data.len > n) {
		r->ok = err_set(&r->err, ERR_LIMIT, "%s is large", path);
	} else if (r->op == FS_GET) {
		f->plan->given += k->data.len;
		give(r, k, true);
	} else if (r->op == FS_RENAME) {
		free(k->path);
		k->path = xstrdup(to);
	} else {
		free(k->path);
		buf_free(&k->data);
		*k = f->files[--f->nfiles];
	}
}

/* Not in the queue: the test says when. */
static struct action *
keep(struct fake *f, const char *path)
{
	struct action *a = xcalloc(1, sizeof *a), **end = &f->kept;

	a->kind = ACT_FS;
	a->id = ++f->next_id;
	buf_adds(&a->data, path);
	while (*end != NULL)
		end = &(*end)->next;
	*end = a;
	return a;
}

bool
fake_answer(struct sandbox *s, const char *path)
{
	struct fake *f = fake(s);

	for (struct action *a, **p = &f->kept; (a = *p) != NULL;
	    p = &a->next) {
		if (path != NULL && strcmp(buf_str(&a->data), path) != 0)
			continue;
		*p = a->next;
		a->next = NULL;
		queue(f, a);
		return true;
	}
	return false;
}

static uint64_t
op_fs(struct sandbox *s, enum fs_op op, const char *path, const char *to,
    const char *data, size_t n)
{
	struct fake *f = fake(s);
	struct action *a;

	if (f->plan->mute || (f->plan->mute_puts && op == FS_PUT))
		return ++f->next_id;
	if (path != NULL && f->plan->keep != NULL &&
	    strncmp(path, f->plan->keep, strlen(f->plan->keep)) == 0)
		a = keep(f, path);
	else
		a = later(f, ACT_FS, ++f->next_id);
	a->fs.op = op;
	fs_do(f, &a->fs, path, to, data, n);
	return a->id;
}

static void
op_stop(struct sandbox *s)
{
	(void)s;
}

static void
op_destroy(struct sandbox *s)
{
	struct fake *f = fake(s);
	struct action *next;

	f->plan->destroyed++;
	if (f->plan->gone != NULL)
		f->plan->gone(f->plan->user, s);
	loop_timer_cancel(f->timer);
	*f->actions_end = f->kept;
	for (struct action *a = f->actions; a != NULL; a = next) {
		next = a->next;
		action_free(a);
	}
	if (f->dirs != NULL)
		abort(); /* who made one drops it */
	for (size_t i = 0; i < f->nexecs; i++) {
		for (char **p = f->execs[i].argv; *p != NULL; p++)
			free(*p);
		free(f->execs[i].argv);
		buf_free(&f->execs[i].input);
	}
	for (size_t i = 0; i < f->nfiles; i++) {
		free(f->files[i].path);
		buf_free(&f->files[i].data);
	}
	free(f->execs);
	free(f->files);
	free(f);
}

#define OPS .name = "fake", .start = op_start, .exec = op_exec, \
	.input = op_input, .input_end = op_input_end, .resize = op_resize, \
	.kill = op_kill, .pause = op_pause, .secret_input = op_secret_input, \
	.fs = op_fs, .stop = op_stop, .destroy = op_destroy
static const struct sandbox_ops ops = { OPS };
#define FAR .link = op_link, .dir = op_dir, .dir_drop = op_dir_drop
static const struct sandbox_ops far = { OPS, FAR };
static const struct sandbox_ops keeping = { OPS, FAR,
	.handle = op_handle, .attach = op_attach };

void
fake_plan_free(struct fake_plan *p)
{
	buf_free(&p->in);
	buf_free(&p->out);
}

struct sandbox *
fake_sandbox(struct loop *l, const struct fake_plan *plan,
    const struct sandbox_watch *w, void *user)
{
	struct fake *f = xcalloc(1, sizeof *f);

	f->base.ops = plan->keeps ? &keeping : plan->link ? &far : &ops;
	f->base.loop = l;
	f->base.watch = w;
	f->base.user = user;
	f->plan = (struct fake_plan *)plan;
	f->plan->created++;
	f->plan->newest = &f->base;
	f->held = plan->held;
	f->actions_end = &f->actions;
	return &f->base;
}

void
fake_write(struct sandbox *s, const char *path, const char *text)
{
	struct fake *f = fake(s);
	struct fake_file *k = file_make(f, path);

	buf_clear(&k->data);
	buf_adds(&k->data, text);
	later(f, ACT_CHANGED, 0);
}

void
fake_remove(struct sandbox *s, const char *path)
{
	struct fake *f = fake(s);
	struct fake_file *k = file(f, path);

	free(k->path);
	buf_free(&k->data);
	*k = f->files[--f->nfiles];
	later(f, ACT_CHANGED, 0);
}

const char *
fake_read(struct sandbox *s, const char *path)
{
	struct fake_file *k = file(fake(s), path);

	return k != NULL ? buf_str(&k->data) : NULL;
}

void
fake_say(struct sandbox *s, const char *text)
{
	struct fake *f = fake(s);

	output(f, f->shell, SANDBOX_STDOUT, text, strlen(text));
}
