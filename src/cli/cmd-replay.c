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
say_large(const struct cli_record *r)
{
	struct stat sb;

	if (stat(r->path, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    sb.st_size >= LARGE && isatty(STDERR_FILENO))
		cli_say("reading %lld MB from %s ...",
		    (long long)sb.st_size / 1000000,
		    r->fd >= 0 ? "git" : r->path);
}

int
cmd_replay(int argc, char **argv)
{
	struct err e = { 0 };
	struct cli_record rec;
	const char *path;
	struct replay *r;
	int status;

	if (argc != 2) {
		fputs("usage: viva replay SESSION ('viva list' has their "
		    "names)\n",
		    stderr);
		return 2;
	}
	if (!cli_record_open(&rec, argv[1], &e))
		return cli_fail(&e);
	say_large(&rec);
	path = rec.path;
	r = replay_open(&path, 1, clock_system(), &e);
	status = r != NULL ? show_replay(r) : cli_record_fail(&rec, &e);
	if (r != NULL && replay_damage(r) != NULL)
		status = cli_damaged(&rec, replay_damage(r));
	replay_close(r);
	cli_record_close(&rec);
	return status;
}
