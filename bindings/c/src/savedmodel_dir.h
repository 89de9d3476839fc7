/* A SavedModel's folder, before TensorFlow sees it. */
#ifndef STELE_SRC_SAVEDMODEL_DIR_H
#define STELE_SRC_SAVEDMODEL_DIR_H

#include "metagraph.h"

/* Checks the folder and reads the graph with these tags from its
 * saved_model.pb. On failure `graph` is empty. */
stele_code savedmodel_read(const char *dir, tag_set tags, metagraph *graph,
                           stele_error *error);

#endif
