#include "config.h"

/* viva volumes files, get, put, remove: the files of a volume, without a
 * sandbox. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/newfile.h"
#include "cli/progress.h"
#include "cli/provider.h"
#include "sandbox/modal.h"

struct order {
	char *volume, *path;
	const char *file; /* of this machine; NULL: none was named */
	bool flag;	  /* --force or --recursive */
	struct loop *loop;
	struct provider *provider;
	bool done;
	uint64_t n;
	struct err e;
};

/* ---- with the account ---- */

static void
on_done(void *user, uint64_t n, const struct err *e)
{
	struct order *o = user;

	o->done = true;
	o->n = n;
	if (e != NULL)
		o->e = *e;
	loop_stop(o->loop);
}

/* NULL: there is no account. */
static struct modal *
account(struct order *o)
{
	o->loop = loop_create(clock_system(), waiter_poll());
	o->provider = provider_open("modal", o->loop, &o->e);
	return o->provider != NULL ? provider_modal(o->provider) : NULL;
}

/* Until what was asked for is done: did it succeed? */
static bool
wait_for(struct order *o)
{
	struct progress *p = progress_begin(o->provider);

	loop_run(o->loop);
	progress_end(p);
	return o->e.code == ERR_NONE;
}

static void
leave(struct order *o)
{
	if (o->provider != NULL)
		o->provider->close(o->provider);
	if (o->loop != NULL)
		loop_destroy(o->loop);
	o->provider = NULL;
	o->loop = NULL;
}

/* What was printed is there, or it is an error. */
static bool
printed(struct err *e)
{
	return (fflush(stdout) == 0 && ferror(stdout) == 0) ||
	    err_sys(e, errno, "cannot write to standard output");
}

/* ---- files ---- */

static void
print_file(void *user, const struct modal_file *f)
{
	static const char *const kinds[] = { [MODAL_FILE] = "",
		[MODAL_DIRECTORY] = "directory", [MODAL_LINK] = "link",
		[MODAL_SPECIAL] = "special" };
	time_t t = (time_t)f->changed;
	char when[40] = "-";
	struct tm tm;

	(void)user;
	if (f->kind == MODAL_FILE)
		printf("%12llu", (unsigned long long)f->size);
	else
		printf("%12s", kinds[f->kind]);
	if (t > 0 && localtime_r(&t, &tm) != NULL && strftime(when,
	    sizeof when, "%Y-%m-%d %H:%M", &tm) == 0)
		snprintf(when, sizeof when, "-");
	printf("  %-16s  ", when);
	cli_print_clean(f->path);
	putchar('\n');
}

static bool
run_files(struct order *o)
{
	struct modal *m = account(o);

	if (m == NULL)
		return false;
	modal_volume_files(m, o->volume, o->path, print_file, on_done, o);
	if (!wait_for(o))
		return false;
	if (o->n == 0)
		printf("no files there\n");
	return printed(&o->e);
}

/* ---- get ---- */

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Part of fd from at on; 0: its end. */
static ssize_t
part(const struct newfile *f, char *to, size_t size, uint64_t at)
{
	ssize_t n;

	do
		n = pread(f->fd, to, size, (off_t)at);
	while (n < 0 && errno == EINTR);
	return n;
}

static bool
write_out(const char *p, size_t n)
{
	struct pollfd ready = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (n > 0) {
		ssize_t k = write(STDOUT_FILENO, p, n);

		if (k < 0 && errno == EAGAIN)
			poll(&ready, 1, -1);
		else if (k < 0 && errno != EINTR)
			return false;
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		}
	}
	return true;
}

/* What a program wrote may order a terminal about: has it bytes that do? */
static bool
orders_terminals(const struct newfile *f)
{
	char p[65536];
	unsigned char before = 0;
	uint64_t at = 0;
	ssize_t n;

	while ((n = part(f, p, sizeof p, at)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			unsigned char c = (unsigned char)p[i];

			if ((c < ' ' && c != '\n' && c != '\t' && c != '\r') ||
			    c == 0x7f || (before == 0xc2 && c >= 0x80 &&
			    c < 0xa0))
				return true;
			before = c;
		}
		at += (uint64_t)n;
	}
	return false;
}

static bool
copy_out(const struct newfile *f, const char *path, struct err *e)
{
	char p[65536];
	uint64_t at = 0;
	ssize_t n;

	if (isatty(STDOUT_FILENO) && orders_terminals(f))
		return err_set(e, ERR_UNSUPPORTED, "%.200s is no plain text, "
		    "and standard output is a terminal; name a file, or pipe "
		    "it", path);
	while ((n = part(f, p, sizeof p, at)) > 0) {
		if (!write_out(p, (size_t)n))
			return err_sys(e, errno, "cannot write to standard "
			    "output");
		at += (uint64_t)n;
	}
	return n == 0 || err_sys(e, errno, "what was read of %.200s cannot be "
	    "read again", path);
}

/* All of it is read before any of it is told, as what breaks is read anew. */
static bool
run_get(struct order *o)
{
	const char *to = o->file != NULL ? o->file : last_part(o->path);
	bool out = strcmp(to, "-") == 0 && o->file != NULL, ok;
	struct newfile f;
	struct modal *m;

	signal(SIGXFSZ, SIG_IGN); /* a limit is an error of the write */
	if (!newfile_open(&f, out ? NULL : to, o->flag, &o->e))
		return false;
	m = account(o);
	if (m != NULL)
		modal_volume_get(m, o->volume, o->path, f.fd, on_done, o);
	ok = m != NULL && wait_for(o);
	if (ok && out)
		ok = copy_out(&f, o->path, &o->e);
	else if (ok)
		ok = newfile_keep(&f, &o->e);
	leave(o); /* it borrows the file */
	newfile_close(&f);
	if (!ok || out)
		return ok;
	printf("saved ");
	cli_print_clean(to);
	printf(", %llu bytes\n", (unsigned long long)o->n);
	return printed(&o->e);
}

