#include "locate.h"

#include "python.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const library_names[LIBRARY_NAMES] = {
    "libtensorflow_cc.so.2", "libtensorflow.so.2", "libtensorflow.so"};

/* ---- A place ----------------------------------------------------------- */

static bool has_mode(const char *path, mode_t mode) {
  struct stat status;
  return stat(path, &status) == 0 && (status.st_mode & S_IFMT) == mode;
}

static char *in_folder(const char *folder) {
  char *found = NULL;
  for (int i = 0; found == NULL && i < LIBRARY_NAMES; i++) {
    char *file = text_format("%s/%s", folder, library_names[i]);
    if (file != NULL && has_mode(file, S_IFREG))
      found = realpath(file, NULL);
    free(file);
  }
  return found;
}

char *locate_in_place(const char *path) {
  return has_mode(path, S_IFDIR) ? in_folder(path) : realpath(path, NULL);
}

const char *locate_absent(const char *path) {
  return has_mode(path, S_IFDIR) ? "holds none of libtensorflow_cc.so.2, "
                                   "libtensorflow.so.2, libtensorflow.so"
                                 : "no such file or folder";
}

/* ---- A Python environment ---------------------------------------------- */

static int is_python(const struct dirent *entry) {
  return strncmp(entry->d_name, "python3", strlen("python3")) == 0;
}

/* The wheel in the site-packages of PREFIX/lib or PREFIX/lib64. */
static char *in_library_folder(const char *prefix, const char *library) {
  char *folder = text_format("%s/%s", prefix, library);
  struct dirent **entries = NULL;
  int count =
      folder == NULL ? 0 : scandir(folder, &entries, is_python, alphasort);
  char *found = NULL;
  for (int i = 0; i < count; i++) {
    char *package = text_format("%s/%s/site-packages/tensorflow", folder,
                                entries[i]->d_name);
    if (package != NULL && found == NULL)
      found = locate_in_place(package);
    free(package);
    free(entries[i]);
  }
  free(entries);
  free(folder);
  return found;
}

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value != NULL && *value != '\0' ? value : NULL;
}

static char *in_environment(const char *name, text_buffer *tried) {
  const char *prefix = variable(name);
  if (prefix == NULL) {
    text_append(tried, "\n  %s: not set", name);
    return NULL;
  }
  char *found = in_library_folder(prefix, "lib");
  if (found == NULL)
    found = in_library_folder(prefix, "lib64");
  if (found == NULL)
    text_append(tried, "\n  %s=%s: no tensorflow wheel in its site-packages",
                name, prefix);
  return found;
}

static char *in_python(const char *python, text_buffer *tried) {
  char *why = NULL;
  char *folders = python_packages(python, &why);
  char *found = NULL;
  if (folders == NULL) {
    text_append(tried, "\n  %s on PATH: %s", python,
                why != NULL ? why : "out of memory");
  } else {
    char *rest = NULL;
    for (char *folder = strtok_r(folders, "\n", &rest);
         folder != NULL && found == NULL; folder = strtok_r(NULL, "\n", &rest))
      found = locate_in_place(folder);
    if (found == NULL)
      text_append(tried, "\n  %s on PATH: has no tensorflow wheel", python);
  }
  free(folders);
  free(why);
  return found;
}

/* ---- In order ---------------------------------------------------------- */

char *locate_candidate(text_buffer *tried, bool *wrong) {
  static const char name[] = "STELE_LIBTENSORFLOW";
  const char *path = variable(name);
  *wrong = false;
  if (path != NULL) {
    char *found = locate_in_place(path);
    *wrong = found == NULL;
    if (*wrong)
      text_append(tried, "\n  %s=%s: %s", name, path, locate_absent(path));
    return found;
  }
  text_append(tried, "\n  %s: not set", name);
  char *found = in_environment("VIRTUAL_ENV", tried);
  if (found == NULL)
    found = in_environment("CONDA_PREFIX", tried);
  if (found == NULL)
    found = in_python("python3", tried);
  if (found == NULL)
    found = in_python("python", tried);
  return found;
}
