#include "config.h"

/* The control plane: one connection, the token of the account, calls that
 * wait for it, and what is said when they fail. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/json.h"
#include "base/mem.h"
#include "sandbox/modal-internal.h"
#include "sandbox/modal-kept.h"

/* Who we say we are: what an official client of today sends, as others may
 * be refused.  docs/MODAL.md has what is known about it. */
#define CLIENT_TYPE "9"
#define CLIENT_VERSION "1.0.0"
#define CLIENT_LIBRARY "modal-go/0.11.1"

#define AUTH_ATTEMPT_US 5000000
#define AUTH_TRIES 4	   /* without a token */
#define AUTH_LIFE_S 1200   /* of a token that does not say */
#define AUTH_LIFE_MAX_S 86400
#define BACKOFF_US 500000 /* with a token that still serves */
#define BACKOFF_MAX_US 60000000
#define RETRIES 3

struct account_call {
	struct account_call *next;
	struct modal *m;
	const char *path;
	struct buf body;
	int64_t attempt_us;
	grpc_message message; /* NULL: it is unary */
	grpc_done done;
	void *user;
	struct grpc_call *call; /* NULL: waits for a token */
	bool bare;		/* went out before there was a token */
	bool renewed;		/* it is not issued once more */
	bool refused;		/* to be told so */
};

/* ---- words ---- */

bool
account_retryable(const struct grpc_status *st)
{
	return st->retry_after_us >= 0 || st->code == GRPC_CANCELLED ||
	    st->code == GRPC_UNKNOWN || st->code == GRPC_DEADLINE_EXCEEDED ||
	    st->code == GRPC_INTERNAL || st->code == GRPC_UNAVAILABLE ||
	    st->code == GRPC_RESOURCE_EXHAUSTED;
}

void
account_words(const struct modal *m, const char *from, char *to, size_t n)
{
	char *copy = xstrdup(from), *at;
	size_t len = 0;

	modal_config_redact(m->config, copy);
	while (m->token != NULL && (at = strstr(copy, m->token)) != NULL)
		memset(at, '*', strlen(m->token));
	for (const char *p = copy; *p != '\0' && len + 1 < n; p++)
		if ((unsigned char)*p >= ' ' && *p != 0x7f)
			to[len++] = *p;
		else if (*p == '\n' || *p == '\t')
			to[len++] = ' ';
	while (len > 0 && to[len - 1] == ' ')
		len--;
	/* Not in the middle of a character. */
	while (len + 1 == n && len > 0 && ((unsigned char)to[len - 1] & 0x80))
		len--;
	to[len] = '\0';
	explicit_bzero(copy, strlen(copy));
	free(copy);
}

static const char *
remedy(const struct grpc_status *st)
{
	switch (st->code) {
	case GRPC_UNAUTHENTICATED:
		return "the token is refused; make a new one at "
		    "modal.com/settings/tokens";
	case GRPC_PERMISSION_DENIED:
		return "the token may not do this; look at its rights at "
		    "modal.com/settings/tokens, and at MODAL_ENVIRONMENT";
	case GRPC_RESOURCE_EXHAUSTED:
		return "a limit of the account is reached; end what runs "
		    "('viva sandboxes'), or try later";
	case GRPC_FAILED_PRECONDITION:
		return "if it calls the client too old, viva needs an update";
	case GRPC_UNIMPLEMENTED:
		return "the server does not know this call; look at "
		    "MODAL_SERVER_URL, or set MODAL_SANDBOX_V2=0";
	case GRPC_UNAVAILABLE:
	case GRPC_DEADLINE_EXCEEDED:
		return "look at the network, MODAL_SERVER_URL and "
		    "status.modal.com";
	default:
		return NULL;
	}
}

