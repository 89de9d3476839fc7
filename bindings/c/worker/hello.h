/* The verb hello. */
#ifndef STELE_WORKER_HELLO_H
#define STELE_WORKER_HELLO_H

#include "request.h"

/* Answers it. `dtypes` are the names of those that the binding has, with commas
 * in between; NULL for all. */
void reply_hello(const struct request *request, const char *binding,
                 const char *language, const char *dtypes);

/* Whether a list of dtypes, NULL for all, has the name. */
bool has_dtype(const char *dtypes, const char *name);

#endif
