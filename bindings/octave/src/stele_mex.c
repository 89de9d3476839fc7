/* The one MEX of the package: stele_mex(verb, ...), for MATLAB and Octave.
 *
 * It never raises: the first result is the code's name, "OK" or another, the
 * second the message or what was asked for, and +stele raises. Only arrays,
 * cells and texts cross the border; a complex tensor is a real array whose
 * first dimension of 2 has the parts. A model is a number, its place in a
 * table; a place is not used again, so that a stale number is a closed model.
 */
#include "border.h"

#include <stele_hosts.h>

#include <stdio.h>
#include <stdlib.h>

/* ---- Models ----------------------------------------------------------------
 */

static stele_model **models;
static size_t n_models;

static void release_all(void) {
  for (size_t i = 0; i < n_models; i++)
    stele_free(models[i]);
  free(models);
}

static stele_model *model_at(const mxArray *place) {
  const double index = mxGetScalar(place);
  return index >= 1 && index <= (double)n_models ? models[(size_t)index - 1]
                                                 : NULL;
}

static double keep(stele_model *model) {
  if (n_models == 0)
    mexAtExit(release_all);
  stele_model **more = realloc(models, (n_models + 1) * sizeof *models);
  if (more == NULL)
    mexErrMsgTxt("out of memory");
  models = more;
  models[n_models++] = model;
  return (double)n_models;
}

/* ---- Results ---------------------------------------------------------------
 */

static void fail(mxArray *results[], stele_code code, const char *message) {
  results[0] = mxCreateString(stele_code_name(code));
  results[1] = text_bytes(message);
}

static void succeed(mxArray *results[], mxArray *value) {
  results[0] = mxCreateString("OK");
  results[1] = value;
}

/* ---- Tensors ---------------------------------------------------------------
 */

/* The class whose memory is the dtype's own, but for the parts of complex
 * numbers, for FP16 and BF16, which are doubles here, and for BYTES, a cell. */
static mxClassID class_of(stele_dtype dtype) {
  switch (dtype) {
  case STELE_BOOL:
    return mxLOGICAL_CLASS;
  case STELE_INT8:
    return mxINT8_CLASS;
  case STELE_INT16:
    return mxINT16_CLASS;
  case STELE_INT32:
    return mxINT32_CLASS;
  case STELE_INT64:
    return mxINT64_CLASS;
  case STELE_UINT8:
    return mxUINT8_CLASS;
  case STELE_UINT16:
    return mxUINT16_CLASS;
  case STELE_UINT32:
    return mxUINT32_CLASS;
  case STELE_UINT64:
    return mxUINT64_CLASS;
  case STELE_FP32:
  case STELE_C64:
    return mxSINGLE_CLASS;
  case STELE_BYTES:
    return mxCELL_CLASS;
  default:
    return mxDOUBLE_CLASS;
  }
}

static int is_half(stele_dtype dtype) {
  return dtype == STELE_FP16 || dtype == STELE_BF16;
}

static int is_complex(stele_dtype dtype) {
  return dtype == STELE_C64 || dtype == STELE_C128;
}

/* Elements in the host's order; NULL when one is beyond the dtype. */
static void *columns_of(const mxArray *values, stele_dtype dtype,
                        size_t count) {
  if (dtype == STELE_BYTES) {
    stele_bytes *strings = mxCalloc(count + 1, sizeof *strings);
    for (size_t i = 0; i < count; i++) {
      const mxArray *cell = mxGetCell(values, i);
      strings[i].data = mxGetData(cell);
      strings[i].size = mxGetNumberOfElements(cell);
    }
    return strings;
  }
  if (!is_half(dtype))
    return mxGetData(values);
  uint16_t *halves = mxCalloc(count + 1, sizeof *halves);
  const uint64_t *wide = mxGetData(values);
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    if (!stele_narrow(dtype, wide[i], &bits))
      return NULL;
    halves[i] = (uint16_t)bits;
  }
  return halves;
}

/* A view of {name, dtype, shape, values}: 1, or 0 with the error filled in.
 * What it refers to lives until the MEX returns. */
