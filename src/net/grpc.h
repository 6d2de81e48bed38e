#ifndef NET_GRPC_H
#define NET_GRPC_H

/*
 * gRPC over HTTP/2 through libcurl's multi interface, on the event loop: unary
 * calls and server streams multiplexed on one TLS connection per host.  Knows
 * frames, statuses, deadlines, retries and keepalive; nothing of what is in
 * the messages.  (gRPC over HTTP/2: grpc/doc/PROTOCOL-HTTP2.md.)
 *
 * Everything runs on the loop's thread and nothing waits.  Callbacks are
 * never made from inside the call that asked for them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

/* grpc/doc/statuscodes.md */
enum grpc_code { GRPC_OK, GRPC_CANCELLED, GRPC_UNKNOWN, GRPC_INVALID_ARGUMENT,
	GRPC_DEADLINE_EXCEEDED, GRPC_NOT_FOUND, GRPC_ALREADY_EXISTS,
	GRPC_PERMISSION_DENIED, GRPC_RESOURCE_EXHAUSTED,
	GRPC_FAILED_PRECONDITION, GRPC_ABORTED, GRPC_OUT_OF_RANGE,
	GRPC_UNIMPLEMENTED, GRPC_INTERNAL, GRPC_UNAVAILABLE, GRPC_DATA_LOSS,
	GRPC_UNAUTHENTICATED };
const char *grpc_code_name(enum grpc_code); /* "UNAVAILABLE" … */

#define GRPC_MESSAGE_MAX (100u << 20)
/* What a paused stream may keep here. */
#define GRPC_PAUSED_MAX (8u << 20)

struct grpc_status {
	enum grpc_code code;
	/* Made here: no connection, no answer in time, not a gRPC answer.
	 * Where trying again cannot help (certificate, no HTTP/2) the code is
	 * FAILED_PRECONDITION. */
	bool transport;
	char message[300]; /* the server's words, made printable; no secrets */
	/* Of a google.rpc.Status in grpc-status-details-bin with an Any of
	 * modal.client.RPCRetryPolicy: wait so long, then try again; -1: none
	 * of that. */
	int64_t retry_after_us;
};

struct grpc;
struct grpc_spec {
	/* https://HOST[:PORT].  http:// is for tests: this machine only, and
	 * a connection for each call, as libcurl before 8 cannot do more. */
	const char *url;
	const char *ca_file; /* PEM; NULL: SSL_CERT_FILE's, else the system's */
	/* Its IPv4 address, as somebody says: it is tried first, and must
	 * prove to be the URL's host all the same.  NULL, or none: the name's
	 * own. */
	const char *address;
};
/* A server; connects with the first call.  SIGPIPE is ignored from then on. */
struct grpc *grpc_create(struct loop *, const struct grpc_spec *,
    struct err *) WARN_UNUSED;
void grpc_destroy(struct grpc *); /* cancels all calls */
/* Metadata of every later attempt; value NULL takes it out.  Values are
 * wiped when they go; those of a name with token, secret, auth or assertion
 * in it never appear in a message, nor does the one before the newest, which
 * is kept for that.  False: a header cannot hold it, and nothing changed. */
bool grpc_metadata(struct grpc *, const char *name, const char *value);

/* How an attempt that failed is tried again; unary calls only.  All zero: no
 * deadline, one attempt. */
struct grpc_policy {
	int64_t deadline_us; /* of all attempts together; 0: none */
	int64_t attempt_us;  /* of one attempt; 0: the deadline */
	unsigned retries;    /* after CANCELLED, UNKNOWN, DEADLINE_EXCEEDED,
			      * INTERNAL, UNAVAILABLE */
	int64_t delay_us;    /* before the first retry, then twice; 0: 0.1 s */
	int64_t delay_max_us; /* 0: 1 s; -1: no bound */
	/* The server's own retry hints, which are not counted as retries, are
	 * followed as long as the call then takes less than this; -1: no
	 * bound, 0: they are not followed. */
	int64_t throttle_us;
	bool plain; /* without the headers that tell attempts apart */
	bool waits; /* the server answers when something happens: says nothing
		     * about the round trip or the connection */
};

typedef void (*grpc_done)(void *user, const struct grpc_status *,
    const char *reply, size_t n); /* reply borrowed; of a stream none */
typedef void (*grpc_message)(void *user, const char *p, size_t n);

struct grpc_call; /* dead after done or cancel */
/* path: /package.Service/Method.  request is copied; one over
 * GRPC_MESSAGE_MAX is refused here.  An x-idempotency-key
 * (UUID) stays the same over all attempts of a call; x-retry-attempt and the
 * other attempt headers follow modal-protocol's table. */
struct grpc_call *grpc_unary(struct grpc *, const char *path,
    const char *request, size_t n, const struct grpc_policy *, grpc_done,
    void *user);
/* Never retried: whoever reads a stream knows where it stood. */
struct grpc_call *grpc_stream(struct grpc *, const char *path,
    const char *request, size_t n, int64_t deadline_us, grpc_message,
    grpc_done, void *user);
void grpc_cancel(struct grpc_call *);	  /* no callback comes any more */
/* No messages come until it is undone.  Other calls go on: what arrives
 * meanwhile is kept, and over GRPC_PAUSED_MAX the stream is ended with
 * RESOURCE_EXHAUSTED after what was kept is read; whoever reads it takes it up
 * again where it stood.  (Before libcurl 8 a stream that is not read blocks
 * all others of its connection, so it cannot simply be left.) */
void grpc_pause(struct grpc_call *, bool);

/* ---- the state of the connection, for the status line ---- */
enum grpc_breaker { GRPC_CLOSED, GRPC_OPEN, GRPC_HALF_OPEN };
struct grpc_health {
	enum grpc_breaker breaker; /* open after 5 failures in a row of the
				    * transport (what fails together is
				    * one): calls fail at once; half
				    * open: the next call is let through to
				    * see whether it succeeds */
	int64_t rtt_us;		   /* smoothed, of unary calls; -1 unknown */
	unsigned failures;	   /* in a row */
	int64_t probe_us; /* until it is half open; -1: it is not open */
};
void grpc_health(const struct grpc *, struct grpc_health *);
/* How much its clock is ahead of this machine's, in s, as its last answer's
 * Date says; false: none of them had one. */
bool grpc_clock(const struct grpc *, int64_t *ahead);
/* fn when breaker, failures or the first rtt changed. */
void grpc_watch(struct grpc *, void (*fn)(void *user), void *user);

#endif
