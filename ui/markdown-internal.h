#ifndef UI_MARKDOWN_INTERNAL_H
#define UI_MARKDOWN_INTERNAL_H

/* Shared by the markdown*.c files only.  What the parser says comes in
 * through markdown.c, so the others do not know it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ui/markdown.h"

#define DEPTH_MAX 16	  /* containers that indent; deeper ones do not */
#define TABLE_COLS_MAX 24 /* the columns beyond are left out */

/* A style is a byte: its name, and this for struck text. */
#define STRIKE 0x80

/* Bytes of text, each with its style. */
struct rich {
	struct buf text, styles;
};

struct part { /* of a line, in one style */
	size_t off, len;
	uint8_t style;
};

enum container_type { BOX_BULLETS, BOX_NUMBERED, BOX_ITEM, BOX_QUOTE };

struct container { /* a list, an item of it, or a quotation */
	enum container_type type;
	bool tight;
	unsigned next;	/* of a numbered list */
	char mark[16];	/* of an item, until its first line */
	bool marked;
	int width;
};

enum cell_align { CELL_LEFT, CELL_CENTER, CELL_RIGHT };

struct cell_text {
	size_t off, len; /* in the table's text */
	enum cell_align align;
};

struct table {
	struct rich rich;
	struct cell_text *cells;
	size_t n, cap;
	int cols, col; /* col: of the row being read */
	int widths[TABLE_COLS_MAX];
};

struct markdown {
	struct buf text;
	struct part *parts;
	size_t nparts, parts_cap;
	size_t *lines; /* index of the first part */
	size_t nlines, lines_cap;

	/* While it is made. */
	int cols;
	bool ascii;
	struct rich rich; /* of the block being read */
	struct container in[DEPTH_MAX];
	int depth; /* may be more than DEPTH_MAX */
	bool gap;  /* a blank line before the next line */
	bool heading, head_row;
	int strong, emph, link, strike, span_code;
	size_t link_start, math_start;
	const char *math_end; /* in what is parsed, behind its last text */
	struct table table;
};

/* ---- markdown-lines.c ---- */

const char *lines_glyph(const struct markdown *, const char *nice,
    const char *plain);
void lines_put(struct markdown *, const char *, size_t, uint8_t style);
void lines_str(struct markdown *, const char *, uint8_t style);
void lines_blanks(struct markdown *, int n);
void lines_rich(struct markdown *, const struct rich *, size_t from,
    size_t to);
/* No more lines are to be made. */
bool lines_full(const struct markdown *);
/* The columns that the containers leave. */
int lines_room(const struct markdown *);
/* A line with the marks of the containers; new: after the gap there is. */
void lines_begin(struct markdown *, bool blank);
void lines_new(struct markdown *);
/* A list, an item or a quotation begins and ends. */
void lines_push(struct markdown *, struct container);
void lines_pop(struct markdown *);
void lines_gap(struct markdown *);
/* The text read so far as a paragraph, as code; a rule. */
void lines_flush_text(struct markdown *);
void lines_flush_code(struct markdown *);
void lines_rule(struct markdown *);

size_t rich_break(const struct rich *, size_t from, int cols, size_t *next);
void rich_clear(struct rich *);
void rich_trim(struct rich *);
void rich_free(struct rich *);

/* ---- markdown-table.c ---- */

/* The text read so far is a cell. */
void table_end_cell(struct markdown *, enum cell_align);
void table_flush(struct markdown *);
/* Without showing it. */
void table_free(struct table *);

/* ---- markdown-span.c ---- */

/* Adds to the text being read, in the style of the spans around. */
void span_add(struct markdown *, const char *, size_t);
/* A text that is no block of code. */
void span_add_text(struct markdown *, const char *, size_t);
/* "&name;", "&#12;" or "&#x1f;"; as it is when unknown. */
void span_add_entity(struct markdown *, const char *, size_t);
void span_end_math(struct markdown *, bool display);

/* ---- markdown-math.c ---- */

/* A formula of LaTeX as text of a line; the caller's. */
char *math_plain(const char *, size_t, bool ascii, size_t *len);

#endif
