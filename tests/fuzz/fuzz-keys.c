#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "ui/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Whatever is decoded has a name that parses back to the same key. */
static void
check(const struct input *in)
{
	struct key again;
	char name[32];

	if (in->kind != INPUT_KEY)
		return;
	key_name(&in->key, name);
	if (!key_parse(name, &again) || again.code != in->key.code ||
	    again.mods != in->key.mods)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct keys *k = keys_create();
	size_t chunk = n > 0 ? data[0] % 7 + 1 : 1, len;
	struct input in;

	for (size_t off = 0; off < n; off += len) {
		len = n - off < chunk ? n - off : chunk;
		keys_feed(k, data + off, len);
		while (keys_next(k, off % 5 == 4, &in))
			check(&in);
	}
	while (keys_next(k, true, &in))
		check(&in);
	if (keys_pending(k))
		abort();
	keys_destroy(k);
	return 0;
}
