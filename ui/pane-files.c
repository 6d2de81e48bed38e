#include "config.h"

#include "ui/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define WHEEL_LINES 3
#define DEPTH_MAX 32 /* deeper directories show as part of the name */
#define PATH_BYTES_MAX 1024
#define HINT_ROWS 6

/* A row of the tree, in the order of the tree. */
struct node {
	char *path;
	size_t name; /* where the name starts in path */
	int depth;
	bool dir, open;
	uint64_t size;
};

enum ask { ASK_NONE, ASK_NEW, ASK_RENAME, ASK_DELETE };

struct files_pane {
	struct pane base;
	struct node *nodes;
	size_t nnodes;
	size_t *shown; /* nodes that no closed directory hides */
	size_t nshown;
	size_t sel, top; /* rows of shown */
	char *wanted;	 /* select it when it is there */
	uint64_t seen;	 /* hash of the listing that nodes are of */
	uint64_t seen_seq;
	bool fresh;

	enum ask ask;
	char *ask_path;
	struct buf line;
	size_t at; /* cursor in line */
};

static struct files_pane *
files(struct pane *p)
{
	return CONTAINER_OF(p, struct files_pane, base);
}

/* --- the tree ----------------------------------------------------------- */

static size_t
part_len(const char *s)
{
	return (size_t)(strchrnul(s, '/') - s);
}

static int
part_cmp(const char *a, size_t na, const char *b, size_t nb)
{
	int c = memcmp(a, b, na < nb ? na : nb);

	return c != 0 ? c : (na > nb) - (na < nb);
}

/* In a directory, its directories come before its files. */
static int
path_cmp(const char *a, bool a_dir, const char *b, bool b_dir)
{
	for (;;) {
		size_t na = part_len(a), nb = part_len(b);
		bool in_a = a_dir || a[na] == '/', in_b = b_dir ||
		    b[nb] == '/';
		int c;

		if (in_a != in_b)
			return in_a ? -1 : 1;
		c = part_cmp(a, na, b, nb);
		if (c != 0)
			return c;
		if (a[na] == '\0' || b[nb] == '\0')
			return (a[na] != '\0') - (b[nb] != '\0');
		a += na + 1;
		b += nb + 1;
	}
}

static int
entry_cmp(const void *a, const void *b)
{
	const struct state_entry *const *x = a, *const *y = b;

	return path_cmp((*x)->path, false, (*y)->path, false);
}

static int
node_cmp(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return path_cmp(x->path, x->dir, y->path, y->dir);
}

static void
nodes_free(struct node *nodes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(nodes[i].path);
	free(nodes);
}

/* Bytes that two paths have in common, in whole directories. */
static size_t
common_dirs(const char *a, const char *b)
{
	size_t last = 0;

	for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
		if (a[i] == '/')
			last = i + 1;
	return last;
}

struct tree {
	struct node *nodes;
	size_t n, cap;
};

static struct node *
node_add(struct tree *t, const char *path, size_t n, size_t name, int depth)
{
	struct node *node;

	GROW(t->nodes, t->n, t->cap);
	node = &t->nodes[t->n++];
	*node = (struct node){ .path = xstrndup(path, n), .name = name,
		.depth = depth };
	return node;
}

/* The directories of path that the one before did not have, then the file. */
static void
tree_add(struct tree *t, const char *before, const struct state_entry *e)
{
	size_t had = common_dirs(before, e->path), start = 0, n;
	struct node *node;
	int depth = 0;

	while (depth < DEPTH_MAX) {
		n = part_len(e->path + start);
		if (e->path[start + n] == '\0')
			break;
		if (start + n + 1 > had) {
			node = node_add(t, e->path, start + n, start, depth);
			node->dir = true;
			/* What tools left there is seldom of interest. */
			node->open = e->path[start] != '.' &&
			    strncmp(e->path + start, "__", 2) != 0;
		}
		start += n + 1;
		depth++;
	}
	if (e->path[start] == '\0')
		return;
	node = node_add(t, e->path, strlen(e->path), start, depth);
	node->size = e->size;
}

