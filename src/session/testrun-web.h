#ifndef SESSION_TESTRUN_WEB_H
#define SESSION_TESTRUN_WEB_H

/*
 * A test run by a web function that a team has deployed (MODAL_EXECUTE_URL):
 * one POST with the program and the cases, one answer with what became of
 * them.  Unlike a judge sandbox the function gets the expected answers of
 * hidden cases too, and compares by itself: it has to be as trustworthy as
 * the core, and the problem's own validator is not used.  It gets the main
 * file only.
 *
 * Whatever goes wrong on the way, or makes no sense, is a judge error.
 */

#include "session/testrun.h"

struct testweb_spec {
	const char *url;
	const char *key, *secret; /* of Modal-Key, Modal-Secret; "": none */
	const char *ca_file;	  /* PEM; NULL: the system's */
};
/* The function, for testrun_spec.web. */
struct testweb *testweb_create(struct loop *, const struct testweb_spec *,
    struct err *) WARN_UNUSED;
void testweb_destroy(struct testweb *); /* after its runs; NULL is fine */

/* ---- the answer ---- */

struct testweb_result {
	bool had, passed;
	char *output, *error; /* NULL: none */
	int64_t time_us;
};
/* One result for each name, in this order; whatever order they came in.
 * false: e says what is wrong.  Free what results have in both cases. */
bool testweb_parse(const char *p, size_t n, const char *const *names,
    size_t nnames, struct testweb_result *, struct err *e);

#endif
