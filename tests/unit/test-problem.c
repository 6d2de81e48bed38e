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

#include "base/mem.h"
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

/* As they come from editors and from other tools. */
static void
yaml_has_many_forms(void **st)
{
	struct problem *p;

	(void)st;
	put("problem.yaml", "\xef\xbb\xbf""name: Two\r\n"
	    "type:\r\nvalidation: \"default \"\r\nlimits:\r\n"
	    "  time_limit: 1.001\r\n  memory: ~\r\n  output: null\r\n"
	    "validator_flags:\r\n");
	put("data/testdata.yaml", "output_validator_flags:\nargs: null\n");
	p = problem_load(dir, NULL);
	assert_non_null(p);
	assert_string_equal(p->title, "Two");
	assert_int_equal(p->time_limit_ms, 1001);
	assert_int_equal(p->memory_limit_mb, 512);
	assert_int_equal(p->output_limit_kb, 8192);
	problem_free(p);
	put("problem.yaml", "name: &a >\n  Two\n  lines\nlimits: ~\n"
	    "validator_flags: |\n  float_tolerance\n  1e-6\n"
	    "keywords: *a\nproblem_format_version: ~\n");
	put("data/testdata.yaml", "output_validator_flags: \"\"\n");
	p = problem_load(dir, NULL);
	assert_non_null(p);
	assert_string_equal(p->title, "Two lines");
	assert_true(p->cases[0].rules.absolute_tolerance == 1e-6);
	problem_free(p);
	expect_error("problem.yaml", "name: x\nvalidation: ' custom'\n",
	    "only 'default'");
	/* The last one counts for others. */
	expect_error("problem.yaml", "name: x\nvalidation: default\n"
	    "validation: custom\n", "problem.yaml:3: validation is there "
	    "twice");
}

