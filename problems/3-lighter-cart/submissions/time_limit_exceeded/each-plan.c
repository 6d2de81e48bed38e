/* Time limit: each plan is driven alone, strongest bridge first, with a heap
 * of the bridges at hand. */
#include <stdio.h>
#include <string.h>

#define N 10001
#define M 20000

static struct half {
	int to, c, next;
} half[2 * M];
static int first[N], need[N];
static char seen[N];
static int heap[2 * M], nheap;

static void
push(int h)
{
	int i = nheap++;

	for (; i > 0 && half[heap[(i - 1) / 2]].c < half[h].c; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = h;
}

static int
pop(void)
{
	int out = heap[0], h = heap[--nheap], i = 0;

	for (;;) {
		int k = 2 * i + 1;

		if (k + 1 < nheap && half[heap[k + 1]].c > half[heap[k]].c)
			k++;
		if (k >= nheap || half[heap[k]].c <= half[h].c)
			break;
		heap[i] = heap[k];
		i = k;
	}
	heap[i] = h;
	return out;
}

static int
visit(int v, int w)
{
	seen[v] = 1;
	for (int h = first[v]; h >= 0; h = half[h].next)
		if (!seen[half[h].to])
			push(h);
	return w > need[v] ? w - need[v] : 0;
}

static int
drive(int s, int w)
{
	memset(seen, 0, sizeof seen);
	nheap = 0;
	w = visit(s, w);
	while (nheap > 0) {
		int h = pop();

		if (half[h].c < w)
			break;
		if (!seen[half[h].to])
			w = visit(half[h].to, w);
	}
	return w;
}

int
main(void)
{
	int n, m, q, a, b, c, s, w;

	if (scanf("%d %d %d", &n, &m, &q) != 3)
		return 1;
	for (int i = 1; i <= n; i++) {
		if (scanf("%d", &need[i]) != 1)
			return 1;
		first[i] = -1;
	}
	for (int i = 0; i < m; i++) {
		if (scanf("%d %d %d", &a, &b, &c) != 3)
			return 1;
		half[2 * i] = (struct half){ b, c, first[a] };
		first[a] = 2 * i;
		half[2 * i + 1] = (struct half){ a, c, first[b] };
		first[b] = 2 * i + 1;
	}
	while (q-- > 0 && scanf("%d %d", &s, &w) == 2)
		printf("%d\n", drive(s, w));
	return 0;
}
