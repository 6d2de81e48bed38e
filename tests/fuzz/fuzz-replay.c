#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "session/replay.h"
#include "store/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/*
 * A record as it is (the first byte is '{'), or events that are numbered and
 * chained first, so that a change of one does not hide those after it: events
 * that nobody would write, in an order that makes no sense.
 */

static void
chain(const char *p, const char *end, struct buf *out, struct state *live)
{
	struct event_buf eb = { 0 };
	uint64_t seq = 0;
	char hash[65];

	memset(hash, '0', 64);
	hash[64] = '\0';
	while (p < end) {
		size_t from = out->len, len, left = (size_t)(end - p);
		struct event ev;

		if (event_split(p, left, &len, NULL) != EVENT_WHOLE) {
			const char *nl = memchr(p, '\n', left);

			len = nl != NULL ? (size_t)(nl + 1 - p) : left;
		}
		if (event_decode(p, len, &eb, &ev, NULL)) {
			ev.seq = ++seq;
			event_encode(&ev, hash, out);
			event_hash(out->data + from, out->len - from - 1,
			    hash);
			state_apply(live, &ev);
		}
		p += len;
	}
	event_buf_free(&eb);
}

static void
expect_end(struct replay *r, const struct buf *want)
{
	struct buf got = { 0 };

	replay_seek(r, replay_length(r));
	state_save(replay_state(r), &got);
	if (want->len != got.len ||
	    memcmp(want->data, got.data, got.len) != 0)
		abort();
	buf_free(&got);
}

/* The ways through a record; they all lead to the same end. */
static void
move(struct replay *r, struct clock_fake *c)
{
	struct buf end = { 0 };
	int64_t due, length = replay_length(r);

	replay_seek(r, length);
	state_save(replay_state(r), &end);
	for (int i = 0; i < 5; i++) {
		replay_seek(r, length / 5 * ((i * 3) % 5));
		replay_step(r, i % 2 ? 1 : -1);
		expect_end(r, &end);
	}
	while (replay_jump(r, -1))
		;
	expect_end(r, &end);
	replay_seek(r, -1);
	replay_set_speed(r, 1e9);
	replay_set_skip_idle(r, true);
	replay_play(r, true);
	for (int i = 0; i < 50 && replay_tick(r, &due); i++)
		clock_fake_advance(c, due > 0 ? due : 1);
	expect_end(r, &end);
	buf_free(&end);
}

static void
play(const char *path, const struct buf *want)
{
	struct clock_fake c;
	struct replay *r;
	struct err e;

	e.msg[0] = '\0';
	clock_fake_init(&c, 1000, 0);
	r = replay_open(&path, 1, &c.base, &e);
	if (r == NULL) {
		if (strstr(e.msg, path) == NULL || (want != NULL &&
		    want->len > 0))
			abort();
		return;
	}
	if (want != NULL)
		expect_end(r, want);
	move(r, &c);
	replay_close(r);
}

/* What recovery leaves is whole, and recovers to the same. */
static void
recover(const char *path)
{
	struct journal_end one, two;
	struct err e;

	e.msg[0] = '\0';
	if (!journal_recover(path, &one, &e)) {
		if (strstr(e.msg, path) == NULL)
			abort();
		return;
	}
	if (!journal_recover(path, &two, &e) || two.torn != 0 ||
	    one.seq != two.seq || one.bytes != two.bytes)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *s = n > 0 ? (const char *)data : "";
	bool raw = n > 0 && data[0] == '{';
	struct buf record = { 0 }, want = { 0 };
	int fd = memfd_create("record", MFD_CLOEXEC);
	char path[64];

	if (raw) {
		buf_add(&record, s, n);
	} else {
		struct state *live = state_create(10000);

		chain(s, s + n, &record, live);
		if (record.len > 0)
			state_save(live, &want);
		state_destroy(live);
	}
	if (fd < 0 || write(fd, buf_str(&record), record.len) !=
	    (ssize_t)record.len)
		exit(1);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	play(path, raw ? NULL : &want);
	recover(path);
	if (!raw && record.len > 0)
		play(path, &want);
	close(fd);
	buf_free(&record);
	buf_free(&want);
	return 0;
}
