#include "check.h"

#include "error.h"
#include "metagraph.h"
#include "shape.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- A tensor by itself ------------------------------------------------ */

static stele_code check_bools(const stele_tensor *tensor, stele_error *error) {
  const unsigned char *bytes = tensor->data;
  unsigned char all = 0;
  for (size_t i = 0; i < tensor->size; i++)
    all |= bytes[i];
  if (all > 1)
    return fail(error, STELE_INVALID_ARGUMENT,
                "tensor \"%s\" has a BOOL byte above 1", tensor->name);
  return STELE_OK;
}

static stele_code check_strings(const stele_tensor *tensor,
                                stele_error *error) {
  const stele_bytes *elements = tensor->data;
  size_t count = tensor->size / sizeof *elements;
  for (size_t i = 0; i < count; i++)
    if (elements[i].data == NULL && elements[i].size > 0)
      return fail(error, STELE_INVALID_ARGUMENT,
                  "tensor \"%s\" has no data for element %zu of %zu bytes",
                  tensor->name, i, elements[i].size);
  return STELE_OK;
}

static stele_code check_tensor(const stele_tensor *tensor, stele_error *error) {
  if (tensor->name == NULL)
    return fail(error, STELE_INVALID_ARGUMENT, "a tensor has no name");
  size_t needed;
  stele_code code = stele_tensor_size(tensor, &needed, error);
  if (code != STELE_OK)
    return code;
  if (tensor->size != needed) {
    char shape[SHAPE_TEXT_SIZE];
    return fail(
        error, STELE_INVALID_ARGUMENT,
        "tensor \"%s\" has %zu bytes, but %s of shape %s needs %zu",
        tensor->name, tensor->size, stele_dtype_name(tensor->dtype),
        stele_shape_text(tensor->rank, tensor->dims, shape, sizeof shape),
        needed);
  }
  if (tensor->data == NULL && needed > 0)
    return fail(error, STELE_INVALID_ARGUMENT, "tensor \"%s\" has no data",
                tensor->name);
  if (tensor->dtype == STELE_BOOL)
    return check_bools(tensor, error);
  if (tensor->dtype == STELE_BYTES)
    return check_strings(tensor, error);
  return STELE_OK;
}

stele_code check_tensors(const stele_tensor *inputs, size_t count,
                         stele_error *error) {
  if (inputs == NULL && count > 0)
    return fail(error, STELE_INVALID_ARGUMENT, "%zu inputs are NULL", count);
  for (size_t i = 0; i < count; i++) {
    stele_code code = check_tensor(&inputs[i], error);
    if (code != STELE_OK)
      return code;
  }
  return STELE_OK;
}

/* ---- The signature ----------------------------------------------------- */

static stele_code check_infos(const stele_signature *signature,
                              const char *kind, const stele_tensor_info *infos,
                              size_t count, stele_error *error) {
  for (size_t i = 0; i < count; i++) {
    if (infos[i].tensor[0] == '\0')
      return fail(error, STELE_UNIMPLEMENTED,
                  "%s \"%s\" of signature \"%s\" is sparse or composite", kind,
                  infos[i].name, signature->name);
    if (infos[i].dtype == STELE_UNNAMED)
      return fail(error, STELE_UNIMPLEMENTED,
                  "%s \"%s\" of signature \"%s\" has dtype %s", kind,
                  infos[i].name, signature->name, infos[i].dtype_name);
  }
  return STELE_OK;
}

stele_code check_signature(const stele_signature *signature,
                           stele_error *error) {
  stele_code code = check_infos(signature, "input", signature->inputs,
                                signature->n_inputs, error);
  if (code == STELE_OK)
    code = check_infos(signature, "output", signature->outputs,
                       signature->n_outputs, error);
  return code;
}

/* ---- The inputs against the signature ---------------------------------- */

static stele_code fail_unknown(const stele_signature *signature,
                               const char *name, stele_error *error) {
  stele_code code =
      fail(error, STELE_INVALID_ARGUMENT,
           "no input \"%s\"; signature \"%s\" has ", name, signature->name);
  for (size_t i = 0; i < signature->n_inputs; i++)
    fail_append(error, "%s\"%s\"", i == 0 ? "" : ", ",
                signature->inputs[i].name);
  if (signature->n_inputs == 0)
    fail_append(error, "none");
  return code;
}

