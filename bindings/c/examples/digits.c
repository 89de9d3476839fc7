/* Which digit is this? Load, introspect, run, print.
 *   cc digits.c $(pkg-config --cflags --libs stele) -o digits
 *   ./digits path/to/saved_model */
#include <stdio.h>
#include <stele.h>

/* clang-format off */
static const float image[] = {
  0, 0,  5, 13, 12,  3, 0, 0,
  0, 2, 15, 11, 12, 14, 1, 0,
  0, 5, 14,  1,  1, 14, 6, 0,
  0, 7, 12,  0,  0, 10, 8, 0,
  0, 7, 11,  0,  0, 10, 8, 0,
  0, 5, 13,  0,  1, 13, 6, 0,
  0, 1, 14, 10, 12, 14, 1, 0,
  0, 0,  5, 14, 12,  3, 0, 0,
};
/* clang-format on */
static const int64_t dims[] = {1, 8, 8, 1};

static void print_info(const char *kind, const stele_tensor_info *info) {
  char shape[64];
  stele_shape_text(info->rank, info->dims, shape, sizeof shape);
  printf("%s %s %s %s\n", kind, info->name, info->dtype_name, shape);
}

static int run(stele_model *model, const char *name, stele_error *error) {
  const stele_signature *signature = stele_signature_find(model, name);
  if (signature == NULL || signature->n_inputs == 0 ||
      signature->n_outputs == 0)
    return fprintf(stderr, "digits: not the digits model\n"), 1;
  printf("signature %s\n", signature->name);
  print_info("input", &signature->inputs[0]);
  print_info("output", &signature->outputs[0]);

  stele_tensor input = {
      signature->inputs[0].name, STELE_FP32, 4, dims, image, sizeof image};
  stele_outputs *outputs = stele_run(model, name, &input, 1, error);
  if (outputs == NULL)
    return fprintf(stderr, "digits: %s\n", error->message), 1;

  const float *p = outputs->tensors[0].data;
  size_t count = outputs->tensors[0].size / sizeof *p, best = 0;
  for (size_t i = 1; i < count; i++)
    best = p[i] > p[best] ? i : best;
  printf("digit %zu\nprobabilities", best);
  for (size_t i = 0; i < count; i++)
    printf(" %.6f", (double)p[i]);
  printf("\n");
  stele_outputs_free(outputs);

  /* Without the batch: refused before TensorFlow sees it. */
  input.rank = 3;
  input.dims = dims + 1;
  outputs = stele_run(model, name, &input, 1, error);
  printf("refused %s: %s\n", stele_code_name(error->code), error->message);
  stele_outputs_free(outputs);
  return 0;
}

int main(int argc, char **argv) {
  stele_error error;
  stele_model *model = stele_load(argc > 1 ? argv[1] : ".", NULL, &error);
  if (model == NULL)
    return fprintf(stderr, "digits: %s\n", error.message), 1;
  int status = run(model, "serving_default", &error);
  stele_free(model);
  return status;
}
