#ifndef PROBLEM_LANGUAGE_H
#define PROBLEM_LANGUAGE_H

/* The table of languages: one entry is all that a language takes. */

#include <stddef.h>

struct language {
	const char *name;      /* "python3" */
	const char *extension; /* of a solution, with the dot */
	const char *main_file; /* "solution.py" */
	const char *const *compile; /* argv; NULL: nothing to compile */
	const char *const *run;	    /* argv */
	const char *package;	    /* what to install when run is missing */
	const char *template;	    /* first content of main_file */
	/* What its run time writes to stderr when memory is refused; NULL:
	 * nothing that can be told. */
	const char *out_of_memory;
};

const struct language *language_find(const char *name); /* NULL: none */
const struct language *language_at(size_t); /* NULL: no more */
/* All names, separated by spaces. */
const char *language_names(void);

#endif
