#include "config.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void (*exhausted)(void);

void
mem_set_exhausted(void (*fn)(void))
{
	exhausted = fn;
}

static void *
check(void *p)
{
	if (p != NULL)
		return p;
	if (exhausted != NULL)
		exhausted();
	fputs("viva: out of memory\n", stderr);
	abort();
}

void *
xmalloc(size_t n)
{
	return check(malloc(n ? n : 1));
}

void *
xcalloc(size_t n, size_t size)
{
	return check(calloc(n ? n : 1, size ? size : 1));
}

void *
xrealloc(void *p, size_t n)
{
	return check(realloc(p, n ? n : 1));
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		check(NULL);
	return xrealloc(p, n * size);
}

char *
xstrdup(const char *s)
{
	return xmemdup(s, strlen(s) + 1);
}

char *
xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

void *
xmemdup(const void *p, size_t n)
{
	void *q = xmalloc(n);

	if (n != 0)
		memcpy(q, p, n);
	return q;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		check(NULL);
	return s;
}

void *
mem_large_new(void)
{
	char *p = mmap(NULL, 2 * MEM_LARGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	if (p == MAP_FAILED)
		check(NULL);
	before = (MEM_LARGE - (uintptr_t)p % MEM_LARGE) % MEM_LARGE;
	if (before > 0)
		munmap(p, before);
	munmap(p + before + MEM_LARGE, MEM_LARGE - before);
	madvise(p + before, MEM_LARGE, MADV_HUGEPAGE);
	return p + before;
}

void
mem_large_free(void *p)
{
	munmap(p, MEM_LARGE);
}
