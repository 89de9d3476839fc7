# libstele's C interface, as `stele.h` says it.
@[Link("stele", pkg_config: "stele")]
lib LibStele
  struct Error
    code : Int32
    message : UInt8[4096]
  end

  struct Bytes
    data : UInt8*
    size : UInt64
  end

  struct Tensor
    name : UInt8*
    dtype : Int32
    rank : Int32
    dims : Int64*
    data : Void*
    size : UInt64
  end

  struct Options
    struct_size : UInt32
    tags : UInt8*
    profile : UInt8*
    config : UInt8*
    config_size : UInt64
    libtensorflow : UInt8*
  end

  struct TensorInfo
    name : UInt8*
    dtype : Int32
    rank : Int32
    dtype_name : UInt8*
    dims : Int64*
    tensor : UInt8*
    default_value : Tensor*
  end

  struct Signature
    name : UInt8*
    n_inputs : UInt64
    inputs : TensorInfo*
    n_outputs : UInt64
    outputs : TensorInfo*
  end

  struct Outputs
    n_tensors : UInt64
    tensors : Tensor*
  end

  alias Model = Void

  fun abi = stele_abi : UInt32
  fun code_name = stele_code_name(code : Int32) : UInt8*
  fun dtype_size = stele_dtype_size(dtype : Int32) : UInt64
  fun tensor_size = stele_tensor_size(tensor : Tensor*, size : UInt64*, error : Error*) : Int32
  fun load = stele_load(dir : UInt8*, options : Options*, error : Error*) : Model*
  fun retain = stele_retain(model : Model*) : Model*
  fun free = stele_free(model : Model*)
  fun signature_count = stele_signature_count(model : Model*) : UInt64
  fun signature_at = stele_signature_at(model : Model*, index : UInt64) : Signature*
  fun run = stele_run(model : Model*, signature : UInt8*, inputs : Tensor*, n_inputs : UInt64, error : Error*) : Outputs*
  fun outputs_free = stele_outputs_free(outputs : Outputs*)
  fun tensorflow_version = stele_tensorflow_version(error : Error*) : UInt8*
end
