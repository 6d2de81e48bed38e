#include "config.h"

/* A session at Modal on the real binary, against the stand-in: the way of a
 * candidate, what breaks on it and what is said then, and that no secret is
 * left anywhere. */

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/mem.h"
#include "tests/support/fakemodal.h"
#include "tests/support/machine.h"
#include "tests/support/ptyscreen.h"

#define F2 "\033OQ"
#define F3 "\033OR"
#define F4 "\033OS"
#define F5 "\033[15~"
#define F10 "\033[21~"
#define END "\033[F"
#define PROMPT "workspace#"
/* Of the hidden cases: inputs, and the cubes that are expected. */
#define SAMPLE_IN "271828"
#define HIDDEN_IN_1 "192837465"
#define HIDDEN_IN_2 "990000009999"
#define HIDDEN_1 "7170909492866795396519625"
#define HIDDEN_2 "970299029400059996940603969700029999"

/* As conn.state is written: enum conn. */
#define STATE(n) "\"state\":" #n

static char *home;
static struct fakemodal *fake;
static struct ptyscreen *screen; /* the one that runs */

static int
setup(void **state)
{
	(void)state;
	home = ptyscreen_home_create();
	ptyscreen_use_home(home);
	fake = NULL;
	screen = NULL;
	return 0;
}

/* Also after a test that failed. */
static int
teardown(void **state)
{
	(void)state;
	if (screen != NULL)
		ptyscreen_stop(screen);
	if (fake != NULL)
		fakemodal_stop(fake);
	ptyscreen_use_home(NULL);
	ptyscreen_home_remove(home);
	return 0;
}

static struct ptyscreen *
viva(int rows, int cols, const char *const *args)
{
	screen = fakemodal_viva(fake, home, rows, cols, args);
	return screen;
}

/* Nothing of the token or a jwt is anywhere, now that all is written. */
static void
hunt(void)
{
	char *path = xasprintf("%s/data/viva/records.git", home);

	hunt_tree(home, hunt_secrets, NULL);
	hunt_git(path, hunt_secrets);
	free(path);
}

static struct ptyscreen *
demo(const char *const *knobs)
{
	static const char *const args[] = { "demo", "-s", "modal", NULL };
	struct ptyscreen *p;

	fake = fakemodal_start(knobs);
	p = viva(36, 140, args);
	ptyscreen_wait(p, PROMPT);
	ptyscreen_wait(p, "import sys"); /* the editor has its file */
	hunt_process(ptyscreen_pid(p), hunt_secrets);
	return p;
}

/* A demo with more settings. */
static struct ptyscreen *
demo_set(const char *const *knobs, const char *more)
{
	const char *argv[] = { getenv("VIVA"), "demo", "-s", "modal", NULL };
	const char *const *env;
	char *text;

	fake = fakemodal_start(knobs);
	env = fakemodal_env(fake, home);
	text = xasprintf("[modal]\n\tca-file = %s\n\t%s\n",
	    fakemodal_get(fake, "ca"), more);
	ptyscreen_home_config(home, text);
	free(text);
	screen = ptyscreen_start(36, 140, argv, env);
	return screen;
}

/* words: what it says at the end; NULL: nothing in particular. */
static void
leave_saying(struct ptyscreen *p, int status, const char *words)
{
	const char *text;

	assert_int_equal(ptyscreen_exit(p), status);
	assert_true(ptyscreen_restored(p));
	text = ptyscreen_written(p);
	if (words != NULL && strstr(text, words) == NULL)
		fail_msg("no \"%s\" at the end", words);
	hunt_bytes("what was written to the terminal", text, strlen(text),
	    hunt_secrets);
	ptyscreen_stop(p);
	screen = NULL;
}

static void
leave(struct ptyscreen *p)
{
	leave_saying(p, 0, NULL);
}

static void
ask_to_quit(struct ptyscreen *p)
{
	ptyscreen_send(p, F10);
	ptyscreen_wait(p, "y/n");
	ptyscreen_send(p, "y");
}

