#ifndef UI_PANE_EDIT_H
#define UI_PANE_EDIT_H

/*
 * The editor's pane: what its files share.  pane-edit-view.c (places and
 * columns), pane-edit-draw.c, pane-edit-change.c (edits and undo),
 * pane-edit-key.c (motions and typing), pane-edit-find.c (the input line),
 * pane-edit-mouse.c, pane-edit-wait.c (keys for a file on its way),
 * pane-edit.c (commands, events).
 *
 * The text, the cursor and the view are the state's; the pane changes them by
 * commands.  A replay takes no commands: there the pane keeps a place of its
 * own, until the next event of the editor.
 */

#include "text/history.h"
#include "text/text.h"
#include "ui/pane.h"

#define EDIT_TAB 4
#define EDIT_NONE SIZE_MAX

enum edit_ask { ASK_NONE, ASK_FIND, ASK_LINE };

struct edit_place {
	size_t cursor, anchor, top;
};

/* The file in view, with places that are certain to be in it. */
struct edit_view {
	const struct state_file *file;
	const char *path;
	const struct text *text;
	struct edit_place at;
};

/* A known column far into a long line, so that one is not measured from its
 * start for every key.  Good for the state of that seq. */
struct edit_mark {
	const struct text *text;
	uint64_t seq;
	size_t start, off, col;
};

/* What the last draw showed, and the lines that have changed since. */
struct edit_drawn {
	const struct text *text; /* NULL: more has changed than lines */
	size_t top, lines, here;
	size_t first, last;
	int rows, cols;
};

struct edit_undo {
	char *path;
	struct history *history;
};

struct edit_held { /* keys for a file that is on its way */
	char *path;
	struct buf bytes;
	size_t chars;
	bool full; /* more came than can be kept */
};

struct edit_pane {
	struct pane base;
	struct edit_undo *undos;
	size_t nundos, undos_cap;
	int64_t now;  /* of this command; never the same for two */
	bool sending; /* an edit of our own */

	bool follow; /* the view goes where the cursor is */
	size_t goal; /* column that moves up and down aim at */
	size_t left, left_line; /* first column shown of the cursor's line */
	struct edit_mark mark;
	struct edit_drawn drawn;

	/* pane-edit-wait.c */
	struct edit_held *held;
	size_t nheld, held_cap;
	bool doing;    /* what was kept is done */
	char *waits;   /* the state's file on its way, as last seen */
	int64_t asked; /* since when one is */
	char *breath;  /* why the last one did not come, while it is typed on */
	int64_t breath_time;
	size_t breath_chars;

	char *look; /* file in view, when not the current one */
	bool own;   /* a place of our own in replay, for the state of seq */
	uint64_t own_seq;
	struct edit_place own_at;

	enum edit_ask ask;
	struct buf input, needle;
	struct edit_place home; /* where the search began */

	bool dragging;
	int clicks, click_row, click_col;
	int64_t click_time;
};

/* A walk over the graphemes of a line. */
struct edit_scan {
	const struct text *text;
	size_t end;
	size_t off, col; /* of the next one */
	size_t pos, have;
	char bytes[2048];
};
struct edit_glyph {
	const char *s; /* until the next peek */
	size_t n;
	int width; /* at least 1 */
};

static inline struct edit_pane *
edit_pane(struct pane *p)
{
	return (struct edit_pane *)(void *)p;
}

/* --- view --- */

/* false: no file is open. */
bool edit_look(const struct edit_pane *, struct edit_view *);
int edit_rows(const struct edit_pane *); /* of text */
int edit_gutter(const struct edit_pane *, const struct text *);
bool edit_selection(const struct edit_view *, size_t *from, size_t *to);
/* Without a carriage return before the newline. */
size_t edit_line_end(const struct text *, size_t line);
/* What ends the line that off is in, or the one before where nothing does. */
const char *edit_newline(const struct text *, size_t off);
bool edit_scan_peek(struct edit_scan *, struct edit_glyph *);
void edit_scan_next(struct edit_scan *, const struct edit_glyph *);
/* A scan that stands at the grapheme with that offset or that column,
 * whichever comes first. */
void edit_scan_to(struct edit_pane *, struct edit_scan *, const struct text *,
    size_t line, size_t off, size_t col);
size_t edit_col(struct edit_pane *, const struct text *, size_t off);
size_t edit_at_col(struct edit_pane *, const struct text *, size_t line,
    size_t col);
/* First column shown of a line. */
size_t edit_left(struct edit_pane *, const struct edit_view *, size_t line);
void edit_set(struct edit_pane *, size_t cursor, size_t anchor);
void edit_set_top(struct edit_pane *, size_t cursor, size_t anchor,
    size_t top);
/* Also to the middle of the view, when it was out of it. */
void edit_reveal(struct edit_pane *, size_t cursor, size_t anchor);
void edit_say(struct edit_pane *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* --- changes --- */

/* Before the edits of a command: they are undone together. */
void edit_begin(struct edit_pane *);
/* The cursor ends up behind what was inserted.  false: not done. */
bool edit_change(struct edit_pane *, size_t off, size_t del, const char *ins,
    size_t n, const char *kind);
void edit_undo(struct edit_pane *, bool redo);
void edit_paste(struct edit_pane *, const char *s, size_t n);
void edit_copy(struct edit_pane *, bool cut);
void edit_undo_drop(struct edit_pane *, const char *path); /* NULL: all */
void edit_undo_rename(struct edit_pane *, const char *path, const char *to);

/* --- keys, mouse, drawing --- */

enum pane_result edit_key(struct pane *, const struct key *);
bool edit_printable(const struct key *);
bool edit_enters(const struct key *);
enum pane_result edit_mouse(struct pane *, const struct mouse *);
void edit_draw(struct pane *, struct canvas *, bool focused);
bool edit_update(struct pane *, struct canvas *, int *from, int *to);
/* After an event: what of the drawing it leaves. */
void edit_drawn_event(struct edit_pane *, const struct event *);
bool edit_cursor(struct pane *, int *row, int *col, int *shape);

/* --- a file on its way --- */

/* Keys, pastes and commands are kept for it. */
bool edit_waits(const struct edit_pane *);
/* It takes so long that the pane shows it. */
bool edit_waits_shown(const struct edit_pane *);
void edit_wait_key(struct edit_pane *, const struct key *);
void edit_wait_paste(struct edit_pane *, const char *s, size_t n);
void edit_wait_command(struct edit_pane *, const char *cmd);
/* After one that does not come: was this typed for it still?  It is dropped
 * then. */
bool edit_wait_late_key(struct edit_pane *, const struct key *);
bool edit_wait_late_paste(struct edit_pane *, const char *s, size_t n);
void edit_wait_seen(struct edit_pane *);
void edit_wait_event(struct edit_pane *, const struct event *);
/* Characters typed for it; full: and not all that were. */
size_t edit_wait_chars(const struct edit_pane *, bool *full);
void edit_wait_free(struct edit_pane *);

/* --- the input line --- */

void edit_ask_leave(struct edit_pane *);
void edit_ask_key(struct edit_pane *, const struct key *);
void edit_ask_paste(struct edit_pane *, const char *s, size_t n);
const char *edit_ask_label(const struct edit_pane *);
void edit_find(struct edit_pane *, const char *text);
void edit_find_next(struct edit_pane *);
void edit_goto(struct edit_pane *, const char *text);
/* The needle to mark on the screen; NULL: none. */
const struct buf *edit_needle(const struct edit_pane *);
bool edit_needle_icase(const struct buf *);

#endif
