#include "config.h"

/* The record that a command is asked for: a file, the journal of a session, or
 * what git has of it. */

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "store/gitstore.h"

static bool
is_name(const char *s)
{
	return s[0] != '.' && s[0] != '-' && s[0] != '\0' &&
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

/* No end of viva leaves it behind. */
static int
nameless_file(struct err *e)
{
	char path[] = "/tmp/viva-record-XXXXXX";
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	/* Of a file system that has no such files. */
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		err_sys(e, errno, "cannot create a file in /tmp");
	else
		unlink(path);
	return fd;
}

/* Where a reader says its file, a user is told what that is. */
static void
say_instead(struct err *e, const char *path, const char *what)
{
	const char *at = strstr(e->msg, path);
	struct err old = *e;

	if (at != NULL)
		err_set(e, old.code, "%.*s%s%s", (int)(at - e->msg), old.msg,
		    what, old.msg + (at - e->msg) + strlen(path));
}

static bool
from_git(struct cli_record *r, struct err *e)
{
	char *repo;
	bool ok;

	r->fd = nameless_file(e);
	if (r->fd < 0)
		return false;
	r->path = xasprintf("/proc/self/fd/%d", r->fd);
	repo = cli_repo_path();
	ok = gitstore_events(repo, r->name, r->path, e);
	free(repo);
	if (!ok)
		say_instead(e, r->path, "a file in /tmp");
	return ok;
}

/* Of a shell's <(...), or of a program before: it has a writer. */
static bool
has_no_name(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == PIPEFS_MAGIC;
}

/* What is not there, or not to be read, is told by who reads it. */
static bool
can_be_record(const char *path, struct err *e)
{
	const char *what = NULL;
	struct stat sb;

	if (stat(path, &sb) != 0)
		return true;
	if (S_ISFIFO(sb.st_mode) && !has_no_name(path))
		what = "a pipe";
	else if (S_ISDIR(sb.st_mode))
		what = "a directory";
	else if (S_ISCHR(sb.st_mode) || S_ISBLK(sb.st_mode))
		what = "a device";
	else if (S_ISSOCK(sb.st_mode))
		what = "a socket";
	return what == NULL || err_set(e, ERR_INVALID, "%s is %s, not a "
	    "record; give its file, or a session's name ('viva list' shows "
	    "them)", path, what);
}

bool
cli_record_open(struct cli_record *r, const char *name, struct err *e)
{
	struct err here = { 0 }, git = { 0 };
	struct stat sb;
	char *dir;
	int fd;

	*r = (struct cli_record){ .name = name, .fd = -1 };
	/* A directory is none: among the sessions each has its name. */
	if (strchr(name, '/') != NULL ||
	    (stat(name, &sb) == 0 && !S_ISDIR(sb.st_mode))) {
		if (!can_be_record(name, e))
			return false;
		r->path = xstrdup(name);
		return true;
	}
	if (!is_name(name))
		return err_set(e, ERR_INVALID, "'%s' is no session; 'viva "
		    "list' shows them", name);
	fd = cli_session_open(name, "journal.jsonl", &here);
	if (fd >= 0) {
		close(fd);
		dir = cli_session_dir(name);
		r->path = xasprintf("%s/journal.jsonl", dir);
		free(dir);
		return true;
	}
	if (from_git(r, &git)) {
		if (here.code != ERR_NOT_FOUND)
			cli_say("%s; this is git's copy, up to its last "
			    "checkpoint", here.msg);
		return true;
	}
	cli_record_close(r);
	if (git.code == ERR_NOT_FOUND && here.code == ERR_NOT_FOUND)
		return err_set(e, ERR_NOT_FOUND, "no session '%s'; 'viva list' "
		    "shows them", name);
	*e = git.code == ERR_NOT_FOUND ? here : git;
	return false;
}

void
cli_record_close(struct cli_record *r)
{
	free(r->path);
	r->path = NULL;
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

int
cli_record_fail(const struct cli_record *r, const struct err *e)
{
	char *what = xasprintf("events of %s in git", r->name);
	struct err told = *e;

	if (r->fd >= 0)
		say_instead(&told, r->path, what);
	free(what);
	return cli_fail(&told);
}

static void
count(void *user, const struct gitstore_session *s)
{
	(void)s;
	(*(unsigned *)user)++;
}

int
cli_damaged(const struct cli_record *r, const struct err *e)
{
	char *dir = is_name(r->name) ? cli_session_dir(r->name) : NULL;
	char *repo = cli_repo_path();
	unsigned checkpoints = 0;

	cli_record_fail(r, e);
	if (dir != NULL && strncmp(r->path, dir, strlen(dir)) == 0)
		gitstore_log(repo, r->name, count, &checkpoints, NULL);
	if (checkpoints > 0)
		cli_say("git has a copy, up to checkpoint %u: move %s away, "
		    "and 'viva show' and 'viva replay' read that", checkpoints,
		    r->path);
	else
		cli_say("what is before that is whole; a copy made earlier "
		    "may have the rest");
	if (r->fd >= 0)
		cli_say("to look at its lines: git -C %s archive "
		    "refs/sessions/%s events | tar -xO", repo, r->name);
	free(repo);
	free(dir);
	return 1;
}
