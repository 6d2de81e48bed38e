#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ui/app-internal.h"

#define SECOND 1000000
#define TICK_MAX 100000 /* us between moves of the position while playing */
#define MARGIN 1

static void
time_text(int64_t us, char out[24])
{
	int64_t s = us / SECOND;

	if (s >= 3600)
		snprintf(out, 24, "%d:%02d:%02d", (int)(s / 3600),
		    (int)(s / 60 % 60), (int)(s % 60));
	else
		snprintf(out, 24, "%02d:%02d", (int)(s / 60), (int)(s % 60));
}

static int
column_of(const struct app *a, int64_t t, int cols)
{
	int64_t length = replay_length(a->spec.replay);
	int width = cols - 2 * MARGIN;

	if (length <= 0 || width < 2)
		return MARGIN;
	if (t > length)
		t = length;
	return MARGIN + (int)(t * (width - 1) / length);
}

/* The last marker so far; several may have one time. */
static const struct state_mark *
mark_here(const struct app *a)
{
	const struct state_mark *m;
	size_t n, past = a->spec.state->nmarks;

	m = replay_marks(a->spec.replay, &n);
	return past > 0 && past <= n ? &m[past - 1] : NULL;
}

/* What happened at a mark, in words. */
static void
mark_text(const struct state_mark *m, char out[160])
{
	static const struct {
		enum event_type type;
		const char *word;
	} words[] = {
		{ EV_QUESTION_START, "question opened" },
		{ EV_QUESTION_SUBMIT, "submitted" },
		{ EV_QUESTION_SKIP, "skipped" }, { EV_NOTE_ADD, "note" },
		{ EV_MARKER_ADD, "mark" }, { EV_FILE_OPEN, "file" },
		{ EV_TEST_RUN, "test run" }, { EV_PASTE, "paste into the" },
		{ EV_DROPPED, "output left out" },
	};
	const char *word = event_type_name(m->type);
	const char *text = m->text != NULL ? m->text : "";

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].type == m->type)
			word = words[i].word;
	snprintf(out, 160, "%s%s%.120s", word, *text != '\0' ? " " : "", text);
}

/* Single steps often change nothing else that is seen. */
static void
draw_event(const struct app *a, struct canvas *c, int at, struct style st)
{
	char text[40];
	int cols = snprintf(text, sizeof text, "event %llu ",
	    (unsigned long long)a->spec.state->seq);

	if (at + 2 + cols <= c->cols)
		canvas_str(c, 0, c->cols - cols, text, st);
}

static void
draw_head(struct app *a, struct canvas *c)
{
	const struct replay *r = a->spec.replay;
	const struct state_mark *m = mark_here(a);
	struct style st = theme_style(&a->theme, STYLE_REPLAY);
	bool ascii = a->settings.ascii;
	char now[24], all[24], when[24], what[160];
	int at;

	canvas_fill_rect(c, 0, 0, 1, c->cols, st);
	time_text(replay_position(r), now);
	time_text(replay_length(r), all);
	at = 1 + canvas_printf(c, 0, 1, st, "REPLAY  %s  %s of %s  %g%s%s",
	    replay_playing(r) ? ascii ? ">" : "▶" : ascii ? "=" : "‖",
	    now, all, replay_speed(r), ascii ? "x" : "×",
	    replay_skip_idle(r) ? "  skipping idle" : "");
	if (replay_damage(r) != NULL &&
	    replay_position(r) >= replay_length(r)) {
		/* More has happened, and cannot be seen. */
		canvas_printf(c, 0, at + 3, st, "damaged after this");
	} else if (m != NULL) {
		time_text(m->t, when);
		mark_text(m, what);
		at += 3 + canvas_printf(c, 0, at + 3, st, "%s %s", when, what);
	}
	if (!replay_playing(r))
		draw_event(a, c, at, st);
}

static void
draw_bar(struct app *a, struct canvas *c)
{
	struct style past = theme_style(&a->theme, STYLE_HERE);
	struct style rest = theme_style(&a->theme, STYLE_RULE);
	struct style mark = theme_style(&a->theme, STYLE_MARK);
	bool ascii = a->settings.ascii;
	const struct state_mark *m;
	int here = column_of(a, replay_position(a->spec.replay), c->cols);
	size_t n;

	for (int k = MARGIN; k < c->cols - MARGIN; k++)
		canvas_put(c, 1, k, k <= here ? ascii ? '=' : 0x2501 :
		    ascii ? '-' : 0x2500, 1, k <= here ? past : rest);
	m = replay_marks(a->spec.replay, &n);
	for (size_t i = 0; i < n; i++)
		canvas_put(c, 1, column_of(a, m[i].t, c->cols),
		    ascii ? '|' : 0x2502, 1, mark);
	past.attr |= ATTR_BOLD;
	canvas_put(c, 1, here, ascii ? 'O' : 0x25cf, 1, past);
}

