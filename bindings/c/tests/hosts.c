/* stele_hosts.h: the order of elements, and floats as doubles. */
#include "stele_hosts.h"
#include "test.h"

#include <float.h>
#include <math.h>

static void columns_and_rows(void) {
  static const int64_t matrix[] = {2, 3}, cube[] = {2, 3, 2}, none[] = {2, 0};
  static const int32_t rows[] = {1, 2, 3, 4, 5, 6};
  static const int32_t columns[] = {1, 4, 2, 5, 3, 6};
  static const char cube_rows[] = "abcdefghijkl",
                    cube_columns[] = "agciekbhdjfl";
  int32_t got[6];
  char letters[13] = {0};
  stele_to_columns(got, rows, 2, matrix, sizeof *rows);
  CHECK(memcmp(got, columns, sizeof got) == 0);
  stele_to_rows(got, columns, 2, matrix, sizeof *rows);
  CHECK(memcmp(got, rows, sizeof got) == 0);
  stele_to_columns(letters, cube_rows, 3, cube, 1);
  CHECK_TEXT(letters, cube_columns);
  stele_to_rows(letters, cube_columns, 3, cube, 1);
  CHECK_TEXT(letters, cube_rows);
  stele_to_columns(got, columns, 0, NULL, sizeof *got);
  CHECK(got[0] == 1);
  stele_to_rows(NULL, NULL, 2, none, sizeof *got);
}

static void elements_of_any_size(void) {
  static const int64_t matrix[] = {2, 2};
  static const char rows[] = "aaabbbcccddd";
  char got[13] = {0};
  stele_to_columns(got, rows, 2, matrix, 3);
  CHECK_TEXT(got, "aaacccbbbddd");
}

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static void check_kept(stele_dtype dtype, uint32_t bits) {
  uint32_t back = ~bits;
  CHECK(stele_narrow(dtype, stele_widen(dtype, bits), &back) && back == bits);
}

/* Every FP16 and BF16; of FP32 those with the edges of a fraction. */
static void every_float_is_kept(void) {
  static const uint32_t fractions[] = {0,        1,        2,       0x3fffff,
                                       0x400000, 0x400001, 0x7fffff};
  for (uint32_t bits = 0; bits <= UINT16_MAX; bits++) {
    check_kept(STELE_FP16, bits);
    check_kept(STELE_BF16, bits);
  }
  for (uint32_t exponent = 0; exponent < 0x200; exponent++)
    for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++)
      check_kept(STELE_FP32, exponent << 23 | fractions[i]);
}

/* Against the compiler's own conversion, which is right for what is no NaN. */
static void widened_is_the_value(void) {
  static const float values[] = {0.0F,    -0.0F,   0.1F,      -3.5F,
                                 FLT_MIN, FLT_MAX, -INFINITY, FLT_MIN / 3};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    CHECK(stele_widen(STELE_FP32, bits) == bits_of((double)values[i]));
  }
  CHECK(stele_widen(STELE_FP16, 0x3555) == bits_of(0.333251953125));
  CHECK(stele_widen(STELE_FP16, 0x0001) == bits_of(0x1p-24));
  CHECK(stele_widen(STELE_BF16, 0x3dcd) == bits_of(0.10009765625));
  CHECK(stele_widen(STELE_FP32, 0x7f800001) == 0x7ff0000020000000);
}

static void check_narrowed(stele_dtype dtype, double value, uint32_t bits) {
  uint32_t got = ~bits;
  CHECK(stele_narrow(dtype, bits_of(value), &got) && got == bits);
}

static void narrowed_is_the_nearest(void) {
  check_narrowed(STELE_FP16, 65519, 0x7bff);
  check_narrowed(STELE_FP16, 1 + 0x1p-11, 0x3c00);
  check_narrowed(STELE_FP16, 1 + 0x3p-11, 0x3c02);
  check_narrowed(STELE_FP16, 0x1p-25, 0);
  check_narrowed(STELE_FP16, -0x1.8p-25, 0x8001);
  check_narrowed(STELE_FP16, 0x1.ffep-15, 0x0400);
  check_narrowed(STELE_BF16, 1e38, 0x7e96);
  check_narrowed(STELE_FP32, DBL_MIN / 2, 0);
  for (double value = 1e-50; value < 1e38; value *= 1.37) {
    const float nearest = (float)value;
    uint32_t bits;
    memcpy(&bits, &nearest, sizeof bits);
    check_narrowed(STELE_FP32, value, bits);
  }
}

static void what_is_too_great_is_refused(void) {
  uint32_t bits;
  CHECK(!stele_narrow(STELE_FP16, bits_of(65520), &bits));
  CHECK(!stele_narrow(STELE_BF16, bits_of(3.4e38), &bits));
  CHECK(!stele_narrow(STELE_FP32, bits_of(-1e39), &bits));
  CHECK(stele_narrow(STELE_FP32, bits_of(INFINITY), &bits));
  CHECK(bits == 0x7f800000);
  /* A NaN whose lower bits alone are set, such as R's NA. */
  CHECK(stele_narrow(STELE_FP32, 0x7ff00000000007a2, &bits));
  CHECK(bits == 0x7fc00000);
}

void suite_hosts(void) {
  TEST(columns_and_rows);
  TEST(elements_of_any_size);
  TEST(every_float_is_kept);
  TEST(widened_is_the_value);
  TEST(narrowed_is_the_nearest);
  TEST(what_is_too_great_is_refused);
}
