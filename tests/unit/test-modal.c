#include "config.h"

/* The whole Modal provider against tests/modal/fake-modal. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modal-live.h"

/* ---- turning the loop ---- */

static void
turn_for(int64_t us)
{
	int64_t end = clock_mono(clock_system()) + us;

	while (clock_mono(clock_system()) < end)
		loop_turn(loop, 10000);
}

static uint64_t
shell(struct rig *r)
{
	static const char *const argv[] = { "/bin/bash", "--norc", "-i",
		NULL };
	struct exec_spec spec = { .argv = argv, .pty = true, .rows = 24,
		.cols = 80, .memory_mb = 2048, .file_mb = 256,
		.processes = 256 };
	uint64_t id = r->s->ops->exec(r->s, &spec);

	rig_exec(r, id);
	return id;
}

static void
type(struct rig *r, uint64_t id, uint64_t *at, const char *text)
{
	assert_true(r->s->ops->input(r->s, id, *at, text, strlen(text)));
	*at += strlen(text);
}

static bool
shows(struct rig *r, uint64_t id, const char *text)
{
	struct buf *b = &rig_exec(r, id)->out[0];

	return b->len > 0 && memmem(b->data, b->len, text, strlen(text)) !=
	    NULL;
}

static struct rig_fs *
fs(struct rig *r, enum fs_op op, const char *path, const char *to,
    const char *data, size_t n)
{
	r->fs.done = false;
	r->fs.id = r->s->ops->fs(r->s, op, path, to, data, n);
	UNTIL(r->fs.done);
	return &r->fs;
}

static struct rig_exec *
run(struct rig *r, const struct exec_spec *spec, const char *input)
{
	uint64_t id = r->s->ops->exec(r->s, spec);
	struct rig_exec *x = rig_exec(r, id);

	if (input != NULL)
		assert_true(r->s->ops->input(r->s, id, 0, input,
		    strlen(input)));
	r->s->ops->input_end(r->s, id);
	UNTIL(x->exited);
	return x;
}

static void
drain(void)
{
	UNTIL(!modal_busy(account));
}

/* ---- life ---- */

static int
finish(void **state)
{
	(void)state;
	modal_destroy(account);
	account = NULL;
	modal_config_finish(&config);
	loop_destroy(loop);
	tell("/faults", "{\"clear\": true}");
	tell("/knobs", "{\"delay_ms\": 0, \"refuse_token\": false, "
	    "\"start_secs\": 0, \"access_in_create\": true, "
	    "\"worker_host\": \"\", \"worker_ipv4\": \"\", "
	    "\"sandbox_secs\": 0}");
	return 0;
}

/* ---- tests ---- */

static void
test_shell(void **state)
{
	struct rig r;
	uint64_t id, at = 0;
	struct sandbox_link info;

	(void)state;
	open_account(true, NULL, TOKEN_ID);
	rig_open(&r, loop, account, workspace, false);
	id = shell(&r);
	type(&r, id, &at, "echo he''llo; pwd; stty size\r");
	UNTIL(shows(&r, id, "hello\r\n/workspace\r\n24 80\r\n"));
	UNTIL(r.state == SANDBOX_READY);
	assert_non_null(strstr(r.states.data, "building the image"));
	r.s->ops->resize(r.s, id, 40, 100);
	r.s->ops->resize(r.s, id, 41, 101);
	r.s->ops->resize(r.s, id, 50, 132);
	turn_for(600000);
	type(&r, id, &at, "stty size\r");
	UNTIL(shows(&r, id, "50 132\r\n"));
	r.s->ops->link(r.s, &info);
	assert_true(info.rtt_us > 0);
	assert_int_equal(info.attempt, 0);
	assert_true(info.expires_us > 3600 * 1000000LL);
	type(&r, id, &at, "exit 7\r");
	UNTIL(rig_exec(&r, id)->exited);
	assert_int_equal(rig_exec(&r, id)->x.status, 7);
	assert_false(rig_exec(&r, id)->x.infra);
	assert_false(rig_exec(&r, id)->gap);
	rig_close(&r);
	drain();
}

