#include "config.h"

/*
 * Saving.  A save first reads the file as it is now: when it is not what we
 * last saw, somebody else (the shell) changed it and the save is refused
 * until the person decides.
 */

#include "session/core-files.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define RETRY_US 5000000    /* after a failed save */

struct known *
known_find(const struct core *c, const char *path)
{
	for (size_t i = 0; i < c->nknown; i++)
		if (strcmp(c->known[i].path, path) == 0)
			return &c->known[i];
	return NULL;
}

struct known *
known_get(struct core *c, const char *path)
{
	struct known *k = known_find(c, path);

	if (k != NULL)
		return k;
	GROW(c->known, c->nknown, c->known_cap);
	k = &c->known[c->nknown++];
	memset(k, 0, sizeof *k);
	k->path = xstrdup(path);
	return k;
}

void
known_drop(struct core *c, const char *path)
{
	struct known *k = known_find(c, path);

	if (k == NULL)
		return;
	free(k->path);
	*k = c->known[--c->nknown];
}

bool
known_unedited(const struct known *k)
{
	return k->edits == k->saved_edits;
}

void
known_is(struct known *k, const char *hash)
{
	if (strcmp(k->hash, hash) == 0)
		return;
	if (k->hash[0] != '\0')
		memcpy(k->olds[k->nolds++ % HASHES], k->hash, sizeof k->hash);
	memcpy(k->hash, hash, sizeof k->hash);
}

bool
known_was(const struct known *k, const char *hash)
{
	for (unsigned i = 0; i < HASHES; i++)
		if (strcmp(k->olds[i], hash) == 0)
			return strcmp(k->hash, hash) != 0;
	return false;
}

/* What was typed for a file on its way is saved too. */
static bool
busy(const struct core *c)
{
	for (size_t i = 0; i < c->nknown; i++)
		if (c->known[i].saving || c->known[i].moving)
			return true;
	return core_opening(c, NULL);
}

void
save_settle(struct core *c)
{
	void (*fn[ARRAY_LEN(c->waiting)])(struct core *);
	unsigned n = c->nwaiting;

	if (n == 0 || busy(c))
		return;
	memcpy(fn, c->waiting, sizeof fn);
	c->nwaiting = 0;
	for (unsigned i = 0; i < n; i++)
		fn[i](c);
}

static void
autosave_due(void *user)
{
	struct core *c = user;

	c->autosave = NULL;
	core_save_all(c, NULL);
}

void
save_arm(struct core *c, int64_t us)
{
	loop_timer_cancel(c->autosave);
	c->autosave = loop_timer_add(c->loop, us, autosave_due, c);
}

static void
save_put(struct core *c, struct known *k)
{
	const struct state_file *f = state_file(c->state, k->path);
	struct buf text = { 0 };
	struct request *r;

	if (f == NULL) {
		k->saving = false;
		return;
	}
	text_append(f->text, 0, text_size(f->text), &text);
	r = file_request(c, REQ_SAVE, FS_PUT, k->path, NULL, buf_str(&text),
	    text.len);
	event_hash(buf_str(&text), text.len, r->hash);
	r->size = text.len;
	r->edits = k->edits;
	buf_free(&text);
}

void
save_begin(struct core *c, const char *path, bool force)
{
	const struct state_file *f = state_file(c->state, path);
	struct known *k = known_get(c, path);

	if (f == NULL || k->saving || k->moving ||
	    (f->save == FILE_SAVED && !force))
		return;
	/* What was deleted in the shell comes back only when it is asked
	 * for, or edited. */
	if ((f->conflict || (k->missing && known_unedited(k))) && !force)
		return;
	if (c->sandbox == NULL) {
		file_state(c, path, FILE_FAILED, "no sandbox to save to");
		return;
	}
	k->saving = true;
	file_state(c, path, FILE_SAVING, NULL);
	if (force || k->missing)
		save_put(c, k);
	else
		file_request(c, REQ_SAVE_CHECK, FS_GET, path, NULL, NULL, 0);
}

void
core_save_all(struct core *c, void (*fn)(struct core *))
{
	loop_timer_cancel(c->autosave);
	c->autosave = NULL;
	for (unsigned i = 0; fn != NULL && i < c->nwaiting; i++)
		if (c->waiting[i] == fn)
			fn = NULL;
	if (fn != NULL)
		c->waiting[c->nwaiting++] = fn;
	for (size_t i = 0; i < c->state->nfiles; i++)
		save_begin(c, c->state->files[i].path, false);
	save_settle(c);
}

