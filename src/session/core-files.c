#include "config.h"

/* Files of the workspace: listing, following what changes, and the commands
 * that rename and delete. */

#include "session/core-files.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "problem/language.h"

/* A line of the record has a bound (EVENT_MAX), and escapes may make a
 * byte six of them: longer texts are several edits, longer lists are
 * cut. */
#define EDIT_MAX (1u << 20)
#define LIST_MAX (1u << 20)
#define FOLLOW_BURST (4u << 20)

struct request *
file_request(struct core *c, enum request_kind kind, enum fs_op op,
    const char *path, const char *to, const char *data, size_t n)
{
	struct request *r;

	GROW(c->requests, c->nrequests, c->requests_cap);
	r = &c->requests[c->nrequests++];
	memset(r, 0, sizeof *r);
	r->kind = kind;
	r->path = xstrdup(path != NULL ? path : "");
	r->to = xstrdup(to != NULL ? to : "");
	r->id = c->sandbox->ops->fs(c->sandbox, op, path, to, data, n);
	return r;
}

static void
request_finish(struct request *r)
{
	free(r->path);
	free(r->to);
}

void
core_files_reset(struct core *c)
{
	for (size_t i = 0; i < c->nrequests; i++)
		request_finish(&c->requests[i]);
	for (size_t i = 0; i < c->nknown; i++)
		free(c->known[i].path);
	c->nrequests = c->nknown = 0;
	c->seeding = c->rescuing = 0;
	c->seeds_behind = false;
	c->nwaiting = 0;
	free(c->last_list);
	c->last_list = NULL;
	loop_timer_cancel(c->autosave);
	loop_timer_cancel(c->follow);
	c->autosave = c->follow = NULL;
	core_open_reset(c);
}

void
file_state(struct core *c, const char *path, enum file_state st,
    const char *why)
{
	struct event ev = core_event(EV_FILE_STATE, ORIGIN_SYSTEM);

	ev.u.file.path = path;
	ev.u.file.state = st;
	ev.u.file.why = why;
	core_emit(c, &ev);
}

/* An edit in as many events as it needs. */
static void
emit_edit(struct core *c, struct event *ev, const char *p, size_t n)
{
	do {
		size_t k = n < EDIT_MAX ? n : EDIT_MAX;

		ev->u.edit.inserted = (struct bytes){ p, k };
		core_emit(c, ev);
		ev->u.edit.offset += k;
		ev->u.edit.deleted = 0;
		p += k;
		n -= k;
	} while (n > 0);
}

/* ---- following ---- */

bool
file_for_editor(const char *p, size_t n)
{
	return n <= OPEN_MAX && memchr(p, '\0', n) == NULL;
}

/* Replaces what differs in the middle, so that cursors stay in place. */
static void
reload(struct core *c, struct known *k, const char *p, size_t n)
{
	const struct state_file *f = state_file(c->state, k->path);
	struct event ev = core_event(EV_EDIT_CHANGE, ORIGIN_SYSTEM);
	struct event saved = core_event(EV_FILE_SAVED, ORIGIN_SYSTEM);
	struct buf old = { 0 };
	size_t head = 0, tail = 0;
	char hash[65];

	text_append(f->text, 0, text_size(f->text), &old);
	while (head < n && head < old.len && p[head] == old.data[head])
		head++;
	while (tail < n - head && tail < old.len - head &&
	    p[n - 1 - tail] == old.data[old.len - 1 - tail])
		tail++;
	ev.u.edit.path = k->path;
	ev.u.edit.offset = head;
	ev.u.edit.deleted = old.len - head - tail;
	ev.u.edit.kind = "reload";
	core_meter(c, &c->followed, n - head - tail, FOLLOW_BURST);
	if (ev.u.edit.deleted != 0 || n > head + tail)
		emit_edit(c, &ev, p + head, n - head - tail);
	event_hash(p, n, hash);
	known_is(k, hash);
	k->missing = k->behind = false;
	k->saved_edits = k->edits;
	saved.u.file.path = k->path;
	saved.u.file.hash = k->hash;
	saved.u.file.size = n;
	core_emit(c, &saved);
	buf_free(&old);
}

