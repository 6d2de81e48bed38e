#include "config.h"

#include "store/gitstore.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/gitstore-priv.h"
#include "store/gitstore-write.h"

/*
 * Checkpoints wait in a queue for a thread, which alone has the repository,
 * and go back by another to the loop's thread.
 */

struct job {
	struct job *next;
	struct gitstore_job w;
	gitstore_done done;
	void *user;
};

struct jobs {
	struct job *first, **end;
};

struct gitstore {
	struct gitstore *next_live;
	uintptr_t number;
	struct loop *loop;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	/* under the lock */
	struct jobs queue, finished;
	bool busy, closing, opened;
	struct err broken; /* why it could not be opened at first */
	/* the thread's own */
	struct gitstore_repo repo;
	bool begun; /* the library; else broken says why not */
};

/* ---- the thread ---- */

static void
run_job(struct gitstore *g, struct job *j)
{
	bool used = g->repo.repo != NULL;

	if (!g->begun) {
		j->w.err = g->broken;
		return;
	}
	/* An old handle may know a repository that is gone by now, or packs
	 * that git gc has removed. */
	if (!gitstore_write(&g->repo, &j->w) &&
	    (!used || !gitstore_write(&g->repo, &j->w)))
		return;
	memset(&j->w.err, 0, sizeof j->w.err);
}

static void
jobs_add(struct jobs *q, struct job *j)
{
	j->next = NULL;
	*q->end = j;
	q->end = &j->next;
}

static struct job *
jobs_take(struct jobs *q)
{
	struct job *j = q->first;

	if (j != NULL) {
		q->first = j->next;
		if (q->first == NULL)
			q->end = &q->first;
	}
	return j;
}

static struct gitstore_file *
files_copy(const struct gitstore_entry *from, size_t n)
{
	struct gitstore_file *f = xcalloc(n, sizeof *f);

	for (size_t i = 0; i < n; i++) {
		f[i].path = xstrdup(from[i].path);
		f[i].data = xmemdup(from[i].data, from[i].size);
		f[i].size = from[i].size;
	}
	return f;
}

static void
files_free(struct gitstore_file *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(f[i].path);
		free(f[i].data);
	}
	free(f);
}

static void
job_free(struct job *j)
{
	files_free(j->w.workspace, j->w.nworkspace);
	files_free(j->w.entries, j->w.nentries);
	free(j->w.session);
	free(j->w.subject);
	free(j->w.journal);
	free(j);
}

/* A posted call cannot be taken back and may come after the store is gone,
 * so it carries a number that is looked up here. */
static pthread_mutex_t live_lock = PTHREAD_MUTEX_INITIALIZER;
static struct gitstore *live;

static void
live_add(struct gitstore *g)
{
	static uintptr_t last;

	pthread_mutex_lock(&live_lock);
	g->number = ++last;
	g->next_live = live;
	live = g;
	pthread_mutex_unlock(&live_lock);
}

static void
live_remove(struct gitstore *g)
{
	pthread_mutex_lock(&live_lock);
	for (struct gitstore **at = &live; *at != NULL; at = &(*at)->next_live)
		if (*at == g) {
			*at = g->next_live;
			break;
		}
	pthread_mutex_unlock(&live_lock);
}

