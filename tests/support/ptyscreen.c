#include "config.h"

#include "tests/support/ptyscreen.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <vterm.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tests/support/patience.h"

#define SLICE 256 /* bytes */
#define SETTLE_MS 10000 /* what goes on for longer does not settle */
#define TAIL 65536

struct ptyscreen {
	int master, slave;
	pid_t pid;
	bool ended;
	int status;
	struct termios before;
	VTerm *vt;
	VTermScreen *screen;
	bool alt, visible;
	int mouse;
	const char *wanted; /* not there since the wait for it began; or NULL */
	struct buf text;
	struct buf tail; /* the last bytes, for modes libvterm does not tell */
	char *home;
	bool own_home;
};

static const char *shared_home;

static int
on_prop(VTermProp prop, VTermValue *val, void *user)
{
	struct ptyscreen *p = user;

	if (prop == VTERM_PROP_ALTSCREEN)
		p->alt = val->boolean;
	else if (prop == VTERM_PROP_CURSORVISIBLE)
		p->visible = val->boolean;
	else if (prop == VTERM_PROP_MOUSE)
		p->mouse = val->number;
	return 1;
}

static const VTermScreenCallbacks callbacks = { .settermprop = on_prop };

char *
ptyscreen_home_create(void)
{
	const char *tmp = getenv("TMPDIR");
	char *home = xasprintf("%s/viva-e2e-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	char sub[4096];

	if (mkdtemp(home) == NULL)
		fail_msg("cannot make %s: %s", home, strerror(errno));
	snprintf(sub, sizeof sub, "%s/config", home);
	mkdir(sub, 0700);
	snprintf(sub, sizeof sub, "%s/run", home);
	mkdir(sub, 0700);
	return home;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
ptyscreen_home_remove(char *home)
{
	nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(home);
}

void
ptyscreen_home_config(const char *home, const char *text)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof path, "%s/config/viva", home);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/config/viva/config", home);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

void
ptyscreen_use_home(const char *home)
{
	shared_home = home;
}

static void
set_path(const char *name, const char *home, const char *sub)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", home, sub);
	setenv(name, path, 1);
}

static void
run_child(struct ptyscreen *p, const char *const *argv,
    const char *const *env)
{
	/* Tests that run in the background of a script inherit that ^C is
	 * ignored; at a terminal nobody does. */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	if (login_tty(p->slave) != 0)
		_exit(126);
	close(p->master);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("HOME", p->home, 1);
	set_path("XDG_CONFIG_HOME", p->home, "config");
	set_path("XDG_DATA_HOME", p->home, "data");
	set_path("XDG_STATE_HOME", p->home, "state");
	set_path("XDG_CACHE_HOME", p->home, "cache");
	set_path("XDG_RUNTIME_DIR", p->home, "run");
	unsetenv("NO_COLOR");
	unsetenv("COLORTERM");
	unsetenv("COLORFGBG");
	unsetenv("LINES");
	unsetenv("COLUMNS");
	for (; env != NULL && *env != NULL; env++)
		putenv(xstrdup(*env));
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0],
	    strerror(errno));
	_exit(127);
}

struct ptyscreen *
ptyscreen_start(int rows, int cols, const char *const *argv,
    const char *const *env)
{
	struct winsize ws = { .ws_row = (unsigned short)rows,
		.ws_col = (unsigned short)cols };
	struct ptyscreen *p = xcalloc(1, sizeof *p);

	p->own_home = shared_home == NULL;
	p->home = p->own_home ? ptyscreen_home_create() :
	    xstrdup(shared_home);
	p->vt = vterm_new(rows, cols);
	vterm_set_utf8(p->vt, 1);
	p->screen = vterm_obtain_screen(p->vt);
	vterm_screen_set_callbacks(p->screen, &callbacks, p);
	vterm_screen_enable_altscreen(p->screen, 1);
	vterm_screen_reset(p->screen, 1);
	p->visible = true;
	p->mouse = VTERM_PROP_MOUSE_NONE;
	/* The slave stays open here, so that its modes can be read at the
	 * end. */
	if (openpty(&p->master, &p->slave, NULL, NULL, &ws) != 0)
		fail_msg("openpty: %s", strerror(errno));
	fcntl(p->master, F_SETFD, FD_CLOEXEC);
	fcntl(p->master, F_SETFL, O_NONBLOCK);
	tcgetattr(p->slave, &p->before);
	p->pid = fork();
	if (p->pid == 0)
		run_child(p, argv, env);
	if (p->pid < 0)
		fail_msg("fork: %s", strerror(errno));
	return p;
}

void
ptyscreen_stop(struct ptyscreen *p)
{
	if (!p->ended) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, &p->status, 0);
	}
	close(p->master);
	close(p->slave);
	vterm_free(p->vt);
	buf_free(&p->text);
	buf_free(&p->tail);
	if (p->own_home)
		ptyscreen_home_remove(p->home);
	else
		free(p->home);
	free(p);
}

