#include "config.h"

#include "cli/provider.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"

static char why[300];

/* Beside this program in a build directory, else where it is installed. */
static void
become(char **argv)
{
	char exe[PATH_MAX - 16], path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	char *slash;

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash != NULL) {
		*slash = '\0';
		snprintf(path, sizeof path, "%s/viva-modal", exe);
		execv(path, argv);
	}
	execv(VIVA_LIBEXECDIR "/viva-modal", argv);
	snprintf(why, sizeof why, "cannot run %s/viva-modal: %s; viva is not "
	    "wholly installed", VIVA_LIBEXECDIR, strerror(errno));
}

void
provider_need_modal(char **argv)
{
	become(argv);
}

struct provider *
provider_open_modal(struct loop *loop, struct err *e)
{
	(void)loop;
	if (why[0] == '\0' && cli_argv != NULL)
		become(cli_argv);
	err_set(e, ERR_UNSUPPORTED, "%s", why);
	return NULL;
}

struct modal *
provider_modal(struct provider *p)
{
	(void)p;
	return NULL;
}

bool
provider_check(struct provider *p, void (*row)(const char *state,
    const char *text))
{
	(void)p;
	row("NO", why);
	return false;
}

int
cmd_sandboxes(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fprintf(stderr, "viva: %s\n", why);
	return 1;
}

int
cmd_volumes(int argc, char **argv)
{
	return cmd_sandboxes(argc, argv);
}
