#include "config.h"

/* What `viva doctor` asks of an account at Modal: each step that a session
 * takes there, tried for real in a sandbox of its own that is ended and whose
 * volume is deleted at once. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/provider.h"
#include "sandbox/modal.h"

#define STEP_US 60000000   /* of all but the start */
#define START_US 900000000 /* an image may be built first */
#define LEAVE_US 15000000
#define RETRIES 5 /* a session has more patience */

struct check {
	struct loop *loop;
	void (*row)(const char *state, const char *text);
	struct modal *modal;
	struct sandbox *sandbox;
	char name[48];
	int64_t began; /* of the step */
	enum sandbox_state state;
	uint64_t exec, put;
	struct sandbox_exit exit;
	bool exited, written, stopped, late;
	unsigned retries;
	bool ending; /* must be done whatever happens */
	/* account, list and delete */
	bool answered;
	char *volume;
	char told[300], why[600];
};

static void
stop(void *user)
{
	struct check *c = user;

	c->stopped = true;
}

static void
on_late(void *user)
{
	struct check *c = user;

	c->late = true;
}

static bool
given_up(const struct check *c)
{
	return !c->ending && (c->stopped || c->state == SANDBOX_FAILED);
}

/* Turns the loop until a thing is there; false: late, failed or ^C. */
static bool
wait_for(struct check *c, const bool *there, int64_t us)
{
	struct loop_timer *t;

	c->late = false;
	c->began = loop_now(c->loop);
	t = loop_timer_add(c->loop, us, on_late, c);
	while (!*there && !c->late && !given_up(c))
		loop_turn(c->loop, -1);
	if (!c->late)
		loop_timer_cancel(t);
	return *there && !given_up(c);
}

static bool
good(struct check *c, const char *what)
{
	char text[400];

	snprintf(text, sizeof text, "%s (%.1f s)", what,
	    (double)(loop_now(c->loop) - c->began) / 1e6);
	c->row("yes", text);
	return true;
}

static bool
bad(struct check *c, const char *what, const char *otherwise)
{
	char text[900];

	snprintf(text, sizeof text, "%s: %s", what, given_up(c) &&
	    c->stopped ? "interrupted" : c->why[0] != '\0' ? c->why :
	    otherwise);
	c->row("NO", text);
	return false;
}

/* ---- what is told ---- */

/* Of a long build only that it goes on. */
static void
progress(struct check *c, const char *why)
{
	size_t n = strcspn(why, ":");

	if (why[n] == '\0' || n >= sizeof c->told ||
	    (strncmp(c->told, why, n) == 0 && c->told[n] == '\0'))
		return;
	snprintf(c->told, sizeof c->told, "%.*s", (int)n, why);
	c->row("...", c->told);
}

static void
retrying(struct check *c, const char *why)
{
	char text[500];

	snprintf(text, sizeof text, "trying again: %.450s", why);
	c->row("...", text);
	if (++c->retries < RETRIES)
		return;
	c->state = SANDBOX_FAILED;
	snprintf(c->why, sizeof c->why, "%.400s; where the account answers "
	    "and this does not, a firewall is in between", why);
}

static void
on_state(void *user, enum sandbox_state st, const char *why)
{
	struct check *c = user;

	c->state = st;
	snprintf(c->why, sizeof c->why, "%s", st != SANDBOX_READY &&
	    why != NULL ? why : "");
	if (st == SANDBOX_RETRYING && why != NULL)
		retrying(c, why);
	else if (st == SANDBOX_STARTING && why != NULL)
		progress(c, why);
	c->answered |= st == SANDBOX_READY;
}

static void
on_output(void *user, uint64_t exec, enum sandbox_stream st, uint64_t offset,
    const char *p, size_t n)
{
	(void)user;
	(void)exec;
	(void)st;
	(void)offset;
	(void)p;
	(void)n;
}

static void
on_exited(void *user, uint64_t exec, const struct sandbox_exit *x)
{
	struct check *c = user;

	if (exec != c->exec)
		return;
	c->exited = true;
	c->exit = *x;
}

static void
on_fs(void *user, uint64_t request, const struct fs_result *r)
{
	struct check *c = user;

	if (request != c->put)
		return;
	c->written = true;
	if (!r->ok)
		snprintf(c->why, sizeof c->why, "%s", r->err.msg);
}

static void
on_changed(void *user)
{
	(void)user;
}

static const struct sandbox_watch watch = { .state = on_state,
	.output = on_output, .exited = on_exited, .fs = on_fs,
	.changed = on_changed };

/* ---- the steps ---- */

static void
on_answer(void *user, const char *text, const struct err *e)
{
	struct check *c = user;

	c->answered = true;
	c->row(e == NULL ? "yes" : "NO", e == NULL ? text : e->msg);
	if (e != NULL)
		c->state = SANDBOX_FAILED;
}

static bool
check_account(struct check *c)
{
	modal_check(c->modal, on_answer, c);
	return wait_for(c, &c->answered, STEP_US);
}

