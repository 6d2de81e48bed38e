#include "config.h"

/* Where exchanges go, and how libcurl is set up for it. */

#include "net/grpc-curl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define CONNECT_MS 10000L
#define ADDRESS_MS 3000L /* to the address we were told; then to the name */
#define KEEPALIVE_STEP_S 10L
/* A peer that acknowledges nothing for so long is gone. */
#define UNACKED_MS 20000
/* Bytes libcurl takes at once; it makes up to 100 such steps before it comes
 * back, and the keyboard waits for it. */
#define READ_SIZE 32768L

/* ---- options ---- */

/* Programs started in the sandbox must not inherit the connection. */
static curl_socket_t
open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *a)
{
	unsigned ms = UNACKED_MS;
	int fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);

	(void)user;
	(void)purpose;
	if (fd < 0)
		return CURL_SOCKET_BAD;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
	return fd;
}

static CURLcode
on_tls_context(CURL *easy, void *ssl_ctx, void *user)
{
	(void)easy;
	ca_store_use(user, ssl_ctx);
	return CURLE_OK;
}

static void
set_authorities(const struct curl_server *s, CURL *h)
{
	curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	if (s->ca == NULL) {
		curl_easy_setopt(h, CURLOPT_CAINFO, s->ca_file);
		return;
	}
	curl_easy_setopt(h, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, on_tls_context);
	curl_easy_setopt(h, CURLOPT_SSL_CTX_DATA, s->ca);
}

static void
set_tls(const struct curl_server *s, CURL *h)
{
	curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)(s->tls ?
	    CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, s->tls ? "https" : "http");
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (s->ca_file != NULL)
		set_authorities(s, h);
	if (s->one_shot) {
		curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(h, CURLOPT_FORBID_REUSE, 1L);
	} else {
		curl_easy_setopt(h, CURLOPT_PIPEWAIT, 1L);
	}
}

void
curl_server_set_by_name(CURL *h)
{
	curl_easy_setopt(h, CURLOPT_CONNECT_TO, NULL);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
}

void
curl_server_set(const struct curl_server *s, CURL *h)
{
	set_tls(s, h);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	/* Without it a cancelled call waits for its look-up of a name. */
	curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(h, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(h, CURLOPT_BUFFERSIZE, READ_SIZE);
	curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(h, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S);
	curl_easy_setopt(h, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_STEP_S);
	curl_easy_setopt(h, CURLOPT_MAXAGE_CONN, IDLE_S);
	curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	if (s->local)
		curl_easy_setopt(h, CURLOPT_PROXY, "");
	if (s->address != NULL && !s->by_name) {
		curl_easy_setopt(h, CURLOPT_CONNECT_TO, s->address);
		curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, ADDRESS_MS);
	}
}

/* ---- the library ---- */

/* libcurl has its own copies of headers and messages. */
static void
wiping_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *
wiping_realloc(void *p, size_t n)
{
	size_t had = p != NULL ? malloc_usable_size(p) : 0;
	void *more;

	if (p != NULL && n <= had)
		return p;
	more = malloc(n);
	if (more == NULL || p == NULL)
		return more;
	memcpy(more, p, had);
	wiping_free(p);
	return more;
}

static void
init(void)
{
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free,
	    wiping_realloc, strdup, calloc) != CURLE_OK)
		abort(); /* out of memory */
	/* A connection that is gone is an error of a call, not a signal. */
	signal(SIGPIPE, SIG_IGN);
}

/* ---- the server ---- */

static bool
is_this_machine(const char *host)
{
	struct in_addr a;

	return strcasecmp(host, "localhost") == 0 ||
	    strcmp(host, "[::1]") == 0 || (inet_pton(AF_INET, host, &a) == 1 &&
	    ntohl(a.s_addr) >> 24 == 127);
}

/* curl_url_set is content with fewer slashes. */
static bool
has_prefix(const char *url)
{
	size_t n = strncasecmp(url, "https://", 8) == 0 ? 8 :
	    strncasecmp(url, "http://", 7) == 0 ? 7 : 0;

	return n != 0 && url[n] != '/' && url[n] != '\0';
}

static bool
has_more(CURLU *u)
{
	static const CURLUPart parts[] = { CURLUPART_USER, CURLUPART_PASSWORD,
		CURLUPART_QUERY, CURLUPART_FRAGMENT, CURLUPART_PATH };
	char *text;
	bool more = false;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (curl_url_get(u, parts[i], &text, 0) == CURLUE_OK) {
			more = more || strcmp(text, "/") != 0;
			curl_free(text);
		}
	return more;
}

