#ifndef STORE_JOURNAL_FILE_H
#define STORE_JOURNAL_FILE_H

/*
 * The end of a journal's file.  What is not yet on disk is kept in memory,
 * from the begin of its page on, as the file has it: so many whole pages can
 * go to the disk past the page cache.  For the journal's thread alone.
 */

#include <sys/types.h>

#include "base/buf.h"
#include "store/journal.h"

struct journal_file {
	struct journal_io *io;
	int fd;
	int direct;	/* the same file past the page cache; -1: refused */
	struct buf out; /* skew bytes, then the file from base on */
	size_t skew;	/* so that it lies as the disk wants it */
	off_t base;	/* the begin of a page */
	size_t synced, written; /* bytes of out, skew included */
	bool again; /* what is not synced must be written again */
};

/* fd: open to read and write; it is taken.  size: of what is valid. */
bool journal_file_open(struct journal_file *, int fd, const char *path,
    off_t size, struct journal_io *, struct err *) WARN_UNUSED;
void journal_file_close(struct journal_file *);
/* After bytes were added to out. */
void journal_file_added(struct journal_file *);
/* Bytes that are not yet on disk. */
size_t journal_file_waiting(const struct journal_file *);
/* All of it, or as much as is worth a write when nothing asks for one.
 * false: errno says why. */
bool journal_file_write(struct journal_file *, bool all) WARN_UNUSED;
bool journal_file_sync(struct journal_file *) WARN_UNUSED;
/* Length of what is on disk. */
off_t journal_file_on_disk(const struct journal_file *);

#endif
