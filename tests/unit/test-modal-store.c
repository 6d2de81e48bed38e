#include "config.h"

/* Files of a volume without a sandbox, against tests/modal/fake-modal. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modal-store-fixture.h"

/* ---- bytes ---- */

static struct seen *
put(const char *path, const char *data, size_t n)
{
	return run(FS_PUT, path, NULL, data, n);
}

static void
test_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 8 * MIB - 1, 8 * MIB,
		8 * MIB + 1, 64 * MIB };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char *data = noise(sizes[i], (unsigned)i);
		char name[20];

		snprintf(name, sizeof name, "f%zu", i);
		good(put(name, data, sizes[i]));
		same(name, data, sizes[i]);
		free(data);
	}
	/* 0 + 1 + 1 + 1 + 2 + 8 of them, each sent once. */
	assert_int_equal(counted("put"), 13);
}

static void
test_zeros(void **state)
{
	char *data = xcalloc(1, 24 * MIB + 5);

	(void)state;
	good(put("zeros", data, 24 * MIB + 5));
	same("zeros", data, 24 * MIB + 5);
	/* Four blocks of the same bytes, of which there are none. */
	assert_int_equal(counted("put"), 1);
	assert_int_equal(counted("put_bytes"), 0);
	data[0] = 'a';
	data[8 * MIB - 1] = 'b';
	data[16 * MIB + 4095] = 'c';
	good(put("sparse", data, 24 * MIB + 5));
	same("sparse", data, 24 * MIB + 5);
	assert_int_equal(counted("put"), 3);
	assert_int_equal(counted("put_bytes"), 8 * MIB + 4096);
	free(data);
}

/* What is there already is not sent again. */
static void
test_known_blocks(void **state)
{
	char *data = noise(20 * MIB, 77);

	(void)state;
	good(put("a", data, 20 * MIB));
	assert_int_equal(counted("put"), 3);
	data[9 * MIB] ^= 2;
	good(put("a", data, 20 * MIB));
	same("a", data, 20 * MIB);
	assert_int_equal(counted("put"), 4);
	free(data);
}

static void
test_names(void **state)
{
	static const char *const names[] = { "a b.txt", "grüße/ß 日本語.py",
		"100%25?x=1#y&z", "d/e/f/g", "-rf", "a+b=c;d'e\"f\\g" };
	struct seen *s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		good(put(names[i], names[i], strlen(names[i])));
		same(names[i], names[i], strlen(names[i]));
	}
	s = run(FS_LIST, NULL, NULL, NULL, 0);
	good(s);
	assert_int_equal(s->nfiles, ARRAY_LEN(names));
	for (size_t i = 1; i < s->nfiles; i++)
		assert_true(strcmp(s->files[i - 1].path, s->files[i].path) <
		    0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool found = false;

		for (size_t k = 0; k < seen.nfiles; k++)
			found |= strcmp(seen.files[k].path, names[i]) == 0 &&
			    seen.files[k].size == strlen(names[i]);
		assert_true(found);
	}
}

static void
test_list_and_tree(void **state)
{
	struct seen *s;
	char *big = noise(2 * MIB, 5);

	(void)state;
	s = run(FS_LIST, NULL, NULL, NULL, 0);
	good(s);
	assert_int_equal(s->nfiles, 0);
	for (int i = 0; i < 30; i++) {
		char name[40], text[60];

		snprintf(name, sizeof name, "dir%d/f%02d", i % 3, i);
		snprintf(text, sizeof text, "text of %s\n", name);
		good(put(name, text, strlen(text)));
	}
	good(put(".git/config", "x", 1));
	good(put(".viva-0011", "x", 1));
	good(put("big", big, 2 * MIB));
	good(put("empty", "", 0));
	s = run(FS_LIST, NULL, NULL, NULL, 0);
	good(s);
	assert_int_equal(s->nfiles, 32);
	assert_string_equal(s->files[0].path, "big");
	assert_null(s->files[0].data);
	s = run(FS_TREE, NULL, NULL, NULL, 0);
	good(s);
	assert_int_equal(s->nfiles, 31);
	assert_int_equal(s->skipped, 1);
	assert_string_equal(s->left_out, "big");
	assert_string_equal(s->files[0].path, "dir0/f00");
	for (size_t i = 0; i < 30; i++) {
		char text[60];

		snprintf(text, sizeof text, "text of %s\n",
		    s->files[i].path);
		assert_string_equal(s->files[i].data, text);
	}
	assert_string_equal(s->files[30].path, "empty");
	assert_string_equal(s->files[30].data, "");
	free(big);
}

