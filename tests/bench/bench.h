#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

/* What the benchmarks share: time, percentiles, memory, made-up input. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

int64_t bench_ns(void);	    /* CLOCK_MONOTONIC */
int64_t bench_cpu_ns(void); /* of this thread */
long bench_peak_kb(void);   /* resident at most so far; -1: not known */
/* Ends the program. */
void bench_die(const char *fmt, ...) PRINTF_LIKE(1, 2)
    __attribute__((noreturn));

/* A small generator of numbers: the same input on every run. */
struct bench_rand {
	uint64_t state;
};
/* From lo to hi, both included. */
int bench_between(struct bench_rand *, int lo, int hi);
/* Lower-case words with single spaces, exactly that many bytes. */
void bench_words(struct bench_rand *, int bytes, struct buf *out);

/* Times of one kind, in ns. */
struct bench_times {
	int64_t *v;
	size_t n, cap;
};
void bench_add(struct bench_times *, int64_t ns);
void bench_free(struct bench_times *);
double bench_mean(const struct bench_times *); /* ms */
/* 0 the smallest, 0.5 the median, 1 the largest; ms.  Sorts. */
double bench_quantile(struct bench_times *, double q);

/* What a terminal is fed with, for a screen of 120x40.  None of them holds
 * 'Z', 'Q' or '~': the rig looks for these. */
#define BENCH_WORKLOADS 9
const char *bench_workload_name(int i);
void bench_workload(int i, size_t bytes, struct buf *out);

#endif