/* It is not there any more: what the editor shows is nowhere else. */
void
file_gone(struct core *c, struct known *k)
{
	const struct state_file *f = state_file(c->state, k->path);

	if (!k->missing && f->save == FILE_SAVED)
		file_state(c, k->path, FILE_FAILED, "deleted outside the "
		    "editor; saving writes it again");
	k->missing = true;
}

void
file_changed_to(struct core *c, struct known *k, const char *p, size_t n)
{
	const struct state_file *f = state_file(c->state, k->path);
	char hash[65];

	event_hash(p, n, hash);
	if (strcmp(hash, k->hash) == 0 && !k->missing)
		return;
	if (known_unedited(k) && !f->conflict && file_for_editor(p, n))
		reload(c, k, p, n);
	else if (strcmp(hash, k->hash) != 0 && !f->conflict)
		file_conflict(c, k->path, p, n);
}

static void
take_theirs(struct core *c, struct known *k, const struct fs_result *res)
{
	const char *p;
	size_t n;

	if (!file_data(res, &p, &n))
		core_notice(c, "cannot reload %s: %s", k->path, res->err.msg);
	else if (!file_for_editor(p, n))
		core_notice(c, "%s is not for the editor any more: look at it "
		    "in the shell", k->path);
	else
		reload(c, k, p, n);
}

static void check(struct core *c, const char *path);

static void
on_check(struct core *c, struct request *r, const struct fs_result *res)
{
	struct known *k = known_find(c, r->path);
	const char *p;
	size_t n;
	bool forced;

	if (state_file(c->state, r->path) == NULL || k == NULL || k->saving ||
	    k->moving)
		return;
	forced = k->force;
	k->force = false;
	if (k->behind && !forced)
		; /* older than ours, which is about to be saved */
	else if (forced)
		take_theirs(c, k, res);
	else if (file_data(res, &p, &n))
		file_changed_to(c, k, p, n);
	else if (res->err.code == ERR_NOT_FOUND)
		file_gone(c, k);
	if (r->again)
		check(c, r->path);
}

/* Is one under way?  Then it is done once more after it, not side by side:
 * a program may change files faster than they can be read. */
static bool
under_way(struct core *c, enum request_kind kind, const char *path)
{
	for (size_t i = 0; i < c->nrequests; i++)
		if (c->requests[i].kind == kind &&
		    strcmp(c->requests[i].path, path) == 0) {
			c->requests[i].again = true;
			return true;
		}
	return false;
}

static void
check(struct core *c, const char *path)
{
	if (!under_way(c, REQ_CHECK, path))
		file_request(c, REQ_CHECK, FS_GET, path, NULL, NULL, 0);
}

void
core_files_list(struct core *c)
{
	if (c->sandbox != NULL && !under_way(c, REQ_LIST, ""))
		file_request(c, REQ_LIST, FS_LIST, NULL, NULL, NULL, 0);
}

static void
follow_later(void *user)
{
	struct core *c = user;

	c->follow = NULL;
	core_files_changed(c);
}

/* A list may have a megabyte, a file two, and a program can change them all
 * the time. */
void
core_files_changed(struct core *c)
{
	int64_t wait = core_meter(c, &c->followed, 0, FOLLOW_BURST);

	if (wait > 0) {
		if (c->follow == NULL)
			c->follow = loop_timer_add(c->loop, wait, follow_later,
			    c);
		return;
	}
	core_files_list(c);
	for (size_t i = 0; c->sandbox != NULL && i < c->state->nfiles; i++)
		check(c, c->state->files[i].path);
}

/* ---- the question's first files ---- */

static void
seed(struct core *c, const char *path, const char *p, size_t n)
{
	c->seeding++;
	file_request(c, REQ_SEED, FS_PUT, path, NULL, p, n);
}

