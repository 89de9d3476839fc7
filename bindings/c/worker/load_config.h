/* The argument <config> of load. */
#ifndef STELE_WORKER_LOAD_CONFIG_H
#define STELE_WORKER_LOAD_CONFIG_H

#include "stele.h"

#include <stdbool.h>

/* Sets the profile, or decodes the digits of "hex:" over themselves and sets
 * the config: `config` must live as long as the options. */
bool parse_config(char *config, stele_options *options, stele_error *error);

#endif
