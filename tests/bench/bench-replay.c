#include "config.h"

/*
 * A made-up record of an hour of work (typing, saves, test runs, a shell that
 * talks), opened and sought in.  bench-replay [-m MIB] [-s SEEKS]
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/replay.h"
#include "tests/bench/bench.h"

#define HOUR_US 3600000000LL
#define LIMIT_MS 100.0
#define STEPS 500

struct maker {
	FILE *f;
	struct bench_rand rand;
	struct buf line, text;
	char hash[65];
	uint64_t seq, term, file, bytes, run;
	int64_t t;
};

static const char *const files[] = { "solution.py", "notes.md", "brute.py" };

static void
emit(struct maker *m, struct event *ev)
{
	ev->seq = ++m->seq;
	ev->t = m->t;
	ev->question = 1;
	buf_clear(&m->line);
	event_encode(ev, m->hash, &m->line);
	event_hash(m->line.data, m->line.len - 1, m->hash);
	if (fwrite(m->line.data, 1, m->line.len, m->f) != m->line.len)
		bench_die("cannot write the record");
	m->bytes += m->line.len;
}

static struct event
event_of(enum event_type type)
{
	return (struct event){ .type = type };
}

static void
begin(struct maker *m)
{
	struct event ev = event_of(EV_SESSION_START);

	ev.wall = 1700000000000;
	ev.u.session.session = "bench";
	ev.u.session.questions = 1;
	ev.u.session.duration = 3600;
	emit(m, &ev);
	ev = event_of(EV_QUESTION_START);
	ev.u.question.name = "sum";
	ev.u.question.title = "A sum";
	ev.u.question.statement = "Add *two* numbers.\n";
	ev.u.question.language = "python3";
	emit(m, &ev);
	ev = event_of(EV_TERM_OPEN);
	ev.u.term.term = 1;
	ev.u.term.rows = 40;
	ev.u.term.cols = 120;
	emit(m, &ev);
	for (size_t i = 0; i < 3; i++) {
		buf_clear(&m->text);
		for (int k = 0; k < 200; k++) {
			bench_words(&m->rand, 40, &m->text);
			buf_addc(&m->text, '\n');
		}
		ev = event_of(EV_FILE_OPEN);
		ev.u.file.path = files[i];
		ev.u.file.content = (struct bytes){ m->text.data,
			m->text.len };
		emit(m, &ev);
	}
	m->file = m->text.len;
}

/* A piece of output of one of the kinds that shells show. */
static void
output(struct maker *m, int bytes)
{
	struct event ev = event_of(EV_TERM_OUTPUT);

	buf_clear(&m->text);
	bench_workload(bench_between(&m->rand, 0, BENCH_WORKLOADS - 1),
	    (size_t)bytes, &m->text);
	ev.u.io.term = 1;
	ev.u.io.offset = m->term;
	ev.u.io.data = (struct bytes){ m->text.data, m->text.len };
	m->term += m->text.len;
	emit(m, &ev);
}

/* In one of the files: a letter, now and then a line or a deletion. */
static void
type(struct maker *m)
{
	struct event ev = event_of(EV_EDIT_CHANGE);
	int what = bench_between(&m->rand, 0, 9);

	ev.u.edit.path = files[0];
	ev.u.edit.offset = (uint64_t)bench_between(&m->rand, 0,
	    (int)m->file - 2);
	ev.u.edit.kind = "type";
	if (what == 0) {
		ev.u.edit.deleted = 1;
		m->file--;
	} else {
		ev.u.edit.inserted = (struct bytes){ what == 1 ? "\n" : "x",
			1 };
		m->file++;
	}
	emit(m, &ev);
	ev = event_of(EV_EDIT_CURSOR);
	ev.u.cursor.path = files[0];
	ev.u.cursor.offset = ev.u.cursor.anchor = m->file / 2;
	ev.u.cursor.top = m->seq % 100;
	emit(m, &ev);
}

static void
save(struct maker *m)
{
	struct event ev = event_of(EV_FILE_SAVED);

	ev.u.file.path = files[0];
	ev.u.file.size = m->file;
	emit(m, &ev);
}

static void
run_tests(struct maker *m)
{
	struct event ev = event_of(EV_TEST_RUN);

	ev.u.test.run = ++m->run;
	ev.u.test.total = 12;
	emit(m, &ev);
	for (unsigned i = 1; i <= 12; i++) {
		ev = event_of(EV_TEST_CASE);
		ev.u.test.run = m->run;
		ev.u.test.number = i;
		ev.u.test.name = "case";
		ev.u.test.hidden = i > 3;
		ev.u.test.verdict = i % 4 == 0 ? VERDICT_WA : VERDICT_AC;
		ev.u.test.time_us = 21000;
		ev.u.test.memory_kb = 9000;
		if (i <= 3) {
			ev.u.test.input = (struct bytes){ "1 2\n", 4 };
			ev.u.test.expected = (struct bytes){ "3\n", 2 };
			ev.u.test.output = (struct bytes){ "3\n", 2 };
		}
		m->t += 30000;
		emit(m, &ev);
	}
	ev = event_of(EV_TEST_DONE);
	ev.u.test.run = m->run;
	ev.u.test.total = 12;
	ev.u.test.passed = 9;
	ev.u.test.verdict = VERDICT_WA;
	emit(m, &ev);
}