/* On the loop's thread, as is gitstore_close: a store that is found stays. */
static void
deliver(void *user)
{
	struct gitstore *g;
	struct job *j;

	pthread_mutex_lock(&live_lock);
	for (g = live; g != NULL && g->number != (uintptr_t)user;)
		g = g->next_live;
	pthread_mutex_unlock(&live_lock);
	if (g == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	j = jobs_take(&g->finished);
	pthread_mutex_unlock(&g->lock);
	if (j == NULL)
		return;
	if (j->done != NULL)
		j->done(j->user, j->w.commit, &j->w.err);
	job_free(j);
}

static bool
is_closing(void *user)
{
	struct gitstore *g = user;
	bool closing;

	pthread_mutex_lock(&g->lock);
	closing = g->closing;
	pthread_mutex_unlock(&g->lock);
	return closing;
}

/* By the thread: the library alone takes milliseconds to start. */
static bool
open_first(struct gitstore *g)
{
	struct err e = { 0 };
	bool ok = (g->begun = gitstore_begin(&e)) &&
	    gitstore_repo_open(&g->repo, &e);

	pthread_mutex_lock(&g->lock);
	if (!ok)
		g->broken = e;
	g->opened = true;
	pthread_cond_signal(&g->idle);
	pthread_mutex_unlock(&g->lock);
	return ok;
}

static void *
run(void *user)
{
	struct gitstore *g = user;
	int live_fd = -1;

	if (open_first(g)) {
		live_fd = gitstore_enter(g->repo.path, is_closing, g);
		/* It may know of packs that are gone now. */
		gitstore_repo_close(&g->repo);
	}
	pthread_mutex_lock(&g->lock);
	for (;;) {
		struct job *j;

		while (g->queue.first == NULL && !g->closing)
			pthread_cond_wait(&g->work, &g->lock);
		if (g->closing)
			break;
		j = jobs_take(&g->queue);
		g->busy = true;
		pthread_mutex_unlock(&g->lock);
		run_job(g, j);
		pthread_mutex_lock(&g->lock);
		g->busy = false;
		jobs_add(&g->finished, j);
		loop_post(g->loop, deliver, (void *)g->number);
		pthread_cond_signal(&g->idle);
	}
	pthread_mutex_unlock(&g->lock);
	gitstore_repo_close(&g->repo);
	if (live_fd >= 0)
		close(live_fd);
	return NULL;
}

/* ---- the loop's side ---- */

static void
gitstore_free(struct gitstore *g)
{
	struct job *j;

	while ((j = jobs_take(&g->queue)) != NULL)
		job_free(j);
	while ((j = jobs_take(&g->finished)) != NULL)
		job_free(j);
	free(g->repo.fresh);
	if (g->begun)
		gitstore_end();
	free(g->repo.path);
	free(g);
}

static void
deadline(struct timespec *ts, int64_t us)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	if (us <= 0)
		return;
	ts->tv_sec += us / 1000000;
	ts->tv_nsec += us % 1000000 * 1000;
	ts->tv_sec += ts->tv_nsec / 1000000000;
	ts->tv_nsec %= 1000000000;
}

void
gitstore_close(struct gitstore *g, int64_t wait_us)
{
	struct timespec until;

	if (g == NULL)
		return;
	live_remove(g);
	deadline(&until, wait_us);
	pthread_mutex_lock(&g->lock);
	while (g->queue.first != NULL || g->busy)
		if (pthread_cond_timedwait(&g->idle, &g->lock, &until) ==
		    ETIMEDOUT)
			break;
	g->closing = true;
	pthread_cond_signal(&g->work);
	pthread_mutex_unlock(&g->lock);
	pthread_join(g->thread, NULL);
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->work);
	pthread_cond_destroy(&g->idle);
	gitstore_free(g);
}

struct gitstore *
gitstore_open(const char *path, struct loop *loop, struct err *e)
{
	struct gitstore *g = xcalloc(1, sizeof *g);
	pthread_condattr_t attr;

	g->repo.path = xstrdup(path);
	g->loop = loop;
	g->queue.end = &g->queue.first;
	g->finished.end = &g->finished.first;
	live_add(g);
	pthread_mutex_init(&g->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->work, &attr);
	pthread_cond_init(&g->idle, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&g->thread, NULL, run, g) != 0)
		abort();
	if (e == NULL)
		return g;
	pthread_mutex_lock(&g->lock);
	while (!g->opened)
		pthread_cond_wait(&g->idle, &g->lock);
	*e = g->broken;
	pthread_mutex_unlock(&g->lock);
	if (e->code == ERR_NONE)
		return g;
	gitstore_close(g, 0);
	return NULL;
}

void
gitstore_commit(struct gitstore *g, const struct gitstore_checkpoint *c,
    gitstore_done done, void *user)
{
	struct job *j = xcalloc(1, sizeof *j);

	j->w.session = xstrdup(c->session);
	j->w.subject = xstrdup(c->subject);
	j->w.journal = xstrdup(c->journal);
	j->w.journal_bytes = c->journal_bytes;
	j->w.wall_ms = c->wall_ms;
	if (c->workspace != NULL)
		j->w.workspace = files_copy(c->workspace, c->nworkspace);
	j->w.nworkspace = c->nworkspace;
	j->w.entries = files_copy(c->entries, c->nentries);
	j->w.nentries = c->nentries;
	j->done = done, j->user = user;
	pthread_mutex_lock(&g->lock);
	jobs_add(&g->queue, j);
	pthread_cond_signal(&g->work);
	pthread_mutex_unlock(&g->lock);
}
