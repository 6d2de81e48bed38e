#include "config.h"

#include "session/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void
set(char **to, const char *s)
{
	char *copy = s != NULL ? xstrdup(s) : NULL;

	free(*to);
	*to = copy;
}

struct state *
state_create(size_t scrollback)
{
	struct state *s = xcalloc(1, sizeof *s);

	s->vt = vt_create(24, 80, scrollback);
	s->current = -1;
	return s;
}

/* ---- files ---- */

struct state_file *
state_file(const struct state *s, const char *path)
{
	for (size_t i = 0; path != NULL && i < s->nfiles; i++)
		if (strcmp(s->files[i].path, path) == 0)
			return &s->files[i];
	return NULL;
}

static void
file_finish(struct state_file *f)
{
	free(f->path);
	free(f->why);
	text_destroy(f->text);
}

static void
files_close(struct state *s)
{
	for (size_t i = 0; i < s->nfiles; i++)
		file_finish(&s->files[i]);
	s->nfiles = 0;
	s->current = -1;
	set(&s->opening, NULL);
}

static void
entries_clear(struct state *s)
{
	for (size_t i = 0; i < s->nentries; i++)
		free(s->entries[i].path);
	free(s->entries);
	s->entries = NULL;
	s->nentries = 0;
}

static struct state_file *
file_new(struct state *s, const char *path, const char *p, size_t n)
{
	struct state_file *f;

	GROW(s->files, s->nfiles, s->files_cap);
	f = &s->files[s->nfiles++];
	memset(f, 0, sizeof *f);
	f->path = xstrdup(path);
	f->text = text_create(p, n);
	f->save = FILE_SAVED;
	f->saved_t = -1;
	return f;
}

static bool
is_opening(const struct state *s, const char *path)
{
	return s->opening != NULL && path != NULL &&
	    strcmp(s->opening, path) == 0;
}

static void
on_file_open(struct state *s, const struct event *ev)
{
	struct state_file *f = state_file(s, ev->u.file.path);

	if (ev->u.file.path == NULL)
		return;
	if (f == NULL && ev->u.file.content.p != NULL)
		f = file_new(s, ev->u.file.path, ev->u.file.content.p,
		    ev->u.file.content.n);
	if (f == NULL)
		return;
	/* One that was asked for before another: that stays in view. */
	if (ev->origin != ORIGIN_SYSTEM || s->current < 0)
		s->current = (int)(f - s->files);
	if (ev->origin != ORIGIN_SYSTEM || is_opening(s, f->path))
		set(&s->opening, NULL);
}

static void
on_file_opening(struct state *s, const struct event *ev)
{
	if (ev->u.file.why == NULL)
		set(&s->opening, ev->u.file.path);
	else if (is_opening(s, ev->u.file.path))
		set(&s->opening, NULL);
}

/* A place in a text that is edited elsewhere moves along. */
static uint64_t
shifted(uint64_t at, uint64_t off, uint64_t del, uint64_t n)
{
	if (at >= off + del)
		return at - del + n;
	return at > off ? off : at;
}

static void
on_edit(struct state *s, const struct event *ev)
{
	struct state_file *f = state_file(s, ev->u.edit.path);
	uint64_t off = ev->u.edit.offset, del = ev->u.edit.deleted;
	uint64_t n = ev->u.edit.inserted.n;

	if (f == NULL || off > text_size(f->text) ||
	    del > text_size(f->text) - off)
		return;
	text_replace(f->text, off, del, ev->u.edit.inserted.p, n);
	f->cursor = shifted(f->cursor, off, del, n);
	f->anchor = shifted(f->anchor, off, del, n);
}

static void
on_cursor(struct state *s, const struct event *ev)
{
	struct state_file *f = state_file(s, ev->u.cursor.path);

	if (f == NULL)
		return;
	f->cursor = ev->u.cursor.offset;
	f->anchor = ev->u.cursor.anchor;
	f->top = ev->u.cursor.top;
}

static void
on_file_state(struct state *s, const struct event *ev)
{
	struct state_file *f = state_file(s, ev->u.file.path);

	if (f == NULL)
		return;
	f->save = ev->u.file.state;
	set(&f->why, ev->u.file.why);
}

static void
on_file_saved(struct state *s, const struct event *ev)
{
	struct state_file *f = state_file(s, ev->u.file.path);

	if (f == NULL)
		return;
	f->save = FILE_SAVED;
	f->saved_t = ev->t;
	f->conflict = false;
	set(&f->why, NULL);
}

static void
on_conflict(struct state *s, const struct event *ev)
{
	struct state_file *f = state_file(s, ev->u.file.path);

	if (f != NULL)
		f->conflict = true;
}

static void
on_rename(struct state *s, const struct event *ev)
{
	struct state_file *f = state_file(s, ev->u.file.path);

	if (f != NULL && ev->u.file.to != NULL)
		set(&f->path, ev->u.file.to);
}

static void
on_delete(struct state *s, const struct event *ev)
{
	struct state_file *f = state_file(s, ev->u.file.path);
	int i;

	if (f == NULL)
		return;
	i = (int)(f - s->files);
	file_finish(f);
	memmove(f, f + 1, (s->nfiles - (size_t)i - 1) * sizeof *f);
	s->nfiles--;
	if (s->current > i || s->current == (int)s->nfiles)
		s->current--;
}

