#include "config.h"

/* The shell's pane as a terminal to live in: real programs in the real
 * sandbox, through the real binary.  Some tests read all that viva sends to
 * the user's terminal: for that it runs below a relay, which is this program
 * again. */

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tests/support/machine.h"
#include "tests/support/ptyscreen.h"

#define F3 "\033OR"
#define F4 "\033OS"
#define F9 "\033[20~"
#define F10 "\033[21~"
#define F11 "\033[23~"
#define SHIFT_F11 "\033[23;2~"
#define SHIFT_F12 "\033[24;2~"
#define CTRL_F12 "\033[24;5~"
#define SHIFT_PGUP "\033[5;2~"
#define SHIFT_PGDN "\033[6;2~"
#define UP "\033[A"
#define ESC "\033"

#define ROWS 24
#define COLS 80
/* A zoomed pane is below the status line and its rule, above the keys. */
#define PANE_TOP 2
#define PANE_ROWS (ROWS - 3)

#define PROMPT "workspace$"
#define NI_HAO "\344\275\240\345\245\275"

static char *home;

static int
setup(void **state)
{
	(void)state;
	home = ptyscreen_home_create();
	ptyscreen_use_home(home);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ptyscreen_use_home(NULL);
	ptyscreen_home_remove(home);
	return 0;
}

/* --- the relay ---------------------------------------------------------- */

static void
copy_all(int from, int to, int log)
{
	char bytes[16384];
	ssize_t n = read(from, bytes, sizeof bytes), w;

	for (ssize_t at = 0; at < n; at += w) {
		w = write(to, bytes + at, (size_t)(n - at));
		if (w < 0)
			exit(3);
		if (log >= 0 && write(log, bytes + at, (size_t)w) != w)
			exit(3);
	}
}

/* Runs argv in a terminal of its own, between us and the test; what it says
 * goes to a file as well. */
static int
relay(const char *path, char **argv)
{
	struct pollfd fds[2] = { { .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN } };
	struct termios raw, old;
	struct winsize ws;
	int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int master, status;
	pid_t pid;

	if (log < 0 || tcgetattr(STDIN_FILENO, &old) != 0 ||
	    ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) != 0)
		return 3;
	raw = old;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	pid = forkpty(&master, NULL, NULL, &ws);
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	fds[0].fd = master;
	while (poll(fds, 2, -1) >= 0 && !(fds[0].revents & POLLHUP)) {
		if (fds[0].revents & POLLIN)
			copy_all(master, STDOUT_FILENO, log);
		if (fds[1].revents & POLLIN)
			copy_all(STDIN_FILENO, master, -1);
		else if (fds[1].revents != 0)
			return 3;
	}
	waitpid(pid, &status, 0);
	tcsetattr(STDIN_FILENO, TCSANOW, &old);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

static void
log_path(char path[400])
{
	snprintf(path, 400, "%s/terminal", home);
}

/* All that the terminal was sent so far. */
static void
read_log(struct buf *b)
{
	char path[400], bytes[16384];
	size_t n;
	FILE *f;

	log_path(path);
	f = fopen(path, "re");
	assert_non_null(f);
	buf_clear(b);
	while ((n = fread(bytes, 1, sizeof bytes, f)) > 0)
		buf_add(b, bytes, n);
	fclose(f);
}

static bool
was_sent(struct buf *log, const char *bytes)
{
	read_log(log);
	return memmem(buf_str(log), log->len, bytes, strlen(bytes)) != NULL;
}

static void
wait_sent(struct ptyscreen *p, const char *bytes)
{
	struct buf log = { 0 };

	PTYSCREEN_UNTIL(p, was_sent(&log, bytes));
	buf_free(&log);
}

/* --- sessions ----------------------------------------------------------- */

static const char *
viva_path(void)
{
	const char *path = getenv("VIVA");

	if (path == NULL)
		fail_msg("VIVA does not name the binary");
	return path;
}