/* What is behind it are samples. */
static void
expect_begin(const char *text, const char *begin)
{
	if (strncmp(text, begin, strlen(begin)) != 0)
		fail_msg("not \"%s\": %s", begin, text);
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
	expect_begin(p->statement, "# Two\n");
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
accepts(struct compare_rules r, const char *want, const char *got)
{
	return compare(&r, want, strlen(want), got, strlen(got), NULL);
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

static bool
is_elsewhere(const struct problem *p, const char *sub)
{
	char path[200];
	bool found = false;

	snprintf(path, sizeof path, "%s%s", dir, sub);
	for (size_t i = 0; i < p->nelsewhere; i++)
		found |= strcmp(p->elsewhere[i], path) == 0;
	return found;
}

/* And what lies beside a case: a description says what is tested. */
static void
whole_groups_are_where_their_link_leads(void **st)
{
	struct problem *p;
	char cmd[600];
	struct err e;

	(void)st;
	snprintf(cmd, sizeof cmd, "cd '%s/data/secret' && mkdir '%s-g' && "
	    "cp a.in '%s-g/x.in' && cp a.ans '%s-g/x.ans' && "
	    "echo deep >'%s-d' && ln -s '%s-d' a.desc && ln -s '%s-g' g",
	    dir, dir, dir, dir, dir, dir, dir);
	assert_int_equal(system(cmd), 0);
	p = problem_load(dir, &e);
	assert_non_null(p);
	assert_true(is_elsewhere(p, "-g"));
	assert_true(is_elsewhere(p, "-d"));
	assert_false(is_elsewhere(p, "-g/x.in")); /* with the whole */
	problem_free(p);
	snprintf(cmd, sizeof cmd, "rm -r '%s-g' '%s-d'", dir, dir);
	assert_int_equal(system(cmd), 0);
}

static void
put_link(const char *to, const char *name)
{
	char path[160];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(symlink(to, path), 0);
}

static void
refuses_link(const char *to, const char *name, const char *part)
{
	char path[160];
	struct err e;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	unlink(path);
	put_link(to, name);
	assert_null(problem_load(dir, &e));
	if (strstr(e.msg, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e.msg, part);
	assert_int_equal(unlink(path), 0);
}

/* It would be shown, or written into the workspace. */
static void
what_is_shown_is_the_package_s_own(void **st)
{
	static const char out[] = "leads out of the package";
	static const char hidden[] = "leads to the hidden tests";
	struct problem *p;
	char path[160];

	(void)st;
	snprintf(path, sizeof path, "%s/attachments", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	refuses_link("/etc/hostname", "attachments/x", out);
	refuses_link("../data/secret/a.ans", "attachments/x", hidden);
	refuses_link("/etc/hostname", "problem_statement/problem.en.md", out);
	refuses_link("../data/secret/a.in", "problem_statement/problem.en.md",
	    hidden);
	put("problem_statement/problem.en.md", "x");
	refuses_link("/etc/hostname", "data/sample/1.ans", out);
	put("data/sample/1.ans", "2\n");
	refuses_link("/etc/hostname", "data/sample/1.in", out);
	/* A case may be both. */
	put_link("../secret/a.in", "data/sample/1.in");
	snprintf(path, sizeof path, "%s/data/sample/1.ans", dir);
	assert_int_equal(unlink(path), 0);
	put_link("../secret/a.ans", "data/sample/1.ans");
	put_link("../problem.yaml", "attachments/one");
	p = problem_load(dir, NULL);
	assert_non_null(p);
	assert_int_equal(p->nfiles, 1);
	problem_free(p);
}

static void
outputs_are_compared_by_the_rules(void **st)
{
	struct compare_rules r = { 0 };
	struct err e;

	(void)st;
	assert_true(accepts(r, "1 2\n", "1\n2"));
	assert_true(accepts(r, "Yes", "yes\n\n"));
	assert_false(accepts(r, "1 2", "1 3"));
	assert_false(accepts(r, "1 2", "1"));
	assert_false(accepts(r, "1", "1 2"));
	assert_false(accepts(r, "1.0", "1.00"));
	assert_true(compare_rules_add(&r, " float_absolute_tolerance 1e-6"));
	assert_true(accepts(r, "1.0", "1.0000001"));
	assert_false(accepts(r, "1.0", "nan"));
	assert_true(compare_rules_add(&r, "case_sensitive "
	    "space_change_sensitive"));
	assert_false(accepts(r, "Yes", "yes"));
	assert_false(accepts(r, "a b", "a  b"));
	assert_true(accepts(r, "a b\n", "a b\n"));
	assert_false(compare(&r, "a\nb c", 5, "a\nb d", 5, &e));
	assert_string_equal(e.msg, "line 2, token 2: expected c, got d");
	assert_false(compare_rules_add(&r, "float_tolerance"));
	assert_false(compare_rules_add(&r, "float_tolerance x"));
	assert_false(compare_rules_add(&r, "any_order"));
}

/* The format's grammar: decimal, and with many digits. */
static void
numbers_are_those_of_the_format(void **st)
{
	static const char zeros[] = "00000000000000000000000000000000000";
	struct compare_rules r = { 0 };
	char *both;

	(void)st;
	assert_true(compare_rules_add(&r, "float_tolerance 1e-6"));
	both = xasprintf("+%s1.%s%se+0000", zeros, zeros, zeros);
	assert_true(accepts(r, "1", both));
	assert_true(accepts(r, both, "10000000e-7"));
	free(both);
	assert_true(accepts(r, "0.5", ".5"));
	assert_true(accepts(r, "-2", "-2."));
	assert_false(accepts(r, "16", "0x10"));
	assert_false(accepts(r, "1", "1e"));
	assert_false(accepts(r, "1", "1e+"));
	assert_false(accepts(r, "0", "."));
	assert_false(accepts(r, "0", "-"));
	assert_false(accepts(r, "1", "1,0"));
	assert_false(accepts(r, "0", "e5"));
	assert_false(compare(&r, "1", 1, "1\0", 2, NULL));
	assert_true(accepts(r, "Inf nan", "inf NaN")); /* words */
	assert_true(accepts(r, "a", "\f\v\r\ta"));
}

/* ---- what else judges a solution ---- */

static void
make_dir(const char *name)
{
	char path[160];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void
put_case(const char *name)
{
	char file[100];

	snprintf(file, sizeof file, "data/%s.in", name);
	put(file, "1\n");
	snprintf(file, sizeof file, "data/%s.ans", name);
	put(file, "1\n");
}

static struct problem *
load(void)
{
	struct err e;
	struct problem *p = problem_load(dir, &e);

	if (p == NULL)
		fail_msg("%s", e.msg);
	return p;
}

static const struct compare_rules *
rules_of(const struct problem *p, const char *name)
{
	for (size_t i = 0; i < p->ncases; i++)
		if (strcmp(p->cases[i].name, name) == 0)
			return &p->cases[i].rules;
	fail_msg("no case %s", name);
	return NULL;
}

static void
expect_names(const struct problem *p, const char *const *names, size_t n)
{
	assert_int_equal(p->ncases, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(p->cases[i].name, names[i]);
}

/* Cases that are not seen would accept what is wrong. */
static void
cases_of_groups_are_read_in_order(void **st)
{
	static const char *const names[] = { "1", "a", "b", "g1/x", "g2/h/y",
		"g2/z" };
	struct problem *p;

	(void)st;
	make_dir("data/secret/g2");
	make_dir("data/secret/g2/h");
	make_dir("data/secret/g1");
	put_case("secret/g2/z");
	put_case("secret/g2/h/y");
	put_case("secret/g1/x");
	p = load();
	expect_names(p, names, ARRAY_LEN(names));
	assert_true(p->cases[3].hidden);
	problem_free(p);
	put("data/secret/g2/h/w.in", "no answer");
	assert_null(problem_load(dir, NULL));
}

/* By the name of the case, which has no ".in". */
static void
cases_are_in_the_order_of_their_names(void **st)
{
	static const char *const names[] = { "1", "1", "1/x", "1-b", "a",
		"a-b", "b" };
	struct problem *p;

	(void)st;
	put_case("secret/1");
	make_dir("data/secret/1");
	put_case("secret/1/x");
	put_case("secret/1-b");
	put_case("secret/a-b");
	p = load();
	expect_names(p, names, ARRAY_LEN(names));
	problem_free(p);
}

/* Others do not run them: not a word of the format's. */
static void
cases_of_other_names_are_refused(void **st)
{
	(void)st;
	put("data/secret/.c.in", "of an editor");
	put("data/secret/c (copy).ans", "1\n");
	problem_free(load());
	expect_error("data/secret/c (copy).in", "1\n", "c (copy).in: the name "
	    "of a case");
}

static void
a_link_back_up_ends(void **st)
{
	char path[160];
	struct err e;

	(void)st;
	snprintf(path, sizeof path, "%s/data/secret/again", dir);
	assert_int_equal(symlink(".", path), 0);
	assert_null(problem_load(dir, &e));
	assert_non_null(strstr(e.msg, "deep"));
}

/* Legacy: testdata.yaml, inherited, beside the flags of problem.yaml. */
static void
groups_say_how_their_outputs_are_compared(void **st)
{
	struct problem *p;

	(void)st;
	make_dir("data/secret/g");
	put_case("secret/g/x");
	put("problem.yaml", "name: x\nvalidator_flags: case_sensitive\n");
	put("data/testdata.yaml", "on_reject: break\n"
	    "output_validator_flags: float_tolerance 1e-3\n");
	put("data/secret/g/testdata.yaml", "output_validator_flags:\n"
	    "  name: default\n  flags: space_change_sensitive\n");
	p = load();
	assert_true(rules_of(p, "1")->case_sensitive);
	assert_true(rules_of(p, "1")->absolute);
	assert_true(rules_of(p, "a")->relative);
	assert_true(rules_of(p, "g/x")->case_sensitive);
	assert_true(rules_of(p, "g/x")->space_sensitive);
	assert_false(rules_of(p, "g/x")->absolute);
	problem_free(p);
	expect_error("data/testdata.yaml", "\noutput_validator_flags: any\n",
	    "testdata.yaml:2: not arguments");
}

/* 2025-09: test_group.yaml and CASE.yaml, with constants. */
static void
cases_say_how_their_outputs_are_compared(void **st)
{
	struct problem *p;

	(void)st;
	put("problem.yaml", "problem_format_version: 2025-09\nname: x\n"
	    "constants:\n  eps: 1e-3\n");
	put("data/secret/test_group.yaml",
	    "output_validator_args: [case_sensitive]\n");
	put("data/sample/test_group.yaml",
	    "output_validator_args: [float_tolerance, {{eps.value}}]\n");
	put("data/secret/b.yaml", "hint: none\noutput_validator_args:\n"
	    "- float_tolerance\n- '{{eps}}'\n");
	p = load();
	assert_false(rules_of(p, "1")->case_sensitive);
	assert_true(rules_of(p, "1")->relative_tolerance == 1e-3);
	assert_true(rules_of(p, "a")->case_sensitive);
	assert_false(rules_of(p, "b")->case_sensitive);
	assert_true(rules_of(p, "b")->relative_tolerance == 1e-3);
	problem_free(p);
}

#define NEW "problem_format_version: 2025-09\nname: x\n"

static void
what_judges_in_another_way_is_refused(void **st)
{
	(void)st;
	expect_error("data/testdata.yaml", "\ngrading: custom\n",
	    "testdata.yaml:2: only the default grader");
	expect_error("data/testdata.yaml", "grader_flags: sum "
	    "accept_if_any_accepted\n", "testdata.yaml:1: only");
	put("data/testdata.yaml", "grading: default\ngrader_flags: sum\n");
	problem_free(load());
	expect_error("problem.yaml", "name: x\ntype: scoring\n",
	    "problem.yaml:2: type is 'scoring'");
	expect_error("problem.yaml", "name: x\ntype: [pass-fail, multi-pass]",
	    "type is 'pass-fail multi-pass'");
	expect_error("problem.yaml", "name: x\n"
	    "problem_format_version: 2031-01", "2: problem_format_version");
	put("problem.yaml", "name: x\ntype: [pass-fail]\n");
	make_dir("include");
	make_dir("include/python3");
	expect_error("include/python3/main.py", "", "include/python3: files");
}

static void
a_slip_is_no_key(void **st)
{
	(void)st;
	expect_error("problem.yaml", "name: x\n\nlimit: {memory: 1}\n",
	    "problem.yaml:3: 'limit' is no key of the format; write 'limits'");
	expect_error("problem.yaml", "name: x\nlimits:\n  time-limit: 1\n",
	    "problem.yaml:3: 'time-limit' is no key of the format; write "
	    "'time_limit'");
	expect_error("problem.yaml", "name: x\nLimits:\n", ":2: 'Limits'");
	expect_error("problem.yaml", "name: x\nlimist:\n", ":2: 'limist'");
	expect_error("problem.yaml", "nam: x\n", ":1: 'nam'");
	put("problem.yaml", "name: x\nsame_as: 1\nlmt: 3\nlimits:\n"
	    "  tiem: 1\n  memory: 12\n");
	problem_free(load());
	expect_error("data/secret/testdata.yaml", "output_validator_flag: 1\n",
	    "testdata.yaml:1: 'output_validator_flag'");
}

static void
a_validator_of_its_own_is_refused(void **st)
{
	(void)st;
	make_dir("output_validators");
	put("output_validators/check.py", "");
	problem_free(load()); /* legacy: validation is the default one */
	expect_error("problem.yaml", NEW, "output_validators: a validator");
}

static void
input_by_other_ways_is_refused(void **st)
{
	(void)st;
	put("problem.yaml", NEW);
	put("data/secret/a.yaml", "args: []\n");
	problem_free(load());
	expect_error("data/secret/a.yaml", "\nargs: [-v]\n",
	    "a.yaml:2: arguments");
	put("data/secret/a.yaml", "{}");
	make_dir("data/secret/a.files");
	expect_error("data/secret/a.files/x", "", "a.files: files for");
}

static void
the_time_that_the_tools_found_is_used(void **st)
{
	struct problem *p;

	(void)st;
	put(".timelimit", "4\n");
	put("problem.yaml", "name: x\n");
	p = load();
	assert_int_equal(p->time_limit_ms, 4000);
	problem_free(p);
	put("problem.yaml", "name: x\nlimits: {time_limit: 1}\n");
	p = load();
	assert_int_equal(p->time_limit_ms, 1000);
	problem_free(p);
	expect_error(".timelimit", "4 s\n", ".timelimit: must be a number");
}

/* ---- attachments ---- */

static void
expect_file(const struct problem *p, const char *language, const char *name,
    const char *text)
{
	const struct problem_file *f = problem_file(p,
	    language_find(language), name);

	if (text == NULL) {
		assert_null(f);
		return;
	}
	assert_non_null(f);
	assert_string_equal(f->data, text);
	assert_int_equal(f->len, strlen(text));
}

static void
attachments_are_read(void **st)
{
	struct problem *p;

	(void)st;
	make_dir("attachments");
	make_dir("attachments/more"); /* not looked into */
	put("attachments/more/x", "");
	put("attachments/grid.txt", "..#\n");
	put("attachments/solution.c", "// an example\n");
	p = load();
	expect_file(p, "python3", "grid.txt", "..#\n");
	expect_file(p, "c", "solution.c", "// an example\n");
	expect_file(p, "python3", "solution.py", NULL);
	assert_int_equal(p->nfiles, 2);
	problem_free(p);
}

static void
templates_begin_a_solution(void **st)
{
	struct problem *p;

	(void)st;
	make_dir("attachments");
	make_dir("attachments/templates");
	make_dir("attachments/templates/python3");
	make_dir("attachments/templates/default");
	put("attachments/solution.py", "an attachment");
	put("attachments/templates/python3/start.py", "one file");
	put("attachments/templates/default/solution.c", "int x;\n");
	put("attachments/templates/default/help.h", "int y;\n");
	p = load();
	expect_file(p, "python3", "solution.py", "one file");
	expect_file(p, "python3", "start.py", NULL);
	expect_file(p, "python3", "help.h", NULL);
	expect_file(p, "c", "solution.c", "int x;\n");
	expect_file(p, "c", "help.h", "int y;\n");
	expect_file(p, "c", "solution.py", "an attachment");
	problem_free(p);
}

static void
too_many_attachments_are_refused(void **st)
{
	char name[40];

	(void)st;
	make_dir("attachments");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "attachments/%d", i);
		put(name, "");
	}
	problem_free(load());
	expect_error("attachments/x", "", "attachments/x: a problem has at "
	    "most 100");
}

/* They would not come to the workspace. */
static void
what_a_sandbox_does_not_take_is_refused(void **st)
{
	char path[160];

	(void)st;
	make_dir("attachments");
	put("attachments/x", "");
	snprintf(path, sizeof path, "%s/attachments/x", dir);
	assert_int_equal(truncate(path, 8 << 20), 0);
	problem_free(load());
	assert_int_equal(truncate(path, (8 << 20) + 1), 0);
	put("data/secret/z.ans", "");
	expect_error("data/secret/z.in", "", "attachments/x: not a file of");
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof path, "%s/data/sample/1.in", dir);
	assert_int_equal(truncate(path, (8 << 20) + 1), 0);
	expect_error("data/secret/z.in", "", "sample/1.in: not a file of");
}

/* 60 KB of brackets took seconds, and each case may have such a file. */
static void
yaml_that_is_nested_deep_is_refused(void **st)
{
	char open[202], close[202], *deep;

	(void)st;
	memset(open, '[', sizeof open);
	memset(close, ']', sizeof close);
	open[201] = close[201] = '\0';
	deep = xasprintf("name: x\nk: %s%s\n", open + 1, close + 1);
	put("problem.yaml", deep);
	problem_free(load());
	free(deep);
	deep = xasprintf("name: x\nk: %s%s\n", open, close);
	expect_error("problem.yaml", deep, "problem.yaml:2: more than 200");
	free(deep);
}

/* ---- statement ---- */

static void
a_statement_may_be_in_another_language(void **st)
{
	char path[160];
	struct problem *p;

	(void)st;
	snprintf(path, sizeof path, "%s/problem_statement/problem.en.md", dir);
	assert_int_equal(unlink(path), 0);
	expect_error("problem_statement/problem.en.tex", "x",
	    "problem.en.tex: a statement is read in Markdown");
	make_dir("statement");
	put("statement/problem.sv.md", "sv");
	put("problem.yaml", "name: {da: To, sv: Tv\u00e5}\n");
	p = load();
	expect_begin(p->statement, "sv\n");
	assert_string_equal(p->title, "Tv\u00e5");
	problem_free(p);
	put("statement/problem.en.md", "en");
	p = load();
	expect_begin(p->statement, "en\n");
	problem_free(p);
}

static void
a_statement_has_its_constants_and_samples(void **st)
{
	struct problem *p;

	(void)st;
	put("problem.yaml", NEW "constants:\n  n: 5\n  k:\n    value: 7\n"
	    "    tex: 7^1\n");
	put("data/sample/1.in", "*1*\n```\n");
	put_case("sample/2");
	put("problem_statement/problem.en.md",
	    "{{n}} {{k}} {{k.tex}} {{other}} {{{n}}\n{{nextsample}}\nend {{");
	p = load();
	assert_string_equal(p->statement, "5 7 7^1 {{other}} {5\n"
	    "\n\n**Sample 1**\n\nInput:\n\n    *1*\n    ```\n\n"
	    "Output:\n\n    2\n\n\nend {{"
	    "\n\n**Sample 2**\n\nInput:\n\n    1\n\n"
	    "Output:\n\n    1\n\n");
	problem_free(p);
}

static void
a_legacy_statement_has_its_samples_once(void **st)
{
	static const struct {
		const char *text;
		bool added;
	} cases[] = {
		{ "# Sum\n\nFor example, a sample.\n", true },
		{ "\n#### Sample\n\n1 2\n", false },
		{ "# Sum\n\n## Two EXAMPLES\n", false },
		{ "# Sum\n\n    ## Example\n", true },
	};

	(void)st;
	put("problem.yaml", "name: x\n");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct problem *p;

		put("problem_statement/problem.en.md", cases[i].text);
		p = load();
		assert_int_equal(strstr(p->statement, "**Sample 1**") != NULL,
		    cases[i].added);
		problem_free(p);
	}
}

/* Each time that it is named it may be as long as the file. */
static void
constants_do_not_grow_without_end(void **st)
{
	static char yaml[60000], text[60000];
	struct problem *p;

	(void)st;
	snprintf(yaml, sizeof yaml, NEW "constants: {a: '%0*d'}\n", 50000, 1);
	for (size_t i = 0; i + 6 < sizeof text; i += 5)
		memcpy(text + i, "{{a}}", 6);
	put("problem.yaml", yaml);
	put("problem_statement/problem.en.md", text);
	p = load();
	assert_true(strlen(p->statement) < 500000);
	problem_free(p);
}

#define case_of(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		case_of(a_package_is_read),
		case_of(mistakes_name_file_line_and_remedy),
		case_of(yaml_has_many_forms),
		case_of(a_statement_may_begin_with_a_byte_order_mark),
		case_of(a_question_has_one_name_by_every_way),
		case_of(hidden_cases_are_where_their_link_leads),
		case_of(hidden_files_are_where_their_link_leads),
		case_of(whole_groups_are_where_their_link_leads),
		case_of(what_is_shown_is_the_package_s_own),
		cmocka_unit_test(outputs_are_compared_by_the_rules),
		cmocka_unit_test(numbers_are_those_of_the_format),
		case_of(cases_of_groups_are_read_in_order),
		case_of(cases_are_in_the_order_of_their_names),
		case_of(cases_of_other_names_are_refused),
		case_of(a_link_back_up_ends),
		case_of(groups_say_how_their_outputs_are_compared),
		case_of(cases_say_how_their_outputs_are_compared),
		case_of(what_judges_in_another_way_is_refused),
		case_of(a_slip_is_no_key),
		case_of(a_validator_of_its_own_is_refused),
		case_of(input_by_other_ways_is_refused),
		case_of(the_time_that_the_tools_found_is_used),
		case_of(attachments_are_read),
		case_of(templates_begin_a_solution),
		case_of(too_many_attachments_are_refused),
		case_of(yaml_that_is_nested_deep_is_refused),
		case_of(what_a_sandbox_does_not_take_is_refused),
		case_of(a_statement_may_be_in_another_language),
		case_of(a_statement_has_its_constants_and_samples),
		case_of(a_legacy_statement_has_its_samples_once),
		case_of(constants_do_not_grow_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
