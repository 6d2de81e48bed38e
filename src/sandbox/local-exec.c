#include "config.h"

/* One program in the local sandbox: its streams, its end. */

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/local.h"

#define READ_SIZE (16u << 10) /* a turn of the loop, per stream */
#define RESIZE_US 200000 /* after a resize, to look again */
#define PTY_PIECE 1024
#define SAID_MAX 4096
#define INPUT_MAX (64u << 20)
/* From the fork to "ready": the walls, on a machine that is busy. */
#define START_US 20000000

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
drop_source(struct loop_fd **s)
{
	loop_fd_remove(*s);
	*s = NULL;
}

/* ---- the end ---- */

/* "exit STATUS CPU_US WALL_US MAXRSS_KB" is the helper's last line. */
static bool
parse_exit(struct exec *x)
{
	const char *line = strstr(buf_str(&x->said), "exit ");
	long long cpu, wall;
	long rss;
	int status;

	if (line == NULL || sscanf(line, "exit %d %lld %lld %ld\n", &status,
	    &cpu, &wall, &rss) != 4)
		return false;
	x->x.status = status;
	x->x.cpu_us = cpu;
	x->x.wall_us = wall;
	x->x.memory_kb = rss;
	if (status == -SIGXCPU || (x->cpu_ms > 0 && cpu > x->cpu_ms * 1000))
		x->x.timed_out = true;
	/* The bound is on data; programs that near it and fail hit it. */
	if (x->memory_mb > 0 && status != 0 &&
	    rss >= x->memory_mb * 1024 / 4 * 3)
		x->x.memory_limit = true;
	return true;
}

/* "limit WHAT": all its processes together were over a bound. */
static void
parse_limit(struct exec *x)
{
	if (strstr(buf_str(&x->said), "limit time\n") != NULL)
		x->x.timed_out = true;
	if (strstr(buf_str(&x->said), "limit memory\n") != NULL) {
		x->x.memory_limit = true;
		snprintf(x->x.why, sizeof x->x.why, "all its processes "
		    "together used too much memory");
	} else if (strstr(buf_str(&x->said), "limit processes\n") != NULL) {
		snprintf(x->x.why, sizeof x->x.why, "it started too many "
		    "processes");
	}
}

static void
why_infra(struct exec *x)
{
	const char *broken = strstr(buf_str(&x->said), "broken ");

	x->x.infra = true;
	x->x.status = -1;
	if (broken != NULL)
		snprintf(x->x.why, sizeof x->x.why, "%s", broken + 7);
	else if (x->errors.len > 0)
		snprintf(x->x.why, sizeof x->x.why, "%s", x->errors.data);
	else
		snprintf(x->x.why, sizeof x->x.why, "the sandbox ended "
		    "without saying how the program did");
	x->x.why[strcspn(x->x.why, "\n")] = '\0';
}

static void
maybe_done(struct exec *x)
{
	if (!x->reaped || x->out[0].fd >= 0 || x->out[1].fd >= 0 ||
	    x->status >= 0 || x->error >= 0)
		return;
	parse_limit(x);
	if (parse_exit(x))
		;
	else if (x->x.timed_out || x->x.output_limit || x->x.killed)
		x->x.status = -SIGKILL; /* by us */
	else
		why_infra(x);
	local_exec_done(x->l, x);
}

void
exec_kill(struct exec *x)
{
	if (!x->reaped)
		kill(x->pid, SIGKILL);
}

static void
on_wall(void *user)
{
	struct exec *x = user;

	x->wall = NULL;
	/* The helper ends what sleeps for too long: this one was not let. */
	buf_adds(&x->said, x->ready ? "broken the machine is too busy: the "
	    "program did not get its time" :
	    "broken the sandbox did not start in time");
	exec_kill(x);
}

static void
begun(struct exec *x)
{
	struct local *l = x->l;

	x->ready = true;
	loop_timer_cancel(x->wall);
	x->wall = x->asleep_ms > 0 ? loop_timer_add(l->base.loop,
	    SANDBOX_PATIENCE_US(x->asleep_ms), on_wall, x) : NULL;
	local_state(l, SANDBOX_READY, NULL);
}

