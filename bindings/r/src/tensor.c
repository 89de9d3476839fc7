/* Vectors of R and the elements of tensors. Both ways go by the dtype's own
 * elements in R's order, column-major; stele_hosts.h turns the axes. */
#include "package.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Numbers into elements -------------------------------------------------
 */

/* The greatest whole number below which a double holds all. */
#define SAFE 9007199254740991.0

typedef struct range {
  int64_t least;
  int64_t greatest;
} range;

static range range_of(stele_dtype dtype) {
  switch (dtype) {
  case STELE_INT8:
    return (range){INT8_MIN, INT8_MAX};
  case STELE_INT16:
    return (range){INT16_MIN, INT16_MAX};
  case STELE_INT32:
    return (range){INT32_MIN, INT32_MAX};
  case STELE_UINT8:
    return (range){0, UINT8_MAX};
  case STELE_UINT16:
    return (range){0, UINT16_MAX};
  case STELE_UINT32:
    return (range){0, UINT32_MAX};
  case STELE_UINT64:
    return (range){0, INT64_MAX};
  default:
    return (range){INT64_MIN, INT64_MAX};
  }
}

/* NA of an INT32 is its least value, in R's memory as in the tensor's. */
static int whole(SEXP values, R_xlen_t i, stele_dtype dtype, int64_t *number) {
  switch (TYPEOF(values)) {
  case RAWSXP:
    *number = RAW(values)[i];
    return 1;
  case INTSXP:
    *number = INTEGER(values)[i];
    return INTEGER(values)[i] != NA_INTEGER || dtype == STELE_INT32;
  case REALSXP:
    if (Rf_inherits(values, "integer64")) {
      memcpy(number, &REAL(values)[i], sizeof *number);
      return 1;
    }
    if (!(REAL(values)[i] >= -SAFE && REAL(values)[i] <= SAFE))
      return 0;
    *number = (int64_t)REAL(values)[i];
    return (double)*number == REAL(values)[i];
  default:
    return 0;
  }
}

static int put_whole(SEXP values, R_xlen_t i, stele_dtype dtype, char *to) {
  int64_t number;
  const range of = range_of(dtype);
  if (dtype == STELE_UINT64 && Rf_inherits(values, "stele_uint64")) {
    memcpy(to, &REAL(values)[i], sizeof(uint64_t));
    return 1;
  }
  if (Rf_inherits(values, "stele_uint64") ||
      !whole(values, i, dtype, &number) || number < of.least ||
      number > of.greatest)
    return 0;
  switch (stele_dtype_size(dtype)) {
  case 1:
    *to = (char)number;
    break;
  case 2:
    memcpy(to, &(int16_t){(int16_t)number}, 2);
    break;
  case 4:
    memcpy(to, &(int32_t){(int32_t)number}, 4);
    break;
  default:
    memcpy(to, &number, 8);
  }
  return 1;
}

/* By the bits: R's arithmetic may make another NaN of one. */
static int put_double(const double *from, stele_dtype dtype, char *to) {
  uint64_t wide;
  uint32_t bits;
  memcpy(&wide, from, sizeof wide);
  if (dtype == STELE_FP64) {
    memcpy(to, &wide, sizeof wide);
    return 1;
  }
  if (!stele_narrow(dtype, wide, &bits))
    return 0;
  if (dtype == STELE_FP32)
    memcpy(to, &bits, sizeof bits);
  else
    memcpy(to, &(uint16_t){(uint16_t)bits}, 2);
  return 1;
}

static int put_real(SEXP values, R_xlen_t i, stele_dtype dtype, char *to) {
  if (TYPEOF(values) == REALSXP && !Rf_isObject(values))
    return put_double(&REAL(values)[i], dtype, to);
  if (TYPEOF(values) != INTSXP || INTEGER(values)[i] == NA_INTEGER)
    return 0;
  return put_double(&(double){INTEGER(values)[i]}, dtype, to);
}

static int put_complex(SEXP values, R_xlen_t i, stele_dtype dtype, char *to) {
  const stele_dtype part = dtype == STELE_C64 ? STELE_FP32 : STELE_FP64;
  char *imaginary = to + stele_dtype_size(part);
  if (TYPEOF(values) != CPLXSXP)
    return put_real(values, i, part, to) &&
           put_double(&(double){0}, part, imaginary);
  return put_double(&COMPLEX(values)[i].r, part, to) &&
         put_double(&COMPLEX(values)[i].i, part, imaginary);
}