static void
test_files(void **state)
{
	struct rig r;
	char *big = xmalloc(5 << 20);
	struct rig_fs *f;
	uint64_t id, at = 0;
	unsigned changes;

	(void)state;
	open_account(true, READY_IMAGE, TOKEN_ID);
	rig_open(&r, loop, account, workspace, false);
	f = fs(&r, FS_PUT, "a/b.txt", NULL, "one\n", 4);
	if (!f->ok)
		fail_msg("%s", f->err.msg);
	assert_true(fs(&r, FS_PUT, "empty", NULL, "", 0)->ok);
	assert_true(fs(&r, FS_GET, "a/b.txt", NULL, NULL, 0)->ok);
	assert_string_equal(r.fs.list.data, "one\n");
	assert_true(fs(&r, FS_LIST, NULL, NULL, NULL, 0)->ok);
	assert_string_equal(r.fs.list.data, "a/b.txt 4 644\nempty 0 644\n");
	assert_true(fs(&r, FS_RENAME, "a/b.txt", "c", NULL, 0)->ok);
	assert_false(fs(&r, FS_RENAME, "c", "empty", NULL, 0)->ok);
	assert_int_equal(r.fs.err.code, ERR_EXISTS);
	assert_false(fs(&r, FS_GET, "a/b.txt", NULL, NULL, 0)->ok);
	assert_int_equal(r.fs.err.code, ERR_NOT_FOUND);
	assert_true(fs(&r, FS_REMOVE, "empty", NULL, NULL, 0)->ok);
	assert_true(fs(&r, FS_REMOVE, "a", NULL, NULL, 0)->ok);
	assert_false(fs(&r, FS_PUT, "../x", NULL, "x", 1)->ok);
	assert_false(fs(&r, FS_GET, "/etc/passwd", NULL, NULL, 0)->ok);
	assert_true(fs(&r, FS_TREE, NULL, NULL, NULL, 0)->ok);
	assert_string_equal(r.fs.list.data, "c 4 644 one\n\n");
	for (size_t i = 0; i < 5 << 20; i++)
		big[i] = (char)(i * 7 + i / 251);
	assert_true(fs(&r, FS_PUT, "big", NULL, big, 5 << 20)->ok);
	assert_true(fs(&r, FS_GET, "big", NULL, NULL, 0)->ok);
	assert_int_equal(r.fs.list.len, 5 << 20);
	assert_memory_equal(r.fs.list.data, big, 5 << 20);
	/* Of what is more than is wanted nothing is read. */
	assert_true(fs(&r, FS_GET, "big", NULL, NULL, 5 << 20)->ok);
	assert_false(fs(&r, FS_GET, "big", NULL, NULL, (5 << 20) - 1)->ok);
	assert_int_equal(r.fs.err.code, ERR_LIMIT);
	assert_true(fs(&r, FS_TREE, NULL, NULL, NULL, 0)->ok);
	assert_int_equal(r.fs.skipped, 1);
	assert_string_equal(r.fs.left_out, "big");
	/* What the shell changes is told. */
	turn_for(1000000);
	changes = r.changes;
	id = shell(&r);
	type(&r, id, &at, "echo two >d; mkfifo p; ln -s /etc/passwd l\r");
	UNTIL(r.changes > changes);
	UNTIL(fs(&r, FS_LIST, NULL, NULL, NULL, 0)->ok && r.fs.skipped == 2);
	assert_non_null(strstr(r.fs.list.data, "d 4 644\n"));
	assert_false(fs(&r, FS_GET, "p", NULL, NULL, 0)->ok);
	assert_false(fs(&r, FS_GET, "l", NULL, NULL, 0)->ok);
	rig_close(&r);
	drain();
	free(big);
}

/* What is saved is on the volume when the sandbox has ended. */
static void
test_volume(void **state)
{
	struct sandbox_link info;
	struct rig r;

	(void)state;
	open_account(true, READY_IMAGE, TOKEN_ID);
	rig_open(&r, loop, account, workspace, false);
	assert_true(fs(&r, FS_PUT, "kept", NULL, "1", 1)->ok);
	r.s->ops->link(r.s, &info);
	assert_true(info.unsynced);
	UNTIL((r.s->ops->link(r.s, &info), !info.unsynced));
	assert_string_equal(info.sync_error, "");
	assert_true(fs(&r, FS_PUT, "last", NULL, "2", 1)->ok);
	rig_close(&r);
	drain();
	rig_open(&r, loop, account, workspace, false);
	assert_true(fs(&r, FS_LIST, NULL, NULL, NULL, 0)->ok);
	assert_string_equal(r.fs.list.data, "kept 1 644\nlast 1 644\n");
	tell("/knobs", "{\"volume_full\": true}");
	assert_true(fs(&r, FS_PUT, "more", NULL, "3", 1)->ok);
	UNTIL((r.s->ops->link(r.s, &info), info.sync_error[0] != '\0'));
	assert_true(info.unsynced);
	tell("/knobs", "{\"volume_full\": false}");
	rig_close(&r);
	drain();
}

