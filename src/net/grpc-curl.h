#ifndef NET_GRPC_CURL_H
#define NET_GRPC_CURL_H

/* Shared by grpc-curl.c (exchanges) and grpc-curl-server.c (where they go, and
 * how libcurl is set up for it). */

#include <curl/curl.h>

#include "net/ca-store.h"
#include "net/wire.h"

/* TCP's keepalive begins after so many seconds without traffic, and HTTP/2's
 * comes each time they have passed. */
#define KEEPALIVE_S 30L
/* An idle connection is kept this long. */
#define IDLE_S 600L

struct curl_server {
	char *url;     /* without a path */
	char *ca_file; /* NULL: there are none */
	bool tls, local;
	bool one_shot; /* a connection for each exchange */
	struct ca_store *ca; /* NULL: libcurl reads ca_file */
};

bool curl_server_init(struct curl_server *, const struct grpc_spec *,
    struct err *) WARN_UNUSED;
void curl_server_free(struct curl_server *);
/* All that is the same for every exchange. */
void curl_server_set(const struct curl_server *, CURL *);

#endif
