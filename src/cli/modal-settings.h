#ifndef CLI_MODAL_SETTINGS_H
#define CLI_MODAL_SETTINGS_H

/* The section [modal] of the user's settings: what sandboxes at Modal are
 * made of.  Who we are to Modal is elsewhere (sandbox/modal-config.h). */

#include "sandbox/modal.h"

struct modal_settings {
	struct modal_options options; /* strings are of the settings */
	char **strings;
	size_t nstrings, strings_cap;
	const char **lines, **domains; /* NULL-terminated */
	size_t nlines, lines_cap, ndomains, domains_cap;
};

/* Without a file the defaults.  false: e has file, line and remedy. */
bool modal_settings_load(struct modal_settings *, struct err *) WARN_UNUSED;
bool modal_settings_parse(struct modal_settings *, const char *name,
    const char *text, size_t n, struct err *) WARN_UNUSED;
void modal_settings_finish(struct modal_settings *);

#endif
