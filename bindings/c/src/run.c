/* Running a signature. */
#include "check.h"
#include "error.h"
#include "model.h"
#include "process.h"
#include "tensor.h"

#include <stdlib.h>

/* One call's working memory, in one allocation. */
typedef struct run_call {
  const stele_signature *signature;
  endpoints *ends;
  const stele_tensor **ordered; /* the inputs in the signature's order */
  TF_Tensor **inputs;           /* their copies */
  TF_Tensor **outputs;
} run_call;

static stele_code fail_signature(const stele_model *model, const char *name,
                                 stele_error *error) {
  stele_code code = fail(error, STELE_NOT_FOUND,
                         "no signature \"%s\"; this model has ", name);
  for (size_t i = 0; i < model->graph.n_signatures; i++)
    fail_append(error, "%s\"%s\"", i == 0 ? "" : ", ",
                model->graph.signatures[i].name);
  if (model->graph.n_signatures == 0)
    fail_append(error, "none");
  return code;
}

static stele_code find_signature(const stele_model *model, const char *name,
                                 run_call *call, stele_error *error) {
  call->signature = stele_signature_find(model, name);
  if (call->signature == NULL)
    return fail_signature(model, name, error);
  stele_code code = check_signature(call->signature, error);
  if (code != STELE_OK)
    return code;
  call->ends = &model->endpoints[call->signature - model->graph.signatures];
  return STELE_OK;
}

/* A broken SavedModel, which TensorFlow would otherwise be asked to run. */
static stele_code check_resolved(const run_call *call, stele_error *error) {
  const stele_tensor_info *unresolved = call->ends->unresolved;
  if (unresolved == NULL)
    return STELE_OK;
  return fail(error, STELE_INVALID_ARGUMENT,
              "\"%s\" of signature \"%s\" is the tensor \"%s\", which the "
              "graph does not have",
              unresolved->name, call->signature->name, unresolved->tensor);
}

static bool allocate(run_call *call) {
  size_t n_inputs = call->signature->n_inputs;
  size_t n_outputs = call->signature->n_outputs;
  void **memory = calloc(2 * n_inputs + n_outputs + 1, sizeof *memory);
  if (memory == NULL)
    return false;
  call->ordered = (void *)memory;
  call->inputs = (void *)(memory + n_inputs);
  call->outputs = (void *)(memory + 2 * n_inputs);
  return true;
}

static void release(run_call *call) {
  for (size_t i = 0; i < call->signature->n_inputs; i++)
    tf.DeleteTensor(call->inputs[i]);
  free((void *)call->ordered);
}

static stele_code copy_inputs(run_call *call, stele_error *error) {
  for (size_t i = 0; i < call->signature->n_inputs; i++) {
    call->inputs[i] = tensor_to_tf(call->ordered[i]);
    if (call->inputs[i] == NULL)
      return fail_memory(error);
  }
  return STELE_OK;
}

/* TF_SessionRun packs what it fetches; this moves each tensor to its output,
 * from the last to the first, so that none is overwritten, and fills the
 * places of forwarded inputs with copies. */
static stele_code spread_outputs(run_call *call, stele_error *error) {
  const stele_signature *signature = call->signature;
  bool complete = true;
  size_t fetched = call->ends->n_fetches;
  for (size_t i = signature->n_outputs; i-- > 0;) {
    const stele_tensor_info *input = call->ends->forwarded[i];
    if (input == NULL) {
      call->outputs[i] = call->outputs[--fetched];
    } else {
      call->outputs[i] = tensor_to_tf(call->ordered[input - signature->inputs]);
      complete = complete && call->outputs[i] != NULL;
    }
  }
  if (complete)
    return STELE_OK;
  for (size_t i = 0; i < signature->n_outputs; i++)
    tf.DeleteTensor(call->outputs[i]);
  return fail_memory(error);
}

static stele_code run_session(const stele_model *model, run_call *call,
                              stele_error *error) {
  const stele_signature *signature = call->signature;
  endpoints *ends = call->ends;
  if (ends->n_fetches == 0) /* TensorFlow refuses to run for nothing */
    return spread_outputs(call, error);
  TF_Status *status = tf.NewStatus();
  tf.SessionRun(model->session.handle, NULL, ends->inputs, call->inputs,
                (int)signature->n_inputs, ends->fetches, call->outputs,
                (int)ends->n_fetches, NULL, 0, NULL, status);
  if (!atomic_load_explicit(&ends->has_run, memory_order_relaxed) &&
      !atomic_exchange(&ends->has_run, true))
    process_watch_end();
  stele_code code = (stele_code)tf.GetCode(status);
  if (code != STELE_OK)
    fail(error, code, "%s", tf.Message(status));
  tf.DeleteStatus(status);
  if (code == STELE_OK && ends->n_fetches < signature->n_outputs)
    code = spread_outputs(call, error);
  return code;
}

static stele_outputs *run(const stele_model *model, const char *name,
                          const stele_tensor *inputs, size_t n_inputs,
                          stele_error *error) {
  run_call call;
  if (check_tensors(inputs, n_inputs, error) != STELE_OK ||
      find_signature(model, name, &call, error) != STELE_OK)
    return NULL;
  if (!allocate(&call)) {
    fail_memory(error);
    return NULL;
  }
  stele_outputs *outputs = NULL;
  if (check_resolved(&call, error) == STELE_OK &&
      check_inputs(call.signature, inputs, n_inputs, call.ordered, error) ==
          STELE_OK &&
      copy_inputs(&call, error) == STELE_OK &&
      run_session(model, &call, error) == STELE_OK)
    outputs = outputs_from_tf(call.signature, call.outputs, error);
  release(&call);
  if (outputs != NULL)
    succeed(error);
  return outputs;
}

stele_outputs *stele_run(const stele_model *model, const char *signature,
                         const stele_tensor *inputs, uint64_t n_inputs,
                         stele_error *error) {
  if (model == NULL) {
    fail(error, STELE_FAILED_PRECONDITION, "no model is loaded");
    return NULL;
  }
  if (process_enter(error) != STELE_OK)
    return NULL;
  stele_model *user = stele_retain(model->self);
  stele_outputs *outputs =
      run(model, signature != NULL ? signature : "serving_default", inputs,
          n_inputs, error);
  stele_free(user);
  process_leave();
  return outputs;
}
