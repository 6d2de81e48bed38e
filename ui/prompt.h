#ifndef UI_PROMPT_H
#define UI_PROMPT_H

/*
 * Questions over the panes, as a stack of modes: yes or no, one line of text,
 * the command palette, the help.  The topmost one has the keyboard.
 */

#include "ui/canvas.h"
#include "ui/keymap.h"
#include "ui/keys.h"
#include "ui/theme.h"

struct prompts;

typedef void (*prompt_yes_fn)(void *user, bool yes);
/* NULL: given up. */
typedef void (*prompt_text_fn)(void *user, const char *text);

struct prompts *prompts_create(const struct keymap *, bool replay);
void prompts_destroy(struct prompts *);
void prompts_ask(struct prompts *, const char *question, prompt_yes_fn,
    void *user);
void prompts_line(struct prompts *, const char *label, prompt_text_fn,
    void *user);
/* The text is the chosen command's name. */
void prompts_palette(struct prompts *, prompt_text_fn, void *user);
void prompts_help(struct prompts *);

bool prompts_active(const struct prompts *);
/* The topmost one is a question on the last line, for which there is room
 * where there is none for anything else. */
bool prompts_on_line(const struct prompts *);
bool prompts_draw_line(struct prompts *, struct canvas *, const struct theme *,
    bool ascii, int *row, int *col);
void prompts_key(struct prompts *, const struct key *);
void prompts_paste(struct prompts *, const char *s, size_t n);
void prompts_wheel(struct prompts *, int dir);
/* All modes over the whole frame; false: no cursor. */
bool prompts_draw(struct prompts *, struct canvas *, const struct theme *,
    bool ascii, int *row, int *col);

/* As people write it in a key line: ^P, Alt-x, F5. */
void prompt_key_label(const char *name, char out[40]);

#endif
