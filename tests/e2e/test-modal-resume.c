#include "config.h"

/* viva killed in the midst of a session at Modal, and started again: the shell
 * over there runs on, and nothing of what it says or is told is lost or
 * doubled.  And another sandbox in the place of one that is gone. */

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "store/journal.h"
#include "tests/support/fakemodal.h"
#include "tests/support/ptyscreen.h"

#define F3 "\033OR"
#define F4 "\033OS"
#define S_F4 "\033[1;2S"
#define F9 "\033[20~"
#define F10 "\033[21~"
#define F12 "\033[24~"
#define PROMPT "workspace#"
#define ROUTER_SHUT "{\"action\": \"refuse\", \"secs\": 600," \
	" \"which\": \"router\"}"
#define ROUTER_OPEN "{\"action\": \"refuse\", \"secs\": 0, \"keep\": true}"

/* Counts for as long as nobody writes "end", and says what is written.  Two
 * programs, as a read with a time limit would lose the line that it had half
 * of at its end. */
#define COUNTER "stty -echo; (n=0; while sleep 0.05; do " \
	"n=$((n+1)); echo \"c$n,\"; done) & " \
	"while read -r l && [ \"$l\" != end ]; do echo \"<$l>\"; done; " \
	"kill %1; stty echo\r"

static char *home;
static struct fakemodal *fake;
static struct ptyscreen *screen;

static int
setup_knobs(const char *const *knobs)
{
	home = ptyscreen_home_create();
	ptyscreen_use_home(home);
	fake = fakemodal_start(knobs);
	screen = NULL;
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	return setup_knobs(NULL);
}

static int
setup_slow(void **state)
{
	static const char *const knobs[] = { "build_secs=6", NULL };

	(void)state;
	return setup_knobs(knobs);
}

static int
teardown(void **state)
{
	(void)state;
	if (screen != NULL)
		ptyscreen_stop(screen);
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

static struct ptyscreen *
begin(void)
{
	static const char *const args[] = { "demo", "-s", "modal", NULL };

	return viva(36, 140, args);
}

static struct ptyscreen *
demo(void)
{
	struct ptyscreen *p = begin();

	ptyscreen_wait(p, PROMPT);
	ptyscreen_wait(p, "import sys");
	return p;
}

static struct ptyscreen *
resume(int rows, int cols)
{
	static const char *const args[] = { "resume", NULL };

	return viva(rows, cols, args);
}

static void
killed(struct ptyscreen *p)
{
	kill(ptyscreen_pid(p), SIGKILL);
	assert_int_equal(ptyscreen_exit(p), 128 + SIGKILL);
	ptyscreen_stop(p);
	screen = NULL;
}

static void
quit(struct ptyscreen *p)
{
	ptyscreen_send(p, F10);
	ptyscreen_wait(p, "y/n");
	ptyscreen_send(p, "y");
	assert_int_equal(ptyscreen_exit(p), 0);
	ptyscreen_stop(p);
	screen = NULL;
	if (fakemodal_running(fake) != 0)
		fail_msg("a sandbox runs on: %s", fakemodal_order(fake,
		    "/state", NULL));
}

/* ---- the record ---- */

struct heard {
	struct buf out, in, edits; /* the last: each character of them */
	uint64_t out_at, in_at;
	unsigned opens, exits, resumes, breaks, gaps;
	unsigned rows, cols;
	char why[300];
};

static void
hear_io(struct heard *h, const struct event *ev)
{
	bool out = ev->type == EV_TERM_OUTPUT;
	uint64_t *at = out ? &h->out_at : &h->in_at;

	h->gaps += ev->u.io.offset != *at;
	*at = ev->u.io.offset + ev->u.io.data.n;
	buf_add(out ? &h->out : &h->in, ev->u.io.data.p, ev->u.io.data.n);
}

static void
hear(void *user, const struct event *ev)
{
	struct heard *h = user;

	switch (ev->type) {
	case EV_TERM_OPEN:
		h->opens++;
		h->out_at = h->in_at = 0;
		break;
	case EV_TERM_EXIT:
		h->exits++;
		snprintf(h->why, sizeof h->why, "%s", ev->u.term.why != NULL ?
		    ev->u.term.why : "");
		return;
	case EV_SESSION_RESUME:
		h->resumes++;
		return;
	case EV_DISCONTINUITY:
		h->breaks++;
		return;
	case EV_TERM_OUTPUT:
	case EV_TERM_INPUT:
		hear_io(h, ev);
		return;
	case EV_EDIT_CHANGE:
		buf_add(&h->edits, ev->u.edit.inserted.p, ev->u.edit.inserted.n);
		return;
	case EV_TERM_RESIZE:
		break;
	default:
		return;
	}
	h->rows = ev->u.term.rows;
	h->cols = ev->u.term.cols;
}

static char *
session_id(void)
{
	char *dir = xasprintf("%s/data/viva/sessions", home), *id = NULL;
	DIR *d = opendir(dir);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && id == NULL)
			id = xstrdup(e->d_name);
	closedir(d);
	free(dir);
	assert_non_null(id);
	return id;
}

