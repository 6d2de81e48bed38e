#include "config.h"

/* Test runs by a web function, against one of this test's own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "http-fixture.h"
#include "session/testrun-web.h"

#define KEY "wk-kEy0123456789"
#define SECRET "ws-sEcReT0123456789"

static struct problem_case cases[] = {
	{ (char *)"1", false, (char *)"1 2\n", (char *)"3\n", 4, 2, { 0 } },
	{ (char *)"2", false, (char *)"2 2\n", (char *)"4\n", 4, 2, { 0 } },
	{ (char *)"overflow", true, (char *)"5 6\n", (char *)"11\n", 4, 3, { 0 } },
	{ (char *)"late", true, (char *)"7 8\n", (char *)"15\n", 4, 3, { 0 } },
};
static const struct problem problem = { .name = (char *)"sum",
	.time_limit_ms = 1000, .memory_limit_mb = 64, .output_limit_kb = 64,
	.cases = cases,
	.ncases = 4 };
static struct sandbox_file files[] = {
	{ (char *)"notes.txt", (char *)"mine", 4, 0644 },
	{ (char *)"solution.py", (char *)"print(\"\xc3\xa4\")\n", 12, 0644 } };

static struct server server;
static struct testweb *web;
static struct testrun *run;
static struct {
	unsigned dones, started, done_cases;
	enum verdict verdict, verdicts[4];
	unsigned passed, total;
	char why[500], whys[4][200];
	struct buf all; /* every text that the watcher was given */
	int64_t time_us[4];
	struct bytes output;
} seen;
static const char *reply;

/* ---- what is told ---- */

static void
note(const struct testrun_case *k)
{
	const struct bytes *b[] = { &k->input, &k->expected, &k->output,
		&k->errors };

	buf_adds(&seen.all, k->name);
	buf_adds(&seen.all, k->why != NULL ? k->why : "");
	for (size_t i = 0; i < 4; i++) {
		if (k->hidden)
			assert_int_equal(b[i]->n, 0);
		buf_add(&seen.all, b[i]->p, b[i]->n);
	}
	if (k->hidden)
		assert_true(k->why == NULL && k->time_us == 0);
}

static void
case_started(void *user, const struct testrun_case *k)
{
	(void)user;
	/* One after the other, as they would run. */
	assert_int_equal(seen.started, seen.done_cases);
	assert_int_equal(k->verdict, VERDICT_NONE);
	assert_int_equal(k->number, ++seen.started);
	note(k);
}

static void
case_done(void *user, const struct testrun_case *k)
{
	(void)user;
	assert_int_equal(k->number, seen.started);
	snprintf(seen.whys[seen.done_cases], sizeof seen.whys[0], "%s",
	    k->why != NULL ? k->why : "");
	seen.time_us[seen.done_cases] = k->time_us;
	seen.verdicts[seen.done_cases++] = k->verdict;
	note(k);
}

static void
done(void *user, enum verdict v, unsigned passed, unsigned total,
    const char *why)
{
	(void)user;
	seen.dones++;
	seen.verdict = v;
	seen.passed = passed;
	seen.total = total;
	snprintf(seen.why, sizeof seen.why, "%s", why != NULL ? why : "");
	buf_adds(&seen.all, seen.why);
}

static const struct testrun_watch watch = { case_started, case_done, done,
	NULL, NULL };

static int
setup(void **state)
{
	struct testweb_spec spec = { .key = KEY, .secret = SECRET };
	struct err e = { 0 };
	char *url;

	(void)state;
	server_open(&server);
	url = xasprintf("%s/execute?x=1", server.url);
	spec.url = url;
	web = testweb_create(server.loop, &spec, &e);
	free(url);
	assert_non_null(web);
	memset(&seen, 0, sizeof seen);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (seen.all.len > 0) {
		assert_null(strstr(seen.all.data, KEY));
		assert_null(strstr(seen.all.data, SECRET));
		/* Of hidden cases nothing but a number and a verdict. */
		assert_null(strstr(seen.all.data, "overflow"));
		assert_null(strstr(seen.all.data, "15"));
	}
	testrun_free(run);
	run = NULL;
	testweb_destroy(web);
	server_close(&server);
	buf_free(&seen.all);
	return 0;
}

