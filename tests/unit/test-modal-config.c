#include "config.h"

/* Modal's settings: the file, the environment, and what must not be told. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sandbox/modal-config.h"
#include "sandbox/modal-toml.h"

static const char *const variables[] = { "MODAL_TOKEN_ID",
	"MODAL_TOKEN_SECRET", "MODAL_PROFILE", "MODAL_SERVER_URL",
	"MODAL_API_URL", "MODAL_ENVIRONMENT", "MODAL_IMAGE_BUILDER_VERSION",
	"MODAL_MAX_THROTTLE_WAIT", "MODAL_VOLUME_NAMESPACE",
	"MODAL_SANDBOX_V2", "MODAL_CONFIG_PATH" };

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	return 0;
}

static void
good(struct modal_config *c, const char *text)
{
	struct err e = { 0 };

	if (!modal_config_parse(c, "m.toml", text, text != NULL ?
	    strlen(text) : 0, &e))
		fail_msg("%s", e.msg);
}

/* The reason begins so, and is never a secret. */
static void
bad(const char *text, const char *begins)
{
	struct modal_config c;
	struct err e = { 0 };

	assert_false(modal_config_parse(&c, "m.toml", text, strlen(text), &e));
	if (strncmp(e.msg, begins, strlen(begins)) != 0)
		fail_msg("'%s' does not begin '%s'", e.msg, begins);
	assert_null(strstr(e.msg, "as-1"));
	assert_non_null(strchr(e.msg, ';'));
}

static void
test_defaults(void **state)
{
	struct modal_config c;
	struct err e = { 0 };

	(void)state;
	good(&c, NULL);
	assert_string_equal(c.server_url, "https://api.modal.com");
	assert_string_equal(c.environment, "");
	assert_string_equal(c.volume_namespace, "viva");
	assert_int_equal(c.max_throttle_wait, -1);
	assert_true(c.v2);
	assert_false(modal_config_ready(&c, &e));
	assert_int_equal(e.code, ERR_AUTH);
	assert_non_null(strstr(e.msg, "MODAL_TOKEN_ID"));
	modal_config_finish(&c);
}

static void
test_file(void **state)
{
	struct modal_config c;

	(void)state;
	good(&c, "\xef\xbb\xbf# mine\r\n"
	    "[other]\r\ntoken_id = 'ak-0'\n\n"
	    "[\"my work\"] # this one\n"
	    "token_id\t= \"ak-\\u0031\"\n"
	    "token_secret = 'as-1' # secret\n"
	    "server_url = \"https://eu.modal.com:444/x,https://b\"\n"
	    "environment = \"dev\"\nimage_builder_version = \"2025.06\"\n"
	    "max_throttle_wait = 1_0\nsandbox_v2 = false\n"
	    "loglevel = \"INFO\"\nactive = true");
	assert_string_equal(c.profile, "my work");
	assert_string_equal(modal_config_token_id(&c), "ak-1");
	assert_string_equal(modal_config_token_secret(&c), "as-1");
	assert_string_equal(c.server_url, "https://eu.modal.com:444");
	assert_string_equal(c.environment, "dev");
	assert_string_equal(c.image_builder_version, "2025.06");
	assert_int_equal(c.max_throttle_wait, 10);
	assert_false(c.v2);
	assert_true(modal_config_ready(&c, NULL));
	modal_config_finish(&c);
}

static void
test_profiles(void **state)
{
	struct modal_config c;
	struct err e = { 0 };

	(void)state;
	good(&c, "[a]\ntoken_id='ak-a'\n[default]\ntoken_id='ak-d'\n");
	assert_string_equal(modal_config_token_id(&c), "ak-d");
	assert_false(modal_config_ready(&c, &e));
	assert_non_null(strstr(e.msg, "[default] lacks token_secret"));
	modal_config_finish(&c);
	/* One that is not active is not used, as with the other clients. */
	good(&c, "\n[a]\ntoken_id='ak-a'\n");
	assert_string_equal(modal_config_token_id(&c), "");
	assert_false(modal_config_ready(&c, &e));
	assert_non_null(strstr(e.msg, "m.toml:2: the profile [a] is not "
	    "active, add active = true"));
	modal_config_finish(&c);
	good(&c, "token_id='ak-a'\ntoken_secret='as-1'\n");
	assert_false(modal_config_ready(&c, &e));
	assert_non_null(strstr(e.msg, "m.toml has no profile"));
	modal_config_finish(&c);
	setenv("MODAL_PROFILE", "a", 1);
	good(&c, "[a]\ntoken_id='ak-a'\n[b]\nactive=true\ntoken_id='ak-b'\n");
	assert_string_equal(modal_config_token_id(&c), "ak-a");
	modal_config_finish(&c);
	bad("[b]\n", "m.toml: no profile [a]");
	unsetenv("MODAL_PROFILE");
	bad("[a]\n[b]\n", "m.toml:1: of 2 profiles none is active");
	bad("[a]\nactive=true\n[b]\nactive=true\n",
	    "m.toml:4: [a] is active too (line 1)");
}

