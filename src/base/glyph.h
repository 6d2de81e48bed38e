#ifndef BASE_GLYPH_H
#define BASE_GLYPH_H

/*
 * What stands in a cell: a code point, or (with GLYPH_CLUSTER set) an
 * interned base character with its combining marks.  The intern table lives
 * as long as the process, is bounded (65,536 clusters of at most GLYPH_MAX
 * code points; beyond it a cluster is its base character) and belongs to the
 * ui thread.
 */

#include <stddef.h>
#include <stdint.h>

#define GLYPH_CLUSTER 0x80000000u
#define GLYPH_MAX 6

uint32_t glyph_intern(const uint32_t *cps, size_t n);
/* The code points of a glyph; returns how many (at least 1). */
size_t glyph_cps(uint32_t glyph, uint32_t out[GLYPH_MAX]);

#endif
