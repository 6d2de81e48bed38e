#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "event/event.h"

static const char zeros[65] =
    "0000000000000000000000000000000000000000000000000000000000000000";

static void
every_type_has_its_own_name(void **st)
{
	(void)st;
	for (int i = 1; i < EV_TYPES; i++)
		assert_int_equal(event_type_find(event_type_name(
		    (enum event_type)i)), i);
}

/* Every field there is; a type takes its own. */
static const char all_fields[] = "\"session\":\"s1\",\"host\":\"\","
    "\"version\":\"2\",\"sandbox\":\"local\",\"why\":\"\xc3\xa9\\n\","
    "\"questions\":3,\"duration\":-4,\"name\":\"n\",\"title\":\"t\","
    "\"statement\":\"# x\",\"language\":\"c\",\"time_limit_ms\":5,"
    "\"memory_limit_mb\":6,\"text\":\"a note\",\"term\":7,\"rows\":8,"
    "\"cols\":9,\"status\":-10,\"handle\":\"h\",\"offset\":11,"
    "\"data64\":\"YQBi\",\"hidden\":12,\"state\":2,\"attempt\":13,"
    "\"attempts\":14,\"provider\":\"p\",\"path\":\"a/b\",\"deleted\":15,"
    "\"inserted\":\"{\\n\",\"kind\":\"type\",\"anchor\":16,\"top\":17,"
    "\"to\":\"c\",\"hash\":\"0f\",\"content\":\"\",\"size\":18,"
    "\"list\":\"1\\tx\\n\",\"run\":19,\"number\":20,\"total\":21,"
    "\"passed\":22,\"submit\":true,\"verdict\":2,\"time_us\":23,"
    "\"memory_kb\":24,\"input\":\"1 2\",\"expected64\":\"/w==\","
    "\"output\":\"4\",\"errors\":\"\",\"tree\":\"5\",\"commit\":\"6\","
    "\"where\":\"editor\",\"bytes\":25";

/* As another thread encodes it, with others before and after it. */
static void
a_packed_event_is_the_same(void **st)
{
	struct buf want = { 0 }, packed = { 0 }, got = { 0 };
	struct event_buf eb = { 0 };
	const char *p;
	struct err e;

	(void)st;
	for (int type = 1; type < EV_TYPES; type++) {
		struct buf line = { 0 };
		struct event ev;
		size_t n;

		buf_addf(&line, "{\"seq\":%d,\"t\":9,\"wall\":8,"
		    "\"type\":\"%s\",\"origin\":\"system\",\"q\":1,%s,"
		    "\"prev\":\"%s\"}", type, event_type_name(
		    (enum event_type)type), all_fields, zeros);
		assert_true(event_decode(line.data, line.len, &eb, &ev, &e));
		event_encode(&ev, zeros, &want);
		n = event_packed_size(&ev);
		buf_reserve(&packed, n);
		assert_ptr_equal(event_pack(&ev, packed.data + packed.len),
		    packed.data + packed.len + n);
		packed.len += n;
		memset(&ev, 0, sizeof ev); /* neither texts nor pointers */
		event_buf_free(&eb);
		buf_free(&line);
	}
	assert_non_null(strstr(want.data, "\"data64\":\"YQBi\""));
	assert_non_null(strstr(want.data, "\"content\":\"\""));
	p = packed.data;
	for (int type = 1; type < EV_TYPES; type++) {
		struct event ev;

		p = event_unpack(p, &ev);
		assert_null(ev.raw.p);
		event_encode(&ev, zeros, &got);
	}
	assert_ptr_equal(p, packed.data + packed.len);
	assert_string_equal(got.data, want.data);
	buf_free(&want);
	buf_free(&packed);
	buf_free(&got);
}

