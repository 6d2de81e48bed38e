#ifndef SESSION_RECORD_H
#define SESSION_RECORD_H

/* What a live session writes: its journal and its checkpoints in git.  Thin:
 * the work is store/journal's and store/gitstore's, on their threads. */

#include "event/event.h"
#include "loop/loop.h"
#include "sandbox/sandbox.h"
#include "session/state.h"

struct record;

/* dir holds journal.jsonl; repo is a bare repository, created when missing;
 * NULL: no checkpoints. */
struct record *record_open(struct loop *, const char *dir, const char *repo,
    const char *session, struct err *) WARN_UNUSED;
/* Waits for what is queued to be on disk (bounded to 5 s), then closes.  The
 * loop must not turn again after it. */
void record_close(struct record *);

/* What it holds already, see journal_read; then the number of its last
 * checkpoint. */
bool record_read(struct record *, void (*fn)(void *user,
    const struct event *), void *user, struct err *) WARN_UNUSED;
void record_continue(struct record *, unsigned number);
void record_append(struct record *, const struct event *);
/* Asks for an fsync now. */
void record_sync(struct record *);
size_t record_backlog(const struct record *); /* bytes not yet written */
bool record_is_full(const struct record *); /* see journal_is_full */
/* The journal is not being kept; e gets the reason (may be NULL). */
bool record_failed(const struct record *, struct err *e);

/* One commit: the events since the last one, the workspace (where files are
 * not ok, as the last one had it), the results.
 * done is called once on the loop's thread; commit is "" on failure. */
typedef void (*record_done_fn)(void *user, unsigned number, const char *commit,
    const struct err *);
void record_checkpoint(struct record *, const struct state *,
    const char *subject, const struct fs_result *files, int64_t wall_ms,
    record_done_fn done, void *user);

#endif
