/* Shapes, sizes and dtypes without a name: what needs no model. */
#include "test.h"

#include <string.h>

static void dtypes_without_a_name(void) {
  static const int numbers[] = {-1, 0, 11, 20, 24, 101, 1000};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    CHECK(stele_dtype_name((stele_dtype)numbers[i]) == NULL);
    CHECK(stele_dtype_size((stele_dtype)numbers[i]) == 0);
  }
  CHECK(stele_dtype_from_name("FP8") == STELE_UNNAMED);
  CHECK(stele_dtype_from_name("fp32") == STELE_UNNAMED);
  CHECK(stele_dtype_from_name("") == STELE_UNNAMED);
  CHECK(stele_dtype_from_name(NULL) == STELE_UNNAMED);
}

static void shapes_as_text(void) {
  char text[32];
  const int64_t dims[] = {-1, 8, 0};
  CHECK_TEXT(stele_shape_text(3, dims, text, sizeof text), "[?,8,0]");
  CHECK_TEXT(stele_shape_text(0, NULL, text, sizeof text), "[]");
  CHECK_TEXT(stele_shape_text(-1, NULL, text, sizeof text), "?");
  CHECK_TEXT(stele_shape_text(3, dims, text, 5), "[?,8");
  CHECK_TEXT(stele_shape_text(3, dims, text, 1), "");
}

static void sizes(void) {
  size_t size = 7;
  const int64_t dims[] = {2, 3};
  stele_tensor tensor = {.dtype = STELE_FP64, .rank = 2, .dims = dims};
  CHECK(stele_tensor_size(&tensor, &size, NULL) == STELE_OK && size == 48);
  tensor.rank = 0;
  CHECK(stele_tensor_size(&tensor, &size, NULL) == STELE_OK && size == 8);
  const int64_t empty[] = {3, 0, INT64_MAX / 64};
  tensor = (stele_tensor){.dtype = STELE_FP64, .rank = 3, .dims = empty};
  CHECK(stele_tensor_size(&tensor, &size, NULL) == STELE_OK && size == 0);
}

static void check_size_error(stele_dtype dtype, int rank, const int64_t *dims,
                             const char *part) {
  size_t size;
  stele_error error;
  stele_tensor tensor = {
      .name = "t", .dtype = dtype, .rank = rank, .dims = dims};
  CHECK(stele_tensor_size(&tensor, &size, &error) == STELE_INVALID_ARGUMENT);
  CHECK_ERROR(&error, STELE_INVALID_ARGUMENT, "tensor \"t\"");
  CHECK_ERROR(&error, STELE_INVALID_ARGUMENT, part);
}

static void sizes_that_cannot_be(void) {
  const int64_t negative[] = {2, -1};
  const int64_t square[] = {INT64_C(1) << 32, INT64_C(1) << 31};
  const int64_t bytes[] = {INT64_MAX / 4};
  const int64_t hidden[] = {INT64_MAX, 2, 0};
  check_size_error(STELE_FP32, 2, negative, "negative dimension -1");
  check_size_error(STELE_INT8, 2, square, "2^63-1");
  check_size_error(STELE_FP64, 1, bytes, "2^63-1");
  check_size_error(STELE_INT8, 3, hidden, "2^63-1");
  check_size_error(STELE_INT8, -1, negative, "rank -1");
  check_size_error(STELE_INT8, 255, negative, "rank 255");
  check_size_error(STELE_INT8, 1, NULL, "no dims");
  check_size_error(STELE_UNNAMED, 0, NULL, "dtype 0");
}

static void version(void) {
  CHECK(strncmp(stele_tensorflow_version(NULL), "2.", 2) == 0);
}

void suite_sizes(void) {
  TEST(dtypes_without_a_name);
  TEST(shapes_as_text);
  TEST(sizes);
  TEST(sizes_that_cannot_be);
  TEST(version);
}
