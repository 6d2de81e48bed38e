#include "config.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "problem/problem.h"

#define PROBLEMS_MAX 50

struct list {
	struct problem **p;
	size_t n, cap;
};

static bool
add(struct list *l, const char *dir, struct err *e)
{
	struct problem *p;

	if (l->n == PROBLEMS_MAX)
		return err_set(e, ERR_LIMIT, "%s: a session has at most %d "
		    "problems", dir, PROBLEMS_MAX);
	p = problem_load(dir, e);
	if (p == NULL)
		return false;
	GROW(l->p, l->n, l->cap);
	l->p[l->n++] = p;
	return true;
}

static char *
yaml_of(const char *dir)
{
	return xasprintf("%s/problem.yaml", dir);
}

static bool
is_package(const char *dir)
{
	char *yaml = yaml_of(dir);
	bool there = access(yaml, F_OK) == 0;

	free(yaml);
	return there;
}

/* The packages in a directory; a directory without problem.yaml in it is
 * none.  Of a directory that holds none the error says so. */
static bool
add_all(struct list *l, const char *dir, struct err *e)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, NULL, alphasort);
	size_t before = l->n;
	bool ok = true;

	if (n < 0)
		return err_set(e, ERR_NOT_FOUND, "%s is not a directory that "
		    "can be read", dir);
	for (int i = 0; i < n; i++) {
		char *sub = xasprintf("%s/%s", dir, names[i]->d_name);

		if (ok && names[i]->d_name[0] != '.' && is_package(sub))
			ok = add(l, sub, e);
		free(sub);
		free(names[i]);
	}
	free(names);
	if (ok && l->n == before)
		return err_set(e, ERR_NOT_FOUND, "%s: no problem.yaml here "
		    "and no package below; give the directory of a problem "
		    "package", dir);
	return ok;
}

bool
problem_list(const char *const *dirs, size_t n, struct problem ***out,
    size_t *nout, struct err *e)
{
	struct list l = { 0 };
	bool ok = true;

	for (size_t i = 0; i < n && ok; i++)
		ok = is_package(dirs[i]) ? add(&l, dirs[i], e) :
		    add_all(&l, dirs[i], e);
	if (!ok) {
		problem_list_free(l.p, l.n);
		return false;
	}
	*out = l.p;
	*nout = l.n;
	return true;
}

void
problem_list_free(struct problem **p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		problem_free(p[i]);
	free(p);
}
