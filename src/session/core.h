#ifndef SESSION_CORE_H
#define SESSION_CORE_H

/*
 * The session core: owns the sandbox, the record and the clock of one live
 * session.  Takes commands, emits events, draws nothing.  All of it runs on
 * the loop's thread; disk and git work is done by the store's threads.
 */

#include "loop/loop.h"
#include "problem/problem.h"
#include "sandbox/sandbox.h"
#include "session/command.h"
#include "session/state.h"

struct core;

struct core_spec {
	struct loop *loop;
	const char *id;		 /* session id, a valid ref name part */
	const char *dir;	 /* of the session: journal, workspaces */
	const char *records;	 /* bare git repository; NULL: none */
	const struct problem *const *problems; /* outlive the core */
	size_t nproblems;
	const char *language;	 /* name in the table of languages */
	int64_t duration;	 /* s; 0: no limit */
	size_t scrollback;	 /* lines */
	bool resume;		 /* goes on where the journal in dir ends;
				  * language and duration are its own */
	bool record;		 /* false: no journal (for benchmarks) */
	uint64_t record_max;	 /* bytes of the shell's output that are
				  * recorded; 0: 2 GiB */
	const char *const *mask; /* see sandbox.h; outlives the core */
	const char *provider;	 /* the name of what sandbox makes */
	struct testweb *web;	 /* runs the tests; NULL: a judge sandbox */
	struct sandbox *(*sandbox)(void *user, struct loop *,
	    const struct sandbox_spec *, const struct sandbox_watch *,
	    void *watch_user);
	/* After the state has the event. */
	void (*event)(void *user, const struct event *);
	/* A program in the shell copied something (OSC 52); may be NULL. */
	void (*clipboard)(void *user, const char *p, size_t n);
	/* Something to tell the person, one line. */
	void (*notice)(void *user, const char *text);
	/* The session has ended and all that could be kept is kept.  why: ""
	 * or what could not be kept, and where it is then: a whole line. */
	void (*ended)(void *user, const char *why);
	void *user;
};

/* Opens the record and emits session.start and question.start, or
 * session.resume; the sandbox starts at once. */
struct core *core_create(const struct core_spec *, struct err *) WARN_UNUSED;
void core_destroy(struct core *);
const struct state *core_state(const struct core *);
void core_command(struct core *, const struct command *);
/* false: there is no network between us and the sandbox. */
bool core_link(const struct core *, struct sandbox_link *);
/* One word for the status line; *failed: the record is not being kept, and
 * the text says why. */
const char *core_record_state(struct core *, bool *failed);

#endif
