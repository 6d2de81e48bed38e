#include "config.h"

/*
 * Puts files on a volume, one for each line "put SEED" that it reads: the
 * file's bytes come of that number.  "plain SEED": such a file, with what
 * libcurl does alone: hashes, as URLs are asked for by them, and nothing but
 * PUTs between the two questions to the control plane.  Its bytes are in
 * memory.
 *
 *	fake-modal -- put MIB [CONNECTIONS]
 *
 * Prints of a put the milliseconds and the most memory that this process ever
 * had, in KiB; of plain ones the milliseconds of the PUTs alone, with the
 * questions, and with the hashes.
 */

#include <curl/curl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/modal-store.h"
#include "tests/modal/peak.h"
#include "tests/support/patience.h"

#define MIB ((size_t)1 << 20)

static struct loop *loop;
static char *volume_id;
static bool done;

#define UNTIL(cond)                                                      \
	for (int64_t end_ = clock_mono(clock_system()) + PATIENCE_US;    \
	    !(cond); loop_turn(loop, 100000))                            \
		if (clock_mono(clock_system()) > end_) {                 \
			fprintf(stderr, "put: never: %s\n", #cond);      \
			exit(1);                                         \
		}

static void
on_volume(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	CLIENT(VolumeGetOrCreateResponse) *r = NULL;

	(void)user;
	if (st->code == GRPC_OK)
		r = wire_unpack(CLIENT_DESC(volume_get_or_create_response),
		    reply, n);
	if (r == NULL) {
		fprintf(stderr, "put: no volume: %s\n", st->message);
		exit(1);
	}
	volume_id = xstrdup(r->volume_id);
	wire_free(r);
}

static void
on_put(void *user, struct fs_result *r)
{
	(void)user;
	if (!r->ok) {
		fprintf(stderr, "put: %s\n", r->err.msg);
		exit(1);
	}
	done = true;
}

/* Eight bytes that differ, then the same again: no block is like another. */
static void
fill(char *data, size_t at, size_t n, unsigned long seed)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		uint64_t x = (uint64_t)((at + i) / 8 + 1) * (2 * seed + 1);

		memcpy(data + i, &x, sizeof x);
	}
}

static double
ms_since(int64_t us)
{
	return (double)(clock_mono(clock_system()) - us) / 1000;
}

static void
put(struct modal *m, size_t n, unsigned long seed)
{
	char path[] = "/tmp/viva-put-XXXXXX", part[65536], name[40];
	int fd = mkstemp(path);
	int64_t begun;

	if (fd < 0 || unlink(path) != 0)
		exit(1);
	for (size_t at = 0; at < n; at += sizeof part) {
		fill(part, at, sizeof part, seed);
		if (write(fd, part, sizeof part) != (ssize_t)sizeof part)
			exit(1);
	}
	/* The disk is not still busy with it then. */
	if (fdatasync(fd) != 0)
		exit(1);
	snprintf(name, sizeof name, "speed %lu", seed);
	done = false;
	begun = clock_mono(clock_system());
	store_put(m, volume_id, name, fd, n, on_put, NULL);
	UNTIL(done);
	printf("%.1f %ld\n", ms_since(begun), peak_kib());
	fflush(stdout);
	close(fd);
}

/* ---- plain PUTs ---- */

#define BLOCKS_MAX 32

static struct {
	char *data;
	size_t n, nblocks;
	unsigned char hash[BLOCKS_MAX][32];
	char *url[BLOCKS_MAX];
	struct buf said[BLOCKS_MAX];
	size_t missing;
	bool answered;
	CURLM *multi;
} plain;

static void
on_asked(void *user, const struct grpc_status *st, const char *reply, size_t n)
{
	CLIENT(VolumePutFiles2Response) *r = NULL;

	(void)user;
	if (st->code == GRPC_OK)
		r = wire_unpack(CLIENT_DESC(volume_put_files2_response), reply,
		    n);
	if (r == NULL) {
		fprintf(stderr, "put: %s\n", st->message);
		exit(1);
	}
	plain.missing = r->n_missing_blocks;
	for (size_t i = 0; i < r->n_missing_blocks; i++)
		plain.url[r->missing_blocks[i]->block_index] =
		    xstrdup(r->missing_blocks[i]->put_url);
	wire_free(r);
	plain.answered = true;
}

static void
ask(struct modal *m, const char *name)
{
	CLIENT(VolumePutFiles2Request) q = CLIENT_INIT(
	    VOLUME_PUT_FILES2_REQUEST);
	CLIENT(VolumePutFile) file = CLIENT_INIT(VOLUME_PUT_FILE);
	CLIENT(VolumePutFile) *files = &file;
	CLIENT(VolumePutBlock) list[BLOCKS_MAX], *blocks[BLOCKS_MAX];

	for (size_t i = 0; i < plain.nblocks; i++) {
		blocks[i] = &list[i];
		CLIENT_BEGIN(volume_put_block)(&list[i]);
		list[i].contents_sha256.data = plain.hash[i];
		list[i].contents_sha256.len = 32;
		if (plain.said[i].len > 0) {
			list[i].uploaded_case = BLOCK_HAS_RESPONSE;
			list[i].put_response.data =
			    (uint8_t *)plain.said[i].data;
			list[i].put_response.len = plain.said[i].len;
		}
	}
	file.path = (char *)name;
	file.size = plain.n;
	file.blocks = blocks;
	file.n_blocks = plain.nblocks;
	q.volume_id = volume_id;
	q.files = &files;
	q.n_files = 1;
	plain.answered = false;
	account_call(m, CLIENT_PATH("VolumePutFiles2"), &q.base, 60000000,
	    on_asked, NULL);
	UNTIL(plain.answered);
}

