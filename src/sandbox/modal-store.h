#ifndef SANDBOX_MODAL_STORE_H
#define SANDBOX_MODAL_STORE_H

/*
 * Files of a volume without a sandbox: what a program in one would see at its
 * next start.  Used by the modal-*.c files only.
 */

#include "sandbox/fs.h"
#include "sandbox/modal-internal.h"

/* ---- modal-store.c: as fs_run does it for a directory ---- */

struct store_op; /* dead after done or cancel */
/* The result's files may be taken (then nfiles is made 0). */
typedef void (*store_done)(void *user, struct fs_result *);
/* data is borrowed until the end; a file taken has MODAL_FILE_MAX at most. */
struct store_op *store_run(struct modal *, const char *volume_id,
    const struct fs_request *, store_done, void *user);
/* As FS_PUT, of the first n bytes of fd, of which only some blocks are in
 * memory at a time; fd is borrowed until the end. */
struct store_op *store_put(struct modal *, const char *volume_id,
    const char *path, int fd, size_t n, store_done, void *user);
void store_cancel(struct store_op *); /* NULL is fine */

/* ---- modal-blocks.c, modal-blocks-get.c: a file's bytes ---- */

/* A volume's file is stored in blocks of this size, without the zeros at
 * their ends. */
#define BLOCK_SIZE (8u << 20)

struct blocks_from { /* borrowed until the end */
	const char *data; /* NULL: of fd */
	int fd;
	size_t n;
};
struct blocks_put;
/* e: NULL when it is on the volume. */
struct blocks_put *blocks_put(struct modal *, const char *volume_id,
    const char *path, const struct blocks_from *,
    void (*done)(void *user, const struct err *e), void *user);
void blocks_put_cancel(struct blocks_put *); /* NULL is fine */
/* Bytes of the file that are over, what is under way with it; false: that is
 * not known yet. */
bool blocks_put_progress(const struct blocks_put *, uint64_t *done);

struct blocks_get;
/* fd: a regular file, borrowed until the end, that is then what was read and
 * nothing else, with only some blocks in memory at a time; -1: data, which is
 * NUL-terminated and the callee's to free.  e: NULL when it is all there. */
struct blocks_get *blocks_get(struct modal *, const char *volume_id,
    const char *path, size_t max, int fd,
    void (*done)(void *user, char *data, size_t n, const struct err *e),
    void *user);
void blocks_get_cancel(struct blocks_get *); /* NULL is fine */
/* As of a put; all: of the whole file. */
bool blocks_get_progress(const struct blocks_get *, uint64_t *done,
    uint64_t *all);

/* ---- modal-hash.c ---- */

#define HASH_LEN 32
struct hash_piece {
	const char *p; /* borrowed until the end; NULL: of fd, from at on */
	int fd;
	size_t at, n;
	bool save; /* p goes to fd, from at on, and is not hashed */
	char *to; /* n bytes that are read go there too; NULL: nowhere */
	unsigned char *hash; /* HASH_LEN bytes go there */
	/* The zeros at the end are not hashed: bytes without them; NULL is
	 * fine. */
	size_t *kept;
};
struct hasher; /* dead after done or cancel */
/* error: 0, or errno; ESTALE when the file is shorter. */
struct hasher *hash_start(struct loop *, const struct hash_piece *, size_t n,
    void (*done)(void *user, int error), void *user);
void hash_here(const struct hash_piece *); /* of p, now */
void hash_cancel(struct hasher *); /* waits a millisecond; NULL is fine */

/* ---- modal-large.c: a large file into a running sandbox ---- */

struct large_put; /* dead after done or cancel */
/* What the program said that failed, or the last one. */
typedef void (*large_done)(void *user, const struct sandbox_exit *,
    const struct buf *out, const struct buf *err);
/* The first n bytes of fd, which is borrowed until the end. */
struct large_put *large_put(struct box *, const char *path, int fd, size_t n,
    large_done, void *user);
void large_cancel(struct large_put *); /* NULL is fine */

/* ---- how PUTs and GETs of blocks are tried again ---- */

enum block_fate { BLOCK_GOOD, BLOCK_AGAIN, /* the same URL may do */
	BLOCK_STALE,  /* another URL may */
	BLOCK_HOPELESS };
/* what: "the block cannot be stored"; e is set unless it is good. */
enum block_fate block_fate(const struct https_answer *, const char *what,
    struct err *e);
/* Before try number n, from 1 on. */
int64_t block_delay(unsigned n, int64_t base_us);

#endif
