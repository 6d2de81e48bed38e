#include "config.h"

/* The command line: what it refuses, and sessions with packages of one's own
 * where the user's locale writes numbers in another way. */

#include <fcntl.h>
#include <glob.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "event/event.h"
#include "tests/support/machine.h"
#include "tests/support/ptyscreen.h"

struct fixture {
	char *home, *package, *locales;
};

static void
put(const char *dir, const char *name, const char *text, size_t n)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
	free(path);
}

static void
puts_in(const char *dir, const char *name, const char *text)
{
	put(dir, name, text, strlen(text));
}

static void
mkdir_in(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);

	assert_int_equal(mkdir(path, 0700), 0);
	free(path);
}

/* A locale whose decimal point is a comma: the one file of it that counts, as
 * localedef writes it. */
static void
put_locale(const char *dir)
{
	static const char numeric[] =
	    "\x14\x11\x03\x20\6\0\0\0\x20\0\0\0\x22\0\0\0\x23\0\0\0\x24\0\0\0"
	    "\x28\0\0\0\x2c\0\0\0,\0\0\0,\0\0\0\0\0\0\0ANSI_X3.4-1968";

	mkdir_in(dir, "comma");
	put(dir, "comma/LC_NUMERIC", numeric, sizeof numeric);
}

static int
setup(void **st)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->home = ptyscreen_home_create();
	ptyscreen_use_home(f->home);
	f->package = xasprintf("%s/half", f->home);
	f->locales = xasprintf("%s/locales", f->home);
	mkdir_in(f->home, "half");
	mkdir_in(f->package, "problem_statement");
	mkdir_in(f->package, "data");
	mkdir_in(f->package, "data/sample");
	mkdir_in(f->package, "data/secret");
	puts_in(f->package, "problem.yaml", "name: Half\n"
	    "limits:\n  time_limit: 7.5\n"
	    "validator_flags: float_tolerance 0.5\n");
	puts_in(f->package, "problem_statement/problem.en.md", "# Half\n");
	puts_in(f->package, "data/sample/1.in", "0.25\n");
	puts_in(f->package, "data/sample/1.ans", "0.25\n");
	puts_in(f->package, "data/secret/1.in", "0.75\n");
	puts_in(f->package, "data/secret/1.ans", "0.75\n");
	mkdir_in(f->home, "locales");
	put_locale(f->locales);
	*st = f;
	return 0;
}

static int
teardown(void **st)
{
	struct fixture *f = *st;

	ptyscreen_use_home(NULL);
	ptyscreen_home_remove(f->home);
	free(f->package);
	free(f->locales);
	free(f);
	return 0;
}

/* Else the test below would hold for any viva. */
static void
need_the_locale(const char *dir)
{
	char text[8];

	setenv("LOCPATH", dir, 1);
	unsetenv("LC_ALL");
	assert_non_null(setlocale(LC_NUMERIC, "comma"));
	snprintf(text, sizeof text, "%.1f", 1.5);
	setlocale(LC_NUMERIC, "C");
	unsetenv("LOCPATH");
	assert_string_equal(text, "1,5");
}

static void
numbers_are_the_same_in_every_locale(void **st)
{
	struct fixture *f = *st;
	const char *argv[] = { getenv("VIVA"), "start", f->package, NULL };
	char *path = xasprintf("LOCPATH=%s", f->locales);
	const char *env[] = { path, "LC_ALL=", "LC_CTYPE=C.UTF-8",
		"LC_NUMERIC=comma", NULL };
	struct ptyscreen *p;

	need_the_locale(f->locales);
	p = ptyscreen_start(30, 120, argv, env);
	ptyscreen_wait(p, "7.5 s");
	ptyscreen_wait(p, "workspace$");
	ptyscreen_send(p, "\033OS"); /* F4 */
	ptyscreen_send(p, "echo 'print(float(input()) + 0.125)' "
	    ">solution.py; clear; echo wri''tten\r");
	ptyscreen_wait(p, "written");
	ptyscreen_send(p, "\033[15~"); /* F5 */
	ptyscreen_wait(p, "2 of 2 passed");
	ptyscreen_send(p, "\033[21~"); /* F10 */
	ptyscreen_wait(p, "y/n");
	ptyscreen_send(p, "y");
	assert_int_equal(ptyscreen_exit(p), 0);
	ptyscreen_stop(p);
	free(path);
}

