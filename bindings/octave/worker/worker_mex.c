/* The worker kit for Octave: worker_mex(verb, ...). Names are rows of uint8,
 * UTF-8; bytes of tensors are the language's to read and write. */
#include "../src/border.h"

#include <stele_worker.h>

static stele_worker *worker;

/* A row for each: name, dtype, shape, path. */
static mxArray *inputs_of(const stele_worker_request *request) {
  const size_t rows = request->n_inputs;
  mxArray *table = mxCreateCellMatrix(rows, 4);
  for (size_t i = 0; i < rows; i++) {
    const stele_worker_input *from = &request->inputs[i];
    mxSetCell(table, i, text_bytes(from->name));
    mxSetCell(table, i + rows, mxCreateString(stele_dtype_name(from->dtype)));
    mxSetCell(table, i + 2 * rows, shape_of(from->rank, from->dims));
    mxSetCell(table, i + 3 * rows, text_bytes(from->path));
  }
  return table;
}

/* {verb, dir, tags, profile, config or {}, signature, inputs}, or {}. */
static mxArray *next(void) {
  const stele_worker_request *request = stele_worker_next(worker);
  if (request == NULL)
    return mxCreateCellMatrix(0, 0);
  mxArray *cells[] = {mxCreateDoubleScalar(request->verb),
                      text_bytes(request->dir),
                      text_bytes(request->tags),
                      text_bytes(request->profile),
                      request->config == NULL
                          ? mxCreateCellMatrix(0, 0)
                          : bytes_of(request->config, request->config_size),
                      text_bytes(request->signature),
                      inputs_of(request)};
  const size_t count = sizeof cells / sizeof *cells;
  mxArray *list = mxCreateCellMatrix(1, count);
  for (size_t i = 0; i < count; i++)
    mxSetCell(list, i, cells[i]);
  return list;
}

/* describe(signature, is_output, name, dtype, shape, has_rank) */
static void describe(const mxArray *given[]) {
  int64_t *dims;
  const int32_t rank = dims_of(given[4], &dims);
  stele_worker_describe(worker, text(given[0]), mxIsLogicalScalarTrue(given[1]),
                        text(given[2]), ascii(given[3]),
                        mxIsLogicalScalarTrue(given[5]) ? rank : -1, dims);
}

/* output(name, dtype, shape, size): the path, empty for none. */
static mxArray *output(const mxArray *given[]) {
  int64_t *dims;
  const int32_t rank = dims_of(given[2], &dims);
  return text_bytes(stele_worker_output(
      worker, text(given[0]), stele_dtype_from_name(ascii(given[1])), rank,
      dims, (uint64_t)mxGetScalar(given[3])));
}

/* error(code, message) */
static void fail(const mxArray *given[]) {
  const char *name = ascii(given[0]);
  stele_code code = STELE_UNAUTHENTICATED;
  while (code > STELE_OK && strcmp(stele_code_name(code), name) != 0)
    code--;
  stele_worker_error(worker, code == STELE_OK ? STELE_INTERNAL : code,
                     text(given[1]));
}

void mexFunction(int n_results, mxArray *results[], int n_given,
                 const mxArray *given[]) {
  const char *verb = n_given > 0 ? ascii(given[0]) : "";
  (void)n_results;
  given++;
  if (strcmp(verb, "start") == 0)
    worker = stele_worker_new(ascii(given[0]), ascii(given[1]), NULL);
  else if (strcmp(verb, "next") == 0)
    results[0] = next();
  else if (strcmp(verb, "again") == 0)
    results[0] = mxCreateLogicalScalar(stele_worker_again(worker) != 0);
  else if (strcmp(verb, "describe") == 0)
    describe(given);
  else if (strcmp(verb, "output") == 0)
    results[0] = output(given);
  else if (strcmp(verb, "ok") == 0)
    stele_worker_ok(worker);
  else if (strcmp(verb, "error") == 0)
    fail(given);
  else if (strcmp(verb, "stop") == 0)
    stele_worker_free(worker);
}