const struct state_file *
core_files_unsaved(const struct core *c)
{
	for (size_t i = 0; i < c->state->nfiles; i++) {
		const struct state_file *f = &c->state->files[i];
		const struct known *k = known_find(c, f->path);

		if (f->save != FILE_SAVED && (k == NULL || !known_unedited(k)))
			return f;
	}
	return NULL;
}

void
save_on_rescue(struct core *c, struct request *r, const struct fs_result *res)
{
	(void)r;
	c->rescue_failed |= !res->ok;
	if (--c->rescuing == 0)
		c->rescued(c);
}

/* A text that cannot go into its own file, at the end, goes beside it. */
bool
core_files_rescue(struct core *c, void (*fn)(struct core *))
{
	for (size_t i = 0; i < c->state->nfiles; i++) {
		const struct state_file *f = &c->state->files[i];
		const struct known *k = known_find(c, f->path);
		struct buf text = { 0 };
		char *to;

		if (f->save == FILE_SAVED || k == NULL || known_unedited(k))
			continue;
		to = xasprintf("%s.unsaved", f->path);
		text_append(f->text, 0, text_size(f->text), &text);
		file_request(c, REQ_RESCUE, FS_PUT, to, NULL, buf_str(&text),
		    text.len);
		c->rescuing++;
		buf_free(&text);
		free(to);
	}
	c->rescued = fn;
	return c->rescuing > 0;
}

void
file_conflict(struct core *c, const char *path, const char *data, size_t n)
{
	struct event ev = core_event(EV_FILE_CONFLICT, ORIGIN_SYSTEM);

	ev.u.file.path = path;
	if (n <= OPEN_MAX)
		ev.u.file.content = (struct bytes){ data, n };
	ev.u.file.why = "changed outside the editor too";
	core_emit(c, &ev);
	file_state(c, path, FILE_FAILED, ev.u.file.why);
	core_notice(c, "%s was changed outside the editor: the command "
	    "save-force keeps yours, the command reload takes "
	    "theirs", path);
}

bool
file_data(const struct fs_result *res, const char **p, size_t *n)
{
	if (!res->ok || res->nfiles != 1 || res->files[0].data == NULL)
		return false;
	*p = res->files[0].data;
	*n = (size_t)res->files[0].size;
	return true;
}

void
save_on_save_check(struct core *c, struct request *r,
    const struct fs_result *res)
{
	struct known *k = known_get(c, r->path);
	char hash[65];
	const char *p;
	size_t n;

	if (file_data(res, &p, &n)) {
		event_hash(p, n, hash);
		if (strcmp(hash, k->hash) != 0 &&
		    !(known_was(k, hash) && core_may_be_behind(c, k))) {
			k->saving = false;
			file_conflict(c, r->path, p, n);
			save_settle(c);
			return;
		}
	} else if (res->err.code != ERR_NOT_FOUND) {
		k->saving = false;
		file_state(c, r->path, FILE_FAILED, res->err.msg);
		save_arm(c, RETRY_US);
		save_settle(c);
		return;
	}
	save_put(c, k);
}

void
save_on_save(struct core *c, struct request *r, const struct fs_result *res)
{
	struct event ev = core_event(EV_FILE_SAVED, ORIGIN_SYSTEM);
	struct known *k = known_get(c, r->path);
	bool newer = k->edits != r->edits;

	k->saving = false;
	if (!res->ok) {
		file_state(c, r->path, FILE_FAILED, res->err.msg);
		core_notice(c, "%s is not saved: %s", r->path, res->err.msg);
		k->failed = true;
		save_arm(c, RETRY_US);
		save_settle(c);
		return;
	}
	known_is(k, r->hash);
	k->missing = k->behind = false;
	k->saved_edits = r->edits;
	ev.u.file.path = r->path;
	ev.u.file.hash = r->hash;
	ev.u.file.size = r->size;
	core_emit(c, &ev);
	/* Else what was said stands beside "saved". */
	if (k->failed)
		core_notice(c, "%s is saved", r->path);
	k->failed = false;
	if (c->record != NULL)
		record_sync(c->record);
	if (newer) {
		file_state(c, r->path, FILE_EDITED, NULL);
		if (c->nwaiting > 0)
			save_begin(c, r->path, false);
		else
			save_arm(c, SAVE_SOON_US);
	}
	save_settle(c);
}

