/*
 * stele: run a TensorFlow SavedModel from C.
 *
 * Load a folder, ask it for its signatures, give named tensors, get named
 * tensors back:
 *
 *   stele_error error;
 *   stele_model *model = stele_load("saved_model", NULL, &error);
 *   stele_outputs *outputs = stele_run(model, NULL, inputs, 1, &error);
 *   ... outputs->tensors[0].data ...
 *   stele_outputs_free(outputs);
 *   stele_free(model);
 *
 * Every input is checked against the signature before TensorFlow sees it.
 * TensorFlow 2.21 ends the whole process on some wrong ranks, answers silently
 * on some wrong dimensions, and loads a model without its variables when their
 * index is missing; here each of these is an error with a code and a message.
 *
 * Errors. A function that can fail takes a `stele_error *`, which may be NULL.
 * On failure it fills the error in and returns NULL (or, when it returns a
 * code, that code). On success it sets the code to STELE_OK. An error is a
 * plain value: copy it, drop it, nothing to free; it needs no initialisation.
 *
 * Ownership. Two functions allocate: stele_load (stele_free releases) and
 * stele_run (stele_outputs_free releases). Everything else that is handed out
 * is a read-only view into one of those two; nothing that is passed in is kept
 * after the call returns.
 *
 * Threads. The only state of the process is TensorFlow. Any number of threads
 * may call stele_run and the introspection functions on one model at once; each
 * thread brings its own inputs and its own stele_error. A model counts its
 * users: stele_load makes the first, stele_retain adds one, stele_free takes
 * one away, and a running call is one. So stele_free is safe while calls run;
 * what must not happen is a call that begins after the caller's own user is
 * gone.
 *
 * TensorFlow is found and loaded by the first call that needs it, stele_load or
 * stele_tensorflow_version, and stays loaded. Nothing here is linked against
 * it. Of these the first that is there:
 *
 *   1. stele_options.libtensorflow: the file, or its folder
 *   2. the environment variable STELE_LIBTENSORFLOW, likewise
 *   3. the wheel in site-packages of $VIRTUAL_ENV, of $CONDA_PREFIX
 *   4. the wheel of the python3, of the python on $PATH
 *   5. what the system's loader finds
 *
 * 1 and 2 are an error when they are given and wrong. A process has one
 * TensorFlow: asking for another one is an error, too.
 *
 * Processes. TensorFlow's threads do not survive fork(). In the child of a
 * process that had loaded a model, stele_load and stele_run give
 * STELE_FAILED_PRECONDITION; releasing is harmless there. Fork first and load
 * then, or start processes by exec.
 *
 * The end of a process (exit, or main's return) waits until the calls of other
 * threads have returned, ten seconds at most, because TensorFlow crashes when
 * it is destroyed under a running call. From then on stele_load and stele_run
 * give STELE_CANCELLED, and releasing does nothing: an exit handler or a
 * destructor may still do it.
 *
 * NULL. One rule: NULL is a legal nothing. A function that looks something up
 * finds nothing in a NULL model, signature or outputs, or under a NULL name; a
 * function that can fail gives an error with a code; releasing NULL does
 * nothing. A text is UTF-8 that ends with NUL; a language whose strings may
 * hold one refuses these, since here the text would end there.
 *
 * ABI. Fields have fixed widths, and the compiler holds every size and offset
 * below against these, so that a language without a C compiler can lay the
 * structures out by hand (64-bit machines; bytes):
 *
 *   stele_error        4100   code 0, message 4
 *   stele_bytes          16   data 0, size 8
 *   stele_tensor         40   name 0, dtype 8, rank 12, dims 16, data 24,
 *                             size 32
 *   stele_options        48   struct_size 0, tags 8, profile 16, config 24,
 *                             config_size 32, libtensorflow 40
 *   stele_tensor_info    48   name 0, dtype 8, rank 12, dtype_name 16,
 *                             dims 24, tensor 32, default_value 40
 *   stele_signature      40   name 0, n_inputs 8, inputs 16, n_outputs 24,
 *                             outputs 32
 *   stele_outputs        16   n_tensors 0, tensors 8
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STELE_H
#define STELE_H

#include <stddef.h>
#include <stdint.h>

#define STELE_VERSION_MAJOR 0
#define STELE_VERSION_MINOR 2
#define STELE_VERSION_PATCH 0

/* Changes when a size, an offset, a number or what a function takes does. */
#define STELE_ABI 1