static int encode(const mxArray *input, stele_tensor *view,
                  stele_error *error) {
  const mxArray *values = mxGetCell(input, 3);
  int64_t *dims;
  const int32_t rank = dims_of(mxGetCell(input, 2), &dims);
  char *dtype = text(mxGetCell(input, 1));
  *view = (stele_tensor){text(mxGetCell(input, 0)),
                         stele_dtype_from_name(dtype),
                         rank,
                         dims,
                         NULL,
                         0};
  if (stele_tensor_size(view, &view->size, error) != STELE_OK)
    return 0;
  const uint64_t size = stele_dtype_size(view->dtype);
  const uint64_t needed = view->size / size;
  const uint64_t given =
      mxGetNumberOfElements(values) / (is_complex(view->dtype) ? 2U : 1U);
  error->code = STELE_INVALID_ARGUMENT;
  if (needed != given) {
    snprintf(error->message, sizeof error->message,
             "input \"%s\": its shape has %llu elements, %llu given",
             view->name, (unsigned long long)needed, (unsigned long long)given);
    return 0;
  }
  void *columns = columns_of(values, view->dtype, needed);
  if (columns == NULL) {
    snprintf(error->message, sizeof error->message,
             "input \"%s\" has a number that is no %s", view->name, dtype);
    return 0;
  }
  void *rows = mxCalloc(view->size + 1, 1);
  stele_to_rows(rows, columns, view->rank, dims, size);
  view->data = rows;
  return 1;
}

static void put_columns(mxArray *values, const void *columns, stele_dtype dtype,
                        size_t count) {
  if (dtype == STELE_BYTES) {
    const stele_bytes *strings = columns;
    for (size_t i = 0; i < count; i++)
      mxSetCell(values, i, bytes_of(strings[i].data, strings[i].size));
  } else if (is_half(dtype)) {
    uint64_t *wide = mxGetData(values);
    for (size_t i = 0; i < count; i++)
      wide[i] = stele_widen(dtype, ((const uint16_t *)columns)[i]);
  } else if (count > 0) {
    memcpy(mxGetData(values), columns, count * stele_dtype_size(dtype));
  }
}

/* An array of at least two dimensions, as the host has them; the parts of a
 * complex number come before these. */
static mxArray *decode(const stele_tensor *tensor) {
  const size_t size = stele_dtype_size(tensor->dtype);
  const size_t rank = (size_t)tensor->rank;
  const mxClassID class = class_of(tensor->dtype);
  mwSize *dims = mxCalloc(rank + 3, sizeof *dims), *shape = dims;
  void *columns = mxCalloc(tensor->size + 1, 1);
  if (is_complex(tensor->dtype))
    *shape++ = 2;
  for (size_t i = 0; i < rank || i < 2; i++)
    shape[i] = i < rank ? (mwSize)tensor->dims[i] : 1;
  const mwSize n_dims = (mwSize)(shape - dims) + (rank < 2 ? 2 : rank);
  mxArray *values = class == mxCELL_CLASS ? mxCreateCellArray(n_dims, dims)
                    : class == mxLOGICAL_CLASS
                        ? mxCreateLogicalArray(n_dims, dims)
                        : mxCreateNumericArray(n_dims, dims, class, mxREAL);
  stele_to_columns(columns, tensor->data, tensor->rank, tensor->dims, size);
  put_columns(values, columns, tensor->dtype, tensor->size / size);
  return values;
}

/* ---- Verbs -----------------------------------------------------------------
 */

/* load(dir, tags, profile, config, libtensorflow): the model's place. No
 * profile and no config are cells, and no library is empty. */
static void load(mxArray *results[], const mxArray *arguments[]) {
  char *library = text(arguments[4]);
  stele_error error;
  stele_options options = {.struct_size = sizeof options,
                           .tags = text(arguments[1])};
  if (!mxIsCell(arguments[2]))
    options.profile = text(arguments[2]);
  options.libtensorflow = *library != '\0' ? library : NULL;
  if (!mxIsCell(arguments[3])) {
    options.config = text(arguments[3]);
    options.config_size = mxGetNumberOfElements(arguments[3]);
  }
  stele_model *model = stele_load(text(arguments[0]), &options, &error);
  if (model == NULL)
    fail(results, error.code, error.message);
  else
    succeed(results, mxCreateDoubleScalar(keep(model)));
}

/* One row of what describe gives. */
static void set_row(mxArray *table, size_t row, size_t rows,
                    const stele_signature *of, int is_output,
                    const stele_tensor_info *info) {
  mxArray *cells[] = {text_bytes(of->name),
                      mxCreateLogicalScalar(is_output != 0),
                      text_bytes(info->name),
                      mxCreateString(info->dtype_name),
                      shape_of(info->rank, info->dims),
                      mxCreateLogicalScalar(info->rank >= 0),
                      mxCreateLogicalScalar(info->default_value != NULL)};
  for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
    mxSetCell(table, row + i * rows, cells[i]);
}

