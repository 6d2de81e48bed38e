#ifndef SESSION_TESTRUN_H
#define SESSION_TESTRUN_H

/*
 * One run of a question's cases in a judge sandbox of its own.  Inputs are
 * streamed to it; expected answers and the comparison stay here.  A fault of
 * the sandbox is a judge error, never the candidate's.  (Or in a web function
 * of the user's own, where that is set.)
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
	struct testweb *web; /* runs it instead; NULL: none */
};

struct testrun *testrun_start(struct loop *, const struct testrun_spec *,
    const struct testrun_watch *, void *user);
void testrun_cancel(struct testrun *);
void testrun_free(struct testrun *);

/* What may be told of a case before it has run: of a hidden one its number.
 * name is where it has room for its name. */
struct testrun_case testrun_case_at(const struct problem *, size_t at,
    char *name, size_t n);
struct bytes testrun_shown(const char *p, size_t n); /* what is recorded */

#endif
