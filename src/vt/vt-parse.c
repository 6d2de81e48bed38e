#include "config.h"

#include "vt/vt-priv.h"

#include <string.h>

/*
 * The input, cut into text, controls and sequences (ECMA-48, as DEC's
 * terminals read it).  All state is in struct vt_core, so that a cut between
 * any two bytes changes nothing.
 */

static void
enter(struct vt *vt, enum vt_parse to)
{
	struct vt_core *c = &vt->c;

	c->parse = to;
	c->string_esc = false;
	if (to == PARSE_ESC || to == PARSE_CSI) {
		c->leader = 0;
		c->ninter = 0;
		c->bad = false;
		c->nargs = 0;
		c->subs = 0;
	}
	if (to == PARSE_OSC || to == PARSE_DCS)
		buf_clear(&vt->osc);
}

static void
arg_next(struct vt_core *c, bool sub)
{
	if (c->nargs == 0)
		c->args[c->nargs++] = -1; /* the first one was empty */
	if (c->nargs >= VT_ARGS_MAX) {
		c->bad = true;
		return;
	}
	if (sub)
		c->subs |= 1u << c->nargs;
	c->args[c->nargs++] = -1;
}

static void
arg_digit(struct vt_core *c, int d)
{
	int32_t *a;

	if (c->nargs == 0)
		c->args[c->nargs++] = -1;
	if (c->bad)
		return;
	a = &c->args[c->nargs - 1];
	*a = (*a < 0 ? 0 : *a) * 10 + d;
	if (*a > 65535)
		*a = 65535;
}

/* 0x20 to 0x2f */
static void
intermediate(struct vt_core *c, unsigned char b)
{
	if (c->ninter < (int)sizeof c->inter)
		c->inter[c->ninter++] = (char)b;
	else
		c->bad = true;
}

/* b is no control: those do their work inside a sequence. */
static void
in_csi(struct vt *vt, unsigned char b)
{
	struct vt_core *c = &vt->c;

	if (b >= '0' && b <= '9' && c->ninter == 0) {
		arg_digit(c, b - '0');
	} else if ((b == ';' || b == ':') && c->ninter == 0) {
		arg_next(c, b == ':');
	} else if (b >= 0x40) { /* its end */
		if (b != 0x7f)
			enter(vt, PARSE_GROUND);
		if (b >= 0x7f)
			c->bad = true;
	} else if (b < 0x30) {
		intermediate(c, b);
	} else if (b >= 0x3c && c->nargs == 0 && c->leader == 0) {
		c->leader = (char)b;
	} else {
		c->bad = true;
	}
}

static void
in_esc(struct vt *vt, unsigned char b)
{
	struct vt_core *c = &vt->c;

	if (b <= 0x2f) {
		intermediate(c, b);
	} else if (c->ninter == 0 && b == '[') {
		enter(vt, PARSE_CSI);
	} else if (c->ninter == 0 && b == ']') {
		enter(vt, PARSE_OSC);
	} else if (c->ninter == 0 && b == 'P') {
		enter(vt, PARSE_DCS);
	} else if (c->ninter == 0 && strchr("X^_k", b) != NULL) {
		/* k: what screen takes as a title */
		enter(vt, PARSE_STRING);
	} else {
		c->parse = PARSE_GROUND;
		if (b < 0x7f && !c->bad)
			vt_escape(vt, b);
	}
}

static void
string_done(struct vt *vt)
{
	enum vt_parse was = vt->c.parse;

	enter(vt, PARSE_GROUND);
	if (was == PARSE_OSC)
		vt_osc(vt);
	else if (was == PARSE_DCS)
		vt_dcs(vt);
	/* A large selection must not stay in memory. */
	if (vt->osc.cap > 4096)
		buf_free(&vt->osc);
}

/* OSC 52 may be long; nothing else has a reason to be. */
static size_t
string_max(const struct vt *vt)
{
	if (vt->c.parse == PARSE_STRING)
		return 0;
	if (vt->c.parse == PARSE_OSC && vt->osc.len >= 3 &&
	    memcmp(vt->osc.data, "52;", 3) == 0)
		return VT_OSC_MAX;
	return 4096;
}

/* Keeps the run of text at p, or what counts of it; where it ends. */
static const char *
string_text(struct vt *vt, const char *p, const char *end)
{
	const char *q = p;
	size_t max, n;

	while (q < end && (unsigned char)*q >= 0x20 && *q != 0x7f &&
	    q - p < 4096)
		q++;
	/* Its start decides how much of it counts. */
	if (vt->osc.len < 3 && q - p > 3)
		q = p + 3;
	max = string_max(vt);
	n = (size_t)(q - p);
	if (vt->osc.len < max)
		buf_add(&vt->osc, p, n < max - vt->osc.len ? n :
		    max - vt->osc.len);
	return q;
}

static const char *
in_string(struct vt *vt, const char *p, const char *end)
{
	struct vt_core *c = &vt->c;
	unsigned char b = (unsigned char)*p;

	if (c->string_esc) {
		c->string_esc = false;
		if (b == '\\') {
			string_done(vt);
			return p + 1;
		}
		enter(vt, PARSE_ESC); /* the string is given up */
		return p;
	}
	if (b == 0x07) {
		string_done(vt);
	} else if (b == 0x18 || b == 0x1a) {
		enter(vt, PARSE_GROUND);
	} else if (b == 0x1b) {
		c->string_esc = true;
	} else if (b >= 0x20 && b != 0x7f) {
		return string_text(vt, p, end);
	}
	return p + 1;
}

static const char *
in_ground(struct vt *vt, const char *p, const char *end)
{
	struct vt_core *c = &vt->c;
	const char *q = p;

	if ((unsigned char)*p >= 0x80)
		return vt_put_utf8(vt, p, end);
	if (c->u8_need > 0) {
		c->u8_need = 0;
		vt_put_cp(vt, 0xfffd);
	}
	while (q < end && (unsigned char)(*q - 0x20) < 0x5f)
		q++;
	if (q == p) { /* DEL */
		return p + 1;
	}
	if (c->single != 0 || c->sets[c->gl] != 'B') {
		for (; p < q; p++)
			vt_put_cp(vt, (unsigned char)*p);
	} else {
		vt_put_ascii(vt, p, (size_t)(q - p));
	}
	return q;
}

static void
in_control(struct vt *vt, unsigned char b)
{
	if (vt->c.u8_need > 0) {
		vt->c.u8_need = 0;
		vt_put_cp(vt, 0xfffd);
	}
	if (b == 0x1b)
		enter(vt, PARSE_ESC);
	else if (b == 0x18 || b == 0x1a)
		enter(vt, PARSE_GROUND);
	else
		vt_control(vt, b);
}

void
vt_write(struct vt *vt, const char *p, size_t n)
{
	const char *end = p + n;

	while (p < end) {
		unsigned char b = (unsigned char)*p;

		if (vt->c.parse >= PARSE_OSC) {
			p = in_string(vt, p, end);
		} else if (b < 0x20) {
			in_control(vt, b);
			p++;
		} else if (vt->c.parse == PARSE_GROUND) {
			p = in_ground(vt, p, end);
		} else if (vt->c.parse == PARSE_CSI) {
			in_csi(vt, b);
			p++;
			if (vt->c.parse == PARSE_GROUND && !vt->c.bad)
				vt_csi(vt, b);
		} else {
			in_esc(vt, b);
			p++;
		}
	}
}
