#include "config.h"

/* The workspace's disk work on a thread of its own, also the search for
 * directories to watch, and inotify(7) to learn what programs change there. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/local.h"

#define CHANGED_US 250000 /* changes are told at most this often */
#define WATCHES_MAX 256
#define ENTRIES_MAX 4096 /* of a directory, looked at for directories */

struct job {
	struct job *next;
	uint64_t id;
	struct fs_request q;
	struct fs_result result;
};

struct files {
	struct sandbox *sandbox;
	struct err broken; /* there is no workspace */
	int root, ready; /* eventfd: results are there */
	struct loop_fd *ready_source;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct job *todo, **todo_end, *done, **done_end;
	bool stop, search, searched; /* for directories, to watch them */
	uint64_t next_id;
	unsigned nwatches; /* the thread's */
	/* changes */
	int notify;
	struct loop_fd *notify_source;
	struct loop_timer *timer;
	bool again, dirs; /* something, a directory, has changed */
	bool searching, first;
};

static void
job_free(struct job *j)
{
	fs_result_finish(&j->result);
	free((char *)j->q.path);
	free((char *)j->q.to);
	free((char *)j->q.data);
	free(j);
}

static void
list_free(struct job *j)
{
	struct job *next;

	for (; j != NULL; j = next) {
		next = j->next;
		job_free(j);
	}
}

/* ---- directories to watch ---- */

/* By descriptors: a program may put a link where a directory was.  To add one
 * that is watched changes nothing.  Closes fd. */
