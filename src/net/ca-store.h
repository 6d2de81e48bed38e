#ifndef NET_CA_STORE_H
#define NET_CA_STORE_H

/*
 * The certificates that vouch for servers.  Those of a whole system take 30 ms
 * and more to read, and libcurl reads them again for each connection it makes:
 * too long for the loop's thread.  So they are read once, in a thread of their
 * own, and shared by all connections.
 */

#include <stdbool.h>

struct ca_store;
/* Of a PEM file; begins to read it.  Lives as long as the process.  NULL:
 * this build, or libcurl's, has no OpenSSL; libcurl has to read the file. */
struct ca_store *ca_store_get(const char *file);
/* Can be read from as soon as the store is ready, and for ever after. */
int ca_store_fd(const struct ca_store *);
bool ca_store_ready(struct ca_store *);
/* The file, once it was read, had no certificate: it vouches for nobody. */
bool ca_store_empty(struct ca_store *);
/* An SSL_CTX * trusts what is in it. */
void ca_store_use(struct ca_store *, void *ssl_ctx);

#endif
