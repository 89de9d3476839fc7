/* What a loaded model tells, and its release. */
#include "model.h"

#include "process.h"

#include <stdlib.h>
#include <string.h>

stele_model *stele_retain(stele_model *model) {
  if (model != NULL)
    atomic_fetch_add_explicit(&model->users, 1, memory_order_relaxed);
  return model;
}

void stele_free(stele_model *model) {
  /* Release what this user did before; the last sees what all have done. */
  if (model == NULL ||
      atomic_fetch_sub_explicit(&model->users, 1, memory_order_acq_rel) > 1)
    return;
  if (process_enter_release()) {
    session_close(&model->session);
    process_leave();
  }
  arena_free(&model->graph.memory);
  free(model);
}

uint64_t stele_signature_count(const stele_model *model) {
  return model != NULL ? model->graph.n_signatures : 0;
}

const stele_signature *stele_signature_at(const stele_model *model,
                                          uint64_t index) {
  return index < stele_signature_count(model) ? &model->graph.signatures[index]
                                              : NULL;
}

static int compare_name(const void *name, const void *signature) {
  return strcmp(name, ((const stele_signature *)signature)->name);
}

const stele_signature *stele_signature_find(const stele_model *model,
                                            const char *name) {
  if (model == NULL || name == NULL)
    return NULL;
  return bsearch(name, model->graph.signatures, model->graph.n_signatures,
                 sizeof *model->graph.signatures, compare_name);
}
