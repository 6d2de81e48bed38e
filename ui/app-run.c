#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ui/app-internal.h"

#define SUSPEND_POLL 50000 /* us */
#define SUSPEND_TRIES 60
#define STOP_WAIT 100000 /* us */
#define RESIZE_STEP 40 /* thousandths */

void
app_send(struct app *a, const struct command *cmd)
{
	if (!app_replaying(a) && a->spec.send != NULL)
		a->spec.send(a->spec.user, cmd);
}

static void
send_type(struct app *a, enum command_type type)
{
	struct command cmd = { .type = type };

	app_send(a, &cmd);
}

enum pane_id
app_pane_named(const char *name)
{
	static const char *const names[PANES] = { "problem", "files",
		"editor", "shell", "tests" };

	for (int i = 0; i < PANES; i++)
		if (strcmp(names[i], name) == 0)
			return (enum pane_id)i;
	return PANES;
}

static void
tell_focus(struct app *a, bool in)
{
	struct pane *p = a->panes[a->focus];

	if (p->ops->focus != NULL)
		p->ops->focus(p, in);
}

void
app_focus(struct app *a, enum pane_id id)
{
	if (id >= PANES)
		return;
	if (id != a->focus) {
		tell_focus(a, false);
		a->focus = id;
		tell_focus(a, true);
	}
	a->wish.hidden &= ~(1u << id);
	if (id == PANE_SHELL || id == PANE_TESTS)
		a->wish.lower = id;
	app_layout(a);
}

static void
focus_named(struct app *a, const char *cmd)
{
	app_focus(a, app_pane_named(cmd + strlen("focus-")));
}

static void
cycle(struct app *a, int by)
{
	enum pane_id id = a->focus;

	do {
		id = (enum pane_id)((id + PANES + by) % PANES);
	} while (a->wish.hidden & 1u << id);
	app_focus(a, id);
}

static void
run_cycle(struct app *a, const char *cmd)
{
	cycle(a, cmd[0] == 'n' ? 1 : -1);
}

static void
run_zoom(struct app *a, const char *cmd)
{
	(void)cmd;
	a->wish.zoom = !a->wish.zoom;
	app_layout(a);
}

static void
run_hide(struct app *a, const char *cmd)
{
	enum pane_id id = a->focus;

	(void)cmd;
	if ((a->wish.hidden | 1u << id) == (1u << PANES) - 1) {
		app_say(a, "the last pane cannot be hidden");
		return;
	}
	a->wish.zoom = false;
	a->wish.hidden |= 1u << id;
	cycle(a, id == PANE_EDITOR ? 1 : -1);
}

static void
run_show_all(struct app *a, const char *cmd)
{
	(void)cmd;
	a->wish.hidden = 0;
	a->wish.zoom = false;
	layout_defaults(&a->wish);
	app_layout(a);
}

static void
shift_share(int *share, int by)
{
	*share += by;
	if (*share < 50)
		*share = 50;
	if (*share > 950)
		*share = 950;
}

/* The rule that touches the focused pane moves. */
static void
run_grow(struct app *a, const char *cmd)
{
	const char *way = cmd + strlen("grow-");

	if (*way == 'l' || *way == 'r')
		shift_share(&a->wish.left,
		    *way == 'l' ? -RESIZE_STEP : RESIZE_STEP);
	else
		shift_share(a->focus == PANE_PROBLEM || a->focus == PANE_FILES
		    ? &a->wish.problem : a->focus == PANE_TESTS &&
		    a->layout.shown[PANE_SHELL] ? &a->wish.shell :
		    &a->wish.editor, *way == 'u' ? -RESIZE_STEP : RESIZE_STEP);
	app_layout(a);
}

static void
palette_done(void *user, const char *name)
{
	if (name != NULL)
		app_run_name(user, name);
}

static void
run_palette(struct app *a, const char *cmd)
{
	(void)cmd;
	prompts_palette(a->prompts, palette_done, a);
}

static void
run_help(struct app *a, const char *cmd)
{
	(void)cmd;
	prompts_help(a->prompts);
}

