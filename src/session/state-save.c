#include "config.h"

/* The state as canonical bytes, and keyframes. */

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session/state.h"

static void
save_head(const struct state *s, struct buf *out)
{
	const char *const texts[] = { s->session, s->host, s->sandbox,
		s->end_why, s->name, s->title, s->statement, s->language,
		s->conn_why, s->opening };
	const uint64_t numbers[] = { s->seq, (uint64_t)s->t, s->question,
		s->questions, (uint64_t)s->duration, s->ended,
		(uint64_t)s->time_limit_ms, (uint64_t)s->memory_limit_mb,
		s->submitted, s->submitted_last, s->term, s->term_exited,
		(uint64_t)s->term_status, s->conn, s->conn_attempt,
		s->conn_attempts, s->focus_out, s->dropped,
		(uint64_t)s->current };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		buf_put_str(out, texts[i]);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		buf_put_u64(out, numbers[i]);
}

static void
save_file(const struct state_file *f, struct buf *out)
{
	struct buf text = { 0 };

	text_append(f->text, 0, text_size(f->text), &text);
	buf_put_str(out, f->path);
	buf_put_bytes(out, text.data, text.len);
	buf_put_str(out, f->why);
	buf_put_u64(out, f->cursor);
	buf_put_u64(out, f->anchor);
	buf_put_u64(out, f->top);
	buf_put_u64(out, (uint64_t)f->saved_t);
	buf_put_u32(out, (uint32_t)f->save);
	buf_put_u32(out, f->conflict);
	buf_free(&text);
}

static void
save_run(const struct state_run *r, struct buf *out)
{
	buf_put_u64(out, r->number);
	buf_put_u32(out, r->submit | (uint32_t)r->done << 1);
	buf_put_u32(out, r->total);
	buf_put_u32(out, r->passed);
	buf_put_u32(out, r->question);
	buf_put_u32(out, (uint32_t)r->verdict);
	buf_put_u64(out, (uint64_t)r->t);
	buf_put_u64(out, (uint64_t)r->time_us);
	buf_put_str(out, r->why);
	buf_put_u64(out, r->ncases);
	for (size_t i = 0; i < r->ncases; i++) {
		const struct state_case *k = &r->cases[i];

		buf_put_str(out, k->name);
		buf_put_str(out, k->why);
		buf_put_str(out, k->where);
		buf_put_u32(out, k->number);
		buf_put_u32(out, k->hidden);
		buf_put_u32(out, (uint32_t)k->verdict);
		buf_put_u64(out, (uint64_t)k->time_us);
		buf_put_u64(out, (uint64_t)k->memory_kb);
		buf_put_bytes(out, k->input.data, k->input.len);
		buf_put_bytes(out, k->expected.data, k->expected.len);
		buf_put_bytes(out, k->output.data, k->output.len);
		buf_put_bytes(out, k->errors.data, k->errors.len);
	}
}

/* All but the terminal. */
static void
save_rest(const struct state *s, struct buf *out)
{
	save_head(s, out);
	buf_put_u64(out, s->nfiles);
	for (size_t i = 0; i < s->nfiles; i++)
		save_file(&s->files[i], out);
	buf_put_u64(out, s->nentries);
	for (size_t i = 0; i < s->nentries; i++) {
		buf_put_str(out, s->entries[i].path);
		buf_put_u64(out, s->entries[i].size);
	}
	buf_put_u64(out, s->nruns);
	for (size_t i = 0; i < s->nruns; i++)
		save_run(&s->runs[i], out);
	buf_put_u64(out, s->nmarks);
	for (size_t i = 0; i < s->nmarks; i++) {
		buf_put_u64(out, (uint64_t)s->marks[i].t);
		buf_put_u32(out, (uint32_t)s->marks[i].type);
		buf_put_str(out, s->marks[i].text);
	}
}

void
state_save(const struct state *s, struct buf *out)
{
	save_rest(s, out);
	vt_save(s->vt, out);
}

/* ---- keyframes ---- */

struct keyframe {
	struct buf rest;
	struct vt_snapshot *vt;
};

struct keyframe *
state_keyframe(const struct state *s)
{
	struct keyframe *k = xcalloc(1, sizeof *k);

	save_rest(s, &k->rest);
	k->vt = vt_snapshot(s->vt);
	return k;
}

void
keyframe_free(struct keyframe *k)
{
	if (k == NULL)
		return;
	buf_free(&k->rest);
	vt_snapshot_free(k->vt);
	free(k);
}

size_t
keyframe_size(const struct keyframe *k)
{
	return sizeof *k + k->rest.cap + vt_snapshot_size(k->vt);
}

/* NULL and "" are one in the bytes; NULL is what the fold sets. */
static char *
load_str(struct rd *r)
{
	char *s = rd_str(r);

	if (s[0] != '\0')
		return s;
	free(s);
	return NULL;
}

