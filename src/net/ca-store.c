#include "config.h"

#include "net/ca-store.h"

#include <stddef.h>

#ifdef HAVE_LIBSSL

#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define LEAVE_S 2 /* a file that hangs does not hold up the end for ever */

struct ca_store {
	struct ca_store *next;
	char *file;
	X509_STORE *store;
	int fd;
	bool ready, empty; /* under the lock */
	pthread_t thread;
	bool threaded;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ca_store *stores;

static void *
load(void *user)
{
	struct ca_store *s = user;
	uint64_t one = 1;
	bool any = X509_STORE_load_file(s->store, s->file) == 1;

	pthread_mutex_lock(&lock);
	s->empty = !any;
	s->ready = true;
	pthread_mutex_unlock(&lock);
	if (write(s->fd, &one, sizeof one) < 0)
		abort(); /* nobody else writes */
	return NULL;
}

/* At exit OpenSSL frees what a thread may still be reading with. */
static void
wait_for_all(void)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += LEAVE_S;
	for (struct ca_store *s = stores; s != NULL; s = s->next)
		if (s->threaded)
			pthread_timedjoin_np(s->thread, NULL, &end);
}

/* Signals are for the loop's thread. */
static void
load_aside(struct ca_store *s)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	s->threaded = pthread_create(&s->thread, NULL, load, s) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!s->threaded)
		load(s);
}

static struct ca_store *
create(const char *file)
{
	struct ca_store *s = xcalloc(1, sizeof *s);

	s->file = xstrdup(file);
	/* What is registered after OpenSSL's own runs before it. */
	if (stores == NULL && (OPENSSL_init_ssl(0, NULL) != 1 ||
	    atexit(wait_for_all) != 0))
		abort(); /* out of memory */
	s->store = X509_STORE_new();
	s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->store == NULL || s->fd < 0)
		abort(); /* out of memory, out of descriptors */
	/* As libcurl sets them. */
	X509_STORE_set_flags(s->store, X509_V_FLAG_TRUSTED_FIRST |
	    X509_V_FLAG_PARTIAL_CHAIN);
	return s;
}

struct ca_store *
ca_store_get(const char *file)
{
	struct ca_store *s;

	pthread_mutex_lock(&lock);
	for (s = stores; s != NULL && strcmp(s->file, file) != 0; s = s->next)
		;
	if (s != NULL) {
		pthread_mutex_unlock(&lock);
		return s;
	}
	s = create(file);
	s->next = stores;
	stores = s;
	pthread_mutex_unlock(&lock);
	load_aside(s);
	return s;
}

int
ca_store_fd(const struct ca_store *s)
{
	return s->fd;
}

bool
ca_store_ready(struct ca_store *s)
{
	bool ready;

	pthread_mutex_lock(&lock);
	ready = s->ready;
	pthread_mutex_unlock(&lock);
	return ready;
}

bool
ca_store_empty(struct ca_store *s)
{
	bool empty;

	pthread_mutex_lock(&lock);
	empty = s->empty;
	pthread_mutex_unlock(&lock);
	return empty;
}

void
ca_store_use(struct ca_store *s, void *ssl_ctx)
{
	SSL_CTX_set1_cert_store(ssl_ctx, s->store);
}

#else

struct ca_store *
ca_store_get(const char *file)
{
	(void)file;
	return NULL;
}

int
ca_store_fd(const struct ca_store *s)
{
	(void)s;
	return -1;
}

bool
ca_store_ready(struct ca_store *s)
{
	(void)s;
	return true;
}

bool
ca_store_empty(struct ca_store *s)
{
	(void)s;
	return false;
}

void
ca_store_use(struct ca_store *s, void *ssl_ctx)
{
	(void)s;
	(void)ssl_ctx;
}

#endif
