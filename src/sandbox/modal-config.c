#include "config.h"

#include "sandbox/modal-config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sandbox/modal-toml.h"

#define FILE_MAX (1u << 20)
#define TOKEN_MAX 512
#define PROFILES_MAX 64
#define SERVER_DEFAULT "https://api.modal.com"
#define NAMESPACE_DEFAULT "viva"
#define REMEDY_TOKEN "make a token at modal.com/settings/tokens, then set " \
	"MODAL_TOKEN_ID and MODAL_TOKEN_SECRET or run 'modal token set'"

struct modal_secrets { /* a mapping of its own */
	char id[TOKEN_MAX], secret[TOKEN_MAX];
};

/* ---- memory for secrets ---- */

static void *
secret_map(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort(); /* as xmalloc does */
	/* Each is a help, none is needed. */
	madvise(p, n, MADV_DONTDUMP);
	madvise(p, n, MADV_WIPEONFORK);
	mlock(p, n);
	return p;
}

static void
secret_unmap(void *p, size_t n)
{
	if (p == NULL)
		return;
	explicit_bzero(p, n);
	munmap(p, n);
}

/* ---- checks ---- */

static bool
printable(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

/* place: where it was written, as "file:line" or a variable's name. */
static bool
take_token(char *out, const char *place, const char *value, struct err *e)
{
	if (strlen(value) >= TOKEN_MAX || !printable(value))
		return err_set(e, ERR_INVALID, "%s: this is no token; "
		    REMEDY_TOKEN, place);
	snprintf(out, TOKEN_MAX, "%s", value);
	return true;
}

static bool
take_word(char **out, const char *place, const char *value, size_t max,
    struct err *e)
{
	if (strlen(value) > max || !printable(value))
		return err_set(e, ERR_INVALID, "%s: not a name; write at most "
		    "%zu printable characters without blanks", place, max);
	free(*out);
	*out = xstrdup(value);
	return true;
}

static bool
take_namespace(char **out, const char *place, const char *value,
    struct err *e)
{
	size_t ok = strspn(value, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	if (value[0] == '\0' || value[ok] != '\0' || ok > 20)
		return err_set(e, ERR_INVALID, "%s: not a prefix of volume "
		    "names; write 1 to 20 letters, digits, - _ .", place);
	free(*out);
	*out = xstrdup(value);
	return true;
}

/* HOST, HOST:PORT or [ADDRESS]:PORT, of n bytes that may be in one. */
static bool
good_host(const char *p, size_t n)
{
	const char *end = p + n, *close = memchr(p, ']', n), *at;
	long port = 0;

	if ((*p == '[') != (close != NULL) || memchr(p + 1, '[', n - 1) != NULL)
		return false;
	at = close != NULL ? close + 1 : memchr(p, ':', n);
	if (at == NULL || at == end)
		return true;
	if (*at != ':' || at == p || end - at < 2 || end - at > 6)
		return false;
	for (at++; at < end; at++) {
		if (*at < '0' || *at > '9')
			return false;
		port = port * 10 + *at - '0';
	}
	return port > 0 && port <= 65535;
}

/* Of a comma list the first; of that scheme, host and port. */
static bool
take_url(char **out, const char *place, const char *value, struct err *e)
{
	size_t n = strcspn(value, ","), scheme, host;

	scheme = strncmp(value, "https://", 8) == 0 ? 8 :
	    strncmp(value, "http://", 7) == 0 ? 7 : 0;
	if (scheme == 0 || scheme > n)
		return err_set(e, ERR_INVALID, "%s: not a server's address; "
		    "write https://HOST[:PORT]", place);
	host = strcspn(value + scheme, "/?#,");
	if (host == 0 || host > 300 || strspn(value + scheme,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "-._:[]") < host || !good_host(value + scheme, host))
		return err_set(e, ERR_INVALID, "%s: a server's address with a "
		    "bad host or port; write https://HOST[:PORT]", place);
	free(*out);
	*out = xstrndup(value, scheme + host);
	return true;
}

static bool
take_seconds(int64_t *out, const char *place, int64_t value, struct err *e)
{
	if (value < 0 || value > 1000000000)
		return err_set(e, ERR_INVALID, "%s: not a time; write whole "
		    "seconds, 0 or more", place);
	*out = value;
	return true;
}

/* ---- the file ---- */

struct profile {
	char *name;
	unsigned line;
	bool active;
};

struct reader {
	struct modal_config *c;
	const char *file;
	struct profile profiles[PROFILES_MAX];
	size_t n;
	const struct profile *chosen; /* NULL: the first pass */
	char *keys[64];		      /* of the table that is being read */
	size_t nkeys;
};

static void
forget_keys(struct reader *r)
{
	while (r->nkeys > 0)
		free(r->keys[--r->nkeys]);
}

static bool
once(struct reader *r, const char *key, struct err *e)
{
	for (size_t i = 0; i < r->nkeys; i++)
		if (strcmp(r->keys[i], key) == 0)
			return err_set(e, ERR_INVALID, "\"%.40s\" a second "
			    "time; keep one of them", key);
	if (r->nkeys == ARRAY_LEN(r->keys))
		return err_set(e, ERR_LIMIT, "more than %zu keys in a "
		    "profile; is it the right file?", ARRAY_LEN(r->keys));
	r->keys[r->nkeys++] = xstrdup(key);
	return true;
}

static bool
add_profile(struct reader *r, const struct toml_entry *t, struct err *e)
{
	forget_keys(r);
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->profiles[i].name, t->table) == 0)
			return err_set(e, ERR_INVALID, "the profile [%.40s] a "
			    "second time; line %u has the first", t->table,
			    r->profiles[i].line);
	if (r->n == PROFILES_MAX)
		return err_set(e, ERR_LIMIT, "more than %d profiles; delete "
		    "some", PROFILES_MAX);
	r->profiles[r->n++] = (struct profile){ xstrdup(t->table), t->line,
		false };
	return true;
}

