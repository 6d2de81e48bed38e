#include "config.h"

#include "ui/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

#include "base/glyph.h"
#include "base/json.h"
#include "base/mem.h"
#include "ui/paint.h"
#include "ui/screen-style.h"

#define JOINER 0x200d

struct screen {
	SCREEN *curses;
	bool mouse;
	bool hover, was_hover;
	struct screen_style *style;
	struct canvas *last; /* what is on the terminal; NULL: unknown */
	bool was_visible;
	int was_shape;
	bool shapes; /* the terminal knows DECSCUSR */
	/* As in ANSI X3.64, without asking terminfo each time: the cursor
	 * moves, cells are erased. */
	bool ansi_move, ansi_erase;
	struct paint paint;
	struct buf frame;
	FILE *out;  /* what curses writes to */
	int gather; /* all of it at first; -1: straight to the terminal */
};

static struct termios saved;
static volatile sig_atomic_t taken;
static char reset_text[256];
static volatile sig_atomic_t reset_len;

static const char modes_on[] = "\033[?1004h\033[?2004h";
static const char mouse_on[] = "\033[?1003l\033[?1002h\033[?1006h";
/* xterm has one of these modes at a time, and none after any is reset. */
static const char hover_on[] = "\033[?1003h";
static const char hover_off[] = "\033[?1003l\033[?1002h";
static const char modes_off[] = "\033[?1006l\033[?1003l\033[?1002l"
    "\033[?2004l\033[?1004l\033[0 q\033[m\033[?25h";

static void
write_all(const char *s, size_t n)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	ssize_t w;

	while (n > 0) {
		w = write(STDOUT_FILENO, s, n);
		if (w < 0 && errno == EAGAIN) {
			poll(&p, 1, 1000);
			continue;
		}
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return;
		s += w;
		n -= (size_t)w;
	}
}

void
screen_restore(void)
{
	ssize_t n;

	if (!taken)
		return;
	taken = 0;
	n = write(STDOUT_FILENO, reset_text, (size_t)reset_len);
	(void)n;
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

void
screen_size(int *rows, int *cols)
{
	struct winsize ws;

	*rows = 24;
	*cols = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 &&
	    ws.ws_col > 0) {
		*rows = ws.ws_row < 500 ? ws.ws_row : 500;
		*cols = ws.ws_col < 1000 ? ws.ws_col : 1000;
	}
}

static bool
starts_with_one_of(const char *s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strncmp(s, *words, strlen(*words)) == 0)
			return true;
	return false;
}

/* Direct colour is in no terminal's usual entry; families that are known to
 * take xterm's sequences get xterm's when they say they have it. */
static SCREEN *
open_curses(const char *term, FILE *out)
{
	static const char *const families[] = { "xterm", "tmux", "alacritty",
		"foot", "kitty", "wezterm", "konsole", "vte", "gnome",
		"ghostty", "contour", "iterm", "st-", NULL };
	const char *c = getenv("COLORTERM");
	SCREEN *s = NULL;

	if (c != NULL && starts_with_one_of(term, families) &&
	    (strcmp(c, "truecolor") == 0 || strcmp(c, "24bit") == 0))
		s = newterm("xterm-direct256", out, stdin);
	if (s == NULL)
		s = newterm(term, out, stdin);
	return s;
}

/* curses catches these when nobody else does; they are not its business. */
static SCREEN *
open_without_signals(const char *term, FILE *out)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
	struct sigaction old[ARRAY_LEN(sigs)];
	SCREEN *s;

	for (size_t i = 0; i < ARRAY_LEN(sigs); i++)
		sigaction(sigs[i], NULL, &old[i]);
	s = open_curses(term, out);
	for (size_t i = 0; i < ARRAY_LEN(sigs); i++)
		sigaction(sigs[i], &old[i], NULL);
	return s;
}

static void
prepare_reset(void)
{
	const char *leave = tigetstr("rmcup");
	int n;

	if (leave == NULL || leave == (const char *)-1)
		leave = "";
	n = snprintf(reset_text, sizeof reset_text, "%s%s\r", modes_off,
	    leave);
	reset_len = n < (int)sizeof reset_text ? n :
	    (int)sizeof reset_text - 1;
}

static void
enter(struct screen *s)
{
	raw();
	typeahead(-1); /* curses reads no input, so it need not look for it */
	noecho();
	nonl();
	write_all(modes_on, sizeof modes_on - 1);
	if (s->mouse)
		write_all(mouse_on, sizeof mouse_on - 1);
	s->hover = s->was_hover = false;
	s->was_visible = true;
	s->was_shape = -1;
}

/* curses takes the terminal over and clears it; what it writes for that goes
 * with the first frame, in one piece.  So it has a descriptor of its own,
 * which leads to memory meanwhile. */
static void
open_output(struct screen *s)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	s->gather = -1;
	s->out = fd >= 0 ? fdopen(fd, "we") : NULL;
	if (s->out != NULL)
		s->gather = memfd_create("viva-frame", MFD_CLOEXEC);
	else
		s->out = stdout;
}

