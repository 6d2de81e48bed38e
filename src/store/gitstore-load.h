#ifndef STORE_GITSTORE_LOAD_H
#define STORE_GITSTORE_LOAD_H

/*
 * gitstore.h as a table, which viva-git.so has and viva loads (dlopen) when
 * it first needs it: libgit2 brings 14 libraries along, and loading them was
 * the longest part of viva's own start.  Tests and benchmarks link gitstore
 * as it is.
 */

#include "store/gitstore.h"

struct gitstore_api {
	struct gitstore *(*open)(const char *, struct loop *, struct err *);
	void (*close)(struct gitstore *, int64_t);
	void (*commit)(struct gitstore *, const struct gitstore_checkpoint *,
	    gitstore_done, void *);
	bool (*list)(const char *, gitstore_session_fn, void *, struct err *);
	bool (*log)(const char *, const char *, gitstore_session_fn, void *,
	    struct err *);
	bool (*events)(const char *, const char *, const char *, struct err *);
};

#define GITSTORE_SO "viva-git.so"
#define GITSTORE_TABLE "gitstore_table"
extern const struct gitstore_api gitstore_table;

#endif
