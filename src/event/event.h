#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

/*
 * The one schema of what happens in a session, and its codec.  An event is
 * one line of JSON, which raw bytes may follow; docs/EVENT-LOG.md is the
 * specification.  Strings and bytes of an event are borrowed: from the
 * emitter while it is being emitted, from the event_buf of a decoded line.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum event_type {
	EV_UNKNOWN, /* kept (raw) and skipped */
	EV_SESSION_START,
	EV_SESSION_RESUME,
	EV_SESSION_PAUSE,
	EV_SESSION_ALIVE, /* once a minute when there is nothing else */
	EV_SESSION_END,
	EV_QUESTION_START,
	EV_QUESTION_SUBMIT,
	EV_QUESTION_SKIP,
	EV_NOTE_ADD,
	EV_MARKER_ADD,
	EV_TERM_OPEN,
	EV_TERM_OUTPUT,
	EV_TERM_INPUT,
	EV_TERM_RESIZE,
	EV_TERM_EXIT,
	EV_CONN_STATE,
	EV_EDIT_CHANGE,
	EV_EDIT_CURSOR,
	EV_FILE_OPEN,	/* opened in the editor: carries the content; by the
			 * system: the one in view stays */
	EV_FILE_CREATE,
	EV_FILE_RENAME,
	EV_FILE_DELETE,
	EV_FILE_SAVED,
	EV_FILE_CONFLICT,
	EV_FILE_LIST,	/* the workspace's listing changed */
	EV_FILE_STATE,	/* edited, saving, failed: why (saved is FILE_SAVED) */
	EV_FILE_OPENING, /* asked for; with a why: it is not opened */
	EV_FILE_AHEAD,	/* content: keys for one that is asked for, as the
			 * editor writes them; by the system: given back */
	EV_TEST_RUN,
	EV_TEST_CASE,
	EV_TEST_DONE,
	EV_SNAPSHOT,
	EV_PASTE,
	EV_FOCUS_IN,
	EV_FOCUS_OUT,
	EV_IDLE_START,
	EV_IDLE_END,
	EV_DROPPED,
	EV_DISCONTINUITY,
	EV_TYPES
};

enum event_origin { ORIGIN_CANDIDATE, ORIGIN_INTERVIEWER, ORIGIN_SYSTEM };

/* Verdict names of the ICPC/Kattis problem package format. */
enum verdict {
	VERDICT_NONE,	/* waiting or running */
	VERDICT_AC,	/* accepted */
	VERDICT_WA,	/* wrong answer */
	VERDICT_TLE,	/* time limit exceeded */
	VERDICT_MLE,	/* memory limit exceeded */
	VERDICT_OLE,	/* output limit exceeded */
	VERDICT_RTE,	/* run-time error */
	VERDICT_CE,	/* compile error */
	VERDICT_JE,	/* judge error: ours or the infrastructure's */
	VERDICT_CANCELED,
	VERDICTS
};
const char *verdict_name(enum verdict);	 /* "accepted", "wrong answer" … */
const char *verdict_short(enum verdict); /* "AC", "WA" … */

enum conn { CONN_STARTING, CONN_ONLINE, CONN_RETRYING, CONN_OFFLINE,
	CONN_GONE };
enum file_state { FILE_EDITED, FILE_SAVING, FILE_SAVED, FILE_FAILED };

struct bytes {
	const char *p;
	size_t n;
};