static bool
check_start(struct check *c)
{
	struct sandbox_spec spec = { .workspace = c->name,
		.user = "candidate" };

	c->answered = false;
	c->sandbox = modal_sandbox(c->modal, &spec, &watch, c);
	c->sandbox->ops->start(c->sandbox);
	return wait_for(c, &c->answered, START_US) ?
	    good(c, "an image, a volume and a sandbox are there") :
	    bad(c, "no sandbox", "it did not start in time");
}

static bool
check_program(struct check *c)
{
	static const char *const argv[] = { "/bin/true", NULL };
	struct exec_spec spec = { .argv = argv, .asleep_ms = 20000,
		.memory_mb = 256, .file_mb = 16, .processes = 16,
		.output_max = 4096 };

	c->exec = c->sandbox->ops->exec(c->sandbox, &spec);
	c->sandbox->ops->input_end(c->sandbox, c->exec);
	if (!wait_for(c, &c->exited, STEP_US))
		return bad(c, "no program runs in it", "there was no answer");
	if (c->exit.infra)
		snprintf(c->why, sizeof c->why, "%s", c->exit.why);
	else if (c->exit.status != 0)
		snprintf(c->why, sizeof c->why, "/bin/true ended with %d; the "
		    "image needs sh, python3 and /bin/true", c->exit.status);
	return !c->exit.infra && c->exit.status == 0 ?
	    good(c, "a program runs in it") :
	    bad(c, "no program runs in it", "");
}

static bool
check_file(struct check *c)
{
	c->put = c->sandbox->ops->fs(c->sandbox, FS_PUT, "doctor.txt", NULL,
	    "written by viva doctor\n", 23);
	if (!wait_for(c, &c->written, STEP_US) || c->why[0] != '\0')
		return bad(c, "a file cannot be saved", "no answer in time");
	return good(c, "a file is saved in it");
}

static bool
check_volume(struct check *c)
{
	struct sandbox_link link = { .unsynced = true };
	bool saved = false;

	c->began = loop_now(c->loop);
	do {
		int64_t began = c->began;

		wait_for(c, &saved, 200000);
		c->began = began;
		c->sandbox->ops->link(c->sandbox, &link);
	} while (link.unsynced && link.sync_error[0] == '\0' &&
	    !given_up(c) && loop_now(c->loop) - c->began < STEP_US);
	if (!link.unsynced && link.sync_error[0] == '\0')
		return good(c, "and on the volume");
	snprintf(c->why, sizeof c->why, "%s", link.sync_error);
	return bad(c, "and not on the volume", "there was no time");
}

/* ---- leaving nothing ---- */

static void
on_item(void *user, const struct modal_item *i)
{
	struct check *c = user;
	/* PREFIX-doctor-PID */
	const char *at = i->name != NULL ? strstr(i->name, "-doctor-") : NULL;
	const char *own = strrchr(c->name, '/') + 1;

	if (at != NULL && strcmp(at + strlen("-doctor-"), own) == 0 &&
	    c->volume == NULL)
		c->volume = xstrdup(i->id);
}

static void
on_done(void *user, const struct err *e)
{
	struct check *c = user;

	c->answered = true;
	if (e != NULL)
		snprintf(c->why, sizeof c->why, "%s", e->msg);
}

static bool
check_end(struct check *c)
{
	static const struct modal_list_watch list = { on_item, on_done };
	struct modal_left left;
	bool gone = false;

	c->why[0] = '\0';
	c->ending = true;
	c->sandbox->ops->destroy(c->sandbox);
	for (int64_t end = loop_now(c->loop) + LEAVE_US;
	    modal_busy(c->modal) && loop_now(c->loop) < end;)
		wait_for(c, &gone, 50000);
	c->answered = false;
	modal_list_volumes(c->modal, &list, c);
	if (wait_for(c, &c->answered, STEP_US) && c->volume != NULL) {
		c->answered = false;
		modal_delete_volume(c->modal, c->volume, on_done, c);
		wait_for(c, &c->answered, STEP_US);
	}
	free(c->volume);
	modal_left(c->modal, &left);
	return c->why[0] == '\0' && c->answered && left.sandboxes == 0 ?
	    good(c, "all of it is gone again") :
	    bad(c, "it could not be cleaned up", "viva sandboxes and viva "
	    "volumes show what is left");
}

bool
provider_check(struct provider *p, void (*row)(const char *state,
    const char *text))
{
	struct check c = { .loop = p->loop, .row = row,
		.modal = provider_modal(p), .state = SANDBOX_STARTING };
	struct err e = { 0 };
	bool ok;

	if (provider_warning(p)[0] != '\0')
		row("-", provider_warning(p));
	modal_ask_anew(c.modal);
	snprintf(c.name, sizeof c.name, "/doctor/%d", (int)getpid());
	if (!cli_signals(p->loop, stop, &c, &e))
		row("-", e.msg);
	provider_wait(p);
	ok = check_account(&c);
	provider_waited(p);
	ok = ok && check_start(&c) && check_program(&c) &&
	    check_file(&c) && check_volume(&c);
	if (c.sandbox != NULL)
		ok = check_end(&c) && ok;
	cli_signals_off();
	return ok;
}
