#include "config.h"

#include "base/clock.h"

#include <time.h>

static int64_t
read_clock(clockid_t id, int64_t per_second)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * per_second + ts.tv_nsec / (1000000000 / per_second);
}

static int64_t
system_mono(struct clock *c)
{
	(void)c;
	return read_clock(CLOCK_MONOTONIC, 1000000);
}

static int64_t
system_wall(struct clock *c)
{
	(void)c;
	return read_clock(CLOCK_REALTIME, 1000);
}

struct clock *
clock_system(void)
{
	static struct clock c = { system_mono, system_wall };

	return &c;
}

static int64_t
fake_mono(struct clock *c)
{
	return ((struct clock_fake *)c)->mono;
}

static int64_t
fake_wall(struct clock *c)
{
	return ((struct clock_fake *)c)->wall;
}

void
clock_fake_init(struct clock_fake *c, int64_t mono_us, int64_t wall_ms)
{
	c->base.mono_us = fake_mono;
	c->base.wall_ms = fake_wall;
	c->mono = mono_us;
	c->wall = wall_ms;
}

void
clock_fake_advance(struct clock_fake *c, int64_t us)
{
	c->mono += us;
	c->wall += us / 1000;
}
