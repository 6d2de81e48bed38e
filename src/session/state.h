#ifndef SESSION_STATE_H
#define SESSION_STATE_H

/*
 * The state of a session: a pure fold over its events.  state_apply is the
 * only way it changes, live and in replay, so state_save of both is equal
 * byte for byte.
 */

#include "base/buf.h"
#include "event/event.h"
#include "text/text.h"
#include "vt/vt.h"

struct state_file { /* a file open in the editor */
	char *path;
	struct text *text;
	uint64_t cursor, anchor, top;
	enum file_state save;
	char *why;	     /* of FILE_FAILED */
	int64_t saved_t;     /* when it was last saved; -1 never */
	bool conflict;	     /* changed elsewhere since */
};

struct state_entry { /* a file of the workspace */
	char *path;
	uint64_t size;
};

struct state_case {
	char *name;
	unsigned number;
	bool hidden;
	enum verdict verdict;
	int64_t time_us, memory_kb;
	char *why, *where;
	struct buf input, expected, output, errors; /* samples only */
};

struct state_run {
	uint64_t number;
	bool submit, done;
	unsigned total, passed;
	unsigned question;
	int64_t t, time_us;
	char *why; /* of a compile or judge error */
	enum verdict verdict;
	struct state_case *cases;
	size_t ncases, cases_cap;
};

struct state_mark { /* for the time line */
	int64_t t;
	enum event_type type;
	char *text;
};

struct state {
	uint64_t seq;
	int64_t t;
	char *session, *host, *sandbox;
	unsigned question, questions;
	int64_t duration; /* s; 0: none */
	bool ended;
	char *end_why;
	char *name, *title, *statement, *language;
	int64_t time_limit_ms, memory_limit_mb;
	unsigned submitted; /* questions submitted */
	unsigned submitted_last; /* the last one; it may be submitted again */

	struct vt *vt;
	uint64_t term; /* number of the open terminal; 0: none */
	bool term_exited;
	int term_status;
	enum conn conn;
	unsigned conn_attempt, conn_attempts;
	char *conn_why;
	bool focus_out;
	uint64_t dropped;

	struct state_file *files; /* open, in order of opening */
	size_t nfiles, files_cap;
	int current; /* index of the file being edited; -1 none */
	char *opening; /* asked for, and to be that one; NULL: none */
	struct state_entry *entries;
	size_t nentries;

	struct state_run *runs;
	size_t nruns, runs_cap;
	struct state_mark *marks;
	size_t nmarks, marks_cap;
};

/* scrollback: lines kept by the terminal. */
struct state *state_create(size_t scrollback);
void state_destroy(struct state *);
void state_apply(struct state *, const struct event *);
struct state_file *state_file(const struct state *, const char *path);
const struct state_run *state_last_run(const struct state *);

/* Canonical bytes of everything above. */
void state_save(const struct state *, struct buf *out);

/* Keyframes, for seeks within this process: vt_snapshot and the rest. */
struct keyframe;
struct keyframe *state_keyframe(const struct state *);
void state_restore(struct state *, const struct keyframe *);
void keyframe_free(struct keyframe *);
size_t keyframe_size(const struct keyframe *);

#endif
