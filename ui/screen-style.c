#include "config.h"

#include "ui/screen-style.h"

#include <stdlib.h>
#include <string.h>

#include <curses.h>
#include <term.h>

#include "base/mem.h"
#include "ui/colour.h"

#define PALETTE 256
/* What a terminal is told of ui/canvas.h's; a cell that is not to be seen is
 * painted as a blank. */
#define ATTRS (ATTR_BOLD | ATTR_DIM | ATTR_ITALIC | ATTR_UNDERLINE | \
	ATTR_REVERSE | ATTR_STRIKE | ATTR_BLINK)

/* Of foreground and background one. */
struct channel {
	const char *capability;
	char *palette[PALETTE]; /* NULL: not asked yet */
	/* How a direct colour is told; NULL: terminfo is asked about each. */
	const char *direct;
	char sep;
};

struct screen_style {
	int colours;
	struct channel fg, bg;
	char *attrs[ATTRS + 1]; /* whatever was before; NULL: not asked yet */
	const char *strike;
	uint16_t not_coloured; /* attributes that go with no colour */
	struct style pen;      /* of the terminal, in its own colours */
	bool known;
};

static struct buf *sink; /* of put_char, which tputs calls */

static int
put_char(int c)
{
	buf_addc(sink, (char)c);
	return c;
}

void
screen_sequence_put(struct buf *out, const char *sequence)
{
	if (sequence == NULL)
		return;
	sink = out;
	tputs(sequence, 1, put_char);
}

/* --- what the terminal has --- */

static const struct {
	uint16_t attr;
	int ncv; /* its bit in no_color_video, terminfo(5) */
} excluded[] = {
	{ ATTR_UNDERLINE, 2 }, { ATTR_REVERSE, 4 }, { ATTR_BLINK, 8 },
	{ ATTR_DIM, 16 }, { ATTR_BOLD, 32 }, { ATTR_ITALIC, 1 << 15 },
};

/* ISO 8613-6 with the colour space left empty, and what xterm took before;
 * asking terminfo about each of a frame's colours costs more than the rest of
 * the frame. */
static void
find_direct(struct channel *c, const char *const forms[2])
{
	static const char seps[2] = { ':', ';' };
	const char *said = tiparm(c->capability, 0x0a64ff);
	struct buf b = { 0 };

	for (size_t i = 0; i < 2 && said != NULL; i++) {
		buf_clear(&b);
		buf_addf(&b, "%s10%c100%c255m", forms[i], seps[i], seps[i]);
		if (strcmp(buf_str(&b), said) == 0) {
			c->direct = forms[i];
			c->sep = seps[i];
		}
	}
	buf_free(&b);
}

static void
find_colours(struct screen_style *s)
{
	static const char *const fg[] = { "\033[38:2::", "\033[38;2;" };
	static const char *const bg[] = { "\033[48:2::", "\033[48;2;" };

	/* Their names in term.h are shorts. */
	int colours = tigetnum("colors"), ncv = tigetnum("ncv");

	if (colours < 8 || set_a_foreground == NULL || set_a_background == NULL)
		return;
	s->colours = colours;
	s->fg.capability = set_a_foreground;
	s->bg.capability = set_a_background;
	if (s->colours > PALETTE) {
		find_direct(&s->fg, fg);
		find_direct(&s->bg, bg);
	}
	for (size_t i = 0; i < ARRAY_LEN(excluded); i++)
		if (ncv > 0 && (ncv & excluded[i].ncv))
			s->not_coloured |= excluded[i].attr;
}

struct screen_style *
screen_style_create(bool mono)
{
	struct screen_style *s = xcalloc(1, sizeof *s);
	const char *strike = tigetstr("smxx"); /* an extension of ncurses */

	if (strike != (const char *)-1)
		s->strike = strike;
	if (!mono)
		find_colours(s);
	return s;
}

void
screen_style_free(struct screen_style *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < PALETTE; i++) {
		free(s->fg.palette[i]);
		free(s->bg.palette[i]);
	}
	for (size_t i = 0; i <= ATTRS; i++)
		free(s->attrs[i]);
	free(s);
}

int
screen_style_colours(const struct screen_style *s)
{
	return s->colours;
}