static bool
set_active(struct reader *r, const struct toml_entry *t, struct err *e)
{
	if (t->type != TOML_BOOLEAN)
		return err_set(e, ERR_INVALID, "\"active\" is neither true "
		    "nor false; write one of them without quotes");
	for (size_t i = 0; t->boolean && i < r->n; i++)
		if (r->profiles[i].active)
			return err_set(e, ERR_INVALID, "[%.40s] is active "
			    "too (line %u); keep one active = true",
			    r->profiles[i].name, r->profiles[i].line);
	r->profiles[r->n - 1].active = t->boolean;
	return true;
}

/* First pass: the profiles, and whether the syntax is right. */
static bool
on_survey(void *user, const struct toml_entry *t, struct err *e)
{
	struct reader *r = user;

	if (t->type == TOML_TABLE)
		return add_profile(r, t, e);
	if (!once(r, t->key, e))
		return false;
	if (t->table[0] == '\0' && r->n == 0)
		return true; /* not of a profile: not ours */
	return strcmp(t->key, "active") != 0 || set_active(r, t, e);
}

static bool
take_number(struct modal_config *c, const struct toml_entry *t,
    const char *place, struct err *e)
{
	if (strcmp(t->key, "sandbox_v2") == 0 && t->type == TOML_BOOLEAN) {
		c->v2 = t->boolean;
		return true;
	}
	if (strcmp(t->key, "max_throttle_wait") == 0 &&
	    t->type == TOML_INTEGER)
		return take_seconds(&c->max_throttle_wait, place, t->integer,
		    e);
	return err_set(e, ERR_INVALID, "%s: \"%s\" has a value of the wrong "
	    "kind; max_throttle_wait is a number, sandbox_v2 true or false",
	    place, t->key);
}

