#ifndef NET_GRPC_PRIV_H
#define NET_GRPC_PRIV_H

/* Shared by grpc.c (a server and its calls), grpc-attempt.c (one attempt of a
 * call, and whether there is another) and grpc-host.c (metadata, breaker). */

#include "net/grpc-frame.h"
#include "net/wire.h"

struct metadata {
	char *name, *value; /* no value: it was taken out */
	char *before; /* of a secret: answers to it may still come */
	bool secret;
};

struct grpc {
	struct loop *loop;
	struct wire *wire;
	char *host;
	struct metadata *meta;
	size_t nmeta, meta_cap;
	struct grpc_call *calls; /* all */
	struct grpc_call *ready, **ready_end; /* something to deliver */
	struct loop_timer *pump; /* delivers, outside of everything */
	struct grpc_call *current; /* is being delivered */
	bool dead;		 /* destroyed while it delivers */
	/* health */
	enum grpc_breaker breaker;
	unsigned failures;
	unsigned troubles; /* failures since the beginning */
	int64_t open_us, probe_at;
	int64_t rtt_us;
	unsigned stalls; /* round trips in a row that were none */
	struct loop_timer *probe_timer;
	struct grpc_call *probe; /* the call that was let through */
	int64_t probe_began;
	void (*watch)(void *user);
	void *watch_user;
	bool changed;
	/* its clock */
	bool dated;
	int64_t ahead; /* of ours, s */
};

struct grpc_call {
	struct grpc *grpc;
	struct grpc_call *prev, *next, *next_ready;
	bool stream, in_ready, paused, ended, gone;
	char *path;
	char *body; /* the request with its prefix */
	size_t nbody;
	struct grpc_policy policy;
	grpc_message message;
	grpc_done done;
	void *user;
	char key[37];
	int64_t began;
	struct loop_timer *deadline; /* of all attempts */
	/* the attempts */
	unsigned attempt, throttled;
	unsigned troubles; /* the server's when this attempt began */
	int64_t delay_us;
	struct loop_timer *timer; /* of this attempt, or until the next */
	struct wire_exchange *exchange;
	bool heard; /* an answer began */
	struct grpc_head head;
	struct grpc_frames in;
	struct grpc_status refused; /* why it was broken off here */
	struct grpc_status status;  /* the last attempt's */
};

/* grpc.c */
void grpc_ready(struct grpc_call *); /* deliver it soon */
void grpc_pump_soon(struct grpc *);

/* grpc-attempt.c */
void attempt_begin(struct grpc_call *);
/* Ends it as the deadline of all attempts does. */
void attempt_expire(struct grpc_call *);
/* Forgets what runs; no end comes. */
bool attempt_drop(struct grpc_call *, bool suspect);
void status_set(struct grpc_call *, struct grpc_status *, enum grpc_code,
    bool transport, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* grpc-host.c */
void host_redact(const struct grpc *, char *text);
void host_finish(struct grpc *);
/* Whether a call may use the connection now. */
bool host_admits(struct grpc *, struct grpc_call *);
void host_heard(struct grpc *, struct grpc_call *);
void host_failed(struct grpc *, struct grpc_call *);
void host_left(struct grpc *, struct grpc_call *); /* neither */
void host_round_trip(struct grpc *, int64_t us);
void host_date(struct grpc *, int64_t date); /* 0: it does not say */

#endif
