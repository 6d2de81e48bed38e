#include "config.h"

#include "net/grpc-frame.h"

#include <math.h>
#include <string.h>

#include "base/json.h"

/*
 * The little of protobuf that grpc-status-details-bin needs:
 *   google.rpc.Status { 3: repeated Any details }
 *   Any { 1: string type_url; 2: bytes value }
 *   modal.client.RPCRetryPolicy { 1: float retry_after_secs }
 */

#define DETAILS_MAX (64u << 10)
#define WAIT_MAX 86400.0f /* a day: more is nonsense */

struct pb {
	const unsigned char *p;
	size_t n;
};

struct field {
	unsigned number, wire;
	struct pb bytes; /* of the wire types 2 and 5 */
};

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static bool
varint(struct pb *b, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; shift < 64 && b->n > 0; shift += 7) {
		unsigned char c = *b->p++;

		b->n--;
		*v |= (uint64_t)(c & 0x7f) << shift;
		if ((c & 0x80) == 0)
			return true;
	}
	return false;
}

static bool
skip(struct pb *b, struct field *f, uint64_t n)
{
	if (n > b->n)
		return false;
	f->bytes.p = b->p;
	f->bytes.n = (size_t)n;
	b->p += n;
	b->n -= (size_t)n;
	return true;
}

/* False at the end and at the first thing that is wrong. */
static bool
field_next(struct pb *b, struct field *f)
{
	uint64_t v;

	if (!varint(b, &v) || v >> 3 == 0 || v >> 32 != 0)
		return false;
	f->number = (unsigned)(v >> 3);
	f->wire = (unsigned)(v & 7);
	switch (f->wire) {
	case VARINT:
		return varint(b, &v);
	case FIXED64:
		return skip(b, f, 8);
	case BYTES:
		return varint(b, &v) && skip(b, f, v);
	case FIXED32:
		return skip(b, f, 4);
	default:
		return false;
	}
}

static bool
ends_with(struct pb b, const char *tail)
{
	size_t n = strlen(tail);

	return b.n >= n && memcmp(b.p + b.n - n, tail, n) == 0;
}

static int64_t
policy_wait(struct pb b)
{
	float secs = 0; /* proto3 leaves a zero out */
	struct field f = { 0 };

	while (field_next(&b, &f))
		if (f.number == 1 && f.wire == FIXED32) {
			uint32_t bits = 0;

			for (int i = 0; i < 4; i++)
				bits |= (uint32_t)f.bytes.p[i] << (8 * i);
			memcpy(&secs, &bits, sizeof secs);
		}
	if (isnan(secs) || secs < 0)
		return -1;
	return (int64_t)((double)fminf(secs, WAIT_MAX) * 1e6);
}

static int64_t
any_wait(struct pb b)
{
	struct pb type = { NULL, 0 }, value = { NULL, 0 };
	struct field f;

	while (field_next(&b, &f)) {
		if (f.wire == BYTES && f.number == 1)
			type = f.bytes;
		else if (f.wire == BYTES && f.number == 2)
			value = f.bytes;
	}
	return type.p != NULL &&
	    ends_with(type, "/modal.client.RPCRetryPolicy") ?
	    policy_wait(value) : -1;
}

static int64_t
status_wait(struct pb b)
{
	struct field f;
	int64_t us;

	while (field_next(&b, &f)) {
		if (f.wire != BYTES || f.number != 3)
			continue;
		us = any_wait(f.bytes);
		if (us >= 0)
			return us;
	}
	return -1;
}

/* Values of a -bin header that came twice are joined with commas. */
int64_t
grpc_retry_after(const char *p, size_t n)
{
	struct buf b = { 0 };
	int64_t us = -1;

	if (n > DETAILS_MAX)
		return -1;
	while (n > 0 && us < 0) {
		const char *comma = memchr(p, ',', n);
		size_t len = comma != NULL ? (size_t)(comma - p) : n;

		buf_clear(&b);
		base64_add(&b, p, len); /* padded or not */
		us = status_wait((struct pb){
		    (const unsigned char *)buf_str(&b), b.len });
		len += comma != NULL;
		p += len;
		n -= len;
		while (n > 0 && *p == ' ') {
			p++;
			n--;
		}
	}
	buf_free(&b);
	return us;
}
