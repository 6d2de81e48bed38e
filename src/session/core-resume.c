#include "config.h"

/*
 * Going on with a session whose viva is gone: killed, or its machine.  The
 * journal gives the state back; what it left open is closed with events of
 * its own (a test run, and the shell unless that runs on), and every text of
 * the editor is compared with its file: what was typed and never saved is
 * saved then.
 */

#include "session/core-files.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "problem/language.h"

struct resume {
	struct core *core;
	unsigned checkpoint;
	bool moved_on; /* the question is submitted or skipped */
};

/* ---- what the core knows beside the state ---- */

static void
on_file(struct core *c, const struct event *ev)
{
	struct known *k;

	if (ev->u.file.path == NULL)
		return;
	if (ev->type == EV_FILE_DELETE) {
		known_drop(c, ev->u.file.path);
		return;
	}
	if (ev->type == EV_FILE_RENAME && ev->u.file.to != NULL) {
		known_drop(c, ev->u.file.to);
		k = known_get(c, ev->u.file.path);
		free(k->path);
		k->path = xstrdup(ev->u.file.to);
		return;
	}
	k = known_get(c, ev->u.file.path);
	if (ev->type == EV_FILE_STATE) {
		/* Typed while the save that has ended was under way. */
		if (ev->u.file.state == FILE_EDITED && known_unedited(k))
			k->edits++;
	} else if (ev->u.file.hash != NULL && strlen(ev->u.file.hash) == 64) {
		known_is(k, ev->u.file.hash);
		k->saved_edits = k->edits;
	}
}

static void
on_event(void *user, const struct event *ev)
{
	struct resume *r = user;
	struct core *c = r->core;

	state_apply(c->state, ev);
	core_past_fold(c, ev);
	core_ahead_fold(c, ev);
	c->seq = ev->seq;
	switch (ev->type) {
	case EV_QUESTION_START:
		core_files_reset(c);
		r->moved_on = false;
		break;
	case EV_QUESTION_SUBMIT:
	case EV_QUESTION_SKIP:
		r->moved_on = true;
		break;
	case EV_EDIT_CHANGE:
		known_get(c, ev->u.edit.path)->edits++;
		break;
	case EV_TERM_OPEN:
		c->term = ev->u.term.term;
		break;
	case EV_TERM_OUTPUT:
		c->recorded += ev->u.io.data.n;
		break;
	case EV_TEST_RUN:
		c->run = ev->u.test.run;
		break;
	case EV_SNAPSHOT:
		r->checkpoint = (unsigned)ev->u.snap.number;
		break;
	case EV_FILE_OPEN:
	case EV_FILE_SAVED:
	case EV_FILE_STATE:
	case EV_FILE_RENAME:
	case EV_FILE_DELETE:
		on_file(c, ev);
		break;
	default:
		break;
	}
}

/* ---- what was left open ---- */

static void
close_run(struct core *c)
{
	const struct state_run *r = state_last_run(c->state);
	struct event ev = core_event(EV_TEST_DONE, ORIGIN_SYSTEM);

	if (r == NULL || r->done)
		return;
	ev.u.test.run = r->number;
	ev.u.test.submit = r->submit;
	ev.u.test.verdict = VERDICT_JE;
	ev.u.test.passed = r->passed;
	ev.u.test.total = r->total;
	ev.u.test.why = "viva was gone before the end of the run";
	core_emit(c, &ev);
}

static void
say_resumed(struct core *c)
{
	struct event ev = core_event(EV_SESSION_RESUME, ORIGIN_SYSTEM);

	ev.wall = clock_wall(loop_clock(c->loop));
	ev.u.session.session = c->spec.id;
	ev.u.session.why = "viva was gone";
	core_emit(c, &ev);
	close_run(c);
}

/* A new shell begins in the size of the old one.  In another, which the pane
 * changes at once, it would get back rows that the old one had shown. */
static void
take_size(struct core *c)
{
	c->rows = (unsigned)vt_rows(c->state->vt);
	c->cols = (unsigned)vt_cols(c->state->vt);
}

static void
open_again(struct core *c)
{
	core_sandbox_begin(c);
	if (!core_term_attach(c)) {
		core_term_closed(c, "viva was gone");
		take_size(c);
		core_term_start(c);
	}
	core_files_again(c);
	core_open_again(c);
}

/* The sandbox was made out of a volume, which may be a few saves behind what
 * the one before had. */
bool
core_may_be_behind(const struct core *c, const struct known *k)
{
	struct sandbox_link link;

	return k->behind || (core_link(c, &link) && link.anew);
}

