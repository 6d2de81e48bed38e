#include "config.h"

#include "store/journal-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PAGE ((size_t)4096)	      /* as every disk wants it */
#define WRITE_UNIT (512u << 10)	      /* of a file that grows fast */
#define DIRECT_MIN ((size_t)64 << 10) /* less is not worth its own way */
#define DROP_BYTES (1u << 20)	      /* not worth keeping in the cache */
#define KEEP_BYTES (4u << 20)	      /* of a buffer's memory */

static bool
read_tail(struct journal_file *f, size_t n)
{
	size_t got = 0;

	buf_reserve(&f->out, PAGE + n);
	while (got < n) {
		ssize_t r = pread(f->fd, f->out.data + got, n - got,
		    f->base + (off_t)got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			if (r == 0)
				errno = EIO;
			return false;
		}
		got += (size_t)r;
	}
	f->out.len = n;
	return true;
}

bool
journal_file_open(struct journal_file *f, int fd, const char *path,
    off_t size, struct journal_io *io, struct err *e)
{
	size_t tail = (size_t)size % PAGE;

	*f = (struct journal_file){ .io = io, .fd = fd, .direct = -1,
		.base = size - (off_t)tail };
	if (!read_tail(f, tail)) {
		err_sys(e, errno, "cannot read %s", path);
		journal_file_close(f);
		return false;
	}
	f->synced = f->written = tail;
	journal_file_added(f);
	f->direct = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);
	return true;
}

void
journal_file_close(struct journal_file *f)
{
	buf_free(&f->out);
	if (f->direct >= 0)
		close(f->direct);
	if (f->fd >= 0)
		close(f->fd);
}

/* Memory that grew may lie elsewhere. */
void
journal_file_added(struct journal_file *f)
{
	struct buf *b = &f->out;
	size_t n = b->len - f->skew, to;

	buf_reserve(b, PAGE);
	to = (PAGE - (uintptr_t)b->data % PAGE) % PAGE;
	if (to == f->skew)
		return;
	memmove(b->data + to, b->data + f->skew, n);
	f->synced = f->synced - f->skew + to;
	f->written = f->written - f->skew + to;
	f->skew = to;
	b->len = to + n;
}

size_t
journal_file_waiting(const struct journal_file *f)
{
	return f->out.len - f->synced;
}

off_t
journal_file_on_disk(const struct journal_file *f)
{
	return f->base + (off_t)(f->synced - f->skew);
}

static off_t
place(const struct journal_file *f, size_t at)
{
	return f->base + (off_t)(at - f->skew);
}

/* Whole pages up to end, where the file system takes them so; what it does
 * not take goes the other way. */
static void
write_direct(struct journal_file *f, size_t end)
{
	size_t at = f->written - (f->written - f->skew) % PAGE;
	ssize_t n;

	end -= (end - f->skew) % PAGE;
	while (f->direct >= 0 && end > at && end - at >= DIRECT_MIN) {
		n = f->io->write(f->io, f->direct, f->out.data + at, end - at,
		    place(f, at));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EINVAL || errno == EOPNOTSUPP)) {
			close(f->direct);
			f->direct = -1;
		}
		if (n > 0 && at + (size_t)n > f->written)
			f->written = at + (size_t)n;
		if (n <= 0 || n % (ssize_t)PAGE != 0)
			return;
		at += (size_t)n;
	}
}

bool
journal_file_write(struct journal_file *f, bool all)
{
	size_t end = f->out.len, over = (size_t)(place(f, end) % WRITE_UNIT);

	/* Many small writes to parts of pages cost half as much again. */
	if (!all)
		end = end - f->skew > over ? end - over : f->skew;
	if (f->again) {
		if (ftruncate(f->fd, journal_file_on_disk(f)) != 0)
			return false;
		f->written = f->synced;
		f->again = false;
	}
	if (f->written < end)
		write_direct(f, end);
	while (f->written < end) {
		ssize_t n = f->io->write(f->io, f->fd, f->out.data +
		    f->written, end - f->written, place(f, f->written));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = EIO;
			return false;
		}
		f->written += (size_t)n;
	}
	return true;
}

/* A flood shall not fill the page cache with what nobody reads soon: fresh
 * pages cost more than those that were just freed. */
static void
drop_pages(struct journal_file *f)
{
	if (f->direct < 0 && journal_file_waiting(f) >= DROP_BYTES)
		posix_fadvise(f->fd, f->base, 0, POSIX_FADV_DONTNEED);
}

/* The part of a page at the end stays: it goes on there. */
static void
forget(struct journal_file *f)
{
	struct buf *b = &f->out;
	size_t n = b->len - f->skew, tail = n % PAGE;

	f->base += (off_t)(n - tail);
	memmove(b->data + f->skew, b->data + b->len - tail, tail);
	b->len = f->synced = f->written = f->skew + tail;
	if (b->cap > KEEP_BYTES) {
		struct buf small = { 0 };

		buf_add(&small, b->data + f->skew, tail);
		buf_free(b);
		*b = small;
		f->skew = 0;
		f->synced = f->written = tail;
		journal_file_added(f);
	}
}

bool
journal_file_sync(struct journal_file *f)
{
	if (f->io->sync(f->io, f->fd) != 0) {
		/* The kernel may have dropped the pages that it could not
		 * write, and then the next sync says nothing of them. */
		f->again = true;
		return false;
	}
	drop_pages(f);
	forget(f);
	return true;
}
