#include "config.h"

#include "ui/app.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ui/app-internal.h"

#define ESCAPE_DELAY 25000	/* us */
#define FRAME 16000		/* between frames under a flood */
#define FRAMES_AT_ONCE 4	/* after quiet, before it is one */
#define FRAME_MAX 50000
#define FRAME_COST 8		/* a frame takes at most an eighth of time */
#define FRAME_AFTER_KEY 2000	/* the same while an echo is awaited */
#define AFTER_KEY 50000
#define FRAME_AFTER_LAST 500	/* the same at the least under a flood */
#define REST 2000		/* what is around the panes, after a key */
#define QUIET 1000		/* after output: what came is all */
#define FLOOD 3000		/* output so shortly before a key */
#define MESSAGE_TIME 8000000
#define SECOND 1000000

static int signal_pipe[2] = { -1, -1 };

bool
app_replaying(const struct app *a)
{
	return a->spec.replay != NULL;
}

void
app_dirty(struct app *a)
{
	a->dirty = a->whole = true;
}

int64_t
app_elapsed(struct app *a)
{
	if (app_replaying(a))
		return replay_position(a->spec.replay);
	if (a->spec.state->ended)
		return a->spec.state->t;
	return a->base_t + clock_mono(a->clock) - a->base_mono;
}

void
app_emergency(void)
{
	screen_restore();
}

/* --- frames --- */

static int64_t
next_second(struct app *a)
{
	int64_t t = app_elapsed(a) % SECOND;

	if (app_replaying(a) || a->spec.state->ended)
		return -1;
	return SECOND - (t >= 0 ? t : 0);
}

/* Frames that cost much, a screen full of colours say, come less often while
 * output floods. */
static int64_t
frame_gap(const struct app *a, int64_t now)
{
	int64_t gap = a->frame_cost * FRAME_COST;

	if (now - a->key_time < AFTER_KEY)
		return a->frame_cost < FRAME_AFTER_LAST ? FRAME_AFTER_LAST :
		    a->frame_cost < FRAME_AFTER_KEY ? a->frame_cost :
		    FRAME_AFTER_KEY;
	return gap < FRAME ? FRAME : gap > FRAME_MAX ? FRAME_MAX : gap;
}

/* How long until the next frame may be drawn; 0: now.  Each frame moves
 * frames_due on by its gap; those that are due are drawn at once. */
static int64_t
frame_wait(const struct app *a, int64_t now)
{
	int64_t gap = frame_gap(a, now), echo;
	int64_t wait = gap - (now - a->drawn);
	int64_t next = FRAME_AFTER_KEY + a->frame_cost - (now - a->drawn);
	int64_t quiet = a->output_time + QUIET - now;
	int64_t first = a->frames_due - now - (FRAMES_AT_ONCE - 1) * gap;

	if (a->rest_due > 0 && !a->whole && !(a->parts & PARTS_PANES))
		return a->rest_due > now ? a->rest_due - now : 0;
	if (first < wait)
		wait = first;
	quiet = quiet > next ? quiet : next;
	if (!a->await_echo && !a->whole && quiet < wait)
		wait = quiet;
	if (a->urgent)
		return 0;
	/* The shell's answer is worth a moment. */
	echo = a->key_time + FRAME_AFTER_KEY - now;
	if (a->await_echo && !a->whole && echo > wait)
		wait = echo;
	return wait > 0 ? wait : 0;
}

/* The panes alone in a frame that someone waits for: what is around them,
 * which seldom changes, comes in the next. */
static unsigned
leave_rest(struct app *a, int64_t now)
{
	unsigned rest = a->parts & ~PARTS_PANES;

	if (!a->urgent || a->whole || (a->rest_due > 0 && a->rest_due <= now))
		rest = 0;
	a->parts &= ~rest;
	if (rest == 0)
		a->rest_due = 0;
	else if (a->rest_due == 0)
		a->rest_due = now + REST;
	return rest;
}

