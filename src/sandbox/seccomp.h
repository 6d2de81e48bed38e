#ifndef SANDBOX_SECCOMP_H
#define SANDBOX_SECCOMP_H

#include "base/err.h"

/* The system call filter of a sandbox as BPF in a new memfd at offset 0, or
 * -1.  Denies what a program for an interview never needs and an attack on
 * the kernel does.  judged: the time of all its processes counts. */
int seccomp_memfd(bool judged, struct err *);

#endif
