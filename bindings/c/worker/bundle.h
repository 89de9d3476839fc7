/* Bundles: folders of tensors. */
#ifndef STELE_WORKER_BUNDLE_H
#define STELE_WORKER_BUNDLE_H

#include "stele.h"

#include <stdbool.h>
#include <stdio.h>

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

/* Releases it and leaves it empty. */
void bundle_free(struct bundle *bundle);

/* The file of tensor number `i`, and its size in bytes. */
const char *bundle_file(const struct bundle *bundle, size_t i);
uint64_t bundle_file_size(const struct bundle *bundle, size_t i);

/* Releases the elements, which the tensors then no longer have. */
void bundle_forget_elements(struct bundle *bundle);

/* Makes the folder of an output bundle, if it is not there. */
bool bundle_folder(const char *dir, stele_error *error);

/* Writes the line of a tensor in tensors.tsv. */
void bundle_line(FILE *index, const char *name, stele_dtype dtype, int32_t rank,
                 const int64_t *dims, uint64_t nbytes, const char *file);

/* Writes outputs as a bundle into folder `dir`, which is created if it does
 * not exist. */
bool bundle_write(const char *dir, const stele_outputs *outputs,
                  stele_error *error);

#endif