static bool
take_value(struct modal_config *c, const struct toml_entry *t,
    const char *place, struct err *e)
{
	static const char *const names[] = { "token_id", "token_secret",
		"server_url", "environment", "image_builder_version",
		"max_throttle_wait", "sandbox_v2" };
	size_t i = 0;

	while (i < ARRAY_LEN(names) && strcmp(names[i], t->key) != 0)
		i++;
	if (i == ARRAY_LEN(names))
		return true; /* another client's */
	if (i < 5 && t->type != TOML_STRING)
		return err_set(e, ERR_INVALID, "%s: \"%s\" is a text; put it "
		    "in double quotes", place, t->key);
	switch (i) {
	case 0:
		return take_token(c->secrets->id, place, t->string, e);
	case 1:
		return take_token(c->secrets->secret, place, t->string, e);
	case 2:
		return take_url(&c->server_url, place, t->string, e);
	case 3:
		return take_word(&c->environment, place, t->string, 64, e);
	case 4:
		return take_word(&c->image_builder_version, place, t->string,
		    32, e);
	default:
		return take_number(c, t, place, e);
	}
}

static bool
on_profile(void *user, const struct toml_entry *t, struct err *e)
{
	struct reader *r = user;
	char place[40];

	if (t->type == TOML_TABLE || strcmp(t->table, r->chosen->name) != 0 ||
	    t->line < r->chosen->line)
		return true;
	/* The reader itself says which file and line. */
	snprintf(place, sizeof place, "[%.30s]", t->table);
	return take_value(r->c, t, place, e);
}

static const struct profile *
find(const struct reader *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->profiles[i].name, name) == 0)
			return &r->profiles[i];
	return NULL;
}

/* MODAL_PROFILE, or the active one, or "default". */
static bool
choose(struct reader *r, struct err *e)
{
	const char *want = getenv("MODAL_PROFILE");

	if (want != NULL && want[0] != '\0') {
		r->chosen = find(r, want);
		return r->chosen != NULL || err_set(e, ERR_NOT_FOUND,
		    "%s: no profile [%.40s], which MODAL_PROFILE names; unset "
		    "it or write the profile", r->file, want);
	}
	for (size_t i = 0; i < r->n; i++)
		if (r->profiles[i].active)
			r->chosen = &r->profiles[i];
	if (r->chosen == NULL)
		r->chosen = find(r, "default");
	if (r->chosen == NULL && r->n > 1)
		return err_set(e, ERR_INVALID, "%s:%u: of %zu profiles none "
		    "is active; add active = true to one, or set "
		    "MODAL_PROFILE", r->file, r->profiles[0].line, r->n);
	return true;
}

/* A file that is there, and nothing of it counts. */
static void
nothing_counts(const struct reader *r)
{
	struct modal_config *c = r->c;

	if (r->n == 0)
		snprintf(c->none, sizeof c->none, ": %.100s has no profile, "
		    "begin it with a line [default]", r->file);
	else
		snprintf(c->none, sizeof c->none, ": %.100s:%u: the profile "
		    "[%.30s] is not active, add active = true to it", r->file,
		    r->profiles[0].line, r->profiles[0].name);
}

static bool
read_profile(struct modal_config *c, const char *file, const char *text,
    size_t n, struct err *e)
{
	struct reader *r = xcalloc(1, sizeof *r);
	bool ok;

	r->c = c;
	r->file = file;
	ok = toml_parse(file, text, n, on_survey, r, e) && choose(r, e);
	if (ok && r->chosen != NULL) {
		free(c->profile);
		c->profile = xstrdup(r->chosen->name);
		ok = toml_parse(file, text, n, on_profile, r, e);
	} else if (ok) {
		nothing_counts(r);
	}
	forget_keys(r);
	for (size_t i = 0; i < r->n; i++)
		free(r->profiles[i].name);
	free(r);
	return ok;
}

/* ---- the environment ---- */

static const char *
variable(const char *name)
{
	const char *v = getenv(name);

	return v != NULL && v[0] != '\0' ? v : NULL;
}