static void
run_tests(struct app *a, const char *cmd)
{
	const struct state_run *r = state_last_run(a->spec.state);

	(void)cmd;
	if (r != NULL && !r->done) {
		send_type(a, CMD_TEST_CANCEL);
		return;
	}
	a->wish.hidden &= ~(1u << PANE_TESTS);
	a->wish.lower = PANE_TESTS;
	app_layout(a);
	if (!a->layout.shown[PANE_TESTS])
		app_focus(a, PANE_TESTS);
	send_type(a, CMD_TEST_RUN);
}

static void
submit_answer(void *user, bool yes)
{
	if (yes)
		send_type(user, CMD_SUBMIT);
}

static void
run_submit(struct app *a, const char *cmd)
{
	const struct state *s = a->spec.state;
	const char *name = s->title != NULL ? s->title : s->name;
	char text[300];

	(void)cmd;
	snprintf(text, sizeof text, "Submit %.200s? There is no way back to "
	    "it.", name != NULL ? name : "this");
	prompts_ask(a->prompts, text, submit_answer, a);
}

static void
skip_answer(void *user, bool yes)
{
	if (yes)
		send_type(user, CMD_SKIP);
}

static void
run_skip(struct app *a, const char *cmd)
{
	(void)cmd;
	prompts_ask(a->prompts, "Leave this question without an answer?",
	    skip_answer, a);
}

static void
run_save(struct app *a, const char *cmd)
{
	(void)cmd;
	send_type(a, CMD_SAVE);
}

static void
run_save_force(struct app *a, const char *cmd)
{
	const struct state *s = a->spec.state;
	struct command c = { .type = strcmp(cmd, "reload") == 0 ?
		CMD_RELOAD : CMD_SAVE_FORCE };
	char text[200];

	if (s->opening != NULL) {
		snprintf(text, sizeof text, "not done: %.150s is not open yet",
		    s->opening);
		app_say(a, text);
		return;
	}
	if (s->current < 0 || (size_t)s->current >= s->nfiles)
		return;
	c.path = s->files[s->current].path;
	app_send(a, &c);
}

static void
note_done(void *user, const char *text)
{
	struct command c = { .type = CMD_NOTE, .text = text };

	if (text != NULL && *text != '\0')
		app_send(user, &c);
}

static void
run_note(struct app *a, const char *cmd)
{
	(void)cmd;
	prompts_line(a->prompts, "Note", note_done, a);
}

static void
run_marker(struct app *a, const char *cmd)
{
	struct command c = { .type = CMD_MARKER, .text = "" };

	(void)cmd;
	app_send(a, &c);
	app_say(a, "marked");
}

static void
run_restart(struct app *a, const char *cmd)
{
	(void)cmd;
	send_type(a, CMD_TERM_RESTART);
}

static void
sandbox_answer(void *user, bool yes)
{
	if (yes)
		send_type(user, CMD_SANDBOX_NEW);
}

static void
run_new_sandbox(struct app *a, const char *cmd)
{
	(void)cmd;
	if (a->spec.state->conn == CONN_GONE) /* nothing is lost by it */
		send_type(a, CMD_SANDBOX_NEW);
	else
		prompts_ask(a->prompts, "Open another sandbox? What runs in "
		    "this one ends; the files stay.", sandbox_answer, a);
}

static bool
all_saved(const struct state *s)
{
	for (size_t i = 0; i < s->nfiles; i++)
		if (s->files[i].save == FILE_EDITED ||
		    s->files[i].save == FILE_SAVING)
			return false;
	return true;
}

/* After a stop there is a SIGCONT.  Without a shell that would send it, in a
 * terminal of viva's own say, the stop is not for us. */
static void
look_if_stopped(void *user)
{
	struct app *a = user;

	a->suspend = NULL;
	app_take_signals(a);
	if (!screen_suspended(a->screen))
		return;
	screen_resume(a->screen);
	a->urgent = true;
	app_say(a, "saved, and not stopped: no shell here would bring viva "
	    "back");
}