static void
on_reap(void *user, short revents)
{
	struct exec *x = user;

	(void)revents;
	if (waitpid(x->pid, NULL, WNOHANG) != x->pid)
		return;
	x->reaped = true;
	drop_source(&x->reap);
	close_fd(&x->pidfd);
	loop_timer_cancel(x->wall);
	x->wall = NULL;
	maybe_done(x);
}

/* ---- output ---- */

static void
deliver(struct exec *x, int i, const char *p, size_t n)
{
	struct local *l = x->l;
	struct stream *s = &x->out[i];
	size_t left = n;

	if (x->output_max > 0) {
		left = s->offset < x->output_max ?
		    x->output_max - (size_t)s->offset : 0;
		if (n > left && !x->x.output_limit) {
			x->x.output_limit = true;
			exec_kill(x);
		}
		if (n < left)
			left = n;
	}
	if (left == 0)
		return;
	if (!x->probe)
		l->base.watch->output(l->base.user, x->id,
		    i == 0 ? SANDBOX_STDOUT : SANDBOX_STDERR, s->offset, p,
		    left);
	s->offset += left;
}

static void
read_stream(struct exec *x, int i)
{
	struct stream *s = &x->out[i];
	char bytes[READ_SIZE];
	size_t have = 0;
	ssize_t n = 1;

	/* A pty gives at most 4 KiB at once; a small piece was its last. */
	while (have < sizeof bytes && (have == 0 || n >= PTY_PIECE)) {
		n = read(s->fd, bytes + have, sizeof bytes - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	if (have > 0)
		deliver(x, i, bytes, have);
	if (n == 0 || (n < 0 && errno != EAGAIN)) { /* EIO: no one has it */
		drop_source(&s->source);
		close_fd(&s->fd);
		maybe_done(x);
	}
}

static void
on_stdout(void *user, short revents)
{
	(void)revents;
	read_stream(user, 0);
}

static void
on_stderr(void *user, short revents)
{
	(void)revents;
	read_stream(user, 1);
}

void
exec_pause(struct exec *x, bool on)
{
	x->paused = on;
	for (int i = 0; i < 2; i++)
		if (x->out[i].source != NULL)
			loop_fd_set(x->out[i].source, on ? 0 : POLLIN);
}

/* What the helper and bwrap say; little, so kept whole up to a bound. */
static bool
gather(int fd, struct buf *to)
{
	char bytes[1024];
	ssize_t n = read(fd, bytes, sizeof bytes);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n > 0 && to->len < SAID_MAX)
		buf_add(to, bytes, (size_t)n);
	return n > 0;
}

static void
on_status(void *user, short revents)
{
	struct exec *x = user;

	(void)revents;
	if (gather(x->status, &x->said)) {
		if (!x->ready && strstr(buf_str(&x->said), "ready\n") != NULL)
			begun(x);
		return;
	}
	drop_source(&x->status_source);
	close_fd(&x->status);
	maybe_done(x);
}

static void
on_error(void *user, short revents)
{
	struct exec *x = user;

	(void)revents;
	if (gather(x->error, &x->errors))
		return;
	drop_source(&x->error_source);
	close_fd(&x->error);
	maybe_done(x);
}

/* ---- size ---- */

static void
set_size(struct exec *x)
{
	struct winsize ws = { .ws_row = (unsigned short)x->rows,
		.ws_col = (unsigned short)x->cols };

	if (x->out[0].fd >= 0)
		ioctl(x->out[0].fd, TIOCSWINSZ, &ws);
}

/* readline reads the size and sets what it has read (rltty.c, set_winsize):
 * a size that comes in between would be lost. */
static void
set_size_again(void *user)
{
	struct exec *x = user;
	struct winsize ws;

	x->resized = NULL;
	if (x->out[0].fd >= 0 && ioctl(x->out[0].fd, TIOCGWINSZ, &ws) == 0 &&
	    (ws.ws_row != x->rows || ws.ws_col != x->cols))
		set_size(x);
}

void
exec_resize(struct exec *x, unsigned rows, unsigned cols)
{
	x->rows = rows;
	x->cols = cols;
	set_size(x);
	loop_timer_cancel(x->resized);
	x->resized = loop_timer_add(x->l->base.loop, RESIZE_US,
	    set_size_again, x);
}

/* ---- input ---- */

static void
end_input(struct exec *x)
{
	drop_source(&x->in_source);
	close_fd(&x->in);
	buf_free(&x->queue);
}

static void
flush_input(struct exec *x)
{
	ssize_t n;

	while (x->in >= 0 && x->queue.len > 0) {
		n = write(x->in, x->queue.data, x->queue.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) { /* it does not read any more */
			end_input(x);
			return;
		}
		buf_drop_front(&x->queue, (size_t)n);
	}
	if (x->in < 0)
		return;
	if (x->queue.len == 0 && x->in_end)
		end_input(x);
	else
		loop_fd_set(x->in_source, x->queue.len > 0 ? POLLOUT : 0);
}

static void
on_writable(void *user, short revents)
{
	(void)revents;
	flush_input(user);
}

bool
exec_input(struct exec *x, uint64_t offset, const char *p, size_t n)
{
	uint64_t skip = x->in_offset > offset ? x->in_offset - offset : 0;

	if (x->in < 0 || skip >= n)
		return true; /* no one reads it, or had it */
	if (x->queue.len + n > INPUT_MAX)
		return false;
	buf_add(&x->queue, p + skip, n - (size_t)skip);
	x->in_offset = offset + n;
	flush_input(x);
	return true;
}

void
exec_input_end(struct exec *x)
{
	x->in_end = true;
	flush_input(x);
}

/* ---- the start ---- */

struct pipes { /* ours, and the child's */
	int in, out[2], status, error;
	int child[3], child_status, child_error;
};

static bool
make_pipe(int *ours, int *childs, bool we_read)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return false;
	*ours = fds[we_read ? 0 : 1];
	*childs = fds[we_read ? 1 : 0];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
	return true;
}