static void
close_output(struct screen *s)
{
	if (s->out != stdout)
		fclose(s->out);
	if (s->gather >= 0)
		close(s->gather);
	buf_free(&s->frame);
}

struct screen *
screen_create(const struct screen_spec *spec, struct err *e)
{
	const char *term = getenv("TERM");
	struct screen *s;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &saved) != 0) {
		err_set(e, ERR_UNSUPPORTED, "stdin and stdout are not a "
		    "terminal; start viva in one");
		return NULL;
	}
	s = xcalloc(1, sizeof *s);
	s->mouse = spec->mouse;
	/* The size is the terminal's, not that of LINES and COLUMNS; entries
	 * without one (linux, say) need it asked for. */
	use_env(FALSE);
	use_tioctl(TRUE);
	open_output(s);
	s->curses = term != NULL && *term != '\0' ?
	    open_without_signals(term, s->out) : NULL;
	if (s->curses == NULL || cursor_address == NULL) {
		if (s->curses != NULL) {
			endwin();
			delscreen(s->curses);
		}
		close_output(s);
		err_set(e, ERR_UNSUPPORTED, "a terminal \"%.60s\" is "
		    "not known or cannot place its cursor; set TERM, to "
		    "xterm-256color, say",
		    term != NULL ? term : "");
		free(s);
		return NULL;
	}
	s->shapes = strncmp(term, "linux", 5) != 0 &&
	    strncmp(term, "vt", 2) != 0;
	prepare_reset();
	taken = 1;
	enter(s);
	s->style = screen_style_create(spec->mono);
	return s;
}

