#include "config.h"

/* The local sandbox, for real: bubblewrap, pty, limits, files. */

#include <fcntl.h>
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

#include "base/buf.h"
#include "base/mem.h"
#include "sandbox/fs.h"
#include "sandbox/remedy.h"
#include "sandbox/sandbox.h"
#include "skewed-clock.h"
#include "tests/support/machine.h"
#include "tests/support/patience.h"

struct fixture {
	struct skewed_clock clock;
	struct loop *loop;
	struct sandbox *s;
	char dir[64];
	enum sandbox_state state;
	char why[512];
	struct buf out[2];
	uint64_t next[2]; /* expected offsets */
	unsigned exits, results, changes;
	struct sandbox_exit exit;
	bool ok;
	struct err err;
	struct buf content, names;
	unsigned skipped;
	char left_out[100];
};

static void
on_state(void *user, enum sandbox_state st, const char *why)
{
	struct fixture *f = user;

	f->state = st;
	snprintf(f->why, sizeof f->why, "%s", why != NULL ? why : "");
}

static void
on_output(void *user, uint64_t exec, enum sandbox_stream st, uint64_t offset,
    const char *p, size_t n)
{
	struct fixture *f = user;

	(void)exec;
	assert_int_equal(offset, f->next[st]);
	f->next[st] += n;
	buf_add(&f->out[st], p, n);
}

static void
on_exited(void *user, uint64_t exec, const struct sandbox_exit *x)
{
	struct fixture *f = user;

	(void)exec;
	f->exit = *x;
	f->exits++;
}

static void
on_fs(void *user, uint64_t request, const struct fs_result *r)
{
	struct fixture *f = user;

	(void)request;
	f->results++;
	f->ok = r->ok;
	f->err = r->err;
	f->skipped = r->skipped;
	snprintf(f->left_out, sizeof f->left_out, "%s", r->left_out != NULL ?
	    r->left_out : "");
	buf_clear(&f->content);
	buf_clear(&f->names);
	for (size_t i = 0; i < r->nfiles; i++) {
		buf_addf(&f->names, "%s ", r->files[i].path);
		if (r->files[i].data != NULL)
			buf_add(&f->content, r->files[i].data,
			    (size_t)r->files[i].size);
	}
}

static void
on_changed(void *user)
{
	((struct fixture *)user)->changes++;
}

static const struct sandbox_watch watch = { on_state, on_output, on_exited,
	on_fs, on_changed };

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	struct sandbox_spec spec = { .workspace = f->dir, .user = "candidate" };

	snprintf(f->dir, sizeof f->dir, "/tmp/viva-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->loop = skewed_loop(&f->clock);
	f->s = sandbox_local_create(f->loop, &spec, &watch, f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	char cmd[100];

	if (f->s != NULL)
		f->s->ops->destroy(f->s);
	loop_destroy(f->loop);
	snprintf(cmd, sizeof cmd, "rm -rf %s", f->dir);
	assert_int_equal(system(cmd), 0);
	buf_free(&f->out[0]);
	buf_free(&f->out[1]);
	buf_free(&f->content);
	buf_free(&f->names);
	free(f);
	return 0;
}

static void
until(struct fixture *f, const unsigned *count, unsigned want)
{
	int64_t end = clock_mono(clock_system()) + PATIENCE_US;

	while (*count < want) {
		if (clock_mono(clock_system()) > end)
			fail_msg("nothing happened; output: %s",
			    buf_str(&f->out[0]));
		loop_turn(f->loop, 100000);
	}
}

static void
until_secret(struct fixture *f, uint64_t id)
{
	int64_t end = clock_mono(clock_system()) + PATIENCE_US;

	while (!f->s->ops->secret_input(f->s, id)) {
		assert_true(clock_mono(clock_system()) < end);
		loop_turn(f->loop, 50000);
	}
}

static void
until_out(struct fixture *f, const char *text)
{
	int64_t end = clock_mono(clock_system()) + PATIENCE_US;

	while (strstr(buf_str(&f->out[0]), text) == NULL) {
		if (clock_mono(clock_system()) > end || f->exits > 0)
			fail_msg("no '%s' in: %s (%s)", text,
			    buf_str(&f->out[0]), f->exit.why);
		loop_turn(f->loop, 100000);
	}
}

/* One program, to its end. */
static void
program(struct fixture *f, const char *const *argv, struct exec_spec spec)
{
	unsigned exits = f->exits;
	uint64_t id;

	spec.argv = argv;
	f->next[0] = f->next[1] = 0;
	buf_clear(&f->out[0]);
	buf_clear(&f->out[1]);
	id = f->s->ops->exec(f->s, &spec);
	f->s->ops->input_end(f->s, id);
	until(f, &f->exits, exits + 1);
}

static void
sh(struct fixture *f, const char *script, struct exec_spec spec)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };

	program(f, argv, spec);
}

