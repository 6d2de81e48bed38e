#include "config.h"

#include "loop/loop.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

/* Less than any turn that Linux gives by itself. */
#define TURN_NS 500000
#define RESET_ON_FORK 1
#define READY_MAX 32 /* a turn; the others in the next */

/*
 * Sources removed while fds are dispatched are marked dead and freed at the
 * end of the turn, so a handler may remove any source, its own included.
 *
 * The kernel keeps the set of fds (epoll): a poll of a dozen is 10 us of a
 * key, in which their cold memory is looked at.  Where it does not, or with a
 * waiter of a test, they are polled.
 */

struct loop_fd {
	struct loop *loop;
	int fd;
	short events;
	bool dead, first;
	bool watched;	/* in the kernel's set */
	uint64_t order; /* of those that are ready together */
	loop_fd_fn fn;
	void *user;
};

struct loop_timer {
	struct loop *loop;
	int64_t due;
	uint64_t order; /* timers due together fire as they were added */
	loop_fn fn;
	void *user;
};

struct call {
	loop_fn fn;
	void *user;
};

struct calls {
	struct call *v;
	size_t n, cap;
};

struct loop {
	struct clock *clock;
	struct waiter *waiter;
	int64_t now;
	bool stopped;
	struct loop_fd **fds;
	size_t nfds, fds_cap;
	struct pollfd *polls;
	size_t polls_cap;
	int set; /* the kernel's; -1: they are polled */
	struct loop_timer **timers;
	size_t ntimers, timers_cap;
	uint64_t order;
	struct calls deferred, running;
	pthread_mutex_t lock; /* guards posted */
	struct calls posted;
	int wake_fd;
	int64_t (*frame)(void *);
	void *frame_user;
	int64_t frame_due; /* -1: none */
};

static struct timespec
time_of(int64_t us)
{
	return (struct timespec){ us / 1000000, us % 1000000 * 1000 };
}

static int
poll_wait(struct waiter *w, struct pollfd *fds, int n, int64_t timeout_us)
{
	struct timespec ts = time_of(timeout_us);
	int r;

	(void)w;
	r = ppoll(fds, (nfds_t)n, timeout_us < 0 ? NULL : &ts, NULL);
	return r < 0 ? 0 : r;
}

struct waiter *
waiter_poll(void)
{
	static struct waiter w = { poll_wait };

	return &w;
}

static void
drain_wake(void *user, short revents)
{
	struct loop *l = user;
	uint64_t v;

	(void)revents;
	if (read(l->wake_fd, &v, sizeof v) < 0 && errno != EAGAIN)
		abort();
}

static void
poll_from_now(struct loop *l)
{
	if (l->set >= 0)
		close(l->set);
	l->set = -1;
}

/* An fd that was closed before its source was removed has left the set, and
 * its number may be another's by now. */
static void
forget_same(const struct loop *l, const struct loop_fd *s)
{
	for (size_t i = 0; i < l->nfds; i++)
		if (l->fds[i] != s && l->fds[i]->fd == s->fd)
			l->fds[i]->watched = false;
}

/* Has the kernel wait for what the source wants; nothing pauses it. */
static void
watch(struct loop_fd *s, short events)
{
	struct epoll_event e = { .events = (uint32_t)events, .data.ptr = s };
	int op = s->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (s->loop->set < 0 || (events == 0 && !s->watched))
		return;
	if (events == 0)
		op = EPOLL_CTL_DEL;
	if (epoll_ctl(s->loop->set, op, s->fd, &e) != 0 &&
	    op != EPOLL_CTL_DEL) {
		/* It does not take all: files, or one of them twice. */
		poll_from_now(s->loop);
		return;
	}
	s->watched = op != EPOLL_CTL_DEL;
	if (op == EPOLL_CTL_ADD)
		forget_same(s->loop, s);
}

struct loop *
loop_create(struct clock *clock, struct waiter *waiter)
{
	struct loop *l = xcalloc(1, sizeof *l);

	l->clock = clock;
	l->waiter = waiter;
	l->now = clock_mono(clock);
	l->frame_due = -1;
	pthread_mutex_init(&l->lock, NULL);
	l->set = waiter == waiter_poll() ? epoll_create1(EPOLL_CLOEXEC) : -1;
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->wake_fd < 0)
		abort();
	loop_fd_add(l, l->wake_fd, POLLIN, drain_wake, l);
	return l;
}

void
loop_destroy(struct loop *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->nfds; i++)
		free(l->fds[i]);
	for (size_t i = 0; i < l->ntimers; i++)
		free(l->timers[i]);
	close(l->wake_fd);
	poll_from_now(l);
	pthread_mutex_destroy(&l->lock);
	free(l->fds);
	free(l->polls);
	free(l->timers);
	free(l->deferred.v);
	free(l->running.v);
	free(l->posted.v);
	free(l);
}

