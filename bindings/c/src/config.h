/* Session configurations: profiles by name, ConfigProto by bytes. */
#ifndef STELE_SRC_CONFIG_H
#define STELE_SRC_CONFIG_H

#include "stele.h"

/* A serialized ConfigProto; size 0 is TensorFlow's default. */
typedef struct config_bytes {
  const void *data;
  size_t size;
} config_bytes;

/* The bytes that `options` asks for: constant, or the
 * caller's. */
stele_code config_select(const stele_options *options, config_bytes *config,
                         stele_error *error);

/* Refuses `config`, which TensorFlow could not parse, by showing it. */
stele_code config_fail(config_bytes config, stele_error *error);

#endif
