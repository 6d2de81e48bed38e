#ifndef SUPPORT_FAKESANDBOX_H
#define SUPPORT_FAKESANDBOX_H

/*
 * A sandbox in memory.  A pty is a shell that prompts with "$ ", echoes what
 * it is sent and ends at "exit\r"; a program is a function, run when its input
 * ends.  Answers come on later turns of the loop, in order, without any wait.
 * Where the plan says so the shell outlives its sandbox, as it does over a
 * network.
 */

#include "base/buf.h"
#include "sandbox/sandbox.h"

struct fake_run { /* one program, for the test's function to play */
	const char *const *argv;
	const struct buf *input;
	const char *(*file)(struct fake_run *, const char *path);
	struct buf out, err;
	struct sandbox_exit exit;
	bool hang; /* runs until it is killed */
	struct sandbox *sandbox;
	uint64_t dir;
};

struct fake_plan { /* shared by all sandboxes of a test; outlives them */
	void (*program)(void *user, struct fake_run *);
	void *user;
	const char *fail;     /* the sandbox does not start, and why */
	const char *fail_put; /* a write fails with this */
	unsigned skips;	      /* so many files are not in a tree */
	bool full;	      /* no room for input */
	bool secret;	      /* a password is being typed */
	bool mute;	      /* files: no answer ever comes */
	bool mute_puts;	      /* nor to a write */
	uint64_t given;	      /* bytes of files, by GET */
	const char *keep;     /* what is asked of a file whose name begins so
			       * is answered by fake_answer */
	unsigned created, destroyed, inputs;
	unsigned rows, cols;  /* of the last shell */
	void (*gone)(void *user, struct sandbox *); /* one is destroyed */
	/* Over a network. */
	bool link, anew, unsynced;
	unsigned dirs; /* that are there */
	bool held; /* a new one answers only from fake_release on */
	struct sandbox *newest;
	int64_t ends; /* the loop's time; 0: unknown */
	unsigned attempt, attempts; /* the way is broken */
	bool keeps;   /* shells outlive their sandbox */
	bool lost;    /* they did not, this time */
	bool begun;   /* as the last attach said it */
	bool slow;    /* found only with fake_found */
	unsigned shells;
	struct buf in, out; /* of the last shell, from its start */
};
void fake_plan_free(struct fake_plan *);

struct sandbox *fake_sandbox(struct loop *, const struct fake_plan *,
    const struct sandbox_watch *, void *user);
/* As a program in the sandbox changes a file. */
void fake_write(struct sandbox *, const char *path, const char *text);
void fake_remove(struct sandbox *, const char *path);
/* The first question about it that is kept (NULL: about any); false: none. */
bool fake_answer(struct sandbox *, const char *path);
/* NULL: no such file. */
const char *fake_read(struct sandbox *, const char *path);
/* The shell of an earlier sandbox is found. */
void fake_found(struct sandbox *);
/* It ends by itself, with all that runs in it. */
void fake_fail(struct sandbox *, const char *why);
/* What watches its newest program is ended, with it. */
void fake_lose(struct sandbox *);
void fake_release(struct sandbox *);
/* Output of the open shell. */
void fake_say(struct sandbox *, const char *text);

#endif
