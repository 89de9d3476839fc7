/* The end of a process with a run under way: each test is a child that ends
 * while another of its threads is in stele_run. They start before TensorFlow
 * does, and are looked at when all other tests are done. */
#include "test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static stele_model *model;

static void tell(bool expected) {
  if (write(STDOUT_FILENO, expected ? "y" : "n", 1) != 1)
    _exit(EXIT_FAILURE);
}

static void wait_ms(long milliseconds) {
  struct timespec time = {.tv_nsec = milliseconds * 1000 * 1000};
  nanosleep(&time, NULL);
}

static void start_thread(void *(*function)(void *)) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, function, NULL) != 0)
    _exit(EXIT_FAILURE);
}

/* ---- It waits for the run ------------------------------------------------ */

/* About a second. */
enum { ROWS = 2000, COLUMNS = 128 };

static stele_outputs *run_busy(stele_error *error) {
  static float rows[ROWS * COLUMNS];
  static const int64_t dims[] = {ROWS, COLUMNS};
  stele_tensor input = {"x", STELE_FP32, 2, dims, rows, sizeof rows};
  return stele_run(model, NULL, &input, 1, error);
}

static void *run_and_tell(void *unused) {
  (void)unused;
  stele_error error;
  stele_outputs *outputs = run_busy(&error);
  tell(outputs != NULL);
  stele_outputs_free(outputs);
  return NULL;
}

/* Registered before the library's own handler, hence called after it. */
static void after_the_end(void) {
  stele_error error;
  bool refused = run_busy(&error) == NULL && error.code == STELE_CANCELLED;
  refused =
      refused && stele_load(test_model_path("busy"), NULL, &error) == NULL;
  tell(refused && error.code == STELE_CANCELLED);
  stele_free(model);
}

static void end_before_a_run(void) {
  atexit(after_the_end);
  model = test_load("busy", NULL);
  start_thread(run_and_tell);
  wait_ms(200); /* the run has begun */
}

/* ---- But not for ever ---------------------------------------------------- */

/* Nobody puts in what it waits for. */
static void *run_for_ever(void *unused) {
  (void)unused;
  stele_run(model, "take", NULL, 0, NULL);
  tell(false);
  return NULL;
}

static void end_in_a_run(void) {
  model = test_load("queue", NULL);
  start_thread(run_for_ever);
  wait_ms(500);
  tell(true);
}

/* ---- Children ------------------------------------------------------------ */

typedef struct child {
  const char *name;
  void (*program)(void);
  const char *expected; /* what it tells */
  pid_t process;
  int reports;
} child;

static child waits = {"waits", end_before_a_run, "yy", 0, -1};
static child gives_up = {"gives-up", end_in_a_run, "y", 0, -1};

static const char program[] = "STELE_TEST_PROGRAM";

/* This program again, without the check for leaks: what is released after the
 * end stays. */
static void become(const child *one, int reports) {
  char *const arguments[] = {(char[]){"tests"}, strdup(test_model_path("")),
                             strdup(test_contract), (char[]){"ending"}, NULL};
  setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
  setenv(program, one->name, 1);
  alarm(120); /* a hang is a failure */
  dup2(reports, STDOUT_FILENO);
  execv("/proc/self/exe", arguments);
  _exit(EXIT_FAILURE);
}

static void start(child *one) {
  int ends[2];
  if (!CHECK(pipe(ends) == 0))
    return;
  one->process = fork();
  if (one->process == 0)
    become(one, ends[1]);
  close(ends[1]);
  one->reports = ends[0];
}

static void check(const child *one) {
  char reports[8] = "";
  size_t size = 0;
  for (ssize_t more = 1; more > 0 && size < sizeof reports - 1;
       size += (size_t)more)
    more = read(one->reports, reports + size, sizeof reports - 1 - size);
  close(one->reports);
  CHECK_TEXT(reports, one->expected);
  int status = -1;
  CHECK(waitpid(one->process, &status, 0) == one->process);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

static void the_end_waits_for_a_run_and_begins_none(void) {
  check(&waits);
}

static void the_end_does_not_wait_for_ever(void) {
  check(&gives_up);
}

void suite_ending(void) {
  const char *name = getenv(program);
  child *const children[] = {&waits, &gives_up};
  for (size_t i = 0; i < sizeof children / sizeof *children; i++) {
    if (name == NULL) {
      start(children[i]);
    } else if (strcmp(name, children[i]->name) == 0) {
      children[i]->program();
      exit(EXIT_SUCCESS);
    }
  }
}

void suite_ended(void) {
  TEST(the_end_waits_for_a_run_and_begins_none);
  TEST(the_end_does_not_wait_for_ever);
}
