#include "config.h"

/*
 * The wire that libcurl is: HTTP/2 exchanges through its multi interface on
 * the loop's descriptors and timers.
 *
 * A lane is a multi handle and, of an https server, nearly always one
 * connection.  When a connection is suspect (it broke, it said GOAWAY, no
 * answer came) its lane is retired: what runs on it runs on, what comes takes
 * a new one.  libcurl 7.88 has no other way to leave a connection that is
 * still in use.
 */

#include "net/grpc-curl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* More than one only for those that find a connection full of streams. */
#define CONNECTIONS_MAX 4L
struct lane {
	struct lane *next;
	struct curl_wire *wire;
	struct curl_loop *on_loop;
	struct wire_exchange *running;
	unsigned users;
	int64_t used; /* last, when nobody does */
	bool retired;
	bool heard; /* so there is a connection */
};

struct curl_wire {
	struct wire base;
	struct loop *loop;
	struct curl_server server;
	struct lane *lanes, *current;
	struct loop_timer *upkeep;
	struct loop_fd *ca_source; /* while its certificates are read */
	struct wire_exchange *waiting; /* for that; the newest first */
};

struct wire_exchange {
	struct wire_exchange *prev, *next; /* of its lane, or that wait too */
	struct curl_wire *wire;
	struct lane *lane; /* NULL: it waits */
	CURL *easy;
	bool odd; /* its weight is */
	bool early; /* begun before there was a connection */
	bool aside; /* to the address we were told, not to the name's own */
	struct curl_slist *headers;
	const struct wire_sink *sink;
	void *user;
	char why[CURL_ERROR_SIZE];
};

static void on_transfer(void *, CURL *, CURLcode);
static void begin(struct wire_exchange *);

/* ---- lanes ---- */

static struct lane *
lane_create(struct curl_wire *w)
{
	struct lane *l = xcalloc(1, sizeof *l);
	CURLM *multi;

	l->wire = w;
	l->on_loop = curl_loop_create(w->loop, on_transfer, l);
	multi = curl_loop_multi(l->on_loop);
	curl_multi_setopt(multi, CURLMOPT_PIPELINING,
	    (long)CURLPIPE_MULTIPLEX);
	if (w->server.tls)
		curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
		    CONNECTIONS_MAX);
	l->next = w->lanes;
	w->lanes = l;
	return l;
}

static void
lane_destroy(struct lane *l)
{
	struct lane **p = &l->wire->lanes;

	while (*p != l)
		p = &(*p)->next;
	*p = l->next;
	if (l->wire->current == l)
		l->wire->current = NULL;
	curl_loop_destroy(l->on_loop);
	free(l);
}

static void
lane_retire(struct lane *l)
{
	l->retired = true;
	if (l->wire->current == l)
		l->wire->current = NULL;
}

static void
lane_reap(struct lane *l)
{
	if (l->retired && l->users == 0)
		lane_destroy(l);
}

/* ---- exchanges ---- */

static void
link_in(struct wire_exchange **list, struct wire_exchange *x)
{
	x->prev = NULL;
	x->next = *list;
	if (x->next != NULL)
		x->next->prev = x;
	*list = x;
}

static void
link_out(struct wire_exchange **list, struct wire_exchange *x)
{
	if (x->prev != NULL)
		x->prev->next = x->next;
	else
		*list = x->next;
	if (x->next != NULL)
		x->next->prev = x->prev;
}

/* libcurl has copies of its own of what it sends; of ours none is left. */
static void
exchange_free(struct wire_exchange *x)
{
	link_out(x->lane != NULL ? &x->lane->running : &x->wire->waiting, x);
	if (x->lane != NULL)
		curl_multi_remove_handle(curl_loop_multi(x->lane->on_loop),
		    x->easy);
	curl_easy_cleanup(x->easy);
	for (struct curl_slist *s = x->headers; s != NULL; s = s->next)
		explicit_bzero(s->data, strlen(s->data));
	curl_slist_free_all(x->headers);
	if (x->lane != NULL) {
		x->lane->users--;
		x->lane->used = clock_mono(loop_clock(x->wire->loop));
	}
	free(x);
}

/* Whether the connection is to be left, not only the stream. */
static bool
condemns(CURLcode rc)
{
	return rc != CURLE_OK && rc != CURLE_HTTP2_STREAM &&
	    rc != CURLE_WRITE_ERROR;
}