static void
show_nodes(struct files_pane *f)
{
	int closed = -1;

	f->nshown = 0;
	for (size_t i = 0; i < f->nnodes; i++) {
		const struct node *n = &f->nodes[i];

		if (closed >= 0 && n->depth > closed)
			continue;
		closed = n->dir && !n->open ? n->depth : -1;
		f->shown[f->nshown++] = i;
	}
	if (f->sel >= f->nshown)
		f->sel = f->nshown > 0 ? f->nshown - 1 : 0;
}

static struct node *
selected(const struct files_pane *f)
{
	return f->nshown > 0 ? &f->nodes[f->shown[f->sel]] : NULL;
}

/* Opens what hides it, and selects it. */
static bool
select_path(struct files_pane *f, const char *path, bool reveal)
{
	size_t i;

	for (i = 0; i < f->nnodes; i++)
		if (strcmp(f->nodes[i].path, path) == 0)
			break;
	if (i == f->nnodes)
		return false;
	for (size_t k = i, depth = (size_t)f->nodes[i].depth;
	    reveal && k-- > 0;)
		if ((size_t)f->nodes[k].depth < depth) {
			f->nodes[k].open = true;
			depth = (size_t)f->nodes[k].depth;
		}
	show_nodes(f);
	for (size_t k = 0; k < f->nshown; k++)
		if (f->shown[k] == i)
			f->sel = k;
	return true;
}

static uint64_t
listing_hash(const struct state *s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s->nentries; i++) {
		for (const char *p = s->entries[i].path; *p != '\0'; p++)
			h = (h ^ (unsigned char)*p) * 1099511628211u;
		h = (h ^ s->entries[i].size ^ 256) * 1099511628211u;
	}
	return h;
}

static void
tree_make(struct files_pane *f, struct tree *t)
{
	const struct state *s = f->base.ctx.state;
	const struct state_entry **sorted;
	struct node *old;

	sorted = xcalloc(s->nentries + 1, sizeof *sorted);
	for (size_t i = 0; i < s->nentries; i++)
		sorted[i] = &s->entries[i];
	qsort(sorted, s->nentries, sizeof *sorted, entry_cmp);
	for (size_t i = 0; i < s->nentries; i++)
		tree_add(t, i > 0 ? sorted[i - 1]->path : "", sorted[i]);
	free(sorted);
	/* A directory stays open, or closed. */
	for (size_t i = 0; i < t->n && f->nnodes > 0; i++) {
		old = bsearch(&t->nodes[i], f->nodes, f->nnodes,
		    sizeof *f->nodes, node_cmp);
		if (old != NULL && old->dir == t->nodes[i].dir)
			t->nodes[i].open = old->open;
	}
}

/* A seek in a replay changes the state without an event, so the listing is
 * compared whenever anything happened. */
static void
sync(struct files_pane *f)
{
	const struct state *s = f->base.ctx.state;
	struct tree t = { 0 };
	struct node *sel;
	char *path;
	uint64_t h;

	if (f->fresh && s->seq == f->seen_seq)
		return;
	f->seen_seq = s->seq;
	h = listing_hash(s);
	if (f->fresh && h == f->seen)
		return;
	f->fresh = true;
	f->seen = h;
	tree_make(f, &t);
	sel = selected(f);
	path = sel != NULL ? xstrdup(sel->path) : NULL;
	nodes_free(f->nodes, f->nnodes);
	f->nodes = t.nodes;
	f->nnodes = t.n;
	f->shown = xreallocarray(f->shown, t.n + 1, sizeof *f->shown);
	show_nodes(f);
	if (path != NULL)
		select_path(f, path, false);
	free(path);
	if (f->wanted != NULL && select_path(f, f->wanted, true)) {
		free(f->wanted);
		f->wanted = NULL;
	}
}

/* --- where the view is -------------------------------------------------- */

static int
list_rows(const struct files_pane *f, int rows)
{
	if (f->ask != ASK_NONE || (rows >= HINT_ROWS &&
	    !f->base.ctx.read_only))
		rows--;
	return rows > 0 ? rows : 0;
}

