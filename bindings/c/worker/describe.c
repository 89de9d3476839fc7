#include "describe.h"

#include "field.h"
#include "file.h"
#include "refuse.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_info(FILE *stream, const stele_signature *signature,
                       const char *kind, const stele_tensor_info *info) {
  write_escaped(stream, signature->name);
  fprintf(stream, "\t%s\t", kind);
  write_escaped(stream, info->name);
  fprintf(stream, "\t%s\t%s", info->dtype_name, info->rank < 0 ? "?" : "");
  for (int i = 0; i < info->rank; i++)
    fprintf(stream, "%s%" PRId64, i == 0 ? "" : ",", info->dims[i]);
  putc('\n', stream);
}

static size_t write_lines(FILE *stream, const stele_model *model) {
  size_t lines = 0;
  for (size_t s = 0; s < stele_signature_count(model); s++) {
    const stele_signature *signature = stele_signature_at(model, s);
    for (size_t i = 0; i < signature->n_inputs; i++)
      write_info(stream, signature, "input", &signature->inputs[i]);
    for (size_t i = 0; i < signature->n_outputs; i++)
      write_info(stream, signature, "output", &signature->outputs[i]);
    lines += signature->n_inputs + signature->n_outputs;
  }
  return lines;
}

static int compare_lines(const void *left, const void *right) {
  return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Cuts `text` into its lines, in place, and joins them again in their order
 * into `sorted`, which has the same size. */
static bool sort_lines(char *text, size_t count, char *sorted) {
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
    memcpy(sorted, lines[i], length);
    sorted[length] = '\n';
    sorted += length + 1;
  }
  free(lines);
  return true;
}

bool describe(const stele_model *model, const char *file, stele_error *error) {
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (stream == NULL)
    return refuse_memory(error);
  size_t count = write_lines(stream, model);
  if (fclose(stream) != 0) {
    free(text);
    return refuse_memory(error);
  }
  char *sorted = malloc(size + 1);
  bool done = sorted != NULL && sort_lines(text, count, sorted)
                  ? file_write(file, sorted, size, error)
                  : refuse_memory(error);
  free(sorted);
  free(text);
  return done;
}
