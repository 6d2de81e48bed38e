#ifndef UI_SETTINGS_H
#define UI_SETTINGS_H

/*
 * The user's settings, $XDG_CONFIG_HOME/viva/config:
 *
 *	[ui]
 *		theme = dark
 *		ascii = false
 *		mouse = true
 *		clipboard = none    ; or osc52
 *	[keys]
 *		F5 = run-tests
 */

#include "base/buf.h"
#include "base/err.h"
#include "ui/keymap.h"

struct settings {
	char theme[64]; /* "" none given */
	unsigned theme_line;
	bool ascii, mouse, osc52;
	bool predict; /* echo over a slow link */
};

void settings_init(struct settings *);
/* What can be used is used, into c and keys (NULL: only checked), even when
 * the answer is false; the error is the first mistake, "file:line: …". */
bool settings_parse(const char *name, const char *s, size_t n,
    struct settings *, struct keymap *keys, struct err *);
/* The user's file; that there is none is no error. */
bool settings_load(struct settings *, struct keymap *, struct err *);
/* $XDG_CONFIG_HOME/viva/name, or under ~/.config; empty when neither. */
void settings_path(const char *name, struct buf *out);

#endif
