#include "config.h"

/* A disk that gets full: what was acknowledged stays, the failure is told,
 * and when there is room again all that waited in memory is written. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sandbox/fs.h"
#include "session/record.h"
#include "store/journal.h"

static char dir[256], path[300];
static struct loop *loop;

static int
setup(void **st)
{
	const char *tmp = getenv("TMPDIR");

	(void)st;
	snprintf(dir, sizeof dir, "%s/viva-full-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/journal.jsonl", dir);
	loop = loop_create(clock_system(), waiter_poll());
	return 0;
}

static int
teardown(void **st)
{
	(void)st;
	loop_destroy(loop);
	fs_remove_tree(dir);
	return 0;
}

static void
make_event(struct event *ev, uint64_t seq)
{
	static const char text[] = "a line of output, as a shell has it\r\n";

	memset(ev, 0, sizeof *ev);
	ev->seq = seq;
	ev->t = (int64_t)seq;
	ev->type = EV_TERM_OUTPUT;
	ev->u.io.data = (struct bytes){ text, sizeof text - 1 };
}

static void
append(struct journal *j, uint64_t from, uint64_t to)
{
	struct event ev;

	for (uint64_t i = from; i <= to; i++) {
		make_event(&ev, i);
		journal_append(j, &ev);
	}
}

static void
set_flag(void *user)
{
	*(bool *)user = true;
}

static void
expect_events(uint64_t n)
{
	struct journal_end end;
	struct err e;

	if (!journal_recover(path, &end, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(end.seq, n);
}

/* ---- a disk of so many bytes ---- */

struct disk {
	struct journal_io base;
	long room;	    /* bytes that still fit */
	unsigned bad_syncs; /* so many fail */
	long cached;	    /* length of the file that a bad sync dropped */
	unsigned fails;	    /* calls that failed */
	unsigned grows;	    /* there is room again after so many; 0 never */
	struct journal *j;
};

static bool
disk_fails(struct disk *d)
{
	if (++d->fails == d->grows)
		d->room = 1 << 30;
	errno = ENOSPC;
	return false;
}

static ssize_t
disk_write(struct journal_io *io, int fd, const void *p, size_t n, off_t at)
{
	struct disk *d = (struct disk *)io;
	ssize_t done;

	if (d->room <= 0)
		return disk_fails(d) ? 0 : -1;
	done = pwrite(fd, p, (long)n > d->room ? (size_t)d->room : n, at);
	d->room -= done > 0 ? done : 0;
	return done;
}

/* As Linux does it: what could not be written is gone from memory, too, and
 * the next sync knows nothing of it. */
static int
disk_sync(struct journal_io *io, int fd)
{
	struct disk *d = (struct disk *)io;
	struct stat sb;

	if (d->bad_syncs == 0) {
		if (fstat(fd, &sb) == 0)
			d->cached = (long)sb.st_size;
		return 0;
	}
	d->bad_syncs--;
	if (fstat(fd, &sb) != 0 || ftruncate(fd, d->cached) != 0 ||
	    ftruncate(fd, sb.st_size) != 0)
		abort();
	errno = EIO;
	return -1;
}

static struct journal *
open_on(struct disk *d)
{
	struct err e;

	d->base = (struct journal_io){ disk_write, disk_sync };
	d->j = journal_open(path, loop, &d->base, &e);
	assert_non_null(d->j);
	return d->j;
}

static void
what_waits_is_written_when_there_is_room(void **st)
{
	/* Cut in the middle of a line, and at its end. */
	static const long rooms[] = { 0, 1777, 4096 };

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(rooms); i++) {
		struct disk d = { .room = rooms[i], .grows = 1 };
		bool first = false, all = false;
		struct err e;
		struct journal *j;

		unlink(path);
		j = open_on(&d);
		append(j, 1, 100);
		journal_sync(j, set_flag, &first);
		while (!journal_failed(j, &e))
			loop_turn(loop, 1000);
		assert_non_null(strstr(e.msg, "No space left"));
		assert_true(journal_backlog(j) > 0);
		assert_false(first);
		append(j, 101, 200);
		journal_sync(j, set_flag, &all);
		while (!all)
			loop_turn(loop, -1);
		assert_true(first);
		assert_false(journal_failed(j, NULL));
		assert_int_equal(journal_backlog(j), 0);
		append(j, 201, 210);
		assert_true(journal_close(j, &e));
		expect_events(210);
	}
}

static void
a_sync_that_fails_makes_it_be_written_again(void **st)
{
	struct disk d = { .room = 1 << 30 };
	bool before = false, after = false;
	struct err e;
	struct journal *j = open_on(&d);

	(void)st;
	append(j, 1, 20);
	journal_sync(j, set_flag, &before);
	while (!before)
		loop_turn(loop, -1);
	d.bad_syncs = 2;
	append(j, 21, 40);
	journal_sync(j, set_flag, &after);
	while (!after)
		loop_turn(loop, -1);
	assert_int_equal(d.bad_syncs, 0);
	expect_events(40);
	append(j, 41, 50);
	assert_true(journal_close(j, &e));
	expect_events(50);
}

