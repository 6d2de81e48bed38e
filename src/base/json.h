#ifndef BASE_JSON_H
#define BASE_JSON_H

/* JSON (RFC 8259): a strict writer of strings, and a reader over cJSON with
 * caps.  The only place that includes <cJSON.h>. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

void json_add_string(struct buf *, const char *s, size_t n); /* valid UTF-8 */
void json_add_base64(struct buf *, const void *p, size_t n); /* with quotes */

struct json; /* a value */
struct json *json_parse(const char *s, size_t n, struct err *) WARN_UNUSED;
void json_free(struct json *);
const struct json *json_get(const struct json *, const char *key);
const char *json_str(const struct json *, const char *key); /* NULL: none */
int64_t json_int(const struct json *, const char *key, int64_t otherwise);
bool json_bool(const struct json *, const char *key, bool otherwise);
double json_number(const struct json *, const char *key, double otherwise);
bool json_is_bool(const struct json *, const char *key);
bool json_is_null(const struct json *, const char *key); /* or not there */
/* Of an array: its first element, the one after it; NULL: no more, or it is
 * none. */
const struct json *json_first(const struct json *);
const struct json *json_next(const struct json *);
/* Decodes base64 of either alphabet up to the first character that is none,
 * '=' too; how many it took. */
size_t base64_add(struct buf *out, const char *p, size_t n);
/* The same of all of s, padded; false when it is not base64. */
bool json_base64(const char *s, struct buf *out);

#endif
