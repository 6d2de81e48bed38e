#include "config.h"

#include "problem/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool
tolerance(const char *s, double *out)
{
	char *end;

	if (s == NULL)
		return false;
	*out = strtod(s, &end);
	return end != s && *end == '\0' && isfinite(*out) && *out >= 0;
}

/* One of the arguments, and the number after it where it takes one. */
static bool
add_rule(struct compare_rules *r, const char *word, char **save)
{
	bool any = strcmp(word, "float_tolerance") == 0;
	bool absolute = strcmp(word, "float_absolute_tolerance") == 0;
	bool relative = strcmp(word, "float_relative_tolerance") == 0;
	double v;

	if (strcmp(word, "case_sensitive") == 0) {
		r->case_sensitive = true;
		return true;
	}
	if (strcmp(word, "space_change_sensitive") == 0) {
		r->space_sensitive = true;
		return true;
	}
	if ((!any && !absolute && !relative) ||
	    !tolerance(strtok_r(NULL, " \t\n", save), &v))
		return false;
	if (any || absolute) {
		r->absolute = true;
		r->absolute_tolerance = v;
	}
	if (any || relative) {
		r->relative = true;
		r->relative_tolerance = v;
	}
	return true;
}

bool
compare_rules_add(struct compare_rules *r, const char *words)
{
	char *copy = xstrdup(words), *save = NULL, *word;
	bool ok = true;

	for (word = strtok_r(copy, " \t\n", &save); word != NULL && ok;
	    word = strtok_r(NULL, " \t\n", &save))
		ok = add_rule(r, word, &save);
	free(copy);
	return ok;
}

struct side {
	const char *p, *end;
	const char *tok;
	size_t len;
	unsigned line, col; /* of the token: line and its number there */
};

/* As the format has them, in every locale. */
static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The white space before the next token is [*space, tok). */
static bool
next(struct side *s, const char **space)
{
	*space = s->p;
	while (s->p < s->end && is_space(*s->p))
		if (*s->p++ == '\n') {
			s->line++;
			s->col = 0;
		}
	s->tok = s->p;
	while (s->p < s->end && !is_space(*s->p))
		s->p++;
	s->len = (size_t)(s->p - s->tok);
	s->col++;
	return s->len > 0;
}

/* The digits at p, counted in *n. */
static const char *
digits(const char *p, const char *end, size_t *n)
{
	for (; p < end && is_digit(*p); p++)
		++*n;
	return p;
}

/* A number as the format has it: decimal, with a point or an exponent or
 * without; strtod takes more, such as 0x1p3. */
static bool
is_number(const char *p, const char *end)
{
	size_t n = 0, exponent = 0;

	p += p < end && (*p == '+' || *p == '-');
	p = digits(p, end, &n);
	if (p < end && *p == '.')
		p = digits(p + 1, end, &n);
	if (n == 0 || p == end || (*p != 'e' && *p != 'E'))
		return n > 0 && p == end;
	p++;
	p += p < end && (*p == '+' || *p == '-');
	return digits(p, end, &exponent) == end && exponent > 0;
}

/* 1e308 written out, and as many digits behind its point. */
#define NUMBER_MAX 1024

static bool
as_number(const struct side *s, double *v)
{
	char text[NUMBER_MAX];

	if (s->len >= sizeof text || !is_number(s->tok, s->tok + s->len))
		return false;
	memcpy(text, s->tok, s->len);
	text[s->len] = '\0';
	*v = strtod(text, NULL);
	return isfinite(*v);
}

static bool
close_enough(const struct compare_rules *r, const struct side *a,
    const struct side *b)
{
	double x, y, d;

	if ((!r->absolute && !r->relative) || !as_number(a, &x) ||
	    !as_number(b, &y))
		return false;
	d = fabs(x - y);
	return (r->absolute && d <= r->absolute_tolerance) ||
	    (r->relative && d <= r->relative_tolerance * fabs(x));
}

static int
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* Not strncasecmp: an output may hold a NUL, and goes on behind it; and what
 * letters are is not asked of the locale. */
static bool
same_letters(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

static bool
same_token(const struct compare_rules *r, const struct side *a,
    const struct side *b)
{
	if (a->len == b->len && (r->case_sensitive ?
	    memcmp(a->tok, b->tok, a->len) == 0 :
	    same_letters(a->tok, b->tok, a->len)))
		return true;
	return close_enough(r, a, b);
}

static bool
differ(struct err *e, const struct side *want, const struct side *got,
    const char *what)
{
	if (what != NULL)
		return err_set(e, ERR_INVALID, "line %u, token %u: %s",
		    got->line, got->col, what);
	return err_set(e, ERR_INVALID, "line %u, token %u: expected %.*s, "
	    "got %.*s", got->line, got->col,
	    (int)(want->len > 40 ? 40 : want->len), want->tok,
	    (int)(got->len > 40 ? 40 : got->len), got->tok);
}

bool
compare(const struct compare_rules *r, const char *want, size_t want_len,
    const char *got, size_t got_len, struct err *e)
{
	struct side a = { want, want + want_len, NULL, 0, 1, 0 };
	struct side b = { got, got + got_len, NULL, 0, 1, 0 };
	const char *space_a, *space_b;

	for (;;) {
		bool more_a = next(&a, &space_a), more_b = next(&b, &space_b);

		if (r->space_sensitive && (a.tok - space_a != b.tok - space_b ||
		    memcmp(space_a, space_b, (size_t)(a.tok - space_a)) != 0))
			return differ(e, &a, &b, "the white space differs");
		if (!more_a && !more_b)
			return true;
		if (!more_b)
			return differ(e, &a, &b, "the output ends too early");
		if (!more_a)
			return differ(e, &a, &b, "there is output too much");
		if (!same_token(r, &a, &b))
			return differ(e, &a, &b, NULL);
	}
}