static int64_t
on_frame(void *user)
{
	struct app *a = user;
	int64_t now = clock_mono(a->clock), next = next_second(a), wait;

	/* The clock goes on whatever else is drawn. */
	if (next >= 0 && app_elapsed(a) / SECOND != a->second)
		app_dirty(a);
	if (!a->dirty)
		return next;
	wait = frame_wait(a, now);
	if (wait > 0)
		return wait;
	if (a->whole)
		a->second = app_elapsed(a) / SECOND;
	a->parts = app_draw(a, leave_rest(a, now));
	a->drawn = clock_mono(a->clock);
	a->frame_cost = a->drawn - now;
	a->whole = a->urgent = false;
	a->dirty = a->parts != 0;
	if (a->frames_due < now)
		a->frames_due = now;
	a->frames_due += frame_gap(a, now);
	return a->dirty ? a->rest_due - a->drawn : next;
}

/* Most of what happens shows in one place only; 0: who knows. */
static unsigned
parts_of(enum event_type type)
{
	static const unsigned parts[EV_TYPES] = {
		[EV_TERM_OUTPUT] = PART(PANE_SHELL),
		[EV_TERM_INPUT] = PART(PANE_SHELL),
		[EV_EDIT_CHANGE] = PART(PANE_EDITOR) | PART_STATUS,
		[EV_EDIT_CURSOR] = PART(PANE_EDITOR),
		[EV_FILE_STATE] = PART(PANE_EDITOR) | PART(PANE_FILES) |
		    PART_STATUS,
		[EV_FILE_SAVED] = PART(PANE_EDITOR) | PART(PANE_FILES) |
		    PART_STATUS,
		[EV_FILE_OPENING] = PART(PANE_EDITOR),
		[EV_FILE_AHEAD] = PART(PANE_EDITOR) };

	return parts[type];
}

static void
opening_shows(void *user)
{
	struct app *a = user;

	a->opening = NULL;
	app_dirty(a);
}

/* A file that is there soon is never shown to be on its way. */
static void
watch_opening(struct app *a)
{
	bool waits = a->spec.state->opening != NULL;

	if (waits && !a->waits)
		a->opening = loop_timer_add(a->loop, OPENING_SHOWN_US,
		    opening_shows, a);
	if (!waits) {
		loop_timer_cancel(a->opening);
		a->opening = NULL;
	}
	a->waits = waits;
}

void
app_event(struct app *a, const struct event *ev)
{
	a->base_mono = clock_mono(a->clock);
	a->base_t = ev->t;
	a->dirty = true;
	a->parts |= WITH_RULES(parts_of(ev->type));
	a->whole |= parts_of(ev->type) == 0;
	if (ev->type == EV_TERM_OUTPUT && a->await_echo) {
		/* Under a flood the first is not the answer. */
		a->urgent = a->key_time - a->output_time > FLOOD;
		a->await_echo = false;
	}
	if (ev->type == EV_TERM_OUTPUT && !a->await_echo)
		a->output_time = a->base_mono;
	for (int i = 0; i < PANES; i++)
		if (a->panes[i]->ops->event != NULL)
			a->panes[i]->ops->event(a->panes[i], ev);
	watch_opening(a);
}

/* --- messages --- */

static void
end_message(void *user)
{
	struct app *a = user;

	a->quiet = NULL;
	buf_clear(&a->message);
	app_dirty(a);
}

static void
pane_key(void *user, const char *cmd, char out[40])
{
	app_key_label(user, cmd_find(cmd), out);
}

void
app_say(struct app *a, const char *text)
{
	loop_timer_cancel(a->quiet);
	a->quiet = NULL;
	buf_clear(&a->message);
	cmd_words(text, pane_key, a, &a->message);
	app_dirty(a);
}

void
app_say_briefly(struct app *a, const char *text)
{
	app_say(a, text);
	a->quiet = loop_timer_add(a->loop, MESSAGE_TIME, end_message, a);
}

static void
pane_say(void *user, const char *text)
{
	app_say_briefly(user, text);
}

