#ifndef CLI_CLI_H
#define CLI_CLI_H

/* Subcommands of viva.  Each returns the exit status: 0 fine, 1 it could not
 * be done, 2 it was asked for wrongly. */

#include <stdio.h>

#include "base/err.h"

int cmd_demo(int argc, char **argv);
int cmd_start(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_sandboxes(int argc, char **argv);
int cmd_volumes(int argc, char **argv);
/* `viva volumes` with files, get, put or remove; *status: of it. */
bool cmd_volume_files(int argc, char **argv, int *status);
int cmd_list(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

extern char **cli_argv; /* main's */

/* Texts that are not viva's own may hold anything; a terminal gets none of
 * its control: a ? stands for each. */
void cli_clean(FILE *f, const char *s);
void cli_print_clean(const char *s); /* on stdout */
/* "viva: message" on stderr, as clean. */
void cli_say(const char *fmt, ...) PRINTF_LIKE(1, 2);
int cli_fail(const struct err *e); /* says it; returns 1 */

enum cli_session { SESSION_ENDED,
	SESSION_LIVE,	   /* a viva has it open now */
	SESSION_DAMAGED,   /* where its journal was there is no file */
	SESSION_HIDDEN,	   /* nobody may read it, say */
	SESSION_CUT };	   /* none of these: it can be resumed */
enum cli_session cli_session_state(const char *id);
/* A file of its directory, to be read; -1: e says why not.  A pipe in its
 * place is not waited for. */
int cli_session_open(const char *id, const char *name, struct err *e)
    WARN_UNUSED;
/* What its sandboxes came from: "local" or "modal".  Owned by the caller. */
char *cli_session_sandbox(const char *id);
/* All that have something here, oldest first; false: not all, e says why.  Each
 * and the list are owned by the caller. */
bool cli_session_ids(char ***ids, size_t *n, struct err *e);
/* The newest session that was cut off; NULL: none, e says why.  Owned by the
 * caller. */
char *cli_last_open(struct err *e);

/* Where things are kept.  Owned by the caller. */
/* HOME, where the environment has none that is an absolute path. */
void cli_find_home(void);
char *cli_data_dir(void);	       /* $XDG_DATA_HOME/viva */
char *cli_session_dir(const char *id); /* data/sessions/ID */
char *cli_repo_path(void);	       /* data/records.git */
bool cli_mkdirs(const char *path, struct err *e) WARN_UNUSED;
/* The problems that come with viva: the source tree's when run from a build
 * directory, else the installed ones. */
char *cli_problems_dir(void);

/* The record that a command was asked for: the name of a session, or a
 * file. */
struct cli_record {
	const char *name; /* as it was asked for; borrowed */
	char *path; /* of its newest whole form, to be read */
	int fd;	    /* a file without a name that git's copy is in; -1: none */
};
bool cli_record_open(struct cli_record *, const char *name, struct err *e)
    WARN_UNUSED;
void cli_record_close(struct cli_record *);
/* What cannot be done with it; returns 1. */
int cli_record_fail(const struct cli_record *, const struct err *e);
/* The same of damage in it, and where a better one is. */
int cli_damaged(const struct cli_record *, const struct err *e);

/* SIGTERM, SIGHUP and SIGINT call fn on the loop's thread; crashes give the
 * terminal back before they end the process. */
struct loop;
bool cli_signals(struct loop *, void (*fn)(void *user), void *user,
    struct err *e) WARN_UNUSED;
void cli_signals_off(void);

#endif
