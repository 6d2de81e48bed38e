#include "config.h"

#include "sandbox/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

static int
open_beneath(int root, const char *path, int flags, unsigned mode)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC |
	    O_NONBLOCK | O_NOCTTY), .mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		    RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/* The directory that holds path; *base: what comes after it. */
static int
open_parent(int root, const char *path, bool create, const char **base)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int fd;

	*base = slash != NULL ? slash + 1 : path;
	if (slash == NULL)
		return fcntl(root, F_DUPFD_CLOEXEC, 0);
	dir = xstrndup(path, (size_t)(slash - path));
	fd = open_beneath(root, dir, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0 && errno == ENOENT && create) {
		const char *name;
		int up = open_parent(root, dir, true, &name);

		if (up >= 0) {
			if (mkdirat(up, name, 0755) == 0 || errno == EEXIST)
				fd = open_beneath(up, name,
				    O_RDONLY | O_DIRECTORY, 0);
			close(up);
		}
	}
	free(dir);
	return fd;
}

/* ---- reading ---- */

static bool
read_all(int fd, const char *path, size_t max, char **out, uint64_t *size,
    struct err *e)
{
	struct buf b = { 0 };
	struct stat sb;
	ssize_t n = 1;

	if (fstat(fd, &sb) != 0)
		return err_sys(e, errno, "%s", path);
	if (!S_ISREG(sb.st_mode))
		return err_set(e, ERR_UNSUPPORTED, "%s is not a regular file",
		    path);
	if ((uint64_t)sb.st_size > max)
		return err_set(e, ERR_LIMIT, "%s has more than %zu KiB", path,
		    max >> 10);
	/* It may grow while it is read. */
	while (n > 0 && b.len <= max) {
		buf_reserve(&b, 65536);
		n = read(fd, b.data + b.len, 65536);
		if (n > 0)
			b.len += (size_t)n;
	}
	if (n < 0 || b.len > max) {
		buf_free(&b);
		return n < 0 ? err_sys(e, errno, "cannot read %s", path) :
		    err_set(e, ERR_LIMIT, "%s grows", path);
	}
	buf_add(&b, "", 1); /* so that there is memory, and a NUL */
	*size = b.len - 1;
	*out = buf_take(&b);
	return true;
}

static void
run_get(int root, const struct fs_request *q, struct fs_result *out)
{
	int fd = open_beneath(root, q->path, O_RDONLY, 0);
	size_t max = q->n > 0 && q->n < FS_FILE_MAX ? q->n : FS_FILE_MAX;
	struct sandbox_file *f;

	if (fd < 0) {
		err_sys(&out->err, errno, "%s", q->path);
		return;
	}
	out->files = f = xcalloc(1, sizeof *f);
	out->nfiles = 1;
	f->path = xstrdup(q->path);
	out->ok = read_all(fd, q->path, max, &f->data, &f->size, &out->err);
	close(fd);
}

/* ---- listing ---- */

struct walk {
	struct fs_result *out;
	size_t cap;
	bool content;
	uint64_t bytes;
	unsigned entries;
};

static bool
ignored(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strncmp(name, FS_TEMPORARY, strlen(FS_TEMPORARY)) == 0 ||
	    strcmp(name, "__pycache__") == 0 || strcmp(name, ".git") == 0 ||
	    strcmp(name, "node_modules") == 0;
}