#if defined(__GNUC__)
#define STELE_API __attribute__((visibility("default")))
#else
#define STELE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version ----------------------------------------------------------- */

/* The version of the library that is loaded: "0.2.0". A constant string. */
STELE_API const char *stele_version(void);

/* The STELE_ABI that the loaded library was compiled with. */
STELE_API uint32_t stele_abi(void);

/* ---- Errors ------------------------------------------------------------ */

/* The canonical codes, numbered as in TF_Code, absl::StatusCode and gRPC. */
typedef int32_t stele_code;
enum {
  STELE_OK = 0,
  STELE_CANCELLED = 1,
  STELE_UNKNOWN = 2,
  STELE_INVALID_ARGUMENT = 3,
  STELE_DEADLINE_EXCEEDED = 4,
  STELE_NOT_FOUND = 5,
  STELE_ALREADY_EXISTS = 6,
  STELE_PERMISSION_DENIED = 7,
  STELE_RESOURCE_EXHAUSTED = 8,
  STELE_FAILED_PRECONDITION = 9,
  STELE_ABORTED = 10,
  STELE_OUT_OF_RANGE = 11,
  STELE_UNIMPLEMENTED = 12,
  STELE_INTERNAL = 13,
  STELE_UNAVAILABLE = 14,
  STELE_DATA_LOSS = 15,
  STELE_UNAUTHENTICATED = 16
};

#define STELE_MESSAGE_SIZE 4096

/* What went wrong. The message is UTF-8 for a person, names in double quotes,
 * shapes as [?,8,8,1]; one that does not fit is cut and ends in "...". */
typedef struct stele_error {
  stele_code code;
  char message[STELE_MESSAGE_SIZE];
} stele_error;

/* The code's name, "NOT_FOUND" for STELE_NOT_FOUND; "UNKNOWN" for a number
 * that is no code. A constant string. */
STELE_API const char *stele_code_name(stele_code code);

/* The code that says the same as a value of errno, as absl has it: ENOENT is
 * STELE_NOT_FOUND, EACCES is STELE_PERMISSION_DENIED; STELE_UNKNOWN for a
 * number that is in no row. */
STELE_API stele_code stele_code_from_errno(int number);

/* ---- Tensors ----------------------------------------------------------- */

/* Element types, named as in the Open Inference Protocol, numbered as in
 * tensorflow.DataType. */
typedef int32_t stele_dtype;
enum {
  STELE_UNNAMED = 0, /* a TensorFlow type that is not in this list */
  STELE_FP32 = 1,
  STELE_FP64 = 2,
  STELE_INT32 = 3,
  STELE_UINT8 = 4,
  STELE_INT16 = 5,
  STELE_INT8 = 6,
  STELE_BYTES = 7, /* a string of any bytes; in memory a stele_bytes */
  STELE_C64 = 8,   /* FP32 real part, then FP32 imaginary part */
  STELE_INT64 = 9,
  STELE_BOOL = 10, /* one byte, 0 or 1 */
  STELE_BF16 = 14, /* upper half of an FP32 */
  STELE_UINT16 = 17,
  STELE_C128 = 18, /* FP64 real part, then FP64 imaginary part */
  STELE_FP16 = 19, /* IEEE 754 binary16 */
  STELE_UINT32 = 22,
  STELE_UINT64 = 23
};

/* "FP32" for STELE_FP32; NULL for STELE_UNNAMED or any other number.
 * A constant string. */
STELE_API const char *stele_dtype_name(stele_dtype dtype);

/* STELE_FP32 for "FP32"; STELE_UNNAMED for any other text, NULL included. */
STELE_API stele_dtype stele_dtype_from_name(const char *name);

/* Bytes of one element in stele_tensor.data: 4 for STELE_FP32,
 * sizeof(stele_bytes) for STELE_BYTES, 0 where stele_dtype_name is NULL. */
STELE_API uint64_t stele_dtype_size(stele_dtype dtype);

/* One element of a STELE_BYTES tensor. Any bytes, NUL included; there is no
 * terminator. `data` may be NULL when `size` is 0. */
