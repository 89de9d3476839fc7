/* Filling in a stele_error for what the worker itself refuses. */
#ifndef STELE_WORKER_REFUSE_H
#define STELE_WORKER_REFUSE_H

#include "stele.h"

#include <stdbool.h>

/* Sets code and message. False, for `return refuse(...)`. */
bool refuse(stele_error *error, stele_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What errno says about `path`. */
bool refuse_errno(stele_error *error, const char *path);

/* INVALID_ARGUMENT for a name or path of `size` bytes that holds a NUL, which
 * no C string can. */
bool refuse_nul(stele_error *error, const char *text, size_t size);

/* RESOURCE_EXHAUSTED. */
bool refuse_memory(stele_error *error);

#endif
