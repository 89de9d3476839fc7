/* What a model says about itself. */
#include "test.h"

#include <string.h>

static void one_signature(void) {
  stele_model *model = test_load("conv", NULL);
  CHECK(stele_signature_count(model) == 1);
  const stele_signature *signature = stele_signature_at(model, 0);
  CHECK_TEXT(signature->name, "serving_default");
  CHECK(signature->n_inputs == 1 && signature->n_outputs == 1);
  const stele_tensor_info *image = &signature->inputs[0];
  CHECK_TEXT(image->name, "image");
  CHECK_TEXT(image->dtype_name, "FP32");
  CHECK(image->dtype == STELE_FP32 && image->rank == 4);
  CHECK(image->dims[0] == -1 && image->dims[1] == 8 && image->dims[3] == 1);
  CHECK_TEXT(image->tensor, "serving_default_image:0");
  CHECK(stele_signature_at(model, 1) == NULL);
  CHECK(stele_signature_find(model, "serving_default") == signature);
  CHECK(stele_signature_find(model, "serving") == NULL);
  stele_free(model);
}

static void sorted_and_for_users(void) {
  stele_model *model = test_load("odd", NULL);
  size_t count = stele_signature_count(model);
  CHECK(count == 10);
  for (size_t i = 0; i < count; i++) {
    const stele_signature *signature = stele_signature_at(model, i);
    CHECK(strncmp(signature->name, "__saved_model_", 14) != 0);
    CHECK(i == 0 ||
          strcmp(stele_signature_at(model, i - 1)->name, signature->name) < 0);
    CHECK(stele_signature_find(model, signature->name) == signature);
  }
  const stele_signature *parts = stele_signature_find(model, "two_parts");
  CHECK(parts->n_outputs == 3);
  CHECK_TEXT(parts->outputs[0].tensor, "split:0");
  CHECK_TEXT(parts->outputs[1].tensor, "split:1");
  stele_free(model);
}

static void unusual_tensors(void) {
  stele_model *model = test_load("odd", NULL);
  const stele_tensor_info *handle =
      &stele_signature_find(model, "resource")->inputs[0];
  CHECK(handle->dtype == STELE_UNNAMED);
  CHECK_TEXT(handle->dtype_name, "TF_20");
  CHECK_TEXT(stele_signature_find(model, "sparse")->inputs[0].tensor, "");
  const stele_tensor_info *weight = /* DT_FLOAT_REF */
      &stele_signature_find(model, "reference")->outputs[0];
  CHECK(weight->dtype == STELE_FP32);
  CHECK_TEXT(weight->dtype_name, "FP32");
  CHECK(stele_signature_find(model, "tab\there") != NULL);
  stele_free(model);
}

static void ranks(void) {
  stele_model *model = test_load("dtypes", NULL);
  const stele_tensor_info *unknown =
      &stele_signature_find(model, "same_FP32")->inputs[0];
  CHECK(unknown->rank == -1 && unknown->dims == NULL);
  const stele_tensor_info *scalar =
      &stele_signature_find(model, "scalar")->inputs[0];
  CHECK(scalar->rank == 0 && scalar->dims == NULL);
  CHECK(stele_signature_find(model, "none")->n_inputs == 0);
  stele_free(model);
}

static void shapes_of_the_graph(void) {
  stele_model *model = test_load("defaults", NULL);
  const stele_signature *unshaped = stele_signature_find(model, "unshaped");
  const stele_tensor_info *x = &unshaped->inputs[1];
  CHECK_TEXT(x->name, "x");
  CHECK(x->rank == 2 && x->dims[0] == -1 && x->dims[1] == 2);
  CHECK(unshaped->inputs[0].rank == 0 && unshaped->inputs[0].dims == NULL);
  CHECK(unshaped->outputs[0].rank == 2 && unshaped->outputs[0].dims[1] == 2);
  stele_free(model);
}

static void defaults_are_shown(void) {
  stele_model *model = test_load("defaults", NULL);
  const stele_signature *scaled = stele_signature_find(model, "scaled");
  const stele_tensor *scale = scaled->inputs[0].default_value;
  CHECK_TEXT(scaled->inputs[0].name, "scale");
  CHECK(scale != NULL && scale->dtype == STELE_FP32 && scale->rank == 0);
  CHECK(*(const float *)scale->data == 2);
  CHECK(scaled->inputs[1].default_value == NULL);
  CHECK(scaled->outputs[0].default_value == NULL);
  stele_free(model);
}

static void last_entry_of_a_map_counts(void) {
  stele_model *model = test_load("twice", NULL);
  CHECK(stele_signature_count(model) == 1);
  const stele_signature *signature = stele_signature_at(model, 0);
  CHECK(signature->n_inputs == 1);
  CHECK_TEXT(signature->inputs[0].name, "renamed");
  stele_free(model);
}

void suite_signatures(void) {
  TEST(one_signature);
  TEST(sorted_and_for_users);
  TEST(unusual_tensors);
  TEST(ranks);
  TEST(shapes_of_the_graph);
  TEST(defaults_are_shown);
  TEST(last_entry_of_a_map_counts);
}
