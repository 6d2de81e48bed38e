#include "config.h"

/* viva list: the sessions of this user. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "store/gitstore.h"

struct row {
	char *id;
	unsigned checkpoints;
	char title[40], how[80];
	bool ended;
};

struct rows {
	struct row *r;
	size_t n, cap;
};

static struct row *
row_new(struct rows *all, const char *id)
{
	struct row *r;

	GROW(all->r, all->n, all->cap);
	r = &all->r[all->n++];
	memset(r, 0, sizeof *r);
	r->id = xstrdup(id);
	return r;
}

static void
from_git(void *user, const struct gitstore_session *s)
{
	struct row *r = row_new(user, s->id);
	struct json *j = json_parse(s->info, strlen(s->info), NULL);
	const char *title, *verdict;

	r->checkpoints = s->checkpoints;
	if (j == NULL)
		return;
	title = json_str(j, "title");
	verdict = json_str(j, "verdict");
	r->ended = json_bool(j, "ended", false);
	snprintf(r->title, sizeof r->title, "%s", title != NULL ? title : "");
	snprintf(r->how, sizeof r->how, "%lld of %lld submitted%s%s",
	    (long long)json_int(j, "submitted", 0),
	    (long long)json_int(j, "questions", 0),
	    verdict != NULL && *verdict != '\0' ? ", last run: " : "",
	    verdict != NULL ? verdict : "");
	json_free(j);
}

static bool
is_known(const struct rows *all, const char *id)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->r[i].id, id) == 0)
			return true;
	return false;
}

/* Sessions that have a journal and no checkpoint yet. */
static bool
from_journals(struct rows *all, struct err *e)
{
	char *data = cli_data_dir(), **ids;
	size_t n;
	bool ok = cli_session_ids(&ids, &n, e);

	for (size_t i = 0; i < n; i++) {
		char *path = xasprintf("%s/sessions/%s/journal.jsonl", data,
		    ids[i]);
		struct stat sb;

		if (!is_known(all, ids[i]) && (stat(path, &sb) == 0 ||
		    (errno != ENOENT && errno != ENOTDIR)))
			row_new(all, ids[i]);
		free(path);
		free(ids[i]);
	}
	free(ids);
	free(data);
	return ok;
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->id, ((const struct row *)b)->id);
}

static void
print_column(const char *s, size_t width)
{
	size_t n = utf8_columns(s, strlen(s));

	cli_print_clean(s);
	printf("%*s ", n < width ? (int)(width - n) : 0, "");
}

static void
print_row(const struct row *r)
{
	static const char *const tails[] = { [SESSION_ENDED] = "",
		[SESSION_LIVE] = ", open now",
		[SESSION_DAMAGED] = ", damaged: its journal is not a file",
		[SESSION_HIDDEN] = ", its journal cannot be read",
		[SESSION_CUT] = ", cut off: viva resume" };

	print_column(r->id, 22);
	print_column(r->title, 18);
	cli_print_clean(r->checkpoints > 0 ? r->how : "no checkpoint");
	puts(r->ended ? "" : tails[cli_session_state(r->id)]);
}

static int
git_failed(const char *repo, const struct err *e)
{
	cli_fail(e);
	cli_say("'git -C %s fsck' tells more; the journals beside it, in "
	    "sessions, have all that they had", repo);
	return 1;
}

int
cmd_list(int argc, char **argv)
{
	struct rows all = { 0 };
	char *repo = cli_repo_path();
	struct err e = { 0 };
	int status = 0;

	(void)argc;
	(void)argv;
	/* Before the first session there is no repository. */
	if (!gitstore_list(repo, from_git, &all, &e) &&
	    e.code != ERR_NOT_FOUND)
		status = git_failed(repo, &e);
	if (!from_journals(&all, &e))
		status = cli_fail(&e);
	if (all.n > 0)
		qsort(all.r, all.n, sizeof *all.r, by_id);
	for (size_t i = 0; i < all.n; i++) {
		print_row(&all.r[i]);
		free(all.r[i].id);
	}
	if (all.n == 0 && status == 0)
		puts("no sessions yet; 'viva demo' makes one");
	free(all.r);
	free(repo);
	return status;
}
