#ifndef TESTS_UNIT_MODAL_STORE_FIXTURE_H
#define TESTS_UNIT_MODAL_STORE_FIXTURE_H

/* What the tests of volumes' files share: an account at a fake Modal of their
 * own, a volume, operations on it. */

#include "base/json.h"
#include "modal-live.h"
#include "sandbox/modal-store.h"

#define MIB ((size_t)1 << 20)

static char *volume_id;

/* ---- one operation ---- */

struct seen {
	bool done, ok;
	struct err err;
	struct sandbox_file *files;
	size_t nfiles;
	unsigned skipped;
	char left_out[100];
};

static struct seen seen;

static void
on_done(void *user, struct fs_result *r)
{
	struct seen *s = user;

	assert_false(s->done);
	*s = (struct seen){ .done = true, .ok = r->ok, .err = r->err,
		.files = r->files, .nfiles = r->nfiles,
		.skipped = r->skipped };
	snprintf(s->left_out, sizeof s->left_out, "%s", r->left_out != NULL ?
	    r->left_out : "");
	r->files = NULL;
	r->nfiles = 0;
	buf_addf(&rig_words, "%s\n", s->err.msg);
}

static void
forget(struct seen *s)
{
	for (size_t i = 0; i < s->nfiles; i++) {
		free(s->files[i].path);
		free(s->files[i].data);
	}
	free(s->files);
	memset(s, 0, sizeof *s);
}

static struct store_op *
begin_op(struct seen *s, enum fs_op op, const char *path, const char *to,
    const char *data, size_t n)
{
	struct fs_request q = { .op = op, .path = path, .to = to,
		.data = data, .n = n };

	forget(s);
	return store_run(account, volume_id, &q, on_done, s);
}

static struct seen *
run(enum fs_op op, const char *path, const char *to, const char *data,
    size_t n)
{
	begin_op(&seen, op, path, to, data, n);
	assert_false(seen.done); /* never from inside */
	UNTIL(seen.done);
	return &seen;
}

static void
good(struct seen *s)
{
	if (!s->ok)
		fail_msg("%s", s->err.msg);
}

/* Its name on this machine. */
static char *
over_there(const char *path)
{
	const char *at = strstr(tell("/state", NULL), volume_id);

	assert_non_null(at);
	at = strstr(at, "\"dir\": \"");
	assert_non_null(at);
	at += 8;
	return xasprintf("%.*s/%s", (int)strcspn(at, "\""), at, path);
}

/* Both as viva reads it and as it is over there. */
static void
same(const char *path, const char *data, size_t n)
{
	struct seen *s = run(FS_GET, path, NULL, NULL, 0);
	struct buf bytes = { 0 };
	char *name;

	good(s);
	assert_int_equal(s->nfiles, 1);
	assert_int_equal(s->files[0].size, n);
	assert_memory_equal(s->files[0].data, data, n);
	assert_int_equal(s->files[0].data[n], '\0');
	name = over_there(path);
	assert_true(hunt_slurp(name, &bytes));
	assert_int_equal(bytes.len, n);
	assert_memory_equal(buf_str(&bytes), data, n);
	buf_free(&bytes);
	free(name);
}

/* As many blocks as differ. */
static char *
noise(size_t n, unsigned seed)
{
	char *p = xmalloc(n + 1);
	uint64_t x = seed * 2654435761u + 1;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (char)(x >> 32 | 1);
	}
	return p;
}

static int64_t
counted(const char *what)
{
	struct err e = { 0 };
	const char *text = tell("/log", NULL);
	struct json *j = json_parse(text, strlen(text), &e);
	int64_t n = json_int(json_get(j, "blocks"), what, -1);

	json_free(j);
	return n;
}

/* ---- life ---- */

static void
volume_had(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	CLIENT(VolumeGetOrCreateResponse) *r = wire_unpack(
	    CLIENT_DESC(volume_get_or_create_response), reply, n);

	(void)user;
	assert_int_equal(st->code, GRPC_OK);
	assert_non_null(r);
	volume_id = xstrdup(r->volume_id);
	wire_free(r);
}

static int
begin(void **state)
{
	CLIENT(VolumeGetOrCreateRequest) q = CLIENT_INIT(
	    VOLUME_GET_OR_CREATE_REQUEST);
	char name[80];

	(void)state;
	open_account(true, NULL, TOKEN_ID);
	snprintf(name, sizeof name, "viva-store-%u", session);
	q.deployment_name = name;
	q.object_creation_type = CREATE_IF_MISSING;
	q.version = MODAL__CLIENT__VOLUME_FS_VERSION__VOLUME_FS_V2;
	account_call(account, CLIENT_PATH("VolumeGetOrCreate"), &q.base,
	    10000000, volume_had, NULL);
	UNTIL(volume_id != NULL);
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	forget(&seen);
	modal_destroy(account);
	account = NULL;
	free(volume_id);
	volume_id = NULL;
	modal_config_finish(&config);
	loop_destroy(loop);
	tell("/faults", "{\"clear\": true}");
	tell("/log", "{}");
	tell("/knobs", "{\"volume_full\": false, \"url_secs\": 600, "
	    "\"url_uses\": 0, "
	    "\"build_secs\": 0.2, \"ephemeral_secs\": 600}");
	return 0;
}

/* ---- with a sandbox ---- */

static struct rig_fs *
fs(struct rig *r, enum fs_op op, const char *path, const char *data)
{
	r->fs.done = false;
	r->fs.id = r->s->ops->fs(r->s, op, path, NULL, data,
	    data != NULL ? strlen(data) : 0);
	UNTIL(r->fs.done);
	return &r->fs;
}

static int
begin_plain(void **state)
{
	(void)state;
	open_account(true, NULL, TOKEN_ID);
	return 0;
}

static void
close_rig(struct rig *r)
{
	rig_close(r);
	UNTIL(!modal_busy(account));
}

#endif
