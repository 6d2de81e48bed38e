#include "config.h"

/* viva volumes files, get, put, remove against the stand-in for Modal, from a
 * shell as a user has it: what is there and back, every mistake with what to
 * do, and that nothing half written is left anywhere. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sandbox/modal-internal.h"
#include "tests/support/fakemodal.h"
#include "tests/support/ptyscreen.h"

#define SIZE "8400000" /* more than a block */

static char *home;
static struct fakemodal *fake;
static struct loop *loop;

/* ---- volumes, as a session makes them ---- */

static void
made(void *user, const struct grpc_status *st, const char *reply, size_t n)
{
	(void)reply;
	(void)n;
	assert_int_equal(st->code, GRPC_OK);
	*(bool *)user = true;
}

static void
make_volumes(const char *const *names)
{
	CLIENT(VolumeGetOrCreateRequest) q = CLIENT_INIT(
	    VOLUME_GET_OR_CREATE_REQUEST);
	struct modal_config config;
	struct modal_options options;
	struct err e = { 0 };
	struct modal *m = NULL;

	char *text = xasprintf("[t]\nserver_url = \"%s\"\ntoken_id = \""
	    FAKE_TOKEN_ID "\"\ntoken_secret = \"" FAKE_TOKEN_SECRET "\"\n"
	    "active = true\n", fakemodal_get(fake, "url"));

	modal_options_init(&options);
	options.ca_file = fakemodal_get(fake, "ca");
	if (modal_config_parse(&config, "modal.toml", text, strlen(text), &e))
		m = modal_create(loop, &config, &options, &e);
	if (m == NULL)
		fail_msg("%s", e.msg);
	for (; *names != NULL; names++) {
		bool done = false;

		q.deployment_name = (char *)*names;
		q.object_creation_type = CREATE_IF_MISSING;
		q.version = MODAL__CLIENT__VOLUME_FS_VERSION__VOLUME_FS_V2;
		account_call(m, CLIENT_PATH("VolumeGetOrCreate"), &q.base,
		    10000000, made, &done);
		while (!done)
			loop_turn(loop, 100000);
	}
	modal_destroy(m);
	modal_config_finish(&config);
	free(text);
}

/* ---- commands ---- */

static struct ptyscreen *
begin(const char *text)
{
	const char *const argv[] = { "/bin/sh", "-c", text, NULL };

	return ptyscreen_start(50, 200, argv, fakemodal_env(fake, home));
}

/* A slow machine may say that it waits. */
static void
without_waits(char *said)
{
	char *at, *end;

	while ((at = strstr(said, "viva: waiting for an answer")) != NULL &&
	    (end = strchr(at, '\n')) != NULL)
		memmove(at, end + 1, strlen(end + 1) + 1);
}

/* What a shell in the home's directory w says to that, where v is viva
 * volumes; borrowed until the next.  Its status is that. */
static const char *
says(int status, const char *text)
{
	static char said[65536];
	char *whole = xasprintf("cd %s/w && v() { $VIVA volumes \"$@\"; }; %s",
	    home, text);
	struct ptyscreen *p = begin(whole);
	int got = ptyscreen_exit(p);

	snprintf(said, sizeof said, "%s", ptyscreen_written(p));
	without_waits(said);
	ptyscreen_stop(p);
	if (got != status)
		fail_msg("%s: ended with %d: %s", text, got, said);
	hunt_bytes(text, said, strlen(said), hunt_secrets);
	free(whole);
	return said;
}

static void
expect(int status, const char *text, const char *words)
{
	const char *said = says(status, text);

	if (strstr(said, words) == NULL)
		fail_msg("%s: no \"%s\" in: %s", text, words, said);
}

/* Exactly so, with a terminal's ends of lines. */
static void
expect_all(const char *text, const char *all)
{
	const char *said = says(0, text);

	if (strcmp(said, all) != 0)
		fail_msg("%s: not \"%s\" but: %s", text, all, said);
}

/* In w there is this and nothing else. */
static void
expect_left(const char *names)
{
	expect_all("echo $(ls -A)", names);
}

