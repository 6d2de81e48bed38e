#ifndef SANDBOX_MODAL_H
#define SANDBOX_MODAL_H

/*
 * Sandboxes at Modal (modal.com), over its own protocol: an account with one
 * connection, and the sandboxes made through it.  docs/MODAL.md has every
 * call and field that is used.
 */

#include "sandbox/modal-config.h"
#include "sandbox/sandbox.h"

struct modal_options { /* borrowed; outlives the account */
	const char *app;
	const char *image;		/* of a registry */
	const char *const *image_lines; /* Dockerfile's, after FROM; NULL: what
					 * the languages need */
	const char *image_id;		/* ready ("im-…"): nothing is built */
	unsigned cpu_milli, memory_mb;
	unsigned timeout, idle_timeout; /* s; 0: none (idle) */
	bool network;			/* open; else blocked, or: */
	const char *const *domains;	/* allowed ones; NULL: none */
	/* Where ids of images are kept from one run to the next; NULL: they
	 * are asked for each time. */
	const char *keep_dir;
	const char *settings;		/* the file that all this is from, as
					 * it is told; NULL: there is none */
	const char *ca_file;		/* PEM, for a server of one's own */
	bool ephemeral;			/* volumes go with their sandboxes */
	/* Pieces of what is typed that are on their way at once, 1 to
	 * MODAL_INPUT_MAX; 1: each waits for the answer to the one before. */
	unsigned input_in_flight;
};
#define MODAL_INPUT_MAX 16
void modal_options_init(struct modal_options *);

struct modal;
/* config outlives it.  Nothing is sent yet. */
struct modal *modal_create(struct loop *, const struct modal_config *,
    const struct modal_options *, struct err *) WARN_UNUSED;
/* Sandboxes that are still there are left to Modal's timeouts. */
void modal_destroy(struct modal *);
/* Sandboxes that were destroyed are still being synced and ended: turn the
 * loop, for a while, until this is false. */
bool modal_busy(const struct modal *);
/* What could not be done for sandboxes that were destroyed, and what is still
 * being done: for the last words of a session. */
struct modal_left {
	unsigned sandboxes; /* may still run, until their timeouts */
	char unsynced[200]; /* why not all is on the volume; "": all is */
};
void modal_left(const struct modal *, struct modal_left *out);

/* spec->workspace only gives names: its last two parts are the volume's and
 * the sandbox's.  A judge has no volume, no network and no name. */
struct sandbox *modal_sandbox(struct modal *, const struct sandbox_spec *,
    const struct sandbox_watch *, void *user);

/* FS_PUT of a file that is too large to be held in memory: all that fd has,
 * from its beginning; fd is taken.  Returns the request. */
uint64_t modal_put_file(struct sandbox *, const char *path, int fd);

/* ---- what viva made, for `viva sandboxes` and `viva volumes` ---- */
struct modal_item {
	const char *id, *name;
	int64_t created; /* s since 1970 */
	bool judge;
};
struct modal_list_watch {
	void (*item)(void *user, const struct modal_item *);
	void (*done)(void *user, const struct err *); /* NULL: all is told */
};
/* Seconds since 1970 by the server's clock, as far as it tells. */
int64_t modal_now(const struct modal *);
/* Running sandboxes of viva's app; volumes whose names have its prefix. */
void modal_list_sandboxes(struct modal *, const struct modal_list_watch *,
    void *user);
/* All that run in the environment, of whatever app, as a volume may be in one
 * of them; *some: of viva's app only, as Modal does not list the others.  Of
 * an item nothing but the name counts. */
void modal_list_users(struct modal *, const struct modal_list_watch *,
    bool *some, void *user);
void modal_list_volumes(struct modal *, const struct modal_list_watch *,
    void *user);
void modal_end_sandbox(struct modal *, const char *id,
    void (*done)(void *user, const struct err *), void *user);
void modal_delete_volume(struct modal *, const char *id,
    void (*done)(void *user, const struct err *), void *user);

/*
 * ---- files of a volume, without a sandbox ----
 *
 * volume: a name as modal_list_volumes tells it.  One without viva's prefix is
 * refused (ERR_INVALID) and nothing is sent; one that is not there is not made
 * (ERR_NOT_FOUND).  path: from the volume's top on, without '/' at its ends
 * and without "." and ".." (else ERR_INVALID).  Both are copied.
 *
 * done is called once and never from inside the call; n: how many bytes the
 * file has, or how many were listed.  modal_destroy ends what is under way
 * without it: nothing is half on the volume then, but what was asked for last
 * may have been done.  What a sandbox that runs has not committed is not seen,
 * and what is put is seen by sandboxes that start later.
 */
#define MODAL_FILE_MAX (100u << 20) /* bytes of a file */
struct modal_file {
	const char *path; /* whole; as the server says, any bytes */
	enum { MODAL_FILE, MODAL_DIRECTORY, MODAL_LINK, MODAL_SPECIAL } kind;
	uint64_t size;
	int64_t changed; /* s since 1970; 0: not told */
};
typedef void (*modal_file_done)(void *user, uint64_t n, const struct err *);
/* All below path ("": of the volume), or path itself, sorted; a directory
 * ends with '/', and is told when nothing is in it. */
void modal_volume_files(struct modal *, const char *volume, const char *path,
    void (*item)(void *user, const struct modal_file *), modal_file_done,
    void *user);
/* fd, a regular file, is borrowed until the end and has nothing but the whole
 * file then; after an error it has anything.  Some blocks (8 MiB) are in
 * memory at a time, as with put.  A file that is larger than MODAL_FILE_MAX is
 * not read (ERR_LIMIT). */
void modal_volume_get(struct modal *, const char *volume, const char *path,
    int fd, modal_file_done, void *user);
/* The first n bytes of fd, which is borrowed until the end.  A file that is
 * there is replaced, at once and by all of it; directories are made.  When fd
 * gets shorter meanwhile, or other than it was when it was hashed, nothing is
 * put (ERR_UNAVAILABLE). */
void modal_volume_put(struct modal *, const char *volume, const char *path,
    int fd, uint64_t n, modal_file_done, void *user);
/* How far the get or put that was asked for last is: bytes of the file that
 * are over, of all; 0 of 0 until that is known, and of anything else. */
void modal_volume_progress(const struct modal *, uint64_t *done,
    uint64_t *all);
/* A directory (else ERR_INVALID) only when recursive. */
void modal_volume_remove(struct modal *, const char *volume, const char *path,
    bool recursive, modal_file_done, void *user);

/* What was kept of a run before this one is not used, but kept anew. */
void modal_ask_anew(struct modal *);

/* Is the account there and are we let in?  text: what is, one line. */
void modal_check(struct modal *, void (*done)(void *user, const char *text,
    const struct err *), void *user);

#endif
