#include "config.h"

#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/journal-file.h"

/*
 * Between the threads lies a buffer of events as they are: the loop's thread
 * copies them, and this one encodes, chains and hashes them.  A key pays for
 * a copy alone.
 */

#define RETRY_MS 1000
#define CLOSING_RETRY_MS 100
#define WRITE_BYTES (512u << 10) /* queued: not to wait for more */
#define SYNC_BYTES (2u << 20)	 /* not synced: not to wait for more */
#define SYNC_DELAY_MS (JOURNAL_SYNC_MS / 2)
#define LOCK_TRIES 20
#define LOOKS 16		/* so far apart, before the thread sleeps */
#define KEEP_BYTES (4u << 20)	/* of a buffer's memory */

struct waiting { /* a sync that was asked for */
	uint64_t seq;
	loop_fn done;
	void *user;
};

struct journal {
	struct loop *loop;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* under the lock */
	struct buf queue; /* packed events */
	uint64_t queued_seq, synced_seq;
	uint64_t on_disk; /* bytes of the file */
	size_t writing; /* bytes taken from the queue, not yet written */
	bool hurry, closing, failed;
	bool pending;		 /* something is not yet on disk */
	bool looking;		 /* the thread comes without being woken */
	struct timespec due;	 /* when what is pending must be synced */
	struct timespec give_up; /* when closing */
	struct err err;
	struct waiting *waiting;
	size_t nwaiting, waiting_cap;
	/* the thread's own */
	char hash[65];
	struct journal_file file;
	uint64_t out_seq;	  /* of the last event in it */
	struct buf spare;	  /* memory for the next queue */
	struct timespec next_due; /* of what came since it was taken */
	int dir; /* to be synced with the first events; -1 done */
};

static ssize_t
system_write(struct journal_io *io, int fd, const void *p, size_t n, off_t at)
{
	(void)io;
	return pwrite(fd, p, n, at);
}

static int
system_sync(struct journal_io *io, int fd)
{
	(void)io;
	return fdatasync(fd);
}

struct journal_io *
journal_io_system(void)
{
	static struct journal_io io = { system_write, system_sync };

	return &io;
}

static const char zeros[65] =
    "0000000000000000000000000000000000000000000000000000000000000000";

static void
chain(struct journal *j, const struct buf *queue)
{
	const char *p = buf_str(queue), *end = p + queue->len;
	struct buf *out = &j->file.out;

	while (p < end) {
		size_t from = out->len;
		struct event ev;

		p = event_unpack(p, &ev);
		event_encode(&ev, j->hash, out);
		event_hash(out->data + from, out->len - from - 1, j->hash);
	}
	journal_file_added(&j->file);
}

static void
fail(struct journal *j, const char *what)
{
	int sys = errno;

	pthread_mutex_lock(&j->lock);
	j->failed = true;
	err_sys(&j->err, sys, "cannot %s the journal", what);
	pthread_mutex_unlock(&j->lock);
}

static bool
write_out(struct journal *j, bool all)
{
	if (journal_file_write(&j->file, all))
		return true;
	fail(j, "write");
	return false;
}

static bool
sync_out(struct journal *j)
{
	if (!journal_file_sync(&j->file)) {
		fail(j, "sync");
		return false;
	}
	if (j->dir >= 0) { /* so that a new file has its name on disk */
		fsync(j->dir);
		close(j->dir);
		j->dir = -1;
	}
	return true;
}

static void
deadline(struct timespec *ts, long ms)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	ts->tv_nsec += ms % 1000 * 1000000;
	ts->tv_sec += ms / 1000 + ts->tv_nsec / 1000000000;
	ts->tv_nsec %= 1000000000;
}

/* Tells those who wait for what is now on disk.  Under the lock. */
static void
tell(struct journal *j)
{
	size_t kept = 0;

	for (size_t i = 0; i < j->nwaiting; i++) {
		struct waiting *w = &j->waiting[i];

		if (w->seq > j->synced_seq)
			j->waiting[kept++] = *w;
		else if (w->done != NULL)
			loop_post(j->loop, w->done, w->user);
	}
	j->nwaiting = kept;
}

static bool
has_work(const struct journal *j)
{
	return j->pending || j->nwaiting > 0;
}

/* Until something is due, or much is to be written, or someone waits.  Who
 * has written writes again, so the thread looks by itself for a while: an
 * append that wakes nobody costs the loop's thread nothing. */
static void
wait_for_work(struct journal *j)
{
	int looks = LOOKS, rc = 0;
	struct timespec until;

	while (!j->closing && !j->hurry && j->queue.len < WRITE_BYTES &&
	    !(rc == ETIMEDOUT && j->pending)) {
		j->looking = j->pending || looks-- > 0;
		until = j->due;
		if (!j->pending)
			deadline(&until, SYNC_DELAY_MS);
		rc = j->looking ? pthread_cond_timedwait(&j->cond, &j->lock,
		    &until) : pthread_cond_wait(&j->cond, &j->lock);
	}
	j->looking = true;
}