static int
setup(void **state)
{
	static const char *const names[] = { "viva-one", "vivarium-x",
		"other", NULL };
	char path[300];

	(void)state;
	home = ptyscreen_home_create();
	ptyscreen_use_home(home);
	fake = fakemodal_start(NULL);
	loop = loop_create(clock_system(), waiter_poll());
	make_volumes(names);
	fakemodal_order(fake, "/log", "{}");
	snprintf(path, sizeof path, "%s/w", home);
	assert_int_equal(mkdir(path, 0700), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fakemodal_stop(fake);
	loop_destroy(loop);
	ptyscreen_use_home(NULL);
	ptyscreen_home_remove(home);
	return 0;
}

/* ---- there and back ---- */

static void
test_there_and_back(void **state)
{
	(void)state;
	expect(0, "v files viva-one", "no files there");
	says(0, "head -c " SIZE " /dev/urandom >big; echo hello >small;"
	    " : >empty; head -c 9000000 /dev/zero >zeros");
	expect(0, "v put viva-one big", "big is on the volume viva-one, " SIZE
	    " bytes");
	says(0, "v put viva-one small a/b/ && v put viva-one small /a/c &&"
	    " v put viva-one empty && v put viva-one zeros");
	/* Sorted; all of it, one directory, one file. */
	expect_all("TZ=UTC v files viva-one | sed 's/20..-..-.. ..:../when/'",
	    "           6  when  a/b/small\r\n"
	    "           6  when  a/c\r\n"
	    "     " SIZE "  when  big\r\n"
	    "           0  when  empty\r\n"
	    "     9000000  when  zeros\r\n");
	expect_all("v files viva-one /a/b/ | sed 's/20..-..-.. ..:../when/'",
	    "           6  when  a/b/small\r\n");
	expect(0, "v files viva-one a/c", "  a/c\r\n");
	/* Each byte, under each name that can be given. */
	expect_all("mkdir d && cd d && v get viva-one big 2>e; cat e; rm e;"
	    " cmp big ../big",
	    "saved big, " SIZE " bytes\r\n");
	says(0, "v get viva-one /a/b/small d/s && cmp small d/s &&"
	    " v get viva-one empty d/e && cmp empty d/e &&"
	    " v get viva-one zeros d/z && cmp zeros d/z &&"
	    " v get viva-one big - | cmp big -");
	expect_all("v get viva-one a/c -", "hello\r\n");
	expect_all("umask 027; v get viva-one a/c d/m | wc -l; stat -c %a d/s "
	    "d/m", "1\r\n644\r\n640\r\n");
	/* It is replaced only when that is said, and keeps its mode. */
	expect(1, "v get viva-one big small", "is there already; name another "
	    "file, or replace it with --force");
	says(0, "echo hello | cmp - small && chmod 640 small &&"
	    " v get --force viva-one big small && cmp big small &&"
	    " test $(stat -c %a small) = 640");
	/* And on the volume. */
	says(0, "echo new >a-c && v put viva-one a-c a/c && v get viva-one a/c - | cmp - a-c");
	expect_all("v remove viva-one a/c", "removed a/c\r\n");
	expect(1, "v get viva-one a/c d/gone", "no file a/c on the volume "
	    "viva-one; 'viva volumes files viva-one' lists what is there");
	expect(1, "v remove viva-one a", "a is a directory; with --recursive "
	    "all that is in it is removed");
	expect(0, "v files viva-one", "a/b/small");
	expect_all("v remove --recursive viva-one a/", "removed a\r\n");
	expect(1, "v files viva-one a", "no a on the volume viva-one; ");
	expect_left("a-c big d empty small zeros\r\n");
	hunt_tree(home, hunt_secrets, NULL);
}

/* Names as programs in a sandbox can make them, and what is no file. */
static void
test_odd_names(void **state)
{
	char *dir = xasprintf("dir=$(echo %s/volumes/*); ",
	    fakemodal_get(fake, "dir"));
	char *text = xasprintf("%sfor d in $dir; do mkdir -p $d/deep/none &&"
	    " ln -s /etc/passwd $d/link && printf 'x' >\"$d/$(printf "
	    "'r\\033[31m\\302\\2331mn')\" && printf 'a\\033[31mb' >$d/red &&"
	    " touch -d @0 $d/old; done", dir);

	(void)state;
	says(0, text);
	expect_all("v files viva-one | sed 's/20..-..-.. ..:../    when        "
	    "/'",
	    "   directory      when          deep/none/\r\n"
	    "        link      when          link\r\n"
	    "           0  -                 old\r\n"
	    "           1      when          r?[31m?1mn\r\n"
	    "           7      when          red\r\n");
	expect(1, "v get viva-one red -", "red is no plain text, and standard "
	    "output is a terminal; name a file, or pipe it");
	says(0, "printf 'a\\033[31mb' >red && v get viva-one red - |"
	    " cmp - red");
	says(0, "v remove viva-one link && v remove --recursive viva-one deep "
	    "&& test -e /etc/passwd");
	free(text);
	free(dir);
}

/* ---- mistakes ---- */

static void
test_not_ours(void **state)
{
	static const char *const words[] = { "files other", "files vivarium-x",
		"files viva", "get vivarium-x small", "put other w",
		"remove other small", "remove --recursive vivarium-x d" };
	char text[100];

	(void)state;
	says(0, "echo w >w");
	/* So many, as they end at once: while certificates are read. */
	for (size_t i = 0; i < 3 * ARRAY_LEN(words); i++) {
		snprintf(text, sizeof text, "v %s", words[i % 7]);
		expect(1, text, " is no volume of viva's, as its name does not "
		    "begin with viva-; 'viva volumes' lists those");
	}
	assert_int_equal(fakemodal_count(fake, "VolumeGetOrCreate"), 0);
	expect(0, "MODAL_VOLUME_NAMESPACE=vivarium v put vivarium-x w",
	    "w is on the volume vivarium-x, 2 bytes");
	/* None is made by naming it. */
	expect(1, "v put viva-two w", "no volume viva-two; 'viva volumes' lists "
	    "them");
	expect(1, "v files viva-two", "no volume viva-two");
	assert_null(strstr(fakemodal_order(fake, "/state", NULL), "viva-two"));
	expect_left("w\r\n");
}

static void
test_paths(void **state)
{
	(void)state;
	says(0, "echo f >f && mkdir d && ln -s f l && mkfifo p &&"
	    " v put viva-one f && v put viva-one f e/f");
	expect(1, "v get viva-one ../f x", "'../f' is no path on a volume; "
	    "'viva volumes files viva-one' lists what is there");
	expect(1, "v get viva-one / x", "no file of the volume is named");
	expect(1, "v remove --recursive viva-one /", "no file of the volume is "
	    "named");
	expect(1, "v put viva-one f a//b", "'a//b' is no path on a volume");
	expect(1, "v put viva-one f \"$(printf 'a\\377')\"", "the path is no "
	    "UTF-8");
	expect(1, "v get viva-one \"$(printf 'a\\377')\" x", "the path is no "
	    "UTF-8");
	expect(1, "v files viva-one \"$(printf 'a\\377')\"", "the path is no "
	    "UTF-8");
	expect(1, "v remove viva-one \"$(printf 'a\\377')\"", "the path is no "
	    "UTF-8");
	expect(1, "v files \"$(printf 'viva-\\377')\"", "viva-? is no volume "
	    "of viva's, as its name is no UTF-8; 'viva volumes' lists those");
	expect(1, "v get viva-one \"$(printf '\\033[31m')\" x", "no file "
	    "?[31m on the volume viva-one");
	expect(1, "v put viva-one f e", "e is a directory");
	expect(1, "v put viva-one f f/g", "a parent of f/g is a file");
	expect(1, "v get viva-one e x", "no file e on the volume viva-one");
	expect(1, "v get viva-one f d", "d is a directory; name a file in it");
	expect(1, "v get --force viva-one f p", "p is there and is not a "
	    "regular file");
	expect(1, "v get --force viva-one f l", "l is there and is not a "
	    "regular file");
	expect(1, "v get viva-one f none/f", "cannot write in none: No such "
	    "file or directory");
	expect(1, "v get viva-one f f/f", "cannot save f/f: Not a directory");
	expect(1, "v get viva-one f /proc/f", "cannot write in /proc: ");
	expect(1, "v put viva-one none", "cannot read none: No such file");
	expect(1, "v put viva-one d", "d is not a regular file");
	expect(1, "v put viva-one p", "p is not a regular file");
	expect(2, "v get viva-one", "usage: viva volumes get [--force] VOLUME "
	    "PATH [FILE]");
	expect(2, "v put viva-one f g h", "usage: viva volumes put");
	expect_all("v get --help", "viva volumes get [--force] VOLUME PATH "
	    "[FILE]\r\n");
	expect(0, "v --help", "viva volumes remove [--recursive] VOLUME PATH");
	expect(2, "v files", "usage: viva volumes files VOLUME [PATH]");
	expect(2, "v remove --force viva-one f", "usage: viva volumes remove");
	expect(2, "v fetch viva-one f", "viva volumes files|get|put|remove");
	expect_left("d f l p\r\n");
}

static void
test_too_large(void **state)
{
	char *text = xasprintf("for d in %s/volumes/*; do truncate -s 100M "
	    "$d/most; truncate -s 104857601 $d/more; done",
	    fakemodal_get(fake, "dir"));

	(void)state;
	says(0, text);
	says(0, "truncate -s 104857601 more");
	expect(1, "v put viva-one more over", "over is too large: viva puts "
	    "100 MiB at most; Modal's own 'modal volume put' puts more");
	expect(1, "rm more; v get viva-one more", "more is too large to be "
	    "read: viva reads 100 MiB at most");
	expect(0, "v get viva-one most", "saved most, 104857600 bytes");
	expect_left("most\r\n");
	free(text);
}

/* What there is no room for here is not half there. */
static void
test_no_room(void **state)
{
	(void)state;
	says(0, "head -c " SIZE " /dev/urandom >big; v put viva-one big");
	expect(1, "ulimit -f 4096; v get viva-one big x", "what is read of big "
	    "cannot be written: File too large");
	expect(1, "v get viva-one big - >/dev/full", "cannot write to standard "
	    "output: No space left on device");
	expect(1, "v files viva-one >/dev/full", "cannot write to standard "
	    "output");
	expect(1, "v remove viva-one big >/dev/full", "cannot write to "
	    "standard output");
	expect_left("big\r\n");
	fakemodal_order(fake, "/knobs", "{\"volume_full\": true}");
	expect(1, "v put viva-one big", "the volume is full");
	expect(0, "v files viva-one", "no files there");
}

/* ---- what changes while it is read ---- */

static void
wait_for_count(const char *rpc, long n)
{
	while (fakemodal_count(fake, rpc) < n)
		loop_turn(loop, 10000);
}

static void
change_amidst(const char *change, const char *words)
{
	char *text = xasprintf("cd %s/w && $VIVA volumes put viva-one f", home);
	struct ptyscreen *p;

	fakemodal_order(fake, "/log", "{}");
	fakemodal_order(fake, "/faults", "{\"rpc\": \"VolumeGetOrCreate\","
	    " \"hang_secs\": 1}");
	p = begin(text);
	wait_for_count("VolumeGetOrCreate", 1);
	says(0, change);
	if (ptyscreen_exit(p) != 1 || strstr(ptyscreen_written(p), words) ==
	    NULL)
		fail_msg("%s: %s", change, ptyscreen_written(p));
	ptyscreen_stop(p);
	free(text);
}

static void
test_changes(void **state)
{
	(void)state;
	says(0, "head -c " SIZE " /dev/urandom >f");
	change_amidst("truncate -s 8000000 f", "cannot save f on the volume: "
	    "it was changed meanwhile");
	expect(0, "v files viva-one", "no files there");
	change_amidst("echo more >>f", "f was changed while it was read, and "
	    "some of it may be on the volume as it was before; put it again");
}

/* ---- breaks ---- */

static void
fault(const char *rpc, const char *how)
{
	char *text = xasprintf("{\"rpc\": \"%s\", %s}", rpc, how);

	fakemodal_order(fake, "/faults", text);
	free(text);
}

static void
test_breaks(void **state)
{
	static const char *const rpcs[] = { "VolumeGetOrCreate",
		"VolumePutFiles2", "VolumeGetFile2", "VolumeListFiles2",
		"VolumeRemoveFile2" };

	(void)state;
	says(0, "head -c " SIZE " /dev/urandom >big");
	for (size_t i = 0; i < ARRAY_LEN(rpcs); i++) {
		fault(rpcs[i], "\"code\": \"UNAVAILABLE\", \"times\": 2");
		/* The answer is lost. */
		fault(rpcs[i], "\"code\": \"UNAVAILABLE\", \"after\": true");
	}
	fakemodal_order(fake, "/blocks", "{\"refuse\": [503, 403, 500],"
	    " \"cut\": 1}");
	expect(0, "v put viva-one big", "big is on the volume viva-one");
	fakemodal_order(fake, "/blocks", "{\"refuse\": [503, 403, 500]}");
	says(0, "v get viva-one big x && cmp x big && rm x");
	expect(0, "v files viva-one", "  big\r\n");
	expect(0, "v remove viva-one big", "removed big");
	expect(0, "v files viva-one", "no files there");
	expect_left("big\r\n");
}

/* The next n GETs and PUTs of blocks. */
static void
refuse_blocks(unsigned n)
{
	struct buf text = { 0 };

	buf_addf(&text, "{\"refuse\": [");
	for (unsigned i = 0; i < n; i++)
		buf_addf(&text, "%s503", i > 0 ? ", " : "");
	buf_addf(&text, "]}");
	fakemodal_order(fake, "/blocks", buf_str(&text));
	buf_free(&text);
}

static void
test_breaks_for_good(void **state)
{
	(void)state;
	says(0, "head -c " SIZE " /dev/urandom >big; v put viva-one big");
	refuse_blocks(100);
	expect(1, "v get viva-one big x", "the volume cannot be read: the store "
	    "answers HTTP 503");
	expect(1, "{ v get viva-one big - || echo $? >&2; } | grep -c .",
	    "the volume cannot be read: the store answers HTTP 503\r\n1\r\n0");
	fault("VolumeListFiles2", "\"code\": \"UNAVAILABLE\", \"times\": 50");
	expect(1, "v files viva-one", "cannot list viva-one: injected; look at "
	    "the network");
	expect(1, "MODAL_SERVER_URL=https://127.0.0.1:1 v get viva-one big x",
	    "look at the network");
	expect(1, "MODAL_TOKEN_ID= MODAL_TOKEN_SECRET= v get viva-one big x",
	    "no Modal token");
	expect_left("big\r\n");
	hunt_tree(home, hunt_secrets, NULL);
}

/* Answers that make no sense. */
static void
test_nonsense(void **state)
{
	(void)state;
	fault("VolumeGetOrCreate", "\"raw\": \"//8=\"");
	expect(1, "v files viva-one", "the answer makes no sense");
	fault("VolumeGetOrCreate", "\"raw\": \"\"");
	expect(1, "v files viva-one", "the answer makes no sense");
	/* Another's volume: id "v", metadata's name "o". */
	fault("VolumeGetOrCreate", "\"raw\": \"CgF2GgMSAW8=\"");
	expect(1, "v remove --recursive viva-one x", "the answer makes no "
	    "sense");
	assert_int_equal(fakemodal_count(fake, "VolumeRemoveFile2"), 0);
	fault("VolumeListFiles2", "\"raw\": \"//8=\"");
	expect(1, "v files viva-one", "the list of the volume's files makes no "
	    "sense");
	says(0, "echo x >x; v put viva-one x; rm x");
	fault("VolumeGetFile2", "\"raw\": \"EAE=\""); /* a byte, no URL */
	expect(1, "v get viva-one x", "the volume's answer makes no sense");
	expect_left("\r\n");
}

/* ---- how far it is ---- */

#define SLOW "{\"block_rate\": 4000000}" /* a block takes two seconds */

static unsigned
times_in(const char *word, const char *text)
{
	unsigned n = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		n++;
	return n;
}

/* One line on a terminal, at most ten times a second, and gone at the end. */
static void
test_progress(void **state)
{
	static const char *const verbs[] = { "put viva-one big",
		"get viva-one big x" };

	(void)state;
	says(0, "head -c " SIZE " /dev/urandom >big");
	fakemodal_order(fake, "/knobs", SLOW);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		char *text = xasprintf("cd %s/w && exec $VIVA volumes %s",
		    home, verbs[i]);
		int64_t begun = clock_mono(clock_system());
		struct ptyscreen *p = begin(text);

		ptyscreen_wait(p, " of " SIZE " bytes, ");
		ptyscreen_wait(p, " MB/s");
		assert_int_equal(ptyscreen_exit(p), 0);
		assert_true(times_in(" MB/s", ptyscreen_written(p)) <=
		    (clock_mono(clock_system()) - begun) / 100000 + 1);
		assert_false(ptyscreen_has(p, " of " SIZE));
		assert_true(strncmp(ptyscreen_text(p), i == 0 ? "big is on the "
		    "volume" : "saved x", i == 0 ? 17 : 7) == 0);
		ptyscreen_stop(p);
		free(text);
	}
	says(0, "cmp big x; rm x; v get viva-one big x 2>e && test ! -s e");
}