const char *
ptyscreen_home(const struct ptyscreen *p)
{
	return p->home;
}

pid_t
ptyscreen_pid(const struct ptyscreen *p)
{
	return p->pid;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
ptyscreen_deadline(void)
{
	return now_ms() + PATIENCE_US / 1000;
}

static void
answer(struct ptyscreen *p)
{
	char out[4096];
	size_t n;
	ssize_t w;

	while ((n = vterm_output_read(p->vt, out, sizeof out)) > 0) {
		w = write(p->master, out, n);
		(void)w;
	}
}

/* In slices, so that what was on the screen for a moment only is seen also by
 * a test that was held up and reads many frames at once. */
static void
feed(struct ptyscreen *p, const char *bytes, size_t n)
{
	for (size_t at = 0, k; at < n; at += k) {
		k = n - at < SLICE ? n - at : SLICE;
		vterm_input_write(p->vt, bytes + at, k);
		vterm_screen_flush_damage(p->screen);
		answer(p);
		if (p->wanted != NULL && ptyscreen_has(p, p->wanted))
			p->wanted = NULL;
	}
}

/* Feeds what comes within ms; false: nothing came. */
static bool
pump(struct ptyscreen *p, int ms)
{
	struct pollfd fd = { .fd = p->master, .events = POLLIN };
	char bytes[65536];
	ssize_t n;

	if (poll(&fd, 1, ms) <= 0)
		return false;
	n = read(p->master, bytes, sizeof bytes);
	if (n <= 0)
		return false;
	feed(p, bytes, (size_t)n);
	buf_add(&p->tail, bytes, (size_t)n);
	if (p->tail.len > TAIL)
		buf_drop_front(&p->tail, p->tail.len - TAIL);
	return true;
}

void
ptyscreen_send_bytes(struct ptyscreen *p, const char *s, size_t n)
{
	int64_t until = ptyscreen_deadline();
	struct pollfd fd = { .fd = p->master, .events = POLLOUT | POLLIN };
	ssize_t w;

	while (n > 0 && now_ms() < until) {
		poll(&fd, 1, 100);
		pump(p, 0);
		w = write(p->master, s, n);
		if (w <= 0)
			continue;
		s += w;
		n -= (size_t)w;
	}
	if (n > 0)
		fail_msg("the program does not read its input");
}

void
ptyscreen_send(struct ptyscreen *p, const char *s)
{
	ptyscreen_send_bytes(p, s, strlen(s));
}

void
ptyscreen_resize(struct ptyscreen *p, int rows, int cols)
{
	struct winsize ws = { .ws_row = (unsigned short)rows,
		.ws_col = (unsigned short)cols };

	pump(p, 0);
	vterm_set_size(p->vt, rows, cols);
	ioctl(p->master, TIOCSWINSZ, &ws);
}

static void
row_text(struct ptyscreen *p, int row, int cols)
{
	VTermPos pos = { .row = row };
	size_t keep = p->text.len;
	VTermScreenCell cell;
	char utf8[4];

	for (pos.col = 0; pos.col < cols; pos.col += cell.width) {
		vterm_screen_get_cell(p->screen, pos, &cell);
		if (cell.width < 1)
			cell.width = 1;
		if (cell.chars[0] == 0 || cell.chars[0] == ' ') {
			buf_addc(&p->text, ' ');
			continue;
		}
		for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i];
		    i++)
			buf_add(&p->text, utf8,
			    utf8_encode(cell.chars[i], utf8));
		keep = p->text.len;
	}
	p->text.len = keep;
	buf_addc(&p->text, '\n');
}

const char *
ptyscreen_text(struct ptyscreen *p)
{
	int rows, cols;

	buf_clear(&p->text);
	vterm_get_size(p->vt, &rows, &cols);
	for (int r = 0; r < rows; r++)
		row_text(p, r, cols);
	return buf_str(&p->text);
}

bool
ptyscreen_has(struct ptyscreen *p, const char *text)
{
	return strstr(ptyscreen_text(p), text) != NULL;
}

void
ptyscreen_cursor(struct ptyscreen *p, int *row, int *col, bool *visible)
{
	VTermPos pos;

	vterm_state_get_cursorpos(vterm_obtain_state(p->vt), &pos);
	*row = pos.row;
	*col = pos.col;
	*visible = p->visible;
}

bool
ptyscreen_underlined(struct ptyscreen *p, int row, int col)
{
	VTermPos pos = { .row = row, .col = col };
	VTermScreenCell cell;

	vterm_screen_get_cell(p->screen, pos, &cell);
	return cell.attrs.underline != VTERM_UNDERLINE_OFF;
}

const char *
ptyscreen_written(struct ptyscreen *p)
{
	return buf_str(&p->tail);
}

