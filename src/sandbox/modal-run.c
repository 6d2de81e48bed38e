#include "config.h"

/*
 * How programs are run over there, with nothing but sh and python3: where
 * they begin, what bounds them, and how they tell their end.
 *
 * A judged program gets a user of its own, so that it can neither end the
 * wrapper nor write to where that writes, and is ended with all it began.
 * What is judged by its time or memory gets a filter of system calls too, and
 * the wrapper takes in whom it leaves behind: else the kernel would drop the
 * time of children that nobody waits for (SIGCHLD ignored), and memory that no
 * process has mapped (a memfd, a segment) would be bounded by nothing.  Where
 * python3 has no ctypes, and on other processors, there is neither.
 *
 * The wrapper reads 32 characters from the front of stdin that the program
 * never sees, and says how it ended behind them as the last on stderr: what
 * does not know them cannot make up an end.
 */

#include "sandbox/modal-internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SLACK_KB 65536 /* program text, libraries, the stack */
#define PIDS "/tmp/.viva" /* UUID: its process; UUID.tty: its terminal */

/* Who it is is written down beside: that is three processes, and somebody
 * waits for the prompt.  Who asks waits for it (FIND_PID).
 *
 * $1 uuid, $2 workspace, $3 memory (KiB), $4 file (512 bytes), $5 processes;
 * 0: none; then the command.  dash calls -p what others call -u. */
static const char shell_script[] =
    "(umask 77; mkdir -p " PIDS "; tty >" PIDS "/$1.tty; "
    "echo $$ >" PIDS "/$1) 2>/dev/null <&0 &\n"
    "cd \"$2\" 2>/dev/null || { mkdir -p \"$2\" && cd \"$2\"; }\n"
    "stty iutf8 erase '^?' 2>/dev/null\n"
    "ulimit -c 0\n"
    "[ \"$3\" = 0 ] || ulimit -d \"$3\"\n"
    "[ \"$4\" = 0 ] || ulimit -f \"$4\"\n"
    "[ \"$5\" = 0 ] || ulimit -u \"$5\" 2>/dev/null || ulimit -p \"$5\" "
    "2>/dev/null\n"
    "export LANG=C.UTF-8 SHELL=/bin/bash PYTHONDONTWRITEBYTECODE=1 "
    "HOME=\"${HOME:-/root}\"\n"
    "shift 5\n"
    "exec \"$@\"\n";

/* uuid, where it works, ms of cpu and asleep, MB of memory and file, processes,
 * read_only, whether it works in a directory that another program is making
 * (modal-dir.c), then the command. */
