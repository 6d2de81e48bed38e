#ifndef SESSION_TESTRUN_VERDICT_H
#define SESSION_TESTRUN_VERDICT_H

/* What one program's end means.  For testrun.c only. */

#include "base/buf.h"
#include "session/testrun.h"

/* The command itself could not be run: the machine lacks it. */
bool verdict_missing(const struct testrun_spec *, const char *const *argv,
    const struct sandbox_exit *, const struct buf *errors, char *why,
    size_t n);
/* why: "" or what there is to say of it. */
enum verdict verdict_of(const struct testrun_spec *,
    const struct problem_case *, const struct sandbox_exit *,
    const struct buf *out, const struct buf *errors, char *why, size_t n);

#endif
