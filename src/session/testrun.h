#ifndef SESSION_TESTRUN_H
#define SESSION_TESTRUN_H

/*
 * One run of a question's cases in a judge sandbox of its own; the samples, if
 * there is one that they may run in, in the session's, which is there already.
 * Inputs are streamed to them, hidden ones to the judge's only; expected
 * answers and the comparison stay here.  A fault of the judge's is a judge
 * error, never the candidate's; after one of the session's, whose user can do
 * anything there, the judge's does the rest.  (Or all in a web function of the
 * user's own, where that is set.)
 */

#include "event/event.h"
#include "problem/language.h"
#include "problem/problem.h"
#include "sandbox/sandbox.h"

struct testrun;

struct testrun_case { /* borrowed for the call */
	unsigned number;
	const char *name, *why;
	const char *where; /* NULL: there is one sandbox only */
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
	/* The samples go on in the judge's sandbox; may be NULL. */
	void (*moved)(void *user, const char *why);
	/* Once: the judge's sandbox is not reached at once; may be NULL. */
	void (*waits)(void *user, const char *why);
};

/* What runs cases in place of a judge sandbox (testrun-web.h).  By pointers:
 * it brings libcurl along, which viva does without where it can. */
struct testweb;
struct testrun_web;
struct testrun_spec;
struct testweb_ops {
	struct testrun_web *(*start)(struct testweb *,
	    const struct testrun_spec *, const struct testrun_watch *,
	    void *user);
	void (*cancel)(struct testrun_web *); /* done, as testrun_cancel */
	void (*free)(struct testrun_web *);
};
struct testweb { /* embedded first */
	const struct testweb_ops *ops;
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
	/* Where samples run, and what it tells of programs that it does not
	 * know is given to testrun_output and testrun_exited.  NULL: they run
	 * in the judge's. */
	struct sandbox *session;
	struct testweb *web; /* runs it instead; NULL: none */
};

struct testrun *testrun_start(struct loop *, const struct testrun_spec *,
    const struct testrun_watch *, void *user);
void testrun_cancel(struct testrun *);
void testrun_free(struct testrun *);
void testrun_output(struct testrun *, uint64_t exec, enum sandbox_stream,
    const char *p, size_t n);
void testrun_exited(struct testrun *, uint64_t exec,
    const struct sandbox_exit *);
/* It has ended or is about to be destroyed; also when it is not used. */
void testrun_session_gone(struct testrun *, const char *why);

/* What may be told of a case before it has run: of a hidden one its number.
 * name is where it has room for its name. */
struct testrun_case testrun_case_at(const struct problem *, size_t at,
    char *name, size_t n);
/* What is recorded of a text; one byte more than MAX: it was longer. */
#define TESTRUN_SHOWN_MAX (64u << 10)
struct bytes testrun_shown(const char *p, size_t n);

#endif
