#include "config.h"

/*
 * A file's bytes onto a volume: cut in blocks, hashed, asked which of them
 * are missing there, these sent by presigned URLs, then asked once more, with
 * what the store said to each.  Who asks last and hears of none missing has
 * saved the file.
 *
 * A file that is not in memory is read twice: for the hashes, and each block
 * that is missing when it is its turn.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/https.h"
#include "sandbox/modal-store.h"

#define ATTEMPT_US 15000000
#define TOGETHER 8
#define TOGETHER_READ 4 /* of a file: as many blocks are in memory */
#define TRIES 4		    /* of one URL */
#define TRY_US 250000	    /* before the second, then twice */
#define ROUNDS 5	    /* of asking, without a block that was taken */
#define ROUND_US 300000	    /* before one after a failure */
#define STALL_US 60000000   /* of a PUT */
#define ATTEMPT_PUT_US 900000000 /* a block over a slow line */
#define RECEIPT_MAX 65536
#define SMALL (256u << 10) /* hashed at once */

struct block {
	struct blocks_put *p;
	size_t at, n; /* n: without the zeros at its end */
	unsigned char hash[HASH_LEN];
	struct block *twin; /* an earlier one of the same bytes */
	char *url;	    /* NULL: it is not missing */
	struct hasher *reader; /* reads bytes */
	char *bytes; /* of a file */
	unsigned char again[HASH_LEN]; /* of bytes */
	struct https_call *call;
	struct loop_timer *timer; /* the next try */
	unsigned tries;
	bool failed;
	bool stored; /* receipt is what the store said */
	struct buf receipt;
};

struct blocks_put {
	struct modal *m;
	char *volume_id, *path;
	struct blocks_from from;
	size_t nblocks;
	struct block *blocks;
	struct hasher *hasher;
	struct account_call *call;
	struct loop_timer *timer;
	unsigned rounds;
	bool asked; /* what is missing is known */
	bool stale; /* a URL is no good: they are asked for anew */
	struct err why; /* of the last failure */
	void (*done)(void *user, const struct err *);
	void *user;
};

static void put_go(struct blocks_put *);

/* ---- fates ---- */

enum block_fate
block_fate(const struct https_answer *a, const char *what, struct err *e)
{
	if (a->failed) {
		err_set(e, ERR_UNAVAILABLE, "%s: %s", what, a->why);
		return a->hopeless ? BLOCK_HOPELESS : BLOCK_AGAIN;
	}
	if (a->status >= 200 && a->status < 300)
		return BLOCK_GOOD;
	/* What the store says more may have the URL in it. */
	err_set(e, ERR_UNAVAILABLE, "%s: the store answers HTTP %d", what,
	    a->status);
	return a->status == 408 || a->status == 429 || a->status >= 500 ?
	    BLOCK_AGAIN : BLOCK_STALE;
}

int64_t
block_delay(unsigned n, int64_t base_us)
{
	return base_us << (n < 6 ? n - 1 : 5);
}

/* ---- the end ---- */

static void
wipe(char **url)
{
	if (*url != NULL)
		explicit_bzero(*url, strlen(*url));
	free(*url);
	*url = NULL;
}

void
blocks_put_cancel(struct blocks_put *p)
{
	if (p == NULL)
		return;
	hash_cancel(p->hasher); /* it reads into the blocks */
	for (size_t i = 0; i < p->nblocks; i++) {
		struct block *k = &p->blocks[i];

		hash_cancel(k->reader);
		https_cancel(k->call);
		loop_timer_cancel(k->timer);
		wipe(&k->url);
		free(k->bytes);
		buf_free(&k->receipt);
	}
	account_cancel(p->call);
	loop_timer_cancel(p->timer);
	free(p->blocks);
	free(p->volume_id);
	free(p->path);
	free(p);
}

static void
put_end(struct blocks_put *p, const struct err *e)
{
	void (*done)(void *, const struct err *) = p->done;
	struct err copy = e != NULL ? *e : (struct err){ 0 };
	void *user = p->user;

	blocks_put_cancel(p);
	done(user, e != NULL ? &copy : NULL);
}