static void
python(struct fixture *f, const char *script, struct exec_spec spec)
{
	const char *argv[] = { "/usr/bin/python3", "-c", script, NULL };

	program(f, argv, spec);
}

static void
test_runs(void **state)
{
	struct fixture *f = *state;

	f->s->ops->start(f->s);
	sh(f, "echo out; echo err >&2; exit 7", (struct exec_spec){ 0 });
	assert_false(f->exit.infra);
	assert_int_equal(f->exit.status, 7);
	assert_string_equal(f->out[0].data, "out\n");
	assert_string_equal(f->out[1].data, "err\n");
	assert_int_equal(f->state, SANDBOX_READY);
	assert_true(f->exit.wall_us > 0 && f->exit.memory_kb > 0);
	sh(f, "kill -SEGV $$", (struct exec_spec){ 0 });
	assert_int_equal(f->exit.status, -11);
	assert_false(f->exit.infra);
}

static void
test_walls(void **state)
{
	struct fixture *f = *state;

	setenv("VIVA_SECRET", "xyzzy", 1);
	sh(f, "env | grep -c xyzzy; ls /home/candidate; ls -A /root 2>&1 "
	    "| head -1; touch /usr/x 2>&1 | tail -c 22; ls /proc | "
	    "grep -c '^[0-9]'; id -u; touch /workspace/w && echo made; "
	    "ls /etc/shadow 2>/dev/null; cat /sys/class/net/*/address "
	    "2>/dev/null; wc -l < /proc/net/dev", (struct exec_spec){ 0 });
	unsetenv("VIVA_SECRET");
	assert_non_null(strstr(f->out[0].data, "0\n"));
	assert_null(strstr(f->out[0].data, "xyzzy"));
	assert_non_null(strstr(f->out[0].data, "Read-only file system"));
	assert_non_null(strstr(f->out[0].data, "\n1000\nmade\n3\n"));
	sh(f, "unshare -U true; echo $?", (struct exec_spec){ 0 });
	assert_string_equal(f->out[0].data, "1\n");
	sh(f, "touch /workspace/no", (struct exec_spec){ .read_only = true });
	assert_int_not_equal(f->exit.status, 0);
}

static void
test_limits(void **state)
{
	struct fixture *f = *state;

	sh(f, "while :; do :; done", (struct exec_spec){ .cpu_ms = 500 });
	assert_true(f->exit.timed_out);
	assert_false(f->exit.infra);
	sh(f, "sleep 1000", (struct exec_spec){ .asleep_ms = 200 });
	assert_true(f->exit.timed_out);
	assert_true(f->exit.cpu_us < 500000);
	sh(f, "exec python3 -c 'x = [1] * (1 << 28)'",
	    (struct exec_spec){ .memory_mb = 100 });
	assert_int_not_equal(f->exit.status, 0);
	assert_non_null(strstr(f->out[1].data, "MemoryError"));
	sh(f, "exec python3 -c 'x = [bytearray(1 << 20) for i in range(999)]'",
	    (struct exec_spec){ .memory_mb = 100 });
	assert_true(f->exit.memory_limit);
	sh(f, "dd if=/dev/zero of=big bs=1M count=3 2>/dev/null",
	    (struct exec_spec){ .file_mb = 1 });
	assert_int_not_equal(f->exit.status, 0);
	sh(f, "yes", (struct exec_spec){ .output_max = 100000 });
	assert_true(f->exit.output_limit);
	assert_int_equal(f->out[0].len, 100000);
}