static void
test_environment_first(void **state)
{
	static const char text[] = "[default]\ntoken_id='ak-f'\n"
	    "token_secret='as-1f'\nserver_url='https://file'\n"
	    "environment='file'\nmax_throttle_wait=5\n";
	struct modal_config c;

	(void)state;
	setenv("MODAL_TOKEN_ID", "ak-e", 1);
	setenv("MODAL_TOKEN_SECRET", "as-1e", 1);
	setenv("MODAL_API_URL", "https://api/v1/x", 1);
	setenv("MODAL_ENVIRONMENT", "env", 1);
	setenv("MODAL_MAX_THROTTLE_WAIT", "0", 1);
	setenv("MODAL_VOLUME_NAMESPACE", "team", 1);
	setenv("MODAL_SANDBOX_V2", "0", 1);
	good(&c, text);
	assert_string_equal(modal_config_token_id(&c), "ak-e");
	assert_string_equal(modal_config_token_secret(&c), "as-1e");
	assert_string_equal(c.server_url, "https://api");
	assert_string_equal(c.environment, "env");
	assert_int_equal(c.max_throttle_wait, 0);
	assert_string_equal(c.volume_namespace, "team");
	assert_false(c.v2);
	modal_config_finish(&c);
	setenv("MODAL_SERVER_URL", "http://127.0.0.1:99,https://b", 1);
	good(&c, text);
	assert_string_equal(c.server_url, "http://127.0.0.1:99");
	modal_config_finish(&c);
	setenv("MODAL_MAX_THROTTLE_WAIT", "1.5", 1);
	bad(text, "MODAL_MAX_THROTTLE_WAIT: not a time");
	unsetenv("MODAL_MAX_THROTTLE_WAIT");
	setenv("MODAL_SERVER_URL", "ftp://x", 1);
	bad(text, "MODAL_SERVER_URL: not a server's address");
	unsetenv("MODAL_SERVER_URL");
	setenv("MODAL_VOLUME_NAMESPACE", "a/b", 1);
	bad(text, "MODAL_VOLUME_NAMESPACE: not a prefix");
	unsetenv("MODAL_VOLUME_NAMESPACE");
	unsetenv("MODAL_TOKEN_ID");
	bad("", "MODAL_TOKEN_SECRET is set and MODAL_TOKEN_ID is not");
}

/* What libcurl would refuse later, without the variable's name. */
static void
test_bad_host(void **state)
{
	static const char *const hosts[] = { "https://h:99999", "https://h:0",
		"https://h:", "https://:443", "https://h:44x", "https://a:1:2",
		"https://[::1", "https://::1]", "https://[::1]443",
		"https://h:000443" };
	struct modal_config c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		setenv("MODAL_SERVER_URL", hosts[i], 1);
		bad("", "MODAL_SERVER_URL: a server's address with a bad "
		    "host or port");
	}
	setenv("MODAL_SERVER_URL", "https://[::1]:65535", 1);
	good(&c, "");
	assert_string_equal(c.server_url, "https://[::1]:65535");
	modal_config_finish(&c);
	unsetenv("MODAL_SERVER_URL");
}

