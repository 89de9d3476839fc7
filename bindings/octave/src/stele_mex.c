/* The one MEX of the package: stele_mex(verb, ...), for MATLAB and Octave.
 *
 * What every call needs is done here: a few functions of a package take Octave
 * as long as a small model does. What is rare, or once for a model, +stele
 * does, called back; errors are raised there, and pass through. Real arrays,
 * cells, structs and texts cross the border; a complex tensor is a real array
 * whose first dimension of 2 has the parts. A model is a number, its place in a
 * table; a place is not used again, so that a stale number is a closed model.
 */
#include "border.h"

#include <stele_hosts.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Models ----------------------------------------------------------------
 */

/* The fields that outputs of a signature have, in its order. */
typedef struct fields {
  const stele_signature *of;
  struct fields *next;
  char *names[];
} fields;

/* `model` is NULL once it is released; `fields` are of the signatures that were
 * run. */
typedef struct {
  stele_model *model;
  fields *fields;
} slot;

static slot *slots;
static size_t n_slots;

static void *or_out_of_memory(void *memory) {
  if (memory == NULL)
    mexErrMsgTxt("out of memory");
  return memory;
}

static void release_slot(slot *at) {
  for (fields *next, *list = at->fields; list != NULL; list = next) {
    next = list->next;
    for (uint64_t i = 0; i < list->of->n_outputs; i++)
      free(list->names[i]);
    free(list);
  }
  stele_free(at->model);
  *at = (slot){NULL, NULL};
}

static void release_all(void) {
  for (size_t i = 0; i < n_slots; i++)
    release_slot(&slots[i]);
  free(slots);
}

/* Of a place; NULL where the model is closed. */
static slot *slot_at(const mxArray *place) {
  const double index = mxGetScalar(place);
  slot *at =
      index >= 1 && index <= (double)n_slots ? &slots[(size_t)index - 1] : NULL;
  return at != NULL && at->model != NULL ? at : NULL;
}

static const stele_model *model_at(const mxArray *place) {
  const slot *at = slot_at(place);
  return at != NULL ? at->model : NULL;
}

static double keep(stele_model *model) {
  if (n_slots == 0)
    mexAtExit(release_all);
  slots = or_out_of_memory(realloc(slots, (n_slots + 1) * sizeof *slots));
  slots[n_slots++] = (slot){model, NULL};
  return (double)n_slots;
}

/* ---- The package, called back ----------------------------------------------
 */

enum { MOST_GIVEN = 3 };

/* What a function of +stele gives. By feval, which finds what is in a package.
 */
static mxArray *called(const char *function, int count,
                       const mxArray *const given[]) {
  mxArray *call[1 + MOST_GIVEN] = {mxCreateString(function)}, *value;
  for (int i = 0; i < count; i++)
    call[1 + i] = (mxArray *)given[i];
  mexCallMATLAB(1, &value, 1 + count, call, "feval");
  return value;
}

/* Does not return: mexErrMsgIdAndTxt would, in Octave, put a prefix before the
 * message. */
static void fail(stele_code code, const char *message) {
  mxArray *call[] = {mxCreateString("stele.refuse"),
                     mxCreateString(stele_code_name(code)),
                     text_bytes(message)};
  mexCallMATLAB(0, NULL, 3, call, "feval");
}

/* A name as UTF-8: a copy if it is ASCII, and else as stele.utf8 has it. */
static char *name_of(const mxArray *name) {
  const size_t size = mxIsChar(name) ? mxGetNumberOfElements(name) : 0;
  const mxChar *chars = mxGetData(name);
  char *copy = mxCalloc(size + 1, 1);
  size_t done = 0;
  for (int c; done < size && (c = chars[done]) > 0 && c < 128; done++)
    copy[done] = (char)c;
  return mxIsChar(name) && done == size ? copy
                                        : text(called("stele.utf8", 1, &name));
}

static char *field_of(const char *output) {
  const mxArray *bytes = text_bytes(output);
  const mxArray *text = called("stele.text", 1, &bytes);
  char *name = ascii(called("stele.field", 1, &text));
  char *kept = or_out_of_memory(malloc(strlen(name) + 1));
  return strcpy(kept, name);
}

