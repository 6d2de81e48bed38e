#ifndef STORE_GITSTORE_WRITE_H
#define STORE_GITSTORE_WRITE_H

/* What the parts of gitstore share that write a checkpoint.  All of it is
 * for the thread of a store alone. */

#include <git2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* ---- gitstore-node: the tree to write ---- */

struct gitstore_node {
	char *name;
	bool dir;
	bool whole; /* replaces the directory before it; so do those below */
	const char *data;
	size_t size;
	char *owned; /* data, where it is the node's */
	struct gitstore_node **kids; /* sorted by name */
	size_t nkids, cap;
};

void gitstore_node_clear(struct gitstore_node *);
/* The directory of that name in d, made when it is missing. */
struct gitstore_node *gitstore_node_dir(struct gitstore_node *d,
    const char *name);
/* Adds a file with the directories above it; data is borrowed.  NULL when
 * something of that name, or a file in place of such a directory, is there
 * already. */
struct gitstore_node *gitstore_node_add(struct gitstore_node *d,
    const char *path, const char *data, size_t size);
/* How many files it has, or is. */
size_t gitstore_node_files(const struct gitstore_node *);

/* ---- gitstore-write: one checkpoint ---- */

struct gitstore_file { /* a copy of a gitstore_entry */
	char *path, *data;
	size_t size;
};

struct gitstore_job {
	char *session, *subject, *journal;
	uint64_t journal_bytes;
	int64_t wall_ms;
	struct gitstore_file *workspace, *entries;
	size_t nworkspace, nentries;
	/* what came of it */
	char commit[GIT_OID_HEXSZ + 1];
	struct err err;
};

/* What is known of the session that was written last, to not count its
 * segments again. */
struct gitstore_tip {
	char *ref; /* NULL: nothing */
	git_oid id;
	size_t segments;
	uint64_t bytes;
};

struct gitstore_repo {
	char *path;
	git_repository *repo; /* NULL: to be opened */
	git_odb *odb;
	git_odb_backend *mem; /* owned by odb */
	git_oid *fresh;	      /* objects that the next pack gets */
	size_t nfresh, fresh_cap;
	struct gitstore_tip tip;
};

/* Opens the repository unless it is, and makes it when it is missing. */
bool gitstore_repo_open(struct gitstore_repo *, struct err *) WARN_UNUSED;
void gitstore_repo_close(struct gitstore_repo *);
/* One try.  false: job's err says why, and the repository is closed. */
bool gitstore_write(struct gitstore_repo *, struct gitstore_job *);

#endif
