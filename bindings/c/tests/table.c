#include "table.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 8 };

size_t table_split(char *text, char separator, char **parts, size_t limit) {
  size_t count = 0;
  for (char *next = text; next != NULL && CHECK(count < limit);) {
    parts[count++] = next;
    next = strchr(next, separator);
    if (next != NULL)
      *next++ = '\0';
  }
  return count;
}

size_t table_unhex(char *digits) {
  size_t length = strlen(digits);
  CHECK(length % 2 == 0);
  for (size_t i = 0; i < length / 2; i++) {
    unsigned byte = 0;
    CHECK(sscanf(digits + 2 * i, "%2x", &byte) == 1);
    digits[i] = (char)byte;
  }
  return length / 2;
}

long table_number(const char *text) {
  char *end;
  long number = strtol(text, &end, 10);
  CHECK(*text != '\0' && *end == '\0');
  return number;
}

void table_check_strings(const stele_tensor *tensor, const char *bytes,
                         size_t size) {
  const stele_bytes *strings = tensor->data;
  size_t at = 0;
  for (size_t i = 0; i < tensor->size / sizeof *strings; i++) {
    uint32_t length = (uint32_t)strings[i].size;
    if (!CHECK(at + sizeof length + length <= size))
      return;
    CHECK(memcmp(bytes + at, &length, sizeof length) == 0);
    at += sizeof length;
    CHECK(length == 0 || memcmp(bytes + at, strings[i].data, length) == 0);
    at += length;
  }
  CHECK(at == size);
}

size_t table_read(const char *name, const char *columns,
                  void (*row)(char *const *fields)) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", test_contract, name);
  FILE *file = fopen(path, "r");
  if (!CHECK(file != NULL))
    return 0;
  char *line = NULL;
  char *fields[COLUMNS];
  size_t room = 0, n_columns = 0, rows = 0;
  while (getline(&line, &room, file) > 0) {
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '#')
      continue;
    if (n_columns == 0) {
      CHECK_TEXT(line, columns);
      n_columns = table_split(line, '\t', fields, COLUMNS);
    } else if (CHECK(table_split(line, '\t', fields, COLUMNS) == n_columns)) {
      row(fields);
      rows++;
    }
  }
  CHECK(rows > 0);
  free(line);
  fclose(file);
  return rows;
}
