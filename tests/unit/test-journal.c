#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "store/journal.h"
#include "store/journal-queue.h"

static char path[64];

static int
new_path(void **st)
{
	(void)st;
	snprintf(path, sizeof path, "/tmp/viva-journal-%d", (int)getpid());
	unlink(path);
	return 0;
}

static int
drop_path(void **st)
{
	(void)st;
	unlink(path);
	return 0;
}

static void
append_output(struct journal *j, uint64_t seq, const char *p, size_t n)
{
	struct event ev;

	memset(&ev, 0, sizeof ev);
	ev.seq = seq;
	ev.t = (int64_t)seq * 10;
	ev.type = EV_TERM_OUTPUT;
	ev.u.io.data = (struct bytes){ p, n };
	journal_append(j, &ev);
}

static void
append(struct journal *j, uint64_t seq)
{
	append_output(j, seq, "some output\r\n", 13);
}

#define BIG 50000u

/* From nothing to more than the journal's thread waits for. */
static size_t
some_size(uint64_t seq)
{
	return (size_t)(seq * 7919 % (BIG + 1));
}

/* What a queue might take for its own marks. */
static const char *
big_output(void)
{
	static char data[BIG];

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = "ab\1\n{\033"[i % 6];
	return data;
}

static void
stop(void *user)
{
	loop_stop(user);
}

static void
what_is_written_is_a_chain_that_goes_on(void **st)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct journal_end end;
	struct err e;

	(void)st;
	for (int round = 0; round < 3; round++) {
		struct journal *j = journal_open(path, l, journal_io_system(),
		    &e);

		assert_non_null(j);
		for (uint64_t i = 1; i <= 50; i++)
			append(j, (uint64_t)round * 50 + i);
		journal_sync(j, stop, l);
		loop_run(l);
		assert_int_equal(journal_backlog(j), 0);
		assert_true(journal_close(j, &e));
		assert_true(journal_recover(path, &end, &e));
		assert_int_equal(end.seq, (uint64_t)(round + 1) * 50);
		assert_int_equal(end.torn, 0);
	}
	loop_destroy(l);
}

/* Who only asks must not keep the one that writes away. */
static void
asking_is_not_in_the_way(void **st)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct err e;
	pid_t asks;

	(void)st;
	journal_close(journal_open(path, l, journal_io_system(), &e), NULL);
	asks = fork();
	assert_true(asks >= 0);
	while (asks == 0)
		journal_is_open(path);
	for (int i = 0; i < 300; i++) {
		struct journal *j = journal_open(path, l,
		    journal_io_system(), &e);

		if (j == NULL)
			kill(asks, SIGKILL);
		assert_non_null(j);
		assert_true(journal_close(j, NULL));
	}
	kill(asks, SIGKILL);
	waitpid(asks, NULL, 0);
	loop_destroy(l);
}

static void
two_writers_are_refused(void **st)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct err e;
	struct journal *j = journal_open(path, l, journal_io_system(), &e);

	(void)st;
	assert_non_null(j);
	assert_null(journal_open(path, l, journal_io_system(), &e));
	assert_non_null(strstr(e.msg, "another viva"));
	assert_true(journal_close(j, &e));
	loop_destroy(l);
}

static void
damage_is_named_and_a_torn_tail_is_cut(void **st)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct err e;
	struct journal *j = journal_open(path, l, journal_io_system(), &e);
	struct journal_end end;
	struct stat sb;
	FILE *f;

	(void)st;
	for (uint64_t i = 1; i <= 5; i++)
		append(j, i);
	assert_true(journal_close(j, &e));
	f = fopen(path, "ae");
	fputs("{\"seq\":6,\"t\":1", f);
	fclose(f);
	assert_true(journal_recover(path, &end, &e));
	assert_int_equal(end.seq, 5);
	assert_int_equal(end.torn, 14);
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal((uint64_t)sb.st_size, end.bytes);
	f = fopen(path, "r+e");
	fseek(f, (long)(end.bytes / 2), SEEK_SET);
	fputs("tampered", f);
	fclose(f);
	assert_false(journal_recover(path, &end, &e));
	assert_non_null(strstr(e.msg, path));
	loop_destroy(l);
}

