#include "config.h"

#include "cli/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/modal-settings.h"
#include "session/testrun-web.h"

#define LEAVE_US 15000000 /* the last sync and the end of a sandbox */
#define TELL_US 1000000	  /* then it is said what is waited for */
#define WAIT_US 2000000	  /* the same where an answer takes some time */

struct account {
	struct provider base;
	struct modal_config config;
	struct modal_settings settings;
	struct modal *modal;
	struct loop_timer *wait;
};

static void
stop(void *user)
{
	*(bool *)user = true;
}

/* Turns the loop while sandboxes are being sent off; false: it takes longer
 * than that. */
static bool
sent_off(struct account *a, int64_t us)
{
	bool late = false;
	struct loop_timer *t = loop_timer_add(a->base.loop, us, stop, &late);

	while (modal_busy(a->modal) && !late)
		loop_turn(a->base.loop, -1);
	if (!late)
		loop_timer_cancel(t);
	return !late;
}

/* What runs on costs money, and what is not on the volume is not where its
 * owner looks for it. */
static bool
last_words(const struct modal_left *l)
{
	if (l->unsynced[0] != '\0') {
		fputs("viva: what was saved last may not be on the volume (",
		    stdout);
		cli_print_clean(l->unsynced);
		puts("); what you typed is in the record");
	}
	if (l->sandboxes > 0)
		printf("viva: %u sandbox%s at Modal could not be ended and "
		    "will run until the timeout; when Modal can be reached, "
		    "'viva sandboxes --end' shows what runs\n", l->sandboxes,
		    l->sandboxes == 1 ? "" : "es");
	return l->unsynced[0] == '\0' && l->sandboxes == 0;
}

static bool
leave(struct account *a)
{
	struct modal_left left;

	if (!sent_off(a, TELL_US)) {
		puts("ending the sandbox at Modal ...");
		fflush(stdout);
		sent_off(a, LEAVE_US - TELL_US);
	}
	modal_left(a->modal, &left);
	modal_destroy(a->modal);
	return last_words(&left);
}

static bool
close_account(struct provider *p)
{
	struct account *a = CONTAINER_OF(p, struct account, base);
	bool ok;

	provider_waited(p);
	ok = a->modal == NULL || leave(a);
	testweb_destroy(p->web);
	modal_settings_finish(&a->settings);
	modal_config_finish(&a->config);
	free(a);
	return ok;
}

static void
on_wait(void *user)
{
	struct account *a = user;

	a->wait = NULL;
	fprintf(stderr, "viva: waiting for an answer from %s ...\n",
	    a->config.server_url);
}

void
provider_waited(struct provider *p)
{
	struct account *a = CONTAINER_OF(p, struct account, base);

	loop_timer_cancel(a->wait);
	a->wait = NULL;
}

void
provider_wait(struct provider *p)
{
	struct account *a = CONTAINER_OF(p, struct account, base);

	provider_waited(p);
	a->wait = loop_timer_add(p->loop, WAIT_US, on_wait, a);
}

static void
tell_files(struct provider *p, const char *session)
{
	struct account *a = CONTAINER_OF(p, struct account, base);

	if (a->settings.options.ephemeral)
		puts("your files: the record has them, as the volume went "
		    "with the session");
	else
		printf("your files: at Modal, a volume for each question: "
		    "%s-%s-q1 ...\n", a->config.volume_namespace, session);
}

static struct sandbox *
make_sandbox(struct provider *p, const struct sandbox_spec *spec,
    const struct sandbox_watch *watch, void *user)
{
	return modal_sandbox(provider_modal(p), spec, watch, user);
}

/* A copy, which is nowhere else then; the environment of this process can be
 * read by others, and its children have it. */
static char *
take_variable(const char *name)
{
	char *value = getenv(name), *copy = xstrdup(value != NULL ? value :
	    "");

	if (value != NULL)
		explicit_bzero(value, strlen(value));
	unsetenv(name);
	return copy;
}

static void
wipe(char *text)
{
	explicit_bzero(text, strlen(text));
	free(text);
}

/* MODAL_KEY and MODAL_SECRET are taken also when nothing uses them. */
static bool
open_web(struct account *a, struct err *e)
{
	const char *url = getenv("MODAL_EXECUTE_URL");
	char *key = take_variable("MODAL_KEY");
	char *secret = take_variable("MODAL_SECRET");
	struct testweb_spec spec = { .url = url, .key = key,
		.secret = secret, .ca_file = a->settings.options.ca_file };
	bool wanted = url != NULL && url[0] != '\0';

	if (wanted)
		a->base.web = testweb_create(a->base.loop, &spec, e);
	wipe(key);
	wipe(secret);
	return !wanted || a->base.web != NULL;
}

static bool
open_account(struct account *a, struct err *e)
{
	/* No core file, and no other program of this user, gets the token. */
	prctl(PR_SET_DUMPABLE, 0);
	if (!modal_settings_load(&a->settings, e) ||
	    !modal_config_load(&a->config, e))
		return false;
	modal_config_forget_environment();
	if (!open_web(a, e) || !modal_config_ready(&a->config, e))
		return false;
	a->modal = modal_create(a->base.loop, &a->config,
	    &a->settings.options, e);
	return a->modal != NULL;
}

struct provider *
provider_open_modal(struct loop *loop, struct err *e)
{
	struct account *a = xcalloc(1, sizeof *a);

	a->base = (struct provider){ "modal", loop, make_sandbox,
		close_account, tell_files, NULL };
	if (open_account(a, e))
		return &a->base;
	close_account(&a->base);
	return NULL;
}

struct modal *
provider_modal(struct provider *p)
{
	return CONTAINER_OF(p, struct account, base)->modal;
}

const char *
provider_warning(struct provider *p)
{
	return CONTAINER_OF(p, struct account, base)->config.warning;
}

void
provider_need_modal(char **argv)
{
	(void)argv; /* this is it */
}