static void
put_failed(struct blocks_put *p)
{
	struct err e = p->why;

	err_context(&e, "cannot save %s on the volume", p->path);
	put_end(p, &e);
}

/* ---- what is missing ---- */

/* What the store said to one of the same bytes; NULL: nothing yet. */
static const struct buf *
receipt_of(const struct blocks_put *p, const struct block *k)
{
	for (size_t i = 0; i < p->nblocks; i++)
		if (p->blocks[i].stored && memcmp(p->blocks[i].hash, k->hash,
		    HASH_LEN) == 0)
			return &p->blocks[i].receipt;
	return NULL;
}

static void
pack_request(struct blocks_put *p, struct buf *out)
{
	CLIENT(VolumePutFiles2Request) q = CLIENT_INIT(
	    VOLUME_PUT_FILES2_REQUEST);
	CLIENT(VolumePutFile) file = CLIENT_INIT(VOLUME_PUT_FILE);
	CLIENT(VolumePutFile) *files = &file;
	CLIENT(VolumePutBlock) *list = xcalloc(p->nblocks + 1, sizeof *list);
	CLIENT(VolumePutBlock) **blocks = xcalloc(p->nblocks + 1,
	    sizeof *blocks);

	for (size_t i = 0; i < p->nblocks; i++) {
		const struct buf *said = receipt_of(p, &p->blocks[i]);
		CLIENT(VolumePutBlock) *k = blocks[i] = &list[i];

		CLIENT_BEGIN(volume_put_block)(k);
		k->contents_sha256.data = p->blocks[i].hash;
		k->contents_sha256.len = HASH_LEN;
		if (said != NULL) {
			k->uploaded_case = BLOCK_HAS_RESPONSE;
			k->put_response.data = (uint8_t *)said->data;
			k->put_response.len = said->len;
		}
	}
	file.path = p->path;
	file.size = p->from.n;
	file.blocks = blocks;
	file.n_blocks = p->nblocks;
	q.volume_id = p->volume_id;
	q.files = &files;
	q.n_files = 1;
	wire_pack(&q.base, out);
	free(blocks);
	free(list);
}

/* The first of several of the same bytes stands for all. */
static void
find_twin(struct block *k)
{
	struct blocks_put *p = k->p;

	k->twin = NULL;
	for (struct block *o = p->blocks; o < k; o++)
		if (o->url != NULL && memcmp(o->hash, k->hash, HASH_LEN) == 0) {
			k->twin = o;
			return;
		}
}

static void
drop_bytes(struct block *k)
{
	free(k->bytes);
	k->bytes = NULL;
}

static bool
take_missing(struct blocks_put *p, CLIENT(VolumePutFiles2Response) *r)
{
	for (size_t i = 0; i < r->n_missing_blocks; i++) {
		CLIENT(VolumeMissingBlock) *b = r->missing_blocks[i];
		struct block *k;

		if (b->file_index != 0 || b->block_index >= p->nblocks ||
		    b->put_url[0] == '\0')
			return false;
		k = &p->blocks[b->block_index];
		wipe(&k->url);
		k->url = xstrdup(b->put_url);
		k->tries = 0;
		k->failed = k->stored = false;
	}
	for (size_t i = 0; i < p->nblocks; i++) {
		find_twin(&p->blocks[i]);
		if (p->blocks[i].url == NULL || p->blocks[i].twin != NULL)
			drop_bytes(&p->blocks[i]);
	}
	return true;
}

static void
asked(void *user, const struct grpc_status *st, const char *reply, size_t n)
{
	struct blocks_put *p = user;
	CLIENT(VolumePutFiles2Response) *r;
	size_t missing;
	bool ok;

	p->call = NULL;
	p->stale = false;
	if (st->code != GRPC_OK) {
		account_error(p->m, "the volume does not take it", st,
		    &p->why);
		put_failed(p);
		return;
	}
	r = wire_unpack(CLIENT_DESC(volume_put_files2_response), reply, n);
	missing = r != NULL ? r->n_missing_blocks : 0;
	ok = r != NULL && take_missing(p, r);
	p->asked = true;
	for (size_t i = 0; i < missing; i++)
		wire_wipe(r->missing_blocks[i]->put_url);
	wire_free(r);
	if (!ok) {
		err_set(&p->why, ERR_CORRUPT, "the answer makes no sense");
		put_failed(p);
	} else if (missing == 0) {
		put_end(p, NULL);
	} else if (++p->rounds > ROUNDS) {
		if (p->why.code == ERR_NONE)
			err_set(&p->why, ERR_UNAVAILABLE, "the volume does "
			    "not find what its store has taken");
		put_failed(p);
	} else {
		put_go(p);
	}
}

