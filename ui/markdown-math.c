#include "config.h"

#include "ui/markdown-internal.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"

/*
 * A formula in a line of text: what LaTeX writes in problem statements in
 * signs that a terminal has.  What is not known stays as it is.
 */

#define NESTING_MAX 8

struct math {
	const char *p, *end;
	bool ascii;
	int nesting;
	struct buf *out;
};

enum sign_kind { SIGN, RELATION, WORD, NO_SIGN };

static const struct sign {
	const char *name, *nice, *plain;
	enum sign_kind kind;
} signs[] = {
	{ "le", "\u2264", "<=", RELATION }, { "leq", "\u2264", "<=", RELATION },
	{ "ge", "\u2265", ">=", RELATION }, { "geq", "\u2265", ">=", RELATION },
	{ "ne", "\u2260", "!=", RELATION }, { "neq", "\u2260", "!=", RELATION },
	{ "lt", "<", "<", RELATION }, { "gt", ">", ">", RELATION },
	{ "ll", "\u226a", "<<", RELATION }, { "gg", "\u226b", ">>", RELATION },
	{ "approx", "\u2248", "~", RELATION },
	{ "equiv", "\u2261", "==", RELATION },
	{ "in", "\u2208", "in", RELATION },
	{ "notin", "\u2209", "not in", RELATION },
	{ "subset", "\u2282", "subset", RELATION },
	{ "subseteq", "\u2286", "subset or equal", RELATION },
	{ "to", "\u2192", "->", RELATION },
	{ "rightarrow", "\u2192", "->", RELATION },
	{ "leftarrow", "\u2190", "<-", RELATION },
	{ "Rightarrow", "\u21d2", "=>", RELATION },
	{ "mid", "|", "|", RELATION },
	{ "land", "\u2227", "and", RELATION },
	{ "lor", "\u2228", "or", RELATION },
	{ "cup", "\u222a", "union", RELATION },
	{ "cap", "\u2229", "intersect", RELATION },
	{ "cdot", "\u00b7", "*", SIGN }, { "times", "\u00d7", "x", SIGN },
	{ "div", "\u00f7", "/", SIGN }, { "pm", "\u00b1", "+-", SIGN },
	{ "oplus", "\u2295", "xor", RELATION },
	{ "infty", "\u221e", "inf", SIGN },
	{ "ldots", "\u2026", "...", SIGN }, { "dots", "\u2026", "...", SIGN },
	{ "cdots", "\u22ef", "...", SIGN }, { "vdots", "\u22ee", ":", SIGN },
	{ "sum", "\u2211", "sum", SIGN }, { "prod", "\u220f", "prod", SIGN },
	{ "emptyset", "\u2205", "{}", SIGN }, { "neg", "\u00ac", "!", SIGN },
	{ "forall", "\u2200", "for all", SIGN },
	{ "exists", "\u2203", "exists", SIGN },
	{ "lfloor", "\u230a", "floor(", SIGN },
	{ "rfloor", "\u230b", ")", SIGN },
	{ "lceil", "\u2308", "ceil(", SIGN },
	{ "rceil", "\u2309", ")", SIGN },
	{ "alpha", "\u03b1", "alpha", SIGN },
	{ "beta", "\u03b2", "beta", SIGN },
	{ "gamma", "\u03b3", "gamma", SIGN },
	{ "delta", "\u03b4", "delta", SIGN },
	{ "epsilon", "\u03b5", "epsilon", SIGN },
	{ "varepsilon", "\u03b5", "epsilon", SIGN },
	{ "theta", "\u03b8", "theta", SIGN },
	{ "lambda", "\u03bb", "lambda", SIGN },
	{ "mu", "\u03bc", "mu", SIGN }, { "pi", "\u03c0", "pi", SIGN },
	{ "rho", "\u03c1", "rho", SIGN }, { "sigma", "\u03c3", "sigma", SIGN },
	{ "phi", "\u03c6", "phi", SIGN }, { "omega", "\u03c9", "omega", SIGN },
	{ "Delta", "\u0394", "Delta", SIGN },
	{ "Sigma", "\u03a3", "Sigma", SIGN },
	{ "Omega", "\u03a9", "Omega", SIGN },
	{ "log", "log", "log", WORD }, { "ln", "ln", "ln", WORD },
	{ "min", "min", "min", WORD }, { "max", "max", "max", WORD },
	{ "gcd", "gcd", "gcd", WORD }, { "sin", "sin", "sin", WORD },
	{ "cos", "cos", "cos", WORD }, { "tan", "tan", "tan", WORD },
	{ "bmod", "mod", "mod", RELATION }, { "mod", "mod", "mod", RELATION },
	{ "quad", " ", " ", WORD }, { "qquad", " ", " ", WORD },
	/* These say how something looks; what is in their braces stays. */
	{ "text", "", "", NO_SIGN }, { "textbf", "", "", NO_SIGN },
	{ "textit", "", "", NO_SIGN }, { "texttt", "", "", NO_SIGN },
	{ "textrm", "", "", NO_SIGN }, { "mathrm", "", "", NO_SIGN },
	{ "mathit", "", "", NO_SIGN }, { "mathbf", "", "", NO_SIGN },
	{ "mathtt", "", "", NO_SIGN }, { "mathsf", "", "", NO_SIGN },
	{ "mathcal", "", "", NO_SIGN }, { "mathbb", "", "", NO_SIGN },
	{ "operatorname", "", "", NO_SIGN }, { "left", "", "", NO_SIGN },
	{ "right", "", "", NO_SIGN }, { "displaystyle", "", "", NO_SIGN },
};

