#include "bundle.h"

#include "entry.h"
#include "file.h"
#include "refuse.h"

#include <stdlib.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "bundles are little-endian; so far this reader copies them");

struct tensor_memory {
  int64_t *dims;
  char *path;
  size_t nbytes;        /* of its file */
  char *data;           /* the bytes of the tensor's file */
  stele_bytes *strings; /* for BYTES: where each element is in `data` */
};

static bool check_sizes(const stele_tensor *tensor, size_t nbytes,
                        size_t on_disk, stele_error *error) {
  if (on_disk != nbytes)
    return refuse(error, STELE_INVALID_ARGUMENT,
                  "tensor \"%s\": its file has %zu bytes, declared are %zu",
                  tensor->name, on_disk, nbytes);
  char shape[256];
  stele_shape_text(tensor->rank, tensor->dims, shape, sizeof shape);
  size_t elements = tensor->size / stele_dtype_size(tensor->dtype);
  if (tensor->dtype == STELE_BYTES) {
    /* Each string has a length of four bytes: no memory for more strings than
     * the file can hold. */
    if (elements > nbytes / 4)
      return refuse(error, STELE_INVALID_ARGUMENT,
                    "tensor \"%s\": %zu bytes cannot hold BYTES of shape %s",
                    tensor->name, nbytes, shape);
  } else if (tensor->size != nbytes) {
    return refuse(error, STELE_INVALID_ARGUMENT,
                  "tensor \"%s\" declares %zu bytes, but %s of shape %s needs "
                  "%zu",
                  tensor->name, nbytes, stele_dtype_name(tensor->dtype), shape,
                  tensor->size);
  }
  return true;
}

static bool read_strings(stele_tensor *tensor, size_t nbytes,
                         struct tensor_memory *memory, stele_error *error) {
  size_t count = tensor->size / sizeof(stele_bytes);
  memory->strings = calloc(count + 1, sizeof *memory->strings);
  if (memory->strings == NULL)
    return refuse_memory(error);
  if (!strings_split(memory->data, nbytes, count, memory->strings))
    return refuse(error, STELE_INVALID_ARGUMENT,
                  "tensor \"%s\": the lengths of its BYTES do not add up to "
                  "%zu bytes",
                  tensor->name, nbytes);
  tensor->data = memory->strings;
  return true;
}

static bool read_data(size_t nbytes, stele_tensor *tensor,
                      struct tensor_memory *memory, stele_error *error) {
  size_t on_disk;
  if (!file_size(memory->path, &on_disk, error) ||
      !check_sizes(tensor, nbytes, on_disk, error))
    return false;
  memory->data = file_read(memory->path, nbytes, error);
  return memory->data != NULL;
}

static bool read_tensor(const char *dir, const struct entry *entry,
                        stele_tensor *tensor, struct tensor_memory *memory,
                        stele_error *error) {
  size_t nbytes = 0;
  memory->dims = calloc(entry->shape.size + 1, sizeof *memory->dims);
  if (memory->dims == NULL)
    return refuse_memory(error);
  if (!entry_parse(entry, memory->dims, tensor, &nbytes, error))
    return false;
  memory->nbytes = nbytes;
  memory->path = path_join(dir, entry->file.text);
  if (memory->path == NULL)
    return refuse_memory(error);
  if (!read_data(nbytes, tensor, memory, error))
    return false;
  if (tensor->dtype == STELE_BYTES)
    return read_strings(tensor, nbytes, memory, error);
  tensor->data = memory->data;
  return true;
}

static bool read_tensors(const char *dir, const struct entry *entries,
                         struct bundle *bundle, stele_error *error) {
  bundle->tensors = calloc(bundle->count + 1, sizeof *bundle->tensors);
  bundle->memory = calloc(bundle->count + 1, sizeof *bundle->memory);
  bool done = bundle->tensors != NULL && bundle->memory != NULL;
  if (!done)
    refuse_memory(error);
  for (size_t i = 0; done && i < bundle->count; i++)
    done = read_tensor(dir, &entries[i], &bundle->tensors[i],
                       &bundle->memory[i], error);
  return done;
}

static bool read_index(const char *dir, size_t *size, char **text,
                       stele_error *error) {
  char *path = path_join(dir, "tensors.tsv");
  if (path == NULL)
    return refuse_memory(error);
  *text = file_size(path, size, error) ? file_read(path, *size, error) : NULL;
  bool valid = *text != NULL;
  if (valid && !is_utf8(*text, *size))
    valid = refuse(error, STELE_INVALID_ARGUMENT, "\"%s\" is not UTF-8", path);
  free(path);
  return valid;
}

bool bundle_read(const char *dir, struct bundle *bundle, stele_error *error) {
  size_t size = 0;
  *bundle = (struct bundle){.count = 0};
  bool done = read_index(dir, &size, &bundle->index, error);
  if (done) {
    struct entry *entries = entries_split(bundle->index, size, &bundle->count);
    done = entries != NULL ? read_tensors(dir, entries, bundle, error)
                           : refuse_memory(error);
    free(entries);
  }
  if (!done)
    bundle_free(bundle);
  return done;
}

void bundle_free(struct bundle *bundle) {
  for (size_t i = 0; bundle->memory != NULL && i < bundle->count; i++) {
    free(bundle->memory[i].dims);
    free(bundle->memory[i].path);
    free(bundle->memory[i].data);
    free(bundle->memory[i].strings);
  }
  free(bundle->memory);
  free(bundle->tensors);
  free(bundle->index);
  *bundle = (struct bundle){.count = 0};
}

const char *bundle_file(const struct bundle *bundle, size_t i) {
  return bundle->memory[i].path;
}

uint64_t bundle_file_size(const struct bundle *bundle, size_t i) {
  return bundle->memory[i].nbytes;
}

void bundle_forget_elements(struct bundle *bundle) {
  for (size_t i = 0; i < bundle->count; i++) {
    free(bundle->memory[i].data);
    free(bundle->memory[i].strings);
    bundle->memory[i].data = NULL;
    bundle->memory[i].strings = NULL;
    bundle->tensors[i].data = NULL;
  }
}
