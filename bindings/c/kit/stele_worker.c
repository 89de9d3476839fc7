/* What a worker keeps from request to request, and how it waits for them. */
#include "stele_worker.h"

#include "worker_state.h"

#include "bench.h"
#include "hello.h"
#include "load_config.h"
#include "refuse.h"
#include "reply.h"
#include "signature_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(stele_worker_input) == 40 &&
                   offsetof(stele_worker_input, size) == 32,
               "stele_worker.h says so");
_Static_assert(sizeof(stele_worker_request) == 72 &&
                   offsetof(stele_worker_request, profile) == 24 &&
                   offsetof(stele_worker_request, signature) == 48 &&
                   offsetof(stele_worker_request, inputs) == 64,
               "stele_worker.h says so");

stele_worker *stele_worker_new(const char *binding, const char *language,
                               const char *dtypes) {
  stele_worker *worker = calloc(1, sizeof *worker);
  if (worker == NULL)
    return NULL;
  worker->binding = strdup(binding != NULL ? binding : "");
  worker->language = strdup(language != NULL ? language : "");
  worker->dtypes = dtypes != NULL ? strdup(dtypes) : NULL;
  if (worker->binding == NULL || worker->language == NULL ||
      (dtypes != NULL && worker->dtypes == NULL)) {
    stele_worker_free(worker);
    return NULL;
  }
  return worker;
}

void stele_worker_free(stele_worker *worker) {
  if (worker == NULL)
    return;
  worker_drop_run(worker);
  lines_free(&worker->described);
  lines_free(&worker->describing);
  request_free(&worker->line);
  free(worker->binding);
  free(worker->language);
  free(worker->dtypes);
  free(worker);
}

/* ---- What the language need not answer --------------------------------- */

static bool require_model(const stele_worker *worker, stele_error *error) {
  return worker->loaded ||
         refuse(error, STELE_FAILED_PRECONDITION, "no model is loaded");
}

static void describe(stele_worker *worker) {
  stele_error error;
  struct lines *lines = &worker->described;
  bool done = require_model(worker, &error) &&
              signature_lines_write(worker->line.arguments[0].text, lines->text,
                                    lines->size, &error);
  reply_result(worker->line.id, done, &error);
}

/* ---- What it does ------------------------------------------------------ */

static bool begin_load(stele_worker *worker, stele_error *error) {
  const struct field *arguments = worker->line.arguments;
  stele_options options = {.struct_size = sizeof options};
  if (!parse_config(arguments[2].text, &options, error))
    return false;
  worker->request = (stele_worker_request){.verb = STELE_WORKER_LOAD,
                                           .dir = arguments[0].text,
                                           .tags = arguments[1].text,
                                           .profile = options.profile,
                                           .config = options.config,
                                           .config_size = options.config_size};
  if (!lines_begin(&worker->describing))
    return refuse_memory(error);
  return true;
}

static bool check_bools(const stele_tensor *tensor, stele_error *error) {
  const unsigned char *bytes = tensor->data;
  for (size_t i = 0; tensor->dtype == STELE_BOOL && i < tensor->size; i++)
    if (bytes[i] > 1)
      return refuse(error, STELE_INVALID_ARGUMENT,
                    "tensor \"%s\" has a BOOL byte above 1", tensor->name);
  return true;
}

static bool read_inputs(stele_worker *worker, const char *dir,
                        stele_error *error) {
  struct bundle *bundle = &worker->bundle;
  if (!bundle_read(dir, bundle, error))
    return false;
  worker->inputs = calloc(bundle->count + 1, sizeof *worker->inputs);
  if (worker->inputs == NULL)
    return refuse_memory(error);
  for (size_t i = 0; i < bundle->count; i++) {
    const stele_tensor *tensor = &bundle->tensors[i];
    if (!check_bools(tensor, error))
      return false;
    worker->inputs[i] = (stele_worker_input){
        tensor->name, tensor->dtype,          tensor->rank,
        tensor->dims, bundle_file(bundle, i), bundle_file_size(bundle, i)};
  }
  bundle_forget_elements(bundle);
  return true;
}

static bool begin_run(stele_worker *worker, stele_error *error) {
  const struct field *arguments = worker->line.arguments;
  bool benching = worker->line.verb == BENCH;
  worker->runs = 1;
  worker->out = arguments[2].text;
  if (!require_model(worker, error) ||
      (benching && !bench_counts(&arguments[3], &arguments[4], &worker->warmup,
                                 &worker->runs, error)) ||
      !read_inputs(worker, arguments[1].text, error))
    return false;
  if (benching) {
    worker->samples = calloc((size_t)worker->runs, sizeof *worker->samples);
    if (worker->samples == NULL)
      return refuse_memory(error);
  }
  worker->request = (stele_worker_request){.verb = STELE_WORKER_RUN,
                                           .signature = arguments[0].text,
                                           .n_inputs = worker->bundle.count,
                                           .inputs = worker->inputs};
  return true;
}

/* An input that the language has no type for is not its to answer. */
static const char *foreign_dtype(const stele_worker *worker) {
  for (size_t i = 0; i < worker->bundle.count; i++) {
    const char *name = stele_dtype_name(worker->inputs[i].dtype);
    if (!has_dtype(worker->dtypes, name))
      return name;
  }
  return NULL;
}

/* Whether there is something for the language to do. */
static bool begin(stele_worker *worker) {
  stele_error error;
  bool valid = worker->line.verb == LOAD ? begin_load(worker, &error)
                                         : begin_run(worker, &error);
  const char *foreign = valid ? foreign_dtype(worker) : NULL;
  if (!valid)
    reply_error(worker->line.id, &error);
  else if (foreign != NULL)
    reply_unsupported(worker->line.id, "dtype", foreign);
  if (!valid || foreign != NULL)
    worker_drop_run(worker);
  return valid && foreign == NULL;
}

static bool begin_unload(stele_worker *worker) {
  if (!worker->loaded)
    reply_ok(worker->line.id);
  worker->request = (stele_worker_request){.verb = STELE_WORKER_UNLOAD};
  return worker->loaded;
}

/* The language's to answer; all others are answered here. */
static bool take(stele_worker *worker) {
  switch (worker->line.verb) {
  case HELLO:
    reply_hello(&worker->line, worker->binding, worker->language,
                worker->dtypes);
    return false;
  case DESCRIBE:
    describe(worker);
    return false;
  case LOAD:
  case RUN:
  case BENCH:
    return begin(worker);
  case UNLOAD:
    return begin_unload(worker);
  case BYE:
    reply_ok(worker->line.id);
    worker->over = true;
    return false;
  }
  return false;
}

const stele_worker_request *stele_worker_next(stele_worker *worker) {
  if (worker == NULL)
    return NULL;
  if (worker->asked)
    stele_worker_error(worker, STELE_INTERNAL, "the worker gave no answer");
  while (!worker->over && request_next(&worker->line))
    if (take(worker)) {
      worker->asked = true;
      return &worker->request;
    }
  worker->over = true;
  return NULL;
}