static bool
make_pty(struct pipes *p, const struct exec_spec *spec)
{
	struct winsize ws = { .ws_row = (unsigned short)spec->rows,
		.ws_col = (unsigned short)spec->cols };
	int master, slave;
	struct termios t;

	if (openpty(&master, &slave, NULL, NULL, &ws) != 0)
		return false;
	fcntl(master, F_SETFD, FD_CLOEXEC);
	fcntl(slave, F_SETFD, FD_CLOEXEC);
	fcntl(master, F_SETFL, O_NONBLOCK);
	if (tcgetattr(slave, &t) == 0) {
		t.c_iflag |= IUTF8; /* so that erase takes whole characters */
		t.c_cc[VERASE] = 0x7f;
		tcsetattr(slave, TCSANOW, &t);
	}
	p->out[0] = master;
	p->in = fcntl(master, F_DUPFD_CLOEXEC, 0);
	p->child[0] = slave;
	p->child[1] = fcntl(slave, F_DUPFD_CLOEXEC, 0);
	p->child[2] = fcntl(slave, F_DUPFD_CLOEXEC, 0);
	return true;
}

static bool
make_pipes(struct pipes *p, const struct exec_spec *spec)
{
	return make_pipe(&p->status, &p->child_status, true) &&
	    make_pipe(&p->error, &p->child_error, true) &&
	    (spec->pty ? make_pty(p, spec) :
	    make_pipe(&p->in, &p->child[0], false) &&
	    make_pipe(&p->out[0], &p->child[1], true) &&
	    make_pipe(&p->out[1], &p->child[2], true));
}

static void
close_childs(struct pipes *p)
{
	for (int i = 0; i < 3; i++)
		close_fd(&p->child[i]);
	close_fd(&p->child_status);
	close_fd(&p->child_error);
}

static void
close_ours(struct pipes *p)
{
	close_fd(&p->in);
	close_fd(&p->out[0]);
	close_fd(&p->out[1]);
	close_fd(&p->status);
	close_fd(&p->error);
}

static void
helper_args(struct bwrap *b, const struct exec_spec *s)
{
	bwrap_arg(b, "run");
	bwrap_arg(b, "%d", s->pty);
	bwrap_arg(b, "%lld", (long long)s->memory_mb);
	bwrap_arg(b, "%lld", (long long)s->file_mb);
	bwrap_arg(b, "%u", s->processes);
	/* Whole seconds, above the bound: the caller judges by what was
	 * measured. */
	bwrap_arg(b, "%lld", s->cpu_ms > 0 ?
	    (long long)(s->cpu_ms / 1000 + 1) : 0);
	bwrap_arg(b, "%lld", (long long)s->asleep_ms);
	bwrap_arg(b, "--");
	for (const char *const *a = s->argv; *a != NULL; a++)
		bwrap_arg(b, "%s", *a);
}

