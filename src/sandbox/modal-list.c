#include "config.h"

/* What viva made at Modal: told, and taken away.  Nothing else is touched:
 * only sandboxes of viva's app, only volumes whose names have its prefix. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/modal-internal.h"

#define ATTEMPT_US 15000000
#define PAGE 100
#define PAGES_MAX 200

struct listing {
	struct listing *next;
	struct modal *m;
	struct account_call *call;
	const struct modal_list_watch *watch;
	void (*done)(void *, const struct err *);
	void *user;
	char *app_id, *id;
	bool *some; /* of sandboxes of all apps; NULL: of viva's, by its tag */
	double before;
	unsigned pages;
};

static struct listing *
listing_create(struct modal *m, void *user)
{
	struct listing *l = xcalloc(1, sizeof *l);

	l->m = m;
	l->user = user;
	l->next = m->listings;
	m->listings = l;
	return l;
}

static void
listing_free(struct listing *l)
{
	for (struct listing **p = &l->m->listings; *p != NULL;
	    p = &(*p)->next)
		if (*p == l) {
			*p = l->next;
			break;
		}
	account_cancel(l->call);
	free(l->app_id);
	free(l->id);
	free(l);
}

void
listings_drop(struct modal *m)
{
	while (m->listings != NULL)
		listing_free(m->listings);
}

static void
listing_end(struct listing *l, const char *what, const struct grpc_status *st)
{
	void (*done)(void *, const struct err *) = l->watch != NULL ?
	    l->watch->done : l->done;
	void *user = l->user;
	struct err e = { 0 };

	if (what != NULL)
		account_error(l->m, what, st, &e);
	listing_free(l);
	done(user, what != NULL ? &e : NULL);
}

static void
no_sense(struct listing *l, const char *what)
{
	struct grpc_status st = { .code = GRPC_DATA_LOSS,
		.retry_after_us = -1, .message = "the answer makes no sense" };

	listing_end(l, what, &st);
}

/* ---- sandboxes ---- */

static void sandboxes_ask(struct listing *);
static void app_done(void *, const struct grpc_status *, const char *, size_t);

static void
tell_sandbox(struct listing *l, const CLIENT(SandboxInfo) *s)
{
	struct modal_item item = { .id = s->id, .name = s->name,
		.created = (int64_t)s->created_at };
	bool ours = l->some != NULL;

	for (size_t i = 0; i < s->n_tags; i++)
		if (strcmp(s->tags[i]->tag_name, TAG_VIVA) == 0) {
			ours = true;
			item.judge = strcmp(s->tags[i]->tag_value, "judge") ==
			    0;
		}
	if (ours)
		l->watch->item(l->user, &item);
}

/* It wants an app to be named, or does not know this call. */
static bool
one_app_only(const struct listing *l, const struct grpc_status *st)
{
	return l->some != NULL && !*l->some &&
	    (st->code == GRPC_INVALID_ARGUMENT ||
	    st->code == GRPC_UNIMPLEMENTED ||
	    st->code == GRPC_FAILED_PRECONDITION ||
	    st->code == GRPC_PERMISSION_DENIED);
}

static void
sandboxes_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct listing *l = user;
	CLIENT(SandboxListResponse) *r;
	double last = 0;
	bool more;

	l->call = NULL;
	if (one_app_only(l, st)) {
		*l->some = true;
		l->before = 0;
		l->call = account_app(l->m, false, app_done, l);
		return;
	}
	if (st->code != GRPC_OK) {
		listing_end(l, "the sandboxes cannot be listed", st);
		return;
	}
	r = wire_unpack(CLIENT_DESC(sandbox_list_response), reply, n);
	if (r == NULL) {
		no_sense(l, "the sandboxes cannot be listed");
		return;
	}
	for (size_t i = 0; i < r->n_sandboxes; i++) {
		tell_sandbox(l, r->sandboxes[i]);
		last = r->sandboxes[i]->created_at;
	}
	/* Pages go back in time. */
	more = r->n_sandboxes > 0 && ++l->pages < PAGES_MAX &&
	    (l->before == 0 || last < l->before);
	wire_free(r);
	l->before = last;
	if (more)
		sandboxes_ask(l);
	else
		listing_end(l, NULL, NULL);
}

static void
sandboxes_ask(struct listing *l)
{
	CLIENT(SandboxListRequest) q = CLIENT_INIT(SANDBOX_LIST_REQUEST);
	bool all = l->app_id == NULL; /* the second generation's has both */

	if (!all)
		q.app_id = l->app_id;
	if (all || !l->m->config->v2) /* else the app says it */
		q.environment_name = l->m->config->environment;
	q.before_timestamp = l->before;
	l->call = account_call(l->m, all || l->m->config->v2 ?
	    CLIENT_PATH("SandboxListV2") : CLIENT_PATH("SandboxList"),
	    &q.base, ATTEMPT_US, sandboxes_done, l);
}

static void
app_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct listing *l = user;
	CLIENT(AppGetOrCreateResponse) *r;

	l->call = NULL;
	if (st->code == GRPC_NOT_FOUND) { /* nothing was ever made */
		listing_end(l, NULL, NULL);
		return;
	}
	if (st->code != GRPC_OK) {
		listing_end(l, "Modal's app cannot be had", st);
		return;
	}
	r = wire_unpack(CLIENT_DESC(app_get_or_create_response), reply, n);
	if (r != NULL && r->app_id[0] != '\0') {
		l->app_id = xstrdup(r->app_id);
		sandboxes_ask(l);
	} else {
		no_sense(l, "Modal's app cannot be had");
	}
	wire_free(r);
}

