#include "config.h"

#include "cli/modal-settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ini.h"
#include "base/mem.h"
#include "ui/settings.h"

#define DAY_MINUTES (24 * 60) /* Modal's longest life of a sandbox */

static const char *
keep(struct modal_settings *s, const char *text)
{
	GROW(s->strings, s->nstrings, s->strings_cap);
	return s->strings[s->nstrings++] = xstrdup(text);
}

/* NULL: there is no place for it. */
static const char *
cache_dir(struct modal_settings *s)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	bool own = xdg != NULL && xdg[0] == '/', at_home = home != NULL &&
	    home[0] == '/';
	char *path = !own && !at_home ? NULL : xasprintf("%s%s/viva", own ?
	    xdg : home, own ? "" : "/.cache");
	const char *kept = path != NULL ? keep(s, path) : NULL;

	free(path);
	return kept;
}

static bool
number(const struct ini_entry *i, double min, double max, const char *unit,
    double *out, struct err *e)
{
	char *end;

	errno = 0;
	*out = strtod(i->value, &end);
	if (end == i->value || *end != '\0' || errno != 0 ||
	    !(*out >= min && *out <= max))
		return err_set(e, ERR_INVALID, "%s is \"%.40s\"; write a "
		    "number of %s from %g to %g", i->key, i->value, unit, min,
		    max);
	return true;
}

/* ---- one function for each key ---- */

/* ini_parse puts file and line before it. */
static bool
filled(const struct ini_entry *i, const char *what, struct err *e)
{
	return i->value[0] != '\0' || err_set(e, ERR_INVALID, "%s is empty; "
	    "write %s, or take the line out", i->key, what);
}

static bool
take_app(struct modal_settings *s, const struct ini_entry *i, struct err *e)
{
	if (!filled(i, "the app's name", e))
		return false;
	s->options.app = keep(s, i->value);
	return true;
}

static bool
take_image(struct modal_settings *s, const struct ini_entry *i, struct err *e)
{
	if (!filled(i, "one of a registry, debian:bookworm-slim say", e))
		return false;
	s->options.image = keep(s, i->value);
	return true;
}

static bool
take_image_id(struct modal_settings *s, const struct ini_entry *i,
    struct err *e)
{
	if (strncmp(i->value, "im-", 3) != 0)
		return err_set(e, ERR_INVALID, "image-id is \"%.40s\"; ids of "
		    "images begin with im-", i->value);
	s->options.image_id = keep(s, i->value);
	return true;
}

static bool
take_line(struct modal_settings *s, const struct ini_entry *i, struct err *e)
{
	if (!filled(i, "a line of a Dockerfile", e))
		return false;
	GROW(s->lines, s->nlines, s->lines_cap);
	s->lines[s->nlines++] = keep(s, i->value);
	GROW(s->lines, s->nlines, s->lines_cap);
	s->lines[s->nlines] = NULL;
	return true;
}

static bool
take_cpu(struct modal_settings *s, const struct ini_entry *i, struct err *e)
{
	double v;

	if (!number(i, 0.125, 64, "cores", &v, e))
		return false;
	s->options.cpu_milli = (unsigned)(v * 1000);
	return true;
}

static bool
take_memory(struct modal_settings *s, const struct ini_entry *i,
    struct err *e)
{
	double v;

	if (!number(i, 128, 344064, "MiB", &v, e))
		return false;
	s->options.memory_mb = (unsigned)v;
	return true;
}

static bool
take_timeout(struct modal_settings *s, const struct ini_entry *i,
    struct err *e)
{
	double v;

	if (!number(i, 1, DAY_MINUTES, "minutes", &v, e))
		return false;
	s->options.timeout = (unsigned)(v * 60);
	return true;
}

static bool
take_idle(struct modal_settings *s, const struct ini_entry *i, struct err *e)
{
	double v;

	if (!number(i, 0, DAY_MINUTES, "minutes", &v, e))
		return false;
	s->options.idle_timeout = (unsigned)(v * 60);
	return true;
}

static bool
take_network(struct modal_settings *s, const struct ini_entry *i,
    struct err *e)
{
	bool open = strcasecmp(i->value, "open") == 0;

	if (!open && strcasecmp(i->value, "blocked") != 0)
		return err_set(e, ERR_INVALID, "network is \"%.40s\"; write "
		    "blocked or open, or name domains with allow", i->value);
	s->options.network = open;
	return true;
}

