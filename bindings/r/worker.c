/* The worker kit for R: requests as lists. Bytes are R's to read and write. */
#define R_NO_REMAP
#include <R.h>
#include <Rinternals.h>
#include <stele_worker.h>

#include <string.h>

static stele_worker *worker;

static SEXP text(const char *utf8) {
  return utf8 == NULL ? R_NilValue
                      : Rf_ScalarString(Rf_mkCharCE(utf8, CE_UTF8));
}

static SEXP dims(int32_t rank, const int64_t *from) {
  SEXP shape = Rf_allocVector(REALSXP, rank);
  for (int32_t i = 0; i < rank; i++)
    REAL(shape)[i] = (double)from[i];
  return shape;
}

/* list(list(name, dtype, shape, path, size), ...) */
static SEXP inputs(const stele_worker_request *request) {
  SEXP all = PROTECT(Rf_allocVector(VECSXP, (R_xlen_t)request->n_inputs));
  for (uint64_t i = 0; i < request->n_inputs; i++) {
    const stele_worker_input *from = &request->inputs[i];
    SEXP input = Rf_allocVector(VECSXP, 5);
    SET_VECTOR_ELT(all, (R_xlen_t)i, input);
    SET_VECTOR_ELT(input, 0, text(from->name));
    SET_VECTOR_ELT(input, 1, text(stele_dtype_name(from->dtype)));
    SET_VECTOR_ELT(input, 2, dims(from->rank, from->dims));
    SET_VECTOR_ELT(input, 3, text(from->path));
    SET_VECTOR_ELT(input, 4, Rf_ScalarReal((double)from->size));
  }
  UNPROTECT(1);
  return all;
}

static SEXP raw(const void *bytes, uint64_t size) {
  if (bytes == NULL)
    return R_NilValue;
  SEXP copy = Rf_allocVector(RAWSXP, (R_xlen_t)size);
  for (uint64_t i = 0; i < size; i++)
    RAW(copy)[i] = ((const Rbyte *)bytes)[i];
  return copy;
}

SEXP worker_start(SEXP binding, SEXP language) {
  worker = stele_worker_new(CHAR(STRING_ELT(binding, 0)),
                            CHAR(STRING_ELT(language, 0)), NULL);
  return R_NilValue;
}

/* list(verb, dir, tags, profile, config, signature, inputs), or NULL. */
SEXP worker_next(void) {
  const stele_worker_request *request = stele_worker_next(worker);
  if (request == NULL)
    return R_NilValue;
  SEXP list = PROTECT(Rf_allocVector(VECSXP, 7));
  SET_VECTOR_ELT(list, 0, Rf_ScalarInteger(request->verb));
  SET_VECTOR_ELT(list, 1, text(request->dir));
  SET_VECTOR_ELT(list, 2, text(request->tags));
  SET_VECTOR_ELT(list, 3, text(request->profile));
  SET_VECTOR_ELT(list, 4, raw(request->config, request->config_size));
  SET_VECTOR_ELT(list, 5, text(request->signature));
  SET_VECTOR_ELT(list, 6, inputs(request));
  UNPROTECT(1);
  return list;
}

SEXP worker_again(void) {
  return Rf_ScalarLogical(stele_worker_again(worker));
}

static const char *chars(SEXP string) {
  return CHAR(STRING_ELT(string, 0));
}

/* NULL is an unknown rank, -1 an unknown dimension. */
static const int64_t *read_dims(SEXP shape) {
  const R_xlen_t rank = Rf_xlength(shape);
  int64_t *to = (int64_t *)R_alloc((size_t)rank + 1, sizeof *to);
  for (R_xlen_t i = 0; i < rank; i++)
    to[i] = (int64_t)REAL(shape)[i];
  return to;
}

SEXP worker_describe(SEXP signature, SEXP is_output, SEXP name, SEXP dtype,
                     SEXP shape) {
  stele_worker_describe(worker, chars(signature), Rf_asLogical(is_output),
                        chars(name), chars(dtype),
                        Rf_isNull(shape) ? -1 : (int32_t)XLENGTH(shape),
                        read_dims(shape));
  return R_NilValue;
}

SEXP worker_output(SEXP name, SEXP dtype, SEXP shape, SEXP size) {
  return text(stele_worker_output(
      worker, chars(name), stele_dtype_from_name(chars(dtype)),
      (int32_t)XLENGTH(shape), read_dims(shape), (uint64_t)Rf_asReal(size)));
}

SEXP worker_ok(void) {
  stele_worker_ok(worker);
  return R_NilValue;
}

SEXP worker_error(SEXP code, SEXP message) {
  stele_code number = STELE_UNAUTHENTICATED;
  while (number > STELE_OK && strcmp(stele_code_name(number), chars(code)) != 0)
    number--;
  stele_worker_error(worker, number, chars(message));
  return R_NilValue;
}

SEXP worker_stop(void) {
  stele_worker_free(worker);
  return R_NilValue;
}
