#include "config.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "store/gitstore.h"

void
cli_find_home(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (home != NULL && home[0] == '/')
		return;
	pw = getpwuid(getuid());
	setenv("HOME", pw != NULL && pw->pw_dir[0] == '/' ? pw->pw_dir : "/",
	    1);
}

char *
cli_data_dir(void)
{
	const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	/* A relative XDG path is to be ignored (XDG Base Directory 0.8). */
	if (xdg != NULL && xdg[0] == '/')
		return xasprintf("%s/viva", xdg);
	return xasprintf("%s/.local/share/viva", home != NULL ? home : "");
}

char *
cli_session_dir(const char *id)
{
	char *data = cli_data_dir();
	char *dir = xasprintf("%s/sessions/%s", data, id);

	free(data);
	return dir;
}

char *
cli_repo_path(void)
{
	char *data = cli_data_dir();
	char *path = xasprintf("%s/records.git", data);

	free(data);
	return path;
}

static bool
cannot_create(const char *path, struct err *e)
{
	char why[sizeof e->msg];

	err_sys(e, errno, "cannot create %s", path);
	snprintf(why, sizeof why, "%s", e->msg);
	return err_set(e, e->code, "%s; set XDG_DATA_HOME to a directory that "
	    "can be written", why);
}

bool
cli_mkdirs(const char *path, struct err *e)
{
	char *p = xstrdup(path);
	bool ok = true;

	for (char *s = p + 1; ok; s++) {
		char c = *s;

		if (c != '/' && c != '\0')
			continue;
		*s = '\0';
		if (mkdir(p, 0700) != 0 && errno != EEXIST)
			ok = cannot_create(p, e);
		*s = c;
		if (c == '\0')
			break;
	}
	free(p);
	return ok;
}

char *
cli_problems_dir(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	char *slash, *path;

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash != NULL) {
		*slash = '\0';
		path = xasprintf("%s/viva-sandbox-init", exe);
		/* Beside its helper: a build directory. */
		if (access(path, X_OK) == 0 && strcmp(exe, VIVA_LIBEXECDIR) !=
		    0 && access(VIVA_SRCDIR, R_OK) == 0) {
			free(path);
			return xstrdup(VIVA_SRCDIR "/problems");
		}
		free(path);
	}
	return xstrdup(VIVA_DATADIR "/problems");
}

int
cli_fail(const struct err *e)
{
	fprintf(stderr, "viva: %s\n", e->msg);
	return 1;
}

static bool
is_name(const char *s)
{
	return s[0] != '.' && s[0] != '-' && s[0] != '\0' &&
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

static void
count(void *user, const struct gitstore_session *s)
{
	(void)s;
	(*(unsigned *)user)++;
}

int
cli_damaged(const char *name, const char *path, const struct err *e)
{
	char *dir = is_name(name) ? cli_session_dir(name) : NULL;
	char *repo = cli_repo_path();
	unsigned checkpoints = 0;

	cli_fail(e);
	if (dir != NULL && strncmp(path, dir, strlen(dir)) == 0)
		gitstore_log(repo, name, count, &checkpoints, NULL);
	if (checkpoints > 0)
		fprintf(stderr, "viva: git has a copy, up to checkpoint %u: "
		    "move %s away, and 'viva show' and 'viva replay' read "
		    "that\n", checkpoints, path);
	else
		fputs("viva: what is before that is whole; a copy made "
		    "earlier may have the rest\n", stderr);
	free(repo);
	free(dir);
	return 1;
}

char *
cli_record(const char *name, bool *temporary, struct err *e)
{
	struct err here = { 0 };
	char *dir, *path, *repo;
	struct stat sb;
	int fd;
	bool ok;

	*temporary = false;
	/* A directory is none: among the sessions each has its name. */
	if (strchr(name, '/') != NULL ||
	    (stat(name, &sb) == 0 && !S_ISDIR(sb.st_mode)))
		return xstrdup(name);
	if (!is_name(name)) {
		err_set(e, ERR_INVALID, "'%s' is no session; 'viva list' "
		    "shows them", name);
		return NULL;
	}
	fd = cli_session_open(name, "journal.jsonl", &here);
	if (fd >= 0) {
		close(fd);
		dir = cli_session_dir(name);
		path = xasprintf("%s/journal.jsonl", dir);
		free(dir);
		return path;
	}
	/* Only git has it. */
	path = xstrdup("/tmp/viva-record-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0) {
		err_sys(e, errno, "cannot create %s", path);
		free(path);
		return NULL;
	}
	close(fd);
	repo = cli_repo_path();
	ok = gitstore_events(repo, name, path, e);
	free(repo);
	if (ok) {
		*temporary = true;
		return path;
	}
	if (e->code == ERR_NOT_FOUND && here.code != ERR_NOT_FOUND)
		*e = here;
	else if (e->code == ERR_NOT_FOUND)
		err_set(e, ERR_NOT_FOUND, "no session '%s'; 'viva list' shows "
		    "them", name);
	unlink(path);
	free(path);
	return NULL;
}