/* A line so slow that the URLs are too old before all of it is here. */
static void
test_slow_line(void **state)
{
	(void)state;
	says(0, "head -c 40000000 /dev/urandom >big; v put viva-one big");
	fakemodal_order(fake, "/knobs", "{\"block_rate\": 4000000,"
	    " \"url_secs\": 2}");
	expect(0, "v get viva-one big x", "saved x, 40000000 bytes");
	says(0, "cmp big x");
}

/* ---- ^C ---- */

static void
test_interrupted_amidst(void **state)
{
	static const char *const verbs[] = { "put viva-one new big",
		"get --force viva-one big old", "get viva-one big -" };

	(void)state;
	says(0, "head -c " SIZE " /dev/urandom >big; echo old >old;"
	    " head -c " SIZE " /dev/urandom >new; v put viva-one big");
	fakemodal_order(fake, "/knobs", SLOW);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		char *text = xasprintf("cd %s/w && exec $VIVA volumes %s",
		    home, verbs[i]);
		struct ptyscreen *p = begin(text);

		ptyscreen_wait(p, " MB/s");
		ptyscreen_send(p, "\003");
		assert_int_equal(ptyscreen_exit(p), 130);
		if (strcspn(ptyscreen_text(p), " \n") != 0)
			fail_msg("%s", ptyscreen_text(p));
		ptyscreen_stop(p);
		free(text);
	}
	fakemodal_order(fake, "/knobs", "{\"block_rate\": 0}");
	says(0, "echo old | cmp - old && v get viva-one big - | cmp - big");
	expect_left("big new old\r\n");
	expect(0, "TMPDIR=. v files viva-one", "  big\r\n");
}

