#include "config.h"

#include "ui/theme.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ini.h"
#include "base/mem.h"
#include "ui/settings.h"

/* The same words as in a theme file, so a built-in theme is one too. */
#define BUILT_IN 5
static const char *const built_ins[BUILT_IN] = { "dark", "light", "neutral",
	"ansi16", "mono" };

static const struct {
	const char *name, *in[BUILT_IN];
} styles[STYLE_NAMES] = {
	[STYLE_TEXT] = { "text", { "default", "default", "default", "default",
	    "default" } },
	[STYLE_DIM] = { "dim", { "#9e9e9e", "#626262", "#767676",
	    "default dim", "dim" } },
	[STYLE_RULE] = { "rule", { "#6c6c6c", "#9e9e9e", "#767676",
	    "default dim", "dim" } },
	[STYLE_TITLE] = { "title", { "#9e9e9e", "#626262", "#767676",
	    "default dim", "dim" } },
	[STYLE_TITLE_FOCUS] = { "title-focus", { "#87d7ff bold",
	    "#005faf bold", "#0087af bold", "cyan bold", "bold" } },
	[STYLE_STATUS] = { "status", { "#bcbcbc", "#444444", "default",
	    "default", "default" } },
	[STYLE_KEYLINE] = { "keyline", { "#9e9e9e", "#626262", "#767676",
	    "default", "default" } },
	[STYLE_KEYLINE_KEY] = { "keyline-key", { "#d0d0d0 bold",
	    "#262626 bold", "default bold", "default bold", "bold" } },
	[STYLE_PASS] = { "pass", { "#87d787", "#00721f", "#008700", "green",
	    "bold" } },
	[STYLE_FAIL] = { "fail", { "#ff8787", "#b3001b", "#d70000", "red",
	    "bold reverse" } },
	[STYLE_WAIT] = { "wait", { "#d7af5f", "#875f00", "#878700", "yellow",
	    "underline" } },
	[STYLE_HERE] = { "here", { "#87afff", "#005faf", "#5f5fff",
	    "blue bold", "bold" } },
	[STYLE_SELECTION] = { "selection", { "default on #264f78",
	    "default on #b4d5fe", "default reverse", "default reverse",
	    "reverse" } },
	[STYLE_MATCH] = { "match", { "#000000 on #d7af5f",
	    "#000000 on #ffd75f", "#000000 on #d7af5f", "black on yellow",
	    "reverse underline" } },
	[STYLE_LINENO] = { "lineno", { "#858585", "#767676", "#767676",
	    "default dim", "dim" } },
	[STYLE_LINENO_HERE] = { "lineno-here", { "#bcbcbc", "#444444",
	    "default", "default", "bold" } },
	[STYLE_CURSOR_LINE] = { "cursor-line", { "default", "default",
	    "default", "default", "default" } },
	[STYLE_HEADING] = { "heading", { "#87d7ff bold", "#005faf bold",
	    "#0087af bold", "cyan bold", "bold" } },
	[STYLE_EMPH] = { "emph", { "default italic", "default italic",
	    "default italic", "default underline", "underline" } },
	[STYLE_STRONG] = { "strong", { "default bold", "default bold",
	    "default bold", "default bold", "bold" } },
	[STYLE_CODE] = { "code", { "#d7af87", "#87420a", "#af5f00", "magenta",
	    "default" } },
	[STYLE_LINK] = { "link", { "#87afff underline", "#005faf underline",
	    "#0087af underline", "blue underline", "underline" } },
	[STYLE_TABLE] = { "table", { "#9e9e9e", "#626262", "#767676",
	    "default", "dim" } },
	[STYLE_POPUP] = { "popup", { "#d0d0d0 on #262626",
	    "#262626 on #eeeeee", "#d0d0d0 on #262626", "white on black",
	    "default" } },
	[STYLE_POPUP_HERE] = { "popup-here", { "#ffffff on #005f87",
	    "#ffffff on #005faf", "#ffffff on #005f87", "black on cyan",
	    "reverse" } },
	[STYLE_ERROR] = { "error", { "#ff8787 bold", "#b3001b bold",
	    "#d70000 bold", "red bold", "bold reverse" } },
	[STYLE_REPLAY] = { "replay", { "#000000 on #d7875f",
	    "#ffffff on #9a4a1c", "#000000 on #d7875f", "black on yellow",
	    "reverse" } },
	[STYLE_MARK] = { "mark", { "#d7af5f", "#875f00", "#878700",
	    "yellow bold", "bold" } },
};

static const char *const colours[] = { "black", "red", "green", "yellow",
	"blue", "magenta", "cyan", "white" };

static const struct {
	const char *name;
	uint16_t attr;
} attrs[] = {
	{ "bold", ATTR_BOLD }, { "dim", ATTR_DIM },
	{ "italic", ATTR_ITALIC }, { "underline", ATTR_UNDERLINE },
	{ "reverse", ATTR_REVERSE }, { "strike", ATTR_STRIKE },
	{ "blink", ATTR_BLINK },
};

static bool
parse_hex(const char *w, int32_t *colour)
{
	char *end;
	unsigned long v;

	if (strlen(w) != 7 || !isxdigit((unsigned char)w[1]))
		return false;
	v = strtoul(w + 1, &end, 16);
	if (*end != '\0')
		return false;
	*colour = COLOR_RGB(v >> 16 & 255, v >> 8 & 255, v & 255);
	return true;
}

