#ifndef NET_WIRE_H
#define NET_WIRE_H

/*
 * What gRPC needs of HTTP/2: one exchange is one POST and its answer.
 * libcurl is one such wire; tests have another.
 */

#include "net/grpc.h"

struct wire_exchange;

struct wire_request {
	const char *path;
	const char *const *headers; /* "name: value"; copied, then wiped */
	size_t nheaders;
	const char *body; /* borrowed until the exchange is over */
	size_t n;
};

struct wire_end {
	bool failed;
	bool hopeless;	 /* the same would happen again */
	bool fresh;	 /* it made the connection, or waited for that */
	int64_t took_us; /* from the request to the end of the answer */
	char why[256];
};

/* line and data are called from inside the wire and may not call it; data
 * returns false to break the exchange off.  end comes once, last, and never
 * from inside start or stop. */
struct wire_sink {
	void (*line)(void *user, const char *p, size_t n);
	bool (*data)(void *user, const char *p, size_t n);
	void (*end)(void *user, const struct wire_end *);
};

struct wire {
	struct wire_exchange *(*start)(struct wire *,
	    const struct wire_request *, const struct wire_sink *,
	    void *user);
	/* No end comes.  suspect: it was given up because no answer came, so
	 * the next exchange is better off on another connection.  Returns
	 * whether the request had been sent. */
	bool (*stop)(struct wire_exchange *, bool suspect);
	void (*destroy)(struct wire *);
};

struct wire *wire_curl(struct loop *, const struct grpc_spec *,
    struct err *) WARN_UNUSED;
/* As grpc_create, on a wire that it owns from then on. */
struct grpc *grpc_create_on(struct loop *, struct wire *, const char *host);

#endif
