#ifndef CLI_ENDS_H
#define CLI_ENDS_H

/*
 * What a signal that ends a command (SIGINT, SIGTERM, SIGHUP) undoes, before
 * it ends it as it always does.  One that is ignored (nohup) stays so.
 */

#include <stddef.h>

/* That file is removed; borrowed until another or NULL (none) is told. */
void ends_remove(char *path);
/* So many columns of the line where stderr's cursor is are cleared; 0: none. */
void ends_clear(size_t columns);
/* Clears so much of that line now. */
void ends_blank(size_t columns);

#endif
