#include "config.h"

#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/provider.h"
#include "problem/language.h"

#define FILES_MIN 256 /* open at once */
#define STACK_MIN (1u << 20)

struct subcommand {
	const char *name, *args, *help;
	int (*run)(int argc, char **argv); /* NULL: of the one before */
	bool modal; /* of viva-modal */
};

char **cli_argv;

#ifdef __SANITIZE_ADDRESS__
/* What a sanitizer finds must not look like viva's own error, whose status
 * is 1 as well. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *
__asan_default_options(void)
{
	return "exitcode=86";
}

const char *
__ubsan_default_options(void)
{
	return "exitcode=86";
}
#endif

static int cmd_help(int argc, char **argv);
static int cmd_version(int argc, char **argv);

static const struct subcommand subcommands[] = {
	{ "demo", "[-s SANDBOX] [LANGUAGE]", "an interview with the problems "
	    "that come with viva", cmd_demo, false },
	{ "start", "[-l LANGUAGE] [-t MINUTES] [-s SANDBOX] PROBLEM-DIR...",
	    "an interview with your own problem packages", cmd_start, false },
	{ "resume", "[SESSION]", "go on with a session that was cut off",
	    cmd_resume, false },
	{ "list", "", "the sessions so far", cmd_list, false },
	{ "replay", "SESSION", "play a session back", cmd_replay, false },
	{ "show", "SESSION", "what happened in a session, in lines, with its "
	    "chain of hashes checked", cmd_show, false },
	{ "sandboxes", "[--end [--older HOURS] [--yes]]", "list viva's "
	    "sandboxes at Modal, or end them; without --yes it only says "
	    "which", cmd_sandboxes, true },
	{ "volumes", "[--delete [--older HOURS] [--yes]]", "list viva's "
	    "volumes at Modal, or delete them; without --yes it only says "
	    "which", cmd_volumes, true },
	{ "volumes files", "VOLUME [PATH]", "list the files of one of them",
	    NULL, true },
	{ "volumes get", "[--force] VOLUME PATH [FILE]", "read one of them "
	    "into FILE; - is standard output", NULL, true },
	{ "volumes put", "VOLUME FILE [PATH]", "write FILE to a volume", NULL,
	    true },
	{ "volumes remove", "[--recursive] VOLUME PATH", "remove a file of a "
	    "volume, or a directory", NULL, true },
	{ "doctor", "", "what works on this machine, and what the sandbox "
	    "guarantees", cmd_doctor, true },
	{ "help", "", "this text", cmd_help, false },
	{ "version", "", "the version", cmd_version, false },
};

static void
print_help(const struct subcommand *c)
{
	printf("  viva %s%s%s\n        %s\n", c->name, c->args[0] != '\0' ?
	    " " : "", c->args, c->help);
}

static int
cmd_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("viva - a technical interview in a terminal\n");
	for (size_t i = 0; i < ARRAY_LEN(subcommands); i++)
		print_help(&subcommands[i]);
	printf("\nLANGUAGE is one of %s (python3 if none is named); SANDBOX is "
	    "local\n(needs no network; the default) or modal.\n",
	    language_names());
	return 0;
}

static int
cmd_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("viva " PACKAGE_VERSION);
	return 0;
}

/* Raised to min where that is allowed; else *have is all there is. */
static bool
at_least(int what, rlim_t min, rlim_t *have, bool *raised)
{
	struct rlimit r;

	*raised = false;
	if (getrlimit(what, &r) != 0 || r.rlim_cur >= min)
		return true;
	*have = r.rlim_cur = r.rlim_max < min ? r.rlim_max : min;
	*raised = r.rlim_cur == min && setrlimit(what, &r) == 0;
	return *raised;
}

/* More than a session needs, at Modal as well. */
static bool
enough_files(void)
{
	bool raised;
	rlim_t have;

	if (at_least(RLIMIT_NOFILE, FILES_MIN, &have, &raised))
		return true;
	fprintf(stderr, "viva: only %llu files may be open at once, and viva "
	    "needs %d: try 'ulimit -n 1024'\n", (unsigned long long)have,
	    FILES_MIN);
	return false;
}

static bool
enough_stack(void)
{
	pthread_attr_t attr;
	bool raised;
	rlim_t have;

	if (!at_least(RLIMIT_STACK, STACK_MIN, &have, &raised)) {
		fprintf(stderr, "viva: only %llu KiB may be on the stack, and "
		    "viva needs %u: try 'ulimit -s 8192'\n",
		    (unsigned long long)have >> 10, STACK_MIN >> 10);
		return false;
	}
	/* Threads would get what the limit was at the start. */
	if (raised && pthread_attr_init(&attr) == 0) {
		pthread_attr_setstacksize(&attr, STACK_MIN);
		pthread_setattr_default_np(&attr);
		pthread_attr_destroy(&attr);
	}
	return true;
}

/* argv[0] is the subcommand's name. */
static int
run(const struct subcommand *c, int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : "";

	if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
		do
			print_help(c++);
		while (c < subcommands + ARRAY_LEN(subcommands) &&
		    c->run == NULL);
		return 0;
	}
	if (argc > 1 && c->args[0] == '\0' && c->run != cmd_help) {
		fprintf(stderr, "viva: %s takes no argument, and '%s' is "
		    "one\n", c->name, first);
		return 2;
	}
	if (c->run != cmd_help && c->run != cmd_version &&
	    (!enough_files() || !enough_stack()))
		return 1;
	if (c->modal)
		provider_need_modal(cli_argv);
	return c->run(argc, argv);
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "help";

	cli_argv = argv;
	/* Characters only: a number of a problem package, of an answer or of
	 * an event is the same number everywhere. */
	setlocale(LC_CTYPE, "");
	/* Columns are counted by wcwidth, which needs a UTF-8 locale. */
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
	cli_find_home();
	if (strncmp(name, "--", 2) == 0)
		name += 2;
	for (size_t i = 0; i < ARRAY_LEN(subcommands); i++)
		if (subcommands[i].run != NULL &&
		    strcmp(subcommands[i].name, name) == 0)
			return run(&subcommands[i], argc - 1, argv + 1);
	fprintf(stderr, "viva: no command '%s'; 'viva help' lists them\n",
	    name);
	return 2;
}
