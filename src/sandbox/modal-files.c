#include "config.h"

/*
 * Files of the workspace, each request a short program in the sandbox: what
 * is saved is there at once for the shell, whatever has files open.  A
 * request waits for those before it, but files of different names are read
 * and written side by side: each takes some round trips.
 *
 * Without a sandbox the volume itself is read and written: when it has ended,
 * and while the image is built, if none of this name runs from before.  What
 * was put there while the sandbox began may have come too late to be in it,
 * and is put once more.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "sandbox/fs.h"
#include "sandbox/modal-store.h"

#define TOGETHER 8
/* Of what a program writes a copy is kept, for the volume if the sandbox ends
 * meanwhile; of more there is no copy. */
#define KEEP_MAX (16u << 20)
#define WALK_MAX (48u << 20) /* bytes of a listing or a tree */

/*
 * OPERATION WORKSPACE ARGUMENTS...  Failures: "E errno", "X words" or,
 * of what is too large, "L words" on stderr, exit status 1.  Records of a
 * walk: "F mode size length\n" with a path of that length and, for a tree,
 * size bytes; at last "E skipped\n" and the path of the first of those.
 */
const char files_script[] =
    "import os,stat,sys\n"
    "v=[bytes.fromhex(a[2:]) if a[:2]=='//' else os.fsencode(a) "
    "for a in sys.argv[1:]]\n"
    "op=v[0].decode();base=v[1];out=sys.stdout.buffer\n"
    "class Bad(Exception):pass\n"
    "class Big(Bad):pass\n"
    "def path(n):return base+b'/'+v[n]\n"
    "def read(p,most):\n"
    " fd=os.open(p,os.O_RDONLY|os.O_NONBLOCK|os.O_NOFOLLOW|os.O_NOCTTY)\n"
    " with open(fd,'rb') as f:\n"
    "  st=os.fstat(fd)\n"
    "  if not stat.S_ISREG(st.st_mode):raise Bad('is not a regular file')\n"
    "  if st.st_size>most:raise Big('has more than %d KiB'%(most>>10))\n"
    "  d=f.read(most+1)\n"
    "  if len(d)>most:raise Big('grows')\n"
    "  return d\n"
    "def get():out.write(read(path(2),int(v[3])))\n"
    "def mode(p):\n"
    " try:st=os.lstat(p)\n"
    " except FileNotFoundError:return 0o644\n"
    " if not stat.S_ISREG(st.st_mode):raise Bad('is not a regular file')\n"
    " return stat.S_IMODE(st.st_mode)\n"
    "def take(t,flags,mode,at,left,end):\n"
    " fd=os.open(t,os.O_WRONLY|os.O_CREAT|flags,mode)\n"
    " try:\n"
    "  with open(fd,'wb') as f:\n"
    "   f.seek(at)\n"
    "   while True:\n"
    "    b=sys.stdin.buffer.read1(1<<20)\n"
    "    if not b:break\n"
    "    f.write(b);left-=len(b)\n"
    "  if left:raise Bad('did not come whole')\n"
    "  end()\n"
    " except BaseException:\n"
    "  os.unlink(t)\n"
    "  raise\n"
    "def put():\n"
    " p=path(2);d=os.path.dirname(p)\n"
    " os.makedirs(d,exist_ok=True)\n"
    " t=d+b'/" TEMPORARY "'+os.urandom(8).hex().encode()\n"
    " take(t,os.O_EXCL,mode(p),0,int(v[3]),lambda:os.rename(t,p))\n"
    "def part():\n"
    " p=path(2);d=os.path.dirname(p);mode(p)\n"
    " os.makedirs(d,exist_ok=True)\n"
    " take(d+b'/" TEMPORARY "'+v[3],os.O_NOFOLLOW,0o644,int(v[4]),"
    "int(v[5]),lambda:0)\n"
    "def join():\n"
    " p=path(2);t=os.path.dirname(p)+b'/" TEMPORARY "'+v[3]\n"
    " try:\n"
    "  if os.stat(t).st_size!=int(v[4]):raise Bad('did not come whole')\n"
    "  os.chmod(t,mode(p))\n"
    "  os.rename(t,p)\n"
    " except BaseException:\n"
    "  os.unlink(t)\n"
    "  raise\n"
    "def drop():\n"
    " try:os.unlink(os.path.dirname(path(2))+b'/" TEMPORARY "'+v[3])\n"
    " except FileNotFoundError:pass\n"
    "def remove():\n"
    " try:os.unlink(path(2))\n"
    " except IsADirectoryError:os.rmdir(path(2))\n"
    "def rename():\n"
    " t=path(3)\n"
    " if os.path.lexists(t):raise FileExistsError(17,'exists')\n"
    " os.lstat(path(2))\n"
    " os.makedirs(os.path.dirname(t),exist_ok=True)\n"
    " os.rename(path(2),t)\n"
    "skip=0;first=b'';entries=0\n"
    "def miss(r):\n"
    " global skip,first\n"
    " first=first or r\n"
    " skip+=1\n"
    "def names(d):\n"
    " global entries\n"
    " r=[]\n"
    " try:\n"
    "  for n in os.listdir(d):\n"
    "   if n.startswith(b'" TEMPORARY "') or n in (b'__pycache__',b'.git',"
    "b'node_modules'):continue\n"
    "   entries+=1\n"
    "   if entries>20000:\n"
    "    miss(n)\n"
    "    break\n"
    "   r.append(n)\n"
    " except OSError:pass\n"
    " return sorted(r)\n"
    "def walk(d,rel,depth,each):\n"
    " for n in names(d):\n"
    "  p=d+b'/'+n;r=rel+n\n"
    "  try:st=os.lstat(p)\n"
    "  except OSError:continue\n"
    "  if stat.S_ISREG(st.st_mode):each(p,r,st)\n"
    "  elif stat.S_ISDIR(st.st_mode) and depth<12:"
    "walk(p,r+b'/',depth+1,each)\n"
    "  else:miss(r)\n"
    "def listing():\n"
    " files,most,total=map(int,v[2:5])\n"
    " def each(p,r,st):\n"
    "  nonlocal files,total\n"
    "  d=b'';n=st.st_size\n"
    "  if files<1:\n"
    "   miss(r)\n"
    "   return\n"
    "  if op=='tree':\n"
    "   try:d=read(p,min(most,total))\n"
    "   except (OSError,Bad):\n"
    "    miss(r)\n"
    "    return\n"
    "   n=len(d)\n"
    "  files-=1;total-=n\n"
    "  out.write(b'F %d %d %d\\n'%(st.st_mode&0o777,n,len(r))+r+d)\n"
    " walk(base,b'',0,each)\n"
    " out.write(b'E %d\\n'%skip+first)\n"
    "def stamp():\n"
    " import zlib\n"
    " s=0\n"
    " def each(p,r,st):\n"
    "  nonlocal s\n"
    "  s=zlib.crc32(b'%s %d %d %d\\n'%(r,st.st_size,st.st_mtime_ns,"
    "st.st_ino),s)\n"
    " walk(base,b'',0,each)\n"
    " out.write(b'%08x %d\\n'%(s,entries))\n"
    "try:\n"
    " {'get':get,'put':put,'part':part,'join':join,'drop':drop,"
    "'remove':remove,'rename':rename,'list':listing,'tree':listing,"
    "'stamp':stamp}[op]()\n"
    " out.flush()\n"
    "except Bad as e:\n"
    " os.write(2,(b'L ' if isinstance(e,Big) else b'X ')+str(e).encode())\n"
    " os._exit(1)\n"
    "except OSError as e:\n"
    " os.write(2,b'E %d'%(e.errno or 5))\n"
    " os._exit(1)\n";

