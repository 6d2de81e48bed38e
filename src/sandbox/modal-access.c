#include "config.h"

/* The way to a sandbox's worker and the key to it, a jwt: the first one and
 * those after it, as one lives for some minutes only. */

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/modal-internal.h"

#define ATTEMPT_US 15000000
#define MIN_US 500000 /* between two new keys */
#define TRIES 8

/* ---- the first one ---- */

/* To a control plane on this machine, without TLS, belong workers without. */
static char *
worker_url(const struct box *b, const char *url)
{
	if (strncmp(url, "https://", 8) != 0 || url[8] == '\0')
		return NULL;
	return strncmp(b->m->config->server_url, "http://", 7) != 0 ?
	    xstrdup(url) : xasprintf("http://%s", url + 8);
}

/* One question finds out whether the way is open again. */
static void
router_watch(void *user)
{
	struct box *b = user;
	struct grpc_health h;

	grpc_health(b->router, &h);
	if (h.breaker == GRPC_CLOSED && h.failures == 0)
		box_hurry(b);
	for (size_t i = 0; h.breaker == GRPC_HALF_OPEN && i < b->nprograms;
	    i++)
		if (program_probe(b->programs[i]))
			break;
}

static bool
connect_worker(struct box *b, char *url, const char *address)
{
	struct grpc_spec spec = { .url = url,
		.ca_file = b->m->opt.ca_file, .address = address };
	struct grpc *g = b->m->dial(b->m->dial_user, b->m->loop, &spec, NULL);

	if (g == NULL) {
		free(url);
		return false;
	}
	/* What went to the old one is asked for again. */
	for (size_t i = 0; i < b->nprograms; i++)
		for (int k = 0; k < OP_N; k++) {
			struct op *o = &b->programs[i]->ops[k];

			o->parked |= o->call != NULL || o->timer != NULL;
			op_drop(o);
		}
	grpc_destroy(b->router);
	b->router = g;
	free(b->router_url);
	b->router_url = url;
	grpc_watch(g, router_watch, b);
	return true;
}

bool
access_take(struct box *b, const CLIENT(CommandRouterAccess) *a)
{
	char *url = worker_url(b, a->url), *value;
	bool ok;

	if (url == NULL || a->jwt[0] == '\0') {
		free(url);
		return false;
	}
	if (b->router == NULL || strcmp(b->router_url, url) != 0) {
		if (!connect_worker(b, url, a->worker_ipv4_address))
			return false;
	} else {
		free(url);
	}
	value = xasprintf("Bearer %s", a->jwt);
	ok = grpc_metadata(b->router, "authorization", value);
	explicit_bzero(value, strlen(value));
	free(value);
	return ok;
}

static struct account_call *
ask(struct box *b, grpc_done done)
{
	CLIENT(SandboxGetCommandRouterAccessRequest) v2 = CLIENT_INIT(
	    SANDBOX_GET_COMMAND_ROUTER_ACCESS_REQUEST);
	CLIENT(TaskGetCommandRouterAccessRequest) v1 = CLIENT_INIT(
	    TASK_GET_COMMAND_ROUTER_ACCESS_REQUEST);

	v1.task_id = b->task_id;
	v2.target_case = ACCESS_BY_SANDBOX;
	v2.sandbox_id = b->sandbox_id;
	return b->v2 ? account_call(b->m,
	    CLIENT_PATH("SandboxGetCommandRouterAccess"), &v2.base, ATTEMPT_US,
	    done, b) : account_call(b->m,
	    CLIENT_PATH("TaskGetCommandRouterAccess"), &v1.base, ATTEMPT_US,
	    done, b);
}

static bool
take_reply(struct box *b, const char *reply, size_t n)
{
	CLIENT(CommandRouterAccess) *a = wire_unpack(
	    CLIENT_DESC(command_router_access), reply, n);
	bool ok = a != NULL && access_take(b, a);

	if (a != NULL)
		wire_wipe(a->jwt);
	wire_free(a);
	return ok;
}

static void
first_done(void *user, const struct grpc_status *st,
    const char *reply, size_t n)
{
	struct box *b = user;

	b->call = NULL;
	if (st->code != GRPC_OK)
		box_step_failed(b, "the sandbox cannot be reached", st);
	else if (take_reply(b, reply, n))
		box_enter(b, PHASE_UP);
	else
		box_no_sense(b, "the sandbox cannot be reached");
}

void
access_first(struct box *b)
{
	box_progress(b, "starting: asking for the sandbox's address");
	b->call = ask(b, first_done);
}

/* ---- the next one ---- */

static void ask_next(void *user);

/* No new key came: how that is told. */
static void
no_key(struct box *b, const struct grpc_status *st)
{
	struct grpc_status none = { .code = GRPC_DATA_LOSS,
		.retry_after_us = -1, .message = "the answer makes no sense" };
	struct err e = { 0 };

	account_error(b->m, "there is no new key to the sandbox",
	    st->code == GRPC_OK ? &none : st, &e);
	box_fail(b, e.msg);
}

/* The way to Modal may break for as long as the one to the worker; a server
 * that says no, and that the sandbox runs, is asked some times only. */
static bool
hopeless(struct box *b, const struct grpc_status *st)
{
	if (st->code != GRPC_OK && account_retryable(st))
		b->access.refusals = 0;
	else
		b->access.refusals++;
	return b->access.refusals > TRIES || (st->code != GRPC_OK &&
	    !account_retryable(st) && b->check == NULL);
}

static void
next_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct box *b = user;
	int64_t wait = MIN_US << (b->access.fails < 4 ? b->access.fails : 4);
	char why[200];

	b->access.call = NULL;
	b->access.fails++; /* access_good makes it none */
	b->access.at = loop_now(b->m->loop);
	if (st->code == GRPC_OK && take_reply(b, reply, n)) {
		b->access.refusals = 0;
		for (size_t i = 0; i < b->nprograms; i++)
			program_unpark(b->programs[i]);
		return;
	}
	if (st->code == GRPC_NOT_FOUND || st->code == GRPC_FAILED_PRECONDITION)
		box_check(b);
	box_words_of_status(b, st, why, sizeof why);
	if (hopeless(b, st) || !break_failed(b, b->access.at, wait,
	    false, why)) {
		no_key(b, st);
		return;
	}
	b->access.timer = loop_timer_add(b->m->loop, wait, ask_next, b);
}

static void
ask_next(void *user)
{
	struct box *b = user;

	b->access.timer = NULL;
	b->access.call = ask(b, next_done);
}

static void
renew(struct box *b)
{
	int64_t wait = b->access.at + MIN_US - loop_now(b->m->loop);

	if (b->access.call != NULL || b->access.timer != NULL || !box_up(b))
		return;
	if (b->access.fails > TRIES) {
		box_fail(b, "the sandbox's worker refuses every key that "
		    "Modal gives");
		return;
	}
	if (b->access.at > 0 && wait > 0)
		b->access.timer = loop_timer_add(b->m->loop, wait, ask_next,
		    b);
	else
		ask_next(b);
}

bool
access_refused(struct box *b, int64_t begun)
{
	if (b->access.at > begun)
		return true;
	renew(b);
	return false;
}

void
access_good(struct box *b)
{
	b->access.fails = 0;
}

void
access_drop(struct box *b)
{
	account_cancel(b->access.call);
	b->access.call = NULL;
	loop_timer_cancel(b->access.timer);
	b->access.timer = NULL;
}