static struct ptyscreen *
shell(bool relayed)
{
	char path[400];
	const char *argv[] = { "/proc/self/exe", "relay", path, viva_path(),
		"demo", NULL };
	struct ptyscreen *p;

	log_path(path);
	p = ptyscreen_start(ROWS, COLS, relayed ? argv : argv + 3, NULL);
	ptyscreen_wait(p, PROMPT);
	ptyscreen_send(p, F4 F9);
	ptyscreen_wait_gone(p, "solution.py");
	return p;
}

/* With an empty screen, so that no text of before is waited for. */
static void
run(struct ptyscreen *p, const char *command)
{
	ptyscreen_send(p, "clear; ");
	ptyscreen_send(p, command);
	ptyscreen_send(p, "\r");
}

static void
quit(struct ptyscreen *p)
{
	ptyscreen_send(p, F10);
	ptyscreen_wait(p, "y/n");
	ptyscreen_send(p, "y");
	assert_int_equal(ptyscreen_exit(p), 0);
	assert_true(ptyscreen_restored(p));
	ptyscreen_stop(p);
}

/* The sandbox shows this machine's /usr. */
static bool
has_program(const char *name)
{
	char path[100];

	snprintf(path, sizeof path, "/usr/bin/%s", name);
	if (access(path, X_OK) == 0)
		return true;
	print_message("skipped: no %s on this machine\n", path);
	return false;
}

static bool
cursor_is(struct ptyscreen *p, int row, int col)
{
	bool visible = false;
	int r = -1, c = -1;

	ptyscreen_cursor(p, &r, &c, &visible);
	return r == row && c == col && visible;
}

static void
expect_cursor(struct ptyscreen *p, int row, int col)
{
	PTYSCREEN_UNTIL(p, cursor_is(p, row, col));
}

/* Of the pane. */
static bool
first_line_is(struct ptyscreen *p, const char *want)
{
	const char *s = ptyscreen_text(p);
	size_t n = strlen(want);

	for (int row = 0; row < PANE_TOP; row++)
		s = strchr(s, '\n') + 1;
	return strncmp(s, want, n) == 0 && s[n] == '\n';
}

static void
wait_first(struct ptyscreen *p, const char *want)
{
	PTYSCREEN_UNTIL(p, first_line_is(p, want));
}

/* --- programs ----------------------------------------------------------- */

static void
test_vim(void **state)
{
	struct ptyscreen *p;

	(void)state;
	if (!has_program("vim.tiny"))
		skip();
	p = shell(false);
	run(p, "echo before vim; vim.tiny -u NONE -N notes");
	ptyscreen_wait(p, "\"notes\"");
	ptyscreen_wait_gone(p, "before vim");
	ptyscreen_send(p, "ione line\rtwo " NI_HAO " here\rthree" ESC);
	ptyscreen_send(p, "gg/here\r");
	expect_cursor(p, PANE_TOP + 1, 9); /* wide ones count as two */
	ptyscreen_send(p, ":set number\r");
	ptyscreen_wait(p, "  3 three");
	ptyscreen_send(p, "ddp");
	ptyscreen_wait(p, "  3 two " NI_HAO " here");
	ptyscreen_send(p, ":set lines?\r");
	ptyscreen_wait(p, "lines=21");
	ptyscreen_resize(p, 30, 90); /* the program is told */
	/* Its answer goes when it draws itself anew. */
	for (int i = 0; i < 20 && !ptyscreen_has(p, "lines=27"); i++) {
		ptyscreen_send(p, ":set lines?\r");
		ptyscreen_settle(p, 100);
	}
	ptyscreen_wait(p, "lines=27");
	ptyscreen_send(p, ":wq\r");
	ptyscreen_wait(p, "before vim"); /* the shell's screen again */
	ptyscreen_wait_gone(p, "  1 one line");
	run(p, "cat notes; stty size");
	ptyscreen_wait(p, "one line\nthree\ntwo " NI_HAO " here\n27 90");
	quit(p);
}

