#include "config.h"

#include "cli/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/ends.h"

/* ---- where it goes ---- */

static char *
directory_of(const char *to)
{
	const char *slash = to != NULL ? strrchr(to, '/') : NULL;
	const char *tmp = getenv("TMPDIR");

	if (to == NULL)
		return xstrdup(tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
	if (slash == NULL)
		return xstrdup(".");
	return slash == to ? xstrdup("/") : xstrndup(to, (size_t)(slash - to));
}

static char *
own_name(const char *dir)
{
	uint64_t r = 0;

	if (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r)
		r = (uint64_t)getpid();
	return xasprintf("%s/.viva-%016llx", dir, (unsigned long long)r);
}

/* What is there must be a file, and may go.  mode: of it. */
static bool
look(const char *to, bool replace, mode_t *mode, struct err *e)
{
	struct stat sb;

	if (lstat(to, &sb) != 0)
		return errno == ENOENT || err_sys(e, errno, "cannot save %s",
		    to);
	if (S_ISDIR(sb.st_mode))
		return err_set(e, ERR_EXISTS, "%s is a directory; name a file "
		    "in it", to);
	if (!S_ISREG(sb.st_mode))
		return err_set(e, ERR_EXISTS, "%s is there and is not a "
		    "regular file; name another", to);
	if (!replace)
		return err_set(e, ERR_EXISTS, "%s is there already; name "
		    "another file, or replace it with --force", to);
	*mode = sb.st_mode & 0777;
	return true;
}

static bool
begin(struct newfile *f, const char *dir, mode_t mode)
{
	f->fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, mode);
	if (f->fd >= 0)
		return true;
	f->beside = own_name(dir);
	ends_remove(f->beside);
	f->fd = open(f->beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (f->fd < 0) { /* it is not ours */
		ends_remove(NULL);
		free(f->beside);
		f->beside = NULL;
		return false;
	}
	if (f->to == NULL)
		unlink(f->beside);
	return true;
}

bool
newfile_open(struct newfile *f, const char *to, bool replace, struct err *e)
{
	mode_t old = 0;
	char *dir;
	bool ok;

	*f = (struct newfile){ .fd = -1, .replace = replace };
	if (to != NULL && !look(to, replace, &old, e))
		return false;
	f->to = to != NULL ? xstrdup(to) : NULL;
	dir = directory_of(to);
	ok = begin(f, dir, to != NULL ? 0666 : 0600) ||
	    err_sys(e, errno, "cannot write in %s%s", dir, to == NULL ?
	    " (TMPDIR)" : "");
	free(dir);
	if (ok && old != 0 && fchmod(f->fd, old) != 0)
		ok = err_sys(e, errno, "cannot write %s", to);
	if (!ok)
		newfile_close(f);
	return ok;
}

/* ---- its name ---- */

static bool
link_fd(int fd, const char *name)
{
	char self[40];

	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
}

/* Not every file system has this flag, and not every one has links. */
static bool
take_free_name(const struct newfile *f)
{
	if (f->beside == NULL)
		return link_fd(f->fd, f->to);
	return renameat2(AT_FDCWD, f->beside, AT_FDCWD, f->to,
	    RENAME_NOREPLACE) == 0 ||
	    (errno == EINVAL && link(f->beside, f->to) == 0);
}

/* A link does not replace, so there is a moment with two names. */
static bool
take_name(struct newfile *f)
{
	char *dir;

	if (!f->replace)
		return take_free_name(f);
	if (f->beside == NULL) {
		dir = directory_of(f->to);
		f->beside = own_name(dir);
		free(dir);
		ends_remove(f->beside);
		if (!link_fd(f->fd, f->beside))
			return false;
	}
	return rename(f->beside, f->to) == 0;
}

/* The name itself. */
static bool
sync_directory(const char *to)
{
	char *dir = directory_of(to);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* One that we may write but not read cannot be asked for. */
	bool ok = fd < 0 || fsync(fd) == 0 || errno == EINVAL;
	int sys = errno;

	if (fd >= 0)
		close(fd);
	free(dir);
	errno = sys;
	return ok;
}

bool
newfile_keep(struct newfile *f, struct err *e)
{
	if (fsync(f->fd) != 0)
		return err_sys(e, errno, "cannot write %s", f->to);
	if (take_name(f))
		return sync_directory(f->to) || err_sys(e, errno,
		    "%s may not survive a crash of this machine", f->to);
	if (errno == EEXIST)
		return err_set(e, ERR_EXISTS, "%s has come to be there "
		    "meanwhile; name another file", f->to);
	return err_sys(e, errno, "cannot save %s", f->to);
}

void
newfile_close(struct newfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->beside != NULL)
		unlink(f->beside);
	ends_remove(NULL);
	free(f->beside);
	free(f->to);
	*f = (struct newfile){ .fd = -1 };
}
