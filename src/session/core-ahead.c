#include "config.h"

/*
 * What was typed for files that were still on their way when viva was killed.
 * The editor keeps it as keys and has it recorded as such (file.ahead); it
 * gets it back when it is there again, and the files are asked for once more.
 */

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session/core-files.h"

#define AHEAD_MAX (1u << 20) /* bytes; the editor keeps less */

static struct ahead *
find(struct core *c, const char *path)
{
	for (size_t i = 0; i < c->nahead; i++)
		if (strcmp(c->ahead[i].path, path) == 0)
			return &c->ahead[i];
	return NULL;
}

static void
add(struct core *c, const char *path, struct bytes keys)
{
	struct ahead *a = find(c, path);

	if (a == NULL) {
		GROW(c->ahead, c->nahead, c->ahead_cap);
		a = &c->ahead[c->nahead++];
		*a = (struct ahead){ .path = xstrdup(path) };
	}
	if (a->keys.len + keys.n <= AHEAD_MAX)
		buf_add(&a->keys, keys.p, keys.n);
}

static void
drop(struct core *c, struct ahead *a)
{
	if (a == NULL)
		return;
	free(a->path);
	buf_free(&a->keys);
	*a = c->ahead[--c->nahead];
}

void
core_ahead_finish(struct core *c)
{
	loop_timer_cancel(c->ahead_timer);
	c->ahead_timer = NULL;
	while (c->nahead > 0)
		drop(c, &c->ahead[0]);
	free(c->ahead);
	c->ahead = NULL;
	c->ahead_cap = 0;
}

void
core_ahead_fold(struct core *c, const struct event *ev)
{
	if (ev->type == EV_QUESTION_START)
		core_ahead_finish(c);
	/* What is given back by us was typed before. */
	else if (ev->type == EV_FILE_AHEAD && ev->origin == ORIGIN_CANDIDATE &&
	    ev->u.file.path != NULL)
		add(c, ev->u.file.path, ev->u.file.content);
	else if ((ev->type == EV_FILE_OPEN || (ev->type == EV_FILE_OPENING &&
	    ev->u.file.why != NULL)) && ev->u.file.path != NULL)
		drop(c, find(c, ev->u.file.path));
}

static void
emit(struct core *c, const char *path, struct bytes keys,
    enum event_origin by)
{
	struct event ev = core_event(EV_FILE_AHEAD, by);

	ev.u.file.path = path;
	ev.u.file.content = keys;
	core_emit(c, &ev);
}

void
file_ahead(struct core *c, const struct command *cmd)
{
	if (core_opening(c, cmd->path))
		emit(c, cmd->path, (struct bytes){ cmd->data, cmd->len },
		    ORIGIN_CANDIDATE);
}

void
core_ahead_now(struct core *c)
{
	for (size_t i = 0; i < c->nahead; i++)
		emit(c, c->ahead[i].path, (struct bytes){
		    c->ahead[i].keys.data, c->ahead[i].keys.len },
		    ORIGIN_SYSTEM);
	core_ahead_finish(c);
}

static void
give_back(void *user)
{
	struct core *c = user;

	c->ahead_timer = NULL;
	core_ahead_now(c);
}

void
core_ahead_again(struct core *c)
{
	if (c->nahead > 0)
		c->ahead_timer = loop_timer_add(c->loop, 0, give_back, c);
}
