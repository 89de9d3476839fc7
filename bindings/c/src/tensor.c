#include "tensor.h"

#include "error.h"
#include "process.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* ---- In ---------------------------------------------------------------- */

static void delete_strings(void *data, size_t size, void *unused) {
  (void)unused;
  TF_TString *strings = data;
  for (size_t i = 0; i < size / sizeof *strings; i++)
    tf.StringDealloc(&strings[i]);
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
    tf.StringInit(&strings[i]);
    if (elements[i].size > 0)
      tf.StringCopy(&strings[i], elements[i].data, elements[i].size);
  }
  return tf.NewTensor(STELE_BYTES, tensor->dims, tensor->rank, strings,
                      count * sizeof *strings, delete_strings, NULL);
}

TF_Tensor *tensor_to_tf(const stele_tensor *tensor) {
  if (tensor->dtype == STELE_BYTES)
    return strings_to_tf(tensor);
  TF_Tensor *copy = tf.AllocateTensor(tensor->dtype, tensor->dims, tensor->rank,
                                      tensor->size);
  if (copy == NULL || tensor->size == 0)
    return copy;
  /* Without memory it is a tensor of no elements, and not NULL. */
  if (tf.TensorData(copy) == NULL) {
    tf.DeleteTensor(copy);
    return NULL;
  }
  memcpy(tf.TensorData(copy), tensor->data, tensor->size);
  return copy;
}

/* ---- Out --------------------------------------------------------------- */

/* Outputs and all that they point to, but the elements, in one allocation. */
typedef struct owned_outputs {
  stele_outputs view; /* first: a stele_outputs * is an owned_outputs * */
  TF_Tensor **owned;
} owned_outputs;

static size_t string_count(const TF_Tensor *tensor) {
  return tf.TensorType(tensor) == STELE_BYTES
             ? (size_t)tf.TensorElementCount(tensor)
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
    bytes.dims += (size_t)tf.NumDims(tensors[i]) * sizeof(int64_t);
    bytes.strings += string_count(tensors[i]) * sizeof(stele_bytes);
    bytes.names += strlen(signature->outputs[i].name) + 1;
  }
  return bytes;
}

static void view_strings(const TF_Tensor *tensor, stele_bytes *elements) {
  const TF_TString *strings = tf.TensorData(tensor);
  size_t count = string_count(tensor);
  for (size_t i = 0; i < count; i++)
    elements[i] = (stele_bytes){tf.StringGetDataPointer(&strings[i]),
                                tf.StringGetSize(&strings[i])};
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
    view->dtype = tf.TensorType(tensor);
    view->rank = tf.NumDims(tensor);
    view->dims = view->rank > 0 ? dims : NULL;
    for (int d = 0; d < view->rank; d++)
      *dims++ = tf.Dim(tensor, d);
    if (view->dtype == STELE_BYTES) {
      size_t count = string_count(tensor);
      view_strings(tensor, strings);
      view->data = strings;
      view->size = count * sizeof *strings;
      strings += count;
    } else {
      view->data = tf.TensorData(tensor);
      view->size = tf.TensorByteSize(tensor);
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
    stele_dtype dtype = tf.TensorType(tensors[i]);
    if (stele_dtype_name(dtype) == NULL)
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
      tf.DeleteTensor(tensors[i]);
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
  if (process_enter_release()) {
    for (size_t i = 0; i < outputs->n_tensors; i++)
      tf.DeleteTensor(owned->owned[i]);
    process_leave();
  }
  free(owned);
}
