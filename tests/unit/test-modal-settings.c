#include "config.h"

/* The section [modal] of the settings: what each key gives, and what is said
 * of a mistake. */

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

#include "base/buf.h"
#include "base/mem.h"
#include "cli/modal-settings.h"

static struct modal_settings s;

static int
teardown(void **state)
{
	(void)state;
	modal_settings_finish(&s);
	return 0;
}

static void
good(const char *text)
{
	struct err e = { 0 };

	if (!modal_settings_parse(&s, "config", text, strlen(text), &e))
		fail_msg("%s", e.msg);
}

static void
bad(const char *text, const char *begins)
{
	struct err e = { 0 };

	assert_false(modal_settings_parse(&s, "config", text, strlen(text),
	    &e));
	if (strncmp(e.msg, begins, strlen(begins)) != 0)
		fail_msg("'%s' does not begin '%s'", e.msg, begins);
	modal_settings_finish(&s);
}

static void
assert_defaults(void)
{
	struct modal_options o;

	modal_options_init(&o);
	assert_string_equal(s.options.app, o.app);
	assert_string_equal(s.options.image, o.image);
	assert_null(s.options.image_lines);
	assert_null(s.options.image_id);
	assert_int_equal(s.options.cpu_milli, o.cpu_milli);
	assert_int_equal(s.options.memory_mb, o.memory_mb);
	assert_int_equal(s.options.timeout, o.timeout);
	assert_int_equal(s.options.idle_timeout, 0);
	assert_false(s.options.network);
	assert_null(s.options.domains);
	assert_null(s.options.ca_file);
	assert_false(s.options.ephemeral);
	assert_int_equal(s.options.input_in_flight, o.input_in_flight);
}

/* Ids of images are kept where the user's caches are, unless that is not
 * wanted. */
static void
test_image_cache(void **state)
{
	(void)state;
	setenv("XDG_CACHE_HOME", "/x/cache", 1);
	setenv("HOME", "/x/home", 1);
	good("");
	assert_string_equal(s.options.keep_dir, "/x/cache/viva");
	modal_settings_finish(&s);
	setenv("XDG_CACHE_HOME", "cache", 1);
	good("[modal]\nimage-cache = yes\n");
	assert_string_equal(s.options.keep_dir, "/x/home/.cache/viva");
	modal_settings_finish(&s);
	unsetenv("XDG_CACHE_HOME");
	good("[modal]\nimage-cache = no\n");
	assert_null(s.options.keep_dir);
	modal_settings_finish(&s);
	good("[modal]\nimage-cache = no\nimage-cache = on\n");
	assert_string_equal(s.options.keep_dir, "/x/home/.cache/viva");
	modal_settings_finish(&s);
	unsetenv("HOME");
	good("[modal]\nimage-cache = yes\n");
	assert_null(s.options.keep_dir);
	modal_settings_finish(&s);
	bad("[modal]\n\nimage-cache = 30 days\n",
	    "config:3: image-cache: \"30 days\" is neither true nor false; "
	    "write one of them");
}

static void
test_defaults(void **state)
{
	(void)state;
	good("");
	assert_defaults();
}

static void
test_every_key(void **state)
{
	(void)state;
	good("[modal]\n\tapp = interviews\n\timage = python:3.12-slim\n"
	    "\timage-id = im-0123456789012345678901\n\tcpu = 0.5\n"
	    "\tmemory = 1024\n\ttimeout = 90\n\tidle-timeout = 10\n"
	    "\tnetwork = open\n\tvolume = ephemeral\n"
	    "\tca-file = \"/etc/my ca.pem\"\n\tinput-in-flight = 3\n");
	assert_int_equal(s.options.input_in_flight, 3);
	assert_string_equal(s.options.app, "interviews");
	assert_string_equal(s.options.image, "python:3.12-slim");
	assert_string_equal(s.options.image_id, "im-0123456789012345678901");
	assert_int_equal(s.options.cpu_milli, 500);
	assert_int_equal(s.options.memory_mb, 1024);
	assert_int_equal(s.options.timeout, 90 * 60);
	assert_int_equal(s.options.idle_timeout, 600);
	assert_true(s.options.network);
	assert_true(s.options.ephemeral);
	assert_string_equal(s.options.ca_file, "/etc/my ca.pem");
}

