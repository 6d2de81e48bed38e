#include "config.h"

#include "ui/pane-files.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define PATH_BYTES_MAX 1024

void
files_ask_end(struct files_pane *f)
{
	f->ask = ASK_NONE;
	free(f->ask_path);
	f->ask_path = NULL;
	buf_clear(&f->line);
	f->at = 0;
}

static void
ask_start(struct files_pane *f, enum files_ask ask, const char *path, size_t n)
{
	files_ask_end(f);
	f->ask = ask;
	f->ask_path = xstrndup(path, n);
	if (ask != ASK_DELETE)
		buf_add(&f->line, path, n);
	f->at = f->line.len;
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
		len = (size_t)(strchrnul(s + at, '/') - (s + at));
		if (len == 2 && memcmp(s + at, "..", 2) == 0)
			return "a name stays in the workspace: no \"..\"";
		if (len == 0 || (len == 1 && s[at] == '.'))
			return "a part of this name is empty or \".\"";
	}
	return NULL;
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
		files_ask_end(f);
		return;
	}
	if (why != NULL || files_taken(f, name)) {
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
	/* A new file is there to be written. */
	if (f->ask == ASK_NEW)
		f->base.ctx.run(f->base.ctx.user, "focus-editor");
	files_ask_end(f);
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

enum pane_result
files_ask_key(struct files_pane *f, const struct key *k)
{
	struct command cmd = { .type = CMD_FILE_DELETE };

	if (k->code == KEY_SYM_ESCAPE) {
		files_ask_end(f);
	} else if (f->ask == ASK_DELETE) {
		cmd.path = f->ask_path;
		if ((k->code == 'y' || k->code == 'Y') &&
		    !(k->mods & (MOD_CTRL | MOD_ALT)))
			f->base.ctx.send(f->base.ctx.user, &cmd);
		files_ask_end(f);
	} else if (k->code == KEY_SYM_ENTER) {
		ask_done(f);
	} else {
		line_key(f, k);
	}
	return PANE_HANDLED;
}

enum pane_result
files_ask_paste(struct files_pane *f, const char *s, size_t n)
{
	size_t k = 0;

	if (f->ask != ASK_NEW && f->ask != ASK_RENAME)
		return PANE_IGNORED;
	while (k < n && (unsigned char)s[k] >= 0x20 && s[k] != 0x7f)
		k++;
	if (utf8_valid(s, k))
		line_insert(f, s, k);
	return PANE_HANDLED;
}

void
files_ask_new(struct files_pane *f)
{
	const struct files_node *n = files_selected(f);
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

void
files_ask_about(struct files_pane *f, enum files_ask ask)
{
	const struct files_node *n = files_selected(f);

	if (n == NULL)
		return;
	if (n->dir)
		say(f, n->path, " is a directory; use the shell for it");
	else
		ask_start(f, ask, n->path, strlen(n->path));
}

static const char *
ask_label(const struct files_pane *f)
{
	return f->ask == ASK_NEW ? "New file: " :
	    f->ask == ASK_RENAME ? "Rename to: " : "Delete ";
}

/* The columns that the name is moved left by, and its cursor's column: the
 * cursor is always in view, and so is what is asked where there is room. */
static int
name_column(const struct files_pane *f, int cols, int *skip)
{
	int label = (int)strlen(ask_label(f));
	int at = (int)utf8_columns(buf_str(&f->line), f->at);

	if (label > cols - 8)
		label = cols > 8 ? cols - 8 : 0;
	*skip = at >= cols - label ? at - (cols - label) + 1 : 0;
	return label + at - *skip;
}

/* A text without its first columns. */
static void
draw_end(struct canvas *c, int x, const char *s, size_t n, int skip,
    struct style st)
{
	size_t off = 0;
	int w;

	while (skip > 0 && off < n) {
		off += utf8_grapheme(s + off, n - off, &w);
		skip -= w;
	}
	canvas_text(c, c->rows - 1, x, -1, s + off, n - off, st);
}

void
files_ask_draw(struct files_pane *f, struct canvas *c)
{
	struct style st = files_style(f, STYLE_STATUS);
	struct buf b = { 0 };
	int skip, x;

	canvas_fill_rect(c, c->rows - 1, 0, 1, c->cols, st);
	if (f->ask == ASK_DELETE) {
		/* The question at the end of a long name must be seen. */
		buf_addf(&b, "%s%s? y/n", ask_label(f), f->ask_path);
		draw_end(c, 0, b.data, b.len,
		    (int)utf8_columns(b.data, b.len) - c->cols, st);
		buf_free(&b);
		return;
	}
	x = name_column(f, c->cols, &skip) + skip -
	    (int)utf8_columns(buf_str(&f->line), f->at);
	canvas_text(c, c->rows - 1, 0, x, ask_label(f), strlen(ask_label(f)),
	    st);
	draw_end(c, x, buf_str(&f->line), f->line.len, skip, st);
}

bool
files_ask_cursor(struct files_pane *f, int *row, int *col)
{
	int skip;

	if (f->ask != ASK_NEW && f->ask != ASK_RENAME)
		return false;
	*row = f->base.rows - 1;
	*col = name_column(f, f->base.cols, &skip);
	return *row >= 0 && *col < f->base.cols;
}
