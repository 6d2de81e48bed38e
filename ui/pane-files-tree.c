#include "config.h"

#include "ui/pane-files.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define DEPTH_MAX 32 /* deeper directories show as part of the name */

static size_t
part_len(const char *s)
{
	return (size_t)(strchrnul(s, '/') - s);
}

static int
part_cmp(const char *a, size_t na, const char *b, size_t nb)
{
	int c = memcmp(a, b, na < nb ? na : nb);

	return c != 0 ? c : (na > nb) - (na < nb);
}

/* In a directory, its directories come before its files. */
static int
path_cmp(const char *a, bool a_dir, const char *b, bool b_dir)
{
	for (;;) {
		size_t na = part_len(a), nb = part_len(b);
		bool in_a = a_dir || a[na] == '/', in_b = b_dir ||
		    b[nb] == '/';
		int c;

		if (in_a != in_b)
			return in_a ? -1 : 1;
		c = part_cmp(a, na, b, nb);
		if (c != 0)
			return c;
		if (a[na] == '\0' || b[nb] == '\0')
			return (a[na] != '\0') - (b[nb] != '\0');
		a += na + 1;
		b += nb + 1;
	}
}

static int
entry_cmp(const void *a, const void *b)
{
	const struct state_entry *const *x = a, *const *y = b;

	return path_cmp((*x)->path, false, (*y)->path, false);
}

static int
node_cmp(const void *a, const void *b)
{
	const struct files_node *x = a, *y = b;

	return path_cmp(x->path, x->dir, y->path, y->dir);
}

static void
nodes_free(struct files_node *nodes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(nodes[i].path);
	free(nodes);
}

/* Bytes that two paths have in common, in whole directories. */
static size_t
common_dirs(const char *a, const char *b)
{
	size_t last = 0;

	for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
		if (a[i] == '/')
			last = i + 1;
	return last;
}

struct tree {
	struct files_node *nodes;
	size_t n, cap;
};

static struct files_node *
node_add(struct tree *t, const char *path, size_t n, size_t name, int depth)
{
	struct files_node *node;

	GROW(t->nodes, t->n, t->cap);
	node = &t->nodes[t->n++];
	*node = (struct files_node){ .path = xstrndup(path, n), .name = name,
		.depth = depth };
	return node;
}

/* The directories of path that the one before did not have, then the file. */
static void
tree_add(struct tree *t, const char *before, const struct state_entry *e)
{
	size_t had = common_dirs(before, e->path), start = 0, n;
	struct files_node *node;
	int depth = 0;

	while (depth < DEPTH_MAX) {
		n = part_len(e->path + start);
		if (e->path[start + n] == '\0')
			break;
		if (start + n + 1 > had) {
			node = node_add(t, e->path, start + n, start, depth);
			node->dir = true;
			/* What tools left there is seldom of interest. */
			node->open = e->path[start] != '.' &&
			    strncmp(e->path + start, "__", 2) != 0;
		}
		start += n + 1;
		depth++;
	}
	if (e->path[start] == '\0')
		return;
	node = node_add(t, e->path, strlen(e->path), start, depth);
	node->size = e->size;
}

void
files_show_nodes(struct files_pane *f)
{
	int closed = -1;

	f->nshown = 0;
	for (size_t i = 0; i < f->nnodes; i++) {
		const struct files_node *n = &f->nodes[i];

		if (closed >= 0 && n->depth > closed)
			continue;
		closed = n->dir && !n->open ? n->depth : -1;
		f->shown[f->nshown++] = i;
	}
	if (f->sel >= f->nshown)
		f->sel = f->nshown > 0 ? f->nshown - 1 : 0;
}

struct files_node *
files_selected(const struct files_pane *f)
{
	return f->nshown > 0 ? &f->nodes[f->shown[f->sel]] : NULL;
}

/* Opens what hides it, and selects it. */
static bool
select_path(struct files_pane *f, const char *path, bool reveal)
{
	size_t i;

	for (i = 0; i < f->nnodes; i++)
		if (strcmp(f->nodes[i].path, path) == 0)
			break;
	if (i == f->nnodes)
		return false;
	for (size_t k = i, depth = (size_t)f->nodes[i].depth;
	    reveal && k-- > 0;)
		if ((size_t)f->nodes[k].depth < depth) {
			f->nodes[k].open = true;
			depth = (size_t)f->nodes[k].depth;
		}
	files_show_nodes(f);
	for (size_t k = 0; k < f->nshown; k++)
		if (f->shown[k] == i)
			f->sel = k;
	return true;
}

static uint64_t
listing_hash(const struct state *s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s->nentries; i++) {
		for (const char *p = s->entries[i].path; *p != '\0'; p++)
			h = (h ^ (unsigned char)*p) * 1099511628211u;
		h = (h ^ s->entries[i].size ^ 256) * 1099511628211u;
	}
	return h;
}

static void
tree_make(struct files_pane *f, struct tree *t)
{
	const struct state *s = f->base.ctx.state;
	const struct state_entry **sorted;
	struct files_node *old;

	sorted = xcalloc(s->nentries + 1, sizeof *sorted);
	for (size_t i = 0; i < s->nentries; i++)
		sorted[i] = &s->entries[i];
	qsort(sorted, s->nentries, sizeof *sorted, entry_cmp);
	for (size_t i = 0; i < s->nentries; i++)
		tree_add(t, i > 0 ? sorted[i - 1]->path : "", sorted[i]);
	free(sorted);
	/* A directory stays open, or closed. */
	for (size_t i = 0; i < t->n && f->nnodes > 0; i++) {
		old = bsearch(&t->nodes[i], f->nodes, f->nnodes,
		    sizeof *f->nodes, node_cmp);
		if (old != NULL && old->dir == t->nodes[i].dir)
			t->nodes[i].open = old->open;
	}
}

void
files_sync(struct files_pane *f)
{
	const struct state *s = f->base.ctx.state;
	struct tree t = { 0 };
	struct files_node *sel;
	char *path;
	uint64_t h;

	if (f->fresh && s->seq == f->seen_seq)
		return;
	f->seen_seq = s->seq;
	h = listing_hash(s);
	if (f->fresh && h == f->seen)
		return;
	f->fresh = true;
	f->seen = h;
	tree_make(f, &t);
	sel = files_selected(f);
	path = sel != NULL ? xstrdup(sel->path) : NULL;
	nodes_free(f->nodes, f->nnodes);
	f->nodes = t.nodes;
	f->nnodes = t.n;
	f->shown = xreallocarray(f->shown, t.n + 1, sizeof *f->shown);
	files_show_nodes(f);
	if (path != NULL)
		select_path(f, path, false);
	free(path);
	if (f->wanted != NULL && select_path(f, f->wanted, true)) {
		free(f->wanted);
		f->wanted = NULL;
	}
}

bool
files_taken(const struct files_pane *f, const char *path)
{
	for (size_t i = 0; i < f->nnodes; i++)
		if (strcmp(f->nodes[i].path, path) == 0)
			return true;
	return false;
}

void
files_free(struct files_pane *f)
{
	nodes_free(f->nodes, f->nnodes);
	free(f->shown);
	free(f->wanted);
}