static struct sandbox *
no_judge(void *user, struct loop *loop, const struct sandbox_watch *w,
    void *watch_user)
{
	(void)user;
	(void)loop;
	(void)w;
	(void)watch_user;
	fail_msg("a judge sandbox is made");
	return NULL;
}

static void
start(bool hidden)
{
	struct testrun_spec spec = { .problem = &problem,
		.language = language_find("python3"), .files = files,
		.nfiles = ARRAY_LEN(files), .include_hidden = hidden,
		.judge = no_judge, .web = web };

	run = testrun_start(server.loop, &spec, &watch, NULL);
	assert_int_equal(seen.started + seen.dones, 0);
}

static void
say_reply(struct peer *p)
{
	answer(p, 200, "application/json", reply);
}

/* Runs all cases with such an answer. */
static void
judged(const char *text)
{
	reply = text;
	server.script = say_reply;
	start(true);
	TURN_UNTIL(&server, (void)0, seen.dones == 1);
}

#define RESULT(name, passed, rest) \
	"{\"name\":\"" name "\",\"passed\":" passed rest "}"
#define GOOD_REST \
	RESULT("sample 2", "true", ",\"hidden\":false") "," \
	RESULT("hidden 1", "true", ",\"output\":\"11\",\"hidden\":true") "," \
	RESULT("hidden 2", "true", ",\"output\":\"15\",\"hidden\":true")
#define REPLY(list, passed, failed) \
	"{\"success\":true,\"testResults\":[" list "],\"totalTests\":4," \
	"\"passedTests\":" passed ",\"failedTests\":" failed "," \
	"\"executionTime\":12}"

/* ---- what is asked ---- */

static void
test_request(void **state)
{
	const struct json *c;
	struct json *j;
	unsigned n = 0;

	(void)state;
	judged(REPLY(RESULT("sample 1", "true", ",\"output\":\"3\\n\","
	    "\"error\":null,\"duration\":12.5") "," GOOD_REST, "4", "0"));
	assert_int_equal(seen.verdict, VERDICT_AC);
	assert_int_equal(seen.passed, 4);
	assert_int_equal(seen.total, 4);
	assert_int_equal(seen.done_cases, 4);
	assert_int_equal(seen.time_us[0], 12500);
	assert_memory_equal(server.head.data, "POST /execute?x=1 HTTP/1.1\r\n",
	    28);
	assert_true(has_header(&server, "Modal-Key: " KEY));
	assert_true(has_header(&server, "Modal-Secret: " SECRET));
	assert_true(has_header(&server, "Content-Type: application/json"));
	j = json_parse(server.body.data, server.body.len, NULL);
	assert_non_null(j);
	assert_string_equal(json_str(j, "code"), "print(\"\xc3\xa4\")\n");
	assert_string_equal(json_str(j, "language"), "python");
	for (c = json_first(json_get(j, "testCases")); c != NULL;
	    c = json_next(c), n++) {
		assert_string_equal(json_str(c, "input"), cases[n].in);
		assert_string_equal(json_str(c, "expected"), cases[n].ans);
		assert_true(json_is_bool(c, "hidden"));
		assert_int_equal(json_bool(c, "hidden", false),
		    cases[n].hidden);
	}
	assert_int_equal(n, 4);
	assert_null(strstr(server.body.data, "overflow"));
	json_free(j);
}

static void
test_samples_only(void **state)
{
	(void)state;
	reply = "{\"success\":true,\"testResults\":["
	    RESULT("sample 2", "true", "") ","
	    RESULT("sample 1", "true", "") "]}";
	server.script = say_reply;
	start(false);
	TURN_UNTIL(&server, (void)0, seen.dones == 1);
	assert_int_equal(seen.verdict, VERDICT_AC);
	assert_int_equal(seen.passed, 2);
	assert_null(memmem(server.body.data, server.body.len, "11", 2));
}

/* ---- what it says ---- */

