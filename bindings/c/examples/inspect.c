/* Prints every signature of a SavedModel.
 *   cc inspect.c $(pkg-config --cflags --libs stele) -o inspect
 *   ./inspect path/to/saved_model [TAG,TAG...] */
#include <stdio.h>
#include <stele.h>

static void print_infos(const char *kind, const stele_tensor_info *infos,
                        size_t count) {
  char shape[1024];
  for (size_t i = 0; i < count; i++) {
    stele_shape_text(infos[i].rank, infos[i].dims, shape, sizeof shape);
    printf("%s %s %s %s\n", kind, infos[i].name, infos[i].dtype_name, shape);
  }
}

int main(int argc, char **argv) {
  stele_error error = {STELE_INVALID_ARGUMENT,
                       "usage: inspect SAVED_MODEL [TAG,TAG...]"};
  stele_options options = {.struct_size = sizeof options,
                           .tags = argc > 2 ? argv[2] : NULL};
  stele_model *model = argc > 1 ? stele_load(argv[1], &options, &error) : NULL;
  if (model == NULL) {
    fprintf(stderr, "inspect: %s: %s\n", stele_code_name(error.code),
            error.message);
    return 1;
  }
  for (size_t i = 0; i < stele_signature_count(model); i++) {
    const stele_signature *signature = stele_signature_at(model, i);
    printf("signature %s\n", signature->name);
    print_infos("input", signature->inputs, signature->n_inputs);
    print_infos("output", signature->outputs, signature->n_outputs);
  }
  stele_free(model);
  return 0;
}
