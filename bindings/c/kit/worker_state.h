/* What the parts of the kit share. */
#ifndef STELE_KIT_WORKER_STATE_H
#define STELE_KIT_WORKER_STATE_H

#include "stele_worker.h"

#include "bundle.h"
#include "request.h"

#include <stdbool.h>
#include <stdio.h>

/* Text that grows. Zero-initialise it. */
struct lines {
  char *text;
  size_t size;
  FILE *stream; /* NULL unless it is being written */
};

bool lines_begin(struct lines *lines); /* anew; false when out of memory */
bool lines_end(struct lines *lines);   /* false when out of memory */
void lines_free(struct lines *lines);

struct stele_worker {
  char *binding;
  char *language;
  char *dtypes;

  struct request line;
  stele_worker_request request;
  bool asked; /* the request waits for the language's answer */
  bool over;

  bool loaded;
  struct lines described;  /* of the model that is loaded */
  struct lines describing; /* of the one that is being loaded */

  /* The run in hand. */
  struct bundle bundle;
  stele_worker_input *inputs;
  const char *out;
  long long warmup, runs; /* how many; a run has one */
  long long begun;        /* of both */
  uint64_t start;         /* when the last one began */
  uint64_t *samples;      /* of a bench */
  struct lines index;     /* of the outputs so far */
  size_t n_outputs;
  char *path;
  stele_error
      refusal; /* of an output; its code is STELE_OK when there is none */
};

/* Releases what belongs to the run in hand. */
void worker_drop_run(stele_worker *worker);

#endif
