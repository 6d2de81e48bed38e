#include "config.h"

/* A file that is asked for, until it is in the editor, over a sandbox in
 * memory. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/corefix.h"

#define OPEN_MAX (2u << 20)

static const struct state_file *
opened(struct fixture *f, const char *path)
{
	return state_file(core_state(f->core), path);
}

static void
ask(struct fixture *f, enum command_type type, const char *path)
{
	struct command cmd = { .type = type, .path = path };

	core_command(f->core, &cmd);
}

/* Of what the editor does not take nothing is read. */
static void
test_large(void **state)
{
	struct fixture *f = *state;
	char *text = xcalloc(1, OPEN_MAX + 2);
	uint64_t given;

	memset(text, 'x', OPEN_MAX + 1);
	fake_write(f->shell, "large", text);
	turns(f);
	given = f->plan.given;
	ask(f, CMD_FILE_OPEN, "large");
	turns(f);
	assert_string_equal(f->notice, "large is too long for the editor: "
	    "look at it in the shell");
	f->notice[0] = '\0';
	ask(f, CMD_FILE_CREATE, "large");
	turns(f);
	assert_non_null(strstr(f->notice, "large is too long"));
	assert_null(opened(f, "large"));
	assert_int_equal(f->plan.given, given);
	/* What it takes is read. */
	text[OPEN_MAX] = '\0';
	fake_write(f->shell, "large", text);
	ask(f, CMD_FILE_OPEN, "large");
	turns(f);
	assert_int_equal(text_size(opened(f, "large")->text), OPEN_MAX);
	free(text);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, \
    fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