static void
test_less(void **state)
{
	struct ptyscreen *p;

	(void)state;
	if (!has_program("less"))
		skip();
	p = shell(false);
	run(p, "seq -f 'line %.0f.' 300 | less");
	wait_first(p, "line 1.");
	ptyscreen_send(p, " ");
	wait_first(p, "line 21.");
	ptyscreen_send(p, "/2[25]5\r");
	wait_first(p, "line 225.");
	ptyscreen_send(p, "n");
	wait_first(p, "line 255.");
	ptyscreen_send(p, "k");
	wait_first(p, "line 254.");
	ptyscreen_send(p, "G");
	ptyscreen_wait(p, "line 300.");
	ptyscreen_wait(p, "(END)");
	/* The wheel is its arrow keys. */
	ptyscreen_send(p, "\033[<64;10;10M");
	wait_first(p, "line 278.");
	ptyscreen_send(p, "g");
	wait_first(p, "line 1.");
	ptyscreen_send(p, "q");
	ptyscreen_wait_gone(p, "line 1.");
	ptyscreen_wait(p, PROMPT);
	quit(p);
}

static void
test_tops(void **state)
{
	struct ptyscreen *p = shell(false);

	(void)state;
	if (has_program("top")) {
		run(p, "top");
		ptyscreen_wait(p, "load average");
		ptyscreen_wait(p, "COMMAND");
		ptyscreen_wait(p, "bash");
		ptyscreen_send(p, "h");
		ptyscreen_wait(p, "Irix mode");
		ptyscreen_send(p, "q");
		ptyscreen_wait_gone(p, "Irix mode");
		ptyscreen_wait(p, "load average");
		ptyscreen_send(p, "q");
		ptyscreen_wait(p, PROMPT);
	}
	if (has_program("htop")) {
		run(p, "echo before htop; htop");
		ptyscreen_wait(p, "F10Quit");
		ptyscreen_wait(p, "Load average");
		/* A function key, given to it. */
		ptyscreen_send(p, CTRL_F12 F10);
		ptyscreen_wait_gone(p, "Load average");
		ptyscreen_wait(p, "before htop");
		ptyscreen_wait(p, PROMPT);
	}
	quit(p);
}

static void
test_python(void **state)
{
	struct ptyscreen *p;

	(void)state;
	if (!has_program("python3"))
		skip();
	p = shell(false);
	run(p, "python3 -q");
	ptyscreen_wait(p, ">>>");
	ptyscreen_send(p, "print('" NI_HAO "', 6 * 7)\r");
	/* What comes before the prompt is not readline's. */
	ptyscreen_wait(p, NI_HAO " 42\n>>>");
	ptyscreen_send(p, UP "\033[D\177" "8\r"); /* 6 * 8 */
	ptyscreen_wait(p, NI_HAO " 48");
	ptyscreen_send(p, "for i in range(3):\r");
	ptyscreen_wait(p, "...");
	ptyscreen_send(p, "  print('row', i * 11)\r\r");
	ptyscreen_wait(p, "row 0\nrow 11\nrow 22");
	ptyscreen_send(p, "\004");
	ptyscreen_wait(p, PROMPT);
	run(p, "echo p$((1+1))q");
	ptyscreen_wait(p, "p2q");
	quit(p);
}