/* Given more than once, each counts, in order. */
static void
test_lists(void **state)
{
	(void)state;
	good("[modal]\nrun = RUN apt-get update\n"
	    "run = \"RUN apt-get install -y gcc\"\n"
	    "allow = pypi.org\nallow = *.debian.org\nallow = github.com\n");
	assert_string_equal(s.options.image_lines[0], "RUN apt-get update");
	assert_string_equal(s.options.image_lines[1],
	    "RUN apt-get install -y gcc");
	assert_null(s.options.image_lines[2]);
	assert_string_equal(s.options.domains[0], "pypi.org");
	assert_string_equal(s.options.domains[1], "*.debian.org");
	assert_string_equal(s.options.domains[2], "github.com");
	assert_null(s.options.domains[3]);
	assert_false(s.options.network);
}

/* Longer lists than any room that is kept at first. */
static void
test_long_list(void **state)
{
	struct buf text = { 0 };

	(void)state;
	buf_adds(&text, "[modal]\n");
	for (int i = 0; i < 100; i++)
		buf_addf(&text, "run = RUN %d\nallow = d%d.org\n", i, i);
	good(buf_str(&text));
	buf_free(&text);
	assert_string_equal(s.options.image_lines[99], "RUN 99");
	assert_null(s.options.image_lines[100]);
	assert_string_equal(s.options.domains[99], "d99.org");
	assert_null(s.options.domains[100]);
}

static void
test_other_sections(void **state)
{
	(void)state;
	good("[ui]\n\ttheme = light\n\tapp = no\n[keys]\n\tF9 = run-tests\n"
	    "[Modal]\n\tAPP = mine\n");
	assert_string_equal(s.options.app, "mine");
	assert_int_equal(s.options.cpu_milli, 1000);
}

static void
test_bounds(void **state)
{
	static const char *const wrong[] = { "cpu = 0", "cpu = 0.1",
		"cpu = 65", "cpu = many", "cpu = 1x", "cpu = nan",
		"cpu = inf", "cpu = -1", "memory = 64", "memory = 1e9",
		"timeout = 0", "timeout = 1441", "timeout = 4h",
		"idle-timeout = -1", "idle-timeout = 1441",
		"input-in-flight = 0", "input-in-flight = 17" };
	char text[100], begins[60];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		snprintf(text, sizeof text, "[modal]\n%s\n", wrong[i]);
		snprintf(begins, sizeof begins, "config:2: %.*s is \"",
		    (int)strcspn(wrong[i], " "), wrong[i]);
		bad(text, begins);
	}
	good("[modal]\ncpu = 0.125\nmemory = 128\ntimeout = 1440\n"
	    "idle-timeout = 0\n");
	assert_int_equal(s.options.cpu_milli, 125);
	assert_int_equal(s.options.memory_mb, 128);
	assert_int_equal(s.options.timeout, 86400);
}

static void
test_mistakes(void **state)
{
	(void)state;
	bad("[modal]\n\n\tcpus = 2\n",
	    "config:3: no setting \"cpus\" in [modal]");
	bad("[modal]\nimage-id = debian\n", "config:2: image-id is \"debian\"");
	bad("[modal]\nnetwork = closed\n",
	    "config:2: network is \"closed\"; write blocked or open");
	bad("[modal]\napp =\n", "config:2: app is empty; write the app's "
	    "name, or take the line out");
	bad("[modal]\n\nimage = \"\"\n", "config:3: image is empty; write "
	    "one of a registry, debian:bookworm-slim say, or");
	bad("[modal]\nimage =   # none\n", "config:2: image is empty");
	bad("[modal]\nrun =\n", "config:2: run is empty");
	bad("[modal]\nallow =\n", "config:2: allow is empty");
	bad("[modal]\nca-file =\n", "config:2: ca-file is empty");
	bad("[modal]\nvolume = none\n", "config:2: volume is \"none\"");
	bad("[modal]\ncpu\n", "config:2: cpu is \"true\"");
}

static void
test_file(void **state)
{
	char dir[] = "/tmp/viva-settings-XXXXXX", path[100];
	struct err e = { 0 };
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	setenv("XDG_CONFIG_HOME", dir, 1);
	assert_true(modal_settings_load(&s, &e)); /* there is none */
	assert_defaults();
	modal_settings_finish(&s);
	snprintf(path, sizeof path, "%s/viva", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/viva/config", dir);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs("[modal]\n\tcpu = 2\n\tmemory = little\n", f);
	fclose(f);
	assert_false(modal_settings_load(&s, &e));
	assert_non_null(strstr(e.msg, path));
	assert_non_null(strstr(e.msg, "config:3: memory is \"little\""));
	unlink(path);
	snprintf(path, sizeof path, "%s/viva", dir);
	rmdir(path);
	rmdir(dir);
}

#define T(fn) cmocka_unit_test_teardown(fn, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_defaults),
		T(test_every_key), T(test_lists), T(test_long_list),
		T(test_other_sections), T(test_bounds), T(test_mistakes),
		T(test_image_cache), T(test_file) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
