#include "bench.h"

#include "refuse.h"

#include <time.h>

bool bench_counts(const struct field *warmup, const struct field *runs,
                  long long *n_warmup, long long *n_runs, stele_error *error) {
  return (parse_number(warmup->text, n_warmup) &&
          parse_number(runs->text, n_runs) && *n_runs > 0) ||
         refuse(error, STELE_INVALID_ARGUMENT, "bad counts \"%s\" and \"%s\"",
                warmup->text, runs->text);
}

uint64_t bench_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

stele_outputs *bench(stele_model *model, const char *signature,
                     const stele_tensor *inputs, size_t n_inputs,
                     long long warmup, long long runs, uint64_t *samples,
                     stele_error *error) {
  stele_outputs *outputs = NULL;
  for (long long i = -warmup; i < runs; i++) {
    /* Each call pays for the release of one result: that of the call before,
     * since the last one is still wanted. */
    uint64_t start = bench_clock();
    stele_outputs_free(outputs);
    outputs = stele_run(model, signature, inputs, n_inputs, error);
    uint64_t stop = bench_clock();
    if (outputs == NULL)
      return NULL;
    if (i >= 0)
      samples[i] = stop - start;
  }
  return outputs;
}
