#include "config.h"

/*
 * A large file into a running sandbox: never all of it is in memory.  It goes
 * in parts, each a short program that writes its bytes to their place in a
 * temporary file; the last one gives that its name.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "sandbox/modal-store.h"

#define PART (8u << 20)

struct large_put {
	struct box *b;
	char *path;
	char name[17]; /* of the temporary file, after TEMPORARY */
	int error;     /* why it is given up; 0: it is not */
	int fd;
	size_t n, at;
	struct stat was; /* when it began */
	struct hasher *reader;
	unsigned char hash[HASH_LEN];
	struct buf part;
	struct program *x;
	struct loop_timer *timer;
	large_done done;
	void *user;
};

static void next_part(struct large_put *);

void
large_cancel(struct large_put *l)
{
	if (l == NULL)
		return;
	hash_cancel(l->reader);
	program_free(l->x);
	loop_timer_cancel(l->timer);
	buf_free(&l->part);
	free(l->path);
	free(l);
}

static void
large_end(struct large_put *l, const struct sandbox_exit *x,
    const struct buf *out, const struct buf *err)
{
	large_done done = l->done;
	void *user = l->user;

	large_cancel(l);
	done(user, x, out, err);
}

static void
ended(void *user, const struct sandbox_exit *x, const struct buf *out,
    const struct buf *err)
{
	struct large_put *l = user;

	l->x = NULL;
	large_end(l, x, out, err);
}

/* As if a program had said so. */
static void
dropped(void *user, const struct sandbox_exit *x, const struct buf *out,
    const struct buf *err)
{
	struct large_put *l = user;
	struct sandbox_exit failed = { .status = 1 };
	struct buf words = { 0 };

	(void)x;
	(void)err;
	l->x = NULL;
	if (l->error == ESTALE)
		buf_adds(&words, "X was changed meanwhile");
	else
		buf_addf(&words, "E %d", l->error);
	large_end(l, &failed, out, &words);
	buf_free(&words);
}

static void
run(struct large_put *l, const char *op, size_t a, size_t c,
    struct buf *input, const struct program_sink *sink)
{
	char from[24], size[24], *path = files_arg(l->path);
	const char *argv[] = { "python3", "-IS", "-c", files_script, op,
		WORKSPACE, path, l->name, from, size, NULL };

	snprintf(from, sizeof from, "%zu", a);
	snprintf(size, sizeof size, "%zu", c);
	l->x = program_inner(l->b, argv, input, false, sink, l);
	free(path);
}

/* The temporary file goes first. */
static void
give_up(struct large_put *l, int error)
{
	static const struct program_sink sink = { .done = dropped,
		.max = 256 };

	l->error = error;
	run(l, "drop", 0, 0, NULL, &sink);
}

static void
part_done(void *user, const struct sandbox_exit *x, const struct buf *out,
    const struct buf *err)
{
	struct large_put *l = user;

	l->x = NULL;
	if (x->infra || x->status != 0)
		large_end(l, x, out, err);
	else
		next_part(l);
}

static void
part_read(void *user, int error)
{
	static const struct program_sink sink = { .done = part_done,
		.max = 256 };
	struct large_put *l = user;
	size_t at = l->at, n = l->part.len;

	l->reader = NULL;
	if (error != 0) {
		give_up(l, error);
		return;
	}
	l->at += n;
	run(l, "part", at, n, &l->part, &sink);
}

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void
join(struct large_put *l)
{
	static const struct program_sink sink = { .done = ended,
		.max = 256 };
	struct stat is;

	if (fstat(l->fd, &is) != 0 || !same(&is, &l->was))
		give_up(l, ESTALE);
	else
		run(l, "join", l->n, 0, NULL, &sink);
}

static void
next_part(struct large_put *l)
{
	struct hash_piece piece = { .fd = l->fd, .at = l->at,
		.n = l->n - l->at < PART ? l->n - l->at : PART,
		.hash = l->hash };

	if (l->at == l->n) {
		join(l);
		return;
	}
	buf_free(&l->part);
	buf_reserve(&l->part, piece.n + 1);
	l->part.len = piece.n;
	piece.to = l->part.data;
	l->reader = hash_start(l->b->m->loop, &piece, 1, part_read, l);
}

static void
begin(void *user)
{
	struct large_put *l = user;

	l->timer = NULL;
	if (fstat(l->fd, &l->was) != 0)
		give_up(l, errno);
	else
		next_part(l);
}

struct large_put *
large_put(struct box *b, const char *path, int fd, size_t n, large_done done,
    void *user)
{
	struct large_put *l = xcalloc(1, sizeof *l);
	uint64_t r;

	*l = (struct large_put){ .b = b, .path = xstrdup(path), .fd = fd,
		.n = n, .done = done, .user = user };
	if (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r)
		abort(); /* 8 bytes never come short */
	snprintf(l->name, sizeof l->name, "%016llx", (unsigned long long)r);
	l->timer = loop_timer_add(b->m->loop, 0, begin, l);
	return l;
}
