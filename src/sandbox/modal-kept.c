#include "config.h"

#include "sandbox/modal-kept.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define FILE_NAME "images"
#define HEAD "viva images 1\n" /* of another form: as if it were not there */
#define ID_MAX 64
#define FILE_MAX 16384
#define AHEAD_S 3600 /* by so much clocks may differ */

struct entry {
	char key[KEPT_KEY_LEN + 1];
	char id[ID_MAX + 1]; /* "": it is to be dropped */
	int64_t at;
};

struct list { /* the newest first */
	struct entry entries[KEPT_MAX];
	size_t n;
};

struct change {
	struct change *next;
	struct entry entry;
	int64_t now;
};

struct kept {
	char *dir;
	struct list list;
	pthread_mutex_t lock; /* of what follows */
	struct change *changes; /* not yet written, in order */
	bool running;
	/* Of the loop's thread alone. */
	bool started;
	pthread_t thread;
};

/* ---- which image is meant ---- */

struct kept_name {
	EVP_MD_CTX *md;
};

struct kept_name *
kept_name_create(void)
{
	struct kept_name *n = xcalloc(1, sizeof *n);

	n->md = EVP_MD_CTX_new();
	if (n->md == NULL || EVP_DigestInit_ex(n->md, EVP_sha256(), NULL) != 1)
		abort(); /* out of memory */
	return n;
}

void
kept_name_add(struct kept_name *n, const char *text)
{
	EVP_DigestUpdate(n->md, text, strlen(text) + 1);
}

void
kept_name_finish(struct kept_name *n, char key[KEPT_KEY_LEN + 1])
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	EVP_DigestFinal_ex(n->md, hash, NULL);
	EVP_MD_CTX_free(n->md);
	free(n);
	for (int i = 0; i < KEPT_KEY_LEN / 2; i++)
		snprintf(key + 2 * i, 3, "%02x", hash[i]);
}

/* ---- the list ---- */

static bool
is_of(const char *text, size_t n, const char *letters)
{
	return strspn(text, letters) == n && text[n] == '\0';
}

