#include "config.h"

/* A multi handle's descriptors and timers on the event loop. */

#include "net/grpc-curl.h"

#include <stdlib.h>

#include "base/mem.h"

struct curl_loop {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	void (*done)(void *user, CURL *, CURLcode);
	void *user;
	bool running, doomed;
};

struct sock {
	struct curl_loop *c;
	curl_socket_t fd;
	struct loop_fd *source;
};

static void
destroy_now(struct curl_loop *c)
{
	curl_multi_cleanup(c->multi);
	loop_timer_cancel(c->timer);
	free(c);
}

static void
run(struct curl_loop *c, curl_socket_t fd, int mask)
{
	int running, left;
	CURLMsg *m;

	c->running = true;
	curl_multi_socket_action(c->multi, fd, mask, &running);
	while (!c->doomed &&
	    (m = curl_multi_info_read(c->multi, &left)) != NULL)
		c->done(c->user, m->easy_handle, m->data.result);
	c->running = false;
	if (c->doomed)
		destroy_now(c);
}

static void
on_socket(void *user, short revents)
{
	struct sock *s = user;
	int mask = 0;

	if (revents & (POLLIN | POLLHUP))
		mask |= CURL_CSELECT_IN;
	if (revents & POLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (revents & (POLLERR | POLLNVAL))
		mask |= CURL_CSELECT_ERR;
	run(s->c, s->fd, mask);
}

static int
want_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
	struct curl_loop *c = user;
	struct sock *s = known;
	short events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s != NULL)
			loop_fd_remove(s->source);
		free(s);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= POLLIN;
	if (what & CURL_POLL_OUT)
		events |= POLLOUT;
	if (s == NULL) {
		s = xcalloc(1, sizeof *s);
		s->c = c;
		s->fd = fd;
		s->source = loop_fd_add(c->loop, fd, events, on_socket, s);
		curl_multi_assign(c->multi, fd, s);
	} else {
		loop_fd_set(s->source, events);
	}
	return 0;
}

static void
on_timer(void *user)
{
	struct curl_loop *c = user;

	c->timer = NULL;
	run(c, CURL_SOCKET_TIMEOUT, 0);
}

static int
want_timer(CURLM *multi, long ms, void *user)
{
	struct curl_loop *c = user;

	(void)multi;
	loop_timer_cancel(c->timer);
	c->timer = ms < 0 ? NULL : loop_timer_add(c->loop,
	    (int64_t)ms * 1000, on_timer, c);
	return 0;
}

struct curl_loop *
curl_loop_create(struct loop *loop, void (*done)(void *, CURL *, CURLcode),
    void *user)
{
	struct curl_loop *c = xcalloc(1, sizeof *c);

	c->loop = loop;
	c->done = done;
	c->user = user;
	c->multi = curl_multi_init();
	if (c->multi == NULL)
		abort(); /* out of memory */
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	return c;
}

CURLM *
curl_loop_multi(struct curl_loop *c)
{
	return c->multi;
}

void
curl_loop_destroy(struct curl_loop *c)
{
	c->doomed = true;
	if (!c->running)
		destroy_now(c);
}
