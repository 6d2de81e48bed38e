#include "config.h"

#include "ui/cmd.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define APP(name, key, key2, group, when, help) \
	{ name, key, key2, help, NULL, group, CMD_APP, when }
#define PANE(name, key, pane, group, when, help) \
	{ name, key, NULL, help, pane, group, CMD_PANE, when }

static const struct cmd table[] = {
	APP("help", "F1", NULL, "panes", CMD_BOTH,
	    "show or hide this help"),
	APP("focus-files", "F2", NULL, "panes", CMD_BOTH,
	    "go to the files"),
	APP("focus-editor", "F3", NULL, "panes", CMD_BOTH,
	    "go to the editor"),
	APP("focus-shell", "F4", NULL, "panes", CMD_BOTH,
	    "go to the shell"),
	APP("focus-tests", NULL, NULL, "panes", CMD_BOTH,
	    "go to the tests"),
	APP("focus-problem", "F7", NULL, "panes", CMD_BOTH,
	    "go to the problem"),
	APP("next-pane", "F6", NULL, "panes", CMD_BOTH,
	    "go to the next pane"),
	APP("previous-pane", "S-F6", NULL, "panes", CMD_BOTH,
	    "go to the previous pane"),
	APP("zoom", "F9", NULL, "panes", CMD_BOTH,
	    "give this pane the whole screen, or take it back"),
	APP("hide", "M-h", NULL, "panes", CMD_BOTH,
	    "hide this pane"),
	APP("show-all", NULL, NULL, "panes", CMD_BOTH,
	    "show all panes again, in their first sizes"),
	APP("grow-left", "M-Left", "C-M-Left", "panes", CMD_BOTH,
	    "move the vertical border to the left"),
	APP("grow-right", "M-Right", "C-M-Right", "panes", CMD_BOTH,
	    "move the vertical border to the right"),
	APP("grow-up", "M-Up", "C-M-Up", "panes", CMD_BOTH,
	    "move the horizontal border up"),
	APP("grow-down", "M-Down", "C-M-Down", "panes", CMD_BOTH,
	    "move the horizontal border down"),
	APP("palette", "C-p", "F12", "panes", CMD_BOTH,
	    "find a command by name"),

	APP("run-tests", "F5", NULL, "session", CMD_LIVE,
	    "save and run the tests; while they run: cancel"),
	APP("submit", "F8", NULL, "session", CMD_LIVE,
	    "submit the answer and go to the next question"),
	APP("save", "C-s", NULL, "session", CMD_LIVE,
	    "save all files now"),
	APP("note", "M-x", NULL, "session", CMD_LIVE,
	    "add a note to the record"),
	APP("marker", "M-m", NULL, "session", CMD_LIVE,
	    "mark this moment in the record"),
	APP("skip", NULL, NULL, "session", CMD_LIVE,
	    "leave this question and go to the next"),
	APP("restart-shell", NULL, NULL, "session", CMD_LIVE,
	    "start a new shell once the old one has ended"),
	APP("new-sandbox", "S-F4", NULL, "session", CMD_LIVE,
	    "end the sandbox and open another one with the same files"),
	APP("suspend", NULL, NULL, "session", CMD_LIVE,
	    "save and stop viva; fg brings it back"),
	APP("pass-key", "C-F12", NULL, "session", CMD_LIVE,
	    "give the next key to the program in the shell as it is"),
	APP("redraw", "C-l", NULL, "session", CMD_BOTH,
	    "draw the whole screen again"),
	APP("quit", "F10", NULL, "session", CMD_BOTH,
	    "leave viva; this ends a session"),

	PANE("find", "C-f", "editor", "editor", CMD_BOTH, "search"),
	PANE("find-next", "C-g", "editor", "editor", CMD_BOTH,
	    "go to the next match"),
	PANE("goto-line", "C-t", "editor", "editor", CMD_BOTH,
	    "go to a line"),
	PANE("undo", "C-z", "editor", "editor", CMD_LIVE,
	    "take the last change back"),
	PANE("redo", "C-y", "editor", "editor", CMD_LIVE,
	    "make the change again that undo took back"),
	PANE("copy", "C-c", "editor", "editor", CMD_BOTH,
	    "copy the selection"),
	PANE("cut", "C-x", "editor", "editor", CMD_LIVE,
	    "cut the selection"),
	PANE("paste", "C-v", "editor", "editor", CMD_LIVE,
	    "paste what was copied"),
	PANE("select-all", "C-a", "editor", "editor", CMD_BOTH,
	    "select everything"),
	PANE("next-file", "M-n", "editor", "editor", CMD_BOTH,
	    "go to the next open file"),
	PANE("previous-file", "M-p", "editor", "editor", CMD_BOTH,
	    "go to the previous open file"),
	APP("reload", NULL, NULL, "editor", CMD_LIVE,
	    "take the file as it is in the workspace"),
	APP("save-force", NULL, NULL, "editor", CMD_LIVE,
	    "save over a change made elsewhere"),

	PANE("copy-mode", "F11", "shell", "shell", CMD_BOTH,
	    "scroll back, search and copy, or leave that"),
	PANE("scroll-up", "S-PgUp", "shell", "shell", CMD_BOTH,
	    "scroll the shell back by a page"),
	PANE("scroll-down", "S-PgDn", "shell", "shell", CMD_BOTH,
	    "scroll the shell on by a page"),
	PANE("scroll-top", NULL, "shell", "shell", CMD_BOTH,
	    "scroll to the first line that the shell kept"),
	PANE("scroll-bottom", NULL, "shell", "shell", CMD_BOTH,
	    "go back to what the shell shows now"),
	PANE("shell-find", "S-F11", "shell", "shell", CMD_BOTH,
	    "search upwards in what the shell has shown"),
	PANE("shell-find-next", NULL, "shell", "shell", CMD_BOTH,
	    "go to the next match, the same way on"),
	PANE("shell-find-back", NULL, "shell", "shell", CMD_BOTH,
	    "go back to the match before"),
	PANE("shell-paste", "S-F12", "shell", "shell", CMD_LIVE,
	    "paste what was copied into the shell"),
	PANE("shell-clear", NULL, "shell", "shell", CMD_LIVE,
	    "clear the shell's screen and what it kept"),

	APP("play", "Space", NULL, "replay", CMD_REPLAY,
	    "play or pause"),
	APP("back", "Left", NULL, "replay", CMD_REPLAY,
	    "5 seconds back"),
	APP("forward", "Right", NULL, "replay", CMD_REPLAY,
	    "5 seconds on"),
	APP("back-minute", "S-Left", NULL, "replay", CMD_REPLAY,
	    "a minute back"),
	APP("forward-minute", "S-Right", NULL, "replay", CMD_REPLAY,
	    "a minute on"),
	APP("step", ".", NULL, "replay", CMD_REPLAY,
	    "one event on"),
	APP("step-back", ",", NULL, "replay", CMD_REPLAY,
	    "one event back"),
	APP("next-marker", "n", NULL, "replay", CMD_REPLAY,
	    "to the next mark"),
	APP("previous-marker", "p", NULL, "replay", CMD_REPLAY,
	    "to the previous mark"),
	APP("faster", "+", "=", "replay", CMD_REPLAY,
	    "twice as fast"),
	APP("slower", "-", NULL, "replay", CMD_REPLAY,
	    "half as fast"),
	APP("skip-idle", "i", NULL, "replay", CMD_REPLAY,
	    "shorten the time in which nothing happens, or not"),
	APP("seek", "g", NULL, "replay", CMD_REPLAY,
	    "go to a time"),
	APP("start", "Home", NULL, "replay", CMD_REPLAY,
	    "to the start"),
	APP("end", "End", NULL, "replay", CMD_REPLAY,
	    "to the end"),
	APP("leave", "q", NULL, "replay", CMD_REPLAY,
	    "leave the replay"),
};