/* Those that wanted says. */
static void
seed_some(struct core *c, bool (*wanted)(const struct core *, const char *,
    const struct fs_result *), const struct fs_result *list)
{
	const struct problem *p = core_problem(c);
	const struct language *l = language_find(c->spec.language);
	unsigned sample = 0;

	if (problem_file(p, l, l->main_file) == NULL &&
	    (wanted == NULL || wanted(c, l->main_file, list)))
		seed(c, l->main_file, l->template, strlen(l->template));
	for (size_t i = 0; i < p->nfiles; i++) {
		const struct problem_file *f = &p->files[i];

		if (problem_file(p, l, f->name) == f &&
		    (wanted == NULL || wanted(c, f->name, list)))
			seed(c, f->name, f->data, f->len);
	}
	for (size_t i = 0; i < p->ncases; i++) {
		struct problem_case *k = &p->cases[i];
		char *name;

		if (k->hidden)
			continue;
		name = xasprintf("sample%u.in", ++sample);
		if (wanted == NULL || wanted(c, name, list))
			seed(c, name, k->in, k->in_len);
		free(name);
	}
}

void
core_files_seed(struct core *c)
{
	seed_some(c, NULL, NULL);
}

/* It was there, and nobody else writes it again. */
static bool
went(const struct core *c, const char *path, const struct fs_result *list)
{
	const struct state *s = c->state;
	bool was = false;

	for (size_t i = 0; i < s->nentries; i++)
		was |= strcmp(s->entries[i].path, path) == 0;
	for (size_t i = 0; i < list->nfiles; i++)
		if (strcmp(list->files[i].path, path) == 0)
			return false;
	return was && state_file(s, path) == NULL;
}

static void
seed_missing(struct core *c, const struct fs_result *list)
{
	c->seeds_behind = false;
	seed_some(c, went, list);
}

static void
on_seed(struct core *c, struct request *r, const struct fs_result *res)
{
	if (!res->ok)
		core_notice(c, "cannot write %s: %s", r->path, res->err.msg);
	if (--c->seeding > 0)
		return;
	if (c->state->nfiles == 0)
		file_open(c, language_find(c->spec.language)->main_file);
	core_files_list(c);
}

/* A name of more than one line is escaped, and its line has a space for the
 * tab. */
static void
add_listed(struct buf *list, const struct sandbox_file *f)
{
	bool lines = strchr(f->path, '\n') != NULL;

	buf_addf(list, "%llu%c", (unsigned long long)f->size, lines ? ' ' :
	    '\t');
	for (const char *p = f->path; lines && *p != '\0'; p++) {
		if (*p == '\n' || *p == '\\')
			buf_addc(list, '\\');
		buf_addc(list, *p == '\n' ? 'n' : *p);
	}
	buf_addf(list, "%s\n", lines ? "" : f->path);
}

static void
on_list(struct core *c, struct request *r, const struct fs_result *res)
{
	struct event ev = core_event(EV_FILE_LIST, ORIGIN_SYSTEM);
	struct buf list = { 0 };

	if (r->again)
		core_files_list(c);
	if (!res->ok)
		return;
	if (c->seeds_behind)
		seed_missing(c, res);
	for (size_t i = 0; i < res->nfiles && list.len < LIST_MAX; i++)
		add_listed(&list, &res->files[i]);
	if (c->last_list == NULL || strcmp(c->last_list, buf_str(&list)) != 0) {
		ev.u.file.list = buf_str(&list);
		core_emit(c, &ev);
		core_meter(c, &c->followed, list.len, FOLLOW_BURST);
		free(c->last_list);
		c->last_list = buf_take(&list);
	}
	buf_free(&list);
}

/* ---- commands ---- */

/* After a rename: what was typed meanwhile is saved under the new name. */
void
file_settle(struct core *c, const char *path)
{
	const struct state_file *f = state_file(c->state, path);

	if (f != NULL && f->save == FILE_EDITED) {
		if (c->nwaiting > 0)
			save_begin(c, path, false);
		else
			save_arm(c, SAVE_SOON_US);
	}
	save_settle(c);
}

