#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/* Time as an interface, so that tests and replay run on a time of their own.
 * Monotonic time is in microseconds from an arbitrary start. */

#include <stdint.h>

struct clock {
	int64_t (*mono_us)(struct clock *);
	int64_t (*wall_ms)(struct clock *); /* since 1970-01-01T00:00Z */
};

struct clock *clock_system(void); /* CLOCK_MONOTONIC, CLOCK_REALTIME */

/* Stands still until told otherwise. */
struct clock_fake {
	struct clock base;
	int64_t mono;
	int64_t wall;
};
void clock_fake_init(struct clock_fake *c, int64_t mono_us, int64_t wall_ms);
void clock_fake_advance(struct clock_fake *c, int64_t us); /* both */

static inline int64_t
clock_mono(struct clock *c)
{
	return c->mono_us(c);
}

static inline int64_t
clock_wall(struct clock *c)
{
	return c->wall_ms(c);
}

#endif