static void
give_back(void)
{
	if (!taken)
		return;
	endwin();
	taken = 0;
	write_all(modes_off, sizeof modes_off - 1);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

void
screen_destroy(struct screen *s)
{
	if (s == NULL)
		return;
	give_back();
	screen_style_free(s->style);
	delscreen(s->curses);
	close_output(s);
	canvas_destroy(s->last);
	free(s);
}

int
screen_colours(const struct screen *s)
{
	return screen_style_colours(s->style);
}

/* Marks that turn the order of what follows: of the whole line, were they
 * let out of their cell. */
static bool
turns(uint32_t cp)
{
	return cp == 0x61c || cp == 0x200e || cp == 0x200f ||
	    (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

/* What curses would count otherwise than we do is shown by a stand-in, so
 * that columns never slip.  Returns curses' columns. */
static int
put_glyph(const struct cell *c, wchar_t *text)
{
	uint32_t cps[GLYPH_MAX];
	size_t n = glyph_cps(c->glyph, cps), k = 0;
	int width = wcwidth((wchar_t)cps[0]);

	if (c->style.attr & ATTR_INVISIBLE)
		cps[0] = ' ', n = 1;
	else if (width <= 0)
		cps[0] = wcwidth(0xfffd) == 1 ? 0xfffd : '?', n = 1;
	else if (width > c->width)
		cps[0] = '?', n = 1;
	text[k++] = (wchar_t)cps[0];
	for (size_t i = 1; i < n && k < CCHARW_MAX; i++)
		if (wcwidth((wchar_t)cps[i]) != 0)
			/* No joiner without what it joined. */
			k -= text[k - 1] == JOINER;
		else if (!turns(cps[i]))
			text[k++] = (wchar_t)cps[i];
	text[k] = L'\0';
	return wcwidth(text[0]);
}

/* --- how the terminal is written to --- */

static void
put_move(struct buf *out, void *user, int row, int col)
{
	struct screen *s = user;

	if (!s->ansi_move) {
		screen_sequence_put(out, tparm(cursor_address, row, col));
		return;
	}
	buf_adds(out, "\033[");
	buf_addu(out, (unsigned)row + 1);
	buf_addc(out, ';');
	buf_addu(out, (unsigned)col + 1);
	buf_addc(out, 'H');
}

static void
put_style(struct buf *out, void *user, const struct style *st)
{
	struct screen *s = user;

	screen_style_put(s->style, out, st);
}

static int
put_text(struct buf *out, void *user, const struct cell *c)
{
	wchar_t text[CCHARW_MAX + 1];
	char bytes[MB_LEN_MAX];
	mbstate_t state;
	int width;
	size_t n;

	(void)user;
	if (c->glyph >= ' ' && c->glyph < 0x7f &&
	    !(c->style.attr & ATTR_INVISIBLE)) {
		buf_addc(out, (char)c->glyph);
		return 1;
	}
	width = put_glyph(c, text);
	memset(&state, 0, sizeof state);
	for (const wchar_t *w = text; *w != L'\0'; w++) {
		n = wcrtomb(bytes, *w, &state);
		if (n != (size_t)-1)
			buf_add(out, bytes, n);
		else if (w == text) /* not of this locale */
			buf_adds(out, width == 2 ? "??" : "?");
	}
	return width;
}

static void
put_erase(struct buf *out, void *user, int cols)
{
	const struct screen *s = user;

	if (cols == 0) {
		screen_sequence_put(out, clr_eol);
	} else if (s->ansi_erase) {
		buf_adds(out, "\033[");
		buf_addu(out, (unsigned)cols);
		buf_addc(out, 'X');
	} else {
		screen_sequence_put(out, tparm(erase_chars, cols));
	}
}

static void
put_margin(struct buf *out, void *user, bool on)
{
	(void)user;
	screen_sequence_put(out, on ? enter_am_mode : exit_am_mode);
}

static void
start_paint(struct screen *s)
{
	static const struct paint_ops ops = { .move = put_move,
		.style = put_style, .glyph = put_text, .erase = put_erase,
		.margin = put_margin };

	s->ansi_move = strcmp(cursor_address, "\033[%i%p1%d;%p2%dH") == 0;
	s->ansi_erase = erase_chars != NULL &&
	    strcmp(erase_chars, "\033[%p1%dX") == 0;
	s->paint = (struct paint){ .ops = &ops, .user = s, .out = &s->frame,
		.erase_end = clr_eol != NULL,
		.erase_some = erase_chars != NULL,
		.erase_colour = screen_colours(s) == 0 || back_color_erase,
		.margin = enter_am_mode != NULL && exit_am_mode != NULL,
		.corner = !auto_right_margin || eat_newline_glitch,
		.move_styled = move_standout_mode };
	paint_forget(&s->paint);
	screen_style_forget(s->style);
}

/* --- frames --- */

/* An empty screen, by curses: it also takes the terminal over, at first and
 * after it was given back. */
static void
clear_screen_now(struct screen *s)
{
	int fd = fileno(s->out);
	off_t len;
	ssize_t n;

	clearok(curscr, TRUE);
	wnoutrefresh(stdscr);
	if (s->gather < 0 || dup3(s->gather, fd, O_CLOEXEC) < 0) {
		doupdate();
		return;
	}
	doupdate();
	dup3(STDOUT_FILENO, fd, O_CLOEXEC);
	len = lseek(s->gather, 0, SEEK_CUR);
	lseek(s->gather, 0, SEEK_SET);
	if (len <= 0)
		return;
	buf_reserve(&s->frame, (size_t)len);
	n = pread(s->gather, s->frame.data + s->frame.len, (size_t)len, 0);
	if (n > 0)
		s->frame.len += (size_t)n;
}

static void
start_over(struct screen *s, const struct canvas *c)
{
	canvas_destroy(s->last);
	s->last = canvas_create(c->rows, c->cols);
	if (LINES != c->rows || COLS != c->cols)
		resizeterm(c->rows, c->cols);
	clear_screen_now(s);
	start_paint(s);
}

static void
put_cursor(struct screen *s, int row, int col, bool visible, int shape)
{
	if (visible)
		paint_move(&s->paint, row, col);
	if (visible != s->was_visible) {
		screen_sequence_put(&s->frame, visible ? cursor_normal :
		    cursor_invisible);
		s->was_visible = visible;
	}
	if (visible && shape != s->was_shape && s->shapes) {
		buf_addf(&s->frame, "\033[%d q",
		    shape >= 0 && shape <= 6 ? shape : 0);
		s->was_shape = shape;
	}
}

static void
put_hover(struct screen *s)
{
	if (s->hover != s->was_hover)
		buf_adds(&s->frame, s->hover ? hover_on : hover_off);
	s->was_hover = s->hover;
}

void
screen_hover(struct screen *s, bool on)
{
	s->hover = on && s->mouse;
}

void
screen_show(struct screen *s, const struct canvas *c, int from, int to,
    int row, int col, bool visible, int shape)
{
	/* Given back, the terminal shows what is not ours. */
	if (c->rows <= 0 || c->cols <= 0 || !taken)
		return;
	buf_clear(&s->frame);
	if (s->last == NULL || s->last->rows != c->rows ||
	    s->last->cols != c->cols) {
		start_over(s, c);
		from = 0;
		to = c->rows - 1;
	}
	for (int r = from; r <= to && r < c->rows; r++)
		paint_row(&s->paint, c, s->last->cells +
		    (ptrdiff_t)r * s->last->stride, r);
	put_cursor(s, row, col, visible, shape);
	put_hover(s);
	write_all(buf_str(&s->frame), s->frame.len);
}

void
screen_redraw(struct screen *s)
{
	canvas_destroy(s->last);
	s->last = NULL;
}

void
screen_suspend(struct screen *s)
{
	(void)s;
	give_back();
}

bool
screen_suspended(const struct screen *s)
{
	(void)s;
	return !taken;
}

void
screen_resume(struct screen *s)
{
	taken = 1;
	reset_prog_mode();
	enter(s);
	screen_redraw(s);
}

void
screen_clipboard(struct screen *s, const char *text, size_t n)
{
	struct buf b = { 0 };

	(void)s;
	json_add_base64(&b, text, n);
	if (b.len >= 2) { /* without its quotes */
		write_all("\033]52;c;", 7);
		write_all(b.data + 1, b.len - 2);
		write_all("\007", 1);
	}
	buf_free(&b);
}