static void
clamp_top(struct files_pane *f, int rows)
{
	size_t n = (size_t)list_rows(f, rows);

	if (f->nshown <= n)
		f->top = 0;
	else if (f->top > f->nshown - n)
		f->top = f->nshown - n;
}

static void
show_selected(struct files_pane *f)
{
	size_t n = (size_t)list_rows(f, f->base.rows);

	if (f->sel < f->top || n == 0)
		f->top = f->sel;
	else if (f->sel >= f->top + n)
		f->top = f->sel - n + 1;
}

static void
move(struct files_pane *f, long by)
{
	long to = (long)f->sel + by, last = (long)f->nshown - 1;

	to = to > last ? last : to;
	f->sel = to > 0 ? (size_t)to : 0;
	show_selected(f);
}

/* --- drawing ------------------------------------------------------------ */

static struct style
style(const struct files_pane *f, enum style_name n)
{
	return theme_style(f->base.ctx.theme, n);
}

static void
tint(struct canvas *c, int y, struct style over)
{
	for (int x = 0; x < c->cols; x++) {
		struct style *s = &c->cells[(size_t)y * (size_t)c->stride +
		    (size_t)x].style;

		if (over.bg != COLOR_DEFAULT)
			s->bg = over.bg;
		if (over.fg != COLOR_DEFAULT)
			s->fg = over.fg;
		s->attr |= over.attr;
	}
}

static void
size_text(uint64_t n, char out[24])
{
	static const char units[] = "kMGTPE";
	double v = (double)n;
	int i = -1;

	if (n < 1000) {
		snprintf(out, 24, "%u", (unsigned)n);
		return;
	}
	while (v >= 999.5 && units[i + 1] != '\0') {
		v /= 1000;
		i++;
	}
	snprintf(out, 24, v < 9.95 ? "%.1f %c" : "%.0f %c", v, units[i]);
}

static bool
unsaved(const struct state *s, const char *path)
{
	const struct state_file *file = state_file(s, path);

	return file != NULL && (file->save != FILE_SAVED || file->conflict);
}

static bool
current(const struct state *s, const char *path)
{
	return s->current >= 0 && (size_t)s->current < s->nfiles &&
	    strcmp(s->files[s->current].path, path) == 0;
}

static const char *
fold_mark(const struct files_pane *f, const struct node *n)
{
	if (!n->dir)
		return "  ";
	if (f->base.ctx.ascii)
		return n->open ? "- " : "+ ";
	return n->open ? "\xe2\x96\xbe " : "\xe2\x96\xb8 ";
}

static void
draw_node(struct files_pane *f, struct canvas *c, int y,
    const struct node *n)
{
	const struct state *s = f->base.ctx.state;
	const char *name = n->path + n->name;
	struct style st = style(f, !n->dir && current(s, n->path) ?
	    STYLE_HERE : STYLE_TEXT);
	int x = n->depth * 2 < c->cols / 2 ? n->depth * 2 : c->cols / 2, w;
	char size[24];

	x += canvas_str(c, y, x, fold_mark(f, n), style(f, STYLE_DIM));
	x += canvas_str(c, y, x, name, st);
	if (n->dir) {
		canvas_str(c, y, x, "/", style(f, STYLE_DIM));
		return;
	}
	if (unsaved(s, n->path)) {
		/* Of a long name its end goes, not the warning. */
		if (x + 2 > c->cols)
			x = c->cols - 2;
		canvas_str(c, y, x, " ", st);
		x += 1 + canvas_str(c, y, x + 1, f->base.ctx.ascii ? "*" :
		    "\xe2\x97\x8f", style(f, STYLE_WAIT));
	}
	size_text(n->size, size);
	w = (int)strlen(size);
	if (x + 2 + w <= c->cols)
		canvas_str(c, y, c->cols - w, size, style(f, STYLE_DIM));
}

