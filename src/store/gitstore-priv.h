#ifndef STORE_GITSTORE_PRIV_H
#define STORE_GITSTORE_PRIV_H

/* What the writing and the reading half of gitstore share. */

#include <git2.h>

#include "base/err.h"

#define GITSTORE_REFS "refs/sessions/"

/* Starts libgit2 with our settings; every true needs a gitstore_end. */
bool gitstore_begin(struct err *) WARN_UNUSED;
void gitstore_end(void);

/* "cannot WHAT PATH: " and libgit2's own words for rc.  Returns false. */
bool gitstore_fail(struct err *, int rc, const char *what, const char *path);

/* The ref of a session (free it); NULL when the id is not a fit one. */
char *gitstore_ref(const char *session, struct err *) WARN_UNUSED;

/* false for a path that git, or a file system a clone may land on, would
 * refuse: empty, absolute, "..", ".git" in any spelling, control characters,
 * too long or too deep. */
bool gitstore_path_ok(const char *path);

/* Joins the stores that are open on a repository.  The first of them removes
 * what a kill has left there, and merges small packs when there are many; it
 * stops that early when stop says so.  Close the fd to leave; -1 is fine. */
int gitstore_enter(const char *path, bool (*stop)(void *), void *user);
/* Removes locks that a kill has left in a repository that was being made. */
void gitstore_unlock_new(const char *path);

#endif