/* ---- put ---- */

/* A path that ends with '/' is the directory for it. */
static void
name_target(struct order *o)
{
	size_t n = strlen(o->path);
	char *whole;

	if (n > 0 && o->path[n - 1] != '/')
		return;
	whole = xasprintf("%s%s", o->path, last_part(o->file));
	free(o->path);
	o->path = whole;
}

static int
open_file(struct order *o, struct stat *sb)
{
	/* A pipe without a writer would be waited for. */
	int fd = open(o->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, sb) != 0)
		err_sys(&o->e, errno, "cannot read %.200s", o->file);
	else if (!S_ISREG(sb->st_mode))
		err_set(&o->e, ERR_UNSUPPORTED, "%.200s is not a regular file; "
		    "only such can be put", o->file);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Bytes may have changed behind those that were taken. */
static bool
same_still(struct order *o, int fd, const struct stat *was)
{
	struct stat sb;

	if (fstat(fd, &sb) == 0 && sb.st_size == was->st_size &&
	    sb.st_mtim.tv_sec == was->st_mtim.tv_sec &&
	    sb.st_mtim.tv_nsec == was->st_mtim.tv_nsec)
		return true;
	return err_set(&o->e, ERR_UNAVAILABLE, "%.200s was changed while it "
	    "was read, and some of it may be on the volume as it was before; "
	    "put it again", o->file);
}

static bool
run_put(struct order *o)
{
	struct modal *m = NULL;
	struct stat sb;
	int fd = open_file(o, &sb);
	bool ok;

	if (fd < 0)
		return false;
	name_target(o);
	m = account(o);
	if (m != NULL)
		modal_volume_put(m, o->volume, o->path, fd,
		    (uint64_t)sb.st_size, on_done, o);
	ok = m != NULL && wait_for(o) && same_still(o, fd, &sb);
	leave(o); /* it borrows the file */
	close(fd);
	if (!ok)
		return false;
	cli_print_clean(o->path);
	printf(" is on the volume ");
	cli_print_clean(o->volume);
	printf(", %llu bytes\n", (unsigned long long)sb.st_size);
	return printed(&o->e);
}

/* ---- remove ---- */

static bool
run_remove(struct order *o)
{
	struct modal *m = account(o);

	if (m == NULL)
		return false;
	modal_volume_remove(m, o->volume, o->path, o->flag, on_done, o);
	if (!wait_for(o))
		return false;
	printf("removed ");
	cli_print_clean(o->path);
	putchar('\n');
	return printed(&o->e);
}

/* ---- the words ---- */

static const struct verb {
	const char *name, *args, *flag;
	int words, most; /* beside the verb */
	bool (*run)(struct order *);
} verbs[] = {
	{ "files", "VOLUME [PATH]", NULL, 1, 2, run_files },
	{ "get", "[--force] VOLUME PATH [FILE]", "force", 2, 3, run_get },
	{ "put", "VOLUME FILE [PATH]", NULL, 2, 3, run_put },
	{ "remove", "[--recursive] VOLUME PATH", "recursive", 2, 2,
	    run_remove },
};

/* As it is told, with or without the volume's top before it. */
static char *
path_of(const char *word)
{
	char *path = xstrdup(word + strspn(word, "/"));
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/' && path[n - 2] == '/')
		path[--n] = '\0';
	return path;
}

static void
take_words(struct order *o, const struct verb *v, char **words, int n)
{
	bool put = v->run == run_put;
	const char *path = put ? (n > 2 ? words[2] : "") :
	    n > 1 ? words[1] : "";
	size_t len;

	o->volume = xstrdup(words[0]);
	o->file = put ? words[1] : n > 2 ? words[2] : NULL;
	o->path = path_of(path);
	len = strlen(o->path);
	/* As a list shows a directory. */
	if (!put && len > 0 && o->path[len - 1] == '/')
		o->path[len - 1] = '\0';
}

static int
usage(const struct verb *v)
{
	fprintf(stderr, "usage: viva volumes %s %s\n", v->name, v->args);
	return 2;
}

static int
run_verb(const struct verb *v, int argc, char **argv)
{
	const struct option options[] = {
		{ v->flag, no_argument, NULL, 'f' }, { NULL, 0, NULL, 0 } };
	struct order o = { .flag = false };
	int c, n;
	bool ok;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)) {
		printf("viva volumes %s %s\n", v->name, v->args);
		return 0;
	}
	while ((c = getopt_long(argc, argv, "", v->flag != NULL ? options :
	    options + 1, NULL)) != -1) {
		if (c != 'f')
			return usage(v);
		o.flag = true;
	}
	n = argc - optind;
	if (n < v->words || n > v->most)
		return usage(v);
	take_words(&o, v, argv + optind, n);
	/* Not the volume itself; that is what 'viva volumes --delete' is
	 * for. */
	if (v->words > 1 && v->run != run_put && o.path[0] == '\0')
		ok = err_set(&o.e, ERR_INVALID, "no file of the volume is "
		    "named; 'viva volumes files %.100s' lists them", o.volume);
	else
		ok = v->run(&o);
	leave(&o);
	free(o.volume);
	free(o.path);
	return ok ? 0 : cli_fail(&o.e);
}

bool
cmd_volume_files(int argc, char **argv, int *status)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			*status = run_verb(&verbs[i], argc - 1, argv + 1);
			return true;
		}
	return false;
}
