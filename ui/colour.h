#ifndef UI_COLOUR_H
#define UI_COLOUR_H

#include <stdint.h>

/* The nearest colour that a terminal with so many colours can show: c as in
 * ui/canvas.h; colours 8, 16, 256 or more (direct).  *bold is set when 8
 * colours need it for a bright one.  -1: the terminal's own. */
int32_t colour_degrade(int32_t c, int colours, int *bold);

#endif
