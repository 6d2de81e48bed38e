#include "config.h"

#include "ui/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "ui/markdown.h"

#define WHEEL_LINES 3

struct problem_pane {
	struct pane base;
	struct markdown *text;
	char *statement, *title; /* that text was made of */
	int cols;		 /* and for */
	int top;
};

static struct problem_pane *
problem(struct pane *p)
{
	return CONTAINER_OF(p, struct problem_pane, base);
}

static struct style
style(const struct problem_pane *v, enum style_name n)
{
	return theme_style(v->base.ctx.theme, n);
}

/* --- layout ------------------------------------------------------------- */

static const char *
or_nothing(const char *s)
{
	return s != NULL ? s : "";
}

static bool
there(const struct problem_pane *v)
{
	const struct state *s = v->base.ctx.state;

	return s->title != NULL || s->statement != NULL;
}

static void
limits(const struct problem_pane *v, struct buf *out)
{
	const struct state *s = v->base.ctx.state;
	const char *between = "";

	if (s->time_limit_ms > 0) {
		buf_addf(out, "%g s", (double)s->time_limit_ms / 1000);
		between = ", ";
	}
	if (s->memory_limit_mb > 0) {
		buf_addf(out, "%s%lld MB", between,
		    (long long)s->memory_limit_mb);
		between = ", ";
	}
	if (s->language != NULL && s->language[0] != '\0')
		buf_addf(out, "%s%s", between, s->language);
}

/* The statement without a heading that only repeats the title. */
static const char *
body(const char *statement, const char *title)
{
	size_t n = strlen(title), len;
	const char *s = statement + strspn(statement, "\r\n");

	if (n == 0 || s[0] != '#' || s[1] != ' ')
		return statement;
	s += 1 + strspn(s + 1, " ");
	len = strcspn(s, "\r\n");
	while (len > 0 && s[len - 1] == ' ')
		len--;
	return len == n && memcmp(s, title, n) == 0 ? s + n : statement;
}

/* The title is one line, the limits are one, and a blank one follows. */
static int
head_rows(const struct problem_pane *v)
{
	struct buf b = { 0 };
	int n;

	limits(v, &b);
	n = (v->title[0] != '\0') + (b.len > 0);
	buf_free(&b);
	return n > 0 ? n + 1 : 0;
}

static int
total(const struct problem_pane *v)
{
	return v->text != NULL ? head_rows(v) + markdown_lines(v->text) : 0;
}

static void
drop(struct problem_pane *v)
{
	markdown_destroy(v->text);
	v->text = NULL;
	free(v->statement);
	free(v->title);
	v->statement = v->title = NULL;
}

/* Lays out again when the statement or the width is another.  The text is
 * compared, since a seek in a replay brings another one without an event. */
static void
sync(struct problem_pane *v, int cols)
{
	const struct state *s = v->base.ctx.state;
	const char *statement = or_nothing(s->statement);
	const char *title = or_nothing(s->title), *text;
	bool same = v->text != NULL && strcmp(v->statement, statement) == 0 &&
	    strcmp(v->title, title) == 0;
	int before = same ? total(v) : 0;

	if (!there(v)) {
		drop(v);
		v->top = 0;
		return;
	}
	if (same && v->cols == cols)
		return;
	drop(v);
	v->statement = xstrdup(statement);
	v->title = xstrdup(title);
	v->cols = cols;
	text = body(v->statement, v->title);
	v->text = markdown_create(text, strlen(text), cols,
	    v->base.ctx.ascii);
	/* What was read stays about where it was. */
	v->top = before > 0 ? (int)((int64_t)v->top * total(v) / before) : 0;
}

static void
clamp_top(struct problem_pane *v, int rows)
{
	int last = total(v) - rows;

	if (v->top > last)
		v->top = last;
	if (v->top < 0)
		v->top = 0;
}

/* --- drawing ------------------------------------------------------------ */

/* One line, with a mark where it is cut. */
static void
draw_line(const struct problem_pane *v, struct canvas *c, int y,
    const char *s, struct style st)
{
	if (y < 0 || y >= c->rows)
		return;
	canvas_str(c, y, 0, s, st);
	if (utf8_columns(s, strlen(s)) > (size_t)c->cols)
		canvas_put(c, y, c->cols - 1, v->base.ctx.ascii ? '>' :
		    0x2026, 1, style(v, STYLE_DIM));
}

