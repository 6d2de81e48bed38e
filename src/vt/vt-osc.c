#include "config.h"

#include "vt/vt-priv.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

void
vt_reply(struct vt *vt, const char *p, size_t n)
{
	if (vt->out.len + n <= VT_OUT_MAX)
		buf_add(&vt->out, p, n);
}

/* What a program calls itself is shown to the user: text, never control. */
static void
title(struct vt *vt, const char *p, size_t n)
{
	size_t len = 0, i = 0;

	while (i < n) {
		uint32_t cp;
		char u[4];
		size_t k;

		i += utf8_decode(p + i, n - i, &cp);
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			continue;
		/* Marks that reorder text could disguise it. */
		if ((cp >= 0x202a && cp <= 0x202e) ||
		    (cp >= 0x2066 && cp <= 0x2069))
			continue;
		k = utf8_encode(cp, u);
		if (len + k >= VT_TITLE_MAX)
			break;
		memcpy(vt->c.title + len, u, k);
		len += k;
	}
	vt->c.title[len] = '\0';
}

/* OSC 52 ; which ; base64.  A query ('?') gets no answer: what the user
 * copied is no business of a program in the sandbox. */
static void
clipboard(struct vt *vt, const char *p, size_t n)
{
	const char *data = memchr(p, ';', n);
	size_t left, taken;

	if (data == NULL || vt->osc.len >= VT_OSC_MAX)
		return;
	data++;
	if (data < p + n && *data == '?')
		return;
	left = (size_t)(p + n - data);
	buf_clear(&vt->clip);
	taken = base64_add(&vt->clip, data, left);
	if (taken < left && data[taken] != '=') {
		buf_clear(&vt->clip);
		return;
	}
	vt->c.clip_set = vt->clip.len <= VT_CLIP_MAX;
}

void
vt_osc(struct vt *vt)
{
	const char *p = buf_str(&vt->osc);
	size_t n = vt->osc.len;

	if (n >= 2 && (p[0] == '0' || p[0] == '2') && p[1] == ';')
		title(vt, p + 2, n - 2);
	else if (n >= 3 && memcmp(p, "52;", 3) == 0)
		clipboard(vt, p + 3, n - 3);
}

static void
color_args(struct buf *b, int32_t color, int base)
{
	if (color < 0)
		return;
	if (color >= 0x1000000)
		buf_addf(b, ";%d;2;%d;%d;%d", base + 8, color >> 16 & 255,
		    color >> 8 & 255, color & 255);
	else
		buf_addf(b, ";%d;5;%d", base + 8, color);
}

static void
report_sgr(struct vt *vt)
{
	static const struct { int code; uint16_t attr; } on[] = {
		{ 1, VT_BOLD }, { 2, VT_DIM }, { 3, VT_ITALIC },
		{ 4, VT_UNDERLINE }, { 5, VT_BLINK }, { 7, VT_REVERSE },
		{ 8, VT_INVISIBLE }, { 9, VT_STRIKE },
	};
	struct buf b = { 0 };

	buf_adds(&b, "\033P1$r0");
	for (size_t i = 0; i < ARRAY_LEN(on); i++)
		if (vt->c.pen.attr & on[i].attr)
			buf_addf(&b, ";%d", on[i].code);
	color_args(&b, vt->c.pen.fg, 30);
	color_args(&b, vt->c.pen.bg, 40);
	buf_adds(&b, "m\033\\");
	vt_reply(vt, b.data, b.len);
	buf_free(&b);
}

/* DECRQSS: the settings we know. */
void
vt_dcs(struct vt *vt)
{
	const char *p = buf_str(&vt->osc);
	char s[48];
	int n;

	if (strncmp(p, "$q", 2) != 0)
		return;
	p += 2;
	if (strcmp(p, "m") == 0) {
		report_sgr(vt);
		return;
	}
	if (strcmp(p, "r") == 0)
		n = snprintf(s, sizeof s, "\033P1$r%d;%dr\033\\",
		    vt->c.top + 1, vt->c.bottom);
	else if (strcmp(p, " q") == 0)
		n = snprintf(s, sizeof s, "\033P1$r%d q\033\\", vt->c.shape);
	else
		n = snprintf(s, sizeof s, "\033P0$r\033\\");
	vt_reply(vt, s, (size_t)n);
}
