#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "problem/package.h"

#define YAML_MAX (64u << 10)
#define NESTED_MAX 200 /* libyaml looks at each open bracket for each token */

static int
by_key(const void *a, const void *b)
{
	const yaml_node_t *x = *(const yaml_node_t *const *)a;
	const yaml_node_t *y = *(const yaml_node_t *const *)b;
	int order = strcmp(yaml_text(x), yaml_text(y));

	return order != 0 ? order : x < y ? -1 : 1;
}

/* Of two with one key others take the last, or neither. */
static bool
has_keys_once(struct yaml *y, yaml_node_t *map, struct err *e)
{
	yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	size_t n = 0, max = (size_t)(map->data.mapping.pairs.top - pair);
	yaml_node_t **keys = xcalloc(max + 1, sizeof *keys);
	bool ok = true;

	for (; pair < map->data.mapping.pairs.top; pair++) {
		keys[n] = yaml_document_get_node(&y->doc, pair->key);
		n += yaml_text(keys[n]) != NULL;
	}
	qsort(keys, n, sizeof(yaml_node_t *), by_key);
	for (size_t i = 1; i < n && ok; i++)
		if (strcmp(yaml_text(keys[i - 1]), yaml_text(keys[i])) == 0)
			ok = err_set(e, ERR_INVALID, "%s:%zu: %s is there "
			    "twice", y->path, yaml_line(keys[i]),
			    yaml_text(keys[i]));
	free(keys);
	return ok;
}

static bool
check_maps(struct yaml *y, struct err *e)
{
	yaml_node_t *n = y->doc.nodes.start;
	bool ok = true;

	for (; n < y->doc.nodes.top && ok; n++)
		if (n->type == YAML_MAPPING_NODE)
			ok = has_keys_once(y, n, e);
	if (!ok)
		yaml_document_delete(&y->doc);
	return ok;
}

/* Those in quotes count as well, which nobody will notice. */
static bool
is_flat(const char *path, const char *text, struct err *e)
{
	size_t line = 1;
	int open = 0;

	for (; *text != '\0'; text++) {
		line += *text == '\n';
		open += *text == '[' || *text == '{';
		open -= open > 0 && (*text == ']' || *text == '}');
		if (open > NESTED_MAX)
			return err_set(e, ERR_LIMIT, "%s:%zu: more than %d "
			    "brackets are open", path, line, NESTED_MAX);
	}
	return true;
}

static bool
parse(struct yaml *y, const char *text, size_t n, struct err *e)
{
	yaml_parser_t parser;
	bool ok;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
	ok = yaml_parser_load(&parser, &y->doc) ||
	    err_set(e, ERR_INVALID, "%s:%zu: %s", y->path,
	    parser.problem_mark.line + 1, parser.problem != NULL ?
	    parser.problem : "not YAML");
	yaml_parser_delete(&parser);
	return ok && check_maps(y, e);
}

bool
yaml_open(struct yaml *y, const struct package *k, const char *path,
    struct err *e)
{
	char *text, *whole;
	size_t n;
	bool ok;

	y->path = path;
	if (!package_file(path, YAML_MAX, &text, &n, e))
		return false;
	/* As it is, it may be in UTF-16. */
	if (k != NULL && k->nconstants > 0) {
		whole = package_replaced(k, text);
		free(text);
		text = whole;
		n = strlen(text);
	}
	ok = n <= YAML_MAX || err_set(e, ERR_LIMIT, "%s: with its constants "
	    "it has more than %u KiB", path, YAML_MAX >> 10);
	ok = ok && is_flat(path, text, e) && parse(y, text, n, e);
	free(text);
	return ok;
}

void
yaml_close(struct yaml *y)
{
	yaml_document_delete(&y->doc);
}

