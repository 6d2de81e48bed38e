#include "config.h"

/* The local provider: every program in a bubblewrap sandbox of its own, all
 * over one workspace. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/local.h"
#include "sandbox/remedy.h"

#define PROBE_US 200000

static struct local *
local(struct sandbox *s)
{
	return CONTAINER_OF(s, struct local, base);
}

static struct exec *
find(struct sandbox *s, uint64_t id)
{
	struct local *l = local(s);

	for (size_t i = 0; i < l->nexecs; i++)
		if (l->execs[i]->id == id)
			return l->execs[i];
	return NULL;
}

/* As local_state, but not from inside the caller's call. */
static void
tell(void *user)
{
	struct local *l = user;

	l->tell = NULL;
	l->base.watch->state(l->base.user, l->state,
	    l->why[0] != '\0' ? l->why : NULL);
}

void
local_state(struct local *l, enum sandbox_state st, const char *why)
{
	if (l->state == st)
		return;
	l->state = st;
	snprintf(l->why, sizeof l->why, "%s", why != NULL ? why : "");
	l->base.watch->state(l->base.user, l->state,
	    l->why[0] != '\0' ? l->why : NULL);
}

static void
fail_later(struct local *l, const char *why)
{
	l->state = SANDBOX_FAILED;
	l->refused = true;
	snprintf(l->why, sizeof l->why, "%s", why);
	l->tell = loop_timer_add(l->base.loop, 0, tell, l);
}

static void
remedy(const char *said, char *out, size_t n)
{
	struct remedy_facts f;

	remedy_facts(&f);
	f.bwrap = bwrap_path() != NULL;
	f.init = bwrap_init_path() != NULL;
	f.said = said;
	remedy_text(&f, out, n);
}

void
local_exec_done(struct local *l, struct exec *x)
{
	char why[512];

	for (size_t i = 0; i < l->nexecs; i++)
		if (l->execs[i] == x)
			l->execs[i] = l->execs[--l->nexecs];
	/* Also later: what cannot be started any more is not there.  The next
	 * that can be makes it ready again. */
	if (x->x.infra && !x->ready && !l->refused) {
		remedy(x->x.why, why, sizeof why);
		local_state(l, SANDBOX_FAILED, why);
	}
	if (!x->probe)
		l->base.watch->exited(l->base.user, x->id, &x->x);
	exec_free(x);
}

static uint64_t
start_exec(struct local *l, const struct exec_spec *spec, bool probe)
{
	struct exec *x = exec_start(l, spec, ++l->next_id);

	x->probe = probe;
	GROW(l->execs, l->nexecs, l->execs_cap);
	l->execs[l->nexecs++] = x;
	return l->next_id;
}

/* The first program tells whether the sandbox works; when none has come by
 * then, one of ours does. */
static void
probe(void *user)
{
	static const char *const argv[] = { "/bin/true", NULL };
	struct exec_spec spec = { .argv = argv, .asleep_ms = 10000 };
	struct local *l = user;

	l->tell = NULL;
	if (l->state == SANDBOX_STARTING && l->nexecs == 0)
		start_exec(l, &spec, true);
}

static void
op_start(struct sandbox *s)
{
	struct local *l = local(s);
	char why[512];

	if (l->state == SANDBOX_FAILED)
		return;
	if (bwrap_path() == NULL || bwrap_init_path() == NULL) {
		remedy("", why, sizeof why);
		fail_later(l, why);
	} else if (files_broken(l->files) != NULL) {
		fail_later(l, files_broken(l->files));
	} else {
		l->tell = loop_timer_add(l->base.loop, PROBE_US, probe, l);
	}
}

static uint64_t
op_exec(struct sandbox *s, const struct exec_spec *spec)
{
	return start_exec(local(s), spec, false);
}

static bool
op_input(struct sandbox *s, uint64_t id, uint64_t offset, const char *p,
    size_t n)
{
	struct exec *x = find(s, id);

	return x == NULL || exec_input(x, offset, p, n);
}

static void
op_input_end(struct sandbox *s, uint64_t id)
{
	struct exec *x = find(s, id);

	if (x != NULL)
		exec_input_end(x);
}

static void
op_resize(struct sandbox *s, uint64_t id, unsigned rows, unsigned cols)
{
	struct exec *x = find(s, id);

	if (x != NULL && x->pty)
		exec_resize(x, rows, cols);
}

static void
op_kill(struct sandbox *s, uint64_t id)
{
	struct exec *x = find(s, id);

	if (x == NULL || x->reaped)
		return;
	x->x.killed = true;
	exec_kill(x);
}

static void
op_pause(struct sandbox *s, uint64_t id, bool on)
{
	struct exec *x = find(s, id);

	if (x != NULL)
		exec_pause(x, on);
}

static bool
op_secret_input(struct sandbox *s, uint64_t id)
{
	struct exec *x = find(s, id);
	struct termios t;

	return x != NULL && x->pty && x->out[0].fd >= 0 &&
	    tcgetattr(x->out[0].fd, &t) == 0 && (t.c_lflag & ECHO) == 0 &&
	    (t.c_lflag & ICANON) != 0;
}

static uint64_t
op_fs(struct sandbox *s, enum fs_op op, const char *path, const char *to,
    const char *data, size_t n)
{
	return files_request(local(s)->files, op, path, to, data, n);
}

static void
op_stop(struct sandbox *s)
{
	struct local *l = local(s);

	for (size_t i = 0; i < l->nexecs; i++) {
		l->execs[i]->x.killed = true;
		exec_kill(l->execs[i]);
	}
	if (l->state != SANDBOX_FAILED)
		l->state = SANDBOX_STOPPED;
}

static void
op_destroy(struct sandbox *s)
{
	struct local *l = local(s);

	loop_timer_cancel(l->tell);
	while (l->nexecs > 0)
		exec_free(l->execs[--l->nexecs]);
	free(l->execs);
	files_destroy(l->files);
	if (l->judge)
		fs_remove_tree(l->workspace);
	free(l->workspace);
	for (size_t i = 0; l->mask[i] != NULL; i++)
		free(l->mask[i]);
	free(l->mask);
	free(l);
}

static const struct sandbox_ops ops = {
	.name = "local",
	.start = op_start,
	.exec = op_exec,
	.input = op_input,
	.input_end = op_input_end,
	.resize = op_resize,
	.kill = op_kill,
	.pause = op_pause,
	.secret_input = op_secret_input,
	.fs = op_fs,
	.stop = op_stop,
	.destroy = op_destroy,
};

struct sandbox *
sandbox_local_create(struct loop *loop, const struct sandbox_spec *spec,
    const struct sandbox_watch *watch, void *user)
{
	struct local *l = xcalloc(1, sizeof *l);
	size_t n = 0;

	signal(SIGPIPE, SIG_IGN);
	l->base.ops = &ops;
	l->base.loop = loop;
	l->base.watch = watch;
	l->base.user = user;
	l->workspace = xstrdup(spec->workspace);
	l->judge = spec->judge;
	while (spec->mask != NULL && spec->mask[n] != NULL)
		n++;
	l->mask = xcalloc(n + 1, sizeof *l->mask);
	for (size_t i = 0; i < n; i++)
		l->mask[i] = xstrdup(spec->mask[i]);
	l->files = files_create(&l->base, spec->workspace, !spec->judge);
	return &l->base;
}
