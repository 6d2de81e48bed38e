#include "config.h"

/*
 * What changes in the workspace, and what of it is on the volume.  Modal's
 * file tool tells of changes as they happen; where there is none the files
 * are looked at now and then.  sync(1) on the volume's mount commits it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "sandbox/modal-internal.h"

#define CHANGED_US 250000 /* changes are told at most this often */
#define POLL_US 4000000
#define WATCH_AGAIN_US 5000000
#define WATCH_LATER_US 500000 /* the first waits so long for the shell */
#define LOOK_US 1000000 /* then for the watch to have begun */
#define SYNC_QUIET_US 1500000 /* after the last change */
#define SYNC_MAX_US 10000000  /* after the first */
#define SYNC_AGAIN_US 10000000
#define LINE_MAX_BYTES 65536

#define WATCH_JSON "{\"Watch\":{\"path\":\"" WORKSPACE "\"," \
	"\"recursive\":true,\"filter\":[\"Create\",\"Modify\",\"Remove\"," \
	"\"Rename\",\"RenameFrom\",\"RenameTo\",\"Unknown\"]," \
	"\"timeout_secs\":null}}"

#define ATTEMPT_US 15000000
/* An ephemeral volume that is not heard of for some minutes is deleted. */
#define BEAT_US 300000000
#define BEAT_AGAIN_US 30000000 /* after a failure */

/* ---- the volume, kept alive ---- */

static void beat(void *);

static void
beaten(void *user, const struct grpc_status *st, const char *reply, size_t n)
{
	struct box *b = user;
	bool failed = st->code != GRPC_OK;
	struct err e = { 0 };

	(void)reply;
	(void)n;
	b->beat_call = NULL;
	if (failed) {
		account_error(b->m, st->code == GRPC_NOT_FOUND ?
		    "the ephemeral volume is gone" :
		    "the ephemeral volume cannot be kept alive", st, &e);
		snprintf(b->sync_error, sizeof b->sync_error, "%.190s",
		    e.msg);
	} else if (b->beat_failed) {
		b->sync_error[0] = '\0';
	}
	b->beat_failed = failed;
	b->beat_timer = loop_timer_add(b->m->loop, failed ? BEAT_AGAIN_US :
	    BEAT_US, beat, b);
}

static void
beat(void *user)
{
	CLIENT(VolumeHeartbeatRequest) q = CLIENT_INIT(
	    VOLUME_HEARTBEAT_REQUEST);
	struct box *b = user;

	b->beat_timer = NULL;
	if (b->volume_id == NULL)
		return;
	q.volume_id = b->volume_id;
	b->beat_call = account_call(b->m, CLIENT_PATH("VolumeHeartbeat"),
	    &q.base, ATTEMPT_US, beaten, b);
}

static void
volume_here(void *user)
{
	struct box *b = user;

	b->beat_timer = NULL;
	if (b->m->opt.ephemeral)
		beat(b);
	files_go(b);
}

static void
volume_got(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct box *b = user;

	/* The box may be gone after it was told. */
	if (st->code == GRPC_OK && b->beat_timer == NULL)
		b->beat_timer = loop_timer_add(b->m->loop, 0, volume_here, b);
	b->volume_told(b, st, reply, n);
}

struct account_call *
volume_ask(struct box *b, grpc_done done)
{
	CLIENT(VolumeGetOrCreateRequest) q = CLIENT_INIT(
	    VOLUME_GET_OR_CREATE_REQUEST);

	b->volume_told = done;
	if (b->m->opt.ephemeral) {
		q.object_creation_type = CREATE_EPHEMERAL;
	} else {
		q.deployment_name = b->name;
		q.object_creation_type = CREATE_IF_MISSING;
	}
	q.environment_name = b->m->config->environment;
	q.version = MODAL__CLIENT__VOLUME_FS_VERSION__VOLUME_FS_V2;
	return account_call(b->m, CLIENT_PATH("VolumeGetOrCreate"), &q.base,
	    ATTEMPT_US, volume_got, b);
}

void
volume_forget(struct box *b)
{
	account_cancel(b->beat_call);
	loop_timer_cancel(b->beat_timer);
	b->beat_call = NULL;
	b->beat_timer = NULL;
}

