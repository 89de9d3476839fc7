/* A loaded model, as load makes it and run uses it. Read-only in between. */
#ifndef STELE_SRC_MODEL_H
#define STELE_SRC_MODEL_H

#include "metagraph.h"
#include "session.h"

#include <stdatomic.h>

/* One signature's tensors in the graph. An output that is one of the inputs is
 * not fetched: TensorFlow refuses to fetch what is fed. */
typedef struct endpoints {
  TF_Output *inputs;  /* in the order of the signature */
  TF_Output *fetches; /* the outputs but those */
  size_t n_fetches;
  const stele_tensor_info **forwarded; /* an output's input, or NULL */
  const stele_tensor_info *unresolved; /* in the signature, not in the graph */
  atomic_bool has_run;
} endpoints;

struct stele_model {
  atomic_size_t users; /* handed out, and one for each running call */
  stele_model *self;   /* for a call, which has the model as const */
  metagraph graph;
  session session;
  endpoints *endpoints; /* one for each of graph.signatures */
};

/* Finds every signature's tensors in the graph; in the arena of
 * `model->graph`. RESOURCE_EXHAUSTED is the only failure: a signature that
 * names an unknown tensor must not keep the others from running. */
stele_code endpoints_resolve(stele_model *model, stele_error *error);

#endif