/* With the program as solution.py. */
static void
open_judge(struct rig *r, const char *program)
{
	open_account(true, READY_IMAGE, TOKEN_ID);
	rig_open(r, loop, account, workspace, true);
	assert_true(fs(r, FS_PUT, "solution.py", NULL, program,
	    strlen(program))->ok);
}

static void
test_judge(void **state)
{
	static const char program[] = "import sys, os\n"
	    "n = int(input())\n"
	    "print(n * 2)\n"
	    "print('err', file=sys.stderr)\n"
	    "if n == 1: sys.exit(3)\n"
	    "if n == 2: os.kill(os.getpid(), 11)\n"
	    "if n == 3:\n  while True: pass\n"
	    "if n == 4:\n  import time; time.sleep(60)\n"
	    "if n == 5: x = bytearray(1 << 30)\n"
	    "if n == 6:\n  while True: print('x' * 1000)\n"
	    "if n == 7:\n"
	    "  open('../../tmp/' + 'f', 'w').write('x' * (3 << 20))\n"
	    "if n == 8:\n"
	    "  import time\n  while time.process_time() < 1.5: pass\n"
	    "if n == 9:\n"
	    "  for i in range(3): os.fork()\n"
	    "  while True: pass\n";
	static const char *const argv[] = { "/usr/bin/python3", "solution.py",
		NULL };
	static const char *const none[] = { "/usr/bin/nothing", NULL };
	struct exec_spec spec = { .argv = argv, .read_only = true,
		.cpu_ms = 1000, .asleep_ms = 60000, .memory_mb = 256,
		.file_mb = 1, .processes = 64, .output_max = 65536 };
	struct rig_exec *x;
	struct rig r;

	(void)state;
	open_judge(&r, program);
	x = run(&r, &spec, "21\n");
	if (x->x.infra)
		fail_msg("%s", x->x.why);
	assert_int_equal(x->x.status, 0);
	assert_string_equal(buf_str(&x->out[0]), "42\n");
	assert_string_equal(buf_str(&x->out[1]), "err\n");
	assert_true(x->x.cpu_us > 1000 && x->x.memory_kb > 1000);
	assert_false(x->x.timed_out || x->x.memory_limit);
	x = run(&r, &spec, "1\n");
	assert_int_equal(x->x.status, 3);
	x = run(&r, &spec, "2\n");
	assert_int_equal(x->x.status, -SIGSEGV);
	x = run(&r, &spec, "3\n");
	assert_true(x->x.timed_out && x->x.cpu_us > 900000);
	spec.asleep_ms = 2000; /* it uses no other time */
	x = run(&r, &spec, "4\n");
	assert_true(x->x.timed_out && x->x.cpu_us < 900000);
	assert_int_equal(x->x.status, -SIGKILL);
	/* Its time is not time asleep, and that of all is one. */
	spec.cpu_ms = 5000;
	x = run(&r, &spec, "8\n");
	assert_true(x->x.status == 0 && !x->x.timed_out);
	spec.cpu_ms = 300;
	x = run(&r, &spec, "9\n");
	assert_int_equal(x->x.status, -SIGKILL);
	assert_true(x->x.timed_out);
	assert_in_range(x->x.cpu_us, 1300000, 7000000);
	spec.cpu_ms = 1000;
	spec.asleep_ms = 60000;
	x = run(&r, &spec, "5\n");
	assert_true(x->x.status != 0);
	assert_non_null(strstr(buf_str(&x->out[1]), "MemoryError"));
	x = run(&r, &spec, "6\n");
	assert_true(x->x.output_limit);
	assert_int_equal(x->out[0].len, 65536);
	x = run(&r, &spec, "7\n");
	assert_true(x->x.status != 0);
	spec.argv = none;
	x = run(&r, &spec, NULL);
	assert_int_equal(x->x.status, 127);
	assert_memory_equal(buf_str(&x->out[1]), "/usr/bin/nothing: ", 18);
	rig_close(&r);
	drain();
}

