#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "ui/app-internal.h"

#define SOON (5 * 60) /* s: the clock turns yellow */
#define LAST 60 /* s: and red */
#define SECOND 1000000
#define SILENT (2 * SECOND) /* then a round trip is none any more */
#define SEGMENT_MAX 160
#define HINT_GAP 3 /* of rule between a title and a hint */
#define MESSAGE_ROWS 5

struct segment {
	char text[SEGMENT_MAX];
	char brief[64]; /* "" none: said before anything is left out */
	enum style_name style;
	int weight; /* the lightest goes first when there is no room */
};

static struct style
style(const struct app *a, enum style_name n)
{
	return theme_style(&a->theme, n);
}

/* --- status line --- */

static bool
has_link(const struct app *a, struct sandbox_link *link)
{
	return a->spec.link != NULL && a->spec.link(a->spec.user, link);
}

/* As long as it is so: the message that warns of it goes with the next key,
 * and whoever types then has not seen it. */
static void
link_end(const struct sandbox_link *l, const char *dot, struct segment *s)
{
	size_t n = strlen(s->text);
	int left = (int)((l->expires_us + 60 * SECOND - 1) / (60 * SECOND));

	if (l->expires_us < 0 || left > SOON / 60)
		return;
	snprintf(s->text + n, sizeof s->text - n, " %s ends in %d min", dot,
	    left);
	snprintf(s->brief, sizeof s->brief, "ends in %d min", left);
	s->style = STYLE_WAIT;
	s->weight = 8;
}

/* A network that swallows everything is no error before a call is given up,
 * and until then nobody is online. */
static void
link_silent(const struct app *a, const struct sandbox_link *l,
    struct segment *s)
{
	const char *dot = a->settings.ascii ? "-" : "·";
	const char *name = a->spec.state->sandbox;

	snprintf(s->text, sizeof s->text, "%s %s no answer for %d s %s %zu "
	    "typed wait", name != NULL && *name != '\0' ? name : "sandbox",
	    dot, (int)(l->silent_us / SECOND), dot, l->pending);
	snprintf(s->brief, sizeof s->brief, "no answer %d s %s %zu wait",
	    (int)(l->silent_us / SECOND), dot, l->pending);
	s->style = STYLE_WAIT;
	s->weight = 8;
}

static size_t
next_try(const struct sandbox_link *l, char *text, size_t n)
{
	if (l->retry_us == 0) /* it is under way */
		return (size_t)snprintf(text, n, " now");
	return (size_t)snprintf(text, n, " in %d s",
	    (int)((l->retry_us + SECOND - 1) / SECOND));
}

/* Whether the files are saved is to have room beside it. */
static void
link_pending(const struct sandbox_link *l, const char *dot, struct segment *s,
    size_t n)
{
	size_t have = strlen(s->brief);

	snprintf(s->text + n, sizeof s->text - n, " %s %zu typed wait", dot,
	    l->pending);
	snprintf(s->brief + have, sizeof s->brief - have, " %s %zu wait", dot,
	    l->pending);
}

/* What a person wants to know of the way to the sandbox. */
static void
link_text(const struct app *a, const struct sandbox_link *l, struct segment *s)
{
	const char *dot = a->settings.ascii ? "-" : "·";
	enum conn conn = a->spec.state->conn;
	size_t n = strlen(s->text);

	if (conn == CONN_GONE)
		return;
	if (conn == CONN_ONLINE && l->pending > 0 && l->silent_us >= SILENT) {
		link_silent(a, l, s);
		return;
	}
	if (conn == CONN_ONLINE && l->rtt_us >= 0)
		n += (size_t)snprintf(s->text + n, sizeof s->text - n,
		    " %s %d ms", dot, (int)(l->rtt_us / 1000));
	if (conn >= CONN_RETRYING && l->retry_us >= 0)
		n += next_try(l, s->text + n, sizeof s->text - n);
	if (conn == CONN_ONLINE)
		link_end(l, dot, s);
	else if (l->pending > 0 && n < sizeof s->text)
		link_pending(l, dot, s, n);
}

static void
conn_word(const struct state *st, char *word, size_t n)
{
	static const char *const states[] = { "starting", "sandboxed",
		"retrying", "offline", "gone" };

	if (st->conn == CONN_RETRYING && st->conn_attempts > 0)
		snprintf(word, n, "retrying %u of %u", st->conn_attempt,
		    st->conn_attempts);
	else
		snprintf(word, n, "%s",
		    states[st->conn <= CONN_GONE ? st->conn : CONN_GONE]);
}

