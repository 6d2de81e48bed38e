#ifndef SUPPORT_MACHINE_H
#define SUPPORT_MACHINE_H

/* What this machine lets tests do. */

#include <stdbool.h>

/* Automake's exit status for a skipped test. */
#define TEST_SKIPPED 77

/* Whether bubblewrap itself, without anything of viva's, can make the
 * namespaces that the local sandbox needs.  Says it when it cannot. */
bool machine_has_namespaces(void);

#endif
