#include "config.h"

#include "ui/pane-term.h"

#include "ui/predict.h"

/* Predictive echo in the shell's pane: asks how slow the link is, and paints
 * over the screen what is not yet known to have come. */

static bool
ask_link(const struct term_pane *t, struct sandbox_link *link)
{
	return t->base.ctx.link != NULL &&
	    t->base.ctx.link(t->base.ctx.user, link);
}

bool
term_predicts(const struct term_pane *t)
{
	struct sandbox_link link;

	return ask_link(t, &link);
}

static int64_t
now(const struct term_pane *t)
{
	return clock_mono(t->base.ctx.clock);
}

static bool
shown(const struct term_pane *t)
{
	const struct predict_cell *cells;
	int row, col;

	return predict_shown(t->predict, &cells, &row, &col) > 0;
}

void
term_predict_typed(struct term_pane *t, const struct buf *b)
{
	struct sandbox_link link;
	int64_t rtt;

	if (!ask_link(t, &link))
		return;
	rtt = link.rtt_us;
	/* While the connection is away every echo is late. */
	if (link.attempt > 0 && rtt >= 0 && rtt < PREDICT_RTT_US)
		rtt = PREDICT_RTT_US;
	predict_type(t->predict, term_vt(t), b->data, b->len, rtt, now(t));
	if (shown(t))
		t->base.ctx.hurry(t->base.ctx.user);
}

void
term_predict_output(struct term_pane *t)
{
	predict_check(t->predict, term_vt(t), now(t));
}

void
term_predict_draw(struct term_pane *t, struct canvas *c)
{
	struct style style = theme_style(t->base.ctx.theme, STYLE_TEXT);
	const struct predict_cell *cells;
	struct sandbox_link link;
	int row, col, first = term_first(t);
	int64_t next;
	size_t n;

	if (!ask_link(t, &link))
		return;
	predict_tick(t->predict, link.attempt == 0, now(t), &next);
	style.attr |= ATTR_UNDERLINE;
	n = predict_shown(t->predict, &cells, &row, &col);
	for (size_t i = 0; i < n; i++)
		if (cells[i].row - first >= 0 && cells[i].row - first < c->rows)
			canvas_put(c, cells[i].row - first, cells[i].col,
			    cells[i].glyph, cells[i].width, style);
}

bool
term_predict_cursor(const struct term_pane *t, int *row, int *col)
{
	const struct predict_cell *cells;

	return predict_shown(t->predict, &cells, row, col) > 0;
}
