#include "config.h"

/* What a gRPC server sends, as messages, as the lines of a head, as a text
 * and as error details. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "net/grpc-frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* All messages of the input, one after the other, each with its length. */
static bool
messages(struct buf *out, const char *p, size_t n, size_t step, bool secret)
{
	struct grpc_frames f = { .secret = secret };
	bool good = true;

	for (size_t at = 0; at < n && good; at += step) {
		size_t k = n - at < step ? n - at : step, len;
		const char *m;
		struct err e = { 0 };

		good = grpc_frames_add(&f, p + at, k, &e);
		if (!good && e.msg[0] == '\0')
			abort();
		while (grpc_frames_next(&f, &m, &len)) {
			if (len > GRPC_MESSAGE_MAX)
				abort();
			buf_put_bytes(out, m, len);
		}
	}
	if (good && grpc_frames_cut(&f) != (grpc_frames_held(&f) > 0))
		abort();
	grpc_frames_free(&f);
	return good;
}

/* However the bytes are cut, they are the same messages. */
static void
frames(const char *p, size_t n)
{
	static const size_t steps[] = { 1, 2, 5, 7, 64 };
	struct buf whole = { 0 }, parts = { 0 };
	bool good = messages(&whole, p, n, n + 1, false);

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		buf_clear(&parts);
		if (messages(&parts, p, n, steps[i], i % 2 != 0) != good ||
		    parts.len != whole.len || (whole.len > 0 &&
		    memcmp(parts.data, whole.data, whole.len) != 0))
			abort();
	}
	buf_free(&whole);
	buf_free(&parts);
}

/* Fit for a terminal, whatever it was. */
static void
text(const char *p, size_t n, bool percent)
{
	char out[300];
	size_t len;

	grpc_text(out, sizeof out, p, n, percent);
	len = strlen(out);
	if (len >= sizeof out || !utf8_valid(out, len))
		abort();
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
			abort();
}

static void
lines(const char *p, size_t n)
{
	const char *end = p + n;
	struct grpc_head h;

	grpc_head_init(&h);
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl != NULL ? nl + 1 : end) - p);

		grpc_head_line(&h, p, len);
		if (h.code < -1 || h.code > GRPC_UNAUTHENTICATED ||
		    h.http < 0 || h.version < 0 || h.retry_after_us < -1 ||
		    memchr(h.text, '\0', sizeof h.text) == NULL)
			abort();
		text(h.text, strlen(h.text), true);
		grpc_code_of_http(h.http);
		p += len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;

	if (n > 64 << 10)
		n = 64 << 10;
	frames(p, n);
	lines(p, n);
	text(p, n, true);
	text(p, n, false);
	if (grpc_retry_after(p, n) < -1)
		abort();
	return 0;
}
