#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/bench/bench.h"

#define ROWS 40
#define COLS 120
#define CSI "\033["

/* Lines as of a log: one scroll for some 65 bytes. */
static void
ascii_lines(struct bench_rand *r, struct buf *b)
{
	bench_words(r, bench_between(r, 20, COLS - 10), b);
	buf_addc(b, '\n');
}

/* No newline at all: every column filled, wrapped by the terminal. */
static void
ascii_dense(struct bench_rand *r, struct buf *b)
{
	for (int i = 0; i < 4 * COLS; i++)
		buf_addc(b, (char)bench_between(r, 'a', 'y'));
}

static void
add_utf8(struct buf *b, unsigned cp)
{
	if (cp < 0x800) {
		buf_addc(b, (char)(0xc0 | cp >> 6));
	} else {
		if (cp < 0x10000) {
			buf_addc(b, (char)(0xe0 | cp >> 12));
		} else {
			buf_addc(b, (char)(0xf0 | cp >> 18));
			buf_addc(b, (char)(0x80 | (cp >> 12 & 0x3f)));
		}
		buf_addc(b, (char)(0x80 | (cp >> 6 & 0x3f)));
	}
	buf_addc(b, (char)(0x80 | (cp & 0x3f)));
}

/* Two, three and four bytes, one and two columns, combining marks. */
static void
unicode(struct bench_rand *r, struct buf *b)
{
	static const struct {
		int first, last, share; /* of 100 */
	} blocks[] = {
		{ 0xe0, 0x17e, 35 },	{ 0x3b1, 0x3c8, 7 },
		{ 0x4e00, 0x4e7f, 27 }, { 0x2500, 0x255f, 21 },
		{ 0x1f600, 0x1f627, 9 },
	};
	int n = bench_between(r, 20, 55);

	for (int i = 0; i < n; i++) {
		int pick = bench_between(r, 0, 99), k = 0;

		while (k < (int)ARRAY_LEN(blocks) && pick >= blocks[k].share)
			pick -= blocks[k++].share;
		if (k == (int)ARRAY_LEN(blocks)) {
			buf_addc(b, "aeo"[bench_between(r, 0, 2)]);
			add_utf8(b, (unsigned)bench_between(r, 0x300, 0x308));
		} else {
			add_utf8(b, (unsigned)bench_between(r,
			    blocks[k].first, blocks[k].last));
		}
	}
	buf_addc(b, '\n');
}

static void
colour(struct bench_rand *r, struct buf *b)
{
	static const char attrs[6][3] = { "1", "3", "4", "22", "23", "24" };

	if (bench_between(r, 0, 1))
		buf_addf(b, CSI "38;5;%d;48;5;%d;%sm", bench_between(r, 0, 255),
		    bench_between(r, 0, 255), attrs[bench_between(r, 0, 5)]);
	else
		buf_addf(b, CSI "38;2;%d;%d;%dm", bench_between(r, 0, 255),
		    bench_between(r, 0, 255), bench_between(r, 0, 255));
}

/* Whole frames, a new colour every one to four cells. */
static void
sgr_dense(struct bench_rand *r, struct buf *b)
{
	for (int row = 1; row <= ROWS; row++) {
		buf_addf(b, CSI "%dH", row);
		for (int col = 0, n; col < COLS; col += n) {
			n = bench_between(r, 1, 4);
			n = n < COLS - col ? n : COLS - col;
			colour(r, b);
			for (int i = 0; i < n; i++)
				buf_addc(b, (char)bench_between(r, 'a', 'y'));
		}
	}
	buf_adds(b, CSI "m");
}

