#include "config.h"

#include "sandbox/seccomp.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"

#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif

/* Mounts, namespaces, keys, kernel code, and interfaces that are often a way
 * into the kernel.  ptrace stays: gdb and strace are for candidates too, and
 * see nothing beyond the sandbox. */
static const int denied[] = { SCMP_SYS(mount), SCMP_SYS(umount2),
	SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(unshare),
	SCMP_SYS(setns), SCMP_SYS(fsopen), SCMP_SYS(fsmount),
	SCMP_SYS(fsconfig), SCMP_SYS(fspick), SCMP_SYS(move_mount),
	SCMP_SYS(open_tree), SCMP_SYS(mount_setattr), SCMP_SYS(keyctl),
	SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon),
	SCMP_SYS(swapoff), SCMP_SYS(quotactl), SCMP_SYS(acct),
	SCMP_SYS(settimeofday), SCMP_SYS(clock_settime),
	SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime), SCMP_SYS(syslog),
	SCMP_SYS(lookup_dcookie), SCMP_SYS(vmsplice),
	SCMP_SYS(process_vm_writev), SCMP_SYS(nfsservctl) };

static const unsigned ioctls[] = { TIOCSTI, TIOCLINUX };

static const uint64_t namespaces[] = { CLONE_NEWUSER, CLONE_NEWNS,
	CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS,
	CLONE_NEWCGROUP };

/* Process 1 is the helper that counts what runs and tells how it ended.  With
 * no file to open, or no turn to run, it would count nothing. */
static int
leave_helper(scmp_filter_ctx ctx)
{
	static const struct { int call; struct scmp_arg_cmp arg; } rules[] = {
		{ SCMP_SYS(prlimit64), SCMP_A0(SCMP_CMP_MASKED_EQ,
		    0xffffffffu, 1) },
		{ SCMP_SYS(sched_setscheduler), SCMP_A0(SCMP_CMP_MASKED_EQ,
		    0xffffffffu, 1) },
		{ SCMP_SYS(sched_setparam), SCMP_A0(SCMP_CMP_MASKED_EQ,
		    0xffffffffu, 1) },
		{ SCMP_SYS(sched_setattr), SCMP_A0(SCMP_CMP_MASKED_EQ,
		    0xffffffffu, 1) },
		{ SCMP_SYS(sched_setaffinity), SCMP_A0(SCMP_CMP_MASKED_EQ,
		    0xffffffffu, 1) },
		{ SCMP_SYS(setpriority), SCMP_A1(SCMP_CMP_MASKED_EQ,
		    0xffffffffu, 1) },
		{ SCMP_SYS(setpriority), SCMP_A0(SCMP_CMP_MASKED_EQ,
		    0xffffffffu, PRIO_USER) } };
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(rules) && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
		    rules[i].call, 1, rules[i].arg);
	return rc;
}

/* The kernel forgets the time of children whose parent does not want to hear
 * of their end (SIG_IGN, SA_NOCLDWAIT). */
static int
hear_of_children(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
	    SCMP_SYS(rt_sigaction), 2, SCMP_A0(SCMP_CMP_MASKED_EQ,
	    0xffffffffu, SIGCHLD), SCMP_A1(SCMP_CMP_NE, 0));
}

static int
add_rules(scmp_filter_ctx ctx)
{
	int rc = leave_helper(ctx);

	for (size_t i = 0; i < ARRAY_LEN(denied) && rc == 0; i++) {
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
		/* A call that this architecture has not. */
		if (rc == -EDOM || rc == -EINVAL)
			rc = 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(ioctls) && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
		    SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu,
		    ioctls[i]));
	for (size_t i = 0; i < ARRAY_LEN(namespaces) && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
		    SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ,
		    namespaces[i], namespaces[i]));
	/* Memory that belongs to no process cannot be counted. */
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
		    SCMP_SYS(memfd_create), 0);
	/* Its flags are behind a pointer; the C library falls back. */
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
		    SCMP_SYS(clone3), 0);
	return rc;
}

int
seccomp_memfd(bool judged, struct err *e)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int fd = memfd_create("viva-seccomp", MFD_CLOEXEC), rc = -ENOMEM;

	if (ctx != NULL && fd >= 0) {
		rc = add_rules(ctx);
		if (rc == 0 && judged)
			rc = hear_of_children(ctx);
		if (rc == 0)
			rc = seccomp_export_bpf(ctx, fd);
	}
	if (ctx != NULL)
		seccomp_release(ctx);
	if (rc == 0 && fd >= 0 && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	err_set(e, ERR_INTERNAL, "cannot make the system call filter: %s",
	    strerror(fd < 0 ? errno : -rc));
	if (fd >= 0)
		close(fd);
	return -1;
}
