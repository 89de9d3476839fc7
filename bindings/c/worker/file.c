#include "file.h"

#include "refuse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *path_join(const char *dir, const char *file) {
  size_t size = strlen(dir) + 1 + strlen(file) + 1;
  char *path = malloc(size);
  if (path != NULL)
    snprintf(path, size, "%s/%s", dir, file);
  return path;
}

bool file_size(const char *path, size_t *size, stele_error *error) {
  struct stat status;
  if (stat(path, &status) != 0)
    return refuse_errno(error, path);
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    return refuse_errno(error, path);
  }
  /* Opening a FIFO would wait for whoever writes it. */
  if (!S_ISREG(status.st_mode))
    return refuse(error, STELE_FAILED_PRECONDITION,
                  "\"%s\" is not a regular file", path);
  *size = (size_t)status.st_size;
  return true;
}

char *file_read(const char *path, size_t size, stele_error *error) {
  FILE *stream = fopen(path, "rb");
  if (stream == NULL) {
    refuse_errno(error, path);
    return NULL;
  }
  char *data = malloc(size + 1);
  bool done = data != NULL || refuse_memory(error);
  if (done && fread(data, 1, size, stream) < size)
    done = ferror(stream) ? refuse_errno(error, path)
                          : refuse(error, STELE_INVALID_ARGUMENT,
                                   "\"%s\" shrank while it was read", path);
  fclose(stream);
  if (!done) {
    free(data);
    return NULL;
  }
  data[size] = '\0';
  return data;
}

bool file_write(const char *path, const void *data, size_t size,
                stele_error *error) {
  FILE *stream = fopen(path, "wb");
  if (stream == NULL)
    return refuse_errno(error, path);
  bool done = size == 0 || fwrite(data, 1, size, stream) == size;
  /* A full disk may show only when the buffer is written out. */
  if (fclose(stream) != 0)
    done = false;
  return done || refuse_errno(error, path);
}
