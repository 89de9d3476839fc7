#include "entry.h"

#include "refuse.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static size_t count_lines(const char *text, size_t size) {
  size_t count = 0;
  for (size_t i = 0; i < size; i++)
    if (text[i] == '\n')
      count++;
  return size > 0 && text[size - 1] != '\n' ? count + 1 : count;
}

struct entry *entries_split(char *text, size_t size, size_t *count) {
  *count = count_lines(text, size);
  struct entry *entries = calloc(*count + 1, sizeof *entries);
  if (entries == NULL)
    return NULL;
  char *end = text + size;
  for (size_t i = 0; i < *count; i++) {
    char *newline = memchr(text, '\n', (size_t)(end - text));
    char *stop = newline != NULL ? newline : end;
    struct field fields[ENTRY_FIELDS] = {{NULL, 0}};
    entries[i].n_fields =
        fields_split(text, (size_t)(stop - text), fields, ENTRY_FIELDS);
    entries[i].name = fields[0];
    entries[i].dtype = fields[1];
    entries[i].shape = fields[2];
    entries[i].nbytes = fields[3];
    entries[i].file = fields[4];
    text = stop + 1;
  }
  return entries;
}

/* The dimensions between commas; the text is cut at each. -1 if one is no
 * number. */
static int parse_shape(char *text, int64_t *dims) {
  int rank = 0;
  for (char *next = *text != '\0' ? text : NULL; next != NULL; rank++) {
    char *dim = next;
    char *comma = strchr(dim, ',');
    if (comma != NULL)
      *comma = '\0';
    next = comma != NULL ? comma + 1 : NULL;
    long long size;
    if (rank == INT_MAX || !parse_number(dim, &size))
      return -1;
    dims[rank] = size;
  }
  return rank;
}

static bool is_file_name(struct field file) {
  return !field_has_nul(file) && *file.text != '\0' &&
         strchr(file.text, '/') == NULL && strcmp(file.text, ".") != 0 &&
         strcmp(file.text, "..") != 0;
}

bool entry_parse(const struct entry *entry, int64_t *dims, stele_tensor *tensor,
                 size_t *nbytes, stele_error *error) {
  const char *name = entry->name.text != NULL ? entry->name.text : "";
  if (entry->n_fields != ENTRY_FIELDS)
    return refuse(error, STELE_INVALID_ARGUMENT,
                  "tensor \"%s\": a line of tensors.tsv has %d fields%s", name,
                  ENTRY_FIELDS,
                  entry->n_fields == 0 ? " and no unknown escapes"
                                       : ", tab-separated");
  if (field_has_nul(entry->name))
    return refuse_nul(error, name, entry->name.size);
  if (field_has_nul(entry->dtype) || field_has_nul(entry->shape) ||
      field_has_nul(entry->nbytes))
    return refuse(error, STELE_INVALID_ARGUMENT,
                  "tensor \"%s\": a field holds a NUL", name);
  if (!is_file_name(entry->file))
    return refuse(error, STELE_INVALID_ARGUMENT,
                  "tensor \"%s\": \"%s\" is no file in the folder", name,
                  entry->file.text);

  long long file_bytes;
  if (!parse_number(entry->nbytes.text, &file_bytes))
    return refuse(error, STELE_INVALID_ARGUMENT,
                  "tensor \"%s\": \"%s\" is no number of bytes", name,
                  entry->nbytes.text);
  *nbytes = (size_t)file_bytes;
  int rank = parse_shape(entry->shape.text, dims);
  if (rank < 0)
    return refuse(error, STELE_INVALID_ARGUMENT,
                  "tensor \"%s\": a dimension is no number from 0 to 2^63-1",
                  name);
  stele_dtype dtype = stele_dtype_from_name(entry->dtype.text);
  if (dtype == STELE_UNNAMED)
    return refuse(error, STELE_INVALID_ARGUMENT,
                  "tensor \"%s\" has the unknown dtype \"%s\"", name,
                  entry->dtype.text);
  *tensor =
      (stele_tensor){.name = name, .dtype = dtype, .rank = rank, .dims = dims};
  return stele_tensor_size(tensor, &tensor->size, error) == STELE_OK;
}

bool strings_split(const char *data, size_t size, size_t count,
                   stele_bytes *strings) {
  enum { LENGTH = 4 };
  const char *end = data + size;
  for (size_t i = 0; i < count; i++) {
    if (end - data < LENGTH)
      return false;
    size_t length = 0;
    for (int byte = LENGTH - 1; byte >= 0; byte--)
      length = length << 8 | (unsigned char)data[byte];
    data += LENGTH;
    if ((size_t)(end - data) < length)
      return false;
    strings[i] = (stele_bytes){data, length};
    data += length;
  }
  return data == end;
}
