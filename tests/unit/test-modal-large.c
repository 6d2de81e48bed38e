#include "config.h"

/* Large files, never as a whole in memory: to a volume and into a sandbox. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modal-store-fixture.h"

/* ---- of a file that is not in memory ---- */

static int
file_with(const char *data, size_t n)
{
	char name[] = "/tmp/viva-store-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	for (size_t at = 0; at < n;) {
		ssize_t got = write(fd, data + at, n - at);

		assert_true(got > 0);
		at += (size_t)got;
	}
	return fd;
}

static struct seen *
put_file(const char *path, int fd, size_t n)
{
	forget(&seen);
	store_put(account, volume_id, path, fd, n, on_done, &seen);
	assert_false(seen.done);
	UNTIL(seen.done);
	return &seen;
}

static void
test_file(void **state)
{
	static const size_t sizes[] = { 1, 8 * MIB, 8 * MIB + 1, 30 * MIB };
	char *data = noise(30 * MIB + 8, 9), *zeros = xcalloc(1, 9 * MIB);
	int fd;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char name[20];

		fd = file_with(data + i, sizes[i] - i % 2);
		snprintf(name, sizeof name, "f%zu", i);
		good(put_file(name, fd, sizes[i] - i % 2));
		same(name, data + i, sizes[i] - i % 2);
		close(fd);
	}
	/* Some of it twice, and zeros at the end of two blocks. */
	memcpy(data + 8 * MIB, data, 8 * MIB);
	memset(data + 20 * MIB, 0, 4 * MIB);
	memset(data + 25 * MIB + 77, 0, 5 * MIB - 77);
	fd = file_with(data, 30 * MIB);
	tell("/log", "{}");
	good(put_file("twice", fd, 30 * MIB));
	same("twice", data, 30 * MIB);
	assert_int_equal(counted("put_bytes"), 8 * MIB + 4 * MIB + MIB + 77);
	close(fd);
	fd = file_with(zeros, 9 * MIB);
	good(put_file("zeros", fd, 9 * MIB));
	same("zeros", zeros, 9 * MIB);
	close(fd);
	free(data);
	free(zeros);
}

/* What is sent is what was hashed, or it is not saved. */
static void
test_file_changes(void **state)
{
	char *data = noise(40 * MIB, 3);
	int fd = file_with(data, 40 * MIB);

	(void)state;
	/* It ends before its size. */
	assert_false(put_file("short", fd, 40 * MIB + 1)->ok);
	assert_non_null(strstr(seen.err.msg, "changed meanwhile"));
	/* Another byte, after the hashes: the store is slow with the first
	 * blocks, the last one is read later. */
	tell("/blocks", "{\"refuse\": [503, 503, 503, 503, 503, 503]}");
	tell("/log", "{}");
	forget(&seen);
	store_put(account, volume_id, "other", fd, 40 * MIB, on_done, &seen);
	UNTIL(strstr(tell("/log", NULL), "\"VolumePutFiles2\": 1") != NULL);
	assert_int_equal(pwrite(fd, "x", 1, 39 * MIB), 1);
	UNTIL(seen.done);
	assert_false(seen.ok);
	assert_non_null(strstr(seen.err.msg, "changed meanwhile"));
	/* One that cannot be read. */
	close(fd);
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	assert_false(put_file("none", fd, 5)->ok);
	assert_non_null(strstr(seen.err.msg, "cannot be read"));
	/* Given up while it is read, and while it is sent. */
	close(fd);
	fd = file_with(data, 40 * MIB);
	store_cancel(store_put(account, volume_id, "gone", fd, 40 * MIB,
	    on_done, &seen));
	tell("/log", "{}");
	{
		struct store_op *s = store_put(account, volume_id, "gone", fd,
		    40 * MIB, on_done, &seen);

		UNTIL(counted("put") > 0);
		store_cancel(s);
	}
	close(fd);
	free(data);
}

/* ---- into a file ---- */

static struct {
	bool done;
	size_t n;
	struct err err;
} read_back;

static void
on_read(void *user, char *data, size_t n, const struct err *e)
{
	(void)user;
	assert_null(data);
	assert_false(read_back.done);
	read_back.done = true;
	read_back.n = n;
	read_back.err = e != NULL ? *e : (struct err){ 0 };
	buf_addf(&rig_words, "%s\n", read_back.err.msg);
}

