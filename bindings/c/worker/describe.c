#include "describe.h"

#include "refuse.h"
#include "signature_lines.h"

#include <stdlib.h>

static void write_info(FILE *stream, const stele_signature *signature,
                       const char *kind, const stele_tensor_info *info) {
  signature_line(stream, signature->name, kind, info->name, info->dtype_name,
                 info->rank, info->dims);
}

static void write_lines(FILE *stream, const stele_model *model) {
  for (size_t s = 0; s < stele_signature_count(model); s++) {
    const stele_signature *signature = stele_signature_at(model, s);
    for (size_t i = 0; i < signature->n_inputs; i++)
      write_info(stream, signature, "input", &signature->inputs[i]);
    for (size_t i = 0; i < signature->n_outputs; i++)
      write_info(stream, signature, "output", &signature->outputs[i]);
  }
}

bool describe(const stele_model *model, const char *file, stele_error *error) {
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (stream == NULL)
    return refuse_memory(error);
  write_lines(stream, model);
  bool done = fclose(stream) == 0
                  ? signature_lines_write(file, text, size, error)
                  : refuse_memory(error);
  free(text);
  return done;
}