/* After a failure.  A close that comes meanwhile tries at once. */
static void
wait_to_retry(struct journal *j)
{
	bool closing = j->closing;
	struct timespec until;

	deadline(&until, closing ? CLOSING_RETRY_MS : RETRY_MS);
	while (j->closing == closing)
		if (pthread_cond_timedwait(&j->cond, &j->lock, &until) ==
		    ETIMEDOUT)
			break;
	j->hurry = true;
}

static bool
is_past(const struct timespec *ts)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > ts->tv_sec || (now.tv_sec == ts->tv_sec &&
	    now.tv_nsec >= ts->tv_nsec);
}

/* The queue to the end of what is to be written. */
static void
take_queue(struct journal *j)
{
	struct buf queue = j->queue;

	j->queue = j->spare;
	j->writing += queue.len;
	j->out_seq = j->queued_seq;
	deadline(&j->next_due, SYNC_DELAY_MS);
	pthread_mutex_unlock(&j->lock);
	chain(j, &queue);
	if (queue.cap > KEEP_BYTES)
		buf_free(&queue);
	buf_clear(&queue);
	j->spare = queue;
	pthread_mutex_lock(&j->lock);
}

static void
now_on_disk(struct journal *j)
{
	j->on_disk = (uint64_t)journal_file_on_disk(&j->file);
	j->failed = false;
	j->writing = 0;
	j->synced_seq = j->out_seq;
	j->pending = j->queue.len > 0;
	j->due = j->next_due;
	tell(j);
}

/* One round: take the queue, write, sync if it is time to.  Called and left
 * under the lock. */
static bool
round_trip(struct journal *j)
{
	bool sync = j->hurry || j->failed, ok;

	j->hurry = false;
	take_queue(j);
	sync = sync || j->closing || is_past(&j->due) ||
	    journal_file_waiting(&j->file) >= SYNC_BYTES;
	pthread_mutex_unlock(&j->lock);
	ok = write_out(j, sync) && (!sync || sync_out(j));
	pthread_mutex_lock(&j->lock);
	if (ok && sync)
		now_on_disk(j);
	return ok;
}

static void *
run(void *user)
{
	struct journal *j = user;

	pthread_mutex_lock(&j->lock);
	for (;;) {
		wait_for_work(j);
		if (j->closing && !has_work(j))
			break;
		if (round_trip(j))
			continue;
		if (j->closing && is_past(&j->give_up))
			break;
		wait_to_retry(j);
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

/* A list that asks whether it is free (journal_is_open) has it meanwhile. */
static bool
lock(int fd)
{
	static const struct timespec pause = { .tv_nsec = 5000000 };

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK || i == LOCK_TRIES)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

static int
open_locked(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat sb;

	if (fd < 0) {
		err_sys(e, errno, "cannot open %s", path);
		return -1;
	}
	if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode)) {
		close(fd);
		err_set(e, ERR_CORRUPT, "%s is not a file; move it "
		    "away", path);
		return -1;
	}
	if (!lock(fd)) {
		close(fd);
		err_set(e, ERR_UNAVAILABLE, "%s is being written by another "
		    "viva: close that one first", path);
		return -1;
	}
	return fd;
}

bool
journal_is_open(const char *path)
{
	struct stat sb;
	bool open_now;
	int fd;

	/* Opening a pipe would be heard at its other end. */
	if (stat(path, &sb) != 0 || !S_ISREG(sb.st_mode))
		return false;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	open_now = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	close(fd);
	return open_now;
}

/* The directory that a path is in; -1: no matter. */
static int
open_dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL ? xstrdup(".") :
	    xstrndup(path, (size_t)(slash + 1 - path));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(dir);
	return fd;
}

struct journal *
journal_open(const char *path, struct loop *loop, struct journal_io *io,
    struct err *e)
{
	struct journal_end end;
	pthread_condattr_t attr;
	struct journal *j;
	int fd = open_locked(path, e);

	if (fd < 0)
		return NULL;
	if (!journal_recover(path, &end, e)) {
		close(fd);
		return NULL;
	}
	j = xcalloc(1, sizeof *j);
	if (!journal_file_open(&j->file, fd, path, (off_t)end.bytes, io, e)) {
		free(j);
		return NULL;
	}
	j->loop = loop;
	j->queued_seq = j->synced_seq = end.seq;
	j->on_disk = end.bytes;
	j->dir = open_dir_of(path);
	memcpy(j->hash, end.hash, sizeof j->hash);
	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&j->cond, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&j->thread, NULL, run, j) != 0)
		abort();
	return j;
}

