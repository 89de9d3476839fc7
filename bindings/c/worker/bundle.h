/* Bundles: folders of tensors. */
#ifndef STELE_WORKER_BUNDLE_H
#define STELE_WORKER_BUNDLE_H

#include "stele.h"

#include <stdbool.h>

/* A bundle in memory. */
struct bundle {
  size_t count;
  stele_tensor *tensors;
  char *index; /* the bytes of tensors.tsv, which the names point into */
  struct tensor_memory *memory; /* what each tensor points to */
};

/* Reads and checks the bundle in folder `dir`. On failure there is nothing to
 * free. */
bool bundle_read(const char *dir, struct bundle *bundle, stele_error *error);

void bundle_free(struct bundle *bundle);

/* Writes outputs as a bundle into folder `dir`, which is created if it does
 * not exist. */
bool bundle_write(const char *dir, const stele_outputs *outputs,
                  stele_error *error);

#endif
