#ifndef UI_THEME_H
#define UI_THEME_H

/* Style names to styles, read from themes/NAME (git-config syntax). */

#include "base/err.h"
#include "ui/canvas.h"

enum style_name {
	STYLE_TEXT, STYLE_DIM, STYLE_RULE, STYLE_TITLE, STYLE_TITLE_FOCUS,
	STYLE_STATUS, STYLE_KEYLINE, STYLE_KEYLINE_KEY, STYLE_PASS, STYLE_FAIL,
	STYLE_WAIT, STYLE_HERE, STYLE_SELECTION, STYLE_MATCH, STYLE_LINENO,
	STYLE_LINENO_HERE, STYLE_CURSOR_LINE, STYLE_HEADING, STYLE_EMPH,
	STYLE_STRONG, STYLE_CODE, STYLE_LINK, STYLE_TABLE, STYLE_POPUP,
	STYLE_POPUP_HERE, STYLE_ERROR, STYLE_REPLAY, STYLE_MARK,
	STYLE_NAMES
};

struct theme {
	char name[64];
	struct style styles[STYLE_NAMES];
};

/* Mono: attributes only (NO_COLOR, or a terminal without colour). */
void theme_mono(struct theme *);
/* Looks in the user's config, then the installed themes/.  On an error the
 * built-in dark theme is in *out. */
bool theme_load(const char *name, struct theme *out, struct err *);
/* Whether a theme can have this name. */
bool theme_check_name(const char *name, struct err *);
/* The text of a theme file; on an error the built-in dark theme. */
bool theme_parse(const char *file, const char *s, size_t n, struct theme *out,
    struct err *);

static inline struct style
theme_style(const struct theme *t, enum style_name n)
{
	return t->styles[n];
}

#endif
