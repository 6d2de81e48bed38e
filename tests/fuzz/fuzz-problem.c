#include "config.h"

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "problem/compare.h"
#include "problem/problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/*
 * A package as one text: a line "@@ NAME" starts a file, NAME is one of the
 * files below.  The first of them needs no such line.
 */

#define START "@@ "

static const char *const names[] = { "problem.yaml",
	"problem_statement/problem.en.md", "problem_statement/problem.md",
	"statement/problem.en.md", "data/sample/1.in", "data/sample/1.ans",
	"data/sample/2.in", "data/secret/a.in", "data/secret/a.ans",
	"data/secret/.in", "data/secret/b.ans", "statement/problem.sv.md",
	"data/testdata.yaml", "data/secret/test_group.yaml",
	"data/secret/a.yaml", "data/secret/g/c.in", "data/secret/g/c.ans",
	"data/sample/test_group.yaml", "attachments/grid.txt",
	"attachments/templates/python3/start.py", ".timelimit" };
static const char *const dirs[] = { "problem_statement", "statement", "data",
	"data/sample", "data/secret", "data/secret/g",
	"attachments", "attachments/templates",
	"attachments/templates/python3" };

static char root[4096];

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	return remove(path);
}

static void
remove_root(void)
{
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
make_root(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[4200];

	snprintf(root, sizeof root, "%s/viva-fuzz-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(root) == NULL)
		exit(1);
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		snprintf(path, sizeof path, "%s/%s", root, dirs[i]);
		if (mkdir(path, 0700) != 0)
			exit(1);
	}
	atexit(remove_root);
}

static void
write_file(const char *name, const char *p, size_t n)
{
	char path[4200];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", root, name);
	f = fopen(path, "we");
	if (f == NULL || fwrite(p, 1, n, f) != n || fclose(f) != 0)
		exit(1);
}

/* The name that a "@@ " line at p gives; NULL: it is not such a line. */
static const char *
name_at(const char *p, const char *end, size_t *skip)
{
	size_t head = strlen(START);

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t len = strlen(names[i]);

		*skip = head + len + 1;
		if ((size_t)(end - p) >= *skip &&
		    memcmp(p, START, head) == 0 &&
		    memcmp(p + head, names[i], len) == 0 &&
		    p[head + len] == '\n')
			return names[i];
	}
	return NULL;
}

static void
write_package(const char *p, const char *end)
{
	const char *name = names[0], *from = p;
	char path[4200];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/%s", root, names[i]);
		unlink(path);
	}
	while (p < end) {
		size_t skip = 0;
		const char *next = name_at(p, end, &skip);
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (next != NULL) {
			write_file(name, from, (size_t)(p - from));
			name = next;
			from = p + skip;
		}
		p = next != NULL ? from : nl != NULL ? nl + 1 : end;
	}
	write_file(name, from, (size_t)(end - from));
}

/* What is loaded is within its bounds, and an answer is its own equal. */
static void
check(const struct problem *p)
{
	if (p->title == NULL || p->statement == NULL || p->ncases < 1 ||
	    !p->cases[p->ncases - 1].hidden ||
	    p->time_limit_ms <= 0 || p->memory_limit_mb <= 0 ||
	    p->output_limit_kb <= 0)
		abort();
	for (size_t i = 0; i < p->ncases; i++) {
		const struct problem_case *k = &p->cases[i];
		struct err e;

		if (!compare(&k->rules, k->ans, k->ans_len, k->ans, k->ans_len, &e))
			abort();
		e.msg[0] = '\0';
		if (!compare(&k->rules, k->ans, k->ans_len, k->in, k->in_len, &e) &&
		    e.msg[0] == '\0')
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *s = n > 0 ? (const char *)data : "";
	struct problem *p;
	struct err e;

	if (root[0] == '\0')
		make_root();
	write_package(s, s + n);
	p = problem_load(root, &e);
	if (p != NULL)
		check(p);
	else if (strstr(e.msg, root) == NULL)
		abort(); /* an error names the file */
	problem_free(p);
	return 0;
}
