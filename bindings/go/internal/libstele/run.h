/* Calls that Go could not make, or not as cheaply, by itself. */
#ifndef STELE_GO_RUN_H
#define STELE_GO_RUN_H

#include <stdint.h>
#include <stdlib.h>
#include <stele.h>

/* How many inputs' elements stele_go_run takes. */
enum { STELE_GO_DIRECT = 8 };

/* stele_run, with the elements of the first inputs as arguments of their own. Go
 * keeps what an argument points to alive and in its place during a call, while
 * a pointer in `inputs`, which is C's memory, would have to be pinned. One that
 * is NULL leaves that input's data as it is. What lies in C's memory comes as a
 * number, for Go looks up what each pointer to a structure points to. */
static inline stele_outputs *
stele_go_run(uintptr_t model, uintptr_t signature, uintptr_t inputs,
             uint64_t n_inputs, uintptr_t error, const char *data0,
             const char *data1, const char *data2, const char *data3,
             const char *data4, const char *data5, const char *data6,
             const char *data7) {
  const char *const data[STELE_GO_DIRECT] = {data0, data1, data2, data3,
                                             data4, data5, data6, data7};
  stele_tensor *tensors = (stele_tensor *)inputs;
  for (uint64_t i = 0; i < n_inputs && i < STELE_GO_DIRECT; i++)
    if (data[i] != NULL)
      tensors[i].data = data[i];
  return stele_run((const stele_model *)model, (const char *)signature, tensors,
                   n_inputs, (stele_error *)error);
}

static inline void stele_go_outputs_free(uintptr_t outputs) {
  stele_outputs_free((stele_outputs *)outputs);
}

/* malloc, but for C.malloc's ending of the program when there is no memory. */
static inline void *stele_go_allocate(size_t size) { return malloc(size); }

#endif