/* ---- raw bytes: every cut, every byte changed ---- */

#define RAWS 6

/* A journal of small and large output; the last byte of each event. */
static void
write_raws(struct buf *text, size_t ends[RAWS])
{
	static const size_t sizes[RAWS] = { 20, 1500, 3, 1024, 30, 2000 };
	char hash[65];

	memset(hash, '0', 64);
	hash[64] = '\0';
	buf_clear(text);
	for (size_t i = 0; i < RAWS; i++) {
		struct event ev = { .seq = i + 1, .t = (int64_t)i,
			.type = EV_TERM_OUTPUT };
		size_t from = text->len;

		ev.u.io.data = (struct bytes){ big_output() + i, sizes[i] };
		event_encode(&ev, hash, text);
		event_hash(text->data + from, text->len - from - 1, hash);
		ends[i] = text->len;
	}
}

static void
put_file(const char *p, size_t n)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void
a_cut_anywhere_leaves_what_is_whole(void **st)
{
	struct buf text = { 0 };
	struct journal_end end;
	size_t ends[RAWS], whole = 0;
	struct stat sb;
	struct err e;

	(void)st;
	write_raws(&text, ends);
	for (size_t n = 0; n <= text.len; n++) {
		size_t bytes;

		while (whole < RAWS && ends[whole] <= n)
			whole++;
		bytes = whole > 0 ? ends[whole - 1] : 0;
		put_file(text.data, n);
		if (!journal_recover(path, &end, &e))
			fail_msg("cut at %zu: %s", n, e.msg);
		assert_int_equal(end.seq, whole);
		assert_int_equal(end.bytes, bytes);
		assert_int_equal(end.torn, n - bytes);
		assert_int_equal(stat(path, &sb), 0);
		assert_int_equal(sb.st_size, bytes);
	}
	buf_free(&text);
}

/* An event is never lost to damage: it is told and nothing is cut.  Only the
 * raw bytes of the last event have nothing behind them to prove it. */
static void
a_changed_byte_is_named_and_nothing_is_cut(void **st)
{
	static const char changes[] = { '\n', '0', '9', '"', 'x' };
	struct buf text = { 0 };
	struct journal_end end;
	size_t ends[RAWS], last;
	struct stat sb;
	struct err e;

	(void)st;
	write_raws(&text, ends);
	last = ends[RAWS - 1] - 2001;
	for (size_t i = 0; i < last * ARRAY_LEN(changes); i++) {
		size_t at = i / ARRAY_LEN(changes);
		char was = text.data[at], now = changes[i % ARRAY_LEN(changes)];

		/* In the last line not all that may change is proven. */
		if (was == now || (at >= ends[RAWS - 2] &&
		    at > ends[RAWS - 2] + 8 && at < last - 85))
			continue;
		text.data[at] = now;
		put_file(text.data, text.len);
		text.data[at] = was;
		if (journal_recover(path, &end, &e))
			fail_msg("byte %zu (%c) is %c: not seen", at, was, now);
		assert_non_null(strstr(e.msg, path));
		assert_int_equal(stat(path, &sb), 0);
		assert_int_equal(sb.st_size, text.len);
	}
	buf_free(&text);
}

static void
damage_behind_raw_bytes_is_on_its_line(void **st)
{
	struct buf text = { 0 }, where = { 0 };
	struct journal_end end;
	size_t ends[RAWS], line = 1;
	struct err e;

	(void)st;
	write_raws(&text, ends);
	for (size_t i = 0; i < ends[3]; i++)
		line += text.data[i] == '\n';
	text.data[ends[3] + 3] ^= 1;
	put_file(text.data, text.len);
	assert_false(journal_recover(path, &end, &e));
	buf_addf(&where, "%s:%zu: ", path, line);
	assert_non_null(strstr(e.msg, where.data));
	buf_free(&text);
	buf_free(&where);
}