static struct heard
record(void)
{
	char *id = session_id(), *path = xasprintf(
	    "%s/data/viva/sessions/%s/journal.jsonl", home, id);
	struct heard h = { .opens = 0 };
	struct journal_end end;
	struct err e = { 0 };

	if (!journal_read(path, hear, &h, &end, &e))
		fail_msg("%s", e.msg);
	buf_addc(&h.out, '\0');
	buf_addc(&h.in, '\0');
	buf_addc(&h.edits, '\0');
	free(path);
	free(id);
	return h;
}

static void
heard_free(struct heard *h)
{
	buf_free(&h->out);
	buf_free(&h->in);
	buf_free(&h->edits);
}

/* Typed in the shell or in the editor. */
static bool
has_recorded(const char *typed)
{
	struct heard h = record();
	bool is = strstr(h.in.data, typed) != NULL ||
	    strstr(h.edits.data, typed) != NULL;

	heard_free(&h);
	return is;
}

/* Every number once, in order. */
static unsigned
check_count(const char *s)
{
	unsigned n = 0;

	for (; (s = strchr(s, 'c')) != NULL; s++) {
		char *end;
		unsigned long k = strtoul(s + 1, &end, 10);

		if (end == s + 1 || *end != ',')
			continue;
		if (k != n + 1)
			fail_msg("after %u comes %lu", n, k);
		n++;
	}
	return n;
}

/* Lines are "l7;": 0 when it is cut. */
static unsigned
number(const char *s)
{
	char *end;
	unsigned long k = strtoul(s + 1, &end, 10);

	return *end == ';' ? (unsigned)k : 0;
}

/* What was typed, as recorded, and what came of it: all, once, in order. */
static unsigned
check_lines(const char *in, const char *out)
{
	unsigned last = 0, times = 0, k;
	char want[24];

	for (const char *s = out; (s = strstr(s, "<l")) != NULL; s++) {
		k = number(s + 1);
		if (k == 0)
			continue;
		if (k <= last)
			fail_msg("line %u after %u", k, last);
		last = k;
		times++;
	}
	for (const char *s = in; (s = strchr(s, 'l')) != NULL; s++) {
		snprintf(want, sizeof want, "<l%u;>", number(s));
		if (number(s) > 0 && strstr(out, want) == NULL)
			fail_msg("%s was typed and did not arrive:\n%s", want,
			    strlen(out) > 1500 ? out + strlen(out) - 1500 :
			    out);
	}
	return times;
}

/* ---- tests ---- */

/* What finds the shell again is on disk when it can be seen. */
static void
test_killed_at_prompt(void **state)
{
	struct ptyscreen *p = begin();
	struct heard h;

	(void)state;
	ptyscreen_wait(p, PROMPT);
	killed(p);
	p = resume(36, 140);
	ptyscreen_wait(p, "the shell goes on");
	quit(p);
	h = record();
	assert_int_equal(h.opens, 1);
	heard_free(&h);
}

static void
line(struct ptyscreen *p, unsigned n)
{
	char text[24];

	snprintf(text, sizeof text, "l%u;\r", n);
	ptyscreen_send(p, text);
}