typedef struct stele_bytes {
  const char *data;
  uint64_t size;
} stele_bytes;

/* A view of a tensor in memory: the caller's when it goes in, the library's
 * when it comes out. Elements are in row-major order, without padding, in the
 * machine's byte order; `data` needs the alignment of its element type only,
 * and may be NULL when `size` is 0. */
typedef struct stele_tensor {
  const char *name; /* as in the signature */
  stele_dtype dtype;
  int32_t rank;        /* number of dimensions; 0 is a scalar */
  const int64_t *dims; /* `rank` sizes, each 0 or more; NULL for a scalar */
  const void *data;    /* the elements */
  uint64_t size;       /* bytes in `data`: elements x stele_dtype_size(dtype) */
} stele_tensor;

/* The size that `data` must have for this dtype, rank and dims, in bytes, into
 * `*size`; 0 as soon as one dimension is 0. `tensor->data` and `tensor->size`
 * are not looked at.
 * STELE_INVALID_ARGUMENT: dtype without a name, rank outside 0..254, a negative
 * dimension, or a product of the dimensions above 0 and the element size that
 * exceeds 2^63-1; or `tensor` or `size` is NULL. */
STELE_API stele_code stele_tensor_size(const stele_tensor *tensor,
                                       uint64_t *size, stele_error *error);

/* Writes a shape as people read it: "[?,8,8,1]", "[]" for a scalar, "?" for
 * an unknown rank (-1). At most `size` bytes, terminator included; cut if it
 * does not fit. Returns `buffer`. */
STELE_API char *stele_shape_text(int32_t rank, const int64_t *dims,
                                 char *buffer, uint64_t size);

/* ---- Models ------------------------------------------------------------ */

typedef struct stele_model stele_model;

/* How to load. Zero-initialise it, set struct_size, and what you need. */
typedef struct stele_options {
  /* sizeof(stele_options), as the caller's compiler has it: a library that
   * knows more fields takes those beyond it as zero. */
  uint32_t struct_size;

  /* The exact set of tags of the graph wanted, in any order, with commas in
   * between: "serve", "a,b". NULL is "serve"; "" is the empty set. */
  const char *tags;

  /* The session's configuration by name; NULL is "default".
   *   "default"  TensorFlow's own
   *   "inline"   inter_op_parallelism_threads = -1: every op runs in the
   *              calling thread
   *   "single"   the single-threaded executor
   *   "python"   the graph as it was written, without TensorFlow's graph
   *              optimizer: the bits of the function in Python
   * Each allows soft placement: an op whose device is not there runs on
   * another. */
  const char *profile;

  /* Or a serialized tensorflow.ConfigProto, instead of `profile`. */
  const void *config;
  uint64_t config_size;

  /* Where TensorFlow is: the file libtensorflow_cc.so.2 or the folder that
   * holds it. NULL: it is searched for, see above. */
  const char *libtensorflow;
} stele_options;

/* Loads the SavedModel in folder `dir` ("file://" in front is removed) and
 * restores its variables. `options` may be NULL. Takes from milliseconds to
 * minutes, as the model does.
 *
 * Returns a model to be released with stele_free, or NULL:
 * STELE_NOT_FOUND            no such folder, no saved_model.pb in it, no graph
 *                            with exactly these tags, or a file of the
 *                            variables is missing; or no TensorFlow was found
 * STELE_DATA_LOSS            saved_model.pb or the variables are cut, corrupt,
 *                            or no regular files
 * STELE_INVALID_ARGUMENT     unknown profile, unparseable ConfigProto, or both
 *                            given; `dir` is NULL; struct_size is too small
 * STELE_FAILED_PRECONDITION  another TensorFlow is loaded, or it cannot be; or
 *                            this is the child of a fork, see above
 * STELE_CANCELLED            the process is ending
 * STELE_UNIMPLEMENTED        the SavedModel is in text form
 * STELE_PERMISSION_DENIED    a file cannot be read
 * STELE_RESOURCE_EXHAUSTED   out of memory
 * and whatever TensorFlow itself reports, with its code and message. */
STELE_API stele_model *stele_load(const char *dir, const stele_options *options,
                                  stele_error *error);

