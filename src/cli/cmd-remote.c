#include "config.h"

/* viva sandboxes, viva volumes: what viva made at Modal, listed and cleaned
 * up.  Nothing is touched that does not have viva's own name, no volume whose
 * sandbox runs, and nothing without --yes. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/provider.h"
#include "sandbox/modal.h"

struct kind {
	const char *many, *verb, *done;
	void (*list)(struct modal *, const struct modal_list_watch *, void *);
	void (*remove)(struct modal *, const char *id,
	    void (*done)(void *user, const struct err *), void *user);
};

static const struct kind kinds[] = {
	{ "sandboxes", "end", "ended", modal_list_sandboxes,
	    modal_end_sandbox },
	{ "volumes", "delete", "deleted", modal_list_volumes,
	    modal_delete_volume } };

struct item {
	char *id, *name;
	int64_t created;
	bool used; /* a volume: by a sandbox that runs */
};

struct remote {
	const struct kind *kind;
	struct loop *loop;
	struct provider *provider;
	struct item *items;
	size_t n, cap, at;
	char **running; /* names of sandboxes, when volumes are listed */
	size_t nrunning, running_cap;
	bool remove, yes, ok;
	bool some; /* not all sandboxes that run are known */
	int64_t older; /* s */
};

/* By the server's clock where it tells; nothing is younger than new. */
static int64_t
age(const struct remote *r, const struct item *i)
{
	int64_t s = modal_now(provider_modal(r->provider)) - i->created;

	return s > 0 ? s : 0;
}

static bool
old_enough(const struct remote *r, size_t i)
{
	return r->remove && age(r, &r->items[i]) >= r->older;
}

static bool
chosen(const struct remote *r, size_t i)
{
	return old_enough(r, i) && !r->items[i].used;
}

static void
print_item(const struct remote *r, const struct item *i, const char *what)
{
	int64_t s = age(r, i);

	cli_print_clean(i->name[0] != '\0' ? i->name : i->id);
	printf("  %lldh%02lldm", (long long)(s / 3600),
	    (long long)(s / 60 % 60));
	if (what != NULL)
		printf("  %s", what);
	putchar('\n');
}

static void
failed(struct remote *r, const struct err *e)
{
	cli_fail(e);
	r->ok = false;
}

static const char in_use[] = "in use by a sandbox that runs";

static void remove_next(struct remote *);

static void
on_removed(void *user, const struct err *e)
{
	struct remote *r = user;

	if (e != NULL)
		failed(r, e);
	else
		print_item(r, &r->items[r->at], r->kind->done);
	r->at++;
	remove_next(r);
}

/* One after the other: it is not a race. */
static void
remove_next(struct remote *r)
{
	for (; r->at < r->n && !chosen(r, r->at); r->at++)
		if (old_enough(r, r->at))
			print_item(r, &r->items[r->at], in_use);
	if (r->at == r->n) {
		loop_stop(r->loop);
		return;
	}
	provider_wait(r->provider);
	r->kind->remove(provider_modal(r->provider), r->items[r->at].id,
	    on_removed, r);
}

static void
on_item(void *user, const struct modal_item *from)
{
	struct remote *r = user;
	struct item *i;

	GROW(r->items, r->n, r->cap);
	i = &r->items[r->n++];
	i->id = xstrdup(from->id);
	i->name = xstrdup(from->name != NULL ? from->name : "");
	i->created = from->created;
	i->used = false;
	for (size_t k = 0; k < r->nrunning && !i->used; k++)
		i->used = strcmp(r->running[k], i->name) == 0;
}

/* Also when there is nothing to be touched. */
static void
dry_run(const struct remote *r, size_t n)
{
	bool used = false;

	for (size_t i = 0; i < r->n; i++) {
		print_item(r, &r->items[i], r->items[i].used ? in_use :
		    !chosen(r, i) ? NULL :
		    r->kind->verb[0] == 'e' ? "would end" : "would delete");
		used |= old_enough(r, i) && r->items[i].used;
	}
	if (r->n == 0)
		printf("no %s of viva\n", r->kind->many);
	else if (n > 0)
		printf("nothing was touched; with --yes viva will %s "
		    "%zu of them\n", r->kind->verb, n);
	else if (used)
		printf("nothing was touched: 'viva sandboxes --end' ends what "
		    "uses them\n");
	else if (r->remove)
		printf("nothing was touched: none is so old\n");
}

