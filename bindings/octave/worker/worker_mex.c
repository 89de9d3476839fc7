/* The worker kit for Octave: worker_mex(verb, ...). Names are rows of uint8,
 * UTF-8; bytes of tensors are the language's to read and write. */
#include <mex.h>
#include <stele_worker.h>

#include <stdlib.h>
#include <string.h>

static stele_worker *worker;

static mxArray *bytes_of(const void *data, size_t size) {
  mxArray *bytes = mxCreateNumericMatrix(1, size, mxUINT8_CLASS, mxREAL);
  if (size > 0)
    memcpy(mxGetData(bytes), data, size);
  return bytes;
}

static mxArray *text_bytes(const char *utf8) {
  return bytes_of(utf8, utf8 == NULL ? 0 : strlen(utf8));
}

static char *text(const mxArray *bytes) {
  const size_t size = mxGetNumberOfElements(bytes);
  char *copy = mxCalloc(size + 1, 1);
  if (size > 0)
    memcpy(copy, mxGetData(bytes), size);
  return copy;
}

static char *word(const mxArray *chars) {
  return mxArrayToString(chars);
}

/* A row for each: name, dtype, shape, path. */
static mxArray *inputs_of(const stele_worker_request *request) {
  const size_t rows = request->n_inputs;
  mxArray *table = mxCreateCellMatrix(rows, 4);
  for (size_t i = 0; i < rows; i++) {
    const stele_worker_input *from = &request->inputs[i];
    mxArray *shape = mxCreateDoubleMatrix(1, (mwSize)from->rank, mxREAL);
    for (int32_t k = 0; k < from->rank; k++)
      mxGetPr(shape)[k] = (double)from->dims[k];
    mxSetCell(table, i, text_bytes(from->name));
    mxSetCell(table, i + rows, mxCreateString(stele_dtype_name(from->dtype)));
    mxSetCell(table, i + 2 * rows, shape);
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

/* The number of dimensions, into `dims`: NaN is -1. */
static int32_t dims_of(const mxArray *shape, int64_t **dims) {
  const size_t rank = mxGetNumberOfElements(shape);
  *dims = mxCalloc(rank + 1, sizeof **dims);
  for (size_t i = 0; i < rank; i++)
    (*dims)[i] = mxIsNaN(mxGetPr(shape)[i]) ? -1 : (int64_t)mxGetPr(shape)[i];
  return (int32_t)rank;
}

/* describe(signature, is_output, name, dtype, shape, has_rank) */
static void describe(const mxArray *given[]) {
  int64_t *dims;
  const int32_t rank = dims_of(given[4], &dims);
  stele_worker_describe(worker, text(given[0]), mxIsLogicalScalarTrue(given[1]),
                        text(given[2]), word(given[3]),
                        mxIsLogicalScalarTrue(given[5]) ? rank : -1, dims);
}

/* output(name, dtype, shape, size): the path, empty for none. */
static mxArray *output(const mxArray *given[]) {
  int64_t *dims;
  const int32_t rank = dims_of(given[2], &dims);
  return text_bytes(stele_worker_output(
      worker, text(given[0]), stele_dtype_from_name(word(given[1])), rank, dims,
      (uint64_t)mxGetScalar(given[3])));
}

/* error(code, message) */
static void fail(const mxArray *given[]) {
  const char *name = word(given[0]);
  stele_code code = STELE_UNAUTHENTICATED;
  while (code > STELE_OK && strcmp(stele_code_name(code), name) != 0)
    code--;
  stele_worker_error(worker, code == STELE_OK ? STELE_INTERNAL : code,
                     text(given[1]));
}

void mexFunction(int n_results, mxArray *results[], int n_given,
                 const mxArray *given[]) {
  const char *verb = n_given > 0 ? word(given[0]) : "";
  (void)n_results;
  given++;
  if (strcmp(verb, "start") == 0)
    worker = stele_worker_new(word(given[0]), word(given[1]), NULL);
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
