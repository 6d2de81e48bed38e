#ifndef TESTS_UNIT_SKEWED_CLOCK_H
#define TESTS_UNIT_SKEWED_CLOCK_H

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

#endif