/* Fails its first calls, or while it is told to, or writes them short. */
struct bad_io {
	struct journal_io base;
	int fails;
	size_t most; /* of a write; 0: all */
	int calls;
	atomic_bool refuses;
};

static ssize_t
bad_write(struct journal_io *io, int fd, const void *p, size_t n, off_t at)
{
	struct bad_io *b = (struct bad_io *)io;

	if (b->refuses || b->calls++ < b->fails) {
		errno = ENOSPC;
		return -1;
	}
	return pwrite(fd, p, b->most > 0 && n > b->most ? b->most : n, at);
}

static int
good_sync(struct journal_io *io, int fd)
{
	(void)io;
	return fdatasync(fd);
}

static void
a_full_disk_is_told_and_nothing_is_lost(void **st)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct bad_io io = { { bad_write, good_sync }, .fails = 1,
		.most = 7 };
	struct journal_end end;
	struct err e;
	struct journal *j = journal_open(path, l, &io.base, &e);

	(void)st;
	for (uint64_t i = 1; i <= 20; i++)
		append(j, i);
	journal_sync(j, stop, l);
	while (!journal_failed(j, &e))
		loop_turn(l, 1000);
	assert_non_null(strstr(e.msg, "No space"));
	assert_true(journal_backlog(j) > 0);
	loop_run(l); /* until the sync is done, after a retry */
	assert_false(journal_failed(j, NULL));
	assert_true(journal_close(j, &e));
	assert_true(journal_recover(path, &end, &e));
	assert_int_equal(end.seq, 20);
	loop_destroy(l);
}

static void
count_output(void *user, const struct event *ev)
{
	*(size_t *)user += ev->u.io.data.n;
}

/* More than fits into some blocks of the queue, one event more than into any;
 * then a key. */
static void
a_flood_that_the_disk_refuses_is_kept(void **st)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct bad_io io = { { bad_write, good_sync }, .refuses = true };
	size_t large = MEM_LARGE + BIG, sum = 0;
	char *data = xcalloc(large, 1);
	struct journal_end end;
	struct err e;
	struct journal *j = journal_open(path, l, &io.base, &e);

	(void)st;
	for (uint64_t i = 1; i <= 100; i++)
		append_output(j, i, big_output(), BIG);
	append_output(j, 101, data, large);
	append_output(j, 102, "x", 1);
	journal_sync(j, stop, l);
	while (!journal_failed(j, &e))
		loop_turn(l, 1000);
	assert_true(journal_backlog(j) >= 100 * BIG + large);
	io.refuses = false;
	loop_run(l);
	assert_int_equal(journal_backlog(j), 0);
	assert_true(journal_close(j, &e));
	assert_true(journal_read(path, count_output, &sum, &end, &e));
	assert_int_equal(end.seq, 102);
	assert_int_equal(sum, 100 * BIG + large + 1);
	free(data);
	loop_destroy(l);
}

/* From an event on, as many as make that many bytes; the last one's number. */
static uint64_t
append_bytes(struct journal *j, uint64_t seq, size_t bytes)
{
	for (size_t n = 0; n < bytes; n += BIG)
		append_output(j, ++seq, big_output(), BIG);
	return seq;
}

/* What waits for a second before it is written again is late. */
static void
a_disk_that_is_late_is_given_less(void **st)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct bad_io io = { { bad_write, good_sync }, .refuses = true };
	size_t half = JOURNAL_QUEUE_BEGIN / 2 + BIG;
	struct err e;
	struct journal *j = journal_open(path, l, &io.base, &e);
	uint64_t seq = append_bytes(j, 0, half);

	(void)st;
	assert_false(journal_is_full(j));
	journal_sync(j, stop, l);
	while (!journal_failed(j, &e))
		loop_turn(l, 1000);
	io.refuses = false;
	loop_run(l);
	assert_int_equal(journal_backlog(j), 0);
	io.refuses = true;
	append_bytes(j, seq, half);
	assert_true(journal_is_full(j));
	io.refuses = false;
	assert_true(journal_close(j, &e));
	loop_destroy(l);
}