/* And nothing is left running over there. */
static void
quit(struct ptyscreen *p)
{
	ask_to_quit(p);
	leave_saying(p, 0, "your files: at Modal");
	assert_int_equal(fakemodal_running(fake), 0);
	hunt();
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

/* The journal of the only session of this home. */
static char *
journal(char *id, size_t size)
{
	char *dir = xasprintf("%s/data/viva/sessions", home), *path;
	struct buf text = { 0 };
	struct dirent *e;
	DIR *d = opendir(dir);

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			assert_true(snprintf(id, size, "%s", e->d_name) <
			    (int)size);
	closedir(d);
	path = xasprintf("%s/%s/journal.jsonl", dir, id);
	assert_true(hunt_slurp(path, &text));
	free(path);
	free(dir);
	return buf_take(&text);
}

static void
assert_journal(const char *const *words)
{
	char id[64], *text = journal(id, sizeof id);

	while (*words != NULL && strstr(text, *words) != NULL)
		words++;
	free(text);
	if (*words != NULL)
		fail_msg("no %s in the journal of %s", *words, id);
}

/* ---- the whole way ---- */

static void
put(const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f;

	for (char *s = path + strlen(dir) + 1; (s = strchr(s, '/')) != NULL;
	    *s++ = '/') {
		*s = '\0';
		mkdir(path, 0700);
	}
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

/* A package of its own, whose answers occur nowhere else. */
static char *
package(void)
{
	char *dir = xasprintf("%s/cubes", home);

	mkdir(dir, 0700);
	put(dir, "problem.yaml", "name: Cubes\n");
	put(dir, "problem_statement/problem.en.md", "Print the cube.\n");
	put(dir, "data/sample/1.in", SAMPLE_IN "\n");
	put(dir, "data/sample/1.ans", "20085496391455552\n");
	put(dir, "data/secret/1.in", HIDDEN_IN_1 "\n");
	put(dir, "data/secret/1.ans", HIDDEN_1 "\n");
	put(dir, "data/secret/2.in", HIDDEN_IN_2 "\n");
	put(dir, "data/secret/2.ans", HIDDEN_2 "\n");
	return dir;
}

static bool
has(const struct buf *b, const char *word)
{
	return memmem(b->data, b->len, word, strlen(word)) != NULL;
}

/* The bytes in the requests to one task, or to all but that one. */
static void
sent(const char *record, const char *task, bool but, struct buf *out)
{
	const char *line = record, *next, *p;
	struct buf one = { 0 };

	for (; *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		next += *next == '\n';
		buf_clear(&one);
		buf_add(&one, line, (size_t)(next - line));
		p = strstr(buf_str(&one), "\"base64\": \"");
		if (p == NULL || !has(&one, "\"task_id\"") ||
		    has(&one, task) == but)
			continue;
		p += strlen("\"base64\": \"");
		one.data[p - one.data + (long)strcspn(p, "\"")] = '\0';
		assert_true(json_base64(p, out));
	}
	buf_free(&one);
}

/* The first one, which has the shell. */
static char *
session_task(const char *record)
{
	const char *at = strstr(record, "\"task_id\": \"");

	assert_non_null(at);
	at += strlen("\"task_id\": \"");
	return xstrndup(at, strcspn(at, "\""));
}

/* What was sent over there, unpacked: input of hidden cases to the judge's
 * sandbox only, and no answer. */
static void
hunt_record(void)
{
	static const char *const answers[] = { HIDDEN_1, HIDDEN_2, NULL };
	static const char *const hidden[] = { HIDDEN_IN_1, HIDDEN_IN_2,
		HIDDEN_1, HIDDEN_2, NULL };
	struct buf text = { 0 }, shell = { 0 }, judge = { 0 };
	char *dir = xasprintf("%s/boxes", fakemodal_get(fake, "dir"));
	char *first = xasprintf("%s/s0", dir), *task;

	assert_true(hunt_slurp(fakemodal_record(fake), &text));
	hunt_bytes("the requests", text.data, text.len, hidden);
	task = session_task(buf_str(&text));
	sent(text.data, task, false, &shell);
	sent(text.data, task, true, &judge);
	hunt_bytes("what the session's got", shell.data, shell.len, hidden);
	hunt_bytes("what the judge's got", judge.data, judge.len, answers);
	assert_true(has(&judge, HIDDEN_IN_1 "\n"));
	assert_true(has(&judge, HIDDEN_IN_2 "\n"));
	assert_true(has(&shell, SAMPLE_IN "\n"));
	hunt_tree(dir, answers, NULL);
	hunt_tree(first, hidden, NULL);
	hunt_tree(dir, hunt_secrets, NULL);
	buf_free(&text);
	buf_free(&shell);
	buf_free(&judge);
	free(dir);
	free(first);
	free(task);
}

static void
look_again(void)
{
	char id[64], *text = journal(id, sizeof id);
	const char *const show[] = { "show", id, NULL };
	const char *const replay[] = { "replay", id, NULL };
	struct ptyscreen *p;

	free(text);
	p = viva(60, 100, show);
	ptyscreen_wait(p, "3 of 3 passed");
	ptyscreen_wait(p, "each follows the one before it");
	leave(p);
	p = viva(36, 140, replay);
	ptyscreen_wait(p, "REPLAY");
	ptyscreen_send(p, END);
	ptyscreen_wait(p, "int(input()) ** 3");
	ptyscreen_wait(p, "ha42");
	ptyscreen_send(p, "q");
	leave(p);
}

static void
test_story(void **state)
{
	static const char *const events[] = { "conn.state", "\"modal\"",
		STATE(1), "\"name\":\"sample 1\",\"verdict\":1",
		"\"where\":\"session\"", "\"where\":\"judge\"", NULL };
	char *dir = package();
	const char *const args[] = { "start", "--sandbox", "modal", dir,
		NULL };
	struct ptyscreen *p;

	(void)state;
	fake = fakemodal_start(NULL);
	p = viva(36, 140, args);
	ptyscreen_wait(p, PROMPT);
	ptyscreen_wait(p, "import sys");
	ptyscreen_wait(p, "modal · sandboxed");
	ptyscreen_send(p, F3 "\001\033[200~print(int(input()) * 3)\n\033[201~");
	ptyscreen_wait(p, "edited");
	ptyscreen_wait(p, "saved in the sandbox");
	ptyscreen_wait(p, "saved on the volume");
	ptyscreen_send(p, F4 "cat solution.py; echo ha$((40+2))\r");
	ptyscreen_wait(p, "ha42");
	assert_int_equal(count(ptyscreen_text(p), "print(int(input()) * 3)"),
	    2);
	ptyscreen_send(p, F5);
	ptyscreen_wait(p, "0 of 3 passed");
	hunt_record();
	hunt_process(ptyscreen_pid(p), hunt_secrets);
	ptyscreen_send(p, F3);
	ptyscreen_send(p, "\001\033[200~print(int(input()) ** 3)\n\033[201~");
	ptyscreen_wait(p, "** 3");
	ptyscreen_send(p, F5);
	ptyscreen_wait(p, "3 of 3 passed");
	hunt_record();
	/* Nothing is left where the samples ran. */
	ptyscreen_send(p, F4 "echo left$(ls /tmp | grep -c viva-run)\r");
	ptyscreen_wait(p, "left0");
	quit(p);
	assert_journal(events);
	look_again();
	free(dir);
}

/* ---- breaks ---- */

static void
test_break(void **state)
{
	static const char *const events[] = { STATE(2) ",\"attempt\":3",
		STATE(1), NULL };
	struct ptyscreen *p = demo(NULL);

	(void)state;
	ptyscreen_send(p, F4 "echo o$((1+1))ut\r");
	ptyscreen_wait(p, "o2ut");
	fakemodal_order(fake, "/net", "{\"action\": \"refuse\","
	    " \"secs\": 600, \"which\": \"router\"}");
	ptyscreen_send(p, "echo kept$((2+2))once\r");
	ptyscreen_wait(p, "retrying 3 of ");
	ptyscreen_wait(p, "typed wait");
	assert_false(ptyscreen_has(p, "kept4once"));
	/* Neither the editor nor the keys wait for it. */
	ptyscreen_send(p, F3 "still = 1\r");
	ptyscreen_wait(p, "still = 1");
	fakemodal_order(fake, "/net", "{\"action\": \"refuse\", \"secs\": 0,"
	    " \"keep\": true}");
	ptyscreen_wait(p, "kept4once");
	ptyscreen_wait(p, "sandboxed");
	ptyscreen_wait_gone(p, "typed wait");
	ptyscreen_wait(p, "saved on the volume");
	ptyscreen_send(p, F4 "head -1 solution.py; echo d$((1+1))one\r");
	ptyscreen_wait(p, "d2one");
	assert_int_equal(count(ptyscreen_text(p), "kept4once"), 1);
	assert_int_equal(count(ptyscreen_text(p), "kept$((2+2))once"), 1);
	assert_true(count(ptyscreen_text(p), "still = 1") >= 2);
	quit(p);
	assert_journal(events);
}

/* The shell's way is well and the judge's is not: a run that stands still says
 * why. */
static void
test_judge_away(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	fakemodal_order(fake, "/faults", "{\"rpc\": \"SandboxCreateV2\","
	    " \"code\": \"UNAVAILABLE\", \"times\": 5}");
	ptyscreen_send(p, F5);
	ptyscreen_wait(p, "the judge's sandbox was not reached and is tried "
	    "again: the sandbox cannot be made: ");
	ptyscreen_wait(p, "0 of 10 passed");
	quit(p);
}

/* In seconds, as the screen says. */
static int
silence(struct ptyscreen *p)
{
	const char *said = "no answer for ", *at = strstr(ptyscreen_text(p),
	    said);

	return at != NULL ? atoi(at + strlen(said)) : 0;
}

/* What swallows everything without a word is not called online either. */
static void
test_silence(void **state)
{
	struct ptyscreen *p = demo(NULL);
	int first;

	(void)state;
	ptyscreen_send(p, F4);
	fakemodal_order(fake, "/net", "{\"action\": \"stall\","
	    " \"secs\": 600}");
	ptyscreen_send(p, "echo n$((1+1))w\r");
	ptyscreen_wait(p, "modal · no answer for ");
	first = silence(p);
	ptyscreen_wait(p, " · 16 typed wait");
	/* Unless a test that was held up comes late. */
	PTYSCREEN_UNTIL(p, silence(p) > first || ptyscreen_has(p, "retrying"));
	assert_false(ptyscreen_has(p, "sandboxed"));
	fakemodal_order(fake, "/net", "{\"action\": \"unstall\"}");
	ptyscreen_wait(p, "n2w");
	ptyscreen_wait(p, "modal · sandboxed");
	ptyscreen_wait_gone(p, "typed wait");
	quit(p);
}

/* One after the other, each while something is typed. */
static void
test_breaks(void **state)
{
	static const char *const orders[] = { "{\"action\": \"reset\"}",
		"{\"action\": \"goaway\"}", "{\"action\": \"goaway-hard\"}",
		"{\"action\": \"rst-stream\"}",
		"{\"action\": \"reset\", \"after_bytes\": 100}" };
	struct ptyscreen *p = demo(NULL);
	char text[64];

	(void)state;
	ptyscreen_send(p, F4);
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		ptyscreen_send(p, "echo n$((10+");
		fakemodal_order(fake, "/net", orders[i]);
		snprintf(text, sizeof text, "%zu))th\r", i);
		ptyscreen_send(p, text);
		snprintf(text, sizeof text, "n%zuth", 10 + i);
		ptyscreen_wait(p, text);
		assert_int_equal(count(ptyscreen_text(p), text), 1);
		snprintf(text, sizeof text, "echo n$((10+%zu))th", i);
		assert_int_equal(count(ptyscreen_text(p), text), 1);
	}
	quit(p);
}

static void
test_old_jwt(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	fakemodal_order(fake, "/expire", "{\"kind\": \"router\"}");
	fakemodal_order(fake, "/expire", "{\"kind\": \"auth\"}");
	ptyscreen_send(p, F4 "echo let$((1+1))in\r");
	ptyscreen_wait(p, "let2in");
	ptyscreen_send(p, F3 "after = 1\r");
	ptyscreen_wait(p, "edited");
	ptyscreen_wait(p, "saved on the volume");
	/* Also what the control plane must do: the judge's sandbox. */
	ptyscreen_send(p, F5);
	ptyscreen_wait(p, "0 of 10 passed");
	quit(p);
}

/* Ended over there: why, and what to do, is on the screen; what is in the
 * editor is not lost. */
static void
test_ended(void **state)
{
	static const char *const events[] = { STATE(4), "as long as it may",
		"precious", NULL };
	struct ptyscreen *p = demo(NULL);

	(void)state;
	fakemodal_order(fake, "/sandbox", "{\"action\": \"timeout\"}");
	ptyscreen_wait(p, "sandbox gone");
	ptyscreen_wait(p, "has lived as long as it may");
	ptyscreen_wait(p, "Shift-F4 opens another one");
	ptyscreen_send(p, F3 "\033[200~precious = 1\n\033[201~");
	ptyscreen_wait(p, "precious = 1");
	ptyscreen_wait(p, "modal · gone   "); /* and no countdown */
	ptyscreen_wait(p, "saved on the volume");
	ptyscreen_send(p, F5);
	ptyscreen_wait(p, "the tests did not run: there is no sandbox");
	quit(p);
	assert_journal(events);
}

/* Closed by its terminal: the sandbox over there ends as well. */
static void
test_terminated(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	ptyscreen_send(p, F3 "unsaved = 1\r");
	ptyscreen_wait(p, "edited");
	kill(ptyscreen_pid(p), SIGTERM);
	leave(p);
	assert_int_equal(fakemodal_running(fake), 0);
	hunt();
}

/* How far the build is stands where the shell will be. */
static void
test_build(void **state)
{
	static const char *const knobs[] = { "build_secs=2", NULL };
	struct ptyscreen *p = demo_set(knobs, "run = RUN make-it-so");

	(void)state;
	ptyscreen_wait(p, "shell · building the image: Step 1/2");
	ptyscreen_wait(p, "shell · building the image:  ---> 50%");
	ptyscreen_wait(p, PROMPT);
	assert_false(ptyscreen_has(p, "building"));
	quit(p);
}

/* Another sandbox would be built of the same, and fail: what is to be mended
 * is told, and where it stands. */
static void
test_build_fails(void **state)
{
	static const char *const knobs[] = { "build_secs=0.1",
		"build_fails=no-such", NULL };
	struct ptyscreen *p = demo_set(knobs, "run = RUN no-such");

	(void)state;
	ptyscreen_wait(p, "the image cannot be built");
	ptyscreen_wait(p, "/viva/config, then start viva again");
	ptyscreen_wait(p, "sandbox gone");
	assert_false(ptyscreen_has(p, "opens another one"));
	quit(p);
}

/* Whoever types when the warning comes still sees it. */
static void
test_expiry(void **state)
{
	struct ptyscreen *p = demo_set(NULL, "timeout = 5");

	(void)state;
	ptyscreen_wait(p, "the sandbox ends in 5 min");
	ptyscreen_wait(p, PROMPT);
	ptyscreen_send(p, F4 "echo s$((1+1))n\r");
	ptyscreen_wait(p, "s2n");
	ptyscreen_wait_gone(p, "the sandbox ends in 5 min");
	ptyscreen_wait(p, "ms · ends in 5 min");
	quit(p);
}

/* ---- an end that does not go well ---- */

/* A sandbox that cannot be ended at once is tried again. */
static void
test_end_again(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	fakemodal_order(fake, "/faults", "{\"rpc\": \"SandboxTerminateV2\","
	    " \"code\": \"UNAVAILABLE\", \"times\": 5}");
	quit(p);
}

/* And when it cannot be ended at all, whoever pays for it is told. */
static void
test_not_ended(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	fakemodal_order(fake, "/faults", "{\"rpc\": \"SandboxTerminateV2\","
	    " \"code\": \"PERMISSION_DENIED\", \"times\": 1}");
	ask_to_quit(p);
	leave_saying(p, 1, "viva: 1 sandbox at Modal could not be ended");
	assert_int_equal(fakemodal_running(fake), 1);
	hunt();
}

/* The sandbox is out of reach.  What is lost is said, and nothing else. */
static void
test_end_unreachable(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	fakemodal_order(fake, "/net", "{\"action\": \"refuse\","
	    " \"secs\": 600}");
	ask_to_quit(p);
	ptyscreen_wait(p, "viva: the last checkpoint was not in git in time; "
	    "what you typed is in the record");
	fakemodal_order(fake, "/net", "{\"action\": \"refuse\","
	    " \"secs\": 0, \"keep\": true}");
	leave(p);
	assert_int_equal(fakemodal_running(fake), 0);
}

static void
test_not_on_volume(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	fakemodal_order(fake, "/knobs", "{\"volume_full\": true}");
	ptyscreen_send(p, F3 "last = 1\r");
	ptyscreen_wait(p, "last = 1");
	ask_to_quit(p);
	leave_saying(p, 1, "viva: what was saved last may not be on the "
	    "volume (sync: the volume is full); what you typed is in the "
	    "record");
	assert_int_equal(fakemodal_running(fake), 0);
	hunt();
}

/* Strings of Modal's messages are UTF-8, and names of files are not. */
static void
test_odd_names(void **state)
{
	struct ptyscreen *p = demo(NULL);

	(void)state;
	ptyscreen_send(p, F4 "echo lo''ok >$'0a\\nb'; echo be''hind "
	    ">$'0c\\377d'; echo ma''de\r");
	ptyscreen_wait(p, "made");
	ptyscreen_send(p, F2);
	ptyscreen_wait(p, "0a\xef\xbf\xbd" "b ");
	ptyscreen_wait(p, "0c\xef\xbf\xbd" "d ");
	ptyscreen_send(p, "\033[H\r");
	ptyscreen_wait(p, "1 look");
	ptyscreen_send(p, F2 "j\r");
	ptyscreen_wait(p, "1 behind");
	ptyscreen_send(p, F3 "far ");
	ptyscreen_wait(p, "edited");
	ptyscreen_wait(p, "saved");
	ptyscreen_send(p, F4 "echo g$(grep -c 'far be' 0c*)t\r");
	ptyscreen_wait(p, "g1t");
}

/* ---- a file that takes its time ---- */

/* Enter and what is typed next come in one piece, as from fast fingers. */
static void
test_typed_ahead(void **state)
{
	static const char *const knobs[] = { "delay_ms=300", NULL };
	struct ptyscreen *p = demo(knobs);

	(void)state;
	ptyscreen_wait(p, "sample1.in");
	ptyscreen_send(p, F2 "\033[H\rabc");
	ptyscreen_wait(p, " opening sample1.in ...");
	ptyscreen_wait(p, "3 typed characters for it wait here");
	ptyscreen_wait(p, "[sample1.in] ...");
	/* What is not for the editor is not held up. */
	ptyscreen_send(p, F4 "echo mea''nwhile\r");
	ptyscreen_wait(p, "1 abc");
	ptyscreen_wait(p, "meanwhile");
	ptyscreen_wait(p, "saved");
	ptyscreen_send(p, "echo g$(grep -c abc solution.py)"
	    "$(grep -c ^abc sample1.in)t\r");
	ptyscreen_wait(p, "g01t");
	ptyscreen_send(p, "head -c 3000000 /dev/zero >0big\r" F2);
	ptyscreen_wait(p, "3.0 M");
	ptyscreen_send(p, "\033[H\rxyz");
	ptyscreen_wait(p, "(3 typed characters dropped)");
	assert_null(strstr(ptyscreen_text(p), "xyz"));
	quit(p);
}

/* ---- echo before it comes ---- */

static void
test_predicted(void **state)
{
	static const char *const knobs[] = { "delay_ms=150", NULL };
	struct ptyscreen *p = demo(knobs);
	int row, col;
	bool visible;

	(void)state;
	ptyscreen_send(p, F4 "echo x");
	ptyscreen_wait(p, "# echo x");
	ptyscreen_cursor(p, &row, &col, &visible);
	/* All of it has come back. */
	PTYSCREEN_UNTIL(p, !ptyscreen_underlined(p, row, col - 1));
	fakemodal_order(fake, "/net", "{\"action\": \"stall\"}");
	ptyscreen_send(p, "y");
	ptyscreen_wait(p, "# echo xy");
	/* It is there, and not yet from there. */
	assert_true(ptyscreen_underlined(p, row, col));
	fakemodal_order(fake, "/net", "{\"action\": \"unstall\"}");
	PTYSCREEN_UNTIL(p, !ptyscreen_underlined(p, row, col));
	assert_true(ptyscreen_has(p, "# echo xy"));
	/* A password is not shown, not even for a moment. */
	ptyscreen_send(p, "\025read -rsp $'pa''ss\\n' pw; echo g$((1+1))t\r");
	ptyscreen_wait(p, "pass"); /* bash says it when echo is off */
	ptyscreen_send(p, "hush");
	ptyscreen_settle(p, 600);
	ptyscreen_send(p, "er\r");
	ptyscreen_wait(p, "g2t");
	assert_null(strstr(ptyscreen_written(p), "hush"));
	assert_false(ptyscreen_has(p, "h"
	    "usher"));
	quit(p);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_story), T(test_break),
		T(test_judge_away), T(test_silence), T(test_breaks),
		T(test_old_jwt), T(test_ended), T(test_terminated),
		T(test_build), T(test_build_fails),
		T(test_expiry),
		T(test_end_again), T(test_not_ended), T(test_not_on_volume),
		T(test_end_unreachable),
		T(test_odd_names), T(test_typed_ahead),
		T(test_predicted) };

	if (!fakemodal_possible() || !machine_has_namespaces())
		return TEST_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
