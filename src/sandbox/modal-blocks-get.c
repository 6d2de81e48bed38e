#include "config.h"

/* A file's bytes from a volume: its blocks by presigned URLs, each to its
 * place in the whole, which is in memory or in a file.  URLs that are too old
 * for a slow line are asked for anew, for what is not here yet. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/https.h"
#include "sandbox/modal-store.h"

#define ATTEMPT_US 15000000
#define TOGETHER 4
#define TRIES 5
#define TRY_US 100000
#define ROUNDS 3 /* of asking for URLs without a block that came */
#define CHANGES 3 /* of the file, meanwhile */
#define STALL_US 30000000
#define ATTEMPT_GET_US 900000000

struct piece {
	struct blocks_get *g;
	char *url;
	unsigned answer; /* the one that the URL of call is of */
	bool here;
	size_t at, n;
	char *bytes; /* of a file: while it is under way */
	struct https_call *call;
	struct hasher *writer; /* of bytes */
	struct loop_timer *timer; /* the next try */
	unsigned tries;
};

struct blocks_get {
	struct modal *m;
	char *volume_id, *path;
	size_t max, size, npieces;
	int fd; /* -1: to data */
	char *data;
	struct piece *pieces;
	struct account_call *call;
	struct loop_timer *timer;
	unsigned answers; /* with URLs */
	unsigned rounds, changes;
	struct err why;
	void (*done)(void *, char *, size_t, const struct err *);
	void *user;
};

static void get_go(struct blocks_get *);
static void ask(struct blocks_get *);

/* ---- the end ---- */

static void
drop_pieces(struct blocks_get *g)
{
	for (size_t i = 0; i < g->npieces; i++) {
		struct piece *k = &g->pieces[i];

		https_cancel(k->call);
		hash_cancel(k->writer);
		loop_timer_cancel(k->timer);
		free(k->bytes);
		if (k->url != NULL)
			explicit_bzero(k->url, strlen(k->url));
		free(k->url);
	}
	free(g->pieces);
	free(g->data);
	g->pieces = NULL;
	g->data = NULL;
	g->npieces = 0;
}

void
blocks_get_cancel(struct blocks_get *g)
{
	if (g == NULL)
		return;
	drop_pieces(g);
	account_cancel(g->call);
	loop_timer_cancel(g->timer);
	free(g->volume_id);
	free(g->path);
	free(g);
}

static void
get_end(struct blocks_get *g, bool ok)
{
	void (*done)(void *, char *, size_t, const struct err *) = g->done;
	void *user = g->user;
	struct err e = g->why;
	size_t n = g->size;
	char *data = NULL;

	if (ok) {
		data = g->data;
		g->data = NULL;
	}
	blocks_get_cancel(g);
	done(user, data, n, ok ? NULL : &e);
}

static void
get_failed(struct blocks_get *g, enum err_code code, const char *why)
{
	err_set(&g->why, code, "%s %s", g->path, why);
	get_end(g, false);
}

/* ---- pieces ---- */

static void piece_ask(struct piece *);

static void
piece_again(void *user)
{
	struct piece *k = user;

	k->timer = NULL;
	piece_ask(k);
}

static void
ask_again(void *user)
{
	struct blocks_get *g = user;

	g->timer = NULL;
	ask(g);
}

/* Where they were not just asked for.  What is under way goes on. */
static void
new_urls(struct blocks_get *g)
{
	if (g->call != NULL || g->timer != NULL)
		return;
	if (++g->rounds >= ROUNDS)
		get_end(g, false);
	else
		g->timer = loop_timer_add(g->m->loop,
		    block_delay(g->rounds, TRY_US), ask_again, g);
}

/* What names a block is before what says that it may be had. */
static size_t
name_len(const char *url)
{
	return strcspn(url, "?");
}

static void
piece_good(struct piece *k)
{
	size_t n = name_len(k->url);

	explicit_bzero(k->url + n, strlen(k->url + n));
	k->here = true;
	k->g->rounds = 0;
	get_go(k->g);
}

