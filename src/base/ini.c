#include "config.h"

#include "base/ini.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

struct ini {
	const char *name;
	unsigned line;
	const char *p; /* what is left of the line */
	struct buf section, part, key, value;
	bool in_section;
	ini_fn fn;
	void *user;
	struct err *err;
	bool failed;
};

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
skip_blanks(struct ini *in)
{
	while (blank(*in->p))
		in->p++;
}

static bool
at_end(struct ini *in)
{
	skip_blanks(in);
	return *in->p == '\0' || *in->p == '#' || *in->p == ';';
}

/* "…" with \" \\ \n \t; p is on the opening quote. */
static bool
quoted(struct ini *in, struct buf *out, struct err *e)
{
	static const char from[] = "\"\\nt", to[] = "\"\\\n\t";
	const char *esc;

	for (in->p++; *in->p != '"'; in->p++) {
		if (*in->p == '\0')
			return err_set(e, ERR_INVALID, "a quote is not "
			    "closed; end the text with \"");
		if (*in->p != '\\') {
			buf_addc(out, *in->p);
			continue;
		}
		esc = in->p[1] ? strchr(from, in->p[1]) : NULL;
		if (esc == NULL)
			return err_set(e, ERR_INVALID, "unknown escape; "
			    "write \\\\ for a backslash");
		buf_addc(out, to[esc - from]);
		in->p++;
	}
	in->p++;
	return true;
}

static bool
parse_section(struct ini *in, struct err *e)
{
	buf_clear(&in->section);
	buf_clear(&in->part);
	in->in_section = false;
	in->p++;
	skip_blanks(in);
	while (isalnum((unsigned char)*in->p) || *in->p == '-' ||
	    *in->p == '.' || *in->p == '_')
		buf_addc(&in->section, *in->p++);
	skip_blanks(in);
	if (*in->p == '"' && !quoted(in, &in->part, e))
		return false;
	skip_blanks(in);
	if (in->section.len == 0 || *in->p != ']')
		return err_set(e, ERR_INVALID,
		    "bad section; write [name] or [name \"part\"]");
	in->p++;
	in->in_section = true;
	return true;
}

static bool
parse_key(struct ini *in, struct err *e)
{
	buf_clear(&in->key);
	if (*in->p == '"') {
		if (!quoted(in, &in->key, e))
			return false;
	} else {
		while (*in->p != '\0' && *in->p != '=' && !blank(*in->p) &&
		    *in->p != '#' && *in->p != ';')
			buf_addc(&in->key, *in->p++);
	}
	if (in->key.len == 0)
		return err_set(e, ERR_INVALID,
		    "no key before the =; write key = value");
	return true;
}

static bool
parse_value(struct ini *in, struct err *e)
{
	size_t keep = 0;

	buf_clear(&in->value);
	if (at_end(in)) {
		buf_adds(&in->value, "true");
		return true;
	}
	if (*in->p != '=')
		return err_set(e, ERR_INVALID, "no = after \"%.60s\"; write "
		    "key = value", buf_str(&in->key));
	in->p++;
	skip_blanks(in);
	while (*in->p != '\0' && *in->p != '#' && *in->p != ';') {
		if (*in->p == '"') {
			if (!quoted(in, &in->value, e))
				return false;
			keep = in->value.len;
			continue;
		}
		buf_addc(&in->value, *in->p);
		if (!blank(*in->p++))
			keep = in->value.len;
	}
	in->value.len = keep;
	if (in->value.data != NULL)
		in->value.data[keep] = '\0';
	return true;
}

static bool
parse_entry(struct ini *in, struct err *e)
{
	struct ini_entry entry;

	if (!parse_key(in, e))
		return false;
	skip_blanks(in);
	if (!parse_value(in, e))
		return false;
	if (!in->in_section)
		return err_set(e, ERR_INVALID, "\"%.60s\" stands before any "
		    "section; put a [section] line above it",
		    buf_str(&in->key));
	entry = (struct ini_entry){ buf_str(&in->section), buf_str(&in->part),
		buf_str(&in->key), buf_str(&in->value), in->line };
	return in->fn(in->user, &entry, e);
}

static bool
parse_line(struct ini *in, struct err *e)
{
	if (at_end(in))
		return true;
	if (*in->p != '[')
		return parse_entry(in, e);
	if (!parse_section(in, e))
		return false;
	/* git allows a key on the section's line; so do we. */
	return at_end(in) || parse_entry(in, e);
}

static void
mistake(struct ini *in, const struct err *e)
{
	if (!in->failed)
		err_set(in->err, e->code == ERR_NONE ? ERR_INVALID : e->code,
		    "%s:%u: %s", in->name, in->line, e->msg);
	in->failed = true;
}

static void
take_line(struct ini *in, const char *s, size_t n)
{
	char line[INI_LINE_MAX + 1];
	struct err e = { 0 };

	in->line++;
	if (n > INI_LINE_MAX) {
		err_set(&e, ERR_LIMIT, "a line of more than %d bytes; "
		    "shorten it", INI_LINE_MAX);
		mistake(in, &e);
		return;
	}
	memcpy(line, s, n);
	line[n] = '\0';
	if (memchr(s, '\0', n) != NULL) {
		err_set(&e, ERR_INVALID, "a NUL byte; is this a text file?");
		mistake(in, &e);
		return;
	}
	in->p = line;
	if (!parse_line(in, &e))
		mistake(in, &e);
	in->p = NULL;
}

bool
ini_parse(const char *name, const char *s, size_t n, ini_fn fn, void *user,
    struct err *e)
{
	struct ini in = { .name = name, .fn = fn, .user = user, .err = e };
	const char *end, *stop = s + n;

	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		s += 3;
	for (; s < stop; s = end + 1) {
		end = memchr(s, '\n', (size_t)(stop - s));
		if (end == NULL)
			end = stop;
		take_line(&in, s, (size_t)(end - s));
	}
	buf_free(&in.section);
	buf_free(&in.part);
	buf_free(&in.key);
	buf_free(&in.value);
	return !in.failed;
}

/* A pipe must not make us wait for who writes into it. */
static FILE *
open_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat sb;

	if (fd < 0) {
		err_sys(e, errno, "cannot open %s", path);
		return NULL;
	}
	if (fstat(fd, &sb) == 0 && S_ISFIFO(sb.st_mode)) {
		close(fd);
		err_set(e, ERR_INVALID, "%s is a pipe; put a file there",
		    path);
		return NULL;
	}
	return fdopen(fd, "r");
}

bool
ini_read(const char *path, ini_fn fn, void *user, struct err *e)
{
	struct buf text = { 0 };
	char chunk[4096];
	size_t n;
	FILE *f = open_file(path, e);
	bool ok;

	if (f == NULL)
		return false;
	errno = 0;
	while (text.len <= INI_SIZE_MAX &&
	    (n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(&text, chunk, n);
	if (ferror(f))
		ok = err_sys(e, errno, "cannot read %s", path);
	else if (text.len > INI_SIZE_MAX)
		ok = err_set(e, ERR_LIMIT, "%s has more than 1 MiB; "
		    "is it the right file?", path);
	else
		ok = ini_parse(path, buf_str(&text), text.len, fn, user, e);
	fclose(f);
	buf_free(&text);
	return ok;
}

bool
ini_bool(const char *value, bool *out, struct err *e)
{
	static const char *const words[] = { "false", "true", "no", "yes",
		"off", "on", "0", "1" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(value, words[i]) == 0) {
			*out = i % 2 == 1;
			return true;
		}
	return err_set(e, ERR_INVALID,
	    "\"%.60s\" is neither true nor false; write one of them", value);
}
