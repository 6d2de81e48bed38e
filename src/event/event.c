#include "config.h"

/* The schema as tables: one row a field, one table a type. */

#include "event/event.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

enum kind { F_END, F_STR, F_BYTES, F_U64, F_UINT, F_I64, F_INT, F_BOOL };

struct field {
	const char *key;
	enum kind kind;
	size_t at;
};

#define AT(m) offsetof(struct event, u.m)

static const struct field f_none[] = { { NULL, F_END, 0 } };
static const struct field f_session[] = {
	{ "session", F_STR, AT(session.session) },
	{ "host", F_STR, AT(session.host) },
	{ "version", F_STR, AT(session.version) },
	{ "sandbox", F_STR, AT(session.sandbox) },
	{ "why", F_STR, AT(session.why) },
	{ "questions", F_UINT, AT(session.questions) },
	{ "duration", F_I64, AT(session.duration) },
	{ NULL, F_END, 0 } };
static const struct field f_question[] = {
	{ "name", F_STR, AT(question.name) },
	{ "title", F_STR, AT(question.title) },
	{ "statement", F_STR, AT(question.statement) },
	{ "language", F_STR, AT(question.language) },
	{ "time_limit_ms", F_I64, AT(question.time_limit_ms) },
	{ "memory_limit_mb", F_I64, AT(question.memory_limit_mb) },
	{ NULL, F_END, 0 } };
static const struct field f_note[] = { { "text", F_STR, AT(note.text) },
	{ NULL, F_END, 0 } };
static const struct field f_term[] = {
	{ "term", F_U64, AT(term.term) },
	{ "rows", F_UINT, AT(term.rows) },
	{ "cols", F_UINT, AT(term.cols) },
	{ "status", F_INT, AT(term.status) },
	{ "why", F_STR, AT(term.why) },
	{ "handle", F_STR, AT(term.handle) },
	{ NULL, F_END, 0 } };
static const struct field f_io[] = {
	{ "term", F_U64, AT(io.term) },
	{ "offset", F_U64, AT(io.offset) },
	{ "data", F_BYTES, AT(io.data) },
	{ "hidden", F_U64, AT(io.hidden) },
	{ NULL, F_END, 0 } };
static const struct field f_conn[] = {
	{ "state", F_UINT, AT(conn.state) },
	{ "attempt", F_UINT, AT(conn.attempt) },
	{ "attempts", F_UINT, AT(conn.attempts) },
	{ "why", F_STR, AT(conn.why) },
	{ "provider", F_STR, AT(conn.provider) },
	{ NULL, F_END, 0 } };
static const struct field f_edit[] = {
	{ "path", F_STR, AT(edit.path) },
	{ "offset", F_U64, AT(edit.offset) },
	{ "deleted", F_U64, AT(edit.deleted) },
	{ "inserted", F_BYTES, AT(edit.inserted) },
	{ "kind", F_STR, AT(edit.kind) },
	{ NULL, F_END, 0 } };
static const struct field f_cursor[] = {
	{ "path", F_STR, AT(cursor.path) },
	{ "offset", F_U64, AT(cursor.offset) },
	{ "anchor", F_U64, AT(cursor.anchor) },
	{ "top", F_U64, AT(cursor.top) },
	{ NULL, F_END, 0 } };
static const struct field f_file[] = {
	{ "path", F_STR, AT(file.path) },
	{ "to", F_STR, AT(file.to) },
	{ "why", F_STR, AT(file.why) },
	{ "hash", F_STR, AT(file.hash) },
	{ "content", F_BYTES, AT(file.content) },
	{ "state", F_UINT, AT(file.state) },
	{ "size", F_U64, AT(file.size) },
	{ "list", F_STR, AT(file.list) },
	{ NULL, F_END, 0 } };
static const struct field f_test[] = {
	{ "run", F_U64, AT(test.run) },
	{ "number", F_UINT, AT(test.number) },
	{ "total", F_UINT, AT(test.total) },
	{ "passed", F_UINT, AT(test.passed) },
	{ "name", F_STR, AT(test.name) },
	{ "hidden", F_BOOL, AT(test.hidden) },
	{ "submit", F_BOOL, AT(test.submit) },
	{ "verdict", F_UINT, AT(test.verdict) },
	{ "time_us", F_I64, AT(test.time_us) },
	{ "memory_kb", F_I64, AT(test.memory_kb) },
	{ "why", F_STR, AT(test.why) },
	{ "where", F_STR, AT(test.where) },
	{ "input", F_BYTES, AT(test.input) },
	{ "expected", F_BYTES, AT(test.expected) },
	{ "output", F_BYTES, AT(test.output) },
	{ "errors", F_BYTES, AT(test.errors) },
	{ NULL, F_END, 0 } };