static void
test_remove_and_rename(void **state)
{
	struct seen *s;

	(void)state;
	good(put("a", "one", 3));
	good(put("b", "two", 3));
	s = run(FS_RENAME, "a", "b", NULL, 0);
	assert_false(s->ok);
	assert_int_equal(s->err.code, ERR_EXISTS);
	same("a", "one", 3);
	same("b", "two", 3);
	good(run(FS_RENAME, "a", "c/d", NULL, 0));
	same("c/d", "one", 3);
	good(run(FS_GET, "c/d", NULL, NULL, 3));
	s = run(FS_GET, "c/d", NULL, NULL, 2); /* no more is wanted */
	assert_int_equal(s->err.code, ERR_LIMIT);
	s = run(FS_GET, "a", NULL, NULL, 0);
	assert_false(s->ok);
	assert_int_equal(s->err.code, ERR_NOT_FOUND);
	s = run(FS_RENAME, "a", "e", NULL, 0);
	assert_int_equal(s->err.code, ERR_NOT_FOUND);
	good(run(FS_REMOVE, "b", NULL, NULL, 0));
	s = run(FS_REMOVE, "b", NULL, NULL, 0);
	assert_int_equal(s->err.code, ERR_NOT_FOUND);
	s = run(FS_LIST, NULL, NULL, NULL, 0);
	good(s);
	assert_int_equal(s->nfiles, 1);
}

/* ---- trouble ---- */

static void
test_full(void **state)
{
	struct seen *s;

	(void)state;
	tell("/knobs", "{\"volume_full\": true}");
	s = put("a", "abc", 3);
	assert_false(s->ok);
	assert_int_equal(s->err.code, ERR_LIMIT);
	assert_non_null(strstr(s->err.msg, "cannot save a"));
	assert_non_null(strstr(s->err.msg, "full"));
	tell("/knobs", "{\"volume_full\": false}");
	good(put("a", "abc", 3));
	same("a", "abc", 3);
}

static void
test_expired(void **state)
{
	char *data = noise(20 * MIB, 9);
	struct seen *s;

	(void)state;
	tell("/blocks", "{\"refuse\": [403, 403]}");
	good(put("a", data, 20 * MIB));
	tell("/blocks", "{\"refuse\": [403]}");
	same("a", data, 20 * MIB);
	/* Never a good one. */
	tell("/knobs", "{\"url_secs\": -5}");
	data[5] ^= 2;
	s = put("a", data, 20 * MIB);
	assert_false(s->ok);
	assert_int_equal(s->err.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(s->err.msg, "HTTP 403"));
	s = run(FS_GET, "a", NULL, NULL, 0);
	assert_false(s->ok);
	assert_non_null(strstr(s->err.msg, "HTTP 403"));
	tell("/knobs", "{\"url_secs\": 600}");
	data[5] ^= 2;
	same("a", data, 20 * MIB); /* nothing was half written */
	free(data);
}

/* Those of one answer live for a few blocks only: what is there already is not
 * moved again. */
static void
test_expired_amidst(void **state)
{
	static const unsigned uses[] = { 4, 1 };
	size_t n = 100 * MIB;
	char *data = noise(n, 10), knob[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
		tell("/log", "{}");
		snprintf(knob, sizeof knob, "{\"url_uses\": %u}", uses[i]);
		tell("/knobs", knob);
		data[5 * MIB] ^= 2;
		data[95 * MIB] ^= 2;
		good(put("a", data, n));
		good(run(FS_GET, "a", NULL, NULL, 0));
		assert_memory_equal(seen.files[0].data, data, n);
		assert_int_equal(counted("put_bytes"), i == 0 ? n : 16 * MIB);
		assert_int_equal(counted("get_bytes"), n);
	}
	free(data);
}

