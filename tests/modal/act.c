#include "config.h"

/*
 * The act of conformance/act.mjs with viva's own provider, for a recording of
 * its requests to compare and for the time from nothing to a prompt:
 *
 *	fake-modal --record F -- act
 *
 * Prints the milliseconds until the shell's first output and until the end.
 * ACT_BEGAN: as in act.mjs.
 * ACT_KEEP: a directory where the image's id is kept for a later run.
 * ACT_MORE instead: another one, of what the first has not: a sandbox with an
 * ephemeral volume and some of the network, found by its name, and listed.
 * ACT_OUTPUT=BYTES instead: the speed of so much of a program's output.
 * ACT_PUT=BYTES: the time of a file to the volume, without a sandbox; the
 * fake then has an image that takes long to build.  ACT_SAVE=BYTES: the time
 * of one into the sandbox.  The file is on the disk.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sandbox/modal.h"
#include "tests/modal/peak.h"
#include "tests/support/patience.h"

#define TEXT "print(42)\n"

static struct {
	struct loop *loop;
	struct sandbox *s;
	enum sandbox_state state;
	uint64_t shell, program, request;
	struct buf seen; /* of the shell */
	uint64_t bytes;	 /* of the program */
	bool shell_over, program_over, saved, listed;
	int shell_status, program_status;
} act;

static void
state(void *user, enum sandbox_state st, const char *why)
{
	(void)user;
	act.state = st;
	if (st == SANDBOX_FAILED) {
		fprintf(stderr, "act: the sandbox failed: %s\n", why);
		exit(1);
	}
}

static void
output(void *user, uint64_t id, enum sandbox_stream st, uint64_t offset,
    const char *p, size_t n)
{
	(void)user;
	(void)st;
	(void)offset;
	if (id == act.shell)
		buf_add(&act.seen, p, n);
	else
		act.bytes += n;
}

static void
exited(void *user, uint64_t id, const struct sandbox_exit *x)
{
	(void)user;
	if (x->infra)
		fprintf(stderr, "act: %s\n", x->why);
	if (id == act.shell) {
		act.shell_over = true;
		act.shell_status = x->status;
	} else {
		act.program_over = true;
		act.program_status = x->status;
	}
}

static void
fs_done(void *user, uint64_t request, const struct fs_result *r)
{
	(void)user;
	if (request != act.request)
		return;
	if (!r->ok)
		fprintf(stderr, "act: %s\n", r->err.msg);
	act.saved = r->ok;
}

static void
changed(void *user)
{
	(void)user;
}

static const struct sandbox_watch watch = { state, output, exited, fs_done,
	changed };

static bool
shows(const char *text)
{
	return act.seen.len > 0 && memmem(act.seen.data, act.seen.len, text,
	    strlen(text)) != NULL;
}

