#include "tensor.h"

#include "error.h"
#include "shape.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(
    (int)STELE_FP32 == TF_FLOAT && (int)STELE_FP64 == TF_DOUBLE &&
        (int)STELE_INT32 == TF_INT32 && (int)STELE_UINT8 == TF_UINT8 &&
        (int)STELE_INT16 == TF_INT16 && (int)STELE_INT8 == TF_INT8 &&
        (int)STELE_BYTES == TF_STRING && (int)STELE_C64 == TF_COMPLEX64 &&
        (int)STELE_INT64 == TF_INT64 && (int)STELE_BOOL == TF_BOOL &&
        (int)STELE_BF16 == TF_BFLOAT16 && (int)STELE_UINT16 == TF_UINT16 &&
        (int)STELE_C128 == TF_COMPLEX128 && (int)STELE_FP16 == TF_HALF &&
        (int)STELE_UINT32 == TF_UINT32 && (int)STELE_UINT64 == TF_UINT64,
    "dtypes are numbered as in tensorflow.DataType");

/* ---- In ---------------------------------------------------------------- */

static void delete_strings(void *data, size_t size, void *unused) {
  (void)unused;
  TF_TString *strings = data;
  for (size_t i = 0; i < size / sizeof *strings; i++)
    TF_StringDealloc(&strings[i]);
  free(data);
}

/* The strings are TensorFlow's own copies, and the deallocator releases them:
 * an output may share the buffer of an input (Identity does), so only the
 * buffer's last owner knows when. */
static TF_Tensor *strings_to_tf(const stele_tensor *tensor) {
  const stele_bytes *elements = tensor->data;
  size_t count = tensor->size / sizeof *elements;
  TF_TString *strings = count <= SIZE_MAX / sizeof *strings
                            ? malloc(count * sizeof *strings + 1)
                            : NULL;
  if (strings == NULL)
    return NULL;
  for (size_t i = 0; i < count; i++) {
    TF_StringInit(&strings[i]);
    if (elements[i].size > 0)
      TF_StringCopy(&strings[i], elements[i].data, elements[i].size);
  }
  return TF_NewTensor(TF_STRING, tensor->dims, tensor->rank, strings,
                      count * sizeof *strings, delete_strings, NULL);
}

TF_Tensor *tensor_to_tf(const stele_tensor *tensor) {
  if (tensor->dtype == STELE_BYTES)
    return strings_to_tf(tensor);
  TF_Tensor *copy = TF_AllocateTensor((TF_DataType)tensor->dtype, tensor->dims,
                                      tensor->rank, tensor->size);
  if (copy != NULL && tensor->size > 0)
    memcpy(TF_TensorData(copy), tensor->data, tensor->size);
  return copy;
}

/* ---- Out --------------------------------------------------------------- */

/* Outputs and all that they point to, but the elements, in one allocation. */
typedef struct owned_outputs {
  stele_outputs view; /* first: a stele_outputs * is an owned_outputs * */
  TF_Tensor **owned;
} owned_outputs;

static size_t string_count(const TF_Tensor *tensor) {
  return TF_TensorType(tensor) == TF_STRING
             ? (size_t)TF_TensorElementCount(tensor)
             : 0;
}

/* What owned_outputs needs behind it, in the order in which it lies there;
 * all but the names have the alignment of a pointer or less. */
typedef struct layout {
  size_t tensors, views, dims, strings, names;
} layout;

_Static_assert(alignof(stele_tensor) <= alignof(max_align_t) &&
                   sizeof(stele_tensor) % alignof(int64_t) == 0 &&
                   sizeof(TF_Tensor *) % alignof(stele_tensor) == 0 &&
                   sizeof(int64_t) % alignof(stele_bytes) == 0 &&
                   sizeof(owned_outputs) % alignof(TF_Tensor *) == 0,
               "the parts of an owned_outputs follow without padding");

static layout measure(const stele_signature *signature, TF_Tensor **tensors) {
  layout bytes = {.tensors = signature->n_outputs * sizeof(TF_Tensor *),
                  .views = signature->n_outputs * sizeof(stele_tensor)};
  for (size_t i = 0; i < signature->n_outputs; i++) {
    bytes.dims += (size_t)TF_NumDims(tensors[i]) * sizeof(int64_t);
    bytes.strings += string_count(tensors[i]) * sizeof(stele_bytes);
    bytes.names += strlen(signature->outputs[i].name) + 1;
  }
  return bytes;
}

