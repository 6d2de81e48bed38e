#include "config.h"

/* Where a box stands: the one place that changes it, and the table of what may
 * follow what.  What a phase has begun goes with it. */

#include <stdlib.h>

#include "sandbox/modal-internal.h"

#define TO(p) (1u << PHASE_##p)

static const unsigned ways[] = {
	[PHASE_IDLE] = TO(PREPARE) | TO(LOST) | TO(OVER),
	/* An earlier viva's sandbox may have its name: that has an end, too. */
	[PHASE_PREPARE] = TO(CREATE) | TO(LOST) | TO(ENDING) | TO(OVER),
	/* The answer to its making may have all, some or none of what the
	 * steps after it ask for; or its name, its image is not as thought. */
	[PHASE_CREATE] = TO(PREPARE) | TO(FIND) | TO(TASK) | TO(ACCESS) |
	    TO(UP) | TO(LOST) | TO(ENDING) | TO(OVER),
	[PHASE_FIND] = TO(CREATE) | TO(TASK) | TO(LOST) | TO(ENDING),
	/* From here on its id is known. */
	[PHASE_TASK] = TO(CREATE) | TO(ACCESS) | TO(LOST) | TO(ENDING) |
	    TO(OVER),
	[PHASE_ACCESS] = TO(UP) | TO(LOST) | TO(ENDING),
	[PHASE_UP] = TO(SYNC) | TO(LOST) | TO(ENDING) | TO(OVER),
	[PHASE_SYNC] = TO(LOST) | TO(ENDING) | TO(OVER),
	[PHASE_LOST] = TO(ENDING) | TO(OVER),
	[PHASE_ENDING] = TO(OVER),
	[PHASE_OVER] = 0,
};

bool
phase_may(enum phase from, enum phase to)
{
	return (ways[from] & 1u << to) != 0;
}

static void
drop(struct account_call **c)
{
	account_cancel(*c);
	*c = NULL;
}

static void
stop(struct loop_timer **t)
{
	loop_timer_cancel(*t);
	*t = NULL;
}

void
box_calls_drop(struct box *b)
{
	break_over(b);
	access_drop(b);
	drop(&b->call);
	drop(&b->volume_call);
	drop(&b->check);
	drop(&b->life_call);
	stop(&b->timer);
	stop(&b->begin_timer);
	stop(&b->stop_timer);
	stop(&b->expiry);
}

void
box_to(struct box *b, enum phase p)
{
	if (!phase_may(b->phase, p))
		abort(); /* what ends twice is freed while it is in use */
	b->phase = p;
	stop(&b->timer);
	if (box_dead(b))
		box_calls_drop(b);
}

bool
box_up(const struct box *b)
{
	return b->phase == PHASE_UP || b->phase == PHASE_SYNC;
}

bool
box_prepares(const struct box *b)
{
	return b->phase == PHASE_PREPARE && b->timer == NULL;
}

bool
box_dead(const struct box *b)
{
	return b->phase >= PHASE_LOST;
}
