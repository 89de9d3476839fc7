#include "shape.h"

#include "error.h"

#include <inttypes.h>
#include <stdio.h>

stele_code stele_tensor_size(const stele_tensor *tensor, uint64_t *size,
                             stele_error *error) {
  if (tensor == NULL || size == NULL)
    return fail(error, STELE_INVALID_ARGUMENT,
                "no tensor, or no place for its size, is given");
  const char *name = tensor->name != NULL ? tensor->name : "";
  size_t element = stele_dtype_size(tensor->dtype);
  if (element == 0)
    return fail(error, STELE_INVALID_ARGUMENT,
                "tensor \"%s\" has the unknown dtype %d", name,
                (int)tensor->dtype);
  if (tensor->rank < 0 || tensor->rank > MAX_RANK)
    return fail(error, STELE_INVALID_ARGUMENT,
                "tensor \"%s\" has rank %d, expected 0 to %d", name,
                tensor->rank, MAX_RANK);
  if (tensor->rank > 0 && tensor->dims == NULL)
    return fail(error, STELE_INVALID_ARGUMENT,
                "tensor \"%s\" has rank %d and no dims", name, tensor->rank);

  /* Dimensions of 0 are left out of the product, so that the order of the
   * dimensions does not decide: TensorFlow multiplies from left to right and
   * ends the process when a partial product overflows. */
  size_t product = element;
  bool empty = false;
  for (int i = 0; i < tensor->rank; i++) {
    int64_t dim = tensor->dims[i];
    if (dim < 0)
      return fail(error, STELE_INVALID_ARGUMENT,
                  "tensor \"%s\" has the negative dimension %" PRId64, name,
                  dim);
    if (dim == 0)
      empty = true;
    else if (product > (size_t)INT64_MAX / (size_t)dim)
      return fail(error, STELE_INVALID_ARGUMENT,
                  "tensor \"%s\" is larger than 2^63-1 bytes", name);
    else
      product *= (size_t)dim;
  }
  *size = empty ? 0 : product;
  return succeed(error);
}

bool shape_fits(const stele_tensor *tensor, const stele_tensor_info *info) {
  if (info->rank < 0)
    return true;
  if (tensor->rank != info->rank)
    return false;
  for (int i = 0; i < info->rank; i++)
    if (info->dims[i] >= 0 && tensor->dims[i] != info->dims[i])
      return false;
  return true;
}

char *stele_shape_text(int32_t rank, const int64_t *dims, char *buffer,
                       uint64_t size) {
  if (buffer == NULL || size == 0)
    return buffer;
  if (rank < 0 || (rank > 0 && dims == NULL)) {
    snprintf(buffer, size, "?");
    return buffer;
  }
  size_t used = (size_t)snprintf(buffer, size, "[");
  for (int i = 0; i < rank && used < size; i++) {
    const char *comma = i == 0 ? "" : ",";
    int wrote = dims[i] < 0 ? snprintf(buffer + used, size - used, "%s?", comma)
                            : snprintf(buffer + used, size - used, "%s%" PRId64,
                                       comma, dims[i]);
    used += (size_t)wrote;
  }
  if (used < size)
    snprintf(buffer + used, size - used, "]");
  return buffer;
}
