/* The verb bench. */
#ifndef STELE_WORKER_BENCH_H
#define STELE_WORKER_BENCH_H

#include "field.h"
#include "stele.h"

/* The arguments <warmup> and <runs>. */
bool bench_counts(const struct field *warmup, const struct field *runs,
                  long long *n_warmup, long long *n_runs, stele_error *error);

/* Nanoseconds of the clock by which runs are timed. */
uint64_t bench_clock(void);

/* Runs the signature `warmup` times untimed, then as often as `samples` has
 * room for (`runs`, at least once), and fills in each run's nanoseconds.
 * Returns the last outputs; NULL if a run failed. */
stele_outputs *bench(stele_model *model, const char *signature,
                     const stele_tensor *inputs, size_t n_inputs,
                     long long warmup, long long runs, uint64_t *samples,
                     stele_error *error);

#endif
