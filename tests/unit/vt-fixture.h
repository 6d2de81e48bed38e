#ifndef TESTS_UNIT_VT_FIXTURE_H
#define TESTS_UNIT_VT_FIXTURE_H

/* What is written to a terminal, and what it shows then. */

#include "base/mem.h"
#include "vt/vt.h"

static void
put(struct vt *v, const char *s)
{
	vt_write(v, s, strlen(s));
}

static void
expect_row(const struct vt *v, int row, const char *want)
{
	struct buf b = { 0 };

	vt_text(v, row, 0, row, VT_COLS_MAX, &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
expect_same(const struct vt *a, const struct vt *b)
{
	struct buf x = { 0 }, y = { 0 };

	vt_save(a, &x);
	vt_save(b, &y);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	buf_free(&x);
	buf_free(&y);
}

#endif