/* The writer is killed at some point; all that it was told is on disk must
 * be there, in a valid prefix. */
static void
kill_9_loses_nothing_acknowledged(void **st)
{
	volatile uint64_t *acked = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct journal_end end;
	struct err e;

	(void)st;
	for (uint64_t round = 1; round <= 12; round++) {
		pid_t pid;

		unlink(path);
		*acked = 0;
		pid = fork();
		if (pid == 0) {
			struct loop *l = loop_create(clock_system(),
			    waiter_poll());
			struct journal *j = journal_open(path, l,
			    journal_io_system(), NULL);

			for (uint64_t i = 1;; i++) {
				append_output(j, i, big_output(), some_size(i));
				if (i % 7 != 0)
					continue;
				journal_sync(j, stop, l);
				loop_run(l);
				*acked = i;
			}
		}
		while (*acked < round * 7)
			;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_true(journal_recover(path, &end, &e));
		assert_true(end.seq >= *acked);
	}
	munmap((void *)acked, 4096);
}

static const enum event_type kinds[] = { EV_TERM_OUTPUT, EV_NOTE_ADD,
	EV_TERM_OUTPUT, EV_EDIT_CHANGE, EV_TERM_INPUT, EV_EDIT_CURSOR,
	EV_TERM_INPUT };

/* Events wait in the queue as they are, their texts behind them; these are
 * gone when append returns.  Some have none, or an empty one. */
static void
append_kind(struct journal *j, uint64_t seq)
{
	size_t kind = seq % ARRAY_LEN(kinds), n = some_size(seq);
	char name[] = "a/\1{\n", note[] = "a note\n";
	char *data = xmemdup(big_output(), BIG);
	struct event ev;

	memset(&ev, 0, sizeof ev);
	ev.seq = seq;
	ev.t = (int64_t)seq * 10;
	ev.type = kinds[kind];
	if (ev.type == EV_NOTE_ADD) {
		ev.u.note.text = note;
	} else if (ev.type == EV_EDIT_CHANGE) {
		ev.u.edit.path = name;
		ev.u.edit.offset = seq;
		ev.u.edit.inserted = (struct bytes){ data, n };
		ev.u.edit.kind = "";
	} else if (ev.type == EV_EDIT_CURSOR) {
		ev.u.cursor.path = name;
	} else if (kind == 6) {
		ev.u.io.hidden = seq;
	} else if (kind != 2) {
		ev.u.io.data = (struct bytes){ data, n };
	}
	journal_append(j, &ev);
	memset(name, 'x', sizeof name);
	memset(note, 'x', sizeof note);
	free(data);
}

static void
expect_data(struct bytes got, uint64_t seq)
{
	assert_int_equal(got.n, some_size(seq));
	assert_memory_equal(got.p, big_output(), some_size(seq));
}

static void
check_kind(void *user, const struct event *ev)
{
	uint64_t *count = user, seq = ++*count;
	size_t kind = seq % ARRAY_LEN(kinds);

	assert_int_equal(ev->seq, seq);
	assert_int_equal(ev->t, seq * 10);
	assert_int_equal(ev->type, kinds[kind]);
	if (ev->type == EV_NOTE_ADD) {
		assert_string_equal(ev->u.note.text, "a note\n");
	} else if (ev->type == EV_EDIT_CHANGE) {
		assert_string_equal(ev->u.edit.path, "a/\1{\n");
		assert_int_equal(ev->u.edit.offset, seq);
		expect_data(ev->u.edit.inserted, seq);
		assert_string_equal(ev->u.edit.kind, "");
	} else if (ev->type == EV_EDIT_CURSOR) {
		assert_string_equal(ev->u.cursor.path, "a/\1{\n");
	} else if (kind == 2 || kind == 6) {
		assert_null(ev->u.io.data.p);
		assert_int_equal(ev->u.io.hidden, kind == 6 ? seq : 0);
	} else {
		expect_data(ev->u.io.data, seq);
	}
}

