/* A TensorFlow session on a loaded SavedModel. */
#ifndef STELE_SRC_SESSION_H
#define STELE_SRC_SESSION_H

#include "config.h"
#include "metagraph.h"
#include "tensorflow.h"

typedef struct session {
  TF_Graph *graph;
  TF_Session *handle;
} session;

/* Loads the graph with these tags and restores its variables. */
stele_code session_open(const char *dir, tag_set tags, config_bytes config,
                        session *opened, stele_error *error);

/* Releases an opened session. */
void session_close(session *opened);

#endif
