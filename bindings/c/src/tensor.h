/* Tensors to and from TensorFlow. */
#ifndef STELE_SRC_TENSOR_H
#define STELE_SRC_TENSOR_H

#include "stele.h"
#include "tensorflow.h"

/* A copy of a tensor that check_tensors has accepted; NULL when out of
 * memory. */
TF_Tensor *tensor_to_tf(const stele_tensor *tensor);

/* Wraps one TF_Tensor for each output of the signature. Takes the tensors
 * over in any case: on failure they are deleted. */
stele_outputs *outputs_from_tf(const stele_signature *signature,
                               TF_Tensor **tensors, stele_error *error);

#endif
