#include "config.h"

/* What is said when Modal cannot be had, each time with what to do; and that
 * cleaning up touches what viva made and nothing else. */

#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/fakemodal.h"
#include "tests/support/machine.h"
#include "tests/support/ptyscreen.h"

#define F10 "\033[21~"
#define PROMPT "workspace#"

static char *home;
static struct fakemodal *fake;

static int
setup(void **state)
{
	(void)state;
	home = ptyscreen_home_create();
	ptyscreen_use_home(home);
	fake = fakemodal_start(NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fakemodal_stop(fake);
	ptyscreen_use_home(NULL);
	ptyscreen_home_remove(home);
	return 0;
}

/* Its words are "a b c"; more: variables over the usual ones. */
static struct ptyscreen *
viva(const char *words, const char *const *more)
{
	const char *argv[8] = { getenv("VIVA") }, *env[12];
	const char *const *usual = fakemodal_env(fake, home);
	char *copy = xstrdup(words), *save = NULL;
	struct ptyscreen *p;
	size_t n = 0;

	if (argv[0] == NULL)
		fail_msg("VIVA does not name the binary");
	for (char *w = strtok_r(copy, " ", &save); w != NULL && n < 6;
	    w = strtok_r(NULL, " ", &save))
		argv[++n] = w;
	n = 0;
	for (; *usual != NULL && n < 11; usual++)
		env[n++] = *usual;
	for (; more != NULL && *more != NULL && n < 11; more++)
		env[n++] = *more;
	env[n] = NULL;
	p = ptyscreen_start(36, 140, argv, env);
	free(copy);
	return p;
}

/* What a command says until it ends with that status; borrowed until the
 * next. */
static const char *
says(const char *words, const char *const *more, int status)
{
	static char text[65536];
	struct ptyscreen *p = viva(words, more);
	int got = ptyscreen_exit(p);

	snprintf(text, sizeof text, "%s", ptyscreen_written(p));
	ptyscreen_stop(p);
	if (got != status)
		fail_msg("%s ended with %d: %s", words, got, text);
	hunt_bytes(words, text, strlen(text), hunt_secrets);
	return text;
}

static void
assert_says(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strstr(text, *words) == NULL)
			fail_msg("no \"%s\" in: %s", *words, text);
}

/* Volumes over there whose names begin so. */
static unsigned
volumes(const char *name)
{
	const char *at = strstr(fakemodal_order(fake, "/state", NULL),
	    "\"volumes\"");
	char *key = xasprintf("\"name\": \"%s", name);
	unsigned n = 0;

	for (; (at = strstr(at, key)) != NULL; at++)
		n++;
	free(key);
	return n;
}

/* ---- mistakes ---- */

/* The same on the screen of a session, which can still be left. */
static void
assert_session_says(const char *const *more, const char *words)
{
	struct ptyscreen *p = viva("demo -s modal", more);

	ptyscreen_wait(p, words);
	ptyscreen_wait(p, "sandbox gone");
	hunt_process(ptyscreen_pid(p), hunt_secrets);
	ptyscreen_send(p, F10);
	ptyscreen_wait(p, "y/n");
	ptyscreen_send(p, "y");
	assert_int_equal(ptyscreen_exit(p), 0);
	assert_true(ptyscreen_restored(p));
	ptyscreen_stop(p);
	hunt_tree(home, hunt_secrets, NULL);
}

/* Where trying again makes sense it is seen that it goes on. */
static void
assert_retries(const char *const *more)
{
	struct ptyscreen *p = viva("demo -s modal", more);

	ptyscreen_wait(p, "modal · retrying ");
	ptyscreen_wait(p, " of 8 in ");
	ptyscreen_send(p, F10);
	ptyscreen_wait(p, "y/n");
	ptyscreen_send(p, "y");
	assert_int_equal(ptyscreen_exit(p), 0);
	ptyscreen_stop(p);
}

