#ifndef TESTS_UNIT_MODAL_LIVE_H
#define TESTS_UNIT_MODAL_LIVE_H

/* What the tests share that talk to the stand-in for Modal in real time: the
 * stand-in, an account there, and turns of the loop until something is so. */

#include <signal.h>
#include <unistd.h>

#include "modal-rig.h"
#include "tests/support/fakemodal.h"
#include "tests/support/patience.h"

#define READY_IMAGE "im-0000000000000000000000"

static struct fakemodal *fake;
static struct loop *loop;
static struct modal_config config;
static struct modal_options options;
static struct modal *account;
static char workspace[64];
static unsigned session;
static const char *keep_dir; /* NULL: nothing is kept */

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

static const char *
tell(const char *path, const char *json)
{
	return fakemodal_order(fake, path, json);
}

static void
open_account(bool v2, const char *image_id, const char *token)
{
	struct err e = { 0 };

	loop = loop_create(clock_system(), waiter_poll());
	rig_config(&config, fakemodal_get(fake, "url"), v2, token);
	modal_options_init(&options);
	options.ca_file = fakemodal_get(fake, "ca");
	options.image_id = image_id;
	options.keep_dir = keep_dir;
	account = modal_create(loop, &config, &options, &e);
	if (account == NULL)
		fail_msg("%s", e.msg);
	snprintf(workspace, sizeof workspace, "/x/s%u-%d/q1", ++session,
	    (int)getpid());
}

/* What main returns. */
static int
run_all(int argc, char **argv, const char *const *knobs, int (*tests)(void))
{
	int failed;

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	signal(SIGPIPE, SIG_IGN);
	if (!fakemodal_possible())
		return 77;
	fake = fakemodal_start(knobs);
	failed = tests();
	fakemodal_stop(fake);
	buf_free(&rig_words);
	return failed;
}

#endif
