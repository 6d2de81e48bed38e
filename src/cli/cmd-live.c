#include "config.h"

/* viva demo, viva start, viva resume: a live session on this terminal. */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/provider.h"
#include "problem/language.h"
#include "problem/problem.h"
#include "session/core.h"
#include "store/journal.h"
#include "ui/app.h"

#define SCROLLBACK 10000 /* lines */
#define DEMO_MINUTES 45
#define MINUTES_MAX (7 * 24 * 60)

#define DIRS_MAX 64
#define DEMO_USAGE "demo [-s SANDBOX] [LANGUAGE]"
#define START_USAGE "start [-l LANGUAGE] [-t MINUTES] [-s SANDBOX] " \
	"PROBLEM-DIR..."

struct plan { /* what the command line asks for */
	const char *const *dirs;
	size_t ndirs;
	const char *language;
	const char *sandbox; /* "local" or "modal" */
	int64_t minutes;    /* 0: no limit */
	const char *resume; /* the session that goes on; NULL: a new one */
};

struct live {
	struct loop *loop;
	struct provider *provider;
	struct core *core;
	struct app *app;
	char id[40];
	char why[400]; /* what could not be kept */
	char end_why[100]; /* "": because the user wanted it to end */
	bool incomplete; /* a file or the record does not have all */
	struct buf kept; /* where texts are that have no other place */
	char *dir, *repo;
	struct problem **problems;
	size_t nproblems;
	const char **mask; /* where problems are: not for the sandbox */
};

static struct sandbox *
sandbox_factory(void *user, struct loop *l, const struct sandbox_spec *spec,
    const struct sandbox_watch *watch, void *watch_user)
{
	struct live *v = user;

	(void)l;
	return v->provider->sandbox(v->provider, spec, watch,
	    watch_user);
}

static void
on_event(void *user, const struct event *ev)
{
	struct live *v = user;

	if (v->app != NULL)
		app_event(v->app, ev);
}

static void
on_notice(void *user, const char *text)
{
	struct live *v = user;

	if (v->app != NULL)
		app_say(v->app, text);
}

static void
on_clipboard(void *user, const char *p, size_t n)
{
	struct live *v = user;

	if (v->app != NULL)
		app_copy(v->app, p, n);
}

/* Neither its file nor the record has it: any place that takes it will do. */
static void
keep_text(struct live *v, const struct state_file *f)
{
	const char *dir = getenv("TMPDIR"), *slash = strrchr(f->path, '/');
	const char *name = slash != NULL ? slash + 1 : f->path;
	struct buf text = { 0 };
	/* A name that is as long as it can be leaves no room. */
	int n = (int)strnlen(name, 200);
	char *path = xasprintf("%s/viva-XXXXXX-%.*s", dir != NULL && *dir ==
	    '/' ? dir : "/tmp", n, name);
	int fd = mkstemps(path, n + 1);
	bool ok;

	text_append(f->text, 0, text_size(f->text), &text);
	ok = fd >= 0 && write(fd, buf_str(&text), text.len) ==
	    (ssize_t)text.len && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	if (ok)
		buf_addf(&v->kept, "what you typed in %s: %s\n", f->path,
		    path);
	else
		buf_addf(&v->kept, "what you typed in %s is LOST\n", f->path);
	buf_free(&text);
	free(path);
}

static void
keep_texts(struct live *v)
{
	const struct state *s = core_state(v->core);
	bool failed;

	core_record_state(v->core, &failed);
	v->incomplete = failed;
	for (size_t i = 0; i < s->nfiles; i++)
		if (s->files[i].save != FILE_SAVED) {
			v->incomplete = true;
			if (failed)
				keep_text(v, &s->files[i]);
		}
}

static void
on_ended(void *user, const char *why)
{
	struct live *v = user;
	const struct state *s = core_state(v->core);

	if (why[0] != '\0')
		keep_texts(v);
	snprintf(v->why, sizeof v->why, "%s", why);
	snprintf(v->end_why, sizeof v->end_why, "%s",
	    s->end_why != NULL ? s->end_why : "");
	loop_stop(v->loop);
}

static void
send(void *user, const struct command *cmd)
{
	struct live *v = user;

	core_command(v->core, cmd);
}

