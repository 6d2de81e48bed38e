#include "config.h"

#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/ends.h"
#include "sandbox/modal.h"

#define STEP_US 100000
#define FIRST_US 1000000 /* what takes less is not shown */
#define STILL_US 3000000 /* without a byte: that is told */
#define LINE_MAX_COLUMNS 100
#define KEY_COLUMNS 2 /* "^C", as a terminal shows it */

struct progress {
	struct provider *provider;
	struct loop_timer *timer;
	bool terminal;
	bool moving;	 /* else something is waited for */
	int64_t begun;	 /* loop time; 0: nothing has moved yet */
	uint64_t before; /* bytes that were over then */
	uint64_t done;
	int64_t changed; /* loop time, of done */
	char line[LINE_MAX_COLUMNS + 1]; /* what is shown; "": nothing */
};

static void
hide(struct progress *p)
{
	if (p->line[0] == '\0')
		return;
	ends_blank(strlen(p->line));
	ends_clear(0);
	p->line[0] = '\0';
}

/* One that is wider than the terminal could not be rewritten. */
static void
show(struct progress *p, const char *line)
{
	struct winsize ws = { .ws_col = 0 };
	size_t shown = strlen(p->line), n = strlen(line);

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) != 0 || ws.ws_col == 0)
		ws.ws_col = 80;
	if (n + KEY_COLUMNS >= ws.ws_col)
		n = ws.ws_col > KEY_COLUMNS + 1 ? ws.ws_col - KEY_COLUMNS - 1u :
		    0;
	if (n == 0) {
		hide(p);
		return;
	}
	ends_clear(n > shown ? n : shown);
	fprintf(stderr, "\r%.*s%*s", (int)n, line, shown > n ?
	    (int)(shown - n) : 0, "");
	fflush(stderr);
	snprintf(p->line, sizeof p->line, "%.*s", (int)n, line);
}

static void
tell(struct progress *p, uint64_t all, int64_t now)
{
	char line[LINE_MAX_COLUMNS + 1];
	uint64_t moved = p->done > p->before ? p->done - p->before : 0;
	int n = snprintf(line, sizeof line, "viva: %llu of %llu bytes, %u %%",
	    (unsigned long long)p->done, (unsigned long long)all,
	    (unsigned)(p->done * 100 / all));

	if (now - p->changed >= STILL_US)
		snprintf(line + n, sizeof line - (size_t)n,
		    ", no answer for %lld s",
		    (long long)(now - p->changed) / 1000000);
	else
		snprintf(line + n, sizeof line - (size_t)n, ", %.1f MB/s",
		    (double)moved / (double)(now - p->begun));
	show(p, line);
}

static void
look(void *user)
{
	struct progress *p = user;
	int64_t now = loop_now(p->provider->loop);
	uint64_t done, all;
	bool moving;

	p->timer = loop_timer_add(p->provider->loop, STEP_US, look, p);
	modal_volume_progress(provider_modal(p->provider), &done, &all);
	moving = done < all;
	if (p->begun == 0 && moving) {
		p->begun = now;
		p->before = done;
	}
	if (done != p->done || !p->moving)
		p->changed = now;
	p->done = done;
	if (moving && !p->moving) {
		provider_waited(p->provider);
	} else if (!moving && p->moving) {
		hide(p);
		provider_wait(p->provider);
	}
	p->moving = moving;
	if (moving && p->terminal && now - p->begun >= FIRST_US)
		tell(p, all, now);
}

struct progress *
progress_begin(struct provider *provider)
{
	struct progress *p = xcalloc(1, sizeof *p);

	p->provider = provider;
	p->terminal = isatty(STDERR_FILENO);
	p->timer = loop_timer_add(provider->loop, STEP_US, look, p);
	provider_wait(provider);
	return p;
}

void
progress_end(struct progress *p)
{
	hide(p);
	provider_waited(p->provider);
	loop_timer_cancel(p->timer);
	free(p);
}
