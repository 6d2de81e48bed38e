#ifndef SANDBOX_LOCAL_H
#define SANDBOX_LOCAL_H

/* Shared by the local-*.c files only. */

#include <limits.h>
#include <pthread.h>
#include <sys/types.h>

#include "base/buf.h"
#include "sandbox/fs.h"
#include "sandbox/sandbox.h"

/* ---- local-bwrap.c: the command line and its file descriptors ---- */

/* Numbers in the child, as init.c expects them. */
enum { CHILD_STATUS = 3, CHILD_STDIN, CHILD_STDOUT, CHILD_STDERR,
	CHILD_SECCOMP, CHILD_ETC };

struct bwrap {
	char **argv;
	size_t n, cap;
	int fds[16]; /* to be CHILD_SECCOMP and on; owned */
	size_t nfds;
};
/* Path of the program or of the helper; NULL: not there. */
const char *bwrap_path(void);
const char *bwrap_init_path(void);
/* Up to where the helper's own arguments follow.  The spec may be NULL.  tty:
 * path of the terminal to be /dev/console, where ttyname(3) finds it; NULL
 * none. */
bool bwrap_prepare(struct bwrap *, const char *workspace,
    const struct exec_spec *, const char *tty, const char *const *mask,
    struct err *);
void bwrap_arg(struct bwrap *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void bwrap_finish(struct bwrap *);
/* In the child after fork: puts the descriptors where they belong and
 * becomes bwrap.  status, io[3] and error are CHILD_STATUS..., 2. */
void bwrap_exec(const struct bwrap *, int status, const int io[3], int error)
    __attribute__((noreturn));

/* ---- local-files.c: a thread for the disk, and what changes there ---- */

struct files;
struct files *files_create(struct sandbox *, const char *workspace,
    bool watch);
/* Why there is no workspace, and every request fails; NULL: there is. */
const char *files_broken(const struct files *);
void files_destroy(struct files *);
uint64_t files_request(struct files *, enum fs_op, const char *path,
    const char *to, const char *data, size_t n);

/* ---- local-exec.c: one program ---- */

struct stream { /* output */
	int fd;
	struct loop_fd *source;
	uint64_t offset;
};

struct local;
struct exec {
	struct local *l;
	uint64_t id;
	bool pty, probe;
	pid_t pid;
	int pidfd, in, status, error;
	struct stream out[2];
	struct loop_fd *reap, *in_source, *status_source, *error_source;
	struct loop_timer *wall, *resized;
	unsigned rows, cols; /* as last asked */
	struct buf queue; /* input not yet written */
	uint64_t in_offset;
	bool in_end, paused, reaped, ready;
	size_t output_max;
	int64_t memory_mb, cpu_ms, asleep_ms;
	struct buf said, errors; /* by the helper; by bwrap */
	struct sandbox_exit x;
};

struct local {
	struct sandbox base;
	char *workspace;
	char **mask; /* NULL-terminated */
	bool judge, refused; /* nothing can be run here, why says it */
	enum sandbox_state state;
	char why[512];
	struct files *files;
	struct exec **execs;
	size_t nexecs, execs_cap;
	uint64_t next_id;
	struct loop_timer *tell; /* a state still to be told, or the probe */
};

struct exec *exec_start(struct local *, const struct exec_spec *, uint64_t id);
void exec_free(struct exec *); /* kills */
void exec_kill(struct exec *);
bool exec_input(struct exec *, uint64_t offset, const char *p, size_t n);
void exec_input_end(struct exec *);
void exec_pause(struct exec *, bool on);
void exec_resize(struct exec *, unsigned rows, unsigned cols);

/* ---- local.c ---- */
void local_state(struct local *, enum sandbox_state, const char *why);
/* Takes it off the list, tells, frees. */
void local_exec_done(struct local *, struct exec *);

#endif
