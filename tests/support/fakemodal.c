#include "config.h"

#include "tests/support/fakemodal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <git2.h>

#include "base/mem.h"
#include "tests/support/patience.h"
#include "tests/support/ptyscreen.h"

#define PYTHON "/usr/bin/python3"

struct fakemodal {
	pid_t pid;
	int told; /* what it says */
	struct buf ports; /* name=value, each with its NUL */
	struct buf answer;
	char dir[64]; /* of its record */
	char *record;
	char *env[4];
};

bool
fakemodal_possible(void)
{
	if (system(PYTHON " -c 'import grpc, google.protobuf' 2>/dev/null && "
	    "command -v protoc >/dev/null && command -v openssl >/dev/null")
	    == 0)
		return true;
	fputs("skipped: no python3-grpcio, python3-protobuf, "
	    "protobuf-compiler or openssl\n", stderr);
	return false;
}

static void
run(const struct fakemodal *f, const char *const *knobs, int out)
{
	const char *srcdir = getenv("srcdir");
	char *script = xasprintf("%s/tests/modal/fake-modal",
	    srcdir != NULL ? srcdir : ".");
	const char *argv[40] = { PYTHON, script, "--record", f->record };
	size_t n = 4;

	for (; knobs != NULL && *knobs != NULL && n + 3 < ARRAY_LEN(argv);
	    knobs++) {
		argv[n++] = "--knob";
		argv[n++] = *knobs;
	}
	dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void
read_ports(struct fakemodal *f)
{
	struct pollfd p = { .fd = f->told, .events = POLLIN };
	char bytes[4096];
	ssize_t n;

	/* It ends them with an empty line. */
	while (strstr(buf_str(&f->ports), "\n\n") == NULL &&
	    poll(&p, 1, PATIENCE_US / 1000) == 1 &&
	    (n = read(f->told, bytes, sizeof bytes)) > 0)
		buf_add(&f->ports, bytes, (size_t)n);
	if (strstr(buf_str(&f->ports), "\n\n") == NULL ||
	    strstr(buf_str(&f->ports), "knobs=") == NULL)
		fail_msg("the fake does not start: %s", buf_str(&f->ports));
	for (size_t i = 0; i < f->ports.len; i++)
		if (f->ports.data[i] == '\n')
			f->ports.data[i] = '\0';
}

struct fakemodal *
fakemodal_start(const char *const *knobs)
{
	struct fakemodal *f = xcalloc(1, sizeof *f);
	int ends[2];

	snprintf(f->dir, sizeof f->dir, "/tmp/viva-fakemodal.XXXXXX");
	if (mkdtemp(f->dir) == NULL || pipe2(ends, O_CLOEXEC) != 0)
		fail_msg("%s: %s", f->dir, strerror(errno));
	f->record = xasprintf("%s/record", f->dir);
	f->pid = fork();
	if (f->pid == 0)
		run(f, knobs, ends[1]);
	close(ends[1]);
	f->told = ends[0];
	read_ports(f);
	return f;
}

void
fakemodal_stop(struct fakemodal *f)
{
	kill(f->pid, SIGTERM);
	waitpid(f->pid, NULL, 0);
	close(f->told);
	unlink(f->record);
	rmdir(f->dir);
	for (size_t i = 0; i < ARRAY_LEN(f->env); i++)
		free(f->env[i]);
	free(f->record);
	buf_free(&f->ports);
	buf_free(&f->answer);
	free(f);
}

const char *
fakemodal_get(const struct fakemodal *f, const char *name)
{
	const char *at = f->ports.data, *end = at + f->ports.len;
	size_t n = strlen(name);

	for (; at < end; at += strlen(at) + 1)
		if (strncmp(at, name, n) == 0 && at[n] == '=')
			return at + n + 1;
	fail_msg("the fake does not tell its %s", name);
	return NULL;
}

const char *const *
fakemodal_env(struct fakemodal *f, const char *home)
{
	char *text = xasprintf("[modal]\n\tca-file = %s\n",
	    fakemodal_get(f, "ca"));

	ptyscreen_home_config(home, text);
	free(text);
	if (f->env[0] == NULL) {
		f->env[0] = xasprintf("MODAL_SERVER_URL=%s",
		    fakemodal_get(f, "url"));
		f->env[1] = xstrdup("MODAL_TOKEN_ID=" FAKE_TOKEN_ID);
		f->env[2] = xstrdup("MODAL_TOKEN_SECRET=" FAKE_TOKEN_SECRET);
	}
	return (const char *const *)f->env;
}

/* ---- orders ---- */

static int
dial(const struct fakemodal *f)
{
	const char *url = fakemodal_get(f, "knobs");
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		fail_msg("the fake's control port: %s", strerror(errno));
	return fd;
}

const char *
fakemodal_order(struct fakemodal *f, const char *path, const char *json)
{
	int fd = dial(f);
	char bytes[65536];
	const char *body;
	ssize_t n;

	dprintf(fd, "%s %s HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n"
	    "Content-Length: %zu\r\n\r\n%s", json != NULL ? "POST" : "GET",
	    path, json != NULL ? strlen(json) : 0, json != NULL ? json : "");
	buf_clear(&f->answer);
	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		buf_add(&f->answer, bytes, (size_t)n);
	close(fd);
	body = strstr(buf_str(&f->answer), "\r\n\r\n");
	if (strncmp(buf_str(&f->answer), "HTTP/1.1 200", 12) != 0 ||
	    body == NULL)
		fail_msg("%s %s: %s", path, json != NULL ? json : "",
		    buf_str(&f->answer));
	return body + 4;
}

struct ptyscreen *
fakemodal_viva(struct fakemodal *f, const char *home, int rows, int cols,
    const char *const *words)
{
	const char *argv[8] = { getenv("VIVA") };

	if (argv[0] == NULL)
		fail_msg("VIVA does not name the binary");
	for (size_t i = 0; i < 6 && words[i] != NULL; i++)
		argv[i + 1] = words[i];
	return ptyscreen_start(rows, cols, argv, fakemodal_env(f, home));
}

unsigned
fakemodal_running(struct fakemodal *f)
{
	const char *at = fakemodal_order(f, "/state", NULL);
	unsigned n = 0;

	while ((at = strstr(at, "\"result\": null")) != NULL) {
		at++;
		n++;
	}
	return n;
}

long
fakemodal_count(struct fakemodal *f, const char *rpc)
{
	char *key = xasprintf("\"%s\": ", rpc);
	const char *at = strstr(fakemodal_order(f, "/log", NULL), key);
	long n = at != NULL ? strtol(at + strlen(key), NULL, 10) : 0;

	free(key);
	return n;
}

const char *
fakemodal_record(const struct fakemodal *f)
{
	return f->record;
}

/* ---- the hunt ---- */

const char *const hunt_secrets[] = { FAKE_TOKEN_ID, FAKE_TOKEN_SECRET,
	FAKE_JWT, NULL };

static const char *const *hunted;
static const char *spared;

void
hunt_bytes(const char *what, const char *p, size_t n, const char *const *words)
{
	for (; *words != NULL; words++)
		if (n > 0 && memmem(p, n, *words, strlen(*words)) != NULL)
			fail_msg("\"%s\" is in %s", *words, what);
}

bool
hunt_slurp(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	char bytes[65536];
	size_t n;

	if (f == NULL)
		return false;
	while ((n = fread(bytes, 1, sizeof bytes, f)) > 0)
		buf_add(out, bytes, n);
	fclose(f);
	return true;
}

static int
hunt_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	struct buf text = { 0 };
	const char *name = path + ftw->base;

	(void)st;
	hunt_bytes("a file's name", name, strlen(name), hunted);
	if (flag == FTW_F && (spared == NULL || strcmp(name, spared) != 0) &&
	    S_ISREG(st->st_mode) && hunt_slurp(path, &text))
		hunt_bytes(path, text.data, text.len, hunted);
	buf_free(&text);
	return 0;
}

