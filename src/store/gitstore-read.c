#include "config.h"

#include "store/gitstore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "store/gitstore-priv.h"

#define SESSION_MAX 100
#define PATH_BYTES_MAX 4096
#define PATH_PARTS_MAX 256 /* trees are written and read recursively */

/* ---- shared with the writing half ---- */

bool
gitstore_begin(struct err *e)
{
	/* A user's or the system's git settings must not change, or break,
	 * how a session is kept. */
	static const git_config_level_t levels[] = {
		GIT_CONFIG_LEVEL_SYSTEM,
		GIT_CONFIG_LEVEL_XDG,
		GIT_CONFIG_LEVEL_GLOBAL,
		GIT_CONFIG_LEVEL_PROGRAMDATA,
	};
	int rc = git_libgit2_init();

	if (rc < 0)
		return err_set(e, ERR_INTERNAL, "libgit2 does not start");
	rc = git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(levels); i++)
		rc = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	if (rc == 0)
		return true;
	gitstore_end();
	return err_set(e, ERR_INTERNAL, "libgit2 refuses its settings");
}

void
gitstore_end(void)
{
	git_libgit2_shutdown();
}

static enum err_code
code_of(int rc, const git_error *g)
{
	if (rc == GIT_ELOCKED || rc == GIT_EMODIFIED || rc == GIT_EEXISTS)
		return ERR_UNAVAILABLE;
	if (rc == GIT_EOWNER)
		return ERR_AUTH;
	if (g == NULL)
		return ERR_IO;
	switch (g->klass) {
	case GIT_ERROR_NOMEMORY:
		return ERR_NOMEM;
	case GIT_ERROR_ZLIB:
	case GIT_ERROR_ODB:
	case GIT_ERROR_OBJECT:
	case GIT_ERROR_TREE:
	case GIT_ERROR_REFERENCE:
		return ERR_CORRUPT;
	default:
		return ERR_IO;
	}
}

bool
gitstore_fail(struct err *e, int rc, const char *what, const char *path)
{
	const git_error *g = git_error_last();

	return err_set(e, code_of(rc, g), "cannot %s %s: %s", what, path,
	    g != NULL && g->message != NULL ? g->message : "no reason given");
}

static bool
session_valid(const char *s)
{
	size_t n = strnlen(s, SESSION_MAX + 1);

	return n > 0 && n <= SESSION_MAX && s[0] != '.' && s[0] != '-' &&
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

char *
gitstore_ref(const char *session, struct err *e)
{
	char *ref;
	int valid = 0;

	if (session_valid(session)) {
		ref = xasprintf(GITSTORE_REFS "%s", session);
		/* Git has more rules, such as no ".lock" at the end. */
		if (git_reference_name_is_valid(&valid, ref) == 0 && valid)
			return ref;
		free(ref);
	}
	/* The id is not repeated: it may hold anything. */
	err_set(e, ERR_INVALID, "a session id is at most %d letters, digits, "
	    "'.', '_' and '-'; 'viva list' shows them", SESSION_MAX);
	return NULL;
}

/* Where NTFS would read ".git": case, "git~1", a tail of dots, spaces and a
 * stream. */
static bool
is_ntfs_dotgit(const char *s, size_t n)
{
	size_t i = 0;

	if (n >= 4 && strncasecmp(s, ".git", 4) == 0)
		i = 4;
	else if (n >= 5 && strncasecmp(s, "git~1", 5) == 0)
		i = 5;
	else
		return false;
	while (i < n && (s[i] == '.' || s[i] == ' '))
		i++;
	return i == n || s[i] == ':' || s[i] == '\\';
}

/* Where HFS+ would: it drops some code points that show as nothing. */
static bool
is_hfs_dotgit(const char *s, size_t n)
{
	char kept[4];
	size_t nkept = 0;

	for (size_t i = 0; i < n;) {
		uint32_t cp;

		i += utf8_decode(s + i, n - i, &cp);
		if ((cp >= 0x200c && cp <= 0x200f) ||
		    (cp >= 0x202a && cp <= 0x202e) ||
		    (cp >= 0x206a && cp <= 0x206f) || cp == 0xfeff)
			continue;
		if (cp >= 0x80 || nkept == sizeof kept)
			return false;
		kept[nkept++] = (char)cp;
	}
	return nkept == 4 && strncasecmp(kept, ".git", 4) == 0;
}

static bool
part_ok(const char *s, size_t n)
{
	if (n == 0 || (n == 1 && s[0] == '.') ||
	    (n == 2 && memcmp(s, "..", 2) == 0))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == 0x7f)
			return false;
		/* git fsck takes a backslash for a slash here. */
		if ((i == 0 || s[i - 1] == '\\') &&
		    is_ntfs_dotgit(s + i, n - i))
			return false;
	}
	return !is_hfs_dotgit(s, n);
}