static void
bytes_come_back_exactly(void **st)
{
	static const char *const samples[] = { "plain", "", "\033[1mx\r\n",
		"\"\\\x7f\x01", "\xff\xfe", "caf\xc3\xa9", "\xc3" };
	struct event_buf eb = { 0 };

	(void)st;
	for (size_t i = 0; i < sizeof samples / sizeof *samples + 1; i++) {
		struct event ev = { .seq = 9007199254740991, .t = 12345,
			.type = EV_TERM_OUTPUT, .question = 2 }, got;
		struct buf line = { 0 };
		struct err e;

		/* The last one holds a NUL. */
		ev.u.io.data = i < sizeof samples / sizeof *samples ?
		    (struct bytes){ samples[i], strlen(samples[i]) } :
		    (struct bytes){ "a\0b", 3 };
		ev.u.io.offset = 77;
		event_encode(&ev, zeros, &line);
		assert_int_equal(line.data[line.len - 1], '\n');
		assert_true(event_decode(line.data, line.len, &eb, &got, &e));
		assert_int_equal(got.seq, ev.seq);
		assert_int_equal(got.type, EV_TERM_OUTPUT);
		assert_int_equal(got.question, 2);
		assert_int_equal(got.u.io.offset, 77);
		assert_int_equal(got.u.io.data.n, ev.u.io.data.n);
		assert_memory_equal(got.u.io.data.p, ev.u.io.data.p,
		    ev.u.io.data.n);
		assert_string_equal(eb.prev, zeros);
		buf_free(&line);
	}
	event_buf_free(&eb);
}

/* What the shell wrote, every byte there is among it. */
static struct bytes
much_output(size_t n)
{
	static char data[5000];

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)(i * 7 + i / 256);
	return (struct bytes){ data, n };
}

static void
encode_output(struct buf *out, uint64_t seq, size_t n)
{
	struct event ev = { .seq = seq, .t = 5, .type = EV_TERM_OUTPUT,
		.origin = ORIGIN_SYSTEM, .question = 1 };

	ev.u.io.term = 2;
	ev.u.io.offset = 3;
	ev.u.io.data = much_output(n);
	event_encode(&ev, zeros, out);
}

static void
much_output_stands_behind_its_line_as_it_is(void **st)
{
	static const char line[] = "{\"raw\":5000,\"seq\":7,\"t\":5,"
	    "\"type\":\"term.output\",\"origin\":\"system\",\"q\":1,"
	    "\"term\":2,\"offset\":3,\"data_raw\":5000,\"prev\":\"";
	struct event_buf eb = { 0 };
	struct buf b = { 0 }, want = { 0 };
	struct event ev;
	struct err e;

	(void)st;
	encode_output(&b, 7, 5000);
	buf_addf(&want, "%s%s\"}\n", line, zeros);
	buf_add(&want, much_output(5000).p, 5000);
	buf_addc(&want, '\n');
	assert_int_equal(b.len, want.len);
	assert_memory_equal(b.data, want.data, want.len);
	/* With its last newline and without. */
	for (size_t less = 0; less < 2; less++) {
		assert_true(event_decode(b.data, b.len - less, &eb, &ev, &e));
		assert_int_equal(ev.u.io.data.n, 5000);
		assert_memory_equal(ev.u.io.data.p, much_output(5000).p, 5000);
		assert_int_equal(ev.u.io.offset, 3);
		assert_int_equal(ev.raw.n, b.len - 1);
	}
	assert_false(event_decode(b.data, b.len - 2, &eb, &ev, &e));
	assert_non_null(strstr(e.msg, "4999 bytes"));
	/* A little is text, and so is what others say. */
	buf_clear(&b);
	encode_output(&b, 7, EVENT_RAW_MIN - 1);
	assert_ptr_equal(memchr(b.data, '\n', b.len), b.data + b.len - 1);
	ev = (struct event){ .seq = 1, .type = EV_TERM_INPUT };
	ev.u.io.data = much_output(5000);
	buf_clear(&b);
	event_encode(&ev, zeros, &b);
	assert_ptr_equal(memchr(b.data, '\n', b.len), b.data + b.len - 1);
	buf_free(&b);
	buf_free(&want);
	event_buf_free(&eb);
}

