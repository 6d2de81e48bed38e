#include "config.h"

/* What commands print of texts that are not viva's own: names of files, a
 * record, what a server says, an argument. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/cli.h"

/* What a terminal does something else with than show it: the controls, and
 * what turns the order of a line around or ends it. */
static bool
is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x61c ||
	    (cp >= 0x200e && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069);
}

void
cli_clean(FILE *f, const char *s)
{
	size_t n = strlen(s), i = 0;
	uint32_t cp;

	while (i < n) {
		size_t len = utf8_decode(s + i, n - i, &cp);

		/* A byte that is no UTF-8 may be a control character. */
		if (is_control(cp) || (cp == 0xfffd && len == 1))
			putc('?', f);
		else
			fwrite(s + i, 1, len, f);
		i += len;
	}
}

void
cli_print_clean(const char *s)
{
	cli_clean(stdout, s);
}

void
cli_say(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	fputs("viva: ", stderr);
	cli_clean(stderr, text);
	putc('\n', stderr);
	free(text);
}

int
cli_fail(const struct err *e)
{
	cli_say("%s", e->msg);
	return 1;
}