bool
gitstore_path_ok(const char *path)
{
	size_t parts = 0;

	if (strnlen(path, PATH_BYTES_MAX + 1) > PATH_BYTES_MAX)
		return false;
	for (;; path++) {
		size_t n = strcspn(path, "/");

		if (!part_ok(path, n) || ++parts > PATH_PARTS_MAX)
			return false;
		path += n;
		if (*path == '\0')
			return true;
	}
}

/* ---- reading ---- */

struct reader {
	const char *path;
	git_repository *repo;
	git_oid *commits; /* of one session, newest first */
	size_t ncommits, cap;
	gitstore_session_fn fn;
	void *user;
};

/* What is there and is no repository was one, or is somebody's own. */
static void
no_repository(const char *path, struct err *e)
{
	DIR *d = opendir(path);
	int sys = errno;
	struct dirent *en;
	bool found = d == NULL && access(path, F_OK) == 0 && sys == ENOTDIR;

	while (d != NULL && !found && (en = readdir(d)) != NULL)
		found = strcmp(en->d_name, ".") != 0 &&
		    strcmp(en->d_name, "..") != 0;
	if (found)
		err_set(e, ERR_CORRUPT, "%s is not a git repository, or not a "
		    "whole one: move it away", path);
	else if (d == NULL && sys != ENOENT)
		err_sys(e, sys, "cannot read %s", path);
	else
		err_set(e, ERR_NOT_FOUND, "no sessions: %s is not there",
		    path);
	if (d != NULL)
		closedir(d);
}

static bool
reader_open(struct reader *r, struct err *e)
{
	int rc;

	if (!gitstore_begin(e))
		return false;
	rc = git_repository_open_bare(&r->repo, r->path);
	if (rc == 0)
		return true;
	if (rc == GIT_ENOTFOUND)
		no_repository(r->path, e);
	else
		gitstore_fail(e, rc, "open", r->path);
	gitstore_end();
	return false;
}

static void
reader_close(struct reader *r)
{
	free(r->commits);
	git_repository_free(r->repo);
	gitstore_end();
}

