#include "config.h"

#include "session/testrun-web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/https.h"

#define ANSWER_MAX (4u << 20)
/* Modal ends a request after 150 s and sends us on to another that waits for
 * the same call; it has about 20 of these. */
#define HOP_US 160000000
#define HOPS 20
#define TRIES 3
#define TRY_US 1000000	   /* before the second, then twice */
#define TRY_FOR_US 60000000 /* none after so long */
#define DURATION_US 1000   /* its unit: ms */

struct function {
	struct testweb base;
	struct loop *loop;
	struct https *https;
	char *url, *key, *secret;
	char *headers[4];
	size_t nheaders;
};

struct testrun_web {
	struct function *w;
	const struct problem *problem;
	const struct testrun_watch *watch;
	void *user;
	size_t *cases; /* indices of those that run */
	char (*names)[32];
	size_t n;
	struct buf body;
	struct https_call *call;
	struct loop_timer *timer; /* the next try, or a refusal */
	struct err refusal;
	int64_t begun;
	unsigned tries;
	bool finished;
};

/* It may say them back. */
static void
redact(const struct function *w, char *text)
{
	const char *const secrets[] = { w->key, w->secret };
	char *at;

	for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
		while (secrets[i][0] != '\0' &&
		    (at = strstr(text, secrets[i])) != NULL)
			memset(at, '*', strlen(secrets[i]));
}

/* ---- the answer ---- */

static bool
no_sense(struct err *e, const char *what)
{
	return err_set(e, ERR_CORRUPT, "the web function's answer makes no "
	    "sense: %s", what);
}

static bool
take_text(const struct json *j, const char *key, char **to)
{
	const char *text = json_str(j, key);

	if (text == NULL && !json_is_null(j, key))
		return false;
	free(*to);
	*to = text != NULL && text[0] != '\0' ? xstrdup(text) : NULL;
	return true;
}

static bool
take_result(const struct json *j, const char *const *names, size_t n,
    struct testweb_result *all, struct err *e)
{
	const char *name = json_str(j, "name");
	double duration = json_number(j, "duration", 0);
	struct testweb_result *r = NULL;

	for (size_t i = 0; i < n && name != NULL && r == NULL; i++)
		if (!all[i].had && strcmp(names[i], name) == 0)
			r = &all[i];
	if (r == NULL)
		return no_sense(e, "a result is of no case");
	r->had = true;
	if (!json_is_bool(j, "passed"))
		return no_sense(e, "a case neither passed nor failed");
	r->passed = json_bool(j, "passed", false);
	if (!take_text(j, "output", &r->output) ||
	    !take_text(j, "error", &r->error))
		return no_sense(e, "what a program wrote is no text");
	if (duration > 0 && duration < 1e9)
		r->time_us = (int64_t)(duration * DURATION_US);
	return true;
}

/* What it counts itself must be what it tells. */
static bool
counts(const struct json *j, size_t n, size_t passed)
{
	const struct {
		const char *key;
		size_t n;
	} all[] = { { "totalTests", n }, { "passedTests", passed },
		{ "failedTests", n - passed } };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (!json_is_null(j, all[i].key) &&
		    json_int(j, all[i].key, -1) != (int64_t)all[i].n)
			return false;
	return true;
}

static bool
take_results(const struct json *j, const char *const *names, size_t n,
    struct testweb_result *all, struct err *e)
{
	const struct json *k = json_first(json_get(j, "testResults"));
	size_t had = 0, passed = 0;

	for (; k != NULL; k = json_next(k), had++)
		if (!take_result(k, names, n, all, e))
			return false;
	if (had != n)
		return no_sense(e, "cases are missing");
	for (size_t i = 0; i < n; i++)
		passed += all[i].passed;
	return counts(j, n, passed) || no_sense(e, "it counts wrong");
}

