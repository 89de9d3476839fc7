# :nodoc:
@[Link("stele_worker", pkg_config: "stele-worker")]
lib LibSteleWorker
  LOAD   = 1
  RUN    = 2
  UNLOAD = 3

  struct Input
    name : UInt8*
    dtype : Int32
    rank : Int32
    dims : Int64*
    path : UInt8*
    size : UInt64
  end

  struct Request
    verb : Int32
    dir : UInt8*
    tags : UInt8*
    profile : UInt8*
    config : UInt8*
    config_size : UInt64
    signature : UInt8*
    n_inputs : UInt64
    inputs : Input*
  end

  alias Worker = Void

  fun new = stele_worker_new(binding : UInt8*, language : UInt8*, dtypes : UInt8*) : Worker*
  fun free = stele_worker_free(worker : Worker*)
  fun next = stele_worker_next(worker : Worker*) : Request*
  fun again = stele_worker_again(worker : Worker*) : Int32
  fun describe = stele_worker_describe(worker : Worker*, signature : UInt8*, is_output : Int32, name : UInt8*, dtype : UInt8*, rank : Int32, dims : Int64*)
  fun output = stele_worker_output(worker : Worker*, name : UInt8*, dtype : Int32, rank : Int32, dims : Int64*, size : UInt64) : UInt8*
  fun ok = stele_worker_ok(worker : Worker*)
  fun error = stele_worker_error(worker : Worker*, code : Int32, message : UInt8*)
  fun unsupported = stele_worker_unsupported(worker : Worker*, what : UInt8*)
end

# :nodoc:
#
# The shard behind the worker protocol: the kit does the protocol, and this makes and
# reads tensors with the constructor and the accessor that users call.
class Stele::Worker
  @worker : LibSteleWorker::Worker*
  @model : Model?

  def initialize(binding : String)
    @worker = LibSteleWorker.new(binding, "Crystal #{Crystal::VERSION}", nil)
  end

  # Answers requests until there are no more; returns the exit status.
  def serve : Int32
    until (request = LibSteleWorker.next(@worker)).null?
      answer(request.value)
    end
    @model.try &.close
    LibSteleWorker.free(@worker)
    0
  end

  private def answer(request : LibSteleWorker::Request) : Nil
    case request.verb
    when LibSteleWorker::LOAD   then load(request)
    when LibSteleWorker::RUN    then run(request)
    when LibSteleWorker::UNLOAD then replace(nil)
    else                             return LibSteleWorker.unsupported(@worker, "verb #{request.verb} of the kit")
    end
    LibSteleWorker.ok(@worker)
  rescue error : Error
    LibSteleWorker.error(@worker, error.code.value, error.message.to_s)
  rescue error
    LibSteleWorker.error(@worker, Code::INTERNAL.value, error.message.to_s)
  end

  private def load(request) : Nil
    tags = String.new(request.tags).split(',', remove_empty: true)
    profile = request.profile.null? ? nil : String.new(request.profile)
    config = request.config.null? ? nil : Slice.new(request.config, request.config_size)
    model = Model.new(String.new(request.dir), tags: tags, profile: profile, config: config)
    model.signatures.each_value do |signature|
      signature.inputs.each { |info| describe(signature, 0, info) }
      signature.outputs.each { |info| describe(signature, 1, info) }
    end
    replace(model)
  end

  private def replace(model : Model?) : Nil
    @model.try &.close
    @model = model
  end

  private def describe(signature : Signature, is_output : Int32, info : TensorInfo) : Nil
    dims = info.shape.try &.map { |dim| dim || -1_i64 }
    rank = dims.try(&.size) || -1
    LibSteleWorker.describe(@worker, signature.name, is_output, info.name, info.dtype_name, rank, dims || [] of Int64)
  end

  private def run(request) : Nil
    model = @model || raise Error.new(Code::FAILED_PRECONDITION, "no model is loaded")
    signature = String.new(request.signature)
    inputs = Slice.new(request.inputs, request.n_inputs).map { |input| {String.new(input.name), read(input)} }
    outputs = {} of String => Tensor
    while LibSteleWorker.again(@worker) != 0
      outputs = model.run(inputs, signature)
    end
    outputs.each { |name, tensor| write(name, tensor) }
  end

  private def read(input : LibSteleWorker::Input) : Tensor
    bytes = File.open(String.new(input.path)) { |file| file.getb_to_end }
    shape = Slice.new(input.dims, input.rank)
    dtype = DType.from_value(input.dtype)
    {% for name, type in ELEMENTS %}
      if dtype == DType::{{name.id}}
        values = Slice.new(bytes.to_unsafe.as({{type}}*), bytes.size // sizeof({{type}}))
        return Tensor.new(shape, values)
      end
    {% end %}
    Tensor.new(shape, strings(bytes))
  end

  # Each behind its length; the kit has checked these.
  private def strings(bytes : Bytes) : Array(Bytes)
    strings = [] of Bytes
    until bytes.empty?
      length = IO::ByteFormat::LittleEndian.decode(UInt32, bytes)
      strings << bytes[4, length]
      bytes += 4 + length
    end
    strings
  end

  private def write(name : String, tensor : Tensor) : Nil
    bytes = stored(tensor)
    path = LibSteleWorker.output(@worker, name, tensor.dtype.value, tensor.shape.size, tensor.shape, bytes.size)
    # The kit knows why there is none.
    File.write(String.new(path), bytes) unless path.null?
  end

  private def stored(tensor : Tensor) : Bytes
    {% for name, type in ELEMENTS %}
      if tensor.dtype == DType::{{name.id}}
        values = tensor.values({{type}})
        return Slice.new(values.to_unsafe.as(UInt8*), values.size * sizeof({{type}}))
      end
    {% end %}
    io = IO::Memory.new
    tensor.values(Bytes).each do |string|
      io.write_bytes(string.size.to_u32, IO::ByteFormat::LittleEndian)
      io.write(string)
    end
    io.to_slice
  end
end