static void
closing_goes_on_trying_for_a_while(void **st)
{
	struct disk d = { .room = 2000, .grows = 5 };
	struct err e;
	struct journal *j = open_on(&d);

	(void)st;
	append(j, 1, 100);
	if (!journal_close(j, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(d.fails, 5);
	expect_events(100);
}

static void
closing_gives_up_and_says_so(void **st)
{
	struct disk d = { .room = 2000 };
	bool first = false;
	struct journal_end end;
	struct err e;
	struct journal *j = open_on(&d);

	(void)st;
	append(j, 1, 5);
	journal_sync(j, set_flag, &first);
	while (!first)
		loop_turn(loop, -1);
	append(j, 6, 100);
	assert_false(journal_close(j, &e));
	assert_non_null(strstr(e.msg, "No space left"));
	assert_true(d.fails > 5); /* it tried */
	assert_true(journal_recover(path, &end, &e));
	assert_true(end.seq >= 5 && end.seq < 100 && end.torn > 0);
	/* And the next one goes on there. */
	j = journal_open(path, loop, journal_io_system(), &e);
	assert_non_null(j);
	append(j, end.seq + 1, end.seq + 10);
	assert_true(journal_close(j, &e));
	expect_events(end.seq + 10);
}

static void
a_file_that_cannot_be_read_is_not_cut(void **st)
{
	struct journal_end end;
	struct err e;

	(void)st;
	/* Its first page is not mapped: reading fails, it does not end. */
	assert_false(journal_recover("/proc/self/mem", &end, &e));
	assert_non_null(strstr(e.msg, "/proc/self/mem"));
}

/* ---- a real limit, in a child ---- */

static void
limit_files(rlim_t bytes)
{
	struct rlimit r = { bytes, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &r) != 0)
		_exit(90);
}

#define CHECK(x) \
	do { \
		if (!(x)) { \
			dprintf(2, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
			_exit(1); \
		} \
	} while (0)

/* A limit of a process cannot be taken back in the one that runs the tests
 * without harm to what it prints. */
static void
in_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
record_on_a_full_disk(void)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct record *r;
	struct event ev;
	struct err e;

	r = record_open(l, dir, NULL, "s", &e);
	CHECK(r != NULL);
	limit_files(10000);
	for (uint64_t i = 1; i <= 300; i++) {
		make_event(&ev, i);
		record_append(r, &ev);
	}
	record_sync(r);
	while (!record_failed(r, &e))
		loop_turn(l, 1000);
	CHECK(strstr(e.msg, "cannot write the journal") != NULL);
	CHECK(record_backlog(r) > 0);
	limit_files(RLIM_INFINITY);
	record_close(r);
}

static void
a_record_goes_on_when_there_is_room(void **st)
{
	(void)st;
	in_child(record_on_a_full_disk);
	expect_events(300);
}

static void
put(const char *name, const char *data, size_t n, bool want)
{
	struct fs_request q = { .op = FS_PUT, .path = name, .data = data,
		.n = n };
	int root = open(dir, O_RDONLY | O_DIRECTORY);
	struct fs_result out;

	CHECK(root >= 0);
	fs_run(root, &q, &out);
	CHECK(out.ok == want);
	CHECK(want || strstr(out.err.msg, name) != NULL);
	fs_result_finish(&out);
	close(root);
}

static void
save_on_a_full_disk(void)
{
	static char big[100000];

	memset(big, 'x', sizeof big);
	put("solution.py", "precious\n", 9, true);
	put("sub/new.py", "", 0, true);
	limit_files(50000);
	put("solution.py", big, sizeof big, false);
	put("another", big, sizeof big, false);
	put("sub/new.py", big, sizeof big, false);
	limit_files(RLIM_INFINITY);
	put("sub/new.py", big, sizeof big, true);
}

static size_t
size_of(const char *name)
{
	char at[400];
	struct stat sb;

	snprintf(at, sizeof at, "%s/%s", dir, name);
	assert_int_equal(stat(at, &sb), 0);
	return (size_t)sb.st_size;
}

static unsigned
entries_of(const char *name)
{
	struct dirent *d;
	unsigned n = 0;
	char at[400];
	DIR *list;

	snprintf(at, sizeof at, "%s/%s", dir, name);
	list = opendir(at);
	assert_non_null(list);
	while ((d = readdir(list)) != NULL)
		n += strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0;
	closedir(list);
	return n;
}

static void
a_save_that_fails_leaves_the_old_file_and_nothing_else(void **st)
{
	(void)st;
	in_child(save_on_a_full_disk);
	assert_int_equal(size_of("solution.py"), 9);
	assert_int_equal(size_of("sub/new.py"), 100000);
	assert_int_equal(entries_of(""), 2);
	assert_int_equal(entries_of("sub"), 1);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_waits_is_written_when_there_is_room),
		T(a_sync_that_fails_makes_it_be_written_again),
		T(closing_goes_on_trying_for_a_while),
		T(closing_gives_up_and_says_so),
		T(a_file_that_cannot_be_read_is_not_cut),
		T(a_record_goes_on_when_there_is_room),
		T(a_save_that_fails_leaves_the_old_file_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
