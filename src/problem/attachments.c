#include "config.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "problem/package.h"

#define FILES_MAX 100
#define BYTES_MAX (16u << 20) /* all; they go to the sandbox at the start */

static int
visible(const struct dirent *d)
{
	return *d->d_name != '.';
}

static bool
add_file(struct package *k, const char *path, const char *name,
    const struct language *l, struct err *e)
{
	struct problem *p = k->p;
	struct problem_file *f;
	size_t bytes = 0;

	for (size_t i = 0; i < p->nfiles; i++)
		bytes += p->files[i].len;
	if (p->nfiles == FILES_MAX)
		return err_set(e, ERR_LIMIT, "%s: a problem has at most %d "
		    "attachments", path, FILES_MAX);
	if (!utf8_valid(name, strlen(name)))
		return err_set(e, ERR_INVALID, "%s: the name of an attachment "
		    "must be UTF-8", path);
	if (!package_may_show(k, path, false, e))
		return false;
	p->files = xreallocarray(p->files, p->nfiles + 1, sizeof *p->files);
	f = &p->files[p->nfiles++];
	*f = (struct problem_file){ .language = l, .name = xstrdup(name) };
	return package_file(path, BYTES_MAX - bytes < PACKAGE_FILE_MAX ?
	    BYTES_MAX - bytes : PACKAGE_FILE_MAX, &f->data, &f->len, e);
}

/* The regular files of a directory; *n: how many.  One that is not there has
 * none. */
static bool
add_files(struct package *k, const char *dir, const struct language *l,
    size_t *n, struct err *e)
{
	struct dirent **names = NULL;
	int found = scandir(dir, &names, visible, alphasort);
	bool ok = true;

	*n = 0;
	for (int i = 0; i < found; i++) {
		char *path = xasprintf("%s/%s", dir, names[i]->d_name);
		struct stat sb;

		if (ok && stat(path, &sb) == 0 && !S_ISDIR(sb.st_mode)) {
			ok = add_file(k, path, names[i]->d_name, l, e);
			++*n;
		}
		free(path);
		free(names[i]);
	}
	free(names);
	return ok;
}

/* What a solution in a language begins with.  The only file is the solution,
 * whatever its name is. */
static bool
add_templates(struct package *k, const struct language *l, struct err *e)
{
	char *own = xasprintf("%s/attachments/templates/%s", k->dir, l->name);
	char *any = xasprintf("%s/attachments/templates/default", k->dir);
	size_t n;
	bool ok = add_files(k, own, l, &n, e);

	if (ok && n == 0)
		ok = add_files(k, any, l, &n, e);
	if (ok && n == 1) {
		struct problem_file *f = &k->p->files[k->p->nfiles - 1];

		free(f->name);
		f->name = xstrdup(l->main_file);
	}
	free(own);
	free(any);
	return ok;
}

bool
package_attachments(struct package *k, struct err *e)
{
	char *dir = xasprintf("%s/attachments", k->dir);
	const struct language *l;
	size_t n;
	bool ok = add_files(k, dir, NULL, &n, e);

	for (size_t i = 0; ok && (l = language_at(i)) != NULL; i++)
		ok = add_templates(k, l, e);
	free(dir);
	return ok;
}

const struct problem_file *
problem_file(const struct problem *p, const struct language *l,
    const char *name)
{
	const struct problem_file *found = NULL;

	for (size_t i = 0; i < p->nfiles; i++)
		if (strcmp(p->files[i].name, name) == 0 &&
		    (p->files[i].language == l || (found == NULL &&
		    p->files[i].language == NULL)))
			found = &p->files[i];
	return found;
}
