#ifndef NET_GRPC_FRAME_H
#define NET_GRPC_FRAME_H

/*
 * The parts of gRPC over HTTP/2 that are only bytes: length-prefixed
 * messages, the head of an answer, numbers and texts in headers.  All of it
 * comes from the other side and is bounded and checked here.
 */

#include "base/buf.h"
#include "net/grpc.h"

/* ---- messages ---- */

#define GRPC_PREFIX 5

/* Zero-initialise to start. */
struct grpc_frames {
	struct buf in;
	bool secret;	/* memory is wiped before it is given back */
	size_t off;	/* what is before it was read */
	size_t scanned; /* whole messages end here */
	unsigned ready; /* whole messages not read yet */
};

void grpc_prefix(char out[GRPC_PREFIX], size_t n);
/* False: not gRPC, or over the cap; nothing more can be read. */
bool grpc_frames_add(struct grpc_frames *, const char *p, size_t n,
    struct err *) WARN_UNUSED;
/* The next whole message, borrowed until the next add or free. */
bool grpc_frames_next(struct grpc_frames *, const char **p, size_t *n);
size_t grpc_frames_held(const struct grpc_frames *); /* bytes not read yet */
bool grpc_frames_cut(const struct grpc_frames *); /* ends inside a message */
void grpc_frames_free(struct grpc_frames *); /* leaves it as at the start */

/* ---- the head of an answer, trailers included ---- */

struct grpc_head {
	int version;	 /* of HTTP; 0: there is no answer yet */
	int http;	 /* status */
	bool grpc;	 /* so says the content-type */
	bool compressed; /* which nobody asked for */
	int code;	 /* -1: none yet */
	char type[60];	 /* content-type */
	char to[60];	 /* of a redirect: host and port, nothing secret */
	char text[3 * 300]; /* grpc-message, still encoded */
	int64_t retry_after_us;
	int64_t date; /* of the server's clock, s since 1970; 0: it says none */
};

void grpc_head_init(struct grpc_head *);
/* One line as libcurl tells them: a status line or a header. */
void grpc_head_line(struct grpc_head *, const char *p, size_t n);

/* ---- values ---- */

/* Percent-decoded, made printable UTF-8, cut to size. */
void grpc_text(char *out, size_t size, const char *p, size_t n,
    bool percent);
/* retry_after of a google.rpc.Status in base64, in microseconds; -1 none. */
int64_t grpc_retry_after(const char *p, size_t n);
enum grpc_code grpc_code_of_http(int status);
void grpc_timeout_text(char out[12], int64_t us);

#endif