/* A raw vector, or a text. */
static int put_bytes(SEXP values, R_xlen_t i, char *to) {
  SEXP element = values;
  stele_bytes bytes;
  if (TYPEOF(values) == VECSXP) {
    element = VECTOR_ELT(values, i);
    i = 0;
  }
  if (TYPEOF(element) == RAWSXP && TYPEOF(values) == VECSXP) {
    bytes.data = (const char *)RAW(element);
    bytes.size = (uint64_t)XLENGTH(element);
  } else if (TYPEOF(element) == STRSXP && XLENGTH(element) > i &&
             STRING_ELT(element, i) != NA_STRING) {
    bytes.data = Rf_translateCharUTF8(STRING_ELT(element, i));
    bytes.size = strlen(bytes.data);
  } else {
    return 0;
  }
  memcpy(to, &bytes, sizeof bytes);
  return 1;
}

static int put(SEXP values, R_xlen_t i, stele_dtype dtype, char *to) {
  switch (dtype) {
  case STELE_BOOL:
    if (TYPEOF(values) != LGLSXP || LOGICAL(values)[i] == NA_LOGICAL)
      return 0;
    *to = (char)LOGICAL(values)[i];
    return 1;
  case STELE_FP16:
  case STELE_BF16:
  case STELE_FP32:
  case STELE_FP64:
    return put_real(values, i, dtype, to);
  case STELE_C64:
  case STELE_C128:
    return put_complex(values, i, dtype, to);
  case STELE_BYTES:
    return put_bytes(values, i, to);
  default:
    return put_whole(values, i, dtype, to);
  }
}

/* ---- Tensors ---------------------------------------------------------------
 */

static SEXP element(SEXP list, int index) {
  return VECTOR_ELT(list, index);
}

/* Elements in R's order, or NULL and a failure. */
static char *flat(const char *name, SEXP values, stele_dtype dtype,
                  SEXP *failure) {
  const uint64_t size = stele_dtype_size(dtype);
  const R_xlen_t count = XLENGTH(values);
  char *bytes = R_alloc((size_t)count + 1, (int)size);
  for (R_xlen_t i = 0; i < count; i++)
    if (!put(values, i, dtype, bytes + (uint64_t)i * size)) {
      *failure = stele_r_failure(STELE_INVALID_ARGUMENT,
                                 "input \"%s\": element %" PRId64 " is no %s",
                                 name, (int64_t)i + 1, stele_dtype_name(dtype));
      return NULL;
    }
  return bytes;
}

static SEXP read_shape(SEXP shape, stele_tensor *view) {
  const R_xlen_t rank = XLENGTH(shape);
  int64_t *dims = (int64_t *)R_alloc((size_t)rank + 1, sizeof(int64_t));
  for (R_xlen_t i = 0; i < rank; i++) {
    const double dim = REAL(shape)[i];
    dims[i] = dim >= -SAFE && dim <= SAFE ? (int64_t)dim : -1;
    if ((double)dims[i] != dim)
      return stele_r_failure(STELE_INVALID_ARGUMENT,
                             "input \"%s\": %g is no dimension", view->name,
                             dim);
  }
  view->rank = (int32_t)rank;
  view->dims = dims;
  return R_NilValue;
}

SEXP stele_r_encode(const char *name, SEXP tensor, stele_tensor *view) {
  SEXP values = element(tensor, 0), failure;
  stele_error error;
  *view = (stele_tensor){
      .name = name,
      .dtype = stele_dtype_from_name(stele_r_text(element(tensor, 1)))};
  const uint64_t size = stele_dtype_size(view->dtype);
  failure = read_shape(element(tensor, 2), view);
  if (!Rf_isNull(failure))
    return failure;
  if (stele_tensor_size(view, &view->size, &error) != STELE_OK)
    return stele_r_error(&error);
  if (view->size / size != (uint64_t)XLENGTH(values))
    return stele_r_failure(STELE_INVALID_ARGUMENT,
                           "input \"%s\": its shape has %" PRIu64
                           " elements, %" PRId64 " given",
                           name, view->size / size, (int64_t)XLENGTH(values));
  char *columns = flat(name, values, view->dtype, &failure);
  if (columns == NULL)
    return failure;
  view->data = columns;
  if (view->rank > 1) {
    char *rows = R_alloc(view->size + 1, 1);
    stele_to_rows(rows, columns, view->rank, view->dims, size);
    view->data = rows;
  }
  return R_NilValue;
}