static const char *
ask_label(const struct files_pane *f)
{
	return f->ask == ASK_NEW ? "New file: " :
	    f->ask == ASK_RENAME ? "Rename to: " : "Delete ";
}

/* The columns that the prompt's text is moved left by, and its cursor's
 * column: the cursor is always in view. */
static int
prompt_column(const struct files_pane *f, int cols, int *skip)
{
	int label = (int)strlen(ask_label(f));
	int col = label + (int)utf8_columns(buf_str(&f->line), f->at);

	*skip = 0;
	if (col >= cols)
		*skip = col - cols + 1;
	return col - *skip;
}

static void
draw_prompt(struct files_pane *f, struct canvas *c)
{
	struct style st = style(f, STYLE_STATUS);
	struct buf b = { 0 };
	size_t off = 0;
	int y = c->rows - 1, skip, w;

	canvas_fill_rect(c, y, 0, 1, c->cols, st);
	buf_adds(&b, ask_label(f));
	if (f->ask == ASK_DELETE)
		buf_addf(&b, "%s? y/n", f->ask_path);
	else
		buf_adds(&b, buf_str(&f->line));
	prompt_column(f, c->cols, &skip);
	/* The question at the end of a long name must be seen. */
	if (f->ask == ASK_DELETE)
		skip = (int)utf8_columns(b.data, b.len) - c->cols;
	while (skip > 0 && off < b.len) {
		off += utf8_grapheme(b.data + off, b.len - off, &w);
		skip -= w;
	}
	canvas_text(c, y, 0, -1, b.data + off, b.len - off, st);
	buf_free(&b);
}

static void
files_draw(struct pane *p, struct canvas *c, bool focused)
{
	struct files_pane *f = files(p);
	int n;

	canvas_fill(c, style(f, STYLE_TEXT));
	sync(f);
	clamp_top(f, c->rows);
	n = list_rows(f, c->rows);
	for (int y = 0; y < n && f->top + (size_t)y < f->nshown; y++) {
		size_t i = f->top + (size_t)y;
		struct style here = style(f, STYLE_CURSOR_LINE);

		draw_node(f, c, y, &f->nodes[f->shown[i]]);
		here.attr |= ATTR_BOLD;
		if (i == f->sel)
			tint(c, y, focused ? style(f, STYLE_SELECTION) : here);
	}
	if (f->nshown == 0 && n > 0)
		canvas_str(c, 0, 0, "no files", style(f, STYLE_DIM));
	if (f->ask != ASK_NONE && c->rows > 0)
		draw_prompt(f, c);
	else if (n < c->rows)
		canvas_str(c, c->rows - 1, 0,
		    "Enter open  n new  r rename  d delete",
		    style(f, STYLE_DIM));
}

static bool
files_cursor(struct pane *p, int *row, int *col, int *shape)
{
	struct files_pane *f = files(p);
	int skip;

	if (f->ask != ASK_NEW && f->ask != ASK_RENAME)
		return false;
	*row = p->rows - 1;
	*col = prompt_column(f, p->cols, &skip);
	*shape = 0;
	return *row >= 0 && *col < p->cols;
}

static void
files_title(struct pane *p, struct buf *out)
{
	(void)p;
	buf_adds(out, "Files");
}

/* --- the input line ----------------------------------------------------- */

static void
ask_end(struct files_pane *f)
{
	f->ask = ASK_NONE;
	free(f->ask_path);
	f->ask_path = NULL;
	buf_clear(&f->line);
	f->at = 0;
}

static void
ask_start(struct files_pane *f, enum ask ask, const char *path, size_t n)
{
	ask_end(f);
	f->ask = ask;
	f->ask_path = xstrndup(path, n);
	if (ask != ASK_DELETE)
		buf_add(&f->line, path, n);
	f->at = f->line.len;
	show_selected(f);
}

static void
say(struct files_pane *f, const char *name, const char *text)
{
	char *line = xasprintf("%s%s", name, text);

	f->base.ctx.say(f->base.ctx.user, line);
	free(line);
}

