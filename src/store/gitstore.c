#include "config.h"

#include "store/gitstore.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>

#include "base/buf.h"
#include "base/mem.h"
#include "event/event.h"
#include "store/gitstore-priv.h"

/*
 * The repository handle is the thread's alone.  New objects go to a backend
 * in memory that stands before the others, and from there into one pack.
 * After any failure the handle is closed, and with it goes everything that
 * was half done; the next checkpoint opens the repository anew.
 */

#define SEGMENT_MAX (2 * EVENT_LINE_MAX)
#define SEGMENTS_MAX 999999 /* six digits keep them in order */
#define MEMPACK_PRIORITY 999

struct file { /* a copy of a gitstore_entry */
	char *path, *data;
	size_t size;
};

struct job {
	struct job *next;
	char *session, *subject, *journal;
	int64_t wall_ms;
	struct file *workspace, *entries;
	size_t nworkspace, nentries;
	gitstore_done done;
	void *user;
	char commit[GIT_OID_HEXSZ + 1];
	struct err err;
};

struct jobs {
	struct job *first, **end;
};

/* What is known of the session that was written last, to not count its
 * segments again. */
struct tip {
	char *ref; /* NULL: nothing */
	git_oid id;
	size_t segments;
	uint64_t bytes;
};

struct gitstore {
	struct gitstore *next_live;
	uintptr_t number;
	char *path;
	struct loop *loop;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	/* under the lock */
	struct jobs queue, finished;
	bool busy, closing, opened;
	struct err broken; /* why it could not be opened at first */
	/* the thread's own */
	git_repository *repo; /* NULL: to be opened */
	git_odb *odb;
	git_odb_backend *mem; /* owned by odb */
	git_oid *fresh;	      /* objects that the next pack gets */
	size_t nfresh, fresh_cap;
	struct tip tip;
	bool begun; /* the library; else broken says why not */
};

/* ---- the tree to write ---- */

struct node {
	char *name;
	bool dir;
	bool whole; /* replaces the directory before it; so do those below */
	const char *data;
	size_t size;
	char *owned; /* data, where it is the node's */
	struct node **kids; /* sorted by name */
	size_t nkids, cap;
};

