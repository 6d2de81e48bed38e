#include "config.h"

#include "ui/keymap.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct bind {
	struct key key;
	const struct cmd *cmd;
	bool users; /* of the settings, not of the table */
};

struct keymap {
	struct bind *binds;
	size_t n, cap;
};

static void
drop(struct keymap *m, struct key key)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->binds[i].key.code != key.code ||
		    m->binds[i].key.mods != key.mods)
			m->binds[kept++] = m->binds[i];
	m->n = kept;
}

static void
add(struct keymap *m, struct key key, const struct cmd *cmd, bool users)
{
	drop(m, key);
	GROW(m->binds, m->n, m->cap);
	m->binds[m->n++] = (struct bind){ key, cmd, users };
}

static void
add_default(struct keymap *m, const char *name, const struct cmd *cmd)
{
	struct key key;

	if (name != NULL && key_parse(name, &key))
		add(m, key, cmd, false);
}

struct keymap *
keymap_create(bool replay)
{
	struct keymap *m = xcalloc(1, sizeof *m);
	int when = replay ? CMD_REPLAY : CMD_LIVE;
	const struct cmd *t;
	size_t n;

	t = cmd_table(&n);
	for (size_t i = 0; i < n; i++) {
		if (!(t[i].when & when))
			continue;
		add_default(m, t[i].key, &t[i]);
		add_default(m, t[i].key2, &t[i]);
	}
	return m;
}

void
keymap_destroy(struct keymap *m)
{
	if (m == NULL)
		return;
	free(m->binds);
	free(m);
}

bool
keymap_bind(struct keymap *m, const char *name, const char *cmd,
    struct err *e)
{
	const struct cmd *c = cmd_find(cmd);
	struct key key;

	if (!key_parse(name, &key))
		return err_set(e, ERR_INVALID, "no key \"%.40s\"; write one "
		    "like F5, C-x, M-Left or S-Tab", name);
	if (c == NULL && strcmp(cmd, "none") != 0)
		return err_set(e, ERR_INVALID, "no command \"%.40s\"; the "
		    "palette (F12) has their names", cmd);
	if (m == NULL)
		return true;
	if (c == NULL)
		drop(m, key);
	else
		add(m, key, c, true);
	return true;
}

static const struct bind *
find(const struct keymap *m, const struct key *key)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->binds[i].key.code == key->code &&
		    m->binds[i].key.mods == key->mods)
			return &m->binds[i];
	return NULL;
}

const struct cmd *
keymap_find(const struct keymap *m, const struct key *key)
{
	const struct bind *b = find(m, key);

	return b != NULL ? b->cmd : NULL;
}

static bool
is_function(const struct key *k)
{
	return k->code >= KEY_SYM_F1 && k->code <= KEY_SYM_F24;
}

bool
keymap_not_shells(const struct keymap *m, const struct key *k)
{
	const struct bind *b;

	if (is_function(k))
		return true;
	if ((k->mods & MOD_ALT) == 0 && (k->code < KEY_SYM_UP ||
	    k->code > KEY_SYM_DELETE || k->mods == 0))
		return false;
	b = find(m, k);
	return b != NULL && b->users;
}

static void
first_key(const struct keymap *m, const struct cmd *cmd, bool shell,
    char out[32])
{
	out[0] = '\0';
	for (size_t i = 0; i < m->n; i++)
		if (m->binds[i].cmd == cmd &&
		    (!shell || keymap_not_shells(m, &m->binds[i].key))) {
			key_name(&m->binds[i].key, out);
			return;
		}
}

void
keymap_key(const struct keymap *m, const struct cmd *cmd, char out[32])
{
	first_key(m, cmd, false, out);
}

void
keymap_shell_key(const struct keymap *m, const struct cmd *cmd, char out[32])
{
	first_key(m, cmd, true, out);
}