/* Why a name is refused; NULL: it is fine. */
static const char *
name_problem(const char *s, size_t n)
{
	size_t at = 0, len;
	uint32_t cp;

	if (n == 0)
		return "a file needs a name";
	if (n > PATH_BYTES_MAX)
		return "this name is too long";
	if (s[0] == '/')
		return "names are relative to the workspace: no / in front";
	if (!utf8_valid(s, n))
		return "this name is not UTF-8";
	for (size_t i = 0; i < n; i += utf8_decode(s + i, n - i, &cp)) {
		utf8_decode(s + i, n - i, &cp);
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			return "no control characters in a name, please";
	}
	for (; at <= n; at += len + 1) {
		len = part_len(s + at);
		if (len == 2 && memcmp(s + at, "..", 2) == 0)
			return "a name stays in the workspace: no \"..\"";
		if (len == 0 || (len == 1 && s[at] == '.'))
			return "a part of this name is empty or \".\"";
	}
	return NULL;
}

static bool
taken(const struct files_pane *f, const char *path)
{
	for (size_t i = 0; i < f->nnodes; i++)
		if (strcmp(f->nodes[i].path, path) == 0)
			return true;
	return false;
}

/* Enter in the input line.  A refused name stays to be mended. */
static void
ask_done(struct files_pane *f)
{
	struct command cmd = { .type = CMD_FILE_CREATE };
	const char *name = buf_str(&f->line);
	const char *why = name_problem(name, f->line.len);

	if (why == NULL && f->ask == ASK_RENAME &&
	    strcmp(name, f->ask_path) == 0) {
		ask_end(f);
		return;
	}
	if (why != NULL || taken(f, name)) {
		say(f, why != NULL ? "" : name,
		    why != NULL ? why : " is there already");
		return;
	}
	cmd.path = name;
	if (f->ask == ASK_RENAME) {
		cmd.type = CMD_FILE_RENAME;
		cmd.path = f->ask_path;
		cmd.text = name;
	}
	free(f->wanted);
	f->wanted = xstrdup(name);
	f->base.ctx.send(f->base.ctx.user, &cmd);
	ask_end(f);
}

static void
line_insert(struct files_pane *f, const char *s, size_t n)
{
	if (f->line.len + n > PATH_BYTES_MAX)
		return;
	buf_add(&f->line, s, n);
	memmove(f->line.data + f->at + n, f->line.data + f->at,
	    f->line.len - n - f->at);
	memcpy(f->line.data + f->at, s, n);
	f->at += n;
}

static size_t
grapheme_before(const struct buf *b, size_t at)
{
	size_t i = 0, last = 0;
	int w;

	while (i < at) {
		last = i;
		i += utf8_grapheme(b->data + i, b->len - i, &w);
	}
	return last;
}

static void
line_delete(struct files_pane *f, size_t from, size_t to)
{
	if (from >= to)
		return;
	memmove(f->line.data + from, f->line.data + to,
	    f->line.len - to + 1);
	f->line.len -= to - from;
	f->at = from;
}

static size_t
grapheme_after(const struct buf *b, size_t at)
{
	int w;

	return at < b->len ? at + utf8_grapheme(b->data + at, b->len - at,
	    &w) : at;
}

static void
line_key(struct files_pane *f, const struct key *k)
{
	char utf8[4];

	switch (k->code) {
	case KEY_SYM_BACKSPACE:
		line_delete(f, grapheme_before(&f->line, f->at), f->at);
		break;
	case KEY_SYM_DELETE:
		line_delete(f, f->at, grapheme_after(&f->line, f->at));
		break;
	case KEY_SYM_LEFT:
		f->at = grapheme_before(&f->line, f->at);
		break;
	case KEY_SYM_RIGHT:
		f->at = grapheme_after(&f->line, f->at);
		break;
	case KEY_SYM_HOME:
		f->at = 0;
		break;
	case KEY_SYM_END:
		f->at = f->line.len;
		break;
	case 'u':
		if (k->mods == MOD_CTRL) {
			line_delete(f, 0, f->at);
			break;
		}
		/* fall through */
	default:
		if (k->code >= 0x20 && k->code < KEY_SYM_BASE &&
		    k->code != 0x7f && !(k->mods & (MOD_CTRL | MOD_ALT)))
			line_insert(f, utf8, utf8_encode(k->code, utf8));
	}
}

