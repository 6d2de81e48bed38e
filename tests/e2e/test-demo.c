#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/machine.h"
#include "tests/support/ptyscreen.h"

static struct ptyscreen *
start(int rows, int cols)
{
	const char *viva = getenv("VIVA");
	const char *argv[] = { viva, "demo", NULL };

	if (viva == NULL) {
		print_message("VIVA does not name the binary\n");
		skip();
	}
	return ptyscreen_start(rows, cols, argv, NULL);
}

static void
quit(struct ptyscreen *p)
{
	ptyscreen_send(p, "\033[21~");
	ptyscreen_wait(p, "y/n");
	ptyscreen_send(p, "y");
	assert_int_equal(ptyscreen_exit(p), 0);
	assert_true(ptyscreen_restored(p));
	ptyscreen_stop(p);
}

static void
test_demo(void **state)
{
	struct ptyscreen *p = start(24, 80);

	(void)state;
	ptyscreen_wait(p, "F1 help");
	ptyscreen_wait(p, "workspace$");

	ptyscreen_send(p, "\033OP");
	ptyscreen_wait(p, "Esc closes");
	ptyscreen_send(p, "\033");
	ptyscreen_wait_gone(p, "Esc closes");

	ptyscreen_send(p, "\033OS"); /* F4: the shell */
	ptyscreen_send(p, "echo $((6*7))ok\r");
	ptyscreen_wait(p, "42ok");

	ptyscreen_send(p, "\033OR"); /* F3: the editor */
	ptyscreen_send(p, "# typed here\r");
	ptyscreen_wait(p, "# typed here");
	ptyscreen_wait(p, "saved");

	ptyscreen_send(p, "\033[15~"); /* F5 */
	ptyscreen_wait(p, "tests");
	quit(p);
}

/* Terminals whose entries lack one thing or another. */
static void
test_terminals(void **state)
{
	static const char *const terms[] = { "TERM=linux", "TERM=vt100",
		"TERM=screen" };
	const char *argv[] = { getenv("VIVA"), "demo", NULL };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *env[] = { terms[i], NULL };
		struct ptyscreen *p = ptyscreen_start(30, 100, argv, env);

		ptyscreen_wait(p, "workspace$");
		quit(p);
	}
}

static void
test_sizes(void **state)
{
	struct ptyscreen *p = start(36, 120);

	(void)state;
	ptyscreen_wait(p, "workspace$");
	ptyscreen_resize(p, 8, 30);
	ptyscreen_wait(p, "too small");
	ptyscreen_resize(p, 24, 80);
	ptyscreen_wait(p, "F1 help");
	ptyscreen_resize(p, 50, 200);
	ptyscreen_wait(p, "F8 submit");
	quit(p);
}

static void
test_palette(void **state)
{
	struct ptyscreen *p = start(24, 80);

	(void)state;
	ptyscreen_wait(p, "workspace$");
	ptyscreen_send(p, "\033[24~"); /* F12 */
	ptyscreen_wait(p, "previous-pane");
	ptyscreen_send(p, "problem\r");
	ptyscreen_wait_gone(p, "previous-pane");
	ptyscreen_wait(p, "Two numbers");
	ptyscreen_send(p, "\020zoo"); /* C-p, and out again */
	ptyscreen_wait(p, "> zoo");
	ptyscreen_send(p, "\033");
	ptyscreen_wait_gone(p, "> zoo");
	quit(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_demo),
		cmocka_unit_test(test_terminals),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_palette),
	};

	if (!machine_has_namespaces())
		return TEST_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