/* ---- what is on the volume ---- */

static void sync_start(struct box *);

static void
sync_due(void *user)
{
	struct box *b = user;

	b->sync_timer = NULL;
	if (b->syncer == NULL && box_up(b))
		sync_start(b);
}

static void
sync_later(struct box *b, int64_t us)
{
	loop_timer_cancel(b->sync_timer);
	b->sync_timer = loop_timer_add(b->m->loop, us, sync_due, b);
}

static void
sync_over(struct box *b)
{
	void (*fn)(struct box *) = b->synced;

	b->synced = NULL;
	if (fn != NULL)
		fn(b);
}

static void
sync_done(void *user, const struct sandbox_exit *x, const struct buf *out,
    const struct buf *err)
{
	struct box *b = user;

	(void)out;
	b->syncer = NULL;
	if (!x->infra && x->status == 0) {
		if (!b->beat_failed)
			b->sync_error[0] = '\0';
	} else {
		b->dirty = true;
		account_words(b->m, x->infra ? x->why : err->len > 0 ?
		    err->data : "sync failed", b->sync_error,
		    sizeof b->sync_error);
	}
	if (b->synced != NULL)
		sync_over(b);
	else if (b->dirty && b->sync_timer == NULL && box_up(b))
		sync_later(b, b->sync_error[0] != '\0' ? SYNC_AGAIN_US :
		    SYNC_QUIET_US);
}

static void
sync_start(struct box *b)
{
	static const char *const argv[] = { "sync", WORKSPACE, NULL };
	static const struct program_sink sink = { .done = sync_done,
		.max = 4096 };

	b->dirty = false; /* what changes from here on is not in it */
	b->syncer = program_inner(b, argv, NULL, false, &sink, b);
}

void
volume_sync(struct box *b, void (*fn)(struct box *))
{
	b->synced = fn;
	loop_timer_cancel(b->sync_timer);
	b->sync_timer = NULL;
	/* One that runs may be too early for the last save. */
	program_free(b->syncer);
	sync_start(b);
}

/* ---- changes ---- */

static void
on_changed_timer(void *user)
{
	struct box *b = user;

	b->changed_timer = NULL;
	if (!b->changed)
		return;
	b->changed = false;
	b->changed_timer = loop_timer_add(b->m->loop, CHANGED_US,
	    on_changed_timer, b);
	if (!b->closing)
		b->base.watch->changed(b->base.user);
}

void
volume_changed(struct box *b, bool tell)
{
	int64_t now = loop_now(b->m->loop), us = SYNC_QUIET_US;

	/* When it is closed all is saved, and the last commit comes after. */
	if (b->judge || b->closing)
		return;
	if (!b->dirty)
		b->dirty_since = now;
	b->dirty = true;
	if (b->dirty_since + SYNC_MAX_US < now + us)
		us = b->dirty_since + SYNC_MAX_US - now;
	if (b->synced == NULL)
		sync_later(b, us > 0 ? us : 0);
	b->changed |= tell;
	if (tell && b->changed_timer == NULL)
		b->changed_timer = loop_timer_add(b->m->loop, CHANGED_US / 10,
		    on_changed_timer, b);
}

/* An event of our own temporary files is none. */
static bool
matters(const char *line, size_t n)
{
	struct json *j = json_parse(line, n, NULL);
	const char *type;
	bool ok;

	if (j == NULL)
		return false;
	type = json_str(j, "event_type");
	ok = type != NULL && strcmp(type, "Access") != 0 &&
	    /* A rename of one is the end of a save. */
	    (memmem(line, n, "/" TEMPORARY, sizeof TEMPORARY) == NULL ||
	    strcmp(type, "Rename") == 0);
	json_free(j);
	return ok;
}

static void
watch_data(void *user, const char *p, size_t n)
{
	struct box *b = user;
	struct buf *line = &b->watch_line;
	bool tell = false;
	char *end;

	buf_add(line, p, n);
	while (line->len > 0 &&
	    (end = memchr(line->data, '\n', line->len)) != NULL) {
		tell |= matters(line->data, (size_t)(end - line->data));
		buf_drop_front(line, (size_t)(end - line->data) + 1);
	}
	if (line->len > LINE_MAX_BYTES)
		buf_free(line);
	if (tell)
		volume_changed(b, true);
}

