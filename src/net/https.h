#ifndef NET_HTTPS_H
#define NET_HTTPS_H

/*
 * Plain HTTPS requests on the event loop, over libcurl: one request, one
 * answer, kept whole.  URLs may be secrets (presigned ones are): they are in
 * no message.  Nothing is retried here.
 *
 * Everything runs on the loop's thread and nothing waits.  Callbacks are never
 * made from inside the call that asked for them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

struct https;
/* ca_file: PEM; NULL: the system's. */
struct https *https_create(struct loop *, const char *ca_file, struct err *)
    WARN_UNUSED;
void https_destroy(struct https *); /* cancels all; NULL is fine */
/* Could a request go there? */
bool https_url_ok(const char *url, struct err *);

enum https_method { HTTPS_GET, HTTPS_PUT, HTTPS_POST };
struct https_request {
	enum https_method method;
	const char *url; /* copied.  http:// only to this machine */
	const char *const *headers; /* "name: value"; copied, wiped later */
	size_t nheaders;
	const char *body; /* of PUT and POST; borrowed until the end */
	size_t n;
	/* Most bytes of the answer's body, and where they go: into is
	 * borrowed until the end; NULL: memory of its own. */
	size_t max;
	char *into;
	int64_t deadline_us; /* of it all; 0: none */
	int64_t attempt_us;  /* of each hop; 0: none */
	int64_t stall_us;    /* so long without a byte; 0: for ever */
	/* So many answers of 303 (See Other) are followed, with GET and the
	 * same headers, and only to the same server; no others ever are. */
	unsigned redirects;
};

struct https_answer { /* borrowed for the call */
	bool failed;   /* there is no answer: why says what is */
	bool hopeless; /* the same would happen again */
	int status;    /* of HTTP */
	const char *body; /* NUL-terminated unless it went into */
	size_t n;
	const char *type; /* content-type, or "" */
	char why[256];	  /* without secrets */
};

typedef void (*https_done)(void *user, const struct https_answer *);
struct https_call; /* dead after done or cancel */
struct https_call *https_start(struct https *, const struct https_request *,
    https_done, void *user);
void https_cancel(struct https_call *); /* no done comes; NULL is fine */
/* Bytes of the answer that are here; with PUT and POST, of the request's body
 * that are gone. */
size_t https_moved(const struct https_call *);

#endif
