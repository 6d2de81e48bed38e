#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

/* From keys to commands: the table's defaults, then the user's settings. */

#include "base/err.h"
#include "ui/cmd.h"
#include "ui/keys.h"

struct keymap;

struct keymap *keymap_create(bool replay);
void keymap_destroy(struct keymap *);
/* cmd "none" takes the key out.  False: no such key or command. */
bool keymap_bind(struct keymap *, const char *key, const char *cmd,
    struct err *) WARN_UNUSED;
const struct cmd *keymap_find(const struct keymap *, const struct key *);
/* Names of the command's first key, "" when it has none. */
void keymap_key(const struct keymap *, const struct cmd *, char out[32]);

/* The program in the shell gets every key but the function keys, and but
 * those that the user's settings bind as far as it can do without: with Alt,
 * or an arrow, Home, PgUp and the like with Shift, Ctrl or Alt.  Text and
 * control characters always go to it.  Its pane scrolls with Shift-PgUp and
 * Shift-PgDn. */
bool keymap_not_shells(const struct keymap *, const struct key *);
/* As keymap_key, of those keys only. */
void keymap_shell_key(const struct keymap *, const struct cmd *,
    char out[32]);
/* The same in two lines of help. */
#define KEYMAP_SHELL_TIPS \
	"In the shell only function keys, Shift-PgUp and Shift-PgDn are " \
	"viva's,", \
	"and what you bind with Alt, or arrows and the like with a modifier."

#endif