static bool
is_id(const char *id)
{
	return strncmp(id, "im-", 3) == 0 && strlen(id) <= ID_MAX &&
	    is_of(id, strlen(id), "-_0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static bool
is_fresh(const struct entry *e, int64_t now)
{
	return e->at <= now + AHEAD_S && now - e->at < KEPT_S;
}

static void
list_remove(struct list *l, size_t i)
{
	memmove(&l->entries[i], &l->entries[i + 1],
	    (l->n - i - 1) * sizeof l->entries[0]);
	l->n--;
}

static void
list_change(struct list *l, const struct entry *e)
{
	for (size_t i = l->n; i-- > 0;)
		if (strcmp(l->entries[i].key, e->key) == 0)
			list_remove(l, i);
	if (e->id[0] == '\0')
		return;
	if (l->n == KEPT_MAX)
		l->n--;
	memmove(&l->entries[1], &l->entries[0], l->n * sizeof l->entries[0]);
	l->entries[0] = *e;
	l->n++;
}

/* ---- the file ---- */

/* KEY ID SECONDS */
static bool
parse_line(char *line, struct entry *e)
{
	char *rest = line, *key = strsep(&rest, " "), *id = strsep(&rest, " ");
	char *end;
	long long at;

	if (rest == NULL || !is_of(key, KEPT_KEY_LEN, "0123456789abcdef") ||
	    !is_id(id) || rest[0] < '0' || rest[0] > '9')
		return false;
	errno = 0;
	at = strtoll(rest, &end, 10);
	if (*end != '\0' || errno != 0)
		return false;
	snprintf(e->key, sizeof e->key, "%s", key);
	snprintf(e->id, sizeof e->id, "%s", id);
	e->at = at;
	return true;
}

/* All of it is right, or nothing is used. */
static bool
parse(char *text, size_t n, struct list *l)
{
	char *rest = text + strlen(HEAD), *line;

	if (strlen(text) != n || strncmp(text, HEAD, strlen(HEAD)) != 0 ||
	    text[n - 1] != '\n')
		return false;
	text[n - 1] = '\0'; /* strsep tells no empty line after it */
	if (n == strlen(HEAD))
		return true;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (l->n == KEPT_MAX || !parse_line(line, &l->entries[l->n]))
			return false;
		l->n++;
	}
	return true;
}

/* Only we may have written it. */
static bool
is_ours(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type &&
	    st.st_uid == geteuid() && (st.st_mode & 022) == 0;
}

static void
list_read(struct list *l, int dir, int64_t now)
{
	int fd = openat(dir, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK);
	char text[FILE_MAX + 1];
	ssize_t got = 1;
	size_t n = 0;

	memset(l, 0, sizeof *l);
	if (fd < 0)
		return;
	if (!is_ours(fd, S_IFREG))
		got = -1;
	while (got > 0 && n < FILE_MAX) {
		got = read(fd, text + n, FILE_MAX - n);
		n += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	text[n] = '\0';
	if (got != 0 || !parse(text, n, l))
		l->n = 0;
	for (size_t i = l->n; i-- > 0;)
		if (!is_fresh(&l->entries[i], now))
			list_remove(l, i);
}

static bool
write_all(int fd, const struct buf *b)
{
	ssize_t n;

	for (size_t at = 0; at < b->len; at += (size_t)n) {
		n = write(fd, b->data + at, b->len - at);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return false;
	}
	return true;
}

/* Not synced: what a crash leaves half of is not used. */
static void
list_write(const struct list *l, int dir)
{
	struct buf text = { 0 };
	char name[40];
	int fd;

	buf_adds(&text, HEAD);
	for (size_t i = 0; i < l->n; i++)
		buf_addf(&text, "%s %s %lld\n", l->entries[i].key,
		    l->entries[i].id, (long long)l->entries[i].at);
	snprintf(name, sizeof name, FILE_NAME ".%ld", (long)getpid());
	unlinkat(dir, name, 0); /* of one that was killed */
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	if (fd >= 0) {
		if (!write_all(fd, &text) ||
		    renameat(dir, name, dir, FILE_NAME) != 0)
			unlinkat(dir, name, 0);
		close(fd);
	}
	buf_free(&text);
}

static int
dir_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && !is_ours(fd, S_IFDIR)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
dir_make(const char *path)
{
	char *parent = xstrdup(path), *slash = strrchr(parent, '/');

	if (slash != NULL && slash > parent) {
		*slash = '\0';
		mkdir(parent, 0700);
	}
	mkdir(path, 0700);
	free(parent);
}

/* ---- the thread that writes ---- */

static void
apply(const struct kept *k, const struct change *c)
{
	struct list l;
	int dir;

	dir_make(k->dir);
	dir = dir_open(k->dir);
	if (dir < 0)
		return;
	list_read(&l, dir, c->now); /* others may have written it */
	list_change(&l, &c->entry);
	list_write(&l, dir);
	close(dir);
}

static void *
work(void *user)
{
	struct kept *k = user;
	struct change *c;

	pthread_mutex_lock(&k->lock);
	while ((c = k->changes) != NULL) {
		k->changes = c->next;
		pthread_mutex_unlock(&k->lock);
		apply(k, c);
		free(c);
		pthread_mutex_lock(&k->lock);
	}
	k->running = false;
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

/* Signals are for the loop's thread. */
static void
start(struct kept *k)
{
	sigset_t all, before;

	if (k->started)
		pthread_join(k->thread, NULL); /* it has ended */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	k->started = pthread_create(&k->thread, NULL, work, k) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!k->started)
		work(k);
}

static void
change(struct kept *k, const struct entry *e, int64_t now)
{
	struct change *c = xcalloc(1, sizeof *c), **p;
	bool running;

	list_change(&k->list, e);
	c->entry = *e;
	c->now = now;
	pthread_mutex_lock(&k->lock);
	for (p = &k->changes; *p != NULL; p = &(*p)->next)
		;
	*p = c;
	running = k->running;
	k->running = true;
	pthread_mutex_unlock(&k->lock);
	if (!running)
		start(k);
}

/* ---- the interface ---- */

struct kept *
kept_open(const char *path, int64_t now)
{
	struct kept *k = xcalloc(1, sizeof *k);
	int dir = dir_open(path);

	k->dir = xstrdup(path);
	pthread_mutex_init(&k->lock, NULL);
	if (dir >= 0) {
		list_read(&k->list, dir, now);
		close(dir);
	}
	return k;
}

void
kept_close(struct kept *k)
{
	if (k == NULL)
		return;
	if (k->started)
		pthread_join(k->thread, NULL);
	pthread_mutex_destroy(&k->lock);
	free(k->dir);
	free(k);
}

const char *
kept_find(const struct kept *k, const char *key, int64_t now)
{
	for (size_t i = 0; i < k->list.n; i++)
		if (strcmp(k->list.entries[i].key, key) == 0)
			return is_fresh(&k->list.entries[i], now) ?
			    k->list.entries[i].id : NULL;
	return NULL;
}

void
kept_put(struct kept *k, const char *key, const char *id, int64_t now)
{
	struct entry e = { .at = now };

	if (!is_id(id))
		return;
	snprintf(e.key, sizeof e.key, "%s", key);
	snprintf(e.id, sizeof e.id, "%s", id);
	change(k, &e, now);
}

void
kept_drop(struct kept *k, const char *key, int64_t now)
{
	struct entry e = { .at = now };

	snprintf(e.key, sizeof e.key, "%s", key);
	change(k, &e, now);
}
