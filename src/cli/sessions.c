#include "config.h"

/* How the sessions of this user stand. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "event/event.h"

#define END_MAX 4096 /* the line of a session.end is shorter */

/* Is the line at `at` no part of what a program wrote to the shell?  That
 * stands behind a line that tells how long it is.  false: there is such a
 * line, which may be a program's itself. */
static bool
is_free(int fd, off_t at)
{
	static const char key[] = "\n{\"raw\":";
	off_t from = at > (off_t)EVENT_MAX ? at - (off_t)EVENT_MAX : 0;
	size_t n = (size_t)(at - from), raw;
	char *text = xmalloc(n + 1), *end = text + n + 1, *p, *nl;
	bool yes = pread(fd, text + 1, n, from) == (ssize_t)n;

	text[0] = '\n';
	for (p = text; yes && (p = memmem(p, (size_t)(end - p), key,
	    sizeof key - 1)) != NULL; p++) {
		nl = memchr(p + 1, '\n', (size_t)(end - p - 1));
		yes = nl != NULL && (!event_raw_size(p + 1, (size_t)(nl - p -
		    1), &raw, NULL) || raw < (size_t)(end - nl - 1));
	}
	free(text);
	return yes;
}

static bool
is_event(int fd, off_t line)
{
	struct event_reader r = { .fd = fd };
	uint64_t at = (uint64_t)line;
	const char *p;
	size_t n;

	if (is_free(fd, line))
		return true;
	if (lseek(fd, 0, SEEK_SET) != 0)
		return false;
	while (event_next(&r, &p, &n, NULL) == EVENT_WHOLE && r.bytes < at)
		;
	event_reader_free(&r);
	return r.bytes == at && n > 0;
}

/* Is the last event of the journal a session.end? */
static bool
ends(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > END_MAX ? size - END_MAX : 0;
	struct event_buf eb = { 0 };
	char text[END_MAX];
	ssize_t n = pread(fd, text, sizeof text, from);
	struct event ev;
	char *nl, *begin;
	bool yes;

	nl = n > 0 ? memrchr(text, '\n', (size_t)n) : NULL;
	if (nl == NULL)
		return false;
	begin = memrchr(text, '\n', (size_t)(nl - text));
	begin = begin != NULL ? begin + 1 : text;
	yes = event_decode(begin, (size_t)(nl - begin), &eb, &ev, NULL) &&
	    ev.type == EV_SESSION_END && (begin > text || from == 0) &&
	    is_event(fd, from + (begin - text));
	event_buf_free(&eb);
	return yes;
}

int
cli_session_open(const char *id, const char *name, struct err *e)
{
	char *dir = cli_session_dir(id), *path = xasprintf("%s/%s", dir, name);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat sb;

	if (fd < 0) {
		err_sys(e, errno, "cannot read %s", path);
	} else if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode)) {
		err_set(e, ERR_CORRUPT, "%s is not a file; move it "
		    "away", path);
		close(fd);
		fd = -1;
	}
	free(path);
	free(dir);
	return fd;
}

enum cli_session
cli_session_state(const char *id)
{
	enum cli_session st = SESSION_CUT;
	struct err e = { 0 };
	int fd = cli_session_open(id, "journal.jsonl", &e);

	if (fd < 0 && e.code == ERR_CORRUPT)
		return SESSION_DAMAGED;
	if (fd < 0) /* or git alone has it */
		return e.code == ERR_NOT_FOUND ? SESSION_ENDED :
		    SESSION_HIDDEN;
	/* Who writes it holds the lock (store/journal.c). */
	if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		st = SESSION_LIVE;
	else if (ends(fd))
		st = SESSION_ENDED;
	close(fd);
	return st;
}

char *
cli_session_sandbox(const char *id)
{
	struct event_reader r = { .fd = cli_session_open(id, "journal.jsonl",
	    NULL) };
	char *name = NULL;
	struct event_buf eb = { 0 };
	struct event ev;
	const char *p;
	size_t n;

	if (r.fd >= 0 && event_next(&r, &p, &n, NULL) == EVENT_WHOLE &&
	    event_decode(p, n, &eb, &ev, NULL) &&
	    ev.type == EV_SESSION_START && ev.u.session.sandbox != NULL)
		name = xstrdup(ev.u.session.sandbox);
	event_buf_free(&eb);
	event_reader_free(&r);
	if (r.fd >= 0)
		close(r.fd);
	return name != NULL ? name : xstrdup("local");
}

static int
is_no_dot(const struct dirent *en)
{
	return en->d_name[0] != '.';
}

bool
cli_session_ids(char ***ids, size_t *n, struct err *e)
{
	char *data = cli_data_dir(), *dir = xasprintf("%s/sessions", data);
	struct dirent **names = NULL;
	/* Names begin with the time. */
	int found = scandir(dir, &names, is_no_dot, alphasort);
	bool ok = found >= 0 || errno == ENOENT;

	if (!ok)
		err_sys(e, errno, "cannot read %s", dir);
	*n = found > 0 ? (size_t)found : 0;
	*ids = xcalloc(*n + 1, sizeof **ids);
	for (size_t i = 0; i < *n; i++) {
		(*ids)[i] = xstrdup(names[i]->d_name);
		free(names[i]);
	}
	free(names);
	free(dir);
	free(data);
	return ok;
}

char *
cli_last_open(struct err *e)
{
	char **ids, *last = NULL;
	size_t n;

	if (cli_session_ids(&ids, &n, e))
		err_set(e, ERR_NOT_FOUND, "every session has ended; 'viva "
		    "demo' begins one");
	while (n-- > 0)
		if (last == NULL && cli_session_state(ids[n]) == SESSION_CUT)
			last = ids[n];
		else
			free(ids[n]);
	free(ids);
	return last;
}
