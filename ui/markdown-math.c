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

enum sign_kind { SIGN, RELATION, WORD, CLOSER, EDGE, NO_SIGN };

static const struct sign {
	const char *name, *nice, *plain;
	enum sign_kind kind;
} signs[] = {
	{ "le", "\u2264", "<=", RELATION }, { "leq", "\u2264", "<=", RELATION },
	{ "ge", "\u2265", ">=", RELATION }, { "geq", "\u2265", ">=", RELATION },
	{ "ne", "\u2260", "!=", RELATION }, { "neq", "\u2260", "!=", RELATION },
	{ "lt", "<", "<", RELATION }, { "gt", ">", ">", RELATION },
	{ "leqslant", "\u2264", "<=", RELATION },
	{ "geqslant", "\u2265", ">=", RELATION },
	{ "ll", "\u226a", "<<", RELATION }, { "gg", "\u226b", ">>", RELATION },
	{ "approx", "\u2248", "~", RELATION },
	{ "equiv", "\u2261", "==", RELATION },
	{ "sim", "~", "~", RELATION },
	{ "in", "\u2208", "in", RELATION },
	{ "notin", "\u2209", "not in", RELATION },
	{ "subset", "\u2282", "subset", RELATION },
	{ "subseteq", "\u2286", "subset or equal", RELATION },
	{ "to", "\u2192", "->", RELATION },
	{ "rightarrow", "\u2192", "->", RELATION },
	{ "leftarrow", "\u2190", "<-", RELATION },
	{ "Rightarrow", "\u21d2", "=>", RELATION },
	{ "Leftarrow", "\u21d0", "<=", RELATION },
	{ "leftrightarrow", "\u2194", "<->", RELATION },
	{ "Leftrightarrow", "\u21d4", "<=>", RELATION },
	{ "iff", "\u21d4", "<=>", RELATION },
	{ "implies", "\u21d2", "=>", RELATION },
	{ "mapsto", "\u21a6", "|->", RELATION },
	{ "mid", "|", "|", RELATION },
	{ "setminus", "\\", "\\", RELATION },
	{ "wedge", "\u2227", "and", RELATION },
	{ "vee", "\u2228", "or", RELATION },
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
	{ "rfloor", "\u230b", ")", CLOSER },
	{ "lceil", "\u2308", "ceil(", SIGN },
	{ "rceil", "\u2309", ")", CLOSER },
	{ "langle", "\u27e8", "<", SIGN },
	{ "rangle", "\u27e9", ">", CLOSER },
	{ "lvert", "|", "|", SIGN }, { "rvert", "|", "|", CLOSER },
	{ "vert", "|", "|", NO_SIGN }, { "lbrace", "{", "{", SIGN },
	{ "rbrace", "}", "}", CLOSER }, { "star", "*", "*", SIGN },
	{ "ast", "*", "*", SIGN }, { "circ", "\u2218", "o", SIGN },
	{ "ell", "\u2113", "l", SIGN }, { "colon", ":", ":", SIGN },
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
	{ "tau", "\u03c4", "tau", SIGN },
	{ "phi", "\u03c6", "phi", SIGN }, { "varphi", "\u03c6", "phi", SIGN },
	{ "psi", "\u03c8", "psi", SIGN },
	{ "omega", "\u03c9", "omega", SIGN },
	{ "Gamma", "\u0393", "Gamma", SIGN },
	{ "Theta", "\u0398", "Theta", SIGN },
	{ "Phi", "\u03a6", "Phi", SIGN },
	{ "Delta", "\u0394", "Delta", SIGN },
	{ "Sigma", "\u03a3", "Sigma", SIGN },
	{ "Omega", "\u03a9", "Omega", SIGN },
	{ "lg", "lg", "lg", WORD }, { "exp", "exp", "exp", WORD },
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
	{ "operatorname", "", "", NO_SIGN }, { "left", "", "", EDGE },
	{ "right", "", "", EDGE }, { "displaystyle", "", "", NO_SIGN },
	{ "big", "", "", NO_SIGN }, { "Big", "", "", NO_SIGN },
	{ "bigl", "", "", NO_SIGN }, { "bigr", "", "", NO_SIGN },
	{ "limits", "", "", NO_SIGN }, { "nolimits", "", "", NO_SIGN },
	{ "emph", "", "", NO_SIGN }, { "mbox", "", "", NO_SIGN },
	{ "textsf", "", "", NO_SIGN }, { "textsc", "", "", NO_SIGN },
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

/* What is behind this with a letter or a digit would become one with it. */
static bool
after_letter(const struct math *m)
{
	unsigned char c = m->out->len > 0 ?
	    (unsigned char)m->out->data[m->out->len - 1] : ' ';

	return c >= 0x80 || isalnum(c) || (c != '\0' && strchr(")]}", c));
}

static bool
before_letter(const struct math *m)
{
	return m->p < m->end && (*m->p == '{' || isalnum((unsigned char)*m->p));
}

static void
trim(struct math *m, char c)
{
	while (m->out->len > 0 && m->out->data[m->out->len - 1] == c)
		m->out->len--;
}

/* "2pi", "nlog n" and "alphax" are other words. */
static void
add_apart(struct math *m, const char *text)
{
	size_t n = strlen(text);

	if (isalpha((unsigned char)text[0]) && after_letter(m))
		buf_addc(m->out, ' ');
	buf_adds(m->out, text);
	if (n > 0 && isalpha((unsigned char)text[n - 1]) && before_letter(m))
		buf_addc(m->out, ' ');
}

static void
add_relation(struct math *m, const char *text)
{
	buf_adds(m->out, after_blank(m) ? "" : " ");
	buf_adds(m->out, text);
	skip_blanks(m);
	buf_adds(m->out, m->p < m->end ? " " : "");
}

static void
add_sign(struct math *m, const struct sign *s)
{
	const char *text = m->ascii ? s->plain : s->nice;

	if (s->kind == RELATION) {
		add_relation(m, text);
		return;
	}
	/* LaTeX does not mind the blank that ends a name. */
	if (s->kind == SIGN && (!after_blank(m) || m->out->len == 0))
		skip_blanks(m);
	else if (s->kind == CLOSER)
		trim(m, ' ');
	else if (s->kind == EDGE && m->p < m->end && *m->p == '.')
		m->p++;
	add_apart(m, text);
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

static bool
all_letters(const char *s, const char *end)
{
	while (s < end && isalpha((unsigned char)*s))
		s++;
	return s == end;
}

/* Neither a number nor one sign or command. */
static bool
is_compound(const char *s, const char *end)
{
	if (s < end && *s == '\\')
		return !all_letters(s + 1, end);
	if (all_digits(s, end))
		return *s == '-';
	for (s += s < end; s < end && (*s & 0xc0) == 0x80;)
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

/* As it is, with something around it. */
static void
add_within(struct math *m, const char *before, const char *after)
{
	struct math inner = *m;

	buf_adds(m->out, before);
	argument(m, &inner.p, &inner.end);
	formula(&inner);
	buf_adds(m->out, after);
}

static bool
is_name(const char *s, size_t n, const char *name)
{
	return strlen(name) == n && strncmp(s, name, n) == 0;
}

/* Signs of their own: degrees and x'. */
static const char *
whole_script(const struct math *m, const char *s, const char *end)
{
	if (is_name(s, (size_t)(end - s), "\\circ"))
		return m->ascii ? " deg" : "\u00b0";
	return is_name(s, (size_t)(end - s), "\\prime") ? "'" : NULL;
}

/* "2^2n" is not 2^{2n}; names such as x_{max} are clear. */
static bool
needs_braces(const char *s, const char *end, bool up)
{
	return is_compound(s, end) && !all_digits(s, end) &&
	    (up || !all_letters(s, end));
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
	const char *whole;
	bool braces;

	argument(m, &inner.p, &inner.end);
	whole = up ? whole_script(m, inner.p, inner.end) : NULL;
	if (whole != NULL) {
		buf_adds(m->out, whole);
		return;
	}
	if (!m->ascii && all_digits(inner.p, inner.end)) {
		for (; inner.p < inner.end; inner.p++)
			buf_adds(m->out, small[up][*inner.p == '-' ? 10 :
			    *inner.p - '0']);
		return;
	}
	braces = needs_braces(inner.p, inner.end, up);
	buf_adds(m->out, up ? "^" : "_");
	buf_adds(m->out, braces ? "{" : "");
	formula(&inner);
	buf_adds(m->out, braces ? "}" : "");
	if (!braces && after_letter(m) && before_letter(m))
		buf_addc(m->out, ' ');
}

static const struct sign *
find_sign(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (is_name(name, n, signs[i].name))
			return &signs[i];
	return NULL;
}

/* "\\{" and the like; "\\," is a space, and "\\\\" ends a row. */
static void
add_escaped(struct math *m)
{
	char c = *m->p++;

	if (c == '\\') {
		trim(m, ' ');
		buf_adds(m->out, "; ");
	} else if (c != '\0' && strchr(",;: ", c) != NULL) {
		buf_adds(m->out, after_blank(m) ? "" : " ");
	} else if (c != '!') {
		buf_addc(m->out, c);
	}
}

/* What follows a fraction is not part of what is below its line. */
static bool
is_followed(const struct math *m)
{
	const char *p = m->p, *name;
	const struct sign *s;

	while (p < m->end && *p == ' ')
		p++;
	if (p == m->end || *p != '\\')
		return p < m->end && (isalnum((unsigned char)*p) ||
		    strchr("(^_", *p) != NULL);
	for (name = ++p; p < m->end && isalpha((unsigned char)*p); p++)
		;
	s = find_sign(name, (size_t)(p - name));
	return p > name && (s != NULL ? s->kind == WORD && s->nice[0] != ' ' :
	    !is_name(name, (size_t)(p - name), "end"));
}

static void
add_fraction(struct math *m)
{
	struct buf *out = m->out, inner = { 0 };
	bool brackets = out->len > 0 && after_letter(m);

	m->out = &inner;
	add_argument(m);
	buf_addc(m->out, '/');
	add_argument(m);
	m->out = out;
	brackets |= is_followed(m);
	buf_adds(out, brackets ? "(" : "");
	buf_add(out, buf_str(&inner), inner.len);
	buf_adds(out, brackets ? ")" : "");
	buf_free(&inner);
}

static void
add_root(struct math *m)
{
	const char *close = m->p < m->end && *m->p == '[' ?
	    memchr(m->p, ']', (size_t)(m->end - m->p)) : NULL;
	struct math degree = *m;

	add_apart(m, m->ascii ? "sqrt" : "\u221a");
	if (close != NULL) {
		degree.p++;
		degree.end = close;
		m->p = close + 1;
		buf_addc(m->out, '[');
		formula(&degree);
		buf_addc(m->out, ']');
	} else if (m->ascii) {
		buf_adds(m->out, after_blank(m) ? "" : " ");
	}
	add_argument(m);
	if (after_letter(m) && before_letter(m))
		buf_addc(m->out, ' ');
}

static void
add_binomial(struct math *m)
{
	add_apart(m, "C(");
	add_within(m, "", ", ");
	add_within(m, "", ")");
}

static void
add_modulus(struct math *m)
{
	trim(m, ' ');
	add_within(m, " (mod ", ")");
}

static void
add_not(struct math *m)
{
	skip_blanks(m);
	if (m->p < m->end && *m->p == '=') {
		m->p++;
		add_sign(m, find_sign("ne", 2));
	} else if (m->end - m->p >= 3 && strncmp(m->p, "\\in", 3) == 0 &&
	    (m->end - m->p == 3 || !isalpha((unsigned char)m->p[3]))) {
		m->p += 3;
		add_sign(m, find_sign("notin", 5));
	} else {
		add_apart(m, "\\not");
	}
}

/* Rows, as of a definition by cases. */
static void
begin_rows(struct math *m)
{
	const char *name, *end;

	argument(m, &name, &end);
	if (is_name(name, (size_t)(end - name), "array"))
		argument(m, &name, &end);
	else if (is_name(name, (size_t)(end - name), "cases"))
		buf_adds(m->out, after_blank(m) ? "{ " : " { ");
	skip_blanks(m);
}

static void
end_rows(struct math *m)
{
	const char *name, *end;

	argument(m, &name, &end);
	trim(m, ' ');
	trim(m, ';');
}

static const struct {
	const char *name;
	void (*add)(struct math *);
} commands[] = {
	{ "frac", add_fraction }, { "dfrac", add_fraction },
	{ "tfrac", add_fraction }, { "cfrac", add_fraction },
	{ "sqrt", add_root }, { "binom", add_binomial },
	{ "pmod", add_modulus }, { "not", add_not },
	{ "begin", begin_rows }, { "end", end_rows },
};

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
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (is_name(name, n, commands[i].name)) {
			commands[i].add(m);
			return;
		}
	if (n > 0) {
		buf_addc(m->out, '\\');
		buf_add(m->out, name, n);
		while (m->p < m->end && *m->p == '{')
			add_within(m, "{", "}");
	} else if (m->p < m->end) {
		add_escaped(m);
	}
}

/* The blank between two columns; "&lt;" is as in the text around. */
static void
add_ampersand(struct math *m)
{
	static const char *const names[] = { "<lt;", ">gt;", "&amp;" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t n = strlen(names[i] + 1);

		if ((size_t)(m->end - m->p) >= n &&
		    strncmp(m->p, names[i] + 1, n) == 0) {
			m->p += n;
			buf_addc(m->out, names[i][0]);
			return;
		}
	}
	buf_adds(m->out, after_blank(m) ? "" : " ");
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
		else if (c == '&')
			add_ampersand(m);
		else if (c != '\0' && strchr("~ \n\t", c) != NULL)
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