static void formula(struct math *);

static void
skip_blanks(struct math *m)
{
	while (m->p < m->end && isspace((unsigned char)*m->p))
		m->p++;
}

static bool
after_blank(const struct math *m)
{
	return m->out->len == 0 || m->out->data[m->out->len - 1] == ' ';
}

static void
add_sign(struct math *m, const struct sign *s)
{
	const char *text = m->ascii ? s->plain : s->nice;
	bool blank = after_blank(m);

	if (s->kind == RELATION && !blank)
		buf_addc(m->out, ' ');
	buf_adds(m->out, text);
	if (s->kind == WORD)
		return;
	/* LaTeX does not mind the blank that ends a name. */
	if (s->kind == RELATION || !blank || m->out->len == strlen(text))
		skip_blanks(m);
	if (s->kind == RELATION && m->p < m->end)
		buf_addc(m->out, ' ');
}

/* What is in braces here, or one sign; it is left behind.  [*from, *to) */
static void
argument(struct math *m, const char **from, const char **to)
{
	int open = 0;

	skip_blanks(m);
	*from = *to = m->p;
	if (m->p == m->end)
		return;
	if (*m->p != '{') {
		/* A name, or a character with what UTF-8 adds to it. */
		for (*to = ++m->p; m->p < m->end && (*m->p & 0xc0) == 0x80;)
			m->p++;
		while (**from == '\\' && m->p < m->end &&
		    isalpha((unsigned char)*m->p))
			m->p++;
		*to = m->p;
		return;
	}
	*from = m->p + 1;
	for (; m->p < m->end; m->p++) {
		open += *m->p == '{' ? 1 : *m->p == '}' ? -1 : 0;
		if (open == 0)
			break;
	}
	*to = m->p;
	if (m->p < m->end)
		m->p++;
	else if (*from > *to)
		*from = *to;
}

/* More than a number, a name or a command. */
static bool
is_compound(const char *s, const char *end)
{
	s += s < end && *s == '\\';
	while (s < end && isalnum((unsigned char)*s))
		s++;
	return s < end;
}

/* An argument as a formula of its own. */
static void
add_argument(struct math *m)
{
	struct math inner = *m;
	bool brackets;

	argument(m, &inner.p, &inner.end);
	brackets = is_compound(inner.p, inner.end);
	buf_adds(m->out, brackets ? "(" : "");
	formula(&inner);
	buf_adds(m->out, brackets ? ")" : "");
}

