#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ui/keys.h"

static void
describe(const struct input *in, struct buf *out)
{
	static const char *kinds[] = { "press", "release", "drag", "up",
		"down", "hover" };
	char name[32];

	if (out->len > 0)
		buf_addc(out, ' ');
	switch (in->kind) {
	case INPUT_KEY:
		key_name(&in->key, name);
		buf_adds(out, name);
		break;
	case INPUT_MOUSE:
		buf_addf(out, "%s%d@%d,%d", kinds[in->mouse.kind],
		    in->mouse.button, in->mouse.row, in->mouse.col);
		if (in->mouse.mods)
			buf_addf(out, "+%u", in->mouse.mods);
		break;
	case INPUT_PASTE:
		buf_adds(out, "paste(");
		buf_add(out, in->paste, in->paste_len);
		buf_adds(out, ")");
		break;
	}
}

static void
drain(struct keys *k, bool flush, struct buf *out)
{
	struct input in;

	while (keys_next(k, flush, &in))
		describe(&in, out);
}

static const struct {
	const char *bytes, *want;
} cases[] = {
	{ "a", "a" },
	{ "A z", "A Space z" },
	{ "\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80", "é 日 😀" },
	{ "\x01\x1a\x0d\x09\x7f\x08\x0a", "C-a C-z Enter Tab Backspace C-h C-j" },
	{ "\x1c\x1d\x1e\x1f", "C-\\ C-] C-^ C-_" },
	{ "\033[A\033[B\033[C\033[D", "Up Down Right Left" },
	{ "\033[1;5A\033[1;2D\033[1;3C\033[1;7H", "C-Up S-Left M-Right C-M-Home" },
	{ "\033OP\033OS\033[15~\033[17;2~\033[24~", "F1 F4 F5 S-F6 F12" },
	{ "\033OA\033OH\033OF\033OM", "Up Home End Enter" },
	{ "\033O5P\033[1;2P", "C-F1 S-F1" },
	{ "\033[[A\033[[E", "F1 F5" },
	{ "\033[11~\033[14~", "F1 F4" },
	{ "\033[3~\033[3$\033[3^\033[3@", "Delete S-Delete C-Delete C-S-Delete" },
	{ "\033[a\033Oa\033[7~\033[8~", "S-Up C-Up Home End" },
	{ "\033\033[A", "M-Up" },
	{ "\033\033\033[A", "Esc M-Up" },
	{ "\033[Z", "S-Tab" },
	{ "\033x\033X\033\r\033\x7f\033\x01", "M-x M-X M-Enter M-Backspace C-M-a" },
	{ "\033\xc3\xa9", "M-é" },
	{ "\033[I\033[O", "FocusIn FocusOut" },
	{ "\033[97;5u\033[97;2u\033[13;2u\033[27u", "C-a A S-Enter Esc" },
	{ "\033[97;5:3u", "" },
	{ "\033[97:65;6u", "C-S-a" },
	{ "\033[27;5;13~", "C-Enter" },
	{ "\033[<0;3;5M\033[<0;3;5m", "press1@4,2 release1@4,2" },
	{ "\033[<35;5;3M\033[<43;5;3M\033[<59;1;1m", "hover0@2,4 hover0@2,4+2 "
	    "hover0@0,0+6" },
	{ "\033[M\103%#\033[M\107!!", "hover0@2,4 hover0@0,0+1" },
	{ "\033[<32;1;1M\033[<64;2;2M\033[<65;2;2M", "drag1@0,0 up0@1,1 down0@1,1" },
	{ "\033[<18;9;9M", "press3@8,8+4" },
	{ "\033[M !!", "press1@0,0" },
	{ "\033[200~a\033[Bb\r\033[201~c", "paste(a\033[Bb\r) c" },
	{ "\033[201~x", "x" },
	{ "\xff\xfe" "a\xc3" "b", "a b" },
	{ "\033[999zq\033[?1;2cq", "q q" },
	{ "\033[1;\rq", "Enter q" },
	{ "\033[1114112u\033[55296u\033[57441u", "" },
	{ "\033Oz", "M-O z" },
};