/* ---- Elements into vectors -------------------------------------------------
 */

static SEXPTYPE type_of(stele_dtype dtype) {
  switch (dtype) {
  case STELE_BOOL:
    return LGLSXP;
  case STELE_INT8:
  case STELE_INT16:
  case STELE_INT32:
  case STELE_UINT8:
  case STELE_UINT16:
    return INTSXP;
  case STELE_C64:
  case STELE_C128:
    return CPLXSXP;
  case STELE_BYTES:
    return VECSXP;
  default:
    return REALSXP;
  }
}

static void get_double(const char *from, stele_dtype dtype, double *to) {
  uint64_t wide;
  if (dtype == STELE_FP32) {
    uint32_t bits;
    memcpy(&bits, from, sizeof bits);
    wide = stele_widen(dtype, bits);
  } else if (dtype == STELE_FP16 || dtype == STELE_BF16) {
    uint16_t bits;
    memcpy(&bits, from, sizeof bits);
    wide = stele_widen(dtype, bits);
  } else {
    memcpy(&wide, from, sizeof wide);
  }
  memcpy(to, &wide, sizeof wide);
}

static int get_integer(const char *from, stele_dtype dtype) {
  int16_t narrow;
  uint16_t unsigned_narrow;
  int32_t wide;
  switch (dtype) {
  case STELE_BOOL:
  case STELE_UINT8:
    return (unsigned char)*from;
  case STELE_INT8:
    return (signed char)*from;
  case STELE_INT16:
    memcpy(&narrow, from, sizeof narrow);
    return narrow;
  case STELE_UINT16:
    memcpy(&unsigned_narrow, from, sizeof unsigned_narrow);
    return unsigned_narrow;
  default:
    memcpy(&wide, from, sizeof wide);
    return wide;
  }
}

static SEXP get_bytes(const char *from) {
  stele_bytes bytes;
  memcpy(&bytes, from, sizeof bytes);
  SEXP raw = Rf_allocVector(RAWSXP, (R_xlen_t)bytes.size);
  if (bytes.size > 0)
    memcpy(RAW(raw), bytes.data, bytes.size);
  return raw;
}

static void get(const char *from, stele_dtype dtype, SEXP values, R_xlen_t i) {
  const stele_dtype part = dtype == STELE_C64 ? STELE_FP32 : STELE_FP64;
  uint32_t whole;
  switch (dtype) {
  case STELE_BOOL:
    LOGICAL(values)[i] = get_integer(from, dtype);
    break;
  case STELE_BYTES:
    SET_VECTOR_ELT(values, i, get_bytes(from));
    break;
  case STELE_C64:
  case STELE_C128:
    get_double(from, part, &COMPLEX(values)[i].r);
    get_double(from + stele_dtype_size(part), part, &COMPLEX(values)[i].i);
    break;
  case STELE_UINT32:
    memcpy(&whole, from, sizeof whole);
    REAL(values)[i] = whole;
    break;
  default: /* an INT64 or UINT64 lies in the memory of a double */
    if (TYPEOF(values) == REALSXP)
      get_double(from, dtype, &REAL(values)[i]);
    else
      INTEGER(values)[i] = get_integer(from, dtype);
  }
}

static SEXP vector(const char *from, stele_dtype dtype, R_xlen_t count) {
  SEXP values = PROTECT(Rf_allocVector(type_of(dtype), count));
  for (R_xlen_t i = 0; i < count; i++)
    get(from + (uint64_t)i * stele_dtype_size(dtype), dtype, values, i);
  if (dtype == STELE_INT64)
    Rf_setAttrib(values, R_ClassSymbol, Rf_mkString("integer64"));
  if (dtype == STELE_UINT64)
    Rf_setAttrib(values, R_ClassSymbol, Rf_mkString("stele_uint64"));
  UNPROTECT(1);
  return values;
}