static void
test_verdicts(void **state)
{
	(void)state;
	judged(REPLY(
	    RESULT("hidden 2", "false", ",\"output\":\"15 or so\"") ","
	    RESULT("sample 2", "false", ",\"error\":\"ZeroDivisionError: "
	    SECRET "\\nsecond line\",\"duration\":3") ","
	    RESULT("hidden 1", "false", ",\"error\":\"Timed out: 15\"") ","
	    RESULT("sample 1", "false", ",\"output\":\"4 " KEY "\""),
	    "0", "4"));
	assert_int_equal(seen.verdict, VERDICT_WA);
	assert_int_equal(seen.verdicts[0], VERDICT_WA);
	assert_int_equal(seen.verdicts[1], VERDICT_RTE);
	assert_int_equal(seen.verdicts[2], VERDICT_TLE);
	assert_int_equal(seen.verdicts[3], VERDICT_WA);
	assert_non_null(strstr(seen.whys[1], "ZeroDivisionError"));
	assert_null(strstr(seen.whys[1], "second"));
	assert_non_null(strstr(seen.all.data, "4 ****"));
	assert_int_equal(seen.passed, 0);
}

static void
test_bad_answers(void **state)
{
	static const char *const bad[] = {
		"<html><body>Sign in</body></html>", "", "null", "[]", "12",
		"{}", "{\"success\":\"yes\",\"testResults\":[]}",
		"{\"success\":true}",
		"{\"success\":true,\"testResults\":{}}",
		"{\"success\":true,\"testResults\":[1,2,3,4]}",
		"{\"success\":false,\"testResults\":[],\"error\":\"" SECRET
		    "\\nbroken\"}",
		/* one is missing, twice, foreign, of another type */
		REPLY(GOOD_REST, "3", "1"),
		REPLY(GOOD_REST "," RESULT("hidden 2", "true", ""), "4", "0"),
		REPLY(GOOD_REST "," RESULT("overflow", "true", ""), "4", "0"),
		REPLY(GOOD_REST "," RESULT("sample 1", "1", ""), "4", "0"),
		REPLY(GOOD_REST ",{\"name\":\"sample 1\"}", "4", "0"),
		REPLY(GOOD_REST "," RESULT("sample 1", "true",
		    ",\"output\":{}"), "4", "0"),
		/* counted wrong */
		REPLY(GOOD_REST "," RESULT("sample 1", "false", ""), "4",
		    "0"),
		REPLY(GOOD_REST "," RESULT("sample 1", "true", ""), "\"4\"",
		    "0"),
		REPLY(GOOD_REST "," RESULT("sample 1", "true", ""), "4",
		    "0") "x\xff" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		buf_clear(&seen.all);
		seen.dones = seen.started = seen.done_cases = 0;
		judged(bad[i]);
		if (seen.verdict != VERDICT_JE || seen.done_cases != 0)
			fail_msg("taken: %s", bad[i]);
		assert_non_null(strstr(seen.why, "the web function"));
		assert_null(strchr(seen.why, '\n'));
		assert_null(strstr(seen.why, SECRET));
		assert_null(strstr(seen.why, "<html>"));
		testrun_free(run);
		run = NULL;
	}
}

/* ---- HTTP ---- */

static int status;

static void
say_status(struct peer *p)
{
	answer(p, status, "text/html", "<html>" SECRET "</html>");
}

static void
test_statuses(void **state)
{
	static const struct {
		int status;
		unsigned requests;
		const char *says;
	} all[] = { { 401, 1, "MODAL_KEY" }, { 404, 1, "HTTP 404" },
		{ 500, 1, "HTTP 500" }, { 503, 3, "HTTP 503" },
		{ 429, 3, "HTTP 429" }, { 302, 1, "HTTP 302" },
		{ 204, 1, "HTTP 204" } };

	(void)state;
	server.script = say_status;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		seen.dones = seen.started = server.requests = 0;
		status = all[i].status;
		start(true);
		TURN_UNTIL(&server, server.clock.skew += SEC / 10,
		    seen.dones == 1);
		assert_int_equal(seen.verdict, VERDICT_JE);
		assert_non_null(strstr(seen.why, all[i].says));
		assert_null(strstr(seen.why, "<html>"));
		assert_int_equal(server.requests, all[i].requests);
		assert_int_equal(seen.started, 1);
		testrun_free(run);
		run = NULL;
	}
}

