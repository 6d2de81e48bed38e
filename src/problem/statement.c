#include "config.h"

#include <dirent.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "problem/package.h"

#define STATEMENT_MAX (256u << 10)
#define SAMPLE_SHOWN 2048 /* bytes; the whole is in the workspace */

/* ---- which file ---- */

/* "problem.en.md": "en"; "problem.md", which is English: "".  NULL: another
 * file. */
static char *
language_of(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	if (n < 7 + m || strncmp(name, "problem", 7) != 0 ||
	    strcmp(name + n - m, end) != 0)
		return NULL;
	if (n == 7 + m)
		return xstrdup("");
	return name[7] == '.' ? xstrndup(name + 8, n - 8 - m) : NULL;
}

/* Best first: English, by its whole name or none, then by name. */
static int
rank(const char *language)
{
	return strcmp(language, "en") == 0 ? 0 : *language == '\0' ? 1 :
	    strncmp(language, "en-", 3) == 0 ? 2 : 3;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The best in a directory that ends so. */
static bool
find_in(struct package *k, const char *sub, const char *end)
{
	char *dir = xasprintf("%s/%s", k->dir, sub);
	struct dirent **names = NULL;
	int n = scandir(dir, &names, NULL, by_name);

	for (int i = 0; i < n; i++) {
		char *l = language_of(names[i]->d_name, end);

		if (l != NULL && (k->language == NULL ||
		    rank(l) < rank(k->language))) {
			free(k->language);
			free(k->statement);
			k->language = l;
			k->statement = xasprintf("%s/%s", dir,
			    names[i]->d_name);
		} else {
			free(l);
		}
		free(names[i]);
	}
	free(names);
	free(dir);
	return k->statement != NULL;
}

static const char *const dirs[] = { "problem_statement", "statement" };

void
package_find_statement(struct package *k)
{
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (find_in(k, dirs[i], ".md"))
			return;
}

static bool
no_statement(struct package *k, struct err *e)
{
	static const char *const others[] = { ".tex", ".pdf" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		for (size_t j = 0; j < ARRAY_LEN(others); j++)
			if (find_in(k, dirs[i], others[j]))
				return err_set(e, ERR_UNSUPPORTED, "%s: a "
				    "statement is read in Markdown; write it "
				    "in %s/%s/problem.en.md", k->statement,
				    k->dir, dirs[i]);
	return err_set(e, ERR_NOT_FOUND, "%s: no statement; write it in %s/"
	    "problem.en.md", k->dir, dirs[0]);
}

/* ---- what is put in ---- */

static void
add_file(struct buf *b, const char *what, const char *p, size_t n)
{
	size_t shown = n < SAMPLE_SHOWN ? n : SAMPLE_SHOWN;

	while (shown > 0 && shown < n && p[shown - 1] != '\n')
		shown--;
	buf_addf(b, "%s:\n\n", what);
	if (!utf8_valid(p, shown) || memchr(p, '\0', shown) != NULL) {
		buf_adds(b, "(not text)\n\n");
		return;
	}
	/* Indented, so that nothing in it ends it. */
	for (size_t at = 0; at < shown;) {
		const char *end = memchr(p + at, '\n', shown - at);
		size_t len = end != NULL ? (size_t)(end - p) - at :
		    shown - at;

		buf_adds(b, "    ");
		buf_add(b, p + at, len);
		buf_addc(b, '\n');
		at += len + 1;
	}
	buf_adds(b, n == 0 ? "(nothing)\n\n" : shown < n ?
	    "\n(shortened)\n\n" : "\n");
}

/* The samples from *at on, at most so many. */
static void
add_samples(struct buf *b, const struct problem *p, size_t *at, size_t most)
{
	for (; most > 0 && *at < p->ncases && !p->cases[*at].hidden;
	    most--, ++*at) {
		const struct problem_case *c = &p->cases[*at];

		buf_addf(b, "\n\n**Sample %zu**\n\n", *at + 1);
		add_file(b, "Input", c->in, c->in_len);
		add_file(b, "Output", c->ans, c->ans_len);
	}
}

static const char *
constant(const struct package *k, const char *name, size_t n)
{
	for (size_t i = 0; i < k->nconstants; i++)
		if (strlen(k->constants[i].name) == n &&
		    strncmp(k->constants[i].name, name, n) == 0)
			return k->constants[i].value;
	return NULL;
}

/* What stands for {{name}}, at a "{{"; false: it stays as it is.  sample: the
 * next one; NULL: no samples here. */
static bool
put_in(const struct package *k, const char *text, size_t *sample,
    struct buf *b)
{
	const char *name = text + 2, *end = strstr(name, "}}"), *value;
	size_t n = end != NULL ? (size_t)(end - name) : 0;

	if (n == 0)
		return false;
	value = constant(k, name, n);
	if (value != NULL)
		buf_adds(b, value);
	else if (sample != NULL && n == 10 && strncmp(name, "nextsample", n) ==
	    0)
		add_samples(b, k->p, sample, 1);
	else if (sample != NULL && n == 16 &&
	    strncmp(name, "remainingsamples", n) == 0)
		add_samples(b, k->p, sample, SIZE_MAX);
	else
		return false;
	return true;
}

/* As far as it stays below STATEMENT_MAX: a constant may be long and named
 * often. */
static void
replace(const struct package *k, const char *text, size_t *sample,
    struct buf *b)
{
	const char *at;

	while ((at = strstr(text, "{{")) != NULL && b->len < STATEMENT_MAX) {
		buf_add(b, text, (size_t)(at - text));
		if (put_in(k, at, sample, b)) {
			text = strstr(at, "}}") + 2;
		} else {
			buf_addc(b, '{');
			text = at + 1;
		}
	}
	buf_adds(b, text);
}

char *
package_replaced(const struct package *k, const char *text)
{
	struct buf b = { 0 };

	replace(k, text, NULL, &b);
	return buf_take(&b);
}

/* ---- its text ---- */

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

/* The legacy format leaves the samples to the judge to show, yet many a
 * statement in Markdown has them, below a heading that says so. */
static bool
tells_samples(const char *text)
{
	regex_t heading;
	bool found;

	if (regcomp(&heading, "^ {0,3}#+ .*(sample|example)", REG_EXTENDED |
	    REG_ICASE | REG_NEWLINE | REG_NOSUB) != 0)
		return true;
	found = regexec(&heading, text, 0, NULL, 0) == 0;
	regfree(&heading);
	return found;
}

bool
package_statement(struct package *k, struct err *e)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct buf b = { 0 };
	size_t n, line, sample = 0;
	char *text;

	if (k->statement == NULL)
		return no_statement(k, e);
	if (!package_may_show(k, k->statement, false, e) ||
	    !package_file(k->statement, STATEMENT_MAX, &text, &n, e))
		return false;
	line = bad_line(text, n);
	if (line > 0) {
		free(text);
		return err_set(e, ERR_INVALID, "%s:%zu: not text in UTF-8; "
		    "save it as UTF-8", k->statement, line);
	}
	replace(k, text + (strncmp(text, bom, 3) == 0 ? 3 : 0), &sample, &b);
	if (!k->legacy || !tells_samples(buf_str(&b)))
		add_samples(&b, k->p, &sample, SIZE_MAX);
	k->p->statement = buf_take(&b);
	free(text);
	return true;
}
