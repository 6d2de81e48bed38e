#include "config.h"

#include "store/gitstore-write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/path.h>

#include "base/buf.h"
#include "base/mem.h"
#include "event/event.h"
#include "store/gitstore-priv.h"

/*
 * New objects go to a backend in memory that stands before the others, and
 * from there into one pack.  After any failure the handle is closed, and with
 * it goes everything that was half done; the next checkpoint opens the
 * repository anew.
 */

#define SEGMENT_MAX (2 * EVENT_MAX)
#define SEGMENTS_MAX 999999 /* six digits keep them in order */
#define MEMPACK_PRIORITY 999

struct checkpoint {
	struct gitstore_repo *g;
	const struct gitstore_job *job;
	struct err *err;
	char *ref;
	git_oid tip; /* of the parent, where there is one */
	git_commit *parent;
	git_tree *tree; /* of the parent */
	size_t segments, skipped;
	uint64_t bytes; /* in the segments */
	struct gitstore_node root;
};

static bool
fail(struct checkpoint *c, int rc, const char *what)
{
	return gitstore_fail(c->err, rc, what, c->g->path);
}

/* Notes an object for the pack, unless an earlier pack has it. */
static void
remember(struct gitstore_repo *g, const git_oid *id)
{
	if (!g->mem->exists(g->mem, id))
		return;
	GROW(g->fresh, g->nfresh, g->fresh_cap);
	git_oid_cpy(&g->fresh[g->nfresh++], id);
}

/* Git reads these by itself, and git-fsck(1) and a server that is pushed to
 * refuse what is not as it should be in them. */
static bool
git_reads(const char *name)
{
	size_t n = strlen(name);

	return git_path_is_gitfile(name, n, GIT_PATH_GITFILE_GITMODULES,
	    GIT_PATH_FS_GENERIC) != 0 ||
	    git_path_is_gitfile(name, n, GIT_PATH_GITFILE_GITATTRIBUTES,
	    GIT_PATH_FS_GENERIC) != 0;
}

static void
insert(struct checkpoint *c, git_treebuilder *tb,
    const struct gitstore_node *k, const git_oid *id, size_t mark)
{
	if (git_reads(k->name) || git_treebuilder_insert(NULL, tb, k->name, id,
	    k->dir ? GIT_FILEMODE_TREE : GIT_FILEMODE_BLOB) != 0) {
		/* A name that libgit2 knows better about: forget what was
		 * made for it. */
		c->g->nfresh = mark;
		c->skipped += gitstore_node_files(k);
	}
}