static void
test_no_token(void **state)
{
	static const char *const none[] = { "MODAL_TOKEN_ID=",
		"MODAL_TOKEN_SECRET=", NULL };
	static const char *const half[] = { "MODAL_TOKEN_SECRET=", NULL };
	static const char *const words[] = { "no Modal token",
		"modal.com/settings/tokens", NULL };
	static const char *const words_half[] = { "MODAL_TOKEN_SECRET",
		"set both", NULL };

	(void)state;
	assert_says(says("sandboxes", none, 1), words);
	assert_says(says("volumes", none, 1), words);
	assert_says(says("demo -s modal", none, 1), words);
	assert_says(says("sandboxes", half, 1), words_half);
	/* To have no account is no fault of the machine's. */
	assert_says(says("doctor", none, 0), words);
}

static void
test_refused(void **state)
{
	static const char *const words[] = { "the token is refused",
		"modal.com/settings/tokens", NULL };

	(void)state;
	fakemodal_order(fake, "/knobs", "{\"refuse_token\": true}");
	assert_says(says("sandboxes", NULL, 1), words);
	assert_says(says("doctor", NULL, 1), words);
	assert_session_says(NULL, "the token is refused");
	assert_session_says(NULL, "there is no sandbox, and so there are no");
}

static void
test_old_client(void **state)
{
	static const char *const words[] = { "no longer supported",
		"viva needs an update", NULL };

	(void)state;
	fakemodal_order(fake, "/knobs", "{\"old_client\": true}");
	assert_says(says("volumes", NULL, 1), words);
	assert_says(says("doctor", NULL, 1), words);
	assert_session_says(NULL, "viva needs an update");
}

static void
test_server(void **state)
{
	static const char *const nobody[] = {
		"MODAL_SERVER_URL=https://127.0.0.1:1", NULL };
	static const char *const clear[] = {
		"MODAL_SERVER_URL=http://example.com", NULL };
	static const char *const words[] = { "127.0.0.1:1",
		"MODAL_SERVER_URL", "status.modal.com", NULL };
	static const char *const words_clear[] = { "https://", "in the clear",
		NULL };
	static const char *const words_html[] = { "look at the network",
		NULL };

	(void)state;
	assert_says(says("sandboxes", nobody, 1), words);
	assert_retries(nobody);
	assert_says(says("sandboxes", clear, 1), words_clear);
	assert_says(says("demo -s modal", clear, 1), words_clear);
	fakemodal_order(fake, "/knobs", "{\"html\": true}");
	assert_says(says("sandboxes", NULL, 1), words_html);
}

/* A server that takes the connection and never says a word: who waits is told
 * for what. */
static void
test_silent(void **state)
{
	static const char *const commands[] = { "sandboxes",
		"volumes --delete", "doctor", "volumes files viva-a",
		"volumes get viva-a f -", "volumes put viva-a /etc/passwd",
		"volumes remove viva-a f" };
	struct ptyscreen *p[ARRAY_LEN(commands)];
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *url;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	url = xasprintf("MODAL_SERVER_URL=https://127.0.0.1:%d",
	    ntohs(a.sin_port));
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const char *const more[] = { url, NULL };

		p[i] = viva(commands[i], more);
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		ptyscreen_wait(p[i], "viva: waiting for an answer from "
		    "https://127.0.0.1:");
		kill(ptyscreen_pid(p[i]), SIGTERM);
		ptyscreen_exit(p[i]);
		ptyscreen_stop(p[i]);
	}
	close(fd);
	free(url);
}

/* TLS is due and the server speaks something else. */
static void
test_not_tls(void **state)
{
	char *url = xasprintf("MODAL_SERVER_URL=http%s",
	    fakemodal_get(fake, "url") + strlen("https"));
	const char *const plain[] = { url, NULL };
	static const char *const words[] = { "no sandboxes of viva", NULL };

	(void)state;
	/* Without TLS on this machine, for tests: as good. */
	assert_says(says("sandboxes", plain, 0), words);
	free(url);
}

