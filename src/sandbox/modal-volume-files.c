#include "config.h"

/* Files of one of viva's volumes, by its name and without a sandbox: listed,
 * read, put and removed. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "sandbox/modal-store.h"

#define ATTEMPT_US 15000000
#define LIST_US 60000000
#define LIST_TRIES 4
#define LIST_AGAIN_US 200000
#define ENTRIES_MAX 100000
#define NAMES_MAX (16u << 20) /* bytes of paths */

struct volume_job {
	struct volume_job *next;
	struct modal *m;
	void (*go)(struct volume_job *); /* once the volume is known */
	char *volume, *path, *id;
	int fd;
	size_t n;
	bool recursive;
	struct account_call *call;
	struct blocks_put *put;
	struct blocks_get *get;
	struct loop_timer *timer;
	/* a list */
	void (*item)(void *user, const struct modal_file *);
	struct modal_file *files;
	size_t nfiles, cap, names;
	unsigned tries;
	bool bad;  /* it makes no sense */
	bool many; /* there is too much */
	struct err why;
	modal_file_done done;
	void *user;
};

static void list_ask(struct volume_job *);

/* ---- the end ---- */

static void
drop_files(struct volume_job *j)
{
	for (size_t i = 0; i < j->nfiles; i++)
		free((char *)j->files[i].path);
	free(j->files);
	j->files = NULL;
	j->nfiles = j->cap = j->names = 0;
	j->bad = j->many = false;
}

static void
job_free(struct volume_job *j)
{
	for (struct volume_job **p = &j->m->volume_jobs; *p != NULL;
	    p = &(*p)->next)
		if (*p == j) {
			*p = j->next;
			break;
		}
	account_cancel(j->call);
	blocks_put_cancel(j->put);
	blocks_get_cancel(j->get);
	loop_timer_cancel(j->timer);
	drop_files(j);
	free(j->volume);
	free(j->path);
	free(j->id);
	free(j);
}

void
volume_jobs_drop(struct modal *m)
{
	while (m->volume_jobs != NULL)
		job_free(m->volume_jobs);
}

static void
job_end(struct volume_job *j)
{
	modal_file_done done = j->done;
	void *user = j->user;
	struct err e = j->why;
	uint64_t n = j->n;

	job_free(j);
	done(user, n, e.code != ERR_NONE ? &e : NULL);
}

static void
no_volume(struct volume_job *j)
{
	err_set(&j->why, ERR_NOT_FOUND, "no volume %.200s; 'viva volumes' "
	    "lists them", j->volume);
	job_end(j);
}

static void
no_path(struct volume_job *j)
{
	err_set(&j->why, ERR_NOT_FOUND, "no %s%.200s on the volume %.100s; "
	    "'viva volumes files %.100s' lists what is there",
	    j->go == list_ask ? "" : "file ", j->path, j->volume, j->volume);
	job_end(j);
}

static void
job_failed(struct volume_job *j, const char *what,
    const struct grpc_status *st)
{
	char text[300];

	if (st->code == GRPC_NOT_FOUND && j->path[0] == '\0') {
		no_volume(j);
		return;
	}
	if (st->code == GRPC_NOT_FOUND) {
		no_path(j);
		return;
	}
	snprintf(text, sizeof text, "%s %.200s", what, j->path[0] != '\0' ?
	    j->path : j->volume);
	account_error(j->m, text, st, &j->why);
	job_end(j);
}

/* ---- one file's bytes ---- */

static void
got(void *user, char *data, size_t n, const struct err *e)
{
	struct volume_job *j = user;

	free(data);
	j->get = NULL;
	j->n = n;
	if (e != NULL && e->code == ERR_NOT_FOUND) {
		no_path(j);
		return;
	}
	if (e != NULL)
		j->why = *e;
	job_end(j);
}

static void
get_go(struct volume_job *j)
{
	j->get = blocks_get(j->m, j->id, j->path, MODAL_FILE_MAX, j->fd, got,
	    j);
}

static void
is_put(void *user, const struct err *e)
{
	struct volume_job *j = user;

	j->put = NULL;
	if (e != NULL)
		j->why = *e;
	job_end(j);
}

static void
put_go(struct volume_job *j)
{
	struct blocks_from from = { .fd = j->fd, .n = j->n };

	j->put = blocks_put(j->m, j->id, j->path, &from, is_put, j);
}

/* ---- lists ---- */

static void
take_entry(struct volume_job *j, const CLIENT(FileEntry) *f)
{
	const char *path = f->path + strspn(f->path, "/");
	struct modal_file *to;

	j->names += strlen(path) + 1;
	if (j->nfiles >= ENTRIES_MAX || j->names > NAMES_MAX)
		j->many = true;
	if (j->many || path[0] == '\0')
		return;
	GROW(j->files, j->nfiles, j->cap);
	to = &j->files[j->nfiles++];
	*to = (struct modal_file){ .kind = MODAL_SPECIAL, .size = f->size,
		.changed = f->mtime < INT64_MAX ? (int64_t)f->mtime : 0 };
	if (f->type == MODAL__CLIENT__FILE_ENTRY_TYPE__FILE_ENTRY_FILE)
		to->kind = MODAL_FILE;
	else if (f->type == MODAL__CLIENT__FILE_ENTRY_TYPE__FILE_ENTRY_SYMLINK)
		to->kind = MODAL_LINK;
	else if (f->type ==
	    MODAL__CLIENT__FILE_ENTRY_TYPE__FILE_ENTRY_DIRECTORY)
		to->kind = MODAL_DIRECTORY;
	/* What is in a directory is next to it when sorted. */
	to->path = to->kind == MODAL_DIRECTORY ? xasprintf("%s/", path) :
	    xstrdup(path);
}

