#ifndef CLI_NEWFILE_H
#define CLI_NEWFILE_H

/*
 * A file that is under its name whole, or not at all.  Until then it has none,
 * or, where the file system cannot do that, one of its own beside it, which
 * goes when the process ends by a signal (SIGINT, SIGTERM, SIGHUP).  One at a
 * time.
 */

#include "base/err.h"

struct newfile {
	int fd;
	char *to;   /* NULL: it never gets a name */
	char *beside; /* the name that it has until then; NULL: none */
	bool replace;
};

/* to: NULL: for what is not kept.  replace: a regular file that is there may
 * go (its mode stays); else it is an error (ERR_EXISTS). */
bool newfile_open(struct newfile *, const char *to, bool replace,
    struct err *e) WARN_UNUSED;
/* true: it is on the disk, under its name. */
bool newfile_keep(struct newfile *, struct err *e) WARN_UNUSED;
void newfile_close(struct newfile *);

#endif