bool
testweb_parse(const char *p, size_t n, const char *const *names,
    size_t nnames, struct testweb_result *all, struct err *e)
{
	struct json *j = utf8_valid(p, n) ? json_parse(p, n, NULL) : NULL;
	const char *error;
	bool ok;

	if (j == NULL)
		return no_sense(e, "it is no JSON; look at "
		    "MODAL_EXECUTE_URL");
	error = json_str(j, "error");
	if (!json_is_bool(j, "success"))
		ok = no_sense(e, "there is no success in it");
	/* Also when the program has a mistake that no case could get past:
	 * which it is the answer does not tell. */
	else if (!json_bool(j, "success", false))
		ok = err_set(e, ERR_UNAVAILABLE, "the web function could not "
		    "run it: %.300s", error != NULL ? error : "it does not "
		    "say why");
	else
		ok = take_results(j, names, nnames, all, e);
	json_free(j);
	return ok;
}

/* ---- the end of a run ---- */

static void
finish(struct testrun_web *t, enum verdict v, unsigned passed,
    const char *why)
{
	if (t->finished)
		return;
	t->finished = true;
	https_cancel(t->call);
	loop_timer_cancel(t->timer);
	t->call = NULL;
	t->timer = NULL;
	t->watch->done(t->user, v, passed, (unsigned)t->problem->ncases, why);
}