const struct cmd *
cmd_table(size_t *n)
{
	*n = ARRAY_LEN(table);
	return table;
}

const struct cmd *
cmd_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static int
match(const char *s, const char *typed)
{
	int score = 1;
	bool together = true; /* the start counts as a word's */
	char last = ' ';

	for (; *typed != '\0'; s++) {
		if (*s == '\0')
			return 0;
		if (tolower((unsigned char)*s) !=
		    tolower((unsigned char)*typed)) {
			together = false;
			last = *s;
			continue;
		}
		score += together ? 5 : 1;
		if (last == ' ' || last == '-')
			score += 4;
		together = true;
		last = *s;
		typed++;
	}
	return score;
}

int
cmd_match(const struct cmd *c, const char *typed)
{
	int name = match(c->name, typed), help = match(c->help, typed);

	/* The name is what people remember. */
	return name > 0 ? name * 2 + 1 : help;
}

void
cmd_words(const char *text, void (*key)(void *user, const char *cmd,
    char out[40]), void *user, struct buf *out)
{
	static const char before[] = "the command ";
	size_t skip = sizeof before - 1;
	const char *at;

	while ((at = strstr(text, before)) != NULL) {
		size_t n = strspn(at + skip, "abcdefghijklmnopqrstuvwxyz-");
		char name[32], label[40] = "";

		snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n :
		    0, at + skip);
		if (key != NULL && cmd_find(name) != NULL)
			key(user, name, label);
		buf_add(out, text, (size_t)(at - text));
		if (label[0] != '\0')
			buf_adds(out, label);
		else
			buf_add(out, at, skip + n);
		text = at + skip + n;
	}
	buf_adds(out, text);
}