/* Another file amidst: all of it, and nothing of the one before. */
static void
test_changed_amidst(void **state)
{
	size_t n = 40 * MIB;
	char *data = noise(n, 12), *other = noise(n, 13), *name, *temp;
	struct seen first = { 0 };
	FILE *f;

	(void)state;
	good(put("a", data, n));
	name = over_there("a");
	tell("/log", "{}");
	tell("/knobs", "{\"url_uses\": 2}");
	begin_op(&first, FS_GET, "a", NULL, NULL, 0);
	UNTIL(counted("get") >= 2);
	temp = xasprintf("%s-new", name);
	f = fopen(temp, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(other, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(temp, name), 0);
	UNTIL(first.done);
	good(&first);
	assert_int_equal(first.files[0].size, n);
	assert_memory_equal(first.files[0].data, other, n);
	forget(&first);
	free(temp);
	free(name);
	free(other);
	free(data);
}

static void
test_interrupted(void **state)
{
	char *data = noise(20 * MIB, 11);

	(void)state;
	tell("/blocks", "{\"cut\": 4, \"refuse\": [503, 429]}");
	good(put("a", data, 20 * MIB));
	tell("/blocks", "{\"refuse\": [503, 500]}");
	same("a", data, 20 * MIB);
	/* More often than one URL is tried. */
	data[1] ^= 2;
	tell("/blocks", "{\"refuse\": [503, 503, 503, 503, 503]}");
	good(put("a", data, 8 * MIB));
	same("a", data, 8 * MIB);
	free(data);
}

static void
test_calls_fail(void **state)
{
	struct seen *s;

	(void)state;
	tell("/faults", "[{\"rpc\": \"VolumePutFiles2\"}, "
	    "{\"rpc\": \"VolumePutFiles2\", \"after\": true}, "
	    "{\"rpc\": \"VolumeGetFile2\"}, "
	    "{\"rpc\": \"VolumeListFiles2\"}]");
	good(put("a", "abc", 3));
	same("a", "abc", 3);
	s = run(FS_LIST, NULL, NULL, NULL, 0);
	good(s);
	assert_int_equal(s->nfiles, 1);
	tell("/expire", "{\"kind\": \"auth\"}");
	s = run(FS_LIST, NULL, NULL, NULL, 0);
	good(s);
	assert_int_equal(s->nfiles, 1);
	tell("/faults", "{\"rpc\": \"VolumePutFiles2\", "
	    "\"code\": \"PERMISSION_DENIED\"}");
	s = put("a", "abd", 3);
	assert_false(s->ok);
	assert_int_equal(s->err.code, ERR_AUTH);
	/* Answers that make no sense. */
	tell("/faults", "[{\"rpc\": \"VolumePutFiles2\", \"raw\": "
	    /* missing block 7 of a file of one */
	    "\"CgcIABAHGgF4\"}, "
	    "{\"rpc\": \"VolumePutFiles2\", \"raw\": \"////\"}, "
	    "{\"rpc\": \"VolumeGetFile2\", \"raw\": "
	    /* 100 bytes and nowhere to get them */
	    "\"EGQ=\"}, "
	    "{\"rpc\": \"VolumeGetFile2\", \"raw\": "
	    /* 2^60 bytes */
	    "\"EICAgICAgICAEA==\"}]");
	assert_int_equal(put("a", "abd", 3)->err.code, ERR_CORRUPT);
	assert_false(put("a", "abd", 3)->ok);
	s = run(FS_GET, "a", NULL, NULL, 0);
	assert_int_equal(s->err.code, ERR_CORRUPT);
	s = run(FS_GET, "a", NULL, NULL, 0);
	assert_int_equal(s->err.code, ERR_LIMIT);
	same("a", "abc", 3);
}

static void
test_cancel(void **state)
{
	char *data = noise(20 * MIB, 13);
	struct seen ignored = { 0 };

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct store_op *s = begin_op(&ignored, FS_PUT, "a", NULL,
		    data, 20 * MIB);

		data[i] ^= 4;
		for (int k = 0; k < i && !ignored.done; k++)
			loop_turn(loop, 1000);
		if (!ignored.done)
			store_cancel(s);
		forget(&ignored);
	}
	good(put("a", data, 20 * MIB));
	for (int i = 0; i < 60; i++) {
		struct store_op *s = begin_op(&ignored, FS_TREE, NULL, NULL,
		    NULL, 0), *g;
		struct seen other = { 0 };

		g = begin_op(&other, FS_GET, "a", NULL, NULL, 0);
		for (int k = 0; k < i && !ignored.done && !other.done; k++)
			loop_turn(loop, 1000);
		if (!ignored.done)
			store_cancel(s);
		if (!other.done)
			store_cancel(g);
		forget(&ignored);
		forget(&other);
	}
	same("a", data, 20 * MIB);
	free(data);
}

