#ifndef SUPPORT_PTYSCREEN_H
#define SUPPORT_PTYSCREEN_H

/*
 * The real binary in a pty of its own, with a home of its own, and its screen
 * as libvterm sees it.  Waits poll with a deadline and never sleep; a wait
 * that runs out fails the test and shows the screen.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ptyscreen;

/* argv[0] NULL-terminated list; env: "NAME=value" strings over the usual ones
 * (TERM=xterm-256color, LC_ALL=C.UTF-8, temporary HOME and XDG_*), NULL
 * none. */
struct ptyscreen *ptyscreen_start(int rows, int cols,
    const char *const *argv, const char *const *env);
/* Kills what still runs and removes the home. */
void ptyscreen_stop(struct ptyscreen *);

/* The temporary home, which tests may fill through `seed` before the start:
 * see ptyscreen_home_create. */
const char *ptyscreen_home(const struct ptyscreen *);
/* Makes a home for the next ptyscreen_start to use (and keep: two programs
 * may share one).  Freed by ptyscreen_home_remove. */
char *ptyscreen_home_create(void);
void ptyscreen_home_remove(char *home);
/* The file of settings in home is that text. */
void ptyscreen_home_config(const char *home, const char *text);
void ptyscreen_use_home(const char *home); /* NULL: a new one each */

void ptyscreen_send(struct ptyscreen *, const char *bytes);
void ptyscreen_send_bytes(struct ptyscreen *, const char *bytes, size_t n);
void ptyscreen_resize(struct ptyscreen *, int rows, int cols);
pid_t ptyscreen_pid(const struct ptyscreen *);

/* Until the screen shows text (gone: does not); fails the test after the
 * deadline, which is that of patience.h. */
void ptyscreen_wait(struct ptyscreen *, const char *text);
void ptyscreen_wait_gone(struct ptyscreen *, const char *text);
/* Reads until cond is so; the same deadline. */
#define PTYSCREEN_UNTIL(p, cond)                                \
	for (int64_t end_ = ptyscreen_deadline(); !(cond);      \
	    ptyscreen_read((p), end_, #cond))
int64_t ptyscreen_deadline(void);
void ptyscreen_read(struct ptyscreen *, int64_t deadline, const char *what);
/* Reads for as long as output comes within ms; then the screen is quiet. */
void ptyscreen_settle(struct ptyscreen *, int ms);
bool ptyscreen_has(struct ptyscreen *, const char *text);
/* The screen as UTF-8 lines without trailing blanks; borrowed until the next
 * call. */
const char *ptyscreen_text(struct ptyscreen *);
void ptyscreen_cursor(struct ptyscreen *, int *row, int *col, bool *visible);
bool ptyscreen_underlined(struct ptyscreen *, int row, int col);
/* The last 64 KiB of what was written to the terminal; borrowed. */
const char *ptyscreen_written(struct ptyscreen *);

/* Until it ends; returns the exit status, or 128 + signal. */
int ptyscreen_exit(struct ptyscreen *);
/* After the end: the line modes are those of the start, and the alternate
 * screen, mouse reports, bracketed paste and hidden cursor are off. */
bool ptyscreen_restored(struct ptyscreen *);

/* In viva's shell: a program that shows its input, once the terminal has these
 * modes (as printf(1) takes them), and its end. */
void ptyscreen_cat(struct ptyscreen *, const char *modes);
/* By the end of its input: a ^C might come before it runs. */
void ptyscreen_cat_end(struct ptyscreen *);

#endif