static void
on_changed_name(struct core *c, struct request *r, const struct fs_result *res)
{
	struct event ev = core_event(r->kind == REQ_RENAME ? EV_FILE_RENAME :
	    EV_FILE_DELETE, ORIGIN_CANDIDATE);
	struct known *k = known_find(c, r->path);

	if (k != NULL)
		k->moving = false;
	/* What was deleted in the shell can still be closed here. */
	if (!res->ok && (r->kind != REQ_DELETE ||
	    res->err.code != ERR_NOT_FOUND)) {
		core_notice(c, "%s: %s", r->path, res->err.msg);
		file_settle(c, r->path);
		return;
	}
	if (k != NULL && r->kind == REQ_RENAME) {
		known_drop(c, r->to);
		k = known_find(c, r->path);
		free(k->path);
		k->path = xstrdup(r->to);
	} else if (r->kind == REQ_DELETE) {
		known_drop(c, r->path);
	}
	ev.u.file.path = r->path;
	ev.u.file.to = r->kind == REQ_RENAME ? r->to : NULL;
	core_emit(c, &ev);
	core_files_list(c);
	file_settle(c, r->kind == REQ_RENAME ? r->to : r->path);
}

/* Never while a save is under way, which would bring the old name back. */
static void
change_name(struct core *c, const struct command *cmd)
{
	bool rename = cmd->type == CMD_FILE_RENAME;
	struct known *k = known_find(c, cmd->path);

	if (k != NULL && (k->saving || k->moving)) {
		core_notice(c, "%s is being saved: try it again", cmd->path);
		return;
	}
	if (rename && state_file(c->state, cmd->text) != NULL) {
		core_notice(c, "%s is open", cmd->text);
		return;
	}
	if (k != NULL)
		k->moving = true;
	file_request(c, rename ? REQ_RENAME : REQ_DELETE, rename ? FS_RENAME :
	    FS_REMOVE, cmd->path, cmd->text, NULL, 0);
}

static void
on_tree(struct core *c, struct request *r, const struct fs_result *res)
{
	r->tree(c, res);
}

void
core_files_tree(struct core *c,
    void (*fn)(struct core *, const struct fs_result *))
{
	file_request(c, REQ_TREE, FS_TREE, NULL, NULL, NULL, 0)->tree = fn;
}

/* One that is gone for good has taken along what was only in it; whether
 * all was on the volume it says itself. */
static bool
note_behind(struct core *c)
{
	struct sandbox_link link;

	if (!core_link(c, &link) || !link.unsynced)
		return false;
	c->seeds_behind = true;
	for (size_t i = 0; i < c->nknown; i++)
		c->known[i].behind = true;
	return true;
}

void
core_files_lost(struct core *c)
{
	if (!note_behind(c))
		return;
	for (size_t i = 0; i < c->state->nfiles; i++) {
		const struct state_file *f = &c->state->files[i];
		struct known *k = known_find(c, f->path);

		if (k != NULL && f->save == FILE_SAVED && !f->conflict &&
		    !k->missing)
			save_again(c, k);
	}
}

/* Trees are still wanted, for a test run or a checkpoint, and files that the
 * editor is to open. */
void
core_files_leave(struct core *c)
{
	size_t kept = 0;

	note_behind(c);
	for (size_t i = 0; i < c->nrequests; i++) {
		c->requests[i].id = 0;
		if (c->requests[i].kind == REQ_TREE ||
		    open_keeps(&c->requests[i]))
			c->requests[kept++] = c->requests[i];
		else
			request_finish(&c->requests[i]);
	}
	c->nrequests = kept;
	for (size_t i = 0; i < c->nknown; i++)
		c->known[i].saving = c->known[i].moving =
		    c->known[i].force = false;
}

bool
core_files_comparing(const struct core *c)
{
	for (size_t i = 0; i < c->nrequests; i++)
		if (c->requests[i].kind == REQ_RESUME)
			return true;
	return false;
}

/* What the sandbox before has not answered. */
static void
ask_again(struct core *c, struct request *r)
{
	bool tree = r->kind == REQ_TREE;

	if (r->id == 0)
		r->id = c->sandbox->ops->fs(c->sandbox, tree ? FS_TREE :
		    FS_GET, tree ? NULL : r->path, NULL, NULL, tree ? 0 :
		    OPEN_MAX);
}

