/* What R may call, and failures. */
#include "package.h"

#include <R_ext/Rdynload.h>
#include <stdarg.h>
#include <stdio.h>

SEXP stele_r_failure(stele_code code, const char *format, ...) {
  char message[STELE_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  SEXP failure = PROTECT(Rf_allocVector(VECSXP, 2));
  SET_VECTOR_ELT(failure, 0, Rf_mkString(stele_code_name(code)));
  SET_VECTOR_ELT(failure, 1, Rf_ScalarString(Rf_mkCharCE(message, CE_UTF8)));
  Rf_setAttrib(failure, R_ClassSymbol, Rf_mkString("stele_failure"));
  UNPROTECT(1);
  return failure;
}

SEXP stele_r_error(const stele_error *error) {
  return stele_r_failure(error->code, "%s", error->message);
}

const char *stele_r_text(SEXP text) {
  return Rf_isNull(text) ? NULL : CHAR(STRING_ELT(text, 0));
}

#define ROUTINE(name, arguments)                                               \
  { #name, (DL_FUNC)&name, arguments }

static const R_CallMethodDef routines[] = {
    ROUTINE(load, 5),         ROUTINE(describe, 1), ROUTINE(run, 4),
    ROUTINE(release, 1),      ROUTINE(version, 0),  ROUTINE(is_released, 1),
    ROUTINE(from_bytes, 2),   ROUTINE(to_bytes, 2), ROUTINE(uint64_text, 1),
    ROUTINE(uint64_parse, 1), {NULL, NULL, 0}};

void R_init_stele(DllInfo *library) {
  R_registerRoutines(library, NULL, routines, NULL, NULL);
  R_useDynamicSymbols(library, FALSE);
  R_forceSymbols(library, TRUE);
}
