#include "config.h"

#include "problem/problem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "problem/package.h"

bool
package_file(const char *path, size_t max, char **out, size_t *len,
    struct err *e)
{
	/* A pipe in place of a file must not make us wait. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct buf b = { 0 };
	struct stat sb;
	ssize_t n = 1;

	if (fd < 0)
		return err_sys(e, errno, "cannot read %s", path);
	if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode) ||
	    (uint64_t)sb.st_size > max) {
		close(fd);
		return err_set(e, ERR_LIMIT, "%s: not a file of at most %zu "
		    "KiB", path, max >> 10);
	}
	buf_reserve(&b, (size_t)sb.st_size);
	while (n > 0 && b.len < (size_t)sb.st_size) {
		n = read(fd, b.data + b.len, (size_t)sb.st_size - b.len);
		b.len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		err_sys(e, errno, "cannot read %s", path);
	close(fd);
	if (n < 0) {
		buf_free(&b);
		return false;
	}
	b.data[b.len] = '\0';
	*len = b.len;
	*out = buf_take(&b);
	return true;
}

bool
package_is_below(const char *path, const char *dir)
{
	size_t n = dir != NULL ? strlen(dir) : 0;

	while (n > 0 && dir[n - 1] == '/')
		n--;
	return dir != NULL && strncmp(path, dir, n) == 0 && path[n] == '/';
}

bool
package_may_show(const struct package *k, const char *path, bool hidden,
    struct err *e)
{
	char *real = realpath(path, NULL);
	bool ok = true;

	if (real == NULL) /* the reading says why */
		return true;
	if (package_is_below(real, k->p->secret))
		ok = hidden || err_set(e, ERR_UNSUPPORTED, "%s: leads to the "
		    "hidden tests, and is shown", path);
	else if (!package_is_below(real, k->p->dir))
		ok = err_set(e, ERR_UNSUPPORTED, "%s: leads out of the "
		    "package; put a copy there", path);
	free(real);
	return ok;
}

/* By "." and by a link it is the question that `viva resume` finds by its
 * real path. */
static void
load_place(struct problem *p, const char *dir)
{
	char *secret = xasprintf("%s/data/secret", dir);
	size_t n, from;

	p->dir = realpath(dir, NULL);
	if (p->dir == NULL)
		p->dir = xstrdup(dir);
	p->secret = realpath(secret, NULL);
	free(secret);
	n = strlen(p->dir);
	while (n > 1 && p->dir[n - 1] == '/')
		n--;
	for (from = n; from > 0 && p->dir[from - 1] != '/'; from--)
		;
	p->name = xstrndup(p->dir + from, n - from);
}

/* ---- what judges in another way ---- */

static bool
is_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	bool empty = true;

	while (d != NULL && (entry = readdir(d)) != NULL)
		empty &= *entry->d_name == '.';
	if (d != NULL)
		closedir(d);
	return empty;
}

static bool
has_none(const struct package *k, const char *sub, const char *why,
    struct err *e)
{
	char *path = xasprintf("%s/%s", k->dir, sub);
	bool none = is_empty(path) || err_set(e, ERR_UNSUPPORTED, "%s: %s",
	    path, why);

	free(path);
	return none;
}

/* In the legacy format "validation" says whether a validator is used; later
 * ones use it when it is there. */
static bool
is_judged_by_default(const struct package *k, struct err *e)
{
	static const char *const programs[] = { "output_validator",
		"output_validators", "static_validator" };
	static const char include[] = "files that go beside each solution are "
	    "not supported";
	const struct language *l;
	bool ok = has_none(k, "include/default", include, e);

	for (size_t i = 0; ok && (l = language_at(i)) != NULL; i++) {
		char *sub = xasprintf("include/%s", l->name);

		ok = has_none(k, sub, include, e);
		free(sub);
	}
	for (size_t i = 0; i < ARRAY_LEN(programs) && ok && !k->legacy; i++)
		ok = has_none(k, programs[i], "a validator of its own is not "
		    "supported, only the default one is", e);
	return ok;
}

static void
package_end(struct package *k)
{
	for (size_t i = 0; i < k->nconstants; i++) {
		free(k->constants[i].name);
		free(k->constants[i].value);
	}
	free(k->constants);
	free(k->statement);
	free(k->language);
}

struct problem *
problem_load(const char *dir, struct err *e)
{
	struct problem *p = xcalloc(1, sizeof *p);
	struct package k = { .dir = dir, .p = p };
	bool ok;

	load_place(p, dir);
	p->time_limit_ms = 2000;
	p->memory_limit_mb = 512;
	p->output_limit_kb = 8192;
	package_find_statement(&k);
	ok = package_yaml(&k, e) && is_judged_by_default(&k, e) &&
	    package_cases(&k, e) && package_attachments(&k, e) &&
	    package_statement(&k, e);
	package_end(&k);
	if (ok)
		return p;
	problem_free(p);
	return NULL;
}

void
problem_free(struct problem *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->ncases; i++) {
		free(p->cases[i].name);
		free(p->cases[i].in);
		free(p->cases[i].ans);
	}
	free(p->cases);
	for (size_t i = 0; i < p->nfiles; i++) {
		free(p->files[i].name);
		free(p->files[i].data);
	}
	free(p->files);
	for (size_t i = 0; i < p->nelsewhere; i++)
		free(p->elsewhere[i]);
	free(p->elsewhere);
	free(p->name);
	free(p->dir);
	free(p->secret);
	free(p->title);
	free(p->statement);
	free(p);
}
