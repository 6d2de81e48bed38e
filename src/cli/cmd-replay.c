#include "config.h"

/* viva replay SESSION: the same console, fed from a record. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "ui/app.h"

#define LARGE (32 << 20)

static void
on_signal(void *user)
{
	loop_stop(user);
}

static int
show_replay(struct replay *r)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct app_spec spec = { .loop = l, .state = replay_state(r),
		.replay = r };
	struct err e = { 0 };
	struct app *a = app_create(&spec, &e);
	bool ok = a != NULL && cli_signals(l, on_signal, l, &e);

	if (ok) {
		loop_short_turns();
		loop_run(l);
	}
	app_destroy(a);
	cli_signals_off();
	loop_destroy(l);
	return ok ? 0 : cli_fail(&e);
}

/* Some seconds without a screen want a word. */
static void
say_large(const char *path)
{
	struct stat sb;

	if (stat(path, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    sb.st_size >= LARGE && isatty(STDERR_FILENO))
		fprintf(stderr, "viva: reading %lld MB from %s ...\n",
		    (long long)sb.st_size / 1000000, path);
}

int
cmd_replay(int argc, char **argv)
{
	struct err e = { 0 };
	struct replay *r;
	bool temporary;
	char *path;
	int status;

	if (argc != 2) {
		fputs("usage: viva replay SESSION ('viva list' has their "
		    "names)\n",
		    stderr);
		return 2;
	}
	path = cli_record(argv[1], &temporary, &e);
	if (path == NULL)
		return cli_fail(&e);
	say_large(path);
	r = replay_open((const char *const *)&path, 1, clock_system(), &e);
	status = r != NULL ? show_replay(r) : cli_fail(&e);
	if (r != NULL && replay_damage(r) != NULL)
		status = cli_damaged(argv[1], path, replay_damage(r));
	replay_close(r);
	if (temporary)
		unlink(path);
	free(path);
	return status;
}
