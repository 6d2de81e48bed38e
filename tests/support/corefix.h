#ifndef SUPPORT_COREFIX_H
#define SUPPORT_COREFIX_H

/* A core over a sandbox in memory with a clock that the test turns: two
 * questions ("A sum", "Another"), in Python. */

#include "loop/loop.h"
#include "session/core.h"
#include "tests/support/fakesandbox.h"

struct fixture {
	struct clock_fake clock;
	struct loop *loop;
	struct fake_plan plan;
	struct sandbox *shell; /* the newest that is not a judge's */
	struct core *core;
	char dir[64];
	char notice[512], why[400];
	struct buf notices; /* all of them, a line each */
	struct buf copied; /* what came for the clipboard, a line each */
	unsigned ended, counts[EV_TYPES];
	enum event_type last;
	/* Called with each event, when it is set. */
	void (*seen)(struct fixture *, const struct event *);
	uint64_t mark; /* seq of an event that a test waits for */
	/* Called with each new core, before its loop turns. */
	void (*made)(struct fixture *);
	bool dirty; /* an edit is in no file */
	bool hang;  /* programs run until they are killed */
	struct buf cases;	       /* name@where=verdict of each event */
	struct buf shell_in, judge_in; /* what programs read there */
	char *kept; /* the solution in the next workspace; NULL: none */
	bool disk;  /* that is what the last one had */
};

/* cmocka's setup and teardown; *state is the fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Bytes of output that the next core records; 0: as ever. */
extern uint64_t fixture_record_max;
/* What the next fixture's plan is at first. */
extern struct fake_plan fixture_plan;
/* As if viva was killed: of the core there is only its journal, of the
 * workspace only the solution, which is kept. */
void fixture_kill(struct fixture *);
void fixture_kill_at(struct fixture *, uint64_t seq); /* an event before */
/* Another core goes on with both; NULL: e says why not. */
struct core *fixture_resume(struct fixture *, struct err *);

void turns(struct fixture *);		  /* what is ready, no time */
void pass(struct fixture *, int64_t us);  /* and time */
void until_ended(struct fixture *);	  /* by git's thread, the journal's */
const struct state_file *solution(struct fixture *);
void type(struct fixture *, const char *text); /* into the solution */
void simple(struct fixture *, enum command_type);
void input(struct fixture *, const char *text); /* into the shell */

#endif
