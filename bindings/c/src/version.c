/* What is loaded, and the layout that stele.h promises. */
#include "stele.h"

#include <stddef.h>

#define TEXT_(number) #number
#define TEXT(number)  TEXT_(number)

const char *stele_version(void) {
  return TEXT(STELE_VERSION_MAJOR) "." TEXT(STELE_VERSION_MINOR) "." TEXT(
      STELE_VERSION_PATCH);
}

uint32_t stele_abi(void) {
  return STELE_ABI;
}

#define SIZE(type, size)                                                       \
  _Static_assert(sizeof(type) == (size), "the ABI's size of " #type)
#define OFFSET(type, field, offset)                                            \
  _Static_assert(offsetof(type, field) == (offset),                            \
                 "the ABI's offset of " #type "." #field)

SIZE(stele_error, 4100);
OFFSET(stele_error, code, 0);
OFFSET(stele_error, message, 4);

SIZE(stele_bytes, 16);
OFFSET(stele_bytes, data, 0);
OFFSET(stele_bytes, size, 8);

SIZE(stele_tensor, 40);
OFFSET(stele_tensor, name, 0);
OFFSET(stele_tensor, dtype, 8);
OFFSET(stele_tensor, rank, 12);
OFFSET(stele_tensor, dims, 16);
OFFSET(stele_tensor, data, 24);
OFFSET(stele_tensor, size, 32);

SIZE(stele_options, 48);
OFFSET(stele_options, struct_size, 0);
OFFSET(stele_options, tags, 8);
OFFSET(stele_options, profile, 16);
OFFSET(stele_options, config, 24);
OFFSET(stele_options, config_size, 32);
OFFSET(stele_options, libtensorflow, 40);

SIZE(stele_tensor_info, 48);
OFFSET(stele_tensor_info, name, 0);
OFFSET(stele_tensor_info, dtype, 8);
OFFSET(stele_tensor_info, rank, 12);
OFFSET(stele_tensor_info, dtype_name, 16);
OFFSET(stele_tensor_info, dims, 24);
OFFSET(stele_tensor_info, tensor, 32);
OFFSET(stele_tensor_info, default_value, 40);

SIZE(stele_signature, 40);
OFFSET(stele_signature, name, 0);
OFFSET(stele_signature, n_inputs, 8);
OFFSET(stele_signature, inputs, 16);
OFFSET(stele_signature, n_outputs, 24);
OFFSET(stele_signature, outputs, 32);

SIZE(stele_outputs, 16);
OFFSET(stele_outputs, n_tensors, 0);
OFFSET(stele_outputs, tensors, 8);
