/* Running: dtypes, ranks, strings, odd signatures, lifetimes. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs a signature that must succeed. */
static stele_outputs *run(stele_model *model, const char *signature,
                          const stele_tensor *inputs, size_t n_inputs) {
  stele_error error;
  stele_outputs *outputs =
      stele_run(model, signature, inputs, n_inputs, &error);
  if (outputs == NULL)
    printf("signature \"%s\": %s\n", signature, error.message);
  CHECK(outputs != NULL && error.code == STELE_OK);
  return outputs;
}

/* More than there are. */
enum { DTYPES = 32 };

static bool is_numeric(stele_dtype dtype) {
  return stele_dtype_name(dtype) != NULL && dtype != STELE_BYTES;
}

/* The identity of one dtype on a tensor of any bits: NaN payloads, -0.0 and
 * subnormals leave as they came. */
static void check_same(stele_model *model, stele_dtype dtype, int rank,
                       const int64_t *dims, const void *data) {
  char signature[32];
  snprintf(signature, sizeof signature, "same_%s", stele_dtype_name(dtype));
  stele_tensor input = test_tensor("x", dtype, rank, dims, data);
  stele_outputs *outputs = run(model, signature, &input, 1);
  if (outputs == NULL)
    return;
  const stele_tensor *same = stele_outputs_find(outputs, "same");
  const stele_tensor *shape = stele_outputs_find(outputs, "shape");
  CHECK(outputs->n_tensors == 2 && same == &outputs->tensors[0]);
  CHECK(stele_outputs_find(outputs, "other") == NULL);
  CHECK(same->dtype == input.dtype && same->rank == rank);
  CHECK(same->size == input.size);
  CHECK(input.size == 0 || memcmp(same->data, data, input.size) == 0);
  CHECK(shape->dtype == STELE_INT64 &&
        shape->size == (size_t)rank * sizeof *dims);
  for (int i = 0; i < rank; i++)
    CHECK(same->dims[i] == dims[i] &&
          ((const int64_t *)shape->data)[i] == dims[i]);
  stele_outputs_free(outputs);
}

static void every_dtype_and_rank(void) {
  const int64_t dims[] = {2, 3, 1, 2, 1, 3};
  unsigned char bits[2 * 3 * 2 * 3 * 16];
  unsigned char bools[sizeof bits];
  for (size_t i = 0; i < sizeof bits; i++) {
    bits[i] = (unsigned char)(i * 73 + 5);
    bools[i] = bits[i] & 1;
  }
  stele_model *model = test_load("dtypes", NULL);
  for (stele_dtype dtype = 0; dtype < DTYPES; dtype++)
    for (int rank = 0; is_numeric(dtype) && rank <= 6; rank++)
      check_same(model, dtype, rank, dims, dtype == STELE_BOOL ? bools : bits);
  stele_free(model);
}

static void special_floats(void) {
  const uint32_t bits[] = {0x7fc12345, 0xffc00001, 0x7f800001, 0x7f800000,
                           0xff800000, 0x80000000, 0x00000001, 0x807fffff};
  const int64_t dims[] = {8};
  stele_model *model = test_load("dtypes", NULL);
  check_same(model, STELE_FP32, 1, dims, bits);
  stele_free(model);
}

static void empty_tensors(void) {
  const int64_t dims[] = {2, 0, 3};
  stele_model *model = test_load("dtypes", NULL);
  for (stele_dtype dtype = 0; dtype < DTYPES; dtype++)
    if (is_numeric(dtype))
      check_same(model, dtype, 3, dims, NULL);
  stele_tensor input = test_tensor("x", STELE_BYTES, 3, dims, NULL);
  stele_outputs *outputs = run(model, "same_BYTES", &input, 1);
  CHECK(outputs->tensors[0].size == 0 && outputs->tensors[0].rank == 3);
  stele_outputs_free(outputs);
  stele_free(model);
}

static void highest_rank(void) {
  int64_t dims[254];
  for (size_t i = 0; i < 254; i++)
    dims[i] = 1;
  float value = 1.5F;
  stele_model *model = test_load("dtypes", NULL);
  check_same(model, STELE_FP32, 254, dims, &value);
  stele_free(model);
}

static void unaligned_input(void) {
  _Alignas(64) unsigned char memory[4 * sizeof(float) + 1] = {0};
  const int64_t dims[] = {4};
  stele_model *model = test_load("dtypes", NULL);
  check_same(model, STELE_UINT8, 1, dims, memory + 1);
  stele_free(model);
}

/* Longer than the 22 bytes that TensorFlow keeps in place, NUL, no UTF-8. */
static const stele_bytes strings[] = {
    {"", 0},
    {NULL, 0},
    {"a\0b", 3},
    {"\xff\xfe", 2},
    {"twenty-two bytes, here", 22},
    {"a string that TensorFlow has to put elsewhere, with \0 inside", 60}};

enum { STRINGS = sizeof strings / sizeof *strings };