static void
ask(struct blocks_put *p)
{
	struct buf body = { 0 };

	pack_request(p, &body);
	p->call = account_send(p->m, CLIENT_PATH("VolumePutFiles2"), &body,
	    ATTEMPT_US, asked, p);
}

static void
ask_later(void *user)
{
	struct blocks_put *p = user;

	p->timer = NULL;
	ask(p);
}

/* ---- sending ---- */

static void block_send(struct block *);

static void
block_again(void *user)
{
	struct block *k = user;

	k->timer = NULL;
	block_send(k);
}

static void
block_sent(void *user, const struct https_answer *a)
{
	struct block *k = user;
	struct blocks_put *p = k->p;
	enum block_fate fate = block_fate(a, "a block cannot be stored",
	    &p->why);

	k->call = NULL;
	if (fate == BLOCK_HOPELESS) {
		put_failed(p);
		return;
	}
	if (fate == BLOCK_AGAIN && ++k->tries < TRIES) {
		k->timer = loop_timer_add(p->m->loop,
		    block_delay(k->tries, TRY_US), block_again, k);
		return;
	}
	drop_bytes(k);
	k->failed = fate != BLOCK_GOOD;
	k->stored = !k->failed;
	if (k->stored)
		p->rounds = 0;
	else
		p->stale = true;
	buf_clear(&k->receipt);
	if (k->stored)
		buf_add(&k->receipt, a->body, a->n);
	wipe(&k->url);
	put_go(p);
}

/* Why what is read of the file cannot be sent. */
static void
unreadable(struct blocks_put *p, int error)
{
	if (error == ESTALE)
		err_set(&p->why, ERR_UNAVAILABLE, "it was changed meanwhile");
	else
		err_sys(&p->why, error, "it cannot be read");
	put_failed(p);
}

static void
block_read(void *user, int error)
{
	struct block *k = user;

	k->reader = NULL;
	if (error == 0 && memcmp(k->hash, k->again, HASH_LEN) != 0)
		error = ESTALE;
	if (error != 0)
		unreadable(k->p, error);
	else
		block_send(k);
}

static void
block_load(struct block *k)
{
	struct blocks_put *p = k->p;
	struct hash_piece piece = { .fd = p->from.fd, .at = k->at, .n = k->n,
		.hash = k->again };

	k->bytes = piece.to = xmalloc(k->n + 1);
	k->reader = hash_start(p->m->loop, &piece, 1, block_read, k);
}

static void
block_send(struct block *k)
{
	/* As the official clients say; nothing of Modal's. */
	static const char *const headers[] = {
		"Content-Type: application/octet-stream" };
	struct blocks_put *p = k->p;
	struct https_request q = { .method = HTTPS_PUT, .url = k->url,
		.headers = headers, .nheaders = ARRAY_LEN(headers),
		.body = k->bytes, .n = k->n, .max = RECEIPT_MAX,
		.deadline_us = ATTEMPT_PUT_US, .stall_us = STALL_US };
	struct https *h = account_https(p->m, &p->why);

	if (p->from.data != NULL)
		q.body = p->from.data + k->at;
	if (h == NULL)
		put_failed(p);
	else if (q.body == NULL)
		block_load(k);
	else
		k->call = https_start(h, &q, block_sent, k);
}

static bool
is_under_way(const struct block *k)
{
	return k->reader != NULL || k->call != NULL || k->timer != NULL;
}

/* May this one be sent now? */
static bool
is_due(struct block *k)
{
	if (k->url != NULL && k->twin != NULL)
		wipe(&k->url);
	return k->url != NULL && !is_under_way(k) && !k->p->stale;
}

