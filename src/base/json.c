#include "config.h"

#include "base/json.h"

#include <cjson/cJSON.h>
#include <pthread.h>
#include <string.h>

static const char hex[] = "0123456789abcdef";

#define ESCAPE_MAX 6
#define BLOCK 512 /* room is made for so much at once */

/* What stands for each byte. */
static struct glyph {
	char text[7];
	unsigned char n;
} glyphs[256];
static pthread_once_t glyphs_once = PTHREAD_ONCE_INIT;

static void
fill_glyphs(void)
{
	static const char names[32] = { ['\b'] = 'b', ['\t'] = 't',
		['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };

	for (int c = 0; c < 256; c++) {
		char u[ESCAPE_MAX] = { '\\', 'u', '0', '0', hex[c >> 4],
			hex[c & 15] };
		struct glyph *g = &glyphs[c];

		g->n = c < 0x20 || c == 0x7f ? ESCAPE_MAX : 1;
		if (c == '"' || c == '\\' || (c < 32 && names[c] != 0)) {
			u[1] = c < 32 ? names[c] : (char)c;
			g->n = 2;
		} else if (g->n == 1) {
			u[0] = (char)c;
		}
		memcpy(g->text, u, ESCAPE_MAX);
	}
}

#define EACH(c) (0x0101010101010101u * (c)) /* in all eight bytes */

/* Whether eight bytes stand for themselves. */
static bool
is_plain(const char *s)
{
	uint64_t v, quote, slash, del;

	memcpy(&v, s, sizeof v);
	quote = v ^ EACH('"');
	slash = v ^ EACH('\\');
	del = v ^ EACH(0x7f);
	return ((((v - EACH(0x20)) & ~v) | ((quote - EACH(1)) & ~quote) |
	    ((slash - EACH(1)) & ~slash) | ((del - EACH(1)) & ~del)) &
	    EACH(0x80)) == 0;
}

/* A glyph is stored whole, whatever its length: no branch that depends on
 * the byte, which nothing could predict. */
static char *
put_glyphs(char *o, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct glyph *g = &glyphs[(unsigned char)s[i]];

		memcpy(o, g, sizeof *g);
		o += g->n;
	}
	return o;
}

void
json_add_string(struct buf *b, const char *s, size_t n)
{
	pthread_once(&glyphs_once, fill_glyphs);
	buf_reserve(b, n + 2);
	buf_addc(b, '"');
	for (size_t i = 0; i < n;) {
		size_t end = n - i < BLOCK ? n : i + BLOCK;
		char *o;

		buf_reserve(b, (end - i) * ESCAPE_MAX + sizeof(struct glyph));
		o = b->data + b->len;
		for (; end - i >= 8; i += 8) {
			if (!is_plain(s + i)) {
				o = put_glyphs(o, s + i, 8);
				continue;
			}
			memcpy(o, s + i, 8);
			o += 8;
		}
		o = put_glyphs(o, s + i, end - i);
		i = end;
		b->len = (size_t)(o - b->data);
	}
	buf_addc(b, '"');
}

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
json_add_base64(struct buf *b, const void *p, size_t n)
{
	const unsigned char *s = p;
	char *o;

	buf_reserve(b, n / 3 * 4 + 8);
	o = b->data + b->len;
	*o++ = '"';
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)s[i] << 16;

		if (i + 1 < n)
			v |= (uint32_t)s[i + 1] << 8;
		if (i + 2 < n)
			v |= s[i + 2];
		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		*o++ = i + 1 < n ? alphabet[v >> 6 & 63] : '=';
		*o++ = i + 2 < n ? alphabet[v & 63] : '=';
	}
	*o++ = '"';
	*o = '\0';
	b->len = (size_t)(o - b->data);
}

static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

size_t
base64_add(struct buf *out, const char *p, size_t n)
{
	uint32_t bits = 0;
	int nbits = 0, v;
	size_t i = 0;

	buf_reserve(out, n / 4 * 3 + 3);
	for (; i < n && (v = sextet(p[i])) >= 0; i++) {
		bits = bits << 6 | (uint32_t)v;
		nbits += 6;
		if (nbits >= 8) {
			nbits -= 8;
			buf_addc(out, (char)(bits >> nbits & 0xff));
		}
	}
	return i;
}

bool
json_base64(const char *s, struct buf *out)
{
	size_t n = strlen(s), taken = base64_add(out, s, n);

	return n % 4 == 0 && n - taken <= 2 &&
	    strspn(s + taken, "=") == n - taken;
}

/* struct json is cJSON under another name: it is never defined. */
static const cJSON *
in(const struct json *j)
{
	return (const cJSON *)(const void *)j;
}

struct json *
json_parse(const char *s, size_t n, struct err *e)
{
	const char *end = s;
	cJSON *j = cJSON_ParseWithLengthOpts(s, n, &end, false);

	if (j == NULL)
		err_set(e, ERR_INVALID, "not JSON at byte %zu", end != NULL ?
		    (size_t)(end - s) : (size_t)0);
	return (struct json *)(void *)j;
}

void
json_free(struct json *j)
{
	cJSON_Delete((cJSON *)(void *)j);
}

const struct json *
json_get(const struct json *j, const char *key)
{
	return (const struct json *)(const void *)
	    cJSON_GetObjectItemCaseSensitive(in(j), key);
}

const char *
json_str(const struct json *j, const char *key)
{
	return cJSON_GetStringValue(in(json_get(j, key)));
}

int64_t
json_int(const struct json *j, const char *key, int64_t otherwise)
{
	const cJSON *v = in(json_get(j, key));

	/* Doubles are exact to 2^53, which no field of ours passes. */
	if (!cJSON_IsNumber(v) || v->valuedouble > 9007199254740992.0 ||
	    v->valuedouble < -9007199254740992.0)
		return otherwise;
	return (int64_t)v->valuedouble;
}

bool
json_bool(const struct json *j, const char *key, bool otherwise)
{
	const cJSON *v = in(json_get(j, key));

	return cJSON_IsBool(v) ? cJSON_IsTrue(v) : otherwise;
}

double
json_number(const struct json *j, const char *key, double otherwise)
{
	const cJSON *v = in(json_get(j, key));

	return cJSON_IsNumber(v) ? v->valuedouble : otherwise;
}

bool
json_is_bool(const struct json *j, const char *key)
{
	return cJSON_IsBool(in(json_get(j, key)));
}

bool
json_is_null(const struct json *j, const char *key)
{
	const cJSON *v = in(json_get(j, key));

	return v == NULL || cJSON_IsNull(v);
}

const struct json *
json_first(const struct json *array)
{
	const cJSON *a = in(array);

	return cJSON_IsArray(a) ? (const struct json *)(const void *)a->child :
	    NULL;
}

const struct json *
json_next(const struct json *j)
{
	return (const struct json *)(const void *)in(j)->next;
}