static void
test_certificate(void **state)
{
	static const char *const words[] = { "nobody known here vouches",
		"SSL_CERT_FILE or as ca-file", NULL };
	static const char *const words_file[] = { "/nonexistent",
		"No such file", NULL };
	static const char *const words_none[] = { "no certificate (PEM) in "
		"/etc/passwd", "ca-file or SSL_CERT_FILE", NULL };
	static const struct {
		const char *config;
		const char *const *words;
	} cases[] = { { "", words },
		{ "[modal]\n\tca-file = /nonexistent\n", words_file },
		{ "[modal]\n\tca-file = /etc/passwd\n", words_none } };
	const char *const *env = fakemodal_env(fake, home);
	const char *argv[] = { getenv("VIVA"), "sandboxes", NULL };
	struct ptyscreen *p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ptyscreen_home_config(home, cases[i].config);
		p = ptyscreen_start(24, 140, argv, env);
		assert_int_equal(ptyscreen_exit(p), 1);
		assert_says(ptyscreen_written(p), cases[i].words);
		ptyscreen_stop(p);
	}
	/* Nothing was sent to whom we do not know. */
	assert_int_equal(fakemodal_count(fake, "AuthTokenGet"), 0);
}

static void
test_settings(void **state)
{
	static const char *const words[] = { "config:3: ", "idle-timeout",
		NULL };
	const char *const *env = fakemodal_env(fake, home);
	const char *argv[] = { getenv("VIVA"), "demo", "-s", "modal", NULL };
	struct ptyscreen *p;

	(void)state;
	ptyscreen_home_config(home, "[modal]\n\tcpu = 2\n\tcpus = 2\n");
	p = ptyscreen_start(24, 140, argv, env);
	assert_int_equal(ptyscreen_exit(p), 1);
	assert_says(ptyscreen_written(p), words);
	ptyscreen_stop(p);
}

/* A session that is killed leaves a sandbox and a volume behind. */
static void
leave_one(const char *const *more, const char *config)
{
	const char *const *env = fakemodal_env(fake, home);
	const char *argv[] = { getenv("VIVA"), "demo", "-s", "modal", NULL };
	const char *all[12];
	char *text = xasprintf("[modal]\n\tca-file = %s\n%s",
	    fakemodal_get(fake, "ca"), config);
	struct ptyscreen *p;
	size_t n = 0;

	while (env[n] != NULL) {
		all[n] = env[n];
		n++;
	}
	for (; more != NULL && *more != NULL; more++)
		all[n++] = *more;
	all[n] = NULL;
	ptyscreen_home_config(home, text);
	p = ptyscreen_start(36, 140, argv, all);
	ptyscreen_wait(p, PROMPT);
	kill(ptyscreen_pid(p), SIGKILL);
	ptyscreen_exit(p);
	ptyscreen_stop(p);
	free(text);
}

/* What is set is what is asked for over there. */
static void
test_asked_for(void **state)
{
	static const char *const words[] = { "\"app_name\": \"mine\"",
		"\"milli_cpu\": 2000", "\"memory_mb\": 1024",
		"\"timeout_secs\": 1800", "\"idle_timeout_secs\": 600",
		"NETWORK_ACCESS_ALLOWLIST", "\"pypi.org\"",
		"\"FROM debian:bookworm\"", "\"RUN true\"",
		"\"deployment_name\": \"space-20", NULL };
	static const char *const more[] = { "MODAL_VOLUME_NAMESPACE=space",
		NULL };
	struct buf text = { 0 };

	(void)state;
	leave_one(more, "\tapp = mine\n\tcpu = 2\n\tmemory = 1024\n"
	    "\ttimeout = 30\n\tidle-timeout = 10\n\tallow = pypi.org\n"
	    "\timage = debian:bookworm\n\trun = RUN true\n");
	assert_true(hunt_slurp(fakemodal_record(fake), &text));
	assert_says(buf_str(&text), words);
	buf_free(&text);
}

