#include "config.h"

#include "vt/vt-priv.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

/* Numbers of ui/keys.h; a test there holds the two together. */
enum {
	KEY_FIRST = 0x110001,
	KEY_BACKSPACE = KEY_FIRST + 10, KEY_ENTER, KEY_TAB, KEY_ESCAPE,
	KEY_F1,
};
enum { SHIFT = 1, ALT = 2, CTRL = 4 };

/* Final byte, or number of a CSI n ~ key. */
static const struct {
	char final;
	uint8_t number;
} keys[] = {
	{ 'A', 0 }, { 'B', 0 }, { 'D', 0 }, { 'C', 0 }, { 'H', 0 },
	{ 'F', 0 }, { 0, 5 }, { 0, 6 }, { 0, 2 }, { 0, 3 },
};

/* F1.. as xterm; F13 to F24 are Shift-F1 to Shift-F12. */
static const uint8_t function_keys[12] = {
	'P', 'Q', 'R', 'S', 15, 17, 18, 19, 20, 21, 23, 24,
};

static void
number_key(struct buf *out, int number, unsigned mods)
{
	if (mods == 0)
		buf_addf(out, "\033[%d~", number);
	else
		buf_addf(out, "\033[%d;%u~", number, mods + 1);
}

static void
cursor_key(struct buf *out, char final, unsigned mods, bool ss3)
{
	if (mods != 0)
		buf_addf(out, "\033[1;%u%c", mods + 1, final);
	else
		buf_addf(out, "\033%c%c", ss3 ? 'O' : '[', final);
}

static void
special_key(const struct vt *vt, uint32_t code, unsigned mods, struct buf *out)
{
	bool esc = (mods & ALT) != 0;

	switch (code) {
	case KEY_BACKSPACE:
		buf_adds(out, esc ? "\033" : "");
		buf_addc(out, mods & CTRL ? '\b' : '\177');
		break;
	case KEY_ENTER:
		buf_adds(out, esc ? "\033\r" : "\r");
		if (vt->c.modes & MODE_NEWLINE)
			buf_addc(out, '\n');
		break;
	case KEY_TAB:
		buf_adds(out, mods & SHIFT ? "\033[Z" : esc ? "\033\t" : "\t");
		break;
	case KEY_ESCAPE:
		buf_adds(out, esc ? "\033\033" : "\033");
		break;
	}
}

static void
function_key(unsigned i, unsigned mods, struct buf *out)
{
	if (i >= ARRAY_LEN(function_keys)) {
		i -= ARRAY_LEN(function_keys);
		mods |= SHIFT;
	}
	if (i < 4)
		cursor_key(out, (char)function_keys[i], mods, true);
	else
		number_key(out, function_keys[i], mods);
}

/* Ctrl with a character: the control that terminals have always sent. */
static uint32_t
control_of(uint32_t code)
{
	static const struct { char key, sends; } others[] = {
		{ ' ', 0 }, { '2', 0 }, { '3', 27 }, { '4', 28 }, { '5', 29 },
		{ '6', 30 }, { '7', 31 }, { '8', 127 }, { '/', 31 },
		{ '-', 31 }, { '?', 127 },
	};

	if ((code >= 'a' && code <= 'z') || (code >= '@' && code <= '_'))
		return code & 0x1f;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if ((uint32_t)others[i].key == code)
			return (uint32_t)others[i].sends;
	return code;
}

void
vt_encode_key(const struct vt *vt, uint32_t code, unsigned mods,
    struct buf *out)
{
	char u[4];

	if (code >= KEY_F1 && code < KEY_F1 + 24) {
		function_key(code - KEY_F1, mods, out);
	} else if (code >= KEY_BACKSPACE && code <= KEY_ESCAPE) {
		special_key(vt, code, mods, out);
	} else if (code >= KEY_FIRST && code < KEY_BACKSPACE) {
		if (keys[code - KEY_FIRST].final != 0)
			cursor_key(out, keys[code - KEY_FIRST].final, mods,
			    (vt->c.modes & MODE_CURSOR_KEYS) != 0);
		else
			number_key(out, keys[code - KEY_FIRST].number, mods);
	} else if (code < 0x110000) {
		if (mods & ALT)
			buf_addc(out, '\033');
		if (mods & CTRL)
			code = control_of(code);
		buf_add(out, u, utf8_encode(code, u));
	}
}

void
vt_encode_paste(const struct vt *vt, const char *p, size_t n, struct buf *out)
{
	bool bracketed = (vt->c.modes & MODE_PASTE) != 0;

	if (bracketed)
		buf_adds(out, "\033[200~");
	for (size_t i = 0; i < n; i++) {
		unsigned char b = (unsigned char)p[i];

		/* Escape sequences of a paste would act as keys, the end
		 * marker among them; xterm drops such controls too. */
		if ((b < 0x20 && b != '\t' && b != '\n' && b != '\r') ||
		    b == 0x7f)
			continue;
		if (b == '\n' && i > 0 && p[i - 1] == '\r')
			continue;
		buf_addc(out, b == '\n' ? '\r' : (char)b);
	}
	if (bracketed)
		buf_adds(out, "\033[201~");
}

static void
mouse(const struct vt *vt, int code, bool press, int row, int col,
    struct buf *out)
{
	uint32_t m = vt->c.modes;
	char u[4];

	if (m & MODE_MOUSE_SGR) {
		buf_addf(out, "\033[<%d;%d;%d%c", code, col + 1, row + 1,
		    press ? 'M' : 'm');
		return;
	}
	if (!press)
		code = (code & ~3) | 3;
	if (m & MODE_MOUSE_RXVT) {
		buf_addf(out, "\033[%d;%d;%dM", code + 32, col + 1, row + 1);
		return;
	}
	buf_adds(out, "\033[M");
	buf_addc(out, (char)(code + 32));
	if (m & MODE_MOUSE_UTF8) {
		buf_add(out, u, utf8_encode((uint32_t)col + 33, u));
		buf_add(out, u, utf8_encode((uint32_t)row + 33, u));
		return;
	}
	buf_addc(out, (char)(col > 222 ? 255 : col + 33));
	buf_addc(out, (char)(row > 222 ? 255 : row + 33));
}

/* Shift 4, Alt 8, Ctrl 16: the order of our bits. */
static int
mouse_mods(unsigned mods)
{
	return (int)(mods & (SHIFT | ALT | CTRL)) << 2;
}

void
vt_encode_mouse(const struct vt *vt, int row, int col, int button, bool press,
    unsigned mods, struct buf *out)
{
	int code = button > 3 ? button - 4 + 64 : button - 1;

	if (vt_mouse(vt) == VT_MOUSE_NONE || button < 1 || button > 5 ||
	    row < 0 || col < 0 || (button > 3 && !press))
		return;
	mouse(vt, code | mouse_mods(mods), press, row, col, out);
}

void
vt_encode_motion(const struct vt *vt, int row, int col, int button,
    unsigned mods, struct buf *out)
{
	/* No button is told as the fourth. */
	int code = button >= 1 && button <= 3 ? button - 1 : 3;

	if (vt_mouse(vt) < (code == 3 ? VT_MOUSE_MOVE : VT_MOUSE_DRAG) ||
	    row < 0 || col < 0)
		return;
	mouse(vt, 32 | code | mouse_mods(mods), true, row, col, out);
}

void
vt_encode_focus(const struct vt *vt, bool in, struct buf *out)
{
	if (vt->c.modes & MODE_FOCUS)
		buf_adds(out, in ? "\033[I" : "\033[O");
}
