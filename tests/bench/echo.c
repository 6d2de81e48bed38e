#include "config.h"

/*
 * The program inside the pane while latency is measured: shows every letter
 * typed on the first row, as a line editor would.  With -f it also floods the
 * rows below it, as fast as the terminal takes them.  The row is cleared
 * every ten letters, so that a letter never stands there twice.
 */

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define INTERRUPT 3
#define FLOOD_BYTES 4000

static struct termios before;

static void
put(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(STDOUT_FILENO, p, n);

		if (k <= 0)
			_exit(0);
		p += k;
		n -= (size_t)k;
	}
}

static void
show(char letter, unsigned count, int flood)
{
	char text[64];
	int n;

	/* Where the flood writes is kept over it. */
	n = snprintf(text, sizeof text, "%s%s\033[1;%uH%c%s",
	    flood ? "\0337" : "", count % 10 == 0 ? "\033[1;1H\033[K" : "",
	    1 + count % 10, letter, flood ? "\0338" : "");
	put(text, (size_t)n);
}

static void
pour(void)
{
	static unsigned seed = 1;
	char text[FLOOD_BYTES + 128];
	size_t n = 0;

	while (n < FLOOD_BYTES) {
		unsigned len;

		seed = seed * 1103515245u + 12345u;
		len = 20 + (seed >> 16) % 60;
		for (unsigned i = 0; i < len; i++)
			text[n++] = (char)('a' + (seed / 7 + i * 5) % 25);
		text[n++] = '\r';
		text[n++] = '\n';
	}
	put(text, n);
}

static int
answer(int flood)
{
	static unsigned count;
	char in[256];
	ssize_t n = read(STDIN_FILENO, in, sizeof in);

	for (ssize_t i = 0; i < n; i++) {
		if (in[i] == INTERRUPT)
			return 0;
		if (in[i] >= ' ')
			show(in[i], count++, flood);
	}
	return n > 0;
}

int
main(int argc, char **argv)
{
	int flood = argc > 1 && strcmp(argv[1], "-f") == 0, more = 1, n;
	struct winsize size = { .ws_row = 24 };
	struct termios raw;
	char text[64];

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return 1;
	raw = before;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	n = snprintf(text, sizeof text, "\033[2J\033[3;%dr\033[3;1H",
	    size.ws_row > 5 ? size.ws_row : 24);
	put(text, (size_t)n);
	while (more) {
		struct pollfd p = { STDIN_FILENO, POLLIN, 0 };

		if (poll(&p, 1, flood ? 0 : -1) > 0)
			more = answer(flood);
		if (flood && more)
			pour();
	}
	put("\033[r\033[2J\033[H", 10);
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	return 0;
}