/* The limits of one process, got round with several. */
static void
test_many(void **state)
{
	struct fixture *f = *state;

	sh(f, "f() { f | f & }; f; wait; sleep 1000",
	    (struct exec_spec){ .processes = 64, .asleep_ms = 10000 });
	assert_false(f->exit.infra || f->exit.memory_limit);
	if (geteuid() == 0) { /* the kernel stops nothing there */
		assert_int_equal(f->exit.status, -9);
		assert_non_null(strstr(f->exit.why, "too many processes"));
	}
	sh(f, "for i in 1 2 3 4; do python3 -c 'import time; "
	    "x = b\"x\" * (60 << 20); time.sleep(1000)' & done; wait",
	    (struct exec_spec){ .memory_mb = 80 });
	assert_int_equal(f->exit.status, -9);
	assert_true(f->exit.memory_limit);
	/* What runs on behind is ended and its time counts; its parent has
	 * nothing to do with it. */
	sh(f, "(setsid sh -c 'echo $$ >/tmp/pid; while :; do :; done' "
	    ">/dev/null 2>&1 &); until [ -s /tmp/pid ]; do sleep 0.01; done; "
	    "until [ $(cut -d' ' -f14 /proc/$(cat /tmp/pid)/stat) -ge 15 ]; "
	    "do sleep 0.01; done", (struct exec_spec){ .cpu_ms = 100 });
	assert_true(f->exit.cpu_us > 100000);
	assert_true(f->exit.timed_out);
	/* Memory that is files has a bound too. */
	sh(f, "df -k --output=size /tmp /dev/shm /run /home | sort -n | "
	    "tail -1 | tr -d ' '; touch /dev/x || echo none", (struct exec_spec){ 0 });
	assert_string_equal(f->out[0].data, "524288\nnone\n");
}

/* What is kept from it is not time asleep; and there is one bound on the time
 * of all. */
static void
test_time(void **state)
{
	static const char spin[] = "import time\n"
	    "while time.process_time() < 1.5: pass\n";
	static const char thread[] = "import threading, time\n"
	    "def f():\n"
	    "    while time.process_time() < 1.5: pass\n"
	    "t = threading.Thread(target=f)\n"
	    "t.start()\n"
	    "t.join()\n";
	struct fixture *f = *state;

	python(f, spin, (struct exec_spec){ .asleep_ms = 800 });
	assert_int_equal(f->exit.status, 0);
	assert_false(f->exit.timed_out);
	python(f, thread, (struct exec_spec){ .asleep_ms = 800 });
	assert_int_equal(f->exit.status, 0);
	assert_false(f->exit.timed_out);
	sh(f, "for i in 1 2 3 4 5 6 7 8; do while :; do :; done & done; wait",
	    (struct exec_spec){ .cpu_ms = 300 });
	assert_int_equal(f->exit.status, -9);
	assert_true(f->exit.timed_out);
	assert_in_range(f->exit.cpu_us, 1000000, 6000000);
}

/* A machine that gives a program nothing for long has failed, not it. */
static void
test_starved(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c",
		"echo on; exec sleep 1000", NULL };
	struct exec_spec spec = { .argv = argv, .asleep_ms = 60000 };
	struct fixture *f = *state;

	f->s->ops->exec(f->s, &spec);
	until_out(f, "on");
	f->clock.skew += SANDBOX_PATIENCE_US(spec.asleep_ms) - 30 * SEC;
	loop_turn(f->loop, 0);
	assert_int_equal(f->exits, 0);
	f->clock.skew += 30 * SEC;
	until(f, &f->exits, 1);
	assert_true(f->exit.infra && !f->exit.timed_out);
	assert_non_null(strstr(f->exit.why, "too busy"));
}

/* The time of children counts, whoever waits for them. */
static void
test_children(void **state)
{
	static const char spin[] = "import os, signal, time\n"
	    "try: signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
	    "except PermissionError: pass\n"
	    "r, w = os.pipe()\n"
	    "if os.fork() == 0:\n"
	    "    while time.process_time() < 0.5: pass\n"
	    "    os._exit(0)\n"
	    "os.close(w)\n"
	    "os.read(r, 1)\n";
	struct fixture *f = *state;

	python(f, spin, (struct exec_spec){ .cpu_ms = 300 });
	assert_false(f->exit.infra);
	assert_true(f->exit.cpu_us > 300000);
	assert_true(f->exit.timed_out);
	/* A shell needs it, and nobody counts there. */
	python(f, "import signal\n"
	    "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n",
	    (struct exec_spec){ 0 });
	assert_int_equal(f->exit.status, 0);
}

