/* Any bytes as a saved_model.pb: read, then use what was read as a run does. */
#include "arena.h"
#include "check.h"
#include "metagraph.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void use(const stele_signature *signature) {
  static const float zero = 0;
  stele_error error;
  stele_tensor input = {
      .name = signature->n_inputs > 0 ? signature->inputs[0].name : "x",
      .dtype = STELE_FP32,
      .data = &zero,
      .size = sizeof zero};
  const stele_tensor **ordered =
      calloc(signature->n_inputs + 1, sizeof(*ordered));
  if (ordered == NULL)
    return;
  check_signature(signature, &error);
  check_inputs(signature, &input, 1, ordered, &error);
  free((void *)ordered);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static const char *const serve[] = {"serve"};
  metagraph graph;
  stele_error error;
  if (metagraph_read(bytes, size, "fuzz", (tag_set){serve, 1}, &graph,
                     &error) != STELE_OK)
    return 0;
  for (size_t i = 0; i < graph.n_signatures; i++)
    use(&graph.signatures[i]);
  arena_free(&graph.memory);
  return 0;
}
