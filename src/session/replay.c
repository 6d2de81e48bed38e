#include "config.h"

#include "session/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/journal.h"

/*
 * The record is read once, into memory unless it is huge, checked and folded;
 * on the way the start of every line, its time and a bounded number of
 * keyframes are kept.  A seek restores the keyframe before and folds on from
 * it, so it costs the same anywhere.
 */

#define RECORD_MAX (1ull << 30) /* bytes in memory */
#define MAPPED_MIN (256u << 20) /* larger records stay in their file */
#define FRAMES_MAX 256
#define FRAME_BYTES (256u << 10) /* of record between keyframes, at first */
#define FRAME_US 30000000LL
#define IDLE_US 2000000LL /* gaps beyond it shrink to it when skipping */
#define AGAIN_US 1000000LL /* between jumps back while it plays on */
#define SCROLLBACK 10000

struct line {
	size_t at;
	uint32_t len;
	bool mark;
	bool shell; /* it was used since the last test run */
	int64_t t;
};

struct frame {
	size_t line; /* the next one to fold */
	struct keyframe *key;
};

struct replay {
	struct clock *clock;
	struct state *state;
	struct buf data;
	size_t mapped; /* bytes of a file that data is; 0: none */
	struct line *lines;
	size_t nlines, lines_cap;
	struct frame *frames;
	size_t nframes, frames_cap;
	size_t frame_bytes;
	struct state_mark *marks;
	size_t nmarks;
	struct event_buf eb;
	char warning[200];
	bool open;	   /* it was still being written */
	struct err damage; /* where it stops */
	size_t next;	/* line to fold next */
	int64_t t;	/* position */
	bool playing, skip_idle;
	double speed;
	int64_t last;	   /* clock at the last tick */
	size_t back;	   /* line after the mark last gone back to */
	int64_t back_at;   /* clock then */
};

/* ---- opening ---- */

/* A flood of a shell makes records that memory may not hold.  Not while a
 * viva writes it (store/journal.c has the lock): what fails to be written is
 * cut off again, and with it goes what was mapped. */
static bool
map_file(struct replay *r, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	void *p = MAP_FAILED;
	struct stat sb;

	if (fd >= 0 && fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    sb.st_size >= MAPPED_MIN && flock(fd, LOCK_SH | LOCK_NB) == 0)
		p = mmap(NULL, (size_t)sb.st_size, PROT_READ, MAP_PRIVATE, fd,
		    0);
	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED)
		return false;
	r->data.data = p;
	r->data.len = r->mapped = (size_t)sb.st_size;
	return true;
}

static bool
read_file(struct buf *b, const char *path, struct err *e)
{
	FILE *f = fopen(path, "re");
	bool ok;
	size_t n;

	if (f == NULL)
		return err_sys(e, errno, "cannot read %s", path);
	do {
		buf_reserve(b, 1u << 20);
		n = fread(b->data + b->len, 1, 1u << 20, f);
		b->len += n;
	} while (n > 0 && b->len <= RECORD_MAX);
	ok = !ferror(f) || err_sys(e, errno, "cannot read %s", path);
	fclose(f);
	if (!ok)
		return false;
	if (b->len > RECORD_MAX)
		return err_set(e, ERR_LIMIT, "%s: over 1 GiB that comes "
		    "through a pipe or is still being written: wait for its "
		    "end, and give the file", path);
	return true;
}

static void
fold(struct replay *r)
{
	struct line *l = &r->lines[r->next++];
	struct event ev;
	struct err e;

	if (event_decode(r->data.data + l->at, l->len, &r->eb, &ev, &e))
		state_apply(r->state, &ev);
	r->t = l->t;
}

/* Drops every other keyframe, and takes them half as often from here on. */
static void
thin(struct replay *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->nframes; i++) {
		if (i % 2 == 0)
			r->frames[kept++] = r->frames[i];
		else
			keyframe_free(r->frames[i].key);
	}
	r->nframes = kept;
	r->frame_bytes *= 2;
}

