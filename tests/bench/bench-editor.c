#include "config.h"

/*
 * The editor's pane without a screen: a key, the edit it makes, the whole
 * pane drawn on a canvas.  A file of 10,000 lines.  bench-editor [-k KEYS]
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/bench/bench.h"
#include "ui/pane.h"

#define LINES_OF_FILE 10000
#define ROWS 36
#define COLS 120

struct bench {
	struct state *state;
	struct theme theme;
	struct pane *pane;
	struct canvas *canvas;
	uint64_t seq;
};

static void
apply(struct bench *b, struct event *ev)
{
	ev->seq = ++b->seq;
	ev->t = (int64_t)b->seq * 1000;
	state_apply(b->state, ev);
	pane_editor.event(b->pane, ev);
}

/* As the core answers an editor's commands. */
static void
on_send(void *user, const struct command *c)
{
	struct event ev = { .type = EV_EDIT_CHANGE };

	if (c->type == CMD_EDIT) {
		ev.u.edit.path = c->path;
		ev.u.edit.offset = c->offset;
		ev.u.edit.deleted = c->deleted;
		ev.u.edit.inserted = (struct bytes){ c->data, c->len };
		ev.u.edit.kind = c->text;
	} else if (c->type == CMD_CURSOR) {
		ev.type = EV_EDIT_CURSOR;
		ev.u.cursor.path = c->path;
		ev.u.cursor.offset = c->offset;
		ev.u.cursor.anchor = c->anchor;
		ev.u.cursor.top = c->top;
	} else {
		return;
	}
	apply(user, &ev);
}

static void
on_copy(void *user, const char *s, size_t n)
{
	(void)user;
	(void)s;
	(void)n;
}

static const char *
on_clipboard(void *user, size_t *n)
{
	(void)user;
	*n = 0;
	return "";
}

static void
on_say(void *user, const char *text)
{
	(void)user;
	(void)text;
}

static void
start(struct bench *b)
{
	struct pane_ctx ctx = { .theme = &b->theme, .clock = clock_system(),
		.send = on_send, .copy = on_copy, .clipboard = on_clipboard,
		.say = on_say, .user = b };
	struct event ev = { .type = EV_FILE_OPEN };
	struct bench_rand rand = { 3 };
	struct buf text = { 0 };

	for (int i = 0; i < STYLE_NAMES; i++)
		b->theme.styles[i] = (struct style){ -1, -1, 0 };
	b->state = state_create(100);
	ctx.state = b->state;
	b->pane = pane_editor.create(&ctx);
	pane_editor.resize(b->pane, ROWS, COLS);
	b->canvas = canvas_create(ROWS, COLS);
	for (int i = 0; i < LINES_OF_FILE; i++) {
		bench_words(&rand, 60, &text);
		buf_addc(&text, '\n');
	}
	ev.u.file.path = "big.txt";
	ev.u.file.content = (struct bytes){ text.data, text.len };
	apply(b, &ev);
	buf_free(&text);
}

static void
stop(struct bench *b)
{
	pane_editor.destroy(b->pane);
	canvas_destroy(b->canvas);
	state_destroy(b->state);
}

static int64_t
press(struct bench *b, uint32_t code)
{
	struct key k = { code, 0 };
	int64_t from = bench_ns();
	int row, col, shape;

	pane_editor.key(b->pane, &k);
	pane_editor.draw(b->pane, b->canvas, true);
	pane_editor.cursor(b->pane, &row, &col, &shape);
	return bench_ns() - from;
}

static void
row(const char *where, const char *what, struct bench_times *t)
{
	printf("| %s | %s | %.3f | %.3f | %.3f |\n", where, what,
	    bench_quantile(t, 0.5), bench_quantile(t, 0.99),
	    bench_quantile(t, 1));
	bench_free(t);
}

static void
measure(struct bench *b, const char *where, const char *line, int keys)
{
	static const struct {
		const char *what;
		uint32_t code;
	} kinds[] = { { "letter", 'x' }, { "Backspace", KEY_SYM_BACKSPACE },
		{ "Enter", KEY_SYM_ENTER }, { "Down", KEY_SYM_DOWN },
		{ "Page Up", KEY_SYM_PGUP } };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct bench_times t = { 0 };

		pane_editor.command(b->pane, "goto-line", line);
		for (int k = 0; k < keys; k++) {
			bench_add(&t, press(b, kinds[i].code));
			/* Short lines, as people type. */
			if (kinds[i].code == 'x' && k % 25 == 24)
				press(b, KEY_SYM_ENTER);
		}
		row(where, kinds[i].what, &t);
	}
}

int
main(int argc, char **argv)
{
	struct bench b = { 0 };
	long keys = 2000;
	int o;

	while ((o = getopt(argc, argv, "k:")) != -1)
		keys = o == 'k' ? strtol(optarg, NULL, 10) : 0;
	if (keys < 1 || keys > 1000000)
		bench_die("bench-editor [-k KEYS]");
	start(&b);
	puts("| at line | key | p50 ms | p99 ms | max ms |\n|---|---|---|---|"
	    "---|");
	measure(&b, "1", "1", (int)keys);
	measure(&b, "5000", "5000", (int)keys);
	measure(&b, "10000", "10000", (int)keys);
	stop(&b);
	return 0;
}
