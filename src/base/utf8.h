#ifndef BASE_UTF8_H
#define BASE_UTF8_H

/* UTF-8 (RFC 3629), columns as wcwidth(3) counts them (ncurses does), and
 * grapheme boundaries (UAX #29, through utf8proc). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one code point.  Returns its length, 1..4; an invalid byte gives
 * 0xFFFD and 1.  n > 0. */
size_t utf8_decode(const char *s, size_t n, uint32_t *cp);
size_t utf8_encode(uint32_t cp, char out[4]);
bool utf8_valid(const char *s, size_t n);
/* Columns of a code point: 0 (combining), 1 or 2; unprintable: 1, as it is
 * shown by a stand-in. */
int utf8_width(uint32_t cp);
/* Length in bytes of the grapheme that starts at s, and its columns. */
size_t utf8_grapheme(const char *s, size_t n, int *width);
/* Columns of a whole string. */
size_t utf8_columns(const char *s, size_t n);

#endif
