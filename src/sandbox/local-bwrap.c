#include "config.h"

/* The walls: bubblewrap's command line.  bwrap(1) explains each option. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/local.h"
#include "sandbox/seccomp.h"

#define INSIDE_INIT "/run/viva-init"
/* Bytes in each of the places in memory.  A program that is judged has no
 * need of them, and would have that much more than its memory limit. */
#define TMP_SIZE "536870912"
#define TMP_SIZE_JUDGED "16777216"

const char *
bwrap_path(void)
{
	static const char *const paths[] = { "/usr/bin/bwrap", "/bin/bwrap",
		"/usr/local/bin/bwrap" };
	const char *given = getenv("VIVA_BWRAP");

	if (given != NULL)
		return access(given, X_OK) == 0 ? given : NULL;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

const char *
bwrap_init_path(void)
{
	static char path[PATH_MAX];
	const char *given = getenv("VIVA_INIT");
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 32);
	char *slash;

	if (given != NULL)
		return access(given, X_OK) == 0 ? given : NULL;
	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL) { /* run from its build directory */
		snprintf(slash + 1, 24, "viva-sandbox-init");
		if (access(path, X_OK) == 0)
			return path;
	}
	snprintf(path, sizeof path, VIVA_LIBEXECDIR "/viva-sandbox-init");
	return access(path, X_OK) == 0 ? path : NULL;
}

void
bwrap_arg(struct bwrap *b, const char *fmt, ...)
{
	char *s;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	GROW(b->argv, b->n, b->cap);
	b->argv[b->n++] = s;
	GROW(b->argv, b->n, b->cap);
	b->argv[b->n] = NULL;
}

static void
args(struct bwrap *b, const char *const *list)
{
	for (; *list != NULL; list++)
		bwrap_arg(b, "%s", *list);
}

/* A number for a descriptor of ours in the child. */
static int
take_fd(struct bwrap *b, int fd)
{
	b->fds[b->nfds] = fd;
	return CHILD_SECCOMP + (int)b->nfds++;
}

/* A copy, read-only as the root that it lies in.  A mount of its own would
 * take longer than the copying. */
static void
add_copy(struct bwrap *b, const char *path, int fd)
{
	args(b, (const char *[]){ "--perms", "0444", "--file", NULL });
	bwrap_arg(b, "%d", take_fd(b, fd));
	bwrap_arg(b, "%s", path);
}

static bool
add_text(struct bwrap *b, const char *path, const char *text, struct err *e)
{
	int fd = memfd_create("viva-etc", MFD_CLOEXEC);
	size_t n = strlen(text);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n ||
	    lseek(fd, 0, SEEK_SET) != 0) {
		if (fd >= 0)
			close(fd);
		return err_sys(e, errno, "cannot make %s for the sandbox",
		    path);
	}
	add_copy(b, path, fd);
	return true;
}

/* /bin, /lib… are links into /usr on a merged system, directories else. */
static void
add_roots(struct bwrap *b)
{
	static const char *const roots[] = { "bin", "sbin", "lib", "lib32",
		"lib64", "libx32" };
	char path[16], target[64];
	struct stat sb;
	ssize_t n;

	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		snprintf(path, sizeof path, "/%s", roots[i]);
		if (lstat(path, &sb) != 0)
			continue;
		n = readlink(path, target, sizeof target - 1);
		if (n > 0) {
			target[n] = '\0';
			args(b, (const char *[]){ "--symlink", target, path,
			    NULL });
		} else {
			args(b, (const char *[]){ "--ro-bind", path, path,
			    NULL });
		}
	}
}

/* What programs need of /etc, and nothing that tells about the host. */
static void
add_etc(struct bwrap *b)
{
	static const char *const dirs[] = { "alternatives", "terminfo", "vim",
		"python3", "python3.11" };
	static const char *const files[] = { "ld.so.cache", "inputrc",
		"nanorc", "magic", "mime.types", "manpath.config" };
	char path[64];
	int fd;

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		snprintf(path, sizeof path, "/etc/%s", dirs[i]);
		args(b, (const char *[]){ "--ro-bind-try", path, path, NULL });
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof path, "/etc/%s", files[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			add_copy(b, path, fd);
	}
}

static bool
add_texts(struct bwrap *b, struct err *e)
{
	return add_text(b, "/etc/passwd",
	    "root:x:0:0:root:/root:/usr/sbin/nologin\n"
	    "candidate:x:1000:1000:candidate:/home/candidate:/bin/bash\n", e) &&
	    add_text(b, "/etc/group", "root:x:0:\ncandidate:x:1000:\n", e) &&
	    add_text(b, "/etc/hosts", "127.0.0.1 localhost viva\n", e) &&
	    /* Login shells, tmux's for one, read this and not the other. */
	    add_text(b, "/etc/profile", ". /etc/bash.bashrc\n", e) &&
	    add_text(b, "/etc/bash.bashrc",
	    "[ -z \"$PS1\" ] && return\n"
	    "PS1='candidate@viva:\\w\\$ '\n"
	    "shopt -s checkwinsize\n"
	    "alias ls='ls --color=auto' ll='ls -l' grep='grep --color=auto'\n",
	    e);
}

static bool
is_bound(const char *path)
{
	static const char *const bound[] = { "/usr/", "/bin/", "/sbin/",
		"/lib/", "/lib32/", "/lib64/", "/libx32/", "/etc/" };

	for (size_t i = 0; i < ARRAY_LEN(bound); i++)
		if (strncmp(path, bound[i], strlen(bound[i])) == 0)
			return true;
	return false;
}

