#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What is an event says the same when it is written and read again:
 * the second writing equals the first. */
static void
round_trip(const struct event *ev, const char *prev)
{
	struct event_buf eb = { 0 };
	struct buf one = { 0 }, two = { 0 };
	struct event again;
	size_t len;

	event_encode(ev, prev, &one);
	if (event_split(one.data, one.len, &len, NULL) != EVENT_WHOLE ||
	    len != one.len ||
	    event_split(one.data, one.len - 1, &len, NULL) != EVENT_CUT ||
	    !event_decode(one.data, one.len, &eb, &again, NULL))
		abort();
	event_encode(&again, eb.prev, &two);
	if (one.len != two.len || memcmp(one.data, two.data, one.len) != 0)
		abort();
	event_buf_free(&eb);
	buf_free(&one);
	buf_free(&two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *end = p + n;
	struct event_buf eb = { 0 };
	struct event ev;
	struct err e;

	/* One buffer for all the events, as readers have it.  Where they would
	 * stop it goes on with the next line. */
	while (p < end) {
		size_t left = (size_t)(end - p), len;
		enum event_split got;

		e.msg[0] = '\0';
		got = event_split(p, left, &len, &e);
		if ((got == EVENT_BAD) != (e.msg[0] != '\0') ||
		    (got == EVENT_CUT && len != 0 && len <= left))
			abort();
		if (got != EVENT_WHOLE) {
			const char *nl = memchr(p, '\n', left);

			len = nl != NULL ? (size_t)(nl + 1 - p) : left;
		}
		e.msg[0] = '\0';
		if (event_decode(p, len, &eb, &ev, &e))
			round_trip(&ev, eb.prev);
		else if (e.msg[0] == '\0')
			abort();
		p += len;
	}
	event_buf_free(&eb);
	return 0;
}
