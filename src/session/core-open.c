#include "config.h"

/*
 * Opening a file in the editor.  What was asked for last is what the editor
 * shows next: a file that comes after another was asked for is opened too,
 * for what was typed for it waits, but leaves that one in view.
 */

#include "session/core-files.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SLOW_US 500000 /* then it is said which file is waited for */
#define STILL_US 8000000 /* and again */

static bool
opens(const struct request *r)
{
	return r->kind == REQ_OPEN || r->kind == REQ_CREATE_CHECK ||
	    r->kind == REQ_CREATE;
}

bool
core_opening(const struct core *c, const char *path)
{
	for (size_t i = 0; i < c->nrequests; i++)
		if (opens(&c->requests[i]) && (path == NULL ||
		    strcmp(c->requests[i].path, path) == 0))
			return true;
	return false;
}

/* It was not left for another one since it was asked for. */
static bool
wanted(const struct core *c, const char *path)
{
	return c->state->opening != NULL &&
	    strcmp(c->state->opening, path) == 0;
}

static void
emit_open(struct core *c, const char *path, const char *p, size_t n,
    enum event_origin by)
{
	struct event ev = core_event(EV_FILE_OPEN, by);
	char hash[65];

	ev.u.file.path = path;
	if (p != NULL) {
		event_hash(p, n, hash);
		ev.u.file.content = (struct bytes){ p, n };
		ev.u.file.hash = hash;
		ev.u.file.size = n;
	}
	core_emit(c, &ev);
}

static void
emit_opening(struct core *c, const char *path, const char *why)
{
	struct event ev = core_event(EV_FILE_OPENING, why != NULL ?
	    ORIGIN_SYSTEM : ORIGIN_CANDIDATE);

	ev.u.file.path = path;
	ev.u.file.why = why;
	core_emit(c, &ev);
}

void
core_open_reset(struct core *c)
{
	loop_timer_cancel(c->opening);
	c->opening = NULL;
	c->open_told = false;
}

static void
is_slow(void *user)
{
	struct core *c = user;

	c->opening = NULL;
	if (c->state->opening == NULL)
		return;
	core_notice(c, "opening %s ...", c->state->opening);
	c->open_told = true;
	c->opening = loop_timer_add(c->loop, STILL_US, is_slow, c);
}

static void
ask(struct core *c, const char *path, enum request_kind kind)
{
	loop_timer_cancel(c->opening);
	c->opening = loop_timer_add(c->loop, SLOW_US, is_slow, c);
	if (!core_opening(c, path))
		file_request(c, kind, FS_GET, path, NULL, NULL, OPEN_MAX);
}

void
file_open(struct core *c, const char *path)
{
	core_save_all(c, NULL);
	if (state_file(c->state, path) != NULL) {
		core_open_reset(c);
		emit_open(c, path, NULL, 0, ORIGIN_CANDIDATE);
	} else if (c->sandbox != NULL) {
		emit_opening(c, path, NULL);
		ask(c, path, REQ_OPEN);
	}
}

void
file_create(struct core *c, const char *path)
{
	emit_opening(c, path, NULL);
	ask(c, path, REQ_CREATE_CHECK);
}

/* They were asked for when viva was cut off. */
void
core_open_again(struct core *c)
{
	/* What is to be written into may have been about to be made. */
	for (size_t i = 0; i < c->nahead; i++)
		ask(c, c->ahead[i].path, REQ_CREATE_CHECK);
	if (c->state->opening != NULL)
		ask(c, c->state->opening, REQ_OPEN);
	core_ahead_again(c);
}

static void
opened(struct core *c, const char *path, const char *p, size_t n)
{
	bool here = wanted(c, path), told = c->open_told;
	struct known *k;
	char hash[65];

	if (here)
		core_open_reset(c);
	if (here && told)
		core_notice(c, "%s is open", path);
	if (state_file(c->state, path) == NULL) {
		k = known_get(c, path);
		event_hash(p, n, hash);
		known_is(k, hash);
		k->missing = false;
		k->saved_edits = k->edits;
		emit_open(c, path, p, n, here ? ORIGIN_CANDIDATE :
		    ORIGIN_SYSTEM);
	} else if (here) {
		emit_open(c, path, NULL, 0, ORIGIN_CANDIDATE);
	}
	/* With what was typed for it meanwhile. */
	file_settle(c, path);
}

static void
failed(struct core *c, const char *path, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (wanted(c, path))
		core_open_reset(c);
	core_notice(c, "%s", text);
	emit_opening(c, path, text);
	file_settle(c, path);
}

void
open_on_open(struct core *c, struct request *r, const struct fs_result *res)
{
	bool large = res->err.code == ERR_LIMIT;
	const char *p;
	size_t n;

	core_ahead_now(c);
	if (!large && !file_data(res, &p, &n))
		failed(c, r->path, "cannot open %s: %s", r->path,
		    res->err.msg);
	else if (large || !file_for_editor(p, n))
		failed(c, r->path, "%s is %s: look at it in the shell",
		    r->path, large ? "too long for the editor" : "not text");
	else
		opened(c, r->path, p, n);
}

/* Creating a file that is there would empty it. */
void
open_on_create_check(struct core *c, struct request *r,
    const struct fs_result *res)
{
	if (!res->ok && res->err.code == ERR_NOT_FOUND)
		file_request(c, REQ_CREATE, FS_PUT, r->path, NULL, "", 0);
	else
		open_on_open(c, r, res);
}

void
open_on_create(struct core *c, struct request *r,
    const struct fs_result *res)
{
	struct event ev = core_event(EV_FILE_CREATE, ORIGIN_CANDIDATE);

	if (!res->ok) {
		failed(c, r->path, "%s: %s", r->path, res->err.msg);
		return;
	}
	ev.u.file.path = r->path;
	core_emit(c, &ev);
	core_files_list(c);
	if (state_file(c->state, r->path) != NULL)
		opened(c, r->path, NULL, 0);
	else
		file_request(c, REQ_OPEN, FS_GET, r->path, NULL, NULL,
		    OPEN_MAX);
}

/* The next sandbox has the file too. */
bool
open_keeps(struct request *r)
{
	if (r->kind == REQ_CREATE)
		r->kind = REQ_CREATE_CHECK;
	return opens(r);
}