static void
https_seen(void *user, const struct https_answer *a)
{
	struct https_answer *out = user;

	*out = *a;
	out->status += 1000;
}

/* Whose certificate nobody vouches for gets nothing. */
static void
test_stranger(void **state)
{
	struct err e = { 0 };
	struct https *h;
	struct https_answer a = { 0 };
	char *url = xasprintf("%s/block/x?sig=sEcReT", fakemodal_get(fake,
	    "blocks"));
	struct https_request q = { .method = HTTPS_PUT, .url = url,
		.body = "abc", .n = 3, .max = 1000 };

	(void)state;
	h = https_create(loop, NULL, &e);
	assert_non_null(h);
	https_start(h, &q, https_seen, &a);
	UNTIL(a.status != 0);
	assert_true(a.failed && a.hopeless);
	assert_null(strstr(a.why, "sEcReT"));
	assert_null(strstr(a.why, "/block"));
	https_destroy(h);
	free(url);
}

/* ---- with a sandbox that is there, or not ---- */

static void
holds(struct rig *r, const char *path, const char *text)
{
	struct rig_fs *f = fs(r, FS_GET, path, NULL);

	if (!f->ok)
		fail_msg("%s", f->err.msg);
	assert_string_equal(buf_str(&f->list), text);
}

static void
end_sandbox(struct rig *r, const char *action)
{
	char order[80];

	snprintf(order, sizeof order, "{\"action\": \"%s\"}", action);
	tell("/sandbox", order);
	/* Something has to find out. */
	r->fs.id = r->s->ops->fs(r->s, FS_LIST, NULL, NULL, NULL, 0);
	UNTIL(r->state == SANDBOX_FAILED);
}

static void
test_saved_when_gone(void **state)
{
	struct sandbox_link link;
	struct rig r;

	(void)state;
	options.image_id = READY_IMAGE;
	account->opt.image_id = READY_IMAGE;
	rig_open(&r, loop, account, workspace, false);
	assert_true(fs(&r, FS_PUT, "a", "in the sandbox")->ok);
	end_sandbox(&r, "timeout");
	holds(&r, "a", "in the sandbox");
	if (!fs(&r, FS_PUT, "a", "without one")->ok)
		fail_msg("%s", r.fs.err.msg);
	r.s->ops->link(r.s, &link);
	assert_false(link.unsynced);
	assert_string_equal(link.sync_error, "");
	holds(&r, "a", "without one");
	assert_true(fs(&r, FS_PUT, "dir/b", "bee")->ok);
	assert_true(fs(&r, FS_LIST, NULL, NULL)->ok);
	assert_string_equal(r.fs.list.data, "a 11 644\ndir/b 3 644\n");
	assert_true(fs(&r, FS_TREE, NULL, NULL)->ok);
	assert_string_equal(r.fs.list.data,
	    "a 11 644 without one\ndir/b 3 644 bee\n");
	assert_true(fs(&r, FS_REMOVE, "dir/b", NULL)->ok);
	assert_false(fs(&r, FS_GET, "../a", NULL)->ok);
	close_rig(&r);
	/* And so it is in the next one. */
	rig_open(&r, loop, account, workspace, false);
	UNTIL(r.state == SANDBOX_READY);
	holds(&r, "a", "without one");
	close_rig(&r);
}

