#include "default_value.h"

#include "shape.h"
#include "tensorflow_serving.pb-c.h"

#include <stdbool.h>
#include <string.h>

typedef Tensorflow__Serving__TensorProto TensorProto;

/* The most bytes that a few typed values may be repeated to fill. */
enum { MAX_FILLED = 1 << 26 };

/* The typed values of a TensorProto as elements in memory: `count` of them,
 * `width` bytes each, of which the first `size` are the element's (the machine
 * is little-endian). */
typedef struct typed {
  const void *values;
  size_t count;
  size_t width;
} typed;

#define TYPED(field)                                                           \
  ((typed){proto->field, proto->n_##field, sizeof *proto->field})

static typed find_values(const TensorProto *proto) {
  switch (proto->dtype) {
  case STELE_FP32:
    return TYPED(float_val);
  case STELE_FP64:
    return TYPED(double_val);
  case STELE_INT8:
  case STELE_INT16:
  case STELE_INT32:
  case STELE_UINT8:
  case STELE_UINT16:
    return TYPED(int_val);
  case STELE_INT64:
    return TYPED(int64_val);
  case STELE_UINT32:
    return TYPED(uint32_val);
  case STELE_UINT64:
    return TYPED(uint64_val);
  case STELE_FP16:
  case STELE_BF16:
    return TYPED(half_val);
  case STELE_BOOL:
    return TYPED(bool_val);
  case STELE_C64: /* two floats an element */
    return (typed){proto->scomplex_val, proto->n_scomplex_val / 2,
                   2 * sizeof *proto->scomplex_val};
  case STELE_C128:
    return (typed){proto->dcomplex_val, proto->n_dcomplex_val / 2,
                   2 * sizeof *proto->dcomplex_val};
  default:
    return (typed){NULL, 0, 0};
  }
}

/* ---- Shape ------------------------------------------------------------- */

static bool read_shape(const TensorProto *proto, stele_tensor *tensor,
                       arena *memory) {
  const Stele__Savedmodel__TensorShape *shape = proto->tensor_shape;
  tensor->dtype = proto->dtype;
  if (shape != NULL && (shape->unknown_rank || shape->n_dim > MAX_RANK))
    return false;
  tensor->rank = shape != NULL ? (int32_t)shape->n_dim : 0;
  int64_t *dims = arena_take(memory, (size_t)tensor->rank, sizeof *dims);
  if (dims == NULL)
    return false;
  for (int i = 0; i < tensor->rank; i++)
    dims[i] = shape->dim[i]->size;
  tensor->dims = tensor->rank > 0 ? dims : NULL;
  return stele_tensor_size(tensor, &tensor->size, NULL) == STELE_OK;
}

/* ---- Elements ---------------------------------------------------------- */

/* Fewer typed values than elements: the last one repeats. */
static bool read_typed(const TensorProto *proto, stele_tensor *tensor,
                       arena *memory) {
  typed from = find_values(proto);
  size_t element = (size_t)stele_dtype_size(tensor->dtype);
  size_t count = (size_t)tensor->size / element;
  if (count > 0 && (from.count == 0 || tensor->size > MAX_FILLED))
    return false;
  char *data = arena_take(memory, (size_t)tensor->size, 1);
  for (size_t i = 0; data != NULL && i < count; i++) {
    size_t at = i < from.count ? i : from.count - 1;
    const char *value = (const char *)from.values + at * from.width;
    memcpy(data + i * element, value, element);
    if (tensor->dtype == STELE_BOOL)
      data[i] = data[i] != 0;
  }
  tensor->data = data;
  return data != NULL;
}

static bool read_strings(const TensorProto *proto, stele_tensor *tensor,
                         arena *memory) {
  size_t count = (size_t)tensor->size / sizeof(stele_bytes);
  if (count > 0 && (proto->n_string_val == 0 || tensor->size > MAX_FILLED))
    return false;
  stele_bytes *strings = arena_take(memory, count, sizeof *strings);
  if (strings == NULL)
    return false;
  tensor->data = strings;
  for (size_t i = 0; i < count; i++) {
    if (i >= proto->n_string_val) {
      strings[i] = strings[i - 1];
      continue;
    }
    ProtobufCBinaryData value = proto->string_val[i];
    char *copy = arena_take(memory, value.len, 1);
    if (copy == NULL)
      return false;
    if (value.len > 0)
      memcpy(copy, value.data, value.len);
    strings[i] = (stele_bytes){copy, value.len};
  }
  return true;
}

static bool read_content(const TensorProto *proto, stele_tensor *tensor,
                         arena *memory) {
  if (proto->tensor_content.len != tensor->size)
    return false;
  char *data = arena_take(memory, (size_t)tensor->size, 1);
  if (data == NULL)
    return false;
  memcpy(data, proto->tensor_content.data, (size_t)tensor->size);
  tensor->data = data;
  return true;
}

static bool read_tensor(const TensorProto *proto, stele_tensor *tensor,
                        arena *memory) {
  if (!read_shape(proto, tensor, memory))
    return false;
  if (tensor->dtype == STELE_BYTES)
    return read_strings(proto, tensor, memory);
  return proto->tensor_content.len > 0 ? read_content(proto, tensor, memory)
                                       : read_typed(proto, tensor, memory);
}

const stele_tensor *default_value_read(const void *bytes, size_t size,
                                       const char *name, arena *memory) {
  TensorProto *proto =
      tensorflow__serving__tensor_proto__unpack(NULL, size, bytes);
  stele_tensor *tensor =
      proto != NULL ? arena_take(memory, 1, sizeof *tensor) : NULL;
  bool read = tensor != NULL && read_tensor(proto, tensor, memory);
  if (proto != NULL)
    tensorflow__serving__tensor_proto__free_unpacked(proto, NULL);
  if (!read)
    return NULL;
  tensor->name = name;
  return tensor;
}