/* Memory that no process has mapped. */
static void
test_hidden_memory(void **state)
{
	static const char shm[] = "import ctypes, time\n"
	    "c = ctypes.CDLL(None)\n"
	    "c.shmat.restype = ctypes.c_void_p\n"
	    "for i in range(40):\n"
	    "    p = c.shmat(c.shmget(0, 8 << 20, 0o1600), None, 0)\n"
	    "    ctypes.memset(ctypes.c_void_p(p), 1, 8 << 20)\n"
	    "    c.shmdt(ctypes.c_void_p(p))\n"
	    "time.sleep(1000)\n";
	struct fixture *f = *state;

	python(f, "import os\n"
	    "try: os.memfd_create('x')\n"
	    "except OSError: print('none')\n", (struct exec_spec){ 0 });
	assert_string_equal(f->out[0].data, "none\n");
	python(f, shm, (struct exec_spec){ .memory_mb = 80,
	    .asleep_ms = 10000 });
	assert_true(f->exit.memory_limit);
	assert_false(f->exit.timed_out);
	/* What is judged has its memory, not three places more. */
	sh(f, "df -k --output=size /tmp /dev/shm /run /home | sort -n | "
	    "tail -1 | tr -d ' '", (struct exec_spec){ .read_only = true });
	assert_string_equal(f->out[0].data, "16384\n");
}

/* Who says how a program ended cannot be stopped, read or imitated by it. */
static void
test_helper(void **state)
{
	struct fixture *f = *state;

	setenv("VIVA_SECRET", "xyzzy", 1);
	sh(f, "cat /proc/[0-9]*/environ; ls /proc/1/fd; "
	    "echo exit 0 0 0 0 > /proc/1/fd/3; kill -9 1; kill -9 -1; exit 5",
	    (struct exec_spec){ 0 });
	unsetenv("VIVA_SECRET");
	assert_false(f->exit.infra);
	assert_int_equal(f->exit.status, 5);
	assert_true(memmem(f->out[0].data, f->out[0].len, "xyzzy", 5) == NULL);
	assert_non_null(strstr(f->out[1].data, "/proc/1/fd"));
}

/* Nor made to look away, or too late. */
static void
test_helper_limits(void **state)
{
	static const char script[] = "import os, resource\n"
	    "for f in (lambda: resource.prlimit(1, resource.RLIMIT_NOFILE, "
	    "(0, 0)),\n"
	    "    lambda: os.sched_setscheduler(1, os.SCHED_IDLE, "
	    "os.sched_param(0)),\n"
	    "    lambda: os.sched_setaffinity(1, {0}),\n"
	    "    lambda: os.setpriority(os.PRIO_PROCESS, 1, 19),\n"
	    "    lambda: os.setpriority(os.PRIO_USER, 0, 19)):\n"
	    "    try: f(); print('done')\n"
	    "    except PermissionError: print('no', end=' ')\n"
	    "resource.prlimit(0, resource.RLIMIT_NOFILE, (99, 99))\n"
	    "mine = os.getpriority(os.PRIO_PROCESS, 0)\n"
	    "os.setpriority(os.PRIO_PROCESS, 0, mine + 1)\n";
	struct fixture *f = *state;

	python(f, script, (struct exec_spec){ 0 });
	assert_string_equal(f->out[0].data, "no no no no no ");
	assert_int_equal(f->exit.status, 0);
}