bool
journal_close(struct journal *j, struct err *e)
{
	bool ok;

	if (j == NULL)
		return true;
	pthread_mutex_lock(&j->lock);
	j->closing = true;
	deadline(&j->give_up, JOURNAL_CLOSE_MS);
	pthread_cond_signal(&j->cond);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->thread, NULL);
	ok = !j->failed;
	if (!ok && e != NULL)
		*e = j->err;
	journal_file_close(&j->file);
	if (j->dir >= 0)
		close(j->dir);
	pthread_mutex_destroy(&j->lock);
	pthread_cond_destroy(&j->cond);
	buf_free(&j->queue);
	buf_free(&j->spare);
	free(j->waiting);
	free(j);
	return ok;
}

void
journal_append(struct journal *j, const struct event *ev)
{
	pthread_mutex_lock(&j->lock);
	event_pack(ev, &j->queue);
	j->queued_seq = ev->seq;
	if (!j->pending) {
		j->pending = true;
		deadline(&j->due, SYNC_DELAY_MS);
	}
	if (!j->looking || j->queue.len >= WRITE_BYTES)
		pthread_cond_signal(&j->cond);
	pthread_mutex_unlock(&j->lock);
}

void
journal_sync(struct journal *j, loop_fn done, void *user)
{
	pthread_mutex_lock(&j->lock);
	GROW(j->waiting, j->nwaiting, j->waiting_cap);
	j->waiting[j->nwaiting++] = (struct waiting){ j->queued_seq, done,
		user };
	j->hurry = true;
	pthread_cond_signal(&j->cond);
	pthread_mutex_unlock(&j->lock);
}

size_t
journal_backlog(struct journal *j)
{
	size_t n;

	pthread_mutex_lock(&j->lock);
	n = j->queue.len + j->writing;
	pthread_mutex_unlock(&j->lock);
	return n;
}

uint64_t
journal_on_disk(struct journal *j)
{
	uint64_t n;

	pthread_mutex_lock(&j->lock);
	n = j->on_disk;
	pthread_mutex_unlock(&j->lock);
	return n;
}

bool
journal_failed(struct journal *j, struct err *e)
{
	bool failed;

	pthread_mutex_lock(&j->lock);
	failed = j->failed;
	if (failed && e != NULL)
		*e = j->err;
	pthread_mutex_unlock(&j->lock);
	return failed;
}

/* ---- recovery ---- */

struct scan {
	const char *path;
	struct event_reader r;
	struct event_buf eb;
	void (*fn)(void *user, const struct event *);
	void *user;
};

static int
damage(struct scan *s, struct err *e)
{
	err_context(e, "%s:%zu", s->path, s->r.lines + 1);
	return -1;
}

/* 1: an event, 0: the end or a torn tail, -1: damage. */
static int
scan_event(struct scan *s, struct journal_end *end, struct err *e)
{
	const char *p;
	struct event ev;
	size_t n;
	enum event_split got = event_next(&s->r, &p, &n, e);

	if (got == EVENT_CUT)
		return 0;
	/* A crash may leave a whole line of garbage, but only last. */
	if (got == EVENT_BAD || !event_decode(p, n, &s->eb, &ev, e))
		return event_is_last_line(&s->r) ? 0 : damage(s, e);
	if (ev.seq != end->seq + 1 || strcmp(s->eb.prev, end->hash) != 0) {
		err_set(e, ERR_CORRUPT, "event %llu does not follow the one "
		    "before it; the record was changed, or is not whole",
		    (unsigned long long)ev.seq);
		return damage(s, e);
	}
	end->seq = ev.seq;
	end->t = ev.t;
	end->bytes += n;
	event_hash(p, n - 1, end->hash);
	if (s->fn != NULL)
		s->fn(s->user, &ev);
	return 1;
}

bool
journal_read(const char *path, void (*fn)(void *user, const struct event *),
    void *user, struct journal_end *end, struct err *e)
{
	struct scan s = { .path = path, .fn = fn, .user = user };
	off_t size;
	int more;

	memset(end, 0, sizeof *end);
	memcpy(end->hash, zeros, sizeof end->hash);
	s.r.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s.r.fd < 0)
		return err_sys(e, errno, "cannot read %s", path);
	while ((more = scan_event(&s, end, e)) == 1)
		;
	size = lseek(s.r.fd, 0, SEEK_END);
	close(s.r.fd);
	event_reader_free(&s.r);
	event_buf_free(&s.eb);
	end->torn = 0; /* of a pipe it is not known */
	if (size > 0 && (uint64_t)size > end->bytes)
		end->torn = (uint64_t)size - end->bytes;
	return more == 0;
}

bool
journal_recover(const char *path, struct journal_end *end, struct err *e)
{
	if (!journal_read(path, NULL, NULL, end, e))
		return false;
	if (end->torn > 0 && truncate(path, (off_t)end->bytes) != 0)
		return err_sys(e, errno, "cannot cut the torn end off %s",
		    path);
	return true;
}
