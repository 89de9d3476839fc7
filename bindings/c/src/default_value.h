/* The default of an input in a SignatureDef: a serialized TensorProto. Needs
 * protobuf-c, not TensorFlow. */
#ifndef STELE_SRC_DEFAULT_VALUE_H
#define STELE_SRC_DEFAULT_VALUE_H

#include "arena.h"
#include "stele.h"

/* The tensor in the arena; NULL when it cannot be read, in which case the input
 * is required. */
const stele_tensor *default_value_read(const void *bytes, size_t size,
                                       const char *name, arena *memory);

#endif
