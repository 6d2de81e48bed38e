#ifndef UI_PANE_FILES_H
#define UI_PANE_FILES_H

/* Shared by the pane-files*.c files only. */

#include "ui/pane.h"

/* A row of the tree, in the order of the tree. */
struct files_node {
	char *path;
	size_t name; /* where the name starts in path */
	int depth;
	bool dir, open;
	uint64_t size;
};

enum files_ask { ASK_NONE, ASK_NEW, ASK_RENAME, ASK_DELETE };

struct files_pane {
	struct pane base;
	struct files_node *nodes;
	size_t nnodes;
	size_t *shown; /* nodes that no closed directory hides */
	size_t nshown;
	size_t sel, top; /* rows of shown */
	char *wanted;	 /* select it when it is there */
	uint64_t seen;	 /* hash of the listing that nodes are of */
	uint64_t seen_seq;
	bool fresh;

	enum files_ask ask;
	char *ask_path;
	struct buf line;
	size_t at; /* cursor in line */
};

static inline struct style
files_style(const struct files_pane *f, enum style_name n)
{
	return theme_style(f->base.ctx.theme, n);
}

/* pane-files-tree.c */

/* Brings the tree in line with the state: a seek in a replay changes that
 * without an event, so the listing is compared whenever anything happened. */
void files_sync(struct files_pane *);
/* After a directory was opened or closed. */
void files_show_nodes(struct files_pane *);
struct files_node *files_selected(const struct files_pane *);
bool files_taken(const struct files_pane *, const char *path);
void files_free(struct files_pane *);

/* pane-files-ask.c: the line at the bottom that asks for a name, or whether
 * to delete */

void files_ask_new(struct files_pane *);
void files_ask_about(struct files_pane *, enum files_ask);
void files_ask_end(struct files_pane *);
enum pane_result files_ask_key(struct files_pane *, const struct key *);
enum pane_result files_ask_paste(struct files_pane *, const char *s,
    size_t n);
void files_ask_draw(struct files_pane *, struct canvas *);
bool files_ask_cursor(struct files_pane *, int *row, int *col);

#endif
