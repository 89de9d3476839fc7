/* What is wrong with what was given in place of a SavedModel folder, and what
 * to do; bindings/contract/wrong_models.tsv has the rows. */
#ifndef STELE_SRC_NOT_A_MODEL_H
#define STELE_SRC_NOT_A_MODEL_H

#include "stele.h"

/* For a path that is no folder. */
stele_code fail_no_folder(const char *path, stele_error *error);

/* For a folder without saved_model.pb. */
stele_code fail_no_model(const char *folder, stele_error *error);

#endif
