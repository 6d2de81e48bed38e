#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

/*
 * What a command that waits for Modal says on stderr meanwhile: who is waited
 * for, as provider_wait does, and where stderr is a terminal how far a
 * transfer is, on one line that is rewritten and goes in the end.
 */

#include "cli/provider.h"

struct progress;
/* Of what the account was just asked for. */
struct progress *progress_begin(struct provider *);
void progress_end(struct progress *);

#endif
