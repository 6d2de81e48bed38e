#ifndef SESSION_CORE_FILES_H
#define SESSION_CORE_FILES_H

/* Shared by core-files.c, core-open.c, core-save.c and core-resume.c only. */

#include "session/core-internal.h"

#define SAVE_SOON_US 2000000 /* without typing */
#define OPEN_MAX (2u << 20)  /* longer files are not for the editor */

/* ---- core-files.c ---- */
struct request *file_request(struct core *, enum request_kind, enum fs_op,
    const char *path, const char *to, const char *data, size_t n);
void file_state(struct core *, const char *path, enum file_state,
    const char *why);
/* With nothing in it that the editor cannot show. */
bool file_for_editor(const char *p, size_t n);
/* It is in the editor or under its name as it was: what was typed meanwhile
 * is saved, and who waits for that goes on. */
void file_settle(struct core *, const char *path);
/* The workspace's file is now p. */
void file_changed_to(struct core *, struct known *, const char *p, size_t n);
void file_gone(struct core *, struct known *);

/* ---- core-open.c ---- */
void file_open(struct core *, const char *path);
void file_create(struct core *, const char *path); /* and opens it */
/* Is this file (NULL: any) still on its way into the editor? */
bool core_opening(const struct core *, const char *path);
void core_open_again(struct core *);
void file_ahead(struct core *, const struct command *); /* core-ahead.c */
void core_open_reset(struct core *);
bool open_keeps(struct request *);
void open_on_open(struct core *, struct request *, const struct fs_result *);
void open_on_create_check(struct core *, struct request *,
    const struct fs_result *);
void open_on_create(struct core *, struct request *,
    const struct fs_result *);

/* ---- core-save.c ---- */
struct known *known_find(const struct core *, const char *path);
struct known *known_get(struct core *, const char *path);
void known_drop(struct core *, const char *path);
bool known_unedited(const struct known *);
/* What the file holds now; was that what it held once, and not at last? */
void known_is(struct known *, const char *hash);
bool known_was(const struct known *, const char *hash);
bool file_data(const struct fs_result *, const char **p, size_t *n);
void file_conflict(struct core *, const char *path, const char *data,
    size_t n);
void save_arm(struct core *, int64_t us);
void save_begin(struct core *, const char *path, bool force);
/* Calls those who wait for all to be saved, when it is. */
void save_settle(struct core *);
void save_on_save(struct core *, struct request *, const struct fs_result *);
void save_on_save_check(struct core *, struct request *,
    const struct fs_result *);
void save_on_rescue(struct core *, struct request *,
    const struct fs_result *);

/* ---- core-resume.c ---- */
/* The workspace may be older than what was saved at last. */
bool core_may_be_behind(const struct core *, const struct known *k);
/* Saves what is in the editor, though it was saved. */
void save_again(struct core *, struct known *);
void core_resume_file(struct core *, struct request *,
    const struct fs_result *);

#endif
