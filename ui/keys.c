#include "config.h"

#include "ui/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

#define PASTE_MAX (8u << 20)
#define SEQUENCE_MAX 128
#define PARAMS_MAX 8
#define ESC 0x1b

static const char paste_end[] = "\033[201~";
#define PASTE_END_LEN (sizeof paste_end - 1)

struct keys {
	struct buf in;
	size_t pos; /* decoded so far */
	bool pasting;
	struct buf paste;
};

/* What came of trying to decode the bytes at hand. */
enum outcome { MORE, NOTHING, GOT };

struct params {
	int n;
	unsigned v[PARAMS_MAX];
	unsigned sub[PARAMS_MAX]; /* after the first ':' */
	char private;
};

struct named {
	unsigned char byte;
	uint32_t sym;
	unsigned mods;
};

static const struct named csi_finals[] = {
	{ 'A', KEY_SYM_UP, 0 }, { 'B', KEY_SYM_DOWN, 0 },
	{ 'C', KEY_SYM_RIGHT, 0 }, { 'D', KEY_SYM_LEFT, 0 },
	{ 'H', KEY_SYM_HOME, 0 }, { 'F', KEY_SYM_END, 0 },
	{ 'P', KEY_SYM_F1, 0 }, { 'Q', KEY_SYM_F1 + 1, 0 },
	{ 'R', KEY_SYM_F1 + 2, 0 }, { 'S', KEY_SYM_F1 + 3, 0 },
	{ 'Z', KEY_SYM_TAB, MOD_SHIFT },
	{ 'I', KEY_SYM_FOCUS_IN, 0 }, { 'O', KEY_SYM_FOCUS_OUT, 0 },
	/* rxvt */
	{ 'a', KEY_SYM_UP, MOD_SHIFT }, { 'b', KEY_SYM_DOWN, MOD_SHIFT },
	{ 'c', KEY_SYM_RIGHT, MOD_SHIFT }, { 'd', KEY_SYM_LEFT, MOD_SHIFT },
};

static const struct named ss3_finals[] = {
	{ 'A', KEY_SYM_UP, 0 }, { 'B', KEY_SYM_DOWN, 0 },
	{ 'C', KEY_SYM_RIGHT, 0 }, { 'D', KEY_SYM_LEFT, 0 },
	{ 'H', KEY_SYM_HOME, 0 }, { 'F', KEY_SYM_END, 0 },
	{ 'P', KEY_SYM_F1, 0 }, { 'Q', KEY_SYM_F1 + 1, 0 },
	{ 'R', KEY_SYM_F1 + 2, 0 }, { 'S', KEY_SYM_F1 + 3, 0 },
	{ 'M', KEY_SYM_ENTER, 0 }, { 'I', KEY_SYM_TAB, 0 },
	/* rxvt */
	{ 'a', KEY_SYM_UP, MOD_CTRL }, { 'b', KEY_SYM_DOWN, MOD_CTRL },
	{ 'c', KEY_SYM_RIGHT, MOD_CTRL }, { 'd', KEY_SYM_LEFT, MOD_CTRL },
	/* the keypad in application mode */
	{ 'j', '*', 0 }, { 'k', '+', 0 }, { 'l', ',', 0 }, { 'm', '-', 0 },
	{ 'n', '.', 0 }, { 'o', '/', 0 }, { 'p', '0', 0 }, { 'q', '1', 0 },
	{ 'r', '2', 0 }, { 's', '3', 0 }, { 't', '4', 0 }, { 'u', '5', 0 },
	{ 'v', '6', 0 }, { 'w', '7', 0 }, { 'x', '8', 0 }, { 'y', '9', 0 },
};

