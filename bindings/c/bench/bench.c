/*
 * What stele_run costs over TF_SessionRun, and what the profiles gain.
 *
 * One process, one model, batch 1. "bare" is the least that a C program can do
 * for the same answer, on the same session: TF_AllocateTensor and memcpy for
 * the input, TF_SessionRun with operations and a TF_Status prepared once,
 * TF_DeleteTensor for input and output. "stele" is stele_run and
 * stele_outputs_free. Calls of the two take turns, and blocks of the
 * profiles do, so that a busy machine slows all alike; a ratio is the median
 * over the rounds of the ratio of two medians. No figure without equal bits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 42, CALLS = 150, BLOCK_WARMUP = 50, ELEMENTS = 64 };

enum { DEFAULT, INLINE, SINGLE, PROFILES };
enum { BARE, STELE, WAYS };

static const char *const profiles[PROFILES] = {"default", "inline", "single"};

/* Each round's median for each profile and way, in microseconds. */
static double blocks[ROUNDS][PROFILES][WAYS];

struct subject {
  stele_model *model;
  const stele_signature *signature;
  const endpoints *ends;
  TF_Status *status;
  stele_tensor input;
};

static float pixels[ELEMENTS];
static int64_t dims[] = {1, 8, 8, 1};

static double microseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int compare_doubles(const void *left, const void *right) {
  double a = *(const double *)left;
  double b = *(const double *)right;
  return (a > b) - (a < b);
}

/* Sorts `samples`; their number is odd or large. */
static double median(double *samples, size_t count) {
  qsort(samples, count, sizeof *samples, compare_doubles);
  return samples[count / 2];
}

static void die(const char *message) {
  fprintf(stderr, "bench: %s\n", message);
  exit(EXIT_FAILURE);
}

static struct subject open_subject(const char *dir, const char *profile) {
  stele_error error;
  stele_options options = {.struct_size = sizeof options, .profile = profile};
  struct subject subject = {.model = stele_load(dir, &options, &error)};
  if (subject.model == NULL)
    die(error.message);
  subject.signature = stele_signature_find(subject.model, "serving_default");
  if (subject.signature == NULL || subject.signature->n_inputs != 1 ||
      subject.signature->n_outputs != 1)
    die("this is not the digits model");
  subject.ends =
      &subject.model
           ->endpoints[subject.signature - subject.model->graph.signatures];
  subject.status = tf.NewStatus();
  subject.input = (stele_tensor){.name = subject.signature->inputs[0].name,
                                 .dtype = STELE_FP32,
                                 .rank = sizeof dims / sizeof *dims,
                                 .dims = dims,
                                 .data = pixels,
                                 .size = sizeof pixels};
  return subject;
}

static void close_subject(struct subject *subject) {
  tf.DeleteStatus(subject->status);
  stele_free(subject->model);
}

static TF_Tensor *run_bare(const struct subject *subject) {
  TF_Tensor *input = tf.AllocateTensor(
      STELE_FP32, dims, sizeof dims / sizeof *dims, sizeof pixels);
  memcpy(tf.TensorData(input), pixels, sizeof pixels);
  TF_Tensor *output = NULL;
  tf.SessionRun(subject->model->session.handle, NULL, subject->ends->inputs,
                &input, 1, subject->ends->fetches, &output, 1, NULL, 0, NULL,
                subject->status);
  tf.DeleteTensor(input);
  if (tf.GetCode(subject->status) != STELE_OK)
    die(tf.Message(subject->status));
  return output;
}

static stele_outputs *run_stele(const struct subject *subject) {
  stele_error error;
  stele_outputs *outputs =
      stele_run(subject->model, NULL, &subject->input, 1, &error);
  if (outputs == NULL)
    die(error.message);
  return outputs;
}

static double time_call(const struct subject *subject, bool bare) {
  double start = microseconds();
  if (bare)
    tf.DeleteTensor(run_bare(subject));
  else
    stele_outputs_free(run_stele(subject));
  return microseconds() - start;
}

/* One block: bare and stele calls in turn, each first as often as the other.
 * The calls that wake up what the other profile let fall asleep are not
 * counted. */
