#include "config.h"

#include "net/https.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/grpc-curl.h"

/* To one server at a time; more requests wait for a connection. */
#define CONNECTIONS_MAX 16L
#define SEND_SIZE 131072L
#define READ_SIZE 65536L
#define TYPE_MAX 100
#define HTTP_SEE_OTHER 303

struct https {
	struct loop *loop;
	struct curl_server server;
	struct curl_loop *on_loop;
	struct https_call *calls;
	struct loop_fd *ca_source; /* while certificates are read */
};

struct https_call {
	struct https_call *prev, *next;
	struct https *h;
	CURL *easy; /* NULL: nothing is under way */
	bool added; /* else it waits for certificates */
	struct curl_slist *headers;
	enum https_method method;
	const char *body;
	size_t n, max, len;
	char *into;
	struct buf own; /* without into */
	char *url;
	int64_t attempt_us;
	long stall_s;
	unsigned redirects;
	bool too_long;
	struct loop_timer *deadline, *attempt, *refused;
	https_done done;
	void *user;
	char why[CURL_ERROR_SIZE];
	char refusal[256];
};

static void call_go(struct https_call *);

/* ---- the end ---- */

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void
drop_transfer(struct https_call *c)
{
	if (c->easy == NULL)
		return;
	if (c->added)
		curl_multi_remove_handle(curl_loop_multi(c->h->on_loop),
		    c->easy);
	curl_easy_cleanup(c->easy);
	c->easy = NULL;
	c->added = false;
	loop_timer_cancel(c->attempt);
	c->attempt = NULL;
}

static void
call_free(struct https_call *c)
{
	drop_transfer(c);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		c->h->calls = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	loop_timer_cancel(c->deadline);
	loop_timer_cancel(c->refused);
	for (struct curl_slist *s = c->headers; s != NULL; s = s->next)
		explicit_bzero(s->data, strlen(s->data));
	curl_slist_free_all(c->headers);
	wipe(c->url);
	buf_free(&c->own);
	free(c);
}

void
https_cancel(struct https_call *c)
{
	if (c != NULL)
		call_free(c);
}

/* The answer may borrow of the call, which goes afterwards. */
static void
call_end(struct https_call *c, const struct https_answer *a)
{
	https_done done = c->done;
	void *user = c->user;
	struct buf own = c->own;
	struct https_answer copy = *a;

	memset(&c->own, 0, sizeof c->own);
	call_free(c);
	if (copy.body == NULL)
		copy.body = buf_str(&own);
	if (copy.type == NULL)
		copy.type = "";
	done(user, &copy);
	buf_free(&own);
}

static void
call_failed(struct https_call *c, bool hopeless, const char *why)
{
	struct https_answer a = { .failed = true, .hopeless = hopeless };

	snprintf(a.why, sizeof a.why, "%s", why);
	call_end(c, &a);
}

static void
on_deadline(void *user)
{
	struct https_call *c = user;

	c->deadline = NULL;
	call_failed(c, false, "no answer in time");
}

static void
on_attempt(void *user)
{
	struct https_call *c = user;

	c->attempt = NULL;
	call_failed(c, false, "no answer in time");
}

static void
on_refused(void *user)
{
	struct https_call *c = user;

	c->refused = NULL;
	call_failed(c, true, c->refusal);
}

/* ---- redirects ---- */

static bool
part_equal(CURLU *a, CURLU *b, CURLUPart part)
{
	char *x = NULL, *y = NULL;
	bool same = curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) ==
	    CURLUE_OK && curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) ==
	    CURLUE_OK && strcmp(x, y) == 0;

	curl_free(x);
	curl_free(y);
	return same;
}

/* Keys in the headers are for this server only. */
static bool
same_server(const char *a, const char *b)
{
	static const CURLUPart parts[] = { CURLUPART_SCHEME, CURLUPART_HOST,
		CURLUPART_PORT };
	CURLU *x = curl_url(), *y = curl_url();
	bool same;

	if (x == NULL || y == NULL)
		abort(); /* out of memory */
	same = curl_url_set(x, CURLUPART_URL, a, 0) == CURLUE_OK &&
	    curl_url_set(y, CURLUPART_URL, b, 0) == CURLUE_OK;
	for (size_t i = 0; same && i < ARRAY_LEN(parts); i++)
		same = part_equal(x, y, parts[i]);
	curl_url_cleanup(x);
	curl_url_cleanup(y);
	return same;
}

