#include "config.h"

/* What every sandbox of the account needs: the app they are in and the image
 * they are made of.  Asked for once; what is asked at the same time goes out
 * at the same time. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/modal-internal.h"
#include "sandbox/modal-kept.h"

#define ATTEMPT_US 10000000
#define BUILD_ATTEMPT_US 60000000
#define JOIN_S 55 /* the server ends a stream of the log after so long */
#define JOIN_US ((JOIN_S + 5) * 1000000LL)
#define BREAKS_MAX 5

/* The programs of src/problem/language.c, the shell, and what people look for
 * in one.  The python3 of the distribution is the one at /usr/bin. */
static const char *const lines_default[] = {
	"ENV DEBIAN_FRONTEND=noninteractive",
	"RUN apt-get update && apt-get install -y --no-install-recommends "
	    "bash-completion ca-certificates file gcc gdb git less libc6-dev "
	    "make nano procps python3 vim-tiny && rm -rf /var/lib/apt/lists/*",
	"RUN mkdir -p " WORKSPACE, NULL };

bool
account_prepared(const struct modal *m)
{
	return m->app_id != NULL && m->image_id != NULL;
}

static void
progress(struct modal *m, const char *text)
{
	for (struct box *b = m->boxes; b != NULL; b = b->next)
		if (b->phase == PHASE_PREPARE)
			box_progress(b, text);
}

static void
failed(struct modal *m, const char *what, const struct grpc_status *st)
{
	struct grpc_status copy = *st; /* its call may go */

	account_prepare_stop(m);
	for (struct box *b = m->boxes, *next; b != NULL; b = next) {
		next = b->next;
		if (box_prepares(b))
			box_step_failed(b, what, &copy);
	}
}

static const char no_image[] = "the image cannot be built";

/* What it is made of is what is wrong: another try ends in the same way. */
static void
recipe_failed(struct modal *m, const char *said)
{
	char words[290], text[512];

	account_words(m, said, words, sizeof words);
	snprintf(text, sizeof text, "%s: %s; mend image and run in [modal] of "
	    "%.100s, then start viva again", no_image, words, m->opt.settings !=
	    NULL ? m->opt.settings : "viva's config");
	account_prepare_stop(m);
	for (struct box *b = m->boxes, *next; b != NULL; b = next) {
		next = b->next;
		if (!box_prepares(b))
			continue;
		b->no_other = true;
		box_fail(b, text);
	}
}

static void
image_failed(struct modal *m, const struct grpc_status *st)
{
	struct grpc_status copy = *st; /* its call may go */

	if (!st->transport && (st->code == GRPC_INVALID_ARGUMENT ||
	    st->code == GRPC_NOT_FOUND))
		recipe_failed(m, copy.message[0] != '\0' ? copy.message :
		    grpc_code_name(copy.code));
	else
		failed(m, no_image, &copy);
}

static void
said_nothing(struct modal *m, const char *what)
{
	struct grpc_status st = { .code = GRPC_INTERNAL, .retry_after_us = -1,
		.message = "the answer makes no sense" };

	failed(m, what, &st);
}

static void
finished(struct modal *m)
{
	if (!account_prepared(m))
		return;
	for (struct box *b = m->boxes, *next; b != NULL; b = next) {
		next = b->next;
		if (b->phase == PHASE_PREPARE && !b->closing)
			box_prepared(b);
	}
}

/* ---- an id of a run before this one ---- */

static const char *const *
image_lines(const struct modal *m)
{
	return m->opt.image_lines != NULL ? m->opt.image_lines : lines_default;
}

static int64_t
seconds(const struct modal *m)
{
	return clock_wall(loop_clock(m->loop)) / 1000;
}

/* The app's id is of one account and one environment of it. */
static void
image_key(const struct modal *m, char key[KEPT_KEY_LEN + 1])
{
	struct kept_name *n = kept_name_create();
	const char *const *lines = image_lines(m);

	kept_name_add(n, m->config->server_url);
	kept_name_add(n, m->config->environment);
	kept_name_add(n, m->app_id);
	kept_name_add(n, m->builder);
	kept_name_add(n, m->opt.image);
	for (; *lines != NULL; lines++)
		kept_name_add(n, *lines);
	kept_name_finish(n, key);
}

static void
image_keep(struct modal *m)
{
	char key[KEPT_KEY_LEN + 1];

	if (m->kept == NULL)
		return;
	image_key(m, key);
	kept_put(m->kept, key, m->image_id, seconds(m));
}

static bool
image_recall(struct modal *m)
{
	char key[KEPT_KEY_LEN + 1];
	const char *id;

	if (m->kept == NULL || m->anew)
		return false;
	image_key(m, key);
	id = kept_find(m->kept, key, seconds(m));
	if (id == NULL)
		return false;
	m->image_id = xstrdup(id);
	m->image_kept = true;
	return true;
}