static void
exchange_over(struct wire_exchange *x, CURLcode rc)
{
	const struct curl_server *s = &x->wire->server;
	const struct wire_sink *sink = x->sink;
	void *user = x->user;
	struct wire_end end = { .failed = rc != CURLE_OK,
		.hopeless = curl_hopeless(rc, x->why) };
	curl_off_t total = 0, before = 0;
	long connects = 0;

	curl_easy_getinfo(x->easy, CURLINFO_TOTAL_TIME_T, &total);
	curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &before);
	curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &connects);
	end.fresh = connects > 0 || x->early;
	end.took_us = total > before ? total - before : 0;
	if (rc != CURLE_OK && x->lane->heard)
		curl_words(s, rc, x->why, end.why, sizeof end.why);
	else if (rc != CURLE_OK)
		curl_words_unheard(s, rc, x->why, end.why, sizeof end.why);
	if (condemns(rc))
		lane_retire(x->lane);
	exchange_free(x);
	sink->end(user, &end);
}

static bool
was_sent(struct wire_exchange *x)
{
	curl_off_t us = 0;

	curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &us);
	return us > 0;
}

static void
go_by_name(struct wire_exchange *x)
{
	struct lane *l = x->lane;

	link_out(&l->running, x);
	curl_multi_remove_handle(curl_loop_multi(l->on_loop), x->easy);
	l->users--;
	curl_server_set_by_name(x->easy);
	x->aside = false;
	x->why[0] = '\0';
	begin(x);
}

/* Nobody who is this server is at the address that we were told: what has not
 * been sent goes to the name's own, the oldest first. */
static bool
address_fails(struct wire_exchange *x, CURLcode rc)
{
	struct lane *l = x->lane;
	struct wire_exchange *last, *prev;

	if (rc == CURLE_OK || !x->aside || was_sent(x))
		return false;
	x->wire->server.by_name = true;
	lane_retire(l);
	for (last = l->running; last->next != NULL; last = last->next)
		;
	for (x = last; x != NULL; x = prev) {
		prev = x->prev;
		if (x->aside && !was_sent(x))
			go_by_name(x);
	}
	return true;
}

static void
on_transfer(void *user, CURL *easy, CURLcode rc)
{
	struct lane *l = user;
	char *private = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	l->users++; /* it stays while it runs */
	if (!address_fails((void *)private, rc))
		exchange_over((void *)private, rc);
	l->users--;
	lane_reap(l);
}

static size_t
on_header(char *p, size_t size, size_t n, void *user)
{
	struct wire_exchange *x = user;

	x->lane->heard = true;
	x->sink->line(x->user, p, size * n);
	return size * n;
}

static size_t
on_body(char *p, size_t size, size_t n, void *user)
{
	struct wire_exchange *x = user;

	return x->sink->data(x->user, p, size * n) ? size * n : 0;
}

static void
add_header(struct wire_exchange *x, const char *line)
{
	struct curl_slist *more = curl_slist_append(x->headers, line);

	if (more == NULL)
		abort(); /* out of memory */
	x->headers = more;
}

static void
set_request(struct wire_exchange *x, const struct wire_request *q,
    const char *base)
{
	/* Of these libcurl has its own. */
	static const char *const none[] = { "Accept:", "Expect:" };
	char *url = xasprintf("%s%s", base, q->path);
	CURL *h = x->easy;

	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		add_header(x, none[i]);
	for (size_t i = 0; i < q->nheaders; i++)
		add_header(x, q->headers[i]);
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_USERAGENT, PACKAGE_NAME "/"
	    PACKAGE_VERSION);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, x->headers);
	curl_easy_setopt(h, CURLOPT_POST, 1L);
	curl_easy_setopt(h, CURLOPT_POSTFIELDS, q->body);
	curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->n);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(h, CURLOPT_PRIVATE, x);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, x->why);
	free(url);
}

/* ---- keepalive ---- */

/* Before 8.10 libcurl has no PING for a multi handle.  A change of a stream's
 * weight makes it send something too, which every server takes and none has
 * to answer; that it arrives TCP knows.  Pausing and going on is what makes
 * libcurl look at the weight. */
static void
exchange_nudge(struct wire_exchange *x)
{
	if (!was_sent(x))
		return;
	x->odd = !x->odd;
	curl_easy_setopt(x->easy, CURLOPT_STREAM_WEIGHT, x->odd ? 17L : 16L);
	curl_easy_pause(x->easy, CURLPAUSE_RECV);
	curl_easy_pause(x->easy, CURLPAUSE_CONT);
}

