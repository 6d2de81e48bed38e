#ifndef VT_VT_PRIV_H
#define VT_VT_PRIV_H

/*
 * The parts of a terminal, shared by src/vt/ only.
 *
 * vt-parse.c cuts the input into text, controls and whole sequences; text,
 * cursor motion and colours are done here (vt-seq.c), the rest is handed to
 * libvterm as a rebuilt, bounded sequence (vt-lib.c).  So libvterm's parser
 * is always in its ground state between two calls, and all that is half read
 * lies in struct vt_core, where a snapshot can copy it.
 *
 * The cursor in struct vt_core is the true one.  libvterm's is put in its
 * place before a sequence that depends on it and read back after it.
 */

#include <vterm.h>

#include "vt/vt.h"

#define VT_STYLES_MAX 65536u
#define VT_ARGS_MAX 32
#define VT_TITLE_MAX 256
#define VT_TITLES 8 /* that programs may put aside */
#define VT_OUT_MAX 65536u
#define VT_CLIP_MAX (1024u * 1024u)
#define VT_OSC_MAX (VT_CLIP_MAX / 3 * 4 + 64)
#define VT_ARENA (64u * 1024u)

enum vt_attr {
	VT_BOLD = 1, VT_DIM = 2, VT_ITALIC = 4, VT_UNDERLINE = 8,
	VT_REVERSE = 16, VT_STRIKE = 32, VT_BLINK = 64, VT_INVISIBLE = 128,
};

/* Cells from used on are blank in style 0 (and so written, up to cap). */
struct vt_line {
	uint16_t used, cap;
	bool wrapped; /* the text goes on in the next line */
	bool wide;    /* there may be wide cells */
	struct vt_cell cells[];
};

struct vt_screen {
	struct vt_line **lines; /* rows */
};

#define VT_SPARE_STEP 16 /* cells */
#define VT_SPARE_MAX 256

/* Lines that scrolled off, oldest at head, and some that were dropped: their
 * memory is used again, by length. */
struct vt_ring {
	struct vt_line **lines;
	size_t max, cap, head, n;
	struct vt_line *spare[VT_COLS_MAX / VT_SPARE_STEP + 2];
	size_t nspare;
};

enum vt_parse {
	PARSE_GROUND, PARSE_ESC, PARSE_CSI,
	PARSE_OSC, /* strings from here on */
	PARSE_DCS, PARSE_STRING,
};

enum vt_mode {
	MODE_CURSOR_KEYS = 1 << 0,
	MODE_KEYPAD = 1 << 1,
	MODE_AUTOWRAP = 1 << 2,
	MODE_INSERT = 1 << 3,
	MODE_NEWLINE = 1 << 4,
	MODE_ORIGIN = 1 << 5,
	MODE_MARGINS = 1 << 6,
	MODE_VISIBLE = 1 << 7,
	MODE_PASTE = 1 << 8,
	MODE_FOCUS = 1 << 9,
	MODE_MOUSE_CLICK = 1 << 10,
	MODE_MOUSE_DRAG = 1 << 11,
	MODE_MOUSE_MOVE = 1 << 12,
	MODE_MOUSE_UTF8 = 1 << 13,
	MODE_MOUSE_SGR = 1 << 14,
	MODE_MOUSE_RXVT = 1 << 15,
	MODE_ALT = 1 << 16,
	MODE_MOUSE_ANY = MODE_MOUSE_CLICK | MODE_MOUSE_DRAG | MODE_MOUSE_MOVE,
};

struct vt_saved { /* DECSC */
	int row, col;
	bool phantom, full, origin;
	struct vt_style pen;
	char sets[4];
	int gl;
};

/* Everything that is plain data: copied whole by a snapshot. */
struct vt_core {
	int rows, cols;
	int row, col;
	bool phantom; /* the next glyph wraps first */
	bool full;    /* no wrap, but its last column was just written */
	bool synced;  /* libvterm's cursor is where ours is */
	int top, bottom; /* scroll region, bottom exclusive */
	uint32_t modes;
	int shape;
	struct vt_style pen;
	uint32_t style;	   /* of pen, unless dirty */
	uint32_t blank;	   /* style of what is erased, unless dirty */
	bool pen_dirty, blank_dirty;
	bool crowded; /* most styles are in use */
	char sets[4]; /* designated to G0..G3: 'B', '0' or 'A' */
	int gl, single;
	struct vt_saved saved[2]; /* main, alternate */
	uint32_t last; /* glyph for REP; 0 none */
	int last_width;

