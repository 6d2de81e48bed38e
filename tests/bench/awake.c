#include "config.h"

/*
 * awake COMMAND ...: runs it while no processor sleeps.
 *
 * A virtual machine's processor that has nothing to do is given back to the
 * host, and who wakes it waits until it is its turn there: up to some
 * milliseconds, on a busy host at each of the thousands of wakings of a flood.
 * So each has a process here that runs only where nothing else would
 * (SCHED_IDLE, sched(7)): what is measured takes the processor from it at
 * once.
 */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t command;

static void
pass_on(int number)
{
	if (command > 0)
		kill((pid_t)command, number);
}

static void
spend(void)
{
#if defined __x86_64__ || defined __i386__
	__builtin_ia32_pause(); /* leaves the core to its other thread */
#elif defined __aarch64__
	__asm__ volatile("yield");
#endif
}

static void
hold(int cpu, pid_t parent)
{
	struct sched_param param = { 0 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0); /* the command has ended already */
	if (sched_setaffinity(0, sizeof set, &set) != 0 ||
	    sched_setscheduler(0, SCHED_IDLE, &param) != 0) {
		perror("awake: a processor may sleep");
		_exit(1);
	}
	for (;;)
		spend();
}

static void
hold_all(const cpu_set_t *cpus)
{
	pid_t parent = getpid();

	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, cpus) && fork() == 0)
			hold(i, parent);
}

int
main(int argc, char **argv)
{
	static const int passed[] = { SIGINT, SIGTERM, SIGHUP };
	cpu_set_t cpus;
	int status = 0;

	if (argc < 2 || sched_getaffinity(0, sizeof cpus, &cpus) != 0) {
		fputs("usage: awake COMMAND [ARGUMENT ...]\n", stderr);
		return 2;
	}
	command = fork();
	if (command < 0) {
		perror("awake");
		return 1;
	}
	if (command == 0) {
		execvp(argv[1], argv + 1);
		fprintf(stderr, "awake: %s: %s\n", argv[1], strerror(errno));
		_exit(127);
	}
	hold_all(&cpus);
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
		signal(passed[i], pass_on);
	while (waitpid((pid_t)command, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	/* Those that hold the processors end with this one. */
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
}