/* --- what panes get --- */

static void
pane_send(void *user, const struct command *cmd)
{
	app_send(user, cmd);
}

void
app_copy(struct app *a, const char *s, size_t n)
{
	buf_clear(&a->clipboard);
	buf_add(&a->clipboard, s, n);
	if (a->settings.osc52)
		screen_clipboard(a->screen, s, n);
}

static void
pane_copy(void *user, const char *s, size_t n)
{
	app_copy(user, s, n);
}

static const char *
pane_clipboard(void *user, size_t *n)
{
	struct app *a = user;

	*n = a->clipboard.len;
	return buf_str(&a->clipboard);
}

static void
pane_run(void *user, const char *cmd)
{
	app_run_name(user, cmd);
}

static bool
pane_link(void *user, struct sandbox_link *link)
{
	struct app *a = user;

	return a->spec.link != NULL && a->settings.predict &&
	    a->spec.link(a->spec.user, link);
}

static void
pane_hurry(void *user)
{
	struct app *a = user;

	a->urgent = a->dirty = true;
}

static void
create_panes(struct app *a)
{
	static const struct pane_ops *const ops[PANES] = {
		[PANE_PROBLEM] = &pane_problem, [PANE_FILES] = &pane_files,
		[PANE_EDITOR] = &pane_editor, [PANE_SHELL] = &pane_term,
		[PANE_TESTS] = &pane_tests,
	};
	struct pane_ctx ctx = { .state = a->spec.state, .theme = &a->theme,
		.clock = a->clock, .send = pane_send, .copy = pane_copy,
		.clipboard = pane_clipboard, .say = pane_say,
		.run = pane_run, .key = pane_key, .link = pane_link,
		.hurry = pane_hurry, .user = a,
		.read_only = app_replaying(a), .ascii = a->settings.ascii };

	for (int i = 0; i < PANES; i++)
		a->panes[i] = ops[i]->create(&ctx);
}

/* --- size --- */

static void
fit_pane(struct app *a, int i)
{
	struct pane *p = a->panes[i];
	const struct rect *r = &a->layout.pane[i];

	if (!a->layout.shown[i] ||
	    (p->rows == r->rows && p->cols == r->cols))
		return;
	p->rows = r->rows;
	p->cols = r->cols;
	if (p->ops->resize != NULL)
		p->ops->resize(p, r->rows, r->cols);
}

void
app_layout(struct app *a)
{
	a->wish.focus = a->focus;
	a->wish.rows = a->frame->rows;
	a->wish.cols = a->frame->cols;
	layout_make(&a->wish, &a->layout);
	for (int i = 0; i < PANES && !a->layout.too_small; i++)
		fit_pane(a, i);
	app_dirty(a);
}

static void
fit_screen(struct app *a)
{
	int rows, cols;

	screen_size(&rows, &cols);
	if (a->frame == NULL || rows != a->frame->rows ||
	    cols != a->frame->cols) {
		canvas_destroy(a->frame);
		a->frame = canvas_create(rows, cols);
	}
	app_layout(a);
	a->urgent = true;
}

static void
on_signal(int sig)
{
	char c = sig == SIGCONT ? 'c' : 'w';
	int saved = errno;
	ssize_t n = write(signal_pipe[1], &c, 1);

	(void)n;
	errno = saved;
}

void
app_take_signals(struct app *a)
{
	char text[64];
	ssize_t n;

	while ((n = read(signal_pipe[0], text, sizeof text)) > 0)
		if (memchr(text, 'c', (size_t)n) != NULL)
			screen_resume(a->screen);
	fit_screen(a);
}

static void
on_signal_pipe(void *user, short revents)
{
	(void)revents;
	app_take_signals(user);
}