static const char *
record_state(void *user, bool *failed)
{
	struct live *v = user;

	return core_record_state(v->core, failed);
}

static bool
link_state(void *user, struct sandbox_link *link)
{
	struct live *v = user;

	return v->core != NULL && core_link(v->core, link);
}

static void
on_signal(void *user)
{
	struct live *v = user;
	struct command cmd = { .type = CMD_END };

	core_command(v->core, &cmd);
}

/* Sorts by time and cannot collide in practice. */
static void
make_id(struct live *v)
{
	time_t now = (time_t)(clock_wall(clock_system()) / 1000);
	unsigned char r[2] = { 0, 0 };
	struct tm tm;
	char day[24];

	localtime_r(&now, &tm);
	strftime(day, sizeof day, "%Y%m%d-%H%M%S", &tm);
	if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
		r[0] = (unsigned char)getpid();
	snprintf(v->id, sizeof v->id, "%s-%02x%02x", day, r[0], r[1]);
}

static void
say_goodbye(const struct live *v)
{
	const char *line, *next;

	/* Names of files may have anything in them. */
	if (v->why[0] != '\0') {
		fputs("viva: ", stdout);
		cli_print_clean(v->why);
		putchar('\n');
	}
	for (line = buf_str(&v->kept); *line != '\0'; line = next + 1) {
		char *s = xstrndup(line, strcspn(line, "\n"));

		next = line + strcspn(line, "\n");
		cli_print_clean(s);
		putchar('\n');
		free(s);
	}
	printf("%s%ssession %s ended. Look at it again with:\n"
	    "  viva replay %s\n", v->end_why, v->end_why[0] != '\0' ? ": " :
	    "", v->id, v->id);
	if (v->provider->files != NULL)
		v->provider->files(v->provider, v->id);
	else
		printf("your files: %s\n", v->dir);
}

static int
run(struct live *v, const struct core_spec *core_spec, struct err *e)
{
	struct app_spec spec = { .loop = v->loop, .send = send,
		.record = record_state, .link = link_state, .user = v };

	v->core = core_create(core_spec, e);
	if (v->core == NULL && core_spec->resume &&
	    strstr(e->msg, "/journal.jsonl:") != NULL) {
		cli_fail(e);
		fprintf(stderr, "viva: it cannot go on; 'viva show %s' and "
		    "'viva replay %s' have what is whole\nyour files: %s\n",
		    v->id, v->id, v->dir);
		return 1;
	}
	if (v->core == NULL)
		return cli_fail(e);
	spec.state = core_state(v->core);
	/* First: a signal while the terminal is taken over ends it well. */
	if (!cli_signals(v->loop, on_signal, v, e) ||
	    (v->app = app_create(&spec, e)) == NULL)
		return cli_fail(e);
	loop_short_turns();
	loop_run(v->loop);
	return 0;
}

/* The screen is gone, and what cannot be written is tried for a while. */
static void
say_waiting(const struct live *v)
{
	const char *text;
	bool failed = false;

	if (v->core == NULL)
		return;
	text = core_record_state(v->core, &failed);
	if (!failed)
		return;
	printf("viva: %s; trying again for %d s ...\n", text,
	    JOURNAL_CLOSE_MS / 1000);
	fflush(stdout);
}

static int
session(struct live *v, const struct plan *plan)
{
	struct core_spec spec = { .loop = v->loop, .id = v->id, .dir = v->dir,
		.records = v->repo,
		.problems = (const struct problem *const *)v->problems,
		.nproblems = v->nproblems, .language = plan->language,
		.duration = plan->minutes * 60, .scrollback = SCROLLBACK,
		.resume = plan->resume != NULL,
		/* Off for measuring what recording costs. */
		.record = getenv("VIVA_NO_RECORD") == NULL,
		.mask = v->mask,
		.event = on_event, .notice = on_notice,
		.clipboard = on_clipboard, .ended = on_ended,
		.provider = v->provider->name,
		.web = v->provider->web,
		.sandbox = sandbox_factory, .user = v };
	struct err e = { 0 };
	int status = run(v, &spec, &e);

	app_destroy(v->app);
	v->app = NULL;
	cli_signals_off();
	say_waiting(v);
	core_destroy(v->core);
	return status;
}