/* Each step is tried, and nothing of it stays. */
static void
test_doctor(void **state)
{
	static const char *const words[] = { "yes  workspace fake-workspace",
		"yes  an image, a volume and a sandbox", "yes  a program runs",
		"yes  a file is saved", "yes  and on the volume",
		"yes  all of it is gone again", NULL };
	static const char *const full[] = { "yes  a file is saved",
		"NO   and not on the volume: sync: the volume is full",
		"yes  all of it is gone again", NULL };
	static const char *const away[] = { "yes  workspace fake-workspace",
		"NO   no sandbox: 127.0.0.1", "a firewall is in between",
		"yes  all of it is gone again", NULL };
	static const char *const no_image[] = { "NO   no sandbox: ",
		"the image cannot be built", NULL };

	(void)state;
	assert_says(says("doctor", NULL, 0), words);
	fakemodal_order(fake, "/knobs", "{\"volume_full\": true}");
	assert_says(says("doctor", NULL, 1), full);
	fakemodal_order(fake, "/knobs", "{\"volume_full\": false}");
	fakemodal_order(fake, "/net", "{\"action\": \"refuse\","
	    " \"secs\": 600, \"which\": \"router\"}");
	assert_says(says("doctor", NULL, 1), away);
	fakemodal_order(fake, "/net", "{\"action\": \"refuse\", \"secs\": 0,"
	    " \"keep\": true}");
	fakemodal_order(fake, "/faults", "{\"rpc\": \"ImageGetOrCreate\","
	    " \"code\": \"NOT_FOUND\", \"times\": 1}");
	assert_says(says("doctor", NULL, 1), no_image);
	assert_int_equal(fakemodal_running(fake), 0);
	assert_int_equal(volumes("viva-"), 0);
}

/* A token in a file that others can read works, and is told of. */
static void
test_open_file(void **state)
{
	static const char *const words[] = { "others on this machine may read "
		"the token in ", "; chmod 600 it", "yes  workspace fake",
		NULL };
	char *path = xasprintf("%s/modal.toml", home);
	char *set = xasprintf("MODAL_CONFIG_PATH=%s", path);
	const char *const more[] = { "MODAL_TOKEN_ID=", "MODAL_TOKEN_SECRET=",
		set, NULL };
	FILE *f = fopen(path, "we");

	(void)state;
	assert_non_null(f);
	fputs("[default]\ntoken_id = \"" FAKE_TOKEN_ID "\"\n"
	    "token_secret = \"" FAKE_TOKEN_SECRET "\"\n", f);
	fclose(f);
	assert_int_equal(chmod(path, 0644), 0);
	assert_says(says("doctor", more, 0), words);
	assert_int_equal(chmod(path, 0600), 0);
	assert_null(strstr(says("doctor", more, 0), "chmod"));
	free(set);
	free(path);
}

/* ---- cleaning up ---- */

static void
test_clean_up(void **state)
{
	/* Others of the account: another app, and a name that only begins
	 * as ours do. */
	static const char *const others[] = { "MODAL_VOLUME_NAMESPACE=vivarium",
		NULL };
	static const char *const nothing[] = { "viva-20", "would end",
		"nothing was touched", NULL };
	static const char *const young[] = { "viva-20", NULL };
	static const char *const ended[] = { "viva-20", "ended", NULL };
	static const char *const would[] = { "would delete",
		"nothing was touched", NULL };
	static const char *const used[] = { "in use by a sandbox that runs",
		"nothing was touched", "viva sandboxes --end", NULL };
	static const char *const deleted[] = { "viva-20", "deleted", NULL };
	static const char *const no_sandboxes[] = { "no sandboxes of viva",
		NULL };
	static const char *const no_volumes[] = { "no volumes of viva",
		NULL };

	(void)state;
	leave_one(others, "\tapp = other\n");
	leave_one(NULL, "");
	assert_int_equal(fakemodal_running(fake), 2);
	assert_says(says("sandboxes", NULL, 0), young);
	assert_null(strstr(says("sandboxes", NULL, 0), "vivarium"));
	assert_null(strstr(says("volumes", NULL, 0), "vivarium"));
	assert_says(says("sandboxes --end", NULL, 0), nothing);
	assert_says(says("volumes --delete", NULL, 0), used);
	assert_says(says("volumes --delete --yes", NULL, 0), used);
	assert_int_equal(volumes("viva-"), 1);
	assert_null(strstr(says("sandboxes --end --older 1 --yes", NULL, 0),
	    "ended"));
	assert_null(strstr(says("volumes --yes", NULL, 0), "deleted"));
	assert_int_equal(fakemodal_running(fake), 2);
	assert_int_equal(volumes("viva-"), 1);

	assert_says(says("sandboxes --end --yes", NULL, 0), ended);
	assert_int_equal(fakemodal_running(fake), 1);
	assert_says(says("volumes --delete", NULL, 0), would);
	assert_says(says("volumes --delete --yes", NULL, 0), deleted);
	assert_int_equal(volumes("viva-"), 0);
	assert_int_equal(volumes("vivarium-"), 1);
	assert_says(says("sandboxes", NULL, 0), no_sandboxes);
	assert_says(says("volumes", NULL, 0), no_volumes);
	assert_says(says("volumes --delete --yes", NULL, 0), no_volumes);
	says("volumes --end", NULL, 2);
	says("sandboxes --older soon", NULL, 2);
	says("sandboxes more", NULL, 2);
	hunt_tree(home, hunt_secrets, NULL);
}

