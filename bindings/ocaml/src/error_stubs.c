#include "stubs.h"

#include <caml/alloc.h>
#include <caml/memory.h>
#include <stdio.h>

value stele_ocaml_ok(value of) {
  CAMLparam1(of);
  value result = caml_alloc_small(1, 0);
  Field(result, 0) = of;
  CAMLreturn(result);
}

/* Error.code has constant constructors only: 0 is STELE_CANCELLED. */
static value code_value(stele_code code) {
  int is_known = code >= STELE_CANCELLED && code <= STELE_UNAUTHENTICATED;
  return Val_int((is_known ? code : STELE_UNKNOWN) - STELE_CANCELLED);
}

static stele_code code_of(value code) {
  return Int_val(code) + STELE_CANCELLED;
}

value stele_ocaml_error(const stele_error *error) {
  CAMLparam0();
  CAMLlocal2(message, record);
  message = caml_copy_string(error->message);
  record = caml_alloc_small(2, 0);
  Field(record, 0) = code_value(error->code);
  Field(record, 1) = message;
  value result = caml_alloc_small(1, 1);
  Field(result, 0) = record;
  CAMLreturn(result);
}

value stele_ocaml_refuse(stele_code code, const char *message) {
  stele_error error = {.code = code};
  snprintf(error.message, sizeof error.message, "%s", message);
  return stele_ocaml_error(&error);
}

value stele_ocaml_code_number(value code) {
  return Val_int(code_of(code));
}

value stele_ocaml_code_name(value code) {
  return caml_copy_string(stele_code_name(code_of(code)));
}

/* In the runtime lock: the first call of it takes as long as TensorFlow's
 * start. */
value stele_ocaml_tensorflow_version(value unit) {
  CAMLparam1(unit);
  stele_error error;
  const char *version = stele_tensorflow_version(&error);
  if (version == NULL)
    CAMLreturn(stele_ocaml_error(&error));
  CAMLreturn(stele_ocaml_ok(caml_copy_string(version)));
}