void
timeline_draw(struct app *a, struct canvas *c)
{
	canvas_fill(c, theme_style(&a->theme, STYLE_TEXT));
	draw_head(a, c);
	draw_bar(a, c);
}

/* A fired timer's handle is dead: the handler forgets it first. */
static void
on_tick(void *user)
{
	struct app *a = user;

	a->tick = NULL;
	timeline_tick(a);
}

/* A test run brings its pane up, and what is typed in the shell the shell's,
 * as they did live. */
static void
follow_tests(struct app *a)
{
	bool shell = replay_in_shell(a->spec.replay);
	const struct state_run *r = state_last_run(a->spec.state);
	uint64_t run = r != NULL ? r->number : 0;

	if (run == a->run_seen && shell == a->shell_seen)
		return;
	a->run_seen = run;
	a->shell_seen = shell;
	a->wish.lower = run > 0 && !shell ? PANE_TESTS : PANE_SHELL;
	app_layout(a);
}

void
timeline_tick(struct app *a)
{
	int64_t next = -1;

	loop_timer_cancel(a->tick);
	a->tick = NULL;
	replay_tick(a->spec.replay, &next);
	follow_tests(a);
	app_dirty(a);
	if (!replay_playing(a->spec.replay))
		return;
	if (next < 0 || next > TICK_MAX)
		next = TICK_MAX;
	if (next < 1000)
		next = 1000;
	a->tick = loop_timer_add(a->loop, next, on_tick, a);
}

void
timeline_click(struct app *a, int col)
{
	int width = a->frame->cols - 2 * MARGIN;
	int64_t length = replay_length(a->spec.replay);

	col -= MARGIN;
	if (col < 0)
		col = 0;
	if (width > 1)
		replay_seek(a->spec.replay, length * col / (width - 1));
	timeline_tick(a);
}

static bool
parse_time(const char *s, int64_t *us)
{
	int64_t t = 0, part = 0;
	int parts = 0;

	for (; *s != '\0'; s++) {
		if (*s >= '0' && *s <= '9' && part < 100000)
			part = part * 10 + (*s - '0');
		else if (*s == ':' && parts++ < 2) {
			t = (t + part) * 60;
			part = 0;
		} else {
			return false;
		}
	}
	*us = (t + part) * SECOND;
	return true;
}

static void
seek_done(void *user, const char *text)
{
	struct app *a = user;
	int64_t t;

	if (text == NULL || *text == '\0')
		return;
	if (!parse_time(text, &t)) {
		app_say(a, "no such time; write minutes:seconds, 12:30 say");
		return;
	}
	replay_seek(a->spec.replay, t);
	timeline_tick(a);
}

static const struct {
	const char *name;
	int64_t seconds;
} moves[] = {
	{ "back", -5 }, { "forward", 5 },
	{ "back-minute", -60 }, { "forward-minute", 60 },
};

static bool
run_move(struct replay *r, const char *cmd)
{
	for (size_t i = 0; i < ARRAY_LEN(moves); i++)
		if (strcmp(moves[i].name, cmd) == 0) {
			replay_seek(r, replay_position(r) +
			    moves[i].seconds * SECOND);
			return true;
		}
	if (strcmp(cmd, "start") == 0)
		replay_seek(r, 0);
	else if (strcmp(cmd, "end") == 0)
		replay_seek(r, replay_length(r));
	else
		return false;
	return true;
}

static bool
run_step(struct app *a, const char *cmd)
{
	struct replay *r = a->spec.replay;
	int dir = strcmp(cmd, "next-marker") == 0 ? 1 : -1;

	if (strcmp(cmd, "step") == 0 || strcmp(cmd, "step-back") == 0) {
		replay_play(r, false);
		replay_step(r, cmd[4] == '\0' ? 1 : -1);
		return true;
	}
	if (strstr(cmd, "-marker") == NULL)
		return false;
	if (!replay_jump(r, dir))
		app_say(a, dir > 0 ? "no mark after this" :
		    "no mark before this");
	return true;
}

void
timeline_run(struct app *a, const char *cmd)
{
	struct replay *r = a->spec.replay;

	if (strcmp(cmd, "play") == 0) {
		if (!replay_playing(r) &&
		    replay_position(r) >= replay_length(r))
			replay_seek(r, 0);
		replay_play(r, !replay_playing(r));
	} else if (strcmp(cmd, "faster") == 0) {
		replay_set_speed(r, replay_speed(r) * 2);
	} else if (strcmp(cmd, "slower") == 0) {
		replay_set_speed(r, replay_speed(r) / 2);
	} else if (strcmp(cmd, "skip-idle") == 0) {
		replay_set_skip_idle(r, !replay_skip_idle(r));
	} else if (strcmp(cmd, "seek") == 0) {
		prompts_line(a->prompts, "Go to (minutes:seconds)", seek_done,
		    a);
	} else if (!run_move(r, cmd) && !run_step(a, cmd)) {
		return;
	}
	timeline_tick(a);
}
