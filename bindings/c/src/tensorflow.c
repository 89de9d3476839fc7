#include "tensorflow.h"

#include "error.h"
#include "locate.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

tensorflow_functions tf;

/* What TensorFlow was loaded as: a file, or the bare name that the system's
 * loader found. NULL until then; never unloaded. */
static char *loaded;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* ---- Loading ----------------------------------------------------------- */

static bool resolve(void *library, tensorflow_functions *functions) {
  /* POSIX wants what dlsym returns to be stored through a void **. */
#define RESOLVE(result, name, arguments)                                       \
  *(void **)(void *)&functions->name = dlsym(library, "TF_" #name);            \
  if (functions->name == NULL)                                                 \
    return false;
  TENSORFLOW_FUNCTIONS(RESOLVE)
#undef RESOLVE
  return true;
}

/* How TensorFlow is loaded: what it needs comes from its own libraries first
 * where the process shows an LLVM to all, as Julia does. TensorFlow has its
 * own, of another version, and would call some of the other's functions: it
 * hangs. */
static int load_mode(void) {
  int mode = RTLD_LAZY | RTLD_LOCAL;
#ifdef RTLD_DEEPBIND
  if (dlsym(RTLD_DEFAULT, "LLVMContextCreate") != NULL)
    mode |= RTLD_DEEPBIND;
#endif
  return mode;
}

static stele_code load_as(const char *name, stele_error *error) {
  char *copy = text_format("%s", name);
  if (copy == NULL)
    return fail_memory(error);
  void *library = dlopen(name, load_mode());
  tensorflow_functions functions;
  if (library == NULL || !resolve(library, &functions)) {
    /* The loader's own words, such as the library that is missing. */
    const char *why = dlerror();
    free(copy);
    return fail(error, STELE_FAILED_PRECONDITION,
                "cannot load libtensorflow from \"%s\": %s", name,
                why != NULL ? why : "a function is missing");
  }
  tf = functions;
  loaded = copy;
  return STELE_OK;
}

/* ---- One TensorFlow in a process --------------------------------------- */

static stele_code fail_other(const char *present, const char *wanted,
                             stele_error *error) {
  return fail(error, STELE_FAILED_PRECONDITION,
              "this process has loaded \"%s\" and cannot load \"%s\" beside it",
              present, wanted);
}

typedef struct search {
  const char *folder; /* of the library wanted */
  size_t length;
  char *other; /* a library of TensorFlow's in another folder */
} search;

static int visit(struct dl_phdr_info *object, size_t size, void *argument) {
  (void)size;
  search *wanted = argument;
  const char *slash = strrchr(object->dlpi_name, '/');
  if (slash == NULL ||
      strncmp(slash + 1, "libtensorflow", strlen("libtensorflow")) != 0)
    return 0;
  char *path = realpath(object->dlpi_name, NULL);
  if (path != NULL && ((size_t)(strrchr(path, '/') - path) != wanted->length ||
                       strncmp(path, wanted->folder, wanted->length) != 0)) {
    wanted->other = path;
    return 1;
  }
  free(path);
  return 0;
}

/* Two would share symbols: whatever the program itself has loaded counts. */
static stele_code load_file(const char *file, stele_error *error) {
  search wanted = {file, (size_t)(strrchr(file, '/') - file), NULL};
  dl_iterate_phdr(visit, &wanted);
  if (wanted.other == NULL)
    return load_as(file, error);
  stele_code code = fail_other(wanted.other, file, error);
  free(wanted.other);
  return code;
}

/* ---- Finding ----------------------------------------------------------- */

static stele_code load_from(const char *path, stele_error *error) {
  char *file = locate_in_place(path);
  if (file == NULL)
    return fail(error, STELE_NOT_FOUND, "no libtensorflow at \"%s\": %s", path,
                locate_absent(path));
  stele_code code = STELE_OK;
  if (loaded == NULL)
    code = load_file(file, error);
  else if (strcmp(loaded, file) != 0)
    code = fail_other(loaded, file, error);
  free(file);
  return code;
}

static bool load_from_system(text_buffer *tried) {
  for (int i = 0; i < LIBRARY_NAMES; i++) {
    stele_error error;
    if (load_as(library_names[i], &error) == STELE_OK)
      return true;
    text_append(tried, "\n  the system's loader: %s", error.message);
  }
  return false;
}

static stele_code search_and_load(stele_error *error) {
  text_buffer tried = {NULL, 0};
  bool wrong;
  char *file = locate_candidate(&tried, &wrong);
  stele_code code = STELE_OK;
  if (file != NULL)
    code = load_file(file, error);
  else if (wrong || !load_from_system(&tried))
    code = fail(
        error, STELE_NOT_FOUND,
        "libtensorflow was not found. Tried:%s\nInstall TensorFlow's wheel "
        "(`pip install tensorflow-cpu`), or set STELE_LIBTENSORFLOW to the "
        "folder that holds %s.",
        tried.data != NULL ? tried.data : "", library_names[0]);
  free(file);
  free(tried.data);
  return code;
}

stele_code tensorflow_load(const char *path, stele_error *error) {
  pthread_mutex_lock(&mutex);
  stele_code code = STELE_OK;
  if (path != NULL)
    code = load_from(path, error);
  else if (loaded == NULL)
    code = search_and_load(error);
  pthread_mutex_unlock(&mutex);
  return code;
}

const char *stele_tensorflow_version(stele_error *error) {
  if (tensorflow_load(NULL, error) != STELE_OK)
    return NULL;
  succeed(error);
  return tf.Version();
}