static void time_block(const struct subject *subject, double *bare,
                       double *stele) {
  double bare_samples[CALLS];
  double stele_samples[CALLS];
  for (int i = -BLOCK_WARMUP; i < CALLS; i++) {
    bool bare_first = i % 2 == 0;
    double first = time_call(subject, bare_first);
    double second = time_call(subject, !bare_first);
    if (i >= 0) {
      bare_samples[i] = bare_first ? first : second;
      stele_samples[i] = bare_first ? second : first;
    }
  }
  *bare = median(bare_samples, CALLS);
  *stele = median(stele_samples, CALLS);
}

/* Whether this subject gives the bits of `expected`, either way. */
static bool same_bits(const struct subject *subject,
                      const stele_outputs *expected) {
  const stele_tensor *output = &expected->tensors[0];
  TF_Tensor *bare = run_bare(subject);
  stele_outputs *ours = run_stele(subject);
  bool same = tf.TensorByteSize(bare) == output->size &&
              ours->tensors[0].size == output->size &&
              memcmp(tf.TensorData(bare), output->data, output->size) == 0 &&
              memcmp(ours->tensors[0].data, output->data, output->size) == 0;
  tf.DeleteTensor(bare);
  stele_outputs_free(ours);
  return same;
}

static void measure(const struct subject *subjects) {
  for (int round = 0; round < ROUNDS; round++)
    for (int step = 0; step < PROFILES; step++) {
      int profile = (round + step) % PROFILES; /* each is first in its turn */
      double *block = blocks[round][profile];
      time_block(&subjects[profile], &block[BARE], &block[STELE]);
    }
}

static double typical(int profile, int way) {
  double medians[ROUNDS];
  for (int round = 0; round < ROUNDS; round++)
    medians[round] = blocks[round][profile][way];
  return median(medians, ROUNDS);
}

static double stele_over_bare(int profile) {
  double ratios[ROUNDS];
  for (int round = 0; round < ROUNDS; round++)
    ratios[round] =
        blocks[round][profile][STELE] / blocks[round][profile][BARE];
  return median(ratios, ROUNDS);
}

static double gain_over_default(int profile) {
  double ratios[ROUNDS];
  for (int round = 0; round < ROUNDS; round++)
    ratios[round] =
        blocks[round][DEFAULT][STELE] / blocks[round][profile][STELE];
  return median(ratios, ROUNDS);
}

static void print_json(void) {
  printf("{\"tensorflow\": \"%s\", \"calls\": %d, \"same_bits\": true,\n"
         " \"profiles\": {\n",
         stele_tensorflow_version(NULL), ROUNDS * CALLS);
  for (int profile = 0; profile < PROFILES; profile++)
    printf("  \"%s\": {\"bare_us\": %.2f, \"stele_us\": %.2f, "
           "\"stele_over_bare\": %.4f, \"gain_over_default\": %.4f}%s\n",
           profiles[profile], typical(profile, BARE), typical(profile, STELE),
           stele_over_bare(profile), gain_over_default(profile),
           profile + 1 < PROFILES ? "," : "");
  printf(" }}\n");
}

static void print_text(void) {
  printf(
      "profile   TF_SessionRun   stele_run   stele/bare   default/profile\n");
  for (int profile = 0; profile < PROFILES; profile++)
    printf("%-7s   %10.1f us   %6.1f us   %10.3f   %15.2f\n", profiles[profile],
           typical(profile, BARE), typical(profile, STELE),
           stele_over_bare(profile), gain_over_default(profile));
  printf("Same bits. TensorFlow %s, medians of %d calls each.\n",
         stele_tensorflow_version(NULL), ROUNDS * CALLS);
}

int main(int argc, char **argv) {
  bool json = argc == 3 && strcmp(argv[2], "--json") == 0;
  if (argc != 2 && !json)
    die("usage: bench SAVED_MODEL [--json]");
  for (int i = 0; i < ELEMENTS; i++)
    pixels[i] = (float)(i * 7 % 17);

  struct subject subjects[PROFILES];
  for (int profile = 0; profile < PROFILES; profile++)
    subjects[profile] = open_subject(argv[1], profiles[profile]);
  stele_outputs *expected = run_stele(&subjects[DEFAULT]);
  for (int profile = 0; profile < PROFILES; profile++)
    if (!same_bits(&subjects[profile], expected))
      die("the answers differ");
  stele_outputs_free(expected);

  measure(subjects);
  if (json)
    print_json();
  else
    print_text();
  for (int profile = 0; profile < PROFILES; profile++)
    close_subject(&subjects[profile]);
  return EXIT_SUCCESS;
}