static void
piece_stale(struct piece *k)
{
	if (k->answer == k->g->answers)
		new_urls(k->g);
	else
		get_go(k->g); /* it has a newer one */
}

/* It will be no better at another try. */
static void
cannot_write(struct blocks_get *g, int error)
{
	err_sys(&g->why, error, "what is read of %s cannot be written",
	    g->path);
	get_end(g, false);
}

static void
piece_saved(void *user, int error)
{
	struct piece *k = user;

	k->writer = NULL;
	free(k->bytes);
	k->bytes = NULL;
	if (error != 0)
		cannot_write(k->g, error);
	else
		piece_good(k);
}

static void
piece_save(struct piece *k)
{
	struct hash_piece piece = { .p = k->bytes, .fd = k->g->fd,
		.at = k->at, .n = k->n, .save = true };

	k->writer = hash_start(k->g->m->loop, &piece, 1, piece_saved, k);
}

static void
piece_here(void *user, const struct https_answer *a)
{
	struct piece *k = user;
	struct blocks_get *g = k->g;
	enum block_fate fate = block_fate(a, "the volume cannot be read",
	    &g->why);

	k->call = NULL;
	if (fate == BLOCK_GOOD && a->n != k->n) {
		err_set(&g->why, ERR_UNAVAILABLE, "the volume cannot be read: "
		    "a block has another size than the file");
		fate = BLOCK_STALE;
	}
	if (fate == BLOCK_HOPELESS) {
		get_end(g, false);
	} else if (fate == BLOCK_AGAIN && ++k->tries < TRIES) {
		k->timer = loop_timer_add(g->m->loop,
		    block_delay(k->tries, TRY_US), piece_again, k);
	} else if (fate == BLOCK_GOOD && g->fd >= 0) {
		piece_save(k);
	} else if (fate == BLOCK_GOOD) {
		piece_good(k);
	} else {
		piece_stale(k);
	}
}

static void
piece_ask(struct piece *k)
{
	struct blocks_get *g = k->g;
	struct https_request q = { .method = HTTPS_GET, .url = k->url,
		.max = k->n, .deadline_us = ATTEMPT_GET_US,
		.stall_us = STALL_US };

	if (g->fd >= 0 && k->bytes == NULL)
		k->bytes = xmalloc(k->n);
	k->answer = g->answers;
	q.into = g->fd >= 0 ? k->bytes : g->data + k->at;
	k->call = https_start(account_https(g->m, NULL), &q, piece_here, k);
}

static bool
is_under_way(const struct piece *k)
{
	return k->call != NULL || k->writer != NULL || k->timer != NULL;
}

static void
get_go(struct blocks_get *g)
{
	bool asking = g->call != NULL || g->timer != NULL, left = false;
	unsigned under_way = 0;

	for (size_t i = 0; i < g->npieces; i++)
		under_way += is_under_way(&g->pieces[i]);
	for (size_t i = 0; i < g->npieces; i++) {
		struct piece *k = &g->pieces[i];

		left |= !k->here;
		if (k->here || asking || is_under_way(k) ||
		    under_way >= TOGETHER)
			continue;
		under_way++;
		piece_ask(k);
	}
	if (!left)
		get_end(g, true);
}

/* ---- where they are ---- */

static void
cut(struct blocks_get *g, size_t size, size_t n)
{
	g->size = size;
	if (g->fd < 0) {
		g->data = xmalloc(size + 1);
		g->data[size] = '\0';
	}
	g->pieces = xcalloc(n + 1, sizeof *g->pieces);
	g->npieces = n;
	for (size_t i = 0; i < n; i++) {
		struct piece *k = &g->pieces[i];

		k->g = g;
		k->at = i * BLOCK_SIZE;
		k->n = size - k->at < BLOCK_SIZE ? size - k->at : BLOCK_SIZE;
	}
}