struct file_job {
	struct file_job *next;
	struct box *b;
	uint64_t id;
	enum fs_op op;
	char *path, *to;
	struct buf data;
	int fd; /* of a large file, instead of data; -1: none */
	size_t size; /* GET: the most that is wanted; 0: all */
	struct program *x;	  /* NULL: waits, or: */
	struct large_put *large;
	struct store_op *store;	  /* it is done on the volume */
	struct loop_timer *timer; /* refused already */
	struct fs_result result;
};

/* ---- the end of one ---- */

static void
job_free(struct file_job *j)
{
	for (struct file_job **p = &j->b->jobs; *p != NULL; p = &(*p)->next)
		if (*p == j) {
			*p = j->next;
			break;
		}
	program_free(j->x);
	large_cancel(j->large);
	store_cancel(j->store);
	loop_timer_cancel(j->timer);
	fs_result_finish(&j->result);
	buf_free(&j->data);
	if (j->fd >= 0)
		close(j->fd);
	free(j->path);
	free(j->to);
	free(j);
}

static void
job_end(struct file_job *j)
{
	struct box *b = j->b;

	j->result.op = j->op;
	b->base.watch->fs(b->base.user, j->id, &j->result);
	job_free(j);
}

static bool
number(const char **p, const char *end, uint64_t *out)
{
	uint64_t n = 0;
	const char *from;

	while (*p < end && **p == ' ')
		(*p)++;
	for (from = *p; *p < end && **p >= '0' && **p <= '9' &&
	    *p - from < 18; (*p)++)
		n = n * 10 + (uint64_t)(**p - '0');
	*out = n;
	return *p > from;
}