	enum vt_parse parse;
	bool string_esc; /* ESC seen inside a string */
	char leader, inter[2];
	int ninter;
	bool bad; /* sequence to be ignored */
	int nargs;
	int32_t args[VT_ARGS_MAX]; /* -1: not given */
	uint32_t subs; /* bit i: argument i came after a ':' */
	uint32_t u8; /* code point so far */
	uint32_t u8_least;
	int u8_need;

	uint64_t scrolled, bells;
	int dirty_first, dirty_last;
	bool keep; /* lines that scroll off the top go to the scrollback */
	bool clip_set;
	char title[VT_TITLE_MAX];
	char titles[VT_TITLES][VT_TITLE_MAX];
	int ntitles;
};

struct vt {
	struct vt_core c;
	struct vt_screen screens[2]; /* main, alternate */
	struct vt_screen *screen;
	struct vt_ring ring;
	struct vt_style *styles;
	uint32_t nstyles, styles_cap;
	uint32_t *slots; /* hash of styles: index + 1 */
	struct buf osc;	 /* string that is being read */
	struct buf out, clip;
	char *arena; /* VT_ARENA bytes: all of libvterm's memory */
	VTerm *lib;
	VTermState *state;
};

static const struct vt_cell vt_blank = { 0, 0, 1 };

static inline void
vt_dirty(struct vt *vt, int first, int last)
{
	if (first < vt->c.dirty_first)
		vt->c.dirty_first = first;
	if (last > vt->c.dirty_last)
		vt->c.dirty_last = last;
}

/* vt-grid.c */
struct vt_line *vt_line_create(int cols);
void vt_line_clear(struct vt *, struct vt_line *, uint32_t style);
void vt_line_erase(struct vt *, struct vt_line *, int from, int to);
/* Makes the columns ready to be overwritten: no half of a wide cell stays. */
void vt_line_split(struct vt_line *, int from, int to);
int vt_line_trimmed(const struct vt_line *);
/* How many of its cells are text.  next: the line below, or NULL. */
int vt_line_content(const struct vt_line *, const struct vt_line *next,
    int cols);
/* Rows top..bottom-1 by n, up when n > 0. */
void vt_scroll(struct vt *, int top, int bottom, int n);
void vt_shift(struct vt *, int row, int from, int to, int n);
void vt_ring_push(struct vt *, const struct vt_line *);
void vt_ring_clear(struct vt *);
const struct vt_line *vt_ring_line(const struct vt *, int back);
void vt_screen_create(struct vt_screen *, int rows, int cols);
void vt_screen_free(struct vt_screen *, int rows);

/* vt-size.c */
void vt_grid_resize(struct vt *, int rows, int cols);

/* vt-style.c */
void vt_styles_init(struct vt *);
void vt_styles_rehash(struct vt *);
uint32_t vt_style_intern(struct vt *, struct vt_style);
/* Styles of the next glyph and of the next erased cell. */
uint32_t vt_pen_style(struct vt *);
uint32_t vt_blank_style(struct vt *);
void vt_pen_set(struct vt *, struct vt_style);
void vt_sgr(struct vt *);

/* vt-text.c */
void vt_put_ascii(struct vt *, const char *p, size_t n);
void vt_put_cp(struct vt *, uint32_t cp);
void vt_put_glyph(struct vt *, uint32_t glyph, int width);
void vt_linefeed(struct vt *);
/* Takes bytes from p on, as far as they are not ASCII; returns where it
 * stopped. */
const char *vt_put_utf8(struct vt *, const char *p, const char *end);

/* vt-seq.c */
void vt_control(struct vt *, unsigned char c);
void vt_cursor_to(struct vt *, int row, int col);
void vt_escape(struct vt *, unsigned char final);
void vt_csi(struct vt *, unsigned char final);
void vt_reset(struct vt *);

/* vt-osc.c */
void vt_osc(struct vt *);
void vt_dcs(struct vt *);
void vt_reply(struct vt *, const char *p, size_t n);

/* vt-lib.c */
void vt_lib_create(struct vt *);
void vt_lib_free(struct vt *);
/* Feeds a whole sequence, with the cursor in its place. */
void vt_lib_feed(struct vt *, const char *p, size_t n);
/* Resets margins first: libvterm 0.1.4 keeps them beyond the new size. */
void vt_lib_resize(struct vt *, int rows, int cols);
size_t vt_lib_used(const struct vt *);

#endif
