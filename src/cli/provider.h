#ifndef CLI_PROVIDER_H
#define CLI_PROVIDER_H

/* Where the sandboxes of a session come from, by name. */

#include "sandbox/sandbox.h"

struct provider;
/* "local" or "modal".  NULL: e says what is missing and what to do. */
struct provider *provider_open(const char *name, struct loop *, struct err *)
    WARN_UNUSED;
/* Turns the loop until sandboxes far away have been sent off, for a while. */
void provider_close(struct provider *);
const char *provider_name(const struct provider *);
/* As core_spec.sandbox; user is the provider. */
struct sandbox *provider_sandbox(struct provider *, struct loop *,
    const struct sandbox_spec *, const struct sandbox_watch *, void *user);
/* The account; NULL when it is local. */
struct modal *provider_modal(struct provider *);

#endif