struct clock *
loop_clock(struct loop *l)
{
	return l->clock;
}

int64_t
loop_now(struct loop *l)
{
	return l->now;
}

struct loop_fd *
loop_fd_add(struct loop *l, int fd, short events, loop_fd_fn fn, void *user)
{
	struct loop_fd *s = xcalloc(1, sizeof *s);

	s->loop = l;
	s->fd = fd;
	s->events = events;
	s->fn = fn;
	s->user = user;
	GROW(l->fds, l->nfds, l->fds_cap);
	l->fds[l->nfds++] = s;
	s->order = l->order++;
	watch(s, events);
	return s;
}

void
loop_fd_set(struct loop_fd *s, short events)
{
	if (s->events == events)
		return;
	s->events = events;
	if (!s->dead)
		watch(s, events);
}

void
loop_fd_first(struct loop_fd *s)
{
	s->first = true;
}

void
loop_fd_remove(struct loop_fd *s)
{
	if (s == NULL || s->dead)
		return;
	s->dead = true;
	watch(s, 0);
}

struct loop_timer *
loop_timer_add(struct loop *l, int64_t delay_us, loop_fn fn, void *user)
{
	struct loop_timer *t = xcalloc(1, sizeof *t);

	t->loop = l;
	t->due = clock_mono(l->clock) + (delay_us < 0 ? 0 : delay_us);
	t->order = l->order++;
	t->fn = fn;
	t->user = user;
	GROW(l->timers, l->ntimers, l->timers_cap);
	l->timers[l->ntimers++] = t;
	return t;
}

static void
timer_drop(struct loop *l, size_t i)
{
	free(l->timers[i]);
	l->timers[i] = l->timers[--l->ntimers];
}

void
loop_timer_cancel(struct loop_timer *t)
{
	struct loop *l;

	if (t == NULL)
		return;
	l = t->loop;
	for (size_t i = 0; i < l->ntimers; i++)
		if (l->timers[i] == t) {
			timer_drop(l, i);
			return;
		}
}

static void
calls_add(struct calls *c, loop_fn fn, void *user)
{
	GROW(c->v, c->n, c->cap);
	c->v[c->n++] = (struct call){ fn, user };
}

void
loop_defer(struct loop *l, loop_fn fn, void *user)
{
	calls_add(&l->deferred, fn, user);
}

void
loop_post(struct loop *l, loop_fn fn, void *user)
{
	uint64_t one = 1;

	pthread_mutex_lock(&l->lock);
	calls_add(&l->posted, fn, user);
	pthread_mutex_unlock(&l->lock);
	/* EAGAIN: the counter is full, so the loop wakes anyway. */
	if (write(l->wake_fd, &one, sizeof one) < 0 && errno != EAGAIN)
		abort();
}

void
loop_set_frame(struct loop *l, int64_t (*fn)(void *), void *user)
{
	l->frame = fn;
	l->frame_user = user;
	l->frame_due = fn != NULL ? l->now : -1;
}

/* The timer that fires next, or ntimers. */
static size_t
first_timer(const struct loop *l)
{
	size_t best = l->ntimers;

	for (size_t i = 0; i < l->ntimers; i++)
		if (best == l->ntimers || l->timers[i]->due <
		    l->timers[best]->due || (l->timers[i]->due ==
		    l->timers[best]->due &&
		    l->timers[i]->order < l->timers[best]->order))
			best = i;
	return best;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	if (a < 0)
		return b;
	return b < 0 || a < b ? a : b;
}

static int64_t
wait_time(struct loop *l, int64_t max_us)
{
	int64_t now = clock_mono(l->clock), us = max_us;
	size_t t = first_timer(l);

	if (l->deferred.n != 0 || l->stopped)
		return 0;
	if (t < l->ntimers)
		us = sooner(us, l->timers[t]->due > now ?
		    l->timers[t]->due - now : 0);
	if (l->frame_due >= 0)
		us = sooner(us, l->frame_due > now ? l->frame_due - now : 0);
	return us;
}

static void
call_fds(struct loop *l, size_t n, bool first)
{
	for (size_t i = 0; i < n; i++) {
		short revents = l->polls[i].revents;
		struct loop_fd *s = l->fds[i];

		/* Of most not even their memory is looked at. */
		if (revents != 0 && s->first == first && !s->dead &&
		    s->events != 0)
			s->fn(s->user, revents);
	}
}

