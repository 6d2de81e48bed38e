#include "config.h"

#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>
#include <wchar.h>

static bool
continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t
utf8_decode(const char *s, size_t n, uint32_t *cp)
{
	const unsigned char *p = (const unsigned char *)s;
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len;
	uint32_t v;

	*cp = 0xfffd;
	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 1;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (len > n)
		return 1;
	v = p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if (!continuation(p[i]))
			return 1;
		v = v << 6 | (p[i] & 0x3f);
	}
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 1;
	*cp = v;
	return len;
}

size_t
utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		cp = 0xfffd;
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

bool
utf8_valid(const char *s, size_t n)
{
	uint32_t cp;
	size_t i = 0;

	while (i < n) {
		uint64_t eight;
		size_t len;

		if (i + sizeof eight <= n) {
			memcpy(&eight, s + i, sizeof eight);
			if ((eight & 0x8080808080808080u) == 0) {
				i += sizeof eight;
				continue;
			}
		}
		if ((unsigned char)s[i] < 0x80) {
			i++;
			continue;
		}
		len = utf8_decode(s + i, n - i, &cp);
		if (len == 1)
			return false;
		i += len;
	}
	return true;
}

static int
columns(uint32_t cp)
{
	int w = wcwidth((wchar_t)cp);

	return w < 0 ? 1 : w > 2 ? 2 : w;
}

/* wcwidth looks through three tables each time, a fifth of the work on a flood
 * of such text; a text has some hundreds of characters, in a few runs. */
#define KEPT 4096

int
utf8_width(uint32_t cp)
{
	/* As cp << 2 | width; zero is that of U+0000 as well. */
	static _Thread_local uint32_t kept[KEPT];
	uint32_t *k = &kept[cp % KEPT];

	if (cp >= 0x20 && cp < 0x7f)
		return 1;
	if (*k >> 2 != cp)
		*k = cp << 2 | (uint32_t)columns(cp);
	return (int)(*k & 3);
}

size_t
utf8_grapheme(const char *s, size_t n, int *width)
{
	uint32_t prev, cp;
	utf8proc_int32_t st = 0;
	size_t at = utf8_decode(s, n, &prev);
	int w = utf8_width(prev);

	/* ASCII followed by ASCII is nearly all text; CR LF is one. */
	if (prev < 0x80 && (at == n || (unsigned char)s[at] < 0x80)) {
		if (prev == '\r' && at < n && s[at] == '\n')
			at++;
		*width = w;
		return at;
	}
	while (at < n) {
		size_t len = utf8_decode(s + at, n - at, &cp);

		if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)prev,
		    (utf8proc_int32_t)cp, &st))
			break;
		w += utf8_width(cp);
		prev = cp;
		at += len;
	}
	*width = w > 2 ? 2 : w;
	return at;
}

size_t
utf8_columns(const char *s, size_t n)
{
	size_t cols = 0, i = 0;
	int w;

	while (i < n) {
		i += utf8_grapheme(s + i, n - i, &w);
		cols += (size_t)w;
	}
	return cols;
}
