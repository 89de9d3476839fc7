#include "stubs.h"

#include <caml/alloc.h>
#include <caml/bigarray.h>
#include <caml/memory.h>
#include <stdlib.h>
#include <string.h>

/* In the order of the constructors of Dtype.t. */
static const struct {
  stele_dtype dtype;
  enum caml_ba_kind kind;
} dtypes[] = {
    {STELE_BOOL, CAML_BA_UINT8},     {STELE_INT8, CAML_BA_SINT8},
    {STELE_INT16, CAML_BA_SINT16},   {STELE_INT32, CAML_BA_INT32},
    {STELE_INT64, CAML_BA_INT64},    {STELE_UINT8, CAML_BA_UINT8},
    {STELE_UINT16, CAML_BA_UINT16},  {STELE_UINT32, CAML_BA_INT32},
    {STELE_UINT64, CAML_BA_INT64},   {STELE_FP16, CAML_BA_UINT16},
    {STELE_BF16, CAML_BA_UINT16},    {STELE_FP32, CAML_BA_FLOAT32},
    {STELE_FP64, CAML_BA_FLOAT64},   {STELE_C64, CAML_BA_COMPLEX32},
    {STELE_C128, CAML_BA_COMPLEX64},
};

/* The blocks of Tensor.t: Numbers (dtype, bigarray), Strings (shape, strings).
 */
enum { NUMBERS, STRINGS };

/* ---- In: one block for the views and all that they point to ---- */

static size_t aligned(size_t size) {
  return (size + 7) & ~(size_t)7;
}

static void *take(char **free_space, size_t size) {
  void *taken = *free_space;
  *free_space += aligned(size);
  return taken;
}

static size_t rank_of(value tensor) {
  return Tag_val(tensor) == NUMBERS
             ? (size_t)Caml_ba_array_val(Field(tensor, 1))->num_dims
             : Wosize_val(Field(tensor, 0));
}

static size_t needed(value name, value tensor) {
  size_t size = aligned(caml_string_length(name) + 1) +
                rank_of(tensor) * sizeof(int64_t) + sizeof(stele_tensor);
  if (Tag_val(tensor) == NUMBERS)
    return size;
  value strings = Field(tensor, 1);
  for (size_t i = 0; i < Wosize_val(strings); i++)
    size +=
        sizeof(stele_bytes) + aligned(caml_string_length(Field(strings, i)));
  return size;
}

static void view_numbers(stele_tensor *view, value tensor, int64_t *dims) {
  const struct caml_ba_array *numbers = Caml_ba_array_val(Field(tensor, 1));
  view->dtype = dtypes[Int_val(Field(tensor, 0))].dtype;
  view->data = numbers->data;
  view->size = caml_ba_byte_size((struct caml_ba_array *)numbers);
  for (int i = 0; i < view->rank; i++)
    dims[i] = numbers->dim[i];
}

static void view_strings(stele_tensor *view, value tensor, int64_t *dims,
                         char **free_space) {
  value strings = Field(tensor, 1);
  stele_bytes *elements =
      take(free_space, Wosize_val(strings) * sizeof *elements);
  for (size_t i = 0; i < Wosize_val(strings); i++) {
    size_t size = caml_string_length(Field(strings, i));
    char *copy = take(free_space, size);
    memcpy(copy, String_val(Field(strings, i)), size);
    elements[i] = (stele_bytes){copy, size};
  }
  view->dtype = STELE_BYTES;
  view->data = elements;
  view->size = Wosize_val(strings) * sizeof *elements;
  for (int i = 0; i < view->rank; i++)
    dims[i] = Long_val(Field(Field(tensor, 0), i));
}

static void view_input(stele_tensor *view, value name, value tensor,
                       char **free_space) {
  size_t rank = rank_of(tensor);
  int64_t *dims = take(free_space, rank * sizeof *dims);
  char *copy = take(free_space, caml_string_length(name) + 1);
  memcpy(copy, String_val(name), caml_string_length(name) + 1);
  *view = (stele_tensor){.name = copy, .rank = (int32_t)rank, .dims = dims};
  if (Tag_val(tensor) == NUMBERS)
    view_numbers(view, tensor, dims);
  else
    view_strings(view, tensor, dims, free_space);
}

stele_tensor *stele_ocaml_views(value inputs, uint64_t *count) {
  size_t size = 1;
  *count = 0;
  for (value at = inputs; at != Val_emptylist; at = Field(at, 1), ++*count)
    size += needed(Field(Field(at, 0), 0), Field(Field(at, 0), 1));
  char *free_space = malloc(size);
  if (free_space == NULL)
    return NULL;
  stele_tensor *views = take(&free_space, *count * sizeof *views);
  stele_tensor *view = views;
  for (value at = inputs; at != Val_emptylist; at = Field(at, 1))
    view_input(view++, Field(Field(at, 0), 0), Field(Field(at, 0), 1),
               &free_space);
  return views;
}

/* ---- Out ---- */

static value numbers_value(const stele_tensor *tensor) {
  CAMLparam0();
  CAMLlocal1(numbers);
  int index = 0;
  while (dtypes[index].dtype != tensor->dtype)
    index++;
  intnat dims[CAML_BA_MAX_NUM_DIMS];
  for (int i = 0; i < tensor->rank; i++)
    dims[i] = tensor->dims[i];
  numbers = caml_ba_alloc(dtypes[index].kind | CAML_BA_C_LAYOUT, tensor->rank,
                          NULL, dims);
  if (tensor->size > 0)
    memcpy(Caml_ba_data_val(numbers), tensor->data, tensor->size);
  value result = caml_alloc_small(2, NUMBERS);
  Field(result, 0) = Val_int(index);
  Field(result, 1) = numbers;
  CAMLreturn(result);
}

static value strings_value(const stele_tensor *tensor) {
  CAMLparam0();
  CAMLlocal2(shape, strings);
  shape = caml_alloc(tensor->rank, 0);
  for (int i = 0; i < tensor->rank; i++)
    Store_field(shape, i, Val_long(tensor->dims[i]));
  const stele_bytes *elements = tensor->data;
  size_t count = tensor->size / sizeof *elements;
  strings = caml_alloc(count, 0);
  for (size_t i = 0; i < count; i++)
    Store_field(
        strings, i,
        caml_alloc_initialized_string(elements[i].size, elements[i].data));
  value result = caml_alloc_small(2, STRINGS);
  Field(result, 0) = shape;
  Field(result, 1) = strings;
  CAMLreturn(result);
}

value stele_ocaml_tensor(const stele_tensor *tensor) {
  return tensor->dtype == STELE_BYTES ? strings_value(tensor)
                                      : numbers_value(tensor);
}

/* The number of strings that a shape has. Of one with too many dimensions
 * libstele looks at none. */
value stele_ocaml_count(value shape) {
  CAMLparam1(shape);
  int64_t dims[256];
  size_t rank = Wosize_val(shape);
  for (size_t i = 0; i < rank && i < 256; i++)
    dims[i] = Long_val(Field(shape, i));
  stele_tensor tensor = {.dtype = STELE_BYTES,
                         .rank = rank < INT32_MAX ? (int32_t)rank : INT32_MAX,
                         .dims = dims};
  stele_error error;
  uint64_t size;
  if (stele_tensor_size(&tensor, &size, &error) != STELE_OK)
    CAMLreturn(stele_ocaml_error(&error));
  CAMLreturn(stele_ocaml_ok(Val_long(size / sizeof(stele_bytes))));
}
