/* TensorFlow's C API, found and loaded at run time. No header of TensorFlow's
 * is needed: the declarations below are those of
 * tensorflow/c/{c_api,tf_status,tf_tensor,tf_tstring}.h, a stable ABI. */
#ifndef STELE_SRC_TENSORFLOW_H
#define STELE_SRC_TENSORFLOW_H

#include "stele.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct TF_Graph TF_Graph;
typedef struct TF_Operation TF_Operation;
typedef struct TF_Session TF_Session;
typedef struct TF_SessionOptions TF_SessionOptions;
typedef struct TF_Status TF_Status;
typedef struct TF_Tensor TF_Tensor;

/* One output of an operation of a graph. */
typedef struct TF_Output {
  TF_Operation *oper;
  int index;
} TF_Output;

/* A string; only TensorFlow's functions look inside. */
typedef struct TF_TString {
  uint64_t words[3];
} TF_TString;

/* F(result, name without TF_, arguments) */
#define TENSORFLOW_FUNCTIONS(F)                                                \
  F(const char *, Version, (void))                                             \
  F(TF_Status *, NewStatus, (void))                                            \
  F(void, DeleteStatus, (TF_Status *))                                         \
  F(int, GetCode, (const TF_Status *))                                         \
  F(const char *, Message, (const TF_Status *))                                \
  F(TF_Tensor *, NewTensor,                                                    \
    (int dtype, const int64_t *dims, int rank, void *data, size_t size,        \
     void (*deallocator)(void *data, size_t size, void *argument),             \
     void *argument))                                                          \
  F(TF_Tensor *, AllocateTensor,                                               \
    (int dtype, const int64_t *dims, int rank, size_t size))                   \
  F(void, DeleteTensor, (TF_Tensor *))                                         \
  F(int, TensorType, (const TF_Tensor *))                                      \
  F(int, NumDims, (const TF_Tensor *))                                         \
  F(int64_t, Dim, (const TF_Tensor *, int dim))                                \
  F(int64_t, TensorElementCount, (const TF_Tensor *))                          \
  F(size_t, TensorByteSize, (const TF_Tensor *))                               \
  F(void *, TensorData, (const TF_Tensor *))                                   \
  F(void, StringInit, (TF_TString *))                                          \
  F(void, StringCopy, (TF_TString *, const char *data, size_t size))           \
  F(const char *, StringGetDataPointer, (const TF_TString *))                  \
  F(size_t, StringGetSize, (const TF_TString *))                               \
  F(void, StringDealloc, (TF_TString *))                                       \
  F(TF_SessionOptions *, NewSessionOptions, (void))                            \
  F(void, SetConfig,                                                           \
    (TF_SessionOptions *, const void *config, size_t size, TF_Status *))       \
  F(void, DeleteSessionOptions, (TF_SessionOptions *))                         \
  F(TF_Graph *, NewGraph, (void))                                              \
  F(void, DeleteGraph, (TF_Graph *))                                           \
  F(TF_Operation *, GraphOperationByName, (TF_Graph *, const char *name))      \
  F(int, OperationNumOutputs, (TF_Operation *))                                \
  F(int, GraphGetTensorNumDims, (TF_Graph *, TF_Output, TF_Status *))          \
  F(void, GraphGetTensorShape,                                                 \
    (TF_Graph *, TF_Output, int64_t * dims, int rank, TF_Status *))            \
  F(TF_Session *, LoadSessionFromSavedModel,                                   \
    (const TF_SessionOptions *, const void *run_options, const char *dir,      \
     const char *const *tags, int n_tags, TF_Graph *, void *metagraph,         \
     TF_Status *))                                                             \
  F(void, SessionRun,                                                          \
    (TF_Session *, const void *run_options, const TF_Output *inputs,           \
     TF_Tensor *const *input_values, int n_inputs, const TF_Output *outputs,   \
     TF_Tensor **output_values, int n_outputs,                                 \
     const TF_Operation *const *targets, int n_targets, void *metadata,        \
     TF_Status *))                                                             \
  F(void, CloseSession, (TF_Session *, TF_Status *))                           \
  F(void, DeleteSession, (TF_Session *, TF_Status *))

typedef struct tensorflow_functions {
#define MEMBER(result, name, arguments) result(*name) arguments;
  TENSORFLOW_FUNCTIONS(MEMBER)
#undef MEMBER
} tensorflow_functions;

/* tf.SessionRun(...) once tensorflow_load has succeeded. */
extern tensorflow_functions tf;

/* Finds and loads TensorFlow if this process has not; `path` is a file, a
 * folder, or NULL to search. NOT_FOUND: there is none. FAILED_PRECONDITION: it
 * cannot be loaded, or the process has loaded another one. */
stele_code tensorflow_load(const char *path, stele_error *error);

#endif