/* CSI n ~ */
static const struct named tildes[] = {
	{ 1, KEY_SYM_HOME, 0 }, { 2, KEY_SYM_INSERT, 0 },
	{ 3, KEY_SYM_DELETE, 0 }, { 4, KEY_SYM_END, 0 },
	{ 5, KEY_SYM_PGUP, 0 }, { 6, KEY_SYM_PGDN, 0 },
	{ 7, KEY_SYM_HOME, 0 }, { 8, KEY_SYM_END, 0 },
	{ 11, KEY_SYM_F1, 0 }, { 12, KEY_SYM_F1 + 1, 0 },
	{ 13, KEY_SYM_F1 + 2, 0 }, { 14, KEY_SYM_F1 + 3, 0 },
	{ 15, KEY_SYM_F1 + 4, 0 }, { 17, KEY_SYM_F1 + 5, 0 },
	{ 18, KEY_SYM_F1 + 6, 0 }, { 19, KEY_SYM_F1 + 7, 0 },
	{ 20, KEY_SYM_F1 + 8, 0 }, { 21, KEY_SYM_F1 + 9, 0 },
	{ 23, KEY_SYM_F1 + 10, 0 }, { 24, KEY_SYM_F1 + 11, 0 },
	{ 25, KEY_SYM_F1 + 12, 0 }, { 26, KEY_SYM_F1 + 13, 0 },
	{ 28, KEY_SYM_F1 + 14, 0 }, { 29, KEY_SYM_F1 + 15, 0 },
	{ 31, KEY_SYM_F1 + 16, 0 }, { 32, KEY_SYM_F1 + 17, 0 },
	{ 33, KEY_SYM_F1 + 18, 0 }, { 34, KEY_SYM_F1 + 19, 0 },
};

/* Control codes with a key of their own; the others are letters with Ctrl. */
static const struct named controls[] = {
	{ 0, ' ', MOD_CTRL }, { '\t', KEY_SYM_TAB, 0 },
	{ '\r', KEY_SYM_ENTER, 0 }, { ESC, KEY_SYM_ESCAPE, 0 },
	{ 0x7f, KEY_SYM_BACKSPACE, 0 },
};

struct keys *
keys_create(void)
{
	return xcalloc(1, sizeof(struct keys));
}

void
keys_destroy(struct keys *k)
{
	if (k == NULL)
		return;
	buf_free(&k->in);
	buf_free(&k->paste);
	free(k);
}

void
keys_feed(struct keys *k, const void *p, size_t n)
{
	buf_drop_front(&k->in, k->pos);
	k->pos = 0;
	buf_add(&k->in, p, n);
}

bool
keys_pending(const struct keys *k)
{
	return !k->pasting && k->pos < k->in.len;
}

static const struct named *
find_named(const struct named *t, size_t n, unsigned byte)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].byte == byte)
			return &t[i];
	return NULL;
}

static bool
is_code(uint32_t code)
{
	return code < 0xd800 || (code >= 0xe000 && code < 0x110000) ||
	    (code > KEY_SYM_BASE && code <= KEY_SYM_FOCUS_OUT);
}

