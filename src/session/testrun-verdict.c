#include "config.h"

#include "session/testrun-verdict.h"

#include <stdio.h>
#include <string.h>

#include "problem/compare.h"

#define STATUS_NOT_FOUND 127 /* POSIX: the command was not found */

bool
verdict_missing(const struct testrun_spec *spec, const char *const *argv,
    const struct sandbox_exit *x, const struct buf *errors, char *why,
    size_t n)
{
	if (x->status != STATUS_NOT_FOUND || argv[0][0] != '/' ||
	    strncmp(buf_str(errors), argv[0], strlen(argv[0])) != 0)
		return false;
	snprintf(why, n, "%s is not there: apt-get install %s", argv[0],
	    spec->language->package);
	return true;
}

static enum verdict
failed(const struct testrun_spec *spec, const struct sandbox_exit *x,
    const struct buf *errors, char *why, size_t n)
{
	const char *memory = spec->language->out_of_memory;

	if (memory != NULL && strstr(buf_str(errors), memory) != NULL)
		return VERDICT_MLE;
	if (x->why[0] != '\0')
		snprintf(why, n, "%s", x->why);
	else if (x->status < 0)
		snprintf(why, n, "killed by signal %d (%s)", -x->status,
		    strsignal(-x->status));
	else
		snprintf(why, n, "exit status %d", x->status);
	return VERDICT_RTE;
}

enum verdict
verdict_of(const struct testrun_spec *spec, const struct problem_case *k,
    const struct sandbox_exit *x, const struct buf *out,
    const struct buf *errors, char *why, size_t n)
{
	struct err e = { 0 };

	why[0] = '\0';
	if (x->infra) {
		snprintf(why, n, "%s", x->why);
		return VERDICT_JE;
	}
	if (x->output_limit)
		return VERDICT_OLE;
	if (x->memory_limit) {
		snprintf(why, n, "%s", x->why);
		return VERDICT_MLE;
	}
	if (x->timed_out) {
		if (x->cpu_us < spec->problem->time_limit_ms * 1000)
			snprintf(why, n, "asleep, %.1f s in all",
			    (double)x->wall_us / 1e6);
		return VERDICT_TLE;
	}
	if (verdict_missing(spec, spec->language->run, x, errors, why, n))
		return VERDICT_JE;
	if (x->status != 0)
		return failed(spec, x, errors, why, n);
	if (compare(&k->rules, k->ans, k->ans_len, buf_str(out), out->len,
	    &e))
		return VERDICT_AC;
	snprintf(why, n, "%s", e.msg);
	return VERDICT_WA;
}
