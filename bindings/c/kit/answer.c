/* What the language says back. */
#include "worker_state.h"

#include "bench.h"
#include "file.h"
#include "refuse.h"
#include "reply.h"
#include "signature_lines.h"

#include <stdlib.h>

/* ---- Text that grows --------------------------------------------------- */

bool lines_begin(struct lines *lines) {
  lines_free(lines);
  lines->stream = open_memstream(&lines->text, &lines->size);
  return lines->stream != NULL;
}

bool lines_end(struct lines *lines) {
  bool done = lines->stream == NULL || fclose(lines->stream) == 0;
  lines->stream = NULL;
  return done;
}

void lines_free(struct lines *lines) {
  lines_end(lines);
  free(lines->text);
  *lines = (struct lines){.text = NULL};
}

/* ---- A run ------------------------------------------------------------- */

void worker_drop_run(stele_worker *worker) {
  bundle_free(&worker->bundle);
  free(worker->inputs);
  free(worker->samples);
  free(worker->path);
  lines_free(&worker->index);
  worker->inputs = NULL;
  worker->samples = NULL;
  worker->path = NULL;
  worker->warmup = 0;
  worker->begun = 0;
  worker->n_outputs = 0;
  worker->refusal.code = STELE_OK;
}

static bool is_asked(const stele_worker *worker, int32_t verb) {
  return worker != NULL && worker->asked && worker->request.verb == verb;
}

int32_t stele_worker_again(stele_worker *worker) {
  uint64_t stop = bench_clock();
  if (!is_asked(worker, STELE_WORKER_RUN))
    return 0;
  long long timed = worker->begun - worker->warmup;
  if (worker->samples != NULL && timed > 0)
    worker->samples[timed - 1] = stop - worker->start;
  if (timed == worker->runs)
    return 0;
  worker->begun++;
  worker->start = bench_clock();
  return 1;
}

/* The folder and the list, before the first output, or when there is none. */
static bool begin_outputs(stele_worker *worker) {
  if (worker->index.stream != NULL)
    return true;
  return bundle_folder(worker->out, &worker->refusal) &&
         (lines_begin(&worker->index) || refuse_memory(&worker->refusal));
}

const char *stele_worker_output(stele_worker *worker, const char *name,
                                stele_dtype dtype, int32_t rank,
                                const int64_t *dims, uint64_t size) {
  char file[32];
  if (!is_asked(worker, STELE_WORKER_RUN) || worker->refusal.code != STELE_OK)
    return NULL;
  if (name == NULL || stele_dtype_name(dtype) == NULL ||
      (rank > 0 && dims == NULL)) {
    refuse(&worker->refusal, STELE_INTERNAL,
           "the worker gave an output without name, dtype or dimensions");
    return NULL;
  }
  if (!begin_outputs(worker))
    return NULL;
  snprintf(file, sizeof file, "%zu.bin", worker->n_outputs++);
  free(worker->path);
  worker->path = path_join(worker->out, file);
  if (worker->path == NULL)
    refuse_memory(&worker->refusal);
  else
    bundle_line(worker->index.stream, name, dtype, rank, dims, size, file);
  return worker->path;
}

static bool write_index(stele_worker *worker) {
  stele_error *error = &worker->refusal;
  if (!lines_end(&worker->index))
    return refuse_memory(error);
  char *path = path_join(worker->out, "tensors.tsv");
  bool done = path != NULL ? file_write(path, worker->index.text,
                                        worker->index.size, error)
                           : refuse_memory(error);
  free(path);
  return done;
}

static bool finish_run(stele_worker *worker) {
  stele_error *error = &worker->refusal;
  if (error->code != STELE_OK)
    return false;
  if (worker->begun != worker->warmup + worker->runs)
    return refuse(error, STELE_INTERNAL, "the worker ran %lld times of %lld",
                  worker->begun, worker->warmup + worker->runs);
  if (!begin_outputs(worker) || !write_index(worker))
    return false;
  return worker->samples == NULL ||
         file_write(worker->line.arguments[5].text, worker->samples,
                    (size_t)worker->runs * sizeof *worker->samples, error);
}

/* ---- A load ------------------------------------------------------------ */

void stele_worker_describe(stele_worker *worker, const char *signature,
                           int32_t is_output, const char *name,
                           const char *dtype, int32_t rank,
                           const int64_t *dims) {
  if (!is_asked(worker, STELE_WORKER_LOAD) || signature == NULL ||
      name == NULL || dtype == NULL || (rank > 0 && dims == NULL))
    return;
  signature_line(worker->describing.stream, signature,
                 is_output ? "output" : "input", name, dtype, rank, dims);
}

static bool finish_load(stele_worker *worker) {
  if (!lines_end(&worker->describing))
    return refuse_memory(&worker->refusal);
  lines_free(&worker->described);
  worker->described = worker->describing;
  worker->describing = (struct lines){.text = NULL};
  worker->loaded = true;
  return true;
}

/* ---- Answers ----------------------------------------------------------- */

void stele_worker_ok(stele_worker *worker) {
  if (worker == NULL || !worker->asked)
    return;
  bool done = true;
  if (worker->request.verb == STELE_WORKER_LOAD)
    done = finish_load(worker);
  else if (worker->request.verb == STELE_WORKER_RUN)
    done = finish_run(worker);
  else
    worker->loaded = false;
  worker->asked = false;
  reply_result(worker->line.id, done, &worker->refusal);
  worker_drop_run(worker);
}

void stele_worker_error(stele_worker *worker, stele_code code,
                        const char *message) {
  stele_error error;
  if (worker == NULL || !worker->asked)
    return;
  refuse(&error, code != STELE_OK ? code : STELE_UNKNOWN, "%s",
         message != NULL ? message : "");
  worker->asked = false;
  reply_error(worker->line.id, &error);
  worker_drop_run(worker);
}

void stele_worker_unsupported(stele_worker *worker, const char *what) {
  if (worker == NULL || !worker->asked)
    return;
  worker->asked = false;
  reply_unsupported(worker->line.id, "", what != NULL ? what : "");
  worker_drop_run(worker);
}
