#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <curses.h>
#include <term.h>

#include "base/mem.h"
#include "ui/colour.h"
#include "ui/screen-style.h"
#include "vt/vt.h"

/* Styles as terminfo tells them go to a terminal of our own: what it then
 * writes in must be what was asked for. */

struct fix {
	struct vt *vt;
	struct screen_style *style;
	struct buf out;
	uint32_t seed;
};

static void
start(struct fix *f, const char *term, bool mono)
{
	int status, fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (setupterm(term, fd, &status) != OK)
		fail_msg("no terminfo entry for %s", term);
	close(fd);
	*f = (struct fix){ .vt = vt_create(2, 10, 0), .seed = 1 };
	f->style = screen_style_create(mono);
}

static void
end(struct fix *f)
{
	screen_style_free(f->style);
	buf_free(&f->out);
	vt_destroy(f->vt);
	del_curterm(cur_term);
}

static uint32_t
some(struct fix *f, uint32_t n)
{
	f->seed = f->seed * 1103515245 + 12345;
	return (f->seed >> 16) % n;
}

/* The style of a letter written now. */
static struct vt_style
written(struct fix *f)
{
	const struct vt_cell *row;
	int n;

	buf_adds(&f->out, "\rx");
	vt_write(f->vt, buf_str(&f->out), f->out.len);
	buf_clear(&f->out);
	row = vt_row(f->vt, 0, &n);
	assert_true(n > 0 && row[0].glyph == 'x');
	return vt_style(f->vt, row[0].style);
}

static struct style
random_style(struct fix *f)
{
	struct style s = { COLOR_DEFAULT, COLOR_DEFAULT,
		some(f, 3) == 0 ? (uint16_t)some(f, 128) : 0 };
	int32_t *c[] = { &s.fg, &s.bg };

	for (size_t i = 0; i < 2; i++)
		if (some(f, 3) != 0)
			*c[i] = some(f, 2) ? (int32_t)some(f, 256) :
			    COLOR_RGB(some(f, 256), some(f, 4) * 85,
			    some(f, 256));
	return s;
}

static int32_t
as_vt(int32_t c)
{
	return c >= 256 ? c | 0x1000000 : c;
}

#define ALL (ATTR_BOLD | ATTR_DIM | ATTR_ITALIC | ATTR_UNDERLINE | \
	ATTR_REVERSE | ATTR_STRIKE | ATTR_BLINK)

/* has: what the entry has words for; coloured: of these, what goes together
 * with a colour. */
static void
check_styles(const char *term, int colours, uint16_t has, uint16_t coloured)
{
	struct fix f;

	start(&f, term, false);
	assert_int_equal(screen_style_colours(f.style), colours);
	for (int n = 0; n < 20000; n++) {
		struct style s = random_style(&f);
		int bold = 0, unused;
		struct vt_style got;
		int32_t fg = -1, bg = -1;

		if (some(&f, 100) == 0) {
			vt_write(f.vt, "\033[31;44;1;3m", 13);
			screen_style_forget(f.style);
		}
		screen_style_put(f.style, &f.out, &s);
		got = written(&f);
		if (colours > 0) {
			fg = colour_degrade(s.fg, colours, &bold);
			bg = colour_degrade(s.bg, colours, &unused);
		}
		assert_int_equal(got.fg, as_vt(fg));
		assert_int_equal(got.bg, as_vt(bg));
		if (bold)
			s.attr |= ATTR_BOLD;
		s.attr &= s.fg >= 0 || s.bg >= 0 ? coloured : has;
		assert_int_equal(got.attr, s.attr);
	}
	end(&f);
}

static void
test_terminals(void **state)
{
	const uint16_t vt100 = ATTR_BOLD | ATTR_UNDERLINE | ATTR_REVERSE |
	    ATTR_BLINK;

	(void)state;
	check_styles("xterm-direct256", 0x1000000, ALL, ALL);
	check_styles("xterm-256color", 256, ALL, ALL);
	check_styles("xterm-16color", 16, ALL, ALL);
	check_styles("tmux-256color", 256, ALL, ALL);
	check_styles("xterm", 8, ALL, ALL);
	check_styles("linux", 8, vt100 | ATTR_DIM, vt100 & ~ATTR_UNDERLINE);
	check_styles("vt100", 0, vt100, vt100);
}

/* NO_COLOR and the like. */
static void
test_mono(void **state)
{
	const struct style s = { 1, COLOR_RGB(1, 2, 3), ATTR_REVERSE };
	struct vt_style got;
	struct fix f;

	(void)state;
	start(&f, "xterm-256color", true);
	assert_int_equal(screen_style_colours(f.style), 0);
	screen_style_put(f.style, &f.out, &s);
	got = written(&f);
	assert_int_equal(got.fg, -1);
	assert_int_equal(got.bg, -1);
	assert_int_equal(got.attr, ATTR_REVERSE);
	end(&f);
}

/* What is the same is not told again. */
static void
test_short(void **state)
{
	struct style s = { 1, 4, ATTR_BOLD };
	struct fix f;

	(void)state;
	start(&f, "xterm-256color", false);
	screen_style_put(f.style, &f.out, &s);
	buf_clear(&f.out);
	screen_style_put(f.style, &f.out, &s);
	assert_string_equal(buf_str(&f.out), "");
	s.fg = COLOR_RGB(255, 0, 0);
	screen_style_put(f.style, &f.out, &s);
	assert_string_equal(buf_str(&f.out), "\033[38;5;196m");
	buf_clear(&f.out);
	s.bg = COLOR_DEFAULT;
	screen_style_put(f.style, &f.out, &s);
	assert_string_equal(buf_str(&f.out), "\033[39;49m\033[38;5;196m");
	end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminals),
		cmocka_unit_test(test_mono),
		cmocka_unit_test(test_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