static bool
name_ok(const char *p, size_t n)
{
	return n > 0 && n < 4096 && p[0] != '/' && memchr(p, '\0', n) == NULL;
}

/* One record; false: it makes no sense. */
static bool
parse_file(struct file_job *j, const char **p, const char *end, size_t *cap)
{
	struct fs_result *out = &j->result;
	uint64_t mode, size, len;
	struct sandbox_file *f;
	bool data = j->op == FS_TREE;

	*p += 1;
	if (!number(p, end, &mode) || !number(p, end, &size) ||
	    !number(p, end, &len) || *p == end || *(*p)++ != '\n' ||
	    len > (uint64_t)(end - *p) || !name_ok(*p, (size_t)len) ||
	    (data && size > (uint64_t)(end - *p) - len) ||
	    out->nfiles >= FS_LIST_MAX)
		return false;
	GROW(out->files, out->nfiles, *cap);
	f = &out->files[out->nfiles++];
	memset(f, 0, sizeof *f);
	f->path = xstrndup(*p, (size_t)len);
	f->mode = (unsigned)mode & 0777;
	f->size = size;
	*p += len;
	if (data) {
		f->data = xmalloc((size_t)size + 1);
		memcpy(f->data, *p, (size_t)size);
		f->data[size] = '\0';
		*p += size;
	}
	return true;
}

static bool
parse_walk(struct file_job *j, const struct buf *out)
{
	const char *p = buf_str(out), *end = p + out->len;
	uint64_t skipped;
	size_t cap = 0;

	while (p < end && *p == 'F')
		if (!parse_file(j, &p, end, &cap))
			return false;
	if (p == end || *p++ != 'E' || !number(&p, end, &skipped) ||
	    p == end || *p++ != '\n')
		return false;
	j->result.skipped = (unsigned)skipped;
	if (skipped > 0)
		j->result.left_out = xstrndup(p, (size_t)(end - p));
	return true;
}

static void
take_file(struct file_job *j, const struct buf *out)
{
	struct sandbox_file *f = xcalloc(1, sizeof *f);

	f->path = xstrdup(j->path);
	f->data = xmalloc(out->len + 1);
	memcpy(f->data, buf_str(out), out->len + 1);
	f->size = out->len;
	j->result.files = f;
	j->result.nfiles = 1;
}

/* Whatever python3 said last. */
static void
last_words(struct file_job *j, const struct sandbox_exit *x,
    const struct buf *err, char *to, size_t n)
{
	const char *said = buf_str(err);
	size_t end = err->len, from;

	while (end > 0 && said[end - 1] == '\n')
		end--;
	for (from = end; from > 0 && said[from - 1] != '\n'; from--)
		;
	account_words(j->b->m, said + from, to, n);
	if (to[0] == '\0')
		snprintf(to, n, x->status == 127 ? "there is no python3 in "
		    "the image" : "the sandbox ended it");
}

