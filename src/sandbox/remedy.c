#include "config.h"

#include "sandbox/remedy.h"

#include <stdio.h>
#include <string.h>

static long
sysctl_value(const char *path)
{
	long value = -1;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return -1;
	if (fscanf(f, "%ld", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

void
remedy_facts(struct remedy_facts *f)
{
	memset(f, 0, sizeof *f);
	f->bwrap = f->init = true;
	f->said = "";
	f->unprivileged_userns = (int)sysctl_value(
	    "/proc/sys/kernel/unprivileged_userns_clone");
	f->max_user_namespaces =
	    sysctl_value("/proc/sys/user/max_user_namespaces");
	f->apparmor_restrict = (int)sysctl_value(
	    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
}

void
remedy_text(const struct remedy_facts *f, char *out, size_t n)
{
	if (!f->bwrap)
		snprintf(out, n, "bubblewrap is not installed: "
		    "apt-get install bubblewrap");
	else if (!f->init)
		snprintf(out, n, "viva-sandbox-init is not installed beside "
		    "viva: run make install again");
	else if (f->unprivileged_userns == 0)
		snprintf(out, n, "user namespaces are off for users: "
		    "sudo sysctl kernel.unprivileged_userns_clone=1");
	else if (f->max_user_namespaces == 0)
		snprintf(out, n, "user namespaces are off: "
		    "sudo sysctl user.max_user_namespaces=15000");
	else if (f->apparmor_restrict == 1)
		snprintf(out, n, "AppArmor keeps bwrap from making user "
		    "namespaces: sudo apt-get install apparmor-profiles && "
		    "sudo cp /usr/share/apparmor/extra-profiles/"
		    "bwrap-userns-restrict /etc/apparmor.d/ && "
		    "sudo apparmor_parser -r "
		    "/etc/apparmor.d/bwrap-userns-restrict");
	else if (strstr(f->said, "Operation not permitted") != NULL)
		snprintf(out, n, "this machine refuses namespaces (a container "
		    "without them?): %s; in Docker, run it with --security-opt "
		    "seccomp=unconfined --security-opt apparmor=unconfined "
		    "--security-opt systempaths=unconfined",
		    f->said);
	else
		snprintf(out, n, "the sandbox cannot start: %s",
		    f->said[0] != '\0' ? f->said : "it said nothing");
}
