#include "config.h"

#include "net/grpc-frame.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/mem.h"
#include "base/utf8.h"

/* An emptied buffer that is larger than this gives its memory back. */
#define KEEP (256u << 10)

const char *
grpc_code_name(enum grpc_code code)
{
	static const char *const names[] = { "OK", "CANCELLED", "UNKNOWN",
		"INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
		"ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
		"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
		"UNAUTHENTICATED" };

	return (unsigned)code < ARRAY_LEN(names) ? names[code] : "UNKNOWN";
}

/* ---- messages ---- */

void
grpc_prefix(char out[GRPC_PREFIX], size_t n)
{
	out[0] = 0; /* not compressed */
	for (int i = 0; i < 4; i++)
		out[1 + i] = (char)(n >> (24 - 8 * i));
}

static size_t
length_at(const char *p)
{
	size_t n = 0;

	for (int i = 1; i < GRPC_PREFIX; i++)
		n = n << 8 | (unsigned char)p[i];
	return n;
}

static void
release(struct grpc_frames *f)
{
	if (f->secret && f->in.data != NULL)
		explicit_bzero(f->in.data, f->in.cap);
	buf_free(&f->in);
}

/* realloc leaves a copy behind wherever it moves from. */
static void
grow_secret(struct grpc_frames *f, size_t more)
{
	struct buf bigger = { 0 };

	if (f->in.len + more < f->in.cap)
		return;
	buf_reserve(&bigger, more + f->in.len + f->in.len / 2);
	buf_add(&bigger, f->in.data, f->in.len);
	release(f);
	f->in = bigger;
}

/* What was read makes room for what comes. */
static void
compact(struct grpc_frames *f)
{
	buf_drop_front(&f->in, f->off);
	f->scanned -= f->off;
	f->off = 0;
	if (f->in.len == 0 && f->in.cap > KEEP)
		release(f);
}

bool
grpc_frames_add(struct grpc_frames *f, const char *p, size_t n,
    struct err *e)
{
	if (f->off > 0 && f->off >= f->in.len / 2)
		compact(f);
	if (f->secret)
		grow_secret(f, n);
	buf_add(&f->in, p, n);
	while (f->in.len - f->scanned >= GRPC_PREFIX) {
		const char *at = f->in.data + f->scanned;
		size_t len = length_at(at);

		if (at[0] == 1)
			return err_set(e, ERR_UNSUPPORTED,
			    "the answer is compressed, which was not asked "
			    "for");
		if (at[0] != 0)
			return err_set(e, ERR_CORRUPT,
			    "the answer is not a gRPC message");
		if (len > GRPC_MESSAGE_MAX)
			return err_set(e, ERR_LIMIT, "a message of %zu bytes "
			    "is over the limit of %u", len, GRPC_MESSAGE_MAX);
		if (f->in.len - f->scanned - GRPC_PREFIX < len)
			break;
		f->scanned += GRPC_PREFIX + len;
		f->ready++;
	}
	return true;
}

bool
grpc_frames_next(struct grpc_frames *f, const char **p, size_t *n)
{
	if (f->ready == 0) {
		if (f->off > 0)
			compact(f);
		return false;
	}
	f->ready--;
	*n = length_at(f->in.data + f->off);
	*p = f->in.data + f->off + GRPC_PREFIX;
	f->off += GRPC_PREFIX + *n;
	return true;
}

size_t
grpc_frames_held(const struct grpc_frames *f)
{
	return f->in.len - f->off;
}

bool
grpc_frames_cut(const struct grpc_frames *f)
{
	return f->scanned < f->in.len;
}

void
grpc_frames_free(struct grpc_frames *f)
{
	release(f);
	*f = (struct grpc_frames){ .secret = f->secret };
}

/* ---- the head ---- */

void
grpc_head_init(struct grpc_head *h)
{
	memset(h, 0, sizeof *h);
	h->code = -1;
	h->retry_after_us = -1;
}

static int
digits(const char *p, const char *end)
{
	int v = 0;

	for (int i = 0; i < 3 && p < end && *p >= '0' && *p <= '9'; i++)
		v = v * 10 + *p++ - '0';
	return v;
}

/* HTTP/2 200, HTTP/1.1 200 OK: what came before was not the answer. */
static void
status_line(struct grpc_head *h, const char *p, size_t n)
{
	const char *end = p + n, *gap = memchr(p, ' ', n);

	grpc_head_init(h);
	h->version = digits(p + 5, end);
	if (h->version == 0)
		h->version = 1;
	if (gap != NULL)
		h->http = digits(gap + 1, end);
}

static int
status_number(const char *p, size_t n)
{
	int v = 0;

	if (n == 0 || n > 2)
		return GRPC_UNKNOWN;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return GRPC_UNKNOWN;
		v = v * 10 + p[i] - '0';
	}
	return v <= GRPC_UNAUTHENTICATED ? v : GRPC_UNKNOWN;
}

static bool
same(const char *p, size_t n, const char *name)
{
	return n == strlen(name) && strncasecmp(p, name, n) == 0;
}

