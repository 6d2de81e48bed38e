#include "config.h"

/* The sandbox of our name that runs already: an earlier viva's, which is gone
 * on with, or our own that is just ending, which is waited for. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/modal-internal.h"

#define ATTEMPT_US 15000000
#define AGAIN_US 500000
#define AGAIN_MAX 120 /* a minute */
#define WAIT_US 100000
#define PAGES_MAX 20

static const char not_found[] = "the sandbox of this name cannot be found";

/* ---- one that ends ---- */

bool
find_waits(struct box *b)
{
	for (struct box *o = b->m->boxes; o != NULL; o = o->next)
		if (o != b && !b->judge && !o->judge && o->closing &&
		    strcmp(o->name, b->name) == 0) {
			box_progress(b, "starting: the sandbox before this "
			    "one is being ended");
			box_step_later(b, WAIT_US);
			return true;
		}
	return false;
}

static void
make_instead(struct box *b)
{
	free(b->sandbox_id);
	b->sandbox_id = NULL;
	b->attached = b->dirty = b->taken = false;
	if (++b->finds > AGAIN_MAX) {
		box_fail(b, "the sandbox before this one does not end, and "
		    "has its name");
		return;
	}
	box_to(b, PHASE_CREATE);
	box_step_later(b, AGAIN_US);
}

bool
find_again(struct box *b)
{
	if (!b->attached)
		return false;
	make_instead(b);
	return true;
}

/* ---- how long it lives ---- */

static void life_ask(struct box *);

static void
take_life(struct box *b, const CLIENT(SandboxInfo) *s)
{
	double left = s->created_at + s->timeout_secs -
	    (double)modal_now(b->m);

	if (s->timeout_secs == 0 || !(s->created_at > 0))
		return;
	/* One of the two clocks may be wrong. */
	if (!(left > 0))
		left = 0;
	if (left > s->timeout_secs)
		left = s->timeout_secs;
	box_lives_until(b, loop_now(b->m->loop) + (int64_t)(left * 1000000));
}

static void
life_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct box *b = user;
	CLIENT(SandboxListResponse) *r = NULL;
	double last = 0;
	bool more;

	b->life_call = NULL;
	if (st->code == GRPC_OK)
		r = wire_unpack(CLIENT_DESC(sandbox_list_response), reply, n);
	if (r == NULL) /* its end is not foretold, no more */
		return;
	more = r->n_sandboxes > 0;
	for (size_t i = 0; i < r->n_sandboxes; i++) {
		last = r->sandboxes[i]->created_at;
		if (strcmp(r->sandboxes[i]->id, b->sandbox_id) == 0) {
			take_life(b, r->sandboxes[i]);
			more = false;
			break;
		}
	}
	wire_free(r);
	/* Pages go back in time. */
	more &= ++b->life_pages < PAGES_MAX &&
	    (b->life_before == 0 || last < b->life_before);
	b->life_before = last;
	if (more)
		life_ask(b);
}

static void
life_ask(struct box *b)
{
	CLIENT(SandboxListRequest) q = CLIENT_INIT(SANDBOX_LIST_REQUEST);
	CLIENT(SandboxTag) tag = CLIENT_INIT(SANDBOX_TAG), *tags = &tag;

	tag.tag_name = (char *)TAG_VIVA;
	tag.tag_value = (char *)"session";
	q.tags = &tags;
	q.n_tags = 1;
	q.app_id = b->m->app_id;
	if (!b->v2) /* else the app says it */
		q.environment_name = b->m->config->environment;
	q.before_timestamp = b->life_before;
	b->life_call = account_call(b->m, b->v2 ?
	    CLIENT_PATH("SandboxListV2") : CLIENT_PATH("SandboxList"),
	    &q.base, ATTEMPT_US, life_done, b);
}

/* ---- one that runs ---- */

static void
go_on(struct box *b)
{
	b->attached = true;
	/* What changed in it since its last sync, the one before us knew. */
	b->dirty = !b->judge;
	b->ends = 0;
	loop_timer_cancel(b->expiry);
	b->expiry = NULL;
	b->life_before = 0;
	b->life_pages = 0;
	account_cancel(b->life_call);
	life_ask(b);
	box_enter(b, PHASE_TASK);
}

enum found
find_take(struct box *b, const char *reply, size_t n)
{
	CLIENT(SandboxGetFromNameResponse) *r = wire_unpack(
	    CLIENT_DESC(sandbox_get_from_name_response), reply, n);
	bool ok = r != NULL && box_take_id(&b->sandbox_id, r->sandbox_id);

	wire_free(r);
	if (!ok)
		return FOUND_NONSENSE;
	b->taken = false;
	return strncmp(b->sandbox_id, b->m->ended_id,
	    sizeof b->m->ended_id - 1) == 0 ? FOUND_ENDED : FOUND_ONE;
}

static void
find_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct box *b = user;

	b->call = NULL;
	if (st->code == GRPC_NOT_FOUND) { /* it ends just now */
		make_instead(b);
		return;
	}
	if (st->code != GRPC_OK) {
		box_step_failed(b, not_found, st);
		return;
	}
	switch (find_take(b, reply, n)) {
	case FOUND_NONSENSE:
		box_no_sense(b, not_found);
		break;
	case FOUND_ENDED:
		make_instead(b);
		break;
	case FOUND_ONE:
		go_on(b);
		break;
	}
}

struct account_call *
find_call(struct box *b, grpc_done done)
{
	CLIENT(SandboxGetFromNameRequest) q = CLIENT_INIT(
	    SANDBOX_GET_FROM_NAME_REQUEST);

	q.sandbox_name = b->name;
	q.environment_name = b->m->config->environment;
	q.app_name = (char *)b->m->opt.app;
	return account_call(b->m, b->v2 ?
	    CLIENT_PATH("SandboxGetFromNameV2") :
	    CLIENT_PATH("SandboxGetFromName"), &q.base, ATTEMPT_US, done, b);
}

void
find_ask(struct box *b)
{
	box_progress(b, "starting: finding the sandbox that runs already");
	b->call = find_call(b, find_done);
}