void
account_forget_image(struct modal *m)
{
	char key[KEPT_KEY_LEN + 1];

	if (!m->image_kept)
		return;
	image_key(m, key);
	kept_drop(m->kept, key, seconds(m));
	free(m->image_id);
	m->image_id = NULL;
	m->image_kept = false;
}

void
modal_ask_anew(struct modal *m)
{
	m->anew = true;
}

/* ---- the image ---- */

static void build_join(struct modal *);

static void
build_over(struct modal *m, const CLIENT(GenericResult) *r)
{
	char said[200], text[480];

	if (r->status == RESULT(SUCCESS)) {
		m->image_id = m->build_id;
		m->build_id = NULL;
		image_keep(m);
		account_prepare_stop(m);
		finished(m);
		return;
	}
	account_words(m, r->exception, said, sizeof said);
	snprintf(text, sizeof text, "%s%s%s", said[0] != '\0' ? said :
	    r->status == RESULT(TIMEOUT) ? "it took too long" : "it failed",
	    m->build_line[0] != '\0' ? "; the last it said: " : "",
	    m->build_line);
	recipe_failed(m, text);
}

static void
build_log(struct modal *m, const CLIENT(TaskLogs) *log)
{
	const char *end = log->data + strlen(log->data), *line;
	char text[200];

	/* The last line that says something. */
	while (end > log->data && (end[-1] == '\n' || end[-1] == '\r' ||
	    end[-1] == ' '))
		end--;
	for (line = end; line > log->data && line[-1] != '\n' &&
	    line[-1] != '\r'; line--)
		;
	if (line == end)
		return;
	snprintf(text, sizeof text, "%.*s",
	    (int)(end - line < 190 ? end - line : 190), line);
	account_words(m, text, m->build_line, sizeof m->build_line);
	snprintf(text, sizeof text, "building the image: %s", m->build_line);
	progress(m, text);
}

static void
build_message(void *user, const char *p, size_t n)
{
	struct modal *m = user;
	CLIENT(ImageJoinStreamingResponse) *r = wire_unpack(
	    CLIENT_DESC(image_join_streaming_response), p, n);

	if (r == NULL)
		return;
	m->build_breaks = 0;
	for (size_t i = 0; i < r->n_task_logs; i++)
		build_log(m, r->task_logs[i]);
	if (r->entry_id[0] != '\0') {
		free(m->build_entry);
		m->build_entry = xstrdup(r->entry_id);
	}
	if (r->result != NULL && r->result->status != RESULT(UNSPECIFIED)) {
		grpc_cancel(m->build);
		m->build = NULL;
		build_over(m, r->result);
	}
	wire_free(r);
}

static void
build_again(void *user)
{
	struct modal *m = user;

	m->build_timer = NULL;
	build_join(m);
}

static void
build_done(void *user, const struct grpc_status *st, const char *p, size_t n)
{
	struct modal *m = user;
	/* An end without a result is only the end of the stream's time. */
	int64_t wait = st->code == GRPC_OK ? 10000 :
	    st->code == GRPC_DEADLINE_EXCEEDED ? 100000 : 1000000;

	(void)p;
	(void)n;
	m->build = NULL;
	if (st->code == GRPC_UNAUTHENTICATED)
		account_renew(m);
	else if (st->code != GRPC_OK && !account_retryable(st)) {
		image_failed(m, st);
		return;
	}
	/* A server that ends it at once again and again is broken too. */
	if (++m->build_breaks > BREAKS_MAX * (st->code == GRPC_OK ? 10u : 1u))
		failed(m, "the image's build cannot be followed", st);
	else
		m->build_timer = loop_timer_add(m->loop, wait, build_again, m);
}

static void
build_join(struct modal *m)
{
	CLIENT(ImageJoinStreamingRequest) q = CLIENT_INIT(
	    IMAGE_JOIN_STREAMING_REQUEST);
	struct buf out = { 0 };

	q.image_id = m->build_id;
	q.timeout = JOIN_S;
	q.last_entry_id = m->build_entry;
	wire_pack(&q.base, &out);
	m->build = grpc_stream(m->control, CLIENT_PATH("ImageJoinStreaming"),
	    out.data, out.len, JOIN_US, build_message, build_done, m);
	buf_free(&out);
}

