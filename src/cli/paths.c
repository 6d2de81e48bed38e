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
