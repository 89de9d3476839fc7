#include "reply.h"

#include "blocking.h"
#include "field.h"

#include <stdio.h>

void reply_begin(const char *id, const char *status) {
  make_blocking(fileno(stdout));
  fputs("\n@stele1\t", stdout);
  write_escaped(stdout, id);
  printf("\t%s", status);
}

void reply_field(const char *text) {
  putchar('\t');
  write_escaped(stdout, text);
}

void reply_end(void) {
  putchar('\n');
  fflush(stdout);
}

void reply_ok(const char *id) {
  reply_begin(id, "ok");
  reply_end();
}

void reply_error(const char *id, const stele_error *error) {
  reply_begin(id, "error");
  reply_field(stele_code_name(error->code));
  reply_field(error->message);
  reply_end();
}

void reply_result(const char *id, bool ok, const stele_error *error) {
  if (ok)
    reply_ok(id);
  else
    reply_error(id, error);
}

void reply_unsupported(const char *id, const char *kind, const char *what) {
  reply_begin(id, "unsupported");
  printf("\t%s%s", kind, *kind != '\0' ? " " : "");
  write_escaped(stdout, what);
  reply_end();
}