static void
load_head(struct state *s, struct rd *r)
{
	char **const texts[] = { &s->session, &s->host, &s->sandbox,
		&s->end_why, &s->name, &s->title, &s->statement, &s->language,
		&s->conn_why, &s->opening };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = load_str(r);
	s->seq = rd_u64(r);
	s->t = (int64_t)rd_u64(r);
	s->question = (unsigned)rd_u64(r);
	s->questions = (unsigned)rd_u64(r);
	s->duration = (int64_t)rd_u64(r);
	s->ended = rd_u64(r) != 0;
	s->time_limit_ms = (int64_t)rd_u64(r);
	s->memory_limit_mb = (int64_t)rd_u64(r);
	s->submitted = (unsigned)rd_u64(r);
	s->submitted_last = (unsigned)rd_u64(r);
	s->term = rd_u64(r);
	s->term_exited = rd_u64(r) != 0;
	s->term_status = (int)rd_u64(r);
	s->conn = (enum conn)rd_u64(r);
	s->conn_attempt = (unsigned)rd_u64(r);
	s->conn_attempts = (unsigned)rd_u64(r);
	s->focus_out = rd_u64(r) != 0;
	s->dropped = rd_u64(r);
	s->current = (int)rd_u64(r);
}

static void
load_file(struct state_file *f, struct rd *r)
{
	const char *p;
	size_t n;

	f->path = rd_str(r);
	p = rd_bytes(r, &n);
	f->text = text_create(p, n);
	f->why = load_str(r);
	f->cursor = rd_u64(r);
	f->anchor = rd_u64(r);
	f->top = rd_u64(r);
	f->saved_t = (int64_t)rd_u64(r);
	f->save = (enum file_state)rd_u32(r);
	f->conflict = rd_u32(r) != 0;
}

static void
load_buf(struct buf *b, struct rd *r)
{
	size_t n;
	const char *p = rd_bytes(r, &n);

	buf_add(b, p, n);
}

static void
load_case(struct state_case *k, struct rd *r)
{
	k->name = load_str(r);
	k->why = load_str(r);
	k->where = load_str(r);
	k->number = rd_u32(r);
	k->hidden = rd_u32(r) != 0;
	k->verdict = (enum verdict)rd_u32(r);
	k->time_us = (int64_t)rd_u64(r);
	k->memory_kb = (int64_t)rd_u64(r);
	load_buf(&k->input, r);
	load_buf(&k->expected, r);
	load_buf(&k->output, r);
	load_buf(&k->errors, r);
}

static void
load_run(struct state_run *run, struct rd *r)
{
	uint32_t bits;

	run->number = rd_u64(r);
	bits = rd_u32(r);
	run->submit = bits & 1;
	run->done = bits >> 1 & 1;
	run->total = rd_u32(r);
	run->passed = rd_u32(r);
	run->question = rd_u32(r);
	run->verdict = (enum verdict)rd_u32(r);
	run->t = (int64_t)rd_u64(r);
	run->time_us = (int64_t)rd_u64(r);
	run->why = load_str(r);
	run->ncases = run->cases_cap = rd_u64(r);
	run->cases = xcalloc(run->ncases, sizeof *run->cases);
	for (size_t i = 0; i < run->ncases; i++)
		load_case(&run->cases[i], r);
}

static void
load_rest(struct state *s, struct rd *r)
{
	load_head(s, r);
	s->nfiles = s->files_cap = rd_u64(r);
	s->files = xcalloc(s->nfiles, sizeof *s->files);
	for (size_t i = 0; i < s->nfiles; i++)
		load_file(&s->files[i], r);
	s->nentries = rd_u64(r);
	s->entries = xcalloc(s->nentries, sizeof *s->entries);
	for (size_t i = 0; i < s->nentries; i++) {
		s->entries[i].path = rd_str(r);
		s->entries[i].size = rd_u64(r);
	}
	s->nruns = s->runs_cap = rd_u64(r);
	s->runs = xcalloc(s->nruns, sizeof *s->runs);
	for (size_t i = 0; i < s->nruns; i++)
		load_run(&s->runs[i], r);
	s->nmarks = s->marks_cap = rd_u64(r);
	s->marks = xcalloc(s->nmarks, sizeof *s->marks);
	for (size_t i = 0; i < s->nmarks; i++) {
		s->marks[i].t = (int64_t)rd_u64(r);
		s->marks[i].type = (enum event_type)rd_u32(r);
		s->marks[i].text = rd_str(r);
	}
}

void
state_restore(struct state *s, const struct keyframe *k)
{
	struct rd r = { k->rest.data, k->rest.len, false };
	struct vt *vt = s->vt;
	struct state *old = xmalloc(sizeof *old);

	/* The keyframe is for this terminal: only the rest is made anew, in
	 * place, as views hold the state's address. */
	*old = *s;
	old->vt = NULL;
	memset(s, 0, sizeof *s);
	s->vt = vt;
	state_destroy(old);
	load_rest(s, &r);
	vt_restore(s->vt, k->vt);
}
