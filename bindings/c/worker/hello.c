#include "hello.h"

#include "reply.h"
#include "stele.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool has_dtype(const char *dtypes, const char *name) {
  size_t length = strlen(name);
  if (dtypes == NULL)
    return true;
  for (; dtypes != NULL; dtypes = strchr(dtypes, ',')) {
    dtypes += *dtypes == ',';
    if (strncmp(dtypes, name, length) == 0 &&
        (dtypes[length] == ',' || dtypes[length] == '\0'))
      return true;
  }
  return false;
}

static void write_dtypes(const char *dtypes) {
  const char *separator = "\tdtypes=";
  for (int dtype = STELE_FP32; dtype <= STELE_UINT64; dtype++) {
    const char *name = stele_dtype_name(dtype);
    if (name == NULL || !has_dtype(dtypes, name))
      continue;
    printf("%s%s", separator, name);
    separator = ",";
  }
}

static void write_pair(const char *key, const char *value) {
  printf("\t%s=", key);
  write_escaped(stdout, value);
}

/* Of the TensorFlow in use, which this loads. A worker beside a server, whose
 * address this variable has, uses none and must not pay for one. */
static const char *tensorflow_version(void) {
  if (getenv("STELE_REMOTE") != NULL)
    return "";
  const char *version = stele_tensorflow_version(NULL);
  return version != NULL ? version : "";
}

void reply_hello(const struct request *request, const char *binding,
                 const char *language, const char *dtypes) {
  const char *protocol = request->arguments[0].text;
  if (strcmp(protocol, "1") != 0) {
    reply_unsupported(request->id, "protocol", protocol);
    return;
  }
  /* Before the reply begins: to load TensorFlow may print. */
  const char *tensorflow = tensorflow_version();
  reply_begin(request->id, "ok");
  write_pair("protocol", protocol);
  write_pair("binding", binding);
  write_pair("language", language);
  write_pair("tensorflow", tensorflow);
  write_pair("verbs", "hello,load,run,describe,bench,unload,bye");
  write_dtypes(dtypes);
  reply_end();
}