/* As a compiler or ls colours: a pair of SGR to a word. */
static void
sgr_lines(struct bench_rand *r, struct buf *b)
{
	static const int codes[] = { 1, 31, 32, 33, 34, 35, 36, 91 };
	int words = bench_between(r, 4, 12);

	for (int i = 0; i < words; i++) {
		buf_addf(b, "%s" CSI "%dm", i > 0 ? " " : "",
		    codes[bench_between(r, 0, (int)ARRAY_LEN(codes) - 1)]);
		bench_words(r, bench_between(r, 1, 11), b);
		buf_adds(b, CSI "0m");
	}
	buf_addc(b, '\n');
}

/* The shortest lines there are. */
static void
scroll(struct bench_rand *r, struct buf *b)
{
	(void)r;
	for (int i = 0; i < 512; i++)
		buf_adds(b, "y\n");
}

/* Within margins, both ways, and by inserted and deleted lines. */
static void
scroll_region(struct bench_rand *r, struct buf *b)
{
	int top = 5, bottom = ROWS - 5;

	buf_addf(b, CSI "%d;%dr" CSI "%dH", top, bottom, bottom);
	for (int i = 0; i < 20; i++) {
		buf_addc(b, '\n');
		bench_words(r, 30, b);
	}
	buf_addf(b, CSI "%dH", top);
	for (int i = 0; i < 10; i++) {
		buf_adds(b, "\033M");
		bench_words(r, 20, b);
		buf_addc(b, '\r');
	}
	buf_addf(b, CSI "%dH" CSI "3L" CSI "2M" CSI "r", top + 3);
}

/* A jump for every one to three characters. */
static void
cursor_motion(struct bench_rand *r, struct buf *b)
{
	for (int i = 0; i < 200; i++) {
		int n = bench_between(r, 1, 3);

		buf_addf(b, CSI "%d;%dH", bench_between(r, 1, ROWS),
		    bench_between(r, 1, COLS - 4));
		while (n-- > 0)
			buf_addc(b, (char)bench_between(r, 'a', 'y'));
	}
}

/* An editor's page on the alternate screen, some edits, and back. */
static void
alt_screen(struct bench_rand *r, struct buf *b)
{
	buf_adds(b, CSI "?1049h" CSI "2J" CSI "H");
	for (int row = 1; row < ROWS; row++) {
		buf_addf(b, CSI "%d;1H" CSI "33m%4d " CSI "m", row, row);
		bench_words(r, bench_between(r, 0, COLS - 20), b);
		buf_adds(b, CSI "K");
	}
	for (int i = 0; i < 10; i++) {
		buf_addf(b, CSI "%d;%dH" CSI "7m", bench_between(r, 1,
		    ROWS - 1), bench_between(r, 1, 40));
		bench_words(r, 12, b);
		buf_adds(b, CSI "m" CSI "K");
	}
	buf_addf(b, CSI "%d;1H" CSI "7m status ", ROWS);
	bench_words(r, 20, b);
	buf_adds(b, CSI "m" CSI "?1049l");
	bench_words(r, 20, b);
	buf_adds(b, "\r\n");
}

static const struct {
	const char *name;
	void (*add)(struct bench_rand *, struct buf *);
	int share; /* one over it is the part of the size asked for */
} workloads[BENCH_WORKLOADS] = {
	{ "alt_screen", alt_screen, 1 },
	{ "ascii_dense", ascii_dense, 1 },
	{ "ascii_lines", ascii_lines, 1 },
	{ "cursor_motion", cursor_motion, 1 },
	{ "scroll", scroll, 8 }, /* many lines in few bytes */
	{ "scroll_region", scroll_region, 1 },
	{ "sgr_dense", sgr_dense, 1 },
	{ "sgr_lines", sgr_lines, 1 },
	{ "unicode", unicode, 1 },
};

const char *
bench_workload_name(int i)
{
	return workloads[i].name;
}

void
bench_workload(int i, size_t bytes, struct buf *out)
{
	struct bench_rand r = { (uint64_t)i + 1 };

	bytes /= (size_t)workloads[i].share;
	while (out->len < bytes)
		workloads[i].add(&r, out);
}
