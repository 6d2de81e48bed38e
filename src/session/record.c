#include "config.h"

#include "session/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "store/gitstore.h"
#include "store/journal.h"

#define CLOSE_WAIT_US 5000000
#define WARM_US 2000000 /* once viva has started */

struct record {
	struct loop *loop;
	struct journal *journal;
	struct loop_timer *warm;
	struct gitstore *git; /* NULL: no checkpoint was made; git_err */
	struct err git_err;
	char *session, *path, *repo;
	unsigned number; /* of the last checkpoint */
	struct checkpoint *pending; /* not yet answered */
};

struct checkpoint { /* waits for its events to be on disk, then for git */
	struct checkpoint *next;
	struct record *r;
	unsigned number;
	char *subject, *info, *run, *run_path;
	size_t run_len;
	int64_t wall_ms;
	struct gitstore_entry *workspace;
	size_t nworkspace;
	record_done_fn done;
	void *user;
};

static void
warm_git(void *user)
{
	((struct record *)user)->warm = NULL;
	gitstore_warm();
}

struct record *
record_open(struct loop *loop, const char *dir, const char *repo,
    const char *session, struct err *e)
{
	struct record *r = xcalloc(1, sizeof *r);

	r->loop = loop;
	r->session = xstrdup(session);
	r->path = xasprintf("%s/journal.jsonl", dir);
	r->journal = journal_open(r->path, loop, journal_io_system(), e);
	if (r->journal == NULL) {
		record_close(r);
		return NULL;
	}
	/* Without git the journal still holds everything. */
	if (repo != NULL) {
		r->repo = xstrdup(repo);
		r->warm = loop_timer_add(loop, WARM_US, warm_git, r);
	} else {
		err_set(&r->git_err, ERR_UNAVAILABLE, "no repository given");
	}
	return r;
}

bool
record_read(struct record *r, void (*fn)(void *user, const struct event *),
    void *user, struct err *e)
{
	struct journal_end end;

	return journal_read(r->path, fn, user, &end, e);
}

void
record_continue(struct record *r, unsigned number)
{
	r->number = number;
}

void
record_append(struct record *r, const struct event *ev)
{
	journal_append(r->journal, ev);
}

static void
nothing(void *user)
{
	(void)user;
}

void
record_sync(struct record *r)
{
	journal_sync(r->journal, nothing, NULL);
}

size_t
record_backlog(const struct record *r)
{
	return journal_backlog(r->journal);
}

bool
record_is_full(const struct record *r)
{
	return journal_is_full(r->journal);
}

bool
record_failed(const struct record *r, struct err *e)
{
	return journal_failed(r->journal, e);
}

/* ---- checkpoints ---- */

static void
checkpoint_free(struct checkpoint *k)
{
	for (struct checkpoint **at = &k->r->pending; *at != NULL;
	    at = &(*at)->next)
		if (*at == k) {
			*at = k->next;
			break;
		}
	for (size_t i = 0; i < k->nworkspace; i++) {
		free((char *)k->workspace[i].path);
		free((char *)k->workspace[i].data);
	}
	free(k->workspace);
	free(k->subject);
	free(k->info);
	free(k->run);
	free(k->run_path);
	free(k);
}

static void
on_commit(void *user, const char *commit, const struct err *e)
{
	struct checkpoint *k = user;

	k->done(k->user, k->number, commit, e);
	checkpoint_free(k);
}

static void
on_synced(void *user)
{
	struct checkpoint *k = user;
	struct gitstore_entry entries[2] = {
		{ "session.json", k->info, strlen(k->info) },
		{ k->run_path, k->run, k->run_len },
	};
	struct gitstore_checkpoint c = { .session = k->r->session,
		.subject = k->subject, .wall_ms = k->wall_ms,
		.journal = k->r->path,
		.journal_bytes = journal_on_disk(k->r->journal),
		.workspace = k->workspace,
		.nworkspace = k->nworkspace, .entries = entries,
		.nentries = k->run != NULL ? 2 : 1 };

	gitstore_commit(k->r->git, &c, on_commit, k);
}

static void
on_no_git(void *user)
{
	struct checkpoint *k = user;

	on_commit(k, "", &k->r->git_err);
}

static void
field(struct buf *b, const char *key, const char *value)
{
	buf_addf(b, "  \"%s\": ", key);
	json_add_string(b, value != NULL ? value : "",
	    value != NULL ? strlen(value) : 0);
	buf_adds(b, ",\n");
}

