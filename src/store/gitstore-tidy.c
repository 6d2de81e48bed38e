#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>

#include "base/mem.h"
#include "store/gitstore-priv.h"

/*
 * What kills leave behind, and the packs that checkpoints pile up.  Every
 * store holds a shared lock on a file in the repository; who gets it
 * exclusively is alone, so nothing that is half written is being written.
 */

#define LIVE "viva.open"
#define PACKS_MAX 50		      /* with more, small ones are merged */
#define SMALL_PACK (4u << 20)	      /* bytes */
#define MERGE_BYTES_MAX (32u << 20)   /* at once: it takes time */
#define REFS_DIR "refs/sessions"
#define PACK_DIR "objects/pack"

static bool
starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool
ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n >= m && strcmp(s + n - m, with) == 0;
}

/* ---- what kills leave ---- */

/* An index is in place before its pack, and goes after it.  (A pack without
 * an index may be one that git itself is about to finish.) */
static bool
is_index_alone(int dir, const char *name)
{
	char *pack;
	bool alone;

	if (!starts(name, "pack-") || !ends(name, ".idx"))
		return false;
	pack = xasprintf("%.*s.pack", (int)(strlen(name) - 4), name);
	alone = faccessat(dir, pack, F_OK, 0) != 0;
	free(pack);
	return alone;
}

/* Only what libgit2 makes on our behalf. */
static bool
is_left_over(const char *sub, int dir, const char *name)
{
	if (sub[0] == '\0')
		return strcmp(name, "HEAD.lock") == 0 ||
		    strcmp(name, "config.lock") == 0 ||
		    starts(name, "_git2_");
	if (strcmp(sub, REFS_DIR) == 0)
		return ends(name, ".lock");
	return starts(name, "pack_git2_") || is_index_alone(dir, name);
}

static void
sweep(const char *path, const char *sub)
{
	char *at = xasprintf("%s/%s", path, sub);
	DIR *d = opendir(at);
	struct dirent *en;

	free(at);
	if (d == NULL)
		return;
	while ((en = readdir(d)) != NULL)
		if (is_left_over(sub, dirfd(d), en->d_name))
			unlinkat(dirfd(d), en->d_name, 0);
	closedir(d);
}

/* ---- packs ---- */

struct pack {
	char *name; /* without ".pack" */
	uint64_t size;
};

struct packs {
	struct pack *v;
	size_t n, cap;
};

struct merge {
	git_packbuilder *pb;
	git_oid *ids;
	size_t nids, cap;
	bool (*stop)(void *);
	void *user;
};

static int
by_size(const void *a, const void *b)
{
	const struct pack *x = a, *y = b;

	return x->size != y->size ? (x->size < y->size ? -1 : 1) :
	    strcmp(x->name, y->name);
}

/* The small packs, the smallest first, as far as they are to be merged. */
static void
find_packs(const char *path, struct packs *p)
{
	char *at = xasprintf("%s/" PACK_DIR, path);
	DIR *d = opendir(at);
	struct dirent *en;
	uint64_t bytes = 0;
	struct stat sb;
	size_t keep = 0;

	while (d != NULL && (en = readdir(d)) != NULL) {
		if (!starts(en->d_name, "pack-") ||
		    !ends(en->d_name, ".pack") ||
		    fstatat(dirfd(d), en->d_name, &sb, 0) != 0 ||
		    (uint64_t)sb.st_size > SMALL_PACK)
			continue;
		GROW(p->v, p->n, p->cap);
		p->v[p->n].name = xasprintf("%s/%.*s", at,
		    (int)(strlen(en->d_name) - 5), en->d_name);
		p->v[p->n++].size = (uint64_t)sb.st_size;
	}
	if (d != NULL)
		closedir(d);
	free(at);
	if (p->n > 0)
		qsort(p->v, p->n, sizeof *p->v, by_size);
	while (p->n > PACKS_MAX && keep < p->n &&
	    bytes + p->v[keep].size <= MERGE_BYTES_MAX)
		bytes += p->v[keep++].size;
	while (p->n > keep)
		free(p->v[--p->n].name);
}