static void
says(const char *first, const char *second, const char *third, int status,
    const char *text)
{
	const char *argv[] = { getenv("VIVA"), first, second, third, NULL };
	struct ptyscreen *p = ptyscreen_start(24, 100, argv, NULL);
	int got = ptyscreen_exit(p);

	if (got != status || !ptyscreen_has(p, text))
		fail_msg("viva %s %s %s: status %d, not %d with \"%s\":\n%s",
		    first, second, third != NULL ? third : "", got, status,
		    text, ptyscreen_text(p));
	ptyscreen_stop(p);
}

/* Of a shell, with $VIVA in it. */
static void
script_says(const char *script, int status, const char *text)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	struct ptyscreen *p = ptyscreen_start(24, 100, argv, NULL);
	int got = ptyscreen_exit(p);

	if (got != status || !ptyscreen_has(p, text))
		fail_msg("%s: status %d, not %d with \"%s\":\n%s", script,
		    got, status, text, ptyscreen_text(p));
	ptyscreen_stop(p);
}

/* The sandbox has a descriptor for each file that it gets, and a judge's
 * without them would be a fault of the machine in the midst of a session. */
static void
too_few_descriptors_are_told(void **st)
{
	(void)st;
	script_says("ulimit -n 8; exec $VIVA demo", 1, "only 8 files may be "
	    "open at once, and viva needs 256: try 'ulimit -n 1024'");
	script_says("ulimit -n 200; exec $VIVA list", 1, "only 200 files");
	script_says("ulimit -Sn 8; exec $VIVA list", 0, "no sessions yet");
	script_says("ulimit -n 8; exec $VIVA version", 0, "viva ");
}

/* It was a crash as soon as something large was drawn. */
static void
too_small_a_stack_is_told(void **st)
{
	(void)st;
	script_says("ulimit -s 200; exec $VIVA demo", 1, "only 200 KiB may be "
	    "on the stack, and viva needs 1024: try 'ulimit -s 8192'");
	script_says("ulimit -Ss 200; exec $VIVA list", 0, "no sessions yet");
	script_says("ulimit -s 200; exec $VIVA version", 0, "viva ");
}

static void
a_wrong_argument_is_told(void **st)
{
	(void)st;
	says("demo", "c", "python3", 2, "'python3' is one argument too many");
	says("demo", "-t", "5x", 2, "whole minutes from 1 to 10080, not '5x'");
	says("demo", "-t", "0", 2, "whole minutes from 1 to 10080, not '0'");
	says("start", "-t", "1e9", 2, "not '1e9'");
	script_says("exec $VIVA start $(seq 65)", 2,
	    "64 problem packages at most, not 65");
	says("list", "-a", NULL, 2, "list takes no argument");
	says("doctor", "modal", NULL, 2, "doctor takes no argument");
	says("version", "2", NULL, 2, "version takes no argument");
	says("start", "--help", NULL, 0, "viva start [-l LANGUAGE]");
	says("volumes", "-h", NULL, 0, "viva volumes [--delete");
	says("resume", "--help", NULL, 0, "viva resume [SESSION]");
}

static void
a_directory_is_no_record(void **st)
{
	(void)st;
	script_says("d=$(mktemp -d) && cd $d && mkdir 20260101-000000-abcd && "
	    "$VIVA show 20260101-000000-abcd; rc=$?; rm -r $d; exit $rc", 1,
	    "no session '20260101-000000-abcd'");
}