static void
said(struct ptyscreen *p, unsigned n)
{
	char text[24];

	snprintf(text, sizeof text, "<l%u;>", n);
	ptyscreen_wait(p, text);
}

/* With some lines on their way. */
static struct ptyscreen *
lives(struct ptyscreen *p, unsigned n)
{
	for (unsigned i = 0; i < 5; i++)
		line(p, n + i);
	if (n % 20 == 0)
		said(p, n);
	killed(p);
	p = resume(36, 140);
	ptyscreen_wait(p, "the shell goes on");
	ptyscreen_send(p, F4 F9 "\r"); /* of a line that was cut */
	line(p, n + 5);
	said(p, n + 5);
	return p;
}

/* The size goes its own way, beside what is typed: asked until it is there. */
static void
check_size(struct ptyscreen *p)
{
	struct heard h;
	char want[40];
	bool there = false;

	for (int i = 0; i < 20 && !there; i++) {
		ptyscreen_send(p, "echo \"size=$(stty size).\"\r");
		ptyscreen_settle(p, 400);
		h = record();
		snprintf(want, sizeof want, "size=%u %u.", h.rows, h.cols);
		there = strstr(h.out.data, want) != NULL;
		heard_free(&h);
	}
	if (!there)
		fail_msg("no %s:\n%s", want, ptyscreen_text(p));
}

static void
test_kill(void **state)
{
	struct ptyscreen *p;
	struct heard h;

	(void)state;
	p = demo();
	ptyscreen_send(p, F4 "MARK=kept$((40+2))\r");
	ptyscreen_send(p, F9 COUNTER);
	ptyscreen_wait(p, "c5,"); /* typed earlier bash would have it */
	line(p, 1);
	said(p, 1);
	for (unsigned n = 10; n < 60; n += 10)
		p = lives(p, n);
	/* What was typed while there was no way to the sandbox. */
	fakemodal_order(fake, "/net", ROUTER_SHUT);
	line(p, 70);
	ptyscreen_wait(p, "typed wait");
	line(p, 71);
	PTYSCREEN_UNTIL(p, has_recorded("l71;\r"));
	killed(p);
	fakemodal_order(fake, "/net", ROUTER_OPEN);
	p = resume(45, 120);
	ptyscreen_send(p, F4 F9);
	said(p, 71);
	ptyscreen_send(p, "end\r");
	ptyscreen_wait(p, PROMPT);
	ptyscreen_send(p, "echo \"this is $MARK\"\r");
	ptyscreen_wait(p, "this is kept42");
	check_size(p);
	quit(p);
	h = record();
	assert_int_equal(h.opens, 1);
	assert_int_equal(h.exits, 0);
	/* What happened in the last moment before a kill is not recorded; of
	 * keys that had arrived it says so. */
	assert_true(h.resumes >= 2 && h.resumes <= 6);
	assert_true(h.gaps <= h.breaks);
	assert_true(check_count(h.out.data) > 20);
	assert_true(check_lines(h.in.data, h.out.data) >= 9);
	heard_free(&h);
}

static void
end_sandbox(const char *action)
{
	char *id = session_id(), *order = xasprintf("{\"action\": \"%s\", "
	    "\"name\": \"viva-%s-q1\"}", action, id);

	fakemodal_order(fake, "/sandbox", order);
	free(order);
	free(id);
}

/* The sandbox did not outlive viva: what was typed and not saved did. */
static void
test_sandbox_gone(void **state)
{
	struct ptyscreen *p = demo();
	struct heard h;

	(void)state;
	ptyscreen_send(p, F3 "kept_text = 1\r");
	PTYSCREEN_UNTIL(p, has_recorded("kept_text = 1\n"));
	killed(p);
	end_sandbox("crash");
	p = resume(36, 140);
	ptyscreen_wait(p, PROMPT);
	ptyscreen_wait(p, "kept_text = 1");
	ptyscreen_wait(p, "saved on the volume");
	ptyscreen_send(p, F4 "echo \"n=$(grep -c kept_text solution.py)\"\r");
	ptyscreen_wait(p, "n=1");
	quit(p);
	h = record();
	assert_int_equal(h.opens, 2);
	assert_int_equal(h.exits, 1);
	assert_non_null(strstr(h.why, "gone"));
	heard_free(&h);
}