static void
reap(struct ptyscreen *p)
{
	if (!p->ended && waitpid(p->pid, &p->status, WNOHANG) == p->pid)
		p->ended = true;
}

/* The text that is wanted was there. */
static bool
is_so(struct ptyscreen *p, const char *text, bool there)
{
	return there ? p->wanted == NULL : !ptyscreen_has(p, text);
}

static void
wait_until(struct ptyscreen *p, const char *text, bool there)
{
	int64_t until = ptyscreen_deadline();
	bool over = false;

	p->wanted = there && !ptyscreen_has(p, text) ? text : NULL;
	while (!is_so(p, text, there) && !over) {
		if (!pump(p, 50)) {
			reap(p);
			over = p->ended && !pump(p, 0);
		}
		over = over || now_ms() > until;
	}
	over = !is_so(p, text, there);
	p->wanted = NULL;
	if (over && p->ended)
		fail_msg("ended (status %#x) before \"%s\" %s:\n%s",
		    (unsigned)p->status, text, there ? "came" : "went",
		    ptyscreen_text(p));
	if (over)
		fail_msg("\"%s\" did not %s:\n%s", text,
		    there ? "come" : "go", ptyscreen_text(p));
}

void
ptyscreen_read(struct ptyscreen *p, int64_t until, const char *what)
{
	pump(p, 20);
	if (now_ms() > until)
		fail_msg("never: %s:\n%s", what, ptyscreen_text(p));
}

void
ptyscreen_wait(struct ptyscreen *p, const char *text)
{
	wait_until(p, text, true);
}

void
ptyscreen_wait_gone(struct ptyscreen *p, const char *text)
{
	wait_until(p, text, false);
}

void
ptyscreen_settle(struct ptyscreen *p, int ms)
{
	int64_t until = now_ms() + SETTLE_MS;

	while (pump(p, ms) && now_ms() < until)
		;
}

int
ptyscreen_exit(struct ptyscreen *p)
{
	int64_t until = ptyscreen_deadline();

	while (!p->ended) {
		pump(p, 20);
		reap(p);
		if (now_ms() > until)
			fail_msg("does not end:\n%s", ptyscreen_text(p));
	}
	while (pump(p, 0))
		;
	return WIFEXITED(p->status) ? WEXITSTATUS(p->status) :
	    128 + WTERMSIG(p->status);
}

/* Whether the last thing said about a private mode is "off". */
static bool
mode_off(const struct ptyscreen *p, const char *mode)
{
	char on[16], off[16];
	const char *s = buf_str(&p->tail), *last_on = NULL, *last_off = NULL;

	snprintf(on, sizeof on, "\033[?%sh", mode);
	snprintf(off, sizeof off, "\033[?%sl", mode);
	for (const char *at = s; (at = strstr(at, on)) != NULL; at++)
		last_on = at;
	for (const char *at = s; (at = strstr(at, off)) != NULL; at++)
		last_off = at;
	return last_on == NULL || (last_off != NULL && last_off > last_on);
}

/* What was said last, so that one can see why. */
static void
print_tail(const struct ptyscreen *p)
{
	size_t n = p->tail.len < 400 ? p->tail.len : 400;

	for (const char *s = p->tail.data + p->tail.len - n; n > 0; n--, s++)
		print_error(*s >= ' ' && *s <= '~' ? "%c" : "\\x%02x",
		    (unsigned char)*s);
	print_error("\n");
}

bool
ptyscreen_restored(struct ptyscreen *p)
{
	static const char *const modes[] = { "1000", "1002", "1003", "1006",
		"1004", "2004", "1049" };
	struct termios t;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (!mode_off(p, modes[i])) {
			print_error("mode %s is still on, after ", modes[i]);
			print_tail(p);
			return false;
		}
	if (tcgetattr(p->slave, &t) != 0 ||
	    t.c_lflag != p->before.c_lflag ||
	    t.c_iflag != p->before.c_iflag ||
	    t.c_oflag != p->before.c_oflag) {
		print_error("the line modes have changed\n");
		return false;
	}
	return !p->alt && p->visible && p->mouse == VTERM_PROP_MOUSE_NONE;
}

/* ---- in viva's shell ---- */

void
ptyscreen_cat(struct ptyscreen *p, const char *modes)
{
	static int times;
	char command[200], ready[40];

	snprintf(command, sizeof command, "clear; printf '%s'; "
	    "echo re$((1+1))dy%d; cat -v\r", modes, ++times);
	snprintf(ready, sizeof ready, "re2dy%d\n", times);
	ptyscreen_send(p, command);
	ptyscreen_wait(p, ready);
}

void
ptyscreen_cat_end(struct ptyscreen *p)
{
	ptyscreen_send(p, "\r\004");
	ptyscreen_wait(p, "workspace$");
}
