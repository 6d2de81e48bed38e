#include "config.h"

/*
 * The terminal alone: bytes into vt_write, nine workloads, no pty, nothing
 * drawn.  bench-vt [-m MIB] [-r RUNS]; bench-vt -w DIR [-m MIB] writes the
 * workloads as files, for the rig.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "vt/vt.h"

#define CHUNK (16u << 10) /* what a read of the shell's pty gives */
#define SCROLLBACK 10000

static void
write_files(const char *dir, size_t bytes)
{
	for (int i = 0; i < BENCH_WORKLOADS; i++) {
		struct buf path = { 0 }, b = { 0 };
		FILE *f;

		buf_addf(&path, "%s/%s", dir, bench_workload_name(i));
		bench_workload(i, bytes, &b);
		f = fopen(path.data, "we");
		if (f == NULL || fwrite(b.data, 1, b.len, f) != b.len ||
		    fclose(f) != 0)
			bench_die("cannot write %s", path.data);
		buf_free(&path);
		buf_free(&b);
	}
}

static int64_t
feed(const struct buf *b)
{
	struct vt *vt = vt_create(40, 120, SCROLLBACK);
	struct buf answers = { 0 };
	int64_t from = bench_ns();

	for (size_t at = 0; at < b->len; at += CHUNK)
		vt_write(vt, b->data + at,
		    b->len - at < CHUNK ? b->len - at : CHUNK);
	from = bench_ns() - from;
	vt_take_output(vt, &answers);
	buf_free(&answers);
	vt_destroy(vt);
	return from;
}

/* MB/s of a run that took so many ms. */
static double
rate(const struct buf *b, double ms)
{
	return (double)b->len / 1e3 / ms;
}

static void
measure(size_t bytes, int runs)
{
	puts("| workload | MB/s, median (slowest–fastest) |\n|---|---|");
	for (int i = 0; i < BENCH_WORKLOADS; i++) {
		struct bench_times t = { 0 };
		struct buf b = { 0 };

		bench_workload(i, bytes, &b);
		for (int k = 0; k < runs; k++)
			bench_add(&t, feed(&b));
		printf("| %s | %.0f (%.0f–%.0f) |\n", bench_workload_name(i),
		    rate(&b, bench_quantile(&t, 0.5)),
		    rate(&b, bench_quantile(&t, 1)),
		    rate(&b, bench_quantile(&t, 0)));
		bench_free(&t);
		buf_free(&b);
	}
	printf("\nmemory at most: %.1f MB\n", (double)bench_peak_kb() / 1024);
}

int
main(int argc, char **argv)
{
	const char *dir = NULL;
	long mib = 8, runs = 5;
	int o;

	while ((o = getopt(argc, argv, "w:m:r:")) != -1) {
		if (o == 'w')
			dir = optarg;
		else if (o == 'm')
			mib = strtol(optarg, NULL, 10);
		else if (o == 'r')
			runs = strtol(optarg, NULL, 10);
		else
			mib = 0;
	}
	if (mib < 1 || mib > 1024 || runs < 1 || runs > 1000)
		bench_die("bench-vt [-w DIR] [-m MIB] [-r RUNS]");
	if (dir != NULL)
		write_files(dir, (size_t)mib << 20);
	else
		measure((size_t)mib << 20, (int)runs);
	return 0;
}