struct event {
	uint64_t seq;	/* from 1, gapless */
	int64_t t;	/* microseconds since session.start */
	int64_t wall;	/* ms since the epoch; 0: not given */
	enum event_type type;
	enum event_origin origin;
	unsigned question; /* from 1; 0 outside any */
	/* Only on decode: the event as it stands in the record, without its
	 * last newline. */
	struct bytes raw;
	union {
		struct { /* start, resume, pause, end */
			const char *session, *host, *version, *sandbox;
			const char *why;
			unsigned questions; /* N of this session */
			int64_t duration;   /* s allowed; 0: no limit */
		} session;
		struct { /* start, submit, skip.  statement is Markdown. */
			const char *name, *title, *statement, *language;
			int64_t time_limit_ms, memory_limit_mb;
		} question;
		struct { const char *text; } note; /* note and marker */
		struct { /* open, resize, exit */
			uint64_t term;
			unsigned rows, cols;
			int status; /* exit status, or 128 + signal */
			const char *why;
			/* open: the provider's name for the program, by
			 * which a later viva finds it; no secret */
			const char *handle;
		} term;
		struct { /* output, input; offset in that stream */
			uint64_t term, offset;
			struct bytes data;
			uint64_t hidden; /* input typed at a password prompt:
					  * its length; data is empty */
		} io;
		struct {
			enum conn state;
			unsigned attempt, attempts;
			const char *why;
			const char *provider;
		} conn;
		struct { /* edit.change: bytes */
			const char *path;
			uint64_t offset, deleted;
			struct bytes inserted;
			const char *kind; /* type paste undo redo cut … */
		} edit;
		struct { /* edit.cursor: byte offsets; anchor == offset: no
			  * selection; top is the first visible line, from 0 */
			const char *path;
			uint64_t offset, anchor, top;
		} cursor;
		struct { /* every file.*; content with open and conflict */
			const char *path, *to, *why, *hash;
			struct bytes content;
			enum file_state state;
			uint64_t size;
			/* of file.list: lines "size\tpath"; of a path with a
			 * newline "size path", where it is \n and \ is \\ */
			const char *list;
		} file;
		struct { /* test.run/case/done; case numbers from 1 */
			uint64_t run;
			unsigned number, total, passed;
			const char *name;
			bool hidden, submit;
			enum verdict verdict;
			int64_t time_us, memory_kb;
			const char *why;
			/* case, where there are two of them: the
			 * sandbox it ran in, "session" or "judge" */
			const char *where;
			/* samples only; hidden cases have none of them */
			struct bytes input, expected, output, errors;
		} test;
		struct {
			const char *tree, *commit, *why;
			uint64_t number;
		} snap;
		struct { uint64_t size; const char *hash, *where; } paste;
		struct { uint64_t bytes; const char *why; } dropped;
	} u;
};

const char *event_type_name(enum event_type);	 /* "term.output" */
enum event_type event_type_find(const char *name); /* EV_UNKNOWN */

/* Appends the event with its newline: one line, and behind it what is too
 * large to be worth escaping, as it is.  prev is the hash of the event before
 * (64 hex digits; zeros before the first). */
#define EVENT_RAW_MIN 1024 /* of the shell's output, to be left as it is */
void event_encode(const struct event *, const char *prev, struct buf *out);

/* Copies the event to where there is room for event_packed_size bytes, for
 * another thread to encode: cheaper by far, for this process alone, and
 * without raw.  event_unpack takes the first of such off p, borrowed from
 * there.  Both return what follows it. */
size_t event_packed_size(const struct event *);
char *event_pack(const struct event *, char *to);
const char *event_unpack(const char *p, struct event *out);

/* Memory of a decoded event; zero-initialise, reuse, event_buf_free. */
struct event_buf {
	struct buf text;
	void *json;
	char prev[65];
	struct bytes raw; /* borrowed, as the event is */
	struct buf scratch;
};
/* Decodes one event (last newline optional).  Bounded: EVENT_MAX bytes.
 * Errors say what is wrong with the event, not where it is. */
#define EVENT_MAX (16u << 20)
bool event_decode(const char *p, size_t n, struct event_buf *,
    struct event *out, struct err *) WARN_UNUSED;
void event_buf_free(struct event_buf *);

/* SHA-256 of an event without its last newline, as 64 hex digits and a
 * NUL. */
void event_hash(const char *p, size_t n, char out[65]);

/* ---- the one place that finds events in a record ---- */

enum event_split {
	EVENT_WHOLE,
	EVENT_CUT, /* it goes on behind the n bytes, or there is none */
	EVENT_BAD  /* nobody writes such a line: e says what is wrong */
};
/* The event that begins at p: *len is its length, with its last newline.  CUT:
 * how much of it is known to be missing is *len - n, where *len is not 0. */
enum event_split event_split(const char *p, size_t n, size_t *len,
    struct err *);
/* How many raw bytes follow this line (n: without its newline), often 0. */
bool event_raw_size(const char *line, size_t n, size_t *raw, struct err *)
    WARN_UNUSED;

/* A file's events one after the other, with a bounded part of it in memory.
 * Zero-initialise, set fd (which stays the caller's), event_reader_free. */
struct event_reader {
	int fd;
	size_t lines;	/* before the event read last, raw bytes' too */
	uint64_t bytes; /* the same */
	struct buf data;
	size_t at, taken;
};
/* WHOLE: *p has the *n bytes of the next event, until the next call.  CUT: the
 * end of the file; what is beyond r->bytes is torn.  BAD: damage, or reading
 * failed. */
enum event_split event_next(struct event_reader *, const char **p, size_t *n,
    struct err *);
/* Nothing follows the line that the event read last begins with, or the one
 * that was BAD.  It reads on: the event is gone, and so are those after it. */
bool event_is_last_line(struct event_reader *);
void event_reader_free(struct event_reader *);

#endif