SEXP stele_r_decode(const stele_tensor *tensor) {
  const uint64_t size = stele_dtype_size(tensor->dtype);
  const char *columns = tensor->data;
  for (int32_t i = 0; i < tensor->rank; i++)
    if (tensor->dims[i] > INT_MAX)
      return stele_r_failure(STELE_OUT_OF_RANGE,
                             "output \"%s\" has a dimension of %" PRId64
                             ", which no array of R has",
                             tensor->name, tensor->dims[i]);
  if (tensor->rank > 1) {
    char *turned = R_alloc(tensor->size + 1, 1);
    stele_to_columns(turned, tensor->data, tensor->rank, tensor->dims, size);
    columns = turned;
  }
  SEXP values =
      PROTECT(vector(columns, tensor->dtype, (R_xlen_t)(tensor->size / size)));
  if (tensor->rank > 0) {
    SEXP dims = PROTECT(Rf_allocVector(INTSXP, tensor->rank));
    for (int32_t i = 0; i < tensor->rank; i++)
      INTEGER(dims)[i] = (int)tensor->dims[i];
    Rf_setAttrib(values, R_DimSymbol, dims);
    UNPROTECT(1);
  }
  UNPROTECT(1);
  return values;
}

/* ---- Raw vectors -----------------------------------------------------------
 */

SEXP from_bytes(SEXP bytes, SEXP dtype_name) {
  const stele_dtype dtype = stele_dtype_from_name(stele_r_text(dtype_name));
  const uint64_t size = stele_dtype_size(dtype);
  if (dtype == STELE_BYTES || size == 0 || (uint64_t)XLENGTH(bytes) % size != 0)
    return stele_r_failure(STELE_INVALID_ARGUMENT,
                           "%" PRId64 " bytes are no elements of %s",
                           (int64_t)XLENGTH(bytes), stele_r_text(dtype_name));
  return vector((const char *)RAW(bytes), dtype,
                XLENGTH(bytes) / (R_xlen_t)size);
}

SEXP to_bytes(SEXP values, SEXP dtype_name) {
  const stele_dtype dtype = stele_dtype_from_name(stele_r_text(dtype_name));
  const uint64_t size = stele_dtype_size(dtype);
  SEXP failure = R_NilValue;
  if (dtype == STELE_BYTES || size == 0)
    return stele_r_failure(STELE_INVALID_ARGUMENT, "%s has no fixed size",
                           stele_r_text(dtype_name));
  const char *bytes = flat("values", values, dtype, &failure);
  if (bytes == NULL)
    return failure;
  SEXP raw = Rf_allocVector(RAWSXP, XLENGTH(values) * (R_xlen_t)size);
  if (XLENGTH(raw) > 0)
    memcpy(RAW(raw), bytes, (size_t)XLENGTH(raw));
  return raw;
}

SEXP uint64_text(SEXP values) {
  SEXP texts = PROTECT(Rf_allocVector(STRSXP, XLENGTH(values)));
  for (R_xlen_t i = 0; i < XLENGTH(values); i++) {
    char text[24];
    uint64_t number;
    memcpy(&number, &REAL(values)[i], sizeof number);
    snprintf(text, sizeof text, "%" PRIu64, number);
    SET_STRING_ELT(texts, i, Rf_mkChar(text));
  }
  UNPROTECT(1);
  return texts;
}

/* Texts that are decimal digits; a failure for a number beyond 2^64-1. */
SEXP uint64_parse(SEXP texts) {
  SEXP values = PROTECT(Rf_allocVector(REALSXP, XLENGTH(texts)));
  SEXP result = values;
  for (R_xlen_t i = 0; i < XLENGTH(texts); i++) {
    errno = 0;
    const uint64_t number = strtoull(CHAR(STRING_ELT(texts, i)), NULL, 10);
    if (errno != 0)
      result = stele_r_failure(STELE_INVALID_ARGUMENT, "%s is no UINT64",
                               CHAR(STRING_ELT(texts, i)));
    memcpy(&REAL(values)[i], &number, sizeof number);
  }
  UNPROTECT(1);
  return result;
}