/* Also those that are not asked today; and where a link leads to. */
static const char **
masks(const struct live *v, const struct plan *plan)
{
	size_t n = 2 + plan->ndirs + 2 * v->nproblems;
	const char **out;

	for (size_t i = 0; i < v->nproblems; i++)
		n += v->problems[i]->nelsewhere;
	out = xcalloc(n, sizeof *out);
	n = 0;
	out[n++] = cli_problems_dir();
	for (size_t i = 0; i < plan->ndirs; i++)
		out[n++] = plan->dirs[i];
	for (size_t i = 0; i < v->nproblems; i++) {
		const struct problem *p = v->problems[i];

		out[n++] = p->dir;
		if (p->secret != NULL)
			out[n++] = p->secret;
		for (size_t k = 0; k < p->nelsewhere; k++)
			out[n++] = p->elsewhere[k];
	}
	return out;
}

static void
masks_free(const char **mask)
{
	if (mask != NULL)
		free((char *)mask[0]);
	free(mask);
}

/* As a line: "\n" and "\\" stand for what a line cannot have, and for the
 * backslash. */
static bool
put_line(FILE *f, const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '\n' || *s == '\\')
			fprintf(f, "\\%c", *s == '\n' ? 'n' : '\\');
		else
			putc(*s, f);
	return putc('\n', f) != EOF;
}

static void
unescape(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		bool escaped = *s == '\\' && (s[1] == 'n' || s[1] == '\\');

		s += escaped;
		*to++ = escaped && *s == 'n' ? '\n' : *s;
	}
	*to = '\0';
}

/* For `viva resume`: where the problems are, a line each. */
static bool
keep_dirs(const struct live *v, const struct plan *plan, struct err *e)
{
	char *path = xasprintf("%s/problems", v->dir);
	FILE *f = fopen(path, "we");
	bool ok = f != NULL;

	for (size_t i = 0; ok && i < plan->ndirs; i++) {
		char *real = realpath(plan->dirs[i], NULL);

		ok = real != NULL && put_line(f, real);
		free(real);
	}
	if (f != NULL && fclose(f) != 0)
		ok = false;
	if (!ok)
		err_sys(e, errno, "cannot write %s", path);
	free(path);
	return ok;
}

static bool
prepare(struct live *v, const struct plan *plan, struct err *e)
{
	v->dir = cli_session_dir(v->id);
	v->repo = cli_repo_path();
	v->mask = masks(v, plan);
	return cli_mkdirs(v->dir, e) &&
	    (plan->resume != NULL || keep_dirs(v, plan, e));
}

static int
live(const struct plan *plan)
{
	struct live v = { 0 };
	struct err e = { 0 };
	int status;

	/* Before there is a session to leave behind. */
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fputs("viva: stdin and stdout are not a terminal; start viva "
		    "in one\n", stderr);
		return 1;
	}
	if (plan->resume == NULL && language_find(plan->language) == NULL) {
		fprintf(stderr, "viva: no language '%s'; there are: %s\n",
		    plan->language, language_names());
		return 2;
	}
	if (!problem_list(plan->dirs, plan->ndirs, &v.problems, &v.nproblems,
	    &e))
		return cli_fail(&e);
	if (plan->resume != NULL)
		snprintf(v.id, sizeof v.id, "%s", plan->resume);
	else
		make_id(&v);
	v.loop = loop_create(clock_system(), waiter_poll());
	v.provider = provider_open(plan->sandbox, v.loop, &e);
	if (v.provider != NULL && prepare(&v, plan, &e)) {
		status = session(&v, plan);
		if (status == 0) {
			say_goodbye(&v);
			status = v.incomplete;
		}
		buf_free(&v.kept);
	} else {
		status = cli_fail(&e);
	}
	if (v.provider != NULL && !v.provider->close(v.provider) &&
	    status == 0)
		status = 1;
	loop_destroy(v.loop);
	problem_list_free(v.problems, v.nproblems);
	masks_free(v.mask);
	free(v.dir);
	free(v.repo);
	return status;
}

