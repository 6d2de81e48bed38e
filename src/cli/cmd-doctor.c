#include "config.h"

/* viva doctor: what works on this machine, and what is and is not guaranteed
 * of the sandbox.  Each line of the first part was tried, not looked up. */

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/provider.h"
#include "sandbox/sandbox.h"
#include "store/gitstore.h"

static const char *const limits[] = {
	"memory, file size, CPU time and open files are bounded per process",
	"the number of processes and the memory of all together are watched, "
	"ten times a second",
	"files in memory (/tmp, /dev/shm, /home) are bounded",
	"the time of a test is that of all its processes: it cannot ignore "
	"their end (SIGCHLD)",
	"wall time and output of a test are bounded by viva",
};
static const char *const none[] = {
	"memory of all processes together is not bounded exactly, shared "
	"memory least of all",
	"disk space of the workspace is not bounded as a whole",
	"a kernel exploit would get out: the sandbox shares this machine's "
	"kernel (one at Modal does not)",
	"a program that is judged could tell its input to a shell beside it, "
	"through what both can lock or watch",
	"the path of the workspace on this machine can be read inside",
	"time of one test can be disturbed by what else runs here",
};

static void
row(const char *mark, const char *text)
{
	printf("  %-4s ", mark);
	cli_print_clean(text);
	putchar('\n');
}

static int
sandbox_sheet(void)
{
	char line[600];
	struct err e = { 0 };
	FILE *f = tmpfile();
	int bad = 0;

	puts("Sandbox (local: bubblewrap, seccomp), tried just now:");
	if (f == NULL || !sandbox_local_sheet(fileno(f), &e)) {
		row("NO", f == NULL ? "cannot make a temporary file" : e.msg);
		if (f != NULL)
			fclose(f);
		return 1;
	}
	rewind(f);
	while (fgets(line, sizeof line, f) != NULL) {
		char *tab = strchr(line, '\t');

		line[strcspn(line, "\n")] = '\0';
		if (tab == NULL)
			continue;
		*tab = '\0';
		bad |= strcmp(line, "yes") != 0;
		row(line, tab + 1);
	}
	fclose(f);
	puts("Limits set:");
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		row("yes", limits[i]);
	puts("Not guaranteed:");
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		row("-", none[i]);
	return bad;
}

static void
count(void *user, const struct gitstore_session *s)
{
	(void)s;
	++*(unsigned *)user;
}

static int
records_sheet(void)
{
	char *data = cli_data_dir(), *repo = cli_repo_path(), line[300];
	struct err e = { 0 };
	unsigned n = 0;
	int bad = 0;

	puts("Records:");
	if (!cli_mkdirs(data, &e) || access(data, W_OK) != 0) {
		snprintf(line, sizeof line, "%.200s cannot be written", data);
		row("NO", line);
		bad = 1;
	} else {
		snprintf(line, sizeof line, "%.200s can be written", data);
		row("yes", line);
	}
	if (gitstore_list(repo, count, &n, &e) || e.code == ERR_NOT_FOUND) {
		snprintf(line, sizeof line, "%u sessions in git", n);
		row("yes", line);
	} else {
		row("NO", e.msg);
		bad = 1;
	}
	free(data);
	free(repo);
	return bad;
}

static int
terminal_sheet(void)
{
	const char *term = getenv("TERM");
	char line[160];
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

	puts("Terminal:");
	snprintf(line, sizeof line, "TERM=%.60s, %s", term != NULL ? term : "",
	    utf8 ? "UTF-8" : "not UTF-8: lines are drawn in ASCII");
	row(term != NULL ? "yes" : "NO", line);
	return term == NULL;
}

static int
languages_sheet(void)
{
	static const struct {
		const char *path, *what;
	} tools[] = { { "/usr/bin/python3", "python3" },
		{ "/usr/bin/gcc", "c (gcc)" } };
	char line[160];

	puts("Languages:");
	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		bool there = access(tools[i].path, X_OK) == 0;

		snprintf(line, sizeof line, "%s%s%s", tools[i].what,
		    there ? "" : ": missing: apt-get install ",
		    there ? "" : strrchr(tools[i].path, '/') + 1);
		row(there ? "yes" : "NO", line);
	}
	return 0;
}

/* Only for who has an account: without a token this is no fault. */
static int
modal_sheet(void)
{
	struct loop *loop = loop_create(clock_system(), waiter_poll());
	struct err e = { 0 };
	struct provider *p;
	bool bad;

	puts("Modal (viva start --sandbox modal):");
	p = provider_open("modal", loop, &e);
	if (p == NULL) {
		bad = e.code != ERR_AUTH;
		row(bad ? "NO" : "-", e.msg);
	} else {
		bad = !provider_check(p, row);
		bad |= !p->close(p);
	}
	loop_destroy(loop);
	return bad;
}

int
cmd_doctor(int argc, char **argv)
{
	int bad;

	(void)argc;
	(void)argv;
	bad = sandbox_sheet();
	bad |= records_sheet();
	bad |= terminal_sheet();
	bad |= languages_sheet();
	bad |= modal_sheet();
	return bad;
}