static const struct field f_snap[] = {
	{ "tree", F_STR, AT(snap.tree) },
	{ "commit", F_STR, AT(snap.commit) },
	{ "why", F_STR, AT(snap.why) },
	{ "number", F_U64, AT(snap.number) },
	{ NULL, F_END, 0 } };
static const struct field f_paste[] = {
	{ "size", F_U64, AT(paste.size) },
	{ "hash", F_STR, AT(paste.hash) },
	{ "where", F_STR, AT(paste.where) },
	{ NULL, F_END, 0 } };
static const struct field f_dropped[] = {
	{ "bytes", F_U64, AT(dropped.bytes) },
	{ "why", F_STR, AT(dropped.why) },
	{ NULL, F_END, 0 } };

static const struct {
	const char *name;
	const struct field *fields;
} types[EV_TYPES] = {
	[EV_UNKNOWN] = { "unknown", f_none },
	[EV_SESSION_START] = { "session.start", f_session },
	[EV_SESSION_RESUME] = { "session.resume", f_session },
	[EV_SESSION_PAUSE] = { "session.pause", f_session },
	[EV_SESSION_ALIVE] = { "session.alive", f_session },
	[EV_SESSION_END] = { "session.end", f_session },
	[EV_QUESTION_START] = { "question.start", f_question },
	[EV_QUESTION_SUBMIT] = { "question.submit", f_question },
	[EV_QUESTION_SKIP] = { "question.skip", f_question },
	[EV_NOTE_ADD] = { "note.add", f_note },
	[EV_MARKER_ADD] = { "marker.add", f_note },
	[EV_TERM_OPEN] = { "term.open", f_term },
	[EV_TERM_OUTPUT] = { "term.output", f_io },
	[EV_TERM_INPUT] = { "term.input", f_io },
	[EV_TERM_RESIZE] = { "term.resize", f_term },
	[EV_TERM_EXIT] = { "term.exit", f_term },
	[EV_CONN_STATE] = { "conn.state", f_conn },
	[EV_EDIT_CHANGE] = { "edit.change", f_edit },
	[EV_EDIT_CURSOR] = { "edit.cursor", f_cursor },
	[EV_FILE_OPEN] = { "file.open", f_file },
	[EV_FILE_CREATE] = { "file.create", f_file },
	[EV_FILE_RENAME] = { "file.rename", f_file },
	[EV_FILE_DELETE] = { "file.delete", f_file },
	[EV_FILE_SAVED] = { "file.saved", f_file },
	[EV_FILE_CONFLICT] = { "file.conflict", f_file },
	[EV_FILE_LIST] = { "file.list", f_file },
	[EV_FILE_STATE] = { "file.state", f_file },
	[EV_FILE_OPENING] = { "file.opening", f_file },
	[EV_FILE_AHEAD] = { "file.ahead", f_file },
	[EV_TEST_RUN] = { "test.run", f_test },
	[EV_TEST_CASE] = { "test.case", f_test },
	[EV_TEST_DONE] = { "test.done", f_test },
	[EV_SNAPSHOT] = { "snapshot", f_snap },
	[EV_PASTE] = { "paste", f_paste },
	[EV_FOCUS_IN] = { "focus.in", f_none },
	[EV_FOCUS_OUT] = { "focus.out", f_none },
	[EV_IDLE_START] = { "idle.start", f_none },
	[EV_IDLE_END] = { "idle.end", f_none },
	[EV_DROPPED] = { "dropped", f_dropped },
	[EV_DISCONTINUITY] = { "discontinuity", f_note },
};

static const char *const origins[] = { "candidate", "interviewer", "system" };

static const struct {
	const char *name, *shorter;
} verdicts[VERDICTS] = {
	[VERDICT_NONE] = { "running", ".." },
	[VERDICT_AC] = { "accepted", "AC" },
	[VERDICT_WA] = { "wrong answer", "WA" },
	[VERDICT_TLE] = { "time limit exceeded", "TLE" },
	[VERDICT_MLE] = { "memory limit exceeded", "MLE" },
	[VERDICT_OLE] = { "output limit exceeded", "OLE" },
	[VERDICT_RTE] = { "run-time error", "RTE" },
	[VERDICT_CE] = { "compile error", "CE" },
	[VERDICT_JE] = { "judge error", "JE" },
	[VERDICT_CANCELED] = { "cancelled", "--" },
};

const char *
verdict_name(enum verdict v)
{
	return v < VERDICTS ? verdicts[v].name : "?";
}