/* Time and memory that are no process's own when it ends. */
static void
test_judge_tricks(void **state)
{
	static const char program[] = "import ctypes, mmap, os, signal, sys\n"
	    "import time\n"
	    "n = int(input())\n"
	    "def spin():\n"
	    "  while time.process_time() < 0.6: pass\n"
	    "r, w = os.pipe()\n"
	    "if n == 1:\n"
	    "  try: signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
	    "  except PermissionError: pass\n"
	    "  if os.fork() == 0: spin(); os._exit(0)\n"
	    "if n == 2 and os.fork() == 0:\n"
	    "  if os.fork() == 0: spin(); os.write(w, b'x')\n"
	    "  else: os._exit(0)\n"
	    "  time.sleep(100)\n"
	    "if n < 3: os.close(w); os.read(r, 1)\n"
	    "if n == 3:\n"
	    "  c = ctypes.CDLL(None)\n"
	    "  try: os.memfd_create('x'); print('memfd')\n"
	    "  except OSError: print('none')\n"
	    "  print(c.shmget(0, 4096, 0o1600))\n"
	    "if n == 4:\n"
	    "  m = mmap.mmap(-1, 200 << 20)\n"
	    "  for i in range(199): m.write(bytes(1 << 20))\n"
	    "if n == 5: print(signal.getsignal(signal.SIGCHLD) ==\n"
	    "    signal.SIG_DFL, os.waitpid(os.spawnlp(os.P_NOWAIT, 'true',\n"
	    "    'true'), 0)[1])\n";
	static const char *const argv[] = { "/usr/bin/python3", "solution.py",
		NULL };
	struct exec_spec spec = { .argv = argv, .read_only = true,
		.cpu_ms = 400, .asleep_ms = 30000, .memory_mb = 64,
		.file_mb = 1, .processes = 64, .output_max = 65536 };
	struct rig_exec *x;
	struct rig r;

	(void)state;
	open_judge(&r, program);
	for (int n = 1; n <= 2; n++) {
		x = run(&r, &spec, n == 1 ? "1\n" : "2\n");
		if (x->x.infra)
			fail_msg("%s", x->x.why);
		assert_int_equal(x->x.status, 0);
		assert_true(x->x.cpu_us > 500000);
		assert_true(x->x.timed_out);
	}
	x = run(&r, &spec, "3\n");
	assert_string_equal(buf_str(&x->out[0]), "none\n-1\n");
	assert_false(x->x.memory_limit);
	/* Memory that is new to the machine costs it time. */
	spec.cpu_ms = 10000;
	x = run(&r, &spec, "4\n");
	assert_int_equal(x->x.status, 0);
	assert_true(x->x.memory_limit);
	/* What is honest is let through. */
	x = run(&r, &spec, "5\n");
	assert_string_equal(buf_str(&x->out[0]), "True 0\n");
	assert_int_equal(x->x.status, 0);
	assert_false(x->x.timed_out || x->x.memory_limit);
	rig_close(&r);
	drain();
}

static void
test_kill(void **state)
{
	static const char *const argv[] = { "/bin/sleep", "100", NULL };
	struct exec_spec spec = { .argv = argv };
	struct rig_exec *x;
	struct rig r;
	uint64_t id;

	(void)state;
	open_account(true, READY_IMAGE, TOKEN_ID);
	rig_open(&r, loop, account, workspace, true);
	id = r.s->ops->exec(r.s, &spec);
	x = rig_exec(&r, id);
	UNTIL(r.state == SANDBOX_READY);
	r.s->ops->kill(r.s, id);
	UNTIL(x->exited);
	assert_true(x->x.killed && !x->x.infra);
	assert_int_equal(x->x.status, -SIGKILL);
	id = shell(&r);
	x = rig_exec(&r, id);
	UNTIL(x->out[0].len > 0);
	r.s->ops->kill(r.s, id);
	UNTIL(x->exited);
	assert_true(x->x.killed);
	/* Before it has begun. */
	id = r.s->ops->exec(r.s, &spec);
	r.s->ops->stop(r.s);
	UNTIL(r.state == SANDBOX_STOPPED);
	assert_true(rig_exec(&r, id)->exited);
	rig_close(&r);
	drain();
	assert_non_null(strstr(tell("/state", NULL), "sandboxes"));
}

/* ---- breaks ---- */

static unsigned seed = 1;

