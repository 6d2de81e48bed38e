#ifndef TESTS_SUPPORT_PATIENCE_H
#define TESTS_SUPPORT_PATIENCE_H

#include <stdint.h>

/* So long a test waits for what has to happen, before it says "never".  No
 * wait is near to it but on a machine that gets a tenth of its processors. */
#define PATIENCE_US INT64_C(120000000)

#endif
