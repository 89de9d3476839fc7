#include "load_config.h"

#include "refuse.h"

#include <stddef.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef0123456789ABCDEF";

static int hex_digit(char digit) {
  return (int)((strchr(hex_digits, digit) - hex_digits) % 16);
}

/* Decodes pairs of hexadecimal digits over themselves; returns their number. */
static size_t decode_hex(char *text) {
  char *to = text;
  for (const char *from = text; *from != '\0'; from += 2)
    *to++ = (char)(hex_digit(from[0]) << 4 | hex_digit(from[1]));
  return (size_t)(to - text);
}

bool parse_config(char *config, stele_options *options, stele_error *error) {
  static const char prefix[] = "hex:";
  if (strncmp(config, prefix, sizeof prefix - 1) != 0) {
    options->profile = config;
    return true;
  }
  char *digits = config + sizeof prefix - 1;
  options->config = digits;
  if (strlen(digits) % 2 != 0 || strspn(digits, hex_digits) != strlen(digits))
    return refuse(error, STELE_INVALID_ARGUMENT,
                  "config \"%s\" is not pairs of hexadecimal digits", config);
  options->config_size = decode_hex(digits);
  return true;
}