/* Pings all connections of a lane.  libcurl knows them only through a handle
 * that was added, if only for a moment. */
static void
lane_ping(struct lane *l)
{
	CURL *h = curl_easy_init();

	if (h == NULL)
		abort(); /* out of memory */
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_UPKEEP_INTERVAL_MS, 0L);
	curl_multi_add_handle(curl_loop_multi(l->on_loop), h);
	curl_easy_upkeep(h);
	curl_multi_remove_handle(curl_loop_multi(l->on_loop), h);
	curl_easy_cleanup(h);
}

static void
on_upkeep(void *user)
{
	struct curl_wire *w = user;
	int64_t now = clock_mono(loop_clock(w->loop));
	unsigned version = curl_version_info(CURLVERSION_NOW)->version_num;
	struct lane *l, *next;
	struct wire_exchange *x;

	for (l = w->lanes; l != NULL; l = next) {
		next = l->next;
		if (l->users == 0 && now - l->used > IDLE_S * 1000000)
			lane_destroy(l);
		else if (version >= 0x080a00)
			lane_ping(l);
		else
			for (x = l->running; x != NULL; x = x->next)
				exchange_nudge(x);
	}
	w->upkeep = w->lanes == NULL ? NULL : loop_timer_add(w->loop,
	    KEEPALIVE_S * 1000000, on_upkeep, w);
}

static void
begin(struct wire_exchange *x)
{
	struct curl_wire *w = x->wire;

	if (w->current == NULL)
		w->current = lane_create(w);
	x->lane = w->current;
	x->lane->users++;
	x->early = !x->lane->heard;
	link_in(&x->lane->running, x);
	curl_multi_add_handle(curl_loop_multi(x->lane->on_loop), x->easy);
	if (w->upkeep == NULL)
		w->upkeep = loop_timer_add(w->loop, KEEPALIVE_S * 1000000,
		    on_upkeep, w);
}

static void
on_ca_ready(void *user, short revents)
{
	struct curl_wire *w = user;
	struct wire_exchange *x;

	(void)revents;
	loop_fd_remove(w->ca_source);
	w->ca_source = NULL;
	while ((x = w->waiting) != NULL) {
		while (x->next != NULL)
			x = x->next;
		link_out(&w->waiting, x);
		begin(x);
	}
}

static void
wait_for_ca(struct wire_exchange *x)
{
	struct curl_wire *w = x->wire;

	link_in(&w->waiting, x);
	if (w->ca_source == NULL)
		w->ca_source = loop_fd_add(w->loop,
		    ca_store_fd(w->server.ca), POLLIN, on_ca_ready, w);
}

static struct wire_exchange *
start(struct wire *base, const struct wire_request *q,
    const struct wire_sink *sink, void *user)
{
	struct curl_wire *w = CONTAINER_OF(base, struct curl_wire, base);
	struct wire_exchange *x = xcalloc(1, sizeof *x);

	x->wire = w;
	x->sink = sink;
	x->user = user;
	x->easy = curl_easy_init();
	if (x->easy == NULL)
		abort(); /* out of memory */
	curl_server_set(&w->server, x->easy);
	x->aside = w->server.address != NULL && !w->server.by_name;
	set_request(x, q, w->server.url);
	if (w->server.ca != NULL && !ca_store_ready(w->server.ca))
		wait_for_ca(x);
	else
		begin(x);
	return x;
}

static bool
stop(struct wire_exchange *x, bool suspect)
{
	struct lane *l = x->lane;
	bool sent;

	if (l == NULL) {
		exchange_free(x);
		return false;
	}
	sent = was_sent(x);
	if (suspect)
		lane_retire(l);
	exchange_free(x);
	lane_reap(l);
	return sent;
}

/* ---- the server ---- */

static void
destroy(struct wire *base)
{
	struct curl_wire *w = CONTAINER_OF(base, struct curl_wire, base);

	while (w->lanes != NULL)
		lane_destroy(w->lanes);
	loop_timer_cancel(w->upkeep);
	loop_fd_remove(w->ca_source);
	curl_server_free(&w->server);
	free(w);
}

struct wire *
wire_curl(struct loop *loop, const struct grpc_spec *spec, struct err *e)
{
	struct curl_server server;
	struct curl_wire *w;

	if (!curl_server_init(&server, spec, e))
		return NULL;
	w = xcalloc(1, sizeof *w);
	w->base = (struct wire){ start, stop, destroy };
	w->loop = loop;
	w->server = server;
	return &w->base;
}
