#ifndef SESSION_CORE_INTERNAL_H
#define SESSION_CORE_INTERNAL_H

/* Shared by the core-*.c files only. */

#include "session/core.h"
#include "session/record.h"
#include "session/testrun.h"

#define HASHES 16

struct known { /* an open file as the workspace last had it */
	char *path;
	char hash[65];
	char olds[HASHES][65]; /* those before, in a ring */
	unsigned nolds;
	bool missing;
	bool failed; /* to be saved, and it was told */
	bool behind; /* the volume may not have what was saved at last */
	uint64_t edits;	      /* edits applied so far */
	uint64_t saved_edits; /* of them in the file, or taken from it */
	bool saving;
	bool moving; /* being renamed or deleted */
	bool force;
};

enum request_kind { REQ_LIST, REQ_OPEN, REQ_CHECK, REQ_SAVE_CHECK, REQ_SAVE,
	REQ_CREATE_CHECK, REQ_CREATE, REQ_RESCUE, REQ_RENAME, REQ_DELETE,
	REQ_SEED, REQ_RESUME, REQ_TREE };

struct request {
	uint64_t id; /* 0: waits for the next sandbox */
	enum request_kind kind;
	char *path, *to;
	char hash[65];	/* of what is being saved */
	uint64_t edits; /* known.edits when the save began */
	uint64_t size;
	bool again; /* asked for once more meanwhile */
	void (*tree)(struct core *, const struct fs_result *);
};

struct typed { /* what went into the shell at once */
	uint64_t at, n;
	size_t from; /* in past.text, when it is not hidden */
	bool hidden;
};

struct past { /* the shell that a viva before this one left open */
	char *handle; /* NULL: there is none, or none to come back to */
	bool there; /* the sandbox, for any shell */
	bool begun; /* this one is known to have run */
	uint64_t out, in; /* where its output and its input are recorded to */
	struct typed *typed;
	size_t ntyped, typed_cap;
	struct buf text;
	/* What the terminal answers to the last output, when nothing is
	 * recorded after that. */
	struct buf answers;
};

struct ahead { /* keys for a file that was on its way */
	char *path;
	struct buf keys; /* as the editor had them recorded */
};

struct core {
	struct core_spec spec;
	struct loop *loop;
	struct state *state;
	struct record *record; /* NULL: none */
	int64_t start_mono;
	uint64_t seq;
	unsigned question; /* index from 0 */
	bool ending, ended;
	bool sealed;  /* at the end: no edit is taken any more */
	bool leaving; /* the next question is about to start */
	const char *end_why;

	struct sandbox *sandbox;
	bool ready;
	struct loop_timer *swap; /* another one is about to be opened */
	struct loop_timer *expiry;
	bool expiry_told;
	/* term */
	uint64_t term, exec; /* number, provider's id; exec 0: none */
	uint64_t in_offset;
	unsigned rows, cols;
	bool held; /* output paused until the journal has caught up */
	struct loop_timer *hold_timer;
	uint64_t recorded; /* bytes of output */
	uint64_t dropped;  /* not recorded, and not yet told */
	bool dropping;
	int64_t answered; /* core_meter: to the program's questions */
	struct past past;
	bool attaching;	    /* to that shell; what is typed is kept in */
	struct buf waiting_input;
	struct loop_timer *shell_timer; /* a new shell */
	/* files */
	struct known *known;
	size_t nknown, known_cap;
	struct request *requests;
	size_t nrequests, requests_cap;
	char *last_list;
	int64_t followed; /* core_meter: what changed outside the editor */
	struct loop_timer *follow; /* there was more of it */
	struct loop_timer *opening; /* a file: to tell that it takes long */
	bool open_told; /* and it was */
	struct ahead *ahead; /* of the viva before this one */
	size_t nahead, ahead_cap;
	struct loop_timer *ahead_timer;
	unsigned seeding; /* template files still being written */
	bool seeds_behind; /* as known.behind, of these */
	struct loop_timer *autosave;
	/* Called once no save is under way. */
	void (*waiting[4])(struct core *);
	unsigned nwaiting;
	unsigned rescuing; /* copies being written */
	bool rescue_failed;
	void (*rescued)(struct core *);
	/* tests */
	struct testrun *testrun;
	uint64_t run;
	bool run_submit;
	bool run_pending; /* saving or reading the files for a run */
	struct loop_timer *run_slow; /* to tell that this takes long */
	bool run_told; /* and it was */
	struct testrun *over; /* about to be freed */
	/* activity */
	struct loop_timer *minute, *limit;
	int64_t last_input;
	bool idle, active;
	struct loop_timer *end_timer;
};