static enum pane_result
ask_key(struct files_pane *f, const struct key *k)
{
	struct command cmd = { .type = CMD_FILE_DELETE };

	if (k->code == KEY_SYM_ESCAPE) {
		ask_end(f);
	} else if (f->ask == ASK_DELETE) {
		cmd.path = f->ask_path;
		if ((k->code == 'y' || k->code == 'Y') &&
		    !(k->mods & (MOD_CTRL | MOD_ALT)))
			f->base.ctx.send(f->base.ctx.user, &cmd);
		ask_end(f);
	} else if (k->code == KEY_SYM_ENTER) {
		ask_done(f);
	} else {
		line_key(f, k);
	}
	return PANE_HANDLED;
}

static enum pane_result
files_paste(struct pane *p, const char *s, size_t n)
{
	struct files_pane *f = files(p);
	size_t k = 0;

	if (f->ask != ASK_NEW && f->ask != ASK_RENAME)
		return PANE_IGNORED;
	while (k < n && (unsigned char)s[k] >= 0x20 && s[k] != 0x7f)
		k++;
	if (utf8_valid(s, k))
		line_insert(f, s, k);
	return PANE_HANDLED;
}

/* --- keys and mouse ----------------------------------------------------- */

static void
ask_new(struct files_pane *f)
{
	const struct node *n = selected(f);
	char *dir;

	if (n == NULL) {
		ask_start(f, ASK_NEW, "", 0);
		return;
	}
	/* Next to the file, or in the directory, that is selected. */
	dir = n->dir ? xasprintf("%s/", n->path) :
	    xstrndup(n->path, n->name);
	ask_start(f, ASK_NEW, dir, strlen(dir));
	free(dir);
}

static void
ask_about(struct files_pane *f, enum ask ask)
{
	const struct node *n = selected(f);

	if (n == NULL)
		return;
	if (n->dir)
		say(f, n->path, " is a directory; use the shell for it");
	else
		ask_start(f, ask, n->path, strlen(n->path));
}

static void
open_selected(struct files_pane *f)
{
	struct command cmd = { .type = CMD_FILE_OPEN };
	struct node *n = selected(f);

	if (n == NULL)
		return;
	if (n->dir) {
		n->open = !n->open;
		show_nodes(f);
		return;
	}
	if (f->base.ctx.read_only)
		return;
	cmd.path = n->path;
	f->base.ctx.send(f->base.ctx.user, &cmd);
	f->base.ctx.run(f->base.ctx.user, "focus-editor");
}

/* Left closes the directory, or goes to the one around it. */
static void
go_left(struct files_pane *f)
{
	struct node *n = selected(f);
	int depth;

	if (n == NULL)
		return;
	if (n->dir && n->open) {
		n->open = false;
		show_nodes(f);
		return;
	}
	depth = n->depth;
	while (depth > 0 && f->sel > 0 &&
	    f->nodes[f->shown[f->sel]].depth >= depth)
		f->sel--;
	show_selected(f);
}

static void
go_right(struct files_pane *f)
{
	struct node *n = selected(f);

	if (n == NULL || !n->dir)
		return;
	if (n->open) {
		if (f->shown[f->sel] + 1 < f->nnodes && n[1].depth > n->depth)
			move(f, 1);
		return;
	}
	n->open = true;
	show_nodes(f);
}

