#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "problem/package.h"

#define CASE_MAX (16u << 20)
#define PACKAGE_MAX (256u << 20) /* all cases together */
#define CASES_MAX 500
#define LINKS_MAX (4 * CASES_MAX)
#define DEPTH_MAX 8 /* of groups; a link may lead back up */

/* A directory of cases: what holds for those in it and below. */
struct group {
	struct package *k;
	bool hidden;
	unsigned depth;
	char *path;   /* of the directory */
	const char *prefix; /* of names: "" or "group/" */
	char *args;   /* the validator's, from the nearest that has any */
};

static bool
ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

/* By the name of the case or the group: "a" is before "a-b". */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	const char *x = (*a)->d_name, *y = (*b)->d_name;
	size_t n = strlen(x) - (ends_in(x, ".in") ? 3 : 0);
	size_t m = strlen(y) - (ends_in(y, ".in") ? 3 : 0);
	int order = memcmp(x, y, n < m ? n : m);

	return order != 0 ? order : n != m ? (n < m ? -1 : 1) : strcmp(y, x);
}

/* A link to something that is to be hidden as well, whatever it is: what
 * lies beside a case tells of it, too. */
static bool
note_elsewhere(struct problem *p, const char *path, struct err *e)
{
	struct stat sb;
	char *real = lstat(path, &sb) == 0 && S_ISLNK(sb.st_mode) ?
	    realpath(path, NULL) : NULL;

	if (real == NULL || package_is_below(real, p->dir) ||
	    package_is_below(real, p->secret)) {
		free(real);
		return true;
	}
	p->elsewhere = xreallocarray(p->elsewhere, p->nelsewhere + 1,
	    sizeof *p->elsewhere);
	p->elsewhere[p->nelsewhere++] = real;
	return p->nelsewhere <= LINKS_MAX || err_set(e, ERR_LIMIT, "%s: at "
	    "most %d links lead out of a package", path, LINKS_MAX);
}

/* ---- how they are judged ---- */

/* The program's own arguments are not ours to leave out. */
static bool
takes_none(struct yaml *y, yaml_node_t *args, struct err *e)
{
	char *words = args != NULL ? yaml_words(y, args) : NULL;
	bool none = args == NULL || (words != NULL && *words == '\0');

	free(words);
	return none || err_set(e, ERR_UNSUPPORTED, "%s:%zu: arguments for the "
	    "program are not supported; give it all in the input", y->path,
	    yaml_line(args));
}

/* It is accepted when each case is: by the default grader, unless told. */
static bool
is_graded_by_default(struct yaml *y, yaml_node_t *root, struct err *e)
{
	static const char *const others[] = { "always_accept",
		"accept_if_any_accepted", "ignore_sample" };
	yaml_node_t *grading = yaml_child(y, root, "grading"), *n = grading;
	const char *text = yaml_text(grading);
	bool ok = grading == NULL || (text != NULL &&
	    strcmp(text, "default") == 0);

	if (ok && (n = yaml_child(y, root, "grader_flags")) != NULL) {
		char *words = yaml_words(y, n);

		ok = words != NULL;
		for (size_t i = 0; i < ARRAY_LEN(others) && ok; i++)
			ok = strstr(words, others[i]) == NULL;
		free(words);
	}
	return ok || err_set(e, ERR_UNSUPPORTED, "%s:%zu: only the default "
	    "grader is supported, and that all cases are to be accepted",
	    y->path, yaml_line(n));
}

/* Of one of the files that configure a group or a case: *args replaced where
 * it has some for the output validator. */
static bool
read_config(const struct package *k, const char *path, char **args,
    struct err *e)
{
	static const char *const of_validator[] = { "output_validator_args",
		"output_validator_flags" };
	static const char *const keys[] = { "output_validator_args",
		"output_validator_flags", "grading", "grader_flags", "args",
		NULL };
	struct yaml y;
	yaml_node_t *root, *n = NULL;
	bool ok;

	if (!yaml_open(&y, k, path, e))
		return false;
	root = yaml_document_get_root_node(&y.doc);
	ok = yaml_no_slips(&y, root, keys, e) &&
	    takes_none(&y, yaml_child(&y, root, "args"), e) &&
	    is_graded_by_default(&y, root, e);
	for (size_t i = 0; i < ARRAY_LEN(of_validator) && n == NULL; i++)
		n = yaml_child(&y, root, of_validator[i]);
	if (n != NULL && yaml_child(&y, n, "flags") != NULL)
		n = yaml_child(&y, n, "flags");
	if (ok && n != NULL) {
		struct compare_rules r = { 0 };

		free(*args);
		*args = yaml_words(&y, n);
		ok = (*args != NULL && compare_rules_add(&r, *args)) ||
		    err_set(e, ERR_UNSUPPORTED, "%s:%zu: not arguments that "
		    "the default validator knows", path, yaml_line(n));
	}
	yaml_close(&y);
	return ok;
}

/* The configuration next to it, where there is one. */
static bool
read_config_of(struct group *g, const char *name, char **args, struct err *e)
{
	char *path = xasprintf("%s/%s", g->path, name);
	bool ok = access(path, F_OK) != 0;

	if (!ok)
		ok = read_config(g->k, path, args, e);
	free(path);
	return ok;
}

static bool
has_none(const struct group *g, const char *name, const char *end,
    const char *what, struct err *e)
{
	char *path = xasprintf("%s/%s%s", g->path, name, end);
	bool none = access(path, F_OK) != 0 || err_set(e, ERR_UNSUPPORTED,
	    "%s: %s for the program are not supported; give it all in the "
	    "input", path, what);

	free(path);
	return none;
}

