/* Replies on stdout, in the protocol's form. */
#ifndef STELE_WORKER_REPLY_H
#define STELE_WORKER_REPLY_H

#include "stele.h"

#include <stdbool.h>

/* A reply of fields: begin, any fields, end, which flushes. `id` is the
 * request's. */
void reply_begin(const char *id, const char *status);
void reply_field(const char *text);
void reply_end(void);

void reply_ok(const char *id);

/* The code and the message. */
void reply_error(const char *id, const stele_error *error);

/* One of the two. */
void reply_result(const char *id, bool ok, const stele_error *error);

/* "verb x", "dtype BF16"; `kind` is empty when `what` says it all. */
void reply_unsupported(const char *id, const char *kind, const char *what);

#endif