#define UNTIL(cond)                                                      \
	for (int64_t end_ = clock_mono(clock_system()) + PATIENCE_US;    \
	    !(cond); loop_turn(act.loop, 100000))                        \
		if (clock_mono(clock_system()) > end_) {                 \
			fprintf(stderr, "act: never: %s\n", #cond);      \
			exit(1);                                         \
		}

static uint64_t
begin(const char *const *argv, bool pty)
{
	struct exec_spec spec = { .argv = argv, .pty = pty, .rows = 24,
		.cols = 80 };

	return act.s->ops->exec(act.s, &spec);
}

static void
say(const char *text, uint64_t *at)
{
	if (!act.s->ops->input(act.s, act.shell, *at, text, strlen(text)))
		exit(1);
	*at += strlen(text);
}

/* As conformance/speed.mjs does it: there has been a program before, and it is
 * over with the last byte. */
static void
speed(const char *size)
{
	const char *const argv[] = { "/__modal/.bin/fake-counter", size,
		NULL };
	static const char *const first[] = { "true", NULL };
	unsigned long long n = strtoull(size, NULL, 10);
	int64_t began;

	UNTIL(act.state == SANDBOX_READY);
	act.program = begin(first, false);
	UNTIL(act.program_over);
	act.program_over = false;
	act.bytes = 0;
	began = clock_mono(clock_system());
	act.program = begin(argv, true);
	UNTIL(act.bytes >= n);
	printf("{\"output_mb_s\":%.0f,", (double)act.bytes /
	    (double)(clock_mono(clock_system()) - began));
	UNTIL(act.program_over);
	if (act.bytes != n)
		exit(1);
}

static void
put(const char *name, const char *data, size_t n)
{
	act.saved = false;
	act.request = act.s->ops->fs(act.s, FS_PUT, name, NULL, data, n);
	UNTIL(act.saved);
}

/* The bytes are random, so that no block is there already or is shorter. */
static int
random_file(size_t n)
{
	char name[] = "/tmp/viva-act-XXXXXX", part[65536];
	int fd = mkstemp(name);
	uint64_t seed = 88172645463325252u;

	if (fd < 0 || unlink(name) != 0)
		exit(1);
	for (size_t k, at = 0; at < n; at += k) {
		k = n - at < sizeof part ? n - at : sizeof part;
		for (size_t i = 0; i < sizeof part; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			part[i] = (char)(seed >> 32);
		}
		if (write(fd, part, k) != (ssize_t)k)
			exit(1);
	}
	return fd;
}

static void
large(const char *size)
{
	int fd = random_file(strtoull(size, NULL, 10));
	int64_t began;

	put("first", "x", 1); /* the connections are there then */
	began = clock_mono(clock_system());
	act.saved = false;
	act.request = modal_put_file(act.s, "file", fd);
	UNTIL(act.saved);
	printf("{\"put_ms\":%lld,", (long long)
	    (clock_mono(clock_system()) - began) / 1000);
}

static void
save(const char *size)
{
	UNTIL(act.state == SANDBOX_READY);
	large(size);
}

static void
interview(int64_t began)
{
	static const char *const bash[] = { "bash", "--norc", "-i", NULL };
	static const char *const program[] = { "/bin/sh", "-c", "echo out",
		NULL };
	const char *started = getenv("ACT_BEGAN");
	uint64_t at = 0;

	act.shell = begin(bash, true);
	UNTIL(act.seen.len > 0);
	printf("{\"prompt_ms\":%lld,", (long long)
	    (clock_mono(clock_system()) - began) / 1000);
	if (started != NULL)
		printf("\"start_ms\":%lld,", (long long)
		    (clock_mono(clock_system()) - strtoll(started, NULL, 10) /
		    1000) / 1000);
	say("echo o''k\r", &at);
	UNTIL(shows("ok\r\n"));
	put("solution.py", TEXT, strlen(TEXT));
	act.program = begin(program, false);
	act.s->ops->input_end(act.s, act.program);
	UNTIL(act.program_over);
	say("exit 3\r", &at);
	UNTIL(act.shell_over);
	if (act.shell_status != 3 || act.program_status != 0) {
		fprintf(stderr, "act: the shell ended with %d, the program "
		    "with %d\n", act.shell_status, act.program_status);
		exit(1);
	}
}

static void
count(void *user, const struct modal_item *item)
{
	(void)item;
	++*(unsigned *)user;
}

static void
listed(void *user, const struct err *e)
{
	(void)user;
	act.listed = e == NULL;
}

/* The sandbox is left, as by a crash, and found by its name. */
static struct modal *
more(struct modal *before, const struct modal_config *config,
    const struct modal_options *options, const struct sandbox_spec *spec)
{
	static const char *const program[] = { "true", NULL };
	static const struct modal_list_watch list = { count, listed };
	struct modal *account;
	struct err e = { 0 };
	unsigned found = 0;

	UNTIL(act.state == SANDBOX_READY);
	modal_destroy(before);
	act.state = SANDBOX_STARTING;
	account = modal_create(act.loop, config, options, &e);
	if (account == NULL)
		exit(1);
	act.s = modal_sandbox(account, spec, &watch, NULL);
	act.s->ops->start(act.s);
	UNTIL(act.state == SANDBOX_READY);
	act.program = begin(program, false);
	UNTIL(act.program_over);
	modal_list_sandboxes(account, &list, &found);
	UNTIL(act.listed);
	if (found != 1)
		exit(1);
	printf("{");
	return account;
}

int
main(void)
{
	struct sandbox_spec spec = { .workspace = "/x/act/one",
		.user = "candidate" };
	static const char *const none[] = { NULL };
	const char *size = getenv("ACT_OUTPUT"), *file = getenv("ACT_PUT"),
	    *saved = getenv("ACT_SAVE"), *another = getenv("ACT_MORE");
	static const char *const domains[] = { "pypi.org", "*.debian.org",
		NULL };
	int64_t began = clock_mono(clock_system());
	struct modal_config config;
	struct modal_options options;
	struct modal *account;
	struct err e = { 0 };

	act.loop = loop_create(clock_system(), waiter_poll());
	modal_options_init(&options);
	options.ca_file = getenv("FAKE_MODAL_CA");
	options.image_lines = none;
	options.keep_dir = getenv("ACT_KEEP");
	if (another != NULL) {
		options.ephemeral = true;
		options.idle_timeout = 600;
		options.domains = domains;
	}
	if (!modal_config_load(&config, &e) || (account = modal_create(
	    act.loop, &config, &options, &e)) == NULL) {
		fprintf(stderr, "act: %s\n", e.msg);
		return 1;
	}
	act.s = modal_sandbox(account, &spec, &watch, NULL);
	act.s->ops->start(act.s);
	if (another != NULL)
		account = more(account, &config, &options, &spec);
	else if (size != NULL)
		speed(size);
	else if (file != NULL)
		large(file);
	else if (saved != NULL)
		save(saved);
	else
		interview(began);
	act.s->ops->destroy(act.s);
	UNTIL(!modal_busy(account));
	modal_destroy(account);
	printf("\"all_ms\":%lld,\"rss_mb\":%ld}\n", (long long)
	    (clock_mono(clock_system()) - began) / 1000, peak_kib() / 1024);
	modal_config_finish(&config);
	loop_destroy(act.loop);
	buf_free(&act.seen);
	return 0;
}