static unsigned
dice(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void
misfortune(void)
{
	static const char *const orders[] = {
		"{\"action\": \"reset\"}",
		"{\"action\": \"reset\", \"which\": \"router\", "
		    "\"after_bytes\": 200}",
		"{\"action\": \"goaway\"}",
		"{\"action\": \"goaway-hard\", \"which\": \"router\"}",
		"{\"action\": \"rst-stream\", \"which\": \"router\"}",
		"{\"action\": \"stall\", \"secs\": 0.1}",
		"{\"action\": \"refuse\", \"secs\": 0.05, "
		    "\"which\": \"router\"}" };
	static const char *const faults[] = {
		"{\"rpc\": \"TaskExecStdinWrite\"}",
		"{\"rpc\": \"TaskExecStdinWrite\", \"after\": true}",
		"{\"rpc\": \"TaskExecStdioRead\", \"after_bytes\": 11}",
		"{\"rpc\": \"TaskExecWait\", \"code\": \"INTERNAL\"}" };
	unsigned n = dice((unsigned)(ARRAY_LEN(orders) + ARRAY_LEN(faults)));

	if (n < ARRAY_LEN(orders))
		tell("/net", orders[n]);
	else
		tell("/faults", faults[n - ARRAY_LEN(orders)]);
}

/* What is typed and what is said, each line numbered. */
static void
test_breaks(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c",
		"stty -echo; i=0; while read -r l; do "
		"echo \"$i:$l\"; i=$((i+1)); done", NULL };
	const char *count = getenv("VIVA_BREAKS");
	unsigned breaks = count != NULL ? (unsigned)atoi(count) : 40;
	struct exec_spec spec = { .argv = argv, .pty = true, .rows = 24,
		.cols = 80 };
	struct buf want = { 0 };
	struct rig_exec *x;
	char line[80];
	struct rig r;
	uint64_t id, at = 0;

	(void)state;
	open_account(true, READY_IMAGE, TOKEN_ID);
	rig_open(&r, loop, account, workspace, false);
	id = r.s->ops->exec(r.s, &spec);
	x = rig_exec(&r, id);
	UNTIL(r.state == SANDBOX_READY);
	turn_for(200000); /* the echo is off */
	for (unsigned i = 0; i < breaks; i++) {
		for (int k = 0; k < 3; k++) {
			snprintf(line, sizeof line, "%u-%d abcdefghijklmnop",
			    i, k);
			buf_addf(&want, "%u:%s\r\n", i * 3 + (unsigned)k,
			    line);
			type(&r, id, &at, line);
			type(&r, id, &at, "\n");
			if (k == 1)
				misfortune();
			turn_for((int64_t)dice(8000));
		}
	}
	tell("/faults", "{\"clear\": true}");
	UNTIL(x->out[0].len >= want.len);
	turn_for(200000);
	assert_false(x->gap);
	assert_int_equal(x->out[0].len, want.len);
	assert_memory_equal(x->out[0].data, want.data, want.len);
	UNTIL(r.state == SANDBOX_READY);
	type(&r, id, &at, "\004");
	UNTIL(x->exited);
	assert_int_equal(x->x.status, 0);
	assert_false(x->x.infra);
	print_message("%u breaks, %u told as retrying\n", breaks, r.retries);
	rig_close(&r);
	drain();
	buf_free(&want);
}

/* While the way is shut what is typed is kept and said to be pending. */
static void
test_offline(void **state)
{
	struct sandbox_link info;
	struct rig r;
	uint64_t id, at = 0;

	(void)state;
	open_account(true, READY_IMAGE, TOKEN_ID);
	rig_open(&r, loop, account, workspace, false);
	id = shell(&r);
	type(&r, id, &at, "echo b''egin\r");
	UNTIL(shows(&r, id, "begin\r\n"));
	tell("/net", "{\"action\": \"refuse\", \"secs\": 1.5}");
	type(&r, id, &at, "echo of''fline\r");
	UNTIL(r.state == SANDBOX_RETRYING);
	type(&r, id, &at, "echo se''cond\r");
	r.s->ops->link(r.s, &info);
	assert_true(info.pending >= 15);
	assert_true(info.attempt > 0 && info.attempt <= info.attempts);
	assert_true(info.retry_us >= 0);
	UNTIL(shows(&r, id, "offline\r\n") && shows(&r, id, "second\r\n"));
	UNTIL(r.state == SANDBOX_READY);
	UNTIL((r.s->ops->link(r.s, &info), info.pending == 0));
	assert_false(rig_exec(&r, id)->gap);
	rig_close(&r);
	drain();
}

