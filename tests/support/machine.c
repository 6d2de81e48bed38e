#include "config.h"

#include "tests/support/machine.h"

#include <stdio.h>
#include <stdlib.h>

bool
machine_has_namespaces(void)
{
	if (system("bwrap --unshare-user --unshare-pid --unshare-net "
	    "--uid 1000 --gid 1000 --ro-bind / / --proc /proc --dev /dev "
	    "true") == 0)
		return true;
	fputs("skipped: this machine lets bubblewrap make no namespaces\n",
	    stderr);
	return false;
}
