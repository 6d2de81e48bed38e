#ifndef SESSION_TESTRUN_H
#define SESSION_TESTRUN_H

/*
 * One run of a question's cases in a judge sandbox of its own.  Inputs are
 * streamed to it; expected answers and the comparison stay here.  A fault of
 * the sandbox is a judge error, never the candidate's.
 */

#include "event/event.h"
#include "problem/language.h"
#include "problem/problem.h"
#include "sandbox/sandbox.h"

struct testrun;

struct testrun_case { /* borrowed for the call */
	unsigned number;
	const char *name, *why;
	bool hidden;
	enum verdict verdict; /* VERDICT_NONE: it has begun */
	int64_t time_us, memory_kb;
	struct bytes input, expected, output, errors; /* samples only */
};

struct testrun_watch {
	void (*case_started)(void *user, const struct testrun_case *);
	void (*case_done)(void *user, const struct testrun_case *);
	/* Called once, last; at a cancel from inside that call. */
	void (*done)(void *user, enum verdict, unsigned passed,
	    unsigned total, const char *why);
};

struct testrun_spec {
	const struct problem *problem;
	const struct language *language;
	const struct sandbox_file *files; /* the submission; copied */
	size_t nfiles;
	bool include_hidden;
	struct sandbox *(*judge)(void *user, struct loop *,
	    const struct sandbox_watch *, void *watch_user);
	void *judge_user;
};

struct testrun *testrun_start(struct loop *, const struct testrun_spec *,
    const struct testrun_watch *, void *user);
void testrun_cancel(struct testrun *);
void testrun_free(struct testrun *);

#endif
