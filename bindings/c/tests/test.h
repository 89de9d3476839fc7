/* The tests' few tools. A check that fails says where and lets its test go on;
 * each suite is one file. */
#ifndef STELE_TESTS_TEST_H
#define STELE_TESTS_TEST_H

#include "stele.h"

#include <stdbool.h>

void suite_contract(void);
void suite_sizes(void);
void suite_values(void);
void suite_hosts(void);
void suite_load(void);
void suite_signatures(void);
void suite_run(void);
void suite_bad_input(void);
void suite_threads(void);
void suite_fork(void);
void suite_ending(void);
void suite_ended(void);

/* Runs one test and counts it as passed if none of its checks has failed. */
#define TEST(function) test_run(#function, function)
void test_run(const char *name, void (*function)(void));

/* Whether no check of the running test has failed so far. */
bool test_is_passing(void);

#define CHECK(condition) test_check(condition, __FILE__, __LINE__, #condition)
bool test_check(bool condition, const char *file, int line, const char *text);

#define CHECK_TEXT(got, expected)                                              \
  test_check_text(got, expected, __FILE__, __LINE__)
bool test_check_text(const char *got, const char *expected, const char *file,
                     int line);

/* Whether the error has this code, and a message with `part` in it. */
#define CHECK_ERROR(error, code, part)                                         \
  test_check_error(error, code, part, __FILE__, __LINE__)
void test_check_error(const stele_error *error, stele_code code,
                      const char *part, const char *file, int line);

/* The folder bindings/contract. */
extern const char *test_contract;

/* The folder of the test model `name`; valid until the next call. */
const char *test_model_path(const char *name);

/* The test model `name`, loaded; ends the tests if it cannot be. */
stele_model *test_load(const char *name, const stele_options *options);

/* A tensor that fits: its size is worked out, its data are `data`. */
stele_tensor test_tensor(const char *name, stele_dtype dtype, int rank,
                         const int64_t *dims, const void *data);

#endif
