#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

/*
 * The journal of a live session: one file of events, appended by a thread of
 * its own.  journal_append copies the event and returns; the thread encodes,
 * chains, writes, and syncs at the latest JOURNAL_SYNC_MS after the first
 * byte that is not yet on disk, in a flood's first pause when that is sooner,
 * or at once when asked.  A disk that is too slow for what comes is later,
 * until journal_is_full has held that back.  When writing fails the events
 * wait in memory and it is tried again every second.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "event/event.h"
#include "loop/loop.h"

#define JOURNAL_SYNC_MS 250
#define JOURNAL_CLOSE_MS 5000

/* The system calls, so that tests can make them fail. */
struct journal_io {
	ssize_t (*write)(struct journal_io *, int fd, const void *, size_t,
	    off_t);
	int (*sync)(struct journal_io *, int fd);
};
struct journal_io *journal_io_system(void);

struct journal;

/* Creates the file (0600) or goes on at its end after journal_recover.  One
 * writer at a time: a second is refused.  loop gets the completions. */
struct journal *journal_open(const char *path, struct loop *,
    struct journal_io *, struct err *) WARN_UNUSED;
/* Writes and syncs what is queued, trying for JOURNAL_CLOSE_MS at most, then
 * closes.  false: events were lost, e says why. */
bool journal_close(struct journal *, struct err *e);

void journal_append(struct journal *, const struct event *);
/* done runs on the loop's thread once all appended so far is on disk. */
void journal_sync(struct journal *, loop_fn done, void *user);
/* Bytes queued and not yet written. */
size_t journal_backlog(struct journal *);
/* More would be on disk too late: who makes much should wait. */
bool journal_is_full(struct journal *);
/* How much of the file is on disk: whole events. */
uint64_t journal_on_disk(struct journal *);
/* true while writing fails; e (may be NULL) gets the reason. */
bool journal_failed(struct journal *, struct err *e);

/* A viva writes it now: it ends where that one is, and what is torn there is
 * not lost.  Who reads asks before and after. */
bool journal_is_open(const char *path);

struct journal_end {
	uint64_t seq;	/* of the last whole event; 0: none */
	int64_t t;	/* its time */
	char hash[65];	/* of its line; zeros: none */
	uint64_t bytes; /* length of the valid prefix */
	uint64_t torn;	/* bytes beyond it */
};
/* Calls fn (may be NULL) for each event of the valid prefix; the event is
 * borrowed for the call.  A torn tail is passed over; damage before the last
 * line is an error that names the line. */
bool journal_read(const char *path, void (*fn)(void *user,
    const struct event *), void *user, struct journal_end *, struct err *)
    WARN_UNUSED;
/* Checks a journal from the start and cuts a torn tail off; nothing is cut
 * of a damaged one. */
bool journal_recover(const char *path, struct journal_end *, struct err *)
    WARN_UNUSED;

#endif
