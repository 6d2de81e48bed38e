#ifndef UI_MARKDOWN_H
#define UI_MARKDOWN_H

/* Markdown (CommonMark with tables, strikethrough and $math$, without HTML)
 * laid out as lines for a width. */

#include <stdbool.h>
#include <stddef.h>

#include "ui/canvas.h"
#include "ui/theme.h"

#define MARKDOWN_MAX (256u * 1024) /* bytes; the rest is left out */

struct markdown;

/* s is not needed afterwards. */
struct markdown *markdown_create(const char *s, size_t n, int cols,
    bool ascii);
void markdown_destroy(struct markdown *);
int markdown_lines(const struct markdown *);
/* The lines from top on, as many as the canvas has rows. */
void markdown_draw(const struct markdown *, struct canvas *, int top,
    const struct theme *);

#endif
