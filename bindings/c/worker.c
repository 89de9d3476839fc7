/*
 * The worker of the binding "c": bindings/contract/PROTOCOL.md, version 1,
 * level 5, through the public header only. Reads requests from stdin, answers
 * on stdout.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bench.h"
#include "bundle.h"
#include "describe.h"
#include "file.h"
#include "hello.h"
#include "load_config.h"
#include "refuse.h"
#include "reply.h"
#include "request.h"
#include "stele.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __clang__
#define COMPILER "clang"
#else
#define COMPILER "gcc"
#endif

/* What lives from request to request, and the request in hand. */
struct worker {
  stele_model *model;
  struct request request;
};

/* ---- hello ------------------------------------------------------------- */

static void hello(struct worker *worker, const struct field *arguments) {
  (void)arguments;
  reply_hello(&worker->request, "c", "C11, " COMPILER " " __VERSION__, NULL);
}

/* ---- load -------------------------------------------------------------- */

static void load(struct worker *worker, const struct field *arguments) {
  stele_error error;
  stele_options options = {.struct_size = sizeof options,
                           .tags = arguments[1].text};
  stele_model *model = NULL;
  if (parse_config(arguments[2].text, &options, &error))
    model = stele_load(arguments[0].text, &options, &error);
  if (model != NULL) {
    stele_free(worker->model);
    worker->model = model;
  }
  reply_result(worker->request.id, model != NULL, &error);
}

/* ---- run, bench -------------------------------------------------------- */

static bool require_model(const struct worker *worker, stele_error *error) {
  return worker->model != NULL ||
         refuse(error, STELE_FAILED_PRECONDITION, "no model is loaded");
}

/* Outputs go to folder `out` and are released; NULL is a run that failed. */
static bool finish_run(stele_outputs *outputs, const char *out,
                       stele_error *error) {
  bool done = outputs != NULL && bundle_write(out, outputs, error);
  stele_outputs_free(outputs);
  return done;
}

static void run(struct worker *worker, const struct field *arguments) {
  stele_error error;
  struct bundle inputs;
  bool done = require_model(worker, &error) &&
              bundle_read(arguments[1].text, &inputs, &error);
  if (done) {
    stele_outputs *outputs = stele_run(worker->model, arguments[0].text,
                                       inputs.tensors, inputs.count, &error);
    bundle_free(&inputs);
    done = finish_run(outputs, arguments[2].text, &error);
  }
  reply_result(worker->request.id, done, &error);
}

static bool bench_bundle(const struct worker *worker,
                         const struct field *arguments,
                         const struct bundle *inputs, long long warmup,
                         long long runs, stele_error *error) {
  uint64_t *samples = calloc((size_t)runs, sizeof *samples);
  if (samples == NULL)
    return refuse_memory(error);
  stele_outputs *outputs =
      bench(worker->model, arguments[0].text, inputs->tensors, inputs->count,
            warmup, runs, samples, error);
  bool done = finish_run(outputs, arguments[2].text, error) &&
              file_write(arguments[5].text, samples,
                         (size_t)runs * sizeof *samples, error);
  free(samples);
  return done;
}

static void run_bench(struct worker *worker, const struct field *arguments) {
  stele_error error;
  struct bundle inputs;
  long long warmup = 0;
  long long runs = 0;
  bool done =
      require_model(worker, &error) &&
      bench_counts(&arguments[3], &arguments[4], &warmup, &runs, &error);
  if (done && bundle_read(arguments[1].text, &inputs, &error)) {
    done = bench_bundle(worker, arguments, &inputs, warmup, runs, &error);
    bundle_free(&inputs);
  } else {
    done = false;
  }
  reply_result(worker->request.id, done, &error);
}

/* ---- describe, unload --------------------------------------------- */

static void run_describe(struct worker *worker, const struct field *arguments) {
  stele_error error;
  bool done = require_model(worker, &error) &&
              describe(worker->model, arguments[0].text, &error);
  reply_result(worker->request.id, done, &error);
}

static void unload(struct worker *worker, const struct field *arguments) {
  (void)arguments;
  stele_free(worker->model);
  worker->model = NULL;
  reply_ok(worker->request.id);
}

/* ---- Requests ---------------------------------------------------------- */

static void bye(struct worker *worker, const struct field *arguments) {
  unload(worker, arguments);
  request_free(&worker->request);
}

static void (*const handlers[])(struct worker *worker,
                                const struct field *arguments) = {
    [HELLO] = hello,     [LOAD] = load,
    [RUN] = run,         [DESCRIBE] = run_describe,
    [BENCH] = run_bench, [UNLOAD] = unload,
    [BYE] = bye,
};

int main(void) {
  struct worker worker = {.model = NULL};
  while (request_next(&worker.request)) {
    enum verb verb = worker.request.verb;
    handlers[verb](&worker, worker.request.arguments);
    if (verb == BYE)
      return 0;
  }
  stele_free(worker.model);
  return 0;
}
