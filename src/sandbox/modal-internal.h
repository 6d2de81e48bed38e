#ifndef SANDBOX_MODAL_INTERNAL_H
#define SANDBOX_MODAL_INTERNAL_H

/* Shared by the modal-*.c files only. */

#include "base/buf.h"
#include "net/grpc.h"
#include "net/https.h"
#include "sandbox/modal-wire.h"
#include "sandbox/modal.h"

#define WORKSPACE "/workspace"
#define TEMPORARY ".viva-" /* our files in the workspace; never listed */
/* Tries of one thing before it is given up. */
#define STEP_TRIES 8   /* of a step toward a sandbox; each is 4 attempts */
#define WORKER_TRIES 100 /* of a call to the worker; 5 minutes and more */

/* ---- modal-account.c: the control plane ---- */

/* How a server is reached; tests have one of their own. */
typedef struct grpc *(*modal_dial)(void *user, struct loop *,
    const struct grpc_spec *, struct err *);
struct modal *modal_create_on(struct loop *, const struct modal_config *,
    const struct modal_options *, modal_dial, void *user, struct err *)
    WARN_UNUSED;

/* A unary call that waits for a token first where one is wanted, and gets a
 * new one when the one it had is refused.  path is a literal; attempt_us
 * bounds each of up to four attempts. */
struct account_call;
struct account_call *account_call(struct modal *, const char *path,
    const void *message, int64_t attempt_us, grpc_done, void *user);
/* As account_call, with a packed message, which is taken. */
struct account_call *account_send(struct modal *, const char *path,
    struct buf *body, int64_t attempt_us, grpc_done, void *user);
/* As account_call, for a stream; it is not tried again. */
struct account_call *account_stream(struct modal *, const char *path,
    const void *message, int64_t deadline_us, grpc_message, grpc_done,
    void *user);
void account_cancel(struct account_call *); /* NULL is fine */
/* For presigned URLs.  NULL: this build cannot do HTTPS. */
struct https *account_https(struct modal *, struct err *);
void account_renew(struct modal *);	    /* the token was refused */

/* What is told of a failure, with what to do and without secrets. */
void account_error(const struct modal *, const char *what,
    const struct grpc_status *, struct err *);
/* Worth another try later. */
bool account_retryable(const struct grpc_status *);
/* A printable copy on one line that has no secret. */
void account_words(const struct modal *, const char *from, char *to, size_t n);

struct box;
struct modal {
	struct loop *loop;
	const struct modal_config *config;
	struct modal_options opt;
	modal_dial dial;
	void *dial_user;
	struct grpc *control;
	struct https *https; /* NULL: not yet needed */
	struct account_call *calls;
	/* the token */
	char *token; /* NULL: none */
	struct grpc_call *auth;
	struct loop_timer *auth_timer;
	unsigned auth_fails; /* in a row */
	/* what every sandbox needs (modal-image.c) */
	char *app_id, *builder, *image_id;
	struct kept *kept; /* ids of images; NULL: none are kept */
	bool image_kept; /* image_id is of a run before this one */
	bool anew; /* none of those is used */
	struct account_call *app_call, *builder_call, *image_call;
	struct grpc_call *build;
	char *build_id, *build_entry;
	unsigned build_breaks;
	struct loop_timer *build_timer;
	char build_line[120]; /* the last one of the log */
	char ended_id[64]; /* the sandbox that was ended last */
	struct box *boxes;
	struct modal_left left;
	struct listing *listings;
	struct volume_job *volume_jobs;
};
/* The app viva's sandboxes are in; create: also when there is none yet. */
struct account_call *account_app(struct modal *, bool create, grpc_done,
    void *user);

/* ---- modal-image.c ---- */

/* App and image; box_prepared or box_step_failed follows, for every box
 * that asked, and box_progress on the way. */
void account_prepare(struct modal *);
void account_prepare_stop(struct modal *);
bool account_prepared(const struct modal *);
/* An image's id of a run before this one is no good: it is asked for. */
void account_forget_image(struct modal *);