static struct blocks_get *
begin_read(const char *path, int fd)
{
	memset(&read_back, 0, sizeof read_back);
	return blocks_get(account, volume_id, path, MODAL_FILE_MAX, fd,
	    on_read, NULL);
}

static void
read_file(const char *path, int fd)
{
	begin_read(path, fd);
	assert_false(read_back.done);
	UNTIL(read_back.done);
}

static void
assert_file(int fd, const char *data, size_t n)
{
	char *got = xmalloc(n + 1);

	assert_int_equal(read_back.err.code, ERR_NONE);
	assert_int_equal(read_back.n, n);
	assert_int_equal(lseek(fd, 0, SEEK_END), n);
	assert_int_equal(pread(fd, got, n, 0), n);
	assert_memory_equal(got, data, n);
	free(got);
}

static void
test_into_file(void **state)
{
	static const size_t sizes[] = { 45 * MIB + 3, 16 * MIB, 1, 0 };
	char *data = noise(45 * MIB + 3, 17);
	int from = file_with(data, 45 * MIB + 3), to = file_with("junk", 4);

	(void)state;
	/* Each after a longer one, of which nothing is left. */
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		good(put_file("x", from, sizes[i]));
		read_file("x", to);
		assert_file(to, data, sizes[i]);
	}
	/* URLs that are too old, and blocks that fail, in its midst. */
	good(put_file("x", from, sizes[0]));
	tell("/blocks", "{\"refuse\": [503, 200, 403, 500]}");
	read_file("x", to);
	assert_file(to, data, sizes[0]);
	free(data);
	close(from);
	close(to);
}

static void
test_into_bad_file(void **state)
{
	char *data = noise(40 * MIB, 19);
	int from = file_with(data, 40 * MIB), to = file_with("", 0);
	int bad = open("/dev/null", O_RDONLY | O_CLOEXEC), ends[2];

	(void)state;
	good(put_file("x", from, 40 * MIB));
	read_file("x", bad);
	assert_int_equal(read_back.err.code, ERR_IO);
	assert_non_null(strstr(read_back.err.msg, "x cannot be written: "));
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	read_file("x", ends[1]);
	assert_non_null(strstr(read_back.err.msg, "x cannot be written: "));
	read_file("none", to);
	assert_int_equal(read_back.err.code, ERR_NOT_FOUND);
	/* Given up before, and while blocks come. */
	blocks_get_cancel(begin_read("x", to));
	for (int64_t n = 1; n < 5; n++) {
		struct blocks_get *g;

		tell("/log", "{}");
		g = begin_read("x", to);
		UNTIL(counted("get") >= n);
		blocks_get_cancel(g);
	}
	assert_false(read_back.done);
	close(ends[0]);
	close(ends[1]);
	close(bad);
	close(from);
	close(to);
	free(data);
}

/* ---- by the volume's name ---- */

static void
on_no_end(void *user, uint64_t n, const struct err *e)
{
	(void)user;
	(void)n;
	fail_msg("%s", e != NULL ? e->msg : "done");
}

static void
on_end_before(void *user, uint64_t n, const struct err *e)
{
	(void)user;
	(void)n;
	(void)e;
	assert_non_null(account);
}

static void
on_no_file(void *user, const struct modal_file *f)
{
	(void)user;
	fail_msg("%s", f->path);
}

static void
on_end(void *user, uint64_t n, const struct err *e)
{
	(void)n;
	assert_int_equal(e != NULL ? e->code : ERR_NONE, ERR_INVALID);
	++*(int *)user;
}

/* All at once, with an account that goes while they are at it, or before they
 * have begun; finish looks at what is left. */
