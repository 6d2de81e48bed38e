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
#include <unistd.h>

#include <cmocka.h>

#include "modal-rig.h"
#include "sandbox/modal-internal.h"
#include "tests/support/fakecontrol.h"
#include "tests/support/fakewire.h"

#define TOKEN "AuthTokenGet"
#define APP "AppGetOrCreate"
#define VOLUME "VolumeGetOrCreate"

static struct loop *loop;
static struct modal_config config;
static struct modal_options options;
static struct modal *account;
static struct rig r;
static char keep_dir[80]; /* of what is kept from one run to the next */

static void
wire_asked(struct wire_exchange *x)
{
	(void)x; /* answered when the test says so */
}

/* ---- what the test says ---- */

/* It has the account's. */
static bool
has_token(const char *rpc)
{
	char line[80];

	snprintf(line, sizeof line, "x-modal-auth-token: %s\n",
	    control_words.token);
	return strstr(buf_str(&wire_find(rpc)->headers), line) != NULL;
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
	struct wire_exchange *x = wire_find(rpc);

	if (x == NULL)
		fail_msg("nobody waits for %s", rpc);
	if (message != NULL)
		wire_message(x, message, SIZE_MAX);
	wire_close(x, code);
	settle();
}

/* All is well. */
static void
give(const char *rpc)
{
	answer(rpc, GRPC_OK, control_says(rpc));
}

static void
give_builder(const char *version)
{
	control_words.builder = version;
	give("EnvironmentGetOrCreate");
}

static void
give_image(const char *id)
{
	control_words.image = id;
	give("ImageGetOrCreate");
}

static void
run_begin(void)
{
	struct err e = { 0 };

	account = modal_create_on(loop, &config, &options, fakewire_dial,
	    NULL, &e);
	assert_non_null(account);
	rig_open(&r, loop, account, "/x/s/q", false);
	settle();
}

static void
run_end(void)
{
	modal_destroy(account);
	r.s = NULL;
	rig_close(&r);
	assert_null(wire_open);
}

static int
setup(void **state)
{
	(void)state;
	loop = loop_create(clock_system(), waiter_poll());
	rig_config(&config, "https://control", true, TOKEN_ID);
	modal_options_init(&options);
	options.image_id = "im-1";
	run_begin();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	run_end();
	modal_config_finish(&config);
	loop_destroy(loop);
	return 0;
}

/* The image is asked for, and its id kept. */
static int
setup_kept(void **state)
{
	(void)state;
	loop = loop_create(clock_system(), waiter_poll());
	rig_config(&config, "https://control", true, TOKEN_ID);
	modal_options_init(&options);
	snprintf(keep_dir, sizeof keep_dir, "/tmp/viva-order-XXXXXX");
	assert_non_null(mkdtemp(keep_dir));
	options.keep_dir = keep_dir;
	run_begin();
	return 0;
}

static int
teardown_kept(void **state)
{
	char path[100];

	teardown(state);
	snprintf(path, sizeof path, "%s/images", keep_dir);
	unlink(path);
	return rmdir(keep_dir);
}

/* All that a sandbox wants but its image. */
static void
give_rest(const char *builder)
{
	give(TOKEN);
	give(APP);
	give(VOLUME);
	give_builder(builder);
}

static void
run_again(void)
{
	run_end();
	run_begin();
}

static void
assert_made_of(const char *id)
{
	struct wire_exchange *x = wire_find("SandboxCreateV2");

	if (x == NULL)
		fail_msg("no sandbox is made");
	assert_non_null(memmem(x->body.data, x->body.len, id, strlen(id)));
}

/* ---- tests ---- */

/* What does not want the token goes out together with the question for it;
 * the sandbox does, and waits. */
static void
test_together(void **state)
{
	(void)state;
	assert_non_null(wire_find(TOKEN));
	assert_non_null(wire_find(APP));
	assert_non_null(wire_find(VOLUME));
	assert_false(has_token(APP));
	give(APP);
	give(VOLUME);
	assert_null(wire_find("SandboxCreateV2"));
	give(TOKEN);
	assert_non_null(wire_find("SandboxCreateV2"));
	assert_true(has_token("SandboxCreateV2"));
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
		answer(APP, codes[i], NULL);
		assert_null(wire_find(APP));
		give(TOKEN);
		assert_true(has_token(APP));
		give(APP);
		give(VOLUME);
		assert_non_null(wire_find("SandboxCreateV2"));
	}
}

