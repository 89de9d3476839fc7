#include "bundle.h"

#include "field.h"
#include "file.h"
#include "refuse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A tensor as its file's bytes: u32 length, then the string, for BYTES. */
static bool encode_strings(const stele_tensor *tensor, char **encoded,
                           size_t *size, stele_error *error) {
  const stele_bytes *strings = tensor->data;
  size_t count = tensor->size / sizeof *strings;
  *size = 4 * count;
  for (size_t i = 0; i < count; i++) {
    if (strings[i].size > UINT32_MAX)
      return refuse(error, STELE_OUT_OF_RANGE,
                    "output \"%s\": a string of %zu bytes", tensor->name,
                    strings[i].size);
    *size += strings[i].size;
  }
  char *to = *encoded = malloc(*size + 1);
  if (to == NULL)
    return refuse_memory(error);
  for (size_t i = 0; i < count; i++) {
    for (unsigned shift = 0; shift < 32; shift += 8)
      *to++ = (char)(strings[i].size >> shift & 0xff);
    if (strings[i].size > 0)
      memcpy(to, strings[i].data, strings[i].size);
    to += strings[i].size;
  }
  return true;
}

static bool write_data(const char *dir, const char *file,
                       const stele_tensor *tensor, size_t *nbytes,
                       stele_error *error) {
  char *path = path_join(dir, file);
  if (path == NULL)
    return refuse_memory(error);
  char *encoded = NULL;
  *nbytes = tensor->size;
  bool done = tensor->dtype != STELE_BYTES ||
              encode_strings(tensor, &encoded, nbytes, error);
  if (done)
    done = file_write(path, encoded != NULL ? encoded : tensor->data, *nbytes,
                      error);
  free(encoded);
  free(path);
  return done;
}

void bundle_line(FILE *index, const char *name, stele_dtype dtype, int32_t rank,
                 const int64_t *dims, uint64_t nbytes, const char *file) {
  write_escaped(index, name);
  fprintf(index, "\t%s\t", stele_dtype_name(dtype));
  for (int i = 0; i < rank; i++)
    fprintf(index, "%s%" PRId64, i == 0 ? "" : ",", dims[i]);
  fprintf(index, "\t%" PRIu64 "\t%s\n", nbytes, file);
}

static bool write_tensor(const char *dir, size_t number,
                         const stele_tensor *tensor, FILE *index,
                         stele_error *error) {
  char file[32];
  size_t nbytes = 0;
  snprintf(file, sizeof file, "%zu.bin", number);
  if (!write_data(dir, file, tensor, &nbytes, error))
    return false;
  bundle_line(index, tensor->name, tensor->dtype, tensor->rank, tensor->dims,
              nbytes, file);
  return true;
}

static bool write_tensors(const char *dir, const stele_outputs *outputs,
                          const char *index_path, stele_error *error) {
  FILE *index = fopen(index_path, "wb");
  if (index == NULL)
    return refuse_errno(error, index_path);
  bool done = true;
  for (size_t i = 0; done && i < outputs->n_tensors; i++)
    done = write_tensor(dir, i, &outputs->tensors[i], index, error);
  bool written = !ferror(index);
  written = fclose(index) == 0 && written;
  return done && !written ? refuse_errno(error, index_path) : done;
}

bool bundle_folder(const char *dir, stele_error *error) {
  struct stat status;
  if (mkdir(dir, 0777) != 0 && errno != EEXIST)
    return refuse_errno(error, dir);
  if (stat(dir, &status) == 0 && !S_ISDIR(status.st_mode)) {
    errno = ENOTDIR;
    return refuse_errno(error, dir);
  }
  return true;
}

bool bundle_write(const char *dir, const stele_outputs *outputs,
                  stele_error *error) {
  if (!bundle_folder(dir, error))
    return false;
  char *index_path = path_join(dir, "tensors.tsv");
  if (index_path == NULL)
    return refuse_memory(error);
  bool done = write_tensors(dir, outputs, index_path, error);
  free(index_path);
  return done;
}
