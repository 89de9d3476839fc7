/* Inputs that are refused before TensorFlow is called, and by it. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static stele_model *conv;
static stele_model *dtypes;
static stele_model *odd;

static const float image[64];
static const int64_t image_dims[] = {1, 8, 8, 1};

static stele_tensor good_image(void) {
  return test_tensor("image", STELE_FP32, 4, image_dims, image);
}

static void check_refused(stele_model *model, const char *signature,
                          const stele_tensor *inputs, size_t n_inputs,
                          stele_code code, const char *part) {
  stele_error error;
  stele_outputs *outputs =
      stele_run(model, signature, inputs, n_inputs, &error);
  CHECK(outputs == NULL);
  CHECK_ERROR(&error, code, part);
  stele_outputs_free(outputs);
  CHECK(stele_run(model, signature, inputs, n_inputs, NULL) == NULL);
}

static void check_image_refused(const stele_tensor *input, const char *part) {
  check_refused(conv, NULL, input, 1, STELE_INVALID_ARGUMENT, part);
}

static void no_model(void) {
  check_refused(NULL, NULL, NULL, 0, STELE_FAILED_PRECONDITION, "no model");
}

static void unknown_signature(void) {
  stele_tensor input = good_image();
  check_refused(conv, "predict", &input, 1, STELE_NOT_FOUND,
                "no signature \"predict\"; this model has \"serving_default\"");
  check_refused(odd, "__saved_model_own", NULL, 0, STELE_NOT_FOUND,
                "\"__saved_model_own\"");
  check_refused(odd, NULL, NULL, 0, STELE_NOT_FOUND, "\"serving_default\"");
}

static void names(void) {
  stele_tensor inputs[] = {good_image(), good_image()};
  check_refused(conv, NULL, inputs, 2, STELE_INVALID_ARGUMENT,
                "input \"image\" is given twice");
  check_refused(conv, NULL, NULL, 0, STELE_INVALID_ARGUMENT,
                "input \"image\" of signature \"serving_default\" is missing");
  inputs[0].name = "picture";
  check_refused(
      conv, NULL, inputs, 2, STELE_INVALID_ARGUMENT,
      "no input \"picture\"; signature \"serving_default\" has \"image\"");
  check_image_refused(inputs, "\"picture\"");
  inputs[0].name = NULL;
  check_image_refused(inputs, "no name");
  inputs[0] = good_image();
  check_refused(dtypes, "none", inputs, 1, STELE_INVALID_ARGUMENT,
                "no input \"image\"; signature \"none\" has none");
}

static void twice_comes_before_unknown(void) {
  stele_tensor inputs[] = {good_image(), good_image(), good_image()};
  inputs[0].name = "picture";
  check_refused(conv, NULL, inputs, 3, STELE_INVALID_ARGUMENT, "twice");
}

static void unknown_twice_comes_before_unknown(void) {
  stele_tensor inputs[] = {good_image(), good_image(), good_image(),
                           good_image()};
  inputs[0].name = "zebra";
  inputs[1].name = "ant";
  inputs[2].name = "zebra";
  inputs[3].name = "ant";
  check_refused(conv, NULL, inputs, 4, STELE_INVALID_ARGUMENT,
                "input \"zebra\" is given twice");
}

static void many_unknown_inputs(void) {
  enum { COUNT = 100000, NAME = 16 };
  stele_tensor *inputs = calloc(COUNT, sizeof *inputs);
  char *names = calloc(COUNT, NAME);
  for (int i = 0; i < COUNT; i++) {
    inputs[i] = good_image();
    inputs[i].name = names + i * NAME;
    snprintf(names + i * NAME, NAME, "i%d", i);
  }
  clock_t start = clock();
  check_refused(conv, NULL, inputs, COUNT, STELE_INVALID_ARGUMENT,
                "no input \"i0\"");
  /* Twice, milliseconds each where the cost grows as it should. */
  CHECK(clock() - start < 10 * CLOCKS_PER_SEC);
  free(names);
  free(inputs);
}

static void signature_comes_before_inputs(void) {
  stele_tensor input = good_image();
  input.name = "picture";
  check_refused(conv, "predict", &input, 1, STELE_NOT_FOUND, "\"predict\"");
  input.size--;
  check_refused(conv, "predict", &input, 1, STELE_INVALID_ARGUMENT, "bytes");
}