/* describe(model): a row for each input and output: signature, is output, name,
 * dtype, shape with NaN where unknown, whether the rank is known, optional. */
static void describe(mxArray *results[], const mxArray *arguments[]) {
  const stele_model *model = model_at(arguments[0]);
  size_t rows = 0, row = 0;
  for (uint64_t i = 0; i < stele_signature_count(model); i++) {
    const stele_signature *of = stele_signature_at(model, i);
    rows += of->n_inputs + of->n_outputs;
  }
  mxArray *table = mxCreateCellMatrix(rows, 7);
  for (uint64_t i = 0; i < stele_signature_count(model); i++) {
    const stele_signature *of = stele_signature_at(model, i);
    for (uint64_t k = 0; k < of->n_inputs; k++)
      set_row(table, row++, rows, of, 0, &of->inputs[k]);
    for (uint64_t k = 0; k < of->n_outputs; k++)
      set_row(table, row++, rows, of, 1, &of->outputs[k]);
  }
  succeed(results, table);
}

/* run(model, signature, {{name, dtype, shape, values}, ...}): rows of name,
 * dtype, shape and values. */
static void run(mxArray *results[], const mxArray *arguments[]) {
  const size_t count = mxGetNumberOfElements(arguments[2]);
  stele_tensor *views = mxCalloc(count + 1, sizeof *views);
  stele_error error;
  if (model_at(arguments[0]) == NULL) {
    fail(results, STELE_FAILED_PRECONDITION, "the model is closed");
    return;
  }
  for (size_t i = 0; i < count; i++)
    if (!encode(mxGetCell(arguments[2], i), &views[i], &error)) {
      fail(results, error.code, error.message);
      return;
    }
  stele_outputs *outputs = stele_run(model_at(arguments[0]), text(arguments[1]),
                                     views, count, &error);
  if (outputs == NULL) {
    fail(results, error.code, error.message);
    return;
  }
  mxArray *table = mxCreateCellMatrix(outputs->n_tensors, 4);
  for (size_t i = 0; i < outputs->n_tensors; i++) {
    const stele_tensor *tensor = &outputs->tensors[i];
    mxSetCell(table, i, text_bytes(tensor->name));
    mxSetCell(table, i + outputs->n_tensors,
              mxCreateString(stele_dtype_name(tensor->dtype)));
    mxSetCell(table, i + 2 * outputs->n_tensors,
              shape_of(tensor->rank, tensor->dims));
    mxSetCell(table, i + 3 * outputs->n_tensors, decode(tensor));
  }
  stele_outputs_free(outputs);
  succeed(results, table);
}

static void release(mxArray *results[], const mxArray *arguments[]) {
  stele_model *model = model_at(arguments[0]);
  if (model != NULL)
    models[(size_t)mxGetScalar(arguments[0]) - 1] = NULL;
  stele_free(model);
  succeed(results, mxCreateLogicalScalar(1));
}

static void is_closed(mxArray *results[], const mxArray *arguments[]) {
  succeed(results, mxCreateLogicalScalar(model_at(arguments[0]) == NULL));
}

static void version(mxArray *results[], const mxArray *arguments[]) {
  stele_error error;
  const char *version = stele_tensorflow_version(&error);
  (void)arguments;
  if (version == NULL)
    fail(results, error.code, error.message);
  else
    succeed(results, mxCreateString(version));
}

static const struct {
  const char *name;
  int arguments;
  void (*answer)(mxArray *results[], const mxArray *arguments[]);
} verbs[] = {{"load", 5, load},
             {"describe", 1, describe},
             {"run", 3, run},
             {"release", 1, release},
             {"is_closed", 1, is_closed},
             {"version", 0, version}};

void mexFunction(int n_results, mxArray *results[], int n_arguments,
                 const mxArray *arguments[]) {
  char verb[16] = "";
  (void)n_results;
  if (n_arguments > 0)
    mxGetString(arguments[0], verb, sizeof verb);
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (strcmp(verb, verbs[i].name) == 0 &&
        n_arguments == 1 + verbs[i].arguments) {
      verbs[i].answer(results, arguments + 1);
      return;
    }
  fail(results, STELE_INVALID_ARGUMENT, "stele_mex is called by +stele only");
}
