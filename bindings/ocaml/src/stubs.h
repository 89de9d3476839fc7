/* What the C stubs share. */
#ifndef STELE_OCAML_STUBS_H
#define STELE_OCAML_STUBS_H

#define CAML_NAME_SPACE
#include <caml/mlvalues.h>
#include <stele.h>

/* `Ok of` and `Error error`. */
value stele_ocaml_ok(value of);
value stele_ocaml_error(const stele_error *error);

/* An error of the binding's own. */
value stele_ocaml_refuse(stele_code code, const char *message);

/* Views of inputs, a `(string * Tensor.t) list`, and how many; in one block
 * that the caller frees, or NULL when there is no memory. Names, shapes and
 * strings are copied, as the garbage collector moves them; numbers are the
 * Bigarrays', which the list keeps. */
stele_tensor *stele_ocaml_views(value inputs, uint64_t *count);

/* A copy of an output as a Tensor.t. Its rank is at most CAML_BA_MAX_NUM_DIMS,
 * or it is of STELE_BYTES. */
value stele_ocaml_tensor(const stele_tensor *tensor);

#endif
