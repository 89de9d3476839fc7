/* values.tsv: elements of a dtype's C type go in as an array and come out as
 * one, as in the README's program, and have the contract's bytes. */
#include "stele_hosts.h"
#include "table.h"
#include "test.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENTS = 6, RANK = 2 };

/* A row that has been read. */
typedef struct values {
  stele_dtype dtype;
  int64_t dims[RANK];
  char *literals[ELEMENTS];
  const char *bytes;
  size_t size;
} values;

/* ---- Literals --------------------------------------------------------------
 */

static const char *after(const char *prefix, const char *literal) {
  size_t length = strlen(prefix);
  return strncmp(literal, prefix, length) == 0 ? literal + length : NULL;
}

static void parse_bool(const char *literal, bool *value) {
  *value = strcmp(literal, "true") == 0;
  CHECK(*value || strcmp(literal, "false") == 0);
}

#define INTEGER(name, type, wide, parse)                                       \
  static void name(const char *literal, type *value) {                         \
    char *end;                                                                 \
    errno = 0;                                                                 \
    wide number = parse(literal, &end, 10);                                    \
    *value = (type)number;                                                     \
    CHECK(*end == '\0' && errno == 0 && *value == number);                     \
  }

INTEGER(parse_int8, int8_t, intmax_t, strtoimax)
INTEGER(parse_int16, int16_t, intmax_t, strtoimax)
INTEGER(parse_int32, int32_t, intmax_t, strtoimax)
INTEGER(parse_int64, int64_t, intmax_t, strtoimax)
INTEGER(parse_uint8, uint8_t, uintmax_t, strtoumax)
INTEGER(parse_uint16, uint16_t, uintmax_t, strtoumax)
INTEGER(parse_uint32, uint32_t, uintmax_t, strtoumax)
INTEGER(parse_uint64, uint64_t, uintmax_t, strtoumax)

/* A decimal, inf, -inf, or a NaN by its bits: C's own parser would make of that
 * one with other bits. */
#define FLOAT(name, type, bits_type, parse)                                    \
  static void name(const char *literal, type *value) {                         \
    const char *nan = after("nan:", literal);                                  \
    char *end;                                                                 \
    if (nan != NULL) {                                                         \
      bits_type bits = (bits_type)strtoumax(nan, &end, 16);                    \
      memcpy(value, &bits, sizeof bits);                                       \
    } else {                                                                   \
      *value = parse(literal, &end);                                           \
    }                                                                          \
    CHECK(*end == '\0');                                                       \
  }

FLOAT(parse_float, float, uint32_t, strtof)
FLOAT(parse_double, double, uint64_t, strtod)

/* C has no type for these two: a program has their bits. */
static void parse_16_bits(const char *literal, stele_dtype dtype,
                          uint16_t *value) {
  const char *nan = after("nan:", literal);
  double number;
  uint64_t wide;
  uint32_t bits;
  if (nan != NULL) {
    bits = (uint32_t)strtoumax(nan, NULL, 16);
    wide = stele_widen(dtype, bits);
    memcpy(&number, &wide, sizeof number);
    CHECK(isnan(number));
  } else {
    parse_double(literal, &number);
    memcpy(&wide, &number, sizeof wide);
    if (!stele_narrow(dtype, wide, &bits) || stele_widen(dtype, bits) != wide)
      CHECK_TEXT("a value of no 16 bits", literal);
  }
  *value = (uint16_t)bits;
}

static void parse_half(const char *literal, uint16_t *value) {
  parse_16_bits(literal, STELE_FP16, value);
}

static void parse_bfloat(const char *literal, uint16_t *value) {
  parse_16_bits(literal, STELE_BF16, value);
}

/* A complex number lies in memory as its real and its imaginary part. */
#define COMPLEX(name, type, parse)                                             \
  static void name(const char *literal, type _Complex *value) {                \
    char text[128];                                                            \
    char *parts[2];                                                            \
    type numbers[2] = {0, 0};                                                  \
    snprintf(text, sizeof text, "%s", literal);                                \
    if (CHECK(table_split(text, ';', parts, 2) == 2)) {                        \
      parse(parts[0], &numbers[0]);                                            \
      parse(parts[1], &numbers[1]);                                            \
    }                                                                          \
    memcpy(value, numbers, sizeof numbers);                                    \
  }

COMPLEX(parse_complex_float, float, parse_float)
COMPLEX(parse_complex_double, double, parse_double)

/* ---- In and out
 * -------------------------------------------------------------- */

static stele_model *model;

/* The model dtypes has a signature for each dtype, which returns its input. */
static stele_outputs *run_same(const values *row, const void *data,
                               size_t size) {
  char signature[32];
  snprintf(signature, sizeof signature, "same_%s",
           stele_dtype_name(row->dtype));
  stele_tensor input = {"x", row->dtype, RANK, row->dims, data, size};
  stele_error error;
  stele_outputs *outputs = stele_run(model, signature, &input, 1, &error);
  CHECK_TEXT(outputs != NULL ? "" : error.message, "");
  return outputs;
}

