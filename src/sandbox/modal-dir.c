#include "config.h"

/*
 * A directory beside the workspace for programs that are judged in the
 * session's sandbox.  A program over there makes it, with a name that nobody
 * knows before, out of the files on its stdin, and removes it when that ends:
 * when it is dropped, and should viva be gone by then, after a while.  It
 * gets its name at the end, so who sees it sees it whole.
 */

#include "sandbox/modal-internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/mem.h"

#define LIFE_S "1800" /* a run is over by then */

struct box_dir {
	struct box_dir *next;
	uint64_t id;
	struct program *keeper; /* NULL: it has ended */
	char *path;
};

/* Its path and the seconds it lives.  stdin: "SIZE PATH\0", then the bytes, for
 * each file; "\0". */
static const char keep_script[] =
    "import os,select,shutil,signal as S,sys,time\n"
    "d=os.fsencode(sys.argv[1]);t=d+b'.new';f=sys.stdin.buffer\n"
    "def word():\n"
    " w=b''\n"
    " while True:\n"
    "  c=f.read(1)\n"
    "  if c in (b'',b'\\0'):return w\n"
    "  w+=c\n"
    "def take(n,p):\n"
    " os.makedirs(os.path.dirname(p),exist_ok=True)\n"
    " with open(p,'xb') as o:\n"
    "  while n:\n"
    "   b=f.read(min(n,1<<20))\n"
    "   if not b:sys.exit(1)\n"
    "   o.write(b);n-=len(b)\n"
    "for s in S.SIGTERM,S.SIGHUP,S.SIGINT:S.signal(s,lambda *a:sys.exit(1))\n"
    "try:\n"
    " os.umask(0o22)\n"
    " os.mkdir(t)\n"
    " while True:\n"
    "  w=word()\n"
    "  if not w:break\n"
    "  n,p=w.split(b' ',1)\n"
    "  take(int(n),t+b'/'+p)\n"
    " os.rename(t,d)\n"
    " select.select([0],[],[],int(sys.argv[2]))\n"
    "finally:\n"
    " for i in range(100):\n" /* one that is killed may write still */
    "  for p in t,d:shutil.rmtree(p,True)\n"
    "  if not os.path.lexists(t) and not os.path.lexists(d):break\n"
    "  time.sleep(.1)\n";

static void
keeper_done(void *user, const struct sandbox_exit *e, const struct buf *out,
    const struct buf *err)
{
	(void)user;
	(void)e;
	(void)out;
	(void)err;
}

static char *
new_path(void)
{
	unsigned char r[16];
	char hex[2 * sizeof r + 1];

	if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
		abort(); /* 16 bytes never come short */
	for (size_t i = 0; i < sizeof r; i++)
		snprintf(hex + 2 * i, 3, "%02x", r[i]);
	return xasprintf("/tmp/viva-run-%s", hex);
}

static void
pack(const struct sandbox_file *files, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (!files_path_ok(files[i].path))
			continue;
		buf_addf(out, "%llu %s", (unsigned long long)files[i].size,
		    files[i].path);
		buf_addc(out, '\0');
		buf_add(out, files[i].data, (size_t)files[i].size);
	}
	buf_addc(out, '\0');
}

uint64_t
dir_make(struct box *b, const struct sandbox_file *files, size_t n)
{
	static const struct program_sink sink = { .done = keeper_done,
		.max = 4096 };
	struct box_dir *d = xcalloc(1, sizeof *d);
	struct buf in = { 0 };
	const char *argv[] = { "python3", "-IS", "-c", keep_script, NULL,
		LIFE_S, NULL };

	d->id = ++b->next_id;
	d->path = new_path();
	d->next = b->dirs;
	b->dirs = d;
	pack(files, n, &in);
	argv[4] = d->path;
	d->keeper = program_inner(b, argv, &in, true, &sink, NULL);
	d->keeper->holder = &d->keeper;
	return d->id;
}

static void
dir_free(struct box_dir *d)
{
	free(d->path);
	free(d);
}

void
dir_drop(struct box *b, uint64_t id)
{
	for (struct box_dir **p = &b->dirs; *p != NULL; p = &(*p)->next) {
		struct box_dir *d = *p;

		if (d->id != id)
			continue;
		*p = d->next;
		if (d->keeper != NULL) { /* it goes on by itself */
			d->keeper->holder = NULL;
			program_input_end(d->keeper);
		}
		dir_free(d);
		return;
	}
}

const char *
dir_path(const struct box *b, uint64_t id)
{
	for (const struct box_dir *d = b->dirs; d != NULL; d = d->next)
		if (d->id == id)
			return d->path;
	return NULL;
}

void
dirs_free(struct box *b)
{
	struct box_dir *next;

	for (struct box_dir *d = b->dirs; d != NULL; d = next) {
		next = d->next;
		if (d->keeper != NULL)
			d->keeper->holder = NULL;
		dir_free(d);
	}
	b->dirs = NULL;
}
