/* Accepted: the cost per head since the month began, and a hash table. */
#include <stdio.h>
#include <string.h>

#define SLOTS (1u << 17)

static struct person {
	char name[9];
	int inside;
	double owes;
} table[SLOTS];

static struct person *
find(const char *name)
{
	unsigned h = 2166136261u;

	for (const char *p = name; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	for (h %= SLOTS; table[h].name[0] != '\0'; h = (h + 1) % SLOTS)
		if (strcmp(table[h].name, name) == 0)
			return &table[h];
	snprintf(table[h].name, sizeof table[h].name, "%s", name);
	return &table[h];
}

int
main(void)
{
	int n, q, c, d, inside = 0;
	double head = 0;
	char name[9];

	if (scanf("%d %d %d", &n, &q, &c) != 3)
		return 1;
	while (n-- > 0 && scanf("%d %8s", &d, name) == 2) {
		struct person *p = find(name);

		if (inside > 0)
			head += (double)d * c / inside;
		p->owes += p->inside ? head : -head;
		p->inside = !p->inside;
		inside += p->inside ? 1 : -1;
	}
	while (q-- > 0 && scanf("%8s", name) == 1)
		printf("%.9f\n", find(name)->owes);
	return 0;
}