static void
conn_segment(const struct app *a, struct segment *s)
{
	const struct state *st = a->spec.state;
	const char *name = st->sandbox != NULL && *st->sandbox != '\0' ?
	    st->sandbox : "sandbox";
	struct sandbox_link link;
	char word[40];

	s->style = st->conn == CONN_ONLINE ? STYLE_STATUS :
	    st->conn < CONN_OFFLINE ? STYLE_WAIT : STYLE_ERROR;
	s->weight = st->conn == CONN_ONLINE ? 1 : 8;
	conn_word(st, word, sizeof word);
	snprintf(s->text, sizeof s->text, "%s %s %s", name,
	    a->settings.ascii ? "-" : "·", word);
	snprintf(s->brief, sizeof s->brief, "%.63s",
	    st->conn == CONN_ONLINE ? s->text : word);
	if (has_link(a, &link))
		link_text(a, &link, s);
}

static void
set_save(struct segment *s, const char *text, enum style_name st, int weight)
{
	snprintf(s->text, sizeof s->text, "%s", text);
	s->style = st;
	s->weight = weight;
}

/* Both is saved, but only one outlives the sandbox. */
static void
volume_segment(const struct sandbox_link *l, struct segment *s)
{
	if (l->sync_error[0] != '\0') {
		set_save(s, "", STYLE_ERROR, 9);
		snprintf(s->text, sizeof s->text, "not on the volume: %.60s",
		    l->sync_error);
		snprintf(s->brief, sizeof s->brief, "NOT ON THE VOLUME");
	} else if (l->unsynced) {
		set_save(s, "saved in the sandbox", STYLE_WAIT, 3);
		snprintf(s->brief, sizeof s->brief, "in the sandbox");
	} else {
		set_save(s, "saved on the volume", STYLE_STATUS, 3);
		snprintf(s->brief, sizeof s->brief, "saved");
	}
}

static void
saved_segment(struct app *a, int64_t last, struct segment *s)
{
	int64_t ago = (app_elapsed(a) - last) / 1000000;
	struct sandbox_link link;

	if (has_link(a, &link)) {
		volume_segment(&link, s);
		return;
	}
	set_save(s, "saved", STYLE_STATUS, 3);
	if (ago >= 0 && ago < 60)
		snprintf(s->text, sizeof s->text, "saved %d s ago", (int)ago);
	snprintf(s->brief, sizeof s->brief, "saved");
}

/* The worst of all files. */
static void
save_segment(struct app *a, struct segment *s)
{
	const struct state *st = a->spec.state;
	const struct state_file *failed = NULL;
	bool edited = false, saving = false;
	int64_t last = -1;

	for (size_t i = 0; i < st->nfiles; i++) {
		const struct state_file *f = &st->files[i];

		if (f->save == FILE_FAILED || f->conflict)
			failed = f;
		edited |= f->save == FILE_EDITED;
		saving |= f->save == FILE_SAVING;
		if (f->saved_t > last)
			last = f->saved_t;
	}
	if (failed != NULL) {
		set_save(s, "", STYLE_ERROR, 9);
		snprintf(s->text, sizeof s->text, "%.40s %s%.60s",
		    failed->path, failed->conflict ? "changed elsewhere" :
		    "not saved: ", failed->conflict || failed->why == NULL ?
		    "" : failed->why);
		snprintf(s->brief, sizeof s->brief, "%s", failed->conflict ?
		    "changed elsewhere" : "NOT SAVED");
	} else if (edited) {
		set_save(s, "edited", STYLE_WAIT, 6);
	} else if (saving) {
		set_save(s, "saving", STYLE_WAIT, 6);
	} else if (last >= 0) {
		saved_segment(a, last, s);
	}
}

static void
record_segment(const struct app *a, struct segment *s)
{
	bool failed = false;
	const char *text;

	if (a->spec.record == NULL)
		return;
	text = a->spec.record(a->spec.user, &failed);
	if (text == NULL || *text == '\0')
		return;
	s->style = failed ? STYLE_ERROR : STYLE_STATUS;
	s->weight = failed ? 10 : 2;
	snprintf(s->text, sizeof s->text, "%s %s",
	    a->settings.ascii ? "*" : "●", text);
	if (failed)
		snprintf(s->brief, sizeof s->brief, "NOT RECORDED");
}

