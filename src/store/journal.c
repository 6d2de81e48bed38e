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
#include "store/journal-queue.h"

/*
 * Between the threads lies a buffer of events as they are: the loop's thread
 * copies them, and this one encodes, chains and hashes them.  A key pays for
 * a copy alone.
 */

#define RETRY_MS 1000
#define CLOSING_RETRY_MS 100
#define FLOOD_BYTES (128u << 10) /* queued: its pause is waited for */
#define PIECE_BYTES (512u << 10) /* chained, and then written */
#define SLICE_BYTES (64u << 10)	 /* of a flood that goes on, and then a rest */
#define REST_NS 150000
#define SYNC_BYTES (3u << 20)	 /* not synced: not to wait for more */
#define SYNC_DELAY_MS (JOURNAL_SYNC_MS / 2)
#define FLOOD_DELAY_MS (JOURNAL_SYNC_MS / 10 * 7)
#define LATE_MS (JOURNAL_SYNC_MS / 10 * 9) /* on disk: not to be later */
#define PAUSE_MS 15
#define PAUSE_BYTES (16u << 10) /* less within PAUSE_MS is a pause */
#define LOCK_TRIES 20
#define LOOKS 16		/* so far apart, before the thread sleeps */
#define KEEP_MS 30000		/* a flood's memory, for the next */

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
	struct journal_queue queue;
	uint64_t queued_seq, synced_seq;
	uint64_t on_disk; /* bytes of the file */
	size_t writing; /* bytes taken from the queue, not yet written */
	size_t limit;	/* of both, for what is queued last to be in time */
	bool hurry, closing, failed;
	bool pending;		 /* something is not yet on disk */
	bool looking;		 /* the thread comes without being woken */
	struct timespec since;	 /* when the first of what is pending came */
	struct timespec give_up; /* when closing */
	struct timespec cut;	 /* when the limit was */
	struct err err;
	struct waiting *waiting;
	size_t nwaiting, waiting_cap;
	/* the thread's own */
	char hash[65];
	struct journal_file file;
	uint64_t out_seq;	  /* of the last event in it */
	size_t looked; /* the queue's length at the last look */
	bool goes_on;  /* the flood: only what must is written now */
	bool rests;    /* so that its keys need not wait for this thread */
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

/* The next events of the queue; returns where it goes on. */
static const char *
chain(struct journal *j, const char *p, const char *end)
{
	struct buf *out = &j->file.out;
	size_t until = out->len + (j->rests ? SLICE_BYTES : PIECE_BYTES);

	while (p < end && out->len < until) {
		size_t from = out->len;
		struct event ev;

		p = event_unpack(p, &ev);
		event_encode(&ev, j->hash, out);
		event_hash(out->data + from, out->len - from - 1, j->hash);
	}
	journal_file_added(&j->file);
	return p;
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

static struct timespec
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts;
}

static struct timespec
after(struct timespec ts, long ms)
{
	ts.tv_nsec += ms % 1000 * 1000000;
	ts.tv_sec += ms / 1000 + ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	return ts;
}