/* old: of that name in the parent, may be NULL. */
static bool
write_file(struct checkpoint *c, git_treebuilder *tb,
    const struct gitstore_node *k, const git_tree_entry *old)
{
	struct gitstore_repo *g = c->g;
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

static bool write_tree(struct checkpoint *, const struct gitstore_node *,
    const git_tree *base, git_oid *id, bool *empty);

static bool
write_dir(struct checkpoint *c, git_treebuilder *tb,
    const struct gitstore_node *k, const git_tree_entry *old)
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
write_tree(struct checkpoint *c, const struct gitstore_node *d,
    const git_tree *base, git_oid *id, bool *empty)
{
	git_treebuilder *tb;
	bool ok = true;
	int rc = git_treebuilder_new(&tb, c->g->repo, d->whole ? NULL : base);

	if (rc != 0)
		return fail(c, rc, "build a tree in");
	for (size_t i = 0; ok && i < d->nkids; i++) {
		const struct gitstore_node *k = d->kids[i];
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
	const struct gitstore_tip *t = &c->g->tip;
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

/* How much of b is whole events. */
static bool
whole_events(struct checkpoint *c, const struct buf *b, size_t *at)
{
	enum event_split got = EVENT_WHOLE;
	size_t len;

	*at = 0;
	while (got == EVENT_WHOLE && *at < b->len) {
		got = event_split(b->data + *at, b->len - *at, &len, c->err);
		if (got == EVENT_WHOLE)
			*at += len;
	}
	return got != EVENT_BAD || err_context(c->err, "%s, at byte %llu",
	    c->job->journal, (unsigned long long)(c->bytes + *at));
}

/* Whole events from c->bytes on, at most n bytes; b stays empty when there is
 * none. */
static bool
read_segment(struct checkpoint *c, int fd, size_t n, struct buf *b)
{
	size_t whole;

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
	if (!whole_events(c, b, &whole))
		return false;
	b->len = whole;
	return true;
}

static bool
add_segments(struct checkpoint *c, int fd, uint64_t size,
    struct gitstore_node *events)
{
	while (c->bytes < size) {
		uint64_t rest = size - c->bytes;
		size_t n = rest > SEGMENT_MAX ? SEGMENT_MAX : (size_t)rest;
		struct buf b = { 0 };
		char name[32];
		struct gitstore_node *k;

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
		k = gitstore_node_add(events, name, b.data, b.len);
		c->bytes += b.len;
		if (k != NULL)
			k->owned = b.data;
		else
			buf_free(&b);
	}
	return true;
}

/* What lies beyond may be read half old and half new while it is written past
 * the page cache. */
static uint64_t
journal_size(const struct gitstore_job *j, const struct stat *st)
{
	uint64_t n = (uint64_t)st->st_size;

	return j->journal_bytes > 0 && j->journal_bytes < n ?
	    j->journal_bytes : n;
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
		ok = add_segments(c, fd, journal_size(c->job, &st),
		    gitstore_node_dir(&c->root, "events"));
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
	const struct gitstore_job *j = c->job;
	struct gitstore_node *workspace = gitstore_node_dir(&c->root,
	    "workspace");

	workspace->whole = j->workspace != NULL;
	for (size_t i = 0; i < j->nworkspace; i++) {
		const struct gitstore_file *f = &j->workspace[i];

		if (!gitstore_path_ok(f->path) ||
		    gitstore_node_add(workspace, f->path, f->data,
		    f->size) == NULL)
			c->skipped++;
	}
	for (size_t i = 0; i < j->nentries; i++) {
		const struct gitstore_file *f = &j->entries[i];

		if (!gitstore_path_ok(f->path) ||
		    is_below(f->path, "events") ||
		    is_below(f->path, "workspace") ||
		    gitstore_node_add(&c->root, f->path, f->data,
		    f->size) == NULL)
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
	struct gitstore_repo *g = c->g;
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

void
gitstore_repo_close(struct gitstore_repo *g)
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
repo_create(struct gitstore_repo *g, struct err *e)
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

/* A segment has lines of JSON and what programs wrote to their terminal: a log
 * with diffs shall not give that to the reader's.  A bare repository takes
 * attributes from nowhere else. */
static void
write_attributes(const struct gitstore_repo *g)
{
	static const char text[] = "/events/*.jsonl binary\n";
	char *dir = xasprintf("%s/info", g->path);
	char *path = xasprintf("%s/attributes", dir);
	int fd;

	mkdir(dir, 0700);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		/* Nothing depends on it. */
		if (write(fd, text, sizeof text - 1) < 0)
			unlink(path);
		close(fd);
	}
	free(path);
	free(dir);
}

bool
gitstore_repo_open(struct gitstore_repo *g, struct err *e)
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
	if (rc == 0) {
		write_attributes(g);
		return true;
	}
	gitstore_fail(e, rc, "open", g->path);
	gitstore_repo_close(g);
	return false;
}

/* ---- all of it ---- */

bool
gitstore_write(struct gitstore_repo *g, struct gitstore_job *j)
{
	struct checkpoint c = { .g = g, .job = j, .err = &j->err,
		.root = { .dir = true } };
	git_oid id;
	bool ok;

	git_error_clear();
	c.ref = gitstore_ref(j->session, &j->err);
	ok = c.ref != NULL && gitstore_repo_open(g, &j->err) &&
	    write_checkpoint(&c, &id);
	if (ok) {
		git_oid_tostr(j->commit, sizeof j->commit, &id);
		free(g->tip.ref);
		g->tip = (struct gitstore_tip){ c.ref, id, c.segments,
			c.bytes };
		c.ref = NULL;
	}
	gitstore_node_clear(&c.root);
	git_tree_free(c.tree);
	git_commit_free(c.parent);
	free(c.ref);
	if (!ok)
		gitstore_repo_close(g);
	return ok;
}