/* A tenth of a second of the hour; output keeps up with the size asked. */
static void
tick(struct maker *m, int i, uint64_t bytes)
{
	uint64_t due = (uint64_t)((double)bytes * (double)i / 36000);

	m->t = i * (HOUR_US / 36000);
	if (i % 3 == 0)
		type(m);
	if (i % 100 == 99)
		save(m);
	if (i % 2400 == 2399)
		run_tests(m);
	/* Mostly small pieces, and a flood from time to time. */
	if (m->bytes < due && bench_between(&m->rand, 0, 9) == 0)
		while (m->bytes < due)
			output(m, bench_between(&m->rand, 0, 3) == 0 ? 16384 :
			    bench_between(&m->rand, 20, 4000));
}

static void
make_record(struct maker *m, int fd, uint64_t bytes)
{
	struct event ev = event_of(EV_SESSION_END);

	memset(m, 0, sizeof *m);
	memset(m->hash, '0', 64);
	m->rand.state = 7;
	m->f = fdopen(fd, "w");
	begin(m);
	for (int i = 0; i < 36000; i++)
		tick(m, i, bytes);
	m->t = HOUR_US;
	ev.u.session.session = "bench";
	emit(m, &ev);
	if (fclose(m->f) != 0)
		bench_die("cannot write the record");
	buf_free(&m->line);
	buf_free(&m->text);
}

static void
row(const char *what, struct bench_times *t)
{
	printf("| %s | %zu | %.2f | %.2f | %.2f |\n", what, t->n,
	    bench_mean(t), bench_quantile(t, 0.99), bench_quantile(t, 1));
}

static double
seeks(struct replay *r, int n)
{
	struct bench_rand rand = { 11 };
	struct bench_times t = { 0 };
	double worst;

	for (int i = 0; i < n; i++) {
		int64_t to = (int64_t)bench_between(&rand, 0, 1000000) *
		    (replay_length(r) / 1000000), from = bench_ns();

		replay_seek(r, to);
		bench_add(&t, bench_ns() - from);
	}
	row("seek, random", &t);
	worst = bench_quantile(&t, 1);
	bench_free(&t);
	return worst;
}

static void
steps(struct replay *r, int dir)
{
	struct bench_times t = { 0 };

	replay_seek(r, replay_length(r) / 2);
	for (int i = 0; i < STEPS; i++) {
		int64_t from = bench_ns();

		replay_step(r, dir);
		bench_add(&t, bench_ns() - from);
	}
	row(dir > 0 ? "step on" : "step back", &t);
	bench_free(&t);
}

static void
measure(const char *path, int n)
{
	const char *const paths[] = { path };
	int64_t from = bench_ns();
	struct err e = { 0 };
	struct replay *r = replay_open(paths, 1, clock_system(), &e);
	double worst;

	if (r == NULL)
		bench_die("%s", e.msg);
	printf("open: %.0f ms\n\n", (double)(bench_ns() - from) / 1e6);
	puts("| what | times | mean ms | p99 ms | max ms |\n|---|---|---|---|"
	    "---|");
	worst = seeks(r, n);
	steps(r, 1);
	steps(r, -1);
	printf("\nseek at most %.1f ms, limit %.0f ms: %s\n", worst, LIMIT_MS,
	    worst < LIMIT_MS ? "ok" : "MISSED");
	printf("memory at most: %.1f MB\n", (double)bench_peak_kb() / 1024);
	replay_close(r);
}

int
main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	struct buf path = { 0 };
	struct maker m;
	long mib = 40, n = 300;
	int o, fd;

	while ((o = getopt(argc, argv, "m:s:")) != -1) {
		if (o == 'm')
			mib = strtol(optarg, NULL, 10);
		else if (o == 's')
			n = strtol(optarg, NULL, 10);
		else
			mib = 0;
	}
	if (mib < 1 || mib > 1000 || n < 1 || n > 1000000)
		bench_die("bench-replay [-m MIB] [-s SEEKS]");
	buf_addf(&path, "%s/viva-bench-XXXXXX", tmp != NULL ? tmp : "/tmp");
	fd = mkstemp(path.data);
	if (fd < 0)
		bench_die("cannot create %s", path.data);
	make_record(&m, fd, (uint64_t)mib << 20);
	printf("record: 1 h, %.1f MB, %llu events\n", (double)m.bytes / 1e6,
	    (unsigned long long)m.seq);
	measure(path.data, (int)n);
	unlink(path.data);
	buf_free(&path);
	return 0;
}