static bool
watch_signals(struct app *a, struct err *e)
{
	struct sigaction sa = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_sys(e, errno, "cannot make a pipe");
	sigemptyset(&sa.sa_mask);
	sigaction(SIGWINCH, &sa, NULL);
	sigaction(SIGCONT, &sa, NULL);
	a->signals = loop_fd_add(a->loop, signal_pipe[0], POLLIN,
	    on_signal_pipe, a);
	return true;
}

static void
ignore_signals(struct app *a)
{
	signal(SIGWINCH, SIG_DFL);
	signal(SIGCONT, SIG_DFL);
	loop_fd_remove(a->signals);
	for (int i = 0; i < 2; i++) {
		if (signal_pipe[i] >= 0)
			close(signal_pipe[i]);
		signal_pipe[i] = -1;
	}
}

/* --- keys --- */

static const struct cmd *
command_of(struct app *a, const struct key *k)
{
	if (a->focus == PANE_SHELL && !app_replaying(a) &&
	    !keymap_not_shells(a->keymap, k))
		return NULL;
	return keymap_find(a->keymap, k);
}

/* Text typed where none goes. */
static void
nobody_types(struct app *a)
{
	char files[40], editor[40], shell[40], help[40];
	char *text;

	app_key_label(a, cmd_find("focus-files"), files);
	app_key_label(a, cmd_find("focus-editor"), editor);
	app_key_label(a, cmd_find("focus-shell"), shell);
	app_key_label(a, cmd_find("help"), help);
	if (app_replaying(a))
		text = xasprintf("this is a replay: %s shows its keys", help);
	else if (a->focus == PANE_EDITOR) /* or the first one is to come */
		text = xasprintf("no file is open to type in: %s goes to the "
		    "files", files);
	else
		text = xasprintf("nothing to type here: %s goes to the "
		    "editor, %s to the shell", editor, shell);
	app_say_briefly(a, text);
	free(text);
}

/* Whether the focused pane took it, and nothing else did. */
static bool
key_to_panes(struct app *a, const struct key *k)
{
	struct pane *p = a->panes[a->focus];
	const struct cmd *c = command_of(a, k);

	if (a->pass_key) {
		a->pass_key = false;
		p = a->panes[PANE_SHELL];
		c = NULL;
	}
	if (c != NULL && c->scope == CMD_APP) {
		app_run(a, c);
		return false;
	}
	if (c != NULL && p->ops->command != NULL &&
	    p->ops->command(p, c->name, NULL) == PANE_HANDLED)
		return true;
	if (p->ops->key != NULL && p->ops->key(p, k) == PANE_HANDLED)
		return true;
	if (k->mods == 0 && k->code > ' ' && k->code < 0x7f)
		nobody_types(a);
	return false;
}

/* Where nothing can be seen nothing is typed, but one can leave. */
static void
key_when_small(struct app *a, const struct key *k)
{
	const struct cmd *c = keymap_find(a->keymap, k);

	if (prompts_on_line(a->prompts))
		prompts_key(a->prompts, k);
	else if (!prompts_active(a->prompts) && c != NULL &&
	    (strcmp(c->name, "quit") == 0 || strcmp(c->name, "leave") == 0))
		app_run(a, c);
}

/* What a key does there shows there. */
static bool
in_editor(const struct app *a)
{
	return a->focus == PANE_EDITOR && !prompts_active(a->prompts) &&
	    !app_replaying(a) && !a->layout.too_small;
}

/* What the shell is sent shows when it answers: a frame before that would
 * only hold the answer up. */
static void
key_pressed(struct app *a)
{
	a->key_time = clock_mono(a->clock);
	a->await_echo = a->dirty = true;
	a->urgent = a->focus != PANE_SHELL || prompts_active(a->prompts) ||
	    app_replaying(a);
	a->whole |= (a->urgent && !in_editor(a)) || a->message.len > 0;
}