static void view_strings(const TF_Tensor *tensor, stele_bytes *elements) {
  const TF_TString *strings = TF_TensorData(tensor);
  size_t count = string_count(tensor);
  for (size_t i = 0; i < count; i++)
    elements[i] = (stele_bytes){TF_StringGetDataPointer(&strings[i]),
                                TF_StringGetSize(&strings[i])};
}

static owned_outputs *wrap(const stele_signature *signature,
                           TF_Tensor **tensors) {
  layout bytes = measure(signature, tensors);
  owned_outputs *outputs =
      malloc(sizeof *outputs + bytes.tensors + bytes.views + bytes.dims +
             bytes.strings + bytes.names);
  if (outputs == NULL)
    return NULL;
  char *at = (char *)(outputs + 1);
  outputs->owned = (TF_Tensor **)(void *)at;
  stele_tensor *views = (stele_tensor *)(void *)(at += bytes.tensors);
  int64_t *dims = (int64_t *)(void *)(at += bytes.views);
  stele_bytes *strings = (stele_bytes *)(void *)(at += bytes.dims);
  char *names = at + bytes.strings;

  outputs->view = (stele_outputs){signature->n_outputs, views};
  for (size_t i = 0; i < signature->n_outputs; i++) {
    TF_Tensor *tensor = outputs->owned[i] = tensors[i];
    stele_tensor *view = &views[i];
    view->dtype = (stele_dtype)TF_TensorType(tensor);
    view->rank = TF_NumDims(tensor);
    view->dims = view->rank > 0 ? dims : NULL;
    for (int d = 0; d < view->rank; d++)
      *dims++ = TF_Dim(tensor, d);
    if (view->dtype == STELE_BYTES) {
      size_t count = string_count(tensor);
      view_strings(tensor, strings);
      view->data = strings;
      view->size = count * sizeof *strings;
      strings += count;
    } else {
      view->data = TF_TensorData(tensor);
      view->size = TF_TensorByteSize(tensor);
    }
    size_t length = strlen(signature->outputs[i].name) + 1;
    view->name = memcpy(names, signature->outputs[i].name, length);
    names += length;
  }
  return outputs;
}

/* A graph may give a type that its signature does not announce. */
static stele_code check_dtypes(const stele_signature *signature,
                               TF_Tensor **tensors, stele_error *error) {
  for (size_t i = 0; i < signature->n_outputs; i++) {
    TF_DataType dtype = TF_TensorType(tensors[i]);
    if (stele_dtype_name((stele_dtype)dtype) == NULL)
      return fail(error, STELE_UNIMPLEMENTED, "output \"%s\" has dtype TF_%d",
                  signature->outputs[i].name, (int)dtype);
  }
  return STELE_OK;
}

stele_outputs *outputs_from_tf(const stele_signature *signature,
                               TF_Tensor **tensors, stele_error *error) {
  owned_outputs *outputs = NULL;
  if (check_dtypes(signature, tensors, error) == STELE_OK) {
    outputs = wrap(signature, tensors);
    if (outputs == NULL)
      fail_memory(error);
  }
  if (outputs == NULL) {
    for (size_t i = 0; i < signature->n_outputs; i++)
      TF_DeleteTensor(tensors[i]);
    return NULL;
  }
  return &outputs->view;
}

const stele_tensor *stele_outputs_find(const stele_outputs *outputs,
                                       const char *name) {
  for (size_t i = 0; outputs != NULL && name != NULL && i < outputs->n_tensors;
       i++)
    if (strcmp(outputs->tensors[i].name, name) == 0)
      return &outputs->tensors[i];
  return NULL;
}

void stele_outputs_free(stele_outputs *outputs) {
  if (outputs == NULL)
    return;
  owned_outputs *owned = (owned_outputs *)(void *)outputs;
  for (size_t i = 0; i < outputs->n_tensors; i++)
    TF_DeleteTensor(owned->owned[i]);
  free(owned);
}