static bool
move_key(struct files_pane *f, uint32_t code)
{
	long rows = list_rows(f, f->base.rows), all = (long)f->nshown;
	long page = rows > 2 ? rows - 1 : 1;
	const struct {
		uint32_t code, letter;
		long by;
	} keys[] = {
		{ KEY_SYM_UP, 'k', -1 }, { KEY_SYM_DOWN, 'j', 1 },
		{ KEY_SYM_PGUP, 0, -page }, { KEY_SYM_PGDN, 0, page },
		{ KEY_SYM_HOME, 0, -all }, { KEY_SYM_END, 0, all },
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (code == keys[i].code ||
		    (code == keys[i].letter && code != 0)) {
			move(f, keys[i].by);
			return true;
		}
	return false;
}

static bool
change_key(struct files_pane *f, uint32_t code)
{
	if (f->base.ctx.read_only)
		return false;
	if (code == 'n')
		ask_new(f);
	else if (code == 'r')
		ask_about(f, ASK_RENAME);
	else if (code == 'd' || code == KEY_SYM_DELETE)
		ask_about(f, ASK_DELETE);
	else
		return false;
	return true;
}

static enum pane_result
files_key(struct pane *p, const struct key *k)
{
	struct files_pane *f = files(p);

	if (k->code == KEY_SYM_FOCUS_IN || k->code == KEY_SYM_FOCUS_OUT)
		return PANE_IGNORED;
	sync(f);
	if (f->ask != ASK_NONE)
		return ask_key(f, k);
	if (k->mods != 0)
		return PANE_IGNORED;
	if (move_key(f, k->code) || change_key(f, k->code))
		return PANE_HANDLED;
	if (k->code == KEY_SYM_ENTER)
		open_selected(f);
	else if (k->code == KEY_SYM_LEFT)
		go_left(f);
	else if (k->code == KEY_SYM_RIGHT)
		go_right(f);
	else
		return PANE_IGNORED;
	return PANE_HANDLED;
}

static enum pane_result
files_mouse(struct pane *p, const struct mouse *m)
{
	struct files_pane *f = files(p);

	sync(f);
	if (m->kind == MOUSE_WHEEL_UP) {
		f->top -= f->top < WHEEL_LINES ? f->top : WHEEL_LINES;
		return PANE_HANDLED;
	}
	if (m->kind == MOUSE_WHEEL_DOWN) {
		f->top += WHEEL_LINES;
		clamp_top(f, p->rows);
		return PANE_HANDLED;
	}
	if (m->kind != MOUSE_PRESS || m->button != 1)
		return PANE_IGNORED;
	if (m->row < 0 || m->row >= list_rows(f, p->rows) ||
	    f->top + (size_t)m->row >= f->nshown || f->ask != ASK_NONE)
		return PANE_HANDLED;
	f->sel = f->top + (size_t)m->row;
	open_selected(f);
	return PANE_HANDLED;
}

/* --- life --------------------------------------------------------------- */

static void
files_resize(struct pane *p, int rows, int cols)
{
	struct files_pane *f = files(p);

	p->rows = rows;
	p->cols = cols;
	show_selected(f);
}

static void
files_event(struct pane *p, const struct event *ev)
{
	struct files_pane *f = files(p);

	/* The files that were asked about are gone. */
	if (ev->type == EV_QUESTION_START) {
		ask_end(f);
		free(f->wanted);
		f->wanted = NULL;
	}
	if (ev->type == EV_QUESTION_START || ev->type == EV_FILE_LIST)
		sync(f);
}

static struct pane *
files_create(const struct pane_ctx *ctx)
{
	struct files_pane *f = xcalloc(1, sizeof *f);

	f->base.ops = &pane_files;
	f->base.ctx = *ctx;
	return &f->base;
}

static void
files_destroy(struct pane *p)
{
	struct files_pane *f;

	if (p == NULL)
		return;
	f = files(p);
	ask_end(f);
	buf_free(&f->line);
	nodes_free(f->nodes, f->nnodes);
	free(f->shown);
	free(f->wanted);
	free(f);
}

const struct pane_ops pane_files = {
	.name = "files",
	.create = files_create,
	.destroy = files_destroy,
	.title = files_title,
	.draw = files_draw,
	.cursor = files_cursor,
	.key = files_key,
	.paste = files_paste,
	.mouse = files_mouse,
	.resize = files_resize,
	.event = files_event,
};
