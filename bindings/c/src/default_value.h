/* The default of an input in a SignatureDef: a serialized TensorProto. Needs
 * protobuf-c, not TensorFlow. */
#ifndef STELE_SRC_DEFAULT_VALUE_H
#define STELE_SRC_DEFAULT_VALUE_H

#include "arena.h"
#include "stele.h"

/* The tensor in the arena; NULL when it cannot be read, or does not fit the
 * input, which is then required. bindings/contract/defaults.tsv has rows. */
const stele_tensor *default_value_read(const void *bytes, size_t size,
                                       const stele_tensor_info *input,
                                       arena *memory);

#endif