static bool
is_letter(uint32_t code)
{
	return (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z');
}

/* One spelling for each key: C0 codes are letters with Ctrl, a shifted
 * letter is the capital. */
static bool
key_of_code(uint32_t code, unsigned mods, struct key *key)
{
	const struct named *t = find_named(controls, ARRAY_LEN(controls),
	    code);

	if (t != NULL) {
		code = t->sym;
		mods |= t->mods;
	} else if (code < 0x20) {
		code += code <= 26 ? 0x60 : 0x40;
		mods |= MOD_CTRL;
	}
	if (!is_code(code))
		return false;
	if (is_letter(code) && (mods & MOD_CTRL))
		code |= 0x20;
	else if (is_letter(code) && (mods & MOD_SHIFT))
		code &= ~0x20u;
	/* Shift is already in what a printable key types. */
	if (code < KEY_SYM_BASE && !(mods & MOD_CTRL) && code != ' ')
		mods &= ~(unsigned)MOD_SHIFT;
	key->code = code;
	key->mods = mods;
	return true;
}

static enum outcome
give_key(struct input *out, uint32_t code, unsigned mods)
{
	out->kind = INPUT_KEY;
	return key_of_code(code, mods, &out->key) ? GOT : NOTHING;
}

static unsigned
mods_of(unsigned param)
{
	return param > 0 ? (param - 1) & (MOD_SHIFT | MOD_ALT | MOD_CTRL) : 0;
}

static void
parse_params(const char *s, size_t n, struct params *p)
{
	bool sub = false;
	unsigned *v;

	memset(p, 0, sizeof *p);
	if (n > 0 && *s >= '<' && *s <= '?') {
		p->private = *s++;
		n--;
	}
	p->n = n > 0;
	for (; n > 0; s++, n--) {
		if (*s == ';') {
			if (p->n == PARAMS_MAX)
				return;
			p->n++;
			sub = false;
		} else if (*s == ':') {
			sub = true;
		} else if (*s >= '0' && *s <= '9') {
			v = sub ? &p->sub[p->n - 1] : &p->v[p->n - 1];
			if (*v < 10000000)
				*v = *v * 10 + (unsigned)(*s - '0');
		}
	}
}

static enum outcome
give_mouse(struct input *out, unsigned bits, int col, int row, bool release)
{
	struct mouse *m = &out->mouse;

	out->kind = INPUT_MOUSE;
	m->row = row > 0 ? row - 1 : 0;
	m->col = col > 0 ? col - 1 : 0;
	m->mods = (bits & 4 ? MOD_SHIFT : 0) | (bits & 8 ? MOD_ALT : 0) |
	    (bits & 16 ? MOD_CTRL : 0);
	m->button = (int)(bits & 3) + 1;
	if (bits & 128)
		return NOTHING; /* buttons 8 and up */
	if (bits & 64) {
		if (release || (bits & 3) > 1)
			return NOTHING;
		m->kind = bits & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
		m->button = 0;
		return GOT;
	}
	if (bits & 32) {
		m->kind = m->button == 4 ? MOUSE_HOVER : MOUSE_DRAG;
		m->button &= 3; /* the fourth is none */
		return GOT;
	}
	if ((bits & 3) == 3) { /* X10 does not say which */
		release = true;
		m->button = 1;
	}
	m->kind = release ? MOUSE_RELEASE : MOUSE_PRESS;
	return GOT;
}

static enum outcome
give_kitty(struct input *out, const struct params *p)
{
	uint32_t code = p->v[0];
	unsigned mods = p->n > 1 ? mods_of(p->v[1]) : 0;

	if (p->n > 1 && p->sub[1] == 3)
		return NOTHING; /* a release */
	if (code >= 57376 && code <= 57387) /* F13 .. F24 */
		code = KEY_SYM_F1 + 12 + (code - 57376);
	else if (code >= 57399 && code <= 57408) /* keypad digits */
		code = '0' + (code - 57399);
	else if (code == 57414)
		code = KEY_SYM_ENTER;
	else if (code >= 0xe000 && code < 0xf900)
		return NOTHING; /* other functional keys, modifiers alone */
	else if (code >= KEY_SYM_BASE)
		return NOTHING;
	return give_key(out, code, mods);
}

static enum outcome
give_tilde(struct keys *k, struct input *out, const struct params *p,
    unsigned mods)
{
	const struct named *t;

	if (p->v[0] == 200) {
		k->pasting = true;
		buf_clear(&k->paste);
		return NOTHING;
	}
	if (p->v[0] == 27 && p->n > 2) /* modifyOtherKeys */
		return p->v[2] >= KEY_SYM_BASE ? NOTHING :
		    give_key(out, p->v[2], mods);
	t = find_named(tildes, ARRAY_LEN(tildes), p->v[0]);
	if (t == NULL)
		return NOTHING;
	return give_key(out, t->sym, mods | t->mods);
}

static enum outcome
give_csi(struct keys *k, struct input *out, const struct params *p, char final)
{
	unsigned mods = p->n > 1 ? mods_of(p->v[1]) : 0;
	const struct named *t;

	if (p->private == '<' && (final == 'M' || final == 'm') && p->n == 3)
		return give_mouse(out, p->v[0], (int)p->v[1], (int)p->v[2],
		    final == 'm');
	if (p->private != 0)
		return NOTHING;
	switch (final) {
	case '~':
		return give_tilde(k, out, p, mods);
	case '^': /* rxvt */
		return give_tilde(k, out, p, MOD_CTRL);
	case '$':
		return give_tilde(k, out, p, MOD_SHIFT);
	case '@':
		return give_tilde(k, out, p, MOD_CTRL | MOD_SHIFT);
	case 'u':
		return give_kitty(out, p);
	default:
		t = find_named(csi_finals, ARRAY_LEN(csi_finals),
		    (unsigned char)final);
		return t == NULL ? NOTHING :
		    give_key(out, t->sym, mods | t->mods);
	}
}

/* The Linux console's first keys: ESC [ [ A..E. */
static enum outcome
decode_console(const char *s, size_t n, size_t *used, struct input *out)
{
	if (n < 4)
		return MORE;
	*used = 4;
	return s[3] >= 'A' && s[3] <= 'E' ?
	    give_key(out, KEY_SYM_F1 + (uint32_t)(s[3] - 'A'), 0) : NOTHING;
}

/* The mouse as X10 had it: ESC [ M and three bytes. */
static enum outcome
decode_x10(const char *s, size_t n, size_t *used, struct input *out)
{
	if (n < 6)
		return MORE;
	*used = 6;
	return give_mouse(out, (unsigned char)s[3] - 32u,
	    (unsigned char)s[4] - 32, (unsigned char)s[5] - 32, false);
}

/* After ESC [.  used counts from the ESC. */
static enum outcome
decode_csi(struct keys *k, const char *s, size_t n, size_t *used,
    struct input *out)
{
	struct params p;
	size_t i = 2;

	if (n > 2 && s[2] == '[')
		return decode_console(s, n, used, out);
	if (n > 2 && s[2] == 'M')
		return decode_x10(s, n, used, out);
	while (i < n && s[i] >= 0x20 && s[i] < 0x40 && s[i] != '$' &&
	    i < SEQUENCE_MAX)
		i++;
	if (i == n)
		return MORE;
	if (s[i] < 0x20 || s[i] > 0x7e) { /* broken off */
		*used = i;
		return NOTHING;
	}
	*used = i + 1;
	parse_params(s + 2, i - 2, &p);
	return give_csi(k, out, &p, s[i]);
}

static enum outcome
decode_ss3(const char *s, size_t n, size_t *used, struct input *out)
{
	const struct named *t;
	unsigned mods = 0;
	size_t i = 2;

	if (n > 2 && s[2] >= '2' && s[2] <= '8') {
		mods = mods_of((unsigned)(s[2] - '0'));
		i++;
	}
	if (i >= n)
		return MORE;
	t = find_named(ss3_finals, ARRAY_LEN(ss3_finals), (unsigned char)s[i]);
	if (t == NULL) { /* Alt-O, and what was typed after it */
		*used = 2;
		return give_key(out, 'O', MOD_ALT);
	}
	*used = i + 1;
	return give_key(out, t->sym, mods | t->mods);
}

static enum outcome
decode_utf8(const char *s, size_t n, size_t *used, struct input *out)
{
	unsigned char c = (unsigned char)*s;
	size_t want = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t cp;

	*used = utf8_decode(s, n, &cp);
	if (c >= 0xc2 && c < 0xf5 && *used == 1 && cp == 0xfffd && n < want) {
		/* Only a prefix of something valid may wait. */
		for (size_t i = 1; i < n; i++)
			if (((unsigned char)s[i] & 0xc0) != 0x80)
				return NOTHING;
		return MORE;
	}
	if (c >= 0x80 && *used == 1)
		return NOTHING; /* invalid: nothing was typed */
	return give_key(out, cp, 0);
}

static enum outcome
decode_escape(struct keys *k, const char *s, size_t n, size_t *used,
    struct input *out)
{
	enum outcome o;

	if (n == 1)
		return MORE;
	if (s[1] == '[')
		return decode_csi(k, s, n, used, out);
	if (s[1] == 'O')
		return decode_ss3(s, n, used, out);
	if (s[1] == ESC) { /* rxvt: Alt doubles the ESC of a sequence */
		if (n == 2)
			return MORE;
		if (s[2] != '[' && s[2] != 'O') {
			*used = 1;
			return give_key(out, KEY_SYM_ESCAPE, 0);
		}
		o = decode_escape(k, s + 1, n - 1, used, out);
		*used += 1;
	} else {
		o = decode_utf8(s + 1, n - 1, used, out);
		*used += 1;
	}
	if (o == GOT && out->kind == INPUT_KEY)
		out->key.mods |= MOD_ALT;
	return o;
}

/* No more bytes will come: the first one stands for itself. */
static enum outcome
decode_final(const char *s, size_t n, size_t *used, struct input *out)
{
	*used = 1;
	if (*s != ESC)
		return NOTHING; /* the start of a UTF-8 character */
	if (n == 2 && (s[1] == '[' || s[1] == 'O')) {
		*used = 2;
		return give_key(out, (unsigned char)s[1], MOD_ALT);
	}
	if (n > 2 && s[1] != ESC) { /* a sequence that broke off */
		*used = n;
		return NOTHING;
	}
	return give_key(out, KEY_SYM_ESCAPE, 0);
}

static bool
next_paste(struct keys *k, struct input *out)
{
	char *s = k->in.data + k->pos;
	size_t n = k->in.len - k->pos, take, room;
	char *end = memmem(s, n, paste_end, PASTE_END_LEN);

	/* A terminator may be split over two reads. */
	take = end != NULL ? (size_t)(end - s) :
	    n >= PASTE_END_LEN ? n - (PASTE_END_LEN - 1) : 0;
	room = PASTE_MAX - k->paste.len;
	buf_add(&k->paste, s, take < room ? take : room);
	k->pos += take;
	if (end == NULL)
		return false;
	k->pos += PASTE_END_LEN;
	k->pasting = false;
	out->kind = INPUT_PASTE;
	out->paste = buf_str(&k->paste);
	out->paste_len = k->paste.len;
	return true;
}

bool
keys_next(struct keys *k, bool flush, struct input *out)
{
	const char *s;
	enum outcome o;
	size_t n, used;

	while (k->pos < k->in.len) {
		memset(out, 0, sizeof *out);
		if (k->pasting) {
			if (next_paste(k, out))
				return true;
			if (k->pasting)
				return false;
			continue;
		}
		s = k->in.data + k->pos;
		n = k->in.len - k->pos;
		used = 0;
		o = *s == ESC ? decode_escape(k, s, n, &used, out) :
		    decode_utf8(s, n, &used, out);
		if (o == MORE && !flush)
			return false;
		if (o == MORE)
			o = decode_final(s, n, &used, out);
		k->pos += used;
		if (o == GOT)
			return true;
	}
	return false;
}

static const struct {
	const char *name;
	uint32_t code;
} names[] = {
	{ "Up", KEY_SYM_UP }, { "Down", KEY_SYM_DOWN },
	{ "Left", KEY_SYM_LEFT }, { "Right", KEY_SYM_RIGHT },
	{ "Home", KEY_SYM_HOME }, { "End", KEY_SYM_END },
	{ "PgUp", KEY_SYM_PGUP }, { "PgDn", KEY_SYM_PGDN },
	{ "Insert", KEY_SYM_INSERT }, { "Delete", KEY_SYM_DELETE },
	{ "Backspace", KEY_SYM_BACKSPACE }, { "Enter", KEY_SYM_ENTER },
	{ "Tab", KEY_SYM_TAB }, { "Esc", KEY_SYM_ESCAPE },
	{ "Space", ' ' }, { "FocusIn", KEY_SYM_FOCUS_IN },
	{ "FocusOut", KEY_SYM_FOCUS_OUT },
	/* other spellings that a person may write */
	{ "Escape", KEY_SYM_ESCAPE }, { "PageUp", KEY_SYM_PGUP },
	{ "PageDown", KEY_SYM_PGDN }, { "Ins", KEY_SYM_INSERT },
	{ "Del", KEY_SYM_DELETE }, { "Return", KEY_SYM_ENTER },
};

static bool
parse_named(const char *s, uint32_t *code)
{
	char *end;
	long f;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcasecmp(s, names[i].name) == 0) {
			*code = names[i].code;
			return true;
		}
	if ((*s != 'F' && *s != 'f') || s[1] < '1' || s[1] > '9')
		return false;
	f = strtol(s + 1, &end, 10);
	if (*end != '\0' || f > 24)
		return false;
	*code = KEY_SYM_F1 + (uint32_t)f - 1;
	return true;
}

