/*
 * stele_worker: the worker of a language, without the protocol.
 *
 * A worker is the small program by which `stele check` tries a binding
 * (bindings/contract/PROTOCOL.md). This library speaks that protocol: lines and
 * escapes, hello, describe, bench's clock and samples, unload, bye, and every
 * refusal of a malformed request or bundle. It never touches the bytes of a
 * tensor that goes well: the language reads and writes those itself, through
 * the constructor and the accessor that its README shows, so that what is tried
 * is what users call.
 *
 * The language pulls; nothing calls back:
 *
 *   stele_worker *worker = stele_worker_new("go", "Go 1.24", NULL);
 *   const stele_worker_request *request;
 *   while ((request = stele_worker_next(worker)) != NULL) {
 *     switch (request->verb) {
 *     case STELE_WORKER_LOAD:
 *       load request->dir with tags, and profile or config;
 *       stele_worker_describe(worker, ...) for each input and output;
 *       stele_worker_ok(worker); on failure stele_worker_error(worker, ...)
 *     case STELE_WORKER_RUN:
 *       make each of request->inputs from the bytes of its file;
 *       while (stele_worker_again(worker)) outputs = model.run(inputs);
 *       for each output: path = stele_worker_output(worker, ...); write its
 *       bytes there;
 *       stele_worker_ok(worker);
 *     case STELE_WORKER_UNLOAD:
 *       release the model; stele_worker_ok(worker);
 *     }
 *   }
 *   stele_worker_free(worker);
 *
 * The run and bench of the protocol are one verb here: stele_worker_again says
 * how often. README.md has a whole worker.
 *
 * stdin belongs to the library, and the replies on stdout are its own. What
 * else the process prints there is noise, and harmless. A process has one
 * worker, and one thread at a time uses it.
 *
 * Everything handed out is UTF-8 that ends with NUL, or a plain structure, and
 * valid until the next stele_worker_next. NULL is a legal nothing, as in
 * stele.h. Sizes and offsets, held by the compiler (64-bit machines; bytes):
 *
 *   stele_worker_input    40   name 0, dtype 8, rank 12, dims 16, path 24,
 *                              size 32
 *   stele_worker_request  72   verb 0, dir 8, tags 16, profile 24, config 32,
 *                              config_size 40, signature 48, n_inputs 56,
 *                              inputs 64
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STELE_WORKER_H
#define STELE_WORKER_H

#include "stele.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct stele_worker stele_worker;

/* What the language does itself. */
enum { STELE_WORKER_LOAD = 1, STELE_WORKER_RUN = 2, STELE_WORKER_UNLOAD = 3 };

/* One input of a run. It has been checked: the dtype exists, shape, dtype and
 * size agree, the file has that size; a BOOL's bytes are 0 or 1; the lengths
 * of BYTES add up. Whether the model has such an input is the client's to
 * judge. */
typedef struct stele_worker_input {
  const char *name;
  stele_dtype dtype;
  int32_t rank;
  const int64_t *dims; /* `rank` sizes; NULL for a scalar */
  const char *path;    /* the file of its elements, row-major, little-endian */
  uint64_t size;       /* bytes in that file; for BYTES, each element is a
                          little-endian uint32_t length and so many bytes */
} stele_worker_input;

typedef struct stele_worker_request {
  int32_t verb; /* STELE_WORKER_LOAD, _RUN or _UNLOAD; later versions may have
                   more: answer them with stele_worker_unsupported */

  /* LOAD: the arguments of the client's load. The profile is NULL when a
   * serialized ConfigProto is given, and the config is NULL when not. A load
   * that fails must leave the model that was loaded before in place, and one
   * that succeeds replaces it. */
  const char *dir;
  const char *tags; /* "serve", "a,b", "" for the empty set */
  const char *profile;
  const void *config;
  uint64_t config_size;

  /* RUN */
  const char *signature;
  uint64_t n_inputs;
  const stele_worker_input *inputs; /* in the order of the bundle */
} stele_worker_request;

/* The worker of the binding with this id; `language` is for people, "Go 1.24";
 * `dtypes` are the names of those that the binding can take and return, with
 * commas in between, NULL for all. NULL when out of memory. */
STELE_API stele_worker *
stele_worker_new(const char *binding, const char *language, const char *dtypes);

STELE_API void stele_worker_free(stele_worker *worker);

/* Waits for the next request that is the language's to answer, and answers all
 * others. NULL when the conversation is over: end the program with status 0.
 * Each request is answered once, by one of stele_worker_ok, _error and
 * _unsupported; one that is not is answered INTERNAL by the next call. */
STELE_API const stele_worker_request *stele_worker_next(stele_worker *worker);

/* Whether to run (again), 1 or 0: once for run, warm-up and timed runs for
 * bench. The clock runs from the return of one call to the begin of the next:
 * between them is one call of the client as a user makes it, and the release
 * of the outputs of the call before. */
STELE_API int32_t stele_worker_again(stele_worker *worker);

/* During a LOAD: an input (is_output 0) or output (1) of the model, as the
 * client shows it. `dtype` is its name, "FP32" or "TF_20"; `rank` is -1 when
 * unknown, a dimension is -1 when unknown. Any order. They are the worker's
 * once the load is answered with stele_worker_ok, and answer `describe`. */
STELE_API void stele_worker_describe(stele_worker *worker,
                                     const char *signature, int32_t is_output,
                                     const char *name, const char *dtype,
                                     int32_t rank, const int64_t *dims);

/* During a RUN, after its loop: the path of the file into which the language
 * writes this output, `size` bytes in the form of stele_worker_input; valid
 * until the next call. NULL when there is none: leave this output out;
 * stele_worker_ok then answers with the reason. */
STELE_API const char *stele_worker_output(stele_worker *worker,
                                          const char *name, stele_dtype dtype,
                                          int32_t rank, const int64_t *dims,
                                          uint64_t size);

/* The request is done. For a RUN, this writes the list of the outputs and, of
 * a bench, the samples. */
STELE_API void stele_worker_ok(stele_worker *worker);

/* The request was refused or failed; what the client's error says. */
STELE_API void stele_worker_error(stele_worker *worker, stele_code code,
                                  const char *message);

/* The binding cannot do this at all: "dtype BF16". */
STELE_API void stele_worker_unsupported(stele_worker *worker, const char *what);

#ifdef __cplusplus
}
#endif

#endif /* STELE_WORKER_H */
