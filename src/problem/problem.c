#include "config.h"

#include "problem/problem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

#define YAML_MAX (64u << 10) /* libyaml's work grows with its square */
#define STATEMENT_MAX (256u << 10)
#define CASE_MAX (16u << 20)
#define PACKAGE_MAX (256u << 20) /* all cases together */
#define CASES_MAX 500

/* ---- files ---- */

static bool
read_file(const char *path, size_t max, char **out, size_t *len,
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

/* ---- problem.yaml ---- */

struct yaml {
	const char *path;
	yaml_document_t doc;
	struct problem *p;
};

static yaml_node_t *
child(struct yaml *y, yaml_node_t *map, const char *key)
{
	yaml_node_pair_t *pair;

	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (pair = map->data.mapping.pairs.start;
	    pair < map->data.mapping.pairs.top; pair++) {
		yaml_node_t *k = yaml_document_get_node(&y->doc, pair->key);

		if (k->type == YAML_SCALAR_NODE && strcmp(
		    (const char *)k->data.scalar.value, key) == 0)
			return yaml_document_get_node(&y->doc, pair->value);
	}
	return NULL;
}

static const char *
scalar(yaml_node_t *n)
{
	return n != NULL && n->type == YAML_SCALAR_NODE ?
	    (const char *)n->data.scalar.value : NULL;
}

/* A number with bounds, times scale; absent: *out is left as it is. */
static bool
number(struct yaml *y, yaml_node_t *n, const char *what, double max,
    double scale, int64_t *out, struct err *e)
{
	const char *s = scalar(n);
	char *end;
	double v;

	if (n == NULL)
		return true;
	v = s != NULL ? strtod(s, &end) : 0;
	if (s == NULL || end == s || *end != '\0' || !(v * scale >= 1) ||
	    v > max)
		return err_set(e, ERR_INVALID, "%s:%zu: %s must be a number "
		    "from %g to %g", y->path, n->start_mark.line + 1, what,
		    1 / scale, max);
	*out = (int64_t)(v * scale);
	return true;
}

static bool
tolerance(const char *s, double *out)
{
	char *end;

	if (s == NULL)
		return false;
	*out = strtod(s, &end);
	return end != s && *end == '\0' && isfinite(*out) && *out >= 0;
}

/* One word of validator_flags, and the number after it where it takes one. */
static bool
flag(struct problem *p, const char *word, char **save)
{
	bool any = strcmp(word, "float_tolerance") == 0;
	bool absolute = strcmp(word, "float_absolute_tolerance") == 0;
	bool relative = strcmp(word, "float_relative_tolerance") == 0;
	double v;

	if (strcmp(word, "case_sensitive") == 0) {
		p->case_sensitive = true;
		return true;
	}
	if (strcmp(word, "space_change_sensitive") == 0) {
		p->space_sensitive = true;
		return true;
	}
	if ((!any && !absolute && !relative) ||
	    !tolerance(strtok_r(NULL, " ", save), &v))
		return false;
	if (any || absolute)
		p->float_absolute = v;
	if (any || relative)
		p->float_relative = v;
	return true;
}

static bool
flags(struct yaml *y, yaml_node_t *n, struct err *e)
{
	char *copy, *save = NULL, *word;
	bool ok = true;

	if (n == NULL)
		return true;
	if (scalar(n) == NULL)
		return err_set(e, ERR_INVALID, "%s:%zu: validator_flags must "
		    "be a line of words", y->path, n->start_mark.line + 1);
	copy = xstrdup(scalar(n));
	for (word = strtok_r(copy, " ", &save); word != NULL && ok;
	    word = strtok_r(NULL, " ", &save))
		ok = flag(y->p, word, &save);
	free(copy);
	return ok || err_set(e, ERR_UNSUPPORTED, "%s:%zu: validator_flags has "
	    "a word that the default validator does not know, or a tolerance "
	    "that is not a number", y->path,
	    n->start_mark.line + 1);
}

static bool
interpret(struct yaml *y, struct err *e)
{
	yaml_node_t *root = yaml_document_get_root_node(&y->doc);
	yaml_node_t *name = child(y, root, "name"), *limits;
	const char *title = scalar(name);
	const char *validation = scalar(child(y, root, "validation"));

	if (title == NULL)
		title = scalar(child(y, name, "en"));
	if (title == NULL)
		return err_set(e, ERR_INVALID, "%s: no name; add a line "
		    "'name: The Problem's Title'", y->path);
	if (validation != NULL && strcmp(validation, "default") != 0)
		return err_set(e, ERR_UNSUPPORTED, "%s: validation is '%s'; "
		    "only 'default' is supported", y->path, validation);
	y->p->title = xstrdup(title);
	limits = child(y, root, "limits");
	if (limits != NULL && limits->type != YAML_MAPPING_NODE &&
	    (scalar(limits) == NULL || *scalar(limits) != '\0'))
		return err_set(e, ERR_INVALID, "%s:%zu: limits must have its "
		    "limits below it, as in '  time_limit: 2'", y->path,
		    limits->start_mark.line + 1);
	return number(y, child(y, limits, "time_limit"), "time_limit", 600,
	    1000, &y->p->time_limit_ms, e) &&
	    number(y, child(y, limits, "memory"), "memory", 65536, 1,
	    &y->p->memory_limit_mb, e) &&
	    number(y, child(y, limits, "output"), "output", 1024, 1024,
	    &y->p->output_limit_kb, e) &&
	    flags(y, child(y, root, "validator_flags"), e);
}

static bool
load_yaml(struct problem *p, const char *path, struct err *e)
{
	struct yaml y = { .path = path, .p = p };
	yaml_parser_t parser;
	char *text;
	size_t n;
	bool ok;

	if (!read_file(path, YAML_MAX, &text, &n, e))
		return false;
	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
	if (!yaml_parser_load(&parser, &y.doc)) {
		ok = err_set(e, ERR_INVALID, "%s:%zu: %s", path,
		    parser.problem_mark.line + 1, parser.problem != NULL ?
		    parser.problem : "not YAML");
	} else {
		ok = interpret(&y, e);
		yaml_document_delete(&y.doc);
	}
	yaml_parser_delete(&parser);
	free(text);
	return ok;
}

/* ---- statement and cases ---- */

/* The first line that is no text; 0: none. */
static size_t
bad_line(const char *s, size_t n)
{
	size_t line = 1, len;
	const char *end;

	for (; n > 0; s += len, n -= len, line++) {
		end = memchr(s, '\n', n);
		len = end != NULL ? (size_t)(end - s) + 1 : n;
		if (!utf8_valid(s, len) || memchr(s, '\0', len) != NULL)
			return line;
	}
	return 0;
}

static bool
take_statement(struct problem *p, const char *path, struct err *e)
{
	static const char bom[] = "\xef\xbb\xbf";
	size_t n, line;

	if (!read_file(path, STATEMENT_MAX, &p->statement, &n, e))
		return false;
	line = bad_line(p->statement, n);
	if (line > 0)
		return err_set(e, ERR_INVALID, "%s:%zu: not text in UTF-8; "
		    "save it as UTF-8", path, line);
	if (strncmp(p->statement, bom, 3) == 0)
		memmove(p->statement, p->statement + 3, n - 2);
	return true;
}

static bool
load_statement(struct problem *p, const char *dir, struct err *e)
{
	static const char *const names[] = { "problem_statement/problem.en.md",
		"problem_statement/problem.md", "statement/problem.en.md" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = xasprintf("%s/%s", dir, names[i]);
		bool here = access(path, F_OK) == 0;
		bool ok = here && take_statement(p, path, e);

		free(path);
		if (here)
			return ok;
	}
	return err_set(e, ERR_NOT_FOUND, "%s: no statement; write it in %s",
	    dir, names[0]);
}

static int
only_inputs(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 3 && strcmp(d->d_name + n - 3, ".in") == 0;
}

static bool
is_below(const char *path, const char *dir)
{
	size_t n = dir != NULL ? strlen(dir) : 0;

	return n > 0 && strncmp(path, dir, n) == 0 && path[n] == '/';
}

/* A file that is a link to another one, which is to be hidden as well. */
static void
note_elsewhere(struct problem *p, const char *path)
{
	char *real = realpath(path, NULL);

	if (real == NULL || is_below(real, p->dir) ||
	    is_below(real, p->secret)) {
		free(real);
		return;
	}
	p->elsewhere = xreallocarray(p->elsewhere, p->nelsewhere + 1,
	    sizeof *p->elsewhere);
	p->elsewhere[p->nelsewhere++] = real;
}

static bool
load_case(struct problem *p, const char *dir, const char *file, bool hidden,
    size_t *bytes, struct err *e)
{
	size_t base = strlen(file) - 3;
	char *in = xasprintf("%s/%s", dir, file);
	char *ans = xasprintf("%s/%.*s.ans", dir, (int)base, file);
	struct problem_case *k;
	bool ok;

	p->cases = xreallocarray(p->cases, p->ncases + 1, sizeof *p->cases);
	k = &p->cases[p->ncases++];
	memset(k, 0, sizeof *k);
	k->name = xstrndup(file, base);
	k->hidden = hidden;
	ok = read_file(in, CASE_MAX, &k->in, &k->in_len, e) &&
	    read_file(ans, CASE_MAX, &k->ans, &k->ans_len, e);
	if (ok && hidden) {
		note_elsewhere(p, in);
		note_elsewhere(p, ans);
	}
	*bytes += k->in_len + k->ans_len;
	if (ok && *bytes > PACKAGE_MAX)
		ok = err_set(e, ERR_LIMIT, "%s: all cases together have more "
		    "than %u MiB", in, PACKAGE_MAX >> 20);
	free(in);
	free(ans);
	return ok;
}

static bool
load_cases(struct problem *p, const char *dir, const char *sub, bool hidden,
    size_t *bytes, struct err *e)
{
	char *path = xasprintf("%s/data/%s", dir, sub);
	struct dirent **names = NULL;
	int n = scandir(path, &names, only_inputs, alphasort);
	bool ok = n > 0 && p->ncases + (size_t)n <= CASES_MAX;

	if (!ok)
		err_set(e, ERR_INVALID, "%s: needs 1 to %d cases (NAME.in "
		    "with NAME.ans)", path, CASES_MAX);
	for (int i = 0; i < n; i++) {
		ok = ok && load_case(p, path, names[i]->d_name, hidden, bytes,
		    e);
		free(names[i]);
	}
	free(names);
	free(path);
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

struct problem *
problem_load(const char *dir, struct err *e)
{
	struct problem *p = xcalloc(1, sizeof *p);
	char *yaml = xasprintf("%s/problem.yaml", dir);
	size_t bytes = 0; /* in all cases */
	bool ok;

	load_place(p, dir);
	p->time_limit_ms = 2000;
	p->memory_limit_mb = 512;
	p->output_limit_kb = 8192;
	p->float_absolute = p->float_relative = -1;
	ok = load_yaml(p, yaml, e) && load_statement(p, dir, e) &&
	    load_cases(p, dir, "sample", false, &bytes, e) &&
	    load_cases(p, dir, "secret", true, &bytes, e);
	free(yaml);
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