/* What `viva list` and a reader of the repository want first. */
static char *
info_text(const struct state *s)
{
	const struct state_run *r = state_last_run(s);
	struct buf b = { 0 };

	buf_adds(&b, "{\n");
	field(&b, "session", s->session);
	field(&b, "question", s->name);
	field(&b, "title", s->title);
	field(&b, "language", s->language);
	field(&b, "verdict", r != NULL ? verdict_name(r->verdict) : NULL);
	buf_addf(&b, "  \"number\": %u,\n  \"questions\": %u,\n"
	    "  \"submitted\": %u,\n  \"runs\": %zu,\n  \"ended\": %s,\n"
	    "  \"seconds\": %lld\n}\n", s->question, s->questions,
	    s->submitted, s->nruns, s->ended ? "true" : "false",
	    (long long)(s->t / 1000000));
	return buf_take(&b);
}

static void
add_bytes(struct buf *b, const char *name, const struct buf *text)
{
	if (text->len == 0)
		return;
	buf_addf(b, "  %s:\n", name);
	buf_add(b, text->data, text->len);
	if (text->data[text->len - 1] != '\n')
		buf_addc(b, '\n');
}

/* What is not known is left out. */
static void
add_cost(struct buf *b, const struct state_case *k)
{
	if (k->time_us > 0)
		buf_addf(b, " %6lld ms", (long long)(k->time_us / 1000));
	if (k->memory_kb > 0)
		buf_addf(b, " %8lld KiB", (long long)k->memory_kb);
	buf_addc(b, '\n');
}

/* A hidden case has nothing here but its verdict: the state has no more. */
static char *
run_text(const struct state_run *r, size_t *n)
{
	struct buf b = { 0 };

	buf_addf(&b, "%s %llu: %s, %u of %u passed\n",
	    r->submit ? "submit, test run" : "test run",
	    (unsigned long long)r->number, verdict_name(r->verdict), r->passed,
	    r->total);
	if (r->why != NULL)
		buf_addf(&b, "%s\n", r->why);
	for (size_t i = 0; i < r->ncases; i++) {
		const struct state_case *k = &r->cases[i];

		buf_addf(&b, "%-20s %-22s", k->name != NULL ? k->name : "",
		    verdict_name(k->verdict));
		add_cost(&b, k);
		if (k->verdict != VERDICT_AC) {
			add_bytes(&b, "expected", &k->expected);
			add_bytes(&b, "got", &k->output);
			add_bytes(&b, "stderr", &k->errors);
		}
	}
	*n = b.len;
	return buf_take(&b);
}

static void
copy_files(struct checkpoint *k, const struct fs_result *files)
{
	if (!files->ok) /* not known now: as it was */
		return;
	k->workspace = xcalloc(files->nfiles + 1, sizeof *k->workspace);
	k->nworkspace = files->nfiles;
	for (size_t i = 0; i < files->nfiles; i++) {
		const struct sandbox_file *f = &files->files[i];

		k->workspace[i].path = xstrdup(f->path);
		k->workspace[i].size = (size_t)f->size;
		k->workspace[i].data = xmemdup(f->data != NULL ? f->data : "",
		    (size_t)f->size + 1);
	}
}

static void
open_git(struct record *r)
{
	r->git = gitstore_open(r->repo, r->loop, NULL);
	if (r->git == NULL) /* again, for the reason */
		r->git = gitstore_open(r->repo, r->loop, &r->git_err);
}

void
record_checkpoint(struct record *r, const struct state *s,
    const char *subject, const struct fs_result *files, int64_t wall_ms,
    record_done_fn done, void *user)
{
	struct checkpoint *k = xcalloc(1, sizeof *k);
	const struct state_run *run = state_last_run(s);

	k->r = r;
	k->number = ++r->number;
	k->subject = xstrdup(subject);
	k->wall_ms = wall_ms;
	k->done = done;
	k->user = user;
	k->info = info_text(s);
	if (run != NULL && run->done) {
		k->run = run_text(run, &k->run_len);
		k->run_path = xasprintf("tests/run-%03llu.txt",
		    (unsigned long long)run->number);
	}
	copy_files(k, files);
	if (r->git == NULL && r->repo != NULL) /* not while viva starts */
		open_git(r);
	k->next = r->pending;
	r->pending = k;
	if (r->git == NULL)
		loop_defer(r->loop, on_no_git, k);
	else
		journal_sync(r->journal, on_synced, k);
}

void
record_close(struct record *r)
{
	if (r == NULL)
		return;
	loop_timer_cancel(r->warm);
	journal_close(r->journal, NULL);
	gitstore_close(r->git, CLOSE_WAIT_US);
	while (r->pending != NULL)
		checkpoint_free(r->pending);
	free(r->session);
	free(r->path);
	free(r->repo);
	free(r);
}
