/* The lines of a tensors.tsv, and the bytes they describe. No files here: the
 * fuzzer runs this alone. */
#ifndef STELE_WORKER_ENTRY_H
#define STELE_WORKER_ENTRY_H

#include "field.h"
#include "stele.h"

/* One line, split. */
struct entry {
  size_t n_fields; /* ENTRY_FIELDS, or the line is malformed; 0: bad escape */
  struct field name, dtype, shape, nbytes, file;
};

enum { ENTRY_FIELDS = 5 };

/* Splits the text of a tensors.tsv (its terminator included in what may be
 * written) in place. To be freed; NULL when out of memory. */
struct entry *entries_split(char *text, size_t size, size_t *count);

/* Whether the line is a tensor: five fields, numbers that are numbers, a dtype
 * that exists, and a size that fits. Fills `tensor` but for its data and size;
 * `dims` has room for a number for each byte of entry->shape. `nbytes` is the
 * size of the tensor's file. */
bool entry_parse(const struct entry *entry, int64_t *dims, stele_tensor *tensor,
                 size_t *nbytes, stele_error *error);

/* Finds the `count` strings in the bytes of a BYTES tensor's file; they point
 * into `data`. False if the lengths do not add up. */
bool strings_split(const char *data, size_t size, size_t count,
                   stele_bytes *strings);

#endif