static void
watch_dir(struct files *f, int fd, int depth)
{
	char self[40];
	struct dirent *e;
	unsigned seen = 0;
	DIR *d;
	int sub;

	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	if (f->nwatches >= WATCHES_MAX || depth > FS_DEPTH ||
	    inotify_add_watch(f->notify, self, IN_CREATE | IN_DELETE |
	    IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR) < 0 ||
	    (d = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	f->nwatches++;
	while (seen++ < ENTRIES_MAX && (e = readdir(d)) != NULL)
		if (e->d_type == DT_DIR && e->d_name[0] != '.' &&
		    (sub = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY |
		    O_NOFOLLOW | O_CLOEXEC)) >= 0)
			watch_dir(f, sub, depth + 1);
	closedir(d);
}

static void
watch_dirs(struct files *f)
{
	/* Not a dup: that would read on where the last one stopped. */
	int fd = f->root < 0 ? -1 : openat(f->root, ".", O_RDONLY |
	    O_DIRECTORY | O_CLOEXEC);

	f->nwatches = 0;
	if (fd >= 0)
		watch_dir(f, fd, 0);
}

/* ---- the thread ---- */

static void
wake_loop(struct files *f)
{
	uint64_t one = 1;

	if (write(f->ready, &one, sizeof one) < 0)
		abort(); /* an eventfd takes 2^64-2 of them */
}

/* Called and left under the lock. */
static void
search(struct files *f)
{
	f->search = false;
	pthread_mutex_unlock(&f->lock);
	watch_dirs(f);
	pthread_mutex_lock(&f->lock);
	f->searched = true;
	wake_loop(f);
}

static void
do_job(struct files *f)
{
	struct job *j = f->todo;

	f->todo = j->next;
	if (f->todo == NULL)
		f->todo_end = &f->todo;
	pthread_mutex_unlock(&f->lock);
	if (f->broken.code == ERR_NONE) {
		fs_run(f->root, &j->q, &j->result);
	} else {
		j->result.op = j->q.op;
		j->result.err = f->broken;
	}
	pthread_mutex_lock(&f->lock);
	j->next = NULL;
	*f->done_end = j;
	f->done_end = &j->next;
	wake_loop(f);
}

static void *
run(void *user)
{
	struct files *f = user;

	pthread_mutex_lock(&f->lock);
	while (!f->stop) {
		if (f->search)
			search(f);
		else if (f->todo != NULL)
			do_job(f);
		else
			pthread_cond_wait(&f->cond, &f->lock);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

static void on_timer(void *user);

static void
tell_changed(struct files *f)
{
	f->timer = loop_timer_add(f->sandbox->loop, CHANGED_US, on_timer, f);
	f->sandbox->watch->changed(f->sandbox->user);
}

static void
look_soon(struct files *f)
{
	if (f->again && f->timer == NULL && !f->searching)
		f->timer = loop_timer_add(f->sandbox->loop, CHANGED_US / 10,
		    on_timer, f);
}

/* What changed in them before they were watched is in the next list. */
static void
on_searched(struct files *f)
{
	bool first = f->first;

	f->searching = f->first = false;
	if (first)
		look_soon(f);
	else
		tell_changed(f);
}

static void
on_ready(void *user, short revents)
{
	struct files *f = user;
	uint64_t count;
	struct job *j;
	bool searched;

	(void)revents;
	if (read(f->ready, &count, sizeof count) < 0)
		return;
	do {
		pthread_mutex_lock(&f->lock);
		j = f->done;
		if (j != NULL)
			f->done = j->next;
		if (f->done == NULL)
			f->done_end = &f->done;
		searched = f->searched;
		f->searched = false;
		pthread_mutex_unlock(&f->lock);
		if (j != NULL)
			f->sandbox->watch->fs(f->sandbox->user, j->id,
			    &j->result);
		if (j != NULL)
			job_free(j);
		if (searched)
			on_searched(f);
	} while (j != NULL);
}

uint64_t
files_request(struct files *f, enum fs_op op, const char *path,
    const char *to, const char *data, size_t n)
{
	struct job *j = xcalloc(1, sizeof *j);
	uint64_t id;

	j->q.op = op;
	j->q.path = path != NULL ? xstrdup(path) : NULL;
	j->q.to = to != NULL ? xstrdup(to) : NULL;
	j->q.data = data != NULL && n > 0 ? xmemdup(data, n) : NULL;
	j->q.n = n;
	pthread_mutex_lock(&f->lock);
	id = j->id = ++f->next_id;
	*f->todo_end = j;
	f->todo_end = &j->next;
	pthread_cond_signal(&f->cond);
	pthread_mutex_unlock(&f->lock);
	return id;
}

/* ---- changes ---- */

static void
on_timer(void *user)
{
	struct files *f = user;

	f->timer = NULL;
	if (!f->again)
		return;
	f->again = false;
	if (!f->dirs) {
		tell_changed(f);
		return;
	}
	f->dirs = false;
	f->searching = true;
	pthread_mutex_lock(&f->lock);
	f->search = true;
	pthread_cond_signal(&f->cond);
	pthread_mutex_unlock(&f->lock);
}

static void
on_notify(void *user, short revents)
{
	char bytes[16384]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	struct files *f = user;
	ssize_t n = read(f->notify, bytes, sizeof bytes);

	(void)revents;
	for (char *p = bytes; n > 0 && p < bytes + n;) {
		const struct inotify_event *ev = (const void *)p;

		if (ev->len == 0 || strncmp(ev->name, FS_TEMPORARY,
		    strlen(FS_TEMPORARY)) != 0)
			f->again = true;
		f->dirs |= (ev->mask & IN_ISDIR) != 0;
		p += sizeof *ev + ev->len;
	}
	look_soon(f);
}

const char *
files_broken(const struct files *f)
{
	return f->broken.code != ERR_NONE ? f->broken.msg : NULL;
}

struct files *
files_create(struct sandbox *s, const char *workspace, bool watch)
{
	struct files *f = xcalloc(1, sizeof *f);

	f->sandbox = s;
	f->todo_end = &f->todo;
	f->done_end = &f->done;
	f->root = -1;
	if (mkdir(workspace, 0700) != 0 && errno != EEXIST)
		err_sys(&f->broken, errno, "cannot create %s", workspace);
	else if ((f->root = open(workspace, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) < 0)
		err_sys(&f->broken, errno, "cannot open %s", workspace);
	f->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->notify = watch ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->cond, NULL);
	f->search = f->searching = f->first = f->notify >= 0;
	if (f->ready < 0 || pthread_create(&f->thread, NULL, run, f) != 0)
		abort();
	f->ready_source = loop_fd_add(s->loop, f->ready, POLLIN, on_ready, f);
	if (f->notify >= 0)
		f->notify_source = loop_fd_add(s->loop, f->notify, POLLIN,
		    on_notify, f);
	return f;
}

void
files_destroy(struct files *f)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_signal(&f->cond);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	loop_fd_remove(f->ready_source);
	loop_fd_remove(f->notify_source);
	loop_timer_cancel(f->timer);
	list_free(f->todo);
	list_free(f->done);
	close(f->ready);
	if (f->notify >= 0)
		close(f->notify);
	if (f->root >= 0)
		close(f->root);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->cond);
	free(f);
}
