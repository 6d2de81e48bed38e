#include "config.h"

/* A directory for judged programs beside the shell, against the stand-in:
 * what is in it, who may write there, and that it goes in the end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modal-live.h"

#define NAME "viva-run-" /* every such directory's begins so */
/* Ends what judges, as root may, and not itself. */
#define END_WRAPPERS "for p in /proc/[0-9]*; do " \
	"tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q 'uuid[,]base' && " \
	"kill -9 ${p#/proc/}; done; echo do''ne"

static struct rig r;

static int
setup(void **state)
{
	(void)state;
	open_account(true, READY_IMAGE, TOKEN_ID);
	rig_open(&r, loop, account, workspace, false);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_close(&r);
	UNTIL(!modal_busy(account));
	modal_destroy(account);
	modal_config_finish(&config);
	loop_destroy(loop);
	return 0;
}

static struct rig_exec *
begin(const struct exec_spec *spec, const char *input)
{
	uint64_t id = r.s->ops->exec(r.s, spec);
	struct rig_exec *x = rig_exec(&r, id);

	assert_true(r.s->ops->input(r.s, id, 0, input, strlen(input)));
	r.s->ops->input_end(r.s, id);
	return x;
}

static struct rig_exec *
run(const struct exec_spec *spec, const char *input)
{
	struct rig_exec *x = begin(spec, input);

	UNTIL(x->exited);
	if (x->x.infra)
		fail_msg("%s", x->x.why);
	return x;
}

static struct rig_exec *
python(uint64_t dir, bool read_only, const char *text, const char *input)
{
	const char *const argv[] = { "/usr/bin/python3", "-c", text, NULL };
	struct exec_spec spec = { .argv = argv, .dir = dir,
		.read_only = read_only };

	return run(&spec, input);
}

/* As the shell's own user. */
static char *
as_root(const char *command)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	struct exec_spec spec = { .argv = argv, .pty = true, .rows = 24,
		.cols = 80 };
	struct rig_exec *x = rig_exec(&r, r.s->ops->exec(r.s, &spec));

	UNTIL(x->exited);
	return x->out[0].data != NULL ? x->out[0].data : (char *)"";
}

static uint64_t
make(void)
{
	static char text[] = "print(int(input()) * 2)\n";
	static char odd[] = "\0\1\n";
	const struct sandbox_file files[] = {
		{ (char *)"solution.py", text, sizeof text - 1, 0644 },
		{ (char *)"more/a b", odd, 3, 0600 },
		{ (char *)"none", NULL, 0, 0644 },
		{ (char *)"../outside", text, sizeof text - 1, 0644 } };

	return r.s->ops->dir(r.s, files, ARRAY_LEN(files));
}

static void
until_gone(void)
{
	while (strstr(as_root("ls /tmp"), NAME) != NULL)
		rig_forget_execs(&r);
}

static void
test_run(void **state)
{
	static const char *const argv[] = { "/usr/bin/python3", "solution.py",
		NULL };
	struct exec_spec spec = { .argv = argv, .read_only = true };
	struct sandbox_link link;
	struct rig_exec *x;

	(void)state;
	spec.dir = make();
	x = begin(&spec, "21\n");
	/* It is no typing of anybody's. */
	r.s->ops->link(r.s, &link);
	assert_int_equal(link.pending, 0);
	UNTIL(x->exited);
	assert_string_equal(buf_str(&x->out[0]), "42\n");
	assert_string_equal(buf_str(&x->out[1]), "");
	assert_int_equal(x->x.status, 0);
	assert_true(x->x.cpu_us > 1000 && !x->x.infra);
	x = python(spec.dir, true, "import os\n"
	    "print(sorted(os.listdir()), os.listdir('more'),"
	    " open('more/a b', 'rb').read(), os.path.getsize('none'),"
	    " os.getcwd().startswith('/tmp/" NAME "'))\n", "");
	assert_string_equal(buf_str(&x->out[0]), "['more', 'none', "
	    "'solution.py'] ['a b'] b'\\x00\\x01\\n' 0 True\n");
	assert_string_equal(as_root("ls /workspace /tmp/outside 2>/dev/null"),
	    "/workspace:\r\n");
	r.s->ops->dir_drop(r.s, spec.dir);
	until_gone();
}