/* ---- keys ---- */

static void
test_expired(void **state)
{
	struct rig r;
	uint64_t id, at = 0;

	(void)state;
	open_account(true, READY_IMAGE, TOKEN_ID);
	rig_open(&r, loop, account, workspace, false);
	id = shell(&r);
	type(&r, id, &at, "echo b''egin\r");
	UNTIL(shows(&r, id, "begin\r\n"));
	tell("/expire", "{\"kind\": \"router\"}");
	tell("/expire", "{\"kind\": \"auth\"}");
	type(&r, id, &at, "echo af''ter\r");
	UNTIL(shows(&r, id, "after\r\n"));
	tell("/expire", "{\"kind\": \"router\"}");
	tell("/net", "{\"action\": \"reset\"}");
	type(&r, id, &at, "echo fi''nal\r");
	UNTIL(shows(&r, id, "final\r\n"));
	UNTIL(r.state == SANDBOX_READY);
	assert_true(fs(&r, FS_LIST, NULL, NULL, NULL, 0)->ok);
	rig_close(&r);
	drain();
}

static void
test_refused(void **state)
{
	struct rig r;
	uint64_t id;

	(void)state;
	tell("/knobs", "{\"refuse_token\": true}");
	open_account(true, READY_IMAGE, TOKEN_ID);
	rig_open(&r, loop, account, workspace, false);
	id = shell(&r);
	UNTIL(r.state == SANDBOX_FAILED);
	assert_non_null(strstr(r.why, "modal.com/settings/tokens"));
	assert_true(rig_exec(&r, id)->exited);
	assert_true(rig_exec(&r, id)->x.infra);
	rig_close(&r);
	drain();
}

/* ---- over there ---- */

static void
test_ended(void **state)
{
	static const char *const actions[] = { "timeout", "idle",
		"terminate", "crash" };
	char order[160];
	struct rig r;
	uint64_t id;

	(void)state;
	open_account(true, READY_IMAGE, TOKEN_ID);
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		snprintf(workspace, sizeof workspace, "/x/e%zu-%d/q", i,
		    (int)getpid());
		rig_open(&r, loop, account, workspace, false);
		id = shell(&r);
		UNTIL(rig_exec(&r, id)->out[0].len > 0);
		snprintf(order, sizeof order, "{\"action\": \"%s\", "
		    "\"name\": \"viva-e%zu-%d-q\"}", actions[i], i,
		    (int)getpid());
		tell("/sandbox", order);
		UNTIL(r.state == SANDBOX_FAILED);
		assert_true(rig_exec(&r, id)->exited);
		assert_true(rig_exec(&r, id)->x.infra);
		assert_non_null(strstr(r.why, "volume"));
		print_message("%s: %s\n", actions[i], r.why);
		rig_close(&r);
		drain();
	}
}

/* As when viva was killed and starts again. */
static void
test_attach(void **state)
{
	struct modal *again;
	struct rig r, second;
	struct err e = { 0 };
	uint64_t id, at = 0;

	(void)state;
	open_account(true, READY_IMAGE, TOKEN_ID);
	rig_open(&r, loop, account, workspace, false);
	id = shell(&r);
	type(&r, id, &at, "echo x >/tmp/left; echo ma''de\r");
	UNTIL(shows(&r, id, "made\r\n"));
	again = modal_create(loop, &config, &options, &e);
	assert_non_null(again);
	rig_open(&second, loop, again, workspace, false);
	id = shell(&second);
	at = 0;
	type(&second, id, &at, "cat /tmp/left; echo th''ere\r");
	UNTIL(shows(&second, id, "x\r\nthere\r\n"));
	rig_close(&second);
	UNTIL(!modal_busy(again));
	modal_destroy(again);
	UNTIL(r.state == SANDBOX_FAILED);
	rig_close(&r);
	drain();
}

