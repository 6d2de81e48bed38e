#include "config.h"

/* The whole way of a candidate and of a reviewer, on the real binary: solve,
 * submit, quit, list, show, replay; and what must hold when things go wrong. */

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/machine.h"
#include "tests/support/ptyscreen.h"

#define F2 "\033OQ"
#define F3 "\033OR"
#define F4 "\033OS"
#define F5 "\033[15~"
#define F7 "\033[18~"
#define F8 "\033[19~"
#define F10 "\033[21~"
#define END "\033[F"
#define HOME "\033[H"

static char *home;
static char id[64];

static int
setup(void **state)
{
	(void)state;
	home = ptyscreen_home_create();
	ptyscreen_use_home(home);
	id[0] = '\0';
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ptyscreen_use_home(NULL);
	ptyscreen_home_remove(home);
	return 0;
}

static struct ptyscreen *
viva(int rows, int cols, const char *command, const char *arg,
    const char *const *env)
{
	const char *argv[] = { getenv("VIVA"), command, arg, NULL };

	if (argv[0] == NULL)
		fail_msg("VIVA does not name the binary");
	return ptyscreen_start(rows, cols, argv, env);
}

static struct ptyscreen *
demo(const char *const *env)
{
	struct ptyscreen *p = viva(36, 120, "demo", NULL, env);

	ptyscreen_wait(p, "workspace$");
	ptyscreen_wait(p, "import sys"); /* the editor has its file */
	return p;
}

/* The only session of this home. */
static const char *
session_dir(void)
{
	static char path[400];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof path, "%s/data/viva/sessions", home);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			snprintf(id, sizeof id, "%.60s", e->d_name);
	closedir(d);
	assert_int_not_equal(id[0], '\0');
	snprintf(path, sizeof path, "%s/data/viva/sessions/%s", home, id);
	return path;
}

