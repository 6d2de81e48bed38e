#ifndef TESTS_UNIT_MODAL_RIG_H
#define TESTS_UNIT_MODAL_RIG_H

/* What the tests of the Modal provider share: a watch that keeps all it is
 * told, and every word that was ever told, to be searched for secrets. */

#include "base/buf.h"
#include "base/mem.h"
#include "sandbox/modal.h"

#define RIG_EXECS 24
#define TOKEN_ID "ak-tOkEnId0123456789abcd"
#define TOKEN_SECRET "as-sEcReT0123456789abcd"

struct rig_exec {
	uint64_t id;
	struct buf out[2];
	bool gap; /* an offset was not where the one before ended */
	bool exited;
	struct sandbox_exit x;
};

struct rig_fs {
	uint64_t id;
	bool done, ok;
	struct err err;
	struct buf list; /* path size mode\n; of a tree and a get with data */
	size_t nfiles;
	unsigned skipped;
	char left_out[100];
};

struct rig { /* one sandbox */
	struct loop *loop;
	struct sandbox *s;
	enum sandbox_state state;
	char why[512];
	struct buf states; /* all of them, by name */
	unsigned changes, retries;
	unsigned tried;	   /* the number last told; 0: no break */
	unsigned disorder; /* told, and not the one after the last */
	struct rig_exec execs[RIG_EXECS];
	size_t nexecs;
	struct rig_fs fs;
};

static struct buf rig_words; /* all text that was ever told */

static void
rig_state(void *user, enum sandbox_state st, const char *why)
{
	static const char *const names[] = { "starting", "ready", "retrying",
		"failed", "stopped" };
	struct rig *r = user;
	struct sandbox_link link;

	r->state = st;
	r->retries += st == SANDBOX_RETRYING;
	r->s->ops->link(r->s, &link);
	/* The tries of one break are 1, 2, 3 … and each is told once. */
	if (st == SANDBOX_RETRYING)
		r->disorder += link.attempt != r->tried + 1;
	else
		r->disorder += link.attempt != 0 && (st != SANDBOX_STARTING ||
		    link.attempt != r->tried);
	r->tried = link.attempt;
	snprintf(r->why, sizeof r->why, "%s", why != NULL ? why : "");
	buf_addf(&r->states, "%s: %s\n", names[st], r->why);
	buf_addf(&rig_words, "%s\n", r->why);
}

static struct rig_exec *
rig_exec(struct rig *r, uint64_t id)
{
	for (size_t i = 0; i < r->nexecs; i++)
		if (r->execs[i].id == id)
			return &r->execs[i];
	assert_true(r->nexecs < RIG_EXECS);
	memset(&r->execs[r->nexecs], 0, sizeof r->execs[0]);
	r->execs[r->nexecs].id = id;
	return &r->execs[r->nexecs++];
}

static void
rig_output(void *user, uint64_t id, enum sandbox_stream st, uint64_t offset,
    const char *p, size_t n)
{
	struct rig_exec *x = rig_exec(user, id);

	assert_false(x->exited);
	x->gap |= offset != x->out[st].len;
	buf_add(&x->out[st], p, n);
}

static void
rig_exited(void *user, uint64_t id, const struct sandbox_exit *e)
{
	struct rig_exec *x = rig_exec(user, id);

	assert_false(x->exited);
	x->exited = true;
	x->x = *e;
	buf_addf(&rig_words, "%s\n", e->why);
}

static void
rig_fs_done(void *user, uint64_t request, const struct fs_result *res)
{
	struct rig *r = user;

	buf_addf(&rig_words, "%s\n", res->err.msg);
	if (request != r->fs.id)
		return;
	r->fs.done = true;
	r->fs.ok = res->ok;
	r->fs.err = res->err;
	r->fs.nfiles = res->nfiles;
	r->fs.skipped = res->skipped;
	snprintf(r->fs.left_out, sizeof r->fs.left_out, "%s",
	    res->left_out != NULL ? res->left_out : "");
	buf_clear(&r->fs.list);
	for (size_t i = 0; i < res->nfiles; i++) {
		const struct sandbox_file *f = &res->files[i];

		if (res->op == FS_GET) {
			buf_add(&r->fs.list, f->data, (size_t)f->size);
			continue;
		}
		buf_addf(&r->fs.list, "%s %llu %o%s%s\n", f->path,
		    (unsigned long long)f->size, f->mode,
		    f->data != NULL ? " " : "", f->data != NULL ? f->data :
		    "");
	}
}

static void
rig_changed(void *user)
{
	((struct rig *)user)->changes++;
}

static const struct sandbox_watch rig_watch = { rig_state, rig_output,
	rig_exited, rig_fs_done, rig_changed };

static void
rig_open(struct rig *r, struct loop *loop, struct modal *m,
    const char *workspace, bool judge)
{
	struct sandbox_spec spec = { .workspace = workspace,
		.user = "candidate", .judge = judge };

	memset(r, 0, sizeof *r);
	r->loop = loop;
	r->s = modal_sandbox(m, &spec, &rig_watch, r);
	r->s->ops->start(r->s);
}

/* There is room for some only. */
static inline void
rig_forget_execs(struct rig *r)
{
	for (size_t i = 0; i < r->nexecs; i++) {
		buf_free(&r->execs[i].out[0]);
		buf_free(&r->execs[i].out[1]);
	}
	r->nexecs = 0;
}

static void
rig_close(struct rig *r)
{
	if (r->s != NULL)
		r->s->ops->destroy(r->s);
	r->s = NULL;
	if (r->disorder > 0)
		fail_msg("%u states with a wrong number, of\n%s",
		    r->disorder, buf_str(&r->states));
	rig_forget_execs(r);
	buf_free(&r->states);
	buf_free(&r->fs.list);
}

static void
rig_config(struct modal_config *c, const char *url, bool v2,
    const char *token_id)
{
	char text[600];
	struct err e = { 0 };

	snprintf(text, sizeof text, "[t]\nserver_url = \"%s\"\n"
	    "token_id = \"%s\"\ntoken_secret = \"" TOKEN_SECRET "\"\n"
	    "active = true\nsandbox_v2 = %s\n", url, token_id,
	    v2 ? "true" : "false");
	if (!modal_config_parse(c, "modal.toml", text, strlen(text), &e))
		fail_msg("%s", e.msg);
}

#endif
