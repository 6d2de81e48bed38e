#include "config.h"

#include "loop/loop.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- turns of the scheduler ---- */

/* The turn that this thread asked for, or the usual one; 0 where the kernel
 * does not say. */
static uint64_t
turn(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} a = { 0 };

	assert_int_equal(syscall(SYS_sched_getattr, 0, &a, sizeof a, 0), 0);
	assert_int_equal(a.policy, SCHED_OTHER);
	return a.runtime;
}

static void *
turn_of_thread(void *to)
{
	*(uint64_t *)to = turn();
	return NULL;
}

/* In a process of its own: it cannot be taken back. */
static int
ask(void)
{
	uint64_t usual = turn(), others = 1;
	pthread_t t;
	pid_t pid;
	int status;

	loop_short_turns();
	if (usual > 0 && (turn() >= usual || turn() == 0))
		return 1;
	if (pthread_create(&t, NULL, turn_of_thread, &others) != 0 ||
	    pthread_join(t, NULL) != 0 || others != usual)
		return 2;
	pid = fork();
	if (pid == 0)
		_exit(turn() == usual ? 0 : 3);
	return waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : 4;
}

static void
test_short_turns(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(ask());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
