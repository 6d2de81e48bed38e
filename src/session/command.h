#ifndef SESSION_COMMAND_H
#define SESSION_COMMAND_H

/* What the ui may ask of the session core: plain messages, borrowed for the
 * call.  Answers come as events. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command_type {
	CMD_TERM_INPUT,	  /* data */
	CMD_TERM_REPLY,	  /* data: the terminal's own answer (DA, DSR) */
	CMD_TERM_RESIZE,  /* rows, cols */
	CMD_TERM_RESTART,
	CMD_SANDBOX_NEW,  /* this one ends, another has the same files */
	CMD_EDIT,	  /* path, offset, deleted, data, text = kind */
	CMD_CURSOR,	  /* path, offset, anchor, top */
	CMD_FILE_OPEN,	  /* path */
	CMD_FILE_CREATE,  /* path */
	CMD_FILE_AHEAD,	  /* path; data: keys for it, while it is opened */
	CMD_FILE_RENAME,  /* path, text = to */
	CMD_FILE_DELETE,  /* path */
	CMD_SAVE,	  /* path; NULL: all that are edited */
	CMD_SAVE_FORCE,	  /* path: over a change made elsewhere */
	CMD_RELOAD,	  /* path */
	CMD_TEST_RUN,
	CMD_TEST_CANCEL,
	CMD_SUBMIT,	  /* save, run all, next question */
	CMD_SKIP,
	CMD_NOTE,	  /* text */
	CMD_MARKER,	  /* text */
	CMD_PASTE,	  /* text = where, offset = size, data = the paste */
	CMD_FOCUS,	  /* flag: in */
	CMD_PAUSE,	  /* the program is about to be stopped (SIGTSTP) */
	CMD_RESUME,	  /* and goes on (SIGCONT) */
	CMD_END,
};

struct command {
	enum command_type type;
	const char *path, *text;
	const char *data;
	size_t len;
	uint64_t offset, deleted, anchor, top;
	int rows, cols;
	bool flag;
};

#endif