static void
maybe_frame(struct replay *r)
{
	const struct frame *f = r->nframes > 0 ? &r->frames[r->nframes - 1] :
	    NULL;
	const struct line *here, *then;

	if (r->next >= r->nlines)
		return;
	here = &r->lines[r->next];
	then = f != NULL ? &r->lines[f->line] : NULL;
	if (then != NULL && here->at - then->at < r->frame_bytes &&
	    (here->t - then->t < FRAME_US ||
	    here->at - then->at < r->frame_bytes / 8))
		return;
	if (r->nframes == FRAMES_MAX)
		thin(r);
	GROW(r->frames, r->nframes, r->frames_cap);
	r->frames[r->nframes].line = r->next;
	r->frames[r->nframes++].key = state_keyframe(r->state);
}

struct check {
	const char *path;
	uint64_t seq;
	int64_t t;
	bool shell;
	char hash[65];
};

/* ev: just decoded, n bytes at at. */
static bool
check_event(struct replay *r, struct check *c, const struct event *ev,
    size_t at, size_t n, struct err *e)
{
	if (ev->seq != c->seq + 1 || strcmp(r->eb.prev, c->hash) != 0)
		return err_set(e, ERR_CORRUPT, "event %llu does not follow the "
		    "one before it; the record was changed, or is not whole",
		    (unsigned long long)ev->seq);
	c->seq = ev->seq;
	/* Seeks need times in order, whatever the writer's clock did. */
	if (ev->t > c->t)
		c->t = ev->t;
	if (ev->type == EV_TEST_RUN)
		c->shell = false;
	else if (ev->type == EV_TERM_INPUT && ev->origin == ORIGIN_CANDIDATE)
		c->shell = true;
	event_hash(r->data.data + at, n - 1, c->hash);
	GROW(r->lines, r->nlines, r->lines_cap);
	r->lines[r->nlines++] = (struct line){ .at = at, .len = (uint32_t)n,
		.shell = c->shell, .t = c->t };
	return true;
}

/* Which line of the file begins at at. */
static size_t
line_number(const struct replay *r, size_t from, size_t at)
{
	size_t n = 1;

	for (size_t i = from; i < at; i++)
		n += r->data.data[i] == '\n';
	return n;
}

/* A crash may leave a whole line of garbage, but only last. */
static bool
is_last_line(const struct replay *r, size_t at)
{
	const char *p = r->data.data + at, *end = r->data.data + r->data.len;
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl == NULL || nl + 1 == end;
}

static void
torn(struct replay *r, size_t at)
{
	if (!r->open)
		snprintf(r->warning, sizeof r->warning,
		    "the last %zu bytes are torn and left out",
		    r->data.len - at);
	r->data.len = at;
}

static bool
index_part(struct replay *r, struct check *c, size_t from, struct err *e)
{
	size_t at = from, n;

	while (at < r->data.len) {
		enum event_split got = event_split(r->data.data + at,
		    r->data.len - at, &n, e);
		struct event ev;
		bool ok = got == EVENT_WHOLE && event_decode(r->data.data + at,
		    n, &r->eb, &ev, e);

		if (got == EVENT_CUT || (!ok && is_last_line(r, at))) {
			torn(r, at);
			break;
		}
		if (!ok || !check_event(r, c, &ev, at, n, e))
			return err_context(e, "%s:%zu", c->path,
			    line_number(r, from, at));
		at += n;
	}
	return true;
}

/* What is before the damage is as good as ever. */
static bool
index_whole(struct replay *r, struct check *c, size_t from, struct err *e)
{
	struct err why = { 0 };
	const struct line *l;

	if (index_part(r, c, from, &why))
		return true;
	if (r->nlines == 0) {
		if (e != NULL)
			*e = why;
		return false;
	}
	l = &r->lines[r->nlines - 1];
	snprintf(r->warning, sizeof r->warning, "damaged at line %zu: only "
	    "what is before it is shown", line_number(r, from, l->at + l->len));
	r->damage = why;
	return true;
}