/* By another of them; of two that are the same, by the first. */
static bool
is_masked(char *const *real, size_t n, size_t i)
{
	for (size_t k = 0; k < n; k++) {
		size_t len = real[k] != NULL ? strlen(real[k]) : 0;

		if (k != i && len > 0 && strncmp(real[i], real[k], len) == 0 &&
		    (real[i][len] == '/' || (real[i][len] == '\0' && k < i)))
			return true;
	}
	return false;
}

static void
add_mask(struct bwrap *b, const char *path)
{
	struct stat sb;

	if (stat(path, &sb) == 0 && !S_ISDIR(sb.st_mode))
		/* Devices are none there: opening it fails. */
		args(b, (const char *[]){ "--ro-bind", "/dev/null", path,
		    NULL });
	else
		args(b, (const char *[]){ "--tmpfs", path, "--remount-ro",
		    path, NULL });
}

/* What lies below a directory that is bound is covered; once, as there is
 * nothing to cover below a cover. */
static void
add_masks(struct bwrap *b, const char *const *mask)
{
	size_t n = 0;
	char **real;

	while (mask != NULL && mask[n] != NULL)
		n++;
	real = xcalloc(n + 1, sizeof *real);
	for (size_t i = 0; i < n; i++)
		real[i] = realpath(mask[i], NULL);
	for (size_t i = 0; i < n; i++)
		if (real[i] != NULL && is_bound(real[i]) &&
		    !is_masked(real, n, i))
			add_mask(b, real[i]);
	for (size_t i = 0; i < n; i++)
		free(real[i]);
	free(real);
}

bool
bwrap_prepare(struct bwrap *b, const char *workspace,
    const struct exec_spec *spec, const char *tty, const char *const *mask,
    struct err *e)
{
	bool read_only = spec != NULL && spec->read_only;
	const char *size = read_only ? TMP_SIZE_JUDGED : TMP_SIZE;
	const char *const walls[] = { "--die-with-parent", "--as-pid-1",
		"--unshare-user", "--unshare-pid", "--unshare-net",
		"--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
		"--hostname", "viva", "--uid", "1000", "--gid", "1000",
		"--cap-drop", "ALL", "--clearenv", "--ro-bind", "/usr", "/usr",
		"--proc", "/proc", "--dev", "/dev", "--size", size,
		"--perms", "1777", "--tmpfs", "/tmp", "--size", size,
		"--perms", "1777", "--tmpfs", "/dev/shm", "--size", "16777216",
		"--tmpfs", "/run", "--size", size, "--tmpfs", "/home",
		"--dir", "/home/candidate", "--setenv", "PATH",
		"/usr/local/bin:/usr/bin:/bin:/usr/games", "--setenv", "HOME",
		"/home/candidate", "--setenv", "USER", "candidate", "--setenv",
		"LOGNAME", "candidate", "--setenv", "SHELL", "/bin/bash",
		"--setenv", "TERM", "xterm-256color", "--setenv", "COLORTERM",
		"truecolor", "--setenv", "LANG", "C.UTF-8", "--setenv",
		"PYTHONDONTWRITEBYTECODE", "1", NULL };
	int fd = seccomp_memfd(spec != NULL && spec->cpu_ms > 0, e);

	memset(b, 0, sizeof *b);
	if (fd < 0)
		return false;
	bwrap_arg(b, "bwrap");
	bwrap_arg(b, "--seccomp");
	bwrap_arg(b, "%d", take_fd(b, fd));
	args(b, walls);
	add_roots(b);
	add_etc(b);
	if (!add_texts(b, e))
		return false;
	add_masks(b, mask);
	if (tty != NULL)
		args(b, (const char *[]){ "--dev-bind", tty, "/dev/console",
		    NULL });
	args(b, (const char *[]){ "--ro-bind", bwrap_init_path(), INSIDE_INIT,
	    read_only ? "--ro-bind" : "--bind", workspace, "/workspace",
	    "--remount-ro", "/dev", "--remount-ro", "/",
	    "--chdir", "/workspace", "--", INSIDE_INIT, NULL });
	return true;
}

void
bwrap_finish(struct bwrap *b)
{
	for (size_t i = 0; i < b->nfds; i++)
		close(b->fds[i]);
	for (size_t i = 0; i < b->n; i++)
		free(b->argv[i]);
	free(b->argv);
	memset(b, 0, sizeof *b);
}

/* Above every number that has a place, so that none is overwritten. */
#define ABOVE 40

void
bwrap_exec(const struct bwrap *b, int status, const int io[3], int error)
{
	/* The user's environment may hold keys, and a process can be asked
	 * for the one that it was started with. */
	static char *const env[] = { (char *)"PATH=/usr/bin:/bin", NULL };
	int from[24], n = 0;
	sigset_t none;

	from[n++] = open("/dev/null", O_RDWR);
	from[n++] = open("/dev/null", O_RDWR);
	from[n++] = error;
	from[n++] = status;
	for (int i = 0; i < 3; i++)
		from[n++] = io[i];
	for (size_t i = 0; i < b->nfds; i++)
		from[n++] = b->fds[i];
	for (int i = 0; i < n; i++)
		from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, ABOVE);
	for (int i = 0; i < n; i++)
		if (dup2(from[i], i) < 0)
			_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	setsid(); /* away from the user's terminal and its signals */
	close_range((unsigned)n, ~0u, 0);
	execve(bwrap_path(), b->argv, env);
	dprintf(2, "%s: %s", bwrap_path(), strerror(errno));
	_exit(1);
}
