#include "config.h"

/* What of the way to a sandbox waits for what: each call is answered when the
 * test says so. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modal-rig.h"
#include "net/wire.h"
#include "sandbox/modal-internal.h"

#define JWT "eyJ.e30.x"

struct wire_exchange {
	struct wire_exchange *next;
	const struct wire_sink *sink;
	void *user;
	char rpc[40];
	bool token; /* it has the account's */
};

static struct wire_exchange *asked; /* not yet answered */
static struct loop *loop;
static struct modal_config config;
static struct modal_options options;
static struct modal *account;
static struct rig r;

/* ---- the wire ---- */

static struct wire_exchange *
wire_start(struct wire *w, const struct wire_request *q,
    const struct wire_sink *sink, void *user)
{
	struct wire_exchange *x = xcalloc(1, sizeof *x);

	(void)w;
	snprintf(x->rpc, sizeof x->rpc, "%s", strrchr(q->path, '/') + 1);
	x->sink = sink;
	x->user = user;
	for (size_t i = 0; i < q->nheaders; i++)
		x->token |= strcmp(q->headers[i], "x-modal-auth-token: "
		    JWT) == 0;
	x->next = asked;
	asked = x;
	return x;
}

static void
forget(struct wire_exchange *x)
{
	for (struct wire_exchange **p = &asked; *p != NULL; p = &(*p)->next)
		if (*p == x) {
			*p = x->next;
			break;
		}
	free(x);
}

static bool
wire_stop(struct wire_exchange *x, bool suspect)
{
	(void)suspect;
	forget(x);
	return true;
}

static void
wire_destroy(struct wire *w)
{
	free(w);
}

static struct grpc *
dial(void *user, struct loop *l, const struct grpc_spec *spec, struct err *e)
{
	struct wire *w = xcalloc(1, sizeof *w);

	(void)user;
	(void)e;
	w->start = wire_start;
	w->stop = wire_stop;
	w->destroy = wire_destroy;
	return grpc_create_on(l, w, spec->url);
}

/* ---- what the test says ---- */

static struct wire_exchange *
find(const char *rpc)
{
	struct wire_exchange *x = asked;

	while (x != NULL && strcmp(x->rpc, rpc) != 0)
		x = x->next;
	return x;
}

static void
settle(void)
{
	for (int i = 0; i < 20; i++)
		loop_turn(loop, 0);
}

static void
answer(const char *rpc, enum grpc_code code, const void *message)
{
	struct wire_exchange *x = find(rpc);
	struct wire_end end = { .took_us = 1000 };
	const struct wire_sink *sink;
	struct buf body = { 0 }, framed = { 0 };
	char status[40];
	void *user;

	if (x == NULL)
		fail_msg("nobody waits for %s", rpc);
	sink = x->sink;
	user = x->user;
	if (message != NULL)
		wire_pack(message, &body);
	buf_addc(&framed, 0);
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addc(&framed, (char)(body.len >> shift));
	buf_add(&framed, body.data, body.len);
	snprintf(status, sizeof status, "grpc-status: %d\r\n", code);
	sink->line(user, "HTTP/2 200\r\n", 12);
	sink->line(user, "content-type: application/grpc\r\n", 32);
	if (message != NULL)
		sink->data(user, framed.data, framed.len);
	sink->line(user, status, strlen(status));
	forget(x);
	sink->end(user, &end);
	buf_free(&body);
	buf_free(&framed);
	settle();
}

static void
give_token(void)
{
	CLIENT(AuthTokenGetResponse) token = CLIENT_INIT(
	    AUTH_TOKEN_GET_RESPONSE);

	token.token = (char *)JWT;
	answer("AuthTokenGet", GRPC_OK, &token);
}

static void
give_app(enum grpc_code code)
{
	CLIENT(AppGetOrCreateResponse) app = CLIENT_INIT(
	    APP_GET_OR_CREATE_RESPONSE);

	app.app_id = (char *)"ap-1";
	answer("AppGetOrCreate", code, code == GRPC_OK ? &app : NULL);
}

static void
give_volume(void)
{
	CLIENT(VolumeGetOrCreateResponse) volume = CLIENT_INIT(
	    VOLUME_GET_OR_CREATE_RESPONSE);

	volume.volume_id = (char *)"vo-1";
	answer("VolumeGetOrCreate", GRPC_OK, &volume);
}

static int
setup(void **state)
{
	struct err e = { 0 };

	(void)state;
	loop = loop_create(clock_system(), waiter_poll());
	rig_config(&config, "https://control", true, TOKEN_ID);
	modal_options_init(&options);
	options.image_id = "im-1";
	account = modal_create_on(loop, &config, &options, dial, NULL, &e);
	assert_non_null(account);
	rig_open(&r, loop, account, "/x/s/q", false);
	settle();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	modal_destroy(account);
	r.s = NULL;
	rig_close(&r);
	assert_null(asked);
	modal_config_finish(&config);
	loop_destroy(loop);
	return 0;
}

/* ---- tests ---- */

/* What does not want the token goes out together with the question for it;
 * the sandbox does, and waits. */
static void
test_together(void **state)
{
	(void)state;
	assert_non_null(find("AuthTokenGet"));
	assert_non_null(find("AppGetOrCreate"));
	assert_non_null(find("VolumeGetOrCreate"));
	assert_false(find("AppGetOrCreate")->token);
	give_app(GRPC_OK);
	give_volume();
	assert_null(find("SandboxCreateV2"));
	give_token();
	assert_non_null(find("SandboxCreateV2"));
	assert_true(find("SandboxCreateV2")->token);
}

/* A server that wants it all the same is asked once more, with it. */
static void
test_wanted(void **state)
{
	static const enum grpc_code codes[] = { GRPC_UNAUTHENTICATED,
		GRPC_PERMISSION_DENIED, GRPC_FAILED_PRECONDITION };

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (i > 0) {
			teardown(state);
			setup(state);
		}
		give_app(codes[i]);
		assert_null(find("AppGetOrCreate"));
		give_token();
		assert_true(find("AppGetOrCreate")->token);
		give_app(GRPC_OK);
		give_volume();
		assert_non_null(find("SandboxCreateV2"));
	}
}

/* So is one that says so after the token is there. */
static void
test_wanted_late(void **state)
{
	(void)state;
	give_token();
	assert_false(find("AppGetOrCreate")->token);
	give_app(GRPC_PERMISSION_DENIED);
	assert_true(find("AppGetOrCreate")->token);
	assert_null(find("AuthTokenGet"));
	/* Not for ever. */
	give_app(GRPC_PERMISSION_DENIED);
	assert_null(find("AppGetOrCreate"));
	assert_int_equal(r.state, SANDBOX_FAILED);
}

/* Of a token that is refused all hear. */
static void
test_refused(void **state)
{
	(void)state;
	answer("AppGetOrCreate", GRPC_UNAUTHENTICATED, NULL);
	assert_int_equal(r.state, SANDBOX_STARTING);
	answer("AuthTokenGet", GRPC_UNAUTHENTICATED, NULL);
	assert_int_equal(r.state, SANDBOX_FAILED);
	assert_non_null(strstr(r.why, "token is refused"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_together, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_wanted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wanted_late, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup,
		    teardown),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&rig_words);
	return failed;
}