static void
on_listed(void *user, const struct err *e)
{
	struct remote *r = user;
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += chosen(r, i);
	if (e != NULL) {
		failed(r, e);
		loop_stop(r->loop);
	} else if (r->yes && n > 0) {
		remove_next(r);
	} else {
		dry_run(r, n);
		loop_stop(r->loop);
	}
}

static const struct modal_list_watch watch_items = { on_item, on_listed };

static void
on_running(void *user, const struct modal_item *from)
{
	struct remote *r = user;

	if (from->name == NULL || from->name[0] == '\0')
		return;
	GROW(r->running, r->nrunning, r->running_cap);
	r->running[r->nrunning++] = xstrdup(from->name);
}

static void
on_running_listed(void *user, const struct err *e)
{
	struct remote *r = user;

	if (e != NULL) {
		on_listed(r, e);
		return;
	}
	if (r->some && r->remove)
		fputs("viva: Modal does not list the sandboxes of other apps; "
		    "a volume that one of them uses is not told from others\n",
		    stderr);
	r->kind->list(provider_modal(r->provider), &watch_items, r);
}

/* A volume has the name of the sandbox that it is in. */
static void
list(struct remote *r)
{
	static const struct modal_list_watch watch_running = { on_running,
		on_running_listed };
	struct modal *m = provider_modal(r->provider);

	provider_wait(r->provider);
	if (r->kind->list == modal_list_volumes)
		modal_list_users(m, &watch_running, &r->some, r);
	else
		r->kind->list(m, &watch_items, r);
}

static void
forget(struct remote *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->items[i].id);
		free(r->items[i].name);
	}
	free(r->items);
	for (size_t i = 0; i < r->nrunning; i++)
		free(r->running[i]);
	free(r->running);
}

static int
remote(struct remote *r)
{
	struct err e = { 0 };

	r->ok = true;
	r->loop = loop_create(clock_system(), waiter_poll());
	r->provider = provider_open("modal", r->loop, &e);
	if (r->provider == NULL) {
		failed(r, &e);
	} else {
		list(r);
		loop_run(r->loop);
		r->provider->close(r->provider);
	}
	loop_destroy(r->loop);
	forget(r);
	return r->ok ? 0 : 1;
}

static int
usage(const struct kind *k)
{
	fprintf(stderr, "usage: viva %s [--%s [--older HOURS] [--yes]]\n%s",
	    k->many, k->verb, k->list != modal_list_volumes ? "" :
	    "       viva volumes files|get|put|remove VOLUME ...\n");
	return 2;
}

static int
command(const struct kind *k, int argc, char **argv)
{
	const struct option options[] = { { k->verb, no_argument, NULL, 'r' },
		{ "older", required_argument, NULL, 'o' },
		{ "yes", no_argument, NULL, 'y' }, { NULL, 0, NULL, 0 } };
	struct remote r = { .kind = k };
	char *end;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 'r') {
			r.remove = true;
		} else if (o == 'y') {
			r.yes = true;
		} else if (o == 'o') {
			double hours = strtod(optarg, &end);

			if (end == optarg || *end != '\0' || !(hours >= 0 &&
			    hours < 1e6))
				return usage(k);
			r.older = (int64_t)(hours * 3600);
		} else {
			return usage(k);
		}
	}
	return optind == argc ? remote(&r) : usage(k);
}

int
cmd_sandboxes(int argc, char **argv)
{
	return command(&kinds[0], argc, argv);
}

int
cmd_volumes(int argc, char **argv)
{
	int status;

	return cmd_volume_files(argc, argv, &status) ? status :
	    command(&kinds[1], argc, argv);
}
