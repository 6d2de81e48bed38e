#include "config.h"

#include "cli/provider.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/mem.h"
#include "cli/modal-settings.h"

#define LEAVE_US 15000000 /* the last sync and the end of a sandbox */

struct provider {
	const char *name;
	struct loop *loop;
	struct modal_config config;
	struct modal_settings settings;
	struct modal *modal; /* NULL: local */
};

static bool
open_modal(struct provider *p, struct err *e)
{
	/* No core file, and no other program of this user, gets the token. */
	prctl(PR_SET_DUMPABLE, 0);
	if (!modal_settings_load(&p->settings, e) ||
	    !modal_config_load(&p->config, e))
		return false;
	modal_config_forget_environment();
	if (!modal_config_ready(&p->config, e))
		return false;
	p->modal = modal_create(p->loop, &p->config, &p->settings.options, e);
	return p->modal != NULL;
}

struct provider *
provider_open(const char *name, struct loop *loop, struct err *e)
{
	struct provider *p = xcalloc(1, sizeof *p);
	bool ok = false;

	p->loop = loop;
	if (strcmp(name, "local") == 0) {
		p->name = "local";
		ok = true;
	} else if (strcmp(name, "modal") == 0) {
		p->name = "modal";
		ok = open_modal(p, e);
	} else {
		err_set(e, ERR_INVALID, "no sandbox '%.40s'; there are local "
		    "and modal", name);
	}
	if (ok)
		return p;
	provider_close(p);
	return NULL;
}

static void
stop(void *user)
{
	*(bool *)user = true;
}

void
provider_close(struct provider *p)
{
	bool late = false;
	struct loop_timer *t;

	if (p == NULL)
		return;
	if (p->modal != NULL) {
		t = loop_timer_add(p->loop, LEAVE_US, stop, &late);
		while (modal_busy(p->modal) && !late)
			loop_turn(p->loop, -1);
		if (!late)
			loop_timer_cancel(t);
		modal_destroy(p->modal);
	}
	modal_settings_finish(&p->settings);
	modal_config_finish(&p->config);
	free(p);
}

const char *
provider_name(const struct provider *p)
{
	return p->name;
}

struct sandbox *
provider_sandbox(struct provider *p, struct loop *loop,
    const struct sandbox_spec *spec, const struct sandbox_watch *watch,
    void *user)
{
	return p->modal != NULL ? modal_sandbox(p->modal, spec, watch, user) :
	    sandbox_local_create(loop, spec, watch, user);
}

struct modal *
provider_modal(struct provider *p)
{
	return p->modal;
}