void
account_error(const struct modal *m, const char *what,
    const struct grpc_status *st, struct err *e)
{
	static const enum err_code codes[] = {
		[GRPC_NOT_FOUND] = ERR_NOT_FOUND,
		[GRPC_ALREADY_EXISTS] = ERR_EXISTS,
		[GRPC_INVALID_ARGUMENT] = ERR_INVALID,
		[GRPC_UNAUTHENTICATED] = ERR_AUTH,
		[GRPC_PERMISSION_DENIED] = ERR_AUTH,
		[GRPC_RESOURCE_EXHAUSTED] = ERR_LIMIT,
		[GRPC_UNIMPLEMENTED] = ERR_UNSUPPORTED,
		[GRPC_DEADLINE_EXCEEDED] = ERR_TIMEOUT,
		[GRPC_UNAVAILABLE] = ERR_UNAVAILABLE };
	enum err_code code = (unsigned)st->code < ARRAY_LEN(codes) &&
	    codes[st->code] != ERR_NONE ? codes[st->code] : ERR_IO;
	char said[sizeof st->message];
	const char *hint = remedy(st);

	account_words(m, st->message, said, sizeof said);
	/* What was made here is no word of the account's. */
	if (st->transport && st->code != GRPC_UNAVAILABLE &&
	    st->code != GRPC_DEADLINE_EXCEEDED)
		hint = NULL;
	err_set(e, code, "%s: %s%s%s", what, said[0] != '\0' ? said :
	    grpc_code_name(st->code), hint != NULL ? "; " : "",
	    hint != NULL ? hint : "");
}

/* ---- the token ---- */

static void auth_begin(struct modal *);
static void call_issue(struct account_call *);

/* Seconds since 1970 at which a JWT (RFC 7519) ends; 0: it does not say. */
static int64_t
jwt_end(const char *token)
{
	const char *payload = strchr(token, '.');
	size_t n = payload != NULL ? strcspn(payload + 1, ".") : 0;
	struct buf decoded = { 0 };
	struct json *j = NULL;
	int64_t end = 0;

	if (n == 0)
		return 0;
	if (base64_add(&decoded, payload + 1, n) == n)
		j = json_parse(buf_str(&decoded), decoded.len, NULL);
	if (j != NULL)
		end = json_int(j, "exp", 0);
	json_free(j);
	buf_free(&decoded);
	return end;
}

static void
auth_again(void *user)
{
	struct modal *m = user;

	m->auth_timer = NULL;
	auth_begin(m);
}

static void
auth_later(struct modal *m, int64_t us)
{
	loop_timer_cancel(m->auth_timer);
	m->auth_timer = loop_timer_add(m->loop, us, auth_again, m);
}

/* A clock here that is ahead would make old what is not, and --older would
 * take it.  What the token says is a bound: it has not ended yet. */
int64_t
modal_now(const struct modal *m)
{
	int64_t now = clock_wall(loop_clock(m->loop)) / 1000, ahead;
	int64_t end = m->token != NULL ? jwt_end(m->token) : 0;

	if (grpc_clock(m->control, &ahead))
		return now + ahead;
	return end > 0 && end < now ? end : now;
}

/* At half of its life and a bit, so that many clients do not come at once.
 * The clock here may be wrong: then the server says when it is over. */
static int64_t
refresh_delay(struct modal *m)
{
	int64_t now = clock_wall(loop_clock(m->loop)) / 1000;
	int64_t life = jwt_end(m->token) - now;
	uint16_t r = 0;

	if (life <= 0 || life > AUTH_LIFE_MAX_S)
		life = AUTH_LIFE_S;
	if (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r)
		r = 0;
	return life * 500000 + life * r * 100000 / 65536;
}

static void
token_drop(struct modal *m)
{
	if (m->control != NULL)
		grpc_metadata(m->control, "x-modal-auth-token", NULL);
	if (m->token != NULL)
		explicit_bzero(m->token, strlen(m->token));
	free(m->token);
	m->token = NULL;
}

static void
call_free(struct account_call *c)
{
	for (struct account_call **p = &c->m->calls; *p != NULL;
	    p = &(*p)->next)
		if (*p == c) {
			*p = c->next;
			break;
		}
	if (c->body.data != NULL)
		explicit_bzero(c->body.data, c->body.len);
	buf_free(&c->body);
	free(c);
}