/* The text of what is wrong never repeats the URL, which may have a password
 * or a signature in it. */
static bool
check_scheme(CURLU *u, const char *url, bool *tls, bool *local, struct err *e)
{
	char *scheme = NULL, *host = NULL;
	bool ok = false;

	if (!has_prefix(url) ||
	    curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		err_set(e, ERR_INVALID, "the server's URL is not "
		    "https://HOST[:PORT]");
	else if (strcmp(scheme, "http") == 0 && !is_this_machine(host))
		err_set(e, ERR_INVALID, "the server's URL must begin with "
		    "https://: %s would see everything in the clear", host);
	else
		ok = true;
	*tls = ok && strcmp(scheme, "https") == 0;
	*local = ok && is_this_machine(host);
	curl_free(scheme);
	curl_free(host);
	return ok;
}

static CURLU *
new_url(void)
{
	CURLU *u = curl_url();

	if (u == NULL)
		abort(); /* out of memory */
	return u;
}

bool
curl_url_check(const char *url, bool *tls, bool *local, struct err *e)
{
	CURLU *u = new_url();
	bool ok = check_scheme(u, url, tls, local, e);

	curl_url_cleanup(u);
	return ok;
}

/* Only a scheme, a host and a port. */
static bool
check_url(struct curl_server *s, const char *url, struct err *e)
{
	CURLU *u = new_url();
	bool ok = check_scheme(u, url, &s->tls, &s->local, e);

	if (ok && has_more(u))
		ok = err_set(e, ERR_INVALID, "the server's URL has more in it "
		    "than https://HOST[:PORT]");
	curl_url_cleanup(u);
	return ok;
}

static bool
check_curl(const struct curl_server *s, struct err *e)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	if ((v->features & CURL_VERSION_HTTP2) == 0)
		return err_set(e, ERR_UNSUPPORTED,
		    "this libcurl (%s) has no HTTP/2", v->version);
	if ((v->features & CURL_VERSION_ASYNCHDNS) == 0)
		return err_set(e, ERR_UNSUPPORTED, "this libcurl (%s) waits "
		    "for every name it looks up", v->version);
	if (s->tls && s->ca_file != NULL && access(s->ca_file, R_OK) != 0)
		return err_sys(e, errno, "cannot read the certificates in %s",
		    s->ca_file);
	return true;
}

static bool
has_openssl(void)
{
	const char *tls = curl_version_info(CURLVERSION_NOW)->ssl_version;

	return tls != NULL && strncmp(tls, "OpenSSL/", 8) == 0;
}

static void
prepare(struct curl_server *s, const char *ca_file)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const curl_version_info_data *v;

	pthread_once(&once, init);
	v = curl_version_info(CURLVERSION_NOW);
	if (ca_file == NULL)
		ca_file = getenv("SSL_CERT_FILE"); /* as OpenSSL's clients */
	if (ca_file == NULL || ca_file[0] == '\0')
		ca_file = v->cainfo;
	*s = (struct curl_server){ .ca_file = ca_file != NULL ?
	    xstrdup(ca_file) : NULL };
}

static void
find_authorities(struct curl_server *s)
{
	if (s->tls && s->ca_file != NULL && has_openssl())
		s->ca = ca_store_get(s->ca_file);
}

/* With any host and port of the URL; what is no address is nothing. */
static void
take_address(struct curl_server *s, const char *address)
{
	char to[INET_ADDRSTRLEN + 4];
	struct in_addr a;

	if (!s->tls || address == NULL || inet_pton(AF_INET, address, &a) != 1)
		return;
	snprintf(to, sizeof to, "::%s:", address);
	s->address = curl_slist_append(NULL, to);
	if (s->address == NULL)
		abort(); /* out of memory */
}

bool
curl_server_init(struct curl_server *s, const struct grpc_spec *spec,
    struct err *e)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	prepare(s, spec->ca_file);
	if (!check_url(s, spec->url, e) || !check_curl(s, e)) {
		curl_server_free(s);
		return false;
	}
	find_authorities(s);
	take_address(s, spec->address);
	s->one_shot = !s->tls && v->version_num < 0x080000;
	s->url = xstrndup(spec->url, strcspn(spec->url + 8, "/") + 8);
	return true;
}

bool
curl_server_any(struct curl_server *s, const char *ca_file, struct err *e)
{
	prepare(s, ca_file);
	s->tls = true;
	if (!check_curl(s, e)) {
		curl_server_free(s);
		return false;
	}
	find_authorities(s);
	return true;
}

