#ifndef CLI_CLI_H
#define CLI_CLI_H

/* Subcommands of viva.  Each returns the exit status: 0 fine, 1 it could not
 * be done, 2 it was asked for wrongly. */

int cmd_show(int argc, char **argv);

#endif