static void
call_end(struct account_call *c, const struct grpc_status *st,
    const char *reply, size_t n)
{
	grpc_done done = c->done;
	void *user = c->user;

	call_free(c);
	done(user, st, reply, n);
}

/* Those that wait now; what their owners ask next is tried anew. */
static void
refuse_waiting(struct modal *m, const struct grpc_status *st)
{
	struct account_call *c;

	for (c = m->calls; c != NULL; c = c->next)
		c->refused = c->call == NULL;
	do {
		for (c = m->calls; c != NULL && !c->refused; c = c->next)
			;
		if (c != NULL)
			call_end(c, st, "", 0);
	} while (c != NULL);
}

/* Whether another token, or one at all, may be what is wanted. */
static bool
wants_token(const struct account_call *c, const struct grpc_status *st)
{
	return !c->renewed && (st->code == GRPC_UNAUTHENTICATED ||
	    (c->bare && !st->transport && (st->code ==
	    GRPC_PERMISSION_DENIED || st->code == GRPC_FAILED_PRECONDITION)));
}

static void
call_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct account_call *c = user;

	c->call = NULL;
	if (!wants_token(c, st)) {
		call_end(c, st, reply, n);
		return;
	}
	c->renewed = true;
	/* The token may have come since it went out without one. */
	if (c->bare && c->m->token != NULL)
		call_issue(c);
	else
		account_renew(c->m);
}

static void
on_message(void *user, const char *p, size_t n)
{
	struct account_call *c = user;

	c->renewed = true; /* what was told is not told twice */
	c->message(c->user, p, n);
}

/* Only what is done with sandboxes wants the token; what is asked before them
 * need not wait for it. */
static bool
goes_bare(const struct account_call *c)
{
	return strncmp(strrchr(c->path, '/') + 1, "Sandbox", 7) != 0;
}

static void
call_issue(struct account_call *c)
{
	struct modal *m = c->m;
	int64_t wait = m->config->max_throttle_wait;
	struct grpc_policy policy = { .attempt_us = c->attempt_us,
		.retries = RETRIES, .throttle_us = wait < 0 ? -1 :
		wait * 1000000 };

	c->bare = m->token == NULL;
	if (c->message != NULL)
		c->call = grpc_stream(m->control, c->path, buf_str(&c->body),
		    c->body.len, c->attempt_us, on_message, call_done, c);
	else
		c->call = grpc_unary(m->control, c->path, buf_str(&c->body),
		    c->body.len, &policy, call_done, c);
}

static bool
token_take(struct modal *m, const char *reply, size_t n)
{
	CLIENT(AuthTokenGetResponse) *r = wire_unpack(
	    CLIENT_DESC(auth_token_get_response), reply, n);
	bool ok = r != NULL && r->token[0] != '\0' &&
	    grpc_metadata(m->control, "x-modal-auth-token", r->token);

	if (ok) {
		char *old = m->token;

		m->token = xstrdup(r->token);
		if (old != NULL)
			explicit_bzero(old, strlen(old));
		free(old);
	}
	if (r != NULL)
		wire_wipe(r->token);
	wire_free(r);
	return ok;
}

static void
auth_failed(struct modal *m, const struct grpc_status *st)
{
	unsigned fails = ++m->auth_fails;
	int64_t wait;

	if (!account_retryable(st))
		token_drop(m);
	if (m->token != NULL) {
		wait = BACKOFF_US << (fails < 8 ? fails - 1 : 7);
		auth_later(m, wait < BACKOFF_MAX_US ? wait : BACKOFF_MAX_US);
	} else if (account_retryable(st) && fails < AUTH_TRIES) {
		auth_later(m, st->retry_after_us > 0 ? st->retry_after_us :
		    (int64_t)50000 << fails);
		return;
	} else {
		m->auth_fails = 0;
	}
	if (m->token == NULL || fails >= AUTH_TRIES)
		refuse_waiting(m, st);
}