/* Else sessions would lie about wherever viva was called, or in /tmp. */
static void
a_home_is_a_place_of_its_own(void **st)
{
	static const char session[] = "20260101-000000-abcd";
	const char *argv[] = { getenv("VIVA"), "list", NULL };
	const char *env[] = { "HOME=start-home", "XDG_DATA_HOME=", NULL };
	struct ptyscreen *p;
	char cmd[200];

	(void)st;
	snprintf(cmd, sizeof cmd, "mkdir -p start-home/.local/share/viva/"
	    "sessions/%s && touch start-home/.local/share/viva/sessions/%s/"
	    "journal.jsonl", session, session);
	assert_int_equal(system(cmd), 0);
	p = ptyscreen_start(24, 100, argv, env);
	assert_int_equal(ptyscreen_exit(p), 0);
	assert_false(ptyscreen_has(p, session));
	ptyscreen_stop(p);
	assert_int_equal(system("rm -r start-home"), 0);
}

static void
a_list_that_cannot_be_read_is_not_empty(void **st)
{
	struct fixture *f = *st;
	const char *argv[] = { getenv("VIVA"), "list", NULL };
	char *data = xasprintf("XDG_DATA_HOME=%s", f->home);
	const char *env[] = { data, NULL };
	char *repo = xasprintf("%s/viva/records.git", f->home);
	struct ptyscreen *p;

	mkdir_in(f->home, "viva");
	assert_int_equal(symlink("records.git", repo), 0);
	free(repo);
	p = ptyscreen_start(24, 100, argv, env);
	assert_int_equal(ptyscreen_exit(p), 1);
	assert_true(ptyscreen_has(p, "records.git"));
	assert_false(ptyscreen_has(p, "no sessions yet"));
	ptyscreen_stop(p);
	free(data);
}

/* The journal's events again, of a session that may last a second, and lasted
 * longer. */
static void
allow_a_second(const char *path)
{
	struct event_reader r = { .fd = open(path, O_RDONLY | O_CLOEXEC) };
	struct event_buf eb = { 0 };
	struct buf out = { 0 };
	char prev[65] = "";
	struct event ev;
	const char *p;
	size_t n, at;
	FILE *f;

	assert_true(r.fd >= 0);
	memset(prev, '0', 64);
	while (event_next(&r, &p, &n, NULL) == EVENT_WHOLE) {
		assert_true(event_decode(p, n, &eb, &ev, NULL));
		if (ev.type == EV_SESSION_START)
			ev.u.session.duration = 1;
		else
			ev.t += 2000000;
		at = out.len;
		event_encode(&ev, prev, &out);
		event_hash(out.data + at, out.len - at - 1, prev);
	}
	close(r.fd);
	event_reader_free(&r);
	event_buf_free(&eb);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(out.data, 1, out.len, f), out.len);
	fclose(f);
	buf_free(&out);
}

/* A session of this home, which has one. */
static char *
only_session(const char *home)
{
	char *pattern = xasprintf("%s/data/viva/sessions/2*", home), *dir;
	glob_t g;

	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	assert_int_equal(g.gl_pathc, 1);
	dir = xstrdup(g.gl_pathv[0]);
	globfree(&g);
	free(pattern);
	return dir;
}

/* Killed once the shell's begin is on disk; its journal. */
static char *
cut_off(struct ptyscreen *p, const char *home)
{
	char *dir, *journal, *look;

	ptyscreen_wait(p, "workspace$");
	dir = only_session(home);
	journal = xasprintf("%s/journal.jsonl", dir);
	look = xasprintf("grep -qs '\"term.open\"' '%s'", journal);
	PTYSCREEN_UNTIL(p, system(look) == 0);
	kill(ptyscreen_pid(p), SIGKILL);
	ptyscreen_exit(p);
	ptyscreen_stop(p);
	free(look);
	free(dir);
	return journal;
}

