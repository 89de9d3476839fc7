/* Tab-separated fields with backslash escapes: requests, replies, tensors.tsv
 * and what describe writes. */
#ifndef STELE_WORKER_FIELD_H
#define STELE_WORKER_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* An unescaped field; NUL-terminated, and may hold NUL ("\0" in the line). */
struct field {
  char *text;
  size_t size;
};

/* Splits `line`, which is followed by a byte that may be written, in place and
 * unescapes what it finds. Fills the first `max` fields; the rest are counted
 * only. Returns their number, or 0 when an escape is none of the protocol's. */
size_t fields_split(char *line, size_t size, struct field *fields, size_t max);

/* Whether a NUL cuts the field short as a C string. */
bool field_has_nul(struct field field);

/* Whether the bytes are UTF-8. */
bool is_utf8(const char *bytes, size_t size);

/* Parses decimal digits, nothing else, up to 2^63-1. */
bool parse_number(const char *text, long long *number);

/* Writes `text` escaped. */
void write_escaped(FILE *stream, const char *text);

#endif
