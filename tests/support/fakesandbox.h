#ifndef SUPPORT_FAKESANDBOX_H
#define SUPPORT_FAKESANDBOX_H

/*
 * A sandbox in memory.  A pty is a shell that prompts with "$ ", echoes what
 * it is sent and ends at "exit\r"; a program is a function, run when its input
 * ends.  Answers come on later turns of the loop, in order, without any wait.
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
};

struct fake_plan { /* shared by all sandboxes of a test; outlives them */
	void (*program)(void *user, struct fake_run *);
	void *user;
	const char *fail;     /* the sandbox does not start, and why */
	const char *fail_put; /* a write fails with this */
	bool full;	      /* no room for input */
	unsigned created, destroyed, inputs;
};

struct sandbox *fake_sandbox(struct loop *, const struct fake_plan *,
    const struct sandbox_watch *, void *user);
/* As a program in the sandbox changes a file. */
void fake_write(struct sandbox *, const char *path, const char *text);
void fake_remove(struct sandbox *, const char *path);
/* NULL: no such file. */
const char *fake_read(struct sandbox *, const char *path);
/* Output of the open shell. */
void fake_say(struct sandbox *, const char *text);

#endif
