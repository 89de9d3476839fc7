/* The one opener for the files of a SavedModel: never blocks, never reads
 * without end. */
#ifndef STELE_SRC_REGULAR_FILE_H
#define STELE_SRC_REGULAR_FILE_H

#include "stele.h"

/* What errno says about `path`. */
stele_code regular_file_fail(const char *path, int number, stele_error *error);

/* Whether `path` is a file that TensorFlow may open. NOT_FOUND: there is none.
 * DATA_LOSS: a folder, FIFO, socket or device; or a Git LFS pointer in the
 * file's place. */
stele_code regular_file_check(const char *path, stele_error *error);

/* The whole file, at most 2 GiB, to be freed by the caller. Codes as
 * regular_file_check. */
stele_code regular_file_read(const char *path, void **bytes, size_t *size,
                             stele_error *error);

#endif
