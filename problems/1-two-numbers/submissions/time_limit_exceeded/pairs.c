/* Time limit: looks at every pair. */
#include <stdio.h>

static int a[200000];

int
main(void)
{
	int n, t;

	if (scanf("%d %d", &n, &t) != 2)
		return 1;
	for (int i = 0; i < n; i++)
		if (scanf("%d", &a[i]) != 1)
			return 1;
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++)
			if (a[i] + a[j] == t) {
				printf("%d %d\n", i, j);
				return 0;
			}
	return 1;
}