static void
auth_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct grpc_status none = { .code = GRPC_INTERNAL,
		.retry_after_us = -1, .message = "the answer has no token" };
	struct modal *m = user;

	m->auth = NULL;
	if (st->code != GRPC_OK) {
		auth_failed(m, st);
		return;
	}
	if (!token_take(m, reply, n)) {
		auth_failed(m, &none);
		return;
	}
	m->auth_fails = 0;
	auth_later(m, refresh_delay(m));
	for (struct account_call *c = m->calls; c != NULL; c = c->next)
		if (c->call == NULL)
			call_issue(c);
}

/* Without the old token, which may be what the server does not like. */
static void
auth_begin(struct modal *m)
{
	struct grpc_policy policy = { .attempt_us = AUTH_ATTEMPT_US };

	if (m->auth != NULL)
		return;
	loop_timer_cancel(m->auth_timer);
	m->auth_timer = NULL;
	grpc_metadata(m->control, "x-modal-auth-token", NULL);
	m->auth = grpc_unary(m->control, CLIENT_PATH("AuthTokenGet"), "", 0,
	    &policy, auth_done, m);
	if (m->token != NULL)
		grpc_metadata(m->control, "x-modal-auth-token", m->token);
}

void
account_renew(struct modal *m)
{
	auth_begin(m);
}

/* ---- calls ---- */

static struct account_call *
call_create(struct modal *m, const char *path, struct buf *body,
    int64_t attempt_us, grpc_message message, grpc_done done, void *user)
{
	struct account_call *c = xcalloc(1, sizeof *c);

	c->m = m;
	c->path = path;
	c->attempt_us = attempt_us;
	c->message = message;
	c->done = done;
	c->user = user;
	c->body = *body;
	memset(body, 0, sizeof *body);
	c->next = m->calls;
	m->calls = c;
	if (m->token == NULL && m->auth == NULL && m->auth_timer == NULL)
		auth_begin(m);
	if (m->token != NULL || goes_bare(c))
		call_issue(c);
	return c;
}

struct account_call *
account_send(struct modal *m, const char *path, struct buf *body,
    int64_t attempt_us, grpc_done done, void *user)
{
	return call_create(m, path, body, attempt_us, NULL, done, user);
}

struct account_call *
account_stream(struct modal *m, const char *path, const void *message,
    int64_t deadline_us, grpc_message on, grpc_done done, void *user)
{
	struct buf body = { 0 };

	wire_pack(message, &body);
	return call_create(m, path, &body, deadline_us, on, done, user);
}

struct account_call *
account_call(struct modal *m, const char *path, const void *message,
    int64_t attempt_us, grpc_done done, void *user)
{
	struct buf body = { 0 };

	wire_pack(message, &body);
	return account_send(m, path, &body, attempt_us, done, user);
}

void
account_cancel(struct account_call *c)
{
	if (c == NULL)
		return;
	grpc_cancel(c->call);
	call_free(c);
}

struct https *
account_https(struct modal *m, struct err *e)
{
	if (m->https == NULL)
		m->https = https_create(m->loop, m->opt.ca_file, e);
	return m->https;
}

struct account_call *
account_app(struct modal *m, bool create, grpc_done done, void *user)
{
	CLIENT(AppGetOrCreateRequest) q = CLIENT_INIT(
	    APP_GET_OR_CREATE_REQUEST);

	q.app_name = (char *)m->opt.app;
	q.environment_name = m->config->environment;
	if (create)
		q.object_creation_type = CREATE_IF_MISSING;
	return account_call(m, CLIENT_PATH("AppGetOrCreate"), &q.base,
	    10000000, done, user);
}

/* ---- the account ---- */

void
modal_options_init(struct modal_options *o)
{
	memset(o, 0, sizeof *o);
	o->app = "viva";
	o->image = "debian:bookworm-slim";
	o->cpu_milli = 1000;
	o->memory_mb = 2048;
	o->timeout = 4 * 3600;
	o->input_in_flight = 8;
}

