#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A line that is an event says the same when it is written and read again:
 * the second writing equals the first. */
static void
round_trip(const struct event *ev, const char *prev)
{
	struct event_buf eb = { 0 };
	struct buf one = { 0 }, two = { 0 };
	struct event again;

	event_encode(ev, prev, &one);
	if (memchr(one.data, '\n', one.len) != one.data + one.len - 1 ||
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

	/* One buffer for all the lines, as readers have it. */
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl != NULL ? nl + 1 : end) - p);

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
