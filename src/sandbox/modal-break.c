#include "config.h"

/* A break of the way to Modal, as it is told: one count of tries and one time
 * of the next, whichever calls they are that fail.  Each try is told once, so
 * that the screen and the record have 1, 2, 3 … and then online. */

#include <stdio.h>
#include <string.h>

#include "sandbox/modal-internal.h"

#define DELAY_US 10000
#define DELAY_MAX_US 3000000
#define DOUBLES 10
/* What is mended by the first try, and soon, was none to be told about. */
#define QUIET_US 1000000
#define CHECK_EVERY 6 /* tries */

int64_t
break_delay(const struct box *b)
{
	unsigned n = b->brk.failures;
	int64_t us = DELAY_US << (n < DOUBLES ? n : DOUBLES);

	return us < DELAY_MAX_US ? us : DELAY_MAX_US;
}

unsigned
break_tries(const struct box *b)
{
	return box_up(b) ? WORKER_TRIES : STEP_TRIES;
}

static void
tell(struct box *b)
{
	b->brk.tries++;
	box_tell(b, SANDBOX_RETRYING, b->brk.why);
	if (b->brk.tries % CHECK_EVERY == 0)
		box_check(b);
}

static void
on_late(void *user)
{
	struct box *b = user;

	b->brk.late = NULL;
	tell(b);
}

bool
break_failed(struct box *b, int64_t begun, int64_t delay, bool quiet,
    const char *why)
{
	struct brk *k = &b->brk;
	int64_t next = loop_now(b->m->loop) + delay;

	/* Of the calls that a break takes along the first one counts; then
	 * those that were made when the next try was due. */
	if (k->failures > 0 && begun < k->next_try) {
		if (next < k->next_try)
			k->next_try = next;
		return true;
	}
	k->failures++;
	k->next_try = next;
	if (k->tries >= break_tries(b))
		return false;
	snprintf(k->why, sizeof k->why, "%s", why);
	loop_timer_cancel(k->late);
	k->late = NULL;
	if (quiet && k->failures == 1)
		k->late = loop_timer_add(b->m->loop, QUIET_US, on_late, b);
	else
		tell(b);
	return true;
}

void
break_over(struct box *b)
{
	loop_timer_cancel(b->brk.late);
	memset(&b->brk, 0, sizeof b->brk);
}
