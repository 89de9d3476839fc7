/* A SavedModel's folder, before TensorFlow sees it. */
#ifndef STELE_SRC_SAVEDMODEL_DIR_H
#define STELE_SRC_SAVEDMODEL_DIR_H

#include "metagraph.h"

/* The folder that `path` names: without "file://" in front, nothing decoded,
 * and without slashes at the end. NULL when out of memory. */
char *savedmodel_folder(const char *path, arena *memory);

/* Checks the folder and reads the graph with these tags from its
 * saved_model.pb. On failure `graph` is empty. */
stele_code savedmodel_read(const char *folder, tag_set tags, metagraph *graph,
                           stele_error *error);

#endif