/* As they were added. */
static void
sort_ready(struct epoll_event *e, int n)
{
	for (int i = 1; i < n; i++) {
		struct epoll_event x = e[i];
		struct loop_fd *s = x.data.ptr;
		int k = i;

		for (; k > 0; k--) {
			struct loop_fd *before = e[k - 1].data.ptr;

			if (before->order < s->order)
				break;
			e[k] = e[k - 1];
		}
		e[k] = x;
	}
}

static void
call_ready(const struct epoll_event *e, int n, bool first)
{
	for (int i = 0; i < n; i++) {
		struct loop_fd *s = e[i].data.ptr;

		if (s->first == first && !s->dead && s->events != 0)
			s->fn(s->user, (short)e[i].events);
	}
}

/* False: not with this kernel. */
static bool
dispatch_set(struct loop *l, int64_t timeout)
{
	struct timespec ts = time_of(timeout);
	struct epoll_event e[READY_MAX];
	int n = epoll_pwait2(l->set, e, READY_MAX, timeout < 0 ? NULL : &ts,
	    NULL);

	if (n < 0 && errno != EINTR)
		return false;
	l->now = clock_mono(l->clock);
	sort_ready(e, n);
	call_ready(e, n, true);
	call_ready(e, n, false);
	return true;
}

static void
dispatch_polled(struct loop *l, int64_t timeout)
{
	size_t n = l->nfds;

	if (l->polls_cap < n) {
		l->polls = xreallocarray(l->polls, n, sizeof *l->polls);
		l->polls_cap = n;
	}
	for (size_t i = 0; i < n; i++) {
		struct loop_fd *s = l->fds[i];

		l->polls[i].fd = s->events != 0 ? s->fd : -1;
		l->polls[i].events = s->events;
		l->polls[i].revents = 0;
	}
	l->waiter->wait(l->waiter, l->polls, (int)n, timeout);
	l->now = clock_mono(l->clock);
	call_fds(l, n, true);
	call_fds(l, n, false);
}

static void
dispatch_fds(struct loop *l, int64_t timeout)
{
	if (l->set >= 0 && dispatch_set(l, timeout))
		return;
	poll_from_now(l);
	dispatch_polled(l, timeout);
}

static void
sweep_fds(struct loop *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->nfds; i++) {
		if (l->fds[i]->dead)
			free(l->fds[i]);
		else
			l->fds[kept++] = l->fds[i];
	}
	l->nfds = kept;
}

/* Calls added while these run wait for the next round. */
static void
run_calls(struct loop *l, struct calls *from)
{
	struct calls c = *from;

	*from = l->running;
	from->n = 0;
	memset(&l->running, 0, sizeof l->running);
	for (size_t i = 0; i < c.n; i++)
		c.v[i].fn(c.v[i].user);
	free(l->running.v);
	c.n = 0;
	l->running = c;
}

static void
run_posted(struct loop *l)
{
	struct calls c;

	pthread_mutex_lock(&l->lock);
	c = l->posted;
	memset(&l->posted, 0, sizeof l->posted);
	pthread_mutex_unlock(&l->lock);
	for (size_t i = 0; i < c.n; i++)
		c.v[i].fn(c.v[i].user);
	free(c.v);
}

static void
run_timers(struct loop *l)
{
	for (;;) {
		size_t i = first_timer(l);
		loop_fn fn;
		void *user;

		if (i == l->ntimers || l->timers[i]->due > l->now)
			return;
		fn = l->timers[i]->fn;
		user = l->timers[i]->user;
		timer_drop(l, i);
		fn(user);
	}
}

void
loop_turn(struct loop *l, int64_t max_us)
{
	dispatch_fds(l, wait_time(l, max_us));
	run_posted(l);
	run_timers(l);
	run_calls(l, &l->deferred);
	if (l->frame != NULL) {
		int64_t in = l->frame(l->frame_user);

		l->frame_due = in < 0 ? -1 : clock_mono(l->clock) + in;
	}
	sweep_fds(l);
}

void
loop_run(struct loop *l)
{
	l->stopped = false;
	while (!l->stopped)
		loop_turn(l, -1);
}

void
loop_stop(struct loop *l)
{
	l->stopped = true;
}

/* As the kernel has it; libraries only learn it now. */
struct sched_wish {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/*
 * A write to a pty wakes the kernel's thread that hands it on.  Where turns
 * are as long as all others' that thread comes first, and wakes the reader
 * while we are not done: it goes to another processor, which sleeps.
 */
void
loop_short_turns(void)
{
	struct sched_wish w = { .size = sizeof w };

	if (syscall(SYS_sched_getattr, 0, &w, sizeof w, 0) != 0 ||
	    w.policy != SCHED_OTHER)
		return;
	w.flags = RESET_ON_FORK;
	w.runtime = TURN_NS;
	/* Kernels that do not know it run as they did. */
	syscall(SYS_sched_setattr, 0, &w, 0);
}