static void
all_kinds_stay_in_order(void **st)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct err e;
	struct journal *j = journal_open(path, l, journal_io_system(), &e);
	struct journal_end end;
	uint64_t count = 0;

	(void)st;
	assert_non_null(j);
	for (uint64_t i = 1; i <= 400; i++)
		append_kind(j, i);
	assert_true(journal_close(j, &e));
	assert_true(journal_read(path, check_kind, &count, &end, &e));
	assert_int_equal(count, 400);
	assert_int_equal(end.torn, 0);
	loop_destroy(l);
}

/* Takes whole pages past the page cache as a disk does, or refuses them at
 * once, or from some call on, or takes a part. */
struct direct_io {
	struct journal_io base;
	enum how { TAKES, REFUSES, TAKES_SOME, IS_FULL } how;
	unsigned direct, buffered;
	int calls;
};

static bool
is_direct(int fd)
{
	return (fcntl(fd, F_GETFL) & O_DIRECT) != 0;
}

static ssize_t
direct_write(struct journal_io *io, int fd, const void *p, size_t n, off_t at)
{
	struct direct_io *d = (struct direct_io *)io;
	int call = d->calls++;
	ssize_t done;

	if (!is_direct(fd)) {
		d->buffered++;
		return pwrite(fd, p, n, at);
	}
	d->direct++;
	assert_int_equal((uintptr_t)p % 4096, 0);
	assert_int_equal(n % 4096, 0);
	assert_int_equal(at % 4096, 0);
	if (d->how == REFUSES || (d->how == IS_FULL && call % 3 != 0)) {
		errno = d->how == REFUSES ? EINVAL : ENOSPC;
		return -1;
	}
	if (d->how == TAKES_SOME && n > 8192)
		n -= 4096;
	done = pwrite(fd, p, n, at);
	/* As if half a page was the last of it. */
	return d->how == TAKES_SOME && call % 2 && done > 0 ? done - 2000 :
	    done;
}

/* On a disk that can; /tmp may be memory. */
static bool
disk_is_direct(void)
{
	int fd = open(path, O_RDWR | O_CREAT | O_DIRECT, 0600);

	if (fd >= 0)
		close(fd);
	unlink(path);
	return fd >= 0;
}

static void
a_flood_goes_past_the_page_cache_where_it_can(void **st)
{
	bool can = disk_is_direct();

	(void)st;
	for (int how = TAKES; how <= IS_FULL; how++) {
		struct loop *l = loop_create(clock_system(), waiter_poll());
		struct direct_io io = { { direct_write, good_sync },
			(enum how)how, 0, 0, 0 };
		struct err e;
		struct journal_end end;
		uint64_t count = 0;

		/* Closed in between: it goes on in the middle of a page. */
		for (uint64_t k = 0; k < 2; k++) {
			struct journal *j = journal_open(path, l, &io.base,
			    &e);

			assert_non_null(j);
			for (uint64_t i = 1; i <= 280; i++)
				append_kind(j, k * 280 + i);
			assert_true(journal_close(j, &e));
		}
		if (!journal_read(path, check_kind, &count, &end, &e))
			fail_msg("%s", e.msg);
		assert_int_equal(count, 560);
		assert_int_equal(end.torn, 0);
		assert_true(io.buffered > 0);
		if (can)
			assert_true(how == REFUSES ? io.direct <= 2 :
			    io.direct > 2);
		unlink(path);
		loop_destroy(l);
	}
}

/* Notes how the file grows, and tells of each sync. */
struct noting_io {
	struct journal_io base;
	uint64_t end;
	unsigned open_ends; /* in the middle of a page, and not synced */
	bool unsynced;
	int told;
};

