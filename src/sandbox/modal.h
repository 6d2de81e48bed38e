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
/* Running sandboxes of viva's app; volumes whose names have its prefix. */
void modal_list_sandboxes(struct modal *, const struct modal_list_watch *,
    void *user);
void modal_list_volumes(struct modal *, const struct modal_list_watch *,
    void *user);
void modal_end_sandbox(struct modal *, const char *id,
    void (*done)(void *user, const struct err *), void *user);
void modal_delete_volume(struct modal *, const char *id,
    void (*done)(void *user, const struct err *), void *user);

/* What was kept of a run before this one is not used, but kept anew. */
void modal_ask_anew(struct modal *);

/* Is the account there and are we let in?  text: what is, one line. */
void modal_check(struct modal *, void (*done)(void *user, const char *text,
    const struct err *), void *user);

#endif
