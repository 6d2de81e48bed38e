#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "event/event.h"
#include "store/gitstore.h"

#define WALL_MS 1700000000123

struct fix {
	char dir[256];
	char repo[300], journal[300], joined[300];
	struct loop *loop;
	struct gitstore *g;
	struct err e;
	/* of the last done */
	unsigned ndone;
	char commit[65];
	struct err err;
};

/* ---- helpers ---- */

/* Runs a shell command in the directory; out (may be NULL) gets what it
 * prints.  Returns its exit status. */
static int PRINTF_LIKE(3, 4)
shell(struct fix *f, struct buf *out, const char *fmt, ...)
{
	char *cmd, *line, chunk[4096];
	va_list ap;
	FILE *p;
	size_t n;
	int status;

	va_start(ap, fmt);
	assert_true(vasprintf(&cmd, fmt, ap) >= 0);
	va_end(ap);
	line = xasprintf("cd '%s' && export GIT_DIR='%s' && %s", f->dir,
	    f->repo, cmd);
	p = popen(line, "r");
	assert_non_null(p);
	while ((n = fread(chunk, 1, sizeof chunk, p)) > 0)
		if (out != NULL)
			buf_add(out, chunk, n);
	status = pclose(p);
	free(line);
	free(cmd);
	return status;
}