/* Not of the user's own will, so it says why. */
static void
the_end_of_the_time_is_told(void **st)
{
	struct fixture *f = *st;
	const char *start[] = { getenv("VIVA"), "start", "-t", "1",
		f->package, NULL };
	const char *resume[] = { getenv("VIVA"), "resume", NULL };
	struct ptyscreen *p = ptyscreen_start(30, 120, start, NULL);
	char *journal = cut_off(p, f->home);

	allow_a_second(journal);
	p = ptyscreen_start(30, 120, resume, NULL);
	assert_int_equal(ptyscreen_exit(p), 0);
	if (!ptyscreen_has(p, "time is up: session 2"))
		fail_msg("no reason:\n%s", ptyscreen_text(p));
	ptyscreen_stop(p);
	free(journal);
}

/* In the shell, the file that an answer is a link to is nobody's. */
static void
a_hidden_answer_is_covered_where_it_is(void **st)
{
	struct fixture *f = *st;
	const char *argv[] = { getenv("VIVA"), "start", f->package, NULL };
	char *ans = xasprintf("%s/data/secret/1.ans", f->package);
	struct ptyscreen *p;

	if (access("/usr/lib/os-release", R_OK) != 0)
		skip();
	assert_int_equal(unlink(ans), 0);
	assert_int_equal(symlink("/usr/lib/os-release", ans), 0);
	p = ptyscreen_start(30, 120, argv, NULL);
	ptyscreen_wait(p, "workspace$");
	ptyscreen_send(p, "\033OS"); /* F4 */
	ptyscreen_send(p, "grep -c = /usr/lib/os-release; echo en''ded\r");
	ptyscreen_wait(p, "ended");
	assert_true(ptyscreen_has(p, "Permission denied"));
	ptyscreen_stop(p);
	free(ans);
}

/* The file of the packages has a line for each. */
static void
a_package_of_any_name_is_found_again(void **st)
{
	struct fixture *f = *st;
	char *odd = xasprintf("%s/an\\nodd\n\\name\n", f->home);
	const char *start[] = { getenv("VIVA"), "start", "-t", "1", odd,
		NULL };
	const char *resume[] = { getenv("VIVA"), "resume", NULL };
	struct ptyscreen *p;

	assert_int_equal(rename(f->package, odd), 0);
	p = ptyscreen_start(30, 120, start, NULL);
	free(cut_off(p, f->home));
	p = ptyscreen_start(30, 120, resume, NULL);
	ptyscreen_wait(p, "workspace$");
	ptyscreen_stop(p);
	free(odd);
}

/* Whose directory somebody meddled with.  kind: "mkfifo" or "mkdir". */
static void
odd_session(const struct fixture *f, const char *kind, const char *name)
{
	static const char start[] = "{\"seq\":1,\"t\":0}\n";
	char cmd[600];

	snprintf(cmd, sizeof cmd, "cd '%s' && rm -rf data/viva/sessions && "
	    "mkdir -p data/viva/sessions/20260101-000000-abcd && "
	    "cd data/viva/sessions/2* && %s %s && { test -e problems || "
	    "echo '%s' >problems; }", f->home, kind, name, f->package);
	assert_int_equal(system(cmd), 0);
	if (strcmp(name, "problems") == 0)
		puts_in(f->home, "data/viva/sessions/20260101-000000-abcd/"
		    "journal.jsonl", start);
}

static void
what_is_not_a_file_is_not_waited_for(void **st)
{
	static const char id[] = "20260101-000000-abcd";
	static const char *const kinds[] = { "mkfifo", "mkdir" };
	struct fixture *f = *st;

	for (size_t i = 0; i < 2; i++) {
		odd_session(f, kinds[i], "journal.jsonl");
		says("list", NULL, NULL, 0, "damaged: its journal is not a "
		    "file");
		says("show", id, NULL, 1, "journal.jsonl is not a file");
		says("replay", id, NULL, 1, "journal.jsonl is not a file");
		says("resume", id, NULL, 1, kinds[i][2] == 'f' ?
		    "journal.jsonl is not a file" : "journal.jsonl: Is a");
		says("resume", NULL, NULL, 1, "every session has ended");
		odd_session(f, kinds[i], "problems");
		says("list", NULL, NULL, 0, "cut off");
		says("resume", id, NULL, 1, "problems is not a file");
	}
}

