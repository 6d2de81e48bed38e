#ifndef UI_APP_H
#define UI_APP_H

/* The console: panes, keys, frame.  Live sessions and replay are the same
 * program with another source. */

#include "loop/loop.h"
#include "sandbox/sandbox.h"
#include "session/command.h"
#include "session/replay.h"
#include "session/state.h"

struct app;

struct app_spec {
	struct loop *loop;
	const struct state *state;
	/* Live: where commands go.  Replay: NULL. */
	void (*send)(void *user, const struct command *);
	/* Live: state of the record, e.g. "rec", or why it fails. */
	const char *(*record)(void *user, bool *failed);
	/* Live: see core_link.  NULL: on this machine. */
	bool (*link)(void *user, struct sandbox_link *);
	void *user;
	struct replay *replay; /* NULL: live */
	const char *theme;     /* NULL: from the settings */
};

/* Takes the terminal over (ncurses) and draws the first frame. */
struct app *app_create(const struct app_spec *, struct err *) WARN_UNUSED;
/* Gives the terminal back. */
void app_destroy(struct app *);
/* After state_apply, for every event.  Never draws at once: the loop's frame
 * hook does. */
void app_event(struct app *, const struct event *);
/* Shows a line in the status line until a key is pressed. */
void app_say(struct app *, const char *text);
/* Something was copied: to the app's paste buffer, and to the user's
 * clipboard where the settings allow it. */
void app_copy(struct app *, const char *s, size_t n);
/* The terminal is about to go away (crash, exit): restores it.  Safe from a
 * signal handler. */
void app_emergency(void);

#endif
