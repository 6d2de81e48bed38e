#include "config.h"

/* problem.yaml */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "problem/package.h"

#define TIME_MAX 600.0	 /* s */
#define TIME_SCALE 1000.0

/* A number with bounds, times scale. */
static bool
scaled(const char *s, double max, double scale, int64_t *out)
{
	char *end;
	double v = strtod(s, &end);

	if (end == s || end[strspn(end, " \t\r\n")] != '\0' ||
	    !(v * scale >= 1) || v > max)
		return false;
	*out = (int64_t)(v * scale + 0.5);
	return true;
}

/* Absent: *out is left as it is. */
static bool
number(struct yaml *y, yaml_node_t *n, const char *what, double max,
    double scale, int64_t *out, struct err *e)
{
	const char *s = yaml_text(n);

	return n == NULL || (s != NULL && scaled(s, max, scale, out)) ||
	    err_set(e, ERR_INVALID, "%s:%zu: %s must be a number from %g to "
	    "%g", y->path, yaml_line(n), what, 1 / scale, max);
}

/* Where the tools of the format write down what they found: no part of the
 * format itself, and problem.yaml has the last word. */
static bool
read_timelimit(struct package *k, struct err *e)
{
	char *path = xasprintf("%s/.timelimit", k->dir), *text;
	bool ok = access(path, F_OK) != 0;
	size_t n;

	if (!ok && package_file(path, 64, &text, &n, e)) {
		ok = scaled(text, TIME_MAX, TIME_SCALE,
		    &k->p->time_limit_ms) || err_set(e, ERR_INVALID,
		    "%s: must be a number from %g to %g", path,
		    1 / TIME_SCALE, TIME_MAX);
		free(text);
	}
	free(path);
	return ok;
}

static bool
read_limits(struct yaml *y, yaml_node_t *limits, struct problem *p,
    struct err *e)
{
	static const char *const keys[] = { "time_limit", "memory", "output",
		NULL };

	if (limits != NULL && limits->type != YAML_MAPPING_NODE)
		return err_set(e, ERR_INVALID, "%s:%zu: limits must have its "
		    "limits below it, as in '  time_limit: 2'", y->path,
		    yaml_line(limits));
	return yaml_no_slips(y, limits, keys, e) &&
	    number(y, yaml_child(y, limits, "time_limit"), "time_limit",
	    TIME_MAX, TIME_SCALE, &p->time_limit_ms, e) &&
	    number(y, yaml_child(y, limits, "memory"), "memory", 65536, 1,
	    &p->memory_limit_mb, e) &&
	    number(y, yaml_child(y, limits, "output"), "output", 1024, 1024,
	    &p->output_limit_kb, e);
}

/* By languages, or in the one that there is; a line, the caller's. */
static char *
read_name(struct yaml *y, yaml_node_t *name, const char *language)
{
	yaml_node_t *in = language != NULL ?
	    yaml_child(y, name, language) : NULL;

	if (yaml_text(name) != NULL)
		in = name;
	if (in == NULL)
		in = yaml_child(y, name, "en");
	if (in == NULL && name != NULL && name->type == YAML_MAPPING_NODE &&
	    name->data.mapping.pairs.start < name->data.mapping.pairs.top)
		in = yaml_document_get_node(&y->doc,
		    name->data.mapping.pairs.start->value);
	return yaml_text(in) != NULL ? yaml_words(y, in) : NULL;
}

/* A word that is allowed here, or a list of nothing else. */
static bool
only(struct yaml *y, yaml_node_t *n, const char *what, const char *allowed,
    struct err *e)
{
	char *words = n != NULL ? yaml_words(y, n) : NULL;
	bool ok = n == NULL || (words != NULL && strcmp(words, allowed) == 0);

	if (!ok)
		err_set(e, ERR_UNSUPPORTED, "%s:%zu: %s is '%s'; only '%s' is "
		    "supported", y->path, yaml_line(n), what, words != NULL ?
		    words : "?", allowed);
	free(words);
	return ok;
}

static bool
read_flags(struct yaml *y, yaml_node_t *n, struct compare_rules *rules,
    struct err *e)
{
	if (n == NULL)
		return true;
	if (yaml_text(n) == NULL)
		return err_set(e, ERR_INVALID, "%s:%zu: validator_flags must "
		    "be a line of words", y->path, yaml_line(n));
	return compare_rules_add(rules, yaml_text(n)) ||
	    err_set(e, ERR_UNSUPPORTED, "%s:%zu: validator_flags has a word "
	    "that the default validator does not know, or a tolerance that is "
	    "not a number", y->path, yaml_line(n));
}