static void
events_are_found_whatever_they_hold(void **st)
{
	static const size_t sizes[] = { 5000, 3, EVENT_RAW_MIN, 0, 4096 };
	struct buf b = { 0 };
	size_t ends[5], at = 0, len;
	struct err e;

	(void)st;
	for (size_t i = 0; i < 5; i++) {
		encode_output(&b, i + 1, sizes[i]);
		ends[i] = b.len;
	}
	for (size_t i = 0; i < 5; at = ends[i++]) {
		assert_int_equal(event_split(b.data + at, b.len - at, &len,
		    &e), EVENT_WHOLE);
		assert_int_equal(len, ends[i] - at);
		for (size_t n = 0; n < len; n++) {
			size_t want;

			assert_int_equal(event_split(b.data + at, n, &want,
			    &e), EVENT_CUT);
			assert_true(want == 0 || want == len);
		}
	}
	buf_free(&b);
}

/* As a transfer in text mode leaves them: no event is missing or was changed,
 * and it should not read so. */
static void
other_ends_of_lines_are_named(void **st)
{
	static const char *const lines[] = { "{\"seq\":1,\"type\":\"x\"}\r\n",
		"{\"raw\":2,\"seq\":1,\"type\":\"x\"}\r\nab\r\n", "\r\n" };
	struct err e = { 0 };
	size_t len;

	(void)st;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		e.msg[0] = '\0';
		assert_int_equal(event_split(lines[i], strlen(lines[i]), &len,
		    &e), EVENT_BAD);
		assert_non_null(strstr(e.msg, "the line ends with CR LF"));
	}
}

static void
lengths_that_nobody_writes_are_refused(void **st)
{
	static const char *const lengths[] = { "0", "-5", "", "01500", "1501",
		"1499", "1.5e3", "\"1500\"", "99999999", "16777217",
		"18446744073709551615", "1500 " };
	struct event_buf eb = { 0 };
	struct buf b = { 0 };
	struct event ev;
	struct err e;
	size_t len;

	(void)st;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		buf_clear(&b);
		buf_addf(&b, "{\"raw\":%s,\"seq\":1,\"type\":\"term.output\","
		    "\"data_raw\":1500,\"prev\":\"%s\"}\n", lengths[i],
		    zeros);
		for (int k = 0; k < 1501; k++)
			buf_addc(&b, '\n');
		e.msg[0] = '\0';
		assert_int_equal(event_split(b.data, b.len, &len, &e),
		    EVENT_BAD);
		assert_non_null(strstr(e.msg, "raw"));
		e.msg[0] = '\0';
		assert_false(event_decode(b.data, b.len, &eb, &ev, &e));
		assert_true(e.msg[0] != '\0');
	}
	/* Both say so, and it is more than an event has. */
	buf_clear(&b);
	buf_addf(&b, "{\"raw\":16777216,\"seq\":1,\"type\":\"term.output\","
	    "\"data_raw\":16777216,\"prev\":\"%s\"}\n", zeros);
	assert_int_equal(event_split(b.data, b.len, &len, &e), EVENT_BAD);
	assert_non_null(strstr(e.msg, "limit"));
	/* Bytes for a field of text, for none, and behind a line without. */
	for (int i = 0; i < 3; i++) {
		static const char *const keys[] = { "\"title_raw\":2,",
			"\"what_raw\":3,\"data_raw\":2,", "" };

		buf_clear(&b);
		buf_addf(&b, "{%s\"seq\":1,\"type\":\"%s\",%s\"prev\":\"%s\""
		    "}\nab\n", i < 2 ? "\"raw\":2," : "", i == 0 ?
		    "question.start" : "term.output", keys[i], zeros);
		assert_false(event_decode(b.data, b.len, &eb, &ev, &e));
	}
	/* A type from later keeps them. */
	buf_clear(&b);
	buf_addf(&b, "{\"raw\":2,\"seq\":1,\"type\":\"new\",\"x_raw\":2,"
	    "\"prev\":\"%s\"}\nab\n", zeros);
	assert_true(event_decode(b.data, b.len, &eb, &ev, &e));
	assert_int_equal(ev.raw.n, b.len - 1);
	buf_free(&b);
	event_buf_free(&eb);
}