/* "\\n" is a newline and "\\\\" a backslash. */
static void
unescape(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (s[0] == '\\' && (s[1] == 'n' || s[1] == '\\'))
			*to++ = *++s == 'n' ? '\n' : '\\';
		else
			*to++ = *s;
	}
	*to = '\0';
}

static void
on_list(struct state *s, const struct event *ev)
{
	const char *p = ev->u.file.list;
	size_t cap = 0;

	entries_clear(s);
	while (p != NULL && *p != '\0') {
		const char *end = strchrnul(p, '\n');
		char *name;
		uint64_t size = strtoull(p, &name, 10);

		if ((*name == '\t' || *name == ' ') && name + 1 < end) {
			char *path = xstrndup(name + 1,
			    (size_t)(end - name - 1));

			if (*name == ' ')
				unescape(path);
			GROW(s->entries, s->nentries, cap);
			s->entries[s->nentries].path = path;
			s->entries[s->nentries++].size = size;
		}
		p = *end != '\0' ? end + 1 : end;
	}
}

/* ---- session and terminal ---- */

static void
on_session(struct state *s, const struct event *ev)
{
	if (ev->type == EV_SESSION_END) {
		s->ended = true;
		set(&s->opening, NULL);
		set(&s->end_why, ev->u.session.why);
		return;
	}
	set(&s->session, ev->u.session.session);
	set(&s->host, ev->u.session.host);
	set(&s->sandbox, ev->u.session.sandbox);
	s->questions = ev->u.session.questions;
	s->duration = ev->u.session.duration;
}

static void
on_question(struct state *s, const struct event *ev)
{
	if (ev->type == EV_QUESTION_SUBMIT) {
		s->submitted += ev->question != s->submitted_last;
		s->submitted_last = ev->question;
		return;
	}
	if (ev->type != EV_QUESTION_START)
		return;
	s->question = ev->question;
	set(&s->name, ev->u.question.name);
	set(&s->title, ev->u.question.title);
	set(&s->statement, ev->u.question.statement);
	set(&s->language, ev->u.question.language);
	s->time_limit_ms = ev->u.question.time_limit_ms;
	s->memory_limit_mb = ev->u.question.memory_limit_mb;
	files_close(s);
	entries_clear(s);
}

static void
on_term(struct state *s, const struct event *ev)
{
	if (ev->type == EV_TERM_EXIT) {
		s->term_exited = true;
		s->term_status = ev->u.term.status;
		return;
	}
	if (ev->type == EV_TERM_OPEN) {
		s->term = ev->u.term.term;
		s->term_exited = false;
		/* A full reset: the new shell starts on a clean terminal. */
		vt_write(s->vt, "\033c", 2);
	}
	vt_resize(s->vt, (int)ev->u.term.rows, (int)ev->u.term.cols);
}

static void
on_output(struct state *s, const struct event *ev)
{
	if (ev->u.io.data.n > 0) /* else there may be no bytes to point at */
		vt_write(s->vt, ev->u.io.data.p, ev->u.io.data.n);
}

static void
on_conn(struct state *s, const struct event *ev)
{
	s->conn = ev->u.conn.state;
	s->conn_attempt = ev->u.conn.attempt;
	s->conn_attempts = ev->u.conn.attempts;
	set(&s->conn_why, ev->u.conn.why);
}

static void
on_focus(struct state *s, const struct event *ev)
{
	s->focus_out = ev->type == EV_FOCUS_OUT;
}

static void
on_dropped(struct state *s, const struct event *ev)
{
	s->dropped += ev->u.dropped.bytes;
}

/* ---- tests ---- */

const struct state_run *
state_last_run(const struct state *s)
{
	return s->nruns > 0 ? &s->runs[s->nruns - 1] : NULL;
}

static struct state_run *
run_find(const struct state *s, uint64_t number)
{
	for (size_t i = s->nruns; i-- > 0;)
		if (s->runs[i].number == number)
			return &s->runs[i];
	return NULL;
}

static void
case_finish(struct state_case *k)
{
	free(k->name);
	free(k->why);
	free(k->where);
	buf_free(&k->input);
	buf_free(&k->expected);
	buf_free(&k->output);
	buf_free(&k->errors);
}

static void
on_test_run(struct state *s, const struct event *ev)
{
	struct state_run *r;

	GROW(s->runs, s->nruns, s->runs_cap);
	r = &s->runs[s->nruns++];
	memset(r, 0, sizeof *r);
	r->number = ev->u.test.run;
	r->submit = ev->u.test.submit;
	r->total = ev->u.test.total;
	r->question = ev->question;
	r->t = ev->t;
}

static void
replace(struct buf *b, struct bytes from)
{
	buf_clear(b);
	buf_add(b, from.p, from.n);
}

