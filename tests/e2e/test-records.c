#include "config.h"

/* What is said of records by those who only read them: show, list and replay,
 * of sessions that are open, that are damaged, and that git alone has. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "event/event.h"
#include "tests/support/ptyscreen.h"

#define ID "20260101-000000-abcd"
#define END "\033[F"
#define AUTHOR "export GIT_AUTHOR_NAME=v GIT_AUTHOR_EMAIL=v " \
	"GIT_COMMITTER_NAME=v GIT_COMMITTER_EMAIL=v && "

static char *home, *journal;

static int
setup(void **st)
{
	char cmd[300];

	(void)st;
	home = ptyscreen_home_create();
	ptyscreen_use_home(home);
	journal = xasprintf("%s/data/viva/sessions/" ID "/journal.jsonl", home);
	snprintf(cmd, sizeof cmd, "mkdir -p '%s/data/viva/sessions/" ID "'",
	    home);
	assert_int_equal(system(cmd), 0);
	return 0;
}

static int
teardown(void **st)
{
	(void)st;
	ptyscreen_use_home(NULL);
	ptyscreen_home_remove(home);
	free(journal);
	return 0;
}

static struct ptyscreen *
viva(const char *command, const char *arg)
{
	const char *argv[] = { getenv("VIVA"), command, arg, NULL };

	return ptyscreen_start(24, 240, argv, NULL);
}

/* not: what is not to be seen; NULL: nothing. */
static void
says_of(const char *command, const char *arg, int status, const char *text,
    const char *not)
{
	struct ptyscreen *p = viva(command, arg);
	int got = ptyscreen_exit(p);

	if (got != status || !ptyscreen_has(p, text) ||
	    (not != NULL && ptyscreen_has(p, not)))
		fail_msg("viva %s: status %d, not %d with \"%s\" and without "
		    "\"%s\":\n%s", command, got, status, text,
		    not != NULL ? not : "", ptyscreen_text(p));
	ptyscreen_stop(p);
}

static void
says(const char *command, int status, const char *text, const char *not)
{
	says_of(command, strcmp(command, "list") == 0 ? NULL : ID, status,
	    text, not);
}

static void
replay_says(const char *text)
{
	struct ptyscreen *p = viva("replay", ID);

	ptyscreen_wait(p, text);
	ptyscreen_send(p, "q");
	ptyscreen_exit(p);
	ptyscreen_stop(p);
}

static void
add_event(struct buf *b, char prev[65], uint64_t seq, enum event_type type)
{
	struct event ev = { .seq = seq, .t = (int64_t)seq * 1000000,
		.type = type };
	size_t at = b->len;

	if (type == EV_SESSION_START) {
		ev.u.session.session = ID;
		ev.u.session.duration = 60;
	}
	event_encode(&ev, prev, b);
	event_hash(b->data + at, b->len - at - 1, prev);
}

/* Three events, and a torn one. */
static void
put_torn(void)
{
	char prev[65] = "";
	struct buf b = { 0 };
	FILE *f = fopen(journal, "we");

	assert_non_null(f);
	memset(prev, '0', 64);
	add_event(&b, prev, 1, EV_SESSION_START);
	add_event(&b, prev, 2, EV_SESSION_ALIVE);
	add_event(&b, prev, 3, EV_SESSION_ALIVE);
	buf_addf(&b, "{\"seq\":4,\"t\":40");
	assert_int_equal(fwrite(b.data, 1, b.len, f), b.len);
	fclose(f);
	buf_free(&b);
}

static void
sh(const char *script)
{
	char *cmd = xasprintf("cd '%s/data/viva' && %s", home, script);

	assert_int_equal(system(cmd), 0);
	free(cmd);
}

/* Its events, as the journal has them, are in git alone. */
static void
move_to_git(void)
{
	sh("git init -q --bare records.git && " AUTHOR
	    "export GIT_DIR=records.git && "
	    "b=$(git hash-object -w --stdin <sessions/" ID "/journal.jsonl) && "
	    "e=$(printf '100644 blob %s\t000001.jsonl\n' $b | git mktree) && "
	    "t=$(printf '040000 tree %s\tevents\n' $e | git mktree) && "
	    "git update-ref refs/sessions/" ID " $(git commit-tree -m 1 $t) && "
	    "rm -r sessions");
}

/* What git has is read from a file that nobody can look at: what is said
 * names the session, and no end leaves the file behind. */
static void
a_record_of_git_has_no_other_name(void **st)
{
	static const char look[] = "archive refs/sessions/" ID " events | tar";
	struct ptyscreen *p;

	(void)st;
	put_torn();
	sh("cd sessions/* && sed -i 2s/alive/dead_/ journal.jsonl");
	move_to_git();
	says("show", 1, "events of " ID " in git:3: ", "viva-record");
	says("show", 1, look, "/proc/");
	p = viva("replay", ID);
	ptyscreen_wait(p, "damaged at line 3");
	sh("! grep -ls " ID " /tmp/viva-record-*");
	ptyscreen_send(p, "q");
	ptyscreen_wait(p, "events of " ID " in git:3: ");
	assert_int_equal(ptyscreen_exit(p), 1);
	assert_false(ptyscreen_has(p, "/proc/"));
	ptyscreen_stop(p);
}

