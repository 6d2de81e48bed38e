#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "session/state.h"

static struct event
event(enum event_type type, int64_t t)
{
	struct event ev;

	memset(&ev, 0, sizeof ev);
	ev.type = type;
	ev.t = t;
	ev.seq = (uint64_t)t + 1;
	ev.question = 1;
	return ev;
}

/* A short session, one event a step. */
static struct event
step(int i)
{
	static const struct bytes code = { "print(1)\n", 9 };
	struct event ev = event(EV_UNKNOWN, i);

	switch (i) {
	case 0:
		ev.type = EV_SESSION_START;
		ev.u.session.session = "s1";
		ev.u.session.questions = 3;
		break;
	case 1:
		ev.type = EV_QUESTION_START;
		ev.u.question.title = "Two numbers";
		ev.u.question.statement = "# Two";
		break;
	case 2:
		ev.type = EV_TERM_OPEN;
		ev.u.term.term = 1;
		ev.u.term.rows = 5;
		ev.u.term.cols = 30;
		break;
	case 3:
		ev.type = EV_TERM_OUTPUT;
		ev.u.io.data = (struct bytes){ "hi \033[31mred\033[", 13 };
		break;
	case 4:
		ev.type = EV_FILE_OPEN;
		ev.u.file.path = "a.py";
		ev.u.file.content = code;
		break;
	case 5:
		ev.type = EV_EDIT_CHANGE;
		ev.u.edit.path = "a.py";
		ev.u.edit.offset = 6;
		ev.u.edit.deleted = 1;
		ev.u.edit.inserted = (struct bytes){ "42", 2 };
		break;
	case 6:
		ev.type = EV_FILE_LIST;
		ev.u.file.list = "9\ta.py\n3\tb/c.txt\nbroken\n"
		    "4 b/d\\ne\\\\n\\\n5\tb\\n\n";
		break;
	case 7:
		ev.type = EV_TEST_RUN;
		ev.u.test.run = 1;
		ev.u.test.total = 2;
		break;
	case 8:
		ev.type = EV_TEST_CASE;
		ev.u.test.run = 1;
		ev.u.test.number = 1;
		ev.u.test.name = "sample 1";
		ev.u.test.verdict = VERDICT_AC;
		break;
	case 9:
		ev.type = EV_TERM_OUTPUT;
		ev.u.io.data = (struct bytes){ "0mback", 6 };
		break;
	case 10:
		ev.type = EV_TEST_DONE;
		ev.u.test.run = 1;
		ev.u.test.verdict = VERDICT_WA;
		ev.u.test.passed = 1;
		ev.u.test.total = 2;
		break;
	case 11:
		ev.type = EV_FILE_DELETE;
		ev.u.file.path = "a.py";
		break;
	case 12:
		ev.type = EV_FILE_OPENING;
		ev.u.file.path = "b/c.txt";
		break;
	default:
		ev.type = EV_SESSION_END;
	}
	return ev;
}

#define STEPS 14

static void
play(struct state *s, int from, int to)
{
	for (int i = from; i < to; i++) {
		struct event ev = step(i);

		state_apply(s, &ev);
	}
}

static void
events_fold_into_the_state(void **st)
{
	struct state *s = state_create(100);
	struct buf b = { 0 };

	(void)st;
	play(s, 0, 11);
	assert_string_equal(s->title, "Two numbers");
	assert_int_equal(s->questions, 3);
	assert_int_equal(s->nfiles, 1);
	text_append(s->files[0].text, 0, 100, &b);
	assert_string_equal(b.data, "print(42)\n");
	assert_int_equal(s->nentries, 4);
	assert_string_equal(s->entries[1].path, "b/c.txt");
	assert_string_equal(s->entries[2].path, "b/d\ne\\n\\");
	assert_int_equal(s->entries[2].size, 4);
	assert_string_equal(s->entries[3].path, "b\\n");
	assert_int_equal(state_last_run(s)->passed, 1);
	assert_true(state_last_run(s)->done);
	buf_clear(&b);
	vt_text(s->vt, 0, 0, 0, 50, &b);
	assert_string_equal(b.data, "hi redback");
	play(s, 11, STEPS - 1);
	assert_int_equal(s->current, -1);
	assert_string_equal(s->opening, "b/c.txt");
	play(s, STEPS - 1, STEPS);
	assert_true(s->ended);
	assert_null(s->opening);
	buf_free(&b);
	state_destroy(s);
}

static void
events_about_nothing_are_ignored(void **st)
{
	struct state *s = state_create(10);

	(void)st;
	for (int type = 0; type < EV_TYPES; type++) {
		struct event ev = event((enum event_type)type, type);

		state_apply(s, &ev);
	}
	assert_int_equal(s->nfiles, 0);
	state_destroy(s);
}

/* From any keyframe, in the middle of an escape sequence too. */
static void
keyframes_lead_to_the_same_end(void **st)
{
	struct buf want = { 0 }, got = { 0 };

	(void)st;
	for (int at = 0; at < STEPS; at++) {
		struct state *s = state_create(100);
		struct keyframe *k;

		play(s, 0, at);
		k = state_keyframe(s);
		play(s, at, STEPS);
		buf_clear(&want);
		state_save(s, &want);
		state_restore(s, k);
		play(s, at, STEPS);
		buf_clear(&got);
		state_save(s, &got);
		assert_int_equal(got.len, want.len);
		assert_memory_equal(got.data, want.data, got.len);
		keyframe_free(k);
		state_destroy(s);
	}
	buf_free(&want);
	buf_free(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_fold_into_the_state),
		cmocka_unit_test(events_about_nothing_are_ignored),
		cmocka_unit_test(keyframes_lead_to_the_same_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
