/*
 * viva-sandbox-init: the first program of ours inside a sandbox.
 *
 *	viva-sandbox-init run PTY DATA_MB FILE_MB PROCESSES CPU_S ASLEEP_MS
 *	    -- ARGV...
 *	viva-sandbox-init sheet		(to fd 5)
 *
 * run: checks from the inside that the walls stand, says "ready" on fd 3,
 * puts fds 4, 5, 6 in the place of 0, 1, 2, sets the limits, runs ARGV and
 * says on fd 3 how it ended: the exit status of a sandboxed program comes
 * from here and from nowhere else.  sheet: tries what must not work and
 * prints a line for each.
 *
 * It is process 1 of its sandbox, so that no program inside can kill it, and
 * not dumpable, so that none can reach fd 3 through /proc or trace it.  All
 * that is left without a parent becomes its child: what a program hides in
 * the background is counted and ended with it.
 *
 * Depends on the C library alone, since it is bound into the sandbox.
 */

#include "config.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FD_STATUS 3
#define FD_STDIN 4 /* 5 and 6 follow */
#define MB (1024LL * 1024)
#define LOOK_NS 100000000 /* between two looks at what runs */
#define LOOK_US (LOOK_NS / 1000)
#define REAP_MOST 100 /* before the next look */

/* The line "Name: value" of /proc/self/status; -1: none. */
static long
own_status(const char *name)
{
	char line[256];
	size_t n = strlen(name);
	long value = -1;
	FILE *f = fopen("/proc/self/status", "re");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, name, n) == 0 && line[n] == ':')
			value = strtol(line + n + 1, NULL, 10);
	if (f != NULL)
		fclose(f);
	return value;
}

static bool
only_loopback(void)
{
	struct if_nameindex *list = if_nameindex();
	bool ok = true;

	for (struct if_nameindex *i = list; i != NULL && i->if_index != 0; i++)
		if (strcmp(i->if_name, "lo") != 0)
			ok = false;
	if (list != NULL)
		if_freenameindex(list);
	return ok;
}

static int
processes(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			n++;
	if (d != NULL)
		closedir(d);
	return n;
}

static const char *
broken_wall(void)
{
	if (own_status("NoNewPrivs") != 1)
		return "no_new_privs is not set";
	if (own_status("Seccomp") != 2)
		return "no seccomp filter is in force";
	if (getpid() != 1 || processes() > 4)
		return "processes of the host can be seen";
	if (!only_loopback())
		return "there is a network interface besides lo";
	if (geteuid() == 0)
		return "the program would run as root";
	return NULL;
}

static void
limit(int what, long long value)
{
	struct rlimit r = { (rlim_t)value, (rlim_t)value };

	setrlimit(what, &r);
}

static void
set_limits(char **v)
{
	long long data = atoll(v[0]), file = atoll(v[1]);
	long long processes_max = atoll(v[2]), cpu = atoll(v[3]);

	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, 1024);
	if (data > 0)
		limit(RLIMIT_DATA, data * MB);
	if (file > 0)
		limit(RLIMIT_FSIZE, file * MB);
	if (processes_max > 0)
		limit(RLIMIT_NPROC, processes_max);
	if (cpu > 0) { /* SIGXCPU first, SIGKILL a second later */
		struct rlimit r = { (rlim_t)cpu, (rlim_t)cpu + 1 };

		setrlimit(RLIMIT_CPU, &r);
	}
}