static void
test_tmux(void **state)
{
	struct ptyscreen *p;

	(void)state;
	if (!has_program("tmux"))
		skip();
	p = shell(false);
	/* Keys that come at once are no paste. */
	run(p, "echo before tmux; tmux -f /dev/null new \\; "
	    "set assume-paste-time 0");
	ptyscreen_wait(p, "[0] 0:");
	ptyscreen_wait(p, "$\n");
	ptyscreen_send(p, "echo le$((1+1))ft\r");
	ptyscreen_wait(p, "le2ft");
	ptyscreen_send(p, "\002%");
	ptyscreen_wait(p, "\342\224\202"); /* its rule */
	ptyscreen_send(p, "echo ri$((1+1))ght; tput cols\r");
	ptyscreen_wait(p, "ri2ght");
	ptyscreen_wait(p, "\342\224\202" "39");
	ptyscreen_send(p, "\002\033[D" "echo ba$((1+1))ck\r");
	ptyscreen_wait(p, "ba2ck");
	ptyscreen_send(p, "\002[");
	ptyscreen_wait(p, "[0/");
	ptyscreen_send(p, "q");
	ptyscreen_wait_gone(p, "[0/");
	ptyscreen_send(p, "\002d");
	ptyscreen_wait(p, "[detached");
	ptyscreen_wait(p, "before tmux");
	ptyscreen_wait_gone(p, "ri2ght");
	run(p, "tmux ls");
	ptyscreen_wait(p, "1 windows");
	run(p, "tmux attach");
	ptyscreen_wait(p, "ri2ght");
	ptyscreen_send(p, "\002&");
	ptyscreen_wait(p, "kill-window");
	ptyscreen_send(p, "y");
	ptyscreen_wait(p, "[exited]");
	quit(p);
}

/* --- what a terminal does ----------------------------------------------- */

static void
test_characters(void **state)
{
	struct ptyscreen *p = shell(false);

	(void)state;
	run(p, "printf '%s%s|' 'e\314\201' '" NI_HAO "'; read");
	ptyscreen_wait(p, "e\314\201" NI_HAO "|");
	expect_cursor(p, PANE_TOP, 6);
	ptyscreen_send(p, "\r");
	/* Lines, tabs, a region that scrolls, insertion, repetition. */
	run(p, "printf '\\033(0lqk\\033(B\\tx\\r\\n1\\r\\n2\\r\\n3\\r\\n4"
	    "\\033[3;4r\\033[4;1H\\n\\033[r\\033[2;2H\\033[4hab\\033[4l"
	    "\\033[5;1H5\\033[3b\\033[H'; read");
	wait_first(p, "\342\224\214\342\224\200\342\224\220     x");
	ptyscreen_wait(p, "\n1ab\n3\n\n5555\n");
	expect_cursor(p, PANE_TOP, 0);
	ptyscreen_send(p, "\r");
	/* A wrapped line is one line again in a wider pane. */
	run(p, "printf '%085d\\n' 7; echo e$((1+1))nd");
	ptyscreen_wait(p, "00000\n00007\ne2nd");
	ptyscreen_resize(p, 24, 100);
	ptyscreen_wait(p, "0000000007\ne2nd");
	quit(p);
}

static void
test_mouse(void **state)
{
	struct ptyscreen *p = shell(false);

	(void)state;
	ptyscreen_cat(p, "\\033[?1000;1006h");
	ptyscreen_send(p, "\033[<0;5;4M\033[<32;6;5M\033[<0;6;5m");
	ptyscreen_wait(p, "^[[<0;5;2M^[[<0;6;3m");
	ptyscreen_send(p, "\033[<65;7;6M");
	ptyscreen_wait(p, "^[[<65;7;4M");
	ptyscreen_cat_end(p);
	ptyscreen_cat(p, "\\033[?1002h");
	/* It ends outside of the pane, on the key line. */
	ptyscreen_send(p, "\033[<0;5;4M\033[<32;6;5M\033[<0;9;24m");
	ptyscreen_wait(p, "^[[<0;5;2M^[[<32;6;3M^[[<0;9;21m");
	/* With Shift the mouse is viva's. */
	ptyscreen_send(p, "\033[<4;5;3M\033[<36;9;3M\033[<4;9;3m");
	ptyscreen_wait(p, "copied");
	ptyscreen_cat_end(p);
	ptyscreen_cat(p, "\\033[?1002;1006l");
	ptyscreen_send(p, "\033[<0;5;4M\033[<0;5;4mno\r");
	ptyscreen_wait(p, "no\nno");
	ptyscreen_cat_end(p);
	quit(p);
}

