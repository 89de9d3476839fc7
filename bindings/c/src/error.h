/* Filling in a caller's stele_error, which may be NULL. */
#ifndef STELE_SRC_ERROR_H
#define STELE_SRC_ERROR_H

#include "stele.h"

/* Sets code and message; returns the code, for `return fail(...)`. */
stele_code fail(stele_error *error, stele_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds to the message: for lists of names, which may be of any length. */
void fail_append(stele_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* RESOURCE_EXHAUSTED. */
stele_code fail_memory(stele_error *error);

/* Sets STELE_OK; returns it. */
stele_code succeed(stele_error *error);

#endif