static void
child(bool pty, char **limits, char **argv)
{
	for (int i = 0; i < 3; i++)
		dup2(FD_STDIN + i, i);
	for (int fd = FD_STATUS; fd < 64; fd++)
		close(fd);
	setsid();
	if (pty)
		ioctl(0, TIOCSCTTY, 0);
	set_limits(limits);
	execv(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static long long
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

/* ---- all of them together ---- */

/* The limits of setrlimit are for one process each, and the one on their
 * number is not for root.  So somebody counts. */
struct bounds {
	long processes, memory_kb; /* 0: none */
	long long cpu_us, asleep_us;
};

/* What one look finds. */
struct look {
	long tasks, kb;
	long long cpu_us; /* of those that run */
	bool awake; /* one runs, or would if there were a processor for it */
};

/* The next number in a directory of /proc; d may be NULL. */
static const char *
next_number(DIR *d)
{
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			return e->d_name;
	return NULL;
}

static bool
slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* The fields after the name, which may have brackets itself (proc(5)). */
static const char *
stat_fields(const char *text)
{
	const char *at = strrchr(text, ')');

	return at != NULL && at[1] != '\0' ? at + 2 : "";
}

static bool
thread_awake(const char *pid)
{
	char path[64], text[1024];
	const char *task;
	bool awake = false;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%.20s/task", pid);
	d = opendir(path);
	while (!awake && (task = next_number(d)) != NULL) {
		snprintf(path, sizeof path, "/proc/%.20s/task/%.20s/stat", pid,
		    task);
		awake = slurp(path, text, sizeof text) &&
		    stat_fields(text)[0] == 'R';
	}
	if (d != NULL)
		closedir(d);
	return awake;
}

/* Its time, that of its children that have ended, and whether it is awake. */
static void
add_time(const char *pid, bool threads, struct look *l)
{
	char path[64], text[1024];
	const char *at;
	long long ticks[4];

	snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	if (!slurp(path, text, sizeof text))
		return;
	at = stat_fields(text);
	/* proc(5): utime, stime, cutime and cstime are fields 14 to 17. */
	if (sscanf(at, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld "
	    "%lld %lld", &ticks[0], &ticks[1], &ticks[2], &ticks[3]) == 4)
		l->cpu_us += (ticks[0] + ticks[1] + ticks[2] + ticks[3]) *
		    1000000 / sysconf(_SC_CLK_TCK);
	if (at[0] == 'R' || (threads && !l->awake && thread_awake(pid)))
		l->awake = true;
}

/* Memory of its own, in KiB, its threads and, if timed, its time are added. */
static void
add_process(const char *pid, bool timed, struct look *l)
{
	char path[64], text[4096];
	const char *at;
	long threads;

	snprintf(path, sizeof path, "/proc/%.20s/status", pid);
	if (!slurp(path, text, sizeof text))
		return;
	if ((at = strstr(text, "\nRssAnon:")) != NULL)
		l->kb += atol(at + 9);
	if ((at = strstr(text, "\nRssShmem:")) != NULL)
		l->kb += atol(at + 10);
	at = strstr(text, "\nThreads:");
	threads = at != NULL ? atol(at + 9) : 1;
	l->tasks += threads;
	if (timed && strcmp(pid, "1") != 0) /* this one */
		add_time(pid, threads > 1, l);
}

/* Memory of segments (shmget(2)), in KiB: it stays without a process that
 * has it. */
static long
segments(void)
{
	char line[512];
	long kb = 0, bytes;
	FILE *f = fopen("/proc/sysvipc/shm", "re");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "%*d %*d %*s %*s %*s %*s %*s %*s %*s %*s "
		    "%*s %*s %*s %*s %ld", &bytes) == 1)
			kb += bytes / 1024;
	if (f != NULL)
		fclose(f);
	return kb;
}

/* Which bound is broken; NULL: none.  They are counted before any is looked
 * at, and those beyond the bound are neither: while that is done, their number
 * doubles. */
static const char *
over(const struct bounds *b, struct look *l)
{
	long names = 0, most = b->processes > 0 ? b->processes + 1 : LONG_MAX;
	DIR *d = opendir("/proc");

	*l = (struct look){ .kb = segments() };
	while (names <= most && next_number(d) != NULL)
		names++;
	if (d != NULL)
		rewinddir(d);
	for (const char *pid; names <= most && l->tasks <= most &&
	    (pid = next_number(d)) != NULL; )
		add_process(pid, b->cpu_us > 0 || b->asleep_us > 0, l);
	if (d != NULL)
		closedir(d);
	if (names > most || l->tasks > most)
		return "processes";
	return b->memory_kb > 0 && l->kb > b->memory_kb ? "memory" : NULL;
}

static long long
children_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL +
	    u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

/* Asleep is who neither runs nor waits for a processor: what a busy machine
 * keeps from a program is not counted against it.  After a long time in which
 * not even this one ran, nobody knows what it did. */
struct sleeper {
	long long at, asleep_us;
};

static bool
slept_too_long(struct sleeper *s, const struct bounds *b,
    const struct look *l)
{
	long long now = now_us(), since = now - s->at;

	s->at = now;
	if (!l->awake)
		s->asleep_us += since < 2 * LOOK_US ? since : 2 * LOOK_US;
	return b->asleep_us > 0 && s->asleep_us >= b->asleep_us;
}

/* How often the kernel has killed for want of memory, on this machine. */
static long
oom_kills(void)
{
	char name[64];
	long value = 0, n;
	FILE *f = fopen("/proc/vmstat", "re");

	while (f != NULL && fscanf(f, "%63s %ld", name, &n) == 2)
		if (strcmp(name, "oom_kill") == 0)
			value = n;
	if (f != NULL)
		fclose(f);
	return value;
}

/* Reaps what has ended, at most so many: while a bomb goes off there is always
 * another.  True: pid was among it. */
static bool
reap(pid_t pid, int *status, int options, int most)
{
	bool found = false;
	int st;
	pid_t p;

	while (most-- > 0 && ((p = waitpid(-1, &st, options)) > 0 ||
	    (p < 0 && errno == EINTR)))
		if (p == pid) {
			*status = st;
			found = true;
		}
	return found;
}