static void
expect(struct fix *f, const char *cmd, const char *want)
{
	struct buf b = { 0 };

	assert_int_equal(shell(f, &b, "%s", cmd), 0);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

/* Every object is whole and reachable, none is loose, and each pack can be
 * read without the others. */
static void
repo_is_clean(struct fix *f)
{
	expect(f, "git fsck --strict --full --no-progress 2>/dev/null", "");
	expect(f, "git count-objects -v | grep -e ^count -e ^garbage",
	    "count: 0\ngarbage: 0\n");
	assert_int_equal(shell(f, NULL,
	    "for p in \"$GIT_DIR\"/objects/pack/*.pack; do"
	    " git index-pack -o x.idx \"$p\" || exit 1;"
	    " rm -f x.idx x.rev; done"), 0);
}

static void
journal_add(struct fix *f, const char *s)
{
	FILE *j = fopen(f->journal, "ae");

	assert_non_null(j);
	assert_true(fputs(s, j) >= 0);
	assert_int_equal(fclose(j), 0);
}

static char *
slurp(const char *path)
{
	struct buf b = { 0 };
	char chunk[4096];
	size_t n;
	FILE *s = fopen(path, "re");

	assert_non_null(s);
	while ((n = fread(chunk, 1, sizeof chunk, s)) > 0)
		buf_add(&b, chunk, n);
	fclose(s);
	buf_adds(&b, "");
	return buf_take(&b);
}

static void
on_done(void *user, const char *commit, const struct err *e)
{
	struct fix *f = user;

	f->ndone++;
	snprintf(f->commit, sizeof f->commit, "%s", commit);
	f->err = *e;
}

static struct gitstore_entry
file(const char *path, const char *text)
{
	return (struct gitstore_entry){ path, text, strlen(text) };
}

static void
queue(struct fix *f, const char *session, const char *subject,
    const struct gitstore_entry *ws, size_t nws,
    const struct gitstore_entry *entries, size_t nentries)
{
	struct gitstore_checkpoint c = { .session = session,
		.subject = subject, .wall_ms = WALL_MS, .journal = f->journal,
		.workspace = ws, .nworkspace = nws, .entries = entries,
		.nentries = nentries };

	gitstore_commit(f->g, &c, on_done, f);
}

/* One checkpoint, waited for.  true: a commit was made. */
static bool
commit(struct fix *f, const char *session, const char *subject,
    const struct gitstore_entry *ws, size_t nws,
    const struct gitstore_entry *entries, size_t nentries)
{
	unsigned before = f->ndone;

	queue(f, session, subject, ws, nws, entries, nentries);
	while (f->ndone == before)
		loop_turn(f->loop, -1);
	assert_int_equal(f->ndone, before + 1);
	assert_int_equal(strlen(f->commit),
	    f->err.code == ERR_NONE ? 40 : 0);
	return f->commit[0] != '\0';
}

static bool
commit_file(struct fix *f, const char *session, const char *path,
    const char *text)
{
	struct gitstore_entry ws = file(path, text);

	return commit(f, session, "a checkpoint", &ws, 1, NULL, 0);
}

static void
joined_is(struct fix *f, const char *session, const char *want)
{
	char *got;

	assert_true(gitstore_events(f->repo, session, f->joined, &f->e));
	got = slurp(f->joined);
	assert_string_equal(got, want);
	free(got);
}

static int
setup(void **st)
{
	struct fix *f = xcalloc(1, sizeof *f);
	const char *tmp = getenv("TMPDIR");

	snprintf(f->dir, sizeof f->dir, "%s/viva-gitstore-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	snprintf(f->repo, sizeof f->repo, "%s/record.git", f->dir);
	snprintf(f->journal, sizeof f->journal, "%s/journal", f->dir);
	snprintf(f->joined, sizeof f->joined, "%s/joined", f->dir);
	f->loop = loop_create(clock_system(), waiter_poll());
	f->g = gitstore_open(f->repo, f->loop, &f->e);
	*st = f;
	return f->g != NULL ? 0 : -1;
}

static int
teardown(void **st)
{
	struct fix *f = *st;
	char cmd[300];
	int status;

	gitstore_close(f->g, 0);
	loop_destroy(f->loop);
	snprintf(cmd, sizeof cmd, "rm -rf '%s'", f->dir);
	status = system(cmd);
	free(f);
	return status;
}

/* ---- writing ---- */

static void
a_new_repository_is_bare_and_private(void **st)
{
	struct fix *f = *st;
	struct stat sb;

	assert_int_equal(stat(f->repo, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0700);
	expect(f, "git rev-parse --is-bare-repository", "true\n");
	expect(f, "git symbolic-ref HEAD", "refs/heads/main\n");
}

static void
checkpoints_are_commits_in_a_pack_each(void **st)
{
	struct fix *f = *st;
	struct gitstore_entry one[] = {
		file("src/main.c", "int x;\n"),
		file("a", "same\n"),
		file("src/deep/er/b", "bee\n"),
		file("keep/it", "kept\n"),
	};
	struct gitstore_entry two[] = {
		file("src/main.c", "int y;\n"),
		file("a", "same\n"),
		file("keep/it", "kept\n"),
	};
	struct gitstore_entry info[] = {
		file("session.json", "{\"n\":1}\n"),
		file("tests/run-001.txt", "ok\n"),
	};
	struct gitstore_entry more[] = {
		file("session.json", "{\"n\":2}\n"),
		file("tests/run-002.txt", "bad\n"),
	};

	journal_add(f, "one\ntwo\nto");
	assert_true(commit(f, "s-1", "first", one, 4, info, 2));
	journal_add(f, "rn\nthree\n");
	assert_true(commit(f, "s-1", "second\nof two", two, 3, more, 2));
	repo_is_clean(f);
	expect(f, "git log --format='%s|%an <%ae>|%cn|%ad|%cI' --date=raw "
	    "refs/sessions/s-1",
	    "second of two|viva <viva@localhost>|viva|1700000000 +0000|"
	    "2023-11-14T22:13:20+00:00\n"
	    "first|viva <viva@localhost>|viva|1700000000 +0000|"
	    "2023-11-14T22:13:20+00:00\n");
	expect(f, "git log -1 --format=%B refs/sessions/s-1",
	    "second of two\n\n");
	expect(f, "git ls-tree -r --format='%(objectmode) %(path)' "
	    "refs/sessions/s-1~1",
	    "100644 events/000001.jsonl\n100644 session.json\n"
	    "100644 tests/run-001.txt\n100644 workspace/a\n"
	    "100644 workspace/keep/it\n"
	    "100644 workspace/src/deep/er/b\n"
	    "100644 workspace/src/main.c\n");
	expect(f, "git ls-tree -r --name-only refs/sessions/s-1",
	    "events/000001.jsonl\nevents/000002.jsonl\nsession.json\n"
	    "tests/run-001.txt\ntests/run-002.txt\nworkspace/a\n"
	    "workspace/keep/it\nworkspace/src/main.c\n");
	expect(f, "git show refs/sessions/s-1:events/000001.jsonl",
	    "one\ntwo\n");
	expect(f, "git show refs/sessions/s-1:events/000002.jsonl",
	    "torn\nthree\n");
	expect(f, "git show refs/sessions/s-1:workspace/src/main.c",
	    "int y;\n");
	expect(f, "git show refs/sessions/s-1:session.json", "{\"n\":2}\n");
	/* Two packs, and nothing is in both. */
	expect(f, "git count-objects -v | grep ^packs", "packs: 2\n");
	expect(f, "test $(git count-objects -v | sed -n 's/^in-pack: //p') = "
	    "$(git rev-list --objects --all | wc -l) && echo same", "same\n");
	joined_is(f, "s-1", "one\ntwo\ntorn\nthree\n");
}

/* Where nobody knows the workspace it is not empty. */
static void
an_unknown_workspace_stays_as_it_was(void **st)
{
	struct fix *f = *st;

	journal_add(f, "one\n");
	assert_true(commit_file(f, "s", "a", "1"));
	assert_true(commit(f, "s", "unknown", NULL, 0, NULL, 0));
	expect(f, "git show refs/sessions/s:workspace/a", "1");
	repo_is_clean(f);
}

static void
no_new_whole_line_is_no_segment(void **st)
{
	static const struct gitstore_entry none;
	struct fix *f = *st;

	journal_add(f, "");
	assert_true(commit_file(f, "s", "a", "1"));
	expect(f, "git ls-tree --name-only refs/sessions/s", "workspace\n");
	joined_is(f, "s", "");
	journal_add(f, "one\n");
	assert_true(commit_file(f, "s", "a", "2"));
	journal_add(f, "torn");
	assert_true(commit_file(f, "s", "a", "3"));
	expect(f, "git ls-tree -r --name-only refs/sessions/s",
	    "events/000001.jsonl\nworkspace/a\n");
	/* Nothing changed at all: a commit still, and an empty workspace. */
	assert_true(commit(f, "s", "empty", &none, 0, NULL, 0));
	assert_true(commit(f, "s", "empty", &none, 0, NULL, 0));
	expect(f, "git ls-tree --name-only refs/sessions/s", "events\n");
	expect(f, "git rev-list --count refs/sessions/s", "5\n");
	repo_is_clean(f);
	joined_is(f, "s", "one\n");
}

static void
a_long_journal_is_cut_into_segments_at_lines(void **st)
{
	struct fix *f = *st;
	FILE *j = fopen(f->journal, "we");
	char line[1000];

	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\n';
	for (int i = 0; i < 34000; i++)
		assert_int_equal(fwrite(line, sizeof line, 1, j), 1);
	assert_int_equal(fclose(j), 0);
	assert_true(commit(f, "s", "long", NULL, 0, NULL, 0));
	expect(f, "git ls-tree -r --name-only refs/sessions/s",
	    "events/000001.jsonl\nevents/000002.jsonl\n");
	expect(f, "git cat-file -p refs/sessions/s:events/000001.jsonl | "
	    "tail -c1 | od -An -c", "  \\n\n");
	assert_true(gitstore_events(f->repo, "s", f->joined, &f->e));
	assert_int_equal(shell(f, NULL, "cmp journal joined"), 0);
}

/* An event of raw bytes that is being written is not taken in part, though
 * there are newlines in what is there of it. */
static void
raw_bytes_are_not_cut_and_not_shown(void **st)
{
	struct fix *f = *st;
	struct event ev = { .seq = 2, .type = EV_TERM_OUTPUT };
	struct buf raw = { 0 };
	char text[3000];

	memset(text, '\n', sizeof text);
	memcpy(text, "\033[31m", 5);
	ev.u.io.data = (struct bytes){ text, sizeof text };
	event_encode(&ev, "0000000000000000000000000000000000000000000000000000"
	    "000000000000", &raw);
	journal_add(f, "one\n");
	raw.data[raw.len - 10] = '\0';
	journal_add(f, raw.data);
	assert_true(commit(f, "s", "half", NULL, 0, NULL, 0));
	joined_is(f, "s", "one\n");
	raw.data[raw.len - 10] = '\n';
	journal_add(f, raw.data + raw.len - 10);
	journal_add(f, "three\n");
	assert_true(commit(f, "s", "whole", NULL, 0, NULL, 0));
	assert_true(gitstore_events(f->repo, "s", f->joined, &f->e));
	assert_int_equal(shell(f, NULL, "cmp journal joined"), 0);
	expect(f, "git ls-tree -r --name-only refs/sessions/s",
	    "events/000001.jsonl\nevents/000002.jsonl\n");
	expect(f, "git log -1 -p --format=%s refs/sessions/s | grep -v index",
	    "whole\n\ndiff --git a/events/000002.jsonl "
	    "b/events/000002.jsonl\nnew file mode 100644\n"
	    "Binary files /dev/null and b/events/000002.jsonl differ\n");
	repo_is_clean(f);
	buf_free(&raw);
}

static void
no_more_is_read_than_is_on_disk(void **st)
{
	struct fix *f = *st;
	struct gitstore_checkpoint c = { .session = "s", .subject = "x",
		.wall_ms = WALL_MS, .journal = f->journal,
		.journal_bytes = 8 };

	journal_add(f, "one\ntwo\nthree\n");
	gitstore_commit(f->g, &c, on_done, f);
	while (f->ndone == 0)
		loop_turn(f->loop, -1);
	joined_is(f, "s", "one\ntwo\n");
	assert_true(commit(f, "s", "y", NULL, 0, NULL, 0));
	joined_is(f, "s", "one\ntwo\nthree\n");
}

static void
damage_in_the_journal_is_told(void **st)
{
	struct fix *f = *st;

	journal_add(f, "one\n{\"raw\":5\n");
	assert_false(commit(f, "s", "x", NULL, 0, NULL, 0));
	assert_non_null(strstr(f->err.msg, "journal, at byte 4: \"raw\""));
}

static void
a_store_opened_later_goes_on_where_the_last_one_was(void **st)
{
	struct fix *f = *st;

	journal_add(f, "one\n");
	assert_true(commit_file(f, "s", "a", "1"));
	gitstore_close(f->g, 0);
	f->g = gitstore_open(f->repo, f->loop, &f->e);
	assert_non_null(f->g);
	journal_add(f, "two\n");
	assert_true(commit_file(f, "s", "a", "1"));
	repo_is_clean(f);
	expect(f, "git show refs/sessions/s:events/000002.jsonl", "two\n");
	joined_is(f, "s", "one\ntwo\n");
}

static void
names_git_cannot_hold_are_left_out_and_counted(void **st)
{
	static const char *const hostile[] = { "", "/abs", "a//b", "a/",
		"./a", "a/../b", "..", ".", ".git/config", "x/.GIT", "x/.Git/y",
		"git~1", ".git ", ".git...", ".git::$INDEX_ALLOCATION",
		"a\\.git", ".g\xe2\x80\x8cit", "\xef\xbb\xbf.git", "a\nb",
		"a\x7f" "b", "\033[2J", ".gitmodules/f", "m/.gitmodules",
		".GITMODULES", "gitmod~1/f", ".gitmodules\xe2\x80\x8c/f",
		".gitattributes", "a/.gitattributes/f" };
	static const char *const fine[] = { ".gitignore", ".github/x", "...",
		"..a", "a b", "git", "\xc3\xa9", "\xff", "a\\b" };
	struct gitstore_entry ws[ARRAY_LEN(hostile) + ARRAY_LEN(fine) + 2];
	struct buf deep = { 0 };
	char *name = xmalloc(4098);
	size_t n = 0;

	struct fix *f = *st;

	memset(name, 'n', 4097);
	name[4097] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		ws[n++] = file(hostile[i], hostile[i]);
	for (size_t i = 0; i < ARRAY_LEN(fine); i++)
		ws[n++] = file(fine[i], "fine");
	for (int i = 0; i < 256; i++)
		buf_adds(&deep, "d/");
	buf_adds(&deep, "f");
	ws[n++] = file(name, "too long");
	ws[n++] = file(deep.data, "too deep");
	journal_add(f, "one\n");
	assert_true(commit(f, "s", "hostile", ws, n, NULL, 0));
	repo_is_clean(f);
	expect(f, "git ls-tree -r -z --name-only refs/sessions/s:workspace | "
	    "tr '\\0' '\\n'",
	    "...\n..a\n.github/x\n.gitignore\na b\na\\b\ngit\n\xc3\xa9\n"
	    "\xff\n");
	expect(f, "git log --format=%B refs/sessions/s", "hostile\n\n"
	    "skipped: 30 files whose names git cannot hold\n\n");
	free(name);
	buf_free(&deep);
}

static void
of_two_that_clash_the_first_stays(void **st)
{
	struct fix *f = *st;
	struct gitstore_entry ws[] = {
		file("z", "zed\n"), file("dup", "first\n"),
		file("dup", "second\n"), file("file", "file\n"),
		file("file/below", "no\n"), file("dir/x/y", "yes\n"),
		file("dir/x", "no\n"), file("dir", "no\n"),
		file("dir.c", "sorts before dir/\n"), file("a", "a\n"),
	};
	struct gitstore_entry entries[] = {
		file("events/000009.jsonl", "forged\n"),
		file("workspace", "forged\n"), file("workspace/q", "forged\n"),
		file("notes/a", "kept\n"),
	};

	journal_add(f, "one\n");
	assert_true(commit(f, "s", "clash", ws, 10, entries, 4));
	repo_is_clean(f);
	expect(f, "git ls-tree -r --name-only refs/sessions/s",
	    "events/000001.jsonl\nnotes/a\nworkspace/a\nworkspace/dir.c\n"
	    "workspace/dir/x/y\nworkspace/dup\nworkspace/file\n"
	    "workspace/z\n");
	expect(f, "git show refs/sessions/s:workspace/dup", "first\n");
	expect(f, "git log --format=%b refs/sessions/s",
	    "skipped: 7 files whose names git cannot hold\n\n");
	joined_is(f, "s", "one\n");
	/* A file in the place of a directory, and the other way round. */
	ws[0] = file("dir", "now a file\n");
	ws[1] = file("file/below", "now a directory\n");
	assert_true(commit(f, "s", "swap", ws, 2, NULL, 0));
	repo_is_clean(f);
	expect(f, "git ls-tree -r --name-only refs/sessions/s",
	    "events/000001.jsonl\nnotes/a\nworkspace/dir\n"
	    "workspace/file/below\n");
}

static void
a_repository_that_fails_is_told_and_used_again_when_repaired(void **st)
{
	struct fix *f = *st;

	journal_add(f, "one\n");
	assert_true(commit_file(f, "s", "a", "1"));
	journal_add(f, "two\n");
	assert_int_equal(shell(f, NULL, "mv record.git/objects/pack away && "
	    "echo > record.git/objects/pack"), 0);
	assert_false(commit_file(f, "s", "secret", "never committed"));
	assert_non_null(strstr(f->err.msg, f->repo));
	assert_false(commit_file(f, "new", "secret", "nor this"));
	assert_non_null(strstr(f->err.msg, f->repo));
	assert_int_equal(shell(f, NULL, "rm record.git/objects/pack && "
	    "mv away record.git/objects/pack"), 0);
	assert_true(commit_file(f, "s", "a", "2"));
	/* What had been made for the failed ones is nowhere. */
	repo_is_clean(f);
	expect(f, "git for-each-ref --format='%(refname)'",
	    "refs/sessions/s\n");
	expect(f, "printf 'never committed' | git hash-object --stdin | "
	    "xargs git cat-file -e 2>/dev/null || echo gone", "gone\n");
	expect(f, "git rev-list --count refs/sessions/s", "2\n");
	joined_is(f, "s", "one\ntwo\n");
}

static void
a_repository_that_was_removed_is_made_again(void **st)
{
	struct fix *f = *st;

	journal_add(f, "one\n");
	assert_true(commit_file(f, "s", "a", "1"));
	assert_int_equal(shell(f, NULL, "rm -r record.git"), 0);
	journal_add(f, "two\n");
	assert_true(commit_file(f, "s", "a", "1"));
	repo_is_clean(f);
	expect(f, "git show refs/sessions/s:workspace/a", "1");
	joined_is(f, "s", "one\ntwo\n");
}

static void
a_missing_or_shorter_journal_is_told(void **st)
{
	struct fix *f = *st;

	assert_false(commit_file(f, "s", "a", "1"));
	assert_non_null(strstr(f->err.msg, f->journal));
	assert_int_equal(f->err.code, ERR_NOT_FOUND);
	journal_add(f, "one\ntwo\n");
	assert_true(commit_file(f, "s", "a", "1"));
	assert_int_equal(truncate(f->journal, 4), 0);
	assert_false(commit_file(f, "s", "a", "2"));
	assert_int_equal(f->err.code, ERR_CORRUPT);
	assert_non_null(strstr(f->err.msg, f->journal));
	journal_add(f, "two\nthree\n");
	assert_true(commit_file(f, "s", "a", "3"));
	joined_is(f, "s", "one\ntwo\nthree\n");
	repo_is_clean(f);
}

static void
a_ref_that_points_nowhere_is_told_and_left(void **st)
{
	struct fix *f = *st;

	journal_add(f, "one\n");
	assert_true(commit_file(f, "s", "a", "1"));
	assert_int_equal(shell(f, NULL,
	    "cp record.git/refs/sessions/s good && echo "
	    "1111111111111111111111111111111111111111 > "
	    "record.git/refs/sessions/s"), 0);
	assert_false(commit_file(f, "s", "a", "2"));
	assert_int_equal(f->err.code, ERR_CORRUPT);
	assert_true(commit_file(f, "other", "a", "2"));
	assert_int_equal(shell(f, NULL,
	    "mv good record.git/refs/sessions/s"), 0);
	assert_true(commit_file(f, "s", "a", "2"));
	repo_is_clean(f);
}

static void
a_lock_that_a_crash_left_is_removed(void **st)
{
	struct fix *f = *st;

	journal_add(f, "one\n");
	assert_true(commit_file(f, "s", "a", "1"));
	assert_int_equal(shell(f, NULL,
	    ": > record.git/refs/sessions/s.lock"), 0);
	assert_true(commit_file(f, "s", "a", "2"));
	expect(f, "ls record.git/refs/sessions", "s\n");
	/* One that cannot be removed. */
	assert_int_equal(shell(f, NULL,
	    "mkdir -p record.git/refs/sessions/s.lock/x"), 0);
	assert_false(commit_file(f, "s", "a", "3"));
	assert_non_null(strstr(f->err.msg, f->repo));
	assert_int_equal(shell(f, NULL,
	    "rm -r record.git/refs/sessions/s.lock"), 0);
	assert_true(commit_file(f, "s", "a", "3"));
	repo_is_clean(f);
	expect(f, "git rev-list --count refs/sessions/s", "3\n");
}

static void
others_may_write_and_repack_meanwhile(void **st)
{
	struct fix *f = *st;
	struct gitstore *mine = f->g;
	struct gitstore *other = gitstore_open(f->repo, f->loop, &f->e);

	assert_non_null(other);
	journal_add(f, "one\n");
	assert_true(commit_file(f, "mine", "a", "1"));
	f->g = other;
	assert_true(commit_file(f, "other", "a", "1"));
	/* The same session, by a store that has not seen its last pack. */
	journal_add(f, "two\n");
	assert_true(commit_file(f, "mine", "a", "2"));
	f->g = mine;
	journal_add(f, "three\n");
	assert_true(commit_file(f, "mine", "a", "3"));
	f->g = other;
	journal_add(f, "3b\n");
	assert_true(commit_file(f, "mine", "a", "3b"));
	/* This one now knows of the other's last pack, but has not read it
	 * when it goes. */
	f->g = mine;
	assert_true(commit_file(f, "third", "a", "1"));
	assert_int_equal(shell(f, NULL, "git gc -q --prune=now"), 0);
	journal_add(f, "four\n");
	assert_true(commit_file(f, "mine", "a", "3"));
	f->g = other;
	assert_true(commit_file(f, "other", "a", "3"));
	f->g = mine;
	gitstore_close(other, 0);
	repo_is_clean(f);
	joined_is(f, "mine", "one\ntwo\nthree\n3b\nfour\n");
	expect(f, "git rev-list --count refs/sessions/mine", "5\n");
	expect(f, "git ls-tree --name-only refs/sessions/mine:events | "
	    "tail -n1", "000005.jsonl\n");
	expect(f, "git rev-list --count refs/sessions/other", "2\n");
}

static void
bad_session_ids_are_refused(void **st)
{
	static const char *const bad[] = { "", ".", "..", ".a", "-a", "a/b",
		"../heads/main", "a b", "a..b", "a.lock", "a.", "a\n", "a~1",
		"\xc3\xa9" };
	struct fix *f = *st;
	char name[102];

	journal_add(f, "one\n");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(commit_file(f, bad[i], "a", "1"));
		assert_int_equal(f->err.code, ERR_INVALID);
		assert_false(gitstore_log(f->repo, bad[i], NULL, NULL,
		    &f->e));
		assert_int_equal(f->e.code, ERR_INVALID);
	}
	memset(name, 'n', 101);
	name[101] = '\0';
	assert_false(commit_file(f, name, "a", "1"));
	name[100] = '\0';
	assert_true(commit_file(f, name, "a", "1"));
	expect(f, "git for-each-ref | wc -l", "1\n");
}

/* ---- closing ---- */

static void
closing_waits_for_the_queue_but_calls_nothing(void **st)
{
	struct fix *f = *st;
	struct gitstore_entry ws = file("a", "1");

	journal_add(f, "one\n");
	for (int i = 0; i < 5; i++)
		queue(f, "s", "queued", &ws, 1, NULL, 0);
	gitstore_close(f->g, 60 * 1000000);
	f->g = NULL;
	loop_turn(f->loop, 0); /* what was posted finds nobody */
	assert_int_equal(f->ndone, 0);
	expect(f, "git rev-list --count refs/sessions/s", "5\n");
	repo_is_clean(f);
}

static void
closing_without_time_drops_the_queue(void **st)
{
	struct fix *f = *st;
	struct gitstore_entry ws = file("a", "1");
	struct buf n = { 0 };

	journal_add(f, "one\n");
	for (int i = 0; i < 200; i++)
		queue(f, "s", "queued", &ws, 1, NULL, 0);
	gitstore_close(f->g, 0);
	f->g = NULL;
	loop_turn(f->loop, 0);
	assert_int_equal(f->ndone, 0);
	/* Each is done as a whole or not at all. */
	shell(f, &n, "git rev-list --count --all");
	assert_true(atoi(buf_str(&n)) < 200);
	buf_free(&n);
	expect(f, "git fsck --strict --full --no-progress 2>/dev/null", "");
}

static void
on_done_close(void *user, const char *id, const struct err *e)
{
	struct fix *f = user;

	on_done(user, id, e);
	gitstore_close(f->g, 0);
	f->g = NULL;
}

static void
done_may_close_the_store(void **st)
{
	struct fix *f = *st;
	struct gitstore_checkpoint c = { .session = "s", .subject = "x",
		.journal = f->journal };

	journal_add(f, "one\n");
	gitstore_commit(f->g, &c, on_done_close, f);
	gitstore_commit(f->g, &c, on_done_close, f);
	while (f->g != NULL)
		loop_turn(f->loop, -1);
	loop_turn(f->loop, 0);
	assert_int_equal(f->ndone, 1);
}

static void
a_place_that_cannot_be_a_repository_is_told(void **st)
{
	struct fix *f = *st;
	char path[400];

	journal_add(f, "");
	snprintf(path, sizeof path, "%s/record.git", f->journal);
	assert_null(gitstore_open(path, f->loop, &f->e));
	assert_non_null(strstr(f->e.msg, path));
	snprintf(path, sizeof path, "%s/new/er/record.git", f->dir);
	gitstore_close(f->g, 0);
	f->g = gitstore_open(path, f->loop, &f->e);
	assert_non_null(f->g);
}

/* ---- reading ---- */

static void
add_line(void *user, const struct gitstore_session *s)
{
	buf_addf(user, "%s|%s|%lld|%u|%s\n", s->id, s->subject,
	    (long long)s->wall_ms, s->checkpoints, s->info);
}

static void
sessions_and_their_checkpoints_are_listed(void **st)
{
	struct fix *f = *st;
	struct gitstore_entry info = file("session.json", "{1}");
	struct buf got = { 0 };
	char *want, first[65];

	assert_true(gitstore_list(f->repo, add_line, &got, &f->e));
	assert_string_equal(buf_str(&got), "");
	journal_add(f, "one\n");
	assert_true(commit(f, "b", "b one", NULL, 0, NULL, 0));
	memcpy(first, f->commit, sizeof first);
	info.data = "{2}";
	assert_true(commit(f, "b", "b two", NULL, 0, &info, 1));
	want = xasprintf("%s|b one|1700000000000|1|\n"
	    "%s|b two|1700000000000|2|{2}\n", first, f->commit);
	assert_true(commit(f, "a.2", "a two", NULL, 0, NULL, 0));
	/* What others keep below the same place is none of ours. */
	assert_int_equal(shell(f, NULL, "git update-ref refs/sessions/x/y "
	    "refs/sessions/b && git pack-refs --all"), 0);
	assert_true(gitstore_list(f->repo, add_line, &got, &f->e));
	assert_string_equal(got.data, "a.2|a two|1700000000000|1|\n"
	    "b|b two|1700000000000|2|{2}\n");
	buf_clear(&got);
	assert_true(gitstore_log(f->repo, "b", add_line, &got, &f->e));
	assert_string_equal(got.data, want);
	buf_free(&got);
	free(want);
}

static void
a_damaged_session_does_not_hide_the_others(void **st)
{
	struct fix *f = *st;
	struct buf got = { 0 };

	journal_add(f, "one\n");
	assert_true(commit(f, "a", "x", NULL, 0, NULL, 0));
	assert_true(commit(f, "b", "y", NULL, 0, NULL, 0));
	assert_int_equal(shell(f, NULL, "echo "
	    "1111111111111111111111111111111111111111 > "
	    "record.git/refs/sessions/a"), 0);
	assert_false(gitstore_list(f->repo, add_line, &got, &f->e));
	assert_string_equal(got.data, "b|y|1700000000000|1|\n");
	assert_non_null(strstr(f->e.msg, "'a'"));
	buf_free(&got);
}

static void
what_is_not_there_is_not_found(void **st)
{
	struct fix *f = *st;
	char path[400];

	snprintf(path, sizeof path, "%s/none", f->dir);
	assert_false(gitstore_list(path, add_line, NULL, &f->e));
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(f->e.msg, path));
	assert_int_equal(access(path, F_OK), -1);
	/* Nor in a directory that is still to become one; but what is there
	 * and is none may have been one. */
	assert_int_equal(shell(f, NULL, "mkdir none"), 0);
	assert_false(gitstore_list(path, add_line, NULL, &f->e));
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	assert_int_equal(shell(f, NULL, "mkdir none/refs"), 0);
	assert_false(gitstore_list(path, add_line, NULL, &f->e));
	assert_int_equal(f->e.code, ERR_CORRUPT);
	assert_non_null(strstr(f->e.msg, path));
	assert_int_equal(shell(f, NULL, "rmdir none/refs none; >none"), 0);
	assert_false(gitstore_list(path, add_line, NULL, &f->e));
	assert_int_equal(f->e.code, ERR_CORRUPT);
	assert_false(gitstore_log(f->repo, "who", add_line, NULL, &f->e));
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(f->e.msg, "no session 'who'"));
	assert_false(gitstore_events(f->repo, "who", f->joined, &f->e));
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	assert_int_equal(access(f->joined, F_OK), -1);
}

