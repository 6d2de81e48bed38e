#include "config.h"

/*
 * The operations of a workspace on a volume itself: one call each, or some.
 * There is no rename at Modal: it is a copy and a removal.
 */

#include "sandbox/modal-store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ATTEMPT_US 15000000
#define LIST_US 60000000
#define LIST_TRIES 4
#define LIST_AGAIN_US 200000
#define TOGETHER 8 /* files of a tree */

struct reading { /* a file of a tree */
	struct store_op *s;
	size_t at;
	struct blocks_get *get;
};

struct store_op {
	struct modal *m;
	char *volume_id;
	enum fs_op op;
	char *path, *to;
	struct fs_result result;
	size_t cap;
	struct account_call *call;
	struct blocks_put *put;
	struct blocks_get *get;
	struct loop_timer *timer;
	unsigned tries;
	unsigned entries;
	bool bad; /* a list that makes no sense */
	struct reading *readings;
	size_t next_file, bytes;
	store_done done;
	void *user;
};

static void list_ask(struct store_op *);
static void copy(struct store_op *);

/* ---- the end ---- */

void
store_cancel(struct store_op *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; s->readings != NULL && i < TOGETHER; i++)
		blocks_get_cancel(s->readings[i].get);
	free(s->readings);
	account_cancel(s->call);
	blocks_put_cancel(s->put);
	blocks_get_cancel(s->get);
	loop_timer_cancel(s->timer);
	fs_result_finish(&s->result);
	free(s->volume_id);
	free(s->path);
	free(s->to);
	free(s);
}

static void
store_end(struct store_op *s)
{
	struct fs_result r = s->result;
	store_done done = s->done;
	void *user = s->user;

	memset(&s->result, 0, sizeof s->result);
	r.op = s->op;
	r.ok = r.err.code == ERR_NONE;
	store_cancel(s);
	done(user, &r);
	fs_result_finish(&r);
}

static void
store_failed(struct store_op *s, const char *what,
    const struct grpc_status *st)
{
	account_error(s->m, what, st, &s->result.err);
	store_end(s);
}

/* ---- one file ---- */

static void
put_done(void *user, const struct err *e)
{
	struct store_op *s = user;

	s->put = NULL;
	if (e != NULL)
		s->result.err = *e;
	store_end(s);
}

static struct sandbox_file *
add_file(struct store_op *s, const char *path)
{
	struct fs_result *r = &s->result;
	struct sandbox_file *f;

	GROW(r->files, r->nfiles, s->cap);
	f = &r->files[r->nfiles++];
	memset(f, 0, sizeof *f);
	f->path = xstrdup(path);
	/* Which are executable is not told. */
	f->mode = 0644;
	return f;
}

static void
get_done(void *user, char *data, size_t n, const struct err *e)
{
	struct store_op *s = user;
	struct sandbox_file *f;

	s->get = NULL;
	if (e != NULL) {
		s->result.err = *e;
	} else {
		f = add_file(s, s->path);
		f->data = data;
		f->size = n;
	}
	store_end(s);
}

static void
removed(void *user, const struct grpc_status *st, const char *reply, size_t n)
{
	struct store_op *s = user;
	char what[300];

	(void)reply;
	(void)n;
	s->call = NULL;
	snprintf(what, sizeof what, "cannot delete %.200s", s->path);
	if (st->code != GRPC_OK)
		store_failed(s, what, st);
	else
		store_end(s);
}

static void
take_away(struct store_op *s)
{
	CLIENT(VolumeRemoveFile2Request) q = CLIENT_INIT(
	    VOLUME_REMOVE_FILE2_REQUEST);

	q.volume_id = s->volume_id;
	q.path = s->path;
	s->call = account_call(s->m, CLIENT_PATH("VolumeRemoveFile2"),
	    &q.base, ATTEMPT_US, removed, s);
}

/* ---- a new name ---- */

static void
copied(void *user, const struct grpc_status *st, const char *reply, size_t n)
{
	struct store_op *s = user;
	char what[300];

	(void)reply;
	(void)n;
	s->call = NULL;
	snprintf(what, sizeof what, "cannot rename to %.200s", s->to);
	if (st->code != GRPC_OK)
		store_failed(s, what, st);
	else
		take_away(s);
}