/* --- telling it --- */

void
screen_style_forget(struct screen_style *s)
{
	s->known = false;
}

static void
put_colour(struct channel *c, struct buf *out, int32_t n)
{
	struct buf b = { 0 };

	if (n < PALETTE) {
		if (c->palette[n] == NULL) {
			screen_sequence_put(&b, tiparm(c->capability, n));
			c->palette[n] = xstrdup(buf_str(&b));
			buf_free(&b);
		}
		buf_adds(out, c->palette[n]);
		return;
	}
	if (c->direct == NULL) {
		screen_sequence_put(out, tiparm(c->capability, n));
		return;
	}
	buf_adds(out, c->direct);
	buf_addu(out, (uint32_t)n >> 16 & 255);
	buf_addc(out, c->sep);
	buf_addu(out, (uint32_t)n >> 8 & 255);
	buf_addc(out, c->sep);
	buf_addu(out, (uint32_t)n & 255);
	buf_addc(out, 'm');
}

/* By set_attributes where there is one, as some terminals have nothing else;
 * it knows nothing of the last two. */
static void
ask_attributes(const struct screen_style *s, struct buf *out, int attr)
{
	if (set_attributes != NULL) {
		screen_sequence_put(out, tiparm(set_attributes, 0,
		    attr & ATTR_UNDERLINE, attr & ATTR_REVERSE,
		    attr & ATTR_BLINK, attr & ATTR_DIM, attr & ATTR_BOLD,
		    0, 0, 0));
	} else {
		const char *const on[] = {
			attr & ATTR_UNDERLINE ? enter_underline_mode : NULL,
			attr & ATTR_REVERSE ? enter_reverse_mode : NULL,
			attr & ATTR_BLINK ? enter_blink_mode : NULL,
			attr & ATTR_DIM ? enter_dim_mode : NULL,
			attr & ATTR_BOLD ? enter_bold_mode : NULL,
		};

		screen_sequence_put(out, exit_attribute_mode);
		for (size_t i = 0; i < ARRAY_LEN(on); i++)
			screen_sequence_put(out, on[i]);
	}
	if (attr & ATTR_ITALIC)
		screen_sequence_put(out, enter_italics_mode);
	if (attr & ATTR_STRIKE)
		screen_sequence_put(out, s->strike);
}

/* After it the colours are the terminal's own. */
static void
put_attributes(struct screen_style *s, struct buf *out, int attr)
{
	struct buf b = { 0 };

	if (s->attrs[attr] == NULL) {
		ask_attributes(s, &b, attr);
		s->attrs[attr] = xstrdup(buf_str(&b));
		buf_free(&b);
	}
	buf_adds(out, s->attrs[attr]);
	s->pen = (struct style){ COLOR_DEFAULT, COLOR_DEFAULT, (uint16_t)attr };
	s->known = true;
}

/* The style in what the terminal has. */
static struct style
told(const struct screen_style *s, const struct style *st)
{
	struct style t = { COLOR_DEFAULT, COLOR_DEFAULT, st->attr & ATTRS };
	int bold = 0, unused;

	if (s->colours == 0 || (st->fg < 0 && st->bg < 0))
		return t;
	t.fg = colour_degrade(st->fg, s->colours, &bold);
	t.bg = colour_degrade(st->bg, s->colours, &unused);
	if (bold)
		t.attr |= ATTR_BOLD;
	t.attr &= (uint16_t)~s->not_coloured;
	return t;
}

void
screen_style_put(struct screen_style *s, struct buf *out,
    const struct style *st)
{
	struct style t = told(s, st);
	bool own = (t.fg < 0 && s->pen.fg >= 0) || (t.bg < 0 && s->pen.bg >= 0);

	if (!s->known || t.attr != s->pen.attr ||
	    (own && orig_pair == NULL)) {
		put_attributes(s, out, t.attr);
	} else if (own) {
		screen_sequence_put(out, orig_pair);
		s->pen.fg = s->pen.bg = COLOR_DEFAULT;
	}
	if (t.fg != s->pen.fg)
		put_colour(&s->fg, out, t.fg);
	if (t.bg != s->pen.bg)
		put_colour(&s->bg, out, t.bg);
	s->pen = t;
}
