#include "config.h"

/* What a web function answers to a test run: hostile as it may be, it makes
 * an error that tells, or one result for each case. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "session/testrun-web.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "sample 1", "sample 2",
		"hidden 1" };
	struct testweb_result all[3];
	struct err e = { 0 };
	bool ok;

	memset(all, 0, sizeof all);
	ok = testweb_parse((const char *)data, n, names, 3, all, &e);
	if (!ok && e.msg[0] == '\0')
		abort();
	for (size_t i = 0; i < 3; i++) {
		if (ok && (!all[i].had || all[i].time_us < 0))
			abort();
		free(all[i].output);
		free(all[i].error);
	}
	return 0;
}