/* ---- modal-exec.c, modal-exec-io.c, modal-input.c: one program ---- */

/* POLL asks how it stands after a break, as a stream that is opened again
 * says nothing as long as the program does not. */
enum op_kind { OP_START, OP_OUT, OP_ERR, OP_WRITE, OP_WAIT, OP_POLL, OP_N };
struct program;
struct op { /* a call that is made again until it succeeds */
	struct program *x;
	enum op_kind kind;
	struct grpc_call *call;
	struct loop_timer *timer; /* the next try */
	int64_t begun;
	unsigned lost; /* in a row: so often the worker did not know it */
	bool troubled;	/* has failed and not yet succeeded */
	bool parked;	/* waits for a new jwt, or for what box_check says */
};

struct typing { /* of input, on its way */
	struct program *x;
	struct grpc_call *call; /* NULL: OP_WRITE's, answered or refused */
	size_t n;
	int64_t begun; /* when it was first sent */
	bool end, acknowledged;
};

struct program_sink { /* of a program of the provider's own */
	void (*data)(void *user, const char *p, size_t n); /* may be NULL:
						* then done has it all */
	/* The program is freed afterwards. */
	void (*done)(void *user, const struct sandbox_exit *,
	    const struct buf *out, const struct buf *err);
	size_t max; /* bytes kept of out; over it x.output_limit */
};

struct program {
	struct box *b;
	uint64_t id;
	char uuid[37];
	const struct program_sink *sink; /* NULL: the core's */
	void *user;
	char **argv;	       /* as sent */
	struct exec_spec spec; /* without argv */
	bool wrapped;	       /* tells its end on stderr, after nonce */
	bool starved;	       /* it did not get its time */
	char nonce[33];
	struct op ops[OP_N];
	bool started, have_status, finished, paused;
	/* Of a viva before this one; NULL: of this one. */
	void (*attached)(void *user, uint64_t exec, uint64_t in_offset);
	bool begun; /* of such a one: as attach_spec has it */
	struct sandbox_exit x;
	/* output */
	uint64_t offset[2], told[2]; /* received; given on */
	bool eof[2];
	struct buf got[2]; /* of a sink; held back of stderr */
	/* input */
	struct buf queue; /* from head on: not yet acknowledged */
	size_t head;
	uint64_t in_sent, in_offset; /* the worker's count; the core's */
	bool in_end, in_closed;
	bool early; /* the first piece went before the start's answer */
	struct typing pieces[MODAL_INPUT_MAX]; /* npieces, from first on,
						* round */
	unsigned first, npieces, refusals;
	int64_t written_at; /* the newest piece */
	int64_t alone_until; /* loop time; one piece at a time */
	struct loop_timer *apart; /* until the next may go */
	/* size of the terminal */
	unsigned rows, cols;
	bool resized, size_twice;
	struct loop_timer *size_timer;
	struct program *resizer;
	struct program *killer;
	struct program **holder; /* of one of those: where it is known */
	struct loop_timer *wall, *grace, *give_up;
};

struct program *program_start(struct box *, const struct exec_spec *,
    uint64_t id);
struct program *program_attach(struct box *, const struct attach_spec *,
    uint64_t id);
/* argv is copied; input is taken (NULL: none), and ends unless open.  sink is
 * borrowed.  Works in / and has no limits. */
struct program *program_inner(struct box *, const char *const *argv,
    struct buf *input, bool open, const struct program_sink *, void *user);
void program_free(struct program *); /* tells nobody; NULL is fine */
void program_go(struct program *);   /* the box is up */
/* How long the oldest byte that was sent waits for its answer; 0: none does. */
int64_t program_silent(struct program *, int64_t now);
void program_unpark(struct program *);
void program_hurry(struct program *); /* the way is open again */
/* Asks something that is answered at once; false: there is nothing to ask. */
bool program_probe(struct program *);
void program_fail(struct program *, const char *why);
void program_kill(struct program *);
void program_resize(struct program *, unsigned rows, unsigned cols);
void program_pause(struct program *, bool on);
bool program_input(struct program *, uint64_t offset, const char *p, size_t n);
void program_input_end(struct program *);
bool program_troubled(const struct program *);
size_t program_pending(const struct program *); /* typed, not acknowledged */

