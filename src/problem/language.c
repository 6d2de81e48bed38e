#include "config.h"

#include "problem/language.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static const char *const run_python[] = { "/usr/bin/python3", "solution.py",
	NULL };
static const char *const compile_c[] = { "/usr/bin/gcc", "-std=gnu11", "-O2",
	"-o", "solution", "solution.c", "-lm", NULL };
static const char *const run_program[] = { "./solution", NULL };

static const struct language languages[] = {
	{ "python3", ".py", "solution.py", NULL, run_python, "python3",
	    "import sys\n\n\ndef main():\n    data = sys.stdin.read().split()\n"
	    "\n\nmain()\n", "MemoryError" },
	{ "c", ".c", "solution.c", compile_c, run_program, "gcc",
	    "#include <stdio.h>\n\nint\nmain(void)\n{\n\treturn 0;\n}\n",
	    NULL },
};

const struct language *
language_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		if (strcmp(languages[i].name, name) == 0)
			return &languages[i];
	return NULL;
}

const struct language *
language_at(size_t i)
{
	return i < ARRAY_LEN(languages) ? &languages[i] : NULL;
}

const char *
language_names(void)
{
	static char names[256];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(languages) && n < sizeof names; i++)
		n += (size_t)snprintf(names + n, sizeof names - n, "%s%s",
		    i > 0 ? " " : "", languages[i].name);
	return names;
}