static void
put_at(const char *path, off_t at, const struct buf *b)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, b->data, b->len, at), b->len);
	close(fd);
}

#define ODD_JOURNAL "data/viva/sessions/20260101-000000-abcd/journal.jsonl"

static void
list_says(const struct fixture *f, const struct buf *journal, bool ended)
{
	const char *argv[] = { getenv("VIVA"), "list", NULL };
	struct ptyscreen *p;

	if (journal != NULL)
		put(f->home, ODD_JOURNAL, journal->data, journal->len);
	p = ptyscreen_start(24, 100, argv, NULL);
	assert_int_equal(ptyscreen_exit(p), 0);
	assert_true(ptyscreen_has(p, "20260101-000000-abcd"));
	assert_int_equal(ptyscreen_has(p, "cut off"), !ended);
	ptyscreen_stop(p);
}

static void
add_output(struct buf *out, const char *data, size_t n)
{
	struct event ev = { .seq = 1, .type = EV_TERM_OUTPUT };
	char prev[65] = "";

	memset(prev, '0', 64);
	ev.u.io.data = (struct bytes){ data, n };
	event_encode(&ev, prev, out);
}

/* Its last line tells, where a program has not written that; and nobody reads
 * all that is before it. */
static void
the_end_of_a_journal_tells_its_end(void **st)
{
	struct event ev = { .seq = 2, .type = EV_SESSION_END };
	struct buf end = { 0 }, fake = { 0 }, out = { 0 };
	struct fixture *f = *st;
	char prev[65] = "";
	char *path = xasprintf("%s/" ODD_JOURNAL, f->home);

	memset(prev, '0', 64);
	ev.u.session.session = "s";
	event_encode(&ev, prev, &end);
	odd_session(f, "mkdir", "q1");
	buf_addf(&fake, "%5000s\n", "x");
	/* Of a program's output, to the very end. */
	buf_add(&fake, end.data, end.len - 1);
	add_output(&out, fake.data, fake.len);
	list_says(f, &out, false);
	/* A real one, and before it what looks as if that were output. */
	buf_clear(&fake);
	buf_add(&fake, out.data, strcspn(out.data, "\n") + 1);
	buf_addf(&fake, "%3000s", "x"); /* less than that line claims */
	buf_clear(&out);
	add_output(&out, fake.data, fake.len);
	buf_add(&out, end.data, end.len);
	list_says(f, &out, true);
	/* No line that long is ever read. */
	assert_int_equal(truncate(path, 0), 0);
	buf_clear(&out);
	buf_addc(&out, '\n');
	buf_add(&out, end.data, end.len);
	put_at(path, (off_t)1 << 36, &out);
	list_says(f, NULL, true);
	buf_free(&out);
	buf_free(&fake);
	buf_free(&end);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    numbers_are_the_same_in_every_locale, setup, teardown),
		cmocka_unit_test(a_wrong_argument_is_told),
		cmocka_unit_test(too_few_descriptors_are_told),
		cmocka_unit_test(too_small_a_stack_is_told),
		cmocka_unit_test(a_directory_is_no_record),
		cmocka_unit_test(a_home_is_a_place_of_its_own),
		cmocka_unit_test_setup_teardown(
		    a_list_that_cannot_be_read_is_not_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_hidden_answer_is_covered_where_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_is_not_a_file_is_not_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_package_of_any_name_is_found_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    the_end_of_a_journal_tells_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(the_end_of_the_time_is_told,
		    setup, teardown),
	};

	if (!machine_has_namespaces() || getenv("VIVA") == NULL)
		return TEST_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
