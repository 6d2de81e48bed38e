#include "config.h"

#include "base/glyph.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

#define CLUSTERS_MAX 65536u

struct cluster {
	uint32_t cps[GLYPH_MAX];
	size_t n;
};

static struct cluster *clusters;
static size_t nclusters, clusters_cap;
/* Open addressing, index + 1; twice the bound, so probes stay short. */
static uint32_t *slots;

static size_t
hash(const uint32_t *cps, size_t n)
{
	uint64_t h = 1469598103934665603u; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ cps[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 32) & (2 * CLUSTERS_MAX - 1);
}

static bool
same(const struct cluster *c, const uint32_t *cps, size_t n)
{
	return c->n == n && memcmp(c->cps, cps, n * sizeof *cps) == 0;
}

uint32_t
glyph_intern(const uint32_t *cps, size_t n)
{
	size_t i;

	if (n == 0)
		return ' ';
	if (n == 1)
		return cps[0];
	if (n > GLYPH_MAX)
		n = GLYPH_MAX;
	if (slots == NULL)
		slots = xcalloc(2 * CLUSTERS_MAX, sizeof *slots);
	for (i = hash(cps, n); slots[i] != 0;
	    i = (i + 1) & (2 * CLUSTERS_MAX - 1))
		if (same(&clusters[slots[i] - 1], cps, n))
			return GLYPH_CLUSTER | (slots[i] - 1);
	if (nclusters == CLUSTERS_MAX)
		return cps[0];
	GROW(clusters, nclusters, clusters_cap);
	memcpy(clusters[nclusters].cps, cps, n * sizeof *cps);
	clusters[nclusters].n = n;
	slots[i] = (uint32_t)++nclusters;
	return GLYPH_CLUSTER | (slots[i] - 1);
}

size_t
glyph_cps(uint32_t glyph, uint32_t out[GLYPH_MAX])
{
	const struct cluster *c;

	out[0] = glyph ? glyph : ' ';
	if ((glyph & GLYPH_CLUSTER) == 0)
		return 1;
	out[0] = ' ';
	if ((glyph & ~GLYPH_CLUSTER) >= nclusters)
		return 1;
	c = &clusters[glyph & ~GLYPH_CLUSTER];
	memcpy(out, c->cps, c->n * sizeof *out);
	return c->n;
}