static void
test_v1(void **state)
{
	static const char *const argv[] = { "/bin/cat", NULL };
	struct exec_spec spec = { .argv = argv, .asleep_ms = 5000 };
	struct rig_exec *x;
	struct rig r;
	uint64_t id, at = 0;

	(void)state;
	open_account(false, READY_IMAGE, TOKEN_ID);
	tell("/knobs", "{\"start_secs\": 0.6}");
	rig_open(&r, loop, account, workspace, false);
	id = shell(&r);
	type(&r, id, &at, "echo v''1\r");
	UNTIL(shows(&r, id, "v1\r\n"));
	x = run(&r, &spec, "through and through");
	assert_string_equal(buf_str(&x->out[0]), "through and through");
	tell("/expire", "{\"kind\": \"router\"}");
	type(&r, id, &at, "echo v''2\r");
	UNTIL(shows(&r, id, "v2\r\n"));
	rig_close(&r);
	drain();
	assert_non_null(strstr(tell("/log", NULL), "\"SandboxCreate\""));
}

/* ---- the account ---- */

struct listed {
	char ids[40][80];
	size_t n;
	bool done;
	struct err err;
};

static void
on_item(void *user, const struct modal_item *i)
{
	struct listed *l = user;

	assert_true(l->n < ARRAY_LEN(l->ids));
	snprintf(l->ids[l->n++], sizeof l->ids[0], "%s", i->id);
	assert_true(i->created > 1000000);
}

static void
on_listed(void *user, const struct err *e)
{
	struct listed *l = user;

	l->done = true;
	if (e != NULL) {
		l->err = *e;
		buf_addf(&rig_words, "%s\n", e->msg);
	}
}

static const struct modal_list_watch list_watch = { on_item, on_listed };

static void
on_checked(void *user, const char *text, const struct err *e)
{
	struct listed *l = user;

	l->done = true;
	assert_null(e);
	assert_memory_equal(text, "workspace ", 10);
}

static void
list(struct listed *l, bool volumes)
{
	memset(l, 0, sizeof *l);
	if (volumes)
		modal_list_volumes(account, &list_watch, l);
	else
		modal_list_sandboxes(account, &list_watch, l);
	UNTIL(l->done);
	assert_int_equal(l->err.code, ERR_NONE);
}

static void
test_lists(void **state)
{
	struct listed l = { .n = 0 };
	struct rig r;
	uint64_t id;

	(void)state;
	open_account(true, READY_IMAGE, TOKEN_ID);
	modal_check(account, on_checked, &l);
	UNTIL(l.done);
	list(&l, true);
	for (size_t i = 0; i < l.n; i++) {
		struct listed one = { .n = 0 };

		modal_delete_volume(account, l.ids[i], on_listed, &one);
		UNTIL(one.done);
		assert_int_equal(one.err.code, ERR_NONE);
	}
	rig_open(&r, loop, account, workspace, false);
	id = shell(&r);
	UNTIL(rig_exec(&r, id)->out[0].len > 0);
	list(&l, true);
	assert_int_equal(l.n, 1);
	list(&l, false);
	assert_true(l.n >= 1);
	for (size_t i = 0; i < l.n; i++) {
		struct listed one = { .n = 0 };

		modal_end_sandbox(account, l.ids[i], on_listed, &one);
		UNTIL(one.done);
	}
	UNTIL(r.state == SANDBOX_FAILED);
	list(&l, false);
	assert_int_equal(l.n, 0);
	rig_close(&r);
	drain();
}

/* A volume of somebody else's is not deleted, whoever asks. */
static void
test_foreign_volume(void **state)
{
	struct listed l = { .n = 0 }, one = { .n = 0 };
	struct rig r;

	(void)state;
	open_account(true, READY_IMAGE, TOKEN_ID);
	rig_open(&r, loop, account, workspace, false);
	assert_true(fs(&r, FS_LIST, NULL, NULL, NULL, 0)->ok);
	rig_close(&r);
	drain();
	list(&l, true);
	assert_true(l.n >= 1);
	free(config.volume_namespace);
	config.volume_namespace = xstrdup("other");
	modal_delete_volume(account, l.ids[0], on_listed, &one);
	UNTIL(one.done);
	assert_int_equal(one.err.code, ERR_INVALID);
	list(&one, true);
	assert_int_equal(one.n, 0);
}

/* ---- the image's id, kept ---- */

static void
start_again(void)
{
	static const char *const argv[] = { "/bin/true", NULL };
	struct exec_spec spec = { .argv = argv, .asleep_ms = 20000,
		.memory_mb = 256, .file_mb = 16, .processes = 16,
		.output_max = 4096 };
	struct rig r;

	open_account(true, NULL, TOKEN_ID);
	rig_open(&r, loop, account, workspace, true);
	assert_int_equal(run(&r, &spec, NULL)->x.status, 0);
	assert_null(strstr(r.states.data, "retrying"));
	rig_close(&r);
	drain();
	finish(NULL);
}

