#include "config.h"

/* Texts that are not viva's own, as commands print them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/cli.h"

static void
prints(const char *text, const char *want)
{
	char *got = NULL;
	size_t n;
	FILE *f = open_memstream(&got, &n);

	assert_non_null(f);
	cli_clean(f, text);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(got, want);
	free(got);
}

static void
text_is_as_it_is(void **state)
{
	(void)state;
	prints("", "");
	prints("solution.py", "solution.py");
	prints("na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80 e\xcc\x81"
	    "\xc2\xa0", "na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac "
	    "\xf0\x9f\x98\x80 e\xcc\x81\xc2\xa0");
	/* What somebody wrote in the place of such a byte. */
	prints("a\xef\xbf\xbd" "b", "a\xef\xbf\xbd" "b");
}

static void
controls_are_question_marks(void **state)
{
	(void)state;
	prints("a\nb\tc\rd\b\a", "a?b?c?d??");
	prints("\033[31mred\033]0;title\a", "?[31mred?]0;title?");
	prints("\x7f", "?");
	/* CSI and the end of a string, as one character each. */
	prints("\xc2\x9b" "31m\xc2\x9c\xc2\x80\xc2\x9f", "?31m???");
	/* The same as bytes: a terminal may take them for those. */
	prints("\x9b" "31m\x9c", "?31m?");
}

static void
what_is_no_utf8_is_question_marks(void **state)
{
	(void)state;
	prints("a\xff" "b\xc3", "a?b?");
	prints("\xe6\x97", "??");		/* cut short */
	prints("\xc1\xbf\xc0\x9b", "????");	/* longer than it has to be */
	prints("\xed\xa0\x80", "???");		/* half of a pair */
	prints("\xf4\x90\x80\x80", "????");	/* there are no such */
}

/* A name could be read as another one. */
static void
nothing_turns_a_line_around(void **state)
{
	(void)state;
	prints("\xe2\x80\xae" "yp.exe\xe2\x80\xac", "?yp.exe?");
	prints("\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8f\xd8\x9c", "????");
	prints("a\xe2\x80\xa8" "b\xe2\x80\xa9", "a?b?");
	/* Their neighbours: joiners of Persian and of emoji, a dash. */
	prints("\xe2\x80\x8c\xe2\x80\x8d\xe2\x80\x94\xe2\x80\xaf\xe2\x81\xa5",
	    "\xe2\x80\x8c\xe2\x80\x8d\xe2\x80\x94\xe2\x80\xaf\xe2\x81\xa5");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_as_it_is),
		cmocka_unit_test(controls_are_question_marks),
		cmocka_unit_test(what_is_no_utf8_is_question_marks),
		cmocka_unit_test(nothing_turns_a_line_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