/* With a save that nobody said is on the volume. */
static struct box *
open_unsynced(struct rig *r)
{
	account->opt.image_id = READY_IMAGE;
	rig_open(r, loop, account, workspace, false);
	UNTIL(r->state == SANDBOX_READY);
	assert_true(fs(r, FS_PUT, "a", "one")->ok);
	return CONTAINER_OF(r->s, struct box, base);
}

/* It falls over before. */
static void
test_crash_unsynced(void **state)
{
	struct sandbox_link link;
	struct rig r;
	const struct box *b = open_unsynced(&r);

	(void)state;
	r.s->ops->link(r.s, &link);
	assert_true(link.unsynced);
	/* The commit begins and does not come back. */
	tell("/faults", "{\"rpc\": \"TaskExecStart\", \"hang_secs\": 20}");
	UNTIL(b->syncer != NULL);
	end_sandbox(&r, "crash");
	r.s->ops->link(r.s, &link);
	assert_true(link.unsynced);
	assert_non_null(strstr(r.why, "may not be on the volume"));
	/* Written again it is. */
	assert_true(fs(&r, FS_PUT, "a", "one")->ok);
	r.s->ops->link(r.s, &link);
	assert_false(link.unsynced);
	close_rig(&r);
}

/* Word of a save that comes amid the last commit is of one before it. */
static void
test_late_word_at_the_end(void **state)
{
	struct modal_left left;
	struct rig r;
	struct box *b = open_unsynced(&r);

	(void)state;
	rig_close(&r);
	assert_non_null(b->syncer);
	volume_changed(b, true);
	UNTIL(!modal_busy(account));
	modal_left(account, &left);
	assert_int_equal(left.sandboxes, 0);
	assert_string_equal(left.unsynced, "");
}

/* What waits for the connection to be made takes longer than a round trip:
 * three of them, over TLS. */
static void
test_first_round_trip(void **state)
{
	struct sandbox_link link;
	struct rig r;

	(void)state;
	account->opt.image_id = READY_IMAGE;
	tell("/knobs", "{\"delay_ms\": 300}");
	rig_open(&r, loop, account, workspace, false);
	for (int i = 0; i < 4; i++)
		r.s->ops->fs(r.s, FS_GET, "a", NULL, NULL, 0);
	UNTIL((r.s->ops->link(r.s, &link), link.rtt_us >= 0));
	tell("/knobs", "{\"delay_ms\": 0}");
	assert_true(link.rtt_us < 600000);
	close_rig(&r);
}

/* A save that is under way when the sandbox ends. */
static void
test_saved_while_it_ends(void **state)
{
	struct rig r;

	(void)state;
	account->opt.image_id = READY_IMAGE;
	rig_open(&r, loop, account, workspace, false);
	assert_true(fs(&r, FS_PUT, "a", "one")->ok);
	r.fs.done = false;
	tell("/faults", "{\"rpc\": \"TaskExecStart\", \"hang_secs\": 20}");
	r.fs.id = r.s->ops->fs(r.s, FS_PUT, "a", NULL, "two", 3);
	for (int i = 0; i < 20; i++)
		loop_turn(loop, 10000);
	assert_false(r.fs.done);
	tell("/sandbox", "{\"action\": \"terminate\"}");
	tell("/net", "{\"action\": \"reset\", \"which\": \"router\"}");
	UNTIL(r.fs.done);
	if (!r.fs.ok)
		fail_msg("%s", r.fs.err.msg);
	UNTIL(r.state == SANDBOX_FAILED);
	holds(&r, "a", "two");
	close_rig(&r);
}

/* While the image is built the files are had already. */
static void
test_saved_before(void **state)
{
	static const char *const lines[] = { "RUN echo slow", NULL };
	struct rig r;

	(void)state;
	account->opt.image_lines = lines;
	tell("/knobs", "{\"build_secs\": 3}");
	rig_open(&r, loop, account, workspace, false);
	assert_true(fs(&r, FS_PUT, "a", "early")->ok);
	assert_int_equal(r.state, SANDBOX_STARTING);
	holds(&r, "a", "early");
	assert_true(fs(&r, FS_LIST, NULL, NULL)->ok);
	assert_string_equal(r.fs.list.data, "a 5 644\n");
	assert_int_equal(r.state, SANDBOX_STARTING);
	UNTIL(r.state == SANDBOX_READY);
	holds(&r, "a", "early");
	close_rig(&r);
}

