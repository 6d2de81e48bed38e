#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/glyph.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "ui/paint.h"
#include "vt/vt.h"

/* What is painted goes to a terminal of our own, which must then show what
 * the canvas does. */

#define ROWS 5
#define COLS 30

struct fix {
	struct vt *vt;
	struct canvas *canvas, *shown;
	struct paint paint;
	struct buf out;
	unsigned seed;
};

static void
put_move(struct buf *out, void *user, int row, int col)
{
	(void)user;
	assert_in_range(row, 0, ROWS - 1);
	assert_in_range(col, 0, COLS - 1);
	buf_addf(out, "\033[%d;%dH", row + 1, col + 1);
}

static void
put_style(struct buf *out, void *user, const struct style *s)
{
	(void)user;
	buf_adds(out, "\033[0");
	if (s->attr & ATTR_UNDERLINE)
		buf_adds(out, ";4");
	if (s->attr & ATTR_REVERSE)
		buf_adds(out, ";7");
	if (s->fg >= 0)
		buf_addf(out, ";38;5;%d", s->fg);
	if (s->bg >= 0)
		buf_addf(out, ";48;5;%d", s->bg);
	buf_addc(out, 'm');
}

static int
put_glyph(struct buf *out, void *user, const struct cell *c)
{
	uint32_t cps[GLYPH_MAX];
	size_t n = glyph_cps(c->glyph, cps);
	char utf8[4];

	(void)user;
	for (size_t i = 0; i < n; i++)
		buf_add(out, utf8, utf8_encode(cps[i], utf8));
	return c->width;
}

static void
put_erase(struct buf *out, void *user, int cols)
{
	(void)user;
	if (cols == 0)
		buf_adds(out, "\033[K");
	else
		buf_addf(out, "\033[%dX", cols);
}

static void
put_margin(struct buf *out, void *user, bool on)
{
	(void)user;
	buf_adds(out, on ? "\033[?7h" : "\033[?7l");
}

static struct fix *
setup(void)
{
	static const struct paint_ops ops = { .move = put_move,
		.style = put_style, .glyph = put_glyph, .erase = put_erase,
		.margin = put_margin };
	struct fix *f = xcalloc(1, sizeof *f);

	f->vt = vt_create(ROWS, COLS, 10);
	f->canvas = canvas_create(ROWS, COLS);
	f->shown = canvas_create(ROWS, COLS);
	f->paint = (struct paint){ .ops = &ops, .out = &f->out,
		.erase_end = true, .erase_some = true, .erase_colour = true,
		.corner = true, .move_styled = true };
	paint_forget(&f->paint);
	f->seed = 7;
	return f;
}

static void
teardown(struct fix *f)
{
	vt_destroy(f->vt);
	canvas_destroy(f->canvas);
	canvas_destroy(f->shown);
	buf_free(&f->out);
	free(f);
}

static int
rnd(struct fix *f, int n)
{
	f->seed = f->seed * 1103515245u + 12345u;
	return (int)((f->seed >> 8) % (unsigned)n);
}

/* Returns how many bytes it took. */
static size_t
paint(struct fix *f)
{
	buf_clear(&f->out);
	for (int r = 0; r < ROWS; r++)
		paint_row(&f->paint, f->canvas, f->shown->cells + r * COLS,
		    r);
	vt_write(f->vt, f->out.data, f->out.len);
	return f->out.len;
}

static void
expect_cell(const struct fix *f, int row, int col)
{
	const struct cell *want = &f->canvas->cells[row * COLS + col];
	const struct vt_cell *have;
	struct vt_style s = { -1, -1, 0 };
	uint32_t glyph = ' ';
	int n;

	have = vt_row(f->vt, row, &n);
	if (col < n) {
		s = vt_style(f->vt, have[col].style);
		glyph = have[col].glyph == 0 ? ' ' : have[col].glyph;
		assert_int_equal(have[col].width, want->width);
	}
	assert_int_equal(glyph, want->glyph);
	assert_int_equal(s.bg, want->style.bg);
	assert_int_equal(s.attr, want->style.attr);
	if (glyph != ' ')
		assert_int_equal(s.fg, want->style.fg);
}

