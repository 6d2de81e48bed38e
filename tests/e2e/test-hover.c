#include "config.h"

/* A mouse without a button: the user's terminal tells of it only as long as a
 * program that has the keyboard wants it.  The real binary in a pty. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/machine.h"
#include "tests/support/ptyscreen.h"

#define F3 "\033OR"
#define F4 "\033OS"
#define F9 "\033[20~"
#define F10 "\033[21~"
#define F12 "\033[24~"
#define ON "\033[?1003h"
/* xterm has no mouse reports at all after the first of these. */
#define OFF "\033[?1003l\033[?1002h"
#define HOVER "\033[<35;5;4M"

static struct ptyscreen *
shell(const char *const *env)
{
	const char *argv[] = { getenv("VIVA"), "demo", NULL };
	struct ptyscreen *p;

	if (argv[0] == NULL)
		fail_msg("VIVA does not name the binary");
	p = ptyscreen_start(24, 80, argv, env);
	ptyscreen_wait(p, "workspace$");
	ptyscreen_send(p, F4 F9);
	ptyscreen_wait_gone(p, "solution.py");
	return p;
}

static const char *
last_of(const char *s, const char *what)
{
	const char *last = NULL;

	for (; (s = strstr(s, what)) != NULL; s++)
		last = s;
	return last;
}

static bool
is_on(struct ptyscreen *p)
{
	const char *s = ptyscreen_written(p);

	return last_of(s, ON) != NULL && last_of(s, ON) > last_of(s, OFF);
}

/* Mode 1003. */
static void
wait_on(struct ptyscreen *p, bool on)
{
	PTYSCREEN_UNTIL(p, is_on(p) == on);
}

static void
test_passed_on(void **state)
{
	struct ptyscreen *p = shell(NULL);

	(void)state;
	/* The program did not ask, whatever comes from the terminal. */
	ptyscreen_cat(p, "\\033[?1002;1006h");
	ptyscreen_send(p, HOVER "\033[<65;7;6M");
	ptyscreen_wait(p, "^[[<65;7;4M");
	assert_false(ptyscreen_has(p, "<35;"));
	assert_null(strstr(ptyscreen_written(p), ON));
	ptyscreen_cat_end(p);
	ptyscreen_cat(p, "\\033[?1003h");
	wait_on(p, true);
	ptyscreen_send(p, HOVER "\033[<59;6;5M");
	ptyscreen_wait(p, "^[[<35;5;2M^[[<59;6;3M");
	/* Not what is over the rule, the top line and the key line. */
	ptyscreen_send(p, "\033[<35;5;2M\033[<35;5;1M\033[<35;5;24M" HOVER);
	ptyscreen_wait(p, "^[[<59;6;3M^[[<35;5;2M");
	ptyscreen_cat_end(p);
	ptyscreen_cat(p, "\\033[?1006l"); /* as of old */
	ptyscreen_send(p, HOVER);
	ptyscreen_wait(p, "^[[MC%\"");
	ptyscreen_cat_end(p);
	ptyscreen_cat(p, "\\033[?1003l");
	wait_on(p, false);
	ptyscreen_send(p, HOVER "no\r");
	ptyscreen_wait(p, "no\nno");
	ptyscreen_cat_end(p);
	ptyscreen_stop(p);
}

static void
test_given_back(void **state)
{
	struct ptyscreen *p = shell(NULL);

	(void)state;
	ptyscreen_cat(p, "\\033[?1003;1006h");
	wait_on(p, true);
	ptyscreen_send(p, F3);
	wait_on(p, false);
	ptyscreen_send(p, HOVER F4);
	wait_on(p, true);
	ptyscreen_send(p, HOVER);
	ptyscreen_wait(p, "^[[<35;5;2M");
	assert_false(ptyscreen_has(p, "M^[[<35"));
	ptyscreen_send(p, F10);
	ptyscreen_wait(p, "y/n");
	wait_on(p, false);
	ptyscreen_send(p, "n");
	wait_on(p, true);
	kill(ptyscreen_pid(p), SIGTERM);
	assert_int_equal(ptyscreen_exit(p), 0);
	assert_true(ptyscreen_restored(p));
	ptyscreen_stop(p);
}

/* As from a shell, and from a script there. */
static struct ptyscreen *
job(const char *command)
{
	const char *argv[] = { "/bin/bash", "-c", command, getenv("VIVA"),
		NULL };
	struct ptyscreen *p = ptyscreen_start(24, 80, argv, NULL);

	ptyscreen_wait(p, "workspace$");
	ptyscreen_send(p, F4 F9);
	ptyscreen_wait_gone(p, "solution.py");
	return p;
}

static void
suspend(struct ptyscreen *p)
{
	ptyscreen_send(p, F12);
	ptyscreen_wait(p, "Commands");
	ptyscreen_send(p, "suspend\r");
}

/* Stopped, viva leaves no terminal behind that tells of it; back again, it
 * paints on its own screen only. */
static void
test_stop(void **state)
{
	struct ptyscreen *p = job("set -m; sh -c '\"$0\" demo; exit $?' "
	    "\"$0\"; echo job ''stopped; read -r x; echo on; fg");
	const char *s, *own, *place, *off;

	(void)state;
	ptyscreen_cat(p, "\\033[?1003h");
	wait_on(p, true);
	suspend(p);
	ptyscreen_wait(p, "job stopped");
	s = ptyscreen_written(p);
	off = last_of(s, "\033[?1003l\033[?1002l");
	assert_true(off != NULL && off > last_of(s, ON));
	ptyscreen_settle(p, 1100); /* the clock goes on meanwhile */
	ptyscreen_send(p, "\r");
	ptyscreen_wait(p, "F9 all panes");
	s = strstr(ptyscreen_written(p), "job stopped");
	own = strstr(s, "\033[?1049h");
	place = strstr(s, "\033[1;");
	assert_non_null(own);
	assert_true(place == NULL || place > own);
	PTYSCREEN_UNTIL(p, strstr(strstr(strstr(ptyscreen_written(p),
	    "job stopped"), "\033[?1049h"), ON) != NULL);
	kill(ptyscreen_pid(p), SIGKILL);
	ptyscreen_exit(p);
	ptyscreen_stop(p);
}

/* In a terminal of its own nobody would bring it back. */
static void
test_no_stop(void **state)
{
	struct ptyscreen *p = shell(NULL);

	(void)state;
	suspend(p);
	ptyscreen_wait(p, "no shell here would bring viva back");
	ptyscreen_send(p, "echo go''es on\r");
	ptyscreen_wait(p, "goes on");
	kill(ptyscreen_pid(p), SIGTERM);
	assert_int_equal(ptyscreen_exit(p), 0);
	assert_true(ptyscreen_restored(p));
	ptyscreen_stop(p);
}

static void
test_crash(void **state)
{
	/* The sanitizer must leave the crash to viva's own handler. */
	static const char *const env[] = {
		"ASAN_OPTIONS=allow_user_segv_handler=1:handle_segv=0", NULL };
	struct ptyscreen *p = shell(env);

	(void)state;
	ptyscreen_cat(p, "\\033[?1003h");
	wait_on(p, true);
	kill(ptyscreen_pid(p), SIGSEGV);
	assert_int_equal(ptyscreen_exit(p), 128 + SIGSEGV);
	assert_true(ptyscreen_restored(p));
	ptyscreen_stop(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passed_on),
		cmocka_unit_test(test_given_back),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_no_stop),
		cmocka_unit_test(test_crash),
	};

	if (!machine_has_namespaces())
		return TEST_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
