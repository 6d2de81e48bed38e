#include "config.h"

/* The end of a sandbox: synced, ended, forgotten. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/modal-internal.h"

#define ATTEMPT_US 10000000
#define SYNC_MAX_US 30000000 /* for the last one */
/* One that is not ended costs money: it is tried for some minutes. */
#define AGAIN_US 1000000 /* then twice as long, and so on */
#define AGAIN_MAX_US 30000000
#define TRIES 16

void
box_words_of_result(const struct box *b, const CLIENT(GenericResult) *r,
    char *to, size_t n)
{
	const char *saved = b->judge ? "run the tests again" :
	    "what was saved is on the volume";
	/* One that is killed does not commit its volume. */
	const char *known = !b->judge && (b->dirty || b->syncer != NULL) ?
	    "what changed in it last may not be on the volume" : saved;
	char said[120];

	account_words(b->m, r->exception, said, sizeof said);
	switch (r->status) {
	case RESULT(TIMEOUT):
		snprintf(to, n, "the sandbox has lived as long as it may; %s",
		    saved);
		break;
	case RESULT(IDLE_TIMEOUT):
		snprintf(to, n, "the sandbox was ended because nothing "
		    "happened in it; %s", saved);
		break;
	case RESULT(TERMINATED):
		snprintf(to, n, "the sandbox was ended from outside; %s",
		    saved);
		break;
	case RESULT(MEMORY_MANAGER_EVICTION):
		snprintf(to, n, "the sandbox used too much memory and was "
		    "ended; %s", known);
		break;
	case RESULT(INIT_FAILURE):
		snprintf(to, n, "the sandbox could not start: %s; look at the "
		    "image", said);
		break;
	default:
		snprintf(to, n, "the sandbox has ended%s%s; %s",
		    said[0] != '\0' ? ": " : "", said, known);
		break;
	}
}

void
box_programs_drop(struct box *b)
{
	while (b->nprograms > 0)
		program_free(b->programs[b->nprograms - 1]);
}

static void
unsynced(const struct box *b, struct modal_left *out)
{
	if (b->to_sync && (b->dirty || b->syncer != NULL))
		snprintf(out->unsynced, sizeof out->unsynced, "%s",
		    b->sync_error[0] != '\0' ? b->sync_error :
		    "there was no time");
}

void
modal_left(const struct modal *m, struct modal_left *out)
{
	*out = m->left;
	for (const struct box *b = m->boxes; b != NULL; b = b->next) {
		if (!b->closing)
			continue;
		unsynced(b, out);
		out->sandboxes += b->sandbox_id != NULL || b->taken ||
		    b->create_call != NULL;
	}
}

void
box_free(struct box *b)
{
	for (struct box **p = &b->m->boxes; *p != NULL; p = &(*p)->next)
		if (*p == b) {
			*p = b->next;
			break;
		}
	/* It may be found under its name for a while. */
	if (!b->judge && b->sandbox_id != NULL)
		snprintf(b->m->ended_id, sizeof b->m->ended_id, "%s",
		    b->sandbox_id);
	volume_down(b);
	unsynced(b, &b->m->left);
	files_drop(b);
	box_programs_drop(b);
	dirs_free(b);
	box_calls_drop(b);
	account_cancel(b->create_call);
	account_cancel(b->end_call);
	grpc_destroy(b->router);
	free(b->programs);
	free(b->name);
	free(b->volume_id);
	free(b->sandbox_id);
	free(b->task_id);
	free(b->router_url);
	buf_free(&b->watch_line);
	free(b);
}

static void
ended(struct box *b)
{
	box_to(b, PHASE_OVER);
	if (b->closing)
		box_free(b);
}

/* Again a little later, as long as that may be of use. */
static void
not_ended(struct box *b, const struct grpc_status *st)
{
	int64_t wait = AGAIN_US << (b->end_tries < 5 ? b->end_tries : 5);

	if (account_retryable(st) && ++b->end_tries < TRIES) {
		box_step_later(b, wait < AGAIN_MAX_US ? wait : AGAIN_MAX_US);
		return;
	}
	b->m->left.sandboxes++; /* Modal's timeout ends it */
	ended(b);
}

static void
terminated(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct box *b = user;

	(void)reply;
	(void)n;
	b->end_call = NULL;
	if (st->code == GRPC_OK || st->code == GRPC_NOT_FOUND)
		ended(b);
	else
		not_ended(b, st);
}

/* Which one has the name. */
static void
named(void *user, const struct grpc_status *st, const char *reply, size_t n)
{
	struct box *b = user;
	enum found found = FOUND_NONSENSE;

	b->end_call = NULL;
	if (st->code == GRPC_OK)
		found = find_take(b, reply, n);
	if (found == FOUND_ONE)
		end_ask(b);
	else if (found == FOUND_ENDED || st->code == GRPC_NOT_FOUND)
		ended(b);
	else
		not_ended(b, st);
}

void
end_ask(struct box *b)
{
	CLIENT(SandboxTerminateRequest) q = CLIENT_INIT(
	    SANDBOX_TERMINATE_REQUEST);

	if (b->sandbox_id == NULL) {
		b->end_call = find_call(b, named);
		return;
	}
	q.sandbox_id = b->sandbox_id;
	b->end_call = account_call(b->m, b->v2 ?
	    CLIENT_PATH("SandboxTerminateV2") :
	    CLIENT_PATH("SandboxTerminate"), &q.base, ATTEMPT_US, terminated,
	    b);
}

void
box_terminate(struct box *b)
{
	bool there = b->phase != PHASE_OVER &&
	    (b->sandbox_id != NULL || b->taken);

	/* The answer to its making brings us here again. */
	if (b->phase == PHASE_ENDING || b->create_call != NULL)
		return;
	volume_down(b);
	box_programs_drop(b);
	if (there) {
		box_to(b, PHASE_ENDING);
		end_ask(b);
		return;
	}
	if (b->phase != PHASE_OVER)
		box_to(b, PHASE_OVER);
	if (b->closing)
		box_free(b);
}

void
box_close(struct box *b)
{
	b->closing = true;
	loop_timer_cancel(b->stop_timer);
	b->stop_timer = NULL;
	files_drop(b);
	/* With one its helpers go, wherever they stand. */
	for (size_t i = 0; i < b->nprograms;)
		if (b->programs[i] != b->syncer &&
		    b->programs[i]->sink == NULL) {
			program_free(b->programs[i]);
			i = 0;
		} else {
			i++;
		}
	if (b->phase == PHASE_UP && !b->judge &&
	    (b->dirty || b->syncer != NULL)) {
		b->to_sync = true;
		box_to(b, PHASE_SYNC);
		box_step_later(b, SYNC_MAX_US);
		volume_sync(b, box_terminate);
	} else {
		box_terminate(b);
	}
}