/* A second run does not ask for the image, and one whose image is gone does,
 * without a word. */
static void
test_kept(void **state)
{
	char dir[] = "/tmp/viva-kept-XXXXXX", path[60];
	struct buf text = { 0 };
	char *id;
	long asked;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	keep_dir = dir;
	start_again();
	asked = fakemodal_count(fake, "ImageGetOrCreate");
	start_again();
	assert_int_equal(fakemodal_count(fake, "ImageGetOrCreate"), asked);
	snprintf(path, sizeof path, "%s/images", dir);
	assert_true(hunt_slurp(path, &text));
	id = strstr(text.data, " im-");
	assert_non_null(id);
	memset(id + 4, '9', 22);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text.data, f);
	fclose(f);
	start_again();
	assert_int_equal(fakemodal_count(fake, "ImageGetOrCreate"), asked + 1);
	keep_dir = NULL;
	buf_free(&text);
	unlink(path);
	rmdir(dir);
}

/* ---- no secret anywhere ---- */

static int
begin_last(void **state)
{
	(void)state;
	return 0;
}

static void
test_secrets(void **state)
{
	static const char *const words[] = { TOKEN_SECRET, TOKEN_ID, FAKE_JWT,
		NULL };
	struct buf record = { 0 };

	(void)state;
	assert_true(hunt_slurp(fakemodal_record(fake), &record));
	hunt_bytes("the record", record.data, record.len, words);
	assert_true(rig_words.len > 1000);
	hunt_bytes("what was told", rig_words.data, rig_words.len, words);
	buf_free(&record);
}

/* An access may tell where the worker is: that is tried first, with the name
 * in its certificate, and then what the name says. */
static void
test_worker_address(void **state)
{
	static const struct {
		const char *host, *ipv4;
	} workers[] = {
		{ "worker.invalid", "127.0.0.1" },
		{ "localhost", "127.0.0.77" }, /* nobody is there */
		{ "localhost", "127.0.0.1:1" }, { "localhost", "1.2.3" } };
	char knobs[200];
	struct rig r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
		if (i > 0)
			finish(NULL);
		snprintf(knobs, sizeof knobs, "{\"access_in_create\": false, "
		    "\"worker_host\": \"%s\", \"worker_ipv4\": \"%s\"}",
		    workers[i].host, workers[i].ipv4);
		tell("/knobs", knobs);
		open_account(true, READY_IMAGE, TOKEN_ID);
		rig_open(&r, loop, account, workspace, false);
		r.fs.id = r.s->ops->fs(r.s, FS_PUT, "a", NULL, "abc", 3);
		UNTIL(r.fs.done || r.retries > 0);
		if (!r.fs.ok || r.retries > 0)
			fail_msg("%s at %s: %s", workers[i].host,
			    workers[i].ipv4, buf_str(&r.states));
		rig_close(&r);
		drain();
	}
}

static int
all(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_shell, finish),
		cmocka_unit_test_teardown(test_worker_address, finish),
		cmocka_unit_test_teardown(test_files, finish),
		cmocka_unit_test_teardown(test_volume, finish),
		cmocka_unit_test_teardown(test_judge, finish),
		cmocka_unit_test_teardown(test_judge_tricks, finish),
		cmocka_unit_test_teardown(test_kill, finish),
		cmocka_unit_test_teardown(test_breaks, finish),
		cmocka_unit_test_teardown(test_offline, finish),
		cmocka_unit_test_teardown(test_expired, finish),
		cmocka_unit_test_teardown(test_refused, finish),
		cmocka_unit_test_teardown(test_ended, finish),
		cmocka_unit_test_teardown(test_attach, finish),
		cmocka_unit_test_teardown(test_v1, finish),
		cmocka_unit_test_teardown(test_lists, finish),
		cmocka_unit_test_teardown(test_foreign_volume, finish),
		cmocka_unit_test(test_kept),
		cmocka_unit_test_setup(test_secrets, begin_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(int argc, char **argv)
{
	static const char *const knobs[] = { "build_secs=0.3", NULL };

	return run_all(argc, argv, knobs, all);
}