static void
on_test_case(struct state *s, const struct event *ev)
{
	struct state_run *r = run_find(s, ev->u.test.run);
	struct state_case *k = NULL;

	if (r == NULL)
		return;
	for (size_t i = 0; i < r->ncases; i++)
		if (r->cases[i].number == ev->u.test.number)
			k = &r->cases[i];
	if (k == NULL) {
		GROW(r->cases, r->ncases, r->cases_cap);
		k = &r->cases[r->ncases++];
		memset(k, 0, sizeof *k);
		k->number = ev->u.test.number;
	}
	if (k->verdict != VERDICT_AC && ev->u.test.verdict == VERDICT_AC)
		r->passed++;
	set(&k->name, ev->u.test.name);
	set(&k->why, ev->u.test.why);
	set(&k->where, ev->u.test.where);
	k->hidden = ev->u.test.hidden;
	k->verdict = ev->u.test.verdict;
	k->time_us = ev->u.test.time_us;
	k->memory_kb = ev->u.test.memory_kb;
	replace(&k->input, ev->u.test.input);
	replace(&k->expected, ev->u.test.expected);
	replace(&k->output, ev->u.test.output);
	replace(&k->errors, ev->u.test.errors);
}

static void
on_test_done(struct state *s, const struct event *ev)
{
	struct state_run *r = run_find(s, ev->u.test.run);

	if (r == NULL)
		return;
	r->done = true;
	r->verdict = ev->u.test.verdict;
	r->passed = ev->u.test.passed;
	r->total = ev->u.test.total;
	r->time_us = ev->t - r->t;
	set(&r->why, ev->u.test.why);
}

/* ---- the fold ---- */

static const struct {
	void (*apply)(struct state *, const struct event *);
	bool mark; /* shows on the time line */
} fold[EV_TYPES] = {
	[EV_SESSION_START] = { on_session, false },
	[EV_SESSION_END] = { on_session, false },
	[EV_QUESTION_START] = { on_question, true },
	[EV_QUESTION_SUBMIT] = { on_question, true },
	[EV_QUESTION_SKIP] = { on_question, true },
	[EV_NOTE_ADD] = { NULL, true },
	[EV_MARKER_ADD] = { NULL, true },
	[EV_TERM_OPEN] = { on_term, false },
	[EV_TERM_OUTPUT] = { on_output, false },
	[EV_TERM_RESIZE] = { on_term, false },
	[EV_TERM_EXIT] = { on_term, false },
	[EV_CONN_STATE] = { on_conn, false },
	[EV_EDIT_CHANGE] = { on_edit, false },
	[EV_EDIT_CURSOR] = { on_cursor, false },
	[EV_FILE_OPEN] = { on_file_open, true },
	[EV_FILE_RENAME] = { on_rename, false },
	[EV_FILE_DELETE] = { on_delete, false },
	[EV_FILE_SAVED] = { on_file_saved, false },
	[EV_FILE_CONFLICT] = { on_conflict, false },
	[EV_FILE_LIST] = { on_list, false },
	[EV_FILE_STATE] = { on_file_state, false },
	[EV_FILE_OPENING] = { on_file_opening, false },
	[EV_TEST_RUN] = { on_test_run, true },
	[EV_TEST_CASE] = { on_test_case, false },
	[EV_TEST_DONE] = { on_test_done, false },
	[EV_PASTE] = { NULL, true },
	[EV_FOCUS_IN] = { on_focus, false },
	[EV_FOCUS_OUT] = { on_focus, false },
	[EV_DROPPED] = { on_dropped, true },
};

static void
mark(struct state *s, const struct event *ev)
{
	struct state_mark *m;
	const char *text = "";

	if (ev->type == EV_NOTE_ADD || ev->type == EV_MARKER_ADD)
		text = ev->u.note.text;
	else if (ev->type == EV_FILE_OPEN)
		text = ev->u.file.path;
	else if (ev->type == EV_PASTE)
		text = ev->u.paste.where;
	GROW(s->marks, s->nmarks, s->marks_cap);
	m = &s->marks[s->nmarks++];
	m->t = ev->t;
	m->type = ev->type;
	m->text = xstrdup(text != NULL ? text : "");
}

void
state_apply(struct state *s, const struct event *ev)
{
	s->seq = ev->seq;
	s->t = ev->t;
	if (fold[ev->type].apply != NULL)
		fold[ev->type].apply(s, ev);
	if (fold[ev->type].mark)
		mark(s, ev);
}

static void
runs_free(struct state *s)
{
	for (size_t i = 0; i < s->nruns; i++) {
		for (size_t k = 0; k < s->runs[i].ncases; k++)
			case_finish(&s->runs[i].cases[k]);
		free(s->runs[i].cases);
		free(s->runs[i].why);
	}
	free(s->runs);
}

void
state_destroy(struct state *s)
{
	if (s == NULL)
		return;
	files_close(s);
	entries_clear(s);
	runs_free(s);
	for (size_t i = 0; i < s->nmarks; i++)
		free(s->marks[i].text);
	free(s->marks);
	free(s->files);
	vt_destroy(s->vt);
	free(s->session);
	free(s->host);
	free(s->sandbox);
	free(s->end_why);
	free(s->name);
	free(s->title);
	free(s->statement);
	free(s->language);
	free(s->conn_why);
	free(s);
}