/* There never was one: its image was being built. */
static void
test_killed_in_build(void **state)
{
	struct ptyscreen *p = begin();
	struct heard h;

	(void)state;
	ptyscreen_wait(p, "building the image");
	ptyscreen_send(p, F4 "early");
	PTYSCREEN_UNTIL(p, has_recorded("early"));
	killed(p);
	assert_int_equal(fakemodal_running(fake), 0);
	p = resume(36, 140);
	ptyscreen_wait(p, "the shell had not begun: the 5 bytes typed");
	ptyscreen_wait(p, PROMPT);
	ptyscreen_send(p, F4 "echo s$((1+1))n\r");
	ptyscreen_wait(p, "s2n");
	assert_false(ptyscreen_has(p, "gone"));
	quit(p);
	h = record();
	assert_int_equal(h.opens, 2);
	assert_int_equal(h.exits, 1);
	assert_non_null(strstr(h.why, "there was no sandbox for it yet"));
	heard_free(&h);
}

/* Every question so far stays without an answer. */
static struct ptyscreen *
resume_in_find(void)
{
	struct ptyscreen *p;

	fakemodal_order(fake, "/faults", "{\"rpc\": "
	    "\"SandboxGetFromNameV2\", \"hang_secs\": 60, \"times\": 9}");
	p = resume(36, 140);
	ptyscreen_wait(p, "finding the sandbox that runs already");
	fakemodal_order(fake, "/faults", "{\"clear\": true}");
	return p;
}

/* Killed while the sandbox of the viva before is looked up, it is found by the
 * next one; ended there, it ends as well. */
static void
test_find_cut(void **state)
{
	struct ptyscreen *p = demo();

	(void)state;
	ptyscreen_send(p, F4 "MARK=kept$((40+2))\r");
	PTYSCREEN_UNTIL(p, has_recorded("+2))\r"));
	killed(p);
	killed(resume_in_find());
	assert_int_equal(fakemodal_running(fake), 1);
	p = resume(36, 140);
	ptyscreen_wait(p, "the shell goes on");
	ptyscreen_send(p, F4 "echo \"this is $MARK\"\r");
	ptyscreen_wait(p, "this is kept42");
	killed(p);
	quit(resume_in_find());
}

static void
test_new_sandbox(void **state)
{
	struct ptyscreen *p = demo();
	struct heard h;

	(void)state;
	ptyscreen_send(p, F4 "touch /tmp/old; echo d$((1+1))ne\r");
	ptyscreen_wait(p, "d2ne");
	end_sandbox("timeout");
	ptyscreen_wait(p, "lived as long as it may");
	ptyscreen_wait(p, "Shift-F4 opens another one");
	ptyscreen_send(p, F3 "kept_text = 1\r");
	ptyscreen_wait(p, "kept_text = 1");
	ptyscreen_send(p, F12 "new-sandbox\r");
	ptyscreen_wait(p, "sandboxed");
	ptyscreen_wait(p, PROMPT);
	ptyscreen_wait(p, "saved on the volume");
	ptyscreen_send(p, F4 "cat /tmp/old; "
	    "echo se$((1+1))ond\r");
	ptyscreen_wait(p, "se2ond");
	ptyscreen_wait(p, "No such file");
	/* One that runs is asked about. */
	ptyscreen_send(p, F3 "more_text = 2\r");
	ptyscreen_wait(p, "more_text = 2");
	ptyscreen_send(p, S_F4);
	ptyscreen_wait(p, "Open another sandbox?");
	ptyscreen_send(p, "y");
	ptyscreen_wait_gone(p, "se2ond");
	ptyscreen_wait(p, PROMPT);
	ptyscreen_send(p, F4 "echo \"n=$(grep -c _text solution.py)\"\r");
	ptyscreen_wait(p, "n=2");
	assert_int_equal(fakemodal_running(fake), 1);
	quit(p);
	h = record();
	assert_int_equal(h.opens, 3);
	assert_non_null(strstr(h.why, "a new sandbox"));
	heard_free(&h);
}

