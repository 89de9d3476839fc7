/* The verb bench. */
#ifndef STELE_WORKER_BENCH_H
#define STELE_WORKER_BENCH_H

#include "stele.h"

/* Runs the signature `warmup` times untimed, then as often as `samples` has
 * room for (`runs`, at least once), and fills in each run's nanoseconds.
 * Returns the last outputs; NULL if a run failed. */
stele_outputs *bench(stele_model *model, const char *signature,
                     const stele_tensor *inputs, size_t n_inputs,
                     long long warmup, long long runs, uint64_t *samples,
                     stele_error *error);

#endif
