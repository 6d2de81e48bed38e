#ifndef TEXT_TEXT_H
#define TEXT_TEXT_H

/* A document: bytes in a gap buffer, with line starts found in O(log n).
 * Offsets and lengths are bytes; lines count from 0.  Knows nothing of views,
 * files or undo. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct text;

struct text *text_create(const char *s, size_t n);
void text_destroy(struct text *);
size_t text_size(const struct text *);
/* Replaces [off, off + del) by ins; clamps to the document. */
void text_replace(struct text *, size_t off, size_t del, const char *ins,
    size_t n);
/* Copies at most n bytes from off; returns how many. */
size_t text_read(const struct text *, size_t off, char *out, size_t n);
/* Appends [off, off + n) to out. */
void text_append(const struct text *, size_t off, size_t n, struct buf *out);

size_t text_lines(const struct text *); /* newlines + 1 */
size_t text_line_start(const struct text *, size_t line);
/* Without the newline. */
size_t text_line_end(const struct text *, size_t line);
size_t text_line_of(const struct text *, size_t off);

/* Grapheme boundaries. */
size_t text_next(const struct text *, size_t off);
size_t text_prev(const struct text *, size_t off);
size_t text_word_next(const struct text *, size_t off);
size_t text_word_prev(const struct text *, size_t off);

/* Plain search; wraps are the caller's.  SIZE_MAX: none.  icase folds ASCII. */
size_t text_find(const struct text *, size_t from, const char *s, size_t n,
    bool icase);
size_t text_find_back(const struct text *, size_t before, const char *s,
    size_t n, bool icase);

#endif