/* Sends what is missing, so many at once, then asks again: for the rest, when
 * the URLs are too old. */
static void
put_go(struct blocks_put *p)
{
	unsigned under_way = 0, most = p->from.data != NULL ? TOGETHER :
	    TOGETHER_READ;

	for (size_t i = 0; i < p->nblocks; i++)
		under_way += is_under_way(&p->blocks[i]);
	for (size_t i = 0; i < p->nblocks; i++) {
		struct block *k = &p->blocks[i];

		if (!is_due(k) || under_way >= most)
			continue;
		under_way++;
		/* Freed when there is no HTTPS at all. */
		if (account_https(p->m, &p->why) == NULL) {
			put_failed(p);
			return;
		}
		block_send(k);
	}
	if (under_way == 0)
		p->timer = loop_timer_add(p->m->loop, p->stale ? ROUND_US : 0,
		    ask_later, p);
}

/* ---- cutting and hashing ---- */

static void
hashed(void *user, int error)
{
	struct blocks_put *p = user;

	p->hasher = NULL;
	if (error != 0)
		unreadable(p, error);
	else
		ask(p);
}

static struct hash_piece
piece_of(struct block *k)
{
	const struct blocks_from *from = &k->p->from;

	return (struct hash_piece){ .p = from->data != NULL ? from->data +
		k->at : NULL, .fd = from->fd, .at = k->at, .n = k->n,
		.hash = k->hash, .kept = &k->n };
}

/* Small files do not need a thread. */
static void
hash_small(void *user)
{
	struct blocks_put *p = user;
	struct hash_piece piece;

	p->timer = NULL;
	if (p->nblocks > 0) {
		piece = piece_of(&p->blocks[0]);
		hash_here(&piece);
	}
	ask(p);
}

static void
hash_all(struct blocks_put *p)
{
	struct hash_piece *pieces;

	if (p->from.n == 0 || (p->from.data != NULL && p->from.n <= SMALL)) {
		p->timer = loop_timer_add(p->m->loop, 0, hash_small, p);
		return;
	}
	pieces = xcalloc(p->nblocks, sizeof *pieces);
	for (size_t i = 0; i < p->nblocks; i++) {
		pieces[i] = piece_of(&p->blocks[i]);
		/* The first ones are kept, as they are most likely sent. */
		if (p->from.data == NULL && i < TOGETHER_READ)
			pieces[i].to = p->blocks[i].bytes =
			    xmalloc(p->blocks[i].n);
	}
	p->hasher = hash_start(p->m->loop, pieces, p->nblocks, hashed, p);
	free(pieces);
}

struct blocks_put *
blocks_put(struct modal *m, const char *volume_id, const char *path,
    const struct blocks_from *from, void (*done)(void *, const struct err *),
    void *user)
{
	struct blocks_put *p = xcalloc(1, sizeof *p);
	size_t n = from->n;

	*p = (struct blocks_put){ .m = m, .volume_id = xstrdup(volume_id),
		.path = xstrdup(path), .from = *from,
		.nblocks = (n + BLOCK_SIZE - 1) / BLOCK_SIZE, .done = done,
		.user = user };
	p->blocks = xcalloc(p->nblocks + 1, sizeof *p->blocks);
	for (size_t i = 0; i < p->nblocks; i++) {
		struct block *k = &p->blocks[i];

		k->p = p;
		k->at = i * BLOCK_SIZE;
		k->n = n - k->at < BLOCK_SIZE ? n - k->at : BLOCK_SIZE;
	}
	hash_all(p);
	return p;
}

bool
blocks_put_progress(const struct blocks_put *p, uint64_t *done)
{
	size_t n, moved;

	*done = 0;
	for (size_t i = 0; i < p->nblocks; i++) {
		const struct block *k = &p->blocks[i];

		n = p->from.n - k->at < BLOCK_SIZE ? p->from.n - k->at :
		    BLOCK_SIZE;
		moved = k->call != NULL ? https_moved(k->call) :
		    k->url != NULL || k->failed ? 0 : n;
		/* What is not answered is not all there. */
		*done += k->call != NULL && moved >= n ? n - 1 : moved;
	}
	return p->asked;
}