static bool
take_minutes(struct plan *plan, const char *text)
{
	char *end;

	plan->minutes = strtol(text, &end, 10);
	if (end != text && *end == '\0' && plan->minutes > 0 &&
	    plan->minutes <= MINUTES_MAX)
		return true;
	fprintf(stderr, "viva: -t takes whole minutes from 1 to %d, not "
	    "'%s'\n", MINUTES_MAX, text);
	return false;
}

static bool
take_options(struct plan *plan, int argc, char **argv, const char *usage)
{
	static const struct option options[] = {
		{ "language", required_argument, NULL, 'l' },
		{ "minutes", required_argument, NULL, 't' },
		{ "sandbox", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 } };
	int o;

	while ((o = getopt_long(argc, argv, "+l:t:s:", options, NULL)) != -1) {
		if (o == 'l') {
			plan->language = optarg;
		} else if (o == 's') {
			plan->sandbox = optarg;
		} else if (o != 't') {
			fprintf(stderr, "usage: viva %s\n", usage);
			return false;
		} else if (!take_minutes(plan, optarg)) {
			return false;
		}
	}
	return true;
}

int
cmd_demo(int argc, char **argv)
{
	char *dir = cli_problems_dir();
	struct plan plan = { .dirs = (const char *const *)&dir, .ndirs = 1,
		.language = "python3", .sandbox = "local",
		.minutes = DEMO_MINUTES };
	int status = 2;

	if (!take_options(&plan, argc, argv, DEMO_USAGE)) {
		; /* it said why */
	} else if (argc - optind > 1) {
		fprintf(stderr, "viva: '%s' is one argument too many; usage: "
		    "viva %s\n", argv[optind + 1], DEMO_USAGE);
	} else {
		if (optind < argc)
			plan.language = argv[optind];
		status = live(&plan);
	}
	free(dir);
	return status;
}

int
cmd_start(int argc, char **argv)
{
	struct plan plan = { .language = "python3", .sandbox = "local" };

	if (!take_options(&plan, argc, argv, START_USAGE))
		return 2;
	if (optind == argc) {
		fputs("viva: start needs a problem package's directory; "
		    "'viva demo' brings its own\n", stderr);
		return 2;
	}
	if (argc - optind > DIRS_MAX) {
		fprintf(stderr, "viva: start takes %d problem packages at "
		    "most, not %d\n", DIRS_MAX, argc - optind);
		return 2;
	}
	plan.dirs = (const char *const *)argv + optind;
	plan.ndirs = (size_t)(argc - optind);
	return live(&plan);
}

/* Of the file that keep_dirs wrote; the count, 0: e says why. */
static size_t
kept_dirs(const char *id, char **dirs, struct err *e)
{
	int fd = strchr(id, '/') == NULL ? cli_session_open(id, "problems",
	    e) : -1;
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	size_t n = 0, cap = 0;
	char *line = NULL;
	ssize_t len;

	while (f != NULL && n < DIRS_MAX &&
	    (len = getline(&line, &cap, f)) > 1) {
		line[len - 1] = '\0';
		unescape(line);
		dirs[n++] = xstrdup(line);
	}
	if (n == 0 && e->code != ERR_CORRUPT)
		err_set(e, ERR_NOT_FOUND, "no session %s to go on with here "
		    "('viva list' shows them)", id);
	if (f != NULL)
		fclose(f);
	free(line);
	return n;
}

int
cmd_resume(int argc, char **argv)
{
	char *dirs[DIRS_MAX], *last = NULL, *sandbox;
	struct plan plan = { .dirs = (const char *const *)dirs };
	struct err e = { 0 };
	int status;

	if (argc > 2) {
		fputs("usage: viva resume [SESSION]\n", stderr);
		return 2;
	}
	if (argc == 1 && (last = cli_last_open(&e)) == NULL)
		return cli_fail(&e);
	plan.resume = last != NULL ? last : argv[1];
	plan.ndirs = kept_dirs(plan.resume, dirs, &e);
	plan.sandbox = sandbox = cli_session_sandbox(plan.resume);
	status = plan.ndirs > 0 ? live(&plan) : cli_fail(&e);
	while (plan.ndirs > 0)
		free(dirs[--plan.ndirs]);
	free(sandbox);
	free(last);
	return status;
}