static const char program_script[] =
    "import os,resource as R,signal as S,sys,time\n"
    "try:import ctypes as C,struct\n"
    "except ImportError:C=None\n"
    "S.signal(S.SIGCHLD,S.SIG_DFL)\n"
    "uuid,base=sys.argv[1:3]\n"
    "cpu,idle,mem,fsz,nproc,ro,wait=map(int,sys.argv[3:10])\n"
    "cmd=sys.argv[10:]\n"
    "nonce=b''\n"
    "while len(nonce)<32:\n"
    " c=os.read(0,32-len(nonce))\n"
    " if not c:os._exit(125)\n"
    " nonce+=c\n"
    "if not wait:os.makedirs(base,exist_ok=True)\n"
    "for i in range(2000*wait,-1,-1):\n"
    " try:\n"
    "  os.chdir(base)\n"
    "  break\n"
    " except OSError:\n"
    "  if not i:os._exit(124)\n"
    " time.sleep(.005)\n"
    "U=20000+os.getpid()%20000\n"
    "drop=False\n"
    "if os.geteuid()==0:\n"
    " try:\n"
    "  os.setegid(U);os.seteuid(U)\n"
    "  drop=os.access('.',os.R_OK|os.X_OK,effective_ids=True)\n"
    " except OSError:pass\n"
    " os.seteuid(0);os.setegid(0)\n"
    "if drop:os.chmod('.',0o755 if ro else 0o777)\n"
    "def lim(k,v,w=None):\n"
    " try:\n"
    "  if v>0:R.setrlimit(k,(v,w or v))\n"
    " except (OSError,ValueError):pass\n"
    "def become():\n"
    " if drop:os.setgroups([]);os.setgid(U);os.setuid(U)\n"
    /* AUDIT_ARCH, and the numbers of rt_sigaction, memfd_create, shmget. */
    "A={'x86_64':(0xc000003e,13,319,29),"
    "'aarch64':(0xc00000b7,134,279,194)}.get(os.uname().machine)\n"
    "P=None\n"
    "if C and A and (cpu or mem):\n"
    " n=1<<30\n" /* no call; those of x32 begin there */
    " L=C.CDLL(None).prctl\n"
    " L(36,1,0,0,0)\n" /* PR_SET_CHILD_SUBREAPER */
    /* Load, jump if equal, jump if not less, return: two ways, a value. */
    " F=C.create_string_buffer(b''.join(struct.pack('HBBI',*i) for i in ("
    "(32,0,0,4),(21,0,13,A[0]),(32,0,0,0),(53,11,0,n),"
    "(21,10,0,A[2] if mem else n),(21,9,0,A[3] if mem else n),"
    "(21,0,6,A[1] if cpu else n),(32,0,0,16),(21,0,4,17)," /* SIGCHLD */
    "(32,0,0,24),(21,0,3,0),(32,0,0,28),(21,0,1,0)," /* only asked */
    "(6,0,0,0x7fff0000),(6,0,0,0x50001),(6,0,0,0x50026))))\n"
    " P=C.create_string_buffer(struct.pack('HP',16,C.addressof(F)))\n"
    "env={'PATH':'/usr/local/bin:/usr/bin:/bin','HOME':'/tmp',"
    "'USER':'candidate','LOGNAME':'candidate','SHELL':'/bin/bash',"
    "'LANG':'C.UTF-8','PYTHONDONTWRITEBYTECODE':'1'}\n"
    "def child():\n"
    " try:\n"
    "  os.setsid()\n"
    "  for s in S.SIGPIPE,S.SIGXFSZ,S.SIGINT:S.signal(s,S.SIG_DFL)\n"
    "  S.pthread_sigmask(S.SIG_SETMASK,[])\n"
    "  R.setrlimit(R.RLIMIT_CORE,(0,0))\n"
    "  lim(R.RLIMIT_NOFILE,1024)\n"
    "  lim(R.RLIMIT_FSIZE,fsz<<20)\n"
    "  lim(R.RLIMIT_NPROC,nproc)\n"
    "  if cpu:lim(R.RLIMIT_CPU,cpu//1000+1,cpu//1000+2)\n"
    "  become()\n"
    "  lim(R.RLIMIT_DATA,mem<<20)\n"
    "  if P:L(38,1,0,0,0);L(22,2,P)\n" /* NO_NEW_PRIVS, SECCOMP */
    "  os.execve(cmd[0],cmd,env)\n"
    " except OSError as e:\n"
    "  os.write(2,('%s: %s\\n'%(cmd[0],e.strerror)).encode())\n"
    "  os._exit(127 if e.errno in (2,20) else 126)\n"
    " finally:os._exit(126)\n"
    "def sweep():\n"
    " try:os.killpg(p,9)\n"
    " except OSError:pass\n"
    " if not drop:return\n"
    " k=os.fork()\n"
    " if k==0:\n"
    "  try:become();os.kill(-1,9)\n"
    "  finally:os._exit(0)\n"
    " os.waitpid(k,0)\n"
    "us=rss=0\n"
    "def reap():\n"
    " global us,rss\n"
    " q,s,ru=os.wait4(-1,os.WNOHANG)\n"
    " if q:\n"
    "  us+=(ru.ru_utime+ru.ru_stime)*1e6\n"
    "  rss=max(rss,ru.ru_maxrss)\n"
    " return q,s\n"
    /* Of those whose parent did not wait. */
    "def rest():\n"
    " for i in range(40):\n"
    "  sweep()\n"
    "  try:\n"
    "   while reap()[0]:pass\n"
    "  except ChildProcessError:return\n"
    "  if i>3 and not drop:return\n"
    "  S.sigtimedwait([S.SIGCHLD],.05)\n"
    "S.pthread_sigmask(S.SIG_BLOCK,[S.SIGCHLD])\n"
    "t0=time.monotonic()\n"
    "p=os.fork()\n"
    "if p==0:child()\n"
    "os.umask(0o77)\n"
    "try:\n"
    " os.makedirs('" PIDS "',exist_ok=True)\n"
    " with open('" PIDS "/'+uuid,'w') as f:f.write('%d\\n'%p)\n"
    "except OSError:pass\n"
    "def stat(d):\n" /* proc(5): from the third field on */
    " with open('/proc/'+d+'/stat') as f:"
    "return f.read().rpartition(')')[2].split()\n"
    /* ms of CPU time, and whether one runs or waits for a processor. */
    "def look():\n"
    " n=0;on=False\n"
    " for d in os.listdir('/proc'):\n"
    "  try:\n"
    "   if not d.isdigit() or drop and os.stat('/proc/'+d).st_uid!=U:continue\n"
    "   f=stat(d)\n"
    "   if not drop and int(f[2])!=p:continue\n" /* its group */
    "   n+=sum(map(int,f[11:15]))\n"
    "   on=on or any(stat(d+'/task/'+t)[0]=='R' "
    "for t in os.listdir('/proc/'+d+'/task'))\n"
    "  except (OSError,ValueError,IndexError):pass\n"
    " return us/1e3+n*1e3/os.sysconf('SC_CLK_TCK'),on\n"
    /* What a busy machine keeps from it is no time of its own. */
    "flag='-'\n"
    "at=t0;slept=0\n"
    "every=.25 if cpu or idle else 3600.0\n"
    "while True:\n"
    " q,st=reap()\n"
    " if q==p:break\n"
    " now=time.monotonic()\n"
    " if every<1 and now>=at+every:\n"
    "  n,on=look()\n"
    "  if not on:slept+=min(now-at,2*every)\n"
    "  at=now\n"
    "  if idle and slept*1000>=idle or cpu and n>cpu+1000:\n"
    "   flag='w';every=3600.0;sweep()\n"
    " if not q:S.sigtimedwait([S.SIGCHLD],max(at+every-now,.001))\n"
    "t1=time.monotonic()\n"
    "rest()\n"
    "x=-os.WTERMSIG(st) if os.WIFSIGNALED(st) else os.WEXITSTATUS(st)\n"
    "os.write(2,nonce+(' exit %d %d %d %d %s\\n'%(x,"
    "us,(t1-t0)*1e6,rss,flag)"
    ").encode())\n"
    "os._exit(0)\n";

