#include "config.h"

#include "cli/provider.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct sandbox *
make_local(struct provider *p, const struct sandbox_spec *spec,
    const struct sandbox_watch *watch, void *user)
{
	return sandbox_local_create(p->loop, spec, watch, user);
}

static bool
close_local(struct provider *p)
{
	free(p);
	return true;
}

struct provider *
provider_open(const char *name, struct loop *loop, struct err *e)
{
	struct provider *p;

	if (strcmp(name, "modal") == 0)
		return provider_open_modal(loop, e);
	if (strcmp(name, "local") != 0) {
		err_set(e, ERR_INVALID, "no sandbox '%.40s'; there are local "
		    "and modal", name);
		return NULL;
	}
	p = xmalloc(sizeof *p);
	*p = (struct provider){ "local", loop, make_local, close_local, NULL,
		NULL };
	return p;
}