/* Of a signature of the model, asked for when it runs first. */
static fields *fields_of(slot *at, const stele_signature *signature) {
  fields *list = at->fields;
  while (list != NULL && list->of != signature)
    list = list->next;
  if (list == NULL) {
    list = or_out_of_memory(
        calloc(1, sizeof *list + signature->n_outputs * sizeof *list->names));
    list->of = signature;
    list->next = at->fields;
    at->fields = list;
  }
  for (uint64_t i = 0; i < signature->n_outputs; i++)
    if (list->names[i] == NULL)
      list->names[i] = field_of(signature->outputs[i].name);
  return list;
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

/* The dtype that values of the class are, without being told; text that is no
 * dtype for other classes. */
static const char *dtype_of_class(const mxArray *values) {
  switch (mxGetClassID(values)) {
  case mxLOGICAL_CLASS:
    return "BOOL";
  case mxDOUBLE_CLASS:
    return mxIsComplex(values) ? "C128" : "FP64";
  case mxSINGLE_CLASS:
    return mxIsComplex(values) ? "C64" : "FP32";
  case mxCELL_CLASS:
  case mxCHAR_CLASS:
    return "BYTES";
  default: {
    const char *class = mxGetClassName(values);
    char *upper = mxCalloc(strlen(class) + 1, 1);
    for (size_t i = 0; class[i] != '\0'; i++)
      upper[i] = (char)toupper((unsigned char)class[i]);
    return upper;
  }
  }
}

/* A size has two dimensions at least, and no ones at its end: made the
 * signature's rank. */
static int32_t fit(const mxArray *values, int32_t wanted, int64_t **dims) {
  const mwSize *size = mxGetDimensions(values);
  int32_t rank = (int32_t)mxGetNumberOfDimensions(values);
  *dims = mxCalloc((size_t)(rank > wanted ? rank : wanted), sizeof **dims);
  for (int32_t i = 0; i < rank; i++)
    (*dims)[i] = (int64_t)size[i];
  if (wanted < 0)
    return rank;
  if (wanted == 1 && rank == 2 && size[0] == 1)
    (*dims)[--rank - 1] = (int64_t)size[1];
  while (rank > wanted && (*dims)[rank - 1] == 1)
    rank--;
  while (rank < wanted)
    (*dims)[rank++] = 1;
  return rank;
}

/* Empty where nothing was put into it. */
static const mxArray *cell_at(const mxArray *cells, size_t index) {
  const mxArray *cell = mxGetCell(cells, index);
  return cell != NULL ? cell : mxCreateDoubleMatrix(0, 0, mxREAL);
}

/* Whether the memory is what columns_of takes, and the class says so. */
static int is_ready(const mxArray *values, stele_dtype dtype) {
  if (mxGetClassID(values) != class_of(dtype) || mxIsComplex(values) ||
      mxIsSparse(values))
    return 0;
  if (dtype == STELE_BYTES)
    for (size_t i = 0; i < mxGetNumberOfElements(values); i++)
      if (mxGetClassID(cell_at(values, i)) != mxUINT8_CLASS)
        return 0;
  return 1;
}

/* Doubles as FP32, which most models take and most arrays are not; NULL for
 * other values, and for those that do not fit: stele.encode refuses them. */
static const mxArray *narrowed(const mxArray *values, stele_dtype dtype) {
  if (dtype != STELE_FP32 || !is_ready(values, STELE_FP64))
    return NULL;
  const size_t count = mxGetNumberOfElements(values);
  mxArray *narrow = mxCreateNumericMatrix(1, count, mxSINGLE_CLASS, mxREAL);
  const double *from = mxGetData(values);
  float *to = mxGetData(narrow);
  for (size_t i = 0; i < count; i++) {
    to[i] = (float)from[i];
    if (isinf(to[i]) && !isinf(from[i]))
      return NULL;
  }
  return narrow;
}

/* Whether it says its dtype and shape: stele.tensor makes these. */
static int is_tensor(const mxArray *value) {
  if (!mxIsStruct(value) || mxGetNumberOfElements(value) != 1)
    return 0;
  const mxArray *dtype = mxGetField(value, 0, "stele_dtype");
  const mxArray *shape = mxGetField(value, 0, "shape");
  return dtype != NULL && mxIsChar(dtype) && shape != NULL &&
         mxIsDouble(shape) && mxGetField(value, 0, "values") != NULL;
}

/* A view of a value for the signature's input: 1, or 0 with the error filled
 * in. What it refers to lives until the MEX returns. */
static int encode(const stele_tensor_info *info, const mxArray *value,
                  stele_tensor *view, stele_error *error) {
  const int said = is_tensor(value);
  const mxArray *values = said ? mxGetField(value, 0, "values") : value;
  const char *dtype;
  int64_t *dims;
  int32_t rank;
  if (said) {
    dtype = ascii(mxGetField(value, 0, "stele_dtype"));
    rank = dims_of(mxGetField(value, 0, "shape"), &dims);
  } else {
    const int takes_numbers = info->dtype != STELE_BOOL &&
                              info->dtype != STELE_BYTES &&
                              info->dtype != STELE_UNNAMED;
    dtype = mxIsDouble(value) && takes_numbers ? info->dtype_name
                                               : dtype_of_class(value);
    rank = fit(value, info->rank, &dims);
  }
  *view = (stele_tensor){
      info->name, stele_dtype_from_name(dtype), rank, dims, NULL, 0};
  /* Numbers that become complex have the class already, but no parts. */
  if (!is_ready(values, view->dtype) || (!said && is_complex(view->dtype))) {
    const mxArray *given[] = {values, mxCreateString(dtype),
                              text_bytes(info->name)};
    const mxArray *narrow = narrowed(values, view->dtype);
    values = narrow != NULL ? narrow : called("stele.encode", 3, given);
  }
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

/* Elements whose memory in an array is not the dtype's own. */
static void put_columns(mxArray *values, const void *columns, stele_dtype dtype,
                        size_t count) {
  if (dtype == STELE_BYTES) {
    const stele_bytes *strings = columns;
    for (size_t i = 0; i < count; i++)
      mxSetCell(values, i, bytes_of(strings[i].data, strings[i].size));
  } else {
    uint64_t *wide = mxGetData(values);
    for (size_t i = 0; i < count; i++)
      wide[i] = stele_widen(dtype, ((const uint16_t *)columns)[i]);
  }
}

/* An array of at least two dimensions, as the host has them. */
static mxArray *decode(const stele_tensor *tensor) {
  const size_t size = stele_dtype_size(tensor->dtype);
  const size_t rank = (size_t)tensor->rank;
  const mxClassID class = class_of(tensor->dtype);
  mwSize *dims = mxCalloc(rank + 3, sizeof *dims), *shape = dims;
  if (is_complex(tensor->dtype))
    *shape++ = 2;
  for (size_t i = 0; i < rank || i < 2; i++)
    shape[i] = i < rank ? (mwSize)tensor->dims[i] : 1;
  const mwSize n_dims = (mwSize)(shape - dims) + (rank < 2 ? 2 : rank);
  mxArray *values = class == mxCELL_CLASS ? mxCreateCellArray(n_dims, dims)
                    : class == mxLOGICAL_CLASS
                        ? mxCreateLogicalArray(n_dims, dims)
                        : mxCreateNumericArray(n_dims, dims, class, mxREAL);
  const int is_other = is_half(tensor->dtype) || class == mxCELL_CLASS;
  void *columns = is_other ? mxCalloc(tensor->size + 1, 1) : mxGetData(values);
  stele_to_columns(columns, tensor->data, tensor->rank, tensor->dims, size);
  if (is_other)
    put_columns(values, columns, tensor->dtype, tensor->size / size);
  if (is_complex(tensor->dtype)) {
    const mxArray *parts = values;
    values = called("stele.decode", 1, &parts);
  }
  return values;
}

/* Names of outputs may differ and their fields not: the last one stays. */
static void set_field(mxArray *of, const char *name, mxArray *value) {
  int field = mxGetFieldNumber(of, name);
  if (field < 0)
    field = mxAddField(of, name);
  mxDestroyArray(mxGetFieldByNumber(of, 0, field));
  mxSetFieldByNumber(of, 0, field, value);
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
    fail(error.code, error.message);
  else
    results[0] = mxCreateDoubleScalar(keep(model));
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
  results[0] = table;
}

static int compare_info(const void *name, const void *info) {
  return strcmp(name, ((const stele_tensor_info *)info)->name);
}

/* The signature's inputs that the views name: 1, or 0 if one is unknown. */
static int find_all(const stele_signature *signature, const stele_tensor *views,
                    size_t count, const stele_tensor_info **infos) {
  for (size_t i = 0; i < count; i++) {
    infos[i] = signature == NULL
                   ? NULL
                   : bsearch(views[i].name, signature->inputs,
                             signature->n_inputs, sizeof **infos, compare_info);
    if (infos[i] == NULL)
      return 0;
  }
  return 1;
}

/* The names and values of a struct, or of a cell {name, values, ...}, into two
 * new lists: their number. */
static size_t inputs_of(const mxArray *given, const mxArray ***names,
                        const mxArray ***values) {
  const int is_struct = mxIsStruct(given) && mxGetNumberOfElements(given) == 1;
  const size_t size = mxGetNumberOfElements(given);
  if (!is_struct && !(mxIsCell(given) && size % 2 == 0))
    fail(STELE_INVALID_ARGUMENT,
         "inputs are one struct, or a cell {name, values, ...}");
  const size_t count =
      is_struct ? (size_t)mxGetNumberOfFields(given) : size / 2;
  /* Asked for: a name from C would end at a NUL, instead of being refused. */
  const mxArray *fields = is_struct ? called("fieldnames", 1, &given) : NULL;
  *names = mxCalloc(count + 1, sizeof **names);
  *values = mxCalloc(count + 1, sizeof **values);
  for (size_t i = 0; i < count; i++) {
    (*names)[i] = is_struct ? mxGetCell(fields, i) : cell_at(given, 2 * i);
    (*values)[i] = is_struct ? mxGetFieldByNumber(given, 0, (int)i)
                             : cell_at(given, 2 * i + 1);
  }
  return count;
}

/* run(model, signature, inputs): outputs and shapes, two structs. */
static void run(mxArray *results[], const mxArray *arguments[]) {
  static const char nothing = 0;
  const mxArray **names, **values;
  const size_t count = inputs_of(arguments[2], &names, &values);
  stele_tensor *views = mxCalloc(count + 1, sizeof *views);
  const stele_tensor_info **infos = mxCalloc(count + 1, sizeof *infos);
  stele_error error;
  for (size_t i = 0; i < count; i++)
    views[i] =
        (stele_tensor){name_of(names[i]), STELE_BOOL, 0, NULL, &nothing, 1};
  const char *name = name_of(arguments[1]);
  slot *at = slot_at(arguments[0]);
  if (at == NULL) {
    fail(STELE_FAILED_PRECONDITION, "the model is closed");
    return;
  }
  const stele_signature *signature = stele_signature_find(at->model, name);
  /* Refused by a name alone, whatever the values are: these may be many. */
  if (find_all(signature, views, count, infos))
    for (size_t i = 0; i < count; i++)
      if (!encode(infos[i], values[i], &views[i], &error)) {
        fail(error.code, error.message);
        return;
      }
  const fields *to = signature != NULL ? fields_of(at, signature) : NULL;
  stele_outputs *outputs = stele_run(at->model, name, views, count, &error);
  if (outputs == NULL) {
    fail(error.code, error.message);
    return;
  }
  for (int i = 0; i < 2; i++)
    results[i] = mxCreateStructMatrix(1, 1, 0, NULL);
  for (size_t i = 0; i < outputs->n_tensors; i++) {
    const stele_tensor *tensor = &outputs->tensors[i];
    set_field(results[0], to->names[i], decode(tensor));
    set_field(results[1], to->names[i], shape_of(tensor->rank, tensor->dims));
  }
  stele_outputs_free(outputs);
}

static void release(mxArray *results[], const mxArray *arguments[]) {
  slot *at = slot_at(arguments[0]);
  (void)results;
  if (at != NULL)
    release_slot(at);
}

static void is_closed(mxArray *results[], const mxArray *arguments[]) {
  results[0] = mxCreateLogicalScalar(slot_at(arguments[0]) == NULL);
}

static void version(mxArray *results[], const mxArray *arguments[]) {
  stele_error error;
  const char *version = stele_tensorflow_version(&error);
  (void)arguments;
  if (version == NULL)
    fail(error.code, error.message);
  else
    results[0] = mxCreateString(version);
}

static const struct {
  const char *name;
  int results;
  int arguments;
  void (*answer)(mxArray *results[], const mxArray *arguments[]);
} verbs[] = {{"load", 1, 5, load},
             {"describe", 1, 1, describe},
             {"run", 2, 3, run},
             {"release", 0, 1, release},
             {"is_closed", 1, 1, is_closed},
             {"version", 1, 0, version}};

void mexFunction(int n_results, mxArray *results[], int n_arguments,
                 const mxArray *arguments[]) {
  char verb[16] = "";
  if (n_arguments > 0)
    mxGetString(arguments[0], verb, sizeof verb);
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (strcmp(verb, verbs[i].name) == 0 && n_results == verbs[i].results &&
        n_arguments == 1 + verbs[i].arguments) {
      verbs[i].answer(results, arguments + 1);
      return;
    }
  fail(STELE_INVALID_ARGUMENT, "stele_mex is called by +stele only");
}