static void
listed(void *user, const char *p, size_t n)
{
	struct volume_job *j = user;
	CLIENT(VolumeListFiles2Response) *r = wire_unpack(
	    CLIENT_DESC(volume_list_files2_response), p, n);

	j->bad |= r == NULL;
	for (size_t i = 0; r != NULL && i < r->n_entries; i++)
		take_entry(j, r->entries[i]);
	wire_free(r);
}

static int
by_path(const void *a, const void *b)
{
	const struct modal_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static void
tell_files(struct volume_job *j)
{
	const struct modal_file *f = j->files, *end = f + j->nfiles;

	j->n = 0;
	if (j->nfiles > 0)
		qsort(j->files, j->nfiles, sizeof *f, by_path);
	for (; f < end; f++) {
		if (f->kind == MODAL_DIRECTORY && f + 1 < end &&
		    strncmp(f[1].path, f->path, strlen(f->path)) == 0)
			continue;
		j->n++;
		j->item(j->user, f);
	}
	job_end(j);
}

/* ---- removal ---- */

static void
removed(void *user, const struct grpc_status *st, const char *reply, size_t n)
{
	struct volume_job *j = user;

	(void)reply;
	(void)n;
	j->call = NULL;
	/* It was there just now; an answer that was lost had it removed. */
	if (st->code != GRPC_OK && st->code != GRPC_NOT_FOUND)
		job_failed(j, "cannot remove", st);
	else
		job_end(j);
}

/* Of a file the list is that file; whether the server would refuse to remove
 * a directory is not left to it. */
static void
remove_known(struct volume_job *j)
{
	CLIENT(VolumeRemoveFile2Request) q = CLIENT_INIT(
	    VOLUME_REMOVE_FILE2_REQUEST);
	bool file = j->nfiles == 1 && j->files[0].kind != MODAL_DIRECTORY &&
	    strcmp(j->files[0].path, j->path) == 0;

	if (!file && !j->recursive) {
		err_set(&j->why, ERR_INVALID, "%.200s is a directory; "
		    "with --recursive all that is in it is removed", j->path);
		job_end(j);
		return;
	}
	q.volume_id = j->id;
	q.path = j->path;
	q.recursive = !file;
	j->call = account_call(j->m, CLIENT_PATH("VolumeRemoveFile2"),
	    &q.base, ATTEMPT_US, removed, j);
}

/* ---- asking for a list ---- */

static void
list_again(void *user)
{
	struct volume_job *j = user;

	j->timer = NULL;
	list_ask(j);
}

static void
list_whole(struct volume_job *j)
{
	if (j->bad) {
		err_set(&j->why, ERR_CORRUPT, "the list of the volume's files "
		    "makes no sense");
		job_end(j);
	} else if (j->item == NULL) {
		remove_known(j);
	} else if (j->many) {
		err_set(&j->why, ERR_LIMIT, "%.200s has more than %u files; "
		    "name a directory of it", j->path[0] != '\0' ? j->path :
		    j->volume, ENTRIES_MAX);
		job_end(j);
	} else {
		tell_files(j);
	}
}

static void
list_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct volume_job *j = user;

	(void)reply;
	(void)n;
	j->call = NULL;
	if (st->code == GRPC_OK)
		list_whole(j);
	else if (account_retryable(st) && ++j->tries < LIST_TRIES)
		j->timer = loop_timer_add(j->m->loop,
		    block_delay(j->tries, LIST_AGAIN_US), list_again, j);
	else
		job_failed(j, "cannot list", st);
}

static void
list_ask(struct volume_job *j)
{
	CLIENT(VolumeListFiles2Request) q = CLIENT_INIT(
	    VOLUME_LIST_FILES2_REQUEST);

	drop_files(j);
	q.volume_id = j->id;
	q.path = j->path[0] != '\0' ? j->path : (char *)"/";
	q.recursive = j->item != NULL;
	q.max_entries = j->item != NULL ? ENTRIES_MAX + 1 : 2;
	j->call = account_stream(j->m, CLIENT_PATH("VolumeListFiles2"),
	    &q.base, LIST_US, listed, list_done, j);
}

/* ---- the volume ---- */