/* As somebody might from another terminal. */
static void
kill_children(void)
{
	char path[64];
	FILE *f;
	int pid;

	snprintf(path, sizeof path, "/proc/self/task/%d/children",
	    (int)getpid());
	f = fopen(path, "re");
	assert_non_null(f);
	while (fscanf(f, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	fclose(f);
}

/* Ended from the outside: nobody knows how the program would have done. */
static void
test_bwrap_killed(void **state)
{
	static const char *const argv[] = { "/bin/sleep", "1000", NULL };
	struct exec_spec spec = { .argv = argv };
	struct fixture *f = *state;

	f->s->ops->exec(f->s, &spec);
	while (f->state != SANDBOX_READY)
		loop_turn(f->loop, 100000);
	kill_children();
	until(f, &f->exits, 1);
	assert_true(f->exit.infra);
	assert_non_null(strstr(f->exit.why, "without saying"));
	/* The next one is as good as any. */
	sh(f, "echo again", (struct exec_spec){ 0 });
	assert_string_equal(f->out[0].data, "again\n");
	assert_int_equal(f->exit.status, 0);
}

static void
test_mask(void **state)
{
	/* Below one another as well, in any order. */
	static const char *const mask[] = { "/usr/include/linux",
		"/usr/include", "/nonexistent", "/usr/include/",
		"/usr/include/../include/linux", NULL };
	struct fixture *f = *state;
	struct sandbox_spec spec = { .workspace = f->dir, .mask = mask };

	sh(f, "ls /usr/include | wc -l", (struct exec_spec){ 0 });
	assert_string_not_equal(f->out[0].data, "0\n");
	f->s->ops->destroy(f->s);
	f->s = sandbox_local_create(f->loop, &spec, &watch, f);
	sh(f, "ls /usr/include | wc -l; touch /usr/include/x || echo no",
	    (struct exec_spec){ 0 });
	assert_string_equal(f->out[0].data, "0\nno\n");
}

static void
test_mask_of_a_file(void **state)
{
	static const char *const mask[] = { "/usr/lib/os-release",
		"/usr/lib/os-release", NULL };
	static const char script[] = "cat /usr/lib/os-release /etc/os-release;"
	    " echo x >/usr/lib/os-release; cat /usr/lib/os-release; "
	    "ls /usr/lib | wc -l";
	struct fixture *f = *state;
	struct sandbox_spec spec = { .workspace = f->dir, .mask = mask };

	if (access(mask[0], R_OK) != 0)
		skip();
	f->s->ops->destroy(f->s);
	f->s = sandbox_local_create(f->loop, &spec, &watch, f);
	sh(f, script, (struct exec_spec){ 0 });
	if (atoi(buf_str(&f->out[0])) <= 1)
		fail_msg("%s%s%s", buf_str(&f->out[0]), buf_str(&f->out[1]),
		    f->exit.why);
	assert_null(strchr(buf_str(&f->out[0]), '='));
}

static void
test_input(void **state)
{
	static const char *const argv[] = { "/usr/bin/sha1sum", NULL };
	struct exec_spec spec = { .argv = argv };
	struct fixture *f = *state;
	char *big = xmalloc(3000000);
	uint64_t id = f->s->ops->exec(f->s, &spec);

	memset(big, 'a', 3000000);
	f->s->ops->input(f->s, id, 0, big, 2000000);
	/* Sent again from an earlier offset: only what is new goes. */
	f->s->ops->input(f->s, id, 1000000, big, 2000000);
	f->s->ops->input_end(f->s, id);
	until(f, &f->exits, 1);
	free(big);
	/* printf 'a%.0s' {1..3000000} | sha1sum */
	assert_non_null(strstr(f->out[0].data,
	    "e8935af087fafce14bf157d50ab992c861688ffa"));
	/* A program that does not read its input ends all the same. */
	sh(f, "exit 3", (struct exec_spec){ 0 });
	assert_int_equal(f->exit.status, 3);
}

static void
test_pty(void **state)
{
	static const char *const argv[] = { "/bin/bash", "-i", NULL };
	struct exec_spec spec = { .argv = argv, .pty = true, .rows = 30,
		.cols = 91 };
	struct fixture *f = *state;
	uint64_t id = f->s->ops->exec(f->s, &spec), at = 0;
	static const char *const lines[] = { "stty size; tty; echo j=$-\n",
		"read -s x\n", "sleep 100 &\njobs\n", "exit 5\n" };

	until_out(f, "$ ");
	assert_null(strstr(f->out[0].data, "job control"));
	f->s->ops->input(f->s, id, at, lines[0], strlen(lines[0]));
	at += strlen(lines[0]);
	until_out(f, "30 91");
	until_out(f, "/dev/console");
	until_out(f, "j=h"); /* "himBHs" has the m of job control */
	until_out(f, "s\r\n\033[?2004h"); /* readline has set its size */
	assert_non_null(strchr(strstr(f->out[0].data, "j=h"), 'm'));
	assert_false(f->s->ops->secret_input(f->s, id));
	f->s->ops->resize(f->s, id, 11, 22);
	f->s->ops->input(f->s, id, at, "stty size\n", 10);
	at += 10;
	until_out(f, "11 22");
	f->s->ops->input(f->s, id, at, lines[1], strlen(lines[1]));
	at += strlen(lines[1]);
	until_secret(f, id);
	f->s->ops->input(f->s, id, at, "pw\n", 3);
	at += 3;
	f->s->ops->input(f->s, id, at, lines[2], strlen(lines[2]));
	at += strlen(lines[2]);
	until_out(f, "Running");
	f->s->ops->input(f->s, id, at, lines[3], strlen(lines[3]));
	until(f, &f->exits, 1);
	assert_int_equal(f->exit.status, 5);
}

static void
test_pause_kill(void **state)
{
	static const char *const argv[] = { "/usr/bin/yes", NULL };
	struct exec_spec spec = { .argv = argv };
	struct fixture *f = *state;
	uint64_t id = f->s->ops->exec(f->s, &spec);
	size_t len;

	until_out(f, "y\n");
	f->s->ops->pause(f->s, id, true);
	len = f->out[0].len;
	for (int i = 0; i < 20; i++)
		loop_turn(f->loop, 1000);
	assert_int_equal(f->out[0].len, len);
	f->s->ops->kill(f->s, id);
	f->s->ops->pause(f->s, id, false);
	until(f, &f->exits, 1);
	assert_true(f->exit.killed);
	assert_false(f->exit.infra);
}

static bool
fs(struct fixture *f, enum fs_op op, const char *path, const char *to,
    const char *data)
{
	unsigned results = f->results;

	f->s->ops->fs(f->s, op, path, to, data,
	    data != NULL ? strlen(data) : 0);
	until(f, &f->results, results + 1);
	return f->ok;
}

/* No more than n bytes are wanted of it. */
static bool
get_most(struct fixture *f, const char *path, size_t n)
{
	unsigned results = f->results;

	f->s->ops->fs(f->s, FS_GET, path, NULL, NULL, n);
	until(f, &f->results, results + 1);
	return f->ok;
}

static void
test_files(void **state)
{
	struct fixture *f = *state;
	char path[200];

	assert_true(fs(f, FS_PUT, "a/b/c.txt", NULL, "one"));
	assert_true(fs(f, FS_PUT, "z.py", NULL, "two"));
	assert_true(fs(f, FS_PUT, "z.py", NULL, "three"));
	assert_true(fs(f, FS_GET, "z.py", NULL, NULL));
	assert_string_equal(f->content.data, "three");
	assert_true(get_most(f, "z.py", 5));
	assert_string_equal(f->content.data, "three");
	assert_false(get_most(f, "z.py", 4));
	assert_int_equal(f->err.code, ERR_LIMIT);
	assert_true(fs(f, FS_LIST, NULL, NULL, NULL));
	assert_string_equal(f->names.data, "a/b/c.txt z.py ");
	assert_int_equal(f->content.len, 0);
	assert_false(fs(f, FS_RENAME, "z.py", "a/b/c.txt", NULL));
	assert_int_equal(f->err.code, ERR_EXISTS);
	assert_true(fs(f, FS_RENAME, "z.py", "y.py", NULL));
	assert_false(fs(f, FS_GET, "z.py", NULL, NULL));
	assert_int_equal(f->err.code, ERR_NOT_FOUND);
	/* Nothing outside, by whatever way. */
	snprintf(path, sizeof path, "%s/link", f->dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof path, "%s/dirlink", f->dir);
	assert_int_equal(symlink("/tmp", path), 0);
	assert_false(fs(f, FS_GET, "link", NULL, NULL));
	assert_false(fs(f, FS_GET, "../../etc/passwd", NULL, NULL));
	assert_false(fs(f, FS_GET, "/etc/passwd", NULL, NULL));
	assert_false(fs(f, FS_PUT, "dirlink/evil", NULL, "x"));
	assert_false(fs(f, FS_PUT, "..", NULL, "x"));
	assert_false(fs(f, FS_PUT, "", NULL, "x"));
	assert_true(fs(f, FS_TREE, NULL, NULL, NULL));
	assert_string_equal(f->names.data, "a/b/c.txt y.py ");
	assert_string_equal(f->content.data, "onethree");
	assert_int_equal(f->skipped, 2);
	assert_string_equal(f->left_out, "dirlink");
	assert_true(fs(f, FS_REMOVE, "y.py", NULL, NULL));
	assert_false(fs(f, FS_REMOVE, "y.py", NULL, NULL));
}

/* What cannot be read is not gone. */
static void
test_unreadable(void **state)
{
	struct fixture *f = *state;
	struct fs_request q = { .op = FS_LIST };
	struct fs_result out, in;
	uid_t uid = geteuid();
	char path[200];
	int root, sub;

	assert_true(fs(f, FS_PUT, "a", NULL, "one"));
	assert_true(fs(f, FS_PUT, "d/b", NULL, "two"));
	snprintf(path, sizeof path, "%s/d", f->dir);
	root = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sub = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0 && sub >= 0);
	assert_int_equal(chmod(f->dir, 0755), 0);
	assert_int_equal(chmod(path, 0), 0);
	if (uid == 0) /* who can read everything */
		assert_int_equal(seteuid(65534), 0);
	fs_run(root, &q, &out);
	fs_run(sub, &q, &in);
	assert_int_equal(seteuid(uid), 0);
	assert_true(out.ok);
	assert_int_equal(out.nfiles, 1);
	assert_int_equal(out.skipped, 1);
	assert_string_equal(out.left_out, "d");
	assert_false(in.ok);
	assert_non_null(strstr(in.err.msg, "cannot read the workspace"));
	fs_result_finish(&out);
	fs_result_finish(&in);
	assert_int_equal(chmod(path, 0755), 0);
	close(root);
	close(sub);
}

static void
test_changes(void **state)
{
	struct fixture *f = *state;

	sh(f, "mkdir d; echo x > d/x", (struct exec_spec){ 0 });
	until(f, &f->changes, 1);
	assert_true(fs(f, FS_LIST, NULL, NULL, NULL));
	assert_string_equal(f->names.data, "d/x ");
	assert_true(f->changes < 4);
}

static int64_t
cpu_us(int who)
{
	struct rusage u;

	assert_int_equal(getrusage(who, &u), 0);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL +
	    u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

/* Until all changes are told: longer than one waits for the next. */
static void
until_quiet(struct fixture *f)
{
	unsigned before;
	int64_t end;

	do {
		before = f->changes;
		end = clock_mono(clock_system()) + 600000;
		while (clock_mono(clock_system()) < end)
			loop_turn(f->loop, 100000);
	} while (f->changes != before);
}

/* Directories with much in them, and the loop's thread reads none. */
static void
test_watch(void **state)
{
	struct fixture *f = *state;
	int64_t ours, all;
	char path[200];
	unsigned changes;

	sh(f, "for d in $(seq 10); do mkdir d$d; done; cd d1; "
	    "seq 4000 | xargs touch; cd ..; "
	    "for d in $(seq 2 10); do ln d1/* d$d; done; echo done",
	    (struct exec_spec){ 0 });
	assert_string_equal(f->out[0].data, "done\n");
	until_quiet(f);
	ours = cpu_us(RUSAGE_THREAD);
	all = cpu_us(RUSAGE_SELF);
	for (int i = 0; i < 5; i++) {
		changes = f->changes;
		snprintf(path, sizeof path, "%s/new%d", f->dir, i);
		assert_int_equal(mkdir(path, 0755), 0);
		until(f, &f->changes, changes + 1);
	}
	ours = cpu_us(RUSAGE_THREAD) - ours;
	all = cpu_us(RUSAGE_SELF) - all;
	if (ours > all / 2)
		fail_msg("%lld of %lld us", (long long)ours, (long long)all);
	/* One that came last is watched too. */
	until_quiet(f);
	changes = f->changes;
	snprintf(path, sizeof path, "%s/new4/file", f->dir);
	fclose(fopen(path, "we"));
	until(f, &f->changes, changes + 1);
}

static void
test_no_bwrap(void **state)
{
	struct fixture *f = *state;

	setenv("VIVA_BWRAP", "/nonexistent", 1);
	f->s->ops->start(f->s);
	sh(f, "echo never", (struct exec_spec){ 0 });
	unsetenv("VIVA_BWRAP");
	assert_true(f->exit.infra);
	assert_int_equal(f->state, SANDBOX_FAILED);
	assert_non_null(strstr(f->why, "apt-get install bubblewrap"));
	assert_int_equal(f->out[0].len, 0);
}

/* A bwrap that builds no walls: the helper notices, nothing runs. */
static void
test_no_walls(void **state)
{
	struct fixture *f = *state;
	char path[128];
	FILE *s;

	snprintf(path, sizeof path, "%s/bwrap", f->dir);
	s = fopen(path, "w");
	assert_non_null(s);
	assert_non_null(getenv("VIVA_INIT"));
	fprintf(s, "#!/bin/bash\nwhile [ \"$1\" != -- ]; do shift; done; "
	    "shift 2\nexec \"%s\" \"$@\"\n", getenv("VIVA_INIT"));
	fclose(s);
	snprintf(path, sizeof path, "chmod 755 %s/bwrap", f->dir);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof path, "%s/bwrap", f->dir);
	setenv("VIVA_BWRAP", path, 1);
	f->s->ops->start(f->s);
	sh(f, "echo never", (struct exec_spec){ 0 });
	unsetenv("VIVA_BWRAP");
	assert_true(f->exit.infra);
	assert_int_equal(f->state, SANDBOX_FAILED);
	assert_int_equal(f->out[0].len, 0);
	assert_non_null(strstr(f->why, "no_new_privs"));
}

static void
test_remedies(void **state)
{
	struct remedy_facts f = { .bwrap = true, .init = true,
		.unprivileged_userns = 1, .max_user_namespaces = 100,
		.apparmor_restrict = 1, .said = "x" };
	char why[512];

	(void)state;
	remedy_text(&f, why, sizeof why);
	assert_non_null(strstr(why, "bwrap-userns-restrict"));
	f.apparmor_restrict = 0;
	f.unprivileged_userns = 0;
	remedy_text(&f, why, sizeof why);
	assert_non_null(strstr(why, "kernel.unprivileged_userns_clone=1"));
	f.unprivileged_userns = -1;
	f.max_user_namespaces = 0;
	remedy_text(&f, why, sizeof why);
	assert_non_null(strstr(why, "user.max_user_namespaces"));
	f.max_user_namespaces = 100;
	f.said = "bwrap: Creating new namespace failed: "
	    "Operation not permitted";
	remedy_text(&f, why, sizeof why);
	assert_non_null(strstr(why, "seccomp=unconfined"));
}

static void
test_sheet(void **state)
{
	char text[4096];
	struct err e = { 0 };
	FILE *f = tmpfile();
	size_t n;

	(void)state;
	assert_non_null(f);
	assert_true(sandbox_local_sheet(fileno(f), &e));
	rewind(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	assert_non_null(strstr(text, "yes\tno network\n"));
	if (strstr(text, "NO\t") != NULL)
		fail_msg("%s", text);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_runs), T(test_walls),
		T(test_time), T(test_starved), T(test_limits), T(test_many), T(test_children),
		T(test_hidden_memory), T(test_helper), T(test_helper_limits),
		T(test_bwrap_killed), T(test_mask),
		T(test_mask_of_a_file), T(test_input), T(test_pty),
		T(test_pause_kill), T(test_files), T(test_unreadable),
		T(test_changes), T(test_watch),
		T(test_no_bwrap), T(test_no_walls),
		cmocka_unit_test(test_remedies),
		cmocka_unit_test(test_sheet) };

	if (!machine_has_namespaces())
		return TEST_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
