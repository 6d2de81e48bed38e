#ifndef SANDBOX_MODAL_CONFIG_H
#define SANDBOX_MODAL_CONFIG_H

/*
 * Who we are to Modal and how we want it, from where every Modal client reads
 * it: the environment first, then a profile of ~/.modal.toml.  Secrets are in
 * memory that core dumps and children do not get, and are wiped in the end;
 * they are in no error and no warning.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct modal_secrets;

struct modal_config {
	char *server_url;	     /* scheme://host[:port] */
	char *environment;	     /* "": the token's own */
	char *image_builder_version; /* "": ask the server */
	char *volume_namespace;	     /* volumes' names begin so */
	char *profile;		     /* "": none */
	int64_t max_throttle_wait;   /* s; -1: no bound */
	bool v2;		     /* sandboxes of the second generation */
	char warning[200];	     /* "": none */
	char none[200];		     /* why no token was found in a file */
	struct modal_secrets *secrets;
};

/* A mistake in the file or a variable is "place: what; remedy".  No token at
 * all is no mistake yet. */
bool modal_config_load(struct modal_config *, struct err *) WARN_UNUSED;
/* As load, but with the file's text (NULL: there is none). */
bool modal_config_parse(struct modal_config *, const char *file,
    const char *text, size_t n, struct err *) WARN_UNUSED;
void modal_config_finish(struct modal_config *);

/* false: there is no token; e says how to come by one. */
bool modal_config_ready(const struct modal_config *, struct err *);
const char *modal_config_token_id(const struct modal_config *); /* or "" */
const char *modal_config_token_secret(const struct modal_config *);
/* Takes the tokens out of this process's environment, so that no child and no
 * reader of /proc has them. */
void modal_config_forget_environment(void);
/* Puts stars over every token in text: for words that come from elsewhere. */
void modal_config_redact(const struct modal_config *, char *text);

#endif