/* The stop waits for the save, but not for ever. */
static void
suspend_now(void *user)
{
	struct app *a = user;

	a->suspend = NULL;
	if (!all_saved(a->spec.state) && a->suspend_tries++ < SUSPEND_TRIES) {
		a->suspend = loop_timer_add(a->loop, SUSPEND_POLL,
		    suspend_now, a);
		return;
	}
	screen_suspend(a->screen);
	a->suspend = loop_timer_add(a->loop, STOP_WAIT, look_if_stopped, a);
	/* All of the job, a script that runs viva too: else its shell would
	 * wait on.  SIGCONT takes the terminal again. */
	kill(0, SIGTSTP);
}

static void
run_suspend(struct app *a, const char *cmd)
{
	(void)cmd;
	send_type(a, CMD_SAVE);
	a->suspend_tries = 0;
	loop_timer_cancel(a->suspend);
	a->suspend = loop_timer_add(a->loop, 0, suspend_now, a);
}

static void
run_redraw(struct app *a, const char *cmd)
{
	(void)cmd;
	screen_redraw(a->screen);
	app_dirty(a);
}

static void
run_pass_key(struct app *a, const char *cmd)
{
	(void)cmd;
	a->pass_key = true;
	app_say(a, "the next key goes to the shell");
}

static void
quit_answer(void *user, bool yes)
{
	if (!yes)
		return;
	/* Where saving hangs or fails this takes a while. */
	app_say(user, "saving everything and leaving ...");
	send_type(user, CMD_END);
}

const char *
app_not_saved(const struct app *a)
{
	const struct state *s = a->spec.state;

	for (size_t i = 0; i < s->nfiles; i++)
		if (s->files[i].save == FILE_FAILED || s->files[i].conflict)
			return s->files[i].path;
	return NULL;
}

static void
run_quit(struct app *a, const char *cmd)
{
	const char *path = app_not_saved(a);
	char text[200] = "End the session? All work is saved first.";

	(void)cmd;
	if (app_replaying(a) || a->spec.state->ended) {
		loop_stop(a->loop);
		return;
	}
	if (path != NULL)
		snprintf(text, sizeof text, "%.100s could not be saved. End "
		    "the session all the same?", path);
	prompts_ask(a->prompts, text, quit_answer, a);
}

static const struct {
	const char *name; /* a prefix when it ends in '-' */
	void (*fn)(struct app *, const char *cmd);
} runners[] = {
	{ "help", run_help }, { "focus-", focus_named },
	{ "next-pane", run_cycle }, { "previous-pane", run_cycle },
	{ "zoom", run_zoom }, { "hide", run_hide },
	{ "show-all", run_show_all }, { "grow-", run_grow },
	{ "palette", run_palette }, { "run-tests", run_tests },
	{ "submit", run_submit }, { "save", run_save },
	{ "reload", run_save_force }, { "save-force", run_save_force },
	{ "note", run_note }, { "marker", run_marker },
	{ "skip", run_skip }, { "restart-shell", run_restart },
	{ "new-sandbox", run_new_sandbox },
	{ "suspend", run_suspend }, { "redraw", run_redraw },
	{ "pass-key", run_pass_key }, { "quit", run_quit },
	{ "leave", run_quit },
};

static bool
is_runner(const char *name, const char *cmd)
{
	size_t n = strlen(name);

	return name[n - 1] == '-' ? strncmp(name, cmd, n) == 0 :
	    strcmp(name, cmd) == 0;
}

void
app_run(struct app *a, const struct cmd *c)
{
	struct pane *p = a->panes[a->focus];
	enum pane_id id;

	app_dirty(a);
	if (c->scope == CMD_PANE) {
		if (p->ops->command != NULL &&
		    p->ops->command(p, c->name, NULL) == PANE_HANDLED)
			return;
		id = app_pane_named(c->pane);
		app_focus(a, id);
		p = a->panes[id];
		if (p->ops->command != NULL)
			p->ops->command(p, c->name, NULL);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(runners); i++)
		if (is_runner(runners[i].name, c->name)) {
			runners[i].fn(a, c->name);
			return;
		}
	if (app_replaying(a))
		timeline_run(a, c->name);
}

void
app_run_name(struct app *a, const char *name)
{
	const struct cmd *c = cmd_find(name);

	if (c != NULL)
		app_run(a, c);
}