static bool
env_seconds(struct modal_config *c, struct err *e)
{
	const char *v = variable("MODAL_MAX_THROTTLE_WAIT");
	char *end;
	long long n;

	if (v == NULL)
		return true;
	errno = 0;
	n = strtoll(v, &end, 10);
	return take_seconds(&c->max_throttle_wait, "MODAL_MAX_THROTTLE_WAIT",
	    *end != '\0' || errno != 0 ? -1 : n, e);
}

static bool
env_server(struct modal_config *c, struct err *e)
{
	const char *url = variable("MODAL_SERVER_URL");
	const char *api = variable("MODAL_API_URL");

	if (url != NULL)
		return take_url(&c->server_url, "MODAL_SERVER_URL", url, e);
	return api == NULL || take_url(&c->server_url, "MODAL_API_URL", api,
	    e);
}

static bool
env_names(struct modal_config *c, struct err *e)
{
	const char *v;

	if ((v = variable("MODAL_ENVIRONMENT")) != NULL &&
	    !take_word(&c->environment, "MODAL_ENVIRONMENT", v, 64, e))
		return false;
	if ((v = variable("MODAL_IMAGE_BUILDER_VERSION")) != NULL &&
	    !take_word(&c->image_builder_version,
	    "MODAL_IMAGE_BUILDER_VERSION", v, 32, e))
		return false;
	if ((v = variable("MODAL_SANDBOX_V2")) != NULL)
		c->v2 = strcmp(v, "0") != 0 && strcmp(v, "false") != 0;
	v = variable("MODAL_VOLUME_NAMESPACE");
	return v == NULL || take_namespace(&c->volume_namespace,
	    "MODAL_VOLUME_NAMESPACE", v, e);
}

/* Each half goes before the file's; a half that stands alone is a mistake. */
static bool
env_token(struct modal_config *c, struct err *e)
{
	const char *id = variable("MODAL_TOKEN_ID");
	const char *secret = variable("MODAL_TOKEN_SECRET");

	if ((id != NULL) != (secret != NULL) && (c->secrets->id[0] == '\0' ||
	    c->secrets->secret[0] == '\0'))
		return err_set(e, ERR_AUTH, "%s is set and %s is not; set "
		    "both", id != NULL ? "MODAL_TOKEN_ID" :
		    "MODAL_TOKEN_SECRET", id != NULL ? "MODAL_TOKEN_SECRET" :
		    "MODAL_TOKEN_ID");
	if (id != NULL && !take_token(c->secrets->id, "MODAL_TOKEN_ID", id, e))
		return false;
	return secret == NULL || take_token(c->secrets->secret,
	    "MODAL_TOKEN_SECRET", secret, e);
}

static void
wipe_variable(const char *name)
{
	char *v = getenv(name);

	if (v != NULL)
		explicit_bzero(v, strlen(v));
	unsetenv(name);
}

void
modal_config_forget_environment(void)
{
	wipe_variable("MODAL_TOKEN_ID");
	wipe_variable("MODAL_TOKEN_SECRET");
}

/* ---- all of it ---- */

static void
init(struct modal_config *c)
{
	memset(c, 0, sizeof *c);
	c->server_url = xstrdup(SERVER_DEFAULT);
	c->environment = xstrdup("");
	c->image_builder_version = xstrdup("");
	c->volume_namespace = xstrdup(NAMESPACE_DEFAULT);
	c->profile = xstrdup("");
	c->max_throttle_wait = -1;
	c->v2 = true;
	c->secrets = secret_map(sizeof *c->secrets);
}

bool
modal_config_parse(struct modal_config *c, const char *file, const char *text,
    size_t n, struct err *e)
{
	bool ok;

	init(c);
	ok = (text == NULL || read_profile(c, file, text, n, e)) &&
	    env_server(c, e) && env_names(c, e) && env_seconds(c, e) &&
	    env_token(c, e);
	if (!ok)
		modal_config_finish(c);
	return ok;
}