static bool
load(struct replay *r, const char *const *paths, size_t n, struct err *e)
{
	struct check c = { 0 };

	memset(c.hash, '0', 64);
	for (size_t i = 0; i < n; i++) {
		size_t from = r->data.len;

		c.path = paths[i];
		r->open = r->open || journal_is_open(paths[i]);
		if (!(n == 1 && map_file(r, paths[i])) &&
		    !read_file(&r->data, paths[i], e))
			return false;
		r->open = r->open || journal_is_open(paths[i]);
		if (!index_whole(r, &c, from, e))
			return false;
		if (r->damage.code != ERR_NONE)
			break;
	}
	if (r->nlines == 0)
		return err_set(e, ERR_INVALID, "%s: no event in it%s",
		    n > 0 ? paths[0] : "record",
		    r->open ? " yet: a viva has it open" : "");
	if (r->open && r->damage.code == ERR_NONE)
		snprintf(r->warning, sizeof r->warning, "the session is open: "
		    "a viva goes on writing it, and this is what it had");
	return true;
}

static void
fold_all(struct replay *r)
{
	size_t marks = 0, k = 0;

	for (maybe_frame(r); r->next < r->nlines; maybe_frame(r)) {
		fold(r);
		r->lines[r->next - 1].mark = r->state->nmarks > marks;
		marks = r->state->nmarks;
	}
	r->nmarks = marks;
	r->marks = xcalloc(marks, sizeof *r->marks);
	for (size_t i = 0; i < marks; i++) {
		while (!r->lines[k].mark)
			k++;
		r->marks[i] = r->state->marks[i];
		r->marks[i].t = r->lines[k++].t; /* in order, as seeks need */
		r->marks[i].text = xstrdup(r->state->marks[i].text);
	}
}

struct replay *
replay_open(const char *const *paths, size_t n, struct clock *clock,
    struct err *e)
{
	struct replay *r = xcalloc(1, sizeof *r);

	r->clock = clock;
	r->speed = 1;
	r->frame_bytes = FRAME_BYTES;
	r->back = SIZE_MAX;
	r->state = state_create(SCROLLBACK);
	if (!load(r, paths, n, e)) {
		replay_close(r);
		return NULL;
	}
	/* So that few have to be dropped again. */
	while (r->frame_bytes < r->data.len / FRAMES_MAX)
		r->frame_bytes *= 2;
	fold_all(r);
	replay_seek(r, 0);
	return r;
}

void
replay_close(struct replay *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->nframes; i++)
		keyframe_free(r->frames[i].key);
	for (size_t i = 0; i < r->nmarks; i++)
		free(r->marks[i].text);
	free(r->marks);
	free(r->frames);
	free(r->lines);
	if (r->mapped > 0)
		munmap(r->data.data, r->mapped);
	else
		buf_free(&r->data);
	event_buf_free(&r->eb);
	state_destroy(r->state);
	free(r);
}

/* ---- moving ---- */