static int
collect(const git_oid *id, void *user)
{
	struct merge *m = user;

	GROW(m->ids, m->nids, m->cap);
	git_oid_cpy(&m->ids[m->nids++], id);
	return git_packbuilder_insert(m->pb, id, NULL);
}

static int
open_pack(git_odb_backend **b, const char *name)
{
	char *index = xasprintf("%s.idx", name);
	int rc = git_odb_backend_one_pack(b, index);

	free(index);
	return rc;
}

static int
on_progress(int stage, uint32_t done, uint32_t total, void *user)
{
	struct merge *m = user;

	(void)stage;
	(void)done;
	(void)total;
	return m->stop(m->user) ? -1 : 0;
}

/* All objects of the packs in one that is on disk; name gets where.  Those
 * that no ref reaches as well: they are not ours to judge. */
static int
write_merged(git_repository *repo, const struct packs *p, struct merge *m,
    const char *path, char **name)
{
	int rc = git_packbuilder_new(&m->pb, repo);

	if (rc == 0)
		rc = git_packbuilder_set_callbacks(m->pb, on_progress, m);
	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		git_odb_backend *b = NULL;

		rc = open_pack(&b, p->v[i].name);
		if (rc == 0) {
			rc = b->foreach(b, collect, m);
			b->free(b);
		}
	}
	if (rc == 0)
		rc = git_packbuilder_write(m->pb, NULL, 0, NULL, NULL);
	if (rc == 0)
		*name = xasprintf("%s/" PACK_DIR "/pack-%s", path,
		    git_packbuilder_name(m->pb));
	git_packbuilder_free(m->pb);
	return rc;
}

static bool
holds_all(const char *name, const struct merge *m)
{
	git_odb_backend *b = NULL;
	bool all;

	if (open_pack(&b, name) != 0)
		return false;
	all = m->nids > 0;
	for (size_t i = 0; all && i < m->nids; i++)
		all = b->exists(b, &m->ids[i]) != 0;
	b->free(b);
	return all;
}

static void
remove_pack(const char *name)
{
	static const char *const ends_of[] = { "pack", "rev", "idx" };

	for (size_t i = 0; i < ARRAY_LEN(ends_of); i++) {
		char *file = xasprintf("%s.%s", name, ends_of[i]);

		unlink(file);
		free(file);
	}
}

static void
merge_packs(const char *path, bool (*stop)(void *), void *user)
{
	struct merge m = { .stop = stop, .user = user };
	git_repository *repo = NULL;
	struct packs p = { 0 };
	char *name = NULL;

	find_packs(path, &p);
	/* What goes wrong here costs nothing: all stays as it was. */
	if (p.n > 1 && git_repository_open_bare(&repo, path) == 0 &&
	    write_merged(repo, &p, &m, path, &name) == 0 &&
	    holds_all(name, &m))
		for (size_t i = 0; i < p.n; i++)
			if (strcmp(p.v[i].name, name) != 0)
				remove_pack(p.v[i].name);
	git_repository_free(repo);
	while (p.n > 0)
		free(p.v[--p.n].name);
	free(p.v);
	free(m.ids);
	free(name);
}

/* ---- the lock ---- */

static int
open_live(const char *path)
{
	char *file = xasprintf("%s/" LIVE, path);
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	free(file);
	return fd;
}

int
gitstore_enter(const char *path, bool (*stop)(void *), void *user)
{
	int fd = open_live(path);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		sweep(path, "");
		sweep(path, REFS_DIR);
		sweep(path, PACK_DIR);
		merge_packs(path, stop, user);
	}
	flock(fd, LOCK_SH); /* waits for another that tidies */
	return fd;
}

void
gitstore_unlock_new(const char *path)
{
	int fd = open_live(path);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		sweep(path, "");
	if (fd >= 0)
		close(fd);
}