static void
test_input(void **state)
{
	struct ptyscreen *p = shell(false);

	(void)state;
	ptyscreen_cat(p, "\\033[?2004h\\033[?1004h");
	ptyscreen_send(p, "\033[200~pasted\033[201~");
	ptyscreen_wait(p, "^[[200~pasted^[[201~");
	/* Keys with modifiers, one that is viva's, and the focus. */
	ptyscreen_send(p, "\033[1;5A\033[1;3D\033x\033[3;2~");
	ptyscreen_wait(p, "^[[201~^[[1;5A^[[1;3D^[x^[[3;2~");
	ptyscreen_send(p, CTRL_F12 F10);
	ptyscreen_wait(p, "^[[3;2~^[[21~");
	ptyscreen_send(p, "\033[O");
	ptyscreen_wait(p, "^[[21~^[[O");
	ptyscreen_send(p, "\033[I");
	ptyscreen_wait(p, "^[[O^[[I");
	ptyscreen_send(p, F3);
	ptyscreen_wait(p, "import sys");
	ptyscreen_send(p, F4);
	ptyscreen_wait(p, "^[[I^[[O^[[I");
	ptyscreen_cat_end(p);
	ptyscreen_cat(p, "\\033[?1h\\033[?1004l\\033[?2004l");
	ptyscreen_send(p, UP "\033OC");
	ptyscreen_wait(p, "^[OA^[OC");
	ptyscreen_cat_end(p);
	quit(p);
}

static void
test_scrollback(void **state)
{
	struct ptyscreen *p = shell(false);

	(void)state;
	run(p, "seq -f 'item %.0f.' 400");
	ptyscreen_wait(p, "item 400.");
	ptyscreen_wait(p, "Shift-PgUp scrolls back");
	ptyscreen_send(p, SHIFT_PGUP);
	ptyscreen_wait(p, "20 of ");
	ptyscreen_wait(p, "Shift-PgDn on  any key back");
	ptyscreen_wait_gone(p, "item 400.");
	ptyscreen_send(p, SHIFT_PGDN);
	ptyscreen_wait(p, "item 400.");
	ptyscreen_wait_gone(p, "lines back");
	ptyscreen_send(p, F11);
	ptyscreen_wait(p, "q back");
	ptyscreen_send(p, "?item 12\r");
	ptyscreen_wait(p, "item 129.");
	ptyscreen_send(p, "n");
	ptyscreen_send(p, "wvey");
	ptyscreen_wait(p, "copied");
	ptyscreen_wait(p, "item 400.");
	ptyscreen_send(p, "echo got=" SHIFT_F12 "\r");
	ptyscreen_wait(p, "\ngot=128.");
	ptyscreen_send(p, SHIFT_F11 "item 7.\r");
	ptyscreen_wait(p, "item 7.");
	ptyscreen_wait(p, " copy ");
	ptyscreen_send(p, "q");
	ptyscreen_wait(p, "got=128.");
	/* What is typed goes to the shell, and the view with it. */
	ptyscreen_send(p, SHIFT_PGUP SHIFT_PGUP);
	ptyscreen_wait(p, "lines back");
	ptyscreen_send(p, "echo ba$((1+1))ck\r");
	ptyscreen_wait(p, "ba2ck");
	ptyscreen_wait_gone(p, "lines back");
	quit(p);
}

/* --- what reaches the user's terminal ----------------------------------- */

static void
test_shapes_and_titles(void **state)
{
	struct ptyscreen *p = shell(true);
	struct buf log = { 0 };

	(void)state;
	run(p, "printf '\\033[4 q\\033]2;my own\\007'");
	ptyscreen_wait(p, "shell \302\267 my own");
	wait_sent(p, "\033[4 q");
	/* The editor's cursor is its own again. */
	ptyscreen_send(p, F3);
	wait_sent(p, "\033[0 q");
	ptyscreen_send(p, F4);
	run(p, "printf '\\033]52;c;c2VjcmV0\\007'; echo se$((1+1))nt");
	ptyscreen_wait(p, "se2nt");
	quit(p);
	/* Not asked for: neither the selection nor the title. */
	assert_false(was_sent(&log, "\033]"));
	buf_free(&log);
}

