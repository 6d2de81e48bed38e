#ifndef UI_CMD_H
#define UI_CMD_H

/*
 * The one table of commands.  Key map, palette and help overlay come from it.
 * app.c runs those of scope CMD_APP; the others go to the pane named.  While
 * the shell has the keyboard only function keys are ours, and what
 * keymap_not_shells says of the user's own.
 */

#include <stddef.h>

#include "base/buf.h"

enum cmd_scope { CMD_APP, CMD_PANE };
/* Where a command makes sense. */
enum { CMD_LIVE = 1, CMD_REPLAY = 2, CMD_BOTH = 3 };

struct cmd {
	const char *name;
	const char *key, *key2; /* defaults as key_parse takes; NULL none */
	const char *help;
	const char *pane; /* of CMD_PANE: who runs it */
	const char *group;
	enum cmd_scope scope;
	int when;
};

const struct cmd *cmd_table(size_t *n);
const struct cmd *cmd_find(const char *name); /* NULL: none */
/* How well name and help match what was typed: letters in order, better when
 * they stand together or start a word.  0: no match. */
int cmd_match(const struct cmd *, const char *typed);
/* The core does not know of keys: its texts say "the command NAME".  Here
 * stands the key instead, of those that have one; key: as in pane.h, may be
 * NULL. */
void cmd_words(const char *text, void (*key)(void *user, const char *cmd,
    char out[40]), void *user, struct buf *out);

#endif
