#include "field.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char escaped[] = {'\\', '\t', '\n', '\r', '\0'};
static const char letters[] = {'\\', 't', 'n', 'r', '0'};

/* In place: what is unescaped is never longer. Ends at a wrong escape. */
static bool unescape(struct field *field) {
  const char *from = field->text;
  const char *end = from + field->size;
  char *to = field->text;
  bool valid = true;
  for (; from < end; from++) {
    if (*from != '\\') {
      *to++ = *from;
      continue;
    }
    from++;
    const char *letter =
        from < end ? memchr(letters, *from, sizeof letters) : NULL;
    valid = letter != NULL;
    if (!valid)
      break;
    *to++ = escaped[letter - letters];
  }
  *to = '\0';
  field->size = (size_t)(to - field->text);
  return valid;
}

size_t fields_split(char *line, size_t size, struct field *fields, size_t max) {
  char *end = line + size;
  for (size_t count = 0;; count++) {
    char *tab = memchr(line, '\t', (size_t)(end - line));
    char *stop = tab != NULL ? tab : end;
    if (count < max) {
      fields[count] = (struct field){line, (size_t)(stop - line)};
      if (!unescape(&fields[count]))
        return 0;
    }
    if (tab == NULL)
      return count + 1;
    line = tab + 1;
  }
}

bool field_has_nul(struct field field) {
  return memchr(field.text, '\0', field.size) != NULL;
}

bool parse_number(const char *text, long long *number) {
  if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
    return false;
  errno = 0;
  *number = strtoll(text, NULL, 10);
  return errno == 0;
}

void write_escaped(FILE *stream, const char *text) {
  for (; *text != '\0'; text++) {
    const char *special = memchr(escaped, *text, sizeof escaped);
    if (special == NULL) {
      putc(*text, stream);
    } else {
      putc('\\', stream);
      putc(letters[special - escaped], stream);
    }
  }
}