/* Until pid has ended, by itself or because a bound was broken. */
static int
supervise(pid_t pid, const struct bounds *b, const sigset_t *chld)
{
	const struct timespec pause = { 0, LOOK_NS };
	struct sleeper sleeper = { .at = now_us() };
	struct look look;
	const char *what = NULL;
	int status = 0;

	while (!reap(pid, &status, WNOHANG, REAP_MOST)) {
		if (what == NULL) {
			what = over(b, &look);
			if (what == NULL && (slept_too_long(&sleeper, b,
			    &look) || (b->cpu_us > 0 && look.cpu_us +
			    children_us() > b->cpu_us)))
				what = "time";
			if (what != NULL)
				dprintf(FD_STATUS, "limit %s\n", what);
		}
		if (what != NULL)
			kill(-1, SIGKILL);
		sigtimedwait(chld, NULL, &pause);
	}
	return status;
}

/* The CPU time is that of all that ran here, so what is left is ended
 * first. */
static void
tell_end(int status, long long wall, long killed_before)
{
	struct rusage u;
	int none;

	kill(-1, SIGKILL);
	reap(-1, &none, 0, INT_MAX);
	getrusage(RUSAGE_CHILDREN, &u);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
	    oom_kills() > killed_before)
		dprintf(FD_STATUS, "broken the machine ran out of memory\n");
	else
		dprintf(FD_STATUS, "exit %d %lld %lld %ld\n",
		    WIFSIGNALED(status) ? -WTERMSIG(status) :
		    WEXITSTATUS(status),
		    children_us(), wall,
		    u.ru_maxrss);
}

static int
run(char **v)
{
	/* Twice the memory of one: forked, its pages count twice. */
	const struct bounds b = { atol(v[3]), atol(v[1]) * 1024 * 2,
		atoll(v[4]) * 1000000, atoll(v[5]) * 1000 };
	const char *broken = broken_wall();
	bool pty = strcmp(v[0], "1") == 0;
	long killed_before = oom_kills();
	sigset_t chld;
	long long begin;
	pid_t pid;
	int status;

	if (broken != NULL) {
		dprintf(FD_STATUS, "broken %s\n", broken);
		return 1;
	}
	prctl(PR_SET_DUMPABLE, 0);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	dprintf(FD_STATUS, "ready\n");
	begin = now_us();
	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_UNBLOCK, &chld, NULL);
		child(pty, v + 1, v + 7);
	}
	if (pid < 0) {
		dprintf(FD_STATUS, "broken cannot fork: %s\n",
		    strerror(errno));
		return 1;
	}
	for (int fd = FD_STDIN; fd < FD_STDIN + 3; fd++)
		close(fd);
	status = supervise(pid, &b, &chld);
	tell_end(status, now_us() - begin, killed_before);
	return 0;
}

/* ---- the sheet ---- */

static void
line(bool ok, const char *text)
{
	printf("%s\t%s\n", ok ? "yes" : "NO", text);
}

static bool
can_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	close(fd);
	unlink(path);
	return true;
}

static bool
can_connect(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return false;
	/* TEST-NET-1 (RFC 5737): unreachable at once without a route. */
	inet_pton(AF_INET, "192.0.2.1", &a.sin_addr);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	rc = connect(fd, (struct sockaddr *)&a, sizeof a);
	rc = rc < 0 && errno != EINPROGRESS;
	close(fd);
	return !rc;
}

static int
entries(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			n++;
	if (d != NULL)
		closedir(d);
	return n;
}

static int
sheet(void)
{
	char c = 'x';

	dup2(FD_STDIN + 1, 1);
	line(broken_wall() == NULL, "seccomp filter and no_new_privs in force");
	line(processes() <= 4, "no process of the host can be seen");
	line(only_loopback() && !can_connect(), "no network");
	line(!can_write("/usr/viva-probe") && !can_write("/etc/viva-probe"),
	    "the system is read-only");
	line(entries("/home") <= 1 && entries("/home/candidate") == 0 &&
	    access("/root", F_OK) != 0, "nothing of the host's homes is there");
	line(can_write("/workspace/.viva-probe"), "the workspace is writable");
	line(can_write("/tmp/probe"), "/tmp is the sandbox's own");
	line(mount("none", "/tmp", "tmpfs", 0, NULL) != 0, "no mounts");
	line(unshare(CLONE_NEWUSER) != 0, "no namespaces of its own");
	line(ioctl(0, TIOCSTI, &c) != 0 && errno == EPERM,
	    "no typing into terminals (TIOCSTI)");
	return 0;
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_DFL);
	if (argc >= 2 && strcmp(argv[1], "sheet") == 0)
		return sheet();
	if (argc >= 10 && strcmp(argv[1], "run") == 0)
		return run(argv + 2);
	fputs("viva-sandbox-init runs inside viva's sandbox\n", stderr);
	return 2;
}
