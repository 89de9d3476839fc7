#include "signature_lines.h"

#include "field.h"
#include "file.h"
#include "refuse.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void signature_line(FILE *stream, const char *signature, const char *kind,
                    const char *name, const char *dtype, int32_t rank,
                    const int64_t *dims) {
  write_escaped(stream, signature);
  fprintf(stream, "\t%s\t", kind);
  write_escaped(stream, name);
  putc('\t', stream);
  write_escaped(stream, dtype);
  fputs(rank < 0 ? "\t?" : "\t", stream);
  for (int i = 0; i < rank; i++)
    fprintf(stream, "%s%" PRId64, i == 0 ? "" : ",", dims[i]);
  putc('\n', stream);
}

static int compare_lines(const void *left, const void *right) {
  return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Cuts `text` into its lines, in place, and joins them again in their order
 * into `sorted`, which has the same size. */
static bool sort_lines(char *text, size_t size, char *sorted) {
  size_t count = 0;
  for (size_t i = 0; i < size; i++)
    count += text[i] == '\n';
  char **lines = calloc(count + 1, sizeof *lines);
  if (lines == NULL)
    return false;
  for (size_t i = 0; i < count; i++) {
    lines[i] = text;
    text = strchr(text, '\n');
    *text++ = '\0';
  }
  qsort(lines, count, sizeof *lines, compare_lines);
  for (size_t i = 0; i < count; i++) {
    size_t length = strlen(lines[i]);
    lines[i][length] = '\n';
    memcpy(sorted, lines[i], length + 1);
    sorted += length + 1;
  }
  free(lines);
  return true;
}

bool signature_lines_write(const char *file, char *text, size_t size,
                           stele_error *error) {
  char *sorted = malloc(size + 1);
  bool done = sorted != NULL && sort_lines(text, size, sorted)
                  ? file_write(file, sorted, size, error)
                  : refuse_memory(error);
  free(sorted);
  return done;
}