static void
joined_events_are_private_and_whole_or_not_there(void **st)
{
	struct fix *f = *st;
	struct stat sb;
	char path[400];

	journal_add(f, "one\n");
	assert_true(commit(f, "s", "x", NULL, 0, NULL, 0));
	joined_is(f, "s", "one\n");
	assert_int_equal(stat(f->joined, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0600);
	snprintf(path, sizeof path, "%s/no/such", f->dir);
	assert_false(gitstore_events(f->repo, "s", path, &f->e));
	assert_non_null(strstr(f->e.msg, path));
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_new_repository_is_bare_and_private),
		T(checkpoints_are_commits_in_a_pack_each),
		T(an_unknown_workspace_stays_as_it_was),
		T(no_new_whole_line_is_no_segment),
		T(a_long_journal_is_cut_into_segments_at_lines),
		T(raw_bytes_are_not_cut_and_not_shown),
		T(no_more_is_read_than_is_on_disk),
		T(damage_in_the_journal_is_told),
		T(a_store_opened_later_goes_on_where_the_last_one_was),
		T(names_git_cannot_hold_are_left_out_and_counted),
		T(of_two_that_clash_the_first_stays),
		T(a_repository_that_fails_is_told_and_used_again_when_repaired),
		T(a_repository_that_was_removed_is_made_again),
		T(a_missing_or_shorter_journal_is_told),
		T(a_ref_that_points_nowhere_is_told_and_left),
		T(a_lock_that_a_crash_left_is_removed),
		T(others_may_write_and_repack_meanwhile),
		T(bad_session_ids_are_refused),
		T(closing_waits_for_the_queue_but_calls_nothing),
		T(closing_without_time_drops_the_queue),
		T(done_may_close_the_store),
		T(a_place_that_cannot_be_a_repository_is_told),
		T(sessions_and_their_checkpoints_are_listed),
		T(a_damaged_session_does_not_hide_the_others),
		T(what_is_not_there_is_not_found),
		T(joined_events_are_private_and_whole_or_not_there),
	};

	setlocale(LC_ALL, "C.UTF-8");
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	if (system("git --version >/dev/null 2>&1") != 0)
		return 77; /* these tests judge with git's own eyes */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
