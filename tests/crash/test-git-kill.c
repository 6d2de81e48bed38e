#include "config.h"

/* A process that makes checkpoints without a pause is killed at some point,
 * over and over.  The repository stays whole, holds all that was told to be
 * in it, and takes the next checkpoint; what was half written goes away. */

#include <dirent.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sandbox/fs.h"
#include "store/gitstore.h"

#define ROUNDS 20
#define NEW_ROUNDS 12
#define MERGE_ROUNDS 8
#define MANY 60 /* packs: more than a store leaves as they are */
#define ID 41

static char dir[256], repo[300], journal[300];
static uint64_t seed = 20240301;

/* xorshift64: the same choices in every run. */
static unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 32) % n;
}

static int
setup(void **st)
{
	const char *tmp = getenv("TMPDIR");

	(void)st;
	snprintf(dir, sizeof dir, "%s/viva-git-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(repo, sizeof repo, "%s/records.git", dir);
	snprintf(journal, sizeof journal, "%s/journal.jsonl", dir);
	return 0;
}

static int
teardown(void **st)
{
	(void)st;
	fs_remove_tree(dir);
	return 0;
}

/* ---- one that makes checkpoints ---- */

struct writer {
	struct loop *loop;
	struct gitstore *g;
	unsigned number;
	bool done;
	char commit[ID];
	struct err err;
};

static void
on_done(void *user, const char *commit, const struct err *e)
{
	struct writer *w = user;

	w->done = true;
	snprintf(w->commit, sizeof w->commit, "%s", commit);
	w->err = *e;
}

static size_t file_size = 30000;

static bool
checkpoint(struct writer *w)
{
	static char noise[30000];
	struct gitstore_entry file = { "a.py", noise, file_size };
	struct gitstore_checkpoint c = { .session = "s", .subject = "x",
		.wall_ms = 1700000000000 + (int64_t)w->number * 1000,
		.journal = journal, .workspace = &file, .nworkspace = 1 };
	FILE *f = fopen(journal, "ae");

	if (f == NULL)
		return false;
	fprintf(f, "%d %u\n", (int)getpid(), ++w->number);
	fclose(f);
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (char)below(256);
	w->done = false;
	gitstore_commit(w->g, &c, on_done, w);
	while (!w->done)
		loop_turn(w->loop, -1);
	return w->commit[0] != '\0';
}

static void
write_for_ever(int out, unsigned choice)
{
	struct writer w = { .loop = loop_create(clock_system(),
	    waiter_poll()) };

	seed += (uint64_t)choice << 8; /* not what the parent chose */
	w.g = gitstore_open(repo, w.loop, &w.err);
	if (w.g == NULL) {
		dprintf(2, "%s\n", w.err.msg);
		_exit(3);
	}
	for (;;)
		if (!checkpoint(&w)) {
			dprintf(2, "%s\n", w.err.msg);
			_exit(4);
		} else if (write(out, w.commit, ID) != ID) {
			_exit(5);
		}
}

/* acked gets the last commit that the child told of; "": none. */
static void
kill_one(unsigned acks, unsigned spins, char acked[ID])
{
	char id[ID];
	int fds[2], status;
	pid_t pid;

	acked[0] = '\0';
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		write_for_ever(fds[1], spins);
	}
	close(fds[1]);
	for (unsigned i = 0; i < acks; i++) {
		assert_int_equal(read(fds[0], id, ID), ID);
		memcpy(acked, id, ID);
	}
	for (unsigned i = 0; i < spins; i++)
		sched_yield();
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status)); /* it did not end by itself */
	while (read(fds[0], id, ID) == ID)
		memcpy(acked, id, ID);
	close(fds[0]);
}

/* ---- what is left ---- */

static int PRINTF_LIKE(1, 2)
git(const char *fmt, ...)
{
	char *cmd, *line;
	va_list ap;
	int status;

	va_start(ap, fmt);
	assert_true(vasprintf(&cmd, fmt, ap) >= 0);
	va_end(ap);
	line = xasprintf("git --git-dir='%s' %s >'%s/out' 2>&1", repo, cmd,
	    dir);
	status = system(line);
	free(line);
	free(cmd);
	return status;
}

static void
expect_whole(const char *acked)
{
	if (git("fsck --strict --full --no-dangling --no-progress") != 0)
		fail_msg("git fsck: see %s/out", dir);
	if (acked[0] != '\0')
		assert_int_equal(git("merge-base --is-ancestor %s "
		    "refs/sessions/s", acked), 0);
}

static bool
has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

/* Files in a directory of the repository that no checkpoint needs. */
static unsigned
litter(const char *sub)
{
	char *path = xasprintf("%s/%s", repo, sub);
	DIR *d = opendir(path);
	struct dirent *e;
	unsigned n = 0;

	free(path);
	while (d != NULL && (e = readdir(d)) != NULL)
		n += has_suffix(e->d_name, ".lock") ||
		    (strcmp(sub, "objects/pack") == 0 &&
		    e->d_name[0] != '.' &&
		    strncmp(e->d_name, "pack-", 5) != 0);
	if (d != NULL)
		closedir(d);
	return n;
}

static unsigned
all_litter(void)
{
	return litter("objects/pack") + litter("refs/sessions") + litter("");
}

