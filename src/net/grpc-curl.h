#ifndef NET_GRPC_CURL_H
#define NET_GRPC_CURL_H

/* What all that is done over libcurl shares: grpc-curl.c (exchanges of gRPC),
 * https.c (plain requests), grpc-curl-server.c (where they go, and how libcurl
 * is set up for it), grpc-curl-loop.c (libcurl on the event loop). */

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
	/* For CURLOPT_CONNECT_TO: where it is said to be.  NULL: where its
	 * name says. */
	struct curl_slist *address;
	bool by_name; /* nobody is there: the name's own address all the same */
};

bool curl_server_init(struct curl_server *, const struct grpc_spec *,
    struct err *) WARN_UNUSED;
/* As init, but for https servers of any name: url is NULL. */
bool curl_server_any(struct curl_server *, const char *ca_file,
    struct err *) WARN_UNUSED;
void curl_server_free(struct curl_server *);
/* All that is the same for every exchange. */
void curl_server_set(const struct curl_server *, CURL *);
/* Of a handle that was set while it was to go to the address we were told. */
void curl_server_set_by_name(CURL *);

/* Does the URL begin with https://HOST, or with http:// and this machine? *e
 * never repeats it. */
bool curl_url_check(const char *url, bool *tls, bool *local, struct err *e);

/* Trying again does not change it: a certificate, a protocol. */
bool curl_hopeless(CURLcode, const char *why);
/* What to say of a failure; why: libcurl's own words, or "". */
void curl_words(const struct curl_server *, CURLcode, const char *why,
    char *to, size_t n);
/* The same where no answer has come yet on this connection. */
void curl_words_unheard(const struct curl_server *, CURLcode,
    const char *why, char *to, size_t n);

/* A multi handle that runs on the loop.  done comes once for each transfer
 * that has ended; it may remove, add and destroy. */
struct curl_loop;
struct curl_loop *curl_loop_create(struct loop *,
    void (*done)(void *user, CURL *, CURLcode), void *user);
CURLM *curl_loop_multi(struct curl_loop *);
/* Its easy handles are gone before. */
void curl_loop_destroy(struct curl_loop *);

#endif
