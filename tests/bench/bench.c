#include "config.h"

#include "tests/bench/bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

static int64_t
now_of(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t
bench_ns(void)
{
	return now_of(CLOCK_MONOTONIC);
}

int64_t
bench_cpu_ns(void)
{
	return now_of(CLOCK_THREAD_CPUTIME_ID);
}

long
bench_peak_kb(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kb = -1;

	if (f == NULL)
		return -1;
	while (kb < 0 && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kb = strtol(line + 6, NULL, 10);
	fclose(f);
	return kb;
}

void
bench_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

/* splitmix64 */
static uint64_t
draw(struct bench_rand *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

int
bench_between(struct bench_rand *r, int lo, int hi)
{
	return lo + (int)(draw(r) % (uint64_t)(hi - lo + 1));
}

void
bench_words(struct bench_rand *r, int bytes, struct buf *out)
{
	int left = 0;

	for (int i = 0; i < bytes; i++) {
		if (left-- == 0) {
			left = bench_between(r, 1, 10);
			if (i > 0) {
				buf_addc(out, ' ');
				continue;
			}
		}
		buf_addc(out, (char)bench_between(r, 'a', 'y'));
	}
}

void
bench_add(struct bench_times *t, int64_t ns)
{
	GROW(t->v, t->n, t->cap);
	t->v[t->n++] = ns;
}

void
bench_free(struct bench_times *t)
{
	free(t->v);
	memset(t, 0, sizeof *t);
}

double
bench_mean(const struct bench_times *t)
{
	double sum = 0;

	for (size_t i = 0; i < t->n; i++)
		sum += (double)t->v[i];
	return t->n > 0 ? sum / (double)t->n / 1e6 : 0;
}

static int
by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

double
bench_quantile(struct bench_times *t, double q)
{
	if (t->n == 0)
		return 0;
	qsort(t->v, t->n, sizeof *t->v, by_time);
	return (double)t->v[(size_t)(q * (double)(t->n - 1) + 0.5)] / 1e6;
}