static void
problem_draw(struct pane *p, struct canvas *c, bool focused)
{
	struct problem_pane *v = problem(p);
	struct buf b = { 0 };
	struct canvas below;
	int y, head;

	(void)focused;
	canvas_fill(c, style(v, STYLE_TEXT));
	sync(v, c->cols);
	if (v->text == NULL) {
		canvas_str(c, 0, 0, "no question yet", style(v, STYLE_DIM));
		return;
	}
	clamp_top(v, c->rows);
	y = -v->top;
	head = head_rows(v);
	if (v->title[0] != '\0')
		draw_line(v, c, y++, v->title, style(v, STYLE_HEADING));
	limits(v, &b);
	draw_line(v, c, y, buf_str(&b), style(v, STYLE_DIM));
	buf_free(&b);
	y = head - v->top;
	below = canvas_sub(c, y > 0 ? y : 0, 0, c->rows, c->cols);
	markdown_draw(v->text, &below, y > 0 ? 0 : -y, p->ctx.theme);
}

static void
problem_title(struct pane *p, struct buf *out)
{
	struct problem_pane *v = problem(p);
	const char *dot = p->ctx.ascii ? "-" : "\xc2\xb7";
	int all, last;

	buf_adds(out, "Problem");
	sync(v, p->cols);
	clamp_top(v, p->rows);
	all = total(v);
	last = v->top + p->rows;
	if (all > p->rows)
		buf_addf(out, " %s %d of %d lines", dot, last, all);
}

/* --- input -------------------------------------------------------------- */

static void
scroll(struct problem_pane *v, int by)
{
	sync(v, v->base.cols);
	clamp_top(v, v->base.rows);
	v->top += by;
	clamp_top(v, v->base.rows);
}

static enum pane_result
problem_key(struct pane *p, const struct key *k)
{
	struct problem_pane *v = problem(p);
	int page = p->rows > 2 ? p->rows - 1 : 1, all;
	bool back = k->code == ' ' && k->mods == MOD_SHIFT;

	if (k->mods != 0 && !back)
		return PANE_IGNORED;
	sync(v, p->cols);
	all = total(v);
	switch (k->code) {
	case KEY_SYM_UP:
	case 'k':
		scroll(v, -1);
		break;
	case KEY_SYM_DOWN:
	case 'j':
		scroll(v, 1);
		break;
	case KEY_SYM_PGUP:
		scroll(v, -page);
		break;
	case KEY_SYM_PGDN:
	case ' ':
		scroll(v, back ? -page : page);
		break;
	case KEY_SYM_HOME:
		scroll(v, -all);
		break;
	case KEY_SYM_END:
		scroll(v, all);
		break;
	default:
		return PANE_IGNORED;
	}
	return PANE_HANDLED;
}

static enum pane_result
problem_mouse(struct pane *p, const struct mouse *m)
{
	if (m->kind != MOUSE_WHEEL_UP && m->kind != MOUSE_WHEEL_DOWN)
		return PANE_IGNORED;
	scroll(problem(p), m->kind == MOUSE_WHEEL_UP ? -WHEEL_LINES :
	    WHEEL_LINES);
	return PANE_HANDLED;
}

/* --- life --------------------------------------------------------------- */

static void
problem_resize(struct pane *p, int rows, int cols)
{
	p->rows = rows;
	p->cols = cols;
}

static void
problem_event(struct pane *p, const struct event *ev)
{
	struct problem_pane *v = problem(p);

	/* A question is read from its start. */
	if (ev->type == EV_QUESTION_START)
		v->top = 0;
}

static struct pane *
problem_create(const struct pane_ctx *ctx)
{
	struct problem_pane *v = xcalloc(1, sizeof *v);

	v->base.ops = &pane_problem;
	v->base.ctx = *ctx;
	return &v->base;
}

static void
problem_destroy(struct pane *p)
{
	if (p == NULL)
		return;
	drop(problem(p));
	free(problem(p));
}

const struct pane_ops pane_problem = {
	.name = "problem",
	.create = problem_create,
	.destroy = problem_destroy,
	.title = problem_title,
	.draw = problem_draw,
	.key = problem_key,
	.mouse = problem_mouse,
	.resize = problem_resize,
	.event = problem_event,
};