static bool
spawn(struct exec *x, const struct exec_spec *spec, struct pipes *p,
    struct err *e)
{
	char tty[64] = "";
	struct bwrap b;
	bool ok = false;

	if (spec->pty && ttyname_r(p->child[0], tty, sizeof tty) != 0)
		tty[0] = '\0';
	if (!bwrap_prepare(&b, x->l->workspace, spec,
	    tty[0] != '\0' ? tty : NULL,
	    (const char *const *)x->l->mask, e)) {
		bwrap_finish(&b);
		return false;
	}
	helper_args(&b, spec);
	x->pid = fork();
	if (x->pid == 0)
		bwrap_exec(&b, p->child_status, p->child, p->child_error);
	if (x->pid > 0)
		x->pidfd = (int)syscall(SYS_pidfd_open, x->pid, 0);
	ok = x->pid > 0 && x->pidfd >= 0;
	if (!ok)
		err_sys(e, errno, "cannot start a process");
	bwrap_finish(&b);
	return ok;
}

static void
watch(struct exec *x)
{
	struct loop *l = x->l->base.loop;

	x->reap = loop_fd_add(l, x->pidfd, POLLIN, on_reap, x);
	x->status_source = loop_fd_add(l, x->status, POLLIN, on_status, x);
	x->error_source = loop_fd_add(l, x->error, POLLIN, on_error, x);
	x->in_source = loop_fd_add(l, x->in, 0, on_writable, x);
	x->out[0].source = loop_fd_add(l, x->out[0].fd, POLLIN, on_stdout, x);
	if (x->out[1].fd >= 0)
		x->out[1].source = loop_fd_add(l, x->out[1].fd, POLLIN,
		    on_stderr, x);
	x->wall = loop_timer_add(l, START_US, on_wall, x);
}

static void
start_failed(void *user)
{
	struct exec *x = user;

	x->wall = NULL;
	local_exec_done(x->l, x);
}

struct exec *
exec_start(struct local *l, const struct exec_spec *spec, uint64_t id)
{
	struct exec *x = xcalloc(1, sizeof *x);
	struct pipes p;
	struct err e = { 0 };
	bool ok;

	x->l = l;
	x->id = id;
	x->pty = spec->pty;
	x->output_max = spec->output_max;
	x->memory_mb = spec->memory_mb;
	x->cpu_ms = spec->cpu_ms;
	x->asleep_ms = spec->asleep_ms;
	x->pidfd = -1;
	memset(&p, -1, sizeof p);
	ok = !l->refused ? make_pipes(&p, spec) ||
	    err_sys(&e, errno, "cannot make a pipe") :
	    err_set(&e, ERR_UNAVAILABLE, "%s", l->why);
	ok = ok && spawn(x, spec, &p, &e);
	close_childs(&p);
	if (!ok)
		close_ours(&p);
	x->in = p.in;
	x->out[0].fd = p.out[0];
	x->out[1].fd = p.out[1];
	x->status = p.status;
	x->error = p.error;
	if (ok) {
		watch(x);
		return x;
	}
	x->reaped = true;
	x->x.infra = true;
	x->x.status = -1;
	snprintf(x->x.why, sizeof x->x.why, "%s", e.msg);
	/* Never reported from inside the call. */
	x->wall = loop_timer_add(l->base.loop, 0, start_failed, x);
	return x;
}

void
exec_free(struct exec *x)
{
	loop_timer_cancel(x->wall);
	loop_timer_cancel(x->resized);
	drop_source(&x->reap);
	drop_source(&x->in_source);
	drop_source(&x->status_source);
	drop_source(&x->error_source);
	for (int i = 0; i < 2; i++) {
		drop_source(&x->out[i].source);
		close_fd(&x->out[i].fd);
	}
	close_fd(&x->in);
	close_fd(&x->status);
	close_fd(&x->error);
	if (!x->reaped) {
		kill(x->pid, SIGKILL);
		waitpid(x->pid, NULL, 0);
	}
	close_fd(&x->pidfd);
	buf_free(&x->queue);
	buf_free(&x->said);
	buf_free(&x->errors);
	free(x);
}
