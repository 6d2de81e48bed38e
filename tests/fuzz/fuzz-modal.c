#include "config.h"

/*
 * The Modal provider against a server that answers what the input says: a
 * good answer, any bytes in the place of a message, a good one with bytes
 * changed, a status, a cut.  Each answer takes one record, a byte for what and
 * one for how many bytes follow; after the last all are good.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/modal-internal.h"
#include "tests/support/fakecontrol.h"
#include "tests/support/fakewire.h"

#define TURNS 3000
#define ANSWERS_MAX 400

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct loop *loop;
static const uint8_t *input;
static size_t left, answers;
static struct clock_fake now;

static int
jump(struct waiter *w, struct pollfd *fds, int n, int64_t us)
{
	(void)w;
	(void)fds;
	(void)n;
	clock_fake_advance(&now, us < 0 ? 1000000 : us);
	return 0;
}

static struct waiter waiter = { jump };

/* ---- good answers ---- */

static void
good(const char *rpc, struct buf *out)
{
	static char said[] = "F 420 3 1\nabcdE 0\n";
	ROUTER(TaskExecStdioReadResponse) data = ROUTER_INIT(
	    TASK_EXEC_STDIO_READ_RESPONSE);
	ROUTER(TaskExecWaitResponse) code = ROUTER_INIT(
	    TASK_EXEC_WAIT_RESPONSE);
	const void *control = control_says(rpc);

	data.data.data = (uint8_t *)said;
	data.data.len = sizeof said - 1;
	code.exit_status_case = EXIT_STATUS(CODE);
	if (strcmp(rpc, "TaskExecStdioRead") == 0)
		wire_pack(&data.base, out);
	else if (strcmp(rpc, "TaskExecWait") == 0)
		wire_pack(&code.base, out);
	else if (control != NULL)
		wire_pack(control, out);
}

enum { REPLACED = 1, REPLACED_TOO, CHANGED, SILENT, BROKEN };

/* The next piece of the input: what is to happen, a length, that many
 * bytes. */
struct piece {
	unsigned what;
	const uint8_t *p;
	size_t n;
};

static struct piece
next_piece(void)
{
	struct piece k = { 0 };

	if (left > 1) {
		k = (struct piece){ input[0] % 8, input + 2, input[1] };
		input += 2;
		left -= 2;
	} else {
		left = 0;
	}
	if (k.n > left)
		k.n = left;
	input += k.n;
	left -= k.n;
	return k;
}

static void
spoil(const struct piece *k, struct buf *b)
{
	if (k->what == REPLACED || k->what == REPLACED_TOO) {
		buf_clear(b);
		buf_add(b, k->p, k->n);
	}
	for (size_t i = 0; k->what == CHANGED && i + 1 < k->n && b->len > 0;
	    i += 2)
		b->data[k->p[i] % b->len] = (char)k->p[i + 1];
}

static void
arrive(void *user)
{
	struct wire_exchange *x = user;
	struct piece k = next_piece();
	struct buf b = { 0 };

	x->timer = NULL;
	wire_head(x);
	good(x->rpc, &b);
	spoil(&k, &b);
	if (k.what != SILENT)
		wire_bytes(x, buf_str(&b), b.len, SIZE_MAX);
	buf_free(&b);
	if (k.what == BROKEN) {
		wire_cut(x);
	} else if (k.what == SILENT || ++answers > ANSWERS_MAX) {
		wire_line(x, "grpc-message: as the fuzzer wants it\r\n");
		wire_close(x, (int)(k.n % 17));
	} else {
		wire_close(x, 0);
	}
}

static void
wire_asked(struct wire_exchange *x)
{
	x->timer = loop_timer_add(loop, 1000, arrive, x);
}

/* ---- the session ---- */

