#include "config.h"

#include "loop/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- what is ready ---- */

#define SOURCES 4

struct source {
	struct fix *f;
	int fd, other; /* what is written there can be read at fd */
	struct loop_fd *s;
	char name;
	struct source *removes, *pauses; /* when it is called */
};

struct fix {
	struct loop *loop;
	struct source v[SOURCES];
	char calls[16]; /* their names */
};

static int
polled(struct waiter *w, struct pollfd *fds, int n, int64_t us)
{
	(void)w;
	return poll(fds, (nfds_t)n, us < 0 ? -1 : (int)(us / 1000));
}

/* The system's own way, and one that is polled. */
static struct waiter *
waiter_of(bool system)
{
	static struct waiter w = { polled };

	return system ? waiter_poll() : &w;
}

static void
on_ready(void *user, short revents)
{
	struct source *s = user;
	size_t n = strlen(s->f->calls);

	assert_true(revents & (POLLIN | POLLHUP));
	assert_true(n + 1 < sizeof s->f->calls);
	s->f->calls[n] = s->name;
	if (s->removes != NULL)
		loop_fd_remove(s->removes->s);
	if (s->pauses != NULL)
		loop_fd_set(s->pauses->s, 0);
}

static void
open_pipe(struct source *s)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s->fd = fds[0];
	s->other = fds[1];
}

static void
begin(struct fix *f, bool system)
{
	memset(f, 0, sizeof *f);
	f->loop = loop_create(clock_system(), waiter_of(system));
	for (int i = 0; i < SOURCES; i++) {
		f->v[i].f = f;
		f->v[i].name = (char)('a' + i);
		open_pipe(&f->v[i]);
		f->v[i].s = loop_fd_add(f->loop, f->v[i].fd, POLLIN, on_ready,
		    &f->v[i]);
	}
}

static void
end(struct fix *f)
{
	for (int i = 0; i < SOURCES; i++) {
		close(f->v[i].fd);
		close(f->v[i].other);
	}
	loop_destroy(f->loop);
}

static void
feed(struct fix *f, const char *names)
{
	for (; *names != '\0'; names++)
		assert_int_equal(write(f->v[*names - 'a'].other, "x", 1), 1);
}

/* Who is called in one turn. */
static const char *
turn_of(struct fix *f)
{
	memset(f->calls, 0, sizeof f->calls);
	loop_turn(f->loop, 0);
	return f->calls;
}

static void
test_order(void **state)
{
	struct fix f;

	(void)state;
	for (int system = 0; system < 2; system++) {
		begin(&f, system);
		assert_string_equal(turn_of(&f), "");
		feed(&f, "db");
		feed(&f, "a");
		assert_string_equal(turn_of(&f), "abd");
		/* As long as it is not read. */
		assert_string_equal(turn_of(&f), "abd");
		loop_fd_first(f.v[3].s);
		assert_string_equal(turn_of(&f), "dab");
		end(&f);
	}
}

static void
test_pause(void **state)
{
	struct fix f;

	(void)state;
	for (int system = 0; system < 2; system++) {
		begin(&f, system);
		feed(&f, "abc");
		loop_fd_set(f.v[1].s, 0);
		assert_string_equal(turn_of(&f), "ac");
		loop_fd_set(f.v[1].s, POLLIN);
		loop_fd_set(f.v[2].s, POLLOUT);
		assert_string_equal(turn_of(&f), "ab");
		/* Its end neither, while it is paused. */
		loop_fd_set(f.v[3].s, 0);
		close(f.v[3].other);
		assert_string_equal(turn_of(&f), "ab");
		loop_fd_set(f.v[3].s, POLLIN);
		assert_string_equal(turn_of(&f), "abd");
		open_pipe(&f.v[3]);
		end(&f);
	}
}

/* By the handler of another, in the turn that had it called. */
static void
test_remove(void **state)
{
	struct fix f;

	(void)state;
	for (int system = 0; system < 2; system++) {
		begin(&f, system);
		feed(&f, "abcd");
		f.v[0].removes = &f.v[2];
		f.v[1].pauses = &f.v[3];
		assert_string_equal(turn_of(&f), "ab");
		f.v[0].removes = NULL;
		assert_string_equal(turn_of(&f), "ab");
		end(&f);
	}
}

/* An fd that another has now, whichever comes first: the close, the new
 * source, the removal of the old one. */
static void
test_same_number(void **state)
{
	struct fix f;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct source *s = &f.v[2], old;

		begin(&f, i % 2);
		old = *s;
		if (i < 2)
			loop_fd_remove(old.s);
		close(s->fd);
		close(s->other);
		open_pipe(s);
		assert_int_equal(s->fd, old.fd); /* the lowest that is free */
		s->s = loop_fd_add(f.loop, s->fd, POLLIN, on_ready, s);
		if (i >= 2)
			loop_fd_remove(old.s);
		feed(&f, "cd");
		assert_string_equal(turn_of(&f), "dc");
		end(&f);
	}
}

/* What the kernel does not take into its set is polled, with all others. */
static void
test_file(void **state)
{
	struct fix f;

	(void)state;
	for (int system = 0; system < 2; system++) {
		begin(&f, system);
		loop_fd_remove(f.v[1].s);
		close(f.v[1].fd);
		f.v[1].fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		assert_true(f.v[1].fd >= 0);
		f.v[1].s = loop_fd_add(f.loop, f.v[1].fd, POLLIN, on_ready,
		    &f.v[1]);
		feed(&f, "a");
		assert_string_equal(turn_of(&f), "ab");
		feed(&f, "c");
		loop_fd_set(f.v[1].s, 0);
		assert_string_equal(turn_of(&f), "ac");
		end(&f);
	}
}

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
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_same_number),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_short_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
