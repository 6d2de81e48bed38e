#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

/*
 * A place to run a candidate's programs: one interface, several providers
 * (local, fake; modal and docker to come).  Everything is asynchronous:
 * a call starts something, struct sandbox_watch reports it, on the loop's
 * thread, never from inside the call.  Streams have byte offsets so that a
 * provider over a network can resume them.  An exit status comes from the
 * provider and is never guessed from an end of file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

enum sandbox_state { SANDBOX_STARTING, SANDBOX_READY, SANDBOX_RETRYING,
	SANDBOX_FAILED, SANDBOX_STOPPED };
enum sandbox_stream { SANDBOX_STDOUT, SANDBOX_STDERR }; /* a pty: STDOUT */

struct sandbox_file { /* of the workspace; path relative, '/'-separated */
	char *path;
	char *data; /* NULL in a listing */
	uint64_t size;
	unsigned mode;
};

struct sandbox_exit {
	int status;	   /* exit status, or -signal */
	bool infra;	   /* the sandbox failed, not the program */
	bool timed_out;	   /* a bound on time was hit */
	bool memory_limit; /* the memory bound was hit */
	bool output_limit; /* more output than the spec allows */
	bool killed;	   /* by kill() or stop() */
	int64_t cpu_us, wall_us;
	int64_t memory_kb; /* peak resident */
	char why[400];	   /* of infra, or of a bound on all its processes */
};

enum fs_op { FS_LIST, FS_GET, FS_PUT, FS_REMOVE, FS_RENAME, FS_TREE };
struct fs_result {
	enum fs_op op;
	bool ok;
	struct err err;
	struct sandbox_file *files; /* LIST, TREE (with data), GET (one) */
	size_t nfiles;
	unsigned skipped; /* TREE: too many, too large, not regular */
	char *left_out;	  /* the first of them; NULL: there is none */
};

struct sandbox_watch {
	void (*state)(void *user, enum sandbox_state, const char *why);
	void (*output)(void *user, uint64_t exec, enum sandbox_stream,
	    uint64_t offset, const char *p, size_t n);
	void (*exited)(void *user, uint64_t exec, const struct sandbox_exit *);
	/* result is borrowed for the call. */
	void (*fs)(void *user, uint64_t request, const struct fs_result *);
	/* Something in the workspace changed (coalesced); list again. */
	void (*changed)(void *user);
};

#define SANDBOX_PATIENCE_US(asleep_ms) ((asleep_ms) * 4000 + 20000000)

struct exec_spec {
	const char *const *argv; /* NULL-terminated */
	bool pty;
	unsigned rows, cols;	 /* with pty */
	uint64_t dir;		 /* of dir(): works there; 0: the workspace */
	bool read_only;		 /* where it works is not writable */
	/* 0: none.  asleep_ms: in which none of its processes runs or waits
	 * for a processor.  After SANDBOX_PATIENCE_US it has had neither: that
	 * is infra. */
	int64_t cpu_ms, asleep_ms;
	int64_t memory_mb, file_mb;
	unsigned processes;
	size_t output_max;	 /* bytes kept per stream; 0: all.  Over it
				  * the program is killed */
};

struct attach_spec { /* a pty of an earlier process of ours */
	const char *handle;
	uint64_t out_offset; /* of the first byte of output that is wanted */
	unsigned rows, cols; /* it gets this size */
	bool begun; /* it is known to have run: else there may not even have
		     * been a sandbox for it */
	/* Once it is found, with the watch's user: how much input it has got
	 * in all; the next goes there.  Until then input is not taken, and
	 * when it is not found it has exited (infra). */
	void (*attached)(void *user, uint64_t exec, uint64_t in_offset);
};

struct sandbox_spec {
	const char *workspace; /* local: a directory; created when missing */
	const char *user;      /* name inside: "candidate" */
	/* For one test run: changes are not watched, and destroy removes the
	 * workspace. */
	bool judge;
	/* local: directories and files of this machine that no program may
	 * see, the hidden tests' above all.  NULL-terminated; NULL: none. */
	const char *const *mask;
};

struct sandbox_link { /* how it is with one over a network */
	int64_t rtt_us;	   /* round trip; -1: unknown */
	int64_t retry_us;  /* until the next try; -1: none is due */
	unsigned attempt;  /* which try; 0: online */
	unsigned attempts; /* after so many: offline */
	size_t pending;	   /* bytes typed, not yet in the sandbox */
	int64_t silent_us; /* so long the oldest of them waits for an answer;
			    * 0: none was sent */
	bool unsynced; /* saved in the sandbox, not yet on the volume */
	char sync_error[200];
	int64_t expires_us; /* until the sandbox ends; -1: unknown */
	bool no_other; /* another one would fail as this did; why says what
			* to do instead */
	bool anew; /* made now, out of what was on the volume */
};

struct sandbox;
struct sandbox_ops {
	const char *name;
	void (*start)(struct sandbox *);
	uint64_t (*exec)(struct sandbox *, const struct exec_spec *);
	/* Bytes at an offset of the stream; sent once and only once.  false:
	 * there is no room for them, none is taken. */
	bool (*input)(struct sandbox *, uint64_t exec, uint64_t offset,
	    const char *p, size_t n);
	void (*input_end)(struct sandbox *, uint64_t exec);
	void (*resize)(struct sandbox *, uint64_t exec, unsigned rows,
	    unsigned cols);
	void (*kill)(struct sandbox *, uint64_t exec);
	/* Back-pressure: no more output events until resumed. */
	void (*pause)(struct sandbox *, uint64_t exec, bool on);
	/* ECHO off and ICANON on: a password is being typed. */
	bool (*secret_input)(struct sandbox *, uint64_t exec);
	/* path for all but LIST and TREE; data for PUT (atomic: temporary
	 * file, then rename), to for RENAME.  GET: n is the most bytes that
	 * are wanted (0: all that the provider can), a longer file is not
	 * read: ERR_LIMIT.  Returns the request. */
	uint64_t (*fs)(struct sandbox *, enum fs_op, const char *path,
	    const char *to, const char *data, size_t n);
	void (*stop)(struct sandbox *);	   /* kills all; state STOPPED */
	void (*destroy)(struct sandbox *); /* also without stop */
	/* A directory of its own beside the workspace, with these files, for
	 * programs that are judged where the shell is.  exec may follow at
	 * once; where it cannot be made that fails (infra).  At drop it goes,
	 * with all that is in it.  Both NULL: every program has a sandbox of
	 * its own anyway. */
	uint64_t (*dir)(struct sandbox *, const struct sandbox_file *,
	    size_t n);
	void (*dir_drop)(struct sandbox *, uint64_t dir);
	/* NULL: on this machine. */
	void (*link)(struct sandbox *, struct sandbox_link *);
	/* Both NULL: programs end with the process that began them.  The
	 * handle is known from exec on and borrowed; see attach_spec. */
	const char *(*handle)(struct sandbox *, uint64_t exec);
	uint64_t (*attach)(struct sandbox *, const struct attach_spec *);
};

struct sandbox { /* embedded first in a provider */
	const struct sandbox_ops *ops;
	struct loop *loop;
	const struct sandbox_watch *watch;
	void *user;
};

/* This machine, through bubblewrap.  SIGPIPE is ignored from then on. */
struct sandbox *sandbox_local_create(struct loop *, const struct sandbox_spec *,
    const struct sandbox_watch *, void *user);

/* Runs the helper's sheet in a sandbox, blocking, and writes its lines
 * ("yes\ttext" or "NO\ttext") to fd; false: no sandbox, e has the remedy. */
bool sandbox_local_sheet(int fd, struct err *e);

#endif
