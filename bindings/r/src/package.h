/* The files of the package's C: what one needs of another. C never raises: it
 * returns a failure, and R signals it as a condition. */
#ifndef STELE_PACKAGE_H
#define STELE_PACKAGE_H

#define R_NO_REMAP
#include <R.h>
#include <Rinternals.h>
#include <stele_hosts.h>

/* list(code, message) of class "stele_failure". */
SEXP stele_r_failure(stele_code code, const char *format, ...);
SEXP stele_r_error(const stele_error *error);

/* A text of R as UTF-8; NULL for NULL. */
const char *stele_r_text(SEXP text);

/* Fills in `view` from list(values, dtype, shape); what it refers to lives
 * until .Call returns. R_NilValue, or a failure. */
SEXP stele_r_encode(const char *name, SEXP tensor, stele_tensor *view);

/* An array of R with the elements of a tensor; a failure for a dimension that R
 * cannot have. */
SEXP stele_r_decode(const stele_tensor *tensor);

/* Entry points, see the R functions that call them. */
SEXP load(SEXP dir, SEXP tags, SEXP profile, SEXP config, SEXP libtensorflow);
SEXP describe(SEXP pointer);
SEXP run(SEXP pointer, SEXP signature, SEXP names, SEXP tensors);
SEXP release(SEXP pointer);
SEXP version(void);
SEXP is_released(SEXP pointer);
SEXP from_bytes(SEXP bytes, SEXP dtype);
SEXP to_bytes(SEXP values, SEXP dtype);
SEXP uint64_text(SEXP values);
SEXP uint64_parse(SEXP texts);

#endif
