/* The library's own tables, held against those of bindings/contract. */
#include "config.h"
#include "default_value.h"
#include "table.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What a constant of stele.h is called: it must be the contract's number. */
typedef struct constant {
  const char *name;
  int32_t number;
} constant;

#define CONSTANT(name)                                                         \
  { #name, STELE_##name }

static const constant codes[] = {
    CONSTANT(OK),
    CONSTANT(CANCELLED),
    CONSTANT(UNKNOWN),
    CONSTANT(INVALID_ARGUMENT),
    CONSTANT(DEADLINE_EXCEEDED),
    CONSTANT(NOT_FOUND),
    CONSTANT(ALREADY_EXISTS),
    CONSTANT(PERMISSION_DENIED),
    CONSTANT(RESOURCE_EXHAUSTED),
    CONSTANT(FAILED_PRECONDITION),
    CONSTANT(ABORTED),
    CONSTANT(OUT_OF_RANGE),
    CONSTANT(UNIMPLEMENTED),
    CONSTANT(INTERNAL),
    CONSTANT(UNAVAILABLE),
    CONSTANT(DATA_LOSS),
    CONSTANT(UNAUTHENTICATED),
};

static const constant dtypes[] = {
    CONSTANT(BOOL),   CONSTANT(INT8),  CONSTANT(INT16),  CONSTANT(INT32),
    CONSTANT(INT64),  CONSTANT(UINT8), CONSTANT(UINT16), CONSTANT(UINT32),
    CONSTANT(UINT64), CONSTANT(FP16),  CONSTANT(BF16),   CONSTANT(FP32),
    CONSTANT(FP64),   CONSTANT(C64),   CONSTANT(C128),   CONSTANT(BYTES),
};

enum {
  CODES = sizeof codes / sizeof *codes,
  DTYPES = sizeof dtypes / sizeof *dtypes
};

/* The number of a constant; a name that there is not fails. */
static int32_t number_of(const constant *constants, size_t count,
                         const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(constants[i].name, name) == 0)
      return constants[i].number;
  CHECK_TEXT("no such constant", name);
  return -1;
}

/* ---- codes.tsv, errors.tsv ----------------------------------------------- */

static void check_code(char *const *row) {
  stele_code code = number_of(codes, CODES, row[1]);
  CHECK(code == table_number(row[0]));
  CHECK_TEXT(stele_code_name(code), row[1]);
}

static void codes_are_the_contracts(void) {
  CHECK(table_read("codes.tsv", "number\tname", check_code) == CODES);
  CHECK_TEXT(stele_code_name(CODES), "UNKNOWN");
  CHECK_TEXT(stele_code_name(-1), "UNKNOWN");
}

/* More than Linux has. */
enum { ERRNOS = 200 };

static bool has_row[ERRNOS];

static int errno_of(const char *name) {
  if (strcmp(name, "ENOTSUP") == 0) /* the C library knows its other name */
    return ENOTSUP;
  for (int number = 1; number < ERRNOS; number++) {
    const char *known = strerrorname_np(number);
    if (known != NULL && strcmp(known, name) == 0)
      return number;
  }
  CHECK_TEXT("no such errno", name);
  return 0;
}

static void check_errno(char *const *row) {
  int number = errno_of(row[0]);
  has_row[number] = true;
  CHECK_TEXT(stele_code_name(stele_code_from_errno(number)), row[1]);
}

static void codes_of_errno_are_the_contracts(void) {
  table_read("errors.tsv", "errno\tcode", check_errno);
  CHECK(stele_code_from_errno(0) == STELE_OK);
  for (int number = 1; number < ERRNOS; number++)
    CHECK(has_row[number] || stele_code_from_errno(number) == STELE_UNKNOWN);
}

/* ---- dtypes.tsv ---------------------------------------------------------- */

static void check_dtype(char *const *row) {
  stele_dtype dtype = number_of(dtypes, DTYPES, row[0]);
  CHECK(dtype == table_number(row[1]));
  CHECK_TEXT(stele_dtype_name(dtype), row[0]);
  CHECK(stele_dtype_from_name(row[0]) == dtype);
  /* Strings have no size there; here they are views. */
  uint64_t size = (uint64_t)table_number(row[2]);
  CHECK(stele_dtype_size(dtype) == (size > 0 ? size : sizeof(stele_bytes)));
}