/* What a compiler writes is there for the program, which writes nothing. */
static void
test_write(void **state)
{
	uint64_t one = make(), two = make();
	struct rig_exec *x;

	(void)state;
	python(one, false, "open('made', 'w').write('yes')", "");
	x = python(one, true, "print(open('made').read())\n"
	    "open('again', 'w')", "");
	assert_string_equal(buf_str(&x->out[0]), "yes\n");
	assert_non_null(strstr(buf_str(&x->out[1]), "PermissionError"));
	x = python(two, true, "import os; print(os.path.exists('made'))", "");
	assert_string_equal(buf_str(&x->out[0]), "False\n");
	r.s->ops->dir_drop(r.s, one);
	x = python(two, true, "import os; print(os.listdir('more'))", "");
	assert_string_equal(buf_str(&x->out[0]), "['a b']\n");
	r.s->ops->dir_drop(r.s, two);
	until_gone();
}

/* In the midst of a program, and over a connection that breaks. */
static void
test_dropped(void **state)
{
	static const char *const argv[] = { "/bin/sleep", "1000", NULL };
	struct exec_spec spec = { .argv = argv };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rig_exec *x;

		spec.dir = make();
		x = begin(&spec, "");
		if (i > 0)
			python(spec.dir, false, "open('made', 'w')", "");
		if (i > 1)
			tell("/net", "{\"action\": \"reset\"}");
		r.s->ops->kill(r.s, x->id);
		r.s->ops->dir_drop(r.s, spec.dir);
		UNTIL(x->exited);
		assert_true(x->x.killed && !x->x.infra);
		until_gone();
	}
}

/* The shell is root and may end what judges: that is no verdict. */
static void
test_wrapper_killed(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c",
		"echo on; exec sleep 1000", NULL };
	struct exec_spec spec = { .argv = argv };
	struct rig_exec *x;

	(void)state;
	spec.dir = make();
	x = begin(&spec, "");
	UNTIL(x->out[0].len > 0);
	assert_non_null(strstr(as_root(END_WRAPPERS), "done"));
	UNTIL(x->exited);
	assert_true(x->x.infra && !x->x.killed && !x->x.timed_out);
	assert_int_equal(x->x.status, -1);
	assert_non_null(strstr(x->x.why, "sandbox"));
	/* And it may do away with the directory. */
	as_root("rm -rf /tmp/" NAME "*");
	x = begin(&spec, "");
	UNTIL(x->exited);
	assert_true(x->x.infra);
	assert_non_null(strstr(x->x.why, "no place for the files"));
	r.s->ops->dir_drop(r.s, spec.dir);
}

static void
test_ended(void **state)
{
	static const char *const argv[] = { "/bin/sleep", "1000", NULL };
	struct exec_spec spec = { .argv = argv };
	struct rig_exec *x;

	(void)state;
	spec.dir = make();
	x = begin(&spec, "");
	python(spec.dir, true, "", "");
	tell("/sandbox", "{\"action\": \"timeout\"}");
	UNTIL(r.state == SANDBOX_FAILED);
	assert_true(x->exited && x->x.infra);
	r.s->ops->dir_drop(r.s, spec.dir);
	spec.dir = make();
	x = begin(&spec, "");
	UNTIL(x->exited);
	assert_true(x->x.infra);
}

static int
tests(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test_setup_teardown(test_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dropped, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_wrapper_killed, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_ended, setup, teardown),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}

int
main(int argc, char **argv)
{
	return run_all(argc, argv, NULL, tests);
}