static ssize_t
noting_write(struct journal_io *io, int fd, const void *p, size_t n, off_t at)
{
	struct noting_io *t = (struct noting_io *)io;

	if (t->unsynced && t->end % 4096 != 0)
		t->open_ends++;
	t->end = (uint64_t)at + n;
	t->unsynced = true;
	return pwrite(fd, p, n, at);
}

static int
noting_sync(struct journal_io *io, int fd)
{
	struct noting_io *t = (struct noting_io *)io;

	t->unsynced = false;
	if (t->told >= 0)
		assert_int_equal(write(t->told, "s", 1), 1);
	return fdatasync(fd);
}

static void
a_flood_is_written_in_whole_pages(void **st)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct noting_io io = { .base = { noting_write, noting_sync },
		.told = -1 };
	struct err e;
	struct journal *j = journal_open(path, l, &io.base, &e);
	struct journal_end end;

	(void)st;
	for (uint64_t i = 1; i <= 300; i++)
		append_output(j, i, big_output(), BIG - i);
	assert_true(journal_close(j, &e));
	assert_int_equal(io.open_ends, 0);
	assert_true(journal_recover(path, &end, &e));
	assert_int_equal(end.seq, 300);
	assert_int_equal(end.bytes, io.end);
	loop_destroy(l);
}

/* It is too little to be written for its size, and nobody asks. */
static void
a_single_key_is_synced_by_itself(void **st)
{
	struct loop *l = loop_create(clock_system(), waiter_poll());
	struct noting_io io = { .base = { noting_write, noting_sync } };
	struct journal_end end;
	struct err e;
	struct journal *j;
	int ends[2];
	char c;

	(void)st;
	assert_int_equal(pipe(ends), 0);
	io.told = ends[1];
	j = journal_open(path, l, &io.base, &e);
	append(j, 1);
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_true(journal_read(path, NULL, NULL, &end, &e));
	assert_int_equal(end.seq, 1);
	assert_true(journal_close(j, &e));
	close(ends[0]);
	close(ends[1]);
	loop_destroy(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_is_written_is_a_chain_that_goes_on, new_path,
		    drop_path),
		cmocka_unit_test_setup_teardown(asking_is_not_in_the_way,
		    new_path, drop_path),
		cmocka_unit_test_setup_teardown(two_writers_are_refused,
		    new_path, drop_path),
		cmocka_unit_test_setup_teardown(
		    damage_is_named_and_a_torn_tail_is_cut, new_path,
		    drop_path),
		cmocka_unit_test_setup_teardown(
		    a_cut_anywhere_leaves_what_is_whole, new_path, drop_path),
		cmocka_unit_test_setup_teardown(
		    a_changed_byte_is_named_and_nothing_is_cut, new_path,
		    drop_path),
		cmocka_unit_test_setup_teardown(
		    damage_behind_raw_bytes_is_on_its_line, new_path,
		    drop_path),
		cmocka_unit_test_setup_teardown(
		    a_full_disk_is_told_and_nothing_is_lost, new_path,
		    drop_path),
		cmocka_unit_test_setup_teardown(
		    a_flood_that_the_disk_refuses_is_kept, new_path,
		    drop_path),
		cmocka_unit_test_setup_teardown(
		    a_disk_that_is_late_is_given_less, new_path, drop_path),
		cmocka_unit_test_setup_teardown(
		    kill_9_loses_nothing_acknowledged, new_path, drop_path),
		cmocka_unit_test_setup_teardown(
		    all_kinds_stay_in_order, new_path, drop_path),
		cmocka_unit_test_setup_teardown(
		    a_flood_goes_past_the_page_cache_where_it_can, new_path,
		    drop_path),
		cmocka_unit_test_setup_teardown(
		    a_flood_is_written_in_whole_pages, new_path, drop_path),
		cmocka_unit_test_setup_teardown(
		    a_single_key_is_synced_by_itself, new_path, drop_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
