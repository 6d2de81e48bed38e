#ifndef STORE_GITSTORE_H
#define STORE_GITSTORE_H

/*
 * Checkpoints of sessions in a bare git repository: one ref per session
 * (refs/sessions/ID), one commit per checkpoint.  The tree of a commit:
 *
 *	session.json, tests/run-003.txt    what the caller gives as entries
 *	events/000001.jsonl ...            one segment per checkpoint; none
 *	                                   without new events, more when long
 *	workspace/...                      as it was
 *
 * A thread of its own does the work; objects go into one pack per checkpoint
 * (never loose), which is on disk before the ref moves.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

struct gitstore;

/* Brings what it needs into memory, in a thread of its own: what comes first
 * then need not wait for that. */
void gitstore_warm(void);

/* Creates the repository when it is missing.  Without an err (NULL) it does
 * not wait for that, and a checkpoint tells what is wrong. */
struct gitstore *gitstore_open(const char *path, struct loop *, struct err *)
    WARN_UNUSED;
/* Waits at most wait_us for what is queued, then drops it; a checkpoint that
 * is being written is always finished.  A done function that has not run
 * before this call never will.  On the loop's thread; NULL is fine. */
void gitstore_close(struct gitstore *, int64_t wait_us);

struct gitstore_entry {
	const char *path; /* '/'-separated */
	const char *data;
	size_t size;
};

struct gitstore_checkpoint {
	const char *session; /* a valid part of a ref name */
	const char *subject; /* of the commit */
	int64_t wall_ms;     /* its time */
	/* Journal file: its whole events that no earlier segment of the session
	 * holds become the next segment.  Read by the thread, to this length:
	 * what is on disk.  0: to the one it has by then. */
	const char *journal;
	uint64_t journal_bytes;
	/* Replaces workspace/ as a whole; NULL: it stays as it was.  Paths
	 * that git cannot hold (empty, absolute, "..", ".git" in any spelling,
	 * control characters, over 4096 bytes or 256 parts) and what clashes
	 * with an earlier path are left out, and counted in the commit's
	 * message. */
	const struct gitstore_entry *workspace;
	size_t nworkspace;
	/* Added or replaced; the rest of the tree stays as it was.  Nothing in
	 * events/ or workspace/. */
	const struct gitstore_entry *entries;
	size_t nentries;
};

/* commit is its hash, "" on failure (then err says why). */
typedef void (*gitstore_done)(void *user, const char *commit,
    const struct err *);
/* Copies everything; done runs once on the loop's thread. */
void gitstore_commit(struct gitstore *, const struct gitstore_checkpoint *,
    gitstore_done done, void *user);

/* ---- reading; blocking, for programs without a live session ----
 * ERR_NOT_FOUND: no repository, or no such session; ERR_INVALID: an id that
 * no session can have. */

struct gitstore_session {
	const char *id;
	const char *subject;	 /* of the last checkpoint */
	int64_t wall_ms;	 /* of the last checkpoint; whole seconds */
	unsigned checkpoints;
	const char *info;	 /* session.json, "" none */
};
typedef void (*gitstore_session_fn)(void *user,
    const struct gitstore_session *);
/* All sessions, in order of their ids.  A damaged one is left out, and makes
 * the answer false once the others were given. */
bool gitstore_list(const char *path, gitstore_session_fn, void *user,
    struct err *);
/* Checkpoints of one session, oldest first, as session values with that
 * checkpoint's subject, time and info; id is the commit's hash, checkpoints
 * its number. */
bool gitstore_log(const char *path, const char *session, gitstore_session_fn,
    void *user, struct err *);
/* Joins the session's event segments into the file `to` (created, 0600; one
 * that is there is replaced).  No part of it stays after an error. */
bool gitstore_events(const char *path, const char *session, const char *to,
    struct err *);

#endif