/* git passes over it, and so it was a session that nobody knew of. */
static void
a_broken_ref_is_told(void **st)
{
	static const char broken[] = "records.git/refs/sessions/" ID " names "
	    "no commit: write the one into it that 'git -C ";

	(void)st;
	put_torn();
	move_to_git();
	sh("cd records.git/refs/sessions && cp " ID " 20260101-000001-abcd && "
	    "echo garbage >" ID);
	says("list", 1, broken, "no sessions yet");
	says("list", 1, "20260101-000001-abcd", NULL);
	says("show", 1, broken, NULL);
	sh(": >records.git/refs/sessions/" ID);
	says("list", 1, broken, NULL);
	sh("echo ref: refs/sessions/none >records.git/refs/sessions/" ID);
	says("list", 1, broken, NULL);
	/* A lock that a kill left is no session, and what is told helps. */
	sh("touch records.git/refs/sessions/" ID ".lock; git -C records.git "
	    "rev-parse refs/sessions/20260101-000001-abcd "
	    ">records.git/refs/sessions/" ID);
	says("list", 0, ID, "names no commit");
}

/* Who writes a journal holds its lock, and what is torn then is being
 * written. */
static void
what_is_still_written_is_open_and_not_torn(void **st)
{
	int fd;

	(void)st;
	put_torn();
	fd = open(journal, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	says("show", 0, "the session is open", "torn");
	says("show", 0, "3 events so far", NULL);
	says("list", 0, "open now", NULL);
	replay_says("the session is open");
	assert_int_equal(ftruncate(fd, 0), 0);
	says("show", 1, "no event in it yet", NULL);
	says("replay", 1, "no event in it yet", NULL);
	close(fd);
	put_torn();
	says("show", 0, "the last line is torn", "open");
	says("list", 0, "cut off", NULL);
	replay_says("bytes are torn and left out");
}

/* Whoever made a record, a name or an argument: a terminal gets no control of
 * it. */
static void
nothing_foreign_orders_the_terminal(void **st)
{
	(void)st;
	put_torn();
	sh("d=sessions/$(printf 'a\\033[31mb') && mkdir \"$d\" && "
	    "cp sessions/" ID "/journal.jsonl \"$d\"");
	says("list", 0, "a?[31mb", NULL);
	move_to_git();
	sh("cd records.git && " AUTHOR "r=refs/sessions/" ID " && "
	    "b=$(printf '{\"verdict\": \"v\\\\u001b[31mw\"}' | "
	    "git hash-object -w --stdin) && "
	    "t=$( (git ls-tree $r; printf '100644 blob %s\tsession.json\n' $b)"
	    " | git mktree) && "
	    "git update-ref $r $(printf 'sub\\033[31mject' | "
	    "git commit-tree $t)");
	says("list", 0, "last run: v?[31mw", NULL);
	says("show", 0, "sub?[31mject", NULL);
	says_of("show", "/\033[31mnone", 1, "cannot read /?[31mnone: ", NULL);
	says_of("replay", "/\033[31mnone", 1, "cannot read /?[31mnone: ",
	    NULL);
	says_of("replay", "\033[31mnone", 1, "'?[31mnone' is no session",
	    NULL);
}

/* What git has may be of minutes before. */
static void
a_journal_that_cannot_be_read_is_told(void **st)
{
	(void)st;
	put_torn();
	move_to_git();
	says("show", 0, "3 events", "viva: ");
	/* Permissions do not keep root from anything. */
	sh("mkdir -p sessions/" ID " sessions/20260101-000001-abcd && "
	    "ln -s journal.jsonl sessions/" ID "/journal.jsonl && "
	    "ln -s journal.jsonl sessions/20260101-000001-abcd/journal.jsonl");
	says("show", 0, "/journal.jsonl: Too many levels of symbolic links; "
	    "this is git's copy, up to its last checkpoint", NULL);
	says("show", 0, "3 events", NULL);
	says("list", 0, "  , its journal cannot be read", NULL);
	says("list", 0, "no checkpoint, its journal cannot be read", NULL);
}

static void
a_place_that_cannot_be_read_is_not_empty(void **st)
{
	(void)st;
	sh("rmdir sessions/* sessions && ln -s sessions sessions");
	says("list", 1, "/viva/sessions: Too many levels of symbolic links",
	    "no sessions yet");
	says_of("resume", NULL, 1, "/viva/sessions: Too many levels",
	    "has ended");
	sh("cd .. && rm -r viva && touch viva");
	says("list", 1, "/viva/records.git: Not a directory", "move it away");
	says("list", 1, "/viva/sessions: Not a directory", "no sessions yet");
}

/* A pipe that nobody writes would be waited for, and a device has no end. */
static void
what_is_no_file_is_no_record(void **st)
{
	static const char *const commands[] = { "show", "replay" };
	char *pipe = xasprintf("%s/data/viva/pipe", home);
	char *dir = xasprintf("%s/data/viva", home);
	char *link = xasprintf("%s/data/viva/link", home);

	(void)st;
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(symlink("pipe", link), 0);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		says_of(commands[i], pipe, 1, "/pipe is a pipe, not a record",
		    NULL);
		says_of(commands[i], link, 1, "/link is a pipe, not a record",
		    NULL);
		says_of(commands[i], dir, 1, "/viva is a directory, not a "
		    "record", NULL);
		says_of(commands[i], "/dev/zero", 1, "/dev/zero is a device, "
		    "not a record", NULL);
	}
	/* One that comes from a program beside is fine. */
	put_torn();
	sh("cat sessions/" ID "/journal.jsonl | $VIVA show /dev/stdin | "
	    "grep -q '^3 events'");
	free(pipe);
	free(dir);
	free(link);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_still_written_is_open_and_not_torn),
		T(a_record_of_git_has_no_other_name),
		T(a_broken_ref_is_told),
		T(nothing_foreign_orders_the_terminal),
		T(what_is_no_file_is_no_record),
		T(a_journal_that_cannot_be_read_is_told),
		T(a_place_that_cannot_be_read_is_not_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