/* A ref's file that git takes for none: empty after a power cut, say. */
static bool
is_broken(const struct reader *r, const char *ref, int rc)
{
	const git_error *g = git_error_last();
	char *file = xasprintf("%s/%s", r->path, ref);
	struct stat sb;
	bool broken = stat(file, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    (rc == GIT_ENOTFOUND || (g != NULL && g->klass ==
	    GIT_ERROR_REFERENCE));

	free(file);
	return broken;
}

static bool
no_ref(struct reader *r, const char *session, const char *ref, int rc,
    struct err *e)
{
	if (is_broken(r, ref, rc))
		return err_set(e, ERR_CORRUPT, "%s/%s names no commit: write "
		    "the one into it that 'git -C %s fsck --lost-found' calls "
		    "dangling", r->path, ref, r->path);
	if (rc == GIT_ENOTFOUND)
		return err_set(e, ERR_NOT_FOUND, "no session '%s'; "
		    "'viva list' shows them", session);
	gitstore_fail(e, rc, "read", r->path);
	return err_context(e, "session '%s'", session);
}

/* Follows the first parents from the session's ref into r->commits. */
static bool
load_commits(struct reader *r, const char *session, struct err *e)
{
	char *ref = gitstore_ref(session, e);
	bool found;
	git_oid id;
	int rc;

	if (ref == NULL)
		return false;
	r->ncommits = 0;
	rc = git_reference_name_to_id(&id, r->repo, ref);
	found = rc == 0 || no_ref(r, session, ref, rc, e);
	free(ref);
	if (!found)
		return false;
	for (bool more = true; rc == 0 && more;) {
		git_commit *c;

		rc = git_commit_lookup(&c, r->repo, &id);
		if (rc != 0)
			break;
		GROW(r->commits, r->ncommits, r->cap);
		git_oid_cpy(&r->commits[r->ncommits++], &id);
		more = git_commit_parentcount(c) > 0;
		if (more)
			git_oid_cpy(&id, git_commit_parent_id(c, 0));
		git_commit_free(c);
	}
	if (rc != 0) {
		gitstore_fail(e, rc, "read", r->path);
		return err_context(e, "session '%s'", session);
	}
	return true;
}

static int
load_info(struct reader *r, const git_tree *tree, char **info)
{
	const git_tree_entry *en = git_tree_entry_byname(tree, "session.json");
	git_blob *b;
	int rc;

	*info = NULL;
	if (en == NULL || git_tree_entry_type(en) != GIT_OBJECT_BLOB) {
		*info = xstrdup("");
		return 0;
	}
	rc = git_blob_lookup(&b, r->repo, git_tree_entry_id(en));
	if (rc != 0)
		return rc;
	*info = xstrndup(git_blob_rawcontent(b),
	    (size_t)git_blob_rawsize(b));
	git_blob_free(b);
	return 0;
}

/* Gives the commit to r->fn. */
static bool
tell(struct reader *r, const git_oid *id, const char *name, size_t number,
    struct err *e)
{
	git_commit *c = NULL;
	git_tree *tree = NULL;
	char *info = NULL;
	int rc = git_commit_lookup(&c, r->repo, id);

	if (rc == 0)
		rc = git_commit_tree(&tree, c);
	if (rc == 0)
		rc = load_info(r, tree, &info);
	if (rc == 0) {
		const char *subject = git_commit_summary(c);
		struct gitstore_session s = { .id = name,
			.subject = subject != NULL ? subject : "",
			.wall_ms = (int64_t)git_commit_time(c) * 1000,
			.checkpoints = (unsigned)number, .info = info };

		r->fn(r->user, &s);
	} else {
		gitstore_fail(e, rc, "read", r->path);
		err_context(e, "%s", name);
	}
	free(info);
	git_tree_free(tree);
	git_commit_free(c);
	return rc == 0;
}

struct names {
	char **v;
	size_t n, cap;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_name(struct names *names, const char *id)
{
	GROW(names->v, names->n, names->cap);
	names->v[names->n++] = xstrdup(id);
}

/* What git passes over in silence, as it can make nothing of it. */
static void
load_broken(struct reader *r, struct names *names)
{
	char *dir = xasprintf("%s/" GITSTORE_REFS, r->path);
	struct dirent *en;
	DIR *d = opendir(dir);

	while (d != NULL && (en = readdir(d)) != NULL) {
		char *ref = gitstore_ref(en->d_name, NULL);
		git_oid id;
		int rc = ref != NULL ? git_reference_name_to_id(&id, r->repo,
		    ref) : 0;

		if (rc != 0 && is_broken(r, ref, rc))
			add_name(names, en->d_name);
		free(ref);
	}
	if (d != NULL)
		closedir(d);
	free(dir);
}

static void
sort_names(struct names *names)
{
	size_t kept = 0;

	if (names->n > 0)
		qsort(names->v, names->n, sizeof *names->v, by_name);
	for (size_t i = 0; i < names->n; i++) {
		if (kept > 0 && strcmp(names->v[kept - 1], names->v[i]) == 0)
			free(names->v[i]);
		else
			names->v[kept++] = names->v[i];
	}
	names->n = kept;
}

static int
load_names(struct reader *r, struct names *names)
{
	git_reference_iterator *it;
	const char *ref;
	int rc = git_reference_iterator_glob_new(&it, r->repo,
	    GITSTORE_REFS "*");

	if (rc != 0)
		return rc;
	while ((rc = git_reference_next_name(&ref, it)) == 0) {
		const char *id = ref + strlen(GITSTORE_REFS);

		if (!session_valid(id))
			continue; /* not one of ours */
		add_name(names, id);
	}
	git_reference_iterator_free(it);
	load_broken(r, names);
	sort_names(names);
	return rc == GIT_ITEROVER ? 0 : rc;
}

bool
gitstore_list(const char *path, gitstore_session_fn fn, void *user,
    struct err *e)
{
	struct reader r = { .path = path, .fn = fn, .user = user };
	struct names names = { 0 };
	struct err one;
	bool ok = true;
	int rc;

	if (!reader_open(&r, e))
		return false;
	rc = load_names(&r, &names);
	if (rc != 0)
		ok = gitstore_fail(e, rc, "read", path);
	for (size_t i = 0; i < names.n; i++) {
		/* A damaged session must not hide the others. */
		if ((!load_commits(&r, names.v[i], &one) ||
		    !tell(&r, &r.commits[0], names.v[i], r.ncommits, &one)) &&
		    ok) {
			ok = false;
			if (e != NULL)
				*e = one;
		}
		free(names.v[i]);
	}
	free(names.v);
	reader_close(&r);
	return ok;
}

bool
gitstore_log(const char *path, const char *session, gitstore_session_fn fn,
    void *user, struct err *e)
{
	struct reader r = { .path = path, .fn = fn, .user = user };
	char hex[GIT_OID_HEXSZ + 1];
	bool ok;

	if (!reader_open(&r, e))
		return false;
	ok = load_commits(&r, session, e);
	for (size_t i = r.ncommits; ok && i > 0; i--) {
		git_oid_tostr(hex, sizeof hex, &r.commits[i - 1]);
		ok = tell(&r, &r.commits[i - 1], hex, r.ncommits - i + 1, e);
	}
	reader_close(&r);
	return ok;
}

/* ---- events ---- */

static bool
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

static bool
copy_segment(struct reader *r, const git_tree_entry *en, int fd,
    const char *to, struct err *e)
{
	git_blob *b;
	bool ok;
	int rc;

	if (git_tree_entry_type(en) != GIT_OBJECT_BLOB)
		return err_set(e, ERR_CORRUPT, "events/%s in %s is not a file",
		    git_tree_entry_name(en), r->path);
	rc = git_blob_lookup(&b, r->repo, git_tree_entry_id(en));
	if (rc != 0)
		return gitstore_fail(e, rc, "read", r->path);
	ok = write_all(fd, git_blob_rawcontent(b),
	    (size_t)git_blob_rawsize(b));
	if (!ok)
		err_sys(e, errno, "cannot write %s", to);
	git_blob_free(b);
	return ok;
}

/* A tree is sorted by name, and names are numbers of six digits. */
static bool
copy_segments(struct reader *r, const git_tree *events, const char *to,
    struct err *e)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t n = events != NULL ? git_tree_entrycount(events) : 0;
	struct stat st;
	bool ok = true;

	if (fd < 0)
		return err_sys(e, errno, "cannot create %s", to);
	for (size_t i = 0; ok && i < n; i++)
		ok = copy_segment(r, git_tree_entry_byindex(events, i), fd,
		    to, e);
	if (close(fd) != 0 && ok)
		ok = err_sys(e, errno, "cannot write %s", to);
	/* A part must not pass for the whole. */
	if (!ok && lstat(to, &st) == 0 && S_ISREG(st.st_mode))
		unlink(to);
	return ok;
}

static int
load_events(struct reader *r, const git_oid *id, git_tree **events)
{
	const git_tree_entry *en;
	git_commit *c = NULL;
	git_tree *tree = NULL;
	int rc = git_commit_lookup(&c, r->repo, id);

	*events = NULL;
	if (rc == 0)
		rc = git_commit_tree(&tree, c);
	if (rc == 0) {
		en = git_tree_entry_byname(tree, "events");
		if (en != NULL)
			rc = git_tree_lookup(events, r->repo,
			    git_tree_entry_id(en));
	}
	git_tree_free(tree);
	git_commit_free(c);
	return rc;
}

bool
gitstore_events(const char *path, const char *session, const char *to,
    struct err *e)
{
	struct reader r = { .path = path };
	git_tree *events = NULL;
	bool ok;

	if (!reader_open(&r, e))
		return false;
	ok = load_commits(&r, session, e);
	if (ok) {
		int rc = load_events(&r, &r.commits[0], &events);

		ok = rc == 0 ? copy_segments(&r, events, to, e) :
		    gitstore_fail(e, rc, "read", path);
	}
	git_tree_free(events);
	reader_close(&r);
	return ok;
}

void
gitstore_warm(void)
{
	/* It is linked with the program: gitstore-load.c has the other. */
}
