#include "config.h"

#include "ui/markdown-internal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

static uint8_t
style_now(const struct markdown *m)
{
	enum style_name n = STYLE_TEXT;

	if (m->span_code > 0)
		n = STYLE_CODE;
	else if (m->link > 0)
		n = STYLE_LINK;
	else if (m->heading)
		n = STYLE_HEADING;
	else if (m->strong > 0 || m->head_row)
		n = STYLE_STRONG;
	else if (m->emph > 0)
		n = STYLE_EMPH;
	return (uint8_t)(n | (m->strike > 0 ? STRIKE : 0));
}

static void
add_styled(struct markdown *m, const char *s, size_t n, uint8_t style)
{
	buf_add(&m->rich.text, s, n);
	buf_reserve(&m->rich.styles, n + 1);
	memset(m->rich.styles.data + m->rich.styles.len, style, n);
	m->rich.styles.len += n;
}

void
span_add(struct markdown *m, const char *s, size_t n)
{
	add_styled(m, s, n, style_now(m));
}

/* A tab between words is a blank. */
void
span_add_text(struct markdown *m, const char *s, size_t n)
{
	const char *tab;

	while ((tab = memchr(s, '\t', n)) != NULL) {
		span_add(m, s, (size_t)(tab - s));
		span_add(m, " ", 1);
		n -= (size_t)(tab - s) + 1;
		s = tab + 1;
	}
	span_add(m, s, n);
}

static const struct {
	const char *name;
	uint32_t cp;
} entities[] = {
	{ "lt", '<' }, { "gt", '>' }, { "amp", '&' }, { "quot", '"' },
	{ "apos", '\'' }, { "nbsp", 0xa0 }, { "copy", 0xa9 },
	{ "deg", 0xb0 }, { "plusmn", 0xb1 }, { "sup2", 0xb2 },
	{ "sup3", 0xb3 }, { "middot", 0xb7 }, { "times", 0xd7 },
	{ "divide", 0xf7 }, { "ndash", 0x2013 }, { "mdash", 0x2014 },
	{ "lsquo", 0x2018 }, { "rsquo", 0x2019 }, { "ldquo", 0x201c },
	{ "rdquo", 0x201d }, { "bull", 0x2022 }, { "hellip", 0x2026 },
	{ "larr", 0x2190 }, { "uarr", 0x2191 }, { "rarr", 0x2192 },
	{ "darr", 0x2193 }, { "isin", 0x2208 }, { "sum", 0x2211 },
	{ "minus", 0x2212 }, { "infin", 0x221e }, { "ne", 0x2260 },
	{ "le", 0x2264 }, { "ge", 0x2265 },
};

/* "&name;", "&#12;" or "&#x1f;"; 0: unknown. */
static uint32_t
entity(const char *s, size_t n)
{
	char name[16];
	unsigned long v;
	bool hex;

	if (n < 3 || n - 2 >= sizeof name)
		return 0;
	memcpy(name, s + 1, n - 2);
	name[n - 2] = '\0';
	if (name[0] == '#') {
		hex = name[1] == 'x' || name[1] == 'X';
		v = strtoul(name + (hex ? 2 : 1), NULL, hex ? 16 : 10);
		return v == 0 || v > 0x10ffff ? 0xfffd : (uint32_t)v;
	}
	for (size_t i = 0; i < ARRAY_LEN(entities); i++)
		if (strcmp(name, entities[i].name) == 0)
			return entities[i].cp;
	return 0;
}

void
span_add_entity(struct markdown *m, const char *s, size_t n)
{
	uint32_t cp = entity(s, n);
	char utf8[4];

	if (cp == 0) {
		span_add(m, s, n);
		return;
	}
	/* Line feeds are breaks in here. */
	if (cp < 0x20)
		cp = cp == '\n' || cp == '\t' ? ' ' : 0xfffd;
	span_add(m, utf8, utf8_encode(cp, utf8));
}

/* "$5 and $10" is no formula, nor is "5$, 6$", nor "$5/kg to US$6": there a
 * dollar sign has a blank inside, or what a sentence goes on with, or a digit
 * behind it. */
static bool
is_money(const struct markdown *m, const char *s, size_t n)
{
	const char *end = m->math_end;

	return n > 0 && (s[0] == ' ' || s[0] == ',' || s[0] == ';' ||
	    s[0] == ')' || s[n - 1] == ' ' || (end != NULL && *end == '$' &&
	    end[1] >= '0' && end[1] <= '9'));
}

void
span_end_math(struct markdown *m, bool display)
{
	struct rich *r = &m->rich;
	size_t from = m->math_start, n = r->text.len - from;
	bool money = !display && is_money(m, buf_str(&r->text) + from, n);
	char *s;

	if (n == 0)
		return;
	s = money ? xmemdup(r->text.data + from, n) :
	    math_plain(r->text.data + from, n, m->ascii, &n);
	r->text.len = r->styles.len = from;
	if (!money)
		m->emph++;
	span_add(m, "$", money);
	span_add(m, s, n);
	span_add(m, "$", money);
	if (!money)
		m->emph--;
	free(s);
}