/* The first line that is not yet due at t. */
static size_t
line_after(const struct replay *r, int64_t t)
{
	size_t lo = 0, hi = r->nlines;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->lines[mid].t <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
is_far(const struct replay *r, size_t line)
{
	return line > r->next &&
	    r->lines[line].at - r->lines[r->next].at > r->frame_bytes;
}

static void
go_to_line(struct replay *r, size_t line)
{
	size_t f = 0;

	for (size_t i = 0; i < r->nframes; i++)
		if (r->frames[i].line <= line)
			f = i;
	/* Folding on is cheaper than a keyframe that is near. */
	if (line < r->next || is_far(r, r->frames[f].line)) {
		state_restore(r->state, r->frames[f].key);
		r->next = r->frames[f].line;
	}
	while (r->next < line)
		fold(r);
}

void
replay_seek(struct replay *r, int64_t t)
{
	int64_t end = replay_length(r);

	t = t < 0 ? 0 : t > end ? end : t;
	go_to_line(r, line_after(r, t));
	r->t = t;
	r->last = clock_mono(r->clock);
}

void
replay_step(struct replay *r, int dir)
{
	size_t to = r->next;

	if (dir > 0 && to < r->nlines)
		to++;
	else if (dir < 0 && to > 1)
		to--;
	go_to_line(r, to);
	r->t = to > 0 ? r->lines[to - 1].t : 0;
	r->playing = false;
}

bool
replay_jump(struct replay *r, int dir)
{
	int64_t now = clock_mono(r->clock);
	size_t i = r->next;

	if (dir > 0) {
		while (i < r->nlines && !r->lines[i].mark)
			i++;
		if (i == r->nlines)
			return false;
	} else {
		/* The line folded last is where we are; or the mark that the
		 * last jump went to, when it has played on since. */
		if (r->playing && now - r->back_at < AGAIN_US && r->back < i)
			i = r->back;
		i = i > 0 ? i - 1 : 0;
		do {
			if (i == 0)
				return false;
			i--;
		} while (!r->lines[i].mark);
	}
	go_to_line(r, i + 1);
	r->t = r->lines[i].t;
	r->last = now;
	r->back = dir < 0 ? i + 1 : SIZE_MAX;
	r->back_at = now;
	return true;
}

/* ---- playing ---- */

bool
replay_tick(struct replay *r, int64_t *next_us)
{
	int64_t now = clock_mono(r->clock);
	size_t from = r->next, due;
	int64_t t;

	*next_us = -1;
	if (!r->playing)
		return false;
	t = r->t + (int64_t)((double)(now - r->last) * r->speed);
	r->last = now;
	due = line_after(r, t);
	/* A flood at 32 times its speed is not folded but jumped over. */
	if (due > r->next)
		go_to_line(r, due);
	r->t = t;
	if (r->next == r->nlines) {
		r->playing = false;
		r->t = replay_length(r);
		return r->next != from;
	}
	if (r->skip_idle && r->lines[r->next].t - r->t > IDLE_US)
		r->t = r->lines[r->next].t - IDLE_US;
	*next_us = (int64_t)((double)(r->lines[r->next].t - r->t) / r->speed) +
	    1;
	return r->next != from;
}

void
replay_play(struct replay *r, bool on)
{
	r->playing = on && r->next < r->nlines;
	r->last = clock_mono(r->clock);
}

void
replay_set_speed(struct replay *r, double speed)
{
	r->speed = speed < 0.25 ? 0.25 : speed > 32 ? 32 : speed;
}

void
replay_set_skip_idle(struct replay *r, bool on)
{
	r->skip_idle = on;
}

bool
replay_playing(const struct replay *r)
{
	return r->playing;
}

double
replay_speed(const struct replay *r)
{
	return r->speed;
}

bool
replay_skip_idle(const struct replay *r)
{
	return r->skip_idle;
}

const char *
replay_warning(const struct replay *r)
{
	return r->warning;
}

bool
replay_in_shell(const struct replay *r)
{
	return r->next > 0 && r->lines[r->next - 1].shell;
}

const struct err *
replay_damage(const struct replay *r)
{
	return r->damage.code != ERR_NONE ? &r->damage : NULL;
}

const struct state *
replay_state(const struct replay *r)
{
	return r->state;
}

int64_t
replay_length(const struct replay *r)
{
	return r->lines[r->nlines - 1].t;
}

int64_t
replay_position(const struct replay *r)
{
	return r->t;
}

const struct state_mark *
replay_marks(const struct replay *r, size_t *n)
{
	*n = r->nmarks;
	return r->marks;
}