static void
test_mistakes(void **state)
{
	static const char *const texts[][2] = {
		{ "[a\n", "m.toml:1: a table's name" },
		{ "[a]\n\nkey\n", "m.toml:3: no = after" },
		{ "[a]\nk = \n", "m.toml:2: no value" },
		{ "[a]\nk = 'as-1\n", "m.toml:2: a quote is not closed" },
		{ "[a]\nk = \"as-1\\q\"\n", "m.toml:2: an unknown escape" },
		{ "[a]\nk = \"\\u12\"\n", "m.toml:2: a bad \\u escape" },
		{ "[a]\nk = \"\\u0000\"\n", "m.toml:2: a \\u escape" },
		{ "[a]\nk = \"\"\"as-1\n\"\"\"\n", "m.toml:2: text of several" },
		{ "[a]\nk = [1]\n", "m.toml:2: lists" },
		{ "[a]\nk = 1.5\n", "m.toml:2: a value that is not" },
		{ "[a]\nk = as-1\n", "m.toml:2: a value that is not" },
		{ "[a]\nk = 9223372036854775808\n", "m.toml:2: an integer of" },
		{ "[a]\nk = 'x' 'as-1'\n", "m.toml:2: there is more" },
		{ "[a]\nk = '\xff'\n", "m.toml:2: text that is not UTF-8" },
		{ "[a]\nk.j = 1\n", "m.toml:2: dotted keys" },
		{ "[a.b]\n", "m.toml:1: tables in tables" },
		{ "[[a]]\n", "m.toml:1: arrays of tables" },
		{ "[a]\nk = 1\nk = 2\n", "m.toml:3: \"k\" a second time" },
		{ "[a]\n[b]\n[a]\n", "m.toml:3: the profile [a] a second" },
		{ "[default]\ntoken_secret = 1\n",
		    "m.toml:2: [default]: \"token_secret\" is a text" },
		{ "[default]\ntoken_secret = \"as-1 x\"\n",
		    "m.toml:2: [default]: this is no token" },
		{ "[default]\ntoken_secret = \"as-1\\r\\nx: y\"\n",
		    "m.toml:2: [default]: this is no token" },
		{ "[default]\nactive = 'true'\n", "m.toml:2: \"active\"" },
		{ "[default]\nserver_url = 'https://a b'\n",
		    "m.toml:2: [default]: a server's address with" },
		{ "[default]\nmax_throttle_wait = -1\n",
		    "m.toml:2: [default]: not a time" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		bad(texts[i][0], texts[i][1]);
}

static void
test_load(void **state)
{
	static const char text[] = "[default]\ntoken_id = \"ak-1\"\n"
	    "token_secret = \"as-1\"\n";
	char path[] = "/tmp/viva-modal-XXXXXX";
	struct modal_config c;
	struct err e = { 0 };
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	setenv("MODAL_CONFIG_PATH", path, 1);
	assert_true(modal_config_load(&c, &e));
	assert_string_equal(modal_config_token_secret(&c), "as-1");
	assert_string_equal(c.warning, "");
	modal_config_finish(&c);
	fchmod(fd, 0644);
	assert_true(modal_config_load(&c, &e));
	assert_non_null(strstr(c.warning, "chmod 600"));
	modal_config_finish(&c);
	close(fd);
	unlink(path);
	assert_true(modal_config_load(&c, &e)); /* none is no mistake */
	assert_false(modal_config_ready(&c, &e)); /* but may be why */
	assert_non_null(strstr(e.msg, path));
	assert_non_null(strstr(e.msg, "MODAL_CONFIG_PATH"));
	modal_config_finish(&c);
	setenv("MODAL_CONFIG_PATH", "/tmp", 1);
	assert_false(modal_config_load(&c, &e));
	assert_non_null(strstr(e.msg, "MODAL_CONFIG_PATH"));
}

static void
test_secrets(void **state)
{
	char text[] = "bad token ak-12345 / as-12345, as-12345";
	struct modal_config c;
	const char *in_env;

	(void)state;
	setenv("MODAL_TOKEN_ID", "ak-12345", 1);
	setenv("MODAL_TOKEN_SECRET", "as-12345", 1);
	in_env = getenv("MODAL_TOKEN_SECRET");
	good(&c, NULL);
	modal_config_redact(&c, text);
	assert_string_equal(text, "bad token ******** / ********, ********");
	modal_config_forget_environment();
	assert_null(getenv("MODAL_TOKEN_ID"));
	assert_null(getenv("MODAL_TOKEN_SECRET"));
	assert_int_equal(in_env[0], '\0');
	assert_string_equal(modal_config_token_secret(&c), "as-12345");
	modal_config_finish(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_defaults, setup),
		cmocka_unit_test_setup(test_file, setup),
		cmocka_unit_test_setup(test_profiles, setup),
		cmocka_unit_test_setup(test_environment_first, setup),
		cmocka_unit_test_setup(test_bad_host, setup),
		cmocka_unit_test_setup(test_mistakes, setup),
		cmocka_unit_test_setup(test_load, setup),
		cmocka_unit_test_setup(test_secrets, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