void
curl_server_free(struct curl_server *s)
{
	free(s->url);
	free(s->ca_file);
	curl_slist_free_all(s->address);
}

/* ---- failures ---- */

/* What OpenSSL says of an answer that is no TLS; it has no code of its own. */
static bool
speaks_no_tls(CURLcode rc, const char *why)
{
	return rc == CURLE_SSL_CONNECT_ERROR &&
	    (strstr(why, "wrong version number") != NULL ||
	    strstr(why, "http request") != NULL ||
	    strstr(why, "packet length too long") != NULL);
}

bool
curl_hopeless(CURLcode rc, const char *why)
{
	switch (rc) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_NOT_BUILT_IN:
	case CURLE_URL_MALFORMAT:
		return true;
	default:
		return speaks_no_tls(rc, why);
	}
}

/* The time is the machine's, not the loop's: it is what OpenSSL went by. */
static void
words_of_clock(const char *what, char *to, size_t n)
{
	time_t now = time(NULL);
	char text[32] = "nonsense";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm);
	snprintf(to, n, "the server's certificate %s by this machine's "
	    "clock, which says %s; set the clock if it is wrong", what, text);
}

/* OpenSSL's words are those of X509_verify_cert_error_string, behind
 * libcurl's; there are about 80 and these are what people meet. */
static bool
words_of_certificate(const char *why, char *to, size_t n)
{
	static const char before[] = "SSL certificate problem: ";
	const char *what = strncmp(why, before, sizeof before - 1) == 0 ?
	    why + sizeof before - 1 : why;

	if (strstr(what, "not yet valid") != NULL)
		words_of_clock("is not valid yet", to, n);
	else if (strstr(what, "has expired") != NULL)
		words_of_clock("has expired", to, n);
	else if (strstr(what, "signed certificate") != NULL ||
	    strstr(what, "issuer") != NULL ||
	    strstr(what, "first certificate") != NULL)
		snprintf(to, n, "nobody known here vouches for the server's "
		    "certificate (%.60s); if a server or proxy of your own "
		    "has it, name its authority's PEM file in SSL_CERT_FILE "
		    "or as ca-file", what);
	else if (strstr(what, "does not match") != NULL ||
	    strstr(what, "no alternative certificate") != NULL)
		snprintf(to, n, "the server's certificate is for another "
		    "name; is its URL right, or does a proxy or a network's "
		    "login page answer instead?");
	else
		return false;
	return true;
}

/* Nothing that such a file vouches for could ever be good. */
static bool
words_of_file(const struct curl_server *s, CURLcode rc, char *to, size_t n)
{
	if ((rc != CURLE_PEER_FAILED_VERIFICATION || s->ca == NULL ||
	    !ca_store_empty(s->ca)) && (rc != CURLE_SSL_CACERT_BADFILE ||
	    s->ca_file == NULL))
		return false;
	snprintf(to, n, "there is no certificate (PEM) in %.100s, which "
	    "ca-file or SSL_CERT_FILE names; name a file that has your "
	    "authority's, or none for the system's", s->ca_file);
	return true;
}

void
curl_words(const struct curl_server *s, CURLcode rc, const char *why,
    char *to, size_t n)
{
	if (words_of_file(s, rc, to, n))
		return;
	if (rc == CURLE_PEER_FAILED_VERIFICATION &&
	    words_of_certificate(why, to, n))
		return;
	if (rc == CURLE_GOT_NOTHING)
		why = "it closed the connection without an answer; a proxy is "
		    "in between, or it is the wrong server";
	snprintf(to, n, "%s", speaks_no_tls(rc, why) ? "this port does not "
	    "speak TLS, which https:// is; a proxy is in between, or it is "
	    "the wrong server" : why[0] != '\0' ? why :
	    curl_easy_strerror(rc));
}

/* A server that answers in HTTP/1.1 all the same is no case of its own for
 * libcurl: by who closes first, it is an empty reply or a broken pipe. */
void
curl_words_unheard(const struct curl_server *s, CURLcode rc,
    const char *why, char *to, size_t n)
{
	if (rc == CURLE_GOT_NOTHING || rc == CURLE_SEND_ERROR ||
	    rc == CURLE_RECV_ERROR)
		snprintf(to, n, "no answer in HTTP/2 came (%.80s): the "
		    "connection broke, or a proxy that does not speak HTTP/2 "
		    "is in between, or it is the wrong server",
		    why[0] != '\0' ? why : curl_easy_strerror(rc));
	else
		curl_words(s, rc, why, to, n);
}
