#include "config.h"

/* The message that makes a sandbox, for both generations. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/modal-internal.h"

#define NAME_MAX_LEN 60 /* Modal takes 64 */
/* A judge runs one submission; what is left of one after viva was killed is
 * gone soon. */
#define JUDGE_S 1800

/* PREFIX-SESSION-QUESTION out of …/SESSION/QUESTION. */
char *
create_name(const char *space, const char *workspace)
{
	const char *end = workspace + strlen(workspace), *p;
	char *name;
	int parts = 0;

	while (end > workspace && end[-1] == '/')
		end--;
	for (p = end; p > workspace; p--)
		if (p[-1] == '/' && ++parts == 2)
			break;
	name = xasprintf("%s-%.*s", space, (int)(end - p), p);
	for (char *c = name; *c != '\0'; c++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
		    "WXYZ0123456789-_.", *c) == NULL)
			*c = '-';
	if (strlen(name) > NAME_MAX_LEN)
		name[NAME_MAX_LEN] = '\0';
	return name;
}

static void
network(const struct box *b, CLIENT(NetworkAccess) *a)
{
	const struct modal_options *o = &b->m->opt;

	if (b->judge || (!o->network && o->domains == NULL)) {
		a->network_access_type =
		    MODAL__CLIENT__NETWORK_ACCESS_TYPE__NETWORK_ACCESS_BLOCKED;
	} else if (o->network) {
		a->network_access_type =
		    MODAL__CLIENT__NETWORK_ACCESS_TYPE__NETWORK_ACCESS_OPEN;
	} else {
		a->network_access_type =
		MODAL__CLIENT__NETWORK_ACCESS_TYPE__NETWORK_ACCESS_ALLOWLIST;
		a->allowed_domains = (char **)o->domains;
		while (o->domains[a->n_allowed_domains] != NULL)
			a->n_allowed_domains++;
	}
}

static void
definition(const struct box *b, CLIENT(Sandbox) *d)
{
	const struct modal_options *o = &b->m->opt;

	d->image_id = b->m->image_id;
	d->resources->memory_mb = o->memory_mb;
	d->resources->milli_cpu = o->cpu_milli;
	d->timeout_secs = b->judge && o->timeout > JUDGE_S ? JUDGE_S :
	    o->timeout;
	d->idle_timeout_secs = o->idle_timeout;
	network(b, d->network_access);
	if (!b->judge)
		d->name = b->name;
}

void
create_request(const struct box *b, struct buf *out)
{
	static char *const command[] = { (char *)"sleep", (char *)"infinity" };
	CLIENT(SandboxCreateV2Request) v2 = CLIENT_INIT(
	    SANDBOX_CREATE_V2_REQUEST);
	CLIENT(SandboxCreateRequest) v1 = CLIENT_INIT(SANDBOX_CREATE_REQUEST);
	CLIENT(Sandbox) d = CLIENT_INIT(SANDBOX);
	CLIENT(Resources) r = CLIENT_INIT(RESOURCES);
	CLIENT(GPUConfig) gpu = CLIENT_INIT(GPUCONFIG);
	CLIENT(NetworkAccess) access = CLIENT_INIT(NETWORK_ACCESS);
	CLIENT(VolumeMount) mount = CLIENT_INIT(VOLUME_MOUNT);
	CLIENT(VolumeMount) *mounts = &mount;
	CLIENT(SandboxTag) tag = CLIENT_INIT(SANDBOX_TAG);
	CLIENT(SandboxTag) *tags = &tag;

	tag.tag_name = (char *)TAG_VIVA;
	tag.tag_value = (char *)(b->judge ? "judge" : "session");
	r.gpu_config = &gpu; /* empty, as all clients send it */
	d.resources = &r;
	d.network_access = &access;
	d.entrypoint_args = (char **)command;
	d.n_entrypoint_args = ARRAY_LEN(command);
	definition(b, &d);
	if (b->volume_id != NULL) {
		mount.volume_id = b->volume_id;
		mount.mount_path = (char *)WORKSPACE;
		mount.allow_background_commits = true;
		d.volume_mounts = &mounts;
		d.n_volume_mounts = 1;
	}
	v2.app_id = v1.app_id = b->m->app_id;
	v2.definition = v1.definition = &d;
	v2.tags = v1.tags = &tags;
	v2.n_tags = v1.n_tags = 1;
	if (b->v2)
		wire_pack(&v2.base, out);
	else
		wire_pack(&v1.base, out);
}