void
modal_config_finish(struct modal_config *c)
{
	secret_unmap(c->secrets, sizeof *c->secrets);
	free(c->server_url);
	free(c->environment);
	free(c->image_builder_version);
	free(c->volume_namespace);
	free(c->profile);
	memset(c, 0, sizeof *c);
}

static char *
config_path(void)
{
	const char *path = variable("MODAL_CONFIG_PATH");
	const char *home = variable("HOME");

	if (path != NULL)
		return xstrdup(path);
	return home != NULL ? xasprintf("%s/.modal.toml", home) : NULL;
}

static bool
read_text(int fd, const char *path, char *out, size_t size, size_t *n,
    struct err *e)
{
	ssize_t k = 1;

	for (*n = 0; *n < size && k > 0; *n += (size_t)k) {
		k = read(fd, out + *n, size - *n);
		if (k < 0)
			return err_sys(e, errno, "cannot read %s", path);
	}
	return true;
}

static bool
load_file(struct modal_config *c, int fd, const char *path, struct err *e)
{
	char *text;
	struct stat sb;
	size_t n;
	bool ok;

	if (fstat(fd, &sb) != 0)
		return err_sys(e, errno, "cannot read %s", path);
	if (!S_ISREG(sb.st_mode) || sb.st_size > FILE_MAX)
		return err_set(e, ERR_INVALID, "%s is not a file of settings; "
		    "set MODAL_CONFIG_PATH to the right one", path);
	text = secret_map(FILE_MAX);
	ok = read_text(fd, path, text, FILE_MAX, &n, e) &&
	    modal_config_parse(c, path, text, n, e);
	secret_unmap(text, FILE_MAX);
	if (ok && (sb.st_mode & 077) != 0 && c->secrets->secret[0] != '\0')
		snprintf(c->warning, sizeof c->warning, "others on this "
		    "machine may read the token in %.100s; chmod 600 it",
		    path);
	return ok;
}

bool
modal_config_load(struct modal_config *c, struct err *e)
{
	char *path = config_path();
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) :
	    -1;
	bool ok;

	if (fd >= 0)
		ok = load_file(c, fd, path, e);
	else if (path != NULL && errno != ENOENT)
		ok = err_sys(e, errno, "cannot open %s", path);
	else
		ok = modal_config_parse(c, "", NULL, 0, e);
	if (ok && fd < 0 && variable("MODAL_CONFIG_PATH") != NULL)
		snprintf(c->none, sizeof c->none, ": there is no %.100s, "
		    "which MODAL_CONFIG_PATH names", path);
	if (fd >= 0)
		close(fd);
	free(path);
	return ok;
}

bool
modal_config_ready(const struct modal_config *c, struct err *e)
{
	const struct modal_secrets *s = c->secrets;

	if (s->id[0] != '\0' && s->secret[0] != '\0')
		return true;
	if (c->profile[0] != '\0')
		return err_set(e, ERR_AUTH, "no Modal token: the profile "
		    "[%.40s] lacks %s; " REMEDY_TOKEN, c->profile,
		    s->id[0] == '\0' ? "token_id" : "token_secret");
	return err_set(e, ERR_AUTH, "no Modal token%s; " REMEDY_TOKEN,
	    c->none);
}

const char *
modal_config_token_id(const struct modal_config *c)
{
	return c->secrets->id;
}

const char *
modal_config_token_secret(const struct modal_config *c)
{
	return c->secrets->secret;
}

static void
stars(char *text, const char *secret)
{
	size_t n = strlen(secret);

	if (n < 4) /* would be found in any text */
		return;
	for (char *at = text; (at = strstr(at, secret)) != NULL; at += n)
		memset(at, '*', n);
}

void
modal_config_redact(const struct modal_config *c, char *text)
{
	stars(text, c->secrets->secret);
	stars(text, c->secrets->id);
}
