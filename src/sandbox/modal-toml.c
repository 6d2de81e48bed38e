#include "config.h"

#include "sandbox/modal-toml.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

struct toml {
	const char *name;
	const char *p, *end;
	unsigned line;
	struct buf table, key, value;
	toml_fn fn;
	void *user;
};

/* The next byte; -1 at the end. */
static int
peek(const struct toml *t)
{
	return t->p < t->end ? (unsigned char)*t->p : -1;
}

static void
blanks(struct toml *t)
{
	while (peek(t) == ' ' || peek(t) == '\t')
		t->p++;
}

static bool
bare(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Nothing but a comment up to the line's end, which is taken. */
static bool
line_end(struct toml *t, struct err *e)
{
	blanks(t);
	if (peek(t) == '#')
		while (peek(t) >= 0 && peek(t) != '\n')
			t->p++;
	if (peek(t) == '\r' && t->p + 1 < t->end && t->p[1] == '\n')
		t->p++;
	if (peek(t) >= 0 && peek(t) != '\n')
		return err_set(e, ERR_INVALID, "there is more after the value; "
		    "write one key = value a line");
	if (peek(t) == '\n')
		t->p++;
	return true;
}

/* ---- strings ---- */

static bool
code_point(struct toml *t, int digits, struct buf *out, struct err *e)
{
	uint32_t cp = 0;
	char bytes[4];
	int c, v;

	for (int i = 0; i < digits; i++) {
		c = peek(t);
		v = c >= '0' && c <= '9' ? c - '0' :
		    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
		    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
		if (v < 0)
			return err_set(e, ERR_INVALID, "a bad \\u escape; "
			    "write %d hexadecimal digits", digits);
		cp = cp << 4 | (uint32_t)v;
		t->p++;
	}
	if (cp == 0 || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return err_set(e, ERR_INVALID, "a \\u escape that is no "
		    "character; leave it out");
	buf_add(out, bytes, utf8_encode(cp, bytes));
	return true;
}

static bool
escape(struct toml *t, struct buf *out, struct err *e)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	int c = peek(t);
	const char *at = c > 0 ? strchr(from, c) : NULL;

	t->p++;
	if (at != NULL) {
		buf_addc(out, to[at - from]);
		return true;
	}
	if (c == 'u' || c == 'U')
		return code_point(t, c == 'u' ? 4 : 8, out, e);
	return err_set(e, ERR_INVALID, "an unknown escape; write \\\\ for a "
	    "backslash");
}

/* "…" or '…'; p is on the opening quote. */
static bool
quoted(struct toml *t, struct buf *out, struct err *e)
{
	char quote = *t->p++;
	int c;

	if (t->end - t->p >= 2 && t->p[0] == quote && t->p[1] == quote)
		return err_set(e, ERR_INVALID, "text of several lines is not "
		    "read here; write it on one line in single %c", quote);
	while ((c = peek(t)) != quote) {
		if (c < 0 || c == '\n')
			return err_set(e, ERR_INVALID, "a quote is not "
			    "closed; end the text with %c", quote);
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return err_set(e, ERR_INVALID, "a control character "
			    "in a text; take it out");
		t->p++;
		if (c == '\\' && quote == '"') {
			if (!escape(t, out, e))
				return false;
		} else {
			buf_addc(out, (char)c);
		}
	}
	t->p++;
	if (!utf8_valid(buf_str(out), out->len))
		return err_set(e, ERR_INVALID, "text that is not UTF-8; save "
		    "the file as UTF-8");
	return true;
}

/* ---- keys and tables ---- */

static bool
name(struct toml *t, struct buf *out, struct err *e)
{
	buf_clear(out);
	if (peek(t) == '"' || peek(t) == '\'')
		return quoted(t, out, e);
	while (bare(peek(t)))
		buf_addc(out, *t->p++);
	return out->len > 0 || err_set(e, ERR_INVALID,
	    "no name here; write [table] or key = value");
}

static bool
parse_table(struct toml *t, struct err *e)
{
	struct toml_entry ent = { .type = TOML_TABLE, .line = t->line };

	t->p++;
	blanks(t);
	if (peek(t) == '[')
		return err_set(e, ERR_INVALID, "arrays of tables are not read "
		    "here; write [name]");
	if (!name(t, &t->table, e))
		return false;
	blanks(t);
	if (peek(t) == '.')
		return err_set(e, ERR_INVALID, "tables in tables are not read "
		    "here; quote a name that has a dot: [\"a.b\"]");
	if (peek(t) != ']')
		return err_set(e, ERR_INVALID,
		    "a table's name is not closed; write [name]");
	t->p++;
	ent.table = buf_str(&t->table);
	ent.key = ent.string = "";
	return line_end(t, e) && t->fn(t->user, &ent, e);
}

/* ---- values ---- */

static bool
word(struct toml *t, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(t->end - t->p) < n || memcmp(t->p, w, n) != 0 ||
	    (t->p + n < t->end && bare((unsigned char)t->p[n])))
		return false;
	t->p += n;
	return true;
}

