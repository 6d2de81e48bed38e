#include "config.h"

/* Runs a fuzz target over files and directories of a corpus, so that every
 * corpus is a regression test without a fuzzer. */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static unsigned ran;

static void
run_file(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");
	uint8_t *exact;
	size_t n;

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	n = fread(data, 1, sizeof data, f);
	fclose(f);
	/* An allocation of the exact size, so that ASan sees one byte more. */
	exact = malloc(n ? n : 1);
	if (exact == NULL)
		exit(1);
	memcpy(exact, data, n);
	LLVMFuzzerTestOneInput(exact, n);
	/* Every prefix of a small input is an input too. */
	for (size_t k = 0; k < n && n <= 512; k++) {
		uint8_t *p = malloc(k ? k : 1);

		if (p == NULL)
			exit(1);
		memcpy(p, data, k);
		LLVMFuzzerTestOneInput(p, k);
		free(p);
	}
	free(exact);
	ran++;
}

static void
run(const char *path)
{
	char sub[4096];
	struct dirent *d;
	struct stat st;
	DIR *dir;

	if (stat(path, &st) != 0) {
		perror(path);
		exit(1);
	}
	if (!S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	dir = opendir(path);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof sub, "%s/%s", path, d->d_name);
		run(sub);
	}
	if (dir != NULL)
		closedir(dir);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	printf("%u inputs\n", ran);
	return ran == 0;
}
