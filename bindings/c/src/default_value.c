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
 * is little-endian). `parts`: how many values an element has. */
typedef struct typed {
  const void *values;
  size_t count;
  size_t width;
  size_t parts;
} typed;

#define TYPED(field)                                                           \
  ((typed){proto->field, proto->n_##field, sizeof *proto->field, 1})
#define TYPED_PAIRS(field)                                                     \
  ((typed){proto->field, proto->n_##field, 2 * sizeof *proto->field, 2})

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
  case STELE_C64:
    return TYPED_PAIRS(scomplex_val);
  case STELE_C128:
    return TYPED_PAIRS(dcomplex_val);
  default:
    return (typed){NULL, 0, 0, 1};
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

/* Whether so many typed values can be the elements of a tensor: no more, and
 * where there are fewer, few enough to be filled in. */
static bool can_fill(size_t values, size_t count, uint64_t size) {
  return values == count || (values < count && size <= MAX_FILLED);
}

/* Fewer typed values than elements: the last one repeats; none: zeros. */
static bool read_typed(const TensorProto *proto, stele_tensor *tensor,
                       arena *memory) {
  typed from = find_values(proto);
  size_t element = (size_t)stele_dtype_size(tensor->dtype);
  size_t count = (size_t)tensor->size / element;
  size_t values = from.count / from.parts;
  if (from.count % from.parts != 0 || !can_fill(values, count, tensor->size))
    return false;
  char *data = arena_take(memory, (size_t)tensor->size, 1);
  for (size_t i = 0; data != NULL && values > 0 && i < count; i++) {
    size_t at = i < values ? i : values - 1;
    const char *value = (const char *)from.values + at * from.width;
    memcpy(data + i * element, value, element);
    if (tensor->dtype == STELE_BOOL)
      data[i] = data[i] != 0;
  }
  tensor->data = data;
  return data != NULL;
}

static bool copy_string(ProtobufCBinaryData value, stele_bytes *string,
                        arena *memory) {
  char *copy = arena_take(memory, value.len, 1);
  if (copy == NULL)
    return false;
  if (value.len > 0)
    memcpy(copy, value.data, value.len);
  *string = (stele_bytes){copy, value.len};
  return true;
}

static bool read_strings(const TensorProto *proto, stele_bytes *strings,
                         size_t count, arena *memory) {
  size_t values = proto->n_string_val;
  for (size_t i = 0; i < count; i++) {
    if (i < values && !copy_string(proto->string_val[i], &strings[i], memory))
      return false;
    if (i >= values && i > 0)
      strings[i] = strings[i - 1];
  }
  return true;
}

/* A varint of at most 63 bits; moves `at` behind it. */
static bool read_length(ProtobufCBinaryData content, size_t *at,
                        size_t *length) {
  *length = 0;
  for (unsigned shift = 0; shift < 63 && *at < content.len; shift += 7) {
    uint8_t byte = content.data[(*at)++];
    *length |= (size_t)(byte & 0x7f) << shift;
    if (byte < 0x80)
      return true;
  }
  return false;
}

/* Strings as TensorFlow packs them: all lengths as varints, then all bytes. */
static bool read_packed(ProtobufCBinaryData content, stele_bytes *strings,
                        size_t count, arena *memory) {
  size_t at = 0;
  for (size_t i = 0; i < count; i++)
    if (!read_length(content, &at, &strings[i].size))
      return false;
  for (size_t i = 0; i < count; i++) {
    ProtobufCBinaryData value = {strings[i].size, content.data + at};
    if (value.len > content.len - at ||
        !copy_string(value, &strings[i], memory))
      return false;
    at += value.len;
  }
  return at == content.len;
}

static bool read_bytes(const TensorProto *proto, stele_tensor *tensor,
                       arena *memory) {
  size_t count = (size_t)tensor->size / sizeof(stele_bytes);
  bool packed = proto->tensor_content.len > 0;
  /* Every packed string has a length of its own. */
  if (packed ? count > proto->tensor_content.len
             : !can_fill(proto->n_string_val, count, tensor->size))
    return false;
  stele_bytes *strings = arena_take(memory, count, sizeof *strings);
  tensor->data = strings;
  if (strings == NULL)
    return false;
  return packed ? read_packed(proto->tensor_content, strings, count, memory)
                : read_strings(proto, strings, count, memory);
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
    return read_bytes(proto, tensor, memory);
  return proto->tensor_content.len > 0 ? read_content(proto, tensor, memory)
                                       : read_typed(proto, tensor, memory);
}

const stele_tensor *default_value_read(const void *bytes, size_t size,
                                       const stele_tensor_info *input,
                                       arena *memory) {
  TensorProto *proto =
      tensorflow__serving__tensor_proto__unpack(NULL, size, bytes);
  stele_tensor *tensor =
      proto != NULL ? arena_take(memory, 1, sizeof *tensor) : NULL;
  bool read = tensor != NULL && read_tensor(proto, tensor, memory);
  if (proto != NULL)
    tensorflow__serving__tensor_proto__free_unpacked(proto, NULL);
  if (!read || tensor->dtype != input->dtype || !shape_fits(tensor, input))
    return NULL;
  tensor->name = input->name;
  return tensor;
}
