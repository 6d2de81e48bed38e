#ifndef SUPPORT_FAKEMODAL_H
#define SUPPORT_FAKEMODAL_H

/*
 * The stand-in for Modal (tests/modal/fake-modal) as a process of the test's,
 * its orders, and the hunt for secrets in what a program left behind.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* What the program under test is given; seen anywhere it is a leak. */
#define FAKE_TOKEN_ID "ak-NeverToBeSeenAnywhere"
#define FAKE_TOKEN_SECRET "as-NeverToBeWrittenDown"
#define FAKE_JWT "eyJhbGciOi" /* so every jwt begins */

struct fakemodal;
struct ptyscreen;
/* false: python3's grpcio, protoc or openssl is missing, and it is said. */
bool fakemodal_possible(void);
/* knobs: "name=value"…, NULL-terminated; NULL: none. */
struct fakemodal *fakemodal_start(const char *const *knobs);
void fakemodal_stop(struct fakemodal *);

/* "url", "ca", "knobs", "dir"…: tests/modal/README.md.  Borrowed. */
const char *fakemodal_get(const struct fakemodal *, const char *name);
/* MODAL_SERVER_URL and the tokens, and the settings' ca-file written into the
 * home: what ptyscreen_start is given.  Borrowed. */
const char *const *fakemodal_env(struct fakemodal *, const char *home);
/* viva with up to six words, as $VIVA names it, on a screen of its own. */
struct ptyscreen *fakemodal_viva(struct fakemodal *, const char *home, int rows,
    int cols, const char *const *words);
/* POST of JSON (NULL: GET) to the control port; the answer is borrowed until
 * the next order.  Fails the test when it is not 200. */
const char *fakemodal_order(struct fakemodal *, const char *path,
    const char *json);
/* Sandboxes that have not ended. */
unsigned fakemodal_running(struct fakemodal *);
/* A number of GET /log's counts; 0: none such. */
long fakemodal_count(struct fakemodal *, const char *rpc);
/* Its record of requests: lines of JSON. */
const char *fakemodal_record(const struct fakemodal *);

/* Reads a whole file; false: cannot. */
bool hunt_slurp(const char *path, struct buf *out);
/* Fails the test when a file below dir, or its name, has one of the words;
 * not looked into: a file of that name (NULL: none). */
void hunt_tree(const char *dir, const char *const *words, const char *but);
/* The same of all objects of a git repository, unpacked. */
void hunt_git(const char *repo, const char *const *words);
/* Of what /proc says of a running program. */
void hunt_process(pid_t, const char *const *words);
/* Of some bytes; what: for the message. */
void hunt_bytes(const char *what, const char *p, size_t n,
    const char *const *words);
extern const char *const hunt_secrets[]; /* the tokens, and jwts */

#endif