bool
key_parse(const char *s, struct key *out)
{
	unsigned mods = 0;
	uint32_t code;
	size_t n;

	for (; *s != '\0' && s[1] == '-' && s[2] != '\0'; s += 2) {
		if (*s == 'C')
			mods |= MOD_CTRL;
		else if (*s == 'M' || *s == 'A')
			mods |= MOD_ALT;
		else if (*s == 'S')
			mods |= MOD_SHIFT;
		else
			return false;
	}
	n = strlen(s);
	if (n == 0)
		return false;
	if (!parse_named(s, &code)) {
		if (utf8_decode(s, n, &code) != n ||
		    (code == 0xfffd && n == 1))
			return false;
		if (code < 0x20 || code == 0x7f)
			return false;
	}
	return key_of_code(code, mods, out);
}

void
key_name(const struct key *k, char out[32])
{
	char text[8] = "";
	const char *name = text;
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].code == k->code)
			break;
	if (i < ARRAY_LEN(names))
		name = names[i].name;
	else if (k->code >= KEY_SYM_F1 && k->code <= KEY_SYM_F24)
		snprintf(text, sizeof text, "F%u",
		    (unsigned)(k->code - KEY_SYM_F1 + 1) % 100);
	else
		text[utf8_encode(k->code, text)] = '\0';
	snprintf(out, 32, "%s%s%s%s", k->mods & MOD_CTRL ? "C-" : "",
	    k->mods & MOD_ALT ? "M-" : "", k->mods & MOD_SHIFT ? "S-" : "",
	    name);
}
