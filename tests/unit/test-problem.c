#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "problem/compare.h"
#include "problem/problem.h"

static char dir[64];

static void
put(const char *name, const char *text)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
setup(void **st)
{
	static const char *const subs[] = { "problem_statement", "data",
		"data/sample", "data/secret" };
	char path[160];

	(void)st;
	snprintf(dir, sizeof dir, "/tmp/viva-problem-XXXXXX");
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < sizeof subs / sizeof *subs; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, subs[i]);
		mkdir(path, 0700);
	}
	put("problem.yaml", "name:\n  en: Two\nlimits:\n  time_limit: 1.5\n"
	    "  memory: 64\nvalidator_flags: float_tolerance 1e-6\n");
	put("problem_statement/problem.en.md", "# Two\n");
	put("data/sample/1.in", "1\n");
	put("data/sample/1.ans", "2\n");
	put("data/secret/b.in", "3\n");
	put("data/secret/b.ans", "4\n");
	put("data/secret/a.in", "5\n");
	put("data/secret/a.ans", "6\n");
	return 0;
}

static int
teardown(void **st)
{
	char cmd[100];

	(void)st;
	snprintf(cmd, sizeof cmd, "rm -r '%s'", dir);
	return system(cmd);
}

static void
a_package_is_read(void **st)
{
	struct err e;
	struct problem *p = problem_load(dir, &e);

	(void)st;
	assert_non_null(p);
	assert_string_equal(p->title, "Two");
	assert_int_equal(p->time_limit_ms, 1500);
	assert_int_equal(p->memory_limit_mb, 64);
	assert_int_equal(p->ncases, 3);
	assert_false(p->cases[0].hidden);
	assert_string_equal(p->cases[1].name, "a");
	assert_true(p->cases[1].hidden);
	assert_string_equal(p->cases[1].ans, "6\n");
	problem_free(p);
}

static void
expect_error(const char *file, const char *text, const char *part)
{
	struct err e;

	put(file, text);
	assert_null(problem_load(dir, &e));
	if (strstr(e.msg, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e.msg, part);
}

static void
mistakes_name_file_line_and_remedy(void **st)
{
	(void)st;
	expect_error("problem.yaml", "limits: {}\n", "no name");
	expect_error("problem.yaml", "name: x\nlimits:\n  time_limit: soon\n",
	    "problem.yaml:3: time_limit must be a number");
	expect_error("problem.yaml", "name: [x\n", "problem.yaml:2:");
	expect_error("problem.yaml", "name: x\nvalidation: custom\n",
	    "only 'default'");
	expect_error("problem.yaml", "name: x\nvalidator_flags:\n"
	    "  - case_sensitive\n", "problem.yaml:3: validator_flags must");
	expect_error("problem.yaml", "name: x\nlimits: 5\n",
	    "problem.yaml:2: limits must");
	put("problem.yaml", "name: x\n");
	expect_error("problem_statement/problem.en.md", "a\nb\xe4\nc\n",
	    "problem.en.md:2: not text in UTF-8");
	put("problem_statement/problem.en.md", "# x\n");
	expect_error("data/secret/c.in", "x", "c.ans");
}

static void
a_statement_may_begin_with_a_byte_order_mark(void **st)
{
	struct problem *p;
	struct err e;

	(void)st;
	put("problem_statement/problem.en.md", "\xef\xbb\xbf# Two\n");
	p = problem_load(dir, &e);
	assert_non_null(p);
	assert_string_equal(p->statement, "# Two\n");
	problem_free(p);
}

static void
expect_name(const char *given)
{
	struct err e;
	struct problem *p = problem_load(given, &e);

	assert_non_null(p);
	assert_string_equal(p->name, strrchr(dir, '/') + 1);
	assert_string_equal(p->dir, dir);
	problem_free(p);
}

/* `viva resume` comes by the real path, and must find the same question. */
static void
a_question_has_one_name_by_every_way(void **st)
{
	char *before = getcwd(NULL, 0), link[80];

	(void)st;
	expect_name(dir);
	snprintf(link, sizeof link, "%s/link", dir);
	assert_int_equal(symlink(dir, link), 0);
	expect_name(link);
	assert_int_equal(chdir(dir), 0);
	expect_name(".");
	expect_name("data/..");
	assert_int_equal(chdir(before), 0);
	free(before);
}

/* A sandbox must not show it. */
static void
hidden_cases_are_where_their_link_leads(void **st)
{
	char cmd[300], want[80];
	struct problem *p;
	struct err e;

	(void)st;
	snprintf(cmd, sizeof cmd, "mv '%s/data/secret' '%s/away' && "
	    "ln -s ../away '%s/data/secret'", dir, dir, dir);
	assert_int_equal(system(cmd), 0);
	p = problem_load(dir, &e);
	assert_non_null(p);
	snprintf(want, sizeof want, "%s/away", dir);
	assert_string_equal(p->secret, want);
	problem_free(p);
}

static bool
accepts(struct problem p, const char *want, const char *got)
{
	return compare(&p, want, strlen(want), got, strlen(got), NULL);
}

/* A single one of them, too. */
static void
hidden_files_are_where_their_link_leads(void **st)
{
	struct problem *p;
	char cmd[500], want[200];
	struct err e;

	(void)st;
	snprintf(cmd, sizeof cmd, "cd '%s/data' && mv secret/b.ans '%s-x' && "
	    "ln -s '%s-x' link && ln -s ../link secret/b.ans && "
	    "mv secret/a.in secret/y && ln -s y secret/a.in", dir, dir, dir);
	assert_int_equal(system(cmd), 0);
	p = problem_load(dir, &e);
	assert_non_null(p);
	snprintf(want, sizeof want, "%s-x", dir);
	assert_int_equal(p->nelsewhere, 1);
	assert_string_equal(p->elsewhere[0], want);
	problem_free(p);
	assert_int_equal(unlink(want), 0);
}

static void
outputs_are_compared_by_the_rules(void **st)
{
	struct problem p = { .float_absolute = -1, .float_relative = -1 };
	struct err e;

	(void)st;
	assert_true(accepts(p, "1 2\n", "1\n2"));
	assert_true(accepts(p, "Yes", "yes\n\n"));
	assert_false(accepts(p, "1 2", "1 3"));
	assert_false(accepts(p, "1 2", "1"));
	assert_false(accepts(p, "1", "1 2"));
	assert_false(accepts(p, "1.0", "1.0000001"));
	p.float_absolute = 1e-6;
	assert_true(accepts(p, "1.0", "1.0000001"));
	assert_false(accepts(p, "1.0", "nan"));
	p.case_sensitive = p.space_sensitive = true;
	assert_false(accepts(p, "Yes", "yes"));
	assert_false(accepts(p, "a b", "a  b"));
	assert_true(accepts(p, "a b\n", "a b\n"));
	assert_false(compare(&p, "a\nb c", 5, "a\nb d", 5, &e));
	assert_string_equal(e.msg, "line 2, token 2: expected c, got d");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_package_is_read, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    mistakes_name_file_line_and_remedy, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_statement_may_begin_with_a_byte_order_mark, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    a_question_has_one_name_by_every_way, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    hidden_cases_are_where_their_link_leads, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    hidden_files_are_where_their_link_leads, setup, teardown),
		cmocka_unit_test(outputs_are_compared_by_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
