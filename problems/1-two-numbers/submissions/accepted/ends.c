/* Accepted: sorts, then walks from both ends towards the middle. */
#include <stdio.h>
#include <stdlib.h>

struct number {
	long long value;
	int index;
};

static struct number a[200000];

static int
by_value(const void *p, const void *q)
{
	const struct number *x = p, *y = q;

	return (x->value > y->value) - (x->value < y->value);
}

int
main(void)
{
	long long t;
	int n, lo, hi, i, j;

	if (scanf("%d %lld", &n, &t) != 2)
		return 1;
	for (i = 0; i < n; i++) {
		if (scanf("%lld", &a[i].value) != 1)
			return 1;
		a[i].index = i;
	}
	qsort(a, (size_t)n, sizeof *a, by_value);
	lo = 0;
	hi = n - 1;
	while (lo < hi && a[lo].value + a[hi].value != t) {
		if (a[lo].value + a[hi].value < t)
			lo++;
		else
			hi--;
	}
	i = a[lo].index;
	j = a[hi].index;
	printf("%d %d\n", i < j ? i : j, i < j ? j : i);
	return 0;
}
