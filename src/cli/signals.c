#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "loop/loop.h"
#include "ui/app.h"

static int pipe_fds[2] = { -1, -1 };
static struct loop_fd *source;
static void (*handler)(void *);
static void *handler_user;

static void
on_signal(int sig)
{
	int saved = errno;
	char c = (char)sig;
	ssize_t n = write(pipe_fds[1], &c, 1);

	(void)n;
	errno = saved;
}

static void
on_crash(int sig)
{
	app_emergency();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
on_readable(void *user, short revents)
{
	char junk[64];

	(void)user;
	(void)revents;
	while (read(pipe_fds[0], junk, sizeof junk) > 0)
		;
	handler(handler_user);
}

bool
cli_signals(struct loop *l, void (*fn)(void *), void *user, struct err *e)
{
	static const int ends[] = { SIGTERM, SIGHUP, SIGINT };
	/* Those that would end viva, whoever sent them. */
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
		SIGABRT, SIGTRAP, SIGSYS, SIGQUIT, SIGALRM, SIGVTALRM, SIGPROF,
		SIGUSR1, SIGUSR2, SIGXCPU };
	struct sigaction sa;

	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_sys(e, errno, "cannot make a pipe");
	handler = fn;
	handler_user = user;
	source = loop_fd_add(l, pipe_fds[0], POLLIN, on_readable, NULL);
	memset(&sa, 0, sizeof sa);
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = on_signal;
	sa.sa_flags = SA_RESTART;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		sigaction(ends[i], &sa, NULL);
	sa.sa_handler = on_crash;
	sa.sa_flags = (int)SA_RESETHAND;
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
		sigaction(crashes[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* of ulimit -f: the write fails instead */
	return true;
}

void
cli_signals_off(void)
{
	loop_fd_remove(source);
	source = NULL;
}
