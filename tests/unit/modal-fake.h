#ifndef TESTS_UNIT_MODAL_FAKE_H
#define TESTS_UNIT_MODAL_FAKE_H

/* tests/modal/fake-modal as a child of a test: its ports, and orders to it. */

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

static struct {
	char dir[64], url[64], blocks[64], web[64], ca[256], knobs[64];
	char record[128];
	pid_t pid;
} fake;

static inline char *
read_text(const char *path, size_t *len)
{
	struct buf b = { 0 };
	char piece[65536];
	size_t n;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return NULL;
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_add(&b, piece, n);
	fclose(f);
	if (len != NULL)
		*len = b.len;
	buf_add(&b, "", 1);
	return buf_take(&b);
}

static inline void
fake_value(const char *text, const char *name, char *out, size_t n)
{
	size_t len = strlen(name);

	out[0] = '\0';
	for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, name, len) == 0 && p[len] == '=')
			snprintf(out, n, "%.*s",
			    (int)strcspn(p + len + 1, "\n"), p + len + 1);
	}
}

static inline bool
have_grpcio(void)
{
	return system("/usr/bin/python3 -c 'import grpc, google.protobuf' "
	    ">/dev/null 2>&1 && command -v protoc >/dev/null") == 0;
}

static inline bool
fake_start(void)
{
	const char *srcdir = getenv("srcdir");
	char *program = xasprintf("%s/tests/modal/fake-modal",
	    srcdir != NULL ? srcdir : ".");
	char ports[96], *text = NULL;

	snprintf(fake.dir, sizeof fake.dir, "/tmp/viva-modal-XXXXXX");
	if (mkdtemp(fake.dir) == NULL)
		return false;
	snprintf(ports, sizeof ports, "%s/ports", fake.dir);
	snprintf(fake.record, sizeof fake.record, "%s/record", fake.dir);
	fake.pid = fork();
	if (fake.pid == 0) {
		int fd = open("/dev/null", O_RDWR);

		dup2(fd, 0);
		dup2(fd, 1);
		execl("/usr/bin/python3", "python3", program, "--port-file",
		    ports, "--record", fake.record, (char *)NULL);
		_exit(127);
	}
	free(program);
	for (int i = 0; i < 300 && text == NULL; i++) {
		struct timespec ts = { 0, 100000000 };

		nanosleep(&ts, NULL);
		text = access(ports, R_OK) == 0 ? read_text(ports, NULL) :
		    NULL;
	}
	if (text == NULL)
		return false;
	fake_value(text, "url", fake.url, sizeof fake.url);
	fake_value(text, "blocks", fake.blocks, sizeof fake.blocks);
	fake_value(text, "web", fake.web, sizeof fake.web);
	fake_value(text, "ca", fake.ca, sizeof fake.ca);
	fake_value(text, "knobs", fake.knobs, sizeof fake.knobs);
	free(text);
	return fake.url[0] != '\0' && fake.knobs[0] != '\0';
}

static inline void
fake_stop(void)
{
	char ports[96];

	kill(fake.pid, SIGTERM);
	waitpid(fake.pid, NULL, 0);
	snprintf(ports, sizeof ports, "%s/ports", fake.dir);
	unlink(ports);
	unlink(fake.record);
	rmdir(fake.dir);
}

/* An order to the control port; the answer's body. */
static inline const char *
tell(const char *path, const char *body)
{
	static char answer[1 << 20];
	struct sockaddr_in a = { .sin_family = AF_INET };
	const char *colon = strrchr(fake.knobs, ':');
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = 0;
	ssize_t n;
	char *at;

	a.sin_port = htons((uint16_t)atoi(colon + 1));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	dprintf(fd, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	    "Content-Length: %zu\r\n\r\n%s", body != NULL ? "POST" : "GET",
	    path, body != NULL ? strlen(body) : 0, body != NULL ? body : "");
	while (len < sizeof answer - 1 &&
	    (n = read(fd, answer + len, sizeof answer - 1 - len)) > 0)
		len += (size_t)n;
	answer[len] = '\0';
	close(fd);
	at = strstr(answer, "\r\n\r\n");
	if (strncmp(answer, "HTTP/1.1 200", 12) != 0 || at == NULL)
		fail_msg("%s %s: %s", path, body != NULL ? body : "", answer);
	return at + 4;
}

#define PATIENCE_US 30000000
#define UNTIL(cond)                                                          \
	do {                                                                 \
		int64_t end_ = clock_mono(clock_system()) + PATIENCE_US;     \
		while (!(cond)) {                                            \
			if (clock_mono(clock_system()) > end_)               \
				fail_msg("line %d: never: %s", __LINE__,     \
				    #cond);                                  \
			loop_turn(loop, 100000);                             \
		}                                                            \
	} while (0)

#endif