static void
test_clipboard(void **state)
{
	struct ptyscreen *p;

	(void)state;
	ptyscreen_home_config(home, "[ui]\n\tclipboard = osc52\n");
	p = shell(true);
	run(p, "printf '\\033]52;c;aGVsbG8=\\033\\\\'");
	wait_sent(p, "\033]52;c;aGVsbG8=\007");
	run(p, "echo copy\\ this");
	ptyscreen_wait(p, "\ncopy this\n");
	ptyscreen_send(p, SHIFT_F11 "copy this\r" "Vy");
	wait_sent(p, "\033]52;c;Y29weSB0aGlzCg==\007");
	quit(p);
}

static const char *const hostile[] = {
	"\033]0;\033\033]2;title\007", "\033]52;c;c2VjcmV0\007",
	"\033]8;;http://x.y/\033\\link\033]8;;\033\\", "\033]9;note\007",
	"\033]777;notify;a;b\033\\", "\033]4;1;?\007\033]11;?\033\\",
	"\033]10;red\007", "\033]50;font\007", "\033]1337;File=:AAAA\007",
	"\033P$qm\033\\", "\033P+q544e\033\\", "\033Pq#0;2;0;0;0#0~~\033\\",
	"\033P1000p", "\033_Ga=T,f=24;AAAA\033\\", "\033^private\033\\",
	"\033Xstart\033\\", "\033ktitle\033\\", "\033[8;5;5t", "\033[3;0;0t",
	"\033[21t", "\033[5i", "\033[?5i", "\033[?1049h", "\033[?1049l",
	"\033[?47h", "\033[?1003;1006;1015h", "\033[?1003l", "\033[?2004l",
	"\033[?2026h", "\033[?25l", "\033[?5h", "\033[?1004h", "\033[?9h",
	"\033%@", "\033%G", "\033 F", "\033#8", "\033c", "\033[!p",
	"\033[6n", "\033[c", "\033[>c", "\033[=c", "\033[>q", "\033[?u",
	"\033[>1u", "\033[>4;2m", "\033[2;5r", "\033[?69h", "\033[3;9s",
	"\302\233" "31m", "\233" "31m", "\235" "0;t\234", "\302\220q\302\234",
	"\005\016\017\007\032\030\177", "\033(0qqq", "\033)0", "\033n",
	"\033[0;31;4:3;58:2::1:2:3m", "\033[38;2;1;2;3;48;5;77m", "\033[9999X",
	"\033[999999999999d", "\033[2J", "\033[H", "\033[5 q", "\033[0 @",
	"\033[1;1;1;1$r", "\033[2*x", "\344\275\240\314\201\314\202",
	"\360\237\221\250\342\200\215\360\237\221\247", "\342\200\256rtl",
	"\r\n\n\n", "\t\t\033H\033[3g", "\033[20h", "\033[12l", "text\b\b",
};

static unsigned seed = 5;

static unsigned
rnd(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % n;
}

static void
put_hostile(FILE *f, int part)
{
	if (part == 0)
		for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
			fputs(hostile[i], f);
	for (int i = 0; i < 5000; i++)
		if (rnd(4) == 0)
			putc((int)rnd(256), f);
		else
			fputs(hostile[rnd(ARRAY_LEN(hostile))], f);
	/* What is on the screen stays there.  The last question is answered
	 * with an n, which no other is. */
	fprintf(f, "\030\033\\\033[!p\017\033[?1003;1006;1004;2004l"
	    "\033[H(part %d)\033[5n", part);
}