/* between the three */
void op_issue(struct op *);
void op_good(struct op *);
void op_drop(struct op *); /* forgets what it does */
bool op_idle(const struct op *); /* neither under way nor to be tried again */
/* The call has failed: true when it will be made again. */
bool op_again(struct op *, const struct grpc_status *);
/* It will not: the program's end, or a question to the control plane. */
void program_broken(struct program *, const struct grpc_status *);
void program_maybe_done(struct program *);
void program_flush(struct program *);
void program_flush_begun(struct program *); /* the first time */
void program_rest(struct program *); /* of stderr, without the trailer */
void program_input_closed(struct program *); /* nobody reads it any more */
void program_input_drop(struct program *); /* what is not sent, too */
struct grpc_call *op_unary(struct op *, const char *path,
    const void *message, int64_t attempt_us, bool waits, grpc_done);
void op_failed(struct op *, const struct grpc_status *);
void program_begun(struct program *);
/* The start of one that runs: it is asked how much input it has. */
struct grpc_call *program_find(struct op *);
struct grpc_call *program_read(struct op *);
struct grpc_call *program_write(struct op *);

/* ---- modal-run.c: how programs are wrapped ---- */

char **run_shell_argv(const struct exec_spec *, const char *uuid);
/* dir: where it works; NULL: in the workspace. */
char **run_program_argv(const struct exec_spec *, const char *uuid,
    const char *dir);
#define RUN_NO_DIR 124 /* the wrapper's own status: it is not there */
char **run_argv_copy(const char *const *);
void run_argv_free(char **);
/* What the wrapper says last on stderr, at *keep: false when it is not
 * there. */
bool run_trailer(const struct buf *err, const char *nonce, size_t *keep,
    struct sandbox_exit *, const struct exec_spec *);
#define RUN_TRAILER_MAX 160
extern const char run_kill[], run_resize[]; /* for sh -c, then the uuid… */
extern const char run_watch[]; /* as well, then the command */

/* ---- modal-phase.c: where a box stands ---- */

enum phase {
	PHASE_IDLE,    /* not begun */
	PHASE_PREPARE, /* asks for app, image and volume */
	PHASE_CREATE,  /* makes it, or waits until its name is free */
	PHASE_FIND,    /* the name is taken: asks for the one that has it */
	PHASE_TASK,    /* waits for its machine */
	PHASE_ACCESS,  /* asks for the way to its worker */
	PHASE_UP,      /* its worker can be asked */
	PHASE_SYNC,    /* it still can: the last sync of one that is closed */
	/* what is dead */
	PHASE_LOST,    /* given up or stopped, and may run over there */
	PHASE_ENDING,  /* it is being ended over there */
	PHASE_OVER,    /* it has ended, was never made, or cannot be ended */
};

/* ---- modal-break.c: a break of the way, as it is told ---- */

struct brk {
	unsigned failures; /* of calls, one after another; 0: no break */
	unsigned tries;	   /* the number that was told last */
	int64_t next_try;  /* loop time */
	struct loop_timer *late; /* the first one was not told */
	char why[512];
};

/* A call that began then has failed, and is made again after delay.  quiet:
 * the first failure need not be told.  False: it was tried often enough. */
bool break_failed(struct box *, int64_t begun, int64_t delay, bool quiet,
    const char *why);
void break_over(struct box *);
int64_t break_delay(const struct box *); /* for the next try */
unsigned break_tries(const struct box *); /* at most */

/* ---- modal-access.c: the way to the worker, and the key to it, a jwt ---- */