/* core.c */
void core_emit(struct core *, struct event *);
/* As core_emit, but it is not in the record. */
void core_show(struct core *, struct event *);
struct event core_event(enum event_type, enum event_origin);
/* Programs make the record grow by more than output, which is bounded.  Notes
 * n bytes in *at; returns how long it is until more may come: burst of them
 * at once, and METER_RATE a second. */
#define METER_RATE 65536
int64_t core_meter(struct core *, int64_t *at, size_t n, size_t burst);
void core_notice(struct core *, const char *fmt, ...) PRINTF_LIKE(2, 3);
const struct problem *core_problem(const struct core *);
/* Once everything is saved; else it says what is not. */
void core_next_question(struct core *);

void core_question_start(struct core *);

/* core-sandbox.c */
void core_sandbox_begin(struct core *); /* without a shell */
void core_sandbox_open(struct core *);
void core_sandbox_close(struct core *);
void core_sandbox_new(struct core *); /* the command */
void core_sandbox_expiry(struct core *);

/* core-resume.c: the state, from the journal; false: e says why not. */
bool core_resume(struct core *, struct err *);

/* core-ahead.c: keys for files on their way, from the journal; to be given
 * back once the editor is there */
void core_ahead_fold(struct core *, const struct event *);
void core_ahead_again(struct core *); /* soon, or when the first is there */
void core_ahead_now(struct core *);
void core_ahead_finish(struct core *);

/* core-attach.c: back to the shell that runs on */
void core_past_fold(struct core *, const struct event *); /* after state */
void core_past_finish(struct core *);
/* In place of core_term_start; false: there is nothing to go back to. */
bool core_term_attach(struct core *);
void core_term_keep(struct core *, const char *p, size_t n);

/* core-term.c */
void core_term_start(struct core *);
void core_term_input(struct core *, const char *p, size_t n,
    enum event_origin);
void core_term_resize(struct core *, unsigned rows, unsigned cols);
void core_term_output(struct core *, uint64_t offset, const char *p, size_t n);
void core_term_exited(struct core *, const struct sandbox_exit *);
void core_term_gone(struct core *);
/* A shell that is open has ended: recorded, and why. */
void core_term_closed(struct core *, const char *why);
void core_term_dropped(struct core *); /* tells what is to be told */

/* core-files.c */
void core_files_seed(struct core *); /* template and samples, then open */
void core_files_list(struct core *);
void core_files_changed(struct core *);
void core_files_command(struct core *, const struct command *);
void core_files_result(struct core *, uint64_t request,
    const struct fs_result *);
/* Saves everything edited; then, when no save is under way any more and no
 * file on its way into the editor, calls fn (at once when there is nothing to
 * do). */
void core_save_all(struct core *, void (*fn)(struct core *));
void core_files_tree(struct core *,
    void (*fn)(struct core *, const struct fs_result *));
void core_files_reset(struct core *);
/* The sandbox has ended by itself; what was not on the volume is saved
 * again. */
void core_files_lost(struct core *);
/* The sandbox goes: what it was asked for does not come. */
void core_files_leave(struct core *);
/* Another one is there: its files beside the texts of the editor. */
void core_files_again(struct core *);
bool core_files_comparing(const struct core *); /* not yet done with that */
/* One that holds edits which are in no file; NULL: none. */
const struct state_file *core_files_unsaved(const struct core *);
/* Writes them beside their files, then calls fn; false: there are none. */
bool core_files_rescue(struct core *, void (*fn)(struct core *));

/* core-tests.c */
void core_tests_run(struct core *, bool submit);
void core_tests_cancel(struct core *);
/* A run that has not yet begun does not begin. */
void core_tests_forget(struct core *);
/* The session's sandbox has ended or is about to be destroyed. */
void core_tests_sandbox_gone(struct core *, const char *why);
void core_checkpoint(struct core *, const char *subject,
    const struct fs_result *);

#endif
