#include "config.h"

#include "ui/colour.h"

#include "base/mem.h"
#include "ui/canvas.h"

/* xterm's first 16. */
static const uint32_t basic[16] = {
	0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd,
	0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff,
	0x00ffff, 0xffffff,
};
static const int levels[6] = { 0, 95, 135, 175, 215, 255 };

static uint32_t
rgb_of(int32_t c)
{
	int grey;

	if (COLOR_IS_RGB(c))
		return (uint32_t)c & 0xffffff;
	if (c < 16)
		return basic[c & 15];
	if (c >= 232) {
		grey = 8 + 10 * (c - 232);
		return (uint32_t)(grey << 16 | grey << 8 | grey);
	}
	c -= 16;
	return (uint32_t)(levels[c / 36] << 16 | levels[c / 6 % 6] << 8 |
	    levels[c % 6]);
}

/* Weighed as the eye does, roughly. */
static int
distance(uint32_t a, uint32_t b)
{
	int r = (int)(a >> 16 & 255) - (int)(b >> 16 & 255);
	int g = (int)(a >> 8 & 255) - (int)(b >> 8 & 255);
	int k = (int)(a & 255) - (int)(b & 255);

	return 3 * r * r + 4 * g * g + 2 * k * k;
}

static int32_t
nearest_basic(uint32_t rgb)
{
	int32_t best = 0;
	int d, least = 1 << 30;

	for (int32_t i = 0; i < 16; i++) {
		d = distance(rgb, basic[i]);
		if (d < least) {
			least = d;
			best = i;
		}
	}
	return best;
}

/* Which of levels[] is nearest. */
static int
level(int v)
{
	return v < 48 ? 0 : v <= 115 ? 1 : (v - 36) / 40;
}

/* Of xterm's cube and its greys, by the same distance: the cube's channels are
 * independent of each other, and of the greys, 8 + 10 n, that is nearest whose
 * n is next to the weighed mean's. */
static int32_t
nearest_palette(uint32_t rgb)
{
	int r = (int)(rgb >> 16 & 255), g = (int)(rgb >> 8 & 255);
	int b = (int)(rgb & 255), n;
	int32_t cube = 16 + 36 * level(r) + 6 * level(g) + level(b), grey;

	n = (3 * r + 4 * g + 2 * b - 9 * 8 + 44) / (9 * 10);
	grey = 232 + (n < 0 ? 0 : n > 23 ? 23 : n);
	return distance(rgb, rgb_of(grey)) < distance(rgb, rgb_of(cube)) ?
	    grey : cube;
}

int32_t
colour_degrade(int32_t c, int colours, int *bold)
{
	*bold = 0;
	if (c < 0)
		return -1;
	if (colours > 256) {
		if (!COLOR_IS_RGB(c))
			return c;
		c &= 0xffffff;
		/* Numbers below 256 are the palette's. */
		return c != 0 && c < 256 ? c | 0x100 : c == 0 ? 16 : c;
	}
	if (colours == 256)
		return COLOR_IS_RGB(c) ? nearest_palette(rgb_of(c)) : c;
	if (c >= 16)
		c = nearest_basic(rgb_of(c));
	if (colours >= 16 || c < 8)
		return c;
	/* Where bold is not bright, bold black cannot be seen. */
	if (c == 8)
		return -1;
	*bold = 1;
	return c - 8;
}
