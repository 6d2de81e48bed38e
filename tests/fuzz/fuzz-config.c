#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ui/settings.h"
#include "ui/theme.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct keymap *m = keymap_create(false);
	const char *s = n > 0 ? (const char *)data : "";
	struct settings c;
	struct theme t;
	struct err e = { 0 };

	settings_init(&c);
	if (!settings_parse("config", s, n, &c, m, &e) &&
	    strncmp(e.msg, "config:", 7) != 0)
		abort();
	if (!theme_parse("theme", s, n, &t, &e) &&
	    strncmp(e.msg, "theme:", 6) != 0)
		abort();
	keymap_destroy(m);
	return 0;
}