static void
clock_segment(struct app *a, struct segment *s)
{
	int64_t t = app_elapsed(a) / 1000000, left;
	const char *word = "";

	s->style = STYLE_STATUS;
	s->weight = 7;
	if (t < 0)
		t = 0;
	if (a->spec.state->duration > 0) {
		left = a->spec.state->duration - t;
		word = left >= 0 ? " left" : " over";
		t = left >= 0 ? left : -left;
		if (left < SOON)
			s->style = left >= LAST ? STYLE_WAIT : STYLE_ERROR;
	}
	if (t >= 3600)
		snprintf(s->text, sizeof s->text, "%d:%02d:%02d%s",
		    (int)(t / 3600), (int)(t / 60 % 60), (int)(t % 60), word);
	else
		snprintf(s->text, sizeof s->text, "%02d:%02d%s",
		    (int)(t / 60), (int)(t % 60), word);
}

static int
columns(const char *s)
{
	return (int)utf8_columns(s, strlen(s));
}

static int
total(const struct segment *s, int n)
{
	int cols = 0;

	for (int i = 0; i < n; i++)
		if (s[i].text[0] != '\0')
			cols += columns(s[i].text) + 3;
	return cols;
}

static void
drop_lightest(struct segment *s, int n)
{
	int k = -1;

	for (int i = 0; i < n; i++)
		if (s[i].brief[0] != '\0') {
			memcpy(s[i].text, s[i].brief, sizeof s[i].brief);
			s[i].brief[0] = '\0';
			return;
		}
	for (int i = 0; i < n; i++)
		if (s[i].text[0] != '\0' &&
		    (k < 0 || s[i].weight < s[k].weight))
			k = i;
	if (k >= 0)
		s[k].text[0] = '\0';
}

static int
draw_name(struct app *a)
{
	const struct state *s = a->spec.state;
	struct canvas *c = a->frame;
	struct style dim = style(a, STYLE_STATUS);
	int at = 1;

	if (app_replaying(a))
		at = canvas_str(c, 0, 0, " REPLAY ", style(a, STYLE_REPLAY));
	else
		at += canvas_str(c, 0, at, "viva", style(a, STYLE_TITLE_FOCUS));
	at += 2;
	if (s->name != NULL)
		at += canvas_text(c, 0, at, 30, s->name, strlen(s->name), dim);
	if (s->questions > 0)
		at += 2 + canvas_printf(c, 0, at + 2, dim, "%u/%u",
		    s->question, s->questions);
	return at;
}

/* How much of a message goes on a row of so many columns. */
static size_t
row_of_message(const char *s, size_t n, int cols)
{
	size_t off = 0, blank = 0;
	int used = 0, w;

	while (off < n) {
		size_t len = utf8_grapheme(s + off, n - off, &w);

		if (used + w > cols)
			return blank > 0 ? blank : off;
		if (s[off] == ' ')
			blank = off + 1;
		used += w;
		off += len;
	}
	return n;
}

static bool
long_message(const struct app *a)
{
	return columns(buf_str(&a->message)) > a->frame->cols - 2;
}

/* Over whatever is there: a remedy at the end of a line must be seen. */
static void
draw_message(struct app *a)
{
	struct style st = style(a, STYLE_WAIT);
	struct canvas *c = a->frame;
	const char *s = buf_str(&a->message);
	size_t left = a->message.len, n;

	for (int row = 0; row < MESSAGE_ROWS && left > 0; row++) {
		n = row_of_message(s, left, c->cols - 2);
		canvas_fill_rect(c, row, 0, 1, c->cols,
		    style(a, STYLE_STATUS));
		canvas_text(c, row, 1, -1, s, n, st);
		s += n;
		left -= n;
	}
}

static void
draw_status(struct app *a)
{
	struct segment s[4];
	struct canvas *c = a->frame;
	int at = draw_name(a), col, message;

	memset(s, 0, sizeof s);
	conn_segment(a, &s[0]);
	save_segment(a, &s[1]);
	record_segment(a, &s[2]);
	clock_segment(a, &s[3]);
	message = columns(buf_str(&a->message));
	if (long_message(a))
		return;
	if (message > 0) {
		canvas_fill_rect(c, 0, 0, 1, c->cols, style(a, STYLE_STATUS));
		at = 1 + canvas_str(c, 0, 1, buf_str(&a->message),
		    style(a, STYLE_WAIT));
	}
	while (total(s, 4) > c->cols - at - 1 && total(s, 4) > 0)
		drop_lightest(s, 4);
	col = c->cols - total(s, 4) + 2;
	for (int i = 0; i < 4; i++)
		if (s[i].text[0] != '\0')
			col += 3 + canvas_str(c, 0, col, s[i].text,
			    style(a, s[i].style));
}