static void
copy(struct store_op *s)
{
	CLIENT(VolumeCopyFiles2Request) q = CLIENT_INIT(
	    VOLUME_COPY_FILES2_REQUEST);

	q.volume_id = s->volume_id;
	q.src_paths = &s->path;
	q.n_src_paths = 1;
	q.dst_path = s->to;
	s->call = account_call(s->m, CLIENT_PATH("VolumeCopyFiles2"), &q.base,
	    ATTEMPT_US, copied, s);
}

/* ---- lists ---- */

static bool
dull(const char *path)
{
	static const char *const names[] = { ".git", "node_modules",
		"__pycache__" };
	size_t n, depth = 0;

	for (const char *p = path; *p != '\0'; p += n + (p[n] == '/')) {
		n = strcspn(p, "/");
		if (++depth > FS_DEPTH + 1 || strncmp(p, FS_TEMPORARY,
		    sizeof FS_TEMPORARY - 1) == 0)
			return true;
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (strlen(names[i]) == n &&
			    strncmp(p, names[i], n) == 0)
				return true;
	}
	return false;
}

static void
take_entry(struct store_op *s, const CLIENT(FileEntry) *f)
{
	const char *path = f->path + strspn(f->path, "/");

	if (f->type == MODAL__CLIENT__FILE_ENTRY_TYPE__FILE_ENTRY_DIRECTORY ||
	    dull(path))
		return;
	if (++s->entries > FS_ENTRIES || s->result.nfiles >= FS_LIST_MAX ||
	    f->type != MODAL__CLIENT__FILE_ENTRY_TYPE__FILE_ENTRY_FILE ||
	    !files_path_ok(path))
		fs_skip(&s->result, path);
	else
		add_file(s, path)->size = f->size;
}

static void
listed(void *user, const char *p, size_t n)
{
	struct store_op *s = user;
	CLIENT(VolumeListFiles2Response) *r = wire_unpack(
	    CLIENT_DESC(volume_list_files2_response), p, n);

	s->bad |= r == NULL;
	for (size_t i = 0; r != NULL && i < r->n_entries; i++)
		take_entry(s, r->entries[i]);
	wire_free(r);
}

static int
by_path(const void *a, const void *b)
{
	const struct sandbox_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static void tree_go(struct store_op *);

static void
list_whole(struct store_op *s)
{
	struct fs_result *r = &s->result;

	if (s->bad) {
		err_set(&r->err, ERR_CORRUPT, "the volume's list of files "
		    "makes no sense");
	} else if (r->nfiles > 0) {
		qsort(r->files, r->nfiles, sizeof *r->files, by_path);
	}
	if (s->op == FS_TREE && !s->bad) {
		s->readings = xcalloc(TOGETHER, sizeof *s->readings);
		tree_go(s);
	} else {
		store_end(s);
	}
}

static void
list_again(void *user)
{
	struct store_op *s = user;

	s->timer = NULL;
	list_ask(s);
}

static void
list_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct store_op *s = user;

	(void)reply;
	(void)n;
	s->call = NULL;
	if (s->op == FS_RENAME && st->code == GRPC_NOT_FOUND) {
		copy(s); /* the name is free */
	} else if (s->op == FS_RENAME && st->code == GRPC_OK) {
		err_set(&s->result.err, ERR_EXISTS, "cannot rename to %s: it "
		    "is there already", s->to);
		store_end(s);
	} else if (st->code == GRPC_OK) {
		list_whole(s);
	} else if (account_retryable(st) && ++s->tries < LIST_TRIES) {
		s->timer = loop_timer_add(s->m->loop,
		    block_delay(s->tries, LIST_AGAIN_US), list_again, s);
	} else {
		store_failed(s, "the volume's files cannot be listed", st);
	}
}