static size_t
on_said(char *p, size_t size, size_t count, void *user)
{
	buf_add(user, p, size * count);
	return size * count;
}

static void
add(size_t i)
{
	CURL *h = curl_easy_init();

	curl_easy_setopt(h, CURLOPT_URL, plain.url[i]);
	curl_easy_setopt(h, CURLOPT_CAINFO, getenv("FAKE_MODAL_CA"));
	curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h, CURLOPT_POSTFIELDS, plain.data + i * BLOCK_SIZE);
	curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)
	    (plain.n - i * BLOCK_SIZE < BLOCK_SIZE ? plain.n - i * BLOCK_SIZE :
	    BLOCK_SIZE));
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, "PUT");
	curl_easy_setopt(h, CURLOPT_UPLOAD_BUFFERSIZE, 131072L);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_said);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, &plain.said[i]);
	curl_multi_add_handle(plain.multi, h);
}

static void
take_ends(void)
{
	CURLMsg *end;
	long status;
	int left;

	while ((end = curl_multi_info_read(plain.multi, &left)) != NULL) {
		CURL *h = end->easy_handle;

		status = 0;
		curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
		if (end->data.result != CURLE_OK || status != 200) {
			fprintf(stderr, "put: a plain PUT fails: %s, %ld\n",
			    curl_easy_strerror(end->data.result), status);
			exit(1);
		}
		curl_multi_remove_handle(plain.multi, h);
		curl_easy_cleanup(h);
	}
}

static void
put_plain(struct modal *m, unsigned long seed)
{
	int64_t hashed, begun, began;
	char name[40];
	double alone;
	int running = 1;

	fill(plain.data, 0, plain.n, seed);
	hashed = clock_mono(clock_system());
	for (size_t i = 0; i < plain.nblocks; i++) {
		size_t at = i * BLOCK_SIZE, n = plain.n - at;

		SHA256((unsigned char *)plain.data + at, n < BLOCK_SIZE ? n :
		    BLOCK_SIZE, plain.hash[i]);
		buf_clear(&plain.said[i]);
	}
	snprintf(name, sizeof name, "plain %lu", seed);
	begun = clock_mono(clock_system());
	ask(m, name);
	if (plain.missing != plain.nblocks)
		exit(1);
	began = clock_mono(clock_system());
	for (size_t i = 0; i < plain.nblocks; i++)
		add(i);
	while (running > 0) {
		curl_multi_perform(plain.multi, &running);
		take_ends();
		if (running > 0)
			curl_multi_poll(plain.multi, NULL, 0, 1000, NULL);
	}
	alone = ms_since(began);
	ask(m, name);
	if (plain.missing != 0)
		exit(1);
	printf("%.1f %.1f %.1f\n", alone, ms_since(begun), ms_since(hashed));
	fflush(stdout);
	for (size_t i = 0; i < plain.nblocks; i++)
		free(plain.url[i]);
}

static void
plain_init(size_t n, long connections)
{
	plain.n = n;
	plain.nblocks = (n + BLOCK_SIZE - 1) / BLOCK_SIZE;
	if (n == 0 || plain.nblocks > BLOCKS_MAX)
		exit(2);
	plain.data = xmalloc(n);
	plain.multi = curl_multi_init();
	curl_multi_setopt(plain.multi, CURLMOPT_MAX_HOST_CONNECTIONS,
	    connections);
	curl_multi_setopt(plain.multi, CURLMOPT_MAXCONNECTS, connections);
}

static void
order(struct modal *m, size_t n, long connections, const char *line)
{
	const char *seed = strchr(line, ' ');

	if (seed == NULL)
		exit(2);
	if (strncmp(line, "plain ", 6) != 0) {
		put(m, n, strtoul(seed, NULL, 10));
		return;
	}
	if (plain.multi == NULL)
		plain_init(n, connections);
	put_plain(m, strtoul(seed, NULL, 10));
}

int
main(int argc, char **argv)
{
	CLIENT(VolumeGetOrCreateRequest) q = CLIENT_INIT(
	    VOLUME_GET_OR_CREATE_REQUEST);
	size_t n = (argc > 1 ? strtoul(argv[1], NULL, 10) : 64) * MIB;
	struct modal_config config;
	struct modal_options options;
	struct err e = { 0 };
	struct modal *m = NULL;
	long connections = argc > 2 ? strtol(argv[2], NULL, 10) : 8;
	char line[40];

	loop = loop_create(clock_system(), waiter_poll());
	modal_options_init(&options);
	options.ca_file = getenv("FAKE_MODAL_CA");
	if (modal_config_load(&config, &e))
		m = modal_create(loop, &config, &options, &e);
	if (m == NULL) {
		fprintf(stderr, "put: %s\n", e.msg);
		return 1;
	}
	q.deployment_name = (char *)"viva-put-speed";
	q.object_creation_type = CREATE_IF_MISSING;
	q.version = MODAL__CLIENT__VOLUME_FS_VERSION__VOLUME_FS_V2;
	account_call(m, CLIENT_PATH("VolumeGetOrCreate"), &q.base, 10000000,
	    on_volume, NULL);
	UNTIL(volume_id != NULL);
	while (fgets(line, sizeof line, stdin) != NULL)
		order(m, n, connections, line);
	if (plain.multi != NULL)
		curl_multi_cleanup(plain.multi);
	for (size_t i = 0; i < plain.nblocks; i++)
		buf_free(&plain.said[i]);
	free(plain.data);
	modal_destroy(m);
	modal_config_finish(&config);
	loop_destroy(loop);
	free(volume_id);
	return 0;
}
