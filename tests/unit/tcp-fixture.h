#ifndef TESTS_UNIT_TCP_FIXTURE_H
#define TESTS_UNIT_TCP_FIXTURE_H

/* What servers on the test's own loop need: a port, and a clock that a test
 * moves on. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "loop/loop.h"

#define SEC INT64_C(1000000)

/* Real time, moved on. */
struct skewed_clock {
	struct clock base;
	int64_t skew;
};

static int64_t
skewed(struct clock *c)
{
	return clock_mono(clock_system()) +
	    CONTAINER_OF(c, struct skewed_clock, base)->skew;
}

static struct loop *
skewed_loop(struct skewed_clock *c)
{
	c->base = *clock_system();
	c->base.mono_us = skewed;
	c->skew = 0;
	return loop_create(&c->base, waiter_poll());
}

/* A socket that listens on this machine, and its "address:port". */
static int
tcp_listen(char *host, size_t n)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(host, n, "127.0.0.1:%d", ntohs(a.sin_port));
	return fd;
}

#endif