/* Of where to only the host: the rest may be a key. */
static void
follow_not(struct https_call *c, const char *to)
{
	CURLU *u = curl_url();
	char *host = NULL, why[256];

	if (u == NULL)
		abort(); /* out of memory */
	if (to != NULL && curl_url_set(u, CURLUPART_URL, to, 0) == CURLUE_OK)
		curl_url_get(u, CURLUPART_HOST, &host, 0);
	snprintf(why, sizeof why, "the server sends us to another one%s%.80s",
	    host != NULL ? ", " : "", host != NULL ? host : "");
	curl_free(host);
	curl_url_cleanup(u);
	call_failed(c, true, why);
}

static void
follow(struct https_call *c)
{
	char *to = NULL;

	curl_easy_getinfo(c->easy, CURLINFO_REDIRECT_URL, &to);
	if (to == NULL || !same_server(c->url, to)) {
		follow_not(c, to);
		return;
	}
	if (c->redirects-- == 1) {
		call_failed(c, false, "the server sends us on and on");
		return;
	}
	to = xstrdup(to);
	drop_transfer(c);
	wipe(c->url);
	c->url = to;
	c->method = HTTPS_GET;
	c->body = NULL;
	c->n = c->len = 0;
	buf_clear(&c->own);
	call_go(c);
}

/* ---- one transfer ---- */

static void
on_transfer(void *user, CURL *easy, CURLcode rc)
{
	struct https_answer a = { .failed = rc != CURLE_OK };
	struct https_call *c;
	char *private = NULL, *type = NULL, kept[TYPE_MAX];
	long status = 0;

	(void)user;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	c = (void *)private;
	if (c->too_long) {
		call_failed(c, true, "the answer is too long");
		return;
	}
	if (rc != CURLE_OK) {
		curl_words(&c->h->server, rc, c->why, a.why,
		    sizeof a.why);
		call_failed(c, curl_hopeless(rc, c->why), a.why);
		return;
	}
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == HTTP_SEE_OTHER && c->redirects > 0) {
		follow(c);
		return;
	}
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	snprintf(kept, sizeof kept, "%s", type != NULL ? type : "");
	a.type = kept;
	a.status = (int)status;
	a.body = c->into;
	a.n = c->len;
	call_end(c, &a);
}

static size_t
on_body(char *p, size_t size, size_t count, void *user)
{
	struct https_call *c = user;
	size_t n = size * count;

	if (n > c->max - c->len) {
		c->too_long = true;
		return 0;
	}
	if (c->into != NULL)
		memcpy(c->into + c->len, p, n);
	else
		buf_add(&c->own, p, n);
	c->len += n;
	return n;
}

static void
set_method(struct https_call *c)
{
	if (c->method == HTTPS_GET)
		return;
	curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, c->body != NULL ?
	    c->body : "");
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)c->n);
	curl_easy_setopt(c->easy, CURLOPT_UPLOAD_BUFFERSIZE, SEND_SIZE);
	if (c->method == HTTPS_PUT)
		curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, "PUT");
}

static void
set_server(struct https_call *c)
{
	struct curl_server server = c->h->server; /* of this URL */
	CURL *h = c->easy;

	curl_url_check(c->url, &server.tls, &server.local, NULL);
	curl_server_set(&server, h);
	/* Many at once go on connections of their own: on one they share its
	 * window. */
	curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h, CURLOPT_PIPEWAIT, 0L);
	curl_easy_setopt(h, CURLOPT_BUFFERSIZE, READ_SIZE);
}

static void
begin(struct https_call *c)
{
	c->added = true;
	curl_multi_add_handle(curl_loop_multi(c->h->on_loop), c->easy);
	if (c->attempt_us > 0)
		c->attempt = loop_timer_add(c->h->loop, c->attempt_us,
		    on_attempt, c);
}

