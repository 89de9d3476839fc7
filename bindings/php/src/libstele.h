/* What of stele.h this package calls, for FFI::cdef, which has no preprocessor. */
typedef struct { int32_t code; char message[4096]; } stele_error;
typedef struct { const char *data; uint64_t size; } stele_bytes;
typedef struct {
  const char *name;
  int32_t dtype;
  int32_t rank;
  const int64_t *dims;
  const void *data;
  uint64_t size;
} stele_tensor;
typedef struct {
  uint32_t struct_size;
  const char *tags;
  const char *profile;
  const void *config;
  uint64_t config_size;
  const char *libtensorflow;
} stele_options;
typedef struct {
  const char *name;
  int32_t dtype;
  int32_t rank;
  const char *dtype_name;
  const int64_t *dims;
  const char *tensor;
  const stele_tensor *default_value;
} stele_tensor_info;
typedef struct {
  const char *name;
  uint64_t n_inputs;
  const stele_tensor_info *inputs;
  uint64_t n_outputs;
  const stele_tensor_info *outputs;
} stele_signature;
typedef struct { uint64_t n_tensors; const stele_tensor *tensors; } stele_outputs;
typedef struct stele_model stele_model;

uint32_t stele_abi(void);
int32_t stele_tensor_size(const stele_tensor *tensor, uint64_t *size, stele_error *error);
stele_model *stele_load(const char *dir, const stele_options *options, stele_error *error);
void stele_free(stele_model *model);
uint64_t stele_signature_count(const stele_model *model);
const stele_signature *stele_signature_at(const stele_model *model, uint64_t index);
stele_outputs *stele_run(const stele_model *model, const char *signature, const stele_tensor *inputs,
                         uint64_t n_inputs, stele_error *error);
void stele_outputs_free(stele_outputs *outputs);
const char *stele_tensorflow_version(stele_error *error);