static void
node_clear(struct node *d)
{
	for (size_t i = 0; i < d->nkids; i++) {
		node_clear(d->kids[i]);
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
static struct node *
node_find(const struct node *d, const char *s, size_t n, size_t *at)
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

static struct node *
node_insert(struct node *d, const char *s, size_t n, size_t at)
{
	struct node *k = xcalloc(1, sizeof *k);

	k->name = xstrndup(s, n);
	k->whole = d->whole;
	GROW(d->kids, d->nkids, d->cap);
	memmove(d->kids + at + 1, d->kids + at,
	    (d->nkids - at) * sizeof *d->kids);
	d->kids[at] = k;
	d->nkids++;
	return k;
}

static struct node *
node_dir(struct node *d, const char *name)
{
	size_t at = 0;
	struct node *k = node_find(d, name, strlen(name), &at);

	if (k == NULL)
		k = node_insert(d, name, strlen(name), at);
	k->dir = true;
	return k;
}

/* Adds a file with the directories above it.  NULL when something of that
 * name, or a file in place of such a directory, is there already. */
static struct node *
node_add(struct node *d, const char *path, const char *data, size_t size)
{
	for (;;) {
		size_t n = strcspn(path, "/"), at = 0;
		bool leaf = path[n] == '\0';
		struct node *k = node_find(d, path, n, &at);

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

static size_t
node_files(const struct node *d)
{
	size_t n = d->dir ? 0 : 1;

	for (size_t i = 0; i < d->nkids; i++)
		n += node_files(d->kids[i]);
	return n;
}

/* ---- one checkpoint ---- */

struct checkpoint {
	struct gitstore *g;
	const struct job *job;
	struct err *err;
	char *ref;
	git_oid tip; /* of the parent, where there is one */
	git_commit *parent;
	git_tree *tree; /* of the parent */
	size_t segments, skipped;
	uint64_t bytes; /* in the segments */
	struct node root;
};

static bool
fail(struct checkpoint *c, int rc, const char *what)
{
	return gitstore_fail(c->err, rc, what, c->g->path);
}

/* Notes an object for the pack, unless an earlier pack has it. */
static void
remember(struct gitstore *g, const git_oid *id)
{
	if (!g->mem->exists(g->mem, id))
		return;
	GROW(g->fresh, g->nfresh, g->fresh_cap);
	git_oid_cpy(&g->fresh[g->nfresh++], id);
}

static void
insert(struct checkpoint *c, git_treebuilder *tb, const struct node *k,
    const git_oid *id, size_t mark)
{
	if (git_treebuilder_insert(NULL, tb, k->name, id,
	    k->dir ? GIT_FILEMODE_TREE : GIT_FILEMODE_BLOB) != 0) {
		/* A name that libgit2 knows better about: forget what was
		 * made for it. */
		c->g->nfresh = mark;
		c->skipped += node_files(k);
	}
}

/* old: of that name in the parent, may be NULL. */
static bool
write_file(struct checkpoint *c, git_treebuilder *tb, const struct node *k,
    const git_tree_entry *old)
{
	struct gitstore *g = c->g;
	size_t mark = g->nfresh;
	git_oid id;
	int rc = git_odb_hash(&id, k->data, k->size, GIT_OBJECT_BLOB);

	/* Not git_odb_write: for every new object it reads the directory of
	 * packs again, and it trusts objects that no ref keeps alive. */
	if (rc == 0 && (old == NULL ||
	    !git_oid_equal(git_tree_entry_id(old), &id) ||
	    !git_odb_exists(g->odb, &id))) {
		rc = g->mem->write(g->mem, &id, k->data, k->size,
		    GIT_OBJECT_BLOB);
		remember(g, &id);
	}
	if (rc != 0)
		return fail(c, rc, "add a file to");
	insert(c, tb, k, &id, mark);
	return true;
}

static bool write_tree(struct checkpoint *, const struct node *,
    const git_tree *base, git_oid *id, bool *empty);

static bool
write_dir(struct checkpoint *c, git_treebuilder *tb, const struct node *k,
    const git_tree_entry *old)
{
	git_tree *base = NULL;
	size_t mark = c->g->nfresh;
	git_oid id;
	bool empty, ok;
	int rc = 0;

	if (old != NULL && git_tree_entry_type(old) == GIT_OBJECT_TREE)
		rc = git_tree_lookup(&base, c->g->repo,
		    git_tree_entry_id(old));
	if (rc != 0)
		return fail(c, rc, "read");
	ok = write_tree(c, k, base, &id, &empty);
	git_tree_free(base);
	if (!ok)
		return false;
	if (!empty)
		insert(c, tb, k, &id, mark);
	else if (git_treebuilder_get(tb, k->name) != NULL)
		git_treebuilder_remove(tb, k->name);
	return true;
}

/* base: the directory in the parent, may be NULL.  An empty tree is written
 * for the root only. */
static bool
write_tree(struct checkpoint *c, const struct node *d, const git_tree *base,
    git_oid *id, bool *empty)
{
	git_treebuilder *tb;
	bool ok = true;
	int rc = git_treebuilder_new(&tb, c->g->repo, d->whole ? NULL : base);

	if (rc != 0)
		return fail(c, rc, "build a tree in");
	for (size_t i = 0; ok && i < d->nkids; i++) {
		const struct node *k = d->kids[i];
		const git_tree_entry *old = base == NULL ? NULL :
		    git_tree_entry_byname(base, k->name);

		ok = k->dir ? write_dir(c, tb, k, old) :
		    write_file(c, tb, k, old);
	}
	*empty = git_treebuilder_entrycount(tb) == 0;
	if (ok && (!*empty || d == &c->root)) {
		rc = git_treebuilder_write(id, tb);
		if (rc == 0)
			remember(c->g, id);
		else
			ok = fail(c, rc, "write a tree to");
	}
	git_treebuilder_free(tb);
	return ok;
}

static bool
count_segments(struct checkpoint *c)
{
	const git_tree_entry *en = git_tree_entry_byname(c->tree, "events");
	git_tree *events;
	int rc;

	if (en == NULL)
		return true;
	rc = git_tree_lookup(&events, c->g->repo, git_tree_entry_id(en));
	if (rc != 0)
		return fail(c, rc, "read");
	c->segments = git_tree_entrycount(events);
	for (size_t i = 0; rc == 0 && i < c->segments; i++) {
		git_object_t type;
		size_t n = 0;

		rc = git_odb_read_header(&n, &type, c->g->odb,
		    git_tree_entry_id(git_tree_entry_byindex(events, i)));
		c->bytes += n;
	}
	git_tree_free(events);
	return rc == 0 || fail(c, rc, "read");
}

static bool
find_parent(struct checkpoint *c)
{
	const struct tip *t = &c->g->tip;
	int rc = git_reference_name_to_id(&c->tip, c->g->repo, c->ref);

	if (rc == GIT_ENOTFOUND)
		return true;
	if (rc == 0)
		rc = git_commit_lookup(&c->parent, c->g->repo, &c->tip);
	if (rc == 0)
		rc = git_commit_tree(&c->tree, c->parent);
	if (rc != 0)
		return fail(c, rc, "read");
	if (t->ref == NULL || strcmp(t->ref, c->ref) != 0 ||
	    !git_oid_equal(&t->id, &c->tip))
		return count_segments(c);
	c->segments = t->segments;
	c->bytes = t->bytes;
	return true;
}

/* Whole lines from c->bytes on, at most n bytes; b stays empty when there is
 * none. */
static bool
read_segment(struct checkpoint *c, int fd, size_t n, struct buf *b)
{
	const char *nl;

	buf_reserve(b, n);
	while (b->len < n) {
		ssize_t got = pread(fd, b->data + b->len, n - b->len,
		    (off_t)(c->bytes + b->len));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(c->err, errno, "cannot read %s",
			    c->job->journal);
		if (got == 0)
			break;
		b->len += (size_t)got;
	}
	nl = memrchr(b->data, '\n', b->len);
	if (nl == NULL && n == SEGMENT_MAX)
		return err_set(c->err, ERR_LIMIT, "%s has a line of more than "
		    "%u bytes", c->job->journal, SEGMENT_MAX);
	b->len = nl != NULL ? (size_t)(nl + 1 - b->data) : 0;
	return true;
}

static bool
add_segments(struct checkpoint *c, int fd, uint64_t size, struct node *events)
{
	while (c->bytes < size) {
		uint64_t rest = size - c->bytes;
		size_t n = rest > SEGMENT_MAX ? SEGMENT_MAX : (size_t)rest;
		struct buf b = { 0 };
		char name[32];
		struct node *k;

		if (!read_segment(c, fd, n, &b)) {
			buf_free(&b);
			return false;
		}
		if (b.len == 0) {
			buf_free(&b);
			return true;
		}
		if (c->segments >= SEGMENTS_MAX) {
			buf_free(&b);
			return err_set(c->err, ERR_LIMIT, "the session has "
			    "more than %u checkpoints", SEGMENTS_MAX);
		}
		snprintf(name, sizeof name, "%06zu.jsonl", ++c->segments);
		k = node_add(events, name, b.data, b.len);
		c->bytes += b.len;
		if (k != NULL)
			k->owned = b.data;
		else
			buf_free(&b);
	}
	return true;
}

static bool
add_events(struct checkpoint *c)
{
	const char *path = c->job->journal;
	struct stat st;
	bool ok;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(c->err, errno, "cannot read %s", path);
	if (fstat(fd, &st) != 0)
		ok = err_sys(c->err, errno, "cannot read %s", path);
	else if ((uint64_t)st.st_size < c->bytes)
		ok = err_set(c->err, ERR_CORRUPT, "%s is shorter than what %s "
		    "has of it already: it is not this session's journal, or "
		    "not whole", path, c->g->path);
	else
		ok = add_segments(c, fd, (uint64_t)st.st_size,
		    node_dir(&c->root, "events"));
	close(fd);
	return ok;
}

static bool
is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 &&
	    (path[n] == '\0' || path[n] == '/');
}

static void
add_files(struct checkpoint *c)
{
	const struct job *j = c->job;
	struct node *workspace = node_dir(&c->root, "workspace");

	workspace->whole = j->workspace != NULL;
	for (size_t i = 0; i < j->nworkspace; i++) {
		const struct file *f = &j->workspace[i];

		if (!gitstore_path_ok(f->path) ||
		    node_add(workspace, f->path, f->data, f->size) == NULL)
			c->skipped++;
	}
	for (size_t i = 0; i < j->nentries; i++) {
		const struct file *f = &j->entries[i];

		if (!gitstore_path_ok(f->path) ||
		    is_below(f->path, "events") ||
		    is_below(f->path, "workspace") ||
		    node_add(&c->root, f->path, f->data, f->size) == NULL)
			c->skipped++;
	}
}

static char *
message_of(const struct checkpoint *c)
{
	struct buf b = { 0 };

	for (const char *p = c->job->subject; *p != '\0'; p++)
		buf_addc(&b, (unsigned char)*p < 0x20 || *p == 0x7f ? ' ' :
		    *p);
	buf_addc(&b, '\n');
	if (c->skipped > 0)
		buf_addf(&b, "\nskipped: %zu files whose names git cannot "
		    "hold\n", c->skipped);
	return buf_take(&b);
}

static bool
make_commit(struct checkpoint *c, const git_oid *tree_id, git_oid *id)
{
	const git_commit *parents[] = { c->parent };
	git_signature *who = NULL;
	git_tree *tree = NULL;
	char *message = message_of(c);
	int rc = git_signature_new(&who, "viva", "viva@localhost",
	    c->job->wall_ms / 1000, 0);

	if (rc == 0)
		rc = git_tree_lookup(&tree, c->g->repo, tree_id);
	if (rc == 0)
		rc = git_commit_create(id, c->g->repo, NULL, who, who, NULL,
		    message, tree, c->parent != NULL ? 1 : 0, parents);
	if (rc == 0)
		remember(c->g, id);
	git_tree_free(tree);
	git_signature_free(who);
	free(message);
	return rc == 0 || fail(c, rc, "write a commit to");
}

/* libgit2 would tell as well, but in vaguer words, and lose some memory. */
static bool
packs_writable(struct checkpoint *c)
{
	char *dir = xasprintf("%s/objects/pack/.", c->g->path);
	bool ok = access(dir, W_OK | X_OK) == 0 ||
	    err_sys(c->err, errno, "cannot write to %s", dir);

	free(dir);
	return ok;
}

/* Not git_mempack_dump, which puts all that a commit reaches into the pack,
 * the segments of earlier checkpoints too. */
static bool
write_pack(struct checkpoint *c)
{
	struct gitstore *g = c->g;
	git_packbuilder *pb = NULL;
	int rc = 0;

	if (g->nfresh == 0)
		return true;
	if (!packs_writable(c))
		return false;
	rc = git_packbuilder_new(&pb, g->repo);
	/* The commit first, then its trees: as they will be read. */
	for (size_t i = g->nfresh; rc == 0 && i > 0; i--)
		rc = git_packbuilder_insert(pb, &g->fresh[i - 1], NULL);
	if (rc == 0)
		rc = git_packbuilder_write(pb, NULL, 0, NULL, NULL);
	git_packbuilder_free(pb);
	if (rc == 0)
		rc = git_mempack_reset(g->mem);
	g->nfresh = 0;
	return rc == 0 || fail(c, rc, "write a pack to");
}

static bool
move_ref(struct checkpoint *c, const git_oid *id)
{
	git_reference *r = NULL;
	int rc = GIT_ELOCKED;

	for (int tries = 0; tries < 2 && rc == GIT_ELOCKED; tries++) {
		if (tries > 0) {
			/* Nobody else writes this ref, so the lock is one
			 * that a crash left behind. */
			char *lock = xasprintf("%s/%s.lock", c->g->path,
			    c->ref);

			unlink(lock);
			free(lock);
		}
		rc = git_reference_create_matching(&r, c->g->repo, c->ref, id,
		    c->parent != NULL, c->parent != NULL ? &c->tip : NULL,
		    "checkpoint");
	}
	git_reference_free(r);
	return rc == 0 || fail(c, rc, "move the ref in");
}

static bool
write_checkpoint(struct checkpoint *c, git_oid *id)
{
	git_oid tree;
	bool empty;

	if (!find_parent(c) || !add_events(c))
		return false;
	add_files(c);
	return write_tree(c, &c->root, c->tree, &tree, &empty) &&
	    make_commit(c, &tree, id) && write_pack(c) && move_ref(c, id);
}

/* ---- the repository ---- */

static void
repo_close(struct gitstore *g)
{
	git_odb_free(g->odb);
	git_repository_free(g->repo);
	g->odb = NULL;
	g->repo = NULL;
	g->mem = NULL;
	g->nfresh = 0;
	free(g->tip.ref);
	g->tip.ref = NULL;
}

static bool
repo_create(struct gitstore *g, struct err *e)
{
	git_repository_init_options o;
	int rc;

	git_repository_init_options_init(&o,
	    GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	o.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR |
	    GIT_REPOSITORY_INIT_MKPATH;
	o.mode = 0700;
	o.initial_head = "main";
	gitstore_unlock_new(g->path);
	rc = git_repository_init_ext(&g->repo, g->path, &o);
	if (rc == 0)
		return true;
	gitstore_fail(e, rc, "create", g->path);
	/* Another viva may have been faster. */
	return git_repository_open_bare(&g->repo, g->path) == 0;
}

static bool
repo_open(struct gitstore *g, struct err *e)
{
	int rc;

	if (g->repo != NULL)
		return true;
	rc = git_repository_open_bare(&g->repo, g->path);
	if (rc == GIT_ENOTFOUND) {
		if (!repo_create(g, e))
			return false;
		rc = 0;
	}
	if (rc == 0)
		rc = git_repository_odb(&g->odb, g->repo);
	if (rc == 0)
		rc = git_mempack_new(&g->mem);
	if (rc == 0) {
		rc = git_odb_add_backend(g->odb, g->mem, MEMPACK_PRIORITY);
		if (rc != 0)
			g->mem->free(g->mem);
	}
	if (rc == 0)
		return true;
	gitstore_fail(e, rc, "open", g->path);
	repo_close(g);
	return false;
}

/* ---- the thread ---- */

static bool
try_job(struct gitstore *g, struct job *j)
{
	struct checkpoint c = { .g = g, .job = j, .err = &j->err,
		.root = { .dir = true } };
	git_oid id;
	bool ok;

	git_error_clear();
	c.ref = gitstore_ref(j->session, &j->err);
	ok = c.ref != NULL && repo_open(g, &j->err) &&
	    write_checkpoint(&c, &id);
	if (ok) {
		git_oid_tostr(j->commit, sizeof j->commit, &id);
		free(g->tip.ref);
		g->tip = (struct tip){ c.ref, id, c.segments, c.bytes };
		c.ref = NULL;
	}
	node_clear(&c.root);
	git_tree_free(c.tree);
	git_commit_free(c.parent);
	free(c.ref);
	if (!ok)
		repo_close(g);
	return ok;
}

static void
run_job(struct gitstore *g, struct job *j)
{
	bool used = g->repo != NULL;

	if (!g->begun) {
		j->err = g->broken;
		return;
	}

	/* An old handle may know a repository that is gone by now, or packs
	 * that git gc has removed. */
	if (!try_job(g, j) && (!used || !try_job(g, j)))
		return;
	memset(&j->err, 0, sizeof j->err);
}

static void
jobs_add(struct jobs *q, struct job *j)
{
	j->next = NULL;
	*q->end = j;
	q->end = &j->next;
}

static struct job *
jobs_take(struct jobs *q)
{
	struct job *j = q->first;

	if (j != NULL) {
		q->first = j->next;
		if (q->first == NULL)
			q->end = &q->first;
	}
	return j;
}

static struct file *
files_copy(const struct gitstore_entry *from, size_t n)
{
	struct file *f = xcalloc(n, sizeof *f);

	for (size_t i = 0; i < n; i++) {
		f[i].path = xstrdup(from[i].path);
		f[i].data = xmemdup(from[i].data, from[i].size);
		f[i].size = from[i].size;
	}
	return f;
}

static void
files_free(struct file *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(f[i].path);
		free(f[i].data);
	}
	free(f);
}

static void
job_free(struct job *j)
{
	files_free(j->workspace, j->nworkspace);
	files_free(j->entries, j->nentries);
	free(j->session);
	free(j->subject);
	free(j->journal);
	free(j);
}

/* A posted call cannot be taken back and may come after the store is gone,
 * so it carries a number that is looked up here. */
static pthread_mutex_t live_lock = PTHREAD_MUTEX_INITIALIZER;
static struct gitstore *live;

static void
live_add(struct gitstore *g)
{
	static uintptr_t last;

	pthread_mutex_lock(&live_lock);
	g->number = ++last;
	g->next_live = live;
	live = g;
	pthread_mutex_unlock(&live_lock);
}

static void
live_remove(struct gitstore *g)
{
	pthread_mutex_lock(&live_lock);
	for (struct gitstore **at = &live; *at != NULL; at = &(*at)->next_live)
		if (*at == g) {
			*at = g->next_live;
			break;
		}
	pthread_mutex_unlock(&live_lock);
}

/* On the loop's thread, as is gitstore_close: a store that is found stays. */
static void
deliver(void *user)
{
	struct gitstore *g;
	struct job *j;

	pthread_mutex_lock(&live_lock);
	for (g = live; g != NULL && g->number != (uintptr_t)user;)
		g = g->next_live;
	pthread_mutex_unlock(&live_lock);
	if (g == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	j = jobs_take(&g->finished);
	pthread_mutex_unlock(&g->lock);
	if (j == NULL)
		return;
	if (j->done != NULL)
		j->done(j->user, j->commit, &j->err);
	job_free(j);
}

static bool
is_closing(void *user)
{
	struct gitstore *g = user;
	bool closing;

	pthread_mutex_lock(&g->lock);
	closing = g->closing;
	pthread_mutex_unlock(&g->lock);
	return closing;
}

/* By the thread: the library alone takes milliseconds to start. */
static bool
open_first(struct gitstore *g)
{
	struct err e = { 0 };
	bool ok = (g->begun = gitstore_begin(&e)) && repo_open(g, &e);

	pthread_mutex_lock(&g->lock);
	if (!ok)
		g->broken = e;
	g->opened = true;
	pthread_cond_signal(&g->idle);
	pthread_mutex_unlock(&g->lock);
	return ok;
}

static void *
run(void *user)
{
	struct gitstore *g = user;
	int live_fd = -1;

	if (open_first(g)) {
		live_fd = gitstore_enter(g->path, is_closing, g);
		repo_close(g); /* it may know of packs that are gone now */
	}
	pthread_mutex_lock(&g->lock);
	for (;;) {
		struct job *j;

		while (g->queue.first == NULL && !g->closing)
			pthread_cond_wait(&g->work, &g->lock);
		if (g->closing)
			break;
		j = jobs_take(&g->queue);
		g->busy = true;
		pthread_mutex_unlock(&g->lock);
		run_job(g, j);
		pthread_mutex_lock(&g->lock);
		g->busy = false;
		jobs_add(&g->finished, j);
		loop_post(g->loop, deliver, (void *)g->number);
		pthread_cond_signal(&g->idle);
	}
	pthread_mutex_unlock(&g->lock);
	repo_close(g);
	if (live_fd >= 0)
		close(live_fd);
	return NULL;
}

/* ---- the loop's side ---- */

static void
gitstore_free(struct gitstore *g)
{
	struct job *j;

	while ((j = jobs_take(&g->queue)) != NULL)
		job_free(j);
	while ((j = jobs_take(&g->finished)) != NULL)
		job_free(j);
	free(g->fresh);
	if (g->begun)
		gitstore_end();
	free(g->path);
	free(g);
}

static void
deadline(struct timespec *ts, int64_t us)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	if (us <= 0)
		return;
	ts->tv_sec += us / 1000000;
	ts->tv_nsec += us % 1000000 * 1000;
	ts->tv_sec += ts->tv_nsec / 1000000000;
	ts->tv_nsec %= 1000000000;
}

void
gitstore_close(struct gitstore *g, int64_t wait_us)
{
	struct timespec until;

	if (g == NULL)
		return;
	live_remove(g);
	deadline(&until, wait_us);
	pthread_mutex_lock(&g->lock);
	while (g->queue.first != NULL || g->busy)
		if (pthread_cond_timedwait(&g->idle, &g->lock, &until) ==
		    ETIMEDOUT)
			break;
	g->closing = true;
	pthread_cond_signal(&g->work);
	pthread_mutex_unlock(&g->lock);
	pthread_join(g->thread, NULL);
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->work);
	pthread_cond_destroy(&g->idle);
	gitstore_free(g);
}

struct gitstore *
gitstore_open(const char *path, struct loop *loop, struct err *e)
{
	struct gitstore *g = xcalloc(1, sizeof *g);
	pthread_condattr_t attr;

	g->path = xstrdup(path);
	g->loop = loop;
	g->queue.end = &g->queue.first;
	g->finished.end = &g->finished.first;
	live_add(g);
	pthread_mutex_init(&g->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->work, &attr);
	pthread_cond_init(&g->idle, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&g->thread, NULL, run, g) != 0)
		abort();
	if (e == NULL)
		return g;
	pthread_mutex_lock(&g->lock);
	while (!g->opened)
		pthread_cond_wait(&g->idle, &g->lock);
	*e = g->broken;
	pthread_mutex_unlock(&g->lock);
	if (e->code == ERR_NONE)
		return g;
	gitstore_close(g, 0);
	return NULL;
}

void
gitstore_commit(struct gitstore *g, const struct gitstore_checkpoint *c,
    gitstore_done done, void *user)
{
	struct job *j = xcalloc(1, sizeof *j);

	j->session = xstrdup(c->session);
	j->subject = xstrdup(c->subject);
	j->journal = xstrdup(c->journal);
	j->wall_ms = c->wall_ms;
	if (c->workspace != NULL)
		j->workspace = files_copy(c->workspace, c->nworkspace);
	j->nworkspace = c->nworkspace;
	j->entries = files_copy(c->entries, c->nentries);
	j->nentries = c->nentries;
	j->done = done, j->user = user;
	pthread_mutex_lock(&g->lock);
	jobs_add(&g->queue, j);
	pthread_cond_signal(&g->work);
	pthread_mutex_unlock(&g->lock);
}
