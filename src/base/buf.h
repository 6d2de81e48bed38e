#ifndef BASE_BUF_H
#define BASE_BUF_H

/*
 * Growable bytes.  Zero-initialise to start.  data is NUL-terminated
 * whenever it is not NULL (the NUL is not counted), so text works too.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct buf {
	char *data;
	size_t len;
	size_t cap;
};

void buf_free(struct buf *b);		      /* leaves it zeroed */
void buf_clear(struct buf *b);		      /* keeps the memory */
void buf_reserve(struct buf *b, size_t more); /* room for more bytes */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_addu(struct buf *b, uint64_t v); /* in decimal, without printf */
void buf_drop_front(struct buf *b, size_t n); /* n <= len; moves the rest */
/* Hands the bytes to the caller (free with free()); b becomes empty. */
char *buf_take(struct buf *b);
/* "" for an empty buffer, else data. */
const char *buf_str(const struct buf *b);

/* Fixed-width little-endian numbers and length-prefixed bytes, for canonical
 * serialisation (state_save). */
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_bytes(struct buf *b, const void *p, size_t n); /* u64 n, bytes */
void buf_put_str(struct buf *b, const char *s); /* NULL reads back as "" */

/* Bounded reading of the same; a failed read sets bad and yields 0/"". */
struct rd {
	const char *p;
	size_t left;
	bool bad;
};
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);
/* Borrowed from the input. */
const char *rd_bytes(struct rd *r, size_t *n);
char *rd_str(struct rd *r); /* owned by the caller */

#endif