void
hunt_tree(const char *dir, const char *const *words, const char *but)
{
	int tries = 10, rc;

	hunted = words;
	spared = but;
	/* What goes while it is walked ends the walk. */
	do
		rc = nftw(dir, hunt_one, 16, FTW_PHYS);
	while (rc < 0 && errno == ENOENT && --tries > 0);
	if (rc != 0)
		fail_msg("cannot read %s: %s", dir, strerror(errno));
}

static int
hunt_object(const git_oid *id, void *odb)
{
	git_odb_object *o = NULL;
	char name[GIT_OID_HEXSZ + 1];

	assert_int_equal(git_odb_read(&o, odb, id), 0);
	hunt_bytes(git_oid_tostr(name, sizeof name, id),
	    git_odb_object_data(o), git_odb_object_size(o), hunted);
	git_odb_object_free(o);
	return 0;
}

void
hunt_git(const char *path, const char *const *words)
{
	git_repository *repo = NULL;
	git_odb *odb = NULL;

	hunted = words;
	git_libgit2_init();
	assert_int_equal(git_repository_open_bare(&repo, path), 0);
	assert_int_equal(git_repository_odb(&odb, repo), 0);
	assert_int_equal(git_odb_foreach(odb, hunt_object, odb), 0);
	git_odb_free(odb);
	git_repository_free(repo);
	git_libgit2_shutdown();
}

void
hunt_process(pid_t pid, const char *const *words)
{
	static const char *const files[] = { "cmdline", "environ", "comm",
		"status", "maps" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *path = xasprintf("/proc/%d/%s", (int)pid, files[i]);
		struct buf text = { 0 };

		/* What we may not read nobody of this user may. */
		if (hunt_slurp(path, &text))
			hunt_bytes(path, text.data, text.len, words);
		buf_free(&text);
		free(path);
	}
}
