#include "config.h"

#include "ui/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ini.h"
#include "ui/theme.h"

struct reader {
	struct settings *settings;
	struct keymap *keys;
};

void
settings_init(struct settings *s)
{
	memset(s, 0, sizeof *s);
	s->mouse = s->predict = true;
}

static bool
take_clipboard(struct settings *s, const char *value, struct err *e)
{
	if (strcasecmp(value, "osc52") == 0)
		s->osc52 = true;
	else if (strcasecmp(value, "none") == 0)
		s->osc52 = false;
	else
		return err_set(e, ERR_INVALID, "clipboard is \"%.40s\"; "
		    "write none or osc52", value);
	return true;
}

static bool
take_theme(struct settings *s, const struct ini_entry *i, struct err *e)
{
	if (!theme_check_name(i->value, e))
		return false;
	snprintf(s->theme, sizeof s->theme, "%s", i->value);
	s->theme_line = i->line;
	return true;
}

static bool
take_ui(struct settings *s, const struct ini_entry *i, struct err *e)
{
	if (strcasecmp(i->key, "theme") == 0)
		return take_theme(s, i, e);
	if (strcasecmp(i->key, "ascii") == 0)
		return ini_bool(i->value, &s->ascii, e);
	if (strcasecmp(i->key, "mouse") == 0)
		return ini_bool(i->value, &s->mouse, e);
	if (strcasecmp(i->key, "predict") == 0)
		return ini_bool(i->value, &s->predict, e);
	if (strcasecmp(i->key, "clipboard") == 0)
		return take_clipboard(s, i->value, e);
	return err_set(e, ERR_INVALID, "no setting \"%.40s\" in [ui]; there "
	    "are theme, ascii, mouse, predict and clipboard", i->key);
}

static bool
take(void *user, const struct ini_entry *i, struct err *e)
{
	struct reader *r = user;

	if (strcasecmp(i->section, "ui") == 0)
		return take_ui(r->settings, i, e);
	if (strcasecmp(i->section, "keys") == 0)
		return keymap_bind(r->keys, i->key, i->value, e);
	if (strcasecmp(i->section, "modal") == 0)
		return true; /* cli/modal-settings.c */
	return err_set(e, ERR_INVALID, "no section [%.40s]; there are [ui], "
	    "[keys] and [modal]", i->section);
}

bool
settings_parse(const char *name, const char *s, size_t n, struct settings *c,
    struct keymap *keys, struct err *e)
{
	struct reader r = { c, keys };

	return ini_parse(name, s, n, take, &r, e);
}

bool
settings_load(struct settings *c, struct keymap *keys, struct err *e)
{
	struct reader r = { c, keys };
	struct buf path = { 0 };
	struct err why = { 0 };
	bool ok = true;

	settings_path("config", &path);
	if (path.len > 0)
		ok = ini_read(path.data, take, &r, &why);
	buf_free(&path);
	if (ok || why.code == ERR_NOT_FOUND)
		return true;
	if (e != NULL)
		*e = why;
	return false;
}

void
settings_path(const char *name, struct buf *out)
{
	const char *dir = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	buf_clear(out);
	if (dir != NULL && dir[0] == '/')
		buf_addf(out, "%s/viva/%s", dir, name);
	else if (home != NULL && home[0] == '/')
		buf_addf(out, "%s/.config/viva/%s", home, name);
}