static void
walk_file(struct walk *w, int dir, const char *name, const char *path,
    const struct stat *sb)
{
	struct fs_result *out = w->out;
	struct sandbox_file *f;
	size_t max = w->content ? FS_TREE_FILES : FS_LIST_MAX;
	struct err e;
	int fd;

	if (out->nfiles >= max || (w->content &&
	    ((uint64_t)sb->st_size > FS_TREE_FILE_MAX ||
	    w->bytes + (uint64_t)sb->st_size > FS_TREE_BYTES))) {
		fs_skip(out, path);
		return;
	}
	GROW(out->files, out->nfiles, w->cap);
	f = &out->files[out->nfiles];
	memset(f, 0, sizeof *f);
	f->mode = sb->st_mode & 0777;
	f->size = (uint64_t)sb->st_size;
	if (w->content) {
		fd = open_beneath(dir, name, O_RDONLY, 0);
		if (fd < 0 || !read_all(fd, path, FS_TREE_FILE_MAX, &f->data,
		    &f->size, &e)) {
			if (fd >= 0)
				close(fd);
			fs_skip(out, path);
			return;
		}
		close(fd);
		w->bytes += f->size;
	}
	f->path = xstrdup(path);
	out->nfiles++;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted, up to the walk's bound: a program may
 * make a million. */
static size_t
read_names(struct walk *w, int dir, const char *path, char ***out)
{
	int fd = open_beneath(dir, ".", O_RDONLY | O_DIRECTORY, 0);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	size_t n = 0, cap = 0;

	*out = NULL;
	if (d == NULL) {
		fs_skip(w->out, path);
		if (fd >= 0)
			close(fd);
	}
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (ignored(e->d_name))
			continue;
		if (w->entries >= FS_ENTRIES) {
			fs_skip(w->out, e->d_name);
			break;
		}
		w->entries++;
		GROW(*out, n, cap);
		(*out)[n++] = xstrdup(e->d_name);
	}
	if (d != NULL)
		closedir(d);
	if (n > 0)
		qsort(*out, n, sizeof **out, by_name);
	return n;
}

static void
walk_dir(struct walk *w, int dir, const char *prefix, int depth)
{
	char **names, *path;
	size_t n = read_names(w, dir, prefix, &names);
	struct stat sb;
	int sub;

	for (size_t i = 0; i < n; i++) {
		const char *name = names[i];

		path = xasprintf("%s%s%s", prefix, *prefix ? "/" : "", name);
		if (fstatat(dir, name, &sb, AT_SYMLINK_NOFOLLOW) != 0) {
			;
		} else if (S_ISREG(sb.st_mode)) {
			walk_file(w, dir, name, path, &sb);
		} else if (S_ISDIR(sb.st_mode) && depth < FS_DEPTH) {
			sub = open_beneath(dir, name, O_RDONLY | O_DIRECTORY,
			    0);
			if (sub >= 0) {
				walk_dir(w, sub, path, depth + 1);
				close(sub);
			} else {
				fs_skip(w->out, path);
			}
		} else {
			fs_skip(w->out, path);
		}
		free(path);
		free(names[i]);
	}
	free(names);
}

static void
run_walk(int root, const struct fs_request *q, struct fs_result *out)
{
	struct walk w = { .out = out, .content = q->op == FS_TREE };
	int fd = open_beneath(root, ".", O_RDONLY | O_DIRECTORY, 0);

	/* It is not empty because nobody may look into it. */
	if (fd < 0) {
		err_sys(&out->err, errno, "cannot read the workspace");
		return;
	}
	close(fd);
	walk_dir(&w, root, "", 0);
	out->ok = true;
}

/* ---- changing ---- */

static bool
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return fsync(fd) == 0;
}

static void
temporary_name(char out[32])
{
	uint64_t r = 0;

	if (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r)
		r = (uint64_t)getpid();
	snprintf(out, 32, FS_TEMPORARY "%016llx", (unsigned long long)r);
}

/* A file to write, that takes the place of another later.  Where the file
 * system can, it has no name until it is whole, so that a kill leaves
 * nothing behind; else (*named) it has the temporary one from the start. */
static int
open_temporary(int dir, const char *name, unsigned mode, bool *named)
{
	int fd = openat(dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);

	*named = fd < 0;
	if (fd < 0)
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL |
		    O_CLOEXEC, mode);
	return fd;
}

/* linkat does not replace, so there is a moment with the temporary name. */
static bool
take_place(int dir, int fd, bool named, const char *name, const char *base)
{
	char self[40];

	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	return (named || linkat(AT_FDCWD, self, dir, name,
	    AT_SYMLINK_FOLLOW) == 0) && renameat(dir, name, dir, base) == 0;
}

static bool
replace_file(int dir, const char *base, const struct fs_request *q,
    struct err *e)
{
	struct stat sb;
	char name[32];
	bool named, ok;
	int fd, sys;