static char *
slurp(const char *name)
{
	char path[600];
	char *text = xcalloc(1, 1 << 20);
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", session_dir(), name);
	f = fopen(path, "re");
	if (f == NULL)
		fail_msg("no %s", path);
	text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static void
assert_in_file(const char *name, const char *text)
{
	char *all = slurp(name);

	if (strstr(all, text) == NULL)
		fail_msg("no \"%s\" in %s:\n%s", text, name, all);
	free(all);
}

static void
end(struct ptyscreen *p)
{
	assert_int_equal(ptyscreen_exit(p), 0);
	assert_true(ptyscreen_restored(p));
}

static void
quit(struct ptyscreen *p)
{
	ptyscreen_send(p, F10);
	ptyscreen_wait(p, "y/n");
	ptyscreen_send(p, "y");
	end(p);
}

/* A solution of the first problem, as one paste over all. */
static const char right[] = "\001\033[200~"
    "import sys\n"
    "d = list(map(int, sys.stdin.read().split()))\n"
    "n, t, seen = d[0], d[1], {}\n"
    "for i, x in enumerate(d[2:2 + n]):\n"
    "    if t - x in seen:\n"
    "        print(seen[t - x], i)\n"
    "        break\n"
    "    seen.setdefault(x, i)\n"
    "\033[201~";

static void
look_again(void)
{
	struct ptyscreen *p = viva(24, 80, "list", NULL, NULL);

	ptyscreen_wait(p, id);
	ptyscreen_wait(p, "1 of 3 submitted");
	assert_int_equal(ptyscreen_exit(p), 0);
	ptyscreen_stop(p);

	p = viva(60, 100, "show", id, NULL);
	ptyscreen_wait(p, "accepted, 10 of 10 passed");
	ptyscreen_wait(p, "each follows the one before it");
	ptyscreen_wait(p, "end of the session");
	assert_int_equal(ptyscreen_exit(p), 0);
	ptyscreen_stop(p);
}

static void
play(void)
{
	struct ptyscreen *p = viva(36, 120, "replay", id, NULL);

	ptyscreen_wait(p, "REPLAY");
	ptyscreen_send(p, END);
	ptyscreen_wait(p, "2/3"); /* the question at the end */
	ptyscreen_send(p, HOME);
	ptyscreen_wait_gone(p, "2/3");
	/* On by markers until the run is there, then further to its end. */
	for (int i = 0; i < 30 && !ptyscreen_has(p, "run 1"); i++) {
		ptyscreen_send(p, "n");
		ptyscreen_settle(p, 100);
	}
	ptyscreen_wait(p, "run 1");
	ptyscreen_wait(p, "import sys");
	ptyscreen_send(p, "+ ");
	ptyscreen_settle(p, 100);
	ptyscreen_send(p, "q");
	end(p);
	ptyscreen_stop(p);
}

static void
test_story(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	ptyscreen_send(p, F3 "x = 1\r");
	ptyscreen_wait(p, "edited");
	ptyscreen_send(p, F5);
	ptyscreen_wait(p, "run 1");
	ptyscreen_wait(p, "0 of 10 passed"); /* F5 cancels until then */
	ptyscreen_send(p, F3);
	ptyscreen_send(p, right);
	ptyscreen_wait(p, "seen.setdefault");
	ptyscreen_send(p, F5);
	ptyscreen_wait(p, "run 2");
	ptyscreen_wait(p, "10 of 10 passed");
	ptyscreen_send(p, F4 "python3 solution.py < sample1.in; "
	    "echo ha$((40+2))\r");
	ptyscreen_wait(p, "ha42");
	ptyscreen_send(p, F8);
	ptyscreen_wait(p, "y/n");
	ptyscreen_send(p, "y");
	ptyscreen_wait(p, "2/3");
	ptyscreen_wait(p, "workspace$");
	quit(p);
	assert_true(ptyscreen_has(p, "viva replay"));
	ptyscreen_stop(p);
	assert_in_file("q1/solution.py", "seen.setdefault");
	look_again();
	play();
}

/* Another byte in the middle of the fifth event. */
static void
damage(void)
{
	char *path = xasprintf("%s/journal.jsonl", session_dir());
	FILE *f = fopen(path, "r+e");

	free(path);
	assert_non_null(f);
	for (int lines = 0; lines < 4;)
		lines += fgetc(f) == '\n';
	assert_int_equal(fseek(f, 3, SEEK_CUR), 0);
	fputc('X', f);
	assert_int_equal(fclose(f), 0);
}

/* Each command names the place, shows what is whole, and says what helps. */
static void
expect_damage(void)
{
	struct ptyscreen *p;

	damage();
	p = viva(40, 200, "show", id, NULL);
	ptyscreen_wait(p, "journal.jsonl:5: ");
	ptyscreen_wait(p, "is whole");
	assert_int_equal(ptyscreen_exit(p), 1);
	assert_true(ptyscreen_has(p, "question"));
	ptyscreen_stop(p);
	p = viva(24, 200, "replay", id, NULL);
	ptyscreen_wait(p, "damaged at line 5");
	ptyscreen_send(p, END);
	ptyscreen_wait(p, "damaged after this");
	ptyscreen_send(p, "q");
	ptyscreen_wait(p, "journal.jsonl:5: ");
	assert_int_equal(ptyscreen_exit(p), 1);
	ptyscreen_stop(p);
	p = viva(24, 200, "resume", NULL, NULL);
	ptyscreen_wait(p, "journal.jsonl:5: ");
	ptyscreen_wait(p, "your files: ");
	assert_int_equal(ptyscreen_exit(p), 1);
	ptyscreen_stop(p);
}

/* What was said to be saved is there, and so is what the shell showed. */
static void
test_kill(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	ptyscreen_send(p, F4 "echo o$((1+1))ut\r");
	ptyscreen_wait(p, "o2ut");
	ptyscreen_send(p, F3 "precious = 1\r");
	ptyscreen_wait(p, "edited");
	ptyscreen_wait(p, "saved");
	kill(ptyscreen_pid(p), SIGKILL);
	assert_int_equal(ptyscreen_exit(p), 128 + SIGKILL);
	ptyscreen_stop(p);
	assert_in_file("q1/solution.py", "precious = 1");
	assert_in_file("journal.jsonl", "o2ut");
	p = viva(40, 100, "show", id, NULL);
	ptyscreen_wait(p, "each follows the one before it");
	assert_int_equal(ptyscreen_exit(p), 0);
	ptyscreen_stop(p);
	p = viva(24, 80, "list", NULL, NULL);
	ptyscreen_wait(p, "cut off: viva resume");
	assert_int_equal(ptyscreen_exit(p), 0);
	ptyscreen_stop(p);
	p = viva(36, 120, "replay", id, NULL);
	ptyscreen_wait(p, "REPLAY");
	ptyscreen_send(p, END);
	ptyscreen_wait(p, "precious = 1");
	ptyscreen_wait(p, "o2ut");
	ptyscreen_send(p, "q");
	end(p);
	ptyscreen_stop(p);
	expect_damage();
}

static bool
in_file(const char *name, const char *text)
{
	char *all = slurp(name);
	bool found = strstr(all, text) != NULL;

	free(all);
	return found;
}

/* What only the journal had is typed, saved and can be gone on with. */
static void
test_resume(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	session_dir();
	ptyscreen_send(p, F3 "unsaved = 2\r");
	PTYSCREEN_UNTIL(p, in_file("journal.jsonl", "inserted\":\"2\""));
	kill(ptyscreen_pid(p), SIGKILL);
	assert_int_equal(ptyscreen_exit(p), 128 + SIGKILL);
	ptyscreen_stop(p);
	p = viva(36, 120, "resume", NULL, NULL);
	ptyscreen_wait(p, "unsaved = 2");
	ptyscreen_wait(p, "workspace$");
	ptyscreen_wait(p, "saved");
	ptyscreen_send(p, F4 "cat sol*\r");
	ptyscreen_wait(p, "unsaved = 2");
	quit(p);
	ptyscreen_stop(p);
	assert_in_file("q1/solution.py", "unsaved = 2");
	p = viva(24, 80, "resume", NULL, NULL);
	ptyscreen_wait(p, "every session has ended");
	assert_int_equal(ptyscreen_exit(p), 1);
	ptyscreen_stop(p);
	p = viva(40, 100, "show", id, NULL);
	ptyscreen_wait(p, "session.resume");
	ptyscreen_wait(p, "checkpoints in git");
	assert_int_equal(ptyscreen_exit(p), 0);
	ptyscreen_stop(p);
}

/* A closed terminal and a polite end both save first. */
static void
test_terminated(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	ptyscreen_send(p, F3 "unsaved = 1\r");
	ptyscreen_wait(p, "edited");
	kill(ptyscreen_pid(p), SIGTERM);
	end(p);
	ptyscreen_stop(p);
	assert_in_file("q1/solution.py", "unsaved = 1");
	assert_in_file("journal.jsonl", "session.end");
}

/* What is said after the end has names that programs gave. */
static void
test_unsaved_name(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	ptyscreen_send(p, F4 "mv solution.py $'0\\033[7mb'; echo mo''ved\r");
	ptyscreen_wait(p, "moved");
	ptyscreen_wait(p, "[7mb ");
	ptyscreen_send(p, F2 HOME "\r");
	ptyscreen_wait(p, "[7mb] ");
	ptyscreen_send(p, F3 "mine");
	ptyscreen_wait(p, "mineimport");
	ptyscreen_send(p, F4 "rm 0*; mkdir $'0\\033[7mb'; echo ma''de\r");
	ptyscreen_wait(p, "made");
	ptyscreen_send(p, F10);
	ptyscreen_wait(p, "y/n");
	ptyscreen_send(p, "y");
	ptyscreen_wait(p, "0?[7mb is not saved");
	assert_null(strstr(ptyscreen_written(p), "0\033[7mb"));
	ptyscreen_exit(p);
	ptyscreen_stop(p);
}

static bool
is_file(const char *name)
{
	char *path = xasprintf("%s/%s", session_dir(), name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

#define ORDERS "1\xef\xbf\xbd]0;x\xef\xbf\xbd\xef\xbf\xbd[2J"

/* A name is any bytes but a slash. */
static void
test_odd_names(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	ptyscreen_send(p, F4 "cp solution.py $'0a\\nb\\\\n'; touch $'1c\\377d'; "
	    "echo ma''de\r");
	ptyscreen_wait(p, "made");
	ptyscreen_send(p, F2);
	ptyscreen_wait(p, "0a\xef\xbf\xbd" "b\\n ");
	ptyscreen_wait(p, "1c\xef\xbf\xbd" "d ");
	ptyscreen_send(p, HOME "\r");
	ptyscreen_wait(p, "[0a\xef\xbf\xbd" "b\\n] ");
	ptyscreen_send(p, F3 "mine_too\r");
	ptyscreen_wait(p, "edited");
	ptyscreen_wait(p, "saved");
	assert_in_file("q1/0a\nb\\n", "mine_too");
	ptyscreen_send(p, F2 "jd");
	ptyscreen_wait(p, "Delete 1c");
	ptyscreen_send(p, "y");
	ptyscreen_wait_gone(p, "1c\xef\xbf\xbd" "d ");
	assert_false(is_file("q1/1c\377d"));
	/* Nothing in one gives the terminal an order: in the tree, a title, a
	 * question, a notice. */
	ptyscreen_send(p, F4 "cp solution.py $'1\\e]0;x\\a\\e[2J'; "
	    "echo ma''ny\r");
	ptyscreen_wait(p, "many");
	ptyscreen_send(p, F2);
	ptyscreen_wait(p, ORDERS " ");
	ptyscreen_send(p, HOME "j\r");
	ptyscreen_wait(p, "[" ORDERS "] ");
	ptyscreen_send(p, F2 "d");
	ptyscreen_wait(p, "Delete " ORDERS "?");
	ptyscreen_send(p, "n" HOME "\r");
	ptyscreen_wait(p, "[0a\xef\xbf\xbd" "b\\n] ");
	quit(p);
	assert_null(strstr(ptyscreen_written(p), "]0;x\a"));
	ptyscreen_stop(p);
	p = viva(36, 120, "replay", id, NULL);
	ptyscreen_wait(p, "REPLAY");
	ptyscreen_send(p, END);
	ptyscreen_wait(p, "mine_too");
	ptyscreen_wait(p, "[0a\xef\xbf\xbd" "b\\n] ");
	ptyscreen_send(p, F2);
	ptyscreen_wait(p, "0a\xef\xbf\xbd" "b\\n ");
	ptyscreen_send(p, "q");
	end(p);
	ptyscreen_stop(p);
}

static void
test_crash(void **state)
{
	/* The sanitizer must leave the crash to viva's own handler. */
	static const char *const env[] = {
		"ASAN_OPTIONS=allow_user_segv_handler=1:handle_segv=0", NULL };
	static const int sigs[] = { SIGSEGV, SIGQUIT, SIGALRM, SIGUSR1 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct ptyscreen *p = demo(env);

		kill(ptyscreen_pid(p), sigs[i]);
		assert_int_equal(ptyscreen_exit(p), 128 + sigs[i]);
		assert_true(ptyscreen_restored(p));
		ptyscreen_stop(p);
	}
}

/* `ulimit -f`: the write fails, and says so. */
static void
test_file_size(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	kill(ptyscreen_pid(p), SIGXFSZ);
	ptyscreen_send(p, F3 "here = 1\r");
	ptyscreen_wait(p, "saved");
	quit(p);
	ptyscreen_stop(p);
}

static void
limit_files(struct ptyscreen *p, rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	assert_int_equal(prlimit(ptyscreen_pid(p), RLIMIT_FSIZE, &limit,
	    NULL), 0);
}

/* The screen is gone then, and nobody waits for long without a word. */
static void
test_full_at_the_end(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	limit_files(p, 1000);
	ptyscreen_send(p, F4 "echo lo''st\r");
	ptyscreen_wait(p, "not recorded: cannot write");
	ptyscreen_send(p, F10);
	ptyscreen_wait(p, "y/n");
	ptyscreen_send(p, "y");
	ptyscreen_wait(p, "cannot write the journal: File too large; trying "
	    "again for 5 s");
	assert_false(ptyscreen_has(p, "Look at it again"));
	limit_files(p, RLIM_INFINITY);
	ptyscreen_wait(p, "Look at it again");
	ptyscreen_exit(p);
	ptyscreen_stop(p);
	assert_in_file("journal.jsonl", "session.end");
}

static void
test_no_sandbox(void **state)
{
	static const char *const env[] = { "VIVA_BWRAP=/nonexistent", NULL };
	struct ptyscreen *p = viva(36, 120, "demo", NULL, env);

	(void)state;
	ptyscreen_wait(p, "apt-get install bubblewrap");
	assert_false(ptyscreen_has(p, "sandboxed"));
	/* The editor works on all the same. */
	ptyscreen_wait(p, "import sys");
	ptyscreen_send(p, F3 "still = 1\r");
	ptyscreen_wait(p, "edited");
	ptyscreen_wait(p, "saved");
	ptyscreen_send(p, F5);
	ptyscreen_wait(p, "the tests did not run: there is no sandbox");
	quit(p);
	ptyscreen_stop(p);
	assert_in_file("q1/solution.py", "still = 1");
}

static void
test_config(void **state)
{
	struct ptyscreen *p;

	(void)state;
	ptyscreen_home_config(home, "[ui]\n\ttheme = light\n\tcolour = yes\n"
	    "[keys]\n\tF9 = run-tests\n");
	p = viva(36, 120, "demo", NULL, NULL);
	ptyscreen_wait(p, "config:3: ");
	ptyscreen_wait(p, "workspace$");
	ptyscreen_send(p, "\033[20~"); /* F9: the rest is in force */
	ptyscreen_wait(p, "run 1");
	quit(p);
	ptyscreen_stop(p);
}

static void
test_nowhere_to_write(void **state)
{
	static const char *const env[] = { "XDG_DATA_HOME=/proc/none", NULL };
	struct ptyscreen *p = viva(24, 80, "demo", NULL, env);

	(void)state;
	ptyscreen_wait(p, "cannot create /proc/none");
	ptyscreen_wait(p, "set XDG_DATA_HOME");
	assert_int_equal(ptyscreen_exit(p), 1);
	ptyscreen_stop(p);
}

static void
test_bad_package(void **state)
{
	char path[200];
	struct ptyscreen *p;
	FILE *f;

	(void)state;
	p = viva(24, 80, "start", home, NULL);
	ptyscreen_wait(p, "no problem.yaml here");
	assert_int_equal(ptyscreen_exit(p), 1);
	ptyscreen_stop(p);
	snprintf(path, sizeof path, "%s/problem.yaml", home);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs("name: X\nlimits: {time_limit: soon}\n", f);
	fclose(f);
	p = viva(24, 80, "start", home, NULL);
	ptyscreen_wait(p, "problem.yaml:2: time_limit");
	assert_int_equal(ptyscreen_exit(p), 1);
	ptyscreen_stop(p);
	p = viva(24, 80, "replay", "no-such-session", NULL);
	ptyscreen_wait(p, "no-such-session");
	assert_int_equal(ptyscreen_exit(p), 1);
	ptyscreen_stop(p);
}

/* Who is in the editor already is not sent there. */
static void
test_nowhere_to_type(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	ptyscreen_send(p, F7 "x");
	ptyscreen_wait(p, "nothing to type here: F3 goes to the editor, F4 to "
	    "the shell");
	ptyscreen_send(p, F2 END "d");
	ptyscreen_wait(p, "Delete solution.py?");
	ptyscreen_send(p, "y");
	ptyscreen_wait_gone(p, "import sys");
	ptyscreen_send(p, F3 "x");
	ptyscreen_wait(p, "no file is open to type in: F2 goes to the files");
	quit(p);
	ptyscreen_stop(p);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_story), T(test_kill),
		T(test_resume), T(test_terminated), T(test_unsaved_name),
		T(test_odd_names), T(test_nowhere_to_type),
		T(test_crash), T(test_file_size), T(test_full_at_the_end),
		T(test_no_sandbox),
		T(test_config), T(test_nowhere_to_write), T(test_bad_package) };

	if (!machine_has_namespaces())
		return TEST_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