#define TYPED(name, type, parse)                                               \
  static void name(const values *row) {                                        \
    type given[ELEMENTS];                                                      \
    for (size_t i = 0; i < ELEMENTS; i++)                                      \
      parse(row->literals[i], &given[i]);                                      \
    CHECK(sizeof given == row->size &&                                         \
          memcmp(given, row->bytes, sizeof given) == 0);                       \
    stele_outputs *outputs = run_same(row, given, sizeof given);               \
    if (outputs == NULL)                                                       \
      return;                                                                  \
    const type *same = stele_outputs_find(outputs, "same")->data;              \
    for (size_t i = 0; i < ELEMENTS; i++) {                                    \
      type value = same[i];                                                    \
      CHECK(memcmp(&value, &given[i], sizeof value) == 0);                     \
    }                                                                          \
    stele_outputs_free(outputs);                                               \
  }

TYPED(check_bool, bool, parse_bool)
TYPED(check_int8, int8_t, parse_int8)
TYPED(check_int16, int16_t, parse_int16)
TYPED(check_int32, int32_t, parse_int32)
TYPED(check_int64, int64_t, parse_int64)
TYPED(check_uint8, uint8_t, parse_uint8)
TYPED(check_uint16, uint16_t, parse_uint16)
TYPED(check_uint32, uint32_t, parse_uint32)
TYPED(check_uint64, uint64_t, parse_uint64)
TYPED(check_half, uint16_t, parse_half)
TYPED(check_bfloat, uint16_t, parse_bfloat)
TYPED(check_float, float, parse_float)
TYPED(check_double, double, parse_double)
TYPED(check_complex_float, float _Complex, parse_complex_float)
TYPED(check_complex_double, double _Complex, parse_complex_double)

static void check_strings(const values *row) {
  stele_bytes given[ELEMENTS];
  stele_tensor tensor = {.data = given, .size = sizeof given};
  for (size_t i = 0; i < ELEMENTS; i++) {
    char *digits = strchr(row->literals[i], ':');
    if (!CHECK(after("hex:", row->literals[i]) != NULL && digits != NULL))
      return;
    given[i] = (stele_bytes){digits + 1, table_unhex(digits + 1)};
  }
  table_check_strings(&tensor, row->bytes, row->size);
  stele_outputs *outputs = run_same(row, given, sizeof given);
  if (outputs == NULL)
    return;
  table_check_strings(stele_outputs_find(outputs, "same"), row->bytes,
                      row->size);
  stele_outputs_free(outputs);
}

static void (*const checks[])(const values *row) = {
    [STELE_BOOL] = check_bool,           [STELE_INT8] = check_int8,
    [STELE_INT16] = check_int16,         [STELE_INT32] = check_int32,
    [STELE_INT64] = check_int64,         [STELE_UINT8] = check_uint8,
    [STELE_UINT16] = check_uint16,       [STELE_UINT32] = check_uint32,
    [STELE_UINT64] = check_uint64,       [STELE_FP16] = check_half,
    [STELE_BF16] = check_bfloat,         [STELE_FP32] = check_float,
    [STELE_FP64] = check_double,         [STELE_C64] = check_complex_float,
    [STELE_C128] = check_complex_double, [STELE_BYTES] = check_strings,
};

static bool has_row[sizeof checks / sizeof *checks];

/* ---- The table
 * --------------------------------------------------------------- */

static void check_row(char *const *fields) {
  values row = {.dtype = stele_dtype_from_name(fields[0]), .bytes = fields[3]};
  char *sizes[RANK];
  if (!CHECK(row.dtype != STELE_UNNAMED) ||
      !CHECK(table_split(fields[1], ',', sizes, RANK) == RANK) ||
      !CHECK(table_split(fields[2], ',', row.literals, ELEMENTS) == ELEMENTS))
    return;
  for (size_t i = 0; i < RANK; i++)
    row.dims[i] = table_number(sizes[i]);
  row.size = table_unhex(fields[3]);
  bool passed = test_is_passing();
  checks[row.dtype](&row);
  has_row[row.dtype] = true;
  if (passed && !test_is_passing())
    printf("values.tsv: the first wrong row is %s\n", fields[0]);
}

static void every_dtype_has_the_contracts_values(void) {
  model = test_load("dtypes", NULL);
  table_read("values.tsv", "dtype\tshape\tliterals\tbytes", check_row);
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
    CHECK(has_row[i] == (stele_dtype_name((stele_dtype)i) != NULL));
  stele_free(model);
}

void suite_values(void) {
  TEST(every_dtype_has_the_contracts_values);
}