/* --- key line --- */

struct label {
	const char *cmd, *text;
	int weight;
};

static const struct label live_labels[] = {
	{ "help", "help", 99 }, { "focus-files", "files", 5 },
	{ "focus-editor", "editor", 7 }, { "focus-shell", "shell", 7 },
	{ "run-tests", "run tests", 9 }, { "next-pane", "next pane", 4 },
	{ "focus-problem", "problem", 6 }, { "submit", "submit", 8 },
	{ "zoom", "zoom", 2 }, { "quit", "quit", 6 },
	{ "palette", "commands", 3 },
};
static const struct label replay_labels[] = {
	{ "help", "help", 99 }, { "play", "play", 9 },
	{ "back", "-5 s", 6 }, { "forward", "+5 s", 6 },
	{ "next-marker", "next mark", 7 },
	{ "previous-marker", "previous", 5 }, { "faster", "faster", 4 },
	{ "slower", "slower", 4 }, { "skip-idle", "skip idle", 3 },
	{ "seek", "go to", 5 }, { "next-pane", "next pane", 2 },
	{ "leave", "leave", 8 },
};
#define LABELS_MAX 12

struct shown {
	const struct cmd *cmd;
	char key[40], text[24];
	int weight; /* 0: left out */
};

void
app_key_label(const struct app *a, const struct cmd *cmd, char out[40])
{
	char name[32];

	if (a->focus == PANE_SHELL && !app_replaying(a))
		keymap_shell_key(a->keymap, cmd, name);
	else
		keymap_key(a->keymap, cmd, name);
	prompt_key_label(name, out);
}

static const char *
label_text(struct app *a, const struct label *l)
{
	const struct state_run *r = state_last_run(a->spec.state);

	if (strcmp(l->cmd, "run-tests") == 0 && r != NULL && !r->done)
		return "cancel";
	if (strcmp(l->cmd, "play") == 0 && replay_playing(a->spec.replay))
		return "pause";
	return l->text;
}

static int
labels_width(const struct shown *s, int n)
{
	int cols = 0;

	for (int i = 0; i < n; i++)
		if (s[i].weight > 0)
			cols += columns(s[i].key) + columns(s[i].text) + 3;
	return cols;
}

static void
fit_labels(struct shown *s, int n, int cols)
{
	int k;

	while (labels_width(s, n) - 2 > cols) {
		k = 0;
		for (int i = 1; i < n; i++)
			if (s[i].weight > 0 &&
			    (k == 0 || s[i].weight <= s[k].weight))
				k = i;
		if (k == 0)
			return;
		s[k].weight = 0;
	}
}

static void
draw_labels(struct app *a, const struct shown *s, int n)
{
	struct canvas *c = a->frame;
	int row = c->rows - 1, col = 1;
	struct app_hit *h;

	a->nhits = 0;
	for (int i = 0; i < n; i++) {
		if (s[i].weight == 0)
			continue;
		h = &a->hits[a->nhits++];
		h->col = col;
		h->cmd = s[i].cmd;
		col += canvas_str(c, row, col, s[i].key,
		    style(a, STYLE_KEYLINE_KEY)) + 1;
		col += canvas_str(c, row, col, s[i].text,
		    style(a, STYLE_KEYLINE));
		h->cols = col - h->col;
		col += 2;
	}
}

static void
draw_key_line(struct app *a)
{
	bool replay = app_replaying(a);
	const struct label *l = replay ? replay_labels : live_labels;
	int n = replay ? (int)ARRAY_LEN(replay_labels) :
	    (int)ARRAY_LEN(live_labels);
	struct shown s[LABELS_MAX];

	for (int i = 0; i < n; i++) {
		s[i].cmd = cmd_find(l[i].cmd);
		app_key_label(a, s[i].cmd, s[i].key);
		snprintf(s[i].text, sizeof s[i].text, "%s",
		    label_text(a, &l[i]));
		s[i].weight = s[i].key[0] != '\0' ? l[i].weight : 0;
	}
	fit_labels(s, n, a->frame->cols - 2);
	draw_labels(a, s, n);
}

