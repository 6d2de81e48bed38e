#include "config.h"

/*
 * Back to the shell of a viva that was killed, where the provider's programs
 * outlive us.  The journal says how far its output is recorded and what was
 * typed, the provider how much of that has arrived: the output goes on behind
 * the one, and what is missing of the other is sent.
 */

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session/core-internal.h"

#define WAITING_MAX (1u << 20) /* typed before the shell is found */

/* ---- what the journal says ---- */

static void
forget(struct past *p)
{
	bool there = p->there;

	free(p->handle);
	free(p->typed);
	if (p->text.data != NULL)
		explicit_bzero(p->text.data, p->text.len);
	buf_free(&p->text);
	buf_free(&p->answers);
	memset(p, 0, sizeof *p);
	p->there = there;
}

static void
fold_input(struct past *p, const struct event *ev)
{
	uint64_t at = ev->u.io.offset, hidden = ev->u.io.hidden;
	struct bytes d = ev->u.io.data;
	struct typed *t;

	if (d.n == 0 && hidden == 0)
		return;
	if (d.n > 0 && d.n <= p->answers.len &&
	    memcmp(p->answers.data, d.p, d.n) == 0)
		buf_drop_front(&p->answers, d.n);
	/* After input that could not be sent the places are taken anew. */
	while (p->ntyped > 0 && p->typed[p->ntyped - 1].at >= at)
		p->ntyped--;
	t = p->ntyped > 0 ? &p->typed[p->ntyped - 1] : NULL;
	if (t != NULL && t->n > at - t->at)
		t->n = at - t->at;
	GROW(p->typed, p->ntyped, p->typed_cap);
	t = &p->typed[p->ntyped++];
	t->at = at;
	t->hidden = hidden > 0;
	t->n = t->hidden ? hidden : d.n;
	t->from = p->text.len;
	if (!t->hidden)
		buf_add(&p->text, d.p, d.n);
	p->in = t->at + t->n;
}

static void
fold_conn(struct past *p, enum conn st)
{
	if (st == CONN_ONLINE)
		p->there = p->begun = true;
	else if (st == CONN_STARTING || st == CONN_GONE)
		p->there = false;
}

void
core_past_fold(struct core *c, const struct event *ev)
{
	struct past *p = &c->past;

	if (ev->type != EV_TERM_INPUT || ev->origin != ORIGIN_SYSTEM)
		buf_clear(&p->answers);
	switch (ev->type) {
	case EV_TERM_OPEN:
		forget(p);
		if (ev->u.term.handle != NULL)
			p->handle = xstrdup(ev->u.term.handle);
		p->begun = p->there;
		break;
	case EV_CONN_STATE:
		fold_conn(p, ev->u.conn.state);
		break;
	case EV_QUESTION_START: /* has a sandbox of its own */
	case EV_TERM_EXIT:
		forget(p);
		break;
	case EV_TERM_OUTPUT:
		p->out = ev->u.io.offset + ev->u.io.data.n;
		p->begun = true;
		vt_take_output(c->state->vt, &p->answers);
		break;
	case EV_DROPPED:
		p->out += ev->u.dropped.bytes;
		p->begun = true;
		break;
	case EV_TERM_INPUT:
		fold_input(p, ev);
		break;
	default:
		break;
	}
}

void
core_past_finish(struct core *c)
{
	forget(&c->past);
}

/* ---- the shell is there ---- */

static void
discontinuity(struct core *c, const char *text)
{
	struct event ev = core_event(EV_DISCONTINUITY, ORIGIN_SYSTEM);

	ev.u.note.text = text;
	core_emit(c, &ev);
}

/* It has more than is recorded: typed in the last moment. */
static void
say_unrecorded(struct core *c, uint64_t n)
{
	char *text = xasprintf("%llu bytes typed just before viva was gone "
	    "are not in the record", (unsigned long long)n);

	discontinuity(c, text);
	free(text);
}

static void
say_unsent(struct core *c, uint64_t n)
{
	char *text = xasprintf("%llu bytes typed never reached the shell and "
	    "cannot be sent, as a password among them is not recorded",
	    (unsigned long long)n);

	discontinuity(c, text);
	core_notice(c, "%s; type them again", text);
	free(text);
}

/* Sends what was typed from in_offset on.  It is in the record already. */
static bool
send_rest(struct core *c)
{
	const struct past *p = &c->past;

	for (size_t i = 0; i < p->ntyped; i++) {
		const struct typed *t = &p->typed[i];
		uint64_t skip;

		if (t->at + t->n <= c->in_offset)
			continue;
		skip = c->in_offset - t->at;
		if (t->hidden || t->at > c->in_offset ||
		    !c->sandbox->ops->input(c->sandbox, c->exec, c->in_offset,
		    p->text.data + t->from + skip, (size_t)(t->n - skip))) {
			say_unsent(c, p->in - c->in_offset);
			return false;
		}
		c->in_offset += t->n - skip;
	}
	return true;
}

static void
on_attached(void *user, uint64_t exec, uint64_t in)
{
	struct core *c = user;
	struct buf typed = c->waiting_input;
	struct past *p = &c->past;

	if (exec != c->exec || !c->attaching)
		return;
	c->attaching = false;
	c->in_offset = in;
	memset(&c->waiting_input, 0, sizeof c->waiting_input);
	core_notice(c, "the shell goes on where it was");
	if (in > p->in)
		say_unrecorded(c, in - p->in);
	else if (send_rest(c))
		core_term_input(c, buf_str(&p->answers), p->answers.len,
		    ORIGIN_SYSTEM);
	core_term_input(c, buf_str(&typed), typed.len, ORIGIN_CANDIDATE);
	buf_free(&typed);
	forget(p);
	if (c->record != NULL)
		record_sync(c->record);
}

bool
core_term_attach(struct core *c)
{
	const struct sandbox_ops *ops = c->sandbox->ops;
	struct attach_spec spec = { .handle = c->past.handle,
		.out_offset = c->past.out, .begun = c->past.begun,
		.attached = on_attached };

	if (spec.handle == NULL || ops->attach == NULL)
		return false;
	/* The screen is as it was, until the person's terminal tells its
	 * size. */
	c->rows = (unsigned)vt_rows(c->state->vt);
	c->cols = (unsigned)vt_cols(c->state->vt);
	spec.rows = c->rows;
	spec.cols = c->cols;
	c->attaching = true;
	c->exec = ops->attach(c->sandbox, &spec);
	return true;
}

void
core_term_keep(struct core *c, const char *p, size_t n)
{
	if (c->waiting_input.len + n > WAITING_MAX)
		core_notice(c, "the shell is not found yet: %zu bytes were "
		    "not taken", n);
	else
		buf_add(&c->waiting_input, p, n);
}