static bool
all_digits(const char *s, const char *end)
{
	if (s < end && *s == '-')
		s++;
	if (s == end)
		return false;
	while (s < end && isdigit((unsigned char)*s))
		s++;
	return s == end;
}

/* After ^ or _: digits small, where the terminal has them; else as written. */
static void
add_script(struct math *m, bool up)
{
	static const char *const small[2][11] = {
		{ "\u2080", "\u2081", "\u2082", "\u2083", "\u2084", "\u2085",
		    "\u2086", "\u2087", "\u2088", "\u2089", "\u208b" },
		{ "\u2070", "\u00b9", "\u00b2", "\u00b3", "\u2074", "\u2075",
		    "\u2076", "\u2077", "\u2078", "\u2079", "\u207b" },
	};
	struct math inner = *m;
	bool braces = *m->p == '{';

	argument(m, &inner.p, &inner.end);
	if (!m->ascii && all_digits(inner.p, inner.end)) {
		for (; inner.p < inner.end; inner.p++)
			buf_adds(m->out, small[up][*inner.p == '-' ? 10 :
			    *inner.p - '0']);
		return;
	}
	braces = braces && is_compound(inner.p, inner.end) &&
	    !all_digits(inner.p, inner.end);
	buf_adds(m->out, up ? "^" : "_");
	buf_adds(m->out, braces ? "{" : "");
	formula(&inner);
	buf_adds(m->out, braces ? "}" : "");
}

static const struct sign *
find_sign(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (strlen(signs[i].name) == n &&
		    strncmp(signs[i].name, name, n) == 0)
			return &signs[i];
	return NULL;
}

/* "\\{" and the like; "\\," is a space. */
static void
add_escaped(struct math *m)
{
	char c = *m->p++;

	if (strchr(",;: \\", c) != NULL)
		buf_adds(m->out, after_blank(m) ? "" : " ");
	else if (c != '!')
		buf_addc(m->out, c);
}

static bool
is_name(const char *s, size_t n, const char *name)
{
	return strlen(name) == n && strncmp(s, name, n) == 0;
}

/* Behind the backslash. */
static void
add_command(struct math *m)
{
	const char *name = m->p;
	const struct sign *s;
	size_t n;

	while (m->p < m->end && isalpha((unsigned char)*m->p))
		m->p++;
	n = (size_t)(m->p - name);
	s = find_sign(name, n);
	if (s != NULL) {
		add_sign(m, s);
	} else if (is_name(name, n, "frac")) {
		add_argument(m);
		buf_addc(m->out, '/');
		add_argument(m);
	} else if (is_name(name, n, "sqrt")) {
		buf_adds(m->out, m->ascii ? "sqrt " : "\u221a");
		add_argument(m);
	} else if (n > 0) {
		buf_addc(m->out, '\\');
		buf_add(m->out, name, n);
	} else if (m->p < m->end) {
		add_escaped(m);
	}
}

static void
formula(struct math *m)
{
	if (++m->nesting > NESTING_MAX) {
		buf_add(m->out, m->p, (size_t)(m->end - m->p));
		return;
	}
	while (m->p < m->end) {
		char c = *m->p++;

		if (c == '\\')
			add_command(m);
		else if ((c == '^' || c == '_') && m->p < m->end &&
		    *m->p != c)
			add_script(m, c == '^');
		else if (strchr("~ \n\t", c) != NULL)
			buf_adds(m->out, after_blank(m) ? "" : " ");
		else if (c != '{' && c != '}')
			buf_addc(m->out, c);
	}
}

char *
math_plain(const char *s, size_t n, bool ascii, size_t *len)
{
	struct buf out = { 0 };
	struct math m = { .p = s, .end = s + n, .ascii = ascii, .out = &out };

	formula(&m);
	*len = out.len;
	return buf_take(&out);
}