static bool
is_before(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec ||
	    (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

static bool
is_past(struct timespec ts)
{
	return !is_before(now(), ts);
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

static bool
is_full(const struct journal *j)
{
	return j->queue.len + j->writing >= j->limit;
}

/* Not to be left for later. */
static bool
is_much(const struct journal *j)
{
	return j->queue.len >= j->limit / 4 * 3;
}

/* Has much come, and more since it was looked last? */
static bool
flows(struct journal *j)
{
	size_t more = j->queue.len - j->looked;

	j->looked = j->queue.len;
	return j->queue.len >= FLOOD_BYTES && more >= PAUSE_BYTES;
}

/* Hashing and writing beside a flood takes a processor and its caches from
 * those who make it and show it, so that is left for its first pause, as long
 * as it is in time and the disk was. */
static bool
is_time(struct journal *j)
{
	j->goes_on = false;
	if (j->closing || j->hurry)
		return true;
	j->goes_on = is_much(j);
	if (j->goes_on)
		return true;
	if (!j->pending || !is_past(after(j->since, SYNC_DELAY_MS)))
		return false;
	j->goes_on = flows(j);
	return !j->goes_on || j->limit < JOURNAL_QUEUE_BEGIN ||
	    is_past(after(j->since, FLOOD_DELAY_MS));
}

/* When to look again whether it is time. */
static struct timespec
next_look(const struct journal *j)
{
	struct timespec due = after(j->since, SYNC_DELAY_MS);

	if (!j->pending)
		return after(now(), SYNC_DELAY_MS);
	return is_past(due) ? after(now(), PAUSE_MS) : due;
}

static void
sleep_until_woken(struct journal *j)
{
	struct timespec until = after(now(), KEEP_MS);

	if (journal_queue_is_trim(&j->queue))
		pthread_cond_wait(&j->cond, &j->lock);
	else if (pthread_cond_timedwait(&j->cond, &j->lock, &until) ==
	    ETIMEDOUT)
		journal_queue_trim(&j->queue);
}

/* Until something is due, or much is to be written, or someone waits.  Who
 * has written writes again, so the thread looks by itself for a while: an
 * append that wakes nobody costs the loop's thread nothing. */
static void
wait_for_work(struct journal *j)
{
	struct timespec until;
	int looks = LOOKS;

	j->looked = 0;
	while (!is_time(j)) {
		j->looking = j->pending || looks-- > 0;
		if (j->looking) {
			until = next_look(j);
			pthread_cond_timedwait(&j->cond, &j->lock, &until);
		} else {
			sleep_until_woken(j);
		}
	}
	j->looking = true;
}

/* After a failure.  A close that comes meanwhile tries at once. */
static void
wait_to_retry(struct journal *j)
{
	bool closing = j->closing;
	struct timespec until;

	until = after(now(), closing ? CLOSING_RETRY_MS : RETRY_MS);
	while (j->closing == closing)
		if (pthread_cond_timedwait(&j->cond, &j->lock, &until) ==
		    ETIMEDOUT)
			break;
	j->hurry = true;
}

static bool
write_out(struct journal *j, bool sync)
{
	if (!journal_file_write(&j->file, sync)) {
		fail(j, "write");
		return false;
	}
	return !sync || sync_out(j);
}

static void
rest(void)
{
	static const struct timespec time = { .tv_nsec = REST_NS };

	nanosleep(&time, NULL);
}

/* A block to the end of what is to be written, and that to the file.  What the
 * disk does not take waits there. */
static bool
work_off(struct journal *j, const struct journal_block *b, bool ok)
{
	const char *p = b->events, *end = p + b->len;

	while (p < end) {
		p = chain(j, p, end);
		ok = ok && write_out(j,
		    journal_file_waiting(&j->file) >= SYNC_BYTES);
		if (j->rests)
			rest();
	}
	return ok;
}

/* Called and left under the lock. */
static bool
take_queue(struct journal *j)
{
	size_t queued = j->queue.len;
	struct journal_block *b = journal_queue_take(&j->queue, !j->goes_on),
	    *next;
	bool ok = true;

	j->writing += queued - j->queue.len;
	j->rests = j->goes_on && !is_full(j);
	for (; b != NULL; b = next) {
		next = b->next;
		j->out_seq = b->seq;
		pthread_mutex_unlock(&j->lock);
		ok = work_off(j, b, ok);
		pthread_mutex_lock(&j->lock);
		journal_queue_give(&j->queue, b);
	}
	return ok;
}

/* To what the disk takes in time.  What was queued before the last cut is late
 * as well, and no reason for another. */
static void
adapt(struct journal *j)
{
	bool late = is_past(after(j->since, LATE_MS));

	if (j->writing < FLOOD_BYTES || (late && is_before(j->since, j->cut)))
		return;
	j->limit = journal_queue_limit(j->limit, j->writing, late);
	if (late)
		j->cut = now();
}

static void
now_on_disk(struct journal *j)
{
	j->on_disk = (uint64_t)journal_file_on_disk(&j->file);
	j->failed = false;
	adapt(j);
	j->writing = 0;
	j->synced_seq = j->out_seq;
	j->pending = j->queue.len > 0;
	if (j->pending)
		j->since = j->queue.first->since;
	tell(j);
}

/* One round: take the queue, write, sync if it is time to.  Called and left
 * under the lock. */
static bool
round_trip(struct journal *j)
{
	bool sync = j->hurry || j->failed, ok;

	j->hurry = false;
	ok = take_queue(j);
	/* Of a flood that goes on each block: what is not synced holds it. */
	sync = sync || j->closing || j->goes_on ||
	    is_past(after(j->since, SYNC_DELAY_MS));
	pthread_mutex_unlock(&j->lock);
	ok = ok && write_out(j, sync);
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
		if (j->closing && is_past(j->give_up))
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
	j->limit = JOURNAL_QUEUE_BEGIN;
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
	j->give_up = after(now(), JOURNAL_CLOSE_MS);
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
	journal_queue_free(&j->queue);
	free(j->waiting);
	free(j);
	return ok;
}

void
journal_append(struct journal *j, const struct event *ev)
{
	pthread_mutex_lock(&j->lock);
	journal_queue_add(&j->queue, ev);
	j->queued_seq = ev->seq;
	if (!j->pending) {
		j->pending = true;
		j->since = now();
	}
	if (!j->looking || is_much(j))
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

bool
journal_is_full(struct journal *j)
{
	bool full;

	pthread_mutex_lock(&j->lock);
	full = is_full(j);
	pthread_mutex_unlock(&j->lock);
	return full;
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