static void
take_error(struct file_job *j, const struct sandbox_exit *x,
    const struct buf *err)
{
	static const char *const doing[] = { [FS_PUT] = "cannot save ",
		[FS_REMOVE] = "cannot delete ",
		[FS_RENAME] = "cannot rename to ", [FS_TREE] = NULL };
	const char *what = doing[j->op] != NULL ? doing[j->op] : "";
	const char *name = j->op == FS_RENAME ? j->to :
	    j->path != NULL ? j->path : "the files";
	const char *said = buf_str(err);
	char text[160];

	if (x->infra) {
		err_set(&j->result.err, ERR_UNAVAILABLE, "%s", x->why);
	} else if (strncmp(said, "E ", 2) == 0) {
		err_sys(&j->result.err, (int)strtol(said + 2, NULL, 10),
		    "%s%s", what, name);
	} else if (strncmp(said, "X ", 2) == 0 ||
	    strncmp(said, "L ", 2) == 0) {
		account_words(j->b->m, said + 2, text, sizeof text);
		err_set(&j->result.err, said[0] == 'L' ? ERR_LIMIT :
		    ERR_UNSUPPORTED, "%s %s", name, text);
	} else {
		last_words(j, x, err, text, sizeof text);
		err_set(&j->result.err, ERR_IO, "%s%s: %s", what, name, text);
	}
}

static bool
changes(const struct file_job *j)
{
	return j->op == FS_PUT || j->op == FS_REMOVE || j->op == FS_RENAME;
}

/* The sandbox has ended; its volume has not. */
static bool
only_volume(const struct box *b)
{
	return box_dead(b) && b->state != SANDBOX_STOPPED &&
	    !b->judge && !b->closing && b->volume_id != NULL;
}

static void
job_done(void *user, const struct sandbox_exit *x, const struct buf *out,
    const struct buf *err)
{
	struct file_job *j = user;
	struct box *b = j->b;

	j->x = NULL;
	j->large = NULL;
	if (x->infra && only_volume(b) && (j->op != FS_PUT || j->fd >= 0 ||
	    j->data.len == j->size)) {
		files_go(b);
		return;
	}
	j->result.ok = !x->infra && x->status == 0 && !x->output_limit;
	if (x->output_limit) {
		err_set(&j->result.err, ERR_LIMIT, "there is too much to "
		    "read");
	} else if (!j->result.ok) {
		take_error(j, x, err);
	} else if (j->op == FS_GET) {
		take_file(j, out);
	} else if (!changes(j) && !parse_walk(j, out)) {
		j->result.ok = false;
		err_set(&j->result.err, ERR_CORRUPT, "the sandbox's list of "
		    "files makes no sense");
	}
	if (changes(j) && j->result.ok)
		volume_changed(b, false);
	job_end(j);
	files_go(b);
}

/* ---- the beginning ---- */

char *
files_arg(const char *path)
{
	struct buf b = { 0 };

	if (utf8_valid(path, strlen(path)))
		return xstrdup(path);
	buf_adds(&b, "//");
	for (; *path != '\0'; path++)
		buf_addf(&b, "%02x", (unsigned char)*path);
	return buf_take(&b);
}