static unsigned
packs(void)
{
	char *path = xasprintf("%s/objects/pack", repo);
	DIR *d = opendir(path);
	struct dirent *e;
	unsigned n = 0;

	free(path);
	while (d != NULL && (e = readdir(d)) != NULL)
		n += has_suffix(e->d_name, ".pack");
	if (d != NULL)
		closedir(d);
	return n;
}

static void
expect_commits(unsigned n)
{
	assert_int_equal(git("rev-list --count refs/sessions/s | "
	    "grep -qx %u", n), 0);
}

static void
goes_on(void)
{
	struct writer w = { .loop = loop_create(clock_system(),
	    waiter_poll()), .number = 1000000 };

	w.g = gitstore_open(repo, w.loop, &w.err);
	if (w.g == NULL)
		fail_msg("%s", w.err.msg);
	if (!checkpoint(&w))
		fail_msg("%s", w.err.msg);
	gitstore_close(w.g, 0);
	loop_destroy(w.loop);
	expect_whole(w.commit);
}

static void
commits_that_were_told_of_stay(void **st)
{
	unsigned lived = 0, littered = 0;
	char acked[ID];

	(void)st;
	goes_on();
	for (int round = 0; round < ROUNDS; round++) {
		unsigned acks = below(6);

		kill_one(acks, below(3000), acked);
		lived += acked[0] != '\0';
		littered += all_litter() > 0;
		expect_whole(acked);
		goes_on();
		assert_int_equal(all_litter(), 0);
	}
	print_message("%u of %d left something behind\n", littered, ROUNDS);
	assert_true(lived > ROUNDS / 2);
}

static void
one_that_is_being_made_is_made_whole_by_the_next(void **st)
{
	char acked[ID];

	(void)st;
	for (int round = 0; round < NEW_ROUNDS; round++) {
		fs_remove_tree(repo);
		kill_one(0, below(1000) * (unsigned)round / 2, acked);
		goes_on();
		assert_int_equal(all_litter(), 0);
		expect_whole(acked);
	}
}

static void
locks_of_one_that_was_being_made_are_removed(void **st)
{
	static const char *const names[] = { "HEAD.lock", "config.lock" };

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *file = xasprintf("%s/%s", repo, names[i]);
		FILE *f;

		fs_remove_tree(repo);
		assert_int_equal(mkdir(repo, 0700), 0);
		f = fopen(file, "we");
		assert_non_null(f);
		fclose(f);
		free(file);
		goes_on();
		assert_int_equal(all_litter(), 0);
	}
}

static void
make_many(struct writer *w)
{
	*w = (struct writer){ .loop = loop_create(clock_system(),
	    waiter_poll()) };
	w->g = gitstore_open(repo, w->loop, &w->err);
	assert_non_null(w->g);
	file_size = 500;
	for (int i = 0; i < MANY; i++)
		assert_true(checkpoint(w));
	file_size = 30000;
}

static void
leave(struct writer *w)
{
	gitstore_close(w->g, 0);
	loop_destroy(w->loop);
}

static void
many_packs_become_few(void **st)
{
	struct writer w;
	struct err e;
	char *joined = xasprintf("%s/joined", dir);
	char *same = xasprintf("cmp -s '%s' '%s'", joined, journal);

	(void)st;
	make_many(&w);
	assert_int_equal(packs(), MANY);
	goes_on(); /* not while another store is open */
	assert_int_equal(packs(), MANY + 1);
	leave(&w);
	goes_on();
	assert_int_equal(packs(), 2); /* and that of the last checkpoint */
	assert_int_equal(all_litter(), 0);
	expect_commits(MANY + 2);
	assert_true(gitstore_events(repo, "s", joined, &e));
	assert_int_equal(system(same), 0);
	goes_on(); /* few are left alone */
	assert_int_equal(packs(), 3);
	free(joined);
	free(same);
}

/* Opens, which merges, and is killed meanwhile. */
static void
kill_merging(unsigned spins)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct loop *l = loop_create(clock_system(), waiter_poll());

		if (gitstore_open(repo, l, NULL) == NULL)
			_exit(3);
		loop_run(l);
	}
	for (unsigned i = 0; i < spins; i++)
		sched_yield();
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void
a_merge_that_is_killed_loses_nothing(void **st)
{
	char *copy = xasprintf("cp -R '%s' '%s/many.git'", repo, dir);
	char *back = xasprintf("cp -R '%s/many.git' '%s'", dir, repo);
	unsigned step = 1000;
	struct writer w;

	(void)st;
	make_many(&w);
	leave(&w);
	assert_int_equal(system(copy), 0);
	for (int round = 0; round < MERGE_ROUNDS; round++) {
		fs_remove_tree(repo);
		assert_int_equal(system(back), 0);
		kill_merging(step * (unsigned)round + below(step));
		expect_whole(w.commit);
		expect_commits(MANY);
		goes_on();
		expect_commits(MANY + 1);
		assert_true(packs() < MANY / 2);
		assert_int_equal(all_litter(), 0);
	}
	free(copy);
	free(back);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(commits_that_were_told_of_stay),
		T(one_that_is_being_made_is_made_whole_by_the_next),
		T(locks_of_one_that_was_being_made_are_removed),
		T(many_packs_become_few),
		T(a_merge_that_is_killed_loses_nothing),
	};

	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	if (system("git --version >/dev/null 2>&1") != 0)
		return 77; /* these tests judge with git's own eyes */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