static void
on_key(struct app *a, const struct key *k)
{
	struct command focus = { .type = CMD_FOCUS };

	if (k->code == KEY_SYM_FOCUS_IN || k->code == KEY_SYM_FOCUS_OUT) {
		focus.flag = k->code == KEY_SYM_FOCUS_IN;
		app_send(a, &focus);
		return;
	}
	key_pressed(a);
	if (a->quiet == NULL)
		buf_clear(&a->message);
	if (a->layout.too_small)
		key_when_small(a, k);
	else if (prompts_active(a->prompts))
		prompts_key(a->prompts, k);
	else if (!key_to_panes(a, k))
		a->whole = true;
	else
		a->parts |= WITH_RULES(PART(a->focus)) | PART_STATUS;
}

static void
on_paste(struct app *a, const char *s, size_t n)
{
	struct pane *p = a->panes[a->focus];

	key_pressed(a);
	if (a->layout.too_small)
		return;
	if (prompts_active(a->prompts))
		prompts_paste(a->prompts, s, n);
	else if (p->ops->paste != NULL && !app_replaying(a))
		p->ops->paste(p, s, n);
}

static void decode(struct app *a, bool flush);

static void
on_escape_delay(void *user)
{
	struct app *a = user;

	a->escape = NULL;
	decode(a, true);
}

static void
decode(struct app *a, bool flush)
{
	struct input in;

	while (keys_next(a->keys, flush, &in)) {
		if (in.kind == INPUT_KEY)
			on_key(a, &in.key);
		else if (in.kind == INPUT_MOUSE)
			app_mouse(a, &in.mouse);
		else
			on_paste(a, in.paste, in.paste_len);
	}
	loop_timer_cancel(a->escape);
	a->escape = NULL;
	if (keys_pending(a->keys))
		a->escape = loop_timer_add(a->loop, ESCAPE_DELAY,
		    on_escape_delay, a);
}

static void
on_input(void *user, short revents)
{
	struct command end = { .type = CMD_END };
	struct app *a = user;
	char bytes[16384];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);

	(void)revents;
	if (n > 0) {
		keys_feed(a->keys, bytes, (size_t)n);
		decode(a, false);
		return;
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* The terminal is gone. */
	loop_fd_remove(a->input);
	a->input = NULL;
	if (app_replaying(a))
		loop_stop(a->loop);
	else
		app_send(a, &end);
}

/* --- start and end --- */

/* rxvt, Konsole and others tell their colours in COLORFGBG. */
static const char *
usual_theme(int colours)
{
	const char *s = getenv("COLORFGBG"), *bg;

	if (colours < 256)
		return "ansi16";
	bg = s != NULL ? strrchr(s, ';') : NULL;
	if (bg == NULL)
		return "neutral";
	return strcmp(bg, ";7") == 0 || strcmp(bg, ";15") == 0 ? "light" :
	    "dark";
}

static bool
no_colour(void)
{
	const char *s = getenv("NO_COLOR");

	return s != NULL && *s != '\0';
}

/* A mistake that only shows later is told as the others are. */
static void
at_line(unsigned line, struct err *why)
{
	struct buf path = { 0 };

	settings_path("config", &path);
	err_context(why, "%s:%u", buf_str(&path), line);
	buf_free(&path);
}

static void
load_theme(struct app *a, struct err *why)
{
	int colours = screen_colours(a->screen);
	const char *name = a->spec.theme != NULL ? a->spec.theme :
	    a->settings.theme[0] != '\0' ? a->settings.theme :
	    usual_theme(colours);
	struct err e = { 0 };

	if (colours == 0) {
		theme_mono(&a->theme);
		return;
	}
	if (theme_load(name, &a->theme, &e) || why->code != ERR_NONE)
		return;
	*why = e;
	if (name == a->settings.theme && e.code == ERR_NOT_FOUND)
		at_line(a->settings.theme_line, why);
}

/* A locale that is given and is not UTF-8 tells of such a terminal; one that
 * is not given tells nothing.  The Linux console and old terminals have lines,
 * but no glyphs like ours. */