/* So is one that says so after the token is there. */
static void
test_wanted_late(void **state)
{
	(void)state;
	give(TOKEN);
	assert_false(has_token(APP));
	answer(APP, GRPC_PERMISSION_DENIED, NULL);
	assert_true(has_token(APP));
	assert_null(wire_find(TOKEN));
	/* Not for ever. */
	answer(APP, GRPC_PERMISSION_DENIED, NULL);
	assert_null(wire_find(APP));
	assert_int_equal(r.state, SANDBOX_FAILED);
}

/* Of a token that is refused all hear. */
static void
test_refused(void **state)
{
	(void)state;
	answer(APP, GRPC_UNAUTHENTICATED, NULL);
	assert_int_equal(r.state, SANDBOX_STARTING);
	answer(TOKEN, GRPC_UNAUTHENTICATED, NULL);
	assert_int_equal(r.state, SANDBOX_FAILED);
	assert_non_null(strstr(r.why, "token is refused"));
}

/* A first run asks for the image; a second one makes the sandbox of what that
 * one was told. */
static void
test_kept(void **state)
{
	(void)state;
	give_rest("2025.06");
	assert_null(wire_find("SandboxCreateV2"));
	give_image("im-77");
	assert_made_of("im-77");
	for (int i = 0; i < 2; i++) {
		run_again();
		give_rest("2025.06");
		assert_null(wire_find("ImageGetOrCreate"));
		assert_made_of("im-77");
	}
}

/* The builder may be answered last. */
static void
test_kept_late(void **state)
{
	(void)state;
	give_rest("2025.06");
	give_image("im-77");
	run_again();
	give(TOKEN);
	give(VOLUME);
	give(APP);
	assert_null(wire_find("ImageGetOrCreate"));
	assert_null(wire_find("SandboxCreateV2"));
	give_builder("2025.06");
	assert_made_of("im-77");
}

static void
assert_asks(const char *builder)
{
	run_again();
	give_rest(builder);
	assert_null(wire_find("SandboxCreateV2"));
	assert_non_null(wire_find("ImageGetOrCreate"));
}

/* What makes it another image, or another place. */
static void
test_kept_other(void **state)
{
	static const char *const lines[] = { "RUN true", NULL };

	(void)state;
	give_rest("2025.06");
	give_image("im-77");
	assert_asks("2024.10");
	options.image_lines = lines;
	assert_asks("2025.06");
	options.image_lines = NULL;
	options.image = "python:3.12";
	assert_asks("2025.06");
	modal_options_init(&options);
	assert_asks("2025.06"); /* turned off */
	options.keep_dir = keep_dir;
	free(config.environment);
	config.environment = xstrdup("test");
	assert_asks("2025.06");
	free(config.environment);
	config.environment = xstrdup("");
	run_again();
	give_rest("2025.06");
	assert_made_of("im-77");
}

/* viva doctor does. */
static void
test_kept_anew(void **state)
{
	(void)state;
	give_rest("2025.06");
	give_image("im-77");
	run_end();
	run_begin();
	modal_ask_anew(account);
	give_rest("2025.06");
	give_image("im-78");
	assert_made_of("im-78");
	run_again();
	give_rest("2025.06");
	assert_made_of("im-78");
}

static void
test_kept_damaged(void **state)
{
	char path[100];
	FILE *f;

	(void)state;
	give_rest("2025.06");
	give_image("im-77");
	run_end();
	snprintf(path, sizeof path, "%s/images", keep_dir);
	f = fopen(path, "r+e");
	assert_non_null(f);
	assert_int_equal(fputs("viva damages", f) >= 0, 1);
	fclose(f);
	run_begin();
	give_rest("2025.06");
	give_image("im-78");
	assert_made_of("im-78");
	run_again();
	give_rest("2025.06");
	assert_made_of("im-78");
}

/* The server knows it no more: the image is asked for, nobody is told, and
 * what it says then is kept. */