static void strings_outlive_input_and_model(void) {
  stele_model *model = test_load("dtypes", NULL);
  const int64_t dims[] = {STRINGS};
  char *memory[STRINGS];
  stele_bytes copies[STRINGS];
  for (size_t i = 0; i < STRINGS; i++) {
    memory[i] = malloc(strings[i].size + 1);
    if (strings[i].size > 0)
      memcpy(memory[i], strings[i].data, strings[i].size);
    copies[i] = (stele_bytes){memory[i], strings[i].size};
  }
  stele_tensor input = test_tensor("x", STELE_BYTES, 1, dims, copies);
  stele_outputs *outputs = run(model, "same_BYTES", &input, 1);
  for (size_t i = 0; i < STRINGS; i++)
    free(memory[i]);
  stele_free(model);

  const stele_bytes *same = outputs->tensors[0].data;
  CHECK(outputs->tensors[0].size == sizeof strings);
  CHECK_TEXT(outputs->tensors[0].name, "same");
  for (size_t i = 0; i < STRINGS; i++)
    CHECK(same[i].size == strings[i].size &&
          (same[i].size == 0 ||
           memcmp(same[i].data, strings[i].data, same[i].size) == 0));
  stele_outputs_free(outputs);
}

static void string_operations(void) {
  stele_model *model = test_load("dtypes", NULL);
  const int64_t dims[] = {STRINGS};
  stele_tensor inputs[] = {test_tensor("right", STELE_BYTES, 1, dims, strings),
                           test_tensor("left", STELE_BYTES, 1, dims, strings)};
  stele_outputs *outputs = run(model, "join", inputs, 2);
  const stele_bytes *joined = stele_outputs_find(outputs, "joined")->data;
  const int32_t *length = stele_outputs_find(outputs, "length")->data;
  for (size_t i = 0; i < STRINGS; i++)
    CHECK(joined[i].size == 2 * strings[i].size &&
          length[i] == (int32_t)strings[i].size);
  CHECK(memcmp(joined[2].data, "a\0ba\0b", 6) == 0);
  stele_outputs_free(outputs);
  stele_free(model);
}

static void no_inputs(void) {
  stele_model *model = test_load("dtypes", NULL);
  stele_outputs *outputs = run(model, "none", NULL, 0);
  const int32_t *answer = outputs->tensors[0].data;
  CHECK(answer[0] == 42 && answer[1] == 43);
  stele_outputs_free(outputs);
  stele_free(model);
}

static const int64_t pair[] = {1, 2};
static const float ones[] = {1, 1};

static void several_outputs_of_one_op(void) {
  stele_model *model = test_load("odd", NULL);
  stele_tensor x = test_tensor("x", STELE_FP32, 2, pair, ones);
  stele_outputs *outputs = run(model, "two_parts", &x, 1);
  const float *a = stele_outputs_find(outputs, "a")->data;
  const float *b = stele_outputs_find(outputs, "b")->data;
  const float *fed = stele_outputs_find(outputs, "fed")->data;
  CHECK(a[0] == 3.5F && b[0] == 4.5F); /* 1*1 + 1*2 + (.5, 1.5) */
  CHECK(fed[0] == 1 && fed[1] == 1 && fed != ones);
  stele_outputs_free(outputs);
  stele_free(model);
}

static void outputs_that_are_inputs(void) {
  stele_model *model = test_load("odd", NULL);
  stele_tensor x = test_tensor("x", STELE_FP32, 2, pair, ones);
  stele_outputs *outputs = run(model, "only_fed", &x, 1);
  CHECK(outputs->n_tensors == 2);
  CHECK(memcmp(outputs->tensors[0].data, ones, sizeof ones) == 0);
  CHECK(memcmp(outputs->tensors[1].data, ones, sizeof ones) == 0);
  stele_outputs_free(outputs);
  stele_free(model);
}

static void no_outputs(void) {
  stele_model *model = test_load("odd", NULL);
  stele_tensor x = test_tensor("x", STELE_FP32, 2, pair, ones);
  stele_outputs *outputs = run(model, "no_outputs", &x, 1);
  CHECK(outputs->n_tensors == 0);
  stele_outputs_free(outputs);
  stele_free(model);
}

static void odd_names(void) {
  stele_model *model = test_load("odd", NULL);
  stele_tensor x = test_tensor("in\tput", STELE_FP32, 2, pair, ones);
  stele_outputs *outputs = run(model, "tab\there", &x, 1);
  CHECK(stele_outputs_find(outputs, "out\nput") != NULL);
  stele_outputs_free(outputs);
  stele_free(model);
}

static void other_graph_and_no_variables(void) {
  stele_options options = {.struct_size = sizeof options, .tags = "gpu,serve"};
  stele_model *model = test_load("odd", &options);
  stele_tensor x = test_tensor("x", STELE_FP32, 2, pair, ones);
  stele_outputs_free(run(model, "two_parts", &x, 1));
  stele_free(model);

  options.tags = "";
  model = test_load("plain", &options);
  const int64_t dims[] = {3};
  const int32_t numbers[] = {1, 2, 3};
  x = test_tensor("x", STELE_INT32, 1, dims, numbers);
  stele_outputs *outputs = run(model, "double", &x, 1);
  CHECK(((const int32_t *)outputs->tensors[0].data)[2] == 6);
  stele_outputs_free(outputs);
  stele_free(model);
}