static bool
plain_glyphs(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *term = getenv("TERM"), *s;

	if (term != NULL && (strcmp(term, "linux") == 0 ||
	    strncmp(term, "vt", 2) == 0))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		s = getenv(names[i]);
		if (s != NULL && *s != '\0')
			return strcasestr(s, "utf-8") == NULL &&
			    strcasestr(s, "utf8") == NULL;
	}
	return false;
}

/* Whatever the settings say there is a way to the help, in the shell too. */
static void
keep_help(struct app *a, struct err *why)
{
	struct buf path = { 0 };
	char key[32];

	keymap_shell_key(a->keymap, cmd_find("help"), key);
	if (key[0] != '\0')
		return;
	settings_path("config", &path);
	if (keymap_bind(a->keymap, "F1", "help", NULL) &&
	    why->code == ERR_NONE)
		err_set(why, ERR_INVALID, "%s: no function key is left for "
		    "the help, so F1 stays; give it another one first",
		    buf_str(&path));
	buf_free(&path);
}

static void
load_settings(struct app *a, struct err *why)
{
	settings_init(&a->settings);
	a->settings.ascii = plain_glyphs();
	if (!settings_load(&a->settings, a->keymap, why) &&
	    why->code == ERR_NONE)
		why->code = ERR_INVALID;
	keep_help(a, why);
}

static void
start(struct app *a)
{
	a->base_mono = clock_mono(a->clock);
	a->base_t = a->spec.state->t;
	a->drawn = a->key_time = a->base_mono - SECOND;
	a->grabbed = -1;
	a->focus = PANE_EDITOR;
	layout_defaults(&a->wish);
	a->wish.lower = PANE_SHELL;
	a->wish.timeline = app_replaying(a);
	create_panes(a);
	fit_screen(a);
	if (a->panes[a->focus]->ops->focus != NULL)
		a->panes[a->focus]->ops->focus(a->panes[a->focus], true);
	a->input = loop_fd_add(a->loop, STDIN_FILENO, POLLIN, on_input, a);
	loop_fd_first(a->input);
	loop_set_frame(a->loop, on_frame, a);
	if (!app_replaying(a))
		return;
	/* At its very start a record has nothing to show. */
	replay_play(a->spec.replay, true);
	timeline_tick(a);
}

struct app *
app_create(const struct app_spec *spec, struct err *e)
{
	struct app *a = xcalloc(1, sizeof *a);
	struct screen_spec screen = { .mono = no_colour() };
	struct err why = { 0 };

	a->spec = *spec;
	a->loop = spec->loop;
	a->clock = loop_clock(spec->loop);
	a->keymap = keymap_create(app_replaying(a));
	a->keys = keys_create();
	a->prompts = prompts_create(a->keymap, app_replaying(a));
	load_settings(a, &why);
	screen.mouse = a->settings.mouse;
	a->screen = screen_create(&screen, e);
	if (a->screen == NULL || !watch_signals(a, e)) {
		app_destroy(a);
		return NULL;
	}
	load_theme(a, &why);
	start(a);
	if (why.code != ERR_NONE)
		app_say(a, why.msg);
	else if (app_replaying(a) && *replay_warning(spec->replay) != '\0')
		app_say(a, replay_warning(spec->replay));
	app_draw(a, 0);
	return a;
}

void
app_destroy(struct app *a)
{
	if (a == NULL)
		return;
	loop_set_frame(a->loop, NULL, NULL);
	loop_timer_cancel(a->escape);
	loop_timer_cancel(a->tick);
	loop_timer_cancel(a->suspend);
	loop_timer_cancel(a->quiet);
	loop_timer_cancel(a->opening);
	loop_fd_remove(a->input);
	ignore_signals(a);
	for (int i = 0; i < PANES; i++)
		if (a->panes[i] != NULL)
			a->panes[i]->ops->destroy(a->panes[i]);
	screen_destroy(a->screen);
	prompts_destroy(a->prompts);
	keys_destroy(a->keys);
	keymap_destroy(a->keymap);
	canvas_destroy(a->frame);
	buf_free(&a->message);
	buf_free(&a->clipboard);
	free(a);
}
