#include "session.h"

#include "error.h"
#include "process.h"

#include <limits.h>

static stele_code load(const char *dir, tag_set tags,
                       const TF_SessionOptions *options, session *opened,
                       stele_error *error) {
  process_watch();
  TF_Status *status = tf.NewStatus();
  opened->graph = tf.NewGraph();
  /* No buffer for the MetaGraphDef: it has been read already, and writing it
   * out again is slow on large graphs. */
  opened->handle = tf.LoadSessionFromSavedModel(options, NULL, dir, tags.tags,
                                                (int)tags.count, opened->graph,
                                                NULL, status);
  stele_code code = (stele_code)tf.GetCode(status);
  /* "Read less bytes than requested": a file of the variables is cut. */
  if (code == STELE_OUT_OF_RANGE)
    code = STELE_DATA_LOSS;
  if (code != STELE_OK) {
    fail(error, code, "%s", tf.Message(status));
    tf.DeleteGraph(opened->graph);
  }
  tf.DeleteStatus(status);
  return code;
}

static stele_code set_config(TF_SessionOptions *options, config_bytes config,
                             stele_error *error) {
  TF_Status *status = tf.NewStatus();
  tf.SetConfig(options, config.data, config.size, status);
  stele_code code =
      tf.GetCode(status) == STELE_OK ? STELE_OK : config_fail(config, error);
  tf.DeleteStatus(status);
  return code;
}

stele_code session_open(const char *dir, tag_set tags, config_bytes config,
                        session *opened, stele_error *error) {
  if (tags.count > INT_MAX)
    return fail(error, STELE_INVALID_ARGUMENT, "%zu tags", tags.count);
  TF_SessionOptions *options = tf.NewSessionOptions();
  stele_code code = set_config(options, config, error);
  if (code == STELE_OK)
    code = load(dir, tags, options, opened, error);
  tf.DeleteSessionOptions(options);
  return code;
}

void session_close(session *opened) {
  /* What a failing close could report has no one left to hear it. */
  TF_Status *status = tf.NewStatus();
  tf.CloseSession(opened->handle, status);
  tf.DeleteSession(opened->handle, status);
  tf.DeleteGraph(opened->graph);
  tf.DeleteStatus(status);
}