static bool
parse_colour(const char *w, int32_t *colour)
{
	int32_t bright = 0;
	unsigned long v;
	char *end;

	if (strcasecmp(w, "default") == 0) {
		*colour = COLOR_DEFAULT;
		return true;
	}
	if (*w == '#')
		return parse_hex(w, colour);
	if (isdigit((unsigned char)*w)) {
		v = strtoul(w, &end, 10);
		*colour = (int32_t)(v & 255);
		return *end == '\0' && v < 256;
	}
	if (strncasecmp(w, "bright-", 7) == 0) {
		bright = 8;
		w += 7;
	}
	for (size_t i = 0; i < ARRAY_LEN(colours); i++)
		if (strcasecmp(w, colours[i]) == 0) {
			*colour = (int32_t)i + bright;
			return true;
		}
	return false;
}

static bool
parse_attr(const char *w, uint16_t *attr)
{
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++)
		if (strcasecmp(w, attrs[i].name) == 0) {
			*attr |= attrs[i].attr;
			return true;
		}
	return false;
}

/* "COLOUR on COLOUR ATTRIBUTE …", every part optional. */
static bool
parse_style(const char *s, struct style *out, struct err *e)
{
	struct style st = { COLOR_DEFAULT, COLOR_DEFAULT, 0 };
	bool background = false;
	char word[32];
	size_t n, words = 0;

	for (; *s != '\0'; s += n) {
		n = strspn(s, " \t");
		if (n > 0)
			continue;
		n = strcspn(s, " \t");
		snprintf(word, sizeof word, "%.*s", (int)(n < 31 ? n : 31), s);
		words++;
		if (strcasecmp(word, "on") == 0)
			background = true;
		else if (parse_colour(word, background ? &st.bg : &st.fg))
			background = false;
		else if (background || !parse_attr(word, &st.attr))
			return err_set(e, ERR_INVALID, "\"%s\" is no colour or "
			    "attribute; write \"#rrggbb on blue bold\", say",
			    word);
	}
	if (words == 0)
		return err_set(e, ERR_INVALID,
		    "no style; put colours in quotes: \"#rrggbb\"");
	*out = st;
	return true;
}

static bool
built_in(const char *name, struct theme *t)
{
	size_t k = 0;

	while (k < BUILT_IN && strcmp(name, built_ins[k]) != 0)
		k++;
	if (k == BUILT_IN)
		return false;
	memset(t, 0, sizeof *t);
	snprintf(t->name, sizeof t->name, "%s", name);
	for (size_t i = 0; i < STYLE_NAMES; i++)
		if (!parse_style(styles[i].in[k], &t->styles[i], NULL))
			abort();
	return true;
}

void
theme_mono(struct theme *t)
{
	built_in("mono", t);
}

static bool
take(void *user, const struct ini_entry *i, struct err *e)
{
	struct theme *t = user;

	if (strcasecmp(i->section, "theme") == 0 &&
	    strcasecmp(i->key, "base") == 0) {
		if (!built_in(i->value, t))
			return err_set(e, ERR_INVALID, "base is \"%.40s\"; "
			    "write dark, light, neutral, ansi16 or mono",
			    i->value);
		return true;
	}
	if (strcasecmp(i->section, "styles") != 0)
		return err_set(e, ERR_INVALID, "nothing is known of [%.40s] "
		    "%.40s; there are [theme] base and [styles]", i->section,
		    i->key);
	for (size_t k = 0; k < STYLE_NAMES; k++)
		if (strcasecmp(i->key, styles[k].name) == 0)
			return parse_style(i->value, &t->styles[k], e);
	return err_set(e, ERR_INVALID,
	    "no style \"%.40s\"; themes/dark has them all", i->key);
}

bool
theme_parse(const char *file, const char *s, size_t n, struct theme *out,
    struct err *e)
{
	built_in("dark", out);
	if (ini_parse(file, s, n, take, out, e))
		return true;
	built_in("dark", out);
	return false;
}

static bool
read_theme(const char *path, struct theme *out, struct err *e)
{
	built_in("dark", out);
	if (ini_read(path, take, out, e))
		return true;
	built_in("dark", out);
	return false;
}

bool
theme_check_name(const char *name, struct err *e)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	if (n > 0 && name[n] == '\0' && n < 60)
		return true;
	return err_set(e, ERR_INVALID, "\"%.40s\" is no name of a theme; use "
	    "letters, digits, - and _", name);
}

bool
theme_load(const char *name, struct theme *out, struct err *e)
{
	struct buf path = { 0 };
	struct err why = { 0 };
	char file[80];
	bool ok = false;

	built_in("dark", out);
	if (!theme_check_name(name, e))
		return false;
	snprintf(file, sizeof file, "themes/%s", name);
	settings_path(file, &path);
	if (path.len > 0)
		ok = read_theme(path.data, out, &why);
	if (!ok && (path.len == 0 || why.code == ERR_NOT_FOUND)) {
		buf_clear(&path);
		buf_addf(&path, "%s/%s", VIVA_DATADIR, file);
		ok = read_theme(path.data, out, &why);
	}
	buf_free(&path);
	if (!ok && why.code == ERR_NOT_FOUND) {
		ok = built_in(name, out);
		err_set(&why, ERR_NOT_FOUND, "no theme \"%.40s\"; there are "
		    "dark, light, neutral, ansi16, high-contrast and mono",
		    name);
	}
	if (ok)
		snprintf(out->name, sizeof out->name, "%s", name);
	else if (e != NULL)
		*e = why;
	return ok;
}
