#ifndef CLI_PROVIDER_H
#define CLI_PROVIDER_H

/*
 * Where the sandboxes of a session come from, by name.
 *
 * What speaks to Modal is a program of its own, viva-modal, with all of viva
 * in it: libcurl brings two dozen libraries along, and loading them would be
 * most of the time that an offline session takes to start.  viva becomes that
 * program (execv) when it is needed.
 */

#include "sandbox/sandbox.h"

struct modal;
struct provider { /* embedded first in one */
	const char *name;
	struct loop *loop;
	/* As core_spec.sandbox. */
	struct sandbox *(*sandbox)(struct provider *,
	    const struct sandbox_spec *, const struct sandbox_watch *,
	    void *user);
	/* Turns the loop until sandboxes far away have been sent off, for a
	 * while.  False: some were not, and what that means is printed. */
	bool (*close)(struct provider *);
	/* Prints where the files of a session are; NULL: in its directory. */
	void (*files)(struct provider *, const char *session);
	/* What runs the tests in place of a sandbox (MODAL_EXECUTE_URL);
	 * NULL: it is not set. */
	struct testweb *web;
};

/* "local" or "modal".  NULL: e says what is missing and what to do. */
struct provider *provider_open(const char *name, struct loop *, struct err *)
    WARN_UNUSED;

/* ---- provider-modal.c in viva-modal, provider-exec.c in viva ---- */
struct provider *provider_open_modal(struct loop *, struct err *) WARN_UNUSED;
/* Of provider_open_modal's. */
struct modal *provider_modal(struct provider *);
/* What is not well with its settings; "": nothing. */
const char *provider_warning(struct provider *);
/* Asks the account whether we are let in, and prints the answer as a row. */
bool provider_check(struct provider *, void (*row)(const char *state,
    const char *text));
/* Says on stderr who is waited for, if that takes more than a moment; until
 * provider_waited, or close. */
void provider_wait(struct provider *);
void provider_waited(struct provider *);
/* Goes on as viva-modal, from main; returns in it, and where it is not
 * installed. */
void provider_need_modal(char **argv);

#endif