/* Are these the blocks that we have some of? */
static bool
same_blocks(const struct blocks_get *g, const CLIENT(VolumeGetFile2Response) *r)
{
	if (r->size != g->size)
		return false;
	for (size_t i = 0; i < g->npieces; i++) {
		const char *url = g->pieces[i].url;
		size_t n = name_len(url);

		if (name_len(r->get_urls[i]) != n ||
		    memcmp(url, r->get_urls[i], n) != 0)
			return false;
	}
	return true;
}

static void
take_url(struct piece *k, char *url)
{
	if (!k->here) {
		if (k->url != NULL)
			explicit_bzero(k->url, strlen(k->url));
		free(k->url);
		k->url = xstrdup(url);
		k->tries = 0;
	}
	wire_wipe(url);
}

/* Of a file that is another one by now, or may be, all is read anew. */
static bool
take_urls(struct blocks_get *g, CLIENT(VolumeGetFile2Response) *r)
{
	size_t n = (r->size + BLOCK_SIZE - 1) / BLOCK_SIZE;

	if (n != r->n_get_urls)
		return false;
	if (g->pieces != NULL && !same_blocks(g, r)) {
		drop_pieces(g);
		g->changes++;
	}
	if (g->pieces == NULL)
		cut(g, r->size, n);
	g->answers++;
	for (size_t i = 0; i < n; i++)
		take_url(&g->pieces[i], r->get_urls[i]);
	return true;
}

static void
asked(void *user, const struct grpc_status *st, const char *reply, size_t n)
{
	struct blocks_get *g = user;
	CLIENT(VolumeGetFile2Response) *r;
	bool ok = false, large;

	g->call = NULL;
	if (st->code != GRPC_OK) {
		account_error(g->m, g->path, st, &g->why);
		get_end(g, false);
		return;
	}
	r = wire_unpack(CLIENT_DESC(volume_get_file2_response), reply, n);
	large = r != NULL && r->size > g->max;
	if (r != NULL && !large)
		ok = take_urls(g, r);
	wire_free(r);
	if (large)
		get_failed(g, ERR_LIMIT, g->fd < 0 ? "is too large to be read" :
		    "is too large to be read: viva reads 100 MiB at most; "
		    "Modal's own 'modal volume get' reads more");
	else if (!ok)
		get_failed(g, ERR_CORRUPT, "cannot be read: the volume's "
		    "answer makes no sense");
	else if (g->fd >= 0 && ftruncate(g->fd, (off_t)g->size) != 0)
		cannot_write(g, errno);
	else if (g->changes >= CHANGES || (g->npieces > 0 &&
	    account_https(g->m, &g->why) == NULL))
		get_end(g, false);
	else
		get_go(g);
}

static void
ask(struct blocks_get *g)
{
	CLIENT(VolumeGetFile2Request) q = CLIENT_INIT(
	    VOLUME_GET_FILE2_REQUEST);

	q.volume_id = g->volume_id;
	q.path = g->path;
	g->call = account_call(g->m, CLIENT_PATH("VolumeGetFile2"), &q.base,
	    ATTEMPT_US, asked, g);
}

struct blocks_get *
blocks_get(struct modal *m, const char *volume_id, const char *path,
    size_t max, int fd,
    void (*done)(void *, char *, size_t, const struct err *), void *user)
{
	struct blocks_get *g = xcalloc(1, sizeof *g);

	*g = (struct blocks_get){ .m = m, .volume_id = xstrdup(volume_id),
		.path = xstrdup(path), .max = max, .fd = fd, .done = done,
		.user = user };
	ask(g);
	return g;
}

bool
blocks_get_progress(const struct blocks_get *g, uint64_t *done, uint64_t *all)
{
	*done = 0;
	*all = g->size;
	for (size_t i = 0; i < g->npieces; i++) {
		const struct piece *k = &g->pieces[i];

		*done += k->here || k->writer != NULL ? k->n :
		    k->call != NULL ? https_moved(k->call) : 0;
	}
	return g->pieces != NULL;
}