/* --- panes and rules --- */

static uint32_t
glyph(const struct app *a, uint32_t nice, char plain)
{
	return a->settings.ascii ? (uint32_t)plain : nice;
}

/* At the right end of the rule, and only whole. */
static void
draw_hint(struct app *a, struct pane *p, const struct rect *r, int from)
{
	bool focused = p == a->panes[a->focus];
	struct buf hint = { 0 };
	char key[40];
	int col;

	if (p->ops->hint != NULL)
		p->ops->hint(p, focused, &hint);
	app_key_label(a, cmd_find("zoom"), key);
	if (a->wish.zoom && key[0] != '\0')
		buf_addf(&hint, "%s%s all panes", hint.len > 0 ? "  " : "",
		    key);
	col = r->col + r->cols - columns(buf_str(&hint)) - 3;
	if (hint.len > 0 && col >= from)
		canvas_printf(a->frame, r->row, col, style(a, STYLE_DIM),
		    " %s ", buf_str(&hint));
	buf_free(&hint);
}

static void
draw_rule(struct app *a, int i)
{
	const struct rect r = layout_rule(&a->layout, (enum pane_id)i);
	struct style rule = style(a, STYLE_RULE);
	struct style st = style(a, (enum pane_id)i == a->focus ?
	    STYLE_TITLE_FOCUS : STYLE_TITLE);
	struct pane *p = a->panes[i];
	struct buf title = { 0 };
	int col = r.col;

	for (int k = 0; k < r.cols; k++)
		canvas_put(a->frame, r.row, r.col + k,
		    glyph(a, 0x2500, '-'), 1, rule);
	if (p->ops->title != NULL)
		p->ops->title(p, &title);
	if (title.len == 0)
		buf_adds(&title, p->ops->name);
	canvas_put(a->frame, r.row, col, ' ', 1, rule);
	col += 1 + canvas_text(a->frame, r.row, col + 1, r.cols - 3,
	    title.data, title.len, st);
	canvas_put(a->frame, r.row, col, ' ', 1, rule);
	buf_free(&title);
	draw_hint(a, p, &r, col + HINT_GAP);
}

static bool
rule_in_row(const struct app *a, int row, bool left)
{
	for (int i = 0; i < PANES; i++)
		if (a->layout.shown[i] && a->layout.pane[i].row - 1 == row &&
		    (a->layout.pane[i].col < a->layout.upright) == left)
			return true;
	return false;
}

static void
draw_upright(struct app *a)
{
	static const uint32_t nice[4] = { 0x2502, 0x251c, 0x2524, 0x253c };
	const struct rect *b = &a->layout.body;
	uint32_t g;
	int kind;

	if (a->layout.upright < 0)
		return;
	for (int row = b->row; row < b->row + b->rows; row++) {
		kind = rule_in_row(a, row, false) +
		    2 * rule_in_row(a, row, true);
		g = row == b->row ? 0x252c : nice[kind];
		canvas_put(a->frame, row, a->layout.upright,
		    glyph(a, g, kind ? '+' : '|'), 1, style(a, STYLE_RULE));
	}
}

static void
draw_pane(struct app *a, int i)
{
	const struct rect *r = &a->layout.pane[i];
	struct canvas c;

	c = canvas_sub(a->frame, r->row, r->col, r->rows, r->cols);
	a->panes[i]->ops->draw(a->panes[i], &c, (enum pane_id)i == a->focus);
}

static bool
pane_cursor(struct app *a, int *row, int *col, int *shape)
{
	const struct rect *r = &a->layout.pane[a->focus];
	struct pane *p = a->panes[a->focus];

	if (!a->layout.shown[a->focus] || p->ops->cursor == NULL ||
	    !p->ops->cursor(p, row, col, shape))
		return false;
	if (*row < 0 || *row >= r->rows || *col < 0 || *col >= r->cols)
		return false;
	*row += r->row;
	*col += r->col;
	return true;
}

