#include "savedmodel_dir.h"

#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *join(const char *dir, const char *file) {
  size_t size = strlen(dir) + 1 + strlen(file) + 1;
  char *path = malloc(size);
  if (path != NULL)
    snprintf(path, size, "%s/%s", dir, file);
  return path;
}

static stele_code check_dir(const char *dir, stele_error *error) {
  struct stat status;
  if (stat(dir, &status) != 0)
    return errno == ENOENT || errno == ENOTDIR
               ? fail(error, STELE_NOT_FOUND, "no folder \"%s\"", dir)
               : fail(error, stele_code_from_errno(errno), "\"%s\": %s", dir,
                      strerror(errno));
  if (!S_ISDIR(status.st_mode))
    return fail(error, STELE_NOT_FOUND,
                "\"%s\" is a file; a SavedModel is a folder", dir);
  return STELE_OK;
}

static stele_code check_file(const char *path, off_t *size,
                             stele_error *error) {
  struct stat status;
  bool exists = stat(path, &status) == 0;
  if (!exists && errno != ENOENT && errno != ENOTDIR)
    return fail(error, stele_code_from_errno(errno), "\"%s\": %s", path,
                strerror(errno));
  if (!exists || !S_ISREG(status.st_mode))
    return fail(error, STELE_NOT_FOUND, "no file \"%s\"", path);
  *size = status.st_size;
  return STELE_OK;
}

static stele_code read_stream(FILE *stream, const char *path, size_t size,
                              void *bytes, stele_error *error) {
  size_t got = fread(bytes, 1, size, stream);
  if (ferror(stream))
    return fail(error, stele_code_from_errno(errno), "\"%s\": %s", path,
                strerror(errno));
  if (got < size)
    return fail(error, STELE_DATA_LOSS, "\"%s\" shrank while it was read",
                path);
  return STELE_OK;
}

/* The whole file, to be freed by the caller. */
static stele_code read_file(const char *path, void **bytes, size_t *size,
                            stele_error *error) {
  off_t length = 0;
  stele_code code = check_file(path, &length, error);
  if (code != STELE_OK)
    return code;
  FILE *stream = fopen(path, "rb");
  if (stream == NULL)
    return fail(error, stele_code_from_errno(errno), "\"%s\": %s", path,
                strerror(errno));
  *size = (size_t)length;
  *bytes = malloc(*size + 1);
  code = *bytes == NULL ? fail_memory(error)
                        : read_stream(stream, path, *size, *bytes, error);
  fclose(stream);
  if (code != STELE_OK)
    free(*bytes);
  return code;
}

static stele_code read_graph(const char *dir, tag_set tags, metagraph *graph,
                             stele_error *error) {
  char *path = join(dir, "saved_model.pb");
  if (path == NULL)
    return fail_memory(error);
  void *bytes = NULL;
  size_t size = 0;
  stele_code code = read_file(path, &bytes, &size, error);
  if (code == STELE_OK) {
    code = metagraph_read(bytes, size, path, tags, graph, error);
    free(bytes);
  }
  free(path);
  return code;
}

/* TensorFlow takes a missing index for a model that has no variables, and
 * runs it on uninitialised ones. The other files it misses by itself. */
static stele_code check_variables(const char *dir, stele_error *error) {
  char *path = join(dir, "variables/variables.index");
  if (path == NULL)
    return fail_memory(error);
  off_t size;
  stele_code code = check_file(path, &size, error);
  free(path);
  return code;
}

stele_code savedmodel_read(const char *dir, tag_set tags, metagraph *graph,
                           stele_error *error) {
  *graph = (metagraph){.n_signatures = 0};
  stele_code code = check_dir(dir, error);
  if (code == STELE_OK)
    code = read_graph(dir, tags, graph, error);
  if (code == STELE_OK && graph->has_saver)
    code = check_variables(dir, error);
  if (code != STELE_OK)
    arena_free(&graph->memory);
  return code;
}
