#ifndef TESTS_UNIT_HTTP_FIXTURE_H
#define TESTS_UNIT_HTTP_FIXTURE_H

/* A small HTTP/1.1 server on the test's own loop, which answers what a test
 * says, byte by byte. */

#include <errno.h>
#include <unistd.h>

#include "base/buf.h"
#include "tcp-fixture.h"
#include "tests/support/patience.h"

#define PEERS_MAX 64

struct server;
struct peer {
	struct server *s;
	struct loop_fd *source;
	int fd;
	struct buf in, out;
	bool closing; /* once all is written */
};

struct server {
	struct skewed_clock clock;
	struct loop *loop;
	struct loop_fd *source;
	int fd;
	char url[64];
	struct peer peers[PEERS_MAX];
	unsigned npeers, requests, closed;
	/* of the last request: "METHOD path HTTP/1.1", header lines, body */
	struct buf head, body;
	/* Writes the answer with say(). */
	void (*script)(struct peer *);
	void *user;
};

static void
peer_close(struct peer *p)
{
	if (p->fd < 0)
		return;
	loop_fd_remove(p->source);
	close(p->fd);
	p->fd = -1;
	p->s->closed++;
	buf_free(&p->in);
	buf_free(&p->out);
}

static void
peer_flush(struct peer *p)
{
	while (p->out.len > 0) {
		ssize_t n = send(p->fd, p->out.data, p->out.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			peer_close(p);
			return;
		}
		buf_drop_front(&p->out, (size_t)n);
	}
	loop_fd_set(p->source, (short)(POLLIN | (p->out.len > 0 ? POLLOUT :
	    0)));
	if (p->closing && p->out.len == 0)
		peer_close(p);
}

static inline void
say(struct peer *p, const char *text)
{
	buf_adds(&p->out, text);
}

static inline void
answer(struct peer *p, int status, const char *type, const char *body)
{
	buf_addf(&p->out, "HTTP/1.1 %d X\r\nContent-Type: %s\r\n"
	    "Content-Length: %zu\r\n\r\n%s", status, type, strlen(body), body);
}

/* Is there a whole request? */
static bool
peer_request(struct peer *p)
{
	struct server *s = p->s;
	char *end = p->in.len > 0 ? memmem(p->in.data, p->in.len, "\r\n\r\n",
	    4) : NULL;
	const char *at;
	size_t head, n;

	if (end == NULL)
		return false;
	head = (size_t)(end - p->in.data) + 2;
	end[2] = '\0';
	at = strcasestr(p->in.data, "\r\nContent-Length: ");
	n = at != NULL ? strtoul(at + 18, NULL, 10) : 0;
	end[2] = '\r';
	if (p->in.len < head + 2 + n)
		return false;
	buf_clear(&s->head);
	buf_clear(&s->body);
	buf_add(&s->head, p->in.data, head);
	buf_add(&s->body, p->in.data + head + 2, n);
	buf_drop_front(&p->in, head + 2 + n);
	s->requests++;
	return true;
}

static void
on_peer(void *user, short revents)
{
	struct peer *p = user;
	char piece[65536];
	ssize_t n;

	if (revents & (POLLIN | POLLHUP | POLLERR)) {
		n = recv(p->fd, piece, sizeof piece, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			peer_close(p);
			return;
		}
		if (n > 0)
			buf_add(&p->in, piece, (size_t)n);
		while (p->fd >= 0 && peer_request(p))
			p->s->script(p);
	}
	if (p->fd >= 0)
		peer_flush(p);
}

static void
on_accept(void *user, short revents)
{
	struct server *s = user;
	struct peer *p = &s->peers[s->npeers];

	(void)revents;
	assert_true(s->npeers < PEERS_MAX);
	s->npeers++;
	memset(p, 0, sizeof *p);
	p->s = s;
	p->fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(p->fd >= 0);
	p->source = loop_fd_add(s->loop, p->fd, POLLIN, on_peer, p);
}

static void
server_open(struct server *s)
{
	char host[32];

	memset(s, 0, sizeof *s);
	s->loop = skewed_loop(&s->clock);
	s->fd = tcp_listen(host, sizeof host);
	snprintf(s->url, sizeof s->url, "http://%s", host);
	s->source = loop_fd_add(s->loop, s->fd, POLLIN, on_accept, s);
}

static void
server_close(struct server *s)
{
	for (unsigned i = 0; i < s->npeers; i++)
		peer_close(&s->peers[i]);
	loop_fd_remove(s->source);
	close(s->fd);
	buf_free(&s->head);
	buf_free(&s->body);
	loop_destroy(s->loop);
}

static inline bool
has_header(struct server *s, const char *line)
{
	char *text = xasprintf("\r\n%s\r\n", line);
	bool has = strcasestr(buf_str(&s->head), text) != NULL;

	free(text);
	return has;
}

/* each: done before every turn. */
#define TURN_UNTIL(s, each, cond)                                            \
	do {                                                                 \
		int64_t end_ = clock_mono(clock_system()) + PATIENCE_US;     \
		while (!(cond)) {                                            \
			if (clock_mono(clock_system()) > end_)               \
				fail_msg("line %d: never: %s", __LINE__,     \
				    #cond);                                  \
			each;                                                \
			loop_turn((s)->loop, 10000);                         \
		}                                                            \
	} while (0)

#endif
