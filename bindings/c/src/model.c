/* Loading, introspection, release. */
#include "model.h"

#include "error.h"
#include "savedmodel_dir.h"

#include <stdlib.h>
#include <string.h>

static tag_set tags_wanted(const stele_options *options) {
  static const char *const serve[] = {"serve"};
  if (options == NULL || options->tags == NULL)
    return (tag_set){serve, 1};
  return (tag_set){options->tags, options->n_tags};
}

static stele_code open_model(const char *dir, const stele_options *options,
                             stele_model *model, stele_error *error) {
  tag_set tags = tags_wanted(options);
  config_bytes config;
  stele_code code = config_select(options, &config, error);
  if (code == STELE_OK)
    code = savedmodel_read(dir, tags, &model->graph, error);
  if (code != STELE_OK)
    return code;
  code = session_open(dir, tags, config, &model->session, error);
  if (code == STELE_OK) {
    code = endpoints_resolve(model, error);
    if (code != STELE_OK)
      session_close(&model->session);
  }
  if (code != STELE_OK)
    arena_free(&model->graph.memory);
  return code;
}

stele_model *stele_load(const char *dir, const stele_options *options,
                        stele_error *error) {
  if (dir == NULL) {
    fail(error, STELE_INVALID_ARGUMENT, "no folder is given");
    return NULL;
  }
  stele_model *model = calloc(1, sizeof *model);
  if (model == NULL) {
    fail_memory(error);
    return NULL;
  }
  if (open_model(dir, options, model, error) != STELE_OK) {
    free(model);
    return NULL;
  }
  succeed(error);
  return model;
}

void stele_free(stele_model *model) {
  if (model == NULL)
    return;
  session_close(&model->session);
  arena_free(&model->graph.memory);
  free(model);
}

size_t stele_signature_count(const stele_model *model) {
  return model->graph.n_signatures;
}

const stele_signature *stele_signature_at(const stele_model *model,
                                          size_t index) {
  return index < model->graph.n_signatures ? &model->graph.signatures[index]
                                           : NULL;
}

static int compare_name(const void *name, const void *signature) {
  return strcmp(name, ((const stele_signature *)signature)->name);
}

const stele_signature *stele_signature_find(const stele_model *model,
                                            const char *name) {
  return bsearch(name, model->graph.signatures, model->graph.n_signatures,
                 sizeof *model->graph.signatures, compare_name);
}

const char *stele_tensorflow_version(void) {
  return TF_Version();
}