static bool
take_allow(struct modal_settings *s, const struct ini_entry *i, struct err *e)
{
	if (!filled(i, "a domain", e))
		return false;
	GROW(s->domains, s->ndomains, s->domains_cap);
	s->domains[s->ndomains++] = keep(s, i->value);
	GROW(s->domains, s->ndomains, s->domains_cap);
	s->domains[s->ndomains] = NULL;
	return true;
}

static bool
take_ca(struct modal_settings *s, const struct ini_entry *i, struct err *e)
{
	if (!filled(i, "the path of a PEM file", e))
		return false;
	s->options.ca_file = keep(s, i->value);
	return true;
}

static bool
take_volume(struct modal_settings *s, const struct ini_entry *i,
    struct err *e)
{
	bool ephemeral = strcasecmp(i->value, "ephemeral") == 0;

	if (!ephemeral && strcasecmp(i->value, "named") != 0)
		return err_set(e, ERR_INVALID, "volume is \"%.40s\"; write "
		    "named, or ephemeral for one that goes with the session",
		    i->value);
	s->options.ephemeral = ephemeral;
	return true;
}

static bool
take_in_flight(struct modal_settings *s, const struct ini_entry *i,
    struct err *e)
{
	double v;

	if (!number(i, 1, MODAL_INPUT_MAX, "pieces", &v, e))
		return false;
	s->options.input_in_flight = (unsigned)v;
	return true;
}

static bool
take_image_cache(struct modal_settings *s, const struct ini_entry *i,
    struct err *e)
{
	bool yes;

	if (!ini_bool(i->value, &yes, e))
		return err_context(e, "image-cache");
	if (!yes)
		s->options.keep_dir = NULL;
	else if (s->options.keep_dir == NULL)
		s->options.keep_dir = cache_dir(s);
	return true;
}

static const struct {
	const char *key;
	bool (*take)(struct modal_settings *, const struct ini_entry *,
	    struct err *);
} keys[] = { { "app", take_app }, { "image", take_image },
	{ "image-id", take_image_id },
	{ "image-cache", take_image_cache }, { "run", take_line },
	{ "cpu", take_cpu }, { "memory", take_memory },
	{ "timeout", take_timeout }, { "idle-timeout", take_idle },
	{ "network", take_network }, { "allow", take_allow },
	{ "volume", take_volume }, { "ca-file", take_ca },
	{ "input-in-flight", take_in_flight } };

static bool
take(void *user, const struct ini_entry *i, struct err *e)
{
	if (strcasecmp(i->section, "modal") != 0)
		return true;
	for (size_t k = 0; k < ARRAY_LEN(keys); k++)
		if (strcasecmp(i->key, keys[k].key) == 0)
			return keys[k].take(user, i, e);
	return err_set(e, ERR_INVALID, "no setting \"%.40s\" in [modal]; there "
	    "are app, image, image-id, image-cache, run, cpu, memory, "
	    "timeout, idle-timeout, network, allow, volume, ca-file and "
	    "input-in-flight", i->key);
}

static void
begin(struct modal_settings *s)
{
	memset(s, 0, sizeof *s);
	modal_options_init(&s->options);
	s->options.keep_dir = cache_dir(s);
}

static void
finish_lists(struct modal_settings *s)
{
	if (s->nlines > 0)
		s->options.image_lines = s->lines;
	if (s->ndomains > 0)
		s->options.domains = s->domains;
}

bool
modal_settings_parse(struct modal_settings *s, const char *name,
    const char *text, size_t n, struct err *e)
{
	bool ok;

	begin(s);
	ok = ini_parse(name, text, n, take, s, e);
	finish_lists(s);
	return ok;
}

bool
modal_settings_load(struct modal_settings *s, struct err *e)
{
	struct buf path = { 0 };
	struct err why = { 0 };
	bool ok = true;

	begin(s);
	settings_path("config", &path);
	if (path.len > 0)
		s->options.settings = keep(s, path.data);
	if (path.len > 0)
		ok = ini_read(path.data, take, s, &why);
	buf_free(&path);
	finish_lists(s);
	if (ok || why.code == ERR_NOT_FOUND)
		return true;
	*e = why;
	return false;
}

void
modal_settings_finish(struct modal_settings *s)
{
	for (size_t i = 0; i < s->nstrings; i++)
		free(s->strings[i]);
	free(s->strings);
	free(s->lines);
	free(s->domains);
	memset(s, 0, sizeof *s);
}
