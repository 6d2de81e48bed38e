#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "ui/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The first byte says how wide the pane is; from 128 on it is in ASCII. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int cols = n > 0 ? data[0] % 128 + 1 : 80, lines;
	struct canvas *c = canvas_create(7, cols);
	struct markdown *m;
	struct theme t;

	theme_mono(&t);
	m = markdown_create(n > 1 ? (const char *)data + 1 : "",
	    n > 1 ? n - 1 : 0, cols, n > 0 && data[0] >= 128);
	lines = markdown_lines(m);
	if (lines < 0)
		abort();
	for (int top = 0; top <= lines; top += 7)
		markdown_draw(m, c, top, &t);
	markdown_draw(m, c, lines + 100, &t);
	markdown_destroy(m);
	canvas_destroy(c);
	return 0;
}
