/* The checks of a run, before TensorFlow is called. */
#ifndef STELE_SRC_CHECK_H
#define STELE_SRC_CHECK_H

#include "stele.h"

/* Whether each input is a tensor at all: dtype, shape, size, pointers, BOOL
 * bytes. */
stele_code check_tensors(const stele_tensor *inputs, size_t count,
                         stele_error *error);

/* Whether the signature can be run by a client. */
stele_code check_signature(const stele_signature *signature,
                           stele_error *error);

/* Whether the inputs, which check_tensors has accepted, are the signature's.
 * Fills `ordered`, of signature->n_inputs elements, with the inputs in the
 * order of the signature. */
stele_code check_inputs(const stele_signature *signature,
                        const stele_tensor *inputs, size_t count,
                        const stele_tensor **ordered, stele_error *error);

#endif