static void
hang_up(struct peer *p)
{
	if (p->s->requests < 3)
		p->closing = true;
	else
		say_reply(p);
}

static void
test_broken_off(void **state)
{
	(void)state;
	reply = REPLY(GOOD_REST "," RESULT("sample 1", "true", ""), "4", "0");
	server.script = hang_up;
	start(true);
	TURN_UNTIL(&server, server.clock.skew += SEC / 10, seen.dones == 1);
	assert_int_equal(seen.verdict, VERDICT_AC);
}

static void
slow(struct peer *p)
{
	if (p->s->requests < 6)
		buf_addf(&p->out, "HTTP/1.1 303 X\r\nLocation: /execute?"
		    "__modal_function_call_id=fc-1\r\n"
		    "Content-Length: 0\r\n\r\n");
	else
		say_reply(p);
}

static void
test_long_call(void **state)
{
	(void)state;
	reply = REPLY(GOOD_REST "," RESULT("sample 1", "true", ""), "4", "0");
	server.script = slow;
	start(true);
	for (unsigned i = 1; i <= 5; i++) {
		TURN_UNTIL(&server, (void)0, server.requests >= i);
		server.clock.skew += 100 * SEC;
	}
	TURN_UNTIL(&server, (void)0, seen.dones == 1);
	assert_int_equal(seen.verdict, VERDICT_AC);
	assert_int_equal(server.requests, 6);
	assert_true(has_header(&server, "Modal-Key: " KEY));
}

static void
silence(struct peer *p)
{
	(void)p;
}

static void
test_no_answer(void **state)
{
	(void)state;
	server.script = silence;
	start(true);
	TURN_UNTIL(&server, (void)0, server.requests == 1);
	server.clock.skew += 150 * SEC; /* Modal's own bound */
	loop_turn(server.loop, 0);
	assert_int_equal(seen.dones, 0);
	server.clock.skew += 20 * SEC;
	TURN_UNTIL(&server, (void)0, seen.dones == 1);
	assert_int_equal(seen.verdict, VERDICT_JE);
	assert_non_null(strstr(seen.why, "no answer in time"));
}

static void
test_cancel(void **state)
{
	(void)state;
	server.script = silence;
	start(true);
	TURN_UNTIL(&server, (void)0, server.requests == 1);
	testrun_cancel(run);
	assert_int_equal(seen.dones, 1);
	assert_int_equal(seen.verdict, VERDICT_CANCELED);
	testrun_cancel(run);
	assert_int_equal(seen.dones, 1);
	TURN_UNTIL(&server, (void)0, server.closed == 1);
}

static void
test_free_at_once(void **state)
{
	(void)state;
	start(true);
	testrun_free(run);
	run = NULL;
	for (int i = 0; i < 5; i++)
		loop_turn(server.loop, 1000);
	assert_int_equal(seen.dones + seen.started, 0);
}

/* ---- what cannot be sent, what cannot be set ---- */

static void
test_not_text(void **state)
{
	char *was = files[1].data;

	(void)state;
	files[1].data = (char *)"print\xff(1234)";
	start(true);
	TURN_UNTIL(&server, (void)0, seen.dones == 1);
	files[1].data = was;
	assert_int_equal(seen.verdict, VERDICT_JE);
	assert_non_null(strstr(seen.why, "text only"));
	assert_int_equal(server.requests, 0);
}

static void
test_settings(void **state)
{
	static const struct testweb_spec bad[] = {
		{ "http://example.com/x?sEcReT", KEY, "", NULL },
		{ "not a url", KEY, "", NULL },
		{ "https://a.modal.run", KEY "\r\nX: y", "", NULL },
		{ "https://a.modal.run", KEY, "a b", NULL } };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_null(testweb_create(server.loop, &bad[i], &e));
		assert_non_null(strstr(e.msg, "MODAL_"));
		assert_null(strstr(e.msg, "sEcReT"));
		assert_null(strstr(e.msg, KEY));
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_samples_only, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_verdicts, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_bad_answers, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_statuses, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_broken_off, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_long_call, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_no_answer, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_free_at_once, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_not_text, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_settings, setup,
		    teardown),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