/* Printable, on one line, without secrets. */
static void
judge_error(struct testrun_web *t, const struct err *e)
{
	char why[sizeof e->msg];

	snprintf(why, sizeof why, "%s", e->msg);
	redact(t->w, why);
	for (char *p = why; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	finish(t, VERDICT_JE, 0, why);
}

static bool
says_time(const char *error)
{
	return strcasestr(error, "timed out") != NULL ||
	    strcasestr(error, "timeout") != NULL ||
	    strcasestr(error, "time limit") != NULL;
}

static enum verdict
verdict_of(const struct testweb_result *r)
{
	if (r->passed)
		return VERDICT_AC;
	if (r->error == NULL)
		return VERDICT_WA;
	return says_time(r->error) ? VERDICT_TLE : VERDICT_RTE;
}

static enum verdict
tell_case(struct testrun_web *t, size_t i, struct testweb_result *r)
{
	struct testrun_case c = testrun_case_at(t->problem, t->cases[i],
	    t->names[i], sizeof t->names[i]);
	char why[100];

	if (i > 0) /* the first has begun long ago */
		t->watch->case_started(t->user, &c);
	c.verdict = verdict_of(r);
	if (!c.hidden) {
		if (r->output != NULL) {
			redact(t->w, r->output);
			c.output = testrun_shown(r->output,
			    strlen(r->output));
		}
		if (r->error != NULL) {
			redact(t->w, r->error);
			c.errors = testrun_shown(r->error, strlen(r->error));
			snprintf(why, sizeof why, "%.*s",
			    (int)strcspn(r->error, "\r\n"), r->error);
			c.why = utf8_valid(why, strlen(why)) ? why : NULL;
		}
		c.time_us = r->time_us;
	}
	t->watch->case_done(t->user, &c);
	return c.verdict;
}

static void
tell_all(struct testrun_web *t, struct testweb_result *all)
{
	enum verdict whole = VERDICT_AC;
	unsigned passed = 0;

	for (size_t i = 0; i < t->n; i++) {
		enum verdict v = tell_case(t, i, &all[i]);

		passed += v == VERDICT_AC;
		if (whole == VERDICT_AC)
			whole = v;
	}
	finish(t, whole, passed, NULL);
}

static void
take_answer(struct testrun_web *t, const char *p, size_t n)
{
	struct testweb_result *all = xcalloc(t->n + 1, sizeof *all);
	const char **names = xcalloc(t->n + 1, sizeof *names);
	struct err e = { 0 };

	for (size_t i = 0; i < t->n; i++)
		names[i] = t->names[i];
	if (testweb_parse(p, n, names, t->n, all, &e))
		tell_all(t, all);
	else
		judge_error(t, &e);
	for (size_t i = 0; i < t->n; i++) {
		free(all[i].output);
		free(all[i].error);
	}
	free(names);
	free(all);
}

/* ---- asking ---- */

static void ask(void *);

/* Worth another try: nothing was run, or nobody knows. */
static bool
passing(const struct https_answer *a)
{
	return a->failed ? !a->hopeless : a->status == 429 ||
	    a->status == 502 || a->status == 503 || a->status == 504;
}

static void
answered(void *user, const struct https_answer *a)
{
	struct testrun_web *t = user;
	struct err e = { 0 };

	t->call = NULL;
	if (!a->failed && a->status == 200) {
		take_answer(t, a->body, a->n);
		return;
	}
	if (passing(a) && ++t->tries < TRIES &&
	    loop_now(t->w->loop) - t->begun < TRY_FOR_US) {
		t->timer = loop_timer_add(t->w->loop,
		    TRY_US << (t->tries - 1), ask, t);
		return;
	}
	if (a->failed)
		err_set(&e, ERR_UNAVAILABLE, "the web function cannot be "
		    "reached: %s", a->why);
	else if (a->status == 401 || a->status == 403 || a->status == 407)
		err_set(&e, ERR_AUTH, "the web function does not let us in "
		    "(HTTP %d): set MODAL_KEY and MODAL_SECRET to a proxy "
		    "token of its workspace", a->status);
	else
		err_set(&e, ERR_UNAVAILABLE, "the web function answers HTTP "
		    "%d; look at MODAL_EXECUTE_URL", a->status);
	judge_error(t, &e);
}

static void
ask(void *user)
{
	struct testrun_web *t = user;
	struct https_request q = { .method = HTTPS_POST, .url = t->w->url,
		.headers = (const char *const *)t->w->headers,
		.nheaders = t->w->nheaders, .body = buf_str(&t->body),
		.n = t->body.len, .max = ANSWER_MAX, .attempt_us = HOP_US,
		.redirects = HOPS };

	struct testrun_case first;

	t->timer = NULL;
	if (t->tries == 0 && t->n > 0) {
		first = testrun_case_at(t->problem, t->cases[0], t->names[0],
		    sizeof t->names[0]);
		t->watch->case_started(t->user, &first);
	}
	t->call = https_start(t->w->https, &q, answered, t);
}

static void
refuse(void *user)
{
	struct testrun_web *t = user;

	t->timer = NULL;
	judge_error(t, &t->refusal);
}

/* ---- the request ---- */

static bool
add_text(struct buf *b, const char *key, const char *p, size_t n,
    struct err *e)
{
	if (p == NULL)
		p = "";
	if (!utf8_valid(p, n))
		return err_set(e, ERR_UNSUPPORTED, "the web function takes "
		    "text only, and there are other bytes in the %s", key);
	buf_addf(b, "\"%s\":", key);
	json_add_string(b, p, n);
	return true;
}

/* As such functions call them. */
static const char *
language_name(const struct language *l)
{
	return strcmp(l->name, "python3") == 0 ? "python" : l->name;
}

static bool
add_case(struct testrun_web *t, size_t i, struct err *e)
{
	const struct problem_case *k = &t->problem->cases[t->cases[i]];
	struct buf *b = &t->body;

	buf_adds(b, i > 0 ? ",{" : "{");
	if (!add_text(b, "name", t->names[i], strlen(t->names[i]), e))
		return false;
	buf_addc(b, ',');
	if (!add_text(b, "input", k->in, k->in_len, e))
		return false;
	buf_addc(b, ',');
	if (!add_text(b, "expected", k->ans, k->ans_len, e))
		return false;
	buf_adds(b, k->hidden ? ",\"hidden\":true}" : ",\"hidden\":false}");
	return true;
}

static bool
add_code(struct testrun_web *t, const struct testrun_spec *spec,
    struct err *e)
{
	const char *name = spec->language->main_file;

	for (size_t i = 0; i < spec->nfiles; i++)
		if (strcmp(spec->files[i].path, name) == 0)
			return add_text(&t->body, "code", spec->files[i].data,
			    (size_t)spec->files[i].size, e);
	return err_set(e, ERR_NOT_FOUND, "there is no %s", name);
}

static bool
build(struct testrun_web *t, const struct testrun_spec *spec, struct err *e)
{
	const char *language = language_name(spec->language);

	buf_addc(&t->body, '{');
	if (!add_code(t, spec, e))
		return false;
	buf_addc(&t->body, ',');
	if (!add_text(&t->body, "language", language, strlen(language), e))
		return false;
	buf_adds(&t->body, ",\"testCases\":[");
	for (size_t i = 0; i < t->n; i++)
		if (!add_case(t, i, e))
			return false;
	buf_adds(&t->body, "]}");
	return true;
}

static void
choose(struct testrun_web *t, bool hidden)
{
	const struct problem *p = t->problem;

	t->cases = xcalloc(p->ncases + 1, sizeof *t->cases);
	t->names = xcalloc(p->ncases + 1, sizeof *t->names);
	for (size_t i = 0; i < p->ncases; i++) {
		if (p->cases[i].hidden && !hidden)
			continue;
		testrun_case_at(p, i, t->names[t->n], sizeof t->names[0]);
		t->cases[t->n++] = i;
	}
}

static struct testrun_web *
run_start(struct testweb *base, const struct testrun_spec *spec,
    const struct testrun_watch *watch, void *user)
{
	struct function *w = CONTAINER_OF(base, struct function, base);
	struct testrun_web *t = xcalloc(1, sizeof *t);

	*t = (struct testrun_web){ .w = w, .problem = spec->problem,
		.watch = watch, .user = user, .begun = loop_now(w->loop) };
	choose(t, spec->include_hidden);
	t->timer = loop_timer_add(w->loop, 0, build(t, spec, &t->refusal) ?
	    ask : refuse, t);
	return t;
}

static void
run_cancel(struct testrun_web *t)
{
	finish(t, VERDICT_CANCELED, 0, NULL);
}

static void
run_free(struct testrun_web *t)
{
	https_cancel(t->call);
	loop_timer_cancel(t->timer);
	buf_free(&t->body);
	free(t->cases);
	free(t->names);
	free(t);
}

/* ---- the function ---- */

static const struct testweb_ops ops = { run_start, run_cancel, run_free };

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static bool
good_header(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

struct testweb *
testweb_create(struct loop *loop, const struct testweb_spec *spec,
    struct err *e)
{
	struct function *w;
	struct https *h;

	if (!https_url_ok(spec->url, e))
		return err_context(e, "MODAL_EXECUTE_URL"), NULL;
	if (!good_header(spec->key) || !good_header(spec->secret))
		return err_set(e, ERR_AUTH, "MODAL_KEY or MODAL_SECRET has "
		    "characters that no key has"), NULL;
	h = https_create(loop, spec->ca_file, e);
	if (h == NULL)
		return NULL;
	w = xcalloc(1, sizeof *w);
	w->base.ops = &ops;
	w->loop = loop;
	w->https = h;
	w->url = xstrdup(spec->url);
	w->key = xstrdup(spec->key);
	w->secret = xstrdup(spec->secret);
	w->headers[w->nheaders++] = xstrdup("Content-Type: application/json");
	w->headers[w->nheaders++] = xstrdup("Accept: application/json");
	if (w->key[0] != '\0')
		w->headers[w->nheaders++] = xasprintf("Modal-Key: %s",
		    w->key);
	if (w->secret[0] != '\0')
		w->headers[w->nheaders++] = xasprintf("Modal-Secret: %s",
		    w->secret);
	return &w->base;
}

void
testweb_destroy(struct testweb *base)
{
	struct function *w = CONTAINER_OF(base, struct function, base);

	if (base == NULL)
		return;
	https_destroy(w->https);
	for (size_t i = 0; i < w->nheaders; i++)
		wipe(w->headers[i]);
	wipe(w->url);
	wipe(w->key);
	wipe(w->secret);
	free(w);
}