void
modal_list_sandboxes(struct modal *m, const struct modal_list_watch *watch,
    void *user)
{
	struct listing *l = listing_create(m, user);

	l->watch = watch;
	l->call = account_app(m, false, app_done, l);
}

void
modal_list_users(struct modal *m, const struct modal_list_watch *watch,
    bool *some, void *user)
{
	struct listing *l = listing_create(m, user);

	l->watch = watch;
	l->some = some;
	*some = false;
	sandboxes_ask(l);
}

/* ---- volumes ---- */

static void volumes_ask(struct listing *);

bool
volume_is_ours(const struct modal *m, const char *name)
{
	const char *space = m->config->volume_namespace;
	size_t n = strlen(space);

	return strncmp(name, space, n) == 0 && name[n] == '-';
}

static void
volumes_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct listing *l = user;
	CLIENT(VolumeListResponse) *r;
	double last = 0;
	bool more;

	l->call = NULL;
	if (st->code != GRPC_OK) {
		listing_end(l, "the volumes cannot be listed", st);
		return;
	}
	r = wire_unpack(CLIENT_DESC(volume_list_response), reply, n);
	if (r == NULL) {
		no_sense(l, "the volumes cannot be listed");
		return;
	}
	for (size_t i = 0; i < r->n_items; i++) {
		const CLIENT(VolumeListItem) *v = r->items[i];
		struct modal_item item = { .id = v->volume_id,
			.name = v->label, .created = (int64_t)v->created_at };

		if (volume_is_ours(l->m, v->label))
			l->watch->item(l->user, &item);
		last = v->created_at;
	}
	more = r->n_items > 0 && ++l->pages < PAGES_MAX &&
	    (l->before == 0 || last < l->before);
	wire_free(r);
	l->before = last;
	if (more)
		volumes_ask(l);
	else
		listing_end(l, NULL, NULL);
}

static void
volumes_ask(struct listing *l)
{
	CLIENT(VolumeListRequest) q = CLIENT_INIT(VOLUME_LIST_REQUEST);
	CLIENT(ListPagination) page = CLIENT_INIT(LIST_PAGINATION);

	page.max_objects = PAGE;
	page.created_before = l->before;
	q.environment_name = l->m->config->environment;
	q.pagination = &page;
	l->call = account_call(l->m, CLIENT_PATH("VolumeList"), &q.base,
	    ATTEMPT_US, volumes_done, l);
}

void
modal_list_volumes(struct modal *m, const struct modal_list_watch *watch,
    void *user)
{
	struct listing *l = listing_create(m, user);

	l->watch = watch;
	volumes_ask(l);
}

/* ---- taking away ---- */

static void
end_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct listing *l = user;

	(void)reply;
	(void)n;
	l->call = NULL;
	listing_end(l, st->code == GRPC_OK || st->code == GRPC_NOT_FOUND ?
	    NULL : "it cannot be ended", st);
}

/* An id of the first generation; all others are of the second. */
static bool
first_generation(const char *id)
{
	return strncmp(id, "sb-", 3) == 0 && strlen(id) == 25 &&
	    strspn(id + 3, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == 22;
}

void
modal_end_sandbox(struct modal *m, const char *id,
    void (*done)(void *, const struct err *), void *user)
{
	CLIENT(SandboxTerminateRequest) q = CLIENT_INIT(
	    SANDBOX_TERMINATE_REQUEST);
	struct listing *l = listing_create(m, user);

	l->done = done;
	q.sandbox_id = (char *)id;
	l->call = account_call(m, first_generation(id) ?
	    CLIENT_PATH("SandboxTerminate") :
	    CLIENT_PATH("SandboxTerminateV2"), &q.base, ATTEMPT_US, end_done,
	    l);
}

/* Its name is looked at once more: a wrong id must not cost anybody's data. */
static void
named(void *user, const struct grpc_status *st, const char *reply, size_t n)
{
	struct listing *l = user;
	struct grpc_status not_ours = { .code = GRPC_INVALID_ARGUMENT,
		.retry_after_us = -1,
		.message = "its name has another prefix than viva's" };
	CLIENT(VolumeGetByIdResponse) *r;
	CLIENT(VolumeDeleteRequest) q = CLIENT_INIT(VOLUME_DELETE_REQUEST);
	bool ours;

	l->call = NULL;
	if (st->code != GRPC_OK) {
		end_done(l, st, reply, n);
		return;
	}
	r = wire_unpack(CLIENT_DESC(volume_get_by_id_response), reply, n);
	ours = r != NULL && r->metadata != NULL &&
	    volume_is_ours(l->m, r->metadata->name);
	wire_free(r);
	if (!ours) {
		listing_end(l, "the volume is not deleted", &not_ours);
		return;
	}
	q.volume_id = l->id;
	l->call = account_call(l->m, CLIENT_PATH("VolumeDelete"), &q.base,
	    ATTEMPT_US, end_done, l);
}

void
modal_delete_volume(struct modal *m, const char *id,
    void (*done)(void *, const struct err *), void *user)
{
	CLIENT(VolumeGetByIdRequest) q = CLIENT_INIT(
	    VOLUME_GET_BY_ID_REQUEST);
	struct listing *l = listing_create(m, user);

	l->done = done;
	l->id = xstrdup(id);
	q.volume_id = l->id;
	l->call = account_call(m, CLIENT_PATH("VolumeGetById"), &q.base,
	    ATTEMPT_US, named, l);
}
