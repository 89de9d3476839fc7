#include "load_config.h"

#include "refuse.h"

#include <stddef.h>
#include <string.h>

static int hex_digit(char digit) {
  static const char digits[] = "0123456789abcdef0123456789ABCDEF";
  const char *found = digit != '\0' ? strchr(digits, digit) : NULL;
  return found != NULL ? (int)((found - digits) % 16) : -1;
}

/* Decodes hexadecimal digits over themselves. */
static bool decode_hex(char *text, size_t *size) {
  char *to = text;
  for (const char *from = text; *from != '\0'; from += 2) {
    int high = hex_digit(from[0]);
    int low = high < 0 ? -1 : hex_digit(from[1]);
    if (low < 0)
      return false;
    *to++ = (char)(high << 4 | low);
  }
  *size = (size_t)(to - text);
  return true;
}

bool parse_config(char *config, stele_options *options, stele_error *error) {
  static const char prefix[] = "hex:";
  if (strncmp(config, prefix, sizeof prefix - 1) != 0) {
    options->profile = config;
    return true;
  }
  char *digits = config + sizeof prefix - 1;
  options->config = digits;
  if (strspn(digits, "0123456789abcdefABCDEF") != strlen(digits) ||
      !decode_hex(digits, &options->config_size))
    return refuse(error, STELE_INVALID_ARGUMENT,
                  "config \"%s\" is not pairs of hexadecimal digits", config);
  return true;
}
