/* Wrong answer: a load of exactly the limit is taken to be too heavy. */
#include <stdio.h>
#include <stdlib.h>

#define N 10000
#define M 20000
#define Q 20000

static struct bridge {
	int a, b, c;
} bridges[M];
static struct plan {
	int s, w, k;
} plans[Q];
static int top[2 * N], up[2 * N], climb[2 * N], order[2 * N];
static long long sum[2 * N], most[2 * N], left[Q];

static int
find(int *link, int v)
{
	while (link[v] != v)
		v = link[v] = link[link[v]];
	return v;
}

static int
by_limit(const void *p, const void *q)
{
	return ((const struct bridge *)q)->c - ((const struct bridge *)p)->c;
}

static int
by_load(const void *p, const void *q)
{
	return ((const struct plan *)q)->w - ((const struct plan *)p)->w;
}

static int
by_most(const void *p, const void *q)
{
	long long x = most[*(const int *)p], y = most[*(const int *)q];

	return (x < y) - (x > y);
}

static int
join_all(int n, int m)
{
	for (int i = 0; i < m; i++) {
		int a = find(top, bridges[i].a), b = find(top, bridges[i].b);

		if (a == b)
			continue;
		top[a] = top[b] = up[a] = up[b] = n;
		top[n] = n;
		up[n] = -1;
		sum[n] = sum[a] + sum[b];
		most[a] = sum[a] + bridges[i].c;
		most[b] = sum[b] + bridges[i].c;
		n++;
	}
	return n;
}

int
main(void)
{
	int n, m, q, open = 0;

	if (scanf("%d %d %d", &n, &m, &q) != 3)
		return 1;
	for (int i = 0; i < n; i++) {
		if (scanf("%lld", &sum[i]) != 1)
			return 1;
		top[i] = i;
		up[i] = -1;
	}
	for (int i = 0; i < m; i++) {
		struct bridge *r = &bridges[i];

		if (scanf("%d %d %d", &r->a, &r->b, &r->c) != 3)
			return 1;
		r->a--;
		r->b--;
	}
	for (int i = 0; i < q; i++) {
		if (scanf("%d %d", &plans[i].s, &plans[i].w) != 2)
			return 1;
		plans[i].k = i;
	}
	qsort(bridges, (size_t)m, sizeof *bridges, by_limit);
	n = join_all(n, m);
	for (int i = 0; i < n; i++) {
		climb[i] = order[i] = i;
		if (up[i] < 0)
			most[i] = -1;
	}
	qsort(order, (size_t)n, sizeof *order, by_most);
	qsort(plans, (size_t)q, sizeof *plans, by_load);
	for (int i = 0; i < q; i++) {
		long long rest;

		while (open < n && most[order[open]] > plans[i].w) {
			climb[order[open]] = up[order[open]];
			open++;
		}
		rest = plans[i].w - sum[find(climb, plans[i].s - 1)];
		left[plans[i].k] = rest > 0 ? rest : 0;
	}
	for (int i = 0; i < q; i++)
		printf("%lld\n", left[i]);
	return 0;
}
