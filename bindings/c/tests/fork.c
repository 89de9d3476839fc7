/* The child of a process that runs TensorFlow: refused at once, never a hang.
 */
#include "test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static stele_model *model;
static stele_outputs *outputs;

static stele_outputs *run_image(stele_error *error) {
  static const float image[64];
  static const int64_t dims[] = {1, 8, 8, 1};
  stele_tensor input = test_tensor("image", STELE_FP32, 4, dims, image);
  return stele_run(model, NULL, &input, 1, error);
}

static void check_refused(const stele_error *error) {
  CHECK_ERROR(error, STELE_FAILED_PRECONDITION,
              "TensorFlow was started before this process was forked");
  CHECK_ERROR(error, STELE_FAILED_PRECONDITION, "load models after the fork");
}

/* In the child; its checks print, and its status tells. */
static bool everything_is_refused(void) {
  stele_error error;
  CHECK(run_image(&error) == NULL);
  check_refused(&error);
  CHECK(stele_load(test_model_path("conv"), NULL, &error) == NULL);
  check_refused(&error);
  CHECK(stele_load(NULL, NULL, NULL) == NULL);
  CHECK(stele_signature_count(model) == 1);
  CHECK(outputs->n_tensors == 1);
  stele_outputs_free(outputs);
  stele_free(model);
  return test_is_passing();
}

static void child_is_refused(void) {
  pid_t child = fork();
  if (child == 0) {
    alarm(60); /* a hang is a failure */
    _exit(everything_is_refused() ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  int status = -1;
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

static void parent_still_runs(void) {
  stele_outputs_free(outputs);
  outputs = run_image(NULL);
  CHECK(outputs != NULL);
}

void suite_fork(void) {
  model = test_load("conv", NULL);
  outputs = run_image(NULL);
  TEST(child_is_refused);
  TEST(parent_still_runs);
  stele_outputs_free(outputs);
  stele_free(model);
}