const char *
verdict_short(enum verdict v)
{
	return v < VERDICTS ? verdicts[v].shorter : "?";
}

const char *
event_type_name(enum event_type t)
{
	return t < EV_TYPES ? types[t].name : types[EV_UNKNOWN].name;
}

enum event_type
event_type_find(const char *name)
{
	for (int i = 1; i < EV_TYPES; i++)
		if (strcmp(types[i].name, name) == 0)
			return (enum event_type)i;
	return EV_UNKNOWN;
}

/* ---- writing ---- */

static void
add_i64(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_addc(b, '-');
	buf_addu(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

static void
add_key(struct buf *b, const char *key, const char *suffix)
{
	buf_adds(b, ",\"");
	buf_adds(b, key);
	buf_adds(b, suffix);
	buf_adds(b, "\":");
}

static void
add_word(struct buf *b, const char *s)
{
	buf_addc(b, '"');
	buf_adds(b, s);
	buf_addc(b, '"');
}

/* Text stays readable; what is not text is given back exactly as base64. */
static void
add_bytes(struct buf *b, const char *key, const char *p, size_t n)
{
	if (utf8_valid(p, n) && memchr(p, '\0', n) == NULL) {
		add_key(b, key, "");
		json_add_string(b, p, n);
	} else {
		add_key(b, key, "64");
		json_add_base64(b, p, n);
	}
}

/* Output as programs write it is full of escapes, and there is much of it: as
 * it is it costs a copy alone. */
static const struct bytes *
raw_part(const struct event *ev)
{
	const struct bytes *data = &ev->u.io.data;

	return ev->type == EV_TERM_OUTPUT && data->p != NULL &&
	    data->n >= EVENT_RAW_MIN ? data : NULL;
}

static void
add_field(struct buf *b, const struct event *ev, const struct field *f,
    const struct bytes *raw)
{
	const void *at = (const char *)ev + f->at;
	const struct bytes *bytes = at;
	const char *s;
	int64_t v = 0;

	switch (f->kind) {
	case F_STR:
		s = *(const char *const *)at;
		if (s != NULL)
			add_bytes(b, f->key, s, strlen(s));
		return;
	case F_BYTES:
		if (bytes == raw) {
			add_key(b, f->key, "_raw");
			add_i64(b, (int64_t)bytes->n);
		} else if (bytes->p != NULL)
			add_bytes(b, f->key, bytes->p, bytes->n);
		return;
	case F_BOOL:
		if (*(const bool *)at) {
			add_key(b, f->key, "");
			buf_adds(b, "true");
		}
		return;
	case F_U64:
	case F_I64:
		v = *(const int64_t *)at;
		break;
	case F_UINT:
		v = *(const unsigned *)at;
		break;
	case F_INT:
		v = *(const int *)at;
		break;
	case F_END:
		return;
	}
	if (v != 0) {
		add_key(b, f->key, "");
		add_i64(b, v);
	}
}

void
event_encode(const struct event *ev, const char *prev, struct buf *out)
{
	const struct bytes *raw = raw_part(ev);

	/* At its place: readers look for it there. */
	buf_adds(out, raw != NULL ? "{\"raw\":" : "{\"seq\":");
	if (raw != NULL) {
		add_i64(out, (int64_t)raw->n);
		add_key(out, "seq", "");
	}
	add_i64(out, (int64_t)ev->seq);
	add_key(out, "t", "");
	add_i64(out, ev->t);
	if (ev->wall != 0) {
		add_key(out, "wall", "");
		add_i64(out, ev->wall);
	}
	add_key(out, "type", "");
	add_word(out, event_type_name(ev->type));
	add_key(out, "origin", "");
	add_word(out, origins[ev->origin]);
	if (ev->question != 0) {
		add_key(out, "q", "");
		add_i64(out, ev->question);
	}
	for (const struct field *f = types[ev->type].fields; f->key != NULL;
	    f++)
		add_field(out, ev, f, raw);
	add_key(out, "prev", "");
	add_word(out, prev);
	buf_adds(out, "}\n");
	if (raw != NULL) {
		buf_add(out, raw->p, raw->n);
		buf_addc(out, '\n');
	}
}

/* ---- between threads ---- */

/* What a field has elsewhere in memory; NULL: nothing. */
static struct bytes
field_text(const struct event *ev, const struct field *f)
{
	const void *at = (const char *)ev + f->at;
	const struct bytes *bytes = at;
	const char *const *s = at;

	if (f->kind == F_BYTES && bytes->p != NULL)
		return *bytes;
	if (f->kind == F_STR && *s != NULL)
		return (struct bytes){ *s, strlen(*s) + 1 };
	return (struct bytes){ NULL, 0 };
}

size_t
event_packed_size(const struct event *ev)
{
	size_t n = sizeof *ev;

	for (const struct field *f = types[ev->type].fields; f->key != NULL;
	    f++)
		n += field_text(ev, f).n;
	return n;
}

/* The texts follow the event in the order of its fields; a string with its
 * NUL.  The pointers that came along say which there are. */
char *
event_pack(const struct event *ev, char *to)
{
	memcpy(to, ev, sizeof *ev);
	to += sizeof *ev;
	for (const struct field *f = types[ev->type].fields; f->key != NULL;
	    f++) {
		struct bytes text = field_text(ev, f);

		if (text.p == NULL)
			continue;
		memcpy(to, text.p, text.n);
		to += text.n;
	}
	return to;
}

const char *
event_unpack(const char *p, struct event *out)
{
	memcpy(out, p, sizeof *out);
	p += sizeof *out;
	out->raw = (struct bytes){ NULL, 0 };
	for (const struct field *f = types[out->type].fields; f->key != NULL;
	    f++) {
		void *at = (char *)out + f->at;
		struct bytes *bytes = at;
		const char **s = at;

		if ((f->kind != F_STR && f->kind != F_BYTES) || *s == NULL)
			continue;
		*s = p;
		p += f->kind == F_STR ? strlen(p) + 1 : bytes->n;
	}
	return p;
}

/* ---- reading ---- */

/* Decoded base64 lives in scratch, which may move while it grows: offsets
 * first, pointers when all is read. */
struct fixup {
	const char **to;
	size_t from;
};

/* The bytes behind the line, where they are this field's. */
static bool
read_raw(const struct json *j, const struct field *f,
    const struct event_buf *eb, const char **p, size_t *n)
{
	char key[40];
	int64_t size;

	snprintf(key, sizeof key, "%s_raw", f->key);
	size = json_int(j, key, 0);
	if (size == 0)
		return true;
	*p = eb->raw.p;
	*n = eb->raw.n;
	return f->kind == F_BYTES && size == (int64_t)eb->raw.n;
}

static bool
read_text(const struct json *j, const struct field *f, struct event_buf *eb,
    const char **p, size_t *n, struct fixup *fix)
{
	char key[40];
	const char *s = json_str(j, f->key);
	size_t from = eb->scratch.len;

	if (s != NULL) {
		*p = s;
		*n = strlen(s);
		return true;
	}
	snprintf(key, sizeof key, "%s64", f->key);
	s = json_str(j, key);
	if (s == NULL)
		return read_raw(j, f, eb, p, n);
	if (!json_base64(s, &eb->scratch))
		return false;
	*n = eb->scratch.len - from;
	buf_addc(&eb->scratch, '\0');
	fix->to = p;
	fix->from = from;
	return true;
}

static bool
read_field(const struct json *j, const struct field *f, struct event_buf *eb,
    struct event *ev, struct fixup *fix)
{
	void *at = (char *)ev + f->at;
	struct bytes *bytes = at;
	size_t n;
	int64_t v;

	switch (f->kind) {
	case F_STR:
		return read_text(j, f, eb, at, &n, fix);
	case F_BYTES:
		return read_text(j, f, eb, &bytes->p, &bytes->n, fix);
	case F_BOOL:
		*(bool *)at = json_bool(j, f->key, false);
		return true;
	case F_END:
		return true;
	default:
		break;
	}
	v = json_int(j, f->key, 0);
	if (f->kind != F_I64 && f->kind != F_INT && v < 0)
		return false;
	if (f->kind == F_U64 || f->kind == F_I64)
		*(int64_t *)at = v;
	else
		*(int *)at = (int)v;
	return f->kind == F_U64 || f->kind == F_I64 ||
	    (v >= INT32_MIN && v <= INT32_MAX);
}

static bool
read_fields(const struct json *j, struct event_buf *eb, struct event *ev,
    struct err *e)
{
	struct fixup fixes[8];
	size_t n = 0;

	for (const struct field *f = types[ev->type].fields; f->key != NULL;
	    f++) {
		fixes[n].to = NULL;
		if (!read_field(j, f, eb, ev, &fixes[n]))
			return err_set(e, ERR_CORRUPT,
			    "field \"%s\" of %s is out of range", f->key,
			    event_type_name(ev->type));
		if (fixes[n].to != NULL && n + 1 < ARRAY_LEN(fixes))
			n++;
	}
	while (n-- > 0)
		*fixes[n].to = eb->scratch.data + fixes[n].from;
	return true;
}

static bool
bounds(struct event *ev, struct err *e)
{
	if ((ev->type >= EV_TEST_RUN && ev->type <= EV_TEST_DONE &&
	    ev->u.test.verdict >= VERDICTS) ||
	    (ev->type == EV_CONN_STATE && ev->u.conn.state > CONN_GONE) ||
	    (ev->type >= EV_FILE_OPEN && ev->type <= EV_FILE_STATE &&
	    ev->u.file.state > FILE_FAILED))
		return err_set(e, ERR_CORRUPT,
		    "%s has a state that is not known",
		    event_type_name(ev->type));
	return true;
}

static bool
read_head(const struct json *j, struct event_buf *eb, struct event *ev,
    struct err *e)
{
	const char *type = json_str(j, "type"), *prev = json_str(j, "prev");
	const char *origin = json_str(j, "origin");
	int64_t seq = json_int(j, "seq", 0), question = json_int(j, "q", 0);

	if (seq <= 0 || type == NULL || prev == NULL || strlen(prev) != 64 ||
	    strspn(prev, "0123456789abcdef") != 64)
		return err_set(e, ERR_CORRUPT,
		    "not an event: seq, type or prev is missing");
	memcpy(eb->prev, prev, 65);
	ev->seq = (uint64_t)seq;
	ev->t = json_int(j, "t", 0);
	ev->wall = json_int(j, "wall", 0);
	ev->question = (unsigned)question;
	ev->type = event_type_find(type);
	ev->origin = ORIGIN_SYSTEM;
	for (int i = 0; origin != NULL && i < (int)ARRAY_LEN(origins); i++)
		if (strcmp(origins[i], origin) == 0)
			ev->origin = (enum event_origin)i;
	if (ev->t < 0)
		return err_set(e, ERR_CORRUPT, "time before the start");
	if (question < 0 || question > INT32_MAX)
		return err_set(e, ERR_CORRUPT, "no such question");
	return true;
}

/* What follows the line is in eb; the line has its length. */
static bool
find_raw(const char *p, size_t *n, struct event_buf *eb, struct err *e)
{
	const char *nl = memchr(p, '\n', *n);
	size_t line = nl != NULL ? (size_t)(nl - p) : *n, rest, size;

	rest = nl != NULL ? *n - line - 1 : 0;
	if (!event_raw_size(p, line, &size, e))
		return false;
	/* A newline more is the one that ends them. */
	if (rest != size && (size == 0 || rest != size + 1 ||
	    p[*n - 1] != '\n'))
		return err_set(e, ERR_CORRUPT, "%zu bytes follow the line, "
		    "not %zu", rest, size);
	eb->raw = (struct bytes){ size > 0 ? nl + 1 : NULL, size };
	*n = line;
	return true;
}

bool
event_decode(const char *p, size_t n, struct event_buf *eb,
    struct event *out, struct err *e)
{
	memset(out, 0, sizeof *out);
	json_free(eb->json);
	eb->json = NULL;
	buf_clear(&eb->scratch);
	if (n > EVENT_MAX + 1 || (n == EVENT_MAX + 1 && p[n - 1] != '\n'))
		return err_set(e, ERR_LIMIT, "an event of %zu bytes; the "
		    "limit is %u", n, EVENT_MAX);
	out->raw = (struct bytes){ p, n };
	if (!find_raw(p, &n, eb, e))
		return false;
	out->raw.n = eb->raw.p != NULL ? n + 1 + eb->raw.n : n;
	eb->json = json_parse(p, n, e);
	if (eb->json == NULL || !read_head(eb->json, eb, out, e))
		return false;
	if (json_int(eb->json, "raw", 0) != (int64_t)eb->raw.n)
		return err_set(e, ERR_CORRUPT, "\"raw\" is not where it "
		    "belongs, at the begin of the line");
	return read_fields(eb->json, eb, out, e) && bounds(out, e);
}

void
event_buf_free(struct event_buf *eb)
{
	json_free(eb->json);
	buf_free(&eb->text);
	buf_free(&eb->scratch);
	memset(eb, 0, sizeof *eb);
}

static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

/* For good: to look it up by its name costs as much as a short line. */
static void
fetch_sha256(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void
event_hash(const char *p, size_t n, char out[65])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char md[32];

	pthread_once(&sha256_once, fetch_sha256);
	if (sha256 == NULL ||
	    EVP_Digest(p, n, md, NULL, sha256, NULL) != 1)
		abort();
	for (int i = 0; i < 32; i++) {
		out[2 * i] = hex[md[i] >> 4];
		out[2 * i + 1] = hex[md[i] & 15];
	}
	out[64] = '\0';
}