static void
test_called_off(void **state)
{
	char *data = noise(20 * MIB, 23), name[80];
	int from = file_with(data, 20 * MIB), to = file_with("", 0), ends = 0;
	struct modal *going;

	(void)state;
	good(put_file("x", from, 20 * MIB));
	snprintf(name, sizeof name, "viva-store-%u", session);
	modal_volume_files(account, "other", "", on_no_file, on_end, &ends);
	modal_volume_get(account, name, "a/../b", to, on_end, &ends);
	modal_volume_remove(account, name, "", true, on_end, &ends);
	assert_int_equal(ends, 0); /* never from inside */
	UNTIL(ends == 3);
	tell("/faults", "[{\"rpc\": \"VolumeListFiles2\", \"times\": 2,"
	    " \"hang_secs\": 20}]");
	tell("/log", "{}");
	for (int i = 0; i < 2; i++) {
		modal_volume_files(account, name, "", on_no_file, on_no_end,
		    NULL);
		modal_volume_get(account, name, "x", to, on_end_before,
		    NULL);
		modal_volume_put(account, name, "y", from, 20 * MIB,
		    on_end_before, NULL);
		modal_volume_remove(account, name, "x", false, on_no_end,
		    NULL);
		if (i == 0)
			UNTIL(strstr(tell("/log", NULL), "\"VolumeListFiles2\""
			    ": 2") != NULL);
		going = account;
		account = NULL;
		modal_destroy(going);
		if (i == 0) {
			modal_config_finish(&config);
			loop_destroy(loop);
			free(volume_id);
			volume_id = NULL;
			begin(state);
		}
	}
	close(from);
	close(to);
	free(data);
}

/* ---- of a sandbox ---- */

static struct rig_fs *
fs_file(struct rig *r, const char *path, int fd)
{
	r->fs.done = false;
	r->fs.id = modal_put_file(r->s, path, fd);
	assert_false(r->fs.done);
	UNTIL(r->fs.done);
	return &r->fs;
}

/* Into a sandbox that runs it goes in parts. */
static void
test_file_in_sandbox(void **state)
{
	static const char *const count[] = { "/bin/sh", "-c",
		"ls -A | wc -l", NULL };
	struct exec_spec spec = { .argv = count, .memory_mb = 2048,
		.file_mb = 256, .processes = 256 };
	char *big = noise(20 * MIB + 5, 11);
	int fd = file_with(big, 20 * MIB + 5);
	struct rig r;
	uint64_t id;

	(void)state;
	options.image_id = READY_IMAGE;
	account->opt.image_id = READY_IMAGE;
	rig_open(&r, loop, account, workspace, false);
	UNTIL(r.state == SANDBOX_READY);
	if (!fs_file(&r, "a/big", dup(fd))->ok)
		fail_msg("%s", r.fs.err.msg);
	assert_true(fs(&r, FS_GET, "a/big", NULL)->ok);
	assert_int_equal(r.fs.list.len, 20 * MIB + 5);
	assert_memory_equal(r.fs.list.data, big, 20 * MIB + 5);
	assert_true(fs_file(&r, "empty", file_with("", 0))->ok);
	assert_false(fs_file(&r, "../x", file_with("x", 1))->ok);
	assert_false(fs_file(&r, "a", file_with("x", 1))->ok);
	assert_non_null(strstr(r.fs.err.msg, "not a regular file"));
	assert_false(fs_file(&r, "d", open("/tmp", O_RDONLY | O_CLOEXEC))->ok);
	/* It becomes another while it is sent. */
	tell("/log", "{}");
	r.fs.done = false;
	r.fs.id = modal_put_file(r.s, "c", dup(fd));
	UNTIL(strstr(tell("/log", NULL), "\"TaskExecStdinWrite\": ") != NULL);
	assert_int_equal(ftruncate(fd, 20 * MIB), 0);
	UNTIL(r.fs.done);
	assert_false(r.fs.ok);
	assert_non_null(strstr(r.fs.err.msg, "changed meanwhile"));
	/* Of what did not succeed nothing is left. */
	id = r.s->ops->exec(r.s, &spec);
	r.s->ops->input_end(r.s, id);
	UNTIL(rig_exec(&r, id)->exited);
	if (rig_exec(&r, id)->out[1].len > 0)
		fail_msg("%s", rig_exec(&r, id)->out[1].data);
	assert_string_equal(buf_str(&rig_exec(&r, id)->out[0]), "2\n");
	close_rig(&r);
	close(fd);
	free(big);
}

static int
all(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file, begin, finish),
		cmocka_unit_test_setup_teardown(test_file_changes, begin,
		    finish),
		cmocka_unit_test_setup_teardown(test_into_file, begin, finish),
		cmocka_unit_test_setup_teardown(test_into_bad_file, begin,
		    finish),
		cmocka_unit_test_setup_teardown(test_called_off, begin,
		    finish),
		cmocka_unit_test_setup_teardown(test_file_in_sandbox,
		    begin_plain, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(int argc, char **argv)
{
	return run_all(argc, argv, NULL, all);
}
