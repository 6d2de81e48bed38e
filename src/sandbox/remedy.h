#ifndef SANDBOX_REMEDY_H
#define SANDBOX_REMEDY_H

/* Why no sandbox can be started on this machine, and what to do about it. */

#include <stdbool.h>
#include <stddef.h>

struct remedy_facts {
	bool bwrap;		 /* the program is there */
	bool init;		 /* our own helper is there */
	int unprivileged_userns; /* kernel.unprivileged_userns_clone; -1 none */
	long max_user_namespaces; /* user.max_user_namespaces; -1 none */
	int apparmor_restrict; /* kernel.apparmor_restrict_unprivileged_userns
				* (Ubuntu 23.10 and later); -1 none */
	const char *said; /* what bwrap or the helper said; "" nothing */
};

void remedy_facts(struct remedy_facts *); /* of this machine; said is "" */
/* One line, the cause and the exact remedy. */
void remedy_text(const struct remedy_facts *, char *out, size_t n);

#endif
