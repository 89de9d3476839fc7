#include "session.h"

#include "error.h"

#include <limits.h>

static stele_code load(const char *dir, tag_set tags,
                       const TF_SessionOptions *options, session *opened,
                       stele_error *error) {
  TF_Status *status = TF_NewStatus();
  opened->graph = TF_NewGraph();
  /* No buffer for the MetaGraphDef: it has been read already, and writing it
   * out again is slow on large graphs. */
  opened->handle = TF_LoadSessionFromSavedModel(options, NULL, dir, tags.tags,
                                                (int)tags.count, opened->graph,
                                                NULL, status);
  stele_code code = (stele_code)TF_GetCode(status);
  /* "Read less bytes than requested": a file of the variables is cut. */
  if (code == STELE_OUT_OF_RANGE)
    code = STELE_DATA_LOSS;
  if (code != STELE_OK) {
    fail(error, code, "%s", TF_Message(status));
    TF_DeleteGraph(opened->graph);
  }
  TF_DeleteStatus(status);
  return code;
}

static stele_code set_config(TF_SessionOptions *options, config_bytes config,
                             stele_error *error) {
  TF_Status *status = TF_NewStatus();
  TF_SetConfig(options, config.data, config.size, status);
  stele_code code =
      TF_GetCode(status) == TF_OK ? STELE_OK : config_fail(config, error);
  TF_DeleteStatus(status);
  return code;
}

stele_code session_open(const char *dir, tag_set tags, config_bytes config,
                        session *opened, stele_error *error) {
  if (tags.count > INT_MAX)
    return fail(error, STELE_INVALID_ARGUMENT, "%zu tags", tags.count);
  TF_SessionOptions *options = TF_NewSessionOptions();
  stele_code code = set_config(options, config, error);
  if (code == STELE_OK)
    code = load(dir, tags, options, opened, error);
  TF_DeleteSessionOptions(options);
  return code;
}

void session_close(session *opened) {
  /* What a failing close could report has no one left to hear it. */
  TF_Status *status = TF_NewStatus();
  TF_CloseSession(opened->handle, status);
  TF_DeleteSession(opened->handle, status);
  TF_DeleteGraph(opened->graph);
  TF_DeleteStatus(status);
}