static bool
introduce(struct modal *m, struct err *e)
{
	const char *host = strstr(m->config->server_url, "://");
	const char *id = modal_config_token_id(m->config);
	const char *secret = modal_config_token_secret(m->config);
	const char *const pairs[][2] = {
		{ "x-modal-client-type", CLIENT_TYPE },
		{ "x-modal-client-version", CLIENT_VERSION },
		{ "x-modal-libmodal-version", CLIENT_LIBRARY },
		{ "x-modal-token-id", id },
		{ "x-modal-token-secret", secret } };
	char *name;

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (!grpc_metadata(m->control, pairs[i][0], pairs[i][1]))
			return err_set(e, ERR_AUTH, "the token has characters "
			    "that no token has; make a new one at "
			    "modal.com/settings/tokens");
	name = xstrdup(host != NULL ? host + 3 : "");
	name[strcspn(name, ":/")] = '\0';
	grpc_metadata(m->control, "x-modal-host", name);
	free(name);
	return true;
}

struct modal *
modal_create_on(struct loop *loop, const struct modal_config *config,
    const struct modal_options *opt, modal_dial dial, void *user,
    struct err *e)
{
	struct grpc_spec spec = { .url = config->server_url,
		.ca_file = opt->ca_file };
	struct modal *m;

	if (!modal_config_ready(config, e))
		return NULL;
	m = xcalloc(1, sizeof *m);
	m->loop = loop;
	m->config = config;
	m->opt = *opt;
	m->dial = dial;
	m->dial_user = user;
	m->control = dial(user, loop, &spec, e);
	if (m->control == NULL || !introduce(m, e)) {
		modal_destroy(m);
		return NULL;
	}
	if (opt->keep_dir != NULL)
		m->kept = kept_open(opt->keep_dir,
		    clock_wall(loop_clock(loop)) / 1000);
	return m;
}

static struct grpc *
dial_host(void *user, struct loop *loop, const struct grpc_spec *spec,
    struct err *e)
{
	(void)user;
	return grpc_create(loop, spec, e);
}

struct modal *
modal_create(struct loop *loop, const struct modal_config *config,
    const struct modal_options *opt, struct err *e)
{
	return modal_create_on(loop, config, opt, dial_host, NULL, e);
}

bool
modal_busy(const struct modal *m)
{
	for (const struct box *b = m->boxes; b != NULL; b = b->next)
		if (b->closing)
			return true;
	return false;
}

void
modal_destroy(struct modal *m)
{
	if (m == NULL)
		return;
	while (m->boxes != NULL)
		box_free(m->boxes);
	listings_drop(m);
	volume_jobs_drop(m);
	account_prepare_stop(m);
	while (m->calls != NULL)
		account_cancel(m->calls);
	grpc_cancel(m->auth);
	loop_timer_cancel(m->auth_timer);
	token_drop(m);
	https_destroy(m->https);
	grpc_destroy(m->control);
	free(m->app_id);
	free(m->builder);
	free(m->image_id);
	kept_close(m->kept);
	free(m);
}

/* ---- is it there ---- */

struct checking {
	struct modal *m;
	void (*done)(void *, const char *, const struct err *);
	void *user;
};

static void
check_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct checking *k = user;
	CLIENT(WorkspaceNameLookupResponse) *r = NULL;
	char space[80], name[80], text[240];
	struct err e = { 0 };

	if (st->code == GRPC_OK)
		r = wire_unpack(CLIENT_DESC(workspace_name_lookup_response),
		    reply, n);
	if (r == NULL) {
		account_error(k->m, "the account cannot be reached", st, &e);
		k->done(k->user, NULL, &e);
	} else {
		account_words(k->m, r->workspace_name, space, sizeof space);
		account_words(k->m, r->username, name, sizeof name);
		snprintf(text, sizeof text, "workspace %s%s%s", space,
		    name[0] != '\0' ? ", user " : "", name);
		k->done(k->user, text, NULL);
	}
	wire_free(r);
	free(k);
}

void
modal_check(struct modal *m, void (*done)(void *, const char *,
    const struct err *), void *user)
{
	CLIENT(Empty) q = CLIENT_INIT(EMPTY);
	struct checking *k = xcalloc(1, sizeof *k);

	k->m = m;
	k->done = done;
	k->user = user;
	account_call(m, CLIENT_PATH("WorkspaceNameLookup"), &q.base, 10000000,
	    check_done, k);
}