static void
add_constant(struct package *k, char *name, const char *value)
{
	GROW(k->constants, k->nconstants, k->constants_cap);
	k->constants[k->nconstants++] = (struct constant){ name,
		xstrdup(value) };
}

/* A value, or a map of its ways to be written. */
static void
read_constant(struct package *k, struct yaml *y, const char *name,
    yaml_node_t *n)
{
	const char *value = yaml_text(n != NULL && yaml_text(n) == NULL ?
	    yaml_child(y, n, "value") : n);
	yaml_node_pair_t *pair;

	if (value != NULL)
		add_constant(k, xstrdup(name), value);
	if (value != NULL && yaml_text(n) != NULL)
		add_constant(k, xasprintf("%s.value", name), value);
	if (n == NULL || n->type != YAML_MAPPING_NODE)
		return;
	for (pair = n->data.mapping.pairs.start;
	    pair < n->data.mapping.pairs.top; pair++) {
		yaml_node_t *key = yaml_document_get_node(&y->doc, pair->key);
		yaml_node_t *v = yaml_document_get_node(&y->doc, pair->value);

		if (yaml_text(key) != NULL && yaml_text(v) != NULL)
			add_constant(k, xasprintf("%s.%s", name,
			    yaml_text(key)), yaml_text(v));
	}
}

static void
read_constants(struct package *k, struct yaml *y, yaml_node_t *n)
{
	yaml_node_pair_t *pair;

	if (n == NULL || n->type != YAML_MAPPING_NODE)
		return;
	for (pair = n->data.mapping.pairs.start;
	    pair < n->data.mapping.pairs.top; pair++) {
		yaml_node_t *key = yaml_document_get_node(&y->doc, pair->key);

		if (yaml_text(key) != NULL)
			read_constant(k, y, yaml_text(key),
			    yaml_document_get_node(&y->doc, pair->value));
	}
}

static bool
read_version(struct package *k, struct yaml *y, yaml_node_t *n,
    struct err *e)
{
	static const char *const known[] = { "legacy", "legacy-icpc",
		"2023-07-draft", "2023-07", "2025-09-draft", "2025-09",
		"draft" };
	const char *version = yaml_text(n);

	k->legacy = n == NULL || (version != NULL &&
	    strncmp(version, "legacy", 6) == 0);
	for (size_t i = 0; version != NULL && i < ARRAY_LEN(known); i++)
		if (strcmp(version, known[i]) == 0)
			return true;
	return n == NULL || err_set(e, ERR_UNSUPPORTED, "%s:%zu: "
	    "problem_format_version is '%s'; 'legacy' (the same as none), "
	    "'2023-07' and '2025-09' are supported", y->path, yaml_line(n),
	    version != NULL ? version : "?");
}

static bool
interpret(struct package *k, struct yaml *y, struct err *e)
{
	static const char *const keys[] = { "problem_format_version", "name",
		"type", "validation", "limits", "validator_flags",
		"constants", NULL };
	yaml_node_t *root = yaml_document_get_root_node(&y->doc);
	yaml_node_t *name = yaml_child(y, root, "name");

	if (!yaml_no_slips(y, root, keys, e))
		return false;
	k->p->title = read_name(y, name, k->language);
	if (k->p->title == NULL)
		return err_set(e, ERR_INVALID, "%s: no name; add a line "
		    "'name: The Problem's Title'", y->path);
	read_constants(k, y, yaml_child(y, root, "constants"));
	return read_version(k, y, yaml_child(y, root,
	    "problem_format_version"), e) &&
	    only(y, yaml_child(y, root, "type"), "type", "pass-fail", e) &&
	    only(y, yaml_child(y, root, "validation"), "validation",
	    "default", e) &&
	    read_timelimit(k, e) &&
	    read_limits(y, yaml_child(y, root, "limits"), k->p, e) &&
	    read_flags(y, yaml_child(y, root, "validator_flags"), &k->rules,
	    e);
}

bool
package_yaml(struct package *k, struct err *e)
{
	char *path = xasprintf("%s/problem.yaml", k->dir);
	struct yaml y;
	bool ok = yaml_open(&y, NULL, path, e);

	if (ok) {
		ok = interpret(k, &y, e);
		yaml_close(&y);
	}
	free(path);
	return ok;
}
