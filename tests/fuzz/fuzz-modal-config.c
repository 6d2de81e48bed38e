#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/modal-config.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct modal_config c;
	struct err e = { 0 };

	if (modal_config_parse(&c, "modal.toml", (const char *)data, n, &e))
		modal_config_finish(&c);
	else if (strncmp(e.msg, "modal.toml:", 11) != 0)
		abort();
	return 0;
}
