#include "config.h"

/* A process that journals as fast as it can is killed at some point, over and
 * over: all that it was told is on disk is there, in a valid prefix, and the
 * next process goes on after it. */

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/journal.h"

#define ROUNDS 50
#define ROUNDS_A_FILE 3
#define BYTES_MAX 5000
#define BACKLOG_MAX (1u << 15)

static char dir[256], path[300];
static uint64_t seed = 20240229;

/* xorshift64: the same choices in every run. */
static unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 32) % n;
}

/* What event number seq holds: some are short, some are many pages. */
static size_t
content(uint64_t seq, char *out)
{
	size_t n = seq % 16 == 0 ? BYTES_MAX - seq % 1000 : seq % 90;

	for (size_t i = 0; i < n; i++)
		out[i] = (char)('a' + (seq + i) % 26);
	return n;
}

static void
append(struct journal *j, uint64_t seq)
{
	static char bytes[BYTES_MAX];
	struct event ev;

	memset(&ev, 0, sizeof ev);
	ev.seq = seq;
	ev.t = (int64_t)seq;
	ev.type = EV_TERM_OUTPUT;
	ev.u.io.data.p = bytes;
	ev.u.io.data.n = content(seq, bytes);
	journal_append(j, &ev);
}

/* ---- the child ---- */

struct writer {
	struct journal *j;
	uint64_t seq;
	int out;
};

struct ack {
	struct writer *w;
	uint64_t seq;
};

static void
on_synced(void *user)
{
	struct ack *a = user;

	if (write(a->w->out, &a->seq, sizeof a->seq) != sizeof a->seq)
		_exit(2);
	free(a);
}

/* Writes in small pieces and dies between two of them. */
static unsigned pieces;

static ssize_t
chop_write(struct journal_io *io, int fd, const void *p, size_t n, off_t at)
{
	(void)io;
	if (pieces-- == 0)
		kill(getpid(), SIGKILL);
	return pwrite(fd, p, n > 50 ? 50 : n, at);
}

static int
plain_sync(struct journal_io *io, int fd)
{
	(void)io;
	return fdatasync(fd);
}

/* Several syncs are under way at any time. */
static void
write_for_ever(uint64_t from, bool chop, int out)
{
	struct journal_io chopper = { chop_write, plain_sync };
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct writer w = { .seq = from, .out = out };

	w.j = journal_open(path, l, chop ? &chopper : journal_io_system(),
	    NULL);
	if (w.j == NULL)
		_exit(3);
	for (;;) {
		bool full = journal_backlog(w.j) > BACKLOG_MAX;

		for (unsigned i = w.seq % 11 + 1; i > 0 && !full; i--)
			append(w.j, ++w.seq);
		if (!full) {
			struct ack *a = malloc(sizeof *a);

			*a = (struct ack){ &w, w.seq };
			journal_sync(w.j, on_synced, a);
		}
		loop_turn(l, full ? 1000 : 0);
	}
}

/* ---- the parent ---- */

/* chop: it kills itself in the middle of writing; else it is killed after
 * some acknowledgements.  Returns the last of them. */
static uint64_t
kill_one(uint64_t from, bool chop)
{
	unsigned acks = below(8), spins = below(200);
	uint64_t seq = 0, acked = 0;
	int fds[2], status;
	pid_t pid;

	pieces = below(1000);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		write_for_ever(from, chop, fds[1]);
	}
	close(fds[1]);
	for (unsigned i = 0; i < acks && !chop; i++) {
		assert_int_equal(read(fds[0], &seq, sizeof seq),
		    sizeof seq);
		acked = seq;
	}
	for (unsigned i = 0; i < spins && !chop; i++)
		sched_yield();
	if (!chop)
		assert_int_equal(kill(pid, SIGKILL), 0);
	while (read(fds[0], &seq, sizeof seq) == sizeof seq)
		acked = seq;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status)); /* it did not end by itself */
	close(fds[0]);
	return acked;
}

/* Every event up to the end is there and says what it said. */
static void
check_content(const struct journal_end *end)
{
	static char want[BYTES_MAX];
	struct event_reader r = { .fd = open(path, O_RDONLY | O_CLOEXEC) };
	struct event_buf eb = { 0 };
	uint64_t seq = 0;
	const char *p;
	size_t n;

	assert_true(r.fd >= 0);
	while (event_next(&r, &p, &n, NULL) == EVENT_WHOLE) {
		struct event ev;

		assert_true(event_decode(p, n, &eb, &ev, NULL));
		assert_int_equal(ev.seq, ++seq);
		assert_int_equal(ev.u.io.data.n, content(seq, want));
		assert_memory_equal(ev.u.io.data.p, want, ev.u.io.data.n);
	}
	assert_int_equal(seq, end->seq);
	close(r.fd);
	event_reader_free(&r);
	event_buf_free(&eb);
}

static void
goes_on(uint64_t from)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct journal_end end;
	struct err e;
	struct journal *j = journal_open(path, l, journal_io_system(), &e);

	assert_non_null(j);
	append(j, from + 1);
	append(j, from + 2);
	assert_true(journal_close(j, &e));
	assert_true(journal_recover(path, &end, &e));
	assert_int_equal(end.seq, from + 2);
	assert_int_equal(end.torn, 0);
	loop_destroy(l);
}

static void
nothing_acknowledged_is_lost(void **st)
{
	unsigned torn = 0, lived = 0;
	struct journal_end end;
	uint64_t from = 0;
	struct err e;

	(void)st;
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t acked;

		if (round % ROUNDS_A_FILE == 0) {
			unlink(path);
			from = 0;
		}
		acked = kill_one(from, round % 2 != 0);
		if (access(path, F_OK) != 0) {
			assert_int_equal(acked, 0);
			continue;
		}
		if (!journal_recover(path, &end, &e))
			fail_msg("round %d: %s", round, e.msg);
		if (end.seq < acked)
			fail_msg("round %d: %llu acknowledged, %llu there",
			    round, (unsigned long long)acked,
			    (unsigned long long)end.seq);
		check_content(&end);
		torn += end.torn > 0;
		lived += acked > from;
		goes_on(end.seq);
		from = end.seq + 2;
	}
	print_message("%u of %d with a torn end\n", torn, ROUNDS);
	/* Else nothing was tried. */
	assert_true(lived > ROUNDS / 2 && torn > ROUNDS / 4);
}

static int
setup(void **st)
{
	const char *tmp = getenv("TMPDIR");

	(void)st;
	snprintf(dir, sizeof dir, "%s/viva-kill-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/journal.jsonl", dir);
	return 0;
}

static int
teardown(void **st)
{
	(void)st;
	unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_acknowledged_is_lost,
		    setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