/* It falls over at once after a save, before its volume has it. */
static void
test_crash(void **state)
{
	struct ptyscreen *p = demo();

	(void)state;
	fakemodal_order(fake, "/knobs", "{\"volume_full\": true}");
	ptyscreen_send(p, F3 "kept_text = 1\r");
	ptyscreen_wait(p, "kept_text = 1");
	ptyscreen_send(p, "\023"); /* ^S */
	ptyscreen_wait(p, "not on the volume");
	end_sandbox("crash");
	ptyscreen_wait(p, "may not be on the volume");
	fakemodal_order(fake, "/knobs", "{\"volume_full\": false}");
	ptyscreen_send(p, S_F4);
	ptyscreen_wait(p, "sandboxed");
	ptyscreen_wait(p, PROMPT);
	ptyscreen_wait(p, "saved on the volume");
	ptyscreen_send(p, F4 "echo \"n=$(grep -c kept_text solution.py)\"\r");
	ptyscreen_wait(p, "n=1");
	quit(p);
}

/* The shell outlives viva; what viva itself runs there does not outlive the
 * next one's coming. */
static void
test_watcher(void **state)
{
	struct ptyscreen *p = demo();

	(void)state;
	ptyscreen_send(p, F4 "until w=$(grep -l fs-tool[s] "
	    "/proc/[0-9]*/cmdline); do sleep 0.1; done; echo s$((1+1))en\r");
	ptyscreen_wait(p, "s2en");
	killed(p);
	p = resume(36, 140);
	ptyscreen_wait(p, "sandboxed");
	ptyscreen_send(p, F4 "while [ -e $w ]; do sleep 0.1; done; "
	    "echo go$((1+1))e\r");
	ptyscreen_wait(p, "go2e");
	quit(p);
}

/* Where the watcher cannot be the files are looked at; what was made before
 * the first look is found too. */
static void
test_watcher_killed(void **state)
{
	struct ptyscreen *p = demo();

	(void)state;
	ptyscreen_send(p, F4 "until grep -l fs-tool[s] /proc/[0-9]*/cmdline; "
	    "do sleep 0.1; done >/tmp/w; echo s$((1+1))en\r");
	ptyscreen_wait(p, "s2en");
	ptyscreen_settle(p, 1500); /* all of before was looked at */
	ptyscreen_send(p, "for f in $(cat /tmp/w); do kill ${f//[!0-9]}; done; "
	    "sleep 0.5; touch la''te.txt; clear; echo go$((1+1))e\r");
	ptyscreen_wait(p, "go2e");
	ptyscreen_wait(p, "late.txt");
	quit(p);
}

/* What the killed one had not yet brought to the volume is not there because
 * a new one knows nothing of it. */
static void
test_not_on_volume(void **state)
{
	struct ptyscreen *p = demo();
	char *saved = xasprintf("grep -q kept_text '%s'/volumes/*/solution.py",
	    fakemodal_get(fake, "dir"));

	(void)state;
	fakemodal_order(fake, "/knobs", "{\"volume_full\": true}");
	ptyscreen_send(p, F3 "kept_text = 1\r");
	ptyscreen_wait(p, "kept_text = 1");
	ptyscreen_send(p, "\023"); /* ^S */
	ptyscreen_wait(p, "not on the volume");
	killed(p);
	p = resume(36, 140);
	ptyscreen_wait(p, "not on the volume");
	assert_int_not_equal(system(saved), 0);
	fakemodal_order(fake, "/knobs", "{\"volume_full\": false}");
	quit(p);
	assert_int_equal(system(saved), 0);
	free(saved);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_kill),
		T(test_killed_at_prompt),
		T(test_sandbox_gone),
		cmocka_unit_test_setup_teardown(test_killed_in_build,
		    setup_slow, teardown), T(test_find_cut),
		T(test_new_sandbox), T(test_crash), T(test_watcher),
		T(test_watcher_killed), T(test_not_on_volume) };

	if (!fakemodal_possible())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
