#ifndef UI_PROMPT_INTERNAL_H
#define UI_PROMPT_INTERNAL_H

/* Shared by prompt.c and palette.c only. */

#include "ui/prompt.h"

enum mode_kind { MODE_ASK, MODE_LINE, MODE_PALETTE, MODE_HELP };

struct mode {
	enum mode_kind kind;
	char *label;
	struct buf text; /* typed */
	size_t cursor;	 /* bytes */
	int here, top;	 /* chosen row, first row shown */
	prompt_yes_fn yes;
	prompt_text_fn done;
	void *user;
};

#define MODES_MAX 4
struct prompts {
	const struct keymap *keys;
	bool replay;
	struct mode modes[MODES_MAX];
	int n;
};

/* palette.c */
const struct cmd *palette_chosen(struct prompts *, struct mode *);
void palette_move(struct prompts *, struct mode *, int by);
bool palette_draw(struct prompts *, struct mode *, struct canvas *,
    const struct theme *, bool ascii, int *row, int *col);
void help_draw(struct prompts *, struct mode *, struct canvas *,
    const struct theme *, bool ascii);

#endif
