/* Compile error: n has no declaration. */
#include <stdio.h>

int
main(void)
{
	if (scanf("%d", &n) != 1)
		return 1;
	printf("0 1\n");
	return 0;
}