static void
job_start(struct file_job *j)
{
	static const struct program_sink walk = { .done = job_done,
		.max = WALK_MAX }, file = { .done = job_done,
		.max = MODAL_FILE_MAX };
	static const char *const names[] = { [FS_LIST] = "list",
		[FS_GET] = "get", [FS_PUT] = "put", [FS_REMOVE] = "remove",
		[FS_RENAME] = "rename", [FS_TREE] = "tree" };
	bool walks = j->op == FS_LIST || j->op == FS_TREE;
	char a[24], c[24], d[24];
	const char *argv[] = { "python3", "-IS", "-c", files_script,
		names[j->op], WORKSPACE, a, c, d, NULL };
	char *path = NULL, *to = NULL;
	struct buf data = { 0 };

	if (j->fd >= 0) {
		j->large = large_put(j->b, j->path, j->fd, j->size, job_done,
		    j);
		return;
	}
	snprintf(a, sizeof a, "%u", j->op == FS_LIST ? FS_LIST_MAX :
	    FS_TREE_FILES);
	snprintf(c, sizeof c, "%zu", walks ? (size_t)FS_TREE_FILE_MAX :
	    j->op == FS_PUT || j->size > 0 ? j->size :
	    (size_t)MODAL_FILE_MAX);
	snprintf(d, sizeof d, "%u", FS_TREE_BYTES);
	if (!walks)
		argv[6] = path = files_arg(j->path);
	if (j->op == FS_RENAME)
		argv[7] = to = files_arg(j->to);
	if (j->op == FS_PUT && j->size <= KEEP_MAX) {
		buf_add(&data, buf_str(&j->data), j->size);
	} else if (j->op == FS_PUT) {
		data = j->data;
		memset(&j->data, 0, sizeof j->data);
	}
	j->x = program_inner(j->b, argv, j->op == FS_PUT ? &data : NULL,
	    false, walks ? &walk : &file, j);
	free(path);
	free(to);
}

/* ---- on the volume ---- */

static void
job_stored(void *user, struct fs_result *r)
{
	struct file_job *j = user;
	struct box *b = j->b;

	j->store = NULL;
	if (r->ok && changes(j) && b->phase != PHASE_PREPARE && !box_dead(b)) {
		files_go(b); /* in the sandbox too */
		return;
	}
	if (r->ok && changes(j)) {
		b->dirty = false;
		b->sync_error[0] = '\0';
	}
	j->result = *r;
	memset(r, 0, sizeof *r);
	job_end(j);
	files_go(b);
}

static void
refused(void *user)
{
	struct file_job *j = user;
	struct box *b = j->b;

	j->timer = NULL;
	job_end(j);
	files_go(b);
}

/* The call would fail as if the way to Modal were broken. */
static bool
can_be_asked(struct file_job *j)
{
	if (j->path == NULL || utf8_valid(j->path, strlen(j->path)))
		return true;
	return err_set(&j->result.err, ERR_UNSUPPORTED, "%s: only the sandbox "
	    "can reach a name that is not UTF-8", j->path);
}

static void
job_store(struct file_job *j)
{
	struct fs_request q = { .op = j->op, .path = j->path, .to = j->to,
		.data = buf_str(&j->data), .n = j->size };

	if (!can_be_asked(j)) {
		j->timer = loop_timer_add(j->b->m->loop, 0, refused, j);
		return;
	}
	j->store = j->fd >= 0 ? store_put(j->b->m, j->b->volume_id, j->path,
	    j->fd, j->size, job_stored, j) : store_run(j->b->m,
	    j->b->volume_id, &q, job_stored, j);
}

static void
alone_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct box *b = user;

	(void)reply;
	(void)n;
	b->alone_call = NULL;
	b->alone = st->code == GRPC_NOT_FOUND;
	if (b->phase == PHASE_PREPARE) /* later it may be the box's own */
		b->taken = st->code == GRPC_OK;
	files_go(b);
}

/* One that runs has what is not yet on the volume. */
static void
ask_alone(struct box *b)
{
	b->alone_asked = true;
	b->alone_call = find_call(b, alone_done);
}

static bool
volume_first(const struct box *b)
{
	return b->phase == PHASE_PREPARE && b->volume_id != NULL &&
	    !b->judge && !b->closing;
}

static bool
alone(const struct file_job *j)
{
	return j->op != FS_GET && j->op != FS_PUT;
}

/* Whether it may run while those before it are not done. */
static bool
may_start(const struct file_job *j)
{
	const struct file_job *k = j->b->jobs;
	unsigned before = 0;

	for (; k != j; k = k->next, before++)
		if (alone(j) || alone(k) || strcmp(j->path, k->path) == 0)
			return false;
	return before < TOGETHER;
}

static bool
may_store(const struct file_job *j)
{
	if (only_volume(j->b))
		return true;
	/* What may have to be done again must bear it. */
	return volume_first(j->b) && j->b->alone && j->op != FS_REMOVE &&
	    j->op != FS_RENAME;
}

