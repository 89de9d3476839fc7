/* Whole files. */
#ifndef STELE_WORKER_FILE_H
#define STELE_WORKER_FILE_H

#include "stele.h"

#include <stdbool.h>

/* "dir/file", to be freed; NULL when out of memory. */
char *path_join(const char *dir, const char *file);

/* The size of the regular file `path`. NOT_FOUND if there is none. */
bool file_size(const char *path, size_t *size, stele_error *error);

/* Reads `size` bytes, which file_size has given, and a NUL behind them. To be
 * freed; NULL on failure. */
char *file_read(const char *path, size_t size, stele_error *error);

/* Writes a file anew. */
bool file_write(const char *path, const void *data, size_t size,
                stele_error *error);

#endif