/* In words that fit where little does. */
static void
draw_too_small(struct app *a)
{
	struct style st = style(a, STYLE_TEXT), dim = style(a, STYLE_DIM);
	struct canvas *c = a->frame;
	int row = c->rows > 4 ? (c->rows - 4) / 2 : 0, col;
	bool tiny = c->cols < 18;
	char key[40];

	if (tiny)
		canvas_str(c, row, 0, "too small", st);
	else
		canvas_printf(c, row, 0, st, "too small: %dx%d", c->cols,
		    c->rows);
	canvas_printf(c, row + 1, 0, st, "%s %dx%d", tiny ? "need" :
	    "viva needs", LAYOUT_COLS_MIN, LAYOUT_ROWS_MIN);
	if (app_not_saved(a) != NULL)
		canvas_str(c, row + 2, 0, "NOT SAVED", style(a, STYLE_ERROR));
	else
		canvas_str(c, row + 2, 0, tiny ? "work is safe" :
		    "your work is safe", dim);
	app_key_label(a, cmd_find(app_replaying(a) ? "leave" : "quit"), key);
	col = key[0] != '\0' ? canvas_str(c, row + 3, 0, key, dim) : 0;
	if (col > 0)
		canvas_str(c, row + 3, col, " leaves", dim);
}

static void
show_too_small(struct app *a)
{
	int row = 0, col = 0;
	bool cursor = false;

	canvas_fill(a->frame, style(a, STYLE_TEXT));
	draw_too_small(a);
	if (prompts_on_line(a->prompts))
		cursor = prompts_draw_line(a->prompts, a->frame, &a->theme,
		    a->settings.ascii, &row, &col);
	screen_show(a->screen, a->frame, 0, a->frame->rows - 1, row, col,
	    cursor, 0);
}

static void
draw_all(struct app *a)
{
	struct canvas timeline;

	canvas_fill(a->frame, style(a, STYLE_TEXT));
	draw_status(a);
	for (int i = 0; i < PANES; i++)
		if (a->layout.shown[i]) {
			draw_rule(a, i);
			draw_pane(a, i);
		}
	draw_upright(a);
	if (a->layout.timeline.rows > 0) {
		timeline = canvas_sub(a->frame, a->layout.timeline.row, 0,
		    TIMELINE_ROWS, a->frame->cols);
		timeline_draw(a, &timeline);
	}
	draw_key_line(a);
	if (long_message(a))
		draw_message(a);
}

struct span {
	int from, to;
};

static void
widen(struct span *s, int from, int to)
{
	s->from = from < s->from ? from : s->from;
	s->to = to > s->to ? to : s->to;
}

static void
draw_changes(struct app *a, int i, struct span *rows)
{
	const struct rect *r = &a->layout.pane[i];
	struct pane *p = a->panes[i];
	int from = 0, to = r->rows - 1;
	struct canvas c;

	c = canvas_sub(a->frame, r->row, r->col, r->rows, r->cols);
	if (p->ops->update == NULL || !p->ops->update(p, &c, &from, &to))
		p->ops->draw(p, &c, (enum pane_id)i == a->focus);
	if (from <= to)
		widen(rows, r->row + from, r->row + to);
}

/* Panes, the rules above them, and the status line. */
static struct span
draw_parts(struct app *a)
{
	struct span rows = { a->frame->rows, -1 };

	if (a->parts & PART_STATUS) {
		canvas_fill_rect(a->frame, 0, 0, 1, a->frame->cols,
		    style(a, STYLE_TEXT));
		draw_status(a);
		widen(&rows, 0, 0);
	}
	for (int i = 0; i < PANES; i++) {
		const struct rect *r = &a->layout.pane[i];

		if (!a->layout.shown[i])
			continue;
		if (a->parts & PART_RULE(i)) {
			draw_rule(a, i);
			widen(&rows, r->row - 1, r->row - 1);
		}
		if (a->parts & PART(i))
			draw_changes(a, i, &rows);
	}
	return rows;
}

unsigned
app_draw(struct app *a, unsigned rest)
{
	struct span rows = { 0, a->frame->rows - 1 };
	bool over = prompts_active(a->prompts) || long_message(a), cursor;
	int row = 0, col = 0, shape = 0;

	screen_hover(a->screen, app_hovers(a));
	if (a->layout.too_small) {
		show_too_small(a);
		return 0;
	}
	if (a->whole || over || a->covered) {
		draw_all(a);
		rest = 0;
	} else {
		rows = draw_parts(a);
	}
	a->covered = over;
	cursor = pane_cursor(a, &row, &col, &shape);
	if (prompts_active(a->prompts)) {
		cursor = prompts_draw(a->prompts, a->frame, &a->theme,
		    a->settings.ascii, &row, &col);
		shape = 0;
	}
	screen_show(a->screen, a->frame, rows.from, rows.to, row, col,
	    cursor, shape);
	return rest;
}