	if (fstatat(dir, base, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		sb.st_mode = S_IFREG | 0644;
	if (!S_ISREG(sb.st_mode))
		return err_set(e, ERR_UNSUPPORTED, "%s is not a regular file",
		    q->path);
	temporary_name(name);
	fd = open_temporary(dir, name, sb.st_mode & 0777, &named);
	if (fd < 0)
		return err_sys(e, errno, "cannot save %s", q->path);
	ok = write_all(fd, q->data, q->n) &&
	    take_place(dir, fd, named, name, base);
	sys = errno;
	close(fd);
	if (!ok) {
		unlinkat(dir, name, 0);
		return err_sys(e, sys, "cannot save %s", q->path);
	}
	fsync(dir); /* the rename itself */
	return true;
}

static void
run_put(int root, const struct fs_request *q, struct fs_result *out)
{
	const char *base;
	int dir;

	if (q->n > FS_FILE_MAX) {
		err_set(&out->err, ERR_LIMIT, "%s has more than %u KiB",
		    q->path, FS_FILE_MAX >> 10);
		return;
	}
	dir = open_parent(root, q->path, true, &base);
	if (dir < 0) {
		err_sys(&out->err, errno, "cannot save %s", q->path);
		return;
	}
	out->ok = replace_file(dir, base, q, &out->err);
	close(dir);
}

static void
run_remove(int root, const struct fs_request *q, struct fs_result *out)
{
	const char *base;
	int dir = open_parent(root, q->path, false, &base);

	if (dir < 0 || (unlinkat(dir, base, 0) != 0 && (errno != EISDIR ||
	    unlinkat(dir, base, AT_REMOVEDIR) != 0)))
		err_sys(&out->err, errno, "cannot delete %s", q->path);
	else
		out->ok = true;
	if (dir >= 0)
		close(dir);
}

static void
run_rename(int root, const struct fs_request *q, struct fs_result *out)
{
	const char *from, *to;
	int a = open_parent(root, q->path, false, &from);
	int b = open_parent(root, q->to, true, &to);

	/* Never over a file that is there. */
	if (a < 0 || b < 0 || syscall(SYS_renameat2, a, from, b, to,
	    1 /* RENAME_NOREPLACE */) != 0)
		err_sys(&out->err, errno, "cannot rename to %s", q->to);
	else
		out->ok = true;
	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
}

static bool
path_ok(const char *path)
{
	size_t n = path != NULL ? strlen(path) : 0;

	return n > 0 && n < 4096 && path[0] != '/' && path[n - 1] != '/' &&
	    strcmp(path, ".") != 0 && strcmp(path, "..") != 0;
}

void
fs_run(int root, const struct fs_request *q, struct fs_result *out)
{
	static void (*const run[])(int, const struct fs_request *,
	    struct fs_result *) = { [FS_LIST] = run_walk, [FS_TREE] = run_walk,
		[FS_GET] = run_get, [FS_PUT] = run_put,
		[FS_REMOVE] = run_remove, [FS_RENAME] = run_rename };
	bool named = q->op != FS_LIST && q->op != FS_TREE;

	memset(out, 0, sizeof *out);
	out->op = q->op;
	if ((named && !path_ok(q->path)) ||
	    (q->op == FS_RENAME && !path_ok(q->to))) {
		err_set(&out->err, ERR_INVALID, "no such file name");
		return;
	}
	run[q->op](root, q, out);
}

void
fs_result_finish(struct fs_result *r)
{
	for (size_t i = 0; i < r->nfiles; i++) {
		free(r->files[i].path);
		free(r->files[i].data);
	}
	free(r->files);
	free(r->left_out);
	memset(r, 0, sizeof *r);
}

void
fs_skip(struct fs_result *r, const char *path)
{
	if (r->skipped++ == 0)
		r->left_out = xstrdup(path);
}

static int
remove_one(const char *path, const struct stat *sb, int type, struct FTW *f)
{
	(void)sb;
	(void)type;
	(void)f;
	remove(path);
	return 0;
}

void
fs_remove_tree(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
