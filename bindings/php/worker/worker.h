/* What of stele_worker.h the worker calls, for FFI::cdef, which has no preprocessor. */
typedef struct {
  const char *name;
  int32_t dtype;
  int32_t rank;
  const int64_t *dims;
  const char *path;
  uint64_t size;
} stele_worker_input;
typedef struct {
  int32_t verb;
  const char *dir;
  const char *tags;
  const char *profile;
  const void *config;
  uint64_t config_size;
  const char *signature;
  uint64_t n_inputs;
  const stele_worker_input *inputs;
} stele_worker_request;
typedef struct stele_worker stele_worker;

stele_worker *stele_worker_new(const char *binding, const char *language, const char *dtypes);
void stele_worker_free(stele_worker *worker);
const stele_worker_request *stele_worker_next(stele_worker *worker);
int32_t stele_worker_again(stele_worker *worker);
void stele_worker_describe(stele_worker *worker, const char *signature, int32_t is_output, const char *name,
                           const char *dtype, int32_t rank, const int64_t *dims);
const char *stele_worker_output(stele_worker *worker, const char *name, int32_t dtype, int32_t rank,
                                const int64_t *dims, uint64_t size);
void stele_worker_ok(stele_worker *worker);
void stele_worker_error(stele_worker *worker, int32_t code, const char *message);
void stele_worker_unsupported(stele_worker *worker, const char *what);