static void
on_ca_ready(void *user, short revents)
{
	struct https *h = user;

	(void)revents;
	loop_fd_remove(h->ca_source);
	h->ca_source = NULL;
	for (struct https_call *c = h->calls; c != NULL; c = c->next)
		if (c->easy != NULL && !c->added)
			begin(c);
}

static void
call_go(struct https_call *c)
{
	struct https *h = c->h;

	c->easy = curl_easy_init();
	if (c->easy == NULL)
		abort(); /* out of memory */
	set_server(c);
	set_method(c);
	curl_easy_setopt(c->easy, CURLOPT_URL, c->url);
	curl_easy_setopt(c->easy, CURLOPT_USERAGENT, PACKAGE_NAME "/"
	    PACKAGE_VERSION);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->why);
	if (c->stall_s > 0) {
		curl_easy_setopt(c->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(c->easy, CURLOPT_LOW_SPEED_TIME, c->stall_s);
	}
	if (h->server.ca == NULL || ca_store_ready(h->server.ca))
		begin(c);
	else if (h->ca_source == NULL)
		h->ca_source = loop_fd_add(h->loop, ca_store_fd(h->server.ca),
		    POLLIN, on_ca_ready, h);
}

/* ---- the interface ---- */

static void
add_header(struct https_call *c, const char *line)
{
	struct curl_slist *more = curl_slist_append(c->headers, line);

	if (more == NULL)
		abort(); /* out of memory */
	c->headers = more;
}

struct https_call *
https_start(struct https *h, const struct https_request *q, https_done done,
    void *user)
{
	/* Of these libcurl has its own. */
	static const char *const none[] = { "Accept:", "Expect:" };
	struct https_call *c = xcalloc(1, sizeof *c);
	struct err e = { 0 };
	bool tls, local;

	*c = (struct https_call){ .h = h, .next = h->calls,
		.method = q->method, .body = q->body, .n = q->n,
		.max = q->max, .into = q->into, .url = xstrdup(q->url),
		.attempt_us = q->attempt_us, .redirects = q->redirects,
		.stall_s = (long)((q->stall_us + 999999) / 1000000),
		.done = done, .user = user };
	if (c->next != NULL)
		c->next->prev = c;
	h->calls = c;
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		add_header(c, none[i]);
	for (size_t i = 0; i < q->nheaders; i++)
		add_header(c, q->headers[i]);
	if (q->deadline_us > 0)
		c->deadline = loop_timer_add(h->loop, q->deadline_us,
		    on_deadline, c);
	if (curl_url_check(c->url, &tls, &local, &e)) {
		call_go(c);
	} else {
		snprintf(c->refusal, sizeof c->refusal, "%.250s", e.msg);
		c->refused = loop_timer_add(h->loop, 0, on_refused, c);
	}
	return c;
}

size_t
https_moved(const struct https_call *c)
{
	curl_off_t n = 0;

	if (c->method == HTTPS_GET)
		return c->len;
	if (c->easy != NULL)
		curl_easy_getinfo(c->easy, CURLINFO_SIZE_UPLOAD_T, &n);
	return n > 0 ? (size_t)n : 0;
}

bool
https_url_ok(const char *url, struct err *e)
{
	bool tls, local;

	return curl_url_check(url, &tls, &local, e);
}

struct https *
https_create(struct loop *loop, const char *ca_file, struct err *e)
{
	struct curl_server server;
	struct https *h;
	CURLM *multi;

	if (!curl_server_any(&server, ca_file, e))
		return NULL;
	h = xcalloc(1, sizeof *h);
	h->loop = loop;
	h->server = server;
	h->on_loop = curl_loop_create(loop, on_transfer, h);
	multi = curl_loop_multi(h->on_loop);
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
	    CONNECTIONS_MAX);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_MAX);
	return h;
}

void
https_destroy(struct https *h)
{
	if (h == NULL)
		return;
	while (h->calls != NULL)
		call_free(h->calls);
	curl_loop_destroy(h->on_loop);
	loop_fd_remove(h->ca_source);
	curl_server_free(&h->server);
	free(h);
}
