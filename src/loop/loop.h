#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

/*
 * The event loop: file descriptors, timers, deferred calls and calls posted
 * from other threads, in one fixed order a turn:
 * wait, ready fds, posted calls, due timers, deferred calls, frame hook.
 * Handlers never block.  Everything but loop_post runs on the loop's thread.
 * Waiting and time are injected, so tests run on a fake of each.
 */

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct loop;
struct loop_fd;
struct loop_timer;

typedef void (*loop_fd_fn)(void *user, short revents);
typedef void (*loop_fn)(void *user);

/* poll(2) by default; a test may script it.  timeout in microseconds, -1 for
 * ever.  Returns the number of ready entries, 0 on timeout or EINTR. */
struct waiter {
	int (*wait)(struct waiter *, struct pollfd *, int n,
	    int64_t timeout_us);
};
struct waiter *waiter_poll(void);

struct loop *loop_create(struct clock *, struct waiter *);
void loop_destroy(struct loop *);
struct clock *loop_clock(struct loop *);
int64_t loop_now(struct loop *); /* clock_mono at the start of this turn */

/* The fd stays the caller's; remove the source before closing the fd. */
struct loop_fd *loop_fd_add(struct loop *, int fd, short events, loop_fd_fn,
    void *user);
void loop_fd_set(struct loop_fd *, short events); /* 0 pauses it */
/* Called before all others in a turn: the user's keys. */
void loop_fd_first(struct loop_fd *);
void loop_fd_remove(struct loop_fd *);		  /* NULL is fine */

/* One shot, due at now + delay_us.  Freed when it has fired or is cancelled;
 * a fired timer's handle is dead, so owners forget it in the handler. */
struct loop_timer *loop_timer_add(struct loop *, int64_t delay_us, loop_fn,
    void *user);
void loop_timer_cancel(struct loop_timer *); /* NULL is fine */

/* Runs fn once, later in this turn (or the next when called in the last
 * phase). */
void loop_defer(struct loop *, loop_fn, void *user);
/* As loop_defer, from any thread; wakes the loop. */
void loop_post(struct loop *, loop_fn, void *user);
/* Called at the end of every turn.  Returns microseconds until it wants to
 * be called again, -1 for "only when something happens". */
void loop_set_frame(struct loop *, int64_t (*fn)(void *user), void *user);

/* One turn; waits at most max_us (-1: as long as it takes). */
void loop_turn(struct loop *, int64_t max_us);
void loop_run(struct loop *); /* until loop_stop */
void loop_stop(struct loop *);

/* Asks the scheduler for short turns for this thread, and not for what it
 * starts: where somebody waits for each answer. */
void loop_short_turns(void);

#endif