/* A flood of one line: no more of it is held than an event may have. */
static void
a_file_is_read_in_bounded_memory(void **st)
{
	static char zero[1u << 20];
	struct event_reader r = { .fd = memfd_create("record", MFD_CLOEXEC) };
	const char *p;
	struct err e;
	size_t n;

	(void)st;
	assert_true(r.fd >= 0);
	for (int i = 0; i < 64; i++)
		assert_int_equal(write(r.fd, zero, sizeof zero), sizeof zero);
	assert_int_equal(lseek(r.fd, 0, SEEK_SET), 0);
	assert_int_equal(event_next(&r, &p, &n, &e), EVENT_BAD);
	assert_non_null(strstr(e.msg, "more than"));
	assert_true(event_is_last_line(&r));
	assert_true(r.data.cap < 4 * EVENT_MAX);
	assert_int_equal(pwrite(r.fd, "\nx", 2, 50 << 20), 2);
	assert_int_equal(lseek(r.fd, 0, SEEK_SET), 0);
	event_reader_free(&r);
	r = (struct event_reader){ .fd = r.fd };
	assert_int_equal(event_next(&r, &p, &n, &e), EVENT_BAD);
	assert_false(event_is_last_line(&r));
	close(r.fd);
	event_reader_free(&r);
}

static void
all_fields_of_a_case_survive(void **st)
{
	struct event ev = { .seq = 1, .type = EV_TEST_CASE,
		.origin = ORIGIN_SYSTEM }, got;
	struct event_buf eb = { 0 };
	struct buf line = { 0 };
	struct err e;

	(void)st;
	ev.u.test.run = 3;
	ev.u.test.number = 4;
	ev.u.test.name = "sample 1";
	ev.u.test.verdict = VERDICT_WA;
	ev.u.test.time_us = 1500;
	ev.u.test.memory_kb = 9000;
	ev.u.test.why = "differs";
	ev.u.test.where = "session";
	ev.u.test.input = (struct bytes){ "\xff", 1 };
	ev.u.test.expected = (struct bytes){ "1 2\n", 4 };
	ev.u.test.output = (struct bytes){ "\xfe\xfd", 2 };
	ev.u.test.errors = (struct bytes){ "e", 1 };
	event_encode(&ev, zeros, &line);
	assert_true(event_decode(line.data, line.len, &eb, &got, &e));
	assert_string_equal(got.u.test.name, "sample 1");
	assert_int_equal(got.u.test.verdict, VERDICT_WA);
	assert_int_equal(got.u.test.time_us, 1500);
	assert_memory_equal(got.u.test.input.p, "\xff", 1);
	assert_memory_equal(got.u.test.output.p, "\xfe\xfd", 2);
	assert_int_equal(got.u.test.expected.n, 4);
	assert_memory_equal(got.u.test.errors.p, "e", 1);
	assert_string_equal(got.u.test.why, "differs");
	assert_string_equal(got.u.test.where, "session");
	buf_free(&line);
	event_buf_free(&eb);
}

static void
a_shell_keeps_its_name(void **st)
{
	struct event ev = { .seq = 1, .type = EV_TERM_OPEN,
		.origin = ORIGIN_SYSTEM }, got;
	struct event_buf eb = { 0 };
	struct buf line = { 0 };
	struct err e;

	(void)st;
	ev.u.term.term = 2;
	ev.u.term.rows = 24;
	ev.u.term.cols = 80;
	ev.u.term.handle = "80412283-3d7e-4a1b-9cc3-037de290138f";
	event_encode(&ev, zeros, &line);
	assert_true(event_decode(line.data, line.len, &eb, &got, &e));
	assert_string_equal(got.u.term.handle, ev.u.term.handle);
	ev.u.term.handle = NULL; /* of one that ends with viva */
	buf_clear(&line);
	event_encode(&ev, zeros, &line);
	assert_null(strstr(line.data, "handle"));
	assert_true(event_decode(line.data, line.len, &eb, &got, &e));
	assert_null(got.u.term.handle);
	buf_free(&line);
	event_buf_free(&eb);
}

