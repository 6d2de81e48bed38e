#ifndef SANDBOX_FS_H
#define SANDBOX_FS_H

/*
 * Files of a workspace on this machine, for the local provider.  The paths
 * come from a candidate's programs, so nothing here follows a symbolic link
 * or leaves the directory (openat2(2), RESOLVE_BENEATH), and only regular
 * files are read.  Blocking: runs on the provider's thread.
 */

#include "sandbox/sandbox.h"

#define FS_FILE_MAX (8u << 20)	   /* GET, PUT: bytes */
#define FS_LIST_MAX 5000	   /* LIST: files */
#define FS_TREE_FILES 1000	   /* TREE */
#define FS_TREE_FILE_MAX (1u << 20)
#define FS_TREE_BYTES (16u << 20)
#define FS_DEPTH 12
#define FS_ENTRIES 20000 /* looked at in one walk */
/* Names of our own temporary files start so; they are never listed. */
#define FS_TEMPORARY ".viva-"

struct fs_request {
	enum fs_op op;
	const char *path, *to;
	const char *data;
	size_t n; /* of data; GET: see sandbox.h */
};

/* root: the workspace's directory.  out is filled; fs_result_finish it. */
void fs_run(int root, const struct fs_request *, struct fs_result *out);
void fs_result_finish(struct fs_result *);
void fs_skip(struct fs_result *, const char *path); /* not in a tree */
/* A directory with all that is in it; follows no links. */
void fs_remove_tree(const char *dir);

#endif
