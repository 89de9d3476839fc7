#include "bench.h"

#include <time.h>

static uint64_t now(void) {
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
    uint64_t start = now();
    stele_outputs_free(outputs);
    outputs = stele_run(model, signature, inputs, n_inputs, error);
    uint64_t stop = now();
    if (outputs == NULL)
      return NULL;
    if (i >= 0)
      samples[i] = stop - start;
  }
  return outputs;
}
