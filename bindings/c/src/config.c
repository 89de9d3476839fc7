#include "config.h"

#include "error.h"

#include <string.h>

/* Written by hand, since two constants are less than a protobuf schema. A
 * field's key is (number << 3 | wire type); -1 is a varint of ten bytes. */

#define SOFT_PLACEMENT "\x38\x01" /* allow_soft_placement (field 7) = true */

static const char default_config[] = SOFT_PLACEMENT;

/* inter_op_parallelism_threads (field 5, varint) = -1 */
static const char inline_config[] =
    "\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" SOFT_PLACEMENT;

/* experimental (field 16, message, 26 bytes) {
 *   executor_type (field 3, string, 24 bytes) } */
static const char single_config[] = SOFT_PLACEMENT "\x82\x01\x1a"
                                                   "\x1a\x18"
                                                   "SINGLE_THREADED_EXECUTOR";

/* graph_options (field 10, message, 5 bytes) {
 *   rewrite_options (field 10, message, 3 bytes) {
 *     disable_meta_optimizer (field 19, varint) = true } } */
static const char python_config[] = SOFT_PLACEMENT "\x52\x05"
                                                   "\x52\x03"
                                                   "\x98\x01\x01";

static const struct {
  const char *name;
  config_bytes config;
} profiles[] = {
    {"default", {default_config, sizeof default_config - 1}},
    {"inline", {inline_config, sizeof inline_config - 1}},
    {"python", {python_config, sizeof python_config - 1}},
    {"single", {single_config, sizeof single_config - 1}},
};

static stele_code find_profile(const char *name, config_bytes *config,
                               stele_error *error) {
  for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
    if (strcmp(profiles[i].name, name) == 0) {
      *config = profiles[i].config;
      return STELE_OK;
    }
  return fail(error, STELE_INVALID_ARGUMENT,
              "no profile \"%s\"; there are \"default\", \"inline\", "
              "\"python\", \"single\"",
              name);
}

stele_code config_select(const stele_options *options, config_bytes *config,
                         stele_error *error) {
  if (options->profile != NULL && options->config != NULL)
    return fail(error, STELE_INVALID_ARGUMENT,
                "both the profile \"%s\" and a config are given",
                options->profile);
  if (options->config == NULL && options->config_size > 0)
    return fail(error, STELE_INVALID_ARGUMENT,
                "a config of %zu bytes has no data", options->config_size);
  if (options->config == NULL)
    return find_profile(options->profile != NULL ? options->profile : "default",
                        config, error);
  *config = (config_bytes){options->config, options->config_size};
  return STELE_OK;
}

stele_code config_fail(config_bytes config, stele_error *error) {
  enum { SHOWN = 64 };
  const unsigned char *bytes = config.data;
  stele_code code =
      fail(error, STELE_INVALID_ARGUMENT, "no ConfigProto: \"hex:");
  for (size_t i = 0; i < config.size && i < SHOWN; i++)
    fail_append(error, "%02x", bytes[i]);
  fail_append(error, "%s\"", config.size > SHOWN ? "..." : "");
  return code;
}