struct access { /* of modal-access.c alone */
	struct account_call *call; /* for the next key */
	struct loop_timer *timer;  /* until that is asked for */
	unsigned fails; /* keys in a row that the worker did not take */
	unsigned refusals; /* in a row; no key came */
	int64_t at; /* when that call was answered last */
};

/* The step of PHASE_ACCESS: PHASE_UP follows, or box_step_failed. */
void access_first(struct box *);
/* A key, and the connection that it is for; what went over another one is
 * parked.  False: it makes no sense. */
bool access_take(struct box *, const CLIENT(CommandRouterAccess) *);
/* The worker has refused the key of a call that began then.  True: there is a
 * newer one, so the call may be made again at once.  False: one is asked for,
 * and what is parked goes on with it; while none comes that is told as a break.
 * When none can be had, or the worker takes none, the box fails: maybe at
 * once. */
bool access_refused(struct box *, int64_t begun);
void access_good(struct box *); /* the worker has taken it */
void access_drop(struct box *); /* no other one is asked for */

struct file_job;
struct box_dir;
struct box {
	struct sandbox base;
	struct modal *m;
	struct box *next;
	bool judge;
	bool closing; /* the core has no more to do with it */
	bool to_sync; /* something was not on the volume when it closed */
	unsigned end_tries;
	char *name;   /* of the sandbox and of the volume */
	enum phase phase;
	enum sandbox_state state;
	char why[512];
	struct account_call *call, *volume_call, *end_call, *life_call;
	/* The making of it, which goes on when it is stopped or closed: the
	 * answer says what is to be ended. */
	struct account_call *create_call;
	double life_before; /* where its page of the list begins */
	unsigned life_pages;
	struct loop_timer *timer; /* its phase's: box_step_later */
	struct loop_timer *begin_timer; /* nothing begins inside a call */
	struct loop_timer *stop_timer; /* nor is an end told there */
	unsigned polls; /* for its task */
	unsigned finds; /* the one of its name was about to end */
	bool taken; /* one has its name, an earlier viva's as a rule, and its
		     * id is not known */
	char *volume_id, *sandbox_id, *task_id;
	bool v2, attached;
	bool image_kept; /* what it is made of is of a run before this one */
	struct grpc *router;
	char *router_url;
	bool no_other; /* another one would fail as this did */
	bool answered; /* the worker has done something for us */
	int64_t good_at; /* when it last did */
	struct access access;
	struct account_call *check; /* is it over? */
	/* programs */
	struct program **programs;
	size_t nprograms, programs_cap;
	uint64_t next_id;
	struct brk brk;
	struct loop_timer *expiry;
	int64_t ends; /* loop time; 0: unknown */
	struct box_dir *dirs;
	/* files */
	struct file_job *jobs;
	struct account_call *alone_call;
	bool alone_asked;
	bool alone; /* no sandbox of this name runs: the volume has it all */
	/* the volume */
	grpc_done volume_told;
	struct account_call *beat_call;
	struct loop_timer *beat_timer;
	bool beat_failed;
	struct program *watcher, *syncer;
	struct loop_timer *changed_timer, *sync_timer, *watch_timer;
	bool changed, dirty, poll_watch;
	bool watch_later; /* it has not yet begun */
	int64_t dirty_since;
	struct buf watch_line;
	char stamp[40];
	char sync_error[200];
	void (*synced)(struct box *);
};

/* The only way from one phase to another; what is not in its table is a
 * mistake of ours, and aborts. */
void box_to(struct box *, enum phase);
bool phase_may(enum phase from, enum phase to);
bool box_up(const struct box *); /* its worker can be asked */
bool box_dead(const struct box *);
/* It asks, and does not wait for its next try. */
bool box_prepares(const struct box *);
/* All that the way there has begun. */
void box_calls_drop(struct box *);

/* ---- modal-box.c: a sandbox ---- */

void box_begin(struct box *);
void box_tell(struct box *, enum sandbox_state, const char *why);
void box_progress(struct box *, const char *text);
void box_prepared(struct box *);
/* what could not be done, and how it failed */
void box_step_failed(struct box *, const char *what,
    const struct grpc_status *);
