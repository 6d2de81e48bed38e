#include "config.h"

#include "cli/ends.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
static char *volatile doomed;
static volatile sig_atomic_t columns;
static bool caught;

/* Of write(2) only, as a signal's handler may be here; blanks do it on every
 * terminal. */
void
ends_blank(size_t n)
{
	static const char blanks[] = "                                        "
	    "                                        ";
	size_t some;

	if (write(STDERR_FILENO, "\r", 1) < 0)
		return;
	for (; n > 0; n -= some) {
		some = n < sizeof blanks - 1 ? n : sizeof blanks - 1;
		if (write(STDERR_FILENO, blanks, some) < 0)
			return;
	}
	if (write(STDERR_FILENO, "\r", 1) < 0)
		return;
}

static void
on_end(int sig)
{
	char *path = doomed;

	if (path != NULL)
		unlink(path);
	/* And what the terminal shows of the key, "^C". */
	if (columns > 0)
		ends_blank((size_t)columns + 2);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
catch_ends(void)
{
	struct sigaction sa, old;

	if (caught)
		return;
	caught = true;
	memset(&sa, 0, sizeof sa);
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = on_end;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (sigaction(ends[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_DFL)
			sigaction(ends[i], &sa, NULL);
}

void
ends_remove(char *path)
{
	if (path != NULL)
		catch_ends();
	doomed = path;
}

void
ends_clear(size_t n)
{
	if (n > 0)
		catch_ends();
	columns = (sig_atomic_t)n;
}