static bool
integer(struct toml *t, int64_t *out, struct err *e)
{
	bool minus = peek(t) == '-', digit = false;
	int64_t v = 0;
	int c;

	if (minus || peek(t) == '+')
		t->p++;
	for (; bare(c = peek(t)) || c == '.' || c == ':'; t->p++) {
		if (c == '_' && digit) {
			digit = false;
			continue;
		}
		if (c < '0' || c > '9')
			return err_set(e, ERR_INVALID, "a value that is not "
			    "a text, an integer, true or false; put it in "
			    "double quotes");
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, c - '0', &v))
			return err_set(e, ERR_LIMIT, "an integer of more than "
			    "63 bits; write a smaller one");
		digit = true;
	}
	*out = minus ? -v : v;
	return digit || err_set(e, ERR_INVALID, "an integer without its "
	    "digits; write one");
}

static bool
parse_value(struct toml *t, struct toml_entry *ent, struct err *e)
{
	int c = peek(t);

	buf_clear(&t->value);
	ent->string = "";
	if (c == '"' || c == '\'') {
		ent->type = TOML_STRING;
		if (!quoted(t, &t->value, e))
			return false;
		ent->string = buf_str(&t->value);
		return true;
	}
	if (c == '[' || c == '{')
		return err_set(e, ERR_INVALID, "lists and inline tables are "
		    "not read here; take the line out");
	if (c < 0 || c == '\n' || c == '\r' || c == '#')
		return err_set(e, ERR_INVALID, "no value after the =; write "
		    "key = \"value\"");
	ent->type = TOML_BOOLEAN;
	ent->boolean = word(t, "true");
	if (ent->boolean || word(t, "false"))
		return true;
	ent->type = TOML_INTEGER;
	return integer(t, &ent->integer, e);
}

static bool
parse_key(struct toml *t, struct err *e)
{
	struct toml_entry ent = { .line = t->line };

	if (!name(t, &t->key, e))
		return false;
	blanks(t);
	if (peek(t) == '.')
		return err_set(e, ERR_INVALID, "dotted keys are not read "
		    "here; write [table] and the key under it");
	if (peek(t) != '=')
		return err_set(e, ERR_INVALID, "no = after the key; write "
		    "key = \"value\"");
	t->p++;
	blanks(t);
	if (!parse_value(t, &ent, e))
		return false;
	ent.table = buf_str(&t->table);
	ent.key = buf_str(&t->key);
	return line_end(t, e) && t->fn(t->user, &ent, e);
}

static bool
parse_line(struct toml *t, struct err *e)
{
	int c;

	blanks(t);
	c = peek(t);
	if (c < 0 || c == '\n' || c == '\r' || c == '#')
		return line_end(t, e);
	return c == '[' ? parse_table(t, e) : parse_key(t, e);
}

static void
wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_free(b);
}

bool
toml_parse(const char *file, const char *s, size_t n, toml_fn fn, void *user,
    struct err *e)
{
	struct toml t = { .name = file, .p = s, .end = s + n, .fn = fn,
		.user = user };
	struct err why = { 0 };
	bool ok = true;

	/* Room for all from the start: growing would leave copies behind. */
	buf_reserve(&t.value, n + 1);
	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		t.p += 3;
	while (ok && t.p < t.end) {
		t.line++;
		ok = parse_line(&t, &why);
	}
	if (!ok)
		err_set(e, why.code != ERR_NONE ? why.code : ERR_INVALID,
		    "%s:%u: %s", file, t.line, why.msg);
	wipe(&t.value);
	buf_free(&t.table);
	buf_free(&t.key);
	return ok;
}
