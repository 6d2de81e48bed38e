#include "config.h"

/* The sandbox of a session: how it stands, when it ends, and another one in
 * its place. */

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "session/core-internal.h"

#define WARN_US 300000000LL /* before the sandbox ends */
#define MINUTE_US 60000000LL
/* How long a new sandbox waits for the files to be saved in the old one. */
#define SAVE_WAIT_US 5000000
#define REMEDY "the command new-sandbox opens another one"

bool
core_link(const struct core *c, struct sandbox_link *out)
{
	if (c->sandbox == NULL || c->sandbox->ops->link == NULL)
		return false;
	c->sandbox->ops->link(c->sandbox, out);
	out->pending += c->waiting_input.len;
	return true;
}

static void
emit_conn(struct core *c, enum conn st, const char *why)
{
	struct event ev = core_event(EV_CONN_STATE, ORIGIN_SYSTEM);
	struct sandbox_link link;

	if (st == CONN_RETRYING && core_link(c, &link)) {
		ev.u.conn.attempt = link.attempt;
		ev.u.conn.attempts = link.attempts;
		if (link.attempt >= link.attempts)
			st = CONN_OFFLINE;
	}
	ev.u.conn.state = st;
	ev.u.conn.why = why;
	ev.u.conn.provider = c->sandbox != NULL ? c->sandbox->ops->name : "";
	core_emit(c, &ev);
}

static void
on_gone(struct core *c, const char *why)
{
	struct sandbox_link link;
	char text[700];

	if (why != NULL && core_link(c, &link) && link.no_other)
		snprintf(text, sizeof text, "%s", why);
	else
		snprintf(text, sizeof text, "%s%s" REMEDY, why != NULL ? why :
		    "", why != NULL ? "; " : "");
	emit_conn(c, CONN_GONE, text);
	core_tests_sandbox_gone(c, why != NULL ? why : "theirs is gone");
	if (c->exec != 0)
		core_term_exited(c, &(struct sandbox_exit){ .infra = true });
	core_term_gone(c);
	core_files_lost(c);
	core_notice(c, "no sandbox: %s", text);
}

static void
on_state(void *user, enum sandbox_state st, const char *why)
{
	static const enum conn conn[] = { [SANDBOX_STARTING] = CONN_STARTING,
		[SANDBOX_READY] = CONN_ONLINE,
		[SANDBOX_RETRYING] = CONN_RETRYING,
		[SANDBOX_STOPPED] = CONN_GONE };
	struct core *c = user;
	bool was = c->ready;

	c->ready = st == SANDBOX_READY;
	if (c->ended)
		return;
	if (st == SANDBOX_FAILED) {
		on_gone(c, why);
		return;
	}
	emit_conn(c, conn[st], why);
	if (c->ready && !was)
		core_files_list(c);
	core_sandbox_expiry(c);
}

static void
on_output(void *user, uint64_t exec, enum sandbox_stream stream,
    uint64_t offset, const char *p, size_t n)
{
	struct core *c = user;

	if (exec == c->exec)
		core_term_output(c, offset, p, n);
	else if (c->testrun != NULL)
		testrun_output(c->testrun, exec, stream, p, n);
}

static void
on_exited(void *user, uint64_t exec, const struct sandbox_exit *x)
{
	struct core *c = user;

	if (exec == c->exec)
		core_term_exited(c, x);
	else if (c->testrun != NULL)
		testrun_exited(c->testrun, exec, x);
}

static void
on_fs(void *user, uint64_t request, const struct fs_result *res)
{
	core_files_result(user, request, res);
}

static void
on_changed(void *user)
{
	core_files_changed(user);
}

static const struct sandbox_watch watch = { on_state, on_output, on_exited,
	on_fs, on_changed };

void
core_sandbox_begin(struct core *c)
{
	char *dir = xasprintf("%s/q%u", c->spec.dir, c->question + 1);
	struct sandbox_spec spec = { .workspace = dir, .user = "candidate",
		.mask = c->spec.mask };

	c->ready = c->expiry_told = false;
	c->sandbox = c->spec.sandbox(c->spec.user, c->loop, &spec, &watch,
	    c);
	emit_conn(c, CONN_STARTING, NULL);
	c->sandbox->ops->start(c->sandbox);
	free(dir);
}

void
core_sandbox_open(struct core *c)
{
	core_sandbox_begin(c);
	core_term_start(c);
}

static void
destroy(struct core *c)
{
	loop_timer_cancel(c->expiry);
	loop_timer_cancel(c->swap);
	c->expiry = c->swap = NULL;
	core_term_gone(c);
	core_tests_sandbox_gone(c, "there is a new one");
	if (c->sandbox != NULL)
		c->sandbox->ops->destroy(c->sandbox);
	c->sandbox = NULL;
	c->ready = false;
}

void
core_sandbox_close(struct core *c)
{
	destroy(c);
	core_tests_forget(c);
	core_files_reset(c);
}

/* ---- its end ---- */

static void
expiry_due(void *user)
{
	struct core *c = user;

	c->expiry = NULL;
	core_sandbox_expiry(c);
}

/* When it ends may become known only after a while, so this is asked with
 * every state and every minute. */
void
core_sandbox_expiry(struct core *c)
{
	struct sandbox_link link;

	if (c->expiry_told || c->ending || c->state->conn == CONN_GONE ||
	    !core_link(c, &link) || link.expires_us < 0)
		return;
	loop_timer_cancel(c->expiry);
	c->expiry = NULL;
	if (link.expires_us > WARN_US) {
		c->expiry = loop_timer_add(c->loop, link.expires_us - WARN_US,
		    expiry_due, c);
		return;
	}
	c->expiry_told = true;
	core_notice(c, "the sandbox ends in %lld min, with what runs in it: "
	    REMEDY " with the same files",
	    (long long)((link.expires_us + MINUTE_US / 2) / MINUTE_US));
}

/* ---- another one ---- */

static void
swap(void *user)
{
	struct core *c = user;

	c->swap = NULL;
	if (c->ending || c->leaving)
		return;
	core_term_dropped(c);
	core_term_closed(c, "a new sandbox was asked for");
	core_files_leave(c);
	destroy(c);
	if (c->run_pending)
		core_notice(c, "the tests do not run: there is a new "
		    "sandbox");
	core_tests_forget(c);
	core_sandbox_open(c);
	core_files_again(c);
}

/* The caller may be inside the sandbox that goes. */
static void
swap_soon(struct core *c)
{
	if (c->swap == NULL)
		return;
	loop_timer_cancel(c->swap);
	c->swap = loop_timer_add(c->loop, 0, swap, c);
}

void
core_sandbox_new(struct core *c)
{
	if (c->ending || c->leaving || c->swap != NULL || c->sandbox == NULL)
		return;
	c->swap = loop_timer_add(c->loop, c->ready ? SAVE_WAIT_US : 0, swap,
	    c);
	if (c->ready)
		core_save_all(c, swap_soon);
}
