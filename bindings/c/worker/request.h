/* Requests on stdin. */
#ifndef STELE_WORKER_REQUEST_H
#define STELE_WORKER_REQUEST_H

#include "field.h"

#include <stdbool.h>
#include <stddef.h>

enum verb { HELLO, LOAD, RUN, DESCRIBE, BENCH, UNLOAD, BYE };

enum { MAX_ARGUMENTS = 6 };

/* A request that has as many arguments as its verb needs, none with a NUL.
 * Zero-initialise it; its memory is used again for the next. */
struct request {
  const char *id;
  enum verb verb;
  struct field arguments[MAX_ARGUMENTS];

  char *line;
  size_t room;
};

/* Reads the next one; those that are malformed are answered here. False at the
 * end of input, after which nothing is to be freed. */
bool request_next(struct request *request);

void request_free(struct request *request);

#endif
