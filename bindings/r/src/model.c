/* Models: an external pointer whose finalizer releases. R runs one call at a
 * time, so that a model is never released under one. */
#include "package.h"

static void finalize_model(SEXP pointer) {
  stele_free(R_ExternalPtrAddr(pointer));
  R_ClearExternalPtr(pointer);
}

SEXP load(SEXP dir, SEXP tags, SEXP profile, SEXP config, SEXP libtensorflow) {
  stele_error error;
  stele_options options = {.struct_size = sizeof options,
                           .tags = stele_r_text(tags),
                           .profile = stele_r_text(profile),
                           .libtensorflow = stele_r_text(libtensorflow)};
  if (!Rf_isNull(config)) {
    /* An empty ConfigProto has no bytes, and is one all the same. */
    options.config = XLENGTH(config) > 0 ? (const void *)RAW(config) : "";
    options.config_size = (uint64_t)XLENGTH(config);
  }
  SEXP pointer = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(pointer, finalize_model, FALSE);
  stele_model *model = stele_load(stele_r_text(dir), &options, &error);
  R_SetExternalPtrAddr(pointer, model);
  UNPROTECT(1);
  return model != NULL ? pointer : stele_r_error(&error);
}

SEXP release(SEXP pointer) {
  finalize_model(pointer);
  return R_NilValue;
}

SEXP is_released(SEXP pointer) {
  return Rf_ScalarLogical(R_ExternalPtrAddr(pointer) == NULL);
}

static SEXP text(const char *utf8) {
  return Rf_ScalarString(Rf_mkCharCE(utf8, CE_UTF8));
}

/* NULL for an unknown rank, NA for an unknown dimension. */
static SEXP shape(const stele_tensor_info *info) {
  if (info->rank < 0)
    return R_NilValue;
  SEXP dims = Rf_allocVector(REALSXP, info->rank);
  for (int32_t i = 0; i < info->rank; i++)
    REAL(dims)[i] = info->dims[i] < 0 ? NA_REAL : (double)info->dims[i];
  return dims;
}

/* list(list(name, dtype, shape, optional), ...) */
static SEXP infos(const stele_tensor_info *first, uint64_t count) {
  SEXP all = PROTECT(Rf_allocVector(VECSXP, (R_xlen_t)count));
  for (uint64_t i = 0; i < count; i++) {
    SEXP info = Rf_allocVector(VECSXP, 4);
    SET_VECTOR_ELT(all, (R_xlen_t)i, info);
    SET_VECTOR_ELT(info, 0, text(first[i].name));
    SET_VECTOR_ELT(info, 1, text(first[i].dtype_name));
    SET_VECTOR_ELT(info, 2, shape(&first[i]));
    SET_VECTOR_ELT(info, 3, Rf_ScalarLogical(first[i].default_value != NULL));
  }
  UNPROTECT(1);
  return all;
}

/* list(list(name, inputs, outputs), ...) */
SEXP describe(SEXP pointer) {
  const stele_model *model = R_ExternalPtrAddr(pointer);
  const uint64_t count = stele_signature_count(model);
  SEXP all = PROTECT(Rf_allocVector(VECSXP, (R_xlen_t)count));
  for (uint64_t i = 0; i < count; i++) {
    const stele_signature *of = stele_signature_at(model, i);
    SEXP signature = Rf_allocVector(VECSXP, 3);
    SET_VECTOR_ELT(all, (R_xlen_t)i, signature);
    SET_VECTOR_ELT(signature, 0, text(of->name));
    SET_VECTOR_ELT(signature, 1, infos(of->inputs, of->n_inputs));
    SET_VECTOR_ELT(signature, 2, infos(of->outputs, of->n_outputs));
  }
  UNPROTECT(1);
  return all;
}

static void free_outputs(void *outputs) {
  stele_outputs_free(outputs);
}

static SEXP decode_all(void *data) {
  const stele_outputs *outputs = data;
  const R_xlen_t count = (R_xlen_t)outputs->n_tensors;
  SEXP all = PROTECT(Rf_allocVector(VECSXP, count));
  SEXP names = Rf_allocVector(STRSXP, count);
  Rf_setAttrib(all, R_NamesSymbol, names);
  for (R_xlen_t i = 0; i < count; i++) {
    const stele_tensor *tensor = &outputs->tensors[i];
    SEXP values = stele_r_decode(tensor);
    if (Rf_inherits(values, "stele_failure")) {
      UNPROTECT(1);
      return values;
    }
    SET_VECTOR_ELT(all, i, values);
    SET_STRING_ELT(names, i, Rf_mkCharCE(tensor->name, CE_UTF8));
  }
  UNPROTECT(1);
  return all;
}

SEXP run(SEXP pointer, SEXP signature, SEXP names, SEXP tensors) {
  const uint64_t count = (uint64_t)XLENGTH(tensors);
  if (R_ExternalPtrAddr(pointer) == NULL)
    return stele_r_failure(STELE_FAILED_PRECONDITION, "the model is closed");
  stele_tensor *views =
      (stele_tensor *)R_alloc(count + 1, sizeof(stele_tensor));
  for (uint64_t i = 0; i < count; i++) {
    SEXP failure = stele_r_encode(CHAR(STRING_ELT(names, (R_xlen_t)i)),
                                  VECTOR_ELT(tensors, (R_xlen_t)i), &views[i]);
    if (!Rf_isNull(failure))
      return failure;
  }
  stele_error error;
  stele_outputs *outputs =
      stele_run(R_ExternalPtrAddr(pointer), stele_r_text(signature), views,
                count, &error);
  if (outputs == NULL)
    return stele_r_error(&error);
  /* R may run out of memory on the way, and leave by a jump. */
  return R_ExecWithCleanup(decode_all, outputs, free_outputs, outputs);
}

SEXP version(void) {
  stele_error error;
  const char *version = stele_tensorflow_version(&error);
  return version != NULL ? text(version) : stele_r_error(&error);
}
