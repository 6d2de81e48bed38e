#include "config.h"

/*
 * Puts files on a volume, one for each line that it reads: its bytes come of
 * that number, as put-speed makes them too.
 *
 *	fake-modal -- put MIB
 *
 * Prints the milliseconds of each, and how much more than the file itself
 * this process ever had in memory, in KiB.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "sandbox/modal-store.h"

#define MIB ((size_t)1 << 20)
#define PATIENCE_US 120000000

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
fill(char *data, size_t n, unsigned long seed)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		uint64_t x = (uint64_t)(i / 8 + 1) * (2 * seed + 1);

		memcpy(data + i, &x, sizeof x);
	}
}

static void
put(struct modal *m, char *data, size_t n, unsigned long seed)
{
	char path[40];
	struct fs_request q = { .op = FS_PUT, .path = path, .data = data,
		.n = n };
	struct rusage use;
	int64_t begun;

	snprintf(path, sizeof path, "speed %lu", seed);
	fill(data, n, seed);
	done = false;
	begun = clock_mono(clock_system());
	store_run(m, volume_id, &q, on_put, NULL);
	UNTIL(done);
	getrusage(RUSAGE_SELF, &use);
	printf("%.1f %ld\n", (double)(clock_mono(clock_system()) - begun) /
	    1000, use.ru_maxrss - (long)(n / 1024));
	fflush(stdout);
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
	char *data = xmalloc(n), line[40];

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
		put(m, data, n, strtoul(line, NULL, 10));
	modal_destroy(m);
	modal_config_finish(&config);
	loop_destroy(loop);
	free(volume_id);
	free(data);
	return 0;
}
