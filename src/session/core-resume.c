#include "config.h"

/*
 * Going on with a session whose viva is gone: killed, or its machine.  The
 * journal gives the state back; what it left open is closed with events of
 * its own (the shell, a test run), and every text of the editor is compared
 * with its file: what was typed and never saved is saved then.
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
		memcpy(k->hash, ev->u.file.hash, sizeof k->hash);
		k->saved_edits = k->edits;
	}
}

static void
on_event(void *user, const struct event *ev)
{
	struct resume *r = user;
	struct core *c = r->core;

	state_apply(c->state, ev);
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
close_shell(struct core *c)
{
	struct event ev = core_event(EV_TERM_EXIT, ORIGIN_SYSTEM);

	if (c->state->term == 0 || c->state->term_exited)
		return;
	ev.u.term.term = c->state->term;
	ev.u.term.status = -1;
	ev.u.term.why = "viva was gone";
	core_emit(c, &ev);
}

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
	close_shell(c);
	close_run(c);
}

static void
open_again(struct core *c)
{
	core_sandbox_open(c);
	if (c->state->nfiles == 0 && c->state->nentries == 0)
		core_files_seed(c); /* it had not come so far */
	else
		core_files_list(c);
	for (size_t i = 0; i < c->state->nfiles; i++)
		file_request(c, REQ_RESUME, FS_GET, c->state->files[i].path,
		    NULL, NULL, 0);
}

/* What one text of the editor is, beside its file as it is now. */
void
core_resume_file(struct core *c, struct request *r,
    const struct fs_result *res)
{
	const struct state_file *f = state_file(c->state, r->path);
	struct known *k = known_get(c, r->path);
	struct event ev = core_event(EV_FILE_SAVED, ORIGIN_SYSTEM);
	struct buf text = { 0 };
	char disk[65], ours[65];
	const char *p;
	size_t n;

	if (f == NULL)
		return;
	if (!file_data(res, &p, &n)) {
		if (res->err.code == ERR_NOT_FOUND)
			file_gone(c, k);
		else
			file_state(c, r->path, FILE_FAILED, res->err.msg);
		return;
	}
	text_append(f->text, 0, text_size(f->text), &text);
	event_hash(buf_str(&text), text.len, ours);
	buf_free(&text);
	event_hash(p, n, disk);
	if (strcmp(disk, ours) == 0) { /* saved, also when nobody said so */
		memcpy(k->hash, disk, sizeof k->hash);
		k->saved_edits = k->edits;
		ev.u.file.path = r->path;
		ev.u.file.hash = k->hash;
		ev.u.file.size = n;
		if (f->save != FILE_SAVED || f->conflict)
			core_emit(c, &ev);
		return;
	}
	if (f->save != FILE_SAVED && known_unedited(k))
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

	if (!record_read(c->record, on_event, &r, e) || !fits(c, e))
		return false;
	record_continue(c->record, r.checkpoint);
	c->spec.language = language_find(c->state->language)->name;
	c->question = c->state->question - 1;
	/* The session's clock stood still meanwhile. */
	c->start_mono -= c->state->t;
	say_resumed(c);
	if (r.moved_on && c->question + 1 < c->spec.nproblems) {
		core_files_reset(c);
		c->question++;
		core_question_start(c);
	} else {
		open_again(c);
	}
	return true;
}
