#include "config.h"

/* viva show SESSION: reads a record, checks its chain of hashes and tells in
 * a line each what a reviewer looks for first. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "event/event.h"
#include "store/gitstore.h"
#include "store/journal.h"

static void
print_time(int64_t t)
{
	printf("%3lld:%02lld  ", (long long)(t / 60000000),
	    (long long)(t / 1000000 % 60));
}

static void
print_line(int64_t t, const char *what, const char *detail)
{
	print_time(t);
	printf("%-16s ", what);
	cli_print_clean(detail != NULL ? detail : "");
	putchar('\n');
}

static void
print_event(void *user, const struct event *ev)
{
	char text[160];

	(void)user;
	switch (ev->type) {
	case EV_SESSION_START:
		print_line(ev->t, "session", ev->u.session.session);
		break;
	case EV_SESSION_PAUSE:
	case EV_SESSION_RESUME:
		print_line(ev->t, event_type_name(ev->type),
		    ev->u.session.why);
		break;
	case EV_SESSION_END:
		print_line(ev->t, "end", ev->u.session.why);
		break;
	case EV_QUESTION_START:
		print_line(ev->t, "question", ev->u.question.title);
		break;
	case EV_QUESTION_SUBMIT:
		print_line(ev->t, "submit", ev->u.question.name);
		break;
	case EV_NOTE_ADD:
	case EV_MARKER_ADD:
		print_line(ev->t, event_type_name(ev->type), ev->u.note.text);
		break;
	case EV_TEST_DONE:
		snprintf(text, sizeof text, "%s, %u of %u passed",
		    verdict_name(ev->u.test.verdict), ev->u.test.passed,
		    ev->u.test.total);
		print_line(ev->t, "test run", text);
		break;
	case EV_PASTE:
		snprintf(text, sizeof text, "%llu bytes in the %.40s",
		    (unsigned long long)ev->u.paste.size,
		    ev->u.paste.where != NULL ? ev->u.paste.where : "?");
		print_line(ev->t, "paste", text);
		break;
	case EV_DROPPED:
		print_line(ev->t, "NOT RECORDED", ev->u.dropped.why);
		break;
	default:
		break;
	}
}

/* *whole: the events before any damage. */
static bool
show(const char *path, uint64_t *whole, struct err *e)
{
	bool is_open = journal_is_open(path);
	struct journal_end end;
	bool ok = journal_read(path, print_event, NULL, &end, e);

	*whole = end.seq;
	if (!ok)
		return false;
	is_open = is_open || journal_is_open(path);
	if (end.seq == 0)
		return err_set(e, ERR_INVALID, "%s: no event in it%s", path,
		    is_open ? " yet: a viva has it open" : "");
	printf("%llu events%s, each follows the one before it\n"
	    "last hash %s\n", (unsigned long long)end.seq,
	    is_open ? " so far" : "", end.hash);
	if (is_open)
		puts("the session is open: a viva goes on writing it");
	else if (end.torn > 0)
		puts("the last line is torn: what it said is lost");
	return true;
}

static void
print_checkpoint(void *user, const struct gitstore_session *s)
{
	unsigned *n = user;

	if ((*n)++ == 0)
		puts("checkpoints in git:");
	printf("  %.10s  ", s->id);
	cli_print_clean(s->subject);
	putchar('\n');
}

int
cmd_show(int argc, char **argv)
{
	struct err e = { 0 };
	unsigned checkpoints = 0;
	struct cli_record rec;
	uint64_t whole;
	int status = 0;
	char *repo;

	if (argc != 2) {
		fputs("usage: viva show SESSION ('viva list' has their "
		    "names)\n", stderr);
		return 2;
	}
	if (!cli_record_open(&rec, argv[1], &e))
		return cli_fail(&e);
	if (show(rec.path, &whole, &e)) {
		repo = cli_repo_path();
		gitstore_log(repo, argv[1], print_checkpoint, &checkpoints,
		    NULL);
		free(repo);
	} else {
		fflush(stdout);
		status = whole > 0 ? cli_damaged(&rec, &e) :
		    cli_record_fail(&rec, &e);
	}
	cli_record_close(&rec);
	return status;
}