/* "key:" with nothing behind it says as little as no key. */
static yaml_node_t *
unless_null(yaml_node_t *n)
{
	static const char *const nulls[] = { "", "~", "null", "Null",
		"NULL" };

	if (n == NULL || n->type != YAML_SCALAR_NODE ||
	    n->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return n;
	for (size_t i = 0; i < ARRAY_LEN(nulls); i++)
		if (strcmp(yaml_text(n), nulls[i]) == 0)
			return NULL;
	return n;
}

yaml_node_t *
yaml_child(struct yaml *y, yaml_node_t *map, const char *key)
{
	yaml_node_pair_t *pair;

	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (pair = map->data.mapping.pairs.start;
	    pair < map->data.mapping.pairs.top; pair++) {
		yaml_node_t *k = yaml_document_get_node(&y->doc, pair->key);

		if (yaml_text(k) != NULL && strcmp(yaml_text(k), key) == 0)
			return unless_null(yaml_document_get_node(&y->doc,
			    pair->value));
	}
	return NULL;
}

/* One sign too much, too few, or another, or two the wrong way round; large or
 * small is no matter. */
static bool
is_slip(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);

	while (na > 0 && nb > 0 && strncasecmp(a, b, 1) == 0)
		a++, b++, na--, nb--;
	while (na > 0 && nb > 0 &&
	    strncasecmp(a + na - 1, b + nb - 1, 1) == 0)
		na--, nb--;
	return (na <= 1 && nb <= 1) || (na == 2 && nb == 2 &&
	    strncasecmp(a, b + 1, 1) == 0 && strncasecmp(a + 1, b, 1) == 0);
}

static bool
is_meant(const yaml_node_t *k, const char *const *keys, const char **meant)
{
	const char *key = yaml_text(k);

	*meant = NULL;
	for (; key != NULL && *keys != NULL; keys++) {
		if (strcmp(key, *keys) == 0)
			return true;
		if (is_slip(key, *keys))
			*meant = *keys;
	}
	return *meant == NULL;
}

bool
yaml_no_slips(struct yaml *y, yaml_node_t *map, const char *const *keys,
    struct err *e)
{
	yaml_node_pair_t *pair;
	const char *meant;

	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return true;
	for (pair = map->data.mapping.pairs.start;
	    pair < map->data.mapping.pairs.top; pair++) {
		yaml_node_t *k = yaml_document_get_node(&y->doc, pair->key);

		if (!is_meant(k, keys, &meant))
			return err_set(e, ERR_INVALID, "%s:%zu: '%s' is no "
			    "key of the format; write '%s'", y->path,
			    yaml_line(k), yaml_text(k), meant);
	}
	return true;
}

yaml_node_t *
yaml_item(struct yaml *y, yaml_node_t *sequence, size_t at)
{
	yaml_node_item_t *items;

	if (sequence == NULL || sequence->type != YAML_SEQUENCE_NODE)
		return NULL;
	items = sequence->data.sequence.items.start;
	return items + at < sequence->data.sequence.items.top ?
	    yaml_document_get_node(&y->doc, items[at]) : NULL;
}

const char *
yaml_text(const yaml_node_t *n)
{
	return n != NULL && n->type == YAML_SCALAR_NODE ?
	    (const char *)n->data.scalar.value : NULL;
}

size_t
yaml_line(const yaml_node_t *n)
{
	return n->start_mark.line + 1;
}

static void
add_words(struct buf *b, const char *text)
{
	static const char space[] = " \t\r\n";
	size_t n;

	for (text += strspn(text, space); *text != '\0';
	    text += n, text += strspn(text, space)) {
		n = strcspn(text, space);
		buf_adds(b, b->len > 0 ? " " : "");
		buf_add(b, text, n);
	}
}

char *
yaml_words(struct yaml *y, yaml_node_t *n)
{
	struct buf b = { 0 };
	yaml_node_t *item;

	if (yaml_text(n) != NULL) {
		add_words(&b, yaml_text(n));
		return buf_take(&b);
	}
	if (n->type != YAML_SEQUENCE_NODE)
		return NULL;
	for (size_t i = 0; (item = yaml_item(y, n, i)) != NULL; i++) {
		if (yaml_text(item) == NULL) {
			buf_free(&b);
			return NULL;
		}
		add_words(&b, yaml_text(item));
	}
	return buf_take(&b);
}