static void
test_kept_unknown(void **state)
{
	static const enum grpc_code codes[] = { GRPC_NOT_FOUND,
		GRPC_FAILED_PRECONDITION, GRPC_INVALID_ARGUMENT };
	char id[20] = "im-77", next[20];

	(void)state;
	give_rest("2025.06");
	give_image(id);
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		snprintf(next, sizeof next, "im-%zu", 80 + i);
		run_again();
		give_rest("2025.06");
		assert_made_of(id);
		answer("SandboxCreateV2", codes[i], NULL);
		assert_null(wire_find("SandboxCreateV2"));
		give_image(next);
		assert_made_of(next);
		assert_int_equal(r.state, SANDBOX_STARTING);
		assert_int_equal(r.retries, 0);
		run_again();
		give_rest("2025.06");
		assert_made_of(next);
		snprintf(id, sizeof id, "%s", next);
	}
}

/* It was not the image: what the server says then is told. */
static void
test_kept_innocent(void **state)
{
	(void)state;
	give_rest("2025.06");
	give_image("im-77");
	run_again();
	give_rest("2025.06");
	answer("SandboxCreateV2", GRPC_INVALID_ARGUMENT, NULL);
	give_image("im-77");
	answer("SandboxCreateV2", GRPC_INVALID_ARGUMENT, NULL);
	assert_null(wire_find("ImageGetOrCreate"));
	assert_int_equal(r.state, SANDBOX_FAILED);
	assert_non_null(strstr(r.why, "the sandbox cannot be made"));
	/* A break says nothing of it. */
	run_again();
	give_rest("2025.06");
	answer("SandboxCreateV2", GRPC_RESOURCE_EXHAUSTED, NULL);
	assert_null(wire_find("ImageGetOrCreate"));
	run_again();
	give_rest("2025.06");
	assert_made_of("im-77");
}

/* Two that were made of it at once. */
static void
test_kept_twice(void **state)
{
	struct rig judge;

	(void)state;
	give_rest("2025.06");
	give_image("im-77");
	run_again();
	rig_open(&judge, loop, account, "/x/s/q", true);
	give_rest("2025.06");
	answer("SandboxCreateV2", GRPC_NOT_FOUND, NULL);
	assert_made_of("im-77"); /* the other's */
	answer("SandboxCreateV2", GRPC_NOT_FOUND, NULL);
	assert_null(wire_find("SandboxCreateV2"));
	give_image("im-78");
	assert_null(wire_find("ImageGetOrCreate"));
	answer("SandboxCreateV2", GRPC_INTERNAL, NULL);
	assert_made_of("im-78");
	assert_int_not_equal(r.state, SANDBOX_FAILED);
	assert_int_not_equal(judge.state, SANDBOX_FAILED);
	judge.s->ops->destroy(judge.s);
	judge.s = NULL;
	rig_close(&judge);
}

/* A sandbox that never came up may be of an image that is damaged. */
static void
test_kept_never_up(void **state)
{
	CLIENT(SandboxGetTaskIdResponse) task = CLIENT_INIT(
	    SANDBOX_GET_TASK_ID_RESPONSE);
	CLIENT(GenericResult) result = CLIENT_INIT(GENERIC_RESULT);

	(void)state;
	give_rest("2025.06");
	give_image("im-77");
	run_again();
	give_rest("2025.06");
	give("SandboxCreateV2");
	result.status = RESULT(FAILURE);
	task.task_result = &result;
	answer("SandboxGetTaskIdV2", GRPC_OK, &task);
	assert_int_equal(r.state, SANDBOX_FAILED);
	assert_asks("2025.06");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define KEPT(fn) cmocka_unit_test_setup_teardown(fn, setup_kept, teardown_kept)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_together), T(test_wanted), T(test_wanted_late),
		T(test_refused), KEPT(test_kept), KEPT(test_kept_late),
		KEPT(test_kept_other), KEPT(test_kept_anew),
		KEPT(test_kept_damaged), KEPT(test_kept_unknown),
		KEPT(test_kept_innocent), KEPT(test_kept_twice),
		KEPT(test_kept_never_up),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&rig_words);
	return failed;
}
