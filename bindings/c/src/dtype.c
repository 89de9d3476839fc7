/* The protocol's element types: names and sizes. */
#include "stele.h"

#include <string.h>

static const struct {
  const char *name;
  uint64_t size;
} dtypes[] = {
    [STELE_FP32] = {"FP32", 4},
    [STELE_FP64] = {"FP64", 8},
    [STELE_INT32] = {"INT32", 4},
    [STELE_UINT8] = {"UINT8", 1},
    [STELE_INT16] = {"INT16", 2},
    [STELE_INT8] = {"INT8", 1},
    [STELE_C64] = {"C64", 8},
    [STELE_INT64] = {"INT64", 8},
    [STELE_BOOL] = {"BOOL", 1},
    [STELE_BF16] = {"BF16", 2},
    [STELE_UINT16] = {"UINT16", 2},
    [STELE_C128] = {"C128", 16},
    [STELE_FP16] = {"FP16", 2},
    [STELE_UINT32] = {"UINT32", 4},
    [STELE_UINT64] = {"UINT64", 8},
    [STELE_BYTES] = {"BYTES", sizeof(stele_bytes)},
};

enum { DTYPES = sizeof dtypes / sizeof *dtypes };

const char *stele_dtype_name(stele_dtype dtype) {
  return (size_t)dtype < DTYPES ? dtypes[dtype].name : NULL;
}

stele_dtype stele_dtype_from_name(const char *name) {
  for (int i = 0; name != NULL && i < DTYPES; i++)
    if (dtypes[i].name != NULL && strcmp(dtypes[i].name, name) == 0)
      return (stele_dtype)i;
  return STELE_UNNAMED;
}

uint64_t stele_dtype_size(stele_dtype dtype) {
  return (size_t)dtype < DTYPES ? dtypes[dtype].size : 0;
}