/* This machine's clock is behind the server's. */
static void
test_clock(void **state)
{
	/* A volume viva-x, made in the year 2100. */
	static const char order[] = "{\"rpc\": \"VolumeList\", \"times\": 1,"
	    " \"raw\": \"ChcKBnZpdmEteBIEdm8tMRkAAADgypDuQQ==\"}";
	static const char *const words[] = { "viva-x  0h00m  would delete",
		NULL };

	(void)state;
	fakemodal_order(fake, "/faults", order);
	assert_says(says("volumes --delete", NULL, 0), words);
}

/* This machine's clock is ahead of the server's: what is new looks two hours
 * old, and is neither called so nor taken.  Where answers have no Date, the
 * token's end is a bound. */
static void
test_clock_ahead(void **state)
{
	static const char *const dates[] = { "true", "false" };
	static const char *const young[] = { "  0h", "none is so old", NULL };

	(void)state;
	leave_one(NULL, "");
	for (int i = 0; i < 2; i++) {
		char *knobs = xasprintf("{\"clock_secs\": -7200,"
		    " \"date\": %s}", dates[i]);

		fakemodal_order(fake, "/knobs", knobs);
		assert_says(says("sandboxes --end --older 1", NULL, 0),
		    young);
		free(knobs);
	}
	fakemodal_order(fake, "/sandbox", "{\"action\": \"terminate\"}");
	assert_says(says("volumes --delete --older 1 --yes", NULL, 0), young);
	assert_int_equal(volumes("viva-"), 1);
}

/* Some are deleted, and not the one whose session goes on. */
static void
test_in_use(void **state)
{
	static const char *const older[] = { "MODAL_VOLUME_NAMESPACE=viva-a",
		NULL };
	static const char *const words[] = { "viva-a-20", "deleted",
		"in use by a sandbox that runs", NULL };

	(void)state;
	leave_one(older, "");
	fakemodal_order(fake, "/sandbox", "{\"action\": \"terminate\"}");
	leave_one(NULL, "");
	assert_int_equal(volumes("viva-"), 2);
	assert_says(says("volumes --delete --yes", NULL, 0), words);
	assert_int_equal(volumes("viva-"), 1);
	assert_int_equal(volumes("viva-a-"), 0);
	assert_int_equal(fakemodal_running(fake), 1);
}

/* Of a viva with other settings, and seen by one with others still. */
static void
test_in_use_elsewhere(void **state)
{
	static const char *const first[] = { "MODAL_SANDBOX_V2=0", NULL };
	static const char *const used[] = { "in use by a sandbox that runs",
		NULL };
	static const char *const some[] = { "viva: Modal does not list the "
		"sandboxes of other apps", "would delete", NULL };

	(void)state;
	leave_one(NULL, "\tapp = other\n");
	assert_says(says("volumes --delete --yes", NULL, 0), used);
	assert_says(says("volumes --delete --yes", first, 0), used);
	assert_int_equal(volumes("viva-"), 1);
	fakemodal_order(fake, "/faults", "{\"rpc\": \"SandboxListV2\", "
	    "\"code\": \"INVALID_ARGUMENT\"}");
	assert_says(says("volumes --delete", NULL, 0), some);
	assert_int_equal(fakemodal_running(fake), 1);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_no_token), T(test_refused),
		T(test_old_client), T(test_server), T(test_silent),
		T(test_not_tls),
		T(test_certificate), T(test_settings), T(test_asked_for),
		T(test_doctor), T(test_open_file), T(test_clean_up),
		T(test_in_use), T(test_in_use_elsewhere), T(test_clock),
		T(test_clock_ahead) };

	if (!fakemodal_possible() || !machine_has_namespaces())
		return TEST_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