static void dtypes_are_the_contracts(void) {
  CHECK(table_read("dtypes.tsv", "name\tnumber\tsize\tkind", check_dtype) ==
        DTYPES);
}

/* ---- profiles.tsv -------------------------------------------------------- */

static char profile_names[256];

static void check_profile(char *const *row) {
  stele_options options = {.struct_size = sizeof options, .profile = row[0]};
  stele_error error;
  config_bytes config = {NULL, 0};
  size_t size = table_unhex(row[1]);
  if (!CHECK(config_select(&options, &config, &error) == STELE_OK))
    return;
  CHECK(config.size == size && memcmp(config.data, row[1], size) == 0);
  stele_free(test_load("conv", &options));
  size_t used = strlen(profile_names);
  snprintf(profile_names + used, sizeof profile_names - used, "\"%s\"", row[0]);
}

/* There is no other: the refusal lists them all. */
static void profiles_are_the_contracts(void) {
  size_t count =
      table_read("profiles.tsv", "name\tconfig\tmeaning", check_profile);
  stele_options options = {.struct_size = sizeof options, .profile = ""};
  stele_error error;
  CHECK(stele_load(test_model_path("conv"), &options, &error) == NULL);
  char *listed[8];
  char *list = strstr(error.message, "there are ");
  if (!CHECK(list != NULL))
    return;
  size_t n = table_split(list + strlen("there are "), ',', listed, 8);
  CHECK(n == count);
  for (size_t i = 0; i < n; i++)
    CHECK(strstr(profile_names, listed[i] + strspn(listed[i], " ")) != NULL);
}

/* ---- defaults.tsv -------------------------------------------------------- */

enum { MAX_DIMS = 4 };

/* "2,-1"; "" is a scalar, and "?" a rank that is not known. */
static int32_t read_dims(char *text, int64_t *dims) {
  char *sizes[MAX_DIMS];
  if (strcmp(text, "?") == 0)
    return -1;
  size_t rank = *text == '\0' ? 0 : table_split(text, ',', sizes, MAX_DIMS);
  for (size_t i = 0; i < rank; i++)
    dims[i] = table_number(sizes[i]);
  return (int32_t)rank;
}

static void check_value(const stele_tensor *value, char *const *row) {
  int64_t dims[MAX_DIMS];
  CHECK(value->rank == read_dims(row[4], dims));
  for (int i = 0; i < value->rank; i++)
    CHECK(value->dims[i] == dims[i]);
  CHECK_TEXT(value->name, "x");
  size_t size = table_unhex(row[5]);
  if (value->dtype == STELE_BYTES)
    table_check_strings(value, row[5], size);
  else
    CHECK(value->size == size &&
          (size == 0 || memcmp(value->data, row[5], size) == 0));
}

static void check_default(char *const *row) {
  int64_t dims[MAX_DIMS];
  stele_tensor_info input = {.name = "x",
                             .dtype = stele_dtype_from_name(row[1]),
                             .rank = read_dims(row[2], dims),
                             .dims = dims};
  arena memory = {0};
  size_t size = table_unhex(row[3]);
  const stele_tensor *value = default_value_read(row[3], size, &input, &memory);
  if (CHECK((value != NULL) == (strcmp(row[5], "-") != 0)) && value != NULL)
    check_value(value, row);
  if (!test_is_passing())
    printf("defaults.tsv: %s\n", row[0]);
  arena_free(&memory);
}

static void defaults_are_the_contracts(void) {
  table_read("defaults.tsv", "case\tdtype\tshape\tdefault\tvalue_shape\tvalue",
             check_default);
}

void suite_contract(void) {
  TEST(codes_are_the_contracts);
  TEST(codes_of_errno_are_the_contracts);
  TEST(dtypes_are_the_contracts);
  TEST(profiles_are_the_contracts);
  TEST(defaults_are_the_contracts);
}