static void
on_state(void *user, enum sandbox_state st, const char *why)
{
	(void)user;
	if (st == SANDBOX_FAILED && (why == NULL || why[0] == '\0'))
		abort(); /* what to do must be said */
	if (why != NULL && strstr(why, "as-secret") != NULL)
		abort();
}

static uint64_t said[2];

static void
on_output(void *user, uint64_t exec, enum sandbox_stream st, uint64_t offset,
    const char *p, size_t n)
{
	(void)user;
	(void)p;
	if (exec == 1 && st == SANDBOX_STDOUT && offset != said[0])
		abort();
	if (exec == 1 && st == SANDBOX_STDOUT)
		said[0] += n;
}

static void
on_exited(void *user, uint64_t exec, const struct sandbox_exit *x)
{
	(void)user;
	(void)exec;
	if (x->infra && x->why[0] == '\0')
		abort();
}

static void
on_fs(void *user, uint64_t request, const struct fs_result *r)
{
	(void)user;
	(void)request;
	for (size_t i = 0; i < r->nfiles; i++)
		if (r->files[i].path[0] == '\0' || r->files[i].path[0] == '/')
			abort();
	if (!r->ok && r->err.msg[0] == '\0')
		abort();
}

static void
on_changed(void *user)
{
	(void)user;
}

static const struct sandbox_watch watch = { on_state, on_output, on_exited,
	on_fs, on_changed };

static void
turn(unsigned n)
{
	while (n-- > 0)
		loop_turn(loop, 1000000);
}

static void
session(struct modal *m, bool judge)
{
	static const char *const argv[] = { "/bin/sh", NULL };
	struct sandbox_spec spec = { .workspace = "/a/b", .user = "candidate",
		.judge = judge };
	struct exec_spec pty = { .argv = argv, .pty = true, .rows = 24,
		.cols = 80 }, program = { .argv = argv, .output_max = 10,
		.asleep_ms = 1000, .memory_mb = 10 };
	struct sandbox *s = modal_sandbox(m, &spec, &watch, NULL);
	uint64_t id;

	said[0] = 0;
	s->ops->start(s);
	id = s->ops->exec(s, &pty);
	s->ops->input(s, id, 0, "abc", 3);
	s->ops->exec(s, &program);
	s->ops->fs(s, FS_LIST, NULL, NULL, NULL, 0);
	s->ops->fs(s, FS_GET, "x", NULL, NULL, 0);
	s->ops->fs(s, FS_PUT, "x", NULL, "y", 1);
	s->ops->fs(s, FS_TREE, NULL, NULL, NULL, 0);
	turn(30);
	s->ops->resize(s, id, 30, 90);
	s->ops->input(s, id, 3, "def", 3);
	turn(200);
	s->ops->kill(s, id);
	turn(300);
	s->ops->destroy(s);
	for (unsigned i = 0; modal_busy(m) && i < TURNS; i++)
		loop_turn(loop, 1000000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char text[] = "[t]\nactive = true\ntoken_id = \"ak-1\"\n"
	    "token_secret = \"as-secret\"\nserver_url = \"https://control\"\n";
	struct modal_config config;
	struct modal_options options;
	struct err e = { 0 };
	struct modal *m;

	if (!modal_config_parse(&config, "m", text, sizeof text - 1, &e))
		abort();
	control_words.token = "eyJ.eyJleHAiOjE3MDAwMDM2MDB9.x";
	control_words.sandbox = "01SANDBOX";
	control_words.builds = true;
	clock_fake_init(&now, 1000000, 1700000000000);
	loop = loop_create(&now.base, &waiter);
	modal_options_init(&options);
	m = modal_create_on(loop, &config, &options, fakewire_dial, NULL, &e);
	if (m == NULL)
		abort();
	input = data;
	left = n;
	answers = 0;
	session(m, false);
	session(m, true);
	modal_destroy(m);
	while (wire_open != NULL)
		wire_forget(wire_open);
	loop_destroy(loop);
	modal_config_finish(&config);
	return 0;
}