/* By name, of one name by place. */
static int compare_inputs(const void *left, const void *right) {
  const stele_tensor *a = *(const stele_tensor *const *)left;
  const stele_tensor *b = *(const stele_tensor *const *)right;
  int order = strcmp(a->name, b->name);
  return order != 0 ? order : (a > b) - (a < b);
}

/* The first input whose name has been given before, a known one or not, by
 * sorting: a hundred thousand names cost milliseconds. */
static stele_code find_twice(const stele_tensor *inputs, size_t count,
                             const stele_tensor **twice, stele_error *error) {
  const stele_tensor **sorted = calloc(count, sizeof(*sorted));
  if (sorted == NULL)
    return fail_memory(error);
  for (size_t i = 0; i < count; i++)
    sorted[i] = &inputs[i];
  qsort((void *)sorted, count, sizeof(*sorted), compare_inputs);
  for (size_t i = 1; i < count; i++)
    if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0 &&
        (*twice == NULL || sorted[i] < *twice))
      *twice = sorted[i];
  free((void *)sorted);
  return STELE_OK;
}

/* Why the inputs are not each one of the signature's; `unknown` is the place of
 * the first that is none, if there is one. */
static stele_code fail_names(const stele_signature *signature,
                             const stele_tensor *inputs, size_t count,
                             size_t unknown, stele_error *error) {
  const stele_tensor *twice = NULL;
  stele_code code = find_twice(inputs, count, &twice, error);
  if (code != STELE_OK)
    return code;
  if (twice != NULL)
    return fail(error, STELE_INVALID_ARGUMENT, "input \"%s\" is given twice",
                twice->name);
  return fail_unknown(signature, inputs[unknown].name, error);
}

/* What is not given has its default; an error at the first that has none. */
static stele_code fill_missing(const stele_signature *signature,
                               const stele_tensor **ordered,
                               stele_error *error) {
  for (size_t i = 0; i < signature->n_inputs; i++) {
    if (ordered[i] == NULL)
      ordered[i] = signature->inputs[i].default_value;
    if (ordered[i] == NULL)
      return fail(error, STELE_INVALID_ARGUMENT,
                  "input \"%s\" of signature \"%s\" is missing",
                  signature->inputs[i].name, signature->name);
  }
  return STELE_OK;
}

/* Every input to its place: none twice, none unknown, none missing. */
static stele_code place_inputs(const stele_signature *signature,
                               const stele_tensor *inputs, size_t count,
                               const stele_tensor **ordered,
                               stele_error *error) {
  size_t unknown = count;
  bool twice = false;
  memset(ordered, 0, signature->n_inputs * sizeof(*ordered));
  for (size_t i = 0; i < count; i++) {
    const stele_tensor_info *info =
        info_find(signature->inputs, signature->n_inputs, inputs[i].name);
    if (info == NULL) {
      unknown = unknown == count ? i : unknown;
      continue;
    }
    const stele_tensor **place = &ordered[info - signature->inputs];
    twice = twice || *place != NULL;
    *place = &inputs[i];
  }
  if (twice || unknown != count)
    return fail_names(signature, inputs, count, unknown, error);
  return fill_missing(signature, ordered, error);
}

static stele_code check_input(const stele_tensor *input,
                              const stele_tensor_info *info,
                              stele_error *error) {
  if (input->dtype != info->dtype)
    return fail(error, STELE_INVALID_ARGUMENT,
                "input \"%s\" has dtype %s, expected %s", info->name,
                stele_dtype_name(input->dtype), info->dtype_name);
  if (!shape_fits(input, info)) {
    char got[SHAPE_TEXT_SIZE];
    char expected[SHAPE_TEXT_SIZE];
    return fail(
        error, STELE_INVALID_ARGUMENT, "input \"%s\" has shape %s, expected %s",
        info->name, stele_shape_text(input->rank, input->dims, got, sizeof got),
        stele_shape_text(info->rank, info->dims, expected, sizeof expected));
  }
  return STELE_OK;
}

stele_code check_inputs(const stele_signature *signature,
                        const stele_tensor *inputs, size_t count,
                        const stele_tensor **ordered, stele_error *error) {
  stele_code code = place_inputs(signature, inputs, count, ordered, error);
  for (size_t i = 0; code == STELE_OK && i < signature->n_inputs; i++)
    code = check_input(ordered[i], &signature->inputs[i], error);
  return code;
}