/* name without ".in"; rules of the package and of what is nearest. */
static bool
read_rules(struct group *g, const char *name, struct problem_case *c,
    struct err *e)
{
	char *args = g->args != NULL ? xstrdup(g->args) : NULL;
	char *file = xasprintf("%s.yaml", name);
	bool ok = has_none(g, name, ".args", "arguments", e) &&
	    has_none(g, name, ".files", "files", e) &&
	    read_config_of(g, file, &args, e);

	c->rules = g->k->rules;
	if (ok && args != NULL && !compare_rules_add(&c->rules, args))
		abort(); /* they were tried when they were read */
	free(file);
	free(args);
	return ok;
}

/* ---- the files ---- */

/* Other judges leave out what has another name. */
static bool
is_named_well(const struct problem_case *c, const char *path, struct err *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/";

	return c->name[strspn(c->name, allowed)] == '\0' ||
	    err_set(e, ERR_INVALID, "%s: the name of a case has letters a-z "
	    "and A-Z, digits, '_', '.' and '-', nothing else", path);
}

static bool
load_files(struct group *g, const char *in, const char *ans,
    struct problem_case *c, struct err *e)
{
	return is_named_well(c, in, e) && (g->hidden ||
	    (package_may_show(g->k, in, true, e) &&
	    package_may_show(g->k, ans, true, e))) &&
	    package_file(in, g->hidden ? CASE_MAX : PACKAGE_FILE_MAX, &c->in,
	    &c->in_len, e) &&
	    package_file(ans, CASE_MAX, &c->ans, &c->ans_len, e);
}

static bool
load_case(struct group *g, const char *file, struct err *e)
{
	struct problem *p = g->k->p;
	char *name = xstrndup(file, strlen(file) - 3);
	char *in = xasprintf("%s/%s", g->path, file);
	char *ans = xasprintf("%s/%s.ans", g->path, name);
	struct problem_case *c;
	bool ok;

	p->cases = xreallocarray(p->cases, p->ncases + 1, sizeof *p->cases);
	c = &p->cases[p->ncases++];
	memset(c, 0, sizeof *c);
	c->name = xasprintf("%s%s", g->prefix, name);
	c->hidden = g->hidden;
	ok = load_files(g, in, ans, c, e) && read_rules(g, name, c, e);
	g->k->bytes += c->in_len + c->ans_len;
	if (ok && g->k->bytes > PACKAGE_MAX)
		ok = err_set(e, ERR_LIMIT, "%s: all cases together have more "
		    "than %u MiB", in, PACKAGE_MAX >> 20);
	if (ok && p->ncases > CASES_MAX)
		ok = err_set(e, ERR_LIMIT, "%s: a problem has at most %d "
		    "cases", in, CASES_MAX);
	free(name);
	free(in);
	free(ans);
	return ok;
}

static bool load_group(struct group *, struct err *);

static bool
load_below(struct group *g, const char *name, struct err *e)
{
	char *prefix = xasprintf("%s%s/", g->prefix, name);
	struct group below = { .k = g->k, .hidden = g->hidden,
		.depth = g->depth + 1, .prefix = prefix,
		.path = xasprintf("%s/%s", g->path, name),
		.args = g->args != NULL ? xstrdup(g->args) : NULL };
	bool ok = below.depth <= DEPTH_MAX ? load_group(&below, e) :
	    err_set(e, ERR_LIMIT, "%s: groups of cases are at most %d deep",
	    below.path, DEPTH_MAX);

	free(below.path);
	free(prefix);
	free(below.args);
	return ok;
}

static bool
load_entry(struct group *g, const char *name, struct err *e)
{
	char *path = xasprintf("%s/%s", g->path, name);
	struct stat sb;
	bool is_dir = stat(path, &sb) == 0 && S_ISDIR(sb.st_mode);
	bool ok = !g->hidden || note_elsewhere(g->k->p, path, e);

	free(path);
	if (!ok || *name == '.')
		return ok;
	if (ends_in(name, ".in"))
		return load_case(g, name, e);
	return !is_dir || ends_in(name, ".files") || load_below(g, name, e);
}

static bool
load_group(struct group *g, struct err *e)
{
	struct dirent **names = NULL;
	bool ok = read_config_of(g, "testdata.yaml", &g->args, e) &&
	    read_config_of(g, "test_group.yaml", &g->args, e);
	int n = ok ? scandir(g->path, &names, NULL, by_name) : 0;

	if (n < 0)
		ok = err_sys(e, errno, "cannot read %s", g->path);
	for (int i = 0; i < n; i++) {
		ok = ok && load_entry(g, names[i]->d_name, e);
		free(names[i]);
	}
	free(names);
	return ok;
}

/* Those right below data/ inherit from it. */
static bool
load_top(struct package *k, const char *sub, bool hidden, struct err *e)
{
	char *data = xasprintf("%s/data", k->dir);
	struct group g = { .k = k, .hidden = hidden, .prefix = "",
		.path = data };
	bool ok = read_config_of(&g, "testdata.yaml", &g.args, e);

	g.path = xasprintf("%s/%s", data, sub);
	/* A problem may have no samples. */
	if (ok && (hidden || access(g.path, F_OK) == 0))
		ok = load_group(&g, e);
	free(g.path);
	free(g.args);
	free(data);
	return ok;
}

bool
package_cases(struct package *k, struct err *e)
{
	struct problem *p = k->p;

	if (!load_top(k, "sample", false, e) ||
	    !load_top(k, "secret", true, e))
		return false;
	if (p->ncases > 0 && p->cases[p->ncases - 1].hidden)
		return true;
	return err_set(e, ERR_INVALID, "%s/data/secret: needs 1 to %d cases "
	    "(NAME.in with NAME.ans)", k->dir, CASES_MAX);
}