static void
image_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct modal *m = user;
	CLIENT(ImageGetOrCreateResponse) *r;

	m->image_call = NULL;
	if (st->code != GRPC_OK) {
		image_failed(m, st);
		return;
	}
	r = wire_unpack(CLIENT_DESC(image_get_or_create_response), reply, n);
	if (r == NULL || r->image_id[0] == '\0') {
		wire_free(r);
		said_nothing(m, no_image);
		return;
	}
	free(m->build_id);
	m->build_id = xstrdup(r->image_id);
	free(m->build_entry);
	m->build_entry = xstrdup("");
	m->build_line[0] = '\0';
	m->build_breaks = 0;
	if (r->result != NULL && r->result->status != RESULT(UNSPECIFIED)) {
		build_over(m, r->result);
	} else {
		progress(m, "building the image");
		build_join(m);
	}
	wire_free(r);
}

/* All in one layer: each layer would be another call in sequence. */
static void
image_ask(struct modal *m)
{
	const char *const *lines = image_lines(m);
	CLIENT(ImageGetOrCreateRequest) q = CLIENT_INIT(
	    IMAGE_GET_OR_CREATE_REQUEST);
	CLIENT(Image) image = CLIENT_INIT(IMAGE);
	size_t n = 0;

	while (lines[n] != NULL)
		n++;
	image.dockerfile_commands = xcalloc(n + 1, sizeof(char *));
	image.n_dockerfile_commands = n + 1;
	image.dockerfile_commands[0] = xasprintf("FROM %s", m->opt.image);
	for (size_t i = 0; i < n; i++)
		image.dockerfile_commands[i + 1] = (char *)lines[i];
	q.image = &image;
	q.app_id = m->app_id;
	q.builder_version = m->builder;
	m->image_call = account_call(m, CLIENT_PATH("ImageGetOrCreate"),
	    &q.base, BUILD_ATTEMPT_US, image_done, m);
	free(image.dockerfile_commands[0]);
	free(image.dockerfile_commands);
}

/* ---- what comes before ---- */

static void
go_on(struct modal *m)
{
	bool wanted = m->app_id != NULL && m->builder != NULL &&
	    m->image_id == NULL && m->image_call == NULL &&
	    m->build_id == NULL;

	if (wanted && !image_recall(m))
		image_ask(m);
	else
		finished(m);
}

static void
app_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct modal *m = user;
	CLIENT(AppGetOrCreateResponse) *r;

	m->app_call = NULL;
	if (st->code != GRPC_OK) {
		failed(m, "Modal's app cannot be had", st);
		return;
	}
	r = wire_unpack(CLIENT_DESC(app_get_or_create_response), reply, n);
	if (r != NULL && r->app_id[0] != '\0')
		m->app_id = xstrdup(r->app_id);
	wire_free(r);
	if (m->app_id == NULL)
		said_nothing(m, "Modal's app cannot be had");
	else
		go_on(m);
}

static void
builder_done(void *user, const struct grpc_status *st, const char *reply,
    size_t n)
{
	struct modal *m = user;
	CLIENT(EnvironmentGetOrCreateResponse) *r;
	const char *version = "";

	m->builder_call = NULL;
	if (st->code != GRPC_OK) {
		failed(m, "Modal's environment cannot be had", st);
		return;
	}
	r = wire_unpack(CLIENT_DESC(environment_get_or_create_response),
	    reply, n);
	if (r != NULL && r->metadata != NULL && r->metadata->settings != NULL)
		version = r->metadata->settings->image_builder_version;
	m->builder = xstrdup(version);
	wire_free(r);
	go_on(m);
}

static void
builder_ask(struct modal *m)
{
	CLIENT(EnvironmentGetOrCreateRequest) q = CLIENT_INIT(
	    ENVIRONMENT_GET_OR_CREATE_REQUEST);

	if (m->config->image_builder_version[0] != '\0') {
		m->builder = xstrdup(m->config->image_builder_version);
		return;
	}
	q.deployment_name = m->config->environment;
	m->builder_call = account_call(m,
	    CLIENT_PATH("EnvironmentGetOrCreate"), &q.base, ATTEMPT_US,
	    builder_done, m);
}

void
account_prepare(struct modal *m)
{
	if (m->opt.image_id != NULL && m->image_id == NULL)
		m->image_id = xstrdup(m->opt.image_id);
	if (m->app_id == NULL && m->app_call == NULL)
		m->app_call = account_app(m, true, app_done, m);
	if (m->image_id == NULL && m->builder == NULL &&
	    m->builder_call == NULL)
		builder_ask(m);
	if (m->app_id != NULL && m->image_id == NULL)
		go_on(m);
}

/* What is known stays. */
void
account_prepare_stop(struct modal *m)
{
	account_cancel(m->app_call);
	account_cancel(m->builder_call);
	account_cancel(m->image_call);
	m->app_call = m->builder_call = m->image_call = NULL;
	grpc_cancel(m->build);
	m->build = NULL;
	loop_timer_cancel(m->build_timer);
	m->build_timer = NULL;
	free(m->build_id);
	free(m->build_entry);
	m->build_id = m->build_entry = NULL;
}
