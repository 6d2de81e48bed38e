#include "config.h"

/*
 * What recording costs where nothing else is done: output of the shell folded
 * into the state, with the journal and without, turn by turn.  The share that
 * a user sees is the rig's (rig.py --only record): there the program, the pty
 * and the drawing take their part too.  CPU time is told apart: that of the
 * loop's thread, and that of the journal's until all is on disk.
 * bench-record [-m MIB] [-r RUNS]
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "session/state.h"
#include "store/journal.h"
#include "tests/bench/bench.h"

#define CHUNK (16u << 10)

struct run {
	int64_t ns, cpu; /* of the loop's thread; to the last byte folded */
	int64_t journal; /* CPU of the journal's thread, to the last sync */
};

struct recorder {
	struct loop *loop;
	struct journal *journal;
};

static struct event
output_event(uint64_t seq, uint64_t offset, const char *p, size_t n)
{
	struct event ev;

	memset(&ev, 0, sizeof ev);
	ev.type = EV_TERM_OUTPUT;
	ev.seq = seq;
	ev.t = (int64_t)seq * 1000;
	ev.question = 1;
	ev.u.io.term = 1;
	ev.u.io.offset = offset;
	ev.u.io.data = (struct bytes){ p, n };
	return ev;
}

static int64_t
process_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
stop(void *user)
{
	loop_stop(user);
}

/* The core would stop the program. */
static void
wait_for_journal(struct recorder *r)
{
	if (!journal_is_full(r->journal))
		return;
	journal_sync(r->journal, stop, r->loop);
	loop_run(r->loop);
}

static struct run
fold(const struct buf *b, struct recorder *r)
{
	struct state *s = state_create(10000);
	struct run run = { bench_ns(), bench_cpu_ns(), 0 };
	uint64_t seq = 0;

	for (size_t at = 0; at < b->len; at += CHUNK) {
		size_t n = b->len - at < CHUNK ? b->len - at : CHUNK;
		struct event ev = output_event(++seq, at, b->data + at, n);

		if (r != NULL) {
			journal_append(r->journal, &ev);
			wait_for_journal(r);
		}
		state_apply(s, &ev);
	}
	run.ns = bench_ns() - run.ns;
	run.cpu = bench_cpu_ns() - run.cpu;
	state_destroy(s);
	return run;
}

static struct run
fold_recorded(const struct buf *b, const char *dir)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct recorder r = { l, NULL };
	struct buf path = { 0 };
	struct err e = { 0 };
	int64_t all, mine;
	struct run run;

	buf_addf(&path, "%s/journal.jsonl", dir);
	r.journal = journal_open(path.data, l, journal_io_system(), &e);
	if (r.journal == NULL)
		bench_die("%s", e.msg);
	all = process_cpu_ns();
	mine = bench_cpu_ns();
	run = fold(b, &r);
	if (!journal_close(r.journal, &e))
		bench_die("%s", e.msg);
	run.journal = process_cpu_ns() - all - (bench_cpu_ns() - mine);
	loop_destroy(l);
	unlink(path.data);
	buf_free(&path);
	return run;
}

static double
rate(const struct buf *b, double ms)
{
	return (double)b->len / 1e3 / ms;
}

static void
measure(int i, size_t bytes, int runs, const char *dir)
{
	struct bench_times off = { 0 }, on = { 0 }, off_cpu = { 0 },
		on_cpu = { 0 }, journal = { 0 };
	struct buf b = { 0 };
	double o, w, mb;

	bench_workload(i, bytes, &b);
	for (int k = 0; k < runs; k++) {
		struct run run = fold(&b, NULL);

		bench_add(&off, run.ns);
		bench_add(&off_cpu, run.cpu);
		run = fold_recorded(&b, dir);
		bench_add(&on, run.ns);
		bench_add(&on_cpu, run.cpu);
		bench_add(&journal, run.journal);
	}
	o = bench_quantile(&off_cpu, 0.5);
	w = bench_quantile(&on_cpu, 0.5);
	mb = (double)b.len / 1e6;
	printf("| %s | %.0f | %.0f | %.2f | %.2f |\n", bench_workload_name(i),
	    rate(&b, bench_quantile(&off, 0.5)),
	    rate(&b, bench_quantile(&on, 0.5)),
	    (w - o) / mb, bench_quantile(&journal, 0.5) / mb);
	bench_free(&off);
	bench_free(&on);
	bench_free(&off_cpu);
	bench_free(&on_cpu);
	bench_free(&journal);
	buf_free(&b);
}

int
main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	struct buf dir = { 0 };
	long mib = 8, runs = 5;
	int o;

	while ((o = getopt(argc, argv, "m:r:")) != -1) {
		if (o == 'm')
			mib = strtol(optarg, NULL, 10);
		else if (o == 'r')
			runs = strtol(optarg, NULL, 10);
		else
			mib = 0;
	}
	if (mib < 1 || mib > 1024 || runs < 1 || runs > 1000)
		bench_die("bench-record [-m MIB] [-r RUNS]");
	buf_addf(&dir, "%s/viva-bench-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir.data) == NULL)
		bench_die("cannot create %s", dir.data);
	puts("| workload | MB/s, not recorded | MB/s, recorded | "
	    "cost to the loop, ms of CPU per MB | the journal's thread |\n"
	    "|---|---|---|---|---|");
	for (int i = 0; i < BENCH_WORKLOADS; i++)
		measure(i, (size_t)mib << 20, (int)runs, dir.data);
	rmdir(dir.data);
	buf_free(&dir);
	return 0;
}