static void
test_interrupted(void **state)
{
	char *text = xasprintf("cd %s/w && exec $VIVA volumes get --force "
	    "viva-one big old", home);
	struct ptyscreen *p;

	(void)state;
	says(0, "head -c " SIZE " /dev/urandom >big; echo old >old;"
	    " v put viva-one big");
	for (int i = 0; i < 2; i++) {
		/* Before the first block, and amidst. */
		fakemodal_order(fake, "/log", "{}");
		if (i == 0)
			fault("VolumeGetFile2", "\"hang_secs\": 60");
		else
			refuse_blocks(100);
		p = begin(text);
		wait_for_count("VolumeGetFile2", 1);
		ptyscreen_send(p, "\003");
		assert_int_equal(ptyscreen_exit(p), 130);
		ptyscreen_stop(p);
		fakemodal_order(fake, "/faults", "{\"clear\": true}");
		expect_left("big old\r\n");
		says(0, "echo old | cmp - old");
	}
	free(text);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { T(test_there_and_back),
		T(test_odd_names), T(test_not_ours), T(test_paths),
		T(test_too_large), T(test_no_room), T(test_changes),
		T(test_breaks), T(test_breaks_for_good), T(test_nonsense),
		T(test_progress), T(test_slow_line),
		T(test_interrupted_amidst),
		T(test_interrupted) };

	if (!fakemodal_possible())
		return 77;
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
