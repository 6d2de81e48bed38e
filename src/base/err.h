#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * The one error value.  Fallible functions return bool (true = success) and
 * take a struct err * as their last argument; NULL means the caller does not
 * want the reason.  An err lives on the caller's stack, never allocates and
 * may be copied between threads.
 *
 * Text: a lower-case clause without a final full stop that names the object
 * and, where known, the remedy.  Never a secret.
 */

#include <stdbool.h>

enum err_code {
	ERR_NONE,
	ERR_NOMEM,
	ERR_IO,
	ERR_NOT_FOUND,
	ERR_EXISTS,
	ERR_INVALID,	 /* bad input: the text names the place */
	ERR_LIMIT,	 /* over a bound that the text states */
	ERR_AUTH,
	ERR_UNAVAILABLE, /* may work later */
	ERR_TIMEOUT,
	ERR_CANCELED,
	ERR_CORRUPT,
	ERR_UNSUPPORTED,
	ERR_INTERNAL,
};

struct err {
	enum err_code code;
	int sys; /* errno where there was one, else 0 */
	char msg[400];
};

#define WARN_UNUSED __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a), nonnull(f)))

/* Sets the reason and returns false, so that `return err_set(...)` works. */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* As err_set with code ERR_IO (ERR_NOT_FOUND, ERR_EXISTS where errno says
 * so), the text followed by ": strerror(sys)". */
bool err_sys(struct err *e, int sys, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts "text: " before the message that is there.  Returns false. */
bool err_context(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