void
files_go(struct box *b)
{
	if (volume_first(b) && b->jobs != NULL && !b->alone_asked &&
	    !account_prepared(b->m))
		ask_alone(b);
	for (struct file_job *j = b->jobs; j != NULL; j = j->next) {
		if (j->x != NULL || j->large != NULL || j->store != NULL ||
		    j->timer != NULL || !may_start(j))
			continue;
		if (box_up(b))
			job_start(j);
		else if (may_store(j))
			job_store(j);
	}
}

bool
files_path_ok(const char *path)
{
	size_t n = path != NULL ? strlen(path) : 0;

	if (n == 0 || n >= 4096 || path[0] == '/' || path[n - 1] == '/')
		return false;
	for (const char *p = path; *p != '\0';) {
		size_t k = strcspn(p, "/");

		if (k == 0 || (k == 1 && p[0] == '.') ||
		    (k == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += k + (p[k] == '/');
	}
	return true;
}

static struct file_job *
job_create(struct box *b, enum fs_op op, const char *path, const char *to)
{
	struct file_job *j = xcalloc(1, sizeof *j), **end = &b->jobs;

	j->b = b;
	j->op = op;
	j->id = ++b->next_id;
	j->path = path != NULL ? xstrdup(path) : NULL;
	j->to = to != NULL ? xstrdup(to) : NULL;
	j->fd = -1;
	while (*end != NULL)
		end = &(*end)->next;
	*end = j;
	return j;
}

/* Done at once, or refused; what came of it is never told from inside the
 * call. */
static uint64_t
job_go(struct file_job *j)
{
	struct box *b = j->b;
	bool named = j->op != FS_LIST && j->op != FS_TREE;
	struct err *e = &j->result.err;
	uint64_t id = j->id;

	if ((named && !files_path_ok(j->path)) ||
	    (j->op == FS_RENAME && !files_path_ok(j->to)))
		err_set(e, ERR_INVALID, "no such file name");
	else if (j->size > MODAL_FILE_MAX)
		err_set(e, ERR_LIMIT, "%s has more than %u MiB", j->path,
		    MODAL_FILE_MAX >> 20);
	else if (box_dead(b) && !only_volume(b))
		err_set(e, ERR_UNAVAILABLE, "%s", b->why[0] != '\0' ? b->why :
		    "the sandbox was stopped");
	if (e->code != ERR_NONE)
		j->timer = loop_timer_add(b->m->loop, 0, refused, j);
	else
		files_go(b);
	return id;
}

uint64_t
files_ask(struct box *b, enum fs_op op, const char *path, const char *to,
    const char *data, size_t n)
{
	struct file_job *j = job_create(b, op, path, to);

	j->size = n;
	if (data != NULL && n <= MODAL_FILE_MAX)
		buf_add(&j->data, data, n);
	return job_go(j);
}

uint64_t
files_put(struct box *b, const char *path, int fd)
{
	struct file_job *j = job_create(b, FS_PUT, path, NULL);
	struct stat st;

	if (fstat(fd, &st) != 0)
		err_sys(&j->result.err, errno, "cannot save %s", path);
	else if (!S_ISREG(st.st_mode))
		err_set(&j->result.err, ERR_UNSUPPORTED,
		    "%s is not a regular file", path);
	else
		j->size = (size_t)st.st_size;
	if (j->size > 0)
		j->fd = fd;
	else
		close(fd);
	return job_go(j);
}

void
files_fail(struct box *b, const char *why)
{
	if (only_volume(b)) {
		files_go(b);
		return;
	}
	while (b->jobs != NULL) {
		err_set(&b->jobs->result.err, ERR_UNAVAILABLE, "%s", why);
		b->jobs->result.ok = false;
		job_end(b->jobs);
	}
}

void
files_drop(struct box *b)
{
	account_cancel(b->alone_call);
	b->alone_call = NULL;
	volume_forget(b);
	while (b->jobs != NULL)
		job_free(b->jobs);
}