static void
volume_found(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct volume_job *j = user;
	CLIENT(VolumeGetOrCreateResponse) *r;

	j->call = NULL;
	if (st->code == GRPC_NOT_FOUND) {
		no_volume(j);
		return;
	}
	if (st->code != GRPC_OK) {
		account_error(j->m, "the volume cannot be had", st, &j->why);
		job_end(j);
		return;
	}
	r = wire_unpack(CLIENT_DESC(volume_get_or_create_response), reply, n);
	/* A wrong one must not cost anybody's data. */
	if (r != NULL && r->volume_id[0] != '\0' && (r->metadata == NULL ||
	    r->metadata->name[0] == '\0' ||
	    volume_is_ours(j->m, r->metadata->name)))
		j->id = xstrdup(r->volume_id);
	wire_free(r);
	if (j->id != NULL) {
		j->go(j);
	} else {
		err_set(&j->why, ERR_CORRUPT, "the volume cannot be had: the "
		    "answer makes no sense");
		job_end(j);
	}
}

static void
refused(void *user)
{
	struct volume_job *j = user;

	j->timer = NULL;
	job_end(j);
}

/* Without a type of creation none is made. */
static void
find_volume(struct volume_job *j)
{
	CLIENT(VolumeGetOrCreateRequest) q = CLIENT_INIT(
	    VOLUME_GET_OR_CREATE_REQUEST);

	q.deployment_name = j->volume;
	q.environment_name = j->m->config->environment;
	j->call = account_call(j->m, CLIENT_PATH("VolumeGetOrCreate"),
	    &q.base, ATTEMPT_US, volume_found, j);
}

static struct volume_job *
job_create(struct modal *m, const char *volume, const char *path,
    void (*go)(struct volume_job *), modal_file_done done, void *user)
{
	struct volume_job *j = xcalloc(1, sizeof *j);

	*j = (struct volume_job){ .next = m->volume_jobs, .m = m, .go = go,
		.volume = xstrdup(volume), .path = xstrdup(path), .fd = -1,
		.done = done, .user = user };
	m->volume_jobs = j;
	return j;
}

/* Refused here, or begun; never told from inside the call. */
static void
job_go(struct volume_job *j)
{
	bool all = j->path[0] == '\0' && j->item != NULL;

	if (!volume_is_ours(j->m, j->volume))
		err_set(&j->why, ERR_INVALID, "%.150s is no volume of viva's, "
		    "as its name does not begin with %.80s-; 'viva volumes' "
		    "lists those", j->volume, j->m->config->volume_namespace);
	/* As a message's string it would be asked for without end. */
	else if (!utf8_valid(j->volume, strlen(j->volume)))
		err_set(&j->why, ERR_INVALID, "%.150s is no volume of viva's, "
		    "as its name is no UTF-8; 'viva volumes' lists those",
		    j->volume);
	else if (!all && !files_path_ok(j->path))
		err_set(&j->why, ERR_INVALID, "'%.200s' is no path on a "
		    "volume; 'viva volumes files %.100s' lists what is there",
		    j->path, j->volume);
	else if (!all && !utf8_valid(j->path, strlen(j->path)))
		err_set(&j->why, ERR_INVALID, "the path is no UTF-8, as names "
		    "on a volume are; 'viva volumes files %.100s' lists what "
		    "is there", j->volume);
	else if (j->n > MODAL_FILE_MAX)
		err_set(&j->why, ERR_LIMIT, "%.200s is too large: viva puts "
		    "100 MiB at most; Modal's own 'modal volume put' puts "
		    "more", j->path);
	if (j->why.code != ERR_NONE)
		j->timer = loop_timer_add(j->m->loop, 0, refused, j);
	else
		find_volume(j);
}

/* ---- what is asked for ---- */

void
modal_volume_files(struct modal *m, const char *volume, const char *path,
    void (*item)(void *, const struct modal_file *), modal_file_done done,
    void *user)
{
	struct volume_job *j = job_create(m, volume, path, list_ask, done,
	    user);

	j->item = item;
	job_go(j);
}

void
modal_volume_get(struct modal *m, const char *volume, const char *path,
    int fd, modal_file_done done, void *user)
{
	struct volume_job *j = job_create(m, volume, path, get_go, done, user);

	j->fd = fd;
	job_go(j);
}

void
modal_volume_put(struct modal *m, const char *volume, const char *path,
    int fd, uint64_t n, modal_file_done done, void *user)
{
	struct volume_job *j = job_create(m, volume, path, put_go, done, user);

	j->fd = fd;
	j->n = n;
	job_go(j);
}

void
modal_volume_progress(const struct modal *m, uint64_t *done, uint64_t *all)
{
	const struct volume_job *j = m->volume_jobs;
	bool known = false;

	if (j != NULL && j->get != NULL) {
		known = blocks_get_progress(j->get, done, all);
	} else if (j != NULL && j->put != NULL) {
		known = blocks_put_progress(j->put, done);
		*all = j->n;
	}
	if (!known)
		*done = *all = 0;
}

void
modal_volume_remove(struct modal *m, const char *volume, const char *path,
    bool recursive, modal_file_done done, void *user)
{
	struct volume_job *j = job_create(m, volume, path, list_ask, done,
	    user);

	j->recursive = recursive;
	job_go(j);
}