static void
expect_shown(const struct fix *f)
{
	for (int r = 0; r < ROWS; r++)
		for (int k = 0; k < COLS; k++)
			expect_cell(f, r, k);
	assert_int_equal(vt_scrolled(f->vt), 0);
}

static void
change(struct fix *f)
{
	static const char *const texts[] = { "a", "words of text", " ",
		"\xe4\xb8\xad", "x\xe4\xb8\xad\xe6\x96\x87y", "e\xcc\x81",
		"a row that is as long as it is" };
	struct style s = { rnd(f, 3) - 1, rnd(f, 3) - 1,
		(uint16_t)(rnd(f, 4) == 0 ? ATTR_REVERSE :
		rnd(f, 4) == 0 ? ATTR_UNDERLINE : 0) };
	int row = rnd(f, ROWS), col = rnd(f, COLS), what = rnd(f, 10);

	if (what < 6)
		canvas_str(f->canvas, row, col,
		    texts[rnd(f, ARRAY_LEN(texts))], s);
	else if (what < 9)
		canvas_fill_rect(f->canvas, row, col, 1 + rnd(f, 2),
		    rnd(f, COLS), s);
	else
		canvas_fill_rect(f->canvas, row, 0, 1, COLS, s);
}

static void
random_changes(struct fix *f)
{
	for (int i = 0; i < 4000; i++) {
		for (int n = rnd(f, 4); n >= 0; n--)
			change(f);
		paint(f);
		expect_shown(f);
		/* It was left elsewhere, by the cursor of a frame. */
		if (rnd(f, 3) == 0) {
			buf_clear(&f->out);
			paint_move(&f->paint, rnd(f, ROWS), rnd(f, COLS));
			vt_write(f->vt, f->out.data, f->out.len);
		}
	}
}

static void
the_terminal_shows_the_canvas(void **state)
{
	struct fix *f = setup();

	(void)state;
	random_changes(f);
	teardown(f);
}

static void
a_terminal_that_can_do_little(void **state)
{
	struct fix *f = setup();

	(void)state;
	f->paint.erase_end = f->paint.erase_some = false;
	f->paint.move_styled = f->paint.erase_colour = false;
	random_changes(f);
	f->paint.erase_end = true;
	random_changes(f);
	teardown(f);
}

/* Where writing the last cell would scroll it is left as it is. */
static void
the_corner_never_scrolls(void **state)
{
	struct fix *f = setup();

	(void)state;
	f->paint.corner = false;
	f->paint.margin = true;
	canvas_str(f->canvas, ROWS - 1, COLS - 2, "ab",
	    (struct style){ -1, -1, 0 });
	paint(f);
	assert_non_null(strstr(buf_str(&f->out), "\033[?7lb\033[?7h"));
	expect_shown(f);
	f->paint.margin = false;
	canvas_str(f->canvas, ROWS - 1, COLS - 2, "xy",
	    (struct style){ -1, -1, 0 });
	paint(f);
	assert_non_null(memchr(f->out.data, 'x', f->out.len));
	assert_null(memchr(f->out.data, 'y', f->out.len));
	teardown(f);
}

static void
little_is_written(void **state)
{
	struct style plain = { -1, -1, 0 };
	struct fix *f = setup();

	(void)state;
	canvas_str(f->canvas, 1, 0, "one two three four five six", plain);
	paint(f);
	assert_int_equal(paint(f), 0);
	/* the next letter of a line is itself */
	canvas_str(f->canvas, 1, 27, "7", plain);
	assert_int_equal(paint(f), 1);
	/* what stays is passed over, what goes is erased */
	canvas_str(f->canvas, 1, 0, "O", plain);
	canvas_str(f->canvas, 1, 22, "F", plain);
	assert_int_equal(paint(f), strlen("\033[2;1HO\033[2;23HF"));
	canvas_fill_rect(f->canvas, 1, 4, 1, COLS - 4, plain);
	assert_int_equal(paint(f), strlen("\033[2;5H\033[K"));
	expect_shown(f);
	teardown(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_terminal_shows_the_canvas),
		cmocka_unit_test(a_terminal_that_can_do_little),
		cmocka_unit_test(the_corner_never_scrolls),
		cmocka_unit_test(little_is_written),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