static void wrong_dtype(void) {
  stele_tensor input = good_image();
  input.dtype = STELE_INT32;
  check_image_refused(&input, "input \"image\" has dtype INT32, expected FP32");
  input.dtype = (stele_dtype)20;
  check_image_refused(&input, "dtype 20");
}

static void wrong_shape(void) {
  stele_tensor input = test_tensor("image", STELE_FP32, 3, image_dims, image);
  check_image_refused(&input,
                      "input \"image\" has shape [1,8,8], expected [?,8,8,1]");
  const int64_t dims[] = {1, 8, 4, 2};
  input = test_tensor("image", STELE_FP32, 4, dims, image);
  check_image_refused(
      &input, "input \"image\" has shape [1,8,4,2], expected [?,8,8,1]");
  input = test_tensor("image", STELE_FP32, 0, NULL, image);
  check_image_refused(&input, "has shape [], expected [?,8,8,1]");
}

static void impossible_tensors(void) {
  stele_tensor input = good_image();
  input.size--;
  check_image_refused(&input, "tensor \"image\" has 255 bytes, but FP32 of "
                              "shape [1,8,8,1] needs 256");
  input = good_image();
  input.data = NULL;
  check_image_refused(&input, "tensor \"image\" has no data");
  input = good_image();
  input.dims = NULL;
  check_image_refused(&input, "no dims");
  const int64_t negative[] = {-1, 8, 8, 1};
  input.dims = negative;
  check_image_refused(&input, "negative dimension -1");
  const int64_t huge[] = {INT64_MAX, 8, 8, 1};
  input.dims = huge;
  check_image_refused(&input, "2^63-1");
  check_refused(conv, NULL, NULL, 1, STELE_INVALID_ARGUMENT, "NULL");
}

static void bools_and_strings(void) {
  const int64_t dims[] = {3};
  const unsigned char bools[] = {0, 1, 2};
  stele_tensor x = test_tensor("x", STELE_BOOL, 1, dims, bools);
  check_refused(dtypes, "same_BOOL", &x, 1, STELE_INVALID_ARGUMENT,
                "tensor \"x\" has a BOOL byte above 1");
  const stele_bytes strings[] = {{"a", 1}, {NULL, 0}, {NULL, 2}};
  x = test_tensor("x", STELE_BYTES, 1, dims, strings);
  check_refused(dtypes, "same_BYTES", &x, 1, STELE_INVALID_ARGUMENT,
                "element 2");
}

static void refused_signatures(void) {
  const int64_t dims[] = {1, 2};
  const float data[] = {1, 2};
  stele_tensor x = test_tensor("x", STELE_FP32, 2, dims, data);
  check_refused(odd, "sparse", &x, 1, STELE_UNIMPLEMENTED, "input \"x\"");
  check_refused(odd, "resource", &x, 1, STELE_UNIMPLEMENTED,
                "input \"handle\" of signature \"resource\" has dtype TF_20");
  check_refused(odd, "missing", &x, 1, STELE_INVALID_ARGUMENT,
                "\"no_such_operation:0\"");
  /* The op is there; so many outputs it has not. */
  check_refused(odd, "beyond", &x, 1, STELE_INVALID_ARGUMENT, "\"split:2\"");
}

static void tensorflows_own_errors(void) {
  const int64_t dims[] = {3};
  const float data[] = {1, 2, 3};
  stele_tensor x = test_tensor("x", STELE_FP32, 1, dims, data);
  check_refused(dtypes, "reshape", &x, 1, STELE_INVALID_ARGUMENT, "reshape");
}

static void model_still_runs(void) {
  stele_tensor input = good_image();
  stele_error error;
  stele_outputs *outputs = stele_run(conv, NULL, &input, 1, &error);
  CHECK(outputs != NULL);
  stele_outputs_free(outputs);
}

void suite_bad_input(void) {
  conv = test_load("conv", NULL);
  dtypes = test_load("dtypes", NULL);
  odd = test_load("odd", NULL);
  TEST(no_model);
  TEST(unknown_signature);
  TEST(names);
  TEST(twice_comes_before_unknown);
  TEST(unknown_twice_comes_before_unknown);
  TEST(many_unknown_inputs);
  TEST(signature_comes_before_inputs);
  TEST(wrong_dtype);
  TEST(wrong_shape);
  TEST(impossible_tensors);
  TEST(bools_and_strings);
  TEST(refused_signatures);
  TEST(tensorflows_own_errors);
  TEST(model_still_runs);
  stele_free(conv);
  stele_free(dtypes);
  stele_free(odd);
}
