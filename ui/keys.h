#ifndef UI_KEYS_H
#define UI_KEYS_H

/* Keys, mouse and pastes out of the bytes that the user's terminal sends
 * (xterm's control sequences, kitty's CSI u, SGR 1006 mouse, bracketed
 * paste).  Bytes in, events out; knows no curses and no clock. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_sym { /* beyond Unicode, so that a key is one number */
	KEY_SYM_BASE = 0x110000,
	KEY_SYM_UP, KEY_SYM_DOWN, KEY_SYM_LEFT, KEY_SYM_RIGHT,
	KEY_SYM_HOME, KEY_SYM_END, KEY_SYM_PGUP, KEY_SYM_PGDN,
	KEY_SYM_INSERT, KEY_SYM_DELETE,
	KEY_SYM_BACKSPACE, KEY_SYM_ENTER, KEY_SYM_TAB, KEY_SYM_ESCAPE,
	KEY_SYM_F1, /* F1..F24 follow */
	KEY_SYM_F24 = KEY_SYM_F1 + 23,
	KEY_SYM_FOCUS_IN, KEY_SYM_FOCUS_OUT,
};
enum { MOD_SHIFT = 1, MOD_ALT = 2, MOD_CTRL = 4 };

struct key {
	uint32_t code; /* code point or key_sym; Ctrl-A is 'a' + MOD_CTRL */
	unsigned mods;
};

enum mouse_kind { MOUSE_PRESS, MOUSE_RELEASE, MOUSE_DRAG, MOUSE_WHEEL_UP,
	MOUSE_WHEEL_DOWN, MOUSE_HOVER };
struct mouse {
	enum mouse_kind kind;
	int button; /* 1 left, 2 middle, 3 right; 0 of wheel and hover */
	int row, col;
	unsigned mods;
};

enum input_kind { INPUT_KEY, INPUT_MOUSE, INPUT_PASTE };
struct input {
	enum input_kind kind;
	struct key key;
	struct mouse mouse;
	const char *paste; /* borrowed until the next keys_ call */
	size_t paste_len;
};

struct keys;
struct keys *keys_create(void);
void keys_destroy(struct keys *);
void keys_feed(struct keys *, const void *p, size_t n);
/* Next decoded input.  flush: an incomplete sequence is final (a lone Esc
 * after the escape delay). */
bool keys_next(struct keys *, bool flush, struct input *out);
/* An incomplete sequence is waiting (the caller arms the escape delay). */
bool keys_pending(const struct keys *);

/* "C-x", "M-Left", "F5", "S-Tab", "Space" both ways.  NULL-terminated. */
bool key_parse(const char *s, struct key *out);
void key_name(const struct key *, char out[32]);

#endif
