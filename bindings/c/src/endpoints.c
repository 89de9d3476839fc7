/* From the names in a signature ("op:index") to the tensors of the graph. */
#include "error.h"
#include "model.h"
#include "shape.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* "op:index", or "op" for index 0. Splits `text` in place. -1 if no index. */
static int split_index(char *text) {
  char *colon = strrchr(text, ':');
  if (colon == NULL)
    return 0;
  *colon = '\0';
  const char *digits = colon + 1;
  if (*digits == '\0' || strspn(digits, "0123456789") != strlen(digits))
    return -1;
  errno = 0;
  long index = strtol(digits, NULL, 10);
  return errno == 0 && index <= INT_MAX ? (int)index : -1;
}

/* A TF_Output whose oper is NULL when the graph has no such tensor. */
static TF_Output find_tensor(TF_Graph *graph, char *name) {
  int index = split_index(name);
  TF_Operation *operation = tf.GraphOperationByName(graph, name);
  if (operation == NULL || index < 0 ||
      index >= tf.OperationNumOutputs(operation))
    return (TF_Output){NULL, 0};
  return (TF_Output){operation, index};
}

static bool resolve_all(stele_model *model, const stele_tensor_info *infos,
                        size_t count, TF_Output *found,
                        const stele_tensor_info **unresolved) {
  arena *memory = &model->graph.memory;
  for (size_t i = 0; i < count; i++) {
    char *name = arena_copy(memory, infos[i].tensor);
    if (name == NULL)
      return false;
    found[i] = find_tensor(model->session.graph, name);
    if (found[i].oper == NULL && *unresolved == NULL)
      *unresolved = &infos[i];
  }
  return true;
}

static const stele_tensor_info *find_fed(const stele_signature *signature,
                                         const TF_Output *inputs,
                                         TF_Output output) {
  for (size_t i = 0; i < signature->n_inputs; i++)
    if (inputs[i].oper == output.oper && inputs[i].index == output.index)
      return &signature->inputs[i];
  return NULL;
}

static bool resolve(stele_model *model, const stele_signature *signature,
                    endpoints *ends) {
  arena *memory = &model->graph.memory;
  size_t n_inputs = signature->n_inputs;
  size_t n_outputs = signature->n_outputs;
  ends->inputs = arena_take(memory, n_inputs, sizeof *ends->inputs);
  ends->fetches = arena_take(memory, n_outputs, sizeof *ends->fetches);
  ends->forwarded = arena_take(memory, n_outputs, sizeof(*ends->forwarded));
  if (ends->inputs == NULL || ends->fetches == NULL ||
      ends->forwarded == NULL ||
      !resolve_all(model, signature->inputs, n_inputs, ends->inputs,
                   &ends->unresolved) ||
      !resolve_all(model, signature->outputs, n_outputs, ends->fetches,
                   &ends->unresolved))
    return false;
  for (size_t i = 0; i < n_outputs; i++) {
    ends->forwarded[i] = find_fed(signature, ends->inputs, ends->fetches[i]);
    if (ends->forwarded[i] == NULL)
      ends->fetches[ends->n_fetches++] = ends->fetches[i];
  }
  return true;
}

/* ---- Shapes that the signature does not give --------------------------- */

static bool read_shape(TF_Graph *graph, TF_Output tensor, TF_Status *status,
                       stele_tensor_info *info, arena *memory) {
  int rank = tf.GraphGetTensorNumDims(graph, tensor, status);
  if (rank < 0) /* unknown, or an error, which has nothing to show */
    return true;
  int64_t *dims = arena_take(memory, (size_t)rank, sizeof *dims);
  if (dims == NULL)
    return false;
  tf.GraphGetTensorShape(graph, tensor, dims, rank, status);
  if (tf.GetCode(status) == STELE_OK) {
    info->rank = rank;
    info->dims = rank > 0 ? dims : NULL;
    if (info->default_value != NULL && !shape_fits(info->default_value, info))
      info->default_value = NULL;
  }
  return true;
}

static bool read_shapes(stele_model *model) {
  metagraph *graph = &model->graph;
  TF_Status *status = tf.NewStatus();
  bool done = true;
  for (unshaped *entry = graph->unshaped; done && entry != NULL;
       entry = entry->next) {
    char *name = arena_copy(&graph->memory, entry->info->tensor);
    done = name != NULL;
    TF_Output tensor = {NULL, 0};
    if (done && *name != '\0')
      tensor = find_tensor(model->session.graph, name);
    if (tensor.oper != NULL)
      done = read_shape(model->session.graph, tensor, status, entry->info,
                        &graph->memory);
  }
  tf.DeleteStatus(status);
  return done;
}

/* ---- All --------------------------------------------------------------- */

stele_code endpoints_resolve(stele_model *model, stele_error *error) {
  metagraph *graph = &model->graph;
  model->endpoints =
      arena_take(&graph->memory, graph->n_signatures, sizeof *model->endpoints);
  bool done = model->endpoints != NULL && read_shapes(model);
  for (size_t i = 0; done && i < graph->n_signatures; i++)
    done = resolve(model, &graph->signatures[i], &model->endpoints[i]);
  return done ? STELE_OK : fail_memory(error);
}