static void
test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct keys *k = keys_create();
		struct buf out = { 0 };

		keys_feed(k, cases[i].bytes, strlen(cases[i].bytes));
		drain(k, false, &out);
		assert_string_equal(buf_str(&out), cases[i].want);
		assert_false(keys_pending(k));
		buf_free(&out);
		keys_destroy(k);
	}
}

/* The same comes out however the bytes are split. */
static void
test_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct keys *k = keys_create();
		struct buf out = { 0 };

		for (const char *p = cases[i].bytes; *p; p++) {
			keys_feed(k, p, 1);
			drain(k, false, &out);
		}
		assert_string_equal(buf_str(&out), cases[i].want);
		buf_free(&out);
		keys_destroy(k);
	}
}

static void
expect_flush(const char *bytes, const char *want)
{
	struct keys *k = keys_create();
	struct buf out = { 0 };

	keys_feed(k, bytes, strlen(bytes));
	drain(k, false, &out);
	assert_true(keys_pending(k));
	drain(k, true, &out);
	assert_false(keys_pending(k));
	assert_string_equal(buf_str(&out), want);
	buf_free(&out);
	keys_destroy(k);
}

static void
test_escape_delay(void **state)
{
	(void)state;
	expect_flush("\033", "Esc");
	expect_flush("\033\033", "Esc Esc");
	expect_flush("x\033[", "x M-[");
	expect_flush("\033O", "M-O");
	expect_flush("\033[1;5", "");
	expect_flush("\xe6\x97", "");
}

static void
test_nul_is_ctrl_space(void **state)
{
	struct keys *k = keys_create();
	struct buf out = { 0 };

	(void)state;
	keys_feed(k, "\0", 1);
	drain(k, false, &out);
	assert_string_equal(buf_str(&out), "C-Space");
	buf_free(&out);
	keys_destroy(k);
}

static void
test_paste_is_capped(void **state)
{
	struct keys *k = keys_create();
	struct input in;
	char *chunk = xmalloc(1 << 20);

	(void)state;
	memset(chunk, 'x', 1 << 20);
	keys_feed(k, "\033[200~", 6);
	for (int i = 0; i < 10; i++) {
		keys_feed(k, chunk, 1 << 20);
		assert_false(keys_next(k, true, &in));
		assert_false(keys_pending(k));
	}
	keys_feed(k, "\033[201~", 6);
	assert_true(keys_next(k, false, &in));
	assert_int_equal(in.kind, INPUT_PASTE);
	assert_int_equal(in.paste_len, 8 << 20);
	free(chunk);
	keys_destroy(k);
}

static void
test_names(void **state)
{
	static const char *const same[] = { "a", "A", "é", "C-x", "M-Left",
		"F5", "F24", "S-Tab", "Space", "C-Space", "C-M-S-Up", "-",
		"C--", "M-x", "C-\\", "Esc", "C-S-a" };
	static const char *const bad[] = { "", "F0", "F25", "Foo", "X-a",
		"ab", "\xff", "C-", "\x01" };
	struct key k;
	char name[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		assert_true(key_parse(same[i], &k));
		key_name(&k, name);
		assert_string_equal(name, same[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (strcmp(bad[i], "C-") != 0)
			assert_false(key_parse(bad[i], &k));
	assert_true(key_parse("C-A", &k));
	assert_int_equal(k.code, 'a');
	assert_int_equal(k.mods, MOD_CTRL);
	assert_true(key_parse("S-a", &k));
	assert_int_equal(k.code, 'A');
	assert_int_equal(k.mods, 0);
	assert_true(key_parse("escape", &k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_escape_delay),
		cmocka_unit_test(test_nul_is_ctrl_space),
		cmocka_unit_test(test_paste_is_capped),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
