#ifndef UI_PANE_H
#define UI_PANE_H

/*
 * What a pane is.  Panes read the state (const) and send commands; they own
 * nothing but their view (scroll, selection, search).  draw changes no state
 * that another draw would see.
 */

#include <stdbool.h>

#include "base/clock.h"
#include "sandbox/sandbox.h"
#include "session/command.h"
#include "session/state.h"
#include "ui/canvas.h"
#include "ui/cmd.h"
#include "ui/keys.h"
#include "ui/theme.h"

struct pane;

/* us: a file that takes longer is shown to be on its way */
#define OPENING_SHOWN_US 100000

/* What panes get from the app. */
struct pane_ctx {
	const struct state *state;
	const struct theme *theme;
	struct clock *clock;
	/* Sends a command to the core (or nowhere, in replay). */
	void (*send)(void *user, const struct command *);
	/* Puts text on the user's clipboard (OSC 52 when allowed) and in the
	 * app's own paste buffer. */
	void (*copy)(void *user, const char *s, size_t n);
	/* The app's own paste buffer. */
	const char *(*clipboard)(void *user, size_t *n);
	/* One line in the status line for a few seconds. */
	void (*say)(void *user, const char *text);
	/* Runs a command of the table in ui/cmd.h by name. */
	void (*run)(void *user, const char *cmd);
	/* How it is with a sandbox over a network; false: there is none
	 * between, or nothing is to be predicted.  May be NULL. */
	bool (*link)(void *user, struct sandbox_link *);
	/* The next frame must not wait for the shell's answer. */
	void (*hurry)(void *user);
	/* The key that a command has, as people write it; "" none. */
	void (*key)(void *user, const char *cmd, char out[40]);
	void *user;
	bool read_only; /* replay and watching */
	bool ascii;	/* ASCII stand-ins for glyphs */
};

enum pane_result { PANE_IGNORED, PANE_HANDLED };

struct pane_ops {
	const char *name; /* problem files editor shell tests timeline */
	struct pane *(*create)(const struct pane_ctx *);
	void (*destroy)(struct pane *);
	/* Title for the rule above the pane. */
	void (*title)(struct pane *, struct buf *out);
	/* Its keys that are worth knowing now, for the other end of the rule
	 * when there is room. */
	void (*hint)(struct pane *, bool focused, struct buf *out);
	void (*draw)(struct pane *, struct canvas *, bool focused);
	/* The same on the canvas of the last draw, which nobody else touched:
	 * only the rows from *from to *to, which alone have changed.  false:
	 * nothing was drawn, as much else may have changed.  May be NULL. */
	bool (*update)(struct pane *, struct canvas *, int *from, int *to);
	/* After draw: where the cursor is; false: hidden.  shape as DECSCUSR
	 * (1-6; 0 default). */
	bool (*cursor)(struct pane *, int *row, int *col, int *shape);
	enum pane_result (*key)(struct pane *, const struct key *);
	/* A bracketed paste: one edit. */
	enum pane_result (*paste)(struct pane *, const char *s, size_t n);
	/* row, col are in the pane's canvas. */
	enum pane_result (*mouse)(struct pane *, const struct mouse *);
	/* Whether mouse is to have MOUSE_HOVER too, while the pane has the
	 * keyboard.  NULL: never. */
	bool (*hover)(struct pane *);
	/* A command of the table that this pane implements. */
	enum pane_result (*command)(struct pane *, const char *cmd,
	    const char *arg);
	void (*resize)(struct pane *, int rows, int cols);
	void (*focus)(struct pane *, bool in);
	/* Every event, after the state has it. */
	void (*event)(struct pane *, const struct event *);
};

/* Embedded first in every pane. */
struct pane {
	const struct pane_ops *ops;
	struct pane_ctx ctx;
	int rows, cols;
};

/* A text of the core, with keys for its commands. */
static inline void
pane_words(const struct pane *p, const char *text, struct buf *out)
{
	cmd_words(text, p->ctx.key, p->ctx.user, out);
}

extern const struct pane_ops pane_problem, pane_files, pane_editor, pane_term,
    pane_tests;

#endif
