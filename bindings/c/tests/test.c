#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *test_contract;

static const char *models;
static bool failing;
static int passed;
static int failed;

static const struct {
  const char *name;
  void (*run)(void);
} suites[] = {
    {"ending", suite_ending},
    {"contract", suite_contract},
    {"sizes", suite_sizes},
    {"values", suite_values},
    {"hosts", suite_hosts},
    {"load", suite_load},
    {"signatures", suite_signatures},
    {"run", suite_run},
    {"bad_input", suite_bad_input},
    {"threads", suite_threads},
    {"fork", suite_fork},
    {"ended", suite_ended},
};

void test_run(const char *name, void (*function)(void)) {
  failing = false;
  function();
  printf("%s %s\n", failing ? "FAIL" : "ok  ", name);
  fflush(stdout);
  if (failing)
    failed++;
  else
    passed++;
}

bool test_is_passing(void) {
  return !failing;
}

bool test_check(bool condition, const char *file, int line, const char *text) {
  if (!condition) {
    printf("%s:%d: not true: %s\n", file, line, text);
    failing = true;
  }
  return condition;
}

bool test_check_text(const char *got, const char *expected, const char *file,
                     int line) {
  bool same = got == expected ||
              (got != NULL && expected != NULL && strcmp(got, expected) == 0);
  if (!same) {
    printf("%s:%d: got \"%s\", expected \"%s\"\n", file, line,
           got != NULL ? got : "(null)",
           expected != NULL ? expected : "(null)");
    failing = true;
  }
  return same;
}

void test_check_error(const stele_error *error, stele_code code,
                      const char *part, const char *file, int line) {
  if (error->code == code && strstr(error->message, part) != NULL)
    return;
  printf("%s:%d: got %s \"%s\", expected %s with \"%s\"\n", file, line,
         stele_code_name(error->code), error->message, stele_code_name(code),
         part);
  failing = true;
}

const char *test_model_path(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", models, name);
  return path;
}

stele_model *test_load(const char *name, const stele_options *options) {
  stele_error error;
  stele_model *model = stele_load(test_model_path(name), options, &error);
  if (model == NULL) {
    printf("cannot load \"%s\": %s\n", name, error.message);
    exit(EXIT_FAILURE);
  }
  return model;
}

stele_tensor test_tensor(const char *name, stele_dtype dtype, int rank,
                         const int64_t *dims, const void *data) {
  stele_tensor tensor = {
      .name = name, .dtype = dtype, .rank = rank, .dims = dims, .data = data};
  CHECK(stele_tensor_size(&tensor, &tensor.size, NULL) == STELE_OK);
  return tensor;
}

/* tests MODELS CONTRACT [SUITE] */
int main(int argc, char **argv) {
  if (argc < 3)
    return EXIT_FAILURE;
  models = argv[1];
  test_contract = argv[2];
  for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
    if (argc == 3 || strcmp(argv[3], suites[i].name) == 0)
      suites[i].run();
  printf("%d passed, %d failed\n", passed, failed);
  fflush(stdout); /* the leak check at exit would lose it */
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