void
core_files_again(struct core *c)
{
	size_t n = c->nrequests;

	/* It had not come so far. */
	if (c->seeding > 0 || (c->state->nfiles == 0 &&
	    c->state->nentries == 0)) {
		c->seeding = 0;
		core_files_seed(c);
	} else {
		core_files_list(c);
	}
	for (size_t i = 0; i < c->state->nfiles; i++)
		file_request(c, REQ_RESUME, FS_GET, c->state->files[i].path,
		    NULL, NULL, 0);
	for (size_t i = 0; i < n; i++)
		ask_again(c, &c->requests[i]);
	save_settle(c);
}

void
core_files_result(struct core *c, uint64_t id, const struct fs_result *res)
{
	static void (*const on[])(struct core *, struct request *,
	    const struct fs_result *) = { [REQ_LIST] = on_list,
		[REQ_OPEN] = open_on_open, [REQ_CHECK] = on_check,
		[REQ_SAVE_CHECK] = save_on_save_check,
		[REQ_SAVE] = save_on_save,
		[REQ_CREATE_CHECK] = open_on_create_check,
		[REQ_RESCUE] = save_on_rescue,
		[REQ_CREATE] = open_on_create, [REQ_RENAME] = on_changed_name,
		[REQ_DELETE] = on_changed_name, [REQ_SEED] = on_seed,
		[REQ_RESUME] = core_resume_file, [REQ_TREE] = on_tree };
	struct request r;

	for (size_t i = 0; i < c->nrequests; i++) {
		if (c->requests[i].id != id)
			continue;
		r = c->requests[i];
		memmove(&c->requests[i], &c->requests[i + 1],
		    (--c->nrequests - i) * sizeof r);
		on[r.kind](c, &r, res);
		request_finish(&r);
		return;
	}
}

static void
edit(struct core *c, const struct command *cmd)
{
	struct event ev = core_event(EV_EDIT_CHANGE, ORIGIN_CANDIDATE);
	const struct state_file *f = state_file(c->state, cmd->path);

	if (f == NULL || c->sealed)
		return;
	ev.u.edit.path = cmd->path;
	ev.u.edit.offset = cmd->offset;
	ev.u.edit.deleted = cmd->deleted;
	ev.u.edit.kind = cmd->text;
	known_get(c, cmd->path)->edits++;
	emit_edit(c, &ev, cmd->data, cmd->len);
	if (f->save == FILE_SAVED)
		file_state(c, cmd->path, FILE_EDITED, NULL);
	save_arm(c, SAVE_SOON_US);
}

static void
cursor(struct core *c, const struct command *cmd)
{
	struct event ev = core_event(EV_EDIT_CURSOR, ORIGIN_CANDIDATE);

	ev.u.cursor.path = cmd->path;
	ev.u.cursor.offset = cmd->offset;
	ev.u.cursor.anchor = cmd->anchor;
	ev.u.cursor.top = cmd->top;
	core_emit(c, &ev);
}

/* By the person: so also what was deleted in the shell. */
static void
save_asked(struct core *c)
{
	for (size_t i = 0; i < c->state->nfiles; i++) {
		const struct state_file *f = &c->state->files[i];
		const struct known *k = known_find(c, f->path);

		if (k != NULL && k->missing && !f->conflict)
			save_begin(c, f->path, true);
	}
	core_save_all(c, NULL);
}

void
core_files_command(struct core *c, const struct command *cmd)
{
	switch (cmd->type) {
	case CMD_EDIT:
		edit(c, cmd);
		return;
	case CMD_CURSOR:
		cursor(c, cmd);
		return;
	case CMD_SAVE:
		save_asked(c);
		return;
	case CMD_FILE_AHEAD:
		file_ahead(c, cmd);
		return;
	default:
		break;
	}
	if (c->sandbox == NULL) {
		core_notice(c, "the sandbox is not there");
		return;
	}
	switch (cmd->type) {
	case CMD_FILE_OPEN:
		file_open(c, cmd->path);
		break;
	case CMD_FILE_CREATE:
		file_create(c, cmd->path);
		break;
	case CMD_FILE_RENAME:
	case CMD_FILE_DELETE:
		change_name(c, cmd);
		break;
	case CMD_SAVE_FORCE:
		save_begin(c, cmd->path, true);
		break;
	case CMD_RELOAD:
		known_get(c, cmd->path)->force = true;
		check(c, cmd->path);
		break;
	default:
		break;
	}
}