static void
content_type(struct grpc_head *h, const char *p, size_t n)
{
	static const char want[] = "application/grpc";
	size_t len = sizeof want - 1;

	grpc_text(h->type, sizeof h->type, p, n, false);
	h->grpc = n >= len && strncasecmp(p, want, len) == 0 &&
	    (n == len || p[len] == '+' || p[len] == ';');
}

/* Who is meant, without a user's password, a path or a query. */
static void
location(struct grpc_head *h, const char *p, size_t n)
{
	const char *end = p + n, *host = memmem(p, n, "//", 2);

	if (host == NULL)
		return;
	for (p = host += 2; p < end && strchr("/?#", *p) == NULL; p++)
		if (*p == '@')
			host = p + 1;
	grpc_text(h->to, sizeof h->to, host, (size_t)(p - host), false);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT"; strptime would want it in the user's
 * language. */
static int64_t
date(const char *p, size_t n)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char text[40], month[4];
	const char *at;
	struct tm tm = { 0 };

	snprintf(text, sizeof text, "%.*s", (int)(n < 39 ? n : 39), p);
	if (sscanf(text, "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &tm.tm_mday,
	    month, &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6 ||
	    strlen(month) != 3 || (at = strstr(months, month)) == NULL ||
	    (at - months) % 3 != 0 || tm.tm_year < 1970)
		return 0;
	tm.tm_mon = (int)(at - months) / 3;
	tm.tm_year -= 1900;
	return timegm(&tm);
}

static void
header(struct grpc_head *h, const char *name, size_t len, const char *p,
    size_t n)
{
	if (same(name, len, "grpc-status"))
		h->code = status_number(p, n);
	else if (same(name, len, "grpc-message"))
		snprintf(h->text, sizeof h->text, "%.*s",
		    (int)(n < sizeof h->text ? n : sizeof h->text - 1), p);
	else if (same(name, len, "grpc-status-details-bin"))
		h->retry_after_us = grpc_retry_after(p, n);
	else if (same(name, len, "content-type"))
		content_type(h, p, n);
	else if (same(name, len, "location"))
		location(h, p, n);
	else if (same(name, len, "grpc-encoding"))
		h->compressed = !same(p, n, "identity");
	else if (same(name, len, "date"))
		h->date = date(p, n);
}

void
grpc_head_line(struct grpc_head *h, const char *p, size_t n)
{
	const char *colon;
	size_t len;

	while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == '\n' ||
	    p[n - 1] == ' '))
		n--;
	if (n >= 5 && memcmp(p, "HTTP/", 5) == 0) {
		status_line(h, p, n);
		return;
	}
	colon = n > 0 ? memchr(p, ':', n) : NULL;
	if (colon == NULL)
		return;
	len = (size_t)(colon - p);
	for (colon++; colon < p + n && *colon == ' '; colon++)
		;
	header(h, p, len, colon, (size_t)(p + n - colon));
}

/* ---- values ---- */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t
unescape(char *out, size_t size, const char *p, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n && len < size; i++) {
		int hi = -1, lo = -1;

		if (p[i] == '%' && n - i > 2) {
			hi = hex(p[i + 1]);
			lo = hex(p[i + 2]);
		}
		if (hi >= 0 && lo >= 0) {
			out[len++] = (char)(hi << 4 | lo);
			i += 2;
		} else {
			out[len++] = p[i];
		}
	}
	return len;
}

/* What would move the cursor or turn the text around. */
static bool
unprintable(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0xfffd ||
	    (cp >= 0x200e && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff;
}

void
grpc_text(char *out, size_t size, const char *p, size_t n, bool percent)
{
	char plain[1024];
	size_t len = 0;

	if (percent) {
		n = unescape(plain, sizeof plain, p, n);
		p = plain;
	}
	while (n > 0) {
		uint32_t cp;
		size_t k = utf8_decode(p, n, &cp);

		if (len + (unprintable(cp) ? 1 : k) >= size)
			break;
		if (cp == '\n' || cp == '\t' || cp == '\r')
			out[len++] = ' ';
		else if (unprintable(cp))
			out[len++] = '?';
		else
			for (size_t i = 0; i < k; i++)
				out[len++] = p[i];
		p += k;
		n -= k;
	}
	out[len] = '\0';
}

enum grpc_code
grpc_code_of_http(int status)
{
	switch (status) {
	case 401:
		return GRPC_UNAUTHENTICATED;
	case 403:
		return GRPC_PERMISSION_DENIED;
	case 404:
		return GRPC_UNIMPLEMENTED;
	case 429:
	case 502:
	case 503:
	case 504:
		return GRPC_UNAVAILABLE;
	default:
		return GRPC_UNKNOWN;
	}
}

/* At most eight digits, so the unit grows; rounded up, at least 1. */
void
grpc_timeout_text(char out[12], int64_t us)
{
	static const struct {
		char name;
		int64_t us;
	} units[] = { { 'u', 1 }, { 'm', 1000 }, { 'S', 1000000 },
		{ 'M', 60000000 }, { 'H', 3600000000 } };

	if (us < 1)
		us = 1;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		int64_t n = us / units[i].us + (us % units[i].us != 0);

		if (n > 99999999 && i + 1 < ARRAY_LEN(units))
			continue;
		snprintf(out, 12, "%d%c", (int)(n > 99999999 ? 99999999 : n),
		    units[i].name);
		return;
	}
}
