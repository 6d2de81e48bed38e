#ifndef SESSION_REPLAY_H
#define SESSION_REPLAY_H

/* Plays a record into a state of its own: the same fold as live, on a clock
 * that can stop, run at another speed and jump.  Keyframes are taken while
 * the record is first folded and thinned to a bound. */

#include "loop/loop.h"
#include "session/state.h"

struct replay;

/* path: a journal file (JSON Lines) or a list of segment files joined in
 * order.  Opens, checks and indexes it.  A torn tail is cut off and told in
 * replay_warning.  So is other damage, and all that follows it; replay_damage
 * names file and line.  What a viva still writes has no torn tail: it is told
 * that it goes on.  An error when nothing before it is whole. */
struct replay *replay_open(const char *const *paths, size_t n,
    struct clock *, struct err *);
void replay_close(struct replay *);
const char *replay_warning(const struct replay *); /* "" none */
const struct err *replay_damage(const struct replay *); /* NULL: none */
const struct state *replay_state(const struct replay *);
int64_t replay_length(const struct replay *);	/* us */
int64_t replay_position(const struct replay *); /* us */

/* The shell was used since the last test run. */
bool replay_in_shell(const struct replay *);

bool replay_playing(const struct replay *);
void replay_play(struct replay *, bool on);
double replay_speed(const struct replay *);
void replay_set_speed(struct replay *, double); /* clamped to 0.25..32 */
bool replay_skip_idle(const struct replay *);	/* gaps over 2 s shrink */
void replay_set_skip_idle(struct replay *, bool);
void replay_seek(struct replay *, int64_t t);	/* either way; clamped */
void replay_step(struct replay *, int dir);	/* one event */
/* To the next or previous marker (test run, paste, file switch, note). */
bool replay_jump(struct replay *, int dir);
/* Applies what is due; true when the state changed.  *next_us: time until
 * the next event is due, -1 when paused or at the end. */
bool replay_tick(struct replay *, int64_t *next_us);
/* All markers of the whole record, for the time line. */
const struct state_mark *replay_marks(const struct replay *, size_t *n);

#endif