void box_fail(struct box *, const char *why);
void box_over(struct box *, const char *why); /* it has ended over there */
/* A call has succeeded: if nothing is tried again any more, it is online. */
void box_settle(struct box *);
/* Why a call failed, for break_failed. */
void box_words_of_status(const struct box *, const struct grpc_status *,
    char *to, size_t n);
/* What waits for its next try need not wait any more. */
void box_hurry(struct box *);
/* Is it over, as the worker does not answer or does not know our task? */
void box_check(struct box *);
void box_programs_drop(struct box *);
void box_free(struct box *);
/* The step p, and again a little later: until it goes to another phase.  In
 * PHASE_SYNC that is when it takes too long. */
void box_enter(struct box *, enum phase p);
void box_step_later(struct box *, int64_t us);
void box_no_sense(struct box *, const char *what);
bool box_take_id(char **to, const char *id); /* false: it is empty */
void box_lives_until(struct box *, int64_t us); /* of the loop's time */

/* ---- modal-find.c: the sandbox of our name that runs already ---- */

void find_ask(struct box *);
struct account_call *find_call(struct box *, grpc_done);
/* Its answer.  ENDED: we have ended that one. */
enum found { FOUND_NONSENSE, FOUND_ENDED, FOUND_ONE };
enum found find_take(struct box *, const char *reply, size_t n);
/* One that we ended has the name still: wait; true then. */
bool find_waits(struct box *);
/* What was found has ended meanwhile: true when another is made. */
bool find_again(struct box *);

/* ---- modal-end.c ---- */

/* Nothing is told any more: synced, ended and freed in time. */
void box_close(struct box *);
/* As box_close, without the last sync; one that is not closed is kept. */
void box_terminate(struct box *);
void end_ask(struct box *); /* a try of it */
void box_words_of_result(const struct box *, const CLIENT(GenericResult) *,
    char *to, size_t n);

/* ---- modal-create.c: the messages that make a sandbox ---- */

/* What viva's own have; the judge's value is "judge". */
#define TAG_VIVA "viva"
char *create_name(const char *space, const char *workspace);
void create_request(const struct box *, struct buf *out);

/* ---- modal-files.c ---- */

uint64_t files_ask(struct box *, enum fs_op, const char *path, const char *to,
    const char *data, size_t n);
/* FS_PUT of a file, which is never in memory as a whole; fd is taken. */
uint64_t files_put(struct box *, const char *path, int fd);
bool files_path_ok(const char *path);
void files_go(struct box *);
void files_fail(struct box *, const char *why);
void files_drop(struct box *);
/* For -c of python3: "stamp" and the workspace print what changes when a
 * file does. */
extern const char files_script[];
/* A path as it takes one: a message's strings are UTF-8.  Owned by the
 * caller. */
char *files_arg(const char *path);

/* ---- modal-dir.c: directories for judged programs beside the shell ---- */

uint64_t dir_make(struct box *, const struct sandbox_file *, size_t n);
void dir_drop(struct box *, uint64_t id);
/* NULL: there is none of that number any more. */
const char *dir_path(const struct box *, uint64_t id);
void dirs_free(struct box *);

/* ---- modal-volume.c: what changes, and what is on the volume ---- */

/* The box's volume: made or found, and kept alive when it is ephemeral. */
struct account_call *volume_ask(struct box *, grpc_done);
void volume_forget(struct box *); /* it is no more kept alive */
void volume_up(struct box *);
void volume_heard(struct box *); /* a program has said something */
void volume_down(struct box *);
void volume_changed(struct box *, bool tell);
/* Calls fn once all is on the volume or cannot be. */
void volume_sync(struct box *, void (*fn)(struct box *));

/* ---- modal-list.c ---- */

void listings_drop(struct modal *);
/* Whether a volume of that name may be touched. */
bool volume_is_ours(const struct modal *, const char *name);

/* ---- modal-volume-files.c ---- */

void volume_jobs_drop(struct modal *);

#endif
