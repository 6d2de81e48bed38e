#ifndef UI_APP_INTERNAL_H
#define UI_APP_INTERNAL_H

/* Shared by the app*.c and timeline.c files only. */

#include "ui/app.h"
#include "ui/keymap.h"
#include "ui/layout.h"
#include "ui/pane.h"
#include "ui/prompt.h"
#include "ui/screen.h"
#include "ui/settings.h"
#include "ui/theme.h"

#define HITS_MAX 16

struct app_hit { /* a label of the key line */
	int col, cols;
	const struct cmd *cmd;
};

struct app {
	struct app_spec spec;
	struct loop *loop;
	struct clock *clock;
	struct settings settings;
	struct theme theme;
	struct keymap *keymap;
	struct keys *keys;
	struct prompts *prompts;
	struct screen *screen;
	struct canvas *frame;
	struct loop_fd *input, *signals;
	struct loop_timer *escape, *tick, *suspend, *quiet, *opening;
	int suspend_tries;

	struct pane *panes[PANES];
	struct layout_in wish;
	struct layout layout;
	enum pane_id focus;
	bool pass_key; /* the next key is the shell's */
	bool waits; /* a file is on its way, as last seen */
	uint64_t run_seen; /* replay: the last run that was brought up */
	bool shell_seen;   /* replay: the shell was used since */

	/* mouse */
	bool dragging;		/* a rule */
	enum pane_id drag_rule; /* PANES: the upright one */
	int grabbed;		/* pane that gets the drag; -1 none */
	bool seeking;		/* the time line gets it */
	struct app_hit hits[HITS_MAX];
	int nhits;

	/* frames */
	bool dirty, urgent, await_echo;
	bool whole;	/* more than parts is dirty */
	unsigned parts; /* PART of each pane that is, and what is around */
	bool covered;	/* the last frame had something over its panes */
	int64_t rest_due; /* what is around them, left out of a frame */
	int64_t drawn, key_time, frame_cost, frames_due, output_time;
	int64_t second; /* that the clock shows */
	int64_t base_mono, base_t; /* when the state had which time */

	struct buf message;
	struct buf clipboard;
};

#define PART(pane) (1u << (pane))
#define PART_RULE(pane) PART(PANES + (pane)) /* the one above it */
#define PARTS_PANES (PART(PANES) - 1)
#define PART_STATUS PART(2 * PANES)
#define WITH_RULES(parts) ((parts) | ((parts) & PARTS_PANES) << PANES)

bool app_replaying(const struct app *);
int64_t app_elapsed(struct app *); /* us */
void app_layout(struct app *);
void app_dirty(struct app *);
/* Shows a line for a few seconds, whatever is typed. */
void app_say_briefly(struct app *, const char *text);
/* What signals have asked for: the size, the terminal again. */
void app_take_signals(struct app *);

/* app-draw.c */
/* Draws the parts, or all.  Returns what of the rest has still to be drawn. */
unsigned app_draw(struct app *, unsigned rest);
/* The key to press now for a command, "" when there is none. */
void app_key_label(const struct app *, const struct cmd *, char out[40]);

/* app-run.c */
void app_run(struct app *, const struct cmd *);
void app_run_name(struct app *, const char *name);
void app_focus(struct app *, enum pane_id);
enum pane_id app_pane_named(const char *name); /* PANES: none */
void app_send(struct app *, const struct command *);
/* The path of a file that could not be saved, or not over another's change;
 * NULL: there is none. */
const char *app_not_saved(const struct app *);

/* app-mouse.c */
void app_mouse(struct app *, const struct mouse *);
/* Whether the pane with the keyboard is to have the mouse without a button. */
bool app_hovers(const struct app *);

/* timeline.c */
void timeline_draw(struct app *, struct canvas *);
void timeline_click(struct app *, int col);
void timeline_run(struct app *, const char *cmd);
/* Applies what is due and arms the next tick. */
void timeline_tick(struct app *);

#endif