static void
what_is_unknown_is_kept_and_what_is_broken_refused(void **st)
{
	static const char *const broken[] = { "", "{", "[]", "{\"seq\":0}",
		"{\"seq\":1,\"type\":\"x\",\"prev\":\"short\"}" };
	static const char *const unknown = "{\"seq\":1,\"t\":5,\"type\":"
	    "\"from.later\",\"new\":1,\"prev\":\"";
	struct event_buf eb = { 0 };
	struct buf line = { 0 };
	struct event ev;
	struct err e;

	(void)st;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		assert_false(event_decode(broken[i], strlen(broken[i]), &eb,
		    &ev, &e));
		assert_true(e.msg[0] != '\0');
	}
	buf_addf(&line, "%s%s\"}\n", unknown, zeros);
	assert_true(event_decode(line.data, line.len, &eb, &ev, &e));
	assert_int_equal(ev.type, EV_UNKNOWN);
	assert_int_equal(ev.raw.n, line.len - 1);
	buf_clear(&line);
	buf_addf(&line, "{\"seq\":1,\"type\":\"test.case\",\"verdict\":99,"
	    "\"prev\":\"%s\"}", zeros);
	assert_false(event_decode(line.data, line.len, &eb, &ev, &e));
	buf_free(&line);
	event_buf_free(&eb);
}

/* As RFC 8259 has it, byte by byte. */
static void
escape(unsigned char c, char out[8])
{
	static const char two[] = "\"\"\\\\\bb\tt\nn\ff\rr";

	snprintf(out, 8, c < 0x20 || c == 0x7f ? "\\u%04x" : "%c", c);
	for (const char *p = two; *p != '\0'; p += 2)
		if ((unsigned char)*p == c)
			snprintf(out, 8, "\\%c", p[1]);
}

static void
every_byte_is_escaped_wherever_it_stands(void **st)
{
	/* Around it what an arithmetic on words might mistake. */
	static const char around[] = { 'x', '!', '#', '\x1f', '\x7f', '\x80',
		'\xff', '\n' };
	char s[21], one[8];

	(void)st;
	for (size_t i = 0; i < sizeof s * sizeof around * 256; i++) {
		size_t at = i / 256 % sizeof s, n = sizeof s - at % 5;
		struct buf got = { 0 }, want = { 0 };

		memset(s, around[i / 256 / sizeof s], sizeof s);
		s[at % n] = (char)(i % 256);
		json_add_string(&got, s, n);
		buf_adds(&want, "\"");
		for (size_t k = 0; k < n; k++) {
			escape((unsigned char)s[k], one);
			buf_adds(&want, one);
		}
		buf_adds(&want, "\"");
		assert_int_equal(got.len, want.len);
		assert_memory_equal(got.data, want.data, want.len);
		buf_free(&got);
		buf_free(&want);
	}
}

static void
the_hash_is_sha256(void **st)
{
	char h[65];

	(void)st;
	event_hash("abc", 3, h); /* FIPS 180-4's own example */
	assert_string_equal(h, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_has_its_own_name),
		cmocka_unit_test(a_packed_event_is_the_same),
		cmocka_unit_test(bytes_come_back_exactly),
		cmocka_unit_test(much_output_stands_behind_its_line_as_it_is),
		cmocka_unit_test(events_are_found_whatever_they_hold),
		cmocka_unit_test(other_ends_of_lines_are_named),
		cmocka_unit_test(lengths_that_nobody_writes_are_refused),
		cmocka_unit_test(a_file_is_read_in_bounded_memory),
		cmocka_unit_test(all_fields_of_a_case_survive),
		cmocka_unit_test(a_shell_keeps_its_name),
		cmocka_unit_test(
		    what_is_unknown_is_kept_and_what_is_broken_refused),
		cmocka_unit_test(every_byte_is_escaped_wherever_it_stands),
		cmocka_unit_test(the_hash_is_sha256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