static void
list_ask(struct store_op *s)
{
	CLIENT(VolumeListFiles2Request) q = CLIENT_INIT(
	    VOLUME_LIST_FILES2_REQUEST);

	fs_result_finish(&s->result);
	s->cap = 0;
	s->entries = 0;
	q.volume_id = s->volume_id;
	q.path = s->op == FS_RENAME ? s->to : (char *)"/";
	q.recursive = s->op != FS_RENAME;
	q.max_entries = s->op == FS_RENAME ? 1 : FS_ENTRIES;
	s->call = account_stream(s->m, CLIENT_PATH("VolumeListFiles2"),
	    &q.base, LIST_US, listed, list_done, s);
}

/* ---- a tree: the list, then its files ---- */

/* Files without data are not in it. */
static void
tree_end(struct store_op *s)
{
	struct fs_result *r = &s->result;
	size_t kept = 0;

	for (size_t i = 0; i < r->nfiles; i++) {
		if (r->files[i].data != NULL) {
			r->files[kept++] = r->files[i];
			continue;
		}
		fs_skip(r, r->files[i].path);
		free(r->files[i].path);
	}
	r->nfiles = kept;
	store_end(s);
}

static void
tree_file(void *user, char *data, size_t n, const struct err *e)
{
	struct reading *x = user;
	struct store_op *s = x->s;
	struct sandbox_file *f = &s->result.files[x->at];

	x->get = NULL;
	if (e == NULL) {
		f->data = data;
		f->size = n;
	} else if (e->code != ERR_NOT_FOUND && e->code != ERR_LIMIT) {
		/* Part of a tree would be taken for all of it. */
		s->result.err = *e;
		store_end(s);
		return;
	}
	tree_go(s);
}

static bool
tree_wants(struct store_op *s, const struct sandbox_file *f)
{
	return s->next_file < FS_TREE_FILES && f->size <= FS_TREE_FILE_MAX &&
	    f->size <= FS_TREE_BYTES - s->bytes;
}

static void
tree_go(struct store_op *s)
{
	bool busy = false;

	for (size_t i = 0; i < TOGETHER; i++) {
		struct reading *x = &s->readings[i];

		while (x->get == NULL && s->next_file < s->result.nfiles) {
			struct sandbox_file *f =
			    &s->result.files[s->next_file];

			if (tree_wants(s, f)) {
				s->bytes += f->size;
				x->s = s;
				x->at = s->next_file;
				x->get = blocks_get(s->m, s->volume_id,
				    f->path, FS_TREE_FILE_MAX, -1, tree_file,
				    x);
			}
			s->next_file++;
		}
		busy |= x->get != NULL;
	}
	if (!busy)
		tree_end(s);
}

/* ---- all of them ---- */

struct store_op *
store_put(struct modal *m, const char *volume_id, const char *path, int fd,
    size_t n, store_done done, void *user)
{
	struct store_op *s = xcalloc(1, sizeof *s);
	struct blocks_from from = { .fd = fd, .n = n };

	*s = (struct store_op){ .m = m, .op = FS_PUT, .done = done,
		.user = user, .volume_id = xstrdup(volume_id),
		.path = xstrdup(path) };
	s->put = blocks_put(m, volume_id, path, &from, put_done, s);
	return s;
}

struct store_op *
store_run(struct modal *m, const char *volume_id, const struct fs_request *q,
    store_done done, void *user)
{
	struct blocks_from from = { .data = q->data != NULL ? q->data : "",
		.n = q->n };
	struct store_op *s = xcalloc(1, sizeof *s);

	*s = (struct store_op){ .m = m, .volume_id = xstrdup(volume_id),
		.op = q->op, .done = done, .user = user,
		.path = q->path != NULL ? xstrdup(q->path) : NULL,
		.to = q->to != NULL ? xstrdup(q->to) : NULL };
	switch (q->op) {
	case FS_PUT:
		s->put = blocks_put(m, volume_id, q->path, &from, put_done,
		    s);
		break;
	case FS_GET:
		s->get = blocks_get(m, volume_id, q->path, q->n > 0 ? q->n :
		    MODAL_FILE_MAX, -1, get_done, s);
		break;
	case FS_REMOVE:
		take_away(s);
		break;
	case FS_LIST:
	case FS_TREE:
	case FS_RENAME:
		list_ask(s);
		break;
	}
	return s;
}
