/* Any bytes as a tensors.tsv, and, behind the first NUL, as the file of each
 * of its BYTES tensors. */
#include "entry.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void split_strings(const stele_tensor *tensor, const char *data,
                          size_t size) {
  size_t count = tensor->size / sizeof(stele_bytes);
  if (count > size / 4)
    return; /* what bundle_read refuses before it takes memory */
  stele_bytes *strings = calloc(count + 1, sizeof *strings);
  if (strings != NULL)
    strings_split(data, size, count, strings);
  free(strings);
}

static void parse(const struct entry *entry, const char *data, size_t size) {
  stele_tensor tensor;
  stele_error error;
  size_t nbytes;
  int64_t *dims = calloc(entry->shape.size + 1, sizeof *dims);
  if (dims != NULL && entry_parse(entry, dims, &tensor, &nbytes, &error) &&
      tensor.dtype == STELE_BYTES)
    split_strings(&tensor, data, size);
  free(dims);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const uint8_t *end = size > 0 ? memchr(bytes, '\0', size) : NULL;
  size_t text_size = end != NULL ? (size_t)(end - bytes) : size;
  const uint8_t *data = end != NULL ? end + 1 : bytes + size;
  char *text = malloc(text_size + 1);
  if (text == NULL)
    return 0;
  if (text_size > 0)
    memcpy(text, bytes, text_size);
  text[text_size] = '\0';
  size_t count;
  struct entry *entries = entries_split(text, text_size, &count);
  for (size_t i = 0; entries != NULL && i < count; i++)
    parse(&entries[i], (const char *)data, (size_t)(bytes + size - data));
  free(entries);
  free(text);
  return 0;
}