void
save_again(struct core *c, struct known *k)
{
	if (known_unedited(k))
		k->edits++;
	file_state(c, k->path, FILE_EDITED, NULL);
	save_arm(c, SAVE_SOON_US);
}

static void
no_data(struct core *c, struct known *k, const struct err *e)
{
	if (e->code != ERR_NOT_FOUND)
		file_state(c, k->path, FILE_FAILED, e->msg);
	else if (!k->missing && core_may_be_behind(c, k))
		save_again(c, k);
	else
		file_gone(c, k);
}

/* The file holds what the editor does. */
static void
is_saved(struct core *c, struct known *k, const char *hash, size_t size)
{
	const struct state_file *f = state_file(c->state, k->path);
	struct event ev = core_event(EV_FILE_SAVED, ORIGIN_SYSTEM);

	known_is(k, hash);
	k->missing = k->behind = false;
	k->saved_edits = k->edits;
	ev.u.file.path = k->path;
	ev.u.file.hash = k->hash;
	ev.u.file.size = size;
	if (f->save != FILE_SAVED || f->conflict)
		core_emit(c, &ev);
}

static bool
same_text(const struct state_file *f, const char *hash)
{
	struct buf text = { 0 };
	char ours[65];

	text_append(f->text, 0, text_size(f->text), &text);
	event_hash(buf_str(&text), text.len, ours);
	buf_free(&text);
	return strcmp(hash, ours) == 0;
}

/* What one text of the editor is, beside its file as it is now. */
void
core_resume_file(struct core *c, struct request *r,
    const struct fs_result *res)
{
	const struct state_file *f = state_file(c->state, r->path);
	struct known *k = known_get(c, r->path);
	char disk[65];
	const char *p;
	size_t n;

	if (f == NULL || k->saving || k->moving)
		return;
	if (!file_data(res, &p, &n)) {
		no_data(c, k, &res->err);
		return;
	}
	event_hash(p, n, disk);
	if (same_text(f, disk)) { /* also when nobody said so */
		is_saved(c, k, disk, n);
		return;
	}
	if (!f->conflict && known_was(k, disk) && core_may_be_behind(c, k)) {
		known_is(k, disk);
		save_again(c, k);
		return;
	}
	/* What the editor has may be nowhere else. */
	if ((f->save != FILE_SAVED || k->behind) && known_unedited(k))
		k->edits++;
	if (f->save == FILE_SAVING)
		file_state(c, r->path, FILE_EDITED, NULL);
	file_changed_to(c, k, p, n);
	save_arm(c, SAVE_SOON_US);
}

static bool
fits(const struct core *c, struct err *e)
{
	const struct state *s = c->state;
	const struct problem *p;

	if (s->question == 0 || s->name == NULL || s->language == NULL)
		return err_set(e, ERR_CORRUPT, "session %s had not begun: "
		    "start another one", c->spec.id);
	if (s->ended)
		return err_set(e, ERR_INVALID, "session %s has ended; "
		    "'viva replay %s' shows it", c->spec.id, c->spec.id);
	if (language_find(s->language) == NULL)
		return err_set(e, ERR_NOT_FOUND, "session %s is in %s, which "
		    "this viva does not have", c->spec.id, s->language);
	p = s->question <= c->spec.nproblems ?
	    c->spec.problems[s->question - 1] : NULL;
	if (p == NULL || strcmp(p->name, s->name) != 0 ||
	    s->questions != c->spec.nproblems)
		return err_set(e, ERR_INVALID, "the problems are not those "
		    "that session %s began with: question %u was %s",
		    c->spec.id, s->question, s->name);
	return true;
}

bool
core_resume(struct core *c, struct err *e)
{
	struct resume r = { .core = c };
	struct buf copied = { 0 };

	if (!record_read(c->record, on_event, &r, e) || !fits(c, e))
		return false;
	vt_take_clipboard(c->state->vt, &copied); /* long ago */
	buf_free(&copied);
	record_continue(c->record, r.checkpoint);
	c->spec.language = language_find(c->state->language)->name;
	c->question = c->state->question - 1;
	/* The session's clock stood still meanwhile. */
	c->start_mono -= c->state->t;
	say_resumed(c);
	if (r.moved_on && c->question + 1 < c->spec.nproblems) {
		core_term_closed(c, "viva was gone");
		core_files_reset(c);
		core_ahead_finish(c);
		take_size(c);
		c->question++;
		core_question_start(c);
	} else {
		open_again(c);
	}
	return true;
}
