#include "config.h"

/* The files of a checkpoint as a tree, sorted as git wants it. */

#include "store/gitstore-write.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
gitstore_node_clear(struct gitstore_node *d)
{
	for (size_t i = 0; i < d->nkids; i++) {
		gitstore_node_clear(d->kids[i]);
		free(d->kids[i]);
	}
	free(d->kids);
	free(d->name);
	free(d->owned);
}

static int
name_compare(const char *name, const char *s, size_t n)
{
	int c = strncmp(name, s, n);

	return c != 0 ? c : name[n] != '\0';
}

/* The kid of that name, or NULL and the place where it belongs. */
static struct gitstore_node *
node_find(const struct gitstore_node *d, const char *s, size_t n, size_t *at)
{
	size_t lo = 0, hi = d->nkids;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = name_compare(d->kids[mid]->name, s, n);

		if (c == 0)
			return d->kids[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*at = lo;
	return NULL;
}

static struct gitstore_node *
node_insert(struct gitstore_node *d, const char *s, size_t n, size_t at)
{
	struct gitstore_node *k = xcalloc(1, sizeof *k);

	k->name = xstrndup(s, n);
	k->whole = d->whole;
	GROW(d->kids, d->nkids, d->cap);
	memmove(d->kids + at + 1, d->kids + at,
	    (d->nkids - at) * sizeof *d->kids);
	d->kids[at] = k;
	d->nkids++;
	return k;
}

struct gitstore_node *
gitstore_node_dir(struct gitstore_node *d, const char *name)
{
	size_t at = 0;
	struct gitstore_node *k = node_find(d, name, strlen(name), &at);

	if (k == NULL)
		k = node_insert(d, name, strlen(name), at);
	k->dir = true;
	return k;
}

struct gitstore_node *
gitstore_node_add(struct gitstore_node *d, const char *path, const char *data,
    size_t size)
{
	for (;;) {
		size_t n = strcspn(path, "/"), at = 0;
		bool leaf = path[n] == '\0';
		struct gitstore_node *k = node_find(d, path, n, &at);

		if (k != NULL && (leaf || !k->dir))
			return NULL;
		if (k == NULL)
			k = node_insert(d, path, n, at);
		if (leaf) {
			k->data = data;
			k->size = size;
			return k;
		}
		k->dir = true;
		d = k;
		path += n + 1;
	}
}

size_t
gitstore_node_files(const struct gitstore_node *d)
{
	size_t n = d->dir ? 0 : 1;

	for (size_t i = 0; i < d->nkids; i++)
		n += gitstore_node_files(d->kids[i]);
	return n;
}