/* One user more, to be taken away with stele_free. Returns `model`. */
STELE_API stele_model *stele_retain(stele_model *model);

/* Takes one user away. With the last, the model is released and everything
 * that was handed out from it, but not the outputs of its runs, which live on
 * their own. A call that is running is a user: the model is then released by
 * the thread whose call ends last. */
STELE_API void stele_free(stele_model *model);

/* ---- Signatures -------------------------------------------------------- */

/* One input or output of a signature. */
typedef struct stele_tensor_info {
  const char *name;
  stele_dtype dtype;      /* STELE_UNNAMED: the signature cannot be run */
  int32_t rank;           /* -1 when unknown */
  const char *dtype_name; /* "FP32"; "TF_20" for TensorFlow's number 20 */
  const int64_t *dims;    /* `rank` sizes, -1 where unknown; NULL if rank < 1 */
  const char *tensor;     /* "op:index" in the graph; "" for a sparse or
                             composite value: the signature cannot be run */
  const stele_tensor *default_value; /* fills the input when it is not given;
                                        NULL: it must be; never of an output */
} stele_tensor_info;

/* One way to call the model: inputs and outputs, each sorted by name. */
typedef struct stele_signature {
  const char *name;
  uint64_t n_inputs;
  const stele_tensor_info *inputs;
  uint64_t n_outputs;
  const stele_tensor_info *outputs;
} stele_signature;

/* The number of signatures. TensorFlow's own, whose names begin with
 * "__saved_model_", are not counted, listed or run. */
STELE_API uint64_t stele_signature_count(const stele_model *model);

/* The signature number `index` in the order of names; NULL beyond the last.
 * Valid until stele_free(model). */
STELE_API const stele_signature *stele_signature_at(const stele_model *model,
                                                    uint64_t index);

/* The signature of that name, or NULL. Valid until stele_free(model). */
STELE_API const stele_signature *stele_signature_find(const stele_model *model,
                                                      const char *name);

/* ---- Running ----------------------------------------------------------- */

/* Every output of a signature, in the signature's order. Read-only; the
 * library owns the memory until stele_outputs_free. */
typedef struct stele_outputs {
  uint64_t n_tensors;
  const stele_tensor *tensors;
} stele_outputs;

/* Runs a signature; NULL means "serving_default". `inputs` are its inputs, in
 * any order, all but those that have a default; the library copies them. May be
 * called by many threads at once on one model.
 *
 * Returns outputs to be released with stele_outputs_free, or NULL. Checked in
 * this order, before TensorFlow is called:
 * STELE_FAILED_PRECONDITION  `model` is NULL, or was loaded before this process
 *                            was forked
 * STELE_CANCELLED            the process is ending
 * STELE_INVALID_ARGUMENT     an input is no tensor: see stele_tensor_size; or
 *                            its `size` is not what shape and dtype need; or a
 *                            BOOL byte is above 1; or a pointer is NULL
 * STELE_NOT_FOUND            no such signature
 * STELE_UNIMPLEMENTED        the signature has a sparse, composite or
 *                            unnamed-dtype tensor
 * STELE_INVALID_ARGUMENT     the signature names a tensor that is not in the
 *                            graph; an input twice, unknown or missing; then,
 *                            for each input by name, wrong dtype, rank, or size
 *                            of a known dimension
 * then STELE_RESOURCE_EXHAUSTED when out of memory, and whatever TensorFlow
 * itself reports, with its code and message. */
STELE_API stele_outputs *stele_run(const stele_model *model,
                                   const char *signature,
                                   const stele_tensor *inputs,
                                   uint64_t n_inputs, stele_error *error);

/* The output of that name, or NULL. Valid until stele_outputs_free. */
STELE_API const stele_tensor *stele_outputs_find(const stele_outputs *outputs,
                                                 const char *name);

/* Releases outputs. They may outlive the model. NULL is allowed. */
STELE_API void stele_outputs_free(stele_outputs *outputs);

/* ---- TensorFlow -------------------------------------------------------- */

/* The version of TensorFlow, "2.21.0"; loads it when it is not loaded yet. A
 * constant string, or NULL when there is none, with stele_load's codes. */
STELE_API const char *stele_tensorflow_version(stele_error *error);

#ifdef __cplusplus
}
#endif

#endif /* STELE_H */