static void watch_again(void *);
static void watch_anew(void *);

static void
watch_done(void *user, const struct sandbox_exit *x, const struct buf *out,
    const struct buf *err)
{
	struct box *b = user;

	(void)out;
	(void)err;
	b->watcher = NULL;
	buf_free(&b->watch_line);
	if (!box_up(b))
		return;
	/* It is not there, or cannot watch this: we look ourselves. */
	b->poll_watch |= !x->infra && x->status != 0;
	b->stamp[0] = '\0';
	b->watch_timer = b->poll_watch ? loop_timer_add(b->m->loop, POLL_US,
	    watch_again, b) : loop_timer_add(b->m->loop, WATCH_AGAIN_US,
	    watch_anew, b);
}

static void
stamp_done(void *user, const struct sandbox_exit *x, const struct buf *out,
    const struct buf *err)
{
	struct box *b = user;
	char stamp[sizeof b->stamp];

	(void)err;
	b->watcher = NULL;
	if (!box_up(b))
		return;
	if (!x->infra && x->status == 0) {
		snprintf(stamp, sizeof stamp, "%s", buf_str(out));
		/* The first too: nobody looked until now. */
		if (strcmp(stamp, b->stamp) != 0)
			volume_changed(b, true);
		memcpy(b->stamp, stamp, sizeof stamp);
	}
	b->watch_timer = loop_timer_add(b->m->loop, POLL_US, watch_again, b);
}

static void
watch_again(void *user)
{
	static const char *const tool[] = { "sh", "-c", run_watch, "watch",
		"/__modal/.bin/modal-sandbox-fs-tools", WATCH_JSON, NULL };
	static const char *const poll[] = { "python3", "-IS", "-c",
		files_script, "stamp", WORKSPACE, NULL };
	static const struct program_sink told = { .data = watch_data,
		.done = watch_done }, stamp = { .done = stamp_done,
		.max = 256 };
	struct box *b = user;

	b->watch_timer = NULL;
	b->watcher = b->poll_watch ?
	    program_inner(b, poll, NULL, false, &stamp, b) :
	    program_inner(b, tool, NULL, true, &told, b);
}

/* Nobody watched until now. */
static void
watch_begin(void *user)
{
	struct box *b = user;

	b->watch_later = false;
	watch_again(b);
	b->changed = true;
	loop_timer_cancel(b->changed_timer);
	b->changed_timer = loop_timer_add(b->m->loop, LOOK_US,
	    on_changed_timer, b);
}

/* Nor since the last one ended. */
static void
watch_anew(void *user)
{
	watch_begin(user);
	volume_changed(user, false);
}

/* A shell that comes up has the machine to itself until it shows something:
 * that is what somebody waits for. */
void
volume_up(struct box *b)
{
	if (b->judge)
		return;
	if (b->attached) {
		watch_anew(b);
		return;
	}
	if (b->nprograms == 0) {
		watch_again(b);
		return;
	}
	b->watch_later = true;
	b->watch_timer = loop_timer_add(b->m->loop, WATCH_LATER_US,
	    watch_begin, b);
}

void
volume_heard(struct box *b)
{
	if (!b->watch_later)
		return;
	b->watch_later = false;
	loop_timer_cancel(b->watch_timer);
	b->watch_timer = loop_timer_add(b->m->loop, 0, watch_begin, b);
}

void
volume_down(struct box *b)
{
	struct loop_timer **const timers[] = { &b->changed_timer,
		&b->sync_timer, &b->watch_timer };

	for (size_t i = 0; i < ARRAY_LEN(timers); i++) {
		loop_timer_cancel(*timers[i]);
		*timers[i] = NULL;
	}
	/* One that has not answered may not have done it. */
	b->dirty |= b->syncer != NULL;
	program_free(b->watcher);
	program_free(b->syncer);
	b->watcher = b->syncer = NULL;
	b->watch_later = false;
	b->synced = NULL;
}
