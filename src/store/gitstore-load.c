#include "config.h"

#include "store/gitstore-load.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const struct gitstore_api *table;
static struct err why;

/* Beside this program in a build directory, else where it is installed. */
static void *
open_so(void)
{
	char exe[PATH_MAX - 16], path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	char *slash;
	void *so = NULL;

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash != NULL) {
		*slash = '\0';
		snprintf(path, sizeof path, "%s/" GITSTORE_SO, exe);
		so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	}
	return so != NULL ? so :
	    dlopen(VIVA_LIBEXECDIR "/" GITSTORE_SO, RTLD_NOW | RTLD_LOCAL);
}

static void
load(void)
{
	void *so = open_so();

	table = so != NULL ? dlsym(so, GITSTORE_TABLE) : NULL;
	if (table == NULL)
		err_set(&why, ERR_UNSUPPORTED, "cannot load git's part of "
		    "viva: %s; viva is not wholly installed", dlerror());
}

static bool
loaded(struct err *e)
{
	pthread_once(&once, load);
	if (table == NULL && e != NULL)
		*e = why;
	return table != NULL;
}

static void *
warm(void *unused)
{
	(void)unused;
	pthread_once(&once, load);
	return NULL;
}

void
gitstore_warm(void)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_create(&t, &attr, warm, NULL);
	pthread_attr_destroy(&attr);
}

struct gitstore *
gitstore_open(const char *path, struct loop *loop, struct err *e)
{
	return loaded(e) ? table->open(path, loop, e) : NULL;
}

/* What follows is only called with what open has given. */

void
gitstore_close(struct gitstore *g, int64_t wait_us)
{
	if (g != NULL)
		table->close(g, wait_us);
}

void
gitstore_commit(struct gitstore *g, const struct gitstore_checkpoint *c,
    gitstore_done done, void *user)
{
	table->commit(g, c, done, user);
}

bool
gitstore_list(const char *path, gitstore_session_fn fn, void *user,
    struct err *e)
{
	return loaded(e) && table->list(path, fn, user, e);
}

bool
gitstore_log(const char *path, const char *session, gitstore_session_fn fn,
    void *user, struct err *e)
{
	return loaded(e) && table->log(path, session, fn, user, e);
}

bool
gitstore_events(const char *path, const char *session, const char *to,
    struct err *e)
{
	return loaded(e) && table->events(path, session, to, e);
}
