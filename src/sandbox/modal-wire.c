#include "config.h"

#include "sandbox/modal-wire.h"

#include <string.h>

void
wire_pack(const void *message, struct buf *out)
{
	const ProtobufCMessage *m = message;
	size_t n = protobuf_c_message_get_packed_size(m);

	buf_reserve(out, n);
	protobuf_c_message_pack(m, (uint8_t *)out->data + out->len);
	out->len += n;
	out->data[out->len] = '\0';
}

void *
wire_unpack(const ProtobufCMessageDescriptor *d, const char *p, size_t n)
{
	static const uint8_t none[1];

	return protobuf_c_message_unpack(d, NULL, n,
	    n > 0 ? (const uint8_t *)p : none);
}

void
wire_free(void *message)
{
	if (message != NULL)
		protobuf_c_message_free_unpacked(message, NULL);
}

void
wire_wipe(char *secret)
{
	/* An empty one is a constant. */
	if (secret != NULL && secret[0] != '\0')
		explicit_bzero(secret, strlen(secret));
}
