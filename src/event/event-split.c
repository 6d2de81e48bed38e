#include "config.h"

/* Where one event of a record ends and the next begins. */

#include "event/event.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define RAW "{\"raw\":"
#define TAIL_BYTES 75	/* ,"prev":"64 digits"} */
#define DIGITS_MAX 8	/* of EVENT_MAX */
#define READ_BYTES (256u << 10)

/* The digits at p, before end; 0 when they are no length. */
static size_t
number(const char *p, const char *end, size_t *digits)
{
	size_t v = 0, n = 0;

	while (p + n < end && p[n] >= '0' && p[n] <= '9' && n < DIGITS_MAX)
		v = v * 10 + (size_t)(p[n++] - '0');
	*digits = n;
	return p + n < end && p[n] == ',' && *p != '0' ? v : 0;
}

/* A length that was changed by damage must not swallow what follows, and
 * pass for an event that a kill cut short: it stands twice, and the line has
 * its end. */
static bool
line_is_whole(const char *p, size_t n, size_t digits)
{
	static const char key[] = "_raw\":", tail[] = ",\"prev\":\"";
	const char *value = p + sizeof RAW - 1, *at;

	if (n < sizeof RAW + TAIL_BYTES ||
	    memcmp(p + n - TAIL_BYTES, tail, sizeof tail - 1) != 0 ||
	    memcmp(p + n - 2, "\"}", 2) != 0)
		return false;
	at = memmem(p, n, key, sizeof key - 1);
	return at != NULL && p + n - at > (ptrdiff_t)(sizeof key + digits) &&
	    memcmp(at + sizeof key - 1, value, digits + 1) == 0;
}

bool
event_raw_size(const char *p, size_t n, size_t *raw, struct err *e)
{
	size_t digits;

	*raw = 0;
	if (n < sizeof RAW - 1 || memcmp(p, RAW, sizeof RAW - 1) != 0)
		return true;
	*raw = number(p + sizeof RAW - 1, p + n, &digits);
	if (*raw == 0 || *raw > EVENT_MAX)
		return err_set(e, ERR_CORRUPT, "\"raw\" is not a length of 1 "
		    "to %u bytes", EVENT_MAX);
	if (!line_is_whole(p, n, digits))
		return err_set(e, ERR_CORRUPT, "the line before %zu raw bytes "
		    "is damaged, or gives another length for them", *raw);
	return true;
}

enum event_split
event_split(const char *p, size_t n, size_t *len, struct err *e)
{
	const char *nl = memchr(p, '\n', n < EVENT_MAX + 1 ? n :
	    EVENT_MAX + 1);
	size_t line = nl != NULL ? (size_t)(nl - p) : n, raw;

	*len = 0;
	if (line > EVENT_MAX) {
		err_set(e, ERR_LIMIT, "a line of more than %u bytes",
		    EVENT_MAX);
		return EVENT_BAD;
	}
	if (nl == NULL)
		return EVENT_CUT;
	if (line > 0 && p[line - 1] == '\r') {
		err_set(e, ERR_CORRUPT, "the line ends with CR LF: the record "
		    "was taken for text and its line ends were changed; copy "
		    "it anew, as binary");
		return EVENT_BAD;
	}
	if (!event_raw_size(p, line, &raw, e))
		return EVENT_BAD;
	*len = line + 1 + (raw > 0 ? raw + 1 : 0);
	if (*len > EVENT_MAX + 1) {
		err_set(e, ERR_LIMIT, "an event of %zu bytes; the limit is %u",
		    *len - 1, EVENT_MAX);
		return EVENT_BAD;
	}
	if (*len > n)
		return EVENT_CUT;
	if (p[*len - 1] == '\n')
		return EVENT_WHOLE;
	err_set(e, ERR_CORRUPT, "%zu raw bytes do not end where the line "
	    "before them says", raw);
	return EVENT_BAD;
}

/* ---- a file ---- */

static int
fill(struct event_reader *r, size_t want)
{
	struct buf *b = &r->data;
	size_t more = want > READ_BYTES ? want : READ_BYTES;
	ssize_t n;

	if (r->at > 0) {
		buf_drop_front(b, r->at);
		r->at = 0;
	}
	buf_reserve(b, more);
	do
		n = read(r->fd, b->data + b->len, more);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		b->len += (size_t)n;
	return n < 0 ? -1 : n > 0;
}

static size_t
newlines(const char *p, size_t n)
{
	const char *end = p + n;
	size_t count = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		count++;
		p++;
	}
	return count;
}

enum event_split
event_next(struct event_reader *r, const char **p, size_t *n, struct err *e)
{
	enum event_split got;

	r->lines += newlines(r->data.data + r->at, r->taken);
	r->at += r->taken;
	r->bytes += r->taken;
	r->taken = 0;
	for (;;) {
		size_t have = r->data.len - r->at;
		int more = 1;

		*p = r->data.data + r->at;
		*n = 0;
		got = have > 0 ? event_split(*p, have, n, e) : EVENT_CUT;
		if (got == EVENT_CUT)
			more = fill(r, *n > have ? *n - have : 0);
		if (more < 0) {
			err_sys(e, errno, "cannot read");
			return EVENT_BAD;
		}
		if (got == EVENT_CUT && more > 0)
			continue;
		if (got == EVENT_WHOLE)
			r->taken = *n;
		return got;
	}
}

bool
event_is_last_line(struct event_reader *r)
{
	const char *nl = NULL;
	int more = 1;

	while (more > 0 && nl == NULL) {
		const char *p = r->data.data + r->at;
		size_t have = r->data.len - r->at;

		nl = have > 0 ? memchr(p, '\n', have) : NULL;
		if (nl != NULL && nl + 1 < p + have)
			return false;
		r->at = r->data.len;
		more = fill(r, 0);
	}
	r->taken = 0;
	return more == 0;
}

void
event_reader_free(struct event_reader *r)
{
	buf_free(&r->data);
}
