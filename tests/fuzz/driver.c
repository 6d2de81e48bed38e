#include "config.h"

/*
 * Runs a fuzz target over files and directories of a corpus, so that every
 * corpus is a regression test without a fuzzer, and over changed copies of
 * each file: the same ones every time.  FUZZ_MUTATIONS says how many a file;
 * with FUZZ_SAVE=FILE the input that is being run is in FILE.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_MAX (1u << 20)
#define INPUT_SECONDS 30 /* beyond it an input hangs */
#define MUTATIONS 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static unsigned ran, mutations = MUTATIONS;
static uint64_t seed;

static void
save(const uint8_t *p, size_t n)
{
	const char *path = getenv("FUZZ_SAVE");
	FILE *f = path != NULL ? fopen(path, "wb") : NULL;

	if (f != NULL) {
		fwrite(p, 1, n, f);
		fclose(f);
	}
}

static void
run_bytes(const uint8_t *p, size_t n)
{
	/* An allocation of the exact size, so that ASan sees one byte more. */
	uint8_t *exact = malloc(n ? n : 1);

	if (exact == NULL)
		exit(1);
	memcpy(exact, p, n);
	save(p, n);
	alarm(INPUT_SECONDS);
	LLVMFuzzerTestOneInput(exact, n);
	alarm(0);
	free(exact);
	ran++;
}

/* xorshift64* */
static size_t
below(size_t n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return n > 0 ? (size_t)((seed * 0x2545f4914f6cdd1dULL) >> 33) % n : 0;
}

/* Puts n bytes of p in at a place; what is beyond INPUT_MAX is lost. */
static size_t
insert(uint8_t *data, size_t len, size_t at, const uint8_t *p, size_t n)
{
	if (len + n > INPUT_MAX)
		return len;
	memmove(data + at + n, data + at, len - at);
	memcpy(data + at, p, n);
	return len + n;
}

static size_t
mutate(uint8_t *data, size_t len)
{
	static const char odd[] = "\0\n\"\\{}[]:,-0\t \x7f\xff\xc3\x1b&*|#@~";
	static const char *const words[] = { "9007199254740993", "-1", "0",
		"4294967296", "null", "\\u0000", "\n\n", "\xf0\x9f\x98\x80",
		"\033[", "1e999" };
	size_t at = below(len + 1), n = below(len - at + 1);
	uint8_t copy[256];
	const char *w;

	switch (below(7)) {
	case 0:
		if (at < len)
			data[at] ^= (uint8_t)(1u << below(8));
		return len;
	case 1:
		if (at < len)
			data[at] = (uint8_t)odd[below(sizeof odd - 1)];
		return len;
	case 2:
		w = words[below(sizeof words / sizeof *words)];
		return insert(data, len, at, (const uint8_t *)w, strlen(w));
	case 3: /* less of it */
		n = n > 64 ? below(64) : n;
		memmove(data + at, data + at + n, len - at - n);
		return len - n;
	case 4: /* some of it again, elsewhere */
		n = n > sizeof copy ? sizeof copy : n;
		memcpy(copy, data + at, n);
		return insert(data, len, below(len + 1), copy, n);
	case 5:
		return below(8) == 0 ? at : len;
	default:
		copy[0] = (uint8_t)below(256);
		return insert(data, len, at, copy, 1);
	}
}

static void
run_file(const char *path)
{
	static uint8_t data[INPUT_MAX], changed[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	size_t n, len;

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	n = fread(data, 1, sizeof data, f);
	fclose(f);
	run_bytes(data, n);
	/* Every prefix of a small input is an input too. */
	for (size_t k = 0; k < n && n <= 512; k++)
		run_bytes(data, k);
	seed = 0x9e3779b97f4a7c15ULL ^ n;
	for (unsigned i = 0; i < mutations; i++) {
		memcpy(changed, data, n);
		len = n;
		for (size_t k = below(6) + 1; k > 0; k--)
			len = mutate(changed, len);
		run_bytes(changed, len);
	}
}

static void
run(const char *path)
{
	char sub[4096];
	struct dirent **names;
	struct stat st;
	int n;

	if (stat(path, &st) != 0) {
		perror(path);
		exit(1);
	}
	if (!S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			snprintf(sub, sizeof sub, "%s/%s", path,
			    names[i]->d_name);
			run(sub);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

int
main(int argc, char **argv)
{
	if (getenv("FUZZ_MUTATIONS") != NULL)
		mutations = (unsigned)atoi(getenv("FUZZ_MUTATIONS"));
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	printf("%u inputs\n", ran);
	return ran == 0;
}