/* A program that begins just now says in a moment which process it is. */
#define FIND_PID "i=0; while [ ! -s " PIDS "/$1 ] && [ $i -lt 40 ]; do " \
	"sleep 0.05; i=$((i+1)); done; p=$(cat " PIDS "/$1) || exit 1\n"
/* The command follows.  That of a viva that was killed runs on: it is ended,
 * if it still is one. */
const char run_watch[] =
    "p=$(cat " PIDS "/watch 2>/dev/null) && "
    "case $(tr '\\0' ' ' </proc/\"$p\"/cmdline 2>/dev/null) in "
    "*\"$1 \"*) kill \"$p\";; esac\n"
    "(umask 77; mkdir -p " PIDS "; echo $$ >" PIDS "/watch) 2>/dev/null\n"
    "exec \"$@\"\n";

/* $1 uuid. */
const char run_kill[] = FIND_PID
    "kill -9 -$p; kill -9 $p; exit 0\n";
/* $1 uuid, $2 rows, $3 columns. */
const char run_resize[] = FIND_PID
    "t=$(cat " PIDS "/$1.tty); [ -c \"$t\" ] || t=/proc/$p/fd/0\n"
    "stty rows \"$2\" cols \"$3\" <\"$t\"\n";

static size_t
count(const char *const *argv)
{
	size_t n = 0;

	while (argv[n] != NULL)
		n++;
	return n;
}

char **
run_argv_copy(const char *const *argv)
{
	size_t n = count(argv);
	char **out = xcalloc(n + 1, sizeof *out);

	for (size_t i = 0; i < n; i++)
		out[i] = xstrdup(argv[i]);
	return out;
}

void
run_argv_free(char **argv)
{
	for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
		free(argv[i]);
	free(argv);
}

/* front, then numbers, then the command. */
static char **
join(const char *const *front, const long long *numbers, size_t nnumbers,
    const char *const *command)
{
	size_t n = count(front), k = count(command), len = 0;
	char **out = xcalloc(n + nnumbers + k + 1, sizeof *out);

	for (size_t i = 0; i < n; i++)
		out[len++] = xstrdup(front[i]);
	for (size_t i = 0; i < nnumbers; i++)
		out[len++] = xasprintf("%lld", numbers[i]);
	for (size_t i = 0; i < k; i++)
		out[len++] = xstrdup(command[i]);
	return out;
}

char **
run_shell_argv(const struct exec_spec *s, const char *uuid)
{
	const char *const front[] = { "/bin/sh", "-c", shell_script, "viva",
		uuid, WORKSPACE, NULL };
	const long long numbers[] = { s->memory_mb * 1024, s->file_mb * 2048,
		s->processes };

	return join(front, numbers, ARRAY_LEN(numbers), s->argv);
}

char **
run_program_argv(const struct exec_spec *s, const char *uuid, const char *dir)
{
	const char *const front[] = { "python3", "-IS", "-c", program_script,
		uuid, dir != NULL ? dir : WORKSPACE, NULL };
	const long long numbers[] = { s->cpu_ms, s->asleep_ms, s->memory_mb,
		s->file_mb, s->processes, s->read_only, dir != NULL };

	return join(front, numbers, ARRAY_LEN(numbers), s->argv);
}

bool
run_trailer(const struct buf *err, const char *nonce, size_t *keep,
    struct sandbox_exit *x, const struct exec_spec *s)
{
	const char *at = err->len > 0 ? memmem(err->data, err->len, nonce,
	    strlen(nonce)) : NULL;
	long long cpu, wall, rss;
	int status;
	char flag;

	if (at == NULL || sscanf(at + strlen(nonce),
	    " exit %d %lld %lld %lld %c\n", &status, &cpu, &wall, &rss,
	    &flag) != 5)
		return false;
	*keep = (size_t)(at - err->data);
	x->status = status;
	x->cpu_us = cpu;
	x->wall_us = wall;
	x->memory_kb = rss;
	x->timed_out = flag == 'w' || status == -SIGXCPU ||
	    (s->cpu_ms > 0 && cpu > s->cpu_ms * 1000);
	/* The bound is on data; programs that near it and fail hit it.  What
	 * is far over it has shared memory. */
	x->memory_limit = s->memory_mb > 0 && ((status != 0 &&
	    rss >= s->memory_mb * 1024 / 4 * 3) ||
	    rss > s->memory_mb * 1024 + SLACK_KB);
	return true;
}
