/* One model, many threads: the same bits, and errors that stay apart. */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { THREADS = 8, RUNS = 300, PIXELS = 64, CLASSES = 10 };

static stele_model *model;
static float expected[THREADS][CLASSES];
static atomic_int mismatches;

static void fill_image(int number, float *image) {
  for (int i = 0; i < PIXELS; i++)
    image[i] = (float)((i * 7 + number * 5) % 17);
}

static stele_outputs *run_image(const float *image, int rank) {
  static const int64_t dims[] = {1, 8, 8, 1};
  stele_tensor input = {.name = "image",
                        .dtype = STELE_FP32,
                        .rank = rank,
                        .dims = dims,
                        .data = image,
                        .size = PIXELS * sizeof *image};
  stele_error error;
  stele_outputs *outputs = stele_run(model, NULL, &input, 1, &error);
  bool as_expected =
      rank == 4 ? outputs != NULL : error.code == STELE_INVALID_ARGUMENT;
  if (!as_expected)
    atomic_fetch_add(&mismatches, 1);
  return outputs;
}

static void *run_many(void *argument) {
  const int *number = argument;
  float image[PIXELS];
  fill_image(*number, image);
  for (int i = 0; i < RUNS; i++) {
    stele_outputs *outputs = run_image(image, 4);
    if (outputs == NULL || memcmp(outputs->tensors[0].data, expected[*number],
                                  sizeof expected[*number]) != 0)
      atomic_fetch_add(&mismatches, 1);
    stele_outputs_free(outputs);
    if (i % 10 == 0)
      run_image(image, 3); /* refused */
  }
  return NULL;
}

static void same_bits_from_many_threads(void) {
  pthread_t threads[THREADS];
  int numbers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    float image[PIXELS];
    fill_image(i, image);
    stele_outputs *outputs = run_image(image, 4);
    if (CHECK(outputs != NULL))
      memcpy(expected[i], outputs->tensors[0].data, sizeof expected[i]);
    stele_outputs_free(outputs);
  }
  for (int i = 0; i < THREADS; i++) {
    numbers[i] = i;
    CHECK(pthread_create(&threads[i], NULL, run_many, &numbers[i]) == 0);
  }
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  CHECK(atomic_load(&mismatches) == 0);
  CHECK(memcmp(expected[0], expected[1], sizeof expected[0]) != 0);
}

static void *run_and_free(void *unused) {
  (void)unused;
  float image[PIXELS];
  fill_image(0, image);
  stele_outputs *outputs = run_image(image, 4);
  if (outputs == NULL)
    atomic_fetch_add(&mismatches, 1);
  stele_free(model); /* the last one releases it, whichever that is */
  stele_outputs_free(outputs);
  return NULL;
}

/* Main's user goes while the threads', one each, still run. */
static void the_last_user_releases(void) {
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    stele_retain(model);
    CHECK(pthread_create(&threads[i], NULL, run_and_free, NULL) == 0);
  }
  stele_free(model);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  CHECK(atomic_load(&mismatches) == 0);
}

void suite_threads(void) {
  static const char *const profiles[] = {"default", "inline"};
  for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
    stele_options options = {.struct_size = sizeof options,
                             .profile = profiles[i]};
    model = test_load("conv", &options);
    TEST(same_bits_from_many_threads);
    TEST(the_last_user_releases);
  }
}