static void profiles_give_the_same_bits(void) {
  static const char *const profiles[] = {"default", "inline", "single"};
  float image[2 * 64];
  for (int i = 0; i < 2 * 64; i++)
    image[i] = (float)(i * 7 % 17);
  const int64_t dims[] = {2, 8, 8, 1};
  stele_tensor input = test_tensor("image", STELE_FP32, 4, dims, image);
  float expected[2 * 10];
  for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
    stele_options options = {.struct_size = sizeof options,
                             .profile = profiles[i]};
    stele_model *model = test_load("conv", &options);
    stele_outputs *outputs = run(model, NULL, &input, 1);
    CHECK(outputs->tensors[0].size == sizeof expected);
    if (i == 0)
      memcpy(expected, outputs->tensors[0].data, sizeof expected);
    CHECK(memcmp(outputs->tensors[0].data, expected, sizeof expected) == 0);
    stele_outputs_free(outputs);
    stele_free(model);
  }
}

static void empty_batch(void) {
  stele_model *model = test_load("conv", NULL);
  const int64_t dims[] = {0, 8, 8, 1};
  stele_tensor input = test_tensor("image", STELE_FP32, 4, dims, NULL);
  stele_outputs *outputs = run(model, NULL, &input, 1);
  CHECK(outputs->tensors[0].dims[0] == 0 && outputs->tensors[0].size == 0);
  stele_outputs_free(outputs);
  stele_free(model);
}

static void references_are_values(void) {
  stele_model *model = test_load("odd", NULL);
  stele_outputs *outputs = run(model, "reference", NULL, 0);
  const float *weight = outputs->tensors[0].data;
  CHECK(outputs->tensors[0].dtype == STELE_FP32);
  CHECK(weight[0] == 1 && weight[1] == 2);
  stele_outputs_free(outputs);
  stele_free(model);
}

static void check_scaled(stele_model *model, const char *signature,
                         const stele_tensor *inputs, size_t n_inputs,
                         float expected) {
  stele_outputs *outputs = run(model, signature, inputs, n_inputs);
  if (outputs != NULL)
    CHECK(*(const float *)outputs->tensors[0].data == expected);
  stele_outputs_free(outputs);
}

static void defaults_fill_what_is_missing(void) {
  stele_model *model = test_load("defaults", NULL);
  const float three = 3;
  stele_tensor inputs[] = {test_tensor("x", STELE_FP32, 2, pair, ones),
                           test_tensor("scale", STELE_FP32, 0, NULL, &three)};
  check_scaled(model, "scaled", inputs, 1, 2);
  check_scaled(model, "scaled", inputs, 2, 3);
  check_scaled(model, "content", inputs, 1, 5);
  stele_error error;
  CHECK(stele_run(model, "unreadable", inputs, 1, &error) == NULL);
  CHECK_ERROR(&error, STELE_INVALID_ARGUMENT,
              "input \"scale\" of signature \"unreadable\" is missing");
  stele_free(model);
}

static void users_are_counted(void) {
  stele_model *model = test_load("odd", NULL);
  CHECK(stele_retain(model) == model);
  stele_free(model);
  CHECK(stele_signature_find(model, "two_parts") != NULL);
  stele_free(model);
}

static void null_is_a_legal_nothing(void) {
  uint64_t size;
  stele_error error;
  CHECK(stele_retain(NULL) == NULL);
  stele_free(NULL);
  stele_outputs_free(NULL);
  CHECK(stele_signature_count(NULL) == 0);
  CHECK(stele_signature_at(NULL, 0) == NULL);
  CHECK(stele_signature_find(NULL, "a") == NULL);
  CHECK(stele_outputs_find(NULL, "a") == NULL);
  CHECK(stele_tensor_size(NULL, &size, &error) == STELE_INVALID_ARGUMENT);
  CHECK_ERROR(&error, STELE_INVALID_ARGUMENT, "no tensor");
  CHECK(stele_run(NULL, NULL, NULL, 0, &error) == NULL);
  CHECK_ERROR(&error, STELE_FAILED_PRECONDITION, "no model is loaded");
  stele_model *model = test_load("odd", NULL);
  CHECK(stele_signature_find(model, NULL) == NULL);
  stele_free(model);
}

void suite_run(void) {
  TEST(every_dtype_and_rank);
  TEST(special_floats);
  TEST(empty_tensors);
  TEST(highest_rank);
  TEST(unaligned_input);
  TEST(strings_outlive_input_and_model);
  TEST(string_operations);
  TEST(no_inputs);
  TEST(several_outputs_of_one_op);
  TEST(outputs_that_are_inputs);
  TEST(no_outputs);
  TEST(odd_names);
  TEST(other_graph_and_no_variables);
  TEST(profiles_give_the_same_bits);
  TEST(references_are_values);
  TEST(defaults_fill_what_is_missing);
  TEST(users_are_counted);
  TEST(null_is_a_legal_nothing);
  TEST(empty_batch);
}