/* Into the workspace of the only session. */
static void
write_hostile(int parts)
{
	char dir[400], path[700];
	struct dirent *e;
	DIR *d;
	FILE *f;

	snprintf(dir, sizeof dir, "%s/data/viva/sessions", home);
	d = opendir(dir);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL && e->d_name[0] == '.')
		continue;
	assert_non_null(e);
	for (int i = 0; i < parts; i++) {
		snprintf(path, sizeof path, "%s/%.200s/q1/hostile%d", dir,
		    e->d_name, i);
		f = fopen(path, "we");
		assert_non_null(f);
		put_hostile(f, i);
		fclose(f);
	}
	closedir(d);
}

/* One sequence of those that painting takes, or that ask for the mouse without
 * a button, which a program may have; its length, 0: another one. */
static size_t
painting(const char *s, size_t n)
{
	static const char *const plain[] = { "(B", "(0", ")0", "7", "8", "=",
		">", "M", "[?1h", "[?1l", "[?25h", "[?25l", "[?12h", "[?12l",
		"[4l", "[?7h", "[?7l", "[0 q", "[4 q", "[5 q",
		"[6 q", "[?1003h", "[?1003l\033[?1002h" };
	size_t i = 2;

	for (size_t k = 0; k < ARRAY_LEN(plain); k++)
		if (n > strlen(plain[k]) &&
		    memcmp(s + 1, plain[k], strlen(plain[k])) == 0)
			return 1 + strlen(plain[k]);
	if (n < 3 || s[1] != '[')
		return 0;
	while (i < n && ((s[i] >= '0' && s[i] <= '9') || s[i] == ';'))
		i++;
	return i < n && i < 40 && s[i] != '\0' &&
	    strchr("ABCDGHJKLMPSTXZ@bdfmr", s[i]) != NULL ? i + 1 : 0;
}

/* Only what paints cells, between the two ends of a log. */
static void
expect_painting(const char *s, size_t n)
{
	size_t at = 0, len;
	uint32_t cp;

	while (at < n) {
		if (s[at] == '\033') {
			len = painting(s + at, n - at);
			if (len == 0)
				fail_msg("the terminal was sent ESC "
				    "\"%.20s\" at %zu", s + at + 1, at);
			at += len;
			continue;
		}
		at += utf8_decode(s + at, n - at, &cp);
		if ((cp < 0x20 && cp != '\r' && cp != '\n' && cp != '\b' &&
		    cp != '\t') || (cp >= 0x7f && cp < 0xa0) ||
		    (cp >= 0x202a && cp <= 0x202e))
			fail_msg("the terminal was sent U+%04x at %zu",
			    (unsigned)cp, at);
	}
}

static void
test_hostile_output(void **state)
{
	enum { PARTS = 6 };
	struct ptyscreen *p = shell(true);
	struct buf log = { 0 };
	char part[20];
	size_t from, to;

	(void)state;
	read_log(&log);
	from = log.len;
	write_hostile(PARTS);
	run(p, "stty raw -echo; for i in {0..5}; do (cat hostile$i &); "
	    "read -d n; read -d g; done; stty sane; printf '\\033c'; "
	    "echo al$((1+1))ve");
	for (int i = 0; i < PARTS; i++) {
		snprintf(part, sizeof part, "(part %d)", i);
		ptyscreen_wait(p, part);
		ptyscreen_send(p, "g");
	}
	ptyscreen_wait(p, "al2ve");
	read_log(&log);
	to = log.len;
	assert_true(to - from > 2000); /* something was painted */
	expect_painting(log.data + from, to - from);
	buf_free(&log);
	quit(p);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { T(test_vim), T(test_less),
		T(test_tops), T(test_python), T(test_tmux),
		T(test_characters), T(test_mouse), T(test_input),
		T(test_scrollback), T(test_shapes_and_titles),
		T(test_clipboard), T(test_hostile_output) };

	if (argc > 4 && strcmp(argv[1], "relay") == 0)
		return relay(argv[2], argv + 3);
	if (!machine_has_namespaces())
		return TEST_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