/* One that runs already has newer files than the volume: they are waited
 * for. */
static void
test_one_runs(void **state)
{
	static const char *const lines[] = { "RUN echo slower", NULL };
	struct modal *other = account;
	struct err e = { 0 };
	struct rig r, q;

	(void)state;
	account->opt.image_id = READY_IMAGE;
	tell("/knobs", "{\"build_secs\": 1.5}");
	rig_open(&r, loop, account, workspace, false);
	UNTIL(r.state == SANDBOX_READY);
	options.image_id = NULL;
	options.image_lines = lines;
	account = modal_create(loop, &config, &options, &e);
	assert_non_null(account);
	rig_open(&q, loop, account, workspace, false);
	tell("/log", "{}");
	q.fs.id = q.s->ops->fs(q.s, FS_GET, "a", NULL, NULL, 0);
	assert_true(fs(&r, FS_PUT, "a", "only in the sandbox")->ok);
	UNTIL(q.fs.done);
	assert_true(q.fs.ok);
	assert_string_equal(buf_str(&q.fs.list), "only in the sandbox");
	assert_null(strstr(tell("/log", NULL), "VolumeGetFile2"));
	close_rig(&q);
	rig_close(&r);
	modal_destroy(account);
	account = other;
	UNTIL(!modal_busy(account));
}

/* ---- ephemeral ---- */

static void
test_ephemeral(void **state)
{
	struct sandbox_link link;
	struct rig r;

	(void)state;
	account->opt.image_id = READY_IMAGE;
	account->opt.ephemeral = true;
	tell("/log", "{}");
	rig_open(&r, loop, account, workspace, false);
	assert_true(fs(&r, FS_PUT, "a", "one")->ok);
	assert_non_null(strstr(tell("/state", NULL), "\"ephemeral\": true"));
	/* At once. */
	assert_non_null(strstr(tell("/log", NULL), "VolumeHeartbeat"));
	r.s->ops->link(r.s, &link);
	assert_string_equal(link.sync_error, "");
	close_rig(&r);
}

static void
test_ephemeral_gone(void **state)
{
	struct sandbox_link link = { 0 };
	struct rig r;

	(void)state;
	account->opt.image_id = READY_IMAGE;
	account->opt.ephemeral = true;
	tell("/faults", "{\"rpc\": \"VolumeHeartbeat\", "
	    "\"code\": \"NOT_FOUND\", \"message\": \"reaped\"}");
	rig_open(&r, loop, account, workspace, false);
	UNTIL((r.s->ops->link(r.s, &link), link.sync_error[0] != '\0'));
	assert_non_null(strstr(link.sync_error, "is gone"));
	assert_non_null(strstr(link.sync_error, "reaped"));
	close_rig(&r);
}

static void
test_secrets(void **state)
{
	(void)state;
	assert_true(rig_words.len > 200);
	assert_null(strstr(rig_words.data, "sig="));
	assert_null(strstr(rig_words.data, "until="));
	assert_null(strstr(rig_words.data, TOKEN_SECRET));
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, begin, finish)
#define PLAIN(fn) cmocka_unit_test_setup_teardown(fn, begin_plain, finish)

static int
all(void)
{
	const struct CMUnitTest tests[] = {
		T(test_sizes), T(test_zeros), T(test_known_blocks),
		T(test_names), T(test_list_and_tree),
		T(test_remove_and_rename), T(test_full), T(test_expired),
		T(test_expired_amidst), T(test_changed_amidst),
		T(test_interrupted), T(test_calls_fail), T(test_cancel),
		T(test_stranger), PLAIN(test_saved_when_gone),
		PLAIN(test_first_round_trip), PLAIN(test_crash_unsynced),
		PLAIN(test_late_word_at_the_end),
		PLAIN(test_saved_while_it_ends), PLAIN(test_saved_before),
		PLAIN(test_one_runs), PLAIN(test_ephemeral),
		PLAIN(test_ephemeral_gone), cmocka_unit_test(test_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(int argc, char **argv)
{
	return run_all(argc, argv, NULL, all);
}
